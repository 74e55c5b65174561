-- KEYS: bits, sample. ARGV: number of the last part, seconds to keep, parts that are there.
for i = 3, #ARGV do redis.call('SETBIT', KEYS[1], ARGV[i], 1) end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local shown = redis.call('HMGET', KEYS[2], 'at', 'bytes', 'speed')
local due = 0
if not shown[1] or now - tonumber(shown[1]) >= 1000 then
    due = 1
    redis.call('HSET', KEYS[2], 'at', string.format('%.0f', now))
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return {redis.call('BITCOUNT', KEYS[1]), redis.call('GETBIT', KEYS[1], ARGV[1]), due, string.format('%.0f', now),
    shown[1] or '', shown[2] or '', shown[3] or ''}
