#!/usr/bin/perl

# The page of "webhook_status html" in a real browser: what it shows, that it
# shows strangers' text as text, in light and dark, on a phone, and that it
# keeps up with what happens.  WEBHOOK_SCREENSHOTS names a directory for
# pictures of it.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use List::Util qw/max min/;
use Test::More;

use WebhookTest;
use WebhookTest::Browser;
use WebhookTest::Signed qw/$secret signed forged/;

binmode $_, ':utf8' for map { Test::More->builder->$_ }
                        qw/output failure_output todo_output/;

my $hostile = q{</td><img src=x onerror="pwned=1"><script>pwned=2</script>'"};
my $long = 'x' x 500;

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_zone hooks 1m;

    webhook_provider own {
        signature  header:X-Hub-Signature-256 prefix=sha256=;
        id         json:/id;
        event      header:X-Event;
        challenge  query:challenge reply=\$webhook_challenge;
    }

    webhook_secret "$secret";

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name hooks.example.com;
        location /hooks/own { webhook own; proxy_pass http://%%APP%%; }
        location ~ "^/<b>/(?:a_very_long_expression_without_a_blank_in_it)+" {
            webhook own;
            webhook_enforce off;
            proxy_pass http://%%APP%%;
        }
        location /hooks/closed {
            webhook own;
            deny all;
        }
        location /hooks/idle { webhook own; proxy_pass http://%%APP%%; }
        location = /status { webhook_status html; }
    }
EOF

deliver();

my $browser = WebhookTest::Browser->new;

$browser->look(1280, 900, 'light');
$browser->open('http://127.0.0.1:' . $t->port . '/status');

ok($browser->wait_for('document.querySelectorAll(".deliveries tbody tr")'
                      . '.length === 10'), 'a row for each delivery');

what_it_shows();
strangers();
looks();
keeps_up();
no_contact();

# our own script of below, and the data of a server that has gone
is_deeply([grep { !/^Executing inline script violates/ && !/ERR_CONN/ }
           map { $_->{entry}{text} } $browser->events('Log.entryAdded')],
          [], 'the browser does not complain');
is_deeply([$browser->events('Runtime.exceptionThrown')], [], 'no exception');

my $own = 'http://127.0.0.1:' . $t->port . '/status';
is_deeply([grep { !m{\A\Q$own\E(?:\?format=json)?\z} }
           map { $_->{request}{url} }
           $browser->events('Network.requestWillBeSent')],
          [], 'nothing is asked for but the page and its data');

undef $browser;
$t->done;
done_testing();


sub deliver {
    my @event = (headers => [['X-Event', '<b>bold</b> & more']]);

    $t->request(signed(uri => '/hooks/closed', body => '{}'));
    $t->request(signed(uri => '/hooks/own', body => '{"id":"first"}', @event))
        for 1 .. 3;
    $t->request(forged(uri => '/hooks/own', body => '{}')) for 1 .. 2;
    $t->request({ uri => '/hooks/own?challenge=x' });
    $t->request({ uri => '/<b>/a_very_long_expression_without_a_blank_in_it',
                  body => '{}' });
    $t->request(signed(uri => '/hooks/own', body => qq({"id":"$long"}),
                       headers => [['X-Event', $long]]));
    $t->request(signed(uri => '/hooks/own', @event,
                       body => JSON::PP->new->encode({ id => $hostile })));
}


sub what_it_shows {
    is($browser->evaluate('document.title'), 'Webhooks', 'the title');
    like($browser->evaluate('document.getElementById("state").textContent'),
         qr/\AUpdated \d\d:\d\d:\d\d\z/, 'when it was updated');

    is_deeply(texts('#total li'),
              ['5accepted', '2rejected', '1would be rejected', '1challenges',
               '1not verified'], 'what there is in all');
    is_deeply(texts('#hooks h3'),
              ['/hooks/own',
               '^/<b>/(?:a_very_long_expression_without_a_blank_in_it)+',
               '/hooks/closed', '/hooks/idle'], 'a card for each hook');
    is_deeply(texts('#hooks .card:first-child .counts li'),
              ['5accepted', '2rejected', '1challenges'], 'its counters');
    is_deeply(texts('#hooks .reasons li > span:first-child'),
              ['signature_mismatch', 'signature_missing (trial)'],
              'its reasons');

    is($browser->evaluate('document.querySelector("#hooks svg")'
                          . '.getAttribute("aria-label")'),
       'The last hour: 5 accepted, 2 rejected, 1 challenges',
       'the picture in words');
    is_deeply($browser->evaluate(
                  '[...new Set([...document.querySelectorAll("#hooks '
                  . '.card:first-child rect")].map(r => '
                  . 'r.getAttribute("class")))].sort()'),
              [qw/accepted challenge rejected/], 'the picture');
    is_deeply(texts('#hooks .card:first-child thead th'),
              ['Time', 'accepted', 'rejected', 'challenges'],
              'the picture as a table');

    is_deeply(texts('.deliveries thead th'),
              [qw/Time Verdict Reason Location Provider Event Id Size Upstream
                  ms/], 'what is told of a delivery');
    is_deeply([@{ texts('.deliveries tbody tr:nth-child(4) td') }[1 .. 4]],
              ['challenge', '', '/hooks/own', 'own'], 'a challenge');
}


sub strangers {
    is(texts('.deliveries tbody tr:first-child td:nth-child(7)')->[0],
       substr($hostile, 0, 64) . (length $hostile > 64 ? "\x{2026}" : ''),
       'an id of markup is text');
    is(texts('.deliveries tbody tr:first-child td:nth-child(6)')->[0],
       '<b>bold</b> & more', 'and so is an event');
    is($browser->evaluate(
           'document.querySelectorAll("img, b b, td b, main script").length'),
       0, 'no element of strangers');
    is($browser->evaluate('typeof pwned'), 'undefined', 'no script of theirs');

    # the second line of defence
    is($browser->evaluate(<<'EOF'), 'undefined', 'and none would run');
        (() => {
            const node = document.createElement("script");
            node.textContent = "pwned = 3";
            document.body.append(node);
            node.remove();
            return typeof pwned;
        })()
EOF
}


sub looks {
    my %ground;

    for my $scheme (qw/light dark/) {
        for my $width (320, 360, 768, 1280) {
            $browser->look($width, 800, $scheme);

            cmp_ok($browser->evaluate('document.documentElement.scrollWidth'),
                   '<=', $width, "$scheme, $width pixels: nothing sticks out");
            is($browser->evaluate(<<'EOF'), 0, 'nor is anything cut off');
                [...document.querySelectorAll("main *:not(thead):not(thead *)")]
                    .filter(node => !node.closest("details, svg"))
                    .filter(node => node.getBoundingClientRect().right
                                    > document.documentElement.clientWidth + 1)
                    .length
EOF
            picture("$scheme-$width");
        }

        $ground{$scheme} = $browser->evaluate(
            'getComputedStyle(document.body).backgroundColor');

        for my $selector ('body', '.soft', '.card .accepted', '.card .rejected',
                          '.card .would_reject', '.card .challenge', 'th')
        {
            my $contrast = contrast($browser->evaluate(
                "getComputedStyle(document.querySelector('$selector')).color"),
                $ground{$scheme});

            cmp_ok($contrast, '>=', 4.5, "$scheme: contrast of $selector");
        }
    }

    isnt($ground{light}, $ground{dark}, 'light and dark');

    $browser->look(360, 800, 'light');
    is($browser->evaluate('getComputedStyle(document.querySelector('
                          . '".deliveries tbody tr")).display'), 'flex',
       'deliveries are blocks on a phone');
}


sub keeps_up {
    $browser->look(1280, 900, 'light');
    $browser->evaluate('document.querySelector("details").open = true');
    $browser->evaluate('document.querySelector("summary").focus()');

    $t->request(signed(uri => '/hooks/own', body => '{"id":"the newest"}'));

    ok($browser->wait_for(
           'document.querySelector(".deliveries tbody td:nth-child(7)")'
           . '.textContent === "the newest"'), 'a new delivery is shown');
    is_deeply(texts('#total li:first-child'), ['6accepted'], 'and counted');
    ok($browser->evaluate('document.querySelector("details").open'),
       'what was unfolded still is');
    is($browser->evaluate('document.activeElement.localName'), 'summary',
       'and has the focus');
}


sub no_contact {
    $t->stop;

    ok($browser->wait_for('/^No contact since .*, trying again$/.test('
                          . 'document.getElementById("state").textContent)'),
       'it says that it has lost contact');
    is_deeply(texts('#total li:first-child'), ['6accepted'],
              'and shows what it has');

    $t->start;

    ok($browser->wait_for('/^Updated/.test('
                          . 'document.getElementById("state").textContent)'),
       'and that it is back');
    is_deeply(texts('#deliveries'), ['None yet.'], 'after a restart');
}


sub texts {
    my ($selector) = @_;

    return $browser->evaluate("[...document.querySelectorAll('$selector')]"
                              . '.map(node => node.textContent)');
}


sub picture {
    my ($name) = @_;

    my $dir = $ENV{WEBHOOK_SCREENSHOTS} // return;

    $browser->screenshot("$dir/$name.png");
}


# The contrast of two colours as WCAG defines it.
sub contrast {
    my @light = map { luminance(/(\d+), (\d+), (\d+)/) } @_;

    return (max(@light) + 0.05) / (min(@light) + 0.05);
}


sub luminance {
    my @part = map { $_ / 255 <= 0.03928 ? $_ / 255 / 12.92
                                         : (($_ / 255 + 0.055) / 1.055) ** 2.4 }
               @_;

    return 0.2126 * $part[0] + 0.7152 * $part[1] + 0.0722 * $part[2];
}
