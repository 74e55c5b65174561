-- KEYS: failures and open attempts, both by time. ARGV: window in ms, the attempt's name, 1 when it failed.
redis.call('ZREM', KEYS[2], ARGV[2])
if ARGV[3] == '1' then
    local time = redis.call('TIME')
    redis.call('ZADD', KEYS[1], 'NX', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 0
