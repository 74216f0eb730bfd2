# Builds, runs and tests ngx_http_webhook_module.
#
#   make                        the module, for the nginx installed here
#   make NGINX_SRC=/path        the module, for an nginx source tree
#   make NGINX_SRC=/path nginx  that nginx as well
#   make run [ONCE=1] [V=1]     the demo: nginx, an application, webhooks;
#                               PORT=n, ONLY=github, V=1 for all details
#   make test [TESTS=t/x.t]     all tests, or those named, JOBS=4 at once
#   make valgrind [TESTS=...]   the tests that talk to nginx, under valgrind
#   make sanitize [TESTS=...]   all tests, nginx built with the sanitizers
#   make faults                 every nth call to the system that fails
#   make bench                  what the module costs beside plain nginx
#   make fuzz                   the fuzz targets, FUZZ_SECONDS=60 each
#   make fuzz-requests          whole requests to nginx, SECONDS=60 SEED=n
#   make check-nginx            whether the nginx installed can load it
#   make install [DESTDIR=...]  the module into nginx's modules directory, and
#                               the file of modules-enabled that loads it
#   make install-tools          the commands, PREFIX=/usr/local
#   make deb                    a package for the nginx of Debian, in build/
#   make clean
#
# Further: BUILD=directory, CC=clang, CC_OPT=flags, LD_OPT=flags,
# NGINX=binary, NO_INSTALL=1 (leave the system's packages alone).

SHELL := /bin/bash
.DELETE_ON_ERROR:

BUILD ?= build
B     := $(abspath $(BUILD))
OBJS  := $(B)/objs
NAME  := ngx_http_webhook_module.so

# nginx's own flags hold -Wall and -Werror already; -Werror must not go in with
# cc-opt, where it would spoil the feature tests of configure.  Parameters of
# callbacks may stay unused, as in nginx; clang wants to hear it after -Wextra.
EXTRA := -Wextra -Wno-unused-parameter

ifdef NGINX_SRC

# configure writes a Makefile where it stands, so it stands in a tree of links
SRC       := $(abspath $(NGINX_SRC))
TREE      := $(B)/tree
NGINX     := $(OBJS)/nginx
NGINX_DEP := nginx
CONFIGURE := $(if $(wildcard $(SRC)/auto/configure),auto/configure,configure)
FLAGS     := --with-compat --with-debug --with-threads \
             --with-http_ssl_module --with-http_v2_module \
             --with-http_realip_module --with-http_auth_request_module \
             --with-http_stub_status_module --with-http_dav_module \
             $(if $(wildcard $(SRC)/src/http/v3),--with-http_v3_module)

# what nginx before 1.21.5 does not know
GROUP     := $(if $(shell grep -s pcre2 $(SRC)/auto/lib/pcre/conf),pcre2,pcre)

link_tree = mkdir -p $(TREE) && ln -sfn $(SRC)/* $(TREE)/ && \
            rm -f $(TREE)/Makefile $(TREE)/objs
configure = cd $(TREE) && ./$(CONFIGURE) $(FLAGS) --with-cc=$(CC) \
            --with-cc-opt="-O2 -fPIC $(EXTRA) $(CC_OPT)" \
            --with-ld-opt="$(LD_OPT)"

else

# nginx-dev: headers and configure, with the flags of the installed nginx
TREE      := /usr/share/nginx/src
NGINX     ?= $(or $(shell command -v nginx),/usr/sbin/nginx)
NGINX_DEP :=
GROUP     := dev

link_tree = true
buildflags = $$(dpkg-buildflags --get $(1))
configure = cd $(TREE) && . ./conf_flags && ./configure --with-cc=$(CC) \
            --with-cc-opt="$(call buildflags,CFLAGS) -fPIC \
            $(call buildflags,CPPFLAGS) $(EXTRA) $(CC_OPT)" \
            --with-ld-opt="$(call buildflags,LDFLAGS) -fPIC $(LD_OPT)" \
            "$${NGX_CONF_FLAGS[@]}"

endif

DEB_TREE  := CHANGES LICENSE README.md SECURITY.md certs conf.example config \
             config.make contrib debian docs providers src tools

# nginx would take it for a list of sockets
unexport NGINX

SOURCES   := $(shell find src -name '*.c' | sort)
HEADERS   := $(shell find src -name '*.h' | sort)
CORE      := $(filter src/core/%,$(SOURCES))
CORE_OBJS := $(patsubst src/core/%.c,$(B)/core/%.o,$(CORE))
UNITS     := $(patsubst t/unit/%.c,$(B)/unit/%,$(wildcard t/unit/*.c))
TEST_ENV   = TEST_NGINX_BINARY=$(NGINX) \
             TEST_NGINX_LOAD_MODULES=$(B)/$(NAME) \
             TEST_NGINX_SERVROOT=$(B)/servroot \
             TEST_NGINX_PORT=$$(tools/free-port) \
             WEBHOOK_BUILD=$(B)

ifdef NO_INSTALL
install_packages = true
else
install_packages = tools/install $(1)
endif


.PHONY: all module nginx run test units valgrind sanitize faults bench fuzz
.PHONY: fuzz-requests check-nginx install install-tools deb clean
.PHONY: build-packages FORCE

all: module

build-packages:
	@$(call install_packages,build $(GROUP))

# What the objects were made with: another compiler, another nginx or another
# list of sources, and they are all made anew.
$(B)/settings: FORCE
	@mkdir -p $(B)
	@printf '%s\n' '$(SRC) $(CC) $(CC_OPT) $(LD_OPT)' \
	    '$(SOURCES) $(HEADERS)' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(OBJS)/Makefile: $(B)/settings Makefile config \
                  $(wildcard config.make providers/*) \
                  $(wildcard $(TREE)/src/core/nginx.h) | build-packages
	rm -rf $(OBJS)
	@$(link_tree)
	$(configure) --add-dynamic-module=$(CURDIR) --builddir=$(OBJS) \
	    > $(B)/configure.log 2>&1 || { cat $(B)/configure.log >&2; exit 1; }

module: $(OBJS)/Makefile
	@$(MAKE) --no-print-directory -C $(TREE) -f $(OBJS)/Makefile modules
	@ln -sfn objs/$(NAME) $(B)/$(NAME)

nginx: $(OBJS)/Makefile
	@test -n "$(NGINX_SRC)" || { echo "make nginx needs NGINX_SRC=" >&2; \
	    exit 1; }
	@$(MAKE) --no-print-directory -C $(TREE) -f $(OBJS)/Makefile binary

unit_cc = $(CC) -Wall -Wextra -Werror -O1 -g $(CC_OPT) -I src/core

$(B)/core/%.o: src/core/%.c $(B)/settings \
               $(shell find src/core -name '*.h') | build-packages
	@mkdir -p $(@D)
	$(unit_cc) -c -o $@ $<

$(B)/unit/%: t/unit/%.c $(wildcard t/unit/*.h) $(CORE_OBJS)
	@mkdir -p $(@D)
	$(unit_cc) -o $@ $< $(CORE_OBJS) $(LD_OPT) -lyajl -lcrypto -ldl

# Test::Nginx has one directory and one port for all its tests: these take
# turns.  A test waits for half of its time, so two of them keep a processor
# busy.
JOBS ?= 4
PROVE_RULES := --rules='seq=t/{ack,challenge,reply}.t' --rules='par=**'

# make would take the objects of all units away after the last of them
.SECONDARY: $(CORE_OBJS)

units: $(UNITS)

# a line for the step $(2), and the output in the log $(1)
quietly = $(if $(V),,tools/quietly $(BUILD)/$(1).log "$(2) (log: \
          $(BUILD)/$(1).log)")

run:
	@$(if $(NO_INSTALL),,$(call quietly,packages,Installing what is missing) \
	    tools/install build dev run)
	@$(call quietly,make,Building the module) $(MAKE) NO_INSTALL=1 \
	    -j$$(nproc) --no-print-directory module $(NGINX_DEP)
	@NGINX=$(NGINX) WEBHOOK_BUILD=$(B) tools/run $(if $(ONCE),--once) \
	    $(if $(V),--verbose) $(if $(PORT),--port $(PORT)) $(ONLY)

test: module $(NGINX_DEP) units
	@$(call install_packages,test)
	@$(TEST_ENV) prove -r -j$(JOBS) $(PROVE_RULES) $(or $(TESTS),t/)

valgrind: module $(NGINX_DEP) units
	@$(call install_packages,test valgrind)
	@$(TEST_ENV) WEBHOOK_VALGRIND=1 \
	    prove $(or $(TESTS),$(shell grep -lE 'WebhookTest|unit' t/*.t))

# A build of its own, with nginx from source.  nginx hands memcpy() a NULL of
# length 0 and subtracts from pointers by adding, hence what is left out.
# NGX_DEBUG_PALLOC gives each allocation of a pool its own place, so that an
# overflow is seen.  The module stays in memory to the end (nodelete): what its
# variables point to is no leak, and its addresses have names.  Libraries that
# tests preload come before that of the sanitizer.
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
            -fno-sanitize=alignment,nonnull-attribute,pointer-overflow \
            -fno-sanitize-recover=undefined \
            -DNGX_DEBUG_PALLOC=1 -DNGX_SUPPRESS_WARN=1 -Wno-error

sanitize:
	@$(call install_packages,build test sanitize)
	@test -n "$(NGINX_SRC)" || tools/nginx-source $(B)/nginx
	@WEBHOOK_SANITIZE=1 \
	    ASAN_OPTIONS=detect_odr_violation=0:verify_asan_link_order=0 \
	    UBSAN_OPTIONS=print_stacktrace=1 \
	    LSAN_OPTIONS=suppressions=$(CURDIR)/t/lsan.suppress:print_suppressions=0 \
	    $(MAKE) --no-print-directory BUILD=$(B)/sanitize \
	    NGINX_SRC=$(or $(NGINX_SRC),$(B)/nginx) CC_OPT="$(SANITIZE)" \
	    LD_OPT="-fsanitize=address,undefined -Wl,-z,nodelete" test

faults:
	@WEBHOOK_FAULTS=all $(MAKE) --no-print-directory test TESTS=t/faults.t

bench: module
	@$(call install_packages,bench)
	@NGINX=$(NGINX) MODULE=$(B)/$(NAME) bench/compare
	@NGINX=$(NGINX) MODULE=$(B)/$(NAME) bench/instructions
	@NGINX=$(NGINX) MODULE=$(B)/$(NAME) bench/replay

fuzz:
	@$(call install_packages,fuzz)
	@$(MAKE) --no-print-directory -C fuzz RUN=$(B)/fuzz \
	    $(if $(FUZZ_SECONDS),FUZZ_SECONDS=$(FUZZ_SECONDS)) fuzz

fuzz-requests: module $(NGINX_DEP)
	@$(call install_packages,test)
	@env $(TEST_ENV) $(if $(SECONDS),SECONDS=$(SECONDS)) \
	    $(if $(SEED),SEED=$(SEED)) fuzz/requests

check-nginx:
	@tools/check-nginx $(B)/$(NAME) $(NGINX)

# A path that nginx was configured with.  The name of the file that loads the
# module is that of Debian's package.
path_of = $$($(NGINX) -V 2>&1 | sed -n 's/.*--$(1)=\([^ ]*\).*/\1/p')
LOADER := 50-mod-http-webhook.conf

install: module
	@test -n "$(call path_of,modules-path)" || { \
	    echo "$(NGINX) -V names no --modules-path=, so copy $(B)/$(NAME)" \
	        "to where its load_module looks." >&2; exit 1; }
	install -D -m 644 $(B)/$(NAME) "$(DESTDIR)$(call path_of,modules-path)/$(NAME)"
	@conf="$(DESTDIR)$(call path_of,conf-path)"; \
	loader="$${conf%/*}/modules-enabled/$(LOADER)"; \
	if [ ! -d "$${loader%/*}" ]; then \
	    echo "Put \"load_module modules/$(NAME);\" at the top of $$conf."; \
	elif [ ! -e "$$loader" ]; then \
	    echo "load_module modules/$(NAME);" > "$$loader"; \
	    echo "$$loader loads it."; \
	fi

PREFIX ?= /usr/local
TOOLS  := webhook-send webhook-check webhook-keys webhook-redeliver
SHARE   = $(DESTDIR)$(PREFIX)/share

install-tools:
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 \
	    $(SHARE)/webhook/tools $(SHARE)/bash-completion/completions
	cp -R providers $(SHARE)/webhook/
	cp -R $(TOOLS:%=tools/%) tools/lib tools/man tools/samples \
	    $(SHARE)/webhook/tools/
	tools/man-pages $(SHARE)/man/man1
	for tool in $(TOOLS); do \
	    ln -sf ../share/webhook/tools/$$tool $(DESTDIR)$(PREFIX)/bin/; \
	    install -m 644 contrib/completion/webhook-send \
	        $(SHARE)/bash-completion/completions/$$tool; \
	done

# debhelper writes into the tree that it builds, so it gets a copy
deb:
	@$(call install_packages,deb)
	rm -rf $(B)/deb
	mkdir -p $(B)/deb/tree
	cp -a $(DEB_TREE) $(B)/deb/tree/
	cd $(B)/deb/tree && \
	    $(if $(WEBHOOK_MODULE),WEBHOOK_MODULE=$(WEBHOOK_MODULE)) \
	    dpkg-buildpackage -us -uc -b
	mv $(B)/deb/*.deb $(B)/

clean:
	rm -rf $(B)
