"use strict";

/* milliseconds between updates, and of a page that nobody sees */

const EVERY = 5000;
const UNSEEN = 30000;

const MINUTES = 60;
const HOUR = 3600;
const SHOWN = 100;

/*
 * Nothing accepted is unusual after twice the longest pause that there was,
 * but not before so many seconds, and only where so many were accepted.
 */

const SILENCE = 900;
const ENOUGH = 10;

const FINE = 0, WARN = 1, BAD = 2;

const VERDICTS = {
    accepted: "accepted", rejected: "rejected",
    would_reject: "would be rejected", duplicate: "duplicates",
    challenge: "challenges", none: "not verified"
};

const BARS = Object.assign({ failed: "answered with 5xx" }, VERDICTS);

/* name, text, class, and whether the name is needed where there is no head */

const COLUMNS = [
    ["Time", d => toggle(d, moment(d.time)), () => "time", false],
    ["Verdict", d => d.verdict, d => "verdict " + d.verdict, false],
    ["Reason", d => d.reason === d.verdict ? "" : remedyLink(d.reason),
        () => "reason", false],
    ["Hook", d => place(d) + ", " + d.provider, () => "stranger", false],
    ["Event", d => d.event, () => "stranger", true],
    ["Id", d => d.id, () => "stranger", true],
    ["Sender got", d => d.status || "",
        d => "number" + (d.status >= 500 ? " failed" : ""), true],
    ["Application", d => d.upstream || "",
        d => "number" + (d.failed ? " failed" : ""), true],
    ["ms", d => d.ms, () => "number", true]
];

const ICONS = {
    [FINE]: ["#1b7047", "M4 8.5l3 3 5-6"],
    [WARN]: ["#8a5200", "M8 3.5v5.5M8 11.5v1"],
    [BAD]: ["#b92c23", "M5 5l6 6M11 5l-6 6"],
    lost: ["#626d79", "M4 8h8"]
};

let servers = 0;
let last = null;                /* the data that is shown */
let lost = "";                  /* why there is no newer */
let timer = 0;
let asking = false;
let paused = false;
let troubled = null;            /* the hooks that were in trouble, by key */
let rows = [];                  /* the deliveries that are there */
let used = new Set();           /* those that are read, by key */

const unfolded = new Set();     /* hooks and deliveries, by key */

const get = id => document.getElementById(id);


/* All text is set as text: what strangers wrote is never markup. */

function make(name, properties, ...children) {
    const svg = /^(svg|path|rect|title)$/.test(name);
    const node = svg
        ? document.createElementNS("http://www.w3.org/2000/svg", name)
        : document.createElement(name);

    for (const [key, value] of Object.entries(properties || {})) {
        node.setAttribute(key, value);
    }

    node.append(...children.filter(child => child !== null && child !== ""));

    return node;
}


/*
 * Changes a node into another one and leaves what is equal alone, so that
 * focus, selection and what is unfolded stay.  Children that have a key are
 * found by it, all others by their place.
 */

function patch(node, wanted) {
    if (node.nodeType === Node.TEXT_NODE) {
        if (node.data !== wanted.data) {
            node.data = wanted.data;
        }
        return;
    }

    for (const { name } of [...node.attributes]) {
        if (!wanted.hasAttribute(name) && name !== "open") {
            node.removeAttribute(name);
        }
    }

    for (const { name, value } of wanted.attributes) {
        if (node.getAttribute(name) !== value) {
            node.setAttribute(name, value);
        }
    }

    patchChildren(node, [...wanted.childNodes]);
}


function patchChildren(node, wanted) {
    const key = child => child.dataset && child.dataset.key;
    const keys = new Set(wanted.map(key));
    const keyed = new Map();
    let here;

    for (const child of [...node.childNodes]) {
        if (key(child) && keys.has(key(child))) {
            keyed.set(key(child), child);
        } else if (key(child)) {
            child.remove();
        }
    }

    here = node.firstChild;

    for (const child of wanted) {
        const found = key(child) ? keyed.get(key(child))
            : here && !key(here) && here.nodeName === child.nodeName ? here
            : null;

        if (!found) {
            node.insertBefore(child, here);
            continue;
        }

        if (found === here) {
            here = here.nextSibling;
        } else {
            node.insertBefore(found, here);
        }

        patch(found, child);
    }

    while (here) {
        const next = here.nextSibling;

        here.remove();
        here = next;
    }
}


/* Does that, and has focus, selection and what is in view as before. */

function keep(change) {
    const focused = document.activeElement;
    const s = getSelection();
    const ends = [s.anchorNode, s.anchorOffset, s.focusNode, s.focusOffset];
    const top = document.querySelector("header").offsetHeight + 4;
    const seen = scrollY > 0
        && document.elementsFromPoint(innerWidth / 2, top)
            .map(node => node.closest("[data-key], h2")).find(Boolean);
    const before = seen && seen.getBoundingClientRect().top;

    change();

    if (focused !== document.activeElement && focused.isConnected) {
        focused.focus({ preventScroll: true });
    }

    if (ends[0] && ends[0].isConnected && ends[2].isConnected
        && (ends[0] !== s.anchorNode || ends[1] !== s.anchorOffset
            || ends[2] !== s.focusNode || ends[3] !== s.focusOffset))
    {
        s.setBaseAndExtent(...ends);
    }

    if (seen && seen.isConnected) {
        scrollBy(0, seen.getBoundingClientRect().top - before);
    }
}


/* Texts */

function number(n) {
    return n.toLocaleString("en");
}


function bytes(n) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;

    while (n >= 1000 && unit < units.length - 1) {
        n /= 1000;
        unit++;
    }

    return (unit && n < 10 ? n.toFixed(1) : Math.round(n)) + " " + units[unit];
}


function moment(seconds) {
    const date = new Date(seconds * 1000);
    const time = date.toLocaleTimeString("en", { hourCycle: "h23" });
    const today = new Date().toDateString() === date.toDateString();

    return today ? time : date.toLocaleDateString("en",
        { day: "numeric", month: "short" }) + ", " + time;
}


function span(seconds) {
    const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
    const [size, unit] = units.find(([n]) => seconds >= n) || [1, "s"];

    return Math.floor(Math.max(seconds, 0) / size) + " " + unit;
}


function ago(then, now) {
    return now - then < 1 ? "just now" : span(now - then) + " ago";
}


/* The server is named where there are several. */

function place(hook) {
    const location = hook.location || "(server)";

    return servers > 1 && hook.server ? hook.server + " " + location
                                      : location;
}


function sum(list) {
    return list.reduce((a, b) => a + b, 0);
}


function words(entry, names) {
    const said = names.filter(name => entry[name])
        .map(name => number(entry[name]) + " " + BARS[name]);

    return said.join(", ") || "nothing";
}


function remedyLink(reason, text) {
    return reason
        ? make("a", { href: "#reason-" + reason }, text || reason) : "";
}


function remedy(reason) {
    const term = get("reason-" + reason);

    return term ? term.nextElementSibling.textContent.replace(/\s+/g, " ")
                : "";
}


/* What the data means */

function prepare(data) {
    const key = (zone, hook) => JSON.stringify(
        [zone, hook.server, hook.location, hook.provider]);

    servers = new Set(data.hooks.map(hook => hook.server)).size;

    data.zones.forEach((zone, i) => {
        zone.run = i + "-" + zone.since;

        for (const d of zone.deliveries) {
            d.run = zone.run;
            d.key = zone.run + "-" + d.number;
            d.zone = zone.name;
            d.hook = key(zone.name, d);
            d.failed = d.upstream >= 500;
            d.trouble = d.failed || /rej|none/.test(d.verdict);
            d.text = [place(d), d.provider, d.event, d.id, d.verdict,
                      d.reason, d.status, d.upstream].join(" ").toLowerCase();
        }
    });

    data.deliveries = data.zones.flatMap(zone => zone.deliveries);

    for (const hook of data.hooks) {
        hook.key = key(hook.zone, hook);
        hook.hour = hour(hook, data);
        hook.troubles = troubles(hook, data.time);
        hook.level = Math.max(FINE, ...hook.troubles.map(t => t.level));
    }
}


/* A small zone has no minutes: then the last deliveries tell of failures. */

function hour(hook, data) {
    const start = Math.floor(data.time / 60) - MINUTES + 1;
    const total = { minutes: hook.minutes.filter(m => m.time / 60 >= start) };

    for (const m of total.minutes) {
        m.rest = Math.max((m.accepted || 0) - (m.failed || 0), 0);
    }

    for (const name of Object.keys(BARS)) {
        total[name] = sum(total.minutes.map(m => m[name] || 0));
    }

    total.failed = total.failed || data.deliveries.filter(d => d.failed
        && d.hook === hook.key && data.time - d.time < HOUR).length;

    return total;
}


function troubles(hook, now) {
    const recent = name => now - (hook.last[name] || 0) < HOUR;
    const list = [];

    const add = (level, text, reasons, rest) =>
        list.push({ level, text, reasons, rest: rest || "" });

    const reasons = family => Object.keys(hook[family])
        .filter(reason => now - hook.reason_last[reason] < HOUR)
        .sort((a, b) => hook[family][b] - hook[family][a]);

    if (hook.hour.failed) {
        add(BAD, number(hook.hour.failed)
            + " answered with 5xx by the application in the last hour",
            ["5xx"]);
    }

    if (recent("rejected")) {
        add(hook.hour.rejected > hook.hour.accepted
            || !(hook.last.accepted >= hook.last.rejected) ? BAD : WARN,
            number(hook.hour.rejected || sum(Object.values(hook.rejected)))
            + " refused" + (hook.hour.rejected ? " in the last hour" : ""),
            reasons("rejected"), "last " + ago(hook.last.rejected, now));
    }

    if (hook.longest_pause && hook.requests.accepted >= ENOUGH
        && now - hook.last.accepted > Math.max(SILENCE, 2 * hook.longest_pause))
    {
        add(WARN, "nothing accepted for " + span(now - hook.last.accepted),
            ["silence"], "the longest pause was " + span(hook.longest_pause));
    }

    if (recent("would_reject")) {
        add(WARN, number(hook.hour.would_reject
                         || hook.requests.would_reject)
            + " on trial would be refused", reasons("would_reject"),
            "last " + ago(hook.last.would_reject, now));
    }

    if (recent("none")) {
        add(WARN, number(hook.hour.none || hook.requests.none)
            + " answered by another module before the check",
            ["not_verified"], "last " + ago(hook.last.none, now));
    }

    return list;
}


/* Which are wanted; what is in trouble is never left out of the head. */

function filter() {
    const hook = get("hook").value;
    const verdict = get("verdict").value;
    const wanted = get("text").value.toLowerCase().split(/\s+/)
        .filter(Boolean);
    const has = text => wanted.every(word => text.includes(word));

    const delivery = d => (!hook || d.hook === hook) && has(d.text)
        && (!verdict || d[verdict] === true || d.verdict === verdict);

    const counted = h => verdict === "trouble" ? h.level > FINE
        : verdict === "failed" ? h.upstream["5xx"] > 0
        : h.requests[verdict] > 0;

    return {
        delivery,
        hook: h => (!hook || h.key === hook) && (!verdict || counted(h))
            && (has((place(h) + " " + h.provider + " " + h.server)
                    .toLowerCase())
                || rows.some(d => d.hook === h.key && delivery(d))),
        set: hook || verdict || wanted.length
    };
}


/* The button that shows all about a hook or a delivery. */

function toggle(thing, text) {
    return make("button", { type: "button", class: "fold",
                            "aria-expanded": unfolded.has(thing.key) }, text);
}


/* Hooks */

function counts(requests, always) {
    return make("ul", { class: "counts" }, ...Object.keys(VERDICTS)
        .filter(v => requests[v] || always.includes(v))
        .map(v => make("li", { class: v },
            make("b", null, number(requests[v] || 0)), VERDICTS[v])));
}


function timeline(hook, now) {
    const start = Math.floor(now / 60) - MINUTES + 1;
    const names = Object.keys(BARS);
    const part = (m, name) => (name === "accepted" ? m.rest : m[name]) || 0;
    const all = m => sum(names.map(name => part(m, name)));
    const most = Math.max(1, ...hook.hour.minutes.map(all));
    const paths = {};

    for (const m of hook.hour.minutes) {
        let y = 100;

        for (const name of names.filter(name => part(m, name))) {
            const height = Math.max(100 * part(m, name) / most, 4);

            y -= height;
            paths[name] = (paths[name] || "") + "M"
                + ((m.time / 60 - start) * 10 + 1) + " " + y.toFixed(1)
                + "h8v" + height.toFixed(1) + "h-8z";
        }
    }

    return make("svg", {
        class: "hours", viewBox: "0 0 " + MINUTES * 10 + " 100",
        preserveAspectRatio: "none", role: "img",
        "aria-label": "The last hour: " + words(hook.hour, names)
    }, ...Object.entries(paths).map(([name, d]) =>
        make("path", { class: name, d })));
}


function minuteTable(hook) {
    const names = Object.keys(BARS)
        .filter(name => hook.minutes.some(m => m[name]));

    return hook.minutes.length ? make("details", null,
        make("summary", null, "Minute by minute"),
        make("table", null,
            make("thead", null, make("tr", null,
                make("th", { scope: "col" }, "Time"),
                ...names.map(name => make("th",
                    { scope: "col", class: "number" }, BARS[name])))),
            make("tbody", null, ...hook.minutes.map(m => make("tr", null,
                make("td", { class: "time" }, moment(m.time)),
                ...names.map(name => make("td", { class: "number" },
                    number(m[name] || 0)))))))) : null;
}


function reasons(hook, now) {
    const list = ["rejected", "would_reject"].flatMap(verdict =>
        Object.entries(hook[verdict]).map(([reason, n]) =>
            ({ verdict, reason, n })));
    const most = Math.max(0, ...list.map(entry => entry.n));

    list.sort((a, b) => b.n - a.n);

    return list.length ? make("ul", { class: "reasons" },
        ...list.map(({ verdict, reason, n }) => make("li", null,
            make("span", null, remedyLink(reason),
                (verdict === "would_reject" ? " on trial" : "")
                + ", last " + ago(hook.reason_last[reason], now)),
            make("span", { class: "number" }, number(n)),
            make("svg", { class: verdict, viewBox: "0 0 100 1",
                          preserveAspectRatio: "none",
                          "aria-hidden": "true" },
                make("rect", { width: 100 * n / most, height: 1 })))))
        : null;
}


function facts(known) {
    const list = known.filter(([, text]) => text);

    return list.length ? make("dl", { class: "facts" },
        ...list.flatMap(([name, text]) => [make("dt", null, name),
                                           make("dd", null, text)])) : null;
}


function hookFacts(hook) {
    const list = (entries, text) => Object.entries(entries)
        .filter(([, n]) => n).map(([name, n]) => text(name, number(n)))
        .join(", ");
    const verified = sum(Object.values(hook.verification.buckets));

    return facts([
        ["Provider", hook.provider],
        ["Server", hook.server],
        ["Application", list(hook.upstream, (name, n) => n + " with "
            + (name === "none" ? "no answer" : name))],
        ["Secrets", list(hook.secrets, (name, n) => n + " by "
            + (name === "more" ? "one after the eighth" : "number " + name))],
        ["Duplicates", list(hook.duplicates, (name, n) => n + (name
            === "headers" ? " known by their headers" : " verified"))],
        ["Longest pause", hook.longest_pause
            ? span(hook.longest_pause) + " between two that were accepted"
            : ""],
        ["Bodies", hook.body_bytes ? bytes(hook.body_bytes) : ""],
        ["Verification", verified
            ? (hook.verification.seconds / verified * 1e6).toFixed(0)
              + " µs on average" : ""]
    ]);
}


function hookTroubles(hook) {
    return hook.troubles.length ? make("ul", { class: "trouble" },
        ...hook.troubles.map(t => make("li", null,
            make("span", { class: t.level === BAD ? "bad" : "warn" }, t.text),
            ...t.reasons.flatMap((reason, i) => [i ? ", " : ": ",
                remedyLink(reason, /_/.test(reason) ? "" : "remedy")]),
            t.rest && "; " + t.rest))) : null;
}


function hookItem(hook, now) {
    const names = Object.keys(BARS).filter(name => hook.hour[name]);
    const accepted = hook.last.accepted;

    return make("li", { class: "card hook level" + hook.level,
                        "data-key": hook.key, "data-row": hook.key },
        make("div", { class: "row" },
            make("h3", null, toggle(hook, place(hook))),
            make("span", { class: "who soft" }, hook.provider),
            make("span", { class: "when soft" }, accepted
                ? "accepted " + ago(accepted, now) : "never accepted"),
            make("span", { class: "hour" }, ...(names.length
                ? names.map(name => make("span", { class: name },
                    number(hook.hour[name]) + " " + BARS[name]))
                : [make("span", { class: "soft" },
                        "nothing in the last hour")])),
            timeline(hook, now)),
        hookTroubles(hook),
        unfolded.has(hook.key) ? make("div", { class: "inside" },
            make("h4", null, "Since it is counted"),
            counts(hook.requests, ["accepted", "rejected"]),
            reasons(hook, now), hookFacts(hook), minuteTable(hook),
            make("button", { type: "button", "data-hook": hook.key },
                "Show its deliveries")) : null);
}


function hooks(data, wanted) {
    const list = data.hooks.filter(wanted.hook)
        .sort((a, b) => b.level - a.level);

    return list.length ? list.map(hook => hookItem(hook, data.time))
        : [make("li", { class: "card soft" }, data.hooks.length
            ? "None that fits." : "There is no location with webhook.")];
}


/* Deliveries */

/* Those that were unfolded, have the focus or are selected stay to be read. */

function gather(data) {
    const there = new Set(data.deliveries.map(d => d.key));
    const runs = new Set(data.zones.map(zone => zone.run));

    used = new Set(unfolded);

    for (const node of [document.activeElement, getSelection().anchorNode]) {
        const row = node && (node.closest ? node : node.parentElement)
            .closest("[data-row]");

        used.add(row && row.dataset.row);
    }

    rows = data.deliveries.concat(rows.filter(d => !there.has(d.key)
            && runs.has(d.run) && used.has(d.key)))
        .sort((a, b) => b.time - a.time || b.number - a.number);
}


function deliveryRow(d) {
    return make("tr", { "data-key": d.key, "data-row": d.key,
                        class: d.trouble ? "wrong" : "" },
        ...COLUMNS.map(([name, text, kind, named]) => {
            const value = text(d);

            return make("td", Object.assign({ class: kind(d) },
                                            named ? { "data-name": name } : {}),
                value instanceof Node ? value : String(value));
        }));
}


function deliveryMore(d) {
    return make("tr", { "data-key": "more " + d.key, "data-row": d.key },
        make("td", { class: "whole", colspan: COLUMNS.length }, facts([
            ["Ended", new Date(d.time * 1000).toISOString()],
            ["Verdict", d.verdict],
            ["Reason", d.reason],
            ["Remedy", d.failed ? remedy("5xx") : remedy(d.reason)],
            ["Sender got", d.status ? "status " + d.status : "no answer"],
            ["Application", d.upstream ? "status " + d.upstream
                : /^(accepted|would_reject)$/.test(d.verdict)
                ? "no answer" : "was not asked"],
            ["Server", d.server],
            ["Location", d.location || "(server)"],
            ["Provider", d.provider],
            ["Secret", d.secret ? "number " + d.secret : ""],
            ["Event", d.event],
            ["Id", d.id],
            ["Body", d.size ? number(d.size) + " bytes"
                : d.trouble && !d.failed ? "not hashed" : "empty"],
            ["Took", number(d.ms) + " ms"],
            ["HTTP", d.http],
            ["Zone", d.zone + ", number " + d.number],
            ["Error log", "its lines have *" + d.connection + " in them"]
        ])));
}


function deliveries(data, wanted) {
    const list = rows.filter(wanted.delivery);
    const shown = list.filter((d, i) => i < SHOWN || used.has(d.key));

    get("found").textContent = wanted.set
        ? number(list.length) + " of " + number(rows.length) + " deliveries"
        : "";

    return shown.length ? make("table", { class: "deliveries" },
        make("thead", null, make("tr", null, ...COLUMNS.map(([name]) =>
            make("th", { scope: "col", class: /^[SAm]/.test(name)
                                              ? "number" : "" }, name)))),
        make("tbody", null, ...shown.flatMap(d => unfolded.has(d.key)
            ? [deliveryRow(d), deliveryMore(d)] : [deliveryRow(d)])))
        : make("p", { class: "soft" }, rows.length ? "None that fits."
                                                   : "None yet.");
}


/* Memory */

function table(names, numbers, list) {
    return make("table", null,
        make("thead", null, make("tr", null, ...names.map(name =>
            make("th", { scope: "col" }, name)), ...numbers.map(name =>
            make("th", { scope: "col", class: "number" }, name)))),
        make("tbody", null, ...list.map(cells => make("tr", null,
            ...cells.map((text, i) => make("td",
                i < names.length ? null : { class: "number" }, text))))));
}


function memory(zones) {
    return table(["Zone", "Since"], ["Size", "Messages", "Evicted"],
        zones.map(zone => [zone.name, zone.since ? moment(zone.since) : "",
            bytes(zone.size), number(zone.replay.entries),
            number(zone.replay.evictions)]));
}


function shared(engines) {
    return table(["Redis", "State", "Since"],
        ["Claimed", "Known", "Refused", "Local", "To tell"],
        engines.map(engine => [engine.name,
            engine.up ? "there" : make("a", { href: "#reason-redis" },
                                       make("span", { class: "bad" }, "gone")),
            engine.since ? moment(engine.since) : "",
            ...[engine.requests.claimed, engine.requests.taken,
                engine.requests.refused, engine.requests.local,
                engine.pending].map(number)]));
}


/* The head: what is wrong, in the title and the icon too */

function icon(kind) {
    const [colour, path] = ICONS[kind];

    return "data:image/svg+xml," + encodeURIComponent(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
        + '<circle cx="8" cy="8" r="8" fill="' + colour + '"/><path d="' + path
        + '" fill="none" stroke="#fff" stroke-width="2"/></svg>');
}


function head() {
    const gone = last ? last.engines.filter(e => e.since && !e.up) : [];
    const of = level => last ? last.hooks.filter(h => h.level === level) : [];
    const bad = of(BAD), warn = of(WARN);
    const n = bad.length + gone.length;
    const level = n ? BAD : warn.length ? WARN : FINE;
    const some = (list, text) => list.length
        ? [number(list.length) + (list.length === 1 ? " hook " : " hooks ")
           + text] : [];

    get("summary").className = ["soft", "warn", "bad"][level];
    get("summary").textContent = !last ? ""
        : [...gone.map(engine => "Redis " + engine.name + " is gone"),
           ...some(bad, "in trouble"), ...some(warn, "to look at")].join(", ")
          || "Nothing wrong in the last hour";

    get("state").className = lost ? "bad" : "soft";
    get("state").textContent = lost || (paused ? "Paused at " : "Updated ")
        + moment(last.time);

    document.title = (lost ? "(?) " : n ? "(" + n + ") " : "") + "Webhooks";

    if (get("icon").getAttribute("href") !== icon(lost ? "lost" : level)) {
        get("icon").setAttribute("href", icon(lost ? "lost" : level));
    }
}


/* Screen readers say this, so it is only what is new. */

function announce(text) {
    get("news").textContent = text;
}


function announceTrouble(data) {
    const bad = new Map(data.hooks.filter(hook => hook.level === BAD)
        .map(hook => [hook.key, hook]));
    const fresh = troubled && [...bad.values()]
        .filter(hook => !troubled.has(hook.key));

    if (fresh && fresh.length) {
        announce("Trouble: " + fresh.map(hook => place(hook) + ", "
            + hook.troubles[0].text).join("; "));

    } else if (troubled && troubled.size && !bad.size) {
        announce("No hook is in trouble any more");
    }

    troubled = bad;
}


function render() {
    if (!last) {
        return;
    }

    const wanted = filter();

    keep(() => {
        patchChildren(get("hook"), [make("option", { value: "" }, "all"),
            ...last.hooks.map(hook => make("option",
                { value: hook.key, "data-key": hook.key },
                place(hook) + ", " + hook.provider))]);
        patchChildren(get("hook-list"), hooks(last, wanted));
        patchChildren(get("delivery-list"), [deliveries(last, wanted)]);
        patchChildren(get("zones"), [memory(last.zones)]);
        patchChildren(get("engines"), [shared(last.engines)]);
        get("engines").hidden = !last.engines.length;
    });
}


async function update() {
    clearTimeout(timer);

    if (asking) {
        return;
    }

    asking = true;

    try {
        const response = await fetch("?format=json", { cache: "no-store",
            signal: AbortSignal.timeout(EVERY) });

        if (!response.ok) {
            throw new Error("status " + response.status);
        }

        const data = await response.json();

        prepare(data);
        gather(data);
        last = data;

        if (lost) {
            lost = "";
            announce("In contact again");
        }

        render();
        announceTrouble(data);

    } catch (error) {
        if (!lost) {
            announce("No contact");
        }

        lost = "No contact" + (last ? " since " + moment(last.time) : "")
            + " (" + error.message + "), trying again";
    }

    asking = false;
    head();

    if (!paused) {
        timer = setTimeout(update, document.hidden ? UNSEEN : EVERY);
    }
}


/* What people do */

function filtered() {
    render();
    announce(get("found").textContent || "All deliveries");
}


function unfold(key) {
    if (!unfolded.delete(key)) {
        unfolded.add(key);
    }

    render();
}


get("filter").addEventListener("input", filtered);
get("filter").addEventListener("reset", () => setTimeout(filtered));
get("filter").addEventListener("submit", event => event.preventDefault());

get("pause").addEventListener("click", () => {
    paused = !paused;
    get("pause").setAttribute("aria-pressed", paused);
    clearTimeout(timer);

    if (paused) {
        head();
    } else {
        update();
    }
});

document.querySelector("main").addEventListener("click", event => {
    const button = event.target.closest("button[data-hook]");
    const row = event.target.closest(".row, .fold, tr[data-row]");

    if (button) {
        get("hook").value = button.dataset.hook;
        filtered();
        get("deliveries").scrollIntoView();

    } else if (row && !event.target.closest("a, .whole")
               && getSelection().isCollapsed)
    {
        unfold(row.closest("[data-row]").dataset.row);
    }
});

document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !paused) {
        update();
    }
});

update();
