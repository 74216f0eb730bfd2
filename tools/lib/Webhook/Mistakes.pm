package Webhook::Mistakes;

# What people and programs between them do to secrets, bodies and URLs.  Each
# function returns a list of [ value, what was done ], the first of which is
# the value as it is, with nothing done; no value comes twice.

use strict;
use warnings;
no warnings 'recursion';

use Compress::Raw::Zlib;
use Encode qw/decode encode/;
use Exporter qw/import/;
use JSON::PP;
use MIME::Base64;

use Webhook::Request;

use constant {
    LARGEST_JSON   => 1 << 18,          # bytes that are written anew
    LARGEST_BODY   => 1 << 24,          # bytes that are unpacked
    DEEPEST        => 100,              # levels of JSON
};

our @EXPORT = qw/as_is bodies keys_of urls/;

# In this order, each over what those before it have left.
my @clean = (
    ['from UTF-16', sub {
        $_[0] =~ /\A(?:\xff\xfe|\xfe\xff)/ && length($_[0]) % 2 == 0
            ? encode('UTF-8', decode('UTF-16', $_[0])) : $_[0] }],
    ['without its byte order mark', sub { $_[0] =~ s/\A\xef\xbb\xbf//r }],
    ['without the spaces and line breaks around it',
     sub { $_[0] =~ s/\A\s+|\s+\z//gr }],
    ['without "\n" at its end', sub { $_[0] =~ s/(?:\\r)?\\n\z//r }],
    ['without "NAME=" before it',
     sub { $_[0] =~ s/\A(?:export\s+)?[A-Za-z_]\w*\s*[=:]\s*(?=[^=\s])//r }],
    ['without the quotes around it', sub {
        $_[0] =~ s/\A(["'`])(.*)\1;?\z/$2/sr
              =~ s/\A\xe2\x80[\x98-\x9f](.*)\xe2\x80[\x98-\x9f]\z/$1/sr
              =~ s/\A\xc2\xab(.*)\xc2\xbb\z/$1/sr }],
    ['without "Bearer" before it', sub { $_[0] =~ s/\A(?:Bearer|Token) +//ir }],
    ['without the spaces in the quotes', sub { $_[0] =~ s/\A\s+|\s+\z//gr }],
    ['without "NAME=" in the quotes',
     sub { $_[0] =~ s/\A[A-Za-z_]\w*=(?=[^=])//r }],
);

# Each alone, after what the list above has left.
my @other = (
    ['its first line alone', sub { $_[0] =~ s/[\r\n].*//sr }],
    ['its last line alone', sub { $_[0] =~ s/.*[\r\n](?=.)//sr =~ s/\s+\z//r }],
    ['without the line breaks in it', sub { $_[0] =~ tr/\r\n//dr }],
    ['with a line break at its end', sub { "$_[0]\n" }],
    ['with "whsec_" before it', sub { "whsec_$_[0]" }],
    ['without "whsec_" before it', sub { $_[0] =~ s/\A(?:v1,)?whsec_//r }],
    ['with the percent signs decoded', sub { unpercent($_[0]) }],
    ['in small letters', sub { lc $_[0] }],
    ['in capital letters', sub { uc $_[0] }],
    ['what is behind its colon', sub { $_[0] =~ s/\A[^:]*://r }],
);

my %how = (text => 'not decoded', hex => 'decoded from hex',
           base64 => 'decoded from Base64', whsec => 'decoded from Base64');


sub once {
    my %seen;

    return grep { defined $_->[0] && !$seen{ $_->[0] }++ } @_;
}


# Of a secret's bytes, as HMAC keys, decoded as a rule says; of a token with
# key undef.
sub keys_of {
    my ($bytes, $key) = @_;

    my @texts = texts_of($bytes);

    return once(@texts) if !defined $key;

    my @hows = ($key, grep { $_ ne $key } qw/text base64 hex whsec/);

    return once(map { my $how = $_;
                      map { [$decode{$how}->($_->[0]),
                             joined($_->[1], $how eq $key ? '' : $how{$how})] }
                          @texts } @hows);
}


# The first of these, if it can be decoded.
sub as_is {
    my ($bytes, $key) = @_;

    my $text = $bytes =~ s/\r?\n\z//r;

    return grep { length($_->[0] // '') }
           [defined $key ? $decode{$key}->($text) : $text, ''];
}


sub texts_of {
    my ($bytes) = @_;

    my @found = ([$bytes =~ s/\r?\n\z//r, '']);
    my ($left, $done) = ($found[0][0], '');

    for (@clean) {
        my ($what, $change) = @$_;
        my $new = $change->($left);

        next if $new eq $left || $new eq '';
        push @found, [$change->($found[0][0]), $what];
        ($left, $done) = ($new, joined($done, $what));
        push @found, [$left, $done];
    }

    push @found, map { my $text = $_;
                       map { [$_->[1]->($text->[0]),
                              joined($text->[1], $_->[0])] } @other }
                 $found[0], [$left, $done];

    return grep { length $_->[0] } once(@found);
}


sub joined { return join ', ', grep { length } @_ }


# Of a body.
sub bodies {
    my ($body) = @_;

    my @found = map { my $first = $_;
                      map { [$_->[0], joined($first->[1], $_->[1])] }
                          ends($first->[0]), json_forms($first->[0]) }
                once([$body, ''], unpacked($body),
                 [$body =~ s/\A\xef\xbb\xbf//r, 'without a byte order mark'],
                 [eval { json_string($body) }, 'taken out of a JSON string'],
                 [$body =~ m{\A[A-Za-z0-9+/\s]+=*\s*\z} && length $body > 7
                  ? decode_base64($body) : undef, 'decoded from Base64'],
                 [charset($body), 'in ISO 8859-1'],
                 [encode('UTF-8', decode('ISO-8859-1', $body)),
                  'in UTF-8, from ISO 8859-1']);

    return once(@found,
        [$body =~ tr/+/ /r =~ s/ /%20/gr, 'with "%20" in the place of "+"'],
        [$body =~ s/%20/+/gr, 'with "+" in the place of "%20"'],
        [$body =~ s/(%[[:xdigit:]]{2})/uc $1/ger, 'with "%2F" for "%2f"'],
        [$body =~ s/(%[[:xdigit:]]{2})/lc $1/ger, 'with "%2f" for "%2F"'],
        [unpercent($body =~ tr/+/ /r), 'with its escapes decoded'],
        [$body =~ /\A[\w-]+=(.*)/s ? unpercent($1 =~ tr/+/ /r) : undef,
         'the value of its form field alone'],
        ['', 'empty']);
}


sub ends {
    my ($body) = @_;

    return () if !defined $body;

    return ([$body, ''],
            [$body =~ s/\r?\n\z//r, 'without the line break at its end'],
            [$body =~ s/\s+\z//r, 'without the white space at its end'],
            ["$body\n", 'with a line break at its end'],
            ["$body\r\n", 'with CR LF at its end'],
            [$body =~ s/\r\n/\n/gr, 'with LF in the place of CR LF'],
            [$body =~ s/(?<!\r)\n/\r\n/gr, 'with CR LF in the place of LF']);
}


# Limited, a small body may become a large one.
sub unpacked {
    my ($body) = @_;

    my ($inflate) = Compress::Raw::Zlib::Inflate->new(
        -WindowBits => WANT_GZIP_OR_ZLIB, -LimitOutput => 1,
        -Bufsize => LARGEST_BODY);
    my $out = '';

    return () if length($body) < 12
                 || $inflate->inflate("$body", $out) != Z_STREAM_END;

    return [$out, 'unpacked'];
}


sub json_string {
    my ($body) = @_;

    my $text = $body =~ /\A\s*"/ ? json_decode($body) : undef;

    return defined $text ? encode('UTF-8', $text) : undef;
}


sub charset {
    my ($body) = @_;

    my $text = eval { decode('UTF-8', "$body", Encode::FB_CROAK) }
               // return undef;

    return eval { encode('ISO-8859-1', $text, Encode::FB_CROAK) };
}


# --- JSON that is read and written anew

my %spaces = (                          # item, member, step of indentation
    'compact' => [',', ':', undef],
    'with spaces' => [', ', ': ', undef],
    'with two spaces a level' => [',', ': ', '  '],
    'with four spaces a level' => [',', ': ', '    '],
    'with a tab a level' => [',', ': ', "\t"],
);

my %strings = (                         # (text of a string with its quotes)
    '' => sub { $_[0] },
    'with \u escapes' => sub { ascii($_[0]) },
    'without \u escapes' => sub { plain($_[0]) },
    'with "\/" for "/"' => sub { $_[0] =~ s{(?<!\\)/}{\\/}gr },
    'with "/" for "\/"' => sub { $_[0] =~ s{\\/}{/}gr },
    'with \u escapes and "\/"' => sub { ascii($_[0]) =~ s{(?<!\\)/}{\\/}gr },
    'with < > & escaped' =>
        sub { $_[0] =~ s/([<>&])/sprintf '\\u%04x', ord $1/ger },
    'without < > & escaped' =>
        sub { $_[0] =~ s/\\u00(3c|3e|26)/chr hex $1/gier },
);


sub json_forms {
    my ($body) = @_;

    return () if !defined $body || length $body > LARGEST_JSON
                 || $body !~ /\A\s*[\[{"]/;

    my $tree = eval { parsed($body) } // return ();
    my @found;
    my %changes = map {
        ($_ => (eval { in_place($body, $strings{$_}) } // $body) ne $body)
    } keys %strings;

    for my $sorted (0, 1) {
        for my $string (grep { $_ eq '' || $changes{$_} }
                        sort keys %strings)
        {
            for my $space ('', sort keys %spaces) {

                next if $space eq '' && ($sorted || $string eq '');

                # what is no UTF-8 cannot be escaped
                my $text = eval {
                    $space eq '' ? in_place($body, $strings{$string})
                    : written($tree, @{ $spaces{$space} }, $strings{$string},
                              $sorted, "\n") } // next;
                my $what = joined('as JSON ' . ($space || 'as it is'), $string,
                                  $sorted ? 'sorted by names' : '');

                push @found, [$text, $what],
                     ["$text\n", "$what, with a line break at its end"];
            }
        }
    }

    return @found;
}


sub in_place {
    my ($body, $change) = @_;

    return $body =~ s/("(?:[^"\\]|\\.)*+")/$change->($1)/gesr;
}


sub ascii { return rewritten($_[0], JSON::PP->new->ascii) }
sub plain { return rewritten($_[0], JSON::PP->new->utf8) }


sub rewritten {
    my ($string, $json) = @_;

    return $string if $string !~ /[^ -~]|\\/;
    return $json->allow_nonref->encode(json_decode($string));
}


# Lists of [ kind, text or members ], which keep order and numbers.
sub parsed {
    my ($body) = @_;

    my $value = value(\$body, 0);

    $body =~ /\G\s*\z/gc or die "no JSON\n";

    return $value;
}


sub value {
    my ($text, $depth) = @_;

    die "no JSON\n" if $depth > DEEPEST;

    $$text =~ /\G\s+/gc;

    return ['scalar', $1]
        if $$text =~ /\G(-?\d[\d.eE+-]*|true|false|null)/gc;
    return ['string', $1] if $$text =~ /\G("(?:[^"\\]|\\.)*+")/gcs;

    my ($kind, $end) = $$text =~ /\G\{/gc ? ('object', '}')
                     : $$text =~ /\G\[/gc ? ('array', ']')
                     : die "no JSON\n";
    my @members;

    return [$kind, []] if $$text =~ /\G\s*\Q$end\E/gc;

    do {
        my $name = '';

        if ($kind eq 'object') {
            $$text =~ /\G\s*("(?:[^"\\]|\\.)*+")\s*:/gcs or die "no JSON\n";
            $name = $1;
        }
        push @members, [$name, value($text, $depth + 1)];
    } while ($$text =~ /\G\s*,/gc);

    $$text =~ /\G\s*\Q$end\E/gc or die "no JSON\n";

    return [$kind, \@members];
}


sub written {
    my ($value, $item, $colon, $step, $string, $sorted, $indent) = @_;

    my ($kind, $what) = @$value;

    return $what if $kind eq 'scalar';
    return $string->($what) if $kind eq 'string';

    my ($begin, $end) = $kind eq 'object' ? qw/{ }/ : qw/[ ]/;

    return "$begin$end" if !@$what;

    my @members = $sorted && $kind eq 'object'
                  ? sort { $a->[0] cmp $b->[0] } @$what : @$what;
    my $inner = defined $step ? "$indent$step" : '';
    my @texts = map {
        ($kind eq 'object' ? $string->($_->[0]) . $colon : '')
        . written($_->[1], $item, $colon, $step, $string, $sorted, $inner)
    } @members;

    return $begin . $inner . join("$item$inner", @texts)
           . (defined $step ? $indent : '') . $end;
}


# --- URLs

# Of a request: [ [scheme and host, path and query], what ]; others are names
# and URLs under which the sender may know it.
sub urls {
    my ($r, @others) = @_;

    my $as_is = $r->{public_url} // $r->{origin};
    my $uri = $r->{uri};
    my ($path, $query) = $uri =~ /\A([^?]*)(.*)\z/s;
    my @origins = ($as_is);
    my @uris = ($uri, $path =~ s{/\z}{}r . $query,
                $path =~ m{/\z} ? () : "$path/$query", $path,
                $path =~ s{\A/[^/]+(?=/)}{}r . $query, unpercent($uri),
                lc($path) . $query);

    my @hosts = ($r->{authority}, header($r, 'X-Forwarded-Host'),
                 header($r, 'X-Original-Host'),
                 grep { !m{\Ahttps?://} } @others);

    for my $host (grep { length } @hosts, $as_is =~ s{\Ahttps?://}{}r) {
        my $name = $host =~ s/:\d+\z//r;
        push @origins, map { my $h = $_; map { "$_://$h" } qw/https http/ }
             $host, $name, "$name:443", "$name:80", "$name:8443",
             $name =~ /\Awww\./ ? $name =~ s/\Awww\.//r : "www.$name";
    }

    for (grep { m{\Ahttps?://} } @others) {
        my ($origin, $rest) = m{\A(https?://[^/?]*)(.*)\z}s;
        push @origins, $origin;
        push @uris, $rest, "$rest$uri", "$rest$query" if length $rest;
    }

    my %seen;

    return grep { !$seen{ join '', @{ $_->[0] } }++ }
        map { my $origin = $_;
              map { [[$origin, $_], $origin eq $as_is && $_ eq $uri ? ''
                                    : "$origin$_"] } @uris } @origins;
}


1;
