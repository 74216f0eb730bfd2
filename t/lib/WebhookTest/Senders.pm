package WebhookTest::Senders;

# Processes that send messages, each until it is taken, and as many forged ones,
# while the test does something to nginx; then the account of it.

use strict;
use warnings;

use POSIX ();
use Test::More;

use WebhookTest;
use WebhookTest::Signed qw/signed forged/;


# So many processes that send to "/".
sub new {
    my ($class, $t, $n) = @_;

    my $self = bless { t => $t, pids => [] }, $class;

    push @{ $self->{pids} }, $self->begin($_) for 1 .. $n;

    return $self;
}


sub pids { return @{ $_[0]{pids} } }


sub begin {
    my ($self, $number) = @_;

    my $t = $self->{t};
    my $pid = fork // die "fork: $!";

    return $pid if $pid;

    my @taken;

    until (-e $t->dir . '/enough') {
        my $body = "message $number." . @taken;

        1 until $t->status(signed(uri => '/', body => $body)) =~ /^2/;

        push @taken, $body;
        $t->request(forged(uri => '/', body => "$body, forged"));
    }

    $t->write_file("logs/sender.$number", join "\n", @taken);
    POSIX::_exit(0);
}


# Ends them.  The application has had each message once, and nothing else since
# it was cleared.  Returns how many they were.
sub account {
    my ($self) = @_;

    my $t = $self->{t};
    my @pids = $self->pids;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    $t->write_file('enough', '');
    waitpid $_, 0 for @pids;

    my %sent = map { $_ => 1 }
               map { split /\n/, $t->log_file("sender.$_") } 1 .. @pids;
    my %times;
    $times{$_->{body}}++ for $t->app_requests;

    is(scalar(grep { !$times{$_} } keys %sent), 0, 'none is lost');
    is(scalar(grep { $times{$_} > 1 } keys %times), 0, 'none is doubled');
    is(scalar(grep { !$sent{$_} } keys %times), 0, 'and no other has passed');

    return scalar keys %sent;
}


1;
