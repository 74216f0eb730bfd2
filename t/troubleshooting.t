#!/usr/bin/perl

# Three in the morning: docs/troubleshooting.md is followed word by word, its
# log and its two commands, for each of the twelve usual causes; and what the
# log and the line say, and what they must never say.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Compress::Zlib;
use Digest::SHA qw/hmac_sha256 hmac_sha256_hex sha256_hex/;
use JSON::PP;
use MIME::Base64;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/read_file/;
use WebhookTest::MessageSignature qw/message/;

my $root = "$FindBin::Bin/..";
my $document = read_file("$root/docs/troubleshooting.md");
my ($recipe) = $document =~ /```nginx\n(.*?)```/s;
my @steps = $document =~ /^       (\S.*)$/mg;

is(scalar @steps, 2, 'the document has two steps');

# what the sender has, and a body of its own
my $key = 'zmhC8aJ4dMeX1oQ7';
my $second = 'qT5bN0wLk2Rv9yUs';
my $body = '{"a": 1, "b": [2]}';

my %location = (
    around => "webhook github; webhook_secret $key; "
              . 'error_page 403 = @elsewhere;',
    http   => "webhook signed; webhook_secret $key;",
    jwt    => "webhook netlify; webhook_secret $key;",
    lines  => "webhook mollie; webhook_secret $key;",
    once   => "webhook github; webhook_secret $key; "
              . 'webhook_replay zone=hooks;',
    quoted => 'webhook github; webhook_secret file:quoted;',
    right  => "webhook github; webhook_secret $key;",
    second => "webhook github; webhook_secret $second;",
    teams  => 'webhook microsoft-teams; '
              . 'webhook_secret MDEyMzQ1Njc4OWFiY2RlZg==;',
    time   => "webhook stripe; webhook_secret whsec_$key;",
    token  => "webhook gitlab; webhook_secret $key;",
    trial  => "webhook github; webhook_secret $key; webhook_enforce off;",
    two    => "webhook github; webhook_secret ${second}x; "
              . "webhook_secret ${second}y;",
    url    => "webhook square; webhook_secret $key;",
    wrong  => "webhook github; webhook_secret ${second}x;",
);

my $t = WebhookTest->new(
    files => { quoted => qq/"$key"\n/, sender => "$key\n",
               changed => "changed last night\n" },
    conf => $recipe =~ s{/var/log/nginx}{%%DIR%%/logs}r . '
        webhook_zone hooks 1m;
        webhook_provider signed {
            signature http-message covers=@method,content-digest
                      algorithm=hmac-sha256;
        }
        client_max_body_size 2k;
        server {
            listen 127.0.0.1:%%PORT%%;
            server_name hooks.example.com;
    ' . join('', map { "location = /$_ { $location{$_} "
                       . "proxy_pass http://%%APP%%; }\n" }
             sort keys %location) . '
            location @elsewhere { proxy_pass http://%%APP%%; }
        }',
);


sub hook {
    my ($path, $bytes, @headers) = @_;

    return { uri => $path, body => $bytes, method => 'POST',
             headers => \@headers };
}


# Signed as the body above.
sub github {
    my ($path, $bytes, $with, @headers) = @_;

    return hook($path, $bytes, @headers, ['X-Hub-Signature-256',
                'sha256=' . hmac_sha256_hex($body, $with // $key)]);
}


# Follows the document: what its two commands print.
sub follow {
    my ($more) = @_;

    return map {
        my $command = s{/var/log/nginx}{$t->{dir}/logs}gr
            =~ s{/etc/nginx}{$t->{dir}}gr
            =~ s{\Awebhook-check}{$^X $root/tools/webhook-check}r
            =~ s{--last 5}{--last 1 $more}r;
        scalar `$command 2>&1`;
    } @steps;
}


# Sends what is refused, and waits for its line: it comes after the answer.
# Returns the line.
sub refused {
    my ($request) = @_;

    my $before = lines();

    $t->request($request);
    $t->wait_for(sub { lines() > $before }, 'a line in the log');

    return decode_json((split /\n/, $t->log_file('refused.log'))[-1]);
}


sub lines { return scalar(() = $t->log_file('refused.log') =~ /\n/g) }


# The twelve causes

my ($sender, $changed) = map { "--secret file:$t->{dir}/$_" }
                         qw/sender changed/;

sub cause {
    my ($what, $request, $line, $says, $more) = @_;

    my $answer = $says ? refused($request) : $t->request($request);
    my ($log, $check) = follow($more // '');
    my @lines = grep { /request: "POST $request->{uri} / } split /\n/, $log;

    like(join("\n", @lines), $line, "$what: the line") if $line;
    like($check, $says, "$what: the check") if $says;
}

cause('a wrong secret', github('/wrong', $body),
      qr/signature_mismatch, 18 bytes of body hashed, tried secret 1, loc/,
      qr/is right with secret 1, file:\S+ of --secret\./, $sender);
cause('quotes', github('/quoted', $body), qr/tried secret 1, location/,
      qr/with secret 1, file:quoted without the quotes around it/);
cause('the test secret', github('/two', $body), qr/tried secret 1 2, /,
      qr/of --secret/, $sender);
cause('a changed body', github('/right', '{"a":1,"b":[2]}'),
      qr/signature_mismatch/, qr/for the body as JSON with spaces/);
cause('a packed body', github('/right', Compress::Zlib::memGzip($body), $key,
                              ['Content-Encoding', 'gzip']),
      qr/, Content-Encoding: gzip, location/);

my $old = time - 601;
my $old_signature = hmac_sha256_hex("$old.$body", "whsec_$key");

cause('the clock',
      hook('/time', $body, ['Stripe-Signature', "t=$old,v1=$old_signature"]),
      qr/timestamp_too_old, 0 bytes of body hashed, 60\d s old, limit 300 s,/,
      qr/is 60\d s old, the limit is 300 s/);

my $ahead = time + 700;

cause('the clock, ahead',
      hook('/time', $body, ['Stripe-Signature', "t=$ahead,v1=" . '0' x 64]),
      qr/timestamp_in_future, .* (?:6\d\d|700) s ahead, limit 300 s,/);

my $url = hmac_sha256("https://hooks.example.com/url$body", $key);

cause('the URL', hook('/url', $body, ['Host', 'hooks.example.com'],
                      ['x-square-hmacsha256-signature',
                       encode_base64($url, '')]),
      qr{, signed URL "http://hooks\.example\.com/url", location},
      qr{for the URL https://hooks\.example\.com/url});
cause('exchanged secrets', github('/second', $body), qr/tried secret 1/,
      qr{secret 1 of location /\w+\.});
cause('a header that is dropped', hook('/right', $body),
      qr/signature_missing/, qr/no signature, header:X-Hub-Signature-256/);

my $size = length $t->error_log;

like($t->request({ %{ github('/right', $body) }, version => '1.0' })
     ->{status}, qr/^2/, 'HTTP/1.0: nothing is wrong');
unlike(substr($t->error_log, $size), qr/refused/, 'and nothing is logged');

cause('a large body', github('/right', 'x' x 3000),
      qr/client intended to send too large body/);
cause('a changed secret', github('/second', $body, 'changed last night'),
      qr/signature_mismatch/, qr/with secret 1, file:\S+changed of --secret\./,
      $changed);
cause('a secret that nobody has', github('/second', $body, 'unknown'),
      qr/signature_mismatch/,
      qr/nothing found\n.*secret: --secret file:PATH$/);
cause('another one that nobody has', github('/second', $body, 'unknown'),
      qr/signature_mismatch/, qr/nothing found\n\z/, $changed);
cause('two signatures in two headers', hook('/lines', "$body\n", map {
          ['X-Mollie-Signature', 'sha256=' . hmac_sha256_hex($body, $_)]
      } 'unknown', $key),
      qr/signature_mismatch/, qr/for the body without the line break/);
cause('no signature', hook('/lines', $body), qr/signature_missing/,
      qr/there is no signature, header:X-Mollie-Signature[.]$/m);
$t->request(github('/once', $body));
cause('a message that was taken', github('/once', $body), undef,
      qr/a message that had been taken already/);


# What was sent, where nothing could be read

sub malformed {
    my ($value, $says, $shown) = @_;

    my $line = refused(hook('/right', $body, ['X-Hub-Signature-256', $value]));

    like((grep { / refused, / } split /\n/, $t->error_log)[-1], $says,
         "of $value: its form");
    is($line->{signature}, $shown // $value, "of $value: the log");
}

malformed('a' x 40, qr/, sent: 40 characters of hex, location/);
malformed('abc/' x 5, qr/sent: 20 characters of Base64,/);
malformed('abz-' x 5, qr/sent: 20 characters of base64url,/);
malformed('sha1=a!', qr/sent: 7 characters of other text,/);
malformed('eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abc', qr/signature_malformed/, '');


# The variables

my $last = refused(github('/wrong', $body));

is($last->{signature}, 'sha256=' . hmac_sha256_hex($body, $key),
   'the signature as it came');
is($last->{sha256}, sha256_hex($body), 'the hash of the message');
is($last->{length}, length $body, 'and its length');

# its body is not there any more
$last = refused(github('/around', $body, 'another'));
like($last->{signature}, qr/^sha256=/, 'of a request that gets elsewhere');
is("$last->{sha256}$last->{length}", '', 'no message');

my $now = time;
my $fields = "t=$now,v1=" . '0' x 64;

$last = refused(hook('/time', $body, ['Stripe-Signature', $fields]));
is($last->{sha256}, sha256_hex("$now.$body"), 'of a message with a time');
is($last->{length}, length "$now.$body", 'and its length');
is($last->{signature}, $fields, 'of several fields all');

$last = refused(hook('/time', $body,
                 ['Stripe-Signature', "t=$old,v1=$old_signature"]));
is($last->{reason}, 'timestamp_too_old', 'a message that is old');
is($last->{signature}, '', 'is rightly signed: its signature is not shown');
is($last->{sha256}, '', 'nor is anything hashed');

$last = refused(hook('/teams', $body, ['Authorization', 'Bearer of-a-token']));
is($last->{reason}, 'signature_malformed', 'a token where a signature is');
is($last->{signature}, '', 'is not shown');

my $jwt = join '.', map { encode_base64($_, '') =~ tr{+/=}{-_}dr }
          '{"alg":"HS256"}',
          encode_json({ iss => 'netlify', sha256 => sha256_hex('another') }),
          'x' x 32;

$last = refused(hook('/jwt', $body, ['X-Webhook-Signature', $jwt]));
like($last->{reason}, qr/^signature_/, 'a JSON Web Token');
is($last->{signature}, '', 'is not shown');

is($last->{sha256}, '', 'nor is a body hashed that nobody has read');
is($last->{length}, '', 'nor counted');

# its signature is over the headers, and good for the sender's own body
my %http = message(uri => '/http', key => $key, body => $body, created => time,
                   covers => [qw/@method content-digest/]);

is($t->request(\%http)->{status}, 202, 'an HTTP message signature');
$last = refused({ %http, body => $body =~ tr/1/3/r });
is($last->{reason}, 'signature_mismatch', 'with another body');
is($last->{signature}, '', 'is right, and is not shown');
is($last->{sha256}, '', 'it is not of the body');
unlike((grep { / refused, / } split /\n/, $t->error_log)[-1], qr/tried secret/,
       'its secret has matched');
$last = refused({ message(%http, uri => '/http', key => $second,
                          headers => [], body => $body, created => time,
                          covers => [qw/@method content-digest/]) });
like($last->{signature}, qr/^sig=:/, 'under another secret it is shown');
like((grep { / refused, / } split /\n/, $t->error_log)[-1], qr/tried secret 1/,
     'and the secret told');

is(refused(github('/trial', $body, 'another'))->{signature},
   'sha256=' . hmac_sha256_hex($body, 'another'), 'on trial it is');

my $lines = lines();

$t->request($_)
    for github('/trial', $body), github('/right', $body),
        hook('/token', $body, ['X-Gitlab-Token', "$key-not"]);
is(refused(hook('/right', $body))->{reason}, 'signature_missing', 'one more');
is(lines(), $lines + 1, 'tokens, and what is accepted, are not in the log');

my $logs = $t->error_log . $t->log_file('refused.log');

unlike($logs, qr/\Q$_\E/, 'what must not be in a log')
    for $second, "$key-not", 'of-a-token', $jwt, $old_signature,
        hmac_sha256_hex($body, "${second}x");

$t->done;
done_testing();
