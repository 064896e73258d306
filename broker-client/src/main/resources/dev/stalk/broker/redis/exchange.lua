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
--         number of settlements that are an acknowledgement and nothing else; their tags
--         number of settlements that store a result and nothing else; their tags, their results;
--           the keys of these are the first of the effects
--         number of the other settlements; the index in KEYS of the line's marker, 0 if none is
--         numbered
--         then for each: tag, or # and its number if it was acknowledged before and needs no held
--         message; number of effects, and for each effect operation, index in KEYS, payload, extra
--           publish     LPUSH payload
--           return      RPUSH payload
--           store       payload under the key and on the channel of that name, unless a SUCCESS is there
--           park        payload (a whole unacked value); KEYS is the set of what is parked, `extra`
--                       the score in unacked_index, when it is due, and the member of that set,
--                       which begins with the tag
--           delete      the key
--           refuse      nothing: the settlement is refused, and payload is the error
--         at the end 'in order' if each queue is emptied before the next (within a step), else 'in turns'
-- Returns  1 fates, in the order of the arguments: 1 settled, 0 no longer held, or the error as
--            text; 1 alone if all are settled
--          2 from which queues the messages came: its number, how many in a row, the next number,
--            ...; 0 if there is only one queue
--          3 how many were put into quarantine
--          4 1 if there may be more: the fetch stopped before it had emptied every list
--          5 the error that stopped the fetch, if one did; otherwise 0. What it had recorded is
--            undone then
--          6 and further: the messages fetched; the n-th is held under prefix .. (first + n - 1),
--            the number padded with zeros to 20 digits
--
-- A script that Redis stops is not rolled back. So a message is recorded before it leaves its list,
-- and a settlement begins with a removal: Redis judges its memory at a script's first write only,
-- and a removal it always takes.
--
-- Of what was acknowledged before its task began nothing is held that would be missing at the
-- second time. So the line numbers such settlements as it first offers them, and offers all of them
-- together until it has an answer. Its marker holds the highest number that was carried out and,
-- after it, those refused among the ones offered then.
--
-- What every exchange or every message pays for is written for speed: locals in place of globals,
-- plain searches in place of patterns, no table that is not needed. Redis makes every function anew
-- for each call of the script, so there are few, and those for what is rare are within others; and
-- a table within the answer takes it longer than a message.


local call, find, byte, char, format = redis.call, string.find, string.byte, string.char, string.format
local unacked, index = KEYS[1], KEYS[2]
local queues, lists, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

-- The server's time as kombu writes it.
local function now()
  local time = call('TIME')
  return time[1] .. '.' .. string.sub('00000' .. time[2], -6)
end

-- Acknowledges, and appends the fates; true if all were held. Whose members are all there to be
-- removed were held; otherwise their entries tell.
local function acknowledge(from, to, fates)
  if to < from then
    return true
  end
  local complete = call('ZREM', index, unpack(ARGV, from, to)) == to - from + 1
  for i = from, to do
    fates[i - from + 1] = (complete or call('HSTRLEN', unacked, ARGV[i]) > 0) and 1 or 0
  end
  call('HDEL', unacked, unpack(ARGV, from, to))
  return complete
end

-- The settlements of which more is to be written than an acknowledgement, from the first that stores
-- a result. Appends the fates; true if all are settled.
local function writeEffects(at, fates)
  -- What these keys and values are about is in the database of the results.
  local function inResults(action, ...)
    if ARGV[7] == ARGV[8] then
      return pcall(action, ...)
    end
    local selected = redis.pcall('SELECT', ARGV[8])
    if selected.err then
      return false, selected.err
    end
    local ok, problem = pcall(action, ...)
    call('SELECT', ARGV[7])
    return ok, problem
  end

  local function apply(at)
    for _ = 1, tonumber(ARGV[at]) do
      local operation, key, payload = ARGV[at + 1], KEYS[tonumber(ARGV[at + 2])], ARGV[at + 3]
      if operation == 'store' then
        local ok, problem = inResults(store, key, payload, ARGV[9])
        if not ok then
          error(problem, 0)
        end
      elseif operation == 'publish' then
        call('LPUSH', key, payload)
      elseif operation == 'return' then
        call('RPUSH', key, payload)
      elseif operation == 'park' then
        local score, due, member, tag = string.match(ARGV[at + 4], '^(%S+) (%S+) ((%S+) .*)$')
        call('HSET', unacked, tag, payload)
        call('ZADD', index, score, tag)
        call('ZADD', key, due, member)
      elseif operation == 'refuse' then
        error(payload, 0)
      else
        call('DEL', key)
      end
      at = at + 4
    end
  end

  -- Stores results and acknowledges, and appends the fates; true if all are settled. Whose members
  -- are all there to be removed were held; otherwise their entries tell.
  local function storeAll(from, count, fates)
    local to, before, first = from + count - 1, #fates, 2 + queues * (lists + 1)
    local held, refused = nil, {}
    if call('ZREM', index, unpack(ARGV, from, to)) < count then
      held = {}
      local seen = {}
      for i = from, to do
        held[i] = not seen[ARGV[i]] and call('HSTRLEN', unacked, ARGV[i]) > 0
        seen[ARGV[i]] = true
      end
    end
    local settled = not held -- so far
    local function storeEach(unable)
      for i = 1, count do
        local at, fate = from + i - 1, 0
        if not held or held[at] then
          local ok, problem = not unable, unable
          if ok then
            ok, problem = pcall(store, KEYS[first + i], ARGV[at + count], ARGV[9])
          end
          fate = ok and 1 or textOf(problem)
          if not ok then
            settled = false
            refused[ARGV[at]] = true
          end
        end
        fates[before + i] = fate
      end
    end
    local ok, problem = inResults(storeEach)
    if not ok then
      storeEach(problem) -- the results' database cannot be chosen
    end
    if settled then
      call('HDEL', unacked, unpack(ARGV, from, to))
      return true
    end
    for i = from, to do
      if refused[ARGV[i]] then
        call('ZADD', index, now(), ARGV[i]) -- it is held, with a new sign of life
      else
        call('HDEL', unacked, ARGV[i])
      end
    end
    return false
  end

  -- For how long a marker is remembered, in seconds.
  local REMEMBERED = 86400

  local function mark(marker, highest, refused)
    local numbers = {format('%d', highest)}
    for i, number in ipairs(refused) do
      numbers[i + 1] = format('%d', number)
    end
    call('SETEX', marker, REMEMBERED, table.concat(numbers, ' '))
  end

  -- Up to which number was carried out before, and which of those were refused. What has a higher
  -- one is marked at once: from here on nothing but Redis' end can keep it from being carried out.
  local function begin(marker, numbers)
    local before, refused, known, highest = 0, {}, {}, 0
    for number in string.gmatch(call('GET', marker) or '', '%d+') do
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
      call('ZREM', index, '') -- removes nothing
      mark(marker, highest, refused)
    end
    return before, highest, refused, known
  end

  -- Carries out settlements with any effects, in the same way.
  local function carryOut(at, count, fates)
    local starts, tags, numbers, done = {}, {}, {}, {}
    local marker = KEYS[tonumber(ARGV[at])]
    at = at + 1
    for i = 1, count do
      starts[i] = at
      numbers[i] = tonumber(string.match(ARGV[at], '^#(%d+)$'))
      if not numbers[i] then
        tags[#tags + 1] = ARGV[at]
      end
      at = at + 2 + 4 * tonumber(ARGV[at + 1])
    end
    local before, highest, refused, known = 0, 0, {}, {}
    if marker then
      before, highest, refused, known = begin(marker, numbers)
    end
    local complete = #tags == 0 or call('ZREM', index, unpack(tags)) == #tags
    local settled, ended, refusals = true, {}, #refused
    for i = 1, count do
      local tag, number, fate = ARGV[starts[i]], numbers[i], 0
      if number and number <= before then
        fate = known[number] and 'it was refused before the connection broke' or 1
      elseif number or complete or not ended[tag] and call('HSTRLEN', unacked, tag) > 0 then
        local ok, problem = pcall(apply, starts[i] + 1)
        fate = ok and 1 or textOf(problem)
        if ok and not number then
          done[#done + 1] = tag
          ended[tag] = true
        elseif number and not ok then
          refused[#refused + 1] = number
        elseif not ok then
          call('ZADD', index, now(), tag) -- it is held, with a new sign of life
        end
      end
      settled = settled and fate == 1
      fates[#fates + 1] = fate
    end
    if #refused > refusals then
      mark(marker, highest, refused)
    end
    if #done > 0 then
      call('HDEL', unacked, unpack(done))
    end
    return settled
  end

  local all, count = true, tonumber(ARGV[at])
  if count > 0 then
    all = storeAll(at + 1, count, fates)
  end
  at = at + 2 * count + 1
  count = tonumber(ARGV[at])
  if count > 0 then
    all = carryOut(at + 1, count, fates) and all
  end
  return all
end

local function settle()
  local fates, at = {}, 10 + 2 * queues
  local count = tonumber(ARGV[at])
  local all = acknowledge(at + 1, at + count, fates)
  at = at + count + 1
  if ARGV[at] ~= '0' or ARGV[at + 1] ~= '0' then
    all = writeEffects(at, fates) and all
  end
  return all and 1 or fates
end

-- What kombu and this library write between a body and its headers, and after these.
local CONTENT = '", "content-encoding": "utf-8", "content-type": "application/json", "headers": {'
local PROPERTIES = '}, "properties": {'

-- The shape in which kombu and this library write envelopes, with headers and properties that are
-- balanced and hold no more than one level of braces, properties no more than one pair. What is
-- inside them, and in the body's text, is left to the worker, which looks at once. Goes from brace
-- to brace: searching for the next costs less than a pattern, which reads each byte.
local function usual(message)
  local before, at = find(message, CONTENT, 11, true)
  if not before or find(message, '"', 11, true) ~= before
      or find(message, '{"body": "', 1, true) ~= 1 then
    return false
  end
  local headersEnd, inside = find(message, PROPERTIES, at, true)
  if not headersEnd then
    return false
  end
  local opening, closing = find(message, '{', at + 1, true), find(message, '}', at + 1, true)
  while closing < headersEnd do
    local nextOpening = find(message, '{', opening + 1, true)
    if opening > closing or nextOpening < closing then
      return false
    end
    opening, closing = nextOpening, find(message, '}', closing + 1, true)
  end
  if opening ~= inside then
    return false
  end
  opening, closing = find(message, '{', inside + 1, true), find(message, '}', inside + 1, true)
  if opening then
    if not closing or opening > closing or find(message, '{', opening + 1, true) then
      return false
    end
    closing = find(message, '}', closing + 1, true)
  end
  return closing == #message - 1 and byte(message, -1) == 125
end

-- Kombu must be able to read and restore what stands in unacked: an object with headers and
-- properties. Of any other shape it is read as a whole. A large message is only looked at from
-- outside, so that it cannot hold up Redis; the worker looks closer at once.
local function acceptable(message)
  if #message <= 16384 then
    -- the usual shape with any content, and any number of braces
    local closing = find(message, '^{"body": "') and find(message, '"', 11, true)
    if closing and find(message, '^", "content%-encoding": "[%w%-]*", "content%-type": "[%w%-+./]*", "headers": %b{}, "properties": %b{}}$', closing) then
      return true
    end
  end
  if not find(message, '^%s*{') or not find(string.sub(message, -64), '}%s*$') then
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

local first, time = tonumber(ARGV[5]), nil
local fetched, bad, bytes, failure = 0, 0, 0, nil

-- The answer; messages follow.
local answer, HEADING, sources = {1, 0, 0, 0, 0}, 5, queues > 1 and {}

-- Takes up to n messages off one list: how many, or nothing and the error. What cannot be done whole
-- is undone.
local function fetch(queue, list, n)
  local tail = redis.pcall('LRANGE', list, format('-%d', n), '-1')
  local count = #tail
  if count == 0 then
    return not tail.err and 0, tail.err
  end
  time = time or now()
  local before, size, score, suffix = fetched, bytes, time, ARGV[8 + 2 * queue]
  local good, at, values, scores, refused = before, 1, {}, {}, nil
  -- A tag is the prefix and twenty digits. The last two are counted on as characters, as formatting
  -- a number costs more than all else about a tag.
  local number = first + before
  local tens, ones = 48 + math.floor(number / 10) % 10, 48 + number % 10
  local head = format('%s%018d', ARGV[4], math.floor(number / 100))
  for j = count, 1, -1 do
    local message = tail[j]
    if usual(message) or acceptable(message) then
      local tag = head .. char(tens, ones)
      values[at], values[at + 1] = tag, '[' .. message .. suffix
      scores[at], scores[at + 1] = score, tag
      at = at + 2
      good = good + 1
      answer[HEADING + good] = message
      size = size + #message
      ones = ones + 1
      if ones > 57 then
        ones, tens = 48, tens + 1
        if tens > 57 then
          tens, head = 48, format('%s%018d', ARGV[4], math.floor((first + good) / 100))
        end
      end
    else
      refused = refused or {}
      refused[#refused + 1] = '{"reason": "not a JSON object with headers and properties", "queue": '
        .. ARGV[9 + 2 * queue] .. ', "time": ' .. score .. ', "deliveries": 1}\n' .. message
    end
  end
  local quarantine = KEYS[3 + (queue - 1) * (lists + 1)]
  local aside = refused and redis.pcall('RPUSH', quarantine, unpack(refused)) or 0
  local reply = aside
  if at > 1 and type(reply) == 'number' then
    reply = redis.pcall('HSET', unacked, unpack(values))
    if type(reply) == 'number' then
      reply = redis.pcall('ZADD', index, unpack(scores))
    end
  end
  if type(reply) == 'number' then
    reply = redis.pcall('LTRIM', list, '0', format('-%d', count + 1))
  end
  if reply.err then
    for k = 1, at - 1, 2 do
      redis.pcall('ZREM', index, values[k])
      redis.pcall('HDEL', unacked, values[k])
    end
    for _ = 1, type(aside) == 'number' and refused and #refused or 0 do
      redis.pcall('RPOP', quarantine)
    end
    for k = good, before + 1, -1 do
      answer[HEADING + k] = nil
    end
    return nil, reply.err
  end
  fetched, bytes = good, size
  if sources and good > before then
    sources[#sources + 1] = queue
    sources[#sources + 1] = good - before
  end
  bad = bad + (refused and #refused or 0)
  return count
end

-- Empties the lists of one step, these queues taking turns; true if it was enough before that.
local function fetchStep(step, touched, from, to)
  local active = {}
  for queue = from, to do
    active[#active + 1] = queue
  end
  while #active > 0 do
    -- as many at once as will hardly be too much, by what came so far
    local share = SLICE
    if fetched >= SLICE then
      local fitting = math.floor((BYTES - bytes) * fetched / bytes)
      share = math.max(SLICE, math.min(SLICES, fitting))
    end
    share = math.min(share, math.ceil((wanted - fetched - bad) / #active))
    local still = {}
    for _, queue in ipairs(active) do
      local n = math.min(share, wanted - fetched - bad)
      if n <= 0 or bytes >= BYTES then
        return true
      end
      local list = KEYS[3 + (queue - 1) * (lists + 1) + step]
      local got, problem = fetch(queue, list, n)
      failure = failure or problem -- the other queues are fetched from all the same
      if got and got > 0 then
        touched[#touched + 1] = list
      end
      if got == n then
        still[#still + 1] = queue
      end
    end
    active = still
  end
  return false
end

local function fetchAll()
  local touched, inOrder = {}, ARGV[#ARGV] == 'in order'
  for step = 1, lists do
    for turn = 1, inOrder and queues or 1 do
      if wanted == 0 or fetchStep(step, touched, turn, inOrder and turn or queues) then
        return 1
      end
    end
  end
  if ARGV[6] == '1' then
    for _, list in ipairs(touched) do
      call('LLEN', list) -- read after our own change, so that its next change is announced
    end
  end
  return 0
end

answer[1] = settle()
local ok, more = pcall(fetchAll)
if not ok then
  failure = failure or textOf(more)
end
answer[2], answer[3], answer[4], answer[5] = sources or 0, bad, failure and 1 or more, failure or 0
return answer
