package Webhook::Diagnosis;

# Which common mistake explains that a request was refused.  A finding is
# { text, remedy }; it is one only if the request would have passed that check
# without the mistake, or if it is a fact about the request.  No finding has a
# secret or a signature that would be right.

use strict;
use warnings;

use Exporter qw/import/;
use List::Util qw/first/;

use Webhook::Config ();
use Webhook::Finding;
use Webhook::Keys;
use Webhook::MessageSignature;
use Webhook::Mistakes;
use Webhook::PublicSignature;
use Webhook::Request;
use Webhook::Scheme;
use Webhook::Signed;
use Webhook::Token;

use constant {
    MOST_HASHED => 200e6,               # bytes
    MOST_HASHES => 200_000,
    MOST_WRONG  => 2,                   # mistakes at once
};

our @EXPORT = qw/diagnose/;

# Reasons that say what it is, whatever else there is.
my %reason = (
    certificate_missing => 'TLS ended before this nginx, or the sender has no '
        . 'certificate',
    duplicate => 'it is a message that had been taken already',
    duplicate_in_progress => 'it is a copy of a message on its way',
    secret_unavailable => 'there was no secret: a variable was empty, or could '
        . 'not be decoded',
);


# Findings for a request, a provider of a place, and all that is known: place
# is { secrets, public_url, window, future, name }, others are places with
# secrets that may have been mistaken for its own, providers are rules by name,
# names are names and URLs that the sender may call.
sub diagnose {
    my ($r, $name, $place, $known) = @_;

    my $rules = $known->{providers}{$name}
        // return finding("there is no provider \"$name\"", undef);
    $place = near($r, $place);

    my %r = (%$r, public_url => $place->{public_url});
    my $reason = $r->{reason} // '';

    return finding($reason{$reason}, $reason =~ /\Adup/ ? 'copy' : undef)
        if $reason{$reason};

    put_given(\%r, $rules);
    $r{claims} = claims_of(\%r, $rules);

    my @found = (shape(\%r, $rules), time_found(\%r, $rules, $place));

    push @found, $rules->{signature} ? signature(\%r, $name, $place, $known)
                                     : (),
                 $rules->{token} ? token(\%r, $rules, $place, $known) : ();

    # what is right explains nothing that something else explains
    my @right = grep { $_->{right} } @found;

    @found = grep { !$_->{right} } @found;

    if (@right && !@found) {
        return finding("its body is refused for what it is, $reason", undef)
            if $reason =~ /\A(?:json|payload|challenge)_/;
        return finding("it is right as it is here, $right[0]{text}",
                       'changed');
    }
    push @found, finding("apart from that it is right, $right[0]{text}", undef)
        if @right;

    return finding('the id of its key is in no file of keys of the location',
                   'keys') if !@found && $reason eq 'key_unknown';
    return @found;
}


# What a log has in variables goes where the rules look for it.
sub put_given {
    my ($r, $rules) = @_;

    $r->{headers} = [@{ $r->{headers} }];

    set_header($r, 'Signature', $r->{signature})
        if defined $r->{signature} && !has_header($r, 'Signature')
           && grep { $_->{words}[0] eq 'http-message' }
              @{ $rules->{signature} // [] };

    for (['signature', ($rules->{signature} // [])->[0]],
         map { [$_, ($rules->{$_} // [])->[0]] } qw/timestamp id/)
    {
        my ($what, $rule) = @$_;
        my $value = $r->{$what};

        set_header($r, $1, $value)
            if $rule && defined $value
               && $rule->{words}[0] =~ /\Aheader:(.*)/s
               && !has_header($r, $1);
    }
}


# --- what headers alone tell

sub shape {
    my ($r, $rules) = @_;

    my @methods = map { @{ $_->{words} } } @{ $rules->{methods} // [] };
    my @types = map { @{ $_->{words} } } @{ $rules->{content_type} // [] };
    my @found;

    @methods = ('POST') if !@methods;
    push @found, finding("the method is $r->{method}, and this provider takes "
                         . join(' and ', @methods), 'sender')
        if !grep { $_ eq $r->{method} } @methods;

    return @found if $r->{headless} && !has_header($r, 'Content-Type');

    my $type = header($r, 'Content-Type');

    push @found, finding(
        ($type eq '' ? 'there is no Content-Type' : "the Content-Type is $type")
        . ', and this provider takes ' . join(' or ', @types), 'sender')
        if @types && !grep { type_fits($type, $_) } @types;

    return @found if $r->{headless};

    for (map { $_->{words} } @{ $rules->{header} // [] }) {
        my ($name, $value) = @$_;

        push @found, finding("the header $name is missing", 'sender')
            if !has_header($r, $name);
    }

    return @found;
}


sub type_fits {
    my ($type, $allowed) = @_;

    return $type eq '' if $allowed eq 'none';
    return eval { $type =~ /$1/i } if $allowed =~ /\A~(.*)/s;

    my $pattern = quotemeta($allowed) =~ s/\\\*/[^;]*/gr;

    return $type =~ /\A$pattern\s*(?:;|\z)/i;
}


sub time_found {
    my ($r, $rules, $place) = @_;

    my $rule = ($rules->{timestamp} // [])->[0] // return;
    my $source = $rule->{words}[0];
    my $unit = $rule->{unit} // 's';
    my $text = first { defined } map({ source_value($r, $rules, $_) }
                                     @{ $rule->{words} }), $r->{timestamp};

    return if !defined $text && ($r->{headless}
                                 || $source =~ /\Afield:/
                                 || $source =~ /\Aclaim:/ && !$r->{claims});
    return finding("the time is missing, $source", 'missing')
        if !defined $text;

    my $time = time_in_unit($text, $unit);

    if (!defined $time) {
        my $other = first { defined time_in_unit($text, $_) }
                    grep { $_ ne $unit } qw/s ms rfc3339/;

        return finding("the time is of the unit \"$other\", and the rule's "
                       . "is \"$unit\"", 'unit') if defined $other;
        return finding('the time has not the form that the rule asks for, '
                       . "unit \"$unit\"", 'unit');
    }

    return if !defined $r->{time};

    my $age = int($r->{time} - $time);
    my ($past, $future) = map { Webhook::Config::seconds($_) }
                          @$rule{qw/past future/};

    ($past, $future) = ($place->{window} // $past, $place->{future} // $future);

    return finding("the time is $age s old, the limit is $past s", 'time')
        if defined $past && $age > $past;
    return finding('the time is ' . -$age . " s ahead, the limit is $future s",
                   'time')
        if defined $future && -$age > $future;
    return;
}


# --- signatures

sub signature {
    my ($r, $name, $place, $known) = @_;

    my $rules = $known->{providers}{$name};

    my ($of_headers) = grep { $_->{words}[0] eq 'http-message' }
                       @{ $rules->{signature} };

    return message_signature($r, $of_headers, $rules, $place, $known)
        if $of_headers;

    my @offered = offered($r, $rules);

    if (!@offered) {
        return if $r->{headless} && ($r->{reason} // '') ne 'signature_missing';
        return missing($r, $rules, 'signature', $place, $known);
    }

    my @tokens = grep { token_rule($_->[0]) } @offered;

    return token_findings($r, \@tokens, $rules, $place, $known) if @tokens;
    return if $r->{bodiless} && body_kind($rules) ne 'none'
              && !($rules->{body} && (body_kind($rules))[0] eq 'sha256');

    my @key = named_key_facts($r, $rules, $place, @offered);
    my $match = matching($r, $rules, $place, $known, @offered);

    return (@key, explained($match)) if $match;
    return (@key, other_algorithm($r, $rules, $place, $known, @offered)
                  // other_scheme($r, $rules, $place, $known));
}


# { secret, key (what was done to it), body, url, wrong } of the combination
# with the fewest mistakes that makes the signature right.
sub matching {
    my ($r, $rules, $place, $known, @offered) = @_;

    my @messages = messages($r, $rules, $known);
    my @hmac = grep { algorithm($_->[0]) =~ /\Ahmac-/ } @offered;
    my @public = grep { algorithm($_->[0]) !~ /\Ahmac-/ } @offered;

    return by_hmac(\@messages, $place, $known, @hmac)
        // by_public(\@messages, $place, $known, named_key($r, $rules),
                     @public);
}


# [ message, body, url, wrong ], the least wrong first.
sub messages {
    my ($r, $rules, $known) = @_;

    my ($kind) = body_kind($rules);
    my $template = word($rules, 'message') // '$webhook_body';
    my @bodies = bodies($r->{body});
    my @urls = $template =~ /\$\{?(?:webhook_url|scheme|host|request_uri|uri)/
               ? urls($r, @{ $known->{names} }) : [undef, ''];

    @bodies = [$r->{body}, ''] if $kind eq 'none';

    # every way to write the JSON is right there
    $_->[1] = '' for $kind eq 'pelorus' ? @bodies : ();

    my (%seen, @found);

    for my $n (0 .. $#bodies) {
        my $body = $bodies[$n];

        # both at once: of the body what is most common
        for my $url (@urls[0 .. ($n < 8 ? $#urls : 0)]) {
            my $wrong = grep { $_ ne '' } $body->[1], $url->[1];
            my $message = eval { message($r, $rules, $body->[0], $url->[0]) }
                          // next;

            push @found, [$message, $body->[1], $url->[1], $wrong]
                if $wrong <= MOST_WRONG && !$seen{$message}++;
        }
    }

    return sort { $a->[3] <=> $b->[3] } @found;
}


sub by_hmac {
    my ($messages, $place, $known, @offered) = @_;

    my ($hashed, $hashes) = (0, 0);
    my @rules = map { my ($rule, $value) = @$_;
                      my %bytes = map { $_ => 1 } signed_bytes($rule, $value);
                      my ($digest) = algorithm($rule) =~ /\Ahmac-(.*)/;
                      %bytes ? [$digest, \%bytes,
                          [keys_known($rule->{key} // 'text', $place, $known)]]
                             : () } @offered;

    for my $wrong (0 .. MOST_WRONG) {
        for my $message (grep { $_->[3] <= $wrong } @$messages) {
            for my $rule (@rules) {
                my ($digest, $bytes, $keys) = @$rule;

                for my $key (grep { $_->[3] == $wrong - $message->[3]
                                    && !($_->[5] && $message->[3]) } @$keys)
                {
                    $hashed += length $message->[0];
                    return undef if $hashed > MOST_HASHED
                                    || ++$hashes > MOST_HASHES;
                    return match($message, $key)
                        if $bytes->{ hmac($digest, $message->[0], $key->[0]) };
                }
            }
        }
    }

    return undef;
}


# --- tokens

sub token {
    my ($r, $rules, $place, $known) = @_;

    return if $r->{headless};

    my ($source) = grep { defined source_value($r, $rules, $_) }
                   map { $_->{words}[0] } @{ $rules->{token} };
    my @keys = keys_known(undef, $place, $known);

    if (!defined $source) {
        for my $header (@{ $r->{headers} }) {
            my $value = $header->[1] =~ s/\A\w+ +//r;
            my $key = first { $_->[3] == 0 && ($_->[0] eq $value
                                               || $_->[0] eq $header->[1]) }
                      @keys;

            return finding("the token, $key->[2]{place}, is in "
                           . "$header->[0], and this provider looks at "
                           . join(' and ', map { $_->{words}[0] }
                                  @{ $rules->{token} }), 'place') if $key;
        }
        return missing($r, $rules, 'token', $place, $known);
    }

    my $value = source_value($r, $rules, $source);

    return finding('the secret has no ":", it is "user:password"', 'secret')
        if $source eq 'basic' && !grep { $_->{bytes} =~ /:/ } secrets($place);

    for my $sent (keys_of($value, undef)) {
        my $key = first { $_->[0] eq $sent->[0] } @keys or next;
        my $whose = $key->[2]{place}
                    . ($key->[4] ? " of $key->[2]{location}" : '');

        return { text => "with the token of $whose", right => 1 }
            if $sent->[1] eq '' && !$key->[3];
        return finding("the token is $whose"
                       . ($key->[1] ne '' ? " $key->[1]" : '')
                       . ($sent->[1] ne '' ? ", if what was sent is taken "
                                             . $sent->[1] : ''),
                       $key->[4] ? 'other' : 'secret');
    }

    return;
}


1;
