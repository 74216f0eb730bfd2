#!/usr/bin/perl

# Another binary while nginx runs, as its documentation has it: USR2, WINCH,
# QUIT, with messages on their way.  None is lost, none that is forged passes,
# and what the old binary alone has seen passes once more.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Senders;
use WebhookTest::Signed qw/$secret signed/;

my $t = WebhookTest->new(workers => 2, start => 0, conf => <<"EOF");
    webhook_zone seen 1m;
    server {
        listen 127.0.0.1:%%PORT%%;
        webhook        github;
        webhook_secret "$secret";
        webhook_replay zone=seen;
        location / { proxy_pass http://%%APP%%; }
    }
EOF

start_daemon();

my $old = $t->{pid};
my $senders;

# nobody else ends what has been started here
END { kill 'KILL', grep { $_ && !ended($_) }
      $senders ? $senders->pids : (), $old, $t->{pid} }

my $before = signed(uri => '/', body => 'before the upgrade');

$t->accepted('a message', $before);
is($t->status($before), 200, 'is known to the old binary');

$t->app_clear;
$senders = WebhookTest::Senders->new($t, 1);

kill 'USR2', $old;
$t->wait_for(\&successor, 'the new binary');
$t->{pid} = successor();
$t->wait_for(sub { $t->workers == 2 }, 'its workers');
some_more('both binaries run');

kill 'WINCH', $old;
$t->wait_for(sub { children($old) == 1 }, 'the old workers to end');
some_more('the new one alone takes messages');

kill 'QUIT', $old;
$t->wait_for(sub { ended($old) }, 'the old binary to end');
some_more('the old one has gone');

$senders->account;

$t->app_clear;
$t->accepted('what the old one had seen passes once more', $before);
is($t->status($before), 200, 'and no second time');
is(scalar $t->app_requests, 1, 'by the count of the application');

kill 'QUIT', $t->{pid};
$t->wait_for(sub { ended($t->{pid}) }, 'the end');
delete $t->{pid};
$t->done;
done_testing();


# nginx takes WINCH only as a daemon.
sub start_daemon {
    my $file = $t->dir . '/nginx.conf';
    my $conf = WebhookTest::Cert::read_file($file);
    my $binary = $ENV{TEST_NGINX_BINARY} || WebhookTest::find_nginx();

    $conf =~ s/^daemon off;/daemon on;/m or die;
    $t->write_file('nginx.conf', $conf);

    my $starter = WebhookTest::spawn($t->dir . '/logs/stderr', {}, $binary,
                                     '-p', $t->dir, '-c', $file);

    waitpid $starter, 0;
    $t->wait_for(\&master, 'nginx');
    $t->{pid} = master();
    $t->wait_for(sub { $t->workers == 2 }, 'the workers');
}


sub master {
    open my $file, '<', $t->dir . '/nginx.pid' or return 0;

    return (<$file> // 0) + 0;
}


# The file may be gone for a moment, while it is renamed.
sub successor {
    my $pid = master();

    return $pid != $old ? $pid : 0;
}


# The old one's workers, and the new one.
sub children {
    my ($pid) = @_;

    return grep { WebhookTest::parent($_) == $pid && !ended($_) }
           map { m{(\d+)} } glob '/proc/[0-9]*';
}


# Who is nobody's child any more may stay as a zombie.
sub ended {
    my ($pid) = @_;

    open my $stat, '<', "/proc/$pid/stat" or return 1;

    return (<$stat> // '') =~ /\) [XZ] /;
}


# Waits for messages that are sent from now on.
sub some_more {
    my ($when) = @_;

    my $lines = () = $t->access_log =~ /\n/g;

    $t->wait_for(sub { (() = $t->access_log =~ /\n/g) > $lines + 4 },
                 "messages while $when");
    pass($when);
}
