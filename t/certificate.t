#!/usr/bin/perl

# Client certificates over real TLS: whole attributes of a verified
# certificate count, and nothing that only looks like them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Ask qw/outcome/;

my $dir = File::Temp->newdir;
chmod 0755, "$dir";

my $ca = WebhookTest::ca("$dir", 'sender');
my $foreign = WebhookTest::ca("$dir", 'foreign');

# Lines of webhook_client_certificate by the location's name.
my %lines = (
    cn => ['CN=app.acme.example'],
    o => ["'O=Acme, \"Inc.\"'"],
    ou => ['OU=Two'],
    c => ['C=DE'],
    st => ["'ST=Some State'"],
    l => ['L=Town'],
    serial => ['serialNumber=123-45'],
    email => ['emailAddress=hook@acme.example'],
    dns => ['san=dns:app.acme.example'],
    uri => ['san=uri:https://acme.example/app?a=b'],
    san_email => ['san=email:hook@acme.example'],
    lower => ['cn=app.acme.example', 'SAN=DNS:nobody.example'],

    wild_literal => ['san=dns:*.wild.example'],
    wild => ['san=dns:a.wild.example', 'CN=a.wild.example'],
    pattern => ['CN=*', 'CN=app.*', 'san=dns:*.acme.example'],

    all => ['CN=app.acme.example C=DE OU=One OU=Two '
            . 'san=dns:app.acme.example'],
    all_but_one => ['CN=app.acme.example C=AT'],
    any => ['CN=other', 'C=AT CN=app.acme.example', 'OU=One C=DE'],
    none => ['CN=other', 'C=AT', 'OU=Three'],

    utf8 => ['CN=Gr\xc3\xbc\xc3\x9fe'],
    bmp => ['CN=abc'],
    bmp_utf8 => ['CN=\xc3\xbc\xe2\x82\xac!'],
);

my $proxy = 'proxy_pass http://unix:%%DIR%%/app;';
my $secret = 'the secret of this sender';
my $locations = join '', map {
    my $text = join ' ', map { "webhook_client_certificate $_;" }
               map { s/\\x(..)/chr hex $1/ger } @{ $lines{$_} };
    "location = /$_ { webhook subject; $text $proxy }\n"
} sort keys %lines;

my $server = <<"EOF";
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_client_certificate $ca->{cert};
        add_header X-Reason \$webhook_reason always;
        $locations

        location = /netdata { webhook netdata; $proxy }
        location = /rule { webhook rule; $proxy }
        location = /token {
            webhook token; webhook_secret '$secret'; $proxy
        }
        location = /token/off {
            webhook token; webhook_secret '$secret';
            webhook_client_certificate off; $proxy
        }
        location = /directive {
            webhook rule; webhook_client_certificate CN=replaced; $proxy
        }
        location = /plain { webhook plain; webhook_secret '$secret'; $proxy }
        location /nested {
            webhook plain; webhook_secret '$secret';
            webhook_client_certificate C=DE; $proxy
            location /nested/same { $proxy }
            location /nested/other { webhook_client_certificate C=AT; $proxy }
            location /nested/off { webhook_client_certificate off; $proxy }
        }
EOF

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_provider subject { client_certificate CN=nobody; }
    webhook_provider rule {
        client_certificate CN=one C=DE;
        client_certificate OU=Two;
    }
    webhook_provider token { token bearer; client_certificate CN=one; }
    webhook_provider plain { token bearer; }

    server {
        listen 127.0.0.1:%%TLS_PORT%% ssl http2;
        listen 127.0.0.1:%%PORT%%;
        ssl_verify_client optional;
        ssl_session_cache shared:tls:1m;
        $server
    }

    server {
        listen 127.0.0.1:%%TLS_PORT_1%% ssl http2;
        ssl_verify_client optional_no_ca;
        $server
    }

    server {
        listen 127.0.0.1:%%TLS_PORT_2%% ssl;
        ssl_verify_client on;
        $server
    }

    # the first gets who names none, and trusts others; or the same
    server {
        listen 127.0.0.1:%%TLS_PORT_3%% ssl;
        server_name theirs;
        ssl_certificate %%DIR%%/server.pem;
        ssl_certificate_key %%DIR%%/server.key;
        ssl_client_certificate $foreign->{cert};
        ssl_verify_client on;
        location / { return 200 theirs; }
    }

    server {
        listen 127.0.0.1:%%TLS_PORT_3%% ssl;
        server_name localhost;
        ssl_verify_client on;
        $server
    }

    server {
        listen 127.0.0.1:%%TLS_PORT_2%% ssl;
        server_name second;
        ssl_verify_client on;
        $server
    }

    server {
        listen 127.0.0.1:%%TLS_PORT_2%% ssl;
        server_name strict;
        ssl_verify_client on;
        ssl_verify_depth 0;
        $server
    }

    server {
        listen unix:%%DIR%%/app;
        location / { return 200 passed; }
    }
EOF

my $mismatch = '403 certificate_subject_mismatch';

my @subject = ([C => 'DE'], [ST => 'Some State'], [L => 'Town'],
               [O => 'Acme, "Inc."'], [OU => 'One'], [OU => 'Two'],
               [serialNumber => '123-45'],
               [emailAddress => 'hook@acme.example'],
               [CN => 'app.acme.example']);
my @san = ('DNS:other.example', 'DNS:app.acme.example', 'DNS:*.wild.example',
           'URI:https://acme.example/app?a=b', 'email:hook@acme.example');
my $whole = cert(subject => \@subject, san => \@san);


# Every attribute

is_result($_, $whole, '200', 'in the certificate')
    for qw/cn o ou c st l serial email dns uri san_email lower/;

# each attribute holds the others' values
my $shifted = cert(
    subject => [[C => 'AT'], [ST => 'Town'], [L => 'Some State'],
                [O => 'Two'], [OU => 'Acme, "Inc."'],
                [serialNumber => 'app.acme.example'],
                [emailAddress => 'hook@acme.examples'], [CN => '123-45']],
    san => ['DNS:hook.acme.example', 'URI:dns:app.acme.example',
            'email:app@acme.example']);

is_result($_, $shifted, $mismatch, 'under another name')
    for qw/cn o ou c st l serial email dns uri san_email lower/;

my $bare = cert(subject => [[O => 'x']]);

is_result($_, $bare, $mismatch, 'not there at all')
    for qw/cn ou c st l serial email dns uri san_email/;


# Whole values only

is_result('cn', cert(subject => [[CN => $_]]), $mismatch, "CN=$_")
    for 'app.acme.example.evil.example', 'xapp.acme.example',
        'app.acme.exampl', 'APP.acme.example',
        'CN=app.acme.example', '*', '*.acme.example', 'app.acme.example.',
        'x/CN=app.acme.example', 'x,CN=app.acme.example',
        'app.acme.example,O=x';
is_result('cn', cert(subject => [[O => $_], [CN => 'x']]), $mismatch,
          "O=$_") for 'app.acme.example', 'x,CN=app.acme.example',
                      'x/CN=app.acme.example';
is_result('cn', cert(subject => [[O => 'x']], san => ["DNS:$_"]), $mismatch,
          "DNS:$_") for 'app.acme.example', 'CN=app.acme.example';
is_result('dns', cert(subject => [[CN => 'app.acme.example']], san => [$_]),
          $mismatch, $_)
    for 'DNS:app.acme.example.evil.example', 'DNS:xapp.acme.example',
        'DNS:*.acme.example', 'URI:app.acme.example',
        'email:x@app.acme.example';
is_result('dns', cert(subject => [[CN => 'x']],
                      san => ['DNS:APP.Acme.Example']), '200',
          'host names have no case');
is_result('uri', cert(subject => [[CN => 'x']], san => [$_]), $mismatch, $_)
    for 'URI:https://acme.example/app?a=b&c', 'URI:https://acme.example/app',
        'URI:HTTPS://acme.example/app?a=b';
is_result('san_email', cert(subject => [[CN => 'x']], san => [$_]),
          $mismatch, $_)
    for 'email:hook@acme.example.evil', 'email:Hook@acme.example';


# NUL in a value

is_result('cn', cert(subject => [[CN => 'app.acme.example~evil']],
                     patch => { 'app.acme.example~evil' =>
                                "app.acme.example\0evil" }), $mismatch,
          'a NUL in the CN');
is_result('cn', cert(subject => [[CN => 'app.acme.example~']],
                     patch => { 'app.acme.example~' =>
                                "app.acme.example$_" }), $mismatch,
          'a NUL or a blank behind the CN') for "\0", ' ';
is_result('dns', cert(subject => [[CN => 'x']],
                      san => ['DNS:app.acme.example.evil'],
                      patch => { 'app.acme.example.evil' =>
                                 "app.acme.example\0evil" }), $mismatch,
          'a NUL in a host name');


# Several values of one attribute

is_result('cn', cert(subject => [[CN => $_->[0]], [CN => $_->[1]]]),
          $mismatch, "CN twice: @$_")
    for ['app.acme.example', 'other'], ['other', 'app.acme.example'],
        ['app.acme.example', 'app.acme.example'];
is_result($_->[0], cert(subject => [$_->[1], [CN => 'x'], $_->[2]]),
          $mismatch, "$_->[0] twice")
    for ['c', [C => 'DE'], [C => 'AT']], ['o', [O => 'Acme, "Inc."'],
        [O => 'x']], ['l', [L => 'Town'], [L => 'x']];
is_result('ou', cert(subject => [map { [OU => $_] } @$_]), '200',
          "OU: @$_") for ['Two'], ['One', 'Two'], ['Two', 'One', 'Three'];
is_result('ou', cert(subject => [map { [OU => $_] } @$_]), $mismatch,
          "OU: @$_") for ['One', 'Three'], ['OneTwo'], ['One,Two'];


# Wildcards

is_result('wild', $whole, $mismatch, 'no wildcard in a certificate');
is_result('wild', cert(subject => [[CN => '*.wild.example']]), $mismatch,
          'no wildcard in a CN');
is_result('pattern', $whole, $mismatch, 'no wildcard in the configuration');
is_result('wild_literal', $whole, '200', 'but the same text');


# Encodings

is_result('utf8', cert(subject => [[CN => "Gr\xc3\xbc\xc3\x9fe"]]), '200',
          'UTF8String');
is_result('utf8', cert(subject => [[CN => 'Gr~^e']], patch => {
              "\x0c\x05Gr~^e" => "\x14\x05Gr\xfc\xdfe" }), '200',
          'TeletexString');
is_result('bmp', cert(subject => [[CN => 'abcdef']], patch => {
              "\x0c\x06abcdef" => "\x1e\x06\0a\0b\0c" }), '200',
          'BMPString');
is_result('bmp', cert(subject => [[CN => 'abcdef']], patch => {
              "\x0c\x06abcdef" => "\x0c\x06\0a\0b\0c" }), $mismatch,
          'UTF8String with the bytes of a BMPString');
is_result('bmp_utf8', cert(subject => [[CN => 'abcdef']], patch => {
              "\x0c\x06abcdef" => "\x1e\x06\0\xfc\x20\xac\0!" }), '200',
          'BMPString beyond ASCII');
is_result('bmp', cert(subject => [[CN => 'abc']], patch => {
              "\x0c\x03abc" => "\x13\x03abc" }), '200', 'PrintableString');


# Several conditions, several lines

is_result('all', $whole, '200', 'all of a line');
is_result('all_but_one', $whole, $mismatch, 'one of a line missing');
is_result('any', $whole, '200', 'the last line');
is_result('any', cert(subject => [[CN => 'other']]), '200', 'the first line');
is_result('any', cert(subject => [[OU => 'One'], [C => 'AT']]), $mismatch,
          'parts of several lines');
is_result('none', $whole, $mismatch, 'no line');


# Providers and directives

my $one = cert(subject => [[CN => 'one'], [C => 'DE']]);
my $replaced = cert(subject => [[CN => 'replaced']]);
my $bearer = [['Authorization', "Bearer $secret"]];

is_result('netdata', cert(subject => '/CN=app.netdata.cloud'), '200',
          'Netdata');
is_result('netdata', $whole, $mismatch, 'Netdata, somebody else');
is_result('rule', $one, '200', 'a provider\'s rule');
is_result('rule', $whole, '200', 'a provider\'s second rule');
is_result('rule', $replaced, $mismatch, 'neither');
is_result('directive', $replaced, '200', 'the directive instead of it');
is_result('directive', $one, $mismatch, 'which leaves nothing of the rule');
is_result('token', $one, '200', 'certificate and token', headers => $bearer);
is_result('token', $one, '401 token_missing', 'certificate alone');
is_result('token', $whole, $mismatch, 'token alone', headers => $bearer);
is_result('token/off', $whole, '200', 'off: token alone',
          headers => $bearer);
is_result('token/off', undef, '200', 'off: no certificate',
          headers => $bearer);
is_result('token/off', $one, '401 token_missing', 'off: certificate alone');
is_result('plain', undef, '200', 'not asked for', headers => $bearer);
is_result('nested', $whole, '200', 'the directive with another provider',
          headers => $bearer);
is_result('nested', $one, '401 token_missing', 'token missing');
is_result('nested', $replaced, $mismatch, 'certificate wrong',
          headers => $bearer);
is_result('nested/same', $whole, '200', 'inherited', headers => $bearer);
is_result('nested/same', $replaced, $mismatch, 'inherited, wrong',
          headers => $bearer);
is_result('nested/other', $whole, $mismatch, 'replaced', headers => $bearer);
is_result('nested/off', $replaced, '200', 'off', headers => $bearer);


# None, and unverified ones

my @app = (subject => '/CN=app.acme.example');
my %bad = (
    expired => cert(@app, until => '20200101000000Z'),
    future => cert(@app, from => '20480101000000Z'),
    server => cert(@app, usage => 'serverAuth'),
    foreign => WebhookTest::cert($foreign, @app),
);

is_result('cn', undef, '403 certificate_missing', 'no certificate', %$_)
    for { port => 'TLS_PORT' }, { port => 'TLS_PORT_1' },
        { port => 'PORT', tls => undef };
is_result('cn', undef, '400', 'nginx insists', port => 'TLS_PORT_2');
is_result('cn', cert(@app), '200', "a good one at $_", port => $_)
    for qw/TLS_PORT TLS_PORT_1 TLS_PORT_2/;

# what nginx itself refuses does not even come to us
is_result('cn', $bad{$_}, '400', "$_") for sort keys %bad;
is_result('cn', $bad{$_}, '400', "$_, optional_no_ca", port => 'TLS_PORT_1')
    for qw/expired future server/;
is_result('cn', $bad{foreign}, '403 certificate_unverified',
          'foreign, optional_no_ca', port => 'TLS_PORT_1');
is_result('token/off', $bad{foreign}, '200',
          'foreign, optional_no_ca, but not asked for', port => 'TLS_PORT_1',
          headers => $bearer);


# Resumed sessions

for my $version (qw/TLSv1_2 TLSv1_3/) {
    for my $case ([cert(@app), '200'], [$whole, '200'],
                  [$replaced, $mismatch], [undef, '403 certificate_missing'])
    {
        my ($cert, $expected) = @$case;
        my $session;

        for my $again (0, 1, 1) {
            my $connection = $t->connection(tls => {
                %{ $cert // {} }, version => $version, session => \$session,
            });

            is($connection->reused ? 1 : 0, $again,
               "$version session reused: $again");
            $connection->send(WebhookTest::format_request(
                uri => '/cn', body => '{}'));
            is(outcome($connection->read_response), $expected,
               "$version: $expected");
            $connection->close;
        }
    }
}


# Several servers at one address: whom this one trusts has to have verified it

my $theirs = WebhookTest::cert($foreign, @app);

is_result('cn', $theirs, '403 certificate_unverified',
          'verified by the authority of another server',
          port => 'TLS_PORT_3', tls => { %$theirs, server => '' });
is_result('cn', cert(@app), '200', 'by that of the named one',
          port => 'TLS_PORT_3');
is_result('cn', cert(@app), '200', 'by the same of another server',
          port => 'TLS_PORT_2', host => 'second',
          tls => { %{ cert(@app) }, server => '' });
is_result('cn', cert(@app), '403 certificate_unverified', 'less deep',
          port => 'TLS_PORT_2', host => 'strict',
          tls => { %{ cert(@app) }, server => '' });


# One connection, several requests

my $connection = $t->connection(tls => cert(@app));

for my $case (['cn', '200'], ['c', $mismatch], ['cn', '200'],
              ['plain', '401 token_missing'])
{
    my ($uri, $expected) = @$case;

    $connection->send(WebhookTest::format_request(uri => "/$uri",
                                                  body => '{}'));
    is(outcome($connection->read_response), $expected, "kept: $uri");
}

$connection->close;


# HTTP/2

for my $case ([cert(@app), '200'], [$replaced, $mismatch],
              [undef, '403 certificate_missing'])
{
    my ($cert, $expected) = @$case;
    my $r = $t->curl('--http2', '--data-binary' => '{}',
        $cert ? ('--cert' => $cert->{cert}, '--key' => $cert->{key}) : (),
        'https://127.0.0.1:%%TLS_PORT%%/cn');

    is("$r->{version} " . outcome($r), "HTTP/2 $expected",
       "HTTP/2: $expected");
}

unlike($t->error_log =~ s/$WebhookTest::closed_tls//gr,
       qr/ignoring stale|SSL_\w+\(\) failed/,
       'nothing left in OpenSSL\'s queue of errors');

$t->done;

done_testing();


sub cert {
    return WebhookTest::cert($ca, @_);
}


sub is_result {
    my ($location, $cert, $expected, $name, %want) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $r = $t->answer({ uri => "/$location", body => '{}',
                         tls => $cert // {}, %want });

    is(outcome($r), $expected, "$location: $name");
}
