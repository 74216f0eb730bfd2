#!/usr/bin/perl

# Keys are changed under load, by renaming a file, and no request is lost: the
# old and the new key overlap.  From a second after the old one is gone on, it
# is refused.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256_hex/;
use POSIX ();
use Test::More;
use Time::HiRes qw/time/;

use WebhookTest;
use WebhookTest::Ask qw/outcome/;
use WebhookTest::Jose qw/jwks/;

# how long a worker may not look at the file, seconds
my $interval = 1;

my $body = '{}';
my %key = map { $_ => WebhookTest::Jose->new('ES256') } qw/old new/;
my %jwk = map { $_ => $key{$_}->jwk(kid => $_) } keys %key;
my %token = map { $_ => $key{$_}->token({ kid => $_ },
                  { sha256 => sha256_hex($body) }) } keys %key;

my $t = WebhookTest->new(files => { 'files/keys' => jwks($jwk{old}) },
                         workers => 2, conf => <<'EOF');
    webhook_provider jwt {
        signature  header:X-Token algorithm=jwt-es256 body_digest=/sha256;
    }

    add_header X-Reason "$webhook_reason" always;

    server {
        listen 127.0.0.1:%%PORT%%;

        location / {
            webhook jwt;
            webhook_secret jwks:files/keys;
            proxy_pass http://%%APP%%;
        }
    }
EOF

my @pids = map { sender($_) } 1 .. 2;

become($jwk{old}, $jwk{new});
my $both = time + $interval;
wait_for_answers($both);

my $going = time;
become($jwk{new});
my $gone = time;
wait_for_answers($gone + $interval);

$t->write_file('enough', '');
waitpid $_, 0 for @pids;

# which key, when it was sent and answered, and the answer
my @answers = map { [split ' ', $_, 4] }
              map { split /\n/, $t->log_file("sender.$_") } 1 .. @pids;

my @old = grep { $_->[0] eq 'old' } @answers;
my @new = grep { $_->[0] eq 'new' } @answers;

is_deeply(others('202', grep { $_->[3] ne '403 key_unknown' } @answers), {},
          'none is lost, nor refused for anything else');
is_deeply(others('202', grep { $_->[2] < $going } @old), {},
          'the old key, as long as it is there');
is_deeply(others('202', grep { $_->[1] > $both } @new), {},
          'the new key, from when it is there on');
is_deeply(others('403 key_unknown', grep { $_->[1] > $gone + $interval } @old),
          {}, 'the old key, a second after it is gone');
cmp_ok(scalar(grep { $_->[1] > $both && $_->[2] < $going } @old), '>', 0,
       'they overlapped');
cmp_ok(scalar(grep { $_->[3] eq '202' } @$_), '>=', 10, 'many were sent')
    for \@old, \@new;

$t->app_clear;
$t->done;
done_testing();


# Another file takes the place of the one with the keys.
sub become {
    $t->write_file('files/next', jwks(@_));
    rename $t->dir . '/files/next', $t->dir . '/files/keys';
}


# Until both senders have had answers to what they sent after a time.
sub wait_for_answers {
    my ($after) = @_;

    for my $n (1 .. 2) {
        $t->wait_for(sub { (grep { /^\S+ (\S+) / && $1 > $after } split /\n/,
                            $t->log_file("sender.$n")) >= 10 },
                     "answers to sender $n");
    }
}


# What was answered otherwise, and how often.
sub others {
    my ($wanted, @some) = @_;

    my %others;

    $_->[3] eq $wanted or $others{ $_->[3] }++ for @some;

    return \%others;
}


# A process that sends with both keys in turns.
sub sender {
    my ($n) = @_;

    $t->write_file("logs/sender.$n", '');

    my $pid = fork // die "fork: $!";
    return $pid if $pid;

    open my $out, '>>', $t->dir . "/logs/sender.$n" or die $!;
    $out->autoflush(1);

    until (-e $t->dir . '/enough') {
        for my $name (qw/old new/) {
            my $sent = time;
            my $r = $t->request({ method => 'POST', uri => '/',
                body => $body, headers => [['X-Token', $token{$name}]] });

            printf $out "%s %.6f %.6f %s\n", $name, $sent, time, outcome($r);
        }
    }

    POSIX::_exit(0);
}
