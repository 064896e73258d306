-- Writes a binding of a queue that expires, and lets the exchange's table live on (kombu
-- transport/redis.py:REFRESH_BINDING).
--
-- KEYS  1 the exchange's table  2 the deadlines of all tables
-- ARGV  1 the binding  2 the exchange  3 how long its table lives, in milliseconds

redis.call('SADD', KEYS[1], ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[2], 'GT', now + tonumber(ARGV[3]), ARGV[2])
return 1
