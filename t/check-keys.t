#!/usr/bin/perl

# tools/webhook-check: mistakes with public keys, files of keys, JSON Web
# Tokens and HTTP Message Signatures are explained, and what nothing explains
# is not.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256 sha256_hex/;
use File::Temp;
use JSON::PP;
use MIME::Base64 qw/decode_base64 encode_base64 encode_base64url/;
use Test::More;

use WebhookTest::Cert qw/write_file/;
use WebhookTest::Check qw/check/;
use WebhookTest::Jose qw/der_of jwks/;
use WebhookTest::MessageSignature qw/message/;

my $dir = File::Temp->newdir;
my $time = 1768472430;
my $cases = WebhookTest::Check->new($dir, $time);

my $json = '{"a": 1, "event_type": "x", "type": "x"}';
my $text = 'zmhC8aJ4dMeX1oQ7';

my %key = (
    (map { $_ => WebhookTest::Jose->new('EdDSA') } qw/a b lost/),
    (map { $_ => WebhookTest::Jose->new('RS256') } qw/rsa rsb gone/),
    ec => WebhookTest::Jose->new('ES256'),
);
my %aws = map { $_ => "SimpleNotificationService-$_.pem" } qw/new old/;

my %file = (
    sets => jwks(map { $key{$_}->jwk(kid => $_) } qw/a b ec rsa rsb/),
    one => jwks($key{a}->jwk(kid => 'a')),
    enc => jwks($key{rsa}->jwk(kid => 'rsa', use => 'enc')),
    aws => encode_json({ $aws{new} => $key{rsa}->pem, $aws{old} =>
        $key{rsb}->certificate('20240101000000Z', '20260101000000Z') }),
    first => encode_json({ first => $key{ec}->pem }),
    odd => jwks('no key', $key{rsa}->jwk(kid => { a => 1 }),
                $key{rsa}->jwk(kid => undef), $key{rsa}->jwk(kid => 'rsa'),
                $key{rsb}->jwk(kid => 'rsa'), $key{rsb}->jwk(kid => 'rsb')),
    repeats => jwks($key{rsa}->jwk(kid => 'rsa'))
               =~ s/"kid"/"use":"sig","use":"sig","kid"/r,
    many => jwks(map({ { %{ $key{b}->jwk(kid => "k$_") },
                         x => encode_base64url(sha256($_)) } } 0 .. 62),
                 $key{a}->jwk(kid => 'k63')),
    nothing => encode_json({ a => undef, b => {}, c => $key{rsa}->pem }),
    pem => $key{a}->pem,
);

# what is in the block of a location
my %location = (
    accessowl => 'webhook accessowl; webhook_secret file:pem;',
    either => 'webhook either; webhook_secret jwks:sets;',
    enc => 'webhook google-chat; webhook_secret jwks:enc; '
        . 'webhook_claim /aud us;',
    events => 'webhook security-event; webhook_secret jwks:sets; '
        . 'webhook_claim /aud us; webhook_claim /iss them;',
    github => 'webhook github-secret-scanning; webhook_secret keys:first;',
    hmac => qq/webhook shared; webhook_secret '"$text"';/,
    many => 'webhook many; webhook_secret jwks:many;',
    message => 'webhook http-message-signatures; webhook_secret jwks:sets;',
    nothing => 'webhook google-chat; webhook_secret keys:nothing; '
        . 'webhook_claim /aud us;',
    one => 'webhook google-chat; webhook_secret jwks:one; '
        . 'webhook_claim /aud us;',
    odd => 'webhook google-chat; webhook_secret jwks:odd; '
        . 'webhook_claim /aud us;',
    plaid => 'webhook plaid; webhook_secret jwks:sets;',
    pubsub => 'webhook google-pubsub; webhook_secret jwks:sets; '
        . 'webhook_claim /aud https://hooks.example.com/pubsub; '
        . 'webhook_claim /email push@example.com;',
    raw => 'webhook raw; webhook_secret keys:first;',
    repeats => 'webhook wix; webhook_secret jwks:repeats;',
    saleor => 'webhook saleor; webhook_secret jwks:sets;',
    sns => 'webhook aws-sns; webhook_secret keys:aws;',
    tagged => 'webhook tagged; webhook_secret jwks:sets;',
    turnkey => 'webhook turnkey; webhook_secret jwks:sets;',
    ucp => 'webhook ucp; webhook_secret jwks:sets;',
    wix => 'webhook wix; webhook_secret jwks:sets;',
);

write_file("$dir/$_", $file{$_}) for keys %file;
write_file("$dir/nginx.conf", <<'EOF' . join '', map {
http {
webhook_provider tagged {
    signature  http-message tag=orders covers=@method,@path,content-digest
               requires=created,expires,keyid lifetime=5m algorithm=ed25519;
}
webhook_provider shared {
    signature  http-message covers=@method,content-type,content-digest
               algorithm=hmac-sha256;
}
webhook_provider either {
    signature  header:X-Token algorithm=jwt-rs256 body_digest=/sha256;
    signature  header:X-Token algorithm=jwt-es256 body_digest=/sha256;
}
webhook_provider many {
    signature  body algorithm=jwt-eddsa;
    body       jwt;
}
webhook_provider raw {
    signature  header:X-Signature algorithm=ecdsa-p256-sha256 format=raw
               encoding=base64;
    key_id     header:X-Key-Id;
    message    $http_x_key_id.$webhook_body;
}
server {
    server_name  hooks.example.com;
EOF
    "    location = /$_ { $location{$_} }\n"
} sort keys %location);
open my $out, '>>', "$dir/nginx.conf" or die $!;
print $out "}\n}\n";
close $out;

sub recorded { return $cases->recorded(@_) }
sub b64 { return encode_base64($_[0], '') }


# HTTP Message Signatures

my %covers = (
    accessowl => [qw/@target-uri content-digest content-type
                     idempotency-key/],
    hmac => [qw/@method content-type content-digest/],
    message => [qw/@method @target-uri content-digest/],
    tagged => [qw/@method @path content-digest/],
    ucp => [qw/@method @authority @path content-digest content-type/],
);


# As the sender has signed it; what is changed afterwards comes to nginx.
sub signed {
    my ($what, $path, $says, %want) = @_;

    my %changed = (body => $json, headers => sub { @_ },
                   %{ delete $want{changed} // {} });
    my %request = message(
        key => $key{a}, keyid => 'a', nonce => '5f2c', created => $time,
        host => 'hooks.example.com', scheme => 'https', uri => "/$path",
        body => $json, covers => $covers{$path},
        headers => [['Content-Type', 'application/json'],
                    ['Idempotency-Key', 'k1']], %want);

    recorded($what, $path, [map { "$_->[0]: $_->[1]" }
             $changed{headers}->(@{ $request{headers} })], $changed{body},
             $says);
}


sub without {
    my ($name) = @_;

    return sub { grep { $_->[0] ne $name } @_ };
}


sub instead {
    my ($name, $value) = @_;

    return sub { map { $_->[0] eq $name ? [$name, $value] : $_ } @_ };
}


signed('right', 'message', qr/as it is here, signed with the key "a" of sec/);
signed('a header that is signed is dropped', 'accessowl',
       qr/the header idempotency-key is signed, and it is missing.\n   -> Some/,
       changed => { headers => without('Idempotency-Key') });
signed('Signature is dropped', 'message',
       qr/the header Signature is missing, there is Signature-Input/,
       changed => { headers => without('Signature') });
signed('no signature', 'message', qr/no signature, header:Signature-Input/,
       changed => { headers => sub { [Via => 'a'] } });
signed('a component that is not signed', 'message',
       qr/"\@target-uri" is not signed, and the rule asks for it/,
       covers => [qw/@method content-digest/]);
signed('a parameter is missing', 'message', qr/has no parameter "nonce"/,
       nonce => undef);
signed('another method', 'message', qr/right with .* for the method PUT/,
       method => 'PUT');
signed('another scheme', 'message',
       qr{for the URL http://hooks\.example\.com/message\.\n   -> Set},
       scheme => 'http');
signed('another path', 'ucp', qr{for the URL https://\S+/ucp/\.},
       uri => '/ucp/');
signed('another host', 'ucp', qr{for the URL https?://www\.hooks\.example},
       host => 'www.hooks.example.com');
signed('another type', 'ucp', qr{for the Content-Type application/json\.},
       changed => { headers => instead('Content-Type',
                                       'application/json; charset=utf-8') });
signed('a line break is lost', 'message',
       qr/Content-Digest is of the body with a line break at its end/,
       body => "$json\n", changed => { body => $json });
signed('JSON made compact', 'message',
       qr/Content-Digest is of the body as JSON with spaces/,
       changed => { body => '{"a":1,"event_type":"x","type":"x"}' });
signed('CR LF', 'message',
       qr/Content-Digest is of the body with CR LF in the place of LF/,
       body => "a\r\nb\r\n", changed => { body => "a\nb\n" });
signed('another body', 'message', qr/Content-Digest is of another body/,
       changed => { body => '{}' });
signed('a digest in hex', 'message', qr/Content-Digest has no sha-256 or sha/,
       digest => 'sha-256=' . sha256_hex($json));
signed('too old', 'message',
       qr/created is 400 s old, the limit is 300 s.*apart from that it is/s,
       created => $time - 400);
signed('in the future', 'message', qr/created is 90 s ahead, the limit is 60 s/,
       created => $time + 90);
signed('expired', 'tagged', qr/it had expired 10 s before/,
       tag => 'orders', created => $time - 60, expires => $time - 10);
signed('for too long', 'tagged',
       qr/from created to expires are 900 s, the limit is 300 s/,
       tag => 'orders', expires => $time + 900);
signed('another tag', 'tagged',
       qr/no signature has the tag "orders", there is "sig" with the tag "ord"/,
       tag => 'ord', expires => $time + 60);
signed('an unknown key id', 'message',
       qr/the\ key\ id\ "z"\ is\ not\ in\ secret\ 1,
       \ jwks:sets,\ which\ has\ "a",\ "b",\ "ec",\ "rsa",\ "rsb"\..*
       with\ the\ key\ "a"/xs, keyid => 'z');
signed('another key', 'message', qr/"b" of .* 1, jwks:sets in the place of "a"/,
       key => $key{b});
signed('the key of another location', 'accessowl',
       qr/the key "b" of secret 1, jwks:sets of location/, key => $key{b});
signed('another algorithm', 'ucp',
       qr/"rsa" of .* is RSA, and the signature is by ecdsa-p256-sha256 or/,
       key => $key{rsa}, keyid => 'rsa');
signed('alg', 'tagged', qr/is by "hmac-sha256", and the rule takes ed25519/,
       tag => 'orders', expires => $time + 60, alg => 'hmac-sha256');
signed('a secret in quotes', 'hmac', qr/with secret 1 without the quotes/,
       key => $text);
signed('nothing between colons', 'message', qr/has no "sig" in Base64/,
       changed => { headers => instead('Signature', 'sig="abc"') });
signed('not RFC 9421', 'message', qr/not written as in RFC 9421/,
       changed => { headers => instead('Signature-Input', 'keyId=a') });
signed('r and s in DER', 'ucp', qr/in DER, where r and s/, key => $key{ec},
       keyid => 'ec', changed => { headers => sub { map {
           my ($name, $value) = @$_;
           $value =~ s/\Asig=:(.*):\z/'sig=:' . b64(der_of(decode_base64($1)))
                                      . ':'/e if $name eq 'Signature';
           [$name, $value] } @_ } });


# JSON Web Tokens

sub claims {
    return { iss => 'https://accounts.google.com', exp => $time + 300,
             aud => 'https://hooks.example.com/pubsub', sub => '1',
             email => 'push@example.com', email_verified => JSON::PP::true,
             @_ };
}


sub pubsub {
    my ($what, $says, $claims, $key, $header) = @_;

    $key //= 'rsa';

    my $token = $key{$key}->token($header // { kid => $key }, $claims);

    recorded($what, 'pubsub', ["Authorization: Bearer $token"], $json, $says);
}


pubsub('right', qr/as it is here, signed with the key "rsa" of/, claims());
pubsub('for somebody else',
       qr/\/aud is "https:\/\/x", and webhook_claim takes "https/,
       claims(aud => 'https://x'));
pubsub('of another account',
       qr/\/email is "a\@b", and webhook_claim takes "push\@example/,
       claims(email => 'a@b'));
pubsub('not verified',
       qr/\/email_verified is "false", and the provider takes "true"/,
       claims(email_verified => JSON::PP::false));
pubsub('of another issuer', qr/issuer is not https:\S+, it is "me"/,
       claims(iss => 'me'));
pubsub('too late', qr/had ended 100 s before.*apart from that it is right/s,
       claims(exp => $time - 100));
pubsub('without an end', qr/has no "exp"/, { %{ claims() }, exp => undef });
pubsub('a key that is gone', qr/the key id "2025" is not in secret 1, jwks:set/,
       claims(), 'gone', { kid => '2025' });
pubsub('an id of another key', qr/with the key "rsb" .* the place of "rsa"/,
       claims(), 'rsb', { kid => 'rsa' });
pubsub('no id', qr/there is no key id, .* of secret 1, jwks:sets 2 would fit/,
       claims(), 'rsa', {});
pubsub('another algorithm', qr/is signed by ES256, and the rule wants RS256/,
       claims(), 'ec');
pubsub('a key of its own', qr/says itself what its key is, in "jwk"/, claims(),
       'rsa', { kid => 'rsa', jwk => {} });

my $token = $key{rsa}->token({ kid => 'rsa' }, claims());

recorded('no "Bearer"', 'pubsub', ["Authorization: $token"], $json,
         qr/Authorization has no "Bearer"/);
recorded('two of them', 'pubsub', ["Authorization: Bearer Bearer $token"],
         $json, qr/is a token without "Bearer" before it/);


sub chat {
    my ($what, $path, $says, $key) = @_;

    recorded($what, $path, ['Authorization: Bearer ' . $key{rsa}->token(
        { kid => $key }, claims(aud => 'us', iss =>
        'chat@system.gserviceaccount.com'))], $json, $says);
}


chat('an id that is there twice', 'odd',
     qr/id "rsa" is more than once in secret 1, jwks:odd, so none.*apart/s,
     'rsa');
chat('ids that are no text', 'odd',
     qr/"x" is not in .*, which has "rsa", "rsb"\./, 'x');
chat('what is no key', 'nothing', qr/"x" is not in .*, which has "c"\./, 'x');
chat('a key of another kind', 'one',
     qr/"a" of secret 1, jwks:one is Ed25519, and the \w+ is by jwt-rs256/,
     'a');
chat('a key to encrypt', 'enc', qr/"rsa" of secret 1, jwks:enc is for "enc"/,
     'rsa');


sub plaid {
    my ($iat, $body) = @_;

    return ['Plaid-Verification: ' . $key{ec}->token({ kid => 'ec' },
            { iat => $iat, request_body_sha256 => sha256_hex($body) })];
}


recorded('one of two algorithms', 'either', ['X-Token: '
         . $key{ec}->token({ kid => 'ec' }, { sha256 => sha256_hex($json) })],
         $json, qr/right as it is here, signed with the key "ec"/);
recorded('the time of a claim', 'plaid', plaid($time - 400, $json), $json,
         qr/the time is 400 s old, the limit is 300 s.*apart/s);
recorded('a digest in a claim', 'plaid', plaid($time, "$json\n"), $json,
         qr/the token is for the body with a line break at its end/);


sub saleor {
    my ($what, $says, $body, $value) = @_;

    recorded($what, 'saleor', ["Saleor-Signature: $value"], $body, $says);
}


saleor('a detached one',
       qr/with the key "rsa" .* for the body without the line break/,
       "$json\n", $key{rsa}->detached({ kid => 'rsa' }, $json));
saleor('one with the body as it is', qr/right as it is here/, $json,
       $key{rsa}->detached({ kid => 'rsa' }, $json, plain => 1));
saleor('one that is not detached',
       qr/the token has a payload, and the rule wants the body/, $json, $token);

my $body = $key{rsa}->token({ kid => 'rsa' }, { exp => $time + 60 });

recorded('a file with a member twice', 'repeats', [],
         $key{rsa}->token({ kid => 'rsa' }, { exp => $time + 60 }),
         qr/secret 1, jwks:repeats has no key that can be read/);
recorded('the last of many', 'many', [],
         $key{a}->token({ kid => 'gone' }, { exp => $time + 60 }),
         qr/webhook-keys.*with the key "k63" .* in the place of "gone"/s);
recorded('a line break after a token', 'wix', [], "$body\n",
         qr/is a token without the line break at its end/);
recorded('a token in quotes', 'wix', [], qq/"$body"/,
         qr/is a token without the quote/);
recorded('a body of claims that has ended', 'wix', [], $key{rsa}->token(
         { kid => 'rsa' }, { exp => $time - 1000 }), qr/had ended 1000 s/);
recorded('an event for another', 'events',
         ['Content-Type: application/secevent+jwt'], $key{rsa}->token(
         { kid => 'rsa' }, { iss => 'them', aud => 'you', iat => $time,
                             events => {}, jti => 1 }),
         qr/\/aud is "you", and webhook_claim takes "us"/);


# Messages of parts of the body, with a key of which the URL has the name

my $url = 'https://sns.eu-west-1.amazonaws.com';


sub sns {
    my ($what, $says, %want) = @_;

    my %m = (Type => 'Notification', MessageId => 'm1', Message => 'text',
             TopicArn => 'arn:aws:sns:eu-west-1:1:t', SignatureVersion => '2',
             Timestamp => '2026-01-15T10:20:30.000Z',
             SigningCertURL => "$url/$aws{new}", %{ $want{message} // {} });
    my $text = join '', map { defined $m{$_} ? "$_\n$m{$_}\n" : () }
               qw/Message MessageId Subject SubscribeURL Timestamp Token
                  TopicArn Type/;

    $m{Signature} = b64(($want{key} // $key{rsa})->sign($text));
    recorded($what, 'sns', [], encode_json({ %m, %{ $want{changed} // {} } }),
             $says);
}


sns('right', qr/as it is here, signed with the key "\S+new/);
sns('with a subject', qr/right as it is here/, message => { Subject => 's' });
sns('an old certificate', qr/certificate "\S+old.pem" had ended 14 days before/,
    key => $key{rsb}, message => { SigningCertURL => "$url/$aws{old}" });
sns('a certificate that is not there',
    qr/key\ id\ "x.pem"\ is\ not\ in\ secret\ 1,
    \ keys:aws,\ which\ has\ "\S+new.pem",\ "\S+old.pem"/x,
    message => { SigningCertURL => "$url/x.pem" });
sns('a certificate of somebody else', qr/is not like the provider's pattern/,
    message => { SigningCertURL => "https://sns.example.com/$aws{new}" });
sns('too old', qr/the time is 10800 s old, the limit is 7200 s.*apart/s,
    message => { Timestamp => '2026-01-15T07:20:30.000Z' });


sub scanning {
    my ($what, $says, $signed, $id) = @_;

    recorded($what, 'github', ["Github-Public-Key-Identifier: $id",
             'Github-Public-Key-Signature: '
             . b64(der_of($key{ec}->sign($signed)))], $json, $says);
}


scanning('a key by its id',
         qr/with the key "first" .* body with a line break at its end/,
         "$json\n", 'first');
scanning('an id that is not there',
         qr/"second" is not in secret 1, keys:first, which has "first"\./,
         $json, 'second');
recorded('r and s in another form', 'raw', ['X-Key-Id: first', 'X-Signature: '
         . b64(der_of($key{ec}->sign("first.$json")))], $json,
         qr/but in DER, and the rule has "format=raw"/);
recorded('no id beside a signature', 'turnkey',
         ["X-Turnkey-Timestamp: ${time}000", 'X-Turnkey-Event-Id: e',
          'X-Turnkey-Signature: ' . '0' x 128], $json,
         qr/there is no key id, header:X-Turnkey-Signature-Key-Id, and of the/);


# What nothing explains

signed('unknown: a key', 'message', undef, key => $key{lost});
signed('unknown: a method', 'message', undef, url => { '@method' => 'HELLO' });
signed('unknown: bytes', 'message', undef, signature => 'x' x 64);
signed('unknown: a type', 'hmac', undef, key => qq/"$text"/, changed =>
       { headers => instead('Content-Type', 'text/plain') },
       headers => [['Content-Type', 'b/c']]);
signed('unknown: a secret', 'hmac', undef, key => 'nobody has it');
pubsub('unknown: a token', undef, claims(), 'gone', { kid => 'rsa' });
recorded('unknown: a token that was changed', 'plaid',
         [plaid($time, $json)->[0] =~ s/.{9}\z/AAAAAAAAA/r], $json);
saleor('unknown: a detached one', undef, $json,
       $key{rsa}->detached({ kid => 'rsa' }, 'nothing'));
recorded('unknown: a body of claims', 'wix', [], $body =~ s/.{9}\z/AAAAAAAAA/r);
sns('unknown: a message', undef, changed => { Message => 'other' });
scanning('unknown: a key with an id', undef, 'nothing', 'first');

my ($explained, $unexplained) = $cases->numbers;

cmp_ok($explained, '>=', 55, "mistakes are recorded: $explained");
cmp_ok($unexplained, '>=', 10, "what nothing explains: $unexplained");

# a directory's name may have spaces
mkdir "$dir/a b" or die $!;

my $said = do {
    local $ENV{TMPDIR} = "$dir/a b";
    $cases->judge('--config', "$dir/nginx.conf");
};

unlike($said, qr/ at \S+ line \d/, 'and perl has nothing to say');
unlike($said, qr/\Q$_\E/, 'no secret, no token and no signature is printed')
    for $text, map { split /\./ } $token, $body;


# A log: what it has of a message signature is enough, if the two headers are
# there; a token is not in it

my %log = (time => "$time.000", scheme => 'https', host => 'hooks.example.com',
           request => 'POST /message HTTP/1.1', reason => 'key_unknown',
           provider => 'http-message-signatures', body => $json);
my %message = message(key => $key{a}, keyid => 'z', nonce => 'n', body => $json,
                      created => $time, host => 'hooks.example.com',
                      uri => '/message', scheme => 'https',
                      covers => $covers{message});
my %headers = map { lc($_->[0] =~ tr/-/_/r) => $_->[1] }
              @{ $message{headers} };

write_file("$dir/log", join "\n", map { encode_json($_) }
    { %log, signature => $headers{signature},
      http_signature_input => $headers{signature_input},
      http_content_digest => $headers{content_digest} },
    { %log, reason => 'signature_missing' },
    { %log, signature => $headers{signature},
      http_signature_input => $headers{signature_input} },
    { %log, provider => 'plaid', request => 'POST /plaid HTTP/1.1' },
    { %log });

my ($rc, $lines) = check('--config', "$dir/nginx.conf", "$dir/log");

like($lines, qr/^1\. .*\n.*key id "z" is not in .*\n.*\n.*with the key "a"/m,
     'a log with the headers that are signed');
like($lines, qr/^2\. .*\n.*no signature, header:Signature-Input/m,
     'what is missing');
like($lines, qr/^3\. (?:.*\n)+?.*content-digest is signed: add it to the log/m,
     'and what the log lacks');
is(() = $lines =~ /no file of keys of the location/g, 2,
   'and what the reason says, where there is no more');
is($rc, 0, 'is an explanation');

write_file("$dir/request", "POST /x HTTP/1.1\r\nHost: a\r\n"
           . "Authorization: Bearer $token\r\n\r\n$json");
($rc, $lines) = check(qw/--provider google-pubsub --secret/, "jwks:$dir/one",
                      '--secret', "jwks:$dir/sets", '--at', $time,
                      "$dir/request");
like($lines, qr/right as it is here, signed with the key "rsa" of secret 2/,
     'files that are given by hand');

done_testing();
