#!/usr/bin/perl

# A long body that stays in memory is hashed in slices, one in a turn of the
# worker's event loop, whoever sends it, and so is what Pelorus signs: counted
# by a library that writes down how much is hashed, and the turns.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex/;
use File::Temp;
use List::Util qw/max sum0/;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/read_file/;
use WebhookTest::Shim;
use WebhookTest::Signed qw/$secret signature signed forged/;

my $slice = 262_144;
my $size = 3_000_000;
my $temp = File::Temp->newdir;

chmod 0777, "$temp";

# blocks and digests are shorter than that
my $shim = WebhookTest::Shim->new(<<"EOF");
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static void
say(size_t size)
{
    int   fd, len;
    char  line[64];

    len = snprintf(line, sizeof(line), "%zu\\n", size);
    fd = open("$temp/said", O_WRONLY|O_CREAT|O_APPEND, 0666);

    /* the master may be somebody else */

    (void) fchmod(fd, 0666);

    if (write(fd, line, len) != len) {
        abort();
    }

    close(fd);
}

int
epoll_wait(int fd, void *events, int n, int timeout)
{
    static int  (*next)(int, void *, int, int);

    NEXT(epoll_wait);
    say(0);

    return next(fd, events, n, timeout);
}

int
EVP_DigestUpdate(void *ctx, const void *data, size_t size)
{
    static int  (*next)(void *, const void *, size_t);

    NEXT(EVP_DigestUpdate);

    if (size > 64) {
        say(size);
    }

    return next(ctx, data, size);
}
EOF

my $others = join ' ', map { "webhook_secret other-secret-number-$_;" } 1 .. 7;

my $t = $shim->with(sub { WebhookTest->new(conf => <<"EOF") });
    server {
        listen 127.0.0.1:%%PORT%%;
        client_max_body_size 8m;
        client_body_buffer_size 4m;
        proxy_request_buffering off;

        # a body that begins there is seen at once, by any nginx
        client_header_buffer_size 4k;
        proxy_http_version 1.1;

        location / { webhook github; webhook_secret "$secret";
                     proxy_pass http://%%APP%%; }
        location /eight { webhook github; $others webhook_secret "$secret";
                          proxy_pass http://%%APP%%; }
        location /file { webhook github; webhook_secret "$secret";
                         client_body_buffer_size 16k;
                         proxy_pass http://%%APP%%; }
        location /pelorus { webhook pelorus; $others
                            webhook_secret "$secret";
                            proxy_pass http://%%APP%%; }
        location /again { webhook github; webhook_secret "$secret";
                          try_files /none /; }
    }
EOF

my $body = join '', map { pack 'N', $_ } 1 .. $size / 4;
my $long = signed(uri => '/', body => $body);

is($t->answer($long)->{status}, 202, 'a long body');
hashed($size, '... is hashed once, in slices');
is($t->answer(forged(uri => '/', body => $body))->{status}, 403, 'a wrong one');
hashed($size, '... too');

is($t->answer(signed(uri => '/eight', body => $body))->{status}, 202,
   'eight secrets');
hashed(8 * $size, '... make slices smaller');

is($t->answer(signed(uri => '/again', body => $body))->{status}, 202,
   'a body that is there already');
hashed(2 * $size, '... is hashed in slices, too');

is($t->answer(signed(uri => '/file', body => $body))->{status}, 202,
   'a body that goes to a file');
is(about(sum0(turns())), about($size), '... is hashed as it comes');

# a client that waits holds one hash at most

for (['/', 1000], ['/eight', 0]) {
    my ($uri, $hashed) = @$_;

    my $request = join '', WebhookTest::format_request(
        %{ signed(uri => $uri, body => 'x' x 2000) });
    my $c = $t->connection;

    turns();
    $c->send(substr $request, 0, -1000);

    # the worker has read that before this one

    is($t->status({ uri => '/', method => 'GET' }), 405,
       "half a body for $uri");
    is(sum0(turns()), $hashed, "... of which $hashed bytes are hashed");

    $c->send(substr $request, -1000);
    is($c->read_response->{status}, 202, '... the rest');
    is(sum0(turns()), $uri eq '/' ? 1000 : 8 * 2000, '... is hashed then');
}

# what Pelorus signs, in as many ways as its receiver tries, is written down
# first, and hashed then

my $document = '{"a": "' . 'x' x 90_000 . '"}';
my @pelorus = (['User-Agent', 'Pelorus-Webhook/test'],
               ['X-Pelorus-Event', 'ping'],
               ['Content-Type', 'application/json']);

for (['202', signature($document)], ['400', signature("$document ")]) {
    my ($status, $header) = @$_;

    turns();
    is($t->post('/pelorus', $document, [@pelorus, $header])->{status}, $status,
       "a long document of Pelorus, $status");

    my @turns = turns();

    cmp_ok(sum0(@turns), '>', 8 * 10 * 90_000, '... is hashed in all ways');
    cmp_ok(max(@turns), '<', 1_100_000, '... in turns');
    cmp_ok(scalar(grep { $_ } @turns), '>', 6, '... of which there are many');
}

# several at a time
my @c = map { $t->connection } 1 .. 3;

for my $c (@c) {
    $c->send(join '', WebhookTest::format_request(%$long));
}

is(join(' ', map { $_->read_response->{status} } @c), '202 202 202',
   'several long bodies');
hashed(3 * $size, '... take turns');

$t->done;

# a digest for the log beside the HMAC

$t = $shim->with(sub { WebhookTest->new(conf => <<"EOF") });
    log_format sha256 "\$webhook_body_sha256";
    access_log %%DIR%%/digest sha256;

    server {
        listen 127.0.0.1:%%PORT%%;
        client_max_body_size 8m;
        client_body_buffer_size 4m;
        location / { webhook github; webhook_secret "$secret";
                     proxy_pass http://%%APP%%; }
    }
EOF

turns();
is($t->answer($long)->{status}, 202, 'a body with two digests');
hashed(2 * $size, '... has smaller slices');
$t->wait_for(sub { -s $t->dir . '/digest' }, 'the log');
is(read_file($t->dir . '/digest'), sha256_hex($body) . "\n",
   '... and the right digest');

$t->done;
done_testing();


# So much is hashed, and at no time more than a slice in a turn.
sub hashed {
    my ($bytes, $name) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my @turns = turns();

    is(about(sum0(@turns)), about($bytes), $name);
    cmp_ok(max(@turns), '<=', $slice, '... none is longer');
}


# Pieces that are as short as a block are not counted.
sub about { return sprintf '%.2f MB', $_[0] / 1_000_000 }


# What is hashed in each turn since the last time.
sub turns {
    my @turns = (0);

    return @turns unless -e "$temp/said";

    for (split /\n/, read_file("$temp/said")) {
        $_ ? $turns[-1] += $_ : push @turns, 0;
    }

    unlink "$temp/said";

    return @turns;
}
