# dkimrotd: make | make check | make demo | make install | make bench | make fuzz | make coverage
# and for those who work on it: make unit | floors | lint | valgrind | clean.
# Objects live under build/FLAVOUR, so that plain, sanitized and fuzzing builds never mix. It must parse on a
# machine with neither compiler nor pkg-config: the targets say what is missing (tests/tools/deps.sh).

FLAVOUR ?= plain
CC      ?= cc
CLANG   ?= clang-14
B       := build/$(FLAVOUR)
PKGS    := libevent libcurl yajl openssl yaml-0.1 libsystemd sqlite3 libidn2 ldns
PC      := $(shell command -v pkg-config 2>/dev/null)
# The version stands in one place.
VERSION := $(shell sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)

# As many jobs as there are processors, unless the command line or a make above us says how many.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

# Where things go. The defaults are the places that the manuals name.
PREFIX     ?= /usr
SYSCONFDIR ?= /etc
SBINDIR    ?= $(PREFIX)/sbin
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
DOCDIR     ?= $(PREFIX)/share/doc/dkimrotd
SYSTEMDDIR ?= $(PREFIX)/lib/systemd

WARN    := -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wformat=2 -Wstrict-prototypes \
           -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings -Wnull-dereference
HARDEN  := -fstack-protector-strong -fPIE -fno-strict-overflow
OPT_plain   := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-clash-protection -fcf-protection
OPT_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DDKIMROTD_SANITIZED
OPT_cov     := -O0 -g --coverage -fprofile-update=atomic
OPT_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
               -DDKIMROTD_SANITIZED
OPT_tsan    := -O1 -g -fsanitize=thread -fno-omit-frame-pointer -DDKIMROTD_SANITIZED
OPT_clang   := -O2 -g
OPT_analyze := -O1 -g -fanalyzer
LINK_plain  := -Wl,-z,relro,-z,now
LINK_asan   := -fsanitize=address,undefined
LINK_tsan   := -fsanitize=thread
LINK_cov    := --coverage
LINK_fuzz   := -fsanitize=address,undefined
# It does not know that an assertion of cmocka's does not return, nor follows what a test's helper fills in or takes out of a
# list; in tests those are found at run, by the sanitizers and valgrind.
ifeq ($(FLAVOUR),analyze)
CFLAGS_tests := -Wno-analyzer-null-argument -Wno-analyzer-possible-null-argument \
                -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-use-after-free
endif
ifneq ($(filter $(FLAVOUR),fuzz clang),)
override CC := $(CLANG)
endif

PKG_CFLAGS := $(if $(PC),$(shell $(PC) --cflags $(PKGS) 2>/dev/null))
PKG_LIBS   := $(if $(PC),$(shell $(PC) --libs $(PKGS) 2>/dev/null))

# The simulator sees no header of the daemon, the daemon none of the tests.
INC_daemon := -Idaemon -I$(B)/gen
INC_ovhsim := -Itests/ovhsim
INC_tests  := $(INC_daemon) $(INC_ovhsim) -Itests
includes   = $(if $(filter daemon/%,$(1)),$(INC_daemon),$(if $(filter tests/ovhsim/%,$(1)),$(INC_ovhsim),$(INC_tests)))

CFLAGS  ?=
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DDKIMROTD_VERSION='"$(VERSION)"' $(WARN) $(HARDEN) $(OPT_$(FLAVOUR)) \
              $(PKG_CFLAGS) $(CFLAGS)
# Debian's libunbound.pc asks for libraries that libunbound-dev does not bring, so pkg-config refuses it.
LIBS    := $(PKG_LIBS) -lunbound -levent_openssl -lresolv -lpthread -lm
LDFLAGS ?=
ALL_LDFLAGS := -pie $(LINK_$(FLAVOUR)) $(LDFLAGS)

ROOMS   := base core codec platform io engine
room_src = $(sort $(wildcard daemon/$(1)/*.c))
room_obj = $(patsubst %.c,$(B)/%.o,$(call room_src,$(1)))
ARCHIVES := $(foreach r,$(ROOMS),$(B)/lib$(r).a)
PROGRAMS := dkimrotd dkimrotctl ovhsim

# What is made of the table of events: what journalctl -x shows, and a manual.
GENERATED := $(B)/gen/dkimrotd.catalog $(B)/gen/dkimrotd-events.7
ifeq ($(FLAVOUR),plain)
all: $(PROGRAMS:%=build/%) $(GENERATED)
else
all: $(PROGRAMS:%=$(B)/%) $(GENERATED)
endif
$(B)/gen/dkimrotd.catalog: tests/tools/catalog daemon/events.def daemon/events.catalog | deps-build
	@mkdir -p $(@D)
	CC='$(CC)' tests/tools/catalog >$@.new && mv $@.new $@
$(B)/gen/dkimrotd-events.7: tests/tools/eventpage daemon/events.def daemon/events.catalog
	@mkdir -p $(@D)
	tests/tools/eventpage >$@.new && mv $@.new $@
# What make install needs, and no more.
installed: $(B)/dkimrotd $(B)/dkimrotctl $(GENERATED)
$(PROGRAMS:%=build/%): build/%: $(B)/%
	@cp -f $< $@

# What is missing is named once, before the compiler is asked; nothing is installed by a mere build.
deps-build deps-unit: deps-%:
	@tests/tools/deps.sh $*

# A change of flags builds anew: the stamp changes only when they do.
$(B)/flags: FORCE | deps-build
	@mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(CC) $(ALL_CFLAGS))' | cmp -s - $@ || \
	printf '%s\n' '$(subst ','\'',$(CC) $(ALL_CFLAGS))' >$@

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(call includes,$<) -MMD -MP $(CFLAGS_$(firstword $(subst /, ,$*))) -c -o $@ $<

define room
$(B)/lib$(1).a: $(call room_obj,$(1)) | deps-build
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS) io_ram,$(eval $(call room,$(r))))

# The archives know each other downwards only; a group keeps the link line free of order. What is in memory (io_ram)
# comes first and stands in for its counterpart in io.
LINK = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %tests.a,$^) $(filter %_ram.a,$^) $(filter-out %tests.a %_ram.a,$(filter %.a,$^)) -Wl,--end-group $(LIBS)

$(B)/dkimrotd: $(patsubst %.c,$(B)/%.o,$(sort $(wildcard daemon/*.c))) $(ARCHIVES)
	$(LINK)
# Checks messages; the daemon itself has no need of it.
$(B)/dkimrotctl $(B)/unit/% $(B)/fuzz/%: LIBS += -Wl,--as-needed -lopendkim
$(B)/dkimrotctl: $(patsubst %.c,$(B)/%.o,$(sort $(wildcard daemon/ctl/*.c))) $(ARCHIVES)
	$(LINK)

OVHSIM_WORLD := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/ovhsim/world/*.c)))
OVHSIM_SHELL := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/ovhsim/*.c)))
$(B)/ovhsim: $(OVHSIM_SHELL) $(OVHSIM_WORLD)
	$(LINK)

# Unit tests: one program a file, linked with every room. What begins with test_world sees the simulator only.
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))
$(UNIT_SRC:%.c=$(B)/%.o): | deps-unit
$(B)/unit/%: $(B)/tests/unit/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(LINK) -lcmocka
$(B)/unit/test_world%: $(B)/tests/unit/test_world%.o $(OVHSIM_WORLD)
	@mkdir -p $(@D)
	$(LINK) -lcmocka
# The tests of the engine keep their state in memory, and so do the simulation and the replays below.
$(filter $(B)/unit/test_store_ram $(B)/unit/test_engine%,$(UNIT)): $(B)/libio_ram.a
# dkimrotctl's own, without its main().
$(filter $(B)/unit/test_table $(B)/unit/test_lanes,$(UNIT)): $(patsubst %.c,$(B)/%.o,$(filter-out daemon/ctl/main.c,$(sort $(wildcard daemon/ctl/*.c))))
unit-build: $(UNIT)
unit: $(UNIT)
	@tests/tools/runtests --flavour $(FLAVOUR) $(if $(T),--only '$(T)') unit

# The other test programs: a file with a main() is a program of its own, the files beside it are shared by all
# of them. They see the rooms and the simulator's world.
MORE_DIRS := simulation replay bench e2e
MORE_SRC  := $(sort $(wildcard $(MORE_DIRS:%=tests/%/*.c)))
HAS_MAIN  := ^int main\(
MORE_MAIN := $(if $(MORE_SRC),$(shell grep -lE '$(HAS_MAIN)' $(MORE_SRC) /dev/null))
MORE      := $(MORE_MAIN:tests/%.c=$(B)/%)
# The programs of e2e are about the real thing: the virtual clock and its like must not take its place there.
$(B)/libtests.a: $(patsubst %.c,$(B)/%.o,$(filter-out $(MORE_MAIN) tests/e2e/%,$(MORE_SRC))) | deps-unit
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^
$(filter-out $(B)/e2e/%,$(MORE)): $(B)/libtests.a
$(MORE): $(B)/%: $(B)/tests/%.o $(ARCHIVES) $(OVHSIM_WORLD)
	@mkdir -p $(@D)
	$(LINK) -Wl,--as-needed -lcmocka
$(filter $(B)/simulation/% $(B)/replay/% $(B)/bench/requests,$(MORE)): $(B)/libio_ram.a
$(MORE_SRC:%.c=$(B)/%.o): | deps-unit

# A fuzzing target is also a test: every input once found is run again, without libFuzzer.
FUZZ     := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_OWN := $(patsubst %.c,$(B)/%.o,$(sort $(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c))))
FUZZ_MAIN := $(if $(filter fuzz,$(FLAVOUR)),,$(B)/tests/tools/fuzzmain.o)
$(FUZZ): $(B)/fuzz/%: $(B)/tests/fuzz/%.o $(FUZZ_OWN) $(FUZZ_MAIN) $(ARCHIVES) $(OVHSIM_WORLD)
	@mkdir -p $(@D)
	$(LINK) $(if $(filter fuzz,$(FLAVOUR)),-fsanitize=fuzzer)

# Everything that make check runs, in one flavour.
check-build: all $(UNIT) $(MORE) $(FUZZ)

# check and demo first see to what is missing; a make of its own then finds it.
check:
	@tests/tools/deps.sh --install build unit check $(if $(filter true,$(CI)),fuzz)
	+@MAKE='$(MAKE)' tests/tools/runtests $(if $(T),--only '$(T)') all
demo:
	@tests/tools/deps.sh --install build demo
	@test -f tests/demo/demo.sh || { echo "make demo: tests/demo/demo.sh is not there" >&2; exit 1; }
	@echo "dkimrotd: building ..."; $(MAKE) --no-print-directory -s all
	@BUILD=$(CURDIR)/build SRC=$(CURDIR) bash tests/demo/demo.sh
bench:
	@tests/tools/deps.sh build bench
	@test -f tests/bench/run.sh || { echo "make bench: tests/bench/run.sh is not there" >&2; exit 1; }
	@$(MAKE) --no-print-directory -s FLAVOUR=plain all bench-build
	@BUILD=$(CURDIR)/build/plain SRC=$(CURDIR) bash tests/bench/run.sh
bench-build: $(filter $(B)/bench/%,$(MORE))

FUZZ_SECONDS ?= 60
fuzz:
	@tests/tools/deps.sh build fuzz
	@$(MAKE) --no-print-directory -s FLAVOUR=fuzz fuzz-build
	@tests/tools/fuzz.sh $(FUZZ_SECONDS)
fuzz-build: $(FUZZ)

# The threads beside the loop, under ThreadSanitizer: that of the keys, and that of the look-ups.
TSAN_TESTS := test_keystore test_dns test_dns_many
tsan:
	@tests/tools/deps.sh build unit
	@$(MAKE) --no-print-directory -s FLAVOUR=tsan $(TSAN_TESTS:%=build/tsan/unit/%)
	for t in $(TSAN_TESTS); do TSAN_OPTIONS=halt_on_error=1 build/tsan/unit/$$t || exit; done

coverage:
	@tests/tools/deps.sh build unit check coverage
	+@MAKE='$(MAKE)' tests/tools/runtests --flavour cov build unit simulation replay fuzz e2e || echo "(coverage of a run with failures)"
	@mkdir -p build/coverage
	@gcovr -j 2 -r . --object-directory build/cov --filter daemon/ --html-details build/coverage/index.html \
	--print-summary --txt build/coverage/summary.txt && cat build/coverage/summary.txt

floors:
	@tests/tools/deps.sh build
	@$(MAKE) --no-print-directory -s FLAVOUR=plain all
	@tests/tools/floors

LINT := format tidy cppcheck analyze clang shell
lint: $(LINT:%=lint-%)
$(LINT:%=lint-%): lint-%: lint-deps
	@tests/tools/lint.sh $* $(MAKE)
lint-deps:
	@tests/tools/deps.sh build unit lint
compile-only: $(patsubst %.c,$(B)/%.o,$(sort $(shell find daemon tests -name '*.c' 2>/dev/null)))

valgrind:
	@tests/tools/deps.sh build unit valgrind
	@$(MAKE) --no-print-directory -s FLAVOUR=plain unit-build
	@tests/tools/runtests --flavour plain --slow 20 \
	--wrap 'valgrind -q --suppressions=$(CURDIR)/tests/tools/valgrind.supp --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite' unit

install: installed
	@PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' SBINDIR='$(SBINDIR)' BINDIR='$(BINDIR)' MANDIR='$(MANDIR)' \
	DOCDIR='$(DOCDIR)' SYSTEMDDIR='$(SYSTEMDDIR)' B='$(B)' tests/tools/install.sh '$(DESTDIR)'

# build/dkimrotd_VERSION_ARCH.deb, with the source package beside it.
deb:
	@tests/tools/deps.sh build deb
	@tests/tools/deb

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
FORCE:
.PHONY: all installed deb unit unit-build check-build check demo bench bench-build fuzz fuzz-build coverage floors lint lint-deps \
        $(LINT:%=lint-%) compile-only valgrind install clean deps-build deps-unit FORCE
.SECONDARY:
