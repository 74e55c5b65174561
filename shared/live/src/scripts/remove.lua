-- ARGV: connections that were closed.
if redis.call('HDEL', sockets, unpack(ARGV)) > 0 then changed() end
