#!/usr/bin/perl

# A short run of fuzz/requests, always the same.

use strict;
use warnings;

use FindBin;
use Test::More;

my $rounds = 60;

local @ENV{qw/SEED ROUNDS/} = (1, $rounds);

my $output = `$^X $FindBin::Bin/../fuzz/requests 2>&1`;

is($?, 0, 'nothing is found') or diag($output);
like($output, qr/^# $rounds rounds, .*nothing found/m, 'all rounds');

done_testing();
