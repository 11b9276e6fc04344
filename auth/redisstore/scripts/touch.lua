-- Moves the last use of a session forward, and with it its end. 0: no such session.
-- KEYS session  ARGV seen
local held = redis.call('HMGET', KEYS[1], 'begun', 'seen', 'idle', 'exp')
if not held[1] then return 0 end
local seen = tonumber(ARGV[1])
if seen <= tonumber(held[2]) then return 1 end
redis.call('HSET', KEYS[1], 'seen', ARGV[1])
redis.call('PEXPIRE', KEYS[1], math.floor(math.max(1, math.min(tonumber(held[3]), tonumber(held[4]) - seen))))
return 1
