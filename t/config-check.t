#!/usr/bin/perl

# What nginx -t says to what is written as it should be, and yet can accept no
# request or has no effect.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


# Directives without effect

my %own = (
    webhook_secret => '0123456789abcdef',
    webhook_challenge_secret => 'fedcba9876543210',
    webhook_client_certificate => 'CN=a',
    webhook_require => '/a string',
    webhook_window => '5m',
    webhook_public_url => 'https://example.com',
    webhook_max_body => '1k',
    webhook_enforce => 'off',
    webhook_strip => 'on',
    webhook_ack => '200',
    webhook_reject => '401',
    webhook_replay => 'zone=seen',
    webhook_log_level => 'info',
);

my $zone = 'webhook_zone seen 1m;';

for my $directive (sort keys %own) {
    my $says = "\"$directive\" has no effect in the block at \@, nothing is "
        . 'verified there, add "webhook NAME" or remove it';
    my $line = "$directive $own{$directive};";

    server_says("location / { #<\n $line\n }", [$says], $zone);
    server_says("location / { #<\n webhook off;\n $line\n }", [$says], $zone);
}

server_says("$good location / { webhook off; #<\n webhook_ack off; "
    . 'webhook_strip off; webhook_replay off; webhook_client_certificate off; '
    . '}', ());

# several are told one by one; what is inherited, or used inside, is not
server_says("webhook off; location / { #<\n $good webhook_reject 401; }",
            map { qr/^"$_" has no effect in the block at \@/ }
            qw/webhook_secret webhook_reject/);
server_says("$good webhook_window 5m; location / { webhook github; }");
server_says("$good location / { location /a { webhook github; } }");
server_says("webhook stripe; $good webhook_window 1m; location / "
            . '{ webhook github; }');

my $has = sub {
    my ($directive, $names, $what) = @_;

    return "\"$directive\" has no effect in the block at \@, \"webhook $names\" "
        . "has no $what, remove it";
};

server_says("location / { #<\n webhook github;\n $good webhook_window 5m; }",
            $has->('webhook_window', 'github', 'timestamp'));
server_says("location / { #<\n webhook pelorus;\n $good webhook_reject 401; }",
            $has->('webhook_reject', 'pelorus', 'status that can be changed'));
server_says("webhook github; $good location / { #<\n webhook_window 5m; }",
            $has->('webhook_window', 'github', 'timestamp'));
server_says("location / { #<\n webhook github;\n $good $other }",
            $has->('webhook_challenge_secret', 'github',
                   'challenge with a secret'));
server_says("location / { #<\n webhook dropbox;\n $good $other }",
            $has->('webhook_challenge_secret', 'dropbox',
                   'challenge with a secret'));
server_says("location / { #<\n webhook github;\n $good "
            . 'webhook_public_url https://example.com; }',
            $has->('webhook_public_url', 'github', 'URL in what it signs'));
server_says("$asks location / { #<\n webhook netdata;\n $good }",
            $has->('webhook_secret', 'netdata', 'token or signature'));
server_says("location = / {\n webhook " . s/;/; $good/r . "; }")
    for 'stripe; webhook_window 5m',
        'meta; webhook_challenge_secret fedcba9876543210',
        'trello; webhook_public_url https://example.com';
server_says("location / {\n webhook github stripe;\n webhook_secret "
    . '0123456789abcdef for=github; webhook_secret 0123456789abcdee '
    . 'for=stripe; webhook_window 5m; }');


# Headers that nginx drops

my $dropped = 'looks at a header with "_" in its name, which nginx drops, set '
    . '"underscores_in_headers on" in the server';

for my $rule ('token header:X_Token', 'signature header:X_Sig',
              'token bearer; header X_Api 2', 'token bearer; id header:X_Id',
              'token bearer; challenge query:a match=header:X_Type=b',
              'signature http-message covers=content-digest,x_type '
              . 'algorithm=hmac-sha256')
{
    my $own = "webhook_provider own { $rule; }";

    location_says("webhook own; #<\n $good",
                  "\"webhook own\" in \@ $dropped", $own);
    location_says("webhook own;\n $good", undef,
                  "underscores_in_headers on; $own");
}

# once for a "webhook", however many locations inherit it
http_says("webhook_provider own { token header:X_Token; }\n"
    . "server { webhook own; #<\n $good location /a { } location /b { } }\n"
    . 'server { listen 127.0.0.1:1; underscores_in_headers on; location / '
    . "{ webhook own; $good } }", "\"webhook own\" in \@ $dropped");

# for each of two, though both are in the same line of their files
{
    my $server = "server { listen 127.0.0.1:1; location / { webhook own; $good } }";
    my ($exit, $said) = WebhookTest::nginx_t(
        'include provider.conf; include a.conf; include b.conf;',
        files => {
            'provider.conf' => 'webhook_provider own { token header:X_Token; }',
            map { $_ => $server } qw/a.conf b.conf/
        });

    is_deeply([$said =~ /"webhook own" in \S+\/(\w\.conf):1 looks at/g],
              ['a.conf', 'b.conf'], 'one line number in two files');
}

for my $name ('X-Sig:', 'X Sig', ' X-Sig', 'X.Sig', 'X-Sïg') {
    my $says = "invalid header name \"$name\", nginx takes letters, digits, "
        . '"-" and "_", and the name ends without ":" in @';

    rule_says("$_", $says) for "token 'header:$name'",
        "signature 'header:$name'", "header '$name' a",
        "challenge query:a 'match=header:$name=b'";
}

rule_says('signature http-message covers=content-digest,x.sig '
          . 'algorithm=hmac-sha256', qr/^invalid header name "x\.sig", nginx/);
rule_says('header "" a', qr/^invalid header name "", nginx takes letters/);
rule_says('header X-1-a b');


# A time that is not signed

for my $case (['header:X-Time', '$webhook_body'],
              ['header:X-Time', '$http_x_times.$webhook_body'],
              ['query:t', '$webhook_body.$request_method'],
              ['field:t', '$webhook_body'])
{
    block_says("webhook_provider own {\n signature header:X-Sig list=,;\n"
        . "timestamp $case->[0] past=5m; #<\n message $case->[1];\n}",
        '"timestamp" of webhook_provider "own" in @ is not signed, an old '
        . 'message can be sent with a new time, add $webhook_timestamp to '
        . '"message" as the sender does, or remove the rule');
}

block_says("webhook_provider own {\n signature header:X-Sig list=,;\n"
    . "timestamp $_->[0] past=5m future=5m;\n message $_->[1];\n}")
    for ['header:X-Time', '$webhook_timestamp.$webhook_body'],
        ['header:X-Time', '${webhook_timestamp}$webhook_body'],
        ['header:X-Time', '$http_X_time.$webhook_body'],
        ['json:/time', '$webhook_body'], ['field:t',
        '$webhook_timestamp$webhook_body'];
block_says('webhook_provider own { token bearer; timestamp header:X-Time; }');


# URLs, "satisfy" and "return"

my $url = 'signs the URL, and its scheme and host are taken from the request, '
    . 'which is wrong behind a proxy, set "webhook_public_url"';

http_says("server { listen 127.0.0.1:1;\n location = /a { webhook $_; #<\n "
          . "$good } }\n webhook_provider own { signature header:X-Sig; message "
          . '$webhook_url$webhook_body; }', "\"webhook $_\" in \@ $url")
    for qw/twilio hubspot own/;
server_says("webhook twilio; #<\n $good location = /a { } location = /b { }",
            "\"webhook twilio\" in \@ $url");
server_says('webhook_public_url https://example.com; '
            . "location = / { webhook twilio;\n $good }");

my $any = 'is under "satisfy any", what "allow", "auth_basic" or '
    . '"auth_request" lets in is not verified, use "satisfy all"';

location_says("webhook github; #<\n $good satisfy any; allow 127.0.0.1;",
              "\"webhook github\" in \@ $any");
server_says("satisfy any; webhook github; #<\n $good location /a { } "
            . 'location /b { }', "\"webhook github\" in \@ $any");
location_says("webhook github;\n $good satisfy all; deny all;");
location_says('satisfy any; allow 127.0.0.1;');

my $return = 'is beside "return", which answers before anything is verified, '
    . 'put that into a location of its own and go there by "try_files"';

location_says("webhook github; #<\n $good return $_;",
              "\"webhook github\" in \@ $return")
    for '200', '200 text', '301 https://example.com/', 'https://example.com/';
location_says("return 200;\n webhook github; #<\n $good",
              "\"webhook github\" in \@ $return");

# which of these runs is known only to a request
location_says("webhook github;\n $good $_")
    for 'if ($request_method = GET) { return 405; }',
        'set $a b; return 200 $a;', 'rewrite ^ /b break;';
server_says("webhook github; $good location /health { return 204; } "
            . 'location /off { webhook off; return 204; } location / { }');

done_testing();
