package Webhook::MessageSigner;

# Which key has made an HTTP Message Signature (RFC 9421), and what it would
# have been right for.

use strict;
use warnings;

use Exporter qw/import/;
use List::Util qw/first/;

use Webhook::Component;
use Webhook::Finding;
use Webhook::Keys;
use Webhook::Mistakes;
use Webhook::PublicKey;
use Webhook::Request;
use Webhook::Signed qw/hmac/;

our @EXPORT = qw/signer/;


# A finding, or none.
sub signer {
    my ($r, $input, $rule, $bytes, $place, $known, @algorithms) = @_;

    my @bases = bases($r, $input, $rule, $known);

    return by_secret($rule, $bytes, $place, $known, \@bases)
        if $algorithms[0] =~ /\Ahmac/;
    return by_public_key($input, $bytes, $place, $known, \@bases, @algorithms);
}


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

    my @ways = map { [$_, ''] } @algorithms;

    # of the same keys, and the rule does not take them
    push @ways, map { my $other = $_;
                      grep({ $_ eq $other } @algorithms) ? ()
                      : [$other, "by $other, which the rule does not take"] }
                qw/rsa-v1_5-sha256 rsa-pss-sha512/;

    my @tries = map {
        my ($algorithm, $how, $raw) = @$_;

        map { { algorithm => $algorithm, raw => $raw, message => $_,
                bytes => $bytes, wrong => $_->[3] + ($how ne ''),
                how => $how } } @$bases;
    } map { forms_of($bytes, @$_) } @ways;

    my ($key, $try) = verified(
        [public_keys($place, $known, $input->{params}{keyid})], @tries)
        or return;

    return said($try->{message}, $key, $try->{how});
}


# [ algorithm, what is wrong with it, whether r and s are side by side ] of
# [ algorithm, what ].
sub forms_of {
    my ($bytes, @way) = @_;

    return [@way] if kind_for($way[0]) !~ /\AP-/;
    return [@way, 1], $bytes =~ /\A\x30/
           ? [$way[0], 'in DER, where r and s side by side belong', 0] : ();
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
