#!/usr/bin/perl

# What has no effect is an error: options beside each algorithm and beside each
# kind of body, and a "$" where there can be no variable.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


# Options of a signature beside each algorithm

my %option = (encoding => 'base64', format => 'raw', prefix => 'a',
              list => ',', field => 'a', key => 'hex', issuer => 'a',
              body_digest => '/a', digest => 'base64', parameter => 'a:b');

my %kinds = (hmac => [qw/encoding prefix list field key/],
             pubkey => [qw/encoding prefix list field/],
             ecdsa => [qw/encoding format prefix list field/],
             jwt => [qw/key issuer body_digest digest parameter/],
             jwt_pubkey => [qw/issuer body_digest digest parameter/],
             jws => [qw/key parameter/], jws_pubkey => [qw/parameter/]);

my %algorithms = (hmac => ['', map { "algorithm=hmac-sha$_" } 1, 256, 384, 512],
                  pubkey => [map { "algorithm=$_" } qw/ed25519 rsa-sha256
                             rsa-sha512 rsa-sha1/],
                  ecdsa => [map { "algorithm=ecdsa-$_" } qw/p256-sha256
                            p384-sha384/],
                  jwt => ['algorithm=jwt-hs256 body_digest=/d'],
                  jwt_pubkey => [map { "algorithm=jwt-$_ body_digest=/d" }
                                 qw/rs256 ps512 es384 eddsa/],
                  jws => ['algorithm=jws-hs256'],
                  jws_pubkey => [map { "algorithm=jws-$_" } qw/rs512 ps256
                                 es256 eddsa/]);

# a rule is read before its secret is
sub signature_says {
    my ($options, @expected) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    http_says("webhook_provider own { signature header:X $options; } #<",
              @expected);
}

for my $kind (sort keys %kinds) {
    my %has = map { $_ => 1 } @{ $kinds{$kind} };

    for my $algorithm (@{ $algorithms{$kind} }) {
        for my $name (sort keys %option) {
            next if $algorithm =~ /\b$name=/;

            signature_says("$algorithm $name=$option{$name}", $has{$name} ? ()
                : "option \"$name=\" of rule \"signature\" has no effect with "
                  . 'this "algorithm=" in @');
        }
    }
}


# Options of a signature beside each body

my %bodies = ('raw' => '', 'form:a' => '', 'form-sorted' => '', 'crc32' => '',
              'sha256:query:a' => 'message $arg_a$webhook_body;',
              'none' => 'message $request_uri;');
my @signatures = ('', 'algorithm=hmac-sha1', 'algorithm=ed25519',
                  map { "$_=$option{$_}" } qw/encoding prefix list field key/);

for my $body (sort keys %bodies) {
    signature_says("$_; $bodies{$body} body $body") for @signatures;
}

signature_says("$_; body pelorus", $_ eq '' || $_ eq 'prefix=sha256=' ? ()
    : 'the "signature" beside "body pelorus" in webhook_provider "own" is an '
      . 'HMAC-SHA256 in hex with "prefix=sha256=", leave other options out '
      . 'in @')
    for @signatures, 'prefix=sha256=', 'algorithm=jwt-hs256 body_digest=/a',
        'prefix=sha1=', 'prefix=sha512=', 'list=, prefix=sha256=';


block_says('webhook_provider own { signature query:s; body pelorus; } #<',
           qr/^"body pelorus" in .* goes with one "signature header:NAME"/);


# Other rules that go together or do not

sub own_says {
    my ($rules, $what) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    http_says("webhook_provider own { signature header:X; $rules } #<",
              $what ? "webhook_provider \"own\" has $what, which has no effect "
                      . 'in @' : ());
}

for my $body (sort keys %bodies) {
    for my $rule ('id json:/a;', 'event json:/a;', 'json object;',
                  'require /a string;')
    {
        own_says("body $body; $bodies{$body} $rule", $body eq 'form-sorted'
                 && 'a rule for JSON beside "body form-sorted"');
    }
}

my $too = 'an option of "timestamp" that "window" has, too';

own_says("message \$webhook_timestamp.\$webhook_body; "
         . "timestamp header:T $_->[0]; window $_->[1];", $_->[2])
    for ['past=5m', '1m', $too], ['past=5m future=1m', '1m', $too],
        ['future=5m', '1m future=1m', $too], ['future=5m', '1m'], ['', '1m'];
own_says('window 1m;', 'a "window" without a "timestamp"');

own_says("query $_;", 'a "query" without a source in the query')
    for 'last', 'semicolon last';
own_says("query last; $_;") for 'id query:a', 'token query:a',
    'challenge query:a', 'challenge none match=query:a=b';
own_says("replay key=body; $_", '"key=body" in "replay" beside a "body" that '
         . 'anybody can change')
    for 'body crc32;', 'body none; message $request_uri;', 'body form:a;',
        'body form-sorted;';
own_says("replay key=body; $_") for 'body raw;',
    'body sha256:header:D; message $http_d$webhook_body;';

my $never = 'a "challenge" with "after=verify" and a method that is none of '
    . 'its "methods"';

own_says("$_->[0] challenge query:a $_->[1] after=verify;", $_->[2])
    for ['', '', $never], ['', 'method=PUT', $never], ['', 'method=POST'],
        ['methods PUT GET;', ''], ['methods PUT GET;', 'method=POST', $never];


# Options of a challenge

my $hmac = 'reply=$webhook_challenge_hmac';
my $no_key = 'option "key=" of rule "challenge" has no effect without an HMAC '
    . 'in "reply=" or a "match=" without a value in @';

own_says("challenge $_;") for "none $hmac key=signing", 'none type=a/b',
    'query:a match=query:b key=signing', "query:a header=A reply=b",
    "query:a $hmac key=signing type=a/b header=X method=PUT";
http_says("webhook_provider own { signature header:X; challenge $_; #<\n}",
          $no_key)
    for 'query:a key=signing', 'none key=signing',
        'query:a match=query:b=c key=signing',
        'query:a reply=$webhook_challenge key=signing';
http_says("webhook_provider own { token bearer; challenge none header=X; #<\n}",
          'option "header=" of rule "challenge" has no effect beside "none" '
          . 'in @');


# "$" where there can be no variable

for (['methods', '$m'], ['json', '$j']) {
    rule_says("$_->[0] $_->[1]", qr/^unknown \w+ "\Q$_->[1]\E" in rule/);
}

for (['content_type', 'a/$b'], ['header', '$h x', '$h'], ['header', 'X a$b', 'a$b'],
     ['header', 'X $a*', '$a*'], ['token', 'header:$a', '$a'],
     ['token', 'query:a$', 'a$'], ['token', 'cookie:$a', '$a'],
     ['token', 'form:$a', '$a'], ['token', 'bearer for=$a', '$a'],
     ['signature', 'header:X prefix=$a', '$a'],
     ['signature', 'header:X field=$a', '$a'],
     ['signature', 'header:X list=$', '$'],
     ['signature', 'header:X issuer=$a', '$a'],
     (map { ['signature', "http-message $_=\$a", '$a'] } qw/label tag/),
     ['signature', 'http-message covers=@method,$a', '@method,$a'],
     ['key_id', 'header:$a', '$a'], ['claim', '/a string enum=$a', 'enum=$a'],
     ['id', 'header:$a', '$a'], ['event', 'query:$a', '$a'],
     ['timestamp', 'header:$a', '$a'], ['body', 'form:$a', '$a'],
     ['body', 'sha256:header:$a', '$a'],
     ['client_certificate', 'CN=$a'], ['client_certificate', 'O=a san=dns:$a',
                                       'san=dns:$a'],
     ['challenge', 'query:$a', '$a'], ['challenge', 'query:a type=$a', '$a'],
     ['challenge', 'query:a header=$a', '$a'],
     ['challenge', 'query:a match=query:b=$c', '$c'],
     ['challenge', 'query:a match=query:$b=c', '$b'],
     ['require', '/a string enum=a|$b', 'enum=a|$b'],
     ['require', '/a string when=/b=$c', '$c'])
{
    my ($rule, $words, $text) = @$_;

    $text //= $words;
    rule_says("$rule $words", "\"\$\" in \"$text\" of rule \"$rule\", there can "
        . 'be no variable in @');
}

for (['webhook', '$a'], ['webhook_public_url', 'https://$host'],
     ['webhook_client_certificate', 'CN=$a'],
     ['webhook_require', '/a string enum=$b', 'enum=$b'],
     ['webhook_claim', '/aud us $a', '$a'],
     ['webhook_secret', '0123456789abcdef for=$a', '$a'],
     (map { ['webhook_replay', "zone=a $_=\$a", '$a'] } qw/scope shared/),
     ['webhook_replay', 'zone=$a', '$a'])
{
    my ($directive, $words, $text) = @$_;

    $text //= $words;
    location_says("$directive $words; #<", "\"\$\" in \"$text\" of "
        . "\"$directive\", there can be no variable in \@");
}

http_says('webhook_provider $a { token bearer; } #<', '"$" in "$a" of '
          . '"webhook_provider", there can be no variable in @');

http_says('webhook_zone $a 1m; #<', '"webhook_zone" directive has a "$" in '
          . 'its name, there can be no variable in @');

http_says("webhook_redis $_; #<", '"$" in "$a" of "webhook_redis", there can '
          . 'be no variable in @')
    for '$a redis://127.0.0.1', map { "a redis://127.0.0.1 $_=\$a" }
        qw/user prefix trusted_certificate certificate certificate_key
           server_name/;

# where it is right
rule_says($_) for 'content_type ~json$', 'header X ~^a$', 'id json:/$schema',
    'require /$a/b string pattern=^a$ when=/$c=d',
    'challenge query:a reply=$webhook_challenge';

done_testing();
