package Webhook::OpenSSL;

# openssl's command, and Ed25519 (RFC 8032), which the command has from 3.0 on:
# before that it is CryptX's, where that is installed.
#
#   openssl(@arguments)                      what it prints, or undef
#   ed25519_sign($key, $message)             the signature, or undef
#   ed25519_verify($key, $message, $bytes)   whether it is one
#
# Keys are in PEM.

use strict;
use warnings;

use Exporter qw/import/;

use Webhook::Request;
use Webhook::Tool;

our @EXPORT = qw/openssl ed25519_sign ed25519_verify/;


# What dies is no matter for those who are told of what dies.
sub tried(&) {
    my ($code) = @_;

    local $SIG{__DIE__} = 'DEFAULT';

    return eval { $code->() };
}


sub openssl {
    open my $out, '-|', 'sh', '-c', 'exec openssl "$@" 2>/dev/null', 'sh', @_
        or return undef;
    binmode $out;
    my $said = do { local $/; <$out> } // '';

    return close $out ? $said : undef;
}


sub ed25519_sign {
    my ($key, $message) = @_;

    if (my $class = cryptx()) {
        return tried { $class->new(\$key)->sign_message($message) };
    }

    my ($k, $m) = map { temporary($_) } $key, $message;

    return openssl(qw/pkeyutl -sign -rawin -inkey/, "$k", '-in', "$m");
}


sub ed25519_verify {
    my ($key, $message, $bytes) = @_;

    if (my $class = cryptx()) {
        return tried { $class->new(\$key)->verify_message($bytes, $message) };
    }

    my ($k, $m, $s) = map { temporary($_) } $key, $message, $bytes;

    return defined openssl(qw/pkeyutl -verify -rawin -pubin -inkey/, "$k",
                           '-in', "$m", '-sigfile', "$s");
}


# The class of CryptX, where the command is too old.
sub cryptx {
    my ($version) = (openssl('version') // '') =~ /^OpenSSL ([01]\.\S+)/
        or return undef;

    tried { require Crypt::PK::Ed25519 }
        or fail("Ed25519 needs OpenSSL 3.0, this is $version, "
                . 'or CryptX (libcryptx-perl)');

    return 'Crypt::PK::Ed25519';
}


1;
