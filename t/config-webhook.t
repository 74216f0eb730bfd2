#!/usr/bin/perl

# What nginx -t says to "webhook", to where it is inherited, and to the
# directives beside it that are only a word or a number.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


my $listed = 'it is neither defined by "webhook_provider" nor one of those in '
    . 'docs/providers.md';

location_says("webhook $_->[0]; $good #<",
              "unknown provider \"$_->[0]\"$_->[1] in \@, $listed")
    for ['githb', ' (did you mean "github"?)'],
        ['GitHub', ' (did you mean "github"?)'],
        ['twili', ' (did you mean "twilio-json" or "twilio"?)'],
        ['grafna', ' (did you mean "grafana"?)'],
        ['Facebook', ' (did you mean "meta"?)'],
        ['twitter', ' (did you mean "x"?)'],
        ['my-own', ''], ['a' x 200, ''];
location_says("webhook owm; $good #<", "unknown provider \"owm\" (did you mean "
    . "\"own\"?) in \@, $listed", 'webhook_provider own { token bearer; }');

# the line before has no ";"
location_says("webhook github\n $_->[0] $_->[1]; #<", '"webhook" in @ has the '
    . "directive \"$_->[0]\" among its providers, there is no \";\" before it")
    for ['webhook_secret', 'file:a'], ['proxy_pass', 'http://127.0.0.1'],
        ['return', '200'];
location_says('webhook ""; #<', qr/^unknown provider "" in \@/);
location_says("webhook github;\n $good webhook gitlab; #<",
              '"webhook" directive is duplicate in @');
location_says("webhook github;\n webhook github; #<",
              '"webhook" directive is duplicate in @');
location_says('webhook; #<',
              'invalid number of arguments in "webhook" directive in @');
location_says('webhok github; #<', 'unknown directive "webhok" in @');
location_says('webhook_secrets a; #<',
              'unknown directive "webhook_secrets" in @');
location_says("set \$x 1;\n if (\$x) {\n webhook github; #<\n }",
              '"webhook" directive is not allowed here in @');
location_says("limit_except GET {\n webhook github; #<\n }",
              '"webhook" directive is not allowed here in @');

location_says('webhook github; #<',
              '"webhook github" in @ needs a "webhook_secret"');
location_says("webhook netdata-basic; #<\n $other",
              '"webhook netdata-basic" in @ needs a "webhook_secret"');

for my $directive (qw/webhook_reject webhook_ack/) {
    my @range = $directive eq 'webhook_ack' ? (200, 299) : (400, 599);

    location_says("$directive $_; #<",
                  "invalid status \"$_\", it must be from $range[0] to "
                  . "$range[1] in \@")
        for $range[0] - 1, $range[1] + 1, -1, 'x', '20x', '4294967696',
            $directive eq 'webhook_ack' ? 'on' : 'off';
    location_says("$directive $range[0]; $directive $range[1]; #<",
                  "\"$directive\" directive is duplicate in \@");
    location_says("$directive $range[0] $range[1]; #<", 'invalid number of '
        . "arguments in \"$directive\" directive in \@");
    location_says("webhook github; $good $directive $_;") for @range;
}

location_says("webhook github; $good webhook_ack off;");
location_says('webhook_ack off; webhook_ack 200; #<',
              '"webhook_ack" directive is duplicate in @');

location_says('webhook_log_level errors; #<', 'unknown level "errors" (did you '
    . 'mean "error"?) in "webhook_log_level", it can be info, notice, warn, error '
    . 'in @');
location_says("webhook_log_level $_; #<", "unknown level \"$_\" in "
    . '"webhook_log_level", it can be info, notice, warn, error in @')
    for qw/debug crit/;
location_says('webhook_log_level info; webhook_log_level warn; #<',
              '"webhook_log_level" directive is duplicate in @');
location_says("webhook github; $good webhook_log_level $_;")
    for qw/info notice warn error/;


# Inheritance

http_says("webhook github; $good server { location / { location /a { } } }");
http_says("webhook github; server { $good location / { } }");
http_says("$good server { webhook github; location / { webhook gitlab; } }");
http_says("webhook github; #<\n server { location / { $good } }",
          '"webhook github" in @ needs a "webhook_secret", requests outside '
          . 'of the locations that have one will get 503');
http_says('webhook github; server { webhook off; location / { } }');
http_says('webhook github; server { webhook off; location / '
    . "{\n webhook gitlab; #<\n } }",
    '"webhook gitlab" in @ needs a "webhook_secret"');
http_says("webhook github; #<\n server { location / { $good } "
    . 'location /b { webhook off; } location /c { } }',
    '"webhook github" in @ needs a "webhook_secret", requests outside of the '
    . 'locations that have one will get 503',
    '"webhook github" in @ needs a "webhook_secret"');
server_says("webhook github; #<\n location / { location /a { $good } "
    . 'webhook off; }',
    '"webhook github" in @ needs a "webhook_secret", requests outside of the '
    . 'locations that have one will get 503',
    qr/^"webhook_secret" has no effect in the block at /);
server_says('location / { webhook off; }');
http_says("webhook_secret 0123456789abcdef for=nobody;\n server { location / { "
    . 'webhook own; webhook_secret 0123456789abcdef for=token; } } '
    . 'webhook_provider own { token bearer for=token; }');


# Providers

http_says("server { location / { webhook own; $good } }\n"
    . 'webhook_provider own { token bearer; }');

# what a sender with public keys wants, by their algorithm
my %public = (
    ed25519 => '27b8894c0f4dc38e05ea184ba1cbff3b8194ed1cf7a126282fb0bbbb237a3bde',
    ecdsa => 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmAo8A6J28zIcCUzidHzTDF5x'
        . 'ib2kpRdgirBU3iEb+gaApcutUQzcbLGUZ8wUQ17QO2OzmT+xM5+V+X/ELSBn'
        . 'UA==',
    p521 => 'MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAzkHyBFPQlJuWomJ3UnzK45qx'
        . 'FdQxgoD645Ysc6VqkLM6pDTYeU8i+vWtAIIE1AYsm4R+HwEMHeK6WTbzqfez'
        . '998AKRb6eYJNrV43w32Gjee9GFHWrlYgBKa/+ZR0RZrqQrIHnbd0abhkeGsX'
        . 'eEXQuPPywDur0LRYuiZ3vm+OjqHvb04=',
    rsa => 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlovmvS2qTXqZX2kJ'
        . 'wMcaso7iO7QmYV1VlyQwoUl/A2iyGLTMe9+DU0zmQxixT4wFlMnab+jjpxNK'
        . 'Eeeb3epmixacZhgQnY8R3hdifxjbeiVtg3lkKX/E0Lv6iZFbX1+qacQN1cHu'
        . 'C5FKFk22HWn8SNiE6yDpjoPJohPj6xJVa4tyjQMs6R1eAt0E121FIQqdOlJA'
        . 'gLsWJ7Pgsc8wEG6te+qHKuSrd2g/EZuMHBxe/QJZJ6wdMve3PxVH27uhIez/'
        . 'O7v2eKr/QpUqvx0IgMmeBF9knC+mMHmefqxKyMwgtIvmK2qGlh4lD2TeehkH'
        . 'MSeGmXQmrvZ2EFdKBCagm8HZDQIDAQAB',
);

for my $name (map { m{([^/]+)\.conf$} } sort glob
              "$FindBin::Bin/../providers/*.conf")
{
    my $rules = do {
        open my $file, '<', "$FindBin::Bin/../providers/$name.conf" or die $!;
        local $/;
        <$file>;
    };

    my ($algorithm) = $rules =~ /algorithm=(ed25519|ecdsa|rsa|j\w+-(?:es512|[er]s))/;

    $algorithm //= 'ed25519' if $rules =~ /signature +http-message/;

    my $key = $rules !~ /^\s+(?:token|signature)\b/m ? ''
        : $algorithm && $rules !~ /key=whsec/
        ? "webhook_secret $public{ $algorithm =~ s/.*-es512/p521/r
                                              =~ s/.*-es/ecdsa/r
                                              =~ s/.*-rs/rsa/r };"
        : $rules =~ /key=whsec/
        ? 'webhook_secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw;'
        : $rules =~ /key=(?:hex|base64)/
        ? 'webhook_secret 0123456789abcdef0123456789abcdef;'
        : 'webhook_secret user:0123456789abcdef;';

    my $more = $rules =~ /(\$\w+_webhook_id)/ ? "set $1 x;" : '';

    $more .= 'webhook_claim /aud us; webhook_claim /email a@b.c;'
        if $rules =~ /body_digest=none/;
    $more .= 'webhook_require /a string enum=us;'
        if $rules =~ /^\s*shared_key;/m && $rules !~ /body_digest=none/;
    $more .= $other if $rules =~ /_challenge_hmac|match=[\w:.-]+[\s;]/;
    $more .= 'webhook_public_url https://example.com;'
        if $rules =~ /\$webhook_url|\@authority|\@target-uri/;

    server_says("$asks location = / { webhook $name; $key $more }");
}

location_says("webhook paypal; webhook_secret $public{rsa};",
              'unknown "paypal_webhook_id" variable');

done_testing();
