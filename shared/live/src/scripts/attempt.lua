-- KEYS: failures and open attempts, both by time. ARGV: failures allowed, window in ms, lease in ms, the attempt's name.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[3])
if redis.call('ZSCORE', KEYS[2], ARGV[4]) then return {0, 0} end
local failed = redis.call('ZCARD', KEYS[1])
if failed >= tonumber(ARGV[1]) then
    local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    return {2, math.max(1, oldest[2] + ARGV[2] - now)}
end
if failed + redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[1]) then return {1, 0} end
redis.call('ZADD', KEYS[2], now, ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {0, 0}
