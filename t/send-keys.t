#!/usr/bin/perl

# tools/webhook-send with key pairs that it has made itself: every algorithm of
# tokens, whole and detached, and of signatures by public keys.  What it signs
# is accepted by the set of keys that it has written, and nothing else is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use JSON::PP qw/decode_json/;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/read_file write_file/;
use WebhookTest::Providers qw/$send/;

my $temp = File::Temp->newdir;
my @algs = qw/rs256 rs384 rs512 ps256 ps384 ps512 es256 es384 es512 eddsa/;
my @digests = ('', 'digest=base64', 'digest=base64url');

my %bare = (
    'ed25519'    => 'ed25519',
    'p256'       => 'ecdsa-p256-sha256',
    'p256-raw'   => 'ecdsa-p256-sha256 format=raw',
    'p384'       => 'ecdsa-p384-sha384',
    'p384-raw'   => 'ecdsa-p384-sha384 format=raw',
    'rsa-sha1'   => 'rsa-sha1',
    'rsa-sha256' => 'rsa-sha256',
    'rsa-sha512' => 'rsa-sha512',
);

my %rules = (
    (map { ("jwt-$algs[$_]" => "signature header:X-Token algorithm=jwt-"
            . "$algs[$_] body_digest=/sha256 $digests[$_ % @digests];") }
         0 .. $#algs),
    (map { ("jws-$_" => "signature header:X-Token algorithm=jws-$_;") } @algs),
    (map { ($_ => "signature header:X-Signature algorithm=$bare{$_} "
            . 'encoding=base64; key_id header:X-Key;') } keys %bare),
    bearer => 'signature bearer algorithm=jwt-es256 body_digest=none;',
    whole => 'signature body algorithm=jwt-es256; body jwt;',
);

my @names = sort keys %rules;
my $own = "$temp/own.conf";

write_file($own, join '',
           map({ "webhook_provider $_ { $rules{$_} }\n" } @names),
           'webhook_provider message { signature http-message '
           . "covers=\@method,content-digest requires=created,keyid; }\n");
write_file("$temp/body", '{"id":"i 1"}');

my %jwk = map { $_ => new_key($_) } @names;

my $t = WebhookTest->new(
    files => { map { ("keys/$_" => read_file("$temp/$_.json")) } @names },
    conf => join '', "    include $own;\n",
                     "    server {\n        listen 127.0.0.1:%%PORT%%;\n",
                     (map { location($_) } @names), "    }\n");

sent($_) for @names;

# what kind of key it is is asked in a directory whose name may have spaces
mkdir "$temp/a b" or die $!;

for my $name ('ed25519', 'p256') {
    local $ENV{TMPDIR} = "$temp/a b";

    is(command('message', '--secret', "file:$temp/$name", '--key-id', 'a',
               '--url', 'http://127.0.0.1/', '--print', "$temp/body"), 0,
       "a message is signed by $name");
}

my $key = read_file("$temp/bearer");

is(command('bearer', '--new-key', "$temp/bearer"), 2, 'a key that is there');
is(read_file("$temp/bearer"), $key, 'stays');

$t->done;
done_testing();


# A private key for nobody else to read, a set of one key for everybody.
sub new_key {
    my ($name) = @_;

    is(command($name, '--new-key', "$temp/$name", '--key-id', "$name 1"), 0,
       "$name: a key is made");

    my ($jwk, @more) = @{ decode_json(read_file("$temp/$name.json"))->{keys} };

    is("$jwk->{kid} $jwk->{use} " . @more, "$name 1 sig 0", 'of this id');
    ok(!exists $jwk->{d}, 'the set has its public part alone');
    is((stat "$temp/$name")[2] & 0777, 0600, 'nobody else reads the private');
    is((stat "$temp/$name.json")[2] & 0777, 0644, 'everybody the other');

    return $jwk;
}


sub location {
    my ($name) = @_;

    my $claim = $name eq 'bearer' ? 'webhook_claim /aud us; ' : '';

    return "location = /$name { webhook $name; $claim"
           . "webhook_secret jwks:keys/$name; proxy_pass http://%%APP%%; }\n";
}


sub sent {
    my ($name) = @_;

    my ($other) = grep { $_ ne $name && kind($_) eq kind($name) } @names;

    is(asked($name, $name, "$name 1"), '0 1', "$name: accepted");
    is(asked($name, $name, "$name 1", '--tamper'), '1 0', 'not when changed')
        if $name ne 'bearer';
    is(asked($name, $name, "$name 2"), '1 0', 'not under another id');
    is(asked($name, $other, "$name 1"), '1 0', 'not by another key');
}


# What a key could sign for.
sub kind { return $jwk{ $_[0] }{crv} // 'RSA' }


# Exit status, and how often the application was asked.
sub asked {
    my ($name, $key, $id, @more) = @_;

    my $exit = command($name, '--secret', "file:$temp/$key", '--key-id', $id,
                       '--url', 'http://127.0.0.1:' . $t->port . "/$name",
                       ($name eq 'bearer' ? qw{--claim /aud=us} : ()), @more,
                       "$temp/body");
    my $n = () = $t->app_requests;

    $t->app_clear;

    return "$exit $n";
}


sub command {
    my ($name, @arguments) = @_;

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        open STDOUT, '>', '/dev/null' or die $!;
        open STDERR, '>', "$temp/errors" or die $!;
        exec $^X, $send, '--provider', $name, '--provider-file', $own,
             @arguments;
        die "exec: $!";
    }

    waitpid $pid, 0;

    return $? >> 8;
}
