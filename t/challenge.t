#!/usr/bin/perl

# Challenges: what nginx answers by itself, and what it refuses to sign or to
# repeat.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_base64/;
use WebhookTest::OldNginx;
use Test::Nginx::Socket 'no_plan';

our $Key = 'the secret of the challenges';
our $Signing = 'the secret of the messages';
our $Both = 'one for messages and challenges';

no_shuffle();
no_long_string();

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value(http_config => http_config()) if !$block->http_config;
    $block->set_value(config => config()) if !$block->config;
    $block->set_value(no_error_log => "[alert]\n[crit]\n[emerg]\n");
});

run_tests();


# A regular expression for a body that is just this.
sub whole {
    my ($text) = @_;

    return '\A' . quotemeta($text) . '\z';
}


sub http_config {
    return <<'EOF';
    map $arg_key $given_key { default $arg_key; }
    map $http_x_first $given_first { default $http_x_first; }
    map $http_x_second $given_second { default $http_x_second; }
    map $http_x_challenge $given_challenge { default $http_x_challenge; }

    webhook_provider json-echo {
        token      bearer;
        challenge  query:challenge 'reply={"challenge":"$webhook_challenge"}'
                   type=application/json;
    }

    webhook_provider head-echo {
        token      bearer;
        challenge  header:X-Hook-Secret method=HEAD;
        challenge  query:validationToken method=POST;
    }

    webhook_provider template {
        token      bearer;
        challenge  query:c 'reply=$webhook_challenge:$webhook_provider:$arg_d'
                   type=text/x-own;
    }

    webhook_provider two {
        token      bearer;
        challenge  query:c match=query:mode=a reply=first-$webhook_challenge;
        challenge  query:c match=query:mode=b reply=second-$webhook_challenge;
    }
EOF
}


sub config {
    my $content = 'add_header X-Reason $webhook_reason always; '
        . 'add_header X-Verdict $webhook_verdict always; '
        . 'default_type text/plain; try_files /none =418;';
    my $secret = "webhook_secret '$Signing';";
    my $both = "webhook_secret '$Both';";
    my $challenge = "webhook_challenge_secret '$Key';";

    return <<"EOF";
    location = /dropbox {
        webhook dropbox; $secret $content
    }
    location /paged {
        webhook dropbox; $secret error_page 400 /paged/400; $content
    }
    location = /meta {
        webhook meta; $secret $challenge $content
    }
    location = /meta-off {
        webhook meta; $secret $content
    }
    location = /meta-tenant {
        webhook meta; $secret webhook_challenge_secret \$given_key; $content
    }
    location = /netdata {
        webhook netdata-bearer; $secret $challenge $content
    }
    location = /netdata-off {
        webhook netdata-bearer; $secret $content
    }
    location = /netdata-tenant {
        webhook netdata-bearer; $secret webhook_challenge_secret \$given_key;
        $content
    }
    location = /netdata-tenants {
        webhook netdata-bearer; $secret
        webhook_secret \$given_first; webhook_secret \$given_second;
        webhook_challenge_secret \$given_challenge; $content
    }
    location = /netdata-signed {
        webhook netdata-bearer; webhook_secret \$given_first;
        $challenge $content
    }
    location = /x-tenant {
        webhook x; $both webhook_challenge_secret \$given_challenge;
        $content
    }
    location = /x {
        webhook x; $both $challenge $content
    }
    location = /x-one {
        webhook x; $both $content
    }
    location = /x-same {
        webhook x; $both webhook_challenge_secret '$Both'; $content
    }
    location = /json {
        webhook json-echo; $secret $content
    }
    location = /head {
        webhook head-echo; $secret $content
    }
    location = /slack {
        webhook slack; $secret $content
    }
    location = /bitbucket {
        webhook bitbucket; $secret $content
    }
    location = /template {
        webhook template; $secret $content
    }
    location = /two {
        webhook two; $secret $content
    }
    location = /trial {
        webhook dropbox; $secret webhook_enforce off; $content
    }
EOF
}


# What an X or Netdata challenge is answered with.
sub main::signed {
    my ($token, $key) = @_;

    return qq({"response_token":"sha256=${\ main::mac($token, $key // $Key)}"});
}


sub main::mac {
    my ($text, $key) = @_;

    my $mac = hmac_sha256_base64($text, $key);

    $mac .= '=' while length($mac) % 4;

    return $mac;
}


__DATA__

=== dropbox: the challenge comes back as text that no browser interprets
--- request
GET /dropbox?challenge=abc-DEF_123
--- response_body chop
abc-DEF_123
--- response_headers
Content-Type: text/plain
X-Content-Type-Options: nosniff
X-Verdict: challenge
--- error_code: 200
--- error_log
webhook dropbox: challenge answered

=== a challenge with malformed chunks, its error page behind the same gate
--- raw_request eval
"GET /paged?challenge=abc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
. "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"
--- error_code: 400
--- response_body
{"status":400,"error":"bad request"}

=== dropbox: percent-decoded once, and what is visible comes back as it is
--- request eval
[ "GET /dropbox?challenge=%3Cscript%3Ealert(1)%3C/script%3E",
  "GET /dropbox?a=b&challenge=%2541&c=d",
  "GET /dropbox?%63hallenge=!%22%23%24%26'()*%2b,-./:;<=>?@[]^_`{|}~" ]
--- response_body eval
[ "<script>alert(1)</script>", "%41",
  qq(!"#\$&'()*+,-./:;<=>?@[]^_`{|}~) ]
--- raw_response_headers_like eval
[ map { qr{Content-Type: text/plain\r\n(?s:.*)Options: nosniff\r\n} } 1 .. 3 ]

=== dropbox: what is not visible ASCII does not come back
--- request eval
[ map { "GET /dropbox?challenge=a$_" }
  '%00', '%0d%0aSet-Cookie:x', '%0A', '%01', '%02', '%7f', '%80', '%C3%A4',
  '%1b', '%09', '%', '%4', '%zz' ]
--- error_code eval
[ (400) x 13 ]
--- response_body eval
[ (qq({"status":400,"error":"bad request"}\n)) x 13 ]
--- response_headers eval
[ ("X-Reason: challenge_malformed") x 13 ]

=== 512 bytes and no more
--- request eval
[ "GET /dropbox?challenge=" . 'a' x 512,
  "GET /dropbox?challenge=" . 'a' x 513,
  "GET /dropbox?challenge=" . '%61' x 512,
  "GET /dropbox?challenge=" . '%61' x 513,
  "GET /netdata?crc_token=" . 'a' x 512,
  "GET /netdata?crc_token=" . 'a' x 513 ]
--- error_code eval
[ (200, 400) x 3 ]
--- response_body eval
[ 'a' x 512, qq({"status":400,"error":"bad request"}\n),
  'a' x 512, qq({"status":400,"error":"bad request"}\n),
  main::signed('a' x 512), qq({"status":400,"error":"bad request"}\n) ]

=== a repeated challenge is refused
--- request eval
[ "GET /dropbox?challenge=a&challenge=a",
  "GET /dropbox?challenge=a&c=d&%63hallenge=b",
  "GET /netdata?crc_token=a&crc_token=b",
  "GET /dropbox?challenge=a&challenge=" ]
--- error_code eval
[ (400) x 4 ]
--- response_headers eval
[ ("X-Reason: challenge_malformed") x 4 ]

=== an empty one, another name, another method: no challenge
--- request eval
[ "GET /dropbox?challenge=", "GET /dropbox?challenge", "GET /dropbox",
  "GET /dropbox?Challenge=a", "GET /dropbox?xchallenge=a",
  "GET /netdata?crc_token=", "HEAD /dropbox?challenge=a",
  "PUT /dropbox?challenge=a", "HEAD /netdata?crc_token=a" ]
--- error_code eval
[ (405) x 9 ]
--- response_headers eval
[ ("Allow: POST\nX-Reason: method_not_allowed") x 9 ]

=== POST with a challenge in its query is verified
--- request eval
[ "POST /dropbox?challenge=a\nbody", "POST /netdata?crc_token=a\nbody",
  "POST /x?crc_token=a\nbody" ]
--- error_code eval
[ 403, 401, 403 ]
--- response_headers eval
[ "X-Reason: signature_missing", "X-Reason: token_missing",
  "X-Reason: signature_missing" ]

=== netdata: the HMAC of the token
--- request
GET /netdata?crc_token=abc123
--- response_body eval
main::signed('abc123')
--- response_headers
Content-Type: application/json
X-Content-Type-Options: nosniff
X-Verdict: challenge

=== netdata: the alphabet of a token that is signed
--- request eval
[ "GET /netdata?crc_token=AZaz09-_.~%2B/=",
  "GET /netdata?crc_token=a+b%20c",
  "GET /netdata?crc_token=%41%2d" ]
--- response_body eval
[ main::signed('AZaz09-_.~+/='), main::signed('a b c'), main::signed('A-') ]

=== netdata: nothing is signed that a message could be
--- request eval
[ map { "GET /netdata?crc_token=$_" }
  '{"event":"push"}', '%7B%22a%22%3A1%7D', '{}', '[]', '[1]', '%22a%22',
  'a=1%26b=2', 'a%00', 'a%0Ab', 'v0:123:abc', 'a,b', '<a/>', 'a%C3%A4', 'a;b',
  '%0d', '%09', 'a!b', "a'b", 'a|b', 'a%25b', 'a?b', 'a@b', 'a(b)', '%' ]
--- error_code eval
[ (400) x 24 ]
--- response_headers eval
[ ("X-Reason: challenge_malformed") x 24 ]
--- response_body eval
[ (qq({"status":400,"error":"bad request"}\n)) x 24 ]

=== without a secret of its own there is no challenge
--- request eval
[ "GET /netdata-off?crc_token=abc", "GET /meta-off?hub.mode=subscribe"
  . "&hub.challenge=1&hub.verify_token=the+secret+of+the+messages" ]
--- error_code eval
[ 405, 405 ]
--- response_headers eval
[ ("Allow: POST\nX-Reason: method_not_allowed") x 2 ]

=== a challenge secret with variables; none gives what a wrong one would
--- request eval
[ "GET /netdata-tenant?crc_token=abc&key=first",
  "GET /netdata-tenant?crc_token=abc&key=second",
  "GET /netdata-tenant?crc_token=abc",
  "GET /meta-tenant?hub.mode=subscribe&hub.challenge=1&hub.verify_token=k"
  . "&key=k",
  "GET /meta-tenant?hub.mode=subscribe&hub.challenge=1&hub.verify_token=k"
  . "&key=l",
  "GET /meta-tenant?hub.mode=subscribe&hub.challenge=1&hub.verify_token=k",
  "GET /meta-tenant?hub.mode=subscribe&hub.challenge=1&hub.verify_token=" ]
--- error_code eval
[ 200, 200, 200, 200, 403, 403, 403 ]
--- response_body_like eval
[ main::whole(main::signed('abc', 'first')),
  main::whole(main::signed('abc', 'second')),
  '\A\{"response_token":"sha256=[\w/+]{43}="\}\z', main::whole('1'),
  (main::whole(qq({"status":403,"error":"forbidden"}\n))) x 3 ]

=== and the log says that there is none
--- request
GET /netdata-tenant?crc_token=abc
--- error_code: 200
--- error_log
webhook netdata-bearer: challenge answered, as if there were a secret for it

=== and why it is refused
--- request
GET /meta-tenant?hub.mode=subscribe&hub.challenge=1&hub.verify_token=k
--- error_code: 403
--- error_log
webhook meta: refused, secret_unavailable

=== a challenge secret with variables beside other signing secrets
--- request eval
[ map { "GET /netdata-$_?crc_token=abc" } ('tenants') x 3, 'signed' ]
--- more_headers eval
[ "X-Challenge: a", "X-Challenge: a\nX-First: b\nX-Second: c",
  "X-First: a", "X-First: a" ]
--- error_code eval
[ (200) x 4 ]
--- no_error_log
also a signing secret

=== a challenge secret that is a signing secret in this request
--- request eval
[ map { "GET /netdata-$_?crc_token=abc" } ('tenants') x 3, 'signed' ]
--- more_headers eval
[ "X-Challenge: $main::Signing", "X-Challenge: a\nX-First: a",
  "X-Challenge: a\nX-First: b\nX-Second: a", "X-First: $main::Key" ]
--- error_code eval
[ (503) x 4 ]
--- response_headers eval
[ ("X-Reason: secret_unavailable") x 4 ]
--- error_log
webhook netdata-bearer: the challenge secret is also a signing secret, give it a value of its own

=== unless the sender has one for both
--- request
GET /x-tenant?crc_token=abc
--- more_headers eval
"X-Challenge: $main::Both"
--- response_body chomp eval
main::signed('abc', $main::Both)

=== x: signs with the signing secret, or with another if there is one
--- request eval
[ "GET /x?crc_token=abc", "GET /x-one?crc_token=abc",
  "GET /x-same?crc_token=abc", "GET /x-one?crc_token=%7B%22a%22%3A1%7D",
  "GET /x-one?crc_token=" ]
--- error_code eval
[ 200, 200, 200, 400, 405 ]
--- response_body eval
[ main::signed('abc'), main::signed('abc', $::Both),
  main::signed('abc', $::Both),
  qq({"status":400,"error":"bad request"}\n),
  qq({"status":405,"error":"method not allowed"}\n) ]

=== x: what can be had signed is no message
--- request eval
[ map { "POST /x-one\n$_" } 'abc', '123', 'true', 'a=b+c', 'z' x 512 ]
--- more_headers eval
[ map { 'X-Twitter-Webhooks-Signature: sha256='
        . main::mac($_, $::Both) } 'abc', '123', 'true', 'a=b+c',
  'z' x 512 ]
--- error_code eval
[ (403) x 5 ]

=== x: what cannot be had signed is one
--- request eval
[ map { "POST /x-one\n$_" } 'a b', '{}', '', 'z' x 513 ]
--- more_headers eval
[ map { 'X-Twitter-Webhooks-Signature: sha256='
        . main::mac($_, $::Both) } 'a b', '{}', '', 'z' x 513 ]
--- error_code eval
[ (418) x 4 ]

=== x: and a blank is not signed for anybody
--- request
GET /x-one?crc_token=a+b
--- error_code: 400

=== meta: the challenge comes back to who knows the verify token
--- request eval
"GET /meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
. $::Key =~ s/ /%20/gr
--- response_body chop
1158201444
--- response_headers
Content-Type: text/plain
X-Content-Type-Options: nosniff

=== meta: a wrong verify token, none, two, an odd one
--- request eval
my $ask = "GET /meta?hub.mode=subscribe&hub.challenge=1";
my $key = $::Key =~ s/ /+/gr;
[ "$ask&hub.verify_token=x", "$ask&hub.verify_token=${key}x",
  "$ask&hub.verify_token=the+secret+of+the+messages",
  "$ask", "$ask&hub.verify_token=",
  "$ask&hub.verify_token=$key&hub.verify_token=$key",
  "$ask&hub.verify_token=$key%", "$ask&hub.verify_token=$key%00" ]
--- error_code eval
[ 403, 403, 403, 403, 403, 400, 403, 403 ]
--- response_headers eval
[ ("X-Reason: token_mismatch") x 3, ("X-Reason: token_missing") x 2,
  "X-Reason: credential_repeated", ("X-Reason: token_mismatch") x 2 ]

=== meta: another mode, or none, is no challenge
--- request eval
my $ask = "GET /meta?hub.challenge=1&hub.verify_token=" . $::Key =~ s/ /+/gr;
[ "$ask&hub.mode=unsubscribe", $ask, "$ask&hub.mode=Subscribe",
  "$ask&hub.mode=" ]
--- error_code eval
[ (405) x 4 ]

=== an echo in JSON is escaped for JSON
--- request eval
[ "GET /json?challenge=abc", "GET /json?challenge=a%22b%5Cc",
  'GET /json?challenge=%22,%22admin%22:%22yes', "GET /json?challenge=a%0ab" ]
--- error_code eval
[ 200, 200, 200, 400 ]
--- response_body eval
[ '{"challenge":"abc"}', '{"challenge":"a\"b\\\\c"}',
  '{"challenge":"\",\"admin\":\"yes"}',
  qq({"status":400,"error":"bad request"}\n) ]
--- response_headers eval
[ ("Content-Type: application/json") x 4 ]

=== other methods and sources
--- request eval
[ "HEAD /head", "POST /head?validationToken=abc\nbody",
  "POST /head?validationToken=a%0ab\nbody", "POST /head\nbody",
  "GET /head?validationToken=abc" ]
--- more_headers
X-Hook-Secret: abc
--- error_code eval
[ 200, 200, 400, 401, 405 ]
--- response_body eval
[ "", "abc", qq({"status":400,"error":"bad request"}\n),
  qq({"status":401,"error":"unauthorized"}\n),
  qq({"status":405,"error":"method not allowed"}\n) ]

=== a reply of several parts
--- request
GET /template?c=abc&d=more
--- response_body chop
abc:template:more
--- response_headers
Content-Type: text/x-own
X-Content-Type-Options: nosniff

=== the first challenge that fits
--- request eval
[ "GET /two?c=1&mode=a", "GET /two?c=1&mode=b", "GET /two?c=1&mode=c" ]
--- error_code eval
[ 200, 200, 405 ]
--- response_body eval
[ "first-1", "second-1", qq({"status":405,"error":"method not allowed"}\n) ]

=== what Slack and Bitbucket ask without a signature, and nothing beside it
--- request eval
[ "GET /slack?ssl_check=1", "GET /slack", "GET /slack?ssl_check=0",
  "GET /slack?ssl_check=1&ssl_check=0", "POST /slack?ssl_check=1\nbody",
  "POST /bitbucket\n{}", "GET /bitbucket" ]
--- more_headers
X-Event-Key: diagnostics:ping
--- error_code eval
[ 200, 405, 405, 400, 403, 200, 405 ]
--- response_headers eval
[ "X-Verdict: challenge", ("X-Verdict: rejected") x 4,
  "X-Verdict: challenge", "X-Verdict: rejected" ]

=== a trial run answers a good challenge and lets a bad one through
--- request eval
[ "GET /trial?challenge=abc", "GET /trial?challenge=a%00" ]
--- error_code eval
[ 200, 418 ]
--- response_headers eval
[ "X-Verdict: challenge",
  "X-Verdict: would_reject\nX-Reason: challenge_malformed" ]

=== the connection stays open behind a challenge
--- pipelined_requests eval
[ "GET /dropbox?challenge=one", "GET /dropbox?challenge=two",
  "GET /netdata?crc_token=%00", "GET /dropbox?challenge=three" ]
--- error_code eval
[ 200, 200, 400, 200 ]
--- response_body eval
[ "one", "two", qq({"status":400,"error":"bad request"}\n), "three" ]
