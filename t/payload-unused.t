#!/usr/bin/perl

# A body is parsed for what somebody asks for, and for nothing else: ids and
# events that nobody uses, variables in the blocks that have them, values that
# are asked for by name alone, and what the page shows.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use JSON::PP;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/header/;
use WebhookTest::Upstream;

my $token = 'The-Token-Of-This-Sender';
my $authorized = ['X-Token', $token];
my $providers = <<'EOF';
    add_header X-Reason $webhook_reason always;

    webhook_provider named {
        token  header:X-Token;
        id     json:/id;
        event  json:/event;
    }

    webhook_provider form {
        token  header:X-Token;
        id     form:id;
        event  json:/event;
    }
EOF

nobody();
rules();
blocks();
by_name();
page();

done_testing();


# Nothing asks for id or event: neither is looked for.
sub nobody {
    my $upstream = WebhookTest::Upstream->new;
    my $address = $upstream->address;

    my $t = WebhookTest->new(conf => <<"EOF");
    $providers
    webhook_zone hooks 1m;
    webhook_var \$never /never;

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook_secret "$token";
        location = / { webhook named; proxy_pass http://%%APP%%; }

        location = /unbuffered {
            webhook                  named;
            proxy_http_version       1.1;
            proxy_request_buffering  off;
            proxy_pass               http://$address;
        }
    }
EOF

    for my $body ('{"id":1,"id":2}', '{"event":"a","event":"b"}',
                  '{"never":1,"never":2}', 'no JSON', '')
    {
        $t->accepted("nobody asks: $body",
                     { uri => '/', body => $body, headers => [$authorized] });
    }

    my $c = $t->begin({ uri => '/unbuffered', length => 3, body => '[1',
                        headers => [$authorized] });

    ok(IO::Select->new($upstream->{listener})->can_read(10),
       'the body goes on before it has come');

    $c->send(']');
    my $request = $upstream->take;
    like($request->{bytes}, qr/\[1\]\z/, '... to its end');
    $upstream->answer($request, '202');
    is($c->read_response->{status}, '202', '... and is answered');

    $t->done;
}


# What a rule or a key is made of is looked for in its own location alone.
sub rules {
    my $t = WebhookTest->new(conf => <<"EOF");
    $providers
    webhook_zone hooks 1m;

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook_secret "$token";
        location = /unused { webhook named; proxy_pass http://%%APP%%; }

        location = /key {
            webhook         named;
            webhook_replay  zone=hooks key=\$webhook_id;
            proxy_pass      http://%%APP%%;
        }

        location = /braces {
            webhook         named;
            webhook_replay  zone=hooks key="\${webhook_id}-\$WEBHOOK_EVENT";
            proxy_pass      http://%%APP%%;
        }

        location = /when {
            webhook          named;
            webhook_require  /ref string when=event=push;
            proxy_pass       http://%%APP%%;
        }
    }
EOF

    my @ask = (headers => [$authorized]);

    $t->accepted('a location without a use of the id',
                 { uri => '/unused', body => '{"id":1,"id":2}', @ask });
    $t->accepted('... and of the event',
                 { uri => '/unused', body => '{"event":1,"event":2}', @ask });

    $t->invalid('an id that is the key, twice', '/id', 'repeated',
                { uri => '/key', body => '{"id":1,"id":2}', @ask });
    $t->accepted('an event beside it, twice',
                 { uri => '/key', body => '{"id":1,"event":1,"event":2}',
                   @ask });
    $t->refused('the same id', 200, 'duplicate',
                { uri => '/key', body => '{"id":1,"other":2}', @ask });

    $t->accepted('a key of id and event',
                 { uri => '/braces', body => '{"id":1,"event":"x"}', @ask });
    $t->accepted('another event',
                 { uri => '/braces', body => '{"id":1,"event":"y"}', @ask });
    $t->refused('both the same', 200, 'duplicate',
                { uri => '/braces', body => '{"id":1,"event":"x","z":0}',
                  @ask });

    $t->invalid('a rule for an event', '/ref', 'required',
                { uri => '/when', body => '{"event":"push"}', @ask });
    $t->accepted('... and not for another one',
                 { uri => '/when', body => '{"event":"ping"}', @ask });
    $t->invalid('... twice', '/event', 'repeated',
                { uri => '/when', body => '{"event":"a","event":"b"}', @ask });

    $t->done;
}


# "webhook_var" in each kind of block, inherited and replaced.
sub blocks {
    my $t = WebhookTest->new(conf => <<"EOF");
    $providers
    webhook_var \$one /http;

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook_secret "$token";
        webhook named;
        proxy_set_header X-Vars "[\$one][\$two][\$three]";

        webhook_var \$two /server;

        location = /server { proxy_pass http://%%APP%%; }

        location = /location {
            webhook_var \$three /location;
            proxy_pass http://%%APP%%;
        }

        location = /another {
            webhook_var \$TWO /another;
            proxy_pass http://%%APP%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_1%%;
        webhook_secret "$token";
        webhook named;

        location = / {
            proxy_set_header X-Vars "[\$one][\$two][\$three]";
            proxy_pass http://%%APP%%;
        }
    }
EOF

    my $body = encode_json({ http => 'h', server => 's', location => 'l',
                             another => 'a' });

    for (['/server', '[h][s][]'], ['/location', '[h][s][l]'],
         ['/another', '[h][a][]'])
    {
        my ($uri, $want) = @$_;

        my $seen = $t->accepted("variables in $uri",
                                { uri => $uri, body => $body,
                                  headers => [$authorized] });

        is(header($seen, 'X-Vars'), $want, 'their values');
    }

    my $seen = $t->accepted('in a server without its own',
                            { uri => '/', port => 'PORT_1', body => $body,
                              headers => [$authorized] });
    is(header($seen, 'X-Vars'), '[h][][]', 'their values');

    $t->invalid('a name twice, where it is used', '/location', 'repeated',
                { uri => '/location', body => '{"location":1,"location":2}',
                  headers => [$authorized] });
    $t->accepted('a name twice, where it is not in force',
                 { uri => '/server', body => '{"location":1,"location":2}',
                   headers => [$authorized] });
    $t->accepted('a name twice that was replaced',
                 { uri => '/another', body => '{"server":1,"server":2}',
                   headers => [$authorized] });

    $t->done;
}


# SSI looks a variable up by its name: it is nowhere in the configuration.
sub by_name {
    my $upstream = WebhookTest::Upstream->new;
    my $address = $upstream->address;
    my $echo = join '', map { qq([<!--#echo var="$_" default="" -->]) }
                        qw/webhook_id webhook_event name/;

    my $t = WebhookTest->new(log => 'info', conf => <<"EOF");
    $providers
    webhook_var \$name /name;

    client_body_buffer_size 128k;

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook_secret "$token";
        ssi on;
        location / { webhook named; proxy_pass http://127.0.0.1:%%PORT_1%%; }

        location = /form {
            webhook form;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location = /file {
            webhook named;
            client_body_in_file_only clean;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location = /unbuffered {
            webhook                  named;
            proxy_http_version       1.1;
            proxy_request_buffering  off;
            proxy_pass               http://$address;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_1%%;
        default_type text/html;
        location / { proxy_pass http://127.0.0.1:%%PORT_2%%; }
    }

    server {
        listen 127.0.0.1:%%PORT_2%%;
        default_type text/html;
        location / {
            return 200 '$echo';
        }
    }
EOF

    my $json = '{"id":7,"event":"x","name":"y"}';
    my $long = '{"id":7,"event":"x","name":"y","pad":"%s"}';
    my $most = sprintf $long, 'p' x (65536 - length($long) + 2);

    my @asked = (
        ['all of them', '/', $json, '[7][x][y]'],
        ['none of them', '/', '{}', '[][][]'],
        ['one of them twice', '/', '{"id":7,"id":8,"event":"x"}', '[][x][]'],
        ['no JSON', '/', $json . ']', '[][][]'],
        ['a form', '/form', $json, '[][][]',
         ['Content-Type', 'application/x-www-form-urlencoded']],
        ['64 KiB', '/', $most, '[7][x][y]'],
    );

    my $says = 'a variable that is asked for by its name alone is empty';

    for (@asked) {
        my ($name, $uri, $body, $want, @headers) = @$_;

        my $response = $t->post($uri, $body, [$authorized, @headers]);

        is($response->{body}, $want, "asked for by name: $name");
    }

    unlike($t->error_log, qr/\Q$says\E/, 'nothing is said of these');

    for (['more than 64 KiB', '/', "$most "],
         ['a body in a file', '/file', $json])
    {
        my ($name, $uri, $body) = @$_;

        my $before = () = $t->error_log =~ /\Q$says\E/g;
        my $response = $t->post($uri, $body, [$authorized]);

        is($response->{body}, '[][][]', "asked for by name: $name");
        is(scalar(() = $t->error_log =~ /\[info\].*?\Q$says\E/g), $before + 1,
           '... and it is said why, once');
    }

    # what is there in the end is JSON, too

    my $c = $t->begin({ uri => '/unbuffered', headers => [$authorized],
                        length => 4 + length $json, body => '"1" ' });

    ok(IO::Select->new($upstream->{listener})->can_read(10),
       'the body goes on before it has come');

    $c->send($json);
    $upstream->answer($upstream->take, "HTTP/1.1 200 OK\r\n"
                      . "Content-Type: text/html\r\n\r\n$echo");
    is($c->read_response->{body}, '[][][]', 'a body that was sent on');

    $t->done;
}


# The page shows what is in the beginning of a body, and never refuses for it.
sub page {
    my $t = WebhookTest->new(conf => <<"EOF");
    $providers
    webhook_zone hooks 1m;

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook_secret "$token";
        location = / { webhook named; proxy_pass http://%%APP%%; }
        location = /form { webhook form; proxy_pass http://%%APP%%; }

        location = /file {
            webhook named;
            client_body_in_file_only clean;
            proxy_pass http://%%APP%%;
        }

        location = /status { webhook_status json; }
    }
EOF

    my $pad = '"pad":"' . 'p' x 66000 . '"';
    my $json = '{"id":7,"event":"x"}';

    my @sent = (
        ['both', '/', $json, '7', 'x'],
        ['both, in a file', '/file', $json, '7', 'x'],
        ['the id twice', '/', '{"id":7,"event":"x","id":8}', '', 'x'],
        ['no JSON behind them', '/', "$json$json", '7', 'x'],
        ['none', '/', '[]', '', ''],
        ['no body', '/', '', '', ''],
        ['both at the beginning', '/', qq({"id":7,"event":"x",$pad}), '7',
         'x'],
        ['one after 64 KiB', '/', qq({"id":7,$pad,"event":"x"}), '7', ''],
        ['one after 64 KiB, in a file', '/file',
         qq({"id":7,$pad,"event":"x"}), '7', ''],
        ['a form', '/form', $json, '', '',
         ['Content-Type', 'application/x-www-form-urlencoded']],
    );

    my $n = 0;

    for (@sent) {
        my ($name, $uri, $body, $id, $event, @headers) = @$_;

        $t->accepted("for the page: $name",
                     { uri => $uri, body => $body,
                       headers => [$authorized, @headers] });

        my $delivery = last_delivery($t, ++$n);

        is($delivery->{id}, $id, '... its id');
        is($delivery->{event}, $event, '... and event');
    }

    $t->refused('from nobody', 403, 'token_mismatch',
                { uri => '/', body => $json,
                  headers => [['X-Token', 'wrong']] });
    is(last_delivery($t, ++$n)->{id}, '', 'of a stranger nothing is shown');

    $t->done;
}


# The last request, as soon as so many have been counted.
sub last_delivery {
    my ($t, $requests) = @_;
    my $status;

    $t->wait_for(sub {
        my $response = $t->request({ uri => '/status' });
        my $n = 0;

        $status = decode_json($response->{body});
        $n += $_ for map { values %{ $_->{requests} } } @{ $status->{hooks} };

        return $n >= $requests;
    }, "$requests requests to be counted");

    return $status->{zones}[0]{deliveries}[0];
}
