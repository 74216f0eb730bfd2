#!/usr/bin/perl

# What a verified body must have: the rules of "webhook_require" and of a
# provider, where they are inherited, and what the sender and the log are told.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;

my $now = 1_700_000_000;
my $token = 'The-Token-Of-This-Sender';

# rule, bodies it takes, bodies it does not take with what it says
my @rules = (
    ['/a any', ['{"a":null}', '{"a":{}}', '{"a":[]}', '{"a":0}', '{"a":""}',
                '{"a":false}'],
               ['{}' => 'required', '[]' => 'required', '1' => 'required',
                '{"b":{"a":1}}' => 'required', '{"A":1}' => 'required']],
    ['/a string', ['{"a":""}', '{"a":"x"}', '{"a":"\u0000"}', '{"\u0061":""}',
                   '{"b":1,"a":"x","c":{"a":1}}'],
                  ['{"a":1}' => 'type', '{"a":null}' => 'type',
                   '{"a":true}' => 'type', '{"a":{}}' => 'type',
                   '{"a":["x"]}' => 'type', '{}' => 'required',
                   '{"a":"x","a":"y"}' => 'repeated',
                   '{"a":1,"\u0061":"y"}' => 'repeated']],
    ['/a integer', ['{"a":0}', '{"a":-0}', '{"a":-12}',
                    '{"a":123456789012345678901234567890}'],
                   ['{"a":"1"}' => 'type', '{"a":1.0}' => 'type',
                    '{"a":1e3}' => 'type', '{"a":true}' => 'type',
                    '{"a":null}' => 'type']],
    ['/a number', ['{"a":0}', '{"a":-1.5}', '{"a":1e308}', '{"a":1E-400}'],
                  ['{"a":"1.5"}' => 'type', '{"a":false}' => 'type']],
    ['/a boolean', ['{"a":true}', '{"a":false}'],
                   ['{"a":0}' => 'type', '{"a":"true"}' => 'type',
                    '{"a":null}' => 'type']],
    ['/a object', ['{"a":{}}', '{"a":{"b":[1]}}'],
                  ['{"a":[]}' => 'type', '{"a":"{}"}' => 'type',
                   '{"a":{},"a":{}}' => 'repeated']],
    ['/a array', ['{"a":[]}', '{"a":[{}]}'],
                 ['{"a":{}}' => 'type', '{"a":"[]"}' => 'type']],
    ['/a null', ['{"a":null}'],
                ['{"a":0}' => 'type', '{"a":"null"}' => 'type',
                 '{}' => 'required']],
    ['/a string optional', ['{}', '[]', '{"a":""}'],
                           ['{"a":1}' => 'type', '{"a":null}' => 'type',
                            '{"a":"","a":""}' => 'repeated']],

    ['/a string enum=up|down', ['{"a":"up"}', '{"a":"down"}', '{"a":"\u0075p"}'],
                               ['{"a":"Up"}' => 'enum', '{"a":""}' => 'enum',
                                '{"a":"up|down"}' => 'enum',
                                '{"a":"up\u0000"}' => 'enum',
                                '{"a":"u"}' => 'enum']],
    ['/a integer enum=1|2', ['{"a":1}', '{"a":2}'],
                            ['{"a":3}' => 'enum', '{"a":12}' => 'enum']],
    ['/a number enum=1.5', ['{"a":1.5}'], ['{"a":1.6}' => 'enum']],
    ['/a boolean enum=true', ['{"a":true}'], ['{"a":false}' => 'enum']],
    ['/a any enum=1|true|x', ['{"a":1}', '{"a":"1"}', '{"a":true}',
                              '{"a":"x"}'],
                             ['{"a":null}' => 'enum', '{"a":{}}' => 'enum',
                              '{"a":[1]}' => 'enum']],
    ['/a string "pattern=^[a-z]+\\\\z"', ['{"a":"abc"}'],
                                   ['{"a":"aBc"}' => 'pattern',
                                    '{"a":""}' => 'pattern',
                                    '{"a":"abc\n"}' => 'pattern',
                                    '{"a":"abc\u0000"}' => 'pattern']],
    ['/a string pattern=b', ['{"a":"abc"}'], ['{"a":"ac"}' => 'pattern']],
    ['/a integer min=-5 max=1e2', ['{"a":-5}', '{"a":100}', '{"a":0}'],
                                  ['{"a":-6}' => 'min', '{"a":101}' => 'max',
                                   '{"a":99999999999999999999999}' => 'max',
                                   '{"a":-99999999999999999999}' => 'min']],
    ['/a number min=0.1 max=0.3', ['{"a":0.1}', '{"a":3e-1}', '{"a":0.30}'],
                                  ['{"a":0.3000000000000000000001}' => 'max',
                                   '{"a":0.0999999999999999999999}' => 'min',
                                   '{"a":-0.2}' => 'min', '{"a":1e999}' => 'max',
                                   '{"a":1e-999}' => 'min']],
    ['/a string length=3', ['{"a":"abc"}', "{\"a\":\"\xc3\xa4\xe2\x82\xac"
                            . "\xf0\x9f\x98\x80\"}", '{"a":"\ud83d\ude00ab"}'],
                           ['{"a":"ab"}' => 'length', '{"a":"abcd"}' => 'length']],
    ['/a string min_length=1 max_length=2', ['{"a":"a"}', '{"a":"ab"}'],
                                            ['{"a":""}' => 'min_length',
                                             '{"a":"abc"}' => 'max_length']],
    ['/a array length=2', ['{"a":[1,[2,3]]}'],
                          ['{"a":[1]}' => 'length', '{"a":[]}' => 'length',
                           '{"a":[1,2,3]}' => 'length']],
    ['/a array min_length=1 max_length=2', ['{"a":[null]}', '{"a":[1,2]}'],
                                           ['{"a":[]}' => 'min_length',
                                            '{"a":[1,2,3]}' => 'max_length']],

    ['/a integer within=10m', ['{"a":1700000000}', '{"a":1699999400}',
                               '{"a":1800000000}'],
                              ['{"a":1699999399}' => 'within',
                               '{"a":0}' => 'within', '{"a":-1}' => 'within']],
    ['/a string within=600', ['{"a":"1699999400"}'],
                             ['{"a":"1699999399"}' => 'within',
                              '{"a":"soon"}' => 'within',
                              '{"a":""}' => 'within',
                              '{"a":" 1699999400"}' => 'within']],
    ['/a integer within=1h unit=ms', ['{"a":1699996400000}'],
                                     ['{"a":1699996399999}' => 'within',
                                      '{"a":1700000000}' => 'within']],
    ['/a string within=1d unit=rfc3339',
        ['{"a":"2023-11-13T22:13:20Z"}', '{"a":"2023-11-13T23:13:20+01:00"}'],
        ['{"a":"2023-11-13T22:13:19Z"}' => 'within',
         '{"a":"2023-11-13 22:13"}' => 'within']],
    ['/a string within=60s unit=http',
        ['{"a":"Tue, 14 Nov 2023 22:12:20 GMT"}'],
        ['{"a":"Tue, 14 Nov 2023 22:12:19 GMT"}' => 'within']],

    ['/a string when=/b/c=x', ['{"b":{"c":"x"},"a":""}', '{"b":{"c":"y"}}',
                               '{}', '{"b":{"c":"y"},"a":1}', '{"b":{"c":{}}}'],
                              ['{"b":{"c":"x"}}' => 'required',
                               '{"b":{"c":"x"},"a":1}' => 'type',
                               '{"a":1,"b":{"c":"x"}}' => 'type']],
    ['/a string when=/b=true', ['{"b":false}', '{"b":true,"a":""}'],
                               ['{"b":true}' => 'required',
                                '{"b":"true"}' => 'required']],
    ['/a string when=event=push', ['{"a":""}'], ['{}' => 'required'],
                                  ['X-Event' => 'push']],
    ['/a string when=event=pull', ['{}', '{"a":1}'], [], ['X-Event' => 'push']],
    ['/a string when=event=', ['{"a":""}'], ['{}' => 'required']],

    ['/a/0/b~1c/~0 integer', ['{"a":[{"b/c":{"~":1}}]}'],
                             ['{"a":[{"b":{"c":1}}]}' => 'required',
                              '{"a":{"1":{"b/c":{"~":1}}}}' => 'required']],
    ['/a/1 integer', ['{"a":["x",2]}'], ['{"a":[2]}' => 'required',
                                         '{"a":[1,"x"]}' => 'type']],
    ['/ integer', ['{"":1}'], ['{}' => 'required']],
    ['"" array', ['[]', ' [1] '], ['{}' => 'type', '"x"' => 'type',
                                   'null' => 'type']],
);

my $locations = join '', map { <<"EOF" } 0 .. $#rules;
        location = /rule$_ {
            webhook plain;
            webhook_require $rules[$_][0];
            proxy_pass http://%%APP%%;
        }
EOF

my $t = WebhookTest->new(now => $now, frozen => 1, conf => <<"EOF");
    webhook_provider plain {
        token  header:X-Token;
        event  header:X-Event;
    }

    webhook_provider own {
        token    header:X-Token;
        require  /own integer;
        json     object;
    }

    webhook_provider objects { token header:X-Token; json object; }
    webhook_provider arrays { token header:X-Token; json array empty; }

    add_header X-Reason "\$webhook_reason" always;

    server {
        listen 127.0.0.1:%%PORT%%;

        webhook_secret "$token";

$locations
        location /inherited {
            webhook plain;
            webhook_require /a integer;
            webhook_require /b integer;
            proxy_pass http://%%APP%%;

            location /inherited/all { proxy_pass http://%%APP%%; }

            location /inherited/other {
                webhook_require /c integer;
                proxy_pass http://%%APP%%;
            }
        }

        location = /own {
            webhook own;
            proxy_pass http://%%APP%%;
        }

        location = /own/more {
            webhook own;
            webhook_require /more integer;
            proxy_pass http://%%APP%%;
        }

        location = /objects { webhook objects; proxy_pass http://%%APP%%; }

        location = /arrays { webhook arrays; proxy_pass http://%%APP%%; }
    }
EOF

my $authorized = ['X-Token', $token];

for my $n (0 .. $#rules) {
    my ($rule, $takes, $refuses, $header) = @{ $rules[$n] };

    my %request = (uri => "/rule$n",
                   headers => [$authorized, $header ? $header : ()]);
    my ($pointer) = $rule =~ /^"?([^" ]*)/;

    $t->accepted("$rule takes $_", { %request, body => $_ }) for @$takes;

    for (my $i = 0; $i < @$refuses; $i += 2) {
        $t->invalid("$rule does not take $refuses->[$i]", $pointer,
                    $refuses->[$i + 1], { %request, body => $refuses->[$i] });
    }
}

inheritance();
answers();

$t->done;
done_testing();


sub inheritance {
    my @request = (headers => [$authorized]);
    my $c = '{"c":1}';

    $t->invalid('two lines, the first fails', '/a', 'required',
                { @request, uri => '/inherited', body => '{"b":1}' });
    $t->invalid('two lines, the second fails', '/b', 'required',
                { @request, uri => '/inherited', body => '{"a":1}' });
    $t->invalid('two lines, both fail', '/a', 'required',
                { @request, uri => '/inherited', body => $c });
    $t->accepted('two lines hold',
                 { @request, uri => '/inherited', body => '{"a":1,"b":1}' });
    $t->invalid('rules are inherited', '/b', 'required',
                { @request, uri => '/inherited/all', body => '{"a":1}' });
    $t->accepted('a line of its own replaces the inherited ones',
                 { @request, uri => '/inherited/other', body => $c });
    $t->invalid('and holds', '/c', 'required',
                { @request, uri => '/inherited/other',
                  body => '{"a":1,"b":1}' });

    $t->accepted("the provider's rule holds",
                 { @request, uri => '/own', body => '{"own":1}' });
    $t->invalid("the provider's rule fails", '/own', 'required',
                { @request, uri => '/own', body => $c });
    $t->invalid("beside the location's: the provider's fails", '/own',
                'required',
                { @request, uri => '/own/more', body => '{"more":1}' });
    $t->invalid("beside the location's: the location's fails", '/more',
                'required',
                { @request, uri => '/own/more', body => '{"own":1}' });
    $t->accepted('both hold', { @request, uri => '/own/more',
                                body => '{"own":1,"more":1}' });

    $t->accepted('json object: {}',
                 { @request, uri => '/objects', body => '{}' });
    $t->invalid('json object: []', '', 'type',
                { @request, uri => '/objects', body => '[]' });
    $t->invalid('json object: 1', '', 'type',
                { @request, uri => '/objects', body => '1' });
    $t->no_json('json object: nothing', 'the document ends early',
                { @request, uri => '/objects', body => '' });
    $t->accepted('json array empty: []',
                 { @request, uri => '/arrays', body => '[]' });
    $t->accepted('json array empty: nothing',
                 { @request, uri => '/arrays', body => '' });
    $t->accepted('json array empty: nothing, chunked',
                 { @request, uri => '/arrays', body => '', chunked => [] });
    $t->no_json('json array empty: a blank', 'the document ends early',
                { @request, uri => '/arrays', body => ' ' });
    $t->invalid('json array empty: {}', '', 'type',
                { @request, uri => '/arrays', body => '{}' });
}


# What the log says: the pointer and the rule, never a value.
sub answers {
    my $before = length $t->error_log;

    $t->refused('for the log', 422, 'payload_invalid',
                { uri => '/rule1', body => '{"a":1234567890987}',
                  headers => [$authorized] });

    like(substr($t->error_log, $before),
         qr/webhook plain: refused, payload_invalid, at "\/a": type, /,
         'the log tells the pointer and the rule');
    unlike($t->error_log, qr/1234567890987/, 'the log tells no value');
    unlike($t->error_log, qr/\Q$token\E/, 'the log tells no secret');
}
