-- Which parked messages are due.
--
-- KEYS  1 the set of what is parked
-- ARGV  1 how many to name at most  2 how much later than they are due, in seconds
-- Returns  1 their members, the first to be due first
--          2 the seconds until the next one is due, as text; nothing if none is parked. 0 if more
--            are due than were named

local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000 - tonumber(ARGV[2])
local limit = tonumber(ARGV[1])
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.6f', now), 'LIMIT', 0, limit)
local next = redis.call('ZRANGE', KEYS[1], #due, #due, 'WITHSCORES')
if #next == 0 then
  return {due}
end
return {due, string.format('%.6f', math.max(0, next[2] - now))}
