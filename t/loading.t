#!/usr/bin/perl

# A module that is not loaded as it should be: nginx says what the table of
# docs/troubleshooting.md has, and what mends it there does.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Path qw/make_path/;
use File::Temp;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/read_file write_file/;

my $root = "$FindBin::Bin/..";
my $binary = WebhookTest::binary();
my $name = 'ngx_http_webhook_module.so';
my $module = WebhookTest::module();

my ($table) = read_file("$root/docs/troubleshooting.md")
    =~ /^## nginx does not start\n(.*?)^## /ms;

# what nginx says, and the first command that mends it
my %mends = map { /^\| `(.*?)` \| .*? \| `(.*?)`/ } split /\n/, $table;

my $load = "load_module modules/$name;";
my $http = 'http { server { listen 127.0.0.1:1; location / { '
    . 'webhook github; webhook_secret 0123456789abcdef; '
    . 'proxy_pass http://127.0.0.1:2; } } }';

my $bytes = read_file($module);
my ($signature) = $bytes =~ /([48],[48],[48],[01]{20,})/;
my $other = $signature =~ tr/01/10/r;

# nginx.conf, the module, and a file in conf.d and in modules-enabled
my %case = (
    'unknown directive "webhook"' => ["events { }\n$http"],
    '"load_module" directive is specified too late' =>
        ["events { }\n$load\n$http"],
    '"load_module" directive is not allowed here' =>
        ["$load\nevents { }\n" . $http =~ s/\{/{ include conf.d\/*.conf; /r,
         $bytes, "$load\n"],
    'module "ngx_http_webhook_module" is already loaded' =>
        ["include modules-enabled/*.conf;\n$load\nevents { }\n$http", $bytes,
         '', "$load\n"],
    "$name: cannot open shared object file" => ["$load\nevents { }\n$http",
                                                ''],
    'is not binary compatible' =>
        ["$load\nevents { }\n$http", $bytes =~ s/\Q$signature\E/$other/gr],
    'version 1022001 instead of 1018000' =>
        ["$load\nevents { }\n$http", other_version($bytes)],
);

is_deeply([sort keys %mends], [sort keys %case],
          'each row of the table has an example');

for my $said (sort keys %case) {
    my ($conf, $file, $conf_d, $enabled) = @{ $case{$said} };
    my $dir = File::Temp->newdir;
    my $expected = $said =~ s/\d{7} instead of \d{7}/\\d{7} instead of \\d{7}/r
                         =~ s/(["\/.])/\\$1/gr;

    make_path(map { "$dir/$_" } qw/modules conf.d modules-enabled logs/);
    write_file("$dir/nginx.conf", "$conf\npid nginx.pid;\n");
    write_file("$dir/conf.d/webhook.conf", $conf_d // '');
    write_file("$dir/modules-enabled/webhook.conf", $enabled // '');
    write_file("$dir/modules/$name", $file // $bytes) if $file // 1;
    unlink "$dir/modules/$name" if defined $file && $file eq '';

    like(test($dir), qr/\[emerg\] .*$expected/, "nginx says: $said");

    # what is made anew is the module that the tests are run with
    my $command = $mends{$said} =~ s{/etc/nginx}{$dir}gr;

    if ($command =~ /^sed /) {
        is(system($command), 0, $command);

    } else {
        like($command, qr/^make /, "$said: made anew");
        write_file("$dir/modules/$name", $bytes);
    }

    like(test($dir), qr/test is successful/, "$said: mended");
}

done_testing();


# What nginx says of a directory.
sub test {
    my ($dir) = @_;

    return scalar `$binary -t -p $dir -c $dir/nginx.conf 2>&1`;
}


# The module as of another version of nginx: the number is in its data.
sub other_version {
    my ($so) = @_;

    my ($major, $minor, $patch) =
        `$binary -v 2>&1` =~ m{/(\d+)\.(\d+)\.(\d+)};
    my $version = $major * 1_000_000 + $minor * 1000 + $patch;

    return $so =~ s/\Q${\pack('Q<', $version)}\E/pack('Q<', $version + 1)/ger;
}
