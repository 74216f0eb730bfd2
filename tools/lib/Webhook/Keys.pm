package Webhook::Keys;

# What a signature may have been made with: the secrets of a place, as they are
# and as people get them wrong, and public keys.

use strict;
use warnings;

use Exporter qw/import/;

use Webhook::KeySet;
use Webhook::Mistakes;
use Webhook::PublicKey;

our @EXPORT = qw/keys_known public_keys secrets/;


# [ key, what was done, secret, wrong ] of the place's own secrets and, as a
# mistake of its own, of the others'.
sub keys_known {
    my ($how, $place, $known) = @_;

    my %seen;
    my @own = secrets($place);
    my @others = grep { my $bytes = $_->{bytes};
                        !grep { $_->{bytes} eq $bytes } @own }
                 map { secrets($_) } @{ $known->{others} // [] };
    my @found;

    for (map({ [$_, 0] } @own), map({ [$_, 1] } @others)) {
        my ($secret, $foreign) = @$_;

        # of the others as they are: two mistakes at once are rare
        push @found, map { [@$_[0, 1], $secret, $foreign + ($_->[1] ne ''),
                            $foreign] }
                     grep { !$foreign || $_->[1] eq '' }
                     keys_of($secret->{bytes},
                             defined $how ? $secret->{decode} // $how : undef);
    }

    return grep { !$seen{ $_->[0] }++ } sort { $a->[3] <=> $b->[3] } @found;
}


sub secrets {
    my ($place) = @_;

    return map { { %$_, location => $place->{name} } }
           grep { defined $_->{bytes} && !$_->{keys} && length $_->{bytes} }
           @{ $place->{secrets} };
}


# [ PEM, what was done, secret, wrong, foreign ], as above: those of the place,
# of its sets the one with the id first, then the others'.
sub public_keys {
    my ($place, $known, $id) = @_;

    my %seen;

    return grep { defined $_->[0] && !$seen{ $_->[0] }++ }
           sort { $a->[3] <=> $b->[3] }
           map({ public_of($_, $id, 0) } { %$place, location => '' }),
           map({ public_of($_, undef, 1) } @{ $known->{others} // [] });
}


sub public_of {
    my ($place, $id, $foreign) = @_;

    my @plain = map { [pem($_->{bytes}), '', $_, $foreign, $foreign] }
                grep { length $_->{bytes} >= 43 || !$foreign }
                secrets($place);
    my @named = map { my $set = $_;
                      map { of_set($place, $set, $_, $id, $foreign) }
                          keys_in($set) } @{ $place->{secrets} };

    return (@plain, @named);
}


sub of_set {
    my ($place, $set, $key, $id, $foreign) = @_;

    my $other = defined $id && ($key->{id} // '') ne $id;
    my $name = defined $key->{id} ? "the key \"$key->{id}\" of " : '';

    return [$key->{pem}, $other ? "in the place of \"$id\"" : '',
            { place => "$name$set->{place}", location => $place->{name} },
            $other || $foreign ? 1 : 0, $foreign];
}


1;
