# dkimrotd: make | make check | make demo | make install | make bench | make fuzz | make coverage
# Objects live under build/FLAVOUR, so that plain, sanitized and fuzzing builds never mix.

FLAVOUR ?= plain
CC      ?= cc
B       := build/$(FLAVOUR)
PKGS    := libevent libcurl yajl openssl yaml-0.1 libsystemd sqlite3 libunbound libcares libidn2
PC      := $(shell command -v pkg-config 2>/dev/null)
VERSION := 0.1.0

WARN    := -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wformat=2 -Wstrict-prototypes \
           -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings -Wnull-dereference
HARDEN  := -fstack-protector-strong -fPIE -fno-strict-overflow
OPT_plain := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-clash-protection -fcf-protection
OPT_asan  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DDKIMROTD_SANITIZED
OPT_cov   := -O0 -g --coverage
LINK_plain := -Wl,-z,relro,-z,now
LINK_asan  := -fsanitize=address,undefined
LINK_cov   := --coverage

CFLAGS  ?=
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DDKIMROTD_VERSION='"$(VERSION)"' -Idaemon -I$(B)/gen $(WARN) $(HARDEN) \
             $(OPT_$(FLAVOUR)) $(if $(PC),$(shell $(PC) --cflags $(PKGS) 2>/dev/null)) -MMD -MP $(CFLAGS)
LIBS    = $(if $(PC),$(shell $(PC) --libs $(PKGS) 2>/dev/null)) -levent_openssl -lresolv -lpthread -lm
LDFLAGS ?=
ALL_LDFLAGS = -pie $(LINK_$(FLAVOUR)) $(LDFLAGS)

ROOMS   := base core codec platform io engine
room_src = $(sort $(wildcard daemon/$(1)/*.c))
room_obj = $(patsubst %.c,$(B)/%.o,$(call room_src,$(1)))
ARCHIVES := $(foreach r,$(ROOMS),$(B)/lib$(r).a)

all: build/dkimrotd build/dkimrotctl build/ovhsim

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CFLAGS_$(firstword $(subst /, ,$*))) -c -o $@ $<

define room
$(B)/lib$(1).a: $(call room_obj,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room,$(r))))

# The archives know each other downwards only; a group keeps the link line free of order.
LINK = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)

$(B)/dkimrotd: $(B)/daemon/main.o $(ARCHIVES)
	$(LINK)
$(B)/dkimrotctl: $(patsubst %.c,$(B)/%.o,$(sort $(wildcard daemon/ctl/*.c))) $(ARCHIVES)
	$(LINK)

# The simulator shares no line with the daemon.
OVHSIM_WORLD := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/ovhsim/world/*.c)))
OVHSIM_SHELL := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/ovhsim/*.c)))
$(B)/ovhsim: $(OVHSIM_SHELL) $(OVHSIM_WORLD)
	$(LINK)

build/%: $(B)/%
	@cp -f $< $@

UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
$(B)/unit/%: $(B)/tests/unit/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS) -lcmocka
$(B)/unit/test_world%: $(B)/tests/unit/test_world%.o $(OVHSIM_WORLD)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS) -lcmocka
unit-build: $(UNIT)
unit: $(UNIT)
	@for t in $^; do $$t || exit 1; done

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.PHONY: all unit unit-build clean
.SECONDARY:
