#!/usr/bin/perl

# tools/matrix: what it writes into README.md, of builds and tests that end in
# one way or another.  The commands that it calls are ours.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Path qw/make_path/;
use File::Temp;
use POSIX qw/strftime/;
use Test::More;

use WebhookTest::Cert qw/read_file write_file/;

my $temp = File::Temp->newdir('matrix-XXXXXX', TMPDIR => 1);
my $tree = "$temp/tree";
my $old = "| 1.25.0 from source | gcc 1 | 3 | no warnings | pass | then |\n";
my $head = "before\n<!-- tools/matrix -->\n| nginx |\n|---|\n";
my $tail = "<!-- /tools/matrix -->\nafter\n";

make_path("$tree/tools", "$temp/bin", map { "$temp/$_/src/core" } qw/a b/);
write_file("$tree/tools/matrix", read_file("$FindBin::Bin/../tools/matrix"));
write_file("$tree/README.md", $head . $old . $tail);
write_file("$temp/a/src/core/nginx.h", qq{#define NGINX_VERSION "1.18.0"\n});
write_file("$temp/b/src/core/nginx.h", qq{#define NGINX_VERSION "1.30.4"\n});

command('gcc', 'echo 12.2.0');
command('clang', 'echo 14.0.6');
command('make', <<'EOC');
case "$*" in
*test*) cat "$SAYS"; exit 1 ;;
*CC=clang*1.18*|*1.18*CC=clang*) exit 2 ;;
esac
EOC
command('openssl', "echo 'OpenSSL 3.0.22 25 Aug 2026'");

my $bad = "t/a.t (Wstat: 256 (exited 1) Tests: 9 Failed: 1)\n"
          . "t/b.t  (Wstat: 0 Tests: 9 Failed: 1)\nFiles=2, Tests=18, 3\n"
          . "Result: FAIL\n";

my $status;

is(matrix("Files=9, Tests=18, 3 wallclock\nResult: PASS\n", {}, "$temp/b"),
   rows($old, row('1.30.4', 'clang 14.0.6', '3.0.22', 'no warnings', 'pass'),
        row('1.30.4', 'gcc 12.2.0', '3.0.22', 'no warnings', 'pass')),
   'all pass');
is($status, 0, 'and no status tells otherwise');

is(matrix($bad, { TESTS => 't/a.t t/b.t' }, "$temp/b"),
   rows($old, map { row('1.30.4', $_, '3.0.22', 'no warnings',
                        'fails: t/a.t t/b.t') } 'clang 14.0.6', 'gcc 12.2.0'),
   'some fail, in place of what has been there');
is($status, 1, 'and the status tells');

is(matrix("Files=2, Tests=18, 3\nResult: PASS\n", { TESTS => 't/a.t t/b.t' },
          "$temp/b"),
   rows($old, map { row('1.30.4', $_, '3.0.22', 'no warnings', '2 files pass') }
        'clang 14.0.6', 'gcc 12.2.0'),
   'some pass, and no more are claimed');

write_file("$tree/README.md", $head . $old . $tail);
is(matrix("make: no prove\n", {}, "$temp/a"),
   rows(row('1.18.0', 'clang 14.0.6', '', 'does not build', ''),
        row('1.18.0', 'gcc 12.2.0', '3.0.22', 'no warnings', 'do not run'),
        $old),
   'one that does not build');
is($status, 1, 'and the status tells');

is(matrix('', {}, '--quick', "$temp/b"),
   rows(row('1.18.0', 'clang 14.0.6', '', 'does not build', ''),
        row('1.18.0', 'gcc 12.2.0', '3.0.22', 'no warnings', 'do not run'),
        $old, map { row('1.30.4', $_, '3.0.22', 'no warnings', 'not tried') }
        'clang 14.0.6', 'gcc 12.2.0'),
   'builds only');
is($status, 0, 'and no more is asked for');
unlike(read_file("$tree/build/matrix/1.30.4-gcc.log"), qr/units nginx/,
       'nor an nginx that nobody runs');

my $before = read_file("$tree/README.md");
is(matrix('', {}, '--print', "$temp/a"), $before, '--print leaves README.md');

like(read_file("$tree/build/matrix/1.18.0-gcc.log"),
     qr/^\+ make .*CC_OPT=-Wno-deprecated-declarations module units nginx$/m,
     'what OpenSSL 3 deprecates is let pass in an old nginx');
unlike(read_file("$tree/build/matrix/1.30.4-gcc.log"), qr/CC_OPT/,
       'and not in a new one');

command('debootstrap', 'exit 1');
command('tools/nginx-source', 'exit 1');
write_file("$tree/README.md", "$head| package of Debian forky, 1.30.6 | gcc 15 |"
           . " 3.6 | built | pass | then |\n$tail");
is(matrix('', {}, 'forky'),
   rows(row('package of Debian forky', '', '', 'not tried', ''),
        row('source of Debian forky', '', '', 'not tried', '')),
   'what cannot be had');
is($status, 0, 'is no failure');

done_testing();


sub command {
    my ($name, $text) = @_;

    my $file = $name =~ m{/} ? "$tree/$name" : "$temp/bin/$name";

    write_file($file, "#!/bin/sh\n$text\n");
    chmod 0755, $file;
}


# README.md after a run in which the tests say this.
sub matrix {
    my ($says, $environment, @arguments) = @_;

    write_file("$temp/says", $says);

    local @ENV{qw/PATH SAYS TESTS/}
        = ("$temp/bin:$ENV{PATH}", "$temp/says", '');
    local @ENV{keys %$environment} = values %$environment;
    delete local @ENV{qw/CC MATRIX MIRROR/};

    my $printed = qx{bash "$tree/tools/matrix" @arguments 2>&1};

    $status = $? >> 8;
    note($printed);

    return read_file("$tree/README.md");
}


sub row {
    my ($nginx, @cells) = @_;

    $nginx .= ' from source' if $nginx =~ /^\d/;

    return '| ' . join(' | ', $nginx, @cells,
                       strftime('%Y-%m-%d', gmtime)) . " |\n";
}


sub rows { return $head . join('', @_) . $tail }
