#!/usr/bin/perl

# The unit tests of src/core: programs built from t/unit/*.c, each of which
# prints TAP, are subtests here.

use strict;
use warnings;

use File::Basename qw/basename dirname/;
use Test::More;

my $build = $ENV{WEBHOOK_BUILD} || 'build';

my @valgrind = $ENV{WEBHOOK_VALGRIND}
               ? qw/valgrind -q --leak-check=full --error-exitcode=99/
               : ();

for my $source (sort glob(dirname(__FILE__) . '/unit/*.c')) {
    my $name = basename($source, '.c');

    subtest $name => sub { run_program("$build/unit/$name") };
}

done_testing();


sub run_program {
    my ($program) = @_;

    open my $output, '-|', @valgrind, $program
        or return fail("$program runs: $!");

    my $planned = 0;
    my $run = 0;

    while (<$output>) {
        if (/^(not )?ok \d+ - (.*)/) {
            ok(!$1, $2);
            $run++;

        } elsif (/^1\.\.(\d+)/) {
            $planned = $1;

        } else {
            diag($_);
        }
    }

    close $output;

    ok($run > 0 && $run == $planned, "all $planned run");
    is($?, 0, 'exit status');
}
