#!/usr/bin/perl

# What a server may answer in place of Redis, and what becomes of messages.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::HTTP2;
use WebhookTest::Redis;
use WebhookTest::Signed qw/$secret signed forged/;

my $claim = qr/^SET \S+ o[0-9a-f]{40} NX GET PX 30000$/;
my $commit = qr/^SET wh:[\w-]{43} 1 PX/;
my $body = 0;


# To a claim

for (
    ['OOM', "-OOM command not allowed\r\n",
     qr/says "OOM command not allowed", its memory is full, /],
    ['NOAUTH', "-NOAUTH Authentication required.\r\n",
     qr/says "NOAUTH [^"]+", it wants a password, give it "password="; /],
    ['NOPERM', "-NOPERM no\r\n", qr/says "NOPERM no", its user needs the rights/],
    ['LOADING', "-LOADING data\r\n", qr/it is still reading its data; /],
    ['READONLY', "-READONLY no\r\n", qr/it is a replica, the URL must be that /],
    ['MASTERDOWN', "-MASTERDOWN no\r\n", qr/it is a replica without its primary/],
    ['MOVED', "-MOVED 1 127.0.0.1:1\r\n", qr/it is a cluster, put a proxy in /],
    ['another error', "-ERR syntax error\r\n",
     qr/says "ERR syntax error", it must be Redis 7\.0 or later, or Valkey; /],
    ['a number', ":1\r\n", qr/does not answer as Redis does; /],
    ['a list', "*1\r\n\$1\r\n1\r\n", qr/does not answer as Redis does; /],
    ['no protocol', "HTTP/1.1 400 Bad Request\r\n",
     qr/cannot be understood, Protocol error, got "H" as reply type/],
    ['NOREPLICAS', "-NOREPLICAS no\r\n", qr/has fewer replicas than "min-/],
    ['MISCONF', "-MISCONF no\r\n", qr/it cannot write to its disk; /],
    ['BUSY', "-BUSY no\r\n", qr/a script of somebody else does not end; /],
    ['ASK', "-ASK 1 127.0.0.1:1\r\n", qr/it is a cluster, put a proxy in /],
    ['CLUSTERDOWN', "-CLUSTERDOWN no\r\n", qr/it is a cluster, put a proxy /],
    ['what no terminal should have', "-ERR a\x9b31m\r\n", qr/says "ERR a", /],
    ['no list', "*-1\r\n", qr/does not answer as Redis does; /],
    ['RESP3', "_\r\n", qr/cannot be understood, |does not answer as Redis does/],
    ['RESP3, a push', ">2\r\n+a\r\n+b\r\n",
     qr/cannot be understood, |does not answer as Redis does/],
    ['half an answer', "\$41\r\no0123", qr/has not answered within 2000 ms; /],
    ['none', '', qr/has not answered within 2000 ms; /],
    ['the end', undef, qr/has closed the connection; /],
    ['two answers', "\$-1\r\n\$-1\r\n", qr/has answered what it was not asked; /],
    ['a large list', "*2000000000\r\n", qr/cannot be understood, /],
    ['a long text', '$1000000' . "\r\n" . 'x' x 100_000,
     qr/has sent an answer that is too long; /],
    ['a deep list', "*1\r\n" x 20,
     qr/cannot be understood, |has not answered within 2000 ms; /],
)
{
    my ($name, $answer, $says) = @$_;

    my $fake = WebhookTest::Redis::Fake->new([$claim, $answer]);
    my $t = host($fake);
    my $response = $t->answer(message());

    is("$response->{status} " . ($response->{header}{'x-reason'} // ''),
       $name eq 'two answers' ? '202 ' : '503 store_unavailable', $name);
    $t->wait_for(sub { $t->error_log =~ $says }, "the line of $name");
    is(scalar $t->app_requests, $name eq 'two answers' ? 1 : 0,
       "$name: what the application had");
    $t->done;
}

# a value that is none of ours is no failure of Redis
for (['long', '$300' . "\r\n" . 'o' x 300 . "\r\n"], ['short', "\$1\r\n2\r\n"],
     ['nearly an owner', '$41' . "\r\n" . 'o' . 'g' x 40 . "\r\n"])
{
    my ($name, $answer) = @$_;

    my $fake = WebhookTest::Redis::Fake->new([$claim, $answer]);
    my $t = host($fake);

    is($t->answer(message())->{status}, 503, "a value that is $name");
    like($t->error_log, qr/has a value of somebody else under "wh:/, 'is said');
    unlike($t->error_log, qr/until it is there again/, 'and no more');
    $t->done;
}

# over HTTP/2 a request waits as well
my $server = WebhookTest::Redis::Fake->new([$claim, sub {
    our $asked;
    return $asked++ ? "\$1\r\n1\r\n" : "\$-1\r\n";
}]);
my $h2 = host($server, '', '', 'listen 127.0.0.1:%%PORT_2%% http2;');

for (202, 200) {
    my $request = message();

    is($h2->http2(%$request, port => 'PORT_2')->{status}, $_,
       "HTTP/2: $_");
}

$h2->done;

# and can go meanwhile: what it has asked for is free
$server = WebhookTest::Redis::Fake->new([$claim, '']);
$h2 = host($server, '', '', 'listen 127.0.0.1:%%PORT_2%% http2;');

my $stream = WebhookTest::HTTP2->new($h2->connection(port => 'PORT_2'));

$stream->begin(%{ message() });
$stream->send_body;
$h2->wait_for(sub { grep { /$claim/ } $server->commands }, 'the claim');
$stream->reset;
$h2->wait_for(sub { $h2->access_log =~ /" 499 / }, 'the end of the request');
$h2->wait_for(sub { grep { /^EVAL .*'del'/ } $server->commands }, 'a release');
pass('HTTP/2: a stream that waits is reset');
$h2->done;

# a lost answer: the same owner is ours
my $fake = WebhookTest::Redis::Fake->new([$claim, sub {
    return '$' . length($_[2]) . "\r\n$_[2]\r\n";
}]);
my $t = host($fake);

is($t->answer(message())->{status}, 202, 'our own owner: the claim is ours');
$t->wait_for(sub { grep { /$commit/ } $fake->commands }, 'the commit');
$t->done;


# To a commit

$fake = WebhookTest::Redis::Fake->new([$commit, sub {
    our $n;
    return $n++ < 2 ? undef : "+OK\r\n";
}]);
$t = host($fake);

is($t->answer(message())->{status}, 202, 'no answer to a commit');
$t->wait_for(sub { 3 == grep { /$commit/ } $fake->commands }, 'repetitions');

my @commits = grep { /$commit/ } $fake->commands;
my %names = map { (split)[1] => 1 } @commits;
my @times = map { (split)[4] } @commits;

is(keys %names, 1, 'it is repeated');
ok($times[0] >= $times[1] && $times[1] >= $times[2], 'for the time that is left');
$t->done;


# what acknowledges no commit
$fake = WebhookTest::Redis::Fake->new([$commit, sub {
    our $times;
    return $times++ ? "+OK\r\n" : ":1\r\n";
}]);
$t = host($fake);
is($t->answer(message())->{status}, 202, 'a number to a commit');
$t->wait_for(sub { 2 == grep { /$commit/ } $fake->commands }, 'a repetition');
like($t->error_log, qr/does not answer as Redis does; /, 'is no answer');
$t->done;


# Answers to what it cannot have read yet

my $liar = WebhookTest::Redis::Liar->new;
my @claims;

$t = WebhookTest->new(conf => <<"EOF");
    webhook_zone   seen    1m;
    webhook_redis  shared  unix:$liar->{path} timeout=10s lease=100s;

    webhook_provider pad { methods GET; token header:X-Token; }

    server {
        listen      127.0.0.1:%%PORT%%;
        server_name hooks.example.com;

        location / {
            webhook         pad;
            webhook_secret  0123456789abcdef;
            webhook_replay  zone=seen shared=shared key=\$arg_n;
            empty_gif;
        }
    }
EOF
$t->wait_for(sub { $liar->greeted }, 'the greeting');
push @claims, $t->begin({ method => 'GET', uri => "/?n=$_", headers =>
                          [['X-Token', '0123456789abcdef']] }) for 1 .. 400;
is($t->answer({ method => 'GET', uri => '/?n=400', headers =>
                [['X-Token', '0123456789abcdef']] })->{status}, 409,
   'all requests wait');
$liar->answer(400);

my %statuses;

$statuses{$_->read_response->{status}}++ for @claims;

is(join(' ', sort keys %statuses), '200 503',
   'what was not sent has no answer');
like($t->error_log, qr/has answered what it was not asked; /, 'which is said');
$t->done;


# A claim without an answer is released

$fake = WebhookTest::Redis::Fake->new([$claim, undef]);
$t = host($fake);
is($t->answer(message())->{status}, 503, 'no answer to a claim');
$t->wait_for(sub { grep { /^EVAL .*'del'/ } $fake->commands }, 'a release');

my ($owner) = map { (split)[2] } grep { /$claim/ } $fake->commands;

like(join("\n", $fake->commands), qr/^EVAL .*'del'.* \Q$owner\E$/m,
     'by its owner');
$t->done;


# The greeting

local $ENV{REDIS_OF_TEST} = '0123456789abcdef';

for (
    ['HELLO', [], '', [qr/^HELLO 2$/, qr/^SET wh:probe 1 PX 60000$/]],
    ['a password', [], 'password=0123456789abcdef',
     [qr/^HELLO 2 AUTH default 0123456789abcdef$/, qr/^SET wh:probe /]],
    ['a user', [], 'user=me password=0123456789abcdef',
     [qr/^HELLO 2 AUTH me 0123456789abcdef$/, qr/^SET wh:probe /]],
    ['no HELLO', [[qr/^HELLO/, "-ERR unknown command 'HELLO'\r\n"]], '',
     [qr/^HELLO/, qr/^SET wh:probe /]],
    ['no HELLO, a user', [[qr/^HELLO/, "-ERR unknown command 'HELLO'\r\n"]],
     'user=me password=0123456789abcdef',
     [qr/^HELLO/, qr/^AUTH me 0123456789abcdef$/, qr/^SET wh:probe /]],
    ['neither, and the arguments',
     [[qr/^HELLO/, "-ERR unknown command 'HELLO', with args beginning with: "
       . "'2' 'AUTH' 'me' '0123456789abcdef' \r\n"]],
     'user=me password=0123456789abcdef',
     [qr/^HELLO/, qr/^AUTH me 0123456789abcdef$/, qr/^SET wh:probe /]],
    ['a password of the environment', [], 'password=env:REDIS_OF_TEST',
     [qr/^HELLO 2 AUTH default 0123456789abcdef$/, qr/^SET wh:probe /]],
    ['a database', [], '', [qr/^HELLO 2$/, qr/^SELECT 7$/, qr/^SET wh:probe /],
     '/7'],
)
{
    my ($name, $rules, $options, $commands, $database) = @$_;

    $fake = WebhookTest::Redis::Fake->new(@$rules);
    $t = host($fake, $options, $database);

    is($t->answer(message())->{status}, 202, "$name: a message");

    my @said = $fake->commands;

    ok(!(grep { $said[$_] !~ $commands->[$_] } 0 .. $#$commands), $name)
        or diag(join "\n", @said);
    unlike($t->error_log, qr/0123456789abcdef/, "$name: nothing secret is said");
    $t->done;
}

# what is wrong with it
for (["-DENIED no\r\n", qr/it is in protected mode, give its user a password; /],
     ["-ERR max number of clients reached\r\n", qr/, raise "maxclients"; /],
     ["-WRONGPASS invalid\r\n", qr/it knows no such user and password; /],
     ["-ERR no 'AUTH me 0123456789abcdef'\r\n", qr/says "ERR no 'AUTH me ", it /])
{
    my ($answer, $says) = @$_;

    $fake = WebhookTest::Redis::Fake->new([qr/^HELLO/, $answer]);
    $t = host($fake, 'user=me password=0123456789abcdef');
    $t->wait_for(sub { $t->error_log =~ $says }, 'a line');
    unlike($t->error_log, qr/0123456789abcdef/, 'without the password');
    $t->done;
}

for (["-ERR DB index is out of range\r\n", qr/it has no such database, the URL /],
     ["-ERR SELECT is not allowed in cluster mode\r\n",
      qr/it has one database, the URL ends with none or with "\/0"; /])
{
    my ($answer, $says) = @$_;

    $fake = WebhookTest::Redis::Fake->new([qr/^SELECT/, $answer]);
    $t = host($fake, '', '/99');
    $t->wait_for(sub { $t->error_log =~ $says }, 'a line');
    pass("SELECT: $answer");
    $t->done;
}

# an error that has the password in it
$fake = WebhookTest::Redis::Fake->new(
    [qr/^HELLO/, "-ERR unknown command 'HELLO'\r\n"],
    [qr/^AUTH/, "-ERR unknown command 'AUTH', with args beginning with: "
     . "'me' '0123456789abcdef' \r\n"]);
$t = host($fake, 'user=me password=0123456789abcdef');
is($t->answer(message())->{status}, 503, 'AUTH is not known');
like($t->error_log, qr/says "ERR unknown command 'AUTH'", it must be /,
     'is said');
unlike($t->error_log, qr/0123456789abcdef/, 'without the password');
$t->done;

# nothing else before their answers
$fake = WebhookTest::Redis::Fake->new([qr/^HELLO/, '']);
$t = host($fake, 'password=0123456789abcdef connect_timeout=1s');
is($t->answer(message())->{status}, 503, 'no answer to the greeting');
like($t->error_log, qr/cannot be spoken to within 1000 ms; /, 'is said');
is(scalar(grep { !/^HELLO/ } $fake->commands), 0, 'nothing else is sent');
$t->done;

# nobody is there
$fake->stop;
$t = host($fake);
is($t->answer(message())->{status}, 503, 'nobody is there');
like($t->error_log, qr/cannot be connected to; until .* \(111: /, 'is said');
$t->done;


# Who may not pass is not asked for

$fake = WebhookTest::Redis::Fake->new;
$t = host($fake);
is($t->answer(forged(uri => '/', body => 'forged'))->{status}, 403,
   'a wrong signature');
is($t->answer(message())->{status}, 202, 'and a right one');
is(scalar(grep { /$claim/ } $fake->commands), 1, 'Redis is asked once');


# Counters


my $said = $t->request({ uri => '/status' })->{body};

for ('up{redis="shared"} 1', 'requests_total{redis="shared",result="claimed"} 1',
     'requests_total{redis="shared",result="refused"} 0',
     'seconds_count{redis="shared"} 1',
     'seconds_bucket{redis="shared",le="+Inf"} 1', 'lost_total{redis="shared"} 0')
{
    like($said, qr/^nginx_webhook_redis_\Q$_\E$/m, $_);
}

my $status = JSON::PP::decode_json(
    $t->request({ uri => '/status?format=json' })->{body})->{engines}[0];

is("$status->{name} $status->{up} $status->{requests}{claimed}", 'shared 1 1',
   'the same as JSON');
cmp_ok(abs($status->{since} - time), '<', 60, 'since when it is there');

$fake->stop;
$t->wait_for(sub {
    $t->answer(message());
    $said = $t->request({ uri => '/status' })->{body};
    $said =~ /^nginx_webhook_redis_up\{redis="shared"\} 0$/m
}, 'it to be gone');
$t->answer(message());
like($t->request({ uri => '/status' })->{body},
     qr/^nginx_webhook_redis_requests_total\{redis="shared",result="refused"\} [1-9]/m,
     'refusals are counted');
$t->done;

done_testing();


sub host {
    my ($fake, $options, $database, $more) = @_;

    $options //= '';
    $options .= ' connect_timeout=' . 5 * $WebhookTest::patience . 's'
        if $options !~ /connect_timeout/;
    $database //= '';
    $more //= '';

    return WebhookTest->new(conf => <<"EOF");
    webhook_zone   seen    1m;
    webhook_redis  shared  ${\ $fake->url }$database timeout=2s $options;

    server {
        listen      127.0.0.1:%%PORT%%;
        $more
        server_name hooks.example.com;

        location / {
            webhook         github;
            webhook_secret  "$secret";
            webhook_replay  zone=seen shared=shared;

            add_header      X-Reason \$webhook_reason always;
            proxy_pass      http://%%APP%%;
        }

        location /status { webhook off; webhook_status; }
    }
EOF
}


sub message {
    return signed(uri => '/', body => 'message ' . $body++);
}
