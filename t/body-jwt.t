#!/usr/bin/perl

# Bodies that are a token: verified before anything but its header is parsed,
# and then read as if the payload were the body.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256 sha256_hex/;
use MIME::Base64 qw/encode_base64 encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/outcome/;
use WebhookTest::Jose qw/jwks json/;

my $now = 1_700_000_000;
my $secret = 'a secret of one sender, long enough';
my $bound = 2000;

my $key = WebhookTest::Jose->new('ES256');
my $next = WebhookTest::Jose->new('ES256');
my $single = WebhookTest::Jose->new('EdDSA');

my $t = WebhookTest->new(now => $now, frozen => 1, files => {
    'files/keys' => jwks($key->jwk(kid => 'a'), $next->jwk(kid => 'b')),
    'files/pem' => $single->pem,
}, conf => <<"EOF");
    webhook_provider set {
        content_type  application/secevent+jwt;
        signature     body algorithm=jwt-es256 issuer=us;
        body          jwt;
        timestamp     claim:/iat past=5m future=1m;
        id            claim:/jti;
        event         json:/type;
        require       /sub string min_length=1;
        ack           202;
    }

    webhook_provider hmac {
        signature  body algorithm=jwt-hs256;
        body       jwt;
    }

    webhook_provider single {
        signature  body algorithm=jwt-eddsa;
        body       jwt;
        id         claim:/jti;
        replay     key=\$webhook_id;
    }

    webhook_zone zone 256k;
    webhook_max_body $bound;

    add_header X-Reason "\$webhook_reason" always;
    add_header X-Vars "\$webhook_secret_index [\$webhook_id] \$webhook_event"
               always;
    add_header X-Member "\$member" always;
    add_header X-Digest "\$webhook_body_sha256" always;

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            webhook set;
            webhook_secret jwks:files/keys;
            webhook_claim /aud here there;
            webhook_require /events object;
            webhook_var \$member /events/uri/reason;
            proxy_pass http://%%APP%%;
        }

        location /hmac {
            webhook hmac;
            webhook_secret "$secret";
            webhook_strip on;
            proxy_pass http://%%APP%%;
        }

        location /single {
            webhook single;
            webhook_secret file:files/pem;
            webhook_replay zone=zone ttl=1h;
            proxy_pass http://%%APP%%;
        }

        location /digest {
            webhook hmac;
            webhook_secret "$secret";
            webhook_replay zone=zone ttl=1h;
            proxy_pass http://%%APP%%;
        }

        location /trial {
            webhook set;
            webhook_secret jwks:files/keys;
            webhook_enforce on except=timestamp;
            proxy_pass http://%%APP%%;
        }

        location /file {
            webhook set;
            webhook_secret jwks:files/keys;
            client_body_in_file_only clean;
            proxy_pass http://%%APP%%;
        }

        location /line {
            webhook hmac github;
            webhook_secret "$secret" for=hmac;
            webhook_secret "another secret, of another sender" for=github;
            proxy_pass http://%%APP%%;
        }
    }
EOF

taken();
out_of_time();
payloads();
shapes();
sizes();
wrong_keys();
copies();
trial();

is(scalar(() = $t->app_requests), 0, 'nothing else goes upstream');

$t->done;
done_testing();


# However it comes, what goes upstream is the token.
sub taken {
    my $body = token();

    for my $how ([], [chunked => 7], [expect => 1]) {
        my $r = $t->answer({ uri => '/', body => $body, headers => set(),
                             @$how });

        is($r->{status}, 202, "a token @$how");
        is($r->{header}{'x-vars'}, '1 [id 1] changed', 'of this id and event');
        is($r->{header}{'x-member'}, 'lost', 'with this member');
        is($r->{header}{'x-digest'}, sha256_hex($body), 'and this body');
    }

    is(scalar(grep { $_->{body} eq $body } $t->app_requests), 3, 'upstream');
    $t->app_clear;

    $t->accepted('from a file', request('/file', token()));
    $t->app_clear;
    $t->accepted('under the other key',
                 request('/', token(key => $next, kid => 'b')));
    $t->app_clear;
    $t->accepted('with a type',
                 request('/', token(header => { typ => 'secevent+jwt' })));
    $t->app_clear;
    $t->accepted('an HMAC', request('/hmac', mac('{}')));
    $t->app_clear;
    $t->accepted('of several providers', request('/line', mac('{}')));
    $t->app_clear;
}


sub out_of_time {
    refused('too old', 'timestamp_too_old', token(iat => $now - 301));
    refused('in the future', 'timestamp_in_future', token(iat => $now + 61));
    refused('without a time', 'timestamp_missing', token(iat => undef));
    refused('a time in words', 'timestamp_malformed', token(iat => 'now'));
    refused('expired', 'timestamp_too_old', token(exp => $now - 60));
    refused('not yet', 'timestamp_in_future', token(nbf => $now + 100));
    refused('an end in words', 'signature_malformed', token(exp => 'then'));
}


# Claims, and rules of the provider and of the location for the payload.
sub payloads {
    refused('of another issuer', 'signature_mismatch', token(iss => 'them'));
    refused('for another', 'signature_mismatch', token(aud => 'elsewhere'));
    refused('for nobody', 'signature_mismatch', token(aud => undef));
    $t->accepted('for several', request('/', token(aud => ['x', 'there'])));
    $t->app_clear;

    for my $case (['/sub', 'required', sub => undef],
                  ['/sub', 'min_length', sub => ''],
                  ['/events', 'type', events => 'x'])
    {
        my ($pointer, $rule, @claims) = @$case;

        $t->invalid("a payload: $pointer $rule", $pointer, $rule,
                    request('/', token(@claims)));
    }

    refused('no object', 'signature_malformed', $key->token({ kid => 'a' },
                                                            '[]'));
    refused('no JSON', 'signature_malformed', $key->token({ kid => 'a' },
                                                          '{'));
    refused('a claim twice', 'signature_malformed',
            $key->token({ kid => 'a' }, '{"iss":"us","iss":"us"}'));
}


# One token and nothing else, in the alphabet that it has.
sub shapes {
    my $body = token();
    my ($header, $payload, $signature) = split /\./, $body;
    my $bits = 'A' . substr $signature, 1;

    my %shape = (
        'a space before'       => " $body",
        'a space after'        => "$body ",
        'a line break after'   => "$body\n",
        'two tokens'           => "$body\n$body",
        'two tokens at once'   => "$body$body",
        'two with a dot'       => "$body.$body",
        'four parts'           => "$body.$signature",
        'two parts'            => "$header.$payload",
        'no signature'         => "$header.$payload.",
        'no payload'           => "$header..$signature",
        'no header'            => ".$payload.$signature",
        'padding'              => "$body==",
        'quotes'               => "\"$body\"",
        'JSON'                 => "{\"token\":\"$body\"}",
        'a field'              => "token=$body",
        'Base64'               => $body =~ tr{-_}{+/}r . '+',
        'a byte of another'    => "$body\xff",
        'a zero byte'          => "$body\0",
        'a header in Base64'   => "{}.$payload.$signature",
        'only dots'            => '..',
        'one word'             => 'x',
    );

    refused($_, 'signature_malformed', $shape{$_}) for sort keys %shape;

    refused('another signature', 'signature_mismatch',
            "$header.$payload.$bits");
    refused('another payload', 'signature_mismatch', join '.', $header,
            encode_base64url('{"iss":"us"}'), $signature);
    refused('a payload that is not encoded', 'signature_mismatch',
            "$header.{}.$signature");
    refused('a space in it', 'signature_mismatch',
            "$header. $payload.$signature");
    refused('another header', 'signature_mismatch', join '.',
            encode_base64url('{"alg":"ES256","kid":"a","x":1}'), $payload,
            $signature);
    refused('nothing', 'signature_missing', '');

    $t->refused('another type', 415, 'content_type_unsupported',
        { uri => '/', body => $body,
          headers => [['Content-Type', 'application/jwt']] });
    $t->refused('no type', 415, 'content_type_unsupported',
        { uri => '/', body => $body });

    my $r = $t->answer({ uri => '/', body => $body, expect => 1,
                         headers => [['Content-Type', 'text/plain']] });

    is_deeply($r->{interim} // [], [], 'a body of it is not asked for');
}


# A token is held whole, so it is bounded, also where its length is not told.
sub sizes {
    my $long = token(more => 'x' x $bound);

    for my $how ([], [chunked => 100]) {
        $t->refused("over the bound @$how", 413, 'body_too_large',
                    { uri => '/', body => $long, headers => set(), @$how });
    }

    my $body = mac('{"x":"' . 'y' x 1300 . '"}');

    cmp_ok(length $body, '<', $bound, 'one below the bound');
    $t->accepted('is taken', request('/hmac', $body));
    $t->app_clear;
    refused_at('/hmac', 'one byte less of it', 'signature_malformed',
               substr($body, 0, -1));
}


sub wrong_keys {
    refused('an unknown key', 'key_unknown', token(kid => 'c'));
    refused('another key', 'signature_mismatch', token(kid => 'b'));
    refused('no key', 'key_unknown', token(kid => undef));
    refused('no algorithm', 'signature_malformed',
            token(header => { alg => 'none' }));
    refused('HMAC with the public key', 'signature_malformed',
            mac('{"iss":"us"}', key => $key->pem));
    refused('a key of its own', 'signature_malformed',
            token(header => { jwk => $key->jwk }));
    refused('what it says is critical', 'signature_malformed',
            token(header => { crit => ['b64'], b64 => \0 }));
    refused_at('/hmac', 'another secret', 'signature_mismatch',
               mac('{}', key => 'x' x 40));
    refused_at('/hmac', 'a wrong MAC of what is no JSON', 'signature_mismatch',
               mac('{', key => 'x' x 40, header => '{'));
}


# What names a message is the id, or else what is signed, not the signature.
sub copies {
    my @token = map { $single->token({}, { jti => 'one', n => $_ }) } 1, 2;

    is(outcome($t->answer(request('/single', $token[0]))), '202', 'the first');
    is(outcome($t->answer(request('/single', $token[0]))), '200 duplicate',
       'is known');
    is(outcome($t->answer(request('/single', $token[1]))), '200 duplicate',
       'by its id');
    is(scalar(() = $t->app_requests), 1, 'once upstream');
    $t->app_clear;

    is(outcome($t->answer(request('/digest', mac('{"n":1}')))), '202',
       'one without an id');
    is(outcome($t->answer(request('/digest', mac('{"n":1}')))),
       '200 duplicate', 'is known by what is signed');
    is(outcome($t->answer(request('/digest', mac('{"n":2}')))), '202',
       'another');
    is(outcome($t->answer(request('/digest',
                                  mac('{"n":2}', header => '{"alg":"HS256",'
                                      . '"typ":"JWT"}')))), '202',
       'and one with another header');
    is(scalar(() = $t->app_requests), 3, 'three upstream');
    $t->app_clear;
}


# The time alone is on trial.
sub trial {
    my $r = $t->answer(request('/trial', token(iat => $now - 301)));

    is(outcome($r), '202 timestamp_too_old', 'on trial: too old');
    is($r->{header}{'x-vars'}, '1 [id 1] changed', 'verified all the same');
    $r = $t->answer(request('/trial', token(exp => 1)));
    is(outcome($r), '202 timestamp_too_old', 'on trial: expired');
    is(scalar(() = $t->app_requests), 2, 'and upstream');
    $t->app_clear;

    refused_at('/trial', 'not with another signature', 'signature_mismatch',
               token(iat => $now - 301, kid => 'b'));
}


sub token {
    my (%claims) = @_;

    my $signer = delete $claims{key} // $key;
    my $header = delete $claims{header} // {};
    my $kid = exists $claims{kid} ? delete $claims{kid} : 'a';

    %claims = (iss => 'us', aud => 'here', iat => $now, jti => 'id 1',
               sub => 's', type => 'changed',
               events => { uri => { reason => 'lost' } }, %claims);
    delete @claims{ grep { !defined $claims{$_} } keys %claims };

    return $signer->token({ (defined $kid ? (kid => $kid) : ()), %$header },
                          \%claims);
}


sub mac {
    my ($claims, %want) = @_;

    my $signed = join '.', map { encode_base64url($_) }
        $want{header} // '{"alg":"HS256"}', $claims;

    return "$signed." . encode_base64url(hmac_sha256($signed,
                                                     $want{key} // $secret));
}


sub set { return [['Content-Type', 'application/secevent+jwt']] }

sub request { return { uri => $_[0], body => $_[1], headers => set() } }


sub refused {
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    refused_at('/', @_);
}


sub refused_at {
    my ($uri, $title, $reason, $body) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $t->refused($title, 403, $reason, request($uri, $body));
}
