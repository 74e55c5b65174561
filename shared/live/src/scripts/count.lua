-- KEYS: one a rule. ARGV: limit, window in ms, cost of each. All or none are counted.
local allowed = 1
local seen = {}
for i = 1, #KEYS do
    local used = tonumber(redis.call('GET', KEYS[i]) or '0')
    local ttl = redis.call('PTTL', KEYS[i])
    local want = math.max(tonumber(ARGV[i * 3]), 1)
    local fits = used + want <= tonumber(ARGV[i * 3 - 2])
    if not fits then allowed = 0 end
    seen[i] = {fits and 1 or 0, used, ttl}
end
for i = 1, #KEYS do
    local cost = tonumber(ARGV[i * 3])
    if allowed == 1 and cost > 0 then
        seen[i][2] = redis.call('INCRBY', KEYS[i], cost)
        if seen[i][3] < 0 then redis.call('PEXPIRE', KEYS[i], ARGV[i * 3 - 1]) end
    end
    if seen[i][3] < 0 then seen[i][3] = tonumber(ARGV[i * 3 - 1]) end
end
return seen
