#!/usr/bin/perl

# Times: where they are, how they are written, and how far from now they may be.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use JSON::PP;
use POSIX qw/strftime/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/header/;
use WebhookTest::Signed qw/$secret/;

my $now = 1_700_000_000;
my $token = 'The-Token-Of-This-Sender';

# timestamp rules, each with a provider and a location of its own
my @times = (
    ['header:X-Time past=5m future=1m', 'header'],
    ['header:X-Time unit=ms past=5m future=1m', 'header', 'ms'],
    ['header:X-Time unit=rfc3339 past=5m future=1m', 'header', 'rfc3339'],
    ['header:X-Time unit=http past=5m future=1m', 'header', 'http'],
    ['field:t past=5m future=1m', 'field'],
    ['field:t unit=ms past=5m future=1m', 'field', 'ms'],
    ['json:/meta/time past=5m future=1m', 'json'],
    ['json:/meta/time unit=ms past=5m future=1m', 'json', 'ms'],
    ['json:/meta/time unit=rfc3339 past=5m future=1m', 'json', 'rfc3339'],
    ['json:/meta/time unit=http past=5m future=1m', 'json', 'http'],
    ['form:time past=5m future=1m', 'form'],
    ['form:time unit=rfc3339 past=5m future=1m', 'form', 'rfc3339'],
);

my $providers = join '', map { <<"EOF" } 0 .. $#times;
    webhook_provider time$_ {
        signature  header:X-Signature list=, field=v1;
        timestamp  $times[$_][0];
    }
EOF

my $time_locations = join '', map { <<"EOF" } 0 .. $#times;
        location = /time$_ {
            webhook time$_;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;
        }
EOF

my $t = WebhookTest->new(now => $now, frozen => 1, conf => <<"EOF");
    webhook_provider dated {
        signature  header:X-Signature list=, field=v1;
        timestamp  field:t past=5m future=1m;
        message    \$webhook_timestamp.\$webhook_body;
    }

    webhook_provider window {
        token      header:X-Token;
        timestamp  header:X-Time;
        window     10s future=5s;
    }

    webhook_provider no_window {
        token      header:X-Token;
        timestamp  header:X-Time;
    }

$providers

    add_header X-Reason "\$webhook_reason" always;

    server {
        listen 127.0.0.1:%%PORT%%;

        webhook_secret "$token";

$time_locations
        location = /dated {
            webhook dated;
            webhook_secret "$secret";
            proxy_set_header X-Time-Was \$webhook_timestamp;
            proxy_pass http://%%APP%%;
        }

        location = /window { webhook window; proxy_pass http://%%APP%%; }

        location = /window/none {
            webhook no_window;
            proxy_pass http://%%APP%%;
        }

        location = /window/location {
            webhook window;
            webhook_window 1m future=30s;
            proxy_pass http://%%APP%%;
        }
    }
EOF

my $authorized = ['X-Token', $token];

windows();

$t->done;
done_testing();


# Inside of the window, at its edges and beyond.
sub windows {
    for my $n (0 .. $#times) {
        my ($rule, $from, $unit) = @{ $times[$n] };

        for (['now', 0], ['the oldest', -300], ['the furthest', 60]) {
            my ($name, $offset) = @$_;
            $t->accepted("timestamp $rule: $name",
                         timed("/time$n", $from, at($now + $offset, $unit)));
        }

        for (['too old', -301, 'timestamp_too_old'],
             ['too far', 61, 'timestamp_in_future'],
             ['10 digits ago', 1_000_000_000 - $now,
              'timestamp_too_old'])
        {
            my ($name, $offset, $reason) = @$_;
            $t->refused("timestamp $rule: $name", 403, $reason,
                        timed("/time$n", $from, at($now + $offset, $unit)));
        }

        for my $text ('x', '-1', "$now.5", '9' x 30, "${now}x", '2023-11-14') {
            $t->refused("timestamp $rule: $text", 403, 'timestamp_malformed',
                        timed("/time$n", $from, $text));
        }

        $t->refused("timestamp $rule: absent", 403, 'timestamp_missing',
                    timed("/time$n", $from));
    }

    # the time belongs to what is signed
    my $dated = sub {
        my ($time, $signed) = @_;

        my $hmac = hmac_sha256_hex("$signed.{}", $secret);

        return { uri => '/dated', body => '{}',
                 headers => [['X-Signature', "t=$time,v1=$hmac"]] };
    };

    is(header($t->accepted('a signed time', $dated->($now - 1, $now - 1)),
              'X-Time-Was'), $now - 1, 'as a variable');
    $t->refused('another time than the signed one', 403, 'signature_mismatch',
                $dated->($now, $now - 1));
    $t->refused('a signed time that is too old', 403, 'timestamp_too_old',
                $dated->($now - 301, $now - 301));

    my $stamp = sub { (uri => $_[0], body => '', headers => [$authorized,
                       ['X-Time', $now + $_[1]]]) };

    $t->accepted("the provider's window", { $stamp->('/window', -10) });
    $t->accepted("the provider's window, future", { $stamp->('/window', 5) });
    $t->refused("beyond the provider's window", 403, 'timestamp_too_old',
                { $stamp->('/window', -11) });
    $t->refused("beyond the provider's window, future", 403,
                'timestamp_in_future',
                { $stamp->('/window', 6) });
    $t->accepted("the location's window",
                 { $stamp->('/window/location', -60) });
    $t->accepted("the location's, future",
                 { $stamp->('/window/location', 30) });
    $t->refused("beyond the location's window", 403, 'timestamp_too_old',
                { $stamp->('/window/location', -61) });
    $t->refused("beyond the location's, future", 403, 'timestamp_in_future',
                { $stamp->('/window/location', 31) });
    $t->accepted('no window', { $stamp->('/window/none', -1_000_000) });
    $t->refused('no window, yet no time', 403, 'timestamp_malformed',
                { uri => '/window/none', body => '',
                  headers => [$authorized, ['X-Time', 'never']] });

    $t->refused('two timestamps', 400, 'credential_repeated',
                { uri => '/window', body => '', headers =>
                  [$authorized, ['X-Time', $now], ['X-Time', $now]] });
    $t->refused('an empty timestamp is none', 403, 'timestamp_missing',
                { uri => '/window', body => '',
                  headers => [$authorized, ['X-Time', '']] });

    my $c = $t->connection;
    my ($head) = WebhookTest::format_request(
        method => 'POST', uri => '/window', length => 65, expect => 1,
        headers => [$authorized, ['X-Time', $now - 100]]);
    $c->send($head);
    is(($c->read_one // { status => 'none' })->{status}, 403,
       'a stale header is answered before the body comes');
}


sub at {
    my ($time, $unit) = @_;

    $unit //= 's';

    return $unit eq 'ms' ? $time * 1000
         : $unit eq 'rfc3339' ? strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $time)
         : $unit eq 'http' ? strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime $time)
         : $time;
}


# A signed request with the time, if any, where it belongs.
sub timed {
    my ($uri, $from, $time) = @_;

    my ($body, $field) = ('{}', '');
    my @headers;

    if ($from eq 'form') {
        push @headers, ['Content-Type', 'application/x-www-form-urlencoded'];
        $body = defined $time ? "time=" . escaped($time) : 'a=b';

    } elsif (defined $time) {
        push @headers, ['X-Time', $time] if $from eq 'header';
        $field = "t=$time," if $from eq 'field';
        $body = encode_json({ meta => { time => $time } }) if $from eq 'json';
    }

    push @headers, ['X-Signature',
                    "${field}v1=" . hmac_sha256_hex($body, $secret)];

    return { uri => $uri, body => $body, headers => \@headers };
}


sub escaped {
    my ($text) = @_;

    return $text =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ger;
}
