-- Stores results where they have a server of their own. Stands behind result.lua.
--
-- KEYS  the results' keys, which are their channels too
-- ARGV  1 how long they are kept, in seconds; 0 for ever
--         for each key: what is stored there
-- Returns for each key 1 if that is done (also where a SUCCESS stays), or the error as text if it
--   is this key's alone
--
-- One error is a key's alone: something else than a text stands there (WRONGTYPE). That stays until
-- somebody removes it, and concerns no other key. Whatever else Redis says is about the server or
-- its user: no memory (OOM), a replica (READONLY, MASTERDOWN), too few replicas (NOREPLICAS), a disk
-- that takes nothing (MISCONF), a right that is missing (NOPERM), a setting it does not take. Any key
-- would meet that, and it passes or is mended for all. Then the whole call fails, and all of it may be
-- stored again. Redis judges its memory at a script's first write only: without memory nothing at
-- all is stored.

local fates = {}
for i, key in ipairs(KEYS) do
  local ok, problem = pcall(store, key, ARGV[i + 1], ARGV[1])
  local text = not ok and textOf(problem)
  if text and not string.find(text, 'WRONGTYPE ', 1, true) then
    return {err = text} -- thrown on, it would lose its code
  end
  fates[i] = text or 1
end
return fates
