package Webhook::Keys;

# What a signature may have been made with: the secrets of a place, as they are
# and as people get them wrong, and public keys, and which of these it was.

use strict;
use warnings;

use Exporter qw/import/;

use Webhook::KeySet;
use Webhook::Mistakes;
use Webhook::PublicKey;
use Webhook::Request;

our @EXPORT = qw/keys_known near public_keys secrets verified/;

use constant MOST_PUBLIC => 150;        # verifications, each a process


# [ key, what was done, secret, wrong, foreign, far ] of the place's own secrets
# and, as a mistake of its own, of the others'.  With others, and with what a
# map has for somebody else, another mistake is rare: they are as they are.
sub keys_known {
    my ($how, $place, $known) = @_;

    my (%seen, @found);
    my @own = secrets($place);
    my %own = map { $_->{bytes} => 1 } @own;
    my @others = grep { !$own{ $_->{bytes} } }
                 map { secrets($_) } @{ $known->{others} // [] };

    for (map({ [$_, 0] } @own), map({ [$_, 1] } @others)) {
        my ($secret, $foreign) = @$_;
        my $key = defined $how ? $secret->{decode} // $how : undef;
        my $far = $secret->{far} // 0;

        push @found, map { [@$_[0, 1], $secret, $foreign + ($_->[1] ne ''),
                            $foreign, $far] }
                     $foreign || $far ? as_is($secret->{bytes}, $key)
                                      : keys_of($secret->{bytes}, $key);
    }

    return grep { !$seen{ $_->[0] }++ } sort { $a->[3] <=> $b->[3] } @found;
}


# The place, and of which secrets a map has them for what the request does not
# mention.
sub near {
    my ($r, $place) = @_;

    my $text = lc join ' ', unpercent($r->{uri}), $r->{authority},
               map { $_->[1] } @{ $r->{headers} };

    return { %$place, secrets => [map {
        defined $_->{of} && index($text, lc $_->{of}) < 0
            ? { %$_, far => 1 } : $_ } @{ $place->{secrets} }] };
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


# Of what may have been signed, each { algorithm, raw, message, bytes, wrong },
# the first that one of the keys has, after this key.  What is as it should be
# is tried with all of them before what is wrong.
sub verified {
    my ($keys, @tries) = @_;

    my $left = MOST_PUBLIC;

    for my $wrong (0, 1) {
        for my $key (@$keys) {
            my $kind = key_kind($key->[0]) // next;

            for (grep { $_->{wrong} + $key->[3] == $wrong
                        && kind_for($_->{algorithm}) eq $kind } @tries)
            {
                return if $left-- <= 0;
                return ($key, $_)
                    if verify_public($_->{algorithm}, $key->[0],
                                     $_->{message}[0], @$_{qw/bytes raw/});
            }
        }
    }

    return;
}


1;
