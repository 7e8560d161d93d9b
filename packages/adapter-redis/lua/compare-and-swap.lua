-- Compares and swaps one state, atomically. It knows nothing of what a state means.
--
-- A state is a string: the version of the write that stored it, directly followed by a JSON object.
-- The first "{" ends the version.
--
-- KEYS[1]  the key of the state
-- ARGV[1]  the version that the state must have; "" if there must be no state
-- ARGV[2]  the new state; "" removes the state
-- ARGV[3]  when Redis may forget the new state, in epoch milliseconds of this server; "" for a removal
--
-- Returns "OK" if the new state is stored, now or by an earlier attempt of the same write whose
-- answer was lost. Otherwise it writes nothing and returns the state that it found, or nil.

local found = redis.call('GET', KEYS[1])
if found and found == ARGV[2] then
  return redis.status_reply('OK')
end
local expected
if found then
  expected = ARGV[1] ~= '' and string.sub(found, 1, #ARGV[1] + 1) == ARGV[1] .. '{'
else
  expected = ARGV[1] == ''
end
if not expected then
  return found
end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
end
return redis.status_reply('OK')
