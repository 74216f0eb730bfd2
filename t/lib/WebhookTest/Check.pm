package WebhookTest::Check;

# Requests that are kept in files, and what tools/webhook-check says of them.
#
#     my $check = WebhookTest::Check->new($dir, $time);
#     $check->recorded('what', 'path', ['Name: value'], $body, qr/said/);
#     $check->judge('--config', "$dir/nginx.conf");
#
# What is undef instead of a pattern gets "nothing found".

use strict;
use warnings;

use Exporter qw/import/;
use FindBin;
use Test::More;

use WebhookTest::Cert qw/write_file/;

our @EXPORT_OK = qw/check/;

my $tool = "$FindBin::Bin/../tools/webhook-check";


sub new {
    my ($class, $dir, $time) = @_;

    return bless { dir => $dir, time => $time, cases => [] }, $class;
}


# What comes, and what is said of it.
sub recorded {
    my ($self, $what, $path, $headers, $body, $says, $method) = @_;

    my $head = join "\r\n", ($method // 'POST') . " /$path HTTP/1.1",
               'Host: hooks.example.com', @$headers,
               'Content-Length: ' . length $body;
    my $file = sprintf '%s/%d.000-%032x', $self->{dir}, $self->{time},
                       scalar @{ $self->{cases} };

    write_file($file, "$head\r\n\r\n$body");
    push @{ $self->{cases} }, [$file, $what, $says];
}


# How many are explained, and how many are not.
sub numbers {
    my ($self) = @_;

    my $explained = grep { defined $_->[2] } @{ $self->{cases} };

    return ($explained, @{ $self->{cases} } - $explained);
}


# One run for all; returns its text.
sub judge {
    my ($self, @options) = @_;

    my @cases = @{ $self->{cases} };
    my ($rc, $text) = check(@options, map { $_->[0] } @cases);
    my @said = split /^(?=\d+\. )/m,
               $text =~ s/^where nothing is found, .*\n\z//mr;

    is($rc, 1, 'not all are explained');
    is(scalar @said, scalar @cases, 'something is said of each')
        or diag($text);

    for (@cases) {
        my ($file, $what, $says) = @$_;
        my $got = shift(@said) // '';

        defined $says ? like($got, $says, $what)
                      : like($got, qr/\A.*\n   nothing found\n\z/, $what);
    }

    return $text;
}


# The exit status, and what is printed.
sub check {
    my (@arguments) = @_;

    open my $in, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', $^X, $tool,
        @arguments or die "webhook-check: $!";
    binmode $in;
    my $text = do { local $/; <$in> } // '';
    close $in;

    return ($? >> 8, $text);
}


1;
