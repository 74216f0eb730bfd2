package WebhookTest::Cert;

# Certificates made on the spot with the openssl command.
#
#     my $ca   = ca($dir, 'sender');
#     my $cert = cert($ca, subject => '/CN=app.example');
#
# Both are hashes with the files' names: cert, key (PEM), dir.

use strict;
use warnings;

use Digest::SHA qw/sha1_hex/;
use Exporter qw/import/;
use JSON::PP ();
use MIME::Base64;

our @EXPORT_OK = qw/ca cert read_file write_file/;

my %made;


sub ca {
    my ($dir, $name) = @_;

    return $made{"$dir/$name"} //= make_ca($dir, $name);
}


# subject   '/CN=a/O=b', or a list [ [CN => 'a'], [OU => 'b'], [OU => 'c'] ]
#           for repeated attributes and for values with a slash
# san       [ 'DNS:a', 'URI:b', 'email:c' ]
# from, until   validity as YYYYMMDDHHMMSSZ; 2000 to 2049 unless told
# usage     extended key usage; 'clientAuth,serverAuth' unless told
# patch     { placeholder => bytes of the same length }, put into the
#           signed part: what the openssl command would refuse to write
sub cert {
    my ($ca, %want) = @_;

    my $id = JSON::PP->new->canonical->encode({%want, ca => $ca->{cert}});

    return $made{$id} //= make_cert($ca, sha1_hex($id), %want);
}


sub make_ca {
    my ($dir, $name) = @_;

    my $ca = files($dir, $name);

    sign($ca, $ca, ['-selfsign'], subject => [[O => 'Test'], [CN => $name]],
         extensions => <<'EOF');
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
EOF

    return $ca;
}


sub make_cert {
    my ($ca, $id, %want) = @_;

    my $cert = files($ca->{dir}, substr $id, 0, 16);
    my $usage = $want{usage} // 'clientAuth,serverAuth';
    my $san = join ',', @{ $want{san} // [] };

    sign($cert, $ca, [], %want, extensions => <<"EOF"
basicConstraints = CA:false
extendedKeyUsage = $usage
EOF
         . ($san ne '' ? "subjectAltName = $san\n" : ''));

    patch($ca, $cert->{cert}, $want{patch}) if $want{patch};

    return $cert;
}


sub files {
    my ($dir, $name) = @_;

    return { dir => $dir, name => $name, cert => "$dir/$name.pem",
             key => "$dir/$name.key" };
}


# Through "openssl ca", the only command that takes any validity.
sub sign {
    my ($cert, $ca, $options, %want) = @_;

    my $name = "$cert->{dir}/$cert->{name}";

    write_file("$name.cnf", config($cert, $ca, %want));
    write_file("$name.index", '');

    openssl('ecparam', '-name' => 'prime256v1', '-genkey', '-noout',
            '-out' => $cert->{key});
    openssl('req', '-new', '-utf8', '-config' => "$name.cnf",
            '-key' => $cert->{key}, '-out' => "$name.csr");
    openssl('ca', @$options, '-batch', '-notext', '-utf8', '-preserveDN',
            '-config' => "$name.cnf", '-in' => "$name.csr",
            '-startdate' => $want{from} // '20000101000000Z',
            '-enddate' => $want{until} // '20491231235959Z',
            '-out' => $cert->{cert});
}


sub config {
    my ($cert, $ca, %want) = @_;

    my $n = 0;
    my $dn = join '', map { $n++ . ".$_->[0] = " . quote($_->[1]) . "\n" }
             subject_list($want{subject});

    return <<"EOF";
[req]
prompt = no
distinguished_name = dn
string_mask = utf8only
[dn]
$dn
[ca]
default_ca = one
[one]
database = $cert->{dir}/$cert->{name}.index
new_certs_dir = $cert->{dir}
certificate = $ca->{cert}
private_key = $ca->{key}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
x509_extensions = extensions
[any]
CN = optional
[extensions]
$want{extensions}
EOF
}


sub subject_list {
    my ($subject) = @_;

    return @$subject if ref $subject;

    return map { [split /=/, $_, 2] } grep { length } split m{/}, $subject;
}


# A value as the configuration file's language wants it.
sub quote {
    my ($value) = @_;

    $value =~ s/([\\\$#"'])/\\$1/g;

    return $value;
}


sub patch {
    my ($ca, $file, $patch) = @_;

    my $tbs = (der_parts(der_content(pem_read($file))))[0];

    for my $from (keys %$patch) {
        die "patch of another length" if length $from != length $patch->{$from};
        $tbs =~ s/\Q$from\E/$patch->{$from}/ or die "no \"$from\" to patch";
    }

    write_file("$file.tbs", $tbs);
    openssl('dgst', '-sha256', '-sign' => $ca->{key},
            '-out' => "$file.sig", "$file.tbs");

    # SEQUENCE { tbs, SEQUENCE { OID ecdsa-with-SHA256 }, BIT STRING }
    my $algorithm = pack 'H*', '300a06082a8648ce3d040302';
    my $signature = der(0x03, "\0" . read_file("$file.sig"));

    write_file($file, "-----BEGIN CERTIFICATE-----\n"
        . encode_base64(der(0x30, $tbs . $algorithm . $signature))
        . "-----END CERTIFICATE-----\n");
}


sub pem_read {
    my ($file) = @_;

    my ($base64) = read_file($file) =~
        /-----BEGIN CERTIFICATE-----(.*?)-----END/s;

    return decode_base64($base64);
}


sub der {
    my ($tag, $content) = @_;

    my $len = length $content;

    return pack('CC', $tag, $len) . $content if $len < 0x80;
    return pack('CCC', $tag, 0x81, $len) . $content if $len < 0x100;
    return pack('CCn', $tag, 0x82, $len) . $content;
}


# The length of an element's header and of its content.
sub der_lengths {
    my ($der) = @_;

    my $len = unpack 'x C', $der;

    return (2, $len) if $len < 0x80;
    return (3, unpack 'x2 C', $der) if $len == 0x81;
    return (4, unpack 'x2 n', $der);
}


sub der_content {
    my ($der) = @_;

    my ($head, $len) = der_lengths($der);

    return substr $der, $head, $len;
}


sub der_parts {
    my ($content) = @_;

    my @parts;

    while (length $content) {
        my ($head, $len) = der_lengths($content);
        push @parts, substr $content, 0, $head + $len, '';
    }

    return @parts;
}


sub openssl {
    my (@args) = @_;

    my $pid = open(my $output, '-|') // die "fork: $!";

    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        exec 'openssl', @args or die "openssl: $!";
    }

    my $said = join '', <$output>;

    close $output or die "openssl @args: $said";
}


sub write_file {
    my ($file, $bytes) = @_;

    open my $out, '>:raw', $file or die "$file: $!";
    print $out $bytes;
    close $out or die "$file: $!";
}


sub read_file {
    my ($file) = @_;

    open my $in, '<:raw', $file or die "$file: $!";
    local $/;

    return scalar <$in>;
}


1;
