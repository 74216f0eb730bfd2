#!/usr/bin/perl

# The alerts of contrib/prometheus: Prometheus' own tool reads them, each fires
# where it should and not where it should not, and nginx has what they ask for.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use File::Temp;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/read_file write_file/;

my $rules = dirname($FindBin::Bin) . '/contrib/prometheus/webhooks.yml';

plan skip_all => 'no promtool, the package prometheus is not installed'
    if !grep { -x "$_/promtool" } split /:/, $ENV{PATH};

my ($accepted, $rejected) = map {
    qq(nginx_webhook_requests_total{location="/a",provider="b",verdict="$_"})
} qw/accepted rejected/;
my ($good, $bad) = map {
    qq(nginx_webhook_upstream_responses_total{location="/a",status="$_"})
} qw/2xx 5xx/;
my ($unavailable, $unknown) = map {
    qq(nginx_webhook_rejections_total{reason="$_"})
} qw/secret_unavailable key_unknown/;

# An alert, the series that make it fire, and those that do not, one value a
# minute; the time in minutes.
my @cases = (
    [WebhooksRefused => 30,
     { $accepted => '0+1x60', $rejected => '0+2x60' },
     { $accepted => '0+2x60', $rejected => '0+1x60' }],
    [WebhookSecretUnavailable => 10,
     { $unavailable => '0+1x60' },
     { $unavailable => '5+0x60' }],
    [WebhookKeyUnknown => 30,
     { $unknown => '0+2x60' },
     { $unknown => '0+0.5x60' }],
    [WebhookApplicationFails => 30,
     { $good => '0+10x60', $bad => '0+1x60' },
     { $good => '0+100x60', $bad => '0+1x60' }],
    [WebhookRedisDown => 5,
     { 'nginx_webhook_redis_up{name="r"}' => '0x60' },
     { 'nginx_webhook_redis_up{name="r"}' => '1x60' }],
    [WebhookRedisNotTold => 5,
     { 'nginx_webhook_redis_pending{name="r"}' => '1001x60' },
     { 'nginx_webhook_redis_pending{name="r"}' => '1000x60' }],
    [WebhookRedisNotTold => 5,
     { 'nginx_webhook_redis_lost_total{name="r"}' => '0+1x60' },
     { 'nginx_webhook_redis_lost_total{name="r"}' => '7x60' }],
    [WebhookZoneFull => 5,
     { 'nginx_webhook_replay_evictions_total{zone="z"}' => '0+1x60' },
     { 'nginx_webhook_replay_evictions_total{zone="z"}' => '9x60' }],
    [WebhookOldSecretInUse => 60 * 24 * 8,
     { 'nginx_webhook_secret_matches_total{secret="2"}' => '0+1x11520' },
     { 'nginx_webhook_secret_matches_total{secret="1"}' => '0+1x11520' }],
    [WebhookSpoolOld => 5,
     { 'webhook_spool_oldest_seconds{hook="h"}' => '901x60' },
     { 'webhook_spool_oldest_seconds{hook="h"}' => '900x60' }],
    [WebhookSpoolRefused => 5,
     { 'webhook_spool_refused{hook="h"}' => '1x60' },
     { 'webhook_spool_refused{hook="h"}' => '0x60' }],
    [WebhookNothingAccepted => 90,
     { $accepted => '9x120', $rejected => '0+1x120' },
     { $accepted => '9x120', $rejected => '9x120' }],
);

is(promtool('check', 'rules', $rules), '', 'promtool check rules');

my %tried = map { $_->[0] => 1 } @cases;
my $text = read_file($rules);

is_deeply([sort keys %tried], [sort $text =~ /- alert: (\w+)/g],
          'each alert is tried');

for (@cases) {
    my ($alert, $minutes, $fires, $silent) = @$_;

    is(says($alert, $minutes, $fires, 1), '', "$alert fires");
    is(says($alert, $minutes, $silent, 0), '', "$alert is silent");
}

my $t = WebhookTest->new(conf => <<'EOF');
    webhook_zone z 1m;
    webhook_redis r redis://127.0.0.1:%%PORT_1%%;

    server {
        listen 127.0.0.1:%%PORT_1%%;
        return 400;
    }

    server {
        listen 127.0.0.1:%%PORT%%;

        location = /hook {
            webhook github;
            webhook_secret "It is a secret to everybody";
            webhook_replay zone=z shared=r scope=s;
            proxy_pass http://%%APP%%;
        }

        location = /status { webhook_status prometheus; }
    }
EOF
my %said = map { $_ => 1 }
           $t->request({ uri => '/status' })->{body} =~ /^# TYPE (\S+)/mg;

is_deeply([grep { !$said{$_} } $text =~ /\b(nginx_webhook_\w+)/g], [],
          'nginx has what they ask for');

$t->done;

done_testing();


# Empty when that many of the alert fire then.
sub says {
    my ($alert, $minutes, $series, $fires) = @_;

    my $dir = File::Temp->newdir;
    my $lines = join '', map { "          - series: '$_'\n"
                               . "            values: '$series->{$_}'\n" }
                sort keys %$series;
    my $count = $fires ? 1 : 0;

    write_file("$dir/tests.yml", <<"EOF");
rule_files: [$rules]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
$lines
    promql_expr_test:
      - expr: >
          count(ALERTS{alertname="$alert",alertstate="firing"}) or vector(0)
        eval_time: ${minutes}m
        exp_samples: [{ value: $count }]
EOF

    return promtool('test', 'rules', "$dir/tests.yml");
}


# What it says when it fails.
sub promtool {
    my (@arguments) = @_;

    my $said = `promtool @arguments 2>&1`;

    return $? ? $said : '';
}
