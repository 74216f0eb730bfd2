#!/usr/bin/perl

# The counters add up: requests of all kinds, on eight connections at a time,
# to two workers; what was sent is what was counted, for each location, each
# verdict and each reason, in every format.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::INET;
use JSON::PP;
use List::Util qw/shuffle sum0/;
use Test::More;
use Time::HiRes qw/sleep time/;

use WebhookTest;
use WebhookTest::Promtool qw/promtool/;
use WebhookTest::Signed qw/$secret signature signed forged/;

my $CONNECTIONS = 8;
my $ROUNDS = 9;                 # of all kinds, for each connection

my $second = 'the second secret of the two';
my $now = time;

# accepts connections, and never says a word
my $mute = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 512)
    or die "no port: $!";
my $mute_port = $mute->sockport;

# a name server that does not, either
my $names = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp')
    or die "no port: $!";
my $names_port = $names->sockport;

my $t = WebhookTest->new(workers => 2, conf => <<"EOF");
    webhook_zone hooks 1m;

    # secrets that no request has
    map \$http_x_none \$none { default ""; }

    webhook_provider any {
        header        X-Kind ~.;
        header        X-Old new;
        content_type  application/json text/plain;
        signature     header:X-Hub-Signature-256 prefix=sha256=;
        timestamp     header:X-Time past=5m future=5m;
        challenge     query:challenge reply=\$webhook_challenge;
    }

    webhook_provider plain {
        signature  header:X-Hub-Signature-256 prefix=sha256=;
    }

    webhook_provider stranger {
        client_certificate  CN=nobody;
    }

    add_header X-Worker \$pid always;
    access_log off;
    client_body_timeout 5s;

    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        listen 127.0.0.1:%%TLS_PORT%% ssl;
        server_name hooks.example.com;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_client_certificate %%DIR%%/server.pem;
        ssl_verify_client optional;

        location /any {
            webhook any;
            webhook_secret "$secret";
            webhook_secret "$second";
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location /trial {
            webhook plain;
            webhook_secret "$secret";
            webhook_enforce off;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location /mute {
            webhook plain;
            webhook_secret "$secret";
            proxy_pass http://127.0.0.1:$mute_port;
        }

        location /names {
            webhook plain;
            webhook_secret "$secret";
            resolver 127.0.0.1:$names_port;
            set \$application application.example.com;
            proxy_pass http://\$application;
        }

        location /file {
            webhook plain;
            webhook_secret "$secret";
            root %%DIR%%;
        }

        location /token {
            webhook gitlab;
            webhook_secret "$secret";
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location /json {
            webhook plain;
            webhook_secret "$secret";
            webhook_require /a number;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location /limited {
            webhook plain;
            webhook_secret "$secret";
            client_max_body_size 1k;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location /none {
            webhook plain;
            webhook_secret \$none;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location /certificate {
            webhook stranger;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location /idle {
            webhook plain;
            webhook_secret "$secret";
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location /once {
            webhook plain;
            webhook_secret "$secret";
            webhook_replay zone=hooks;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location /excepted {
            webhook any;
            webhook_secret "$second";
            webhook_secret "$secret";
            webhook_enforce on except=timestamp;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location = /status { webhook_status; }
        location = /free { return 200; }
    }

    server {
        listen 127.0.0.1:%%PORT_1%%;

        location / { return 200; }
        location /any/300 { return 302 /; }
        location /any/400 { return 404; }
        location /any/500 { return 503; }
        location /any/closed { return 444; }
    }
EOF

my %json = (headers => [['Content-Type', 'application/json']]);

# What is sent, the status that must come, and what it is to be counted as.
# Of body the number of bytes is told that count.
my @kinds = (
    any('/any'), any('/any/300', 302, '3xx'), any('/any/400', 404, '4xx'),
    any('/any/500', 503, '5xx'), any('/any/closed', 502, '5xx'),
    { %{ any('/any') }, secret => 2,
      request => any_request('/any', key => $second) },
    refused('/any', 405, 'method_not_allowed', 0,
            { %{ any_request('/any') }, method => 'PUT' }),
    any_refused(415, 'content_type_unsupported', 0, type => 'image/png'),
    any_refused(400, 'header_missing', 0, drop => 'X-Kind'),
    any_refused(400, 'header_mismatch', 0, old => 'old'),
    any_refused(403, 'signature_missing', 0, drop => 'X-Hub-Signature-256'),
    any_refused(403, 'signature_malformed', 0, signature => 'sha256=xy'),
    any_refused(403, 'signature_mismatch', 7, key => 'some other secret'),
    any_refused(400, 'credential_repeated', 0, twice => 1),
    any_refused(403, 'timestamp_missing', 0, drop => 'X-Time'),
    any_refused(403, 'timestamp_malformed', 0, time => 'now'),
    any_refused(403, 'timestamp_too_old', 0, time => int $now - 4000),
    any_refused(403, 'timestamp_in_future', 0, time => int $now + 4000),
    refused('/any', 400, 'challenge_malformed', 0,
            { method => 'GET', uri => '/any?challenge=%00' }),
    { location => '/any', status => 200, verdict => 'challenge', body => 0,
      request => { method => 'GET', uri => '/any?challenge=hello' } },
    { location => '/trial', status => 200, verdict => 'accepted', body => 5,
      secret => 1, upstream => '2xx',
      request => signed(uri => '/trial', body => 'trial') },
    { location => '/trial', status => 200, verdict => 'would_reject',
      reason => 'signature_mismatch', body => 5, upstream => '2xx',
      request => forged(uri => '/trial', body => 'trial') },
    { location => '/trial', status => 200, verdict => 'would_reject',
      reason => 'signature_missing', body => 5, upstream => '2xx',
      request => { uri => '/trial', body => 'trial' } },
    { location => '/mute', verdict => 'accepted', body => 4, secret => 1,
      upstream => 'none', request => signed(uri => '/mute', body => 'mute') },
    { location => '/names', verdict => 'accepted', body => 5, secret => 1,
      upstream => 'none', request => signed(uri => '/names', body => 'names') },
    { location => '/file', status => 404, verdict => 'accepted', body => 4,
      secret => 1, upstream => '4xx',
      request => signed(uri => '/file', body => 'file') },
    { location => '/token', status => 200, verdict => 'accepted', body => 10,
      secret => 1, upstream => '2xx', request => token($secret) },
    refused('/token', 403, 'token_missing', 0, token(undef)),
    refused('/token', 403, 'token_mismatch', 0, token('wrong')),
    { location => '/json', status => 200, verdict => 'accepted', body => 7,
      secret => 1, upstream => '2xx',
      request => signed(uri => '/json', body => '{"a":1}') },
    refused('/json', 400, 'json_invalid', 4,
            signed(uri => '/json', body => '{"a"')),
    refused('/json', 422, 'payload_invalid', 2,
            signed(uri => '/json', body => '{}')),
    refused('/limited', 413, 'body_too_large', undef,
            signed(uri => '/limited', body => 'x' x 3000, chunked => 500)),
    refused('/none', 403, 'secret_unavailable', 4,
            signed(uri => '/none', body => 'none')),
    refused('/certificate', 403, 'certificate_missing', 0,
            { uri => '/certificate', body => 'x' }),
    { location => '/once', status => 200, verdict => 'duplicate', body => 4,
      request => signed(uri => '/once', body => 'once') },
    { location => '/excepted', status => 200, verdict => 'would_reject',
      reason => 'timestamp_too_old', body => 7, secret => 2, upstream => '2xx',
      request => any_request('/excepted', time => int $now - 4000) },
    { location => '/idle', verdict => 'rejected', reason => 'aborted',
      body => 0, unsent => 1,
      request => signed(uri => '/idle', body => 'idle') },
    { status => 200, request => { uri => '/free' } },
);

my $requests = $CONNECTIONS * $ROUNDS * @kinds;

cmp_ok($requests, '>=', 2000, "$requests requests of " . @kinds . ' kinds');

# once there is a first, all others are copies
is($t->request($_->{request})->{status}, 200, 'a message')
    for grep { $_->{location} && $_->{location} eq '/once' } @kinds;

my @reports = run_clients();

is_deeply([map { @{ $_->{wrong} } } @reports], [], 'every answer is right');

my %workers = map { %{ $_->{workers} } } @reports;
is(scalar keys %workers, 2, 'both workers have served');

my $want = expected();
my $total = sum0(map { sum0 values %{ $_->{requests} } } values %$want);
my $status;

# the counting is done when a request has ended, a moment after its answer
$t->wait_for(sub {
    $status = decode_json(
        $t->request({ uri => '/status?format=json' })->{body});
    sum0(map { sum0 values %{ $_->{requests} } } @{ $status->{hooks} })
        >= $total;
}, 'all to be counted');

my %have = map { $_->{location} => $_ } @{ $status->{hooks} };

is(sum0(map { sum0 values %{ $_->{requests} } } values %have), $total,
   "$total are counted");
is($total, $requests * (@kinds - 1) / @kinds + 1,
   'those that were sent to hooks');

for my $location (sort keys %$want) {
    my ($have, $want) = ($have{$location}, $want->{$location});

    for my $member (qw/requests rejected would_reject upstream secrets/) {
        is_deeply(without_zeros($have->{$member}), $want->{$member} // {},
                  "$location: $member");
    }

    is($have->{body_bytes}, $want->{body_bytes}, "$location: bytes")
        if defined $want->{body_bytes};

    is(sum0(values %{ $have->{verification}{buckets} }),
       sum0(values %{ $want->{requests} }), "$location: verifications");
    cmp_ok($have->{verification}{seconds}, '>', 0, "$location: their time");

    is_deeply(sum_of_minutes($have->{minutes}), $want->{requests},
              "$location: the sum of the minutes");
}

is_deeply([sort keys %have], [sort keys %$want], 'no location more');

is_deeply($status->{zones}[0]{replay}, { entries => 1, evictions => 0 },
          'one message is remembered');

my $deliveries = $status->{zones}[0]{deliveries};
is(scalar @$deliveries, 100, 'the last 100 of them');

# Prometheus gets the same
my $text = $t->request({ uri => '/status' })->{body};
my %metrics = metrics($text);

for (['requests', 'requests_total', 'verdict'],
     ['rejected', 'rejections_total', 'reason'],
     ['would_reject', 'would_reject_total', 'reason'],
     ['upstream', 'upstream_responses_total', 'status'],
     ['secrets', 'secret_matches_total', 'secret'],
     ['duplicates', 'duplicates_total', 'found'])
{
    my ($member, $metric, $label) = @$_;
    my %flat;

    for my $hook (@{ $status->{hooks} }) {
        $flat{"$hook->{location} $_"} = $hook->{$member}{$_}
            for keys %{ $hook->{$member} };
    }

    is_deeply({ map { ("$_->{location} $_->{$label}" => $_->{value}) }
                @{ $metrics{"nginx_webhook_$metric"} // [] } },
              \%flat, $metric);
}

for my $hook (@{ $status->{hooks} }) {
    my $at = $hook->{location};
    my %series = map { my $metric = $_;
                       $metric => [map { $_->{value} }
                                   grep { $_->{location} eq $at }
                                   @{ $metrics{"nginx_webhook_$metric"} }] }
                 qw/verification_seconds_bucket verification_seconds_count
                    body_bytes_total/;
    my $buckets = $series{verification_seconds_bucket};
    my $n = sum0(values %{ $hook->{requests} });

    is_deeply($series{verification_seconds_count}, [$n],
              "$at: the count of the histogram");
    is($buckets->[-1], $n, "$at: its last bucket");
    is_deeply($buckets, [sort { $a <=> $b } @$buckets],
              "$at: buckets are cumulative");
    is_deeply($series{body_bytes_total}, [$hook->{body_bytes}],
              "$at: bytes once more");
}

like($text, qr/^nginx_webhook_replay_entries\{zone="hooks"\} 1\n/m,
     'and for Prometheus');
like($text, qr/^nginx_webhook_replay_evictions_total\{zone="hooks"\} 0\n/m,
     'none had to go');

is(promtool($text), '', 'promtool check metrics');

$t->done;
done_testing();


sub any {
    my ($uri, $status, $class) = @_;

    return { location => '/any', status => $status // 200,
             verdict => 'accepted', upstream => $class // '2xx', secret => 1,
             body => 7, request => any_request($uri) };
}


sub any_request {
    my ($uri, %but) = @_;

    my $body = '{"a":1}';
    my @headers = (
        ['X-Kind', 'some'], ['X-Old', $but{old} // 'new'],
        ['X-Time', $but{time} // int $now],
        ['Content-Type', $but{type} // 'application/json'],
        $but{signature} ? ['X-Hub-Signature-256', $but{signature}]
                        : signature($body, $but{key}),
    );

    push @headers, $headers[-1] if $but{twice};

    return { uri => $uri, body => $body,
             headers => [grep { $_->[0] ne ($but{drop} // '') } @headers] };
}


sub token {
    my ($token) = @_;

    return { uri => '/token', body => 'x' x 10,
             headers => [['Content-Type', 'application/json'],
                         ['X-Gitlab-Event', 'push'],
                         defined $token ? ['X-Gitlab-Token', $token] : ()] };
}


sub refused {
    my ($location, $status, $reason, $body, $request) = @_;

    return { location => $location, status => $status, verdict => 'rejected',
             reason => $reason, body => $body, request => $request };
}


sub any_refused {
    my ($status, $reason, $body, %but) = @_;

    return refused('/any', $status, $reason, $body,
                   any_request('/any', %but));
}


# What the clients report: answers that were not right, and the workers.
sub run_clients {
    my (@pipes, @reports);

    for my $client (1 .. $CONNECTIONS) {
        pipe my $in, my $out or die "pipe: $!";
        my $pid = fork // die "fork: $!";

        if ($pid == 0) {
            close $in;
            print $out encode_json(client());
            close $out;
            POSIX::_exit(0);
        }

        push @pipes, [$pid, $in];
    }

    for (@pipes) {
        my ($pid, $in) = @$_;

        push @reports, decode_json(join '', <$in>);
        waitpid $pid, 0;
    }

    return @reports;
}


# Sends every kind so many times, in an order of its own.
sub client {
    my (@wrong, %workers, $connection);

    srand $$;

    for my $kind (shuffle((@kinds) x $ROUNDS)) {

        $connection //= $t->connection;

        my ($head, @body) = WebhookTest::format_request(%{ $kind->{request} });
        my $name = $kind->{reason} // $kind->{request}{uri};

        if (!$kind->{status}) {
            $connection->send(join '', $head, $kind->{unsent} ? () : @body);

            # until the request is on its way
            sleep 0.02;
            $connection->close;
            undef $connection;
            next;
        }

        $connection->send(join '', $head, @body);

        my $r = $connection->read_response(
            method => $kind->{request}{method} // '');
        my $status = $r ? $r->{status} : 'none';

        push @wrong, "$name: $status" if $status ne $kind->{status};
        $workers{$r->{header}{'x-worker'}} = 1 if $r;

        if (!$r || ($r->{header}{connection} // '') eq 'close') {
            $connection->close;
            undef $connection;
        }
    }

    return { wrong => \@wrong, workers => \%workers };
}


# By location, what is to be counted.
sub expected {
    my %want;
    my $n = $CONNECTIONS * $ROUNDS;

    for my $kind (grep { $_->{location} } @kinds) {
        my $at = $want{$kind->{location}} //= { body_bytes => 0 };

        $at->{requests}{$kind->{verdict}} += $n;
        $at->{$kind->{verdict}}{$kind->{reason}} += $n if $kind->{reason};
        $at->{upstream}{$kind->{upstream}} += $n if $kind->{upstream};
        $at->{secrets}{$kind->{secret}} += $n if $kind->{secret};

        $at->{body_bytes} = defined $kind->{body}
                            ? $at->{body_bytes} + $n * $kind->{body} : undef;
    }

    my $first = $want{'/once'};

    $first->{requests}{accepted} = 1;
    $first->{upstream}{'2xx'} = 1;
    $first->{secrets}{1} = 1;
    $first->{body_bytes} += 4;

    return \%want;
}


sub without_zeros {
    my ($counts) = @_;

    return { map { $_ => $counts->{$_} } grep { $counts->{$_} } keys %$counts };
}


sub sum_of_minutes {
    my ($minutes) = @_;
    my %sum;

    for my $minute (@$minutes) {
        $sum{$_} += $minute->{$_}
            for grep { !/\A(?:time|failed)\z/ } keys %$minute;
    }

    return \%sum;
}


# Series by metric, each with its labels and its value.
sub metrics {
    my ($text) = @_;
    my %metrics;

    for (grep { !/^#/ } split /\n/, $text) {
        my ($metric, $labels, $value) = /^(\w+)\{(.*)\} (\S+)\z/
            or die "no metric: $_";

        push @{ $metrics{$metric} },
            { value => $value, $labels =~ /(\w+)="((?:[^"\\]|\\.)*)"/g };
    }

    return %metrics;
}
