#!/usr/bin/perl

# webhook_replay of several hosts, which share a real Redis.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/ca cert read_file write_file/;
use WebhookTest::Redis;
use WebhookTest::Shared qw/$upstream host message delivered known is_back
                           outcome ready/;
use WebhookTest::Upstream;

my $duplicate = qq/{"status":200,"duplicate":true}\n/;
my $times = 'timeout=3s connect_timeout=5s lease=30s';
my $lease = 3 * $WebhookTest::patience;
my $short = 'timeout=' . 100 * $lease . 'ms connect_timeout=5s '
            . "lease=${lease}s";


# Two hosts, one memory

my $redis = WebhookTest::Redis->new;
my ($one, $two) = map { host($redis) } 1, 2;

my $request = message();
my @copies = map { $_->begin($request) } ($one, $two) x 25;
my $taken = $upstream->take;

ok($taken, 'of 50 copies at once on two hosts one goes to the application');
ok(!$upstream->take(1), 'and no other');

my @left;

$one->wait_for(sub { 1 == (@left = grep { !ready($_) } @copies) },
               'the answers to 49');
is(scalar(grep { $_->read_response->{status} == 409 }
          grep { $_ != $left[0] } @copies), 49, 'which is 409');

$upstream->answer($taken, 200);
is($left[0]->read_response->{body}, 'said', 'the application answers');
$one->wait_for(sub { (value() // '') eq '1' }, 'Redis to know');
like(value(), qr/^1$/, 'Redis knows of the message');
cmp_ok($redis->ask('PTTL', key()), '>', 80_000_000, 'for its ttl');

known($_, 'a copy is one on both hosts', $request)
    for $one, $two, $two;
ok(!$upstream->take(0), 'the application has had one');

# what another host has taken is not asked for each time
$redis->ask('FLUSHALL');
is($two->answer($request)->{body}, $duplicate, 'and is remembered locally');

# a failure lets the next try through, on the other host
for my $status (500, 503) {
    $request = message();
    my $c = $one->begin($request);

    $upstream->answer($upstream->take, $status);
    is($c->read_response->{status}, $status, "$status on one host");
    $one->wait_for(sub { !keys %{ $redis->messages } }, 'the release');

    $c = $two->begin($request);
    $upstream->answer($upstream->take, 200);
    is($c->read_response->{body}, 'said', 'the other delivers it');
    known($one, 'and the first knows', $request);
    $redis->ask('FLUSHALL');
}

# on its way on one host
$request = message();
my $c = $one->begin($request);

$taken = $upstream->take;

my $refused = $two->answer($request);

is("$refused->{status} $refused->{header}{'x-reason'} "
   . $refused->{header}{'retry-after'}, '409 duplicate_in_progress 1',
   'on its way on one host, it is that on the other');
like(value(), qr/^o[0-9a-f]{40}$/, 'it has an owner');

# the sender goes away: held on both
$c->close;
$one->wait_for(sub { (value() // '') eq 'h' }, 'the message to be held');
is($two->answer($request)->{status}, 409, 'held on one host, on the other too');
cmp_ok($redis->ask('PTTL', key()), '<=', 30_000, 'for the time of "hold="');
WebhookTest::Upstream::hang_up($taken);
$redis->ask('FLUSHALL');


# Redis goes away

$request = message();
$redis->signal('STOP');
my $second = message();
@copies = map { $_->begin($request) } $one, $two;

is(outcome($_->read_response), '503 store_unavailable 2',
   'Redis is stopped: 503, and when to come again') for @copies;

my $started = Time::HiRes::time();

is(outcome($one->answer($second)), '503 store_unavailable 2', 'so does the '
   . 'next one') for 1 .. 5;
cmp_ok(Time::HiRes::time() - $started, '<', 3, 'without waiting');
ok(!$upstream->take(0), 'nothing has been delivered');
like($one->error_log, qr/\[error\]\ .*:\ webhook\ redis\ "shared"\ at
     \ 127\.0\.0\.1:\d+\ has\ not\ answered\ within\ 3000\ ms;\ until\ it\ is
     \ there\ again\ messages\ are\ refused/x, 'the log says so');
is(scalar(() = $one->error_log =~ /has not answered/g), 1, 'once');

$redis->signal('CONT');
is_back($_, $redis) for $one, $two;
delivered($one, 'Redis goes on: delivered', $request);
known($two, 'once', $request);

$redis->crash;
$redis->{client} = undef;
$second = message();
$one->wait_for(sub { outcome($one->answer($second)) =~ /^503/ }, '503');
$redis->start;
is_back($_, $redis) for $one, $two;
is($one->answer($request)->{body}, $duplicate,
   'a Redis that has been killed knows nothing, the host does');
delivered($one, 'a new message is delivered', $second);
known($two, 'and shared', $second);

# full
$redis->ask('CONFIG', 'SET', 'maxmemory', 1);
is(outcome($one->answer(message())), '503 store_unavailable 2',
   'Redis has no memory left');
like($one->error_log, qr/ says "OOM [^"]*", its memory is full, raise /, 'the log says so');
$redis->ask('CONFIG', 'SET', 'maxmemory', 0);
is_back($one, $redis);
$redis->ask('FLUSHALL');

# what is idle may be closed
$one->wait_for(sub { !grep { $_ < 3 } $redis->ask('CLIENT', 'LIST')
                             =~ / idle=(\d+) (?!.*cmd=client)/g }, 'time');

my $lines = () = $one->error_log =~ /has closed the connection/g;

$redis->ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
delivered($one, 'a connection that was idle is closed: a new one', message());
is(scalar(() = $one->error_log =~ /has closed the connection/g), $lines,
   'is no failure');
$redis->ask('FLUSHALL');

# what is not ours
$request = message();
$c = $one->begin($request);
$taken = $upstream->take;
$redis->ask('SET', key(), 'theirs');
is(outcome($two->answer($request)), '503 store_unavailable 2',
   'a value of somebody else');
like($two->error_log, qr/value of somebody else under "wh:[\w-]{43}"/, 'is said');
$redis->ask('DEL', my $key = key());
$redis->ask('RPUSH', $key, 'theirs');
is(outcome($two->answer($request)), '503 store_unavailable 2',
   'and one of another type');
$upstream->answer($taken, 200);
is($c->read_response->{status}, 200, 'and its owner ends as ever');
$one->wait_for(sub { $redis->ask('GET', $key) eq '1' }, 'the commit');
pass('with a commit');
$redis->ask('FLUSHALL');

# given away: a renewal asks for its owner
$_->done for $one, $two;
($one, $two) = map { host($redis, options => $short) } 1, 2;
$request = message();
$c = $one->begin($request);
$taken = $upstream->take;
$key = key();
$redis->ask('PEXPIRE', $key, 600_000);
$one->wait_for(sub { $redis->ask('PTTL', $key) <= 1000 * $lease }, 'a renewal');
$redis->ask('SET', $key, '1', 'PX', 600_000);
$one->wait_for(sub { $one->error_log =~ /a message in work was given away/ },
               'another renewal');
cmp_ok($redis->ask('PTTL', $key), '>', 500_000,
       'a late renewal leaves the time of a commit');
$upstream->answer($taken, 500);
is($c->read_response->{status}, 500, 'a failure of what was given away');
is($redis->ask('GET', $key), '1', 'does not release it');
$redis->ask('FLUSHALL');

# a host is killed
$request = message();
$c = $one->begin($request);
$taken = $upstream->take;
kill 'KILL', $one->{pid}, $one->workers;
waitpid delete $one->{pid}, 0;
is($two->answer($request)->{status}, 409, 'a host is killed: its claim stays');
cmp_ok($redis->ask('PTTL', key()), '<=', 1000 * $lease, 'for its lease');
$two->wait_for(sub { !keys %{ $redis->messages } }, 'the lease to be over');
delivered($two, 'and is free then', $request);
undef $one;

# a reload with a claim held, and Redis gone when the application answers
$request = message();
$c = $two->begin($request);
$taken = $upstream->take;
$two->reload;
is($two->answer($request)->{status}, 409, 'a reload: the claim stays');

my %old = map { $_ => 1 } children($two);

$redis->signal('STOP');
$upstream->answer($taken, 200);
is($c->read_response->{body}, 'said', 'Redis is stopped at the commit');
$redis->signal('CONT');
$two->wait_for(sub { (value() // '') eq '1' }, 'the commit');
pass('which is told to it later, by a worker that is to end');
$two->wait_for(sub { children($two) == 1 }, 'the old worker to end');
$two->done;


# What decides without Redis

$one = host($redis, options => "$times on_error=local");
is_back($one, $redis);
$redis->crash;
$redis->{client} = undef;
$request = message();
delivered($one, 'local: delivered without Redis', $request);
is($one->answer($request)->{body}, $duplicate, 'once on this host');
like($one->error_log, qr/until it is there again each host knows only its own /,
     'the log says so');
$redis->start;
$one->wait_for(sub { (value() // '') eq '1' }, 'the commit');
pass('Redis is told of it when it is back');
$one->done;

$one = host($redis, location => 'webhook_enforce on except=replay;');
$redis->signal('STOP');
delivered($one, 'on trial: delivered', message());
$redis->signal('CONT');
$one->done;


# Who waits for Redis goes away

$one = host($redis);
is_back($one, $redis);
$redis->ask('FLUSHALL');
$redis->signal('STOP');
$request = message();
$c = $one->begin($request);
is($one->answer($request)->{status}, 409, 'a copy does not wait');
$c->close;
$one->wait_for(sub { $one->access_log =~ / 499 / }, 'the end of the request');
$redis->signal('CONT');
delivered($one, 'who waits can go: the message is free', message());
$one->wait_for(sub { values %{ $redis->messages } == 1 }, 'the release');
delivered($one, 'also the one that had to wait', $request);
$one->done;


# How it is reached

my $ca = ca("$redis->{dir}", 'ca');
my $tls = WebhookTest::Redis->new(
    tls => cert($ca, subject => '/CN=redis', san => ['DNS:redis.test']),
    options => ['--tls-ca-cert-file', $ca->{cert}]);
my $other = ca("$redis->{dir}", 'other');

for (['of an authority that is trusted', 'redis.test', $ca],
     ['of another one', 'redis.test', $other, qr/is not to be trusted, /],
     ['that the system does not know', 'redis.test', undef,
      qr/is not to be trusted, /],
     ['of another name', 'other.test', $ca, qr/is not for "other\.test"; /])
{
    my ($what, $name, $authority, $says) = @$_;

    $one = host($tls, options => "$times server_name=$name" . ($authority
                ? " trusted_certificate=$authority->{cert}" : ''));

    if ($says) {
        $one->wait_for(sub { $one->error_log =~ $says }, 'a line in the log');
        is(outcome($one->answer(message())), '503 store_unavailable 2',
           "a certificate $what");

    } else {
        delivered($one, "a certificate $what", message());
    }

    $one->done;
}

my $socket = WebhookTest::Redis->new(unix => 1);

$one = host($socket);
delivered($one, 'a unix socket', $request);
is(keys %{ $socket->messages }, 1, 'is used');
$one->done;

# as documented
my ($acl) = read_file("$FindBin::Bin/../docs/operating.md")
            =~ /^    user (nginx .*)$/m;

$acl =~ s/PASSWORD/0123456789abcdef/;
like($redis->ask('ACL', 'SETUSER', split / /, $acl), qr/^OK/, 'the rights');
$redis->ask('FLUSHALL');

my $password = "$redis->{dir}/password";

write_file($password, "another one\n");
chmod 0644, $password;

$one = host($redis, options => "$times user=nginx password=file:$password");
$one->wait_for(sub { $one->error_log =~ /says "WRONGPASS .*", it knows no such /
               }, 'a line in the log');
unlike($one->error_log, qr/another one/, 'a wrong password is not said');
my (undef, $shown) = $one->check('-T');
like($shown, qr{password=file:\Q$password\E;}, 'nginx -T shows its file');
unlike($shown, qr/another one/, 'not what is in it');
write_file($password, "0123456789abcdef\n");
is_back($one, $redis);
delivered($one, 'the right one is read, and the rights of the documents are '
          . 'enough', $request);

$request = message();
$c = $one->begin($request);
$upstream->answer($upstream->take, 500);
is($c->read_response->{status}, 500, 'for a release');
$one->wait_for(sub { values %{ $redis->messages } == 1 }, 'the release');
$one->done;

# also for a renewal, and for what is held
$redis->ask('FLUSHALL');
$one = host($redis, options => "$short user=nginx password=file:$password");
is_back($one, $redis);
$redis->ask('FLUSHALL');
$c = $one->begin(message());
$taken = $upstream->take;
$redis->ask('PEXPIRE', $key = key(), 600_000);
$one->wait_for(sub { $redis->ask('PTTL', $key) <= 1000 * $lease }, 'a renewal');
$c->close;
$one->wait_for(sub { (value() // '') eq 'h' }, 'the message to be held');
unlike($one->error_log, qr/NOPERM/, 'for a renewal and a hold, too');
WebhookTest::Upstream::hang_up($taken);
$one->done;

# names by a key, another database, another prefix
$redis->ask('FLUSHALL');
$one = host({ url => $redis->url . '/3' },
            options => "$times prefix=x: key=0123456789abcdef0123456789abcdef");
$request = message();
delivered($one, 'a database, a prefix, a key', $request);
is_deeply($redis->messages, {}, 'nothing is in the first database');
$redis->ask('SELECT', 3);

my ($name) = keys %{ $redis->messages('x:') };

like($name, qr/^x:[\w-]{43}$/, 'the prefix');
$one->done;

$one = host({ url => $redis->url . '/3' }, options => "$times prefix=x:");
delivered($one, 'without the key', $request);
is(keys %{ $redis->messages('x:') }, 2, 'it has another name');
$one->done;

done_testing();


# The only message that Redis knows of, or that is not known.
sub key { return (sort keys %{ $redis->messages })[-1] }
sub value { return (values %{ $redis->messages })[-1] }


sub children {
    my ($t) = @_;

    return grep { WebhookTest::parent($_) == $t->{pid} }
           map { m{(\d+)$} } glob '/proc/[0-9]*';
}
