#!/usr/bin/perl

# Detached tokens over a message: what is around the body is encoded with it as
# one text, or neither is; parameters that the token's header must have, "jku"
# among them, which is compared and not followed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256 sha256_hex/;
use JSON::PP ();
use MIME::Base64 qw/encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Jose qw/jwks json/;

my $now = 1_700_000_000;
my $secret = 'a secret that is long enough';
my %key = map { $_ => WebhookTest::Jose->new($_) } qw/ES256 ES512 EdDSA/;
my $jku = 'https://keys.example.com/jwks';

my %hooks = (
    (map { (lc $_ => "jws-\L$_") } sort keys %key),
    hs256 => 'jws-hs256',
);

my $t = WebhookTest->new(now => $now, frozen => 1, files => {
    'files/all' => jwks(map { $key{$_}->jwk(kid => $_, alg => $_) }
                        sort keys %key),
}, conf => join '', map({ my $name = $_; <<"EOF" } sort keys %hooks), <<"EOF");
    webhook_provider $name {
        signature  header:X-Token algorithm=$hooks{$name};
        timestamp  header:X-Time past=5m;
        id         header:X-Id;
        message    "\$request_method \$http_x_a.\$webhook_timestamp\\n\$webhook_body\\n\$webhook_id";
    }
EOF
    webhook_provider known {
        signature  header:X-Token algorithm=jws-es256 parameter=v:2
                   parameter=jku:$jku parameter=jku:$jku/test;
    }

    webhook_provider claims {
        signature  header:X-Token algorithm=jwt-es256 body_digest=/d
                   parameter=jku:$jku;
    }

    webhook_zone zone 256k;
    webhook_replay zone=zone;

    add_header X-Reason "\$webhook_reason" always;
    add_header X-Vars "[\$webhook_id] \$webhook_timestamp" always;

    server {
        listen 127.0.0.1:%%PORT%%;
        client_body_buffer_size 16k;
        webhook_secret jwks:files/all;
        proxy_set_header Host \$http_host;

        @{[ map { my $secrets = $_ eq 'hs256' ? "webhook_secret '$secret';"
                                              : '';
                  "location = /$_ { webhook $_; $secrets "
                  . 'proxy_pass http://%%APP%%; }' }
                sort(keys %hooks), qw/known claims/ ]}
    }
EOF

message($_) for sort keys %hooks;
parameters();

$t->done;
done_testing();


sub request {
    my ($hook, $parts, $token, %more) = @_;

    return { uri => "/$hook", body => $parts->{body}, %more, headers => [
        ['X-A', $parts->{a}], ['X-Time', $parts->{time}],
        ['X-Id', $parts->{id}], ['X-Token', $token] ] };
}


# What is signed of those parts.
sub signed {
    my ($parts) = @_;

    return "POST $parts->{a}.$parts->{time}\n$parts->{body}\n$parts->{id}";
}


sub token {
    my ($hook, $message, %want) = @_;

    return $key{ES256}->detached($want{header}, $message) if $want{header};

    my ($alg) = grep { lc $_ eq $hook } keys %key;

    return $key{$alg}->detached({ kid => $alg }, $message, %want) if $alg;

    my $header = encode_base64url(json({ alg => 'HS256', $want{plain}
        ? (b64 => JSON::PP::false, crit => ['b64']) : () }));
    my $payload = $want{plain} ? $message : encode_base64url($message);

    return "$header.." . encode_base64url(hmac_sha256("$header.$payload",
                                                      $secret));
}


# Each length of a part: the text is encoded by threes of bytes.
sub message {
    my ($hook) = @_;

    my $n = 0;

    for my $before (1 .. 3) {
        for my $after (1 .. 3) {
            for my $len (0 .. 3, 3073, 40_000) {
                my %parts = (a => 'a' x $before, time => $now,
                             id => $n++ . 'i' x $after, body => 'b' x $len);

                for my $plain (0, 1) {
                    my $token = token($hook, signed(\%parts),
                                      plain => $plain);
                    my $chunk = $len > 100 ? 1000 : 1;
                    my $name = "$hook, $before and $len and $after, plain "
                               . $plain;

                    $t->accepted($name, request($hook, \%parts, $token,
                        $plain ? (chunked => $chunk) : ()));
                    is($t->answer(request($hook, \%parts, $token,
                        $plain ? () : (chunked => $chunk)))->{status}, 200,
                       "$name: again");
                    $t->app_clear;
                    $parts{id} .= 'p';
                }
            }
        }
    }

    my %parts = (a => 'a', time => $now, id => "other", body => "x\n1\ny");
    my $token = token($hook, signed(\%parts));
    my %wrong = (
        'a part before' => { a => 'b' }, 'a part after' => { id => 'i' },
        'the time' => { time => $now + 1 }, 'the body' => { body => "x\n2\ny" },
        'cut anew' => { body => 'x', id => "1" },
    );

    for my $name (sort keys %wrong) {
        $t->refused("$hook: $name", 403, 'signature_mismatch',
            request($hook, { %parts, %{ $wrong{$name} } }, $token));
    }

    $t->refused("$hook: the body alone", 403, 'signature_mismatch',
                request($hook, \%parts, token($hook, $parts{body})));
    $t->refused("$hook: not a part of the text", 403, 'signature_malformed',
                request($hook, { %parts, a => 'a.b' },
                        token($hook, signed({ %parts, a => 'a.b' }))));
    $t->refused("$hook: without it", 403, 'signature_malformed',
                request($hook, { %parts, a => '' },
                        token($hook, signed({ %parts, a => '' }))));

    my %old = (%parts, time => $now - 301);

    $t->refused("$hook: an old time", 403, 'timestamp_too_old',
                request($hook, \%old, token($hook, signed(\%old))));
    $t->accepted("$hook: as it was", request($hook, \%parts, $token));
}


sub parameters {
    my %right = (kid => 'ES256', v => '2', jku => $jku);
    my %parts = (a => 'a', time => $now, id => 'i', body => 'one');
    my %wrong = (
        'another jku' => { jku => "$jku/x" }, 'no jku' => { jku => undef },
        'a list of them' => { jku => [$jku] },
        'another v' => { v => '3' }, 'no v' => { v => undef },
        'a number' => { v => 2 }, 'x5u' => { x5u => $jku },
    );

    for my $name (sort keys %wrong) {
        my %header = (%right, %{ $wrong{$name} });

        delete @header{ grep { !defined $header{$_} } keys %header };

        $t->refused("parameters: $name", 403, 'signature_malformed',
                    request('known', \%parts, token('known', $parts{body},
                                                    header => \%header)));
    }

    $t->accepted('parameters', request('known', \%parts,
        token('known', $parts{body}, header => \%right)));

    $parts{body} = 'two';
    $t->accepted('another that is known', request('known', \%parts,
        token('known', $parts{body},
              header => { %right, jku => "$jku/test" })));

    my %header = (kid => 'ES256', jku => $jku);
    my $claims = { d => sha256_hex($parts{body}) };

    $t->accepted('of a token with claims', request('claims', \%parts,
        $key{ES256}->token(\%header, $claims)));
    $t->refused('another one', 403, 'signature_malformed',
        request('claims', \%parts, $key{ES256}->token(
            { %header, jku => "$jku/" }, $claims)));

    %parts = (%parts, body => 'x');
    $t->refused('jku where it is not named', 403, 'signature_malformed',
        request('es256', \%parts, token('es256', signed(\%parts),
                                        header => \%header)));
}
