#!/usr/bin/perl

# What nginx -t says to sets of keys, to tokens and to their claims.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;
use WebhookTest::Jose qw/jwks json/;

my $ec = WebhookTest::Jose->new('ES256');
my $rsa = WebhookTest::Jose->new('RS256');
my $good = secret_file(good => jwks($ec->jwk(kid => 'a')), 0644);
my $pem = secret_file(pem => json({ a => $ec->pem }), 0644);

my $own = 'webhook_provider own { signature header:X algorithm=jwt-es256 '
    . 'body_digest=/a; }';
my $bearer = 'webhook_provider own { signature bearer algorithm=jwt-es256 '
    . 'body_digest=none; }';

# such a file is no secret, and is not warned of
says("webhook own; webhook_secret jwks:$good;");
says("webhook own; webhook_secret keys:$pem;");
says("webhook own; webhook_secret jwks:$good; webhook_secret keys:$pem;");


# Issuers, and who has which key

my $both = 'webhook_provider own { signature header:X algorithm=jwt-es256 '
    . 'body_digest=/a issuer=one; signature header:Y algorithm=jwt-es256 '
    . 'body_digest=/a issuer=%s; }';

for my $second (qw/one two/) {
    my $provider = sprintf $both, $second;

    location_says("webhook own; webhook_secret jwks:$good;", undef, $provider);
    location_says("webhook own; #<\n webhook_secret jwks:$good;\n"
        . "webhook_secret keys:$pem;", $second eq 'two'
        ? '"webhook own" in @ takes the tokens of each "issuer=" by any of its '
          . 'keys, so the one that has a key could sign as another, give each a '
          . 'location and a provider of its own' : undef, $provider);
}


# Sources

for my $source (qw/jwks keys/) {
    says("webhook own;\n webhook_secret $source:; #<",
         "no path after \"$source:\" of a secret in \@");
    says("webhook own;\n webhook_secret $source:/none; #<",
         'secret file "/none" cannot be opened (2: No such file or directory) '
         . 'in @');
    says("webhook own;\n webhook_secret $source:$good decode=$_; #<",
         '"webhook_secret" has a set of keys and a "decode=", the set is JSON, '
         . 'remove the "decode=" in @') for qw/text hex base64/;
    says("webhook own;\n webhook_secret $_; #<", '"webhook_secret" begins '
         . 'nearly as "file:PATH", "jwks:PATH", "keys:PATH" or "env:NAME", '
         . 'which are in small letters, with a colon and no space; a secret '
         . 'that begins so goes into a "file:" in @')
        for uc($source) . ":$good", "$source=$good", "\"$source: $good\"",
            "jwk:$good", "JWK=$good";

    for my $url ("https://$source.example.com/certs", 'http://example.com/',
                 'HTTPS://example.com/jwks.json')
    {
        says("webhook own;\n webhook_secret $_; #<",
             "\"webhook_secret\" has the URL \"$url\", which nginx does not "
             . 'fetch, have "webhook-keys" write a file of what is there and '
             . 'give that as "jwks:PATH" or "keys:PATH" in @')
            for $url, "$source:$url", "file:$url";
    }

    location_says("webhook meta; webhook_secret 0123456789abcdef;\n "
        . "webhook_challenge_secret $source:"
        . ($source eq 'jwks' ? $good : $pem) . '; #<',
        '"webhook_challenge_secret" directive takes no set of public keys, it '
        . 'is a secret in @');
}


# What is in the file

my %bad = (
    'is not JSON' => '{"keys":[',
    'has no array "keys", as a JWK set has' => json({ a => $ec->pem }),
    'has more than 64 keys' => jwks(map { $ec->jwk(kid => $_) } 1 .. 65),
    'has a member twice' => jwks($ec->jwk) =~ s/\{"crv"/{"kid":"a","kid":"b","crv"/r,
    'has a private key, which belongs to the sender alone' =>
        jwks({ %{ $ec->jwk }, d => 'AAAA' }),
    'has no key that can be used' => jwks({ kty => 'oct', k => 'AAAA' }),
    'has no key that can be used for the "algorithm=" of this sender' =>
        jwks($rsa->jwk),
);

my $n = 0;

for my $what (sort keys %bad) {
    says("webhook own;\n webhook_secret jwks:"
         . secret_file('bad' . $n++ => $bad{$what}) . '; #<',
         "secret 1 of \"webhook own\" in \@ $what");
}

# which of the keys it is
{
    my @named = map { $ec->jwk(kid => $_) } qw/a b/;
    my @nameless = ($ec->jwk, WebhookTest::Jose->new('ES256')->jwk);
    my $which = 'has several keys and nothing that says which it is, the file '
        . 'needs their ids, and a sender without tokens a "key_id"';
    my $signs = 'signature header:X algorithm=ecdsa-p256-sha256';
    my $id = 'has no key with an id, and the provider has a "key_id" by which '
        . 'one is chosen';

    for (["$signs;", \@named, $which], ["$signs;", \@nameless, $which],
         ["$signs;", [$named[0]]], ["$signs;", [$nameless[0]]],
         ["$signs; key_id header:K;", \@nameless, $id],
         ["$signs; key_id header:K;", [$nameless[0]], $id],
         ["$signs; key_id header:K;", \@named],
         ["$signs; key_id header:K;", [$named[0], $nameless[1]]],
         ['signature header:X algorithm=jws-es256;', \@nameless, $which],
         ['signature header:X algorithm=jws-es256;', \@named],
         ['signature header:X algorithm=jws-es256;', [$nameless[0]]],
         ["$signs;", [$nameless[0], $rsa->jwk]],
         ["$signs; signature header:Y algorithm=jwt-es256 body_digest=/a;",
          \@named])
    {
        my ($rules, $keys, $said) = @$_;

        location_says("webhook own;\n webhook_secret jwks:"
                      . secret_file('which' . $n++ => jwks(@$keys), 0644)
                      . '; #<',
                      $said && "secret 1 of \"webhook own\" in \@ $said",
                      "webhook_provider own { $rules }");
    }
}

says("webhook own;\n webhook_secret keys:$good; #<",
     'secret 1 of "webhook own" in @ is no object of ids with PEM texts');

# a key that is left out is no mistake
says('webhook own; webhook_secret jwks:' . secret_file(some => jwks(
     { kty => 'oct', k => 'AAAA' }, $ec->jwk, $rsa->jwk)) . ';');

location_says("webhook github;\n webhook_secret jwks:$good; #<",
     'secret 1 of "webhook github" in @ has no key that can be used for the '
     . '"algorithm=" of this sender');
location_says("webhook gitlab;\n webhook_secret jwks:$good; #<",
     'secret 1 of "webhook gitlab" in @ has no key that can be used for the '
     . '"algorithm=" of this sender');


# Certificates that end

for my $case (['20230101000000Z', '20230102000000Z', 'has ended and is not '
               . 'used'],
              ['20230101000000Z', soon(), 'ends within 14 days'],
              ['20230101000000Z', '20990101000000Z'])
{
    my ($from, $until, $said) = @$case;
    my $path = secret_file("cert$until" => json({ c =>
        $ec->certificate($from, $until), k => $ec->pem }));

    says("webhook own; webhook_secret keys:$path;", $said
         ? "key file \"$path\": the certificate of key \"c\" $said, have the "
           . 'file made anew' : ());
}


# Rules of tokens

my $token = 'signature header:X algorithm=jwt-es256 body_digest=/a;';
my $detached = 'signature header:X algorithm=jws-es256;';
my $none = 'signature header:X algorithm=jwt-es256 body_digest=none;';
my $plain = 'signature header:Y algorithm=ecdsa-p256-sha256;';
my $several = 'has several "signature" rules, of which a detached token, one '
    . 'with "body_digest=none", one that is the body or one with a "claim" '
    . 'must be the only one';
my $signed = 'has a "message" or a "body", but its token says what is signed';

provider_says("$token $plain $_", $several)
    for 'timestamp claim:/iat;', 'id claim:/jti;', 'event claim:/type;';
provider_says("$plain timestamp claim:/iat;", 'looks at a claim, but has no '
              . '"signature" that is a token with claims');
provider_says("$detached id claim:/jti;", 'looks at a claim, but has no '
              . '"signature" that is a token with claims');
provider_says("$plain claim /sub string;", 'has a "claim", but no "signature" '
              . 'that is a token with claims');
provider_says("$_ $plain", $several) for $detached, $none,
                                         "$token claim /sub string;";
provider_says("$none message a\$webhook_body;", $signed);
provider_says("$_ body crc32;", $signed) for $detached, $none;
provider_says("$_ body none; message \$http_a;", $signed) for $detached, $none;
provider_says("$_ key_id header:Y;", 'has a "key_id", but no "signature" by '
              . 'a public key') for 'token header:X;', 'signature header:X;';
provider_says($_) for $token, $detached, "$token $plain",
    "$token claim /sub string enum=a|b; timestamp claim:/iat past=1m future=1m;"
    . ' id claim:/jti; event claim:/typ;', "$plain key_id header:Z;",
    "$token message a\$webhook_body;", "$detached message a\${webhook_body}b;",
    'signature header:X algorithm=jws-es256 parameter=jku:https://a/ '
    . 'parameter=jku:https://b/ parameter=v:2:3;',
    'signature header:X algorithm=jwt-es256 body_digest=/a parameter=typ:a;';

# two values of one name are alternatives, the same one is a slip
rule_says("signature header:X algorithm=jws-es256 parameter=v:2 parameter=v:3 "
          . 'parameter=v:2', 'option "parameter=v:2" of rule "signature" is '
          . 'the second of its name and value in @');

rule_says("signature header:X algorithm=jws-es256 parameter=$_",
          "invalid \"parameter=$_\" in rule \"signature\", it is "
          . '"parameter=NAME:VALUE" in @')
    for 'jku', 'jku:', ':a', ':';
rule_says("signature header:X algorithm=jws-es256 parameter=$_:a",
          "invalid \"parameter=$_:\" in rule \"signature\", it can be the name "
          . "of any parameter of a token's header but alg, b64, crit, jwk and "
          . 'x5u in @')
    for qw{alg b64 crit jwk x5u a/b a~0}, 'a' x 65;

for (['/sub', qr/^invalid number of words in rule "claim", its form is "claim /],
     ['/sub text', qr/^invalid rule for a payload at "text": /],
     ['sub string', qr/^invalid rule for a payload at "sub": /])
{
    my ($words, $expected) = @$_;

    http_says("webhook_provider own { $token\n claim $words; } #<", $expected);
}


# Claims of a location

my $bearer_needs = '"webhook own" in @ needs a "webhook_claim /aud", without it '
    . 'a token that was meant for another receiver counts here';

says("webhook own;\n webhook_claim aud us; #<\n webhook_secret jwks:$good;",
     qr/^invalid JSON Pointer "aud": .* in \@$/);
says("webhook own;\n webhook_claim /aud \$host; #<\n webhook_secret "
     . "jwks:$good;", qr/^"\$" in "\$host" of "webhook_claim", there can be no /);
says("webhook own;\n webhook_claim /aud; #<\n webhook_secret jwks:$good;",
     qr/^invalid number of arguments in "webhook_claim" directive in \@$/);
says("webhook own;\n webhook_claim /aud us them; webhook_claim /sub a;\n "
     . "webhook_secret jwks:$good;");
says("webhook own;\n webhook_claim /" . 'a' x 512 . " us; #<\n webhook_secret "
     . "jwks:$good;", 'the pointer of "webhook_claim" is too long, it has at '
     . 'most 512 bytes in @');
says("webhook own;\n webhook_claim /aud us; webhook_claim /" . 'a' x 511
     . " us; webhook_secret jwks:$good;");

# who signs without a token would not be asked
for my $case (['', 1], ['key=base64', 1], ['algorithm=jwt-es256 body_digest=/b'])
{
    my ($options, $passes) = @$case;

    location_says("webhook own;\n webhook_claim /aud us; #<\n webhook_secret "
        . "jwks:$good;" . ($passes ? ' webhook_secret MDEyMzQ1Njc4OWFiY2RlZg==;'
                                   : ''),
        $passes && '"webhook_claim" beside "webhook own" in @ holds for tokens '
        . 'only, and the provider has a "signature" that is none and would '
        . 'pass by it, make two providers of it', 'webhook_provider own { signature header:X '
        . "algorithm=jwt-es256 body_digest=/a; signature header:Y $options; }");
}

# what no token meets
says("webhook own;\n webhook_claim /aud us; webhook_claim /aud them; #<\n "
     . "webhook_secret jwks:$good;", '"webhook_claim /aud" is twice in this '
     . 'block, all values that it may have go on one line in @');

for (['claim /sub string enum=a|b; claim /sub string enum=c;', '', '/sub'],
     ['claim /sub string enum=a|b; claim /sub string enum=b;', ''],
     ['claim /sub string enum=a|b;', 'webhook_claim /sub c d;', '/sub'],
     ['claim /sub string enum=a|b;', 'webhook_claim /sub c b;'],
     ['claim /sub string;', 'webhook_claim /sub c;'],
     ['claim /iss string enum=a;', 'webhook_claim /sub c;'],
     ['', 'webhook_claim /iss us them;', '/iss', 'issuer=me'],
     ['', 'webhook_claim /iss us me;', undef, 'issuer=me'],
     ['', 'webhook_claim /iss us me;'],
     ['signature header:Y algorithm=jwt-es256 body_digest=/b issuer=us;',
      'webhook_claim /iss us;', undef, 'issuer=me'])
{
    my ($rules, $claim, $pointer, $issuer) = @$_;

    location_says('webhook own;' . ($claim && "\n$claim #<\n")
        . " webhook_secret jwks:$good;",
        $pointer && "two rules for \"$pointer\" beside \"webhook own\" in \@ "
        . 'exclude each other, nothing would be accepted, write all '
        . 'values into one of them', 'webhook_provider own { signature '
        . 'header:X algorithm=jwt-es256 body_digest=/a ' . ($issuer // '')
        . '; ' . ($claim ? $rules : "\n$rules #<\n") . '}');
}

bearer_says("webhook own; #<\n webhook_secret jwks:$good;", $bearer_needs);
bearer_says("webhook own; #<\n webhook_claim /azp us; webhook_secret "
            . "jwks:$good;", $bearer_needs);
bearer_says("webhook own; webhook_claim /aud us; webhook_secret jwks:$good;");

server_says("webhook own; #<\n webhook_secret jwks:$good;\n"
    . 'location /a { webhook_claim /aud us; } location /b { webhook off; }',
    ["$bearer_needs, requests outside of the locations that have one will get "
     . '503'], $bearer);

# what a sender with one key for all leaves open
my $google = secret_file(google => jwks($rsa->jwk(kid => 'a')), 0644);

for my $case (['webhook_claim /aud us;', '/email'],
              ['webhook_claim /email a@b.c;', '/aud'],
              ['webhook_claim /aud us; webhook_claim /email a@b.c;'])
{
    my ($claims, $needs) = @$case;

    location_says("webhook google-pubsub; #<\n $claims webhook_secret "
                  . "jwks:$google;", $needs && "\"webhook google-pubsub\" in @ "
                  . "needs a \"webhook_claim $needs\", without it a token that "
                  . 'was meant for another receiver counts here');
}

http_says("server {\n listen 127.0.0.1:1; location / { #<\n webhook github; "
    . "webhook_secret 0123456789abcdef; webhook_claim /aud us;\n} }",
    qr/^"webhook_claim" has no effect in the block at \@, "webhook github" has no token with claims, remove it$/);

done_testing();


sub says { return location_says($_[0], $_[1], $own) }
sub bearer_says { return location_says($_[0], $_[1], $bearer) }


sub provider_says {
    my ($rules, $what) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    http_says("webhook_provider own { $rules } #<",
              $what ? "webhook_provider \"own\" $what in \@" : ());
}


# In a week, as a certificate has it.
sub soon {
    my ($s, $m, $h, $d, $mon, $y) = gmtime time + 7 * 86400;

    return sprintf '%04d%02d%02d%02d%02d%02dZ', $y + 1900, $mon + 1, $d, $h,
                   $m, $s;
}
