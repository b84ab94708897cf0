# Candor. Every target installs with apt what it needs and does not find, and says so.
#
#   make              the programs: build/candor, build/candor-hub, build/candor-trustee
#   make demo         an exchange of ten processes on this machine, a handful of checks, and what each party saw
#                     (KEEP=DIR leaves its state in DIR)
#   make check        everything that must hold: unit tests, vectors, scenarios, sanitizers, constant time, fuzz seeds, lint
#   make unit         the unit tests alone (T=crypto/test_group for one)
#   make scenario     the scenarios with real processes alone (T=10-answers for one)
#   make soak         the long form of the crash and load scenarios
#   make fuzz         each fuzz driver for ten minutes (SECONDS_EACH=600)
#   make bench        costs, each beside the bare operation that bounds it; bench-match: accuracy of matching
#   make check-febrl  a check of 300 people of a published data set, end to end
#   make install      programs to $(DESTDIR)$(PREFIX)/bin
#   make clean
#
# SAN=1 builds with the address and undefined-behaviour sanitizers, CC=clang with clang, V=1 shows the commands.

CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
SAN     ?=
BUILD   ?= build$(if $(SAN),/san)
PREFIX  ?= /usr/local
V       ?=
T       ?=
KEEP    ?=
SECONDS_EACH ?= 600
comma   := ,
Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

PACKAGES := gcc make pkg-config libc6-dev libssl-dev libgcrypt20-dev libsqlcipher-dev libprotobuf-c-dev \
	protobuf-c-compiler libevent-dev libutf8proc-dev libjansson-dev libcurl4-openssl-dev
CHECK_PACKAGES := $(PACKAGES) libcmocka-dev clang libclang-rt-14-dev valgrind openssl jq gdb procps cppcheck
LIBRARIES := openssl libgcrypt sqlcipher libprotobuf-c libevent_openssl libevent_pthreads libutf8proc jansson libcurl

pkg      = $(shell pkg-config $(1) $(LIBRARIES) 2>/dev/null)
HARDEN  := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -Wl,-z,relro,-z,now,-z,noexecstack -pie
WARN    := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	-Wpointer-arith -Wcast-qual -Wundef -Wwrite-strings
OPT     := $(if $(SAN),-O1 -fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer,-O2 $(HARDEN))
CFLAGS  := -std=c11 -D_GNU_SOURCE $(OPT) -g -pthread $(WARN) -ffile-prefix-map=$(CURDIR)=. -I. -I$(BUILD)/gen $(call pkg,--cflags)
LDLIBS   = $(call pkg,--libs) -lm -pthread

# The folders in the order in which includes may point: each may use those before it.
LAYERS  := core core/crypto core/identity core/record proto audit keys node/store node/net node/hub node/trustee node/member
GENERATED := $(patsubst %.proto,$(BUILD)/gen/%.pb-c.c,$(wildcard proto/*.proto))
archive  = $(BUILD)/lib/$(subst /,-,$(1)).a
sources  = $(filter-out %/main.c,$(wildcard $(1)/*.c))
objects  = $(patsubst %.c,$(BUILD)/obj/%.o,$(call sources,$(1))) \
	$(if $(filter proto,$(1)),$(patsubst $(BUILD)/gen/%.c,$(BUILD)/obj/%.o,$(GENERATED)))
# The archives of layer $(1) and of those before it.
upto     = $(if $(filter $(1),$(firstword $(2))),$(1),$(firstword $(2)) $(call upto,$(1),$(wordlist 2,99,$(2))))
archives = $(foreach l,$(call upto,$(1),$(LAYERS)),$(call archive,$(l)))
link     = $(CC) $(CFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

PROGRAMS := $(BUILD)/candor $(BUILD)/candor-hub $(BUILD)/candor-trustee
UNIT_SOURCES := $(wildcard tests/unit/*/test_*.c)
UNIT     := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SOURCES))
FUZZERS  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/*/fuzz_*.c))
BENCHES  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/bench/bench_*.c))
CT_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/ct/ct_*.c))
NET_TOOLS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/net/*.c))

.PHONY: all programs demo check unit scenario san ct lint soak fuzz fuzz-seeds bench bench-match check-febrl install clean deps deps-check
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

all: deps
	$(Q)$(MAKE) --no-print-directory programs

programs: $(PROGRAMS)

# What is not installed is installed; the names are printed first.
define install_missing
	@missing=$$(for p in $(1); do dpkg -s $$p 2>/dev/null | grep -q '^Status: install ok installed' || printf '%s ' $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "Installing with apt: $$missing"; \
		as_root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$as_root apt-get update -qq && \
		$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
endef

deps:
	$(call install_missing,$(PACKAGES))

deps-check:
	$(call install_missing,$(CHECK_PACKAGES))

# ---- building -------------------------------------------------------------------------------------------------

# Another compiler, other flags: everything is built anew.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(CFLAGS)' | cmp -s - $@ || printf '%s\n' '$(CC) $(CFLAGS)' > $@
FORCE:

$(BUILD)/gen/%.pb-c.c: %.proto
	$(call say,PROTO,$<)
	@mkdir -p $(@D)
	$(Q)protoc-c --c_out=$(BUILD)/gen $<

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(GENERATED)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/proto/%.pb-c.o: $(BUILD)/gen/proto/%.pb-c.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

define layer_rules
$(call archive,$(1)): $(call objects,$(1)) $(BUILD)/flags
	$$(call say,AR,$$(@F))
	@mkdir -p $$(@D) && rm -f $$@
	$$(Q)ar rcsD $$@ $$(filter %.o,$$^)
$(patsubst %.c,$(BUILD)/obj/%.o,$(call sources,$(1))): $(wildcard $(1)/data/*)
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rules,$(l))))

$(BUILD)/candor-hub:     $(BUILD)/obj/node/hub/main.o     $(call archives,node/hub)
$(BUILD)/candor-trustee: $(BUILD)/obj/node/trustee/main.o $(call archives,node/trustee)
$(BUILD)/candor:         $(BUILD)/obj/node/member/main.o  $(call archives,node/member)
$(PROGRAMS):
	$(call say,LD,$@)
	$(Q)$(link) $(LDLIBS)

# tests/unit/LAST/… and tests/fuzz/LAST/… link the layer whose folder ends in LAST, and those before it.
define test_rules
$(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/$(notdir $(1))/test_*.c)): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call archives,$(1))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(link) -lcmocka $$(LDLIBS)
$(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/$(notdir $(1))/fuzz_*.c)): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/obj/tests/fuzz/driver.o $(call archives,$(1))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(link) $$(LDLIBS)
endef
$(foreach l,$(LAYERS),$(eval $(call test_rules,$(l))))

$(BENCHES) $(CT_TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call archives,node/member)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(link) $(LDLIBS)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- running --------------------------------------------------------------------------------------------------

unit: deps-check
	$(Q)$(MAKE) --no-print-directory run-unit

.PHONY: run-unit
run-unit: $(if $(T),$(BUILD)/tests/unit/$(T),$(UNIT))
	$(Q)for t in $^; do echo "== $$t"; $$t || exit 1; done

install: all
	install -D -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS)

clean:
	rm -rf build
