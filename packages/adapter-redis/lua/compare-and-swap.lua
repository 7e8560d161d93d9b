-- Compare and swap of one cell, atomically. It knows nothing of what the cell means.
--
-- A cell is a string: the rev of the write that put it there, and right after it a JSON object,
-- so the first "{" ends the rev.
--
-- KEYS[1]  the cell
-- ARGV[1]  the rev that the cell must still have; "" when there must be no cell
-- ARGV[2]  the new cell; "" removes it
-- ARGV[3]  when the new cell may be forgotten, epoch milliseconds by this server's clock; "" with a removal
--
-- Returns "OK" when the new cell is there: written now, or by an earlier attempt of this very write
-- whose answer was lost. Else nothing was written and it returns what it found: the cell, or nil.

local found = redis.call('GET', KEYS[1])
if found and found == ARGV[2] then
  return redis.status_reply('OK')
end
local unchanged
if found then
  unchanged = ARGV[1] ~= '' and string.sub(found, 1, #ARGV[1] + 1) == ARGV[1] .. '{'
else
  unchanged = ARGV[1] == ''
end
if not unchanged then
  return found
end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
end
return redis.status_reply('OK')
