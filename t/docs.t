#!/usr/bin/perl

# What the documents say is so: nginx -t takes every example of theirs and
# conf.example, every link leads somewhere, and every provider, directive,
# variable and reason is where a reader looks for it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use File::Find;
use File::Path qw/make_path/;
use JSON::PP;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/ca cert read_file write_file/;
use WebhookTest::Jose qw/json jwks/;

my $root = "$FindBin::Bin/..";
my @documents = ('README.md', 'SECURITY.md',
                 map({ "docs/" . basename($_) } sort glob "$root/docs/*.md"));
my @all = (@documents, 'CONTRIBUTING.md', 'bench/README.md',
           'contrib/docker/README.md', 'providers/README.md');
my %text = map { $_ => text($_) } @all, 'CHANGES', 'conf.example';

my @providers = map { basename($_, '.conf') } sort glob
                "$root/providers/*.conf";

# public keys, and keys that are not text
my %secret = (
    'discord' => '27b8894c0f4dc38e05ea184ba1cbff3b'
               . '8194ed1cf7a126282fb0bbbb237a3bde',
    'gitlab-signed' => 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'billing' => 'whsec_PlRQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'netdata-basic' => 'netdata:the password',
    'netdata-user-password' => 'netdata:the other password',
    'paypal.pub' => public_rsa_key(),
);

my $keys = jwks(map { WebhookTest::Jose->new($_)->jwk(kid => $_) }
                qw/RS256 ES256 EdDSA/);
my $pems = json({ map { $_ => WebhookTest::Jose->new($_)->pem }
                  qw/RS256 ES256 EdDSA/ });

# what stands at the level of http; all else goes into a location
my $http = qr/(?:map|server|log_format|limit_req_zone|
                webhook_(?:provider|redis|var|zone))\b/x;


# Examples

my %defined;                    # the blocks that later examples use, by name

for my $document (@documents) {
    my $section = $document;

    %defined = ();

    while ($text{$document} =~ /^(?:\#+\ ([^\n]+)
                                 |\ *```nginx\n(.*?)^\ *```)$/gmsx)
    {
        $section = $1, next if defined $1;
        example("$document: $section", $2);
    }
}

whole('conf.example');
takes($_, text($_)) for 'contrib/nginx/webhooks.conf';


# Links

for my $document (@all) {
    my $prose = $text{$document} =~ s/^ *```.*?^ *```$//gmsr;

    while ($prose =~ /\]\(\s*([^)\s]+)\s*\)/g) {
        my $link = $1;

        next if $link =~ m{^https?://};

        my ($file, $anchor) = $link =~ /^([^#]*)#?(.*)/;

        $file = $file eq '' ? $document
                : dirname($document) eq '.' ? $file
                : dirname($document) . "/$file";
        1 while $file =~ s{[^/]+/\.\./}{};

        ok(-e "$root/$file" && ($anchor eq '' || anchors($file)->{$anchor}),
           "$document: $link leads somewhere");
    }
}


# Commands: targets of make, what is in this tree, and its options

my %targets = map { $_ => 1 } map { split } text('Makefile')
              =~ /^\.PHONY:(.*)/mg;

for my $document (@all) {
    # after ./configure it is nginx's own make
    my $text = $text{$document} =~ s/^ +\.\/configure(?:.+\n)+//gmr;

    # one that goes on in the next line is one
    for ($text =~ /^\ {4,}(?:sudo\ )?
                   ((?:make|(?:tools\/|bench\/|webhook-)[\w-]+)(?!\S)
                    (?:[^\\\n]|\\\n)*)/gmx)
    {
        my ($command, @words) = split ' ', s/\s#.*|&&.*//r =~ s/\\\n//gr;

        if ($command eq 'make') {
            same([grep { !/=/ && !$targets{$_} } @words], [],
                 "$document: make @words");
            next;
        }

        my $path = $command =~ m{/} ? $command : "tools/$command";

        ok(-x "$root/$path", "$document: there is $path") or next;
        next if $path !~ /webhook-/;

        my %options = map { $_ => 1 } split ' ', `"$root/$path" --options`;

        same([grep { /^--/ && !$options{$_} } @words], [],
             "$document: its options, @words");
    }
}


# headings that had other names
for my $anchor (qw/answers-of-ones-own changing-a-secret counters
                   messages-that-come-twice trying-a-hook
                   when-a-sender-is-refused/)
{
    ok(anchors('docs/operating.md')->{$anchor}, "#$anchor leads somewhere");
}


# Lists

same([table('docs/providers.md', 'All of them')], \@providers,
     'the table of providers');

is(qx{"$root/tools/provider-table" --check 2>&1}, '',
   'what is said of the providers is what their files say');

my ($final) = section('docs/providers.md', 'replay')
              =~ /senders\s+say, they are ([^.]*)\./;

same([$final =~ /`([\w-]+)`/g],
     [grep { text("providers/$_.conf") =~ /^ *replay .*in_progress=503/m }
      @providers], 'those for whom 4xx is the end of a message');

my %changes = map { $_ => 1 } $text{CHANGES} =~ /[a-z][\w-]*/g;

same([grep { $changes{$_} } @providers], \@providers, 'those in CHANGES');

my $sources = sources("$root/src");
my @directives = $sources =~ /\{\ ngx_string\("(webhook\w*)"\),
                              \s+NGX_HTTP_\w+_CONF/gx;

cmp_ok(scalar @directives, '>', 10, 'directives in the source');
same([$text{'docs/directives.md'} =~ /^## (webhook\w*)$/mg], \@directives,
     'the directives that are described');

my %released = map { $_ => 1 } $text{CHANGES} =~ /^Changes with \S+ (\S+)/mg;

for (@directives) {
    my ($since) = section('docs/directives.md', $_) =~ /^    Since:    (\S+)$/m;

    ok($released{ $since // '' }, "since which version there is $_");
}

same([table('README.md', 'Directives')], \@directives,
     'the directives in the README');

my @variables = map { /\$(webhook_\w+)/g }
                section('README.md', 'Variables') =~ /^\|([^|]*)/mg;

cmp_ok(scalar @variables, '>', 10, 'variables in the README');
same([map { /\$(webhook_\w+)/g }
      section('docs/directives.md', 'Variables') =~ /^(`.*)\n:/mg], \@variables,
     'the variables that are described');
takes('every variable', 'log_format all "' . join(' ', map { "\$$_" }
      @variables) . "\";\naccess_log off;\n");

my @tests = $text{'docs/security.md'} =~ /\b([a-z][\w-]*\.t)\b/g;

cmp_ok(scalar @tests, '>', 10, 'tests of promises');
same([grep { !-e "$root/t/$_" } @tests], [], 'which there are');

my ($reasons) = read_file("$root/src/ngx_http_webhook.h")
                =~ /define ngx_http_webhook_reason_rows(.*?)\n\n/s;
same([map { /`(\w+)`/g } section('docs/operating.md',
                               'Reasons and statuses') =~ /^\| (`[^|]*)/mg],
     [($reasons // '') =~ /"(\w+)"/g],
     'the reasons in the table');

my %not_reasons = map { $_ => 1 } qw/5xx redis silence/;

same([grep { !$not_reasons{$_} } read_file("$root/src/status/status.html")
          =~ /<dt id="reason-(\w+)">/g],
     [($reasons // '') =~ /"(\w+)"/g],
     'the reasons on the page');
same(JSON::PP->new->decode(text('docs/status.schema.json'))
         ->{'$defs'}{reason}{enum},
     [($reasons // '') =~ /"(\w+)"/g],
     'the reasons in the schema');

done_testing();


# All C files below a folder as one text.
sub sources {
    my ($folder) = @_;

    my @files;

    find(sub { push @files, $File::Find::name if /\.c$/ }, $folder);

    return join '', map { read_file($_) } sort @files;
}


# An example, with what it leaves to the reader around it.
sub example {
    my ($title, $block) = @_;

    my ($indent) = $block =~ /\A( *)/;
    $block =~ s/^$indent//gm;

    my ($outer, $inner) = levels($block);
    my %own;

    while ($outer =~ /^(webhook_provider\ +(\S+).*?^\}
                        |log_format\ +(\S+).*?;$)/gmsx)
    {
        $own{$2 // $3} = $1;
    }

    my @used = $block =~ /^\s*(?:webhook|access_log\s+\S+)\s+([\w-]+);/gm;
    my @missing = grep { $defined{$_} && !$own{$_} } @used;

    %defined = (%defined, %own);

    $outer = join "\n", @defined{@missing}, $outer;
    $outer .= "webhook_zone any 1m;\n"
        if $block =~ /webhook_status/ && $block !~ /webhook_zone/;

    if ($inner ne '') {
        $inner = "location / {\n$inner}\n" if $inner !~ /^location/m;
        $outer .= "server {\nlisten 127.0.0.1:8080;\n$inner}\n";
    }

    takes($title, $outer);
}


# What goes into http, and what goes into a server or a location.
sub levels {
    my ($block) = @_;

    my ($outer, $inner) = ('', '');
    my $to = \$inner;

    for my $line (split /^/, $block) {
        $to = $line =~ /^$http/ ? \$outer : \$inner if $line =~ /^[a-z]/;
        $$to .= $line;
    }

    return ($outer, $inner =~ /\S/ ? $inner : '');
}


# nginx -t has no complaint about this; addresses and paths are made ours.
sub takes {
    my ($title, $http) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $t = WebhookTest->new(conf => '', start => 0);
    my $dir = $t->dir;

    $http =~ s{/etc/nginx/}{$dir/}g;
    $http =~ s{/var/log/nginx/}{$dir/logs/}g;
    $http =~ s{\blisten\s+(?:[\d.]+:)?\d+}{listen 127.0.0.1:%%PORT%%}g;

    files($t, $http);

    my ($exit, $said) = WebhookTest::nginx_t($http);

    $said =~ s/^.*(?:syntax is ok|test is successful|makes sense only).*\n//gm;
    ok($exit == 0 && $said !~ /\[(?:warn|alert|crit|emerg)\]/, $title)
        or diag($said, $http);
}


# The files that a configuration names.
sub files {
    my ($t, $text) = @_;

    my $dir = $t->dir;
    my $n = 0;

    while ($text =~ m{(jwks|keys):([^\s;]+)}g) {
        my ($kind, $path) = ($1, $2);

        $path = "$dir/$path" if $path !~ m{^/};
        $t->write_file($path =~ s{^\Q$dir\E/}{}r,
                       $kind eq 'jwks' ? $keys : $pems);
    }

    for my $path ($text =~ m{file:([^\s;]+)}g) {
        my $name = basename($path);

        $path = "$dir/$path" if $path !~ m{^/};
        $t->write_file($path =~ s{^\Q$dir\E/}{}r,
                       $secret{$name} // sprintf 'the secret %010d', $n++);
        chmod 0600, $path;
    }

    my $server = cert(ca($dir, 'ca'), subject => '/CN=localhost');

    make_path("$dir/certs");

    for my $path ($text =~ m{ssl_\w*certificate(?:_key)?\s+([^\s;]+)}g) {
        my $from = $path =~ /\.key$/ ? $server->{key} : $server->{cert};

        write_file("$dir/certs/" . basename($path), read_file($from));
    }
}


# nginx -t takes a whole nginx.conf of ours, with the paths in it.
sub whole {
    my ($name) = @_;

    my $t = WebhookTest->new(conf => '', start => 0, module => 0);
    my ($module) = WebhookTest->new(conf => '', start => 0)->modules;

    files($t, $text{$name});
    make_path(map { $t->dir . "/$_" } qw/modules temp/);
    symlink $module, $t->dir . '/modules/ngx_http_webhook_module.so';
    $t->write_file('nginx.conf', $text{$name});

    my ($exit, $said) = $t->check;

    ok($exit == 0 && $said !~ /\[(?:warn|emerg)\]/, $name) or diag($said);
}


# The first column of the table in a section.
sub table {
    my ($document, $title) = @_;

    return grep { $_ ne 'name' && $_ ne 'directive' }
           section($document, $title) =~ /^\| \[?([a-z][\w-]*)/mg;
}


sub section {
    my ($document, $title) = @_;

    return $text{$document} =~ /^##* \Q$title\E\n(.*?)(?=^##* |\z)/ms ? $1 : '';
}


# The anchors of a document's headings, as GitHub makes them.
sub anchors {
    my ($file) = @_;

    my $text = text($file) =~ s/^ *```.*?^ *```$//gmsr;
    my %anchors = map { $_ => 1 } $text =~ /<a id="([^"]+)">/g;

    for my $heading ($text =~ /^#+ (.*)$/mg) {
        my $anchor = lc $heading;

        $anchor =~ s/[^\w -]//g;
        $anchor =~ tr/ /-/;
        $anchors{$anchor} = 1;
    }

    return \%anchors;
}


sub same {
    my ($have, $want, $title) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is_deeply([sort @$have], [sort @$want], $title);
}


sub text { return read_file("$root/$_[0]") }


sub public_rsa_key {
    my $key = `openssl genpkey -algorithm RSA 2>/dev/null \\
               | openssl pkey -pubout`;

    return $key;
}
