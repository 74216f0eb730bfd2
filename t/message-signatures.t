#!/usr/bin/perl

# HTTP Message Signatures (RFC 9421) with digests of the body (RFC 9530): every
# algorithm and component, which signature counts, times, digests, what is
# refused, and before which byte of the body.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP qw/decode_json/;
use MIME::Base64 qw/decode_base64 encode_base64 encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/outcome/;
use WebhookTest::Jose qw/jwks/;
use WebhookTest::MessageSignature qw/message content_digest/;

my $now = $WebhookTest::MessageSignature::now;
my $body = '{"id":"i 1"}';
my @least = qw/@method @target-uri content-digest/;
my $secret = 'a secret that is long enough';

my $rsa = WebhookTest::Jose->new('RS256');
my %key = ('ed25519' => WebhookTest::Jose->new('EdDSA'),
           'ecdsa-p256-sha256' => WebhookTest::Jose->new('ES256'),
           'ecdsa-p384-sha384' => WebhookTest::Jose->new('ES384'),
           'rsa-v1_5-sha256' => $rsa,
           'rsa-pss-sha512' => $rsa->as('PS512'));
my @algorithms = sort keys %key;
my $ed25519 = $key{ed25519};
my $other = WebhookTest::Jose->new('EdDSA');

# name => rules of a provider, its signature without "http-message"
my %providers = (
    any => ['covers=@method,@target-uri,content-digest'],
    (map { $_ => ["covers=\@method,content-digest algorithm=$_"] }
         @algorithms),
    hmac => ['covers=@method,content-digest algorithm=hmac-sha256'],
    labelled => ['covers=@method,content-digest label=us'],
    tagged => ['covers=@method,content-digest tag=us'],
    all => ['covers=@method,content-digest '
            . 'requires=created,expires,keyid,nonce lifetime=5m'],
    timeless => ['covers=@method,content-digest requires=keyid'],
    narrow => ['covers=@method,content-digest', 'window 60s future=10s;'],
    url => ['covers=@method,content-digest encoding=base64url uri=normalized'],
    none => ['covers=@method,@path', 'body none;'],
    unsigned => ['covers=@method,@path', 'body unsigned;'],
    json => ['covers=@method,content-digest', 'id json:/id; json object;'],
    nonce => ['covers=@method,content-digest requires=created,nonce',
              'replay key=$webhook_nonce;'],
    header => ['covers=@method,content-digest,x-id',
               'id header:X-Id; replay key=$webhook_id;'],
    unnamed => ['covers=@method,content-digest'],
);

my %directives = (
    hmac => "webhook_secret '$secret';",
    unnamed => 'webhook_secret jwks:files/keys; webhook_replay zone=once;',
    nonce => 'webhook_secret jwks:files/keys; webhook_replay zone=once;',
    header => 'webhook_secret jwks:files/keys; webhook_replay zone=once;',
);

my $providers = join '', map {
    my ($signature, $rules) = @{ $providers{$_} };
    "webhook_provider $_ { signature http-message $signature; "
        . ($rules // '') . " }\n";
} sort keys %providers;

my $locations = join '', map { location("/$_", $_, $directives{$_}) }
                         sort keys %providers;

my $t = WebhookTest->new(now => $now, frozen => 1, files => {
    'files/keys' => jwks(map { $key{$_}->jwk(kid => $_) } @algorithms),
    'files/one' => jwks($ed25519->jwk(kid => 'ed25519')),
    'files/ed25519.pem' => $ed25519->pem,
    'files/rsa.pem' => $rsa->pem,
    'files/p256.pem' => $key{'ecdsa-p256-sha256'}->pem,
}, conf => <<"EOF");
    webhook_zone once 1m;
    $providers
    add_header X-Reason "\$webhook_reason" always;
    add_header X-Vars "\$webhook_nonce|\$webhook_timestamp|\$webhook_id"
               always;
    client_body_buffer_size 16k;
    client_max_body_size 2m;
    large_client_header_buffers 8 32k;

    server {
        listen 127.0.0.1:%%PORT%%;
        underscores_in_headers on;
        listen 127.0.0.1:%%TLS_PORT%% ssl http2;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;

        $locations
@{[ location('/one', 'any', 'webhook_secret jwks:files/one;'),
    location('/pem', 'any', 'webhook_secret file:files/ed25519.pem;'),
    location('/rsa', 'any', 'webhook_secret file:files/rsa.pem;'),
    location('/rotated', 'any', 'webhook_secret file:files/p256.pem;
                                 webhook_secret file:files/ed25519.pem;'),
    location('/trial', 'any', 'webhook_secret jwks:files/keys;
                               webhook_enforce on except=timestamp;'),
    location('/strip', 'any', 'webhook_secret jwks:files/keys;
                               webhook_strip on;'),
    location('/public', 'any', 'webhook_secret jwks:files/keys;
        webhook_public_url HTTPS://Example.com:443/prefix;') ]}
        location = /asks {
            auth_request /auth;
            proxy_pass http://%%APP%%;
        }

        location = /auth {
            webhook none;
            webhook_secret jwks:files/keys;
            proxy_pass http://%%APP%%;
        }
    }
EOF

algorithms();
keys_by_id();
components();
components_refused();
choice();
syntax();
parameters();
ages();
digests();
bodies();
before_the_body();
hostile();
targets();
other_directives();
http2();
adcp();
documented();

$t->done;
done_testing();


sub location {
    my ($uri, $provider, $directives) = @_;

    $directives //= 'webhook_secret jwks:files/keys;';

    return <<"EOF";
        location = $uri {
            webhook $provider;
            $directives
            proxy_pass http://%%APP%%;
        }
EOF
}


# A request that is signed rightly, unless told.
sub signed {
    my ($uri, %more) = @_;

    return { message(uri => $uri, body => $body, key => $ed25519,
                     keyid => 'ed25519', covers => \@least, %more) };
}


# The same with its signature headers changed after it was signed.
sub changed {
    my ($request, $change) = @_;

    my %header = map { $_->[0] => $_->[1] } @{ $request->{headers} };
    my ($input, $signature) = $change->(@header{qw/Signature-Input Signature/});

    return { %$request, headers => [
        (grep { $_->[0] !~ /^Signature/ } @{ $request->{headers} }),
        (map { ['Signature-Input', $_] } ref $input ? @$input : $input // ()),
        (map { ['Signature', $_] }
             ref $signature ? @$signature : $signature // ()) ] };
}


sub algorithms {
    for my $name (@algorithms) {
        my %by = (key => $key{$name}, keyid => $name,
                  covers => [qw/@method content-digest/]);

        $t->accepted($name, signed("/$name", %by));
        $t->accepted("$name, \"alg\"", signed("/$name", %by, alg => $name));
        $t->refused("$name, of another body", 403, 'signature_mismatch',
                    signed("/$name", %by, digest => content_digest('{}',
                                                               'sha-256')));
        $t->refused("$name, of another message", 403, 'signature_mismatch',
                    { %{ signed("/$name", %by) }, method => 'POST',
                      headers => signed("/$name", %by,
                          url => { '@method' => 'PUT' })->{headers} });
        $t->refused("$name by \"alg\" only", 403, 'signature_malformed',
            signed("/$name", %by, alg => $name eq 'ed25519'
                ? 'ecdsa-p256-sha256' : 'ed25519'));
        $t->refused("$name, one bit more", 403,
            $name =~ /ecdsa/ ? 'signature_malformed' : 'signature_mismatch',
            changed(signed("/$name", %by), sub {
                my ($input, $signature) = @_;
                my ($base64) = $signature =~ /:(.*):/;
                return $input, 'sig=:'
                    . encode_base64(decode_base64($base64) . "\0", '') . ':';
            }));
    }

    my %by = (key => $secret, keyid => 'x', covers => [qw/@method
                                                         content-digest/]);

    $t->accepted('an HMAC', signed('/hmac', %by));
    $t->accepted('its name', signed('/hmac', %by, alg => 'hmac-sha256'));
    $t->refused('another key', 403, 'signature_mismatch',
                signed('/hmac', %by, key => "$secret."));
    $t->refused('a public key is no key of an HMAC', 403,
        'signature_malformed', signed('/ed25519', %by,
            key => $ed25519->pem, alg => 'hmac-sha256'));
    $t->refused('half an HMAC', 403, 'signature_malformed',
                signed('/hmac', %by, signature => 'x' x 16));
    $t->refused('DER', 403, 'signature_malformed',
        signed('/ecdsa-p256-sha256', keyid => 'ecdsa-p256-sha256',
               covers => [qw/@method content-digest/],
               signature => WebhookTest::Jose::der_of('x' x 64)));
}


sub keys_by_id {
    for my $name (grep { !/rsa/ } @algorithms) {
        $t->accepted("$name by the key", signed('/any', key => $key{$name},
                                                keyid => $name));
    }

    $t->refused('RSA is two algorithms', 403, 'signature_malformed',
                signed('/rsa', key => $rsa));
    $t->accepted('unless it says which', signed('/rsa', key => $rsa,
                                                alg => 'rsa-v1_5-sha256'));
    $t->accepted('or the other', signed('/rsa', alg => 'rsa-pss-sha512',
                                        key => $rsa->as('PS512')));
    $t->refused('an unknown id', 403, 'key_unknown',
                signed('/any', keyid => 'x'));
    $t->refused('the id of another key', 403, 'signature_mismatch',
                signed('/any', keyid => 'ecdsa-p256-sha256',
                       signature => 'x' x 64));
    $t->refused('no id', 403, 'signature_malformed',
                signed('/any', keyid => undef));
    $t->accepted('no id, and one key', signed('/one', keyid => undef));
    $t->accepted('a key without an id', signed('/pem', keyid => 'x'));
    $t->refused('another key', 403, 'signature_mismatch',
                signed('/pem', key => $other));
    $t->refused('two keys are two algorithms', 403, 'signature_malformed',
                signed('/rotated'));
    $t->accepted('the new one of two keys', signed('/rotated',
                                                   alg => 'ed25519'));
    $t->accepted('the old one', signed('/rotated',
        key => $key{'ecdsa-p256-sha256'}, keyid => undef,
        alg => 'ecdsa-p256-sha256'));
}


sub components {
    my @all = qw/@method @target-uri @authority @scheme @request-target @path
                 @query content-digest content-type/;

    for my $uri ('/any', '/any?', '/any?a=b&c', '/any?a=%41%2f%2F+b',
                 '/%61ny', '//any', '/./any?x') {
        $t->accepted("every component of $uri",
            signed($uri, covers => \@all,
                   headers => [['Content-Type', 'application/json']]));
        $t->refused("$uri with another query", 403, 'signature_mismatch',
            { %{ signed($uri, covers => [@least, '@query']) },
              uri => $uri . ($uri =~ /\?/ ? '&d' : '?d') });
    }

    for my $host ('LOCALHOST', 'localhost:80', 'localhost:8080',
                  'sub.Example.COM', '[::1]:80') {
        $t->accepted("Host $host", signed('/any', host => $host,
                                          covers => \@all, headers => [
            ['Content-Type', 'application/json']]));
    }

    $t->refused('another Host', 403, 'signature_mismatch',
                { %{ signed('/any') }, host => 'other.example' });
    $t->accepted('a header that comes twice', signed('/any',
        covers => [@least, 'x-two'],
        headers => [['X-Two', 'a'], ['Other', ''], ['X-TWO', "b,  c"]]));
    $t->refused('in another order', 403, 'signature_mismatch', do {
        my $request = signed('/any', covers => [@least, 'x-two'],
                             headers => [['X-Two', 'a'], ['X-Two', 'b']]);
        @{ $request->{headers} }[0, 1] = @{ $request->{headers} }[1, 0];
        $request;
    });
    $t->accepted('spaces around a value', signed('/any',
        covers => [@least, 'x-two'],
        headers => [['X-Two', "\t a b \t "], ['X-Two', "\t"]]));
    $t->accepted('an empty header', signed('/any',
        covers => [@least, 'x-empty'], headers => [['X-Empty', '']]));
    $t->accepted('letters beyond ASCII', signed('/any',
        covers => [@least, 'x-id'], headers => [['X-Id', "\xc3\xa4"]]));
    $t->accepted('more than must be', signed('/any',
        covers => ['@path', @least, 'host', 'content-length'],
        headers => [['Host', 'localhost'], ['Content-Length', length $body]],
        length => ''));
}


sub components_refused {
    my %covers = (
        'the method is not covered' => [qw/@target-uri content-digest/],
        'the digest is not covered' => [qw/@method @target-uri/],
        'nothing is covered' => [],
        'a header that is not there' => [@least, 'x-none'],
        'a component twice' => [@least, '@method'],
        'a header twice' => [@least, 'x-id', 'x-id'],
        'capital letters' => [@least, 'X-Id'],
        'no name' => [@least, '""'],
        'a name with a space' => [@least, '"x id"'],
        'no string' => [qw/"@method" "@target-uri" "content-digest" 1/],
        '@status' => [@least, '@status'],
        '@signature-params' => [@least, '@signature-params'],
        'a derived component that is not known' => [@least, '@host'],
        (map { ("the parameter $_" => [@least, qq/"x-id";$_/]) }
             qw/sf bs req tr key="a" name="a" x=1/),
        'a parameter of a derived one' => ['"@method";req', @least],
        'a parameter of the digest' => [@least[0, 1],
                                        '"content-digest";req'],
        '@query-param' => [@least, '"@query-param";name="a"'],
        'too many' => [@least, map { "x-$_" } 1 .. 30],
    );

    for my $name (sort keys %covers) {
        $t->refused($name, 403, 'signature_malformed',
            signed('/any', covers => $covers{$name},
                   headers => [['X-Id', 'a'],
                               map { ["X-$_", $_] } 1 .. 30]));
    }
}


# Which of several signatures counts.
sub choice {
    my @covers = qw/@method content-digest/;
    my %us = (covers => \@covers, tag => 'us', label => 'us');
    my $with = sub {
        my ($uri, $input, $signature, %more) = @_;
        return changed(signed($uri, %us, %more), sub {
            return "$input$_[0]", ($signature // '') . $_[1];
        });
    };

    for my $uri (qw/labelled tagged/) {
        $t->accepted("$uri, alone", signed("/$uri", %us));
        $t->accepted("$uri, a second one",
            $with->("/$uri", 'them=("@method");created=1;tag="them", ',
                    'them=:AAAA:, '));
        $t->accepted("$uri, a second one without its bytes",
            $with->("/$uri", 'them=("@method");tag="them",'));
        $t->refused("$uri, not there", 403, 'signature_missing',
            signed("/$uri", %us, label => 'them', tag => 'them'));
        $t->refused("$uri, it is there twice", 400, 'credential_repeated',
            $with->("/$uri", 'us=("@method");tag="us", ', 'us=:AAAA:, '));
        $t->refused("$uri, bytes are there twice", 400,
            'credential_repeated', $with->("/$uri", '', 'us=:AAAA:, '));
    }

    $t->refused('two with the tag', 400, 'credential_repeated',
        $with->('/tagged', 'them=("@method");tag="us", ', 'them=:AAAA:, '));
    $t->refused('a label of another tag twice', 400, 'credential_repeated',
        $with->('/tagged', 'us=("@method");tag="them", ', 'us=:AAAA:, '));
    $t->refused('a tag that is no string', 403, 'signature_missing',
        signed('/tagged', %us, tag => undef,
               params => ";created=$now;keyid=\"ed25519\";tag=us"));
    $t->refused('two, and any would do', 400, 'credential_repeated',
        $with->('/any', 'them=("@method"), ', 'them=:AAAA:, ',
                covers => \@least));
    $t->accepted('bytes of another label', $with->('/any', '', 'them=:AAAA:, ',
                                                   covers => \@least));
}


# Headers that are no dictionaries, or not of each other.
sub syntax {
    my $request = signed('/any');
    my $bad = sub {
        my ($name, $change, $status, $reason) = @_;
        $t->refused($name, $status // 403, $reason // 'signature_malformed',
                    changed($request, $change));
    };

    $bad->('no signature', sub { () }, 403, 'signature_missing');
    $bad->('no Signature', sub { $_[0] });
    $bad->('no Signature-Input', sub { (undef, $_[1]) });
    $bad->('Signature twice', sub { ($_[0], [@_[1, 1]]) }, 400,
           'credential_repeated');
    $bad->('Signature-Input twice', sub { ([@_[0, 0]], $_[1]) }, 400,
           'credential_repeated');
    $bad->('of another label', sub { ($_[0], $_[1] =~ s/sig/sag/r) });
    $bad->('no bytes', sub { ($_[0], 'sig=abc') });
    $bad->('an empty one', sub { ($_[0], 'sig=::') });
    $bad->('Base64 without its end', sub { ($_[0], $_[1] =~ s/=*:$/:/r) });
    $bad->('the other alphabet', sub {
        ($_[0], 'sig=:' . '-_' x 43 . '==:') });

    for my $more (',', ', ', ';', ' x', '"', ',,a', ', A=1', ', a=(', "\x80") {
        $bad->("Signature-Input ends with '$more'",
               sub { ($_[0] . $more, $_[1]) });
        $bad->("Signature ends with '$more'", sub { ($_[0], $_[1] . $more) });
    }

    for my $input ('sig', 'sig=1', 'sig="a"', 'sig=:AAAA:', 'sig=()(',
                   'sig=("@method"', 'sig=((("@method")))', '=("@method")',
                   'Sig=("@method")', 'sig=("@method")a', '("@method")') {
        $bad->("Signature-Input: $input", sub { ($input, $_[1]) });
    }

    $bad->('empty', sub { ('', '') }, 403, 'signature_missing');
    $bad->('an empty Signature', sub { ($_[0], '') });
    $t->accepted('spaces that may be', changed($request, sub {
        (" \t$_[0] \t", "\t$_[1]\t") }));
    $t->accepted('more members after it', changed($request, sub {
        ($_[0], "$_[1]; a=1;b, other, x=?1") }));
}


sub parameters {
    my %all = (covers => [qw/@method content-digest/], nonce => 'n 1',
               expires => $now + 300);

    $t->accepted('all that is required', signed('/all', %all));
    is($t->answer(signed('/all', %all))->{header}{'x-vars'}, "n 1|$now|",
       'is in variables');

    for my $name (qw/expires keyid nonce/) {
        $t->refused("no $name", 403, 'signature_malformed',
                    signed('/all', %all, $name => undef));
    }

    $t->refused("an empty $_", 403, 'signature_malformed',
                signed('/all', %all, $_ => '')) for qw/keyid nonce/;

    my %params = (
        'created twice' => ";created=$now;created=$now",
        'keyid twice' => ";created=$now;keyid=\"ed25519\";keyid=\"x\"",
        'created is a string' => ";created=\"$now\"",
        'created is a decimal' => ";created=$now.0",
        'created alone' => ';created',
        'keyid is a token' => ";created=$now;keyid=ed25519",
        'alg is a token' => ";created=$now;alg=ed25519;keyid=\"ed25519\"",
        'nonce is bytes' => ";created=$now;nonce=:AAAA:;keyid=\"ed25519\"",
        'an algorithm that nobody knows' =>
            ";created=$now;alg=\"none\";keyid=\"ed25519\"",
    );

    $t->refused($_, 403, 'signature_malformed',
                signed('/any', params => $params{$_})) for sort keys %params;

    $t->accepted('others are signed and that is all', signed('/any',
        params => ";x;y=1;created=$now;x=?0;keyid=\"ed25519\";z=\"a\\\"b\""));
    $t->accepted('spaces in parameters are signed', signed('/any',
        params => ";  created=$now; keyid=\"ed25519\""));
}


sub ages {
    my @narrow = (covers => [qw/@method content-digest/]);

    for (['/any', 300, 60], ['/narrow', 60, 10], ['/timeless', 300, 60]) {
        my ($uri, $past, $future) = @$_;

        $t->accepted("$uri, as old as may be",
                     signed($uri, created => $now - $past));
        $t->refused("$uri, older", 403, 'timestamp_too_old',
                    signed($uri, created => $now - $past - 1));
        $t->accepted("$uri, as far ahead as may be",
                     signed($uri, created => $now + $future));
        $t->refused("$uri, farther", 403, 'timestamp_in_future',
                    signed($uri, created => $now + $future + 1));
    }

    $t->refused('no time', 403, 'timestamp_missing',
                signed('/any', created => undef));
    $t->accepted('no time where none must be',
                 signed('/timeless', created => undef));

    for my $time (0, -1, 17, '0' . $now, $now . '000', 9_999_999_999_999) {
        $t->refused("created=$time", 403, 'timestamp_malformed',
                    signed('/any', created => $time));
        $t->refused("expires=$time", 403, 'timestamp_malformed',
                    signed('/any', expires => $time));
    }

    $t->accepted('it expires now', signed('/any', created => $now - 5,
                                          expires => $now));
    $t->refused('it expired a second ago', 403, 'timestamp_too_old',
                signed('/any', created => $now - 5, expires => $now - 1));
    $t->refused('also without created', 403, 'timestamp_too_old',
                signed('/timeless', created => undef, expires => $now - 1));
    $t->refused('it expires when it is made', 403, 'timestamp_malformed',
                signed('/any', expires => $now));
    $t->refused('or before', 403, 'timestamp_malformed',
                signed('/any', created => $now + 30, expires => $now + 20));

    my %all = (covers => [qw/@method content-digest/], nonce => 'n');

    $t->refused('it lives too long', 403, 'timestamp_malformed',
                signed('/all', %all, expires => $now + 301));

    $t->accepted('the time is on trial', signed('/trial', created => 1e9));
    $t->accepted('its end is, too',
                 signed('/trial', created => $now - 9, expires => $now - 1));
    $t->refused('the signature is not', 403, 'signature_mismatch',
                signed('/trial', created => 1e9, key => $other));
}


sub digests {
    my $sha256 = content_digest($body, 'sha-256');
    my $sha512 = content_digest($body, 'sha-512');
    my $wrong256 = content_digest("$body ", 'sha-256');
    my $wrong512 = content_digest("$body ", 'sha-512');

    $t->accepted('both digests', signed('/any',
                 digest => [qw/sha-256 sha-512/]));
    $t->accepted('SHA-512 alone', signed('/any', digest => ['sha-512']));
    $t->accepted('another one beside', signed('/any',
                 digest => "md5=:AAAA:, $sha256, x=1, y"));

    for my $digest ($wrong256, $wrong512, "$sha256, $wrong512",
                    "$wrong256, $sha512") {
        $t->refused("a wrong digest: $digest", 403, 'signature_mismatch',
                    signed('/any', digest => $digest));
    }

    for my $digest ('md5=:AAAA:', 'sha-256=:AAAA:', 'sha-256', 'sha-256=abc',
                    "$sha256, $sha256", "$sha256,", "$sha256, sha-512=::",
                    'SHA-256=' . substr($sha256, 8), 'x', '',
                    $sha256 =~ s/=:$/:/r) {
        $t->refused("no good digest: $digest", 403, 'signature_malformed',
                    signed('/any', digest => $digest));
    }

    $t->accepted('in two headers', signed('/any', digest => $sha256,
                 headers => [['Content-Digest', $sha512]]));
    $t->refused('one of them wrong', 403, 'signature_mismatch',
        signed('/any', digest => $sha256,
               headers => [['Content-Digest', $wrong512]]));
    $t->refused('a digest that is not covered does not count', 403,
        'signature_malformed', signed('/any', covers => [@least[0, 1]]));
    $t->refused('the header is changed', 403, 'signature_mismatch', do {
        my $request = signed('/any', digest => $wrong256);
        $_->[1] =~ s/\Q$wrong256/$sha256/ for @{ $request->{headers} };
        $request;
    });

    my %url = (covers => [qw/@method content-digest/]);

    $t->accepted('base64url', changed(signed('/url', %url,
        digest => $sha256 =~ tr{+/=}{-_}dr =~ s/256/256=/r), sub {
            my ($input, $signature) = @_;
            my ($base64) = $signature =~ /:(.*):/;
            return $input, "sig=:"
                . encode_base64url(decode_base64($base64)) . ':';
        }));
    $t->accepted('Base64 where base64url is usual', signed('/url', %url));
    $t->refused('a mixture', 403, 'signature_malformed',
        changed(signed('/url', %url), sub {
            ($_[0], 'sig=:+-' . 'A' x 84 . ':') }));
    $t->accepted('a URL that is normalized', signed('/url?%7e=%2f%41',
        covers => [@least, '@query'], url => {
            '@target-uri' => 'http://localhost/url?~=%2FA',
            '@query' => '?~=%2FA' }));
}


# Bodies are hashed as they come, and are not held for that.
sub bodies {
    my $large = 'abcdefgh' x 40_000;

    for my $text ('', 'x', $large) {
        for my $digest ('sha-256', 'sha-512') {
            my $name = length($text) . " bytes, $digest";
            my %by = (body => $text, digest => [$digest]);

            $t->accepted($name, signed('/any', %by));
            $t->accepted("$name, in pieces",
                         { %{ signed('/any', %by) }, split => 1000 })
                if length $text < 100;
            is($t->status({ %{ signed('/any', %by) },
                            chunked => length $text > 9 ? 9999 : 1 }), 202,
               "$name, chunked") if length $text;
            $t->refused("$name, another one", 403, 'signature_mismatch',
                        { %{ signed('/any', %by) }, body => "$text." });
        }
    }

    $t->accepted('nothing where there may be nothing',
                 signed('/none', covers => [qw/@method @path/], body => '',
                        digest => ''));
    $t->refused('a body', 413, 'body_too_large',
                signed('/none', covers => [qw/@method @path/], digest => ''));
    $t->refused('in chunks', 413, 'body_too_large',
                { %{ signed('/none', covers => [qw/@method @path/],
                            digest => '') }, chunked => 3 });
    $t->refused('signed, but not wanted', 413, 'body_too_large',
                signed('/none', covers => [qw/@method @path
                                              content-digest/]));
    $t->accepted('a body that anybody may change',
                 { %{ signed('/unsigned', covers => [qw/@method @path/]) },
                   body => 'another' });
    $t->accepted('if it is signed it counts',
                 signed('/unsigned', covers => [qw/@method @path
                                                   content-digest/]));
    $t->refused('also there', 403, 'signature_mismatch',
                { %{ signed('/unsigned', covers => [qw/@method @path
                                                       content-digest/]) },
                  body => 'another' });

    $t->accepted('JSON', signed('/json', covers => [qw/@method
                                                       content-digest/]));
    is($t->answer(signed('/json', covers => [qw/@method content-digest/]))
       ->{header}{'x-vars'}, "|$now|i 1", 'and its id');
    $t->refused('no JSON', 400, 'json_invalid',
        signed('/json', covers => [qw/@method content-digest/], body => '{'));
}


# What the headers say is known before the first byte of the body.
sub before_the_body {
    my %refused = (
        'a wrong signature' => [signed('/any', key => $other),
                                'signature_mismatch'],
        'an unknown key' => [signed('/any', keyid => 'x'), 'key_unknown'],
        'an old one' => [signed('/any', created => $now - 301),
                         'timestamp_too_old'],
        'too little covered' => [signed('/any', covers => ['@method']),
                                 'signature_malformed'],
        'no digest' => [signed('/any', digest => ''), 'signature_malformed'],
    );

    for my $name (sort keys %refused) {
        my ($request, $reason) = @{ $refused{$name} };
        my $response = $t->refused("$name, without 100 Continue", 403,
                                   $reason, { %$request, expect => 1 });

        is_deeply($response->{interim} // [], [], "$name: nobody asked for the body");
    }

    is_deeply($t->answer({ %{ signed('/any') }, expect => 1 })->{interim},
              [100], 'else it is asked for');
}


sub hostile {
    my $request = signed('/any');
    my %input = (
        '100 signatures' => join(', ', map { qq/s$_=("\@method");created=1/ }
                                           1 .. 100),
        '100 of one label' => join(', ', ('sig=("@method")') x 100),
        '1000 parameters' => 'sig=("@method" "@target-uri" "content-digest")'
            . join('', map { ";p$_=$_" } 1 .. 1000),
        '1000 components' => 'sig=(' . join(' ', map { qq/"x$_"/ } 1 .. 1000)
            . ')',
        'nested lists' => 'sig=' . '(' x 8000,
        'nested lists that end' => 'sig=' . '(' x 4000 . ')' x 4000,
        'parameters of nothing' => ';' x 8000,
        'a string without an end' => 'sig=("' . 'a' x 8000,
        'a long number' => 'sig=();created=' . '1' x 8000,
        'many commas' => ',' x 8000,
    );

    for my $name (sort keys %input) {
        my $response = $t->answer({ %{ changed($request,
            sub { ($input{$name}, $_[1]) }) }, expect => 1 });

        like($response->{status}, qr/^40[03]$/, $name)
            or diag(outcome($response));
        is_deeply($response->{interim} // [], [], "$name: no body is read");
    }

    $t->accepted('a tag among many', changed(
        signed('/tagged', tag => 'us', covers => [qw/@method
                                                     content-digest/]),
        sub { (join(', ', map { qq/s$_=("\@method");tag="$_"/ } 1 .. 100)
               . ", $_[0]", $_[1]) }));
    $t->accepted('a header 900 times', signed('/any',
        covers => [@least, 'x'], headers => [map { ['X', $_] } 1 .. 900]));
}


# Other ways to write a target, and hosts that are not certain.
sub targets {
    my @covers = (@least, '@authority', '@path', '@query');
    my %raw = (uri => 'http://localhost/any?a');
    my $request = signed('/any?a', covers => \@covers);

    $t->accepted('a target with a host', $request);
    is($t->status({ %$request, %raw }), 202, 'an absolute one');
    $t->refused('of another host', 403, 'signature_malformed',
                { %$request, uri => 'http://other.example/any?a' });
    $t->refused('of a longer host', 403, 'signature_malformed',
                { %$request, uri => 'http://localhost.example/any?a' });
    $t->refused('@request-target of an absolute one', 403,
        'signature_malformed',
        { %{ signed('/any?a', covers => [@least, '@request-target']) },
          %raw });

    my ($head) = WebhookTest::format_request(%$request,
                                             connection => 'close');
    my $old = $t->request($head =~ s{^Host: .*\r\n}{}mr
                                =~ s{HTTP/1.1}{HTTP/1.0}r . $body);

    is("$old->{status} $old->{header}{'x-reason'}", '403 signature_malformed',
       'no Host');

    my $folded = $t->request($head =~ s/^(Content-Digest: )/$1\r\n /mr
                             . $body);
    my $two = $t->request($head =~ s/^(Host: .*\r\n)/$1$1/mr . $body);

    # nginx up to 1.21.0 takes what follows for a header without a name
    like($folded->{status}, qr/^40[03]$/, 'a folded header is refused');
    like($two->{status}, qr/^40[03]$/, 'two hosts are refused');

    my %public = (url => {
        '@target-uri' => 'https://example.com/prefix/public?x',
        '@authority' => 'example.com', '@scheme' => 'https',
        '@path' => '/prefix/public', '@query' => '?x',
        '@request-target' => '/prefix/public?x' });

    $t->accepted('a public URL', signed('/public?x', %public, covers => [
        @covers, '@scheme', '@request-target']));
    $t->accepted('whatever the host is', signed('/public?x', %public,
        host => 'internal:8080', covers => \@covers));
    $t->refused('the private one is not signed', 403, 'signature_mismatch',
                signed('/public'));
}


sub other_directives {
    my %by = (covers => [qw/@method content-digest/]);

    # what was signed is the name of a message, in whatever header it is
    my $first = signed('/unnamed', %by);

    $t->accepted('a message', $first);
    is($t->status($first), 200, 'again');
    is($t->status(changed($first, sub { map { s/sig/other/r } @_ })), 200,
       'under another label');
    $t->accepted('signed anew', signed('/unnamed', %by, created => $now - 1));

    $t->accepted('a nonce', signed('/nonce', %by, nonce => 'a'));
    is($t->status(signed('/nonce', %by, nonce => 'a', created => $now - 1)),
       200, 'the nonce again');
    $t->accepted('another nonce', signed('/nonce', %by, nonce => 'b'));
    $t->refused('the nonce of a message that is not signed', 403,
        'signature_mismatch', signed('/nonce', %by, nonce => 'a',
                                     key => $other));

    my %id = (covers => [qw/@method content-digest x-id/],
              headers => [['X-Id', 'i']]);

    $t->accepted('an id that is covered', signed('/header', %id));
    is($t->status(signed('/header', %id, created => $now - 1)), 200,
       'the id again');

    # the same is signed, and the id would be another one
    for my $value ("\ti", "i\t") {
        $t->refused('a tab beside the id', 403, 'signature_malformed',
                    signed('/header', %id, headers => [['X-Id', $value]]));
    }

    for my $value (' i', 'i  ') {
        my $request = signed('/header', %id, headers => [['X-Id', $value]]);

        is($t->http2(%$request, tls => { alpn => ['h2'] },
                     authority => 'localhost')->{status}, 403,
           'a space beside the id, HTTP/2');
    }

    $t->accepted('an id of two words', signed('/header', %id,
                                              headers => [['X-Id', 'a, b']]));
    $t->refused('in two lines', 400, 'credential_repeated',
                signed('/header', %id, headers => [['X-Id', 'a'],
                                                   ['X-Id', 'b']]));
    $t->refused('beside one that is the same to CGI, and to $http_x_id', 400,
                'credential_repeated',
                signed('/header', %id, headers => [['X_Id', 'b'],
                                                   ['X-Id', 'a']]));

    my $seen = $t->accepted('credentials are taken out', signed('/strip'));

    is_deeply([grep { $_->[0] =~ /^signature/i } @{ $seen->{headers} }], [],
              'both headers');
    ok((grep { lc $_->[0] eq 'content-digest' } @{ $seen->{headers} }),
       'the digest stays');

    # the digest of the body could not be compared there
    my %asks = (covers => [qw/@method @path/], body => '', digest => '',
                method => 'POST');

    is($t->status(signed('/asks', %asks)), 202, 'auth_request');
    is($t->status(signed('/asks', %asks, key => $other)), 403,
       'auth_request, refused');
}


sub http2 {
    my $request = signed('/any?q', scheme => 'https', host => 'Localhost',
        covers => [@least, qw/@authority @scheme @request-target @path @query/]);
    my %http2 = (tls => { alpn => ['h2'] }, uri => '/any?q', body => $body,
                 headers => $request->{headers});

    my $response = $t->http2(%http2, authority => 'Localhost');

    is($response->{status}, 202, 'HTTP/2') or diag(outcome($response));

    $response = $t->http2(%http2, authority => 'other');

    is($response->{status}, 403, 'HTTP/2, another authority');

    $t->accepted('TLS', { %$request, tls => {} });
    $t->accepted('TLS, its own port', { %{ signed('/any', host =>
        'localhost:443', scheme => 'https') }, tls => {} });
    $t->refused('the port of the other scheme', 403, 'signature_mismatch',
        { %{ signed('/any', host => 'localhost:443', scheme => 'https') } });
}


# The vectors of AdCP again, for the reasons.
sub adcp {
    my @vectors = @{ decode_json(WebhookTest::Cert::read_file(
        "$FindBin::Bin/vectors/provider-adcp.json")) };
    my %files = map { ("keys/$_" => $vectors[$_]{secret}) } 0 .. $#vectors;
    my $at = WebhookTest->new(now => $vectors[0]{now}, frozen => 1,
        files => \%files, conf => <<"EOF");
    webhook_zone once 1m;
    add_header X-Reason "\$webhook_reason" always;

@{[ map { <<"CONF" } 0 .. $#vectors ]}
    server {
        listen unix:%%DIR%%/v$_;
        location / {
            webhook adcp;
            webhook_secret jwks:keys/$_;
            webhook_public_url https://buyer.example.com;
            proxy_pass http://%%APP%%;
        }
    }

    server {
        listen unix:%%DIR%%/n$_;
        location / {
            webhook adcp;
            webhook_secret jwks:keys/$_;
            webhook_public_url https://buyer.example.com;
            webhook_replay zone=once scope=n$_ key=\$webhook_nonce;
            proxy_pass http://%%APP%%;
        }
    }
CONF
EOF

    for my $i (0 .. $#vectors) {
        my $vector = $vectors[$i];
        my %request = (unix => $at->dir . "/v$i", method => $vector->{method},
            uri => $vector->{uri}, headers => $vector->{headers},
            body => decode_base64($vector->{body_base64}));

        if ($vector->{expect} eq 'accept') {
            $at->accepted($vector->{name}, \%request);
            $request{unix} = $at->dir . "/n$i";
            $at->accepted("$vector->{name}, with replay protection",
                          \%request);
            is($at->status(\%request), 200, "$vector->{name}: its nonce again");

        } else {
            $at->refused($vector->{name}, 403, $vector->{reason}, \%request);
        }
    }

    $at->done;
}


# The example of docs/providers.md, its key, configuration and request.
sub documented {
    my ($section) = WebhookTest::Cert::read_file(
        "$FindBin::Bin/../docs/providers.md")
        =~ /^## HTTP Message Signatures\n(.*?)^## /ms;

    my ($key) = $section =~ /^ {4}(\{"orders.*)/m;
    my ($provider, $location) = $section =~ /^```nginx\n(.*?)^```/gms;
    my ($request) = $section =~ /^( {4}POST .*?)(?=^<!--)/ms;
    my ($base) = $section =~ /^( {4}"\@method".*?)\n\n/ms;

    s/^ {4}//mg for $request, $base;
    $request =~ s/\n+\z//;
    $request =~ s/\n/\r\n/g;

    my ($input) = $request =~ /^Signature-Input: s=(.*)\r$/m;
    my ($digest) = $request =~ /^Content-Digest: (.*)\r$/m;

    is(WebhookTest::MessageSignature::signature_base({
        method => 'POST', url => { '@target-uri' =>
            'https://hooks.example.com/hooks/orders' }, host => '', uri => '',
        scheme => 'https', headers => [['Content-Type', 'application/json'],
                                       ['Content-Digest', $digest]] },
        $input), $base, 'what is signed, in the documents');

    $location =~ s{/etc/nginx}{files};
    $location =~ s{127.0.0.1:3000}{%%APP%%};

    my $dt = WebhookTest->new(now => 1_795_939_200, frozen => 1,
        files => { 'files/keys/orders.json' => $key },
        conf => "$provider server { listen 127.0.0.1:%%PORT%%;\n$location }");

    is($dt->request($request)->{status}, 202, 'the documented request');
    is($dt->request($request =~ s/17/18/r)->{status}, 403, 'of another order');

    $dt->done;
}
