#!/usr/bin/perl

# Workers of hosts that share a Redis: killed, stalled, replaced, and at their
# end; and how much they remember for a Redis that is gone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Redis;
use WebhookTest::Shared qw/$upstream host message delivered known is_back
                           begun outcome ready/;

my $redis = WebhookTest::Redis->new;
my $lease = 4 * $WebhookTest::patience;
my $short = 'timeout=' . 100 * $lease . 'ms connect_timeout=5s '
            . "lease=${lease}s";


# A worker that has still to tell something when it is to end: this one is
# never acknowledged anything, and is looked at when there has been time

my $deaf = WebhookTest::Redis::Fake->new([qr/^SET \S+ 1 PX \d{6,}/, '']);
my ($bounded, $limited) = map {
    host($deaf, options => "timeout=$_->[0] connect_timeout=5s lease=60s",
         main => $_->[1])
} ['1s', ''], ['6s', 'worker_shutdown_timeout 1s;'];

for ($bounded, $limited) {
    delivered($_, 'a message that Redis is not told of', message());
    $_->{worker} = ($_->workers)[0];
}

$_->reload for $bounded, $limited;


# One of several workers is killed

my ($one, $two) = map { host($redis, options => $short, workers => 2) } 1, 2;
my $request = message();
my ($c, $taken) = begun($one, $request);
my ($victim) = worker_of($c, $one);

kill 'KILL', $victim;
$one->wait_for(sub { 2 == grep { $_ != $victim } $one->workers },
               'a new worker');
is($_->answer($request)->{status}, 409, 'a worker is killed: its claim stays')
    for $one, $two;
cmp_ok($redis->ask('PTTL', key()), '<=', 1000 * $lease, 'for its lease');
$two->wait_for(sub { !keys %{ $redis->messages } }, 'the lease to be over');
delivered($one, 'and is free then, on the same host', $request);
known($two, 'and known to the other', $request);
$one->done(allow => qr/exited on signal 9/);


# One stalls for longer than its lease

$one = host($redis, options => $short);
is_back($one, $redis);
$redis->ask('FLUSHALL');
$request = message();
($c, $taken) = begun($one, $request);

my ($stalled) = $one->workers;

kill 'STOP', $stalled;
$two->wait_for(sub { !keys %{ $redis->messages } }, 'the lease to be over');
delivered($two, 'a stalled host: another one delivers', $request);
$two->wait_for(sub { (value() // '') eq '1' }, 'the commit');

my $ttl = $redis->ask('PTTL', key());

kill 'CONT', $stalled;
$one->wait_for(sub { $one->error_log =~ /a message in work was given away/ },
               'the late renewal');
cmp_ok($redis->ask('PTTL', key()), '>', $ttl - 60_000,
       'a late renewal leaves the time of the commit');
$upstream->answer($taken, 500);
is($c->read_response->{status}, 500, 'its application fails');
known($one, 'and the message stays known', $request);
$redis->ask('FLUSHALL');

# nobody has taken it meanwhile: a commit after the lease is one
$request = message();
($c, $taken) = begun($one, $request);
kill 'STOP', $stalled;
$two->wait_for(sub { !keys %{ $redis->messages } }, 'the lease to be over');
$upstream->answer($taken, 200);
kill 'CONT', $stalled;
is($c->read_response->{body}, 'said', 'an answer after the lease');
$two->wait_for(sub { (value() // '') eq '1' }, 'the commit');
known($two, 'is a commit', $request);
$one->done;
$redis->ask('FLUSHALL');


# A reload, with messages that Redis is still to be told of

$one = host($redis);
is_back($one, $redis);
$request = message();
($c, $taken) = begun($one, $request);

my ($old) = $one->workers;

$redis->signal('STOP');
$upstream->answer($taken, 200);
is($c->read_response->{body}, 'said', 'Redis is stopped at the commit');
is(pending($one), 1, 'which is pending');
$one->signal('HUP');
$one->wait_for(sub { $one->error_log =~ / $old#\d+: gracefully shutting down/ },
               'the reload');
ok(kill(0, $old), 'the old worker stays for it');
is(pending($one), 1, 'and it is counted');
$redis->signal('CONT');
$one->wait_for(sub { (value() // '') eq '1' }, 'the commit');
$one->wait_for(sub { !kill 0, $old }, 'the end of the old worker');
is(pending($one), 0, 'nothing is pending');
unlike($one->error_log, qr/has ended before/, 'nothing is lost');

# and with a claim, which the old worker renews
$redis->ask('FLUSHALL');
$two->done;
$two = host($redis, options => $short);
is_back($two, $redis);
$redis->ask('FLUSHALL');
$request = message();
($c, $taken) = begun($two, $request);
$two->reload;
$redis->ask('PEXPIRE', my $key = key(), 600_000);
$two->wait_for(sub { $redis->ask('PTTL', $key) <= 1000 * $lease }, 'a renewal');
is($two->answer($request)->{status}, 409, 'a claim is renewed after a reload');
$upstream->answer($taken, 200);
is($c->read_response->{body}, 'said', 'its application answers');
known($two, 'and the message is known', $request);
$two->done;


# How many messages a worker remembers for a Redis that is gone

my $most = 10_000;
my $more = 50;

$one = WebhookTest->new(conf => <<"EOF");
    keepalive_requests 100000;
    webhook_zone   seen    4m;
    webhook_redis  shared  ${\ $redis->url } on_error=local;

    webhook_provider pad {
        methods GET;
        token   header:X-Token;
    }

    server {
        listen      127.0.0.1:%%PORT%%;
        server_name hooks.example.com;

        location / {
            webhook         pad;
            webhook_secret  0123456789abcdef;
            webhook_replay  zone=seen shared=shared key=\$arg_n;
            empty_gif;
        }

        location /status { webhook off; webhook_status; }
    }
EOF

$redis->ask('FLUSHALL');
$redis->signal('STOP');
$one->wait_for(sub { $one->request(numbered(0));
                     metric($one, 'up') == 0 }, 'Redis to be gone');

my $before = metric($one, 'pending');
my $socket = $one->connection;

for my $part (0 .. ($most + $more) / 50 - 1) {
    $socket->send(join '', map { numbered(1 + $_) }
                           $part * 50 .. $part * 50 + 49);
    is($_->{status}, 200, 'without Redis') || last
        for grep { $_->{status} ne 200 } map { $socket->read_response } 1 .. 50;
}

is(metric($one, 'pending'), $most, 'Redis is to be told of so many');
is(metric($one, 'lost_total'), $before + $more, 'the others are lost');
is(scalar(() = $one->error_log =~ /more than 10000 messages wait for it/g), 1,
   'which is said once');
$redis->signal('CONT');
$one->wait_for(sub { metric($one, 'pending') == 0 }, 'Redis to be told');
is(keys %{ $redis->messages }, $most, 'it has been told of all of them');
is(metric($one, 'lost_total'), $before + $more, 'and no other is lost');
$one->done;


# What is idle holds no worker, however long it would wait for an answer

$one = host($redis, options => 'timeout=600s connect_timeout=5s lease=6000s');
$redis->ask('FLUSHALL');
delivered($one, 'a message', message());
$one->wait_for(sub { (value() // '') eq '1' }, 'the commit');
($old) = $one->workers;
$one->reload;
$one->wait_for(sub { !kill 0, $old }, 'the end of the old worker');
pass('a worker that has told all it had to tell ends at once');

# what waits for an answer does, and gets it
$request = message();
$redis->signal('STOP');
$c = $one->begin($request);
is($one->answer($request)->{status}, 409, 'a message waits for Redis');
($old) = $one->workers;
$one->reload;
$redis->signal('CONT');
$upstream->answer($upstream->take, 200);
is($c->read_response->{body}, 'said', 'and is served by the old worker');
$one->wait_for(sub { !kill 0, $old }, 'the end of the old worker');
known($one, 'and known', $request);
$one->done;


# The end of those of the beginning

for (['ten seconds', $bounded], ['worker_shutdown_timeout', $limited]) {
    my ($name, $t) = @$_;

    $t->wait_for(sub { !kill 0, $t->{worker} }, 'the end of a worker');
    like($t->error_log, qr/\[error\]\ .*\ webhook\ redis\ "shared":\ a\ worker
         \ has\ ended\ before\ it\ could\ be\ told\ of\ 1\ message$/xm,
         "$name: is said");
    is(metric($t, 'lost_total'), 1, "$name: and counted");
    $t->done;
}

my $over = qr/is not waited for any longer, "worker_shutdown_timeout" is over/;

unlike($bounded->error_log, $over, 'the first one had its time');
like($limited->error_log, $over, 'the second one had not');

done_testing();


sub key { return (sort keys %{ $redis->messages })[-1] }
sub value { return (values %{ $redis->messages })[-1] }


sub numbered {
    return "GET /?n=$_[0] HTTP/1.1\r\nHost: a\r\nX-Token: 0123456789abcdef\r\n"
           . "\r\n";
}


sub metric {
    my ($t, $name) = @_;

    my $said = $t->request({ uri => '/status' })->{body};

    return ($said =~ /^nginx_webhook_redis_$name\{redis="shared"\} (\d+)$/m)[0];
}


sub pending { return metric($_[0], 'pending') }


# The worker that has this connection: the port of a client is in its sockets.
sub worker_of {
    my ($c, $t) = @_;

    my $port = sprintf ':%04X', $c->{socket}->sockport;
    my %inode = map { /^\s*\d+: \S+ \S+$port \S+ (?:\S+ ){4}\s*\S+\s+(\d+)/
                      ? ($1 => 1) : () }
                split /\n/, WebhookTest::Cert::read_file('/proc/net/tcp');

    return grep {
        grep { (readlink) =~ /^socket:\[(\d+)\]/ && $inode{$1} }
             glob "/proc/$_/fd/*"
    } $t->workers;
}
