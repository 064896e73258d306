-- Gives a lock back, if it is still the one that was taken.
--
-- KEYS  1 the lock
-- ARGV  1 its owner's token

if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
