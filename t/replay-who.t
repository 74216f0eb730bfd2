#!/usr/bin/perl

# webhook_replay: whose message it is, and what becomes of a message whose
# sender has gone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use Test::More;

use WebhookTest;
use WebhookTest::Upstream;

my ($one, $two) = ('a secret of the first one', 'a secret of the second');
my $rotated = 'a new secret of the first';
my $upstream = WebhookTest::Upstream->new;
my $no_http3 = WebhookTest::no_http3();
my $http3 = $no_http3 ? ''
    : 'listen 127.0.0.1:%%TLS_PORT%% ssl; '
      . 'listen 127.0.0.1:%%TLS_PORT%% quic; '
      . 'ssl_certificate %%DIR%%/server.pem; '
      . 'ssl_certificate_key %%DIR%%/server.key;';

my $conf = sub {
    my (%want) = @_;

    my $before = $want{before} // '';
    my $first = $want{first} // $one;

    return <<"EOF";
    webhook_zone seen 1m;

    map \$arg_tenant \$tenant { one one; two two; }
    map \$arg_tenant \$tenant_secret { one "$first"; two "$two"; }

    webhook_provider token { token header:X-Token; }
    webhook_provider plain { signature header:X-Signature; }
    webhook_provider list { signature header:X-Signature list=,; }
    webhook_provider retried {
        signature header:X-Signature;
        timestamp header:X-Time;
        message   \$webhook_timestamp.\$webhook_body;
        replay    key=body;
    }
    webhook_provider numbered {
        signature header:X-Signature;
        id        json:/id;
        replay    key=\$webhook_id;
    }

    webhook_provider longer {
        signature header:X-Longer;
        id        json:/id;
        replay    key=\$webhook_id ttl=7d;
    }

    $before

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%PORT_2%% http2;
        $http3
        server_name who;
        webhook_replay zone=seen;

        location /variable { webhook plain; webhook_secret \$tenant_secret;
                             proxy_pass http://%%APP%%; }
        location /named { webhook plain; webhook_secret \$tenant_secret;
                          webhook_replay zone=seen tenant=\$tenant;
                          proxy_pass http://%%APP%%; }
        location /token { webhook token; webhook_secret "$one";
                          webhook_secret "$two";
                          proxy_pass http://%%APP%%; }
        location /list { webhook list; webhook_secret "$one";
                         webhook_secret "$two"; proxy_pass http://%%APP%%; }
        location /retried { webhook retried; webhook_secret "$one";
                            proxy_pass http://%%APP%%; }
        location /numbered { webhook numbered; webhook_secret "$one";
                             proxy_pass http://%%APP%%; }
        location /both { webhook numbered longer; webhook_secret "$one";
                         proxy_pass http://%%APP%%; }
        location /mapped { webhook plain; webhook_secret "$one";
                           webhook_replay zone=seen key=\$tenant;
                           proxy_pass http://%%APP%%; }
        location ~ ^/part/(?<part>.*) {
            webhook plain; webhook_secret "$one";
            webhook_replay zone=seen key=\$part;
            proxy_pass http://%%APP%%; }
        location /held { webhook plain; webhook_secret "$one";
                         webhook_replay zone=seen hold=1s;
                         proxy_pass http://${\ $upstream->address }; }
        location /long { webhook plain; webhook_secret "$one";
                         proxy_pass http://${\ $upstream->address }; }
    }
EOF
};

my $t = WebhookTest->new(conf => $conf->());

my $sign = sub {
    my ($uri, $body, @secrets) = @_;

    return { method => 'POST', uri => $uri, body => $body,
             headers => [['X-Signature', join ',', map {
                 hmac_sha256_hex($body, $_) } @secrets]] };
};

my $token = sub {
    return { method => 'POST', uri => '/token', body => 'same',
             headers => [['X-Token', $_[0]]] };
};


# Two of them, the same bytes

for my $uri ('/variable', '/named') {
    my ($first, $second) = ($sign->("$uri?tenant=one", 'same', $one),
                            $sign->("$uri?tenant=two", 'same', $two));

    is($t->status($first), 202, "$uri: a message of one tenant");
    is($t->status($second), 202, 'the same of another');
    is($t->status($_), 200, 'a copy') for $first, $second;
}

is($t->status($token->($_)), 202, 'a message by one token, and by the other')
    for $one, $two;
is($t->status($token->($_)), 200, 'a copy of either') for $one, $two;

# one sender with two rules that differ in how long they remember: the id is
# the name to both
is($t->status($sign->('/both', $_->[0], $one)), $_->[1], "two rules: $_->[0]")
    for ['{"id":1,"try":1}', 202], ['{"id":1,"try":2}', 200],
        ['{"id":2}', 202];
is($t->status({ method => 'POST', uri => '/both', body => '{"id":2,"b":1}',
                headers => [['X-Longer', hmac_sha256_hex('{"id":2,"b":1}',
                                                         $one)]] }), 200,
   'two rules: as a message of the other');

# several secrets of one sender
is($t->status($sign->('/list', 'same', $one, $two)), 202, 'two signatures');
is($t->status($sign->('/list', 'same', $_)), 200, 'one has been taken away')
    for $one, $two;


# What the rule of the provider says

my $retry = sub {
    my ($time, $body) = @_;

    return { method => 'POST', uri => '/retried', body => $body,
             headers => [['X-Time', $time], ['X-Signature',
                         hmac_sha256_hex("$time.$body", $one)]] };
};

is($t->status($retry->(1700000000, 'one')), 202, 'key=body: a message');
is($t->status($retry->(1700000001, 'one')), 200, 'with another time a copy');
is($t->status($retry->(1700000001, 'two')), 202, 'another body');

my $id = sub { $sign->('/numbered', $_[0], $one) };

is($t->status($id->('{"id":1}')), 202, 'a number as an id');
is($t->status($id->('{"id":1,"a":1}')), 200, 'again');
is($t->status($id->('{"id":"1"}')), 202, 'the same as a string');
is($t->status($id->('{"id":2,"id":3}')), 422, 'two of them');
is($t->status($id->('{"a":1}')), 202, 'none');
is($t->status($id->('{"a":2}')), 202, 'none in another body');
is($t->status($id->('{"a":2}')), 200, 'which is known by itself');


# A key that the request chooses by way of another variable

is($t->status($sign->("/mapped?tenant=one", 'mapped', $one)), 202, 'a message');
is($t->status($sign->("/mapped?tenant=two", 'mapped', $one)), 200,
   'with another value of a map it is a copy');
is($t->status($sign->("/mapped?tenant=one", 'other', $one)), 202,
   'with the same one another body is none');
is($t->status($sign->('/part/a', 'captured', $one)), 202, 'another message');
is($t->status($sign->('/part/b', 'captured', $one)), 200,
   'with another part of the path it is a copy');


# A sender that has gone

my $held = $sign->('/held', 'held', $one);
my $long = $sign->('/long', 'long', $one);
my ($c, $taken);

for ($held, $long) {
    $c = $t->begin($_);
    $taken = $upstream->take;
    $c->close;
}

$t->wait_for(sub { ($t->answer($long)->{header}{'retry-after'} // 0) > 1 },
             'the message to be held');
is($t->status($long), 409, 'a copy of it is told to wait');
cmp_ok($t->answer($long)->{header}{'retry-after'}, '<=', 30,
       'for half a minute');

# what sends a whole request and says how to take it back
my %streams = (
    2 => sub {
        my $h2 = WebhookTest::HTTP2->new($t->connection(port => 'PORT_2'));

        $h2->begin(%{ $_[0] });
        $h2->send_body;

        return sub { $h2->reset };
    },
    3 => sub {
        my $h3 = $t->http3;
        my $id = $h3->begin(%{ $_[0] });

        $h3->data($id, $_[0]{body});
        $h3->end($id);
        $h3->{quic}->flush;

        # nginx looks at no reset of a stream that has ended
        return sub { $h3->close };
    },
);

note("HTTP/3 is not asked: $no_http3") if $no_http3;

for my $version (2, $no_http3 ? () : 3) {
    my $stream = $sign->('/long', "a stream of HTTP/$version", $one);
    my $take_back = $streams{$version}->($stream);

    $taken = $upstream->take;
    ok($taken, "a message by HTTP/$version");
    $take_back->();
    $t->wait_for(sub {
        ($t->answer($stream)->{header}{'retry-after'} // 0) > 1
    }, 'it to be held when it is taken back');
    is($t->http2(port => 'PORT_2', %$_)->{status}, 409, 'each further try waits')
        for ($stream, $long) x 3;
}

ok(!$upstream->take(0.1), 'and the application has had them once');

is(scalar(() = $t->error_log =~ /use "proxy_ignore_client_abort on"/g), 1,
   'the error log says once what to do');

$t->wait_for(sub {
    $c = $t->begin($held);
    $taken = $upstream->take(0.2);
}, 'the hold to be over');

$upstream->answer($taken, 200);
is($c->read_response->{body}, 'said', 'then it is free');
is($t->status($held), 200, 'and taken');
ok(!$upstream->take(0.1), 'for good');


# What comes and goes around it

my %killed = map { $_ => 1 } $t->workers;

kill 'KILL', keys %killed;
$t->wait_for(sub { grep { !$killed{$_} } $t->workers }, 'a new worker');
is($t->status($long), 409, 'a killed worker lets go of nothing that is held');

$t->configure($conf->(first => $rotated, before => 'server { listen '
    . '127.0.0.1:%%PORT_1%%; server_name who; location / { return 404; } } '
    . 'server { listen 127.0.0.1:%%PORT_1%%; server_name another; }'));
$t->reload;

is($t->status($long), 409, 'nor does a reload');
is($t->status($token->($one)), 200, 'other servers change nothing');
is($t->status($sign->('/named?tenant=one', 'same', $rotated)), 200,
   'nor does a new secret of a tenant who has a name');
is($t->status($sign->('/variable?tenant=one', 'same', $rotated)), 202,
   'of one who has none it does');

$t->done(allow => qr/exited on signal 9/);
done_testing();
