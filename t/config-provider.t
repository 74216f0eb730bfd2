#!/usr/bin/perl

# What nginx -t says to a provider as a whole: rules that need one another, and
# names.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


# Blocks

block_says("webhook_provider own {\n ack 200;\n } #<",
           'webhook_provider "own" verifies nothing, it needs a "signature", '
           . '"token" or "client_certificate" rule in @');
block_says("webhook_provider own {\n } #<",
           qr/^webhook_provider "own" verifies nothing/);
block_says("webhook_provider own {\n challenge query:a;\n } #<",
           qr/^webhook_provider "own" verifies nothing/);
block_says("webhook_provider own { token bearer;\n message \$webhook_body;\n "
    . '} #<', 'webhook_provider "own" has a "message" but no "signature" rule, '
    . 'which is what it is for, add one or leave it out '
    . 'in @');
block_says("webhook_provider own { token bearer;\n body form:a;\n } #<",
           'webhook_provider "own" has a "body" but no "signature" rule, '
           . 'which is what it is for, add one or leave it out in @');
block_says("webhook_provider own { body sha256:query:a;\n signature header:X;\n"
    . '} #<', '"body sha256:" in webhook_provider "own" needs a "message" '
    . 'that has this digest, for nothing else there says what the body is '
    . 'in @');
block_says("webhook_provider own { signature header:X algorithm=jwt-hs256 "
    . "body_digest=/a;\n challenge query:a reply=\$webhook_challenge_hmac "
    . "key=signing$_;\n } #<", $_ eq '' ? 'a "challenge" with "key=signing" in '
    . 'webhook_provider "own" would sign tokens for anybody, leave that out or '
    . 'add "after=verify" in @' : ()) for '', ' after=verify method=POST';
block_says("webhook_provider own {\n $_ field:t; signature header:X;\n } #<",
           '"field:t" in webhook_provider "own" needs a "signature '
           . 'header:NAME" rule with "list=" or "field=" in @')
    for qw/id event/;
block_says("webhook_provider own { id field:t; token bearer;\n } #<",
           qr/^"field:t" in webhook_provider "own" needs a/);
block_says('webhook_provider own { id field:t; signature header:X field=v; }');
block_says('webhook_provider own { signature header:X list=,; id field:t; }');
block_says('webhook_provider off { token bearer; } #<',
           'a provider cannot be named "off", "webhook off" ends what is '
           . 'inherited in @');
block_says("webhook_provider own { token bearer; }\n"
    . 'webhook_provider own { token bearer; } #<',
    'duplicate webhook_provider "own" in @');
block_says('webhook_provider { token bearer; } #<', 'invalid number of '
    . 'arguments in "webhook_provider" directive in @');
block_says('webhook_provider own; #<',
           'directive "webhook_provider" has no opening "{" in @');
block_says("webhook_provider own {\n token bearer\n } #<",
           'unexpected "}" in @');
block_says('webhook_provider own { token bearer; token { } #<',
           qr/ in \@$/);
server_says('webhook_provider own { token bearer; } #<',
            '"webhook_provider" directive is not allowed here in @');
location_says('webhook_provider own { token bearer; } #<',
              '"webhook_provider" directive is not allowed here in @');

done_testing();
