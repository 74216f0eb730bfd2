'use strict';

/*
 * Asks senders' own libraries whether a request is theirs.  One request in
 * JSON a line comes in, one verdict a line goes out; see t/sdk.t.
 *
 *     node judges.js FOLDER    where node_modules is
 */

const { createHash, createPublicKey, createSecretKey, webcrypto } =
    require('node:crypto');
const { createRequire } = require('node:module');
const readline = require('node:readline');

const required = createRequire(process.argv[2] + '/');

globalThis.crypto ??= webcrypto;        // before node 19

/* The libraries ask for the time in two ways, and get the request's. */

const RealDate = Date;
let now = 0;

globalThis.Date = class extends RealDate {
    constructor(...given) {
        super(...(given.length ? given : [now]));
    }

    static now() {
        return now;
    }
};

const standard = ({ body, headers, secret }) => {
    const { Webhook } = required('standardwebhooks');

    return new Webhook(secret.replace(/^v1,/, '')).verify(body, headers);
};

/* A secret that is no Base64 is given to that library in Base64. */

const asText = ({ secret, ...request }) =>
    ({ ...request, secret: Buffer.from(secret).toString('base64') });

const either = (first, second) => {
    try {
        return first();
    } catch {
        return second();
    }
};

const svix = ({ body, headers, secret }) =>
    new (required('svix').Webhook)(secret).verify(body, headers);

const discord = ({ body, headers, secret }) =>
    required('discord-interactions').verifyKey(
        body, headers['x-signature-ed25519'],
        headers['x-signature-timestamp'], secret);

const form = (body) => {
    const fields = {};

    for (const [name, value] of new URLSearchParams(body)) {
        fields[name] = name in fields ? [fields[name], value].flat() : value;
    }

    return fields;
};

const bearer = (headers) => headers.authorization.replace(/^Bearer /, '');

/* A set of JWKs, or of certificates and keys in PEM. */

const keyOf = async (secret, token) => {
    const jose = required('jose');
    const { alg, kid } = jose.decodeProtectedHeader(token);
    const set = JSON.parse(secret);

    if (!set.keys) {
        return jose.importSPKI(set[kid], alg);
    }

    return jose.importJWK(set.keys.find((key) => key.kid === kid), alg);
};

const idToken = (issuer) => async ({ headers, secret, claims }) => {
    const token = bearer(headers);
    const { payload } = await required('jose').jwtVerify(
        token, await keyOf(secret, token),
        { issuer, audience: claims['/aud'], algorithms: ['RS256'],
          currentDate: new Date() });

    return !claims['/email']
           || payload.email === claims['/email'] && payload.email_verified;
};

const sha256 = (body, encoding) =>
    createHash('sha256').update(body).digest(encoding);

const judges = {
    'anthropic': standard,
    'atlassian-forge': idToken('forge/invocation-token'),
    'bigcommerce-signed': ({ secret, ...request }) => standard(
        { ...request, secret: Buffer.from(secret).toString('base64') }),
    'box': ({ body, headers, secret }) =>
        required('box-node-sdk').validateWebhookMessage(
            body, { ...headers, 'box-signature-version': '1',
                    'box-signature-algorithm': 'HmacSHA256' }, secret, secret),
    'clerk': svix,
    'coinbase-commerce': ({ body, headers, secret }) =>
        required('coinbase-commerce-node').Webhook.verifySigHeader(
            body, headers['x-cc-webhook-signature'], secret),
    'constant-contact': async ({ body, headers, secret }) => {
        const token = headers['x-ctct-webhook-sig'];
        const [head, , signature] = token.split('.');

        return required('jose').flattenedVerify(
            { protected: head, payload: body, signature },
            await keyOf(secret, token));
    },
    'creem': standard,
    'discord': discord,
    'discord-events': discord,
    'dodopayments': standard,
    'easypost': ({ body, headers, secret }) => {
        const EasyPost = required('@easypost/api');

        return new EasyPost('key').Utils.validateWebhook(Buffer.from(body),
                                                         headers, secret);
    },
    'fireblocks': async ({ body, headers, secret }) => {
        const token = headers['fireblocks-webhook-signature'];
        const [head, , signature] = token.split('.');

        return required('jose').compactVerify(
            [head, Buffer.from(body).toString('base64url'), signature]
            .join('.'), await keyOf(secret, token));
    },
    'github': ({ body, headers, secret }) =>
        required('@octokit/webhooks-methods').verify(
            secret, body, headers['x-hub-signature-256']),
    'gitlab-signed': standard,
    'gocardless': async ({ body, headers, secret }) => {
        required('gocardless-nodejs/webhooks').verifySignature(
            body, secret, headers['webhook-signature']);

        return true;
    },
    'gong': ({ body, headers, secret }) => {
        const claims = required('jsonwebtoken').verify(
            headers.authorization,
            createPublicKey({ key: Buffer.from(secret, 'base64'),
                              format: 'der', type: 'spki' }),
            { algorithms: ['RS256'], clockTimestamp: now / 1000 });

        return claims.body_sha256 === sha256(body, 'hex');
    },
    'google-chat': idToken('chat@system.gserviceaccount.com'),
    'google-pubsub': idToken('https://accounts.google.com'),
    'line': ({ body, headers, secret }) =>
        required('@line/bot-sdk').validateSignature(
            body, secret, headers['x-line-signature']),
    'linear': ({ body, headers, secret }) => {
        const { LinearWebhookClient } = required('@linear/sdk/webhooks');

        return new LinearWebhookClient(secret).verify(
            Buffer.from(body), headers['linear-signature'],
            JSON.parse(body).webhookTimestamp);
    },
    'lithic': standard,
    'livekit': async ({ body, headers, secret }) => {
        const { WebhookReceiver } = required('livekit-server-sdk');
        const claims = JSON.parse(Buffer.from(
            headers.authorization.split('.')[1], 'base64url'));

        return new WebhookReceiver(claims.iss, secret)
               .receive(body, headers.authorization);
    },
    'mercadopago': ({ headers, secret, url }) => {
        required('mercadopago').WebhookSignatureValidator.validate({
            xSignature: headers['x-signature'],
            xRequestId: headers['x-request-id'],
            dataId: new URL(url).searchParams.get('data.id'), secret });

        return true;
    },
    'messagebird': async ({ body, headers, secret, url }) => {
        const judge = required('messagebird/lib/webhook-signature-jwt');

        await judge.verify(url, Buffer.from(body),
                           headers['messagebird-signature-jwt'],
                           createSecretKey(Buffer.from(secret)),
                           new judge.VerifyOptions(false, true, {
                               issuer: 'MessageBird', algorithms: ['HS256'],
                               currentDate: new Date() }));

        return true;
    },
    'microsoft-bot': idToken('https://api.botframework.com'),
    'modern-treasury': ({ body, headers, secret }) => {
        const { ModernTreasury } = required('modern-treasury');

        return new ModernTreasury({ apiKey: 'k', organizationID: 'o' })
               .webhooks.validateSignature(body, headers, { key: secret });
    },
    'mux': ({ body, headers, secret }) => {
        const Mux = required('@mux/mux-node').default;

        new Mux({ tokenId: 't', tokenSecret: 's' }).webhooks.verifySignature(
            body, headers, secret);

        return true;
    },
    'netlify': ({ body, headers, secret }) => {
        const claims = required('jsonwebtoken').verify(
            headers['x-webhook-signature'], secret,
            { issuer: 'netlify', algorithms: ['HS256'],
              clockTimestamp: now / 1000 });

        return claims.sha256 === sha256(body, 'hex');
    },
    'notion': ({ body, headers, secret }) =>
        required('@notionhq/client').verifyWebhookSignature({
            body, signature: headers['x-notion-signature'],
            verificationToken: secret }),
    'onfido': ({ body, headers, secret }) => {
        const { WebhookEventVerifier } = required('@onfido/api');

        return new WebhookEventVerifier(secret).readPayload(
            body, headers['x-sha2-signature']);
    },
    'openai': standard,
    'paddle': ({ body, headers, secret }) => {
        const { Paddle } = required('@paddle/paddle-node-sdk');

        return new Paddle('key').webhooks.isSignatureValid(
            body, secret, headers['paddle-signature']);
    },
    'plaid': async ({ body, headers, secret }) => {
        const token = headers['plaid-verification'];
        const { payload } = await required('jose').jwtVerify(
            token, await keyOf(secret, token),
            { algorithms: ['ES256'], maxTokenAge: '5m',
              currentDate: new Date() });

        return payload.request_body_sha256 === sha256(body, 'hex');
    },
    'polar': (request) => either(() => standard(request),
                                 () => standard(asText(request))),
    'pusher': ({ body, headers, secret }) => {
        const Pusher = required('pusher');

        return new Pusher({ appId: 'a', key: headers['x-pusher-key'], secret })
               .webhook({ headers, rawBody: body }).isValid();
    },
    'qstash': ({ body, headers, secret }) => {
        const { Receiver } = required('@upstash/qstash');

        return new Receiver({ currentSigningKey: secret,
                              nextSigningKey: secret })
               .verify({ body, signature: headers['upstash-signature'] });
    },
    'razorpay': ({ body, headers, secret }) =>
        required('razorpay').validateWebhookSignature(
            body, headers['x-razorpay-signature'], secret),
    'replicate': ({ body, headers, secret }) =>
        required('replicate').validateWebhook({ headers, body }, secret,
                                              globalThis.crypto),
    'resend': svix,
    'retell': ({ body, headers, secret }) =>
        required('retell-sdk').Retell.verify(body, secret,
                                             headers['x-retell-signature']),
    'saleor': async ({ body, headers, secret }) => {
        const { verifySignatureWithJwks } = required('@saleor/app-sdk/auth');

        await verifySignatureWithJwks(secret, headers['saleor-signature'],
                                      body);

        return true;
    },
    'sanity': ({ body, headers, secret }) =>
        required('@sanity/webhook').isValidSignature(
            body, headers['sanity-webhook-signature'], secret),
    'sendgrid': ({ body, headers, secret }) => {
        const { EventWebhook } = required('@sendgrid/eventwebhook');
        const judge = new EventWebhook();
        const name = 'x-twilio-email-event-webhook-';

        return judge.verifySignature(
            judge.convertPublicKeyToECDSA(secret), body,
            headers[name + 'signature'], headers[name + 'timestamp']);
    },
    'slack': ({ body, headers, secret }) =>
        required('@slack/events-api').verifyRequestSignature({
            body, signingSecret: secret,
            requestSignature: headers['x-slack-signature'],
            requestTimestamp: headers['x-slack-request-timestamp'] }),
    'standard-webhooks': standard,
    'stripe': ({ body, headers, secret }) =>
        required('stripe').webhooks.constructEvent(
            body, headers['stripe-signature'], secret),
    'supabase-auth': standard,
    'svix': svix,
    'telnyx': ({ body, headers, secret }) =>
        required('telnyx')('key').webhooks.constructEvent(
            body, headers['telnyx-signature-ed25519'],
            headers['telnyx-timestamp'], secret, 300),
    'truelayer': ({ method, url, body, headers, secret }) => {
        const { verify, extractJku } = required('truelayer-signing');
        const signature = headers['tl-signature'];

        if (!/^https:\/\/webhooks\.truelayer(-sandbox)?\.com\/\.well-known\/jwks$/
            .test(extractJku(signature)))
        {
            throw new Error('jku');
        }

        verify({ signature, method, path: new URL(url).pathname, headers,
                 body, jwks: secret,
                 requiredHeaders: ['X-Tl-Webhook-Timestamp'] });
    },
    'turnkey': ({ body, headers, secret }) =>
        required('@turnkey/crypto').verifyTurnkeyWebhookSignature({
            body, maxTimestampAgeMs: 300000, nowMs: now,
            headers: { 'x-turnkey-signature-algorithm': 'ed25519',
                       'x-turnkey-signature-version': 'v1', ...headers },
            verificationKeys: JSON.parse(secret).keys.map((key) => ({
                keyId: key.kid, algorithm: 'ed25519',
                publicKey: Buffer.from(key.x, 'base64url').toString('hex'),
            })),
        }).ok,
    'twilio': ({ body, headers, secret, url }) =>
        required('twilio').validateRequest(
            secret, headers['x-twilio-signature'], url, form(body)),
    'twilio-json': ({ body, headers, secret, url }) =>
        required('twilio').validateRequestWithBody(
            secret, headers['x-twilio-signature'], url, body),
    'vonage': ({ body, headers, secret }) => {
        const claims = required('jsonwebtoken').verify(
            bearer(headers), secret,
            { algorithms: ['HS256'], clockTimestamp: now / 1000 });

        return claims.payload_hash === sha256(body, 'hex');
    },
    'whop': async ({ body, headers, secret }) => {
        /* what it requires can be imported only, before node 20.19 */

        const { Whop } = await import(
            process.argv[2] + '/node_modules/@whop/sdk/index.mjs');

        return new Whop({ apiKey: 'k' }).webhooks.unwrap(
            body, { headers, key: Buffer.from(secret).toString('base64') });
    },
    'workos': ({ body, headers, secret }) => {
        const { WorkOS } = required('@workos-inc/node');

        return new WorkOS('key').webhooks.verifyHeader({
            payload: JSON.parse(body), secret,
            sigHeader: headers['workos-signature'] });
    },
};

const judge = async (request) => {
    if (request.list) {
        return Object.keys(judges);
    }

    now = request.now * 1000;

    try {
        return { verdict: Boolean(await judges[request.provider](request)
                                  ?? true) };
    } catch (error) {
        return { verdict: false, error: String(error),
                 missing: error.code === 'MODULE_NOT_FOUND' };
    }
};

(async () => {
    for await (const line of readline.createInterface(process.stdin)) {
        process.stdout.write(
            JSON.stringify(await judge(JSON.parse(line))) + '\n');
    }
})();
