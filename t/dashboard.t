#!/usr/bin/perl

# The dashboard of contrib/grafana: a Prometheus that scrapes nginx has an
# answer to each of its queries, with the labels that its legends name; and so
# has it those that the alerts name.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use JSON::PP;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/read_file write_file/;
use WebhookTest::Redis;
use WebhookTest::Signed qw/$secret signed forged/;

my $contrib = "$FindBin::Bin/../contrib";
my ($prometheus) = grep { -x } map { "$_/prometheus" } split /:/, $ENV{PATH};

plan skip_all => 'no prometheus, its package is not installed' if !$prometheus;

my $dashboard = decode_json(read_file("$contrib/grafana/webhooks.json"));
my @panels = @{ $dashboard->{panels} };
my %titles = map { $_->{title} => 1 } @panels;

is(scalar keys %titles, scalar @panels, 'each panel has a title of its own');

my $redis = WebhookTest::Redis->new;
my $port = $redis->{port};

my $t = WebhookTest->new(conf => <<"EOF");
    webhook_zone z 1m;
    webhook_redis r redis://127.0.0.1:$port;

    server {
        listen 127.0.0.1:%%PORT%%;

        location = /hook {
            webhook github;
            webhook_secret "$secret";
            webhook_replay zone=z shared=r scope=s;
            proxy_pass http://%%APP%%;
        }

        location = /trial {
            webhook github;
            webhook_secret "$secret";
            webhook_enforce off;
            proxy_pass http://%%APP%%;
        }

        location = /metrics { webhook_status prometheus; }

        # as node_exporter has it of webhook-redeliver --metrics
        location = /spool {
            default_type text/plain;
            return 200 'webhook_spool_messages{hook="h"} 1
webhook_spool_oldest_seconds{hook="h"} 10
webhook_spool_refused{hook="h"} 0
';
        }
    }
EOF

my $dir = File::Temp->newdir;
my $listen = '127.0.0.1:' . WebhookTest::free_port();

write_file("$dir/prometheus.yml", join "\n", 'global:',
    '  scrape_interval: 1s', 'scrape_configs:', map { (
    "  - job_name: $_", "    metrics_path: /$_", '    static_configs:',
    '      - targets: [ "127.0.0.1:' . $t->port . '" ]') } qw/metrics spool/);

my $pid = WebhookTest::spawn("$dir/log", {}, $prometheus,
    "--config.file=$dir/prometheus.yml", "--storage.tsdb.path=$dir/data",
    "--web.listen-address=$listen");

END { kill 'KILL', $pid if $pid }

my $n = 0;
my %answers;
my @missing = map { $_->{targets}->@* } @panels;

# a rate needs two values
$t->wait_for(sub {
    $n++;
    $t->request(signed(uri => '/hook', body => $n)) for 1 .. 2;
    $t->request(forged(uri => $_, body => $n)) for qw{/hook /trial};

    @missing = grep { !@{ $answers{ $_->{expr} } = asked($_->{expr}) } }
               @missing;
    return !@missing;
}, 'answers to all queries', 60);

is_deeply(\@missing, [], 'each query has an answer');

for my $panel (@panels) {
    for (@{ $panel->{targets} }) {
        my $labels = $answers{ $_->{expr} }[0]{metric};
        my @without = grep { !defined $labels->{$_} }
                      $_->{legendFormat} =~ /\{\{(\w+)\}\}/g;

        is_deeply(\@without, [], "$panel->{title}: its legend has its labels");
    }
}

# What is said in an alert is known to the metrics that it asks for.
for my $alert (split /- alert: /, read_file("$contrib/prometheus/webhooks.yml"))
{
    my ($name) = $alert =~ /\A(\w+)\n/ or next;
    my ($metric) = $alert =~ /((?:nginx_)?webhook_\w+)/;
    my %labels = map { %{ $_->{metric} } } @{ asked($metric) };

    is_deeply([grep { !defined $labels{$_} } $alert =~ /\$labels\.(\w+)/g], [],
              "$name: its text has its labels");
}

kill 'TERM', $pid;
WebhookTest::end_of($pid, 15) and undef $pid;

$t->done;
done_testing();


# The series of a query, as Grafana would send it.
sub asked {
    my ($query) = @_;

    my %variable = ('$__rate_interval' => '20s', '$location' => '.*');

    $query =~ s/(\$\w+)/$variable{$1}/g;

    open my $out, '-|', 'curl', '-s', '--noproxy', '*', '--data-urlencode',
        "query=$query", "http://$listen/api/v1/query" or die "curl: $!";
    my $text = do { local $/; <$out> } // '';
    close $out;

    my $answer = eval { decode_json($text) } // return [];

    die "$query: $answer->{error}\n" if $answer->{status} eq 'error';

    return $answer->{data}{result};
}
