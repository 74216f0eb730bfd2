package WebhookTest::Gateway;

# Applications that speak FastCGI, SCGI and uWSGI.  Each request that comes is
# appended to a file as tools/app does it: a JSON document a line with kind,
# method, headers (list of pairs: what was named HTTP_..., and CONTENT_LENGTH)
# and body_base64; incomplete is true for one that is broken off.  The answer
# is 202.
#
#     my $gateway = WebhookTest::Gateway->new;
#     ...  fastcgi_pass  with $gateway->address('fastcgi')
#     $gateway->start("$t->{dir}/logs/app");

use strict;
use warnings;

use Exporter qw/import/;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64;
use POSIX ();

use WebhookTest;

our @EXPORT_OK = qw/fastcgi_pairs record/;

# record types of FastCGI
use constant { FCGI_BEGIN => 1, FCGI_END => 3, FCGI_PARAMS => 4,
               FCGI_STDIN => 5, FCGI_STDOUT => 6 };

my $cgi = "Status: 202 Accepted\r\nContent-Type: text/plain\r\n\r\nok";

my %read = (fastcgi => \&read_fastcgi, scgi => \&read_scgi,
            uwsgi => \&read_uwsgi);
my %answer = (
    fastcgi => record(FCGI_STDOUT, $cgi) . record(FCGI_STDOUT, '')
               . record(FCGI_END, "\0" x 8),
    scgi => $cgi,
    uwsgi => "HTTP/1.0 202 Accepted\r\nContent-Type: text/plain\r\n\r\nok",
);


# Listens on free ports of 127.0.0.1.
sub new {
    my ($class) = @_;

    my %listener = map {
        $_ => IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 128)
              // die "no gateway: $!\n"
    } keys %read;

    return bless { listener => \%listener }, $class;
}


sub address {
    my ($self, $kind) = @_;

    return '127.0.0.1:' . $self->{listener}{$kind}->sockport;
}


# Takes requests from here on, and records them in the file.
sub start {
    my ($self, $file) = @_;

    $self->{pid} = fork // die "fork: $!\n";

    if ($self->{pid} == 0) {
        $SIG{$_} = 'DEFAULT' for qw/HUP INT TERM/;
        $SIG{PIPE} = 'IGNORE';
        serve($self->{listener}, $file);
        POSIX::_exit(0);
    }
}


sub DESTROY {
    my ($self) = @_;

    local ($@, $!, $?);

    if (my $pid = delete $self->{pid}) {
        kill 'TERM', $pid;
        WebhookTest::end_of($pid, 5);
    }
}


sub serve {
    my ($listener, $file) = @_;

    my $select = IO::Select->new(values %$listener);
    my %kind = map { $listener->{$_} => $_ } keys %$listener;

    while (my @ready = $select->can_read) {
        for my $ready (@ready) {
            my $socket = $ready->accept or next;
            my $kind = $kind{$ready};
            my $request = eval { $read{$kind}->($socket) };

            note($file, $kind, $request // { incomplete => JSON::PP::true });
            syswrite $socket, $answer{$kind};
            close $socket;
        }
    }
}


sub note {
    my ($file, $kind, $request) = @_;

    my %param = %{ $request->{params} // {} };
    my @headers = map { [lc s/\AHTTP_//r =~ tr/_/-/r, $param{$_}] }
                  grep { /\A(?:HTTP_|CONTENT_LENGTH\z)/ } sort keys %param;

    open my $record, '>>:raw', $file or die "$file: $!\n";
    syswrite $record, encode_json({
        kind => $kind, method => $param{REQUEST_METHOD}, headers => \@headers,
        body_base64 => encode_base64($request->{body} // '', ''),
        $request->{incomplete} ? (incomplete => JSON::PP::true) : (),
    }) . "\n";
}


# Exactly so many bytes; dies where there are no more.
sub read_bytes {
    my ($socket, $len) = @_;

    my $bytes = '';

    while (length $bytes < $len) {
        sysread $socket, $bytes, $len - length $bytes, length $bytes
            or die "broken off\n";
    }

    return $bytes;
}


sub read_fastcgi {
    my ($socket) = @_;

    my %stream = (FCGI_PARAMS, '', FCGI_STDIN, '');
    my %ended;

    while (!$ended{+FCGI_PARAMS} || !$ended{+FCGI_STDIN}) {
        my ($type, $len, $padding) =
            unpack 'x C x2 n C x', read_bytes($socket, 8);
        my $content = read_bytes($socket, $len);

        read_bytes($socket, $padding);

        next if $type == FCGI_BEGIN;
        $ended{$type} = 1 if $len == 0;
        $stream{$type} .= $content;
    }

    return { params => { fastcgi_pairs($stream{+FCGI_PARAMS}) },
             body => $stream{+FCGI_STDIN} };
}


# Each length is one byte, or four of which the first has the highest bit set.
sub fastcgi_pairs {
    my ($bytes) = @_;

    my @pairs;

    while (length $bytes) {
        my @len = map {
            ord($bytes) < 128
                ? ord substr $bytes, 0, 1, ''
                : unpack('N', substr $bytes, 0, 4, '') & 0x7fffffff
        } 1, 2;

        push @pairs, map { substr $bytes, 0, $_, '' } @len;
    }

    return @pairs;
}


sub record {
    my ($type, $content) = @_;

    return pack('CCnnCx', 1, $type, 1, length $content, 0) . $content;
}


sub read_scgi {
    my ($socket) = @_;

    my $len = '';

    1 while ($len .= read_bytes($socket, 1)) !~ /:\z/;

    my %params = unpack '(Z*)*', read_bytes($socket, $len =~ s/://r);

    read_bytes($socket, 1);

    return { params => \%params,
             body => read_bytes($socket, $params{CONTENT_LENGTH}) };
}


sub read_uwsgi {
    my ($socket) = @_;

    my ($len) = unpack 'x v', read_bytes($socket, 4);
    my %params = unpack '(v/a)*', read_bytes($socket, $len);

    return { params => \%params,
             body => read_bytes($socket, $params{CONTENT_LENGTH} || 0) };
}


1;
