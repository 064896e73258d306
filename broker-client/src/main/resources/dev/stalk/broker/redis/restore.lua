-- Returns one held or parked message to its list, if nobody has touched it since it was read.
--
-- KEYS  1 unacked  2 unacked_index  3 the list
-- ARGV  1 tag  2 the value as it was read  3 the score as it was read  4 the message to push
-- Returns 1 if it was returned, 0 if something had changed.

if redis.call('ZSCORE', KEYS[2], ARGV[1]) ~= ARGV[3] or redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('RPUSH', KEYS[3], ARGV[4]) -- first, as it alone can be refused
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
