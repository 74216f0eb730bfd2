#!/usr/bin/perl

# Refusals: the status, the body that tells nothing, the reason in the log and
# in the variable, and who else may answer.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use WebhookTest::OldNginx;
use Test::Nginx::Socket 'no_plan';

no_shuffle();
no_long_string();
log_level('info');

our %Text = (
    400 => 'bad request', 401 => 'unauthorized', 403 => 'forbidden',
    404 => 'not found', 405 => 'method not allowed', 409 => 'conflict',
    410 => 'gone', 415 => 'unsupported media type', 418 => 'refused',
    422 => 'unprocessable content', 429 => 'too many requests',
    500 => 'internal server error', 503 => 'service unavailable',
    599 => 'refused',
);

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value(http_config => http_config());
    $block->set_value(config => config($block->directives // '',
                                       $block->server // ''));
    $block->set_value(no_error_log =>
        join "\n", '[alert]', '[crit]', '[emerg]', $block->not_logged // ());
});

run_tests();


sub http_config {
    return <<'EOF';
    webhook_provider strict {
        content_type  application/json;
        header        X-Kind ping;
        token         header:X-Token;
        signature     header:X-Signature;
    }

    webhook_provider picky {
        header  X-Kind ping status=418;
        token   header:X-Token;
        reject  410;
    }
EOF
}


# Every location of the test answers 460 to what gets through.
sub config {
    my ($directives, $server) = @_;

    my $secret = q(webhook_secret 'the secret: of this sender';);
    my $content = 'add_header X-Reason $webhook_reason always; '
        . 'add_header X-Verdict $webhook_verdict always; '
        . 'try_files /none =460;';

    return $server . join "\n", map {
        "location /$_ { webhook $_; $secret $directives $content }"
    } qw/github strict picky netdata-basic netdata-bearer dropbox gitlab/;
}


sub main::refusal {
    my ($status) = @_;

    return qq({"status":$status,"error":"$::Text{$status}"}\n);
}


__DATA__

=== the table of section 5: statuses and bodies
--- request eval
[ "GET /github", "POST /strict\n{}", "POST /strict\n{}" ]
--- more_headers
X-Token: the secret: of this sender
--- error_code eval
[ 405, 415, 415 ]
--- response_body eval
[ map { main::refusal($_) } 405, 415, 415 ]
--- response_headers eval
[ "Content-Type: application/json\nAllow: POST\nX-Verdict: rejected\n"
  . "X-Reason: method_not_allowed",
  ("Content-Type: application/json\n!Allow\nX-Verdict: rejected\n"
   . "X-Reason: content_type_unsupported") x 2 ]

=== header_missing
--- request
POST /strict
{}
--- more_headers
Content-Type: application/json
--- error_code: 400
--- response_body eval: main::refusal(400)
--- response_headers
X-Reason: header_missing

=== header_mismatch
--- request
POST /strict
{}
--- more_headers
Content-Type: application/json
X-Kind: pong
--- error_code: 400
--- response_body eval: main::refusal(400)
--- response_headers
X-Reason: header_mismatch

=== token_missing
--- request
POST /strict
{}
--- more_headers
Content-Type: application/json
X-Kind: ping
--- error_code: 403
--- response_body eval: main::refusal(403)
--- response_headers
X-Reason: token_missing
! WWW-Authenticate

=== token_mismatch
--- request
POST /gitlab
{}
--- more_headers
X-Gitlab-Token: another
--- error_code: 403
--- response_body eval: main::refusal(403)
--- response_headers
X-Reason: token_mismatch
! WWW-Authenticate

=== signature_missing, with the reason in the log and not in the answer
--- request
POST /github
{}
--- error_code: 403
--- response_body eval: main::refusal(403)
--- response_headers
X-Reason: signature_missing
--- error_log eval
qr{\[error\] .* webhook github: refused, signature_missing, 0 bytes of body hashed, location: "/github", client: 127\.0\.0\.1, server: .*, request: "POST /github HTTP/1\.1"}

=== signature_malformed
--- request
POST /github
{}
--- more_headers
X-Hub-Signature-256: sha256=abc
--- error_code: 403
--- response_body eval: main::refusal(403)
--- response_headers
X-Reason: signature_malformed
--- error_log
refused, signature_malformed, 0 bytes

=== signature_mismatch
--- request eval
"POST /github\n" . 'x' x 100
--- more_headers eval
"X-Hub-Signature-256: sha256=" . '0' x 64
--- error_code: 403
--- response_body eval: main::refusal(403)
--- response_headers
X-Reason: signature_mismatch
--- error_log
refused, signature_mismatch, 100 bytes of body hashed

=== credential_repeated
--- request
POST /gitlab
{}
--- more_headers
X-Gitlab-Token: the secret: of this sender
X-Gitlab-Token: the secret: of this sender
--- error_code: 400
--- response_body eval: main::refusal(400)
--- response_headers
X-Reason: credential_repeated

=== challenge_malformed
--- request
GET /dropbox?challenge=%00
--- error_code: 400
--- response_body eval: main::refusal(400)
--- response_headers
X-Reason: challenge_malformed

=== accepted: no reason
--- request
POST /gitlab
{}
--- more_headers
X-Gitlab-Token: the secret: of this sender
--- error_code: 460
--- response_headers
X-Verdict: accepted
! X-Reason
--- not_logged
webhook gitlab: refused

=== HEAD has no body
--- request
HEAD /github
--- error_code: 405
--- response_body
--- response_headers
Content-Type: application/json
Content-Length: 44
Allow: POST

=== HTTP/1.0
--- request
POST /github HTTP/1.0
--- error_code: 403
--- response_body eval: main::refusal(403)

=== webhook_log_level info
--- directives: webhook_log_level info;
--- request
POST /github
{}
--- error_code: 403
--- error_log eval
qr/\[info\] .* webhook github: refused/
--- not_logged
[error]

=== webhook_log_level notice
--- directives: webhook_log_level notice;
--- request
POST /github
{}
--- error_code: 403
--- error_log eval
qr/\[notice\] .* webhook github: refused/
--- not_logged
[error]

=== webhook_log_level warn
--- directives: webhook_log_level warn;
--- request
POST /github
{}
--- error_code: 403
--- error_log eval
qr/\[warn\] .* webhook github: refused/
--- not_logged
[error]

=== webhook_log_level error, inherited
--- server: webhook_log_level error;
--- request
POST /github
{}
--- error_code: 403
--- error_log eval
qr/\[error\] .* webhook github: refused/

=== webhook_reject 404
--- directives: webhook_reject 404;
--- request eval
[ "POST /github\n{}", "POST /gitlab\n{}", "POST /netdata-basic\n{}" ]
--- error_code eval
[ (404) x 3 ]
--- response_body eval
[ (main::refusal(404)) x 3 ]
--- response_headers eval
[ "X-Reason: signature_missing", "X-Reason: token_missing",
  "X-Reason: token_missing\n! WWW-Authenticate" ]

=== webhook_reject leaves other statuses as they are
--- directives: webhook_reject 404;
--- request eval
[ "GET /github", "POST /strict\n{}", "GET /dropbox?challenge=%00",
  "POST /picky\n{}" ]
--- error_code eval
[ 405, 415, 400, 418 ]

=== webhook_reject 401: no invitation to send a password
--- directives: webhook_reject 401;
--- request eval
[ "POST /github\n{}", "POST /gitlab\n{}" ]
--- error_code eval
[ 401, 401 ]
--- response_body eval
[ (main::refusal(401)) x 2 ]
--- response_headers eval
[ ("! WWW-Authenticate") x 2 ]

=== webhook_reject 403 instead of 401
--- directives: webhook_reject 403;
--- request eval
[ "POST /netdata-basic\n{}", "POST /netdata-bearer\n{}" ]
--- error_code eval
[ 403, 403 ]
--- response_headers eval
[ ("! WWW-Authenticate") x 2 ]

=== webhook_reject: statuses without a text of their own, and with
--- server: webhook_reject 418;
--- request
POST /github
{}
--- error_code: 418
--- response_body eval: main::refusal(418)

=== webhook_reject 599
--- directives: webhook_reject 599;
--- request
POST /github
{}
--- error_code: 599
--- response_body eval: main::refusal(599)

=== webhook_reject 429
--- directives: webhook_reject 429;
--- request
POST /github
{}
--- error_code: 429
--- response_body eval: main::refusal(429)

=== webhook_reject 500
--- directives: webhook_reject 500;
--- request
POST /github
{}
--- error_code: 500
--- response_body eval: main::refusal(500)

=== webhook_reject 444 closes the connection without a word
--- directives: webhook_reject 444;
--- raw_request eval
"POST /github HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
--- ignore_response
--- access_log eval
qr{"POST /github HTTP/1\.1" 444 0 }
--- error_log
refused, signature_missing

=== the reject rule of a provider
--- request
POST /picky
{}
--- more_headers
X-Kind: ping
--- error_code: 410
--- response_body eval: main::refusal(410)

=== webhook_reject goes before the provider's rule
--- directives: webhook_reject 409;
--- request
POST /picky
{}
--- more_headers
X-Kind: ping
--- error_code: 409
--- response_body eval: main::refusal(409)

=== the status of a header rule goes before both
--- directives: webhook_reject 404;
--- request
POST /picky
{}
--- more_headers
X-Kind: pong
--- error_code: 418
--- response_body eval: main::refusal(418)

=== WWW-Authenticate
--- request eval
[ "POST /netdata-basic\n{}", "POST /netdata-bearer\n{}" ]
--- error_code eval
[ 401, 401 ]
--- response_body eval
[ (main::refusal(401)) x 2 ]
--- response_headers eval
[ "WWW-Authenticate: Basic realm=\"webhook\"\nX-Reason: token_missing",
  "WWW-Authenticate: Bearer realm=\"webhook\"\nX-Reason: token_missing" ]

=== WWW-Authenticate for a wrong password
--- request
POST /netdata-basic
{}
--- more_headers
Authorization: Basic dXNlcjpwYXNz
--- error_code: 401
--- response_headers
WWW-Authenticate: Basic realm="webhook"
X-Reason: token_mismatch

=== WWW-Authenticate for a wrong bearer token
--- request
POST /netdata-bearer
{}
--- more_headers
Authorization: Bearer pass
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="webhook"
X-Reason: token_mismatch

=== error_page: an internal page
--- directives: error_page 403 /page;
--- server
location /page {
    internal;
    add_header X-Page "$webhook_reason $webhook_verdict" always;
    return 403 "our page";
}
--- request eval
[ "POST /github\n{}", "GET /github" ]
--- error_code eval
[ 403, 405 ]
--- response_body eval
[ "our page", main::refusal(405) ]
--- response_headers eval
[ "X-Page: signature_missing rejected\nContent-Type: text/plain",
  "! X-Page\nContent-Type: application/json" ]

=== error_page: with another status
--- directives: error_page 403 404 =200 /page;
--- server
location /page {
    internal;
    return 204;
}
--- request
POST /github
{}
--- error_code: 200

=== error_page: a named location
--- directives: error_page 403 =202 @page; error_page 405 @page;
--- server
location @page {
    add_header X-Page "$request_method $webhook_reason" always;
    return 202 "named";
}
--- request eval
[ "POST /github\n{}", "PUT /github\n{}" ]
--- error_code eval
[ 202, 405 ]
--- response_body eval
[ "named", "named" ]
--- response_headers eval
[ "X-Page: POST signature_missing\n! Allow",
  "X-Page: PUT method_not_allowed\nAllow: POST" ]

=== error_page: behind the same gate its headers are sent once
--- directives: error_page 405 /github/page;
--- request
PUT /github
{}
--- error_code: 405
--- raw_response_headers_unlike: (?s)Allow:.*Allow:

=== error_page: a redirect to somewhere else
--- directives: error_page 403 http://example.org/;
--- request
POST /github
{}
--- error_code: 302
--- response_headers
Location: http://example.org/

=== error_page 401 keeps WWW-Authenticate
--- directives: error_page 401 /page;
--- server
location /page {
    internal;
    return 401 "log in";
}
--- request
POST /netdata-basic
{}
--- error_code: 401
--- response_body chop
log in
--- response_headers
WWW-Authenticate: Basic realm="webhook"

=== error_page: behind the same gate it is not shown, and nothing loops
--- directives: error_page 403 /github/page;
--- request
POST /github
{}
--- error_code: 403
--- response_body eval: main::refusal(403)

=== error_page: behind a gate of its own, whose refusal has its own status
--- directives: error_page 403 =200 /gitlab/page;
--- request
POST /github
{}
--- error_code: 405
--- response_body eval: main::refusal(405)

=== a refusal keeps the connection
--- pipelined_requests eval
[ "POST /github\n" . 'x' x 5000, "GET /github", "POST /github\n{}" ]
--- error_code eval
[ 403, 405, 403 ]
--- response_body eval
[ map { main::refusal($_) } 403, 405, 403 ]
