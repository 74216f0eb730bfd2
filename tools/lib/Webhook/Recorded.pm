package Webhook::Recorded;

# Requests that were kept: lines of the log for refused requests (see
# docs/troubleshooting.md), a request as it is on the wire, or what curl wrote
# with --trace.  Each is a request as Webhook::Request has it; further members:
#
#   time      when it came, seconds since 1970, or undef
#   reason    why it was refused, or undef
#   provider  its name, or undef
#   signature, sha256, length   the variables $webhook_signature and
#             $webhook_message_...; of a log only
#   headless  true: only some of the headers are known
#   bodiless  true: the body is not known

use strict;
use warnings;

use Exporter qw/import/;
use JSON::PP;
use List::Util qw/first/;
use Time::Local qw/timegm/;

use Webhook::Request;

our @EXPORT = qw/recorded time_of/;

my @months = qw/Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec/;
my %month = map { $months[$_] => $_ } 0 .. $#months;


# All requests in the bytes of a file.
sub recorded {
    my ($bytes, $name) = @_;

    return from_trace($bytes) if $bytes =~ /^=> Send header/m;
    return from_wire($bytes, $name) if $bytes =~ m{\A[A-Z]+ \S+ HTTP/\d};
    return map { from_log($_) } grep { /\S/ } split /\n/, $bytes
        if $bytes =~ /\A\s*\{/;

    die "$name is no request, no log of refused requests and no "
        . "\"curl --trace\"\n";
}


# One line.  What has no body there was refused before it was read, or its
# body was in a file.
sub from_log {
    my ($line) = @_;

    # a stranger's bytes stay bytes
    my $log = eval { JSON::PP->new->decode($line) }
        // die "a line of the log is not JSON, write it with escape=json\n";

    @$log{qw/method uri/} = ($1, $2)
        if ($log->{request} // '') =~ m{\A(\S+) (\S+)};
    defined $log->{uri} or die "a line of the log has no \"request\"\n";

    my $r = request($log->{method} || 'POST', $log->{uri},
                    $log->{scheme} || 'https', $log->{host} // '');

    $r->{$_} = length($log->{$_} // '') ? $log->{$_} : undef
        for qw/provider reason signature sha256 length timestamp id/;
    $r->{time} = time_of($log->{time});
    $r->{headless} = 1;
    $r->{body} = $log->{body} // '';
    $r->{bodiless} = $r->{body} eq '' && ($r->{length} // '') ne '0';

    push @{ $r->{headers} }, ['Content-Type', $log->{type}]
        if length($log->{type} // '');
    push @{ $r->{headers} }, ['Content-Encoding', $log->{encoding}]
        if length($log->{encoding} // '');

    for (sort grep { /\Ahttp_/ } keys %$log) {
        push @{ $r->{headers} }, [header_name($_), $log->{$_}]
            if length $log->{$_};
    }

    return $r;
}


# $http_x_name is of a header X-Name.
sub header_name { return join '-', map { ucfirst } split /_/, substr $_[0], 5 }


sub request {
    my ($method, $uri, $scheme, $host) = @_;

    return { method => $method, uri => $uri, scheme => $scheme,
             authority => $host, origin => "$scheme://$host", headers => [],
             body => '', set => {} };
}


# The file of a spool is named by its time.
sub from_wire {
    my ($bytes, $name) = @_;

    my ($head, $body) = split /\r?\n\r?\n/, $bytes, 2;
    my ($line, @lines) = split /\r?\n/, $head;
    my ($method, $uri) = $line =~ m{\A(\S+) (\S+) HTTP/};
    my @headers = grep { length $_->[1] }
                  map { /\A([^\s:]+):[ \t]*(.*?)[ \t]*\z/s ? [$1, $2]
                        : die "$name: \"$_\" is no header\n" } @lines;
    my $host = first { lc $_->[0] eq 'host' } @headers;
    my $length = first { lc $_->[0] eq 'content-length' } @headers;
    my ($scheme, $authority) = $uri =~ m{\A(https?)://([^/?]*)};

    $uri = substr $uri, length "$scheme://$authority" if defined $scheme;

    my $r = request($method, $uri, $scheme // 'https',
                    $host ? $host->[1] : $authority // '');

    $r->{headers} = \@headers;
    $r->{body} = $body // '';

    # what the file has behind it, as an editor's line break
    substr($r->{body}, $length->[1]) = ''
        if $length && $length->[1] =~ /\A\d+\z/
           && $length->[1] < length $r->{body};

    $r->{time} = $1 if $name =~ m{(?:\A|/)(\d{10}\.\d{3})-[0-9a-f]{32}\z};

    return $r;
}


# The requests of "curl --trace FILE", in which the bytes are in hex.
sub from_trace {
    my ($text) = @_;

    my (@requests, $what, %part);
    my $end = sub {
        if (length($part{head} // '')) {
            push @requests, from_wire("$part{head}" . ($part{data} // ''),
                                      'the trace');
            $requests[-1]{scheme} = $part{tls} ? 'https' : 'http';
            $requests[-1]{origin} = "$requests[-1]{scheme}://"
                                    . $requests[-1]{authority};
        }
        delete @part{qw/head data/};
    };

    for (split /\n/, $text) {
        if (/(?:=>|<=|==) (Send|Recv|Info)(?: (header|data|SSL data))?/) {
            $part{tls} = 1 if ($2 // '') eq 'SSL data';
            $end->() if $1 eq 'Send' && $2 eq 'header';
            $what = $1 eq 'Send' && ($2 eq 'header' || $2 eq 'data')
                    ? $2 eq 'header' ? 'head' : 'data'
                    : $1 eq 'Recv' && $2 eq 'header' ? 'answer' : undef;
        } elsif (defined $what && /\A[0-9a-f]{4,}: ((?:[0-9a-f]{2} ){1,16})/) {
            $part{$what} .= pack 'H*', $1 =~ tr/ //dr;
        } elsif (defined $what && /\A[0-9a-f]{4,}: /) {
            die "this is of --trace-ascii, which loses bytes: use --trace\n";
        }
    }

    $end->();

    # when it was answered
    my ($date) = ($part{answer} // '') =~ /^Date: *([^\r\n]+)/im;
    $_->{time} = time_of($date) for @requests;

    return @requests;
}


# Seconds since 1970 of a time as RFC 3339 or HTTP have it, or in seconds.
sub time_of {
    my ($text) = @_;

    return undef if !defined $text;
    return $text if $text =~ /\A\d{10}(?:\.\d+)?\z/;

    return timegm($6, $5, $4, $1, $month{$2} // return, $3)
        if $text =~ /\A\w{3},?\ (\d\d)\ (\w{3})\ (\d{4})
                         \ (\d\d):(\d\d):(\d\d)\ (?:GMT|UTC)\z/x;

    my ($y, $m, $d, $h, $min, $s, $zone) = $text =~
        /\A(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?
         (Z|[+-]\d\d:\d\d)\z/x or return undef;
    my $time = eval { timegm($s, $min, $h, $d, $m - 1, $y) } // return undef;
    my ($sign, $hours, $minutes) = $zone =~ /([+-])(\d\d):(\d\d)/;

    return $time if !defined $sign;
    return $time - ($sign eq '-' ? -1 : 1) * (3600 * $hours + 60 * $minutes);
}


1;
