#!/usr/bin/perl

# Two hosts under load, whose Redis is stopped and goes on again and again: no
# message is said to be taken that the application has not had, none reaches it
# twice but where it may, and the counters add up.  WEBHOOK_SECONDS=600: that
# long, with Redis stopped every five seconds.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use JSON::PP;
use POSIX ();
use Test::More;
use Time::HiRes qw/sleep time/;

use WebhookTest;
use WebhookTest::Redis;
use WebhookTest::Signed qw/$secret signed/;

my $seconds = $ENV{WEBHOOK_SECONDS} // 9;
my $period = $seconds < 60 ? 1 : 5;
my $senders = 4;
my $redis = WebhookTest::Redis->new;

load('refuse', 2 / 3 * $seconds);
load('local', 1 / 3 * $seconds);

done_testing();


sub load {
    my ($on_error, $seconds) = @_;

    my @hosts = map { host($on_error) } 1, 2;
    my @pids = map { sender($_, @hosts) } 1 .. $senders;
    my $until = time + $seconds;

    while (time < $until) {
        for my $signal (qw/STOP CONT/) {
            $redis->signal($signal);
            sleep $period;
        }
    }

    write_end($hosts[0]);
    waitpid $_, 0 for @pids;
    $_->wait_for(sub { numbers($_)->{pending} == 0 }, 'Redis to be told')
        for @hosts;

    account($on_error, @hosts);
    $_->done for @hosts;
    $redis->ask('FLUSHALL');
}


sub host {
    my ($on_error) = @_;

    return WebhookTest->new(workers => 2, conf => <<"EOF");
    webhook_zone   seen    8m;
    webhook_redis  shared  ${\ $redis->url } on_error=$on_error;

    server {
        listen      127.0.0.1:%%PORT%%;
        server_name hooks.example.com;

        location = /hook {
            webhook         github;
            webhook_secret  "$secret";
            webhook_replay  zone=seen shared=shared;
            proxy_pass      http://%%APP%%;

            proxy_ignore_client_abort  on;
        }

        location /status { webhook off; webhook_status json; }
    }
EOF
}


sub write_end { $_[0]->write_file('enough', '') }


# A process that sends messages to one of the hosts, some of them to both at
# once and some once more, until each is taken; some the application does not
# take at first.  It leaves what it has been answered.
sub sender {
    my ($number, @hosts) = @_;

    my $pid = fork // die "fork: $!";

    return $pid if $pid;

    srand $number;

    my %said;
    my $log = { taken => [], counts => [{}, {}] };

    for (my $i = 0; !-e $hosts[0]->dir . '/enough'; $i++) {
        my $body = "message $number.$i";
        my $taken = 0;

        for (my $try = 0; !$taken; $try++) {
            my @to = rand() < 0.2 ? (0, 1) : int rand 2;
            my $fails = $try == 0 && rand() < 0.2;
            my $request = signed(uri => '/hook', body => $body, $fails
                                 ? (headers => [['X-App-Status', 500]]) : ());

            for ([map { [$_, $hosts[$_]->begin($request)] } @to]) {
                for (@$_) {
                    my ($host, $c) = @$_;
                    my $kind = kind($c->read_response);

                    $log->{counts}[$host]{$kind}++;
                    $taken = 1 if $kind =~ /taken|duplicate/;
                }
            }

            sleep 0.01 if !$taken;
        }

        push @{ $log->{taken} }, $body;
    }

    $hosts[0]->write_file("sender.$number", encode_json($log));
    POSIX::_exit(0);
}


# What an answer is.
sub kind {
    my ($response) = @_;

    return 'none' if !$response;
    return 'duplicate' if $response->{body} =~ /"duplicate":true/;
    return 'taken' if $response->{status} == 202;

    return $response->{status};
}


# What the senders were told, what the application had, and what nginx counts.
sub account {
    my ($on_error, @hosts) = @_;

    my @logs = map { decode_json(WebhookTest::Cert::read_file($_)) }
               map { $hosts[0]->dir . "/sender.$_" } 1 .. $senders;
    my (%had, %twice);

    for my $i (0, 1) {
        my $t = $hosts[$i];
        my $n = numbers($t);
        my %count;
        my @had = $t->app_requests;
        my %here;

        for my $log (@logs) {
            $count{$_} += $log->{counts}[$i]{$_}
                for keys %{ $log->{counts}[$i] };
        }

        for (grep { !asks_for_500($_) } @had) {
            $had{$_->{body}}++;
            $twice{$_->{body}} = 1 if $here{$_->{body}}++;
        }

        my $claimed = $n->{claimed} + $n->{local};
        my $says = join ', ', map { "$_ $count{$_}" } sort keys %count;

        note("$on_error, host $i: $says");
        is(join(' ', grep { !/^(taken|duplicate|409|500|503)$/ } keys %count),
           '', "$on_error: no other answer");
        is(($count{taken} // 0) + ($count{500} // 0), $n->{accepted},
           "$on_error: what went to the application is counted");
        is(scalar @had, $n->{accepted}, "$on_error: and has come to it");
        is($claimed, $n->{accepted}, "$on_error: each by a claim");
        is(($count{duplicate} // 0) + ($count{409} // 0), $n->{duplicate},
           "$on_error: copies are counted");
        is($count{503} // 0, $n->{rejected}, "$on_error: refusals are counted");
        is($n->{refused}, $n->{rejected}, "$on_error: all for want of Redis");
        is($n->{lost}, 0, "$on_error: nothing is lost");
        cmp_ok($on_error eq 'local' ? $n->{local} : $n->{refused}, '>', 0,
               "$on_error: Redis was gone");
        cmp_ok($n->{claimed}, '>', 0, "$on_error: and was there");
    }

    my %taken = map { $_ => 1 } map { @{ $_->{taken} } } @logs;

    cmp_ok(keys %taken, '>', 0, "$on_error: " . keys(%taken) . ' messages');
    is(join(' ', grep { !$had{$_} } keys %taken), '',
       "$on_error: each has reached the application");
    is(join(' ', keys %twice), '', "$on_error: none came twice from one host");
    is(join(' ', grep { $_ ne '1' } values %{ $redis->messages }), '',
       "$on_error: Redis has been told how each has ended");
    is(scalar keys %{ $redis->messages }, scalar keys %had,
       "$on_error: and of all that were taken");
    is(join(' ', grep { $had{$_} > 1 } keys %had), '',
       "$on_error: none came twice") if $on_error eq 'refuse';
}


sub asks_for_500 {
    my ($request) = @_;

    return grep { $_->[0] eq 'X-App-Status' } @{ $request->{headers} };
}


# The counters of a host, by their short names.
sub numbers {
    my ($t) = @_;

    my $status = decode_json($t->request({ uri => '/status' })->{body});
    my ($engine, $hook) = ($status->{engines}[0], $status->{hooks}[0]);

    return { %{ $engine->{requests} }, %{ $hook->{requests} },
             pending => $engine->{pending}, lost => $engine->{lost} };
}
