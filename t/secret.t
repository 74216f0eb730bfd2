#!/usr/bin/perl

# Where secrets come from, and several of them at once.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use MIME::Base64;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/outcome/;

my $one = 'the first secret, 32 bytes long!';
my $two = 'the second secret of the sender.';
my $three = 'the third one, for what follows.';
my $binary = join '', map { chr } 0 .. 31;
my $whsec = 'whsec_' . encode_base64($one, '');

my %files = (
    newline => "$one\n", none => $one, crlf => "$one\r\n",
    newlines => "$one\n\n", cr => "$one\r", blanks => " $one \n",
    binary => $binary, nul => "$one\0more\n", hex => unpack('H*', $one) . "\n",
    base64 => encode_base64($one), changing => "$one\n",
    lines => "$one\n$two\n", path => 'file:none',
);

$ENV{WEBHOOK_TEST} = $one;
$ENV{WEBHOOK_TEST_HEX} = unpack 'H*', $one;
$ENV{WEBHOOK_TEST_NEWLINE} = "$one\r\n";
$ENV{WEBHOOK_TEST_NEWLINES} = "$one\n\n";

my %locations = (
    text => "'$one'",
    text_hex => unpack('H*', $one) . ' decode=hex',
    text_hex_upper => uc(unpack 'H*', $one) . ' decode=hex',
    text_base64 => encode_base64($one, '') . ' decode=base64',
    text_text => "'$one' decode=text",
    binary_hex => unpack('H*', $binary) . ' decode=hex',
    (map { ("file_$_" => "file:files/$_") } keys %files),
    file_hex => 'file:files/hex decode=hex',
    file_base64 => 'file:files/base64 decode=base64',
    file_absolute => 'file:%%DIR%%/files/newline',
    env => 'env:WEBHOOK_TEST',
    env_hex => 'env:WEBHOOK_TEST_HEX decode=hex',
    env_newline => 'env:WEBHOOK_TEST_NEWLINE',
    env_newlines => 'env:WEBHOOK_TEST_NEWLINES',
    tenant => '$tenant',
    tenant_hex => '$tenant_hex decode=hex',
    tenant_base64 => '${tenant_base64} decode=base64',
    tenant_part => '"pre-$tenant_name-and some more text"',
    rotation => "'$one'; webhook_secret '$two'; webhook_secret '$three'",
    rotation_same => "'$one'; webhook_secret '$one'",
    decode_text => "'$whsec' decode=text; webhook static-whsec",
    decode_none => "'$whsec'; webhook static-whsec",
    decode_supabase => "'v1,$whsec'; webhook static-whsec",
    decode_tenants => "\$tenant_whsec; webhook_secret \$tenant_whsec "
        . 'decode=text; webhook static-whsec',
    tenant_either => '$tenant_either; webhook standard-webhooks',
    tenant_held => '$tenant; webhook held',
    tenant_token => '$tenant; webhook bearer',
    rotation_mixed => "'\$tenant'; webhook_secret '$three'",
    rotation_tenant => '$tenant; webhook_secret $tenant_second',
    replaced => "'$two'",
);

my $conf = join "\n", map {
    "location /$_ { webhook_secret $locations{$_}; "
    . 'proxy_pass http://unix:%%DIR%%/app; }'
} sort keys %locations;

my $hex = unpack 'H*', $one;
my $base64 = encode_base64($one, '');

$conf = <<"EOF";
    webhook_provider signed { signature header:X-Signature; }
    webhook_provider static { token header:X-Token; }
    webhook_provider bearer { token bearer; }
    webhook_provider held {
        signature  json:/signature;
        message    \$request_method;
        body       none;
    }
    webhook_provider static-whsec { signature header:X-Signature key=whsec; }

    map \$http_x_tenant \$tenant_whsec {
        a $whsec;
    }

    map \$http_x_tenant \$tenant_either {
        a @{[encode_base64('x' x 32, '')]};
    }

    map \$http_x_tenant \$tenant {
        a '$one';
        b '$two';
        empty '';
    }

    map \$http_x_tenant \$tenant_second {
        a '$three';
    }

    map \$http_x_tenant \$tenant_name {
        a a;
        b b;
    }

    map \$http_x_tenant \$tenant_hex {
        a $hex;
        bad 0123456789abcdefg0;
    }

    map \$http_x_tenant \$tenant_base64 {
        a $base64;
        bad =$base64;
    }

    webhook signed;

    add_header X-Reason \$webhook_reason always;
    add_header X-Index  \$webhook_secret_index always;

    server {
        listen 127.0.0.1:%%PORT%%;

        $conf

        location /inherits {
            webhook_secret '$one';
            proxy_pass http://unix:%%DIR%%/app;

            location /inherits/as_it_is {
                proxy_pass http://unix:%%DIR%%/app;
            }

            location /inherits/replaced {
                webhook_secret '$two';
                proxy_pass http://unix:%%DIR%%/app;
            }

            location /inherits/static {
                webhook static;
                proxy_pass http://unix:%%DIR%%/app;
            }

            location /inherits/off {
                webhook off;
                proxy_pass http://unix:%%DIR%%/app;

                location /inherits/off/on {
                    webhook static;
                    proxy_pass http://unix:%%DIR%%/app;
                }
            }
        }

        location ~ ^/asked/(?<asked>\\w+)\$ {
            auth_request      /ask;
            auth_request_set  \$asked_secret \$upstream_http_x_secret;
            webhook_secret    \$asked_secret;
            proxy_pass        http://unix:%%DIR%%/app;
        }

        location = /ask {
            internal;
            webhook                  off;
            proxy_pass               http://unix:%%DIR%%/secrets:/\$asked;
            proxy_pass_request_body  off;
            proxy_set_header         Content-Length "";
        }

        location /incomplete {
            proxy_pass http://unix:%%DIR%%/app;

            location /incomplete/complete {
                webhook_secret '$one';
                proxy_pass http://unix:%%DIR%%/app;

                location /incomplete/complete/nested {
                    proxy_pass http://unix:%%DIR%%/app;
                }
            }
        }
    }

    server {
        listen unix:%%DIR%%/secrets;
        webhook off;
        location = /a { add_header X-Secret '$one'; return 204; }
        location = /b { add_header X-Secret '$two'; return 204; }
        location / { return 204; }
    }

    server {
        listen unix:%%DIR%%/app;
        webhook off;
        location / { return 200 passed; }
    }
EOF

# Secrets that others can read are warned of, which is not the point here.
umask 027;

my $t = WebhookTest->new(conf => $conf, files => {
    map { ("files/$_" => $files{$_}) } keys %files
});


# One secret, from everywhere

for my $location (qw/text text_hex text_hex_upper text_base64 text_text
                     file_newline file_none file_crlf file_hex file_base64
                     file_absolute env env_hex/)
{
    is_result($location, $one, '200 1');
    is_result($location, $two, '403 signature_mismatch');
    is_result($location, "$one\n", '403 signature_mismatch');
}

is_result('text_hex', $hex, '403 signature_mismatch');
is_result('file_hex', $hex, '403 signature_mismatch');
is_result('file_base64', $base64, '403 signature_mismatch');

is_result('file_newlines', "$one\n", '200 1');
is_result('file_newlines', $one, '403 signature_mismatch');
is_result('file_cr', "$one\r", '200 1');
is_result('file_cr', $one, '403 signature_mismatch');
is_result('file_blanks', " $one ", '200 1');
is_result('file_binary', $binary, '200 1');
is_result('binary_hex', $binary, '200 1');
is_result('file_nul', "$one\0more", '200 1');
is_result('file_nul', $one, '403 signature_mismatch');
is_result('file_lines', "$one\n$two", '200 1');
is_result('file_lines', $_, '403 signature_mismatch') for $one, $two;
is_result('file_path', 'file:none', '200 1');
is_result('env_newline', $one, '200 1');
is_result('env_newline', "$one\n", '403 signature_mismatch');
is_result('env_newlines', "$one\n", '200 1');
is_result('env_newlines', $one, '403 signature_mismatch');


# Secrets with variables

is_result('tenant', $one, '200 1', tenant => 'a');
is_result('tenant', $two, '200 1', tenant => 'b');
is_result('tenant', $two, '403 signature_mismatch', tenant => 'a');
is_result('tenant', $one, '403 signature_mismatch', tenant => 'b');

for my $tenant ('', 'empty', 'unknown') {
    is_result('tenant', $_, '403 secret_unavailable', tenant => $tenant)
        for $one, '';
}

is_result('tenant', $one, '403 secret_unavailable');
is_result('tenant_hex', $one, '200 1', tenant => 'a');
is_result('tenant_hex', $_, '503 secret_unavailable', tenant => 'bad')
    for $one, '', '0123456789abcdefg0';
is_result('tenant_base64', $one, '200 1', tenant => 'a');
is_result('tenant_base64', $one, '503 secret_unavailable', tenant => 'bad');
like($t->error_log, qr/webhook secret from a variable cannot be decoded/,
     'and the log says why');
is_result('tenant_part', 'pre-a-and some more text', '200 1', tenant => 'a');
is_result('tenant_part', 'pre-b-and some more text', '403 signature_mismatch',
          tenant => 'a');


# How a key is written: "decode=" goes before the provider

is_result('decode_none', $one, '200 1');
is_result('decode_none', $whsec, '403 signature_mismatch');
is_result('decode_supabase', $one, '200 1');
is_result('decode_text', $whsec, '200 1');
is_result('decode_text', $one, '403 signature_mismatch');
is_result('decode_tenants', $one, '200 1', tenant => 'a');
is_result('decode_tenants', $whsec, '200 2', tenant => 'a');
is_result('tenant_either', $one, '503 secret_unavailable', tenant => 'a');


# Nobody finds out which tenants there are

for my $case (
    [tenant => { body => 'x', headers => [['X-Signature' => '0' x 64]] }],
    [tenant => { body => 'x', headers => [['X-Signature' => 'no hex']] }],
    [tenant => { body => 'x' }],
    [tenant_token => { body => 'x', headers => [
        [Authorization => 'Bearer another token']] }],
    [tenant_held => { body => '{"signature":"' . '0' x 64 . '"}' }],
    [tenant_held => { body => '{"signature":' }],
    [tenant_held => { body => 'x' x 100001 }],
) {
    my ($location, $request) = @$case;
    my @answers = map {
        my $r = $t->request({
            method => 'POST', uri => "/$location", %$request,
            headers => [@{ $request->{headers} // [] }, ['X-Tenant' => $_]],
        });
        delete @{ $r->{header} }{qw/date x-reason/};
        $r;
    } qw/a unknown/;

    cmp_ok($answers[0]{status}, '>=', 400, "$location: refused");
    is_deeply([map { [@$_{qw/status header body/}] } $answers[1]],
              [map { [@$_{qw/status header body/}] } $answers[0]],
              "$location: an unknown tenant is refused as a known one is");
}


# Secrets that another service knows

for my $tenant (qw/a b/) {
    my $secret = $tenant eq 'a' ? $one : $two;

    is_result("asked/$tenant", $secret, '200 1');
    is_result("asked/$tenant", $three, '403 signature_mismatch');
}

is_result('asked/a', $two, '403 signature_mismatch');
is_result('asked/unknown', $one, '403 secret_unavailable');


# Rotation

is_result('rotation', $one, '200 1');
is_result('rotation', $two, '200 2');
is_result('rotation', $three, '200 3');
is_result('rotation', 'another', '403 signature_mismatch');
is_result('rotation_same', $one, '200 1');
is_result('rotation_mixed', $one, '200 1', tenant => 'a');
is_result('rotation_mixed', $three, '200 2', tenant => 'a');
is_result('rotation_mixed', $three, '200 2', tenant => 'unknown');
is_result('rotation_mixed', $_, '403 signature_mismatch', tenant => 'unknown')
    for $one, '';
is_result('rotation_tenant', $one, '200 1', tenant => 'a');
is_result('rotation_tenant', $three, '200 2', tenant => 'a');
is_result('rotation_tenant', $two, '200 1', tenant => 'b');
is_result('rotation_tenant', $_, '403 signature_mismatch', tenant => 'b')
    for $three, '';
is_result('rotation_tenant', $one, '403 secret_unavailable',
          tenant => 'unknown');


# Inheritance

is_result('inherits', $one, '200 1');
is_result('inherits/as_it_is', $one, '200 1');
is_result('inherits/replaced', $two, '200 1');
is_result('inherits/replaced', $one, '403 signature_mismatch');
is_result('inherits/static', $one, '200 1', token => $one);
is_result('inherits/static', $one, '403 token_missing');
is_result('inherits/off', 'another', '200');
is_result('inherits/off/on', 'another', '200 1', token => $one);
is_result('inherits/off/on', 'another', '403 token_mismatch', token => $two);

is_result('incomplete', $one, '503 secret_unavailable');
is_result('incomplete', '', '503 secret_unavailable');
is_result('incomplete/complete', $one, '200 1');
is_result('incomplete/complete', $two, '403 signature_mismatch');
is_result('incomplete/complete/nested', $one, '200 1');
is_result('incomplete/complete/nested', $two, '403 signature_mismatch');


# Reloads

$t->write_file('files/changing', "$two\n");
$t->reload;

is_result('file_changing', $two, '200 1');
is_result('file_changing', $one, '403 signature_mismatch');
is_result('env', $one, '200 1');
is_result('env_hex', $one, '200 1');
is_result('text', $one, '200 1');

$t->reload;

is_result('env', $one, '200 1');

# a reload that fails leaves the old configuration at work
$t->write_file('files/changing', "\n");
$t->signal('HUP');
$t->wait_for(sub { $t->error_log =~ /\[emerg\].*anybody would know it/ },
             'the reload to fail');

is_result('file_changing', $two, '200 1');

$t->done(allow => qr/\[emerg\] .* "webhook_secret" is empty, anybody would/);

done_testing();


# The status, and the reason or the index of the secret that matched.
sub is_result {
    my ($location, $key, $expected, %want) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $body = '{"some":"body"}';
    my $r = $t->post("/$location", $body, [
        ['X-Signature' => hmac_sha256_hex($body, $key)],
        defined $want{tenant} ? ['X-Tenant' => $want{tenant}] : (),
        defined $want{token} ? ['X-Token' => $want{token}] : (),
    ]);

    my $got = join ' ', outcome($r), $r->{header}{'x-index'} // ();

    is($got, $expected, "$location: " . join ' ', map { "$_ $want{$_}" }
       sort keys %want);
}
