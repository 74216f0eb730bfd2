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

our @EXPORT = qw/algorithm body_kind guesses hmac message offered
                 signed_bytes source_value time_in_unit token_parts
                 verify_public word/;

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

my @pss = qw/-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest/;

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

    my $list = $rule->{list} // (defined $rule->{field} ? ',' : undef);

    return $value if !defined $list;
    return map { s/\A[ \t]+|[ \t]+\z//gr } split /\Q$list\E/, $value;
}


# The signatures that the rules find: [ rule, value ].
sub offered {
    my ($r, $rules) = @_;

    return map { my $value = source_value($r, $rules, $_->{words}[0]);
                 defined $value ? [$_, $value] : () }
           @{ $rules->{signature} // [] };
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


# --- public keys and tokens

# A key as it may be written, in PEM; or undef.
sub pem {
    my $key = $_[0] =~ s/\A\s+|\s+\z//gr;

    return "$key\n" if $key =~ /\A-----BEGIN (?:PUBLIC KEY|CERTIFICATE)-----/;

    my $der = $key =~ /\A[[:xdigit:]]{64}\z/ ? ed25519_der(pack 'H*', $key)
            : $key =~ m{\A[A-Za-z0-9+/\s]+=*\s*\z} ? decode_base64($key)
            : return undef;

    $der = ed25519_der($der) if length $der == 32;

    return "-----BEGIN PUBLIC KEY-----\n" . encode_base64($der)
           . "-----END PUBLIC KEY-----\n";
}


sub ed25519_der { return pack('H*', '302a300506032b6570032100') . $_[0] }


# Whether the bytes are a signature of the message by the key; openssl knows.
sub verify_public {
    my ($algorithm, $key, $message, $bytes, $raw) = @_;

    my $pem = pem($key) // return 0;
    my ($digest) = $algorithm =~ /(?:sha|[rpe]s)(\d+)\z/;

    $bytes = der_of($bytes) if $raw;

    my ($k, $m, $s) = map { temporary($_) } $pem, $message, $bytes;
    my @command = $algorithm =~ /ed25519|eddsa/
        ? (qw/pkeyutl -verify -rawin -pubin -inkey/, "$k", '-in', "$m",
           '-sigfile', "$s")
        : ('dgst', "-sha$digest", '-verify', "$k",
           $algorithm =~ /-ps\d|pss/ ? @pss : (),
           '-signature', "$s", "$m");

    open my $out, '-|', 'sh', '-c', 'exec openssl "$@" 2>/dev/null', 'sh',
        @command or return 0;
    my @lines = <$out>;

    return close $out ? 1 : 0;
}


# r and s side by side, as openssl has them.
sub der_of {
    my ($raw) = @_;

    my $half = length($raw) / 2;
    my $numbers = join '', map {
        my $n = s/\A\0+(?=.)//sr;
        $n = "\0$n" if ord($n) & 0x80;
        pack 'CCa*', 2, length $n, $n;
    } substr($raw, 0, $half), substr($raw, $half);

    return length $numbers < 128
           ? pack 'CCa*', 0x30, length $numbers, $numbers
           : pack 'CCCa*', 0x30, 0x81, length $numbers, $numbers;
}


# { header, claims (or undef), signed, bytes } of a token in its compact form.
sub token_parts {
    my ($text, $payload) = @_;

    my ($head, $body, $signature) = $text =~
        /\A([\w-]+)\.([\w-]*)\.([\w-]*)\z/ or return undef;
    my $read = $readings[2][1];
    my $header = eval { json_decode($read->($head)) };

    return undef if ref $header ne 'HASH';

    my $claims = length $body ? eval { json_decode($read->($body)) } : undef;

    $body = $encode{base64url}->($payload) if !length $body;

    return { header => $header, signed => "$head.$body",
             claims => ref $claims eq 'HASH' ? $claims : undef,
             bytes => $read->($signature) // '' };
}


1;
