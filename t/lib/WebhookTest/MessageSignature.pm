package WebhookTest::MessageSignature;

# Requests with an HTTP message signature (RFC 9421), made without the module's
# help.
#
#     my %request = message(key => $jose, body => '{}',
#                           covers => [qw/@method content-digest/]);
#     $t->accepted('signed', \%request);
#
# key       a WebhookTest::Jose, or bytes: the key of an HMAC
# covers    names, or texts with a quote, which go in as they are
# created, expires, nonce, alg, keyid, tag       parameters; undef: none
# params    text instead of these
# label     sig
# scheme    of the URL, http
# url       { name of a derived component => value } that is signed instead
# digest    list of sha-256 and sha-512, or a text for Content-Digest
# signature bytes, instead of those that are right
# and what WebhookTest::request takes.

use strict;
use warnings;

use Digest::SHA qw/hmac_sha256 sha256_base64 sha512_base64/;
use Exporter qw/import/;
use MIME::Base64 qw/encode_base64/;

our @EXPORT_OK = qw/message content_digest signature_base/;

our $now = 1_700_000_000;


sub message {
    my (%want) = @_;

    my %request = (method => 'POST', uri => '/', host => 'localhost',
                   scheme => 'http', body => '', label => 'sig',
                   created => $now, headers => [], %want);

    $request{digest} //= ['sha-256'];
    $request{headers} = [@{ $request{headers} },
        ref $request{digest}
        ? ['Content-Digest', content_digest($request{body},
                                            @{ $request{digest} })]
        : length $request{digest} ? ['Content-Digest', $request{digest}] : ()];

    my $input = '(' . join(' ', map { quoted($_) } @{ $want{covers} }) . ')'
                . ($want{params} // params(\%request));
    my $base = signature_base(\%request, $input);

    my $signature = $want{signature} // (ref $want{key}
        ? $want{key}->sign($base) : hmac_sha256($base, $want{key}));

    push @{ $request{headers} },
        ['Signature-Input', "$request{label}=$input"],
        ['Signature', "$request{label}=:" . encode_base64($signature, '')
                      . ':'];

    return %request;
}


sub quoted {
    my ($name) = @_;

    return $name =~ /"/ ? $name : qq/"$name"/;
}


sub params {
    my ($request) = @_;

    return join '', map {
        my $value = $request->{$_};
        !defined $value ? '' : /created|expires/ ? ";$_=$value"
                                                 : qq/;$_="$value"/;
    } qw/created expires nonce alg keyid tag/;
}


sub content_digest {
    my ($body, @names) = @_;

    return join ', ', map {
        my $base64 = /256/ ? sha256_base64($body) : sha512_base64($body);
        "$_=:$base64" . '=' x (-length($base64) % 4) . ':';
    } @names;
}


# What is signed, line by line.
sub signature_base {
    my ($request, $input) = @_;

    my ($names) = $input =~ /^\(([^)]*)\)/;
    my @lines = map {
        my $name = $_;
        qq/$name: / . value($request, $name =~ /"([^"]*)"/ ? $1 : $name);
    } split / +/, $names;

    return join "\n", @lines, qq/"\@signature-params": $input/;
}


sub value {
    my ($request, $name) = @_;

    return $request->{url}{$name} if defined $request->{url}{$name};

    my ($path, $query) = split /\?/, $request->{uri}, 2;
    my $authority = lc $request->{host};
    my $port = $request->{scheme} eq 'https' ? 443 : 80;

    $authority =~ s/:$port\z//;

    my %derived = (
        '@method' => $request->{method},
        '@authority' => $authority,
        '@scheme' => $request->{scheme},
        '@target-uri' => "$request->{scheme}://$authority$request->{uri}",
        '@request-target' => $request->{uri},
        '@path' => $path,
        '@query' => '?' . ($query // ''),
    );

    return $derived{$name} // join ', ', map { trim($_->[1]) }
        grep { lc $_->[0] eq $name } @{ $request->{headers} };
}


sub trim {
    my ($value) = @_;

    return $value =~ s/\A[ \t]+|[ \t]+\z//gr;
}


1;
