#!/usr/bin/perl

# $webhook_request: the request line for logs, without the credentials that
# the query has.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;

my $key = 'key-of-this-sender';
my $requests = 0;

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_provider own {
        token     query:key;
        challenge query:echo match=query:verify;
    }

    log_format line '\$webhook_request';

    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/logs/line.log line;

        webhook_secret $key;
        webhook_challenge_secret another-key-of-this-sender;

        location / { return 204; }
        location /own { webhook own; proxy_pass http://%%APP%%; }
        location /strip { webhook own; webhook_strip on;
                          proxy_pass http://%%APP%%; }
        location /st2 {
            webhook stackstorm;
            webhook_secret $key;
            proxy_pass http://%%APP%%;
        }
    }
EOF

logged('/?key=a', '/?key=a', 'without a gate nothing is covered');

logged("/own?key=$key", '/own?key=*', 'a good credential');
logged('/own?key=wrong', '/own?key=*', 'a wrong one');
logged("/own?a=1&key=$key&b=2", '/own?a=1&key=*&b=2', 'among others');
logged("/own?k%65y=$key", '/own?k%65y=*', 'with its name escaped');
logged("/own?key=$key&key=$key", '/own?key=*&key=*', 'twice');
logged('/own?key=&key', '/own?key=&key', 'none');
logged('/own?Key=a&keys=b', '/own?Key=a&keys=b', 'other names');
logged("/own?key=a?b=c&d=$key?e", '/own?key=*&d=key-of-this-sender?e',
       'a question mark in the query');
logged('/own', '/own', 'without a query');
logged("/strip?a=1&key=$key", '/strip?a=1&key=*', 'stripped or not');
logged('/own?echo=x&verify=another-key-of-this-sender',
       '/own?echo=x&verify=*', 'the token of a challenge', 'GET');

logged("/st2?st2-api-key=$key;x-auth-token=a", '/st2?st2-api-key=*;'
       . 'x-auth-token=*', 'all that might be one, as its receiver reads');

my $c = $t->connection;
$c->send("GET /own?key=$key\r\n");
$c->eof;
is(last_line(), 'GET /own?key=*', 'HTTP/0.9');

my $access = join '', $t->log_file('line.log');
unlike($access, qr/=key-of-this-sender(?!\?)/, 'the key is nowhere');

$t->done;
done_testing();


sub logged {
    my ($uri, $line, $name, $method) = @_;

    $method //= 'POST';

    $t->request({ method => $method, uri => $uri,
                  $method eq 'POST' ? (body => '{}') : () });
    is(last_line(), "$method $line HTTP/1.1", $name);
}


# The line of the request that has just been answered.
sub last_line {
    my @lines;

    $requests++;

    $t->wait_for(sub {
        @lines = split /\n/, $t->log_file('line.log');
        return @lines == $requests;
    }, 'a line');

    return $lines[-1];
}
