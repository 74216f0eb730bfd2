#!/usr/bin/perl

# A short run of each target in fuzz/, on its seeds and on copies of them with
# some bytes changed, always the same.  "make fuzz" is the long one.

use strict;
use warnings;

use Cwd qw/abs_path/;
use File::Basename qw/basename dirname/;
use File::Temp;
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/..');
my $temp = File::Temp->newdir;
my @cc = ($ENV{CC} || 'cc', '-g', map({ split ' ', $_ // '' }
                                      @ENV{qw/CC_OPT LD_OPT/}),
          '-I', "$root/src/core");

# how many copies of a seed, where each of them takes a signature
my %copies = (pubkey => 20);

# the objects come to where cc is run
my @core = glob "$root/src/core/*.c $root/src/core/pelorus/*.c";
system("cd $temp && @cc -c @core $root/fuzz/driver.c") == 0
    or die "src/core does not compile\n";

for my $source (glob "$root/fuzz/*.c") {
    my $name = basename($source, '.c');

    next if $name eq 'driver';

    system("cd $temp && @cc -o $name $source *.o -lyajl -lcrypto") == 0
        or die "$name does not compile\n";

    my @seeds = glob "$root/fuzz/seeds/$name/*";
    my $copies = $copies{$name} // 300;

    cmp_ok(scalar @seeds, '>', 0, "$name has seeds");
    is(`$temp/$name $copies @seeds 2>&1`,
       @seeds * (1 + $copies) . " inputs\n", "$name: nothing is found");
}

done_testing();
