#!/usr/bin/perl

# The promises of the design, one by one, as they are worded there.  P4, that
# no unverified byte reaches the JSON parser, comes with the parser.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex hmac_sha256_hex/;
use IO::Select;
use IO::Socket::INET;
use MIME::Base64;
use Test::More;
use Time::HiRes qw/sleep/;

use WebhookTest;
use WebhookTest::Signed qw/$secret signature signed forged/;

my $token = 'a token that nobody may see';
my $basic = 'user:a password that nobody may see';

# an upstream that only notices: a connection is enough to fail
my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64)
    or die "no listener: $!";
my $silent_port = $silent->sockport;

my $t = WebhookTest->new(log => 'debug', conf => <<"EOF");
    log_format all '\$webhook_provider|\$webhook_verdict|\$webhook_reason|'
        '\$webhook_id|\$webhook_event|\$webhook_secret_index|'
        '\$webhook_challenge|\$webhook_body_sha256';
    access_log %%DIR%%/logs/all.log all;
    client_max_body_size 64m;
    proxy_http_version 1.1;
    proxy_set_header Connection "";

    webhook_provider strict {
        methods       POST;
        content_type  application/json;
        header        X-Kind build;
        signature     header:X-Hub-Signature-256 prefix=sha256=;
        signature     header:X-Other prefix=sha256=;
    }

    map \$arg_key \$given { default \$arg_key; }

    webhook github;
    webhook_secret "$secret";

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%PORT_2%% http2;

        location /memory/on {
            client_body_buffer_size 256k;
            proxy_pass http://127.0.0.1:$silent_port;
        }

        location /memory/off {
            client_body_buffer_size 256k;
            proxy_request_buffering off;
            proxy_pass http://127.0.0.1:$silent_port;
        }

        location /file/on {
            client_body_buffer_size 1k;
            proxy_pass http://127.0.0.1:$silent_port;
        }

        location /file/off {
            client_body_buffer_size 1k;
            proxy_request_buffering off;
            proxy_pass http://127.0.0.1:$silent_port;
        }

        location /plain { webhook off; proxy_pass http://%%APP%%; }
        location /gated { proxy_pass http://%%APP%%; }

        location /plain/file {
            webhook off;
            client_body_in_file_only clean;
            proxy_pass http://%%APP%%;
        }

        location /gated/file {
            client_body_in_file_only clean;
            proxy_pass http://%%APP%%;
        }

        location /strict { webhook strict; proxy_pass http://%%APP%%; }

        location /token {
            webhook gitlab;
            webhook_secret "$token";
            proxy_pass http://%%APP%%;
        }

        location /basic {
            webhook netdata-basic;
            webhook_secret "$basic";
            proxy_pass http://%%APP%%;
        }

        location /bearer {
            webhook netdata-bearer;
            webhook_secret "$token";
            proxy_pass http://%%APP%%;
        }

        location /variable {
            webhook_secret "\$given";
            proxy_pass http://%%APP%%;
        }
    }
EOF

my $json = qq({"status":403,"error":"forbidden"}\n);
my $body = '{"kind":"' . 'b' x 30_000 . '"}';


subtest 'P1 nothing unverified goes upstream' => sub {
    my $pending = IO::Select->new($silent);
    my $file = $t->write_file('body', $body);

    for my $where (qw/memory file/) {
        for my $buffering (qw/on off/) {
            for my $http ('1.0', '1.1') {
                for my $framing ({}, { chunked => 999 }) {
                    next if $http eq '1.0' && %$framing;

                    for my $split (undef, 7_000) {
                        my $r = $t->request(forged(
                            uri => "/$where/$buffering", body => $body,
                            http => $http, split => $split,
                            pause => 0.005, %$framing));
                        my $name = join ', ', $where,
                                   "buffering $buffering", "HTTP/$http",
                                   %$framing ? 'chunked' : 'length',
                                   $split ? 'in pieces' : 'at once';

                        is("$r->{status} $r->{body}", "403 $json", $name);
                    }
                }
            }

            for my $how (["\@$file"], ["\@$file", '-H', 'Content-Length:']) {
                my $r = $t->curl('--http2-prior-knowledge', '-H',
                                 join(': ', @{ signature("$body.") }),
                                 '--data-binary', @$how,
                                 "http://127.0.0.1:%%PORT_2%%"
                                 . "/$where/$buffering");

                is("$r->{status} $r->{body}", "403 $json",
                   "$where, buffering $buffering, HTTP/2");
            }
        }
    }

    ok(!$pending->can_read(0.2), 'nobody connected to the upstream');

    # and it would have been seen
    my $c = $t->connection;
    $c->send(WebhookTest::format_request(%{ signed(uri => '/memory/on',
                                                   body => 'x') }));
    ok($pending->can_read(5), 'somebody does with the signature');
    close($silent->accept);
    $c->close;
};


subtest 'P2 it fails closed' => sub {
    my $r = $t->request({ uri => '/variable', body => $body,
                          headers => [signature($body, '')] });
    is("$r->{status} $r->{body}", qq(403 {"status":403,)
       . qq("error":"forbidden"}\n), 'no secret');
    is(scalar(() = $t->app_requests), 0, 'nothing upstream');

    $r = $t->request({ uri => '/variable?key=known', body => $body,
                       headers => [signature($body, 'known')] });
    is($r->{status}, 202, 'with that secret');
    $t->app_clear;

    my ($exit, $said) = WebhookTest::nginx_t(
        'server { webhook github; webhook_secret file:/none; }');
    is($exit, 1, 'no start without the file of a secret');
    like($said, qr{/none}, 'which is named');

    ($exit, $said) = WebhookTest::nginx_t(<<'EOF');
        webhook_provider x { signature header:X algorithm=hmac-md5; }
        server { webhook x; webhook_secret 0123456789abcdef0; }
EOF
    is($exit, 1, 'no start with an unknown algorithm');
};


subtest 'P3 cheap before expensive' => sub {
    my @ok = (['X-Kind', 'build'], ['Content-Type', 'application/json']);
    my $good = signature($body);

    my @cases = (
        [405, 'method', '/strict', [@ok, $good], method => 'PUT'],
        [415, 'type', '/strict', [$ok[0], $good]],
        [400, 'header', '/strict', [$ok[1], $good]],
        [403, 'no signature', '/strict', [@ok]],
        [403, 'malformed', '/strict', [@ok, [$good->[0], 'sha256=zz']]],
        [403, 'too short', '/strict',
         [@ok, [$good->[0], substr $good->[1], 0, -2]]],
        [403, 'another scheme', '/strict',
         [@ok, [$good->[0], $good->[1] =~ s/sha256/sha1/r]]],
        [400, 'signature twice', '/strict', [@ok, $good, $good]],
        [403, 'no token', '/token', []],
        [403, 'another token', '/token', [['X-Gitlab-Token', 'x']]],
        [401, 'no password', '/basic', []],
        [401, 'another password', '/basic',
         [['Authorization', 'Basic ' . encode_base64('user:x', '')]]],
        [401, 'another bearer', '/bearer', [['Authorization', 'Bearer x']]],
    );

    for (@cases) {
        my ($status, $name, $uri, $headers, %more) = @$_;

        for my $framing ({}, { chunked => 999 }) {
            my ($head) = WebhookTest::format_request(
                uri => $uri, body => $body, headers => $headers, expect => 1,
                %$framing, %more);
            my $c = $t->connection(timeout => 3);

            $c->send($head);
            my $r = $c->read_response;
            is_deeply([$r->{status}, $r->{interim}], [$status, []],
                      "$name: answered without a byte of the body");
            $c->close;
        }
    }

    is(scalar(() = $t->app_requests), 0, 'nothing upstream');
};


subtest 'P5 hashed as it arrives, in constant memory, not read again' => sub {
    my $large = 'b' x 50_000_000;
    my @request = (body => $large, headers => [signature($large)]);
    my %memory;
    my %read;

    $t->configure($t->{conf});
    $t->{log} = 'info';
    $t->configure;

    for my $uri (qw{/plain/file /gated/file}) {

        # each in a worker that has not done anything yet
        $t->reload;
        $t->request({ uri => $uri, body => 'x',
                      headers => [signature('x')] });

        my ($worker) = $t->workers;
        my $before = io($worker);

        is($t->request({ uri => $uri, @request })->{status}, 202, $uri);

        $memory{$uri} = peak($worker);
        $read{$uri} = io($worker) - $before;
        like($t->log_file('app'), qr/@{[sha256_hex($large)]}/, 'its bytes');
        $t->app_clear;
    }

    SKIP: {
        skip 'memory is given back late', 1 if $ENV{WEBHOOK_SANITIZE};

        # a kernel may map a MiB of a library at once
        cmp_ok($memory{'/gated/file'} - $memory{'/plain/file'}, '<', 2048,
               'memory of plain proxy_pass, and less than 2 MiB');
    }

    SKIP: {
        skip 'no count of what was read', 1 if !$read{'/plain/file'};

        cmp_ok(abs($read{'/gated/file'} - $read{'/plain/file'}), '<', 1e6,
               'as many bytes read as by plain proxy_pass');
    }

    $t->{log} = 'debug';
    $t->configure;
    $t->reload;
};


subtest 'P6 secrets are nowhere' => sub {
    my @answers;

    for my $r (signed(uri => '/gated', body => $body),
               forged(uri => '/gated', body => $body),
               { uri => '/token', headers => [['X-Gitlab-Token', 'x']] },
               { uri => '/basic', body => 'x' },
               { uri => '/bearer', body => 'x', headers =>
                   [['Authorization', 'Bearer x']] })
    {
        push @answers, $t->request({ method => 'POST', %$r });
    }

    my $expected = hmac_sha256_hex("$body", $secret);
    my $shown = join "\n", map { $_->{raw} . $_->{body} } @answers;
    my $log = $t->error_log;

    like($log, qr/\[debug\]/, 'the log has everything');

    for my $bytes ($secret, $token, 'a password that nobody may see') {
        for my $form ($bytes, encode_base64($bytes, ''), unpack 'H*', $bytes) {
            ok(index($log, $form) < 0, 'not in the error log');
            ok(index($t->log_file('all.log'), $form) < 0, 'nor in a variable');
            ok(index($shown, $form) < 0, 'nor in an answer');
        }
    }

    # what the body should have been signed with, when it was not
    $t->app_clear;
    truncate "$t->{dir}/logs/error.log", 0;
    my $r = $t->request({ uri => '/gated', body => 'never signed',
                          headers => [signature('another')] });
    $expected = hmac_sha256_hex('never signed', $secret);
    is($r->{status}, 403, 'refused');
    ok(index(lc $t->error_log, $expected) < 0, 'no expected signature');
    ok(index($r->{raw} . $r->{body}, $expected) < 0, 'not in the answer');
    unlike($t->error_log, qr/\[error\].*never signed/, 'nor the body');
};


subtest 'P7 nginx -t says what is wrong' => sub {
    for (['webhook githib; webhook_secret 0123456789abcdef;', 'githib'],
         ['webhook github;', 'webhook_secret'],
         ['webhook github; webhook_secret "";', 'webhook_secret'],
         ['webhook github; webhook_secret file:/none;', '/none'],
         ['webhook github; webhook_secret env:WEBHOOK_NONE;',
          'WEBHOOK_NONE'],
         ['webhook github; webhook_secret 0123456789abcdef; webhook_ack 300;',
          '300'])
    {
        my ($directives, $named) = @$_;
        my ($exit, $said) =
            WebhookTest::nginx_t("server {\nlocation /x {\n$directives\n}\n}");
        my @lines = $said =~ /^(.*\[emerg\].*)$/mg;

        is($exit, 1, "refused: $directives");
        is(@lines, 1, 'in one line');
        like($lines[0] // '', qr/\Q$named\E/, 'that names what');
        like($lines[0] // '', qr/ in \S+nginx\.conf:\d+\b/, 'and where');
    }
};


subtest 'P8 ambiguity is refused' => sub {
    my $good = signature($body);
    my $other = signature('other');
    my @ok = (['X-Kind', 'build'], ['Content-Type', 'application/json']);

    for my $pair ([$good, $good], [$good, $other], [$other, $good]) {
        my $r = $t->request({ uri => '/gated', body => $body,
                              headers => $pair });
        is($r->{status}, 400, 'two signatures');
    }

    for my $values ([$token, $token], [$token, 'x'], ['x', $token]) {
        is($t->request({ uri => '/token', method => 'POST', headers =>
                [map { ['X-Gitlab-Token', $_] } @$values] })->{status}, 400,
           'two tokens');
    }

    for my $uri (qw{/basic /bearer}) {
        my $auth = $uri eq '/basic' ? 'Basic ' . encode_base64($basic, '')
                                    : "Bearer $token";

        is($t->request({ uri => $uri, body => 'x',
                headers => [['Authorization', $auth]] })->{status}, 202,
           'one Authorization');
        isnt($t->request({ uri => $uri, body => 'x',
                headers => [(['Authorization', $auth]) x 2] })->{status}, 202,
             'two of them');
        $t->app_clear;
    }

    is($t->request({ uri => '/strict', body => $body,
            headers => [@ok, $ok[1], $good] })->{status}, 400,
       'two Content-Types');
    is(scalar(() = $t->app_requests), 0, 'nothing upstream');
};


subtest 'P9 headers and body go upstream unchanged' => sub {
    my @headers = (
        ['X-GitHub-Event', 'push'], ['X-One', ''], ['X-One', '1'],
        ['x-one', '2'], ['Accept', "*/*;\tq=1"], ['X-Bytes', "\xc3\xa9"],
        ['Cookie', 'a=b; c=d'], ['Cookie', 'e=f'],
        ['Content-Type', 'application/json; charset=x'],
        ['Content-Encoding', 'none'], ['Authorization', 'Basic eA=='],
        ['Expect', ''], signature($body));

    for my $framing ({}, { chunked => 999 }, { http => '1.0' },
                     { split => 999 })
    {
        my @seen;

        for my $uri ('/plain/a%2Fb/../c?d=%20&e', '/gated/a%2Fb/../c?d=%20&e')
        {
            $t->app_clear;
            my $r = $t->request({ uri => $uri, body => $body,
                                  headers => \@headers, pause => 0,
                                  %$framing });
            my ($seen) = $t->app_requests;

            $seen->{uri} =~ s{^/(?:plain|gated)}{};
            push @seen, { %$seen, status => $r->{status} };
        }

        is($seen[0]{body}, $body, 'the body as it was');
        is_deeply($seen[1], $seen[0], 'all as with plain proxy_pass');
    }
};


$t->done;

done_testing();


# Bytes that a process has asked read calls for.
sub io {
    my ($pid) = @_;

    open my $file, '<', "/proc/$pid/io" or return 0;

    return (join('', <$file>) =~ /^rchar: (\d+)/m)[0] // 0;
}


# Its memory at the highest, in KiB.
sub peak {
    my ($pid) = @_;

    return (WebhookTest::Cert::read_file("/proc/$pid/status")
            =~ /^VmHWM:\s+(\d+)/m)[0];
}
