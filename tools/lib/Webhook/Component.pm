package Webhook::Component;

# HTTP Message Signatures (RFC 9421): the components of a request, what is
# signed of them, and how Signature-Input and Signature are read.

use strict;
use warnings;

use Exporter qw/import/;
use MIME::Base64;

use Webhook::Request;

our @EXPORT = qw/component derived read_inputs read_signatures signature_base/;

my $text = qr/"(?:[^"\\]|\\.)*+"/;
my $bare = qr/$text|-?\d+|\?[01]|:[^:]*:|[A-Za-z*][^\s;,()"]*/;
my $params = qr/(?:;[ ]*[a-z*][\w.*-]*(?:=$bare)?)*/;

# Those that are derived (2.2): (request, authority, path and query)
my %derived = (
    '@method'         => sub { $_[0]{method} },
    '@target-uri'     => sub { "$_[0]{scheme}://$_[1]$_[2]" },
    '@authority'      => sub { $_[1] },
    '@scheme'         => sub { $_[0]{scheme} },
    '@request-target' => sub { $_[2] },
    '@path'           => sub { $_[2] =~ s/\?.*//sr },
    '@query'          => sub { $_[2] =~ /(\?.*)/s ? $1 : '?' },
);


sub derived { return exists $derived{ $_[0] } }


# The value of a component, or undef of a header that is not there.
sub component {
    my ($r, $rule, $name) = @_;

    my ($scheme, $authority) = url($r) =~ m{\A(https?)://([^/?]*)}i;
    my $port = lc $scheme eq 'https' ? 443 : 80;
    my $uri = url($r) =~ s{\A[^/]*//[^/?]*}{}r;

    $authority = lc $authority =~ s/:$port\z//r;
    $uri =~ s/%([[:xdigit:]]{2})/normal_escape($1)/ge
        if ($rule->{uri} // '') eq 'normalized';

    return $derived{$name}->({ %$r, scheme => lc $scheme }, $authority, $uri)
        if $derived{$name};

    my @values = map { $_->[1] =~ s/\A[ \t]+|[ \t]+\z//gr }
                 grep { lc $_->[0] eq $name } @{ $r->{headers} };

    push @values, $r->{authority} if !@values && $name eq 'host';

    return @values ? join ', ', @values : undef;
}


# RFC 3986, 6.2.2
sub normal_escape {
    my ($digits) = @_;

    my $c = chr hex $digits;

    return $c =~ /[\w.~-]/a ? $c : '%' . uc $digits;
}


# What is signed; undef, and the header's name, when one is not there.
sub signature_base {
    my ($r, $rule, $input, @names) = @_;

    my @lines;

    for my $name (@names) {
        my $value = component($r, $rule, $name) // return (undef, $name);
        push @lines, qq/"$name": $value/;
    }

    return join "\n", @lines, qq/"\@signature-params": $input/;
}


# Of Signature-Input: [ { label, input (its text), names, params } ], undef when
# it is not well-formed.  A name with parameters of its own keeps its quotes.
sub read_inputs {
    my ($header) = @_;

    my @found;

    while ($header =~ /\G[ \t]*([a-z*][a-z0-9_.*-]*)=
                       (\(((?:[ ]*$text$params)*)[ ]*\)($params))[ \t]*,?/gcx)
    {
        my ($label, $input, $names, $given) = ($1, $2, $3, $4);

        push @found, {
            label => $label, input => $input,
            names => [map { /\A"([^"]*)"\z/ ? $1 : $_ }
                      $names =~ /$text$params/g],
            params => { map { my ($name, $value) = split /=/, $_, 2;
                              ($name => ($value // 1) =~ s/\A"(.*)"\z/$1/sr) }
                        map { s/\A;[ ]*//r } $given =~ /(;[ ]*[^;"]*$text?)/g },
        };
    }

    return $header =~ /\G\s*\z/gc && @found ? \@found : undef;
}


# Of Signature: { label => bytes }; undef bytes of what is not in Base64.
sub read_signatures {
    my ($header) = @_;

    return { map { my ($label, $value) = /\A\s*([^=\s]+)=(.*?)\s*\z/s;
                   !defined $label ? ()
                   : ($label => $value =~ m{\A:([A-Za-z0-9+/_-]*=*):\z}
                                ? decode_base64($1 =~ tr{-_}{+/}r) : undef) }
             split /,/, $header };
}


1;
