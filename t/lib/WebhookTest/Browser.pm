package WebhookTest::Browser;

# A headless Chromium, driven through its debugging pipe (JSON messages with a
# NUL behind each, on the descriptors 3 and 4).
#
#     my $b = WebhookTest::Browser->new;
#     $b->open('http://127.0.0.1:8080/');
#     is($b->evaluate('document.title'), 'Webhooks');

use strict;
use warnings;

use File::Temp;
use IO::Select;
use JSON::PP;
use MIME::Base64;
use POSIX qw/WNOHANG/;
use Time::HiRes qw/sleep time/;

my $SECONDS = 90;               # for the answer to one command

my $json = JSON::PP->new->utf8->allow_nonref;


# Dies when there is no Chromium.
sub new {
    my ($class) = @_;

    my ($binary) = grep { -x } map { my $dir = $_; map { "$dir/$_" }
                       qw/chromium-headless-shell chromium/ }
                   split /:/, $ENV{PATH};

    $binary // die "no Chromium: install chromium-headless-shell\n";

    my $self = bless {
        profile => File::Temp->newdir, buffer => '', id => 0, events => [],
    }, $class;

    pipe my $commands, $self->{out} or die "pipe: $!";
    pipe $self->{in}, my $answers or die "pipe: $!";

    $self->{pid} = fork // die "fork: $!";

    if ($self->{pid} == 0) {
        my ($from, $to) = (fileno $commands, fileno $answers);

        # not onto each other
        $from = POSIX::dup($from);
        $to = POSIX::dup($to);
        POSIX::dup2($from, 3);
        POSIX::dup2($to, 4);

        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$self->{profile}/log";
        open STDERR, '>&', \*STDOUT;
        exec $binary, '--headless', '--no-sandbox', '--disable-gpu',
             '--disable-dev-shm-usage', '--remote-debugging-pipe',
             '--no-first-run', '--disable-background-networking',
             '--disable-component-update', '--no-proxy-server',
             "--user-data-dir=$self->{profile}/profile"
            or POSIX::_exit(127);
    }

    $self->{out}->autoflush(1);

    my $target = $self->call('Target.createTarget', url => 'about:blank');
    my $session = $self->call('Target.attachToTarget',
                              flatten => JSON::PP::true,
                              targetId => $target->{targetId});

    $self->{session} = $session->{sessionId};
    $self->call("$_.enable") for qw/Page Runtime Log Network/;

    return $self;
}


# A command and its result.  What comes in between goes to ->events.
sub call {
    my ($self, $method, %params) = @_;

    my $id = ++$self->{id};

    local $SIG{PIPE} = 'IGNORE';

    print { $self->{out} } $json->encode({
        id => $id, method => $method, params => \%params,
        $self->{session} ? (sessionId => $self->{session}) : (),
    }), "\0";

    my $until = time + $SECONDS;

    while (time < $until) {
        my $message = $self->message($until) // last;

        if (($message->{id} // 0) == $id) {
            die "$method: $message->{error}{message}\n" if $message->{error};
            return $message->{result};
        }

        push @{ $self->{events} }, $message if $message->{method};
    }

    die "$method: no answer\n", do {
        open my $log, '<', "$self->{profile}/log";
        local $/;
        <$log> // '';
    };
}


# The next message, or undef at the end of all.
sub message {
    my ($self, $until) = @_;

    my $select = IO::Select->new($self->{in});

    while ($self->{buffer} !~ /\0/) {
        $select->can_read($until - time) or return;
        sysread $self->{in}, $self->{buffer}, 65536, length $self->{buffer}
            or return;
    }

    $self->{buffer} =~ s/\A([^\0]*)\0//;

    return $json->decode($1);
}


# Loads a page and waits until it is there.
sub open {
    my ($self, $url) = @_;

    $self->call('Page.navigate', url => $url);
    $self->wait_for("document.readyState === 'complete'");
}


# The value of an expression.
sub evaluate {
    my ($self, $expression) = @_;

    my $result = $self->call('Runtime.evaluate', expression => $expression,
                             returnByValue => JSON::PP::true,
                             awaitPromise => JSON::PP::true);

    die "$expression: $result->{exceptionDetails}{text}\n"
        if $result->{exceptionDetails};

    return $result->{result}{value};
}


# True as soon as the expression is, false when it does not become true.
sub wait_for {
    my ($self, $expression, $seconds) = @_;

    my $until = time + ($seconds // $SECONDS);

    while (!$self->evaluate($expression)) {
        return 0 if time > $until;
        sleep 0.1;
    }

    return 1;
}


# Size of the window, and light or dark.
sub look {
    my ($self, $width, $height, $scheme) = @_;

    $self->call('Emulation.setDeviceMetricsOverride', width => $width,
                height => $height, deviceScaleFactor => 1,
                mobile => $width < 600 ? JSON::PP::true : JSON::PP::false);
    $self->call('Emulation.setEmulatedMedia', features => [
        { name => 'prefers-color-scheme', value => $scheme }]);
}


# The page as a PNG file, as far down as so many pixels.
sub screenshot {
    my ($self, $file, $height) = @_;

    my $size = $self->call('Page.getLayoutMetrics')->{cssContentSize};

    $size->{height} = $height if $size->{height} > $height;

    my $shot = $self->call('Page.captureScreenshot', format => 'png',
                           captureBeyondViewport => JSON::PP::true,
                           clip => { %$size, scale => 1 });

    CORE::open my $out, '>:raw', $file or die "$file: $!\n";
    print $out decode_base64($shot->{data});
    close $out;
}


# The parameters of all events of a name that have come.
sub events {
    my ($self, $method) = @_;

    return map { $_->{params} } grep { $_->{method} eq $method }
           @{ $self->{events} };
}


sub DESTROY {
    my ($self) = @_;

    local ($@, $!, $?);

    my $pid = delete $self->{pid} or return;
    my $until = time + 5;

    close $self->{out};
    kill 'TERM', $pid;

    while (waitpid($pid, WNOHANG) == 0) {
        kill 'KILL', $pid if time > $until;
        sleep 0.05;
    }
}


1;
