-- A page of a quarantine list, without the bulk of its messages.
--
-- KEYS  1 the list
-- ARGV  1 index of the first entry  2 how many at most
--       3 how many bytes of each to return, from its beginning
--       4 after how many bytes looked at it is enough, as Redis serves nobody else meanwhile
-- Returns for each entry: its SHA-1 in hexadecimal digits, its length, its beginning. An empty answer
-- means that the list has no such entry.

local first, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local keep, enough = tonumber(ARGV[3]), tonumber(ARGV[4])
local page, bytes = {}, 0
for i = first, first + count - 1 do
  local entry = redis.call('LINDEX', KEYS[1], i)
  if not entry or bytes >= enough then
    break
  end
  bytes = bytes + #entry
  page[#page + 1] = redis.sha1hex(entry)
  page[#page + 1] = #entry
  page[#page + 1] = string.sub(entry, 1, keep)
end
return page
