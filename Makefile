# Candor. Every target installs with apt what it needs and does not find, and says so.
#
#   make              the programs: build/candor, build/candor-hub, build/candor-trustee,
#                     build/candor-audit, build/candor-print
#   make demo         an exchange of ten processes on this machine, a handful of checks, and what each party saw
#                     (KEEP=DIR leaves its state in DIR)
#   make check        everything that must hold: unit tests, vectors, scenarios, sanitizers, constant time, fuzz seeds, lint
#   make unit         the unit tests alone (T=crypto/test_group for one)
#   make scenario     the scenarios with real processes alone (T=10-answers for one)
#   make browser      the page for guests in a real Chromium: sealing, rules, lies, keyboard, four languages, paper
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
	protobuf-c-compiler libevent-dev libutf8proc-dev libjansson-dev libcurl4-openssl-dev libzip-dev libexpat1-dev \
	libcairo2-dev libpango1.0-dev libqrencode-dev libseccomp-dev fonts-noto-core
# Node comes with npm from some sources and without from others: it is asked for only where there is none.
NODE_PACKAGES := $(if $(shell command -v npm),,nodejs npm)
CHECK_PACKAGES := $(PACKAGES) chromium $(NODE_PACKAGES) libcmocka-dev clang libclang-rt-14-dev valgrind openssl jq gdb procps cppcheck libglpk-dev poppler-utils curl
LIBRARIES := openssl libgcrypt sqlcipher libprotobuf-c libevent_openssl libevent_pthreads libutf8proc jansson libcurl libzip expat libqrencode

pkg      = $(shell pkg-config $(1) $(LIBRARIES) 2>/dev/null)
HARDEN  := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS := $(if $(SAN),,-pie -Wl$(comma)-z$(comma)relro$(comma)-z$(comma)now$(comma)-z$(comma)noexecstack)
WARN    := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	-Wpointer-arith -Wcast-qual -Wundef -Wwrite-strings
OPT     := $(if $(SAN),-O1 -fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer,-O2 $(HARDEN))
CFLAGS  := -std=c11 -D_GNU_SOURCE $(OPT) -g -pthread $(WARN) -ffile-prefix-map=$(CURDIR)=. -I. -I$(BUILD)/gen $(call pkg,--cflags)
LDLIBS   = $(call pkg,--libs) -lm -pthread

# The folders in the order in which includes may point: each may use those before it.
LAYERS  := core core/crypto core/identity core/record proto audit keys node/store node/net node/web node/hub node/trustee node/member
GENERATED := $(patsubst %.proto,$(BUILD)/gen/%.pb-c.c,$(wildcard proto/*.proto))
archive  = $(BUILD)/lib/$(subst /,-,$(1)).a
sources  = $(filter-out %/main.c $(1)/test_%.c,$(wildcard $(1)/*.c))
objects  = $(patsubst %.c,$(BUILD)/obj/%.o,$(call sources,$(1))) \
	$(if $(filter proto,$(1)),$(patsubst $(BUILD)/gen/%.c,$(BUILD)/obj/%.o,$(GENERATED)))
# The archives of layer $(1) and of those before it.
upto     = $(if $(filter $(1),$(firstword $(2))),$(1),$(firstword $(2)) $(call upto,$(1),$(wordlist 2,99,$(2))))
archives = $(foreach l,$(call upto,$(1),$(LAYERS)),$(call archive,$(l)))
ALL_ARCHIVES = $(foreach l,$(LAYERS),$(call archive,$(l)))
link     = $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

PROGRAMS := $(BUILD)/candor $(BUILD)/candor-hub $(BUILD)/candor-trustee $(BUILD)/candor-audit
PRINT    := $(BUILD)/candor-print
UNIT_SOURCES := $(wildcard tests/unit/*/test_*.c)
UNIT     := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SOURCES))
FUZZERS  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/*/fuzz_*.c))
BENCHES  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/bench/bench_*.c))
NET_TOOLS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/net/*.c)) \
	$(patsubst tests/%.c,$(BUILD)/tests/%.so,$(wildcard tests/net/preload/*.c))

# Building uses every core; what is measured or talks to itself runs alone.
PARALLEL = $(MAKE) --no-print-directory -j$(shell nproc)
ALONE    = $(MAKE) --no-print-directory

.PHONY: all programs demo check unit scenario ct lint oracle browser soak fuzz fuzz-seeds bench bench-match check-febrl install clean deps deps-check
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

all: deps
	$(Q)$(PARALLEL) programs

programs: $(PROGRAMS) $(PRINT)
	@:

# What is not installed is installed; the names are printed first.
define install_missing
	@missing=$$(for p in $(1); do dpkg -s $$p 2>/dev/null | grep -q '^Status: install ok installed' || printf '%s ' $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "Installing with apt: $$missing"; \
		as_root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		[ -z "$$as_root" ] || command -v sudo >/dev/null || { echo "Neither root nor sudo: let root install these"; exit 1; }; \
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

# The guest page is one file, made of what stands in node/web, and embedded from there.
WEB := $(BUILD)/gen/node/web
$(BUILD)/bundle: $(BUILD)/obj/node/web/bundle/bundle.o $(call archives,core/record)
	$(call say,LD,$@)
	$(Q)$(link) $(LDLIBS)
$(WEB)/page.html.gz: $(BUILD)/bundle $(wildcard node/web/*.html node/web/*.css node/web/*.js node/web/words/*.json) core/record/data/codebook.json
	$(call say,PAGE,$@)
	@mkdir -p $(@D)
	$(Q)ASAN_OPTIONS=detect_leaks=0 $(BUILD)/bundle node/web $(WEB) && gzip -9 -n -c $(WEB)/page.html >$@
$(BUILD)/obj/node/web/page.o: private CFLAGS += -DCDR_WEB_GEN='"$(WEB)"'
$(BUILD)/obj/node/web/page.o: $(WEB)/page.html.gz

define layer_rules
$(call archive,$(1)): $(call objects,$(1)) $(BUILD)/flags
	$$(call say,AR,$$(@F))
	@mkdir -p $$(@D) && rm -f $$@
	$$(Q)ar rcsD $$@ $$(filter %.o,$$^)
$(patsubst %.c,$(BUILD)/obj/%.o,$(call sources,$(1))): $(wildcard $(1)/data/*)
endef
# What stands beside tests/unit/LAST/test_*.c, or in tests/unit/, are parts that the tests there share; unit_parts LAST
# come before the layers, in whose place they may stand (a network that is played).
UNIT_PARTS := tests/unit $(foreach d,$(patsubst %/.,%,$(wildcard tests/unit/*/.)),$(if $(call sources,$(d)),$(d)))
unit_parts  = $(foreach d,$(filter tests/unit/$(1) tests/unit,$(UNIT_PARTS)),$(call archive,$(d)))

$(foreach l,$(LAYERS) $(UNIT_PARTS),$(eval $(call layer_rules,$(l))))

$(BUILD)/candor-hub:     $(BUILD)/obj/node/hub/main.o     $(call archives,node/hub)
$(BUILD)/candor-trustee: $(BUILD)/obj/node/trustee/main.o $(call archives,node/trustee)
# It verifies alone: nothing of keys/ or node/ is linked.
$(BUILD)/candor-audit:   $(BUILD)/obj/audit/main.o        $(call archives,audit)
$(BUILD)/candor:         $(BUILD)/obj/node/member/main.o  $(call archives,node/member)
$(PROGRAMS):
	$(call say,LD,$@)
	$(Q)$(link) $(LDLIBS)

# candor-print: a program of its own with libraries of its own, which the others run and do not link.
PRINT_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %/main.c,$(wildcard node/print/*.c)))
PRINT_NEEDS   := $(PRINT_OBJECTS) $(foreach l,core core/crypto core/identity core/record,$(call archive,$(l)))
PRINT_LIBS    = $(shell pkg-config --libs cairo-pdf pangocairo libqrencode libseccomp jansson openssl libgcrypt libutf8proc 2>/dev/null) -lm -pthread
$(PRINT_OBJECTS) $(patsubst tests/%.c,$(BUILD)/obj/tests/%.o,$(wildcard tests/unit/print/*.c tests/fuzz/print/*.c)) $(BUILD)/obj/node/print/main.o: \
	CFLAGS += $(patsubst -I%,-isystem %,$(shell pkg-config --cflags cairo-pdf pangocairo libqrencode libseccomp 2>/dev/null))
$(PRINT): $(BUILD)/obj/node/print/main.o $(PRINT_NEEDS)
	$(call say,LD,$@)
	$(Q)$(link) $(PRINT_LIBS)
$(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/print/test_*.c)): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call unit_parts,print) $(PRINT_NEEDS)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(link) -lcmocka $(PRINT_LIBS)
$(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/print/fuzz_*.c)): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/obj/tests/fuzz/driver.o $(PRINT_NEEDS)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(link) $(PRINT_LIBS)

# tests/unit/LAST/… and tests/fuzz/LAST/… link the layer whose folder ends in LAST, and those before it.
define test_rules
$(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/$(notdir $(1))/test_*.c)): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call unit_parts,$(notdir $(1))) $(call archives,$(1))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(link) -lcmocka $$(LDLIBS)
$(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/$(notdir $(1))/fuzz_*.c)): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/obj/tests/fuzz/driver.o $(call unit_parts,) $(call archives,$(1))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(link) $$(LDLIBS)
endef
$(foreach l,$(LAYERS),$(eval $(call test_rules,$(l))))

# Releases are attacked with a linear solver of somebody else's.
$(BUILD)/tests/unit/record/test_disclosure_attack: LDLIBS += -lglpk

# Other sources in tests/bench/ are parts that the benches share.
BENCH_PARTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out tests/bench/bench_%,$(wildcard tests/bench/*.c)))
$(BENCHES): $(BENCH_PARTS) $(call unit_parts,)
# Leaving a culture out means building the rarity table anew.
$(BUILD)/tests/bench/bench_match $(BUILD)/tests/bench/bench_rarity: $(patsubst %,$(BUILD)/obj/core/identity/generate/%.o,names rarity_build)
$(BENCHES) $(filter-out %.so,$(NET_TOOLS)) $(BUILD)/tests/vectors/oprf_oracle $(BUILD)/tests/browser/guest_oracle: $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(ALL_ARCHIVES)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(link) $(LDLIBS)

# What a lying hub can say.
$(BUILD)/tests/net/lying_hub: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/net/hub_lies/*.c))

# These are the programs themselves, but for one function.
$(BUILD)/tests/net/lying_dealer: private LDFLAGS += -Wl,--wrap=cdr_trustee_ask
$(BUILD)/tests/net/two_faced_hub: private LDFLAGS += -Wl,--wrap=cdr_hub_ceremony_fetch

# Libraries for LD_PRELOAD; light.c is part of each.
$(BUILD)/tests/net/preload/%.so: tests/net/preload/%.c tests/net/preload/light.c $(BUILD)/flags
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE -pie -fsanitize%,$(CFLAGS)) -fPIC -shared -o $@ $(sort $(filter %.c,$^))

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- running --------------------------------------------------------------------------------------------------

# Everything that must hold, in the order in which a failure is found soonest. Each part installs nothing itself.
check: deps-check
	$(Q)begin=$$(date +%s); \
	$(ALONE) run-lint && $(PARALLEL) programs tests && $(ALONE) run-unit run-ct run-oracle run-browser run-scenario && \
	$(PARALLEL) SAN=1 programs tests && $(ALONE) SAN=1 run-unit run-fuzz-seeds SECONDS_EACH=1 && \
	$(ALONE) SAN=1 run-scenario SCENARIOS="$(SAN_SCENARIOS)" && \
	echo "make check: everything holds ($$(( $$(date +%s) - begin )) s)"

unit scenario ct lint oracle browser fuzz-seeds: deps-check
	$(Q)$(ALONE) run-$@

# Every test program, built and not run.
.PHONY: tests
tests: $(UNIT) $(FUZZERS) $(NET_TOOLS) $(BUILD)/tests/vectors/oprf_oracle $(BUILD)/tests/browser/guest_oracle

.PHONY: run-unit run-scenario run-ct run-lint run-oracle run-browser run-fuzz-seeds run-bench run-check-febrl run-soak run-fuzz
run-unit: $(if $(T),$(BUILD)/tests/unit/$(T),$(UNIT))
	$(Q)VERBOSE=$(T) tests/unit/run $^

# Scenarios with real processes, three at once for each two cores; each says in its first line what it shows.
SCENARIOS ?= $(if $(T),tests/net/$(T),$(sort $(wildcard tests/net/[0-9][0-9]-*)))
SAN_SCENARIOS = $(wildcard tests/net/10-* tests/net/30-*)
run-scenario: programs $(NET_TOOLS) $(BUILD)/tests/browser/guest_oracle
	$(Q)BUILD=$(BUILD) tests/net/run $(SCENARIOS)

run-ct:
	$(Q)tests/ct/run $(BUILD)/ct

run-oracle: $(BUILD)/tests/vectors/oprf_oracle programs
	$(Q)tests/vectors/oprf_oracle $< $(BUILD)/npm
	$(Q)$(BUILD)/candor openapi >$(BUILD)/openapi.json
	$(Q)tests/vectors/openapi $(BUILD)/npm $(BUILD)/openapi.json

# The guests' page in a Chromium (SHOTS=DIR leaves pictures of it there).
run-browser: programs $(BUILD)/tests/browser/guest_oracle
	$(Q)tests/browser/run $(BUILD) $(SHOTS)

run-lint:
	$(Q)tests/lint/run $(BUILD)

# Each driver: every seed, then mutants for SECONDS_EACH.
run-fuzz-seeds: $(FUZZERS)
	$(Q)printf '%s\n' $^ | xargs -P $(shell nproc) -I {} sh -c 'f={}; name=$${f##*/fuzz_}; \
		$$f --seconds $(SECONDS_EACH) tests/fuzz/seeds/$$name >$$f.log 2>&1 || { cat $$f.log; echo "$$f failed"; exit 255; }; \
		tail -n 1 $$f.log | sed "s|^|fuzz_$$name: |"'

fuzz: deps-check
	$(Q)$(ALONE) SAN=1 run-fuzz-seeds SECONDS_EACH=$(SECONDS_EACH)

demo: deps
	$(call install_missing,jq procps)
	$(Q)$(PARALLEL) programs
	$(Q)BUILD=$(BUILD) tests/net/demo $(KEEP)

soak bench check-febrl: deps-check
	$(Q)$(ALONE) run-$@

run-soak: programs $(NET_TOOLS) $(UNIT)
	$(Q)LOADED=$(abspath $(BUILD))/tests/net/preload/ticking.so tests/unit/run $(UNIT)
	$(Q)CDR_LONG=1 $(BUILD)/tests/unit/proto/test_tally
	$(Q)BUILD=$(BUILD) SCENARIO_SECONDS=3600 tests/net/run tests/net/round-100
	$(Q)BUILD=$(BUILD) SCENARIO_SECONDS=14400 tests/net/run tests/net/epoch-100000
	$(Q)BUILD=$(BUILD) YEAR_MEMBERS=20 SCENARIO_SECONDS=3600 tests/net/run tests/net/89-year
	$(Q)BUILD=$(BUILD) KILLS=200 SCENARIO_SECONDS=7200 tests/net/run $(sort $(wildcard tests/net/[0-9][0-9]-*kill*))

run-bench: programs $(BENCHES) $(NET_TOOLS)
	$(Q)for b in $(filter-out %_match %_rarity,$(BENCHES)) $(filter %_hub_match,$(BENCHES)); do echo "== $${b##*/}"; $$b || exit 1; done
	$(Q)BUILD=$(BUILD) tests/bench/exchange
	$(Q)BUILD=$(BUILD) tests/bench/precondition

bench-match: deps-check
	$(Q)$(ALONE) $(BUILD)/tests/bench/bench_match $(BUILD)/tests/bench/bench_rarity
	$(Q)$(BUILD)/tests/bench/bench_rarity --recall
	$(Q)$(BUILD)/tests/bench/bench_match

run-check-febrl: programs
	$(Q)BUILD=$(BUILD) tests/net/check-febrl

install: all
	install -D -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS) $(PRINT)

clean:
	rm -rf build
