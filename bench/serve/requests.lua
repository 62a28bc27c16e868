-- wrk: requests from a file of bodies, each thread from a place of its own, and counts of the statuses.
-- Arguments behind "--": the file, in which each body follows its size and the size of its JSON ("size json\n"); 0 as JSON: all of it.
local bodies, threads = {}, {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  while true do
    local size, json = file:read("*n", "*n")
    if not size then break end
    file:read(1)
    local fields = {["Content-Type"] = "application/json"}
    if json > 0 then
      fields = {["Content-Type"] = "application/octet-stream", ["Inference-Header-Content-Length"] = tostring(json)}
    end
    bodies[#bodies + 1] = wrk.format("POST", nil, fields, file:read(size))
  end
  at = number * 37
  good, busy, other = 0, 0, 0
end

function request()
  at = at + 1
  return bodies[at % #bodies + 1]
end

function response(status)
  if status == 200 then good = good + 1 elseif status == 503 then busy = busy + 1 else other = other + 1 end
end

function done(summary, latency)
  local good, busy, other = 0, 0, 0
  for _, thread in ipairs(threads) do
    good, busy, other = good + thread:get("good"), busy + thread:get("busy"), other + thread:get("other")
  end
  local errors = summary.errors
  io.write(string.format('{"seconds":%.6f,"good":%d,"busy":%d,"other":%d,"lost":%d,"p50_ms":%.4f,"p99_ms":%.4f}\n',
    summary.duration / 1e6, good, busy, other, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
