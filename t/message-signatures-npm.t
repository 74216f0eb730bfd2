#!/usr/bin/perl

# HTTP message signatures against two implementations of npm's, which are
# installed into the build directory.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Npm qw/node_missing npm/;

my @packages = qw/http-message-sig@0.3.0 http-message-signatures@1.0.6
                  structured-headers@2.0.3/;
my $script = "$FindBin::Bin/unit/message_signatures_diff.mjs";

my $missing = node_missing();
plan skip_all => $missing if $missing;

(my $dir, $missing) = npm('npm', @packages);
plan skip_all => $missing if $missing;

my $keys = `node $script $dir make`;
is($?, 0, 'keys are made') or BAIL_OUT('node fails');

my $t = WebhookTest->new(files => { 'files/keys' => $keys }, conf => <<'EOF');
    webhook_provider any {
        signature  http-message covers=@method,content-digest;
        methods    POST PUT;
    }

    server {
        listen unix:%%DIR%%/app;
        return 204;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        keepalive_requests 100000;

        location / {
            webhook any;
            webhook_secret jwks:files/keys;
            proxy_pass http://unix:%%DIR%%/app:;
        }
    }
EOF

my $said = join ' ', 'node', $script, $dir, $t->port, '2000 2>&1';
my $output = `$said`;

is($?, 0, 'no difference that is not explained') or diag($output);
note($output);

my ($accepted) = $output =~ /accepted (\d+)/;

cmp_ok($accepted // 0, '>', 400, 'many are accepted');
cmp_ok($accepted // 2000, '<', 1600, 'and many are not');

$t->done;
done_testing();
