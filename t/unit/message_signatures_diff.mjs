// Copyright (C) the ngx_http_webhook_module developers
//
// Compares nginx with two implementations of RFC 9421, npm's http-message-sig
// and http-message-signatures: requests that are signed rightly, many of them
// changed before or after that, and what each of the three says of them.  Both
// leave digests of the body to the caller, so these are compared here.
//
//     node t/unit/message_signatures_diff.mjs DIR make    prints a JWK set
//     node t/unit/message_signatures_diff.mjs DIR PORT [COUNT] [SEED]
//
// DIR has node_modules, and keeps the keys.  The server on PORT answers 204 to
// what is verified and 403 or 400 to all else.

import crypto from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import { join, resolve } from 'node:path'

const [dir, port, count = '2000', seed = '1'] = process.argv.slice(2)
const algorithms = ['ed25519', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384',
                    'rsa-pss-sha512']
const least = ['@method', 'content-digest']

let state = Number(seed)
const random = n => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor(state / 65536) % n
}
const pick = list => list[random(list.length)]
const shuffle = list => {
    const rest = [...list]
    return list.map(() => rest.splice(random(rest.length), 1)[0])
}


// --- keys

const keys = Object.fromEntries(algorithms.map(name => [name, key(name)]))

function key(name) {
    const file = join(dir, `${name}.pem`)

    if (!existsSync(file)) {
        const [type, options] = {
            'ed25519': ['ed25519', {}],
            'ecdsa-p256-sha256': ['ec', { namedCurve: 'P-256' }],
            'ecdsa-p384-sha384': ['ec', { namedCurve: 'P-384' }],
            'rsa-pss-sha512': ['rsa', { modulusLength: 2048 }],
        }[name]
        const { privateKey } = crypto.generateKeyPairSync(type, options)

        writeFileSync(file, privateKey.export({ type: 'pkcs8',
                                                format: 'pem' }))
    }

    return crypto.createPrivateKey(readFileSync(file))
}

const how = {
    'ed25519': [null, {}],
    'ecdsa-p256-sha256': ['sha256', { dsaEncoding: 'ieee-p1363' }],
    'ecdsa-p384-sha384': ['sha384', { dsaEncoding: 'ieee-p1363' }],
    'rsa-pss-sha512': ['sha512', { saltLength: 64,
        padding: crypto.constants.RSA_PKCS1_PSS_PADDING }],
}

const sign = (name, base) => {
    const [hash, options] = how[name]
    return crypto.sign(hash, Buffer.from(base), { key: keys[name],
                                                  ...options })
}
const verify = (name, base, signature) => {
    const [hash, options] = how[name]
    return crypto.verify(hash, Buffer.from(base),
        { key: crypto.createPublicKey(keys[name]), ...options },
        Buffer.from(signature))
}

if (port === 'make') {
    const jwks = algorithms.map(name => ({ kid: name,
        ...crypto.createPublicKey(keys[name]).export({ format: 'jwk' }) }))

    console.log(JSON.stringify({ keys: jwks }))
    process.exit(0)
}

const require = createRequire(resolve(dir, 'node_modules', 'x'))
const strict = require('http-message-sig')
const lax = require('http-message-signatures')
const { parseDictionary, serializeInnerList } = require('structured-headers')


// --- requests

const now = () => Math.floor(Date.now() / 1000)
const digest = (name, body) => `sha-${name}=:${
    crypto.createHash(`sha${name}`).update(body).digest('base64')}:`

// { method, target, host, headers, body, label, components, params, alg }
function request() {
    const alg = pick(algorithms)
    const body = pick(['', '{}', '{"id":1}', 'x'.repeat(random(3000))])
    const params = shuffle([
        `created=${now() - random(200)}`,
        `keyid="${alg}"`,
        ...(random(3) ? [] : [`nonce="${random(1000)}"`]),
        ...(random(3) && alg[0] !== 'r' ? [] : [`alg="${alg}"`]),
        ...(random(3) ? [] : [`expires=${now() + 300}`]),
        ...(random(4) ? [] : [`tag="a\\"b"`]),
        ...(random(6) ? [] : ['x', 'y=?0', 'z=1.5', 'v=tok/en']),
    ])
    const fields = pick([['x-a'], ['x-a', 'x-b'], [], ['content-type', 'host'],
                         ['x-b', 'content-length']])
    const derived = shuffle(['@target-uri', '@authority', '@scheme',
        '@request-target', '@path', '@query']).slice(random(7))

    return {
        alg, body, params, label: pick(['sig', 'sig1', 'a*b', '*x-1.2_3']),
        components: shuffle([...least, ...fields, ...derived]),
        method: pick(['POST', 'POST', 'PUT']),
        target: pick(['/', '/a', '/a/b', '/%61', '/a%2fb', '/a%2Fb', '//a',
                      '/a;b=c', '/~x', '/%7ex', "/a'b"])
            + pick(['', '', '?', '?a=b', '?b=2&a=1', '?a=%20+%2f', '?a=b?c',
                    '?%41', '?a&a', '?q=%e2%98%83']),
        host: pick(['example.com', 'Example.COM', 'example.com:80',
                    'example.com:8080', 'a.example.com']),
        headers: [
            ['Content-Type', pick(['application/json', 'text/plain; a="b"'])],
            ['X-A', pick(['1', ' 2\t', 'a, b', '"q"', 'a=1;b=2', ''])],
            ...(random(3) ? [] : [['X-A', pick(['3', '', ' , '])]]),
            ['X-B', pick(['b', 'c  d'])],
            ['Content-Digest', pick([
                digest(256, body), digest(512, body),
                `${digest(512, body)},  ${digest(256, body)}`,
                `${digest(256, body)}, md5=:AAAA:`])],
        ],
    }
}

const field = (r, name) => name === 'host' ? [r.host]
    : name === 'content-length' ? [String(Buffer.byteLength(r.body))]
    : r.headers.filter(h => h[0].toLowerCase() === name)
        .map(h => h[1].replace(/^[ \t]+|[ \t]+$/g, ''))

const authority = r => r.host.toLowerCase().replace(/:80$/, '')
const value = (r, name) => ({
    '@method': r.method,
    '@target-uri': `http://${authority(r)}${r.target}`,
    '@authority': authority(r),
    '@scheme': 'http',
    '@request-target': r.target,
    '@path': r.target.replace(/\?.*/, ''),
    '@query': r.target.includes('?') ? r.target.slice(r.target.indexOf('?'))
                                     : '?',
})[name] ?? field(r, name).join(', ')

function signed(r) {
    const input = `(${r.components.map(c => `"${c}"`).join(' ')})`
                  + r.params.map(p => `;${p}`).join('')
    const base = [...r.components.map(c => `"${c}": ${value(r, c)}`),
                  `"@signature-params": ${input}`].join('\n')

    r.headers.push(['Signature-Input', `${r.label}=${input}`],
        ['Signature', `${r.label}=:${sign(r.alg, base).toString('base64')}:`])

    return r
}


// --- what is changed

const header = (r, name) =>
    r.headers.find(h => h[0].toLowerCase() === name) ?? ['', '']
const edit = (name, change) => r => {
    const h = header(r, name)
    h[1] = change(h[1], r)
}
const input = change => edit('signature-input', change)
const signature = change => edit('signature', change)

const before = [
    r => { r.components = r.components.filter(c => c !== pick(least)) },
    r => { r.components.push(pick(r.components)) },
    r => { r.components.push('x-none') },
    r => { r.components = [] },
    r => { r.params = r.params.filter(p => !p.startsWith('created')) },
    r => { r.params = r.params.filter(p => !p.startsWith('keyid')) },
    r => { r.params = r.params.map(p =>
        p.replace(/created=.*/, `created=${pick([1, now() - 4000,
                                                 now() + 4000])}`)) },
    r => { r.params.push(`expires=${now() - 600}`) },
    r => { r.params.push(pick(['keyid="x"', 'alg="hmac-sha256"',
                               'created=1'])) },
    r => { header(r, 'content-digest')[1] =
        pick([digest(256, 'z'), 'md5=:AAAA:',
              `${digest(256, r.body)}, ${digest(512, 'z')}`]) },
]

const after = [
    r => { r.body += 'x' },
    r => { r.target += pick(['x', '&x', '?', '%41']) },
    r => { r.target = r.target.replace(/%../, m =>
        m === m.toUpperCase() ? m.toLowerCase() : m.toUpperCase()) },
    r => { r.host = pick(['example.com', 'other.example', 'example.com:81']) },
    r => { r.method = r.method === 'PUT' ? 'POST' : 'PUT' },
    edit('x-a', v => v + pick(['x', ' ', ','])),
    edit('content-type', v => v.toUpperCase()),
    r => { r.headers.push(['X-A', '9']) },
    r => { r.headers = r.headers.filter(h => h[0] !== pick(['X-B',
        'Content-Digest', 'Signature', 'Signature-Input'])) },
    edit('content-digest', (v, r) => pick([digest(256, r.body),
        v + ', x=1', v.replace(':', ';a:'), v.replace(/=:$/, ':')])),
    input(v => v.replace(' ', '  ')),
    input(v => v.replace(';', '; ')),
    input(v => v.replace(/"(@[a-z]+)"/, m => m.toUpperCase())),
    input(v => v.replace('"@method"', '"@method";req')),
    input(v => v.replace('"content-digest"', '"content-digest";sf')),
    input(v => v.replace('"x-a"', '"x-a";key="a"')),
    input(v => v.replace(/created=(\d+)/, (m, t) => `created=${+t + 1}`)),
    input(v => v + pick([',', ', ', ';', ' x', ';x', ';keyid="x"', ', b',
                         ', b=()', ', b=1', ')', '\t'])),
    input(v => v.replace(/keyid="[^"]*"/, 'keyid="ed25519"')),
    input(v => v.replace(/^[^=]*/, 'other')),
    input((v, r) => `${r.label}=("@method"), ${v}`),
    input(v => v.replace(/"([a-z-]+)" "([a-z@-]+)"/, '"$2" "$1"')),
    input(v => v.replace('(', '((')),
    signature(v => v.replace(/=+:$/, ':')),
    signature(v => v.slice(0, -3) + ':'),
    signature(v => v.replace(/^(.*?=:)(.)/, (m, a, c) =>
        a + (c === 'A' ? 'B' : 'A'))),
    signature(v => v.replace(/^[^=]*/, 'other')),
    signature(v => v + pick([',', ', b=:AAAA:', ';x', ' ', ', ' + v])),
    signature(v => v.replaceAll(':', '')),
    r => { r.headers.push(header(r, pick(['signature',
                                          'signature-input']))) },
]


// --- what the others say

const joined = (r, name) => field(r, name).join(', ')

function digestsHold(r) {
    const members = parseDictionary(joined(r, 'content-digest'))
    const known = ['256', '512'].filter(n => members.has(`sha-${n}`))

    return known.length > 0 && known.every(n => {
        const bytes = members.get(`sha-${n}`)[0]
        return bytes instanceof ArrayBuffer
               && Buffer.from(bytes).equals(
                   crypto.createHash(`sha${n}`).update(r.body).digest())
    })
}

const all = r => [['Host', r.host], ...r.headers,
                  ['Content-Length', String(Buffer.byteLength(r.body))]]

async function says(check, r) {
    try {
        return !!(await check(r)) && digestsHold(r)
    } catch {
        return false
    }
}

const others = {
    'http-message-sig': r => strict.verifySignature({
        kind: 'request', method: r.method, requestTarget: r.target,
        targetUri: value(r, '@target-uri'),
        fields: all(r).map(([name, value]) => ({ name, value })),
    }, {
        policy: { algorithms, requiredComponents: least, clockSkew: 60,
                  requiredParameters: ['created'], maxAge: 300 },
        resolveVerifier({ parameters }) {
            const name = parameters.keyid
            return keys[name] && { algorithm: name,
                verify: async (base, bytes) => verify(name, base, bytes) }
        },
    }),

    'http-message-signatures': r => {
        const headers = {}

        for (const [name, value] of all(r)) {
            (headers[name.toLowerCase()] ??= []).push(value)
        }

        return lax.httpbis.verifyMessage({
            requiredParams: ['created'], requiredFields: least,
            tolerance: 60, maxAge: 360,
            keyLookup: async ({ keyid }) => keys[keyid]
                ? { id: keyid, algs: [keyid], verify: async (base, bytes) =>
                    verify(keyid, base, bytes) }
                : null,
        }, { method: r.method, url: value(r, '@target-uri'), headers })
    },
}


// --- why they may differ

const canonical = text => {
    try {
        return [...parseDictionary(text)].map(([label, member]) =>
            `${label}=${serializeInnerList(member)}`).join(', ')
    } catch {
        return text
    }
}
const count_of = (text, pattern) => (text.match(pattern) ?? []).length
const twice = list => new Set(list).size !== list.length
const bytes_of = r => joined(r, 'signature').match(/:([^:]*):/g) ?? []

// the name of the other, or '', whether it is nginx that takes it, and why
const reasons = [
    ['', 'refuses', 'Signature or Signature-Input comes twice', r =>
        field(r, 'signature').length > 1
        || field(r, 'signature-input').length > 1],
    ['', 'either', 'spaces in Signature-Input are signed as they came', r =>
        canonical(joined(r, 'signature-input'))
        !== joined(r, 'signature-input')],
    ['', 'refuses', 'a component has a parameter', r =>
        /\([^)]*";/.test(joined(r, 'signature-input'))],
    ['', 'refuses', 'Base64 without its padding, or with other last bits', r =>
        [...bytes_of(r), ...joined(r, 'content-digest').match(/:[^:]*:/g)
         ?? []].some(b => Buffer.from(b.slice(1, -1), 'base64')
            .toString('base64') !== b.slice(1, -1))],
    ['', 'refuses', 'created has not 10 digits', r =>
        !/;created=\d{10}(?!\d)/.test(joined(r, 'signature-input'))],
    ['', 'refuses', 'it ends before it begins', r =>
        +joined(r, 'signature-input').match(/expires=(\d+)/)?.[1]
        <= +joined(r, 'signature-input').match(/created=(\d+)/)?.[1]],
    ['', 'refuses', 'Content-Digest has a digest twice', r =>
        count_of(joined(r, 'content-digest'), /sha-256/g) > 1
        || count_of(joined(r, 'content-digest'), /sha-512/g) > 1],
    ['', 'refuses', 'a key without an id, and several keys', r =>
        !/;keyid=/.test(joined(r, 'signature-input'))],
    ['http-message-sig', 'takes', 'labels of others differ', r =>
        joined(r, 'signature-input').split('=(').length - 1
        !== bytes_of(r).length || /[,;]/.test(joined(r, 'signature'))],
    ['http-message-sig', 'takes', 'beyond RFC 8941', r =>
        /@\d/.test(joined(r, 'signature-input'))],
    ['http-message-signatures', 'refuses', 'a component comes twice', r =>
        twice(joined(r, 'signature-input').match(/"[a-z@-]+"[ )]/g) ?? [])],
    ['http-message-signatures', 'refuses', 'capital letters', r =>
        /"@?[A-Z]/.test(joined(r, 'signature-input'))],
    ['http-message-signatures', 'refuses', 'the last one of a name counts',
        r => twice(joined(r, 'signature-input').match(/;[a-z]+=/g) ?? [])
             || twice(joined(r, 'signature-input').match(/[a-z*.\d_-]+=\(/g)
                      ?? [])
             || twice(joined(r, 'signature').match(/[a-z*.\d_-]+=:/g) ?? [])],
    ['http-message-signatures', 'either', 'several signatures', r =>
        count_of(joined(r, 'signature-input'), /=\(/g) > 1
        || count_of(joined(r, 'signature-input'), /, b/g) > 0],
    ['http-message-signatures', 'either',
        'the URL standard writes a path or host in another way', r =>
        new URL(value(r, '@target-uri')).href !== value(r, '@target-uri')
        || new URL(value(r, '@target-uri')).search !== value(r, '@query')],
]

const explained = (r, name, taken) => reasons.find(([who, way, , test]) =>
    (who === '' || who === name)
    && (way === 'either' || way === (taken ? 'takes' : 'refuses'))
    && test(r))?.[2]


// --- nginx

let socket = null
let received = ''
let wake = () => {}

function connect() {
    socket = net.connect(Number(port), '127.0.0.1')
    received = ''
    socket.on('data', data => { received += data.toString('latin1'); wake() })
    socket.on('close', () => { socket = null; wake() })
    socket.on('error', () => {})
}

async function nginx(r) {
    for (let tries = 0; tries < 3; tries++) {
        if (socket === null) connect()

        received = ''
        socket.write(Buffer.concat([Buffer.from([
            `${r.method} ${r.target} HTTP/1.1`,
            ...all(r).map(([name, value]) => `${name}: ${value}`), '', ''
        ].join('\r\n')), Buffer.from(r.body)]))

        for (;;) {
            const [head] = received.split('\r\n\r\n', 1)
            const status = received.match(/^HTTP\/1\.1 (\d+)/)?.[1]
            const length = +(head.match(/^content-length: (\d+)/im)?.[1] ?? 0)

            if (received.length >= head.length + 4 + length) {
                if (/^connection: close/im.test(head)) {
                    socket?.destroy()
                    socket = null
                }
                return Number(status)
            }

            if (socket === null) break
            await new Promise(resolve => { wake = resolve })
        }
    }

    return 0
}


// --- the comparison

const told = {}
let accepted = 0
let failed = 0

for (let i = 0; i < Number(count); i++) {
    const r = request()

    if (random(4) === 0) pick(before)(r)
    signed(r)
    for (let n = random(3); n > 0; n--) pick(after)(r)

    const status = await nginx(r)
    const taken = status === 204

    accepted += taken

    for (const name in others) {
        if (await says(others[name], r) === taken) continue

        const why = explained(r, name, taken)

        if (why) {
            told[why] = (told[why] ?? 0) + 1
            continue
        }

        failed++
        console.log(`difference: ${name} ${taken ? 'refuses' : 'takes'}, `
            + `nginx ${status}: ${JSON.stringify([r.method, r.target, all(r),
                                                  r.body.slice(0, 40)])}`)
    }
}

for (const why in told) console.log(`explained ${told[why]}: ${why}`)

console.log(`requests ${count}, accepted ${accepted}, differences ${failed}`)
process.exit(failed ? 1 : 0)
