package WebhookTest::Ed25519;

# A key pair made on the spot with the openssl command, and what it signs.
#
#   my $key = WebhookTest::Ed25519->new;
#   $key->pem; $key->der;           # the public key, as SubjectPublicKeyInfo
#   $key->sign($message);           # in Base64
#
#   ed25519_sign($path, $message);  # by the key of a file, as bytes
#
#   local $ENV{PATH} = old_openssl($dir);   # an openssl that cannot
#
# The openssl command signs so from OpenSSL 3.0 on only.

use strict;
use warnings;

use Crypt::PK::Ed25519;
use Exporter qw/import/;
use File::Temp;
use MIME::Base64;

our @EXPORT_OK = qw/ed25519_sign old_openssl/;


sub new {
    my ($class) = @_;

    my $self = bless { dir => File::Temp->newdir('key-XXXXXX', TMPDIR => 1) },
                     $class;

    $self->openssl('genpkey -algorithm ed25519 -out key');
    $self->openssl('pkey -in key -pubout -out pem');
    $self->openssl('pkey -in key -pubout -outform DER -out der');

    return $self;
}


sub pem { return $_[0]->content('pem') }

sub der { return $_[0]->content('der') }


sub sign {
    my ($self, $message) = @_;

    return encode_base64(ed25519_sign("$self->{dir}/key", $message), '');
}


sub ed25519_sign {
    my ($path, $message) = @_;

    return Crypt::PK::Ed25519->new($path)->sign_message($message);
}


# A PATH whose openssl is as that of OpenSSL 1.1.1, in a directory to be made.
sub old_openssl {
    my ($dir) = @_;

    mkdir $dir or die "$dir: $!";
    open my $file, '>', "$dir/openssl" or die "$dir: $!";
    print $file <<'EOF';
#!/bin/sh
case " $* " in
" version ") echo 'OpenSSL 1.1.1w  11 Sep 2023' ;;
*' -rawin '*) exit 1 ;;
*) PATH=${PATH#*:} exec openssl "$@" ;;
esac
EOF
    close $file or die "$dir: $!";
    chmod 0755, "$dir/openssl";

    return "$dir:$ENV{PATH}";
}


sub openssl {
    my ($self, $command) = @_;

    system("cd $self->{dir} && openssl $command 2>/dev/null") == 0
        or die "openssl $command\n";
}


sub content {
    my ($self, $name) = @_;

    open my $file, '<:raw', "$self->{dir}/$name" or die "$name: $!";
    local $/;

    return scalar <$file>;
}


1;
