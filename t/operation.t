#!/usr/bin/perl

# What an administrator does, or suffers, while messages come: reloads, a
# directory for bodies that is none, cannot be written or is full, no descriptor
# left, workers that may not take their time.  Each time it is counted what was
# lost, doubled or wrongly passed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Senders;
use WebhookTest::Shim;
use WebhookTest::Signed qw/$secret signed forged/;

# of a worker that is to have few
my $descriptors = 40;

# the file of a body does not take it
my $full = WebhookTest::Shim->new(<<'EOF');
#include <errno.h>
#include <sys/types.h>

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    static ssize_t (*next)(int, const void *, size_t, off_t);

    NEXT(pwrite64);

    if (ARMED) {
        errno = ENOSPC;
        return -1;
    }

    return next(fd, bytes, size, offset);
}
EOF

my $t = $full->with(sub { WebhookTest->new(
    workers => 2, main => 'worker_shutdown_timeout 200ms;',
    files => { 'no-directory' => '' }, conf => <<"EOF");
    webhook_zone seen 1m;
    add_header X-Reason \$webhook_reason always;

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook        github;
        webhook_secret "$secret";
        webhook_replay zone=seen;
        location / { proxy_pass http://%%APP%%; }
        location /spool {
            client_body_temp_path   %%DIR%%/no-directory;
            client_body_buffer_size 1k;
            proxy_pass              http://%%APP%%;
        }
        location /file {
            client_body_temp_path   %%DIR%%/bodies;
            client_body_buffer_size 1k;
            proxy_pass              http://%%APP%%;
        }
    }
EOF
});


# Reloads

# fewer where the end of a worker takes seconds
my $rounds = $WebhookTest::patience > 1 ? 10 : 50;
my $senders = WebhookTest::Senders->new($t, 2);

for (1 .. $rounds) {
    my ($before) = scalar(() = $t->access_log =~ /\n/g);

    $t->reload;
    $t->wait_for(sub { (() = $t->access_log =~ /\n/g) > $before },
                 'a request after the reload');
}

cmp_ok($senders->account, '>', $rounds, "messages during $rounds reloads");


# A directory that is none

my $large = 'x' x 5000;

$t->refused('a body that cannot be put down', 500, 'internal',
            signed(uri => '/spool', body => $large));
$t->refused('nor one that is forged', 500, 'internal',
            forged(uri => '/spool', body => $large));
$t->accepted('one that need not', signed(uri => '/spool', body => 'small'));
$t->accepted('the same elsewhere', signed(uri => '/', body => $large));


# A directory that cannot be written, or has no room

my $bodies = $t->dir . '/bodies';

for my $case (['read-only', sub { chmod 0500, $bodies },
               sub { chmod 0700, $bodies }],
              ['full', sub { $full->arm }, sub { $full->disarm }])
{
    my ($what, $begin, $end) = @$case;
    my %way = (uri => '/file', body => "$what $large");

    $begin->();
    $t->refused("$what, and a body", 500, 'internal', signed(%way));
    $t->refused("$what, and one that is forged", 500, 'internal',
                forged(%way));
    $end->();

    $t->accepted("no more $what", signed(%way));
    $t->refused('and forged', 403, 'signature_mismatch', forged(%way));

    $t->app_clear;
    is($t->status(signed(%way)), 200, 'a copy is known');
    is(scalar $t->app_requests, 0, 'none is doubled');
}


# No descriptor left

my $few = WebhookTest->new(
    main => "worker_rlimit_nofile $descriptors;", conf => <<"EOF");
    webhook_zone seen 1m;
    server {
        listen 127.0.0.1:%%PORT%%;
        webhook                 github;
        webhook_secret          "$secret";
        webhook_replay          zone=seen;
        client_body_buffer_size 1k;
        location / { proxy_pass http://%%APP%%; }
    }
EOF

$few->accepted('there are descriptors', signed(uri => '/', body => 'first'));

for my $body ('small', $large) {
    my $what = 'a body of ' . length $body;
    my %way = (uri => '/', body => $body);
    my @begun = map { begin($_) } signed(%way), forged(%way);
    my @idle;

    $few->app_clear;

    until (open_in_worker() >= $descriptors) {
        my $before = open_in_worker();

        push @idle, $few->connection;
        $few->wait_for(sub { open_in_worker() > $before }, 'a descriptor');
    }

    my ($signed, $forged) = map { end_of($_) } @begun;

    cmp_ok($signed, '>=', 500, "$what, signed, and no descriptor");
    cmp_ok($forged, '>=', 400, "$what, forged");
    is(scalar $few->app_requests, 0, 'neither goes upstream');

    $_->close for @idle;
    $few->wait_for(sub { open_in_worker() < $descriptors - 4 }, 'room');
    $few->accepted('there are descriptors again', signed(%way));
    is($few->status(signed(%way)), 200, 'a copy is one');
    is(scalar $few->app_requests, 1, 'and none is doubled');
}

$few->done(allow => qr/\(24: Too many open files\)/);


# Workers that must end with a body on its way

my $slow = signed(uri => '/', body => 'a body that takes its time');
my ($head, $body) = WebhookTest::format_request(%$slow);
my $c = $t->connection;

$t->app_clear;
$c->send($head, substr $body, 0, 5);
$t->reload;
ok(!defined $c->read_response, 'the connection is closed');
is(scalar $t->app_requests, 0, 'nothing of it goes to the application');
$t->accepted('it is sent again', $slow);
is($t->status($slow), 200, 'and is the last');

$t->done(allow => qr{(?:mkdir|open)\(\)\ "\S*/no-directory
                     |(?:open|pwrite)\(\)\ "\S*/bodies/\d}x);
done_testing();


# The head of a request, on a connection.
sub begin {
    my ($request) = @_;

    my ($head, $body) = WebhookTest::format_request(%$request);
    my $c = $few->connection;

    $c->send($head);

    return { connection => $c, rest => $body };
}


# The status after the body.
sub end_of {
    my ($begun) = @_;

    $begun->{connection}->send($begun->{rest});

    my $status = $begun->{connection}->read_response->{status};

    $begun->{connection}->close;

    return $status;
}


# How many descriptors below its limit the worker has open; it may have others
# from who started it.
sub open_in_worker {
    my ($pid) = $few->workers;

    return scalar grep { m{(\d+)$} && $1 < $descriptors }
                  glob "/proc/$pid/fd/*";
}
