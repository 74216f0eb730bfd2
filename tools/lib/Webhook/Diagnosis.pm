package Webhook::Diagnosis;

# Which common mistake explains that a request was refused.  A finding is
# { text, remedy }; it is one only if the request would have passed that check
# without the mistake, or if it is a fact about the request.  No finding has a
# secret or a signature that would be right.

use strict;
use warnings;

use Digest::SHA qw/sha256/;
use Exporter qw/import/;
use List::Util qw/first/;

use Webhook::Config ();
use Webhook::Mistakes;
use Webhook::Request;
use Webhook::Signed;

use constant {
    MOST_HASHED => 200e6,               # bytes
    MOST_HASHES => 200_000,
    MOST_PUBLIC => 60,                  # verifications, each a process
    MOST_WRONG  => 2,                   # mistakes at once
};

our @EXPORT = qw/diagnose/;

my %remedy = (
    secret => 'Write the secret anew, without anything around it; '
        . '"nginx -t" then says nothing of it.',
    decoding => 'See "decode=" of webhook_secret, and "key=" of the provider.',
    other => 'Give this location the secret that the sender has for it.',
    body => 'Something between the sender and nginx, or in the sender, '
        . 'writes the body anew: make it pass bodies on as they are.',
    url => 'Set webhook_public_url to scheme, host and, where a proxy takes '
        . 'it off, prefix of the URL that the sender calls.',
    time => 'Compare the clocks; when all requests have about this age, it '
        . 'is the clock.  A single one is a retry, or was sent again.',
    unit => 'See "unit=" of the provider\'s "timestamp" rule.',
    scheme => 'Name this provider in "webhook", or mend your own block.',
    missing => 'Set a secret at the sender; if it has one, look for a proxy '
        . 'that drops the header.',
    underscore => 'nginx drops headers with "_" in their names unless '
        . 'underscores_in_headers is on.',
    place => 'Use the provider whose rules look there.',
    sender => 'Change it at the sender, or use a provider that takes it.',
    changed => 'The secret, the configuration or the clock was another one '
        . 'when it was refused.  Let the sender send it again.',
    keys => 'Fetch the keys anew, see webhook-keys.',
    copy => 'The application has had it: see there.',
);

# Reasons that say what it is, whatever else there is.
my %reason = (
    certificate_missing => 'TLS ended before this nginx, or the sender has no '
        . 'certificate',
    duplicate => 'it is a message that had been taken already',
    duplicate_in_progress => 'it is a copy of a message on its way',
    key_unknown => 'the id of its key is in no file of keys of the location',
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
    my %r = (%$r, public_url => $place->{public_url});
    my $reason = $r->{reason} // '';

    return finding($reason{$reason}, $reason =~ /\Adup/ ? 'copy' : undef)
        if $reason{$reason};

    put_given(\%r, $rules);

    my @found = (shape(\%r, $rules), time_found(\%r, $rules, $place));
    my $wrong = @found;

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
        if @right && $wrong;

    return @found;
}


sub finding {
    my ($text, $remedy) = @_;

    return { text => $text,
             remedy => defined $remedy ? $remedy{$remedy} : undef };
}


# What a log has in variables goes where the rules look for it.
sub put_given {
    my ($r, $rules) = @_;

    $r->{headers} = [@{ $r->{headers} }];

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
                                 || $source =~ /\A(?:field|claim):/);
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

    return finding('HTTP Message Signatures are not looked into', undef)
        if grep { $_->{words}[0] eq 'http-message' } @{ $rules->{signature} };

    my @offered = offered($r, $rules);

    if (!@offered) {
        return if $r->{headless} && ($r->{reason} // '') ne 'signature_missing';
        return missing($r, $rules, 'signature', $place, $known);
    }

    my @tokens = grep { algorithm($_->[0]) =~ /\Ajw/ } @offered;

    return jose($r, @{ $tokens[0] }, $rules, $place, $known) if @tokens;
    return if $r->{bodiless} && body_kind($rules) ne 'none'
              && !($rules->{body} && (body_kind($rules))[0] eq 'sha256');

    my $match = matching($r, $rules, $place, $known, @offered);

    return explained($match) if $match;
    return other_scheme($r, $rules, $place, $known);
}


# { secret, key (what was done to it), body, url, wrong } of the combination
# with the fewest mistakes that makes the signature right.
sub matching {
    my ($r, $rules, $place, $known, @offered) = @_;

    my @messages = messages($r, $rules, $known);
    my @hmac = grep { algorithm($_->[0]) =~ /\Ahmac-/ } @offered;
    my @public = grep { algorithm($_->[0]) !~ /\Ahmac-/ } @offered;

    return by_hmac(\@messages, $place, $known, @hmac)
        // by_public(\@messages, $place, $known, @public);
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

                for my $key (grep { $_->[3] == $wrong - $message->[3] }
                             @$keys)
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


sub match {
    my ($message, $key) = @_;

    return { body => $message->[1], url => $message->[2], key => $key->[1],
             secret => $key->[2], foreign => $key->[4],
             wrong => $message->[3] + $key->[3] };
}


sub by_public {
    my ($messages, $place, $known, @offered) = @_;

    my $left = MOST_PUBLIC;
    my @keys = (map({ [$_->{bytes}, '', $_, 0, 0] } secrets($place)),
                map({ [$_->{bytes}, '', $_, 1, 1] }
                    grep { length $_->{bytes} >= 43 }
                    map { secrets($_) } @{ $known->{others} // [] }));

    for my $wrong (0, 1) {
        for my $key (grep { $_->[3] <= $wrong } @keys) {
            for my $offer (@offered) {
                my ($rule, $value) = @$offer;
                my $raw = ($rule->{format} // '') eq 'raw';

                for my $message (grep { $_->[3] == $wrong - $key->[3] }
                                 @$messages)
                {
                    for (signed_bytes($rule, $value)) {
                        return undef if $left-- <= 0;
                        return match($message, $key)
                            if verify_public(algorithm($rule), $key->[0],
                                             $message->[0], $_, $raw);
                    }
                }
            }
        }
    }

    return undef;
}


sub explained {
    my ($match) = @_;

    my $secret = $match->{secret};
    my $whose = $secret->{place}
        . ($match->{foreign} ? " of $secret->{location}" : '');

    return { text => "signed with $whose", right => 1 } if !$match->{wrong};

    my @texts = ("with $whose" . ($match->{key} ne '' ? " $match->{key}" : ''));

    push @texts, "for the body $match->{body}" if $match->{body} ne '';
    push @texts, "for the URL $match->{url}" if $match->{url} ne '';

    my $kind = $match->{body} ne '' ? 'body' : $match->{url} ne '' ? 'url'
             : $match->{foreign} ? 'other'
             : $match->{key} =~ /decoded/ ? 'decoding' : 'secret';

    return finding('the signature is right ' . join(', and ', @texts), $kind);
}


# --- another provider's scheme

sub other_scheme {
    my ($r, $rules, $place, $known) = @_;

    my @guesses = guesses_in($r);
    my %r = %$r;

    # what the place's own rules call so may be signed in another way
    for my $what (qw/timestamp id/) {
        $r{$what} //= first { defined } map { source_value($r, $rules, $_) }
                      @{ ($rules->{$what} // [])->[0]{words} // [] };
    }

    # each message once, with the providers that sign it so
    my %schemes;

    for my $name (sort keys %{ $known->{providers} }) {
        my $theirs = $known->{providers}{$name};

        next if (body_kind($theirs))[0] eq 'pelorus';

        for my $rule (grep { algorithm($_) =~ /\Ahmac-/ }
                      @{ $theirs->{signature} // [] })
        {
            push @{ $schemes{ scheme_of($theirs) } },
                 [$name, $theirs, $rule];
        }
    }

    for my $scheme (sort keys %schemes) {
        my $theirs = $schemes{$scheme}[0][1];
        my $message = eval { message(\%r, $theirs, $r->{body}) } // next;

        for my $key (grep { $_->[3] <= 1 } keys_known('text', $place, $known)) {
            for my $guess (@guesses) {
                my ($bytes, $encoding, $digest) = @$guess;

                next if hmac($digest, $message, $key->[0]) ne $bytes;

                return scheme_found($r, $schemes{$scheme}, $digest, $encoding,
                                    $key);
            }
        }
    }

    return;
}


sub scheme_of {
    my ($rules) = @_;

    return join ' ', word($rules, 'body') // 'raw',
                word($rules, 'message') // '$webhook_body',
                map { ($rules->{$_} // [])->[0]{unit} // '' } 'timestamp';
}


# Of a log what the rules found; else whatever the headers and the query have.
sub guesses_in {
    my ($r) = @_;

    my ($query) = $r->{uri} =~ /\?(.*)/s;

    return map { guesses($_) } grep { defined && length >= 24 }
        $r->{signature}, map({ $_->[1] } @{ $r->{headers} }),
        map { /=(.*)/s ? unpercent($1) : () } split /&/, $query // '';
}


sub scheme_found {
    my ($r, $providers, $digest, $encoding, $key) = @_;

    my @same = grep { algorithm($_->[2]) eq "hmac-$digest"
                      && ($_->[2]{encoding} // 'hex') eq $encoding }
               @$providers;
    my @there = grep { defined source_value($r, $_->[1], $_->[2]{words}[0]) }
                @same;
    my %once;

    @same = grep { !$once{$_}++ } map { $_->[0] } @there ? @there : @same;

    my $message = word($providers->[0][1], 'message') // '$webhook_body';
    my $how = "hmac-$digest in $encoding over "
              . (length $message > 60 ? 'parts of the body' : $message);

    splice @same, 4, @same, 'others' if @same > 5;

    return finding("it is signed with $key->[2]{place}"
                   . ($key->[4] ? " of $key->[2]{location}" : '')
                   . ($key->[1] ne '' ? " $key->[1]" : '')
                   . ", but in another way: $how"
                   . (@same ? ', as by ' . join(', ', @same) : ''), 'scheme');
}


# --- what is not there

sub missing {
    my ($r, $rules, $what, $place, $known) = @_;

    my @sources = map { $_->{words}[0] } @{ $rules->{$what} };
    my $where = join ' or ', @sources;
    my @found = $r->{headless} ? () : other_scheme($r, $rules, $place, $known);

    return @found if @found;

    for my $source (@sources) {
        my ($name) = $source =~ /\Aheader:(.*)/s or next;
        my $like = first { lc($_->[0] =~ tr/_/-/r) eq lc $name
                           && lc $_->[0] ne lc $name } @{ $r->{headers} };

        return finding("the header $name is missing, there is $like->[0]",
                       'underscore') if $like;
    }

    my @others = stand_ins($r, $known);

    return finding("there is no $what, $where"
                   . (@others ? '; in its place there is '
                      . join(', ', @others) : ''),
                   @others ? 'place' : 'missing');
}


# Headers with which others sign, or that sound like it.
sub stand_ins {
    my ($r, $known) = @_;

    my %names;

    for my $name (sort keys %{ $known->{providers} }) {
        my $rules = $known->{providers}{$name};

        for (map { $_->{words}[0] } map { @{ $rules->{$_} // [] } }
             qw/signature token/)
        {
            push @{ $names{ lc $1 } }, $name if /\Aheader:(.*)/s;
            push @{ $names{authorization} }, $name if /\A(?:bearer|basic)\z/;
        }
    }

    return map {
        my %once;
        my @by = grep { !$once{$_}++ } @{ $names{ lc $_ } // [] };
        $_ . (@by && @by < 4 ? ' (' . join(', ', @by) . ')' : '')
    } map { $_->[0] }
      grep { $names{ lc $_->[0] }
             || $_->[0] =~ /sign|hmac|digest|token|secret|auth/i }
      @{ $r->{headers} };
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


# --- JSON Web Tokens

sub jose {
    my ($r, $rule, $value, $rules, $place, $known) = @_;

    my ($kind, $alg) = algorithm($rule) =~ /\A(jw[ts])-(.*)/;
    my $token = token_parts($value, $kind eq 'jws' ? $r->{body} : undef)
        // return finding('what is sent for a token is none', 'scheme');
    my $theirs = $token->{header}{alg} // 'none';

    return finding("the token is signed by $theirs, and the rule wants "
                   . uc $alg, 'scheme')
        if ref $theirs || lc $theirs ne $alg;

    my @found = (claim_times($r, $token), issuer($token, $rule));
    my @right = kind_of_key($alg, $token, $place, $known);

    push @found, digest_found($r, $token, $rule) if $kind eq 'jwt';
    push @found, detached($r, $value, $alg, $place, $known)
        if $kind eq 'jws' && $alg =~ /\Ahs/;

    return (@found, @right);
}


sub claim_times {
    my ($r, $token) = @_;

    my ($exp, $nbf) = map { ($_ // '') =~ /\A(\d+)(?:\.\d+)?\z/ ? $1 : undef }
                      @{ $token->{claims} // {} }{qw/exp nbf/};

    return if !defined $r->{time};
    return finding('the token had ended ' . int($r->{time} - $exp)
                   . ' s before', 'time')
        if defined $exp && $r->{time} > $exp + 60;
    return finding('the token begins ' . int($nbf - $r->{time}) . ' s later',
                   'time')
        if defined $nbf && $r->{time} < $nbf - 60;
    return;
}


sub issuer {
    my ($token, $rule) = @_;

    my $iss = $token->{claims}{iss} // '';

    return if !defined $rule->{issuer} || $iss eq $rule->{issuer};
    return finding("the token's issuer is not $rule->{issuer}", 'scheme');
}


# Of the body; the claim says what it is, whoever has signed it.
sub digest_found {
    my ($r, $token, $rule) = @_;

    my $pointer = $rule->{body_digest} // 'none';

    return if $pointer eq 'none' || $r->{bodiless};

    my $claim = $token->{claims} // {};

    $claim = ref $claim eq 'HASH' ? $claim->{$_} : undef
        for map { s{~1}{/}gr =~ s/~0/~/gr } $pointer =~ m{/([^/]*)}g;

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


sub kind_of_key {
    my ($alg, $token, $place, $known) = @_;

    if ($alg =~ /\Ahs(\d+)/) {
        my $key = first { hmac("sha$1", $token->{signed}, $_->[0])
                          eq $token->{bytes} }
                  keys_known('text', $place, $known) or return;

        return explained(match(['', '', '', 0], $key));
    }

    my @sets = grep { $_->{keys} && defined $_->{bytes} }
               @{ $place->{secrets} };
    my $kid = $token->{header}{kid};

    return if !@sets || !defined $kid || ref $kid;
    return if grep { index($_->{bytes}, "\"$kid\"") >= 0 } @sets;
    return finding("the token's key id is not in $sets[0]{place}", 'keys');
}


# Over the body itself.
sub detached {
    my ($r, $value, $alg, $place, $known) = @_;

    my ($digest) = map { "sha$_" } $alg =~ /(\d+)/;

    for my $body (bodies($r->{body})) {
        my $token = token_parts($value, $body->[0]);
        my $key = first { hmac($digest, $token->{signed}, $_->[0])
                          eq $token->{bytes} }
                  keys_known('text', $place, $known) or next;

        return $body->[1] eq '' ? ()
               : explained(match(['', $body->[1], '', 1], $key));
    }

    return;
}


1;
