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

my $rules = 'the rules are: methods, content_type, header, token, signature, '
    . 'message, body, timestamp, window, id, event, require, json, query, '
    . 'client_certificate, challenge, ack, reject in @';

rule_says($_, "unknown rule \"$_\" in webhook_provider \"own\", $rules")
    for qw/method Methods content-type headers tokens signatures messages ids
           events certificate challenges acks rejects webhook_secret include/;
rule_says('token', 'invalid number of words in rule "token", its form is '
    . '"token SOURCE [for=NAME]" in @');
rule_says($_, qr/^invalid number of words in rule "$_", its form is "$_ .*" in \@$/)
    for qw/methods content_type header token signature message id event
           client_certificate challenge ack reject/;
rule_says("$_", qr/^invalid number of words in rule "\w+", its form is "/)
    for 'header X', 'header X a status=400 b', 'message a b', 'ack 200 201',
        'id header:A header:B', 'reject 401 403', 'token bearer for=a b';

rule_says('methods POST', 'rule "methods" is duplicate, one takes several '
    . 'methods in @', 'methods GET;');
rule_says("methods POST $_", "unknown method \"$_\" in rule \"methods\", it "
    . 'can be GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH in @')
    for qw/post TRACE ALL/;
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
rule_says('header X-A b status=', 'invalid status "", it must be from 400 to '
    . '599 in @');
rule_says("header X-A b $_", "unknown option \"$_\" of rule \"header\", it "
    . 'takes "status=CODE" in @') for 'code=400', 'status', '400';
rule_says('header X-A ~(',
          qr/^pcre2?_compile\(\) failed: .* in "\(".* in rule "header" in \@$/);
rule_says('header X-A ~^a.b$ status=422');

my $source = 'it is header:NAME, query:NAME, cookie:NAME, bearer, basic, '
    . 'field:NAME, json:POINTER or form:NAME in @';

for my $bad ('X-Token', 'header', 'header:', 'query:', 'cookie:', 'bearer:x',
             'basic:', 'Bearer', 'body:x', '')
{
    my $word = $bad eq '' ? '""' : $bad;

    rule_says("$_ $word", "invalid source \"$bad\", $source")
        for qw/token signature id event challenge/;
    rule_says("challenge query:a match=$bad=b",
              "invalid source \"$bad\", $source");
}

# what is needed before the body is there, and before the signature is found
for my $late (qw{field:t json:/t form:t}) {
    my $says = "invalid source \"$late\", a challenge or a digest is "
        . 'header:NAME, query:NAME, cookie:NAME, bearer or basic in @';

    rule_says("challenge $late", $says);
    rule_says("challenge query:a match=$late$_", $says) for '', '=b';
}

rule_says("$_ field:t", 'invalid source "field:t", a credential is '
    . 'header:NAME, query:NAME, cookie:NAME, bearer, basic, json:POINTER or '
    . 'form:NAME in @') for qw/token signature/;
rule_says("$_") for 'token json:/t', 'token form:t', 'token json:/a~1b/0';
rule_says('token json:t', 'invalid JSON Pointer "t": a JSON pointer must '
    . 'begin with "/" or be empty in @');

rule_says("body sha256:$_", "invalid source \"$_\", $source")
    for 'digest', 'query:';
rule_says("body sha256:$_", "invalid source \"$_\", a challenge or a "
    . 'digest is header:NAME, query:NAME, cookie:NAME, bearer or basic in @')
    for 'json:/a', 'form:a', 'field:a';

rule_says("token bearer $_", "unknown option \"$_\" of rule \"token\", it "
    . 'takes "for=NAME" in @') for 'for=', 'for', 'name=x';

rule_says("signature header:X $_", "unknown option \"$_\" of rule "
    . '"signature", it takes algorithm=, encoding=, prefix=, list=, field=, '
    . 'key=, issuer=, body_digest= in @')
    for 'algo=hmac-sha1', 'prefix=', 'field=', 'hex', 'list', 'issuer=',
        'body_digest=', 'digest=/a';
rule_says("signature header:X algorithm=$_", "unknown algorithm \"$_\" in "
    . 'rule "signature", it can be hmac-sha256, hmac-sha1, hmac-sha384, '
    . 'hmac-sha512, ed25519, ecdsa-p256-sha256, rsa-sha256, rsa-sha1, '
    . 'jwt-hs256 in @')
    for 'jwt', 'jwt-hs512', 'jwt-none', 'sha256', 'HMAC-SHA256', 'hmac-md5', '';
rule_says("signature header:X key=$_", "unknown key \"$_\" in rule "
    . '"signature", it can be text, hex, base64, whsec in @')
    for 'raw', 'WHSEC', '';
rule_says("signature header:X encoding=$_", "unknown encoding \"$_\" in rule "
    . '"signature", it can be hex, base64, base64url in @')
    for 'HEX', 'base32', '';
rule_says("signature header:X list=$_", "invalid \"list=$_\" in rule "
    . '"signature", a list has one separating character, as in "list=," or, '
    . 'with the quotes, "list=;" in @') for '', ',,';

rule_says("signature header:X algorithm=jwt-hs256 $_",
    '"algorithm=jwt-hs256" in rule "signature" needs "body_digest=POINTER", '
    . 'and of the others takes only "issuer=" and "key=" in @')
    for '', 'issuer=a', map { "body_digest=/a $_" } 'encoding=base64url',
        'prefix=a', 'list=,', 'field=a';
rule_says("signature header:X $_", '"body_digest=" and "issuer=" in rule '
    . '"signature" go with "algorithm=jwt-hs256" in @')
    for 'issuer=a', 'body_digest=/a', 'algorithm=ed25519 issuer=a',
        'algorithm=jwt-hs256 body_digest=/a algorithm=hmac-sha256';
rule_says('signature header:X algorithm=jwt-hs256 body_digest=a',
          qr/^invalid JSON Pointer "a": .+ in \@$/);
rule_says("signature bearer algorithm=jwt-hs256 body_digest=$_")
    for '/a', '/a/b~1c issuer=b key=base64';
rule_says("message $_", "invalid \"$_\" in rule \"message\", it must have "
    . '$webhook_body exactly once in @', 'signature header:X;')
    for 'x', '$webhook_body$webhook_body', '$webhook_body.${webhook_body}',
        '$webhook_body_sha256', '${webhook_bodyx}', '$webhook_bod',
        '$WEBHOOK_BODY', '$webhook_body2';
rule_says('message ""', 'invalid "" in rule "message", it must have '
    . '$webhook_body exactly once in @', 'signature header:X;');
rule_says('message $webhook_test_none$webhook_body',
          'unknown "webhook_test_none" variable', 'signature header:X;');
rule_says('message $webhook_body', 'rule "message" is duplicate in @',
          'signature header:X; message $webhook_body;');
rule_says("message $_", [], 'signature header:X;')
    for '$webhook_body', 'a.${webhook_body}b', '$webhook_body.c',
        '$webhook_body_sha256.$webhook_body', '$webhook_body-$request_id';

rule_says("$_ header:B", "a provider has one rule of this name, \"header:B\" "
    . 'is the second in @', "$_ header:A;") for qw/id event/;

rule_says("challenge query:a $_", "unknown option \"$_\" of rule "
    . '"challenge", it takes method=NAME, match=SOURCE=VALUE, match=SOURCE, '
    . 'reply=TEMPLATE, type=MIME, header=NAME, key=signing, after=verify in @')
    for 'method=get', 'method=', 'reply=', 'type=', 'key=other', 'matches=x',
        'header=', 'after=body';
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

done_testing();
