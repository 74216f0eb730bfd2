#!/usr/bin/perl

# What core takes is in its tables, and the messages of nginx -t have all of
# it: a new row shows here until the message has it, too.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/read_file/;

# the table, a rule that has none of its names, and how the message says one
my @lists = (
    ['wh_subject', 'wh_subject_attrs', 'client_certificate x', '%s='],
    ['wh_subject', 'wh_subject_sans', 'client_certificate x', 'san=%s'],
    ['wh_constraint', 'wh_constraint_types', 'require /a x', '%s'],
    ['wh_constraint', 'wh_constraint_options', 'require /a any x', '%s'],
    ['wh_signature_input', 'wh_components',
     'signature http-message covers=@x', '%s'],
);

for my $list (@lists) {
    my ($file, $table, $rule, $form) = @$list;

    my ($rows) = read_file("$FindBin::Bin/../src/core/$file.c")
        =~ /\b$table\[\w*\] = \{\n(.*?)\n\};/s;
    my @names = $rows =~ /wh_string\("(.+?)"\)/g;
    my ($exit, $said) = WebhookTest::nginx_t("webhook_provider a { $rule; }");

    cmp_ok(scalar @names, '>', 2, "$table has names");
    like($said, qr/[ "]\Q$_\E(?:[, ]|$)/m, "$table: $_ is told")
        for map { sprintf $form, $_ } @names;
}

done_testing();
