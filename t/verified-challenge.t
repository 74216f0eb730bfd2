#!/usr/bin/perl

# Challenges that are answered to a verified sender alone, and the kinds that
# do not echo a query value: a header, a fixed text, the method only.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use Test::More;

use WebhookTest;

my @secrets = ('first-secret-of-the-hook', 'second-secret-of-the-hook');
my $secrets = join '', map { "webhook_secret $_;" } @secrets;

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_provider echo {
        signature header:X-Signature;
        challenge json:/challenge method=POST match=json:/type=verify
                  after=verify;
    }

    webhook_provider hmac {
        signature header:X-Signature;
        challenge json:/plain method=POST match=json:/type=verify
                  'reply={"plain":"\$webhook_challenge","hmac":"\$webhook_challenge_hmac_hex"}'
                  type=application/json key=signing after=verify;
    }

    webhook_provider fixed {
        signature header:X-Signature;
        challenge json:/type method=POST match=json:/type=1
                  'reply={"type":1}' type=application/json after=verify;
    }

    webhook_provider event {
        signature header:X-Signature;
        challenge json:/challenge method=POST match=json:/type=verify
                  match=header:X-Kind=challenge after=verify;
        event json:/type;
    }

    webhook_provider header-first {
        signature header:X-Signature;
        challenge header:X-Asked method=POST match=json:/type=verify
                  after=verify;
        challenge header:X-Only method=POST after=verify;
    }

    webhook_provider field {
        signature header:X-Signature;
        body form:payload;
        challenge json:/challenge method=POST match=json:/type=verify
                  after=verify;
    }

    webhook_provider header {
        signature header:X-Signature;
        challenge header:X-Hook-Secret method=POST header=X-Hook-Secret;
        challenge header:Request-Origin method=OPTIONS header=Allowed-Origin;
    }

    webhook_provider method {
        signature header:X-Signature;
        challenge none method=HEAD;
    }

    webhook_provider token {
        token query:key;
        challenge header:X-Challenge method=POST after=verify;
    }

    log_format v '\$webhook_verdict \$webhook_reason';

    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/access.log v;
        $secrets
        location /echo { webhook echo; proxy_pass http://%%APP%%; }
        location /hmac { webhook hmac; proxy_pass http://%%APP%%; }
        location /fixed { webhook fixed; proxy_pass http://%%APP%%; }
        location /event { webhook event; proxy_pass http://%%APP%%; }
        location /header-first {
            webhook header-first;
            proxy_pass http://%%APP%%;
        }

        location /field { webhook field; proxy_pass http://%%APP%%; }

        location /file {
            webhook echo;
            client_body_in_file_only clean;
            proxy_pass http://%%APP%%;
        }

        location /header { webhook header; proxy_pass http://%%APP%%; }
        location /method { webhook method; proxy_pass http://%%APP%%; }
        location /token { webhook token; proxy_pass http://%%APP%%; }
    }
EOF

my $verify = '{"type":"verify","challenge":"abc DEF-123","plain":"qwe"}';
my $json = 'application/json';

for my $key (@secrets) {
    answered('/echo', $verify, $key, 'text/plain', 'abc DEF-123');
    answered('/hmac', $verify, $key, $json, sprintf
             '{"plain":"qwe","hmac":"%s"}', hmac_sha256_hex('qwe', $key));
    answered('/fixed', '{"type":1}', $key, $json, '{"type":1}');
}

for my $uri (qw{/echo /hmac}) {
    passed($uri, '{"type":"event","challenge":"abc","plain":"qwe"}');
    passed($uri, '{"type":"verify"}');
    passed($uri, 'challenge=abc&type=verify');
    refused($uri, $verify, 'another-secret-of-the-hook', 403);
}

passed('/fixed', '{"type":2}');
refused('/fixed', '{"type":1}', 'another-secret-of-the-hook', 403);
refused('/echo', '{"type":"verify","challenge":"a\u0000b"}', $secrets[0], 400);
refused('/echo', sprintf('{"type":"verify","challenge":"%s"}', 'a' x 513),
        $secrets[0], 400);
refused('/hmac', '{"type":"verify","plain":"{}"}', $secrets[0], 400);
refused('/echo', '{"type":"verify","type":"verify","challenge":"a"}',
        $secrets[0], 422);

# A body is parsed if it can be a challenge, which shows in what it is refused
# for: it is short, and what has to match is in it.

my $twice = '"challenge":"a","challenge":"b"';
my $most = sprintf '{"type":"verify","challenge":"abc"%s}', ' ' x 4061;

is(length $most, 4096, 'the longest challenge');
answered($_, $most, $secrets[0], 'text/plain', 'abc') for qw{/echo /file};
passed('/echo', "$most ");
passed('/echo', "{$twice}");
passed('/echo', qq({"type":"another",$twice}));
passed('/file', qq({"type":"another",$twice}));
refused('/echo', qq({"type":"verify",$twice}), $secrets[0], 422);
refused('/file', qq({"type":"verify",$twice}), $secrets[0], 422);
refused('/echo', qq({"type":"\\u0076erify",$twice}), $secrets[0], 422);
answered('/echo', '{"type":"\u0076erify","challenge":"abc"}', $secrets[0],
         'text/plain', 'abc');

my @kind = ['X-Kind', 'challenge'];

passed('/event', qq({"type":"verify",$twice}));
passed('/event', qq({"type":"verify",$twice}), ['X-Kind', 'message']);
refused('/event', qq({"type":"verify",$twice}), $secrets[0], 422, @kind);
answered('/event', $verify, $secrets[0], 'text/plain', 'abc DEF-123', @kind);

my $types = '{"type":"verify","type":"verify"}';

passed('/header-first', $types);
refused('/header-first', $types, $secrets[0], 422, ['X-Asked', 'abc']);
answered('/header-first', '{"type":"verify"}', $secrets[0], 'text/plain',
         'abc', ['X-Asked', 'abc']);
answered('/header-first', $_, $secrets[0], 'text/plain', 'abc',
         ['X-Only', 'abc'])
    for $types, 'type=verify', "$types$most";

my $field = 'payload=' . ($verify =~ s/(.)/sprintf '%%%02X', ord $1/egr);
my $signature = hmac_sha256_hex($verify, $secrets[0]);

is($t->request({ method => 'POST', uri => '/field', body => $field,
                 headers => [['X-Signature', $signature],
                             ['Content-Type',
                              'application/x-www-form-urlencoded']] })->{body},
   'abc DEF-123', 'a challenge in the field of a form');

my $r = $t->request({ method => 'POST', uri => '/header', body => '',
                      headers => [['X-Hook-Secret', 'abc123']] });
is($r->{status}, 200, 'a header is echoed');
is($r->{header}{'x-hook-secret'}, 'abc123', 'as a header');
is($r->{body}, '', 'and not as a body');

$r = $t->request({ method => 'OPTIONS', uri => '/header',
                   headers => [['Request-Origin', 'example.net']] });
is($r->{status}, 200, 'a method of its own');
is($r->{header}{'allowed-origin'}, 'example.net', 'another header');

$r = $t->request({ method => 'OPTIONS', uri => '/header' });
is($r->{status}, 405, 'without the header it is no challenge');

$r = $t->request({ method => 'HEAD', uri => '/method' });
is($r->{status}, 200, 'the method alone');
$r = $t->request({ method => 'GET', uri => '/method' });
is($r->{status}, 405, 'another method');

my @challenge = (method => 'POST', headers => [['X-Challenge', 'abc']]);
$r = $t->request({ @challenge, uri => "/token?key=$secrets[1]" });
is($r->{body}, 'abc', 'a token verifies too');
$r = $t->request({ @challenge, uri => '/token?key=wrong-secret-of-the-hook' });
is($r->{status}, 403, 'a wrong token does not');

$t->done;
done_testing();


# The answer, then what has gone upstream.
sub post {
    my ($uri, $body, $key, @headers) = @_;

    return $t->ask({
        uri => $uri, body => $body,
        headers => [@headers, ['X-Signature', hmac_sha256_hex($body, $key)],
                    ['Content-Type', $body =~ /^\{/ ? 'application/json'
                     : 'application/x-www-form-urlencoded']],
    });
}


sub answered {
    my ($uri, $body, $key, $type, $answer, @headers) = @_;

    my ($r, @seen) = post($uri, $body, $key, @headers);

    is($r->{status}, 200, "$uri: answered");
    is($r->{header}{'content-type'}, $type, 'with the type');
    is($r->{header}{'x-content-type-options'}, 'nosniff', 'as it is');
    is($r->{body}, $answer, 'and the text');
    is_deeply(\@seen, [], 'nothing goes upstream');
}


sub passed {
    my ($uri, $body, @headers) = @_;

    my ($r, @seen) = post($uri, $body, $secrets[0], @headers);

    like($r->{status}, qr/^2/, "$uri: $body is no challenge");
    is($seen[0]{body}, $body, 'and goes upstream');
}


sub refused {
    my ($uri, $body, $key, $status, @headers) = @_;

    my ($r, @seen) = post($uri, $body, $key, @headers);

    is($r->{status}, $status, "$uri: refused with $status");
    is_deeply(\@seen, [], 'nothing goes upstream');
}
