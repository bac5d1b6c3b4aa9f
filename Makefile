# Stator. `make run` and `make test` are the two commands a newcomer needs.
CC ?= gcc
CXX ?= g++
BUILD ?= build
VERSION := 0.1.0

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
WARNXX := -Wall -Wextra -Werror -Wshadow
OPT ?= -O2 -g
SAN ?=
CPPFLAGS += -Isrc -D_GNU_SOURCE -DSTATOR_VERSION='"$(VERSION)"'
CFLAGS := -std=gnu17 $(OPT) $(WARN) $(SAN) -fno-omit-frame-pointer -pthread
CXXFLAGS := -std=c++17 -O3 -g $(WARNXX) $(SAN) -DNDEBUG -fno-rtti -pthread
LDFLAGS += $(SAN) -pthread
LDLIBS := -lh2o-evloop -lssl -lcrypto -lrocksdb -lsimdjson -ldeflate -lxxhash -lz -lm -lstdc++

# Lowest first: each layer may use those before it.
LAYERS := base value expr store engine cluster auth api http server
SRC_C := $(foreach l,$(LAYERS),$(wildcard src/$l/*.c))
SRC_CC := $(foreach l,$(LAYERS),$(wildcard src/$l/*.cc))
layer_objs = $(patsubst %.c,$(BUILD)/%.o,$(filter-out src/server/main.c,$(wildcard src/$1/*.c))) \
             $(patsubst %.cc,$(BUILD)/%.cc.o,$(wildcard src/$1/*.cc))

.PHONY: all
all: $(BUILD)/stator

# One archive per layer, so that a unit test links only the layers it may use.
define LAYER_RULE
$(BUILD)/lib/$1.a: $(call layer_objs,$1)
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call LAYER_RULE,$l)))
archives = $(foreach l,$1,$(BUILD)/lib/$l.a)
reverse = $(if $1,$(call reverse,$(wordlist 2,$(words $1),$1)) $(firstword $1))

$(BUILD)/stator: $(BUILD)/src/server/main.o $(call archives,$(LAYERS))
	$(CC) $(LDFLAGS) $< $(call archives,$(call reverse,$(LAYERS))) $(LDLIBS) -o $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/%.cc.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# tests/unit/LAYER/NAME_test.c -> build/tests/unit/LAYER/NAME_test, linked with LAYER and all layers before it.
upto = $(if $(filter $1,$(firstword $2)),$1,$(firstword $2) $(call upto,$1,$(wordlist 2,$(words $2),$2)))
UNIT := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*/*_test.c))
.SECONDEXPANSION:
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $$(call archives,$$(call upto,$$(firstword $$(subst /, ,$$*)),$(LAYERS)))
	$(CC) $(LDFLAGS) $< $(call archives,$(call reverse,$(call upto,$(firstword $(subst /, ,$*)),$(LAYERS)))) -lcmocka $(LDLIBS) -o $@

.PHONY: unit clean
unit: $(UNIT)
	@for t in $(UNIT); do echo "== $$t"; $$t || exit 1; done

clean:
	rm -rf $(BUILD)
