#!/usr/bin/perl

# Several providers in one location: the first whose credential is in the
# request decides, and no other after that.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256 hmac_sha256_base64 hmac_sha256_hex/;
use File::Temp;
use MIME::Base64;
use Test::More;

use WebhookTest;
use WebhookTest::Ed25519 qw/ed25519_sign/;

my %key = map { $_ => "a secret of nobody but $_" }
          qw/github rotated gitlab telegram gitea forgejo stripe bearer person
             machine challenge other crc_a crc_b/;
my $whsec = 'whsec_' . encode_base64('a signing token of GitLab', '');
my $now = 1_700_000_000;
my $body = '{"a":1}';

my $dir = File::Temp->newdir;
chmod 0755, "$dir";

openssl('genpkey -algorithm ed25519 -out key');
openssl('pkey -in key -pubout -outform DER -out der');

my $public = unpack 'H*', substr read_file('der'), -32;
my $ca = WebhookTest::ca("$dir", 'sender');
my $cert = WebhookTest::cert($ca, subject => '/CN=app.netdata.cloud');
my $wrong = WebhookTest::cert($ca, subject => '/CN=app.netdata.example');
my $foreign = WebhookTest::cert(WebhookTest::ca("$dir", 'foreign'),
                                subject => '/CN=app.netdata.cloud');

my %secret = map { $_ => "webhook_secret '$key{$_}' for=$_;" } keys %key;
my $three = "webhook github gitlab-signed gitlab; $secret{github} "
    . "webhook_secret '$key{rotated}' for=github; $secret{gitlab} "
    . "webhook_secret $whsec for=gitlab-signed;";
my $asked = "webhook_challenge_secret '$key{challenge}';";

my $t = WebhookTest->new(now => $now, frozen => 1, log => 'notice', files => {
    'html/page.html' => "a page\n", github => $key{github},
    discord => $public,
}, conf => <<"EOF");
    webhook_provider deploy {
        token header:X-Deploy-Token for=machine;
        token query:token for=person;
    }
    webhook_provider ask-a {
        token      header:X-A;
        challenge  query:ask match=query:of=a reply=a-\$webhook_challenge;
        challenge  query:any reply=a-\$webhook_challenge;
    }
    webhook_provider ask-b {
        methods    POST PUT;
        token      header:X-B;
        challenge  query:ask reply=b-\$webhook_challenge;
        challenge  query:any reply=b-\$webhook_challenge;
        challenge  query:verify match=query:secret reply=verified;
    }
    webhook_provider sign-a {
        signature  header:X-Sign-A;
        challenge  query:crc match=query:secret match=query:of=a
                   'reply=\$webhook_challenge_hmac' key=signing;
    }
    webhook_provider sign-b {
        signature  header:X-Sign-B;
        challenge  query:crc 'reply=\$webhook_challenge_hmac' key=signing;
    }

    proxy_set_header X-Seen \$webhook_provider:\$webhook_secret_index;

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%TLS_PORT%% ssl;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_verify_client optional_no_ca;
        ssl_client_certificate $ca->{cert};
        root %%DIR%%/html;

        add_header X-Line \$webhook_request always;
        add_header X-Seen "\$webhook_provider \$webhook_verdict \$webhook_reason \$webhook_secret_index" always;

        location /three {
            $three
            proxy_pass http://%%APP%%;

            location /three/try { try_files /none \@app; }
            location /three/last { rewrite ^ /three/end last; }
            location /three/page { error_page 403 /three/end; }
            location /three/strip {
                webhook_strip on;
                proxy_pass http://%%APP%%;
            }
            location /three/accel {
                webhook_strip on;
                proxy_pass http://127.0.0.1:%%PORT_1%%/three/end;
            }
            location /three/accel/elsewhere {
                proxy_pass http://127.0.0.1:%%PORT_1%%/named;
            }
            location /three/mirror {
                mirror /three/end;
                proxy_pass http://%%APP%%;
            }
            location /three/elsewhere { rewrite ^ /reverse last; }
            location /three/single { rewrite ^ /single last; }
            location /three/trial {
                webhook_enforce off;
                proxy_pass http://%%APP%%;
            }
            location /three/must {
                webhook_require /a integer min=2;
                proxy_pass http://%%APP%%;
            }
            location /three/one {
                webhook gitlab;
                webhook_secret '$key{other}';
                proxy_pass http://%%APP%%;
            }
            location /three/off { webhook off; proxy_pass http://%%APP%%; }
        }

        location \@app { proxy_pass http://%%APP%%; }

        location /reverse {
            webhook gitlab github;
            $secret{github} $secret{gitlab}
            proxy_pass http://%%APP%%;
        }
        location \@reverse {
            webhook gitlab github;
            $secret{github} $secret{gitlab}
            proxy_pass http://%%APP%%;
        }
        location /single {
            webhook github;
            webhook_secret '$key{other}' for=github;
            proxy_pass http://%%APP%%;
        }
        location /signed {
            webhook github gitea forgejo;
            webhook_secret '$key{github}';
            $secret{gitea}
            proxy_pass http://%%APP%%;
        }
        location /tokens {
            webhook gitlab telegram;
            webhook_secret '$key{gitlab}';
            webhook_secret '$key{telegram}';
            proxy_pass http://%%APP%%;
        }
        location /window {
            webhook stripe github;
            $secret{stripe} $secret{github}
            webhook_window 1m;
            proxy_pass http://%%APP%%;
        }
        location /rules {
            webhook deploy github;
            $secret{person} $secret{machine} $secret{github}
            webhook_secret '$key{other}' for=deploy;
            proxy_pass http://%%APP%%;
        }
        location /netdata {
            webhook netdata github netdata-bearer;
            $secret{github} $asked
            webhook_secret '$key{bearer}' for=netdata-bearer;
            proxy_pass http://%%APP%%;
        }
        location /ask {
            webhook ask-a ask-b github;
            webhook_secret '$key{other}' for=ask-a;
            webhook_secret '$key{bearer}' for=ask-b;
            $secret{github} $asked
            proxy_pass http://%%APP%%;
        }
        location /crc {
            webhook sign-a sign-b;
            webhook_secret '$key{crc_a}' for=sign-a;
            webhook_secret '$key{crc_b}' for=sign-b;
            proxy_pass http://%%APP%%;
        }
        location /acked {
            webhook github stackstate;
            $secret{github}
            webhook_secret '$key{other}' for=stackstate;
            proxy_pass http://%%APP%%;
        }
        location /files {
            webhook discord github;
            webhook_secret file:github for=github;
            webhook_secret file:discord for=discord;
            proxy_pass http://%%APP%%;
        }
    }

    # an application that says where to go on
    server {
        listen 127.0.0.1:%%PORT_1%%;
        location / { add_header X-Accel-Redirect \$uri; return 200; }
        location /named { add_header X-Accel-Redirect \@reverse; return 200; }
    }
EOF

my %by = (
    github => ['X-Hub-Signature-256', 'sha256=' . mac($key{github})],
    rotated => ['X-Hub-Signature-256', 'sha256=' . mac($key{rotated})],
    bad => ['X-Hub-Signature-256', 'sha256=' . mac($key{other})],
    gitlab => ['X-Gitlab-Token', $key{gitlab}],
    signed => standard('msg_1', 'a signing token of GitLab'),
    bearer => ['Authorization', "Bearer $key{bearer}"],
);
my @signed = @{ $by{signed} };


# Which one decides

for (['three', 'github accepted  1', $by{github}],
     ['three', 'github accepted  2', $by{rotated}],
     ['three', 'gitlab accepted  3', $by{gitlab}],
     ['three', 'gitlab-signed accepted  4', @signed],
     ['three', 'github rejected signature_missing '],
     ['three', 'github rejected signature_missing ',
      ['X-Hub-Signature-256', ''], ['X-Gitlab-Token', '']],
     ['three', 'gitlab accepted  3', ['X-Hub-Signature-256', ''],
      $by{gitlab}],
     ['three', 'github rejected signature_missing ', @signed[0, 1]],
     ['reverse', 'gitlab rejected token_missing '],

     # the first one that is there, in whatever order they come
     ['three', 'github accepted  1', $by{gitlab}, @signed, $by{github}],
     ['three', 'gitlab-signed accepted  4', $by{gitlab}, @signed],
     ['reverse', 'gitlab accepted  2', $by{github}, $by{gitlab}],
     ['reverse', 'github accepted  1', $by{github}],

     # and when that fails, nothing else is tried
     ['three', 'github rejected signature_mismatch ', $by{bad}, $by{gitlab},
      @signed],
     ['three', 'github rejected signature_malformed ',
      ['X-Hub-Signature-256', 'x'], $by{gitlab}],
     ['three', 'github rejected credential_repeated ', $by{github},
      $by{github}, $by{gitlab}],
     ['three', 'gitlab-signed rejected timestamp_missing ', $signed[0],
      $signed[2], $by{gitlab}],
     ['three', 'gitlab-signed rejected signature_mismatch ', $by{gitlab},
      @{ standard('msg_1', 'another signing token') }],
     ['three', 'gitlab rejected token_mismatch ',
      ['X-Gitlab-Token', $key{github}]],
     ['reverse', 'gitlab rejected token_mismatch ', $by{github},
      ['X-Gitlab-Token', 'x']],

     # every secret serves its own provider
     (map { ['three', 'gitlab rejected token_mismatch ',
             ['X-Gitlab-Token', $_]] } $key{github}, $key{rotated}, $whsec),
     (map { ['three', 'github rejected signature_mismatch ',
             ['X-Hub-Signature-256', 'sha256=' . mac($_)]] }
      $key{gitlab}, $whsec, 'a signing token of GitLab'),
     ['three', 'gitlab-signed rejected signature_mismatch ',
      @{ standard('msg_1', $key{github}) }],
     ['reverse', 'github rejected signature_mismatch ',
      ['X-Hub-Signature-256', 'sha256=' . mac($key{gitlab})]],

     # some are for all
     (map { ['signed', "$_->[0] accepted  1",
             [$_->[1], mac($key{github})]] }
      ['gitea', 'X-Gitea-Signature'], ['forgejo', 'X-Forgejo-Signature']),
     ['signed', 'github accepted  1', $by{github}],
     ['signed', 'gitea accepted  2', ['X-Gitea-Signature', mac($key{gitea})]],
     ['signed', 'forgejo rejected signature_mismatch ',
      ['X-Forgejo-Signature', mac($key{gitea})]],
     ['tokens', 'gitlab accepted  2', ['X-Gitlab-Token', $key{telegram}]],
     ['tokens', 'telegram accepted  2',
      ['X-Telegram-Bot-Api-Secret-Token', $key{telegram}]],

     # and some for one rule of a provider
     ['rules', 'deploy accepted  2', ['X-Deploy-Token', $key{machine}]],
     ['rules', 'deploy accepted  4', ['X-Deploy-Token', $key{other}]],
     ['rules', 'deploy rejected token_mismatch ',
      ['X-Deploy-Token', $key{person}]],
     ['rules', 'deploy rejected token_mismatch ',
      ['X-Deploy-Token', $key{github}]],
     ["rules?token=" . $key{person} =~ s/ /+/gr, 'deploy accepted  1',
      $by{github}],
     ["rules?token=$key{machine}" =~ s/ /+/gr,
      'deploy rejected token_mismatch ', $by{github}],
     ['rules?token=%', 'deploy rejected token_mismatch ', $by{github}],
     ['rules?token=', 'github accepted  3', $by{github}],
     ['rules', 'github rejected signature_mismatch ', $by{bad}],

     # the provider's own rules hold, and the location's
     ['window', 'stripe accepted  1', stripe($now - 60)],
     ['window', 'stripe rejected timestamp_too_old ', stripe($now - 61)],
     ['window', 'stripe rejected timestamp_too_old ', stripe($now - 61),
      $by{github}],
     ['window', 'github accepted  2', $by{github}],
     (map { ['three/must', "$_->[0] rejected payload_invalid ", @{ $_->[1] }] }
      ['github', [$by{github}]], ['gitlab', [$by{gitlab}]],
      ['gitlab-signed', \@signed]),

     # locations inside
     ['three/one', 'gitlab accepted  1', ['X-Gitlab-Token', $key{other}],
      $by{github}],
     ['three/off', ''])
{
    my ($uri, $expected, @headers) = @$_;

    decides("/$uri", $expected, { headers => \@headers });
}

is(tried("/rules?token=$key{machine}&a=b" =~ s/ /+/gr,
         headers => [$by{bad}])->{header}{'x-line'},
   'POST /rules?token=*&a=b HTTP/1.1', 'a credential is covered');
is(tried("/window?token=x&a=b", headers => [$by{bad}])->{header}{'x-line'},
   'POST /window?token=x&a=b HTTP/1.1', 'and nothing else');
is(tried("/ask?secret=x&a=b", headers => [$by{bad}])->{header}{'x-line'},
   'POST /ask?secret=*&a=b HTTP/1.1', 'also one that another would take');
is(tried('/three', method => 'GET', headers => [$by{gitlab}])->{status}, 405,
   'another method than the one chosen takes');
{
    my $r = tried('/ask', method => 'PUT');
    is("$r->{status} $r->{header}{allow}", '405 POST',
       'without a credential the first one tells the methods');
}
decides('/ask', 'ask-b accepted  2',
        { method => 'PUT', headers => [['X-B', $key{bearer}]] });


# A message of one is none of another, though it be signed

{
    my ($message) = stripe($now - 3600);
    my ($v1) = $message->[1] =~ /v1=(.*)/;

    decides('/window', 'github rejected signature_mismatch ',
            { headers => [['X-Hub-Signature-256', "sha256=$v1"]],
              body => $now - 3600 . ".$body" });
}


# Client certificates beside other credentials

for (['netdata accepted  ', $cert], ['netdata accepted  ', $cert, 'github'],
     ['netdata accepted  ', $cert, 'bearer'],
     ['netdata rejected certificate_subject_mismatch ', $wrong],
     ['netdata rejected certificate_subject_mismatch ', $wrong, 'github'],
     ['netdata rejected certificate_unverified ', $foreign, 'bearer'],
     ['netdata rejected certificate_missing ', {}],
     ['github accepted  1', {}, 'github'],
     ['github accepted  1', {}, 'bearer', 'github'],
     ['netdata-bearer accepted  2', {}, 'bearer'])
{
    my ($expected, $tls, @names) = @$_;

    decides('/netdata', $expected,
            { tls => $tls, headers => [@by{@names}] });
}

decides('/netdata', 'netdata-bearer accepted  2',
        { headers => [$by{bearer}] });


# Challenges

my $response = sub {
    '{"response_token":"sha256=' . hmac_sha256_base64($_[0], $key{challenge})
        . '='
};

for (['/netdata?crc_token=abc', 'netdata challenge  ',
      qr/^\Q@{[$response->('abc')]}/],
     ['/netdata?crc_token=a%22', 'netdata rejected challenge_malformed '],
     ['/netdata?crc_token=abc', 'github rejected method_not_allowed ', undef,
      $by{bad}],
     ['/netdata?crc_token=abc', 'netdata-bearer challenge  ',
      qr/response_token/, $by{bearer}],
     ['/ask?ask=x&of=a', 'ask-a challenge  ', qr/^a-x$/],
     ['/ask?ask=x&of=b', 'ask-b challenge  ', qr/^b-x$/],
     ['/ask?any=x', 'ask-a challenge  ', qr/^a-x$/],
     ['/ask?any=%00', 'ask-a rejected challenge_malformed '],
     ['/ask?any=x', 'ask-b challenge  ', qr/^b-x$/, ['X-B', 'x']],
     ['/ask?ask=x', 'github rejected method_not_allowed ', undef,
      $by{github}],
     ['/ask?ask=x', 'ask-a rejected method_not_allowed ', undef,
      ['X-A', $key{other}]],
     ['/ask?verify=x&secret=wrong', 'ask-b rejected token_mismatch '],
     ["/ask?verify=x&secret=$key{challenge}" =~ s/ /+/gr,
      'ask-b challenge  ', qr/^verified$/],
     ['/ask', 'ask-a rejected method_not_allowed '],

     # the key of one is not that of the next
     ["/crc?crc=x&of=a&secret=$key{crc_a}" =~ s/ /+/gr, 'sign-a challenge  ',
      qr/^\Q@{[hmac_sha256_base64('x', $key{crc_a})]}/],
     ["/crc?crc=x&of=b&secret=$key{crc_a}" =~ s/ /+/gr, 'sign-b challenge  ',
      qr/^\Q@{[hmac_sha256_base64('x', $key{crc_b})]}/])
{
    my ($uri, $expected, $answer, @headers) = @$_;

    my $r = decides($uri, $expected,
                    { method => 'GET', headers => \@headers });
    like($r->{body}, $answer, 'the answer') if $answer;
}


# Redirects: the verdict stands within the line, and nowhere else

for my $uri (qw{/three/try /three/last}) {
    decides($uri, 'gitlab accepted  3', { headers => [$by{gitlab}] });
    decides($uri, 'gitlab-signed accepted  4', { headers => \@signed });
    decides($uri, 'github rejected signature_mismatch ',
            { headers => [$by{bad}, $by{gitlab}] });
}

decides('/three/page', 'gitlab rejected token_mismatch ',
        { headers => [['X-Gitlab-Token', 'x']] });
# where the credential is not any more
decides('/three/accel', 'gitlab accepted  3', { headers => [$by{gitlab}] });
decides('/three/accel', 'gitlab-signed accepted  4', { headers => \@signed });
decides('/three/accel/elsewhere', 'gitlab accepted  2',
        { headers => [$by{github}, $by{gitlab}] });
decides('/three/accel/elsewhere', 'github rejected signature_mismatch ',
        { headers => [$by{rotated}] });
decides('/three/elsewhere', 'gitlab accepted  2',
        { headers => [$by{github}, $by{gitlab}] });
decides('/three/elsewhere', 'github rejected signature_mismatch ',
        { headers => [$by{rotated}] });
decides('/three/single', 'github rejected signature_mismatch ',
        { headers => [$by{github}] });
decides('/three/single', 'github accepted  1', { headers => [$by{bad}] });


# Subrequests into the same line

$t->app_clear;
is(tried('/three/mirror', headers => [$by{gitlab}])->{status}, 202,
   'a mirror within the line');
$t->wait_for(sub { $t->app_requests == 2 }, 'the mirror');
is(scalar($t->app_requests), 2, 'gets there');


# What else there is

decides('/three/trial', 'github would_reject signature_mismatch ',
        { headers => [$by{bad}, $by{gitlab}] }, 202);
decides('/three/trial', 'gitlab accepted  3', { headers => [$by{gitlab}] });

is(tried('/acked', headers => [$by{github}])->{status}, 202,
   'the status for whom it is');
is(tried('/acked', headers => [['X-StackState-Webhook-Token',
                                $key{other}]])->{status}, 200,
   'and for whom it has to be another');

$t->app_clear;
tried('/three/strip', headers => [$by{gitlab}]);
my ($seen) = $t->app_requests;
is((grep { $_->[0] =~ /gitlab/i } @{ $seen->{headers} })[0], undef,
   'the credential of the one that was chosen is taken out');
is((grep { $_->[0] eq 'X-Seen' } @{ $seen->{headers} })[0][1], 'gitlab:3',
   'the application is told who has sent it');

{
    my $log = $t->error_log;

    like($log, qr{webhook gitlab-signed: refused, timestamp_missing, },
         'who has been refused is logged');
}


# The public key of one, and a file that becomes the same for another

decides('/files', 'discord accepted  2', { headers => discord($body) });
decides('/files', 'discord rejected signature_mismatch ',
        { headers => [@{ discord('') }, $by{github}] });
decides('/files', 'github accepted  1', { headers => [$by{github}] });
$t->write_file('github', $public);
$t->wait_for(sub {
    tried('/files', headers => [$by{github}]);
    $t->error_log =~ /has changed but/;
}, 'the file');
ok(index($t->error_log, 'github" has changed but it is also the secret of '
         . 'another provider, what was read last stays in use') >= 0,
   'a public key is refused');
decides('/files', 'github accepted  1', { headers => [$by{github}] });
decides('/files', 'github rejected signature_mismatch ',
        { headers => [['X-Hub-Signature-256', 'sha256=' . mac($public)]] });

$t->done;
done_testing();


# Who decides, and how; only what is accepted goes upstream.
sub decides {
    my ($uri, $expected, $request, $status) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $t->app_clear;

    my $r = tried($uri, %$request);
    my $name = join ' ', $uri, map { $_->[0] } @{ $request->{headers} };
    my $passes = $expected =~ / accepted |^\z/ || ($status // 0) == 202;

    is($r->{header}{'x-seen'}, $expected, "$name: decided");
    is(scalar($t->app_requests), $passes ? 1 : 0,
       $passes ? 'goes upstream' : 'does not go upstream');

    return $r;
}


sub tried {
    my ($uri, %request) = @_;

    return $t->request({ method => 'POST', uri => $uri, %request,
                         ($request{method} // '') eq 'GET'
                         ? () : (body => $request{body} // $body) });
}


sub mac { return hmac_sha256_hex($body, $_[0]) }


sub stripe {
    my ($time) = @_;

    return ['Stripe-Signature', "t=$time,v1="
            . hmac_sha256_hex("$time.$body", $key{stripe})];
}


sub discord {
    my ($signed) = @_;

    return [['X-Signature-Ed25519', unpack 'H*',
             ed25519_sign("$dir/key", "$now$signed")],
            ['X-Signature-Timestamp', $now]];
}


sub openssl {
    my ($command) = @_;

    system("cd $dir && openssl $command 2>/dev/null") == 0
        or die "openssl $command\n";
}


sub read_file { return WebhookTest::Cert::read_file("$dir/$_[0]") }


# Standard Webhooks
sub standard {
    my ($id, $key) = @_;

    return [['webhook-id', $id], ['webhook-timestamp', $now],
            ['webhook-signature', 'v1,' . encode_base64(
                 hmac_sha256("$id.$now.$body", $key), '')]];
}
