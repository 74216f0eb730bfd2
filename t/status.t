#!/usr/bin/perl

# webhook_status: what is counted for whom, in which format, and what becomes
# of it in a reload, in a small zone and in an internal redirect.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_base64/;
use JSON::PP;
use Test::More;
use Time::HiRes qw/sleep/;

use WebhookTest;
use WebhookTest::Promtool qw/promtool/;
use WebhookTest::Signed qw/$secret signature signed forged/;

# the tests print what strangers send
binmode $_, ':utf8' for map { Test::More->builder->$_ }
                        qw/output failure_output todo_output/;

my $providers = <<'EOF';
    webhook_provider own {
        signature  header:X-Hub-Signature-256 prefix=sha256=;
        id         json:/id;
        event      header:X-Event;
    }
    webhook_provider early {
        signature  header:X-Hub-Signature-256 prefix=sha256=;
        message    $http_x_key$webhook_body;
        id         json:/id;
        event      header:X-Event;
    }
    webhook_provider challenged {
        signature  header:X-Hub-Signature-256 prefix=sha256=;
        challenge  query:challenge reply=$webhook_challenge;
    }
EOF

formats();
texts();
places();
redirects();
reloads();
small_zones();
no_zone();
minutes();
clock_set_back();
pauses();

done_testing();


sub formats {
    my $t = hooks(<<"EOF");
        location /hook { webhook own; webhook_secret "$secret"; return 200; }
        location = /default { webhook_status; }
        location = /prometheus { webhook_status prometheus; }
        location = /json { webhook_status json; }
        location = /html { webhook_status html; }
        location = /if { webhook_status json; if (\$arg_x) { set \$x 1; } }
EOF

    my %types = (prometheus => 'text/plain; version=0.0.4; charset=utf-8',
                 json => 'application/json',
                 html => 'text/html; charset=utf-8');

    is($t->request({ uri => '/default' })->{header}{'content-type'},
       $types{prometheus}, 'Prometheus by default');

    is($t->request({ uri => $_ })->{status}, 200, $_) for qw{/if /if?x=1};

    for my $format (sort keys %types) {
        for my $uri ("/$format", "/json?format=$format",
                     "/html?a=b&format=$format")
        {
            my $r = $t->request({ uri => $uri });
            my $h = $r->{header};

            is($r->{status}, 200, $uri);
            is_deeply([@$h{qw/content-type cache-control
                              x-content-type-options/}],
                      [$types{$format}, 'no-store', 'nosniff'],
                      "$uri: headers");
            is($h->{'content-length'}, length $r->{body}, "$uri: length");

            my $head = $t->request({ uri => $uri, method => 'HEAD' });
            is_deeply([@$head{qw/status body/},
                       $head->{header}{'content-type'}],
                      [200, '', $types{$format}], "$uri: HEAD");
        }
    }

    for my $method (qw/POST PUT DELETE OPTIONS/) {
        my $r = $t->request({ uri => '/json', method => $method,
                              body => 'x' });
        is_deeply([$r->{status}, $r->{header}{allow}], [405, 'GET, HEAD'],
                  $method);
    }

    is($t->request({ uri => "/json?format=$_" })->{status}, 400,
       "format \"$_\"") for 'xml', 'JSON', '';

    my $page = $t->request({ uri => '/html' });
    my ($style) = $page->{body} =~ m{<style>(.*?)</style>}s;
    my ($script) = $page->{body} =~ m{<script>(.*?)</script>}s;

    is($page->{header}{'content-security-policy'},
       "default-src 'none'; connect-src 'self'; base-uri 'none'; "
       . "form-action 'none'; frame-ancestors 'none'; img-src data:; "
       . "style-src 'sha256-" . sha256_base64($style) . "='; "
       . "script-src 'sha256-" . sha256_base64($script) . "='",
       'the policy of the page allows its own script and style alone');

    my $rest = $page->{body};
    $rest =~ s{<(style|script)>.*?</\1>}{}gs;
    unlike($rest, qr/ on\w+=|style=|src=|href="(?!\#|data:,")|url\(/,
           'and the page has no other, and nothing from elsewhere');
    unlike($page->{body}, qr{https?://(?!www\.w3\.org/2000/svg)|\.innerHTML
                             |\beval\b|document\.write}x,
           'neither has the script');

    $t->done;
}


# What a stranger writes, and what is in names of the configuration.
sub texts {
    my @hostile = (
        ['<script>alert(1)</script>', '<script>alert(1)</script>'],
        [q{"'`\\&<>{}}, q{"'`\\&<>{}}],
        ["\r\n\x1b[31m\x7f\0", "\x{fffd}\x{fffd}\x{fffd}[31m\x{fffd}\x{fffd}"],
        ["\x{202e}gnp.exe\x{2028}\x{85}",
         "\x{fffd}gnp.exe\x{fffd}\x{fffd}"],
        ["caf\x{e9} \x{1f600}", "caf\x{e9} \x{1f600}"],
        ['x' x 64, 'x' x 64],
        ['x' x 65, 'x' x 64 . "\x{2026}"],
        ['x' x 62 . "\x{1f600}\x{1f600}", 'x' x 62 . "\x{2026}"],
        ["\x{e9}" x 40, "\x{e9}" x 32 . "\x{2026}"],
    );

    # headers take bytes that are no text at all
    my @events = (
        ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
        ["\xff\xc3(\xe2\x82", "\x{fffd}\x{fffd}(\x{fffd}\x{fffd}"],
        ["a\x01\tb\x1b", "a\x{fffd}\x{fffd}b\x{fffd}"],
        ["\xf0\x9f\x98\x80" x 20, "\x{1f600}" x 16 . "\x{2026}"],
        ["\xed\xa0\x80\xc0\xaf", "\x{fffd}" x 5],
    );

    my $t = hooks(<<'EOF' =~ s/SECRET/$secret/gr);
        server_name "a\"b\\c";
        location ~ "^/hook(?<x>[<>&'\"]?)\d*" {
            webhook own;
            webhook_secret "SECRET";
            return 200;
        }
        location /early {
            webhook early;
            webhook_secret "SECRET";
            webhook_replay zone=hooks key=$http_x_key;
            return 200;
        }
        location = /status { webhook_status; }
EOF

    # with no content, so a signature that is right and nothing to read
    my $json = JSON::PP->new->ascii;

    for (@hostile) {
        my ($id, $shown) = @$_;

        $t->request(signed(uri => '/hook',
                           body => $json->encode({ id => $id })));
        is(last_delivery($t)->{id}, $shown, 'the id ' . $json->encode([$id]));
    }

    for (@events) {
        my ($event, $shown) = @$_;

        $t->request(signed(uri => '/hook', body => '{}',
                           headers => [['X-Event', $event]]));
        is(last_delivery($t)->{event}, $shown,
           'the event ' . $json->encode([$event]));
    }

    # who is not verified does not come to be seen
    $t->request(forged(uri => '/hook', body => '{"id":"a"}',
                       headers => [['X-Event', 'b']]));

    my $last = last_delivery($t);
    is_deeply([@$last{qw/verdict reason id event size upstream/}],
              ['rejected', 'signature_mismatch', '', '', 10, 0],
              'nothing that a stranger wrote');

    $t->request(signed(uri => '/hook', body => '{"id":"a"}',
                       headers => [['X-Event', 'b']]));

    $last = last_delivery($t);
    is_deeply([@$last{qw/verdict reason id event size upstream server
                         location provider/}],
              ['accepted', '', 'a', 'b', 10, 200, 'a"b\\c',
               q{^/hook(?<x>[<>&'"]?)\d*}, 'own'],
              'all about one that is accepted');

    # a copy is one without its signature, too, if it has the key
    my @key = (['X-Key', 'the-key']);

    $t->request({ method => 'POST', uri => '/early', body => '{"id":"a"}',
                  headers => [@key, signature('the-key{"id":"a"}')] });
    is(last_delivery($t)->{id}, 'a', 'a message');
    $t->request({ uri => '/early', body => '{"id":"b"}',
                  headers => [@key, ['X-Event', 'c'],
                              ['X-Hub-Signature-256', 'sha256=' . '0' x 64]] });

    $last = last_delivery($t);
    is_deeply([@$last{qw/verdict id event/}], ['duplicate', '', ''],
              'a copy that has not been verified');

    my $text = $t->request({ uri => '/status' })->{body};
    is(promtool($text), '', 'promtool check metrics');
    like($text, qr/server="a\\"b\\\\c",location="\^\/hook\(\?<x>\[<>&'\\"/,
         'quotes and backslashes in labels');
    unlike($text, qr/script|onerror/, 'no label is a text of strangers');

    unlike($t->request({ uri => '/status?format=json' })->{body},
           qr/\Q$secret\E/, 'no secret');

    $t->done;
}


# Several zones, servers, and places that share a name.
sub places {
    my $t = WebhookTest->new(conf => <<"EOF");
    server {
        listen 127.0.0.1:%%PORT%%;
        server_name one.example.com;
        webhook challenged;
        webhook_secret "$secret";
        location /a { proxy_pass http://%%APP%%; }
        location = /a { proxy_pass http://%%APP%%; }
        location /b {
            webhook own;
            limit_except POST { deny all; }
            location /b/c { if (\$arg_x) { proxy_pass http://%%APP%%; }
                              proxy_pass http://%%APP%%; }
        }
        location = /status { webhook off; webhook_status json; }
    }
    server {
        listen 127.0.0.1:%%PORT_1%%;
        server_name two.example.com;
        location /a {
            webhook own gitlab;
            webhook_secret "$secret" for=own;
            webhook_secret "the token of gitlab" for=gitlab;
            proxy_pass http://%%APP%%;

            location /a/once {
                webhook_replay zone=second;
                proxy_pass http://%%APP%%;
            }
        }
    }
    webhook_zone first 1m;
    webhook_zone second 1m;
    $providers
EOF

    $t->request(signed(uri => $_, body => '{}'))
        for qw{/a /a/long /b /b/c /b/c?x=1 /other};
    $t->request(signed(uri => '/a', body => '{}', port => 'PORT_1'));
    $t->request({ uri => '/a?challenge=yes' });
    $t->request(signed(uri => '/a/once', port => 'PORT_1',
                       body => qq({"id":"$_"}))) for qw/one two two/;
    $t->request({ uri => '/a', port => 'PORT_1', body => '{}', headers => [
        ['Content-Type', 'application/json'], ['X-Gitlab-Event', 'push'],
        ['X-Gitlab-Token', 'the token of gitlab']] });

    my $status = status($t, 12);

    is_deeply([map { $_->{name} } @{ $status->{zones} }], [qw/first second/],
              'all zones');
    is_deeply([sort map { join ' ', @$_{qw/zone server location provider/},
                          map { $_ // 0 }
                          @{ $_->{requests} }
                              {qw/accepted challenge duplicate/} }
                    @{ $status->{hooks} }],
              ['first one.example.com  challenged 1 0 0',
               'first one.example.com /a challenged 2 1 0',
               'first one.example.com /b own 1 0 0',
               'first one.example.com /b/c own 2 0 0',
               'first two.example.com /a gitlab 1 0 0',
               'first two.example.com /a own 1 0 0',
               'second two.example.com /a/once gitlab 0 0 0',
               'second two.example.com /a/once own 2 0 1'],
              'places of one name are one; the zone is that of webhook_replay');
    is(scalar @{ $status->{zones}[0]{deliveries} }, 9,
       'deliveries of the first zone');
    is_deeply([map { $_->{secrets} }
               grep { $_->{provider} eq 'gitlab' && $_->{location} eq '/a' }
               @{ $status->{hooks} }], [{ 2 => 1 }],
              'a secret has the number of its line');
    is_deeply([map { $_->{secret} } grep { $_->{provider} eq 'gitlab' }
               @{ $status->{zones}[0]{deliveries} }], [2],
              'in a delivery, too');
    is_deeply([map { "$_->{verdict} $_->{id}" }
               @{ $status->{zones}[1]{deliveries} }],
              ['duplicate two', 'accepted two', 'accepted one'],
              'and of the second');
    is_deeply([map { $_->{replay}{entries} } @{ $status->{zones} }], [0, 2],
              'messages remembered');

    $t->done;
}


# One request, several places: each verdict counts once.
sub redirects {
    my $t = hooks(<<"EOF", body => 1);
        webhook_secret "$secret";
        recursive_error_pages on;

        location /a {
            webhook own;
            error_page 403 \@b;
            proxy_pass http://%%APP%%;
        }
        location \@b {
            webhook challenged;
            error_page 403 \@a;
            proxy_pass http://%%APP%%;
        }
        location \@a {
            webhook own;
            webhook_secret "the secret of nobody at all";
            error_page 403 /a;
            proxy_pass http://%%APP%%;
        }
        location /same {
            webhook own;
            error_page 403 /same/page;
            proxy_pass http://%%APP%%;
        }
        location /try { webhook own; try_files /none \@try; }
        location \@try { webhook challenged; proxy_pass http://%%APP%%; }
        location /late {
            webhook own;
            client_max_body_size 1k;
            error_page 413 \@late;
            proxy_pass http://%%APP%%;
        }
        location \@late { webhook challenged; proxy_pass http://%%APP%%; }
        location /page {
            webhook own;
            client_max_body_size 1k;
            error_page 400 413 /free;
            proxy_pass http://%%APP%%;
        }
        location /slow {
            webhook own;
            client_body_timeout 1s;
            proxy_pass http://%%APP%%;
        }
        location /free { return 200 free; }
        location = /status { webhook_status json; }
EOF

    my $big = 'x' x 3000;

    # from a to @b, to @a, to a once more, and so on until nginx ends it
    $t->request(forged(uri => '/a', body => '{}'));
    $t->request(forged(uri => '/same', body => '{}'));
    $t->request(signed(uri => '/try', body => '{}'));
    $t->request(signed(uri => '/late', body => $big, chunked => 500));
    $t->request(signed(uri => '/page', body => $big, chunked => 500));

    my $c = $t->connection;
    $c->send(join '', (WebhookTest::format_request(
        %{ signed(uri => '/slow', body => $big) }))[0], 'x');
    $c->read_response;
    $c->close;

    $c = $t->connection;
    $c->send((WebhookTest::format_request(
        %{ signed(uri => '/slow', body => $big) }))[0]);
    $c->close;

    my %have = map { $_->{location} => $_ } @{ status($t, 11)->{hooks} };
    my %verdicts = map {
        my $hook = $have{$_};
        my %count = (%{ $hook->{requests} }, %{ $hook->{rejected} });
        $_ => join ' ', map { "$_ $count{$_}" } grep { $count{$_} }
                        sort keys %count
    } keys %have;

    is_deeply(\%verdicts, {
        '/a' => 'rejected 1 signature_mismatch 1',
        '@b' => 'rejected 1 signature_mismatch 1',
        '@a' => 'rejected 1 signature_mismatch 1',
        '/same' => 'rejected 1 signature_mismatch 1',
        '/try' => 'accepted 1', '@try' => 'accepted 1',
        '/late' => 'body_too_large 1 rejected 1',
        '@late' => 'aborted 1 rejected 1',
        '/page' => 'body_too_large 1 rejected 1',
        '/slow' => 'aborted 2 rejected 2',
    }, 'each place has its verdict');

    is_deeply({ map { $_ => $have{$_}{upstream}{'2xx'} } qw{/try @try} },
              { '/try' => 0, '@try' => 1 },
              'the answer is counted where it came from');

    # the access log has the verdict of the last of them
    $t->wait_for(sub { $t->log_file('verdict.log') =~ tr/\n// >= 7 },
                 'the log');

    my $log = join '', grep { m{^/(?:page|slow)} }
                       sort split /^/, $t->log_file('verdict.log');
    is($log, "/page 413 [rejected][body_too_large]\n"
             . "/slow 400 [rejected][aborted]\n/slow 408 [rejected][aborted]\n",
       'the access log knows what ended early');

    $t->done(allow => qr/redirection cycle/);
}


sub reloads {
    my $hook = sub {
        "location /$_[0] { webhook own; webhook_secret \"$secret\";"
        . ' proxy_pass http://%%APP%%; }';
    };
    my $server = sub {
        "webhook_zone hooks $_[0]; $providers"
        . "server { listen 127.0.0.1:%%PORT%%; @_[1 .. $#_]"
        . " location = /status { webhook_status json; } }";
    };

    my $t = WebhookTest->new(
        conf => $server->('1m', map { $hook->($_) } qw/a b/), workers => 2);

    $t->request(signed(uri => "/$_", body => '{}')) for qw/a a b/;
    status($t, 3);

    my $counts = sub {
        return { map { $_->{location} => $_->{requests}{accepted} }
                 @{ status($t, $_[0])->{hooks} } };
    };

    # a worker of the old configuration goes on counting
    my $c = $t->connection;
    my ($head, $body) = WebhookTest::format_request(
        %{ signed(uri => '/a', body => '{}') });
    $c->send($head);
    sleep 0.1;

    $t->configure($server->('1m', map { $hook->($_) } qw/c a/));
    $t->reload;
    $c->send($body);
    is($c->read_response->{status}, 202, 'across a reload');
    $c->close;

    is_deeply($counts->(3), { '/a' => 3, '/c' => 0 },
              'a reload keeps the counters, and shows what there is');
    is(scalar @{ status($t, 3)->{zones}[0]{deliveries} }, 4,
       'the deliveries are kept');

    $t->configure($server->('1m', map { $hook->($_) } qw/b/));
    $t->reload;
    is_deeply($counts->(1), { '/b' => 1 }, 'a place that comes back');

    $t->configure($server->('2m', map { $hook->($_) } qw/b/));
    $t->reload;
    is_deeply($counts->(0), { '/b' => 0 }, 'another size is another zone');

    $t->kill_worker;
    $t->request(signed(uri => '/b', body => '{}'));
    is_deeply($counts->(1), { '/b' => 1 }, 'a worker that was killed');

    $t->done(allow => qr/signal 9|exited on/);
}


sub small_zones {
    my $locations = sub {
        return join ' ', map { "location /$_ { proxy_pass http://%%APP%%; }" }
                             @_;
    };
    my $server = sub {
        "webhook_zone hooks 32k; $providers server { listen 127.0.0.1:%%PORT%%;"
        . " webhook own; webhook_secret \"$secret\";" . $locations->(@_)
        . ' location = /status { webhook off; webhook_status json; } }';
    };

    my $t = WebhookTest->new(conf => $server->(1 .. 3));

    $t->request(signed(uri => "/$_", body => '{}')) for (1 .. 3) x 10;

    my $status = status($t, 30);
    my $deliveries = scalar @{ $status->{zones}[0]{deliveries} };

    cmp_ok($deliveries, '>', 10, "$deliveries deliveries in the smallest zone");
    cmp_ok($deliveries, '<', 30, 'but not all');

    $t->configure($server->(1 .. 12));
    $t->reload;

    like($t->error_log, qr/\[warn\] \S+ \Q@{[
             'webhook_zone "hooks" has no room for the counters of 7 '
             . 'locations, make it larger by 56k; until then they are not '
             . 'counted']}\E\n/,
         'more places than it can hold');

    is($t->request(signed(uri => "/$_", body => '{}'))->{status}, 202,
       "/$_ is served") for 1 .. 12;

    my %have = map { $_->{location} => $_->{requests}{accepted} }
               @{ status($t, 33)->{hooks} };
    is($have{'/1'}, 11, 'counted as before');
    is(scalar keys %have, 6, 'others are left out');
    is($t->request({ uri => '/status?format=prometheus' })->{status}, 200,
       'and for Prometheus');

    $t->done;
}


sub no_zone {
    my $t = WebhookTest->new(conf => <<"EOF");
    $providers
    log_format verdict '[\$webhook_verdict][\$webhook_reason]';
    access_log %%DIR%%/logs/verdict.log verdict;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / {
            webhook own;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;
        }
    }
EOF

    is($t->request(signed(body => '{}'))->{status}, 202, 'without a zone');
    is($t->request(forged(body => '{}'))->{status}, 403, 'as ever');

    my $c = $t->connection;
    $c->send((WebhookTest::format_request(%{ signed(body => '{}') }))[0]);
    $c->close;

    $t->wait_for(sub { $t->log_file('verdict.log') =~ tr/\n// >= 3 },
                 'the log');
    is($t->log_file('verdict.log'), "[accepted][]\n"
       . "[rejected][signature_mismatch]\n[rejected][aborted]\n",
       'what ended early is in the log');
    $t->done;
}


# The history, and the line in the error log when much was refused.
sub minutes {
    my $start = 1700000040;             # a minute begins

    my $t = hooks(<<"EOF", body => 1, log => 'warn', now => $start, frozen => 1);
        webhook_secret "$secret";
        location /bad { webhook own; proxy_pass http://%%APP%%; }
        location /few { webhook own; proxy_pass http://%%APP%%; }
        location /good { webhook own; proxy_pass http://%%APP%%; }
        location = /status { webhook_status json; }
EOF

    # of the configuration, where nginx begins with this log
    my $said = length $t->error_log;

    # at /bad one more comes without a signature
    for (['/bad', 2, 19], ['/few', 0, 19], ['/good', 20, 20]) {
        my ($uri, $good, $bad) = @$_;

        $t->request(signed(uri => $uri, body => '{}')) for 1 .. $good;
        $t->request(forged(uri => $uri, body => '{}')) for 1 .. $bad;
    }
    $t->request({ uri => '/bad', body => '{}' });

    is(substr($t->error_log, $said) =~ /\[warn\]/, '', 'no line as long as the minute lasts');
    is(scalar @{ $_->{minutes} }, 1, "one minute at $_->{location}")
        for @{ status($t, 81)->{hooks} };

    $t->set_now($start + 60);
    $t->wait_for(sub {
        $t->request({ uri => '/status' })->{body} =~ /"time":(\d+)/
            && $1 >= $start + 60;
    }, 'the next minute');

    $t->request(signed(uri => $_, body => '{}')) for qw{/good /few /bad /bad};

    my %minutes = map { $_->{location} => $_->{minutes} }
                  @{ status($t, 85)->{hooks} };
    is_deeply(\%minutes, {
        '/bad' => [{ time => $start + 60, accepted => 2 },
                   { time => $start, accepted => 2, rejected => 20 }],
        '/few' => [{ time => $start + 60, accepted => 1 },
                   { time => $start, rejected => 19 }],
        '/good' => [{ time => $start + 60, accepted => 1 },
                    { time => $start, accepted => 20, rejected => 20 }],
    }, 'minute by minute');

    my @lines = grep { /\[warn\]/ } split /\n/, substr $t->error_log, $said;
    is(scalar @lines, 1, 'one line, for the place that refused most, and 20');
    like($lines[0], qr{\Qwebhook own: 20 refused and 2 accepted in the minute \E
                       \Qfrom \E\d{4}/\d\d/\d\d[ ]\d\d:\d\d
                       \Q, most of them for signature_mismatch (19), \E
                       \Qserver: "", location: "/bad"\E\z}x, 'what it says');

    $t->done;
}


# What was counted in minutes that have not been yet.
sub clock_set_back {
    my $start = 1700000040;
    my $n = 0;

    my $t = hooks(<<"EOF", now => $start, frozen => 1);
        location /hook { webhook own; webhook_secret "$secret"; return 200; }
        location = /status { webhook_status json; }
EOF

    for ([0, 5], [60, 1], [-300, 1], [120, 1]) {
        my ($seconds, $requests) = @$_;

        $t->see_now($start + $seconds, '/status');
        $t->request(signed(uri => '/hook', body => '{}')) for 1 .. $requests;
        status($t, $n += $requests);
    }

    is_deeply(status($t, $n)->{hooks}[0]{minutes}, [
        { time => $start + 120, accepted => 1 },
        { time => $start - 300, accepted => 1 },
    ], 'a clock that was set back: the history begins anew');
    is(status($t, $n)->{hooks}[0]{longest_pause}, 420,
       'and it makes no pause');

    $t->done;
}


# The longest time without anything accepted, of two weeks at most.
sub pauses {
    my $start = 2811 * 604800;          # a week begins
    my $n = 0;

    my $t = hooks(<<"EOF", now => $start, frozen => 1);
        location /hook { webhook own; webhook_secret "$secret"; return 200; }
        location = /status { webhook_status json; }
EOF

    my $hook = sub {
        my ($days) = @_;

        $t->see_now($start + 86400 * $days, '/status');
        $t->request(signed(uri => '/hook', body => '{}'));

        return status($t, ++$n)->{hooks}[0];
    };

    is($hook->(0)->{longest_pause}, 0, 'one makes no pause');

    my $said = $hook->(3);

    is_deeply([@$said{qw/longest_pause last reason_last/}],
              [3 * 86400, { accepted => $start + 3 * 86400 }, {}],
              'two make one');

    $hook->($_) for 4 .. 12;
    is($hook->(13)->{longest_pause}, 3 * 86400, 'it is known for a week more');
    is($hook->(14)->{longest_pause}, 86400, 'and then what came later');

    $t->request(forged(uri => '/hook', body => '{}'));
    is_deeply(status($t, ++$n)->{hooks}[0]{reason_last},
              { signature_mismatch => $start + 14 * 86400 },
              'when a reason came last');

    $t->done;
}


# A server in a zone, with these directives; body: that looks at bodies.
sub hooks {
    my ($server, %more) = @_;

    # "return" answers before anybody is verified
    $server =~ s{return 200;}{proxy_pass http://127.0.0.1:%%PORT_1%%;}g;

    return WebhookTest->new(%more, conf => <<"EOF");
    webhook_zone hooks 1m;
    $providers
    log_format verdict '\$request_uri \$status '
                       '[\$webhook_verdict][\$webhook_reason]';
    access_log %%DIR%%/logs/verdict.log verdict;
    server {
        listen 127.0.0.1:%%PORT%%;
        $server
    }
    server {
        listen 127.0.0.1:%%PORT_1%%;
        access_log off;
        location / { return 200; }
    }
EOF
}


# The status as soon as so many requests have been counted; the last of them
# may be counted a moment after its answer.
sub status {
    my ($t, $requests) = @_;
    my $status;

    $t->wait_for(sub {
        my $n = 0;
        my $r = $t->request({ uri => '/status?format=json' });

        $status = decode_json($r->{body});
        $n += $_ for map { values %{ $_->{requests} } } @{ $status->{hooks} };

        return $n >= $requests;
    }, "$requests requests to be counted");

    return $status;
}


my $delivered;

sub last_delivery {
    my ($t) = @_;

    my $status = status($t, ++$delivered);

    return $status->{zones}[0]{deliveries}[0];
}
