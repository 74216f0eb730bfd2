package WebhookTest::Ask;

# What a test asks and what comes of it: methods of WebhookTest, above its
# ->request, and functions over what they return.
#
#     my %request = (uri => '/hook', body => '{}');
#
#     $t->accepted('a token', { %request, headers => [['X-Token', $token]] });
#     $t->refused('no token', 403, 'token_missing', { %request });
#
# A request is a hash for ->request, with POST as its method unless told.  For
# ->refused the configuration has "add_header X-Reason $webhook_reason always".

use strict;
use warnings;

use Encode qw/encode_utf8/;
use Exporter qw/import/;
use Test::More;

our @EXPORT_OK = qw/header outcome/;


# The answer; where there is none, one of status "none".
sub answer {
    my ($self, $request) = @_;

    return $self->request({ method => 'POST', %$request })
           // { status => 'none', body => '', raw => '', header => {},
                headers => [], interim => [] };
}


sub status {
    my ($self, $request) = @_;

    return $self->answer($request)->{status};
}


# The answer again, from the parts that most requests have.
sub post {
    my ($self, $uri, $body, $headers, %more) = @_;

    return $self->answer({ uri => $uri, body => $body,
                           headers => $headers // [], %more });
}


# The answer, then what the application has received since.
sub ask {
    my ($self, $request) = @_;

    $self->app_clear;
    my $response = $self->answer($request);

    return ($response, $self->app_requests);
}


# The application has received this request, once and with this body, and has
# answered.  Returns what it has received.
sub accepted {
    my ($self, $name, $request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($response, @seen) = $self->ask($request);

    ok($response->{status} eq '202' && @seen == 1
       && $seen[0]{body} eq ($request->{body} // ''), printable($name))
        or diag(outcome($response), " $response->{body}");

    return $seen[0];
}


# The answer has this status, nginx had this reason, and the application has
# received nothing.  Returns the answer.
sub refused {
    my ($self, $name, $status, $reason, $request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($response, @seen) = $self->ask($request);

    ok(outcome($response) eq "$status $reason" && @seen == 0,
       printable($name))
        or diag(outcome($response), " $response->{body} ", scalar @seen);

    return $response;
}


# Refused by a rule for the payload, and told so as documented.
sub invalid {
    my ($self, $name, $pointer, $rule, $request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $response = $self->refused($name, 422, 'payload_invalid', $request);

    is($response->{body}, qq({"status":422,"error":"unprocessable content",)
       . qq("reason":"payload_invalid","pointer":"$pointer",)
       . qq("rule":"$rule"}\n), printable("$name: what is said"));
}


# Refused because the payload is not JSON, and told so as documented.
sub no_json {
    my ($self, $name, $says, $request) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $response = $self->refused($name, 400, 'json_invalid', $request);
    my ($rule) = $response->{body} =~
        /^\{"status":400,"error":"bad\ request","reason":"json_invalid",
          "pointer":"","rule":"([^"]*)"\}\n\z/x;

    like($rule // $response->{body}, ref $says ? $says : qr/^\Q$says\E\z/,
         printable("$name: what is said"));
}


sub printable {
    my ($name) = @_;

    $name =~ s/([^ -~])/sprintf '\x%02x', ord $1/ge;

    return length $name > 120 ? substr($name, 0, 117) . '...' : $name;
}


# A connection on which the request has been sent; the answer is still to be
# read.
sub begin {
    my ($self, $request) = @_;

    my $c = $self->connection(%$request);

    $c->send(join '', WebhookTest::format_request(
        method => 'POST', connection => 'close', %$request));

    return $c;
}


# The digests of the bodies that the application has received; the whole
# record of a large one takes long to parse.
sub app_digests {
    my ($self) = @_;

    return $self->log_file('app') =~ /"sha256":"(\w+)"/g;
}


# The status and the reason, if any; "none" where there is no answer.
sub outcome {
    my ($response) = @_;

    $response // return 'none';

    my $reason = $response->{header}{'x-reason'};

    return join ' ', $response->{status}, $reason // ();
}


# The bytes of a header in what the application has received; of a repeated
# one all of them with "|" in between.
sub header {
    my ($seen, $name) = @_;

    # the application's record is UTF-8
    return encode_utf8 join '|', map { $_->[1] }
           grep { lc $_->[0] eq lc $name } @{ $seen->{headers} };
}


1;
