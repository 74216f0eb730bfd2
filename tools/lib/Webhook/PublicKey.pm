package Webhook::PublicKey;

# Public keys as people write them, of which kind they are, and whether one of
# them has signed; openssl's command knows.

use strict;
use warnings;

use Exporter qw/import/;
use MIME::Base64;
use Time::Local qw/timegm/;

use Webhook::OpenSSL;
use Webhook::Request;

our @EXPORT = qw/certificate der_of jwk_pem key_kind kind_for pem verify_public/;

my %oid = (
    "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" => 'RSA',
    "\x2a\x86\x48\xce\x3d\x03\x01\x07" => 'P-256',
    "\x2b\x81\x04\x00\x22" => 'P-384',
    "\x2b\x81\x04\x00\x23" => 'P-521',
    "\x06\x03\x2b\x65\x70" => 'Ed25519',
);
my %curve = reverse %oid;
my $ec = "\x2a\x86\x48\xce\x3d\x02\x01";

my @pss = qw/-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest/;
my @months = qw/Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec/;


# A key as it may be written, in PEM; or undef.
sub pem {
    my $key = $_[0] =~ s/\A\s+|\s+\z//gr;

    return "$key\n" if $key =~ /\A-----BEGIN PUBLIC KEY-----/;
    return (certificate($key) // return undef)->{pem}
        if $key =~ /\A-----BEGIN CERTIFICATE-----/;

    my $der = $key =~ /\A[[:xdigit:]]{64}\z/ ? ed25519_der(pack 'H*', $key)
            : $key =~ m{\A[A-Za-z0-9+/\s]+=*\s*\z} ? decode_base64($key)
            : return undef;

    return pem_of(length $der == 32 ? ed25519_der($der) : $der);
}


sub pem_of {
    return "-----BEGIN PUBLIC KEY-----\n" . encode_base64($_[0])
           . "-----END PUBLIC KEY-----\n";
}


sub ed25519_der { return pack('H*', '302a300506032b6570032100') . $_[0] }


# RSA, Ed25519 or a curve, of a key in PEM; or undef.
sub key_kind {
    my ($pem) = @_;

    my $head = substr decode_base64($pem =~ s/-----[^-]*-----//gr), 0, 40;
    my ($found) = grep { index($head, $_) >= 0 } keys %oid;

    return defined $found ? $oid{$found} : undef;
}


# The kind of key that an algorithm needs; undef for an HMAC.
sub kind_for {
    my ($algorithm) = @_;

    return $algorithm =~ /hmac|-hs\d/ ? undef
         : $algorithm =~ /ed25519|eddsa/ ? 'Ed25519'
         : $algorithm =~ /p(256|384)-|-es(256|384)/ ? 'P-' . ($1 // $2)
         : $algorithm =~ /-es512/ ? 'P-521' : 'RSA';
}


# { pem, from, until } of a certificate, or undef.
sub certificate {
    my $file = temporary($_[0]);
    my $said = openssl(qw/x509 -in/, "$file", qw/-noout -pubkey -dates/) // '';
    my ($pem) = $said =~ /(-----BEGIN PUBLIC KEY-----.*KEY-----\n)/s
        or return undef;

    return { pem => $pem, map { $_->[0] => date($said =~ /^$_->[1]=(.*)/m) }
             ['from', 'notBefore'], ['until', 'notAfter'] };
}


sub date {
    my ($month, $day, $h, $m, $s, $year) = ($_[0] // '') =~
        /\A(\w{3}) +(\d+) (\d\d):(\d\d):(\d\d) (\d{4}) GMT/ or return undef;
    my ($number) = grep { $months[$_] eq $month } 0 .. 11;

    return timegm($s, $m, $h, $day, $number, $year);
}


# A JSON Web Key, read from JSON, in PEM; undef of another kind.
sub jwk_pem {
    my ($jwk) = @_;

    my %bytes = map { $_ => decode_base64(($jwk->{$_} // '') =~ tr{-_}{+/}r) }
                qw/n e x y/;
    my ($kty, $curve) = map { $_ // '' } @$jwk{qw/kty crv/};

    return pem_of(ed25519_der($bytes{x})) if $curve eq 'Ed25519';
    return pem_of(spki(der(6, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")
                       . der(5, ''), der(0x30, integer($bytes{n})
                                               . integer($bytes{e}))))
        if $kty eq 'RSA';
    return undef if $kty ne 'EC' || !$curve{$curve};

    # senders leave out leading zeros
    my $size = int(((split /-/, $curve)[1] + 7) / 8);
    my $point = join '', map { "\0" x ($size - length) . $_ } @bytes{qw/x y/};

    return pem_of(spki(der(6, $ec) . der(6, $curve{$curve}), "\4$point"));
}


sub spki { return der(0x30, der(0x30, $_[0]) . der(3, "\0$_[1]")) }


sub der {
    my ($tag, $bytes) = @_;

    my $size = length $bytes;

    return pack('CC', $tag, $size) . $bytes if $size < 128;
    return pack('CCC', $tag, 0x81, $size) . $bytes if $size < 256;
    return pack('CCn', $tag, 0x82, $size) . $bytes;
}


sub integer {
    my $n = $_[0] =~ s/\A\0+(?=.)//sr;

    return der(2, ord($n) & 0x80 ? "\0$n" : $n);
}


# r and s side by side, as openssl has them.
sub der_of {
    my ($raw) = @_;

    my $half = int(length($raw) / 2);

    return der(0x30, integer(substr $raw, 0, $half)
                     . integer(substr $raw, $half));
}


# Whether the bytes are a signature of the message by the key.
sub verify_public {
    my ($algorithm, $pem, $message, $bytes, $raw) = @_;

    my ($digest) = $algorithm =~ /(?:sha|[rpe]s)(\d+)\z/;

    return ed25519_verify($pem, $message, $bytes) ? 1 : 0
        if $algorithm =~ /ed25519|eddsa/;

    $bytes = der_of($bytes) if $raw;

    my ($k, $m, $s) = map { temporary($_) } $pem, $message, $bytes;

    return defined openssl('dgst', "-sha$digest", '-verify', "$k",
                           $algorithm =~ /-ps\d|pss/ ? @pss : (),
                           '-signature', "$s", "$m") ? 1 : 0;
}


1;
