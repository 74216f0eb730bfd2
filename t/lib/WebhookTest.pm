package WebhookTest;

# A running nginx with the module and an application behind it, and a client
# that can do what Test::Nginx::Socket cannot say: client certificates, HTTP/2,
# signals, bodies in pieces, another clock.
#
#     my $t = WebhookTest->new(conf => <<'EOF');
#         server {
#             listen 127.0.0.1:%%PORT%%;
#             location / { proxy_pass http://%%APP%%; }
#         }
#     EOF
#
#     my $r = $t->request({ uri => '/hook', body => '{}' });
#     is($r->{status}, 202);
#     is(($t->app_requests)[0]{body}, '{}');
#     $t->done;
#
# Further methods, for what most tests do: WebhookTest::Ask.
#
# Replaced in configurations and in arguments of curl: %%PORT%%, %%PORT_1%%,
# %%TLS_PORT%%, %%TLS_PORT_1%% ... (free ports), %%APP%% (the application's
# address, started on first use), %%DIR%% (the prefix directory).  Where there
# is a %%TLS_PORT%%, %%DIR%%/server.pem and server.key are made.

use strict;
use warnings;

use feature 'state';

use Cwd qw/abs_path/;
use File::Basename qw/basename dirname/;
use File::Path qw/make_path/;
use File::Spec;
use File::Temp;
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64;
use POSIX qw/WNOHANG/;
use Test::More;
use Time::HiRes qw/sleep time/;

use WebhookTest::Ask;
use WebhookTest::Cert qw/ca cert/;
use WebhookTest::Connection;
use WebhookTest::HTTP2;

our @ISA = qw/WebhookTest::Ask/;

my $root = abs_path(dirname(__FILE__) . '/../..');
my $build = File::Spec->rel2abs($ENV{WEBHOOK_BUILD} || "$root/build");
my $binary = $ENV{TEST_NGINX_BINARY} || find_nginx();
my $valgrind = $ENV{WEBHOOK_VALGRIND};

# Factor of every time to wait.  At the end of each process LeakSanitizer looks
# through all of its memory, which takes seconds where nginx alone ends at once,
# and a reload or a stop ends several on as few processors.
our $patience = $valgrind ? 10 : $ENV{WEBHOOK_SANITIZE} ? 3 : 1;

# before 1.21.5, with OpenSSL 3, of any client that just closes TLS
our $closed_tls = qr/\[crit\].*[ ]SSL_(?:read\(\)[ ]failed[ ].*unexpected[ ]eof
                        |write\(\)[ ]failed,[ ])/x;

# options of the sanitizers, which another binary that nginx starts needs, too
my @sanitizers = qw/ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS/;

# a test that is broken off still stops what it started
$SIG{$_} = sub { exit 1 } for qw/HUP INT PIPE TERM/;


# conf      what stands in http { }
# main      what stands outside of it
# events    what stands in events { }
# now       the clock's time at the start, in seconds of Unix time
# frozen    true: and for ever, or until ->set_now
# workers   1 unless told
# log       level of the error log; info unless told
# modules   further modules to load, by file name or path
# module    false: not ours
# files     { name below the prefix directory => bytes }
# start     false: only written, for a later ->start
sub new {
    my ($class, %want) = @_;

    my $self = bless {
        log => 'info', workers => 1, modules => [], module => 1, main => '',
        events => '', conf => '', files => {}, ports => {}, %want,
        temp => File::Temp->newdir('webhook-XXXXXX', TMPDIR => 1),
    }, $class;

    $self->{dir} = $self->{temp}->dirname;

    # the workers are somebody else when the master is root
    chmod 0755, $self->{dir};
    mkdir "$self->{dir}/logs";

    $self->write_file($_, $want{files}{$_}) for keys %{ $self->{files} };

    $self->configure;
    $self->start if $want{start} // 1;

    return $self;
}


sub dir { return $_[0]{dir} }


sub port {
    my ($self, $name) = @_;

    return $self->{ports}{$name // 'PORT'} //= free_port();
}


# Writes a file below the prefix directory; the value is its path.
sub write_file {
    my ($self, $name, $bytes) = @_;

    my $path = "$self->{dir}/$name";

    make_path(dirname($path), { mode => 0755 });
    WebhookTest::Cert::write_file($path, $bytes);

    return $path;
}


# Writes nginx.conf anew, from another http part if one is given.
sub configure {
    my ($self, $conf) = @_;

    $self->{conf} = $conf if defined $conf;

    my $modules = join '', map { "load_module $_;\n" } $self->modules;
    my $kept = join '', map { "env $_;\n" }
               defined $self->{now} ? faketime_variables() : (),
               grep { defined $ENV{$_} } @sanitizers;

    $self->write_file('nginx.conf', $self->replace(<<"EOF"));
daemon off;
worker_processes $self->{workers};
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/logs/error.log $self->{log};
$modules$kept$self->{main}
events {
worker_connections 512;
$self->{events}
}
http {
access_log %%DIR%%/logs/access.log;
client_body_temp_path %%DIR%%/temp_body;
proxy_temp_path %%DIR%%/temp_proxy;
fastcgi_temp_path %%DIR%%/temp_fastcgi;
uwsgi_temp_path %%DIR%%/temp_uwsgi;
scgi_temp_path %%DIR%%/temp_scgi;
$self->{conf}
}
EOF

    $self->make_server_certificate if grep { /TLS/ } keys %{ $self->{ports} };
}


sub modules {
    my ($self) = @_;

    my @modules = map { m{/} ? $_ : has_module($_) // die "no module $_\n" }
                  @{ $self->{modules} };

    push @modules, module() if $self->{module};

    return @modules;
}


sub module { return "$build/ngx_http_webhook_module.so" }


sub binary { return $binary }


# The path of a module that the nginx under test can load, or undef.
sub has_module {
    my ($name) = @_;

    my ($dir) = `$binary -V 2>&1` =~ /--modules-path=(\S+)/;

    return defined $dir && -r "$dir/$name" ? "$dir/$name" : undef;
}


# Lua's modules, if they can be loaded: what reads a body before we do.
sub lua {
    my @lua = qw/ndk_http_module.so ngx_http_lua_module.so/;

    return grep({ !has_module($_) } @lua) ? () : @lua;
}


sub make_server_certificate {
    my ($self) = @_;

    return if -e "$self->{dir}/server.pem";

    my $cert = cert(ca($self->{dir}, 'server-ca'),
                    subject => '/CN=localhost', san => ['DNS:localhost']);

    rename $cert->{cert}, "$self->{dir}/server.pem";
    rename $cert->{key}, "$self->{dir}/server.key";
}


sub replace {
    my ($self, $text) = @_;

    $text =~ s/%%((?:TLS_)?PORT(?:_\d+)?)%%/$self->port($1)/ge;
    $text =~ s/%%APP%%/$self->app/ge;
    $text =~ s/%%DIR%%/$self->{dir}/g;

    return $text;
}


sub start {
    my ($self) = @_;

    my @command = ($binary, '-p', $self->{dir}, '-c',
                   "$self->{dir}/nginx.conf");

    if ($valgrind) {
        unshift @command, 'valgrind', '-q', '--leak-check=full',
            '--show-leak-kinds=definite', '--num-callers=40',
            '--keep-debuginfo=yes',
            '--gen-suppressions=all',
            "--suppressions=$root/t/valgrind.suppress",
            "--log-file=$self->{dir}/logs/valgrind.%p";
    }

    $self->{pid} = spawn("$self->{dir}/logs/stderr",
                         $self->environment, @command);

    $self->wait_for(sub { $self->answers }, 'nginx to listen');
    $self->wait_for(sub { $self->workers }, 'the workers');
}


# Every port listens; dies when nginx has ended instead.
sub answers {
    my ($self) = @_;

    if (waitpid($self->{pid}, WNOHANG) == $self->{pid}) {
        delete $self->{pid};
        die 'nginx did not start: ', $self->valgrind_says,
            $self->stderr, $self->error_log;
    }

    for my $port (values %{ $self->{ports} }) {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
            or return 0;
    }

    return -s "$self->{dir}/nginx.pid";
}


sub environment {
    my ($self) = @_;

    return {} if !defined $self->{now};

    my ($library) = glob '/usr/lib/*/faketime/libfaketime.so.1';

    $library // die "no libfaketime\n";

    # Files' times as they are: LeakSanitizer asks for files at the end of a
    # process, when libfaketime has given up the semaphore that it locks then.
    my %value = (LD_PRELOAD => join(':', $library, $ENV{LD_PRELOAD} // ()),
                 FAKETIME_DONT_FAKE_MONOTONIC => 1, NO_FAKE_STAT => 1);

    # A file, because an environment cannot change.
    if ($self->{frozen}) {
        $self->set_now($self->{now});

        return { %value, FAKETIME_TIMESTAMP_FILE => "$self->{dir}/now",
                 FAKETIME_NO_CACHE => 1, FAKETIME_FMT => '%s' };
    }

    # An offset, because libfaketime reads it anew now and then.
    return { %value, FAKETIME => sprintf '%+d', $self->{now} - int time };
}


# Sets a frozen clock.
sub set_now {
    my ($self, $now) = @_;

    $self->{now} = $now;
    $self->write_file('now.new', $now);
    rename "$self->{dir}/now.new", "$self->{dir}/now";
}


# Sets it, and waits until the JSON of "webhook_status" there has it.
sub see_now {
    my ($self, $now, $uri) = @_;

    $self->set_now($now);
    $self->wait_for(sub {
        $self->request({ uri => $uri })->{body} =~ /"time":$now\./;
    }, 'the clock');
}


# Those a worker must see too; nginx takes the rest from it.
sub faketime_variables {
    return qw/LD_PRELOAD FAKETIME FAKETIME_FMT FAKETIME_DONT_FAKE_MONOTONIC
              FAKETIME_SHARED FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE
              NO_FAKE_STAT/;
}


# Starts a command with its standard error, and output, in that file.
sub spawn {
    my ($file, $environment, @command) = @_;

    my $pid = fork // die "fork: $!";

    return $pid if $pid;

    @ENV{keys %$environment} = values %$environment;

    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', $file;
    open STDERR, '>&', \*STDOUT;
    exec @command or POSIX::_exit(127);
}


sub wait_for {
    my ($self, $condition, $what, $seconds) = @_;

    my $until = time + ($seconds // 30) * $patience;

    while (!$condition->()) {
        die "waited too long for $what: ", $self->stderr, $self->error_log
            if time > $until;
        sleep 0.02;
    }
}


# Ends nginx: gracefully, then less so.
sub stop {
    my ($self) = @_;

    for my $signal (qw/QUIT TERM KILL/) {
        $self->{pid} || last;      # 0 would be the tests themselves

        kill $signal, $self->{pid};
        end_of($self->{pid}, 15 * $patience) and delete $self->{pid};
    }
}


# True when the child ends in time.
sub end_of {
    my ($pid, $seconds) = @_;

    local $?;
    my $until = time + $seconds;

    while (waitpid($pid, WNOHANG) == 0) {
        return 0 if time > $until;
        sleep 0.02;
    }

    return 1;
}


sub DESTROY {
    my ($self) = @_;

    local ($@, $!, $?);

    $self->stop;

    if (my $pid = delete $self->{app_pid}) {
        kill 'TERM', $pid;
        end_of($pid, 5) or kill 'KILL', $pid;
    }
}


sub signal {
    my ($self, $signal) = @_;

    kill $signal, $self->{pid};
}


# New workers with the configuration as it is now; the old ones take no more
# connections when this returns.
sub reload {
    my ($self) = @_;

    my %old = map { $_ => 1 } $self->workers;

    $self->signal('HUP');

    $self->wait_for(sub {
        my @now = $self->workers;
        @now && !grep { $old{$_} } @now;
    }, 'the reload');
}


# The process ids of the workers, without those that are shutting down; a log
# of a level above notice does not tell these.
sub workers {
    my ($self) = @_;

    my %retired = map { $_ => 1 }
                  $self->error_log =~ / (\d+)#\d+: gracefully shutting down/g;

    return grep { parent($_) == $self->{pid} && !$retired{$_} }
           map { basename($_) } glob '/proc/[0-9]*';
}


sub parent {
    my ($pid) = @_;

    open my $stat, '<', "/proc/$pid/stat" or return 0;

    return ((<$stat> // '') =~ /\) [A-Y] (\d+)/)[0] // 0;
}


# Kills one worker and waits for its successor.
sub kill_worker {
    my ($self) = @_;

    my ($victim) = my @before = $self->workers;

    kill 'KILL', $victim;

    $self->wait_for(sub {
        my @now = $self->workers;
        @now >= @before && !grep { $_ == $victim } @now;
    }, 'a new worker');
}


sub log_file {
    my ($self, $name) = @_;

    my $path = "$self->{dir}/logs/$name";

    return -e $path ? WebhookTest::Cert::read_file($path) : '';
}


sub valgrind_says {
    my ($self) = @_;

    return map { $self->log_file(basename($_)) }
           glob "$self->{dir}/logs/valgrind.*";
}


# The line that one request leaves in a log of its own, which is then empty
# again.
sub take_line {
    my ($self, $name) = @_;

    my $line;

    $self->wait_for(sub { ($line) = $self->log_file($name) =~ /\A(.*)\n\z/ },
                    "a line in $name");
    truncate "$self->{dir}/logs/$name", 0;

    return $line;
}


sub error_log { return $_[0]->log_file('error.log') }
sub access_log { return $_[0]->log_file('access.log') }
sub stderr { return $_[0]->log_file('stderr') }


# One request on a connection of its own.  Either bytes as they are, or a hash
# for format_request and new of WebhookTest::Connection, with besides:
#
# split     send in pieces of so many bytes
# expect    true: send the body only when the server says 100 Continue
#
# The answer: { status, reason, version, headers (list of pairs), header (by
# lower-case name, the first of each), body, complete, interim (statuses
# 1xx), raw (the head's bytes) }, or undef when there is none.
sub request {
    my ($self, $request) = @_;

    my %want = ref $request ? (connection => 'close', %$request)
                            : (raw => $request);

    my $connection = $self->connection(%want);
    my $method = $want{method} // '';
    my ($head, @body) = defined $want{raw} ? $want{raw}
                                           : format_request(%want);
    my $response;

    if ($want{expect}) {
        $connection->send($head);
        $response = $connection->read_one(method => $method);

        if ($response && $response->{status} == 100) {
            $connection->send(@body);
            $response = $connection->read_response(method => $method);
            unshift @{ $response->{interim} }, 100 if $response;
        }

    } else {
        my $bytes = join '', $head, @body;

        $connection->send($want{split} ? unpack("(a$want{split})*", $bytes)
                                       : $bytes);
        $response = $connection->read_response(method => $method);
    }

    $connection->close;

    return $response;
}


# A connection (see WebhookTest::Connection) to %%PORT%%, with tls to
# %%TLS_PORT%%; port may be a number or another such name.  A slow machine has a
# multiple of the timeout.
sub connection {
    my ($self, %want) = @_;

    my $port = $want{port} // ($want{tls} ? 'TLS_PORT' : 'PORT');

    return WebhookTest::Connection->new(
        %want, timeout => ($want{timeout} // 30) * $patience,
        $want{unix} ? () : (port => $port =~ /\D/ ? $self->port($port) : $port),
    );
}


# A request by HTTP/2, on a connection of its own: arguments of connection and
# of WebhookTest::HTTP2, whose answer it returns.
sub http2 {
    my ($self, %want) = @_;

    my $client = WebhookTest::HTTP2->new($self->connection(%want));

    $client->begin(%want);

    return $client->read_response;
}


# A client of HTTP/3, for several requests on one connection to %%TLS_PORT%%:
# see WebhookTest::HTTP3.
sub http3 {
    my ($self, %want) = @_;

    return WebhookTest::HTTP3->new(
        %want, port => $self->port('TLS_PORT'),
        timeout => ($want{timeout} // 30) * $patience);
}


# That of nginx, as it has it itself: 1022001 is 1.22.1.
sub version {
    my ($major, $minor, $patch) = `$binary -V 2>&1` =~ m{/(\d+)\.(\d+)\.(\d+)};

    return $major * 1_000_000 + $minor * 1000 + $patch;
}


# Why HTTP/3 cannot be asked; undef when it can.
sub no_http3 {
    return 'nginx has no HTTP/3'
        if `$binary -V 2>&1` !~ /--with-http_v3_module/;

    return eval { require WebhookTest::HTTP3; 1 } ? undef
           : "no client of HTTP/3: $@";
}


# The head and the body's pieces as they go over the wire.
#
# method, uri, http (1.1), host, headers (list of pairs), connection
# body      bytes
# chunked   list of pieces, or a length to cut body into: chunked encoding
# length    another Content-Length than the body's; '' for none
sub format_request {
    my (%want) = @_;

    my $body = $want{body} // '';
    my @chunks = ref $want{chunked} ? @{ $want{chunked} }
               : $want{chunked} ? unpack("(a$want{chunked})*", $body) : ();
    my $method = $want{method}
        // (defined $want{body} || @chunks ? 'POST' : 'GET');
    my $length = $want{length}
        // ($method eq 'POST' || length $body ? length $body : '');

    my @headers = @{ $want{headers} // [] };

    unshift @headers, [Host => $want{host} // 'localhost']
        if !grep { lc $_->[0] eq 'host' } @headers;
    push @headers, [Connection => $want{connection}] if $want{connection};
    push @headers, [Expect => '100-continue'] if $want{expect};
    push @headers, $want{chunked} ? ['Transfer-Encoding' => 'chunked']
                   : $length ne '' ? ['Content-Length' => $length] : ();

    my $head = join "\r\n",
        "$method " . ($want{uri} // '/') . ' HTTP/' . ($want{http} // '1.1'),
        (map { "$_->[0]: $_->[1]" } @headers), '', '';

    return ($head, $want{chunked} ? chunked(@chunks) : $body);
}


# Pieces in chunked encoding, with the last chunk.
sub chunked {
    return map { sprintf "%x\r\n%s\r\n", length, $_ } @_, '';
}


# The curl command, for what it speaks and we do not, as HTTP/3, and as a client
# that others have written.  The answer
# is like that of request, with exit and stderr.
sub curl {
    my ($self, @args) = @_;

    my $errors = "$self->{dir}/logs/curl";
    my @command = ('curl', '-sS', '-i', '-k', '--max-time', 60 * $patience,
                   '--noproxy', '*',
                   '--stderr', $errors, map { $self->replace($_) } @args);

    open my $output, '-|', @command or die "curl: $!";
    binmode $output;
    my $bytes = do { local $/; <$output> } // '';
    close $output;

    my $exit = $? >> 8;
    my ($response, @interim);

    while ($bytes =~ s/\A(HTTP.*?\r\n\r\n)//s) {
        $response = WebhookTest::Connection::parse_head($1);
        last if $response->{status} >= 200;
        push @interim, $response->{status};
    }

    return { %{ $response // { status => 0 } }, body => $bytes,
             interim => \@interim, exit => $exit,
             stderr => $self->log_file('curl') };
}


# The application's address; starts it on first use.
sub app {
    my ($self) = @_;

    return $self->{app} if $self->{app};

    my @command = ("$root/tools/app", '--record', "$self->{dir}/logs/app");
    my $file = "$self->{dir}/logs/app.out";

    $self->{app_pid} = spawn($file, {}, $^X, @command);
    $self->wait_for(sub { $self->log_file('app.out') =~ /(127.*)\n/
                          && ($self->{app} = $1) }, 'the application');

    return $self->{app};
}


# What the application received, in its order: method, uri, version, headers
# (list of pairs), body (bytes), length, sha256; incomplete is true for what
# was broken off.
sub app_requests {
    my ($self) = @_;

    return map { { %$_, body => decode_base64($_->{body_base64}) } }
           map { decode_json($_) } split /\n/, $self->log_file('app');
}


sub app_clear {
    my ($self) = @_;

    truncate "$self->{dir}/logs/app", 0;
}


# Nothing worse than an error in the log, except for what matches allow, and
# nothing from a sanitizer or valgrind.
sub check_log {
    my ($self, %want) = @_;

    my $allow = $want{allow} // qr/(?!)/;

    my $said = $self->error_log . $self->stderr;
    my @bad = grep { !/$allow|$closed_tls/ } grep { /\[(?:alert|crit|emerg)\]/ }
              split /^/, $said;

    push @bad, $said =~ /^(==\d+==ERROR: .*?^SUMMARY: .*?\n)/msg,
               $said =~ /^(.*runtime error:.*\n(?: +#.*\n)*)/mg;

    push @bad, $self->valgrind_says;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is(join('', @bad), '', 'nothing bad in the error log');
}


# The end of a test: stops nginx, so that what it says at its end counts too.
sub done {
    my ($self, %want) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $self->stop;
    $self->check_log(%want);
}


# What nginx -t says to a configuration, or to the arguments of new:
# (exit status, text).
sub nginx_t {
    my ($conf, %want) = @_;

    return __PACKAGE__->new(conf => $conf, start => 0, %want)->check;
}


# Whether this nginx knows a directive, or a value of it, in that.
sub understands {
    my ($conf) = @_;

    my ($status, $text) = nginx_t($conf);

    die $text if $status && $text !~ /unknown directive|invalid value/;

    return !$status;
}


# The same for the nginx.conf that is there, or what nginx -T shows.
sub check {
    my ($self, $option) = @_;

    # nginx frees nothing at the end of -t
    my $quiet = join ':', $ENV{ASAN_OPTIONS} // (), 'detect_leaks=0';
    my $pid = spawn("$self->{dir}/logs/stderr", { ASAN_OPTIONS => $quiet },
                    $binary, $option // '-t', '-p', $self->{dir},
                    '-c', "$self->{dir}/nginx.conf");

    waitpid $pid, 0;

    return ($? >> 8, $self->stderr);
}


# No port twice: two servers on one would be one.
sub free_port {
    state %given;

    while (1) {
        my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                           Listen => 1)
            or die "no free port: $!";
        my $port = $socket->sockport;

        return $port unless $given{$port}++;
    }
}


sub find_nginx {
    my ($found) = grep { -x } map { "$_/nginx" }
                  split(/:/, $ENV{PATH}), '/usr/sbin', '/usr/local/sbin';

    return $found // die "no nginx\n";
}


1;
