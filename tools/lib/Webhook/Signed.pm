package Webhook::Signed;

# Whether a request is signed as a provider's rules say, under a given key.

use strict;
use warnings;

use Digest::SHA qw/hmac_sha1 hmac_sha256 hmac_sha384 hmac_sha512/;
use Exporter qw/import/;
use List::Util qw/first/;
use MIME::Base64;

use Webhook::Recorded ();
use Webhook::Request;
use Webhook::Rules qw/separator/;

our @EXPORT = qw/algorithm at_pointer body_kind from_base64url guesses hmac
                 message named_key offered signed_bytes source_value
                 time_in_unit word/;

my %hmac = (sha1 => \&hmac_sha1, sha256 => \&hmac_sha256,
            sha384 => \&hmac_sha384, sha512 => \&hmac_sha512);

my %bytes = (sha1 => 20, sha256 => 32, sha384 => 48, sha512 => 64);

# Without padding, too, and any case: people's readings, not the module's.
my @readings = (
    [hex => sub { $_[0] =~ /\A(?:[[:xdigit:]]{2})+\z/ ? pack 'H*', $_[0]
                                                      : undef }],
    [base64 => sub { $_[0] =~ m{\A[A-Za-z0-9+/]+=*\z} ? decode_base64($_[0])
                                                      : undef }],
    [base64url => sub { $_[0] =~ m{\A[\w-]+=*\z}
                        ? decode_base64($_[0] =~ tr{-_}{+/}r) : undef }],
);

my %strict = (
    hex => $readings[0][1],
    base64 => sub { $_[0] =~ m{\A(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==
                               |[A-Za-z0-9+/]{3}=)?\z}x
                    ? decode_base64($_[0]) : undef },
    base64url => $readings[2][1],
);

my %time = (
    s => sub { $_[0] =~ /\A\d{10}\z/ ? $_[0] : undef },
    ms => sub { $_[0] =~ /\A\d{13}\z/ ? $_[0] / 1000 : undef },
    unix => sub { $_[0] =~ /\A\d{10}(?:\d{3})?\z/
                  ? substr($_[0], 0, 10) : undef },
);


sub word { return (($_[0]{ $_[1] } // [])->[0] // {})->{words}[0] }
sub body_kind { return split /:/, word($_[0], 'body') // 'raw', 2 }
sub algorithm { return $_[0]{algorithm} // 'hmac-sha256' }


# What a request has at a source, or undef.
sub source_value {
    my ($r, $rules, $source) = @_;

    my ($kind, $name) = split /:/, $source, 2;
    my $value =
        $kind eq 'header' ? present($r, $name)
      : $kind eq 'query' ? argument($r->{uri} =~ /\?([^#]*)/ ? $1 : '', $name)
      : $kind eq 'form' ? argument($r->{body}, $name)
      : $kind eq 'cookie' ? cookie(header($r, 'Cookie'), $name)
      : $kind eq 'bearer' ? header($r, 'Authorization') =~ /\ABearer +(.*)/is
                            ? $1 : undef
      : $kind eq 'basic' ? header($r, 'Authorization') =~ /\ABasic +(\S+)/i
                           ? decode_base64($1) : undef
      : $kind eq 'body' ? $r->{body}
      : $kind eq 'json' ? member($r->{body}, $name)
      : $kind eq 'field' ? field($r, $rules, $name)
      : $kind eq 'claim' ? at_pointer($r->{claims}, $name)
      : undef;

    return length($value // '') ? $value : undef;
}


sub present { return has_header(@_) ? header(@_) : undef }


# Of every element, where the step "*" is, one that differs from the first.
sub member {
    my ($body, $pointer) = @_;

    my $get = sub { eval { json_get($body, $_[0]) } };

    return $get->($pointer) if $pointer !~ m{/\*/};

    my ($first, $n) = ($get->($pointer =~ s{/\*/}{/0/}r), 1);

    while (length(my $next = $get->($pointer =~ s{/\*/}{/$n/}r) // '')) {
        return $next if $next ne ($first // '');
        $n++;
    }

    return $first;
}


sub cookie {
    my ($header, $name) = @_;

    return $header =~ /(?:\A|;\s*)\Q$name\E=([^;]*)/ ? $1 : undef;
}


sub argument {
    my ($form, $name) = @_;

    return $form =~ /(?:\A|&)\Q$name\E=([^&]*)/ ? unpercent($1 =~ tr/+/ /r)
                                                : undef;
}


# A field of the header with the signature, or, of a log, of what is known of
# it.
sub field {
    my ($r, $rules, $name) = @_;

    for my $rule (@{ $rules->{signature} // [] }) {
        for (pieces($rule, source_value($r, {}, $rule->{words}[0]) // '')) {
            return $1 if /\A\Q$name\E=(.*)/s;
        }
    }

    return undef;
}


sub pieces {
    my ($rule, $value) = @_;

    my $separator = separator($rule) // return $value;

    return map { s/\A[ \t]+|[ \t]+\z//gr } split /\Q$separator\E/, $value;
}


# The signatures that the rules find: [ rule, value ].
sub offered {
    my ($r, $rules) = @_;

    return map { my $value = offer($r, $rules, $_);
                 defined $value ? [$_, $value] : () }
           @{ $rules->{signature} // [] };
}


sub offer {
    my ($r, $rules, $rule) = @_;

    my $source = $rule->{words}[0];

    return source_value($r, $rules, $source)
        if ($rule->{list} // '') ne 'lines';

    my @lines = map { $_->[1] } has_header($r, $source =~ s/\Aheader://r);

    return @lines ? join ',', @lines : undef;
}


# The bytes of a value's signatures, read as strictly as by the module.
sub signed_bytes {
    my ($rule, $value) = @_;

    my $decode = $strict{ $rule->{encoding} // 'hex' };
    my $size = algorithm($rule) =~ /\Ahmac-(.*)/ ? $bytes{$1} : undef;

    return grep { defined && (!defined $size || length == $size) } map {
        my $text = $_;
        my $ok = !defined $rule->{field} || $text =~ s/\A\Q$rule->{field}\E=//;
        my $prefix = $rule->{prefix} // '';

        $ok && $text =~ s/\A\Q$prefix\E// ? $decode->($text) : undef;
    } pieces($rule, $value);
}


# All that may be a digest in a text: [ bytes, encoding, digest ].
sub guesses {
    my ($value) = @_;

    my %size = reverse %bytes;
    my %seen;

    return grep { !$seen{"@$_"}++ } map {
        my $text = $_;
        map { my ($name, $read) = @$_;
              my $bytes = $read->($text);
              defined $bytes && $size{ length $bytes }
                  ? [$bytes, $name, $size{ length $bytes }] : () } @readings;
    } map { ($_, s/\A[\w-]{1,12}[=,: ]//r) }
      map { s/\A\s+|\s+\z//gr } $value, split /[,;\s]+/, $value;
}


sub hmac {
    my ($digest, $message, $key) = @_;

    return $hmac{$digest}->($message, $key);
}


# What is signed: the body and [ origin, uri ] may be others than the
# request's.  Dies where a part of it is not known.
sub message {
    my ($r, $rules, $body, $url) = @_;

    my ($kind, $name) = body_kind($rules);
    my %r = (%$r, body => $body,
             signed => $kind eq 'pelorus' ? $body
                       : ($signed_body{$kind} // die "body \"$kind\"\n")
                         ->($body, $name));

    if ($url) {
        ($r{public_url}, $r{uri}) = @$url;
        ($r{scheme}, $r{authority}) = $url->[0] =~ m{\A(\w+)://(.*)};
    }

    for my $what (qw/timestamp id event/) {
        my $value = first { defined } map { source_value(\%r, $rules, $_) }
                    @{ ($rules->{$what} // [])->[0]{words} // [] };
        $r{$what} = $value if defined $value;
    }

    local $SIG{__WARN__} = sub { };

    return render(\%r, word($rules, 'message') // '$webhook_body',
                  (($rules->{message} // [])->[0] // {})->{optional});
}


# Seconds since 1970 of a time as a rule has it, or undef.
sub time_in_unit {
    my ($text, $unit) = @_;

    return $time{$unit} ? $time{$unit}->($text)
                        : Webhook::Recorded::time_of($text);
}


# --- tokens

# The member of what was read from JSON, or undef.
sub at_pointer {
    my ($value, $pointer) = @_;

    $value = ref $value eq 'HASH' ? $value->{$_}
           : ref $value eq 'ARRAY' && /\A\d+\z/ ? $value->[$_] : undef
        for map { s{~1}{/}gr =~ s/~0/~/gr } $pointer =~ m{/([^/]*)}g;

    return $value;
}


sub from_base64url { return decode_base64($_[0] =~ tr{-_}{+/}r) }


# The id of the key that a request names, by the provider's key_id, or undef.
sub named_key {
    my ($r, $rules) = @_;

    my ($source, $pattern) = @{ ($rules->{key_id} // [])->[0]{words} // [] };
    my $value = defined $source ? source_value($r, $rules, $source) : undef;

    return $value if !defined $value || !defined $pattern;

    my $like = substr $pattern, 1;

    return eval { $value =~ /$like/ ? $1 : undef };
}


1;
