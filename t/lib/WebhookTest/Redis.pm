package WebhookTest::Redis;

# A real redis-server on a free port or a socket, and a client for it:
#
#     my $redis = WebhookTest::Redis->new(options => ['--maxmemory', '2mb']);
#     "webhook_redis shared ${\ $redis->url };"
#     is($redis->ask('GET', 'x'), undef);
#
# And WebhookTest::Redis::Fake, a server that says what the test wants:
#
#     my $fake = WebhookTest::Redis::Fake->new(['SET', "-OOM no\r\n"]);

use strict;
use warnings;

use File::Temp;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw/sleep time/;

use WebhookTest;

my ($version) = `redis-server --version` =~ /v=(\d+\.\d+)/;

plan(skip_all => "redis-server $version is older than 7.0")
    if defined $version && $version < 7;


# options   further arguments of the server
# unix      true: it listens on a socket in its directory only
# tls       a certificate as WebhookTest::Cert makes them: TLS on the port
# clients   the file of the authority that certificates of clients are of
# start     false: only its port is known, for a later ->start
sub new {
    my ($class, %want) = @_;

    my $temp = File::Temp->newdir('redis-XXXXXX', TMPDIR => 1);
    my $self = bless { options => [], %want, temp => $temp, dir => "$temp",
                       port => WebhookTest::free_port() }, $class;

    # the workers are somebody else when the master is root
    chmod 0755, "$temp";

    $self->start if $want{start} // 1;

    return $self;
}


sub url {
    my ($self) = @_;

    return $self->{unix} ? "unix:$self->{dir}/socket"
           : ($self->{tls} ? 'rediss' : 'redis') . "://127.0.0.1:$self->{port}";
}


sub start {
    my ($self) = @_;

    my @where = $self->{unix}
        ? ('--port', 0, '--unixsocket', "$self->{dir}/socket",
           '--unixsocketperm', 777)
        : $self->{tls}
        ? ('--port', 0, '--tls-port', $self->{port}, '--tls-cert-file',
           $self->{tls}{cert}, '--tls-key-file', $self->{tls}{key},
           $self->{clients} ? ('--tls-ca-cert-file', $self->{clients})
                            : ('--tls-auth-clients', 'no'))
        : ('--port', $self->{port});

    $self->{pid} = WebhookTest::spawn("$self->{dir}/log", {},
        'redis-server', '--bind', '127.0.0.1', @where, '--save', '',
        '--appendonly', 'no', '--dir', $self->{dir}, @{ $self->{options} });

    WebhookTest::wait_for($self, sub { $self->listens }, 'redis-server');
}


# For ->wait_for of WebhookTest.
sub stderr { return WebhookTest::Cert::read_file("$_[0]{dir}/log") }
sub error_log { return '' }


sub listens {
    my ($self) = @_;

    return defined eval { $self->connection };
}


sub connection {
    my ($self) = @_;

    return $self->{unix}
        ? IO::Socket::UNIX->new(Peer => "$self->{dir}/socket")
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                PeerPort => $self->{port});
}


sub signal {
    my ($self, $signal) = @_;

    kill $signal, $self->{pid};
}


# Ends it at once, with all that it knows.
sub crash {
    my ($self) = @_;

    my $pid = delete $self->{pid} // return;

    kill 'KILL', $pid;
    kill 'CONT', $pid;
    waitpid $pid, 0;
}


# The answer to one command: undef for none, a text, or a list; errors begin
# with "-".
sub ask {
    my ($self, @words) = @_;

    my $socket = $self->{client} //= $self->connection // die "no Redis\n";

    print $socket '*' . @words . "\r\n",
                  map { '$' . length($_) . "\r\n$_\r\n" } @words;

    return answer($socket);
}


sub answer {
    my ($socket) = @_;

    my $line = <$socket> // die "no answer of Redis\n";

    $line =~ s/\r\n\z//;

    my ($type, $rest) = $line =~ /\A(.)(.*)\z/s;

    return $line if $type eq '-';
    return $rest if $type =~ /[+:]/;
    return undef if $rest < 0;
    return [map { answer($socket) } 1 .. $rest] if $type eq '*';

    read $socket, my $bytes, $rest + 2;

    return substr $bytes, 0, $rest;
}


# What is known of messages: values by their key.
sub messages {
    my ($self, $prefix) = @_;

    $prefix //= 'wh:';

    return { map { $_ => $self->ask('GET', $_) }
             grep { $_ ne "${prefix}probe" }
             @{ $self->ask('KEYS', "$prefix*") } };
}


sub DESTROY {
    my ($self) = @_;

    local ($@, $!, $?);

    $self->crash;
}


package WebhookTest::Redis::Fake;

use IO::Select;
use IO::Socket::INET;


# Answers commands: the first rule whose pattern is in the words of a command,
# joined by spaces, says how.  A rule is a pattern and bytes, or a function
# that gets the words and returns bytes; undef: the connection is closed, '':
# no answer.  Without a rule it greets, takes claims and acknowledges.
sub new {
    my ($class, @rules) = @_;

    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                         Listen => 128)
        or die "no fake Redis: $!\n";

    my $log = File::Temp->new;
    my $self = bless { port => $listener->sockport, log => $log }, $class;

    $self->{pid} = fork // die "fork: $!";

    if ($self->{pid} == 0) {
        $SIG{TERM} = $SIG{PIPE} = 'DEFAULT';
        $SIG{PIPE} = 'IGNORE';
        serve($listener, "$log", @rules,
              [qr/^HELLO/, "*2\r\n\$6\r\nserver\r\n\$4\r\nfake\r\n"],
              [qr/^(AUTH|SELECT)|^SET \S+ 1 PX/, "+OK\r\n"],
              [qr/^SET/, "\$-1\r\n"],
              [qr/^EVAL/, ":1\r\n"],
              [qr//, "-ERR unknown command\r\n"]);
        POSIX::_exit(0);
    }

    return $self;
}


sub url { return "redis://127.0.0.1:$_[0]{port}" }


# The commands that have come, each in one line.
sub commands {
    my ($self) = @_;

    return split /\n/, WebhookTest::Cert::read_file("$self->{log}");
}


sub serve {
    my ($listener, $file, @rules) = @_;

    my $sockets = IO::Select->new($listener);
    my %received;

    open my $log, '>>', $file or die;
    $log->autoflush(1);

    while (1) {
        for my $socket ($sockets->can_read) {
            if ($socket == $listener) {
                $sockets->add($listener->accept // next);
                next;
            }

            my $n = sysread $socket, $received{$socket}, 65536,
                            length($received{$socket} // '');

            if ($n) {
                next if answer($socket, \$received{$socket}, $log, @rules);
            }

            $sockets->remove($socket);
            delete $received{$socket};
            close $socket;
        }
    }
}


# False when the connection is to be closed.
sub answer {
    my ($socket, $bytes, $log, @rules) = @_;

    while (my @words = command($bytes)) {
        my $words = join ' ', @words;

        print $log "$words\n";

        my ($rule) = grep { $words =~ $_->[0] } @rules;
        my $answer = ref $rule->[1] ? $rule->[1]->(@words) : $rule->[1];

        defined $answer or return 0;
        syswrite $socket, $answer;
    }

    return 1;
}


# The words of a whole command, which is taken away.
sub command {
    my ($bytes) = @_;

    my $rest = $$bytes;

    $rest =~ s/\A\*(\d+)\r\n// or return;

    my @words;

    for (1 .. $1) {
        $rest =~ s/\A\$(\d+)\r\n// && length $rest >= $1 + 2 or return;
        push @words, substr $rest, 0, $1, '';
        substr $rest, 0, 2, '';
    }

    $$bytes = $rest;

    return @words;
}


sub stop {
    my ($self) = @_;

    my $pid = delete $self->{pid} // return;

    kill 'KILL', $pid;
    waitpid $pid, 0;
}


sub DESTROY {
    my ($self) = @_;

    local ($@, $!, $?);

    $self->stop;
}


package WebhookTest::Redis::Liar;

use IO::Socket::UNIX;


# On a socket: it reads the greeting and the probe of one connection and nothing
# more, and answers claims when and as often as the test says.  The names of
# others are refused.
sub new {
    my ($class) = @_;

    my $dir = File::Temp->newdir('liar-XXXXXX', TMPDIR => 1);
    my $path = "$dir/socket";
    my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 8)
        or die "no liar: $!\n";

    chmod 0777, "$dir", $path;

    return bless { dir => $dir, path => $path, listener => $listener }, $class;
}


# True when a worker has been greeted.
sub greeted {
    my ($self) = @_;

    my $socket = $self->{socket} = $self->{listener}->accept;
    my $bytes = '';

    for my $answer ("*0\r\n", "+OK\r\n") {
        until (WebhookTest::Redis::Fake::command(\$bytes)) {
            sysread $socket, $bytes, 4096, length $bytes or return 0;
        }

        syswrite $socket, $answer;
    }

    delete $self->{listener};

    return 1;
}


# So many messages are new.
sub answer {
    my ($self, $n) = @_;

    syswrite $self->{socket}, "\$-1\r\n" x $n;
}


1;
