#!/usr/bin/perl

# webhook_enforce: what is on trial is recorded and goes on to be checked, and
# everything else is enforced.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex sha256_hex/;
use Test::More;

use WebhookTest;

my $secret = 'the secret of this sender';
my $app = 'proxy_pass http://%%APP%%;';

my $dir = File::Temp->newdir;
chmod 0755, "$dir";
my $ca = WebhookTest::ca("$dir", 'sender');

# what is wrong with a request, with the reason and the status
my %faults = (
    method => ['method_not_allowed', 405, sub { $_[0]{method} = 'PUT' }],
    content_type => ['content_type_unsupported', 415,
                     sub { $_[0]{header}{'Content-Type'} = 'text/plain' }],
    encoded => ['content_type_unsupported', 415,
                sub { $_[0]{header}{'Content-Encoding'} = 'gzip' }],
    two_types => ['header_mismatch', 400,
                  sub { push @{ $_[0]{more} },
                        ['Content-Type' => 'application/json'] }],
    no_header => ['header_missing', 412,
                  sub { delete $_[0]{header}{'X-Kind'} }],
    header => ['header_mismatch', 412,
               sub { $_[0]{header}{'X-Kind'} = 'other' }],
    stale => ['timestamp_too_old', 403, sub { $_[0]{time} -= 3600 }],
    early => ['timestamp_in_future', 403, sub { $_[0]{time} += 3600 }],
    no_time => ['timestamp_missing', 403, sub { $_[0]{time} = '' }],
    odd_time => ['timestamp_malformed', 403, sub { $_[0]{time} .= 'x' }],
    two_times => ['credential_repeated', 400,
                  sub { push @{ $_[0]{more} }, ['X-Time' => time] }],
    no_json => ['json_invalid', 400, sub { $_[0]{body} = '{"id":"m1","a"' }],
    rule => ['payload_invalid', 422, sub { $_[0]{body} = '{"id":"m1","a":1}' }],
    twice => ['payload_invalid', 422,
              sub { $_[0]{body} = '{"id":"m1","a":"1","id":"m2"}' }],
    array => ['payload_invalid', 422, sub { $_[0]{body} = '["m1"]' }],
    forged => ['signature_mismatch', 403, sub { $_[0]{key} = 'not this one' }],
    unsigned => ['signature_missing', 403, sub { $_[0]{unsigned} = 1 }],
    garbled => ['signature_malformed', 403, sub { $_[0]{garbled} = 1 }],
);

my %rule_of = (
    method => ['method'], content_type => ['content_type', 'encoded'],
    header => ['header', 'no_header', 'two_types'],
    timestamp => [qw/stale early no_time odd_time/],
    payload => [qw/no_json rule twice array/],
);

my @enforced = qw/forged unsigned garbled two_times/;

my $locations = join '', map {
    "location /except/$_ { webhook_enforce on except=$_; $app }\n"
} sort(keys %rule_of), 'replay', 'timestamp,payload',
  'payload,timestamp,header,content_type,method';

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_provider strict {
        content_type  application/json;
        header        X-Kind hook status=412;
        signature     header:X-Signature;
        timestamp     header:X-Time past=5m future=5m;
        message       \$webhook_timestamp.\$webhook_body;
        id            json:/id;
        json          object;
        require       /a string;
    }

    webhook_provider dated {
        signature  header:X-Signature;
        timestamp  json:/time past=5m;
        id         json:/id;
        require    /a string;
    }

    webhook_provider asking {
        signature  header:X-Signature;
        timestamp  header:X-Time past=5m;
        message    \$webhook_timestamp.\$webhook_body;
        challenge  json:/challenge method=POST after=verify;
    }

    webhook_provider token { token header:X-Token; require /a string; }

    webhook_provider certified {
        token bearer;
        client_certificate CN=one;
    }

    webhook_var \$a /a;
    webhook_zone once 256k;
    webhook_zone small 32k;

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%TLS_PORT%% ssl;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_client_certificate $ca->{cert};
        ssl_verify_client optional;

        webhook_secret 'an older secret of this sender';
        webhook_secret '$secret';

        add_header X-Seen "\$webhook_verdict:\$webhook_reason" always;
        add_header X-Known
            "\$webhook_id:\$a:\$webhook_secret_index:\$webhook_body_sha256"
            always;

        webhook strict;

        $locations

        location /once {
            webhook_replay zone=once;
            webhook_enforce on except=replay;
            $app
            location /once/key {
                webhook_replay zone=once key=\$http_x_key; $app
            }
            location /once/full { webhook_replay zone=small ttl=1h; $app }
            location /once/time {
                webhook_replay zone=once;
                webhook_enforce on except=timestamp; $app
            }
        }

        location /on { webhook_enforce on; $app }
        location /off { webhook_enforce off; $app }

        location /level {
            webhook_enforce on except=timestamp;
            $app

            location /level/same { $app }
            location /level/on { webhook_enforce on; $app }
            location /level/off { webhook_enforce off; $app }
            location /level/other { webhook_enforce on except=payload; $app }
            location /level/dated { webhook dated; $app }
        }

        location /after {
            webhook_enforce on except=timestamp;
            webhook_ack 208;
            webhook_strip on;
            $app
        }

        location /late {
            webhook_enforce on except=timestamp,header;
            try_files /none /late/on;

            location /late/on { webhook_enforce on; $app }
            location /late/less {
                webhook_enforce on except=timestamp,method; $app
            }
            location /late/off { webhook_enforce off; $app }
            location /late/to/less {
                try_files /none /late/less;
            }
            location /late/to/off { try_files /none /late/off; }
            location /late/from/off {
                webhook_enforce off;
                try_files /none /late/less;
            }
        }

        location /mirrored {
            webhook_enforce on except=timestamp;
            mirror /mirror/same;
            $app
        }

        location /mirrored/on {
            webhook_enforce on except=timestamp;
            mirror /mirror/on;
            $app
        }

        location /mirror/same {
            webhook_enforce on except=timestamp,method; $app
        }
        location /mirror/on { $app }

        location /dated { webhook dated; $app
            location /dated/payload {
                webhook_enforce on except=payload; $app
            }
            location /dated/timestamp {
                webhook_enforce on except=timestamp; $app
            }
        }

        location /asking {
            webhook asking;
            webhook_enforce on except=timestamp;
            $app
        }

        location /token {
            webhook token;
            webhook_enforce on except=payload;
            $app
        }

        location /certified {
            webhook certified;
            webhook_enforce on except=certificate;
            $app
            location /certified/on { webhook_enforce on; $app }
        }
    }
EOF


# Each rule, alone and beside something that is enforced

my $all = '/except/payload,timestamp,header,content_type,method';

for my $rule (sort keys %rule_of) {
    for my $fault (@{ $rule_of{$rule} }) {
        my ($reason, $status) = @{ $faults{$fault} };

        is_refused('/on', [$fault], $status, $reason);
        is_refused('/except/replay', [$fault], $status, $reason);

        # what is signed has to be there, whatever else is on trial
        if ($fault eq 'no_time' || $fault eq 'odd_time') {
            is_refused($_, [$fault], 403, 'signature_malformed')
                for "/except/$rule", $all;
            next;
        }

        is_let_through("/except/$rule", [$fault], $reason);
        is_let_through($all, [$fault], $reason);

        for my $other (@enforced, map { $rule_of{$_}[0] }
                                  grep { $_ ne $rule } sort keys %rule_of)
        {
            my ($reason, $status) = @{ $faults{$other} };

            is_refused("/except/$rule", [$fault, $other], $status, $reason);
        }
    }
}

is_accepted($_, []) for '/on', map { "/except/$_" } sort keys %rule_of;


# Replay: a copy is recorded, also one that is known from its headers

my @fixed = (time => time, more => [['X-Key' => 'k1']]);

for my $uri ('/once', '/once/key') {
    is_seen($uri, [], 202, 'accepted:', @fixed);
    is_seen($uri, [], 202, 'would_reject:duplicate', @fixed) for 1 .. 2;
    is_seen($uri, ['unsigned'], 403, 'rejected:signature_missing', @fixed);
    is_seen($uri, ['forged'], 403, 'rejected:signature_mismatch', @fixed);
    is_seen($uri, ['stale'], 403, 'rejected:timestamp_too_old', @fixed);
}

# a message that is let through for another rule is a message all the same
is_seen('/once/time', ['stale'], 202, 'would_reject:timestamp_too_old',
        @fixed);
is_seen('/once/time', ['stale'], 200, 'duplicate:duplicate', @fixed);

for (my $n = 0; $n < 1000; $n++) {
    my $r = ask('/once/full', [], body => "{\"a\":\"$n\"}");
    my $seen = $r->{header}{'x-seen'};

    next if "$r->{status} $seen" eq '202 accepted:';

    is("$r->{status} $seen", '202 would_reject:zone_full',
       "a full zone, after $n messages");
    last;
}


# What is recorded

is_let_through('/except/timestamp,payload', ['stale', 'rule'],
               'timestamp_too_old');
like($t->error_log, qr{timestamp_too_old, \d+ bytes of body hashed, \d+ s old, limit \d+ s, location: "/except/timestamp,payload"},
     'the line says nothing of a second failure');
is_let_through('/except/payload', ['rule'], 'payload_invalid');
like($t->error_log, qr/would be refused, payload_invalid, at "\/a": type, /,
     'the line says what is wrong with the payload');
is_let_through($all, [qw/rule stale header content_type method/],
               'method_not_allowed');

# a status of the rule on trial is not that of what is enforced
is_refused('/except/header', ['header', 'stale'], 403, 'timestamp_too_old');

like(ask('/on', ['no_json'])->{body},
     qr/"reason":"json_invalid","pointer":"","rule":"/,
     'the answer says what is wrong');
like(ask('/except/header', ['header', 'rule'])->{body},
     qr{"reason":"payload_invalid","pointer":"/a","rule":"type"},
     'also behind a rule on trial');


# What is known of a request that is let through

my $sha256 = sha256_hex(request([])->{body});

for my $case (
    ['/on', [], "m1:text:2:$sha256", 'all of it'],
    ['/level', ['stale'], "m1:text:2:$sha256", 'as of one that is accepted'],
    ['/except/payload', ['rule'],
     'm1:1:2:' . sha256_hex('{"id":"m1","a":1}'), 'what a rule is against'],
    ['/except/payload', ['no_json'], '::2:' . sha256_hex('{"id":"m1","a"'),
     'nothing of what is not JSON'],
    ['/except/payload', ['twice'],
     ':1:2:' . sha256_hex('{"id":"m1","a":"1","id":"m2"}'),
     'nothing that stands there twice'],
    ['/level', ['stale', 'forged'], ':::', 'nothing of one that is refused'],
    ['/off', ['stale'], ':::', 'nothing without enforcing'],
) {
    my ($uri, $faults, $known, $name) = @$case;

    is(ask($uri, $faults)->{header}{'x-known'}, $known, "known: $name");
}


# webhook_ack and webhook_strip

for my $faults ([], ['stale']) {
    $t->app_clear;
    my $r = ask('/after', $faults);
    my ($got) = $t->app_requests;

    is($r->{status}, 208, "@$faults: webhook_ack");
    unlike(join(' ', map { $_->[0] } @{ $got->{headers} }), qr/X-Signature/i,
           "@$faults: webhook_strip");
}


# Time and payload both in the body

my $now = time;

for my $case (
    ['', "{\"time\":$now,\"a\":\"x\"}", 202, 'accepted:'],
    ['/payload', "{\"time\":$now,\"a\":1}", 202,
     'would_reject:payload_invalid'],
    ['/payload', '{"time":1000000000,"a":1}', 403, 'rejected:timestamp_too_old'],
    ['/payload', '{"time":1', 403, 'rejected:timestamp_missing'],
    ['/payload', "{\"time\":1,\"time\":$now,\"a\":\"x\"}", 400,
     'rejected:credential_repeated'],
    ['/timestamp', '{"time":1000000000,"a":"x"}', 202,
     'would_reject:timestamp_too_old'],
    ['/timestamp', '{"time":1,"a":1}', 422, 'rejected:payload_invalid'],
    ['/timestamp', '{"a":"x"}', 202, 'would_reject:timestamp_missing'],
) {
    my ($uri, $body, $status, $seen) = @$case;
    my $r = $t->request({ uri => "/dated$uri", body => $body, headers => [
        ['X-Signature' => hmac_sha256_hex($body, $secret)]] });

    is("$r->{status} $r->{header}{'x-seen'}", "$status $seen",
       "/dated$uri $body");
}


# Levels

is_let_through('/level', ['stale'], 'timestamp_too_old');
is_let_through('/level/same', ['stale'], 'timestamp_too_old');
is_refused('/level/same', ['rule'], 422, 'payload_invalid');
is_refused('/level/on', ['stale'], 403, 'timestamp_too_old');
is_refused('/level/other', ['stale'], 403, 'timestamp_too_old');
is_let_through('/level/other', ['rule'], 'payload_invalid');
is_seen('/level/off', ['forged', 'rule'], 202,
        'would_reject:signature_mismatch');


# Locations that share a verdict do not share what is on trial

is_accepted('/late', []);
is_seen('/late', ['stale'], 403, 'rejected:timestamp_too_old');
is_seen('/late', ['header'], 412, 'rejected:header_mismatch');
is_seen('/late/to/less', ['stale'], 202, 'would_reject:timestamp_too_old');
is_seen('/late/to/less', ['stale', 'header'], 412, 'rejected:header_mismatch');
is_seen('/late/to/off', ['stale', 'header'], 202,
        'would_reject:header_mismatch');

# what ended at its first failure has not been checked further
is_seen('/late/from/off', ['stale'], 403, 'rejected:timestamp_too_old');
is_seen('/late/from/off', ['stale', 'forged'], 403,
        'rejected:timestamp_too_old');


# Subrequests

for my $case (['/mirrored', [], 2], ['/mirrored', ['stale'], 2],
              ['/mirrored', ['stale', 'forged'], 0],
              ['/mirrored/on', [], 2], ['/mirrored/on', ['stale'], 1])
{
    my ($uri, $faults, $n) = @$case;

    $t->app_clear;
    ask($uri, $faults);
    $t->wait_for(sub { (() = $t->app_requests) >= $n }, 'the mirror');
    is(scalar(() = $t->app_requests), $n, "$uri @$faults: $n requests");
}

like($t->error_log, qr{subrequest "/mirror/on" refused},
     'a subrequest to where the rule is enforced');


# Challenges of a verified sender

my $challenge = '{"challenge":"abc"}';

for my $case ([$now, $secret, 200, 'challenge:', 'abc'],
              [$now - 3600, $secret, 200, 'challenge:timestamp_too_old', 'abc'],
              [$now - 3600, 'x', 403, 'rejected:signature_mismatch',
               "{\"status\":403,\"error\":\"forbidden\"}\n"])
{
    my ($time, $key, $status, $seen, $body) = @$case;
    my $r = $t->request({ uri => '/asking', body => $challenge, headers => [
        ['X-Time' => $time],
        ['X-Signature' => hmac_sha256_hex("$time.$challenge", $key)]] });

    is("$r->{status} $r->{header}{'x-seen'} $r->{body}",
       "$status $seen $body", "a challenge: $seen");
}


# Other credentials

for my $case (['{"a":1}', $secret, 202, 'would_reject:payload_invalid', '1:2'],
              ['{"a":', $secret, 202, 'would_reject:json_invalid', ':2'],
              ['{"a":1}', 'x', 403, 'rejected:token_mismatch', ':'])
{
    my ($body, $token, $status, $seen, $known) = @$case;
    my $r = $t->request({ uri => '/token', body => $body,
                          headers => [['X-Token' => $token]] });

    is("$r->{status} $r->{header}{'x-seen'}", "$status $seen", "token: $body");
    like($r->{header}{'x-known'}, qr/^:\Q$known\E:/, "token: known of $body");
}

my $one = WebhookTest::cert($ca, subject => [[CN => 'one']]);
my $other = WebhookTest::cert($ca, subject => [[CN => 'two']]);

for my $case (
    ['', $one, $secret, 202, 'accepted:'],
    ['', $other, $secret, 202, 'would_reject:certificate_subject_mismatch'],
    ['', {}, $secret, 202, 'would_reject:certificate_missing'],
    ['', undef, $secret, 202, 'would_reject:certificate_missing'],
    ['', $other, 'x', 401, 'rejected:token_mismatch'],
    ['/on', $one, $secret, 202, 'accepted:'],
    ['/on', $other, $secret, 403, 'rejected:certificate_subject_mismatch'],
) {
    my ($uri, $cert, $token, $status, $seen) = @$case;
    my $r = $t->request({ uri => "/certified$uri", body => '{}', tls => $cert,
        headers => [[Authorization => "Bearer $token"]] });

    is("$r->{status} $r->{header}{'x-seen'}", "$status $seen",
       "/certified$uri $seen");
}


# Without enforcing at all, the first failure is the end of the way

is_seen('/off', ['stale', 'forged'], 202, 'would_reject:timestamp_too_old');
is_seen('/off', ['forged'], 202, 'would_reject:signature_mismatch');
is_accepted('/off', []);

$t->done;

done_testing();


# A request with those faults, which are made before it is signed.
sub request {
    my ($faults, %fixed) = @_;

    my %want = (method => 'POST', time => time, key => $secret, more => [],
                body => '{"id":"m1","a":"text"}',
                header => { 'Content-Type' => 'application/json',
                            'X-Kind' => 'hook' }, %fixed);

    $faults{$_}[2](\%want) for @$faults;

    my $signature = hmac_sha256_hex("$want{time}.$want{body}", $want{key});

    $signature = "z$signature" if $want{garbled};

    my $header = $want{header};
    my @headers = ((map { [$_ => $header->{$_}] } sort keys %$header),
                   ['X-Time' => $want{time}], @{ $want{more} });

    push @headers, ['X-Signature' => $signature] if !$want{unsigned};

    return { method => $want{method}, body => $want{body},
             headers => \@headers };
}


sub ask {
    my ($uri, $faults, %fixed) = @_;

    return $t->request({ uri => $uri, %{ request($faults, %fixed) } });
}


sub is_seen {
    my ($uri, $faults, $status, $seen, %fixed) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $r = ask($uri, $faults, %fixed);

    is("$r->{status} $r->{header}{'x-seen'}", "$status $seen",
       "$uri: " . (join(' and ', @$faults) || 'nothing wrong'));
}


sub is_accepted {
    my ($uri, $faults) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is_seen($uri, $faults, 202, 'accepted:');
}


# ... to the application, with one line in the log.
sub is_let_through {
    my ($uri, $faults, $reason) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $before = lines_of_trials();

    $t->app_clear;
    is_seen($uri, $faults, 202, "would_reject:$reason");
    is(join(' ', map { $_->{body} } $t->app_requests),
       request($faults)->{body}, '... and goes to the application');
    is(lines_of_trials(), $before + 1, '... with one line in the log');
}


sub is_refused {
    my ($uri, $faults, $status, $reason) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $before = lines_of_trials();

    is_seen($uri, $faults, $status, "rejected:$reason");
    is(lines_of_trials(), $before, '... and is not on trial');
}


sub lines_of_trials {
    return scalar(() = $t->error_log =~ /would be refused/g);
}
