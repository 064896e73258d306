-- Renews the lease on held messages, and notes that their holders live: scores become the server's
-- time.
--
-- KEYS  1 unacked_index  2 the holders
-- ARGV  1 number of holders, the holders, the tags
-- Returns the tags that are no longer held. They are not brought back.

local time = redis.call('TIME')
local now = string.format('%d.%06d', time[1], time[2])
local holders = tonumber(ARGV[1])
local tags = {}
for i = 2, #ARGV do
  if i <= holders + 1 then
    redis.call('ZADD', KEYS[2], now, ARGV[i])
  else
    tags[#tags + 1] = ARGV[i]
  end
end
if #tags == 0 then
  return {}
end
local scores = redis.call('ZMSCORE', KEYS[1], unpack(tags))
local held, gone = {}, {}
for i = 1, #tags do
  if scores[i] then
    held[#held + 1] = now
    held[#held + 1] = tags[i]
  else
    gone[#gone + 1] = tags[i]
  end
end
if #held > 0 then
  redis.call('ZADD', KEYS[1], 'XX', unpack(held))
end
return gone
