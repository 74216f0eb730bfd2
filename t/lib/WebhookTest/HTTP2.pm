package WebhookTest::HTTP2;

# One HTTP/2 request on a connection of its own.  It reads while it sends: an
# answer that comes before the body is whole is not lost, and nothing more is
# sent once it is there.  curl and others may give up on such an answer.
#
#     my $h = WebhookTest::HTTP2->new($t->connection(
#                                         tls => { alpn => ['h2'] }));
#     $h->begin(uri => '/hook', body => 'x' x 1_000_000);
#     my $r = $h->read_response;
#
# Headers are literals both ways: there is no dynamic table, and of the answer
# only the status is read.

use strict;
use warnings;

use Exporter qw/import/;
use IO::Select;
use Time::HiRes qw/time/;

our @EXPORT_OK = qw/head literal/;

use constant {
    DATA => 0, HEADERS => 1, RST_STREAM => 3, SETTINGS => 4, PING => 6,
    WINDOW_UPDATE => 8,

    CANCEL => 8,

    END_STREAM => 1, ACK => 1, END_HEADERS => 4,

    HEADER_TABLE_SIZE => 1, ENABLE_PUSH => 2, INITIAL_WINDOW_SIZE => 4,

    STREAM => 1, MAX_FRAME => 16384,
};

# :status in the static table
my @static = (200, 204, 206, 304, 400, 404, 500);


# Takes a WebhookTest::Connection.
sub new {
    my ($class, $connection) = @_;

    my $self = bless {
        connection => $connection, out => '', body => '',
        window => { 0 => 65535, STREAM, 65535 },
        response => { version => 'HTTP/2', status => 0, body => '',
                      complete => 0 },
    }, $class;

    $self->{out} = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    $self->queue(SETTINGS, 0, 0, pack '(nN)*', HEADER_TABLE_SIZE, 0,
                 ENABLE_PUSH, 0);

    return $self;
}


# method (POST), uri, authority (localhost), headers (list of pairs)
# body      bytes
# length    of content-length, which is not sent without it
# open      true: the body does not end, more would come
sub begin {
    my ($self, %want) = @_;

    $self->queue(HEADERS, END_HEADERS, STREAM, join '', map {
        "\0" . literal(0, 7, @$_)
    } head(%want));

    @$self{qw/body open/} = ($want{body} // '', $want{open});
    $self->{sending} = 1;
}


# The headers of a request, as HTTP/3 has them too.
sub head {
    my (%want) = @_;

    my @headers = ([':method', $want{method} // 'POST'], [':scheme', 'https'],
                   [':authority', $want{authority} // 'localhost'],
                   [':path', $want{uri}],
                   map { [lc $_->[0], $_->[1]] } @{ $want{headers} // [] });

    push @headers, ['content-length', $want{length}] if defined $want{length};

    return @headers;
}


# A header as a literal: its name, with the first byte of the encoding and the
# bits of the name's length in it, and its value.
sub literal {
    my ($first, $bits, $name, $value) = @_;

    return text($first, $bits, $name) . text(0, 7, $value);
}


# A string after its length, so many bits of which are in the first byte.
sub text {
    my ($first, $bits, $bytes) = @_;

    my $most = (1 << $bits) - 1;
    my $rest = length($bytes) - $most;

    return chr($first | length $bytes) . $bytes if $rest < 0;

    my $length = chr($first | $most);

    while ($rest >= 128) {
        $length .= chr($rest % 128 + 128);
        $rest >>= 7;
    }

    return $length . chr($rest) . $bytes;
}


# The answer as WebhookTest's ->request has it: version, status (0 when there
# is none), body, complete.
sub read_response {
    my ($self) = @_;

    $self->run_until(sub { $self->{ended} });
    $self->{connection}->close;

    return $self->{response};
}


# Takes the request back, which must have been sent.
sub reset {
    my ($self) = @_;

    $self->queue(RST_STREAM, 0, STREAM, pack 'N', CANCEL);
    $self->run_until(sub { $self->{out} eq '' });
}


# Sends the body as far as it goes; false when not all of it went.
sub send_body {
    my ($self) = @_;

    $self->run_until(sub { $self->{ended} || !$self->{sending} });

    return $self->{sending} ? 0 : 1;
}


sub run_until {
    my ($self, $condition) = @_;

    my $until = time + $self->{connection}{timeout};

    while (!$condition->()) {
        $self->queue_body;
        $self->exchange($until) or return;
        $self->read_frames;
    }
}


# Puts as much of the body in the queue as the server lets come.
sub queue_body {
    my ($self) = @_;

    return if !$self->{sending} || length $self->{out};

    my $window = $self->{window};
    my ($size) = sort { $a <=> $b } MAX_FRAME, length $self->{body},
                                    @$window{0, STREAM};

    return if $size <= 0 && length $self->{body};

    my $piece = substr $self->{body}, 0, $size, '';
    my $last = !length $self->{body};

    $window->{$_} -= $size for 0, STREAM;
    $self->queue(DATA, $last && !$self->{open} ? END_STREAM : 0, STREAM,
                 $piece);
    $self->{sending} = 0 if $last;
}


sub queue {
    my ($self, $type, $flags, $stream, $payload) = @_;

    $self->{out} .= substr(pack('N', length $payload), 1)
                    . pack('CCN', $type, $flags, $stream) . $payload;
}


# Some bytes in or out; false at the connection's end and when time is over.
sub exchange {
    my ($self, $until) = @_;

    my $c = $self->{connection};

    local $SIG{PIPE} = 'IGNORE';

    # before anything is written: what has been received is not lost when
    # the server does not read any more
    my $read = sysread $c->{socket}, $c->{buffer}, 65536, length $c->{buffer};

    return 0 if defined $read ? $read == 0 : !$!{EAGAIN};

    my $written = length $self->{out} ? syswrite $c->{socket}, $self->{out}
                                      : 0;

    return 0 if !$read && !defined $written && !$!{EAGAIN};

    substr $self->{out}, 0, $written, '' if $written;

    return 1 if $read || $written;

    my $select = IO::Select->new($c->{socket});

    IO::Select::select($select, length $self->{out} ? $select : undef, undef,
                       $until - time);

    return time < $until;
}


sub read_frames {
    my ($self) = @_;

    my $c = $self->{connection};

    while (length $c->{buffer} >= 9) {
        my $len = unpack 'N', "\0" . substr $c->{buffer}, 0, 3;
        my ($type, $flags, $stream) = unpack 'x3 CCN', $c->{buffer};

        last if length $c->{buffer} < 9 + $len;

        $c->take(9);
        $self->take_frame($type, $flags, $stream, $c->take($len));
    }
}


sub take_frame {
    my ($self, $type, $flags, $stream, $payload) = @_;

    my $response = $self->{response};

    if ($type == SETTINGS && !($flags & ACK)) {
        my %settings = unpack '(nN)*', $payload;

        $self->{window}{+STREAM} += $settings{+INITIAL_WINDOW_SIZE} - 65535
            if defined $settings{+INITIAL_WINDOW_SIZE};
        $self->queue(SETTINGS, ACK, 0, '');

    } elsif ($type == PING && !($flags & ACK)) {
        $self->queue(PING, ACK, 0, $payload);

    } elsif ($type == WINDOW_UPDATE) {
        $self->{window}{$stream} += unpack 'N', $payload;

    } elsif ($type == HEADERS) {
        $response->{status} = status_of($payload);

    } elsif ($type == DATA) {
        $response->{body} .= $payload;

    } elsif ($type == RST_STREAM) {
        $self->{ended} = 1;
    }

    if (($type == HEADERS || $type == DATA) && $flags & END_STREAM) {
        $response->{complete} = $self->{ended} = 1;
    }
}


# The status is the first header: from the static table, or three digits.  The
# size of the dynamic table may be ahead of it.
sub status_of {
    my ($block) = @_;

    $block =~ s/\A[\x20-\x3f]//;

    return $1 if $block =~ /\A[\x08\x18\x48]\x03(\d{3})/;

    my $index = ord($block) - 0x88;

    return $index >= 0 && $static[$index] || die "no status in the answer\n";
}


1;
