package WebhookTest::Vector;

# The directives of a location for a vector of t/vectors, and the files of its
# secrets.

use strict;
use warnings;

use Encode;
use Exporter qw/import/;

our @EXPORT_OK = qw/claims directives public_url secret_file secret_files/;

my %files;                              # bytes by the file's name


# { name => bytes } of all secrets so far, for WebhookTest->new(files =>).
sub secret_files { return \%files }


# "webhook NAME;", and a line for each pair of a directive and its secret.
sub directives {
    my ($name, @secrets) = @_;

    my $text = "webhook $name;";

    while (my ($directive, $secret) = splice @secrets, 0, 2) {
        $text .= " $directive " . source($secret) . ':%%DIR%%/'
                 . secret_file($secret) . ';';
    }

    return $text;
}


# A set of keys is JSON, of JWKs or of PEM by the key's id.
sub source {
    my ($secret) = @_;

    return ($secret // '') !~ /\A\{/ ? 'file'
           : $secret =~ /\A\{\s*"keys"/ ? 'jwks' : 'keys';
}


# Secrets are given as files: their bytes need no quoting there.
sub secret_file {
    my ($secret) = @_;

    my $bytes = encode_utf8($secret // '');
    my ($name) = grep { $files{$_} eq $bytes } keys %files;

    $name //= 'secrets/' . keys %files;
    $files{$name} = $bytes;

    return $name;
}


# The directive takes scheme and host, the rest is in the request.
sub public_url {
    my ($vector) = @_;

    my ($url) = ($vector->{public_url} // '') =~ m{^(https?://[^/]+)};

    return $url ? " webhook_public_url $url;" : '';
}


# What the location asks of a token, by pointer.
sub claims {
    my ($vector) = @_;

    my $claims = $vector->{claims} // {};

    return join '', map { " webhook_claim $_ $claims->{$_};" }
                    sort keys %$claims;
}

1;
