#!/usr/bin/perl

# tools/webhook-keys: what it takes, and that the old file stays otherwise.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use POSIX ();
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/read_file write_file/;
use WebhookTest::Jose qw/jwks json/;

my $tool = dirname($FindBin::Bin) . '/tools/webhook-keys';

delete @ENV{ grep { /_proxy\z/i } keys %ENV };

my $key = WebhookTest::Jose->new('ES256');
my $ed = WebhookTest::Jose->new('EdDSA');
my $rsa = WebhookTest::Jose->new('RS256');
my %served = (
    first => jwks($key->jwk(kid => 'a')),
    second => jwks($key->jwk(kid => 'b'), $ed->jwk(kid => 'c'),
                   $ed->jwk(kid => 'twice'), $ed->jwk(kid => 'twice'),
                   { kty => 'oct', k => 'AAAA', kid => 'd' },
                   $key->jwk(kid => 'e', use => 'enc')),
    rsa => jwks($rsa->jwk(kid => 'r', alg => 'RS256', key_ops => ['verify'])),
    pem => json({ p => $key->pem, q => 'no key' }),
    text => 'not here',
    list => '[]',
    none => jwks({ kty => 'oct', k => 'AAAA' }),
    private => jwks({ %{ $key->jwk(kid => 'a') }, d => 'AAAA' }),
    large => jwks($key->jwk(kid => 'a', x5c => 'x' x 65536)),
    empty => '',
    twice => jwks($key->jwk(kid => 'a'), $ed->jwk(kid => 'a')),
    many => jwks(map { $key->jwk(kid => $_) } 1 .. 65),
    cut => jwks({ %{ $key->jwk }, x => 'AAAA' }),
    odd => jwks({ %{ $key->jwk }, crv => 'Ed25519' }),
    padded => jwks({ %{ $ed->jwk }, x => $ed->jwk->{x} . '=' }),
    zero => jwks({ kty => 'EC', crv => 'P-521', kid => 'z',
                   x => 'AQ' . 'A' x 86, y => 'A' x 87 }),
    short => jwks({ kty => 'RSA', n => 'w' x 171, e => 'AQAB' }),
    long => jwks({ kty => 'RSA', n => 'w' x 1370, e => 'AQAB' }),
    alg => jwks($key->jwk(alg => 'ECDH-ES')),
    curve => jwks($key->jwk(alg => 'ES384')),
    ops => jwks($key->jwk(key_ops => ['encrypt'])),
);

my $t = WebhookTest->new(
    files => { map { ("served/$_" => $served{$_}) } keys %served },
    conf => <<'EOF');
    server {
        listen 127.0.0.1:%%PORT%%;
        root %%DIR%%/served;
    }
EOF

my $dir = $t->dir;
my $file = "$dir/keys.json";

is_deeply([run('first')], [0, "+a\n", ''], 'the first keys');
is(read_file($file), $served{first}, 'as they came');
is((stat $file)[2] & 0777, 0644, 'for everybody to read');
is_deeply([run('first')], [0, '', ''], 'the same again');
is_deeply([run('second')], [0, "+b\n+c\n-a\n", ''], 'what came and went');
is(read_file($file), $served{second}, 'all of it');

my $inode = (stat $file)[1];

for (['text', qr/ is no JSON object$/], ['list', qr/ is no JSON object$/],
     ['empty', qr/ is no JSON object$/],
     ['none', qr/ has no key that can be used$/],
     (map { [$_, qr/ has no key that can be used$/] }
          qw/twice cut odd padded short long alg curve ops/),
     ['many', qr/ has more than 64 keys$/],
     ['private', qr/ has a private key$/],
     ['large', qr/ could not be fetched$/], ['gone', qr/ could not be fetched$/])
{
    my ($name, $said) = @$_;
    my ($exit, $out, $err) = run($name);

    is("$exit$out", '1', "$name is refused");
    like($err, $said, 'and why');
    is(read_file($file), $served{second}, 'the old keys stay');
}

is((stat $file)[1], $inode, 'in the same file');
is_deeply([run('rsa')], [0, "+r\n-b\n-c\n", ''], 'a key of RSA');
is_deeply([run('pem')], [0, "+p\n-r\n", ''], 'PEM texts');
is_deeply([run('zero')], [0, "+z\n-p\n", ''],
          'a coordinate without its zero');

for my $url ('http://example.com/keys', 'ftp://127.0.0.1/keys', 'keys') {
    my ($exit, $out, $err) = command($url, $file);

    is("$exit$out", '1', "$url is refused");
    like($err, qr/ is not an https:\/\/ URL, /, 'and why');
}

my ($exit, $out, $err) = command('http://127.0.0.1:' . $t->port . '/first',
                                 "$dir/none/keys.json");

is($exit, 1, 'nowhere to write to');
is_deeply([glob "$dir/.keys*"], [], 'nothing is left behind');
is((command())[0], 2, 'no arguments');

$t->done;
done_testing();


sub run {
    return command('http://127.0.0.1:' . $t->port . "/$_[0]", $file);
}


# Exit status, output, errors.
sub command {
    my @arguments = @_;

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        open STDOUT, '>', "$dir/out" or die $!;
        open STDERR, '>', "$dir/err" or die $!;
        exec $tool, @arguments or POSIX::_exit(127);
    }

    waitpid $pid, 0;

    return ($? >> 8, read_file("$dir/out"), read_file("$dir/err"));
}
