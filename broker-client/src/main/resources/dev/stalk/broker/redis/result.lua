-- How a result is stored: what the scripts that store one begin with. A SUCCESS is never
-- overwritten, and only what was stored is announced.

-- What an error says that pcall has caught.
local function textOf(problem)
  return type(problem) == 'table' and problem.err or tostring(problem)
end

-- Whether a meta is a SUCCESS. Hardly ever asked, so that its parts are made only then.
local function isSuccess(stored)
  local function sextet(character)
    local byte = string.byte(character)
    if byte >= 97 then
      return byte - 71
    elseif byte >= 65 then
      return byte - 65
    elseif byte == 61 then
      return 0 -- padding
    elseif byte >= 48 then
      return byte + 4
    end
    return character == '+' and 62 or 63
  end

  local function decoded(base64)
    local text = string.gsub(base64, '(.)(.)(.)(.)', function(a, b, c, d)
      local bits = ((sextet(a) * 64 + sextet(b)) * 64 + sextet(c)) * 64 + sextet(d)
      return string.char(math.floor(bits / 65536), math.floor(bits / 256) % 256, bits % 256)
    end)
    return string.sub(text, 1, #text - #string.match(string.sub(base64, -2), '=*$'))
  end

  -- How much of either end of a signed result is decoded: enough for signer, signature and status,
  -- which YAML has near the end.
  local END = 8192

  -- The value in a signed result (celery security/serialization.py:SecureSerializer), of a long one
  -- its two ends; nothing if it is not signed. By whom is not looked at.
  local function signed(meta)
    local ends = #meta <= 2 * END and meta or string.sub(meta, 1, END) .. string.sub(meta, -END)
    if #meta % 4 ~= 0 or not string.find(ends, '^[%w+/]+=?=?$') then
      return nil
    end
    local fields = decoded(ends)
    return string.match(fields, '%z\1application/[%w%-]+%z\1[%w%-]+%z\1(.*)$')
  end

  local function succeeded(meta)
    meta = signed(meta) or meta
    if string.find(meta, '^%s*{%s*"status"%s*:%s*"SUCCESS"') then
      return true
    end
    if string.find(meta, '^%s*{%s*"status"') then
      return false
    end
    if string.find(meta, '^[\129-\143]\166status\167SUCCESS') or string.find(meta, '^%l.*\nstatus: SUCCESS\n') then
      return true -- msgpack, or yaml as PyYAML writes it
    end
    local ok, decoded = pcall(cjson.decode, meta)
    return ok and type(decoded) == 'table' and decoded.status == 'SUCCESS'
  end

  return succeeded(stored)
end

-- Most results are the first under their key, and cost no look at what is there.
local function store(key, meta, expires)
  local fresh
  if expires == '0' then
    fresh = redis.call('SET', key, meta, 'NX')
  else
    fresh = redis.call('SET', key, meta, 'EX', expires, 'NX')
  end
  if not fresh then
    local stored = redis.call('GET', key) -- an error where it is no text
    if stored and isSuccess(stored) then
      return
    end
    if expires == '0' then
      redis.call('SET', key, meta)
    else
      redis.call('SETEX', key, expires, meta)
    end
  end
  redis.pcall('PUBLISH', key, meta) -- who may not publish has stored the result all the same
end

