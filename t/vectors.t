#!/usr/bin/perl

# Replays every vector of t/vectors/*.json against a running nginx.  A file
# provider-NAME.json or own-NAME.json is for the provider NAME, another one
# needs a line in %systems.  Every built-in provider must have vectors.
#
# Vectors of one provider with the same secrets share a server of their own on
# a socket of the file system, so that Host and the path stay the vector's.
# On a second one the server has replay protection: what was accepted is then
# sent twice more, and the last must be known as a duplicate.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use JSON::PP;
use MIME::Base64;
use Test::More;

use WebhookTest;
use WebhookTest::Vector qw/claims directives public_url secret_file
                           secret_files/;

# By file: what turns a vector into directives, with its secret as text or
# as { directive => text }.  A file provider-NAME or own-NAME needs no line
# where NAME is a provider with one secret.
my %systems = (
    'cloudstack'          => provider('cloudstack'),
    'netdata'             => \&netdata,
    'own-contentful'      => \&contentful,
    'own-netdata'         => certificate('netdata'),
    'own-netdata-strict'  => certificate('netdata-strict'),
    'own-paypal'          => \&paypal,
    'pelorus'             => provider('pelorus'),
    'pelorus-canonical'   => provider('pelorus'),
    'provider-asana'      => \&unknown_yet,
    'provider-contentful' => \&contentful,
    'provider-generic'    => \&generic,
    'provider-gitea'      => \&gitea,
    'provider-gitlab'     => \&gitlab,
    'provider-meta'       => \&meta,
    'provider-microsoft-graph' => \&unknown_yet,
    'provider-notion'     => \&unknown_yet,
    'provider-netdata'    => provider('netdata-bearer'),
    'provider-paypal'     => \&paypal,
    'provider-twilio'     => \&twilio,
    'rfc9421'             => \&rfc9421,
    'provider-x-twitter'  =>
        provider('x', qw/webhook_secret webhook_challenge_secret/),
    'stackstate'          => provider('stackstate'),
    'stackstorm'          => \&stackstorm,
);

# Where the gate may differ from the receiver behind it, by the vector's name:
# what it does instead, with its status if that is its own, and why.
my %instead = (
    (map { ("pelorus-canonical/$_" => [reject => 422,
                'yajl has no such words']) }
         qw/const-nan const-inf const-neginf/),
    (map { ("pelorus-canonical/$_" => [reject => 400,
                'half of a surrogate pair matches no signature']) }
         qw/lone-high high-then-bmp swapped-pair/),
    'pelorus-canonical/raw-surrogate-bytes' => [reject => 400,
        'a surrogate in UTF-8 is not UTF-8 to the gate'],
    'pelorus-canonical/bom' => [reject => 422,
        'a byte order mark is not JSON to the gate'],
    'pelorus-canonical/utf32-bom' => [reject => 400,
        'the gate reads UTF-8 only'],
    'pelorus/uri-swapped' => [accept => undef,
        'paths are for nginx, in its locations'],
    'provider-pelorus/pelorus-docs-as-sent-raw-body-does-not-match' => [
        accept => undef, 'the receiver takes the document in any spacing'],
    'stackstorm/underscore-header' => [reject => 403,
        'nginx drops such names (underscores_in_headers)'],
    'stackstorm/query-bad-utf8' => [accept => undef,
        'what is beside the credential is for the application'],
    'twilio-published-duplicate-params' => [reject => 403,
        'equal fields are signed as one, so nobody knows how many were sent'],
    'notion-verification-token-delivery' => [reject => 403,
        'it is not signed, and webhook_enforce off is there to let it in'],
    (map { ("stackstorm/$_" => [accept => undef,
                'which hooks there are only StackStorm knows']) }
         qw/uri-double-slash uri-case unknown-hook st2-array/),
);

# Vectors for what the module does not do yet, and why.
my %not_yet = (
    (map { ("hubspot-$_-published" => 'a plain hash, not to be relied on') }
         qw/v1 v2-get v2-post/),
);

# Blocks of provider-generic.json by the vector's name.
my @generic = (
    [qr/^adnanh-(sha\d+)/, 'generic-%s', 'signature header:X-Signature '
        . 'algorithm=hmac-%s prefix=%s= list=,;'],
    [qr/^convoy-(sha512)-hex/, 'generic-hex-%s',
        'signature header:X-Convoy-Signature algorithm=hmac-%s;'],
    [qr/^convoy-(sha512)-base64/, 'generic-base64-%s',
        'signature header:X-Convoy-Signature algorithm=hmac-%s '
        . 'encoding=base64;'],
    [qr/^gzip-body-signed-()/, 'generic-sha256'],
);

my $temp = File::Temp->newdir;
chmod 0755, "$temp";

my $ca = WebhookTest::ca("$temp", 'sender');
my $server = WebhookTest::cert($ca, subject => '/CN=localhost');
my %blocks;                             # webhook_provider by name
my %servers;                            # server blocks by their directives
my %seen;                               # vectors of a provider, by verdict

my @vectors = map { read_vectors($_) } sort glob "$FindBin::Bin/vectors/*.json";

# x signs challenges for anybody, so its secrets are no other provider's
for my $key (unique(map { group_of($_) } @vectors)) {
    my @group = grep { group_of($_) eq $key } @vectors;
    my $now = $group[0]{now} // '';
    my $t = WebhookTest->new(conf => conf(@group), files => secret_files(),
                             $now ne '' ? (now => $now, frozen => 1) : ());

    replay($t, $_) for @group;
    $t->done;
}

is(join(' ', sort keys %instead), '', 'every name in %instead is a vector');

covered($_) for sort glob "$FindBin::Bin/../providers/*.conf";

done_testing();


sub group_of {
    my ($vector) = @_;

    return ($vector->{now} // '')
           . ($vector->{directives} =~ /webhook x;/ ? ' x' : '');
}


# The file's vectors that are to be replayed, with {server} set.
sub read_vectors {
    my ($file) = @_;

    my $system = basename($file, '.json');

    my $directives_of = $systems{$system} // builtin($system);

    if (!$directives_of) {
        fail("$system.json is of a provider or has a line in \%systems");
        return;
    }

    my @ready;

    for my $vector (@{ decode_json(WebhookTest::Cert::read_file($file)) }) {
        if (my $why = $not_yet{ $vector->{name} }) {
            SKIP: { skip "$vector->{name}: $why", 1 }
            next;
        }

        my $directives = $directives_of->($vector);

        differs($system, $vector);
        seen($vector, $directives);

        if (($vector->{secret} // '') eq '') {
            refused_at_start($vector, $directives);
            next;
        }

        $vector->{server} = $servers{$directives} //= keys %servers;
        $vector->{directives} = $directives;
        push @ready, $vector;
    }

    return @ready;
}


# What a file's name says, if it is that of a built-in provider.
sub builtin {
    my ($system) = @_;

    my ($name) = $system =~ /^(?:provider|own)-(.+)/ or return;

    return -e "$FindBin::Bin/../providers/$name.conf" ? provider($name)
                                                       : undef;
}


sub seen {
    my ($vector, $directives) = @_;

    my ($name, $more) = $directives =~ /^webhook (\S+?)( [^;]+)?;/
        or die $directives;

    return if $more;                    # it may be for any of them

    my $stale = ($vector->{reason} // '') =~ /too.old/;

    $seen{$name}{ $vector->{expect} }++;
    $seen{$name}{stale}++ if $stale && $vector->{expect} eq 'reject';
}


# Is there a vector for what the provider's file promises?
sub covered {
    my ($file) = @_;

    my $name = basename($file, '.conf');
    my $rules = WebhookTest::Cert::read_file($file);
    my @wanted = qw/accept reject/;

    push @wanted, 'stale' if $rules =~ /^\s*timestamp\s[^;]*\bpast=/m;

    my @missing = grep { !$seen{$name}{$_} } @wanted;

    ok(!@missing, "$name has vectors") or diag("none: @missing");
}


# What the gate does instead of the receiver, and else the receiver's answer
# where the gate gives it for the receiver.
sub differs {
    my ($system, $vector) = @_;

    my $name = $vector->{name};
    my ($instead) = grep { $_ } delete @instead{ $name, "$system/$name" };

    if ($instead) {
        ($vector->{expect}, $vector->{status}, my $why) = @$instead;
        $vector->{name} .= " ($why)";

    } elsif ($system =~ /^pelorus/ && $vector->{expect} eq 'reject') {
        $vector->{status} = $vector->{receiver_status};
        $vector->{answer} = $vector->{receiver_body};

    } elsif ($vector->{reject_status}) {
        $vector->{status} = $vector->{reject_status};
    }
}


sub provider {
    my ($name, @secrets) = @_;

    @secrets = 'webhook_secret' if !@secrets;

    return sub {
        my ($vector) = @_;

        return directives($name, map { $_ => $vector->{secret} } @secrets)
               . public_url($vector) . claims($vector);
    };
}


# The request is answered before there is a key, or without one.
sub unknown_yet {
    my ($vector) = @_;

    $vector->{secret} ||= 'not known yet';

    return directives($vector->{provider}, webhook_secret => $vector->{secret});
}


# The secret's object says which of the sender's ways is meant.
sub netdata {
    my ($vector) = @_;

    my $secret = $vector->{secret};

    $vector->{expect} = 'respond' if $vector->{response_status};
    $vector->{response} = { status => $vector->{response_status},
                            json => $vector->{response_json} };

    return directives('netdata-basic', webhook_secret =>
                      "$secret->{basic}{user}:$secret->{basic}{password}")
        if $secret->{basic};

    return directives('netdata-bearer', webhook_secret => $secret->{bearer})
        if $secret->{bearer};

    $vector->{tls} = client_certificate($vector);

    return directives('netdata', $secret->{challenge_secret}
        ? (webhook_challenge_secret => $secret->{challenge_secret}) : ());
}


sub certificate {
    my ($name) = @_;

    return sub {
        my ($vector) = @_;

        $vector->{tls} = client_certificate($vector);

        return directives($name);
    };
}


# A token or a signature, whichever the sender has been set up for.
sub gitlab {
    my ($vector) = @_;

    my $secret = $vector->{secret};
    my ($signing, $token) = $secret =~ /^whsec_/
                            ? ($secret, 'another token') : ('whsec_YQ==', $secret);

    return directives('gitlab-signed gitlab')
        . ' webhook_secret file:%%DIR%%/' . secret_file($signing)
        . ' for=gitlab-signed;'
        . ' webhook_secret file:%%DIR%%/' . secret_file($token)
        . ' for=gitlab;';
}


# The application knows of more keys than the gate, one of them disabled.
sub stackstorm {
    my ($vector) = @_;

    return 'webhook stackstorm;' . join '', map {
        my ($key, $rule) = @$_;
        " webhook_secret file:%%DIR%%/"
            . secret_file($vector->{secret}{$key}) . " for=$rule;";
    } [api_key => 'api-key'], [token => 'token'];
}


# A certificate with the subject, and the verdict, that the vector assumes.
sub client_certificate {
    my ($vector) = @_;

    return {} if !$vector->{tls_client_s_dn};

    my @subject = map { [split /=/, $_, 2] }
                  reverse split /,/, $vector->{tls_client_s_dn};

    return WebhookTest::cert($ca, subject => \@subject,
        $vector->{tls_client_verify} =~ /expired/
            ? (until => '20200101000000Z') : ());
}


# A webhook has one of two content types.
sub gitea {
    my ($vector) = @_;

    return provider($vector->{name} =~ /form/ ? 'gitea-form' : 'gitea')
           ->($vector);
}


# The webhook's id is in the message and not in the request.
sub paypal {
    my ($vector) = @_;

    return provider('paypal')->($vector)
           . " set \$paypal_webhook_id $vector->{webhook_id};";
}


# Bodies are forms or JSON.  Twilio's own check tries its port as well, ours is
# told.
sub twilio {
    my ($vector) = @_;

    $vector->{public_url} =~ s{(?<=\w)/}{:443/}
        if $vector->{name} =~ /port-443-in-signed-url/;

    return provider($vector->{name} =~ /json/ ? 'twilio-json' : 'twilio')
           ->($vector);
}


# The vector's secret is the verify token; the application's own is ours.
sub meta {
    my ($vector) = @_;

    return directives('meta', webhook_secret => 'the application secret',
                      webhook_challenge_secret => $vector->{secret});
}


sub generic {
    my ($vector) = @_;

    for (@generic) {
        my ($pattern, $name, $rules) = @$_;

        my ($digest) = $vector->{name} =~ $pattern or next;

        $name =~ s/%s/$digest/;
        $rules =~ s/%s/$digest/g if $rules;
        $blocks{$name} //= $rules;

        return directives($name, webhook_secret => $vector->{secret});
    }

    die "no block for $vector->{name}";
}


# What each of the RFC's test cases covers at the least.
sub rfc9421 {
    my ($vector) = @_;

    my $name = "rfc9421-$vector->{block}";

    $blocks{$name} //= 'signature http-message requires=created,keyid ' . {
        pss => 'covers=@authority,content-digest algorithm=rsa-pss-sha512;',
        hmac => 'covers=date,@authority algorithm=hmac-sha256 key=base64; '
            . 'body unsigned;',
        ed25519 => 'covers=date,@method,@path algorithm=ed25519; '
            . 'body unsigned;',
        ecdsa => 'covers=@path,@query,client-cert '
            . 'algorithm=ecdsa-p256-sha256; body unsigned;',
    }->{ $vector->{block} };

    return directives($name, webhook_secret => $vector->{secret});
}


# The block that docs/providers.md has for it.
sub contentful {
    my ($vector) = @_;

    my $docs = WebhookTest::Cert::read_file(
        "$FindBin::Bin/../docs/providers.md");

    ($blocks{contentful}) =
        $docs =~ /^webhook_provider contentful \{\n(.*?)^\}/ms
        or die 'no contentful in docs/providers.md';

    return directives('contentful', webhook_secret => $vector->{secret});
}


sub conf {
    my (@group) = @_;

    my %used = map { $_->{server} => 1 } @group;

    return "webhook_zone once 8m;\n" . provider_blocks() . join '', map {
        my $name = socket_name($servers{$_});
        server($name, $_), server("$name.once", "$_ webhook_replay zone=once;")
    } grep { $used{ $servers{$_} } } sort keys %servers;
}


sub provider_blocks {
    return join '', map { "webhook_provider $_ { $blocks{$_} }\n" }
                    sort keys %blocks;
}


sub server {
    my ($listen, $directives) = @_;

    my $tls = $directives =~ /webhook netdata(-strict)?;/;
    $listen .= ' ssl' if $tls;
    my $certificates = $tls ? <<"EOF" : '';
        ssl_certificate $server->{cert};
        ssl_certificate_key $server->{key};
        ssl_verify_client optional;
        ssl_client_certificate $ca->{cert};
EOF

    return <<"EOF";
    server {
        listen unix:%%DIR%%/$listen;
        server_name $listen;
$certificates
        location / {
            $directives
            proxy_set_header Host \$http_host;
            proxy_pass http://%%APP%%;
        }
    }
EOF
}


sub socket_name {
    return "s$_[0]";
}


sub refused_at_start {
    my ($vector, $directives) = @_;

    my ($exit, $said) = WebhookTest::nginx_t(
        provider_blocks() . server('s0', $directives), files => secret_files());

    ok($exit != 0 && $said =~ /\[emerg\].* empty.* in .*:\d+$/m,
       "$vector->{name}: nginx -t refuses the empty secret")
        or diag($said);
}


sub replay {
    my ($t, $vector) = @_;

    $t->app_clear;

    my $body = decode_base64($vector->{body_base64});
    my %request = (
        unix => $t->dir . '/' . socket_name($vector->{server}),
        tls => $vector->{tls}, method => $vector->{method},
        uri => $vector->{uri}, headers => $vector->{headers}, body => $body,
    );
    my $response = $t->answer(\%request);

    my %problems = (accept => \&not_accepted, reject => \&not_rejected,
                    respond => \&not_responded);

    my @problems = $problems{ $vector->{expect} }->(
        $vector, $response, $body, $t->app_requests);

    ok(!@problems, "$vector->{name}: $vector->{expect}")
        or diag(join("\n", @problems),
                "\n$response->{status} $response->{body}");

    # a token without a body is no message, see t/replay.t
    return if $vector->{expect} ne 'accept' || $body eq '';

    $request{unix} .= '.once';

    # equal messages of this sender are no copies
    if (sends_equals($vector)) {
        $t->app_clear;
        $t->answer(\%request) for 1, 2;
        is(scalar($t->app_requests), 2, "$vector->{name}: each time");
        return;
    }

    # another vector may have had the same message before
    $t->app_clear;
    $t->answer(\%request);
    $response = $t->answer(\%request);

    is("$response->{status} $response->{body}",
       qq/200 {"status":200,"duplicate":true}\n/,
       "$vector->{name}: once");
    cmp_ok(scalar($t->app_requests), '<=', 1, "$vector->{name}: no duplicate");
}


# Whether the vector's provider has the rule "replay off".
sub sends_equals {
    my ($vector) = @_;

    my ($name) = $vector->{directives} =~ /^webhook (\S+);/m;
    my $file = "$FindBin::Bin/../providers/" . ($name // '') . '.conf';

    return -e $file && WebhookTest::Cert::read_file($file)
        =~ /^ +replay +off;/m;
}


sub not_accepted {
    my ($vector, $response, $body, @seen) = @_;

    return 'the status is none of 2xx' if $response->{status} !~ /^2\d\d$/;
    return 'the application saw ' . @seen . ' requests' if @seen != 1;

    my $header = sub {
        join "\n", sort map { lc($_->[0]) . ': ' . trim($_->[1]) } @_;
    };
    my %sent = map { lc($_->[0]) => 1 } @{ $vector->{headers} };
    my @came = grep { $sent{ lc $_->[0] } } @{ $seen[0]{headers} };

    my @problems;

    push @problems, 'the application saw another body'
        if $seen[0]{body} ne $body;
    push @problems, 'the application saw another request line'
        if "$seen[0]{method} $seen[0]{uri}"
           ne "$vector->{method} $vector->{uri}";
    push @problems, 'the application saw other headers'
        if $header->(@came) ne $header->(@{ $vector->{headers} });

    return @problems;
}


# Blanks around a header's value are not part of it (RFC 9110).
sub trim {
    my ($value) = @_;

    return $value =~ s/\A[ \t]+|[ \t]+\z//gr;
}


sub not_rejected {
    my ($vector, $response, $body, @seen) = @_;

    my @problems;

    push @problems, 'the status is none of 4xx and 5xx'
        if $response->{status} !~ /^[45]\d\d$/;
    push @problems, "the status is not $vector->{status}"
        if $response->{status} ne ($vector->{status} // $response->{status});
    push @problems, 'the application saw it' if @seen;

    return @problems if refused_by_nginx($vector);

    my $json = eval { decode_json($response->{body}) } // {};

    return @problems, not_the_receivers($vector, $response, $json)
        if $vector->{system} && $vector->{system} =~ /^pelorus/;

    push @problems, 'the body is no refusal in JSON'
        if ($response->{header}{'content-type'} // '') ne 'application/json'
           || ($json->{status} // '') ne $response->{status}
           || ($json->{error} // '') eq '';

    return @problems;
}


# Pelorus' own words.  Its 422 for what is not JSON shows the document and a
# position in it, ours does not.
sub not_the_receivers {
    my ($vector, $response, $json) = @_;

    my $want = $vector->{answer};

    return if !defined $want && $json->{detail};
    return 'the body is no refusal of Pelorus' if !defined $want;
    return if $response->{body} eq $want;

    my $same = eval { decode_json($want) } // return "the body is not $want";
    my $canonical = JSON::PP->new->canonical;

    return if $canonical->encode($same) eq $canonical->encode($json);
    return "the body is not $want";
}


# What does not reach the module: a certificate that does not verify, and a
# header that nginx allows only once.
sub refused_by_nginx {
    my ($vector) = @_;

    return ($vector->{tls_client_verify} // '') =~ /^FAILED/
           || 1 < grep { lc $_->[0] eq 'authorization' }
                  @{ $vector->{headers} };
}


sub not_responded {
    my ($vector, $response, $body, @seen) = @_;

    my $want = $vector->{response};
    my $type = ($response->{header}{'content-type'} // '') =~ s/;.*//r;
    my $canonical = JSON::PP->new->canonical->allow_nonref;

    my @problems;

    push @problems, "the status is not $want->{status}"
        if $response->{status} ne $want->{status};
    push @problems, 'the application saw it' if @seen;
    push @problems, "the type is $type"
        if $type ne ($want->{content_type} // $type);
    push @problems, "the body is not $want->{body}"
        if $response->{body} ne ($want->{body} // $response->{body});
    for (sort keys %{ $want->{headers} // {} }) {
        push @problems, "the header $_ is another"
            if ($response->{header}{ lc $_ } // '') ne $want->{headers}{$_};
    }

    push @problems, 'the JSON is another'
        if $want->{json}
           && $canonical->encode($want->{json}) ne
              (eval { $canonical->encode(decode_json($response->{body})) }
               // '');

    return @problems;
}


sub unique {
    my %seen;

    return grep { !$seen{$_}++ } @_;
}
