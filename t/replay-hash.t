#!/usr/bin/perl

# webhook_replay: how often a body is hashed.  Whoever signs it wrongly, and
# who names the message by a key, does not have it hashed a second time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use File::Temp;
use Test::More;

use WebhookTest;
use WebhookTest::Shim;
use WebhookTest::Signed qw/$secret signed forged timed/;

my $size = 12000;
my $large = 200_000;
my $temp = File::Temp->newdir;

chmod 0777, "$temp";

# only a body is as long as that
my $shim = WebhookTest::Shim->new(<<"EOF");
#include <fcntl.h>
#include <stdio.h>

int
EVP_DigestUpdate(void *ctx, const void *data, size_t size)
{
    int         fd, len;
    char        line[64];
    static int  (*next)(void *, const void *, size_t);

    NEXT(EVP_DigestUpdate);

    if (size >= 1000) {
        len = snprintf(line, sizeof(line), "%zu\\n", size);
        fd = open("$temp/hashed", O_WRONLY|O_CREAT|O_APPEND, 0666);

        if (write(fd, line, len) != len) {
            abort();
        }

        close(fd);
    }

    return next(ctx, data, size);
}
EOF

my $t = $shim->with(sub { WebhookTest->new(conf => <<"EOF") });
    webhook_zone seen 1m;

    webhook_provider numbered {
        signature header:X-Signature;
        id        json:/id;
        replay    key=\$webhook_id;
    }
    webhook_provider retried {
        signature header:X-Signature;
        timestamp header:X-Time;
        message   \$webhook_timestamp.\$webhook_body;
        replay    key=body;
    }
    webhook_provider named {
        signature header:X-Signature;
        timestamp header:X-Time;
        id        header:X-Id;
        message   \$webhook_id.\$webhook_timestamp.\$webhook_body;
        replay    key=\$webhook_id;
    }
    webhook_provider last {
        signature header:X-Signature;
        message   \$webhook_body.\$http_x_time;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        client_body_buffer_size 16k;
        client_max_body_size 1m;
        webhook_secret "$secret";

        location /once { webhook github; proxy_pass http://%%APP%%; }
        location / {
            webhook_replay zone=seen;

            location /github { webhook github; proxy_pass http://%%APP%%; }
            location /numbered { webhook numbered;
                                 proxy_pass http://%%APP%%; }
            location /retried { webhook retried; proxy_pass http://%%APP%%; }
            location /named { webhook named; proxy_pass http://%%APP%%; }
            location /last { webhook last; proxy_pass http://%%APP%%; }
        }
    }
EOF

my $body = body('a', $size);
my $long = body('b', $large);

hashed(signed(uri => '/once', body => $body), 202, 1,
       'without replay protection');

# its bytes tell it apart
hashed(signed(uri => '/github', body => $body), 202, 2, 'a message');
hashed(signed(uri => '/github', body => $body), 200, 2, 'a copy');
hashed(signed(uri => '/github', chunked => [$body]), 200, 2,
       'a copy in chunks is the same');
hashed(forged(uri => '/github', body => $body), 403, 1, 'a wrong signature');

# a body in a file is not read for that
hashed(signed(uri => '/github', body => $long), 202, 2, 'a long message');
hashed(forged(uri => '/github', body => $long), 403, 2,
       'its wrong signature');
hashed(signed(uri => '/github', chunked => [$long]), 200, 2,
       'its copy in chunks');

# what is signed after the body
hashed(last_of(1, body => $body), 202, 2, 'a text after the body');
hashed(last_of(1, body => $body), 200, 2, 'the same again');
hashed(last_of(1, chunked => [$body]), 200, 2, 'in chunks');
hashed(last_of(2, body => $body), 202, 2, 'another text');

# a key tells it apart
hashed(numbered(body => $body), 202, 1, 'a key in the body');
hashed(numbered(body => $body), 200, 1, 'its copy');
hashed(numbered(body => $long), 202, 1, 'the same in a long one');

my ($none, $nothing) = (words('c', $size), words('d', $large));

hashed(numbered(body => $none), 202, 2, 'no key');
hashed(numbered(body => $none), 200, 2, 'its copy');
hashed(numbered(body => $nothing), 202, 2, 'no key in a long one');
hashed(numbered(chunked => [$nothing]), 200, 2, 'its copy in chunks');

hashed(named('one'), 202, 1, 'a key in the headers');
hashed(named('one'), 200, 0, 'its copy');

# the body does, without what is signed beside it
hashed(retried(1700000001, body => $body), 202, 2, 'the body as the key');
hashed(retried(1700000002, body => $body), 200, 2, 'signed anew');
hashed(retried(1700000003, chunked => [$body]), 200, 2, 'in chunks');

my $forged = retried(1700000004, body => $body);

$forged->{headers}[0][1]++;
hashed($forged, 403, 1, 'a wrong signature');

$t->done;
done_testing();


# A request's status, and how often its body was hashed.
sub hashed {
    my ($request, $status, $times, $name) = @_;

    unlink "$temp/hashed";

    is($t->status($request), $status, $name);

    my $length = length body_of($request);
    my $sum = 0;

    if (open my $file, '<', "$temp/hashed") {
        $sum += $_ while <$file>;
    }

    # the first and the last bytes of it may have come alone
    cmp_ok(abs($sum - $times * $length), '<', 0.4 * $length,
           "hashed $times times");
}


sub body {
    my ($id, $length) = @_;

    return qq/{"id":"$id","n":/ . words($id, $length) . '}';
}


sub words {
    my ($word, $length) = @_;

    return '[' . join(',', ('"' . $word x 997 . '"') x ($length / 1000)) . ']';
}


sub body_of {
    my ($request) = @_;

    return $request->{body} // join '', @{ $request->{chunked} };
}


sub numbered {
    my (%request) = @_;

    return { uri => '/numbered', method => 'POST', %request, headers => [
        ['X-Signature', hmac_sha256_hex(body_of(\%request), $secret)]] };
}


sub retried {
    my ($time, %request) = @_;

    return { uri => '/retried', method => 'POST', %request,
             headers => [timed($time, body_of(\%request))] };
}


sub named {
    my ($id) = @_;
    my $time = 1_700_000_000;

    return { uri => '/named', method => 'POST', body => $body, headers => [
        ['X-Id', $id], ['X-Time', $time],
        ['X-Signature', hmac_sha256_hex("$id.$time.$body", $secret)]] };
}


sub last_of {
    my ($time, %request) = @_;

    return { uri => '/last', method => 'POST', %request, headers => [
        ['X-Time', $time], ['X-Signature',
         hmac_sha256_hex(body_of(\%request) . ".$time", $secret)]] };
}
