#!/usr/bin/perl

# What nginx -t says to client certificates: the attributes, and servers that do
# not ask for one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


my $attribute = 'it is CN=, O=, OU=, C=, ST=, L=, serialNumber=, '
    . 'emailAddress=, san=dns:, san=uri: or san=email: with a value in @';

location_says("webhook_client_certificate $_; #<",
              "invalid certificate attribute \"$_\", $attribute")
    for 'CN', 'CN=', 'DC=example', 'app.example', '=x', 'san=app.example',
        'san=dns:', 'san=ip:127.0.0.1', 'san', 'off=', 'on';
location_says("webhook_client_certificate CN=a O=; #<",
              "invalid certificate attribute \"O=\", $attribute");
location_says("webhook_client_certificate CN=a off; #<",
              "invalid certificate attribute \"off\", $attribute");
location_says('webhook_client_certificate; #<', 'invalid number of arguments '
    . 'in "webhook_client_certificate" directive in @');

for my $two (['off', 'CN=a'], ['CN=a', 'off'], ['off', 'off']) {
    location_says(join("\n", map { "webhook_client_certificate $_;" } @$two)
        . ' #<', '"webhook_client_certificate" directive has "off" beside '
        . 'other values in @');
}

location_says("webhook netdata; #<\n webhook_client_certificate off;",
              '"webhook_client_certificate off" leaves nothing to verify for '
              . '"webhook netdata" in @, use a provider with a token or a '
              . 'signature');

my $never = 'needs a client certificate, but the server never asks for one, '
    . 'set "ssl_verify_client" and "ssl_client_certificate"';

server_says("location / {\n webhook netdata; #<\n }",
            "\"webhook netdata\" in \@ $never");
server_says("$tls location / {\n webhook netdata; #<\n }",
            "\"webhook netdata\" in \@ $never");
server_says("$tls ssl_verify_client off; location / {\n webhook netdata; #<\n }",
            "\"webhook netdata\" in \@ $never");
server_says("location / {\n webhook github; #<\n $good "
    . 'webhook_client_certificate CN=a; }', "\"webhook github\" in \@ $never");
server_says("webhook github; #<\n location / {\n $good\n"
    . "webhook_client_certificate CN=a; }",
    "\"webhook github\" in \@ needs a \"webhook_secret\", requests outside "
    . 'of the locations that have one will get 503',
    "\"webhook github\" in \@ $never");
http_says("server { $asks location / { webhook netdata; } }\n"
    . "server { listen 127.0.0.2:1; location / {\n webhook netdata; #<\n } }",
    "\"webhook netdata\" in \@ $never");
http_says("webhook netdata; #<\n server { $asks }\n"
    . "server { server_name a; location / { } }\n",
    "\"webhook netdata\" in \@ $never");

server_says("$asks location / { webhook netdata; }");
server_says("location / { webhook netdata; } $asks");
server_says("$tls ssl_verify_client optional_no_ca; "
    . 'location / { webhook netdata; }');
server_says("location / { webhook own; $good webhook_client_certificate off; }",
            [], 'webhook_provider own { token bearer; '
            . 'client_certificate CN=a; }');
server_says("location / {\n webhook own; #<\n $good }",
            ["\"webhook own\" in \@ $never"], 'webhook_provider own { '
            . 'token bearer; client_certificate CN=a; }');
http_says("$asks server { location / { webhook netdata; } }");

http_says("webhook_provider github { token bearer; client_certificate CN=a; }\n"
    . "server { location / {\n webhook github; #<\n $good } }",
    "\"webhook github\" in \@ $never");
http_says("server { $asks location / { webhook own; } }\n"
    . 'webhook_provider own { client_certificate CN=a O=b; '
    . 'client_certificate san=dns:a; }');

rule_says("client_certificate CN=", "invalid certificate attribute \"CN=\", "
    . $attribute);

done_testing();
