#!/usr/bin/perl

# That a key has signed a token is known from the first time on: shown with a
# library whose verification fails from then on.  It is known of this key in
# this location, and everything else is asked each time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex/;
use MIME::Base64 qw/decode_base64url encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/outcome/;
use WebhookTest::Jose qw/jwks json/;
use WebhookTest::Shim;

my $now = 1_700_000_000;
my $body = '{"id":1}';
my $key = WebhookTest::Jose->new('RS256');
my $other = WebhookTest::Jose->new('ES256');
my $end = '20231114221340Z';            # 20 seconds later

my $shim = WebhookTest::Shim->new(<<'EOF');
    int EVP_PKEY_verify(void *ctx, const void *sig, size_t siglen,
        const void *tbs, size_t tbslen)
    {
        static int (*next)(void *, const void *, size_t, const void *, size_t);
        NEXT(EVP_PKEY_verify);
        return ARMED ? 0 : next(ctx, sig, siglen, tbs, tbslen);
    }
EOF

my $t = $shim->with(sub { WebhookTest->new(now => $now, frozen => 1, files => {
    'files/keys' => jwks($key->jwk(kid => 'a')),
    'files/ends' => json({ a => $key->certificate('20230101000000Z', $end) }),
}, conf => <<'EOF') });
    webhook_provider own {
        signature  header:X-Token algorithm=jwt-rs256 body_digest=/sha256;
        timestamp  claim:/iat past=5m;
    }

    add_header X-Reason $webhook_reason always;

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook own;

        location = /one {
            webhook_secret jwks:files/keys;
            proxy_pass http://%%APP%%;
        }

        location = /two {
            webhook_secret jwks:files/keys;
            proxy_pass http://%%APP%%;
        }

        location = /ends {
            webhook_secret keys:files/ends;
            proxy_pass http://%%APP%%;
        }

        location = /claim {
            webhook_secret jwks:files/keys;
            webhook_claim /aud us;
            proxy_pass http://%%APP%%;
        }
    }
EOF

my $token = token();
my $late = token(iat => $now - 290);
my $unseen = token(iat => $now - 1);
my @many = map { token(iat => $now - 2, n => $_) } 1 .. 65;

is(asked($_), '202', 'verified') for $token, $late;
is(asked($token, '/claim'), '403 signature_mismatch',
   'verified, and not for us');

is(asked($token, '/ends'), '202', 'by a certificate');

$shim->arm;

is(asked($token), '202', 'not verified again');
is(asked($token, '/ends'), '202', 'nor is it by the certificate');
is(asked($unseen), '403 signature_mismatch', 'another one is');
is(asked($unseen), '403 signature_mismatch', 'and what failed is not kept');
is(asked($token, '/two'), '403 signature_mismatch', 'nor is it in another '
   . 'location');
is(asked($token, '/claim'), '403 signature_mismatch', 'nor without its claim');
is(asked($token, '/one', "$body "), '403 signature_mismatch',
   'the digest of the body is asked for');

# the same bytes, cut elsewhere
my ($h, $p, $s) = split /\./, $token;
my $bytes = decode_base64url($s);

is(asked("$h.$p" . substr($bytes, 0, 1) . '.'
         . encode_base64url(substr $bytes, 1)), '403 signature_mismatch',
   'as many bytes in other parts') if $bytes =~ /\A[A-Za-z0-9_-]/;

$t->set_now($now + 11);
$t->wait_for(sub { asked($late) eq '403 timestamp_too_old' }, 'the time');
is(asked($token), '202', 'its time is asked for, and another one is not over');

$t->set_now($now + 21);
$t->wait_for(sub { asked($token, '/ends') eq '403 key_unknown' },
             'the end of the certificate');
is(asked($token), '202', 'which ends that key alone');

$t->set_now($now);
$t->wait_for(sub { asked($late) eq '202' }, 'the time');

# as many as are kept, and one more
$shim->disarm;
asked($_) for @many;
$shim->arm;
is(asked($token), '403 signature_mismatch', 'the oldest is forgotten');
is(asked($many[0]), '403 signature_mismatch', 'the next one, too');
is(asked($many[$_]), '202', 'and no more than that') for 1, 64;

# it goes with the key, also if the same comes again
$t->write_file('files/next', jwks($key->jwk(kid => 'a'),
                                  $other->jwk(kid => 'b')));
rename $t->dir . '/files/next', $t->dir . '/files/keys';
$t->wait_for(sub { asked($many[64]) eq '403 signature_mismatch' },
             'the new file');
$shim->disarm;
is(asked($many[64]), '202', 'and is verified anew');

$t->done;
done_testing();


sub token {
    return $key->token({ kid => 'a' }, { iat => $now,
                                         sha256 => sha256_hex($body), @_ });
}


sub asked {
    my ($token, $uri, $text) = @_;

    my $r = $t->answer({ uri => $uri // '/one', body => $text // $body,
                         headers => [['X-Token', $token]] });
    $t->app_clear;

    return outcome($r);
}
