#!/usr/bin/perl

# How src/ is laid out: configuration writes a model, requests read it, and
# nothing looks back up.  The rules, and how calls are counted, are in
# WebhookTest::Layout.  They are tried first on a small house: nothing is wrong
# with it, and then exactly what one change makes wrong.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Basename;
use File::Path qw/make_path/;
use File::Temp;
use Test::More;

use WebhookTest::Layout qw/read_tree complaints rules measures/;

my $root = "$FindBin::Bin/..";
my $build = $ENV{WEBHOOK_BUILD} || 'build';

# the rooms of the small house have one file and one header each
my %file = (
    'conf' => 'conf/ngx_http_webhook_gate.c',
    'request' => 'request/ngx_http_webhook_access.c',
    'status' => 'status/ngx_http_webhook_status.c',
    'redis' => 'redis/ngx_http_webhook_redis.c',
    'zone' => 'zone/ngx_http_webhook_store.c',
    'secret' => 'secret/ngx_http_webhook_secret.c',
    'model' => 'ngx_http_webhook_names.c',
    'core/pelorus' => 'core/pelorus/wh_pelorus.c',
    'core' => 'core/wh_rule.c',
);

my %header = (
    'model' => 'ngx_http_webhook_provider.h',
    'core/pelorus' => 'core/pelorus/wh_pelorus.h',
    'core' => 'core/wh_rule.h',
    map { $_ => "$_/ngx_http_webhook_$_.h" }
        qw/conf request status redis zone secret/
);

my $main_header = 'ngx_http_webhook.h';
my $module = 'ngx_http_webhook_module.c';
my ($access, $gate, $store) = @file{qw/request conf zone/};

# what a room must not know
my %forbidden = (
    'conf' => [qw{request status core/pelorus}],
    'request' => [qw{conf status}],
    'status' => [qw{conf request core/pelorus}],
    'redis' => [qw{conf request status secret core/pelorus}],
    'zone' => [qw{conf request status redis secret core/pelorus}],
    'secret' => [qw{conf request status redis zone core/pelorus}],
    'model' => [qw{conf request status redis zone secret core/pelorus}],
    'core/pelorus' => [qw{conf request status redis zone secret model}],
    'core' => [qw{conf request status redis zone secret model core/pelorus}],
);

my %house = house();
my $small = File::Temp->newdir('layout-XXXXXX', TMPDIR => 1);

write_text("$small/nginx/ngx_core.h", "void ngx_log(void);\n");
build($small, %house);


# A house that is in order

wrong_with('the small house');

is_deeply(measures(read_tree($small, "$small/build")),
          { files => 21, includes => 54, calls => 34, floors => 6 },
          'its measures');

wrong_with('an object whose source is gone',
           { 'zone/ngx_http_webhook_old.c' => function('old', 'request') }, {},
           sub { unlink shift . '/src/zone/ngx_http_webhook_old.c' });

wrong_with('one name for two sources',
           { 'zone/ngx_http_webhook_gate.c' => '' });

wrong_with('files of the longest length',
           { longer($gate, 900), longer($header{conf}, 400),
             longer($main_header, 200), longer('core/wh_json.c', 1300) });


# Folders, names, sizes

wrong_with('folders that are not rooms',
           { 'misc/ngx_http_webhook_a.c' => '',
             'model/ngx_http_webhook_b.c' => '',
             'conf/word/ngx_http_webhook_c.c' => '' },
           { 'every folder is a room' =>
                 ['src/conf/word is not a room', 'src/misc is not a room',
                  'src/model is not a room'] });

wrong_with('names without their prefix',
           { 'conf/word.c' => '', 'core/json.c' => '',
             'core/pelorus/ngx_http_webhook_pyjson.c' => '' },
           { 'names show where a file belongs' =>
                 ['src/conf/word.c does not begin with ngx_http_webhook_',
                  'src/core/json.c does not begin with wh_',
                  'src/core/pelorus/ngx_http_webhook_pyjson.c does not begin'
                  . ' with wh_'] });

wrong_with('a second header in a room, a fourth of the model',
           { 'conf/ngx_http_webhook_gate_conf.h' => '',
             'ngx_http_webhook_names.h' => '' },
           { 'names show where a file belongs' =>
                 ['src/conf/ngx_http_webhook_gate_conf.h is not a header of'
                  . ' its room',
                  'src/ngx_http_webhook_names.h is not a header of its'
                  . ' room'] });

wrong_with('one name for two headers',
           { 'core/pelorus/wh_rule.h' => '' },
           { 'names show where a file belongs' =>
                 ['src/core/wh_rule.h has the name of'
                  . ' src/core/pelorus/wh_rule.h'] });

wrong_with('files one line too long',
           { longer($gate, 901), longer($header{conf}, 401),
             longer($main_header, 201) },
           { 'no file is too long' =>
                 ["src/$header{conf} has 401 lines, not at most 400",
                  "src/$gate has 901 lines, not at most 900",
                  "src/$main_header has 201 lines, not at most 200"] });


# Directions

wrong_with('every include that is forbidden',
           { map { more($_) => includes(@{ $forbidden{$_} }) }
                 keys %forbidden },
           { 'sources include nothing that they must not know' =>
                 [forbidden(\%header, sub { basename($header{$_[0]}) })] });

wrong_with('every call that is forbidden, with prototypes by hand',
           { map { more($_) => function('more_' . basename($_),
                                        map { basename($_) }
                                            @{ $forbidden{$_} }) }
                 keys %forbidden },
           { 'objects need nothing that they must not know' =>
                 [forbidden(\%file, sub { basename($_[0]) })] });

wrong_with('core knows nginx',
           { 'core/wh_list.c' => "#  include <ngx_core.h>\n",
             'core/pelorus/wh_pyjson.c' => function('pyjson', 'ngx_log') },
           { 'sources include nothing that they must not know' =>
                 ['src/core/wh_list.c uses ngx_core.h of nginx: core must not'
                  . ' know nginx'],
             'objects need nothing that they must not know' =>
                 ['src/core/pelorus/wh_pyjson.c uses ngx_log of nginx:'
                  . ' core/pelorus must not know nginx'] });

wrong_with('a header of the system comes ahead of those of nginx',
           { $gate => "#include <time.h>\n" . $house{$gate},
             $access => $house{$access} . "#include <time.h>\n",
             'core/wh_list.c' => "#include <time.h>\n" },
           { 'sources include a header of ours first' =>
                 ["src/$gate includes time.h first"] });

wrong_with('a header includes upwards',
           { $header{secret} => $house{$header{secret}} . includes('request') },
           { 'headers include nothing that is above them' =>
                 ["src/$header{secret} uses ngx_http_webhook_request.h of"
                  . " src/$header{request}: secret must not know request"] });

wrong_with('variables, weak symbols and an inline function go upwards',
           { 'conf/ngx_http_webhook_a.c' =>
                 "int  count;\nint  may_be;\n" . function('inner')
                 . "__attribute__((weak)) " . function('weak'),
             $header{zone} => $house{$header{zone}} . "void inner(void);\n"
                 . "static inline void inlined(void) { inner(); }\n",
             'zone/ngx_http_webhook_b.c' =>
                 includes('zone') . "extern int  count;\n"
                 . "extern int  may_be __attribute__((weak));\n"
                 . "int  sum(void) { return count + may_be; }\n"
                 . function('outer', 'weak', 'inlined') },
           { 'objects need nothing that they must not know' =>
                 ['src/zone/ngx_http_webhook_b.c uses count, inner, may_be,'
                  . ' weak of src/conf/ngx_http_webhook_a.c: zone must not'
                  . ' know conf'] });


# What the model includes of core

wrong_with('the main header includes more of core',
           { $main_header => $house{$main_header} . includes('core')
                             . "typedef wh_rule_t  rule_t;\n" },
           { "$main_header includes of core only wh.h" =>
                 ["src/$main_header includes src/core/wh_rule.h"] });

wrong_with('a header of the model includes what it does not use',
           { 'core/wh_list.h' => "void wh_list(void);\n",
             $header{model} => includes('core') . "/* no wh_rule_t here */\n"
                               . qq{#include "core/wh_list.h"\n}
                               . "typedef wh_str_t  word_t;\n" },
           { 'the model includes of core only what it uses' =>
                 ["src/$header{model} uses nothing of src/core/wh_list.h",
                  "src/$header{model} uses nothing of src/core/wh_rule.h"] });


# Circles

wrong_with('two headers include each other',
           { 'core/wh_a.h' => "#include <wh_b.h>\n",
             'core/wh_b.h' => qq{#include "core/wh_a.h"\n} . includes('core') },
           { 'no circle of includes' =>
                 ["src/core/wh_a.h uses wh_b.h of src/core/wh_b.h\n"
                  . 'src/core/wh_b.h uses wh_a.h of src/core/wh_a.h'] });

wrong_with('three files call each other in a circle',
           { 'core/wh_a.c' => function('a', 'b'),
             'core/wh_b.c' => function('b', 'c', 'd'),
             'core/wh_c.c' => function('c', 'core')
                              . "void a(void);\n"
                              . "void (*d(void))(void) { return a; }\n" },
           { 'no circle of calls' =>
                 ["src/core/wh_a.c uses b of src/core/wh_b.c\n"
                  . "src/core/wh_b.c uses c, d of src/core/wh_c.c\n"
                  . 'src/core/wh_c.c uses a of src/core/wh_a.c'] });

is(measures({ files => {},
               objects => { 'a.c' => { needs => ['b'], defines => ['a'] },
                            'b.c' => { needs => ['a', 'c'], defines => ['b'] },
                            'c.c' => { needs => [], defines => ['c'] } } })
   ->{floors}, 2, 'a circle is on one floor');

wrong_with('a request calls the module',
           { $access => $house{$access} . function('more', 'module') },
           { 'objects need nothing that they must not know' =>
                 ["src/$access uses module of src/$module: request must not"
                  . ' know module'],
             'no circle of calls' =>
                 ["src/$module uses request of src/$access\n"
                  . "src/$access uses module of src/$module"] });


# Objects

wrong_with('a source without its object', {},
           { 'every source has an object' => ["src/$store has no object"] },
           sub { unlink object(shift, $store) });


# This house

my $tree = read_tree($root, $build);
my $complaints = complaints($tree);
my $measures = measures($tree);

for my $rule (rules()) {
    ok(!$complaints->{$rule}, $rule)
        or diag(join "\n\n", @{ $complaints->{$rule} });
}

note("$measures->{files} files, $measures->{includes} arrows of includes, "
     . "$measures->{calls} arrows of calls, $measures->{floors} floors");

done_testing();


# What a change to the small house makes wrong, and nothing else.  The last
# function gets the folder of the house, when it is built.
sub wrong_with {
    my ($name, $change, $expected, $then) = @_;

    my $dir = File::Temp->newdir('layout-XXXXXX', TMPDIR => 1);

    system('cp', '-R', "$small/.", $dir) == 0 or die "cp: $?";
    build($dir, %$change) if $change;
    $then->($dir) if $then;

    is_deeply(complaints(read_tree($dir, "$dir/build")), $expected // {},
              $name);
}


sub build {
    my ($dir, %text) = @_;

    write_text("$dir/src/$_", $text{$_}) for keys %text;
    compile($dir, $_) for grep { /\.c$/ } keys %text;
}


sub compile {
    my ($dir, $path) = @_;

    my $object = object($dir, $path);

    make_path(dirname($object));

    system('cc', '-c', '-I', "$dir/src", '-I', "$dir/src/core",
           '-I', "$dir/nginx", '-o', $object, "$dir/src/$path") == 0
        or die "cc: $path: $?";
}


sub object {
    my ($dir, $path) = @_;

    return "$dir/build/objs/addon/" . basename(dirname("src/$path")) . '/'
           . basename($path, '.c') . '.o';
}


sub write_text {
    my ($file, $text) = @_;

    make_path(dirname($file));

    open my $out, '>', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}


# A file of the house with empty lines at its end.
sub longer {
    my ($path, $lines) = @_;

    my $text = $house{$path} // '';

    return $path => $text . "\n" x ($lines - $text =~ tr/\n//);
}


# One more file in a room.
sub more {
    my ($room) = @_;

    return $file{$room} =~ s/\.c$/_more.c/r;
}


# What is said when that file uses all that its room must not know.
sub forbidden {
    my ($target, $used) = @_;

    my @complaints;

    for my $room (sort { $file{$a} cmp $file{$b} } keys %forbidden) {
        for (sort { $target->{$a} cmp $target->{$b} } @{ $forbidden{$room} }) {
            push @complaints, 'src/' . more($room) . ' uses ' . $used->($_)
                              . " of src/$target->{$_}: $room must not know $_";
        }
    }

    return @complaints;
}


# A file for each room, with a function of the room's name; it includes and
# calls all that is not forbidden.
sub house {
    my %text = (
        $main_header => qq{#pragma once\n#include <ngx_core.h>\n}
                        . qq{#include "core/wh.h"\ntypedef wh_str_t  name_t;\n}
                        . "extern int  ngx_http_webhook_module;\n",
        $header{model} => qq{#pragma once\n#include "$main_header"\n}
                          . includes('core')
                          . "typedef wh_rule_t  provider_t;\n",
        $header{core} => qq{#pragma once\n#include "wh.h"\n}
                         . "typedef wh_str_t  wh_rule_t;\n",
        $header{'core/pelorus'} => qq{#include "core/wh.h"\n},
        'core/wh.h' => "#pragma once\ntypedef int  wh_str_t;\n",
    );

    $text{$header{$_}} //= "#pragma once\n" . includes('model')
        for keys %header;

    for my $room (keys %file) {
        my @used = allowed($room);
        my @called = map { basename($_) } @used;

        $text{$file{$room}} = includes($room, @used)
            . ($room =~ /^core/ ? function(basename($room), @called)
                                : function($room, 'ngx_log', @called)
                                  . "int *handle_$room(void) "
                                  . "{ return &ngx_http_webhook_module; }\n");
    }

    $text{$module} = includes(keys %file) . "int  ngx_http_webhook_module;\n"
                     . function('module', 'ngx_log',
                                map { basename($_) } keys %file);

    return %text;
}


sub allowed {
    my ($room) = @_;

    my %not = map { $_ => 1 } $room, @{ $forbidden{$room} };

    return grep { !$not{$_} } keys %file;
}


sub includes {
    return join '', map { qq{#include "$header{$_}"\n} } @_;
}


sub function {
    my ($name, @called) = @_;

    return join '', map({ "void $_(void);\n" } @called),
                    "void $name(void) { ", map({ "$_(); " } @called), "}\n";
}
