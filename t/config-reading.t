#!/usr/bin/perl

# What nginx -t says to a message that can be read in more than one way, and
# to senders with one key for all their customers.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;

my $sign = 'signature header:X-Sig list=,;';
my $id = 'id header:X-Id;';


# Times that nothing separates

my $time = 'nothing separates the time from what is beside it in the "message" '
    . 'of webhook_provider "own", so its rule "timestamp" needs a '
    . '"future=TIME" in @';

for my $case (['$webhook_timestamp$webhook_body'],
              ['$webhook_body$webhook_timestamp'],
              ['${webhook_timestamp}$request_method$webhook_body'],
              ['$http_x_time$webhook_body'],
              ['$webhook_timestamp$webhook_id', 'body none;'])
{
    my ($message, $more) = (@$case, '');
    my $block = sub {
        "webhook_provider own {\n $sign $id $more timestamp header:X-Time "
        . "$_[0];\n$_[1] message $message; #<\n}"
    };

    block_says($block->('past=5m', ''), $time);
    block_says($block->('past=5m future=1m', ''));
    block_says($block->('', 'window 5m future=1m;'));
}

block_says("webhook_provider own {\n $sign timestamp header:X-Time past=5m;\n"
           . "message $_; }")
    for '$webhook_timestamp.$webhook_body', '$webhook_body.$webhook_timestamp',
        'v0:$webhook_timestamp:$webhook_body';


# of 10 digits and 13 the first ten may be a time, too

for my $message ('$webhook_timestamp$webhook_body', '$webhook_body'
                 . '$webhook_timestamp', '${webhook_timestamp}0-$webhook_body',
                 '$webhook_body-0$webhook_timestamp',
                 '$webhook_timestamp$webhook_id.$webhook_body')
{
    block_says("webhook_provider own {\n $sign $id timestamp header:X-Time "
        . "unit=unix past=5m future=5m;\n message $message; #<\n}",
        'a time of "unit=unix" has 10 digits or 13, and nothing in the '
        . '"message" of webhook_provider "own" tells it from digits beside it, '
        . 'write the text that the sender has there, or "unit=s" or "unit=ms" '
        . 'in @');
}

block_says("webhook_provider own {\n $sign timestamp header:X-Time unit=unix "
           . "past=5m;\n message $_; }")
    for '$webhook_timestamp.0$webhook_body', '$webhook_body.$webhook_timestamp',
        '$webhook_body.0-$webhook_timestamp.0';

# nothing is beside what is all of it
block_says("webhook_provider own {\n $sign body none; timestamp header:X-Time "
           . "unit=$_ past=5m; message \$webhook_timestamp; }") for qw/unix s/;


# Other parts that nothing separates

my $cut = 'from what is beside it in the "message" of webhook_provider "own" '
    . 'in @, a signed message can be cut anew there, write the text that the '
    . 'sender has between them, if it has one';

for my $case (['$webhook_id$webhook_body', 'webhook_id'],
              ['$webhook_id$webhook_timestamp.$webhook_body', 'webhook_id'],
              ['${http_x_a}$webhook_id.$webhook_body', 'http_x_a'],
              ['$webhook_id$request_method.$webhook_body', 'webhook_id'],
              ['$request_uri$webhook_id.$webhook_body', 'webhook_id'],
              ['$request_uri.$http_x_a.$webhook_body', 'http_x_a'],
              ['$host$webhook_id.$webhook_body', 'webhook_id'],
              ['$webhook_body$arg_a', 'arg_a'])
{
    block_says("webhook_provider own {\n $sign $id timestamp header:X-Time "
               . "past=1m;\n message $case->[0]; #<\n}",
               $case->[0] =~ /timestamp/ ? () : qr/"timestamp" .* not signed/,
               "nothing separates \"$case->[1]\" $cut");
}

block_says("webhook_provider own {\n $sign $id timestamp header:X-Time "
           . "unit=$_ past=1m future=1m;\n"
           . 'message $webhook_id$webhook_timestamp$webhook_body; }')
    for qw/rfc3339 http/;
block_says("webhook_provider own {\n $sign $id message $_; }")
    for '$webhook_id.$webhook_body', '$webhook_body-$webhook_id-',
        '"$request_uri $webhook_id $webhook_body"',
        'v1:$webhook_id:$request_method:$webhook_body';
block_says("webhook_provider own {\n $sign body none; message "
           . '${json:/a}.${json:/b}; }');

rule_says("message \$webhook_$_.\$webhook_body", "\"\$webhook_$_\" in rule "
          . '"message" of webhook_provider "own" is always empty, add a rule '
          . "\"$_\" in \@", $sign) for qw/id event timestamp/;


# "free="

my $free = 'in rule "message" of webhook_provider "own" goes with "body none" '
    . 'and a message that has';

rule_says('message ${json:/a}.${json:/b} free=json:/b', undef,
          "$sign body none;");
rule_says('message ${json:/a}.${json:/b} free=json:/c',
          "\"free=json:/c\" $free \"\${json:/c}\" in \@", "$sign body none;");
rule_says('message ${json:/a}.$webhook_body free=json:/a',
          "\"free=json:/a\" $free \"\${json:/a}\" in \@", $sign);


# The URL beside the body

my $meet = 'signs the URL and the body with nothing between them that a URL '
    . 'cannot have, a signed message can be cut anew there, use an exact '
    . 'location, "location = /path"';
my $public = 'webhook_public_url https://example.com;';

server_says("$public location $_->[1] { webhook $_->[0]; #<\n $good }",
            "\"webhook $_->[0]\" in \@ $meet")
    for ['square', '/'], ['trello', '/a'], ['hubspot', '~ ^/a'],
        ['twilio', '^~ /a'];
server_says("$public location $_->[1] { webhook $_->[0];\n $good }")
    for ['square', '= /a'], ['twilio-json', '/'];

# whether a text ends it
for (['$request_uri.$webhook_body', 1], ['v1:$host:$request_uri:$webhook_body',
     1], ['$webhook_body:$request_uri', 1],
     ['$args#$webhook_body', 1], ['"$request_uri $webhook_body"'],
     ['"$webhook_body\n$request_uri"'], ['"$uri\n$webhook_body"', 1],
     ['"$document_uri $webhook_body"', 1], ['$request_uri.$server_name.$webhook_body'])
{
    my ($message, $meets) = @$_;

    server_says("location / { webhook own; #<\n $good }",
                [$meets ? "\"webhook own\" in \@ $meet" : ()],
                "webhook_provider own { $sign message $message; }");
}

for (['$host.$webhook_body', 1], ['$webhook_body:$http_host', 1],
     ['$http_host$webhook_body', 1], ['$host:$webhook_body'],
     ['$http_host/$webhook_body'], ['"$webhook_body\n$host"'],
     ['$server_name.$webhook_body'], ['$host.$request_method/$webhook_body'])
{
    my ($message, $meets) = @$_;

    server_says("location = /a { webhook own; #<\n $good }", [$meets ?
        '"webhook own" in @ signs the host and the body with nothing between '
        . 'them that a host cannot have, a signed message can be cut anew '
        . 'there, write the name itself or "$server_name" instead' : ()],
        "webhook_provider own { $sign message $message; }");
}


# One key for all

my $shared = 'has one key for all customers of this sender, messages for '
    . 'others are accepted, add a "webhook_require" with "enum=" for what '
    . 'names you in the body, or a "webhook_public_url" if the host is signed';

for my $case (['', 1], ['webhook_require /a string enum=me;', 0],
              ['webhook_require /a string enum=me|us;', 0],
              ['webhook_require /a string;', 1],
              ['webhook_require /a string enum=me optional;', 1],
              ['webhook_require /a string enum=me when=/b=c;', 1])
{
    my ($require, $open) = @$case;

    location_says("webhook own; #<\n $good $require",
                  $open ? "\"webhook own\" in \@ $shared" : undef,
                  "webhook_provider own { $sign shared_key; }");
    location_says("webhook own; #<\n $good $require",
                  $open ? '"webhook own" in @ takes the tokens of all '
                      . 'customers of this sender, add a "webhook_require" '
                      . 'with "enum=" for what names you in the body' : undef,
                  'webhook_provider own { token bearer; shared_key; }');
}

# nor does what is not signed
for my $case (['body none; message $http_x_id;', 1],
              ['body crc32; message $http_x_id.$webhook_body;', 1],
              ['body none; message ${json:/b}.$http_x_id;', 1],
              ['body none; message ${json:/a}.$http_x_id;', 0])
{
    my ($rules, $open) = @$case;

    location_says("webhook own; #<\n $good webhook_require /a string enum=me;",
                  $open ? "\"webhook own\" in \@ $shared" : undef,
                  "webhook_provider own { $sign shared_key; $rules }");
}

# a claim names nobody where there is no token
location_says("webhook own; #<\n $good", "\"webhook own\" in \@ $shared",
              "webhook_claim /aud us; webhook_provider own { $sign shared_key; }");

block_says("webhook_provider own { $sign shared_key;\n"
           . 'require /a string enum=me; }');
rule_says('shared_key', 'rule "shared_key" is duplicate in @', 'shared_key;');

done_testing();
