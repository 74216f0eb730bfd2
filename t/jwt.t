#!/usr/bin/perl

# Signatures that are JSON Web Tokens with a digest of the body.  Tokens that
# are good or bad by themselves are in t/unit/jwt.c and t/vectors.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256 hmac_sha256_hex sha256_hex/;
use MIME::Base64 qw/decode_base64url encode_base64 encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/outcome/;

my $secret = 'a secret of one sender, long enough';
my $second = 'the second secret for the rotation';
my $other = 'a secret that is for the token rule';
my $now = 1_700_000_000;
my $body = '{"id":"i 1"}';
my $keyed = encode_base64('the bytes of a key, not its Base64', '');

my $t = WebhookTest->new(now => $now, frozen => 1, conf => <<"EOF");
    webhook_provider jwt {
        signature  header:X-Jwt algorithm=jwt-hs256 body_digest=/body/sha256;
        id         json:/id;
    }

    webhook_provider message {
        signature  bearer algorithm=jwt-hs256 body_digest=/sha256
                   key=base64;
        message    "\$request_method \$uri \$webhook_body.";
    }

    webhook_provider either {
        signature  header:X-Jwt algorithm=jwt-hs256 body_digest=/body/sha256;
        signature  header:X-Signature;
        token      header:X-Token for=token;
    }

    webhook_provider bearer {
        token      header:X-Token for=token;
        signature  bearer algorithm=jwt-hs256 body_digest=none;
    }

    webhook_provider field {
        signature  header:X-Jwt algorithm=jwt-hs256 body_digest=/body/sha256;
        body       form:payload;
    }

    add_header X-Reason "\$webhook_reason" always;
    add_header X-Vars "\$webhook_secret_index [\$webhook_id]" always;

    server {
        listen 127.0.0.1:%%PORT%%;
        client_body_buffer_size 16k;
        webhook jwt;
        webhook_secret "$secret";
        webhook_secret "$second";

        location / {
            proxy_pass http://%%APP%%;
        }

        location /message {
            webhook message;
            webhook_secret "$keyed";
            proxy_pass http://%%APP%%;
        }

        location /either {
            webhook either;
            webhook_secret "$other" for=token;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;
        }

        location /bearer {
            webhook bearer;
            webhook_secret "$other" for=token;
            webhook_secret "$secret";
            webhook_claim /aud here;
            proxy_pass http://%%APP%%;
        }

        location /field {
            webhook field;
            proxy_pass http://%%APP%%;
        }

        location /trial {
            webhook_enforce on except=timestamp;
            proxy_pass http://%%APP%%;
        }

        location /line {
            webhook jwt github;
            webhook_secret "$secret" for=jwt;
            webhook_secret "$other" for=github;
            proxy_pass http://%%APP%%;
        }
    }
EOF

secrets();
bodies();
early();
alternatives();
both();
messages();
trial();
line();

is(scalar(() = $t->app_requests), 0, 'nothing else goes upstream');

$t->done;
done_testing();


sub secrets {
    my $r = post('/', $body, token($body));
    is($r->{status}, 202, 'a token');
    is($r->{header}{'x-vars'}, '1 [i 1]', 'of the first secret');

    $r = post('/', $body, token($body, key => $second));
    is("$r->{status} $r->{header}{'x-vars'}", '202 2 [i 1]', 'of the second');
    $t->app_clear;

    refused('another secret', 403, 'signature_mismatch', $body,
            token($body, key => $other));
    refused('an empty one', 403, 'signature_mismatch', $body,
            token($body, key => ''));
    refused('two headers', 400, 'credential_repeated', $body, token($body),
            token($body));
}


# The digest is made as the body comes, whatever its size.
sub bodies {
    for my $text ('', 'x', "$body\n", 'x' x 300_000) {
        my $name = length $text;

        is(post('/', $text, token($text))->{status}, 202,
           "a body of $name bytes");
        is(post('/', $text, [token($text)], chunked => 1000)->{status}, 202,
           'in chunks');
        is(scalar(grep { $_->{body} eq $text } $t->app_requests), 2,
           'it goes upstream as it came');
        $t->app_clear;

        refused('a longer one', 403, 'signature_mismatch', "$text.",
                token($text));
        refused('the digest of another', 403, 'signature_mismatch', $text,
                token("$text."));
    }
}


# The token itself is verified before the body is read, and its MAC before it
# is parsed.
sub early {
    my %tokens = (
        'no token'           => [signature_malformed => 'x'],
        'two parts'          => [signature_malformed => 'a.b'],
        'a wrong MAC'        => [signature_mismatch =>
                                 token($body, key => $other)],
        'a wrong MAC and no JSON' => [signature_mismatch =>
                                 token($body, key => $other, claims => '{')],
        'no JSON'            => [signature_malformed =>
                                 token($body, claims => '{')],
        'another algorithm'  => [signature_malformed =>
                                 token($body, header => '{"alg":"HS384"}')],
        'no digest'          => [signature_malformed =>
                                 token($body, claims => '{"body":{}}')],
        'expired'            => [timestamp_too_old =>
                                 token($body, more => ',"exp":' . ($now - 60))],
        'too early'          => [timestamp_in_future =>
                                 token($body, more => ",\"nbf\":1800000000")],
    );

    for my $name (sort keys %tokens) {
        my ($reason, $token) = @{ $tokens{$name} };
        my $r = post('/', $body, [$token], expect => 1);

        is(outcome($r), "403 $reason", $name);
        is_deeply($r->{interim} // [], [], 'the body is not asked for');
    }

    is(scalar(() = $t->app_requests), 0, 'none of it goes upstream');

    my $r = post('/', "$body ", [token($body)], expect => 1);

    is("$r->{status} @{ $r->{interim} }", '403 100',
       'a good token and another body: read, refused');
}


# Rules are alternatives; a secret of a token rule makes no signature.
sub alternatives {
    my $send = sub {
        my ($jwt, $signature) = @_;

        my $r = $t->request({ method => 'POST', uri => '/either',
            body => $body, headers => [['X-Token', $other],
                defined $jwt ? ['X-Jwt', $jwt] : (),
                defined $signature ? ['X-Signature', $signature] : ()] });

        return outcome($r);
    };

    my $mac = hmac_sha256_hex($body, $secret);

    is($send->(token($body)), '202', 'the token of two rules');
    is($send->(undef, $mac), '202', 'the MAC');
    is($send->(token($body, key => $second), $mac), '202',
       'the MAC beside a wrong token');
    is($send->('x', $mac), '202', 'or none');
    is($send->(token($body), 'x'), '202', 'the token beside no MAC');
    is($send->(token("$body "), $mac), '202', 'or for another body');
    $t->app_clear;

    is($send->(), '403 signature_missing', 'neither');
    is($send->(token($body, key => $other)), '403 signature_mismatch',
       'a token under the secret of another rule');
    is($send->(token("$body "), hmac_sha256_hex("$body ", $secret)),
       '403 signature_mismatch', 'both for another body');
    is($send->(undef, sha256_hex($body)), '403 signature_mismatch',
       'a digest is no MAC');
    is($send->(token($mac, digest => $mac)), '403 signature_mismatch',
       'a MAC is no digest');

    # its signature is one of its own text as well
    my ($text, $signature) = token($body) =~ /(.*)\.(.*)/;
    my $r = $t->request({ method => 'POST', uri => '/either', body => $text,
        headers => [['X-Token', $other],
                    ['X-Signature', hmac_sha256_hex($text, $secret)]] });

    is(unpack('H*', decode_base64url($signature)),
       hmac_sha256_hex($text, $secret), 'a token has the MAC of its text');
    is(outcome($r), '403 signature_mismatch', 'which is no message');
    is(scalar(() = $t->app_requests), 0, 'nor goes it upstream');
}


# The digest is of the message.
# a rule "token" that has matched is no JWT, also where that says nothing of
# the body
sub both {
    my $claims = '"aud":"here","exp":' . ($now + 60);
    my $jwt = token('', claims => "{$claims}");

    my $send = sub {
        my ($token, $bearer) = @_;

        return outcome($t->request({ method => 'POST', uri => '/bearer',
            body => '', headers => [['X-Token', $token],
                defined $bearer ? ['Authorization', "Bearer $bearer"] : ()] }));
    };

    is($send->($other, $jwt), '202', 'a token and a JWT');
    $t->app_clear;

    is($send->($other), '403 signature_missing', 'the token alone');
    is($send->($other, 'x'), '403 signature_malformed', 'or no JWT beside it');
    is($send->($other, token('', claims => "{$claims}", key => $second)),
       '403 signature_mismatch', 'or one of somebody else');
    is($send->('x', $jwt), '403 token_mismatch', 'the JWT alone');
}


sub messages {
    my $send = sub {
        my ($uri, $signed) = @_;

        return $t->request({ method => 'POST', uri => $uri, body => $body,
            headers => [['Authorization', 'Bearer ' . token('', claims =>
                '{"sha256":"' . sha256_hex($signed) . '"}',
                key => 'the bytes of a key, not its Base64')]] })->{status};
    };

    is($send->('/message', "POST /message $body."), 202,
       'a digest of more than the body');
    is($send->('/message/b', "POST /message $body."), 403, 'of another URL');
    is($send->('/message', $body), 403, 'of the body alone');

    my $form = 'payload=%7B+%7D';

    is(post('/field', $form, token('{ }'))->{status}, 202,
       'a digest of a field');
    is(post('/field', $form, token($form))->{status}, 403, 'not of its form');
    is(scalar(() = $t->app_requests), 2, 'only the good ones go upstream');
    $t->app_clear;
}


# The time alone is on trial: a token that is too old lets no other body in.
sub trial {
    for my $late ([timestamp_too_old => ',"exp":1'],
                  [timestamp_in_future => ',"nbf":1800000000'])
    {
        my ($reason, $more) = @$late;
        my $r = post('/trial', $body, token($body, more => $more));

        is(outcome($r), "202 $reason",
           "on trial: $reason");
        is($r->{header}{'x-vars'}, '1 [i 1]', 'verified all the same');
        is(scalar(() = $t->app_requests), 1, 'and upstream');
        $t->app_clear;

        $r = post('/trial', "$body ", token($body, more => $more));
        is(outcome($r), '403 signature_mismatch', 'not with another body');
    }

    is(post('/trial', $body, token($body, header => '{"alg":"none"}'))
       ->{status}, 403, 'nor with another algorithm');
    is(scalar(() = $t->app_requests), 0, 'which does not go upstream');
}


# A secret that is for a provider of the line is none of a token rule.
sub line {
    my $r = post('/line', $body, token($body));

    is("$r->{status} $r->{header}{'x-vars'}", '202 1 [i 1]',
       'one of several providers');
    is(post('/line', $body, token($body, key => $other))->{status}, 403,
       'with its own secret');
    is(scalar(() = $t->app_requests), 1, 'one goes upstream');
    $t->app_clear;
}


sub token {
    my ($text, %want) = @_;

    my $digest = $want{digest} // sha256_hex($text);
    my $signed = join '.', map { encode_base64url($_) }
        $want{header} // '{"alg":"HS256"}',
        $want{claims} // "{\"body\":{\"sha256\":\"$digest\"}"
                         . ($want{more} // '') . '}';

    return "$signed." . encode_base64url(hmac_sha256($signed,
                                                     $want{key} // $secret));
}


sub post {
    my ($uri, $text, $tokens, %more) = @_;

    return $t->answer(request($uri, $text, $tokens, %more));
}


sub request {
    my ($uri, $text, $tokens, %more) = @_;

    return { uri => $uri, body => $text, %more,
        headers => [['Content-Type', 'application/json'],
            map { ['X-Jwt', $_] } ref $tokens ? @$tokens : $tokens] };
}


sub refused {
    my ($title, $status, $reason, $text, @tokens) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $t->refused($title, $status, $reason, request('/', $text, \@tokens));
}
