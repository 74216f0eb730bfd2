#!/usr/bin/perl

# Credentials inside the body: what has to be looked at before it is verified,
# how much of it, and what nobody gets to see of it when it is not.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/header/;

my $now = 1_700_000_000;
my $secret = 'the secret of this sender';
my $old = 'the secret before that one';
my $max = 4096;

my $t = WebhookTest->new(now => $now, frozen => 1, conf => <<"EOF");
    webhook_provider parts {
        signature  json:/sig;
        message    '\${json:/a}.\${json:/b/c}.\${json:/d}';
        body       none;
        id         json:/a;
        event      json:/b/c;
    }

    # the time and the id of the body, and the body, under a header's signature
    webhook_provider dated {
        signature  header:X-Signature;
        timestamp  json:/ts past=5m future=5m;
        id         json:/id;
        event      header:X-Event;
        message    '\$webhook_timestamp.\${webhook_id}.\$webhook_body.\$webhook_id';
    }

    # the variable stays empty
    webhook_provider mapped {
        signature  header:X-Signature;
        id         json:/id;
        message    \$mapped.\$webhook_id.\$webhook_body;
    }

    webhook_provider token { token json:/token; event json:/type; }
    webhook_provider every { token json:/list/*/a/b; event json:/list/0/e; }
    webhook_provider all { token json:/*; }
    webhook_provider either { token header:X-Token; token json:/token; }
    webhook_provider form { token form:token; event form:type; }
    webhook_provider plain { token header:X-Token; }

    webhook_provider form-parts {
        signature  form:sig;
        message    \${form:a}-\${form:b};
        body       none;
    }

    # one sender of JSON and of forms
    webhook_provider both {
        signature  json:/sig;
        signature  form:sig;
        timestamp  json:/sent/at form:at past=5m future=5m;
        id         json:/sent/id form:id;
        event      json:/type form:type;
        message    \$webhook_timestamp.\$webhook_id;
        body       none;
    }

    # of the list the first is signed, so there must be no second
    webhook_provider ruled {
        signature  header:X-Signature;
        message    \${json:/list/0/a}:\${json:/list/0/b};
        body       none;
        require    /list array length=1;
    }

    webhook_zone once 1m;

    map \$webhook_id \$mapped { default \$webhook_id; }

    webhook_var \$var /a;
    webhook_var \$type /type;

    log_format vars '\$uri \$status [\$webhook_verdict] [\$webhook_reason] '
                    'id[\$webhook_id] event[\$webhook_event] '
                    'time[\$webhook_timestamp] var[\$var] type[\$type] '
                    'map[\$mapped] secret[\$webhook_secret_index] '
                    'sha[\$webhook_body_sha256]';

    # as docs/providers.md has it
    log_format notion_token escape=none '\$request_body';

    server {
        listen 127.0.0.1:%%PORT_1%%;
        return 200;
    }

    server {
        listen 127.0.0.1:%%PORT_2%%;

        location = /hooks/notion {
            access_log %%DIR%%/logs/notion.log notion_token;
            client_body_in_single_buffer on;
            client_max_body_size 8k;
            client_body_buffer_size 8k;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/logs/vars.log vars;

        webhook_secret  "$secret";
        webhook_secret  "$old";
        webhook_max_body $max;
        client_max_body_size 1m;

        proxy_set_header X-Id "[\$webhook_id]";
        proxy_pass_request_headers on;
        add_header X-Reason \$webhook_reason always;

        location = /parts { webhook parts; proxy_pass http://%%APP%%; }
        location = /dated { webhook dated; proxy_pass http://%%APP%%; }
        location = /mapped { webhook mapped; proxy_pass http://%%APP%%; }
        location = /token { webhook token; proxy_pass http://%%APP%%; }
        location = /every { webhook every; proxy_pass http://%%APP%%; }
        location = /all { webhook all; proxy_pass http://%%APP%%; }
        location = /both {
            access_log %%DIR%%/logs/both.log vars;
            webhook both;
            proxy_pass http://%%APP%%;
        }

        location = /both/once {
            access_log off;
            webhook both;
            webhook_replay zone=once scope=both key=\$webhook_id;
            proxy_pass http://%%APP%%;
        }

        location = /both/json {
            access_log off;
            webhook both;
            webhook_require /sent object;
            proxy_pass http://%%APP%%;
        }

        location = /once {
            webhook parts;
            webhook_replay zone=once;
            proxy_pass http://%%APP%%;
        }

        location = /once/id {
            webhook parts;
            webhook_replay zone=once key=\$webhook_id;
            proxy_pass http://%%APP%%;
        }

        location = /line {
            webhook token github;
            webhook_secret "$secret" for=token;
            webhook_secret "$old" for=github;
            proxy_pass http://%%APP%%;
        }

        location = /except {
            webhook parts;
            webhook_require /e string;
            webhook_enforce on except=payload;
            proxy_pass http://%%APP%%;
        }

        location = /except/own {
            webhook ruled;
            webhook_require /g string;
            webhook_enforce on except=payload;
            proxy_pass http://%%APP%%;
        }

        location = /except/time {
            webhook dated;
            webhook_enforce on except=timestamp;
            proxy_pass http://%%APP%%;
        }

        location = /notion { webhook notion; proxy_pass http://%%APP%%; }
        location = /either { webhook either; proxy_pass http://%%APP%%; }
        location = /form { webhook form; proxy_pass http://%%APP%%; }
        location = /form-parts { webhook form-parts;
                                 proxy_pass http://%%APP%%; }

        location = /token/file {
            client_body_buffer_size 1k;
            webhook token;
            proxy_set_header X-Body-File \$request_body_file;
            proxy_pass http://%%APP%%;
        }

        location = /token/unbuffered {
            proxy_request_buffering off;
            proxy_http_version 1.1;
            webhook token;
            proxy_pass http://%%APP%%;
        }

        location = /parts/unbuffered {
            proxy_request_buffering off;
            client_body_buffer_size 1k;
            webhook parts;
            proxy_pass http://%%APP%%;
        }

        location = /token/strip {
            webhook token;
            webhook_strip on;
            proxy_pass http://%%APP%%;
        }

        location = /token/require {
            webhook token;
            webhook_require /type string;
            proxy_pass http://%%APP%%;
        }

        location = /parts/trial {
            webhook parts;
            webhook_enforce off;
            proxy_pass http://%%APP%%;
        }

        location = /parts/then {
            webhook parts;
            error_page 418 = /token;
            try_files /nonexistent /token;
        }

        location = /plain/then {
            webhook plain;
            client_body_buffer_size 1k;
            try_files /nonexistent /token;
        }

        location = /parts/page {
            webhook parts;
            error_page 403 400 413 /page;
        }

        location = /page {
            internal;
            webhook off;
            try_files /nonexistent \@page;
        }

        location \@page { return 200 "id[\$webhook_id] var[\$var]"; }
    }
EOF


# what is signed, and nothing else

my $parts = { a => 'x', 'b/c' => 'y', d => 7 };

accepted('/parts', parts(%$parts), 'parts of the body');
accepted('/parts', parts(%$parts, d => ''), 'a part that is not there');
accepted('/parts', parts(%$parts, a => 'x"\\' . "\x{e9}"), 'text as it is');
accepted('/parts', parts(%$parts) =~ s/\}\z/,"e":"not signed"}/r,
         'what is not signed may be anything');
refused('/parts', parts(%$parts) =~ s/"x"/"X"/r, 403, 'signature_mismatch',
        'another part');
refused('/parts', parts(%$parts) =~ s/"d":7/"d":8/r, 403,
        'signature_mismatch', 'another number');
refused('/parts', parts(%$parts, key => 'x' x 20), 403, 'signature_mismatch',
        'another secret');
refused('/parts', parts(%$parts) =~ s/"sig":"../"sig":"/r, 403,
        'signature_malformed', 'a short signature');
refused('/parts', '{"a":"x","b":{"c":"y"},"d":7}', 403, 'signature_missing',
        'no signature');
refused('/parts', "[$_]", 403, 'signature_missing', 'an array') for '', 1;

# what the receiver would read instead of nothing
refused('/parts', parts(%$parts, d => '') =~ s/"d":""/"d":$_/r, 403,
        'signature_malformed', "$_ where there was nothing")
    for '{}', '[]', '{"e":1}';
accepted('/parts', parts(%$parts, d => '') =~ s/"d":""/"d":null/r,
         'null is nothing');

# at every pointer only one key
for my $pair ('"a":"x"', '"sig":"' . ('0' x 64) . '"', '"d":7', '"b":{}',
              '"\u0061":"x"', '"b":{"c":"y"}')
{
    refused('/parts', parts(%$parts) =~ s/\A\{/{$pair,/r, 400,
            'credential_repeated', "$pair twice");
}

refused('/parts', parts(%$parts) =~ s/"c":"y"/"c":"z","c":"y"/r, 400,
        'credential_repeated', 'twice in the depth');


# what is no JSON is refused with no more than that

for my $bad ('', ' ', '{', '{"a":}', parts(%$parts) . ',', "\xff", "\0",
             "\xef\xbb\xbf" . parts(%$parts), '{"a":"\ud800"}',
             '[' x 2000 . ']' x 2000, '{"a":' x 700,
             '{"' . 'n' x 1100 . '":1}')
{
    my $r = refused('/parts', $bad, 400, 'json_invalid',
                    'no JSON: ' . substr $bad =~ s/[^ -~]/?/gr, 0, 20);

    is($r->{body}, qq({"status":400,"error":"bad request"}\n),
       'and nothing is said of it');
}

refused('/parts', parts(%$parts), 415, 'content_type_unsupported',
        'nothing is unpacked', [['Content-Encoding', 'gzip']]);


# how much is read

for my $uri (qw{/token /token/file /token/unbuffered}) {
    for my $chunked ([], [chunked => 999]) {
        my $how = $uri . (@$chunked ? ', chunked' : '');

        accepted($uri, token(length => $max), "$how: at the bound",
                 [], @$chunked);
        refused($uri, token(length => $max + 1), 413, 'body_too_large',
                "$how: over the bound", [], @$chunked);
        refused($uri, 'x' x ($max + 1), 413, 'body_too_large',
                "$how: whatever it is", [], @$chunked);
        refused($uri, token(length => $max, token => 'y'), 403,
                'token_mismatch', "$how: another token", [], @$chunked);
    }
}

my $file = $t->post('/token/file', token(length => $max));
isnt(header(($t->app_requests)[-1], 'X-Body-File'), '', 'that was in a file');
$t->app_clear;

my $long = $t->request({ method => 'POST', uri => '/token', expect => 1,
                         body => token(length => $max + 1) });
is($long->{status}, 413, 'too long a body');
is_deeply($long->{interim} // [], [], 'is not waited for');

my $short = $t->request({ method => 'POST', uri => '/token', expect => 1,
                          body => token() });
is_deeply([@$short{qw/status interim/}], [202, [100]], 'another one is');

my $missing = $t->request({ method => 'POST', uri => '/dated', expect => 1,
                            body => dated() });
is($missing->{status}, 403, 'where the signature is in a header');
is_deeply($missing->{interim} // [], [], 'it is missed without the body');
$t->app_clear;

accepted('/parts/unbuffered', parts(%$parts, e => 'e' x 3000), 'unbuffered');
refused('/parts/unbuffered', parts(%$parts, e => 'e' x 3000) =~ s/"x"/"z"/r,
        403, 'signature_mismatch', 'unbuffered, another part');


# requests that come behind one another

my $connection = $t->connection;
my @bodies = (token(token => 'wrong'), token(), '{"token":', token(),
              token(length => $max + 1), token());

$connection->send(join '', map { WebhookTest::format_request(
    method => 'POST', uri => '/token', body => $_) } @bodies[0 .. 3]);
is_deeply([map { ($connection->read_response // {})->{status} } 0 .. 3],
          [403, 202, 400, 202], 'pipelined');
is_deeply([map { $_->{body} } $t->app_requests], [@bodies[1, 3]],
          'the good ones go upstream');
$connection->close;
$t->app_clear;


# tokens

accepted('/token', '{"token":"' . $secret . '"}', 'a token');
accepted('/token', '{"token":"' . $secret =~ s/t/\\u0074/r . '"}', 'escaped');
refused('/token', '{"token":"' . $secret . ' "}', 403, 'token_mismatch',
        'a longer one');
refused('/token', "{\"token\":$_}", 403, 'token_missing', "$_")
    for '""', 'null', '{}', '[]', qq(["$secret"]);
refused('/token', '{}', 403, 'token_missing', 'none');
refused('/token', qq({"token":"x","token":"$secret"}), 400,
        'credential_repeated', 'two');
refused('/token', qq({"token":"$secret","token":"$secret"}), 400,
        'credential_repeated', 'the same twice');
refused('/token', "token=$secret", 403, 'token_missing', 'a form',
        [['Content-Type', 'application/x-www-form-urlencoded']]);

accepted('/either', token(), 'the second source');
accepted('/either', '{}', 'the first', [['X-Token', $secret]]);
refused('/either', token(), 403, 'token_mismatch', 'the first one decides',
        [['X-Token', 'x']]);

my @form = (['Content-Type', 'application/x-www-form-urlencoded']);
my $token = $secret =~ tr/ /+/r;

accepted('/form', "a=1&token=$token", 'a form', \@form);
refused('/form', "a=1&token=$token", 403, 'token_missing', 'of another type',
        [['Content-Type', 'text/plain']]);
refused('/form', "token=$token&token=$token", 400, 'credential_repeated',
        'two in a form', \@form);
refused('/form', 'token=x&a=' . 'a' x $max, 413, 'body_too_large',
        'a long form', \@form, chunked => 1000);

my $sig = hmac_sha256_hex('1 2-', $secret);

accepted('/form-parts', "a=1+2&sig=$sig", 'parts of a form', \@form);
refused('/form-parts', "a=1+3&sig=$sig", 403, 'signature_mismatch',
        'other parts of a form', \@form);
refused('/form-parts', "--x\r\n"
        . "Content-Disposition: form-data; name=\"a\"\r\n\r\n3\r\n"
        . "--x--\r\n&a=1+2&sig=$sig", 403, 'signature_missing',
        'parts in which there seems to be a form',
        [['Content-Type', 'multipart/form-data; boundary=x']]);
refused('/form-parts', "a=1+2&a=1+2&sig=$sig", 400, 'credential_repeated',
        'a part twice', \@form);

my $stripped = accepted('/token/strip', token(),
                        'webhook_strip leaves the body alone',
                        [['Content-Type', 'application/json']]);
is(header($stripped, 'Content-Type'), 'application/json', 'and its type');

my $detail = refused('/token/require', token(type => 1), 422,
                     'payload_invalid', 'what is required of a known sender');
like($detail->{body}, qr{"pointer":"/type","rule":"type"}, 'who is told');


# a token in every element

my ($one, $two) = map { qq({"e":"f","a":{"b":"$_"}}) } $secret, $old;

accepted('/every', qq({"list":[$one,$one,$two,$one]}), 'the old token in one');
accepted('/every', '{"list":[' . join(',', ($two) x 50) . ']}', 'in many');
refused('/every', '{"list":[' . join(',', ($two) x 50, '{}') . ']}', 403,
        'token_missing', 'in one not');
refused('/every', qq({"list":[$one,{"a":{"b":"x"}}]}), 403, 'token_mismatch',
        'wrong in one');
refused('/every', qq({"list":{"*":$one}}), 403, 'token_missing', 'no array');
refused('/every', qq({"list":[$one,{},{}no JSON), 403, 'token_missing',
        'one without ends the walk');
refused('/every', qq({"list":[$one,{"a":{"b":"x"}}no JSON), 403,
        'token_mismatch', 'a wrong one, too');
refused('/every', qq({"list":[$one]), 400, 'json_invalid', 'the end is missing');
refused('/all', qq(["$secret"]no JSON), 400, 'json_invalid',
        'something follows');
refused('/all', qq(["$secret"]), 403, 'token_missing', 'a form',
        [['Content-Type', 'application/x-www-form-urlencoded']]);
accepted('/all', qq(["$secret","$old"]), 'all that there is');
refused('/all', qq(["$secret","$old",""]), 403, 'token_missing', 'but one');
refused('/all', $_, 403, 'token_missing', $_) for '[]', '{}', '1';
refused('/all', '["' . 'x' x $max . '"]', 413, 'body_too_large', 'too long',
        [], chunked => 1000);


# time and id in the message

accepted('/dated', dated(), 'time and id of the body', [signed(dated())]);
refused('/dated', dated(id => 'j'), 403, 'signature_mismatch', 'another id',
        [signed(dated())]);
refused('/dated', dated(ts => $now - 301), 403, 'timestamp_too_old',
        'an old time', [signed(dated(ts => $now - 301))]);
refused('/dated', dated(ts => $now - 301), 403, 'timestamp_too_old',
        'also unsigned', [['X-Signature', '0' x 64]]);
refused('/dated', dated(ts => '"x"'), 403, 'timestamp_malformed', 'no time',
        [['X-Signature', '0' x 64]]);
refused('/dated', '{"id":"i"}', 403, 'timestamp_missing', 'a time is missing',
        [['X-Signature', hmac_sha256_hex('.i.{"id":"i"}.i', $secret)]]);

my $without = qq({"ts":$now});
refused('/dated', $without, 403, 'signature_malformed', 'an id is missing',
        [['X-Signature', hmac_sha256_hex("$now..$without.", $secret)]]);

my $twice = qq({"ts":$now,"id":"i","id":"i"});
refused('/dated', $twice, 400, 'credential_repeated', 'an id twice',
        [['X-Signature', hmac_sha256_hex("$now.i.$twice.i", $secret)]]);
refused('/mapped', '{"id":"i"}', 403, 'signature_malformed',
        'a map of the id is empty there, and so no part of a message',
        [['X-Signature', hmac_sha256_hex('.i.{"id":"i"}', $secret)]]);


# secrets

accepted('/parts', parts(%$parts, key => $old), 'the old secret');
accepted('/token', token(token => $old), 'the old token');


# a trial run, other locations

my $trial = $t->post('/parts/trial', parts(%$parts) =~ s/"x"/"X"/r);
is($trial->{status}, 202, 'a trial run');
is(header(($t->app_requests)[0], 'X-Id'), '[]', 'of which nothing is known');
$t->app_clear;

is(header(accepted('/parts', parts(%$parts), 'known'), 'X-Id'), '[x]',
   'with its id');

my $both = parts(%$parts, token => $secret);

accepted('/parts/then', $both, 'two gates', []);
refused('/parts/then', parts(%$parts), 403, 'token_missing',
        'the second one refuses');
accepted('/plain/then', token(length => $max), 'behind another gate',
         [['X-Token', $secret]]);
refused('/plain/then', token(length => $max + 1), 413, 'body_too_large',
        'a long one behind another gate', [['X-Token', $secret]]);

my $page = $t->post('/parts/page', parts(%$parts) =~ s/"x"/"X"/r);
is_deeply([@$page{qw/status body/}], [403, 'id[] var[]'],
          'an error page sees nothing of it') or diag $page->{body};


# Notion's first request

my $first = '{"verification_token":"secret_made_up"}';

refused('/notion', $first, 403, 'signature_missing', 'no token comes in');
is($t->request({ port => 'PORT_2', method => 'POST', uri => '/hooks/notion',
                 body => $first })->{status}, 200, 'but for the minutes of it');
is_deeply([$t->app_requests], [], 'the application sees nothing of it');


# each message once: by what is signed of it, or by its id

my $other = parts(%$parts) =~ s/\}\z/,"e":"another event"}/r;

for my $uri ('/once', '/once/id') {
    accepted($uri, parts(%$parts), 'for the first time');

    for (parts(%$parts), $other) {
        my ($again, @seen) = $t->ask({ uri => $uri, body => $_ });

        is($again->{status}, 200, "$uri: again");
        is_deeply(\@seen, [], 'does not go upstream');
    }

    accepted($uri, parts(%$parts, a => 'z'), 'another one');
    refused($uri, $other =~ s/"x"/"X"/r, 403, 'signature_mismatch', 'unsigned');
}


# beside another provider, whose header tells

accepted('/line', token(), 'no header: the first one');
accepted('/line', '{}', 'the header of the second',
         [['X-Hub-Signature-256', 'sha256=' . hmac_sha256_hex('{}', $old)]]);
refused('/line', token(token => $old), 403, 'token_mismatch',
        'the secret of the second');
refused('/line', token(), 403, 'signature_mismatch', 'a wrong header',
        [['X-Hub-Signature-256', 'sha256=' . '0' x 64]]);


# rules on trial, of which the credential is none

accepted('/except', parts(%$parts), 'a payload on trial');
refused('/except', parts(%$parts) . ',', 400, 'json_invalid',
        'the credential must be in JSON');
refused('/except', parts(%$parts) =~ s/"x"/"X"/r, 403, 'signature_mismatch',
        'and right');
my $list = ['X-Signature', hmac_sha256_hex('1:2', $secret)];

accepted('/except/own', '{"list":[{"a":"1","b":"2"}]}',
         "a location's rule on trial", [$list]);
refused('/except/own', '{"list":[{"a":"1","b":"2"},{"a":"3","b":"4"}]}', 422,
        'payload_invalid', "a provider's says what is signed", [$list]);
accepted('/except/time', dated(ts => $now - 301), 'a time on trial',
         [signed(dated(ts => $now - 301))]);
refused('/except/time', dated(ts => $now - 301), 403, 'signature_mismatch',
        'a time on trial is signed', [signed(dated())]);
refused('/except/time', '{"id":"i"}', 403, 'signature_malformed', 'and there',
        [['X-Signature', hmac_sha256_hex('.i.{"id":"i"}.i', $secret)]]);


# JSON and forms of one sender: each has its own places, and nothing is looked
# for in the other's
{
    my %type = (json => 'application/json',
                form => 'application/x-www-form-urlencoded');
    my $sig = hmac_sha256_hex("$now.i", $secret);
    my $old = $now - 301;
    my $stale = hmac_sha256_hex("$old.i", $secret);
    my %body = (
        json => qq({"sent":{"at":"$now","id":"i"},"type":"t","sig":"$sig"}),
        form => "at=$now&id=i&type=t&sig=$sig",
    );

    for my $kind (sort keys %body) {
        my $other = $kind eq 'json' ? 'form' : 'json';
        my $good = $body{$kind};
        my @type = ([['Content-Type', $type{$kind}]]);

        truncate "$t->{dir}/logs/both.log", 0;
        accepted('/both', $good, "as $kind", @type);
        like($t->take_line('both.log'),
             qr/ id\[i\] event\[t\] time\[$now\] /, 'what it says');

        refused('/both', $good, 403, 'signature_missing', "$kind as $other",
                [['Content-Type', $type{$other}]]) if $kind eq 'json';
        refused('/both', $good, 400, 'json_invalid', "$kind as $other",
                [['Content-Type', $type{$other}]]) if $kind eq 'form';
        refused('/both', $good =~ s/\bi\b/k/r, 403, 'signature_mismatch',
                "$kind, another id", @type);
        refused('/both', $good =~ s/$now/$old/r =~ s/$sig/$stale/r, 403,
                'timestamp_too_old', "$kind, too old", @type);
        refused('/both', $good =~ s/"?\bat\b/$&x/r, 403, 'timestamp_missing',
                "$kind, no time", @type);

        accepted('/both/once', $good, "$kind, the first time", @type);
        is($t->request({ uri => '/both/once', body => $good,
                         headers => $type[0] })->{status}, 200, 'the second');
        is(scalar(my @seen = $t->app_requests), 1, 'is a duplicate');
    }

    accepted('/both/json', $body{json}, 'with a rule', [['Content-Type',
                                                         $type{json}]]);
    refused('/both/json', $body{form}, 400, 'json_invalid',
            'a form where JSON is asked for',
            [['Content-Type', $type{form}]]);
}


# the log has something only of what was accepted

$t->stop;

my @lines = split /\n/, $t->log_file('vars.log');
@lines = grep { !m{^/(?:except|once)} } @lines;     # duplicates are known
my @of_accepted = grep { /\[accepted\]/ } @lines;
my @of_others = grep { !/\[accepted\]/ } @lines;

cmp_ok(scalar @of_others, '>', 60, 'others have been logged');
is(join("\n", grep { !/id\[\] event\[\] time\[\] var\[\] type\[\] map\[\] secret\[\] sha\[\]\z/ }
        @of_others), '', 'without a thing of the body');

my ($known) = grep { m{^/parts 202} } @of_accepted;
like($known, qr/id\[x\] event\[y\] time\[\] var\[x\] type\[\] map\[x?\] secret\[1\] sha\[[0-9a-f]{64}\]/,
     'what was accepted is known');
ok(scalar(grep { m{^/dated 202 .* id\[i\] .* time\[$now\]} } @of_accepted),
   'its time as well');
ok(scalar(grep { m{^/parts 202 .* secret\[2\]} } @of_accepted),
   'and the old secret');
ok(scalar(grep { m{^/every 202 .* event\[f\] .* secret\[2\]} } @of_accepted),
   'of several secrets the last one, and the event of one element');

is($t->log_file('notion.log'), "$first\n", 'the token of Notion is in its log');

unlike($t->error_log, qr/\Q$secret\E/, 'no secret in the error log');

$t->done;
done_testing();


# Parts as signed; d is left out of the message when it is empty.
sub parts {
    my (%part) = @_;

    my $key = delete $part{key} // $secret;
    my $d = $part{d} eq '' ? '""' : $part{d};
    my $bytes = sub { my $text = $_[0]; utf8::encode($text); $text };
    my $a = $part{a} =~ s/["\\]/\\$&/gr;
    my $sig = hmac_sha256_hex($bytes->("$part{a}.$part{'b/c'}.$part{d}"), $key);
    my $rest = join '', map { qq(,"$_":"$part{$_}") }
               grep { !/^(?:a|b\/c|d)$/ } sort keys %part;

    return $bytes->(qq({"a":"$a","b":{"c":"$part{'b/c'}"},"sig":"$sig",)
                    . qq("d":$d$rest}));
}


sub token {
    my (%with) = @_;

    my $type = $with{type} // '"t"';
    my $body = qq({"token":") . ($with{token} // $secret)
               . qq(","type":$type,"a":"\n"});
    my $fill = ($with{length} // length $body) - length $body;

    return $body =~ s/\n/'x' x ($fill + 1)/er;
}


sub dated {
    my (%with) = @_;

    return '{"ts":' . ($with{ts} // $now) . ',"id":"' . ($with{id} // 'i')
           . '"}';
}


sub signed {
    my ($body) = @_;

    my ($ts, $id) = $body =~ /"ts":(\d+),"id":"(.*)"/;

    return ['X-Signature', hmac_sha256_hex("$ts.$id.$body.$id", $secret)];
}


sub accepted {
    my ($uri, $body, $name, $headers, %more) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    return $t->accepted("$uri: $name", { uri => $uri, body => $body, %more,
                                         headers => $headers // [] });
}


sub refused {
    my ($uri, $body, $status, $reason, $name, $headers, %more) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    return $t->refused("$uri: $name", $status, $reason,
                       { uri => $uri, body => $body, %more,
                         headers => $headers // [] });
}
