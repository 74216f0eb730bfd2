#!/usr/bin/perl

# The gate beside nginx's other access modules, with subrequests, and in front
# of what is not proxy_pass.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use MIME::Base64;
use Test::More;

use WebhookTest;
use WebhookTest::Signed qw/$secret signed forged/;

my $echo = WebhookTest::has_module('ngx_http_echo_module.so');

my $echo_conf = $echo ? <<'EOF' : '';
        location /echo {
            webhook off;

            location /echo/get { echo_location /gate/part; }
            location /echo/body {
                echo_read_request_body;
                echo_location /gate/part;
            }
        }

        location /gate/echo {
            echo_read_request_body;
            echo_location /gate/part;
        }
EOF

my $t = WebhookTest->new(modules => $echo ? ['ngx_http_echo_module.so'] : [],
                         conf => <<"EOF", files => {
    limit_req_zone \$binary_remote_addr zone=limit:64k rate=1r/m;
    proxy_set_header X-Verdict \$webhook_verdict;

    webhook_provider any {
        methods GET POST PUT;
        signature header:X-Hub-Signature-256 prefix=sha256=;
    }

    webhook github;
    webhook_secret "$secret";

    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/logs/access.log;
        root %%DIR%%/html;
        client_body_buffer_size 1k;

        location / { proxy_pass http://%%APP%%; }
        location /off { webhook off; proxy_pass http://%%APP%%; }

        location /deny {
            deny all;
            proxy_pass http://%%APP%%;
        }

        location /basic {
            auth_basic "one";
            auth_basic_user_file %%DIR%%/users;
            proxy_pass http://%%APP%%;
        }

        location /auth {
            auth_request /ask/204;
            proxy_pass http://%%APP%%;
        }

        location /auth_403 {
            auth_request /ask/403;
            proxy_pass http://%%APP%%;
        }

        location = /page.html { webhook off; }

        # inherits the gate, as all of the server does
        location /ask/ {
            internal;
            proxy_pass http://%%APP%%/status/;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header X-Ask 1;
        }

        location /any/deny {
            satisfy any;
            deny all;
            proxy_pass http://%%APP%%;
        }

        location /any/allow {
            satisfy any;
            allow all;
            proxy_pass http://%%APP%%;
        }

        location /any/basic {
            satisfy any;
            auth_basic "one";
            auth_basic_user_file %%DIR%%/users;
            proxy_pass http://%%APP%%;
        }

        location /any/auth {
            satisfy any;
            auth_request /ask/403;
            proxy_pass http://%%APP%%;
        }

        location /any/page {
            satisfy any;
            deny all;
            error_page 403 /page.html;
            proxy_pass http://%%APP%%;
        }

        location /all {
            satisfy all;
            allow all;
            auth_request /ask/204;
            proxy_pass http://%%APP%%;
        }

        location /mirrored {
            mirror /gate/mirror;
            proxy_pass http://%%APP%%;
        }

        location /mirrored/off {
            webhook off;
            mirror /gate/mirror;
            proxy_pass http://%%APP%%;
        }

        location /mirrored/off/bodiless {
            webhook off;
            mirror /gate/mirror;
            mirror_request_body off;
            proxy_pass http://%%APP%%;
        }

        location /gate/ { proxy_pass http://%%APP%%; }

        location /ssi/ {
            webhook off;
            ssi on;
        }

        # its block is a location of its own for all methods but these
        location /limit_except/in {
            webhook any;
            limit_except GET { allow all; }
            proxy_pass http://%%APP%%;
        }

        location /limit_except/deny {
            webhook any;
            limit_except POST { deny all; }
            proxy_pass http://%%APP%%;
        }

        location /limit_req {
            limit_req zone=limit;
            proxy_pass http://%%APP%%;
        }

        location /static/ { webhook any; error_page 405 =200 \$uri; }
        location /alias/ { webhook any; alias %%DIR%%/html/static/; }
        location /dav/ {
            webhook any;
            dav_methods PUT;
            client_body_in_file_only clean;
        }

        location /fastcgi { fastcgi_pass %%APP%%; }
        location /scgi { scgi_pass %%APP%%; }
        location /uwsgi { uwsgi_pass %%APP%%; }
        location /return { return 200 "never asked\\n"; }

$echo_conf
    }
EOF
    users => 'user:{PLAIN}password',
    'html/static/file' => "a file\n",
    'html/page.html' => "a page\n",
    'html/dav/none' => '',
    'html/ssi/page.html' => qq(<!--# include virtual="/gate/part" -->\n),
});

my $json = qq({"status":403,"error":"forbidden"}\n);
my @user = ['Authorization', 'Basic ' . encode_base64('user:password', '')];
my @nobody = ['Authorization', 'Basic ' . encode_base64('user:other', '')];
my $short = { body => 'a body' };
my $long = { body => 'b' x 30_000 };


for my $body ($short, $long) {
    # behind the others
    got('/deny', signed(%$body, expect => 1), 403, qr/<html>/);
    got('/basic', signed(%$body, expect => 1), 401, qr/<html>/);
    got('/basic', forged(%$body, headers => [@user]), 403, $json);
    got('/basic', signed(%$body, headers => [@user]), 202, $body->{body});
    got('/auth', forged(%$body), 403, $json, 'asked');
    got('/auth', signed(%$body), 202, 'asked', $body->{body});
    got('/auth', signed(%$body, chunked => 1_000), 202, 'asked',
        $body->{body});
    got('/auth_403', signed(%$body, expect => 1), 403, qr/<html>/, 'asked');

    # satisfy any
    got('/any/deny', signed(%$body), 202, $body->{body});
    got('/any/deny', forged(%$body), 403, $json);
    got('/any/deny', forged(%$body, split => 7_000), 403, $json);
    got('/any/deny', { %$body }, 403, $json);
    got('/any/allow', forged(%$body), 202, $body->{body});
    got('/any/allow', { %$body }, 202, $body->{body});
    got('/any/basic', signed(%$body), 202, $body->{body});
    got('/any/basic', signed(%$body, headers => [@nobody]), 202,
        $body->{body});
    got('/any/basic', forged(%$body, headers => [@user]), 202, $body->{body});
    got('/any/basic', forged(%$body), 401, qr/<html>/);
    got('/any/basic', forged(%$body, headers => [@nobody]), 401, qr/<html>/);
    got('/any/basic', { %$body }, 401, qr/<html>/);
    got('/any/auth', signed(%$body), 202, 'asked', $body->{body});
    got('/any/auth', forged(%$body), 403, $json, 'asked');
    got('/any/page', forged(%$body), 403, "a page\n");

    # satisfy all
    got('/all', signed(%$body), 202, 'asked', $body->{body});
    got('/all', forged(%$body), 403, $json, 'asked');

    # mirror
    got('/mirrored', signed(%$body), 202, $body->{body}, $body->{body});
    got('/mirrored', forged(%$body), 403, $json);
    got('/mirrored/off', { %$body }, 202, $body->{body});
    got('/mirrored/off', signed(%$body), 202, $body->{body});
    got('/mirrored/off/bodiless', signed(%$body), 202, $body->{body});

    # limit_except
    got('/limit_except/in', signed(%$body), 202, $body->{body});
    got('/limit_except/in', forged(%$body), 403, $json);
    got('/limit_except/deny', forged(%$body), 403, $json);
    got('/limit_except/deny', signed(%$body), 202, $body->{body});
    got('/limit_except/deny', { %{ signed(%$body) }, method => 'PUT' }, 403,
        qr/<html>/);

    # what is not proxy_pass
    got('/static/file', signed(%$body), 200, "a file\n");
    got('/static/file', forged(%$body), 403, $json);
    got('/alias/file', signed(%$body, method => 'GET'), 200, "a file\n");
    got('/alias/file', forged(%$body, method => 'GET'), 403, $json);
    got($_, forged(%$body), 403, $json) for qw{/fastcgi /scgi /uwsgi};

    got('/off', forged(%$body), 202, $body->{body});
}

is(WebhookTest::Connection::parse_head(
       $t->request(forged(%$short, uri => '/any/basic'))->{raw})
       ->{header}{'www-authenticate'}, 'Basic realm="one"', 'who may come');
ok(!$t->request(signed(%$short, uri => '/any/basic'))
       ->{header}{'www-authenticate'}, 'is not said to those who came');
$t->app_clear;

# deny answers although the body has not come
my $c = $t->connection;
my ($head) = WebhookTest::format_request(%{ signed(%$long) }, uri => '/deny');
$c->send($head);
is($c->read_response->{status}, 403, 'deny does not wait for the body');
$c->close;

# PUT, whose file is the request's body
got('/dav/new', forged(%$long, method => 'PUT'), 403, $json);
ok(!-e "$t->{dir}/html/dav/new", 'no file from the forged');

chmod 0777, "$t->{dir}/html/dav";

for my $body ($short, $long) {
    my $uri = '/dav/of-' . length $body->{body};

    got($uri, signed(%$body, method => 'PUT'), 201, qr//);
    is(WebhookTest::Cert::read_file("$t->{dir}/html$uri"), $body->{body},
       "$uri: a file from the signed");
}

# subrequests from where there is no gate
got('/ssi/page.html', { method => 'GET' }, 200, qr/403|error/);
got('/ssi/page.html', { method => 'GET',
                        headers => signed(body => '')->{headers} },
    200, qr/403|error/);

SKIP: {
    skip 'no echo module', 1 if !$echo;

    for my $body ($short, $long) {
        got('/echo/get', { method => 'GET' }, 200, qr/403/);
        got('/echo/body', { %$body }, 200, qr/403/);
        got('/gate/echo', signed(%$body), 200, qr/received/, $body->{body});
        got('/gate/echo', forged(%$body), 403, $json);
    }
}

# ahead of us
got('/limit_req', forged(%$short), 403, $json);
got('/limit_req', signed(%$short), 503, qr/<html>/);

# what the README warns of
got('/return', forged(%$short), 200, "never asked\n");

$t->done;

done_testing();


# Asks, and compares the status, then the answer's body if it is not that of
# the application, then what has come upstream: bodies in any order, "asked"
# for the question of auth_request.
sub got {
    my ($uri, $request, $status, @want) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $name = "$uri, " . length($request->{body} // '') . " bytes, $status";
    my %request = (uri => $uri, method => 'POST', %$request);
    my $r = $uri =~ /mirror/ ? mirrored(\%request) : $t->request(\%request);
    my $page = $status == 202 ? undef : shift @want;

    my @seen = map { (grep { $_->[0] eq 'X-Ask' } @{ $_->{headers} })
                     ? 'asked' : $_->{body} } $t->app_requests;
    $t->app_clear;

    is_deeply([$r->{status}, sort @seen], [$status, sort @want], $name);
    like($r->{body}, ref $page ? $page : qr/\A\Q$page\E\z/, "$name: said")
        if defined $page;
    is_deeply($r->{interim} // [], [], "$name: no body is asked for")
        if $request->{expect};
}


# A mirror may come later than the answer, but ahead of the connection's end.
sub mirrored {
    my ($request) = @_;

    my $c = $t->begin($request);
    my $r = $c->read_response;

    $c->eof or die "the connection does not end\n";

    return $r;
}
