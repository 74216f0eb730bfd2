#!/usr/bin/perl

# Tokens against npm's jose, which has signed them: whole and changed, with
# every algorithm.  No difference is without a name in t/unit/jose_diff.mjs.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Npm qw/node_missing/;

my $root = "$FindBin::Bin/..";
my $build = $ENV{WEBHOOK_BUILD} // "$root/build";

my $missing = node_missing();

plan skip_all => $missing if $missing;
plan skip_all => 'npm is not there' if system('npm --version >/dev/null 2>&1');
plan skip_all => 'npm did not install jose'
    if system("$root/tools/sdks", "$build/sdks") != 0;

my $said = `node $root/t/unit/jose_diff.mjs $build/sdks $build/unit/token 3000`;

is($?, 0, 'no difference without a name') or diag($said);

my ($tokens, $accepted) = $said =~ /^(\d+) tokens, (\d+) accepted, 0 /m;

cmp_ok($tokens // 0, '>=', 3000, 'so many tokens');
cmp_ok($accepted // 0, '>=', 300, 'of which so many are good');
cmp_ok(scalar(() = $said =~ /are refused for/g), '>=', 5,
       'with differences that have a name');
note($said);

done_testing();
