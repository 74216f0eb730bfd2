#!/usr/bin/perl

# How a Redis that hosts share is reached: TLS with a certificate of nginx,
# several addresses of a name, a resolver, a socket; and what the log has of
# one that is not.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use Test::More;
use Time::HiRes qw/time/;

use WebhookTest::Cert qw/ca cert/;
use WebhookTest::Names;
use WebhookTest::Redis;
use WebhookTest::Shared qw/host message delivered is_back outcome/;
use WebhookTest::Shim;

my $times = 'timeout=3s connect_timeout=5s lease=30s';
my $redis = WebhookTest::Redis->new;


# A certificate of nginx

my $ca = ca($redis->{dir}, 'ca');
my $other = ca($redis->{dir}, 'other');
my $tls = WebhookTest::Redis->new(
    tls => cert($ca, subject => '/CN=redis', san => ['DNS:redis.test']),
    clients => $ca->{cert});
my $trust = "$times server_name=redis.test trusted_certificate=$ca->{cert}";

for (['of its authority', $ca], ['of another authority', $other],
     ['none', undef])
{
    my ($name, $authority) = @$_;

    my $cert = $authority && cert($authority, subject => '/CN=nginx');
    my $t = host($tls, options => $trust
                 . ($cert ? " certificate=$cert->{cert}"
                            . " certificate_key=$cert->{key}" : ''));

    if ($authority && $authority == $ca) {
        delivered($t, "a certificate $name", message());

    } else {
        $t->wait_for(sub { $t->error_log =~ /are refused/ }, 'a line');
        is(outcome($t->answer(message())), '503 store_unavailable 2',
           "a certificate: $name");
        like($t->error_log, qr/ closed the connection, it may want another /,
             'is said');
    }

    $t->done;
}


# Several addresses, of which one is tried after the other

my $shim = WebhookTest::Shim->new(<<'EOF');
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

int
getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
    int                 rc;
    struct addrinfo    *first;
    static int        (*next)(const char *, const char *,
                              const struct addrinfo *, struct addrinfo **);

    NEXT(getaddrinfo);

    if (node == NULL || strcmp(node, "redis.test") != 0) {
        return next(node, service, hints, result);
    }

    rc = next("127.0.0.9", service, hints, result);

    if (rc == 0) {
        rc = next("127.0.0.1", service, hints, &first);
        (*result)->ai_next = first;
    }

    return rc;
}
EOF

my $named = { url => "redis://redis.test:$redis->{port}" };

# workers begin with one of them, by chance
for (1 .. 3) {
    my $t = $shim->with(sub { host($named, options => $times) });

    is_back($t, $redis);
    delivered($t, 'one of two addresses is that of Redis', message());
    $t->done;
}


# A resolver, after a failure

my $names = WebhookTest::Names->new('redis.test' => ['127.0.0.1']);
my $resolver = "resolver 127.0.0.1:$names->{port} ipv6=off;";
my $t = $shim->with(sub { host($named, http => $resolver) });

is_back($t, $redis);
$names->set('redis.test' => ['127.0.0.9']);
gone();
asked_anew();
$redis->start;
asked_anew();
is(outcome($t->answer(message())), '503 store_unavailable 2',
   'what the resolver says counts, and nobody is there');
$names->set('redis.test' => ['127.0.0.8', '127.0.0.1']);
is_back($t, $redis);
delivered($t, 'until it says another one', message());

# no answer of it: the addresses of before
gone();
$names->set;
$redis->start;
is_back($t, $redis);
delivered($t, 'a name that is not known any more: as before', message());
$t->done;

# an address is no name
$t = host($redis, http => $resolver);
is_back($t, $redis);
gone();
$redis->start;
is_back($t, $redis);
is(scalar(grep { $_ ne 'redis.test' } $names->asked), 0,
   'an address is not asked for');
$t->done;


# Nobody is there

$t = host({ url => "unix:$redis->{dir}/none" });
$t->wait_for(sub { $t->error_log =~ /are refused/ }, 'a line');
is(outcome($t->answer(message())), '503 store_unavailable 2', 'no socket');
like($t->error_log, qr/ at unix:\S+ cannot be connected to; /, 'is said');
$t->done;

# one that always fails is tried again after intervals that grow from 50 ms to
# 2 s, and of which up to a half is left to chance; here with one number for it
my $chance = WebhookTest::Shim->new("long random(void) { return 999; }\n");
my @longest = (49, 99, 199, 399, 599, 999, 1999);

is(join(' ', shorter_than(sub { $chance->with($_[0]) }, @longest)), '',
   'the intervals grow');
isnt(join(' ', shorter_than(sub { $_[0]->() }, @longest)), '',
     'and differ by chance');

# two that fail by turns: a line for each
my $loading = WebhookTest::Redis::Fake->new([qr/^HELLO/, sub {
    our $n;
    return $n++ % 2 ? "-LOADING data\r\n" : "-READONLY no\r\n";
}]);

$t = host($loading);
$t->wait_for(sub { (grep { /^HELLO/ } $loading->commands) > 6 }, 'attempts');

for (qr/says "LOADING data", it is still /, qr/says "READONLY no", it is a /) {
    is(scalar(() = $t->error_log =~ /$_/g), 1, 'what it says is said once');
}

$t->done;

done_testing();


# The numbers of those intervals between attempts that are shorter than so many
# milliseconds; the function starts a host.
sub shorter_than {
    my ($with, @longest) = @_;

    my $log = File::Temp->new;
    my $failing = WebhookTest::Redis::Fake->new([qr/^HELLO/, sub {
        syswrite $log, 1000 * time . "\n";
        return "-LOADING data\r\n";
    }]);
    my $t = $with->(sub { host($failing) });
    my @at;

    $t->wait_for(sub {
        @longest < (@at = split /\n/, WebhookTest::Cert::read_file("$log"))
    }, 'attempts');
    $t->done;

    # the clock of nginx ticks in milliseconds
    return grep { $at[$_ + 1] - $at[$_] < $longest[$_] - 2 } 0 .. $#longest;
}


# The name has been asked for, and what was said has been tried.
sub asked_anew {
    my $before = $names->asked;

    $t->wait_for(sub { $names->asked > $before + 1 },
                 'the name to be asked for');
}


# Redis ends, and nginx has found out.
sub gone {
    $redis->crash;
    $redis->{client} = undef;
    $t->wait_for(sub { outcome($t->answer(message())) =~ /^503/ }, '503');
}
