-- ARGV: token, '1' when patient, '1' when tired (the next to enter may take over), the generation remembered.
local holder = redis.call('GET', lock)
if holder ~= ARGV[1] and holder ~= 't' .. ARGV[1] then return { 0 } end
redis.call('SET', lock, (ARGV[3] == '1' and 't' or '') .. ARGV[1], 'PX', LEASE)
return pass(ARGV[1], ARGV[2] == '1', ARGV[4])
