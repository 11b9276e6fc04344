-- Replaces what a session holds if its generation is the expected one. -1: no such session; 0: another generation.
-- KEYS session  ARGV generation, head, body, expires, life at the most
local held = redis.call('HMGET', KEYS[1], 'begun', 'gen')
if not held[1] then return -1 end
if held[2] ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'head', ARGV[2], 'body', ARGV[3], 'exp', ARGV[4], 'gen', ARGV[1] + 1)
if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[1], ARGV[5]) end
return 1
