package FuzzRequests::Gateway;

# What nginx says in FastCGI, uwsgi and SCGI, as it would be in HTTP, and the
# answer.  The first byte tells them apart.

use strict;
use warnings;

use Exporter qw/import/;

use WebhookTest::Gateway qw/fastcgi_pairs record/;

our @EXPORT_OK = qw/as_http answer_in/;

# types of FastCGI's records
use constant {
    END_REQUEST => 3, PARAMS => 4, STDIN_DATA => 5, STDOUT_DATA => 6,
};


# The request, or what there is of it; nothing ahead of its last parameter.
sub as_http {
    my ($bytes) = @_;

    return $bytes =~ /\A\x01/ ? fastcgi($bytes)
         : $bytes =~ /\A\x00/ ? uwsgi($bytes)
         : $bytes =~ /\A\d/ ? scgi($bytes) : $bytes;
}


sub answer_in {
    my ($request, $answer) = @_;

    return $answer if $request !~ /\A\x01/ || $answer eq '';

    $answer =~ s{\AHTTP/1.1}{Status:};

    return record(STDOUT_DATA, $answer) . record(STDOUT_DATA, '')
           . record(END_REQUEST, "\0" x 8);
}


sub fastcgi {
    my ($bytes) = @_;

    my ($params, $body, $complete) = ('', '', 0);

    while (length $bytes >= 8) {
        my ($type, $len, $padding) = unpack 'xCx2nC', $bytes;

        last if length $bytes < 8 + $len + $padding;

        my $content = substr substr($bytes, 0, 8 + $len + $padding, ''),
                             8, $len;

        $complete ||= $type == PARAMS && $len == 0;
        $params .= $content if $type == PARAMS;
        $body .= $content if $type == STDIN_DATA;
    }

    return $complete ? http($body, fastcgi_pairs($params)) : '';
}


sub uwsgi {
    my ($bytes) = @_;

    my $len = length $bytes < 4 ? 0xffff : unpack 'xv', $bytes;

    return '' if length $bytes < 4 + $len;

    return http(substr($bytes, 4 + $len),
                unpack '(v/a)*', substr $bytes, 4, $len);
}


sub scgi {
    my ($bytes) = @_;

    my ($digits) = $bytes =~ /\A(\d+):/ or return '';
    my $start = length($digits) + 1;

    return '' if length $bytes < $start + $digits + 1;

    return http(substr($bytes, $start + $digits + 1),
                unpack '(Z*)*', substr $bytes, $start, $digits);
}


# Of a parameter that comes twice, the last counts.
sub http {
    my ($body, @pairs) = @_;

    my %param = @pairs;
    my @names = grep { !/^(?:CONTENT_LENGTH|TRANSFER_ENCODING|EXPECT)$/ }
                map { /^HTTP_(.+)/ } sort keys %param;

    return join("\r\n", "$param{REQUEST_METHOD} $param{REQUEST_URI} HTTP/1.1",
                map({ tr/_/-/r . ": $param{\"HTTP_$_\"}" } @names),
                'Content-Length: ' . ($param{CONTENT_LENGTH} || 0), '', '')
           . $body;
}


1;
