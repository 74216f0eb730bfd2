package WebhookTest::Config;

# What nginx -t says to a configuration: each message in whole, with the file
# and the line, and nothing besides.
#
#     location_says("webhook github;\n webhook_ack 300; #<",
#                   'invalid status "300", it must be from 200 to 299 in @');
#     location_says("webhook github; $good");
#
# "@" in what is expected is the file and the line with "#<" in it.  What is
# expected is a text or a regular expression for each message, in their order;
# without any, nginx takes the configuration and says nothing.

use strict;
use warnings;

use Exporter qw/import/;
use File::Temp;
use Test::More;

use WebhookTest;

our @EXPORT = qw/location_says server_says block_says rule_says http_says
                 secret_file $secrets $good $other $tls $asks/;

our $secrets = File::Temp->newdir;

my $ca = WebhookTest::ca("$secrets", 'ca');
my $server = WebhookTest::cert($ca, subject => '/CN=localhost');

# a secret and one for challenges, a server with TLS and one that wants a
# client certificate
our $good = 'webhook_secret 0123456789abcdef;';
our $other = 'webhook_challenge_secret fedcba9876543210;';
our $tls = "ssl_certificate $server->{cert}; "
    . "ssl_certificate_key $server->{key};";
our $asks = "$tls ssl_verify_client optional; ssl_client_certificate "
    . "$ca->{cert};";


# Directives in a location, and so on outwards; the last argument goes into
# http.
sub location_says {
    my ($location, $expected, @http) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    server_says("location = /hook {\n$location\n}",
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


# The path of a file with that secret.
sub secret_file {
    my ($name, $bytes, $mode) = @_;

    $name =~ s/\W/_/g;
    WebhookTest::Cert::write_file("$secrets/$name", $bytes);
    chmod $mode // 0600, "$secrets/$name";

    return "$secrets/$name";
}


1;
