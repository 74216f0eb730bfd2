#!/usr/bin/perl

# HTTP/2, and HTTP/3 where nginx has it: bodies in frames, refusals before and
# after them, and several requests on one connection.
#
# Where nginx answers ahead of the body, the client is our own: curl loses many
# such an answer, each version in other cases.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex/;
use Test::More;

use WebhookTest;
use WebhookTest::Signed qw/$secret signature/;

my $binary = $ENV{TEST_NGINX_BINARY} || WebhookTest::find_nginx();
my $has_http3 = `$binary -V 2>&1` =~ /http_v3_module/;
my $curl_http3 = `curl --version` =~ /HTTP3/;

my $http3 = $has_http3 && $curl_http3
            ? 'listen 127.0.0.1:%%TLS_PORT%% quic;' : '';

my $t = WebhookTest->new(conf => <<"EOF");
    log_format protocol '\$server_protocol \$status';
    access_log %%DIR%%/logs/early.log protocol if=\$http_x_early;
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

        location /limited {
            client_max_body_size 1k;
            proxy_pass http://%%APP%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_1%%;
        location = /status { webhook off; stub_status; }
    }
EOF

my $json = qq({"status":403,"error":"forbidden"}\n);

# the standard input is the body
my @bodies = ({ name => 'with a length', length => 1,
                curl => ['--data-binary', '@-'] },
              { name => 'without a length', length => 0,
                curl => ['-X', 'POST', '-H', 'Expect:', '-T', '-'] });
my $large = join '', map { pack 'N', $_ * 40_503 } 1 .. 2**17;

# the option of curl, where to, and the same for our own client
my @ways = (['--http2', 'https://127.0.0.1:%%TLS_PORT%%',
             { tls => { alpn => ['h2'] } }],
            ['--http2-prior-knowledge', 'http://127.0.0.1:%%PORT%%', {}],
            $http3 ? ['--http3-only', 'https://127.0.0.1:%%TLS_PORT%%'] : ());

for (@ways) {
    my ($option, $base, $own) = @$_;
    my $version = $own ? 'HTTP/2' : 'HTTP/3';

    for my $path (qw{/ /file /unbuffered}) {
        for my $body ('', 'x', 'y' x 600, 'z' x 70_000, $large) {
            my $file = $t->write_file('body', $body);

            for my $how (@bodies) {
                my $name = "$version $path, " . length($body) . ' bytes, '
                           . $how->{name};
                my @curl = ($option, @{ $how->{curl} }, "$base$path");

                my $r = curl($file, header($body), @curl);
                is_deeply([@$r{qw/version status/}, $t->app_digests],
                          [$version, 202, sha256_hex($body)],
                          "$name: upstream");

                $t->app_clear;
                $r = curl($file, header($body . '.'), @curl);
                is_deeply([@$r{qw/version status body/}, $t->app_digests],
                          [$version, 403, $json], "$name: refused");

                next if !$own && length $body > 600;

                $r = early($option, $base, $own, $path, $body, $how);
                is_deeply([$t->take_line('early.log'), $t->app_digests],
                          ["$version.0 403"],
                          "$name: refused from its head");
                is($r->{body}, $json, "$name: and told so");
            }
        }
    }

    # no body at all
    my $r = $t->curl($option, '-X', 'POST', @{ header('') }, "$base/");
    is_deeply([$r->{status}, $t->app_digests], [202, sha256_hex('')],
              'no body');
    $t->app_clear;
    $r = $t->curl($option, '-X', 'POST', @{ header('x') }, "$base/");
    is_deeply([$r->{status}, $t->app_digests], [403], 'no body, refused');

    my $body = 'z' x ($own ? 70_000 : 2_000);

    for my $how (@bodies) {
        $r = early($option, $base, $own, '/limited', $body, $how,
                   signature($body));
        is_deeply([$r->{status}, $t->take_line('early.log'), $t->app_digests],
                  [413, "$version.0 413"], "too large, $how->{name}");
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
    is(scalar(my @n = $t->app_digests), 8, 'those of them upstream');
    $t->app_clear;
}

# a client that goes away in the middle of a body
{
    my $connection = $t->connection(tls => { alpn => ['h2'] });
    my $client = WebhookTest::HTTP2->new($connection);

    $client->begin(uri => '/file', headers => [signature($large)],
                   body => substr($large, 0, 300_000), open => 1);
    ok($client->send_body, 'half a body');
    $connection->close;

    $t->wait_for(sub {
        $t->request({ uri => '/status', port => 'PORT_1' })->{body}
            =~ /Active connections: 1 /
    }, 'its connection to be given up');
    is_deeply([$t->app_digests], [], 'nothing of it upstream');
}

note('no HTTP/3 in ' . ($has_http3 ? 'curl' : 'nginx')) if !$http3;

$t->done;

done_testing();


sub header {
    return ['-H', join ': ', @{ signature(@_) }];
}


# A request that nginx answers ahead of its body.  By HTTP/3 it is short, so
# that curl has sent all of it before.
sub early {
    my ($option, $base, $own, $path, $body, $how, @headers) = @_;

    push @headers, ['X-Early', 1];

    return $t->http2(%$own, uri => $path, body => $body, headers => \@headers,
                     $how->{length} ? (length => length $body) : ())
        if $own;

    return curl($t->write_file('body', $body),
                [map { ('-H', join ': ', @$_) } @headers],
                $option, @{ $how->{curl} }, "$base$path");
}


# curl with that file as its standard input
sub curl {
    my ($file, $headers, @args) = @_;

    open my $kept, '<&', \*STDIN;
    open STDIN, '<', $file or die "$file: $!";
    my $r = $t->curl(@$headers, @args);
    open STDIN, '<&', $kept;

    diag("curl: $r->{exit}, $r->{stderr}") if !$r->{status};

    return $r;
}
