#!/usr/bin/perl

# tools/webhook-keys: what it takes, and that the old file stays otherwise.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use MIME::Base64 qw/decode_base64url encode_base64url/;
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
    zero => jwks(without_zero()),
    short => jwks({ kty => 'RSA', n => 'w' x 171, e => 'AQAB' }),
    long => jwks({ kty => 'RSA', n => 'w' x 1370, e => 'AQAB' }),
    alg => jwks($key->jwk(alg => 'ECDH-ES')),
    curve => jwks($key->jwk(alg => 'ES384')),
    ops => jwks($key->jwk(key_ops => ['encrypt'])),
    number => jwks($key->jwk(kid => 5)),
    repeated => jwks($key->jwk(kid => 'a')) =~ s/"kid":/"k\\u0069d":"b","kid":/r,
    repeats => jwks($ed->jwk(kid => 'a'), $key->jwk(kid => 'b'))
               =~ s/"x":(?=.*"x":)|"x":/"x": "AAAA","x" :/gr,
    sets => jwks($key->jwk(kid => 'a')) =~ s/\}\z/,"keys":[]}/r,
    others => jwks($key->jwk(kid => 'o', x5c => [{ x => 1 }]))
              =~ s/"x":1/"x":"\\"","x":2/r =~ s/\{/{"n":1,"n":[{"n":1}],/r,
    depth => json({ p => $key->pem, q => [$key->pem] }),
    pems => json({ p => $key->pem, q => $key->pem }) =~ s/"q"/"p"/r,
    one => json({ p => $key->pem, q => $key->pem, r => $key->pem })
           =~ s/"q"/"\\u0072"/r,
    hostile => jwks($key->jwk(kid => "a\e[31m\n-all \x{202e}")),
    chain => json({ p => $key->pem . $key->pem }),
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
          qw/twice cut odd padded short long alg curve ops number pems
             chain/),
     ['many', qr/ has more than 64 keys$/],
     (map { [$_, qr/ has a member twice$/] } qw/repeated repeats sets/),
     ['depth', qr/ is no object of ids with PEM texts$/],
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
is_deeply([run('one')], [0, '', ''], 'without an id that is there twice');
is(read_file($file), $served{one}, 'and it is there');
is_deeply([run('others')], [0, "+o\n-p\n", ''], 'members that count nothing');
is_deeply([run('zero')], [0, "+z\n-o\n", ''],
          'a coordinate without its zero');
is_deeply([run('hostile')], [0, "+a?[31m?-all ?\n-z\n", ''],
          'an id is one line, and of visible characters');

for my $url ('http://example.com/keys', 'ftp://127.0.0.1/keys', 'keys') {
    my ($exit, $out, $err) = command($url, $file);

    is("$exit$out", '1', "$url is refused");
    like($err, qr/ is not an https:\/\/ URL, /, 'and why');
}

# What nginx refuses is not installed, and what it takes is.
for my $name (sort keys %served) {
    unlink $file;

    my ($exit) = run($name);
    my $format = $served{$name} =~ /"keys":\[/ ? 'jwks' : 'keys';
    my ($status, $said) = WebhookTest::nginx_t(<<"EOF");
    webhook_provider own {
        signature header:A algorithm=jwt-es256 body_digest=/a;
        signature header:B algorithm=jwt-es512 body_digest=/a;
        signature header:C algorithm=jwt-eddsa body_digest=/a;
        signature header:D algorithm=jwt-rs256 body_digest=/a;
    }
    server {
        listen 127.0.0.1:%%PORT%%;
        webhook        own;
        webhook_secret $format:$dir/served/$name;
    }
EOF
    is($exit, $status, "$name, as nginx has it") or diag($said);
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


# Half of the points of this curve have a coordinate that begins with a zero.
sub without_zero {
    my ($jwk, $bytes);

    do {
        $jwk = WebhookTest::Jose->new('ES512')->jwk(kid => 'z');
        $bytes = decode_base64url($jwk->{y});
    } until $bytes =~ s/\A\0//;

    return { %$jwk, y => encode_base64url($bytes) };
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
