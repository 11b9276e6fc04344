-- Sets a logout's marker and gives the keys that the index names, in one step.
-- KEYS index, marker  ARGV latest sign-in that is forbidden (empty: any), life of the marker, 'sessions' to set none where there are none
local keys = redis.call('ZRANGE', KEYS[1], 0, -1)
if #keys == 0 and ARGV[3] == 'sessions' then return keys end
local upto = redis.call('GET', KEYS[2])
if not upto or upto ~= '' and (ARGV[1] == '' or tonumber(ARGV[1]) > tonumber(upto)) then upto = ARGV[1] end
redis.call('SET', KEYS[2], upto, 'PX', ARGV[2])
return keys
