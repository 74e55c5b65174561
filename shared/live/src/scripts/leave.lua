-- ARGV: the people who leave. For a minute nobody who read an older truth can add them back.
local leaving = {}
for _, person in ipairs(ARGV) do
  leaving[person] = true
  redis.call('ZADD', left, now + 60000, person)
end
redis.call('ZREMRANGEBYSCORE', left, '-inf', now)
redis.call('PEXPIRE', left, 120000)
local all = redis.call('HGETALL', sockets)
for i = 1, #all, 2 do
  if leaving[all[i + 1]:sub(1, 36)] then redis.call('HDEL', sockets, all[i]) end
end
changed()
