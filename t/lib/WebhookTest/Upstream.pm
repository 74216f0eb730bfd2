package WebhookTest::Upstream;

# An application that answers when the test says so: the test takes the
# requests that have come, looks at them, and answers, or does not.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;

use WebhookTest;


# Listens on a free port of 127.0.0.1.
sub new {
    my ($class) = @_;

    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                         Listen => 128)
        or die "no application: $!\n";

    return bless { listener => $listener }, $class;
}


sub address {
    my ($self) = @_;

    return '127.0.0.1:' . $self->{listener}->sockport;
}


# The next request, for ->answer, with its bytes; undef when none has come
# within the seconds, 30 unless told, of a slow machine more.
sub take {
    my ($self, $seconds) = @_;

    IO::Select->new($self->{listener})
        ->can_read($seconds // 30 * $WebhookTest::patience) or return;

    my $socket = $self->{listener}->accept or return;
    my $bytes = '';

    while ($bytes !~ /\r\n\r\n/ || length $' < length_of($bytes)) {
        sysread $socket, $bytes, 65536, length $bytes or last;
    }

    return { socket => $socket, bytes => $bytes };
}


sub length_of {
    my ($bytes) = @_;

    return ($bytes =~ /^Content-Length: (\d+)/mi)[0] // 0;
}


# Answers a request, with a status or with bytes as they are, and closes.
sub answer {
    my ($self, $request, $answer) = @_;

    send_bytes($request, $answer =~ /\A\d{3}\z/
               ? "HTTP/1.1 $answer Said\r\nContent-Length: 4\r\n\r\nsaid"
               : $answer);
    hang_up($request);
}


sub send_bytes {
    my ($request, $bytes) = @_;

    local $SIG{PIPE} = 'IGNORE';
    syswrite $request->{socket}, $bytes;
}


sub hang_up {
    my ($request) = @_;

    close delete $request->{socket};
}


1;
