-- ARGV: '1' when the people have just joined, else '0'; then connection, person, stamp of each.
for i = 2, #ARGV, 3 do
  if ARGV[1] == '1' then redis.call('ZREM', left, ARGV[i + 1]) end
  add(ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
changed()
