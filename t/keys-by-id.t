#!/usr/bin/perl

# Keys that a sender names by an id, in files: every algorithm, whole tokens
# and detached ones, what is refused, claims, and files that change.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256 sha256 sha256_hex/;
use JSON::PP ();
use MIME::Base64 qw/decode_base64url encode_base64 encode_base64url/;
use Test::More;
use Time::HiRes qw/sleep/;

use WebhookTest;
use WebhookTest::Ask qw/outcome/;
use WebhookTest::Jose qw/jwks json der_of/;

my $now = 1_700_000_000;
my $body = '{"id":"i 1"}';
my @algs = qw/RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA/;

my $rsa = WebhookTest::Jose->new('RS256');
my %key = ((map { $_ => WebhookTest::Jose->new($_) }
                qw/ES256 ES384 ES512 EdDSA/),
           map { $_ => $rsa->as($_) } grep { /^[RP]S/ } @algs);
my $other = WebhookTest::Jose->new('ES256');
my $large = WebhookTest::Jose->new('RS512', 8192);
my $ended = $other->certificate('20220101000000Z', '20230101000000Z');
my $soon = $other->certificate('20230101000000Z', '20231120000000Z');
my $valid = $key{ES256}->certificate('20230101000000Z', '20330101000000Z');

my $all = jwks((map { $key{$_}->jwk(kid => $_, alg => $_) } @algs),
               { kty => 'oct', k => 'AAAA', kid => 'oct' });

my $providers = join '', map { my $lc = lc; <<"EOF" } @algs;
    webhook_provider jwt-$lc {
        signature  header:X-Token algorithm=jwt-$lc body_digest=/sha256;
        id         json:/id;
    }

    webhook_provider jws-$lc {
        signature  header:X-Token algorithm=jws-$lc;
        id         json:/id;
    }
EOF

my $locations = join '', map { my $lc = lc; <<"EOF" } @algs;
        location = /jwt-$lc {
            webhook jwt-$lc;
            webhook_secret jwks:files/all;
            proxy_pass http://%%APP%%;
        }

        location = /jws-$lc {
            webhook jws-$lc;
            webhook_secret jwks:files/all;
            proxy_pass http://%%APP%%;
        }
EOF

my $t = WebhookTest->new(now => $now, frozen => 1, files => {
    'files/all' => $all,
    'files/one' => jwks($key{ES256}->jwk),
    'files/changing' => jwks($key{ES256}->jwk(kid => 'old')),
    'files/pem' => json({ key => $key{ES256}->pem, cert => $valid,
                          ended => $ended, soon => $soon }),
    'files/alone' => $key{ES256}->pem,
    'files/large' => jwks($large->jwk),
}, conf => <<"EOF");
    $providers

    webhook_provider jws-hs256 {
        signature  header:X-Token algorithm=jws-hs256;
    }

    webhook_provider claims {
        signature  header:X-Token algorithm=jwt-es256 issuer=us
                   body_digest=/body digest=base64url;
        claim      /sub string enum=a|b;
        timestamp  claim:/iat past=5m future=1m;
        id         claim:/jti;
        event      claim:/type;
    }

    webhook_provider bearer {
        signature  bearer algorithm=jwt-es256 issuer=us body_digest=none;
        id         json:/id;
    }

    webhook_provider named {
        signature  header:X-Signature algorithm=ecdsa-p256-sha256 format=raw
                   encoding=base64url;
        key_id     header:X-Key;
        message    "\$http_x_key.\$webhook_body";
    }

    webhook_provider der {
        signature  header:X-Signature algorithm=ecdsa-p256-sha256
                   encoding=base64url;
    }

    webhook_provider p384 {
        signature  header:X-Signature algorithm=ecdsa-p384-sha384
                   format=raw encoding=base64;
    }

    webhook_provider rsa512 {
        signature  header:X-Signature algorithm=rsa-sha512 encoding=base64;
    }

    webhook_zone zone 256k;

    add_header X-Reason "\$webhook_reason" always;
    add_header X-Vars "\$webhook_secret_index [\$webhook_id] \$webhook_event"
               always;

    server {
        listen 127.0.0.1:%%PORT%%;
        client_body_buffer_size 16k;

        $locations

        location = /status { webhook_status prometheus; }

        location = /hs256 {
            webhook jws-hs256;
            webhook_secret "a secret that is long enough";
            proxy_pass http://%%APP%%;
        }

        location = /one {
            webhook jwt-es256;
            webhook_secret jwks:files/one;
            proxy_pass http://%%APP%%;
        }

        location = /two {
            webhook jwt-es256;
            webhook_secret jwks:files/one;
            webhook_secret keys:files/pem;
            proxy_pass http://%%APP%%;
        }

        location = /alone {
            webhook jwt-es256;
            webhook_secret file:files/alone;
            proxy_pass http://%%APP%%;
        }

        location = /large {
            webhook jwt-rs512;
            webhook_secret jwks:files/large;
            proxy_pass http://%%APP%%;
        }

        location = /large/bare {
            webhook rsa512;
            webhook_secret jwks:files/large;
            proxy_pass http://%%APP%%;
        }

        location = /changing {
            webhook jwt-es256;
            webhook_secret jwks:files/changing;
            proxy_pass http://%%APP%%;
        }

        location = /pem {
            webhook jwt-es256;
            webhook_secret keys:files/pem;
            proxy_pass http://%%APP%%;
        }

        location = /claims {
            webhook claims;
            webhook_secret jwks:files/all;
            webhook_claim /aud us them;
            proxy_pass http://%%APP%%;
        }

        location = /bearer {
            webhook bearer;
            webhook_secret jwks:files/all;
            webhook_claim /aud us;
            proxy_pass http://%%APP%%;
        }

        location = /bearer/other {
            webhook bearer;
            webhook_secret jwks:files/all;
            webhook_claim /aud another;
            proxy_pass http://%%APP%%;
        }

        location = /bearer/trial {
            webhook bearer;
            webhook_secret jwks:files/all;
            webhook_claim /aud us;
            webhook_enforce on except=timestamp;
            proxy_pass http://%%APP%%;
        }

        location = /named {
            webhook named;
            webhook_secret jwks:files/all;
            proxy_pass http://%%APP%%;
        }

        location = /der {
            webhook der;
            webhook_secret file:files/alone;
            proxy_pass http://%%APP%%;
        }

        location = /p384 {
            webhook p384;
            webhook_secret jwks:files/all;
            proxy_pass http://%%APP%%;
        }

        location = /rsa512 {
            webhook rsa512;
            webhook_secret jwks:files/all;
            proxy_pass http://%%APP%%;
        }
    }
EOF

algorithms($_) for @algs;
bodies();
ids();
headers();
signatures();
large();
claims();
bearer();
certificates();
changes();

$t->done;
done_testing();


# Each with its own key, whole and detached, and with nothing else.
sub algorithms {
    my ($alg) = @_;

    my $lc = lc $alg;
    my ($wrong) = grep { $_ ne $alg
                         && substr($_, 0, 2) ne substr $alg, 0, 2 } @algs;

    $t->accepted("$alg, a token",
                 request("/jwt-$lc", digest_token($key{$alg}, $alg)));
    $t->accepted("$alg, detached", request("/jws-$lc",
                 $key{$alg}->detached({ kid => $alg }, $body)));
    $t->accepted("$alg, not encoded", request("/jws-$lc",
                 $key{$alg}->detached({ kid => $alg }, $body, plain => 1)));

    $t->refused('another body', 403, 'signature_mismatch',
                request("/jwt-$lc", digest_token($key{$alg}, $alg,
                                                 body => "$body ")));
    $t->refused('of another body, detached', 403, 'signature_mismatch',
                request("/jws-$lc", $key{$alg}->detached({ kid => $alg },
                                                         "$body ")));
    $t->refused('encoded where it says it is not', 403, 'signature_mismatch',
        request("/jws-$lc", crossed($key{$alg}, $alg)));
    $t->refused('the key of another algorithm', 403, 'key_unknown',
                request("/jwt-$lc", digest_token($key{$alg}, $wrong)));
    $t->refused('another algorithm', 403, 'signature_malformed',
                request("/jwt-$lc", digest_token($key{$wrong}, $alg)));
    $t->refused('an unknown id', 403, 'key_unknown',
                request("/jws-$lc", $key{$alg}->detached({ kid => 'x' },
                                                         $body)));
}


# The header says that the payload is not encoded, and it was signed encoded.
sub crossed {
    my ($key, $kid) = @_;

    my $header = encode_base64url(json({ alg => $kid, kid => $kid,
        b64 => JSON::PP::false, crit => ['b64'] }));

    return "$header.." . encode_base64url($key->sign(
        "$header." . encode_base64url($body)));
}


# The payload is encoded as it comes, however it was cut.
sub bodies {
    for my $len (0 .. 7, 3071 .. 3074, 40_000) {
        my $text = substr 'abcdefg' x 6000, 0, $len;

        for my $uri (qw/es256 eddsa/) {
            my $alg = $uri eq 'eddsa' ? 'EdDSA' : 'ES256';
            my $token = $key{$alg}->detached({ kid => $alg }, $text);

            $t->accepted("$alg, a body of $len bytes",
                         request("/jws-$uri", $token, body => $text));
            is(status("/jws-$uri", $token, body => $text, chunked => $_), 202,
               "in chunks of $_") for $len > 100 ? 1000 : (1, 2, 4);
        }
    }

    my $secret = 'a secret that is long enough';
    my $header = encode_base64url('{"alg":"HS256"}');
    my $mac = encode_base64url(hmac_sha256("$header."
        . encode_base64url($body), $secret));

    $t->accepted('an HMAC, detached', request('/hs256', "$header..$mac"));
    $t->refused('of another body', 403, 'signature_mismatch',
                request('/hs256', "$header..$mac", body => "$body "));

    my $large = 'x' x 100_001;

    $t->refused('Ed25519 holds the body', 413, 'body_too_large',
        request('/jws-eddsa', $key{EdDSA}->detached({ kid => 'EdDSA' },
                                                    $large), body => $large));
    $t->refused('also in chunks', 413, 'body_too_large',
        request('/jws-eddsa', $key{EdDSA}->detached({ kid => 'EdDSA' },
                $large), body => $large, chunked => 50_000));
}


sub ids {
    $t->accepted('no id, and one key', request('/one',
                 token($key{ES256}, {})));
    $t->refused('an id, and a key without one', 403, 'key_unknown',
                request('/one', token($key{ES256}, { kid => 'ES256' })));
    $t->refused('no id, and several keys of other kinds: another key', 403,
                'signature_mismatch', request('/jwt-es256',
                                              token($other, {})));
    $t->refused('no id, and several keys', 403, 'key_unknown',
                request('/pem', token($key{ES256}, {})));
    $t->accepted('no id, and a file with one key', request('/two',
                 token($key{ES256}, {})));
    $t->accepted('an id of the second file', request('/two',
                 token($key{ES256}, { kid => 'key' })));
    is($t->answer(request('/two', token($key{ES256}, { kid => 'key' })))
       ->{header}{'x-vars'}, '2 [i 1] ', 'which is told');
    $t->accepted('a key that has no id, whatever the token has',
                 request('/alone', token($key{ES256}, { kid => 'x' })));
    $t->refused('an id that is no text', 403, 'signature_malformed',
                request('/one', token($key{ES256}, { kid => 1 })));

    my $send = sub {
        my ($id, $signed) = @_;

        return { uri => '/named', body => $body, headers => [
            defined $id ? ['X-Key', $id] : (),
            ['X-Signature', encode_base64url($key{ES256}->sign(
                "$signed.$body"))]] };
    };

    $t->accepted('an id in a header', $send->('ES256', 'ES256'));
    $t->refused('unknown', 403, 'key_unknown', $send->('x', 'x'));
    $t->refused('of another kind', 403, 'key_unknown',
                $send->('ES384', 'ES384'));
    is(unknown(), 2, 'both are counted');
    $t->refused('that is not the signed one', 403, 'signature_mismatch',
                $send->('ES256', 'x'));
    $t->refused('none, which is signed', 403, 'signature_malformed',
                $send->(undef, ''));
}


# How many were refused for their key where the id is in a header.
sub unknown {
    my $labels = 'provider="named",reason="key_unknown"}';
    my $said = $t->request({ uri => '/status' })->{body};

    return $said =~ /^nginx_webhook_rejections_total\{[^}]*\Q$labels\E (\d+)/m
           ? $1 : 0;
}


# Refused before the body is asked for.
sub headers {
    my $claims = { sha256 => sha256_hex($body) };
    my $key = $key{ES256};
    my $made = sub { $key->token(json({ alg => 'ES256', kid => 'ES256',
                                        @_ }), $claims) };
    my $good = $made->();
    my ($h, $p, $s) = split /\./, $good;
    my $hs = encode_base64url('{"alg":"HS256","kid":"ES256"}');
    my $none = encode_base64url('{"alg":"none"}');

    my %bad = (
        'alg none' => $made->(alg => 'none'),
        'alg none, no signature' => "$none.$p.",
        'alg HS256, with the PEM for its key' => "$hs.$p."
            . encode_base64url(hmac_sha256("$hs.$p", $key->pem)
                               . "\0" x 32),
        'alg in small letters' => $made->(alg => 'es256'),
        'alg of another curve' => $made->(alg => 'ES384'),
        'an unknown crit' => $made->(crit => ['exp'], exp => 1),
        'an empty crit' => $made->(crit => []),
        'b64 in a token' => $made->(crit => ['b64'], b64 => JSON::PP::true),
        'jku' => $made->(jku => 'https://example.com/'),
        'x5u' => $made->(x5u => 'https://example.com/'),
        'jwk' => $made->(jwk => $key->jwk),
        'a member twice' => $key->token(
            '{"alg":"ES256","kid":"ES256","x":1,"x":2}', $claims),
        'an id twice' => $key->token(
            '{"alg":"ES256","kid":"x","kid":"ES256"}', $claims),
        'padding' => "$good=",
        'padding of a part' => "$h=.$p.$s",
        'white space' => "$h.$p. $s",
        'four parts' => "$good.x",
        'two parts' => "$h.$p",
        'a detached one' => "$h..$s",
        'a signature in DER' => "$h.$p."
            . encode_base64url(der_of(decode_base64url($s))),
        'a signature that is too short' => "$h.$p." . substr($s, 0, -4),
        'one that is empty' => "$h.$p.",
        'no JSON' => $key->token('{', $claims),
    );

    for my $name (sort keys %bad) {
        my $r = $t->answer(request('/jwt-es256', $bad{$name}, expect => 1));

        is(outcome($r), '403 signature_malformed', $name);
        is_deeply($r->{interim} // [], [], 'the body is not asked for');
    }

    my $r = $t->answer(request('/jwt-es256', $good, expect => 1));
    is("$r->{status} @{ $r->{interim} }", '202 100', 'a good one: read');
    $t->app_clear;

    for (['detached, with its payload' => $good, 'signature_malformed'],
         ['b64 that is not critical' => $key->detached(
             { kid => 'ES256', b64 => JSON::PP::false }, $body),
          'signature_malformed'],
         ['an unknown id' => $key->detached({ kid => 'x' }, $body),
          'key_unknown'])
    {
        my ($name, $token, $reason) = @$_;
        my $r = $t->answer(request('/jws-es256', $token, expect => 1));

        is(outcome($r), "403 $reason", "detached: $name");
        is_deeply($r->{interim} // [], [], 'the body is not asked for');
    }
}


# r and s as they have to be.
sub signatures {
    my ($h, $p, $s) = split /\./, token($key{ES256}, { kid => 'ES256' });
    my $raw = decode_base64url($s);
    my $n = pack 'H*', 'ffffffff00000000ffffffffffffffffbce6faada7179e84'
                       . 'f3b9cac2fc632551';

    my %bad = (
        'r is 0' => "\0" x 32 . substr($raw, 32),
        's is 0' => substr($raw, 0, 32) . "\0" x 32,
        'r is n' => $n . substr($raw, 32),
        's is n' => substr($raw, 0, 32) . $n,
        'both are 255s' => "\xff" x 64,
    );

    $t->refused("$_", 403, 'signature_mismatch', request('/jwt-es256',
                "$h.$p." . encode_base64url($bad{$_}))) for sort keys %bad;

    my $send = sub {
        my ($uri, $signature) = @_;

        return { uri => $uri, body => $body,
                 headers => [['X-Signature', $signature]] };
    };

    $raw = $key{ES256}->sign($body);

    $t->accepted('DER', $send->('/der', encode_base64url(der_of($raw))));
    $t->refused('raw where it is DER', 403, 'signature_mismatch',
                $send->('/der', encode_base64url($raw)));

    $raw = $key{ES384}->sign($body);

    $t->accepted('P-384', $send->('/p384', encode_base64($raw, '')));
    $t->refused('DER where it is raw', 403, 'signature_malformed',
                $send->('/p384', encode_base64(der_of($raw), '')));

    $t->accepted('RSA with SHA-512', $send->('/rsa512',
                 encode_base64($key{RS512}->sign($body), '')));
    $t->refused('with SHA-256', 403, 'signature_mismatch', $send->('/rsa512',
                encode_base64($key{RS256}->sign($body), '')));
}


# The largest key that is taken.
sub large {
    my $send = sub {
        return { uri => '/large/bare', body => $body, headers =>
            [['X-Signature', encode_base64($large->sign($_[0]), '')]] };
    };

    $t->accepted('RSA of 8192 bits', request('/large', token($large, {})));
    $t->refused('for another body', 403, 'signature_mismatch',
                request('/large', digest_token($large, undef,
                                               body => "$body ")));
    $t->accepted('and without a token', $send->($body));
    $t->refused('for another one', 403, 'signature_mismatch',
                $send->("$body "));
}


sub claims {
    my $digest = encode_base64url(sha256($body));
    my %good = (iss => 'us', body => $digest, sub => 'a', iat => $now,
                aud => 'us', jti => 'j 1', type => 'e', exp => $now + 60);
    my $send = sub {
        my %claims = (%good, @_);

        delete @claims{ grep { !defined $claims{$_} } keys %claims };

        return request('/claims', $key{ES256}->token({ kid => 'ES256' },
                                                     \%claims));
    };

    my $r = $t->answer($send->());

    is("$r->{status} $r->{header}{'x-vars'}", '202 1 [j 1] e',
       'claims, and what comes of them');

    $t->accepted("good: $_->[0]", $send->(@{ $_->[1] })) for
        ['another of the recipients' => [aud => 'them']],
        ['one of several' => [aud => ['x', 'us']]],
        ['another subject' => [sub => 'b']],
        ['no end' => [exp => undef]],
        ['an end within the leeway' => [exp => $now - 59]],
        ['a fraction' => [exp => $now + 0.5]],
        ['a beginning within the leeway' => [nbf => $now + 60]],
        ['an old time' => [iat => $now - 300]],
        ['a time ahead' => [iat => $now + 60]];

    my %bad = (
        'another issuer' => [signature_mismatch => iss => 'Us'],
        'no issuer' => [signature_mismatch => iss => undef],
        'another subject' => [signature_mismatch => sub => 'c'],
        'no subject' => [signature_mismatch => sub => undef],
        'another recipient' => [signature_mismatch => aud => 'others'],
        'no recipient' => [signature_mismatch => aud => undef],
        'no recipient in a list' => [signature_mismatch => aud => []],
        'no digest' => [signature_malformed => body => undef],
        'a digest in hex' => [signature_malformed =>
                              body => sha256_hex($body)],
        'ended' => [timestamp_too_old => exp => $now - 60],
        'not begun' => [timestamp_in_future => nbf => $now + 61],
        'an end that is a text' => [signature_malformed =>
                                    exp => "1800000000"],
        'a negative end' => [signature_malformed => exp => -1],
        'an end beyond 2^53' => [signature_malformed =>
                                 exp => 9007199254740992],
        'too old' => [timestamp_too_old => iat => $now - 301],
        'too far ahead' => [timestamp_in_future => iat => $now + 61],
        'no time' => [timestamp_missing => iat => undef],
        'no time, but a text' => [timestamp_malformed => iat => 'x'],
        'another body' => [signature_mismatch =>
                           body => encode_base64url(sha256("$body "))],
    );

    for my $name (sort keys %bad) {
        my ($reason, @claims) = @{ $bad{$name} };

        $t->refused($name, 403, $reason, $send->(@claims));
    }

    $t->refused('an end that is not a number', 403, 'signature_malformed',
        request('/claims', $key{ES256}->token({ kid => 'ES256' },
            json({ %good }) =~ s/"exp":\d+/"exp":NaN/r)));
    $t->refused('a claim twice', 403, 'signature_malformed',
        request('/claims', $key{ES256}->token({ kid => 'ES256' },
            json({ %good }) =~ s/\{/{"aud":"us",/r)));
}


# A token that serves any body, and says whom it is for.
sub bearer {
    my %good = (iss => 'us', aud => 'us', exp => $now + 60);
    my $send = sub {
        my ($uri, $claims, %more) = @_;

        return { uri => $uri, body => $body, %more,
            headers => [['Authorization', 'Bearer '
                . $key{ES256}->token({ kid => 'ES256' },
                                     { %good, %$claims })]] };
    };

    my $r = $t->answer($send->('/bearer', {}));
    is("$r->{status} $r->{header}{'x-vars'}", '202 1 [i 1] ', 'a token alone');

    $t->accepted('any body', $send->('/bearer', {}, body => '{"id":2}'));
    $t->accepted('none', $send->('/bearer', {}, body => ''));
    $t->refused('in another location', 403, 'signature_mismatch',
                $send->('/bearer/other', {}));
    $t->accepted('which is for another', $send->('/bearer/other',
                                                 { aud => 'another' }));
    $t->refused('ended', 403, 'timestamp_too_old',
                $send->('/bearer', { exp => $now - 60 }));
    $t->refused('without an end', 403, 'signature_malformed',
                $send->('/bearer', { exp => undef }));
    $t->refused('no token', 403, 'signature_missing',
                { uri => '/bearer', body => $body });
    $t->refused('another sender', 403, 'signature_mismatch',
        { uri => '/bearer', body => $body, headers => [['Authorization',
          'Bearer ' . $other->token({ kid => 'ES256' }, \%good)]] });

    $r = $t->answer($send->('/bearer', { aud => 'x' }, expect => 1));
    is(outcome($r), '403 signature_mismatch', 'before the body');
    is_deeply($r->{interim} // [], [], 'which is not asked for');

    $r = $t->answer($send->('/bearer/trial', { exp => 1 }));
    is(outcome($r), '202 timestamp_too_old', 'its time on trial');
    $t->refused('and no more than that', 403, 'signature_mismatch',
                $send->('/bearer/trial', { exp => 1, aud => 'x' }));
}


sub certificates {
    $t->accepted('a certificate', request('/pem',
                 token($key{ES256}, { kid => 'cert' })));
    $t->accepted('a public key', request('/pem',
                 token($key{ES256}, { kid => 'key' })));
    $t->refused('one that has ended', 403, 'key_unknown',
                request('/pem', token($other, { kid => 'ended' })));
    $t->accepted('one that ends soon', request('/pem',
                 token($other, { kid => 'soon' })));

    my $log = $t->error_log . $t->stderr;

    like($log, qr/the certificate of key "soon" ends within 14 days/, 'said');
    like($log, qr/the certificate of key "ended" has ended and is not used/,
         'and of the other');
    unlike($log, qr/certificate of key "cert"/, 'and of no other');

    # what is asked is the time of the request
    $t->set_now(1_700_438_401);
    wait_until('/pem', token($other, { kid => 'soon' }), '403 key_unknown');
    $t->set_now($now);
    wait_until('/pem', token($other, { kid => 'soon' }), '202');
}


# Old and new keys overlap; a key that is gone is refused, whatever the rest.
sub changes {
    my ($old, $new) = ($key{ES256}, $other);
    my $to_old = token($old, { kid => 'old' });
    my $to_new = token($new, { kid => 'new' });
    my $change = sub {
        $t->write_file('files/next', $_[0]);
        rename $t->dir . '/files/next', $t->dir . '/files/changing';
    };

    is(asked('/changing', $to_old), '202', 'the first key');
    is(asked('/changing', $to_new), '403 key_unknown', 'and no other yet');

    $change->(jwks($old->jwk(kid => 'old'), $new->jwk(kid => 'new')));
    wait_until('/changing', $to_new, '202');
    is(asked('/changing', $to_old), '202', 'beside the new one the old');

    my $all = jwks($new->jwk(kid => 'new'));

    $change->($all);
    wait_until('/changing', $to_old, '403 key_unknown');
    is(asked('/changing', $to_new), '202', 'the new one alone');

    my %bad = (
        'but is not JSON' => '{"keys":[',
        'but is empty' => '',
        'but has no array "keys", as a JWK set has' => '{}',
        'but has no key that can be used' => jwks({ kty => 'oct' }),
        'but has no key that can be used for the "algorithm=" of this sender'
            => jwks($key{RS256}->jwk(kid => 'new')),
        'but has a private key, which belongs to the sender alone' =>
            jwks({ %{ $new->jwk(kid => 'new') }, d => 'AAAA' }),
    );

    for my $said (sort keys %bad) {
        $change->($bad{$said});
        $t->wait_for(sub { asked('/changing', $to_new);
                           $t->error_log =~ /changed \Q$said\E, what was/ },
                     $said);
        is(asked('/changing', $to_new), '202', "stays: $said");
    }

    unlink $t->dir . '/files/changing';
    $t->wait_for(sub { asked('/changing', $to_new);
                       $t->error_log =~ /changing" cannot be looked at/ },
                 'the file is gone');
    is(asked('/changing', $to_new), '202', 'stays: no file');
    is(asked('/changing', $to_old), '403 key_unknown', 'and nothing else');

    $change->(jwks({ kty => 'oct', kid => 'x' }, $old->jwk(kid => 'old'),
                   $new->jwk(kid => 'new'), $new->jwk(kid => 'new')));
    wait_until('/changing', $to_old, '202');
    is(asked('/changing', $to_new), '403 key_unknown', 'an id twice');
    like($t->error_log, qr/3 of 4 keys cannot be used and are left out/,
         'and what is left out is told');
}


sub token {
    my ($key, $header) = @_;

    return $key->token($header, { sha256 => sha256_hex($body) });
}


sub digest_token {
    my ($key, $kid, %want) = @_;

    return $key->token({ defined $kid ? (kid => $kid) : () },
                       { sha256 => sha256_hex($want{body} // $body) });
}


sub request {
    my ($uri, $token, %more) = @_;

    return { uri => $uri, body => $body, %more,
             headers => [['Content-Type', 'application/json'],
                         ['X-Token', $token]] };
}


sub status {
    my $r = $t->answer(request(@_));
    $t->app_clear;

    return $r->{status};
}


sub asked {
    my $r = $t->answer(request(@_));
    $t->app_clear;

    return outcome($r);
}


sub wait_until {
    my ($uri, $token, $wanted) = @_;

    $t->wait_for(sub { asked($uri, $token) =~ /^\Q$wanted\E/ },
                 "$uri: $wanted");
    pass("$uri: $wanted");
}
