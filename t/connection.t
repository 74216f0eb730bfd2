#!/usr/bin/perl

# A connection after an answer: the next request on it is parsed where it
# begins, and nothing that belongs to a body is ever taken for a request.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Socket qw/SOL_SOCKET SO_LINGER/;
use Test::More;
use Time::HiRes qw/sleep time/;

use WebhookTest;
use WebhookTest::Signed qw/$secret signed forged/;

# Where a body was not read, nginx 1.18 by itself notices only at the end of
# keepalive_timeout that the client has gone.
my $t = WebhookTest->new(conf => <<"EOF");
    log_format verdict '\$uri \$status [\$webhook_verdict] [\$webhook_reason]';
    access_log %%DIR%%/logs/verdict.log verdict;
    client_header_buffer_size 1k;
    lingering_time 5s;
    lingering_timeout 1s;
    keepalive_timeout 10s;

    server {
        listen 127.0.0.1:%%PORT%%;

        webhook github;
        webhook_secret "$secret";

        location / { proxy_pass http://%%APP%%; }

        location /file {
            client_body_buffer_size 1k;
            proxy_pass http://%%APP%%;
        }

        location /walked {
            client_max_body_size 40m;
            client_body_buffer_size 40m;
            webhook_require "" object;
            proxy_pass http://%%APP%%;
        }

        location /hanging {
            client_body_timeout 1s;
            proxy_pass http://%%APP%%;
        }

        location /unbuffered {
            proxy_request_buffering off;
            proxy_pass http://%%APP%%;
        }

        location /limited {
            client_max_body_size 1k;
            proxy_pass http://%%APP%%;
        }

        location /limited/page {
            client_max_body_size 1k;
            error_page 400 413 /page;
            proxy_pass http://%%APP%%;
        }

        location /limited/app {
            client_max_body_size 1k;
            error_page 400 413 \@app;
            proxy_pass http://%%APP%%;
        }

        location /limited/other {
            client_max_body_size 1k;
            error_page 400 413 \@other;
            proxy_pass http://%%APP%%;
        }

        location \@other {
            webhook_secret "another secret of another gate";
            proxy_pass http://%%APP%%;
        }

        location \@app { proxy_pass http://%%APP%%; }

        location /page { proxy_pass http://%%APP%%; }

        location /closed {
            webhook_reject 444;
            proxy_pass http://%%APP%%;
        }

        location = /status { webhook off; stub_status; }
        location /open { webhook off; return 200 open; }
    }
EOF

my $smuggled = "GET /open/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
my $evil = $smuggled x 40;


# whatever the first request comes to, the second is answered, and once
for my $uri (qw{/ /file /unbuffered}) {
    for my $body ('small', 'b' x 30_000, $smuggled, $evil) {
        for my $chunked (undef, 777) {
            my %request = (uri => $uri, body => $body,
                           $chunked ? (chunked => $chunked) : ());
            my $name = join ', ', $uri, length($body) . ' bytes',
                       $chunked ? 'chunked' : ();

            follow("$name, accepted", signed(%request), 202);
            follow("$name, refused by its body", forged(%request), 403);
            follow("$name, refused by its head",
                   { %request, headers => [] }, 403);
            follow("$name, refused by its method",
                   { %{ signed(%request) }, method => 'PUT' }, 405);
        }
    }
}

# a request in the body does not become one when the length is a lie upwards
follow('a length of 0 and a request', { method => 'POST', length => 0,
                                        headers => [] }, 403);


# all that is refused before its body is answered without 100 Continue
{
    my $c = $t->connection;
    my ($head) = WebhookTest::format_request(body => 'x' x 1000, expect => 1);

    $c->send($head);
    my $r = $c->read_response;
    is_deeply([$r->{status}, $r->{interim}], [403, []],
              'refused without 100 Continue');
    $c->close;

    my ($forged, $body) = WebhookTest::format_request(
        %{ forged(body => $evil) }, expect => 1);

    $c = $t->connection;
    $c->send($forged);
    is($c->read_one->{status}, 100, 'a body is asked for');
    $c->send($body . $smuggled);
    is(join(' ', map { $c->read_response->{status} } 1, 2), '403 200',
       'refused, and the next answered');
    ok(!$c->eof(0.1), 'and no more');
}


# clients that stop half way
for my $uri (qw{/ /file /unbuffered}) {
    for my $body ('b' x 300, 'b' x 30_000) {
        for my $chunked (undef, 100) {
            my %request = (uri => $uri, body => $body,
                           $chunked ? (chunked => $chunked) : ());
            my $bytes = join '', WebhookTest::format_request(
                                     %{ signed(%request) });

            for my $how (qw/close reset/) {
                my $c = $t->connection;
                $c->send(substr($bytes, 0, -150), substr $bytes, -150, 145);
                $how eq 'reset' ? reset_connection($c) : $c->close;
            }

            # the end of the request is still to come
            my $c = $t->connection(timeout => 5);
            $c->send(substr $bytes, 0, -5);
            shutdown $c->{socket}, 1;
            my $r = $c->read_response;
            ok(!$r || $r->{status} == 400, 'a half-closed one gets nothing');
        }
    }
}

$t->wait_for(sub { connections() == 1 }, 'their connections to be given up');
is_deeply([$t->app_requests], [], 'nothing of them upstream');


# one that goes on hanging is closed
for my $chunked (undef, 100) {
    my %request = (uri => '/hanging', body => 'b' x 300,
                   $chunked ? (chunked => 100) : ());
    my $bytes = join '', WebhookTest::format_request(%{ signed(%request) });
    my $c = $t->connection(timeout => 5);
    my $begin = time;

    $c->send(substr $bytes, 0, -5);
    ok($c->eof, 'client_body_timeout closes');
    cmp_ok(time - $begin, '>', 0.8, 'in its time');
}

is_deeply([$t->app_requests], [], 'nothing of them upstream');


# too large; where the error page's own gate refuses, the error remains
for my $uri (qw{/limited /limited/page /limited/app /limited/other}) {
    my $r = $t->request(signed(uri => $uri, body => 'b' x 2000));
    is($r->{status}, 413, "$uri: too large by its length");

    for my $split (undef, 300) {
        for my $make (\&signed, \&forged) {
            $r = $t->request($make->(uri => $uri, body => 'b' x 2000,
                                     chunked => 200, split => $split,
                                     timeout => 4));
            is($r && $r->{status}, 413, "$uri: too large in chunks");
        }

        my ($head) = WebhookTest::format_request(
            %{ signed(uri => $uri, body => 'hello') }, chunked => [],
            connection => 'close');
        my $c = $t->connection(timeout => 4);
        $c->send($split ? ($head, "5\r\nhel", "lo\r\nno length\r\n0\r\n\r\n")
                        : "${head}5\r\nhello\r\nno length\r\n0\r\n\r\n");
        $r = $c->read_response;
        is($r && $r->{status}, 400, "$uri: malformed chunks");
    }
}

is_deeply([$t->app_requests], [], 'nothing of them upstream');
my %reasons = map { $_ => 1 } grep { m{^/(?:limited|page)\S* 413} }
              split /\n/, $t->log_file('verdict.log');
ok($reasons{'/limited 413 [rejected] [body_too_large]'},
   'too large by our reading') or diag(join "\n", sort keys %reasons);


# 444
{
    my $c = $t->connection;
    $c->send(WebhookTest::format_request(%{ forged(uri => '/closed',
                                                   body => 'x') }));
    ok($c->eof, 'closed without an answer');
}


is(connections(), 1, 'no connection is left');


# a reload and a killed worker, in the middle of a body
for my $uri (qw{/ /file}) {
    my %request = (uri => $uri, body => 'b' x 30_000);

    for my $make (\&signed, \&forged) {
        my ($head, $body) = WebhookTest::format_request(
            %{ $make->(%request) }, connection => 'close');
        my $c = $t->connection();

        $t->app_clear;
        $c->send($head . substr($body, 0, 10_000), substr $body, 10_000, 5);
        $t->reload;
        $c->send(substr $body, 10_005);

        is($c->read_response->{status}, $make == \&signed ? 202 : 403,
           "$uri: answered over a reload");
        is(scalar(() = $t->app_requests), $make == \&signed ? 1 : 0,
           'upstream');
        $t->app_clear;
    }

    my ($head, $body) = WebhookTest::format_request(%{ signed(%request) });
    my $c = $t->connection();

    $c->send($head . substr $body, 0, 29_000);
    sleep 0.1;
    $t->kill_worker;
    ok($c->eof, 'a killed worker says nothing');
    is(scalar(() = $t->app_requests), 0, 'nor does it send anything');
    is($t->request(signed(%request))->{status}, 202, 'its successor does');
    $t->app_clear;
}

# a reload while verified JSON is walked through, by a worker with nothing else
{
    my $body = '{"a":[' . join(',', ('{"k":[1,2,"zz"]}') x 500_000) . ']}';
    my $c = $t->connection;

    $t->app_clear;
    $c->send(join '', WebhookTest::format_request(
        %{ signed(uri => '/walked', body => $body) }, connection => 'close'));
    $t->reload;

    my $r = $c->read_response;
    is($r && $r->{status}, 202, 'a walk ends before its worker does');
    is(scalar(() = $t->log_file('app') =~ /\n/g), 1, 'upstream');
}


$t->done(allow => qr/exited on signal 9/);

done_testing();


# Sends the request with another right behind it, in one piece and in several,
# and looks for an answer to each and no more.
sub follow {
    my ($name, $request, $status) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $bytes = join '', WebhookTest::format_request(%$request),
                $smuggled =~ s/smuggled/next/r;
    my $piece = int(length($bytes) / 3) + 1;
    my @got;

    for my $pieces ([$bytes], [unpack "(a$piece)*", $bytes]) {
        my $c = $t->connection(timeout => 5, pause => 0.005);

        $t->app_clear;
        $c->send(@$pieces);
        push @got, map { $_ ? $_->{status} : 'none' }
                   map { $c->read_response } 1, 2;
        push @got, scalar(() = $t->log_file('app') =~ /\n/g);
        push @got, 'more' if length $c->{buffer} || $c->eof(0.01);
        $c->close;
    }

    my @each = ($status, 200, $status == 202 ? 1 : 0);
    is("@got", "@each @each", $name);
    $t->app_clear;
}


sub reset_connection {
    my ($c) = @_;

    setsockopt $c->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    $c->close;
}


# As the worker counts them; that which asks is one.
sub connections {
    return ($t->request({ uri => '/status' })->{body}
            =~ /Active connections: (\d+)/)[0];
}
