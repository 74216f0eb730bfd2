#!/usr/bin/perl

# What webhook_status says as JSON is as docs/status.schema.json says: of a
# zone without hooks, of every verdict and of hostile senders, of an engine
# that is there and one that is not, and of a zone that is full.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use IPC::Open2;
use JSON::PP;
use Test::More;

use WebhookTest;
use WebhookTest::Npm qw/npm/;
use WebhookTest::Redis;
use WebhookTest::Signed qw/$secret signed forged timed/;

my ($folder, $missing) = npm('npm-ajv', 'ajv@8.20.0');

plan skip_all => $missing if $missing;

my $json = JSON::PP->new->ascii->canonical;

my ($answers, $questions);
my $judge = open2($answers, $questions, 'node',
                  "$FindBin::Bin/unit/schema.js", $folder,
                  "$FindBin::Bin/../docs/status.schema.json");

my $status = 'location = /status { webhook off; webhook_status json; }';

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_zone hooks 1m;
    server { listen 127.0.0.1:%%PORT%%; $status }
EOF

my $empty = fits('a zone without hooks', $t, 0);
is_deeply([@$empty{qw/hooks engines/}, $empty->{zones}[0]{deliveries}],
          [[], [], []], 'which are not there');

$t->done;

my $good = traffic();

engines();
full_zone();
wrong($good);

close $questions;
waitpid $judge, 0;
done_testing();


sub traffic {
    my $t = WebhookTest->new(conf => <<"EOF");
    webhook_zone hooks 1m;
    webhook_provider own {
        signature  header:X-Hub-Signature-256 prefix=sha256=;
        id         json:/id;
        event      header:X-Event;
        challenge  query:challenge reply=\$webhook_challenge;
    }
    server {
        listen 127.0.0.1:%%PORT%%;
        webhook own;
        webhook_secret "another one that nobody has";
        webhook_secret "$secret";
        proxy_ignore_client_abort on;
        location /hook { proxy_pass http://%%APP%%; }
        location /ack { webhook_ack 204; proxy_pass http://%%APP%%; }
        location /none { webhook_replay zone=hooks;
                         proxy_pass http://127.0.0.1:1; }
        location /trial { webhook_enforce off; proxy_pass http://%%APP%%; }
        location /once { webhook_replay zone=hooks;
                         proxy_pass http://%%APP%%; }
        location /denied { deny all; }
        $status
    }
EOF
    my $hostile = qq{<script>"'\\\x{202e}\x00\x1b[31m} . 'x' x 65536;
    my @event = (headers => [['X-Event', "<img src=x>\x01\xff" . 'y' x 4000]]);

    $t->request(signed(uri => "/$_", body => '{"id":"a"}', @event))
        for qw/hook ack none trial once once denied/;
    $t->request(signed(uri => '/hook', body => '{}', http => '1.0'));
    $t->request(signed(uri => '/hook', @event,
                       body => $json->encode({ id => $hostile })));
    $t->request(forged(uri => "/$_", body => '{}', @event))
        for qw/hook trial/;
    $t->request({ uri => '/hook?challenge=x' });

    my $said = fits('every verdict', $t, 12);
    my %last = map { %{ $_->{last} } } @{ $said->{hooks} };

    is(join(' ', sort keys %last),
       'accepted challenge duplicate none rejected would_reject', 'all six');

    my @deliveries = @{ $said->{zones}[0]{deliveries} };
    my %by = map { ("$_->{location} $_->{verdict}" => $_) } @deliveries;

    is_deeply([map { $_->{number} } @deliveries], [reverse 0 .. 11],
              'deliveries are numbered');
    is_deeply([map { join ' ', @{ $by{$_} }{qw/status upstream secret/} }
               '/ack accepted', '/none accepted', '/hook rejected',
               '/once duplicate', '/trial would_reject', '/denied none'],
              ['204 202 2', '502 502 2', '403 0 0', '200 0 0', '202 202 0',
               '403 0 0'],
              'what the sender got, the application said, and which secret');
    like($t->error_log, qr/\*$by{'\/hook rejected'}{connection}\ webhook\ own:
                           \ refused,/x, 'the lines of the log are found');

    my ($none) = grep { $_->{location} eq '/none' } @{ $said->{hooks} };

    is($none->{minutes}[0]{failed}, 1, '5xx of a minute');

    $t->done(allow => qr/connect\(\) failed|access forbidden/);

    return $said;
}


sub engines {
    my $redis = WebhookTest::Redis->new;
    my $gone = WebhookTest::free_port();
    my $t = WebhookTest->new(conf => <<"EOF");
    webhook_zone   seen   1m;
    webhook_redis  there  ${\ $redis->url };
    webhook_redis  gone   redis://127.0.0.1:$gone on_error=local;

    server {
        listen      127.0.0.1:%%PORT%%;
        server_name hooks.example.com;
        webhook         github;
        webhook_secret  "$secret";
        location /there {
            webhook_replay zone=seen shared=there;
            proxy_pass http://%%APP%%;
        }
        location /gone {
            webhook_replay zone=seen shared=gone;
            proxy_pass http://%%APP%%;
        }
        $status
    }
EOF

    $t->wait_for(sub {
        $t->request(signed(uri => '/there', body => '{}'))->{status} != 503
    }, 'the connection');
    $t->request(signed(uri => '/gone', body => '{}'));

    my $said = fits('engines that hosts share', $t, 2);

    is_deeply([map { $_->{up} ? 1 : 0 } @{ $said->{engines} }], [1, 0],
              'one is there');

    $t->done(allow => qr/webhook redis "gone"|connect\(\) failed/);
}


sub full_zone {
    my $places = join ' ', map { "location /$_ { proxy_pass http://%%APP%%; }" }
                           1 .. 9;
    my $conf = sub {
        <<"EOF";
    webhook_zone hooks 32k;
    webhook_provider timed {
        signature  header:X-Signature;
        message    \$webhook_timestamp.\$webhook_body;
        timestamp  header:X-Time past=5m future=1m;
    }
    server {
        listen 127.0.0.1:%%PORT%%;
        webhook timed;
        webhook_secret "$secret";
        webhook_replay zone=hooks;
        location / { proxy_pass http://%%APP%%; }
        $_[0]
        $status
    }
EOF
    };
    my $t = WebhookTest->new(conf => $conf->(''));
    my $n = 0;
    my $time = time;

    $n++ while $n < 1000 && $t->request({
        method => 'POST', uri => '/', body => "message $n",
        headers => [timed($time, "message $n")] })->{status} == 202;

    $t->configure($conf->($places));
    $t->reload;
    like($t->error_log, qr/has no room for the counters/, 'a small zone');

    my $said = fits('a zone that is full', $t, $n + 1);

    my ($hook) = grep { $_->{location} eq '/' } @{ $said->{hooks} };

    is($hook->{rejected}{zone_full}, 1, 'it is full');
    cmp_ok(scalar @{ $said->{zones}[0]{deliveries} }, '<', 20,
           'and has few deliveries');

    $t->done;
}


# The schema refuses what is not so.
sub wrong {
    my ($good) = @_;

    my %change = (
        'no time' => [sub { delete $_[0]{time} }, 'required property'],
        'another verdict' => [sub { $_[0]{zones}[0]{deliveries}[0]{verdict}
                                        = 'good' }, 'allowed values'],
        'a count that is text' => [sub { $_[0]{hooks}[0]{requests}{none}
                                             = 'x' }, 'must be integer'],
        'a member that is not described' =>
            [sub { $_[0]{hooks}[0]{client} = '127.0.0.1' },
             'additional properties'],
        'a reason that there is not' =>
            [sub { $_[0]{hooks}[0]{rejected}{because} = 1 },
             'property name must be valid'],
    );

    for my $name (sort keys %change) {
        my ($do, $says) = @{ $change{$name} };
        my $copy = $json->decode($json->encode($good));

        $do->($copy);
        like(judged($copy), qr/\Q$says\E/, $name);
    }
}


# What it says as soon as so many requests are counted.
sub fits {
    my ($name, $t, $requests) = @_;

    my $said;

    $t->wait_for(sub {
        my $n = 0;

        $said = decode_json($t->request({ uri => '/status' })->{body});
        $n += $_ for map { values %{ $_->{requests} } } @{ $said->{hooks} };

        return $n >= $requests;
    }, "$requests requests to be counted");

    is(judged($said), '', $name);

    return $said;
}


sub judged {
    my ($document) = @_;

    print $questions $json->encode($document), "\n";
    $questions->flush;

    chomp(my $answer = <$answers> // 'no answer');

    return $answer;
}
