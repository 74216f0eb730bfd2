#!/usr/bin/perl

# What nginx -t says to "webhook_status", and to zones without room for the
# counters.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


# Status

my $replay_zone = 'webhook_zone hooks 1m;';

http_says("$replay_zone server { location / { webhook_status; } "
    . join(' ', map { "location /$_ { webhook_status $_; }" }
           qw/prometheus json html/) . ' }');
http_says("server { location / { webhook_status; } } $replay_zone");
location_says('webhook_status xml; #<', 'unknown format "xml", it is '
    . '"prometheus", "json" or "html" in @', $replay_zone);
location_says("webhook_status;\n webhook_status; #<",
              '"webhook_status" directive is duplicate in @', $replay_zone);
location_says('webhook_status json html; #<', 'invalid number of arguments in '
    . '"webhook_status" directive in @', $replay_zone);
server_says('webhook_status; #<',
            ['"webhook_status" directive is not allowed here in @'], $replay_zone);
location_says('webhook_status; #<', '"webhook_status" in @ has nothing to '
    . 'show, add "webhook_zone hooks 1m;" to "http"');
server_says("webhook github; $good location / {\n webhook_status; #<\n }",
            ['"webhook_status" in @ is in a location with "webhook github", add '
             . '"webhook off" to its location'], $replay_zone);
server_says("webhook github; $good location / { webhook off; "
    . 'webhook_status; }', [], $replay_zone);

# so many counters do not leave room for the rest
my $many = join ' ', map { "location /$_ { }" } 1 .. 12;

http_says("webhook_zone hooks 32k; server { webhook github; $good $many }",
          'webhook_zone "hooks" has no room for the counters of 7 locations, '
          . 'make it larger by 56k');
http_says("webhook_zone hooks 72k; server { webhook github; $good $many }");

done_testing();
