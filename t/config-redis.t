#!/usr/bin/perl

# What nginx -t says to "webhook_redis" and to "shared=".

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;
use WebhookTest::Shim;

my $zone = 'webhook_zone seen 1m;';
my $redis = sub {
    my ($words, $expected) = @_;

    http_says("webhook_redis shared $words; #<\n$zone server { listen "
              . "127.0.0.1:1; server_name a; location = /a { webhook github; "
              . "$good webhook_replay zone=seen shared=shared; } }", $expected);
};


# the URL

my $wrong = 'invalid URL of the engine "shared", it is like '
    . '"redis://HOST:6379/0", "rediss://HOST:6380" or "unix:/run/redis.sock"; '
    . 'what else there is goes into options, as "user=" and "password=" in @';

http_says('webhook_redis shared; #<', 'invalid number of arguments in '
          . '"webhook_redis" directive in @');
location_says('webhook_redis shared redis://127.0.0.1; #<',
              '"webhook_redis" directive is not allowed here in @');
$redis->($_, $wrong)
    for qw{127.0.0.1:6379 http://127.0.0.1 redis:127.0.0.1 redis://
           redis://user:pass@127.0.0.1 redis://127.0.0.1/x redis://127.0.0.1/0/1
           redis://127.0.0.1?db=1 unix:socket};
$redis->('redis://127.0.0.1:0',
         'invalid port in "127.0.0.1:0" of the engine "shared" in @');
$redis->('redis://a.invalid',
         'host not found in "a.invalid" of the engine "shared" in @');
$redis->($_)
    for qw{redis://127.0.0.1 redis://127.0.0.1:6380 redis://127.0.0.1/0
           redis://localhost:6379/15 redis://[::1]:6379 unix:/run/redis.sock
           redis://127.0.0.1/};
http_says("webhook_redis shared redis://127.0.0.1;\n"
          . "webhook_redis shared redis://127.0.0.2; #<",
          'the engine "shared" is defined twice in @');


# options

$redis->("redis://127.0.0.1 $_")
    for 'user=nginx password=0123456789abcdef', 'password=0123456789abcdef',
        'password=file:' . secret_file('redis', "secret\n"),
        'key=0123456789abcdef', 'prefix=hooks:', 'timeout=50ms lease=10s',
        'connect_timeout=2s', 'on_error=refuse', 'on_error=local';
$redis->('redis://127.0.0.1 key=short', '"key=" of the engine "shared" has '
         . 'only 5 bytes, fewer than 16 can be guessed in @');
$redis->('redis://127.0.0.1 user=nginx', '"webhook_redis" directive has '
         . '"user=" without "password=", a user of Redis needs both in @');
$redis->("redis://127.0.0.1 $_=jwks:/none", qr{^secret file "/none" cannot be})
    for qw/password key/;
$redis->("redis://127.0.0.1 $_=jwks:" . secret_file('set', '{"keys":[]}', 0644),
         'a secret of "webhook_redis" is no set of public keys, for what is in '
         . 'a file write "file:PATH" in @')
    for qw/password key/;
$redis->('redis://127.0.0.1 password=file:' . secret_file('blank', ' secret'),
         'a secret of "webhook_redis" begins or ends with a space or a tab, '
         . 'which counts as part of it in @');
$redis->('redis://127.0.0.1 "key=\'0123456789abcdef\'"',
         'a secret of "webhook_redis" is in quotes, which count as part of it '
         . 'in @');
$redis->("redis://127.0.0.1 $_=\$host",
         'a secret of "webhook_redis" takes no variables, one with "$" goes '
         . 'into a "file:" in @')
    for qw/password key/;
$redis->('redis://127.0.0.1 password=file:/none',
         qr{^secret file "/none" cannot be opened \(2: No such file or});
$redis->("redis://127.0.0.1 $_=0", "invalid time \"0\" of \"webhook_redis\", "
         . 'it is like "100ms" or "30s" and not 0 in @')
    for qw/timeout connect_timeout lease/;
$redis->("redis://127.0.0.1 $_", '"lease=" of the engine "shared" is too '
         . 'short, it is at least a second and ten times "timeout=" in @')
    for 'lease=999ms', 'lease=4s timeout=500ms';
$redis->('redis://127.0.0.1 on_error=pass', 'unknown on_error "pass" in '
         . '"webhook_redis", it can be refuse, local in @');
$redis->('redis://127.0.0.1 prefix=' . 'x' x 65, 'invalid prefix "' . 'x' x 65
         . '", it is at most 64 visible characters like "wh:" in @');
$redis->('redis://127.0.0.1 timeuot=1s', qr/^unknown option "timeuot=1s" \(did you mean "timeout="\?\) of "webhook_redis", it takes user=NAME, /);
$redis->('redis://127.0.0.1 lease=5s lease=5s', 'option "lease=5s" of '
         . '"webhook_redis" is the second of its name in @');


# TLS

$redis->("redis://127.0.0.1 $_", 'the engine "shared" has options for TLS, '
         . 'which is spoken to an URL that begins with "rediss://" in @')
    for 'server_name=a', 'trusted_certificate=a', 'certificate=a',
        'certificate_key=a';
$redis->("rediss://$_", 'the URL of the engine "shared" has an address, add '
         . '"server_name=" with a name that is in its certificate in @')
    for '127.0.0.1', '[::1]:6380';
$redis->("rediss://localhost $_=a", '"webhook_redis" directive needs '
         . '"certificate=" and "certificate_key=" together in @')
    for qw/certificate certificate_key/;
$redis->('rediss://localhost trusted_certificate=/none',
         qr{^cannot load certificate|^SSL_CTX_load_verify_locations\("/none"\)});
$redis->("rediss://$_")
    for 'localhost', "127.0.0.1 server_name=a trusted_certificate="
                     . "$secrets/ca.pem";


# authorities that OpenSSL cannot find
{
    my $shim = WebhookTest::Shim->new(<<'EOF');
int
SSL_CTX_set_default_verify_paths(void *ctx)
{
    static int (*next)(void *);

    NEXT(SSL_CTX_set_default_verify_paths);

    return ARMED ? 0 : next(ctx);
}
EOF
    $shim->arm;
    $shim->with(sub {
        $redis->('rediss://localhost', 'the certificates of the system cannot '
                 . 'be used for the engine "shared" in @, add '
                 . '"trusted_certificate=FILE"');
        $redis->('rediss://localhost trusted_certificate=' . "$secrets/ca.pem");
    });
}


# where it is used

my $shared = sub {
    my ($server, $options, $expected) = @_;

    server_says("$server location = /a {\n webhook github; $good\n"
                . "webhook_replay zone=seen shared=shared $options; #<\n}",
                [$expected], $zone
                . 'webhook_redis shared redis://127.0.0.1;');
};

$shared->('server_name a;', '');
$shared->('', 'scope=a');
$shared->('', '', '"webhook_replay" in @ is shared with other hosts and in a '
          . 'server without "server_name", add "scope=NAME" by which they '
          . 'know the place');
location_says("webhook github; $good\n webhook_replay zone=seen shared=other "
              . 'scope=a; #<', 'unknown engine "other" of "webhook_replay" in '
              . '@, define it with "webhook_redis other redis://127.0.0.1;"',
              $zone);
http_says("$zone server { listen 127.0.0.1:1; location = /a {\n webhook github; "
          . "$good\n webhook_replay zone=seen shared=shared scope=a;\n } }\n"
          . 'webhook_redis shared redis://127.0.0.1; #<');

# an engine that nobody asks
http_says('webhook_redis shared redis://127.0.0.1; #<',
          '"webhook_redis shared" in @ has no effect, no "webhook_replay" has '
          . '"shared=shared"');

done_testing();
