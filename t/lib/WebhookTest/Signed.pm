package WebhookTest::Signed;

# Requests as GitHub signs them, and the same with a signature that belongs to
# another body; and headers whose signature covers a time.

use strict;
use warnings;

use Digest::SHA qw/hmac_sha256_hex/;
use Exporter qw/import/;

our @EXPORT_OK = qw/$secret signature signed forged body_of
                    timed/;

our $secret = 'It is a secret to everybody';


# The header over those bytes, as a pair.
sub signature {
    my ($bytes, $key) = @_;

    return ['X-Hub-Signature-256',
            'sha256=' . hmac_sha256_hex($bytes, $key // $secret)];
}


# A request for WebhookTest's ->request and format_request, signed.
sub signed {
    my (%request) = @_;

    return with(signature(body_of(%request)), %request);
}


# The same request, its body one bit away from what is signed: at its end, or
# an empty one that claims to have been signed as another.
sub forged {
    my (%request) = @_;

    my $bytes = body_of(%request);

    if (length $bytes) {
        substr($bytes, -1, 1) ^= "\x01";

    } else {
        $bytes = 'x';
    }

    return with(signature($bytes), %request);
}


sub with {
    my ($header, %request) = @_;

    return { method => 'POST', %request,
             headers => [@{ $request{headers} // [] }, $header] };
}


# The headers of a sender who signs the time as well: two pairs.
sub timed {
    my ($time, $bytes, $key) = @_;

    return (['X-Time', $time],
            ['X-Signature', hmac_sha256_hex("$time.$bytes", $key // $secret)]);
}


sub body_of {
    my (%request) = @_;

    return ref $request{chunked} ? join '', @{ $request{chunked} }
                                 : $request{body} // '';
}


1;
