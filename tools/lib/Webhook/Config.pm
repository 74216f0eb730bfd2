package Webhook::Config;

# The locations of an nginx.conf in which webhooks are verified, with their
# secrets.  It is read as nginx reads it, includes and all, but nothing is
# checked: "nginx -t" does that.
#
# A location: { servers, modifier, path, names (of providers), secrets,
# public_url, window, future, claims }.  A secret: { bytes, place, decode, keys
# (jwks or keys), of (what a map has it for) }; bytes are as they are in the
# file.

use strict;
use warnings;

use Exporter qw/import/;
use File::Basename qw/dirname/;
use File::Spec;

use Webhook::Rules;

our @EXPORT = qw/find_locations literal_secret read_config/;

my %seconds = (s => 1, m => 60, h => 3600, d => 86400,
               w => 604800, ms => 0.001, '' => 1);


# Of a time as nginx writes it; undef of another.
sub seconds {
    my ($text) = @_;

    my $sum;

    $sum += $1 * $seconds{$2}
        while ($text // '') =~ /(\d+)(ms|[smhdw]?)(?: |(?=\d)|\z)/g;

    return $sum;
}


# { locations => [...], providers => { name => rules } }
sub read_config {
    my ($file) = @_;

    my $config = { prefix => dirname(File::Spec->rel2abs($file)),
                   locations => [], providers => {}, maps => {} };
    my @statements = included($config, $file);

    block($config, \@statements, { servers => [], secrets => [] }, '');
    expand($config);

    return $config;
}


sub full_path {
    my ($config, $path) = @_;

    return $path =~ m{\A/} ? $path : "$config->{prefix}/$path";
}


sub included {
    my ($config, $file) = @_;

    return map {
        my ($end, $name, @words) = @$_;
        ($name // '') ne 'include' ? $_
            : map { included($config, $_) }
              sort glob full_path($config, $words[0]) =~ s/(?=[\s])/\\/gr;
    } statements($file);
}


# Takes the statements of a block; what it inherits is copied for each.
sub block {
    my ($config, $statements, $level, $kind) = @_;

    my ($own_secrets, $own_claims, @inner);

    while (my $statement = shift @$statements) {
        my ($end, $name, @words) = @$statement;

        last if $end eq '}';

        if ($end eq '{') {
            my @body = body_of($statements);
            $name eq 'webhook_provider'
                ? provider($config, $words[0], \@body)
            : $name eq 'map' ? map_block($config, \@words, \@body)
            : push @inner, [$name, \@words, \@body];
        } elsif ($name eq 'webhook') {
            $level->{names} = $words[0] eq 'off' ? undef : \@words;
        } elsif ($name eq 'webhook_secret') {
            $level->{secrets} = [] if !$own_secrets++;
            push @{ $level->{secrets} },
                 secret($config, $own_secrets, @words);
        } elsif ($name eq 'webhook_claim') {
            $level->{claims} = [] if !$own_claims++;
            push @{ $level->{claims} }, \@words;
        } elsif ($name eq 'webhook_public_url') {
            $level->{public_url} = $words[0];
        } elsif ($name eq 'webhook_window') {
            ($level->{window}, $level->{future}) =
                map { seconds($_) } @words;
        } elsif ($name eq 'server_name') {
            $level->{servers} = \@words;
        }
    }

    push @{ $config->{locations} }, { %$level }
        if $level->{names} && ($kind eq 'location' || $kind eq 'server');

    for (@inner) {
        my ($name, $words, $body) = @$_;
        my %copy = %$level;

        if ($name eq 'location') {
            @copy{qw/modifier path/} = @$words > 1 ? @$words : ('', @$words);
            @copy{qw/modifier path/} = ($1, $2)
                if @$words == 1 && $words->[0] =~ /\A(=|\^~|~\*?)(.+)\z/;
        }

        block($config, $body, \%copy, $name);
    }
}


# The statements up to the end of a block that has begun.
sub body_of {
    my ($statements) = @_;

    my ($depth, @body) = (1);

    while (my $statement = shift @$statements) {
        $depth++ if $statement->[0] eq '{';
        return @body if $statement->[0] eq '}' && --$depth == 0;
        push @body, $statement;
    }

    return @body;
}


sub provider {
    my ($config, $name, $body) = @_;

    my %rules;

    push @{ $rules{ $_->[1] } }, Webhook::Rules::rule($_->[1], undef,
                                                      @$_[2 .. $#$_])
        for @$body;

    $config->{providers}{$name} = \%rules;
}


# What a variable may be, by its name.
sub map_block {
    my ($config, $words, $body) = @_;

    push @{ $config->{maps}{ substr $words->[-1], 1 } },
         map { [$_->[1], $_->[2]] }
         grep { @$_ > 2 && length $_->[2] } @$body;
}


sub secret {
    my ($config, $number, $value, @options) = @_;

    my %secret = (value => $value, place => "secret $number");

    for (@options) {
        $secret{decode} = $1 if /\Adecode=(.*)\z/s;
    }

    fill(\%secret, $value, sub { full_path($config, $_[0]) });

    return \%secret;
}


# The bytes of a value, from where it says.
sub fill {
    my ($secret, $value, $path_of) = @_;

    if ($value =~ /\A(file|jwks|keys):(.*)\z/s) {
        $secret->{place} .= ", $1:$2";
        $secret->{keys} = $1 if $1 ne 'file';
        $secret->{bytes} = eval { read_file($path_of->($2)) };
        $secret->{problem} = $@ =~ s/\n\z//r if $@;
    } elsif ($value =~ /\Aenv:(.*)\z/s) {
        $secret->{place} .= ", env:$1";
        $secret->{bytes} = $ENV{$1};
        $secret->{problem} = "$1 is not in the environment of this command"
            if !defined $ENV{$1};
    } else {
        $secret->{bytes} = $value;
    }
}


# Of --secret.
sub literal_secret {
    my ($value, $number) = @_;

    my %secret = (value => $value, place => "secret $number");

    fill(\%secret, $value, sub { $_[0] });
    die "$secret{problem}\n" if defined $secret{problem};

    return \%secret;
}


# A secret of one variable becomes one for each value that a map gives it.
sub expand {
    my ($config) = @_;

    for my $location (@{ $config->{locations} }) {
        $location->{secrets} = [map {
            my $secret = $_;
            my ($name) = ($secret->{value} // '') =~ /\A\$\{?(\w+)\}?\z/;
            my $map = defined $name ? $config->{maps}{$name} : undef;

            !$map ? $secret
                : map { { %$secret, bytes => $_->[1], of => $_->[0], place =>
                          "$secret->{place}, \$$name of \"$_->[0]\"" } }
                  @$map;
        } @{ $location->{secrets} }];
    }
}


# The locations that may have had a request, the likeliest first.
sub find_locations {
    my ($config, $r) = @_;

    my $path = $r->{uri} =~ s/[?#].*//sr;
    my $host = lc $r->{authority} =~ s/:\d+\z//r;

    my @found = map {
        my $rank = location_rank($_, $path);
        !$rank || (defined $r->{provider}
                   && !grep { $_ eq $r->{provider} } @{ $_->{names} }) ? ()
            : [$rank + (grep({ lc $_ eq $host } @{ $_->{servers} })
                        ? 1e6 : 0), $_];
    } @{ $config->{locations} };

    return map { $_->[1] } sort { $b->[0] <=> $a->[0] } @found;
}


# How well a location fits, 0 for not.  The order is nginx's.
sub location_rank {
    my ($location, $path) = @_;

    my ($modifier, $name) = map { $_ // '' } @$location{qw/modifier path/};

    return 1 if $name eq '';
    return $path eq $name ? 1e5 : 0 if $modifier eq '=';
    return 5e4 if $modifier eq '~' && eval { $path =~ /$name/ };
    return 5e4 if $modifier eq '~*' && eval { $path =~ /$name/i };
    return 0 if $modifier =~ /~\*?\z/ && $modifier ne '^~';
    return 0 if $name =~ /\A\@/ || index($path, $name) != 0;
    return ($modifier eq '^~' ? 6e4 : 1) + length $name;
}


1;
