-- Feeds wrk with prepared requests (length in 8 digits, then the bytes) and prints one JSON line.
local file = io.open(os.getenv("BENCH_FEED"), "rb")
local data = file:read("*a")
file:close()
local first, last, count, at = {}, {}, 0, 1
while at < #data do
  local length = tonumber(data:sub(at, at + 7))
  count = count + 1
  first[count], last[count] = at + 8, at + 7 + length
  at = at + 8 + length
end
local turn = tonumber(os.getenv("BENCH_FEED_SKIP") or "0")
function request()
  turn = turn + 1
  local i = (turn - 1) % count + 1
  return data:sub(first[i], last[i])
end
function done(summary, latency)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.status + summary.errors.timeout
  io.write(string.format(
    '\nRESULT {"answers": %d, "bad": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f}\n',
    summary.requests, bad, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    latency.max / 1000))
end
