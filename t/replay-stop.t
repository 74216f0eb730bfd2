#!/usr/bin/perl

# webhook_replay: a stop with messages that are on their way, and held.  What
# is on its way is finished by QUIT and broken off by TERM; neither waits for
# what is held; and what was known is forgotten, as by every restart.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Signed qw/$secret signed/;
use WebhookTest::Upstream;

my $upstream = WebhookTest::Upstream->new;

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_zone seen 1m;

    server {
        listen 127.0.0.1:%%PORT%%;
        location = /hook {
            webhook         github;
            webhook_secret  "$secret";
            webhook_replay  zone=seen;
            proxy_pass      http://${\ $upstream->address };
        }
    }
EOF

for my $signal (qw/QUIT TERM/) {
    my ($way, $held) = map { signed(uri => '/hook', body => "$_ $signal") }
                       'on its way', 'held';

    my $never_answered = hold($held);

    my $c = $t->begin($way);
    my $taken = $upstream->take;

    is($t->status($way), 409, "$signal: a copy waits for what is on its way");
    $t->signal($signal);

    if ($signal eq 'QUIT') {
        $t->wait_for(sub { $t->error_log =~ /gracefully shutting down/ },
                     'the worker to shut down');
        $upstream->answer($taken, 200);
        is($c->read_response->{body}, 'said', "$signal: that is finished");

    } else {
        is($c->read_response, undef, "$signal: that is broken off");
    }

    $c->close;
    ok(WebhookTest::end_of(delete $t->{pid}, 5 * $WebhookTest::patience),
       "$signal: nginx ends, whatever is held");

    $t->start;
    forgotten($signal, $way, $held);
}

$t->done;
done_testing();


# A message whose sender has gone; what the application has.
sub hold {
    my ($message) = @_;

    my $c = $t->begin($message);

    my $taken = $upstream->take;

    $c->close;
    $t->wait_for(sub { ($t->answer($message)->{header}{'retry-after'} // 0)
                       > 1 }, 'the message to be held');

    return $taken;
}


# After the start these are new, and then known.
sub forgotten {
    my ($signal, @messages) = @_;

    for (@messages) {
        my $c = $t->begin($_);

        $upstream->answer($upstream->take, 200);
        is($c->read_response->{body}, 'said', "$signal: forgotten: $_->{body}");
        is($t->status($_), 200, 'and known again');
        ok(!$upstream->take(0.1), 'not by the application');
    }
}
