package Webhook::Finding;

# What is said of a request: { text, remedy }, or { text, right } of what is
# right.  No finding has a secret, a token or a signature that would be right.

use strict;
use warnings;

use Exporter qw/import/;

our @EXPORT = qw/explained finding match/;

my %remedy = (
    secret => 'Write the secret anew, without anything around it; '
        . '"nginx -t" then says nothing of it.',
    decoding => 'See "decode=" of webhook_secret, and "key=" of the provider.',
    other => 'Give this location the secret that the sender has for it.',
    body => 'Something between the sender and nginx, or in the sender, '
        . 'writes the body anew: make it pass bodies on as they are.',
    url => 'Set webhook_public_url to scheme, host and, where a proxy takes '
        . 'it off, prefix of the URL that the sender calls.',
    time => 'Compare the clocks; when all requests have about this age, it '
        . 'is the clock.  A single one is a retry, or was sent again.',
    unit => 'See "unit=" of the provider\'s "timestamp" rule.',
    scheme => 'Name this provider in "webhook", or mend your own block.',
    missing => 'Set a secret at the sender; if it has one, look for a proxy '
        . 'that drops the header.',
    underscore => 'nginx drops headers with "_" in their names unless '
        . 'underscores_in_headers is on.',
    place => 'Use the provider whose rules look there.',
    sender => 'Change it at the sender, or use a provider that takes it.',
    changed => 'The secret, the configuration or the clock was another one '
        . 'when it was refused.  Let the sender send it again.',
    keys => 'Fetch the keys anew, see webhook-keys.',
    key_id => 'Let the sender name its key, or put one key alone into the '
        . 'file.',
    header => 'Something between the sender and nginx takes the header off or '
        . 'changes it: make it pass.',
    claim => 'See "webhook_claim", and for whom the sender makes its tokens.',
    copy => 'The application has had it: see there.',
);


sub finding {
    my ($text, $remedy) = @_;

    return { text => $text,
             remedy => defined $remedy ? $remedy{$remedy} : undef };
}


sub match {
    my ($message, $key) = @_;

    return { body => $message->[1], url => $message->[2], key => $key->[1],
             secret => $key->[2], foreign => $key->[4],
             wrong => $message->[3] + $key->[3] };
}


sub explained {
    my ($match) = @_;

    my $secret = $match->{secret};
    my $whose = $secret->{place}
        . ($match->{foreign} ? " of $secret->{location}" : '');

    return { text => "signed with $whose", right => 1 } if !$match->{wrong};

    my @texts = ("with $whose" . ($match->{key} ne '' ? " $match->{key}" : ''));

    push @texts, "for the body $match->{body}" if $match->{body} ne '';
    push @texts, "for the URL $match->{url}" if $match->{url} ne '';

    my $kind = $match->{key} =~ /\Ain the place of/ ? 'keys'
             : $match->{body} ne '' ? 'body'
             : $match->{url} ne '' ? 'url' : $match->{foreign} ? 'other'
             : $match->{key} =~ /decoded/ ? 'decoding' : 'secret';

    return finding('the signature is right ' . join(', and ', @texts), $kind);
}


1;
