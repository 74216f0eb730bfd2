#!/usr/bin/perl

# What stands for the body in the signed message: the rule "body".

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib qw/crc32/;
use Digest::SHA qw/hmac_sha256_hex hmac_sha256 sha256_hex/;
use MIME::Base64;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/header outcome/;
use WebhookTest::Ed25519;

my $secret = 'a secret of one sender, long enough';
my $oracle = 'the secret that answers anybody';
my $now = 1_700_000_000;
my @form = ['Content-Type', 'application/x-www-form-urlencoded'];

my $key = WebhookTest::Ed25519->new;

my $t = WebhookTest->new(now => $now, frozen => 1,
                         files => { pem => $key->pem }, conf => <<"EOF");
    webhook_provider form {
        signature  header:X-Signature;
        body       form:pay-load;
        message    \$http_x_ahead.\$webhook_body.\$http_x_behind;
        id         json:/id;
        timestamp  json:/time past=5m;
    }

    webhook_provider key {
        signature  header:X-Signature algorithm=ed25519 encoding=base64;
        body       form:pay-load;
        message    ahead.\$webhook_body;
    }

    webhook_provider oracle {
        signature  header:X-Signature encoding=base64;
        body       form:pay-load;
        challenge  query:crc reply=\$webhook_challenge_hmac key=signing;
    }

    webhook_provider sorted {
        signature  header:X-Signature;
        body       form-sorted;
        message    \$http_x_ahead.\$webhook_body.\$http_x_behind;
    }

    webhook_provider named {
        signature  header:X-Signature;
        body       form-sorted;
        message    \$http_x_ahead.\$webhook_body.\$http_x_behind;
        id         form:id;
    }

    webhook_provider digest {
        signature  header:X-Signature;
        body       sha256:header:X-Digest;
        message    \$http_x_digest.\$webhook_body;
        id         json:/id;
    }

    webhook_provider argument {
        signature  header:X-Signature;
        body       sha256:query:sha;
        message    \$arg_sha.\$webhook_body;
    }

    webhook_provider cookie {
        signature  header:X-Signature;
        body       sha256:cookie:sha;
        message    \$cookie_sha.\$webhook_body;
    }

    webhook_provider token {
        token  header:X-Token;
        id     json:/id;
    }

    webhook_provider crc {
        signature  header:X-Signature;
        body       crc32;
        message    \$http_x_ahead.\$webhook_body.\$http_x_behind;
        id         json:/id;
    }

    webhook_var \$value /value;

    add_header X-Vars "[\$value][\$webhook_id]" always;
    add_header X-Reason "\$webhook_reason" always;

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook_secret "$secret";
        webhook form;

        location / {
            proxy_pass http://%%APP%%;
        }

        location /file {
            client_body_in_file_only clean;
            proxy_pass http://%%APP%%;
        }

        location /pieces {
            client_body_buffer_size 64;
            proxy_pass http://%%APP%%;
        }

        location /short {
            webhook_max_body 100;
            proxy_pass http://%%APP%%;
        }

        location /needs {
            webhook_require /value string;
            proxy_pass http://%%APP%%;
        }

        location /key {
            webhook key;
            webhook_secret file:%%DIR%%/pem;
            proxy_pass http://%%APP%%;
        }

        location /sorted {
            webhook sorted;
            client_body_buffer_size 64;
            proxy_pass http://%%APP%%;

            location /sorted/named {
                webhook named;
                proxy_pass http://%%APP%%;
            }

            location /sorted/short {
                webhook_max_body 10;
                proxy_pass http://%%APP%%;
            }
        }

        location /digest {
            webhook digest;
            client_body_buffer_size 16k;
            proxy_set_header X-Sha256 "\$webhook_body_sha256";
            proxy_pass http://%%APP%%;
        }

        location /argument {
            webhook argument;
            proxy_pass http://%%APP%%;
        }

        location /cookie {
            webhook cookie;
            proxy_pass http://%%APP%%;
        }

        location /bare-digest {
            webhook digest;
            proxy_pass http://%%APP%%;
        }

        location /crc {
            webhook crc;
            client_body_buffer_size 16k;
            proxy_pass http://%%APP%%;

            location /crc/again {
                webhook token;
                try_files /none \@crc;
            }
        }

        location \@crc {
            webhook crc;
            proxy_pass http://%%APP%%;
        }

        location /oracle {
            webhook oracle;
            webhook_secret "$oracle";
            proxy_pass http://%%APP%%;
        }
    }
EOF

my $document = '{"id":"i 1","value":"\u00e4 + & = % ;","time":' . $now . '}';

form();
form_refused();
form_payload();
form_key();
form_oracle();
sorted();
digest();
crc();

$t->done;
done_testing();


# --- form:FIELD

sub form {
    my $field = field($document);

    for my $uri (qw{/ /file /pieces}) {
        my $r = send_form($uri, $field, $document);

        is($r->{status}, 202, "$uri: the decoded field is signed");
        is($r->{header}{'x-vars'}, '[ä + & = % ;][i 1]',
           "$uri: variables come from the document in it");
        is(($t->app_requests)[-1]{body}, $field,
           "$uri: the form goes upstream as it came");
    }

    is(send_form('/', $field, $document, chunked => 7)->{status}, 202,
       'in chunks');
    is(send_form('/', "&&$field&", $document)->{status}, 202,
       'nothing between separators');
    is(send_form('/', field($document, 'p%61y%2dload'), $document)->{status},
       202, 'a name in escapes');
    is(send_form('/', 'pay-load=' . $document =~ s/%/%25/r =~ s/\+/%2b/r
                      =~ s/&/%26/r, $document)->{status}, 202,
       'no more escapes than needed');
    $t->app_clear;
}


sub form_refused {
    my $field = field($document);

    refused('the form itself signed', 403, 'signature_mismatch',
            $field, $field);
    refused('another document', 403, 'signature_mismatch',
            field($document =~ s/i 1/i 2/r), $document);
    refused('the field twice', 400, 'credential_repeated',
            "$field&$field", $document);
    refused('the field and an empty one', 400, 'credential_repeated',
            "$field&pay-load=", $document);
    refused('the field twice, its name in escapes', 400,
            'credential_repeated', "$field&pay%2dload=x", $document);
    refused("another field: $_", 403, 'signature_malformed', $_, $document)
        for "$field&x=1", "x=1&$field", "$field&x", "$field&pay-load[]=x",
            "$field&+pay-load=x", "$field&pay-load%00=x", "$field&=x",
            "$field&%=x";
    refused("no such field: $_", 403, 'signature_malformed', $_, '')
        for '', '&', 'x=1', 'Pay-Load=%7B%7D', 'pay-loa=1', '{}';
    refused("an empty field: $_", 403, 'signature_malformed', $_, '')
        for 'pay-load', 'pay-load=';
    refused("malformed: $_", 403, 'signature_malformed', "pay-load=$_", $_)
        for '%', '%7', 'a%zz', '%ff', "\xff", '%c3';
    refused('; does not separate', 403, 'signature_mismatch',
            "$field;pay-load=x", $document);
    refused('too long by its Content-Length', 413, 'body_too_large',
            $field, $document, uri => '/short');
    refused('too long in chunks', 413, 'body_too_large',
            $field, $document, uri => '/short', chunked => 50);

    my $r = send_form('/short', $field, $document, expect => 1);
    is("$r->{status} @{ $r->{interim} // [] }", '413 ',
       'no byte of it is read');

    is(scalar(() = $t->app_requests), 0, 'none of it goes upstream');
}


# The rules for JSON hold for the document in the field.
sub form_payload {
    my $ok = '{"value":"x","time":' . $now . '}';

    is(send_form('/needs', field($ok), $ok)->{status}, 202,
       'the document has what is required');
    $t->app_clear;

    for ([422 => 'payload_invalid', '{"value":1,"time":' . $now . '}'],
         [400 => 'json_invalid', 'value=x'], [400 => 'json_invalid', '{'],
         [403 => 'timestamp_too_old', '{"value":"x","time":1699990000}'])
    {
        my ($status, $reason, $text) = @$_;

        refused("$reason: $text", $status, $reason, field($text), $text,
                uri => '/needs');
    }
}


# Ed25519 takes the message whole, and that is not the body's bytes.
sub form_key {
    my $send = sub {
        my ($signed, $text) = @_;

        return $t->request({ method => 'POST', uri => '/key',
            body => field($text), headers => [@form,
                ['X-Signature', $key->sign("ahead.$signed")]] })->{status};
    };

    is($send->($document, $document), 202, 'a public key signs the field');
    is($send->(field($document), $document), 403, 'not the form');
    $t->app_clear;
}


# What a challenge could have had signed is no message, however long the form
# is written.
sub form_oracle {
    my $send = sub {
        my ($text, $form) = @_;

        return $t->request({ method => 'POST', uri => '/oracle',
            body => $form, headers => [@form, ['X-Signature',
                encode_base64(hmac_sha256($text, $oracle), '')]] });
    };

    my $text = 'a' x 400;

    is($t->request({ uri => "/oracle?crc=$text" })->{body},
       encode_base64(hmac_sha256($text, $oracle), ''),
       'a challenge signs a text');
    is($send->("$text\"", "pay-load=$text\"")->{status}, 202,
       'a text that is none of those');
    $t->app_clear;

    for my $form ("pay-load=$text", 'pay-load=' . '%61' x 400) {
        my $r = $send->($text, $form);

        is($r->{status}, 403, 'one that is');
        is($r->{header}{'x-reason'}, 'signature_mismatch', 'has no signature');
    }

    is(scalar(() = $t->app_requests), 0, 'none of it goes upstream');
}


# --- form-sorted

sub sorted {
    my $form = 'z=1&id=i%201&B=&a=2&a=%31&b';
    my $text = 'Ba1a2bidi 1z1';
    my $many = sub { join '&', map { "f$_" } 1 .. $_[0] };
    my $in_order = sub { join '', sort map { "f$_" } 1 .. $_[0] };

    my $r = send_form('/sorted', $form, $text);
    is($r->{status}, 202, 'fields in order');
    is(($t->app_requests)[-1]{body}, $form,
       'the form goes upstream as it came');
    is(send_form('/sorted/named', $form, $text)->{header}{'x-vars'},
       '[][i 1]', 'a field as id');
    is(send_form('/sorted', $form, $text, chunked => 3)->{status}, 202,
       'in chunks');
    is(send_form('/sorted', '', '')->{status}, 202, 'no fields');
    refused('nothing but separators', 403, 'signature_malformed', $_, '',
            uri => '/sorted') for qw/& = &=&/;
    is(send_form('/sorted', $many->(1000), $in_order->(1000))->{status}, 202,
       'a thousand fields');
    $t->app_clear;

    for ([403, 'signature_mismatch', 'the form itself', $form, $form],
         [403, 'signature_mismatch', 'not in order', $form, 'z1idi 1Ba2a1b'],
         [403, 'signature_malformed', 'equal fields', "$form&a=1", $text],
         [403, 'signature_mismatch', 'a field twice', $form,
          'Ba1a1a2bidi 1z1'],
         [403, 'signature_mismatch', 'a field more', "$form&c=1", $text],
         [403, 'signature_malformed', 'an empty field', "$form&", $text],
         [403, 'signature_malformed', 'an empty name', "$form&=", $text],
         [403, 'signature_malformed', 'a bad name', "$form&%=1", $text],
         [403, 'signature_malformed', 'a bad value', "$form&c=%ff", $text],
         [403, 'signature_malformed', 'too many fields', $many->(1001),
          $in_order->(1001)])
    {
        my ($status, $reason, $title, $body, $signed) = @$_;

        refused($title, $status, $reason, $body, $signed, uri => '/sorted');
    }

    $r = send_form('/sorted/short', $form, $text, expect => 1);
    is("$r->{status} @{ $r->{interim} // [] }", '413 ', 'too long');
    is(scalar(() = $t->app_requests), 0, 'none of it goes upstream');
}


# --- sha256:SOURCE

# The body is hashed as it comes, so webhook_max_body is no limit.
sub digest {
    my $long = '{"id":"' . 'x' x 40_000 . '"}' . ' ' x 200_000;

    for my $body ('{"id":"i 1"}', '', $long) {
        my $name = length $body;
        my $r = send_digest('/digest', $body, sha256_hex($body));

        is($r->{status}, 202, "a body of $name bytes");
        is(header(($t->app_requests)[-1], 'X-Sha256'), sha256_hex($body),
           'its digest as a variable');

        is(send_digest('/bare-digest', $body, sha256_hex($body),
                       chunked => 1000)->{status}, 202, 'in chunks');
        $t->app_clear;

        for (["$body.", sha256_hex($body), 'signature_mismatch'],
             [$body, sha256_hex("$body."), 'signature_mismatch'],
             [$body, substr(sha256_hex($body), 0, 63), 'signature_mismatch'],
             [$body, sha256_hex($body) . '0', 'signature_mismatch'],
             [$body, '', 'signature_malformed'])
        {
            my ($bytes, $digest, $reason) = @$_;
            my $refusal = send_digest('/bare-digest', $bytes, $digest);

            is(outcome($refusal), "403 $reason", 'another digest');
        }
    }

    my $digest = sha256_hex('');
    my $r = send_digest('/digest', '', $digest,
                        more => [['X-Digest', $digest]]);

    is(outcome($r), '400 credential_repeated', 'two digests');
    is(scalar(() = $t->app_requests), 0, 'none of it goes upstream');

    two_digests();
}


# One of them is signed, and the body has the other.
sub two_digests {
    my ($signed, $other) = map { sha256_hex($_) } 'signed', 'other';

    is(send_digest("/argument?sha=$signed", 'signed', $signed)->{status}, 202,
       'an argument');
    is(send_digest('/cookie', 'signed', $signed,
                   more => [['Cookie', "sha=$signed; b"]])->{status}, 202,
       'a cookie');
    $t->app_clear;

    for my $names (['sha', 'sha'], ['SHA', 'sha'], ['sha', 'Sha'],
                   ['sha', 's%68a'], ['s%48a', 'sha'])
    {
        my $query = "$names->[0]=$signed&$names->[1]=$other";

        for my $body ('other', 'signed') {
            is(outcome(send_digest("/argument?a&$query", $body, $signed)),
               '400 credential_repeated', "the argument twice: @$names");
        }
    }

    for my $cookies (["sha=$signed; sha=$other"], ["SHA=$signed;sha=$other"],
                     ["sha=$signed", "sha=$other"],
                     ["a=1,sha=$signed; sha=$other"])
    {
        is(outcome(send_digest('/cookie', 'other', $signed,
                               more => [map { ['Cookie', $_] } @$cookies])),
           '400 credential_repeated', "the cookie twice: @$cookies");
    }

    is(scalar(() = $t->app_requests), 0, 'nothing of that goes upstream');
}


sub send_digest {
    my ($uri, $body, $digest, %more) = @_;

    my $headers = [['Content-Type', 'application/json'],
        ['X-Digest', $digest], @{ delete $more{more} // [] },
        ['X-Signature', hmac_sha256_hex("$digest.", $secret)]];

    return $t->post($uri, $body, $headers, %more);
}


# --- crc32

sub crc {
    my $long = '{"id":"' . 'x' x 40_000 . '"}' . ' ' x 200_000;

    # the check value of CRC-32, and those with leading zeros
    for (['123456789', 3421780262], ['', 0], ["\0" x 4, 558161692],
         ['{"id":"i 1"}', crc32('{"id":"i 1"}')], [$long, crc32($long)])
    {
        my ($body, $crc) = @$_;
        my $name = length $body;

        is(send_form('/crc', $body, $crc)->{status}, 202,
           "a body of $name bytes");
        is(send_form('/crc', $body, $crc, chunked => 1000)->{status}, 202,
           'in chunks');
        is(send_form('/crc/again', $body, $crc)->{status}, 202,
           'a body that has been read before');
        is(scalar(grep { $_->{body} eq $body } $t->app_requests), 3,
           'it goes upstream as it came');
        $t->app_clear;

        refused('another body', 403, 'signature_mismatch', "$body.", $crc,
                uri => $_) for '/crc', '/crc/again';
        refused("another number: $_", 403, 'signature_mismatch', $body, $_,
                uri => '/crc') for $crc ^ 1, "0$crc", sprintf('%08x', $crc), '';
        refused('the body itself', 403, 'signature_mismatch', $body, "$body ",
                uri => '/crc');
    }

    is(send_form('/crc', '{"id":"i 1"}', crc32('{"id":"i 1"}'), json => 1)
       ->{header}{'x-vars'}, '[][i 1]', 'the id is in the body');
    is(scalar(() = $t->app_requests), 1, 'it goes upstream');
    $t->app_clear;
}


sub field {
    my ($text, $name) = @_;

    return ($name // 'pay-load') . '='
           . $text =~ s/([^\w ])/sprintf '%%%02X', ord $1/ger =~ tr/ /+/r;
}


sub send_form {
    my ($uri, $body, $signed, %more) = @_;

    return $t->answer(signed_form($uri, $body, $signed, %more));
}


sub signed_form {
    my ($uri, $body, $signed, %more) = @_;

    my @type = delete $more{json} ? ['Content-Type', 'application/json']
                                  : @form;

    return { uri => $uri, body => $body, %more,
        headers => [@type, ['X-Ahead', 'a'], ['X-Behind', 'b'],
            ['X-Token', $secret],
            ['X-Signature', hmac_sha256_hex("a.$signed.b", $secret)]] };
}


sub refused {
    my ($title, $status, $reason, $body, $signed, %more) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $t->refused($title, $status, $reason,
                signed_form(delete $more{uri} // '/', $body, $signed, %more));
}
