#!/usr/bin/perl

# What nginx -t says to secrets: how they are written, and which are too short,
# too well known, or the same as another one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use MIME::Base64;
use Test::More;

use WebhookTest::Config;

my $send = dirname($FindBin::Bin) . '/tools/webhook-send';


location_says('webhook_secret; #<', 'invalid number of arguments in '
    . '"webhook_secret" directive in @');
location_says('webhook_secret a b c d; #<', 'unknown option of '
    . '"webhook_secret", it takes for=NAME, decode=ENCODING; a secret with '
    . 'spaces needs quotes in @');

for my $directive (qw/webhook_secret webhook_challenge_secret/) {
    my $end = "webhook meta;\n"
        . ($directive eq 'webhook_secret' ? '' : $good);
    my $says = sub { location_says("$end\n $directive $_[0]; #<", $_[1]) };

    $says->('""', "\"$directive\" is empty, anybody would know it in \@");
    $says->('"" decode=hex',
            "\"$directive\" is empty, anybody would know it in \@");
    $says->("file:$secrets/none", "secret file \"$secrets/none\" cannot "
        . 'be opened (2: No such file or directory) in @');
    $says->($_, "\"$directive\" is the name of a file and can be guessed, for "
            . 'what is in the file write "file:" in front in @')
        for secret_file(path => '0123456789abcdef'), './nginx.conf';
    $says->('file:', 'no path after "file:" of a secret in @');
    $says->("file:$secrets", "secret file \"$secrets\" is not a file of at "
        . 'most 65536 bytes in @');
    $says->('file:' . secret_file(big => 'x' x 65537), "secret file "
        . "\"$secrets/big\" is not a file of at most 65536 bytes in \@");
    $says->('file:' . secret_file("empty$_" => $_),
            "\"$directive\" is empty, anybody would know it in \@")
        for '', "\n", "\r\n";
    $says->($_, "\"$directive\" begins nearly as \"file:PATH\", \"jwks:PATH\", "
        . "\"keys:PATH\" or \"env:NAME\", "
            . 'which are in small letters, with a colon and no space; a secret '
            . 'that begins so goes into a "file:" in @')
        for 'File:/etc/secret', 'FILE:secret', 'file=/etc/secret', 'ENV:HOOK',
            'Env:HOOK', 'env=HOOK', '@/etc/secret', '"file: /etc/secret"',
            '"env: HOOK"', 'environment:HOOK', 'jwk:/etc/set';
    $says->($_) for 'filename:0123456789', 'environmental0123456789',
                    'keys-0123456789a';
    $says->($_, "\"$directive\" is the name of a file and can be guessed, for "
            . 'what is in the file write "file:" in front in @')
        for '/etc/nginx/secrets/none', '/run/secrets/none';
    $says->("$_ decode=base64") for '/aBc/DEFGHIJKLMNOPQRSTUVWXY+';

    my $sent = "in \"$directive\" is filled by whoever sends the request, so "
        . 'anybody would bring the secret along, let a "map" choose it in @';

    for my $variable (qw/http_x_tenant arg_secret cookie_s request_body request
                         request_uri request_method request_id args query_string
                         uri document_uri host remote_user content_type
                         content_length is_args remote_addr ssl_client_s_dn/)
    {
        $says->("\$$variable", "\"\$$variable\" $sent");
        $says->("'key-\${$variable}-of it'", "\"\$$variable\" $sent");
    }

    $says->('$HTTP_X', "\"\$http_x\" $sent");
    $says->('key-$1', "\"\$1\" $sent");

    for my $variable (qw/mine Mine/) {
        location_says("$end\n $directive \$$variable; #<",
            "\"\$mine\" in \"$directive\" is from the verified body, so it is "
            . 'empty when the secret is needed, in @',
            'webhook_var $mine /tenant;');
    }

    location_says("$end\n $directive 'a\$chosen';", undef,
                  'map $arg_tenant $chosen { a 0123456789abcdef; }');

    $says->('env:WEBHOOK_TEST_NONE', 'no variable "WEBHOOK_TEST_NONE" in the '
        . 'environment that nginx was started with in @');
    $says->('env:', 'no variable "" in the environment that nginx was '
        . 'started with in @');

    {
        local $ENV{WEBHOOK_TEST_EMPTY} = '';
        $says->('env:WEBHOOK_TEST_EMPTY',
                "\"$directive\" is empty, anybody would know it in \@");
    }

    $says->("$_ decode=hex",
            "\"$directive\" is not hex, as its \"decode=\" says in \@")
        for '0123456789abcdeg0123456789abcdef', '0123456789abcdef0',
            '"01 23456789abcdef"', '0x0123456789abcdef';
    $says->("$_ decode=base64",
            "\"$directive\" is not base64, as its \"decode=\" says in \@")
        for 'MDEyMzQ1Njc4OWFiY2RlZg', 'MDEyMzQ1Njc4OWFiY2RlZh==', '====',
            'MDEyMzQ1Njc4OWFi_2RlZg==', '"MDEy MzQ1Njc4OWFi"';

    my $options = "unknown option of \"$directive\", it takes "
        . ($directive eq 'webhook_secret' ? 'for=NAME, ' : '')
        . 'decode=ENCODING; a secret with spaces needs quotes in @';

    $says->("0123456789abcdef $_", $options) for 'encoding=hex', 'second-word';
    $says->("0123456789abcdef decode=$_", "unknown decode \"$_\" in "
            . "\"$directive\", it can be text, hex, base64 in \@")
        for 'HEX', 'base64url';
    $says->('0123456789abcdef decode=', "option \"decode=\" of "
            . "\"$directive\" has no value, one with \";\" goes in quotes, "
            . 'like "decode=;" in @');
    $says->('$webhook_test_none', 'unknown "webhook_test_none" variable');
    $says->('$webhook_test_none decode=hex',
            'unknown "webhook_test_none" variable');
}

location_says('webhook_challenge_secret; #<', 'invalid number of arguments '
    . 'in "webhook_challenge_secret" directive in @');
location_says("$other\n $other #<",
              '"webhook_challenge_secret" directive is duplicate in @');
location_says('webhook_challenge_secret 0123456789abcdef for=x; #<',
              'unknown option of "webhook_challenge_secret", it takes '
              . 'decode=ENCODING; a secret with spaces needs quotes in @');
location_says("webhook_secret 0123456789abcdef $_->[0] $_->[1]; #<",
              "option \"$_->[1]\" of \"webhook_secret\" is the second of its "
              . 'name in @')
    for ['decode=hex', 'decode=text'], ['for=a', 'for=b'];
location_says('webhook_secret 0123456789abcdef for=$a; #<', '"$" in "$a" of '
              . '"webhook_secret", there can be no variable in @');

for my $provider (qw/meta netdata-basic netdata-bearer/) {
    location_says("webhook $provider;\n webhook_secret 0123456789:abcdef;\n"
        . 'webhook_challenge_secret 0123456789:abcdef; #<',
        "\"webhook_challenge_secret\" of \"webhook $provider\" in \@ is also "
        . 'a "webhook_secret", give it a value of its own');
}

location_says("webhook meta;\n webhook_secret fedcba9876543210; $good\n"
    . 'webhook_challenge_secret 30313233343536373839616263646566 decode=hex; #<',
    '"webhook_challenge_secret" of "webhook meta" in @ is also a '
    . '"webhook_secret", give it a value of its own');
location_says("webhook own;\n webhook_secret $_->[1];\n"
    . 'webhook_challenge_secret 0123456789abcdef; #<',
    '"webhook_challenge_secret" of "webhook own" in @ is also a '
    . '"webhook_secret", give it a value of its own',
    "webhook_provider own { signature header:X key=$_->[0]; challenge "
    . 'query:crc reply=$webhook_challenge_hmac_hex; }')
    for [hex => '30313233343536373839616263646566'],
        [base64 => 'MDEyMzQ1Njc4OWFiY2RlZg=='],
        [whsec => 'whsec_MDEyMzQ1Njc4OWFiY2RlZg=='];
location_says("webhook x;\n $good\n webhook_challenge_secret "
    . '0123456789abcdef;');
location_says("webhook meta;\n $good\n webhook_challenge_secret "
    . '0123456789abcdeF;');


# Keys of RSA: their size, and that of their signatures

for my $bytes (255, 256, 1024, 1025) {
    location_says("webhook rsa;\n webhook_secret " . rsa_key($bytes) . '; #<',
        $bytes == 256 || $bytes == 1024 ? undef
        : 'secret 1 of "webhook rsa" in @ is no key as this sender has them: '
          . 'an RSA public key of 2048 to 8192 bits in PEM, or the Base64 that '
          . 'is in it',
        'webhook_provider rsa { signature header:X-Sig algorithm=rsa-sha256; }');
}


# What the keys of a sender are, said of the line of the secret
my $ed25519 = 'an Ed25519 public key, its 32 bytes in hex or Base64, or in PEM';
my %keys = (
    svix => '"whsec_" and Base64',
    'standard-webhooks' => "\"whsec_\" and Base64, or $ed25519",
    discord => $ed25519,
    hex => 'hex',
    base64 => 'Base64',
    both => 'hex, or a P-256 public key in PEM, or the Base64 that is in it',
);

for my $provider (sort keys %keys) {
    server_says("webhook_secret '0123456789!abcdef'; #<\n"
        . "location / {\n webhook $provider;\n}",
        ["secret 1 of \"webhook $provider\" in \@ is no key as this sender has "
         . "them: $keys{$provider}"],
        'webhook_provider hex { signature header:X key=hex; }',
        'webhook_provider base64 { signature header:X key=base64; }',
        'webhook_provider both { signature header:X key=hex; signature '
        . 'header:Y algorithm=ecdsa-p256-sha256; signature header:Z '
        . 'algorithm=hmac-sha1 key=hex; }');
}


# Warnings

my $short = '"webhook_secret" has only %d bytes, fewer than 16 can be guessed '
    . 'in @';

location_says("webhook github;\n webhook_secret 0123456789abcde; #<",
              sprintf $short, 15);
location_says("webhook github;\n webhook_secret 0123456789abcdef "
    . 'decode=hex; #<', sprintf $short, 8);
location_says("webhook github;\n webhook_secret MDEyMzQ1Njc4OWFiY2Q= "
    . 'decode=base64; #<', sprintf $short, 14);
location_says("webhook github;\n webhook_secret "
    . 'file:' . secret_file(short => "012345678901234\n") . '; #<',
    sprintf $short, 15);
location_says("webhook meta; $good\n webhook_challenge_secret x; #<",
              '"webhook_challenge_secret" has only 1 bytes, fewer than 16 '
              . 'can be guessed in @');

{
    local $ENV{WEBHOOK_TEST} = 'env';
    location_says("webhook github;\n webhook_secret env:WEBHOOK_TEST; #<",
                  sprintf $short, 3);
}

# of the key itself, however it is written
location_says("webhook standard-webhooks;\n webhook_secret "
    . 'whsec_OGJ5dGVrZXk=; #<', sprintf $short, 8);
location_says("webhook own;\n webhook_secret 0123456789abcdef0123456789ab; #<",
              sprintf($short, 14),
              'webhook_provider own { signature header:X-Own key=hex; }');
location_says("webhook own;\n webhook_secret MDEyMzQ1Njc4OWFiY2Q=; #<",
              sprintf($short, 14),
              'webhook_provider own { signature header:X-Own key=base64; }');
location_says("webhook own;\n webhook_secret MDEyMzQ1Njc4OWFiY2Q= decode=text;",
              undef,
              'webhook_provider own { signature header:X-Own key=base64; }');

# a whsec key as Supabase shows it
location_says("webhook standard-webhooks;\n webhook_secret "
    . 'v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw;');

# which of two kinds of keys
my $either = 'secret 1 of "webhook standard-webhooks" in @ may be a public key '
    . 'or the key of an HMAC, write "whpk_" in front of a public key, and '
    . '"whsec_" in front of the other, or give it a "decode="';
my $bare = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';

location_says("webhook standard-webhooks;\n webhook_secret $_; #<", $either)
    for $bare, 'ab' x 32;
location_says("webhook standard-webhooks;\n webhook_secret $_;")
    for "whsec_$bare", "whpk_$bare", "$bare decode=base64";
location_says("webhook svix;\n webhook_secret $bare;");
location_says("webhook telnyx;\n webhook_secret $bare;");

# a public key that would be the key of an HMAC
my $spki = rsa_key(256);
my $pem = secret_file(pem => "-----BEGIN PUBLIC KEY-----\n"
                      . ($spki =~ s/(.{64})/$1\n/gr) . "\n"
                      . "-----END PUBLIC KEY-----\n");
my $cert = secret_file(cert => "-----BEGIN CERTIFICATE-----\nMII\n");
my $public = 'is a public key that fits no signature of this sender, and as '
    . 'the key of an HMAC everybody would know it, take the secret that the '
    . 'sender shows';

for my $provider (qw/github svix standard-webhooks/) {
    location_says("webhook $provider;\n webhook_secret $_; #<",
                  "secret 1 of \"webhook $provider\" in \@ $public")
        for $spki, "$spki decode=base64", "file:$pem", "file:$cert";
}

location_says("webhook both;\n webhook_secret $_;", undef, 'webhook_provider '
              . 'both { signature header:X; signature header:Y '
              . 'algorithm=rsa-sha256; }') for $spki, "file:$pem";
location_says("webhook gitlab;\n webhook_secret $spki;");

# a secret for nothing but "Authorization: Basic"
my $colon = 'has no ":", it is "user:password"';

location_says("webhook netdata-basic;\n webhook_secret $_; #<",
              "secret 1 of \"webhook netdata-basic\" in \@ $colon")
    for '0123456789abcdef', 'MDEyMzQ1Njc4OWFiY2RlZg== decode=base64';
location_says("webhook netdata-basic;\n webhook_secret $_;")
    for 'user:0123456789abcdef', 'dXNlcjowMTIzNDU2Nzg5YWJjZGVm decode=base64';
location_says("webhook own;\n webhook_secret 0123456789abcdef;", undef,
              'webhook_provider own { token basic; token bearer; }');
location_says("webhook own;\n webhook_secret 0123456789abcdef for=b; #<\n"
    . 'webhook_secret fedcba9876543210 for=t;',
    "secret 1 of \"webhook own\" in \@ $colon",
    'webhook_provider own { token basic for=b; token bearer for=t; }');

# what is before a token in "Authorization", where that is read
my $bearer = '"Bearer 0123456789abcdef"';

location_says("webhook netdata-bearer;\n webhook_secret $bearer; #<",
              'secret 1 of "webhook netdata-bearer" in @ begins with "Bearer ", '
              . 'which is before a token and no part of it, leave that out');
location_says("webhook own;\n webhook_secret $bearer;", undef,
              'webhook_provider own { token header:Authorization; }');

# what surrounds a secret
my $plain = '0123456789abcdef';
my %odd = (
    bom => ["\xef\xbb\xbf$plain",
            'begins with a byte order mark, write it without'],
    utf16 => ["\xff\xfe" . join('', map { "$_\0" } split //, $plain),
              'is in UTF-16, write it as plain text'],
    lines => ["$plain\n$plain\n",
              'has several lines, all of them are one secret'],
    breaks => ["$plain\n\n", 'has several lines, all of them are one secret'],
    space => ["$plain \n", 'begins or ends with a space or a tab, which counts '
              . 'as part of it'],
    control => ["01234567\x0889abcdef", 'has control characters in it, they '
                . 'count as part of it'],
    quotes => ["\"$plain\"\n", 'is in quotes, which count as part of it'],
    smart => ["\xe2\x80\x9c$plain\xe2\x80\x9d\n",
              'is in quotes, which count as part of it'],
    name => ["HOOK_SECRET=$plain\n",
             'begins with "NAME=", which counts as part of it'],
    place => ["<$plain>\n",
              'looks like the place for a secret and not like one'],
    word => ["Bearer $plain\n", 'begins with a word like "Bearer ", "X-Token: ", '
             . '"base64:" or "sha256=", which counts as part of it'],
    api => ["ghp_$plain", "looks like a key for the sender's API, the secret "
            . 'that signs webhooks is another one'],
);

for my $name (sort keys %odd) {
    my ($bytes, $what) = @{ $odd{$name} };
    my $path = secret_file("odd_$name" => $bytes);

    location_says("webhook github;\n webhook_secret file:$path; #<",
                  "secret file \"$path\" $what in \@");

    local $ENV{WEBHOOK_TEST} = $bytes;
    location_says("webhook github;\n webhook_secret env:WEBHOOK_TEST; #<",
                  "\"webhook_secret\" $what in \@") if $bytes !~ /\0/;

    is(sent("file:$path"), "webhook-send: the secret $what\n",
       "webhook-send: $name");
}

is(sent($plain), '', 'webhook-send: nothing odd');

# the beginning of a header's name, which a random secret may have as well
location_says("webhook github;\n webhook_secret x-$plain;");
is(sent("x-$plain"), '', 'webhook-send: "x-" and no header');
like(sent("X-Token:$plain"), qr/begins with a word/, 'webhook-send: a header');
is(sent('file:' . secret_file(plain => "$plain\r\n")), '',
   'webhook-send: one line break');

location_says("webhook github;\n $good\n webhook_secret \"'$plain'\"; #<",
              "\"webhook_secret\" $odd{quotes}[1] in \@");
location_says("webhook meta;\n $good\n webhook_challenge_secret '$plain '; #<",
              "\"webhook_challenge_secret\" $odd{space}[1] in \@");
location_says("webhook gitlab;\n webhook_secret ghp_$plain;");

# What webhook-send says of a secret.
sub sent {
    my ($secret) = @_;

    return `$send --provider github --url http://127.0.0.1/ --print \\
            --secret '$secret' 2>&1 >/dev/null </dev/null`;
}


# told once, wherever it counts
server_says("webhook_secret \"'$plain'\"; #<\n location /a { webhook github; }\n"
    . 'location /b { webhook gitlab; }',
    "\"webhook_secret\" $odd{quotes}[1] in \@");


# Secrets of several locations, of which one answers challenges

sub same {
    my ($one, $other) = @_;

    return "secrets of \"webhook $one\" in \@ and of \"webhook $other\" in \@ "
        . 'are the same, but one of them answers challenges, so anybody could '
        . 'have a message signed for the other, give each a value of its own';
}

server_says("location /a { webhook x; $good } location /b { webhook stripe; "
    . "$good } #<", same('x', 'stripe'));
server_says("location /b { webhook gitlab; $good } location /a { webhook x; "
    . "$good } #<", same('x', 'gitlab'));
server_says("location /a { webhook meta; $good $other } location /b { "
    . 'webhook github; webhook_secret fedcba9876543210; } #<',
    same('meta', 'github'));
server_says("location /a { webhook meta; $good $other } location /b { "
    . "webhook meta; webhook_secret fedcba9876543210; $other } #<",
    qr/^"webhook_challenge_secret" of "webhook meta" in/);
server_says("location /a { webhook x; $good } location /b { webhook x; $good }");
server_says("location /a { webhook meta; $good $other } location /b { "
    . "webhook meta; $good $other }");
server_says("location /a { webhook zoom; $good } location /b { webhook stripe; "
    . "$good }");
server_says("$other location /a { webhook github; $good } location /b { "
    . 'webhook stripe; webhook_secret fedcba9876543210; }');
server_says("location /a { webhook x; $good } location /b { webhook stripe; "
    . 'webhook_secret 0123456789abcdeF; }');

# what is public in one location is no secret in another
for my $name (qw/github gitlab/) {
    my $hex = 'ab' x 32;

    server_says("webhook_secret $hex; location /a { webhook discord; } "
        . "location /b { webhook $name; } #<", 'secrets of "webhook discord" '
        . "in \@ and of \"webhook $name\" in \@ are the same, but to one of "
        . 'them it is a public key, which everybody may know, give each a '
        . 'value of its own');
    server_says("webhook_secret $hex; location /a { webhook discord; } "
        . "location /b { webhook $name; webhook_secret ${hex}00; } "
        . 'location /c { webhook telnyx; }');
}

# nginx says first that it is no variable
like((WebhookTest::nginx_t("server { location / { webhook github; "
                           . "webhook_secret 'a\$'; } }"))[1],
     qr/"\$" in a secret begins a variable, .* goes into a "file:"/,
     'nginx -t: a "$" in a secret');

# a text with variables is one secret wherever it is
my $s = 'map $uri $s { default 0123456789abcdef; }';

server_says('location /a { webhook x; webhook_secret $s; } location /b { '
    . 'webhook stripe; webhook_secret $s; } #<', [same('x', 'stripe')], $s);
server_says("location /a { webhook meta; $good webhook_challenge_secret a\$s; } "
    . 'location /b { webhook github; webhook_secret a$s; } #<',
    [same('meta', 'github')], $s);
location_says("webhook meta;\n webhook_secret \$s;\n"
    . 'webhook_challenge_secret $s; #<',
    '"webhook_challenge_secret" of "webhook meta" in @ is also a '
    . '"webhook_secret", give it a value of its own', $s);
server_says("location /a { webhook meta; $good webhook_challenge_secret $_->[0]; } "
    . "location /b { webhook github; webhook_secret $_->[1]; }", [], $s)
    for ['a$s', 'b$s'], ['$s', 'a$s'], ['$s decode=hex', '$s'];

for my $mode (0644, 0604) {
    my $path = secret_file("readable$mode" => '0123456789abcdef', $mode);
    location_says("webhook github;\n webhook_secret file:$path; #<",
                  "secret file \"$path\" can be read by every user, "
                  . '"chmod o-r" it in @');
}

location_says("webhook github;\n webhook_secret file:"
    . secret_file("private$_" => '0123456789abcdef', $_) . ';')
    for 0600, 0640, 0400;

done_testing();


# The Base64 of a public key with a modulus of so many bytes.
sub rsa_key {
    my ($bytes) = @_;

    my $key = der(2, "\0" . "\xff" x $bytes) . der(2, "\x01\x00\x01");
    my $rsa = der(6, pack 'H*', '2a864886f70d010101') . der(5, '');

    return encode_base64(der(0x30, der(0x30, $rsa)
                                   . der(3, "\0" . der(0x30, $key))), '');
}


sub der {
    my ($tag, $content) = @_;

    my $n = length $content;

    return pack('C', $tag)
        . ($n < 128 ? pack('C', $n) : $n < 256 ? pack('CC', 0x81, $n)
                                               : pack('Cn', 0x82, $n))
        . $content;
}
