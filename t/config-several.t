#!/usr/bin/perl

# What nginx -t says to several providers in one "webhook", and to secrets that
# are for one of them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Config;


my $unknown = 'no provider that needs a secret and no token rule has this name';

location_says("webhook github;\n webhook_secret 0123456789abcdef for=key; #<",
              '"webhook_secret" in @ with "for=key", but in "webhook github" '
              . $unknown);
location_says("webhook own;\n webhook_secret 0123456789abcdef for=sig; #<",
              '"webhook_secret" in @ with "for=sig", but in "webhook own" '
              . $unknown, 'webhook_provider own { token bearer for=token; }');
location_says("webhook own; #<\n webhook_secret 0123456789abcdef for=token;",
              '"webhook own" in @ has no "webhook_secret" for its '
              . 'signatures, give one with "for=own"',
              'webhook_provider own { token bearer for=token; '
              . 'signature header:X-Signature; }');
location_says("webhook own;\n webhook_secret 0123456789abcdef for=own; #<",
              '"webhook_secret" in @ with "for=own", but in "webhook own" a '
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
              qr/^unknown provider "githb" .* in \@/);

location_says("webhook github gitlab; #<\n $for{github}",
              '"webhook gitlab" in @ has no "webhook_secret", give one with '
              . '"for=gitlab"');
location_says("webhook github gitlab; #<",
              '"webhook github" in @ needs a "webhook_secret"');
location_says("webhook github gitlab;\n $for{github} $for{gitlab}\n"
              . "$for{gitea} #<", '"webhook_secret" in @ with "for=gitea", but '
              . 'in "webhook github gitlab" ' . $unknown);
server_says("$asks location / {\n webhook github netdata;\n $for{github}\n "
            . "$for{netdata} #<\n }", '"webhook_secret" in @ with '
            . '"for=netdata", but in "webhook github netdata" ' . $unknown);
location_says("webhook gitlab own;\n $for{gitlab} #<\n webhook_secret "
              . '0123456789abcdef for=gitlab;', '"webhook_secret" in @ with '
              . '"for=gitlab", but in "webhook gitlab own" a provider and '
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
location_says("webhook $_;\n webhook_secret 0123456789abcdef for="
              . (split / /)[1] . ";\n $good #<",
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
location_says("webhook github $_;\n webhook_secret " . 'ab' x 32
    . " for=$_;\n webhook_secret " . 'ab' x 32 . ' for=github; #<',
    qr/^"webhook_secret" in \@ is the same as that in \S+:5, but one of "github" /)
    for qw/discord telnyx x/;
location_says("webhook own discord;\n $discord webhook_secret "
    . 'ab' x 32 . ' for=own; #<', '"webhook_secret" in @ is the same as that in '
    . '@, but one of "own" must not be one of "discord", give each a value of '
    . 'its own', $token);
location_says("webhook github $_;\n webhook_secret \$key for=$_;\n"
    . ' webhook_secret "${KEY}" for=github; #<',
    qr/^"webhook_secret" in \@ is the same as that in \S+:5, but one of "github" /,
    'map $uri $key { default x; }')
    for qw/discord telnyx x/;
location_says("webhook github gitlab;\n webhook_secret \$key for=gitlab;\n"
              . ' webhook_secret $key for=github;', undef,
              'map $uri $key { default x; }');
location_says("webhook discord telnyx;\n $discord webhook_secret " . 'ab' x 32
              . ' for=telnyx;');
location_says("webhook github discord;\n $discord webhook_secret " . 'ac' x 32
              . ' for=github;');
location_says("webhook buildkite buildkite-token;\n webhook_secret "
              . '0123456789abcdef for=buildkite; webhook_secret '
              . '0123456789abcdef for=buildkite-token;');
location_says("webhook github netdata-bearer;\n $for{github} "
    . "$for{'netdata-bearer'}\n"
    . "webhook_challenge_secret 'a secret only of github'; #<",
    '"webhook_challenge_secret" of "webhook github" in @ is also a '
    . '"webhook_secret", give it a value of its own');
location_says("webhook x netdata-bearer;\n $for{x} $for{'netdata-bearer'}\n"
    . "webhook_challenge_secret 'a secret only of x'; #<",
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

done_testing();
