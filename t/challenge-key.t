#!/usr/bin/perl

# Which secret answers a challenge with "key=signing", and that nginx does not
# answer one with anything else than its HMAC.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use Test::More;

use WebhookTest;

my $signing = 'the secret of the signatures';
my $public = '27b8894c0f4dc38e05ea184ba1cbff3b'
           . '8194ed1cf7a126282fb0bbbb237a3bde';

my $providers = <<'EOF';
    webhook_provider both {
        token      header:X-Token for=token;
        signature  header:X-Signature;
        challenge  query:crc reply=$webhook_challenge_hmac_hex key=signing;
    }
    webhook_provider apart {
        signature  header:X-Signature;
        challenge  query:crc reply=$webhook_challenge_hmac_hex;
    }
    webhook_provider hex {
        signature  header:X-Signature key=hex;
        challenge  query:crc reply=$webhook_challenge_hmac_hex;
    }
    webhook_provider either {
        signature  header:X-Signature;
        signature  header:X-Ed25519 algorithm=ed25519;
        challenge  query:crc reply=[$webhook_challenge_hmac_hex] key=signing;
    }
    webhook_provider public {
        signature  header:X-Ed25519 algorithm=ed25519;
        challenge  query:crc reply=[$webhook_challenge_hmac_hex] key=signing;
    }
EOF

my $t = WebhookTest->new(conf => <<"EOF");
$providers
    map \$uri \$key { default 'whpk_$public'; }
    map \$uri \$tenant { /tenant/known '$signing'; }
    map \$uri \$other { /apart/known 'another, for challenges'; }
    map \$uri \$its { /apart/known 'the secret of its signatures'; }
    map \$uri \$text { default '$signing'; }
    map \$uri \$hex { default '@{[unpack 'H*', $signing]}'; }
    server {
        listen 127.0.0.1:%%PORT%%;
        add_header X-Reason \$webhook_reason always;
        location = /both {
            webhook         both;
            webhook_secret  'the token that goes with them' for=token;
            webhook_secret  '$signing';
            proxy_pass      http://%%APP%%;
        }
        location = /either {
            webhook         either;
            webhook_secret  \$key;
            proxy_pass      http://%%APP%%;
        }
        location /tenant/ {
            webhook         both;
            webhook_secret  \$tenant;
            proxy_pass      http://%%APP%%;
        }
        location /apart/ {
            webhook                   apart;
            webhook_secret            \$its;
            webhook_challenge_secret  \$other;
            proxy_pass                http://%%APP%%;
        }
        location = /hex {
            webhook                   hex;
            webhook_secret            \$hex;
            webhook_challenge_secret  \$text;
            proxy_pass                http://%%APP%%;
        }
        location = /own {
            webhook                   public;
            webhook_secret            $public;
            webhook_challenge_secret  'another, for challenges';
            proxy_pass                http://%%APP%%;
        }
    }
EOF

my $answer = $t->request({ method => 'GET', uri => '/both?crc=abc' });

is($answer->{status}, 200, 'beside a token that is tied to its own secret');
is($answer->{body}, hmac_sha256_hex('abc', $signing),
   'the first secret that serves signatures answers');

$answer = $t->request({ method => 'GET', uri => '/either?crc=abc' });

is($answer->{status}, 500, 'a secret that is no key for HMAC');
is($answer->{header}{'x-reason'}, 'internal', 'and its reason');
unlike($answer->{body}, qr/\[\]/, 'the answer is no empty HMAC');

$answer = $t->request({ method => 'GET', uri => '/own?crc=abc' });

is($answer->{body}, '[' . hmac_sha256_hex('abc', 'another, for challenges') . ']',
   'a challenge secret answers beside public keys');

# a tenant that there is not has an answer that looks like that of another

my $of = sub {
    my ($uri, @host) = @_;

    my $answer = $t->request({ method => 'GET', uri => "$uri?crc=abc",
                               headers => [map { [Host => $_] } @host] });

    return "$answer->{status} $answer->{body}";
};

my $none = $of->('/tenant/none');

like($none, qr/^200 [0-9a-f]{64}$/, 'an unknown tenant');
is($of->('/tenant/none'), $none, 'again');
isnt($of->('/tenant/nobody'), $none, 'another one');
isnt($of->('/tenant/none', 'b.test'), $none, 'the same of another host');
isnt($none, $of->('/tenant/known'), 'a known one');

$t->reload;
is($of->('/tenant/none'), $none, 'after a reload');

# and what is signed for whoever asks is no signature there

for my $uri (qw{/apart/none /apart/known}) {

    my ($mac) = $of->($uri) =~ /^200 ([0-9a-f]{64})$/;

    ok($mac, "$uri: a challenge");
    $t->refused("$uri: its answer as a signature", 403,
        $uri =~ /none/ ? 'secret_unavailable' : 'signature_mismatch',
        { uri => $uri, body => 'abc', headers => [['X-Signature', $mac]] });
}

# nor by a secret that is the same bytes, written in another way
is($of->('/hex'), qq/503 {"status":503,"error":"service unavailable"}\n/,
   'a challenge secret that is a signing secret in hex');

is(scalar $t->app_requests, 0, 'nothing has gone to the application');

my ($status, $text) = WebhookTest::nginx_t(<<"EOF");
$providers
    server {
        listen 127.0.0.1:%%PORT%%;
        location = /public {
            webhook         public;
            webhook_secret  $public;
        }
    }
EOF

isnt($status, 0, 'a challenge that nothing can sign is refused');
like($text, qr/a\ challenge\ of\ "webhook\ public"\ in\ \S+:\d+\ cannot\ be
               \ signed,\ no\ secret\ is\ a\ key\ for\ HMAC,\ add\ a
               \ "webhook_challenge_secret"/x, 'with what to do');

$t->done;
done_testing();
