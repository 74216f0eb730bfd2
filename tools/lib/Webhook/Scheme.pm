package Webhook::Scheme;

# Requests that are signed in another way than their place wants, and what is
# in the place of a signature or a token that is missing.

use strict;
use warnings;

use Exporter qw/import/;
use List::Util qw/first uniq/;

use Webhook::Finding;
use Webhook::Keys;
use Webhook::Request;
use Webhook::Signed;

our @EXPORT = qw/missing other_scheme stand_ins/;


sub other_scheme {
    my ($r, $rules, $place, $known) = @_;

    my @guesses = guesses_in($r);
    my @keys = grep { $_->[3] <= 1 && !$_->[5] }
               keys_known('text', $place, $known);
    my %r = %$r;

    # what the place's own rules call so may be signed in another way
    for my $what (qw/timestamp id/) {
        $r{$what} //= first { defined } map { source_value($r, $rules, $_) }
                      @{ ($rules->{$what} // [])->[0]{words} // [] };
    }

    # each message once, with the providers that sign it so
    my %schemes;

    for my $name (sort keys %{ $known->{providers} }) {
        my $theirs = $known->{providers}{$name};

        next if (body_kind($theirs))[0] eq 'pelorus';

        for my $rule (grep { algorithm($_) =~ /\Ahmac-/ }
                      @{ $theirs->{signature} // [] })
        {
            push @{ $schemes{ scheme_of($theirs) } },
                 [$name, $theirs, $rule];
        }
    }

    for my $scheme (sort keys %schemes) {
        my $theirs = $schemes{$scheme}[0][1];
        my $message = eval { message(\%r, $theirs, $r->{body}) } // next;

        for my $key (@keys) {
            for my $guess (@guesses) {
                my ($bytes, $encoding, $digest) = @$guess;

                next if hmac($digest, $message, $key->[0]) ne $bytes;

                return scheme_found($r, $schemes{$scheme}, $digest, $encoding,
                                    $key);
            }
        }
    }

    return;
}


sub scheme_of {
    my ($rules) = @_;

    return join ' ', word($rules, 'body') // 'raw',
                word($rules, 'message') // '$webhook_body',
                map { ($rules->{$_} // [])->[0]{unit} // '' } 'timestamp';
}


# Of a log what the rules found; else whatever the headers and the query have.
sub guesses_in {
    my ($r) = @_;

    my ($query) = $r->{uri} =~ /\?(.*)/s;

    return map { guesses($_) } grep { defined && length >= 24 }
        $r->{signature}, map({ $_->[1] } @{ $r->{headers} }),
        map { /=(.*)/s ? unpercent($1) : () } split /&/, $query // '';
}


sub scheme_found {
    my ($r, $providers, $digest, $encoding, $key) = @_;

    my @same = grep { algorithm($_->[2]) eq "hmac-$digest"
                      && ($_->[2]{encoding} // 'hex') eq $encoding }
               @$providers;
    my @there = grep { defined source_value($r, $_->[1], $_->[2]{words}[0]) }
                @same;
    my %once;

    @same = grep { !$once{$_}++ } map { $_->[0] } @there ? @there : @same;

    my $message = word($providers->[0][1], 'message') // '$webhook_body';
    my $how = "hmac-$digest in $encoding over "
              . (length $message > 60 ? 'parts of the body' : $message);

    splice @same, 4, @same, 'others' if @same > 5;

    return finding("it is signed with $key->[2]{place}"
                   . ($key->[4] ? " of $key->[2]{location}" : '')
                   . ($key->[1] ne '' ? " $key->[1]" : '')
                   . ", but in another way: $how"
                   . (@same ? ', as by ' . join(', ', @same) : ''), 'scheme');
}


sub missing {
    my ($r, $rules, $what, $place, $known) = @_;

    my @sources = uniq map { $_->{words}[0] } @{ $rules->{$what} };
    my $where = join ' or ', @sources;
    my @found = $r->{headless} ? () : other_scheme($r, $rules, $place, $known);

    return @found if @found;

    return finding('Authorization has no "Bearer" before what it has',
                   'sender')
        if grep({ $_ eq 'bearer' } @sources)
           && header($r, 'Authorization') =~ /\A\S{20,}\z/;

    for my $source (@sources) {
        my ($name) = $source =~ /\Aheader:(.*)/s or next;
        my $like = first { lc($_->[0] =~ tr/_/-/r) eq lc $name
                           && lc $_->[0] ne lc $name } @{ $r->{headers} };

        return finding("the header $name is missing, there is $like->[0]",
                       'underscore') if $like;
    }

    my @others = stand_ins($r, $known);

    return finding("there is no $what, $where"
                   . (@others ? '; in its place there is '
                      . join(', ', @others) : ''),
                   @others ? 'place' : 'missing');
}


# Headers with which others sign, or that sound like it.
sub stand_ins {
    my ($r, $known) = @_;

    my %names;

    for my $name (sort keys %{ $known->{providers} }) {
        my $rules = $known->{providers}{$name};

        for (map { $_->{words}[0] } map { @{ $rules->{$_} // [] } }
             qw/signature token/)
        {
            push @{ $names{ lc $1 } }, $name if /\Aheader:(.*)/s;
            push @{ $names{authorization} }, $name if /\A(?:bearer|basic)\z/;
        }
    }

    return map {
        my %once;
        my @by = grep { !$once{$_}++ } @{ $names{ lc $_ } // [] };
        $_ . (@by && @by < 4 ? ' (' . join(', ', @by) . ')' : '')
    } map { $_->[0] }
      grep { $names{ lc $_->[0] }
             || $_->[0] =~ /sign|hmac|digest|token|secret|auth/i }
      @{ $r->{headers} };
}


1;
