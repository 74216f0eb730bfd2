package WebhookTest::HTTP3;

# Requests by HTTP/3 (RFC 9114) on one connection, each on a stream of its own.
#
#     my $h = WebhookTest::HTTP3->new(port => $port);
#     my $id = $h->begin(uri => '/hook', headers => [...]);
#     $h->data($id, 'one frame', 'another');
#     $h->end($id);
#     my $r = $h->response($id);
#
# Headers are literals, and of the answer only the status is read.

use strict;
use warnings;

use WebhookTest::HTTP2 qw/head literal/;
use WebhookTest::QUIC qw/varint take_varint/;

use constant {
    DATA => 0, HEADERS => 1, SETTINGS => 4,

    CONTROL_STREAM => 2,                # the client's first one-way stream
    CONTROL => 0,
    NO_ERROR => 0x100, REQUEST_CANCELLED => 0x10c,
};

# :status in the static table of RFC 9204
my %status = (24 => 103, 25 => 200, 26 => 304, 27 => 404, 28 => 503,
              63 => 100, 64 => 204, 65 => 206, 66 => 302, 67 => 400,
              68 => 403, 69 => 421, 70 => 425, 71 => 500);


# Arguments of WebhookTest::QUIC.
sub new {
    my ($class, %want) = @_;

    my $quic = WebhookTest::QUIC->new(%want, alpn => 'h3');

    $quic->write(CONTROL_STREAM, varint(CONTROL) . frame(SETTINGS, ''));

    return bless { next => 0, step => {}, quic => $quic }, $class;
}


# The head of a request; the value is its stream.
#
# method (POST), uri, authority (localhost), headers (list of pairs)
# length    of content-length, which is not sent without it
# step      send the stream in pieces of so many bytes
sub begin {
    my ($self, %want) = @_;

    my $id = $self->{next};

    $self->{next} += 4;
    $self->{step}{$id} = $want{step};
    $self->bytes($id, frame(HEADERS, join '', "\0\0", map {
        literal(0x20, 3, @$_)
    } head(%want)));

    return $id;
}


# A part of the body for each piece, in a frame of its own.
sub data {
    my ($self, $id, @pieces) = @_;

    $self->bytes($id, join '', map { frame(DATA, $_) } @pieces);
}


# Bytes of a request's stream as they are.
sub bytes {
    my ($self, $id, $bytes) = @_;

    my $step = $self->{step}{$id};

    $self->{quic}->write($id, $bytes, $step ? (step => $step) : ());
}


sub end {
    my ($self, $id) = @_;

    $self->{quic}->finish($id);
}


# Takes a request back, of which so much has been sent.
sub cancel {
    my ($self, $id) = @_;

    $self->{quic}->flush;
    $self->{quic}->reset($id, REQUEST_CANCELLED);
}


# Ends the connection after what has been sent.
sub close {
    my ($self) = @_;

    $self->{quic}->flush;
    $self->{quic}->close(NO_ERROR);
}


# The answer as WebhookTest's ->request has it: version, status (0 when there
# is none), body, complete; and with which code the stream was reset, or the
# connection closed.
sub response {
    my ($self, $id) = @_;

    my $quic = $self->{quic};
    my $response = { version => 'HTTP/3', status => 0, body => '' };

    $quic->run_until(sub { $quic->{in}{$id}{ended} });

    my $in = $quic->{in}{$id} // {};
    my $bytes = $in->{data} // '';

    while (length $bytes) {
        my $type = take_varint(\$bytes);
        my $payload = substr $bytes, 0, take_varint(\$bytes), '';

        $response->{status} = status_of($payload) if $type == HEADERS;
        $response->{body} .= $payload if $type == DATA;
    }

    return { %$response, complete => $in->{ended} && !defined $in->{reset},
             reset => $in->{reset}, closed => $quic->{closed} };
}


sub frame {
    my ($type, $payload) = @_;

    return varint($type) . varint(length $payload) . $payload;
}


# The status is the first header: from the static table, or three digits.
sub status_of {
    my ($block) = @_;

    return $1 if $block =~ /\A..[\x50-\x5f][\x00-\x0f]?\x03(\d{3})/s;

    return $status{(unpack 'x2 C', $block) & 0x3f}
           // die "no status in the answer\n";
}


1;
