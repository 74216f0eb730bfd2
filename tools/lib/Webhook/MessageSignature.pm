package Webhook::MessageSignature;

# Whether an HTTP Message Signature (RFC 9421) is as a rule asks.

use strict;
use warnings;

use Digest::SHA qw/sha256 sha512/;
use Exporter qw/import/;
use List::Util qw/first/;
use MIME::Base64;

use Webhook::Component;
use Webhook::Config ();
use Webhook::Finding;
use Webhook::KeySet;
use Webhook::MessageSigner;
use Webhook::Mistakes;
use Webhook::Request;
use Webhook::Scheme;

our @EXPORT = qw/message_signature/;

my %digest = ('sha-256' => \&sha256, 'sha-512' => \&sha512);


# Findings for a rule "signature http-message".
sub message_signature {
    my ($r, $rule, $rules, $place, $known) = @_;

    my @there = grep { has_header($r, $_) } qw/Signature-Input Signature/;

    # a log may have one of them alone
    return if $r->{headless} && !has_header($r, 'Signature-Input')
              && ($r->{reason} // '') ne 'signature_missing';
    return absent($r, $known, @there) if @there < 2;

    my $inputs = read_inputs(header($r, 'Signature-Input'))
        // return finding('Signature-Input is not written as in RFC 9421',
                          'sender');
    my ($input, @problem) = chosen($inputs, $rule);

    return @problem if @problem;

    my $bytes = read_signatures(header($r, 'Signature'))->{ $input->{label} };

    return finding("Signature has no \"$input->{label}\" in Base64, between "
                   . 'colons', 'sender') if !defined $bytes;

    my @algorithms = split /,/, $rule->{algorithm} // 'ed25519,'
        . 'ecdsa-p256-sha256,ecdsa-p384-sha384,rsa-v1_5-sha256,rsa-pss-sha512';
    my $hmac = $algorithms[0] =~ /\Ahmac/;
    my @found = (parameters($input, $rule, @algorithms),
                 ages($r, $input, $rule, $rules, $place),
                 $hmac ? () : key_facts($r, $place, $input->{params}{keyid},
                                        'parameter keyid', @algorithms),
                 digest_found($r, $input, $rule));
    my @components = components($r, $input, $rule);

    return (@found, @components,
            @components && $components[-1]{lost} ? ()
            : signer($r, $input, $rule, $bytes, $place, $known, @algorithms));
}


sub absent {
    my ($r, $known, @there) = @_;

    my ($gone) = grep { !has_header($r, $_) } qw/Signature-Input Signature/;

    return finding("the header $gone is missing, there is $there[0]", 'header')
        if @there;

    my @others = grep { !/\AContent-Digest/i } stand_ins($r, $known);

    return finding('there is no signature, header:Signature-Input and '
                   . 'header:Signature'
                   . (@others ? '; in its place there is '
                      . join(', ', @others) : ''),
                   @others ? 'place' : 'missing');
}


# The signature that counts, by label or tag; or what is wrong with all.
sub chosen {
    my ($inputs, $rule) = @_;

    my ($label, $tag) = @$rule{qw/label tag/};
    my @fit = grep { (!defined $label || $_->{label} eq $label)
                     && (!defined $tag
                         || ($_->{params}{tag} // '') eq $tag) } @$inputs;

    return $fit[0] if @fit == 1;
    return (undef, finding('there are ' . @fit . ' signatures, and the rule '
                           . 'does not say which one counts', 'scheme'))
        if @fit;

    my $wanted = join ' and ', map { my $v = $rule->{$_};
                                     defined $v ? "$_ \"$v\"" : () }
                 qw/label tag/;

    return (undef, finding("no signature has the $wanted, there is "
        . join(', ', map { "\"$_->{label}\"" . (defined $_->{params}{tag}
                           ? " with the tag \"$_->{params}{tag}\"" : '') }
               @$inputs), 'scheme'));
}


sub parameters {
    my ($input, $rule, @algorithms) = @_;

    my $params = $input->{params};
    my @gone = grep { !defined $params->{$_} }
               split /,/, $rule->{requires} // 'created';
    my $alg = $params->{alg};

    return (map({ finding("the signature has no parameter \"$_\"", 'sender') }
                @gone),
            defined $alg && !grep({ $_ eq $alg } @algorithms)
            ? finding("the signature is by \"$alg\", and the rule takes "
                      . join(' or ', @algorithms), 'scheme') : ());
}


sub ages {
    my ($r, $input, $rule, $rules, $place) = @_;

    my ($created, $expires) = map { ($_ // '') =~ /\A(\d+)\z/ ? $1 : undef }
                              @{ $input->{params} }{qw/created expires/};
    my $window = ($rules->{window} // [])->[0] // {};
    my $past = $place->{window}
               // Webhook::Config::seconds($window->{words}[0] // '5m');
    my $future = $place->{future}
                 // Webhook::Config::seconds($window->{future} // '1m');
    my $most = Webhook::Config::seconds($rule->{lifetime});
    my $age = defined $created && defined $r->{time}
              ? int($r->{time} - $created) : 0;
    my @found;

    push @found, finding("created is $age s old, the limit is $past s", 'time')
        if $age > $past;
    push @found, finding('created is ' . -$age . " s ahead, the limit is "
                         . "$future s", 'time') if -$age > $future;
    push @found, finding('it had expired ' . int($r->{time} - $expires)
                         . ' s before', 'time')
        if defined $expires && defined $r->{time} && $r->{time} > $expires;
    push @found, finding('from created to expires are '
                         . ($expires - $created) . " s, the limit is $most s",
                         'sender')
        if defined $most && defined $created && defined $expires
           && $expires - $created > $most;

    return @found;
}


# What the rule asks for and is not signed, and what is signed and cannot be
# verified; the last one is { lost } when there is nothing to hash.
sub components {
    my ($r, $input, $rule) = @_;

    my %signed = map { $_ => 1 } @{ $input->{names} };
    my @found = map { finding("\"$_\" is not signed, and the rule asks for it",
                              'sender') }
                grep { !$signed{$_} } split /,/, $rule->{covers};
    my $odd = first { /["A-Z]/ || (/\A@/ && !derived($_)) }
              @{ $input->{names} };

    return (@found, { %{ finding("the component $odd is not taken", 'sender') },
                      lost => 1 }) if defined $odd;

    my $gone = first { !defined component($r, $rule, $_) }
               @{ $input->{names} };

    return @found if !defined $gone;
    return (@found, { lost => 1, %{ $r->{headless}
        ? finding("the header $gone is signed: add it to the log", undef)
        : finding("the header $gone is signed, and it is missing", 'header') }
    });
}


# Of which form of the body the digest is.
sub digest_found {
    my ($r, $input, $rule) = @_;

    my $text = header($r, 'Content-Digest');

    return if $text eq '' || $r->{bodiless}
              || !grep { $_ eq 'content-digest' } @{ $input->{names} };

    my %given = $text =~ m{(?:\A|,)\s*(sha-256|sha-512)=
                           :([A-Za-z0-9+/_=-]*):}gx;

    return finding('Content-Digest has no sha-256 or sha-512 in Base64, '
                   . 'between colons', 'sender') if !%given;

    for my $name (sort keys %given) {
        my $bytes = decode_base64($given{$name} =~ tr{-_}{+/}r);
        my ($found) = grep { $digest{$name}->($_->[0]) eq $bytes }
                      bodies($r->{body});

        return finding('Content-Digest is of another body', 'body') if !$found;
        return finding("Content-Digest is of the body $found->[1]", 'body')
            if $found->[1] ne '';
    }

    return;
}


1;
