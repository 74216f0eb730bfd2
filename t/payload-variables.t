#!/usr/bin/perl

# Values of a verified body as variables, from JSON and from forms, and what is
# chosen by them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/header/;
use WebhookTest::Cert qw/read_file/;
use WebhookTest::Signed qw/$secret signature/;

my $token = 'The-Token-Of-This-Sender';

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_provider plain {
        token  header:X-Token;
        event  header:X-Event;
    }

    webhook_provider body {
        token  header:X-Token;
        id     json:/id;
        event  json:/event/type;
    }

    webhook_provider signed-form {
        signature  header:X-Signature;
        id         form:id;
        replay     key=\$webhook_id;
    }

    webhook_provider signed-both {
        signature  header:X-Signature;
        id         json:/id form:id;
        replay     key=\$webhook_id;
    }

    webhook_provider signed-part {
        signature  header:X-Signature;
        message    \${json:/part}.\$webhook_body;
        id         json:/id;
        replay     key=\$webhook_id;
    }

    webhook_provider signed-json {
        signature  header:X-Signature;
        id         json:/id;
        json       object;
        replay     key=\$webhook_id;
    }

    webhook_provider form {
        token  header:X-Token;
        id     form:id;
        event  form:event;
    }

    webhook_zone once 1m;

    webhook_var \$kind /event/type;
    webhook_var \$value /value;
    webhook_var \$deep /list/1/x;

    map \$kind \$application {
        open     127.0.0.1:%%PORT_1%%;
        close    127.0.0.1:%%PORT_2%%;
        default  127.0.0.1:%%PORT_3%%;
    }

    proxy_set_header X-Kind "[\$kind]";
    proxy_set_header X-Value "[\$value]";
    proxy_set_header X-Deep "[\$deep]";
    proxy_set_header X-Id "[\$webhook_id]";
    proxy_set_header X-Event-Was "[\$webhook_event]";
    add_header X-Vars "[\$kind][\$value][\$webhook_id][\$webhook_event]" always;
    add_header X-Reason "\$webhook_reason" always;

    server {
        listen 127.0.0.1:%%PORT%%;

        webhook_secret "$token";

        location = /signed {
            webhook github;
            webhook_secret "$secret";
            webhook_require /a string;
            proxy_pass http://%%APP%%;
        }

        location = /trial {
            webhook github;
            webhook_secret "$secret";
            webhook_require /a string;
            webhook_enforce off;
            proxy_pass http://%%APP%%;
        }

        location /once {
            webhook_secret "$secret";
            webhook_replay zone=once;
            proxy_pass http://%%APP%%;

            location = /once/form { webhook signed-form;
                                    proxy_pass http://%%APP%%; }
            location = /once/both { webhook signed-both;
                                    proxy_pass http://%%APP%%; }
            location = /once/part { webhook signed-part;
                                    proxy_pass http://%%APP%%; }
            location = /once/json { webhook signed-json;
                                    proxy_pass http://%%APP%%; }
        }

        location = /vars { webhook plain; proxy_pass http://%%APP%%; }

        location = /body { webhook body; proxy_pass http://%%APP%%; }

        location = /form { webhook form; proxy_pass http://%%APP%%; }

        location = /form/small {
            webhook form;
            webhook_max_body 64;
            proxy_pass http://%%APP%%;
        }

        location = /stackstate {
            webhook stackstate;
            proxy_pass http://\$application;
        }

        location = /ungated {
            proxy_pass http://%%APP%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_1%%;
        location / {
            proxy_set_header X-Application opened;
            proxy_pass http://%%APP%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_2%%;
        location / {
            proxy_set_header X-Application closed;
            proxy_pass http://%%APP%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_3%%;
        location / { return 404; }
    }
EOF

my $authorized = ['X-Token', $token];

variables();
routes();
forms();
types();

$t->done;
done_testing();


sub variables {
    my @values = (
        ['a string', '"x y"', 'x y'],
        ['UTF-8', "\"\xc3\xa4\"", "\xc3\xa4"],
        ['an escape', '"\u0041\/\"\\\\"', 'A/"\\'],
        ['a pair of surrogates', '"\ud83d\ude00"', "\xf0\x9f\x98\x80"],
        ['an integer', '-12', '-12'],
        ['a long integer', '123456789012345678901', '123456789012345678901'],
        ['a number as written', '1.50E+2', '1.50E+2'],
        ['true', 'true', 'true'],
        ['false', 'false', 'false'],
        ['null', 'null', ''],
        ['an object', '{"x":1}', ''],
        ['an array', '["x"]', ''],
        ['an empty string', '""', ''],
        ['a line feed', '"x\ny"', ''],
        ['a carriage return', '"x\r\nX-Forged: 1"', ''],
        ['NUL', '"x\u0000y"', ''],
        ['DEL', "\"x\x7fy\"", ''],
        ['a tab', '"x\ty"', ''],
    );

    for (@values) {
        my ($name, $json, $want) = @$_;

        my $seen = $t->accepted("a variable with $name",
                                { uri => '/vars', body => qq({"value":$json}),
                                  headers => [$authorized] });
        is(header($seen, 'X-Value'), "[$want]",
           "a variable with $name: its value");
        is(header($seen, 'X-Forged'), '', '... and nothing else') if !$want;

        $seen = $t->accepted("an id with $name",
                             { uri => '/body', body => qq({"id":$json}),
                               headers => [$authorized] });
        is(header($seen, 'X-Id'), "[$want]", "an id with $name: its value");
    }

    my $seen = $t->accepted('a variable deep in the document',
                            { uri => '/vars', headers => [$authorized],
                              body => '{"list":[{"x":1},{"x":"two"},'
                                      . '{"x":3}]}' });
    is(header($seen, 'X-Deep'), '[two]', 'its value');

    $t->invalid('a repeated key that a variable is made of', '/value',
                'repeated',
                { uri => '/vars', body => '{"value":1,"value":1}',
                  headers => [$authorized] });
    $t->invalid('a repeated key on the way to it', '/event/type', 'repeated',
                { uri => '/vars', body => '{"event":{},"event":{"type":1}}',
                  headers => [$authorized] });

    for my $body ('', 'no JSON', '{"value":"x"', "{\"value\":\"x\",\"\xff\":1}",
                  '[' x 65 . ']' x 65)
    {
        $seen = $t->accepted("variables do not need JSON: $body",
                             { uri => '/vars', body => $body,
                               headers => [$authorized] });
        is(header($seen, 'X-Value'), '[]', 'and are empty without it');
    }

    $seen = $t->accepted('without a gate', { uri => '/ungated',
                                             body => '{"value":"x"}' });
    is(header($seen, 'X-Value'), '[]', 'variables are empty');

    my $body = '{"value":"x","id":"y","event":{"type":"z"},"a":1}';

    $seen = $t->accepted('in a trial run',
                         { uri => '/trial', body => $body,
                           headers => [signature("$body ")] });
    is(header($seen, 'X-Value'), '[]', 'those of an unverified body are empty');

    $seen = $t->accepted('in a trial run, verified but invalid',
                         { uri => '/trial', body => $body,
                           headers => [signature($body)] });
    is(header($seen, 'X-Value'), '[]', 'those of an invalid body are empty');

    for (['/signed', signature("$body "), 403, 'signature_mismatch'],
         ['/signed', signature($body), 422, 'payload_invalid'],
         ['/body', ['X-Token', 'x'], 403, 'token_mismatch'])
    {
        my ($uri, $header, $status, $reason) = @$_;

        my $response = $t->refused("a refusal for $reason", $status, $reason,
                                   { uri => $uri, body => $body,
                                     headers => [$header] });
        is($response->{header}{'x-vars'}, '[][][][]',
           "variables after $reason are empty");
    }

    $t->accepted('Content-Encoding where only variables are wanted',
                 { uri => '/vars', body => '{}',
                   headers => [$authorized, ['Content-Encoding', 'gzip']] });

    my $response = ($t->ask({ uri => '/body', body => $body,
                              headers => [$authorized] }))[0];

    is($response->{header}{'x-vars'}, '[z][x][y][z]',
       'id and event of the body are there in the answer too');
}


# The module's example: open and close events to two applications.
sub routes {
    my @headers = (['X-StackState-Webhook-Token', $token]);

    for (['open', 'opened'], ['close', 'closed']) {
        my ($event, $application) = @$_;

        my $body = read_file(
            "$FindBin::Bin/../tools/samples/stackstate-$event.json");
        my ($response, @seen) = $t->ask({ uri => '/stackstate', body => $body,
                                          headers => [@headers] });

        is($response->{status}, 200, "StackState, $event");
        is(@seen && header($seen[0], 'X-Application'), $application,
           "its application is $application");
        is(@seen && $seen[0]{body}, $body, 'with its body');
    }

    my ($response, @seen) = $t->ask({ uri => '/stackstate',
                                      body => '{"event":{"type":"other"}}',
                                      headers => [@headers] });

    is($response->{status}, 404, 'StackState, another event: no application');

    $t->refused('StackState, a wrong token', 403, 'token_mismatch',
                { uri => '/stackstate', body => '{"event":{"type":"open"}}',
                  headers => [['X-StackState-Webhook-Token', 'x']] });
}


# A type is not signed, so what is signed is what its bytes are.
sub types {
    my @types = ('application/x-www-form-urlencoded', 'application/json',
                 'multipart/form-data; boundary=x', 'text/plain', undef);
    my @cases = (form => 'id=a', 1, both => 'x=1&id=b', 1, both => '{"id":"c"}',
                 1, both => ' {"id":"d","x":"&id=e&"}', 1,
                 json => '{"id":"f"}', 1, json => 'id=1', 2, form => '{"id":1}',
                 0, form => '<a>&id=1&</a>', 0, form => "--x\r\n\r\n&id=1&", 0,
                 both => '[1,"&id=1&"]', 0, part => '{"id":"a"}', 1,
                 part => 'id=a', 2);

    while (my ($place, $body, $has) = splice @cases, 0, 3) {

        my $send = sub {
            my ($type) = @_;

            return { uri => "/once/$place", body => $body, headers => [
                ['X-Signature', hmac_sha256_hex($place eq 'part' ? ".$body"
                                                : $body, $secret)],
                defined $type ? ['Content-Type', $type] : ()] };
        };

        my $first = $has == 2 || $body =~ /^id=/ ? 0 : 1;
        my $seen = $t->accepted("$body as $types[$first]",
                                $send->($types[$first]));

        like(header($seen, 'X-Id'), $has == 1 ? qr/\[[a-f]\]/ : qr/\[\]/,
             'its id');

        for my $type (grep { $has != 2 || /form/ } map { $_ // '' } @types) {
            is($t->status($send->($type)), 200, "it is a copy as $type");
        }

        $t->refused("$body as JSON", 400, 'json_invalid',
                    $send->('application/json')) if $has == 2;
    }
}


sub forms {
    my @form = (['Content-Type', 'application/x-www-form-urlencoded'],
                $authorized);

    my $seen = $t->accepted('a form',
                            { uri => '/form', headers => \@form,
                              body => 'x=1&id=a+b%2Bc&event=%C3%A4' });
    is(header($seen, 'X-Id'), '[a b+c]', 'id from a form');
    is(header($seen, 'X-Event-Was'), "[\xc3\xa4]", 'event from a form');

    for (['a repeated name', 'id=1&id=2'], ['a bad escape', 'id=%zz'],
         ['bad UTF-8', 'id=%ff'], ['a control character', 'id=%0a'],
         ['another case', 'ID=1'], ['JSON', '{"id":1}'], ['nothing', ''])
    {
        my ($name, $body) = @$_;

        $seen = $t->accepted("a form with $name",
                             { uri => '/form', body => $body,
                               headers => \@form });
        is(header($seen, 'X-Id'), '[]', 'has no id');
    }

    $seen = $t->accepted('another type', { uri => '/form', body => 'id=1',
                                           headers => [$authorized] });
    is(header($seen, 'X-Id'), '[]', 'is no form');

    $t->accepted('a form as long as webhook_max_body',
                 { uri => '/form/small', body => 'id=' . 'x' x 61,
                   headers => \@form });
    $t->refused('a form one byte longer', 413, 'body_too_large',
                { uri => '/form/small', body => 'id=' . 'x' x 62,
                  headers => \@form });
    $t->refused('the same, chunked', 413, 'body_too_large',
                { uri => '/form/small', body => 'id=' . 'x' x 62, chunked => 20,
                  headers => \@form });

    my $c = $t->connection;
    my ($head) = WebhookTest::format_request(
        method => 'POST', uri => '/form/small', length => 65,
        headers => \@form, expect => 1);
    $c->send($head);
    is(($c->read_one // { status => 'none' })->{status}, 413,
       'a form too long by its length is answered before it comes');
}
