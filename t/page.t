#!/usr/bin/perl

# The page of "webhook_status html" in a real browser: what it shows, trouble
# first; that it shows strangers' text as text; that an update leaves focus,
# selection and place alone; and what axe-core says of it, of no hook, of three
# with an hour of traffic and of sixty, in light and dark, on a phone.
# WEBHOOK_SCREENSHOTS names a directory for pictures of it.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use Test::More;

use WebhookTest;
use WebhookTest::Browser;
use WebhookTest::Cert qw/read_file/;
use WebhookTest::Npm qw/npm/;
use WebhookTest::Redis;
use WebhookTest::Signed qw/$secret signed forged/;

binmode $_, ':utf8' for map { Test::More->builder->$_ }
                        qw/output failure_output todo_output/;

my $hostile = q{</td><img src=x onerror="pwned=1"><script>pwned=2</script>'"};
my $long = 'x' x 65536;
my $start = 1_700_000_040;              # a minute begins
my $json = JSON::PP->new->ascii->allow_nonref;

my $provider = <<"EOF";
    webhook_zone hooks 1m;
    webhook_secret "$secret";
    webhook_provider own {
        signature  header:X-Hub-Signature-256 prefix=sha256=;
        id         json:/id;
        event      header:X-Event;
        challenge  query:challenge reply=\$webhook_challenge;
    }
EOF

my $status = 'location = /status { webhook off; webhook_status html; }';

the_page_itself();

my $browser = eval { WebhookTest::Browser->new };

if (!$browser) {
    note("the browser's part is skipped: $@");
    done_testing();
    exit;
}

my ($folder, $missing) = npm('npm-axe', 'axe-core@4.14.1');
my $axe = $missing ? '' : read_file("$folder/node_modules/axe-core/axe.min.js");

note("axe-core is skipped: $missing") if $missing;

of_strangers();
of_engines();
of_an_hour();

# our own script of below, and the data of a server that has gone
is_deeply([grep { !/^Executing inline script violates/ && !/ERR_CONN/ }
           map { $_->{entry}{text} } $browser->events('Log.entryAdded')],
          [], 'the browser does not complain');
is_deeply([$browser->events('Runtime.exceptionThrown')], [], 'no exception');
is_deeply([grep { !m{\Ahttp://127\.0\.0\.1:\d+/status(?:\?format=json)?\z
                     |\Adata:image/svg}x }
           map { $_->{request}{url} }
           $browser->events('Network.requestWillBeSent')],
          [], 'nothing is asked for but the page and its data');

undef $browser;
done_testing();


# What needs no browser.
sub the_page_itself {
    my $t = WebhookTest->new(conf => "$provider server {
        listen 127.0.0.1:%%PORT%%; $status }");
    my $page = $t->request({ uri => '/status' })->{body};

    my %ids = map { $_ => 1 } $page =~ /\bid="([^"]+)"/g;

    is_deeply([grep { !$ids{$_} } $page =~ /\bhref="#([^"]+)"/g], [],
              'each link leads somewhere');
    is_deeply([grep { !$ids{$_} } $page =~ /\bget\("([\w-]+)"\)/g], [],
              'and so does the script');
    my @named;

    push @named, [$1, $2]
        while $page =~ /see\s+"([^"]*)"\s+in\s+(docs\/\w+\.md)/g;
    is_deeply([grep { my ($title, $file) = @$_;
                      read_file("$FindBin::Bin/../$file")
                          !~ /^#+ \Q$title\E$/m } @named], [],
              'and so does each heading that is named');
    is(scalar @named, 2, 'of which there are some');
    unlike($page, qr/innerHTML|outerHTML|insertAdjacent|document\.write/,
           'text is never markup');

    $t->done;
}


sub of_strangers {
    my $t = WebhookTest->new(conf => <<"EOF");
    $provider
    server {
        listen 127.0.0.1:%%PORT%%;
        server_name hooks.example.com;
        location /hooks/own { webhook own; proxy_pass http://%%APP%%; }
        location ~ "^/<b>/(?:a_very_long_expression_without_a_blank_in_it)+" {
            webhook own;
            webhook_enforce off;
            proxy_pass http://%%APP%%;
        }
        location /hooks/closed { webhook own; deny all; }
        location /hooks/idle { webhook own; proxy_pass http://%%APP%%; }
        location /hooks/down { webhook own; proxy_pass http://127.0.0.1:1; }
        $status
    }
EOF

    my @event = (headers => [['X-Event', '<b>bold</b> & more']]);

    $t->request(signed(uri => '/hooks/closed', body => '{}'));
    $t->request(signed(uri => '/hooks/own', body => '{"id":"first"}', @event))
        for 1 .. 3;
    $t->request(forged(uri => '/hooks/own', body => '{}')) for 1 .. 2;
    $t->request({ uri => '/hooks/own?challenge=x' });
    $t->request({ uri => '/<b>/a_very_long_expression_without_a_blank_in_it',
                  body => '{}' });
    $t->request(signed(uri => '/hooks/down', body => '{"id":"lost"}'));
    $t->request(signed(uri => '/hooks/own', body => qq({"id":"$long"}),
                       headers => [['X-Event', "a\x01\x1b\"'<" . 'x' x 500]]));
    $t->request(signed(uri => '/hooks/own', @event,
                       body => $json->encode({ id => $hostile })));

    visit($t, 1280, 11);
    what_it_shows();
    strangers();
    unfolding();
    filters();
    looks('traffic', 1280, 360);
    keeps_up($t);
    pause($t);
    no_contact($t);

    $t->done(allow => qr/connect\(\) failed|access forbidden/);
}


sub what_it_shows {
    is($browser->evaluate('document.title'), '(1) Webhooks', 'the title');
    like(text('#state'), qr/\AUpdated \d\d:\d\d:\d\d\z/,
         'when it was updated');
    is(text('#summary'), '1 hook in trouble, 3 hooks to look at',
       'what is wrong');
    like(icon(), qr/b92c23/, 'the icon is red');

    is_deeply(texts('#hooks h3'),
              ['/hooks/down', '/hooks/own',
               '^/<b>/(?:a_very_long_expression_without_a_blank_in_it)+',
               '/hooks/closed', '/hooks/idle'],
              'hooks, those in trouble first');
    is_deeply([map { s/(?<=; last ).*//r } @{ texts('.trouble li') }],
              ['1 answered with 5xx by the application in the last hour: '
               . 'remedy',
               '2 refused in the last hour: signature_mismatch; last ',
               '1 on trial would be refused: signature_missing; last ',
               '1 answered by another module before the check: not_verified; '
               . 'last '], 'what is wrong with them');
    like(text('#hooks li:nth-child(2) .when'), qr/\Aaccepted .*(?:now|ago)\z/,
         'when it accepted something last');
    is(text('#hooks li:last-child .when'), 'never accepted', 'or that never');
    is($browser->evaluate('document.querySelectorAll("svg.hours")[1]'
                          . '.getAttribute("aria-label")'),
       'The last hour: 5 accepted, 2 rejected, 1 challenges',
       'the picture in words');

    is_deeply(texts('.deliveries thead th'),
              ['Time', 'Verdict', 'Reason', 'Hook', 'Event', 'Id',
               'Sender got', 'Application', 'ms'],
              'what is told of a delivery');
    is_deeply([@{ texts('.deliveries tr:nth-child(5) td') }[1 .. 7]],
              ['challenge', '', '/hooks/own, own', '', '', '200', ''],
              'a challenge');
    is_deeply([@{ texts('.deliveries tr:nth-child(3) td') }[1 .. 7]],
              ['accepted', '', '/hooks/down, own', '', 'lost', '502', '502'],
              'one that is accepted, and that the application did not get');
    is(colour(".deliveries tr:nth-child(3) td:nth-child($_)"),
       colour('.deliveries .verdict.rejected'), 'its status is red')
        for 7, 8;
    isnt(colour('.deliveries tr:nth-child(5) td:nth-child(7)'),
         colour('.deliveries .verdict.rejected'), 'one of 200 is not');
    is(text('.deliveries tr:nth-child(6) a[href="#reason-signature_mismatch"]'),
       'signature_mismatch', 'a reason leads to its remedy');

    # the page is read by landmarks, and says nothing by itself
    is_deeply($browser->evaluate('[...document.querySelectorAll("header, nav, '
                  . 'main, form[role=search], section[aria-labelledby]")]'
                  . '.map(node => node.localName)'),
              [qw/header nav main form section section section section/],
              'landmarks');
    is($browser->evaluate('document.querySelector("form").ariaLabel'),
       'Filter hooks and deliveries', 'the search has a name');
    ok($browser->evaluate('document.getElementById("engines").hidden'),
       'of Redis nothing is said, where there is none');
    is_deeply(texts('[role=status], [aria-live]'), [''],
              'nothing is read out');
}


sub strangers {
    is(text('.deliveries tr:first-child td:nth-child(6)'),
       substr($hostile, 0, 64), 'an id of markup is text');
    is(text('.deliveries tr:first-child td:nth-child(5)'),
       '<b>bold</b> & more', 'and so is an event');
    is(text('.deliveries tr:nth-child(2) td:nth-child(6)'), '',
       'an id of 64 KiB is left out');
    like(text('.deliveries tr:nth-child(2) td:nth-child(5)'),
         qr/\Aa\x{fffd}\x{fffd}"'<x+\x{2026}\z/,
         'control characters are gone, and what is long is cut');
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


sub unfolding {
    $browser->evaluate('document.querySelectorAll("#hooks .fold")[1].click()');

    is_deeply(texts('.inside .counts li'),
              ['5accepted', '2rejected', '1challenges'], 'counters of a hook');
    like(text('.inside .reasons li span'), qr/\Asignature_mismatch, last /,
         'its reasons');
    is(text('.inside dd:nth-of-type(4)'), '5 by number 1', 'its secrets');
    is_deeply(texts('.inside thead th'),
              ['Time', 'accepted', 'rejected', 'challenges'],
              'the picture as a table');

    $browser->evaluate('document.querySelectorAll(".deliveries .fold")[5]'
                       . '.click()');

    my %fact = facts();

    like($fact{Remedy}, qr/\AAnother secret than the sender's, /,
         'a delivery has the remedy');
    is_deeply([@fact{'Verdict', 'Reason', 'Sender got', 'Application',
                     'Location', 'Body', 'HTTP'}],
              ['rejected', 'signature_mismatch', 'status 403',
               'was not asked', '/hooks/own', '2 bytes', '1.1'],
              'and all that is known of it');
    like($fact{'Error log'}, qr/ \*\d+ /, 'and where the log tells of it');

    $browser->evaluate('document.querySelectorAll(".deliveries .fold")[2]'
                       . '.click()');
    %fact = facts();
    like($fact{Remedy}, qr/\AThe message was right, and the application /,
         'one that failed has the remedy of that');
    is($fact{Application}, 'status 502', 'and what the application did');
    $browser->evaluate('document.querySelectorAll(".deliveries .fold")[2]'
                       . '.click()');

    # what leads elsewhere does not unfold
    $browser->evaluate('document.querySelectorAll(".deliveries td.reason a")'
                       . '.forEach(node => node.click())');
    is(scalar @{ texts('.whole') }, 1, 'a link leaves its row alone');
}


# All that is said of the first delivery that is unfolded.
sub facts {
    return map { @$_ } @{ $browser->evaluate(
        '[...document.querySelector(".whole").querySelectorAll("dt")].map(dt =>'
        . ' [dt.textContent, dt.nextElementSibling.textContent])') };
}


sub filters {
    my $rows = '.deliveries td.verdict';

    choose('verdict', 'rejected');
    is_deeply(texts($rows), [qw/rejected rejected/], 'only what was refused');
    is_deeply(texts('#hooks h3'), ['/hooks/own'], 'and where');
    is(text('#news'), '2 of 11 deliveries', 'which is read out');

    choose('verdict', 'trouble');
    is_deeply(texts($rows), [qw/accepted would_reject rejected rejected none/],
              'trouble alone');
    is_deeply(texts('#hooks h3')->[0], '/hooks/down', 'and whose');
    is(scalar @{ texts('#hooks h3') }, 4, 'without those that are fine');

    choose('verdict', 'failed');
    is_deeply(texts('#hooks h3'), ['/hooks/down'], 'only what failed');

    choose('verdict', '');
    choose('text', 'FIRST hooks');
    is_deeply(texts($rows), [('accepted') x 3], 'words of an id and a place');
    is_deeply(texts('#hooks h3'), ['/hooks/own'], 'and the hook that had it');

    choose('text', '<i>');
    is_deeply([scalar @{ texts($rows) }, text('#delivery-list')],
              [0, 'None that fits.'], 'what nobody sent');
    like(text('#summary'), qr/1 hook in trouble/, 'trouble is not left out');

    choose('text', '');
    $browser->evaluate('document.querySelector("[data-hook]").click()');
    is_deeply([text('#hook option:checked'), scalar @{ texts($rows) }],
              ['/hooks/own, own', 8], 'deliveries of one hook');

    $browser->evaluate('document.querySelector("[type=reset]").click()');
    ok($browser->wait_for('!document.getElementById("found").textContent'),
       'all again');
}


# Focus, selection, what is unfolded, and what is in view.
sub keeps_up {
    my ($t) = @_;

    $browser->look(360, 500, 'light');
    $browser->evaluate(<<'EOF');
        (() => {
            const fold = document.querySelectorAll(".deliveries .fold")[5];
            const id = fold.closest("tr").nextSibling.querySelector("dd");
            window.fold = fold;
            fold.scrollIntoView({ block: "center" });
            fold.focus({ preventScroll: true });
            getSelection().selectAllChildren(id);
            document.querySelector(".inside details").open = true;
            window.before = [fold.getBoundingClientRect().top,
                             getSelection().toString()];
        })()
EOF

    $t->request(signed(uri => '/hooks/own', body => '{"id":"the newest"}'));

    # by itself
    ok($browser->wait_for('document.querySelector(".deliveries tbody tr")'
                          . '.textContent.includes("the newest")'),
       'a new delivery is shown');
    is_deeply($browser->evaluate(<<'EOF'), [(1) x 5], 'and the rest stays');
        [document.activeElement === fold,
         getSelection().toString() === before[1] && before[1] !== "",
         fold.getAttribute("aria-expanded") === "true",
         document.querySelector(".inside details").open,
         Math.abs(fold.getBoundingClientRect().top - before[0]) < 2]
            .map(Number)
EOF

    # another order of the hooks
    $browser->evaluate(<<'EOF');
        document.querySelector("#hooks li:last-child .fold").focus();
        getSelection().selectAllChildren(
            document.querySelector("#hooks li:last-child .who"));
EOF
    $t->request(forged(uri => '/hooks/idle', body => '{}'));
    ok(updated('document.querySelectorAll("#hooks .level2").length === 2'),
       'a hook gets into trouble');
    is($browser->evaluate('document.activeElement.textContent'), '/hooks/idle',
       'and has the focus as before');
    is($browser->evaluate('getSelection().toString()'), 'own',
       'and what is selected');
    is(text('#news'), 'Trouble: /hooks/idle, 1 refused in the last hour',
       'it is read out');
    is($browser->evaluate('document.title'), '(2) Webhooks', 'the title');

    $browser->evaluate('document.getElementById("news").textContent = ""');
    ok(updated('true'), 'an update');
    is(text('#news'), '', 'that has nothing to say');
}


sub pause {
    my ($t) = @_;

    # what the page starts and stops
    $browser->evaluate(<<'EOF');
        (() => {
            const start = setTimeout, stop = clearTimeout;
            const pending = window.pending = new Set();

            window.setTimeout = (f, ms) => {
                const id = start(() => { pending.delete(id); f(); }, ms);

                pending.add(id);
                return id;
            };
            window.clearTimeout = id => { pending.delete(id); stop(id); };
        })()
EOF
    ok(updated('pending.size === 1'), 'the next update is waited for');

    $browser->evaluate('document.getElementById("pause").click()');
    like(text('#state'), qr/\APaused at /, 'it pauses');
    is($browser->evaluate('document.getElementById("pause")'
                          . '.getAttribute("aria-pressed")'), 'true',
       'and says so');
    is($browser->evaluate('pending.size'), 0, 'no update is to come');
    ok(updated('pending.size === 0'), 'nor after one that was on its way');
    is($browser->evaluate('document.dispatchEvent(new Event('
                          . '"visibilitychange")); asking'), JSON::PP::false,
       'nor when the page is looked at again');

    $t->request(signed(uri => '/hooks/own', body => '{"id":"a later one"}'));
    $browser->evaluate('document.getElementById("pause").click()');
    ok($browser->wait_for('document.querySelector(".deliveries tbody tr")'
                          . '.textContent.includes("a later one")'),
       'and goes on at once');
    ok($browser->wait_for('pending.size === 1'), 'and by itself');
}


sub no_contact {
    my ($t) = @_;

    $t->stop;

    ok(updated('/^No contact since .*, trying again$/.test('
               . 'document.getElementById("state").textContent)'),
       'it says that it has lost contact');
    is_deeply([text('#news'), $browser->evaluate('document.title')],
              ['No contact', '(?) Webhooks'], 'in every way');
    like(icon(), qr/626d79/, 'and by its icon');
    cmp_ok(scalar @{ texts('.deliveries tbody tr') }, '>', 5,
           'and shows what it has');

    $t->start;

    ok(updated('/^Updated/.test('
               . 'document.getElementById("state").textContent)'),
       'and that it is back');
    is(text('#news'), 'No hook is in trouble any more', 'which is read out');
    is(text('#delivery-list'), 'None yet.', 'after a restart');
    is_deeply([text('#summary'), $browser->evaluate('document.title')],
              ['Nothing wrong in the last hour', 'Webhooks'], 'all is well');
    like(icon(), qr/1b7047/, 'the icon is green');
}


# A Redis that hosts share, before and after it has gone.
sub of_engines {
    my $redis = WebhookTest::Redis->new;
    my $t = WebhookTest->new(conf => <<"EOF");
    $provider
    webhook_redis shared ${\ $redis->url } on_error=local;
    server {
        listen 127.0.0.1:%%PORT%%;
        server_name hooks.example.com;
        location /hooks/own {
            webhook own;
            webhook_replay zone=hooks shared=shared;
            proxy_pass http://%%APP%%;
        }
        $status
    }
EOF

    my $n = 0;
    my $send = sub {
        $t->request(signed(uri => '/hooks/own', body => '{"id":' . $n++ . '}'));

        return JSON::PP::decode_json($t->request(
            { uri => '/status?format=json' })->{body})->{engines}[0];
    };

    $t->wait_for(sub { $send->()->{up} }, 'Redis');
    visit($t, 1280, $n);
    like(join(' ', @{ texts('#engines td') }[0 .. 2]),
         qr/\Ashared there \S*\d\d:\d\d:\d\d\z/,
         'a Redis that is there, and since when');
    is(text('#summary'), 'Nothing wrong in the last hour', 'nothing is wrong');

    $redis->crash;
    $t->wait_for(sub { !$send->()->{up} }, 'it to be gone');
    updated("!last.engines[0].up");
    like(join(' ', @{ texts('#engines td') }[0 .. 2]),
         qr/\Ashared gone \S*\d\d:\d\d:\d\d\z/, 'one that has gone');
    is(text('#summary'), 'Redis shared is gone', 'which is what is wrong');
    is($browser->evaluate('document.title'), '(1) Webhooks', 'in the title too');
    is(text('#engines a[href="#reason-redis"]'), 'gone',
       'it leads to its remedy');

    $t->done(allow => qr/connect\(\) failed/);
}


# No hook, three with an hour of traffic, sixty.
sub of_an_hour {
    my $none = "$provider server { listen 127.0.0.1:%%PORT%%; $status }";
    my $t = WebhookTest->new(now => $start, frozen => 1, conf => $none);

    visit($t, 1280, 0);
    is(text('#hook-list'), 'There is no location with webhook.', 'no hook');
    looks('0', 1280, 390);

    $t->configure(join '', $provider, map { my $name = $_;
        "server { listen 127.0.0.1:%%PORT%%; server_name $name.example; "
        . "location /in { webhook own; proxy_pass http://127.0.0.1:1; } "
        . "$status }" } qw/one two/);
    $t->reload;
    ok(updated('last.hooks.length === 2'), 'another configuration');
    is_deeply(texts('#hooks h3'), ['one.example /in', 'two.example /in'],
              'of several servers each is named');

    my @three = qw/secret failing quiet/;

    $t->configure(conf_of(@three));
    $t->reload;

    my $last = -1;

    for my $minute (map { 2 * $_ } 0 .. 32) {
        my @sent = (
            $minute > 50 ? signed(uri => '/hooks/failing', body => '{}') : (),
            $minute < 30 ? signed(uri => '/hooks/quiet', body => '{}') : (),
            map { ($minute > 40 ? \&forged : \&signed)->(
                      uri => '/hooks/secret', body => qq({"id":"$_"})) }
                1 .. 1 + $minute % 5);

        $t->see_now($start + 60 * $minute, '/status?format=json');
        $t->request($_) for @sent;

        # counted in that minute, a moment after its answer
        $last += @sent;
        $t->wait_for(sub {
            $t->request({ uri => '/status?format=json' })->{body}
                =~ /"number":$last,/
        }, 'the last of a minute');
    }

    visit($t, 1280, 100);
    is_deeply(texts('.trouble li'),
              ['38 refused in the last hour: signature_mismatch; '
               . 'last just now',
               'nothing accepted for 24 min: remedy; the longest pause was '
               . '2 min',
               '7 answered with 5xx by the application in the last hour: '
               . 'remedy',
               'nothing accepted for 36 min: remedy; the longest pause was '
               . '2 min'], 'an hour of traffic');
    is(text('#hooks li .when'), 'accepted 24 min ago', 'the last one');
    still_there($t);
    $browser->evaluate('document.querySelectorAll(".fold").forEach('
                       . '(node, i) => i < 4 && node.click())');
    looks('3', 1280, 390);

    $t->configure(conf_of(@three, map { "sender-$_" } 4 .. 60));
    $t->reload;
    $t->request(signed(uri => "/hooks/sender-$_", body => '{"id":"x"}'))
        for grep { $_ % 3 } 4 .. 60;

    visit($t, 390, 100);
    is(scalar @{ texts('#hook-list > li') }, 60, 'sixty hooks');
    is_deeply(texts('#hooks li:nth-child(-n+3) h3'),
              [map { "/hooks/$_" } @three], 'three of them first');
    cmp_ok($browser->evaluate('document.querySelector("#hook-list > li:last-'
                              . 'child").offsetHeight'), '<=', 64,
           'the others are compact');

    $browser->evaluate('scrollTo(0, 2000)');
    ok($browser->evaluate('document.querySelector("nav a:nth-child(2)")'
                          . '.getBoundingClientRect().top < innerHeight / 4'),
       'the deliveries are within reach everywhere');
    $browser->evaluate('document.querySelector("nav a:nth-child(2)").click()');
    ok($browser->wait_for(<<'EOF'), 'and not below the head');
        (() => {
            const top = document.getElementById("deliveries-title")
                .getBoundingClientRect().top;

            return top >= document.querySelector("header").offsetHeight - 1
                && top < innerHeight / 4;
        })()
EOF
    looks('60', 390, 1280);

    $t->done;
}


# A delivery that is read, when the server has forgotten it.
sub still_there {
    my ($t) = @_;

    my $row = $browser->evaluate(<<'EOF');
        (() => {
            const row = document.querySelector(
                ".deliveries tbody tr:last-child");

            row.querySelector(".fold").click();
            return "tr[data-key=" + JSON.stringify(row.dataset.key) + "]";
        })()
EOF
    my $there = '!!document.querySelector(' . $json->encode($row) . ')';

    $t->request(signed(uri => '/hooks/quiet', body => '{"id":"one more"}'));
    ok(updated('last.deliveries[0].id === "one more"'), 'one more delivery');
    ok($browser->evaluate($there), 'the one that is unfolded stays');
    $browser->evaluate('document.querySelector(' . $json->encode("$row .fold")
                       . ').click()');
    ok(updated("!($there)"), 'until it is folded');
}


# A server with hooks of these names, one of which answers 503.
sub conf_of {
    my $hooks = join '', map {
        "location /hooks/$_ { webhook own; "
            . "proxy_pass http://127.0.0.1:%%PORT_1%%; }\n" } @_;

    return <<"EOF";
    $provider
    server { listen 127.0.0.1:%%PORT%%; $hooks $status }
    server {
        listen 127.0.0.1:%%PORT_1%%;
        location / { return 200; }
        location /hooks/failing { return 503; }
    }
EOF
}


# Nothing sticks out, and axe has nothing to say, at these widths.
sub looks {
    my ($name, @widths) = @_;

    my %ground;

    for my $scheme (qw/light dark/) {
        for my $width (@widths) {
            $browser->look($width, 850, $scheme);
            $browser->evaluate('scrollTo(0, 0)');

            my $title = "$name, $scheme, $width pixels";

            cmp_ok($browser->evaluate('document.documentElement.scrollWidth'),
                   '<=', $width, "$title: nothing sticks out");
            is_deeply($browser->evaluate(<<'EOF'), [], 'nor is cut off');
                [...document.querySelectorAll("main *:not(thead, thead *)")]
                    .filter(node => !node.closest("details, svg, .reach"))
                    .filter(node => node.getBoundingClientRect().right
                                    > document.documentElement.clientWidth + 1)
                    .map(node => node.outerHTML.slice(0, 80))
EOF
            picture("$name-$scheme-$width");
            is_deeply(axe(), [], 'axe-core') if $axe;
        }

        $ground{$scheme} = colour('body', 'backgroundColor');
    }

    isnt($ground{light}, $ground{dark}, 'light and dark');
}


# What it complains of, of the whole page.
sub axe {
    $browser->evaluate("$axe; 0") if !$browser->evaluate('!!window.axe');

    return $browser->evaluate(<<'EOF');
        axe.run(document, { resultTypes: ["violations"] }).then(result =>
            result.violations.flatMap(rule => rule.nodes.map(node =>
                rule.id + ": " + node.html.slice(0, 100) + ": "
                + node.failureSummary)))
EOF
}


# Loads the page, as soon as so many deliveries are there.
sub visit {
    my ($t, $width, $deliveries) = @_;

    $browser->look($width, 850, 'light');
    $browser->open('http://127.0.0.1:' . $t->port . '/status');

    ok(updated("last && rows.length === $deliveries"),
       "the page, with $deliveries deliveries")
        or diag($browser->evaluate('document.body.innerText'));
}


# Whether an update makes that true.
sub updated {
    my ($expression) = @_;

    return $browser->wait_for("update().then(() => $expression)");
}


# What somebody chooses or types.
sub choose {
    my ($id, $value) = @_;

    $browser->evaluate("document.getElementById('$id').value = "
                       . $json->encode($value)
                       . "; document.getElementById('$id').dispatchEvent("
                       . 'new Event("input", { bubbles: true })); 0');
}


sub texts {
    my ($selector) = @_;

    return $browser->evaluate("[...document.querySelectorAll('$selector')]"
                              . '.map(node => node.textContent)');
}


sub text { return texts($_[0])->[0] }


sub colour {
    my ($selector, $property) = @_;

    $property //= 'color';

    return $browser->evaluate("getComputedStyle(document.querySelector("
                              . "'$selector')).$property");
}


sub icon {
    return $browser->evaluate('document.getElementById("icon").href');
}


sub picture {
    my ($name) = @_;

    my $dir = $ENV{WEBHOOK_SCREENSHOTS} // return;

    $browser->screenshot("$dir/$name.png", 4000);
}
