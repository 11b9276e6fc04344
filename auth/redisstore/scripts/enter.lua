-- Enters a session into an index, unless a logout's marker forbids it: 0 then.
-- KEYS index, marker  ARGV key, time of the sign-in, longest life
local upto = redis.call('GET', KEYS[2])
if upto and (upto == '' or tonumber(ARGV[2]) <= tonumber(upto)) then return 0 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
