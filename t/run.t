#!/usr/bin/perl

# The first minute: "make run" says in a few lines what it does, sends every
# request of the demo, also where its ports are taken, and says what became of
# each.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use IO::Socket::INET;
use Test::More;

use WebhookTest::Cert qw/read_file write_file/;

my $root = "$FindBin::Bin/..";
my $dir = File::Temp->newdir;

# a port of the demo is taken, if it was not so before
my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8080,
                                  Listen => 1, ReuseAddr => 1);

my @lines = demo('ONCE=1');
my @requests = grep { /^\d{3}  / } @lines;
my ($port) = "@lines" =~ m{http://127\.0\.0\.1:(\d+)};

isnt($port, 8080, 'a port that is taken is not used');
like($requests[0], qr/^202  GitHub: a push +accepted, passed on$/,
     'first is the first that is accepted');
like($requests[2], qr/^403  GitHub: a byte.* refused: signature_mismatch$/,
     'and why one was refused');
is((grep { $lines[$_] eq $requests[0] } 0 .. $#lines)[0] < 40, 1,
   'fewer than 40 lines before it');
is(scalar @requests, 30, 'a line for each request') or diag(join "\n", @lines);
like($lines[-2], qr/^30 requests, 30 as expected, 0 not\.$/, 'all as expected');
unlike("@lines", qr/curl/, 'no details');

# Another port of the user's choice, and the details.
my ($free) = `"$root/tools/free-port"` =~ /(\d+)/;

@lines = demo('ONCE=1', 'V=1', 'ONLY=github', "PORT=$free");
like("@lines", qr{http://127\.0\.0\.1:$free/hooks/github}, 'PORT=');
like("@lines", qr/curl -i .*application +saw POST/, 'V=1');

my $other = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);

$port = $other->sockport;
is((demo('ONCE=1', "PORT=$port"))[-1], "tools/run: port $port is taken",
   'PORT= that is taken');
like((demo('ONCE=1', 'ONLY=nobody'))[-1],
     qr/^tools\/run: no sender "nobody", there are github, stackstate,/,
     'a sender that is not there');

# What installs and builds.
like(quietly('true; echo some words'), qr/\A0: Doing it  \d+ s\n\z/, 'a step');
is(read_file("$dir/step.log"), "some words\n", 'its output is in the log');
is(quietly('echo some words; exit 3'),
   "3: Doing it  failed, the end of $dir/step.log:\n\nsome words\n",
   'a step that fails');

done_testing();


# What "make run" prints, with the module that is there.
sub demo {
    my ($build) = $ENV{WEBHOOK_BUILD} // 'build';

    local $ENV{WEBHOOK_RUN} = "$dir/run";

    my $said = `make -C "$root" --no-print-directory run NO_INSTALL=1 \\
                "BUILD=$build" PORT= ONLY= V= @_ 2>&1`;

    return grep { !/^make/ } split /\n/, $said;
}


sub quietly {
    my ($command) = @_;

    my $said = `"$root/tools/quietly" "$dir/step.log" 'Doing it' \\
                sh -c '$command' 2>&1`;

    return ($? >> 8) . ": $said";
}
