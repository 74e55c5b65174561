-- ARGV: connection and value of each; one that was registered anew meanwhile stays.
for i = 1, #ARGV, 2 do
  if redis.call('HGET', sockets, ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', sockets, ARGV[i]) end
end
changed()
