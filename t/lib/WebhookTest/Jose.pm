package WebhookTest::Jose;

# Key pairs made on the spot with the openssl command, their JWKs, and tokens
# that they sign.
#
#   my $key = WebhookTest::Jose->new('ES256');
#   my $rsa = WebhookTest::Jose->new('RS256', 8192);    # bits, 2048 unless told
#   $key->jwk(kid => 'a');              # the public key, as a hash
#   $key->pem;                          # the same in PEM
#   $key->sign($bytes);                 # as tokens have it, not encoded
#   $key->token({ kid => 'a' }, $claims);
#   $key->detached({ kid => 'a' }, $body, plain => 1);
#   jwks($key->jwk(kid => 'a'), ...);   # the text of a file
#
# Headers and claims are hashes, or texts that go in as they are.

use strict;
use warnings;

use Exporter qw/import/;
use File::Temp;
use JSON::PP ();
use MIME::Base64 qw/encode_base64url/;

use WebhookTest::Cert qw/read_file write_file/;
use WebhookTest::Ed25519 qw/ed25519_sign/;

our @EXPORT_OK = qw/jwks json raw_of der_of/;

my %curve = (ES256 => ['P-256', 32], ES384 => ['P-384', 48],
             ES512 => ['P-521', 66]);
my $json = JSON::PP->new->canonical;


sub new {
    my ($class, $alg, $bits) = @_;

    $bits //= 2048;

    my $self = bless { alg => $alg, bytes => $bits / 8,
        dir => File::Temp->newdir('jose-XXXXXX', TMPDIR => 1) }, $class;

    my $kind = $curve{$alg} ? "ec -pkeyopt ec_paramgen_curve:$curve{$alg}[0]"
             : $alg eq 'EdDSA' ? 'ed25519'
             : "rsa -pkeyopt rsa_keygen_bits:$bits"

             # found sooner than two of half the size
             . ($bits == 8192 ? ' -pkeyopt rsa_keygen_primes:5' : '');

    $self->openssl("genpkey -algorithm $kind -out key");
    $self->openssl('pkey -in key -pubout -out pem');
    $self->openssl('pkey -in key -pubout -outform DER -out der');

    return $self;
}


# The same key, to sign with another algorithm.
sub as {
    my ($self, $alg) = @_;

    return bless { %$self, alg => $alg }, ref $self;
}


sub pem { return read_file("$_[0]{dir}/pem") }


# A certificate of the key, from and until as YYYYMMDDHHMMSSZ.
sub certificate {
    my ($self, $from, $until) = @_;

    write_file("$self->{dir}/ca.conf", <<'EOF');
[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
EOF
    write_file("$self->{dir}/index", '');
    write_file("$self->{dir}/serial", "01\n");

    $self->openssl('req -new -key key -subj /CN=sender -out request');
    $self->openssl('ca -batch -notext -config ca.conf -selfsign -keyfile key '
        . "-startdate $from -enddate $until -in request -out certificate");

    return read_file("$self->{dir}/certificate");
}


sub jwk {
    my ($self, %more) = @_;

    my $der = read_file("$self->{dir}/der");

    if (my $curve = $curve{ $self->{alg} }) {
        my ($name, $size) = @$curve;

        return { kty => 'EC', crv => $name, %more,
                 x => encode_base64url(substr $der, -2 * $size, $size),
                 y => encode_base64url(substr $der, -$size) };
    }

    if ($self->{alg} eq 'EdDSA') {
        return { kty => 'OKP', crv => 'Ed25519', %more,
                 x => encode_base64url(substr $der, -32) };
    }

    # the modulus, and after it the exponent 65537
    return { kty => 'RSA', e => 'AQAB', %more,
             n => encode_base64url(substr $der, -$self->{bytes} - 5,
                                   $self->{bytes}) };
}


sub jwks { return $json->encode({ keys => [@_] }) }

sub json { return ref $_[0] ? $json->encode($_[0]) : $_[0] }


sub sign {
    my ($self, $bytes) = @_;

    return ed25519_sign("$self->{dir}/key", $bytes)
        if $self->{alg} eq 'EdDSA';

    my ($bits) = $self->{alg} =~ /(\d+)/;
    my $pss = $self->{alg} =~ /^PS/ ? '-sigopt rsa_padding_mode:pss '
              . '-sigopt rsa_pss_saltlen:digest' : '';

    write_file("$self->{dir}/message", $bytes);
    $self->openssl("dgst -sha$bits $pss -sign key -out signature message");

    my $signature = read_file("$self->{dir}/signature");

    return $curve{ $self->{alg} } ? raw_of($signature,
                                           $curve{ $self->{alg} }[1])
                                  : $signature;
}


# r and s side by side, of a signature in DER, and the reverse.
sub raw_of {
    my ($der, $size) = @_;

    my $p = ord(substr $der, 1, 1) & 0x80 ? 3 : 2;
    my $raw = '';

    for (1, 2) {
        my $len = ord substr $der, $p + 1, 1;
        my $int = substr $der, $p + 2, $len;

        $int =~ s/\A\0+//;
        $raw .= "\0" x ($size - length $int) . $int;
        $p += 2 + $len;
    }

    return $raw;
}


sub der_of {
    my ($raw) = @_;

    my $size = length($raw) / 2;
    my $der = '';

    for my $int (unpack "a${size}a$size", $raw) {
        $int =~ s/\A\0+(?=.)//s;
        $int = "\0$int" if ord $int & 0x80;
        $der .= pack 'CC/a*', 2, $int;
    }

    return length $der < 128 ? pack('CC/a*', 0x30, $der)
                             : pack('CCC/a*', 0x30, 0x81, $der);
}


sub token {
    my ($self, $header, $claims) = @_;

    $header = { alg => $self->{alg}, %$header } if ref $header;

    my $signed = encode_base64url(json($header)) . '.'
                 . encode_base64url(json($claims));

    return "$signed." . encode_base64url($self->sign($signed));
}


# The payload is encoded, or, if it is to be plain, not.
sub detached {
    my ($self, $header, $body, %want) = @_;

    $header = { alg => $self->{alg}, %$header } if ref $header;
    $header = { %$header, b64 => JSON::PP::false, crit => ['b64'] }
        if $want{plain};

    $header = encode_base64url(json($header));

    my $payload = $want{plain} ? $body : encode_base64url($body);

    return "$header.." . encode_base64url($self->sign("$header.$payload"));
}


sub openssl {
    my ($self, $command) = @_;

    system("cd $self->{dir} && openssl $command 2>openssl.log") == 0
        or die "openssl $command\n", read_file("$self->{dir}/openssl.log");
}


1;
