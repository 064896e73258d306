-- Returns parked messages to their lists, unchanged. The last one given is fetched first.
--
-- KEYS  1 unacked  2 unacked_index  3 the set of what is parked  4.. the lists
-- ARGV  1 when to try again what a list refused, in seconds from now
--       for each: its member of the set, its tag, the length of what closes its value, the index of
--       its list in KEYS
-- Returns  1 how many were returned  2 the error of the last one refused, if one was

local restored, refused = 0, nil
for at = 2, #ARGV, 4 do
  local member, tag, closing, list = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), KEYS[tonumber(ARGV[at + 3])]
  local value = redis.call('HGET', KEYS[1], tag)
  local ok, problem = true, nil
  if value then -- if not, Python has restored it, or it was revoked
    ok, problem = pcall(redis.call, 'RPUSH', list, string.sub(value, 2, -closing - 1))
    if ok then
      restored = restored + 1
      redis.call('HDEL', KEYS[1], tag)
      redis.call('ZREM', KEYS[2], tag)
    end
  end
  if ok then
    redis.call('ZREM', KEYS[3], member)
  else
    refused = type(problem) == 'table' and problem.err or tostring(problem)
    local time = redis.call('TIME')
    redis.call('ZADD', KEYS[3], 'XX', time[1] + tonumber(ARGV[1]), member)
  end
end
if refused then
  return {restored, refused}
end
return {restored}
