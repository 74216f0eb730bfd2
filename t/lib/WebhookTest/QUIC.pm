package WebhookTest::QUIC;

# One connection by QUIC (RFC 9000, 9001) to 127.0.0.1, where no packet is lost:
# none is sent again.  Streams are sent in pieces of any size, each piece in a
# packet of its own.
#
#     my $q = WebhookTest::QUIC->new(port => $port, alpn => 'h3');
#     $q->write(0, $bytes, step => 1);  # byte by byte
#     $q->finish(0);
#     $q->run_until(sub { $q->{in}{0}{ended} });
#     $q->{in}{0}{data};

use strict;
use warnings;

use Crypt::AuthEnc::GCM qw/gcm_encrypt_authenticate gcm_decrypt_verify/;
use Crypt::Cipher::AES;
use Crypt::PRNG qw/random_bytes/;
use Digest::SHA qw/hmac_sha256/;
use Exporter qw/import/;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw/time/;

use WebhookTest::TLS13 qw/expand_label/;

our @EXPORT_OK = qw/varint take_varint/;

use constant {
    PADDING => 0x00, ACK => 0x02, ACK_ECN => 0x03, RESET_STREAM => 0x04,
    STOP_SENDING => 0x05, CRYPTO => 0x06, STREAM => 0x08, MAX_DATA => 0x10,
    MAX_STREAM_DATA => 0x11, CLOSE => 0x1c, CLOSE_APPLICATION => 0x1d,

    STREAM_FIN => 1, STREAM_LENGTH => 2, STREAM_OFFSET => 4,

    # transport parameters
    IDLE => 0x01, DATA => 0x04, DATA_BIDI_LOCAL => 0x05,
    DATA_BIDI_REMOTE => 0x06, DATA_UNI => 0x07, STREAMS_UNI => 0x09,
    SOURCE => 0x0f,

    VERSION => 1, ID_SIZE => 8, TAG_SIZE => 16, MAX_PIECE => 1100,
    MIN_INITIAL => 1162, MAX_IN_FLIGHT => 32,
};

my $salt = pack 'H*', '38762cf7f55934b34d179ae6a4c80cadccbb7f0a';

# the first byte of a packet whose number has four bytes
my %first = (initial => 0xc3, handshake => 0xe3, application => 0x43);

# what else a server may send: integers (v) and bytes with their length (b, or
# C/a in one byte), which are passed over
my %other = (
    0x01 => '', 0x05 => 'vv', 0x07 => 'b', 0x12 => 'v', 0x13 => 'v',
    0x14 => 'v', 0x15 => 'vv', 0x16 => 'v', 0x17 => 'v', 0x18 => 'vvit',
    0x19 => 'v', 0x1a => 'p', 0x1b => 'p', 0x1e => '',
);


# port      where to
# alpn      the protocol
# cert      the client's certificate, of WebhookTest::Cert
# timeout   of each wait, in seconds; 30 unless told
# idle      after how many seconds of silence the server may forget us
#
# Dies when there is no connection.
sub new {
    my ($class, %want) = @_;

    my $self = bless {
        timeout => $want{timeout} // 30, server => random_bytes(ID_SIZE),
        id => random_bytes(ID_SIZE), keys => {}, crypto => {}, in => {},
        out => {}, sent => 0, space => { map {
            $_ => { next => 0, largest => -1, acked => -1, seen => {} }
        } keys %first },
    }, $class;

    $self->{socket} = IO::Socket::INET->new(
        Proto => 'udp', PeerAddr => '127.0.0.1', PeerPort => $want{port})
        or die "no socket: $!\n";
    $self->{socket}->blocking(0);

    my $secret = hmac_sha256($self->{server}, $salt);

    $self->set_keys('initial', map { expand_label($secret, "$_ in", '', 32) }
                               qw/client server/);

    my $many = varint(1 << 24);
    my @parameters = (
        IDLE, varint(1000 * ($want{idle} // 60)), DATA, $many,
        DATA_BIDI_LOCAL, $many, DATA_UNI, $many, STREAMS_UNI, varint(8),
        SOURCE, $self->{id});

    $self->{tls} = WebhookTest::TLS13->new(
        alpn => $want{alpn}, cert => $want{cert},
        parameters => pack '(C C/a)*', @parameters);

    $self->send_crypto('initial', $self->{tls}{hello});
    $self->run_until(sub { $self->{keys}{application} })
        or die "no connection by QUIC\n";

    return $self;
}


# Takes bytes to send on a stream, at most step of them in a packet.
sub write {
    my ($self, $id, $bytes, %want) = @_;

    my $out = $self->stream($id);

    push @{ $out->{pieces} }, unpack '(a' . ($want{step} // MAX_PIECE) . ')*',
                                     $bytes;
}


# The end of a stream, after what has been written.
sub finish {
    my ($self, $id) = @_;

    $self->stream($id)->{fin} = 1;
}


# The end of a stream that is not whole.
sub reset {
    my ($self, $id, $code) = @_;

    my $out = $self->stream($id);

    $self->send_packet('application', join '', map { varint($_) }
                       RESET_STREAM, $id, $code, $out->{offset});
    $out->{ended} = 1;
}


# Sends all that has been written; false when it cannot.
sub flush {
    my ($self) = @_;

    return $self->run_until(sub { !grep { waits($_) } values %{ $self->{out} }
    });
}


# True when a stream has something that has not been sent.
sub waits {
    my ($out) = @_;

    return !$out->{ended} && (@{ $out->{pieces} } || $out->{fin});
}


# Says that the connection ends.
sub close {
    my ($self, $code) = @_;

    $self->send_packet('application', join '', map { varint($_) }
                       CLOSE_APPLICATION, $code, 0);
    $self->forget;
}


# Ends it without a word.
sub forget {
    my ($self) = @_;

    CORE::close $self->{socket};
    $self->{closed} = 'by us';
}


# Sends and receives until the condition holds; false when it cannot any more.
sub run_until {
    my ($self, $condition) = @_;

    my $until = time + $self->{timeout};
    my $select = IO::Select->new($self->{socket});

    while (!$condition->()) {
        return 0 if $self->{closed} || time > $until;

        $self->send_streams + $self->receive
            or $select->can_read($until - time);
    }

    return 1;
}


sub stream {
    my ($self, $id) = @_;

    return $self->{out}{$id} //= {
        id => $id, pieces => [], offset => 0,
        limit => $self->{limits}{$id & 2 ? DATA_UNI : DATA_BIDI_REMOTE} // 0,
    };
}


# A piece of each stream in turn, as far as the server lets come: how many.
sub send_streams {
    my ($self) = @_;

    my $space = $self->{space}{application};
    my $sent = 0;

    for my $id (sort { $a <=> $b } keys %{ $self->{out} }) {
        last if $space->{next} - $space->{acked} > MAX_IN_FLIGHT;

        my $out = $self->{out}{$id};

        next if !waits($out);

        my $piece = $out->{pieces}[0] // '';
        my $len = length $piece;

        next if $out->{offset} + $len > $out->{limit}
                || $self->{sent} + $len > $self->{limits}{+DATA};

        shift @{ $out->{pieces} };
        $out->{ended} = $out->{fin} && !@{ $out->{pieces} };

        $self->send_packet('application', join '', varint(STREAM
            | STREAM_OFFSET | STREAM_LENGTH | ($out->{ended} ? STREAM_FIN : 0)),
            varint($id), varint($out->{offset}), varint($len), $piece);

        $out->{offset} += $len;
        $self->{sent} += $len;
        $sent++;
    }

    return $sent;
}


sub send_crypto {
    my ($self, $level, $bytes) = @_;

    $self->send_packet($level, join '', varint(CRYPTO), varint(0),
                       varint(length $bytes), $bytes);
}


sub set_keys {
    my ($self, $level, @secrets) = @_;

    $self->{keys}{$level} = [map {
        my $secret = $_;
        my ($key, $iv, $hp) = map { expand_label($secret, "quic $_->[0]", '',
                                                 $_->[1]) }
                              ['key', 16], ['iv', 12], ['hp', 16];

        { key => $key, iv => $iv, mask => Crypt::Cipher::AES->new($hp) }
    } @secrets];
}


sub send_packet {
    my ($self, $level, $frames) = @_;

    my $keys = $self->{keys}{$level}[0];
    my $number = $self->{space}{$level}{next}++;
    my $least = $level eq 'initial' ? MIN_INITIAL : 4;
    my $head = chr $first{$level};

    $frames .= chr(PADDING) x ($least - length $frames)
        if length $frames < $least;

    $head .= $level eq 'application' ? $self->{server}
             : pack('N C/a C/a', VERSION, @$self{qw/server id/})
               . ($level eq 'initial' ? varint(0) : '')
               . varint(4 + length($frames) + TAG_SIZE);
    $head .= pack 'N', $number;

    my $sealed = join '', gcm_encrypt_authenticate('AES', $keys->{key},
                     nonce($keys, $number), $head, $frames);

    protect(\$head, length($head) - 4, 4, mask($keys, $sealed, 0));

    $self->{socket}->send($head . $sealed);
}


# Of the bytes there.  CryptX of 2026 takes no substr.
sub mask {
    my ($keys, $bytes, $offset) = @_;

    my $sample = substr $bytes, $offset, 16;

    return $keys->{mask}->encrypt($sample);
}


sub nonce {
    my ($keys, $number) = @_;

    return $keys->{iv} ^ pack 'x8 N', $number;
}


# The protection of a header, which takes itself away.
sub protect {
    my ($packet, $offset, $size, $mask) = @_;

    my $bits = ord($$packet) & 0x80 ? 0x0f : 0x1f;

    substr($$packet, 0, 1) ^= chr(ord($mask) & $bits);
    substr($$packet, $offset, $size) ^= substr $mask, 1, $size;
}


# All datagrams that are there, and an answer to them; false when none is.
sub receive {
    my ($self) = @_;

    my $any = 0;

    while (defined $self->{socket}->recv(my $bytes, 65536)) {
        $any = 1;
        $self->take_datagram($bytes);
        last if $self->{closed};
    }

    for my $level ($self->{closed} ? () : keys %first) {
        my $space = $self->{space}{$level};

        next if !delete $space->{asked};

        my $first = my $last = $space->{largest};
        $first-- while $space->{seen}{$first - 1};

        $self->send_packet($level, join '', map { varint($_) } ACK, $last, 0,
                           0, $last - $first);
    }

    return $any;
}


sub take_datagram {
    my ($self, $bytes) = @_;

    while (length $bytes) {
        my ($level, $start, $len) = ('application', 1 + ID_SIZE,
                                     length $bytes);

        if (ord($bytes) & 0x80) {
            my ($first, undef, $to, $from, $rest)
                = unpack 'C N C/a C/a a*', $bytes;

            $level = $first & 0x20 ? 'handshake' : 'initial';
            $self->{server} = $from;

            take_bytes(\$rest) if $level eq 'initial';

            my $size = take_varint(\$rest);

            $start = length($bytes) - length $rest;
            $len = $start + $size;
        }

        $self->take_packet($level, substr($bytes, 0, $len, ''), $start);
    }
}


sub take_packet {
    my ($self, $level, $packet, $start) = @_;

    my $space = $self->{space}{$level};
    my $keys = ($self->{keys}{$level} // return)->[1];
    my $mask = mask($keys, $packet, $start + 4);
    my $size = 1 + ((ord($packet) ^ ord $mask) & 3);

    protect(\$packet, $start, $size, $mask);

    # the number is the nearest one to what is expected
    my $number = unpack 'N', substr "\0\0\0" . substr($packet, $start, $size),
                                    -4;
    my $range = 1 << 8 * $size;
    my $next = $space->{largest} + 1;

    $number += $range * int(($next - $number) / $range + 0.5)
        if $next > $number;

    my $tag = substr $packet, -TAG_SIZE, TAG_SIZE, '';
    my $head = substr $packet, 0, $start + $size, '';
    my $frames = gcm_decrypt_verify('AES', $keys->{key}, nonce($keys, $number),
                                    $head, $packet, $tag) // return;

    $space->{largest} = $number if $number > $space->{largest};
    $space->{seen}{$number} = 1;
    $space->{asked} = 1 if $self->take_frames($level, $frames);
}


# True when there is something in them that has to be acknowledged.
sub take_frames {
    my ($self, $level, $bytes) = @_;

    my $asks = 0;

    while (length $bytes) {
        my $type = take_varint(\$bytes);

        next if $type == PADDING;

        if ($type == ACK || $type == ACK_ECN) {
            $self->take_ack($level, $type, \$bytes);
            next;
        }

        if ($type == CLOSE || $type == CLOSE_APPLICATION) {
            $self->{closed} = sprintf '%x', take_varint(\$bytes);
            return 0;
        }

        $self->take_frame($level, $type, \$bytes);
        $asks = 1;
    }

    return $asks;
}


sub take_ack {
    my ($self, $level, $type, $bytes) = @_;

    my $space = $self->{space}{$level};
    my ($largest, undef, $ranges) = map { take_varint($bytes) } 1 .. 3;

    take_varint($bytes) for 0 .. 2 * $ranges;

    if ($type == ACK_ECN) {
        take_varint($bytes) for 1 .. 3;
    }

    $space->{acked} = $largest if $largest > $space->{acked};
}


sub take_frame {
    my ($self, $level, $type, $bytes) = @_;

    if ($type == CRYPTO) {
        my $offset = take_varint($bytes);

        put($self->{crypto}{$level} //= {}, $offset, take_bytes($bytes));
        $self->{tls}->take(delete $self->{crypto}{$level}{data});
        $self->advance;

    } elsif (($type & ~7) == STREAM) {
        my $in = $self->{in}{take_varint($bytes)} //= {};
        my $offset = $type & STREAM_OFFSET ? take_varint($bytes) : 0;
        my $data = $type & STREAM_LENGTH ? take_bytes($bytes)
                                         : substr $$bytes, 0, undef, '';

        put($in, $offset, $data);
        $in->{end} = $offset + length $data if $type & STREAM_FIN;
        $in->{ended} = 1
            if defined $in->{end} && $in->{offset} == $in->{end};

    } elsif ($type == RESET_STREAM) {
        my ($id, $code) = map { take_varint($bytes) } 1 .. 3;

        $self->{in}{$id}{reset} = sprintf '%x', $code;
        $self->{in}{$id}{ended} = 1;

    } elsif ($type == STOP_SENDING) {
        my ($id, $code) = map { take_varint($bytes) } 1 .. 2;

        $self->reset($id, $code) if !$self->stream($id)->{ended};

    } elsif ($type == MAX_DATA) {
        $self->{limits}{+DATA} = take_varint($bytes);

    } elsif ($type == MAX_STREAM_DATA) {
        my $out = $self->stream(take_varint($bytes));

        $out->{limit} = take_varint($bytes);

    } else {
        $self->pass_over($type, $bytes);
    }
}


sub pass_over {
    my ($self, $type, $bytes) = @_;

    for (split //, $other{$type} // die "QUIC: a frame of type $type\n") {
        $_ eq 'v' ? take_varint($bytes)
        : $_ eq 'b' ? take_bytes($bytes)
        : $_ eq 'i' ? substr $$bytes, 0, 1 + ord $$bytes, ''
        : substr $$bytes, 0, $_ eq 't' ? 16 : 8, '';
    }
}


# Bytes of a stream at their place, in whatever order they come.
sub put {
    my ($in, $offset, $bytes) = @_;

    $in->{offset} //= 0;
    $in->{data} //= '';
    $in->{later}{$offset} = $bytes;

    for my $at (sort { $a <=> $b } keys %{ $in->{later} }) {
        last if $at > $in->{offset};

        my $piece = delete $in->{later}{$at};
        my $known = $in->{offset} - $at;

        next if $known >= length $piece;

        $in->{data} .= substr $piece, $known;
        $in->{offset} = $at + length $piece;
    }
}


# What the handshake has come to.
sub advance {
    my ($self) = @_;

    my ($tls, $keys) = @$self{qw/tls keys/};

    $self->set_keys('handshake', @{ $tls->{handshake} })
        if $tls->{handshake} && !$keys->{handshake};

    return if !$tls->{finished} || $keys->{application};

    my $parameters = $tls->{parameters};

    while (length $parameters) {
        my ($name, $value) = (take_varint(\$parameters),
                              take_bytes(\$parameters));

        $self->{limits}{$name} = take_varint(\$value)
            if $name >= DATA && $name <= DATA_UNI;
    }

    $self->set_keys('application', @{ $tls->{application} });
    $self->send_crypto('handshake', $tls->{finished});
}


# An integer of RFC 9000, 16.
sub varint {
    my ($n) = @_;

    return $n < 1 << 6 ? chr $n
         : $n < 1 << 14 ? pack 'n', $n | 1 << 14 : pack 'N', $n | 1 << 31;
}


sub take_varint {
    my ($bytes) = @_;

    my $size = 1 << (ord($$bytes) >> 6);
    my $n = unpack 'Q>', substr "\0" x 7 . substr($$bytes, 0, $size, ''), -8;

    return $n & (1 << 8 * $size - 2) - 1;
}


sub take_bytes {
    my ($bytes) = @_;

    my $len = take_varint($bytes);

    return substr $$bytes, 0, $len, '';
}


1;
