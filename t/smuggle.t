#!/usr/bin/perl

# Whatever refuses a request, and whatever is behind the gate: no byte of its
# body gets there, and none is taken for the next request.  The body is full of
# requests, and another one follows it on the connection.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use Test::More;

use WebhookTest;
use WebhookTest::Gateway;
use WebhookTest::HTTP2;
use WebhookTest::Signed qw/$secret signed forged/;

my $gateway = WebhookTest::Gateway->new;

# nginx itself takes gRPC, and hands on what it gets
my %pass = (
    proxy => 'proxy_pass http://%%APP%%;',
    grpc => 'grpc_pass grpc://127.0.0.1:%%PORT_1%%;',
    map { $_ => "${_}_pass " . $gateway->address($_) . ';' }
    qw/fastcgi scgi uwsgi/,
);

# "grpc_pass" has no such directive: it never waits for the whole of a body
my $unbuffered = 'UPSTREAM_request_buffering off;';
my $token = qq(webhook gitlab; webhook_secret "$secret";);

# conf      what else is in the location with the gate
# how       the request: signed, forged (signed as another body), unsigned, or
#           with a token, which nothing of the body has to be read for
# status    the answer
# reaches   what the upstream gets of the body; undef: it is not asked
# unread    true: nothing looks at the body, so the connection must close
# but       not for this upstream: SCGI begins with the length of a body, for
#           which nginx takes what has come so far
my @cases = (
    { name => 'headers', how => 'unsigned', status => 403 },
    { name => 'body', how => 'forged', status => 403 },
    { name => 'unbuffered', how => 'forged', status => 403,
      conf => $unbuffered },
    { name => 'large', how => 'signed', status => 413,
      conf => 'client_max_body_size 1;' },
    { name => 'return', how => 'signed', status => 418,
      conf => 'set $one two; return 418;' },
    { name => 'any', how => 'forged', status => 403,
      conf => 'satisfy any; deny all;' },
    { name => 'auth', how => 'signed', status => 403,
      conf => 'auth_request /no;' },
    { name => 'auth-gate', how => 'signed', status => 403,
      conf => 'auth_request /gate;' },
    { name => 'token', how => 'signed', status => 403, conf => $token },
    { name => 'token-unbuffered', how => 'signed', status => 403,
      conf => "$token $unbuffered" },

    # the same, but for a page that asks the upstream
    { name => 'page-headers', how => 'unsigned', reaches => '', unread => 1,
      conf => 'error_page 403 = @UPSTREAM;' },
    { name => 'page-body', how => 'forged', reaches => '',
      conf => 'error_page 403 = @UPSTREAM;' },
    { name => 'page-unbuffered', how => 'forged', reaches => '',
      conf => "error_page 403 = \@UPSTREAM; $unbuffered" },
    { name => 'page-large', how => 'signed', reaches => '', unread => 1,
      conf => 'error_page 413 = @UPSTREAM; client_max_body_size 1;' },
    { name => 'page-return', how => 'signed', reaches => '', unread => 1,
      conf => 'error_page 418 = @UPSTREAM; set $one two; return 418;' },
    { name => 'page-any', how => 'forged', reaches => '',
      conf => 'error_page 403 = @UPSTREAM; satisfy any; deny all;' },
    { name => 'page-auth', how => 'signed', reaches => '', unread => 1,
      conf => 'error_page 403 = @UPSTREAM; auth_request /no;' },
    { name => 'page-auth-gate', how => 'signed', reaches => '', unread => 1,
      conf => 'error_page 403 = @UPSTREAM; auth_request /gate;' },
    { name => 'page-token', how => 'signed', reaches => '', unread => 1,
      conf => "error_page 403 = \@UPSTREAM; $token" },

    # what may pass passes whole, and what follows it is the next request
    { name => 'good', how => 'signed', reaches => 'all' },
    { name => 'good-unbuffered', how => 'signed', reaches => 'all',
      conf => $unbuffered },
    { name => 'good-token', how => 'token', reaches => 'all', conf => $token },
    { name => 'good-token-unbuffered', how => 'token', reaches => 'all',
      conf => "$token $unbuffered", but => 'scgi' },
    { name => 'auth-good', how => 'signed', reaches => 'all',
      conf => 'auth_request /yes;' },
    { name => 'any-good', how => 'signed', reaches => 'all',
      conf => 'satisfy any; deny all;' },
    { name => 'any-open', how => 'forged', reaches => 'all',
      conf => 'satisfy any; allow all;' },
);

my $no_http3 = WebhookTest::no_http3();
my $http3 = $no_http3 ? '' : 'listen 127.0.0.1:%%TLS_PORT%% quic;';

my $upstreams = join '', map { upstream($_) } sort keys %pass;

my $t = WebhookTest->new(conf => <<"EOF");
    log_format uri '\$request_uri';
    access_log %%DIR%%/logs/uri.log uri;
    lingering_timeout 1s;
    keepalive_requests 100000;

    webhook_log_level notice;
    fastcgi_param REQUEST_METHOD \$request_method;
    fastcgi_param CONTENT_LENGTH \$content_length;
    uwsgi_param REQUEST_METHOD \$request_method;
    uwsgi_param CONTENT_LENGTH \$content_length;
    scgi_param REQUEST_METHOD \$request_method;

    server {
        listen 127.0.0.1:%%PORT_1%% http2;
        access_log off;
        client_max_body_size 1m;
        location / { proxy_pass http://%%APP%%; }
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%TLS_PORT%% ssl http2;
        $http3
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        client_body_buffer_size 1k;
        proxy_http_version 1.1;

        location /open { return 200 open; }
        location = /no { return 403; }
        location = /yes { return 204; }
        location = /gate {
            webhook github;
            webhook_secret "$secret";
        }

        $upstreams
    }
EOF

$gateway->start("$t->{dir}/logs/app");

my $smuggled = "GET /open/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
my $next = $smuggled =~ s/smuggled/next/r;

for my $kind (sort keys %pass) {
    for my $case (cases($kind)) {
        for my $way ({}, { chunked => 700 }, { expect => 1 }) {
            ask($kind, $case, $smuggled x 3, $way, 'at once');
            ask($kind, $case, $smuggled x 200, $way, 'at once');
            ask($kind, $case, $smuggled x 200, $way, 'late');
        }

        for my $how ('length', '', 'open') {
            ask_stream($kind, $case, $how, 2, \&http2);
            ask_stream($kind, $case, $how, 3, \&http3) if !$no_http3;
        }
    }
}

note("HTTP/3 is not asked: $no_http3") if $no_http3;

$t->done;

done_testing();


sub cases {
    my ($kind) = @_;

    return grep { $kind ne ($_->{but} // '')
                  && ($kind ne 'grpc' || ($_->{conf} // '') !~ /buffering/) }
           @cases;
}


# The locations of one upstream.
sub upstream {
    my ($kind) = @_;

    my $inner = join '', map {
        "location /$kind/$_->{name} { " . ($_->{conf} // '')
        . " $pass{$kind} }\n"
    } cases($kind);

    return <<"EOT" =~ s/UPSTREAM/$kind/gr;
        location \@UPSTREAM { $pass{$kind} }
        location /UPSTREAM {
            webhook github;
            webhook_secret "$secret";
            $inner
        }
EOT
}


sub request_of {
    my ($case, %request) = @_;

    my @token = $case->{how} eq 'token' ? ['X-Gitlab-Token', $secret] : ();

    return $case->{how} eq 'signed' ? signed(%request)
         : $case->{how} eq 'forged' ? forged(%request)
         : { method => 'POST', %request, headers => \@token };
}


# A request and one behind it.  Late: its body comes after the answer, if that
# does not wait for it.
sub ask {
    my ($kind, $case, $body, $way, $when) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $name = join ', ', "$kind/$case->{name}", keys %$way,
               length($body) . " bytes $when";
    my $request = request_of($case, uri => "/$kind/$case->{name}",
                             body => $body, %$way);
    my ($head, @body) = WebhookTest::format_request(%$request);
    my $c = $t->connection(timeout => 5);

    clear();

    if ($when eq 'late') {
        $c->send($head);
        IO::Select->new($c->{socket})->can_read(0.02);
        $c->send(join '', @body, $next);

    } else {
        $c->send(join '', $head, @body, $next);
    }

    my $r = $c->read_response;
    my $after = $c->read_response;

    check($case, $name, $r, $body);
    is($after && "$after->{status} $after->{body}",
       follows($case, $after), "$name: what comes next");
    $c->close;

    unlike($t->log_file('uri.log'), qr/smuggled/, "$name: nothing of it ran");
}


# The body of the answer to what follows, or undef where nothing may.
sub follows {
    my ($case, $after) = @_;

    return if $case->{unread}
              || !$after && ($case->{reaches} // '') ne 'all';

    return '200 open';
}


# In a stream: with its length, without, and with a body that has no end.
sub ask_stream {
    my ($kind, $case, $how, $version, $answer) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $body = $smuggled x 200;
    my $request = request_of($case, uri => "/$kind/$case->{name}",
                             body => $body);

    return if $how eq 'open' && !$case->{unread};

    clear();
    check($case, "$kind/$case->{name}, HTTP/$version $how",
          $answer->($request, $body, $how eq 'open',
                    $how eq 'length' ? (length => length $body) : ()), $body);
}


sub http2 {
    my ($request, $body, $open, @length) = @_;

    return $t->http2(%$request, tls => { alpn => ['h2'] }, timeout => 5,
                     @length, open => $open);
}


# A part of the body in each frame.
sub http3 {
    my ($request, $body, $open, @length) = @_;

    my $client = $t->http3(timeout => 5);
    my $id = $client->begin(%$request, @length);

    $client->data($id, unpack '(a4096)*', $body);
    $client->end($id) if !$open;

    my $r = $client->response($id);
    $client->close;

    return $r;
}


sub check {
    my ($case, $name, $r, $body) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @seen = $t->app_requests;
    my @reaches = $case->{reaches} // ();
    my $length = @reaches && $reaches[0] eq 'all' ? length $body : 0;

    is($r && $r->{status}, $case->{status} // 202, "$name: the answer");
    is_deeply([map { $_->{incomplete} ? 'broken off' : $_->{body} } @seen],
              [map { $_ eq 'all' ? $body : $_ } @reaches],
              "$name: what arrives");

    for (@seen) {
        my %header = map { lc $_->[0] => $_->[1] } @{ $_->{headers} };

        is($header{'content-length'} || $length, $length,
           "$name: its length");
        ok(!$header{'transfer-encoding'} && !$header{expect},
           "$name: and not more is promised") if !$length;
    }
}


# Forgets what has been seen so far.
sub clear {
    $t->app_clear;
    truncate "$t->{dir}/logs/uri.log", 0;
}
