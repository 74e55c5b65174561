-- ARGV: the generation that the builder started from; then connection, person, stamp of each.
-- Answers 1 when the index is whole now, 0 when it changed meanwhile and must be read again.
if (redis.call('GET', generation) or '') ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 3 do add(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
redis.call('HSET', sockets, '', '1')
changed()
return 1
