#!/usr/bin/perl

# No way around a gate: whatever takes an unverified request out of a location
# with "webhook", its body reaches nothing in one without, and none of its
# bytes is taken for another request.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256 sha256_hex/;
use JSON::PP qw/decode_json encode_json/;
use MIME::Base64 qw/encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Signed qw/$secret signed forged/;

# a body that is read before there is a location: by nginx, or by a module
my @lua = WebhookTest::lua();
my $early = 'client_body_early_read $http_x_early;';

$early = @lua ? <<'EOF' : '' if !WebhookTest::understands("server { $early }");
        server_rewrite_by_lua_block {
            if ngx.var.http_x_early then ngx.req.read_body() end
        }
EOF

# a subrequest with the body, ahead of the verification
my $capture = @lua ? <<'EOF' : '';
            location /gate/capture {
                rewrite_by_lua_block {
                    ngx.req.read_body()
                    ngx.location.capture('/gate/refused', {
                        method = ngx.HTTP_POST,
                        body = ngx.req.get_body_data(),
                    })
                }
                proxy_pass http://%%APP%%;
            }
EOF

my $t = WebhookTest->new(modules => \@lua, conf => <<"EOF", files => {
    log_format verdict '\$request_uri \$status '
                       '[\$webhook_verdict][\$webhook_reason]';
    access_log %%DIR%%/logs/verdict.log verdict;
    limit_req_zone \$binary_remote_addr zone=limit:64k rate=1r/m;
    lingering_timeout 1s;
    webhook_zone hooks 1m;

    # a token says who asks, and one of them also of which body
    webhook_provider sender {
        signature bearer algorithm=jwt-hs256 body_digest=none;
    }
    webhook_provider sender-and-body {
        signature bearer algorithm=jwt-hs256 body_digest=/sha256;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%TLS_PORT%% ssl http2;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        root %%DIR%%/html;
        client_body_buffer_size 1k;
        client_max_body_size 1m;
        $early

        location = /status { webhook_status json; }
        location /open { return 200 open; }
        location /tried { try_files /none /app; }
        location /app { proxy_pass http://%%APP%%; }
        location /failing {
            error_page 502 \@app;
            proxy_pass http://127.0.0.1:1;
        }
        location /failing/gate {
            recursive_error_pages on;
            error_page 502 = /gate/large;
            proxy_pass http://127.0.0.1:1;
        }
        location \@app { proxy_pass http://%%APP%%; }
        location \@off { webhook off; proxy_pass http://%%APP%%; }

        location \@token {
            webhook gitlab;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;
        }

        location /gate {
            webhook github;
            webhook_secret "$secret";
            error_page 400 401 403 418 503 = \@app;
            proxy_pass http://%%APP%%;

            location /gate/refused { proxy_pass http://%%APP%%; }
            location /gate/unbuffered {
                proxy_request_buffering off;
                proxy_pass http://%%APP%%;
            }
            location /gate/deny { deny all; }
            location /gate/basic {
                auth_basic "one";
                auth_basic_user_file %%DIR%%/users;
            }
            location /gate/except {
                limit_except GET { deny all; }
                proxy_pass http://%%APP%%;
            }
            location /gate/limit { limit_req zone=limit; }
            location /gate/return { return 418; }
            location /gate/if { if (\$request_method = POST) { return 418; } }
            location /gate/internal {
                internal;
                error_page 404 = \@app;
            }
            location /gate/slash/ {
                error_page 301 = \@app;
                proxy_pass http://%%APP%%;
            }
            location /gate/slash-internal/ {
                internal;
                error_page 404 = \@app;
                proxy_pass http://%%APP%%;
            }
            location "/gate/slash escaped/" {
                error_page 301 = \@app;
                proxy_pass http://%%APP%%;
            }
            location /gate/slash-variable/ {
                error_page 301 = /app?to=\$server_port;
                proxy_pass http://%%APP%%;
            }
            location /gate/slash-post/ {
                post_action \@app;
                proxy_pass http://%%APP%%;
            }
            location /gate/regex {
                error_page 500 = \@app;
                location ~ (*LIMIT_MATCH=100)(a+)+\$ { return 204; }
            }
            location /gate/large {
                client_max_body_size 1;
                error_page 403 413 = \@app;
            }
            location /gate/large-post {
                client_max_body_size 1;
                post_action \@app;
            }
            location /gate/post {
                error_page 500 /page;
                post_action \@app;
            }
            location /gate/recursive {
                recursive_error_pages on;
                deny all;
            }
            location /gate/trial {
                webhook_enforce off;
                deny all;
            }
            $capture
            location /gate/off { error_page 403 = \@off; deny all; }
            location /gate/login { error_page 403 405 = \@app; }
        }

        location = /page { return 200 page; }

        # one without a name
        location "" {
            internal;
            webhook github;
            webhook_secret "$secret";
            error_page 404 = \@app;
        }

        location /rewrite {
            webhook github;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;

            location /rewrite/last { rewrite ^ /app last; }
            location /rewrite/if {
                if (\$request_method = POST) { rewrite ^ /app last; }
                proxy_pass http://%%APP%%;
            }
            location /rewrite/break {
                rewrite ^ /broken break;
                proxy_pass http://%%APP%%;
            }
            location /rewrite/set {
                set \$one two;
                proxy_pass http://%%APP%%;
            }
            location /rewrite/page {
                error_page 403 = \@app;
                rewrite ^ /app/page last;
            }
            location /rewrite/gate { rewrite ^ /gate/refused last; }
            location /rewrite/off { rewrite ^ /off last; }
            location /rewrite/trial {
                webhook_enforce off;
                rewrite ^ /app last;
            }
        }

        location /app/page { error_page 403 = \@app; }
        location = /off { webhook off; proxy_pass http://%%APP%%; }
        location /into { rewrite ^ /gate/refused last; }

        location /token {
            webhook gitlab;
            webhook_secret "$secret";
            error_page 400 = \@app;
            proxy_pass http://%%APP%%;

            location /token/same {
                error_page 400 = /token;
                proxy_pass http://%%APP%%;
            }

            location /token/other {
                webhook_max_body 1k;
                error_page 400 = \@token;
                proxy_pass http://%%APP%%;
            }
        }

        location /any {
            webhook github;
            webhook_secret "$secret";
            satisfy any;
            allow all;
            proxy_pass http://%%APP%%;
        }

        location /moved {
            webhook github;
            webhook_secret "$secret";
            rewrite ^ /open redirect;
        }

        location /closed {
            webhook github;
            webhook_secret "$secret";

            location /closed/deny { deny all; }
            location /closed/limit { limit_req zone=limit; }
            location /closed/return { return 204; }
            location /closed/large { client_max_body_size 1; }
        }
    }

    # what nginx refuses for its headers
    server {
        listen 127.0.0.1:%%PORT_1%%;
        error_page 400 = \@token;
        location / { return 204; }
        location \@token {
            webhook gitlab;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;
        }
    }

    # a gate for all of a server
    server {
        listen 127.0.0.1:%%PORT_2%%;
        root %%DIR%%/html;
        webhook github;
        webhook_secret "$secret";
        location / { try_files \$uri /index.php; }
        location ~ \\.php\$ { proxy_pass http://%%APP%%; }
    }

    # auth_request
    server {
        listen 127.0.0.1:%%PORT_3%%;
        error_page 403 413 =200 /page;
        location = /page { return 200 page; }
        location \@app { proxy_pass http://%%APP%%; }
        location /by/large {
            auth_request /ask/large;
            proxy_pass http://%%APP%%;
        }
        location /by/mirror {
            mirror /ask/mirror;
            proxy_pass http://%%APP%%;
        }
        location /by/token {
            auth_request /ask/token;
            proxy_pass http://%%APP%%;
        }
        location /by/basic {
            auth_request /ask/basic;
            proxy_pass http://%%APP%%;
        }
        location /by/body {
            auth_request /ask/body;
            proxy_pass http://%%APP%%;
        }
        location /by/sender {
            auth_request /ask/sender;
            proxy_pass http://%%APP%%;
        }
        location /by/digest {
            auth_request /ask/digest;
            proxy_pass http://%%APP%%;
        }
        location /by/rewrite {
            auth_request /ask/rewrite;
            proxy_pass http://%%APP%%;
        }
        location /by/page {
            auth_request /ask/page;
            proxy_pass http://%%APP%%;
        }
        location /ask/ {
            internal;
            webhook gitlab;
            webhook_secret "$secret";
            webhook_replay zone=hooks key=\$http_x_key;
            webhook_strip on;
            proxy_pass http://%%APP%%/status/;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";

            location /ask/token { proxy_pass http://%%APP%%/status/204; }
            location /ask/basic {
                webhook netdata-basic;
                webhook_secret user:password-of-the-sender;
                proxy_pass http://%%APP%%/status/204;
            }
            location /ask/body {
                webhook github;
                proxy_pass http://%%APP%%/status/204;
            }
            location /ask/sender {
                webhook sender;
                webhook_claim /aud us;
                proxy_pass http://%%APP%%/status/204;
            }
            location /ask/digest {
                webhook sender-and-body;
                proxy_pass http://%%APP%%/status/204;
            }
            location /ask/large {
                client_max_body_size 1;
                proxy_pass http://%%APP%%/status/204;
            }
            location /ask/mirror {
                client_max_body_size 1;
                error_page 413 = \@app;
                proxy_pass http://%%APP%%/status/204;
            }
            location /ask/rewrite { rewrite ^ /granted last; }
            location /ask/page {
                error_page 418 =200 /page;
                if (\$request_method = POST) { return 418; }
            }
        }
        location = /granted { return 204; }
    }
EOF
    users => 'user:{PLAIN}password',
});

my $smuggled = "GET /open/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
my $evil = $smuggled x 200;
my $asked = '{"status":403,"error":"forbidden"}' . "\n";

# error_page: the request gets there, its body does not
for my $way (qw/refused unbuffered deny basic except limit return if
                internal large large-post recursive post slash slash-internal
                slash%20escaped slash-variable slash-post/,
             'regex/' . 'a' x 60 . 'b')
{
    my $uri = "/gate/$way";

    for my $body ("$smuggled$smuggled", $evil) {
        for my $make (\&signed, \&forged) {

            # what has been verified may go on
            next if $make == \&signed && $way =~ /refused|unbuffered|post/;

            for my $how ({}, { chunked => 100 }, { chunked => 7000 }) {
                detour($uri, $make->(uri => $uri, body => $body, %$how));

                next if !$early;

                detour($uri, $make->(uri => $uri, body => $body, %$how,
                                     headers => [['X-Early', 1]]));
            }
        }

        # all that has been seen of it are its headers
        detour($uri, { uri => $uri, method => 'POST', body => $body }, 1);
        detour($uri, { uri => $uri, method => 'POST', body => $body,
                       expect => 1 }, 1);
    }

    h2($uri, $evil);
    h2($uri, '');
}

detour('/elsewhere', forged(uri => '/elsewhere', body => $evil));


is_deeply([smuggled()], [], 'nothing of a body was taken for a request');

# a request that was never at a gate goes from one backend to another with its
# body, whatever is too large for a gate elsewhere
for my $connection (qw/close keep-alive/) {
    for my $more ([], [headers => [['X-Early', 1]]]) {
        clear();
        $t->request({ uri => '/failing', method => 'POST', body => $evil,
                      connection => $connection, @$more });
        is_deeply([$t->app_digests], [sha256_hex($evil)],
                  "another backend, connection: $connection");
    }

    clear();
    $t->request({ uri => '/failing/gate', method => 'POST', body => $evil,
                  connection => $connection });
    is_deeply([$t->app_digests], [sha256_hex('')],
              'but not by way of a gate that it is too large for');
}


SKIP: {
    skip 'Lua is not there', 1 if !@lua;

    for my $make (\&signed, \&forged) {
        clear();
        $t->request($make->(uri => '/gate/capture', body => 'body'));
        is_deeply([map { "$_->{uri} $_->{body}" } $t->app_requests],
                  ['/gate/capture ' . ($make == \&signed ? 'body' : '')],
                  'a subrequest with a body, ahead of the verdict on it');
    }
}


SKIP: {
    skip 'nothing here reads a body before there is a location', 1 if !$early;

    # who was in no such location keeps it, large or not
    for my $body ('short', $evil) {
        clear();
        $t->request({ uri => '/tried', method => 'POST', body => $body,
                      headers => [['X-Early', 1]], connection => 'close' });
        is_deeply([$t->app_digests], [sha256_hex($body)], 'read early');
    }
}


# rewrite
for my $uri (qw{/rewrite/last /rewrite/if}) {
    for my $make (\&signed, \&forged) {
        for my $how ({}, { chunked => 100 }) {
            clear();
            my $r = $t->request($make->(uri => $uri, body => $evil, %$how));

            is_deeply([@$r{qw/status body/}, $t->app_requests], [403, $asked],
                      "$uri: refused");
            is_deeply([smuggled()], [], 'no part is a request');
            is(verdict($uri), "$uri 403 [rejected][not_verified]",
               'the verdict');
        }
    }

    is(WebhookTest::HTTP2::read_response(begin($uri, $evil))->{status}, 403,
       "$uri: by HTTP/2");
    verdict($uri);
}

like($t->error_log, qr{webhook\ github:\ refused,\ not_verified,\ "rewrite"\ 
     leads\ to\ location\ "/app",\ which\ has\ no\ "webhook";\ if\ anybody\ 
     may\ come\ there,\ write\ "webhook\ off"\ in\ it}x, 'how to allow it');

detour('/rewrite/page', forged(uri => '/rewrite/page', body => $evil));


# what is legal
for (['/rewrite/gate', 'forged', ''], ['/rewrite/gate', 'signed', 'body'],
     ['/into', 'forged', ''], ['/into', 'signed', 'body'],
     ['/rewrite/break', 'signed', 'body'], ['/rewrite/set', 'signed', 'body'],
     ['/rewrite/off', 'forged', 'body'], ['/rewrite/trial', 'forged', 'body'],
     ['/gate/off', 'forged', 'body'], ['/gate/trial', 'forged', 'body'],
     ['/any', 'forged', 'body'])
{
    my ($uri, $how, $seen) = @$_;

    $t->app_clear;
    my $make = $how eq 'signed' ? \&signed : \&forged;
    $t->request($make->(uri => $uri, body => 'body'));
    is_deeply([map { substr $_->{body}, 0, 3 } $t->app_requests],
              [substr $seen, 0, 3],
              "$uri: $how");
}

$t->app_clear;
is($t->request({ uri => '/gate/login' })->{status}, 202, 'GET to a login');
is(($t->app_requests)[0]{method}, 'GET', 'which is asked');

for my $make (\&signed, \&forged) {
    $t->app_clear;
    my $r = $t->request({ %{ $make->(uri => '/any.thing', body => 'body') },
                          port => 'PORT_2' });
    my $good = $make == \&signed;
    is_deeply([$r->{status}, map { $_->{body} } $t->app_requests],
              $good ? [202, 'body'] : [403], 'a gate for all of a server');
}


# an incomplete body is a refusal for a token as well
for my $uri (qw{/token /token/same /token/other}) {
    my $c = $t->connection(timeout => 5);

    $t->app_clear;
    $c->send("POST $uri HTTP/1.1\r\nHost: localhost\r\n"
             . "X-Gitlab-Token: $secret\r\n"
             . "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\nzz\r\n"
             . $smuggled);
    my $r = $c->read_response;
    is_deeply([map { $_->{body} } $t->app_requests],
              $uri eq '/token' ? [''] : [], "$uri: a body that breaks off");
    is($r->{status}, $uri eq '/token' ? 202 : 400, 'its status');
    ok($c->eof, 'closed');
}

# what nginx refuses for its headers
my @bad = ("b\x01ad: x", "Content-Length: 4\r\nTransfer-Encoding: chunked");

if (WebhookTest::version() < 1_021_001) {
    note('not asked: what nginx refuses from 1.21.1 on');
    @bad = ();
}

for my $header (@bad, 'Content-Length: x') {
    for my $before (0, 1) {
        my $token = "X-Gitlab-Token: $secret";
        my $c = $t->connection(port => 'PORT_1', timeout => 5);

        $t->app_clear;
        $c->send("POST / HTTP/1.1\r\nHost: localhost\r\n"
                 . ($before ? "$header\r\n$token" : "$token\r\n$header")
                 . "\r\n\r\nabcd$smuggled");
        my $r = $c->read_response;
        is_deeply([$r->{status}, $t->app_requests], [400],
                  'refused for its headers');
        ok($c->eof, 'closed');
    }
}

# nginx reads on until a client closes, too, and logs then
$t->wait_for(sub { logged(qr{^/ 400 }) == 2 * (@bad + 1) }, 'their lines');
is_deeply([smuggled()], [], 'nor was a rest of these');


# which has no line of a gate, though the server has one
{
    my $before = none('');

    for my $header (@bad, 'Content-Length: x') {
        my $c = $t->connection(port => 'PORT_2', timeout => 5);

        $c->send("POST / HTTP/1.1\r\nHost: localhost\r\n$header\r\n\r\n");
        is($c->read_response->{status}, 400, 'refused ahead of any location');
        ok($c->eof, 'closed');
    }

    is(none(''), $before, 'and not counted there');
}


my %ask = (github => 'body', 'sender-and-body' => 'digest');

# auth_request: what the headers can say is asked, and nothing else passes
for (['/by/token', [['X-Gitlab-Token', $secret]], 1],
     ['/by/token', [['X-Gitlab-Token', 'another of that length 1234']], 0],
     ['/by/token', [], 0],
     ['/by/basic', [['Authorization',
                     'Basic dXNlcjpwYXNzd29yZC1vZi10aGUtc2VuZGVy']], 1],
     ['/by/basic', [['Authorization', 'Basic dXNlcjpvdGhlcg==']], 0],
     ['/by/body', signed(body => 'body')->{headers}, 0],
     ['/by/sender', [bearer(aud => 'us', exp => time + 60)], 1],
     ['/by/sender', [bearer(aud => 'them', exp => time + 60)], 0],
     ['/by/sender', [bearer(aud => 'us', exp => time - 100)], 0],
     ['/by/sender', [bearer(aud => 'us')], 0],
     ['/by/sender', [['Authorization', 'Bearer a.b.c']], 0],
     ['/by/sender', [], 0],
     ['/by/digest', [bearer(exp => time + 60,
                            sha256 => sha256_hex('body'))], 0],
     ['/by/rewrite', [['X-Gitlab-Token', 'wrong']], 0],
     ['/by/large', [['X-Gitlab-Token', 'wrong']], 0],
     ['/by/large', [['X-Gitlab-Token', $secret]], 1, []],
     ['/by/page', [['X-Gitlab-Token', 'wrong']], 0],
     ['/by/page', [['X-Gitlab-Token', $secret]], 1, []])
{
    my ($uri, $headers, $good, $asked) = @$_;

    # the same key twice: nothing is claimed
    for my $time (1, 2) {
        clear();
        $t->request({ uri => $uri, method => 'POST', body => 'body',
                      headers => [@$headers, ['X-Key', 'one']],
                      port => 'PORT_3' });
        is_deeply([map { $_->{uri} } $t->app_requests],
                  $good ? [@{ $asked // ['/status/204'] }, $uri] : [],
                  "$uri: " . ($good ? 'passes' : 'refused'));
        like(verdict($uri), qr/\[\]\[\]\z/,
             'no verdict on the main request');
    }
}

like($t->error_log, qr{gitlab: subrequest "/ask/token" refused, token_mism},
     'why');
like($t->error_log, qr{$_: subrequest "/ask/$ask{$_}" refused, not_verified},
     "or that it cannot be known: $_") for sort keys %ask;


# what is too large for a mirror gets to no page of it either
clear();
{
    my $c = $t->connection(port => 'PORT_3');

    $c->send(join '', WebhookTest::format_request(
        uri => '/by/mirror', body => 'body', connection => 'close'));
    is($c->read_response->{status}, 202, 'a mirror beside the application');
    ok($c->eof, 'its end');
}
is_deeply([map { $_->{uri} } $t->app_requests], ['/by/mirror'], 'a mirror');


# who ends without a verdict leaves a trace
for (['/closed/deny', 403], ['/closed/limit', 503], ['/closed/return', 204], ['/closed/large', 413],
     ['/moved', 302], ['/any', 202])
{
    my ($uri, $status) = @$_;

    reach_limit($uri) and verdict($uri);
    my $before = none($uri);
    clear();
    is($t->request(forged(uri => $uri, body => 'body'))->{status}, $status,
       "$uri: $status");
    is(verdict($uri), "$uri $status [none][]", 'its verdict');
    like($t->error_log,
         qr{github: not verified, status $status, location: "$uri"}, 'a line');
    is(none($uri), $before + 1, 'counted');
}

# what nginx says of the regular expression
$t->done(allow => qr/pcre.*\(\) failed/);


# where the target's access phase is skipped
$t = WebhookTest->new(conf => <<"EOF");
    log_format verdict '\$request_uri \$status '
                       '[\$webhook_verdict][\$webhook_reason]';
    access_log %%DIR%%/logs/verdict.log verdict;

    server {
        listen 127.0.0.1:%%PORT%%;
        lingering_timeout 1s;
        location /open { return 200 open; }

        location /some {
            satisfy any;
            allow all;
            proxy_pass http://%%APP%%;
        }

        location /gate {
            webhook github;
            webhook_secret "$secret";
            error_page 403 = /some;

            location /gate/deny { deny all; }
            location /gate/last { rewrite ^ /some last; }
            location /gate/through { rewrite ^ /between last; }
        }

        location /between { rewrite ^ /gate/sub last; }
        location /gate/sub {
            webhook github;
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;
        }
    }
EOF

for my $how ({}, { chunked => 100 }) {
    detour('/gate/deny', signed(uri => '/gate/deny', body => $evil, %$how));

    clear();
    my $r = $t->request(signed(uri => '/gate/last', body => $evil, %$how));
    is_deeply([$r->{status}, $t->app_requests], [403],
              'rewrite to "satisfy any": refused');
}

for (['signed', 202, 'body'], ['forged', 403]) {
    my ($how, $status, @body) = @$_;

    clear();
    my $make = $how eq 'signed' ? \&signed : \&forged;
    is($t->request($make->(uri => '/gate/through', body => 'body'))->{status},
       $status, "by one without to another gate, $how");
    is_deeply([map { $_->{body} } $t->app_requests], \@body, 'it decides');
}

$t->done;

done_testing();


# A request whose body is full of others, and a next one: that the application
# sees a request without a body, and that no part of a body becomes one.
sub detour {
    my ($uri, $request, $cut) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($head, @body) = WebhookTest::format_request(%$request);
    my $bytes = join '', $head, @body;
    my $c = $t->connection(timeout => 5, pause => 0.005);
    my $name = join ', ', $uri, length($bytes) . ' bytes',
               $request->{chunked} ? 'chunked' : (),
               $request->{expect} ? 'expect' : (), $cut ? 'cut' : (),
               $head =~ /X-Early/ ? 'read early' : ();

    # the rest is sent when the answer has come
    my $first = $cut ? length $head : length $bytes;

    reach_limit($uri);
    $t->app_clear;
    $c->send(substr $bytes, 0, $first);
    my $r = $c->read_response;
    $c->send(substr($bytes, $first) . $smuggled =~ s/smuggled/next/r);
    my $next = $c->read_response;
    $c->close;

    $t->wait_for(sub { $t->log_file('app') =~ /\n/ }, 'the detour');

    my @seen = $t->app_requests;
    my %header = map { lc $_->[0] => $_->[1] } @{ $seen[0]{headers} };

    is(scalar @seen, 1, "$name: asked once");
    is_deeply([@{ $seen[0] }{qw/body incomplete/}], ['', undef],
              "$name: no body");
    is($header{'content-length'} // 0, 0, "$name: nor a length");
    ok(!exists $header{'transfer-encoding'}, "$name: nor pieces");
    ok(!$next || $next->{status} == 200, "$name: the next is itself, or none");
    is_deeply([smuggled()], [], "$name: no part is a request");
}


# The first of a minute is let through, so it comes before.
sub reach_limit {
    my ($uri) = @_;

    return $uri =~ m{/limit\z}
           && $t->request(forged(uri => $uri, body => 'first'));
}


# The line of this request; those of others may come late.
sub verdict {
    my ($uri) = @_;

    my $line;

    $t->wait_for(sub { ($line) = $t->log_file('verdict.log')
                                 =~ /^(\Q$uri\E .*)\n/m }, "a line of $uri");
    clear();

    return $line;
}


# The header with a token that has these claims.
sub bearer {
    my (%claims) = @_;

    my $token = join '.', map { encode_base64url(encode_json($_)) }
                              { alg => 'HS256' }, \%claims;

    return ['Authorization', "Bearer $token."
            . encode_base64url(hmac_sha256($token, $secret))];
}


sub begin {
    my ($uri, $body, @more) = @_;

    my $h = WebhookTest::HTTP2->new(
        $t->connection(tls => { alpn => ['h2'] }, timeout => 5));

    $h->begin(uri => $uri, body => $body, @more);

    return $h;
}


sub h2 {
    my ($uri, $body) = @_;

    for my $more ([], [length => length $body], [open => 1]) {
        reach_limit($uri);
        $t->app_clear;
        my $r = begin($uri, $body, @$more)->read_response;

        $t->wait_for(sub { $t->log_file('app') =~ /\n/ }, 'the detour')
            if $r->{status} != 400;
        is_deeply([map { $_->{body} } $t->app_requests], [''],
                  "$uri: no body by HTTP/2 (@$more)");
    }
}


# Forgets what has been seen so far.
sub clear {
    $t->app_clear;
    truncate "$t->{dir}/logs/verdict.log", 0;
}


# Lines of requests that nobody sent.
sub smuggled { return logged(qr{^/open/smuggled}) }


sub logged {
    my ($pattern) = @_;

    return grep { /$pattern/ } split /\n/, $t->log_file('verdict.log');
}


# How many requests of a location have ended without a verdict.
sub none {
    my ($location) = @_;

    my $status = decode_json($t->request({ uri => '/status' })->{body});
    my ($hook) = grep { $_->{location} eq $location } @{ $status->{hooks} };

    return $hook->{requests}{none};
}
