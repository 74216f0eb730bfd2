#!/usr/bin/perl

# webhook_replay: each message reaches the application once.  What a message
# is, when it counts as taken, and what its copies are told.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use MIME::Base64 qw/decode_base64url/;
use Test::More;
use Time::HiRes qw/sleep/;

use WebhookTest;
use WebhookTest::Jose;
use WebhookTest::Signed qw/$secret signature signed forged timed/;
use WebhookTest::Upstream;

my $now = 1_700_000_000;
my $token = 'the token of this sender';
my $rotated = 'the other secret of this sender';
my $upstream = WebhookTest::Upstream->new;
my $slow = $upstream->address;

my $jose = WebhookTest::Jose->new('EdDSA');
my $raw = unpack 'H*', decode_base64url($jose->jwk->{x});

my $t = WebhookTest->new(now => $now, frozen => 1,
                         files => { pem => $jose->pem }, conf => <<"EOF");
    log_format verdict '\$request_uri \$status \$webhook_verdict'
                       ' \$webhook_reason';

    proxy_cache_path %%DIR%%/cache keys_zone=cache:1m;

    map \$server_name \$chosen { default "$secret"; }
    webhook_zone seen 1m;
    webhook_zone other 1m;
    webhook_zone small 32k;

    webhook_provider token { methods GET POST; token header:X-Token; }

    webhook_provider put { methods PUT; token header:X-Token; }
    webhook_provider hex { signature header:X-Hex key=hex; }
    webhook_provider one { signature header:X-One algorithm=ed25519; }
    webhook_provider two { signature header:X-Two algorithm=ed25519; }

    webhook_provider query {
        methods GET POST;
        token header:X-Token;
        id    query:id;
    }

    webhook_provider timed {
        signature header:X-Signature;
        timestamp header:X-Time past=5m future=1m;
        message   \$webhook_timestamp.\$webhook_body;
        id        header:X-Id;
    }

    # what ends an id may be anywhere
    webhook_provider sorted {
        body      form-sorted;
        signature header:X-Signature;
        id        form:id;
    }
    webhook_provider located {
        signature header:X-Signature;
        message   \$request_uri.\$webhook_id.\$webhook_body;
        id        header:X-Id;
    }
    webhook_provider queried {
        signature header:X-Signature;
        message   \$webhook_url.\$webhook_body;
        id        query:id;
    }
    webhook_provider named {
        signature header:X-Signature;
        message   \$http_x_id.\$webhook_body;
        id        header:X-Id;
    }

    # this sender does not sign its time
    webhook_provider untimed {
        signature header:X-Signature;
        timestamp header:X-Time past=5m future=1m;
    }

    webhook_provider unbounded {
        signature header:X-Signature;
        timestamp header:X-Time past=5m;
        message   \$webhook_timestamp.\$webhook_body;
    }

    webhook_provider standard {
        signature header:X-Signature;
        id        header:X-Id;
        message   \$webhook_id.\$webhook_body;
    }

    webhook_provider body_id {
        signature header:X-Hub-Signature-256 prefix=sha256=;
        id        json:/id;
    }

    webhook_provider keyed {
        signature header:X-Hub-Signature-256 prefix=sha256=;
        message   \$http_x_key\$webhook_body;
        id        json:/id;
    }

    webhook_provider final {
        signature header:X-Hub-Signature-256 prefix=sha256=;
        replay    in_progress=503;
    }

    webhook_provider challenged {
        methods   GET POST;
        token     header:X-Token;
        challenge query:echo method=GET after=verify;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/logs/verdict.log verdict;

        webhook github;
        webhook_secret "$secret";
        webhook_secret "$rotated";
        webhook_replay zone=seen;

        proxy_read_timeout 5s;

        location /plain/ { proxy_pass http://%%APP%%; }
        location /off/ { webhook_replay off; proxy_pass http://%%APP%%; }
        location /refuse/ { webhook_replay zone=seen duplicate=409;
                            proxy_pass http://%%APP%%; }
        location /trial/ { webhook_enforce off; proxy_pass http://%%APP%%; }
        location /unbuffered/ { proxy_request_buffering off;
                                proxy_http_version 1.1;
                                proxy_pass http://%%APP%%; }
        location /cache/ { proxy_cache cache; proxy_cache_valid any 1m;
                           proxy_cache_methods POST; proxy_cache_key x;
                           webhook_ack 207; proxy_pass http://%%APP%%; }
        location /file/ { client_body_in_file_only clean;
                          proxy_pass http://%%APP%%; }

        # names that are alike
        location = /name/ { proxy_pass http://%%APP%%; }
        location /name/ { proxy_pass http://%%APP%%; }
        location /in/ { location ~ deep { proxy_pass http://%%APP%%; } }
        location /at/ { location ~ deep { proxy_pass http://%%APP%%; } }

        # an application that this file plays
        location /slow/ { proxy_pass http://$slow; }
        location /slow/short/ { proxy_read_timeout 300ms;
                                proxy_pass http://$slow; }
        location /slow/final/ { webhook final; proxy_pass http://$slow; }
        location /slow/static/ { error_page 502 = /static.html;
                                 proxy_pass http://$slow; }
        location /slow/direct/ { proxy_buffering off;
                                 proxy_pass http://$slow; }
        location /slow/deaf/ { proxy_ignore_client_abort on;
                               proxy_pass http://$slow; }
        location /slow/upgrade/ { proxy_http_version 1.1;
                                  proxy_set_header Upgrade any;
                                  proxy_set_header Connection upgrade;
                                  proxy_pass http://$slow; }

        # pages for errors
        proxy_intercept_errors on;

        location /page/ { error_page 500 /static.html;
                          proxy_pass http://%%APP%%; }
        location /page/as/ { error_page 500 =200 /static.html;
                             proxy_pass http://%%APP%%; }
        location /page/fails/ { error_page 500 =200 \@fails;
                                proxy_pass http://%%APP%%; }
        location /page/own/ { error_page 500 = /static.html;
                              proxy_pass http://%%APP%%; }
        location /page/deep/ { error_page 500 = /static.html;
                               recursive_error_pages on;
                               proxy_pass http://%%APP%%; }
        location /page/other/ { error_page 500 = \@other;
                                proxy_pass http://%%APP%%; }
        location /page/other/as/ { error_page 500 =200 \@other;
                                   proxy_pass http://%%APP%%; }
        location /page/app/ { error_page 500 /answers/status/202;
                              proxy_pass http://%%APP%%; }
        location /page/gate/ { error_page 500 = \@gate;
                               proxy_pass http://%%APP%%; }
        location /page/here/ { error_page 404 = /static.html; }

        location = /static.html { webhook off; return 200 page; }
        location /answers/ { webhook off; proxy_pass http://%%APP%%; }
        location \@other { rewrite ^ /status/202 break;
                          proxy_set_header X-App-Status '';
                          proxy_pass http://%%APP%%; }
        location \@fails { proxy_intercept_errors off;
                          proxy_pass http://%%APP%%; }
        location \@gate { webhook token;
                         webhook_replay zone=other;
                         webhook_secret "$token";
                         rewrite ^ /status/202 break;
                         proxy_set_header X-App-Status '';
                         proxy_pass http://%%APP%%; }

        # on the way to an application
        location /try/ { try_files /none \@once; }
        location \@once { proxy_pass http://%%APP%%; }
        location /late/ { webhook_replay off; try_files /none \@late; }
        location \@late { proxy_pass http://%%APP%%; }
        location /accel/ { proxy_pass http://$slow; }
        location = /accelerated/ { webhook off; return 200 redirected; }

        # keys
        location /key/header/ { webhook keyed;
                                webhook_replay zone=seen key=\$http_x_key;
                                proxy_pass http://%%APP%%; }
        location /key/slow/ { webhook keyed;
                              webhook_replay zone=seen key=\$http_x_key;
                              proxy_pass http://$slow; }
        location /key/body/ { webhook body_id;
                              webhook_replay zone=seen key=\$webhook_id;
                              proxy_pass http://%%APP%%; }
        location /key/both/ { webhook keyed;
                              webhook_replay zone=seen
                                             key=\$http_x_key\$webhook_id;
                              proxy_pass http://%%APP%%; }
        location /key/rest/ { webhook body_id;
                              webhook_replay zone=seen
                                  key=\$webhook_provider-\$webhook_id;
                              proxy_pass http://%%APP%%; }
        location /key/id/ { webhook standard;
                            webhook_replay zone=seen key=a\${webhook_id};
                            proxy_pass http://%%APP%%; }

        location /ttl/ { webhook_replay zone=seen ttl=60;
                         proxy_pass http://%%APP%%; }
        location /timed/ { webhook timed; proxy_pass http://%%APP%%; }
        location /untimed/ { webhook untimed; proxy_pass http://%%APP%%; }
        location /unbounded/ { webhook unbounded;
                               proxy_pass http://%%APP%%; }

        location /token/ { webhook token; webhook_secret "$token";
                           proxy_pass http://%%APP%%; }
        location /put/ { webhook put; webhook_secret "$token";
                         client_body_in_file_only clean;
                         root %%DIR%%; dav_methods PUT; }
        location /query/ { webhook query; webhook_secret "$token";
                           webhook_replay zone=seen key=\$webhook_id;
                           proxy_pass http://%%APP%%; }
        location /challenge/ { webhook challenged; webhook_secret "$token";
                               proxy_pass http://%%APP%%; }
        location /pelorus/ { webhook pelorus; proxy_pass http://%%APP%%; }

        location /back/ { webhook_replay zone=small;
                          proxy_pass http://%%APP%%; }
        location /timed/ever/ { webhook timed;
                                webhook_window 100000000000000d
                                               future=100000000000000d;
                                proxy_pass http://%%APP%%; }
        location /timed/trial/ { webhook timed;
                                 webhook_enforce on except=timestamp;
                                 proxy_pass http://%%APP%%; }

        # a secret in common, or not
        location /line/ { webhook gitea github;
                          proxy_pass http://%%APP%%; }
        location /line/equal/ { webhook gitea github;
                                webhook_secret "$secret" for=gitea;
                                webhook_secret "$secret" for=github;
                                proxy_pass http://%%APP%%; }
        location /line/variable/ { webhook gitea github;
                                   webhook_secret \$chosen for=gitea;
                                   webhook_secret \$chosen for=github;
                                   proxy_pass http://%%APP%%; }
        location /line/hex/ { webhook hex github;
                              webhook_secret "@{[unpack 'H*', $secret]}"
                                             for=hex;
                              webhook_secret "$secret" for=github;
                              proxy_pass http://%%APP%%; }
        location /line/public/ { webhook one two;
                                 webhook_secret $raw for=one;
                                 webhook_secret file:%%DIR%%/pem for=two;
                                 proxy_pass http://%%APP%%; }
        location /line/chain/ { webhook gitea github bitbucket;
                                webhook_secret "$secret" for=gitea;
                                webhook_secret "$rotated" for=github;
                                webhook_secret "$secret" for=bitbucket;
                                webhook_secret "$rotated" for=bitbucket;
                                proxy_pass http://%%APP%%; }
        location /line/apart/ { webhook gitea github;
                                webhook_secret "$rotated" for=gitea;
                                webhook_secret "$secret" for=github;
                                proxy_pass http://%%APP%%; }

        @{[map { "location = /cut/$_ { webhook $_;
                                       webhook_public_url http://a;
                                       webhook_replay zone=seen
                                                      key=\$webhook_id;
                                       proxy_pass http://%%APP%%; }\n" }
               qw/sorted located queried/]}

        location /full/ { webhook timed;
                          webhook_replay zone=small;
                          proxy_pass http://%%APP%%; }
    }

    server {
        listen 127.0.0.1:%%PORT_2%%;
        underscores_in_headers on;
        add_header X-Reason \$webhook_reason always;

        location = /named { webhook named;
                            webhook_secret "$secret";
                            webhook_replay zone=seen key=\$webhook_id;
                            proxy_pass http://%%APP%%; }
    }

    server {
        listen 127.0.0.1:%%PORT_1%%;
        server_name other;

        webhook github;
        webhook_secret "$secret";
        webhook_replay zone=seen;

        location /plain/ { proxy_pass http://%%APP%%; }
    }
EOF

my $body = 0;


# What a message is

my %first = message('/plain/');

is($t->status(\%first), 202, 'a message');

my $r = $t->answer(\%first);

is($r->{status}, 200, 'its copy');
is($r->{body}, qq/{"status":200,"duplicate":true}\n/, 'is told so');
is($r->{header}{'content-type'}, 'application/json', 'in JSON');
is(scalar apps(), 1, 'the application has had one');
logged('/plain/', 'verdict and reason', '202 accepted ',
       '200 duplicate duplicate');
like($t->error_log, qr/\[info\].* webhook github: answered, duplicate, /,
     'a line in the log, at info');

is($t->status({ message('/plain/') }), 202, 'another message');

is($t->status({ %first, headers => [['X-GitHub-Delivery', 'another'],
                                    ['X-GitHub-Event', 'push'],
                                    @{ $first{headers} }] }),
   200, 'a new id that nobody has signed makes no new message');
is($t->status({ %first, uri => '/plain/elsewhere?a=b' }), 200,
   'nor does another URI of the location');
is($t->status({ %first, headers => [signature($first{body}, $rotated)] }), 200,
   'nor does the signature of another secret');
is($t->status({ %first, chunked => 2 }), 200, 'nor does chunked encoding');

is($t->status({ %first, uri => '/off/' }), 202, 'another location');
is($t->status({ %first, uri => '/off/' }), 202, 'where there is no protection');
is($t->status({ %first, port => 'PORT_1' }), 202,
   'the same location of another server');
is($t->status({ %first, uri => '/name/' }), 202, 'a location by exact name');
is($t->status({ %first, uri => '/name/x' }), 202, 'one by the same prefix');
is($t->status({ %first, uri => '/in/deep' }), 202, 'a pattern in a location');
is($t->status({ %first, uri => '/at/deep' }), 202, 'the same in another');
is($t->status({ %first, uri => '/in/deep' }), 200, 'each knows its own');

for my $uri (qw{/unbuffered/ /file/}) {
    for my $way ([], [chunked => 2], [split => 60]) {
        once("$uri @$way", message($uri), @$way);
    }
}

my %other = message('/refuse/');

is($t->status(\%other), 202, 'duplicate=409: a message');
$r = $t->answer(\%other);
is($r->{status}, 409, 'its copy');
is($r->{body}, qq/{"status":409,"error":"conflict"}\n/, 'is told so');
is($r->{header}{'retry-after'}, undef, 'for ever');
like($t->error_log, qr/\[error\].* webhook github: refused, duplicate, /,
     'a refusal in the log');

# what has not been verified counts for nothing
my %forged = false(uri => '/plain/', body => 'forged');

is($t->status(\%forged), 403, 'a forged message');
is($t->status(\%forged), 403, 'and its copy');
once('what it said, signed', own(uri => '/plain/', body => 'forged'));


# A key that the same signature has in another place

my $sign = sub { ['X-Signature', hmac_sha256_hex($_[0], $secret)] };

for my $case (
    ['sorted', 'id77zz1', ['', 'id=77&zz=1'], ['', 'id=77zz1']],
    ['located', '/cut/located?q=1.two.three.four',
     ['?q=1', 'three.four', ['X-Id', 'two']],
     ['?q=1.two', 'four', ['X-Id', 'three']]],
    ['queried', 'http://a/cut/queried?id=1.two.three',
     ['?id=1', 'two.three'], ['?id=1.two', 'three']])
{
    my ($name, $signed, @ways) = @$case;

    my @status = map {
        my ($query, $bytes, @headers) = @$_;

        $t->status({ method => 'POST', uri => "/cut/$name$query",
                     body => $bytes,
                     headers => [@headers, $sign->($signed), ['Content-Type',
                                 'application/x-www-form-urlencoded']] });
    } @ways;

    is("@status", '202 200', "$name: cut anew");
}

my %named = (method => 'POST', uri => '/named', body => 'named',
             port => 'PORT_2');

is($t->status({ %named, headers => [['X-Id', 'a'], $sign->('a.named')] }),
   202, 'an id in a header');
$t->refused("in @$_[1 .. $#$_]", $_->[0],
    $_->[0] == 400 ? 'credential_repeated' : 'signature_malformed',
    { %named, headers => [(map { [$_, 'a'] } @$_[1 .. $#$_]),
                          $sign->('a.named')] })
    for [403, 'X_Id'], [400, 'X-Id', 'X_Id'], [400, 'X_Id', 'X-Id'];


# Several providers: what is signed for one may be sent as another's

for my $uri ('/line/', '/line/equal/', '/line/variable/') {
    my %message = message($uri);

    is($t->status(\%message), 202, "$uri: a message");
    is($t->status({ %message, headers => [gitea($message{body}, $secret)] }),
       200, 'as one of the other provider');
    is($t->status(\%message), 200, 'and as it was');
}

# the same secret, written in another way
my %hex = message('/line/hex/');
is($t->status(\%hex), 202, 'a secret as text');
is($t->status({ %hex, headers => [['X-Hex',
                                   hmac_sha256_hex($hex{body}, $secret)]] }),
   200, 'the same message as one of who has it in hex');

my $signed = unpack 'H*', $jose->sign('by one key');
my @copies = map { $t->status({ method => 'POST', uri => '/line/public/',
                                body => 'by one key',
                                headers => [[$_, $signed]] }) } qw/X-One X-Two/;
is("@copies", '202 200', 'a public key in hex and in PEM');

# the third has the secrets of both, so all are one
for my $first (signature('chain', $rotated), gitea('chain 2', $secret)) {
    my $text = $first->[0] eq 'X-Gitea-Signature' ? 'chain 2' : 'chain';
    my $key = $first->[0] eq 'X-Gitea-Signature' ? $secret : $rotated;
    my %message = (method => 'POST', uri => '/line/chain/', body => $text);

    is($t->status({ %message, headers => [$first] }), 202,
       "three providers: $first->[0]");
    is($t->status({ %message, headers =>
                    [['X-Hub-Signature',
                      'sha256=' . hmac_sha256_hex($text, $key)]] }),
       200, 'as one of the third');
}

my %apart = message('/line/apart/');
is($t->status(\%apart), 202, 'no secret in common: a message');
is($t->status({ %apart, headers => [gitea($apart{body}, $rotated)] }), 202,
   'the same from another sender is another');
is($t->status(\%apart), 200, 'each is known');


# Which answers take a message

for my $status (200, 201, 204, 206, 299) {
    my %request = message("/plain/status/$status");

    $t->app_clear;
    is($t->status(\%request), $status, "an application that says $status");
    is($t->status(\%request), 200, 'has taken it');
    is(scalar apps(), 1, 'once');
}

for my $status (301, 304, 400, 404, 409, 422, 429, 500, 503) {
    my %request = message("/plain/status/$status");

    $t->app_clear;
    $t->answer(\%request) for 1 .. 2;
    is(scalar apps(), 2, "an application that says $status has not");
    is($t->status({ %request, uri => '/plain/' }), 202, 'and may do so later');
    is($t->status(\%request), 200, 'then it has');
}

# nginx may know the answer
for (1 .. 2) {
    my %request = message('/cache/');

    is($t->status(\%request), 207, "a cache: message $_");
    is($t->status(\%request), 200, 'its copy');
}

# a copy of one that is on its way
my %request = message('/slow/');
my $c = $t->begin(\%request);
my $taken = $upstream->take;

$r = $t->answer(\%request);
is($r->{status}, 409, 'a copy of a request in work');
is($r->{header}{'retry-after'}, 1, 'may come again');
is($r->{body}, qq/{"status":409,"error":"conflict"}\n/, 'its body');
logged('/slow/', 'its verdict', '409 duplicate duplicate_in_progress');
ok(!$upstream->take(0.1), 'the application has had one');

$upstream->answer($taken, 200);
is($c->read_response->{status}, 200, 'the request gets its answer');
is($t->answer(\%request)->{body}, qq/{"status":200,"duplicate":true}\n/,
   'its copy is a duplicate now');

# to a sender for whom 409 is the end of a message
%request = message('/slow/final/');
$c = $t->begin(\%request);
$taken = $upstream->take;

$r = $t->answer(\%request);
is($r->{status}, 503, 'such a copy, of a provider with "in_progress=503"');
is($r->{header}{'retry-after'}, 1, '... may come again, too');
logged('/slow/final/', 'its verdict', '503 duplicate duplicate_in_progress');
ok(!$upstream->take(0.1), 'the application has had one');

$upstream->answer($taken, 200);
is($c->read_response->{status}, 200, 'the request gets its answer');
is($t->status(\%request), 200, 'its copy is a duplicate now');

# no answer
%request = message('/slow/short/');
$c = $t->begin(\%request);
$taken = $upstream->take;
is($c->read_response->{status}, 504, 'an application that is too slow');
passes_now('is asked again', %request);

%request = message('/slow/');
$c = $t->begin(\%request);
WebhookTest::Upstream::hang_up($upstream->take);
is($c->read_response->{status}, 502, 'one that hangs up');
passes_now('is asked again', %request);

%request = message('/slow/static/');
$c = $t->begin(\%request);
$upstream->answer($upstream->take, "HTTP/1.1 200 OK\r\nX: "
                  . 'x' x 100_000 . "\r\n\r\n");
is($c->read_response->{body}, 'page', 'a page for a 200 that is no answer');
passes_now('is asked again', %request);

# the sender goes away
%request = message('/slow/');
$c = $t->begin(\%request);
$taken = $upstream->take;
$c->close;
$t->wait_for(sub { $t->log_file('verdict.log') =~ m{^/slow/ 499 }m },
             'the request to end');
is($t->status(\%request), 409, 'what a sender has left is held');

%request = message('/slow/deaf/');
$c = $t->begin(\%request);
$taken = $upstream->take;
$c->close;
$upstream->answer($taken, 200);
$t->wait_for(sub { $t->status(\%request) == 200 }, 'the answer');
pass('what the application took without the sender is taken');

# the answer's head decides
%request = message('/slow/direct/');
$c = $t->begin(\%request);
$taken = $upstream->take;
WebhookTest::Upstream::send_bytes($taken,
    "HTTP/1.1 500 Said\r\nContent-Length: 100\r\n\r\n");
$c->{until} = Time::HiRes::time() + 10;
$c->fill_until(sub { $c->{buffer} =~ /\r\n\r\n/ });
passes_now('who has read a 500 may come again at once', %request);
WebhookTest::Upstream::hang_up($taken);

%request = message('/slow/');
$c = $t->begin(\%request);
$taken = $upstream->take;
$upstream->answer($taken,
                  "HTTP/1.1 200 Said\r\nContent-Length: 100\r\n\r\nhal");
is($c->read_response->{status}, 200, 'an answer that breaks off');
is($t->status(\%request), 200, 'is a 200 all the same');

# before 1.29.0 nginx takes what comes ahead of an answer for the answer, and
# hands on the rest as it is
%request = message('/slow/');
$c = $t->begin(\%request);
$upstream->answer($upstream->take, "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
                  . "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
$c->read_response;
$c->close;
like($t->status(\%request), qr/\A(?:200|409)\z/, 'an answer behind a hint');
ok(!$upstream->take(0.1), 'the application has had one');

%request = message('/slow/upgrade/');
$c = $t->begin(\%request);
$upstream->answer($upstream->take, "HTTP/1.1 101 Up\r\nUpgrade: any\r\n"
                  . "Connection: upgrade\r\n\r\n");
is($c->read_response->{status}, 101, 'another protocol');
$c->close;
passes_now('says nothing about the message', %request);

# pages
for (['/page/', 500], ['/page/as/', 200], ['/page/fails/', 200],
     ['/page/own/', 200], ['/page/deep/', 200], ['/page/app/', 500])
{
    my ($uri, $status) = @$_;
    my %request = message($uri, ['X-App-Status', 500]);

    is($t->status(\%request), $status, "$uri: a page for 500");
    $t->app_clear;
    $t->answer(\%request);
    ok(apps() > 0, 'is no answer of the application');
}

for (['/page/other/', 202], ['/page/other/as/', 200]) {
    my ($uri, $status) = @$_;
    my %request = message($uri, ['X-App-Status', 500]);

    $t->app_clear;
    is($t->status(\%request), $status, "$uri: another that steps in");
    is($t->answer(\%request)->{body}, qq/{"status":200,"duplicate":true}\n/,
       'has taken it');
    is(scalar apps(), 2, 'both have had one');
}

%request = message('/page/gate/', ['X-App-Status', 500], ['X-Token', $token]);
$t->app_clear;
is($t->status(\%request), 202, 'one behind another gate');
is($t->answer(\%request)->{body}, qq/{"status":200,"duplicate":true}\n/,
   'has its own claim');
is(scalar(grep { $_->{uri} eq '/page/gate/' } apps()), 2,
   'and that of the first is released');

%request = own(uri => '/page/here/', body => 'x');
is($t->answer(\%request)->{body}, 'page', 'a page for an error of nginx')
    for 1 .. 2;

# from location to location
for my $uri ('/try/', '/late/') {
    once($uri, message($uri));
}

%request = message('/accel/');
$c = $t->begin(\%request);
$upstream->answer($upstream->take, "HTTP/1.1 200 OK\r\n"
                  . "X-Accel-Redirect: /accelerated/\r\n\r\n");
is($c->read_response->{body}, 'redirected', 'X-Accel-Redirect');
is($t->answer(\%request)->{body}, qq/{"status":200,"duplicate":true}\n/,
   'of an application that has taken it');

%request = message('/accel/');
$c = $t->begin(\%request);
$upstream->answer($upstream->take, "HTTP/1.1 200 OK\r\n"
                  . "X-Accel-Redirect: /accelerated/not\r\n\r\n");
is($c->read_response->{status}, 404, 'X-Accel-Redirect to nowhere');
passes_now('is no answer for the sender', %request);


# Keys

my %keyed = message('/key/header/', ['X-Key', 1]);

is($t->status(\%keyed), 202, 'key=: a message');
is($t->status({ message('/key/header/', ['X-Key', 1]) }), 200,
   'another of the same key');
is($t->status({ message('/key/header/', ['X-Key', 2]) }), 202,
   'one of another key');

is($t->status({ message('/key/header/') }), 403, 'a key that is signed is there');

my @id = (['X-Id', 'one'], ['X-Signature', hmac_sha256_hex('one.x', $secret)]);

once('a key that is signed', method => 'POST', uri => '/key/id/', body => 'x',
     headers => \@id);
is($t->status({ uri => '/key/id/', body => 'y', headers => [$id[0],
       ['X-Signature', hmac_sha256_hex('one.y', $secret)]] }), 200,
   'another body of the same key');

is($t->status(signed(uri => '/key/body/', body => '{"id":7}')), 202,
   'a key in the body');
is($t->status(signed(uri => '/key/body/', body => '{"id":7,"a":1}')), 200,
   'the same in another');
is($t->status(signed(uri => '/key/body/', body => '{"id":8}')), 202,
   'another');
my $rest = sub {
    return $t->status(signed(uri => '/key/rest/', body => $_[0]));
};

is($rest->('{"id":1}'), 202, 'an id beside something else');
is($rest->('{"id":1 }'), 200, 'the same id');
is($rest->('{"a":1}'), 202, 'no id');
is($rest->('{"a":2}'), 202, 'what is left of the key is none');
is($rest->('{"a":1}'), 200, 'the body is');

is($t->status(signed(uri => '/key/body/', body => '{}')), 202, 'none');
is($t->status(signed(uri => '/key/body/', body => '{ }')), 202,
   'none in another');

once("a header, and the body's " . $_->[1], method => 'POST',
     uri => '/key/both/', body => qq/{"id":$_->[0]}/,
     headers => [['X-Key', 'same'], signature(qq/same{"id":$_->[0]}/)])
    for [1, 'id'], [2, 'other id'];

# ahead of the body
$r = $t->answer({ %keyed, expect => 1 });
is($r->{status}, 200, 'a known key ahead of the body');
is_deeply($r->{interim} // [], [], 'nobody asks for the body');
$r = $t->answer({ message('/key/header/', ['X-Key', 3]), expect => 1 });
is("$r->{status} @{ $r->{interim} }", '202 100', 'an unknown one has it read');
$r = $t->answer(signed(uri => '/key/body/', body => '{"id":7}', expect => 1));
is("$r->{status} @{ $r->{interim} }", '200 100',
   'what is in the body needs the body');

%request = message('/key/slow/', ['X-Key', 'slow']);
$c = $t->begin(\%request);
$taken = $upstream->take;
$r = $t->answer({ %request, expect => 1 });
is($r->{status}, 409, 'a key in work ahead of the body');
is_deeply($r->{interim} // [], [], 'nobody asks for the body');
is($r->{header}{'retry-after'}, 1, 'it may come again');
$upstream->answer($taken, 200);
$c->read_response;

$c = $t->connection;
$c->send(join '', WebhookTest::format_request(%keyed),
         WebhookTest::format_request(message('/plain/')));
is($c->read_response->{status}, 200, 'a body that nobody has read');
is($c->read_response->{status}, 202, 'is none of the next request');


# For how long

%request = message('/ttl/');
is($t->status(\%request), 202, 'ttl=60');
at($now + 60);
is($t->status(\%request), 200, 'after 60 seconds');
at($now + 61);
is($t->status(\%request), 202, 'after one more');
is($t->status(\%request), 200, 'and known again');

at($now);
%request = message('/plain/');
is($t->status(\%request), 202, 'no ttl');
at($now + 86400);
is($t->status(\%request), 200, 'after a day');
at($now + 86401);
is($t->status(\%request), 202, 'after one more second');

# the message of a clock that is a minute ahead
at($now);
%request = at_time('/timed/', $now + 60);
is($t->status(\%request), 202, 'a signed time');
at($now + 360);
is($t->status(\%request), 200, 'as long as it is valid');
at($now + 361);
is($t->status(\%request), 403, 'and no longer');

# what is old may come, since that is on trial, but not twice
at($now);
once('a window without end', at_time('/timed/ever/', $now));

%request = at_time('/timed/trial/', $now);
is($t->status(\%request), 202, 'a signed time on trial');
at($now + 86400);
is($t->status(\%request), 200, 'is none to forget a message by');

at($now);
%request = at_time('/unbounded/', $now + 300);
is($t->status(\%request), 202, 'a signed time without a limit ahead');
at($now + 600);
is($t->status(\%request), 200, 'clocks go wrong either way');

at($now);
%request = untimed($now);
is($t->status(\%request), 202, 'a time that is not signed');
at($now + 86400);
is($t->status({ untimed($now + 86400) }), 200, 'limits nothing');
at($now);


# The time of day does not end a claim

%request = message('/slow/');
$c = $t->begin(\%request);
$taken = $upstream->take;
at($now + 3601);
is($t->status(\%request), 409, 'a clock that is set an hour ahead');
at($now);
$upstream->answer($taken, 200);
is($c->read_response->{status}, 200, 'has let nobody else have the message');


# Other senders

my @token = (['X-Token', $token]);

once('a token alone', method => 'POST', uri => '/token/', body => 'a',
     headers => \@token);
once('another body', method => 'POST', uri => '/token/', body => 'b',
     headers => \@token);

# who sends these says nothing but that there is something new
for (1 .. 2) {
    is($t->status({ method => 'GET', uri => '/token/',
                    headers => \@token }), 202,
       "no body, and no message: $_");
}

once('no body, but a key', method => 'GET', uri => '/query/?id=2',
     headers => \@token);
once('a key in the query', method => 'POST', uri => '/query/?id=1',
     body => 'a', headers => \@token);

mkdir $t->dir . '/put';
chmod 0777, $t->dir . '/put';

my @put = (method => 'PUT', body => 'a', headers => \@token);

is($t->status({ @put, uri => '/put/a' }), 201, 'a handler that says 201');
is($t->status({ @put, uri => '/put/b' }), 200, 'has taken it');

for (1 .. 2) {
    is($t->answer({ method => 'GET', uri => '/challenge/?echo=hello',
                    headers => \@token })->{body},
       'hello', 'a challenge is no message');
}

my @pelorus = (
    ['Content-Type', 'application/json'], ['X-Pelorus-Event', 'ping'],
    ['User-Agent', 'Pelorus-Webhook/test'],
    ['X-Hub-Signature-256',
     'sha256=' . hmac_sha256_hex('{"app":"x"}', $secret)],
);

$r = $t->answer({ uri => '/pelorus/', body => '{"app":"x"}',
                  headers => \@pelorus });
is($r->{status}, 202, 'a document');
$r = $t->answer({ uri => '/pelorus/', headers => \@pelorus,
                  body => "{ \"app\":\n \"x\" }" });
is($r->{status}, 200, 'the same in another form');


# A trial run

%request = message('/trial/');
$t->app_clear;
is($t->status(\%request), 202, 'webhook_enforce off: a message');
is($t->status(\%request), 202, 'its copy');
is(scalar apps(), 2, 'reaches the application');
logged('/trial/', 'and is told from it', '202 accepted ',
       '202 would_reject duplicate');
like($t->error_log, qr/\[info\].* github: would be answered, duplicate, /,
     'in the log too');

my %bad = false(uri => '/trial/', body => 'forged in a trial');
is($t->status(\%bad), 202, 'a forged one');
is($t->status(\%bad), 202, 'and its copy');
logged('/trial/', 'make no claim',
       ('202 would_reject signature_mismatch') x 2);


# No room

my $n = 0;
my %oldest = at_time('/full/', $now, 'message 0');

$n++ while $n < 1000
           && $t->status({ at_time('/full/', $now, "message $n") }) == 202;

cmp_ok($n, '>', 15, 'the smallest zone has some room');
cmp_ok($n, '<', 256, 'but not much');

%request = at_time('/full/', $now, "message $n");
$r = $t->answer(\%request);
is($r->{status}, 503, 'what there is no room for is refused');
logged('/full/', 'the reason', ('503 rejected zone_full') x 2);
is($t->status(\%oldest), 200, 'nothing that is valid has been forgotten');
at($now + 361);
is($t->status({ at_time('/full/', $now + 361, 'later') }), 202,
   'when it is no longer valid there is room');
unlike($t->error_log, qr/zone "small" is full/, 'nothing was evicted');

# another worker's clock may be ahead
at($now + 1000);
is(scalar(grep { $t->status({ message('/back/') }) == 202 } 1 .. 256), 256,
   'messages without a signed time push out each other');
at($now + 999);
is($t->status({ message('/back/') }), 202, 'also by a clock that is behind');

$c->close;
$t->done;
done_testing();


# A signed message that nobody has seen.
sub message {
    my ($uri, @headers) = @_;

    my %request = (method => 'POST', uri => $uri,
                   body => 'message ' . ++$body);

    # what is signed has the key, if there is one
    my $signed = join '', (map { $_->[0] eq 'X-Key' ? $_->[1] : () } @headers),
        $request{body};

    return (%request, headers => [@headers, signature($signed)]);
}


sub own { return %{ signed(@_) } }


sub false { return %{ forged(@_) } }


sub gitea {
    my ($bytes, $key) = @_;

    return ['X-Gitea-Signature', hmac_sha256_hex($bytes, $key)];
}


# A message that is signed with its time.
sub at_time {
    my ($uri, $time, $body) = @_;

    $body //= 'timed';

    return (method => 'POST', uri => $uri, body => $body,
            headers => [timed($time, $body)]);
}


sub untimed {
    my ($time) = @_;

    return (method => 'POST', uri => '/untimed/', body => 'x', headers =>
            [['X-Time', $time],
             ['X-Signature', hmac_sha256_hex('x', $secret)]]);
}


# The next copy of a request reaches the application that we play.
sub passes_now {
    my ($name, %request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $c = $t->begin(\%request);
    my $taken = $upstream->take;

    ok($taken, $name) or return diag $c->read_response->{raw};
    $upstream->answer($taken, 200);
    $c->read_response;
}


# The first is passed on, the second is not.
sub once {
    my ($name, %request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $t->app_clear;

    my @status = map { $t->status(\%request) } 1 .. 2;

    is("@status " . scalar apps(), '202 200 1', "$name: once");
}


sub apps { return my @requests = $t->app_requests }


sub at { $t->set_now($_[0]) }


# The last lines of the access log for a location, which are written when their
# requests end.
sub logged {
    my ($uri, $name, @expected) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $until = Time::HiRes::time() + 5;
    my $expected = join '', map { "$uri $_\n" } @expected;
    my $lines;

    do {
        sleep 0.02;
        $lines = join '', grep { m{^\Q$uri\E } } split /^/,
                          $t->log_file('verdict.log');
    } until $lines =~ /(?:\A|\n)\Q$expected\E\z/
            || Time::HiRes::time() > $until;

    is(substr($lines, -length $expected), $expected, $name);
}
