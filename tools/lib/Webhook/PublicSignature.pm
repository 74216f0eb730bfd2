package Webhook::PublicSignature;

# Signatures by public keys over a message: which key has signed, and in which
# way.

use strict;
use warnings;

use Exporter qw/import/;

use Webhook::Finding;
use Webhook::Keys;
use Webhook::KeySet;
use Webhook::PublicKey;
use Webhook::Signed;

our @EXPORT = qw/by_public named_key_facts other_algorithm/;


sub by_public {
    my ($messages, $place, $known, $id, @offered) = @_;

    my @tries = map {
        my ($rule, $value) = @$_;
        my $algorithm = algorithm($rule);
        my @bytes = signed_bytes($rule, $value);

        map { my $message = $_;
              map { { algorithm => $algorithm, message => $message,
                      bytes => $_, wrong => $message->[3],
                      raw => ($rule->{format} // '') eq 'raw' } } @bytes
        } @$messages;
    } grep { kind_for(algorithm($_->[0])) } @offered;

    my ($key, $try) = verified([public_keys($place, $known, $id)], @tries)
        or return undef;

    return match($try->{message}, $key);
}


# What is wrong with the key that is named, where files have keys by their id.
sub named_key_facts {
    my ($r, $rules, $place, @offered) = @_;

    my @public = grep { kind_for($_) } map { algorithm($_->[0]) } @offered;
    my ($source, $pattern) = @{ ($rules->{key_id} // [])->[0]{words} // [] };
    my $value = defined $source ? source_value($r, $rules, $source) : undef;
    my $id = named_key($r, $rules);

    return if !@public || $r->{headless} && !defined $value;
    return finding("the key is named \"$value\", which is not like the "
                   . "provider's pattern", 'sender')
        if defined $value && defined $pattern && !defined $id;
    return key_facts($r, $place, $id, $source // 'the provider looks for none',
                     @public);
}


# The same message and key, by another algorithm or in another form.
sub other_algorithm {
    my ($r, $rules, $place, $known, @offered) = @_;

    my $message = eval { message($r, $rules, $r->{body}) } // return undef;

    for my $key (grep { $_->[3] == 0 }
                 public_keys($place, $known, named_key($r, $rules)))
    {
        my $kind = key_kind($key->[0]) // next;

        for my $offer (@offered) {
            my ($rule, $value) = @$offer;

            next if (kind_for(algorithm($rule)) // '') ne $kind;

            for my $way (ways_of($kind, $rule)) {
                my ($algorithm, $raw, $how) = @$way;

                return finding("it is signed with $key->[2]{place}, but $how",
                               'scheme')
                    if grep { verify_public($algorithm, $key->[0], $message,
                                            $_, $raw) }
                       signed_bytes($rule, $value);
            }
        }
    }

    return undef;
}


# [ algorithm, raw, what ] besides the rule's own.
sub ways_of {
    my ($kind, $rule) = @_;

    my $own = algorithm($rule);
    my $raw = ($rule->{format} // '') eq 'raw';

    return if $kind eq 'Ed25519';
    return map { $_ eq $own ? () : [$_, 0, "by $_"] }
           qw/rsa-sha1 rsa-sha256 rsa-sha512 rsa-pss-sha512/
        if $kind eq 'RSA';
    return ([$own, !$raw, $raw ? 'in DER, and the rule has "format=raw"'
             : 'r and s are side by side, as "format=raw" says']);
}


1;
