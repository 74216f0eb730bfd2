#!/usr/bin/perl

# What nginx -t says to zones and to "webhook_replay".

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


# zones and replay protection

http_says('webhook_zone seen; #<', 'invalid number of arguments in '
          . '"webhook_zone" directive in @');
http_says('webhook_zone "" 1m; #<',
          '"webhook_zone" directive has an empty name in @');
http_says('webhook_zone seen big; #<', 'invalid size "big" of the zone '
          . '"seen", it is like "10m" in @');
http_says('webhook_zone seen 32767; #<', 'the zone "seen" is too small, give '
          . 'it at least 32768 bytes in @');
http_says("webhook_zone seen 1m;\nwebhook_zone seen 1m; #<",
          'the zone "seen" is defined twice in @');
location_says('webhook_zone seen 1m; #<',
              '"webhook_zone" directive is not allowed here in @');
http_says('webhook_zone seen 32k; webhook_zone other 1m;');

my $zone = 'webhook_zone seen 1m;';
my $replay = sub {
    my ($words, $expected, $more) = @_;

    location_says("webhook github; $good\n webhook_replay $words; #<",
                  $expected, $zone . ($more // ''));
};

$replay->('', 'invalid number of arguments in "webhook_replay" directive in @');
$replay->('ttl=1h', '"webhook_replay" directive needs the name of a '
          . '"webhook_zone", like "zone=seen" in @');
$replay->('zone=seem', 'unknown zone "seem" of "webhook_replay" in @, define '
          . 'it with "webhook_zone seem 10m;"');
for my $option (qw/ttl hold/) {
    $replay->("zone=seen $option=$_", "invalid time \"$_\", it is like 30s, 5m "
              . 'or 1h in @')
        for qw/-1 x 1x/;
    $replay->("zone=seen $option=0", 'invalid time "0", it cannot be 0 in @');
}
$replay->("zone=seen duplicate=$_", "unknown duplicate \"$_\" in "
          . '"webhook_replay", it can be 200, 409 in @')
    for qw/201 x 0/;
$replay->('zone=seen key=delivery', '"key=delivery" has no variable, all '
          . 'messages would be one in @');
location_says('webhook gitlab; webhook_secret 0123456789abcdef; '
              . 'webhook_replay zone=seen key=$none;',
              'unknown "none" variable', $zone);
$replay->('zone=seen seen', 'unknown option "seen" of "webhook_replay", it '
          . 'takes off, zone=NAME, ttl=TIME, key=VALUE, scope=NAME, '
          . 'tenant=VALUE, hold=TIME, shared=NAME, duplicate=STATUS in @');
$replay->("zone=seen $_->[0]", qr/^unknown option "$_->[0]" \(did you mean "$_->[1]"\?\) /)
    for ['zon=seen', 'zone='], ['TTL=1h', 'ttl='];
$replay->("zone=seen $_ $_", "option \"$_\" of \"webhook_replay\" is the "
          . 'second of its name in @')
    for qw/zone=seen ttl=1h duplicate=409 key=$uri scope=a tenant=$host
           hold=1m/;
$replay->("zone=seen scope=", 'option "scope=" of "webhook_replay" has no '
          . 'value, one with ";" goes in quotes, like "scope=;" in @');
$replay->($_, qr/^"\$" in "a\$host" of "webhook_replay", there can be no /)
    for 'zone=seen scope=a$host', 'zone=a$host';
$replay->("zone=seen tenant=a$_", "\"$_\" in \"tenant=a$_\" is filled by "
          . "whoever sends the request, so a message could be sent again as "
          . 'another tenant\'s, let a "map" choose it in @')
    for qw/$arg_tenant $http_x_tenant $HTTP_x $request_uri $args
           $webhook_event/;
$replay->($_,
          '"webhook_replay" directive has "off" beside other values in @')
    for 'off zone=seen', 'zone=seen off';
$replay->('off off', 'option "off" of "webhook_replay" is the second of its '
          . 'name in @');
$replay->('OFF', qr/^unknown option "OFF" \(did you mean "off"\?\) /);
$replay->("zone=seen;\n webhook_replay off",
          '"webhook_replay" directive is duplicate in @');
$replay->($_) for 'zone=seen', 'off', 'zone=seen ttl=1s duplicate=200',
    'zone=seen key=$webhook_body_sha256',
    'zone=seen scope=a tenant=$host hold=1m', 'zone=seen tenant=a';

# a key that the sender does not sign
my $unsigned = sub {
    my ($provider, $key, $expected, @http) = @_;

    # long enough also where it is Base64
    my $more = 'webhook_secret 0123456789abcdef0123456789abcdef;';
    $more .= ' webhook_public_url https://a;' if "@http" =~ /webhook_url/;

    location_says("webhook $provider; $more\n webhook_replay zone=seen "
                  . "key=$key; #<", $expected && "\"$expected\" in \"key=\" of "
                  . '"webhook_replay" in @ is not signed by "webhook '
                  . "$provider\", and a captured message could be sent again "
                  . 'with another one: this key is not used for its messages',
                  $zone, @http);
};

$unsigned->('github', '$webhook_id', '$webhook_id');
$unsigned->('github', '${webhook_id}', '$webhook_id');
$unsigned->('github', '$http_x_github_delivery', '$http_x_github_delivery');
$unsigned->('github', '$webhook_event$webhook_body_sha256', '$webhook_event');
$unsigned->('github', '$arg_x', '$arg_x');
$unsigned->('standard-webhooks', '$webhook_id');
$unsigned->('standard-webhooks', '$webhook_timestamp');
$unsigned->('circleci', '$webhook_id');
$unsigned->('gitlab', '$webhook_id');
$unsigned->('own', '$http_x_id', undef, 'webhook_provider own { '
            . 'signature header:X-S; message $http_x_id.$webhook_body; }');
$unsigned->('own', '$http_x_id', '$http_x_id', 'webhook_provider own { '
            . 'signature header:X-S; message $http_x_i.$webhook_body; }');
$unsigned->('own', '$webhook_id', undef, 'webhook_provider own { signature '
            . 'header:X-S; id query:id; message "$webhook_url $webhook_body"; }');

# what a piece of the body could go to, or of what is beside it
$unsigned->('own', '$webhook_id', '$webhook_id', 'webhook_provider own { '
            . 'signature header:X-S; id query:id; message '
            . '$webhook_url.$webhook_body; }');
$unsigned->('own', '$webhook_id', '$webhook_id', 'webhook_provider own { '
            . 'signature header:X-S; id form:id; body form-sorted; }');

# of two headers that are covered one may be written in several ways
my $covers = 'webhook_provider own { signature http-message algorithm='
    . 'hmac-sha256 covers=content-digest,x-id; id header:';

$unsigned->('own', '$http_x_id$webhook_id', undef, "${covers}X-Id; }");
$unsigned->('own', $_, $_, "${covers}Content-Digest; }")
    for qw/$http_content_digest $webhook_id/;

$unsigned->('github', "\$$_", "\$$_")
    for qw/uri args host cookie_x query_string is_args content_type
           content_length request request_method remote_user document_uri/;

# what can be looked into, and what cannot
my $made = 'map $uri $mapped { default x; } webhook_var $member /a;';

$unsigned->('github', "\$$_", "\$$_", $made)
    for qw/mapped pid bytes_sent webhook_url webhook_secret_index/;
$unsigned->('github', "\$$_", undef, $made)
    for qw/member MEMBER webhook_body_sha256 server_name hostname
           webhook_provider/;
$unsigned->('gitlab', "\$$_", undef, $made) for qw/mapped member pid/;
$unsigned->($_, '$member', '$member', $made) for qw/mailgun adyen/;
$unsigned->($_, '$webhook_body_sha256', '$webhook_body_sha256')
    for qw/mailgun forgejo-form/;
$unsigned->('own', '$mapped', undef, "$made webhook_provider own { "
            . 'signature header:X-S; message $mapped.$webhook_body; }');

# of a token that serves any body, what is in the body
for (['id json:/id;', '$webhook_id', 1], ['id claim:/jti;', '$webhook_id', 0],
     ['', '$webhook_body_sha256', 1], ['', '$member', 1])
{
    my ($id, $key, $open) = @$_;

    $unsigned->('own', $key, $open ? $key : undef, 'webhook_claim /aud us; '
                . "webhook_var \$member /a; webhook_provider own { $id signature "
                . 'bearer algorithm=jwt-hs256 body_digest=none; }');
}

for my $from ('location ~ ^/(?<part>.*)$', 'location ~ ^/(.*)$') {
    my $name = $from =~ /part/ ? 'part' : 1;

    server_says("$from { webhook github; $good\n webhook_replay zone=seen "
                . "scope=s key=\$$name; }", [qr/^"\$$name" in "key=" .* not signed/],
                $zone);
}

# a sender whose equal messages are no copies
my $does_nothing = sub {
    my ($provider, $options, $warned) = @_;

    location_says("webhook $provider; $good\n webhook_replay zone=seen "
                  . "$options; #<", $warned && '"webhook_replay" in @ does '
                  . "nothing for \"webhook $provider\": nothing tells a copy "
                  . 'from one of the equal messages that this sender sends, '
                  . 'unless you have a "key=" that does', $zone);
};

$does_nothing->('alertmanager', '', 1);
$does_nothing->('alertmanager', 'key=$webhook_body_sha256');
$does_nothing->('dropbox', '', 1);
$does_nothing->('github', '');

# a message at two URLs, of which the sender signs none
my $many = sub {
    my ($location, $options, $warned, $provider, $http) = @_;

    my $name = $provider // 'github';
    my $secret = $options =~ s/^(webhook_secret.*?;)// ? $1 : $good;

    server_says("location $location {\n webhook $name; #<\n $secret\n"
                . " webhook_public_url https://a;\n" x ($name eq 'url')
                . " webhook_replay zone=seen $options;\n}", [$warned
                ? "\"webhook $name\" in @ does not sign the URL, so "
                . '"webhook_replay" takes what comes to two URLs of this '
                . 'location for one message, use an exact location, "location '
                . '= /path", or say by "scope=" that they are one place, or by '
                . '"key=" what tells messages apart' : ()], $zone . ($http // ''));
};

$many->($_, '', 1) for '/', '/hooks/', '^~ /hooks/', '~ ^/hooks/';
$many->('= /hooks/github', '');
$many->('@hooks', '');
$many->('/', $_) for 'scope=a', 'tenant=$host', 'key=$webhook_body_sha256';
$many->('/', '', 1, 'own', 'webhook_provider own { token bearer; }');
$many->('/', '', 1, 'own', 'webhook_provider own { signature header:S; '
        . 'replay key=body; }');
$many->('/', '', 0, 'own', 'webhook_provider own { signature header:S; '
        . 'id json:/id; replay key=$webhook_id; }');
$many->('/', 'webhook_secret $by_path;', 0, 'github',
        'map $uri $by_path { default 0123456789abcdef; }');
$many->('/', '', 0, 'url', 'webhook_provider url { signature header:S; '
        . 'message "$webhook_url $webhook_body"; }');
$many->('/', 'webhook_secret 0123456789abcdef;', $_->[0], 'own',
        'webhook_provider own { signature http-message algorithm=hmac-sha256 '
        . "covers=content-digest,$_->[1]; }")
    for [0, '@path'], [0, '@request-target'], [1, '@query'], [1, '@method'];
$many->('/', '', 0, 'own', 'webhook_provider own { signature header:S; '
        . 'message "$request_uri $webhook_body"; }');
server_says("location /a { webhook github; $good webhook_replay zone=seen;\n"
            . 'location = /a/b { } }', [], $zone);
server_says("location = /a { webhook github; $good webhook_replay zone=seen;\n"
            . 'if ($arg_a) { set $a 1; } }', [], $zone);

# one place with two meanings
my $place = sub {
    my ($first, $second, $name) = @_;

    http_says("$zone map \$uri \$v { default x; }\n"
              . "server { listen 127.0.0.1:1; server_name a; location = /a { "
              . "webhook $first } }\n"
              . "server { listen 127.0.0.1:2; server_name a; location = /a { "
              . "webhook $second } }",
              $name ? qr/^"webhook $name" in .* are one place .*"scope=NAME"/
                    : ());
};

my $seen = 'webhook_replay zone=seen';

$place->("github; $good $seen;", "github; $good $seen;");
$place->("github; webhook_secret 'x\$v'; $seen;",
         "github; webhook_secret 'x\$v'; $seen;");
$place->("github; $good $seen;", "gitea; $good $seen;", 'github');
$place->("github; $good $seen;", "github; webhook_secret fedcba9876543210; "
         . "$seen;", 'github');
$place->("github; $good $seen;", "github; $good $seen ttl=1h;", 'github');
$place->("github; $good $seen tenant=a;", "github; $good $seen tenant=b;",
         'github');
$place->("github; $good $seen;", "github; $good webhook_secret "
         . "fedcba9876543210; $seen;", 'github');
$place->((map { "stackstorm; webhook_secret 0123456789abcdef for=$_->[0]; "
                . "webhook_secret 0123456789abcdef for=$_->[1]; $seen "
                . 'key=$http_x;' }
          ['token', 'api-key'], ['api-key', 'token']), 'stackstorm');
$place->("github; webhook_secret $_->[0]; $seen;",
         "github; webhook_secret $_->[1]; $seen;", 'github')
    for ["'x\$v'", "'y\$v'"], ["'x\$v'", '0123456789abcdef'],
        ["'\$v' decode=hex", "'\$v'"];
$place->("github; $good $seen key=\$webhook_body_sha256;", "github; $good $seen;",
         'github');
$place->("github; $good $seen scope=a;", "gitea; $good $seen scope=b;");
$place->("github; $good $seen;", "gitea; $good $seen scope=b;");
$place->("github; $good $seen;", "gitea; $good");

# a time to live that is too short
my $brief = sub {
    my ($provider, $ttl, $seconds) = @_;

    location_says("webhook $provider; $good\n webhook_replay zone=seen "
                  . "ttl=$ttl; #<", $seconds && '"ttl=" of "webhook_replay" in '
                  . "\@ is shorter than the $seconds seconds for which a message "
                  . "of \"webhook $provider\" is valid, and it could be sent "
                  . 'again in between', $zone);
};

$brief->('slack', '599s', 600);
$brief->('slack', '600s');
$brief->('stripe', '599s', 600);
$brief->('linear', '119s', 120);
$brief->('github', '1s');

# one warning for one directive
http_says("$zone webhook_replay zone=seen key=\$webhook_id; #<\n server { listen "
          . "127.0.0.1:1; webhook github; $good location = /a { } location = /b { "
          . 'webhook_max_body 1k; webhook_ack 200; } }',
          qr/^"\$webhook_id" in "key=" of "webhook_replay" in @ is not signed/);

# for each provider, and for each window of one
http_says("$zone webhook_replay zone=seen ttl=10m key=\$webhook_id; #<\n "
          . 'webhook_provider one { signature header:X-1; id header:X; } '
          . 'webhook_provider two { signature header:X-2; id header:X; '
          . 'timestamp header:T past=5m; message $webhook_timestamp.$webhook_body; } '
          . 'server { listen 127.0.0.1:1; webhook one two; '
          . 'webhook_secret 0123456789abcdef for=one; '
          . 'webhook_secret fedcba9876543210 for=two; '
          . 'location = /a { } location /b { location = /b/c { } } '
          . 'location = /d { webhook_window 1h; } '
          . 'location = /e { webhook_window 1h; webhook_max_body 1k; } }',
          qr/^"\$webhook_id" .* is not signed by "webhook one",/,
          qr/^"\$webhook_id" .* is not signed by "webhook two",/,
          qr/^"ttl=" .* is shorter than the 7200 seconds .* "webhook two"/);

# a variable of the key that each request has anew
location_says("webhook stackstate;\n $good\n webhook_replay zone=seen key=$_; #<",
    "\"$_\" in \"key=$_\" is another one in each request, so nothing will be "
    . 'a copy in @', 'webhook_zone seen 1m;')
    for '$request_id', '$msec', '$connection', '$time_iso8601';

# a variable of the key that no rule fills
location_says("webhook own;\n $good\n webhook_replay zone=seen "
    . "key=\$webhook_$_; #<",
    "\"\$webhook_$_\" in \"key=\" of \"webhook_replay\" in \@ is always empty "
    . "for \"webhook own\", which has no rule \"$_\"",
    'webhook_zone seen 1m; webhook_provider own { token header:X; }')
    for qw/id event timestamp/;

# Senders with one secret and several names for a message

{
    my @rules = ('', 'replay ttl=1h;', 'replay key=body;',
                 'replay key=body ttl=1h;', 'replay off;',
                 'replay key=$webhook_id;', 'replay key=$webhook_id ttl=1h;');

    my $name = sub { $_[0] =~ /(key=\S+?|off)[ ;]/ ? $1 : '' };

    for my $one (@rules) {
        for my $two (@rules) {
            my @own = map { "webhook_provider own$_->[0] { signature "
                            . "header:X-$_->[0]; id json:/id; $_->[1] }" }
                      [1, $one], [2, $two];
            my $differs = $name->($one) ne $name->($two);

            server_says("location = /a { webhook own1 own2; $good\n "
                . "webhook_replay zone=seen; #<\n }",
                [$differs ? map({ '"webhook_replay" in @ goes by what is '
                    . "signed for \"webhook own$_->[0]\": \"own$_->[1]\" has "
                    . 'the same secret and names messages in another way, give '
                    . 'each a secret of its own' } [1, 2], [2, 1])
                 : $name->($one) eq 'off' ? map({ qr/ does nothing for "webhook own$_"/ }
                                             1, 2) : ()],
                'webhook_zone seen 1m;', @own);
        }
    }
}

# the same key, and what it is made of in another place
for (['id json:/id;', 'id json:/id;'], ['id json:/id;', 'id json:/other;', 1],
     ['id json:/id;', 'id json:/id form:id;', 1], ['id json:/id;', '', 1],
     ['id json:/a; event json:/b;', 'id json:/a; event json:/c;', 1],
     ['id json:/a; event json:/b;', 'event json:/b; id json:/a;'],
     ['id json:/a; timestamp json:/t;', 'id json:/a; timestamp json:/u;', 1],
     ['id header:I; message $webhook_id.$webhook_body;',
      'id header:i; message $webhook_id.$webhook_body;'],
     ['id header:I; message $webhook_id.$webhook_body;',
      'id header:I; message $webhook_id:$webhook_body;', 1],
     ['id json:/id;', 'id json:/id; body form:payload;'],
     ['id json:/id;', 'id json:/id; message a.$webhook_body;', 1],
     ['id header:I; message $webhook_id.$webhook_body;',
      'id header:J; message $webhook_id.$webhook_body;', 1])
{
    my ($one, $two, $differs) = @$_;
    my $parts = '$webhook_id' . ($one =~ /event/ ? '$webhook_event' : '')
                . ($one =~ /time/ ? '$webhook_timestamp' : '');

    for my $rule ('', "replay key=$parts;") {

        next if $rule && !$two;

        my @own = map { "webhook_provider own$_->[0] { signature "
                        . "header:X-$_->[0]; $_->[1] $rule }" }
                  [1, $one], [2, $two];
        my $key = $rule ? '' : "key=$parts";
        my @expected = $differs
            ? map({ qr/ goes by what is signed for "webhook own$_"/ } 1, 2) : ();

        push @expected, qr/^"\$webhook_id" .* is always empty/ if !$two;

        server_says("location = /a { webhook own1 own2;\n"
            . " webhook_secret 0123456789abcdef for=own1;\n"
            . " webhook_secret 0123456789abcdef for=own2;\n"
            . " webhook_replay zone=seen $key; #<\n }",
            [@expected], 'webhook_zone seen 1m;', @own);
    }
}

done_testing();
