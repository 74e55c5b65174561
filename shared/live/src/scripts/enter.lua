-- ARGV: the generation that the caller remembers; then seq and text of each event.
-- Puts the events into the queue, and begins to work on it unless somebody else does.
for i = 2, #ARGV, 2 do redis.call('ZADD', queue, ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', queue, 60000)
local holder = redis.call('GET', lock)
if holder and holder:sub(1, 1) ~= 't' then return { 0 } end
local token = clock[1] .. '.' .. clock[2]
redis.call('SET', lock, token, 'PX', LEASE)
return pass(token, true, ARGV[1])
