#!/bin/bash
# deps.sh [--install] PURPOSE...: is everything there that the purpose needs? Silent when it is.
# Without --install, and wherever it may not install, it prints the one command to type and fails. With it, what
# is missing is announced in one line and installed with apt-get, as root or where sudo asks no question;
# NO_DEPS=1 stops that. It looks for the things themselves (commands, libraries, files), not for package names, so
# that a machine which has them from elsewhere is left alone. It never removes a package and starts no service.
set -u

# purpose  package  how it is recognised: cmd NAME | pc MODULE | file PATH (a pattern)
table='
build    gcc                   cmd  cc gcc clang
build    libc6-dev             file /usr/include/stdlib.h
build    pkg-config            cmd  pkg-config pkgconf
build    libevent-dev          pc   libevent
build    libcurl4-openssl-dev  pc   libcurl
build    libyajl-dev           pc   yajl
build    libssl-dev            pc   openssl
build    libyaml-dev           pc   yaml-0.1
build    libsystemd-dev        pc   libsystemd
build    libsqlite3-dev        pc   sqlite3
build    libunbound-dev        file /usr/include/unbound.h
build    libidn2-dev           pc   libidn2
build    libopendkim-dev       file /usr/include/opendkim/dkim.h
build    libldns-dev           pc   ldns
run      tzdata                file /usr/share/zoneinfo/Europe/Paris
run      dns-root-data         file /usr/share/dns/root.key
unit     libcmocka-dev         pc   cmocka
check    ansible-core          cmd  ansible-playbook
check    autopkgtest           cmd  autopkgtest
check    curl                  cmd  curl
check    debhelper             cmd  dh
check    dpkg-dev              cmd  dpkg-buildpackage
check    faketime              cmd  faketime
check    jq                    cmd  jq
check    bind9                 cmd  /usr/sbin/named named
check    knot                  cmd  /usr/sbin/knotd knotd
check    knot-dnsutils         cmd  kdig
check    lintian               cmd  lintian
check    mandoc                cmd  mandoc
check    opendkim              cmd  opendkim /usr/sbin/opendkim
check    openssl               cmd  openssl
check    procps                cmd  pgrep
check    prometheus            cmd  promtool
check    python3               cmd  /usr/bin/python3
check    python3-jsonschema    file /usr/lib/python3/dist-packages/jsonschema/__init__.py
check    python3-dkim          file /usr/lib/python3/dist-packages/dkim/__init__.py
check    python3-nacl          file /usr/lib/python3/dist-packages/nacl/__init__.py
check    python3-lexicon       file /usr/lib/python3/dist-packages/lexicon/__init__.py
check    python3-yaml          file /usr/lib/python3/dist-packages/yaml/__init__.py
check    rspamd                cmd  rspamd
check    sqlite3               cmd  sqlite3
check    strace                cmd  strace
check    systemd               cmd  /lib/systemd/systemd-journald
check    systemd-container     cmd  systemd-nspawn
deb      debhelper             cmd  dh
deb      dpkg-dev              cmd  dpkg-buildpackage
deb      mandoc                cmd  mandoc
demo     procps                cmd  pgrep
bench    curl                  cmd  curl
bench    procps                cmd  pgrep
bench    strace                cmd  strace
fuzz     clang-14              cmd  clang-14
fuzz     libclang-rt-14-dev    file /usr/lib/llvm-14/lib/clang/14*/lib/linux/libclang_rt.fuzzer-*.a
lint     clang-14              cmd  clang-14
lint     clang-format-14       cmd  clang-format-14
lint     clang-tidy-14         cmd  clang-tidy-14
lint     cppcheck              cmd  cppcheck
lint     shellcheck            cmd  shellcheck
valgrind valgrind              cmd  valgrind
coverage gcovr                 cmd  gcovr
'

# Is the thing there? A module that pkg-config cannot be asked about counts as there when its package is.
have() { # package kind names...
	local package=$1 kind=$2 name
	shift 2
	case $kind in
	cmd) for name; do command -v "$name" >/dev/null && return 0; done ;;
	file) for name; do [ -e "$name" ] && return 0; done ;;
	pc)
		if command -v pkg-config >/dev/null; then pkg-config --exists "$1"; return; fi
		dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii'
		return
		;;
	esac
	return 1
}

# The packages that the purposes lack, one a line.
missing() {
	local purpose package kind names
	while read -r purpose package kind names; do
		[[ " $* " == *" $purpose "* ]] || continue
		# shellcheck disable=SC2086 # names are words, and patterns
		have "$package" "$kind" $names || echo "$package"
	done <<<"$table" | sort -u
}

# The packages beside which a Debian package starts a server at once, and again at every boot; we only want the
# program. So they are kept from starting while they are unpacked, and disabled after.
# shellcheck disable=SC2086 # several services
quiet_services() { # on|off
	[ -n "$services" ] || return 0
	if [ "$1" = on ]; then
		[ ! -d /run/systemd/system ] || $sudo systemctl --quiet mask --runtime $services 2>>"$log"
	else
		command -v systemctl >/dev/null || return 0
		[ ! -d /run/systemd/system ] || $sudo systemctl --quiet unmask --runtime $services 2>>"$log"
		$sudo systemctl --quiet disable $services 2>>"$log"
	fi
	return 0
}

install=
if [ "${1-}" = --install ]; then install=1; shift; fi
case " $* " in *" check "* | *" demo "* | *" bench "*) set -- "$@" run ;; esac
lack=$(missing "$@" | tr '\n' ' ')
lack=${lack% }
[ -n "$lack" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then sudo=sudo; fi
command="${sudo:+sudo }apt-get install --no-install-recommends $lack"
if ! command -v apt-get >/dev/null; then
	echo "dkimrotd: missing here (by the names of Debian's packages): $lack" >&2
	exit 1
fi
may=1
if [ -n "$sudo" ] && ! sudo -n true 2>/dev/null; then may=; fi
if [ -z "$install" ] || [ -n "${NO_DEPS-}" ] || [ -z "$may" ]; then
	echo "dkimrotd: something is missing here; type: $command" >&2
	exit 1
fi

echo "dkimrotd: installing what is missing (NO_DEPS=1 stops that): $lack"
if [ -n "$sudo" ]; then sudo="sudo -n"; fi
services=
for package in knot opendkim prometheus rspamd; do
	[[ " $lack " != *" $package "* ]] || services+=" $package.service"
done
[[ " $lack " != *" bind9 "* ]] || services+=" named.service"
services=${services# }
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
apt() { $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null; }
quiet_services on
# shellcheck disable=SC2086 # a list of words
# The lists may be empty or old: they are fetched when the first try fails.
apt install --no-remove --no-install-recommends $lack ||
	{ apt update && apt install --no-remove --no-install-recommends $lack; }
quiet_services off
left=$(missing "$@" | tr '\n' ' ')
if [ -n "$left" ]; then
	tail -n 40 "$log" >&2
	echo "dkimrotd: these are still missing: ${left% }; type: ${command%% --no*} --no-install-recommends ${left% }" >&2
	exit 1
fi
