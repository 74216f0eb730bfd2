package WebhookTest::Ed25519;

# A key pair made on the spot with the openssl command, and what it signs.
#
#   my $key = WebhookTest::Ed25519->new;
#   $key->pem; $key->der;           # the public key, as SubjectPublicKeyInfo
#   $key->sign($message);           # in Base64

use strict;
use warnings;

use File::Temp;
use MIME::Base64;


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

    open my $out, '>:raw', "$self->{dir}/message" or die $!;
    print $out $message;
    close $out;

    $self->openssl('pkeyutl -sign -rawin -inkey key -in message '
                   . '-out signature');

    return encode_base64($self->content('signature'), '');
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
