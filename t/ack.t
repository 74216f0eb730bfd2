#!/usr/bin/perl

# webhook_ack: what the sender is told when the application took it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use WebhookTest::OldNginx;
use Test::Nginx::Socket 'no_plan';

no_shuffle();
no_long_string();

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value(http_config => http_config());
    $block->set_value(config => config($block->directives // ''));
    $block->set_value(no_error_log => "[alert]\n[crit]\n[emerg]\n");
    $block->set_value(more_headers => "X-Token: the secret of this sender\n"
                      . ($block->more_headers // ''));
});

run_tests();


sub http_config {
    return <<'EOF';
    webhook_provider plain { token header:X-Token; }
    webhook_provider two   { token header:X-Token; ack 202; }
    webhook_provider head  { token header:X-Token; methods HEAD; ack 202; }

    upstream app {
        server unix:app.sock;
        keepalive 4;
    }

    server {
        listen unix:app.sock;

        location = /200 { return 200 "body"; }
        location = /201 { add_header Location /new; return 201 "body"; }
        location = /202 { return 202 "body"; }
        location = /204 { add_header X-App yes; return 204; }
        location = /206 { return 206 "body"; }
        location = /302 { return 302 /elsewhere; }
        location = /304 { return 304; }
        location = /400 { return 400 "body"; }
        location = /404 { return 404 "body"; }
        location = /500 { return 500 "body"; }
        location = /number { return 202 $connection_requests; }
    }
EOF
}


sub config {
    my ($directives) = @_;

    my $proxy = <<'EOF';
        webhook_secret 'the secret of this sender';
        proxy_http_version 1.1;
        proxy_set_header Connection '';
        proxy_pass http://app/;
EOF

    return <<"EOF";
    $directives
    location /plain/ { webhook plain; $proxy }
    location /ack/   { webhook plain; webhook_ack 200; $proxy }
    location /none/  { webhook plain; webhook_ack 204; $proxy }
    location /two/   { webhook two; $proxy }
    location /off/   { webhook two; webhook_ack off; $proxy }
    location /own/   { webhook two; webhook_ack 201; $proxy }
    location /open/  { webhook off; webhook_ack 200; $proxy }
    location /trial/ { webhook plain; webhook_ack 200; webhook_enforce off;
                       $proxy }
    location /late/  { webhook plain; webhook_ack 201; $proxy
                       location /late/from { try_files /none /late/to/202; }
                       location /late/to/  { webhook_ack 200;
                                             proxy_pass http://app/; } }
    location /head/  { webhook head; $proxy }
    location /page/  { webhook two; proxy_intercept_errors on; $proxy
                       error_page 404 =200 /page;
                       error_page 400 = /page;
                       error_page 500 = \@other;
                       location /page/deep/ { recursive_error_pages on;
                                              proxy_pass http://app/; } }
    location = /page { return 200 "page"; }
    location \@other  { rewrite ^ /204 break;
                       proxy_http_version 1.1;
                       proxy_set_header Connection '';
                       proxy_pass http://app; }
    location /file/  { webhook plain; webhook_ack 201;
                       webhook_secret 'the secret of this sender';
                       try_files /none \@none; }
    location \@none   { return 202 "named"; }
EOF
}


__DATA__

=== any 2xx becomes the status that the sender wants
--- request eval
[ map { "POST /ack/$_\n{}" } 200, 201, 202, 206 ]
--- error_code eval
[ (200) x 4 ]
--- response_body eval
[ ("body") x 4 ]
--- raw_response_headers_like eval
[ (qr{^HTTP/1\.1 200 OK\r\n}) x 4 ]

=== the location counts that the request ends up in
--- request
POST /late/from
{}
--- error_code: 200
--- response_body chop
body

=== 204 becomes 200 with an empty body and a length, and the headers stay
--- request
POST /ack/204
{}
--- error_code: 200
--- response_body
--- response_headers
Content-Length: 0
X-App: yes

=== 204 to a client of HTTP/1.0
--- request
POST /ack/204 HTTP/1.0
--- error_code: 200
--- response_body

=== the connection stays open behind a 204 that became 200
--- pipelined_requests eval
[ "POST /ack/204\n{}", "POST /ack/202\n{}", "POST /ack/204\n{}" ]
--- error_code eval
[ 200, 200, 200 ]
--- response_body eval
[ "", "body", "" ]

=== 202 becomes 204
--- request eval
[ "POST /none/202\n{}", "POST /none/204\n{}" ]
--- error_code eval
[ 204, 204 ]
--- response_body eval
[ "", "" ]

=== the next answer follows right behind a 202 that became 204
--- raw_request eval
my $rest = "Host: a\r\nX-Token: the secret of this sender\r\n"
    . "Content-Length: 2\r\n";
"POST /none/202 HTTP/1.1\r\n$rest\r\n{}"
. "POST /ack/202 HTTP/1.1\r\n${rest}Connection: close\r\n\r\n{}"
--- error_code: 204
--- response_body_like eval
qr{\AHTTP/1\.1 200 OK\r\n(?:.+\r\n)+\r\nbody\z}

=== what is not 2xx stays as it is
--- request eval
[ map { "POST /ack/$_\n{}" } 302, 304, 400, 404, 500, 'none' ]
--- error_code eval
[ 302, 304, 400, 404, 500, 404 ]

=== nothing is changed without it
--- request eval
[ map { "POST /plain/$_\n{}" } 200, 201, 202, 204 ]
--- error_code eval
[ 200, 201, 202, 204 ]

=== the provider's rule, off, and the directive instead of it
--- request eval
[ "POST /two/200\n{}", "POST /two/204\n{}", "POST /two/404\n{}",
  "POST /off/200\n{}", "POST /off/204\n{}", "POST /own/200\n{}" ]
--- error_code eval
[ 202, 202, 404, 200, 204, 201 ]

=== inherited by a location, and replaced in one
--- directives: webhook_ack 203;
--- request eval
[ "POST /plain/200\n{}", "POST /two/200\n{}", "POST /ack/204\n{}",
  "POST /off/201\n{}" ]
--- error_code eval
[ 203, 203, 200, 201 ]

=== it is for verified requests only
--- request eval
[ "POST /open/202\n{}", "POST /ack/202\n{}" ]
--- error_code eval
[ 202, 200 ]

=== not for those that a trial run lets through
--- request eval
[ "POST /trial/202\n{}", "PUT /trial/202\n{}" ]
--- error_code eval
[ 200, 202 ]

=== behind an internal redirect
--- request
POST /file/x
{}
--- error_code: 201
--- response_body chop
named

=== not for HEAD
--- request
HEAD /head/200
--- error_code: 200

=== not for the page of an error, whatever its status
--- request eval
[ map { "POST /page/$_\n{}" } 404, 400, 'deep/404', 'deep/400' ]
--- error_code eval
[ 200, 200, 200, 200 ]
--- response_body eval
[ ("page") x 4 ]

=== but for another application that steps in
--- request eval
[ "POST /page/500\n{}", "POST /page/deep/500\n{}", "POST /page/201\n{}" ]
--- error_code eval
[ 202, 202, 202 ]

=== connections to the application are kept
--- request eval
[ map { "POST /ack/$_\n{}" } qw/number 204 number/ ]
--- error_code eval
[ 200, 200, 200 ]
--- response_body eval
[ "1", "", "3" ]
