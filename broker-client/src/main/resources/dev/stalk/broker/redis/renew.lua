-- Renews the lease on held messages: their score becomes the server's time.
--
-- KEYS  1 unacked_index
-- ARGV  the tags
-- Returns the tags that are no longer held. They are not brought back.

local time = redis.call('TIME')
local now = string.format('%d.%06d', time[1], time[2])
local scores = redis.call('ZMSCORE', KEYS[1], unpack(ARGV))
local held, gone = {}, {}
for i = 1, #ARGV do
  if scores[i] then
    held[#held + 1] = now
    held[#held + 1] = ARGV[i]
  else
    gone[#gone + 1] = ARGV[i]
  end
end
if #held > 0 then
  redis.call('ZADD', KEYS[1], 'XX', unpack(held))
end
return gone
