package WebhookTest::Npm;

# Packages of npm for a test, in a folder of their own below the build
# directory, and what runs them.
#
#     my $missing = node_missing();
#     plan skip_all => $missing if $missing;
#
#     my ($folder, $missing) = npm('page', 'axe-core@4.10.3');
#     plan skip_all => $missing if $missing;

use strict;
use warnings;

use Exporter qw/import/;
use File::Path qw/make_path/;
use File::Spec;
use FindBin;

our @EXPORT_OK = qw/node_missing npm/;

my $build = File::Spec->rel2abs($ENV{WEBHOOK_BUILD}
                                || "$FindBin::Bin/../build");


# Why there is no node that the packages run on, or undef.
sub node_missing {
    my ($node) = (`node --version 2>/dev/null` // '') =~ /^v(\d+)/;

    return ($node // 0) < 18 ? 'node 18 or later is not there' : undef;
}


# The folder that has node_modules, and why a package is not there, if so.
sub npm {
    my ($name, @packages) = @_;

    my $folder = "$build/$name";
    my @there = grep { -d "$folder/node_modules/" . s/.\K@.*//r } @packages;

    return $folder if @there == @packages;
    return $folder, 'npm is not there'
        if system('npm --version >/dev/null 2>&1');

    make_path($folder);

    my $said = `cd $folder && npm install --no-save --no-package-lock \\
        --no-audit --no-fund --ignore-scripts --prefer-offline @packages 2>&1`;

    return $folder, $? ? "npm cannot install @packages: $said" : ();
}


1;
