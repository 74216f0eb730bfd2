// Copyright (C) the ngx_http_webhook_module developers
//
// Compares token.c with npm's jose: tokens that jose has signed, whole and
// changed, and what both say of them.
//
//     node t/unit/jose_diff.mjs FOLDER_OF_tools/sdks BINARY_OF_token.c [COUNT]

import { spawnSync } from 'node:child_process'
import crypto, { constants } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const algs = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256',
              'ES384', 'ES512', 'EdDSA']
const [folder, binary, count = '3000'] = process.argv.slice(2)
const jose = createRequire(resolve(folder, 'package.json'))('jose')
const now = 1700000000
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
                 + '0123456789-_=.+/ '

let state = 1
const random = n => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor(state / 65536) % n
}
const pick = list => list[random(list.length)]
const base64url = text => Buffer.from(text).toString('base64url')

// Where this reader is stricter than jose, and why.
const stricter = [
    ['a spelling that is not the only one of its bytes', token =>
        token.split('.').some(part => Buffer.from(part, 'base64url')
            .toString('base64url') !== part)],
    ['a member twice in the header', token => twice(header(token))],
    ['a key, or where to get one, in the header', token =>
        /"(?:jku|x5u|jwk)"/.test(header(token))],
    ['"b64" in a token with claims', token => /"b64"/.test(header(token))],
    ['a number with an exponent', token =>
        /"(?:exp|nbf)":[\d.]+e/i.test(claims(token))],
    ['a time twice', token => twice(claims(token))],
    ['an id that is no text', token => /"kid":[^"]/.test(header(token))],
    ['a time that is negative or beyond 2^53', token =>
        /"(?:exp|nbf)":(?:-|\d{16})/.test(claims(token))],
]

const part = n => token => {
    return Buffer.from(token.split('.')[n] ?? '', 'base64url').toString()
}
const header = part(0)
const claims = part(1)


function twice(text) {
    const names = [...text.matchAll(/"((?:[^"\\]|\\.)*)"\s*:/g)]
        .map(m => m[1])

    return new Set(names).size !== names.length
}


// Signs any header and claims, as a text each.
function raw(key, alg, head, payload) {
    const input = `${base64url(head)}.${base64url(payload)}`
    const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`
    const options = { key, dsaEncoding: 'ieee-p1363' }

    if (alg.startsWith('PS')) {
        options.padding = constants.RSA_PKCS1_PSS_PADDING
        options.saltLength = constants.RSA_PSS_SALTLEN_DIGEST
    }

    return `${input}.${crypto.sign(hash, Buffer.from(input), options)
        .toString('base64url')}`
}


// A character more, less or another; parts that are gone, empty or twice.
function changed(token) {
    const at = random(token.length)
    const parts = token.split('.')

    switch (random(8)) {
    case 0: return token.slice(0, at) + token.slice(at + 1)
    case 1: return token.slice(0, at) + pick(alphabet) + token.slice(at)
    case 2: return token.slice(0, at)
    case 3: return parts.concat(pick(parts)).join('.')
    case 4: return parts.slice(1).join('.')
    case 5: parts[random(3)] = ''; return parts.join('.')
    case 6: return token.slice(0, -1) + pick(alphabet)
    default: return token.slice(0, at) + pick(alphabet) + token.slice(at + 1)
    }
}


const headers = (alg, kid) => [
    `{"alg":"${alg}","kid":"${kid}"}`,
    `{"alg":"${alg}"}`,
    `{"alg":"none","kid":"${kid}"}`,
    `{"alg":"${pick(algs)}","kid":"${kid}"}`,
    `{"alg":"${alg}","kid":"${pick(algs)}"}`,
    `{"alg":"${alg}","kid":"unknown"}`,
    `{"alg":"${alg}","kid":1}`,
    `{"alg":"none","alg":"${alg}","kid":"${kid}"}`,
    `{"alg":"${alg}","kid":"${kid}","crit":["exp"],"exp":1}`,
    `{"alg":"${alg}","kid":"${kid}","crit":[]}`,
    `{"alg":"${alg}","kid":"${kid}","crit":["b64"],"b64":true}`,
    `{"alg":"${alg}","kid":"${kid}","b64":false,"crit":["b64"]}`,
    `{"alg":"${alg}","kid":"${kid}","jku":"https://example.com/"}`,
    `{"alg":"${alg}","kid":"${kid}","jwk":{"kty":"oct","k":"AAAA"}}`,
    `{"alg":"${alg}","kid":"${kid}"`, '[]', '"a"', '',
]
const payloads = () => [
    '{}', '[]', '"a"', 'null', '{', '',
    `{"exp":${now + random(200) - 100}}`, `{"nbf":${now + random(200) - 100}}`,
    `{"exp":${now + random(200) - 100},"nbf":${now + random(200) - 100}}`,
    `{"exp":"${now + 60}"}`, `{"exp":null}`, `{"exp":true}`, `{"nbf":[1]}`,
    `{"exp":${now}.5}`, `{"exp":1.8e9}`, `{"exp":-1}`, `{"nbf":-1}`,
    `{"exp":9007199254740993}`, `{"exp":1,"exp":${now + 60}}`, `{"exp":NaN}`,
    `{"iat":${now + 1000},"sub":"\\u0061"}`,
]

const pairs = {}
const set = { keys: [] }

for (const alg of algs) {
    pairs[alg] = await jose.generateKeyPair(alg, { crv: 'Ed25519' })
    set.keys.push({ ...await jose.exportJWK(pairs[alg].publicKey),
                    kid: alg, alg, use: 'sig' })
}

const keys = jose.createLocalJWKSet(set)
const cases = []

while (cases.length < Number(count)) {
    const alg = algs[cases.length % algs.length]
    const key = pairs[alg].privateKey

    const good = await new jose.SignJWT({ n: random(1000) })
        .setProtectedHeader({ alg, kid: alg }).setExpirationTime(now + 60)
        .sign(key)

    cases.push([alg, good], [pick(algs), good], [alg, changed(good)],
               [alg, changed(good)], [alg, changed(changed(good))],
               [alg, raw(key, alg, pick(headers(alg, alg)), '{}')],
               [alg, raw(key, alg, headers(alg, alg)[0], pick(payloads()))],
               [alg, raw(key, alg, pick(headers(alg, alg)),
                         pick(payloads()))])
}

const dir = mkdtempSync(join(tmpdir(), 'jose-'))

writeFileSync(join(dir, 'keys'), JSON.stringify(set))

const run = spawnSync(binary, [join(dir, 'keys')], {
    input: cases.map(([alg, token]) => `${alg} ${now} ${token}\n`).join(''),
    maxBuffer: 1 << 26 })

rmSync(dir, { recursive: true })

const ours = run.stdout.toString().split('\n')
const named = new Map()
let accepted = 0
let different = 0

for (const [i, [alg, token]] of cases.entries()) {
    const theirs = await jose.jwtVerify(token, keys, {
        algorithms: [alg], currentDate: new Date(now * 1000),
        clockTolerance: 60,
    }).then(() => 'yes', () => 'no')

    accepted += ours[i] === 'yes'

    if (ours[i] === theirs) {
        continue
    }

    const why = ours[i] === 'no' && stricter.find(([, is]) => is(token))

    if (why) {
        named.set(why[0], (named.get(why[0]) ?? 0) + 1)
    } else {
        different++
        console.log(`${alg}: jose says ${theirs}, we say ${ours[i]}: ${token}`,
                    header(token), claims(token))
    }
}

for (const [why, n] of named) {
    console.log(`${n} are refused for ${why}`)
}

console.log(`${cases.length} tokens, ${accepted} accepted, ${different} `
            + 'differences without a name')

process.exit(different || accepted < cases.length / 10 ? 1 : 0)
