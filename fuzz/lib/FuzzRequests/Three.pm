package FuzzRequests::Three;

# A client of HTTP/3 among those of FuzzRequests::Wire: one connection, on which
# each of its requests has a stream, all of them at once.  Nothing here waits,
# but for the handshake.  WebhookTest loads WebhookTest::HTTP3 where there is
# HTTP/3.

use strict;
use warnings;

use constant {
    NO_ERROR => 0x100, REQUEST_CANCELLED => 0x10c,

    # seconds after which a worker that does not hear of it forgets it
    IDLE => 10,
};


# port, cert   where to, and the client's certificate, if it has one
# streams      list of { head, bytes, cut }: arguments of ->begin, and what
#              comes after it; one that is cut does not end there
# reset        what is broken off after that: "stream", "connection" or undef
#
# Dies when there is no connection.
sub new {
    my ($class, %want) = @_;

    my $h3 = WebhookTest::HTTP3->new(port => $want{port}, idle => IDLE,
                                     cert => $want{cert});
    my $self = bless { %want, quic => $h3->{quic}, waits => {} }, $class;

    for my $stream (@{ $want{streams} }) {
        my $id = $h3->begin(%{ $stream->{head} });

        $h3->bytes($id, $stream->{bytes});
        $h3->end($id) if !$stream->{cut};

        $self->{cut} = $id if $stream->{cut};
        $self->{waits}{$id} = 1;
    }

    return $self;
}


sub socket { return $_[0]{quic}{socket} }


# Takes and sends what can be; false when nothing is waited for any more.
sub turn {
    my ($self) = @_;

    my $quic = $self->{quic};

    $quic->receive;
    1 while !$quic->{closed} && $quic->send_streams;
    $self->break_off if $self->{reset};

    delete $self->{waits}{$_}
        for grep { $quic->{in}{$_}{ended} } keys %{ $self->{waits} };

    return !$quic->{closed} && %{ $self->{waits} };
}


# When all that is there of the stream is sent.
sub break_off {
    my ($self) = @_;

    my ($quic, $id) = @$self{qw/quic cut/};
    my $out = $quic->stream($id);

    return if @{ $out->{pieces} } && !$out->{ended};

    if ($self->{reset} eq 'connection') {
        $self->{waits} = {};

    } elsif (!$out->{ended}) {
        $quic->reset($id, REQUEST_CANCELLED);
    }

    delete $self->{reset};
    delete $self->{waits}{$id};
}


# What has been answered, on all streams.
sub answers {
    my ($self) = @_;

    my $in = $self->{quic}{in};

    return join '', map { $in->{$_}{data} // '' } sort { $a <=> $b } keys %$in;
}


sub close {
    my ($self) = @_;

    $self->{quic}->close(NO_ERROR) if !$self->{quic}{closed};
}


1;
