package WebhookTest::Providers;

# Every provider, with what it needs: a location, a secret or key, a client
# certificate, a body; and tools/webhook-send, which sends as it would.
#
#     my $t = WebhookTest->new(files => { files() },
#         conf => server(join '', map { location($_) } @built_in));
#     sends_to($t);
#     my $r = sent(arguments('github'), body('github'));
#
# A location is at "/NAME" of %%PORT%%, or of %%TLS_PORT%% for those who have a
# client certificate.

use strict;
use warnings;

use Exporter qw/import/;
use File::Basename;
use File::Temp;
use MIME::Base64;
use POSIX ();

use WebhookTest;
use WebhookTest::Cert;

delete @ENV{ grep { /_proxy\z/i } keys %ENV };

# Secrets that others can read are warned of, which is not the point here.
umask 027;

our @EXPORT_OK = qw/%providers @built_in %secrets add_providers files server
                    location sends_to has key_of has_challenge_secret
                    arguments certificate body sent run $send/;

my $root = dirname(__FILE__) . '/../../..';
our $send = "$root/tools/webhook-send";

# Secrets as a sender's site shows them, by what a rule's key= says, and those
# of somebody else.
our %secrets = (
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
    'jws-rs256'         => ['RSA'],
    'jws-rs512'         => ['RSA'],
    'jws-es512'         => [qw/EC -pkeyopt ec_paramgen_curve:P-521/],
);

# Another body than tools/samples/NAME-*.json, further arguments.
my %bodies = (
    'adyen' => '{"notificationItems":[{"NotificationRequestItem":'
        . '{"pspReference":"8825","amount":{"value":1130,"currency":"EUR"},'
        . '"merchantReference":"a\u00e9\"b"}}]}',
    'own-form' => 'a=%31+b&ts=1&payload=%7B1%7D',
    twilio => 'To=%2B18005551212&Digits=2&Digits=1&City=&Body=a+b',
    'security-event' => '{"jti":"1","events":{"uri":{}}}',
    (map { ($_->[0] => '{"Type":"Notification","MessageId":"1","TopicArn":"t",'
            . "\"SignatureVersion\":\"$_->[1]\",\"Message\":\"Hello\"}") }
         ['aws-sns', 2], ['aws-sns-v1', 1]),
    'own-odd' => "- \0\r\n\t\\n 100% 'quoted' \xff\xfe\n",
);
my %arguments = (
    pelorus => [qw/--event committime/],
    'google-pubsub' => [map { ('--claim', $_) } '/aud=us', '/email=a@b.c',
                        '/email_verified=true'],
    (map { ($_ => ['--claim', '/aud=us']) }
         qw/atlassian-forge azure-event-grid-entra google-chat microsoft-bot/),
    'security-event' => [map { ('--claim', $_) } '/iss=them', '/aud=us'],
    wix => [qw{--claim /exp=4000000000}],
    (map { ($_ => [qw/--key-id a/]) }
         qw/circle github-secret-scanning turnkey/),
    mercadopago => ['--header', 'X-Request-Id: r'],
    paypal => ['--set', 'paypal_webhook_id=1JE4291016473214C'],
    'own-odd' => ['--header', 'X-Extra: e', '--header', 'X-Needed: it is'],
);

# The rules' text by the provider's name.
our %providers = map { read_providers(WebhookTest::Cert::read_file($_)) }
                 glob "$root/providers/*.conf";
our @built_in = sort keys %providers;

my $temp = File::Temp->newdir;
chmod 0755, "$temp";
my $ca = WebhookTest::ca("$temp", 'sender');
my $t;


# Those of a text beside the built-in ones; its file is "own.conf" of the
# server.
sub add_providers { %providers = (%providers, read_providers($_[0])) }


# The server that messages go to.
sub sends_to { ($t) = @_ }


# A server with those locations.
sub server {
    my ($locations) = @_;

    return <<"EOF";
    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%TLS_PORT%% ssl;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_verify_client optional;
        ssl_client_certificate $ca->{cert};
        $locations
    }
EOF
}


# For the server: secrets, keys, and bodies; with a prefix "other-" also the
# keys of somebody else.
sub files {
    my @prefixes = ('', @_);

    return (
        (map { ("secrets/$_" => "$secrets{$_}\n") } keys %secrets),
        (map { ("bodies/$_" => $bodies{$_}) } keys %bodies),
        key_files(@prefixes),
        'secrets/challenge' => "the secret of challenges\n",
    );
}


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
    my (@prefixes) = @_;
    my %files;

    for my $name (map { my $p = $_; map { "$p$_" } keys %pairs } @prefixes) {
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


# With further directives.
sub location {
    my ($name, $more) = @_;

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
        . ($rules =~ m{claim +/email } ? 'webhook_claim /email a@b.c; ' : '')
        . ($rules =~ /(\$\w+_webhook_id)/
           ? "set $1 1JE4291016473214C; " : '')
        . ($more // '') . " proxy_pass http://%%APP%%; }\n";
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

        $base = 'https://localhost:' . $t->port('TLS_PORT');
        push @arguments, '--cacert', $t->dir . '/server-ca.pem',
            '--cert', $cert->{cert}, '--key', $cert->{key};
    }

    return (@arguments, '--url', "$base/$name");
}


# The files of the one that a provider wants, or of a stranger's.
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


1;
