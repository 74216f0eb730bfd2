#!/usr/bin/perl

# tools/provider-table: what it says of a provider, and that it takes none
# without its source or its secret.

use strict;
use warnings;

use File::Basename;
use File::Path qw/make_path/;
use File::Temp;
use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest::Cert qw/read_file write_file/;

my $root = dirname($FindBin::Bin);
my $tree = File::Temp->newdir;

my $comment = <<'EOF';
# Shop: HMAC of time and body.
#
# Source: https://shop.example/hooks
# Secret: "Key" of the hook, in
#     the settings
# Left out: forms
EOF

my $block = <<'EOF';
webhook_provider shop {
    signature  header:X-Shop-Signature encoding=base64 key=hex;
    timestamp  header:X-Shop-Time past=5m;
    message    "$webhook_timestamp;$webhook_body";
    id         json:/id;
    replay     key=body ttl=2d;
}
EOF

make_path("$tree/providers", "$tree/docs");

my ($exit, $said) = table("$comment\n$block", '--check');

is($exit, 1, 'a document that differs');
like($said, qr{^README.md differs: run tools/provider-table\n\z}m,
     'is named');
like(read_file("$tree/docs/providers.md"), qr/old/, 'and left alone');

is_deeply([table("$comment\n$block")], [0, ''], 'documents are written');

my $row = '| [shop](#shop) | X-Shop-Signature '
    . '| HMAC-SHA256 of time and body, Base64, key in hex; 5 min '
    . "| `/id` / \xe2\x80\x93 | \"Key\" of the hook, in the settings "
    . '| body, without the time, 2 days '
    . '| [shop.example](https://shop.example/hooks) |';

is(read_file("$tree/docs/providers.md"), <<"EOF", 'the row of a provider');
before
<!-- all of them, by tools/provider-table -->

| name | header | checked | id / event | secret | known by | documented |
| --- | --- | --- | --- | --- | --- | --- |
$row

<!-- end -->
<!-- left out, by tools/provider-table -->

| name | left out | instead |
| --- | --- | --- |
| shop | forms | \xe2\x80\x93 |

<!-- end -->
## shop
EOF
is_deeply([run('--check')], [0, ''], 'and then they do not differ');

for my $field (qw/Source Secret/) {
    ($exit, $said) = table($comment =~ s/^# $field: [^\n]*\n(#  .*\n)*//mr
                           . "\n$block");

    ok($exit != 0 && $said =~ m{/shop\.conf: no "$field:" in its comment$},
       "a provider without its $field") or diag($said);
}

# What a message is known by, and for how long.
for (['signature header:X-Sign; replay ttl=3d', 'what is signed, 3 days'],
     ['signature header:X-Sign', 'what is signed, 1 day'],
     ['token header:X-Token; replay ttl=7d', 'body, 7 days'],
     ['token header:X-Token; replay off', 'nothing'],
     ['signature bearer algorithm=jwt-rs256 body_digest=none; '
      . 'claim /iss string', 'body, 1 day']) {
    my ($rules, $known) = @$_;

    is_deeply([table("$comment\nwebhook_provider shop {\n    "
                     . "$rules;\n}\n")], [0, ''], $rules);
    like(read_file("$tree/docs/providers.md"),
         qr/^\| \[shop\]\(#shop\) .* \| \Q$known\E \| \[shop\.example/m,
         "is known by $known");
}

($exit, $said) = table($comment =~ s/Left out/Left/r . "\n$block");
like($said, qr{/shop\.conf: a field is one of Instead, Keys, Left out, },
     'a field that there is not');

done_testing();


# Writes the provider's file, and documents to be made; what the tool says.
sub table {
    my ($provider, @arguments) = @_;

    write_file("$tree/providers/shop.conf", $provider);
    write_file("$tree/docs/providers.md", "before\n"
               . join('', map { "<!-- $_, by tools/provider-table -->\n"
                                . "old\n<!-- end -->\n" }
                      'all of them', 'left out') . "## shop\n");
    write_file("$tree/README.md",
               "<!-- providers, by tools/provider-table -->\n<!-- end -->\n");

    return run(@arguments);
}


sub run {
    my $said = qx{"$root/tools/provider-table" @_ "$tree" 2>&1};

    return ($? >> 8, $said);
}
