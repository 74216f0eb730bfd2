#!/usr/bin/perl

# Every option of a signature has an effect beside every kind of body: what is
# signed as the option says is accepted with it, and refused without it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib qw/crc32/;
use Digest::SHA qw/hmac_sha1_hex hmac_sha256 hmac_sha256_hex hmac_sha384_hex
                   hmac_sha512_hex sha256_hex/;
use MIME::Base64 qw/decode_base64 encode_base64 encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Ed25519;

# hex and Base64 at once
my $secret = '30313233343536373839616263646566';
my $pair = WebhookTest::Ed25519->new;
my $form = 'b=2&a=1';
my $digest = sha256_hex($form);

# the rules, the text of the message for a URI, and the body
my %body = (
    raw => ['body raw;', sub { $form }],
    form => ['body form:a;', sub { '1' }, 'a=1'],
    'form-sorted' => ['body form-sorted;', sub { 'a1b2' }],
    crc32 => ['body crc32;', sub { crc32($form) }],
    sha256 => ['body sha256:header:D; message $http_d$webhook_body;',
               sub { $digest }],
    none => ['body none; message $request_uri;', sub { $_[0] }],
);

# the option, and the header for a text
my %option = (
    default => ['', sub { hmac_sha256_hex($_[0], $secret) }],
    sha1 => ['algorithm=hmac-sha1', sub { hmac_sha1_hex($_[0], $secret) }],
    sha384 => ['algorithm=hmac-sha384',
               sub { hmac_sha384_hex($_[0], $secret) }],
    sha512 => ['algorithm=hmac-sha512',
               sub { hmac_sha512_hex($_[0], $secret) }],
    ed25519 => ['algorithm=ed25519 encoding=base64',
                sub { $pair->sign($_[0]) }],
    base64 => ['encoding=base64',
               sub { encode_base64(hmac_sha256($_[0], $secret), '') }],
    base64url => ['encoding=base64url',
                  sub { encode_base64url(hmac_sha256($_[0], $secret)) }],
    prefix => ['prefix=v0=', sub { 'v0=' . hmac_sha256_hex($_[0], $secret) }],
    list => ['"list=;"', sub { 'x;' . hmac_sha256_hex($_[0], $secret) }],
    lines => ['list=lines', sub { 'x,' . hmac_sha256_hex($_[0], $secret) }],
    field => ['field=v1',
              sub { 't=1,v1=' . hmac_sha256_hex($_[0], $secret) }],
    hex => ['key=hex', sub { hmac_sha256_hex($_[0], pack 'H*', $secret) }],
    'base64-key' => ['key=base64',
                     sub { hmac_sha256_hex($_[0], decode_base64($secret)) }],
    whsec => ['key=whsec',
              sub { hmac_sha256_hex($_[0], decode_base64($secret)) }],
);

my ($providers, $locations) = ('', '');

for my $body (sort keys %body) {
    for my $option (sort keys %option) {
        my $as = $option eq 'ed25519' ? 'file:pem' : $secret;

        $providers .= "webhook_provider $body-$option { signature "
            . "header:X-Signature $option{$option}[0]; $body{$body}[0] }\n";
        $locations .= "location = /$body/$option { webhook $body-$option; "
            . "webhook_secret $as; proxy_pass http://%%APP%%; }\n";
    }
}

my $t = WebhookTest->new(files => { pem => $pair->pem }, conf => $providers
    . "server {\nlisten 127.0.0.1:%%PORT%%;\n$locations\n}\n");

for my $body (sort keys %body) {
    my ($rules, $text, $bytes) = @{ $body{$body} };

    my $send = sub {
        my ($option, $sign) = @_;
        my $uri = "/$body/$option";

        return $t->request({ method => 'POST', uri => $uri,
            body => $bytes // $form, headers => [
                ['Content-Type', 'application/x-www-form-urlencoded'],
                ['D', $digest], ['X-Signature', $sign->($text->($uri))],
            ] })->{status};
    };

    for my $option (sort keys %option) {
        my $sign = $option{$option}[1];

        is($send->($option, $sign), 202, "$body, $option");
        is($send->('default', $sign), 403, "$body, not without $option")
            if $option ne 'default';
    }
}

$t->done;
done_testing();
