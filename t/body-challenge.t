#!/usr/bin/perl

# Challenges in JSON that anybody may send: what is answered, and that no more
# than a small body without a credential is looked at for them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use Test::More;

use WebhookTest;

my $secret = 'the-secret-of-the-messages';
my $token = 'the-token-of-the-challenges';
my $other = 'the-token-of-another-sender';
my $oracle = 'the-secret-that-signs-challenges';
my $json = 'application/json';

my $t = WebhookTest->new(conf => <<"EOC");
    webhook_provider text {
        signature  header:X-Signature;
        challenge  json:/challenge method=POST;
    }

    webhook_provider board {
        signature  header:X-Signature;
        challenge  json:/challenge method=POST
                   'reply={"challenge":"\$webhook_challenge"}'
                   type=application/json;
    }

    webhook_provider matched {
        signature  header:X-Signature;
        challenge  json:/challenge method=POST match=json:/type=url_verification
                   match=json:/token;
    }

    webhook_provider signing {
        signature  header:X-Signature;
        challenge  json:/plain method=POST reply=\$webhook_challenge_hmac_hex
                   key=signing;
    }

    webhook_provider empty {
        signature  header:X-Signature;
        challenge  none method=POST match=json:/ping=true status=204;
    }

    webhook_provider other { token header:X-Token; }

    webhook_provider inside {
        token      json:/token;
        challenge  json:/c method=POST;
    }

    log_format v '\$webhook_verdict \$webhook_reason';

    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/access.log v;
        webhook_secret $secret;

        location /text { webhook text; proxy_pass http://%%APP%%; }
        location /board { webhook board; proxy_pass http://%%APP%%; }
        location /matched {
            webhook matched;
            webhook_challenge_secret $token;
            proxy_pass http://%%APP%%;
        }
        location /without { webhook matched; proxy_pass http://%%APP%%; }
        location /signing {
            webhook signing;
            webhook_secret $oracle;
            proxy_pass http://%%APP%%;
        }
        location /empty { webhook empty; proxy_pass http://%%APP%%; }
        location /two {
            webhook other board;
            webhook_secret $secret for=board;
            webhook_secret $other for=other;
            proxy_pass http://%%APP%%;
        }
        location /inside { webhook inside; proxy_pass http://%%APP%%; }
        location /small {
            webhook text;
            webhook_max_body 20;
            proxy_pass http://%%APP%%;
        }
        location /trial {
            webhook board;
            webhook_enforce off;
            proxy_pass http://%%APP%%;
        }
    }
EOC

my $asked = '{"challenge":"3eZb-r/w1 \"a"}';

is_answer('/text', $asked, 'text/plain', '3eZb-r/w1 "a');
is_answer('/board', $asked, $json, '{"challenge":"3eZb-r/w1 \"a"}');
is_answer('/two', $asked, $json, '{"challenge":"3eZb-r/w1 \"a"}');
is_answer('/trial', $asked, $json, '{"challenge":"3eZb-r/w1 \"a"}');
is_answer('/inside', '{"c":"x"}', 'text/plain', 'x');
is_answer('/signing', '{"plain":"qwe"}', 'text/plain',
          hmac_sha256_hex('qwe', $oracle));

# also from a sender who is known, and not from one who only says so
is_answer('/board', $asked, $json, '{"challenge":"3eZb-r/w1 \"a"}',
          signed($asked));
is_refused('/board', $asked, 403, ['X-Signature', 'ab' x 32]);
is_refused('/board', $asked, 403, ['X-Signature', 'x']);

# what is none is verified as everything else
is_refused('/board', $_, 403)
    for '{"event":{"challenge":"abc"}}', '{"challenge":null}',
        '{"challenge":""}', '{"challenge":{"a":1}}', '[]', 'challenge=abc',
        '{"challenge":"abc"', '{"challenge":"abc"} x', '{"challenge":"\ud800"}';
is_refused('/two', '{"event":1}', 403);
is_refused('/inside', '{"d":1}', 403);
is_passed('/board', '{"event":1}', signed('{"event":1}'));
is_passed('/two', '{"event":1}', ['X-Token', $other]);
is_passed('/inside', "{\"token\":\"$secret\"}");
is_passed('/trial', '{"event":1}');
is_passed('/trial', 'x' x 5000);

# what could not be repeated or signed
is_refused('/board', $_, 400)
    for '{"challenge":"a\u0000b"}', '{"challenge":"\u00e4"}',
        '{"challenge":"a","challenge":"b"}',
        sprintf('{"challenge":"%s"}', 'a' x 513);
is_refused('/signing', '{"plain":"{}"}', 400);
is_answer('/text', sprintf('{"challenge":"%s"}', 'a' x 512), 'text/plain',
          'a' x 512);

# a token in it
my $right = "{\"type\":\"url_verification\",\"token\":\"$token\",\"challenge\":"
            . '"abc"}';

is_answer('/matched', $right, 'text/plain', 'abc');
is_refused('/matched', $_, 403)
    for $right =~ s/the-token/no-token/r, $right =~ s/"token":.*?,//r,
        $right =~ s/url_/other_/r;
is_refused('/without', $right, 403);

# no more is read for it than it may be long, and nothing of unknown length
is_answer('/text', '{"challenge":"abc"' . ' ' x 4077 . '}', 'text/plain',
          'abc');

for my $head (['Content-Length', 4097], ['Transfer-Encoding', 'chunked']) {
    my $c = $t->connection;

    $c->send("POST /text HTTP/1.1\r\nHost: x\r\n$head->[0]: $head->[1]\r\n"
             . "Expect: 100-continue\r\n\r\n");
    is($c->read_response->{status}, 403, "$head->[0]: refused by its headers");
}

is_refused('/small', '{"challenge":"abcdef"}', 413);

my ($r, @seen) = ask('/empty', '{"ping":true}');
is("$r->{status} $r->{body}", '204 ', 'a status of its own');
is_deeply(\@seen, [], 'nothing goes upstream');
is_refused('/empty', '{"ping":false}', 403);

$t->done;
done_testing();


sub signed { return ['X-Signature', hmac_sha256_hex($_[0], $secret)] }


# The answer, then what has gone upstream.
sub ask {
    my ($uri, $body, @headers) = @_;

    return $t->ask({ method => 'POST', uri => $uri, body => $body,
                     headers => [['Content-Type', $json], @headers] });
}


sub is_answer {
    my ($uri, $body, $type, $answer, @headers) = @_;

    my ($r, @seen) = ask($uri, $body, @headers);

    is("$r->{status} $r->{body}", "200 $answer", "$uri: answered");
    is($r->{header}{'content-type'}, $type, 'with the type');
    is($r->{header}{'x-content-type-options'}, 'nosniff', 'as it is');
    is_deeply(\@seen, [], 'nothing goes upstream');
}


sub is_refused {
    my ($uri, $body, $status, @headers) = @_;

    my ($r, @seen) = ask($uri, $body, @headers);

    is($r->{status}, $status, "$uri: " . substr($body, 0, 40) . ' refused');
    unlike($r->{body}, qr/abc/, 'and not repeated');
    is_deeply(\@seen, [], 'nothing goes upstream');
}


sub is_passed {
    my ($uri, $body, @headers) = @_;

    my ($r, @seen) = ask($uri, $body, @headers);

    like($r->{status}, qr/^2/, "$uri: no challenge");
    is($seen[0]{body}, $body, 'it goes upstream as it is');
}
