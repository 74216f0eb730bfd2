#!/usr/bin/perl

# What nginx -t says: each error and each warning in one line, with the file,
# the line and the remedy; and what it takes without a word.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use Test::More;

use WebhookTest;

my $secrets = File::Temp->newdir;
my $ca = WebhookTest::ca("$secrets", 'ca');
my $server = WebhookTest::cert($ca, subject => '/CN=localhost');

my $good = 'webhook_secret 0123456789abcdef;';
my $other = 'webhook_challenge_secret fedcba9876543210;';
my $tls = "ssl_certificate $server->{cert}; "
    . "ssl_certificate_key $server->{key};";
my $asks = "$tls ssl_verify_client optional; ssl_client_certificate "
    . "$ca->{cert};";


# Directives

my $known = join ' ', map { m{([^/]+)\.conf$} } sort glob
            "$FindBin::Bin/../providers/*.conf";

location_says("webhook githb; $good #<", "unknown provider \"githb\" in \@, "
    . "it is neither defined by \"webhook_provider\" nor one of: $known");
location_says("webhook GitHub; $good #<", qr/^unknown provider "GitHub" in \@/);
location_says('webhook ""; #<', qr/^unknown provider "" in \@/);
location_says("webhook github;\n $good webhook gitlab; #<",
              '"webhook" directive is duplicate in @');
location_says("webhook github;\n webhook github; #<",
              '"webhook" directive is duplicate in @');
location_says('webhook; #<',
              'invalid number of arguments in "webhook" directive in @');
location_says('webhok github; #<', 'unknown directive "webhok" in @');
location_says('webhook_secrets a; #<',
              'unknown directive "webhook_secrets" in @');
location_says("set \$x 1;\n if (\$x) {\n webhook github; #<\n }",
              '"webhook" directive is not allowed here in @');
location_says("limit_except GET {\n webhook github; #<\n }",
              '"webhook" directive is not allowed here in @');

location_says('webhook github; #<',
              '"webhook github" in @ needs a "webhook_secret"');
location_says("webhook netdata-basic; #<\n $other",
              '"webhook netdata-basic" in @ needs a "webhook_secret"');

for my $word ('', 'a b c d') {
    location_says("webhook_secret $word; #<", 'invalid number of arguments '
        . 'in "webhook_secret" directive in @');
}

for my $directive (qw/webhook_secret webhook_challenge_secret/) {
    my $end = "webhook github;\n"
        . ($directive eq 'webhook_secret' ? '' : $good);
    my $says = sub { location_says("$end\n $directive $_[0]; #<", $_[1]) };

    $says->('""', "\"$directive\" is empty, anybody would know it in \@");
    $says->('"" decode=hex',
            "\"$directive\" is empty, anybody would know it in \@");
    $says->("file:$secrets/none", "secret file \"$secrets/none\" cannot "
        . 'be opened (2: No such file or directory) in @');
    $says->($_, "\"$directive\" is the name of a file and can be guessed, for "
            . 'what is in the file write "file:" in front in @')
        for secret_file(path => '0123456789abcdef'), './nginx.conf';
    $says->('file:', 'no path behind "file:" of a secret in @');
    $says->("file:$secrets", "secret file \"$secrets\" is not a file of at "
        . 'most 65536 bytes in @');
    $says->('file:' . secret_file(big => 'x' x 65537), "secret file "
        . "\"$secrets/big\" is not a file of at most 65536 bytes in \@");
    $says->('file:' . secret_file("empty$_" => $_),
            "\"$directive\" is empty, anybody would know it in \@")
        for '', "\n", "\r\n";
    $says->('env:WEBHOOK_TEST_NONE', 'no variable "WEBHOOK_TEST_NONE" in the '
        . 'environment that nginx was started with in @');
    $says->('env:', 'no variable "" in the environment that nginx was '
        . 'started with in @');

    {
        local $ENV{WEBHOOK_TEST_EMPTY} = '';
        $says->('env:WEBHOOK_TEST_EMPTY',
                "\"$directive\" is empty, anybody would know it in \@");
    }

    $says->("$_ decode=hex",
            "\"$directive\" is not hex, as its \"decode=\" says in \@")
        for '0123456789abcdeg0123456789abcdef', '0123456789abcdef0',
            '"01 23456789abcdef"', '0x0123456789abcdef';
    $says->("$_ decode=base64",
            "\"$directive\" is not base64, as its \"decode=\" says in \@")
        for 'MDEyMzQ1Njc4OWFiY2RlZg', 'MDEyMzQ1Njc4OWFiY2RlZh==', '====',
            'MDEyMzQ1Njc4OWFi_2RlZg==', '"MDEy MzQ1Njc4OWFi"';

    my $options = "unknown option of \"$directive\", it takes "
        . '"decode=text", "decode=hex", "decode=base64" and "for=NAME"; a '
        . 'secret with blanks needs quotes in @';

    $says->("0123456789abcdef $_", $options)
        for 'decode=HEX', 'decode=', 'decode=base64url', 'encoding=hex',
            'for=', 'second-word';
    $says->('$webhook_test_none', 'unknown "webhook_test_none" variable');
    $says->('$webhook_test_none decode=hex',
            'unknown "webhook_test_none" variable');
}

location_says('webhook_challenge_secret; #<', 'invalid number of arguments '
    . 'in "webhook_challenge_secret" directive in @');
location_says("$other\n $other #<",
              '"webhook_challenge_secret" directive is duplicate in @');
location_says('webhook_challenge_secret 0123456789abcdef for=x; #<',
              '"webhook_challenge_secret" directive takes no "for=" in @');
my $unknown = 'no provider that needs a secret and no token rule has this name';

location_says("webhook github; #<\n webhook_secret 0123456789abcdef for=key;",
              '"webhook_secret" with "for=key", but in "webhook github" in @ '
              . $unknown);
location_says("webhook own; #<\n webhook_secret 0123456789abcdef for=sig;",
              '"webhook_secret" with "for=sig", but in "webhook own" in @ '
              . $unknown, 'webhook_provider own { token bearer for=token; }');
location_says("webhook own; #<\n webhook_secret 0123456789abcdef for=token;",
              '"webhook own" in @ has no "webhook_secret" for its '
              . 'signatures, give one with "for=own"',
              'webhook_provider own { token bearer for=token; '
              . 'signature header:X-Signature; }');
location_says("webhook own; #<\n webhook_secret 0123456789abcdef for=own;",
              '"webhook_secret" with "for=own", but in "webhook own" in @ a '
              . 'provider and a token rule have this name',
              'webhook_provider own { token bearer for=own; }');
location_says("webhook github;\n webhook_secret 0123456789abcdef for=github;");


# Several providers

my %for = map { $_ => "webhook_secret 'a secret only of $_' for=$_;" }
          qw/github gitlab gitea stripe slack meta x netdata netdata-bearer
             buildkite buildkite-token own/;
my $token = 'webhook_provider own { token header:X-Own; }';
my $discord = 'webhook_secret ' . 'ab' x 32 . ' for=discord;';

location_says("webhook github gitlab;\n $for{github} $for{gitlab}");
location_says('webhook gitlab github off; #<',
              '"webhook" directive has "off" beside other values in @');
location_says('webhook off github; #<',
              '"webhook" directive has "off" beside other values in @');
location_says('webhook gitlab github gitlab; #<',
              '"webhook" names "gitlab" twice in @');
location_says("webhook @{[map { \"p$_\" } 1 .. 9]}; #<",
              '"webhook" directive takes at most 8 providers in @');
location_says("webhook @{[map { \"p$_\" } 1 .. 8]};\n"
    . join('', map { "webhook_secret '0123456789abcde$_' for=p$_;\n" } 1 .. 8),
    undef, map { "webhook_provider p$_ { token header:X-$_; }" } 1 .. 8);
location_says("webhook github;\n $good webhook gitlab gitea; #<",
              '"webhook" directive is duplicate in @');
location_says("webhook github githb; #<\n $for{github}",
              qr/^unknown provider "githb" in \@/);

location_says("webhook github gitlab; #<\n $for{github}",
              '"webhook gitlab" in @ has no "webhook_secret", give one with '
              . '"for=gitlab"');
location_says("webhook github gitlab; #<",
              '"webhook github" in @ needs a "webhook_secret"');
location_says("webhook github gitlab; #<\n $for{github} $for{gitlab} "
              . $for{gitea}, '"webhook_secret" with "for=gitea", but in '
              . '"webhook github gitlab" in @ ' . $unknown);
server_says("$asks location / {\n webhook github netdata; #<\n $for{github} "
            . "$for{netdata} }", '"webhook_secret" with "for=netdata", but in '
            . '"webhook github netdata" in @ ' . $unknown);
location_says("webhook gitlab own; #<\n $for{gitlab} webhook_secret "
              . '0123456789abcdef for=gitlab;', '"webhook_secret" with '
              . '"for=gitlab", but in "webhook gitlab own" in @ a provider and '
              . 'a token rule have this name',
              'webhook_provider own { token header:X-Own for=gitlab; }');
location_says("webhook github netdata; #<\n $for{github}",
              '"webhook netdata" in @ needs a client certificate, but the '
              . 'server never asks for one, set "ssl_verify_client" and '
              . '"ssl_client_certificate"');
server_says("$asks webhook netdata github;\n location / { $good }",
            qr/^"webhook github" in .* needs a "webhook_secret", requests/);
server_says("$asks webhook netdata github; #<\n location / { webhook_ack 200; "
            . '}', map { '"webhook github" in @ needs a "webhook_secret"' . $_ }
            ', requests outside of the locations that have one will get 503',
            '');

# who may share a secret
location_says("webhook $_; #<\n webhook_secret 0123456789abcdef for="
              . (split / /)[1] . "; $good",
              "secret 2 of \"webhook $_\" in \@ needs \"for=NAME\" with one of "
              . 'these, they do not verify in the same way and must not share '
              . 'a secret',
              'webhook_provider own { signature header:X-S; token bearer; } '
              . 'webhook_provider own2 { signature header:X-T; token basic; } '
              . 'webhook_provider own3 { signature header:X-U '
              . 'algorithm=ed25519; } '
              . 'webhook_provider own4 { signature header:X-V; body crc32; }')
    for 'github gitlab', 'github stripe', 'stripe slack', 'x github',
        'discord github', 'discord telnyx', 'pelorus gitea', 'own own2',
        'gitea github linear', 'github trello', 'github own3',
        'github netlify', 'netlify gitea', 'github own4';
location_says("webhook $_;\n $good")
    for 'github gitea forgejo', 'gitlab telegram', 'shopify paystack',
        'gitea forgejo-form';
server_says("$asks location / {\n webhook netdata stripe;\n $good }");

# and who may not have the same in spite of "for="
location_says("webhook github $_; #<\n webhook_secret " . 'ab' x 32
    . " for=$_; webhook_secret " . 'ab' x 32 . ' for=github;',
    "secrets 2 and 1 of \"webhook github $_\" in \@ are the same, but one of "
    . "\"github\" must not be one of \"$_\"") for qw/discord telnyx x/;
location_says("webhook own discord; #<\n $discord webhook_secret "
    . 'ab' x 32 . ' for=own;', 'secrets 2 and 1 of "webhook own discord" in @ '
    . 'are the same, but one of "own" must not be one of "discord"', $token);
location_says("webhook discord telnyx;\n $discord webhook_secret " . 'ab' x 32
              . ' for=telnyx;');
location_says("webhook github discord;\n $discord webhook_secret " . 'ac' x 32
              . ' for=github;');
location_says("webhook buildkite buildkite-token;\n webhook_secret "
              . '0123456789abcdef for=buildkite; webhook_secret '
              . '0123456789abcdef for=buildkite-token;');
location_says("webhook github netdata-bearer; #<\n $for{github} "
    . "$for{'netdata-bearer'} webhook_challenge_secret 'a secret only of github';",
    '"webhook_challenge_secret" of "webhook github" in @ is also a '
    . '"webhook_secret", give it a value of its own');
location_says("webhook x netdata-bearer; #<\n $for{x} "
    . "$for{'netdata-bearer'} webhook_challenge_secret 'a secret only of x';",
    '"webhook_challenge_secret" of "webhook x" in @ is also a '
    . '"webhook_secret", give it a value of its own');

# who is never asked
my $unasked = sub {
    my ($first, $second) = @_;

    return "no message will be taken for one of \"$second\" in \"webhook $first "
        . "$second\" in \@, \"$first\" comes before and has its credential in "
        . 'the same place';
};
my @own = ('webhook_provider own1 { token bearer; token query:key; }',
           'webhook_provider own2 { token bearer; token query:KEY; }',
           'webhook_provider own3 { token header:AUTHORIZATION; }',
           'webhook_provider own4 { token cookie:a; token query:key; '
           . 'token bearer; }',
           'webhook_provider own5 { token cookie:a; }',
           'webhook_provider own6 { token cookie:b; }',
           'webhook_provider own7 { token bearer; token basic; }',
           'webhook_provider own8 { token cookie:bc; }');

location_says("webhook $_; #<\n $good", $unasked->(split), @own)
    for 'own3 own7', 'own4 own1', 'own4 own5', 'github meta';
location_says("webhook $_;\n $good", undef, @own)
    for 'netdata-bearer netdata-basic', 'own1 own3', 'own3 own1', 'own1 own2',
        'own1 own4', 'own5 own6', 'own5 own4', 'own6 own8';
server_says("$asks location / {\n webhook netdata netdata-strict; #<\n }",
            $unasked->('netdata', 'netdata-strict'));
server_says("$asks location / {\n webhook $_; $good\n }")
    for 'github netdata', 'netdata github';

for my $provider (qw/meta netdata-basic netdata-bearer/) {
    location_says("webhook $provider; #<\n $good\n"
        . 'webhook_challenge_secret 0123456789abcdef;',
        "\"webhook_challenge_secret\" of \"webhook $provider\" in \@ is also "
        . 'a "webhook_secret", give it a value of its own');
}

location_says("webhook meta; #<\n webhook_secret fedcba9876543210; $good\n"
    . 'webhook_challenge_secret 30313233343536373839616263646566 decode=hex;',
    '"webhook_challenge_secret" of "webhook meta" in @ is also a '
    . '"webhook_secret", give it a value of its own');
location_says("webhook x;\n $good\n webhook_challenge_secret "
    . '0123456789abcdef;');
location_says("webhook meta;\n $good\n webhook_challenge_secret "
    . '0123456789abcdeF;');

for my $directive (qw/webhook_reject webhook_ack/) {
    my @range = $directive eq 'webhook_ack' ? (200, 299) : (400, 599);

    location_says("$directive $_; #<",
                  "invalid status \"$_\", it must be from $range[0] to "
                  . "$range[1] in \@")
        for $range[0] - 1, $range[1] + 1, -1, 'x', '20x', '4294967696',
            $directive eq 'webhook_ack' ? 'on' : 'off';
    location_says("$directive $range[0]; $directive $range[1]; #<",
                  "\"$directive\" directive is duplicate in \@");
    location_says("$directive $range[0] $range[1]; #<", 'invalid number of '
        . "arguments in \"$directive\" directive in \@");
    location_says("$directive $_;") for @range;
}

location_says('webhook_ack off;');
location_says('webhook_ack off; webhook_ack 200; #<',
              '"webhook_ack" directive is duplicate in @');

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
$replay->("zone=seen ttl=$_", "invalid time \"ttl=$_\", it is like \"24h\" and "
          . 'not 0 in @')
    for qw/0 -1 x 1x/;
$replay->("zone=seen duplicate=$_", "invalid status \"duplicate=$_\", a "
          . 'duplicate gets 200 or 409 in @')
    for qw/201 x 0/;
$replay->('zone=seen key=delivery', '"key=delivery" of "webhook_replay" has no '
          . 'variable, all messages would be one in @');
$replay->('zone=seen key=$none', 'unknown "none" variable');
$replay->("zone=seen $_", "unknown option \"$_\" of \"webhook_replay\", it "
          . 'takes "zone=NAME", "ttl=TIME", "key=VALUE", "duplicate=200" and '
          . '"duplicate=409", or "off" alone in @')
    for qw/seen off zon=seen TTL=1h/;
$replay->("zone=seen $_ $_", "option \"$_\" of \"webhook_replay\" is the "
          . 'second of its name in @')
    for qw/zone=seen ttl=1h duplicate=409 key=$request_id/;
$replay->('off zone=seen',
          '"webhook_replay" directive has "off" beside other values in @');
$replay->("zone=seen;\n webhook_replay off",
          '"webhook_replay" directive is duplicate in @');
$replay->($_) for 'zone=seen', 'off', 'zone=seen ttl=1s duplicate=200',
    'zone=seen key=$request_id', 'zone=seen key=$webhook_body_sha256';

# a key that the sender does not sign
my $unsigned = sub {
    my ($provider, $key, $expected, @http) = @_;

    location_says("webhook $provider; $good\n webhook_replay zone=seen "
                  . "key=$key; #<", $expected && "\"$expected\" in \"key=\" of "
                  . '"webhook_replay" in @ is not signed by "webhook '
                  . "$provider\": a captured message could be sent again with "
                  . 'another one, leave "key=" out', $zone, @http);
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
            . 'signature header:X-S; message $http_x_id$webhook_body; }');
$unsigned->('own', '$http_x_id', '$http_x_id', 'webhook_provider own { '
            . 'signature header:X-S; message $http_x_i$webhook_body; }');
$unsigned->('own', '$webhook_id', undef, 'webhook_provider own { signature '
            . 'header:X-S; id query:id; message $webhook_url$webhook_body; }');

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
          . "127.0.0.1:1; webhook github; $good location /a { } location /b { "
          . 'webhook_max_body 1k; webhook_ack 200; } }',
          qr/^"\$webhook_id" in "key=" of "webhook_replay" in @ is not signed/);

# for each provider, and for each window of one
http_says("$zone webhook_replay zone=seen ttl=10m key=\$webhook_id; #<\n "
          . 'webhook_provider one { signature header:X-1; id header:X; } '
          . 'webhook_provider two { signature header:X-2; id header:X; '
          . 'timestamp header:T past=5m; message $webhook_timestamp$webhook_body; } '
          . 'server { listen 127.0.0.1:1; webhook one two; '
          . 'webhook_secret 0123456789abcdef for=one; '
          . 'webhook_secret fedcba9876543210 for=two; '
          . 'location /a { } location /b { location /b/c { } } '
          . 'location /d { webhook_window 1h; } '
          . 'location /e { webhook_window 1h; webhook_max_body 1k; } }',
          qr/^"\$webhook_id" .* is not signed by "webhook one":/,
          qr/^"\$webhook_id" .* is not signed by "webhook two":/,
          qr/^"ttl=" .* is shorter than the 7200 seconds .* "webhook two"/);

for my $directive (qw/webhook_enforce webhook_strip/) {
    location_says("$directive yes; #<", 'invalid value "yes" in "' . $directive
        . '" directive, it must be "on" or "off" in @');
    location_says("$directive on; $directive off; #<",
                  "\"$directive\" directive is duplicate in \@");
    location_says("$directive $_;") for qw/on off/;
}

my $exceptable = 'method, content_type, header, certificate, timestamp, payload, '
    . 'replay';

location_says("webhook_enforce on except=$_;")
    for 'timestamp', 'method,content_type,header,timestamp,payload,replay,'
        . 'certificate';
location_says("webhook_enforce on except=$_->[0]; #<",
              "unknown rule \"$_->[1]\" in \"except=\", it is one of: $exceptable "
              . 'in @')
    for ['', ''], [',', ''], ['timestamp,', ''], [',timestamp', ''],
        ['timestamps', 'timestamps'], ['time', 'time'],
        ['Timestamp', 'Timestamp'], ['payload,body', 'body'],
        ['all', 'all'], ['tokens', 'tokens'];
location_says("webhook_enforce on except=$_; #<",
              '"timestamp" stands twice in "except=" in @')
    for 'timestamp,timestamp', 'timestamp,payload,timestamp';
location_says("webhook_enforce on except=payload,$_; #<",
              "\"except=\" cannot have \"$_\", nothing would be verified, use "
              . '"webhook_enforce off" in @') for qw/token signature/;
location_says('webhook_enforce off except=payload; #<',
              '"webhook_enforce" directive has "except=" beside "off", which '
              . 'enforces nothing in @');
location_says("webhook_enforce on $_; #<", "invalid parameter \"$_\", it is "
              . 'like "except=timestamp,payload" in @')
    for qw/timestamp excepted=timestamp except/;
location_says("webhook_enforce $_; #<",
              'invalid number of arguments in "webhook_enforce" directive in @')
    for '', 'on except=header except=payload';
location_says("webhook_enforce yes except=header; #<",
              'invalid value "yes" in "webhook_enforce" directive, it must be '
              . '"on" or "off" in @');

server_says("$asks\n webhook netdata; #<\n"
            . 'webhook_enforce on except=certificate;',
            '"except=certificate" leaves nothing to verify for "webhook '
            . 'netdata" in @, use "webhook_enforce off" there');
server_says("$asks\n webhook_enforce on except=certificate;\n"
            . "location / {\n webhook netdata; #<\n}",
            '"except=certificate" leaves nothing to verify for "webhook '
            . 'netdata" in @, use "webhook_enforce off" there');
server_says("$asks\n webhook_enforce on except=certificate;\n"
            . "location / {\n webhook netdata; webhook_enforce $_; #<\n}")
    for qw/on off/;
location_says("webhook pelorus; $good #<\n"
              . "webhook_enforce on except=certificate,$_;",
              '"except=" can have only "certificate" and "replay" for "webhook '
              . 'pelorus" in @, use "webhook_enforce on" or "off" there')
    for qw/method content_type header timestamp payload/;
location_says("webhook pelorus; $good\n"
              . 'webhook_enforce on except=certificate,replay;');

location_says("webhook_log_level $_; #<", "invalid level \"$_\", it is "
    . '"info", "notice", "warn" or "error" in @')
    for qw/debug crit errors/;
location_says('webhook_log_level info; webhook_log_level warn; #<',
              '"webhook_log_level" directive is duplicate in @');
location_says("webhook_log_level $_;") for qw/info notice warn error/;


# Client certificates

my $attribute = 'it is CN=, O=, OU=, C=, ST=, L=, serialNumber=, '
    . 'emailAddress=, san=dns:, san=uri: or san=email: with a value in @';

location_says("webhook_client_certificate $_; #<",
              "invalid certificate attribute \"$_\", $attribute")
    for 'CN', 'CN=', 'DC=example', 'app.example', '=x', 'san=app.example',
        'san=dns:', 'san=ip:127.0.0.1', 'san', 'off=', 'on';
location_says("webhook_client_certificate CN=a O=; #<",
              "invalid certificate attribute \"O=\", $attribute");
location_says("webhook_client_certificate CN=a off; #<",
              "invalid certificate attribute \"off\", $attribute");
location_says('webhook_client_certificate; #<', 'invalid number of arguments '
    . 'in "webhook_client_certificate" directive in @');

for my $two (['off', 'CN=a'], ['CN=a', 'off'], ['off', 'off']) {
    location_says(join("\n", map { "webhook_client_certificate $_;" } @$two)
        . ' #<', '"webhook_client_certificate" directive has "off" beside '
        . 'other values in @');
}

location_says("webhook netdata; #<\n webhook_client_certificate off;",
              '"webhook_client_certificate off" leaves nothing to verify for '
              . '"webhook netdata" in @, use a provider with a token or a '
              . 'signature');

my $never = 'needs a client certificate, but the server never asks for one, '
    . 'set "ssl_verify_client" and "ssl_client_certificate"';

server_says("location / {\n webhook netdata; #<\n }",
            "\"webhook netdata\" in \@ $never");
server_says("$tls location / {\n webhook netdata; #<\n }",
            "\"webhook netdata\" in \@ $never");
server_says("$tls ssl_verify_client off; location / {\n webhook netdata; #<\n }",
            "\"webhook netdata\" in \@ $never");
server_says("location / {\n webhook github; #<\n $good "
    . 'webhook_client_certificate CN=a; }', "\"webhook github\" in \@ $never");
server_says("webhook github; #<\n location / {\n $good\n"
    . "webhook_client_certificate CN=a; }",
    "\"webhook github\" in \@ needs a \"webhook_secret\", requests outside "
    . 'of the locations that have one will get 503',
    "\"webhook github\" in \@ $never");
http_says("server { $asks location / { webhook netdata; } }\n"
    . "server { listen 127.0.0.2:1; location / {\n webhook netdata; #<\n } }",
    "\"webhook netdata\" in \@ $never");
http_says("webhook netdata; #<\n server { $asks }\n"
    . "server { server_name a; location / { } }\n",
    "\"webhook netdata\" in \@ $never");

server_says("$asks location / { webhook netdata; }");
server_says("location / { webhook netdata; } $asks");
server_says("$tls ssl_verify_client optional_no_ca; "
    . 'location / { webhook netdata; }');
server_says("location / { webhook own; $good webhook_client_certificate off; }",
            [], 'webhook_provider own { token bearer; '
            . 'client_certificate CN=a; }');
server_says("location / {\n webhook own; #<\n $good }",
            ["\"webhook own\" in \@ $never"], 'webhook_provider own { '
            . 'token bearer; client_certificate CN=a; }');
http_says("$asks server { location / { webhook netdata; } }");


# Inheritance

http_says("webhook github; $good server { location / { location /a { } } }");
http_says("webhook github; server { $good location / { } }");
http_says("$good server { webhook github; location / { webhook gitlab; } }");
http_says("webhook github; #<\n server { location / { $good } }",
          '"webhook github" in @ needs a "webhook_secret", requests outside '
          . 'of the locations that have one will get 503');
http_says('webhook github; server { webhook off; location / { } }');
http_says('webhook github; server { webhook off; location / '
    . "{\n webhook gitlab; #<\n } }",
    '"webhook gitlab" in @ needs a "webhook_secret"');
http_says("webhook github; #<\n server { location / { $good } "
    . 'location /b { webhook off; } location /c { } }',
    '"webhook github" in @ needs a "webhook_secret", requests outside of the '
    . 'locations that have one will get 503',
    '"webhook github" in @ needs a "webhook_secret"');
server_says("webhook github; #<\n location / { location /a { $good } "
    . 'webhook off; }',
    '"webhook github" in @ needs a "webhook_secret", requests outside of the '
    . 'locations that have one will get 503');
server_says('location / { webhook off; }');
http_says("webhook_secret 0123456789abcdef for=nobody;\n server { location / { "
    . 'webhook own; webhook_secret 0123456789abcdef for=token; } } '
    . 'webhook_provider own { token bearer for=token; }');


# Warnings

my $short = '"webhook_secret" has only %d bytes, fewer than 16 can be guessed '
    . 'in @';

location_says("webhook github;\n webhook_secret 0123456789abcde; #<",
              sprintf $short, 15);
location_says("webhook github;\n webhook_secret 0123456789abcdef "
    . 'decode=hex; #<', sprintf $short, 8);
location_says("webhook github;\n webhook_secret MDEyMzQ1Njc4OWFiY2Q= "
    . 'decode=base64; #<', sprintf $short, 14);
location_says("webhook github;\n webhook_secret "
    . 'file:' . secret_file(short => "012345678901234\n") . '; #<',
    sprintf $short, 15);
location_says("webhook meta; $good\n webhook_challenge_secret x; #<",
              '"webhook_challenge_secret" has only 1 bytes, fewer than 16 '
              . 'can be guessed in @');

{
    local $ENV{WEBHOOK_TEST} = 'env';
    location_says("webhook github;\n webhook_secret env:WEBHOOK_TEST; #<",
                  sprintf $short, 3);
}

for my $mode (0644, 0604) {
    my $path = secret_file("readable$mode" => '0123456789abcdef', $mode);
    location_says("webhook github;\n webhook_secret file:$path; #<",
                  "secret file \"$path\" can be read by every user, "
                  . '"chmod o-r" it in @');
}

location_says("webhook github;\n webhook_secret file:"
    . secret_file("private$_" => '0123456789abcdef', $_) . ';')
    for 0600, 0640, 0400;


# Rules

my $rules = 'the rules are: methods, content_type, header, token, signature, '
    . 'message, body, timestamp, window, id, event, require, json, query, '
    . 'client_certificate, challenge, ack, reject in @';

rule_says($_, "unknown rule \"$_\" in webhook_provider \"own\", $rules")
    for qw/method Methods content-type headers tokens signatures messages ids
           events certificate challenges acks rejects webhook_secret include/;
rule_says('token', 'invalid number of words in rule "token", its form is '
    . '"token SOURCE [for=NAME]" in @');
rule_says($_, qr/^invalid number of words in rule "$_", its form is "$_ .*" in \@$/)
    for qw/methods content_type header token signature message id event
           client_certificate challenge ack reject/;
rule_says("$_", qr/^invalid number of words in rule "\w+", its form is "/)
    for 'header X', 'header X a status=400 b', 'message a b', 'ack 200 201',
        'id header:A header:B', 'reject 401 403', 'token bearer for=a b';

rule_says('methods POST', 'rule "methods" is duplicate, one takes several '
    . 'methods in @', 'methods GET;');
rule_says("methods POST $_", "unknown method \"$_\" in rule \"methods\", it "
    . 'can be GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH in @')
    for qw/post TRACE ALL/;
rule_says('methods GET HEAD POST PUT DELETE OPTIONS PATCH');

rule_says("content_type $_", "invalid media type \"$_\" in rule "
    . '"content_type", it is like "application/json", "application/*" or '
    . '"application/*+json" in @')
    for 'json', '/json', 'application/', '*', '*/*', '*/json',
        'application/*json', 'application/js*', 'application/**',
        'app*/json', 'application/*+';
rule_says("content_type application/json $_") for 'text/*', 'a/*+json';

rule_says('header X-A b status=399', 'invalid status "399", it must be from '
    . '400 to 599 in @');
rule_says('header X-A b status=', 'invalid status "", it must be from 400 to '
    . '599 in @');
rule_says("header X-A b $_", "unknown option \"$_\" of rule \"header\", it "
    . 'takes "status=CODE" in @') for 'code=400', 'status', '400';
rule_says('header X-A ~(',
          qr/^pcre2?_compile\(\) failed: .* in "\(".* in rule "header" in \@$/);
rule_says('header X-A ~^a.b$ status=422');

my $source = 'it is header:NAME, query:NAME, cookie:NAME, bearer, basic, '
    . 'field:NAME, json:POINTER or form:NAME in @';

for my $bad ('X-Token', 'header', 'header:', 'query:', 'cookie:', 'bearer:x',
             'basic:', 'Bearer', 'body:x', '')
{
    my $word = $bad eq '' ? '""' : $bad;

    rule_says("$_ $word", "invalid source \"$bad\", $source")
        for qw/token signature id event challenge/;
    rule_says("challenge query:a match=$bad=b",
              "invalid source \"$bad\", $source");
}

# what is needed before the body is there, and before the signature is found
for my $late (qw{field:t json:/t form:t}) {
    my $says = "invalid source \"$late\", a challenge or a digest is "
        . 'header:NAME, query:NAME, cookie:NAME, bearer or basic in @';

    rule_says("challenge $late", $says);
    rule_says("challenge query:a match=$late$_", $says) for '', '=b';
}

rule_says("$_ field:t", 'invalid source "field:t", a credential is '
    . 'header:NAME, query:NAME, cookie:NAME, bearer, basic, json:POINTER or '
    . 'form:NAME in @') for qw/token signature/;
rule_says("$_") for 'token json:/t', 'token form:t', 'token json:/a~1b/0';
rule_says('token json:t', 'invalid JSON Pointer "t": a JSON pointer must '
    . 'begin with "/" or be empty in @');

rule_says("token bearer $_", "unknown option \"$_\" of rule \"token\", it "
    . 'takes "for=NAME" in @') for 'for=', 'for', 'name=x';

rule_says("signature header:X $_", "unknown option \"$_\" of rule "
    . '"signature", it takes algorithm=, encoding=, prefix=, list=, field=, '
    . 'key=, issuer=, body_digest= in @')
    for 'algo=hmac-sha1', 'prefix=', 'field=', 'hex', 'list', 'issuer=',
        'body_digest=', 'digest=/a';
rule_says("signature header:X algorithm=$_", "unknown algorithm \"$_\" in "
    . 'rule "signature", it can be hmac-sha256, hmac-sha1, hmac-sha384, '
    . 'hmac-sha512, ed25519, ecdsa-p256-sha256, rsa-sha256, rsa-sha1, '
    . 'jwt-hs256 in @')
    for 'jwt', 'jwt-hs512', 'jwt-none', 'sha256', 'HMAC-SHA256', 'hmac-md5', '';
rule_says("signature header:X key=$_", "unknown key \"$_\" in rule "
    . '"signature", it can be text, hex, base64, whsec in @')
    for 'raw', 'WHSEC', '';
rule_says("signature header:X encoding=$_", "unknown encoding \"$_\" in rule "
    . '"signature", it can be hex, base64, base64url in @')
    for 'HEX', 'base32', '';
rule_says("signature header:X list=$_", "invalid \"list=$_\" in rule "
    . '"signature", a list has one separating character, as in "list=," or, '
    . 'with the quotes, "list=;" in @') for '', ',,';

rule_says("signature header:X algorithm=jwt-hs256 $_",
    '"algorithm=jwt-hs256" in rule "signature" needs "body_digest=POINTER", '
    . 'and of the others takes only "issuer=" and "key=" in @')
    for '', 'issuer=a', map { "body_digest=/a $_" } 'encoding=base64url',
        'prefix=a', 'list=,', 'field=a';
rule_says("signature header:X $_", '"body_digest=" and "issuer=" in rule '
    . '"signature" go with "algorithm=jwt-hs256" in @')
    for 'issuer=a', 'body_digest=/a', 'algorithm=ed25519 issuer=a',
        'algorithm=jwt-hs256 body_digest=/a algorithm=hmac-sha256';
rule_says('signature header:X algorithm=jwt-hs256 body_digest=a',
          qr/^invalid JSON Pointer "a": .+ in \@$/);
rule_says("signature bearer algorithm=jwt-hs256 body_digest=$_")
    for '/a', '/a/b~1c issuer=b key=base64';
rule_says("message $_", "invalid \"$_\" in rule \"message\", it must have "
    . '$webhook_body exactly once in @', 'signature header:X;')
    for 'x', '$webhook_body$webhook_body', '$webhook_body.${webhook_body}',
        '$webhook_body_sha256', '${webhook_bodyx}', '$webhook_bod',
        '$WEBHOOK_BODY', '$webhook_body2';
rule_says('message ""', 'invalid "" in rule "message", it must have '
    . '$webhook_body exactly once in @', 'signature header:X;');
rule_says('message $webhook_test_none$webhook_body',
          'unknown "webhook_test_none" variable', 'signature header:X;');
rule_says('message $webhook_body', 'rule "message" is duplicate in @',
          'signature header:X; message $webhook_body;');
rule_says("message $_", [], 'signature header:X;')
    for '$webhook_body', 'a.${webhook_body}b', '$webhook_body.c',
        '$webhook_body_sha256.$webhook_body', '$webhook_body-$request_id';

rule_says("$_ header:B", "a provider has one rule of this name, \"header:B\" "
    . 'is the second in @', "$_ header:A;") for qw/id event/;

rule_says("client_certificate CN=", "invalid certificate attribute \"CN=\", "
    . $attribute);

rule_says("challenge query:a $_", "unknown option \"$_\" of rule "
    . '"challenge", it takes method=NAME, match=SOURCE=VALUE, match=SOURCE, '
    . 'reply=TEMPLATE, type=MIME, header=NAME, key=signing, after=verify in @')
    for 'method=get', 'method=', 'reply=', 'type=', 'key=other', 'matches=x',
        'header=', 'after=body';
rule_says('challenge none method=HEAD');
rule_says('challenge json:/a method=POST match=json:/b=c after=verify');
rule_says('challenge query:a match=query:b=',
          'no value in "match=query:b=", leave the last "=" out for the '
          . 'challenge secret in @');
rule_says('challenge query:a reply=$webhook_test_none',
          'unknown "webhook_test_none" variable');

for my $rule (qw/ack reject/) {
    my @range = $rule eq 'ack' ? (200, 299) : (400, 599);

    rule_says("$rule $_", "invalid status \"$_\", it must be from $range[0] "
        . "to $range[1] in \@") for $range[0] - 1, $range[1] + 1, 'off';
    rule_says("$rule $range[1]", "rule \"$rule\" is duplicate in \@",
              "$rule $range[0];");
}


# Times, bodies and payloads

my $time = 'it is like 30s, 5m or 1h in @';

rule_says("timestamp header:A unit=$_", "unknown unit \"$_\" in rule "
    . '"timestamp", it can be s, ms, rfc3339, http in @') for 'min', '', 'S';
rule_says("timestamp header:A $_", "unknown option \"$_\" of rule "
    . '"timestamp", it takes unit=, past= and future= in @') for 'x', 'window=5m';
rule_says("timestamp header:A $_=x", "invalid time \"x\", $time")
    for qw/past future/;
rule_says('timestamp header:B', 'rule "timestamp" is duplicate in @',
          'timestamp header:A;');
rule_says('window x', "invalid time \"x\", $time");
rule_says('window 5m past=1m', 'unknown option "past=1m" of a window, it '
    . 'takes "future=TIME" in @');
location_says('webhook_window x; #<', "invalid time \"x\", $time");
rule_says("body $_", "unknown body \"$_\", it can be raw, form:FIELD, "
    . 'form-sorted, sha256:SOURCE, crc32, none, pelorus in @')
    for 'crc32:a', 'crc', 'cooked', 'form', 'form:', 'Form:a', 'raw:a',
        'form-sorted:a', 'sha256', 'sha256:';
rule_says("body sha256:$_", "invalid source \"$_\", $source")
    for 'digest', 'query:';
rule_says("body sha256:$_", "invalid source \"$_\", a challenge or a "
    . 'digest is header:NAME, query:NAME, cookie:NAME, bearer or basic in @')
    for 'json:/a', 'form:a', 'field:a';
rule_says('body form:b', 'rule "body" is duplicate in @', "body $_;")
    for 'form:a', 'pelorus', 'none';
rule_says('body pelorus', 'rule "body" is duplicate in @', 'body form:a;');
rule_says('body form:a', [], 'signature header:X;');
rule_says('body', 'invalid number of words in rule "body", its form is '
    . '"body raw|form:FIELD|form-sorted|sha256:SOURCE|crc32|none|pelorus" '
    . 'in @');
rule_says("body $_", [], 'signature header:X;') for 'form-sorted', 'crc32';
block_says("webhook_provider own { signature header:X; body $$_[0];\n"
    . "$$_[1]; } #<", qq("body $$_[0]" in webhook_provider "own" does not go )
    . 'with credentials in the body, nor with values of the body in the '
    . '"message" in @')
    for map { my $body = $_; map { [$body, $_] } 'token json:/a',
              'message ${form:a}$webhook_body' } qw/crc32 form-sorted/;
rule_says('body sha256:query:a', [],
          'signature header:X; message $webhook_url$webhook_body;');

# who has the credential in the body can only be the first
my $inside = 'webhook_provider own { token json:/t; } '
    . 'webhook_provider two { token header:X; token json:/t; }';

server_says("location / { webhook github own; #<\n"
    . 'webhook_secret 0123456789abcdef for=github; '
    . 'webhook_secret fedcba9876543210 for=own; }',
    ['"own" must be the first in "webhook github own" in @, it has its '
     . 'credential in the body, so no header tells its messages'], $inside);
server_says("location / { webhook $_ github; "
    . 'webhook_secret 0123456789abcdef for=github; '
    . "webhook_secret fedcba9876543210 for=$_; }", [], $inside)
    for qw/own two/;

# what a signature covers of a body that it does not cover
server_says("location / { webhook $_->[0]; webhook_secret $_->[1]; #<\n"
    . "webhook_replay zone=z key=\$$_->[2]; }", [], 'webhook_zone z 1m;')
    for ['mailgun', '0123456789abcdef', 'webhook_id'],
        ['mailgun', '0123456789abcdef', 'webhook_timestamp'],
        ['adyen', '0123456789abcdef' x 4, 'webhook_event'],
        ['github', '0123456789abcdef', 'webhook_body_sha256'];
server_says("location / { webhook crc; $good "
    . "webhook_replay zone=z key=\$webhook_$_->[0]; } #<", [$_->[1]
        ? qq("\$webhook_$_->[0]" in "key=" of "webhook_replay" in @ is not )
          . 'signed by "webhook crc": a captured message could be sent again '
          . 'with another one, leave "key=" out' : ()],
     'webhook_zone z 1m; webhook_provider crc { signature header:X; '
     . 'body crc32; message $webhook_id$webhook_body; id header:I; '
     . 'event json:/e; }') for ['id', 0], ['event', 1];
server_says("location / { webhook mailgun; webhook_secret 0123456789abcdef; "
    . "webhook_replay zone=z key=\$webhook_event; } #<", [
    '"$webhook_event" in "key=" of "webhook_replay" in @ is not signed by '
    . '"webhook mailgun": a captured message could be sent again with another '
    . 'one, leave "key=" out'], 'webhook_zone z 1m;');

# a token in every element of an array
rule_says("$_", 'a "token" with "*" is the only one of a provider in @')
    for 'token json:/v/*/a', 'token json:/*';
block_says("webhook_provider own { token json:/v/*/a; token query:t; } #<",
           'a "token" with "*" is the only one of a provider in @');
block_says("webhook_provider own { token json:$_; } #<", 'invalid pointer '
    . qq("$_", a token may have one step "*" in \@))
    for '/a/*/b/*', '/*/*', '/*/a/*/b';
block_says("webhook_provider own { token json:$_; }")
    for '/*', '/a/*', '/*/b', '/a*/*b/**/c';

# what a signature covers, when it does not cover the body
my $none = '"body none" in webhook_provider "own" goes with a "message" that '
    . 'has variables, but not $webhook_body in @';

rule_says("message $_", $none, 'signature header:X; body none;')
    for '$webhook_body', 'x', '""', 'a$webhook_timestamp$webhook_body';
block_says("webhook_provider own { signature header:X; body none; } #<", $none);
rule_says("message $_", [], 'signature json:/s; body none; id json:/i;')
    for '$webhook_id', '$http_x_time', '${json:/a}', 'a${form:b}c',
        '${webhook_id}x${json:/a}';
rule_says('message ${json:a}', 'invalid JSON Pointer "a": a JSON pointer must '
    . 'begin with "/" or be empty in @', 'signature header:X; body none;');
rule_says('message ${json:/a', qr/^the closing bracket in .* is missing in \@$/,
    'signature header:X; body none;');
block_says("webhook_provider own { signature $_; } #<", 'webhook_provider '
    . '"own" has a "signature" in the body that it signs, say "body none" and '
    . 'in "message" what is signed in @')
    for 'json:/s', 'form:s', 'header:X; signature json:/s';
rule_says('json array list', 'unknown word "list" in rule "json", it can be '
    . 'object, array, empty in @');
rule_says('query first', 'unknown word "first" in rule "query", it can be '
    . 'last, semicolon in @');
rule_says("$_ json:x", qr/^invalid JSON Pointer "x": .+ in \@$/)
    for qw/id event/;
rule_says('require /a strings', 'invalid rule for a payload at "strings": a '
    . 'JSON pointer must be followed by string, integer, number, boolean, '
    . 'object, array, null or any in @');


# Blocks

block_says("webhook_provider own {\n ack 200;\n } #<",
           'webhook_provider "own" verifies nothing, it needs a "signature", '
           . '"token" or "client_certificate" rule in @');
block_says("webhook_provider own {\n } #<",
           qr/^webhook_provider "own" verifies nothing/);
block_says("webhook_provider own {\n challenge query:a;\n } #<",
           qr/^webhook_provider "own" verifies nothing/);
block_says("webhook_provider own { token bearer;\n message \$webhook_body;\n "
    . '} #<', 'webhook_provider "own" has a "message" but no "signature" rule '
    . 'in @');
block_says("webhook_provider own { token bearer;\n body form:a;\n } #<",
           'webhook_provider "own" has a "body" but no "signature" rule in @');
block_says("webhook_provider own { body sha256:query:a;\n signature header:X;\n"
    . '} #<', '"body sha256:" in webhook_provider "own" needs a "message" '
    . 'that has this digest, for nothing else there says what the body is '
    . 'in @');
block_says("webhook_provider own { signature header:X algorithm=jwt-hs256 "
    . "body_digest=/a;\n challenge query:a reply=\$webhook_challenge_hmac "
    . "key=signing$_;\n } #<", $_ eq '' ? 'a "challenge" with "key=signing" in '
    . 'webhook_provider "own" would sign tokens for anybody, leave that out or '
    . 'add "after=verify" in @' : ()) for '', ' after=verify method=POST';
block_says("webhook_provider own {\n $_ field:t; signature header:X;\n } #<",
           '"field:t" in webhook_provider "own" needs a "signature '
           . 'header:NAME" rule with "list=" or "field=" in @')
    for qw/id event/;
block_says("webhook_provider own { id field:t; token bearer;\n } #<",
           qr/^"field:t" in webhook_provider "own" needs a/);
block_says('webhook_provider own { id field:t; signature header:X field=v; }');
block_says('webhook_provider own { signature header:X list=,; id field:t; }');
block_says('webhook_provider off { token bearer; } #<',
           'a provider cannot be named "off" in @');
block_says("webhook_provider own { token bearer; }\n"
    . 'webhook_provider own { token bearer; } #<',
    'duplicate webhook_provider "own" in @');
block_says('webhook_provider { token bearer; } #<', 'invalid number of '
    . 'arguments in "webhook_provider" directive in @');
block_says('webhook_provider own; #<',
           'directive "webhook_provider" has no opening "{" in @');
block_says("webhook_provider own {\n token bearer\n } #<",
           'unexpected "}" in @');
block_says('webhook_provider own { token bearer; token { } #<',
           qr/ in \@$/);
server_says('webhook_provider own { token bearer; } #<',
            '"webhook_provider" directive is not allowed here in @');
location_says('webhook_provider own { token bearer; } #<',
              '"webhook_provider" directive is not allowed here in @');


# Status

my $replay_zone = 'webhook_zone hooks 1m;';

http_says("$replay_zone server { location / { webhook_status; } "
    . join(' ', map { "location /$_ { webhook_status $_; }" }
           qw/prometheus json html/) . ' }');
http_says("server { location / { webhook_status; } } $replay_zone");
location_says('webhook_status xml; #<', 'unknown format "xml", it is '
    . '"prometheus", "json" or "html" in @', $replay_zone);
location_says("webhook_status;\n webhook_status; #<",
              '"webhook_status" directive is duplicate in @', $replay_zone);
location_says('webhook_status json html; #<', 'invalid number of arguments in '
    . '"webhook_status" directive in @', $replay_zone);
server_says('webhook_status; #<',
            ['"webhook_status" directive is not allowed here in @'], $replay_zone);
location_says('webhook_status; #<', '"webhook_status" in @ has nothing to '
    . 'show, add "webhook_zone hooks 1m;" to "http"');
server_says("webhook github; $good location / {\n webhook_status; #<\n }",
            ['"webhook_status" in @ stands behind "webhook github", add '
             . '"webhook off" to its location'], $replay_zone);
server_says("webhook github; $good location / { webhook off; "
    . 'webhook_status; }', [], $replay_zone);

# so many counters do not leave room for the rest
my $many = join ' ', map { "location /$_ { }" } 1 .. 12;

http_says("webhook_zone hooks 32k; server { webhook github; $good $many }",
          'webhook_zone "hooks" has no room for the counters of 5 locations, '
          . 'make it larger by 40k');
http_says("webhook_zone hooks 72k; server { webhook github; $good $many }");


# Providers

http_says("server { location / { webhook own; $good } }\n"
    . 'webhook_provider own { token bearer; }');
http_says("webhook_provider github { token bearer; client_certificate CN=a; }\n"
    . "server { location / {\n webhook github; #<\n $good } }",
    "\"webhook github\" in \@ $never");
http_says("server { $asks location / { webhook own; } }\n"
    . 'webhook_provider own { client_certificate CN=a O=b; '
    . 'client_certificate san=dns:a; }');

# what a sender with public keys wants, by their algorithm
my %public = (
    ed25519 => '27b8894c0f4dc38e05ea184ba1cbff3b8194ed1cf7a126282fb0bbbb237a3bde',
    ecdsa => 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmAo8A6J28zIcCUzidHzTDF5x'
        . 'ib2kpRdgirBU3iEb+gaApcutUQzcbLGUZ8wUQ17QO2OzmT+xM5+V+X/ELSBn'
        . 'UA==',
    rsa => 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlovmvS2qTXqZX2kJ'
        . 'wMcaso7iO7QmYV1VlyQwoUl/A2iyGLTMe9+DU0zmQxixT4wFlMnab+jjpxNK'
        . 'Eeeb3epmixacZhgQnY8R3hdifxjbeiVtg3lkKX/E0Lv6iZFbX1+qacQN1cHu'
        . 'C5FKFk22HWn8SNiE6yDpjoPJohPj6xJVa4tyjQMs6R1eAt0E121FIQqdOlJA'
        . 'gLsWJ7Pgsc8wEG6te+qHKuSrd2g/EZuMHBxe/QJZJ6wdMve3PxVH27uhIez/'
        . 'O7v2eKr/QpUqvx0IgMmeBF9knC+mMHmefqxKyMwgtIvmK2qGlh4lD2TeehkH'
        . 'MSeGmXQmrvZ2EFdKBCagm8HZDQIDAQAB',
);

for my $name (split / /, $known) {
    my $rules = do {
        open my $file, '<', "$FindBin::Bin/../providers/$name.conf" or die $!;
        local $/;
        <$file>;
    };

    my ($algorithm) = $rules =~ /algorithm=(ed25519|ecdsa|rsa)/;
    my $key = $algorithm && $rules !~ /key=whsec/
        ? "webhook_secret $public{$algorithm};" : $good;

    my $set = $rules =~ /(\$\w+_webhook_id)/ ? "set $1 x;" : '';

    server_says("$asks location / { webhook $name; $key $other $set }");
}

location_says("webhook paypal; webhook_secret $public{rsa};",
              'unknown "paypal_webhook_id" variable');

done_testing();


# What nginx -t says to these directives in a location, and so on outwards.
# "@" in the text expected is the file and the line with "#<" in it; the last
# argument goes into http.
sub location_says {
    my ($location, $expected, @http) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    server_says("location / {\n$location\n}",
                @http ? [$expected] : $expected, @http);
}


sub server_says {
    my ($text, $expected, @more) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    # either texts, or a list of them and what else is in http
    my @texts = ref $expected eq 'ARRAY' ? @$expected : ($expected, @more);
    my $http = ref $expected eq 'ARRAY' ? "@more" : '';

    http_says("server {\nlisten 127.0.0.1:1;\n$text\n}\n$http", @texts);
}


sub block_says {
    my ($block, @expected) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    http_says("$block\nserver { listen 127.0.0.1:1; location / {\n"
        . "webhook own; $good } }", @expected);
}


# One rule in a provider that has a token besides.
sub rule_says {
    my ($rule, $expected, $before) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    block_says("webhook_provider own {\n token header:X-Token;\n"
        . ($before // '') . "\n $rule; #<\n}",
        ref $expected eq 'ARRAY' ? @$expected : $expected // ());
}


sub http_says {
    my ($text, @expected) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    @expected = grep { defined } @expected;

    my ($exit, $said) = WebhookTest::nginx_t('include x.conf;', files => {
        'x.conf' => $text,
    });

    my $line = 1;
    my ($before) = $text =~ /^(.*)#</s;
    $line += ($before // '') =~ tr/\n//;

    my @said = map { s{/\S*/x\.conf:$line(?!\d)}{\@}gr }
               map { /\[(?:emerg|warn|alert|crit|error)\] (?:\d+#\d+: )?(.*)/ ? $1 : () }
               split /\n/, $said;

    # -t says of which user the workers will not be, when it is not root
    @said = grep { !/^the "user" directive makes sense only/ } @said;

    my $errors = grep { /\[emerg\]/ } split /\n/, $said;
    my $name = (split /\n/, ($text =~ /^(.*#<)/m)[0] // $text)[0];

    my $fits = @said == @expected && !grep {
        ref $expected[$_] ? $said[$_] !~ $expected[$_]
                          : $said[$_] ne $expected[$_]
    } 0 .. $#expected;

    $fits &&= ($exit != 0) == ($errors > 0) && $errors <= 1;

    ok($fits, "nginx -t: $name")
        or diag("said:\n", map({ "$_\n" } @said), "expected:\n",
                map({ "$_\n" } @expected), $text);
}


sub secret_file {
    my ($name, $bytes, $mode) = @_;

    $name =~ s/\W/_/g;
    WebhookTest::Cert::write_file("$secrets/$name", $bytes);
    chmod $mode // 0600, "$secrets/$name";

    return "$secrets/$name";
}
