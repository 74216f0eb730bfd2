#!/usr/bin/perl

# What a verified body must be like: payload rules, values of the body as
# variables, times in the body, and what is no JSON to us although yajl takes
# it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use Encode qw/encode_utf8/;
use IO::Select;
use JSON::PP;
use POSIX qw/strftime/;
use Test::More;
use Time::HiRes qw/time/;

use WebhookTest;
use WebhookTest::Cert;
use WebhookTest::Signed qw/$secret signature/;

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

# no JSON, however it may look
my @invalid = (
    ['nothing', '', 'the document ends early'],
    ['blanks only', " \r\n\t", 'the document ends early'],
    ['half an object', '{"a":', 'the document ends early'],
    ['half a string', '{"a":"', 'the document ends early'],
    ['half a word', 'tru', 'the document ends early'],
    ['a second document', '{} {}', 'something follows the document'],
    ['garbage behind', '{}x', 'something follows the document'],
    ['a closing brace too many', '{}}', 'something follows the document'],
    ['NUL behind', "{}\0", 'something follows the document'],
    ['NUL ahead', "\0{}", 'syntax error'],
    ['a comma too many', '{"a":1,}', 'syntax error'],
    ['a comma too many in an array', '[1,]', 'syntax error'],
    ['no comma', '{"a":1 "b":2}', 'syntax error'],
    ['a name that is no string', '{a:1}', 'syntax error'],
    ['single quotes', "{'a':1}", 'syntax error'],
    ['a comment', '{/* */}', 'syntax error'],
    ['a line comment', "{}// x\n", 'something follows the document'],
    ['a leading zero', '{"a":01}', 'syntax error'],
    ['a plus sign', '{"a":+1}', 'syntax error'],
    ['hex', '{"a":0x1}', 'syntax error'],
    ['a dot without digits', '{"a":1.}', 'syntax error'],
    ['an exponent without digits', '{"a":1e}', 'syntax error'],
    ['NaN', '{"a":NaN}', 'syntax error'],
    ['Infinity', '{"a":Infinity}', 'syntax error'],
    ['-Infinity', '{"a":-Infinity}', 'syntax error'],
    ['a word in capitals', '{"a":True}', 'syntax error'],
    ['a line feed in a string', "{\"a\":\"\n\"}", 'syntax error'],
    ['NUL in a string', "{\"a\":\"\0\"}", 'syntax error'],
    ['an unknown escape', '{"a":"\x"}', 'syntax error'],
    ['a short escape', '{"a":"\u12"}', 'syntax error'],
    ['a byte order mark', "\xef\xbb\xbf{}", 'syntax error'],
    ['UTF-16', "{\0}\0", 'syntax error'],
    ['Latin-1', "{\"a\":\"\xe4\"}", 'malformed UTF-8'],
    ['overlong UTF-8', "{\"a\":\"\xc0\x80\"}", 'malformed UTF-8'],
    ['a surrogate in UTF-8', "{\"a\":\"\xed\xa0\x80\"}", 'malformed UTF-8'],
    ['above U+10FFFF', "{\"a\":\"\xf4\x90\x80\x80\"}", 'malformed UTF-8'],
    ['UTF-8 of five bytes', "{\"a\":\"\xf8\x88\x80\x80\x80\"}",
        'malformed UTF-8'],
    ['broken off UTF-8', "{\"a\":\"\xe2\x82\"}", 'malformed UTF-8'],
    ['bad UTF-8 in a name', "{\"\xc0\x80\":1}", 'malformed UTF-8'],
    ['a lone high surrogate', '{"a":"\ud800"}', 'half a surrogate pair'],
    ['a lone low surrogate', '{"a":"\udc00"}', 'half a surrogate pair'],
    ['a high surrogate and a letter', '{"a":"\ud800\u0041"}',
        'half a surrogate pair'],
    ['a pair the wrong way round', '{"a":"\ude00\ud83d"}',
        'half a surrogate pair'],
    ['half a pair in a name', '{"\ud800":1}', 'half a surrogate pair'],
    ['a vertical tab', "{\x0b}", 'white space that JSON does not have'],
    ['a form feed', "\x0c{}", 'white space that JSON does not have'],
    ['a depth of 65', '[' x 65 . ']' x 65, 'nested too deeply'],
    ['objects 65 deep', '{"a":' x 65 . '1' . '}' x 65, 'nested too deeply'],
    ['braces without end', '[' x 100_000, 'nested too deeply'],
    ['a name of 1025 bytes', '{"' . 'n' x 1025 . '":1}', 'a name is too long'],
    ['a long string', '{"b":"' . 'x' x 70_000 . '"}', 'a token is too long'],
    ['a long captured string', '{"a":"' . 'x' x 65_537 . '"}',
        qr/a (?:value|token) is too long/],
    ['a long number', '{"b":' . '1' x 70_000 . '}', 'a token is too long'],
    ['long blanks', '{"b":' . ' ' x 70_000 . '1}', 'a token is too long'],
);

my @valid = (
    ['a scalar', '1'], ['null', 'null'], ['a string', '""'],
    ['blanks around', " \r\n\t{}\r\n\t "], ['a depth of 64', '[' x 64 . ']' x 64],
    ['a name of 1024 bytes', '{"' . 'n' x 1024 . '":1}'],
    ['a string of 60000 bytes', '{"b":"' . 'x' x 60_000 . '"}'],
    ['a pair of surrogates', '{"a":"\ud83d\ude00"}'],
    ['repeated names nobody asked for', '{"b":1,"b":2}'],
    ['DEL', "{\"b\":\"\x7f\"}"],
    ['the last code point', "{\"b\":\"\xf4\x8f\xbf\xbf\"}"],
);

my $locations = join '', map { <<"EOF" } 0 .. $#rules;
        location = /rule$_ {
            webhook plain;
            webhook_require $rules[$_][0];
            proxy_pass http://%%APP%%;
        }
EOF

# timestamp rules, each with a provider and a location of its own
my @times = (
    ['header:X-Time past=5m future=1m', 'header'],
    ['header:X-Time unit=ms past=5m future=1m', 'header', 'ms'],
    ['header:X-Time unit=rfc3339 past=5m future=1m', 'header', 'rfc3339'],
    ['header:X-Time unit=http past=5m future=1m', 'header', 'http'],
    ['field:t past=5m future=1m', 'field'],
    ['field:t unit=ms past=5m future=1m', 'field', 'ms'],
    ['json:/meta/time past=5m future=1m', 'json'],
    ['json:/meta/time unit=ms past=5m future=1m', 'json', 'ms'],
    ['json:/meta/time unit=rfc3339 past=5m future=1m', 'json', 'rfc3339'],
    ['json:/meta/time unit=http past=5m future=1m', 'json', 'http'],
    ['form:time past=5m future=1m', 'form'],
    ['form:time unit=rfc3339 past=5m future=1m', 'form', 'rfc3339'],
);

my $providers = join '', map { <<"EOF" } 0 .. $#times;
    webhook_provider time$_ {
        signature  header:X-Signature list=, field=v1;
        timestamp  $times[$_][0];
    }
EOF

my $time_locations = join '', map { <<"EOF" } 0 .. $#times;
        location = /time$_ {
            webhook time$_;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;
        }
EOF

my $t = WebhookTest->new(now => $now, frozen => 1, conf => <<"EOF");
    client_max_body_size 64m;

    webhook_provider plain {
        token  header:X-Token;
        event  header:X-Event;
    }

    webhook_provider body {
        token  header:X-Token;
        id     json:/id;
        event  json:/event/type;
    }

    webhook_provider form {
        token  header:X-Token;
        id     form:id;
        event  form:event;
    }

    webhook_provider own {
        token    header:X-Token;
        require  /own integer;
        json     object;
    }

    webhook_provider objects { token header:X-Token; json object; }
    webhook_provider arrays { token header:X-Token; json array empty; }

    webhook_provider dated {
        signature  header:X-Signature list=, field=v1;
        timestamp  field:t past=5m future=1m;
        message    \$webhook_timestamp.\$webhook_body;
    }

    webhook_provider window {
        token      header:X-Token;
        timestamp  header:X-Time past=1h;
        window     10s future=5s;
    }

    webhook_provider no_window {
        token      header:X-Token;
        timestamp  header:X-Time;
    }

$providers

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

$locations

$time_locations

        location = /signed {
            webhook github;
            webhook_secret "$secret";
            webhook_require /a string;
            proxy_pass http://%%APP%%;
        }

        location = /signed/file {
            client_body_buffer_size 1k;
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

        location = /file_only {
            client_body_in_file_only on;
            webhook plain;
            webhook_require /a string;
            proxy_pass http://%%APP%%;
        }

        location = /unbuffered {
            proxy_request_buffering off;
            proxy_http_version 1.1;
            webhook plain;
            webhook_require /a string;
            proxy_pass http://%%APP%%;
        }

        location = /json {
            webhook plain;
            webhook_require "" any;
            webhook_require /a any optional;
            proxy_pass http://%%APP%%;
        }

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
        location = /vars { webhook plain; proxy_pass http://%%APP%%; }
        location = /body { webhook body; proxy_pass http://%%APP%%; }
        location = /form { webhook form; proxy_pass http://%%APP%%; }

        location = /form/small {
            webhook form;
            webhook_max_body 64;
            proxy_pass http://%%APP%%;
        }

        location = /dated {
            webhook dated;
            webhook_secret "$secret";
            proxy_set_header X-Time-Was \$webhook_timestamp;
            proxy_pass http://%%APP%%;
        }

        location = /window { webhook window; proxy_pass http://%%APP%%; }
        location = /window/none {
            webhook no_window;
            proxy_pass http://%%APP%%;
        }

        location = /window/location {
            webhook window;
            webhook_window 1m future=30s;
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

for my $n (0 .. $#rules) {
    my ($rule, $takes, $refuses, $header) = @{ $rules[$n] };

    my %request = (uri => "/rule$n",
                   headers => [$authorized, $header ? $header : ()]);
    my ($pointer) = $rule =~ /^"?([^" ]*)/;

    accepted("$rule takes $_", { %request, body => $_ }) for @$takes;

    for (my $i = 0; $i < @$refuses; $i += 2) {
        invalid("$rule does not take $refuses->[$i]", $pointer,
                $refuses->[$i + 1], { %request, body => $refuses->[$i] });
    }
}

for (@valid) {
    my ($name, $body) = @$_;
    accepted("JSON: $name", { uri => '/json', body => $body,
                              headers => [$authorized] });
}

for (@invalid) {
    my ($name, $body, $says) = @$_;

    for my $way ([], [chunked => 7], [split => 5, pause => 0]) {
        last if @$way && length $body > 100;

        no_json("no JSON: $name" . (@$way ? ", $way->[0]" : ''), $says,
                { uri => '/json', body => $body, headers => [$authorized],
                  @$way });
    }

    # whatever the body is, it is not looked at
    refused("not verified: $name", 403, 'token_mismatch',
            { uri => '/json', body => $body,
              headers => [['X-Token', 'Another-Token']] });
}

inheritance();
unverified();
ways();
variables();
routes();
forms();
windows();
answers();
stalls();

$t->done;

errors();

done_testing();


sub ask {
    my ($request) = @_;

    $t->app_clear;
    my $response = $t->request({ method => 'POST', %$request })
        // { status => 'no answer', body => '', header => {} };

    return ($response, $t->app_requests);
}


sub accepted {
    my ($name, $request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($response, @seen) = ask($request);

    ok($response->{status} eq '202' && @seen == 1
       && $seen[0]{body} eq ($request->{body} // ''), printable($name))
        or diag("$response->{status} $response->{body}");

    return $seen[0];
}


sub refused {
    my ($name, $status, $reason, $request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($response, @seen) = ask($request);

    ok($response->{status} eq $status && @seen == 0
       && ($response->{header}{'x-reason'} // '') eq $reason,
       printable($name))
        or diag("$response->{status} $response->{body} ",
                $response->{header}{'x-reason'} // '');

    return $response;
}


# The whole answer, as documented.
sub invalid {
    my ($name, $pointer, $rule, $request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $response = refused($name, 422, 'payload_invalid', $request);

    is($response->{body}, qq({"status":422,"error":"unprocessable content",)
       . qq("reason":"payload_invalid","pointer":"$pointer",)
       . qq("rule":"$rule"}\n), printable("$name: what is said"));
}


sub no_json {
    my ($name, $says, $request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $response = refused($name, 400, 'json_invalid', $request);
    my ($rule) = $response->{body} =~
        /^\{"status":400,"error":"bad\ request","reason":"json_invalid",
          "pointer":"","rule":"([^"]*)"\}\n\z/x;

    like($rule // $response->{body}, ref $says ? $says : qr/^\Q$says\E\z/,
         printable("$name: what is said"));
}


sub printable {
    my ($name) = @_;

    $name =~ s/([^ -~])/sprintf '\x%02x', ord $1/ge;
    $name =~ s/#/\\#/g;

    return length $name > 120 ? substr($name, 0, 117) . '...' : $name;
}


sub inheritance {
    my @request = (headers => [$authorized]);
    my $c = '{"c":1}';

    invalid('two lines, the first fails', '/a', 'required',
            { @request, uri => '/inherited', body => '{"b":1}' });
    invalid('two lines, the second fails', '/b', 'required',
            { @request, uri => '/inherited', body => '{"a":1}' });
    invalid('two lines, both fail', '/a', 'required',
            { @request, uri => '/inherited', body => $c });
    accepted('two lines hold',
             { @request, uri => '/inherited', body => '{"a":1,"b":1}' });
    invalid('rules are inherited', '/b', 'required',
            { @request, uri => '/inherited/all', body => '{"a":1}' });
    accepted('a line of its own replaces the inherited ones',
             { @request, uri => '/inherited/other', body => $c });
    invalid('and holds', '/c', 'required',
            { @request, uri => '/inherited/other', body => '{"a":1,"b":1}' });

    accepted("the provider's rule holds",
             { @request, uri => '/own', body => '{"own":1}' });
    invalid("the provider's rule fails", '/own', 'required',
            { @request, uri => '/own', body => $c });
    invalid("beside the location's: the provider's fails", '/own', 'required',
            { @request, uri => '/own/more', body => '{"more":1}' });
    invalid("beside the location's: the location's fails", '/more', 'required',
            { @request, uri => '/own/more', body => '{"own":1}' });
    accepted('both hold', { @request, uri => '/own/more',
                            body => '{"own":1,"more":1}' });

    accepted('json object: {}', { @request, uri => '/objects', body => '{}' });
    invalid('json object: []', '', 'type',
            { @request, uri => '/objects', body => '[]' });
    invalid('json object: 1', '', 'type',
            { @request, uri => '/objects', body => '1' });
    no_json('json object: nothing', 'the document ends early',
            { @request, uri => '/objects', body => '' });
    accepted('json array empty: []',
             { @request, uri => '/arrays', body => '[]' });
    accepted('json array empty: nothing',
             { @request, uri => '/arrays', body => '' });
    accepted('json array empty: nothing, chunked',
             { @request, uri => '/arrays', body => '', chunked => [] });
    no_json('json array empty: a blank', 'the document ends early',
            { @request, uri => '/arrays', body => ' ' });
    invalid('json array empty: {}', '', 'type',
            { @request, uri => '/arrays', body => '{}' });
}


# P4: no byte of a body is parsed before its sender is known.
sub unverified {
    for my $body ('{"a":"x"}', '{"a":1}', '{"a":', '[' x 70, "\xff") {
        refused("a wrong signature over $body is only that", 403,
                'signature_mismatch',
                { uri => '/signed', body => $body,
                  headers => [signature("$body ")] });
        refused("no signature over $body is only that", 403,
                'signature_missing', { uri => '/signed', body => $body });
        accepted("a trial run lets $body through",
                 { uri => '/trial', body => $body,
                   headers => [signature("$body ")] });
    }

    accepted('a right signature over valid JSON',
             { uri => '/signed', body => '{"a":"x"}',
               headers => [signature('{"a":"x"}')] });
    no_json('a right signature over invalid JSON', 'the document ends early',
            { uri => '/signed', body => '{"a":',
              headers => [signature('{"a":')] });
    invalid('a right signature over another document', '/a', 'type',
            { uri => '/signed', body => '{"a":1}',
              headers => [signature('{"a":1}')] });
    accepted('a trial run lets an invalid document through',
             { uri => '/trial', body => '{"a":1}',
               headers => [signature('{"a":1}')] });
}


# However the body comes, and wherever nginx keeps it.
sub ways {
    my %good = (body => padded('{"a":"x"', 30_000));
    my %bad = (body => padded('{"a":5', 30_000));
    my %broken = (body => substr padded('{"a":"x"', 30_000), 0, -1);

    for my $uri (qw{/signed /signed/file /file_only /unbuffered}) {
        for my $way ([], [chunked => 1777], [split => 4999, pause => 0.002],
                     [chunked => 10_007, split => 3001, pause => 0.002],
                     [expect => 1])
        {
            my $name = join ' ', $uri, @$way;

            my $request = sub {
                my (%body) = @_;
                return { uri => $uri, %body, @$way,
                         headers => [$authorized, signature($body{body})] };
            };

            accepted("$name: valid", $request->(%good));
            invalid("$name: invalid", '/a', 'type', $request->(%bad));
            no_json("$name: broken off", 'the document ends early',
                    $request->(%broken));
        }
    }

    # JSON that is compressed is not JSON to us
    for my $coding (qw/gzip identity br/) {
        refused("Content-Encoding: $coding", 415, 'content_type_unsupported',
                { uri => '/json', body => '{}',
                  headers => [$authorized, ['Content-Encoding', $coding]] });
    }

    refused('Content-Encoding, also with "json object"', 415,
            'content_type_unsupported',
            { uri => '/objects', body => '{}',
              headers => [$authorized, ['Content-Encoding', 'gzip']] });
    accepted('Content-Encoding where only variables are wanted',
             { uri => '/vars', body => '{}',
               headers => [$authorized, ['Content-Encoding', 'gzip']] });
}


# A document of about that length that begins with these members.
sub padded {
    my ($start, $length) = @_;

    return $start . ',"b":[' . join(',', map { qq({"n":$_,"s":"x y"}) }
                                         1 .. $length / 22) . ']}';
}


sub header {
    my ($seen, $name) = @_;

    # the record of the application is UTF-8
    return encode_utf8 join '|', map { $_->[1] } grep { lc $_->[0] eq lc $name }
           @{ $seen->{headers} };
}


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

        my $seen = accepted("a variable with $name",
                            { uri => '/vars', body => qq({"value":$json}),
                              headers => [$authorized] });
        is(header($seen, 'X-Value'), "[$want]",
           "a variable with $name: its value");
        is(header($seen, 'X-Forged'), '', '... and nothing else') if !$want;

        $seen = accepted("an id with $name",
                         { uri => '/body', body => qq({"id":$json}),
                           headers => [$authorized] });
        is(header($seen, 'X-Id'), "[$want]", "an id with $name: its value");
    }

    my $seen = accepted('a variable deep in the document',
                        { uri => '/vars', headers => [$authorized],
                          body => '{"list":[{"x":1},{"x":"two"},{"x":3}]}' });
    is(header($seen, 'X-Deep'), '[two]', 'its value');

    invalid('a repeated key that a variable is made of', '/value', 'repeated',
            { uri => '/vars', body => '{"value":1,"value":1}',
              headers => [$authorized] });
    invalid('a repeated key on the way to it', '/event/type', 'repeated',
            { uri => '/vars', body => '{"event":{},"event":{"type":1}}',
              headers => [$authorized] });

    for my $body ('', 'no JSON', '{"value":"x"', "{\"value\":\"x\",\"\xff\":1}",
                  '[' x 65 . ']' x 65)
    {
        $seen = accepted("variables do not need JSON: $body",
                         { uri => '/vars', body => $body,
                           headers => [$authorized] });
        is(header($seen, 'X-Value'), '[]', 'and are empty without it');
    }

    $seen = accepted('without a gate', { uri => '/ungated',
                                         body => '{"value":"x"}' });
    is(header($seen, 'X-Value'), '[]', 'variables are empty');

    my $body = '{"value":"x","id":"y","event":{"type":"z"},"a":1}';

    $seen = accepted('in a trial run', { uri => '/trial', body => $body,
                                         headers => [signature("$body ")] });
    is(header($seen, 'X-Value'), '[]', 'those of an unverified body are empty');

    $seen = accepted('in a trial run, verified but invalid',
                     { uri => '/trial', body => $body,
                       headers => [signature($body)] });
    is(header($seen, 'X-Value'), '[]', 'those of an invalid body are empty');

    for (['/signed', signature("$body "), 403, 'signature_mismatch'],
         ['/signed', signature($body), 422, 'payload_invalid'],
         ['/body', ['X-Token', 'x'], 403, 'token_mismatch'])
    {
        my ($uri, $header, $status, $reason) = @$_;

        my $response = refused("a refusal for $reason", $status, $reason,
                               { uri => $uri, body => $body,
                                 headers => [$header] });
        is($response->{header}{'x-vars'}, '[][][][]',
           "variables after $reason are empty");
    }

    my $response = (ask({ uri => '/body', body => $body,
                          headers => [$authorized] }))[0];

    is($response->{header}{'x-vars'}, '[z][x][y][z]',
       'id and event of the body are there in the answer too');
}


# The module's example: open and close events to two applications.
sub routes {
    my @headers = (['X-StackState-Webhook-Token', $token]);

    for (['open', 'opened'], ['close', 'closed']) {
        my ($event, $application) = @$_;

        my $body = WebhookTest::Cert::read_file(
            "$FindBin::Bin/../tools/samples/stackstate-$event.json");
        my ($response, @seen) = ask({ uri => '/stackstate', body => $body,
                                      headers => [@headers] });

        is($response->{status}, 200, "StackState, $event");
        is(@seen && header($seen[0], 'X-Application'), $application,
           "its application is $application");
        is(@seen && $seen[0]{body}, $body, 'with its body');
    }

    my ($response, @seen) = ask({ uri => '/stackstate',
                                  body => '{"event":{"type":"other"}}',
                                  headers => [@headers] });

    is($response->{status}, 404, 'StackState, another event: no application');

    refused('StackState, a wrong token', 403, 'token_mismatch',
            { uri => '/stackstate', body => '{"event":{"type":"open"}}',
              headers => [['X-StackState-Webhook-Token', 'x']] });
}


sub forms {
    my @form = (['Content-Type', 'application/x-www-form-urlencoded'],
                $authorized);

    my $seen = accepted('a form',
                        { uri => '/form', headers => \@form,
                          body => 'x=1&id=a+b%2Bc&event=%C3%A4' });
    is(header($seen, 'X-Id'), '[a b+c]', 'id from a form');
    is(header($seen, 'X-Event-Was'), "[\xc3\xa4]", 'event from a form');

    for (['a repeated name', 'id=1&id=2'], ['a bad escape', 'id=%zz'],
         ['bad UTF-8', 'id=%ff'], ['a control character', 'id=%0a'],
         ['another case', 'ID=1'], ['JSON', '{"id":1}'], ['nothing', ''])
    {
        my ($name, $body) = @$_;

        $seen = accepted("a form with $name", { uri => '/form', body => $body,
                                                headers => \@form });
        is(header($seen, 'X-Id'), '[]', 'has no id');
    }

    $seen = accepted('another type', { uri => '/form', body => 'id=1',
                                       headers => [$authorized] });
    is(header($seen, 'X-Id'), '[]', 'is no form');

    accepted('a form as long as webhook_max_body',
             { uri => '/form/small', body => 'id=' . 'x' x 61,
               headers => \@form });
    refused('a form one byte longer', 413, 'body_too_large',
            { uri => '/form/small', body => 'id=' . 'x' x 62,
              headers => \@form });
    refused('the same, chunked', 413, 'body_too_large',
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


# Inside of the window, at its edges and beyond.
sub windows {
    for my $n (0 .. $#times) {
        my ($rule, $from, $unit) = @{ $times[$n] };

        for (['now', 0], ['the oldest', -300], ['the furthest', 60]) {
            my ($name, $offset) = @$_;
            accepted("timestamp $rule: $name",
                     timed("/time$n", $from, at($now + $offset, $unit)));
        }

        for (['too old', -301, 'timestamp_too_old'],
             ['too far', 61, 'timestamp_in_future'],
             ['the epoch', -$now, 'timestamp_too_old'])
        {
            my ($name, $offset, $reason) = @$_;
            refused("timestamp $rule: $name", 403, $reason,
                    timed("/time$n", $from, at($now + $offset, $unit)));
        }

        for my $text ('x', '-1', "$now.5", '9' x 30, "${now}x", '2023-11-14') {
            refused("timestamp $rule: $text", 403, 'timestamp_malformed',
                    timed("/time$n", $from, $text));
        }

        refused("timestamp $rule: absent", 403, 'timestamp_missing',
                timed("/time$n", $from));
    }

    # the time belongs to what is signed
    my $dated = sub {
        my ($time, $signed) = @_;

        my $hmac = hmac_sha256_hex("$signed.{}", $secret);

        return { uri => '/dated', body => '{}',
                 headers => [['X-Signature', "t=$time,v1=$hmac"]] };
    };

    is(header(accepted('a signed time', $dated->($now - 1, $now - 1)),
              'X-Time-Was'), $now - 1, 'as a variable');
    refused('another time than the signed one', 403, 'signature_mismatch',
            $dated->($now, $now - 1));
    refused('a signed time that is too old', 403, 'timestamp_too_old',
            $dated->($now - 301, $now - 301));

    my $stamp = sub { (uri => $_[0], body => '', headers => [$authorized,
                       ['X-Time', $now + $_[1]]]) };

    accepted("the provider's window", { $stamp->('/window', -10) });
    accepted("the provider's window, future", { $stamp->('/window', 5) });
    refused("beyond the provider's window", 403, 'timestamp_too_old',
            { $stamp->('/window', -11) });
    refused("beyond the provider's window, future", 403, 'timestamp_in_future',
            { $stamp->('/window', 6) });
    accepted("the location's window", { $stamp->('/window/location', -60) });
    accepted("the location's, future", { $stamp->('/window/location', 30) });
    refused("beyond the location's window", 403, 'timestamp_too_old',
            { $stamp->('/window/location', -61) });
    refused("beyond the location's, future", 403, 'timestamp_in_future',
            { $stamp->('/window/location', 31) });
    accepted('no window', { $stamp->('/window/none', -1_000_000) });
    refused('no window, yet no time', 403, 'timestamp_malformed',
            { uri => '/window/none', body => '',
              headers => [$authorized, ['X-Time', 'never']] });

    refused('two timestamps', 400, 'credential_repeated',
            { uri => '/window', body => '', headers =>
              [$authorized, ['X-Time', $now], ['X-Time', $now]] });
    refused('an empty timestamp is none', 403, 'timestamp_missing',
            { uri => '/window', body => '',
              headers => [$authorized, ['X-Time', '']] });

    my $c = $t->connection;
    my ($head) = WebhookTest::format_request(
        method => 'POST', uri => '/window', length => 65, expect => 1,
        headers => [$authorized, ['X-Time', $now - 100]]);
    $c->send($head);
    is(($c->read_one // { status => 'none' })->{status}, 403,
       'a stale header is answered before the body comes');
}


sub at {
    my ($time, $unit) = @_;

    $unit //= 's';

    return $unit eq 'ms' ? $time * 1000
         : $unit eq 'rfc3339' ? strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $time)
         : $unit eq 'http' ? strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime $time)
         : $time;
}


# A signed request with the time, if any, where it belongs.
sub timed {
    my ($uri, $from, $time) = @_;

    my ($body, $field) = ('{}', '');
    my @headers;

    if ($from eq 'form') {
        push @headers, ['Content-Type', 'application/x-www-form-urlencoded'];
        $body = defined $time ? "time=" . escaped($time) : 'a=b';

    } elsif (defined $time) {
        push @headers, ['X-Time', $time] if $from eq 'header';
        $field = "t=$time," if $from eq 'field';
        $body = encode_json({ meta => { time => $time } }) if $from eq 'json';
    }

    push @headers, ['X-Signature',
                    "${field}v1=" . hmac_sha256_hex($body, $secret)];

    return { uri => $uri, body => $body, headers => \@headers };
}


sub escaped {
    my ($text) = @_;

    return $text =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ger;
}


# What the log says: the pointer and the rule, never a value.
sub answers {
    my $before = length $t->error_log;

    refused('for the log', 422, 'payload_invalid',
            { uri => '/rule1', body => '{"a":1234567890987}',
              headers => [$authorized] });

    like(substr($t->error_log, $before),
         qr/webhook plain: refused, payload_invalid, at "\/a": type, /,
         'the log tells the pointer and the rule');
    unlike($t->error_log, qr/1234567890987/, 'the log tells no value');
    unlike($t->error_log, qr/\Q$token\E/, 'the log tells no secret');
}


# While documents of 16 MiB are looked at, other requests have their turn:
# none of them waits for as long as a good part of all that work takes.
sub stalls {
    my $rest = 16 * 1024 * 1024 - length '{"a":5,"b":[]}';
    my $element = '{"number":12.5,"text":"some words"},';
    my $list = $element x ($rest / length $element);
    my $body = '{"a":5,"b":[' . substr($list, 0, -1) . ']}';

    my @big = map { half_sent($_, $body) }
              qw{/signed /signed /signed/file /signed/file};

    # when this has come back, nginx has read what was sent
    refused('before', 403, 'token_missing', { uri => '/vars', body => '' });

    my $start = time;
    my $until = $start + 120;
    my $pending = IO::Select->new(map { $_->{socket} } @big);
    my @latencies;

    $_->send(substr $body, -1) for @big;

    while ($pending->count && time < $until) {
        my $asked = time;
        my $small = $t->request({ method => 'POST', uri => '/vars' });

        push @latencies, time - $asked if $small && $small->{status} == 403;
        $pending->remove($pending->can_read(0));
    }

    my $whole = time - $start;
    my ($longest) = sort { $b <=> $a } @latencies;

    for my $c (@big) {
        my $response = $c->read_response;

        like($response && $response->{body}, qr/"pointer":"\/a","rule":"type"/,
             'a document of 16 MiB has been looked at');
    }

    cmp_ok(scalar @latencies, '>', 12,
           'small requests have been answered in the meantime');
    cmp_ok($longest, '<', $whole / 3, 'none of them has waited long');
    note(sprintf '%d small requests, the longest %.4f s; the whole %.3f s',
         scalar @latencies, $longest, $whole);
}


# A signed request whose last byte is missing.
sub half_sent {
    my ($uri, $body) = @_;

    my $c = $t->connection;
    my ($head) = WebhookTest::format_request(
        method => 'POST', uri => $uri, body => $body, connection => 'close',
        headers => [signature($body)]);

    $c->send($head . substr $body, 0, -1) or die "cannot send\n";

    return $c;
}


# What nginx -t says.
sub errors {
    my @cases = (
        ['webhook_require /a;', qr/invalid number of arguments/],
        ['webhook_require /a text;', qr/must be followed by string, integer/],
        ['webhook_require a string;', qr/invalid rule for a payload at "a"/],
        ['webhook_require /~2 string;', qr/invalid rule for a payload/],
        ['webhook_require /a string minimum=1;', qr/a rule must be enum=/],
        ['webhook_require /a string enum=;', qr/"enum=" needs values/],
        ['webhook_require /a object enum=x;', qr/"enum" needs type/],
        ['webhook_require /a integer pattern=x;', qr/"pattern" needs type/],
        ['webhook_require /a string "pattern=(";', qr/\[emerg\].*\(/],
        ['webhook_require /a string min=1;', qr/"min" needs type/],
        ['webhook_require /a integer min=x;', qr/"min=" needs a number/],
        ['webhook_require /a integer min=2 max=1;', qr/must not be greater/],
        ['webhook_require /a integer length=2;', qr/"length" needs type/],
        ['webhook_require /a string length=-1;', qr/"length=" needs a number/],
        ['webhook_require /a string length=1 max_length=2;', qr/excludes/],
        ['webhook_require /a string within=0;', qr/"within=" needs a time/],
        ['webhook_require /a integer within=5m unit=rfc3339;',
            qr/need type string/],
        ['webhook_require /a integer unit=ms;', qr/"unit" needs "within"/],
        ['webhook_require /a string when=b=1;', qr/"when=" needs/],
        ['webhook_require /a string when=event;', qr/"when=" needs/],
        ['webhook_require /a string optional optional;', qr/only once/],
        ['webhook_window x;', qr/invalid time "x"/],
        ['webhook_window 5m past=1m;', qr/unknown option "past=1m"/],
        ['webhook_window 5m; webhook_window 5m;', qr/duplicate/],
        ['webhook_max_body x;', qr/invalid value/],
    );

    for (@cases) {
        my ($directive, $says) = @$_;

        said($directive, $says, <<"EOF");
            server {
                listen 127.0.0.1:%%PORT%%;
                location / {
                    webhook github;
                    webhook_secret "$secret";
                    $directive
                }
            }
EOF
    }

    said($_->[0], $_->[1], $_->[0]) for (
        ['webhook_var name /a;', qr/invalid variable name "name"/],
        ['webhook_var $ /a;', qr/invalid variable name "\$"/],
        ['webhook_var $name a;', qr/invalid JSON Pointer "a"/],
        ['webhook_var $host /a;', qr/duplicate "host" variable/],
    );
}


sub said {
    my ($name, $says, $conf) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($exit, $text) = WebhookTest::nginx_t($conf);

    ok($exit != 0 && $text =~ $says && $text =~ /\[emerg\].* in .*:\d+$/m,
       "nginx -t: $name") or diag($text);
}
