#!/usr/bin/perl

# The test helper itself, and the application: what goes in must come out byte
# by byte, or no other test of this tree means anything.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex/;
use JSON::PP;
use Test::More;

use WebhookTest;

my $ca_dir = File::Temp->newdir;
my $ca = WebhookTest::ca("$ca_dir", 'client-ca');
my $cert = WebhookTest::cert($ca, subject => '/CN=app.example/O=One');
my $odd = WebhookTest::cert($ca, subject => [[OU => 'a'], [OU => 'b'],
                                             [CN => 'app~evil']],
                            patch => { 'app~evil' => "app\0evil" });
my $expired = WebhookTest::cert($ca, subject => '/CN=app.example',
                                until => '20220101000000Z');

my $now = 1_614_265_330;

my $t = WebhookTest->new(now => $now, workers => 2, conf => <<"EOF");
    log_format clock \$msec;

    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/logs/clock.log clock;

        location / {
            client_max_body_size 8m;
            proxy_pass http://%%APP%%;
        }

        location = /no { return 403 no; }
        location = /pid { return 200 \$pid; }
    }

    server {
        listen 127.0.0.1:%%TLS_PORT%% ssl http2;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:tls:1m;
        ssl_verify_client optional;
        ssl_client_certificate $ca->{cert};

        location = /subject {
            return 200 "\$ssl_client_verify \$ssl_client_s_dn";
        }

        location / {
            proxy_pass http://%%APP%%;
        }
    }
EOF

my $bytes = join '', map { chr($_ % 256) } 0 .. 299_999;
my $r;


$r = $t->request({ uri => '/a?b=%20', headers => [['X-One', '1'], ['X-One', '2']],
                   body => $bytes });
is($r->{status}, 202, 'answered');
is($r->{reason}, 'From-Application', 'reason');
is($r->{header}{'content-type'}, 'application/json', 'header');
is(decode_json($r->{body})->{received}, length $bytes, 'body');
ok($r->{complete}, 'complete');

my @seen = $t->app_requests;
is(@seen, 1, 'seen once');
is("$seen[0]{method} $seen[0]{uri}", 'POST /a?b=%20', 'request line');
ok($seen[0]{body} eq $bytes, 'the bytes');
is($seen[0]{sha256}, sha256_hex($bytes), 'their digest');
is_deeply([map { $_->[1] } grep { $_->[0] eq 'X-One' } @{ $seen[0]{headers} }],
          [1, 2], 'headers, repeated ones too');


for my $way ([chunked => 7000], [split => 100_000], [expect => 1],
             [http => '1.0'], [chunked => [$bytes]])
{
    $t->app_clear;
    $r = $t->request({ body => $bytes, @$way });
    is($r->{status}, 202, "$way->[0] answered");
    ok((($t->app_requests)[0] // {})->{body} eq $bytes, "$way->[0] bytes");
    is("@{ $r->{interim} }", $way->[0] eq 'expect' ? 100 : '', 'interim');
}

$r = $t->request({ uri => '/status/204', body => 'x' });
is("$r->{status} $r->{body}", '204 ', 'a status by path');
$r = $t->request({ headers => [['X-App-Status', 500]], body => 'x' });
is($r->{status}, 500, 'a status by header');
$r = $t->request({ method => 'HEAD' });
is("$r->{status} $r->{body}", '202 ', 'HEAD');
$r = $t->request("GET /no HTTP/1.0\r\n\r\n");
is("$r->{status} $r->{body}", '403 no', 'raw');

$t->app_clear;
my $c = $t->connection;
$c->send(WebhookTest::format_request(body => 'one'),
         WebhookTest::format_request(uri => '/no', body => 'two'),
         WebhookTest::format_request(chunked => [qw/th ree/]));
is(join(' ', map { $c->read_response->{status} } 1 .. 3), '202 403 202',
   'pipelined');
is(join(' ', map { $_->{body} } $t->app_requests), 'one three', 'seen');
ok(!$c->eof(0.1), 'still open');
$c->close;


is($t->request({ tls => {}, uri => '/subject' })->{body}, 'NONE ', 'TLS');
is($t->request({ tls => $cert, uri => '/subject' })->{body},
   'SUCCESS O=One,CN=app.example', 'client certificate');
is($t->request({ tls => $odd, uri => '/subject' })->{body},
   'SUCCESS CN=app\00evil,OU=b,OU=a', 'odd certificate');
is($t->request({ tls => $expired, uri => '/subject' })->{body},
   'SUCCESS CN=app.example', 'not yet expired at that time');

for my $version (qw/TLSv1_2 TLSv1_3/) {
    my $session;

    for my $again (0, 1) {
        $c = $t->connection(tls => { %$cert, version => $version,
                                     session => \$session });
        is($c->reused ? 1 : 0, $again, "$version session reused: $again");
        $c->send(WebhookTest::format_request(uri => '/subject'));
        like($c->read_response->{body}, qr/^SUCCESS/, 'verified');
        $c->close;
    }
}

$t->app_clear;
$r = $t->curl('--http2', '--cert' => $cert->{cert}, '--key' => $cert->{key},
              '--data-binary' => 'via h2', 'https://127.0.0.1:%%TLS_PORT%%/x');
is("$r->{version} $r->{status} $r->{exit}", 'HTTP/2 202 0', 'HTTP/2');
is(($t->app_requests)[0]{body}, 'via h2', 'seen');

for my $length (1, 0) {
    my $body = 'by frames ' x 50_000;

    $t->app_clear;
    $r = $t->http2(tls => { %$cert, alpn => ['h2'] }, uri => '/x',
                   body => $body, $length ? (length => length $body) : ());
    is("$r->{version} $r->{status} $r->{complete}", 'HTTP/2 202 1',
       'HTTP/2 of our own');
    ok(($t->app_requests)[0]{body} eq $body, 'a body of many windows');
}

$r = $t->http2(tls => { %$cert, alpn => ['h2'] }, uri => '/x',
               body => 'b' x 5_000_000, length => 5_000_000);
is("$r->{status} $r->{complete}", '413 1',
   'an answer that comes ahead of the body');


my ($msec) = $t->log_file('clock.log') =~ /(\d+)/;
cmp_ok(abs($msec - $now), '<', 60, 'the clock starts at that time');

my @workers = $t->workers;
is(@workers, 2, 'workers');
$t->configure($t->{conf} =~ s/return 403 no/return 410 gone/r);
$t->reload;
is($t->request({ uri => '/no' })->{status}, 410, 'reloaded');

$t->kill_worker;
is($t->request({ uri => '/no' })->{status}, 410, 'after a kill');

my ($exit, $said) = WebhookTest::nginx_t('server { listn 1; }');
is($exit, 1, 'a configuration refused');
like($said, qr/unknown directive "listn" in .*:\d+/, 'and why');
($exit) = WebhookTest::nginx_t('server { listen 127.0.0.1:%%PORT%%; }');
is($exit, 0, 'a configuration taken');

$t->done(allow => qr/exited on signal 9/);

done_testing();
