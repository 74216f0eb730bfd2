#!/usr/bin/perl

# What nginx -t says to "webhook_enforce" and "webhook_strip".

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


for my $directive (qw/webhook_enforce webhook_strip/) {
    location_says("$directive yes; #<", 'invalid value "yes" in "' . $directive
        . '" directive, it must be "on" or "off" in @');
    location_says("$directive on; $directive off; #<",
                  "\"$directive\" directive is duplicate in \@");
    location_says("webhook github; $good $directive $_;") for qw/on off/;
}

my $exceptable = 'method, content_type, header, certificate, timestamp, payload, '
    . 'replay';

location_says("webhook github; $good webhook_enforce on except=$_;")
    for 'timestamp', 'method,content_type,header,timestamp,payload,replay,'
        . 'certificate';
location_says("webhook_enforce on except=$_->[0]; #<",
              "unknown except \"$_->[1]\" in \"webhook_enforce\", it can be "
              . "$exceptable in \@")
    for [',', ''], ['timestamp,', ''], [',timestamp', ''],
        ['payload,body', 'body'], ['all', 'all'], ['tokens', 'tokens'];
location_says("webhook_enforce on except=payload,$_->[0]; #<",
              "unknown except \"$_->[0]\" (did you mean \"$_->[1]\"?) in "
              . "\"webhook_enforce\", it can be $exceptable in \@")
    for ['timestamps', 'timestamp'], ['time', 'timestamp'],
        ['Timestamp', 'timestamp'], ['headers', 'header'],
        ['metod', 'method'];
location_says("webhook_enforce on except=$_; #<",
              '"timestamp" is twice in "webhook_enforce" in @')
    for 'timestamp,timestamp', 'timestamp,payload,timestamp';
location_says("webhook_enforce on except=payload,$_; #<",
              "\"except=\" cannot have \"$_\", nothing would be verified, use "
              . '"webhook_enforce off" in @') for qw/token signature/;
location_says('webhook_enforce off except=payload; #<',
              '"webhook_enforce" directive has "except=" beside "off", which '
              . 'enforces nothing in @');
location_says("webhook_enforce on $_->[0]; #<", "unknown option \"$_->[0]\""
              . "$_->[1] of \"webhook_enforce\", it takes except=RULE,... in \@")
    for ['timestamp', ''], ['excepted=timestamp', ' (did you mean "except="?)'],
        ['except', ' (did you mean "except="?)'];
location_says('webhook_enforce on except=; #<', 'option "except=" of '
              . '"webhook_enforce" has no value, one with ";" goes in '
              . 'quotes, like "except=;" in @');
location_says('webhook_enforce; #<',
              'invalid number of arguments in "webhook_enforce" directive in '
              . '@');
location_says('webhook_enforce on except=header except=payload; #<',
              'option "except=payload" of "webhook_enforce" is the second of '
              . 'its name in @');
location_says("webhook_enforce yes except=header; #<",
              'invalid value "yes" in "webhook_enforce" directive, it must be '
              . '"on" or "off" in @');

server_says("$asks\n webhook netdata; #<\n"
            . 'webhook_enforce on except=certificate;',
            '"except=certificate" leaves nothing to verify for "webhook '
            . 'netdata" in @, use "webhook_enforce off" there');
server_says("$asks\n webhook_enforce on except=certificate;\n"
            . "location / {\n webhook netdata; #<\n}",
            '"except=certificate" leaves nothing to verify for "webhook '
            . 'netdata" in @, use "webhook_enforce off" there');
server_says("$asks\n webhook_enforce on except=certificate;\n"
            . "location / {\n webhook netdata; webhook_enforce $_; #<\n}")
    for qw/on off/;
server_says("$asks\n webhook own; $good webhook_enforce on except=certificate;",
            [], 'webhook_provider own { token bearer; client_certificate CN=a; }');
location_says("webhook pelorus; $good #<\n"
              . "webhook_enforce on except=certificate,$_;",
              '"except=" can have only "certificate" and "replay" for "webhook '
              . 'pelorus" in @, use "webhook_enforce on" or "off" there')
    for qw/method content_type header timestamp payload/;
location_says("webhook pelorus; $good\n"
              . 'webhook_enforce on except=certificate,replay;');

done_testing();
