#!/usr/bin/perl

# While the application is down: contrib/nginx/webhook-spool.conf keeps what
# was verified, tools/webhook-redeliver sends it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex/;
use File::Basename;
use File::Find qw/find/;
use File::Path qw/remove_tree/;
use Test::More;
use Time::HiRes qw/sleep time/;

use WebhookTest;
use WebhookTest::Cert qw/read_file write_file/;
use WebhookTest::Shim;
use WebhookTest::Signed qw/$secret signature signed forged/;
use WebhookTest::Upstream;

use constant MIB => 1024 * 1024;

my $root = dirname($FindBin::Bin);
my $tool = "$root/tools/webhook-redeliver";
my $recipe = read_file("$root/contrib/nginx/webhook-spool.conf");

delete @ENV{ grep { /_proxy\z/i } keys %ENV };

# "disk full", for what goes into the spool
my $shim = WebhookTest::Shim->new(<<'EOF');
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    static ssize_t (*next)(int, const void *, size_t, off_t);
    char link[64], path[4096];
    ssize_t length;

    NEXT(pwrite64);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof(path) - 1);
    path[length > 0 ? length : 0] = '\0';

    if (ARMED && strstr(path, "/spool/") != NULL) {
        errno = ENOSPC;
        return -1;
    }

    return next(fd, bytes, size, offset);
}
EOF

# the two locations of the recipe's comment
my $comment = join '', map { s/^#(?:     )?//r } $recipe =~ /^#.*\n/mg;
my ($hook) = $comment =~ /^(location = .*?^\})/ms or die 'no location';
my ($spool) = $comment =~ /^(location \@spool .*?^\})/ms or die 'no @spool';

my $app_port = WebhookTest::free_port();

sub hook {
    my ($uri, $provider, $more) = @_;

    return $hook =~ s{= \S+ \{}{= $uri \{}r =~ s{file:\S+?;}{"$secret";}r
                 =~ s{(webhook +)github;}{$1$provider; $more}r;
}

my $conf = <<"EOF";
    webhook_zone webhooks 1m;

    webhook_provider second {
        signature header:X-Hub-Signature-256 prefix=sha256=;
        id header:X-Id;
    }

    webhook_provider third {
        signature header:X-Hub-Signature-256 prefix=sha256=;
    }

    upstream application { server 127.0.0.1:$app_port; }

    @{[$recipe =~ s{/var/spool/nginx-webhooks}{%%DIR%%/spool}gr
               =~ s{127\.0\.0\.1:8077}{127.0.0.1:%%PORT_1%%}gr]}

    server {
        listen 127.0.0.1:%%PORT%%;
        proxy_read_timeout 1s;

        @{[hook('/hooks/github', 'github', '')]}
        @{[hook('/second', 'second', '')]}
        @{[hook('/third', 'third', '')]}
        @{[hook('/unavailable', 'github', 'webhook_reject 503;')]}
        $spool
    }
EOF

my $t = WebhookTest->new(workers => 2, conf => $conf, start => 0);

my $spool_dir = $t->dir . '/spool';

# nginx's workers are somebody else when the master is root
mkdir $spool_dir;
chmod 0777, $spool_dir;
$shim->with(sub { $t->start });

my %push = (headers => [['X-GitHub-Event', 'push'], ['Host', 'hooks.test'],
                        ['Content-Type', 'application/json']]);
my $binary = join '', map { chr } 0 .. 255, 10, 10, 13;

subtest 'what is kept' => sub {
    my $request = signed(uri => '/hooks/github?a=%2F&b', body => $binary,
                         %push);
    my $r = $t->request($request);

    is($r->{status}, 201, 'told to the sender');
    is($r->{header}{location}, undef, 'and nothing of where');

    my ($file, @more) = files();
    my ($head, $body) = split /\n\n/, read_file($file), 2;

    is(scalar @more, 0, 'one file');
    like($file, qr{/spool/github/\d{10}\.\d{3}-\d+-1-[0-9a-f]{32}\z}, 'its name');
    is((stat $file)[2] & 0777, 0600, 'for nobody else to read');
    is((stat dirname($file))[2] & 0777, 0700, 'nor its directory');
    like($head, qr{\APOST /hooks/github\?a=%2F&b HTTP/1\.1\n}, 'first line');
    like($head, qr/^X-GitHub-Event: push$/m, 'a header');
    is($body, $binary, 'the exact body');

    is($t->request($request)->{status}, 200, 'a copy is known');
    is(scalar(files()), 1, 'and is not kept again');
};

subtest 'what is not' => sub {
    clear();

    my %large = (uri => '/third', body => 'x' x (5 * MIB));

    is($t->request(forged(uri => '/third', body => 'x'))->{status}, 403,
       'a wrong signature');
    is($t->request(forged(uri => '/unavailable', body => 'x'))->{status}, 503,
       'a wrong signature that has 503');
    is($t->request({ uri => '/unavailable', method => 'POST' })->{status}, 503,
       'no signature');
    is($t->request(signed(uri => '/third', body => 'x' x (5 * MIB + 1)))
           ->{status}, 413, 'too large');

    my $chunked = ['x' x (3 * MIB), 'y' x (2 * MIB), 'z'];
    is($t->request(signed(uri => '/third', chunked => $chunked))->{status},
       413, 'too large in chunks');

    is_deeply([files()], [], 'nothing is kept');

    is($t->request(signed(%large))->{status}, 201, 'as large as may be');
    is(scalar(files()), 1, 'is kept');
};

subtest 'an application that fails' => sub {
    clear();

    my $app = app_start();
    my %kept = (202 => 0, 404 => 0, 500 => 1, 503 => 1);

    for my $status (sort keys %kept) {
        my $r = $t->request(signed(uri => '/third', body => $status,
                                   headers => [['X-App-Status', $status]]));

        is($r->{status}, $kept{$status} ? 201 : $status,
           "$status: told to the sender");
        is(scalar(files()), $kept{$status}, 'kept or not');
        clear();
    }

    kill 'STOP', $app;
    is($t->request(signed(uri => '/third', body => 'hangs'))->{status}, 201,
       'it does not answer');
    is(scalar(files()), 1, 'kept');
    kill 'CONT', $app;
    app_stop($app);

    # in memory, or refused: never without its body
    clear();
    my @chunks = map { chr($_ % 256) x 1024 } 1 .. 5 * 1024;
    my $r = $t->request(signed(uri => '/third', chunked => \@chunks));
    my @kept = map { (split /\n\n/, read_file($_), 2)[1] } files();

    is_deeply([$r->{status}, map { sha256_hex($_) } @kept],
              $r->{status} == 201 ? [201, sha256_hex(join '', @chunks)] : [503],
              'in chunks, as large as may be');
};

subtest 'no room' => sub {
    clear();
    $shim->arm;

    my $request = signed(uri => '/third', body => 'no room');

    like($t->request($request)->{status}, qr/\A50\d\z/, 'the sender is told');
    is_deeply([files()], [], 'nothing is kept');
    unlink glob $shim->{temp} . '/armed';
    is($t->request($request)->{status}, 201, 'its next try is');
    is(scalar(files()), 1, 'kept');
};

subtest 'delivered' => sub {
    clear();

    for my $n (1 .. 3) {
        $t->request(signed(uri => "/hooks/github?n=$n", body => "$n$binary",
                           %push));
    }

    is_deeply([redeliver('--tries', 1)],
              [1, "github: $1 no answer\n0 delivered, 0 refused, 3 kept\n"],
              'the application is still down')
        if (redeliver('--dry-run'))[1] =~ /\Agithub: (\S+ POST \S+) /;

    is(scalar(files()), 3, 'nothing is lost');
    is((redeliver('--dry-run'))[1] =~ tr/\n//, 3, 'what would be sent');

    my $app = app_start();
    my ($status, $said) = redeliver();

    is($status, 0, 'the application is there');
    like($said, qr/\A(?:github: \S+ POST \S+ 202\n){3}3 delivered, /, 'told');
    is_deeply([files()], [], 'nothing is left');

    my @got = app_requests();

    is_deeply([map { [@$_{qw/method uri sha256/}] } @got],
              [map { ['POST', "/hooks/github?n=$_", sha256_hex("$_$binary")] }
               1 .. 3], 'each, in their order');

    my %header = map { lc($_->[0]) => $_->[1] } @{ $got[0]{headers} };
    is_deeply([@header{qw/host x-github-event content-type/}],
              ['hooks.test', 'push', 'application/json'], 'their headers');
    is($header{'stripe-signature'}, undef, 'none that was not there');

    is_deeply([redeliver()], [0, ''], 'nothing more to do');

    write_message('github', '/bare', undef, 'x' x (2 * MIB));
    redeliver();

    is_deeply([sort map { lc $_->[0] } @{ (app_requests())[-1]{headers} }],
              [qw/content-length content-type host/], 'no others');
    app_stop($app);
};

subtest 'what the application refuses' => sub {
    my $app = app_start();
    my %is = (404 => 'refused', 302 => 'refused', 429 => 'kept', 500 => 'kept',
              204 => 'delivered');

    for my $answer (sort keys %is) {
        clear();
        write_message('github', "/status/$answer");

        my (undef, $said) = redeliver('--tries', 1);
        like($said, qr/\b1 $is{$answer}/, "$answer: $is{$answer}");
        is(scalar(files()), $is{$answer} eq 'kept' ? 1 : 0, 'in its place');
        is(scalar(my @aside = glob("$spool_dir/.refused/github/*")),
           $is{$answer} eq 'refused' ? 1 : 0, 'or aside');
        remove_tree("$spool_dir/.refused");
    }

    clear();
    write_message('github', '/status/500');
    write_message('github', '/behind');
    write_message('second', '/other');

    my ($status, $said) = redeliver('--tries', 2);
    is($status, 1, 'exit status');
    is($said =~ s/^(\w+): \S+ POST (\S+) (\d+)$/$1 $2 $3/gmr, <<'EOF',
github /status/500 500
github /status/500 500
second /other 202
1 delivered, 0 refused, 2 kept
EOF
       'a hook waits for its oldest, others do not');

    clear();
    write_message('github', '/none');
    write_file((files())[0], 'no request');
    like((redeliver())[1], qr/is no request, put aside\n0 delivered, 1 ref/,
         'no request');
    write_message('github', '/half');
    rename $_, "$_.0000000001" for files();
    is_deeply([redeliver()], [0, ''], 'a file that nginx is writing');
    remove_tree("$spool_dir/.refused");
    app_stop($app);
};

subtest 'one at a time, killed at any time' => sub {
    clear();
    write_message('github', "/$_") for 1 .. 2;

    my $app = WebhookTest::Upstream->new;
    my $url = 'http://' . $app->address;
    my $pid = WebhookTest::spawn($t->dir . '/logs/redeliver', {}, $^X, $tool,
                                 $url, $spool_dir);
    my $first = $app->take(30);

    is((redeliver())[0], 3, 'another one does nothing');
    kill 'KILL', $pid;
    waitpid $pid, 0;
    is(scalar(files()), 2, 'what was not answered is still there');
    WebhookTest::Upstream::hang_up($first);

    my $real = app_start();
    is((redeliver())[0], 0, 'the next one sends it');
    is_deeply([map { $_->{uri} } app_requests()], ['/1', '/2'], 'both');
    app_stop($real);
};

subtest 'metrics' => sub {
    clear();
    write_message('github', '/status/404');

    my $file = $t->dir . '/spool.prom';
    my $app = app_start();
    redeliver('--metrics', $file);
    app_stop($app);

    my $text = read_file($file);
    like($text, qr/^webhook_spool_messages\{hook="github"\} 0$/m, 'none waits');
    like($text, qr/^webhook_spool_oldest_seconds\{hook="github"\} 0$/m,
         'none is old');
    like($text, qr/^webhook_spool_refused\{hook="github"\} 1$/m,
         'how many were put aside');
    remove_tree("$spool_dir/.refused");

    write_message('github', '/1', time - 100);
    redeliver('--dry-run', '--metrics', $file);

    $text = read_file($file);
    like($text, qr/^webhook_spool_messages\{hook="github"\} 1$/m, 'how many');
    like($text, qr/^webhook_spool_oldest_seconds\{hook="github"\} 10\d$/m,
         'how old');
    like($text, qr/^webhook_spool_refused\{hook="github"\} 0$/m, 'none aside');
};

subtest 'usage' => sub {
    is((run($tool))[0], 2, 'no argument');
    is((run($tool, 'http://127.0.0.1:1/path', $spool_dir))[0], 2, 'a path');
    is((run($tool, 'http://127.0.0.1:1', '/nowhere'))[0], 2, 'no directory');
    is((run($tool, '--help'))[0], 0, 'help');
};

# nginx, the application and the tool are killed in between.
subtest 'many' => sub {
    clear();

    my @uris = qw{/hooks/github /second /third};
    my @sizes = (1, (map { 1 << $_ } 8 .. 22), 5 * MIB,
                 map { 3 + $_ * 37 } 17 .. 199);
    my %sent;

    for my $n (0 .. $#sizes) {
        my $uri = $uris[$n % 3];
        my $body = substr "$n " . $n x $sizes[$n], 0, $sizes[$n];

        kill_nginx($uri) if $n % 60 == 59;

        my $r = $t->request(signed(uri => "$uri?n=$n", body => $body));
        $sent{$n} = sha256_hex($body) if $r && $r->{status} == 201;
    }

    is(scalar(keys %sent), 200, 'the sender was told so of each');

    my $killed = 0;

    for (1 .. 3) {
        my $app = app_start();
        my $log = $t->dir . '/logs/redeliver';

        unlink $log;

        my $pid = WebhookTest::spawn($log, {}, $^X, $tool, '--tries', 2,
                                     "http://127.0.0.1:$app_port", $spool_dir);

        $t->wait_for(sub { $t->log_file('redeliver') =~ tr/\n// > 30 },
                     'some of them');
        $_ == 2 ? app_stop($app) : kill 'KILL', $pid;
        waitpid $pid, 0;
        app_stop($app) if $_ != 2;
    }

    my $app = app_start();
    is((redeliver())[0], 0, 'all the others');
    app_stop($app);

    my (%got, %order);

    for my $r (grep { $_->{uri} =~ /n=/ && !$_->{incomplete} } app_requests()) {
        my ($uri, $n) = $r->{uri} =~ /(.*)\?n=(\d+)/;

        push @{ $order{$uri} }, $n if !$got{$n};
        $got{$n} = $r->{sha256};
        $killed++ if $order{$uri}[-1] != $n;
    }

    is_deeply(\%got, \%sent, 'each is delivered');
    is_deeply($order{$_}, [sort { $a <=> $b } @{ $order{$_} }], "$_: in order")
        for @uris;
    is(scalar(map { @$_ } values %order), 200, 'once');
    cmp_ok($killed, '<=', 3, 'but for what was on its way when all was killed');
};

$t->done(allow => qr/ \[crit\] .*No space left on device/);

done_testing();


sub files {
    my @files;

    find(sub { push @files, $File::Find::name if -f && /\A\d/ }, $spool_dir);

    @files = sort grep { !m{/spool/\.} } @files;

    return @files;
}


# All of its processes, with a message on its way that nobody answers.
sub kill_nginx {
    my ($uri) = @_;

    my $c = $t->connection;

    $c->send(WebhookTest::format_request(
        %{ signed(uri => $uri, body => "killed at $uri") }));
    kill 'KILL', $t->{pid}, $t->workers;
    waitpid delete $t->{pid}, 0;
    $c->close;
    $shim->with(sub { $t->start });
}


sub clear {
    remove_tree(glob("$spool_dir/[a-z]*"));
    unlink $t->dir . '/logs/redelivered';
}


# A message as nginx writes it.
my $written;

sub write_message {
    my ($hook, $target, $time, $body) = @_;

    mkdir "$spool_dir/$hook";
    write_file(sprintf('%s/%s/%.3f-%d-1-%032x', $spool_dir, $hook,
                       $time // 1_700_000_000, ++$written, 1000 - $written),
               "POST $target HTTP/1.1\nContent-Type: text/plain\n\n"
               . ($body // '{}'));
}


sub app_start {
    my $said = $t->dir . '/logs/redelivered.out';

    unlink $said;

    my $pid = WebhookTest::spawn($said, {}, $^X, "$root/tools/app", '--port',
                                 $app_port, '--record',
                                 $t->dir . '/logs/redelivered');

    $t->wait_for(sub { $t->log_file('redelivered.out') =~ /listening/ },
                 'the application');

    return $pid;
}


sub app_stop {
    my ($pid) = @_;

    kill 'TERM', $pid;
    waitpid $pid, 0;
}


sub app_requests {
    return map { JSON::PP::decode_json($_) }
           split /\n/, $t->log_file('redelivered');
}


sub redeliver {
    my (@options) = @_;

    return run($tool, @options, "http://127.0.0.1:$app_port", $spool_dir);
}


# Exit status and standard output.
sub run {
    my (@command) = @_;

    open my $out, '-|', $^X, @command or die "$command[0]: $!";

    my $said = do { local $/; <$out> } // '';
    close $out;

    return ($? >> 8, $said);
}
