#!/usr/bin/perl

# A short run of fuzz/requests, always the same; with FUZZ_SECONDS=60 so long,
# and with other requests each time, if SEED does not say which.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;

my %how = $ENV{FUZZ_SECONDS} ? (SECONDS => $ENV{FUZZ_SECONDS})
                             : (SEED => 1, ROUNDS => 60);
my $rounds = $how{ROUNDS} // '[1-9]\d*';

local @ENV{keys %how} = values %how;

my $output = `$^X $FindBin::Bin/../fuzz/requests 2>&1`;

is($?, 0, 'nothing is found') or diag($output);
like($output, qr/^# $rounds rounds, .*nothing found/m, 'all rounds');

SKIP: {
    my $reason = WebhookTest::no_http3();

    skip $reason, 1 if $reason;
    like($output, qr/ [1-9]\d* by HTTP\/3,/, 'some requests by HTTP/3');
}

note $output;
done_testing();
