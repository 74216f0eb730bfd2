package Count;

# Instructions per request, counted by callgrind in an nginx with many servers:
#
#     my $nginx = Count::start($bench, conf => [...]);
#     my $count = Count::per_request($nginx, $port, $status, $n, sub { ... });
#
# The count of a row is the difference of n requests and of five times as many,
# each on one connection, so that what does not depend on their number falls
# out.  It repeats to about 0.2 % on a machine however busy.

use strict;
use warnings;

use IO::Socket::INET;

our @objects = qw/nginx module libcrypto libc other/;

# besides, of what is in the module: instructions of src/redis, and of all that
# it calls
my $part = 'redis';


# An nginx as Bench's ->start has it, with one more server: a request for
# "/count" is redirected, and callgrind writes down what it has counted before
# that, and begins anew.
sub start {
    my ($bench, %want) = @_;

    my $count = 'location = /count { return 404; error_page 404 = /counted; } '
                . 'location = /counted { return 200 "counted"; }';

    # the clock must not tick, keeping it takes instructions, too

    my $nginx = $bench->start(
        module => 1, main => 'timer_resolution 1000s;', %want,
        conf => [@{ $want{conf} }, $count],
        wrap => [qw{valgrind --tool=callgrind
                    --dump-before=ngx_http_internal_redirect
                    --callgrind-out-file=%%PREFIX%%/callgrind}],
    );

    dump_counts($nginx);

    return $nginx;
}


# $make gives the bytes of the request of that number, and may be called for
# requests that are not sent.
sub per_request {
    my ($nginx, $port, $status, $n, $make) = @_;

    # the first ones make what lasts

    my (undef, $few, $many) = map {
        send_requests($port, $status, $_, $make);
        dump_counts($nginx);
    } 5, $n, 5 * $n;

    return {
        map { $_ => (($many->{$_} || 0) - ($few->{$_} || 0)) / (4 * $n) }
            'total', $part, @objects
    };
}


sub send_requests {
    my ($port, $status, $n, $make) = @_;

    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
        or die "connect: $!\n";

    for (1 .. $n) {
        my $request = $make->();

        syswrite($socket, $request) == length $request or die "send: $!\n";

        my $answer = read_answer($socket);
        die "unexpected answer:\n$answer\n"
            unless $answer =~ m{^HTTP/1\.1 $status };
    }
}


sub read_answer {
    my ($socket) = @_;

    my $answer = '';

    while (1) {
        sysread $socket, $answer, 65536, length $answer
            or die "the connection was closed after \"$answer\"\n";

        my ($head, $body) = $answer =~ /^(.*?\r\n)\r\n(.*)/s or next;
        my ($length) = $head =~ /^Content-Length: (\d+)\r$/mi;

        return $answer if defined $length ? length $body >= $length
                                          : $body =~ /^0\r\n\r\n\z/m;
    }
}


# What has been counted since the last time.
sub dump_counts {
    my ($nginx) = @_;

    send_requests($nginx->{ports}[-1], 200, 1,
                  sub { "GET /count HTTP/1.1\r\nHost: localhost\r\n\r\n" });

    return read_counts("$nginx->{prefix}/callgrind." . ++$nginx->{dumps});
}


# Reads a callgrind profile (its format is in Valgrind's manual): own costs, not
# those of the calls, summed up by object; and of one folder the costs of the
# calls into it, which have all in them that it calls in its turn.
sub read_counts {
    my ($path) = @_;

    local $_;
    my (%names, %files, %count, $object, $file, $callee, $called);

    open my $profile, '<', $path or die "$path: $!\n";

    while (<$profile>) {

        if (/^ob=(\(\d+\))(?: (.+))?$/) {
            $names{$1} = $2 if defined $2;
            $object = object($names{$1});

        } elsif (/^f[ie]=(\(\d+\)) (.+)$/) {
            $files{$1} = $2;

        } elsif (/^fl=(\(\d+\))(?: (.+))?$/) {
            $files{$1} = $2 if defined $2;
            $file = $files{$1};

        } elsif (/^cf[il]=(\(\d+\))(?: (.+))?$/) {
            $files{$1} = $2 if defined $2;
            $callee = $files{$1};

        } elsif (/^cob=(\(\d+\)) (.+)$/) {
            $names{$1} = $2;

        } elsif (/^calls=/) {
            $called = 1;

        } elsif (/^[+*\d-]\S* (\d+)$/) {
            $count{$_} += $1
                for $called ? enters($object, $file, $callee // $file)
                            : ('total', $object);
            $called = $callee = undef;
        }
    }

    return \%count;
}


# A call into the folder from elsewhere, and not back from a library.
sub enters {
    my ($object, $file, $callee) = @_;

    my $inside = qr{/src/$part/};

    return $object =~ /^(nginx|module)$/ && $file !~ $inside
           && $callee =~ $inside ? $part : ();
}


sub object {
    my ($path) = @_;

    my ($name) = $path =~ m{([^/]+)$};

    return 'module' if $name =~ /webhook/;
    return 'nginx' if $name =~ /^nginx/;
    return 'libcrypto' if $name =~ /^libcrypto/;
    return 'libc' if $name =~ /^libc[.-]/;
    return 'other';
}


1;
