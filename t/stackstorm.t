#!/usr/bin/perl

# StackStorm's credentials: the one counts that StackStorm itself would look
# at, whatever else is there.  And the bodies it takes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;

my ($key, $next, $token) = ('The+Api/Key=of%this;one', 'Another-Api-Key-Here',
                            'matoken-matoken-matoken');

my $t = WebhookTest->new(conf => <<"EOF");
    add_header X-Reason "\$webhook_reason" always;
    add_header X-Index "\$webhook_secret_index" always;

    server {
        listen 127.0.0.1:%%PORT%%;

        webhook_secret "$key" for=api-key;
        webhook_secret "$token" for=token;
        webhook_secret "$next" for=api-key;

        location / { webhook stackstorm; proxy_pass http://%%APP%%; }

        location /strict {
            webhook stackstorm-strict;
            proxy_pass http://%%APP%%;
        }

        location /strip {
            webhook stackstorm;
            webhook_strip on;
            proxy_pass http://%%APP%%;
        }

        location /any {
            webhook stackstorm;
            webhook_secret "$key";
            proxy_pass http://%%APP%%;
        }
    }
EOF

my $q = $key =~ s/([^\w])/sprintf '%%%02x', ord $1/ger;
my @json = (['Content-Type', 'application/json']);

# name, query, headers, which secret matches or why none does
my @cases = (
    ['a token in its header', '', [['X-Auth-Token', $token]], 2],
    ['a key in its header', '', [['St2-Api-Key', $key]], 1],
    ['a token in the query', "x-auth-token=$token", [], 2],
    ['a key in the query', "st2-api-key=$q", [], 1],
    ['a token in a cookie', '', [['Cookie', "auth-token=$token"]], 2],
    ['the other key', '', [['St2-Api-Key', $next]], 3],
    ['the other key in the query', "st2-api-key=$next", [], 3],
    ['nothing', '', [], 'token_missing'],

    # a key is no token, nor the other way round
    ['a key as a token', '', [['X-Auth-Token', $key]], 'token_mismatch'],
    ['a token as a key', '', [['St2-Api-Key', $token]], 'token_mismatch'],
    ['a key as a token in the query', "x-auth-token=$q", [],
        'token_mismatch'],
    ['a token as a key in the query', "st2-api-key=$token", [],
        'token_mismatch'],
    ['a key in a cookie', '', [['Cookie', "auth-token=$next"]],
        'token_mismatch'],

    # where StackStorm does not look
    ['a bearer token', '', [['Authorization', "Bearer $token"]],
        'token_missing'],
    ['a cookie for keys', '', [['Cookie', "st2-api-key=$next"]],
        'token_missing'],
    ['a header with underscores', '', [['St2_Api_Key', $key]],
        'token_missing'],

    # header names have no case, the others have
    ['a header in capitals', '', [['X-AUTH-TOKEN', $token]], 2],
    ['a header in small letters', '', [['st2-api-key', $key]], 1],
    ['a query name in capitals', "X-AUTH-TOKEN=$token", [], 'token_missing'],
    ['a query name with a capital', "St2-Api-Key=$q", [], 'token_missing'],
    ['a cookie in capitals', '', [['Cookie', "AUTH-TOKEN=$token"]],
        'token_missing'],
    ['a token in capitals', '', [['X-Auth-Token', uc $token]],
        'token_mismatch'],

    # how the query is read
    ['an escaped name', "x%2dauth%2Dtoken=$token", [], 2],
    ['an escaped value', 'x-auth-token=%6d' . substr($token, 1), [], 2],
    ['a value escaped twice', 'x-auth-token=%256d' . substr($token, 1), [],
        'token_mismatch'],
    ['a plus is a blank', 'st2-api-key=' . $q =~ s/%2b/+/r, [],
        'token_mismatch'],
    ['a bad escape', "x-auth-token=$token%zz", [], 'token_mismatch'],
    ['among others', "a=1&x-auth-token=$token&b", [], 2],
    ['behind a semicolon', "a=1;x-auth-token=$token;b=2", [], 2],
    ['a semicolon ends a value', "st2-api-key=$next;x", [], 3],
    ['the last repetition counts', "x-auth-token=x&x-auth-token=$token", [], 2],
    ['the last, behind a semicolon', "x-auth-token=x;x-auth-token=$token", [],
        2],
    ['the last is wrong', "x-auth-token=$token&x-auth-token=x", [],
        'token_mismatch'],
    ['the last is wrong, behind a semicolon',
        "x-auth-token=$token;x-auth-token=x", [], 'token_mismatch'],
    ['the last is wrong and escaped', "x-auth-token=$token&x-auth%2dtoken=x",
        [], 'token_mismatch'],
    ['the last is empty, so the next source', "x-auth-token=x&x-auth-token="
        . "&st2-api-key=$next", [], 3],
    ['the last is empty, and there is no other',
        "x-auth-token=$token&x-auth-token=", [], 'token_missing'],
    ['a name only', 'x-auth-token', [], 'token_missing'],

    # the order of the five, no second try
    ['a token before a wrong key', '',
        [['X-Auth-Token', $token], ['St2-Api-Key', 'x']], 2],
    ['a wrong token before a key', '',
        [['X-Auth-Token', 'x'], ['St2-Api-Key', $key]], 'token_mismatch'],
    ['a key header before a wrong token in the query', 'x-auth-token=x',
        [['St2-Api-Key', $key]], 1],
    ['a wrong key header before a token in the query',
        "x-auth-token=$token", [['St2-Api-Key', 'x']], 'token_mismatch'],
    ['a token in the query before a wrong key there',
        "st2-api-key=x&x-auth-token=$token", [], 2],
    ['a wrong token in the query before a key there',
        "st2-api-key=$next&x-auth-token=x", [], 'token_mismatch'],
    ['a key in the query before a wrong cookie', "st2-api-key=$next",
        [['Cookie', 'auth-token=x']], 3],
    ['a wrong key in the query before a cookie', 'st2-api-key=x',
        [['Cookie', "auth-token=$token"]], 'token_mismatch'],
    ['an empty header is not there', "st2-api-key=$next",
        [['X-Auth-Token', ''], ['St2-Api-Key', '']], 3],

    # repeated headers arrive joined and match nothing
    ['a header twice', '', [['St2-Api-Key', $key], ['St2-Api-Key', $key]],
        'credential_repeated'],
    ['a header twice, before another source', "x-auth-token=$token",
        [['X-Auth-Token', $token], ['X-Auth-Token', $token]],
        'credential_repeated'],

    # cookies
    ['a cookie among others', '',
        [['Cookie', "a=b; auth-token=$token; c=d"]], 2],
    ['a cookie of a longer name', '', [['Cookie', "x-auth-token=$token"]],
        'token_missing'],
    ['a cookie twice', '', [['Cookie', "auth-token=$token; auth-token=x"]],
        'credential_repeated'],
    ['a wrong cookie', '', [['Cookie', 'auth-token=x']], 'token_mismatch'],
);

for (@cases) {
    my ($name, $query, $headers, $want) = @$_;

    credential($name, "/hook?$query", [@json, @$headers], $want);
}

# the published lines
for (['X-Auth-Token', 'matoken-matoken-matoken'], ['St2-Api-Key', $key]) {
    credential("curl with $_->[0]", '/api/v1/webhooks/sample',
               [@json, $_], $_->[0] =~ /^X/ ? 2 : 1);
}

# without for= a secret serves everywhere
credential("any: $_->[0]", "/any?$_->[1]", [@json, @{ $_->[2] }], 1) for (
    ['a token', '', [['X-Auth-Token', $key]]],
    ['a key', '', [['St2-Api-Key', $key]]],
    ['a query', "x-auth-token=$q", []],
);

bodies();
strip();

$t->done;
done_testing();


sub ask {
    my (%request) = @_;

    return $t->ask({ body => '{}', %request });
}


sub credential {
    my ($name, $uri, $headers, $want) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($response, @seen) = ask(uri => $uri, headers => $headers);
    my $says = $response->{header}{ $want =~ /^\d+$/ ? 'x-index' : 'x-reason' };
    my $status = $want =~ /^\d+$/ ? 202
               : $want eq 'credential_repeated' ? 400 : 403;

    ok($response->{status} eq $status && ($says // '') eq $want
       && @seen == ($status == 202) && (!@seen || $seen[0]{uri} eq $uri),
       $name) or diag("$response->{status} $response->{body}", $says // '');
}


sub bodies {
    my @cases = (
        # as StackStorm itself reads types: as written, up to the first ";"
        ['no type', undef, '{}', 202],
        ['JSON', 'application/json', '{}', 202],
        ['JSON with a parameter', 'application/json;charset=utf-8', '{}', 202],
        ['JSON in capitals', 'Application/JSON', '{}', 415],
        ['JSON and a blank', 'application/json ;charset=utf-8', '{}', 415],
        ['a kind of JSON', 'application/x+json', '{}', 415],
        ['text', 'text/plain', '{}', 415],
        ['a form', 'application/x-www-form-urlencoded', 'a=b', 202],
        ['a form without a value', 'application/x-www-form-urlencoded', '',
            202],
        ['parts', 'multipart/form-data; boundary=x', "--x--\r\n", 202],
        ['a list', 'application/json', '[1]', 202],
        ['nothing', 'application/json', '', 202],
        ['blanks', 'application/json', ' ', 400],
        ['half', 'application/json', '{', 400],
        ['NaN', 'application/json', '[NaN]', 400],
        ['half a pair', 'application/json', '["\ud800"]', 202],
        ['a byte order mark', 'application/json', "\xef\xbb\xbf{}", 400],
        ['a form said to be JSON', 'application/json', 'a=b', 400],
        ['a number', 'application/json', '1', 422],
        ['a string', 'application/json', '"{}"', 422],
        ['null', 'application/json', 'null', 422],
        ['repeated keys', 'application/json', '{"a":1,"a":2}', 202],
    );

    for (@cases) {
        my ($name, $type, $body, $status) = @$_;

        for my $way ([], [chunked => 3]) {
            my ($response, @seen) = ask(
                uri => '/hook', body => $body, @$way,
                headers => [['X-Auth-Token', $token],
                            defined $type ? ['Content-Type', $type] : ()]);

            is($response->{status}, $status, "body: $name @$way");
            is(scalar @seen, $status == 202 ? 1 : 0, 'and where it went');
        }

        my ($response) = ask(uri => '/hook', body => $body, headers =>
                             [['X-Auth-Token', 'x'],
                              defined $type ? ['Content-Type', $type] : ()]);

        is($response->{status}, $status == 415 ? 415 : 403,
           "body: $name, unverified");
    }

    for (['{"trigger":"p.t","payload":{}}', 202], ['{"trigger":"p.t"}', 202],
         ['{}', 422], ['{"trigger":""}', 422], ['{"trigger":1}', 422],
         ['[]', 422], ['', 400], ['{"trigger":"a","trigger":"b"}', 422])
    {
        my ($body, $status) = @$_;

        my ($response) = ask(uri => '/strict', body => $body,
                             headers => [@json, ['St2-Api-Key', $key]]);
        is($response->{status}, $status, "strict: $body");
    }

    my ($response) = ask(uri => '/strict', body => 'trigger=a', headers =>
        [['Content-Type', 'application/x-www-form-urlencoded'],
         ['St2-Api-Key', $key]]);
    is($response->{status}, 415, 'strict: a form');
}


sub strip {
    for (['X-Auth-Token', $token], ['St2-Api-Key', $key],
         ['Cookie', "auth-token=$token"])
    {
        my ($response, @seen) = ask(uri => '/strip', headers => [@json, $_]);

        is($response->{status}, 202, "webhook_strip with $_->[0]");
        ok(!(grep { $_->[1] =~ /\Q$token\E|\Q$key\E/ }
             @{ $seen[0]{headers} }), 'the credential stays here');
    }
}
