#!/usr/bin/perl

# tools/webhook-send against the module: for every file of providers/, and for
# what of the language none of them has.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use MIME::Base64;
use Test::More;

use WebhookTest;

my $root = dirname($FindBin::Bin);
my $send = "$root/tools/webhook-send";

delete @ENV{ grep { /_proxy\z/i } keys %ENV };

# Secrets that others can read are warned of, which is not the point here.
umask 027;

# Secrets as a sender's site shows them, by what a rule's key= says, and those
# of somebody else.
my %secrets = (
    notations('', 'abcdefghijklmnopqrstuvwx'),
    notations('other-', 'another secret of 24 byte'),
    text => "it's % a \"secret\": \\ token",
    oracle => 'what signs challenges for anybody',
    'other-oracle' => 'what else could sign challenges',
);

# Key pairs, by what a rule's algorithm= says.
my %pairs = (
    'ecdsa-p256-sha256' => [qw/EC -pkeyopt ec_paramgen_curve:P-256/],
    'ed25519'           => ['ED25519'],
    'rsa-sha1'          => ['RSA'],
    'rsa-sha256'        => ['RSA'],
    'jwt-es256'         => [qw/EC -pkeyopt ec_paramgen_curve:P-256/],
    'jwt-rs256'         => ['RSA'],
    'jws-rs512'         => ['RSA'],
);

# Another body than tools/samples/NAME-*.json, further arguments.
my %bodies = (
    'adyen' => '{"notificationItems":[{"NotificationRequestItem":'
        . '{"pspReference":"8825","amount":{"value":1130,"currency":"EUR"},'
        . '"merchantReference":"a\u00e9\"b"}}]}',
    'own-form' => 'a=%31+b&ts=1&payload=%7B1%7D',
    twilio => 'To=%2B18005551212&Digits=2&Digits=1&City=&Body=a+b',
    'own-odd' => "- \0\r\n\t\\n 100% 'quoted' \xff\xfe\n",
);
my %arguments = (
    crisp => ['--header', 'X-Crisp-Request-Timestamp: 1700000000000'],
    pelorus => [qw/--event committime/],
    'google-pubsub' => [map { ('--claim', $_) } '/aud=us', '/email=a@b.c',
                        '/email_verified=true'],
    turnkey => [qw/--key-id a/],
    paypal => ['--set', 'paypal_webhook_id=1JE4291016473214C'],
    'own-odd' => ['--header', 'X-Extra: e', '--header', 'X-Needed: it is'],
);

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
        message       '$request_method $uri; $http_x_extra; $webhook_body';
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

my %providers = (read_providers($own),
                 map { read_providers(WebhookTest::Cert::read_file($_)) }
                 glob "$root/providers/*.conf");
my @built_in = map { basename($_, '.conf') } glob "$root/providers/*.conf";

cmp_ok(scalar @built_in, '>=', 20, 'there are providers');

my $temp = File::Temp->newdir;
chmod 0755, "$temp";
my $ca = WebhookTest::ca("$temp", 'sender');

my $t = WebhookTest->new(
    conf => conf(),
    files => {
        (map { ("secrets/$_" => "$secrets{$_}\n") } keys %secrets),
        (map { ("bodies/$_" => $bodies{$_}) } keys %bodies),
        key_files(),
        'secrets/challenge' => "the secret of challenges\n",
        'own.conf' => $own,
    },
);
unlike($t->stderr, qr/\[warn\](?!.* has one key for all customers)/,
       'nothing else to warn of');

my $tls = 'https://localhost:' . $t->port('TLS_PORT');

good_and_bad($_) for sort keys %providers;
challenge($_) for grep { $providers{$_} =~ /^\s*challenge /m }
                  sort keys %providers;
options();
public_key_beside_hmac();
tls();

$t->done;
done_testing();


# The rules' text by the provider's name.
sub read_providers {
    return $_[0] =~ /^\s*webhook_provider (\S+) \{\n(.*?)\n\s*\}$/gms;
}


# A secret in every notation.
sub notations {
    my ($prefix, $bytes) = @_;

    return (
        "${prefix}text" => $bytes,
        "${prefix}hex" => unpack('H*', $bytes),
        "${prefix}base64" => encode_base64($bytes, ''),
        "${prefix}whsec" => 'whsec_' . encode_base64($bytes, ''),
    );
}


# Private keys by what signs with them, public ones by their name and .pub;
# those of Ed25519 as most senders show them, 32 bytes in hex.
sub key_files {
    my %files;

    for my $name (map { ($_, "other-$_") } keys %pairs) {
        my $path = "$temp/$name";

        WebhookTest::Cert::openssl('genpkey', '-algorithm',
                                   @{ $pairs{ $name =~ s/^other-//r } },
                                   '-out', $path);
        WebhookTest::Cert::openssl('pkey', '-in', $path, '-pubout',
                                   '-out', "$path.pub");
        $files{"secrets/$_"} = WebhookTest::Cert::read_file("$temp/$_")
            for $name, "$name.pub";
    }

    for (@files{ grep { /ed25519\.pub/ } keys %files }) {
        my ($base64) = /-----\n(.*?)-----/s;
        $_ = unpack('H*', substr decode_base64($base64), -32) . "\n";
    }

    $files{'secrets/ed25519.whpk'} = 'whpk_'
        . encode_base64(pack('H*', $files{'secrets/ed25519.pub'} =~ s/\n//r),
                        '') . "\n";

    return %files;
}


sub conf {
    my $locations = join '', map { location($_) } sort keys %providers;

    return <<"EOF";
    include own.conf;

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%TLS_PORT%% ssl;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_verify_client optional;
        ssl_client_certificate $ca->{cert};
        $locations
        location = /ed25519 {
            webhook standard-webhooks;
            webhook_secret file:secrets/ed25519.whpk;
            proxy_pass http://%%APP%%;
        }
    }
EOF
}


sub location {
    my ($name) = @_;

    my $rules = $providers{$name};
    my $key = key_of($name);

    $key .= '.pub' if $pairs{$key};

    return "location = /$name { webhook $name; "
        . (is_keyed($name) ? "webhook_secret file:secrets/$key; " : '')
        . (has_challenge_secret($name) && $rules !~ /key=signing/
           ? 'webhook_challenge_secret file:secrets/challenge; ' : '')
        . ($rules =~ /webhook_url|\@target-uri|\@authority/
           ? 'webhook_public_url http://127.0.0.1:%%PORT%%; ' : '')
        . ($rules =~ /body_digest=none/ ? 'webhook_claim /aud us; ' : '')
        . ($rules =~ /(\$\w+_webhook_id)/
           ? "set $1 1JE4291016473214C; " : '')
        . "proxy_pass http://%%APP%%; }\n";
}


sub has { return $providers{$_[0]} =~ /^\s*$_[1] /m }


# What kind of secret the first signature wants; a token is text.
sub key_of {
    return 'oracle' if $providers{$_[0]} =~ /key=signing(?![^;]*after=verify)/;

    my ($rule) = $providers{$_[0]} =~ /^\s*signature (.*?);/ms or return 'text';

    return $1 if $rule =~ /algorithm=([^\s,]+)/ && $pairs{$1};
    return 'ed25519' if $rule =~ /^\s*http-message (?!.*algorithm=)/s;
    return $rule =~ /key=(\S+)/ ? $1 : 'text';
}


sub has_challenge_secret {
    return $providers{$_[0]} =~ /challenge_hmac|match=\w+:[^=\s;]+[\s;]/;
}


sub is_keyed { return has($_[0], 'signature') || has($_[0], 'token') }


# What is always there: the provider, its secret, a client certificate.
sub arguments {
    my ($name, %want) = @_;

    my $rules = $providers{$name};
    my $base = 'http://127.0.0.1:' . $t->port;
    my @arguments = ('--provider', $name,
                     (grep { $_ eq $name } @built_in)
                     ? () : ('--provider-file', $t->dir . '/own.conf'),
                     @{ $arguments{$name} // [] });

    push @arguments, '--secret', 'file:' . $t->dir . '/secrets/'
                     . ($want{other} ? 'other-' : '') . key_of($name)
        if is_keyed($name);

    if (has($name, 'client_certificate')) {
        my $cert = certificate($want{other} ? 'stranger' : $rules);

        $base = $tls;
        push @arguments, '--cacert', $t->dir . '/server-ca.pem',
            '--cert', $cert->{cert}, '--key', $cert->{key};
    }

    return (@arguments, '--url', "$base/$name");
}


sub certificate {
    my ($cn) = $_[0] =~ /client_certificate +CN=([^\s;]+)/;

    return WebhookTest::cert($ca, subject => '/CN=' . ($cn // 'stranger'));
}


sub body {
    my ($name) = @_;

    return $t->dir . "/bodies/$name" if defined $bodies{$name};

    my ($system) = $name =~ /\A([^-]+)/;
    my ($sample) = glob "$root/tools/samples/$system-*.json";

    return $sample // "$root/tools/samples/github-push.json";
}


# Runs a command: { exit, status, body, output, errors }.
sub run {
    my ($input, @command) = @_;

    my $errors = $t->dir . '/errors';
    my $in = $t->write_file('input', $input // '');

    my $pid = open(my $out, '-|') // die "fork: $!";

    if ($pid == 0) {
        open STDIN, '<', $in;
        open STDERR, '>', $errors;
        exec @command or POSIX::_exit(127);
    }

    binmode $out;
    my $output = do { local $/; <$out> } // '';
    close $out;

    my ($line, $body) = split /\n/, $output, 2;
    my ($status) = ($line // '') =~ /\AHTTP\S+ (\d+)/;

    return { exit => $? >> 8, status => $status // 0, body => $body // '',
             output => $output,
             errors => WebhookTest::Cert::read_file($errors) };
}


sub sent { return run(undef, $^X, $send, @_) }


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
                   /^\s*(?:timestamp|signature|token|body) +(?:json|form):/m;
    my $body = $made ? undef : WebhookTest::Cert::read_file($file);
    my @good = arguments($name);

    accepted(sent(@good, $file), "$name: accepted", $body);
    printed($name, @good, $file);
    refused(sent(arguments($name, other => 1), $file),
            "$name: another secret or certificate");

    # where fields of a form are signed, others may be beside them, and a token
    # may say nothing of the body
    if (has($name, 'signature')
        && $providers{$name} !~ /signature +form:| body_digest=none/)
    {
        refused(sent(@good, '--tamper', $file), "$name: another body");
    }

    if ($timed) {
        refused(sent(@good, '--age', 900_000, $file), "$name: an old time");
        refused(sent(@good, '--timestamp', 'never', $file),
                "$name: what is no time");
        accepted(sent(@good, '--age', 1, $file), "$name: a young time");
    }
}


# The curl line sends the same.
sub printed {
    my ($name, @arguments) = @_;

    my %own = map { $_ => 1 } qw/user-agent accept connection host/;

    # no two signatures of ECDSA are the same
    $own{lc $1} = 1
        if $providers{$name} =~ /signature\ +header:(\S+)\s+
                                 algorithm=(?:ecdsa|jwt-es)/x;
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

    for ([qr/no token "none"/, @both, '--for', 'none', $file],
         [qr/has no challenge/, @github, '--challenge'],
         [qr/has no timestamp/, @github, '--age', 5, $file],
         [qr/not hex/, @github, '--decode', 'hex', $file],
         [qr/--set paypal_webhook_id=/, '--provider', 'paypal', '--url',
          'http://x/', '--secret', 'file:' . $t->dir . '/secrets/rsa-sha256',
          $file],
         [qr/No such file/, @github, '--provider', 'none', $file],
         [qr/is not an http/, @github, '--url', 'ftp://x/', $file],
         [qr/needs a --secret/, '--provider', 'x', '--url', 'http://x/', $file],
         [qr/connect/, @github, '--url', 'http://127.0.0.1:1/', $file],
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
}


sub tls {
    my @distrusting = grep { !/cacert|server-ca/ } arguments('netdata');

    is(sent(@distrusting, body('netdata'))->{exit}, 2,
       'a server of an unknown authority is not trusted');
    accepted(sent(@distrusting, '--insecure', body('netdata')),
             'with --insecure it is');
}
