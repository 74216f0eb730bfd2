#!/usr/bin/perl

# What is JSON to us and what is not although yajl takes it; that no byte of a
# body is parsed before its sender is known; however the body comes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use Test::More;
use Time::HiRes qw/time/;

use WebhookTest;
use WebhookTest::Signed qw/$secret signature/;

my $token = 'The-Token-Of-This-Sender';

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
    ['an unknown escape far behind', '{"b":"' . 'x' x 70_000 . '\x"}',
        'syntax error'],
    ['a line feed far behind', '{"b":"' . 'x' x 70_000 . "\n\"}",
        'syntax error'],
    ['a long string without an end', '{"b":"' . 'x' x 70_000,
        'the document ends early'],
    ['a long captured string', '{"a":"' . 'x' x 65_537 . '"}',
        qr/a (?:value|token) is too long/],
    ['a long number', '{"b":' . '1' x 70_000 . '}', 'a token is too long'],
);

my @valid = (
    ['a scalar', '1'], ['null', 'null'], ['a string', '""'],
    ['blanks around', " \r\n\t{}\r\n\t "], ['a depth of 64', '[' x 64 . ']' x 64],
    ['a name of 1024 bytes', '{"' . 'n' x 1024 . '":1}'],
    ['a long string nobody asked for', '{"b":"' . 'x' x 2_000_000 . '"}'],
    ['and in its middle', '{"b":["' . '\u00e4\"' x 20_000 . '"]}'],
    ['long blanks', '{"b":' . ' ' x 70_000 . '1}'],
    ['a long name within', '{"b":{"' . 'n' x 70_000 . '":1}}'],
    ['half a pair nobody asked for', '{"b":"cut \ud83d"}'],
    ['the other half', '["\ude00"]'],
    ['half a pair in a name within', '{"b":{"\ud800":1}}'],
    ['a pair of surrogates', '{"a":"\ud83d\ude00"}'],
    ['repeated names nobody asked for', '{"b":1,"b":2}'],
    ['DEL', "{\"b\":\"\x7f\"}"],
    ['the last code point', "{\"b\":\"\xf4\x8f\xbf\xbf\"}"],
);

my $t = WebhookTest->new(conf => <<"EOF");
    client_max_body_size 64m;

    webhook_provider plain {
        token  header:X-Token;
        event  header:X-Event;
    }

    webhook_provider objects { token header:X-Token; json object; }

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

        location = /objects { webhook objects; proxy_pass http://%%APP%%; }
    }
EOF

my $authorized = ['X-Token', $token];

for (@valid) {
    my ($name, $body) = @$_;
    $t->accepted("JSON: $name", { uri => '/json', body => $body,
                                  headers => [$authorized] });
}

for (@invalid) {
    my ($name, $body, $says) = @$_;

    for my $way ([], [chunked => 7], [split => 5, pause => 0]) {
        last if @$way && length $body > 100;

        $t->no_json("no JSON: $name" . (@$way ? ", $way->[0]" : ''), $says,
                    { uri => '/json', body => $body, headers => [$authorized],
                      @$way });
    }

    # whatever the body is, it is not looked at
    $t->refused("not verified: $name", 403, 'token_mismatch',
                { uri => '/json', body => $body,
                  headers => [['X-Token', 'Another-Token']] });
}

unverified();
ways();
stalls();

$t->done;
done_testing();


# P4: no byte of a body is parsed before its sender is known.
sub unverified {
    for my $body ('{"a":"x"}', '{"a":1}', '{"a":', '[' x 70, "\xff") {
        $t->refused("a wrong signature over $body is only that", 403,
                    'signature_mismatch',
                    { uri => '/signed', body => $body,
                      headers => [signature("$body ")] });
        $t->refused("no signature over $body is only that", 403,
                    'signature_missing', { uri => '/signed', body => $body });
        $t->accepted("a trial run lets $body through",
                     { uri => '/trial', body => $body,
                       headers => [signature("$body ")] });
    }

    $t->accepted('a right signature over valid JSON',
                 { uri => '/signed', body => '{"a":"x"}',
                   headers => [signature('{"a":"x"}')] });
    $t->no_json('a right signature over invalid JSON',
                'the document ends early',
                { uri => '/signed', body => '{"a":',
                  headers => [signature('{"a":')] });
    $t->invalid('a right signature over another document', '/a', 'type',
                { uri => '/signed', body => '{"a":1}',
                  headers => [signature('{"a":1}')] });
    $t->accepted('a trial run lets an invalid document through',
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

            $t->accepted("$name: valid", $request->(%good));
            $t->invalid("$name: invalid", '/a', 'type', $request->(%bad));
            $t->no_json("$name: broken off", 'the document ends early',
                        $request->(%broken));
        }
    }

    # JSON that is compressed is not JSON to us
    for my $coding (qw/gzip identity br/) {
        $t->refused("Content-Encoding: $coding", 415,
                    'content_type_unsupported',
                    { uri => '/json', body => '{}', headers =>
                      [$authorized, ['Content-Encoding', $coding]] });
    }

    $t->refused('Content-Encoding, also with "json object"', 415,
                'content_type_unsupported',
                { uri => '/objects', body => '{}',
                  headers => [$authorized, ['Content-Encoding', 'gzip']] });
}


# A document of about that length that begins with these members.
sub padded {
    my ($start, $length) = @_;

    return $start . ',"b":[' . join(',', map { qq({"n":$_,"s":"x y"}) }
                                         1 .. $length / 22) . ']}';
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
    $t->refused('before', 403, 'token_missing', { uri => '/json', body => '' });

    my $start = time;
    my $until = $start + 120;
    my $pending = IO::Select->new(map { $_->{socket} } @big);
    my @latencies;

    $_->send(substr $body, -1) for @big;

    while ($pending->count && time < $until) {
        my $asked = time;
        my $small = $t->request({ method => 'POST', uri => '/json' });

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
