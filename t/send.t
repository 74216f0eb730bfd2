#!/usr/bin/perl

# tools/webhook-send against the module: for every file of providers/, and for
# what of the language none of them has.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Path qw/make_path/;
use IO::Socket::INET;
use MIME::Base64;
use Test::More;

use WebhookTest;
use WebhookTest::Ed25519 qw/old_openssl/;
use WebhookTest::Providers qw/%providers @built_in %secrets add_providers
                              files location sends_to server has key_of
                              has_challenge_secret arguments body sent run
                              $send/;

my $own = <<'EOF';
    # a comment; with { things } in it
    webhook_provider own-stripe {
        signature  header:Stripe-Signature list=, field=v1;
        timestamp  field:t past=5m;
        message    $webhook_timestamp.$webhook_body;
    }
    webhook_provider own-svix {
        signature  header:svix-signature 'list= ' prefix=v1, encoding=base64;
        timestamp  header:svix-timestamp past=5m future=5m;
        id         header:svix-id;
        message    $webhook_id.${webhook_timestamp}.$webhook_body;
    }
    webhook_provider own-paddle {
        signature  header:Paddle-Signature 'list=;' field=h1;
        timestamp  field:ts past=1m;
        message    "${webhook_timestamp}:$webhook_body";
    }
    webhook_provider own-linear {
        signature  header:Linear-Signature algorithm=hmac-sha512;
        timestamp  json:/data/webhookTimestamp unit=ms past=60s;
        event      json:/type;
    }
    webhook_provider own-scalr {
        signature  header:X-Signature algorithm=hmac-sha384 encoding=base64url;
        timestamp  header:Date unit=http past=5m future=5m;
        message    $webhook_body$http_date;
    }
    webhook_provider own-twitch {
        signature  header:T-Signature prefix=sha256=;
        timestamp  header:T-Timestamp unit=rfc3339 past=10m future=5m;
        id         header:T-Id;
        message    $http_t_id$http_t_timestamp$webhook_body;
    }
    webhook_provider own-form {
        signature  header:X-Signature;
        timestamp  form:ts past=1m;
    }
    webhook_provider own-inside {
        signature  json:/sig/value;
        token      json:/token;
        timestamp  json:/ts past=1m;
        message    '${json:/sig/a} ${json:/ref} ${json:/gone} $webhook_timestamp';
        body       none;
    }
    webhook_provider own-odd {
        methods       PUT POST;
        content_type  application/*+json application/vnd.odd;
        header        X-Api 2;
        header        User-Agent Odd-Hooks/*;
        header        X-Needed ~^it;
        signature     query:sig algorithm=hmac-sha1;
        message       '$uri $request_method; $http_x_extra; $webhook_body';
        id            query:id;
    }
    webhook_provider own-both {
        signature  header:X-Signature;
        token      cookie:session for=cookie;
        token      query:tok&en for=query;
        token      header:X-Token;
        content_type  none ~^text/;
    }
    webhook_provider own-rsa-sha1 {
        signature  header:X-Signature algorithm=rsa-sha1 prefix=v1,;
        signature  header:X-Signature-2 algorithm=ed25519;
    }
    webhook_provider own-lines {
        signature  header:X-Signature;
        message    "$request_method\n$request_uri\r\n\t\\n\"$webhook_body";
    }
    webhook_provider own-board {
        signature  header:X-Signature;
        challenge  json:/challenge method=POST
                   'reply={"challenge":"$webhook_challenge"}'
                   type=application/json;
    }
    webhook_provider own-okta {
        token      header:Authorization;
        challenge  header:X-Okta-Verification-Challenge
                   'reply={"verification":"$webhook_challenge"}'
                   type=application/json;
    }
EOF

add_providers($own);

cmp_ok(scalar @built_in, '>=', 20, 'there are providers');

my $t = WebhookTest->new(conf => conf(),
                         files => { files('other-'), 'own.conf' => $own });

sends_to($t);
unlike($t->stderr, qr/\[warn\](?!.* has one key for all customers)/,
       'nothing else to warn of');

my $tls = 'https://localhost:' . $t->port('TLS_PORT');

good_and_bad($_) for sort keys %providers;
challenge($_) for grep { $providers{$_} =~ /^\s*challenge /m }
                  sort keys %providers;
form_instead();
options();
listed();
samples();
public_key_beside_hmac();
tls();

$t->done;
done_testing();


sub conf {
    my $locations = join '', map { location($_) } sort keys %providers;

    return "    include own.conf;\n" . server(<<"EOF");
        $locations
        location = /ed25519 {
            webhook standard-webhooks;
            webhook_secret file:secrets/ed25519.whpk;
            proxy_pass http://%%APP%%;
        }
EOF
}


sub accepted {
    my ($r, $title, $body) = @_;

    my @got = $t->app_requests;
    $t->app_clear;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $good = $r->{exit} == 0 && $r->{status} =~ /\A2/
        && @got == 1 && (!defined $body || $got[0]{body} eq $body);

    ok($good, $title) or diag(explain($r));

    return $got[0];
}


sub refused {
    my ($r, $title) = @_;

    my @got = $t->app_requests;
    $t->app_clear;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    ok($r->{exit} == 1 && $r->{status} =~ /\A4/ && !@got, $title)
        or diag(explain($r));
}


sub good_and_bad {
    my ($name) = @_;

    my $file = body($name);
    my $timed = has($name, 'timestamp');
    my $made = $providers{$name} =~
        /^\s*(?:timestamp|signature|token|body) +(?:json:|form:|body )/m;
    my $body = $made ? undef : WebhookTest::Cert::read_file($file);
    my @good = arguments($name);

    accepted(sent(@good, $file), "$name: accepted", $body);
    printed($name, @good, $file);
    refused(sent(arguments($name, other => 1), $file),
            "$name: another secret or certificate");

    # where fields of a form are signed, others may be beside them, and a token
    # or what is signed in headers may say nothing of the body
    if (has($name, 'signature')
        && $providers{$name} !~ /signature\ +form:|\ body_digest=none
                                 |signature\ +header:.*\ body\ +none;/xs)
    {
        refused(sent(@good, '--tamper', $file), "$name: another body");
    }

    if ($timed) {
        refused(sent(@good, '--age', 900_000, $file), "$name: an old time")
            if $providers{$name} =~ /^\s*(?:timestamp [^;]*past=|window )/m;
        refused(sent(@good, '--timestamp', 'never', $file),
                "$name: what is no time");
        accepted(sent(@good, '--age', 1, $file), "$name: a young time");
    }
}


# Of a sender of JSON and of forms, what looks like a form is signed as one.
sub form_instead {
    my $file = $t->write_file('bodies/route', 'recipient=a%40b&body=x');
    my $got = accepted(sent(arguments('mailgun'), $file), 'mailgun, a form');

    like($got->{body}, qr/\Arecipient=a%40b&body=x&timestamp=\d+&/,
         'it stays one');
    refused(sent(arguments('mailgun'), '--age', 900_000, $file),
            'mailgun, an old form');
}


# The curl line sends the same.
sub printed {
    my ($name, @arguments) = @_;

    my %own = map { $_ => 1 } qw/user-agent accept connection host/;

    # no two signatures of ECDSA are the same
    $own{lc $1} = 1
        if $providers{$name} =~ /signature\ +header:(\S+)\s+
                                 algorithm=(?:ecdsa|jw[st]-es)/x;
    # nor of HTTP message signatures the times and nonces
    @own{qw/signature signature-input/} = (1, 1)
        if $providers{$name} =~ /signature +http-message/;
    # nor two tokens that end so long after now
    $own{authorization} = 1 if $providers{$name} =~ / body_digest=none/;

    unshift @arguments, '--timestamp', time if has($name, 'timestamp');
    unshift @arguments, '--id', 'i-1'
        if $providers{$name} =~ /^\s*id ++(?!json|form)|\$webhook_id/m;

    sent(@arguments);
    my $line = sent(@arguments, '--print')->{output};
    my $r = run(undef, 'sh', '-c', $line);
    my @got = map { { method => $_->{method}, uri => $_->{uri},
                      headers => [sort map { lc($_->[0]) . ": $_->[1]" }
                                  grep { !$own{ lc $_->[0] } }
                                  @{ $_->{headers} }],
                      body => $_->{body} } } $t->app_requests;

    $t->app_clear;
    like($line, qr/\A[^\n]+\n\z/, "$name: one line is printed");
    is(scalar @got, 2, "$name: it is sent through the shell")
        or diag(explain([$line, $r]));
    is_deeply($got[1], $got[0], "$name: it is the same");
}


sub challenge {
    my ($name) = @_;

    my $kind = $providers{$name} =~ /key=signing/ ? key_of($name) : 'challenge';
    my @good = (arguments($name), '--challenge-secret',
                'file:' . $t->dir . "/secrets/$kind");

    my $r = sent(@good, '--challenge');
    is($r->{exit}, 0, "$name: the challenge is answered")
        or diag(explain($r));
    like($r->{errors}, qr/is right/, "$name: and said to be right");

    $r = sent(@good, '--challenge', 'token.of-mine');
    is($r->{exit}, 0, "$name: a challenge with a given text");

    my $curl = run(undef, 'sh', '-c',
                   sent(@good, '--challenge', 'token.of-mine', '--print')
                   ->{output});
    is($curl->{output} =~ s/\A.*?\r\n\r\n//sr, $r->{body} =~ s/\n\z//r,
       "$name: the same answer through the shell");

    is(sent(@good, '--challenge-secret', 'another secret', '--challenge')
       ->{exit}, 1, "$name: with another secret the answer is not right")
        if has_challenge_secret($name);

    is(scalar(() = $t->app_requests), 0, "$name: all by nginx alone");
    $t->app_clear;
}


sub options {
    my $file = body('github');
    my $body = WebhookTest::Cert::read_file($file);
    my @github = arguments('github');

    my $got = accepted(sent(@github, '--id', 'i-1', '--event', 'push',
                            '--header', 'X-GitHub-Hook-Id: 7',
                            '--header', 'Content-Type:', $file),
                       'id, event, headers', $body);
    my %headers = map { (lc $_->[0] => $_->[1]) } @{ $got->{headers} };

    is_deeply([@headers{qw/x-github-delivery x-github-event x-github-hook-id
                           content-type/}],
              ['i-1', 'push', '7', undef], 'they are there');

    accepted(run($body, $^X, $send, @github), 'a body from standard input',
             $body);
    accepted(run(undef, 'sh', '-c', run("-\0%'$body", $^X, $send, @github,
                                        '--print')->{output}),
             'and printed', "-\0%'$body");
    refused({ %{ run(undef, 'sh', '-c', sent(@github, '--tamper', '--print',
                                             $file)->{output}) },
              exit => 1 }, 'what is printed may be tampered with');

    local $ENV{WEBHOOK_TEST} = $secrets{text};
    accepted(sent(@github, '--secret', 'env:WEBHOOK_TEST', $file),
             'a secret from the environment');
    accepted(sent(@github, '--secret', $secrets{text}, $file),
             'a secret as text');
    accepted(sent(@github, '--secret', unpack('H*', $secrets{text}),
                  '--decode', 'hex', $file), 'a secret in hex');
    accepted(sent(@github, '--secret', encode_base64($secrets{text}, ''),
                  '--decode', 'base64', $file), 'a secret in Base64');
    accepted(sent(@github, '--secret',
                  'whsec_' . encode_base64($secrets{text}, ''),
                  '--decode', 'whsec', $file), 'a secret with whsec_');
    accepted(sent(@github, '--secret',
                  'v1,whsec_' . encode_base64($secrets{text}, ''),
                  '--decode', 'whsec', $file), 'and as Supabase shows it');

    is(sent(@github, '--expect', 202, $file)->{exit}, 0, 'as expected');
    is(sent(@github, '--expect', 200, $file)->{exit}, 1, 'not as expected');
    is(sent(@github, '--expect', 403, '--tamper', $file)->{exit}, 0,
       'a refusal that is expected');
    is(sent(@github, '--method', 'PUT', '--expect', 405, $file)->{exit}, 0,
       'another method');
    $t->app_clear;

    my @both = arguments('own-both');

    for ([cookie => qr/^Cookie: session=/m], [query => qr/tok%26en=it%27s/]) {
        accepted(sent(@both, '--for', $_->[0], $file), "the token $_->[0]");
        like(sent(@both, '--for', $_->[0], '--print', $file)->{output}
             =~ s/-H '/\n/gr, $_->[1], 'where it is');
    }

    refused(sent(@both, '--token', 'another', $file), 'another token');

    my $odd = '{"a":"\\u00e9' . "\x7f\xf0\x9f\x98\x80" . '\/\n","b":[-0, {} ]}';
    accepted(run($odd, $^X, $send, arguments('pelorus'), '--event', 'ping'),
             'what Pelorus writes differently');

    my $put = q({"data" : { "webhookTimestamp":"12000", "x":["}",{}]}, )
              . q("type": "a\\\\"b"});
    like(run('{"data" : { "webhookTimestamp":"7", "x":["}",{}]}, "type": 1}',
             $^X, $send, arguments('own-linear'), '--print', '--timestamp', 12,
             '--event', 'a"b')->{output}, qr/\Q$put\E/, 'values put into JSON');

    # a port that is taken, and nobody listens
    my $nobody = IO::Socket::INET->new(LocalAddr => '127.0.0.1')
        or die "no port: $!\n";

    for ([qr/no token "none"/, @both, '--for', 'none', $file],
         [qr/has no challenge/, @github, '--challenge'],
         [qr/has no timestamp/, @github, '--age', 5, $file],
         [qr/not hex/, @github, '--decode', 'hex', $file],
         [qr/--set paypal_webhook_id=/, '--provider', 'paypal', '--url',
          'http://x/', '--secret', 'file:' . $t->dir . '/secrets/rsa-sha256',
          $file],
         [qr/unknown provider "none", --list shows all/, @github, '--provider',
          'none', $file],
         [qr/is not an http/, @github, '--url', 'ftp://x/', $file],
         [qr/needs a --secret/, '--provider', 'x', '--url', 'http://x/', $file],
         [qr/connect/, @github, '--url',
          'http://127.0.0.1:' . $nobody->sockport . '/', $file],
         [qr/not JSON/, arguments('pelorus'), $t->dir . '/bodies/own-odd'])
    {
        my ($says, @arguments) = @$_;
        my $r = sent(@arguments);

        ok($r->{exit} == 2 && $r->{errors} =~ /\A[^\n]*$says[^\n]*\n\z/
           && $r->{output} eq '', "said in one line: $says")
            or diag(explain($r));
    }

    for (['signature  header:X-A algorithn=hmac-sha1', 'algorithn=hmac-sha1'],
         ['signature  header:X-A list', 'list'],
         ['token      bearer decode=hex', 'decode=hex'],
         ['timestamp  header:X-A within=5m', 'within=5m'],
         ['header     X-A x status=400 prefix=b', 'prefix=b'],
         ['challenge  query:c replay=x', 'replay=x'])
    {
        my ($rule, $option) = @$_;
        my ($name) = $rule =~ /(\w+)/;
        my $own = $t->write_file('odd.conf', "webhook_provider own { $rule; }");
        my $r = sent('--provider-file', $own, '--url', 'http://x/', $file);

        ok($r->{exit} == 2 && $r->{output} eq ''
           && $r->{errors} =~ /\A[^\n]*unknown\ option\ "\Q$option\E"\ of
                               \ rule\ "$name",\ it\ takes\ [^\n]*=\n\z/x,
           "an unknown option: $rule") or diag(explain($r));
    }
}


# A line for each provider, with its samples.
sub listed {
    my $r = sent('--list');
    my @names = map { /\A(\S+) +\S/ ? $1 : $_ } split /\n/, $r->{output};

    is_deeply(\@names, [sort @built_in], 'every provider is listed');
    like($r->{output}, qr/^github +GitHub: HMAC of the body \(--sample push\)$/m,
         'what it checks, and its samples');
    is($r->{exit}, 0, 'and that is all');
}


# A sample goes as the sender would send it.
sub samples {
    my @samples = map { m{/([^/]+?)-([^/-]+)\.\w+\z} ? [$1, $2] : () }
                  glob "$FindBin::Bin/../tools/samples/*";
    my @signed = grep { my ($name) = @$_; grep { $_ eq $name } @built_in }
                 @samples;

    cmp_ok(scalar @signed, '>=', 10, 'there are samples');

    for (@signed) {
        my ($name, $event) = @$_;

        my $got = accepted(sent(arguments($name), '--sample', $event,
                                ('--event', $event) x ($name eq 'pelorus')),
                           "$name: the sample $event");
        my ($header) = $providers{$name} =~ /^ *event +header:(\S+?);/m;

        is_deeply([map { $_->[1] } grep { lc $_->[0] eq lc $header }
                   @{ $got->{headers} }], [$event], "$name: its header")
            if defined $header;
    }

    my $r = sent(arguments('github'), '--sample', 'pull');

    ok($r->{exit} == 2 && $r->{errors} =~ /no sample "pull", it has push$/,
       'a sample that there is not') or diag(explain($r));
}


# Which of the rules signs is the secret's affair.
sub public_key_beside_hmac {
    my $file = body('standard-webhooks');
    my @send = ('--provider', 'standard-webhooks', '--url',
                'http://127.0.0.1:' . $t->port . '/ed25519', '--secret');
    my $secrets = 'file:' . $t->dir . '/secrets';

    my $got = accepted(sent(@send, "$secrets/ed25519", $file),
                       'an Ed25519 key where there is HMAC as well');
    is_deeply([map { $_->[1] =~ /\Av1a,/ ? 1 : 0 }
               grep { lc $_->[0] eq 'webhook-signature' }
               @{ $got->{headers} }], [1], 'it has signed');
    refused(sent(@send, "$secrets/other-ed25519", $file), 'another such key');
    refused(sent(@send, "$secrets/whsec", $file), 'HMAC with no such secret');

    local $ENV{PATH} = old_openssl($t->dir . '/old');
    accepted(sent(@send, "$secrets/ed25519", $file),
             'with an openssl that is too old CryptX signs');

    make_path($t->dir . '/none/Crypt/PK');
    $t->write_file('none/Crypt/PK/Ed25519.pm', "die;\n");

    local $ENV{PERL5LIB} = $t->dir . '/none';
    my $r = sent(@send, "$secrets/ed25519", $file);

    is_deeply([@$r{qw/exit errors/}],
              [2, 'webhook-send: Ed25519 needs OpenSSL 3.0, this is 1.1.1w, '
                  . "or CryptX (libcryptx-perl)\n"],
              '... which is asked for');
}


sub tls {
    my @distrusting = grep { !/cacert|server-ca/ } arguments('netdata');

    is(sent(@distrusting, body('netdata'))->{exit}, 2,
       'a server of an unknown authority is not trusted');
    accepted(sent(@distrusting, '--insecure', body('netdata')),
             'with --insecure it is');
}
