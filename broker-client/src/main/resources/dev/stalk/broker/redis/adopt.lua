-- Gives entries of unacked that have no member in the index one, as if they were delivered now: so
-- they return after a visibility timeout. Goes through the hash a part at a time.
--
-- KEYS  1 unacked  2 unacked_index
-- ARGV  1 where to begin, 0 at first  2 how many entries to look at, about
-- Returns  1 where to go on, 0 at the end  2 how many there were

local time = redis.call('TIME')
local now = string.format('%d.%06d', time[1], time[2])
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local adopted = 0
for i = 1, #page[2], 2 do
  adopted = adopted + redis.call('ZADD', KEYS[2], 'NX', now, page[2][i])
end
return {page[1], adopted}
