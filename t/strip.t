#!/usr/bin/perl

# webhook_strip: the verified credential does not go upstream, everything else
# does; and what a trial run lets through arrives whole.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256_hex/;
use MIME::Base64;
use Test::More;

use WebhookTest;

my $secret = 'the:secret of this sender.';
my $body = '{"some":"body"}';
my $mac = hmac_sha256_hex($body, $secret);
my $basic = 'Basic ' . encode_base64($secret, '');

my %providers = (
    signature => 'signature header:X-Signature;',
    two => 'signature header:X-New; signature header:X-Old;',
    field => 'signature header:X-Signature field=v1; id field:i;',
    token => 'token header:X-Token; id header:X-Id;',
    either => 'token header:X-Token; token bearer;',
    bearer => 'token bearer;',
    basic => 'token basic;',
    cookie => 'token cookie:sid;',
    both => 'token header:X-Token; signature header:X-Signature;',
    cookies => 'token cookie:sid; signature cookie:sig;',
    mixed => 'token header:X-Token; signature cookie:sig;',
    crossed => 'signature header:X-Signature; signature cookie:sig;',
    query => 'token query:key;',
    last => 'query last semicolon; token query:key;',
    signed_query => 'signature query:sig;',
);

my $blocks = join '', map { "webhook_provider $_ { $providers{$_} }\n" }
             sort keys %providers;
my $locations = join '', map { <<"EOF" } sort keys %providers;
    location /$_ {
        webhook $_;
        proxy_pass http://%%APP%%;

        location /$_/kept { webhook_strip off; proxy_pass http://%%APP%%; }
        location /$_/trial { webhook_enforce off; proxy_pass http://%%APP%%; }
    }
EOF

my $requests = 0;

my $t = WebhookTest->new(conf => <<"EOF");
    $blocks

    log_format seen '\$webhook_verdict \$webhook_reason \$webhook_id '
                    '[\$http_x_token] [\$http_x_signature] [\$http_cookie] '
                    '[\$http_authorization]';

    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/logs/seen.log seen;
        webhook_secret '$secret';
        webhook_strip on;
        $locations

        location /user {
            webhook basic;
            webhook_secret 'someone:password of someone';
            add_header X-User "[\$remote_user]" always;
            proxy_pass http://%%APP%%;
        }

        location /late {
            webhook cookie;

            location /late/from { webhook_strip off; try_files /none /late/to; }
            location /late/to { proxy_pass http://%%APP%%/late/from; }
        }
    }
EOF


# One header

goes('signature', [['X-Signature', $mac]], []);
goes('signature', [['x-sIGNATURE', $mac]], []);
goes('two', [['X-New', $mac], ['X-Old', 'old']], []);
goes('two', [['X-Old', $mac]], []);
goes('field', [['X-Signature', "i=one,v1=$mac"]], []);
goes('token', [['X-Token', $secret]], []);
goes('bearer', [['Authorization', "Bearer $secret"]], []);
goes('basic', [['Authorization', $basic]], []);
goes('both', [['X-Token', $secret], ['X-Signature', $mac]], []);


# nothing else has it any more
my $user = $t->request({
    method => 'POST', uri => '/user', body => $body,
    headers => [['Authorization', 'Basic '
                 . encode_base64('someone:password of someone', '')]],
});
is($user->{status}, 202, 'a user');
is($user->{header}{'x-user'}, '[]', 'whom $remote_user does not know');
$requests++;
$t->app_clear;


# Among others, in their order

my @before = map { ["X-Before-$_", "b$_"] } 1 .. 3;
my @behind = (['X-Same', 'one'], ['X-Signatur', 'two'], ['X-Same', 'three'],
              ['X-Signature-2', 'four'], ['X-Token-2', 'five']);

goes('signature', [@before, ['X-Signature', $mac], @behind],
     [@before, @behind]);
goes('token', [['X-Token', $secret], @before, @behind], [@before, @behind]);
goes('both', [@before, ['X-Signature', $mac], @behind, ['X-Token', $secret]],
     [@before, @behind]);
goes('either', [@before, ['X-Token', $secret],
                ['Authorization', 'Bearer other']],
     [@before, ['Authorization', 'Bearer other']]);
goes('either', [['Authorization', "Bearer $secret"], @before], [@before]);

# more headers than a part of nginx's list has room for
my @many = map { ["X-Many-$_", "value $_"] } 1 .. 70;

goes('signature', [@many[0 .. $_ - 1], ['X-Signature', $mac],
                   @many[$_ .. 69]], \@many) for 0, 18, 19, 20, 21, 40, 70;
goes('both', [@many[0 .. 17], ['X-Token', $secret], @many[18 .. 40],
              ['X-Signature', $mac], @many[41 .. 69]], \@many);
goes('both', [['X-Signature', $mac], @many, ['X-Token', $secret]], \@many);


# Cookies

goes('cookie', [['Cookie', "sid=$secret"]], []);
goes('cookie', [['Cookie', $_->[0]]], [['Cookie', $_->[1]]])
    for ["a=b; sid=$secret", 'a=b'], ["sid=$secret; a=b", 'a=b'],
        ["a=b; sid=$secret; c=d=e", 'a=b; c=d=e'],
        ["asid=1; sid=$secret; sid2=2; SID=3", 'asid=1; sid2=2; SID=3'],
        ["a;sid=$secret;b", 'a; b'];
goes('cookie', [@before, ['Cookie', "sid=$secret;"], @behind],
     [@before, @behind]);
goes('cookies', [['Cookie', "sid=$secret; a=b; sig=$mac"]],
     [['Cookie', 'a=b']]);
goes('cookies', [@before, ['Cookie', "sid=$secret; sig=$mac"], @behind],
     [@before, @behind]);
goes('mixed', [['X-Token', $secret], ['Cookie', "a=b; sig=$mac"], @behind],
     [['Cookie', 'a=b'], @behind]);
goes('mixed', [['Cookie', "sig=$mac"], ['X-Token', $secret], @behind],
     [@behind]);
goes('crossed', [['X-Signature', $mac], ['Cookie', "a=b; sig=$mac"]],
     [['Cookie', 'a=b']]);


# Arguments

my $key = 'key=' . $secret =~ s/ /+/gr;

goes('query', [@before], [@before], "?$_->[0]", $_->[1])
    for ["$key", ''], ["a=b&$key", '?a=b'], ["$key&a=b", '?a=b'],
        ["a=%41+b&$key&&c&d=%zz&e=%20", '?a=%41+b&&c&d=%zz&e=%20'],
        ['k%65y=' . $secret =~ s/ /%20/gr, ''],
        ["xkey=1&$key&key2=2&Key=3&ke", '?xkey=1&key2=2&Key=3&ke'],
        ["$key&a=?b", '?a=?b'], ["&a&$key&", '?&a&'];
goes('query/%6bept/../trial', [], [], "?a=b&$key", '?a=b');
goes('query/kept', [], [], "?$key");
goes('last', [], [], "?a=b;key=x&c=d;$key&e", '?a=b&c=d&e');
goes('query', [], [], "?a=b;c&$key&e;key=1", '?a=b;c&e;key=1');
goes('signed_query', [], [], "?a=b&sig=$mac&c=d", '?a=b&c=d');


# Not where it is off, and the log still knows what went by

my @all = (['X-Token', $secret], ['X-Signature', $mac], ['X-Id', 'seven']);

goes('both/kept', \@all, \@all);
goes('cookie/kept', [['Cookie', "sid=$secret; a=b"]],
     [['Cookie', "sid=$secret; a=b"]]);
goes('both', \@all, [['X-Id', 'seven']]);
is(last_seen(), 'accepted   [-] [-] [-] [-]', 'nor in variables');
goes('token', \@all, [@all[1, 2]]);
is(last_seen(), "accepted  seven [-] [$mac] [-] [-]", 'the id is still known');
goes('field', [['X-Signature', "i=one,v1=$mac"]], []);
is(last_seen(), 'accepted  one [-] [-] [-] [-]', 'also when its header is gone');
goes('cookie', [['Cookie', "sid=$secret; a=b"]], [['Cookie', 'a=b']]);
is(last_seen(), 'accepted   [-] [-] [a=b] [-]', 'a cookie in variables');
goes('cookie', [['Cookie', "sid=$secret"]], []);
is(last_seen(), 'accepted   [-] [-] [] [-]', 'the last cookie in variables');


# Where the request ends up counts, though its verdict comes from elsewhere

goes('late/from', [['Cookie', "sid=$secret; a=b"]], [['Cookie', 'a=b']]);


# A trial run: what passes is stripped, what would be refused arrives whole

goes('both/trial', \@all, [$all[2]]);

for my $wrong ([['X-Token', 'x'], @all[1, 2]],
               [$all[0], ['X-Signature', '0' x 64], $all[2]],
               [$all[0], ['X-Signature', 'abc'], $all[2]],
               [@all[0, 2]], [@all, $all[0]], [@all, $all[1]],
               [@all, ['Content-Type', 'a/b'], ['Content-Type', 'c/d']], [])
{
    goes('both/trial', $wrong, $wrong);
    like(last_seen(), qr/^would_reject [a-z]+_[a-z]+ /, 'it is told');
}

for my $want ({ body => '' }, { body => 'x' x 300_000 },
              { body => 'x' x 300_000, chunked => 10_000 },
              { method => 'GET' }, { method => 'PUT', body => 'a body' })
{
    $t->app_clear;
    my $r = ask({ uri => '/signature/trial', %$want,
                          headers => [['X-Signature', $mac]] });
    my ($seen) = $t->app_requests;

    is($r->{status}, 202, 'a trial run passes');
    is($seen->{method}, $want->{method} // 'POST', 'method');
    ok($seen->{body} eq ($want->{body} // ''), 'body');
    like(last_seen(), qr/^would_reject /, 'and is told');
}

like($t->error_log, qr/webhook both: would be refused, token_mismatch, 0/,
     'the log says what would be');
like($t->error_log, qr/would be refused, signature_mismatch, 300000 bytes/, 'and for the body');
unlike($t->error_log, qr/: refused/, 'nothing was');

$t->done;

done_testing();


# Sends headers, and compares those that arrive, besides what nginx adds.
sub goes {
    my ($location, $sent, $expected, $query, $stripped) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $t->app_clear;

    my $r = ask({ uri => "/$location" . ($query // ''),
                          body => $body, headers => $sent });
    my ($seen) = $t->app_requests;

    my @arrived = grep { $_->[0] !~ /^(?:Host|Connection|Content-Length)$/ }
                  @{ $seen->{headers} // [] };

    is_deeply([$r->{status}, $seen->{uri}, $seen->{body}, @arrived],
              [202, "/$location" . ($stripped // $query // ''), $body,
               @$expected],
              "$location: " . substr join(', ', map { $_->[0] } @$sent), 0, 60);
}


sub ask {
    $requests++;

    return $t->request(@_);
}


# The log is written when the client has its answer already.
sub last_seen {
    $t->wait_for(sub { $t->log_file('seen.log') =~ tr/\n// >= $requests },
                 'the log');

    return (split /\n/, $t->log_file('seen.log'))[-1];
}
