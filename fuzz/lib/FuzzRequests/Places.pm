package FuzzRequests::Places;

# The locations: what nginx is told, and how a sender signs for each of them.
#
# A place is { name, conf, key, sign => sub ($m, $c, $key), ... }; signing is
# explained in Senders.pm.
#
# path         where requests go; /NAME unless told
# locations    list of [path, contents], where GATE is the gate and APP hands
#              over to the application; one of them both unless told
# arrives      the path that the application sees, if it is another one
# right        what becomes of a right request: pass unless told
# wrong        and of a wrong one: stop unless told.  bare: it may arrive, by
#              a way that has no gate, but nothing of its body may
# body         how it is made: json, form or payload; none: it is empty
# pool         messages that are signed already
# loose        true: the body is not signed as a whole
# header       of the credential, which may not come twice
# argument     true: the credential is in the query
# url          true: the URL is signed
# time         true: the time is signed and has a window
# replay       true: each message once for each signer
# get          true: GET is a right method, too
# strip        true: the credential does not go upstream
# certificate  true: the client needs one
# wrongs       { name => sub ($m, $sign) } makes a wrong message; $sign->() is
#              the sign of the place, with its key
# app          what the application answers
#
# What comes to the application besides the request itself (a mirror, say) has
# a path below /also/, and below /also/guarded/ only where the request is right.

use strict;
use warnings;

use Exporter qw/import/;
use File::Temp;

use FuzzRequests::Senders qw/senders host github gitlab_token/;
use FuzzRequests::Signatures qw/signatures/;
use WebhookTest;
use WebhookTest::Cert qw/ca cert/;

our @EXPORT_OK = qw/places configuration certificate/;

my $host = host();
my $app = 'proxy_pass http://application;';

my $keys = File::Temp->newdir('keys-XXXXXX', TMPDIR => 1);
my $ca = ca("$keys", 'senders');


sub places {
    my @places = (
        senders(), signatures(), settings(), legal(), detours(),
        subrequests(), upstreams(), certificates(),
        { name => 'open', conf => '', wrong => 'pass' },
    );

    for my $place (@places) {
        $place->{path} //= "/$place->{name}";
        $place->{body} //= 'json';
        $place->{locations} //= [[$place->{path}, 'GATE APP']];
        $place->{sign} //= sub { };
    }

    return @places;
}


# Where the application is, and whether there is HTTP/3.
sub configuration {
    my ($application, $three, @places) = @_;

    # a client's packets go to one worker
    my $quic = $three ? 'listen 127.0.0.1:%%TLS_PORT%% quic reuseport;' : '';

    # half of the messages
    my $early =
        WebhookTest::understands('server { client_body_early_read 1; }')
        ? 'client_body_early_read $early;' : '';

    my $providers = join '', map { $_->{provider} // '' } @places;
    my $locations = join '', map { locations($_) } @places;

    return <<"EOF";
webhook_zone fuzz 16m;
webhook_var \$text /text;
client_max_body_size 1m;
large_client_header_buffers 4 16k;
# of what is not read, a client sends all
lingering_timeout 300ms;
log_format verdict '[\$webhook_provider] [\$webhook_verdict] [\$http_x_mark] '
                   '[\$webhook_message_sha256] [\$webhook_message_length] '
                   '[\$webhook_request] \$status \$webhook_signature';
map \$arg_tenant \$tenant_secret {
    default "";
    one "the secret of the first tenant";
    two "the secret of the second tenant";
}
map \$http_x_mark \$early { ~[0-4]z\$ 1; }
$providers
upstream application { server $application; }
proxy_set_header Host $host;

# from gRPC
server {
    listen 127.0.0.1:%%PORT_2%% http2;
    location / { $app }
}

server {
    listen 127.0.0.1:%%PORT%%;
    listen 127.0.0.1:%%PORT_1%% http2;
    listen 127.0.0.1:%%TLS_PORT%% ssl http2;
    $quic
    server_name $host;
    ssl_certificate %%DIR%%/server.pem;
    ssl_certificate_key %%DIR%%/server.key;
    ssl_client_certificate $ca->{cert};
    ssl_verify_client optional_no_ca;
    access_log %%DIR%%/logs/verdicts verdict;
    webhook_public_url https://$host;
    $early

    location = /denied { internal; return 403 "denied\\n"; }
    location \@refused { return 404 "refused\\n"; }
    location /bare { proxy_set_header X-Way bare; $app }
    location \@bare { proxy_set_header X-Way bare; $app }
    location = /asks {
        internal;
        proxy_pass_request_headers off;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        $app
    }
    location = /also/mirrored { internal; $app }
    location = /status { webhook_status json; access_log off; }
$locations
}
EOF
}


sub locations {
    my ($place) = @_;

    my $secret = $place->{secret}
        // (defined $place->{key} ? qq(webhook_secret "$place->{key}";) : '');

    return join '', map {
        my ($path, $contents) = @$_;

        $contents =~ s/\bGATE\b/$place->{conf} $secret/;
        $contents =~ s/\bAPP\b/$app/;
        "    location $path { $contents }\n";
    } @{ $place->{locations} };
}


# What else may be in a location, with the same kind of signature.
sub settings {
    return (
        github('page', 'error_page 400 403 405 /denied;'),
        github('named', 'error_page 403 @refused;'),
        github('trial', 'webhook_enforce off;', wrong => 'pass'),
        github('asked', 'auth_request /asks;'),
        github('mirror', 'mirror /also/mirrored;'),
        github('satisfy', 'satisfy any; deny all;'),
        github('any', 'satisfy any; allow all;', wrong => 'pass'),
        github('condition', 'if ($http_x_mark) { set $seen 1; }'),
        github('strip', 'webhook_strip on;', strip => 1),
        github('unbuffered',
               'proxy_request_buffering off; proxy_http_version 1.1;'),
        github('file', 'client_body_buffer_size 1k;'),
        github('only', 'client_body_in_file_only clean;'),
        github('single', 'client_body_in_single_buffer on;'),
        github('reject', 'webhook_reject 401; webhook_ack 200;'),
        github('digest', 'proxy_set_header X-Digest $webhook_body_sha256;'),
    );
}


# Ways to and from a gate that are nobody's way around it.
sub legal {
    return (
        github('rewritten', '', path => '/from/rewritten', arrives => '/to',
               locations => [['/from/', 'rewrite ^/from/ /to last;'],
                             ['/to', 'GATE APP']]),

        github('tried', '', arrives => '/then',
               locations => [['/tried', 'GATE try_files /none /then;'],
                             ['/then', 'GATE APP']]),

        github('try-named', '',
               locations => [['/try-named', 'try_files /none @gate;'],
                             ['@gate', 'GATE APP']]),

        github('from-named', '',
               locations => [['/from-named', 'GATE try_files /none @after;'],
                             ['@after', 'APP']]),

        github('between', '', arrives => '/beyond',
               locations => [['/between', 'GATE rewrite ^ /beyond last;'],
                             ['/beyond', 'GATE APP']]),

        github('moved', '', wrong => 'pass', arrives => '/off',
               locations => [['/moved', 'GATE rewrite ^ /off last;'],
                             ['/off', 'webhook off; APP']]),

        github('nested', '', path => '/nested/hook.php',
               locations => [['/nested/', 'GATE location ~ \.php$ { APP }']]),

        github('index', '', path => '/index/', arrives => '/indexed',
               locations => [['= /index/', 'GATE index /indexed;'],
                             ['= /indexed', 'internal; APP']]),

        github('accelerated', '', app => 'accel',
               locations => [
                   ['/accelerated', 'GATE APP'],
                   ['= /also/accelerated', 'internal; APP'
                    . ' proxy_ignore_headers X-Accel-Redirect;'],
               ]),

        # another gate decides on what the first has refused
        gitlab_token('second', locations => [
            ['/second', 'webhook github; webhook_secret "github of second";'
                        . ' error_page 400 403 405 = @second; APP'],
            ['@second', 'GATE APP'],
        ]),
    );
}


# Ways out of a location with a gate into one without.
sub detours {
    my $bare = 'error_page 301 400 401 403 404 405 413 415 418 = @bare; APP';
    my %never = (right => 'bare', wrong => 'bare');

    return (
        (map {
            my ($name, $rules) = @$_;
            github($name, '', right => 'stop', locations =>
                   [["/$name", "GATE $rules"]]);
        } ['left', 'rewrite ^ /bare last;'],
          ['left-if', 'if ($http_x_mark) { rewrite ^ /bare last; } APP']),

        (map {
            my ($name, $rules, %becomes) = @$_;
            github($name, '', wrong => 'bare', %becomes, locations =>
                   [["/$name", "GATE $rules $bare"]]);
        } ['refused', ''],
          ['refused-unbuffered', 'proxy_request_buffering off;'],
          ['refused-small', 'client_body_buffer_size 1k;'],
          ['denied', 'deny all;', %never],
          ['excepted', 'limit_except GET { deny all; }', %never],
          ['returned', 'if ($http_x_mark) { return 418; }', %never],
          ['enclosed', 'internal;', %never],
          ['large', 'client_max_body_size 1;', %never]),

        github('slashed', '', path => '/slashed/a%20b', %never, locations =>
               [['"/slashed/a b/"', "GATE $bare"]]),

        github('posted', '', wrong => 'bare', locations => [
            ['/posted', 'GATE post_action /also/posted; APP'],
            ['= /also/posted', 'internal; APP'],
        ]),
    );
}


# A subrequest into a location with a gate.
sub subrequests {
    my $asked = 'internal; GATE proxy_pass_request_headers off;'
                . ' proxy_pass_request_body off;'
                . ' proxy_set_header Content-Length ""; APP';

    return (
        gitlab_token('by-token', locations => [
            ['/by-token', 'auth_request /asks-token; APP'],
            ['= /asks-token', $asked],
        ]),

        # what needs the body cannot be asked
        github('by-body', '', right => 'stop', locations => [
            ['/by-body', 'auth_request /asks-body; APP'],
            ['= /asks-body', $asked],
        ]),

        gitlab_token('mirrored', wrong => 'pass', locations => [
            ['/mirrored', 'mirror /also/guarded/mirror; APP'],
            ['= /also/guarded/mirror', 'internal; GATE APP'],
        ]),
    );
}


# Applications that speak another protocol, with a way around the gate.
sub upstreams {
    my $params = join ' ', map { "PROTOCOL_param $_;" }
        'REQUEST_METHOD $request_method', 'REQUEST_URI $request_uri',
        'CONTENT_LENGTH $content_length';
    my @places;

    my @ways = (
        (map { [$_, "$params PROTOCOL_pass application;",
                'PROTOCOL_param HTTP_X_WAY bare;'] } qw/fastcgi uwsgi scgi/),
        ['grpc', 'grpc_pass 127.0.0.1:%%PORT_2%%;',
         'grpc_set_header X-Way bare;'],
    );

    push @ways, ['http2', 'proxy_http_version 2;'
                          . ' proxy_pass http://127.0.0.1:%%PORT_2%%;',
                 'proxy_set_header X-Way bare;']
        if WebhookTest::understands(
            'server { location / { proxy_http_version 2; } }');

    for (@ways) {
        my ($name, $pass, $way) = @$_;

        s/PROTOCOL/$name/g for $pass, $way;

        push @places, github($name, '', wrong => 'bare', locations => [
            ["/$name", "GATE error_page 400 403 405 = \@$name; $pass"],
            ["\@$name", "$way $pass"],
        ]);
    }

    return @places;
}


# With a certificate alone, and with one beside a signature.
sub certificates {
    return (
        { name => 'certificate', conf => 'webhook certificate;', loose => 1,
          certificate => 1, provider => 'webhook_provider certificate { '
                                        . "client_certificate CN=sender; }\n" },
        github('certified', 'webhook_client_certificate CN=sender;',
               certificate => 1),
    );
}


# What a client has for TLS, and a protocol.  "sender" is the right certificate,
# "other" has another subject, "stranger" is of an authority that is not known,
# with "none" there is none.  Connections with the same share a context, and so
# resume sessions.
sub certificate {
    my ($kind, $protocol) = @_;

    our %made;

    return $made{"$kind $protocol"} //= do {
        my $of = $kind eq 'stranger' ? ca("$keys", 'unknown') : $ca;
        my $subject = $kind eq 'other' ? '/CN=other' : '/CN=sender';
        my $cert = $kind eq 'none' ? {} : cert($of, subject => $subject);

        { cert => $cert->{cert}, key => $cert->{key}, alpn => [$protocol],
          session => \my $context };
    };
}


1;
