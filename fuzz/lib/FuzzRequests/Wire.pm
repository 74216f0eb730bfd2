package FuzzRequests::Wire;

# Many connections at once: clients that send what was composed for them, and
# the application, which keeps every byte that it gets.  One loop has both, so
# that what went upstream is known when the clients are done.

use strict;
use warnings;

use FuzzRequests::Gateway qw/as_http answer_in/;
use FuzzRequests::Three;
use IO::Socket::INET;
use Socket qw/IPPROTO_TCP SO_LINGER SOL_SOCKET TCP_NODELAY/;
use Time::HiRes qw/time/;
use WebhookTest::Connection;

use constant PATIENCE => 30;            # seconds for the whole of one wave
use constant CONTINUE => 1;             # seconds to wait for 100 Continue

# each ends its connection, on which nginx from 1.29.7 on would send the next
# request
my %answers = (
    202 => "HTTP/1.1 202 Accepted\r\nConnection: close\r\n"
           . "Content-Length: 5\r\n\r\nnoted",
    204 => "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    500 => "HTTP/1.1 500 Failed\r\nConnection: close\r\n"
           . "Content-Length: 6\r\n\r\nfailed",
    accel => "HTTP/1.1 200 OK\r\nConnection: close\r\n"
             . "X-Accel-Redirect: /also/accelerated\r\n"
             . "Content-Length: 0\r\n\r\n",
    close => '',
);

$answers{slow} = $answers{202};


sub new {
    my ($class) = @_;

    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                         Listen => 512)
        or die "no application: $!\n";

    $listener->blocking(0);

    return bless { listener => $listener }, $class;
}


sub address { return '127.0.0.1:' . $_[0]{listener}->sockport }


# Runs the clients to their end; event, if there is one, is called when half of
# the bytes are sent.  What the application got is a list of { raw, head,
# headers, mark, uri, body, whole, status }.
#
# A client is { port, pieces => [bytes ...], shut, reset }: shut ends the
# sending side after the last piece, reset breaks the connection off there.  A
# piece that is a reference to bytes is sent only after 100 Continue.  With
# h2 => WebhookTest::HTTP2 that one speaks, with three => arguments of
# FuzzRequests::Three HTTP/3; tls is that of WebhookTest::Connection.
sub run {
    my ($self, $clients, $event) = @_;

    my $until = time + PATIENCE;
    my $pieces = 0;

    $self->{got} = [];
    $self->{upstream} = {};
    $pieces += @{ $_->{pieces} } for @$clients;
    $self->{left} = $pieces;

    open_client($_) for @$clients;

    while (grep({ $_->{socket} } @$clients) || %{ $self->{upstream} }) {

        if ($event && $self->{left} <= $pieces / 2) {
            # to which worker its packets go is not sure after that
            close_socket($_) for grep { $_->{h3} } @$clients;

            $event->();
            undef $event;
        }

        if (time > $until) {
            $_->{hangs} = 1 for grep { $_->{socket} } @$clients;
            last;
        }

        $self->turn($clients);
    }

    close_socket($_) for @$clients;
    $self->finish($_) for values %{ $self->{upstream} };

    return @{ $self->{got} };
}


sub open_client {
    my ($client) = @_;

    return open_three($client) if $client->{three};

    my $connection = eval { WebhookTest::Connection->new(%$client) } // return;
    my $socket = $connection->{socket};

    @$client{qw/socket in/} = ($socket, '');
    $client->{h2}{connection}{socket} = $socket if $client->{h2};
}


sub open_three {
    my ($client) = @_;

    $client->{h3} = eval { FuzzRequests::Three->new(%{ $client->{three} }) }
        // return;
    $client->{socket} = $client->{h3}->socket;
    receive($client);
}


# One look at everything.
sub turn {
    my ($self, $clients) = @_;

    my ($read, $write) = ('', '');
    my @open = grep { $_->{socket} } @$clients;
    my @upstream = values %{ $self->{upstream} };

    vec($read, fileno $self->{listener}, 1) = 1;
    vec($read, fileno $_->{socket}, 1) = 1 for @open, @upstream;
    vec($write, fileno $_->{socket}, 1) = 1 for grep { wants($_) } @open;

    my $busy = grep { $_->{at} || $_->{wait} } @open, @upstream;

    select $read, $write, undef, $busy ? 0.003 : 0.1;

    for (@open) {
        receive($_) if vec $read, fileno $_->{socket}, 1;
        receive($_) while $_->{socket} && $_->{tls} && $_->{socket}->pending;
        $self->send_piece($_) if $_->{socket} && wants($_)
                                 && vec $write, fileno $_->{socket}, 1;
    }

    $self->accept_all if vec $read, fileno $self->{listener}, 1;

    for (@upstream) {
        $self->take($_) if vec $read, fileno $_->{socket}, 1;
        $self->answer($_) if $_->{socket} && $_->{at} && time >= $_->{at};
    }
}


# Whether there is something to send now.
sub wants {
    my ($client) = @_;

    return length $client->{h2}{out} || $client->{h2}{sending}
        if $client->{h2};

    # HTTP/3 has none: it sends when it has received
    my $next = $client->{pieces}[0] // return 0;

    return 1 if !ref $next;

    $client->{wait} //= time + CONTINUE;

    # a final answer instead: the body is not sent
    @{ $client->{pieces} } = ()
        if $client->{in} =~ m{\AHTTP/1\.1 (?!100)\d}
           || $client->{in} =~ m{\AHTTP/1\.1 100[^\n]*\r\n\r\nHTTP};

    return 0 if !@{ $client->{pieces} };

    return $client->{in} =~ m{\AHTTP/1\.1 100} || time > $client->{wait};
}


sub send_piece {
    my ($self, $client) = @_;

    if (my $h2 = $client->{h2}) {
        $h2->queue_body;

        my $n = syswrite $client->{socket}, $h2->{out};

        substr $h2->{out}, 0, $n, '' if $n;
        return;
    }

    my $piece = shift @{ $client->{pieces} };
    my $bytes = ref $piece ? $$piece : $piece;
    my $n = syswrite $client->{socket}, $bytes;

    $client->{wait} = 0;

    if (!defined $n) {
        # nginx has closed; what it said is still to be read
        unshift @{ $client->{pieces} }, $piece if $!{EAGAIN};
        @{ $client->{pieces} } = () if !$!{EAGAIN};
        return;
    }

    $self->{left}--;

    if ($n < length $bytes) {
        unshift @{ $client->{pieces} }, substr $bytes, $n;
        return;
    }

    return if @{ $client->{pieces} };

    if ($client->{reset}) {
        setsockopt $client->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
        close_socket($client);

    } elsif ($client->{shut}) {
        shutdown $client->{socket}, 1;
    }
}


sub receive {
    my ($client) = @_;

    if (my $h3 = $client->{h3}) {
        close_socket($client) if !$h3->turn;
        return;
    }

    my $n = sysread $client->{socket}, $client->{in}, 65536,
                    length $client->{in};

    return if !defined $n && $!{EAGAIN};

    if (!$n) {
        close_socket($client);
        return;
    }

    my $h2 = $client->{h2} // return;

    $h2->{connection}{buffer} .= $client->{in};
    $client->{in} = '';
    $h2->read_frames;

    close_socket($client) if $h2->{ended};
}


sub close_socket {
    my ($client) = @_;

    my $socket = delete $client->{socket} // return;

    if (my $h3 = $client->{h3}) {
        $client->{in} = $h3->answers;
        return $h3->close;
    }

    close $socket;
}


sub accept_all {
    my ($self) = @_;

    while (my $socket = $self->{listener}->accept) {
        $socket->blocking(0);
        $self->{upstream}{fileno $socket} = { socket => $socket, raw => '',
                                              bytes => '' };
    }
}


sub take {
    my ($self, $request) = @_;

    my $n = sysread $request->{socket}, $request->{bytes}, 65536,
                    length $request->{bytes};

    return if !defined $n && $!{EAGAIN};

    return $self->finish($request) if !$n;

    $request->{raw} = as_http($request->{bytes});
    parse($request);

    $request->{at} //= time + ($request->{app} eq 'slow' ? 0.02 : 0)
        if $request->{whole};
}


sub parse {
    my ($request) = @_;

    if (!$request->{head}) {
        my $end = index $request->{raw}, "\r\n\r\n";
        return if $end < 0;

        $request->{head} = substr $request->{raw}, 0, $end;
        $request->{start} = $end + 4;

        my ($line, @lines) = split /\r\n/, $request->{head};

        $request->{uri} = (split / /, $line)[1];
        $request->{headers} = [map { [split /: ?/, $_, 2] } @lines];

        my %first;
        $first{lc $_->[0]} //= $_->[1] for @{ $request->{headers} };

        $request->{mark} = $first{'x-mark'} // '';
        $request->{app} = $first{'x-app'} // 202;
        $request->{length} = $first{'content-length'} // 0;
        $request->{chunked} = exists $first{'transfer-encoding'};
    }

    parse_body($request);
}


sub parse_body {
    my ($request) = @_;

    my $rest = substr $request->{raw}, $request->{start};

    if (!$request->{chunked}) {
        $request->{body} = substr $rest, 0, $request->{length};
        $request->{whole} = length $rest >= $request->{length};
        $request->{more} = length $rest > $request->{length};
        return;
    }

    $request->{body} = '';

    while ($rest =~ s/\A([0-9a-f]+)\r\n//i) {
        my $len = hex $1;

        if ($len == 0) {
            $request->{whole} = $rest =~ /\A\r\n/;
            return;
        }

        $request->{body} .= substr $rest, 0, $len;
        return if length $rest < $len + 2;
        substr $rest, 0, $len + 2, '';
    }
}


sub answer {
    my ($self, $request) = @_;

    my $bytes = answer_in($request->{bytes}, $answers{ $request->{app} });

    $request->{answered} = 1
        if length $bytes && syswrite $request->{socket}, $bytes;

    $self->finish($request);
}


sub finish {
    my ($self, $request) = @_;

    delete $self->{upstream}{fileno $request->{socket}};
    close delete $request->{socket};

    push @{ $self->{got} }, $request if length $request->{raw};
}


1;
