package WebhookTest::Shim;

# A library that nginx is started with and that makes a function of the system
# or of OpenSSL fail, or be the end of a worker, while a file is there:
#
#     my $shim = WebhookTest::Shim->new(<<'EOF');
#         int EVP_DigestInit_ex(void *ctx, const void *type, void *impl)
#         {
#             static int (*next)(void *, const void *, void *);
#             NEXT(EVP_DigestInit_ex);
#             return ARMED ? 0 : next(ctx, type, impl);
#         }
#     EOF
#     my $t = $shim->with(sub { WebhookTest->new(...) });
#     $shim->arm;
#
# ARMED is true while it is armed, DISARM disarms it and is true for the one
# that has done so.

use strict;
use warnings;

use File::Temp;

use WebhookTest::Cert qw/write_file/;


sub new {
    my ($class, $code) = @_;

    my $temp = File::Temp->newdir;
    my $self = bless { temp => $temp, library => "$temp/shim.so" }, $class;

    # the workers are somebody else when the master is root
    chmod 0777, "$temp";

    write_file("$temp/shim.c", <<"EOF");
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define ARMED   (access("$temp/armed", F_OK) == 0)
#define DISARM  (unlink("$temp/armed") == 0)
#define NEXT(name) if (next == NULL) { *(void **) &next                  \\
                                       = dlsym(RTLD_NEXT, #name); }

$code
EOF

    system('cc', '-shared', '-fPIC', '-o', $self->{library}, "$temp/shim.c",
           '-ldl') == 0 or die "the library does not compile\n";

    return $self;
}


# Runs code whose child processes have the library.
sub with {
    my ($self, $code) = @_;

    local $ENV{LD_PRELOAD} = join ':', $self->{library},
                                       $ENV{LD_PRELOAD} // ();

    return $code->();
}


sub arm { write_file("$_[0]{temp}/armed", '') }
sub disarm { unlink "$_[0]{temp}/armed" }
sub armed { return -e "$_[0]{temp}/armed" }


1;
