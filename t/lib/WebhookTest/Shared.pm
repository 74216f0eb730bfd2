package WebhookTest::Shared;

# Hosts that share a Redis, the application behind them, and messages:
#
#     my $redis = WebhookTest::Redis->new;
#     my ($one, $two) = map { host($redis) } 1, 2;
#     delivered($one, 'a message', my $request = message());
#     known($two, 'is known to the other', $request);

use strict;
use warnings;

use Exporter qw/import/;
use IO::Select;
use Test::More;

use WebhookTest;
use WebhookTest::Signed qw/$secret signed/;
use WebhookTest::Upstream;

our @EXPORT_OK = qw/$upstream host message delivered known is_back begun
                    outcome ready/;

our $upstream = WebhookTest::Upstream->new;

my $duplicate = qq/{"status":200,"duplicate":true}\n/;
my $body = 0;


# An nginx with that Redis, which is an object or has an url.
#
# options   of webhook_redis; times that suit a slow machine unless told
# location  further directives of the location
# http      and of http
# server    and of the server
# Others are those of WebhookTest.
sub host {
    my ($redis, %want) = @_;

    my $url = ref $redis eq 'HASH' ? $redis->{url} : $redis->url;
    my $options = delete $want{options}
                  // 'timeout=3s connect_timeout=5s lease=30s';
    my ($http, $server, $location)
        = map { delete $want{$_} // '' } qw/http server location/;

    return WebhookTest->new(%want, conf => <<"EOT");
    webhook_zone   seen    4m;
    webhook_redis  shared  $url $options;
    $http

    server {
        listen      127.0.0.1:%%PORT%%;
        server_name hooks.example.com;
        $server

        location / {
            webhook         github;
            webhook_secret  "$secret";
            webhook_replay  zone=seen shared=shared;
            $location

            add_header      X-Reason \$webhook_reason always;
            proxy_pass      http://${\ $upstream->address };
        }

        location /status { webhook off; webhook_status; }
    }
EOT
}


# A message that has not been there before.
sub message {
    return signed(uri => '/', body => 'message ' . $body++);
}


# The application gets it, and takes it.
sub delivered {
    my ($t, $name, $request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $c = $t->begin($request);
    my $taken = $upstream->take;

    $upstream->answer($taken, 200) if $taken;
    is(($c->read_response // { body => 'none' })->{body}, 'said', $name);
}


# Another host knows of a message as soon as the engine does.
sub known {
    my ($t, $name, $request) = @_;
    my $response;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $t->wait_for(sub { ($response = $t->answer($request))->{status} ne '409' },
                 $name);
    is($response->{body}, $duplicate, $name);
}


# The connection is up: a message is not refused.  Nothing is left of it.
sub is_back {
    my ($t, $redis) = @_;

    my $probe = message();

    $t->wait_for(sub {
        my $c = $t->begin($probe);

        until (ready($c)) {
            $upstream->answer($upstream->take(0.05) // next, 500);
        }

        return $c->read_response->{status} == 500;
    }, 'Redis');
    $t->wait_for(sub { !grep { ($_ // '') =~ /^o/ }
                            values %{ $redis->messages } }, 'the release');
}


# The application has a message, and has not answered: the connection of its
# sender, and what the application has.
sub begun {
    my ($t, $request) = @_;

    my $c = $t->begin($request);

    return ($c, $upstream->take // die "nothing comes to the application\n");
}


# Status, reason and Retry-After in one text.
sub outcome {
    my ($response) = @_;

    return join ' ', $response->{status},
                     grep { defined } @{ $response->{header} }
                                      {qw/x-reason retry-after/};
}


# An answer is there to be read.
sub ready {
    my ($c) = @_;

    return IO::Select->new($c->{socket})->can_read(0);
}


1;
