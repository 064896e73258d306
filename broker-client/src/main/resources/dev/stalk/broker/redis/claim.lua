-- Takes over a silent holder, or strikes it off, if its last sign of life is the one that was seen.
--
-- KEYS  1 the holders
-- ARGV  1 holder  2 its score as it was read  3 'claim' or 'strike'
-- Returns the holder's new score if it is claimed, '' if it is struck off, nothing if it had changed

if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return false
end
if ARGV[3] == 'strike' then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return ''
end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], string.format('%d.%06d', time[1], time[2]), ARGV[1])
return redis.call('ZSCORE', KEYS[1], ARGV[1])
