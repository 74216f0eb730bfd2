#!/usr/bin/perl

# Schemes that sign the URL: $webhook_url and webhook_public_url.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use Test::More;

use WebhookTest;

my $secret = 'the-secret-of-the-hook';

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_provider url {
        signature header:X-Signature;
        message   \$request_method\$webhook_url\$webhook_body;
    }

    webhook_provider decoded {
        signature header:X-Signature;
        message   \$request_method\$webhook_url_decoded\$webhook_body;
    }

    webhook         url;
    webhook_secret  $secret;

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%TLS_PORT%% ssl;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;

        location / {
            proxy_pass http://%%APP%%;
        }

        location /public {
            webhook_public_url https://hooks.example.com:8443;
            proxy_pass http://%%APP%%;

            location /public/off {
                webhook off;
                proxy_pass http://%%APP%%;
            }
        }

        location /beginning {
            webhook_public_url https://hooks.example.com/voice/de;
            proxy_pass http://%%APP%%;
        }

        location /decoded {
            webhook decoded;
            proxy_pass http://%%APP%%;
        }

        location /moved {
            rewrite ^/moved(.*) /else\$1 break;
            proxy_pass http://%%APP%%;
        }
    }
EOF

my $port = $t->port('PORT');

says('http://a.example/hook?x=%31&y', '/hook?x=%31&y', 'a.example', 202);
says("http://a.example:$port/hook", '/hook', "a.example:$port", 202);
says('http://a.example/hook', '/hook', 'b.example', 403);
says('https://a.example/hook', '/hook', 'a.example', 403);
says('http://a.example/hook?', '/hook', 'a.example', 403);
says('http://a.example/moved/a', '/moved/a', 'a.example', 202);
says('https://a.example/hook', '/hook', 'a.example', 202, tls => {});

says('https://hooks.example.com:8443/public?a=b', '/public?a=b', 'inner', 202);
says('http://inner/public?a=b', '/public?a=b', 'inner', 403);

my $beginning = 'https://hooks.example.com/voice/de';

says("$beginning/beginning/x?a=b", '/beginning/x?a=b', 'inner', 202);
says('https://hooks.example.com/beginning', '/beginning', 'inner', 403);

my $d = '/decoded';

says("http://a.example$d/:?x=/", "$d/%3A?x=%2f", 'a.example', 202);
says("http://a.example$d/%3A", "$d/%3A", 'a.example', 403);
says("http://a.example$d/%41%&%2B%", "$d/%41%&%2B%", 'a.example', 400);
says("http://a.example$d/%41?%&%2B%3&%", "$d/%41?%&%2B%3&%", 'a.example', 202);
says("http://a.example$d/", '/', 'a.example%2Fdecoded', 403);
says("http://a.example:$port$d/x", "$d/x", "a.example%3A$port", 403);

for my $url ('example.com', 'ftp://example.com', 'https://',
             'https:///hooks', 'https://example.com/',
             'https://example.com/hooks/', 'https://example.com?a=b',
             "'https://example.com#a'")
{
    my ($exit, $said) = WebhookTest::nginx_t(
        "server { listen 127.0.0.1:1; webhook_public_url $url; }");

    my $shown = $url =~ s/'//gr;

    like($said, qr{\Q[emerg]\E .* invalid\ public\ URL\ "\Q$shown\E",\ it\ is
                   \ a\ scheme,\ a\ host\ and,\ where\ a\ proxy\ takes\ one
                   \ off,\ the\ beginning\ of\ the\ path\ without\ "/"\ at
                   \ its\ end,\ like\ "https://example.com"\ in\ /.*:\d+$}xm,
         "nginx -t: $url");
    isnt($exit, 0, 'it does not start');
}

$t->done;
done_testing();


sub says {
    my ($url, $uri, $host, $status, @more) = @_;

    my $signature = hmac_sha256_hex("POST${url}hello", $secret);
    my $r = $t->post($uri, 'hello', [['Host', $host],
                                     ['X-Signature', $signature]], @more);

    is($r->{status}, $status, "$url for $uri at $host: $status");
}
