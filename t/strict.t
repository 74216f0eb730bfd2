#!/usr/bin/perl

# The -strict providers: the documented samples pass, a document that breaks
# the documentation is told what it breaks.  The plain providers take it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_base64/;
use JSON::PP;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/ca cert read_file/;

my $secret = 'The secret of these senders';
my $temp = File::Temp->newdir;
chmod 0755, "$temp";

my $ca = ca("$temp", 'sender');
my $client = cert($ca, subject => '/CN=app.netdata.cloud');

my $t = WebhookTest->new(conf => <<"EOF");
    add_header X-Id "\$webhook_id" always;
    add_header X-Event "\$webhook_event" always;

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%TLS_PORT%% ssl;

        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_verify_client optional;
        ssl_client_certificate $ca->{cert};

        webhook_secret "$secret";
        proxy_set_header Host strict;

@{[ map { <<"LOCATIONS" } qw/stackstate cloudstack/ ]}
        location = /$_ { webhook $_; proxy_pass http://%%APP%%; }
        location = /$_-strict { webhook $_-strict; proxy_pass http://%%APP%%; }
LOCATIONS

        location = /netdata-strict {
            webhook netdata-strict;
            webhook_challenge_secret "another secret of Netdata";
            proxy_pass http://%%APP%%;
        }

        location = /netdata { webhook netdata; proxy_pass http://%%APP%%; }
    }
EOF

my %ways = (
    stackstate => sub {
        (headers => [['X-StackState-Webhook-Token', $secret]])
    },
    cloudstack => sub {
        (headers => [['X-CS-Signature', hmac_sha256_base64($_[0], $secret)
                                        . '='],
                     ['X-CS-Event', 'VOLUME.ATTACH'],
                     ['X-CS-Event-ID', '4b7e0f6e']])
    },
    netdata => sub { (tls => $client) },
);

my $open = sample('stackstate-open');
my $close = sample('stackstate-close');
my $volume = sample('cloudstack-volume-attach');
my $alert = sample('netdata-alert');
my $reachable = {
    message => 'node is reachable', url => 'https://app.netdata.cloud/n',
    host => 'node', severity => 'info',
    status => { reachable => JSON::PP::true, text => 'reachable' },
};
my $unreachable = {
    message => 'node is unreachable', url => 'https://app.netdata.cloud/n',
    host => 'node', severity => 'critical',
    status => { reachable => JSON::PP::false, text => 'unreachable' },
};

# as documented; the vendor's open and close samples among them
my $response = passes('stackstate', 'the open sample', $open);
is($response->{header}{'x-id'}, $open->{notificationId}, 'its id');
is($response->{header}{'x-event'}, 'open', 'its event');
$response = passes('stackstate', 'the close sample', $close);
is($response->{header}{'x-event'}, 'close', 'its event');
passes('stackstate', 'an open with a reason', set($open, '/event/reason', 'x'));
passes('stackstate', "a close because of $_", set($close, '/event/reason', $_))
    for qw/ConfigRemoved ConfigChanged ComponentRemoved ComponentChanged
           HealthStateResolved ChannelRemoved/;
passes('stackstate', "an open, $_", set($open, '/event/state', $_))
    for qw/DEVIATING CRITICAL/;
passes('stackstate', 'a close with metadata', set($close, '/metadata', {}));

passes('cloudstack', 'the sample', $volume);
passes('cloudstack', 'without a description', without($volume, '/description'));

passes('netdata', 'the alert sample', $alert);
passes('netdata', "an alert, $_", set($alert, '/severity', $_))
    for qw/warning critical clear/;
passes('netdata', 'reachable', $reachable);
passes('netdata', 'unreachable', $unreachable);

# each of these breaks one line of the documentation
my @required = qw{/notificationId /event/type /component/identifier
    /component/link /component/name /component/type /component/tags
    /monitor/name /monitor/tags /notificationConfiguration/name};

for my $kind (['open', $open, qw{/event/state /event/title
                                 /event/triggeredTimeMs /metadata}],
              ['close', $close, '/event/reason'])
{
    my ($name, $document, @more) = @$kind;

    for my $pointer (@required, @more) {
        fails('stackstate', "$name without $pointer",
              without($document, $pointer), $pointer, 'required');
        fails('stackstate', "$name, $pointer is a boolean",
              set($document, $pointer, JSON::PP::true), $pointer, 'type');
    }
}

fails('stackstate', 'another event', set($open, '/event/type', 'changed'),
      '/event/type', 'enum');
fails('stackstate', 'another state', set($open, '/event/state', 'CLEAR'),
      '/event/state', 'enum');
fails('stackstate', 'another reason', set($close, '/event/reason', 'Closed'),
      '/event/reason', 'enum');
fails('stackstate', 'a time before 1970',
      set($open, '/event/triggeredTimeMs', -1), '/event/triggeredTimeMs', 'min');
fails('stackstate', "an id that is no UUID: $_",
      set($open, '/notificationId', $_), '/notificationId', 'pattern')
    for '', 'x', "$open->{notificationId}0", "$open->{notificationId}\n",
        $open->{notificationId} =~ s/-//gr;
fails('stackstate', 'tags as an object', set($open, '/component/tags', {}),
      '/component/tags', 'type');

for my $pointer (qw{/event /status /eventDateTime}) {
    fails('cloudstack', "without $pointer", without($volume, $pointer),
          $pointer, 'required');
    fails('cloudstack', "$pointer is null", set($volume, $pointer, undef),
          $pointer, 'type');
}

fails('cloudstack', "$_ is a number", set($volume, $_, 1), $_, 'type')
    for qw{/user /account /entity /entityuuid /description};
fails('cloudstack', 'no event', set($volume, '/event', ''), '/event',
      'min_length');
fails('cloudstack', "a date as $_", set($volume, '/eventDateTime', $_),
      '/eventDateTime', 'pattern')
    for '2024-07-10T08:05:07Z', '2024-07-10 08:05:07', '',
        "2024-07-10 08:05:07 +0000\n", 'x2024-07-10 08:05:07 +0000';

fails('netdata', "without $_", without($alert, $_), $_, 'required')
    for qw{/message /severity};
fails('netdata', "an alert without its name, $_",
      without(set($alert, '/severity', $_), '/alert'), '/alert', 'required')
    for qw/warning clear/;
fails('netdata', 'another severity', set($alert, '/severity', 'Critical'),
      '/severity', 'enum');
fails('netdata', "$_ is a number", set($alert, $_, 1), $_, 'type')
    for qw{/alert /info /chart /context /space /Rooms /family /class /date
           /duration /alert_url};
fails('netdata', "$_ is a string", set($alert, $_, '1'), $_, 'type')
    for qw{/additional_active_critical_alerts
           /additional_active_warning_alerts};
fails('netdata', "$_ is negative", set($alert, $_, -1), $_, 'min')
    for qw{/additional_active_critical_alerts
           /additional_active_warning_alerts};
fails('netdata', 'a status as a word, as seen since 2025',
      set($alert, '/status', 'Critical'), '/status', 'type');
fails('netdata', 'info without a status', without($reachable, '/status'),
      '/status', 'required');
fails('netdata', 'reachable and unreachable',
      set($reachable, '/status/text', 'unreachable'), '/status/text', 'enum');
fails('netdata', 'unreachable and reachable',
      set($unreachable, '/status/text', 'reachable'), '/status/text', 'enum');
fails('netdata', 'reachable, critical',
      set($reachable, '/severity', 'critical'), '/severity', 'enum');
fails('netdata', 'unreachable, info',
      set($unreachable, '/severity', 'info'), '/severity', 'enum');

for my $pointer (qw{/host /url}) {
    fails('netdata', "reachability without $pointer",
          without($_, $pointer), $pointer, 'required')
        for $reachable, $unreachable;
}

# verification comes first, the challenge stays
is((ask('netdata', $alert, tls => {}))[0]{status}, 403, 'no certificate');
is((ask('stackstate', {}, headers => [['X-StackState-Webhook-Token', 'x']]))
   [0]{status}, 403, 'a wrong token');
like($t->request({ uri => '/netdata-strict?crc_token=x', tls => $client })
     ->{body}, qr/^\{"response_token":"sha256=/, 'the challenge is answered');

$t->done;
done_testing();


sub sample {
    my ($name) = @_;

    return decode_json(read_file(
        "$FindBin::Bin/../tools/samples/$name.json"));
}


# A copy of the document with another value at a pointer.
sub set {
    my ($document, $pointer, $value) = @_;

    my $copy = decode_json(encode_json($document));
    my ($parent, $name) = parent($copy, $pointer);

    $parent->{$name} = $value;

    return $copy;
}


sub without {
    my ($document, $pointer) = @_;

    my $copy = decode_json(encode_json($document));
    my ($parent, $name) = parent($copy, $pointer);

    exists $parent->{$name} or die "no $pointer in the sample\n";
    delete $parent->{$name};

    return $copy;
}


sub parent {
    my ($node, $pointer) = @_;

    my (undef, @names) = split m{/}, $pointer;
    my $last = pop @names;

    $node = $node->{$_} for @names;

    return ($node, $last);
}


sub ask {
    my ($system, $document, %want) = @_;

    my $body = JSON::PP->new->utf8->canonical->encode($document);

    return $t->ask({ uri => "/$system-strict", body => $body,
                     %want ? %want : $ways{$system}->($body) });
}


sub passes {
    my ($system, $name, $document) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($response, @seen) = ask($system, $document);

    ok($response->{status} =~ /^2/ && @seen == 1, "$system-strict: $name")
        or diag("$response->{status} $response->{body}");

    return $response;
}


sub fails {
    my ($system, $name, $document, $pointer, $rule) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($response, @seen) = ask($system, $document);

    $name =~ s/\n/\\n/g;

    ok($response->{status} eq 422 && @seen == 0
       && $response->{body} =~ /"pointer":"\Q$pointer\E","rule":"$rule"/,
       "$system-strict: $name, $rule")
        or diag("$response->{status} $response->{body}");

    my $body = encode_json($document);
    my $status = $t->status({ uri => "/$system", body => $body,
                              $ways{$system}->($body) });

    like($status, qr/^2/, "$system takes it");
}
