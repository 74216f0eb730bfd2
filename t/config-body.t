#!/usr/bin/perl

# What nginx -t says to times, bodies and payloads in a provider, and to what is
# signed of them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


# Times, bodies and payloads

my $time = 'it is like 30s, 5m or 1h in @';

rule_says("timestamp header:A unit=$_", "unknown unit \"$_\" in rule "
    . '"timestamp", it can be s, ms, unix, rfc3339, http in @') for 'min', 'S';
rule_says("timestamp header:A $_", "unknown option \"$_\" of rule "
    . '"timestamp", it takes unit=NAME, past=TIME, future=TIME in @') for 'x', 'window=5m';
rule_says("timestamp header:A $_=x", "invalid time \"x\", $time")
    for qw/past future/;
rule_says('timestamp header:B', 'rule "timestamp" is duplicate in @',
          'timestamp header:A;');
rule_says('window x', "invalid time \"x\", $time");
rule_says('window 5m past=1m', 'unknown option "past=1m" of rule '
    . '"window", it takes future=TIME in @');
location_says('webhook_window 5m past=1m; #<', 'unknown option "past=1m" of '
    . '"webhook_window", it takes future=TIME in @');
location_says('webhook_window x; #<', "invalid time \"x\", $time");
rule_says("body $_", "unknown body \"$_\", it can be raw, form:FIELD, "
    . 'form-sorted, sha256:SOURCE, crc32, jwt, none, pelorus, unsigned in @')
    for 'crc32:a', 'crc', 'cooked', 'form', 'form:', 'Form:a', 'raw:a',
        'form-sorted:a', 'sha256', 'sha256:';
rule_says('body form:b', 'rule "body" is duplicate in @', "body $_;")
    for 'form:a', 'pelorus', 'none';
rule_says('body pelorus', 'rule "body" is duplicate in @', 'body form:a;');
rule_says('body form:a', [], 'signature header:X;');
rule_says('body', 'invalid number of words in rule "body", its form is '
    . '"body KIND" in @');
rule_says("body $_", [], 'signature header:X;') for 'form-sorted', 'crc32';
block_says("webhook_provider own { signature header:X; body $$_[0];\n"
    . "$$_[1]; } #<", qq("body $$_[0]" in webhook_provider "own" does not go )
    . 'with credentials in the body, nor with values of the body in the '
    . '"message" in @')
    for map { my $body = $_; map { [$body, $_] } 'token json:/a',
              'message ${form:a}$webhook_body' } qw/crc32 form-sorted/;
rule_says('body sha256:query:a', [],
          'signature header:X; message $request_uri$webhook_body;');

# a digest that the message does not have is one that anybody can write
for (['header:D', '$http_d'], ['header:X-D', 'v1:${HTTP_X_D}'],
     ['query:a', '$arg_a', '$ARG_A', '$args', '$query_string'],
     ['cookie:a', '$cookie_a', '$http_cookie'],
     ['bearer', '$http_authorization'])
{
    my ($source, @has) = @$_;

    rule_says("body sha256:$source", [], "signature header:X; message $_."
              . '$webhook_body;') for @has;

    block_says("webhook_provider own { body sha256:$source; signature "
        . "header:X;\n message $_.\$webhook_body; } #<", '"body sha256:" in '
        . 'webhook_provider "own" needs a "message" that has this digest, for '
        . 'nothing else there says what the body is in @')
        for '$http_x_id', '$uri', '$arg_b', '$cookie_b', '$webhook_body_sha256';
}

# who has the credential in the body can only be the first
my $inside = 'webhook_provider own { token json:/t; } '
    . 'webhook_provider two { token header:X; token json:/t; }';

server_says("location / { webhook github own; #<\n"
    . 'webhook_secret 0123456789abcdef for=github; '
    . 'webhook_secret fedcba9876543210 for=own; }',
    ['"own" must be the first in "webhook github own" in @, it has its '
     . 'credential in the body, so no header tells its messages'], $inside);
server_says("location / { webhook $_ github; "
    . 'webhook_secret 0123456789abcdef for=github; '
    . "webhook_secret fedcba9876543210 for=$_; }", [], $inside)
    for qw/own two/;

# what a signature covers of a body that it does not cover
server_says("location / { webhook $_->[0]; webhook_secret $_->[1]; #<\n"
    . "webhook_replay zone=z key=\$$_->[2]; }", [], 'webhook_zone z 1m;')
    for ['mailgun', '0123456789abcdef', 'webhook_id'],
        ['mailgun', '0123456789abcdef', 'webhook_timestamp'],
        ['adyen', '0123456789abcdef' x 4, 'webhook_event'],
        ['github', '0123456789abcdef', 'webhook_body_sha256'];
server_says("location = /a { webhook crc; $good "
    . "webhook_replay zone=z key=\$webhook_$_->[0]; } #<", [$_->[1]
        ? qq("\$webhook_$_->[0]" in "key=" of "webhook_replay" in @ is not )
          . 'signed by "webhook crc", and a captured message could be sent '
          . 'again with another one: this key is not used for its messages'
        : ()],
     'webhook_zone z 1m; webhook_provider crc { signature header:X; '
     . 'body crc32; message $webhook_id.$webhook_body; id header:I; '
     . 'event json:/e; }') for ['id', 0], ['event', 1];
server_says("location = /a { webhook mailgun; webhook_secret 0123456789abcdef; "
    . "webhook_replay zone=z key=\$webhook_event; } #<", [
    '"$webhook_event" in "key=" of "webhook_replay" in @ is not signed by '
    . '"webhook mailgun", and a captured message could be sent again with '
    . 'another one: this key is not used for its messages'], 'webhook_zone z 1m;');

# a body that is a token
my $token = 'signature body algorithm=jwt-es256';
my $together = 'webhook_provider "own" has one of "signature body" and '
    . '"body jwt", which go together in @';
my $no_token = '"signature body" is a token that is the body, it has an '
    . '"algorithm=jwt-..." and no "body_digest=" in @';

rule_says('body jwt', [], 'signature body algorithm=jwt-hs256;');
block_says("webhook_provider own { $_; } #<", $together)
    for $token, "$token; body form:a", 'signature header:X; body jwt',
        'signature header:X algorithm=jwt-es256 body_digest=/a; body jwt';
rule_says("signature body $_", $no_token, 'body jwt;')
    for '', 'algorithm=jws-es256', 'algorithm=ed25519',
        'algorithm=jwt-es256 body_digest=/a',
        'algorithm=jwt-es256 body_digest=none';
block_says("webhook_provider own { $token; body jwt; $_; } #<",
           'webhook_provider "own" has a "message" or looks at a form, but its '
           . 'body is a token in @')
    for 'message $webhook_body', 'id form:a', 'id json:/a form:b';
block_says("webhook_provider own { $token; body jwt; $_; } #<",
           'webhook_provider "own" has several "signature" rules, of which a '
           . 'detached token, one with "body_digest=none", one that is the '
           . 'body or one with a "claim" must be the only one in @')
    for 'signature header:X', "$token issuer=a";
block_says("webhook_provider own { $token; body jwt; token json:/a; } #<",
           '"body jwt" in webhook_provider "own" does not go with credentials '
           . 'in the body, nor with values of the body in the "message" in @');
block_says("webhook_provider own { $token; body jwt; replay key=body; } #<",
           'webhook_provider "own" has "key=body" in "replay" beside a "body" '
           . 'that anybody can change, which has no effect in @');
server_says("location / { webhook github own; #<\n"
    . 'webhook_secret 0123456789abcdef for=github; '
    . 'webhook_secret fedcba9876543210 for=own; }',
    ['"own" must be the first in "webhook github own" in @, it has its '
     . 'credential in the body, so no header tells its messages'],
    'webhook_provider own { signature body algorithm=jwt-hs256; body jwt; }');

# parts of a message that may be left out
my $optional = 'signature json:/s; body none; message';
my $goes = '"optional=" in rule "message" of webhook_provider "own" goes with '
    . '"free=", and with a "${json:POINTER}" that comes later, but not next, '
    . 'which "%s" is not in @';
my $open = '"optional=" in rule "message" of webhook_provider "own" leaves it '
    . 'open where a part begins, %s in @';
my @optional = ('free=json:/a', 'optional=json:/c');

block_says("webhook_provider own { $optional "
           . "\"a:\${json:/a}\\nb:\${json:/b}\\nc:\${json:/c}$_\" @optional; }")
    for '', '\n';
block_says("webhook_provider own { $optional $_->[0] $_->[1]; } #<",
           sprintf $goes, $_->[2])
    for ['${json:/a}:${json:/b}-:${json:/c}', 'optional=json:/c', 'json:/c'],
        ['${json:/a}:${json:/c}', "@optional", 'json:/c'],
        ['${json:/c}:${json:/a}', "@optional", 'json:/c'],
        ['${json:/a}:${json:/b}-:${form:c}', 'free=json:/a optional=form:c',
         'form:c'],
        ['${json:/a}:${json:/b}-:$http_c', 'free=json:/a optional=http_c',
         'http_c'],
        ['${json:/a}:${json:/b}-:${json:/c}', 'free=json:/a optional=json:/a',
         'json:/a'],
        ['${json:/a}:${json:/b}-:${json:/c}',
         'free=json:/a optional=json:/c,json:/d', 'json:/d'],
        ['${json:/a}:${json:/b}-:${json:/c}', 'free=json:/a optional=,json:/c',
         ''];
block_says("webhook_provider own { $optional $_->[0] @optional; } #<",
           sprintf $open, $_->[1])
    for ['${json:/a}b:${json:/b}c:$uri${json:/c}', 'before each of those after '
         . '"free=" there must be a text without variables'],
        ['${json:/a}b:${json:/b}${json:/c}', 'before each of those after '
         . '"free=" there must be a text without variables'],
        ['${json:/a}b:${json:/b}c.${json:/c}',
         'all texts after "free=" must end with the same byte'],
        ['${json:/a}:${json:/b}c:${json:/c}',
         'no text after "free=" may be the end of another'],
        ['${json:/a}b:${json:/b}b:${json:/c}',
         'no text after "free=" may be the end of another'];

# an id of a key that is in the body, or a part of a value
block_says("webhook_provider own { signature json:/s; "
           . 'signature json:/r algorithm=rsa-sha256; '
           . "message \${json:/a}; body none; key_id json:/k $_; }")
    for '', '~^a/(.*)';
block_says('webhook_provider own { signature header:S algorithm=rsa-sha256; '
           . 'key_id json:/k; } #<', 'webhook_provider "own" has its "key_id" '
           . 'in the body, and its "signature" elsewhere in @');
block_says("webhook_provider own { signature header:S algorithm=rsa-sha256; "
           . "key_id header:K $_; } #<", qq(invalid "$_" in rule "key_id", )
           . 'after the source comes "~REGEX" with a group in "()", which is '
           . "the key's id in \@") for 'a', '~a', 'a(b)';
block_says("webhook_provider own { signature header:S algorithm=rsa-sha256; "
           . 'key_id header:K ~a(b; } #<', qr/in rule "key_id" in \@$/);

# a token in every element of an array
rule_says("$_", 'a "token" with "*" must be the only one of a provider, leave '
          . 'the others out in @')
    for 'token json:/v/*/a', 'token json:/*';
block_says("webhook_provider own { token json:/v/*/a; token query:t; } #<",
           'a "token" with "*" must be the only one of a provider, leave the '
           . 'others out in @');
block_says("webhook_provider own { token json:$_; } #<", 'invalid pointer '
    . qq("$_", a token may have one step "*" in \@))
    for '/a/*/b/*', '/*/*', '/*/a/*/b';
block_says("webhook_provider own { token json:$_; }")
    for '/*', '/a/*', '/*/b', '/a*/*b/**/c';

# what a signature covers, when it does not cover the body
my $none = '"body none" in webhook_provider "own" goes with a "message" that '
    . 'has variables, but not $webhook_body in @';

rule_says("message $_", $none, 'signature header:X; body none;')
    for '$webhook_body', 'x', '""', 'a$http_x_time.$webhook_body';
block_says("webhook_provider own { signature header:X; body none; } #<", $none);
rule_says("message $_", [], 'signature json:/s; body none; id json:/i;')
    for '$webhook_id', '$http_x_time', '${json:/a}', 'a${form:b}c',
        '${webhook_id}x${json:/a}';
rule_says('message ${json:a}', 'invalid JSON Pointer "a": a JSON pointer must '
    . 'begin with "/" or be empty in @', 'signature header:X; body none;');
rule_says('message ${json:/a', qr/^the closing bracket in .* is missing in \@$/,
    'signature header:X; body none;');
block_says("webhook_provider own { signature $_; } #<", 'webhook_provider '
    . '"own" has a "signature" in the body that it signs, say "body none" and '
    . 'in "message" what is signed in @')
    for 'json:/s', 'form:s', 'header:X; signature json:/s';
rule_says('json array list', 'unknown word "list" in rule "json", it can be '
    . 'object, array, empty in @');
rule_says('query none', 'unknown word "none" in rule "query", it can be '
    . 'first, last, semicolon in @', 'token query:a;');
rule_says("$_ json:x", qr/^invalid JSON Pointer "x": .+ in \@$/)
    for qw/id event/;
rule_says('require /a strings', 'invalid rule for a payload at "strings": a '
    . 'JSON pointer must be followed by string, integer, number, boolean, '
    . 'object, array, null or any in @');

done_testing();
