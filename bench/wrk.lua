-- wrk -s wrk.lua URL -- SIZE [NAME VALUE]...
--
-- Posts a JSON body of SIZE bytes with these headers; prints how many requests
-- were answered, how many of them with 4xx or 5xx, how many failed, and the
-- 99th percentile of their time in us.

function init(args)
    local size = tonumber(args[1])

    wrk.method = "POST"
    wrk.body = '{"data":"' .. string.rep("x", size - 11) .. '"}'

    for i = 2, #args, 2 do
        wrk.headers[args[i]] = args[i + 1]
    end
end


function done(summary, latency, requests)
    local e = summary.errors

    print("result", summary.requests, e.status,
          e.connect + e.read + e.write + e.timeout, latency:percentile(99))
end
