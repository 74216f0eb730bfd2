#!/usr/bin/perl

# A public key is known to everybody: nothing but its own signatures may be
# verified with it, however it is written down.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256/;
use MIME::Base64;
use Test::More;

use WebhookTest;
use WebhookTest::Ed25519;

my $key = WebhookTest::Ed25519->new;
my $now = 1_700_000_000;
my $body = '{"type":"a.b"}';


my $der = $key->der;
my $raw = substr $der, -32;

# these two could be the key of an HMAC as well
my %bare = (hex => unpack('H*', $raw), base64 => encode_base64($raw, ''));

my %written = (
    whpk => 'whpk_' . encode_base64($raw, ''),
    spki => encode_base64($der, ''),
    pem => $key->pem,
);

my $whsec = 'whsec_' . encode_base64('k' x 24, '');

my $t = WebhookTest->new(now => $now, frozen => 1,
                         files => { map { $_ => $written{$_} } keys %written },
                         conf => join '', <<'EOF', map({ <<"EOL" }
    webhook_provider mixed {
        signature header:X-Signature encoding=base64;
        signature header:X-Signature-Ed25519 algorithm=ed25519 encoding=base64;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
EOF
        location /standard/$_ { webhook standard-webhooks;
            webhook_secret file:%%DIR%%/$_; proxy_pass http://%%APP%%; }
        location /mixed/$_ { webhook mixed;
            webhook_secret file:%%DIR%%/$_; proxy_pass http://%%APP%%; }
EOL
        sort keys %written), <<"EOF");
        location /hmac { webhook standard-webhooks; webhook_max_body 8;
            webhook_secret "$whsec"; proxy_pass http://%%APP%%; }
        location /both { webhook standard-webhooks; webhook_max_body 8;
            webhook_secret "$whsec"; webhook_secret file:%%DIR%%/whpk;
            proxy_pass http://%%APP%%; }
    }
EOF

for my $how (sort keys %written) {

    my $text = $written{$how};
    my $message = "msg_1.$now.$body";

    is(standard($how, 'v1a,' . $key->sign($message)), 202,
       "$how: its signature");
    is(standard($how, 'v1a,' . $key->sign("$message ")), 403,
       'of another message');

    # what a stranger could take for the key of an HMAC
    for my $key ($text, $text =~ s/\n\z//r, decode_base64($text), $raw, $der) {
        is(standard($how, 'v1,' . mac($message, $key)), 403, 'no HMAC');
        is(post("/mixed/$how", ['X-Signature', mac($body, $key)]), 403,
           'nor another');
    }

    is(post("/mixed/$how", ['X-Signature-Ed25519', $key->sign($body)]), 202,
       'beside an HMAC rule');
}

is(scalar(grep { $_->{uri} =~ m{^/(?:standard|mixed)/} } $t->app_requests),
   2 * keys %written, 'nothing else goes upstream');

# only a signature that a key is for wants the message in one piece
my $both = join ' ', 'v1,' . mac("msg_1.$now.$body", 'k' x 24),
                     'v1a,' . $key->sign("msg_1.$now.$body");

is(standard_at('/hmac', $both), 202,
   'a body of any length where no public key is, signed for one as well');
is(standard_at('/both', $both), 413, '... and where one is');

for my $how (sort keys %bare) {
    my ($status, $said) = WebhookTest::nginx_t(<<"EOF");
        server {
            listen 127.0.0.1:%%PORT%%;
            location / { webhook standard-webhooks;
                         webhook_secret $bare{$how}; }
        }
EOF

    isnt($status, 0, "$how: does not say which kind of key it is");
    like($said, qr/may be a public key or the key of an HMAC/, 'and why');
}

$t->done;
done_testing();


sub standard {
    my ($how, $signature) = @_;

    return standard_at("/standard/$how", $signature);
}


sub standard_at {
    my ($uri, $signature) = @_;

    return post($uri, ['webhook-id', 'msg_1'], ['webhook-timestamp', $now],
                ['webhook-signature', $signature]);
}


sub post {
    my ($uri, @headers) = @_;

    return $t->post($uri, $body, \@headers)->{status};
}


sub mac { return encode_base64(hmac_sha256(@_), '') }
