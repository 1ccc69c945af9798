-- What wrk asks (https://github.com/wg/wrk/blob/master/SCRIPTING): the lines of a file from a byte
-- on, each a media type, "named" or "plain", and a query encoded for an address, with tabs between.
-- "again" asks all lines in turn without end, each made up beforehand, since that costs the load
-- generator least; else a query for nothing stands for what is missing at the end of the file.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local function made(line)
  local media_type, kind, query = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
  return "GET " .. addresses[kind] .. query .. " HTTP/1.1\r\n" .. host
    .. "Accept: " .. media_type .. "\r\n\r\n"
end

function init(args)
  addresses = {plain = args[1], named = args[2]}
  host = "Host: " .. wrk.host .. ":" .. wrk.port .. "\r\n"
  file = assert(io.open(args[3], "rb"))
  position, missing = tonumber(args[4]), 0
  if args[5] == "again" then
    again = {}
    for line in file:lines() do
      table.insert(again, made(line))
    end
  else
    file:seek("set", position)
  end
end

function request()
  if again then
    position = position % #again + 1
    return again[position]
  end
  local line = file:read("*l")
  if not line then
    missing = missing + 1
    return made("application/sparql-results+json\tplain\tASK%7B%7D")
  end
  position = position + #line + 1
  return made(line)
end

function done(summary, latency, requests)
  local errors = summary.errors
  local thread = threads[1]
  io.stderr:write(string.format(
    '{"requests": %d, "microseconds": %d, "bytes": %d, "p50": %.0f, "p99": %.0f, '
      .. '"refused": %d, "broken": %d, "late": %d, "position": %d, "missing": %d}\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write, errors.timeout,
    thread:get("position"), thread:get("missing")))
end
