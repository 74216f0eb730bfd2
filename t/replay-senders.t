#!/usr/bin/perl

# webhook_replay by each built-in provider's own rule: what is a copy, and what
# is a message of its own.  All is made from the files of providers/; arguments
# are the names of those to try alone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Providers qw/%providers @built_in server files location
                              sends_to has arguments certificate body sent/;

my $now = time;

# As stackstate-strict wants it.
my $id = '00000000-0000-4000-8000-000000000001';

# A body that says something else, where a member more is not signed.
my %others = (
    adyen => sub { $_[0] =~ s/8825/8826/r },
    pelorus => sub { $_[0] =~ s/("(?:app|namespace)"\s*:\s*")/$1x/r },
    twilio => sub { "$_[0]&Other=1" },
);

# The headers that nginx has put there for the application.
my $hop = qr/\A(?:connection|content-length)\z/i;

my $t = WebhookTest->new(conf => conf(), files => { files() });

sends_to($t);
known($_) for @ARGV ? @ARGV : @built_in;

$t->done;
done_testing();


sub conf {
    my $locations = join '', map { location($_, replay($_)) } @built_in;

    return <<"EOF";
    webhook_zone seen 4m;
    add_header X-Verdict \$webhook_verdict always;
    proxy_set_header Host \$http_host;
    @{[server($locations)]}
EOF
}


# Windows are tested elsewhere.
sub replay {
    return 'webhook_replay zone=seen;'
        . (has($_[0], 'timestamp') ? ' webhook_window 1h future=1h;' : '');
}


sub known {
    my ($name) = @_;

    my ($rule) = $providers{$name} =~ /^\s*replay +(.*?);/m;
    my $key = !defined $rule ? 'signed' : $rule eq 'off' ? 'off'
            : $rule =~ /\bkey=(\S+)/ ? $1 : 'signed';
    my $any = $key eq 'off' ? 1 : 0;
    my $bytes = bytes($name);
    my $request = first($name, $bytes);

    delivered($name, 'a copy', $any, sub { $t->answer($request) });

    # of a header that is not signed a copy can have any
    my $header = unsigned_id($name);

    delivered($name, 'a copy with another id', $any,
              sub { $t->answer(with($request, $header, 'message-2')) })
        if defined $header;

    # nor what it says that its body is, or anything else
    changed($name, $request) if !$any && has($name, 'signature');

    # with another time, and all else the same
    delivered($name, 'a retry that is signed anew',
              $any || $key eq 'signed' ? 1 : 0,
              sub { message($name, $now + 1, $bytes) })
        if has($name, 'timestamp');

    my $other = ($others{$name} // \&other)->($bytes);

    delivered($name, 'another message with the same id',
              $any || $key ne '$webhook_id' && !without_body($name) ? 1 : 0,
              sub { $providers{$name} =~ /^\s*(?:signature|token +json:)/m
                    ? message($name, $now, $other)
                    : $t->answer({ %$request, body => $other }) });
}


# A sample of this sender, or any body.
sub bytes {
    my $file = body($_[0]);

    return $file =~ m{/github-} ? '{"a":1}'
                                : WebhookTest::Cert::read_file($file);
}


# The first message; what the application has received, as a request.
sub first {
    my ($name, $bytes) = @_;

    $t->app_clear;
    my $r = message($name, $now, $bytes);
    my ($got) = $t->app_requests;

    ok($got && $r->{status} =~ /\A2/, "$name: a message")
        or BAIL_OUT("$name: $r->{output}$r->{errors}");

    return {
        certificate_of($name), map({ $_ => $got->{$_} } qw/method uri body/),
        headers => [grep { $_->[0] !~ $hop } @{ $got->{headers} }],
    };
}


# webhook-send sends it, always with the same id.
sub message {
    my ($name, $time, $bytes) = @_;

    my $file = $t->write_file('message', $bytes);
    my @more = ((has($name, 'timestamp') ? ('--timestamp', $time) : ()),
                (has($name, 'id') ? ('--id', $id) : ()));

    return sent(arguments($name), @more, $file);
}


# How often the application receives what is sent.
sub delivered {
    my ($name, $what, $times, $send) = @_;

    $t->app_clear;
    my $r = $send->();

    is(scalar(() = $t->app_requests), $times, "$name: $what")
        or diag(explain([$r, $t->error_log =~ /(.*)\Z/]));
    like($r->{status}, qr/\A2/, "$name: $what: the sender is content");
}


# Each of its headers is changed, doubled or left out, and another one is there;
# it is a copy, or it is refused.
sub changed {
    my ($name, $request) = @_;

    my @headers = @{ $request->{headers} };
    my @changed = map { with($request, 'Content-Type', $_)->{headers} }
        'application/x-www-form-urlencoded', 'application/json',
        'multipart/form-data; boundary=x', 'text/plain';

    push @changed, map { [@headers, $_] } ['Content-Encoding', 'identity'],
        ['Authorization', 'Bearer x'], ['Cookie', 'a=b'];

    for my $i (grep { lc $headers[$_][0] ne 'host' } 0 .. $#headers) {

        my ($header, $value) = @{ $headers[$i] };

        for my $new ([], [$value, $value], [$value, ''], ['', $value],
                     ["\t$value"], ["$value, x=y"], ["$value;x=y"],
                     ["$value x"])
        {
            my @more = @headers;

            splice @more, $i, 1, map { [$header, $_] } @$new;
            push @changed, \@more;
        }
    }

    $t->app_clear;
    $t->answer({ %$request, headers => $_ }) for @changed;

    my @more = map { { %$request, uri => $request->{uri} . $_ } }
               $request->{uri} =~ /\?/ ? qw/& &x=1/ : qw/? ?x=1/;

    $t->answer($_) for @more, { %$request, chunked => 10 },
                       { %$request, version => '1.0' };

    is(scalar(() = $t->app_requests), 0, "$name: a copy that is changed")
        or diag(explain([$t->app_requests]));
}


sub certificate_of {
    my ($name) = @_;

    return has($name, 'client_certificate')
           ? (tls => certificate($providers{$name})) : ();
}


# The name of the header with the id, unless the message has it.
sub unsigned_id {
    my ($name) = @_;

    my ($header) = $providers{$name} =~ /^\s*id +header:(\S+?);/m or return;

    return $providers{$name} =~ /^\s*message .*\$webhook_id
                                 |covers=\S*,\Q$header\E\b/xmi
           ? undef : $header;
}


sub with {
    my ($request, $name, $value) = @_;

    return { %$request, headers => [
        (grep { lc $_->[0] ne lc $name } @{ $request->{headers} }),
        [$name, $value]] };
}


# One member or field more.
sub other { return $_[0] =~ s/\{/{"other":1,/r }


# Neither the body nor a digest of it is signed.
sub without_body {
    my ($name) = @_;

    return $name ne 'adyen' && $providers{$name} =~ /^\s*body +none;/m;
}
