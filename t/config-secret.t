#!/usr/bin/perl

# What nginx -t says to secrets: how they are written, and which are too short,
# too well known, or the same as another one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use MIME::Base64;
use Test::More;

use WebhookTest::Config;


for my $word ('', 'a b c d') {
    location_says("webhook_secret $word; #<", 'invalid number of arguments '
        . 'in "webhook_secret" directive in @');
}

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
        . '"decode=text", "decode=hex", "decode=base64" and "for=NAME"; a '
        . 'secret with spaces needs quotes in @';

    $says->("0123456789abcdef $_", $options)
        for 'decode=HEX', 'decode=', 'decode=base64url', 'encoding=hex',
            'for=', 'second-word';
    $says->('$webhook_test_none', 'unknown "webhook_test_none" variable');
    $says->('$webhook_test_none decode=hex',
            'unknown "webhook_test_none" variable');
}

location_says('webhook_challenge_secret; #<', 'invalid number of arguments '
    . 'in "webhook_challenge_secret" directive in @');
location_says("$other\n $other #<",
              '"webhook_challenge_secret" directive is duplicate in @');
location_says('webhook_challenge_secret 0123456789abcdef for=x; #<',
              '"webhook_challenge_secret" directive takes no "for=" in @');

for my $provider (qw/meta netdata-basic netdata-bearer/) {
    location_says("webhook $provider; #<\n $good\n"
        . 'webhook_challenge_secret 0123456789abcdef;',
        "\"webhook_challenge_secret\" of \"webhook $provider\" in \@ is also "
        . 'a "webhook_secret", give it a value of its own');
}

location_says("webhook meta; #<\n webhook_secret fedcba9876543210; $good\n"
    . 'webhook_challenge_secret 30313233343536373839616263646566 decode=hex;',
    '"webhook_challenge_secret" of "webhook meta" in @ is also a '
    . '"webhook_secret", give it a value of its own');
location_says("webhook x;\n $good\n webhook_challenge_secret "
    . '0123456789abcdef;');
location_says("webhook meta;\n $good\n webhook_challenge_secret "
    . '0123456789abcdeF;');


# Keys of RSA: their size, and that of their signatures

for my $bytes (255, 256, 1024, 1025) {
    location_says("webhook wise; #<\n webhook_secret " . rsa_key($bytes) . ';',
        $bytes == 256 || $bytes == 1024 ? ()
        : 'secret 1 of "webhook wise" in @ is no key as this sender has them, '
          . 'see "key=" and "algorithm=" of its provider');
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
