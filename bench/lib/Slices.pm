package Slices;

# Load of one second or of so many requests at a time, and the CPU that processes
# have had meanwhile.

use strict;
use warnings;

use Cwd qw/abs_path/;
use Exporter qw/import/;
use File::Basename qw/dirname/;
use POSIX ();

use Bench;

our @EXPORT_OK = qw/wrk pipeline cpu used best median/;

my $scripts = abs_path(dirname(__FILE__) . '/..');


# How many requests were answered in a second on so many connections, each as
# the case wants it: nginx, uri, size, proof, status.
sub wrk {
    my ($case, $connections) = @_;

    my %headers = Bench::headers($case->{proof}, Bench::body($case->{size}));

    open my $wrk, '-|', 'wrk', '-t', 1, '-c', $connections, '-d', 1,
         '-s', "$scripts/wrk.lua",
         "http://127.0.0.1:$case->{nginx}{port}$case->{uri}", '--',
         $case->{size}, %headers
        or die "wrk: $!\n";
    my $output = do { local $/; <$wrk> };
    close $wrk;

    my ($answered, $errors, $failed)
        = $output =~ /^result\s+(\d+)\s+(\d+)\s+(\d+)/m
        or die "wrk says:\n$output";

    my $wanted = $case->{status} < 400 ? 0 : $answered;

    die "$case->{uri}: $answered answers, $errors of them 4xx or 5xx, "
        . "$failed failures\n"
        unless $answered && $errors == $wanted && !$failed;

    return $answered;
}


# Sends the bytes of so many requests on one connection, one right after the
# other, and reads their answers, of this status.
sub pipeline {
    my ($socket, $status, $count, $requests) = @_;

    my $head = "HTTP/1.1 $status ";
    my $got = '';
    my $answers = 0;

    while (length $requests || $answers < $count) {

        if (length $requests) {
            my $sent = syswrite $socket, $requests, 32768;

            substr $requests, 0, $sent // die("send: $!\n"), '';
        }

        vec(my $bits = '', fileno $socket, 1) = 1;

        while (select(my $ready = $bits, undef, undef,
                      length $requests ? 0 : undef))
        {
            sysread $socket, $got, 65536, length $got
                or die "the connection was closed\n";

            $answers += () = $got =~ /$head/g;
            $got = substr $got, -length($head) + 1;

            last if $answers >= $count;
        }
    }
}


# Nanoseconds that a process has been running, in user and in kernel mode.
sub cpu {
    my ($pid) = @_;

    if (open my $schedstat, '<', "/proc/$pid/schedstat") {
        return (split ' ', <$schedstat>)[0];
    }

    # clock ticks, of 10 ms usually: 1 % of a slice

    open my $stat, '<', "/proc/$pid/stat" or die "/proc/$pid/stat: $!\n";
    my @stat = split ' ', (<$stat> =~ /\) (.*)/)[0];

    return ($stat[11] + $stat[12]) * 1e9
           / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}


# Microseconds that a process has been running while something was done.
sub used {
    my ($pid, $work) = @_;

    my $before = cpu($pid);

    $work->();

    return (cpu($pid) - $before) / 1000;
}


sub best {
    my ($times) = @_;

    return (sort { $a <=> $b } @$times)[0];
}


sub median {
    my ($times) = @_;

    my @sorted = sort { $a <=> $b } @$times;

    return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}


1;
