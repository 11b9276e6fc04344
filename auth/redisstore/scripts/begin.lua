-- Begins a session that was written. 0: it was ended before it began.
-- KEYS session  ARGV life
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'begun', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
