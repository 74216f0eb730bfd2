package Webhook::Request;

# A request of a sender: { method, scheme, authority, origin, public_url, uri,
# headers, body, set, timestamp, id, event }, its headers, forms and JSON, and
# what is signed of it.  What is wrong dies with one line.

use strict;
use warnings;

use Encode qw/encode_utf8/;
use Exporter qw/import/;
use File::Temp;
use JSON::PP;
use List::Util qw/first/;
use MIME::Base64;

our @EXPORT = qw/%decode %encode %signed_body form_set has_header header
                 json_decode json_encode json_get json_members json_set
                 json_set_every percent random_hex render set_header temporary
                 unpercent url/;

our %encode = (
    base64    => sub { encode_base64($_[0], '') },
    base64url => sub { encode_base64($_[0], '') =~ tr{+/=}{-_}dr },
    hex       => sub { unpack 'H*', $_[0] },
);

our %decode = (
    base64 => \&base64_bytes,
    hex    => sub { $_[0] =~ /\A(?:[[:xdigit:]]{2})+\z/ ? pack 'H*', $_[0]
                                                        : undef },
    text   => sub { $_[0] },
    whsec  => sub { base64_bytes($_[0] =~ s/\A(?:v1,)?whsec_//r) },
);

our %signed_body = (                     # (body, name behind the colon)
    crc32   => sub { require Compress::Zlib; Compress::Zlib::crc32($_[0]) },
    'form-sorted' => \&form_sorted,
    form    => \&form_value,
    jwt     => sub { '' },
    none    => sub { '' },
    pelorus => \&pelorus_text,
    raw     => sub { $_[0] },
    sha256  => sub { '' },
    unsigned => sub { '' },
);

# What a message or a reply may have of nginx's variables, besides http_NAME:
# (request)
my %variables = (
    host              => sub { lc header($_[0], 'Host') =~ s/:\d+\z//r },
    request_method    => sub { $_[0]{method} },
    request_uri       => sub { $_[0]{uri} },
    scheme            => sub { $_[0]{scheme} },
    uri               => sub { unpercent($_[0]{uri} =~ s/\?.*//sr) },
    webhook_body      => sub { $_[0]{signed} },
    webhook_challenge => sub { $_[0]{challenge} },
    webhook_challenge_hmac => sub { $encode{base64}->($_[0]{mac}->()) },
    webhook_challenge_hmac_hex => sub { $encode{hex}->($_[0]{mac}->()) },
    webhook_event     => sub { $_[0]{event} // '' },
    webhook_id        => sub { $_[0]{id} // '' },
    webhook_timestamp => sub { $_[0]{timestamp} // '' },
    webhook_url       => \&url,
    webhook_url_decoded => sub { url($_[0]) =~
        s/%(3A|2F|3F|40|2[1478-9AC]|3B)/chr hex $1/gier },
);

# Names for the patterns of a body, to stand at their end.
my $json_grammar = qr/(?(DEFINE)(?<string>"(?:[^"\\]|\\.)*+")(?<value>(?&string)
    |[\w.+-]++|[\[{](?:[^][{}"]++|(?&value))*+[\]}])(?<next>\s*+,\s*+))/xs;


sub base64_bytes {
    my ($text) = @_;

    return undef if $text !~ m{\A[A-Za-z0-9+/]+={0,2}\z} || length($text) % 4;
    return decode_base64($text);
}


sub random_hex { return join '', map { sprintf '%04x', rand 65536 } 1 .. 6 }


# --- what is signed

sub url { return ($_[0]{public_url} // $_[0]{origin}) . $_[0]{uri} }


sub render {
    my ($r, $template, $optional) = @_;

    # what is not there has no text before it either
    for (grep { json_get($r->{body}, s/\Ajson://r) eq '' }
         split /,/, $optional // '')
    {
        $template =~ s/[^}]*\$\{\Q$_\E\}//;
    }

    return $template =~ s{\$(?:\{json:([^\}]*)\}|\{(\w+)\}|(\w+))}
                         {defined $1 ? json_get($r->{body}, $1)
                                     : variable($r, $2 // $3)}gerx;
}


sub variable {
    my ($r, $name) = @_;

    return $variables{$name}->($r) if $variables{$name};
    return $r->{set}{$name} if defined $r->{set}{$name};

    my ($rest) = $name =~ /\Ahttp_(.+)/
        or die "give a value for the variable \$$name: --set $name=VALUE\n";
    my $value = header($r, $rest);

    warn "\$$name is signed, and it is empty\n" if $value eq '';

    return $value;
}


# --- headers and forms

sub header {
    my ($r, $name) = @_;

    $name = lc $name =~ tr/_/-/r;

    my $found = first { lc $_->[0] eq $name } @{ $r->{headers} };

    return $found ? $found->[1] : $name eq 'host' ? $r->{authority} : '';
}


sub has_header {
    my ($r, $name) = @_;

    return grep { lc $_->[0] eq lc $name } @{ $r->{headers} };
}


sub set_header {
    my ($r, $name, $value) = @_;

    my $headers = $r->{headers};

    @$headers = ((grep { lc $_->[0] ne lc $name } @$headers), [$name, $value]);
}


sub percent { return $_[0] =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/gear }
sub unpercent { return $_[0] =~ s/%([[:xdigit:]]{2})/chr hex $1/ger }


sub form_value {
    my ($body, $name) = @_;

    $body =~ /(?:\A|&)\Q$name\E=([^&]*)/ or die "no $name= in the body\n";

    return unpercent($1 =~ tr/+/ /r);
}


# Every name with its value, in order; of the same ones one.
sub form_sorted {
    my ($body) = @_;

    my %pairs = map {
        my ($name, $value) = map { unpercent(tr/+/ /r) } split /=/, $_, 2;
        ("$name\0" . ($value // '') => $name . ($value // ''));
    } grep { length } split /&/, $body;

    return join '', map { $pairs{$_} } sort keys %pairs;
}


sub form_set {
    my ($body, $name, $value) = @_;

    my $pair = "$name=" . percent($value);

    return $body if $body =~ s/(\A|&)\Q$name\E=[^&]*/$1$pair/;
    return join '&', grep { length } $body, $pair;
}


# --- JSON of which bytes and order matter

sub json_encode { return JSON::PP->new->utf8->allow_nonref->encode("$_[0]") }
sub json_decode { return JSON::PP->new->utf8->allow_nonref->decode($_[0]) }


sub check_json {
    eval { json_decode($_[0]); 1 } or die "the body is not JSON\n";
}


# Puts a value at a pointer; a string where one was.
sub json_set {
    my ($text, $pointer, $value) = @_;

    check_json($text);

    my $string = json_encode($value);
    my $new = $value =~ /\A(?:\d+|true|false)\z/ ? $value : $string;
    my $at = json_at($pointer);

    return $text if $text =~ s/$at\K(?:((?=")(?&string))|(?&value))$json_grammar
                              /defined $1 ? $string : $new/ex;

    # a new member of the innermost object that is there
    while ($pointer =~ s{/([^/]*)\z}{}) {
        $new = json_encode(unescape($1)) . ":$new";
        $at = json_at($pointer);

        return $text if $text =~ s/$at\{\K\s*+(?:(?=(\}))|)$json_grammar
                                  /$new . (defined $1 ? '' : ',')/ex;
        last if $text =~ /$at$json_grammar/;
        $new = "{$new}";
    }

    die "no object at \"$pointer\" in the body\n";
}


# The same for every element, where the step "*" is; for one, if there is none.
sub json_set_every {
    my ($text, $pointer, $value) = @_;

    check_json($text);

    my ($array, $rest) = $pointer =~ m{\A(.*?)/\*(/.*|)\z}s;
    my $found = json_decode($text);

    for (map { unescape($_) } $array =~ m{/([^/]*)}g) {
        $found = ref $found eq 'HASH' ? $found->{$_} : undef;
    }

    my $n = ref $found eq 'ARRAY' ? @$found : 0;

    if ($n == 0) {
        my $one = $rest eq '' ? '[""]' : '[{}]';
        my $mark = 'webhook-send-' . random_hex();

        $text = $array eq '' ? $one
              : json_set($text, $array, $mark) =~ s/"$mark"/$one/r;
        $n = 1;
    }

    $text = json_set($text, "$array/$_$rest", $value) for 0 .. $n - 1;

    return $text;
}


# A pattern for all that is before the value at a pointer.
sub json_at {
    return '\A\s*+' . join '', map {
        my $key = unescape($_);
        my $name = quotemeta json_encode($key);
        my $item = $key =~ /\A\d+\z/ ? "|\\[\\s*+(?:(?&value)(?&next)){$key}"
                                     : '';

        '(?:\{\s*+(?:(?&string)\s*+:\s*+(?&value)(?&next))*?'
        . "$name\\s*+:\\s*+$item)";
    } $_[0] =~ m{/([^/]*)}g;
}


# The text of a scalar; of nothing, and of null, none.
sub json_get {
    my ($text, $pointer) = @_;

    check_json($text);

    my $at = json_at($pointer);
    my ($value) = $text =~ /$at((?&string)|[\w.+-]++)$json_grammar/x;

    return !defined $value || $value eq 'null' ? ''
           : $value =~ /\A"/ ? encode_utf8(json_decode($value)) : $value;
}


# The pointers of all members, as often as they are there.
sub json_members {
    my ($text) = @_;
    my (@found, @path);

    check_json($text);

    # the last step is a name, or in an array how many commas there were
    while ($text =~ /("(?:[^"\\]|\\.)*+")(\s*+:)?|([\[{])|([\]}])|(,)/gs) {
        if (defined $2) {
            $path[-1] = json_decode($1) =~ s/~/~0/gr =~ s{/}{~1}gr;
            push @found, join '/', '', @path;
        }
        push @path, 0 if $3;
        pop @path if $4;
        $path[-1]++ if $5 && $path[-1] =~ /\A\d+\z/a;
    }

    return @found;
}


sub unescape { return $_[0] =~ s{~1}{/}gr =~ s/~0/~/gr }


# As jq -c and Python's json.dumps() with tight separators write it; the
# receiver takes this form among others.
sub pelorus_text {
    my ($text) = @_;

    check_json($text);

    my $ascii = JSON::PP->new->ascii->allow_nonref;

    $text =~ s{("(?:[^"\\]|\\.)*+")|([\d.+-][\w.+-]*)|\s+}{
        defined $1 ? $ascii->encode(json_decode($1)) =~ s/\x7f/\\u007f/gr
        : !defined $2 ? '' : $2 eq '-0' ? 0
        : $2 !~ /[.e]/i ? $2 : die "cannot sign the number $2 for Pelorus\n"
    }ges;

    return "$text\n";
}


# A file with those bytes, as long as the object lives.
sub temporary {
    my $file = File::Temp->new;

    binmode $file;
    print $file $_[0];
    close $file;

    return $file;
}


1;
