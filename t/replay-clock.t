#!/usr/bin/perl

# webhook_replay: who holds a claim for ever does not keep it.  Leases are
# counted by the monotonic clock, which is put an hour ahead here.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Shim;
use WebhookTest::Signed qw/$secret signed/;
use WebhookTest::Upstream;

my $upstream = WebhookTest::Upstream->new;

my $shim = WebhookTest::Shim->new(<<'EOF');
#include <time.h>

int
clock_gettime(clockid_t id, struct timespec *ts)
{
    int         rc;
    static int  (*next)(clockid_t, struct timespec *);

    NEXT(clock_gettime);

    rc = next(id, ts);

    if (id != CLOCK_REALTIME && ARMED) {
        ts->tv_sec += 3601;
    }

    return rc;
}
EOF

my $t = $shim->with(sub { WebhookTest->new(conf => <<"EOF") });
    webhook_zone seen 1m;

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook github;
        webhook_secret "$secret";
        webhook_replay zone=seen;
        proxy_read_timeout 5h;

        location / { proxy_pass http://${\ $upstream->address }; }
    }
EOF

my $request = signed(method => 'POST', uri => '/', body => 'a message');
my $first = $t->begin($request);
my $taken = $upstream->take;

is($t->status($request), 409, 'a request is on its way');

$shim->arm;

my ($second, $again);

$t->wait_for(sub {
    $second = $t->begin($request);
    $again = $upstream->take(0.2);
}, 'its lease to be over');

$upstream->answer($taken, 200);
is($first->read_response->{status}, 200, 'it may still end');
is($t->status($request), 409, 'without a word about the second');
$upstream->answer($again, 500);
is($second->read_response->{status}, 500, 'which fails');

my $third = $t->begin($request);

$taken = $upstream->take;
ok($taken, 'and leaves the message to a third');
$upstream->answer($taken, 200);
is($third->read_response->{status}, 200, 'which is taken');

$t->done;
done_testing();
