#!/usr/bin/perl

# What nginx -t says to HTTP message signatures.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;
use WebhookTest::Jose qw/jwks/;

my $ec = WebhookTest::Jose->new('ES256');
my $ed25519 = WebhookTest::Jose->new('EdDSA');
my $rsa = WebhookTest::Jose->new('RS256');
my $keys = secret_file(keys => jwks($ec->jwk(kid => 'a'),
                                    $ed25519->jwk(kid => 'b')), 0644);
my $rsa_keys = secret_file(rsa => jwks($rsa->jwk(kid => 'a')), 0644);
my $pem = secret_file(pem => $ed25519->pem);

my $covers = 'covers=@method,@target-uri,content-digest';
my $key = "webhook_secret jwks:$keys; webhook_public_url https://example.com;";


# What is taken

for my $options ('', 'label=sig1', 'tag=a/b', 'encoding=base64',
                 'encoding=base64url', 'uri=normalized',
                 'requires=keyid', 'requires=created,expires,keyid,nonce',
                 'requires=created,expires lifetime=5m',
                 'algorithm=ed25519', 'algorithm=ed25519,ecdsa-p256-sha256') {
    own("signature http-message $covers $options;", $key);
}

own("signature http-message $covers; window 1h future=5m; id header:X-Id; "
    . 'event json:/a; json object; ack 200; reject 401;', $key);
own("signature http-message $covers;",
    "webhook_secret file:$pem; webhook_public_url http://example.com/a;");
own("signature http-message $covers algorithm=hmac-sha256 key=$_;",
    'webhook_public_url https://example.com; webhook_secret ' . { text => '0123456789abcdef', hex => '0f' x 16,
        base64 => 'AAAAAAAAAAAAAAAAAAAAAA==',
        whsec => 'whsec_AAAAAAAAAAAAAAAAAAAAAA==' }->{$_} . ';')
    for qw/text hex base64 whsec/;
own("signature http-message covers=\@method; body $_;", $key)
    for qw/none unsigned/;
own("signature http-message $covers;", "$key webhook_window 1m;");


# Options

wrong('', '"signature http-message" needs a "covers=NAME,...", as '
      . 'covers=@method,@target-uri,content-digest in @');
wrong("covers=$_", 'invalid "' . (split /,/, $_, -1)[-1] . '" in "covers=" of '
      . 'rule "signature", it is a header in lower case, @method, '
      . '@target-uri, @authority, @scheme, @request-target, @path or @query '
      . 'in @')
    for '@host', '@status', '@signature-params', '@query-param', 'Content-Type',
        '@method,', 'a:b', '"content-digest"';
wrong('covers=@method,x-a,@method', '"@method" is twice in rule "signature" '
      . 'in @');
wrong("$covers algorithm=rsa-sha256", 'unknown algorithm "rsa-sha256" in rule '
      . '"signature", it can be ed25519, ecdsa-p256-sha256, '
      . 'ecdsa-p384-sha384, rsa-v1_5-sha256, rsa-pss-sha512, hmac-sha256 in @');
wrong("$covers algorithm=ed25519,ed25519",
      '"ed25519" is twice in rule "signature" in @');
wrong("$covers algorithm=ed25519,hmac-sha256",
      '"algorithm=hmac-sha256" of rule "signature" goes alone, a public key '
      . 'must not be taken for the key of an HMAC in @');
wrong("$covers requires=alg", 'unknown requires "alg" in rule "signature", it '
      . 'can be created, expires, keyid, nonce in @');
wrong("$covers requires=created,created",
      '"created" is twice in rule "signature" in @');
wrong("$covers encoding=hex", 'unknown encoding "hex" in rule "signature", it '
      . 'can be base64, base64url in @');
wrong("$covers uri=raw", 'unknown uri "raw" in rule "signature", it can be '
      . 'normalized in @');
wrong("$covers lifetime=0", 'invalid time "0", it cannot be 0 in @');
wrong("$covers lifetime=soon", 'invalid time "soon", it is like 30s, 5m or 1h '
      . 'in @');
wrong("$covers $_ lifetime=5m", '"lifetime=" of rule "signature" needs '
      . '"requires=created,expires" in @')
    for '', 'requires=expires', 'requires=created';
wrong("$covers key=hex", 'option "key=" of rule "signature" has no effect with '
      . 'this "algorithm=" in @');
wrong("$covers label=", 'option "label=" of rule "signature" has no value, one '
      . 'with ";" goes in quotes, like "label=;" in @');
wrong("$covers tag=\$a", '"$" in "$a" of rule "signature", there can be no '
      . 'variable in @');
wrong("$covers label=a label=b", 'option "label=b" of rule "signature" is the '
      . 'second of its name in @');
wrong("$covers cover=a", 'unknown option "cover=a" (did you mean "covers="?) '
      . 'of rule "signature", it takes covers=NAME,..., label=TEXT, tag=TEXT, '
      . 'algorithm=NAME,..., requires=NAME,..., lifetime=TIME, encoding=NAME, '
      . 'uri=NAME, key=ENCODING in @');


# Rules that do not go together, told at the end of the block

together('signature header:X;', 'has several "signature" rules, of which '
         . '"http-message" must be the only one');
together('message a$webhook_body;', 'has a "message", but its signature says '
         . 'what is signed');
together('key_id header:X;', 'has a "key_id", but its signature names its key '
         . 'in "keyid"');
together('timestamp header:X;', 'has a "timestamp", but its signature has a '
         . 'time in "created", say "window"');
together("body $_;", 'has a "body", but its signature covers '
         . '"content-digest"') for qw/raw none unsigned crc32/;
together('', 'does not cover "content-digest", add it to "covers=", or say '
         . '"body none" if there is no body, or "body unsigned" if anybody '
         . 'may change it', 'covers=@method');
together('body crc32;', 'does not cover "content-digest", add it to '
         . '"covers=", or say "body none" if there is no body, or "body '
         . 'unsigned" if anybody may change it', 'covers=@method');
together('claim /sub string;', 'has a "claim", but no "signature" that is a '
         . 'token with claims');

block_says("webhook_provider own {\n signature header:X;\n"
    . " body unsigned;\n} #<", 'webhook_provider "own" has "body unsigned", '
    . 'which goes with "signature http-message", say "body none" in @');
block_says("webhook_provider own {\n signature http-message $covers;\n"
    . " challenge query:c 'reply=\$webhook_challenge_hmac' key=signing;\n} #<",
    'a "challenge" with "key=signing" in webhook_provider "own" would sign '
    . 'messages for anybody, leave that out or add "after=verify" in @');


# Keys

location_says("webhook own;\n webhook_secret jwks:$rsa_keys; #<",
    'secret 1 of "webhook own" in @ has no key that can be used for the '
    . '"algorithm=" of this sender',
    "webhook_provider own { signature http-message $covers "
    . 'algorithm=ed25519; }');


# What tells messages apart

for my $case (['$http_x_id', 1], ['$http_X_Id', 1], ['$webhook_id', 1],
              ['$webhook_timestamp', 1], ['$webhook_nonce', 1],
              ['$http_x_other', 0], ['$request_uri', 0])
{
    my ($variable, $signs) = @$case;

    location_says("webhook own;\n $key webhook_replay zone=z key=$variable; #<",
        $signs ? undef : qr/webhook_replay.*\Q$variable\E|webhook own/,
        'webhook_zone z 1m; webhook_provider own { signature http-message '
        . "$covers,x-id; id header:X-Id; }");
}


# One key for all, and a host that is signed

my $shared = 'has one key for all customers of this sender, messages for '
    . 'others are accepted, add a "webhook_require" with "enum=" for what '
    . 'names you in the body, or a "webhook_public_url" if the host is signed';

my $scheme = 'signs the URL, and its scheme and host are taken from the '
    . 'request, which is wrong behind a proxy, set "webhook_public_url"';

for my $case (['@target-uri', $scheme, undef], ['@authority', $scheme, undef],
              ['@path', undef, $shared], ['@method', undef, $shared])
{
    my ($component, $warning, $public) = @$case;
    my $provider = "webhook_provider own { signature http-message "
        . "covers=$component,content-digest;";

    server_says("location / {\n webhook own; webhook_secret jwks:$keys; #<\n}",
                [map { qq/"webhook own" in \@ $_/ } $warning // ()],
                "$provider }");
    location_says("webhook own; #<\n $key",
                  $public ? "\"webhook own\" in \@ $public" : undef,
                  "$provider shared_key; }");
}

done_testing();


# A provider of these rules is taken.
sub own {
    my ($rules, $directives) = @_;

    location_says("webhook own; $directives", undef,
                  "webhook_provider own { $rules }");
}


sub wrong {
    my ($options, $text) = @_;

    block_says("webhook_provider own {\n signature http-message $options; #<\n"
               . '}', $text);
}


sub together {
    my ($rule, $text, $signature) = @_;

    block_says("webhook_provider own {\n signature http-message "
               . ($signature // $covers) . ";\n $rule\n} #<",
               "webhook_provider \"own\" $text in @");
}
