package Bench;

# What the benchmarks share: an nginx under measurement, the application
# behind it, and the requests.
#
#     my $bench = Bench->new;
#     my $nginx = $bench->start(conf => 'location / { return 403; }');
#     ...  $nginx->{pid}, $nginx->{port}
#     $bench->stop($nginx);
#
# Both nginx are single processes (master_process off), so that the process
# that is started is the one that works.

use strict;
use warnings;

use Cwd qw/abs_path/;
use Digest::SHA qw/hmac_sha256_hex/;
use File::Basename qw/dirname/;
use File::Temp;
use IO::Socket::INET;
use POSIX qw/WNOHANG _exit/;
use Time::HiRes qw/sleep time/;

my $tried = 0;
my $root = abs_path(dirname(__FILE__) . '/../..');

# nginx would take the variable for a list of sockets
my $nginx = delete $ENV{NGINX} || 'nginx';

our $secret = "It's a Secret to Everybody";

our $proxy = <<'EOT';
    proxy_http_version  1.1;
    proxy_set_header    Connection "";
    proxy_pass          http://application;
EOT

our $webhook = <<"EOT";
    webhook             github;
    webhook_secret      "$secret";
EOT

our $token = <<"EOT";
    webhook             telegram;
    webhook_secret      "$secret";
EOT

# a benchmark that is broken off still stops what it started
$SIG{$_} = sub { exit 1 } for qw/HUP INT PIPE TERM/;


sub new {
    my ($class) = @_;

    my $self = bless {
        nginx => $nginx,
        module => abs_path($ENV{MODULE} || "$root/build/"
                                         . 'ngx_http_webhook_module.so'),
        temp => File::Temp->newdir('bench-XXXXXX', TMPDIR => 1),
        running => {}, count => 0,
    }, $class;

    $self->{dir} = $self->{temp}->dirname;

    die "no module, run make or set MODULE\n"
        unless $self->{module} && -f $self->{module};

    $self->{application} = $self->start_application;

    return $self;
}


sub DESTROY {
    my ($self) = @_;

    local $?;
    $self->stop($_) for values %{ $self->{running} };
}


# The application reads the whole body (a proxy that buffers does that before
# it connects) and forwards none of it to a server that just answers.  This
# takes no module beside nginx's own and fits every nginx that we measure.
sub start_application {
    my ($self) = @_;

    return $self->start_nginx(module => 0, log => 'error', http => <<"EOT");
upstream answer { server unix:$self->{dir}/answer; keepalive 64; }
server {
    listen unix:$self->{dir}/answer;
    return 200 "ok\\n";
}
server {
    listen 127.0.0.1:%%PORT%%;
    location / {
        client_body_buffer_size    2m;
        proxy_http_version         1.1;
        proxy_set_header           Connection "";
        proxy_set_header           Content-Length "";
        proxy_pass_request_body    off;
        proxy_pass                 http://answer;
    }
}
EOT
}


# The nginx under measurement; ->{ports} has the ports of all its servers.
#
# conf     its locations; of several servers a list
# http     what else stands in http { }
# module   false: not loaded
# main     what stands outside of http { }
# log      level of the error log; crit unless told
# wrap     command line that nginx is started with
# connections  the most at once, 1024 unless told
sub start {
    my ($self, %want) = @_;

    my $port = $self->{application}{port};
    my @servers = map { <<"EOT" } ref $want{conf} ? @{ $want{conf} }
server {
    listen 127.0.0.1:%%PORT%%;
    client_body_buffer_size  2m;
$_
}
EOT
                                                  : $want{conf};

    return $self->start_nginx(module => 1, log => 'crit', %want,
                              http => join '', $want{http} || '', <<"EOT",
upstream application { server 127.0.0.1:$port; keepalive 64; }
EOT
                                      @servers);
}


sub start_nginx {
    my ($self, %want) = @_;

    my @ports;
    my $prefix = "$self->{dir}/" . ++$self->{count};

    mkdir $_ for $prefix, "$prefix/logs";

    my $connections = $want{connections} || 1024;
    my $load = $want{module} ? "load_module $self->{module};" : '';
    my $main = $want{main} || '';

    $want{http} =~ s/%%PORT%%/push @ports, free_port(); $ports[-1]/ge;

    open my $conf, '>', "$prefix/nginx.conf" or die "nginx.conf: $!\n";
    print $conf <<"EOT";
$load
$main
daemon off;
master_process off;
pid nginx.pid;
error_log logs/error.log $want{log};
events { worker_connections $connections; }
http {
    access_log             off;
    sendfile               on;
    keepalive_requests     10000000;
    client_max_body_size   2m;
    client_body_temp_path  body;
    proxy_temp_path        proxy;
    fastcgi_temp_path      fastcgi;
    uwsgi_temp_path        uwsgi;
    scgi_temp_path         scgi;
$want{http}
}
EOT
    close $conf;

    my @command = (@{ $want{wrap} || [] }, $self->{nginx}, '-p', $prefix,
                   '-e', 'logs/error.log', '-c', 'nginx.conf');
    s/%%PREFIX%%/$prefix/g for @command;

    my $nginx = { pid => run(@command), port => $ports[0], ports => \@ports,
                  prefix => $prefix };
    $self->{running}{$nginx->{pid}} = $nginx;

    await($nginx);

    return $nginx;
}


# A Redis: its pid and port, and how many commands it has had, by ->{commands}.
sub start_redis {
    my ($self) = @_;

    my $port = free_port();

    my $redis = $self->started('redis-server', $port, 'redis-server', '--bind',
                               '127.0.0.1', '--port', $port, '--save', '',
                               '--dir', $self->{dir});

    $redis->{commands} = sub { info($redis, 'total_commands_processed') };

    return $redis;
}


# The bytes of a whole command of Redis, which are taken away.
sub command {
    my ($bytes) = @_;

    pos($$bytes) = 0;
    $$bytes =~ /\G\*(\d+)\r\n/g or return;

    for (1 .. $1) {
        $$bytes =~ /\G\$(\d+)\r\n/g or return;

        my $end = pos($$bytes) + $1 + 2;

        return if $end > length $$bytes;
        pos($$bytes) = $end;
    }

    return substr $$bytes, 0, pos $$bytes, '';
}


# A number of what Redis says of itself.
sub info {
    my ($redis, $name) = @_;

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $redis->{port})
        or die "Redis: $!\n";

    print $socket "INFO everything\r\n";

    my ($length) = (<$socket> // '') =~ /^\$(\d+)/;

    read $socket, my $text, $length // die "Redis says nothing\n";

    return ($text =~ /^\Q$name\E:([\d.]+)/m)[0];
}


# Something else that listens on a port, and has a name.
sub started {
    my ($self, $name, $port, @command) = @_;

    my $process = { name => $name, prefix => $name, port => $port,
                    ports => [$port], pid => run(@command) };

    $self->{running}{$process->{pid}} = $process;
    await($process);

    return $process;
}


sub run {
    my (@command) = @_;

    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;

    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null' unless $ENV{BENCH_DEBUG};

    { no warnings 'exec'; exec @command; }
    _exit(127);
}


sub await {
    my ($nginx) = @_;

    my $until = time + 60;

    while (time < $until) {
        die "$nginx->{prefix}: it does not start, BENCH_DEBUG=1 shows why\n"
            if waitpid($nginx->{pid}, WNOHANG) > 0;

        # nginx listens on one after the other

        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                           PeerPort => $nginx->{ports}[-1]);
        return if $socket;

        sleep 0.05;
    }

    die "nginx does not listen after a minute\n";
}


sub stop {
    my ($self, $nginx) = @_;

    delete $self->{running}{$nginx->{pid}};

    # nginx that goes to sleep while it takes a signal does not see it

    do {
        kill 'TERM', $nginx->{pid};
        sleep 0.1;
    } until waitpid $nginx->{pid}, WNOHANG;
}


# That many clients that have sent this, and wait.
sub send_parts {
    my ($self, $nginx, $part, $n) = @_;

    return map {
        my $socket = IO::Socket::INET->new("127.0.0.1:$nginx->{port}")
            or die "connect: $!\n";

        print $socket $part or die "send: $!\n";
        $socket->flush;
        $socket;
    } 1 .. $n;
}


# RSS in KiB, as soon as it does not grow any more.
sub rss {
    my ($self, $nginx) = @_;

    my ($rss, $last) = (0, -1);

    while ($rss != $last) {
        sleep 0.5;
        ($rss, $last) = (rss_now($nginx->{pid}), $rss);
    }

    return $rss;
}


sub rss_now {
    my ($pid) = @_;

    open my $status, '<', "/proc/$pid/status" or die "/proc/$pid/status: $!\n";
    local $/;

    return (<$status> =~ /^VmRSS:\s+(\d+)/m)[0];
}


# Below those that the kernel gives to whoever asks for any, and others in each
# process.
sub free_port {
    my ($port, $socket);

    until ($socket) {
        $port = 10000 + ($$ * 100 + $tried++) % 20000;
        $socket = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port",
                                        Listen => 1);
    }

    return $port;
}


# JSON of so many bytes
sub body {
    my ($size) = @_;

    return '{"data":"' . 'x' x ($size - 11) . '"}';
}


# What GitHub sends, with what proves it: a signature ("right", "wrong" or
# "none") or, "token", the one of Telegram.
sub headers {
    my ($proof, $body) = @_;

    my %headers = (
        'Host' => 'localhost',
        'User-Agent' => 'GitHub-Hookshot/044aadd',
        'Accept' => '*/*',
        'Content-Type' => 'application/json',
        'X-GitHub-Delivery' => '72d3162e-cc78-11e3-81ab-4c9367dc0958',
        'X-GitHub-Event' => 'push',
    );

    my $hex = hmac_sha256_hex($body, $secret);

    $headers{'X-Hub-Signature-256'} = "sha256=$hex" if $proof eq 'right';
    $headers{'X-Hub-Signature-256'} = 'sha256=' . reverse $hex
        if $proof eq 'wrong';
    $headers{'X-Telegram-Bot-Api-Secret-Token'} = $secret
        if $proof eq 'token';

    return %headers;
}


# With more headers, or others in their place.
sub request {
    my ($uri, $proof, $body, %more) = @_;

    my %headers = (headers($proof, $body), %more,
                   'Content-Length' => length $body);

    return "POST $uri HTTP/1.1\r\n"
           . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
           . "\r\n" . $body;
}


1;
