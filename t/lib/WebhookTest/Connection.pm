package WebhookTest::Connection;

# One connection of a test's client: bytes out in any pieces, answers in.
# Nothing here waits for ever: see timeout.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL;
use IO::Socket::UNIX;
use Socket qw/IPPROTO_TCP TCP_NODELAY/;
use Time::HiRes qw/sleep time/;


# port or unix    where to
# timeout         of the whole of one answer, in seconds; 30 unless told
# pause           between the pieces of one send, in seconds; 0.02 unless told
# tls             { cert => , key => , version => 'TLSv1_2', alpn => [...],
#                   server => its name, '' for none, session => \my $s },
#                   each of them optional; connections that share a session
#                   resume it
#
# Dies when there is no connection, or the handshake fails.
sub new {
    my ($class, %want) = @_;

    my $self = bless {
        timeout => $want{timeout} // 30, pause => $want{pause} // 0.02,
        buffer => '',
    }, $class;

    $self->{socket} = $want{unix}
        ? IO::Socket::UNIX->new(Peer => $want{unix})
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                PeerPort => $want{port});

    $self->{socket} or die "no connection: $!\n";

    setsockopt $self->{socket}, IPPROTO_TCP, TCP_NODELAY, 1 if !$want{unix};

    $self->start_tls(%{ $want{tls} }) if $want{tls};
    $self->{socket}->blocking(0);

    return $self;
}


sub start_tls {
    my ($self, %tls) = @_;

    # sessions are forgotten together with the context they were made in
    my $kept = $tls{session} // \my $own;

    $$kept //= IO::Socket::SSL::SSL_Context->new(
        SSL_verify_mode => SSL_VERIFY_NONE,
        SSL_session_cache_size => 4,
        $tls{cert} ? (SSL_cert_file => $tls{cert}, SSL_key_file => $tls{key})
                   : (),
        $tls{version} ? (SSL_version => $tls{version}) : (),
        $tls{alpn} ? (SSL_alpn_protocols => $tls{alpn}) : (),
    ) // die "TLS: $SSL_ERROR\n";

    IO::Socket::SSL->start_SSL(
        $self->{socket},
        SSL_reuse_ctx => $$kept,
        SSL_session_key => 'test',
        SSL_hostname => $tls{server} // 'localhost',
        Timeout => $self->{timeout},
    ) or die "TLS: $SSL_ERROR\n";
}


# True when the TLS session is one of an earlier connection.
sub reused {
    my ($self) = @_;

    return $self->{socket}->get_session_reused;
}


# Sends each piece by itself, pausing between them.  False when the server
# has closed its side or takes no more.
sub send {
    my ($self, @pieces) = @_;

    local $SIG{PIPE} = 'IGNORE';

    while (defined(my $piece = shift @pieces)) {
        $self->send_piece($piece) or return 0;
        sleep $self->{pause} if @pieces;
    }

    return 1;
}


sub send_piece {
    my ($self, $bytes) = @_;

    my $until = time + $self->{timeout};
    my $select = IO::Select->new($self->{socket});

    while (length $bytes) {
        my $n = syswrite $self->{socket}, $bytes;

        if (defined $n) {
            substr $bytes, 0, $n, '';

        } elsif (!$!{EAGAIN} || !$select->can_write($until - time)) {
            return 0;
        }
    }

    return 1;
}


# The next answer, or undef when the connection ends or the time is over
# before its first line is whole.  Statuses of 1xx that came ahead are in
# ->{interim}.  An answer broken off has ->{complete} false.
sub read_response {
    my ($self, %want) = @_;

    my @interim;

    while (my $response = $self->read_one(%want)) {
        if ($response->{status} >= 200 || $response->{status} == 101) {
            $response->{interim} = \@interim;
            return $response;
        }

        push @interim, $response->{status};
    }

    return;
}


# The next answer of any status, 100 Continue included.  The method, if it
# was HEAD, is told because the answer alone does not say it has no body.
sub read_one {
    my ($self, %want) = @_;

    $self->{until} = time + $self->{timeout};

    $self->fill_until(sub { index($self->{buffer}, "\r\n\r\n") >= 0 })
        or return;

    my $len = index($self->{buffer}, "\r\n\r\n") + 4;
    my $response = parse_head($self->take($len));

    @$response{qw/body complete/} = $self->read_body($response, %want);

    return $response;
}


sub parse_head {
    my ($head) = @_;

    my ($line, @lines) = split /\r\n/, $head;
    my ($version, $status, $reason) = split / /, $line, 3;
    my @headers = map { [split /:\s*/, $_, 2] } @lines;

    my %header;
    $header{lc $_->[0]} //= $_->[1] for @headers;

    return { version => $version, status => $status, reason => $reason // '',
             headers => \@headers, header => \%header, raw => $head };
}


sub read_body {
    my ($self, $response, %want) = @_;

    my $status = $response->{status};
    my $header = $response->{header};

    return ('', 1) if $status < 200 || $status == 204 || $status == 304
                      || ($want{method} // '') eq 'HEAD';

    return $self->read_chunked
        if ($header->{'transfer-encoding'} // '') eq 'chunked';

    if (defined(my $len = $header->{'content-length'})) {
        my $complete =
            $self->fill_until(sub { length $self->{buffer} >= $len });

        return ($self->take($len), $complete);
    }

    $self->fill_until(sub { 0 });

    return ($self->take(length $self->{buffer}), $self->{ended});
}


sub read_chunked {
    my ($self) = @_;

    my $body = '';

    while ($self->fill_until(sub { $self->{buffer} =~ /\n/ })) {
        my ($line) = $self->{buffer} =~ /\A([^\n]*\n)/;
        my $len = hex(($line =~ /([0-9a-fA-F]+)/)[0] // 0);

        $self->take(length $line);
        $self->fill_until(sub { length $self->{buffer} >= $len + 2 })
            or last;

        $body .= $self->take($len);
        $self->take(2);

        return ($body, 1) if $len == 0;
    }

    return ($body, 0);
}


# Up to so many bytes from the front of the buffer.
sub take {
    my ($self, $len) = @_;

    return substr $self->{buffer}, 0, $len, '';
}


# Reads until the condition holds; false when it cannot any more.
sub fill_until {
    my ($self, $enough) = @_;

    while (!$enough->()) {
        $self->fill or return 0;
    }

    return 1;
}


# Reads some bytes; false at the connection's end and when time is over.
sub fill {
    my ($self) = @_;

    my $select = IO::Select->new($self->{socket});

    while (!$self->{ended}) {
        my $n = sysread $self->{socket}, $self->{buffer}, 65536,
                        length $self->{buffer};

        return 1 if $n;

        if (defined $n || !$!{EAGAIN}) {
            $self->{ended} = 1;
            last;
        }

        my $left = $self->{until} - time;

        return 0 if $left <= 0 || !$select->can_read($left);
    }

    return 0;
}


# True when the server closes the connection within the time (the timeout
# unless told) without a further byte.
sub eof {
    my ($self, $timeout) = @_;

    $self->{until} = time + ($timeout // $self->{timeout});

    return !length $self->{buffer} && !$self->fill && $self->{ended};
}


sub close {
    my ($self) = @_;

    local $SIG{PIPE} = 'IGNORE';

    CORE::close $self->{socket} if $self->{socket};
    delete $self->{socket};
}


1;
