#!/usr/bin/perl

# A worker in which a call to the system fails: the nth allocation, read,
# write or open of a request, over locations of all kinds, and a zone that has
# no room from the nth allocation on.  No fault ends the worker, lets a wrong
# request through or leaves the client waiting, and the next request is right.
# WEBHOOK_FAULTS=all tries every n until none fails, else they are further and
# further apart.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Digest::SHA qw/hmac_sha256 hmac_sha256_hex sha256_hex/;
use File::Temp;
use MIME::Base64 qw/encode_base64 encode_base64url/;
use Test::More;

use WebhookTest;
use WebhookTest::Cert qw/read_file/;
use WebhookTest::Ed25519;
use WebhookTest::Shim;

plan skip_all => 'valgrind has a malloc() of its own'
    if $ENV{WEBHOOK_VALGRIND};

my $all = ($ENV{WEBHOOK_FAULTS} // '') eq 'all';
my $secret = 'My Secret Token';
my $commit = read_file("$FindBin::Bin/../tools/samples/pelorus-committime.json");
my $keys = File::Temp->newdir;
my $ed25519 = WebhookTest::Ed25519->new;
my $serial = 0;

sub openssl { system("cd $keys && openssl $_[0] 2>/dev/null") == 0 or die }

openssl('genrsa -out rsa 2048');
openssl('rsa -in rsa -pubout -out rsa.pub');
WebhookTest::Cert::write_file("$keys/ed25519.pub", $ed25519->pem);

# The kinds of calls, each with the error that it ends with.
my %kinds = (
    memory => ['ENOMEM', 'void *',
        malloc => 'size_t n' => 'n',
        calloc => 'size_t m, size_t n' => 'm, n',
        realloc => 'void *p, size_t n' => 'p, n'],
    read => ['EIO', 'ssize_t',
        read => 'int fd, void *p, size_t n' => 'fd, p, n',
        pread => 'int fd, void *p, size_t n, off_t o' => 'fd, p, n, o',
        pread64 => 'int fd, void *p, size_t n, off_t o' => 'fd, p, n, o'],
    recv => ['ECONNRESET', 'ssize_t',
        recv => 'int fd, void *p, size_t n, int f' => 'fd, p, n, f',
        readv => 'int fd, const struct iovec *p, int n' => 'fd, p, n'],
    write => ['ENOSPC', 'ssize_t',
        write => 'int fd, const void *p, size_t n' => 'fd, p, n',
        pwrite => 'int fd, const void *p, size_t n, off_t o' => 'fd, p, n, o',
        pwrite64 => 'int fd, const void *p, size_t n, off_t o'
            => 'fd, p, n, o'],
    send => ['EPIPE', 'ssize_t',
        send => 'int fd, const void *p, size_t n, int f' => 'fd, p, n, f',
        writev => 'int fd, const struct iovec *p, int n' => 'fd, p, n'],
    # those have C of their own
    open => [], zone => [],
);

my @kinds = sort keys %kinds;

# The test and the workers share four words: the kind that is to fail, at which
# call, how many there were, and whether it did.
my $control = "$keys/control";
WebhookTest::Cert::write_file($control, pack 'l4', -1, 0, 0, 0);
chmod 0755, "$keys";
chmod 0666, $control;

my $shim = WebhookTest::Shim->new(<<"EOF" . join '', map { calls($_) } grep { @{ $kinds{$_} } } @kinds);
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>

static volatile int  *control;

__attribute__((constructor))
static void
attach(void)
{
    int    fd = open("$control", O_RDWR, 0);
    void  *p = mmap(NULL, 16, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);

    if (p == MAP_FAILED) {
        abort();
    }

    close(fd);
    control = p;
}

static int
fails(int kind, int code)
{
    if (control == NULL || control[0] != kind || ++control[2] < control[1]
        || (control[2] > control[1] && kind != ${\ number('zone')}))
    {
        return 0;
    }

    control[3] = 1;
    errno = code;
    return 1;
}

#define OPEN(name)                                                       \\
int                                                                          \\
name(const char *path, int flags, ...)                                       \\
{                                                                            \\
    int         mode;                                                        \\
    va_list     args;                                                        \\
    static int  (*next)(const char *, int, int);                             \\
                                                                             \\
    NEXT(name);                                                              \\
    va_start(args, flags);                                                   \\
    mode = va_arg(args, int);                                                \\
    va_end(args);                                                            \\
                                                                             \\
    return fails(${\ number('open')}, EMFILE) ? -1 : next(path, flags, mode); \\
}

OPEN(open)
OPEN(open64)

#define ZONE(name)                                                           \\
                                                                             \\
void *                                                                       \\
try_##name(void *pool, size_t n)                                             \\
{                                                                            \\
    static void  *(*next)(void *, size_t);                                   \\
                                                                             \\
    if (next == NULL) {                                                      \\
        *(void **) &next = dlsym(RTLD_DEFAULT, "ngx_" #name);                \\
    }                                                                        \\
                                                                             \\
    return fails(${\ number('zone')}, ENOMEM) ? NULL : next(pool, n);        \\
}

ZONE(slab_alloc_locked)
ZONE(slab_calloc)

int
posix_memalign(void **p, size_t a, size_t n)
{
    static int  (*next)(void **, size_t, size_t);

    NEXT(posix_memalign);

    return fails(${\ number('memory')}, ENOMEM) ? ENOMEM : next(p, a, n);
}
EOF

my %right = (
    token => sub { pair('X-Token', $secret) },
    list => sub {
        pair('X-Signature', 'v1=00,v1=' . mac($_[0]))
    },
    github => \&github, replay => \&github, key => \&github,
    detour => \&github, required => \&github, variable => \&github, spooled => \&github,
    parsed => \&github,
    ed25519 => sub { pair('X-Signature', $ed25519->sign($_[0])) },
    rsa => sub { pair('X-Signature', rsa($_[0])) },
    jwt => sub { pair('X-Jwt', jwt($_[0])) },
    form => sub {
        (pair('X-Signature', mac($_[0])),
         pair('Content-Type', 'application/x-www-form-urlencoded'))
    },
    credential => sub { () }, challenge => sub { () }, status => sub { () },
    pelorus => sub {
        (['User-Agent', 'Pelorus-Webhook/test'],
         ['Content-Type', 'application/json'],
         ['X-Pelorus-Event', 'committime'],
         ['X-Hub-Signature-256', 'sha256='
          . '29a4606fccb6976cd43cb8a6cf210d402294e08fffda86f87c96fdb39d9fbc3c'])
    },
);

my $conf = <<"EOF";
    webhook_zone seen 1m;
    client_body_buffer_size 16k;
    # hardly anything is served from what has been allocated already
    request_pool_size 256;
    lingering_timeout 1s;
    webhook_var \$kept /n;

    map \$http_x_tenant \$tenant { one "$secret"; }

    webhook_provider token { token header:X-Token; }
    webhook_provider list {
        signature header:X-Signature list=, field=v1;
    }
    webhook_provider ed25519 {
        signature header:X-Signature algorithm=ed25519 encoding=base64;
    }
    webhook_provider rsa {
        signature header:X-Signature algorithm=rsa-sha256 encoding=base64;
    }
    webhook_provider jwt {
        signature header:X-Jwt algorithm=jwt-hs256 body_digest=/sha256;
    }
    webhook_provider form {
        signature header:X-Signature;
        body      form:payload;
    }
    webhook_provider credential { token json:/token; }

    server {
        listen 127.0.0.1:%%PORT%%;
        webhook        github;
        webhook_secret "$secret";
        proxy_set_header X-Kept \$kept;
        location /github   { proxy_pass http://%%APP%%; }
        location /spooled  {
            client_body_buffer_size 1k;
            client_body_in_file_only clean;
            proxy_pass http://%%APP%%;
        }
        location /parsed   {
            client_body_in_file_only clean;
            webhook_require /n integer;
            proxy_pass http://%%APP%%;
        }
        location /replay   {
            webhook_replay zone=seen;
            proxy_pass http://%%APP%%;
        }
        location /key      {
            webhook_replay zone=seen key=\$kept;
            proxy_pass http://%%APP%%;
        }
        location /required {
            webhook_require /n integer;
            proxy_pass http://%%APP%%;
        }
        location /variable {
            webhook_secret \$tenant;
            proxy_pass http://%%APP%%;
        }
        location /token    { webhook token; proxy_pass http://%%APP%%; }
        location /list     { webhook list; proxy_pass http://%%APP%%; }
        location /jwt      { webhook jwt; proxy_pass http://%%APP%%; }
        location /form     { webhook form; proxy_pass http://%%APP%%; }
        location /pelorus  { webhook pelorus; proxy_pass http://%%APP%%; }
        location /credential {
            webhook credential;
            proxy_pass http://%%APP%%;
        }
        location /ed25519  {
            webhook ed25519;
            webhook_secret file:$keys/ed25519.pub;
            proxy_pass http://%%APP%%;
        }
        location /rsa      {
            webhook rsa;
            webhook_secret file:$keys/rsa.pub;
            proxy_pass http://%%APP%%;
        }
        location /challenge {
            webhook meta;
            webhook_challenge_secret fedcba9876543210;
            proxy_pass http://%%APP%%;
        }
        location /status   { webhook off; webhook_status json; }
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        server_name detour;
        location /detour/ {
            webhook github;
            webhook_secret "$secret";
            error_page 301 = \@page;
            proxy_pass http://%%APP%%;
        }
        location \@page { proxy_pass http://%%APP%%; }
    }
EOF

# A zone is nginx's own memory, and no library comes between the module and
# nginx: in a copy of the module the functions have names of the same length,
# which the library has.
my $copy = read_file(WebhookTest::module());

$copy =~ s/\0\Kngx_(?=slab_(?:alloc_locked|calloc)\0)/try_/g >= 2 or die;
WebhookTest::Cert::write_file("$keys/module.so", $copy);

my $t = WebhookTest->new(conf => $conf, start => 0, module => 0,
                         modules => ["$keys/module.so"]);

start_without_room();

# the application has been started without the library
$shim->with(sub { $t->start });

my @workers = $t->workers;
my ($tried, %refused, @wrong) = (0);

for my $location (sort keys %right) {
    my $before = $tried;

    is(ask($location, 1), expected($location),
       "$location: a right request");

    for my $kind (@kinds) {
        for my $good ($location =~ /status|detour/ ? 1 : (1, 0)) {
            my $n = 1;

            $n += $all ? 1 : 1 + int $n / 2
                while fault($location, $kind, $n, $good);
        }
    }

    cmp_ok($tried - $before, '>', $location eq 'status' ? 2 : @kinds,
           "$location: there were faults");
    is(join("\n", splice @wrong), '', 'none of them did harm');
}

is_deeply([$t->workers], \@workers, 'the worker lives');
is_deeply([sort keys %refused], [qw/key replay/],
          'without room in the zone no message passes');
is(scalar(grep { header_of($_, 'X-Wrong') } $t->app_requests), 0,
   "$tried faults, no wrong request has gone to the application");

# one that was broken off has neither
is(scalar(grep { ($_->{uri} // '') eq '/detour' && $_->{length} }
               $t->app_requests), 0, 'no body by a detour');

my %times;

# one that was broken off has no headers
$times{ header_of($_, 'X-Serial') }++
    for grep { !$_->{incomplete} } $t->app_requests;
is(scalar(grep { $_ > 1 } values %times), 0, 'and none twice');

# what nginx says of the faults themselves
$t->done(allow => qr/ failed \((?:5|12|24|28|32|104): /);
done_testing();


# One call that fails during a request; false when there were fewer.
sub fault {
    my ($location, $kind, $n, $good) = @_;

    my $what = ($good ? 'right' : 'wrong') . " request, $kind $n";

    control(number($kind), $n);
    my $answer = ask($location, $good);
    my (undef, undef, undef, $failed) = unpack 'l4', read_file($control);
    control(-1, 0);

    $failed or return 0;

    $tried++;

    push @wrong, "$what: no answer" if $answer eq 'late';
    push @wrong, "$what: $answer" if !$good && $answer =~ /^2/;

    if ($kind eq 'zone') {
        push @wrong, "$what: $answer" if $answer ne '503';
        $refused{$location} = 1;
    }

    my $next = ask($location, 1);

    push @wrong, "$what, then $next" if $next ne expected($location);

    return 1;
}


# One allocation that fails while nginx sets up its zones: it may not start,
# but says so.
sub start_without_room {
    my ($n, $failed, $said) = (0, 1);

    while ($failed) {
        control(number('zone'), ++$n);
        $said = $shim->with(sub { ($t->check)[1] });
        $failed = (unpack 'l4', read_file($control))[3];
        control(-1, 0);

        last if $said !~ /^nginx: .* test (?:is successful|failed)$/m;
        truncate $t->dir . '/logs/stderr', 0;
    }

    truncate $t->dir . '/logs/error.log', 0;

    ok(!$failed, 'nginx -t comes to its end') or diag("$n: $said");
    cmp_ok($n, '>', 4, 'zones are set up with some allocations');
}


sub expected { return $_[0] =~ /challenge|status/ ? 200 : 202 }


# The status; "none" when the connection was closed, "late" when nothing came.
sub ask {
    my ($location, $good) = @_;

    # what is parsed is wrong in its payload, and signed
    my $body = $location eq 'pelorus' ? $commit
             : $location eq 'parsed' && !$good ? '{"n":"1"}'
             : $location eq 'credential' ? qq({"n":1,"token":"$secret"})
             : $location =~ /ed25519|rsa/ ? '{"n":1}'
             : $location eq 'spooled' ? '{"n":1,"pad":"' . 'x' x 9000 . '"}'
             : '{"n":1' . ++$serial . '}';
    my @headers = $right{$location}->($body);

    if (!$good) {
        $body =~ s/"n":1/"n":2/ or $body =~ s/mongo/other/;
        $body =~ s/Token/token/ if $location eq 'credential';
        @headers = () if $location eq 'token';
    }

    $body = form($body) if $location eq 'form';

    my %request = $location eq 'status' ? (uri => '/status', method => 'GET')
        : $location eq 'challenge' ? (method => 'GET', uri => '/challenge?'
              . 'hub.mode=subscribe&hub.challenge=1&hub.verify_token='
              . ($good ? 'fedcba9876543210' : 'another'))
        : (uri => "/$location", method => 'POST', body => $body,
           $location eq 'detour' ? (host => 'detour') : ());

    my $c = $t->connection(timeout => 8);

    $c->send(join '', WebhookTest::format_request(
        %request, connection => 'close', headers => [
            @headers, ['X-Tenant', 'one'], ['X-Serial', ++$serial],
            $good ? () : ['X-Wrong', 1]]));

    my $response = $c->read_response;

    return 'late' if !$c->{ended} && !($response && $response->{complete});

    return $response ? $response->{status} : 'none';
}


sub header_of { return WebhookTest::Ask::header(@_) }

sub pair { return [@_] }

sub github { return pair('X-Hub-Signature-256', 'sha256=' . mac($_[0])) }

sub mac { return hmac_sha256_hex($_[0], $secret) }

sub form { return 'payload=' . $_[0] =~ s/(\W)/sprintf '%%%02x', ord $1/ger }


sub rsa {
    my ($message) = @_;

    our %signed;

    return $signed{$message} //= do {
        WebhookTest::Cert::write_file("$keys/message", $message);
        openssl('dgst -sha256 -sign rsa -out signature message');
        encode_base64(read_file("$keys/signature"), '');
    };
}


sub jwt {
    my ($body) = @_;

    my $signed = join '.', map { encode_base64url($_) } '{"alg":"HS256"}',
                 '{"sha256":"' . sha256_hex($body) . '"}';

    return "$signed." . encode_base64url(hmac_sha256($signed, $secret));
}


sub number {
    my ($kind) = @_;

    return (grep { $kinds[$_] eq $kind } 0 .. $#kinds)[0];
}


sub control {
    my ($kind, $n) = @_;

    open my $file, '+<:raw', $control or die "$control: $!\n";
    syswrite $file, pack 'l4', $kind, $n, 0, 0;
}


# C of the functions of one kind.
sub calls {
    my ($kind) = @_;

    my ($error, $type, @functions) = @{ $kinds{$kind} };
    my $number = number($kind);
    my $failure = $type =~ /\*/ ? 'NULL' : -1;
    my $code = '';

    while (my ($name, $parameters, $arguments) = splice @functions, 0, 3) {
        $code .= <<"EOF";

$type
$name($parameters)
{
    static int                 looking;
    static __typeof__($name)  *next;

    /* to look for calloc() the libc of Debian 11 calls it */

    if (next == NULL && looking++) {
        return ($type) $failure;
    }

    NEXT($name);

    return fails($number, $error) ? ($type) $failure : next($arguments);
}
EOF
    }

    return $code;
}
