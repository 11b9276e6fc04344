-- Writes a session that has not begun; it goes by itself if nobody begins it. 0: the key is taken.
-- KEYS session  ARGV life before it begins, then fields and values
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
