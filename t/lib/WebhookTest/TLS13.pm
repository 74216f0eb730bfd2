package WebhookTest::TLS13;

# The client's side of a TLS 1.3 handshake (RFC 8446) as QUIC carries it: one
# cipher, one group, and no look at the server's certificate.
#
#     my $tls = WebhookTest::TLS13->new(alpn => 'h3', parameters => $bytes);
#     # with a certificate of WebhookTest::Cert
#     my $tls = WebhookTest::TLS13->new(..., cert => cert($ca, ...));
#     $tls->{hello};                    # what the client begins with
#     $tls->take($bytes);               # what the server says, in its order
#
# After that there are, as far as it has come: the traffic secrets {handshake}
# and {application}, of the client and of the server, the client's last messages
# {finished}, and the server's transport parameters {parameters}.

use strict;
use warnings;

use Crypt::PK::ECC;
use Crypt::PK::X25519;
use Crypt::PRNG qw/random_bytes/;
use Digest::SHA qw/sha256 hmac_sha256/;
use Exporter qw/import/;
use MIME::Base64;

use WebhookTest::Cert qw/read_file/;

our @EXPORT_OK = qw/expand_label/;

use constant {
    CLIENT_HELLO => 1, SERVER_HELLO => 2, ENCRYPTED_EXTENSIONS => 8,
    CERTIFICATE => 11, CERTIFICATE_REQUEST => 13, CERTIFICATE_VERIFY => 15,
    FINISHED => 20,

    SERVER_NAME => 0, SUPPORTED_GROUPS => 10, SIGNATURE_ALGORITHMS => 13,
    ALPN => 16, SUPPORTED_VERSIONS => 43, KEY_SHARE => 51,
    TRANSPORT_PARAMETERS => 57,

    TLS12 => 0x0303, TLS13 => 0x0304, AES_128_GCM_SHA256 => 0x1301,
    X25519 => 29, ECDSA_SECP256R1_SHA256 => 0x0403,
};

# of RSA and ECDSA, whatever the server's key is
my @algorithms = (0x0403, 0x0503, 0x0804, 0x0805, 0x0806, 0x0401);


sub new {
    my ($class, %want) = @_;

    my $key = Crypt::PK::X25519->new->generate_key;
    my @extensions = (
        SERVER_NAME, pack('n/a', "\0" . pack 'n/a', 'localhost'),
        SUPPORTED_GROUPS, pack('n/a', pack 'n', X25519),
        SIGNATURE_ALGORITHMS, pack('n/a', pack 'n*', @algorithms),
        ALPN, pack('n/a', pack 'C/a', $want{alpn}),
        SUPPORTED_VERSIONS, pack('C/a', pack 'n', TLS13),
        KEY_SHARE, pack('n/a', pack 'n n/a', X25519,
                                    $key->export_key_raw('public')),
        TRANSPORT_PARAMETERS, $want{parameters},
    );

    my $hello = message(CLIENT_HELLO, pack 'n a32 C/a n/a C/a n/a', TLS12,
                        random_bytes(32), '', pack('n', AES_128_GCM_SHA256),
                        "\0", pack '(n n/a)*', @extensions);

    return bless { key => $key, hello => $hello, said => $hello, in => '',
                   cert => $want{cert} }, $class;
}


sub message {
    my ($type, $body) = @_;

    return chr($type) . sized($body);
}


# Bytes after their length in three bytes.
sub sized {
    my ($bytes) = @_;

    return substr(pack('N', length $bytes), 1) . $bytes;
}


sub take {
    my ($self, $bytes) = @_;

    $self->{in} .= $bytes;

    while (length $self->{in} >= 4) {
        my ($type, $size) = unpack 'C a3', $self->{in};
        my $len = 4 + unpack 'N', "\0$size";

        last if length $self->{in} < $len;

        my $message = substr $self->{in}, 0, $len, '';

        # what comes later, as tickets, is not of the handshake
        next if $self->{finished};

        $self->{said} .= $message;
        $self->take_message($type, substr $message, 4);
    }
}


sub take_message {
    my ($self, $type, $body) = @_;

    if ($type == SERVER_HELLO) {
        my ($extensions) = (unpack 'n a32 C/a n C n/a', $body)[5];
        my %extension = unpack '(n n/a)*', $extensions;

        $self->agree((unpack 'n n/a', $extension{+KEY_SHARE} // '')[1]
                     // die "TLS: no key of the server\n");

    } elsif ($type == ENCRYPTED_EXTENSIONS) {
        my %extension = unpack '(n n/a)*', unpack 'n/a', $body;

        $self->{parameters} = $extension{+TRANSPORT_PARAMETERS};

    } elsif ($type == CERTIFICATE_REQUEST) {
        $self->{asked} = unpack 'C/a', $body;

    } elsif ($type == FINISHED) {
        $self->finish;
    }
}


sub agree {
    my ($self, $public) = @_;

    my $peer = Crypt::PK::X25519->new->import_key_raw($public, 'public');
    my $early = hmac_sha256("\0" x 32, '');
    my $secret = hmac_sha256($self->{key}->shared_secret($peer),
                             derived($early));

    $self->{handshake} = $self->traffic($secret, 'hs');
    $self->{master} = hmac_sha256("\0" x 32, derived($secret));
}


sub finish {
    my ($self) = @_;

    my $key = expand_label($self->{handshake}[0], 'finished', '', 32);
    my $server = length $self->{said};

    $self->{application} = $self->traffic($self->{master}, 'ap');
    $self->say_certificate if defined $self->{asked};
    $self->say(FINISHED, hmac_sha256(sha256($self->{said}), $key));
    $self->{finished} = substr $self->{said}, $server;
}


# The certificate that the server has asked for, or that there is none.
sub say_certificate {
    my ($self) = @_;

    my $cert = $self->{cert};
    my $list = $cert ? sized(der($cert->{cert})) . pack('n', 0) : '';

    $self->say(CERTIFICATE, pack('C/a', $self->{asked}) . sized($list));

    return if !$cert;

    my $signature = Crypt::PK::ECC->new($cert->{key})->sign_message(
        ' ' x 64 . "TLS 1.3, client CertificateVerify\0"
        . sha256($self->{said}), 'SHA256');

    $self->say(CERTIFICATE_VERIFY,
               pack 'n n/a', ECDSA_SECP256R1_SHA256, $signature);
}


sub say {
    my ($self, $type, $body) = @_;

    $self->{said} .= message($type, $body);
}


# A file of a certificate, which is in PEM.
sub der {
    my ($path) = @_;

    return decode_base64(read_file($path) =~ s/^-----.*\n//gmr);
}


# The client's and the server's secret of a stage.
sub traffic {
    my ($self, $secret, $stage) = @_;

    return [map { expand_label($secret, "$_ $stage traffic",
                               sha256($self->{said}), 32) } qw/c s/];
}


sub derived { return expand_label($_[0], 'derived', sha256(''), 32) }


# HKDF-Expand-Label of RFC 8446, 7.1, up to 32 bytes.
sub expand_label {
    my ($secret, $label, $context, $len) = @_;

    return substr hmac_sha256(pack('n C/a C/a C', $len, "tls13 $label",
                                   $context, 1), $secret), 0, $len;
}


1;
