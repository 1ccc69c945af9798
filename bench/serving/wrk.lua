-- What wrk asks (https://github.com/wg/wrk/blob/master/SCRIPTING): the lines of a file from a byte
-- on, each a media type, "named" or "plain", and a query encoded for an address, with tabs between.
-- "again" begins anew at the end of the file; else a query for nothing stands for what is missing.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  addresses = {plain = args[1], named = args[2]}
  start, mode = tonumber(args[4]), args[5]
  file = assert(io.open(args[3], "rb"))
  file:seek("set", start)
  position, missing = start, 0
  host = "Host: " .. wrk.host .. ":" .. wrk.port .. "\r\n"
end

local function line()
  local found = file:read("*l")
  if found then
    position = position + #found + 1
  elseif mode == "again" then
    file:seek("set", 0)
    position = 0
    return line()
  else
    missing = missing + 1
    return "application/sparql-results+json\tplain\tASK%7B%7D"
  end
  return found
end

function request()
  local media_type, kind, query = line():match("^([^\t]*)\t([^\t]*)\t(.*)$")
  return "GET " .. addresses[kind] .. query .. " HTTP/1.1\r\n" .. host
    .. "Accept: " .. media_type .. "\r\n\r\n"
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
