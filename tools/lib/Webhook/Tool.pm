package Webhook::Tool;

# What the commands have in common: how options are read, --help, --version,
# --options, and what is said of a mistake.  --help is the synopsis of the
# command's manual page, man/NAME.pod.

use strict;
use warnings;

use Exporter qw/import/;
use FindBin;
use Getopt::Long ();
use List::Util qw/max min/;

our @EXPORT = qw/fail note options printable unknown usage_error/;
our $VERSION = '0.1.0';

my $tool = $FindBin::RealScript;


# Reads @ARGV into a hash, by Getopt::Long's descriptions.
sub options {
    my ($opt, @known) = @_;

    my @wrong;

    push @known, qw/help options version/;

    {
        local $SIG{__WARN__} = sub { push @wrong, lcfirst $_[0] =~ s/\n\z//r };

        Getopt::Long::Configure(qw/no_auto_abbrev no_ignore_case/);
        Getopt::Long::GetOptions($opt, @known);
    }

    my @names = sort map { '--' . s/[=:!].*//sr } @known;

    answer(synopsis()) if $opt->{help};
    answer("$tool $VERSION\n") if $opt->{version};
    answer(map { "$_\n" } @names) if $opt->{options};

    usage_error($wrong[0] =~ s/\Aunknown option: (.*)/
                unknown('option', "--$1", @names)/esr) if @wrong;
}


sub answer { print @_; exit }


sub note { print STDERR "$tool: @_\n" }
sub fail { note(@_); exit 2 }


# A stranger's text, for a terminal.
sub printable {
    my ($text) = @_;

    $text = substr($text, 0, 300) . '...' if length $text > 303;

    return $text =~ s/[^ -~]/?/gr;
}


sub usage_error {
    note(@_);
    print STDERR "Try \"$tool --help\" or \"man $tool\".\n";
    exit 2;
}


# From the manual page, without its indentation.
sub synopsis {
    my $page = "$FindBin::RealBin/man/$tool.pod";

    open my $in, '<', $page or fail("$page: $!");
    my ($text) = do { local $/; <$in> } =~ /^=head1 SYNOPSIS\n\n(.*?)\n=/ms;

    return ($text =~ s/^    //gmr) . "\n" =~ s/\n+\z/\n/r;
}


sub unknown {
    my ($what, $word, @names) = @_;

    return "unknown $what \"$word\"" . did_you_mean($word, @names);
}


# A question about the names that are nearest to a word, as nginx -t asks.
sub did_you_mean {
    my ($word, @names) = @_;

    my %distance = map { $_ => distance(lc $word, lc $_) } @names;
    my @near = grep { $distance{$_} <= min(3, max(1, length($word) / 3)) }
               sort { $distance{$a} <=> $distance{$b} || $a cmp $b } @names;

    return '' if !@near;

    splice @near, $distance{ $near[0] } == 0 ? 1 : min(3, scalar @near);

    return ' (did you mean ' . join(' or ', map { "\"$_\"" } @near) . '?)';
}


# How many letters have to be changed; the beginning of a longer name is as
# good as one.
sub distance {
    my ($one, $two) = @_;

    return 1 if length $one > 2 && $one ne $two && index($two, $one) == 0;

    my @row = 0 .. length $two;

    for my $i (1 .. length $one) {
        my @next = $i;

        for my $k (1 .. length $two) {
            my $same = substr($one, $i - 1, 1) eq substr($two, $k - 1, 1);

            push @next, min($row[$k] + 1, $next[-1] + 1,
                            $row[$k - 1] + !$same);
        }

        @row = @next;
    }

    return $row[-1];
}


1;
