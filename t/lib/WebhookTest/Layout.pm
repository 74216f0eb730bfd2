package WebhookTest::Layout;

# Which rooms src/ has, which of them may know which, and what in a tree is
# not so.
#
# An arrow goes from a file to a file that it uses.  There are two kinds.
# Includes are read from the #include lines, whatever #if is around them; a
# header is known by its name, in quotes or in angle brackets.
#
# Calls are counted from the objects with nm, so a prototype written by hand
# is no way around: file A calls file B when the object of A has a symbol
# undefined that the object of B defines, be it a function that is called,
# one whose address is taken, or a variable, since state that two files share
# ties them as a call does.  What a static inline function of a header needs
# counts for each object that has the function in it.  Several calls between
# two files are one arrow.  What goes through a pointer at run time is not
# seen.  One symbol is not counted: ngx_http_webhook_module, by which nginx
# finds contexts and configurations, is in the file at the top and used
# everywhere.

use strict;
use warnings;

use Exporter qw/import/;
use File::Basename;
use File::Find;

our @EXPORT_OK = qw/read_tree complaints rules measures/;

# What a room may know besides itself.  A room is a folder, but src/ itself has
# two: ngx_http_webhook_module.c, and the model, which is all other files.
my %knows = (
    'module'       => [qw{conf request status secret zone redis model core
                          core/pelorus nginx}],
    'conf'         => [qw{secret zone redis model core nginx}],
    'request'      => [qw{secret zone redis model core core/pelorus nginx}],
    'status'       => [qw{secret zone redis model core nginx}],
    'redis'        => [qw{zone model core nginx}],
    'zone'         => [qw{model core nginx}],
    'secret'       => [qw{model core nginx}],
    'model'        => [qw{core nginx}],
    'core/pelorus' => [qw{core}],
    'core'         => [],
);

my @model_headers = qw/ngx_http_webhook.h ngx_http_webhook_provider.h
                       ngx_http_webhook_gate.h
                       ngx_http_webhook_http_message.h
                       ngx_http_webhook_source.h
                       ngx_http_webhook_step.h/;

my $top = 'ngx_http_webhook_module.c';
my $main_header = 'ngx_http_webhook.h';
my $module_symbol = 'ngx_http_webhook_module';

# each is one machine
my @long = qw/wh_json.c wh_pelorus.c/;

my @rules = (
    ['every folder is a room', \&folders],
    ['names show where a file belongs', \&names],
    ['no file is too long', \&sizes],
    ['sources include nothing that they must not know', \&source_includes],
    ['sources include a header of ours first', \&first_includes],
    ['headers include nothing that is above them', \&header_includes],
    ["$main_header includes of core only wh.h", \&main_header_includes],
    ['the model includes of core only what it uses', \&model_includes],
    ['no circle of includes', \&include_circles],
    ['every source has an object', \&objects],
    ['objects need nothing that they must not know', \&needs],
    ['no circle of calls', \&call_circles],
);


# The files below src/ by their path in it, and what nm says of their objects.
# A build directory may have more objects, of sources that are gone.
sub read_tree {
    my ($root, $build) = @_;

    my $src = "$root/src";
    my %tree = (folders => [], files => {});

    find({ no_chdir => 1, wanted => sub {
        return if $_ eq $src;

        my $path = substr($_, length "$src/");

        if (-d $_) {
            push @{ $tree{folders} }, $path;

        } elsif (/\.[ch]$/) {
            $tree{files}{$path} = read_source($_);
        }
    } }, $src);

    my @sources = grep { /\.c$/ } keys %{ $tree{files} };

    $tree{objects} = read_objects(map { object($src, $build, $_) => $_ }
                                      @sources);

    return \%tree;
}


# nginx names the folder of an object after the last folder of the source.
sub object {
    my ($src, $build, $path) = @_;

    return "$build/objs/addon/" . basename(dirname("$src/$path")) . '/'
           . basename($path, '.c') . '.o';
}


sub read_source {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!";
    my $text = do { local $/; <$in> } // '';

    my $lines = $text =~ tr/\n//;
    my $include = qr/^[ \t]*\#[ \t]*include[ \t]*[<"]([^>"]+)[>"]/m;
    my @includes = $text =~ /$include/g;

    $text =~ s/$include//g;
    $text =~ s{/\*.*?\*/}{}gs;

    return { lines => $lines, includes => \@includes,
             words => { map { $_ => 1 } $text =~ /\b(wh_\w+)/gi } };
}


# What objects need and define, by their sources; those that exist.
sub read_objects {
    my %source = @_;

    my @objects = grep { -e $_ } keys %source;
    my %read = map { $source{$_} => { needs => [], defines => [] } } @objects;

    return \%read if !@objects;

    open my $nm, '-|', 'nm', '-A', '-P', '-g', @objects or die "nm: $!";

    while (my $line = <$nm>) {
        my ($object, $symbol, $type) = $line =~ /^(.+): (\S+) (\S)/ or next;
        my $list = $type =~ /[Uwv]/ ? 'needs' : 'defines';

        push @{ $read{$source{$object}}{$list} }, $symbol;
    }

    close $nm or die 'nm failed';

    return \%read;
}


# The names of the rules, in their order.
sub rules {
    return map { $_->[0] } @rules;
}


# What is wrong with a tree: lists of complaints by the name of the rule.
sub complaints {
    my ($tree) = @_;

    my %found;

    for (@rules) {
        my ($rule, $check) = @$_;
        my @complaints = $check->($tree);

        $found{$rule} = \@complaints if @complaints;
    }

    return \%found;
}


# How large a tree is.  The floors are the files of the longest chain of calls.
sub measures {
    my ($tree) = @_;

    my $calls = within(calls($tree));

    return { files => scalar keys %{ $tree->{files} },
             includes => count(within(includes($tree))),
             calls => count($calls),
             floors => floors($calls) };
}


# Names and sizes

sub folders {
    my ($tree) = @_;

    return map { "src/$_ is not a room" }
           grep { !is_room($_) } sort @{ $tree->{folders} };
}


sub names {
    my ($tree) = @_;

    my @complaints;
    my %seen;

    for my $path (sort keys %{ $tree->{files} }) {
        my $name = basename($path);
        my $room = room($path) // next;
        my $prefix = $room =~ /^core/ ? 'wh' : 'ngx_http_webhook';
        my @headers = $room eq 'model' ? @model_headers : "${prefix}_$room.h";
        push @headers, map { "${prefix}_$_.h" } qw/ctx body signature/
            if $room eq 'request';

        push @complaints, "src/$path has the name of src/$seen{$name}"
            if $name =~ /\.h$/ && $seen{$name};

        push @complaints, "src/$path does not begin with ${prefix}_"
            if $name !~ /^$prefix[_.]/;

        push @complaints, "src/$path is not a header of its room"
            if $name =~ /\.h$/ && $room !~ /^core/
               && !grep { $_ eq $name } @headers;

        $seen{$name} = $path;
    }

    return @complaints;
}


sub sizes {
    my ($tree) = @_;

    my @complaints;

    for my $path (sort keys %{ $tree->{files} }) {
        my $name = basename($path);
        my $lines = $tree->{files}{$path}{lines};
        my $limit = $path eq $main_header ? 200 : $path =~ /\.h$/ ? 400 : 900;

        next if $lines <= $limit || grep { $_ eq $name } @long;

        push @complaints, "src/$path has $lines lines, not at most $limit";
    }

    return @complaints;
}


# Directions

sub source_includes {
    my ($tree) = @_;

    return grep { /^\S+\.c / } forbidden(includes($tree));
}


# nginx says in its first header what those of the system are to have.
sub first_includes {
    my ($tree) = @_;

    my $files = $tree->{files};
    my %ours = map { basename($_) => 1 } keys %$files;

    return map { "src/$_ includes $files->{$_}{includes}[0] first" }
           grep { !$ours{basename($files->{$_}{includes}[0] // $_)} }
           sort grep { /\.c$/ && !m{^core/} } keys %$files;
}


sub header_includes {
    my ($tree) = @_;

    return grep { /^\S+\.h / } forbidden(includes($tree));
}


sub needs {
    my ($tree) = @_;

    return forbidden(calls($tree));
}


sub forbidden {
    my ($arrows) = @_;

    my @complaints;

    for my $from (sort keys %$arrows) {
        my $room = room($from) // next;

        for my $to (sort keys %{ $arrows->{$from} }) {
            my $other = room($to) // next;

            next if grep { $_ eq $other } $room, @{ $knows{$room} };

            push @complaints, arrow($arrows, $from, $to)
                              . ": $room must not know $other";
        }
    }

    return @complaints;
}


sub main_header_includes {
    my ($tree) = @_;

    my $included = includes($tree)->{$main_header};

    return map { "src/$main_header includes src/$_" }
           grep { room($_) =~ /^core/ && $_ ne 'core/wh.h' }
           grep { defined room($_) } sort keys %$included;
}


sub model_includes {
    my ($tree) = @_;

    my $includes = includes($tree);
    my @complaints;

    for my $header (@model_headers) {
        my $used = $tree->{files}{$header}{words};

        for my $core (grep { /^core/ } sort keys %{ $includes->{$header} }) {
            my %own = %{ $tree->{files}{$core}{words} };

            delete @own{ keys %{ $tree->{files}{$_}{words} } }
                for keys %{ $includes->{$core} };

            push @complaints, "src/$header uses nothing of src/$core"
                if !grep { $used->{$_} } keys %own;
        }
    }

    return @complaints;
}


# Circles

sub include_circles {
    my ($tree) = @_;

    return circles(includes($tree));
}


sub call_circles {
    my ($tree) = @_;

    return circles(calls($tree));
}


# Files that reach each other, with the arrows that make it so.
sub circles {
    my ($all) = @_;

    my $arrows = within($all);
    my %reached = map { $_ => reached($arrows, $_) } keys %$arrows;
    my @complaints;
    my %seen;

    for my $file (sort keys %$arrows) {
        next if $seen{$file};

        my @circle = grep { $reached{$file}{$_} && $reached{$_}{$file} }
                     sort keys %$arrows;

        next if !@circle;

        @seen{@circle} = (1) x @circle;

        push @complaints, join "\n", map { inner($arrows, $_, @circle) }
                                     @circle;
    }

    return @complaints;
}


sub inner {
    my ($arrows, $from, @circle) = @_;

    return map { arrow($arrows, $from, $_) }
           grep { $arrows->{$from}{$_} } @circle;
}


sub reached {
    my ($arrows, $start) = @_;

    my %reached;
    my @next = keys %{ $arrows->{$start} };

    while (defined(my $file = shift @next)) {
        push @next, keys %{ $arrows->{$file} } if !$reached{$file}++;
    }

    return \%reached;
}


sub floors {
    my ($arrows) = @_;

    my %reached = map { $_ => reached($arrows, $_) } keys %$arrows;
    my %floor;

    return max(map { floor_of($arrows, \%reached, \%floor, $_) }
                   keys %$arrows);
}


# The arrows of a circle do not lead to another floor.
sub floor_of {
    my ($arrows, $reached, $floor, $file) = @_;

    return $floor->{$file} //=
        1 + max(map { floor_of($arrows, $reached, $floor, $_) }
                    grep { !$reached->{$_}{$file} }
                         keys %{ $arrows->{$file} });
}


sub max {
    my ($max) = sort { $b <=> $a } 0, @_;

    return $max;
}


# Objects

sub objects {
    my ($tree) = @_;

    return map { "src/$_ has no object" }
           grep { /\.c$/ && !$tree->{objects}{$_} }
           sort keys %{ $tree->{files} };
}


# Arrows, {from}{to} and the names that make it: what is of nginx leads to
# "nginx", what is of other libraries to nowhere.

sub includes {
    my ($tree) = @_;

    my $files = $tree->{files};
    my %path = map { basename($_) => $_ } sort keys %$files;

    return arrows(\%path, map { my $from = $_;
                                map { [$from, basename($_)] }
                                    @{ $files->{$from}{includes} } }
                          keys %$files);
}


sub calls {
    my ($tree) = @_;

    my $objects = $tree->{objects};
    my %owner;

    for my $path (keys %$objects) {
        $owner{$_} = $path for @{ $objects->{$path}{defines} };
    }

    return arrows(\%owner, map { my $from = $_;
                                 map { [$from, $_] }
                                     grep { $_ ne $module_symbol }
                                     @{ $objects->{$from}{needs} } }
                           keys %$objects);
}


sub arrows {
    my ($owner, @uses) = @_;

    my %arrows;

    for (@uses) {
        my ($from, $name) = @$_;
        my $to = $owner->{$name} // ($name =~ /^ngx_/ ? 'nginx' : next);

        $arrows{$from}{$to}{$name} = 1;
    }

    return \%arrows;
}


# The arrows between files of the tree; each file has an entry that leads
# somewhere or is led to.
sub within {
    my ($all) = @_;

    my %arrows;

    for my $from (keys %$all) {
        for my $to (grep { $_ ne 'nginx' } keys %{ $all->{$from} }) {
            $arrows{$from}{$to} = $all->{$from}{$to};
            $arrows{$to} //= {};
        }
    }

    return \%arrows;
}


sub count {
    my ($arrows) = @_;

    return scalar map { keys %$_ } values %$arrows;
}


sub arrow {
    my ($arrows, $from, $to) = @_;

    my $names = join ', ', sort keys %{ $arrows->{$from}{$to} };
    my $owner = $to eq 'nginx' ? 'nginx' : "src/$to";

    return "src/$from uses $names of $owner";
}


# None for a file in a folder that is not a room.
sub room {
    my ($path) = @_;

    return 'nginx' if $path eq 'nginx';
    return 'module' if $path eq $top;
    return 'model' if $path !~ m{/};

    my $folder = dirname($path);

    return is_room($folder) ? $folder : undef;
}


sub is_room {
    my ($folder) = @_;

    return $knows{$folder} && $folder !~ /^(?:module|model)$/;
}


1;
