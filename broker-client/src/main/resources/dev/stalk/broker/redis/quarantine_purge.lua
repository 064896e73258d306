-- Deletes the entries of a quarantine list that are older than an age.
--
-- KEYS  1 the list
-- ARGV  1 the age, in milliseconds  2 index of the first entry to look at  3 how many to look at at most
-- Returns how many were deleted, the index to go on from, and 1 if the end of the list was reached.

local now = redis.call('TIME')
local before = tonumber(now[1]) + tonumber(now[2]) / 1000000 - tonumber(ARGV[1]) / 1000
local at, left = tonumber(ARGV[2]), tonumber(ARGV[3])
local deleted = 0
while left > 0 do
  local entry = redis.call('LINDEX', KEYS[1], at)
  if not entry then
    return {deleted, at, 1}
  end
  -- the end of the first line as we write it: no message and no reason can look like it
  local line = string.match(entry, '^({"reason": [^\n]*)\n') or ''
  local time = tonumber(string.match(line, ', "time": (%d+%.?%d*), "deliveries": %d+}$'))
  if time and time < before then
    redis.call('LREM', KEYS[1], 1, entry) -- the first that is the same: none before this one is so old
    deleted = deleted + 1
  else
    at = at + 1
  end
  left = left - 1
end
return {deleted, at, 0}
