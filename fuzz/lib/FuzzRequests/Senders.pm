package FuzzRequests::Senders;

# How senders of all kinds sign, each with a place of its own; the fields of a
# place are explained in Places.pm.
#
# sign => sub ($m, $c, $key) adds the credential to a message $m = { path,
# args => [...], headers => [[name, value] ...], body, mark, time }.  $c is
# applied to the bare credential, so that a wrong one is made in the same way
# as a right one.

use strict;
use warnings;

use Digest::SHA;
use Exporter qw/import/;
use File::Temp;
use MIME::Base64 qw/encode_base64 encode_base64url/;

use WebhookTest::Cert qw/write_file/;
use WebhookTest::Ed25519 qw/ed25519_sign/;

our @EXPORT_OK = qw/senders host github gitlab_token target key_of add mac
                    pool signer/;

my $host = 'hooks.example.com';
my $github = 'X-Hub-Signature-256';


sub host { return $host }


# Every place has a secret of its own, so that nothing signed for one is right
# for another.
sub senders {
    return (
        github('github', ''), variants(), lists(), tokens(), tenants(),
        public_keys(), in_body(), forms(), urls(), replays(),
    );
}


sub key_of { return "the-secret-of-the-place-$_[0]" }


# Signed by an HMAC in a header.
sub hmac {
    my ($name, $header, %want) = @_;

    my $conf = 'webhook ' . ($want{uses} // $name) . ';';

    return {
        key => key_of($name), header => $header, %want, name => $name,
        conf => join(' ', $conf, $want{conf} // ()),
        sign => sub {
            my ($m, $c, $key) = @_;

            my $text = $want{message} ? $want{message}->($m) : $m->{body};
            my $signature = mac($want{algorithm} // 'sha256',
                                $want{encoding} // 'hex', $text, $key);

            add($m, $header, ($want{prefix} // '') . $c->($signature));
        },
    };
}


sub github {
    my ($name, $conf, %want) = @_;

    return hmac($name, $github, uses => 'github', prefix => 'sha256=',
                conf => $conf, %want);
}


sub mac {
    my ($algorithm, $encoding, $text, $key) = @_;

    my $function = Digest::SHA->can("hmac_$algorithm");

    return written($encoding, $function->($text, $key));
}


sub written {
    my ($encoding, $bytes) = @_;

    return $encoding eq 'hex' ? unpack 'H*', $bytes
         : $encoding eq 'base64' ? encode_base64($bytes, '')
         : encode_base64url($bytes);
}


sub add {
    my ($m, $name, $value) = @_;

    push @{ $m->{headers} }, [$name, $value];
}


sub variants {
    return map {
        my ($algorithm, $encoding, $prefix) = @$_;
        my $rule = $prefix ? qq("prefix=$prefix") : '';

        hmac($algorithm, 'X-Sig', algorithm => $algorithm,
             encoding => $encoding, prefix => $prefix, provider =>
             "webhook_provider $algorithm { signature header:X-Sig "
             . "algorithm=hmac-$algorithm encoding=$encoding $rule; }\n");
    } ['sha1', 'hex', ''], ['sha384', 'base64', 'v='],
      ['sha512', 'base64url', 's512:'];
}


# Signatures among others, and with a time.
sub lists {
    my $several = hmac('list', 'X-Sig', provider =>
        "webhook_provider list { signature header:X-Sig list=, prefix=v1=; }\n");

    $several->{sign} = sub {
        my ($m, $c, $key) = @_;
        my $right = 'v1=' . $c->(mac('sha256', 'hex', $m->{body}, $key));

        add($m, 'X-Sig', join ', ', 'v1=' . 'ab' x 32, $right, 'v2=x');
    };

    my $stripe = hmac('stripe', 'Stripe-Signature', time => 1);

    $stripe->{sign} = sub {
        my ($m, $c, $key) = @_;
        my $text = "$m->{time}.$m->{body}";

        add($m, 'Stripe-Signature', "t=$m->{time},v1="
            . $c->(mac('sha256', 'hex', $text, $key)) . ',v0=00');
    };

    my $slack = hmac('slack', 'X-Slack-Signature', time => 1);

    $slack->{sign} = sub {
        my ($m, $c, $key) = @_;
        my $text = "v0:$m->{time}:$m->{body}";

        add($m, 'X-Slack-Request-Timestamp', $m->{time});
        add($m, 'X-Slack-Signature',
            'v0=' . $c->(mac('sha256', 'hex', $text, $key)));
    };

    return ($several, $stripe, $slack, standard('standard-webhooks', ''));
}


# Standard Webhooks, whose id is signed.
sub standard {
    my ($name, $conf, %want) = @_;

    my $key = key_of($name);

    return {
        name => $name, header => 'webhook-signature', time => 1, key => $key,
        conf => "webhook standard-webhooks; $conf",
        secret => 'webhook_secret whsec_' . encode_base64($key, '') . ';',
        sign => sub {
            my ($m, $c, $key) = @_;
            my $text = "id-$m->{mark}.$m->{time}.$m->{body}";

            add($m, 'webhook-id', "id-$m->{mark}");
            add($m, 'webhook-timestamp', $m->{time});
            add($m, 'webhook-signature',
                'v1,' . $c->(mac('sha256', 'base64', $text, $key)));
        }, %want,
    };
}


# A credential that is the secret itself.
sub token {
    my ($name, $sign, %want) = @_;

    my $conf = 'webhook ' . ($want{uses} // $name) . ';';

    return {
        loose => 1, key => key_of($name), %want, name => $name,
        sign => $sign, conf => join(' ', $conf, $want{conf} // ()),
        provider => $want{source}
            ? "webhook_provider $name { token $want{source}; }\n" : undef,
    };
}


sub tokens {
    return (
        gitlab_token('gitlab'),

        token('query', sub {
            my ($m, $c, $key) = @_;
            push @{ $m->{args} }, 'key=' . escaped($c->($key));
        }, source => 'query:key', argument => 1),

        token('cookie', sub {
            my ($m, $c, $key) = @_;
            add($m, 'Cookie', 'a=b; auth=' . $c->($key) . '; c=d');
        }, source => 'cookie:auth'),

        token('bearer', sub {
            my ($m, $c, $key) = @_;
            add($m, 'Authorization', 'Bearer ' . $c->($key));
        }, source => 'bearer', header => 'Authorization'),

        token('basic', sub {
            my ($m, $c, $key) = @_;
            add($m, 'Authorization',
                'Basic ' . encode_base64($c->($key), ''));
        }, source => 'basic', header => 'Authorization',
           key => 'user:the-password-of-basic'),

        token('stackstorm', sub {
            my ($m, $c, $key) = @_;
            push @{ $m->{args} }, 'x-auth-token=' . escaped($c->($key));
        }, argument => 1),

        # one URL for two senders
        gitlab_token('several', uses => 'github gitlab', secret =>
                     'webhook_secret "the github secret of several" '
                     . 'for=github; webhook_secret ' . key_of('several')
                     . ' for=gitlab;'),
    );
}


sub gitlab_token {
    my ($name, %want) = @_;

    return token($name, sub {
        my ($m, $c, $key) = @_;
        add($m, 'X-Gitlab-Token', $c->($key));
    }, uses => 'gitlab', header => 'X-Gitlab-Token', %want);
}


# Whose secret it is says a variable; each of them is a signer of its own.
sub tenants {
    my @tenants = map {
        my ($tenant, $key) = @$_;

        github("tenant-$tenant", 'webhook_replay zone=fuzz;', replay => 1,
               path => '/tenants', args => ["tenant=$tenant"],
               key => $key, secret => 'webhook_secret $tenant_secret;');
    } ['one', 'the secret of the first tenant'],
      ['two', 'the secret of the second tenant'];

    # one location
    $tenants[1]{locations} = [];

    return @tenants;
}


sub escaped {
    my ($text) = @_;

    $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;

    return $text;
}


# Signing takes a process, so there is a pool of messages, each signed once.
sub public_keys {
    my $dir = File::Temp->newdir('keys-XXXXXX', TMPDIR => 1);

    return map { public_key($dir, @$_) }
           ['ed25519', 'ed25519', 'hex', '-algorithm ed25519'],
           ['ecdsa', 'ecdsa-p256-sha256', 'base64',
            '-algorithm EC -pkeyopt ec_paramgen_curve:P-256', 'sha256'],
           ['rsa', 'rsa-sha256', 'base64', '-algorithm RSA', 'sha256'],
           ['rsa-old', 'rsa-sha1', 'base64url', '-algorithm RSA', 'sha1'];
}


sub public_key {
    my ($dir, $name, $algorithm, $encoding, $generate, $digest) = @_;

    openssl($dir, "genpkey $generate -out $name");

    my $text = join '', openssl($dir, "pkey -in $name -pubout")
                        =~ /^([A-Za-z0-9+\/=]+)$/mg;

    my $signature = signer(sub {
        return written($encoding, ed25519_sign("$dir/$name", $_[0]))
            unless $digest;

        write_file("$dir/$name.message", $_[0]);

        return written($encoding, openssl($dir, "dgst -$digest -sign $name "
                                                . "$name.message"));
    });

    return {
        name => $name, header => 'X-Sig', pool => pool($name),
        conf => "webhook $name;", secret => "webhook_secret $text;",
        provider => "webhook_provider $name { signature header:X-Sig "
                    . "algorithm=$algorithm encoding=$encoding; }\n",
        sign => sub {
            my ($m, $c, $key) = @_;

            # another key: a right signature of another message
            add($m, 'X-Sig',
                $c->($signature->($m->{body} . (defined $key ? 'x' : ''))));
        },
    };
}


sub pool {
    my ($name) = @_;

    return [map {
        my $mark = sprintf 'm%s%09dz', $name =~ s/\W//gr, $_;

        { mark => $mark,
          body => qq({"id":"$mark","text":") . 'x' x (7 * $_) . '"}' };
    } 1 .. 8];
}


# Signs by $sign->($message), the same message once.
sub signer {
    my ($sign) = @_;

    my %signed;

    return sub { return $signed{ $_[0] } //= $sign->($_[0]) };
}


sub openssl {
    my ($dir, $command) = @_;

    my $bytes = `cd $dir && openssl $command 2>/dev/null`;

    $? == 0 or die "openssl $command\n";

    return $bytes;
}


# Credentials in the body, and others that need it read as JSON.
sub in_body {
    return (
        jwt(), mailgun(), pelorus(),

        token('wildcard', sub {
            my ($m, $c, $key) = @_;
            my ($right, $this) = map { json_string($_) } $key, $c->($key);

            inside($m, qq("value":[{"clientState":$right},)
                   . qq({"clientState":$this}]));
        }, uses => 'microsoft-graph'),

        token('form', sub {
            my ($m, $c, $key) = @_;
            $m->{body} .= '&secret=' . escaped($c->($key));
        }, source => 'form:secret', body => 'form'),

        github('require', 'webhook_require /id string; '
               . 'webhook_require /text string; '
               . 'proxy_set_header X-Text $text;'),
    );
}


sub jwt {
    my $place = hmac('jwt', 'Authorization', provider =>
        'webhook_provider jwt { signature bearer algorithm=jwt-hs256 '
        . "body_digest=/sha256; }\n");

    $place->{sign} = sub {
        my ($m, $c, $key) = @_;

        my $claims = '{"exp":' . ($m->{time} + 300) . ',"sha256":"'
                     . Digest::SHA::sha256_hex($m->{body}) . '"}';
        my $signed = join '.', map { encode_base64url($_) }
                               '{"alg":"HS256"}', $claims;

        add($m, 'Authorization', "Bearer $signed."
            . $c->(mac('sha256', 'base64url', $signed, $key)));
    };

    return $place;
}


sub mailgun {
    my $place = hmac('mailgun', undef, loose => 1, time => 1);

    $place->{sign} = sub {
        my ($m, $c, $key) = @_;

        my $signature = $c->(mac('sha256', 'hex', "$m->{time}t-$m->{mark}",
                                 $key));

        inside($m, qq("signature":{"timestamp":"$m->{time}",)
               . qq("token":"t-$m->{mark}","signature":)
               . json_string($signature) . '}');
    };

    return $place;
}


# Compact JSON is what Pelorus signs, and of two headers it defines the one.
sub pelorus {
    my $place = hmac('pelorus', $github, prefix => 'sha256=');
    my $sign = $place->{sign};

    delete $place->{header};

    $place->{sign} = sub {
        my ($m, @rest) = @_;

        add($m, 'User-Agent', 'Pelorus-Webhook/test');
        add($m, 'X-Pelorus-Event', 'ping');
        $sign->($m, @rest);
    };

    return $place;
}


sub inside {
    my ($m, $member) = @_;

    $m->{body} =~ s/\A\{/{$member,/;
}


sub json_string {
    my ($text) = @_;

    $text =~ s/([^ !#-\[\]-~])/sprintf '\\u%04x', ord $1/ge;

    return qq("$text");
}


# The message is not the body itself.
sub forms {
    return (
        hmac('forgejo-form', 'X-Forgejo-Signature', body => 'payload',
             message => sub { $_[0]{payload} }),

        hmac('twilio', 'X-Twilio-Signature', algorithm => 'sha1',
             encoding => 'base64', body => 'form', url => 1, get => 1,
             message => sub {
                 my ($m) = @_;
                 join '', url($m),
                          map { s/=//r } sort split /&/, $m->{body};
             }),

        hmac('crc', 'X-Sig', message => sub { crc32($_[0]{body}) },
             provider => 'webhook_provider crc { signature header:X-Sig; '
                         . "body crc32; message \$webhook_body; }\n"),
    );
}


sub crc32 {
    my ($bytes) = @_;

    my $crc = 0xffffffff;

    for my $byte (unpack 'C*', $bytes) {
        $crc ^= $byte;
        $crc = $crc & 1 ? $crc >> 1 ^ 0xedb88320 : $crc >> 1 for 1 .. 8;
    }

    return $crc ^ 0xffffffff;
}


sub url { return "https://$host" . target($_[0]) }


sub target {
    my ($m) = @_;

    return join '?', $m->{path}, join('&', @{ $m->{args} }) || ();
}


sub urls {
    my $digest = hmac('twilio-json', 'X-Twilio-Signature', url => 1,
                      algorithm => 'sha1', encoding => 'base64',
                      message => \&url);
    my $sign = $digest->{sign};

    $digest->{sign} = sub {
        my ($m, @rest) = @_;

        push @{ $m->{args} },
             'bodySHA256=' . Digest::SHA::sha256_hex($m->{body});
        $sign->($m, @rest);
    };

    return (
        $digest,
        hmac('square', 'x-square-hmacsha256-signature', encoding => 'base64',
             url => 1, message => sub { url($_[0]) . $_[0]{body} }),
        hmac('trello', 'X-Trello-Webhook', algorithm => 'sha1', url => 1,
             encoding => 'base64',
             message => sub { $_[0]{body} . url($_[0]) }),
    );
}


sub replays {
    my $zone = 'webhook_replay zone=fuzz';

    return (
        github('once', "$zone;", replay => 1),
        github('once-unbuffered', "$zone; proxy_request_buffering off; "
               . 'proxy_http_version 1.1;', replay => 1),
        standard('once-by-id', "$zone key=\$webhook_id ttl=1d;", replay => 1),
        gitlab_token('once-token', conf => "$zone duplicate=409;",
                     replay => 1),
    );
}


1;
