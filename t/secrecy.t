#!/usr/bin/perl

# No secret and no expected signature is in a log, even at debug level, in a
# variable or in an answer.
#
# nginx itself logs the headers of requests at debug level, so what a request
# brings is left out here: tokens are wrong ones, and so are signatures,
# except where it says otherwise.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/sha256 hmac_sha1 hmac_sha256 hmac_sha512/;
use MIME::Base64;
use Test::More;

use WebhookTest;

my $n = 0;
my %secret = map { $_ => sprintf 'Secret%02d-%s-Zyxwvutsrqponm', ++$n, $_ }
    qw/text file env map second decoded challenge challenge_file
       challenge_map bearer basic token cookie query both for tenant x/;

my $body = '{"event":"a body of a webhook"}';

$ENV{WEBHOOK_TEST_SECRET} = $secret{env};
umask 027;

my $decoded = unpack 'H*', $secret{decoded};
my %locations = (
    text => "webhook signed; webhook_secret $secret{text};",
    file => 'webhook signed; webhook_secret file:files/secret;',
    env => 'webhook signed; webhook_secret env:WEBHOOK_TEST_SECRET;',
    map => 'webhook signed; webhook_secret $mapped; webhook_secret '
        . '$mapped_second;',
    decoded => "webhook signed; webhook_secret $decoded decode=hex;",
    tenant => 'webhook signed; set $who tenant; '
        . 'webhook_secret $tenant_secret decode=base64;',
    netdata => "webhook netdata-bearer; webhook_secret $secret{bearer}; "
        . "webhook_challenge_secret $secret{challenge};",
    basic => "webhook netdata-basic; webhook_secret user:$secret{basic}; "
        . 'webhook_challenge_secret file:files/challenge;',
    meta => "webhook meta; webhook_secret $secret{text}; "
        . 'webhook_challenge_secret $mapped_challenge;',
    x => "webhook x; webhook_secret \$mapped_x;",
    token => "webhook static; webhook_secret $secret{token};",
    cookie => "webhook cookie; webhook_secret $secret{cookie};",
    query => "webhook query; webhook_secret $secret{query};",
    both => "webhook both; webhook_secret $secret{both}; "
        . "webhook_secret $secret{for} for=token;",
    trial => "webhook signed; webhook_secret $secret{text}; "
        . 'webhook_enforce off;',
    strip => "webhook signed; webhook_secret $secret{text}; "
        . 'webhook_strip on;',
);

my $locations = join '', map {
    "location /$_ { $locations{$_} proxy_pass http://unix:%%DIR%%/app; }\n"
} sort keys %locations;

my $variables = join ' ', map { "$_=\$webhook_$_" }
                qw/provider verdict reason id event secret_index body_sha256
                   challenge challenge_hmac/;
my $base64_tenant = encode_base64($secret{tenant}, '');

my $t = WebhookTest->new(log => 'debug', files => {
    'files/secret' => "$secret{file}\n",
    'files/challenge' => "$secret{challenge_file}\n",
}, conf => <<"EOF");
    log_format all '$variables "\$request"';

    webhook_provider signed {
        signature header:X-Signature list=,;
        signature header:X-Sha1 algorithm=hmac-sha1 encoding=base64;
        signature header:X-Sha512 algorithm=hmac-sha512 encoding=base64url;
        message   "\$http_x_time.\${webhook_body}.\$request_method";
        id        header:X-Id;
        event     query:event;
    }

    webhook_provider static { token header:X-Token; }
    webhook_provider cookie { token cookie:sid; }
    webhook_provider query  { token query:key; }
    webhook_provider both   {
        token     header:X-Token for=token;
        signature header:X-Signature;
    }

    map \$http_x_tenant \$mapped { a $secret{map}; }
    map \$http_x_tenant \$mapped_second { a $secret{second}; }
    map \$http_x_tenant \$mapped_x { a $secret{x}; }
    map \$http_x_tenant \$mapped_challenge { a $secret{challenge_map}; }
    map \$who \$tenant_secret { tenant $base64_tenant; }

    add_header X-All '$variables' always;

    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/logs/all.log all;
        $locations
    }

    server {
        listen unix:%%DIR%%/app;
        location / { return 200 passed; }
    }
EOF

my $answers = '';
my $message = "1.$body.POST";
my %hmac = (sha1 => \&hmac_sha1, sha256 => \&hmac_sha256,
            sha512 => \&hmac_sha512);
my @signed = qw/text file env map decoded tenant trial strip/;


# Refused and malformed, at every location

for my $location (sort keys %locations) {
    for my $headers ([], [['X-Time', 1]],
                     [['X-Signature', '0' x 64], ['X-Time', 1]],
                     [['X-Signature', '0' x 64 . ',' . '1' x 64],
                      ['X-Time', 1], ['X-Sha1', encode_base64('0' x 20, '')],
                      ['X-Sha512', encode_base64('0' x 63 . 'x') =~ s/\s//gr
                                   =~ s/=*$//r]],
                     [['X-Signature', 'abc']], [['X-Sha1', '====']],
                     [['X-Hub-Signature-256', 'sha256=' . '0' x 64]],
                     [['X-Twitter-Webhooks-Signature',
                       'sha256=' . encode_base64('0' x 32, '')]],
                     [['X-Signature', 'a'], ['X-Signature', 'b']],
                     [['X-Token', 'wrong']], [['X-Token', ''],
                      ['X-Signature', '0' x 64]],
                     [['X-Token', 'wrong'], ['X-Token', 'wrong']],
                     [['Cookie', 'sid=wrong']], [['Cookie', 'sid=a; sid=b']],
                     [['Authorization', 'Bearer wrong']],
                     [['Authorization', 'Basic ' . encode_base64('user:x', '')]],
                     [['Authorization', 'Basic ====']])
    {
        ask($location, $headers, $_) for '', '?key=wrong&event=it', '?key=%zz';
    }
}


# Accepted, with signatures over a message that the log does not see again

for my $location (@signed) {
    my $key = $secret{ $location eq 'trial' || $location eq 'strip'
                       ? 'text' : $location };
    my $r = ask($location, [['X-Time', 2], ['X-Signature', unpack 'H*',
                            hmac_sha256("2.$body.POST", $key)]]);

    is($r->{status}, 200, "$location: accepted");
}

my %challenges = (
    'netdata?crc_token=abc' => $secret{challenge},
    'basic?crc_token=abc' => $secret{challenge_file},
    'x?crc_token=abc' => $secret{x},
);

for my $uri (sort keys %challenges) {
    is(ask($uri, [], '', 'GET')->{status}, 200, "$uri: answered");
    my $mac = encode_base64(hmac_sha256('abc', $challenges{$uri}), '');
    like($answers, qr/sha256=\Q$mac\E/, 'as it should');
}

ask("$_?crc_token=%7B%7D", [], '', 'GET') for qw/netdata basic x/;
ask('meta?hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong', [], '',
    'GET');
ask('netdata', [], '', $_) for qw/GET HEAD PUT/;


# What may be nowhere: keys as they are, in hex and in Base64, what is made
# of them for comparing, and the signatures that would have been right

my %nowhere;

for my $name (keys %secret) {
    my $key = $secret{$name};

    forbid("the secret \"$name\"", $key);
    forbid("the digest of \"$name\"", sha256($key));

    for my $digest (keys %hmac) {
        forbid("$digest under \"$name\"", $hmac{$digest}->($_, $key))
            for $message, ".$body.POST", $body, '';
    }
}

$t->stop;

my %where = ('the error log' => $t->error_log,
             'the access log' => $t->log_file('all.log'),
             'nginx\'s standard error' => $t->stderr,
             'the answers' => $answers);

cmp_ok(length $where{'the error log'}, '>', 1_000_000,
       'the log is one of debug level');
like($where{'the error log'}, qr/webhook provider "signed"/,
     'with the module\'s own lines');

for my $where (sort keys %where) {
    my $text = lc $where{$where};
    my @found = grep { index($text, lc $nowhere{$_}) >= 0 } sort keys %nowhere;

    is_deeply(\@found, [], "nothing in $where");
}

$t->check_log;

done_testing();


sub ask {
    my ($location, $headers, $query, $method) = @_;

    my $r = $t->request({
        method => $method // 'POST', body => $body,
        uri => "/$location" . ($query // ''),
        headers => [['X-Tenant', 'a'], ['X-Id', '7'], @$headers],
    });

    $answers .= $r->{raw} . $r->{body} . "\n";

    return $r;
}


sub forbid {
    my ($name, $bytes) = @_;

    $nowhere{$name . ' ' . keys %nowhere} = $_
        for $bytes, unpack('H*', $bytes), encode_base64($bytes, '') =~ s/=*$//r,
            encode_base64($bytes, '') =~ tr{+/}{-_}r =~ s/=*$//r;
}
