#!/usr/bin/perl

# The provider language: what each rule accepts and what it refuses.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex hmac_sha1 hmac_sha256 hmac_sha384 hmac_sha512/;
use MIME::Base64 qw/encode_base64 encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/outcome/;

my $secret = 'a secret of one sender, long enough';
my $second = 'the second secret for the rotation';
my $body = '{"event":"test"}';

# Rules by the name of the provider, which is also its location.
my %providers = (
    post => 'token header:X-Token;',
    methods => 'methods PUT PATCH DELETE; token header:X-Token;',
    type => 'content_type application/json text/*; token header:X-Token;',
    suffix => 'content_type application/*+json; token header:X-Token;',

    header_exact => 'header X-Kind Ping; token header:X-Token;',
    header_prefix => 'header User-Agent GitHub-Hookshot/*; '
        . 'token header:X-Token;',
    header_any => 'header X-Kind *; token header:X-Token;',
    header_regex => 'header X-Kind ~^(push|ping)$; token header:X-Token;',
    header_status => 'header X-Kind Ping status=412; token header:X-Token;',
    header_two => 'header X-Kind Ping; header X-More a*; '
        . 'token header:X-Token;',

    query => 'token query:api-key;',
    cookie => 'token cookie:sid;',
    bearer => 'token bearer;',
    basic => 'token basic;',
    order => 'token header:X-Token; token bearer; token query:token; '
        . 'token cookie:token;',
    named => 'token header:X-Key for=key; token header:X-Token for=token;',

    (map { ("sha$_" => "signature header:X-Signature algorithm=hmac-sha$_;",
            "b64-sha$_" => "signature header:X-Signature "
                . "algorithm=hmac-sha$_ encoding=base64;",
            "url-sha$_" => "signature header:X-Signature "
                . "algorithm=hmac-sha$_ encoding=base64url;")
         } qw/1 256 384 512/),

    prefix => 'signature header:X-Signature prefix=v1=;',
    list => 'signature header:X-Signature list=,;',
    lines => 'signature header:X-Signature list=lines prefix=v1=; '
        . 'signature header:X-Old algorithm=hmac-sha1 encoding=base64;',
    blanks => 'signature header:X-Signature "list= " prefix=v1,;',
    semicolon => 'signature header:X-Signature "list=;";',
    field => 'signature header:X-Signature field=v1; id field:i;',
    fields => 'signature header:X-Signature "list=;" field=v1 prefix=0x; '
        . 'event field:e;',
    alternatives => 'signature header:X-New; '
        . 'signature header:X-Old algorithm=hmac-sha1 encoding=base64;',
    query_signature => 'signature query:sig;',
    both => 'token header:X-Token; signature header:X-Signature;',
    both_named => 'token header:X-Token for=token; '
        . 'signature header:X-Signature;',
    underscore => 'signature header:X-Signature; token header:X-Token;',

    around => 'signature header:X-Signature; '
        . 'message "$http_x_time.${webhook_body}.$request_method$uri";',
    before => 'signature header:X-Signature; message v0:$http_x_time:'
        . '$webhook_body;',
    behind => 'signature header:X-Signature; message ${webhook_body}tail;',
    lookalike => 'signature header:X-Signature; '
        . 'message $webhook_body_sha256$webhook_body;',

    seen => 'token header:X-Token; id header:X-Id; event query:kind;',
    seen_cookie => 'token header:X-Token; id cookie:id; event bearer;',
);

my %directives = (
    named => "webhook_secret '$secret' for=key; "
        . "webhook_secret '$second' for=token;",
    both_named => "webhook_secret '$second' for=token; "
        . "webhook_secret '$secret';",
    basic => "webhook_secret 'sender:$secret';",
);

my $blocks = join '', map { "webhook_provider $_ { $providers{$_} }\n" }
             sort keys %providers;
my $locations = join '', map {
    my $how = $directives{$_} // "webhook_secret '$secret'; "
        . "webhook_secret '$second';";
    "location /$_ { webhook $_; $how proxy_pass http://unix:%%DIR%%/app; }\n"
} sort keys %providers;

my $t = WebhookTest->new(conf => <<"EOF");
    underscores_in_headers on;

    $blocks

    server {
        listen 127.0.0.1:%%PORT%%;

        add_header X-Reason  \$webhook_reason always;
        add_header X-Verdict \$webhook_verdict always;
        add_header X-Index   \$webhook_secret_index always;
        add_header X-Id      \$webhook_id always;
        add_header X-Event   \$webhook_event always;

        $locations
    }

    server {
        listen unix:%%DIR%%/app;
        location / { return 200 passed; }
    }
EOF

my @token = ('X-Token' => $secret);


# Methods

is_result('post', [@token], '200', 'POST by default');

for my $method (qw/GET HEAD PUT DELETE OPTIONS PATCH PROPFIND/) {
    my $r = ask('post', [@token], method => $method);
    is("$r->{status} $r->{header}{allow}", '405 POST', "no $method");
}

for my $method (qw/PUT PATCH DELETE/) {
    is_result('methods', [@token], '200', $method, method => $method);
}

my $r = ask('methods', [@token]);
is("$r->{status} $r->{header}{allow}", '405 PUT, PATCH, DELETE',
   'POST is not among the methods');


# Content types

for my $type ('application/json', 'Application/JSON',
              'application/json;charset=utf-8', 'application/json ; a=b',
              'text/plain', 'TEXT/x-y; q="a;b"')
{
    is_result('type', [@token, 'Content-Type' => $type], '200', $type);
}

for my $type ('application/jsonp', 'application/jso', 'application/json/x',
              'application', 'application/', 'text/', 'text', 'texts/plain',
              'x/application/json', 'image/png; application/json',
              'application/vnd.a+json', ';application/json')
{
    is_result('type', [@token, 'Content-Type' => $type],
              '415 content_type_unsupported', $type);
}

is_result('type', [@token], '415 content_type_unsupported', 'no type');
is_result('type', [@token, 'Content-Type' => ''],
          '415 content_type_unsupported', 'an empty type');
is_result('type', [@token, 'Content-Type' => 'application/json',
                   'Content-Type' => 'application/json'],
          '400 header_mismatch', 'two types');
is_result('post', [@token, 'Content-Type' => 'application/json',
                   'content-type' => 'text/plain'],
          '400 header_mismatch', 'two types without a rule');

is_result('suffix', [@token, 'Content-Type' => 'application/vnd.a+JSON; v=1'],
          '200', 'a suffix');

for my $type ('application/json', 'application/+json', 'text/vnd.a+json',
              'application/a+json+xml', 'application/a+xml')
{
    is_result('suffix', [@token, 'Content-Type' => $type],
              '415 content_type_unsupported', "$type has not the suffix");
}


# Headers

is_result('header_exact', [@token, 'x-kind' => 'Ping'], '200', 'header');
is_result('header_exact', [@token, 'X-Kind' => $_], '400 header_mismatch',
          "header \"$_\"") for 'ping', 'Pin', 'Pings', '';
is_result('header_exact', [@token], '400 header_missing', 'no header');
is_result('header_exact', [@token, 'X-Kind' => 'Ping', 'X-Kind' => 'Ping'],
          '400 header_mismatch', 'the header twice');
is_result('header_exact', [@token, 'X_Kind' => 'Ping'], '400 header_missing',
          'an underscore is no hyphen');

is_result('header_prefix', [@token, 'User-Agent' => "GitHub-Hookshot/$_"],
          '200', "prefix and \"$_\"") for '', '1234', '*';
is_result('header_prefix', [@token, 'User-Agent' => $_],
          '400 header_mismatch', "prefix not in \"$_\"")
    for 'GitHub-Hookshot', 'xGitHub-Hookshot/1', 'github-hookshot/1';

is_result('header_any', [@token, 'X-Kind' => 'whatever'], '200', 'any value');
is_result('header_any', [@token], '400 header_missing', 'any value, but none');

is_result('header_regex', [@token, 'X-Kind' => $_], '200', "regex: $_")
    for 'push', 'ping';
is_result('header_regex', [@token, 'X-Kind' => $_], '400 header_mismatch',
          "regex: not $_") for 'pushed', 'Ping', 'aping';

is_result('header_status', [@token, 'X-Kind' => 'x'], '412 header_mismatch',
          'status of its own');
is_result('header_status', [@token], '412 header_missing',
          'status of its own, header missing');
is_result('header_status', ['X-Kind' => 'Ping'], '403 token_missing',
          'not the status of the rule that passed');

is_result('header_two', [@token, 'X-Kind' => 'Ping', 'X-More' => 'abc'],
          '200', 'two rules');
is_result('header_two', [@token, 'X-Kind' => 'Ping', 'X-More' => 'b'],
          '400 header_mismatch', 'the second rule');


# Tokens in a header

is_result('post', [], '403 token_missing', 'no token');
is_result('post', ['X-Token' => ''], '403 token_missing', 'an empty token');
is_result('post', ['X-Token' => $_], '403 token_mismatch', "token \"$_\"")
    for substr($secret, 0, -1), "${secret}x", uc $secret, "'$secret'";
is_result('post', [@token, @token], '400 credential_repeated',
          'the token twice');
is_result('post', ['x-tOKEN' => $second], '200 index=2',
          'the second secret, and the case of the name');
is_result('post', ['X_Token' => $secret], '403 token_missing',
          'no token under a name with an underscore');
is_result('post', [@token, 'X_Token' => 'other'], '200',
          'a name with an underscore is another header');


# Tokens in the query

my $escaped = join '', map { sprintf '%%%02x', ord } split //, $secret;

is_result('query', [], '200', 'query', uri => "?api-key=$escaped");
is_result('query', [], '200', 'query, + and case of hex',
          uri => '?a=b&api-key=' . ($secret =~ s/ /+/gr =~ s/,/%2C/r) . '&c');
is_result('query', [], '200', 'query, %20 and an escaped name',
          uri => '?%61pi%2Dkey=' . $secret =~ s/ /%20/gr);
is_result('query', [], '403 token_missing', "query $_", uri => "?$_")
    for "Api-Key=$escaped", "api-key", "api-key=", "xapi-key=$escaped",
        "api-key[]=$escaped", "a=b", '', "api%2bkey=$escaped";
is_result('query', [], '403 token_missing', 'no query', uri => '');
is_result('query', [], '403 token_mismatch', "query, odd escape $_",
          uri => "?api-key=$escaped$_") for '%', '%2', '%zz', '%0g', '%u0041';
is_result('query', [], '403 token_mismatch', 'query, + escaped is no blank',
          uri => '?api-key=' . $secret =~ s/ /%2B/gr);
is_result('query', [], '403 token_mismatch', 'query, decoded once',
          uri => '?api-key=' . $escaped =~ s/%/%25/gr);
is_result('query', [], '403 token_mismatch', 'query, a NUL behind',
          uri => "?api-key=$escaped%00");
is_result('query', [], '400 credential_repeated', "query, repeated: $_",
          uri => "?api-key=$escaped&$_")
    for "api-key=$escaped", 'api-key=x', 'api%2dkey=x', 'api-key=';
is_result('query', [], '400 credential_repeated', 'query, a bad one first',
          uri => "?api-key=%zz&api-key=$escaped");
is_result('query', ['X-Token' => $secret, 'api-key' => $secret],
          '403 token_missing', 'query, not the header of that name');
is_result('query', [], '403 token_missing', 'query, not in the body',
          body => "api-key=$escaped");


# Tokens in a cookie

is_result('cookie', [Cookie => $_], '200', "cookie: $_")
    for "sid=$secret", "a=b; sid=$secret; c=d", "a=b;sid=$secret",
        "sid2=x; sid=$secret", " sid=$secret ";
is_result('cookie', [Cookie => $_], '403 token_missing', "cookie: $_")
    for "SID=$secret", "a=sid=$secret", "xsid=$secret", 'sid', 'sid=', 'a=b';
is_result('cookie', [Cookie => $_], '400 credential_repeated',
          "cookie: $_") for "sid=$secret; sid=$secret", "sid=$secret;sid=x";
is_result('cookie', [Cookie => "sid=$secret", Cookie => 'a=b'],
          '400 credential_repeated', 'two Cookie headers');
is_result('cookie', [Cookie => 'sid=other'], '403 token_mismatch',
          'cookie: wrong');
is_result('cookie', [Cookie => "sid=$escaped"], '403 token_mismatch',
          'cookie: not decoded');
is_result('cookie', [], '403 token_missing', 'no cookie');


# Tokens in Authorization

is_result('bearer', [Authorization => "$_ $secret"], '200', $_)
    for 'Bearer', 'bearer', 'BEARER', 'Bearer ';
is_result('bearer', [Authorization => $_], '401 token_missing', $_)
    for 'Bearer', 'Bearer ', $secret, "Bearer:$secret", "Token $secret",
        "Bearer\t$secret", "Bearerx $secret", basic("x:$secret");
is_result('bearer', [Authorization => $_], '401 token_mismatch', $_)
    for "Bearer x$secret", "Bearer Bearer $secret", "Bearer $secret, x";
is_result('bearer', [], '401 token_missing', 'no Authorization');

my $user = "sender:$secret";

is_result('basic', [Authorization => basic($user)], '200', 'Basic');
is_result('basic', [Authorization => 'BASIC ' . encode_base64($user, '')],
          '200', 'BASIC');
is_result('basic', [Authorization => basic($_)], '401 token_mismatch',
          "Basic: $_")
    for $secret, "sender:$secret:", "other:$secret", 'sender:', ":$secret",
        "$user\0", 'sender', "Sender:$secret";
is_result('basic', [Authorization => $_], '401 token_missing',
          "Basic: $_") for 'Basic', 'Basic ', "Bearer $user";
is_result('basic', [Authorization => 'Basic ' . $_], '401 token_mismatch',
          "Basic, malformed: $_")
    for $user, '====', '=', encode_base64($user, '') . '=',
        encode_base64($user, '') =~ s/(.{8})/$1 /r,
        encode_base64("$user!", '') =~ s/=*$//r . '?',
        encode_base64url("$user\xff\xfe\xfd");


# Several sources: the first that is present decides

is_result('order', [@token], '200', 'order: first');
is_result('order', [Authorization => "Bearer $secret"], '200',
          'order: second');
is_result('order', [], '200', 'order: third', uri => "?token=$escaped");
is_result('order', [Cookie => "token=$secret"], '200', 'order: fourth');
is_result('order', [@token, Authorization => 'Bearer x', Cookie => 'token=x'],
          '200', 'order: the wrong ones behind are not asked',
          uri => '?token=x');
is_result('order', ['X-Token' => 'x', Authorization => "Bearer $secret"],
          '403 token_mismatch', 'order: no fall-through');
is_result('order', [Authorization => 'Bearer x'], '401 token_mismatch',
          'order: no fall-through from the second', uri => "?token=$escaped");
is_result('order', [Cookie => "token=$secret"], '403 token_mismatch',
          'order: no fall-through behind a malformed one',
          uri => '?token=%zz');
is_result('order', [Cookie => "token=$secret"], '400 credential_repeated',
          'order: no fall-through behind a repeated one',
          uri => "?token=$escaped&token=$escaped");
is_result('order', ['X-Token' => '', Authorization => 'Basic eDp5',
                    Cookie => "token=$secret"], '200',
          'order: empty ones are passed by', uri => '?token=');
is_result('order', [], '403 token_missing', 'order: none');


# Secrets for one rule

is_result('named', ['X-Key' => $secret], '200 index=1', 'for: key');
is_result('named', ['X-Token' => $second], '200 index=2', 'for: token');
is_result('named', ['X-Key' => $second], '403 token_mismatch',
          'for: the other rule\'s secret');
is_result('named', ['X-Token' => $secret], '403 token_mismatch',
          'for: the other rule\'s secret again');


# Signatures: algorithm and encoding

my %hmac = (1 => \&hmac_sha1, 256 => \&hmac_sha256, 384 => \&hmac_sha384,
            512 => \&hmac_sha512);
my %encode = ('' => sub { unpack 'H*', $_[0] },
              'b64-' => sub { encode_base64($_[0], '') },
              'url-' => sub { encode_base64url($_[0]) });

for my $bits (sort keys %hmac) {
    for my $encoding (sort keys %encode) {
        my $where = "${encoding}sha$bits";
        my $mac = $hmac{$bits}->($body, $secret);
        my $wrong = substr($mac, 0, -1) . chr(ord(substr $mac, -1) ^ 1);
        my $encode = $encode{$encoding};

        is_result($where, sig($encode->($mac)), '200', $where);
        is_result($where, sig($encode->($hmac{$bits}->($body, $second))),
                  '200 index=2', "$where, second secret");
        is_result($where, sig($encode->($wrong)), '403 signature_mismatch',
                  "$where, the last bit");
        is_result($where, sig($encode->($mac)), '403 signature_mismatch',
                  "$where, another body", body => "$body ");
        is_result($where, sig($encode->($_)), '403 signature_malformed',
                  "$where, " . length($_) . ' bytes')
            for substr($mac, 1), "$mac\0", substr($mac, 0, 8);
        is_result($where, sig(''), '403 signature_missing', "$where, empty");

        next if $bits == 256;
        is_result($where, sig($encode->(hmac_sha256($body, $secret))),
                  '403 signature_malformed', "$where, but SHA-256");
    }
}

my $mac = hmac_sha256($body, $secret);
my $hex = unpack 'H*', $mac;
my $base64 = encode_base64($mac, '');
my $base64url = encode_base64url($mac);

is_result('sha256', sig(uc $hex), '200', 'upper-case hex');
is_result('sha256', sig(ucfirst lc $hex), '200', 'mixed hex');
is_result('sha256', sig($_), '403 signature_malformed', "hex: $_")
    for substr($hex, 1), "0$hex", "0x$hex", "sha256=$hex",
        'g' . substr($hex, 1), "$hex ,$hex", $base64,
        substr($hex, 0, 62) . ' a';
is_result('sha256', [], '403 signature_missing', 'no signature');
is_result('sha256', [@{ sig($hex) }, @{ sig($hex) }],
          '400 credential_repeated', 'the signature twice');
is_result('sha256', [@{ sig($hex) }, 'x-signature' => 'x'],
          '400 credential_repeated', 'and another one');
is_result('sha256', [@{ sig($hex) }, 'X_Signature' => 'x'], '200',
          'a name with an underscore is another header');
is_result('sha256', ['X_Signature' => $hex], '403 signature_missing',
          'no signature under a name with an underscore');
is_result('sha256', sig(unpack 'H*', hmac_sha256('', $secret)), '200',
          'an empty body', body => '');

# 32 bytes end in two bits that are not used
my ($last) = $base64 =~ /(.)=$/;
my $alphabet = join '', 'A' .. 'Z', 'a' .. 'z', 0 .. 9, '+', '/';
my $surplus = substr $alphabet, index($alphabet, $last) + 1, 1;

is_result('b64-sha256', sig($_), '403 signature_malformed', "base64: $_")
    for $base64 =~ s/=//r, "$base64=", $base64 =~ s/=/==/r,
        $base64 =~ s/.=$/$surplus=/r, $base64 =~ s/.=$/==/r,
        $base64 =~ s/(.{20})/$1 /r, "=$base64", $hex,
        $base64 =~ s/^./-/r, $base64 =~ s/^./_/r, $base64 =~ s/^.../%41/r;
is_result('b64-sha256', sig(" $base64  "), '200', 'blanks around a header');

is_result('url-sha256', sig("$base64url="), '200', 'base64url with padding');
is_result('url-sha256', sig($_), '403 signature_malformed', "base64url: $_")
    for "$base64url==", $base64url =~ s/.$/$surplus/r,
        $base64url =~ s/^./+/r, $base64url =~ s/^./\//r;


# Signatures: prefix, list, field, alternatives

is_result('prefix', sig("v1=$hex"), '200', 'prefix');
is_result('prefix', sig($_), '403 signature_malformed', "prefix: $_")
    for $hex, "V1=$hex", "v1=v1=$hex", "v1= $hex", "v1=$hex,v1=$hex", 'v1=';

my $zeros = '0' x 64;

is_result('list', sig($_), '200', "list: $_")
    for $hex, "$zeros,$hex", "$hex,$zeros", "x,,$hex,y", " $zeros , $hex ",
        join(',', ($zeros) x 7, $hex), join(',', ('x') x 50, $hex);
is_result('list', sig($_), '403 signature_malformed', "list: $_")
    for ',', 'x,y', "$hex;$hex", join(',', ($zeros) x 8, $hex),
        join(',', $hex, ($zeros) x 8);
is_result('list', sig("$zeros,$zeros"), '403 signature_mismatch',
          'list: none matches');
is_result('blanks', sig("v1,$zeros v1,$hex v1a,$zeros"), '200',
          'list with blanks');
is_result('semicolon', sig("$zeros;$hex"), '200', 'list with semicolons');

is_result('list', [map { @{ sig($_) } } $zeros, $hex],
          '400 credential_repeated', 'list in two headers');
is_result('lines', [map { @{ sig("v1=$_") } } @$_], '200', "lines: @$_")
    for [$hex], [$hex, $zeros], [$zeros, $hex], [$hex, $hex],
        ["$zeros, v1=$zeros", "$zeros,v1=$hex"];
is_result('lines', [map { @{ sig($_) } } 'v0=x', '', "v1=$hex"], '200',
          'lines: others are skipped');
is_result('lines', [(map { @{ sig("v1=$_") } } ($zeros) x 7), 'x-signature',
                    "v1=$hex"], '200', 'eight lines');
is_result('lines', [map { @{ sig("v1=$_") } } $hex, ($zeros) x 8],
          '403 signature_malformed', 'nine lines');
is_result('lines', [map { @{ sig("v1=$_") } } $zeros, $zeros],
          '403 signature_mismatch', 'lines: none matches');
is_result('lines', [map { @{ sig($_) } } $hex, $hex],
          '403 signature_malformed', 'lines: none is one');
is_result('lines', [], '403 signature_missing', 'lines: none');
is_result('lines', [@{ sig("v1=$hex") }, map { ('X-Old' => $_) } 'x', 'x'],
          '400 credential_repeated', 'lines, and another header twice');

is_result('field', sig($_), '200', "field: $_")
    for "v1=$hex", "t=1,v1=$hex", "v1=$zeros,v1=$hex", "v0=x, v1=$hex",
        join(',', (map { "v0=$_" } 1 .. 20), "v1=$hex");
is_result('field', sig($_), '403 signature_malformed', "field: $_")
    for $hex, "v0=$hex", "V1=$hex", "xv1=$hex", "v1=x", "v1$hex",
        "v1:$hex", join(',', ("v1=$zeros") x 8, "v1=$hex");
is_result('field', sig("v0=$hex,v1=$zeros"), '403 signature_mismatch',
          'field: the right one under the wrong name');
is_result('field', sig("i=one,v1=$hex"), '200 id=one', 'field: id');
is_result('field', sig("i=one,v1=$hex,i=two"), '200', 'field: two ids');
is_result('fields', sig("e=push;v1=0x$hex"), '200 event=push',
          'field with another separator and a prefix');

my $sha1 = encode_base64(hmac_sha1($body, $secret), '');

is_result('alternatives', ['X-New' => $hex], '200', 'first alternative');
is_result('alternatives', ['X-Old' => $sha1], '200', 'second alternative');
is_result('alternatives', ['X-New' => $zeros, 'X-Old' => $sha1], '200',
          'one of two is enough');
is_result('alternatives', ['X-New' => 'x', 'X-Old' => $sha1], '200',
          'one of two is enough, the other malformed');
is_result('alternatives', ['X-New' => $sha1, 'X-Old' => $hex],
          '403 signature_malformed', 'crosswise');
is_result('alternatives', ['X-New' => $zeros], '403 signature_mismatch',
          'one wrong, the other missing');
is_result('alternatives', ['X-New' => $hex, 'X-Old' => $sha1,
                           'X-Old' => $sha1], '400 credential_repeated',
          'one good, the other twice');
is_result('alternatives', [], '403 signature_missing', 'none');

is_result('query_signature', [], '200', 'a signature in the query',
          uri => "?sig=$hex");
is_result('query_signature', [], '400 credential_repeated',
          'a signature twice in the query', uri => "?sig=$hex&sig=$hex");
is_result('query_signature', [], '403 signature_malformed',
          'a signature in the query with an odd escape',
          uri => '?sig=%2');


# Token and signature: both count

is_result('both', [@token, @{ sig($hex) }], '200', 'token and signature');
is_result('both', [@token, @{ sig($zeros) }], '403 signature_mismatch',
          'a good token does not make up for the signature');
is_result('both', ['X-Token' => 'x', @{ sig($hex) }], '403 token_mismatch',
          'nor a good signature for the token');
is_result('both', [@token], '403 signature_missing', 'token alone');
is_result('both', sig($hex), '403 token_missing', 'signature alone');
is_result('both_named', ['X-Token' => $second, @{ sig($hex) }],
          '200 index=2', 'each with its secret');
is_result('both_named', ['X-Token' => $second,
                         @{ sig(unpack 'H*', hmac_sha256($body, $second)) }],
          '403 signature_mismatch', 'the token\'s secret signs nothing');
is_result('both_named', [@token, @{ sig($hex) }], '200 index=2',
          'a secret without for= serves the token too');


# Messages

is_result('around', ['X-Time' => 17, @{ signed("17.$body.POST/around") }],
          '200', 'message around the body');
is_result('around', ['X-Time' => 18, @{ signed("17.$body.POST/around") }],
          '403 signature_mismatch', 'the prefix counts');
is_result('around', ['X-Time' => 17, @{ signed("17.$body.POST/around") }],
          '403 signature_mismatch', 'the suffix counts', uri => '/more');
is_result('around', ['X-Time' => 17, @{ sig($hex) }],
          '403 signature_mismatch', 'the body alone is not the message');
is_result('around', signed(".$body.POST/around"), '403 signature_malformed',
          'a variable without a value is no part');
is_result('before', ['X-Time' => 'a b', @{ signed("v0:a b:$body") }], '200',
          'message with a prefix');
is_result('behind', signed("${body}tail"), '200', 'message with a suffix');
is_result('behind', signed('tail'), '200', 'message of an empty body',
          body => '');
is_result('lookalike', signed($body), '200',
          '$webhook_body_sha256 is not the body, and empty ahead of it');
is_result('lookalike', signed(sha256_hex($body) . $body),
          '403 signature_mismatch', 'nothing from an unverified body');
is_result('before', ['X-Time' => 1, @{ signed('v0:1:' . 'x' x 100_000) }],
          '200', 'message of a long body', body => 'x' x 100_000);


# Identifiers

is_result('seen', [@token, 'X-Id' => 'a-1'], '200 id=a-1 event=push it',
          'id and event', uri => '?kind=push+it');
is_result('seen', [@token, 'X-Id' => 'a', 'X-Id' => 'b'], '200',
          'a repeated id is none', uri => '?kind=a&kind=b');
is_result('seen', [@token], '200', 'a malformed event is none',
          uri => '?kind=%zz');
is_result('seen_cookie', [@token, Cookie => 'a=b; id=7',
                          Authorization => 'Bearer it'],
          '200 id=7 event=it', 'id and event from other sources');

$t->done;

done_testing();


sub ask {
    my ($location, $headers, %want) = @_;

    my @flat = @$headers;
    my @pairs;

    push @pairs, [splice @flat, 0, 2] while @flat;

    return $t->answer({ body => $body, %want, headers => \@pairs,
                        uri => "/$location" . ($want{uri} // '') });
}


# What came of a request, as "200 index=2 id=x event=y" or "403 reason"; an
# index of 1 goes without saying, unless it is asked for.
sub is_result {
    my ($location, $headers, $expected, $name, %want) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $answer = ask($location, $headers, %want);
    my %header = %{ $answer->{header} };

    delete $header{'x-index'}
        if ($header{'x-index'} // '') eq '1' && $expected !~ /index=1/;

    delete @header{qw/x-id x-event/} if $answer->{status} ne '200';

    my $got = join ' ', outcome($answer), map { "$_=" . $header{"x-$_"} }
        grep { defined $header{"x-$_"} } qw/index id event/;

    is($got, $expected, "$location: $name");
}


sub sig {
    return ['X-Signature' => $_[0]];
}


sub signed {
    return sig(unpack 'H*', hmac_sha256($_[0], $secret));
}


sub basic {
    return 'Basic ' . encode_base64($_[0], '');
}
