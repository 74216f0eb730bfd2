#!/usr/bin/perl

# A verdict on its way through internal redirects: it is neither lost nor
# does it count in a place that asks for another one.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex/;
use Test::More;

use WebhookTest;
use WebhookTest::Signed qw/$secret signature signed forged body_of/;

my $other = 'the secret of another gate';

# error pages, and each with and without a gate
my @pages = ('/app?x=1', '=200 /app?a=b&c', '@app', '= $uri/app',
             '/app$is_args$args', '"/app/a b"', 'http://example.com/x?y=1',
             '=307 https://example.com$request_uri', '@none');
my $pages = '';

for my $i (0 .. $#pages) {
    $pages .= <<"EOF" for qw/github off/;
        location /page/$i/$_/ {
            webhook $_;
            error_page 403 405 $pages[$i];
            deny all;
        }
EOF
}

my $t = WebhookTest->new(conf => <<"EOF", files => {
    log_format all '\$request_uri \$uri \$status [\$webhook_provider]'
        '[\$webhook_verdict][\$webhook_reason][\$webhook_id][\$webhook_event]'
        '[\$webhook_secret_index][\$webhook_body_sha256]';

    webhook_provider any {
        methods GET POST;
        signature header:X-Hub-Signature-256 prefix=sha256=;
    }

    proxy_set_header X-Verdict
        \$webhook_provider:\$webhook_verdict:\$webhook_id:\$webhook_event:\$webhook_secret_index:\$webhook_body_sha256;
    proxy_set_header X-At \$uri;

    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/logs/all.log all;
        root %%DIR%%/html;

        location / { proxy_pass http://%%APP%%; }

        location \@app { proxy_pass http://%%APP%%; }

        webhook_secret "$secret";
        $pages
        location = /again { internal; proxy_pass http://%%APP%%; }

        location /gate {
            webhook github;
            webhook_secret "an older secret of these";
            webhook_secret "$secret";
            proxy_pass http://%%APP%%;

            location /gate/static {
                error_page 403 405 /static.html;
                proxy_pass http://%%APP%%;
            }

            location /gate/changed {
                error_page 403 =401 /static.html;
                proxy_pass http://%%APP%%;
            }

            location /gate/named {
                error_page 403 \@refused;
                proxy_pass http://%%APP%%;
            }

            location /gate/same {
                error_page 403 /gate/page;
                proxy_pass http://%%APP%%;
            }

            location /gate/bad_page {
                error_page 403 /gate/bad_page/none;
                proxy_pass http://%%APP%%;
            }

            location /gate/intercept {
                proxy_intercept_errors on;
                error_page 502 503 /gate/page;
                error_page 500 /static.html;
                error_page 501 \@app;
                proxy_pass http://%%APP%%;
            }

            location /gate/try { try_files /none \@app; }
            location /gate/tried { try_files /none /gate/page; }
            location /gate/last { rewrite ^ /gate/page last; }
            location /gate/break {
                rewrite ^ /broken break;
                proxy_pass http://%%APP%%;
            }

            location /gate/page { proxy_pass http://%%APP%%; }

            location /gate/accel {
                webhook_ack 207;
                proxy_pass http://127.0.0.1:%%PORT_1%%/accel;
            }

            location /gate/file {
                client_body_buffer_size 1k;
                proxy_pass http://127.0.0.1:%%PORT_1%%/accel;
            }

        }

        location /token {
            webhook gitlab;
            webhook_secret "$other";
            proxy_pass http://%%APP%%;

            location /token/try { try_files /none \@app; }
        }

        # a redirect to a name leaves the method alone
        location \@other {
            webhook github;
            webhook_secret "$other";
            webhook_ack 208;
            proxy_pass http://%%APP%%;
        }

        location /open {
            proxy_pass http://127.0.0.1:%%PORT_1%%/accel;
        }

        location /open/unbuffered {
            proxy_request_buffering off;
            rewrite ^/open/unbuffered(.*) /open\$1 break;
            proxy_pass http://127.0.0.1:%%PORT_1%%;
        }

        location /try { try_files /none /gate/page; }
        location /last { rewrite ^ /gate/page last; }
        location /error { error_page 402 = /gate/page; return 402; }

        location /index/ {
            webhook any;
            webhook_secret "$secret";
            index none.html index.html;
        }

        location = /static.html { error_page 405 =200 \$uri; }

        location \@refused {
            add_header X-Seen "\$webhook_verdict:\$webhook_reason";
            return 418 "named\n";
        }
    }

    # an application that says where to go on
    server {
        listen 127.0.0.1:%%PORT_1%%;
        client_max_body_size 1m;

        location ~ ^/[a-z]+/to(?<to>.+) {
            set \$slashless \$to;
            if (\$to ~ ^/(\@.*)) { set \$slashless \$1; }
            add_header X-Accel-Redirect \$slashless;
            return 200;
        }
    }
EOF
    'html/static.html' => "a page\n", 'html/index/index.html' => "an index\n",
});

my @headers = (['X-GitHub-Delivery', 'id-1'], ['X-GitHub-Event', 'push']);
my %small = (body => '{"a":1}', headers => [@headers]);
my %large = (body => 'b' x 20_000, headers => [@headers]);
my $sum;


for my $body (\%small, \%large) {
    $sum = sha256_hex($body->{body});
    my $known = "[github][accepted][][id-1][push][2][$sum]";
    my $refused = '[github][rejected][signature_mismatch][id-1][push][][]';

    is_deeply(ask(forged(uri => '/gate/static', %$body)),
              [403, "a page\n", "/gate/static /static.html 403 $refused"],
              'a page for a refusal');
    is_deeply(ask(forged(uri => '/gate/changed', %$body)),
              [401, "a page\n", "/gate/changed /static.html 401 $refused"],
              'a page with another status');
    is_deeply(ask(forged(uri => '/gate/named', %$body)),
              [403, "named\n", "/gate/named /gate/named 403 $refused"],
              'a named location for a refusal');
    is_deeply(ask(forged(uri => '/gate/same', %$body)),
              [403, qq({"status":403,"error":"forbidden"}\n),
               "/gate/same /gate/page 403 $refused"],
              'a refusal stays one behind the same gate');
    is_deeply(ask(forged(uri => '/gate/bad_page', %$body)),
              [403, qq({"status":403,"error":"forbidden"}\n),
               "/gate/bad_page /gate/bad_page/none 403 $refused"],
              'a page behind the gate that shows the page');

    my $app = "github:accepted:id-1:push:2:$sum";

    for (['/gate/plain', '/gate/plain', 202], ['/gate/try', '/gate/try', 202],
         ['/gate/tried', '/gate/page', 202], ['/gate/last', '/gate/page', 202],
         ['/gate/break', '/broken', 202],
         ['/gate/accel/to/again', '/again', 207],
         ['/gate/accel/to/gate/page', '/gate/page', 207],
         ['/gate/file/to/again', '/again', 202],
         ['/gate/file/to/gate/page', '/gate/page', 202],
         ['/try', '/gate/page', 202], ['/last', '/gate/page', 202])
    {
        my ($uri, $at, $status) = @$_;

        # "rewrite" comes before the gate, so what counts is where it ends
        is_deeply(ask(signed(uri => $uri, %$body)),
                  [$status, [$at, $app, $body->{body}],
                   "$uri $at $status $known"], "$uri: accepted");

        is_deeply(ask(forged(uri => $uri, %$body)),
                  [403, qq({"status":403,"error":"forbidden"}\n),
                   $uri =~ m{^/(?:gate/last|gate/break|try|last)}
                   ? "$uri $at 403 $refused" : "$uri $uri 403 $refused"],
                  "$uri: refused");
    }

    # the application fails
    for (['/gate/intercept/status/500', 500, "a page\n", '/static.html'],
         ['/gate/intercept/status/501', 501, undef,
          '/gate/intercept/status/501'],
         ['/gate/intercept/status/502', 502, undef, '/gate/page'])
    {
        my ($uri, $status, $page, $at) = @$_;

        $t->app_clear;
        my $r = $t->request(signed(uri => $uri, %$body));
        my @seen = $t->app_requests;

        is($r->{status}, $status, "$uri: the application's error");
        is($r->{body}, $page, 'its page') if $page;
        is(@seen, $page ? 1 : 2, 'the application is asked again') if !$page;
        is($seen[-1]{method}, $at eq '/gate/page' ? 'GET' : 'POST', 'as')
            if !$page;
        is($t->take_line('all.log'), "$uri $at $status $known", 'the verdict stays');
    }

    # a gate behind an application, or behind another gate
    for my $uri (qw{/open/to/@other /gate/accel/to/@other
                    /gate/file/to/@other /open/unbuffered/to/@other})
    {
        my ($outer, $inner) = map { signature($body->{body}, $_) }
                              $secret, $other;

        if ($uri =~ /open/) {
            my $gone = $uri =~ /unbuffered/ && $body == \%large;
            my $r = ask({ uri => $uri, %$body,
                          headers => [@headers, $outer] });

            is_deeply([@$r[0, 1]],
                      $gone ? [500, qq({"status":500,)
                               . qq("error":"internal server error"}\n)]
                            : [403, qq({"status":403,)
                               . qq("error":"forbidden"}\n)],
                      "$uri: refused by the second gate");

            # what has been sent to the first one is not there any more
            next if $gone;

            $r = ask({ uri => $uri, %$body, headers => [@headers, $inner] });
            my $at = $uri =~ s{/unbuffered}{}r;

            is_deeply($r, [208, [$at, "github:accepted:id-1:push:1:$sum",
                                 $body->{body}],
                           "$uri $at 208 [github][accepted][][id-1]"
                           . "[push][1][$sum]"],
                      "$uri: accepted by the second gate");
            next;
        }

        is_deeply(ask({ uri => $uri, %$body, headers => [@headers, $outer] }),
                  [403, qq({"status":403,"error":"forbidden"}\n),
                   "$uri $uri 403 $refused"],
                  "$uri: refused by the second gate");
    }
}


# what was sent unbuffered cannot be verified any more, as an empty one least
{
    my $r = ask({ uri => '/open/unbuffered/to/@other', %large,
                  headers => [@headers, signature('', $other)] });
    is($r->[0], 500, 'a body that is gone is not taken for an empty one');
    is(ref $r->[1], '', 'and nothing goes upstream');
}

# a redirect changes the method to GET, which the second gate does not allow
is_deeply([@{ ask(signed(uri => '/error', %small)) }[0, 1]],
          [405, qq({"status":405,"error":"method not allowed"}\n)],
          'an error page as a way to a gate');

# a gate of a header alone, which leaves the body to others
$sum = sha256_hex($large{body});
for my $uri ('/token', '/token/try') {
    is_deeply(ask({ uri => $uri, body => $large{body},
                    headers => [['X-Gitlab-Token', $other]] }),
              [202, [$uri, "gitlab:accepted:::1:$sum", $large{body}],
               "$uri $uri 202 [gitlab][accepted][][][][1][$sum]"],
              "$uri: the digest of a body that is read behind the gate");
}

# an index
is_deeply(ask(forged(uri => '/index/', method => 'GET', length => '')),
          [403, qq({"status":403,"error":"forbidden"}\n), '/index/ /index/ 403'
           . ' [any][rejected][signature_mismatch][][][][]'],
          'an index behind a gate');
is_deeply(ask(signed(uri => '/index/', method => 'GET', length => '')),
          [200, "an index\n", '/index/ /index/index.html 200 [any][accepted]'
           . "[][][][1][@{[sha256_hex('')]}]"], 'for the signed');

# a gate changes nothing of where an error page is
for my $i (0 .. $#pages) {
    my @seen = map {
        my ($r, $seen) = $t->ask({ uri => "/page/$i/$_/?q=1&r=%20" });

        join ' ', $r->{status}, $r->{header}{location} // '',
             $seen ? @$seen{qw/method uri/} : $r->{body};
    } qw/github off/;

    is($seen[0] =~ s/github/off/r, $seen[1], "error_page $pages[$i]");
}

$t->done;

done_testing();


# [status, what the application saw or the answer's body, line of the log]
sub ask {
    my ($request) = @_;

    my ($r, @seen) = $t->ask($request);

    return [$r->{status}, @seen ? map({ what($_) } @seen) : $r->{body},
            $t->take_line('all.log')];
}


sub what {
    my ($seen) = @_;

    my %header = map { @$_ } @{ $seen->{headers} };

    return [@header{qw/X-At X-Verdict/}, $seen->{body}];
}
