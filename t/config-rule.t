#!/usr/bin/perl

# What nginx -t says to the rules of a provider, one by one: words, options,
# sources, algorithms, messages and challenges.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


# Rules

my $rules = 'the rules are: methods, content_type, header, client_certificate, '
    . 'token, signature, key_id, message, body, timestamp, window, claim, '
    . 'require, json, query, replay, challenge, shared_key, id, event, ack, '
    . 'reject in @';

for (qw/method:methods Methods:methods content-type:content_type
        headers:header tokens:token signatures:signature messages:message
        ids:id events:event certificate: challenges:challenge acks:ack
        rejects:reject webhook_secret: include: sign:signature/)
{
    my ($rule, $nearest) = split /:/;
    my $hint = $nearest ? " (did you mean \"$nearest\"?)" : '';

    rule_says($rule, "unknown rule \"$rule\"$hint in webhook_provider "
        . "\"own\", $rules");
}
rule_says('token', 'invalid number of words in rule "token", its form is '
    . '"token SOURCE [for=NAME]" in @');
rule_says($_, qr/^invalid number of words in rule "$_", its form is "$_ .*" in \@$/)
    for qw/methods content_type header token signature message id event
           client_certificate challenge ack reject/;
rule_says("$_", qr/^invalid number of words in rule "\w+", its form is "/)
    for 'header X', 'header X a status=400 b', 'message a b c d', 'ack 200 201',
        'id json:/a form:b c', 'reject 401 403', 'token bearer for=a b';

for my $name (qw/id event/) {
    rule_says("$name $_->[0]", "\"$_->[1]\" after \"$_->[2]\", there can be "
        . '"form:NAME" after "json:POINTER" and nothing else in @')
        for ['header:A header:B', 'header:B', 'header:A'],
            ['json:/a json:/b', 'json:/b', 'json:/a'],
            ['form:a form:b', 'form:b', 'form:a'];
    rule_says("$name json:/a form:a");
    rule_says("$name json:/a form:", qr/^invalid source "form:", it can be /);
}
rule_says('timestamp json:/a form:a past=5m future=5m unit=ms');
rule_says('timestamp form:a json:/a', qr/^unknown option "json:\/a" of rule /);

rule_says('methods POST', 'rule "methods" is duplicate in @', 'methods GET;');
rule_says("methods POST $_->[0]", "unknown method \"$_->[0]\"$_->[1] in rule "
    . '"methods", it can be GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH in @')
    for ['post', ' (did you mean "POST"?)'], ['TRACE', ''], ['ALL', ''];
rule_says('methods GET HEAD POST PUT DELETE OPTIONS PATCH');

rule_says("content_type $_", "invalid media type \"$_\" in rule "
    . '"content_type", it is like "application/json", "application/*" or '
    . '"application/*+json" in @')
    for 'json', '/json', 'application/', '*', '*/*', '*/json',
        'application/*json', 'application/js*', 'application/**',
        'app*/json', 'application/*+';
rule_says("content_type application/json $_") for 'text/*', 'a/*+json';

rule_says('header X-A b status=399', 'invalid status "399", it must be from '
    . '400 to 599 in @');
rule_says('header X-A b status=', 'option "status=" of rule "header" has no '
    . 'value, one with ";" goes in quotes, like "status=;" in @');
rule_says("header X-A b $_", "unknown option \"$_\" of rule \"header\", it "
    . 'takes status=CODE in @') for 'code=400', '400';
rule_says('header X-A b status', 'unknown option "status" (did you mean '
    . '"status="?) of rule "header", it takes status=CODE in @');
rule_says('header X-A ~(',
          qr/^pcre2?_compile\(\) failed: .* in "\(".* in rule "header" in \@$/);
rule_says('header X-A ~^a.b$ status=422');

# sources, of what is needed before the body is there, and of credentials
my $early = 'it can be header:NAME, query:NAME, cookie:NAME, bearer, basic';
my $in_body = "$early, json:POINTER, form:NAME";

for my $bad ('X-Token', 'header', 'header:', 'query:', 'cookie:', 'bearer:x',
             'basic:', 'Bearer', 'body:x', '')
{
    my $word = $bad eq '' ? '""' : $bad;

    rule_says("$_ $word", "invalid source \"$bad\", $in_body in \@")
        for qw/token signature/;
    rule_says("$_ $word", "invalid source \"$bad\", $in_body, field:NAME, "
                          . 'claim:POINTER in @')
        for qw/id event timestamp/;
    rule_says("challenge $_",
              "invalid source \"$bad\", $early, json:POINTER in \@")
        for $word, "query:a match=$bad=b";
}

for my $late (qw{field:t form:t}) {
    rule_says("challenge $_",
              "invalid source \"$late\", $early, json:POINTER in \@")
        for $late, "query:a match=$late", "query:a match=$late=b";
}

rule_says("challenge $_", qr/a "challenge" in JSON and a method without a body, /,
          'token bearer;')
    for 'json:/t', 'query:a match=json:/t=b', 'none match=json:/t=b',
        'json:/t method=HEAD';
rule_says("challenge $_ method=POST", [], 'token bearer;')
    for 'json:/t', 'query:a match=json:/t=b', 'json:/t status=204';
rule_says('challenge query:a status=201', 'unknown status "201" in rule '
    . '"challenge", it can be 200, 204 in @');
rule_says('query first last', '"first" and "last" in rule "query", leave one '
    . 'of them out in @');

rule_says("challenge $_ method=POST after=verify",
          "invalid source \"$_\", $early, json:POINTER in \@")
    for 'form:t', 'field:t';
rule_says("$_ field:t", "invalid source \"field:t\", $in_body in \@")
    for qw/token signature/;
rule_says("$_") for 'token json:/t', 'token form:t', 'token json:/a~1b/0';
rule_says('token json:t', 'invalid JSON Pointer "t": a JSON pointer must '
    . 'begin with "/" or be empty in @');

rule_says("body sha256:$_", "invalid source \"$_\", $early in \@")
    for 'digest', 'query:', 'json:/a', 'form:a', 'field:a';

rule_says("token bearer $_", "unknown option \"$_\" of rule \"token\", it "
    . 'takes for=NAME in @') for 'name=x', 'value';

rule_says("signature header:X $_->[0]", "unknown option \"$_->[0]\"$_->[1] of "
    . 'rule "signature", it takes algorithm=NAME, encoding=NAME, format=NAME, '
    . 'prefix=TEXT, list=SEPARATOR, field=NAME, key=ENCODING, parameter=NAME:VALUE, issuer=TEXT, '
    . 'body_digest=POINTER, digest=ENCODING in @')
    for ['algo=hmac-sha1', ''], ['hex', ''],
        ['list', ' (did you mean "list="?)'],
        ['encodng=hex', ' (did you mean "encoding="?)'],
        ['Prefix=a', ' (did you mean "prefix="?)'];

rule_says('challenge query:a match=query:b=c match=query:d=e match=query:b=c',
          'option "match=query:b=c" of rule "challenge" is the second of its '
          . 'name and value in @');

# no value
for (['header X-A b', qw/status/], ['token bearer', qw/for/],
     ['signature header:X', qw/algorithm encoding format prefix list field key
                               issuer body_digest digest/],
     ['timestamp header:X', qw/unit past future/], ['window 5m', qw/future/],
     ['challenge query:a', qw/method match reply type header key after/])
{
    my ($rule, @options) = @$_;
    my ($name) = split / /, $rule;

    rule_says("$rule $_=", "option \"$_=\" of rule \"$name\" has no value, "
              . "one with \";\" goes in quotes, like \"$_=;\" in \@")
        for @options;
}

# twice, with the same value and with another
for (['signature header:X', 'algorithm=ed25519', 'algorithm=hmac-sha1'],
     ['signature header:X', 'encoding=hex', 'encoding=base64'],
     ['signature header:X', 'format=raw', 'format=der'],
     ['signature header:X', 'prefix=a', 'prefix=b'],
     ['signature header:X', 'list=,', 'list=.'],
     ['signature header:X', 'field=a', 'field=b'],
     ['signature header:X', 'key=hex', 'key=text'],
     ['signature header:X', 'issuer=a', 'issuer=b'],
     ['signature header:X', 'body_digest=/a', 'body_digest=/b'],
     ['signature header:X', 'digest=hex', 'digest=base64'],
     ['timestamp header:X', 'unit=s', 'unit=ms'],
     ['timestamp header:X', 'past=1m', 'past=2m'],
     ['timestamp header:X', 'future=1m', 'future=2m'],
     ['challenge query:a', 'method=GET', 'method=POST'],
     ['challenge query:a', 'reply=a', 'reply=b'],
     ['challenge query:a', 'type=a/b', 'type=a/c'],
     ['challenge query:a', 'header=A', 'header=B'],
     ['challenge query:a', 'key=signing'],
     ['challenge query:a', 'after=verify'])
{
    my ($rule, $first, $other) = @$_;
    my ($name) = split / /, $rule;

    rule_says("$rule $first $_", "option \"$_\" of rule \"$name\" is the "
        . 'second of its name in @') for $first, $other // ();
}

rule_says("signature header:X algorithm=$_", "unknown algorithm \"$_\" in "
    . 'rule "signature", it can be hmac-sha256, hmac-sha1, hmac-sha384, '
    . 'hmac-sha512, ed25519, ecdsa-p256-sha256, ecdsa-p384-sha384, '
    . 'rsa-sha256, rsa-sha512, rsa-sha1, ' . join(', ', map { my $kind = $_;
        map { "$kind-$_" } qw/hs256 rs256 rs384 rs512 ps256 ps384 ps512 es256
                              es384 es512 eddsa/ } qw/jwt jws/) . ' in @')
    for 'jwt', 'jwt-hs512', 'jwt-none', 'jws-ES256', 'sha256', 'HMAC-SHA256', 'hmac-md5';
rule_says("signature header:X key=$_", "unknown key \"$_\" in rule "
    . '"signature", it can be text, hex, base64, whsec in @')
    for 'raw', 'WHSEC';
rule_says("signature header:X encoding=$_", "unknown encoding \"$_\" in rule "
    . '"signature", it can be hex, base64, base64url in @')
    for 'HEX', 'base32';
rule_says("signature header:X list=$_", "invalid \"list=$_\" in rule "
    . '"signature", a list has one separating character, as in "list=," or, '
    . 'with the quotes, "list=;"; or it is "list=lines", of a header that '
    . 'comes several times in @') for ',,', 'line', 'Lines';
rule_says("signature $_ list=lines", '"list=lines" in rule "signature" goes '
    . 'with "header:NAME", only that comes in several lines in @')
    for 'query:a', 'cookie:a';

rule_says("signature header:X algorithm=jwt-hs256 $_",
    'a token in rule "signature" needs "body_digest=POINTER", or '
    . '"body_digest=none" if it says nothing of the body in @')
    for '', 'issuer=a', 'key=hex', 'digest=base64';
rule_says("signature header:X algorithm=ecdsa-p256-sha256 format=$_",
    "unknown format \"$_\" in rule \"signature\", it can be der, raw in \@")
    for 'p1363', 'rs';
rule_says("signature header:X algorithm=jwt-hs256 body_digest=/a digest=$_",
    "unknown digest \"$_\" in rule \"signature\", it can be hex, base64, "
    . 'base64url in @') for 'sha256', 'HEX';

# where the key's id is: in the body only where the signature is
rule_says("key_id $_", "invalid source \"$_\", $early, json:POINTER in \@")
    for 'X-Key', 'form:kid', 'field:kid', 'claim:/kid';
rule_says('key_id json:/kid', qr/^webhook_provider "own" has its "key_id" in the /,
          'signature header:X algorithm=rsa-sha256;');

rule_says('signature header:X algorithm=jwt-hs256 body_digest=a',
          qr/^invalid JSON Pointer "a": .+ in \@$/);
rule_says("signature bearer algorithm=jwt-hs256 body_digest=$_")
    for '/a', '/a/b~1c issuer=b';
rule_says('signature bearer algorithm=jwt-hs256 body_digest=/a key=base64',
          qr/^"webhook_secret" has only 12 bytes, /);
rule_says("message $_", "invalid \"$_\" in rule \"message\", it must have "
    . '$webhook_body exactly once in @', 'signature header:X;')
    for 'x', '$webhook_body$webhook_body', '$webhook_body.${webhook_body}',
        '$webhook_body_sha256', '${webhook_bodyx}', '$webhook_bod',
        '$WEBHOOK_BODY', '$webhook_body2';
rule_says('message ""', 'invalid "" in rule "message", it must have '
    . '$webhook_body exactly once in @', 'signature header:X;');
rule_says('message $webhook_test_none$webhook_body',
          'unknown "webhook_test_none" variable', 'signature header:X;');
rule_says('message ${webhook_url.$webhook_body',
          'the closing bracket in "webhook_url" variable is missing in @',
          'signature header:X;');
rule_says("message $_", 'invalid variable name in @', 'signature header:X;')
    for 'a$.$webhook_body', '$webhook_body$', '$host$.$webhook_body';
rule_says('message $webhook_body', 'rule "message" is duplicate in @',
          'signature header:X; message $webhook_body;');
rule_says("message $_", [], 'signature header:X;')
    for '$webhook_body', 'a.${webhook_body}b', '$webhook_body.c',
        '$webhook_body_sha256.$webhook_body', '$webhook_body-$request_id';

rule_says($_->[1], "rule \"$_->[0]\" is duplicate in \@", "$_->[1];")
    for ['id', 'id header:B'], ['event', 'event header:B'],
        ['window', 'window 5m'], ['json', 'json object'],
        ['query', 'query last'], ['body', 'body none'], ['body', 'body raw'];
rule_says("$_->[0] $_->[1] $_->[1]",
          "\"$_->[1]\" is twice in rule \"$_->[0]\" in \@")
    for ['methods', 'POST'], ['json', 'object'], ['query', 'last'];

rule_says("challenge query:a matches=x", 'unknown option "matches=x" (did you '
    . 'mean "match="?) of rule "challenge", it takes method=NAME, match=SOURCE[=VALUE], '
    . 'reply=TEMPLATE, type=MIME, header=NAME, key=signing, after=verify, status=CODE in @');
rule_says("challenge query:a $_->[0]=$_->[1]", "unknown $_->[0] \"$_->[1]\" in "
    . "rule \"challenge\", it can be $_->[2] in \@")
    for ['method', 'any', 'GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH'],
        ['key', 'other', 'signing'], ['after', 'body', 'verify'];
rule_says('challenge none method=HEAD');
rule_says('challenge json:/a method=POST match=json:/b=c after=verify');
rule_says('challenge query:a match=query:b=',
          'no value in "match=query:b=", leave the last "=" out for the '
          . 'challenge secret in @');
rule_says('challenge query:a reply=$webhook_test_none',
          'unknown "webhook_test_none" variable');

for my $rule (qw/ack reject/) {
    my @range = $rule eq 'ack' ? (200, 299) : (400, 599);

    rule_says("$rule $_", "invalid status \"$_\", it must be from $range[0] "
        . "to $range[1] in \@") for $range[0] - 1, $range[1] + 1, 'off';
    rule_says("$rule $range[1]", "rule \"$rule\" is duplicate in \@",
              "$rule $range[0];");
}

# what tells messages apart
rule_says($_) for 'replay off', 'replay key=body ttl=1d', 'replay ttl=1d',
    'replay in_progress=409', 'replay key=body ttl=1d in_progress=503',
    'id header:X-Id; replay key=$webhook_id';
rule_says('replay key=x; #<', '"key=x" has no variable, all messages would be '
          . 'one in @');
rule_says('replay on; #<', 'unknown option "on" of rule "replay", it takes '
          . 'off, key=VALUE, ttl=TIME, in_progress=STATUS in @');
rule_says('replay in_progress=429; #<', 'unknown in_progress "429" in rule '
          . '"replay", it can be 409, 503 in @');
rule_says("replay $_; #<", 'rule "replay" has "off" beside other values in @')
    for 'ttl=1d off', 'off key=body', 'off in_progress=503';
rule_says("replay $_ $_; #<", "option \"$_\" of rule \"replay\" is the second "
          . 'of its name in @')
    for 'key=body', 'ttl=1d', 'in_progress=503';
rule_says('replay ttl=0; #<', 'invalid time "0", it cannot be 0 in @');
block_says("webhook_provider own { signature header:X-S; id header:X-Id;\n"
           . 'replay key=$webhook_id; } #<', '"$webhook_id" in the rule "replay" '
           . 'of webhook_provider "own" is not in its "message", a captured '
           . 'message could be sent again with another one, leave "key=" out or '
           . 'write "key=body" in @');

# a challenge that every message is
my $always = 'webhook_provider "own" has a "challenge" that is in every '
    . 'message, which nginx would answer itself, add "match=SOURCE=VALUE" or '
    . 'another method in @';

for (['challenge none method=POST;', 1], ['challenge none method=HEAD;'],
     ['challenge none method=POST after=verify;', 1],
     ['challenge none method=POST match=header:X-Ping=1;'],
     ['methods POST HEAD; challenge none method=HEAD;', 1],
     ['challenge header:S method=POST;', 1], ['challenge header:S;'],
     ['challenge header:S method=POST match=query:mode=ping;'],
     ['challenge bearer method=POST;', 1],
     ['challenge query:token method=POST;', 1],
     ['challenge query:other method=POST;'],
     ['header X-Kind ping*; challenge header:X-Kind method=POST;', 1],
     ['challenge header:X-Kind method=POST;'],
     ['challenge json:/a method=POST;'])
{
    my ($rules, $is) = @$_;

    block_says("webhook_provider own { signature header:S; token bearer; token "
               . "query:token; $rules } #<", $is ? $always : ());
}

done_testing();
