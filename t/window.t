#!/usr/bin/perl

# The window of a timestamp: the directive, the provider's rule "window" and
# the timestamp's own limits, each leaving to the next what it does not say.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Signed qw/$secret timed/;

my $now = 1_700_000_000;

my $t = WebhookTest->new(now => $now, frozen => 1, conf => <<"EOF");
    webhook_provider own {
        signature header:X-Signature;
        timestamp header:X-Time past=5m future=1m;
        message   \$webhook_timestamp.\$webhook_body;
    }

    webhook_provider rule {
        signature header:X-Signature;
        timestamp header:X-Time future=1m;
        window    10m;
        message   \$webhook_timestamp.\$webhook_body;
    }

    webhook_provider none {
        signature header:X-Signature;
        timestamp header:X-Time;
        message   \$webhook_timestamp.\$webhook_body;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook_secret "$secret";

        location /own { webhook own; proxy_pass http://%%APP%%; }
        location /past { webhook own; webhook_window 1h;
                         proxy_pass http://%%APP%%; }
        location /both { webhook own; webhook_window 1h future=2m;
                         proxy_pass http://%%APP%%; }
        location /rule { webhook rule; proxy_pass http://%%APP%%; }
        location /none { webhook none; proxy_pass http://%%APP%%; }
    }
EOF

edges('/own', 300, 60);
edges('/past', 3600, 60);
edges('/both', 3600, 120);
edges('/rule', 600, 60);

is(status('/none', -1_000_000), 202, '/none: any time');
is(status('/none', 1_000_000), 202, '/none: any time ahead');

$t->done;
done_testing();


sub edges {
    my ($uri, $past, $future) = @_;

    is(status($uri, -$past), 202, "$uri: $past s old");
    is(status($uri, -$past - 1), 403, "$uri: one more");
    is(status($uri, $future), 202, "$uri: $future s ahead");
    is(status($uri, $future + 1), 403, "$uri: one more ahead");
}


sub status {
    my ($uri, $offset) = @_;

    return $t->post($uri, 'hello', [timed($now + $offset, 'hello')])
             ->{status};
}
