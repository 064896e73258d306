-- Stores results where they have a server of their own. Stands behind result.lua.
--
-- KEYS  the results' keys, which are their channels too
-- ARGV  1 how long they are kept, in seconds; 0 for ever
--         for each key: what is stored there
--
-- Redis judges its memory at a script's first write only: without memory nothing is stored. After
-- any other error all of it may be stored again.

for i, key in ipairs(KEYS) do
  store(key, ARGV[i + 1], ARGV[1])
end
return #KEYS
