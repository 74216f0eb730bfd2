#!/usr/bin/perl

# Keys that change while nginx runs: files, tenants, and what stays in memory.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256 hmac_sha256_hex hmac_sha512_hex sha256/;
use List::Util qw/shuffle/;
use MIME::Base64;
use POSIX ();
use Test::More;
use Time::HiRes qw/sleep time/;

use WebhookTest;

my $valgrind = $ENV{WEBHOOK_VALGRIND};
my $patience = $WebhookTest::patience;
my $root = $> == 0;
my $readable = $root && !$valgrind && !$ENV{WEBHOOK_SANITIZE};
my $body = '{"some":"body"}';
my $serial = 0;

# Secrets that others can read are warned of, which is not the point here.
umask 027;

my @good = qw/renamed written link shared flight short hex base64 touched
              respawned readable/;
my @bad = qw/empty newline long directory nohex nobase64 pipe loop gone/;
my %decode = (hex => 'hex', nohex => 'hex',
              base64 => 'base64', nobase64 => 'base64');

my %secret = map { $_ => secret() } @good, @bad,
             qw/challenge signing current next reloaded elsewhere odd/;
$secret{basic} = 'user:' . secret();
$secret{kinds} = 'whsec_' . encode_base64(secret(), '');
my %tenant = map { $_ => secret() } 1 .. ($valgrind ? 140 : 300);
my $tenants = join '', map { "$_ $tenant{$_};\n" } sort keys %tenant;

my $locations = join '', map {
    "location = /$_ { webhook_secret file:files/$_ "
    . 'decode=' . ($decode{$_} // 'text') . '; '
    . "proxy_pass http://unix:%%DIR%%/app; }\n"
} @good, @bad, 'reloaded';

my $conf = <<"EOF";
    webhook_provider signed { signature header:X-Signature; }
    webhook_provider long {
        signature header:X-Signature algorithm=hmac-sha512;
    }
    webhook_provider both {
        token     header:X-Token for=token;
        signature header:X-Signature;
    }
    webhook_provider asked {
        signature header:X-Signature;
        challenge query:crc reply=\$webhook_challenge_hmac;
    }

    map \$http_x_tenant \$tenant { $tenants }
    map \$http_x_tenant \$tenant_second { 1 $tenant{2}; }

    webhook signed;

    add_header X-Reason \$webhook_reason always;
    add_header X-Index  \$webhook_secret_index always;

    server {
        listen 127.0.0.1:%%PORT%%;

        $locations

        location = /rotation {
            webhook_secret file:files/current;
            webhook_secret file:files/next;
            proxy_pass http://unix:%%DIR%%/app;
        }

        location = /shared/long {
            webhook long;
            webhook_secret file:files/shared;
            proxy_pass http://unix:%%DIR%%/app;
        }

        location = /challenge {
            webhook asked;
            webhook_secret file:files/signing;
            webhook_challenge_secret file:files/challenge;
            proxy_pass http://unix:%%DIR%%/app;
        }

        location = /elsewhere {
            webhook_secret file:files/elsewhere;
            proxy_pass http://unix:%%DIR%%/app;
        }

        location = /odd {
            webhook_secret file:files/odd;
            proxy_pass http://unix:%%DIR%%/app;
        }

        location = /basic {
            webhook netdata-basic;
            webhook_secret file:files/basic;
            proxy_pass http://unix:%%DIR%%/app;
        }

        location = /kinds {
            webhook standard-webhooks;
            webhook_secret file:files/kinds;
            proxy_pass http://unix:%%DIR%%/app;
        }

        location = /tenant {
            webhook_secret \$tenant;
            proxy_pass http://unix:%%DIR%%/app;
        }

        location = /tenant/long {
            webhook long;
            webhook_secret \$tenant;
            proxy_pass http://unix:%%DIR%%/app;
        }

        location = /tenant/both {
            webhook both;
            webhook_secret \$tenant for=token;
            webhook_secret \$tenant_second;
            proxy_pass http://unix:%%DIR%%/app;
        }

        location /several/ {
            webhook_secret $tenant{1};
            webhook_secret \$tenant;
            webhook_secret file:files/short;
            proxy_pass http://unix:%%DIR%%/app;

            location /several/inside {
                proxy_pass http://unix:%%DIR%%/app;
            }

            location /several/off {
                webhook off;
                return 204;
            }
        }
    }

    server {
        listen unix:%%DIR%%/app;
        webhook off;
        location / { return 200 passed; }
    }
EOF

my $t = WebhookTest->new(
    conf => $conf, start => 0, log => 'notice',
    main => $root ? 'user root;' : '',
    files => { map { ("files/$_" => content($_)) }
               grep { $_ ne 'link' } keys %secret },
);

# as Kubernetes mounts secrets
my $files = $t->dir . '/files';
$t->write_file('files/data.1/link', content('link'));
symlink 'data.1', "$files/data";
symlink 'data/link', "$files/link";

$t->start;


# What the start says

my $log = $t->error_log;

my @said = $log =~ /\[notice\] \S+ (webhook: .*)\n/g;

is(scalar @said, 1, 'one line for the whole configuration');
like($said[0], qr/^webhook: \d+ secrets in \d+ locations$/,
     'with how many there are');
is(scalar(grep { $log =~ /\Q$_\E/ } values %secret, values %tenant), 0,
   'no secret is told');

my ($status, $text) = WebhookTest::nginx_t(
    'server { listen %%PORT%%; location /here { webhook github; '
    . "webhook_secret $secret{renamed}; } }");

is($status, 0, 'a configuration that is tested');
unlike($text, qr/secrets? in/, 'the test of a configuration does not tell');


# Files that change, all at once, as each takes time to be noticed

is(status($_, $secret{$_}), 200, "$_: the first secret")
    for @good, @bad, 'reloaded';
is(status('challenge', $secret{signing}), 200, 'signing: the first secret');
is(long_status('shared/long', $secret{shared}), 200, 'another digest');

SKIP: {
    skip 'no memory of others to look at', 1 if !$readable;

    is_deeply([remembered($t->workers)->($secret{renamed})],
              [0, 0, 1, 1, 1], 'keys are in memory, and secrets are not');
}

my %old = %secret;
my $slow = $t->connection;
my ($head, $rest) = slow_request('flight', $secret{flight});

$slow->send($head);
is($slow->read_one->{status}, 100, 'a body that nginx waits for');
$secret{$_} = secret() for @good;
$secret{short} = substr $secret{short}, 0, 15;

my $changed = time;

replace($_) for grep { !/written|link|touched|readable/ } @good;
$t->write_file('files/written', content('written'));
$t->write_file('files/data.2/link', content('link'));
symlink 'data.2', "$files/data.new";
rename "$files/data.new", "$files/data";
$secret{touched} = $old{touched};
utime undef, undef, "$files/touched";
replace('readable', mode => 0644);

my %bad = (
    empty => '', newline => "\r\n", long => 'x' x 65537,
    nohex => 'x' x 64, nobase64 => '====',
);

$t->write_file("files/$_", $bad{$_}) for keys %bad;
unlink map { "$files/$_" } qw/directory pipe loop gone/;
mkdir "$files/directory";
POSIX::mkfifo("$files/pipe", 0640);
symlink 'loop', "$files/loop";

# what a worker knows is a second old at most
sleep 0.1 while time < $changed + 2;

for my $name (grep { $_ ne 'touched' } @good) {
    is(status($name, $secret{$name}), 200, "$name: the new secret passes");
    is(status($name, $old{$name}), 403, "$name: the old secret is refused");
}

is(long_status('shared/long', $secret{shared}), 200,
   'the new secret with another digest');
is(long_status('shared/long', $old{shared}), 403,
   'the old secret with another digest');

$slow->send($rest);
is($slow->read_response->{status}, 200,
   'a request that began before the change');
$slow->close;

is(status('touched', $secret{touched}), 200, 'a file that was only touched');

for my $round (1 .. 5) {
    is(status($_, $secret{$_}), 200, "$_: the last one that was good")
        for @bad;
    sleep 0.6;
}

$log = $t->error_log;

is(said_of('renamed'), 'the new secret is in use', 'a change is told once');
is(said_of('touched'), '', 'no change is not told');
is(said_of('short'), 'the new secret is in use; has only 15 bytes, fewer than '
   . '16 can be guessed', 'a short one is warned of');
is(said_of('readable'), 'the new secret is in use; can be read by every user, '
   . '"chmod o-r" it', 'one that others can read is warned of');

my $stays = ', what was read last stays in use';
my $large = "is not a file of at most 65536 bytes$stays";
my $unseen = "cannot be looked at$stays";
my %complaint = (
    empty => "but is empty$stays", newline => "but is empty$stays",
    long => "but $large", directory => "but $large", pipe => "but $large",
    nohex => "but is not hex$stays", nobase64 => "but is not base64$stays",
    loop => "$unseen (40: Too many levels of symbolic links)",
    gone => "$unseen (2: No such file or directory)",
);

is(said_of($_), $complaint{$_}, "$_: told once") for @bad;


# They come back

rmdir "$files/directory";
unlink "$files/loop", "$files/pipe";
%old = %secret;
$secret{$_} = secret() for @bad;
replace($_) for @bad;

for (@bad) {
    wait_until($_, $secret{$_}, 200);
    is(status($_, $old{$_}), 403, "$_: the old secret is refused at last");
}


# In place, twice within a second, of the same size

for my $round (1 .. 3) {
    for (1, 2) {
        $secret{written} = secret();
        $t->write_file('files/written', content('written'));
        status('written', $secret{written});
        sleep 0.2;
    }

    wait_until('written', $secret{written}, 200);
    pass('written twice');
}


# Challenge secrets

%old = %secret;
is(challenge(), hmac_of('challenge'), 'the first challenge secret');

$secret{challenge} = secret();
replace('challenge');
wait_for(sub { challenge() eq hmac_of('challenge') }, 'the challenge secret');
pass('another challenge secret');

# one that signs messages must not sign what strangers send
my $good = $secret{challenge};
$secret{challenge} = $secret{signing};
replace('challenge');
wait_for(sub { challenge(); $t->error_log =~ /must not be a signing secret/ },
         'the refusal of a signing secret');
$secret{challenge} = $good;
is(challenge(), hmac_of('challenge'), 'no signing secret for challenges');

$secret{signing} = $good;
replace('signing');
wait_for(sub { status('challenge', 'another');
               2 <= (() = $t->error_log =~ /must not be a signing secret/g) },
         'the refusal of a challenge secret');
is(status('challenge', $old{signing}), 200, 'the signing secret stays');
is(status('challenge', $good), 403, 'no challenge secret for signing');


# Secrets of other locations, one of which answers challenges

$secret{elsewhere} = $secret{challenge};
replace('elsewhere');
wait_for(sub { status('elsewhere', 'another');
               3 <= (() = $t->error_log =~ /must not be a signing secret/g) },
         'the refusal of the challenge secret of another location');
is(status('elsewhere', $secret{challenge}), 403,
   'what challenges sign is not taken elsewhere');


# What cannot be right is not used, and what is odd is told

$secret{basic} = secret();
replace('basic');
wait_for(sub { basic('user:password'); $log = $t->error_log;
               said_of('basic') },
         'the refusal of a secret without a colon');
is(said_of('basic'), "but has no \":\", it is \"user:password\"$stays",
   'a secret that is no user and password');
is(basic('user:password'), 401, 'others are refused');
is(basic($old{basic}), 200, 'the one before is in use');

$secret{kinds} = encode_base64('x' x 32, '');
replace('kinds');
wait_for(sub { status('kinds', 'x'); $log = $t->error_log;
               said_of('kinds') },
         'the refusal of a key of either kind');
is(said_of('kinds'), 'but may be a public key or the key of an HMAC, write '
   . '"whpk_" in front of a public key, and "whsec_" in front of the other, or '
   . "give it a \"decode=\"$stays", 'a key that may be of either kind');

$secret{odd} = "'" . secret() . "'";
replace('odd');
wait_until('odd', $secret{odd}, 200);
$log = $t->error_log;
is(said_of('odd'), 'the new secret is in use; is in quotes, which count as '
   . 'part of it', 'quotes are warned of');

$secret{$_} = $old{$_}, replace($_) for qw/elsewhere basic kinds/;


# Rotation: one of two files changes, the sender follows, and so on

rotation();


# Tenants: more than are remembered

my @order = map { shuffle(keys %tenant) } 1 .. 2;
my %wrong;

for my $tenant (@order) {
    my $other = $tenant == 1 ? 2 : $tenant - 1;
    my %as = (tenant => $tenant);

    $wrong{accepted}++
        if status('tenant', $tenant{$other}, %as) != 403
           || long_status('tenant/long', $tenant{$other}, %as) != 403;
    $wrong{refused}++
        if status('tenant', $tenant{$tenant}, %as) != 200
           || long_status('tenant/long', $tenant{$tenant}, %as) != 200;
}

is_deeply(\%wrong, {}, 'many tenants');

SKIP: {
    skip 'no memory of others to look at', 2 if !$readable;

    # two keys of a tenant; one more is for the secret in the text
    my $remembered = remembered($t->workers);
    my @keys = grep { ($remembered->($_))[3] } values %tenant;

    cmp_ok(@keys, '>=', 64, 'keys of tenants are remembered');
    cmp_ok(@keys, '<=', 65, 'not more than there is room for');
}

# one key, once for the token and once not
is(status('tenant/both', $tenant{2}, tenant => 1, token => $tenant{1}), 200,
   'a secret for tokens and one for signatures');
is(status('tenant/both', $tenant{1}, tenant => 1, token => $tenant{1}), 403,
   'the secret for tokens signs nothing');
is(status('tenant', $tenant{1}, tenant => 1), 200, 'elsewhere it does');


# A new worker, and a reload

if (!$valgrind) {
    $t->kill_worker;
    is(status('respawned', $secret{respawned}), 200,
       'the new secret with a new worker');
}

$secret{reloaded} = secret();
replace('reloaded');
$t->reload;
is(status('reloaded', $secret{reloaded}), 200, 'the new secret with a reload');

$log = $t->error_log;
is(scalar(() = $log =~ /\Q$said[0]\E/g), 2, 'the reload tells again');


# What stays in memory

SKIP: {
    skip 'no memory of others to look at', 4 if !$readable;

    my $first = $secret{renamed};
    my $tenant = secret();

    is(status('renamed', $first), 200, 'the secret before');

    $secret{renamed} = secret();
    replace('renamed');
    wait_until('renamed', $secret{renamed}, 200);

    is_deeply([remembered($t->workers)->($first)], [0, 0, 0, 0, 0],
              'the old secret is forgotten');
    is_deeply([remembered($t->workers)->($secret{renamed})], [0, 0, 1, 1, 1],
              'the new key is there');

    $t->reload;

    is_deeply([remembered($t->{pid})->($first)], [0, 0, 0, 0, 0],
              'after a reload the master does not know it either');
}

$t->done(allow => qr/\[alert\] .* exited on signal 9/);


# Workers that may not read the files

SKIP: {
    skip 'needs to be root', 7 if !$root;

    my $t = WebhookTest->new(log => 'notice', start => 0, files => {
        'files/closed' => 'the first secret, of the file.',
        'closed/file' => 'the first secret, of the dir.',
    }, conf => <<'EOF');
        webhook_provider signed { signature header:X-Signature; }
        webhook signed;

        server {
            listen 127.0.0.1:%%PORT%%;

            location = /file {
                webhook_secret file:files/closed;
                proxy_pass http://unix:%%DIR%%/app;
            }

            location = /directory {
                webhook_secret file:closed/file;
                proxy_pass http://unix:%%DIR%%/app;
            }
        }

        server {
            listen unix:%%DIR%%/app;
            webhook off;
            location / { return 200 passed; }
        }
EOF

    my $dir = $t->dir;
    my $status = sub {
        my ($location, $key) = @_;

        return $t->request({
            uri => "/$location", body => $body,
            headers => [['X-Signature' => hmac_sha256_hex($body, $key)]],
        })->{status};
    };

    chmod 0755, "$dir/files";
    chmod 0700, "$dir/closed";
    chmod 0600, "$dir/files/closed";
    $t->start;

    is($status->('file', 'the first secret, of the file.'), 200,
       'a file for root only');
    is($status->('directory', 'the first secret, of the dir.'), 200,
       'a directory for root only');

    $t->write_file('files/closed', 'the second secret, of the file.');
    $t->write_file('closed/file', 'the second secret, of the dir.');

    for (1 .. 12) {
        $status->($_, '') for qw/file directory/;
        sleep 0.3;
    }

    is($status->('file', 'the first secret, of the file.'), 200,
       'the old secret of a file for root only');

    my $log = $t->error_log;

    is(scalar(() = $log =~ /closed" has changed but cannot be opened, what /g),
       1, 'that is told once');
    is(scalar(() = $log =~ /\[notice\] .* cannot be watched by the worker/g),
       1, 'a directory for root only is told once');

    $t->reload;

    is($status->('file', 'the second secret, of the file.'), 200,
       'the new secret with a reload');
    is($status->('directory', 'the second secret, of the dir.'), 200,
       'the new secret in the directory with a reload');

    $t->done;
}

done_testing();


sub secret {
    return sprintf '%s-%04d-%s', 'secret', ++$serial,
                   unpack 'H*', pack 'NN', rand 2 ** 32, rand 2 ** 32;
}


# What a file holds of its secret.
sub content {
    my ($name) = @_;

    my $decode = $decode{$name} // 'text';

    return $decode eq 'hex' ? unpack('H*', $secret{$name}) . "\n"
         : $decode eq 'base64' ? encode_base64($secret{$name}, '') . "\n"
         : "$secret{$name}\n";
}


# Puts another file in the place of one.
sub replace {
    my ($name, %want) = @_;

    my $path = $t->write_file("files/$name.new", content($name));

    chmod $want{mode}, $path if $want{mode};
    rename $path, "$files/$name" or die "rename $path: $!";
}


sub status {
    my ($location, $key, %want) = @_;

    return $t->post("/$location", $body, [
        ['X-Signature' => $want{signature} // hmac_sha256_hex($body, $key)],
        defined $want{tenant} ? ['X-Tenant' => $want{tenant}] : (),
        defined $want{token} ? ['X-Token' => $want{token}] : (),
    ])->{status};
}


sub long_status {
    my ($location, $key, %want) = @_;

    return status($location, $key, %want,
                  signature => hmac_sha512_hex($body, $key));
}


# A request's head with half of its body, and the other half.
sub slow_request {
    my ($location, $key) = @_;

    return map { unpack "a" . (length($_) - 8) . ' a*', $_ }
           join '', WebhookTest::format_request(
               uri => "/$location", body => $body, connection => 'close',
               headers => [['X-Signature' => hmac_sha256_hex($body, $key)],
                           [Expect => '100-continue']]);
}


sub basic {
    my ($credential) = @_;

    return $t->post('/basic', $body, [
        [Authorization => 'Basic ' . encode_base64($credential, '')],
    ])->{status};
}


sub challenge {
    return $t->request({ uri => '/challenge?crc=abc' })->{body};
}


sub hmac_of {
    my ($name) = @_;

    return encode_base64(hmac_sha256('abc', $secret{$name}), '');
}


sub wait_for {
    my ($condition, $what) = @_;

    $t->wait_for($condition, $what, 5);
}


# The time from which on a request with that key gets that status.
sub wait_until {
    my ($location, $key, $expected) = @_;

    wait_for(sub { status($location, $key) == $expected }, $location);

    return time;
}


# All that the log says of a file.
sub said_of {
    my ($name) = @_;

    return join '; ', map { s/, client: .*//sr =~ s/^has changed,? //r }
           $log =~ m{secret file "\Q$files\E/$name" (.*)\n}g;
}


# Senders at work, and secrets that change ten times under them.
sub rotation {
    my $told = $t->write_file('sender', $secret{current});
    my $count = $t->write_file('logs/sent', '');
    my @senders = map { sender($_, $told, $count) } 1 .. 3;

    for my $round (1 .. 6) {
        my $next = $round % 2 ? 'next' : 'current';

        $secret{$next} = secret();
        replace($next);
        wait_until('rotation', $secret{$next}, 200);

        $t->write_file('sender.new', $secret{$next});
        rename "$told.new", $told;

        # what is on its way has the old one
        sleep 0.5 * $patience;

        my $enough = $round * ($valgrind ? 6 : 51);
        $t->wait_for(sub { -s $count >= $enough }, 'requests of a round');
    }

    $t->write_file('sender.new', '');
    rename "$told.new", $told;
    waitpid $_, 0 for @senders;

    my ($sent, $refused) = (0, 0);

    for (1 .. 3) {
        my ($all, $bad) = split ' ', $t->log_file("sender.$_");
        $sent += $all;
        $refused += $bad;
    }

    cmp_ok($sent, '>', $valgrind ? 30 : 300, 'requests during the rotation');
    is($refused, 0, 'no request was refused');
}


# A process that signs with what the file says, until the file is empty; some
# of the bodies take time.  Each request is a byte more of the other file.
sub sender {
    my ($number, $file, $count) = @_;

    my $pid = fork // die "fork: $!";

    return $pid if $pid;

    open my $counted, '>>', $count or die "$count: $!";

    my ($sent, $refused) = (0, 0);

    while (my $key = WebhookTest::Cert::read_file($file)) {
        my $response;

        if (++$sent % 20) {
            $response = $t->request({
                uri => '/rotation', body => $body, headers => [
                    ['X-Signature' => hmac_sha256_hex($body, $key)]],
            });

        } else {
            my $connection = $t->connection;
            my ($head, $rest) = slow_request('rotation', $key);

            $connection->send($head);
            $connection->read_one;
            sleep 0.3;
            $connection->send($rest);
            $response = $connection->read_response;
        }

        $refused++ if !$response || $response->{status} != 200;
        syswrite $counted, '.';
    }

    $t->write_file("logs/sender.$number", "$sent $refused");
    POSIX::_exit(0);
}


# A function that tells what of a secret is in the process's memory: itself,
# its hex, its digest, the inner and the outer state of its HMAC.
sub remembered {
    my ($pid) = @_;

    my @memory;

    open my $maps, '<', "/proc/$pid/maps" or die "maps: $!";
    open my $mem, '<:raw', "/proc/$pid/mem" or die "mem: $!";

    while (<$maps>) {
        my ($from, $to) = /^(\w+)-(\w+) rw/ or next;

        no warnings 'portable';
        sysseek $mem, hex $from, 0 or next;
        sysread $mem, my $bytes, hex($to) - hex $from or next;
        push @memory, $bytes;
    }

    return sub {
        my ($secret) = @_;

        return map {
            my $what = $_;
            (grep { index($_, $what) >= 0 } @memory) ? 1 : 0
        } $secret, unpack('H*', $secret), sha256($secret),
          map { hash_state($secret, $_) } 0x36, 0x5c;
    };
}


# The words of SHA-256 behind the block of key and pad.
sub hash_state {
    my ($secret, $pad) = @_;

    my $block = ($secret . "\0" x (64 - length $secret)) ^ chr($pad) x 64;
    my ($words) = Digest::SHA->new(256)->add($block)->getstate =~ /^H:(.*)$/m;

    return pack 'L8', unpack 'N8', pack 'H*', $words =~ s/://gr;
}
