package FuzzRequests::Compose;

# Requests, right and wrong, and what must become of each.  All of it depends
# on the seed and the number of the round alone, and on the clock where a time
# is signed.
#
# A request is { id, mark, place, must, how, head, body, headers, app, group,
# ends, sent }: must is pass, stop, either, or bare (it may arrive, nothing of
# its body may); body and headers are what is to arrive; a request that ends is
# the last of its connection.

use strict;
use warnings;

use Exporter qw/import/;

use FuzzRequests::Places qw/certificate/;
use FuzzRequests::Senders qw/target/;
use WebhookTest::Connection;
use WebhookTest::HTTP2 qw/literal/;

our @EXPORT_OK = qw/compose_round/;

use constant {
    WAVES => 2, CONNECTIONS => 8,

    # frames of HTTP/3; one that is reserved is to be passed over, and here it
    # is empty: nginx takes what is in it for the body when it comes in parts
    DATA => 0, HEADERS => 1, RESERVED => 0x21,
};

# what is done to the bare credential
my %damage = (
    flipped => \&flipped,
    cut => sub { substr $_[0], 0, -1 },
    longer => sub { "$_[0]a" },
    doubled => sub { $_[0] x 2 },
    emptied => sub { '' },
    'with NUL' => sub { "$_[0]\0" },
    'with other bytes' => sub { "\xff$_[0]" },
);

my %spoil = (
    'body changed' => sub { $_[0]{body} =~ s/(text\W+)/$1$_[0]{id}/ },
    'body cut' => sub { chop $_[0]{body} },
    'body longer' => sub { $_[0]{body} .= 'x' },
    'body gone' => sub { $_[0]{body} = '' },
    'a request in the body' => \&smuggle,
);

# what is wrong with the request, by the protocol of the client
my %wires = (
    one => [qw/short long chunk both old/],
    two => [],
    three => [qw/short long frame/],
);

# of a client, and none where it does not speak TLS
my @certificates = qw/sender sender sender other stranger none/;

my ($round, $count);


sub compose_round {
    my ($seed, $number, $ports, @places) = @_;

    srand $seed * 1_000_003 + $number;
    ($round, $count) = ($number, 0);

    my (@waves, @earlier);

    for (1 .. WAVES) {
        my @connections = map { connection($ports, \@earlier, @places) }
                          1 .. 1 + int rand 2 * CONNECTIONS;

        push @waves, \@connections;
        push @earlier, map { @{ $_->{requests} } } @connections;
    }

    return @waves;
}


sub pick { return $_[rand @_] }

sub chance { return rand 100 < $_[0] }


sub new_mark { return sprintf 'm%06d%04dz', $round, ++$count }


# A client for ->run of FuzzRequests::Wire.
sub connection {
    my ($ports, $earlier, @places) = @_;

    my $protocol = chance(8) ? 'two'
                 : $ports->{three} && chance(8) ? 'three' : 'one';
    my $client = { protocol => $protocol,
                   certificate => chance(15) ? pick(@certificates)
                                : $protocol eq 'three' ? 'none' : undef };
    my @requests;

    do {
        # streams of HTTP/3 have no order
        my @again = grep { $_->{again} } @$earlier,
                    $protocol eq 'three' ? () : @requests;
        my $repeated = @again && chance(25) ? pick(@again) : undef;

        push @requests, $repeated ? copy($repeated)
                                  : request(pick(@places), $client);
    } while ($protocol ne 'two' && !$requests[-1]{ends} && @requests < 3
             && chance(35));

    return {
        requests => \@requests,
        $protocol eq 'three' ? client_three($ports, $client, @requests) : (
            port => $ports->{$protocol},
            defined $client->{certificate} ? tls($ports, $client) : (),
            $protocol eq 'two' ? client_two(@requests)
                               : client_one(@requests),
        ),
    };
}


sub tls {
    my ($ports, $client) = @_;

    return (port => $ports->{tls},
            tls => certificate($client->{certificate},
                               $client->{protocol} eq 'two' ? 'h2'
                                                            : 'http/1.1'));
}


# The same message once more, as another request.
sub copy {
    my ($request) = @_;

    my $m = { %{ $request->{message} }, id => new_mark() };

    return wrapped($m, $request->{place}, 'pass', 'a copy', 'one');
}


sub request {
    my ($place, $client) = @_;

    my $m = message($place);
    my ($case, $how) = made($m, $place, $client->{protocol});
    my $certificate = $client->{certificate} // 'and TLS missing';

    ($case, $how) = ('wrong', "certificate $certificate, $how")
        if $place->{certificate} && $certificate ne 'sender';

    return wrapped($m, $place, becomes($place, $case), $how,
                   $client->{protocol});
}


# Signs a message, or something like it: right, wrong, broken (nginx does not
# take it for a request, or not to its end) or either, and how.
sub made {
    my ($m, $place, $protocol) = @_;

    if (chance(45)) {
        signed($m, $place);
        return ('right', 'right');
    }

    my @wrong = (\&wrong_method,
                 $place->{key} || $place->{pool}
                     ? (\&wrong_credential, \&wrong_credential, \&wrong_key,
                        \&no_credential) : (),
                 $place->{header} ? \&repeated : (),
                 $place->{loose} ? () : (\&wrong_body, \&wrong_body),
                 $place->{time} ? \&stale : (),
                 $place->{url} ? \&wrong_url : (),
                 $place->{wrongs} ? (\&wrong_of_place) x 3 : (),
                 @{ $wires{$protocol} } ? (\&wrong_wire, \&wrong_wire) : ());

    return pick(@wrong)->($m, $place, $protocol);
}


sub becomes {
    my ($place, $case) = @_;

    my ($right, $wrong) = ($place->{right} // 'pass',
                           $place->{wrong} // 'stop');

    return $case eq 'right' ? $right
         : $case eq 'either' && $right eq 'pass' ? 'either'
         : $case eq 'broken' && $wrong eq 'pass' ? 'stop'
         : $wrong;
}


sub message {
    my ($place) = @_;

    my $id = new_mark();
    my $m = { id => $id, mark => $id, method => 'POST',
              path => $place->{path}, args => [@{ $place->{args} // [] }],
              headers => [], time => time };

    if ($place->{pool}) {
        my $entry = pick(@{ $place->{pool} });

        @$m{qw/mark body/} = @$entry{qw/mark body/};

    } else {
        my $text = text($place);
        my $json = qq({"id":"$id","text":"$text"});

        $m->{payload} = $json;
        $m->{body} = $place->{body} eq 'none' ? ''
                   : $place->{body} eq 'json' ? $json
                   : $place->{body} eq 'form' ? "id=$id&text=$text"
                   : 'payload=' . $json =~ s/(\W)/sprintf '%%%02x', ord $1/ger;
    }

    smuggle($m) if ($place->{wrong} // '') eq 'bare' && $m->{body} ne ''
                   && chance(30);

    $m->{type} = $place->{body} =~ /json|none/ ? 'application/json'
                                      : 'application/x-www-form-urlencoded';

    return $m;
}


# Letters alone: any byte where the body need not be read.
sub text {
    my ($place) = @_;

    my $raw = ($place->{header} // '') eq 'X-Hub-Signature-256'
              && $place->{name} ne 'require';
    my $len = 1 + int rand($raw && chance(3) ? 200_000 : chance(10) ? 3000
                                                                    : 40);
    my @letters = map { chr 97 + rand 26 } 1 .. 20;
    my $text = substr join('', @letters) x (1 + $len / 20), 0, $len;

    return $raw && chance(30)
           ? $text . join '', map { chr rand 256 } 1 .. 1 + rand 30 : $text;
}


sub signed {
    my ($m, $place, $damage, $key) = @_;

    $place->{sign}->($m, $damage // sub { $_[0] }, $key // $place->{key});

    return $m;
}


sub wrong_credential {
    my ($m, $place) = @_;

    my $how = pick(sort keys %damage);

    signed($m, $place, $damage{$how});

    # nginx itself refuses it in a header
    return ($how eq 'with NUL' ? 'broken' : 'wrong', "credential $how");
}


# Another letter or digit, also where case does not count.
sub flipped {
    my ($text) = @_;

    my @at = grep { substr($text, $_, 1) =~ /[A-Za-z0-9]/ }
             0 .. length($text) - 1;
    my $at = pick(@at);
    my $old = substr $text, $at, 1;

    substr $text, $at, 1, pick(grep { $_ ne lc $old } 'a' .. 'f', 0 .. 9);

    return $text;
}


sub wrong_key {
    my ($m, $place) = @_;

    signed($m, $place, undef, 'another key, which is not the right one');

    return ('wrong', 'another key');
}


sub no_credential { return ('wrong', 'no credential') }


sub wrong_method {
    my ($m, $place) = @_;

    signed($m, $place);
    $m->{method} = pick(qw/PUT DELETE PATCH OPTIONS/,
                        $place->{get} ? () : 'GET');

    return ('wrong', 'another method');
}


sub repeated {
    my ($m, $place) = @_;

    signed($m, $place);

    my ($header) = grep { $_->[0] eq $place->{header} } @{ $m->{headers} };
    my $second = [$header->[0], pick($header->[1], 'x', '')];

    if (chance(50)) {
        push @{ $m->{headers} }, $second;

    } else {
        unshift @{ $m->{headers} }, $second;
    }

    return ('wrong', 'credential repeated');
}


sub wrong_body {
    my ($m, $place) = @_;

    my $how = pick(sort keys %spoil);
    my $right = $m->{body};

    signed($m, $place);
    $spoil{$how}->($m);

    # it may have been a request before
    $m->{body} .= 'x' if $m->{body} eq $right;

    return ('wrong', $how);
}


# What must never be taken for a request of its own.
sub smuggle {
    my ($m) = @_;

    $m->{body} = "POST /open HTTP/1.1\r\nHost: localhost\r\ntext: x\r\n"
                 . "X-Mark: $m->{id}\r\nContent-Length: 0\r\n\r\n" x 3;
}


sub stale {
    my ($m, $place) = @_;

    $m->{time} -= pick(400, 4000, 400_000);
    signed($m, $place);

    return ('wrong', 'an old time');
}


sub wrong_url {
    my ($m, $place) = @_;

    signed($m, $place);
    push @{ $m->{args} }, "more=$m->{id}";

    return ('wrong', 'another URL');
}


sub wrong_of_place {
    my ($m, $place) = @_;

    my $how = pick(sort keys %{ $place->{wrongs} });

    $place->{wrongs}{$how}->($m, sub { signed($m, $place) });

    return ('wrong', $how);
}


# The credential is right, the request as it is sent is not.
sub wrong_wire {
    my ($m, $place, $protocol) = @_;

    signed($m, $place);
    $m->{wire} = pick(@{ $wires{$protocol} });

    # a shorter body is another one, not an incomplete one
    $m->{wire} = 'long'
        if $m->{wire} eq 'short'
           && ($place->{loose} || ($place->{wrong} // '') eq 'pass'
               || $m->{body} eq '');

    return ($m->{wire} =~ /both|old/ ? 'either' : 'broken',
            "wire $m->{wire}");
}


# The bytes of a request.
sub wrapped {
    my ($m, $place, $must, $how, $protocol) = @_;

    my @headers = (['X-Mark', $m->{id}],
                   ['X-App', $place->{app} // application()],
                   ['Content-Type', $m->{type}], @{ $m->{headers} });

    push @headers, extra() if chance(30);

    my $wire = $m->{wire} // '';
    my $request = {
        id => $m->{id}, mark => $m->{mark}, place => $place, must => $must,
        how => $how, body => $m->{body}, headers => \@headers, message => $m,
        app => $headers[1][1], ends => $wire ne '',
        shut => scalar($wire =~ /long|chunk/),
    };

    $request->{again} = $must eq 'pass' && $place->{replay};

    $request->{group} = "$place->{name} $m->{mark}"
        if $place->{replay} && $must eq 'pass';

    return $request if $protocol ne 'one';

    my $version = $wire eq 'old' || !$wire && chance(10) ? '1.0' : '1.1';

    $request->{ends} = 1 if $version eq '1.0';
    $request->{version} = $version;
    $request->{framing} = $wire =~ /chunk|both|old/
                          || !$wire && $version eq '1.1'
                             && $m->{body} ne '' && chance(30)
                          ? 'chunked' : 'length';

    return $request;
}


sub application {
    return chance(85) ? 202 : pick(qw/204 500 slow slow close/);
}


sub extra {
    return pick(['X-Empty', ''], ['X-Long', 'l' x rand 3000],
                ['x-bytes', "\xc3\xa9\xff"], ['X-Spaces', 'a  b'],
                ['Accept', '*/*']);
}


sub client_one {
    my (@requests) = @_;

    my $bytes = '';
    my @pieces;

    for my $request (@requests) {
        my $last = $request == $requests[-1];
        my $expects = @requests == 1 && $request->{version} eq '1.1'
                      && !$request->{message}{wire} && chance(10);
        my ($head, $body) = bytes($request, $last, $expects);

        @pieces = ($head, \$body) if $expects;
        $bytes .= $head . $body;
    }

    my $reset = chance(4);

    @pieces = pieces($bytes) if !@pieces;
    splice @pieces, 1 + rand @pieces if $reset;

    return (pieces => \@pieces, bytes => $bytes, reset => $reset,
            shut => $requests[-1]{shut});
}


sub bytes {
    my ($request, $last, $expects) = @_;

    my $m = $request->{message};
    my $wire = $m->{wire} // '';
    my $length = length($m->{body})
                 + ($wire eq 'short' ? -1 - int rand length($m->{body}) / 2
                    : $wire eq 'long' ? 1 + int rand 100 : 0);
    my @framing = (
        $request->{framing} eq 'chunked' ? ['Transfer-Encoding', 'chunked']
                                         : ['Content-Length', $length],
        $wire eq 'both' ? ['Content-Length', $length] : (),
        $expects ? ['Expect', '100-continue'] : (),
        $last ? ['Connection', 'close'] : (),
    );

    my $end = !$wire && chance(5) ? "\n" : "\r\n";
    my @lines = ("$m->{method} " . target($m) . " HTTP/$request->{version}",
                 'Host: hooks.example.com',
                 map { recased($_->[0]) . ": $_->[1]" }
                 @{ $request->{headers} }, @framing);

    my $body = $request->{framing} eq 'chunked' ? chunked($m->{body}, $wire)
                                                : $m->{body};

    return (join($end, @lines, '', ''), $body);
}


sub recased {
    my ($name) = @_;

    return chance(90) ? $name : chance(50) ? lc $name : uc $name;
}


# In chunks of any size; of a broken one the last is none.
sub chunked {
    my ($body, $wire) = @_;

    my @chunks = cut($body);

    return join '', (map { sprintf "%x\r\n%s\r\n", length, $_ } @chunks),
                    $wire eq 'chunk' ? pick("zz\r\n", "-1\r\n\r\n",
                                            'f' x 17 . "\r\n")
                                     : "0\r\n\r\n";
}


# Cut anywhere, into a few pieces or not at all.
sub cut {
    my ($bytes) = @_;

    my @at = sort { $a <=> $b } map { int rand length($bytes) + 1 }
             1 .. (chance(40) ? 0 : 1 + rand 5);
    my @pieces;

    for my $from (reverse 0, @at) {
        unshift @pieces, substr $bytes, $from, length($bytes) - $from, '';
    }

    return grep { length } @pieces;
}


sub pieces {
    my ($bytes) = @_;

    return cut($bytes);
}


sub client_two {
    my ($request) = @_;

    my $buffer = bless { buffer => '', timeout => 10 },
                       'WebhookTest::Connection';
    my $h2 = WebhookTest::HTTP2->new($buffer);
    my $m = $request->{message};

    $h2->begin(method => $m->{method}, uri => target($m),
               headers => $request->{headers}, body => $m->{body},
               $m->{body} eq '' || chance(50)
                   ? (length => length $m->{body}) : ());

    return (pieces => [], h2 => $h2, bytes => $h2->{out} . $m->{body});
}


# Each request in frames of any size, and its bytes in packets of any size.
sub client_three {
    my ($ports, $client, @requests) = @_;

    my $reset = chance(6) ? pick('stream', 'connection') : undef;
    my @streams = map { stream($_) } @requests;
    my $last = $streams[-1];

    if ($reset) {
        $last->{bytes} = substr $last->{bytes}, 0,
                                rand 1 + length $last->{bytes};
        $last->{cut} = 1;
    }

    my $tls = certificate($client->{certificate}, 'h3');

    return (pieces => [], reset => $reset,
            bytes => join('', map { $_->{shown} . $_->{bytes} } @streams),
            three => { port => $ports->{tls}, streams => \@streams,
                       reset => $reset, cert => $tls->{cert} && $tls });
}


# The head of a request and its frames, as FuzzRequests::Three has it.
sub stream {
    my ($request) = @_;

    my $m = $request->{message};
    my $wire = $m->{wire} // '';
    my %head = (method => $m->{method}, uri => target($m),
                headers => $request->{headers});

    $head{length} = length($m->{body})
        + ($wire eq 'short' ? -1 - int rand length $m->{body}
           : $wire eq 'long' ? 1 + int rand 100 : 0)
        if $wire =~ /short|long/
           || $wire eq '' && ($m->{body} eq '' || chance(50));

    $head{step} = 1 + int rand 40 if length $m->{body} < 1000 && chance(20);

    my $bytes = join '', map {
        (chance(10) ? frame(pick(DATA, RESERVED), '') : (), frame(DATA, $_))
    } cut($m->{body});

    # one that is not whole, or what comes after the body
    $bytes .= $wire eq 'frame' ? substr frame(DATA, 'x' x 50), 0, 2 + rand 40
            : chance(5) ? frame(HEADERS, "\0\0" . literal(0x20, 3, 'x-trailer',
                                                         'of the body'))
            : '';

    return { head => \%head, bytes => $bytes,
             shown => "$m->{method} $head{uri}\n"
                      . join('', map { "$_->[0]: $_->[1]\n" }
                             @{ $request->{headers} }) };
}


# WebhookTest loads it where there is HTTP/3.
sub frame { return WebhookTest::HTTP3::frame(@_) }


1;
