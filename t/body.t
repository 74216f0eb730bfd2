#!/usr/bin/perl

# The signature over a body, in whatever way the body comes and wherever nginx
# keeps it: what is signed goes upstream byte by byte, what is one bit away
# does not go upstream at all.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex/;
use IO::Compress::Gzip qw/gzip/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/header/;
use WebhookTest::Signed qw/$secret signature signed forged body_of/;

my @lua = WebhookTest::lua();

my $lua_conf = <<'EOF';
        location /lua/memory {
            rewrite_by_lua_block { ngx.req.read_body() }
            proxy_pass http://%%APP%%;
        }

        location /lua/file {
            client_body_buffer_size 1k;
            rewrite_by_lua_block { ngx.req.read_body() }
            proxy_pass http://%%APP%%;
        }

        location /lua/single {
            lua_need_request_body on;
            rewrite_by_lua_block { return }
            proxy_pass http://%%APP%%;
        }

        location /lua/exchanged {
            rewrite_by_lua_block {
                ngx.req.read_body()
                ngx.req.set_body_data("another body")
            }
            proxy_pass http://%%APP%%;
        }
EOF

$lua_conf = '' if !@lua;

# nginx from 1.31.5 on reads a body before it chooses a location, if it is told
# to, and from 1.29.4 on sends one over HTTP/2
my $has_early = WebhookTest::understands('server { client_body_early_read 1; }');
my $has_http2_upstream = WebhookTest::understands(
    'server { location / { proxy_http_version 2; } }');
my $early_conf = $has_early ? 'client_body_early_read $early;' : '';
my $http2_conf = $has_http2_upstream ? <<'EOF' : '';
        location /http2 {
            proxy_http_version 2;
            proxy_pass http://127.0.0.1:%%TLS_PORT%%;
        }

        location /http2/file {
            client_body_buffer_size 1k;
            proxy_http_version 2;
            proxy_pass http://127.0.0.1:%%TLS_PORT%%;
        }

        location /http2/unbuffered {
            proxy_request_buffering off;
            proxy_http_version 2;
            proxy_pass http://127.0.0.1:%%TLS_PORT%%;
        }
EOF

my $t = WebhookTest->new(modules => \@lua, conf => <<"EOF");
    proxy_set_header X-Body-File \$request_body_file;
    client_max_body_size 64m;
    client_header_buffer_size 1k;

    map \$uri \$early { ~^/early 1; }

    server {
        listen 127.0.0.1:%%TLS_PORT%% http2;
        location / { proxy_pass http://%%APP%%; }
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        $early_conf

        webhook github;
        webhook_secret "$secret";

        location / { proxy_pass http://%%APP%%; }

        location /memory {
            client_body_buffer_size 4m;
            proxy_pass http://%%APP%%;
        }

        location /file {
            client_body_buffer_size 1k;
            proxy_pass http://%%APP%%;
        }

        location /single {
            client_body_in_single_buffer on;
            proxy_pass http://%%APP%%;
        }

        location /file_only {
            client_body_in_file_only on;
            proxy_pass http://%%APP%%;
        }

        location /file_clean {
            client_body_in_file_only clean;
            proxy_pass http://%%APP%%;
        }

        location /early/unbuffered {
            proxy_request_buffering off;
            proxy_pass http://%%APP%%;
        }

        location /unbuffered {
            proxy_request_buffering off;
            proxy_http_version 1.1;
            proxy_pass http://%%APP%%;
        }

        location /unbuffered/file {
            proxy_request_buffering off;
            client_body_buffer_size 1k;
            proxy_pass http://%%APP%%;
        }

$lua_conf
$http2_conf
    }
EOF

my %small = (body => join '', map { chr($_ * 7 % 256) } 1 .. 600);
my %large = (body => join '', map { chr($_ * 31 % 251) } 1 .. 23_000);


every_way($_) for qw{/ /memory /file /single /file_only /file_clean /unbuffered
                     /unbuffered/file};

# where the body has been, or these cases say nothing
ok(body_file('/memory', \%large) eq '', 'in memory');
ok(body_file('/file', \%large) ne '', 'in a file');
ok(body_file('/unbuffered/file', \%large) ne '', 'in a file when unbuffered');

my $file = body_file('/file_only', \%large);
is(-s $file, 23_000, 'kept in its file');
ok(WebhookTest::Cert::read_file($file) eq $large{body}, 'byte by byte');
$file = body_file('/file_clean', \%large);
$t->wait_for(sub { !-e $file }, 'a file to be removed');
pass('in a file that is removed');


# every number of bytes may come with the head, and each by itself
check('one byte at a time', body => 'one byte at a time', split => 1,
      pause => 0.001);
check('one byte at a time, chunked', body => 'one byte at a time',
      chunked => 3, split => 1, pause => 0.001);
check('one byte at a time, to a file', uri => '/file', body => 'x' x 1_500,
      split_body => 1, pause => 0);
check('one byte at a time, unbuffered', uri => '/unbuffered',
      body => 'x' x 100, split_body => 1, pause => 0.001);
check("$_ bytes with the head", %small, head_with => $_) for 0, 1, 17, 599;
check("$_ bytes with the head, chunked", %small, head_with => $_,
      chunked => 100) for 1, 4, 105;
check('chunks of each length', chunked => [map { 'z' x $_ } 1 .. 40]);


# chunked encoding has room for more than the bytes
my @odd = (
    ['extensions', "5;a=b;c=\"d\"\r\nhello\r\n1;x\r\n!\r\n0;last\r\n\r\n"],
    ['zeros ahead', "0005\r\nhello\r\n1\r\n!\r\n000\r\n\r\n"],
    ['trailers', "6\r\nhello!\r\n0\r\nX-Trailer: one\r\n"
                 . "X-Hub-Signature-256: sha256=00\r\n\r\n"],
    ['upper case', "A\r\nhellohello\r\n0\r\n\r\n", 'hellohello'],
    ['lower case', "a\r\nhellohello\r\n0\r\n\r\n", 'hellohello'],
);

for (@odd) {
    my ($name, $encoded, $bytes) = @$_;

    $bytes //= 'hello!';
    check("chunked with $name", encoded => $encoded, body => $bytes);
    check("chunked with $name, in pieces", encoded => $encoded,
          body => $bytes, split_body => 1, pause => 0.001);
    check("chunked with $name, to a file", uri => '/file_only',
          encoded => $encoded, body => $bytes);
}

# a signature in the trailer is none
my ($header, $value) = @{ signature('hello!') };
refused('a signature only in the trailer',
        ask({ headers => [],
              encoded => "6\r\nhello!\r\n0\r\n$header: $value\r\n\r\n" }));


# no body is a body too
for my $uri (qw{/ /file /file_only /single /unbuffered}) {
    check("$uri, empty, no length", uri => $uri, body => '', length => '');
    check("$uri, empty, length 0", uri => $uri, body => '');
    check("$uri, empty, chunked", uri => $uri, chunked => []);
    check("$uri, empty, HTTP/1.0", uri => $uri, body => '', length => '',
          http => '1.0');
}


for my $uri (qw{/ /file /file_only /unbuffered}) {
    check("$uri, HTTP/1.0", uri => $uri, %large, http => '1.0');
    check("$uri, 100 Continue", uri => $uri, %large, expect => 1);
    check("$uri, 100 Continue, chunked", uri => $uri, %large, chunked => 5_000,
          expect => 1);
}

is("@{ $t->request(signed(%small, expect => 1))->{interim} }", 100,
   '100 Continue is said to the signed');
$t->app_clear;


# large ones
my $two = join '', map { pack 'N', $_ * 2_654_435_761 % 2**32 } 1 .. 2**19;

check("$_, 2 MiB", uri => $_, body => $two)
    for qw{/memory /file /unbuffered};
check('2 MiB, chunked', uri => '/file', body => $two, chunked => 77_777);
check('20 MiB', uri => '/', body => $two x 10);
check('20 MiB, chunked', uri => '/unbuffered', body => $two x 10,
      chunked => 1_000_003);


# the body of a gzip encoding is hashed as it came
my $text = 'a text ' x 1_000;
gzip(\$text => \my $gzipped);
my @gzip = ['Content-Encoding', 'gzip'];
check('gzip', body => $gzipped, headers => [@gzip]);
refused('gzip, signed as decoded',
        $t->request({ body => $gzipped,
                      headers => [@gzip, signature($text)] }));


# a body that another module has read when we come
SKIP: {
    skip 'no lua module to read it', 1 if !@lua;

    for my $uri (qw{/lua/memory /lua/file /lua/single}) {
        for my $body (\%small, \%large, { body => '' }) {
            my $name = "$uri, read before, " . length($body->{body})
                       . ' bytes';

            check($name, uri => $uri, %$body);
            check("$name, chunked", uri => $uri, %$body, chunked => 3_000);
            check("$name, in pieces", uri => $uri, %$body, split => 4_999,
                  pause => 0.002);
        }
    }

    ok(body_file('/lua/memory', { body => 'short' }) eq '', 'read to memory');
    ok(body_file('/lua/file', \%large) ne '', 'read to a file');
    check('2 MiB read before, in a file', uri => '/lua/file', body => $two);

    # what goes upstream is what counts, whoever made it
    refused('a body that was exchanged',
            $t->request(signed(uri => '/lua/exchanged', %small)));

    my $r = $t->request({ uri => '/lua/exchanged', %small,
                          headers => [signature('another body')] });
    is_deeply([$r->{status}, $t->app_digests],
              [202, sha256_hex('another body')],
              'the exchanged body is hashed');
    $t->app_clear;
}

SKIP: {
    skip 'no client_body_early_read in this nginx', 1 if !$has_early;

    every_way($_) for qw{/early /early/unbuffered};
    check('2 MiB read early', uri => '/early', body => $two);
    check("read early, empty, $_->[0]", uri => '/early', body => '', @$_)
        for ['length' => ''], ['length' => 0], [chunked => []];

    ok(body_file('/early', \%small) eq '', 'read early to memory');
    ok(body_file('/early', \%large) ne '', 'read early to a file');
}

SKIP: {
    skip 'no proxy_http_version 2 in this nginx', 1 if !$has_http2_upstream;

    for my $uri (qw{/http2 /http2/file /http2/unbuffered}) {
        every_way($uri);
        check("$uri, 2 MiB", uri => $uri, body => $two);
    }
}

$t->done;

done_testing();


# A small body and a large one, as they may come.
sub every_way {
    my ($uri) = @_;

    for my $body (\%small, \%large) {
        my %request = (uri => $uri, %$body);
        my $name = "$uri, " . length($body->{body}) . ' bytes';

        check("$name, with the head", %request);
        check("$name, in pieces", %request, split => 4_999, pause => 0.002);
        check("$name, chunked", %request, chunked => 1_777);
        check("$name, chunked in pieces", %request, chunked => 1_021,
              split => 4_999, pause => 0.002);
    }
}


# The signed request reaches the application with its bytes, the forged one
# does not reach it.
sub check {
    my ($name, %request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $r = ask(signed(%request));

    is_deeply([$r->{status}, $t->app_digests],
              [202, sha256_hex(body_of(%request))],
              "$name: upstream");
    $t->app_clear;

    refused($name, ask(forged(%request)));
}


sub refused {
    my ($name, $r) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is_deeply([$r->{status}, $r->{body}, $t->app_digests],
              [403, qq({"status":403,"error":"forbidden"}\n)],
              "$name: refused");
    $t->app_clear;
}


# As ->request, and with besides:
#
# encoded      the body in chunked encoding as it goes over the wire
# head_with    so many bytes of the body together with the head
# split_body   pieces of so many bytes, the head by itself
sub ask {
    my ($request) = @_;

    my ($encoded, $with, $piece) = @$request{qw/encoded head_with split_body/};

    return $t->request($request)
        if !defined $encoded && !defined $with && !$piece;

    my ($head, @body) = WebhookTest::format_request(
        connection => 'close', method => 'POST', %$request,
        defined $encoded ? (chunked => 1) : ());
    my $body = $encoded // join '', @body;
    my $c = $t->connection(%$request);

    $with //= 0;
    $piece //= length $body;
    $c->send($head . substr($body, 0, $with),
             unpack "(a$piece)*", substr $body, $with);

    return $c->read_response;
}


sub body_file {
    my ($uri, $body) = @_;

    $t->request(signed(uri => $uri, %$body));

    my ($seen) = $t->app_requests;
    $t->app_clear;

    return header($seen, 'X-Body-File');
}
