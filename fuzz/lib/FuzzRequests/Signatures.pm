package FuzzRequests::Signatures;

# Senders whose signature says by itself what is signed, how, or by which key:
# HTTP messages (RFC 9421), detached JSON Web Signatures, and keys that are
# found by their ids.  The fields of a place are explained in Places.pm.

use strict;
use warnings;

use Digest::SHA qw/hmac_sha256/;
use Exporter qw/import/;
use File::Temp;
use MIME::Base64 qw/encode_base64 encode_base64url/;

use FuzzRequests::Senders qw/host target key_of add mac pool signer/;
use WebhookTest::Cert qw/write_file/;
use WebhookTest::Jose qw/jwks/;
use WebhookTest::MessageSignature qw/content_digest signature_base/;

our @EXPORT_OK = qw/signatures/;

my $start = time;
my $files = File::Temp->newdir('keys-XXXXXX', TMPDIR => 1);

# workers read the files, too
chmod 0755, "$files";


sub signatures { return (messages(), detached(), by_id()) }


sub messages {
    my @all = qw/@method @target-uri content-type content-digest/;
    my @bodiless = qw/@method @target-uri/;
    my %hmac = (options => 'algorithm=hmac-sha256', time => 1, url => 1,
                by => sub { hmac_sha256(@_) });
    my $around = 'GATE error_page 400 403 405 413 = @bare; APP';
    my ($sign, $secret) = two_keys('message', 'EdDSA');

    return (
        message('message', \@all, %hmac),
        message('message-streamed', \@all, %hmac, conf =>
                'proxy_request_buffering off; proxy_http_version 1.1;'),
        message('message-refused', \@all, %hmac, wrong => 'bare',
                locations => [['/message-refused', $around]]),
        message('message-once', \@all, %hmac, replay => 1,
                rules => 'replay key=$webhook_nonce;',
                conf => 'webhook_replay zone=fuzz;'),
        message('message-alone', \@bodiless, %hmac, wrong => 'bare',
                rules => 'body none;', body => 'none',
                locations => [['/message-alone', $around]]),
        message('message-loose', \@bodiless, %hmac, loose => 1,
                rules => 'body unsigned;'),
        message('message-by-id', ['@path', @all[0, 2, 3]], by => $sign,
                options => 'algorithm=ed25519 requires=created,keyid',
                rules => 'window 1d;', created => $start, key => undef,
                params => ';keyid="one"', secret => $secret,
                pool => pool('message')),
    );
}


# Signed by $want{by}->($base, $key).
sub message {
    my ($name, $covers, %want) = @_;

    return {
        key => key_of($name), header => 'Signature', %want, name => $name,
        conf => join(' ', "webhook $name;", $want{conf} // ()),
        provider => "webhook_provider $name { signature http-message covers="
                    . join(',', @$covers) . " $want{options}; "
                    . ($want{rules} // '') . " }\n",
        wrongs => message_wrongs(@$covers),
        sign => sub {
            my ($m, $c, $key) = @_;

            my @covers = @{ $m->{covers} // $covers };

            add($m, 'Content-Digest', content_digest($m->{body}, 'sha-256'))
                if grep { $_ eq 'content-digest' } @covers;

            my $input = '(' . join(' ', map { qq("$_") } @covers)
                        . ');created=' . ($want{created} // $m->{time})
                        . qq(;nonce="n-$m->{mark}") . ($want{params} // '');
            my $signature = $want{by}->(base($m, $input), $key);

            add($m, 'Signature-Input', "sig=$input");
            add($m, 'Signature',
                'sig=:' . $c->(encode_base64($signature, '')) . ':');
        },
    };
}


sub base {
    my ($m, $input) = @_;

    return signature_base({
        scheme => 'https', host => host(), uri => target($m),
        method => $m->{method},
        headers => [['Content-Type', $m->{type}], @{ $m->{headers} }],
    }, $input);
}


# Another message than the one that was signed, or too little of it.
sub message_wrongs {
    my (@covers) = @_;

    my $input = 'Signature-Input';
    my %wrongs = (
        'covers less' => with(covers => [@covers[0 .. $#covers - 1]]),
        'component removed' => changed($input, sub { s/\(\S+ /(/ }),
        'another time' => changed($input,
            sub { s/created=\K(\d+)/$1 + 1/e }),
        'another label' => changed('Signature', sub { s/sig/other/ }),
        'two signatures' => changed('Signature.*',
            sub { $_ .= ', ' . s/sig/other/r }),
        'no Signature-Input' => changed($input, sub { undef $_ }),
    );

    if ($covers[-1] eq 'content-digest') {
        $wrongs{'another digest'} = changed('Content-Digest',
            sub { $_ = content_digest('x', 'sha-256') });
        $wrongs{'no digest'} = changed('Content-Digest', sub { undef $_ });
    }

    return \%wrongs;
}


# Signed, and then the values of headers are changed; none is left of undef.
sub changed {
    my ($names, $change) = @_;

    return sub {
        my ($m, $sign) = @_;

        $sign->();

        for my $header (@{ $m->{headers} }) {
            next if $header->[0] !~ /^$names\z/;
            $change->() for $header->[1];
        }

        @{ $m->{headers} } = grep { defined $_->[1] } @{ $m->{headers} };
    };
}


# By one of two keys of a file, "one" and "two": the id is "one", and what
# another key has signed was signed by the second.
sub two_keys {
    my ($file, $alg) = @_;

    my %key = map { $_ => WebhookTest::Jose->new($alg) } qw/one two/;
    my ($one, $two) = map { my $key = $_; signer(sub { $key->sign(@_) }) }
                      @key{qw/one two/};

    write_file("$files/$file",
               jwks(map { $key{$_}->jwk(kid => $_) } sort keys %key));

    return (sub { return (defined $_[1] ? $two : $one)->($_[0]) },
            "webhook_secret jwks:$files/$file;");
}


sub detached {
    my ($sign, $secret) = two_keys('jws', 'ES256');

    return (
        jws('jws', 'hs256', key => key_of('jws'),
            by => sub { hmac_sha256(@_) }),
        jws('jws-by-id', 'es256', by => $sign, secret => $secret,
            pool => pool('jws'), kid => ',"kid":"one"'),
    );
}


# The payload is as it is or, for every other message, in Base64.
sub jws {
    my ($name, $alg, %want) = @_;

    my $header = 'X-Jws-Signature';
    my $fields = '"alg":"' . uc($alg) . '"' . ($want{kid} // '');

    return {
        header => $header, %want, name => $name, conf => "webhook $name;",
        provider => "webhook_provider $name { signature header:$header "
                    . "algorithm=jws-$alg; }\n",
        wrongs => {
            'alg none' => with(fields => '"alg":"none"'),
            'another alg' => with(fields => '"alg":"HS512"'),
            'crit' => with(fields => "$fields,\"crit\":[\"x\"],\"x\":1"),
            'b64 without crit' => with(fields => "$fields,\"b64\":false"),
            'payload in it' => changed($header, sub { s/\.\./.e30./ }),
            map({ ("id $_" => with(fields => $fields =~ s/one/$_/r)) }
                $want{kid} ? qw/two none/ : ()),
        },
        sign => sub {
            my ($m, $c, $key) = @_;

            my $plain = $m->{mark} =~ /[02468]z/;
            my $first = encode_base64url('{' . ($m->{fields} // $fields
                . ($plain ? ',"b64":false,"crit":["b64"]' : '')) . '}');
            my $payload = $plain ? $m->{body} : encode_base64url($m->{body});
            my $signature = $want{by}->("$first.$payload", $key);

            add($m, $header, "$first.." . $c->(encode_base64url($signature)));
        },
    };
}


# Signed with something else in the message.
sub with {
    my ($name, $value) = @_;

    return sub {
        my ($m, $sign) = @_;

        $m->{$name} = $value;
        $sign->();
    };
}


# The id is a header of its own.
sub by_id {
    my $id = 'X-Key-Id';
    my ($sign, $secret) = two_keys('by-id', 'EdDSA');

    return {
        name => 'by-id', header => 'X-Sig', secret => $secret,
        pool => pool('byid'), conf => 'webhook by-id;',
        provider => "webhook_provider by-id { signature header:X-Sig "
                    . "algorithm=ed25519 encoding=base64; key_id header:$id; "
                    . "message \$http_x_key_id.\$webhook_body; }\n",
        wrongs => {
            'no id' => changed($id, sub { undef $_ }),
            'another id' => with(id_of_key => 'two'),
            'no such id' => with(id_of_key => 'x'),
        },
        sign => sub {
            my ($m, $c, $key) = @_;

            my $name = $m->{id_of_key} // 'one';

            add($m, $id, $name);
            add($m, 'X-Sig', $c->(encode_base64(
                $sign->("$name.$m->{body}", $key), '')));
        },
    };
}


1;
