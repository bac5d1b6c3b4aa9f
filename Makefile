# Stator. `make run` and `make test` are the two commands a newcomer needs; `make help` lists the others.
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := g++
endif
BUILD ?= build
VERSION := 0.1.0
JOBS ?= $(shell nproc)

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
WARNXX := -Wall -Wextra -Werror -Wshadow
OPT ?= -O2 -g
SAN ?=
CPPFLAGS += -Isrc -D_GNU_SOURCE -DSTATOR_VERSION='"$(VERSION)"'
CFLAGS := -std=gnu17 $(OPT) $(WARN) $(SAN) -fno-omit-frame-pointer -pthread
CXXFLAGS := -std=c++17 -O3 -g $(WARNXX) $(SAN) -DNDEBUG -fno-rtti -pthread
LDFLAGS += $(SAN) -pthread
# ROCKSDB=release links the one that tools/build-rocksdb makes, with neither assertions nor counters.
ROCKSDB ?= debian
ROCKSDB_debian := -lrocksdb
ROCKSDB_release := .rocksdb/librocksdb.a -llz4 -ldl
LDLIBS := -lh2o-evloop -lssl -lcrypto $(ROCKSDB_$(ROCKSDB)) -lsimdjson -ldeflate -lxxhash -lz -lm -lstdc++

# Lowest first: each layer may use those before it.
LAYERS := base crypto value expr partiql store engine cluster auth api http bench server
SRC_C := $(foreach l,$(LAYERS),$(wildcard src/$l/*.c))
SRC_CC := $(foreach l,$(LAYERS),$(wildcard src/$l/*.cc))
layer_objs = $(patsubst %.c,$(BUILD)/%.o,$(filter-out src/server/main.c,$(wildcard src/$1/*.c))) \
             $(patsubst %.cc,$(BUILD)/%.cc.o,$(wildcard src/$1/*.cc))

.PHONY: all
all: $(BUILD)/stator

# `make V=1` shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-4s %s\n' $1 $@)

# --- building ---------------------------------------------------------------------------------------------------

# One archive per layer, so that a unit test links only the layers it may use.
define LAYER_RULE
$(BUILD)/lib/$1.a: $(call layer_objs,$1)
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call LAYER_RULE,$l)))
archives = $(foreach l,$1,$(BUILD)/lib/$l.a)
reverse = $(if $1,$(call reverse,$(wordlist 2,$(words $1),$1)) $(firstword $1))

$(BUILD)/stator: $(BUILD)/src/server/main.o $(call archives,$(LAYERS))
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) $< $(call archives,$(call reverse,$(LAYERS))) $(LDLIBS) -o $@.new
	@mv -f $@.new $@

# What h2o's private header needs to be read.
$(BUILD)/src/http/http2.o: CPPFLAGS += -Isrc/http

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/%.cc.o: %.cc
	@mkdir -p $(@D)
	$(call say,CXX)
	$(Q)$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# tests/unit/LAYER/NAME_test.c -> build/tests/unit/LAYER/NAME_test, linked with LAYER and all layers before it.
upto = $(if $(filter $1,$(firstword $2)),$1,$(firstword $2) $(call upto,$1,$(wordlist 2,$(words $2),$2)))
UNIT := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*/*_test.c))
.SECONDEXPANSION:
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $$(call archives,$$(call upto,$$(firstword $$(subst /, ,$$*)),$(LAYERS)))
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) $< $(call archives,$(call reverse,$(call upto,$(firstword $(subst /, ,$*)),$(LAYERS)))) -lcmocka $(LDLIBS) -o $@

# tests/fuzz/NAME_fuzz.c -> build-fuzz/tests/fuzz/NAME_fuzz, with clang's libFuzzer.
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_LAYERS := base crypto value expr partiql store engine cluster auth api
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(call archives,$(FUZZ_LAYERS))
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer $< $(call archives,$(call reverse,$(FUZZ_LAYERS))) $(LDLIBS) -o $@

.SECONDARY:
.PHONY: unit unit-programs fuzzers clean
unit-programs: $(UNIT)
fuzzers: $(FUZZERS)

unit: $(UNIT)
	@for t in $(UNIT); do echo "== $$t"; $$t || exit 1; done

clean:
	rm -rf $(BUILD)

# --- using ------------------------------------------------------------------------------------------------------

LISTEN ?= 127.0.0.1:8000
DATA_DIR ?= data
ARGS ?=
sub = $(MAKE) $(if $(V),,-s) --no-print-directory -j$(JOBS)

.PHONY: run release example help
run:
	@tools/install-deps run
	@$(sub) $(BUILD)/stator
	@exec $(BUILD)/stator serve --listen $(LISTEN) --data-dir $(DATA_DIR) $(ARGS)

release:
	@tools/install-deps run
	@tools/install-deps release
	@tools/build-rocksdb --jobs $(JOBS)
	@$(sub) BUILD=build-release ROCKSDB=release build-release/stator
	@ls -sh build-release/stator

example:
	@tools/install-deps example
	@examples/cities/run $(ARGS)

help:
	@sed -n 's/^#: //p' Makefile

# --- testing ----------------------------------------------------------------------------------------------------

FUZZ_SECONDS ?= 20
SHARDS ?= 1 4
# gcc's flow analysis sees what sanitizers add, and then warns of values that are always set.
SAN_OPT := OPT='-O1 -g $(if $(findstring clang,$(CC)),,-Wno-maybe-uninitialized)'
ASAN := SAN='-fsanitize=address,undefined -fno-sanitize-recover=all' $(SAN_OPT)
TSAN := SAN=-fsanitize=thread $(SAN_OPT)
# Without -fsanitize=function, which needs a runtime library for C++.
FUZZ := CC=clang-14 CXX=clang++-14 SAN='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function -fno-sanitize-recover=all' OPT='-O1 -g'
PARTS ?= unit wire sdk crash
SAN_PARTS ?= unit wire

.PHONY: test check asan tsan fuzz
test:
	@tools/install-deps test
	@$(sub) $(BUILD)/stator unit-programs
	@tools/test --build $(BUILD) --shards "$(SHARDS)" $(PARTS)

check:
	@tools/install-deps check
	@CC=$(CC) tools/check

asan:
	@tools/install-deps test
	@$(sub) BUILD=build-asan $(ASAN) build-asan/stator unit-programs
	@tools/test --build build-asan --shards "$(SHARDS)" $(SAN_PARTS)

tsan:
	@tools/install-deps test
	@$(sub) BUILD=build-tsan $(TSAN) build-tsan/stator unit-programs
	@tools/test --build build-tsan --shards "$(SHARDS)" $(SAN_PARTS)

fuzz:
	@tools/install-deps fuzz
	@$(sub) BUILD=build-fuzz $(FUZZ) fuzzers
	@tools/fuzz --build build-fuzz --seconds $(FUZZ_SECONDS)

.PHONY: differential
REQUESTS ?= 100000
SEED ?= 1
differential:
	@tools/install-deps differential
	@$(sub) $(BUILD)/stator
	@tests/differential/run --binary $(BUILD)/stator --shards "$(SHARDS)" --requests $(REQUESTS) --seed $(SEED) $(ARGS)

# Instructions that requests cost the server: tests/cost/cost.py --help.
.PHONY: cost
cost:
	@tools/install-deps run
	@tools/install-deps cost
	@$(sub) $(BUILD)/stator
	@tests/cost/cost.py --binary $(BUILD)/stator $(ARGS)

# Histories of concurrent clients under kill -9: docs/consistency.md.
.PHONY: consistency
ROUNDS ?= 1
SECONDS ?= 1.5
consistency:
	@tools/install-deps run
	@tools/install-deps consistency
	@$(sub) $(BUILD)/stator
	@mkdir -p $(BUILD)/consistency
	@cd tests/consistency && CGO_ENABLED=0 go test -count=1 -timeout 0 $(if $(V),-v) . -args -binary $(abspath $(BUILD))/stator \
		-keep $(abspath $(BUILD))/consistency -rounds $(ROUNDS) -seconds $(SECONDS) -seed $(SEED)

# Faults in the long form: docs/operations/faults.md. Figures are in $(BUILD)/faults/figures, a line of JSON for each test.
.PHONY: faults
FLIPS ?= 1000
faults:
	@tools/install-deps test
	@$(sub) $(BUILD)/stator
	@mkdir -p $(BUILD)/faults && rm -f $(BUILD)/faults/figures
	@$$(tools/python-env) -m pytest -q -p no:cacheprovider tests/crash --long --rounds $(if $(filter command% env%,$(origin ROUNDS)),$(ROUNDS),100) --flips $(FLIPS) \
		--seed $(SEED) --binary $(BUILD)/stator --figures $(BUILD)/faults/figures $(ARGS); \
		code=$$?; cat $(BUILD)/faults/figures; exit $$code

# Side by side with what a user would pick instead: docs/performance.md.
.PHONY: bench
$(BUILD)/tests/bench/ceilings: $(BUILD)/tests/bench/ceilings.o $(call archives,base bench)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) $< $(call archives,bench base) $(LDLIBS) -o $@

bench:
	@for set in run differential bench; do tools/install-deps $$set || exit 1; done
	@$(sub) $(BUILD)/stator $(BUILD)/tests/bench/ceilings
	@tests/bench/run --binary $(abspath $(BUILD))/stator --ceilings $(abspath $(BUILD))/tests/bench/ceilings \
		--out $(abspath $(BUILD))/bench $(if $(LONG),--long) $(if $(DOCS),--docs) $(ARGS)

.PHONY: flamegraphs
flamegraphs:
	@for set in run flamegraphs; do tools/install-deps $$set || exit 1; done
	@$(sub) $(BUILD)/stator
	@tests/bench/flamegraphs --binary $(BUILD)/stator --out $(BUILD)/bench/flames $(if $(DOCS),--docs) $(ARGS)

#: make              builds build/stator (CC=clang CXX=clang++ BUILD=build-clang for clang)
#: make run          installs what is missing, builds, serves on 127.0.0.1:8000 with ./data
#:                   (LISTEN=127.0.0.1:9000 DATA_DIR=/srv/stator ARGS='--shards 4')
#: make release      builds build-release/stator with a RocksDB of its own: faster, but the first time takes 15 minutes
#: make test         installs what is missing, builds, runs every test; ends with "N passed, N failed"
#:                   (PARTS='unit wire sdk crash' SHARDS='1 4')
#: make example      loads 170,000 places into a running Stator and asks it questions
#: make check        format, lint, layers, headers, sizes: in seconds
#: make asan         unit and wire tests under AddressSanitizer and UndefinedBehaviorSanitizer
#: make tsan         unit and wire tests under ThreadSanitizer
#: make fuzz         runs each fuzzer for FUZZ_SECONDS=20
#: make differential compares with Amazon's DynamoDB Local on random requests (REQUESTS=100000 SEED=1 SHARDS='1 4')
#: make cost         counts the instructions of requests, and fails when one became dearer (ARGS=--update)
#: make consistency  checks histories of concurrent clients under kill -9 (ROUNDS=100 SECONDS=3 SEED=1)
#: make faults       kills, cuts, fills and damages a hundredfold, and counts (ROUNDS=100 FLIPS=1000 SEED=1 ARGS='-k kill')
#: make bench        measures Stator beside dynalite, DynamoDB Local, nginx and RocksDB (LONG=1: ten million items,
#:                   DOCS=1: table and plots into docs/, ARGS='--only reads --rounds 5')
#: make flamegraphs  who uses the server's CPU time, as pictures in build/bench/flames (ARGS='ycsb-a scan', DOCS=1: into docs/)
#: make clean        removes build/
