#!/usr/bin/perl

# HTTP/2, and HTTP/3 where nginx has it: bodies in frames, refusals before and
# after them, and several requests on one connection.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex/;
use Test::More;
use Time::HiRes qw/sleep/;

use WebhookTest;
use WebhookTest::Signed qw/$secret signature/;

my $binary = $ENV{TEST_NGINX_BINARY} || WebhookTest::find_nginx();
my $has_http3 = `$binary -V 2>&1` =~ /http_v3_module/;
my $curl_http3 = `curl --version` =~ /HTTP3/;

my $http3 = $has_http3 && $curl_http3
            ? 'listen 127.0.0.1:%%TLS_PORT%% quic;' : '';

my $t = WebhookTest->new(conf => <<"EOF");
    log_format protocol '\$server_protocol \$status';
    access_log %%DIR%%/logs/protocol.log protocol;
    client_max_body_size 32m;

    webhook github;
    webhook_secret "$secret";
    proxy_set_header X-Body-File \$request_body_file;

    server {
        listen 127.0.0.1:%%TLS_PORT%% ssl http2;
        $http3
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;

        location / { proxy_pass http://%%APP%%; }

        location /file {
            client_body_buffer_size 1k;
            proxy_pass http://%%APP%%;
        }

        location /unbuffered {
            proxy_request_buffering off;
            proxy_http_version 1.1;
            proxy_pass http://%%APP%%;
        }

        location /limited {
            client_max_body_size 1k;
            proxy_pass http://%%APP%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT%% http2;
        location / { proxy_pass http://%%APP%%; }
    }

    server {
        listen 127.0.0.1:%%PORT_1%%;
        location = /status { webhook off; stub_status; }
    }
EOF

my $json = qq({"status":403,"error":"forbidden"}\n);
my $large = join '', map { pack 'N', $_ * 40_503 } 1 .. 2**19;

my @ways = (['--http2', 'https://127.0.0.1:%%TLS_PORT%%'],
            ['--http2-prior-knowledge', 'http://127.0.0.1:%%PORT%%'],
            $http3 ? ['--http3-only', 'https://127.0.0.1:%%TLS_PORT%%'] : ());

for (@ways) {
    my ($option, $base) = @$_;
    my $version = $option =~ /http3/ ? 'HTTP/3' : 'HTTP/2';

    for my $path (qw{/ /file /unbuffered}) {
        for my $body ('', 'x', 'y' x 600, 'z' x 70_000, $large) {
            my $file = $t->write_file('body', $body);

            # with a length, and without
            for my $how (['--data-binary', "\@$file"],
                         ['-X', 'POST', '-H', 'Expect:', '-T', '-'])
            {
                my $name = "$version $path, " . length($body) . ' bytes, '
                           . $how->[0];
                my @curl = ($option, @$how, "$base$path");

                my $r = curl($file, header($body), @curl);
                is_deeply([@$r{qw/version status/}, seen()],
                          [$version, 202, sha256_hex($body)],
                          "$name: upstream");

                $t->app_clear;
                $r = curl($file, header($body . '.'), @curl);
                is_deeply([@$r{qw/version status body/}, seen()],
                          [$version, 403, $json], "$name: refused");

                $r = curl($file, [], @curl);
                my ($last) = $t->log_file('protocol.log') =~ /(.*)\n\z/;

                # curl 7.88 without TLS loses many an answer that comes ahead
                # of the body
                is_deeply([$last, seen()], ["$version.0 403"],
                          "$name: refused from its head");
                is($r->{body}, $json, "$name: and told so")
                    if $option !~ /prior/;
            }
        }
    }

    # no body at all
    my $r = $t->curl($option, '-X', 'POST', @{ header('') }, "$base/");
    is_deeply([$r->{status}, seen()], [202, sha256_hex('')], 'no body');
    $t->app_clear;
    $r = $t->curl($option, '-X', 'POST', @{ header('x') }, "$base/");
    is_deeply([$r->{status}, seen()], [403], 'no body, refused');

    next if $option =~ /prior/;

    my $file = $t->write_file('body', 'z' x 70_000);

    for my $how (['--data-binary', "\@$file"], ['-X', 'POST', '-T', '-']) {
        $r = curl($file, header('z' x 70_000), $option, @$how,
                  "$base/limited");
        is_deeply([$r->{status}, seen()], [413], "too large, $how->[0]");
    }
}

# several streams of one connection, the good beside the bad
{
    my (@args, @want);

    for my $i (1 .. 12) {
        my $body = chr(64 + $i) x 20_000;
        my $good = $i % 3;
        my $file = $t->write_file("body$i", $body);

        push @args, '--next' if @args;
        push @args, '-sS', '-k', '-o', "$t->{dir}/out$i", '--http2',
             '-w', "%{http_code}:$i\n", '--data-binary', "\@$file",
             @{ header($good ? $body : 'other') },
             "https://127.0.0.1:%%TLS_PORT%%/file";
        push @want, ($good ? 202 : 403) . ":$i";
    }

    my $log = "$t->{dir}/logs/parallel";
    my $pid = WebhookTest::spawn($log, {}, 'curl', '--parallel',
                                 '--parallel-max', 12,
                                 map { $t->replace($_) } @args);
    waitpid $pid, 0;

    my @got = $t->log_file('parallel') =~ /^(\d+:\d+)$/mg;
    is_deeply([sort @got], [sort @want], 'streams beside each other');
    is(scalar(my @n = seen()), 8, 'those of them upstream');
    $t->app_clear;
}

# a client that goes away in the middle of a body
{
    my $pid = WebhookTest::spawn('/dev/null', {}, 'curl', '-sk', '--http2',
        '--limit-rate', '200k', '--data-binary',
        '@' . $t->write_file('body', $large), @{ header($large) },
        $t->replace('https://127.0.0.1:%%TLS_PORT%%/file'));

    sleep 0.5;
    kill 'KILL', $pid;
    waitpid $pid, 0;

    $t->wait_for(sub {
        $t->request({ uri => '/status', port => 'PORT_1' })->{body}
            =~ /Active connections: 1 /
    }, 'its connection to be given up');
    is_deeply([seen()], [], 'nothing of it upstream');
}

SKIP: {
    skip 'no HTTP/3 in ' . ($has_http3 ? 'curl' : 'nginx'), 1 if !$http3;
    pass('HTTP/3 as HTTP/2');
}

$t->done;

done_testing();


sub header {
    return ['-H', join ': ', @{ signature(@_) }];
}


# curl with that file as its standard input, for -T -
sub curl {
    my ($file, $headers, @args) = @_;

    open my $kept, '<&', \*STDIN;
    open STDIN, '<', $file or die "$file: $!";
    my $r = $t->curl(@$headers, @args);
    open STDIN, '<&', $kept;

    return $r;
}


sub seen {
    return $t->log_file('app') =~ /"sha256":"(\w+)"/g;
}
