#!/usr/bin/perl

# webhook_replay: who has signed is a part of a message's name, whatever it is
# that says so.  The same bytes of two are two messages, and a copy is none.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256 hmac_sha256_hex sha256_hex/;
use File::Temp;
use MIME::Base64 qw/encode_base64url/;
use Test::More;

use WebhookTest;

my $secret = 'a secret of all the senders here';
my %secrets = (one => 'a secret of the first tenant',
               two => 'a secret of the second one.');
my %news = (one => 'a new secret of the first one',
            two => 'a new secret of the second');
my $body = 'the same bytes';

my $dir = File::Temp->newdir;
chmod 0755, "$dir";
my $ca = WebhookTest::ca("$dir", 'sender');

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_zone seen 1m;

    map \$arg_tenant \$tenant_secret {
        one "$secrets{one}";
        two "$secrets{two}";
    }

    map \$arg_tenant \$tenant_news {
        one "$news{one}";
        two "$news{two}";
    }
    map \$arg_tenant \$tenant { one one; two two; }

    webhook_provider token { token header:X-Token; }
    webhook_provider list { signature header:X-Signature list=,; }
    webhook_provider jwt {
        signature header:X-Jwt algorithm=jwt-hs256 issuer=one
                  body_digest=/sha256;
        signature header:X-Jwt algorithm=jwt-hs256 issuer=two
                  body_digest=/sha256;
    }
    webhook_provider jwt-body {
        signature header:X-Jwt algorithm=jwt-hs256 issuer=one
                  body_digest=/sha256;
        replay    key=body;
    }
    webhook_provider jwt-id {
        signature header:X-Jwt algorithm=jwt-hs256 issuer=one
                  body_digest=/sha256;
        signature header:X-Jwt algorithm=jwt-hs256 issuer=two
                  body_digest=/sha256;
        message   \$http_x_id.\$webhook_body;
        replay    key=\$http_x_id;
    }
    webhook_provider jwts {
        signature header:X-Jwt algorithm=jwt-hs256 body_digest=/sha256;
        signature header:X-Second algorithm=jwt-hs256 body_digest=/sha256;
    }
    webhook_provider either {
        signature header:X-Jwt algorithm=jwt-hs256 body_digest=/sha256;
        signature header:X-Signature list=,;
    }
    webhook_provider first {
        signature header:X-First;
        id        json:/id;
        replay    key=\$webhook_id;
    }
    webhook_provider timed {
        signature header:X-Timed;
        message   \$http_x_time.\$webhook_body;
        id        json:/id;
        replay    key=\$webhook_id;
    }
    webhook_provider second {
        signature header:X-Second;
        id        json:/other;
        replay    key=\$webhook_id;
    }
    webhook_provider cert {
        client_certificate CN=one O=Sender;
        client_certificate CN=two O=Sender;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%TLS_PORT%% ssl;
        server_name signer;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_verify_client optional;
        ssl_client_certificate $ca->{cert};
        webhook_replay zone=seen;

        location /token { webhook token; webhook_secret \$tenant_secret;
                          proxy_pass http://%%APP%%; }
        location /list { webhook list; webhook_secret \$tenant_secret;
                         proxy_pass http://%%APP%%; }
        location /both { webhook list; webhook_secret \$tenant_secret;
                         webhook_secret "$secret";
                         proxy_pass http://%%APP%%; }
        location /rotation { webhook list; webhook_secret \$tenant_secret;
                             webhook_secret \$tenant_news;
                             webhook_replay zone=seen tenant=\$tenant;
                             proxy_pass http://%%APP%%; }
        location /jwt { webhook jwt; webhook_secret "$secret";
                        proxy_pass http://%%APP%%; }
        location /jwt-body { webhook jwt-body; webhook_secret "$secret";
                             proxy_pass http://%%APP%%; }
        location /jwt-id { webhook jwt-id; webhook_secret "$secret";
                           proxy_pass http://%%APP%%; }
        location /jwts { webhook jwts; webhook_secret "$secret";
                         webhook_claim /aud here there;
                         proxy_pass http://%%APP%%; }
        location /either { webhook either; webhook_secret "$secret";
                           proxy_pass http://%%APP%%; }
        location /once { webhook either; webhook_secret "$secret";
                         webhook_replay off; proxy_pass http://%%APP%%; }
        location /line { webhook first second; webhook_secret "$secret";
                         proxy_pass http://%%APP%%; }
        location /apart { webhook timed first;
                          webhook_secret "$secret" for=timed;
                          webhook_secret "$secret" for=first;
                          proxy_pass http://%%APP%%; }
        location /key { webhook first second; webhook_secret "$secret";
                        webhook_replay zone=seen key=\$webhook_id;
                        proxy_pass http://%%APP%%; }
        location /cert { webhook cert; proxy_pass http://%%APP%%; }
        location /directive {
            webhook cert;
            webhook_client_certificate CN=one;
            webhook_client_certificate O=Sender;
            proxy_pass http://%%APP%%;
        }
    }
EOF


# Tenants, by variables

two('a token of a tenant', map { tenant('token', $_,
                                        ['X-Token', $secrets{$_}]) }
                           qw/one two/);
two('a list of a tenant', map { tenant('list', $_, ['X-Signature', join ',',
                                       '00' x 32, mac($secrets{$_})]) }
                          qw/one two/);

# what all of them share is no way to have it delivered again
is($t->status(tenant('both', 'one', ['X-Signature', join ',',
                     mac($secrets{one}), mac($secret)])), 202,
   'a secret of its own and one of all');
is($t->status(tenant('both', 'one', ['X-Signature', mac($_)])), 200,
   'one has been taken away') for $secrets{one}, $secret;
is($t->status(tenant('both', 'two', ['X-Signature', mac($secrets{two})])), 202,
   'another tenant');


# a tenant's secret is being changed, and the tenant has a name
for my $name (qw/one two/) {
    my @macs = map { mac($_) } $secrets{$name}, $news{$name};

    is($t->status(tenant('rotation', $name, ['X-Signature', join ',', @macs])),
       202, "$name: signed with the old secret and with the new one");
    is($t->status(tenant('rotation', $name, ['X-Signature', $_])), 200,
       'one has been taken away') for @macs;
}


# Tokens, by who has issued them and what is in them

two('a JSON Web Token', map { token_of($_) } qw/one two/);
two('another time', map { token_of('one', claims => qq/,"iat":$_/) } 1, 2);

by_body('a token', 202);
by_body('its key has a name now', 200, header => ',"kid":"1"');
by_body('another time', 200, claims => ',"iat":1');


# a key from the headers is known before it is known who has issued the token
two('an id of one issuer, and the same of another', map {
    token_of($_, uri => '/jwt-id', signed => "7.$body",
             beside => [['X-Id', 7]]) } qw/one two/);

# another token says nothing of the message
{
    my %good = (uri => '/jwts', claims => ',"aud":"here"');
    my $second = sub {
        return ['X-Second', token_of('two', @_)->{headers}[0][1]];
    };

    is($t->status(token_of('one', %good)), 202, 'a token');

    for my $claims (',"aud":"nowhere"', '', ',"aud":"here","exp":1',
                    ',"aud":"there","exp":1', ',"aud":"there","nbf":"x"') {
        is($t->status(token_of('one', %good,
                               beside => [$second->(claims => $claims)])),
           200, "it is a copy beside one with $claims");
    }

    is($t->status(token_of('one', %good, beside => [$second->(
           claims => ',"aud":"there"', signed => 'another body')])),
       400, 'beside one that could be for it there are two messages');
}

# nor is it two messages, one for each signature that is left
{
    my $mac = ['X-Signature', mac($secret)];

    is($t->status(token_of('one', uri => '/either', beside => [$mac])), 400,
       'a token and a MAC');
    is($t->status(token_of('one', uri => '/either', claims => ',"exp":1',
                           beside => [$mac])),
       202, 'a MAC beside a token that is too old');
    is($t->status(token_of('one', uri => '/either',
                           beside => [['X-Signature', 'x']])),
       202, 'a token beside what is none');
    is($t->status(token_of('one', uri => '/once', beside => [$mac])), 202,
       'both, where nothing is to come once');
}


# One sender under two names, each with the id in another place

for my $place (qw/line key/) {
    my $json = '{"id":"a","other":"b"}';
    my $request = sub {
        return { uri => "/$place", method => 'POST', body => $json,
                 headers => [[$_[0], hmac_sha256_hex($json, $secret)]] };
    };

    is($t->status($request->('X-First')), 202, "$place: by one name");
    is($t->status($request->('X-Second')), 200, 'the same by the other one');
}

# what is signed for one of them is the body for the other
{
    my $json = '{"id":"c"}';
    my $mac = hmac_sha256_hex("17.$json", $secret);

    is($t->status({ uri => '/apart', method => 'POST', body => $json,
                    headers => [['X-Time', 17], ['X-Timed', $mac]] }), 202,
       'a message with a time');
    is($t->status({ uri => '/apart', method => 'POST', body => "17.$json",
                    headers => [['X-First', $mac]] }), 200,
       'the same as the body of another one');
}


# Certificates, by the line that they match

my %cert = map { $_ => WebhookTest::cert($ca, subject => [[O => 'Sender'],
                                                          [CN => $_]]) }
           qw/one two three/;

certificate('/cert', 'one', 'another one' => 'one');
certificate('/cert', 'two');
certificate('/directive', 'one');
certificate('/directive', 'two', 'another by that line' => 'three');

$t->done;
done_testing();


# Two requests with the same body, and a copy of each.
sub two {
    my ($name, @requests) = @_;

    is($t->status($_), 202, $name) for @requests;
    is($t->status($_), 200, "$name: a copy") for @requests;
}


sub tenant {
    my ($location, $tenant, $header) = @_;

    return { uri => "/$location?tenant=$tenant", method => 'POST',
             body => $body, headers => [$header] };
}


sub mac { return hmac_sha256_hex($body, $_[0]) }


sub token_of {
    my ($issuer, %more) = @_;

    my $text = join '.', map { encode_base64url($_) }
               '{"alg":"HS256"' . ($more{header} // '') . '}',
               qq/{"iss":"$issuer","sha256":"/
                   . sha256_hex($more{signed} // $body) . '"'
                   . ($more{claims} // '') . '}';

    return { uri => $more{uri} // '/jwt', method => 'POST', body => $body,
        headers => [['X-Jwt', $text . '.'
                              . encode_base64url(hmac_sha256($text, $secret))],
                    @{ $more{beside} // [] }] };
}


sub by_body {
    my ($name, $status, @more) = @_;

    is($t->status({ %{ token_of('one', @more) }, uri => '/jwt-body' }),
       $status, "by its body: $name");
}


# What a certificate sends is new, and then a copy, also by another one that
# says the same of itself.
sub certificate {
    my ($uri, $name, %same) = @_;

    is(sent($uri, $name), 202, "$uri: certificate $name");
    is(sent($uri, $name), 200, 'a copy');
    is(sent($uri, $same{$_}), 200, $_) for keys %same;
}


sub sent {
    my ($uri, $name) = @_;

    return $t->status({ uri => $uri, method => 'POST', body => $body,
                        tls => $cert{$name} });
}
