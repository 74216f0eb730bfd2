#!/usr/bin/perl

# The messages of nginx -t that the documents have in their tables: each is
# said to the example that is beside it here, and there is no other.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex/;
use Test::More;

use WebhookTest;
use WebhookTest::Config;
use WebhookTest::Jose qw/jwks/;


my $rsa = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlovmvS2qTXqZX2kJwMcaso7iO7'
    . 'QmYV1VlyQwoUl/A2iyGLTMe9+DU0zmQxixT4wFlMnab+jjpxNKEeeb3epmixacZhgQnY8R'
    . '3hdifxjbeiVtg3lkKX/E0Lv6iZFbX1+qacQN1cHuC5FKFk22HWn8SNiE6yDpjoPJohPj6x'
    . 'JVa4tyjQMs6R1eAt0E121FIQqdOlJAgLsWJ7Pgsc8wEG6te+qHKuSrd2g/EZuMHBxe/QJZ'
    . 'J6wdMve3PxVH27uhIez/O7v2eKr/QpUqvx0IgMmeBF9knC+mMHmefqxKyMwgtIvmK2qGlh'
    . '4lD2TeehkHMSeGmXQmrvZ2EFdKBCagm8HZDQIDAQAB';


my $two = jwks(map { WebhookTest::Jose->new('ES256')->jwk } 1, 2);


# A location; or, in a list, what goes into a server, and into http.
my %example = (

    # directives without effect
    '"webhook_…" has no effect in the block at …, nothing is verified there' =>
        'webhook_ack 200;',
    '"webhook_…" has no effect in the block at …, "webhook …" has no …' =>
        "webhook github; $good webhook_window 5m;",

    # webhook
    'unknown provider "…"' => "webhook githbu; $good",
    '"webhook" has the directive "…" among its providers' =>
        'webhook github webhook_secret 0123456789abcdef;',
    '"…" is among the words of "…", there is no ";" before it' =>
        "webhook_strip on; webhook_secret 0123456789abcdef\nproxy_pass a;",
    '"$" in "…" of "…", there can be no variable' => "webhook \$a; $good",
    '"webhook …" needs a "webhook_secret"' => 'webhook github;',
    '"webhook" names "…" twice' => "webhook github github; $good",
    'no message will be taken for one of "…"' => 'webhook meta github; '
        . 'webhook_secret 0123456789abcdef for=meta; '
        . 'webhook_secret fedcba9876543210 for=github;',
    '"webhook …" has no "webhook_secret"' => 'webhook github gitlab; '
        . 'webhook_secret 0123456789abcdef for=github;',
    'secret 1 of "webhook …" needs "for=NAME"' =>
        "webhook github gitlab; $good",
    '"webhook_secret" is the same as that in FILE:LINE' => 'webhook x github; '
        . 'webhook_secret 0123456789abcdef for=x; '
        . 'webhook_secret 0123456789abcdef for=github;',
    '"webhook …" needs a client certificate, but the server never asks for one'
        => 'webhook netdata;',
    'secret 1 of "webhook …" is no key as this sender has them' =>
        "webhook discord; $good",
    '"webhook_challenge_secret" … is also a "webhook_secret"' =>
        "webhook meta; $good webhook_challenge_secret 0123456789abcdef;",
    '"webhook …" is beside "return"' => "webhook github; $good return 200;",
    '"webhook …" takes the tokens of each "issuer=" by any of its keys' =>
        [in("webhook own; $good webhook_secret fedcba9876543210;"),
         'webhook_provider own { signature header:X-A algorithm=jwt-hs256 '
         . 'body_digest=/a issuer=one; signature header:X-B '
         . 'algorithm=jwt-hs256 body_digest=/a issuer=two; }'],
    '"webhook …" is under "satisfy any"' =>
        "webhook github; $good satisfy any;",
    '"webhook …" looks at a header with "_" in its name' =>
        [in("webhook own; $good"),
         'webhook_provider own { token header:X_Token; }'],
    '"webhook …" signs the URL, and its scheme and host are taken from the '
        . 'request' => "webhook twilio; $good",
    '"except=certificate" leaves nothing to verify' =>
        [$asks . in('webhook netdata; webhook_enforce on '
                    . 'except=certificate;'), ''],

    # webhook_secret
    '"webhook_secret" is empty, anybody would know it' => secret('""'),
    '"webhook_secret" has only 5 bytes, fewer than 16 can be guessed' =>
        secret('12345'),
    '"webhook_secret" is in quotes, which count as part of it' =>
        in_file('"0123456789abcdef"'),
    '"webhook_secret" begins or ends with a space or a tab, which counts as '
        . 'part of it' => in_file('0123456789abcdef '),
    '"webhook_secret" has several lines, all of them are one secret' =>
        in_file("0123456789abcdef\n0123456789abcdef\n"),
    '"webhook_secret" has control characters in it, they count as part of it'
        => in_file("0123456789\x01abcdef"),
    '"webhook_secret" begins with a byte order mark, write it without' =>
        in_file("\xEF\xBB\xBF0123456789abcdef"),
    '"webhook_secret" is in UTF-16, write it as plain text' =>
        in_file("\xFF\xFE" . join '', map { "$_\0" } split //,
                '0123456789abcdef'),
    '"webhook_secret" begins with "NAME=", which counts as part of it' =>
        in_file('SECRET=0123456789abcdef'),
    'secret … of "webhook …" begins with "Bearer ", which is before a token and '
        . 'no part of it' => 'webhook netdata-bearer; webhook_secret "Bearer '
        . '0123456789abcdef";',
    '"webhook_secret" looks like the place for a secret and not like one' =>
        secret('"<your secret here>"'),
    '"webhook_secret" begins with a word like "Bearer ", "X-Token: ", "base64:" '
        . 'or "sha256="' => secret('"Bearer 0123456789abcdef"'),
    '"webhook_secret" looks like a key for the sender\'s API, the secret that '
        . 'signs webhooks is another one' => secret('sk_live_0123456789abcdef'),
    '"webhook_secret" begins nearly as "file:PATH", "jwks:PATH", "keys:PATH" '
        . 'or "env:NAME"' =>
        secret('File:/etc/secret'),
    '"$http_…" in "webhook_secret" is filled by whoever sends the request, so '
        . 'anybody would bring the secret along' => secret('$http_x_secret'),
    '"$…" in "webhook_secret" is from the verified body, so it is empty when '
        . 'the secret is needed' => [in(secret('$own')),
                                     'webhook_var $own /a;'],
    'secret … of "webhook …" has no ":", it is "user:password"' =>
        "webhook netdata-basic; $good",
    'secret … of "webhook …" may be a public key or the key of an HMAC' =>
        'webhook standard-webhooks; webhook_secret '
        . 'J7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6O94=;',
    'secrets of "webhook …" and of "webhook …" are the same, but to one of '
        . 'them it is a public key' => ["webhook_secret " . 'ab' x 32 . ';'
        . ' location /a { webhook discord; } location /b { webhook github; }',
                                        ''],
    'secrets of "webhook …" and of "webhook …" are the same, but one of them '
        . 'answers challenges' => ["location /a { webhook x; $good } "
                                   . "location /b { webhook github; $good }",
                                   ''],
    '"webhook_secret" is not hex, as its "decode=" says' =>
        secret('0123456789abcdef0 decode=hex'),
    '"webhook_secret" is the name of a file and can be guessed' =>
        secret('/etc/passwd'),
    'secret file "…" cannot be opened' => secret('file:/nowhere/at/all'),
    'secret file "…" can be read by every user' =>
        in_file('0123456789abcdef', 0644),
    'secret file "…" is not a file of at most 65536 bytes' =>
        secret('file:/etc'),
    'no variable "…" in the environment that nginx was started with' =>
        secret('env:WEBHOOK_TEST_NO_SUCH_VARIABLE'),
    'unknown option of "webhook_secret"' => secret('0123456789abcdef b'),
    '"webhook_secret" with "for=…", but in "webhook …" no provider that needs '
        . 'a secret and no token rule has this name' =>
        secret('0123456789abcdef for=a'),
    '"webhook_secret" with "for=…", but in "webhook …" a provider and a token '
        . 'rule have this name' => [in('webhook own github; webhook_secret '
            . '0123456789abcdef for=own; webhook_secret fedcba9876543210 '
            . 'for=github;'), 'webhook_provider own { token bearer for=own; }'],
    'unknown "…" variable' => secret('$none'),

    '"webhook_secret" has the URL "…", which nginx does not fetch' =>
        secret('https://example.com/jwks.json'),
    'secret … of "webhook …" is a public key that fits no signature of this '
        . 'sender' => secret($rsa),

    # sets of keys, and tokens
    'secret … of "webhook …" has several keys and nothing that says which it '
        . 'is' => [in('webhook own; ' . keys_in($two)), 'webhook_provider own '
            . '{ signature header:X algorithm=ecdsa-p256-sha256; }'],
    'secret … of "webhook …" has no key with an id' =>
        [in('webhook own; ' . keys_in($two)), 'webhook_provider own '
            . '{ signature header:X algorithm=ecdsa-p256-sha256; '
            . 'key_id header:K; }'],
    '"webhook_claim …" is twice in this block' =>
        'webhook_claim /aud a; webhook_claim /aud b;',
    '"webhook_claim" beside "webhook …" holds for tokens only' =>
        [in('webhook own; webhook_secret 0123456789abcdef; webhook_claim /aud '
            . 'us;'), 'webhook_provider own { signature header:X algorithm='
            . 'jwt-hs256 body_digest=/a; signature header:Y; }'],
    '"webhook_secret" has a set of keys and a "decode="' =>
        set_of_keys('{}', 'decode=hex'),
    'secret … of "webhook …" is not JSON' => set_of_keys('{"keys":['),
    'secret … of "webhook …" has no key that can be used' =>
        set_of_keys('{"keys":[]}'),
    '"webhook …" has … public keys without an id' => 'webhook discord; '
        . ('webhook_secret 27b8894c0f4dc38e05ea184ba1cbff3b'
           . '8194ed1cf7a126282fb0bbbb237a3bde; ') x 3,
    '"webhook …" needs a "webhook_claim …"' =>
        "webhook google-pubsub; webhook_secret $rsa;",
    'the pointer of "webhook_claim" is too long' =>
        'webhook google-pubsub; webhook_claim /aud us; webhook_claim /'
        . 'a' x 512 . " b; webhook_secret $rsa;",

    # payloads and sizes
    'two rules for "…" beside "webhook …" exclude each other' =>
        "webhook github; $good webhook_require /a string; "
        . 'webhook_require /a object;',
    'a rule for the payload of "webhook …" has "when=event=", but the provider '
        . 'has no rule "event"' => [in("webhook own; $good webhook_require /a "
            . 'string when=event=b;'), 'webhook_provider own { token bearer; }'],
    '"webhook_max_body 2m" is over 1m' => 'webhook_max_body 2m;',
    'option "force" of "webhook_max_body" has no effect' =>
        'webhook_max_body 1m force;',

    # zones, replay protection, Redis
    'webhook_zone "…" has no room for the counters of …, make it larger by '
        . '…' => [join('', map { "location /"
            . ($_ x 900) . " { webhook github; $good } " } 'a' .. 'e'),
            'webhook_zone hooks 32k;'],
    'the zone "…" is too small' => ['', 'webhook_zone a 1k;'],
    'the zone "…" is defined twice' => ['', 'webhook_zone a 1m; ' x 2],
    'invalid size "…" of the zone "…"' => ['', 'webhook_zone a big;'],
    '"webhook …" does not sign the URL, so "webhook_replay" takes what comes '
        . 'to two URLs of this location for one message' => replay('github'),
    '"webhook_replay" in FILE:LINE does nothing for "webhook …"' =>
        replay('dropbox'),
    '"$…" in "key=" of "webhook_replay" in FILE:LINE is not signed by "webhook '
        . '…"' => replay('github', 'key=$webhook_id'),
    '"ttl=" of "webhook_replay" in FILE:LINE is shorter than the … seconds for '
        . 'which a message … is valid' => replay('slack', 'ttl=1m'),
    '"$…" in "tenant=…" is filled by whoever sends the request' =>
        replay('github', 'tenant=$arg_a'),
    '"key=…" has no variable, all messages would be one' =>
        replay('github', 'key=a'),
    '"$webhook_…" in "key=" of "webhook_replay" in FILE:LINE is always empty for '
        . '"webhook …"' => replay('stackstate', 'key=$webhook_id'),
    '"$…" in "key=…" is another one in each request, so nothing will be a copy'
        => replay('github', 'key=$request_id'),
    '"webhook_replay" in FILE:LINE goes by what is signed for "webhook …": "…" '
        . 'has the same secret and names messages in another way' =>
        [in("webhook own github; $good webhook_replay zone=seen;"),
         'webhook_zone seen 1m; webhook_provider own { signature header:X; '
         . 'replay key=body ttl=1h; }'],
    'unknown zone "…" of "webhook_replay" in FILE:LINE' =>
        "webhook github; $good webhook_replay zone=other;",
    'invalid URL of the engine "shared", it is like "redis://HOST:6379/0", …' =>
        redis('127.0.0.1'),
    'the URL of the engine "shared" has an address, add "server_name=" with a '
        . 'name that is in its certificate' => redis('rediss://127.0.0.1'),
    '"webhook_replay" in FILE:LINE is shared with other hosts and in a server '
        . 'without "server_name", add "scope=NAME" by which they know the place'
        => [@{ replay('github', 'shared=shared') }[0],
            'webhook_zone seen 1m; webhook_redis shared redis://127.0.0.1;'],
    'unknown engine "shared" of "webhook_replay" in FILE:LINE, define it with '
        . '"webhook_redis shared redis://127.0.0.1;"' =>
        replay('github', 'shared=shared'),
    '"lease=" of the engine "shared" is too short, it is at least a second and '
        . 'ten times "timeout="' => redis('redis://127.0.0.1 lease=1ms'),
    'the engine "…" has options for TLS' =>
        redis('redis://127.0.0.1 server_name=a'),
    'a secret of "webhook_redis" takes no variables' =>
        redis('redis://127.0.0.1 password=a$host'),
    'a secret of "webhook_redis" is no set of public keys' =>
        redis('redis://127.0.0.1 password=jwks:'
              . secret_file('set', '{"keys":[]}', 0644)),
    '"webhook_redis" directive has "user=" without "password="' =>
        redis('redis://127.0.0.1 user=a'),
    '"webhook_redis …" has no effect' => redis('redis://127.0.0.1'),

    # others
    'a challenge of "webhook …" cannot be signed, no secret is a key for HMAC'
        => [in('webhook own; webhook_secret 27b8894c0f4dc38e05ea184ba1cbff3b'
               . '8194ed1cf7a126282fb0bbbb237a3bde;'), 'webhook_provider own { '
            . 'signature header:X algorithm=ed25519; challenge query:crc '
            . 'reply=$webhook_challenge_hmac_hex key=signing; }'],
    'invalid public URL "…"' => 'webhook_public_url example.com;',
    '"webhook_status" in FILE:LINE has nothing to show, add "webhook_zone '
        . 'hooks 1m;" to "http"' => 'webhook_status;',
    '"webhook_status" in FILE:LINE is in a location with "webhook github", add '
        . '"webhook off" to its location' =>
        [in("webhook github; $good webhook_status;"), 'webhook_zone a 1m;'],
    'unknown format "xml", it is "prometheus", "json" or "html"' =>
        'webhook_status xml;',

    # the provider language
    '"timestamp" of webhook_provider "…" is not signed' =>
        own('timestamp header:T past=5m;'),
    'webhook_provider "…" verifies nothing' =>
        ['', 'webhook_provider own { id header:A; }'],
    'webhook_provider "…" has a "message" but no "signature" rule' =>
        ['', 'webhook_provider own { token bearer; message $webhook_body; }'],
    'webhook_provider "…" has a "body" but no "signature" rule' =>
        ['', 'webhook_provider own { token bearer; body raw; }'],
    'unknown rule "…"' => own('ident header:A;'),
    'unknown option "…" of rule "…"' => own('token bearer a=b;'),
    '"…" is among the words of rule "…", there is no ";" before it' =>
        own("body raw\nid header:X-Id;"),
    'invalid number of words in rule "…"' => own('id;'),
    'invalid source "…"' => own('id A;'),
    'invalid "…" in rule "message"' => own('message $request_uri;'),
    '"body none" in webhook_provider "…" goes with a "message" …' =>
        own('body none;'),
    'webhook_provider "…" has a "signature" in the body that it signs' =>
        ['', 'webhook_provider own { signature json:/a; }'],
    'a token in rule "signature" needs "body_digest=POINTER"' =>
        own('signature bearer algorithm=jwt-hs256;'),
    'webhook_provider "…" looks at a claim, but has no "signature" that is a '
        . 'token with claims' => own('id claim:/a;'),
    'webhook_provider "…" has several "signature" rules, of which … must be '
        . 'the only one' => own('signature bearer algorithm=jwt-hs256 '
                                . 'body_digest=none;'),
    'webhook_provider "…" has a "message" or a "body", but its token says '
        . 'what is signed' => ['', 'webhook_provider own { signature header:X '
            . 'algorithm=jws-hs256; body crc32; message $webhook_body; }'],
    'webhook_provider "…" has a "key_id", but no "signature" …' =>
        own('key_id header:K;'),
    'option "…" of rule "…" has no effect …' =>
        own('signature header:Y issuer=a;'),
    'webhook_provider "…" has …, which has no effect' => own('window 5m;'),
    'option "…" of rule "…" is the second of its name' =>
        own('signature header:Y prefix=a prefix=b;'),
    '"…" is twice in rule "…"' => own('methods GET GET;'),
    'webhook_provider "…" has a "challenge" that is in every message' =>
        own('challenge none method=POST;'),
    'rule "replay" has "off" beside other values' => own('replay off ttl=1d;'),
    'rule "…" is duplicate' => own('id header:A; id header:B;'),
    '"…" is in a "token" before' => own('token bearer; token bearer for=a;'),
    'the header "…" cannot be "…" and "…"' =>
        own('header A b; header A c;'),
    '"=" in "field=…" of rule "signature"' => own('signature header:Y field=a=;'),
    'invalid "type=…" in rule "challenge"' => own('challenge query:a type=json;'),
    '"match=…" in rule "challenge" is the second for "…"' =>
        own('challenge query:a match=query:b=c match=query:b=d;'),
    '"$…" in the rule "replay" of webhook_provider "…" is always empty' =>
        own('replay key=$webhook_id;'),
    'option "…" of rule "…" has no value' => own('signature header:Y prefix=;'),
    '"$" in "…" of rule "…", there can be no variable' => own('id header:$a;'),
    'a "challenge" with "key=signing" … would sign … for anybody' =>
        ['', 'webhook_provider own { signature bearer algorithm=jwt-hs256 '
             . 'body_digest=/a; challenge query:a '
             . 'reply=$webhook_challenge_hmac key=signing; }'],
    '"signature http-message" needs a "covers=NAME,..."' =>
        message_signature(''),
    'invalid "…" in "covers=" of rule "signature"' =>
        message_signature('covers=@status'),
    '"algorithm=hmac-sha256" of rule "signature" goes alone' =>
        message_signature('covers=content-digest '
                          . 'algorithm=hmac-sha256,ed25519'),
    '"lifetime=" of rule "signature" needs "requires=created,expires"' =>
        message_signature('covers=content-digest lifetime=5m'),
    'webhook_provider "…" does not cover "content-digest"' =>
        message_signature('covers=@method'),
    'webhook_provider "…" has a "message", but its signature says what is '
        . 'signed' => message_signature('covers=content-digest; message '
                                        . 'a$webhook_body'),
    'webhook_provider "…" has "body unsigned", which goes with "signature '
        . 'http-message"' => own('body unsigned;'),
    '"body sha256:" in webhook_provider "…" needs a "message" …' =>
        own('body sha256:header:D;'),
    '"body …" in webhook_provider "…" does not go with credentials in the '
        . 'body, …' => own('token json:/a; body crc32;'),
    'unknown … "…" in rule "…", it can be …' =>
        own('signature header:Y algorithm=md5;'),
    'unknown body "…", it can be …' => own('body json;'),
    'invalid rule for a payload at "…"' => own('require a string;'),
    'invalid JSON Pointer "…"' => own('id json:a;'),
    '"body pelorus" in webhook_provider "…" goes with …' =>
        own('body pelorus; timestamp header:T;'),
    'the "signature" beside "body pelorus" … is an HMAC-SHA256 in hex …' =>
        ['', 'webhook_provider own { signature header:X encoding=base64; '
             . 'body pelorus; }'],
    'nothing separates the time from what is beside it' =>
        [in("webhook own; $good"), 'webhook_provider own { signature '
         . 'header:X-Sig; timestamp header:X-Time past=5m; '
         . 'message $webhook_timestamp$webhook_body; }'],
    'a time of "unit=unix" … nothing … tells it from digits beside it' =>
        [in("webhook own; $good"), 'webhook_provider own { signature '
         . 'header:X-Sig; timestamp header:X-Time unit=unix past=5m; '
         . 'message $webhook_timestamp$webhook_body; }'],
    'nothing separates "…" from what is beside it' =>
        [in("webhook own; $good"), 'webhook_provider own { signature '
         . 'header:X-Sig; message $http_a$http_b$webhook_body; }'],
    '"webhook …" signs the host and the body with nothing between them that a host cannot have' =>
        [in("webhook own; $good"), 'webhook_provider own { signature '
         . 'header:X-Sig; message $host.$webhook_body; }'],
    '"webhook …" signs the URL and the body with nothing between them that a URL cannot have' =>
        "webhook trello; $good webhook_public_url https://example.com;",
    '"$…" in rule "message" … is always empty' =>
        [in("webhook own; $good"), 'webhook_provider own { signature '
         . 'header:X-Sig; message $webhook_id.$webhook_body; }'],
    '"field:…" … needs a "signature header:NAME" rule with "list=" or "field="'
        => own('id field:a;'),
    'invalid "parameter=…" in rule "signature"' =>
        ['', 'webhook_provider own { signature header:Y algorithm=jws-hs256 '
            . 'parameter=alg:HS256; }'],
    'invalid "list=…" in rule "signature"' => own('signature header:Y list=,,;'),
    '"list=lines" in rule "signature" goes with "header:NAME", …' =>
        own('signature query:a list=lines;'),
    '"list=lines" in one rule "signature" of a header and not in another, …' =>
        own('signature header:Y list=lines; signature header:Y prefix=a=;'),
    '"…" in "prefix=…" of rule "signature" separates the '
        . 'elements of its list, …' =>
        own('signature header:Y list=, prefix=v1,;'),
    '"list=…" in rule "signature" would cut the signatures themselves, …' =>
        own('signature header:Y list=a;'),
    'unexpected "{"' =>
        ['', "webhook_provider own { challenge query:a reply='{}'; }"],
    'duplicate webhook_provider "…"' =>
        ['', 'webhook_provider own { token bearer; } ' x 2],
);

my %row;

for my $document (qw/directives providers/) {
    my $text = WebhookTest::Cert::read_file(
        "$FindBin::Bin/../docs/$document.md");

    # a table of messages that this test does not see
    unlike($text, qr/^\|[^|\n]*message(?! \| remedy)[^|\n]*\| remedy/mi,
           "all tables of messages in $document.md have the same head");

    while ($text =~ /^\| message \| remedy \|\n\|[-|]+\n((?:\|.*\n)+)/mg) {
        for my $line (split /\n/, $1) {
            my ($message) = $line =~ /^\| `?(.*?)`? \| /;

            $row{$message}++;
        }
    }
}

is_deeply([sort keys %row], [sort keys %example], 'each message has an example');

for my $message (sort keys %example) {
    my ($server, $http) = ref $example{$message} ? @{ $example{$message} }
                                                 : (in($example{$message}), '');
    my ($exit, $said) = WebhookTest::nginx_t("$http\nserver {\n"
        . "listen 127.0.0.1:%%PORT%%;\n$server\n}");
    my $like = join '.+?', map { quotemeta s/ in FILE:LINE//r }
                           split /…/, $message, -1;

    # the documents leave out where it is, and what is in a file
    $said =~ s{ in \S+:\d+}{}g;
    $said =~ s{secret file "\S+" (?=begins|has|is in)}{"webhook_secret" };
    like($said, qr/\[(?:emerg|warn)\] (?:\d+#\d+: )?$like/, $message);
}

done_testing();


sub in { return "location / { $_[0] }" }


sub own {
    return ['', "webhook_provider own { signature header:X; $_[0] }"];
}


sub replay {
    my ($provider, $options) = @_;

    return [in("webhook $provider; $good webhook_replay zone=seen "
               . ($options // '') . ';'), 'webhook_zone seen 1m;'];
}


sub redis { return ['', "webhook_redis shared $_[0];"] }


sub message_signature {
    return ['', "webhook_provider own { signature http-message $_[0]; }"];
}


sub secret { return "webhook github; webhook_secret $_[0];" }


sub set_of_keys {
    my ($bytes, $option) = @_;

    return 'webhook plaid; webhook_require /a string enum=b; '
           . keys_in($bytes, $option);
}


sub keys_in {
    my ($bytes, $option) = @_;

    return 'webhook_secret jwks:'
           . secret_file(sha256_hex($bytes), $bytes, 0644) . ' '
           . ($option // '') . ';';
}


sub in_file {
    my ($bytes, $mode) = @_;

    return secret('file:' . secret_file(unpack('H*', $bytes), $bytes, $mode));
}
