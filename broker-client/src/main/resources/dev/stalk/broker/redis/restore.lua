-- Moves entries out of unacked into lists, each one if nobody has touched it since it was read.
--
-- KEYS  1 unacked  2 unacked_index  3.. the lists
-- ARGV  for each entry: tag, its score and the length of its value as they were read (0: it had
--       none), what to push, the number of lists, for each the index in KEYS
-- Returns for each entry 1 if it was moved, 0 if something had changed, or the error as text; an
-- entry that was refused stays as it was.

local fates, at = {}, 1

local function move(tag, message, first, lists)
  for i = first, first + lists - 1 do
    redis.call('LLEN', KEYS[tonumber(ARGV[i])]) -- fails where it is no list, before anything is done
  end
  for i = first, first + lists - 1 do
    redis.call('RPUSH', KEYS[tonumber(ARGV[i])], message) -- first, as it alone can be refused
  end
  redis.call('ZREM', KEYS[2], tag)
  redis.call('HDEL', KEYS[1], tag)
end

while at <= #ARGV do
  local tag, score, length, message, lists = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3], tonumber(ARGV[at + 4])
  if redis.call('ZSCORE', KEYS[2], tag) ~= score or redis.call('HSTRLEN', KEYS[1], tag) ~= length then
    fates[#fates + 1] = 0
  else
    local ok, problem = pcall(move, tag, message, at + 5, lists)
    fates[#fates + 1] = ok and 1 or (type(problem) == 'table' and problem.err or tostring(problem))
  end
  at = at + 5 + lists
end
return fates
