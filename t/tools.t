#!/usr/bin/perl

# What the commands say of themselves: --help in one screen, manual pages that
# have every option, --version, a reason for each mistake in the command line,
# and completion in bash.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp;
use Test::More;

use WebhookTest::Cert qw/read_file/;

my $root = "$FindBin::Bin/..";
my ($version) = read_file("$root/CHANGES") =~ /^Changes with \S+ (\S+)/m;
my @tools = qw/webhook-check webhook-keys webhook-redeliver webhook-send/;

for my $tool (@tools) {
    my ($exit, $help, $complaint) = run($tool, '--help');
    my $page = "$root/tools/man/$tool.pod";
    my @lines = split /\n/, $help;
    my @options = split /\n/, (run($tool, '--options'))[1];
    my $text = read_file($page);

    is("$exit $complaint", '0 ', "$tool --help");
    ok(@lines > 5 && @lines <= 24 && !grep({ length > 80 } @lines),
       'is one screen') or diag($help);
    like($help, qr/^\Q$tool\E .*\n/, 'begins with what to write');
    is_deeply([sort map { /B<(--[\w-]+)>/g } $text =~ /^=item (.*)$/mg],
              [sort @options], 'its page has every option');
    is_deeply([grep { my $o = $_; !grep { $_ eq $o } @options }
               $help =~ /(?<!curl )(--[a-z-]+)/g], [], 'and --help has no other');
    is(join(' ', run($tool, '--version')), "0 $tool $version\n ",
       '--version');
    is(`podchecker -warnings "$page" 2>&1`, "$page pod syntax OK.\n",
       'its page');
    mistake($tool, qr/unknown option "--hepl" \(did you mean "--help"\?\)/,
            '--hepl');
}

mistake('webhook-send', qr/--provider is missing/);
mistake('webhook-send', qr/--url is missing/, qw/--provider github/);
mistake('webhook-send', qr/value "x" invalid for option timeout \(.*\)/,
        qw/--timeout x/);
mistake('webhook-send', qr/one FILE or --sample, not more: a b/,
        qw{--provider github --url http://127.0.0.1:1 a b});
mistake('webhook-check', qr/--config or --provider is missing/);
mistake('webhook-check', qr/--provider needs a --secret/,
        qw/--provider github/);
mistake('webhook-keys', qr/URL and FILE are needed/, 'a');
mistake('webhook-redeliver', qr/URL and DIR are needed/, 'a');
mistake('webhook-redeliver', qr/--tries and --timeout are at least 1/,
        qw{--tries 0 http://127.0.0.1:1 .});

# Unknown providers
my @send = qw{--url http://127.0.0.1:1 --provider};

says('webhook-send', 'unknown provider "GitHub" (did you mean "github"?)',
     @send, 'GitHub');
says('webhook-send', 'unknown provider "githbu" (did you mean "github"?)',
     @send, 'githbu');
says('webhook-send', 'unknown provider "facebook", which is mentioned at meta',
     @send, 'facebook');
says('webhook-send', 'unknown provider "../meta", --list shows all',
     @send, '../meta');
says('webhook-send', 'unknown provider "nobody", --list shows all', @send,
     'nobody');
says('webhook-check', 'unknown provider "strip" (did you mean "stripe"?)',
     qw/--secret x --provider strip/);

# What cannot be sent
my @github = qw{--url http://127.0.0.1:1 --provider github};
my @signed = (@github, qw/--secret secret-of-twenty-or-more/);

says('webhook-send', @$_) for (
    ['github needs a --secret', @github],
    ['the secret is empty', @github, '--secret', 'file:/dev/null'],
    ['/nowhere: No such file or directory', @github, '--secret',
     'file:/nowhere'],
    ['the secret is not hex', @github, qw/--secret zz --decode hex/],
    ['cannot decode a secret from "zip"', @signed, qw/--decode zip/],
    ['/nowhere: No such file or directory', @signed, '/nowhere'],
    ['github has no sample "none", it has push', @signed, qw/--sample none/],
    ['"bad" is not a header, NAME: VALUE', @signed, qw/--header bad/],
    ['github has no timestamp', @signed, qw/--timestamp 1/],
    ['--tamper needs a body', @signed, '--tamper'],
    ['github has no challenge', @signed, '--challenge', ''],
    ['ftp://x is not an http:// or https:// URL', @signed, '--url', 'ftp://x'],
    ['netdata needs a --challenge-secret', @signed, '--provider', 'netdata',
     '--challenge', ''],
    ['cannot sign with ed25519 and such a secret, which is no private key',
     @signed, '--provider', 'discord'],
    ['github has no signature by a public key', @github, '--new-key', '/none'],
    ["$root/conf.example has not one provider, name it: --provider",
     '--url', 'http://127.0.0.1:1', '--provider-file', "$root/conf.example"],
);

# Completion
is(complete('webhook-send', '--prov'), '--provider --provider-file --providers',
   'completes options');
is(complete('webhook-redeliver', '--t'), '--timeout --tries',
   'those of the command');
is(complete('webhook-send', '--provider', 'githu'),
   'github github-secret-scanning', 'completes providers');
is(complete('webhook-check', '--provider', 'githu'),
   'github github-secret-scanning', 'for the others, too');
is(complete('webhook-send', '--provider', 'stripe', '--sample', ''),
   'payment', 'completes samples');
is(complete('webhook-send', '--decode', 'h'), 'hex', 'completes words');
is(complete('webhook-send', 'fil'), '', 'and leaves files to bash');

done_testing();


# The exit status, and what was printed.
sub run {
    my ($tool, @arguments) = @_;

    my $said = File::Temp->new;

    open my $out, '-|', 'sh', '-c', 'exec "$@" </dev/null 2>"$0"', "$said",
        "$root/tools/$tool", @arguments or die "sh: $!";
    my $printed = do { local $/; <$out> } // '';
    close $out;

    return ($? >> 8, $printed, read_file("$said"));
}


sub mistake {
    my ($tool, $reason, @arguments) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($exit, $printed, $said) = run($tool, @arguments);

    is("$exit$printed", 2, "$tool @arguments");
    like($said, qr/\A$tool: $reason\nTry "$tool --help" or "man $tool".\n\z/,
         'says why');
}


sub says {
    my ($tool, $text, @arguments) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is(join(' ', run($tool, @arguments)), "2  $tool: $text\n",
       "$tool @arguments");
}


# What bash offers for the last of the words.
sub complete {
    my ($tool, @words) = @_;

    open my $out, '-|', 'bash', '-c', <<'EOF', 'bash', "$root/tools/$tool", @words
        . "${1%/tools/*}/contrib/completion/webhook-send"
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        [[ $(complete -p "${1##*/}") == *' -F _webhook_tools '* ]] || exit 1
        _webhook_tools "$1"
        echo "${COMPREPLY[*]}"
EOF
        or die "bash: $!";

    my ($line) = <$out>;
    close $out;
    chomp $line if defined $line;

    return $line;
}
