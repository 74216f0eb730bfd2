#!/usr/bin/perl

# What nginx -t says to the rules of "webhook_require", to windows, to the
# longest body, and to "webhook_var".

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;

my @cases = (
    ['webhook_require /a;', qr/invalid number of arguments/],
    ['webhook_require /a text;', qr/must be followed by string, integer/],
    ['webhook_require a string;', qr/invalid rule for a payload at "a"/],
    ['webhook_require /~2 string;', qr/invalid rule for a payload/],
    ['webhook_require /a string minimum=1;', qr/a rule must be enum=/],
    ['webhook_require /a string enum=;', qr/"enum=" needs values/],
    ['webhook_require /a object enum=x;', qr/"enum" needs type/],
    ['webhook_require /a integer pattern=x;', qr/"pattern" needs type/],
    ['webhook_require /a string "pattern=(";', qr/^pcre2?_compile\(\) failed/],
    ['webhook_require /a string min=1;', qr/"min" needs type/],
    ['webhook_require /a integer min=x;', qr/"min=" needs a number/],
    ['webhook_require /a integer min=2 max=1;', qr/must not be greater/],
    ['webhook_require /a integer length=2;', qr/"length" needs type/],
    ['webhook_require /a string length=-1;', qr/"length=" needs a number/],
    ['webhook_require /a string length=1 max_length=2;', qr/excludes/],
    ['webhook_require /a string within=0;', qr/"within=" needs a time/],
    ['webhook_require /a integer within=5m unit=rfc3339;',
        qr/need type string/],
    ['webhook_require /a integer unit=ms;', qr/"unit" needs "within"/],
    ['webhook_require /a string when=b=1;', qr/"when=" needs/],
    ['webhook_require /a string when=event;', qr/"when=" needs/],
    ['webhook_require /a string optional optional;', qr/only once/],
    ['webhook_window x;', qr/invalid time "x"/],
    ['webhook_window 5m past=1m;', qr/unknown option "past=1m"/],
    ['webhook_window 5m; webhook_window 5m;', qr/duplicate/],
    ['webhook_max_body x;', qr/invalid value/],
    ['webhook_max_body 2m force force;', qr/is the second of its name/],
    ['webhook_max_body 1m force;', qr/"force" .* has no effect/],
);

location_says("webhook github; $good\n$_->[0] #<", qr/$_->[1].* in \@$/)
    for @cases;

server_says("location = /a { webhook twilio; $good webhook_max_body $_;\n"
            . 'webhook_public_url https://example.com; }')
    for '1m', '1024k', '2m force', '1048577 force';

http_says("$_->[0] #<\n server { }", qr/$_->[1].* in \@$/) for (
    ['webhook_var name /a;', qr/invalid variable name "name"/],
    ['webhook_var $ /a;', qr/invalid variable name "\$"/],
    ['webhook_var $name a;', qr/invalid JSON Pointer "a"/],
    ['webhook_var $host /a;', qr/duplicate "host" variable/],
);

# what no body meets
for (['/a string', '/a string enum=x'], ['/a string enum=x|y', '/a string enum=y'],
     ['/a string enum=x', '/a string enum=y', 1], ['/a string', '/a object', 1],
     ['/a string enum=x', '/b string enum=y'],
     ['/a integer min=3', '/a integer max=2', 1],
     ['/a string enum=x when=/t=1', '/a string enum=y when=/t=2'],
     ['/a string enum=x when=/t=1', '/a string enum=y when=/t=1', 1])
{
    my ($one, $two, $excludes) = @$_;
    my $said = $excludes && 'two rules for "/a" beside "webhook own" in @ '
        . 'exclude each other, nothing would be accepted, write all values '
        . 'into one of them';

    location_says("webhook own;\n $good webhook_require $one;\n"
                  . "webhook_require $two; #<", $said,
                  'webhook_provider own { token bearer; }');
    location_says("webhook own;\n $good\n webhook_require $two; #<", $said,
                  "webhook_provider own { token bearer; require $one; }");
}

# an event that nothing is
location_says("webhook own;\n $good\n webhook_require /a string "
              . 'when=event=push; #<', 'a rule for the payload of "webhook own" in '
              . '@ has "when=event=", but the provider has no rule "event", '
              . 'write "when=POINTER=VALUE" or add that',
              'webhook_provider own { token bearer; }');
location_says("webhook own; $good", undef, 'webhook_provider own { token '
              . 'bearer; event header:E; require /a string when=event=push; }');

done_testing();
