-- Moves a message out of quarantine into a queue, if the entry is still there as it was read.
--
-- KEYS  1 the quarantine list  2 the queue's list  3 the count of the message's deliveries, if it has one
-- ARGV  1 the entry as it was read  2 the message to push
--       3 the count to begin with; empty to forget it  4 for how many seconds the count is kept
-- Returns 1 if it was moved, 0 if the entry is gone.

if not redis.call('LPOS', KEYS[1], ARGV[1]) then
  return 0
end
redis.call('LPUSH', KEYS[2], ARGV[2]) -- first, as it alone can be refused
redis.call('LREM', KEYS[1], 1, ARGV[1])
if KEYS[3] and ARGV[3] == '' then
  redis.call('DEL', KEYS[3])
elseif KEYS[3] then
  redis.call('SETEX', KEYS[3], ARGV[4], ARGV[3])
end
return 1
