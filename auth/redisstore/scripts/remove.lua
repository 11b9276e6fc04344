-- Removes a session and tells everybody why, if it is of one of the subjects (none given: of anyone) and its sign-in is not
-- later than the bound (empty: none). Gives begun, subject and sid of what was removed; nothing if it was not.
-- KEYS session  ARGV channel, message, bound, subjects…
local held = redis.call('HMGET', KEYS[1], 'begun', 'sub', 'sid', 'signed')
if not held[2] then return {} end
if ARGV[3] ~= '' and tonumber(held[4]) > tonumber(ARGV[3]) then return {} end
local ours = #ARGV == 3
for i = 4, #ARGV do ours = ours or ARGV[i] == held[2] end
if not ours then return {} end
redis.call('DEL', KEYS[1])
if held[1] then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return {held[1] or '', held[2], held[3]}
