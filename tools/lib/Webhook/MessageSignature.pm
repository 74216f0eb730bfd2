package Webhook::MessageSignature;

# Whether an HTTP Message Signature (RFC 9421) is as a rule asks, and what else
# would have made it right.

use strict;
use warnings;

use Digest::SHA qw/sha256 sha512/;
use Exporter qw/import/;
use List::Util qw/first/;
use MIME::Base64;

use Webhook::Component;
use Webhook::Config ();
use Webhook::Finding;
use Webhook::Keys;
use Webhook::KeySet;
use Webhook::Mistakes;
use Webhook::PublicKey;
use Webhook::Request;
use Webhook::Scheme;
use Webhook::Signed qw/hmac/;

our @EXPORT = qw/message_signature/;

use constant MOST_PUBLIC => 150;        # verifications, each a process

my %digest = ('sha-256' => \&sha256, 'sha-512' => \&sha512);


# Findings for a rule "signature http-message".
sub message_signature {
    my ($r, $rule, $rules, $place, $known) = @_;

    my @there = grep { has_header($r, $_) } qw/Signature-Input Signature/;

    # a log may have one of them alone
    return if $r->{headless} && !has_header($r, 'Signature-Input');
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
    return (@found, { lost => 1, %{ finding(
        "the header $gone is signed, and "
        . ($r->{headless} ? 'the log does not have it' : 'it is missing'),
        'header') } });
}


# Of which form of the body the digest is.
sub digest_found {
    my ($r, $input, $rule) = @_;

    my $text = header($r, 'Content-Digest');

    return if $text eq '' || $r->{bodiless}
              || !grep { $_ eq 'content-digest' } @{ $input->{names} };

    my %given = $text =~ m{(?:\A|,)\s*(sha-256|sha-512)=
                           :([A-Za-z0-9+/_=-]*):}gx;

    return finding('Content-Digest has no sha-256=:…: or sha-512=:…: in '
                   . 'Base64', 'sender') if !%given;

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


# --- who has signed

# [ base, what is otherwise, remedy, wrong ], nothing first.
sub bases {
    my ($r, $input, $rule, $known) = @_;

    my @names = @{ $input->{names} };
    my %signed = map { $_ => 1 } @names;
    my $of = sub { return (signature_base({ %$r, %{ $_[0] } }, $rule,
                                          $input->{input}, @names))[0] };
    my $base = $of->({});
    my @found = ([$base, '', undef, 0]);

    push @found, map { [$of->({ method => $_ }), "for the method $_", 'header',
                        1] } qw/POST GET PUT PATCH/ if $signed{'@method'};
    push @found, map { my ($url, $what) = @$_;
                       [$of->({ public_url => $url->[0], uri => $url->[1] }),
                        "for the URL $what", 'url', 1] }
                 by_likeness(urls($r, @{ $known->{names} }))
        if grep { /\A@/ && $_ ne '@method' } @names;
    push @found, map { [$of->(with_type($r, $_)), "for the Content-Type $_",
                        'header', 1] } types($r) if $signed{'content-type'};
    push @found, ["$base\n", 'with a line break at the end of what is signed',
                  'sender', 1],
                 [$base =~ s/\n/\r\n/gr, 'with CR LF between its lines',
                  'sender', 1],
                 [$base =~ s/\n"\@signature-params".*//sr,
                  'without the line of @signature-params', 'sender', 1];

    my %seen;

    return grep { !$seen{ $_->[0] }++ } @found;
}


# What differs in scheme and host alone, or in the path alone, first.
sub by_likeness {
    my ($as_is, @others) = @_;

    my @near = grep { $_->[0][0] eq $as_is->[0][0]
                      || $_->[0][1] eq $as_is->[0][1] } @others;

    return @near, @others;
}


sub with_type {
    my ($r, $type) = @_;

    my %r = (headers => [@{ $r->{headers} }]);

    set_header(\%r, 'Content-Type', $type);

    return \%r;
}


# With and without a charset.
sub types {
    my ($r) = @_;

    my $plain = header($r, 'Content-Type') =~ s/\s*;.*//sr;

    return ($plain, "$plain; charset=utf-8", "$plain;charset=utf-8",
            "$plain; charset=UTF-8", 'application/json');
}


sub signer {
    my ($r, $input, $rule, $bytes, $place, $known, @algorithms) = @_;

    my @bases = bases($r, $input, $rule, $known);

    return by_secret($rule, $bytes, $place, $known, \@bases)
        if $algorithms[0] =~ /\Ahmac/;
    return by_public_key($input, $bytes, $place, $known, \@bases, @algorithms);
}


sub by_secret {
    my ($rule, $bytes, $place, $known, $bases) = @_;

    for my $base (@$bases) {
        my $key = first { hmac('sha256', $base->[0], $_->[0]) eq $bytes }
                  keys_known($rule->{key} // 'text', $place, $known) or next;

        return said($base, $key, '');
    }

    return;
}


sub by_public_key {
    my ($input, $bytes, $place, $known, $bases, @algorithms) = @_;

    my $left = MOST_PUBLIC;
    my @ways = map { [$_, ''] } @algorithms;
    my @keys = public_keys($place, $known, $input->{params}{keyid});

    # of the same keys, and the rule does not take them
    push @ways, map { my $other = $_;
                      grep({ $_ eq $other } @algorithms) ? ()
                      : [$other, "by $other, which the rule does not take"] }
                qw/rsa-v1_5-sha256 rsa-pss-sha512/;

    for my $wrong (0, 1) {
        for my $key (@keys) {
            for my $way (ways_of($key->[0], $bytes, @ways)) {
                my ($algorithm, $how, $raw) = @$way;

                for my $base (grep { $_->[3] + $key->[3] + ($how ne '')
                                     == $wrong } @$bases)
                {
                    return if $left-- <= 0;
                    return said($base, $key, $how)
                        if verify_public($algorithm, $key->[0], $base->[0],
                                         $bytes, $raw);
                }
            }
        }
    }

    return;
}


# [ algorithm, what is wrong with it, whether r and s are side by side ] for a
# key.
sub ways_of {
    my ($pem, $bytes, @ways) = @_;

    my $kind = key_kind($pem) // '';
    my @fit = grep { kind_for($_->[0]) eq $kind } @ways;

    return @fit if $kind !~ /\AP-/;
    return map { [@$_, 1],
                 $bytes =~ /\A\x30/
                 ? [$_->[0], 'in DER, where r and s side by side belong', 0]
                 : () } @fit;
}


sub said {
    my ($base, $key, $how) = @_;

    my (undef, $otherwise, $remedy, $wrong) = @$base;
    my $whose = $key->[2]{place}
                . ($key->[4] ? " of $key->[2]{location}" : '')
                . ($key->[1] ne '' ? " $key->[1]" : '');

    return { text => "signed with $whose", right => 1 }
        if !$wrong && !$key->[3] && $how eq '';
    return finding('the signature is right ' . join(', ', "with $whose",
                       grep { $_ ne '' } $how, $otherwise),
                   $remedy // ($how ne '' ? 'sender' : $key->[4] ? 'other'
                               : $key->[1] =~ /\Ain the/ ? 'keys' : 'secret'));
}


1;
