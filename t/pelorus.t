#!/usr/bin/perl

# The Pelorus receiver's verdict, as far as its vectors do not say it: the
# published files and signatures, rotation, repeated headers, lengths, how the
# body comes, and what the log and the variables tell.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/header outcome/;
use WebhookTest::Cert qw/read_file/;

my $now = 1_678_106_500;                # minutes after the seed's deployment
my $secret = 'My Secret Token';
my $seen_by_shell =
    '29a4606fccb6976cd43cb8a6cf210d402294e08fffda86f87c96fdb39d9fbc3c';
my $seen_by_jq =
    '9f6140a622159a4e1d379603afe6a0d288d45bc9ad99943c29ec77e3f2cf1cee';

my %answers = (
    'Method Not Allowed' => 405, 'Content length too big.' => 413,
    'Unsupported request.' => 412, 'Improper headers.' => 400,
    'Non existing signature.' => 400, 'Invalid signature.' => 400,
    'There was an error parsing the body' => 400,
);

my $t = WebhookTest->new(now => $now, frozen => 1, conf => <<"EOF");
    add_header X-Reason "\$webhook_reason" always;
    add_header X-Verdict "\$webhook_verdict" always;
    add_header X-Event "\$webhook_event" always;
    add_header X-Index "\$webhook_secret_index" always;
    webhook_var \$app /app;
    map \$http_x_key \$given { default \$http_x_key; }
    proxy_set_header X-App \$app;

    server {
        listen 127.0.0.1:%%PORT%%;

        webhook pelorus;
        webhook_secret "$secret";

        location / { proxy_pass http://%%APP%%; }

        location = /file {
            client_body_buffer_size 1k;
            proxy_pass http://%%APP%%;
        }

        location = /file_only {
            client_body_in_file_only on;
            proxy_pass http://%%APP%%;
        }

        location = /single {
            client_body_in_single_buffer on;
            proxy_pass http://%%APP%%;
        }

        location = /unbuffered {
            proxy_request_buffering off;
            proxy_http_version 1.1;
            proxy_pass http://%%APP%%;
        }

        location = /rotation {
            webhook_secret "the key before that one";
            webhook_secret "$secret";
            webhook_secret "the key that comes next";
            proxy_pass http://%%APP%%;
        }

        location = /reject {
            webhook_reject 401;
            proxy_pass http://%%APP%%;
        }

        location = /trial {
            webhook_enforce off;
            proxy_pass http://%%APP%%;
        }

        location = /quiet {
            webhook_log_level info;
            proxy_pass http://%%APP%%;
        }

        location = /require {
            webhook_require /app string enum=mongo-todolist;
            proxy_pass http://%%APP%%;
        }

        location = /variable {
            webhook_secret "\$given";
            proxy_pass http://%%APP%%;
        }

        location = /page {
            error_page 400 /page.html;
            proxy_pass http://%%APP%%;
        }

        location = /page.html { webhook off; return 200 "a page"; }
    }
EOF

my $file = sample('committime');
my $compact = $file =~ s/\s+//gr;
my $ping = '{"app":"x"}';

# the published files with the published signatures, as people send them
for my $signature ($seen_by_shell, $seen_by_jq) {
    for (['as it is', $file], ['with curl -d', $file =~ s/\n//gr],
         ['compact', $compact], ['compact with LF', "$compact\n"],
         ['in one line', join(' ', split ' ', $file)])
    {
        my ($how, $body) = @$_;

        passes("the seed's file $how, " . substr($signature, 0, 8),
               event('committime', $body, "sha256=$signature"));
    }
}

refused("a signature over the file's own bytes", 'Invalid signature.',
        'signature_mismatch',
        event('committime', $file, 'sha256=' . hmac_sha256_hex($file, $secret)));
refused('one over what curl -d sends', 'Invalid signature.',
        'signature_mismatch',
        event('committime', $file, 'sha256='
              . hmac_sha256_hex($file =~ s/\n//gr, $secret)));
refused('a digit changed', 'Invalid signature.', 'signature_mismatch',
        event('committime', $file =~ s/1678105701/1678105702/r,
              "sha256=$seen_by_jq"));

passes("the seed's deploytime", signed('deploytime', sample('deploytime')));
passes("the seed's failure", signed('failure', sample('failure')));
refused('a deploytime of long ago',
        'Invalid payload: Timestamp cannot be older than 30 minutes: timestamp',
        'payload_invalid',
        signed('deploytime', sample('deploytime') =~ s/1678106205/1678104699/r),
        422);

# which secret
for (["the key before that one", 1], [$secret, 2],
     ["the key that comes next", 3])
{
    my ($key, $index) = @$_;

    my $response = passes("rotation, secret $index",
                          signed('committime', $compact, $key,
                                 uri => '/rotation'));
    is($response->{header}{'x-index'}, $index, 'its index');
}

my $response = refused('rotation, another secret', 'Invalid signature.',
                       'signature_mismatch',
                       signed('committime', $compact, 'yet another key',
                              uri => '/rotation'));

ok(!$response->{header}{'x-index'}, 'has no index');

passes('a secret by variable', with(signed('committime', $compact, 'by request',
    uri => '/variable'), ['X-Key', 'by request']));

my ($got, @none) = $t->ask(signed('committime', $compact, '',
                                  uri => '/variable'));
is($got->{status}, 400, 'no secret by variable');
is(scalar @none, 0, 'nothing goes upstream without');

# of repeated headers the first counts
for (['X-Hub-Signature-256', 'sha256=' . '0' x 64, 'Invalid signature.',
      'signature_mismatch'],
     ['X-Hub-Signature-256', 'nonsense', 'Improper headers.',
      'header_mismatch'],
     ['X-Pelorus-Event', 'deployment', 'Improper headers.', 'header_mismatch'],
     ['User-Agent', 'curl/8', 'Unsupported request.', 'header_mismatch'])
{
    my ($name, $value, $detail, $reason) = @$_;

    my $request = signed('committime', $compact);
    my @headers = @{ $request->{headers} };

    passes("$name, then another",
           { %$request, headers => [@headers, [$name, $value]] });
    refused("another $name first", $detail, $reason,
            { %$request, headers => [[$name, $value], @headers] });
}

my $typed = signed('committime', $compact);

passes('two types, the first is JSON', with($typed, ['Content-Type', 'x/y']));
like(($t->ask({ %$typed, headers => [['Content-Type', 'x/y'],
                                     @{ $typed->{headers} }] }))[0]{body},
     qr/value is not a valid dict/, 'two types, the first is not');

# the length, told or not
my $long = '{"app":"' . 'x' x (100_000 - length '{"app":""}') . '"}';

is(length $long, 100_000, 'the longest body');

for my $way ([], [chunked => 4096], [split => 30_000, pause => 0.002],
             [expect => 1])
{
    for my $uri (qw{/ /file /file_only /single /unbuffered}) {
        passes("$uri @$way", signed('committime', $compact, $secret,
                                    uri => $uri, @$way));
        passes("$uri @$way, 100000 bytes",
               signed('ping', $long, $secret, uri => $uri, @$way));
        refused("$uri @$way, a wrong signature", 'Invalid signature.',
                'signature_mismatch',
                signed('ping', $long, 'x', uri => $uri, @$way));
        refused("$uri @$way, 100001 bytes", 'Content length too big.',
                'body_too_large',
                signed('ping', "$long ", $secret, uri => $uri, @$way));
    }
}

my $c = $t->connection;
my ($head) = WebhookTest::format_request(
    %{ signed('ping', $ping) }, length => 100_001, expect => 1);

$c->send($head);
is(($c->read_one // { status => 'none' })->{status}, 413,
   'a length of 100001 is answered before the body comes');

# the rest of the receiver's answers, with our reasons
my %signed = %{ signed('ping', $ping) };

refused('another method', 'Method Not Allowed', 'method_not_allowed',
        { %signed, method => 'PUT' });
refused('no User-Agent', 'Unsupported request.', 'header_mismatch',
        without('User-Agent'));
refused('no event', 'Improper headers.', 'header_mismatch',
        without('X-Pelorus-Event'));
refused('no signature', 'Non existing signature.', 'signature_missing',
        without('X-Hub-Signature-256'));
refused('no text', 'There was an error parsing the body', 'json_invalid',
        signed('ping', "{\"a\":\"\xff\"}"));

$response = ($t->ask(signed('ping', '[1]')))[0];
is($response->{status}, 422, 'a list');
is($response->{header}{'x-reason'}, 'payload_invalid', 'its reason');
$response = ($t->ask(signed('ping', '{"a":')))[0];
is($response->{status}, 422, 'no JSON');
is($response->{header}{'x-reason'}, 'json_invalid', 'its reason');
like($response->{body}, qr/^\{"detail":/, 'its answer');
is($response->{header}{'content-type'}, 'application/json', 'its type');

$response = passes('ping goes upstream', signed('ping', $ping));
is($response->{header}{'x-event'}, 'ping', 'its event');
is($response->{header}{'x-verdict'}, 'accepted', 'its verdict');

# a stranger cannot tell whether there is a secret
for (['a wrong signature', $compact], ['no JSON', '{"a":'], ['a list', '[1]'],
     ['too long', '[' . ' ' x 100_000 . ']'], ['an event of no kind', '{}'])
{
    my ($name, $body) = @$_;
    my $request = signed('committime', $body, 'x', uri => '/variable');
    my ($none, $some) = map { ($t->ask($_))[0] }
                        $request, with($request, ['X-Key', 'by request']);

    is("$none->{status} $none->{body}", "$some->{status} $some->{body}",
       "the same without a secret: $name");
}

# the gate's own directives
refused('webhook_reject does not change the answer', 'Invalid signature.',
        'signature_mismatch', signed('ping', $ping, 'x', uri => '/reject'));

my @seen;
($response, @seen) = $t->ask(signed('ping', $ping, 'x', uri => '/trial'));
is($response->{status}, 202, 'a trial run');
is($response->{header}{'x-verdict'}, 'would_reject', 'what it would have been');
is($response->{header}{'x-reason'}, 'signature_mismatch', 'and why');
is(scalar @seen, 1, 'it went upstream');

$response = ($t->ask(signed('ping', $ping, 'x', uri => '/page')))[0];
is($response->{body}, 'a page', 'error_page wins');

passes('webhook_require beside', signed('committime', $compact, $secret,
                                        uri => '/require'));
$response = ($t->ask(signed('ping', $ping, $secret, uri => '/require')))[0];
is($response->{status}, 422, 'webhook_require fails');
like($response->{body}, qr/"pointer":"\/app","rule":"enum"/, 'and says where');

($response, @seen) = $t->ask(signed('committime', $compact));
is(header($seen[0], 'X-App'), 'mongo-todolist',
   'webhook_var of what Pelorus sent');

my $before = length $t->error_log;
refused('for the log', 'Invalid signature.', 'signature_mismatch',
        signed('ping', $ping, 'x'));
like(substr($t->error_log, $before),
     qr/\[error\].* webhook pelorus: refused, signature_mismatch/,
     'the log says so');
$before = length $t->error_log;
refused('for the log, quiet', 'Invalid signature.', 'signature_mismatch',
        signed('ping', $ping, 'x', uri => '/quiet'));
like(substr($t->error_log, $before),
     qr/\[info\].* webhook pelorus: refused, signature_mismatch/,
     'at webhook_log_level');
unlike($t->error_log, qr/\Q$secret\E|$seen_by_jq|mongo/,
       'the log tells no secret, no signature and no body');

$t->done;

like((WebhookTest::nginx_t(<<"EOF"))[1], qr/webhook_secret/,
    server { listen 127.0.0.1:%%PORT%%; location / { webhook pelorus; } }
EOF
     'nginx -t: no secret');

for my $rule ('token header:X;', 'timestamp header:X;', 'methods POST;',
              'content_type a/b;', 'header X y;', 'message x$webhook_body;',
              'signature header:Y;', 'challenge query:x;', 'reject 401;')
{
    my ($exit, $said) = WebhookTest::nginx_t(<<"EOF");
    webhook_provider p { signature header:X prefix=sha256=; body pelorus; $rule }
EOF
    ok($exit != 0 && $said =~ /"body pelorus" in webhook_provider "p" goes/,
       "nginx -t: body pelorus beside $rule") or diag($said);
}

done_testing();


sub sample {
    my ($name) = @_;

    return read_file("$FindBin::Bin/../tools/samples/pelorus-$name.json");
}


sub event {
    my ($event, $body, $signature, %more) = @_;

    return { method => 'POST', uri => '/pelorus/webhook', body => $body, %more,
             headers => [['User-Agent', 'Pelorus-Webhook/test'],
                         ['X-Pelorus-Event', $event],
                         ['Content-Type', 'application/json'],
                         ['X-Hub-Signature-256', $signature]] };
}


# Signed as compact JSON; no text of these tests has a blank in it.
sub signed {
    my ($event, $body, $key, %more) = @_;

    return event($event, $body, 'sha256='
                 . hmac_sha256_hex($body =~ s/\s+//gr, $key // $secret), %more);
}


sub with {
    my ($request, @headers) = @_;

    return { %$request, headers => [@{ $request->{headers} }, @headers] };
}


sub without {
    my ($name) = @_;

    return { %signed, headers =>
             [grep { $_->[0] ne $name } @{ $signed{headers} }] };
}


# The answer to what the application has received.
sub passes {
    my ($name, $request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($response, @seen) = $t->ask($request);

    ok($response->{status} eq '202' && @seen == 1
       && $seen[0]{body} eq $request->{body}, $name)
        or diag("$response->{status} $response->{body}");

    return $response;
}


sub refused {
    my ($name, $detail, $reason, $request, $status) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($response, @seen) = $t->ask($request);

    $status //= $answers{$detail};

    ok(outcome($response) eq "$status $reason" && @seen == 0
       && $response->{body} eq qq({"detail":"$detail"}), $name)
        or diag(outcome($response), " $response->{body} ", scalar @seen);

    return $response;
}
