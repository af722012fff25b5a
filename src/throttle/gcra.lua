-- The generic cell rate algorithm over several buckets: either each has room and is charged one request, or none is.
-- KEYS: the buckets. ARGV: for each of them, microseconds that one request takes to flow out, and requests it holds.
-- Answers microseconds to wait (0: charged), the bucket that says so (0: none), then for each bucket the requests that
-- still fit and the microseconds until it is empty.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local stored = redis.call('MGET', unpack(KEYS))
local empty, wait, who = {}, 0, 0
for i = 1, #KEYS do
  local interval, holds = ARGV[2 * i - 1], ARGV[2 * i]
  empty[i] = math.max(tonumber(stored[i] or now), now)
  local late = empty[i] + interval - holds * interval - now
  if late > wait then
    wait, who = late, i
  end
end
local answer = { wait, who }
for i = 1, #KEYS do
  local interval, holds = ARGV[2 * i - 1], ARGV[2 * i]
  if wait == 0 then
    empty[i] = empty[i] + interval
    redis.call('SET', KEYS[i], string.format('%.0f', empty[i]), 'PX', math.ceil((empty[i] - now) / 1000))
  end
  answer[#answer + 1] = math.max(0, math.floor(holds - (empty[i] - now) / interval))
  answer[#answer + 1] = empty[i] - now
end
return answer
