-- Sets a logout's marker and gives the keys that the index names, in one step.
-- KEYS index, marker  ARGV latest sign-in that is forbidden (empty: any), life of the marker
local upto = redis.call('GET', KEYS[2])
if not upto or upto ~= '' and (ARGV[1] == '' or tonumber(ARGV[1]) > tonumber(upto)) then upto = ARGV[1] end
redis.call('SET', KEYS[2], upto, 'PX', ARGV[2])
return redis.call('ZRANGE', KEYS[1], 0, -1)
