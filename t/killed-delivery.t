#!/usr/bin/perl

# A worker that is killed while it puts a request down among the last ones
# does not keep that place for good.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;

use WebhookTest;
use WebhookTest::Shim;

# The id is looked for in a copy of the query: one of this size is the end of
# the worker.
my $size = 12345;

plan skip_all => 'valgrind has a malloc() of its own'
    if $ENV{WEBHOOK_VALGRIND};

my $shim = WebhookTest::Shim->new(<<"EOF");
void *
malloc(size_t size)
{
    static void *(*next)(size_t);

    NEXT(malloc);

    if (size == $size && DISARM) {
        raise(SIGKILL);
    }

    return next(size);
}
EOF

my $t = $shim->with(sub { WebhookTest->new(conf => <<'EOF') });
    webhook_zone small 32k;
    large_client_header_buffers 4 32k;
    webhook_provider pad {
        token  header:X-Token;
        id     query:id;
    }
    server {
        listen 127.0.0.1:%%PORT%%;
        location /hook {
            webhook         pad;
            webhook_secret  0123456789abcdef;
            proxy_pass      http://%%APP%%;
        }
        location = /status { webhook_status json; }
    }
EOF

send_one("before-$_") for 1 .. 100;

my $places = ids();

cmp_ok($places, '>', 1, 'there are places');
cmp_ok($places, '<', 100, 'and all are in use');

my ($worker) = $t->workers;

$shim->arm;
send_one('killed');

$t->wait_for(sub { my ($now) = $t->workers; $now && $now != $worker },
             'a new worker');
ok(!$shim->armed, 'the worker was killed where it was meant to be');

send_one("after-$_") for 1 .. 2 * $places;

is_deeply([ids()], [map { "after-$_" } reverse $places + 1 .. 2 * $places],
          'every place is in use again');

$t->done(allow => qr/exited on signal 9/);
done_testing();


sub send_one {
    my ($id) = @_;

    my $args = "id=$id&pad=";
    $args .= 'x' x ($size - length $args);

    $t->request({ method => 'POST', uri => "/hook?$args",
                  headers => [['X-Token', '0123456789abcdef']] });
}


# The ids of the last requests, the newest first.
sub ids {
    my $status = decode_json($t->request({ uri => '/status' })->{body});

    return map { $_->{id} } @{ $status->{zones}[0]{deliveries} };
}
