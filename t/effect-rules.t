#!/usr/bin/perl

# Every option of every rule has an effect beside every kind of body: a request
# that is as the option says, and one that is not, get two answers.  Where
# there can be none, nginx -t says so.  For those of signatures: t/effect.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib qw/crc32/;
use Digest::SHA qw/hmac_sha256 hmac_sha256_hex sha256_base64 sha256_hex/;
use MIME::Base64 qw/encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Jose qw/json/;

my $now = 1_700_000_000;
my $secret = '0123456789abcdef';
my $answering = 'the secret that answers for ';
my $other = 'fedcba9876543210';
my $document = '{"app":"x","a":"1","b":"2"}';
my $signed = 'signature header:X-Signature';

# What is beside a rule: the rules, the body, and its signature for a URI;
# %none has what cannot be there.
my %kind = (
    raw => ["$signed;", $document, sub { hmac($_[0]) }],
    form => ["$signed; body form:a;",
             'a=' . $document =~ s/([^\w])/sprintf '%%%02X', ord $1/ger,
             sub { hmac($document) }],
    'form-sorted' => ["$signed; body form-sorted;", 'b=2&a=1',
                      sub { hmac('a1b2') }],
    crc32 => ["$signed; body crc32;", $document,
              sub { hmac(crc32($document)) }],
    sha256 => ["$signed; body sha256:header:D; message "
               . '$http_d$webhook_body;', $document,
               sub { hmac(sha256_hex($document)) }],
    none => ["$signed; body none; message \$request_uri;", $document,
             sub { hmac($_[1]) }],
    jwt => ["$signed algorithm=jwt-hs256 body_digest=/d;", $document,
            sub { token({ d => sha256_hex($document), exp => $now + 9 }) }],
    bearer => ["$signed algorithm=jwt-hs256 body_digest=none;", $document,
               sub { token({ aud => 'us', exp => $now + 9 }) },
               'webhook_claim /aud us;'],
    jws => ["$signed algorithm=jws-hs256;", $document,
            sub { token($document) =~ s/\.\K[^.]*(?=\.)//r }],
    pelorus => ["$signed; body pelorus;", $document,
                sub { 'sha256=' . hmac($document) }],
);

my $json = 'which has no effect';
my $alone = '"body pelorus" in webhook_provider "own" goes with one';
my $weak = '"key=body" in "replay" beside a "body" that anybody can change';

my %none = (
    (map { $_ => { 'form-sorted' => $json } } qw/require when pattern optional
                                                 json/),
    'challenge-key' => {
        map { $_ => '"key=signing" in webhook_provider "own" would sign tokens' }
            qw/jwt bearer jws/
    },
    'replay-body' => { map { $_ => $weak } qw/form form-sorted crc32 none bearer
                                               pelorus/ },
);

$none{$_}{pelorus} = $alone
    for qw/past future unit window status for methods content_type query
           reject challenge-method challenge-match challenge-reply challenge-header
           challenge-key challenge-after/;

# What a token has to say, and one that says it and one that does not.
my %claim = (
    issuer => [' issuer=me;', { iss => 'me' }, { iss => 'you' }],
    enum => ['; claim /sub string enum=a|b;', { sub => 'b' }, { sub => 'c' }],
    range => ['; claim /n integer min=1 max=3;', { n => 3 }, { n => 4 }],
    optional => ['; claim /sub string optional;', {}, { sub => 1 }],
    when => ['; claim /n integer when=/sub=a;', { sub => 'b' },
             { sub => 'a' }],
    past => ['; timestamp claim:/iat past=1m;', { iat => $now - 59 },
             { iat => $now - 61 }],
    future => ['; timestamp claim:/iat future=1m;', { iat => $now + 59 },
               { iat => $now + 61 }],
    window => ['; timestamp claim:/iat; window 1m;', { iat => $now - 59 },
               { iat => $now - 61 }],
    unit => ['; timestamp claim:/iat unit=ms past=1m;',
             { iat => $now * 1000 }, { iat => $now }],
);

# The rule, and requests beside a signed one with what they get: a status, or
# what else an answer has; last, what the location has besides.
my %option = (
    past => ['timestamp header:T past=1m;', [{ T => $now - 59 }, 202],
             [{ T => $now - 61 }, 403]],
    future => ['timestamp header:T future=1m;', [{ T => $now + 59 }, 202],
               [{ T => $now + 61 }, 403]],
    unit => ['timestamp header:T unit=ms past=1m;',
             [{ T => "${now}000" }, 202], [{ T => $now }, 403]],
    window => ['timestamp header:T; window 1m future=30s;',
               [{ T => $now - 59 }, 202], [{ T => $now - 61 }, 403],
               [{ T => $now + 29 }, 202], [{ T => $now + 31 }, 403]],
    status => ['header K v status=418;', [{ K => 'v' }, 202],
               [{ K => 'w' }, 418]],
    for => ['token header:Tok for=t;', [{ Tok => $other }, 202],
            [{ Tok => 'x' }, 403], "webhook_secret $other for=t;"],
    methods => ['methods PUT;', [{ method => 'PUT' }, 202], [{}, 405]],
    content_type => ['content_type a/*;', [{ 'Content-Type' => 'a/b' }, 202],
                     [{ 'Content-Type' => 'b/b' }, 415]],
    id => ['id header:I;', [{ I => 'x' }, qr/^X-Id: x\r/m]],
    event => ['event header:I;', [{ I => 'x' }, qr/^X-Event: x\r/m]],
    ack => ['ack 204;', [{}, 204]],
    reject => ['reject 418;',
               [{ 'X-Signature' => 'sha256=' . '0' x 64 }, 418]],
    'challenge-method' => ['challenge query:c method=PUT;',
        [{ method => 'PUT', query => 'c=x', unsigned => 1 }, qr/\r\n\r\nx$/],
        [{ method => 'GET', query => 'c=x', unsigned => 1 }, 405]],
    'challenge-match' => ['challenge query:c match=query:m=1;',
        [{ method => 'GET', query => 'c=x&m=1', unsigned => 1 }, 200],
        [{ method => 'GET', query => 'c=x&m=2', unsigned => 1 }, 405]],
    'challenge-reply' => ["challenge query:c 'reply=<\$webhook_challenge>' "
                          . 'type=text/html;',
        [{ method => 'GET', query => 'c=x', unsigned => 1 },
         qr/^Content-Type: text\/html\r.*\r\n\r\n<x>$/ms]],
    'challenge-header' => ['challenge query:c header=X-Back status=204;',
        [{ method => 'GET', query => 'c=x', unsigned => 1 },
         qr/^HTTP\/1.1 204 .*^X-Back: x\r/ms]],
    'challenge-key' => ['challenge query:c '
                        . 'reply=$webhook_challenge_hmac_hex key=signing;',
        [{ method => 'GET', query => 'c=x', unsigned => 1 },
         sub { qr/\r\n\r\n@{[ hmac_sha256_hex('x', $answering . $_[0]) ]}$/ }
        ]],
    'challenge-after' => ['challenge query:c method=POST after=verify;',
        [{ query => 'c=x' }, qr/\r\n\r\nx$/],
        [{ query => 'c=x', unsigned => 1 }, 403], [{ query => 'd=x' }, 202]],
    'replay-off' => ['replay off;', [{}, 202], [{}, 202],
                     'webhook_replay zone=seen;'],
    'replay-body' => ['replay key=body;', [{ query => 'r=1' }, 202],
                      [{ query => 'r=2' }, 200], 'webhook_replay zone=seen;'],
    require => ['require /a string enum=0|1;', [{}, 202]],
    when => ['require /a string enum=0 when=/b=2;', [{}, 422]],
    pattern => ['require /a string pattern=^2$;', [{}, 422]],
    optional => ['require /a string; require /c string optional;', [{}, 202]],
    json => ['json array;', [{}, 422]],
    query => ['token query:t for=t; query first;',
              [{ query => "t=$other&t=x" }, 202],
              [{ query => "t=x&t=$other" }, 403],
              "webhook_secret $other for=t;"],
);

my ($providers, $locations) = ('', '');

for my $kind (sort keys %kind) {
    for my $option (sort keys %option) {
        my $rules = "$kind{$kind}[0] $option{$option}[0]";
        my $said = $none{$option}{$kind};

        if ($said) {
            my ($exit, $text) = WebhookTest::nginx_t(
                "webhook_provider own { $rules }");

            like($text, qr/\[emerg\].*\Q$said\E/, "$kind, $option: an error");
            next;
        }

        my $more = ref $option{$option}[-1] ? '' : $option{$option}[-1];

        $providers .= "webhook_provider $kind-$option { $rules }\n";
        $locations .= "location = /$kind/$option { webhook $kind-$option;\n"
            . "webhook_secret '" . ($option eq 'challenge-key'
                                    ? "$answering$kind" : $secret) . "'"
            . ($more =~ /for=/
                                          ? " for=$kind-$option" : '')
            . ";\n$more " . ($kind{$kind}[3] // '')
            . " proxy_pass http://%%APP%%; }\n";
    }
}

for my $digest (qw(/d none)) {
    for my $claim (sort keys %claim) {
        my $name = "claim-$claim-" . $digest =~ s/\W//r;

        $providers .= "webhook_provider $name { $signed algorithm=jwt-hs256 "
            . "body_digest=$digest$claim{$claim}[0] }\n";
        $locations .= "location = /$name { webhook $name; webhook_secret "
            . "$secret; webhook_claim /aud us; proxy_pass http://%%APP%%; }\n";
    }
}

my $t = WebhookTest->new(now => $now, frozen => 1, conf => <<"EOF");
    webhook_zone seen 10m;
    add_header X-Id \$webhook_id always;
    add_header X-Event \$webhook_event always;
    $providers
    server {
        listen 127.0.0.1:%%PORT%%;
        $locations
    }
EOF

for my $kind (sort keys %kind) {
    for my $option (grep { !$none{$_}{$kind} } sort keys %option) {
        my ($rules, @requests) = @{ $option{$option} };

        pop @requests if !ref $requests[-1];
        answered($kind, $option, @$_) for @requests;
    }
}

for my $digest (qw/d none/) {
    for my $claim (sort keys %claim) {
        my ($rules, @claims) = @{ $claim{$claim} };

        for my $i (0, 1) {
            my $r = $t->request({ method => 'POST', body => $document,
                uri => "/claim-$claim-$digest", headers => [['X-Signature',
                token({ d => sha256_hex($document), aud => 'us',
                        exp => $now + 9, %{ $claims[$i] } })]] });

            is($r->{status}, (202, 403)[$i],
               "claims of a token, body_digest=$digest, $claim: "
               . json($claims[$i]));
        }
    }
}

$t->done;
done_testing();


sub answered {
    my ($kind, $option, $want, $expected) = @_;

    my ($rules, $body, $sign) = @{ $kind{$kind} };
    my %header = %$want;
    my ($method, $query, $unsigned) = delete @header{qw/method query unsigned/};
    my $uri = "/$kind/$option" . (defined $query ? "?$query" : '');

    %header = ('Content-Type' => $kind =~ /form/
                   ? 'application/x-www-form-urlencoded' : 'application/json',
               D => sha256_hex($document), 'X-Pelorus-Event' => 'ping',
               'User-Agent' => 'Pelorus-Webhook/test', %header);
    $header{'X-Signature'} //= $sign->($document, $uri) if !$unsigned;

    my $r = $t->request({ method => $method // 'POST', uri => $uri,
        ($method // '') eq 'GET' ? () : (body => $body),
        headers => [map { [$_, $header{$_}] } sort keys %header] });
    my $name = "$kind, $option: " . join ' ', map { "$_=$$want{$_}" }
                                              sort keys %$want;

    $expected = $expected->($kind) if ref $expected eq 'CODE';

    ref $expected ? like($r->{raw} . $r->{body}, $expected, $name)
                  : is($r->{status}, $expected, $name);
}


sub hmac { return hmac_sha256_hex($_[0], $secret) }


sub token {
    my ($payload) = @_;

    my $text = encode_base64url('{"alg":"HS256"}') . '.'
        . encode_base64url(json($payload));

    return "$text." . encode_base64url(hmac_sha256($text, $secret));
}
