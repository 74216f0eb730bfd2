#!/usr/bin/perl

# Senders' own libraries, from npm, say of a request what the gate says: of
# the vectors that it accepts, with another body, with the credential twice,
# cut anew, and two hours later.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IPC::Open2;
use JSON::PP;
use MIME::Base64;
use Test::More;

use WebhookTest;
use WebhookTest::Npm qw/node_missing/;
use WebhookTest::Vector qw/claims directives public_url secret_files/;

my $root = "$FindBin::Bin/..";
my $folder = ($ENV{WEBHOOK_BUILD} // "$root/build") . '/sdks';
my $now = 1_700_000_000;
my $later = $now + 7200;
my $json = JSON::PP->new->canonical->utf8;

# Where a library does not say what the gate says, by provider and kind of
# request, or by the vector's name, and why.
my %differs = (
    (map { ("$_ later" => 'its library does not look at the time') }
         qw/discord discord-events replicate sanity sendgrid truelayer
            vonage/),
    (map { ("$_ cut anew" => 'its library does not see where the time ends') }
         qw/discord discord-events sendgrid/),
    (map { ("own-$_" => 'its library knows SHA-1 only') }
         qw/twilio-shared-key twilio-shared-key-get twilio-json-shared-key/),
    'own-twilio-json-upper-case' => 'its library knows lower case only',
);

# Bodies that are not signed, so that another one is the same message.
my $body_not_signed = qr/\A(?:atlassian-forge|google-chat|google-pubsub
                           |mercadopago|microsoft-bot)\z/x;

my $missing = node_missing();

plan skip_all => $missing if $missing;
plan skip_all => 'npm is not there' if system('npm --version >/dev/null 2>&1');
plan skip_all => "npm did not install the senders' libraries"
    if system("$root/tools/sdks", $folder) != 0;

my ($in, $out);
my $judge = open2($out, $in, 'node', "$root/t/sdks/judges.js", $folder);

my @judged = @{ ask({ list => 1 }) };
my @vectors = map { vectors($_) } @judged;

cmp_ok(scalar @judged, '>=', 40, 'providers that are judged');
cmp_ok(scalar @vectors, '>=', scalar @judged, 'with vectors');

my $t = WebhookTest->new(now => $now, frozen => 1, conf => conf(),
                         files => secret_files());

for my $vector (@vectors) {
    same($vector, 'good', $vector, 1);
    same($vector, 'tampered', tampered($vector),
         $vector->{provider} =~ $body_not_signed ? 1 : 0);
    same($vector, 'cut anew', cut_anew($vector), 0);
    twice($vector);
}

$t->set_now($later);
sleep 1;                                # until nginx has seen it

same($_, 'later', { %$_, now => $later }, timed($_) ? 0 : 1)
    for @vectors;

close $in;
waitpid $judge, 0;
$t->done;
done_testing();


# The accepted ones of a provider that are of our time, or of any.
sub vectors {
    my ($name) = @_;

    my ($file) = grep { -e } map { "$root/t/vectors/$_-$name.json" }
                 qw/own provider/;

    my @found = grep { $_->{expect} eq 'accept' && $_->{method} ne 'HEAD'
                       && ($_->{now} // $now) == $now }
                @{ decode_json(WebhookTest::Cert::read_file($file)) };

    ok(@found > 0, "$name has vectors");

    return map { { %$_, provider => $name, now => $now,
                   body => decode_base64($_->{body_base64}) } } @found;
}


sub conf {
    my $n = 0;

    return join '', map {
        my $vector = $_;
        my $listen = $vector->{listen} = 's' . $n++;
        my $directives = directives($vector->{provider},
                                    webhook_secret => $vector->{secret})
                         . public_url($vector) . claims($vector);

        <<"END";
    server {
        listen unix:%%DIR%%/$listen;
        server_name $listen;

        location / {
            $directives
            proxy_set_header Host \$http_host;
            proxy_pass http://%%APP%%;
        }
    }
END
    } @vectors;
}


# The gate's verdict is that one, and so is the library's.
sub same {
    my ($vector, $kind, $request, $want) = @_;

    return if !$request;

    my $name = "$vector->{name}: $kind";
    my $said = verdict($request);

    is(gate($request), $want, "$name, the gate");

    my $why = $differs{ $vector->{name} }
              // $differs{"$vector->{provider} $kind"};

    return if $why && $want != ($said->{verdict} ? 1 : 0);

    is($said->{verdict} ? 1 : 0, $want, "$name, the sender's library")
        or diag($said->{error} // '');
}


# A credential twice is refused here.  Libraries get such headers joined, and
# some take the first.
sub twice {
    my ($vector) = @_;

    my @signatures = grep { $_->[0] =~ /sig|hmac|verification|authoriz/i }
                     @{ $vector->{headers} };

    is(gate({ %$vector, headers => [@{ $vector->{headers} }, @signatures] }),
       0, "$vector->{name}: with the credential twice, the gate");
}


sub gate {
    my ($request) = @_;

    my $response = $t->answer({
        unix => $t->dir . "/$request->{listen}", method => $request->{method},
        uri => $request->{uri}, headers => $request->{headers},
        body => $request->{body},
    });

    return $response->{status} =~ /^2/ ? 1 : 0;
}


sub verdict {
    my ($request) = @_;

    my %headers;

    for (@{ $request->{headers} }) {
        my $value = $headers{ lc $_->[0] };

        $headers{ lc $_->[0] } = defined $value ? "$value, $_->[1]" : $_->[1];
    }

    return ask({
        (map { ($_ => $request->{$_}) } qw/provider secret method now/),
        url => $request->{public_url}
               // "https://example.com$request->{uri}",
        claims => $request->{claims} // {}, headers => \%headers,
        body => $request->{body},
    });
}


# One line there, one line back.
sub ask {
    my ($question) = @_;

    print $in $json->encode($question), "\n";
    $in->flush;

    return $json->decode(scalar <$out>);
}


# The request with another digit or letter at the end of its body: what was JSON
# stays JSON.
sub tampered {
    my ($vector) = @_;

    my ($before, $char, $after) =
        $vector->{body} =~ /\A(.*)([0-9A-Za-z])([^0-9A-Za-z]*)\z/s or return;

    $char = $char =~ /\d/ ? ($char + 1) % 10 : $char eq 'z' ? 'y' : 'z';

    return { %$vector, body => "$before$char$after" };
}


# The last part ahead of the body takes the body's first byte.
sub cut_anew {
    my ($vector) = @_;

    my $rules = WebhookTest::Cert::read_file(
        "$root/providers/$vector->{provider}.conf");
    my ($part) = $rules =~ /\$(webhook_id|webhook_timestamp)\W*\$webhook_body/
        or return;
    my ($header) = $rules =~ /^\ +\Q@{[ $part =~ s,webhook_,,r ]}\E\ +
                              header:([^\s;]+)/mx or return;
    my ($first, $rest) = $vector->{body} =~ /\A(.)(.*)\z/s or return;

    return { %$vector, body => $rest,
             headers => [map { lc $_->[0] eq lc $header
                               ? [$_->[0], "$_->[1]$first"] : $_ }
                         @{ $vector->{headers} }] };
}


# Whether the request is too old later: its time is signed, or its token has an
# end.
sub timed {
    my ($vector) = @_;

    return WebhookTest::Cert::read_file(
        "$root/providers/$vector->{provider}.conf")
        =~ /^ +timestamp [^;]*past=|body_digest=none/m
        || $vector->{name} =~ /\Aown-(?:gong|livekit|messagebird|qstash
                                        |netlify-not)-/x;
}
