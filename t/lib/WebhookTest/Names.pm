package WebhookTest::Names;

# A DNS server of one process, for nginx's "resolver":
#
#     my $names = WebhookTest::Names->new('redis.test' => ['127.0.0.1']);
#     "resolver 127.0.0.1:$names->{port};"
#     $names->set('redis.test' => ['127.0.0.2', '127.0.0.1']);
#
# A name that it does not know does not exist.

use strict;
use warnings;

use File::Temp;
use IO::Socket::INET;
use POSIX ();
use Socket qw/inet_aton/;

use WebhookTest;
use WebhookTest::Cert qw/read_file write_file/;


sub new {
    my ($class, %names) = @_;

    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                       Proto => 'udp')
        or die "no DNS server: $!\n";

    my $self = bless { port => $socket->sockport,
                       file => File::Temp->new, log => File::Temp->new },
                     $class;

    $self->set(%names);

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        $SIG{TERM} = 'DEFAULT';
        serve($socket, "$self->{file}", "$self->{log}");
        POSIX::_exit(0);
    }

    $self->{pid} = $pid;

    return $self;
}


# The addresses of names from now on.
sub set {
    my ($self, %names) = @_;

    write_file("$self->{file}", join '', map { "$_ @{ $names{$_} }\n" }
                                         sort keys %names);
}


# The names that were asked for.
sub asked { return split /\n/, read_file("$_[0]{log}") }


sub serve {
    my ($socket, $file, $log) = @_;

    while (defined(my $peer = $socket->recv(my $query, 512))) {
        my ($name, $type) = question($query);
        my ($line) = grep { /^\Q$name\E / } split /\n/, read_file($file);
        my (undef, @addresses) = split / /, $line // '';

        @addresses = () if $type != 1;

        open my $out, '>>', $log;
        print $out "$name\n";
        close $out;

        # a question that is repeated, and addresses for a second
        $socket->send(pack('a2 n5', $query, defined $line ? 0x8180 : 0x8183,
                           1, scalar @addresses, 0, 0)
                      . substr($query, 12, length($name) + 6)
                      . join('', map { pack('n3 N n a4', 0xc00c, 1, 1, 1, 4,
                                            inet_aton($_)) } @addresses),
                      0, $peer);
    }
}


# The name and the type that are asked for.
sub question {
    my ($query) = @_;

    my ($at, @labels) = 12;

    while (my $length = unpack "x$at C", $query) {
        push @labels, substr $query, $at + 1, $length;
        $at += 1 + $length;
    }

    return (join('.', @labels), unpack 'x' . ($at + 1) . ' n', $query);
}


sub DESTROY {
    my ($self) = @_;

    local ($@, $!, $?);

    my $pid = delete $self->{pid} // return;

    kill 'KILL', $pid;
    waitpid $pid, 0;
}


1;
