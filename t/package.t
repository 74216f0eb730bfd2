#!/usr/bin/perl

# What is installed: "make install" and "make install-tools" put everything
# where it works, and the package, made of the module that is there, has the
# same and no complaint of lintian.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw/abs_path/;
use File::Basename;
use File::Path qw/make_path/;
use File::Temp;
use Test::More;

use WebhookTest::Cert qw/read_file write_file/;

my $root = abs_path("$FindBin::Bin/..");
my $build = $ENV{WEBHOOK_BUILD} // 'build';
my $dir = File::Temp->newdir;
my $loader = 'etc/nginx/modules-enabled/50-mod-http-webhook.conf';
my $loads = "load_module modules/ngx_http_webhook_module.so;\n";
my @tools = qw/webhook-check webhook-keys webhook-redeliver webhook-send/;

if (`"$root/tools/check-nginx" $build/ngx_http_webhook_module.so nginx 2>&1`
    !~ / fits /)
{
    plan skip_all => 'the module is not for the nginx of this system';
}

# one from source may be of the same version, and have other paths
my $nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';

if (`$nginx -V 2>&1` !~ /--modules-path=/) {
    plan skip_all => 'the nginx under test has no directory of modules';
}

# make install
my $target = "$dir/target";

make_path("$target/etc/nginx/modules-enabled");
is(make('install', 'install-tools', "DESTDIR=$target"), '', 'make install');
ok(-s "$target/usr/lib/nginx/modules/ngx_http_webhook_module.so", 'the module');
is(read_file("$target/$loader"), $loads, 'what loads it');
has_tools("$target/usr/local");
units_hold("$root/contrib/systemd", "$target/usr/local");

# The package
SKIP: {
    my @missing = grep { my $c = $_;
                         !grep { -x "$_/$c" } split /:/, $ENV{PATH} }
                  qw/dpkg-buildpackage dh lintian/;

    skip "the package is not tried, there is no @missing", 1 if @missing;

    my $module = abs_path("$build/ngx_http_webhook_module.so");

    is(make('deb', "WEBHOOK_MODULE=$module", "BUILD=$dir/deb"), '', 'make deb');

    my ($deb) = glob "$dir/deb/libnginx-mod-http-webhook_*.deb";

    is(qx{lintian --allow-root --fail-on warning "$deb" 2>&1}, '', 'lintian');

    my $unpacked = "$dir/unpacked";

    system('dpkg-deb', '-x', $deb, $unpacked) == 0 or die "dpkg-deb: $?";
    system('dpkg-deb', '-e', $deb, "$unpacked/DEBIAN") == 0
        or die "dpkg-deb: $?";

    is(read_file("$unpacked/usr/share/nginx/modules-available/"
                 . 'mod-http-webhook.conf'), $loads, 'what loads the module');
    like(read_file("$unpacked/DEBIAN/postinst"),
         qr/mod-http-webhook\.conf:50-mod-http-webhook\.conf/,
         'is of the same name');
    like(read_file("$unpacked/DEBIAN/control"), qr/^Depends: .*nginx-abi-/m,
         'it is for one nginx');
    ok(-s "$unpacked/usr/share/libnginx-mod-http-webhook/$_", $_)
        for qw{nginx/webhooks.conf grafana/webhooks.json
               prometheus/webhooks.yml logrotate/webhook-refused};
    has_tools("$unpacked/usr");
    units_hold("$unpacked/usr/share/libnginx-mod-http-webhook/systemd",
               "$unpacked/usr");
}

done_testing();


# What make complains of.
sub make {
    my ($what, @arguments) = @_;

    my $said = `make -C "$root" --no-print-directory NO_INSTALL=1 \\
                BUILD=$build $what @arguments 2>&1`;

    return $? ? $said : '';
}


# The commands work there, and have pages and completion.
sub has_tools {
    my ($prefix) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    for my $tool (@tools) {
        is(`"$prefix/bin/$tool" --version 2>&1` =~ /\A$tool [\d.]+\n\z/
           && `"$prefix/bin/$tool" --help 2>&1` =~ /\A$tool /, 1,
           "$tool of $prefix");

        my ($page) = glob "$prefix/share/man/man1/$tool.1*";

        is(`man --warnings -l "$page" 2>&1 >"$dir/page"`, '', 'its page');
        like(read_file("$dir/page"), qr/^SYNOPSIS$/m, 'can be read');
        ok(-s "$prefix/share/bash-completion/completions/$tool",
           'its completion');
    }

    # systemd looks for a name in both of the places
    for my $service (glob "$root/contrib/systemd/*.service") {
        my ($command) = read_file($service) =~ /^ExecStart=(\S+)/m;

        ok((grep { $_ eq $command } @tools), "$service: $command");
    }

    like(`"$prefix/bin/webhook-send" --list`, qr/^github .*--sample push/m,
         'the providers, and samples');
}


# systemd takes the units.  They name a command without its path, for systemd
# looks into both prefixes; here it gets that of what was installed.
sub units_hold {
    my ($units, $prefix) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $copies = "$dir/units";
    my @copies;

    make_path($copies);

    for my $unit (glob "$units/*") {
        # one of a template
        my $copy = "$copies/" . basename($unit) =~ s/@/\@plaid/r;
        my $text = read_file($unit);

        like($text, qr/^ExecStart=[\w-]+ /m, "$unit: a command by its name")
            if $unit =~ /\.service\z/;
        write_file($copy, $text =~ s{^ExecStart=}{$&$prefix/bin/}mr);
        push @copies, $copy;
    }

    is(scalar @copies, 4, 'units of systemd');

    SKIP: {
        skip 'no systemd-analyze, the package systemd is not installed', 1
            if !grep { -x "$_/systemd-analyze" } split /:/, $ENV{PATH};

        is(`systemd-analyze verify @copies 2>&1`, '', 'hold');
    }
}
