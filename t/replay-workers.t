#!/usr/bin/perl

# webhook_replay among workers: copies that come at the same time, reloads,
# workers that are killed, and a zone that is much too small.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use Test::More;
use Time::HiRes qw/sleep/;

use WebhookTest;
use WebhookTest::Signed qw/$secret signed timed/;
use WebhookTest::Upstream;

my $duplicate = qq/{"status":200,"duplicate":true}\n/;
my $token = 'the token of this sender';
my $upstream = WebhookTest::Upstream->new;
my $body = 0;

my $conf = sub {
    my (%want) = @_;

    my $provider = $want{provider} // 'github';

    return <<"EOF";
    log_format pid '\$pid';

    webhook_zone seen $want{seen};
    webhook_zone many 32k;
    webhook_zone claims 32k;

    webhook_provider query { methods GET; token header:X-Token; }

    webhook_provider others {
        signature header:X-Hub-Signature-256 prefix=sha256=;
    }

    webhook_provider timed {
        signature header:X-Signature;
        timestamp header:X-Time past=5m future=5m;
        message   \$webhook_timestamp.\$webhook_body;
    }

    keepalive_requests 1000000;

    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        access_log %%DIR%%/logs/pid.log pid;

        webhook github;
        webhook_secret "$secret";
        webhook_replay zone=seen;

        proxy_set_header X-Pid \$pid;

        location / { proxy_pass http://${\ $upstream->address }; }
        location /app/ { webhook $provider; proxy_pass http://%%APP%%; }

        location /claims/ {
            webhook timed;
            webhook_replay zone=claims;
            proxy_pass http://${\ $upstream->address };

            location /claims/fill { proxy_pass http://%%APP%%; }
        }

        location /many/ {
            access_log off;
            webhook query;
            webhook_secret "$token";
            webhook_replay zone=many ttl=1h key=\$arg_n;
            empty_gif;
        }
    }
EOF
};

my $t = WebhookTest->new(workers => 2, conf => $conf->(seen => '1m'));


# Fifty at once

my %request = message();
my @copies = map { $t->begin(\%request) } 1 .. 50;
my $taken = $upstream->take;

my @waiting = in_progress(@copies);

is(scalar @waiting, 1, 'of 50 copies at once 49 get 409');
ok(!$upstream->take(0.2), 'and one goes to the application');

$upstream->answer($taken, 200);
is($waiting[0]->read_response->{body}, 'said', 'which answers');

@copies = map { $t->begin(\%request) } 1 .. 50;
is(scalar(grep { $_->read_response->{body} eq $duplicate } @copies), 50,
   '50 more are duplicates');

my %pids;

undef @copies;
$t->wait_for(sub {
    %pids = map { $_ => 1 } split /\n/, $t->log_file('pid.log');
    keys %pids == 2;
}, 'a line of either worker');

# a reload in between
%request = message();
@copies = map { $t->begin(\%request) } 1 .. 25;
$taken = $upstream->take;
@waiting = in_progress(@copies);
$t->reload;
@waiting = in_progress(@waiting, map { $t->begin(\%request) } 1 .. 25);

is(scalar @waiting, 1, '25 copies, a reload, 25 copies: 49 get 409');

$upstream->answer($taken, 200);
is($waiting[0]->read_response->{body}, 'said', 'the old worker ends its own');
is($t->answer(\%request)->{body}, $duplicate, 'the new ones know of it');
ok(!$upstream->take(0.2), 'the application has had one');

$t->reload;
is($t->answer(\%request)->{body}, $duplicate, 'and after another reload');
unlike($t->error_log, qr/begins empty/, 'the zone has been kept');

# a failure lets the next one through
%request = message();

for my $status (500, 503, 200) {
    @copies = map { $t->begin(\%request) } 1 .. 50;
    $taken = $upstream->take;
    @waiting = in_progress(@copies);

    is(scalar @waiting, 1, "$status: 50 copies, one goes to the application");
    $upstream->answer($taken, $status);
    is($waiting[0]->read_response->{status}, $status, "and gets $status");
}

is($t->answer(\%request)->{body}, $duplicate, 'no more after the 200');


# A worker is killed

my %done = message();
my $c = $t->begin(\%done);
$upstream->answer($upstream->take, 200);
is($c->read_response->{body}, 'said', 'a message is taken');

%request = message();
$c = $t->begin(\%request);
$taken = $upstream->take;

my ($pid) = $taken->{bytes} =~ /^X-Pid: (\d+)/m;

kill 'KILL', $pid;
is($c->read_response, undef, 'a worker is killed with a request in work');
WebhookTest::Upstream::hang_up($taken);

# each try has an end before the next one: a new worker may be slow to come
undef $taken;
$t->wait_for(sub {
    my $ended;

    $c = $t->begin(\%request);
    $ended = ended($c) until $taken = $upstream->take(0.05) or $ended;

    return $taken;
}, 'the message to be free');

$upstream->answer($taken, 200);
is($c->read_response->{body}, 'said', 'the next copy is passed on');
is($t->answer(\%request)->{body}, $duplicate, 'and is the last');
is($t->answer(\%done)->{body}, $duplicate,
   'what was taken before is still known');

# workers are killed under a sender that retries
my ($tries, $died) = (0, 0);

for my $n (1 .. 150) {
    my %request = message('/app/');
    my $response;

    do {
        my $c = eval { $t->begin(\%request) };

        kill 'KILL', ($t->workers)[0] if $n % 30 == 0 && $died++ < $n / 30;

        $response = $c && $c->read_response;
        sleep 0.05 if !$response || $response->{status} >= 300;
    } until ($response && $response->{status} < 300) || $tries++ > 500;
}

my %bodies = map { $_->{body} => 1 } $t->app_requests;

is(scalar keys %bodies, 150, "no message is lost, with $tries retries");
cmp_ok($died, '>=', 5, 'though workers died');

# the claims of a killed worker give their room back
my $n = 0;
my $held = 40;
my @held;

for (1 .. $held) {
    push @held, [$t->begin({ at_time($n++) }), $upstream->take];
}

cmp_ok(fill(), '>', 10, 'a zone is full, of claims too');

my %killed = map { $_ => 1 } $t->workers;

kill 'KILL', keys %killed;
$_->[0]->close for @held;
undef @held;
$t->wait_for(sub { 2 == grep { !$killed{$_} } $t->workers }, 'new workers');

is(fill(), $held, 'when the workers have been killed there is room again');


# A zone that is too small

my $started = time;
my $many = 100_000;
my $new = 0;
my @lines = map { $t->connection } 1 .. 4;

# on one connection the last ones, so that they come in their order
for (my $i = 0; $i < $many - 1000; $i += 1000) {
    ask_many($lines[$_], $i + 250 * $_, 250) for 0 .. 3;
    $new += answers($_, 250) for @lines;
}

ask_many($lines[0], $many - 1000, 1000);
$new += answers($lines[0], 1000);

is($new, $many, "$many messages in the smallest zone: each is passed on");

my $known = 0;

$known++ while $known < $many && !is_new($many - 1 - $known);

cmp_ok($known, '>=', 16, 'those it has room for are known');
cmp_ok($known, '<', 256, 'they are few');

sleep 1.1;
ok(is_new($many), 'a message of a later second');

my ($evicted) = ($t->error_log =~ /.*zone "many" is full:.* (\d+) in all/s);

is($evicted, $many + 2 - $known, 'the log says how many were evicted');
cmp_ok(scalar(() = $t->error_log =~ /zone "many" is full/g), '<=',
       time - $started + 1, 'one line a second');


# Another size

%request = message('/app/');
is($t->status(\%request), 202, 'a message');

$t->configure($conf->(seen => '2m'));
$t->reload;
like($t->error_log, qr/\[warn\].* zone "seen" begins empty, it has 2097152 /,
     'another size makes a new zone, and the log says so');
is($t->status(\%request), 202, 'which knows nothing');
is($t->answer(\%request)->{body}, $duplicate, 'yet');

$t->configure($conf->(seen => '2m', provider => 'others'));
$t->reload;
is($t->status(\%request), 202, 'the message of another sender');

$t->done(allow => qr/exited on signal 9/);
done_testing();


sub message {
    my ($uri) = @_;

    return %{ signed(uri => $uri // '/', body => 'message ' . ++$body) };
}


sub at_time {
    my ($n, $uri) = @_;

    return (method => 'POST', uri => $uri // '/claims/', body => "x$n",
            headers => [timed(time, "x$n")]);
}


# How many messages there is room for.
sub fill {
    my $room = 0;

    $room++ while $room < 1000
                  && $t->status({ at_time($n++, '/claims/fill') }) == 202;

    return $room;
}


# Those that are left when the ones with 409 are taken away: one, unless that
# takes too long.
sub in_progress {
    my (@connections) = @_;

    my $until = Time::HiRes::time() + 10;

    while (@connections > 1 && Time::HiRes::time() < $until) {
        my $c = shift @connections;

        $c->{timeout} = 0.05;

        my $response = $c->read_response;

        push @connections, $c if !$response || $response->{status} != 409;
    }

    $_->{timeout} = 10 for @connections;

    return @connections;
}


# True when an answer has come, or the connection has ended.
sub ended {
    my ($c) = @_;

    return IO::Select->new($c->{socket})->can_read(0);
}


# Sends so many requests, from that number on.
sub ask_many {
    my ($c, $from, $n) = @_;

    $c->send(join '', map { "GET /many/?n=$_ HTTP/1.1\r\nHost: a\r\n"
        . "X-Token: $token\r\n\r\n" } $from .. $from + $n - 1);
}


# Reads so many answers; how many of them are the application's.
sub answers {
    my ($c, $n) = @_;

    my $count = sub { scalar(() = $c->{buffer} =~ /$_[0]/g) };

    $c->{until} = Time::HiRes::time() + 20;
    $c->fill_until(sub { $count->("GIF89a") + $count->('"duplicate":true')
                         + $count->('"error":') >= $n });

    my $new = $count->("GIF89a");

    $c->{buffer} = '';

    return $new;
}


sub is_new {
    my ($n) = @_;

    ask_many($lines[0], $n, 1);

    return answers($lines[0], 1);
}
