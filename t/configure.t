#!/usr/bin/perl

# What configure says where the module cannot be built.

use strict;
use warnings;

use FindBin;

use Cwd qw/abs_path/;
use File::Temp;
use Test::More;

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
like(configure('--with-http_ssl_module', '-DEVP_MD_CTX_new=no_EVP_MD_CTX_new'),
     qr/needs the headers of OpenSSL 1.1.1 or newer/, 'without OpenSSL');

done_testing();


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
