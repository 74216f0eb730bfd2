#!/usr/bin/perl

# tools/webhook-check: recorded mistakes are explained, and what nothing
# explains is not.  One run reads them all, each from a file of its own, with
# the configuration that has the mistakes of secrets in it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib;
use Digest::SHA qw/hmac_sha1 hmac_sha1_hex hmac_sha256 hmac_sha256_hex
                   sha256_hex/;
use Encode qw/encode/;
use File::Temp;
use JSON::PP;
use MIME::Base64;
use Test::More;

use WebhookTest::Cert qw/read_file write_file/;
use WebhookTest::Check qw/check/;
use WebhookTest::Ed25519 qw/old_openssl/;

use lib "$FindBin::Bin/../tools/lib";
use Webhook::Diagnosis;
use Webhook::Rules qw/read_rules/;

my $root = "$FindBin::Bin/..";
my $dir = File::Temp->newdir;

my $key = 'zmhC8aJ4dMeX1oQ7';
my $other = 'qT5bN0wLk2Rv9yUs';
my $time = 1768472430;
my $cases = WebhookTest::Check->new($dir, $time);

my $json = '{"b":[1,2.50,{}],"a":"caf\u00e9 \u003c/\u003e","url":"http://x/y"}';
my $pretty = <<'END';
{
  "b": [
    1
  ],
  "a": "c/d"
}
END

my $pair = WebhookTest::Ed25519->new;
my $public = unpack 'H*', substr $pair->der, -32;


# Locations: what is in the file of their secret, and the provider

my %secret = (
    plain => $key,
    double => qq/"$key"\n/, single => "'$key'", after => "$key \n",
    before => "\t$key", bom => "\xef\xbb\xbf$key", name => "SECRET=$key\n",
    export => qq/export GITHUB_SECRET="$key"\n/, breaks => "$key\r\n\r\n",
    literal => $key . '\n', utf16 => encode('UTF-16', $key),
    smart => "\xe2\x80\x9c$key\xe2\x80\x9d", lines => "$key\n$other\n",
    bearer => "Bearer $key", colon => "secret: $key", bomq =>
    "\xef\xbb\xbf 'KEY=$key'\n", upper => uc $key,
);
my %location = (
    (map { $_ => ["github", "file:$_"] } keys %secret),
    foreign => ['github', "file:foreign"],
    hexed => ['github', 'file:hexed decode=hex'],
    stripe => ['stripe', "whsec_$key"], bare => ['stripe', $key],
    slack => ['slack', $key], svix => ['svix', 'whsec_' . b64($key)],
    svixtext => ['svix', b64($key) . ' decode=text'],
    airtable => ['airtable', b64($key)],
    twilio => ['twilio', $key], trello => ['trello', $key],
    square => ['square', $key], hubspot => ['hubspot', $key],
    gitlab => ['gitlab', qq/'"$key"'/], token => ['gitlab', $key],
    signed => ['gitlab-signed', 'whsec_' . b64($key)],
    basic => ['netdata-basic', $key], user => ['netdata-basic', "netdata:$key"],
    netlify => ['netlify', $key],
    netlifyq => ['netlify', qq/'"$key"'/], gitea => ['gitea', $key],
    form => ['gitea-form', $key], discord => ['discord', $public],
    pelorus => ['pelorus', qq/'$key '/], linear => ['linear', $key],
    own => ['own', $key], paddle => ['paddle', $key],
    cloudstack => ['cloudstack', $key], zoom => ['zoom', $key],
    tenant => ['github', '$tenant_secret'],
);

$secret{foreign} = "${other}x";
$secret{hexed} = unpack 'H*', $key;

write_file("$dir/$_", $secret{$_}) for keys %secret;
write_file("$dir/nginx.conf", <<'EOT');
events { }
http {
    include hooks.conf;
    map $uri $tenant_secret { default ''; /tenant/a 'one tenant''s'; }
}
EOT
write_file("$dir/hooks.conf", <<"EOT" . join '', map {
map \$tenant \$tenant_secret {
    acme  tenantsecret0001;
    corp  tenantsecret0002;
}
webhook_provider own {
    signature  header:X-Own encoding=base64;
    timestamp  header:X-Time;
    message    \$webhook_timestamp:\$webhook_body;
}
server {
    server_name  hooks.example.com;
EOT
    my ($provider, $secret) = @{ $location{$_} };
    "    location = /$_ { webhook $provider; webhook_secret $secret; }\n"
} sort keys %location);
open my $out, '>>', "$dir/hooks.conf";
print $out <<"EOT";
    location = /public {
        webhook             square;
        webhook_public_url  https://hooks.example.com;
        webhook_secret      $key;
    }
}
EOT
close $out;


sub b64 { return encode_base64($_[0], '') }
sub recorded { return $cases->recorded(@_) }

sub github {
    my ($body, $with) = @_;

    return ['X-Hub-Signature-256: sha256=' . hmac_sha256_hex($body,
                                                             $with // $key)];
}


sub stripe {
    my ($body, $at, $with) = @_;

    return ["Stripe-Signature: t=$at,v1=" . hmac_sha256_hex("$at.$body",
            $with // "whsec_$key")];
}


# Secrets

my %said = (
    double => qr/without the quotes around it/,
    single => qr/without the quotes around it/,
    after => qr/without the spaces and line breaks around it/,
    before => qr/without the spaces and line breaks around it/,
    bom => qr/without its byte order mark/,
    name => qr/without "NAME=" before it/,
    export => qr/without "NAME=" before it, without the quotes around it/,
    breaks => qr/without the spaces and line breaks around it/,
    literal => qr/without "\\n" at its end/, utf16 => qr/from UTF-16/,
    smart => qr/without the quotes around it/, lines => qr/its first line/,
    bearer => qr/without "Bearer" before it/,
    colon => qr/without "NAME=" before it/,
    bomq => qr/byte order mark.*quotes around it/,
);

recorded("secret: $_", $_, github($json), $json,
         qr/is right with secret 1, file:$_ .*$said{$_}.*\n   -> Write/)
    for sort keys %said;

recorded('secret of another location', 'foreign', github($json), $json,
         qr/is right with secret 1 of location \S+\.\n   -> Give/);
recorded('secret decoded, and the sender has it as text', 'hexed',
         github($json, unpack 'H*', $key), $json, qr/not decoded/);
recorded('secret as text, and the sender has it decoded', 'svixtext',
         ['svix-id: m1', "svix-timestamp: $time", 'svix-signature: v1,'
          . b64(hmac_sha256("m1.$time.$json", $key))], $json,
         qr/decoded from Base64/);
recorded('"whsec_" taken off', 'bare', stripe($json, $time), $json,
         qr/with "whsec_" before it/);
recorded('secret of a tenant whom a map has', 'tenant',
         github($json, 'tenantsecret0002'), $json,
         qr/of "corp"|signed with secret 1, \$tenant_secret of "corp"/);
recorded('a tenant, and a body', 'tenant?of=acme', github("$json\n",
         'tenantsecret0001'), $json,
         qr/secret 1, \$tenant_secret of "acme", and for the body with a line/);


# Bodies

recorded('a line break is missing', 'plain', github("$json\n"), $json,
         qr/for the body with a line break at its end\.\n   -> Something/);
recorded('a line break too much', 'plain', github($json), "$json\n",
         qr/for the body without the line break at its end/);
recorded('CR LF made LF', 'plain', github("a\r\nb\r\n"), "a\nb\n",
         qr/with CR LF in the place of LF/);
recorded('LF made CR LF', 'plain', github("a\nb\n"), "a\r\nb\r\n",
         qr/with LF in the place of CR LF/);
recorded('JSON made pretty', 'plain', github('{"b":[1],"a":"c/d"}'),
         $pretty, qr/the body as JSON compact/);
recorded('JSON made compact', 'plain', github('{"b": [1], "a": "c/d"}'),
         '{"b":[1],"a":"c/d"}', qr/the body as JSON with spaces/);
recorded('JSON with its spaces lost', 'plain', github($pretty),
         '{"b":[1],"a":"c/d"}', qr/two spaces a level, with a line break/);
recorded('JSON that was sorted', 'plain', github('{"a":"c/d","b":[1]}'),
         '{"b":[1],"a":"c/d"}', qr/as JSON compact, sorted by names/);
recorded('escapes of JSON decoded', 'plain', github('{"a":"caf\u00e9"}'),
         "{\"a\":\"caf\xc3\xa9\"}", qr/with \\u escapes/);
recorded('letters of JSON escaped', 'plain',
         github("{\"a\":\"caf\xc3\xa9\"}"),
         '{"a":"caf\u00e9"}', qr/without \\u escapes/);
recorded('slashes unescaped', 'plain', github('{"u":"http:\/\/x"}'),
         '{"u":"http://x"}', qr{with "\\/" for "/"});
recorded('packed, and signed before', 'plain',
         [@{ github($json) }, 'Content-Encoding: gzip'],
         Compress::Zlib::memGzip($json), qr/for the body unpacked/);
recorded('a byte order mark before it', 'plain', github($json),
         "\xef\xbb\xbf$json", qr/without a byte order mark/);
recorded('another charset', 'plain', github("caf\xe9 <"), "caf\xc3\xa9 <",
         qr/in ISO 8859-1/);
recorded('in a JSON string', 'plain', github($json), JSON::PP->new
         ->allow_nonref->encode($json), qr/taken out of a JSON string/);
recorded('the body is lost', 'plain', github($json), '',
         undef);
recorded('a form decoded and encoded', 'slack',
         ["X-Slack-Request-Timestamp: $time", 'X-Slack-Signature: v0='
          . hmac_sha256_hex("v0:$time:a=b%20c", $key)], 'a=b+c',
         qr/with "%20" in the place of "\+"/);
recorded('a secret and a body at once', 'double', github($json), "$json\n",
         qr/without the quotes .* without the line break/);
recorded('a public key, JSON made pretty', 'discord',
         ["X-Signature-Timestamp: $time", 'X-Signature-Ed25519: '
          . unpack('H*', decode_base64($pair->sign("$time$json")))], "$json\n",
         qr/with secret 1, and for the body without the line break/);


# URLs

sub twilio { return ['Content-Type: application/x-www-form-urlencoded',
                     'X-Twilio-Signature: '
                     . b64(hmac_sha1("$_[0]a1b2", $key))] }

recorded('http behind a proxy', 'twilio', twilio(
         'http://hooks.example.com/twilio'), 'b=2&a=1',
         qr{for the URL http://hooks\.example\.com/twilio\..*\n   -> Set}s);
recorded('another port', 'twilio', twilio(
         'https://hooks.example.com:8443/twilio'), 'b=2&a=1',
         qr{for the URL https://hooks\.example\.com:8443/twilio});
recorded('a slash at the end', 'square', ['x-square-hmacsha256-signature: '
         . b64(hmac_sha256("https://hooks.example.com/square/$json", $key))],
         $json, qr{for the URL https://hooks\.example\.com/square/});
recorded('the name before the proxy', 'square',
         ['X-Forwarded-Host: pub.example.net', 'x-square-hmacsha256-signature: '
         . b64(hmac_sha256("https://pub.example.net/square$json", $key))],
         $json, qr{for the URL https://pub\.example\.net/square});
recorded('a query added', 'trello?x=1', ['X-Trello-Webhook: '
         . b64(hmac_sha1($json . 'https://hooks.example.com/trello', $key))],
         $json, qr{for the URL https://hooks\.example\.com/trello\.});
recorded('the URL of the sender', 'public', ['x-square-hmacsha256-signature: '
         . b64(hmac_sha256("https://api.example.org/in/public$json", $key))],
         $json, qr{for the URL https://api\.example\.org/in/public});


# Times

recorded('too old', 'stripe', stripe($json, $time - 601), $json,
         qr/is 601 s old, the limit is 300 s.*apart from that it is right/s);
recorded('ahead', 'stripe', stripe($json, $time + 601), $json,
         qr/is 601 s ahead, the limit is 300 s/);
recorded('milliseconds', 'slack', ["X-Slack-Request-Timestamp: ${time}000",
         'X-Slack-Signature: v0=' . hmac_sha256_hex("v0:${time}000:$json",
                                                    $key)], $json,
         qr/the time is of the unit "ms", and the rule's is "s"/);
recorded('seconds', 'paddle', ["Paddle-Signature: ts=$time;h1="
         . hmac_sha256_hex("$time:$json", $key)], $json,
         qr/it is right as it is here/);


# Other schemes, and what is missing

recorded('SHA-1', 'plain', ['X-Hub-Signature: sha1='
         . hmac_sha1_hex($json, $key)], $json,
         qr/in another way: hmac-sha1 in hex over \$webhook_body, as by /);
recorded('Base64 for hex', 'plain', ['X-Hub-Signature-256: '
         . b64(hmac_sha256($json, $key))], $json,
         qr/hmac-sha256 in base64 over \$webhook_body/);
recorded('another sender\'s header', 'plain', ['X-Gitea-Signature: '
         . hmac_sha256_hex($json, $key)], $json, qr/as by .*gitea/);
recorded('another message', 'own', ["X-Time: $time", 'X-Own: '
         . b64(hmac_sha256("$time.$json", $key))], $json,
         qr/another way: .* over \$webhook_timestamp\.\$webhook_body/);
recorded('no header', 'plain', ['User-Agent: GitHub-Hookshot/1'], $json,
         qr/no signature, header:X-Hub-Signature-256\.\n   -> Set a secret/);
recorded('a "_" in the name', 'plain', ['X_Hub_Signature_256: sha256='
         . hmac_sha256_hex($json, 'unknown')], $json,
         qr/is missing, there is X_Hub_Signature_256/);
recorded('a token for a signature', 'signed', ['X-Gitlab-Token: abc'], $json,
         qr/in its place there is X-Gitlab-Token \(gitlab\)/);
recorded('GET', 'plain', [], '', qr/the method is GET/, 'GET');
recorded('JSON for a form', 'form', ['Content-Type: application/json',
         'X-Gitea-Signature: ' . hmac_sha256_hex($json, $key)], $json,
         qr/Content-Type is application\/json, and this provider takes/);


# Tokens

recorded('quotes around a token', 'gitlab', ["X-Gitlab-Token: $key"], '{}',
         qr/the token is secret 1 without the quotes around it/);
recorded('a token of another location', 'token', ["X-Gitlab-Token: ${other}x"],
         '{}', qr/the token is secret 1, file:foreign of location/);
recorded('a token in another header', 'token', ["Authorization: Bearer $key"],
         '{}', qr/is in Authorization, and this provider looks at header:X-Gi/);
recorded('a password without its user', 'basic', ['Authorization: Basic '
         . b64("netdata:$key")], '{}',
         qr/the secret has no ":", it is "user:password"/);


# Tokens with claims

sub jwt {
    my ($claims, $with) = @_;

    my $text = join '.', map { b64($_) =~ tr{+/=}{-_}dr }
               '{"alg":"HS256","typ":"JWT"}', encode_json($claims);

    return ["X-Webhook-Signature: $text."
            . (b64(hmac_sha256($text, $with // $key)) =~ tr{+/=}{-_}dr)];
}

recorded('a token for the body as it was', 'netlify',
         jwt({ iss => 'netlify', sha256 => sha256_hex($json) }), "$json\n",
         qr/the token is for the body without the line break/);
recorded('a secret of tokens in quotes', 'netlifyq',
         jwt({ iss => 'netlify', sha256 => sha256_hex($json) }), $json,
         qr/with secret 1 without the quotes/);
recorded('a token of another issuer', 'netlify',
         jwt({ iss => 'nobody', sha256 => sha256_hex($json) }), $json,
         qr/issuer is not netlify/);
recorded('a token that has ended', 'netlify', jwt({ iss => 'netlify',
         exp => $time - 100, sha256 => sha256_hex($json) }), $json,
         qr/had ended 100 s before/);

recorded('Pelorus, whose JSON may be written anew', 'pelorus',
         ['User-Agent: Pelorus-Webhook/1', 'X-Pelorus-Event: ping',
          'X-Hub-Signature-256: sha256=' . hmac_sha256_hex("{\"a\": 1}", $key)],
         '{"a":1}', qr/with secret 1 without the spaces/);
recorded('nothing is wrong', 'plain', github($json), $json,
         qr/it is right as it is here, signed with secret 1, file:plain/);

my ($explained) = $cases->numbers;

cmp_ok($explained, '>=', 60, "mistakes are recorded: $explained");


# What nothing explains: an unknown key, another message, a digit more

my $unknown = 'nobody has this secret';

recorded('unknown: github', 'plain', github($json, $unknown), $json);
recorded('unknown: quotes', 'double', github($json, $unknown), $json);
recorded('unknown: BOM', 'bom', github($json, $unknown), $json);
recorded('unknown: capitals', 'plain', github($json, "${key}1"), $json);
recorded('unknown: a value changed', 'plain', github('{"a":1}'), '{"a":2}');
recorded('unknown: a member added', 'plain', github('{"a":1}'),
         '{"a":1,"b":2}');
recorded('unknown: a member lost', 'plain', github('{"a":1,"b":2}'),
         '{"a":1}');
recorded('unknown: a body cut', 'plain', github($json x 20), $json x 10);
recorded('unknown: packed', 'plain', github($json, $unknown),
         Compress::Zlib::memGzip($json));
recorded('unknown: stripe', 'stripe', stripe($json, $time, $unknown), $json);
recorded('unknown: another time signed', 'stripe',
         ["Stripe-Signature: t=$time,v1=" . hmac_sha256_hex(
          ($time - 1) . ".$json", "whsec_$key")], $json);
recorded('unknown: slack', 'slack', ["X-Slack-Request-Timestamp: $time",
         'X-Slack-Signature: v0=' . '0' x 64], $json);
recorded('unknown: svix', 'svix', ['svix-id: m1', "svix-timestamp: $time",
         'svix-signature: v1,' . b64(hmac_sha256("m2.$time.$json", $key))],
         $json);
recorded('unknown: twilio', 'twilio', twilio('https://else.where/twilio'),
         'b=2&a=1');
recorded('unknown: square', 'square', ['x-square-hmacsha256-signature: '
         . b64(hmac_sha256($unknown, $key))], $json);
recorded('unknown: a token', 'token', ["X-Gitlab-Token: $unknown"], '{}');
recorded('unknown: a password', 'user', ['Authorization: Basic '
         . b64("netdata:$unknown")], '{}');
recorded('unknown: a tenant', 'tenant', github($json, $unknown), $json);
recorded('unknown: the body of a tenant who is not mentioned', 'tenant?of=acme',
         github("$json\n", 'tenantsecret0002'), $json);
recorded('unknown: netlify', 'netlify',
         jwt({ iss => 'netlify', sha256 => sha256_hex($json) }, $unknown),
         $json);
recorded('unknown: a public key', 'discord',
         ["X-Signature-Timestamp: $time", 'X-Signature-Ed25519: '
          . unpack('H*', decode_base64($pair->sign("$time$unknown")))], $json);
recorded('unknown: pelorus', 'pelorus', ['User-Agent: Pelorus-Webhook/1',
         'X-Pelorus-Event: ping', 'X-Hub-Signature-256: sha256=' . 'a' x 64],
         '{"a":1}');
recorded('unknown: linear', 'linear', ['Linear-Signature: '
         . hmac_sha256_hex($json, $unknown)],
         '{"webhookTimestamp":' . $time . '000}');
recorded('unknown: cloudstack', 'cloudstack', ['X-CS-Signature: '
         . b64(hmac_sha256($json, $unknown))], $json);
recorded('unknown: zoom', 'zoom', ["x-zm-request-timestamp: $time",
         'x-zm-signature: v0=' . hmac_sha256_hex($json, $key)
         =~ tr/0-9a-f/1-9a-f0/r], $json);
recorded('unknown: a signature cut', 'plain',
         ['X-Hub-Signature-256: sha256=' . substr(hmac_sha256_hex($json, $key),
                                                  0, 40)], $json);

my (undef, $unexplained) = $cases->numbers;

cmp_ok($unexplained, '>=', 20, "what nothing explains: $unexplained");


# Said of each

my $text = $cases->judge('--config', "$dir/nginx.conf", '--url',
                         'https://api.example.org/in');

unlike($text, qr/\Q$_\E/, 'no secret, and no signature, is printed')
    for $key, $other, b64($key), unpack('H*', $key), 'tenantsecret',
        hmac_sha256_hex($json, $key), b64(hmac_sha256($json, $key));

{
    local $ENV{PATH} = old_openssl("$dir/old");

    is($cases->judge('--config', "$dir/nginx.conf", '--url',
                     'https://api.example.org/in'), $text,
       'the same where the openssl command has no Ed25519');
}


# What is right is so for every provider: the vectors that are accepted, but
# for challenges and certificates.  The verdict of the others is not "right".

my %rules = map { %{ read_rules($_, {}) } } glob "$root/providers/*.conf";
my %right;

for my $vector (map { @{ JSON::PP->new->utf8->decode(read_file($_)) } }
                glob "$root/t/vectors/{own-*,provider-{adcp,cloudstack,"
                       . "github,pelorus,stackstate,stackstorm}}.json")
{
    my $name = $vector->{provider} // next;
    my $rules = $rules{$name} // next;

    next if $vector->{expect} ne 'accept' || $vector->{response}
            || ref $vector->{secret} || $rules->{client_certificate};

    my @found = eval { of_vector($vector, $name) };

    $right{$name} //= 1;
    next if @found == 1 && $found[0]{text} =~ /is right as it is here/;
    $right{$name} = 0;
    diag("$vector->{name}: $@", map { "$_->{text}\n" } @found);
}

is(join(' ', sort grep { !$right{$_} } keys %right), '',
   'what is right is so for each provider');
is(join(' ', sort grep { !exists $right{$_} && !$rules{$_}{client_certificate}
                         && ($rules{$_}{signature} || $rules{$_}{token}) }
             keys %rules), 'netdata-basic netdata-bearer x',
   'of all that have signatures or tokens, but for three');


sub of_vector {
    my ($vector, $name) = @_;

    my %headers = map { lc $_->[0] => $_->[1] } @{ $vector->{headers} };
    my $host = $headers{host} // 'localhost';
    my ($public_url) = ($vector->{public_url} // '') =~ m{\A(https?://[^/]*)};
    my $claims = $vector->{claims} // {};
    my $keys = $vector->{secret} =~ /\A\{\s*"keys"/ ? 'jwks'
             : $vector->{secret} =~ /\A\{/ ? 'keys' : undef;

    return diagnose(
        { method => $vector->{method}, uri => $vector->{uri},
          scheme => 'http', authority => $host, origin => "http://$host",
          headers => $vector->{headers}, time => $vector->{now},
          body => decode_base64($vector->{body_base64}),
          set => { paypal_webhook_id => $vector->{webhook_id} } }, $name,
        { name => 'location /', public_url => $public_url,
          claims => [map { [$_, $claims->{$_}] } keys %$claims], secrets => [
          { bytes => $vector->{secret}, place => 'secret 1', keys => $keys }] },
        { providers => \%rules, others => [], names => [] });
}


# A log, curl's trace, the sender's copy, secrets given by hand

my %line = (time => "$time.123", scheme => 'https', host => 'hooks.example.com',
            request => 'POST /plain HTTP/1.1', provider => 'github',
            reason => 'signature_mismatch', signature => 'sha256='
            . hmac_sha256_hex("$json\n", $key), timestamp => '', id => '',
            sha256 => sha256_hex($json), length => length $json,
            body => $json);

my $rc;

write_file("$dir/refused.log", join '', map { encode_json($_) . "\n" }
    \%line, { %line, request => 'POST /double HTTP/2.0', signature => 'sha256='
              . hmac_sha256_hex($json, $key) },
    { %line, reason => 'signature_missing', signature => '' });
($rc, $text) = check('--config', "$dir/nginx.conf", "$dir/refused.log");
is($rc, 0, 'a log is read');
like($text, qr/^1\. POST \/plain, github, signature_mismatch\n.*with a line /m,
     'a changed body');
like($text, qr/^2\. POST \/double,.*\n.*without the quotes/m, 'a secret');
like($text, qr/^3\. .*signature_missing\n   there is no signature/m,
     'a header that is missing');

($rc, $text) = check('--config', "$dir/nginx.conf", '--last', 1,
                     "$dir/refused.log");
is(() = $text =~ /^\d+\. /mg, 1, 'the last one alone');

write_file("$dir/short.log", encode_json({ %line, body => '' }) . "\n");
write_file("$dir/copy", "$json\n");
($rc, $text) = check('--config', "$dir/nginx.conf", '--body', "$dir/copy",
                     "$dir/short.log");
like($text, qr/the body came without the line break at its end/,
     'a log without bodies, and the body as the sender has it');

write_file("$dir/copy", $json);
($rc, $text) = check('--config', "$dir/nginx.conf", '--body', "$dir/copy",
                     "$dir/short.log");
like($text, qr/body is the sender's, so it is the secret that differs|line br/,
     'the body is the same');

my $head = "POST /x HTTP/1.1\r\nHost: h\r\n" . github($json)->[0] . "\r\n\r\n";
write_file("$dir/trace", "== Info: Connected\n"
    . traced('=> Send header', $head) . traced('=> Send data', $json)
    . traced('<= Recv header', "HTTP/1.1 403 Forbidden\r\n"));
($rc, $text) = check('--provider', 'github', '--secret', 'not this one',
                     '--secret', "file:$dir/double", "$dir/trace");
is($rc, 0, 'what curl has written');
like($text, qr/with secret 2, file:\S+ without the quotes/,
     'and of several secrets the right one');

write_file("$dir/spooled", "POST /double HTTP/1.1\nHost: a\n"
           . "Content-Encoding: \n" . github($json)->[0] . "\n\n$json");
($rc, $text) = check('--config', "$dir/nginx.conf", "$dir/spooled");
like($text, qr/file:double without the quotes/, 'a message of the spool');

write_file("$dir/when", "POST /x HTTP/1.1\r\nHost: a\r\n"
           . stripe($json, $time)->[0] . "\r\n\r\n$json");
($rc, $text) = check('--provider', 'stripe', '--secret', "whsec_$key", '--at',
                     '2026-01-15T10:40:30Z', "$dir/when");
like($text, qr/is 1200 s old, the limit is 300 s/, 'a time that is given');

($rc, $text) = check('--provider', 'github', "$dir/trace");
is($rc, 2, 'without a secret it does not begin');
write_file("$dir/nonsense", "nothing\n");
($rc, $text) = check('--provider', 'github', '--secret', $key,
                     "$dir/nonsense");
is($rc, 2, 'nor with what is no request');
like($text, qr/is no request, no log/, 'which it says');

done_testing();


sub traced {
    my ($what, $bytes) = @_;

    my $at = 0;

    return sprintf("%s, %d bytes (0x%x)\n", $what, (length $bytes) x 2)
        . join '', map { my $line = sprintf "%04x: %-48s%s\n", $at,
                                    join('', map { sprintf '%02x ', ord }
                                             split //), tr/ -~/./cr;
                         $at += length; $line } $bytes =~ /.{1,16}/gs;
}
