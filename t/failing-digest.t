#!/usr/bin/perl

# A digest for which OpenSSL has no memory: the configuration is refused, the
# request gets 500, what a Redis was to be told of is lost, and none of them
# ends the process.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use Test::More;

use WebhookTest;
use WebhookTest::Redis;
use WebhookTest::Shared qw/host message delivered/;
use WebhookTest::Shim;

plan skip_all => 'valgrind has a malloc() of its own'
    if $ENV{WEBHOOK_VALGRIND};

my $shim = WebhookTest::Shim->new(<<'EOF');
static int  failing;

void *
malloc(size_t size)
{
    static void *(*next)(size_t);

    NEXT(malloc);

    return failing ? NULL : next(size);
}

int
EVP_DigestInit_ex(void *ctx, const void *type, void *engine)
{
    int         rc;
    static int  (*next)(void *, const void *, void *);

    NEXT(EVP_DigestInit_ex);

    failing = ARMED;
    rc = next(ctx, type, engine);
    failing = 0;

    return rc;
}
EOF

my $conf = <<'EOF';
    webhook_zone seen 1m;
    server {
        listen 127.0.0.1:%%PORT%%;
        add_header X-Reason $webhook_reason always;
        location = /hook {
            webhook         github;
            webhook_secret  'the secret of these tests';
            webhook_replay  zone=seen;
            proxy_pass      http://%%APP%%;
        }
    }
EOF

my $t = $shim->with(sub { WebhookTest->new(conf => $conf) });
my ($worker) = $t->workers;

is(hook('first')->{status}, 202, 'a message');

$shim->arm;

my $answer = hook('second');

is($answer->{status}, 500, 'without a digest');
is($answer->{header}{'x-reason'}, 'internal', 'and its reason');

$shim->disarm;

is(hook('second')->{status}, 202, 'again, and it has not been claimed');
is(hook('first')->{status}, 200, 'a copy is still known');
is(scalar $t->app_requests, 2, 'what has gone to the application');
is_deeply([$t->workers], [$worker], 'the worker lives');

$shim->arm;

my ($status, $text) = $shim->with(sub { WebhookTest::nginx_t($conf) });

is($status, 1, 'a configuration without a digest is refused');

$shim->disarm;

($status, $text) = $shim->with(sub { WebhookTest::nginx_t($conf) });

is($status, 0, 'and taken with one');

$t->done;

# the key of a message in Redis, made when Redis is back
$shim = WebhookTest::Shim->new(<<'EOF');
void *
EVP_MD_CTX_new(void)
{
    static void *(*next)(void);

    NEXT(EVP_MD_CTX_new);

    return ARMED ? NULL : next();
}
EOF

my $redis = WebhookTest::Redis->new(start => 0);

$t = $shim->with(sub {
    host($redis, options => 'key=0123456789abcdef on_error=local');
});
delivered($t, "message $_ without Redis", message()) for 1 .. 3;
$shim->arm;
$redis->start;
$t->wait_for(sub {
    $t->request({ uri => '/status' })->{body}
        =~ /^nginx_webhook_redis_lost_total\{redis="shared"\} 3$/m
}, 'the messages to be lost');
is_deeply($redis->messages, {}, 'without a digest Redis is not told of it');
my @said = grep { /is not told of a message: no memory for its key;/ }
    split /\n/, $t->error_log;
is(scalar @said, 1, 'and the log says so once');
like($said[0], qr/\[error\].* webhook redis "shared" /, 'with its name');
$shim->disarm;
delivered($t, 'a message with Redis', message());
$t->wait_for(sub { ((values %{ $redis->messages })[0] // '') eq '1' },
             'the commit');
$t->done;

done_testing();


sub hook {
    my ($id) = @_;

    my $body = qq/{"action":"$id"}/;

    return $t->request({ uri => '/hook', body => $body, headers => [
        ['X-GitHub-Delivery', $id],
        ['X-Hub-Signature-256',
         'sha256=' . hmac_sha256_hex($body, 'the secret of these tests')],
    ] }) // { status => 'none' };
}
