#!/usr/bin/perl

# HTTP/3, where nginx has it: bodies in frames and packets of any size, lies
# about their length, requests that are broken off, streams beside each other,
# copies, and detours.  Nothing that is refused or not whole gets upstream.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_base64 sha256_hex/;
use File::Temp;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/ca cert/;
use WebhookTest::MessageSignature qw/message/;
use WebhookTest::Signed qw/$secret signature/;

if (my $reason = WebhookTest::no_http3()) {
    plan skip_all => $reason;
}

my $dir = File::Temp->newdir;
my $ca = ca("$dir", 'senders');

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_zone seen 1m;
    webhook_provider certificate { client_certificate CN=sender; }
    webhook_provider own {
        signature http-message algorithm=hmac-sha256
                  covers=\@method,\@target-uri,\@authority,\@scheme,\@path,\@query,content-digest;
    }
    webhook_provider token { methods POST GET; token header:X-Token; }
    client_max_body_size 32m;
    proxy_set_header X-Body-File \$request_body_file;

    server {
        listen 127.0.0.1:%%TLS_PORT%% ssl;
        listen 127.0.0.1:%%TLS_PORT%% quic;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_client_certificate $ca->{cert};
        ssl_verify_client optional_no_ca;

        location = /certificate {
            webhook certificate;
            proxy_pass http://%%APP%%;
        }

        location / {
            webhook github;
            webhook_secret "$secret";

            location /memory { proxy_pass http://%%APP%%; }

            location /file {
                client_body_buffer_size 1k;
                proxy_pass http://%%APP%%;
            }

            location /unbuffered {
                proxy_request_buffering off;
                proxy_http_version 1.1;
                proxy_pass http://%%APP%%;
            }

            location /limited {
                client_max_body_size 1k;
                proxy_pass http://%%APP%%;
            }

            location /once {
                webhook_replay zone=seen;
                proxy_pass http://%%APP%%;
            }

            location = /message {
                webhook own;
                proxy_pass http://%%APP%%;
            }

            location = /url {
                webhook square;
                proxy_pass http://%%APP%%;
            }

            location /page {
                error_page 403 = \@page;
                proxy_pass http://%%APP%%;
            }

            # answered before there is a location
            location "/page/a slash/" {
                error_page 301 = \@page;
                proxy_pass http://%%APP%%;
            }
            location /page/internal {
                internal;
                error_page 404 = \@page;
            }
            location /page/limited {
                client_max_body_size 1;
                error_page 403 413 = \@page;
            }
            location /page/regex {
                error_page 500 = \@page;
                location ~ (*LIMIT_MATCH=100)(a+)+\$ { return 204; }
            }

            # from place to place
            location = /tried { try_files /none /memory/tried; }
            location = /second {
                webhook_secret "another secret, which is not the one";
                error_page 403 = \@second;
                proxy_pass http://%%APP%%;
            }        }

        location \@second {
            webhook github;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;
        }

        location \@page { proxy_pass http://%%APP%%; }

        location = /by-token { try_files /none /token; }
        location = /token {
            webhook token;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;
        }
    }

    server {
        listen 127.0.0.1:%%TLS_PORT%% ssl;
        listen 127.0.0.1:%%TLS_PORT%% quic;
        server_name unclear;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        error_page 400 = \@token;

        location / { return 400; }
        location \@token {
            webhook token;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        location = /status { stub_status; }
    }
EOF

my @places = qw{/memory /file /unbuffered};
my $large = join '', map { pack 'N', $_ * 40_503 } 1 .. 2**17;
my $client = $t->http3;

# how the body is cut into frames, and their bytes into packets
my @ways = (
    { name => 'at once' },
    { name => 'byte by byte', step => 1, most => 600 },
    { name => 'packets of 7 bytes', step => 7, most => 3000 },
    { name => 'frames of a byte', frame => 1, most => 3000 },
    { name => 'frames of 701 bytes', frame => 701 },
    { name => 'empty frames between', frame => 1000, empty => 1 },
);

for my $place (@places) {
    for my $body ('', 'x', 'y' x 600, 'z' x 3000, $large) {
        for my $way (@ways) {
            next if length $body > ($way->{most} // length $large);

            for my $length (length $body, undef) {
                my $name = join ', ', $place, length($body) . ' bytes',
                    $way->{name},
                    defined $length ? 'with a length' : 'without a length';

                passes($place, $name, $body, %$way, length => $length);
            }
        }
    }
}

# from a file
{
    $t->app_clear;
    is(ask('/file', $large)->{status}, 202, 'a large body');
    like($t->log_file('app'), qr{"X-Body-File",\s*"[^"]+/temp_body/},
         'was in a temporary file');
    $t->app_clear;
}


# HTTP Message Signatures: what the request is, as its pseudo-headers say it

for my $case (['right', 202], ['another path', 403, '@path' => '/messages'],
              ['another authority', 403, '@authority' => 'localhos'],
              ['another scheme', 403, '@scheme' => 'http'],
              ['another query', 403, '@query' => '?'])
{
    my ($name, $status, %signed) = @$case;
    my %r = message(
        key => $secret, body => 'signed', uri => '/message?a=%41&b',
        host => 'localhost', scheme => 'https', created => time,
        url => \%signed, covers => [qw/@method @target-uri @authority @scheme
                                       @path @query content-digest/]);

    is(ask(@r{qw/uri body/}, headers => $r{headers})->{status}, $status,
       "an HTTP message signature: $name");
}

for my $case (['the URL', 202, 'https'], ['another URL', 403, 'http']) {
    my ($name, $status, $scheme) = @$case;
    my $signature = hmac_sha256_base64("$scheme://localhost/url?a=%41signed",
                                       $secret);

    is(ask('/url?a=%41', 'signed', headers => [
           ['X-Square-HmacSha256-Signature', "$signature="]])->{status},
       $status, "signed with $name");
}

$t->app_clear;


# Lies

for my $place (@places) {
    for my $case (['more', 1], ['less', -1], ['much more', 1e9],
                  ['nothing', -600])
    {
        my ($name, $difference) = @$case;
        my $body = 'b' x 600;
        my $length = 600 + $difference;

        # what would be left of it is signed as well
        for my $signed ($body, substr $body, 0, $length < 600 ? $length : 600) {
            refuses("$place: $name than there is", qr/^(?:0|400|403|413)$/,
                    $place, $body, signature($signed), length => $length);
        }
    }

    # a frame that goes on after its stream
    my $body = 'b' x 600;

    for my $frame ("\0" . varint(601) . $body, "\0" . varint(600) . $body
                   . "\0" . varint(5) . 'bb')
    {
        my $c = $t->http3;
        my $id = begin($c, $place, [signature($body)]);

        $c->bytes($id, $frame);
        $c->end($id);

        my $r = $c->response($id);
        ok($r->{status} != 202, "$place: a frame that is not whole");
        is_deeply([$t->app_digests], [], 'nothing upstream');
        $c->close if !$r->{closed};
    }
}

refuses('too large by its length', qr/^413$/, '/limited', 'b' x 2000,
        signature('b' x 2000), length => 2000);
refuses('too large without one', qr/^413$/, '/limited', 'b' x 2000,
        signature('b' x 2000));


# Answered before the body

{
    my $id = $client->begin(uri => '/memory', length => 1_000_000);
    my $r = $client->response($id);

    is($r->{status}, 403, 'refused from its head');
    is_deeply([$t->app_digests], [], 'nothing upstream');
}


# Broken off

for my $place (@places) {
    for my $bytes (100, 300_000) {
        my $id = begin($client, $place, [signature($large)],
                       length => length $large);

        $client->data($id, substr $large, 0, $bytes);
        $client->cancel($id);
        passes($place, "$place: the next after one that is reset", 'next');

        my $gone = $t->http3;
        $id = begin($gone, $place, [signature($large)]);
        $gone->data($id, substr $large, 0, $bytes);
        $gone->close;

        # and one that says nothing any more
        my $silent = $t->http3(idle => 1);
        $id = begin($silent, $place, [signature($large)]);
        $silent->data($id, substr $large, 0, $bytes);
        $silent->{quic}->flush;
        $silent->{quic}->forget;
    }
}

$client->close;
$t->wait_for(sub {
    $t->request({ uri => '/status' })->{body} =~ /Active connections: 1 /
}, 'connections to be given up');
is_deeply([$t->app_digests], [], 'nothing of them upstream');

$client = $t->http3;


# Certificates

for my $case ([202, 'is right', $ca, '/CN=sender'],
              [403, 'has another subject', $ca, '/CN=other'],
              [403, 'is of a stranger', ca("$dir", 'strangers'), '/CN=sender'],
              [403, 'is not there'])
{
    my ($status, $name, $of, $subject) = @$case;
    my $c = $t->http3($of ? (cert => cert($of, subject => $subject)) : ());

    is(ask('/certificate', $name, client => $c, headers => [])->{status},
       $status, "a certificate that $name");
    is_deeply([$t->app_digests], [$status == 202 ? sha256_hex($name) : ()],
              'upstream or not');
    $t->app_clear;
    $c->close;
}


# Streams beside each other

{
    my (@ids, @bodies);

    for my $i (0 .. 11) {
        push @bodies, chr(65 + $i) x 20_000;
        push @ids, begin($client, '/file',
                         [signature($bodies[$i] . ($i % 3 ? '' : '.'))]);
    }

    for my $piece (0 .. 19) {
        $client->data($ids[$_], substr $bodies[$_], $piece * 1000, 1000)
            for 0 .. 11;
    }

    $client->end($_) for reverse @ids;

    is_deeply([map { $client->response($_)->{status} } @ids],
              [(403, 202, 202) x 4], 'the good beside the bad');
    is_deeply([sort $t->app_digests],
              [sort map { sha256_hex($bodies[$_]) } grep { $_ % 3 } 0 .. 11],
              'those of them upstream');
    $t->app_clear;
}


# Copies

{
    my $body = '{"message":"one"}';

    is(ask('/once', $body)->{status}, 202, 'a message');
    is(ask('/once', $body)->{status}, 200, 'its copy');

    my $other = $t->http3;
    is(ask('/once', $body, client => $other, step => 3)->{status}, 200,
       'another on another connection');
    $other->close;

    is_deeply([$t->app_digests], [sha256_hex($body)], 'once upstream');
    $t->app_clear;

    # both are there before either is whole
    my $raced = '{"message":"two"}';
    my @ids = map { begin($client, '/once', [signature($raced)]) } 1 .. 2;

    $client->data($_, $raced) for @ids;
    $client->{quic}->flush;
    $client->end($_) for @ids;

    like(join(' ', sort map { $client->response($_)->{status} } @ids),
         qr/^(?:200 202|202 409)$/, 'of two at once one is a copy');
    is_deeply([$t->app_digests], [sha256_hex($raced)], 'once upstream');
    $t->app_clear;

    # a message that was broken off has not been taken
    my $id = begin($client, '/once', [signature($large)]);

    $client->data($id, substr $large, 0, 300_000);
    $client->cancel($id);
    is(ask('/once', $large)->{status}, 202, 'a whole one after a part of it');
    $t->app_clear;
}


# Detours

for my $way ('', '/a%20slash', '/internal', '/limited',
             '/regex' . 'a' x 60 . 'b')
{
    for my $body ('xy', 'y' x 600, $large) {
        for my $length ([], [length => length $body]) {
            for my $headers ([], [signature("$body.")]) {
                my $c = $t->http3;
                my $r = ask("/page$way", $body, headers => $headers,
                            client => $c, @$length);
                my ($seen) = $t->app_requests;

                is("$r->{status} " . ($seen->{length} // 'none'), '202 0',
                   "/page$way: the application gets no body (@$length)");
                $t->app_clear;
                $c->close if !$r->{closed};
            }
        }
    }
}


# From place to place

for my $place ('/tried', '/second') {
    passes($place, "$place: $_ bytes", 'g' x $_) for 1, 3000;
}

for my $case ([202, GET => '/by-token'], [202, POST => '/by-token', 'body'],
              [202, POST => '/', 'body', 'unclear'])
{
    my ($status, $method, $uri, $body, $authority) = @$case;
    my %want = (method => $method, authority => $authority // 'localhost');

    for my $length (undef, length($body // '')) {
        my $name = "$method $uri" . ($length ? ', with a length' : '');

        is(ask($uri, $body // '', %want, length => $length,
               headers => [['X-Token', $secret]])->{status}, $status, $name);
        is_deeply([$t->app_digests], [sha256_hex($body // '')],
                  "$name: upstream");
        $t->app_clear;
    }
}

# what nginx has not understood has a body that it does not know of
refuses('two hosts', qr/^(?:0|400|403)$/, '/', 'body', ['X-Token', $secret],
        authority => 'unclear', host => 'other');

# and what it has understood looks the same, unless it says that it has none
refuses('no body, no length', qr/^400$/, '/', '', ['X-Token', $secret],
        method => 'GET', authority => 'unclear', length => undef);
is(ask('/', '', method => 'GET', authority => 'unclear', length => 0,
       headers => [['X-Token', $secret]])->{status}, 202, 'no body, a length');

$client->close;
# what nginx says of the regular expression
$t->done(allow => qr/pcre.*\(\) failed/);

done_testing();


sub varint { return WebhookTest::QUIC::varint(@_) }


sub begin {
    my ($c, $place, $headers, %want) = @_;

    return $c->begin(uri => $place, headers => $headers, %want);
}


# The answer to a request that is signed unless told.
sub ask {
    my ($place, $body, %want) = @_;

    my $c = $want{client} // $client;
    my $id = begin($c, $place, $want{headers} // [signature($body)], %want);
    my @frames = unpack '(a' . ($want{frame} // 1 << 20) . ')*', $body;

    $c->data($id, $want{empty} ? map { ('', $_) } @frames : @frames);
    $c->end($id);

    return $c->response($id);
}


# Signed it is upstream, and with another signature it is not.
sub passes {
    my ($place, $name, $body, %want) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $t->app_clear;
    is_deeply([ask($place, $body, %want)->{status}, $t->app_digests],
              [202, sha256_hex($body)], "$name: upstream");

    $t->app_clear;
    my $r = ask($place, $body, %want, headers => [signature("$body.")]);
    is_deeply([@$r{qw/status body complete/}, $t->app_digests],
              [403, qq({"status":403,"error":"forbidden"}\n), 1],
              "$name: refused");
}


# Refused with one of these statuses, and nothing is upstream.
sub refuses {
    my ($name, $status, $place, $body, $header, %want) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $c = $t->http3;
    my $host = delete $want{host};
    my $r = ask($place, $body, client => $c, %want, headers => [
                    $header, defined $host ? ['Host', $host] : ()]);

    like($r->{status}, $status, "$name: the answer");
    is_deeply([$t->app_digests], [], "$name: nothing upstream");
    $c->close if !$r->{closed};
}
