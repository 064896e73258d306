-- Publishes the copies of one message, all of them or none.
--
-- KEYS  for each copy its list, then the lists whose queues expire
-- ARGV  1 number of copies, then the copies, then for each list of a queue that expires
--       after how many milliseconds it does
-- Returns how many were published.
--
-- A script that Redis stops is not rolled back, so whatever can be refused is looked at first; want of
-- memory Redis looks at itself, before a script's first write.

local copies = tonumber(ARGV[1])
for i = 1, copies do
  local type = redis.call('TYPE', KEYS[i]).ok
  if type ~= 'list' and type ~= 'none' then
    return redis.error_reply('WRONGTYPE ' .. KEYS[i] .. ' is no list but a ' .. type)
  end
end
for i = 1, copies do
  redis.call('LPUSH', KEYS[i], ARGV[1 + i])
end
for i = copies + 1, #KEYS do
  redis.call('PEXPIRE', KEYS[i], ARGV[1 + i])
end
return copies
