-- Settles finished deliveries and fetches further messages of one or more queues, in one step.
-- Stands behind result.lua, which has how a result is stored.
--
-- KEYS  1 unacked  2 unacked_index
--       for each of Q queues, the one whose turn it is first: its quarantine, its P lists, served
--       first to served last;  then the keys of the effects
-- ARGV  1 Q, the number of queues      2 P, the number of lists of each
--       3 how many messages are wanted
--       4 prefix of the new tags       5 number of the first new tag
--       6 '1' if the caller will wait for a notice of the next push
--       7 the broker's database        8 the results' database
--       9 how long results are kept, in seconds; 0 for ever
--         for each queue: what closes its unacked values: ,"","<queue>"]  and its name as JSON
--         number of settlements; the index in KEYS of the line's marker, 0 if none is numbered
--         then for each: tag, or # and its number if it was acknowledged before and needs no held
--         message; number of effects, and for each effect operation, index in KEYS, payload, extra
--           publish     LPUSH payload
--           return      RPUSH payload
--           store       payload under the key and on the channel of that name, unless a SUCCESS is there
--           park        payload (a whole unacked value); KEYS is the set of what is parked, `extra`
--                       the score in unacked_index, when it is due, and the member of that set,
--                       which begins with the tag
--           delete      the key
--         at the end 'in order' if each queue is emptied before the next (within a step), else 'in turns'
-- Returns  1 fates: 1 settled, 0 no longer held, or the error as text
--          2 the messages fetched; the n-th is held under prefix .. (first + n - 1), the number
--            padded with zeros to 20 digits
--          3 from which queues they came: its number, how many in a row, the next number, ...
--          4 how many were put into quarantine
--          5 '1' if there may be more: the fetch stopped before it had emptied every list
--          6 the error that stopped the fetch, if one did. What it had recorded is undone then
--
-- A script that Redis stops is not rolled back. So a message is recorded before it leaves its list,
-- and a settlement begins with a removal: Redis judges its memory at a script's first write only,
-- and a removal it always takes.
--
-- Of what was acknowledged before its task began nothing is held that would be missing at the
-- second time. So the line numbers such settlements as it first offers them, and offers all of them
-- together until it has an answer. Its marker holds the highest number that was carried out and,
-- after it, those refused among the ones offered then.

local unacked, index = KEYS[1], KEYS[2]
local queues, lists, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local prefix, first, armed = ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1'
local expires = ARGV[9]
local settlements = 10 + 2 * queues
local inOrder = ARGV[#ARGV] == 'in order'
local time = redis.call('TIME')
local now = string.format('%d.%06d', time[1], time[2])

local function storeInResults(key, meta)
  if ARGV[7] == ARGV[8] then
    return store(key, meta, expires)
  end
  redis.call('SELECT', ARGV[8])
  local ok, problem = pcall(store, key, meta, expires)
  redis.call('SELECT', ARGV[7])
  if not ok then
    error(problem, 0)
  end
end

local function apply(at)
  for effect = 1, tonumber(ARGV[at]) do
    local operation, where, payload, extra = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
    at = at + 4
    if operation == 'publish' then
      redis.call('LPUSH', KEYS[tonumber(where)], payload)
    elseif operation == 'return' then
      redis.call('RPUSH', KEYS[tonumber(where)], payload)
    elseif operation == 'store' then
      storeInResults(KEYS[tonumber(where)], payload)
    elseif operation == 'park' then
      local score, due, member, tag = string.match(extra, '^(%S+) (%S+) ((%S+) .*)$')
      redis.call('HSET', unacked, tag, payload)
      redis.call('ZADD', index, score, tag)
      redis.call('ZADD', KEYS[tonumber(where)], due, member)
    else
      redis.call('DEL', KEYS[tonumber(where)])
    end
  end
end

local function textOf(problem)
  return type(problem) == 'table' and problem.err or tostring(problem)
end

-- For how long a marker is remembered, in seconds.
local REMEMBERED = 86400

local function mark(marker, highest, refused)
  local numbers = {string.format('%d', highest)}
  for i, number in ipairs(refused) do
    numbers[i + 1] = string.format('%d', number)
  end
  redis.call('SETEX', marker, REMEMBERED, table.concat(numbers, ' '))
end

-- Up to which number was carried out before, and which of those were refused. What has a higher
-- one is marked at once: from here on nothing but Redis' end can keep it from being carried out.
local function begin(marker, numbers)
  local before, refused, known, highest = 0, {}, {}, 0
  for number in string.gmatch(redis.call('GET', marker) or '', '%d+') do
    if before == 0 then
      before = tonumber(number)
    else
      known[tonumber(number)] = true
    end
  end
  for _, number in pairs(numbers) do
    highest = math.max(highest, number)
    if known[number] then
      refused[#refused + 1] = number
    end
  end
  if highest > before then
    redis.call('ZREM', index, '') -- removes nothing
    mark(marker, highest, refused)
  end
  return before, highest, refused, known
end

local function settle()
  local count = tonumber(ARGV[settlements])
  local fates, tags, starts, numbers = {}, {}, {}, {}
  local at = settlements + 2
  for i = 1, count do
    tags[i], starts[i] = ARGV[at], at + 1
    numbers[i] = tonumber(string.match(tags[i], '^#(%d+)$'))
    at = at + 2 + 4 * tonumber(ARGV[at + 1])
  end
  if count == 0 then
    return fates
  end
  local marker = KEYS[tonumber(ARGV[settlements + 1])]
  local held, mine = redis.call('ZMSCORE', index, unpack(tags)), {}
  local before, highest, refused, known = 0, 0, {}, {}
  if marker then
    before, highest, refused, known = begin(marker, numbers)
  end
  for i = 1, count do
    if held[i] then
      mine[#mine + 1] = tags[i]
    end
  end
  if #mine > 0 then
    redis.call('ZREM', index, unpack(mine))
  end
  local done, refusals = {}, #refused
  for i = 1, count do
    local number = numbers[i]
    if number and number <= before then
      fates[i] = known[number] and 'it was refused before the connection broke' or 1
    elseif not number and not held[i] then
      fates[i] = 0
    else
      local ok, problem = pcall(apply, starts[i])
      fates[i] = ok and 1 or textOf(problem)
      if ok and not number then
        done[#done + 1] = tags[i]
      elseif number and not ok then
        refused[#refused + 1] = number
      elseif not ok then
        redis.call('ZADD', index, held[i], tags[i])
      end
    end
  end
  if #refused > refusals then
    mark(marker, highest, refused)
  end
  if #done > 0 then
    redis.call('HDEL', unacked, unpack(done))
  end
  return fates
end

-- The shape in which kombu and this library write envelopes, with headers and properties that are
-- balanced. What is inside them, and in the body's text, is left to the worker, which looks at once.
local function usual(message)
  if string.sub(message, 1, 10) ~= '{"body": "' then
    return false
  end
  local closing = string.find(message, '"', 11, true)
  return closing
    and string.find(message, '^", "content%-encoding": "[%w%-]*", "content%-type": "[%w%-+./]*", "headers": %b{}, "properties": %b{}}$', closing)
end

-- Kombu must be able to read and restore what stands in unacked: an object with headers and
-- properties. Of any other shape it is read as a whole. A large message is only looked at from
-- outside, so that it cannot hold up Redis; the worker looks closer at once.
local function acceptable(message)
  if usual(message) then
    return true
  end
  if not string.find(message, '^%s*{') or not string.find(string.sub(message, -64), '}%s*$') then
    return false
  end
  if #message > 16384 then
    return true
  end
  local ok, decoded = pcall(cjson.decode, message)
  if not ok then
    -- cjson refuses halves of surrogate pairs, Python does not
    ok, decoded = pcall(cjson.decode, (string.gsub(message, '\\u[dD][89a-fA-F]%x%x', '?')))
  end
  return ok and type(decoded.headers) == 'table' and type(decoded.properties) == 'table'
end

-- What is fetched at a time at first; at most, where messages turn out to be small; and after how
-- much it is enough
local SLICE, SLICES, BYTES = 16, 64, 1048576

local fetched, sources, bad, bytes, failure = {}, {}, 0, 0, nil

local function listOf(queue, step)
  return KEYS[2 + (queue - 1) * (lists + 1) + 1 + step]
end

-- Takes up to n messages off one list. What cannot be done whole is undone.
local function fetch(queue, step, n)
  local list = listOf(queue, step)
  local tail = redis.call('LRANGE', list, -n, -1)
  if #tail == 0 then
    return 0
  end
  local quarantine = listOf(queue, 0)
  local suffix, name = ARGV[8 + 2 * queue], ARGV[9 + 2 * queue]
  local good, values, scores, refused = {}, {}, {}, {}
  for j = #tail, 1, -1 do
    local message = tail[j]
    if acceptable(message) then
      local tag = string.format('%s%020d', prefix, first + #fetched + #good)
      values[#values + 1] = tag
      values[#values + 1] = '[' .. message .. suffix
      scores[#scores + 1] = now
      scores[#scores + 1] = tag
      good[#good + 1] = message
    else
      refused[#refused + 1] = '{"reason": "not a JSON object with headers and properties", "queue": '
        .. name .. ', "time": ' .. now .. ', "deliveries": 1}\n' .. message
    end
  end
  local aside = 0
  local ok, problem = pcall(function()
    if #refused > 0 then
      redis.call('RPUSH', quarantine, unpack(refused))
      aside = #refused
    end
    if #values > 0 then
      redis.call('HSET', unacked, unpack(values))
      redis.call('ZADD', index, unpack(scores))
    end
    redis.call('LTRIM', list, 0, -#tail - 1)
  end)
  if not ok then
    for k = 1, #values, 2 do
      pcall(redis.call, 'ZREM', index, values[k])
      pcall(redis.call, 'HDEL', unacked, values[k])
    end
    for _ = 1, aside do
      pcall(redis.call, 'RPOP', quarantine)
    end
    error(problem, 0)
  end
  for k = 1, #good do
    fetched[#fetched + 1] = good[k]
    bytes = bytes + #good[k]
  end
  if #good > 0 then
    sources[#sources + 1] = queue
    sources[#sources + 1] = #good
  end
  bad = bad + #refused
  return #tail
end

-- How many messages may be taken at once: as many as will hardly be too much, by what came so far.
local function slice()
  if #fetched < SLICE then
    return SLICE
  end
  local fitting = math.floor((BYTES - bytes) * #fetched / bytes)
  return math.max(SLICE, math.min(SLICES, fitting))
end

-- Empties the lists of one step, these queues taking turns; true if it was enough before that.
local function fetchStep(step, touched, from, to)
  local active = {}
  for queue = from, to do
    active[#active + 1] = queue
  end
  while #active > 0 do
    local share = math.min(slice(), math.ceil((wanted - #fetched - bad) / #active))
    local still = {}
    for _, queue in ipairs(active) do
      local n = math.min(share, wanted - #fetched - bad)
      if n <= 0 or bytes >= BYTES then
        return true
      end
      local ok, got = pcall(fetch, queue, step, n)
      if not ok then
        failure, got = failure or got, 0 -- the other queues are fetched from all the same
      end
      touched[#touched + 1] = got > 0 and listOf(queue, step) or nil
      if got == n then
        still[#still + 1] = queue
      end
    end
    active = still
  end
  return false
end

local function fetchAll()
  local touched = {}
  for step = 1, lists do
    for turn = 1, inOrder and queues or 1 do
      if wanted == 0 or fetchStep(step, touched, turn, inOrder and turn or queues) then
        return '1'
      end
    end
  end
  if armed then
    for _, list in ipairs(touched) do
      redis.call('LLEN', list) -- read after our own change, so that its next change is announced
    end
  end
  return '0'
end

local fates = settle()
local ok, more = pcall(fetchAll)
if ok and not failure then
  return {fates, fetched, sources, bad, more}
end
return {fates, fetched, sources, bad, '1', textOf(failure or more)}
