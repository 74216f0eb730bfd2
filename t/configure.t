#!/usr/bin/perl

# What configure says where the module cannot be built, or not all of it, and
# the module without hiredis.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw/abs_path/;
use File::Temp;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/read_file/;

my $source = '/usr/share/nginx/src';
my $module = abs_path("$FindBin::Bin/..");

plan skip_all => "no $source, the package nginx-dev is not installed"
    if !-x "$source/configure";

like(configure(), qr/needs nginx's own SSL module,\nadd --with-http_ssl_module/,
     'without http_ssl_module');
like(configure('--with-http_ssl_module', '-Dyajl_alloc=no_yajl_alloc'),
     qr/needs yajl 2, on Debian the package\nlibyajl-dev/, 'without yajl');
like(configured('--with-http_ssl_module',
                '-DredisFormatCommandArgv=no_redisFormatCommandArgv'),
     qr/checking for hiredis \.\.\. not found/, 'hiredis may be missing');
without_hiredis();
like(configure('--with-http_ssl_module', '-DEVP_MD_CTX_new=no_EVP_MD_CTX_new'),
     qr/needs the headers of OpenSSL 1.1.1 or newer/, 'without OpenSSL');

done_testing();


# Of the objects of the module one is made anew, as where hiredis is missing.
sub without_hiredis {
    my $objects = abs_path(WebhookTest::module()) =~ s{/[^/]*\z}{}r;
    my $dir = File::Temp->newdir('hiredis-XXXXXX', TMPDIR => 1);
    my ($tree) = grep { -d } "$objects/../tree", $source;
    my ($includes) = read_file("$objects/Makefile")
                     =~ /^ALL_INCS = ((?:.*\\\n)*.*)/m;
    my @others = grep { !m{webhook_hiredis\.o\z|/ngx_modules\.o\z} }
                 glob "$objects/*.o $objects/addon/*/*.o "
                      . "$objects/addon/*/*/*.o";

    my $compile = 'cc -c -fPIC -DNGX_HTTP_WEBHOOK_HIREDIS=0 '
                  . ($includes =~ s/\\\n//gr)
                  . " $module/src/redis/ngx_http_webhook_hiredis.c";

    is(`cd $tree && $compile -o $dir/hiredis.o 2>&1`
       . `cc -shared -o $dir/module.so $dir/hiredis.o @others -lyajl 2>&1`,
       '', 'without hiredis it is built');

    my ($status, $said) = WebhookTest::nginx_t(
        'webhook_redis shared redis://127.0.0.1;',
        module => 0, modules => ["$dir/module.so"]);

    is($status, 1, '"webhook_redis" is refused');
    like($said, qr/ "webhook_redis"\ directive\ is\ not\ known\ to\ this\ module,
                  \ which\ was\ built\ without\ hiredis;\ build\ it\ where\ the
                  \ package\ libhiredis-dev\ is\ installed\ in\ /x,
         'and says what is missing');
    is((WebhookTest::nginx_t(
            'server { listen 127.0.0.1:%%PORT%%; location / { webhook github; '
            . 'webhook_secret 0123456789abcdef; } }',
            module => 0, modules => ["$dir/module.so"]))[0], 0,
       'all else is there');
}


# Its output when it fails.
sub configure {
    my (@arguments) = @_;

    my $said = configured(@arguments);

    isnt($?, 0, 'configure fails');

    return $said;
}


# Its output; a definition takes a function of a library away.  What
# nginx itself asks and makes, most of the time it takes, is left out.
sub configured {
    my ($with, $definition) = @_;

    my $dir = File::Temp->newdir('configure-XXXXXX', TMPDIR => 1);
    my @options = ("--builddir=$dir/objs", "--add-dynamic-module=$module",
                   '--without-http_rewrite_module',
                   '--without-http_gzip_module', $with // ());

    push @options, "--with-cc-opt=$definition" if $definition;

    my $options = join ' ', map { "'$_'" } @options;
    system('cp', '-rs', $source, "$dir/nginx") == 0 or die "$source: no copy";

    for my $long (qw{unix headers os/conf make}) {
        unlink "$dir/nginx/auto/$long";
        open my $empty, '>', "$dir/nginx/auto/$long" or die "$long: $!";
    }

    return `cd $dir/nginx && ./configure $options 2>&1`;
}
