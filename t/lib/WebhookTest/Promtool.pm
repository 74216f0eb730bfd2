package WebhookTest::Promtool;

# What Prometheus' own tool has to say about metrics.

use strict;
use warnings;

use Exporter qw/import/;
use IPC::Open2;

our @EXPORT_OK = qw/promtool/;


# Empty when it finds nothing to complain of.
sub promtool {
    my ($text) = @_;

    my $pid = open2(my $out, my $in, 'exec promtool check metrics 2>&1');

    print $in $text;
    close $in;

    my $said = join '', <$out>;
    waitpid $pid, 0;

    return $said . ($? ? "exit status $?" : '');
}


1;
