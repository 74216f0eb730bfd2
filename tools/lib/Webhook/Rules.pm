package Webhook::Rules;

# Reads what providers/ and nginx's configuration say of senders.  What is
# wrong dies with one line.

use strict;
use warnings;

use Exporter qw/import/;

our @EXPORT = qw/read_file read_rules separator statements/;

# what nginx makes of a backslash and this letter in its configuration
my %escaped = (t => "\t", r => "\r", n => "\n");


# The bytes of a file.
sub read_file {
    my ($path) = @_;

    open my $in, '<:raw', $path or die "$path: $!\n";
    local $/;

    return scalar(<$in>) // '';
}


# The providers of a file: { name => { rule => [ { words => [...], option =>
# value } ] } }.  Where options has a rule's, others die.
sub read_rules {
    my ($file, $options) = @_;

    my (%found, $inside);

    for (statements($file)) {
        my ($end, $first, @words) = @$_;

        if ($end eq '{') {
            $inside = $first eq 'webhook_provider' ? $words[0] : undef;
            $found{$inside} = {} if defined $inside;
        } elsif ($end eq '}') {
            undef $inside;
        } elsif (defined $inside) {
            push @{ $found{$inside}{$first} },
                 rule($first, $options->{$first}, @words);
        }
    }

    return \%found;
}


# nginx's syntax: a list of [ ';', '{' or '}', words in front of it ].
sub statements {
    my ($file) = @_;

    my $text = read_file($file);
    my (@statements, @words);

    while ($text =~ /\G(?:\s+|#.*)*+(?=[^\s#])/gc) {
        if ($text =~ /\G([;{}])/gc) {
            push @statements, [$1, splice @words];
        } elsif ($text =~ /\G(["'])((?:\\.|(?!\1).)*+)\1/gcs
                 || $text =~ /\G()((?!["'])(?:\\.|\$\{|[^\s;{])++)/gcs)
        {
            push @words, $2 =~ s/\\(["'\\trn])/$escaped{$1} \/\/ $1/ger;
        } else {
            die "$file: a quote is not closed\n";
        }
    }

    return @statements;
}


# { words, options by name }; match and parameter are lists.
sub rule {
    my ($name, $known, @words) = @_;

    my %rule = (words => [splice @words, 0, $name eq 'header' ? 2 : 1]);

    for (@words) {
        my ($option, $value) = /\A([a-z_]+)=(.*)\z/s;

        die "unknown option \"$_\" of rule \"$name\", it takes ",
            join(', ', map { "$_=" } @$known), "\n"
            if $known && !/\Aform:/
               && !grep { $_ eq ($option // '') } @$known;

        defined $option or push @{ $rule{words} }, $_ and next;
        $option =~ /\A(?:match|parameter)\z/
            ? push @{ $rule{$option} }, $value : ($rule{$option} = $value);
    }

    return \%rule;
}


# What is between the signatures that a rule takes from one header, or undef.
sub separator {
    my ($rule) = @_;

    my $list = $rule->{list} // (defined $rule->{field} ? ',' : undef);

    return ($list // '') eq 'lines' ? ',' : $list;
}


1;
