#!/usr/bin/perl

# Verification by public keys: how often it is done for a request, and that a
# worker does it once in a turn of its event loop, whoever asks.  A library
# writes "v" for each, and "t" for each turn.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex sha512/;
use File::Temp;
use MIME::Base64 qw/encode_base64 encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/header outcome/;
use WebhookTest::Cert qw/read_file/;
use WebhookTest::Ed25519;
use WebhookTest::HTTP2;
use WebhookTest::Jose qw/jwks/;
use WebhookTest::Shim;

my $queue = 256;                # requests that wait
my $now = 1_700_000_000;
my $body = '{"id":1}';
my $temp = File::Temp->newdir;
my ($first, $second) = map { WebhookTest::Ed25519->new } 1 .. 2;
my ($rsa, $spare) = map { WebhookTest::Jose->new('RS256') } 1 .. 2;
my $right = $second->sign($body);

chmod 0777, "$temp";

my $shim = WebhookTest::Shim->new(<<"EOF");
#include <fcntl.h>
#include <sys/stat.h>

typedef int (*verify_pt)(void *, const void *, size_t, const void *, size_t);

static void
say(const char *what)
{
    int  fd;

    fd = open("$temp/said", O_WRONLY|O_CREAT|O_APPEND, 0666);

    /* the master may be somebody else */

    (void) fchmod(fd, 0666);

    if (write(fd, what, 1) != 1) {
        abort();
    }

    close(fd);
}

int
epoll_wait(int fd, void *events, int n, int timeout)
{
    static int  (*next)(int, void *, int, int);

    NEXT(epoll_wait);
    say("t");

    return next(fd, events, n, timeout);
}

int
EVP_DigestVerify(void *ctx, const void *sig, size_t siglen, const void *tbs,
    size_t tbslen)
{
    static verify_pt  next;

    NEXT(EVP_DigestVerify);
    say("v");

    return next(ctx, sig, siglen, tbs, tbslen);
}

int
EVP_PKEY_verify(void *ctx, const void *sig, size_t siglen, const void *tbs,
    size_t tbslen)
{
    static verify_pt  next;

    NEXT(EVP_PKEY_verify);
    say("v");

    return next(ctx, sig, siglen, tbs, tbslen);
}
EOF

my %files = (first => $first->pem, second => $second->pem,
             third => WebhookTest::Ed25519->new->pem,
             alone => WebhookTest::Jose->new('RS256')->pem,
             jwks => jwks($rsa->jwk(kid => 'a'), $spare->jwk(kid => 'b')));

my $conf = <<'EOF';
    webhook_provider listed {
        signature  header:X-Signature algorithm=ed25519 encoding=base64
                   list=,;
    }
    webhook_provider bearer {
        signature  bearer algorithm=jwt-rs256 body_digest=/sha256;
        timestamp  claim:/iat past=5m;
    }

    webhook_provider alone {
        signature  bearer algorithm=jwt-rs256 body_digest=none issuer=us;
    }
    webhook_provider detached {
        signature  bearer algorithm=jws-rs256;
    }
    webhook_provider whole {
        signature  body algorithm=jwt-rs256;
        body       jwt;
    }

    add_header X-Reason $webhook_reason always;
    log_format turns "$request_uri $status";
    access_log %%DIR%%/turns turns;

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%TLS_PORT%% ssl http2;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;

        location /ready { return 204; }

        location /one {
            webhook listed;
            webhook_secret file:%%DIR%%/second;
            proxy_pass http://%%APP%%;
        }
        location /two {
            webhook listed;
            webhook_secret file:%%DIR%%/first;
            webhook_secret file:%%DIR%%/second;
            proxy_pass http://%%APP%%;
        }
        location /same {
            webhook listed;
            webhook_secret file:%%DIR%%/second;
            webhook_secret file:%%DIR%%/second;
            proxy_pass http://%%APP%%;
        }
        location /token {
            webhook bearer;
            webhook_secret jwks:jwks;
            proxy_pass http://%%APP%%;
        }
        location /beside {
            webhook bearer;
            webhook_secret jwks:jwks;
            webhook_secret file:%%DIR%%/alone;
            proxy_pass http://%%APP%%;
        }
        location /alone {
            webhook alone;
            webhook_secret jwks:jwks;
            webhook_claim /aud us;
            proxy_pass http://%%APP%%;
        }
        location /detached {
            webhook detached;
            webhook_secret jwks:jwks;
            proxy_pass http://%%APP%%;
        }
        location /whole {
            webhook whole;
            webhook_secret jwks:jwks;
            proxy_pass http://%%APP%%;
        }
    }
EOF

my $t = $shim->with(sub {
    WebhookTest->new(now => $now, frozen => 1, files => \%files,
                     conf => $conf);
});

one_request();
many_requests();
one_token();
tokens();
too_many();
gone();
http2();
shutdown_with_some();
too_many_keys();

$t->done;
done_testing();


# Each signature of a list with each key, once, up to the first that fits.
sub one_request {
    my ($a, $b, $c, $d) = map { wrong($_) } 1 .. 4;

    verified('/one', $right, 202, 1, 'a right signature');
    verified('/one', $a, '403 signature_mismatch', 1, 'a wrong one');
    verified('/one', join(',', ($a) x 8), '403 signature_mismatch', 1,
             'the same many times is one');
    verified('/one', "$a,$b,$c", '403 signature_mismatch', 3, 'three');
    verified('/one', "$a,$b,$right", 202, 3, 'the third is right');
    verified('/one', "$right,$a,$b", 202, 1, 'the first is right');
    verified('/one', "$a,$b,$c,$d", '403 signature_malformed', 0, 'four');
    verified('/two', $right, 202, 2, 'the second key');
    verified('/two', "$a,$b,$c", '403 signature_mismatch', 6,
             'three with two keys');
    verified('/same', "$a,$b", '403 signature_mismatch', 2,
             'a key that is there twice');
}


# They come in one turn, and each has a turn of its own.
sub many_requests {
    my @c = connections(20);

    said();
    at_once(sub { signed($_, '/one', wrong(1)) for @c });
    is(answers(@c), '403 signature_mismatch x 20', 'many requests');
    is(verifications(), 20, '... are verified, one in a turn');

    # one that asks for six does not keep the others waiting for them

    at_once(sub {
        signed($c[0], '/two?all', join ',', map { wrong($_) } 1 .. 3);
        signed($c[1], '/one?a', wrong(1));
        signed($c[2], '/one?b', wrong(2));
        signed($c[3], '/one?c', wrong(3));
    });
    answers(@c[0 .. 3]);
    $t->wait_for(sub { grep { m{^/two\?all} } logged() }, 'the last one');
    is(join(' ', map { /^(\S+)/ } (logged())[-4 .. -1]),
       '/one?a /one?b /one?c /two?all', 'who comes first is served first');
    is(verifications(), 9, '... one in a turn');
}


# Whatever a stranger sends: one verification at most, none for what says already
# that it cannot be right, and one more with a key that has no id.
sub one_token {
    my %claims = (iat => $now, exp => $now + 60, sha256 => sha256_hex($body),
                  iss => 'us', aud => 'us');
    my $signed = sub { $rsa->token($_[0], { %claims, %{ $_[1] // {} } }) };
    my $good = $signed->({ kid => 'a' });
    my ($h, $p, $s) = split /\./, $good;
    my $forged = "$h.$p." . encode_base64url("\1" x 256);
    my $alone = $signed->({ kid => 'a' }, { jti => 2 });
    my $detached = $rsa->detached({ kid => 'a' }, $body);

    for (['/token', $good, 202, 1, 'a right one'],
         ['/token', $good, 202, 0, 'the same, which is known'],
         ['/token', $forged, 'mismatch', 1, 'a wrong one'],
         ['/token', $forged, 'mismatch', 1, 'the same, which is not kept'],
         ['/token', $signed->({ kid => 'b' }), 'mismatch', 1, 'another key'],
         ['/token', $signed->({ kid => 'x' }), 'key_unknown', 0, 'no key'],
         ['/token', $signed->({}), 'key_unknown', 0, 'no id, and two keys'],
         ['/token', $signed->({ kid => 'a', alg => 'none' }), 'malformed', 0,
          'no algorithm'],
         ['/token', $signed->({ kid => 'a', jku => 'x' }), 'malformed', 0,
          'keys from elsewhere'],
         ['/token', "$h.$p.$s.$s", 'malformed', 0, 'four parts'],
         ['/token', $signed->({ kid => 'a' }, { exp => 1 }), 'too_old', 1,
          'an end that is over'],
         ['/token', $signed->({ kid => 'a' }, { sha256 => 'x' }), 'malformed',
          1, 'no digest'],
         ['/beside', $forged, 'mismatch', 2, 'a wrong one, and a key without '
          . 'an id'],
         ['/beside', $signed->({ kid => 'x' }), 'mismatch', 1,
          'no key, and that one'],
         ['/alone', $alone, 202, 1, 'one that is for any body'],
         ['/alone', $alone, 202, 0, 'again'],
         ['/alone', $signed->({ kid => 'a' }, { aud => 'x' }), 'mismatch', 1,
          'for another recipient'],
         ['/alone', $signed->({ kid => 'a' }, { iss => 'x' }), 'mismatch', 1,
          'from another issuer'],
         ['/detached', $detached, 202, 1, 'a detached one'],
         ['/detached', $detached, 202, 1, 'which is over the body, again'],
         ['/detached', $rsa->detached({ kid => 'a' }, "$body "), 'mismatch', 1,
          'over another body'],
         ['/detached', $rsa->detached({ kid => 'x' }, $body), 'key_unknown',
          0, 'by no key'])
    {
        my ($uri, $token, $outcome, $n, $name) = @$_;

        counted($uri, $body, ['Authorization', "Bearer $token"], $outcome, $n,
                "a token: $name");
    }

    my @type = ('Content-Type', 'application/jwt');

    counted('/whole', $good, \@type, 202, 1, 'a body that is a token');
    counted('/whole', $forged, \@type, 'mismatch', 1, 'a wrong one');
    counted('/whole', $signed->({ kid => 'x' }), \@type, 'key_unknown', 0,
            'by no key');
}


# Those that are verified ahead of the body.
sub tokens {
    my @c = connections(5);
    my @tokens = map { token($_) } 1 .. 5;

    said();
    at_once(sub {
        $c[$_]->send(post('/token', ['Authorization', "Bearer $tokens[$_]"]))
            for 0 .. 4;
    });
    is(answers(@c), '202 x 5', 'tokens by a public key');
    is(verifications(), 5, '... one in a turn');
}


sub too_many {
    my $n = $queue + 40;
    my @c = connections($n);

    said();
    at_once(sub { signed($_, '/one', wrong(1)) for @c });

    my @answers = map { $_->read_response } @c;
    my @busy = grep { outcome($_) eq '503 busy' } @answers;

    is(scalar @busy, $n - $queue - 1, 'more than there is room for');
    is(header($busy[0], 'Retry-After'), 1, '... are to come back soon');
    is(verifications(), $queue + 1, '... the others are verified');

    at_once(sub { signed($c[0], '/one', $right) });
    is(answers($c[0]), '202 x 1', 'there is room again');
}


# Who goes away while waiting is not verified.  Whether some of them are in time
# is for the scheduler of the system to say.
sub gone {
    my $left = 0;

    for (1 .. 20) {
        last if $left = go_away();
    }

    cmp_ok($left, '>', 0, 'some go away in time');
}


# How many of those that go away have not been answered.
sub go_away {
    my @c = connections(150);
    my $before = logged();

    said();
    at_once(sub { signed($_, '/one', wrong(1)) for @c });
    $_->close for reverse @c;

    $t->wait_for(sub { logged() == $before + @c }, 'the end of all');

    my @left = grep { / 499$/ } (logged())[$before .. $before + $#c];

    is(verifications(), @c - @left, 'who goes away is not verified');

    return scalar @left;
}


sub http2 {
    my @clients = map {
        WebhookTest::HTTP2->new($t->connection(tls => { alpn => ['h2'] }))
    } 1 .. 5;

    said();
    $_->begin(uri => '/one', body => $body,
              headers => [['X-Signature', wrong(1)]]) for @clients;
    is(join(' ', map { $_->read_response->{status} } @clients),
       '403 403 403 403 403', 'HTTP/2');
    is(verifications(), 5, '... is verified in turns, too');
}


# Nobody is left without an answer.
sub shutdown_with_some {
    my @c = connections(50);

    said();
    at_once(sub {
        signed($_, '/one', wrong(1)) for @c;
        kill 'QUIT', $t->{pid};
    });
    is(answers(@c), '403 signature_mismatch x 50',
       'a worker that shuts down serves those that wait');
    is(verifications(), 50, '... in turns');
}


sub too_many_keys {
    my $two = 'webhook_secret file:%%DIR%%/first;';
    my $three = $conf =~ s{\Q$two}{$two webhook_secret file:third;}r;
    my ($status, $said) = WebhookTest::nginx_t($three, files => \%files);

    isnt($status, 0, 'three public keys');
    like($said, qr/"webhook listed" in \S+ has 3 public keys without an id/,
         '... are too many');
}


sub verified {
    my ($uri, $signature, @more) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    counted($uri, $body, ['X-Signature', $signature], @more);
}


# The outcome, or the last word of the reason.
sub counted {
    my ($uri, $text, $header, $outcome, $n, $name) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    said();

    my $response = $t->post($uri, $text, [$header]);

    like(outcome($response), qr/(?:\A|_|\b)\Q$outcome\E ?\z/, $name);
    is(verifications(), $n, "... is verified $n times");
}


# How often it was done since the last time; never twice in a turn.
sub verifications {
    my $said = said();

    return $said =~ /vv/ ? "two in one turn: $said" : $said =~ tr/v//;
}


sub said {
    return '' unless -e "$temp/said";

    my $said = read_file("$temp/said");

    unlink "$temp/said";

    return $said;
}


# Connections that nginx has accepted.
sub connections {
    my ($n) = @_;

    my @c = map { $t->connection } 1 .. $n;

    $_->send(WebhookTest::format_request(uri => '/ready')) for @c;
    $_->read_response for @c;

    return @c;
}


# What is sent comes in one turn of the worker.
sub at_once {
    my ($code) = @_;

    my ($worker) = $t->workers;

    kill 'STOP', $worker;
    $code->();
    kill 'CONT', $worker;
}


sub signed {
    my ($c, $uri, $signature) = @_;

    $c->send(post($uri, ['X-Signature', $signature]));
}


# A request as it goes over the wire, in one piece.
sub post {
    my ($uri, $header) = @_;

    return join '', WebhookTest::format_request(
        uri => $uri, body => $body, headers => [$header]);
}


# The answers of all in one text.
sub answers {
    my (@c) = @_;

    my %seen;

    $seen{ outcome($_->read_response) }++ for @c;

    return join ', ', map { "$_ x $seen{$_}" } sort keys %seen;
}


sub logged { return split /\n/, read_file($t->dir . '/turns') }


# As long as a signature, and none of anything.
sub wrong { return encode_base64(sha512($_[0]), '') }


sub token {
    my ($n) = @_;

    return $rsa->token({ kid => 'a' },
                       { iat => $now, exp => $now + 60, jti => "$n",
                         sha256 => sha256_hex($body) });
}
