package Webhook::Token;

# JSON Web Tokens, and signatures of which the message is the payload (detached
# ones): what is wrong with them, and which key has signed.

use strict;
use warnings;

use Digest::SHA qw/sha256/;
use Exporter qw/import/;
use JSON::PP ();
use List::Util qw/first/;

use Webhook::Finding;
use Webhook::Keys;
use Webhook::KeySet;
use Webhook::Mistakes;
use Webhook::PublicKey;
use Webhook::Request;
use Webhook::Signed;

our @EXPORT = qw/claims_of token_findings token_rule/;

use constant LEEWAY => 60;              # seconds


# Whether a signature rule is for a token.
sub token_rule { return algorithm($_[0]) =~ /\Ajw[ts]-/ }


# The claims of a request's token, or undef.
sub claims_of {
    my ($r, $rules) = @_;

    my ($offer) = grep { token_rule($_->[0]) } offered($r, $rules);
    my $token = $offer ? token_parts($offer->[1], undef) : undef;

    return $token ? $token->{claims} : undef;
}


# Of what the rules have found, [ rule, value ]: the one whose algorithm is that
# of the token.
sub token_findings {
    my ($r, $offered, $rules, $place, $known) = @_;

    my ($fits) = grep { my $token = token_parts($_->[1], undef);
                        $token && algorithm($_->[0])
                                  =~ /-\Q@{[alg_of($token)]}\E\z/i }
                 @$offered;
    my ($rule, $value) = @{ $fits // $offered->[0] };
    my ($kind, $alg) = algorithm($rule) =~ /\A(jw[ts])-(.*)/;
    my $token = token_parts($value, undef)
        // return no_token($rule, $value);
    my @odd = odd_header($token, $kind, $alg, $rule);

    return @odd if @odd;

    my @found = $kind eq 'jws' ? ()
        : (claim_times($r, $token, $rule, $rules), issuer($token, $rule),
           claims_found($token, $rules, $place),
           digest_found($r, $token, $rule));
    my @signed = $alg =~ /\Ahs/
        ? by_secret($r, $value, $rule, $rules, $place, $known)
        : (key_facts($r, $place, key_id($r, $rules, $token),
                     'in the token or where the rule looks',
                     algorithm($rule)),
           by_public_key($r, $value, $rule, $rules, $token, $place, $known));

    return (@found, @signed);
}


# What stands where a token should be; maybe one is in it.
sub no_token {
    my ($rule, $value) = @_;

    my ($found) = grep { $_->[1] ne '' && token_parts($_->[0], undef) }
                  keys_of($value, undef), bodies($value),
                  [$value =~ tr/=//dr, 'without the "=" at its ends'],
                  [$value =~ tr{+/=}{-_}dr, 'in base64url, without "="'];

    return finding("what is sent is a token $found->[1]", 'sender') if $found;
    return finding('what is sent for a token is none', 'scheme');
}


sub alg_of {
    my $alg = $_[0]{header}{alg};

    return ref $alg || !defined $alg ? 'none' : $alg;
}


sub odd_header {
    my ($token, $kind, $alg, $rule) = @_;

    my $header = $token->{header};
    my $theirs = alg_of($token);
    my %wanted;

    for (@{ $rule->{parameter} // [] }) {
        my ($name, $value) = split /:/, $_, 2;
        push @{ $wanted{$name} }, $value;
    }

    my ($given) = grep { exists $header->{$_} && !$wanted{$_} }
                  qw/jku jwk x5u/;
    my ($other) = grep { my $is = $header->{$_} // '';
                         !grep { $_ eq $is } @{ $wanted{$_} } }
                  sort keys %wanted;

    return finding("the token is signed by $theirs, and the rule wants "
                   . ($alg eq 'eddsa' ? 'EdDSA' : uc $alg), 'scheme')
        if lc $theirs ne $alg;
    return finding("the token says itself what its key is, in \"$given\", "
                   . 'which is not taken', 'sender') if defined $given;
    return finding("the token's $other is not " . join(' or ',
                   map { "\"$_\"" } @{ $wanted{$other} }), 'scheme')
        if defined $other;
    return finding('the token has a payload, and the rule wants the body for '
                   . 'it', 'scheme') if $kind eq 'jws' && $token->{payload};
    return;
}


# --- claims

sub claim_times {
    my ($r, $token, $rule, $rules) = @_;

    my ($exp, $nbf) = map { ($_ // '') =~ /\A(\d+)(?:\.\d+)?\z/ ? $1 : undef }
                      @{ $token->{claims} // {} }{qw/exp nbf/};
    my $timed = grep { $_->{words}[0] =~ /\Aclaim:/ }
                @{ $rules->{timestamp} // [] };

    return finding('the token has no "exp", and the rule needs one', 'sender')
        if !defined $exp && !$timed
           && ($rule->{body_digest} // '') eq 'none';
    return if !defined $r->{time};
    return finding('the token had ended ' . int($r->{time} - $exp)
                   . ' s before', 'time')
        if defined $exp && $r->{time} > $exp + LEEWAY;
    return finding('the token begins ' . int($nbf - $r->{time}) . ' s later',
                   'time')
        if defined $nbf && $r->{time} < $nbf - LEEWAY;
    return;
}


sub issuer {
    my ($token, $rule) = @_;

    my $iss = $token->{claims}{iss} // '';

    return if !defined $rule->{issuer} || $iss eq $rule->{issuer};
    return finding("the token's issuer is not $rule->{issuer}"
                   . shown($iss, ', it is '), 'scheme');
}


# Of the provider's own, whether they are there; of webhook_claim, the values.
sub claims_found {
    my ($token, $rules, $place) = @_;

    my @wanted = (map({ [$_->{words}[0], undef, split /\|/, $_->{enum} // ''] }
                      @{ $rules->{claim} // [] }),
                  map({ [$_->[0], 'webhook_claim', @$_[1 .. $#$_]] }
                      @{ $place->{claims} // [] }));

    return map {
        my ($pointer, $by, @values) = @$_;
        my $claim = at_pointer($token->{claims}, $pointer);
        my @has = map { JSON::PP::is_bool($_) ? ($_ ? 'true' : 'false') : $_ }
                  grep { defined } ref $claim eq 'ARRAY' ? @$claim : $claim;
        my %wanted = map { $_ => 1 } @values;

        !@has ? finding("the token has no claim $pointer", 'sender')
            : !@values || grep({ $wanted{$_} } @has) ? ()
            : finding("the token's $pointer is "
                      . join(', ', map { shown($_, '') } @has) . ', and '
                      . ($by // 'the provider') . ' takes '
                      . join(' or ', map { "\"$_\"" } @values), 'claim');
    } @wanted;
}


sub shown {
    my ($value, $before) = @_;

    return ref $value || $value eq '' ? '' : "$before\"$value\"";
}


# Of the body; the claim says what it is, whoever has signed it.
sub digest_found {
    my ($r, $token, $rule) = @_;

    my $pointer = $rule->{body_digest} // 'none';

    return if $pointer eq 'none' || $r->{bodiless};

    my $claim = at_pointer($token->{claims} // {}, $pointer);

    return finding("the token has no digest of the body, $pointer", 'scheme')
        if !defined $claim || ref $claim;

    my $encoding = $rule->{digest} // 'hex';

    $claim = $encoding eq 'hex' ? lc $claim : $claim;
    $claim =~ s/=+\z// if $encoding eq 'base64url';

    for (bodies($r->{body})) {
        my ($body, $what) = @$_;

        next if $encode{$encoding}->(sha256($body)) ne $claim;
        return $what eq '' ? () : finding("the token is for the body $what",
                                          'body');
    }

    return finding('the token is for another body', 'body');
}


# --- keys

# What may be signed: [ bytes, what of the body, '', wrong, signature ]; of a
# token with claims it is itself.  None where a part of the message is not there.
sub signed_texts {
    my ($r, $value, $rule, $rules) = @_;

    my @payloads = algorithm($rule) !~ /\Ajws/ ? [undef, '']
        : eval { map { [message($r, $rules, $_->[0]), $_->[1]] }
                 bodies($r->{body}) };

    return map { my $token = token_parts($value, $_->[0]);
                 [$token->{signed}, $_->[1], '', $_->[1] ne '' ? 1 : 0,
                  $token->{bytes}] } @payloads;
}


sub by_secret {
    my ($r, $value, $rule, $rules, $place, $known) = @_;

    my ($digest) = map { "sha$_" } algorithm($rule) =~ /(\d+)\z/;
    my @keys = keys_known($rule->{key} // 'text', $place, $known);

    for my $text (signed_texts($r, $value, $rule, $rules)) {
        my $key = first { hmac($digest, $text->[0], $_->[0]) eq $text->[4] }
                  @keys or next;

        return explained(match($text, $key));
    }

    return;
}


sub by_public_key {
    my ($r, $value, $rule, $rules, $token, $place, $known) = @_;

    my $algorithm = algorithm($rule);
    my $raw = $algorithm =~ /-es\d/;
    my ($key, $try) = verified(
        [public_keys($place, $known, key_id($r, $rules, $token))],
        map { { algorithm => $algorithm, raw => $raw, message => $_,
                bytes => $_->[4], wrong => $_->[3] } }
        signed_texts($r, $value, $rule, $rules)) or return;

    return explained(match($try->{message}, $key));
}


# By the provider's rule, or the token's own.
sub key_id {
    my ($r, $rules, $token) = @_;

    return named_key($r, $rules) if $rules->{key_id};

    my $kid = $token->{header}{kid};

    return ref $kid ? undef : $kid;
}


# --- the compact form

# { header, claims (or undef), signed, bytes, payload (whether it has one) };
# of a detached one what is signed has the payload that is given.
sub token_parts {
    my ($text, $payload) = @_;

    my ($head, $body, $signature) = ($text // '') =~
        /\A([\w-]+)\.([\w-]*)\.([\w-]*)\z/ or return undef;
    my $header = eval { json_decode(from_base64url($head)) };

    return undef if ref $header ne 'HASH';

    my $there = length $body;
    my $claims = $there ? eval { json_decode(from_base64url($body)) } : undef;
    my $plain = exists $header->{b64} && !$header->{b64};

    $body = $plain ? $payload : $encode{base64url}->($payload)
        if !$there && defined $payload;

    return { header => $header, signed => "$head.$body", payload => $there,
             claims => ref $claims eq 'HASH' ? $claims : undef,
             bytes => from_base64url($signature) };
}


1;
