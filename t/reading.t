#!/usr/bin/perl

# A message is read in one way only.  For every provider whose "message" has
# parts, by its own rules: a message that is signed, and has in its body all
# that is around the body, is cut anew between each two parts and at every
# place where the parts before the body come again.  What is signed stays the
# same, and none is accepted.  How it is signed does not matter here, so that
# is always an HMAC in hex.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib qw/crc32/;
use Digest::SHA qw/hmac_sha256_hex/;
use File::Basename;
use JSON::PP;
use Test::More;

use WebhookTest;

my $secret = 'a secret of this test alone';
my $now = 1_700_000_000;
my %times = (s => $now, unix => $now, ms => "${now}000",
             rfc3339 => '2023-11-14T22:13:20Z',
             http => 'Tue, 14 Nov 2023 22:13:20 GMT');
my $any = 14;                   # places around a cut where nothing separates
my $url = 'http://hooks.example.com';

# What the URL and the method are is not a request's choice; see "Where pieces
# begin" in docs/security.md.
my $exempt = qr/\A\$(?:request_(?:method|uri)|webhook_url(?:_decoded)?)\z/;
my $in_url = qr/\A\$webhook_url(?:_decoded)?\z/;

my @all = map { provider($_) } glob "$FindBin::Bin/../providers/*.conf";
my @providers = grep { $_->{parts} } @all;

# what a message of the URL and a digest of the body has is one text
is_deeply([map { $_->{name} } grep { $_->{rules}{message} && !$_->{parts} }
           @all], [qw/twilio-json twilio/], 'all with parts are tried');
cmp_ok(scalar @providers, '>=', 30, 'there are providers');

my $t = WebhookTest->new(now => $now, frozen => 1, conf => conf());

cut_anew($_) for @providers;
twice(crisp => qr/\A\d+\z/, $now, $now + 1);
twice(named => qr/./, 1, 2);

$t->done;
done_testing();


# { name, rules => { name => [words] }, parts => [text or variable, ...] }
sub provider {
    my ($file) = @_;

    my $text = WebhookTest::Cert::read_file($file) =~ s/^\s*#.*\n//gmr;
    my %rules;

    $text =~ s/\A\s*webhook_provider \S+ \{//;

    while ($text =~ /((?:[^;'"]|'[^']*'|"[^"]*")+?);/g) {
        my ($name, @words) = map { s/\A(['"])(.*)\1\z/$2/sr =~ s/\\n/\n/gr }
                             $1 =~ /((?:'[^']*'|"[^"]*"|[^\s'"])+)/g;

        push @{ $rules{$name} }, \@words;
    }

    my ($message, $body) = map { ($rules{$_} // [[]])->[0][0] }
                           qw/message body/;
    my $raw = ($body // 'raw') eq 'raw';
    my @parts = grep { length } split /(\$\{[^}]+\}|\$\w+)/, $message // '';

    return { name => basename($file, '.conf'), rules => \%rules,
             parts => (grep { /\A\$/ && !/\A\$webhook_body\z/
                              && ($raw || !/$exempt/) } @parts)
                      ? \@parts : undef };
}


sub conf {
    my $conf = <<'EOF';
    webhook_provider own-named {
        signature  header:X-Crisp-Signature;
        message    '[$http_x_crisp_request_timestamp;$webhook_body]';
    }
EOF

    for my $p (@providers) {
        my ($signature, @more) = @{ $p->{rules}{signature}[0] };
        my $options = join ' ', map { "'$_'" } grep { /\A(?:list|field)=/ }
                                @more;

        $p->{signature} = $signature;
        ($p->{field}) = map { /\Afield=(.*)/ } @more;
        ($p->{list}) = map { /\Alist=(.*)/ } @more;

        # this test has one signature, not a list of them
        $options = '' if !defined $p->{field};

        $conf .= "webhook_provider own-$p->{name} {\n"
            . "signature $signature $options;\n"
            . join('', map { rule($p, $_) }
                       qw/timestamp id event message body/)
            . "}\n";
    }

    return $conf . "server {\n listen 127.0.0.1:%%PORT%%;\n"
        . "webhook_secret '$secret';\n webhook_public_url $url;\n"
        . "set \$paypal_webhook_id 1JE4291016473214C;\n"
        . join('', map { "location = /$_->{name} { webhook own-$_->{name}; "
                         . "proxy_pass http://%%APP%%; }\n" } @providers,
                                                        { name => 'named' })
        . "}\n";
}


sub rule {
    my ($p, $name) = @_;

    my $words = $p->{rules}{$name} or return '';

    return "$name " . join(' ', map { "'$_'" } @{ $words->[0] }) . ";\n";
}


sub cut_anew {
    my ($p) = @_;

    my @parts = @{ $p->{parts} };
    my ($at) = grep { $parts[$_] eq '$webhook_body' } 0 .. $#parts;
    my %value = map { $_ => value($p, $_) } @parts;
    my $raw = defined $at && !grep { /\A(?:crc32|form|sha256)/ }
                             map { $_->[0] } @{ $p->{rules}{body} // [] };

    if (defined $at) {
        my $before = join '', map { $value{$_} } @parts[0 .. $at - 1];
        my $again = join '', map { $value{$_} } @parts[1 .. $at - 1];
        my $after = join '', map { $value{$_} } @parts[$at + 1 .. $#parts];

        $p->{body} = qq/{"a":"$before,$again,$after,"}/;
        $value{'$webhook_body'} = $raw ? $p->{body}
                                       : sprintf '%u', crc32($p->{body});
    }

    my $message = join '', map { $value{$_} } @parts;

    is(status($p, \%value, $message), 202, "$p->{name}: as it is signed");

    my @cuts = ($raw || !defined $at) ? cuts($p, \%value) : ();

    push @cuts, again(\@parts, $at, \%value, $message)
        if $raw && $at && $parts[0] =~ /\A\$/;

    my @wrong = grep { status($p, $_, $message) =~ /\A2/ } @cuts;

    cmp_ok(scalar @cuts, '>', 0, "$p->{name}: there are cuts")
        if $raw || $p->{name} eq 'adyen';
    is(@wrong, 0, "$p->{name}: cut anew")
        or diag(explain($wrong[0]));
}


# The cuts between two neighbours, with the text that separates them.
sub cuts {
    my ($p, $value) = @_;

    my $parts = $p->{parts};
    my @chosen = grep { $parts->[$_] =~ /\A\$/ } 0 .. $#$parts;
    my @cuts;

    for my $n (0 .. $#chosen - 1) {
        my ($one, $two) = @$parts[@chosen[$n, $n + 1]];

        # the URL is what the location is exact for
        next if grep { /\A\$(?:request_method|paypal)/ } $one, $two;

        my $edge = join '', @$parts[$chosen[$n] + 1 .. $chosen[$n + 1] - 1];
        my $was = length $value->{$one};
        my $both = $value->{$one} . $edge . $value->{$two};

        for my $to (0 .. length($both) - length $edge) {
            next if $to == $was || substr($both, $to, length $edge) ne $edge;
            next if !can_be_sent($p, $one, substr $both, 0, $to)
                    || !can_be_sent($p, $two, substr $both, $to + length $edge);
            next if $edge eq '' && abs($to - $was) > $any
                    && !grep { /$in_url/ } $one, $two;

            push @cuts, { %$value, $one => substr($both, 0, $to),
                          $two => substr($both, $to + length $edge) };
        }
    }

    return @cuts;
}


# A URL begins with a scheme and a host, which the request does not choose; a
# header is one line.
sub can_be_sent {
    my ($p, $part, $text) = @_;

    return 0 if $text =~ /\n/ && (source($p, $part) // '') =~ /\Aheader:/;
    return $part !~ /$in_url/ || $text =~ m{\A\Q$url\E/[!-~]*\z};
}


# The first part ends where the rest of them comes again.
sub again {
    my ($parts, $at, $value, $message) = @_;

    my $rest = join '', map { $value->{$_} } @$parts[1 .. $at - 1];
    my $after = join '', map { $value->{$_} } @$parts[$at + 1 .. $#$parts];
    my $p = length $value->{ $parts->[0] };
    my @cuts;

    return if $rest eq '';

    while (($p = index $message, $rest, $p + 1) >= 0) {
        my $body = $p + length $rest;

        push @cuts, { %$value, $parts->[0] => substr($message, 0, $p),
                      '$webhook_body' => substr($message, $body,
                          length($message) - length($after) - $body) };
    }

    return @cuts;
}


# What a part is in a right message.
sub value {
    my ($p, $part) = @_;

    my %fixed = ('$webhook_body' => '', '$request_method' => 'POST',
                 '$request_uri' => "/$p->{name}",
                 '$webhook_url' => "$url/$p->{name}",
                 '$webhook_url_decoded' => "$url/$p->{name}",
                 '$paypal_webhook_id' => '1JE4291016473214C');

    return $part if $part !~ /\A\$/;
    return $fixed{$part} if exists $fixed{$part};
    return time_of($p)
        if $part eq '$webhook_timestamp'
           || $part eq '${' . ($p->{rules}{timestamp}[0][0] // '') . '}';

    # a free part may be anything
    return 'a:b:c' if grep { /\Afree=(.+)/ && $part eq "\${$1}" }
                      @{ $p->{rules}{message}[0] };

    return 'msg_2mB-3' . ($part =~ /(\w)\}?\z/)[0];
}


sub time_of {
    my ($p) = @_;

    my ($unit) = map { /\Aunit=(.*)/ } @{ $p->{rules}{timestamp}[0] };

    return $times{ $unit // 's' };
}


# The status of a request with these parts, and the signature of the message.
sub status {
    my ($p, $value, $message) = @_;

    my %r = (uri => "/$p->{name}", headers => [], form => [], json => {},
             body => $p->{body});

    for my $part (grep { /\A\$/ } @{ $p->{parts} }) {
        put($p, \%r, source($p, $part), $value->{$part});
    }

    for my $part (grep { /$in_url/ } @{ $p->{parts} }) {
        $r{uri} = $value->{$part} =~ s/\A\Q$url\E//r;
    }

    my $signature = hmac_sha256_hex($message, $secret);

    if (defined $p->{field}) {
        push @{ $r{fields} }, "$p->{field}=$signature";
        $signature = join $p->{list} // ',', @{ $r{fields} };
    }

    put($p, \%r, $p->{signature}, $signature);

    $r{body} = $value->{'$webhook_body'}
        if defined $p->{body} && $value->{'$webhook_body'} !~ /\A\d+\z/;
    $r{body} //= @{ $r{form} } ? join '&', @{ $r{form} }
                               : JSON::PP->new->encode($r{json});

    return $t->status({ uri => $r{uri}, body => $r{body}, headers => [
        @{ $r{form} } ? ['Content-Type', 'application/x-www-form-urlencoded']
                      : (), @{ $r{headers} } ] });
}


# Where a part is in a request, or undef.
sub source {
    my ($p, $part) = @_;

    return $1 if $part =~ /\A\$\{((?:json|form):.*)\}\z/;
    return 'header:' . $1 =~ tr/_/-/r if $part =~ /\A\$http_(\w+)\z/;
    return $p->{rules}{$1}[0][0]
        if $part =~ /\A\$webhook_(timestamp|id|event)\z/;

    return undef;
}


sub put {
    my ($p, $r, $source, $value) = @_;

    my ($kind, $name) = split /:/, $source // '', 2;

    defined $kind or return;

    if ($kind eq 'header') {
        push @{ $r->{headers} }, [$name, $value];
    } elsif ($kind eq 'field') {
        push @{ $r->{fields} }, "$name=$value";
    } elsif ($kind eq 'query') {
        $r->{uri} .= ($r->{uri} =~ /\?/ ? '&' : '?') . "$name="
            . $value =~ s/([^\w-])/sprintf '%%%02X', ord $1/ger;
    } elsif ($kind eq 'form') {
        push @{ $r->{form} }, "$name=$value";
    } elsif ($kind eq 'json') {
        put_json(\$r->{json}, $value, $name =~ m{/([^/]+)}g);
    }
}


sub put_json {
    my ($at, $value, @names) = @_;

    for (@names) {
        $at = /\A\d+\z/ ? do { $$at = [] if ref $$at ne 'ARRAY'; \$$at->[$_] }
                        : \$$at->{$_};
    }

    $$at = $value;
}


# A header of the message that comes twice: nginx makes one value of both, or
# takes the first.
sub twice {
    my ($name, $form, $one, $two) = @_;

    my $body = '{}';

    for my $times ([$one, $two], ["$one, $two"], [$one], []) {
        for my $signed ($one, "$one, $two", '') {
            my $right = @$times == 1 && $times->[0] eq $signed
                        && $signed =~ $form;
            my $status = $t->status({ uri => "/$name", body => $body,
                headers => [
                    (map { ['X-Crisp-Request-Timestamp', $_] } @$times),
                    ['X-Crisp-Signature',
                     hmac_sha256_hex("[$signed;$body]", $secret)] ] });

            is($status, $right ? 202 : @$times > 1 ? 400 : 403,
               "$name: times (@{[join ') (', @$times]}), signed ($signed)");
        }
    }
}
