package Webhook::KeySet;

# The keys of a file for jwks: or keys:, each { id, twice, pem, kind, alg, use,
# from, until }, and what is wrong with the one that a request names.

use strict;
use warnings;

use Exporter qw/import/;
use JSON::PP ();
use List::Util qw/first/;

use Webhook::Finding;
use Webhook::PublicKey;
use Webhook::Request;

our @EXPORT = qw/is_text jwks_repeats key_facts keys_in/;

use constant MOST_IDS => 8;             # that are printed
use constant JWK_MEMBERS => 'kty|crv|x|y|n|e|d|kid|use|alg|key_ops';

# as "alg" of a JSON Web Key has them
my %jwa = ('rsa-sha256' => 'RS256', 'rsa-sha512' => 'RS512',
           'rsa-v1_5-sha256' => 'RS256', 'rsa-pss-sha512' => 'PS512',
           'ecdsa-p256-sha256' => 'ES256', 'ecdsa-p384-sha384' => 'ES384',
           'ed25519' => 'EdDSA');


# Of a secret, which has { keys => 'jwks' or 'keys', bytes }.
sub keys_in {
    my ($secret) = @_;

    return if !$secret->{keys} || !defined $secret->{bytes};

    $secret->{set} //= [grep { defined $_->{pem} }
                        eval { $secret->{keys} eq 'jwks' ? jwks($secret)
                                                         : named($secret) }];
    $_->{kind} //= key_kind($_->{pem}) for @{ $secret->{set} };

    return @{ $secret->{set} };
}


# One with an id that is no text is left out, as nginx does.
sub jwks {
    my ($secret) = @_;

    return if jwks_repeats($secret->{bytes});

    my @keys = grep { ref $_ eq 'HASH'
                      && (!exists $_->{kid} || is_text($_->{kid})) }
               @{ json_decode($secret->{bytes})->{keys} };
    my %n;

    $n{$_}++ for grep { defined } map { $_->{kid} } @keys;

    return map { { id => $_->{kid}, twice => ($n{ $_->{kid} // '' } // 0) > 1,
                   pem => jwk_pem($_), alg => $_->{alg},
                   use => $_->{use} // use_of($_->{key_ops}) } } @keys;
}


# Whether a member that nginx looks at is there twice: it takes no such file.
sub jwks_repeats {
    my %n;

    return grep { $n{$_}++ && m{\A/keys(?:/\d+/(?:@{[JWK_MEMBERS]}))?\z}a }
           json_members($_[0]);
}


# A string of JSON.
sub is_text {
    return defined $_[0] && !ref $_[0]
           && JSON::PP->new->allow_nonref->encode($_[0]) =~ /\A"/;
}


sub use_of {
    my ($operations) = @_;

    return ref $operations ne 'ARRAY' || grep({ $_ eq 'verify' } @$operations)
           ? undef : join ', ', @$operations;
}


sub named {
    my ($secret) = @_;

    my $keys = json_decode($secret->{bytes});

    return map { my $text = $keys->{$_};
                 { id => $_, $text =~ /BEGIN CERTIFICATE/
                             ? %{ certificate($text) // {} }
                             : (pem => pem($text)) } }
           grep { is_text($keys->{$_}) } sort keys %$keys;
}


# What is wrong with the key that a request names by an id, or undef; where
# says where the id is looked for.
sub key_facts {
    my ($r, $place, $id, $where, @algorithms) = @_;

    my @sets = grep { $_->{keys} && defined $_->{bytes} }
               @{ $place->{secrets} };

    # a key of its own may be the one
    return if @sets < @{ $place->{secrets} } || !@sets;

    my $files = join ' and ', map { $_->{place} } @sets;
    my @keys = map { keys_in($_) } @sets;

    return finding("$files has no key that can be read", 'keys') if !@keys;

    if (!defined $id) {
        my @fit = grep { fits($_, @algorithms) } @keys;

        return @fit == 1 ? () : finding(
            "there is no key id, $where, and of the keys of $files "
            . (@fit ? scalar @fit : 'none') . ' would fit', 'key_id');
    }

    my @named = grep { ($_->{id} // '') eq $id } @keys;

    return finding("the key id \"$id\" is not in $files, which has "
                   . ids(@keys), 'keys') if !@named;
    return finding("the key id \"$id\" is more than once in $files, so none of "
                   . 'them counts', 'keys') if $named[0]{twice};

    my $key = first { fits($_, @algorithms) } @named;

    return out_of_date($r, $key) if $key;
    return finding("the key \"$id\" of $files is " . described($named[0])
                   . ', and the signature is by ' . join(' or ', @algorithms),
                   'keys');
}


sub ids {
    my %once;
    my @ids = sort grep { !$once{$_}++ } map { $_->{id} // () } @_;
    my @shown = splice @ids, 0, MOST_IDS;

    return @shown ? join(', ', map { "\"$_\"" } @shown)
                    . (@ids ? ' and ' . @ids . ' others' : '') : 'none';
}


sub described {
    my ($key) = @_;

    return "for \"$key->{use}\"" if ($key->{use} // 'sig') ne 'sig';
    return ($key->{kind} // 'of another kind')
           . (defined $key->{alg} ? " for $key->{alg}" : '');
}


sub fits {
    my ($key, @algorithms) = @_;

    return if $key->{twice} || ($key->{use} // 'sig') ne 'sig';
    return first { ($key->{kind} // '') eq (kind_for($_) // '')
                   && (!defined $key->{alg} || $key->{alg} eq jwa($_)) }
           @algorithms;
}


sub jwa {
    my ($algorithm) = @_;

    return 'EdDSA' if $algorithm =~ /eddsa/;
    return $algorithm =~ /\Ajw[ts]-(.*)/ ? uc $1 : $jwa{$algorithm} // '';
}


sub out_of_date {
    my ($r, $key) = @_;

    my $now = $r->{time} // return;

    return finding("the certificate \"$key->{id}\" had ended "
                   . span($now - $key->{until}) . ' before', 'keys')
        if defined $key->{until} && $now > $key->{until};
    return finding("the certificate \"$key->{id}\" begins "
                   . span($key->{from} - $now) . ' later', 'keys')
        if defined $key->{from} && $now < $key->{from};
    return;
}


sub span {
    my ($seconds) = @_;

    return $seconds < 172800 ? int($seconds) . ' s'
                             : int($seconds / 86400) . ' days';
}


1;
