#!/usr/bin/perl

# tools/check-nginx: the module that was built fits; one of another version or
# of another configuration does not, and what differs is told.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Cwd qw/abs_path/;
use File::Temp;
use Test::More;

use WebhookTest::Cert qw/read_file write_file/;

my $tool = "$FindBin::Bin/../tools/check-nginx";
my $nginx = $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx';
my ($module) = split ' ', $ENV{TEST_NGINX_LOAD_MODULES}
                          || 'build/ngx_http_webhook_module.so';
my $dir = File::Temp->newdir;
my $bytes = read_file($module);
my ($version) = `"$nginx" -v 2>&1` =~ m{/([\d.]+)};
my ($sizes, $digits) = $bytes =~ /(\d,\d,\d,)([01]{33,})\0/;
my $number = number($version);

is(check($bytes), "0: %%MODULE%% fits $nginx, nginx $version\n",
   'the one that was built');

like(check(changed(pack('Q<', $number), pack 'Q<', number('1.16.0'))),
     qr/\A1:.* does\ not\ fit\ \S+,\ nginx\ \Q$version\E:\n
        \ \ it\ is\ for\ nginx\ 1\.16\.0\.\ \ Build\ it\ for/x,
     'another version');

for ([22, '--with-threads or --with-compat'], [29, '--with-http_realip_module'],
     [5, 'the system or the compiler'])
{
    my ($place, $what) = @$_;

    my $other = $digits;
    my $was = substr $other, $place - 1, 1;

    substr $other, $place - 1, 1, 1 - $was;
    like(check(changed("$sizes$digits\0", "$sizes$other\0")),
         qr/:\n\ \ \Q$what\E:\ digit\ $place\ of\ the\ signature\ is\ 
            @{[1 - $was]},\ that\ of\ nginx\ $was\n
            \ \ Build\ it\ with\ the\ configure\ arguments[^\n]*\n
            \ \ \ \ .*--with-http_ssl_module/x,
         "$what differs");
}

like(check(changed("$sizes$digits\0", "4,4,4,$digits\0")),
     qr/another architecture/, 'another architecture');
like(check('no module'), qr/\A1:.*:\n  dlopen\(\) .* failed .*\n\z/s,
     'what cannot be loaded at all');
like(`"$tool" "$dir/none" 2>&1`, qr/there is no .*none, run make first/,
     'none');

done_testing();


sub number {
    my @parts = split /\./, $_[0];

    return $parts[0] * 1_000_000 + $parts[1] * 1000 + $parts[2];
}


# The module's bytes with one text for another.
sub changed {
    my ($from, $to) = @_;

    my $other = $bytes;

    $other =~ s/\Q$from\E/$to/ or die 'not in the module';

    return $other;
}


sub check {
    my ($module) = @_;

    my $path = abs_path("$dir") . '/module.so';

    write_file($path, $module);
    my $said = `"$tool" "$path" "$nginx" 2>&1`;

    return ($? >> 8) . ': ' . $said =~ s/\Q$path\E/%%MODULE%%/r;
}
