package WebhookTest::OldNginx;

# To be used ahead of Test::Nginx::Socket.  That starts nginx with the option
# -e, which came with 1.19.5: to an older one it is not handed on.

use strict;
use warnings;

use File::Temp;

my $nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';
my ($minor, $patch) = `$nginx -V 2>&1` =~ m{nginx/1\.(\d+)\.(\d+)};

if (defined $minor && ($minor < 19 || $minor == 19 && $patch < 5)) {
    my $without = File::Temp->new(TEMPLATE => 'nginx-XXXXXX', TMPDIR => 1);

    print $without "#!/bin/sh\n[ \"\$1\" != -e ] || shift 2\n",
                   "exec $nginx \"\$\@\"\n";
    close $without;
    chmod 0755, "$without";

    $ENV{TEST_NGINX_BINARY} = "$without";
    our $kept = $without;
}


1;
