#!/bin/bash
# The Debian package: built, without a word from lintian, and its whole life under a real systemd (tests/tools/sdboot):
# installed, waiting for a configuration, run against ovhsim, upgraded with its state kept, its own autopkgtest, removed and
# purged. Called with "inside", it is the part in the container.
# runtests: timeout=900 alone
# shellcheck disable=SC2154,SC2329,SC2317 # what the library sets; called by ok and until_true
if [ "${1-}" != inside ]; then
	# shellcheck source=tests/e2e/systemd_lib.bash
	. "$(dirname "$0")/systemd_lib.bash"
	debs=$(mktemp -d "${TMPDIR:-/tmp}/debs.XXXXXX") || exit 1
	deb=$("$SRC/tests/tools/deb") || { echo "not ok 1 - make deb"; exit 1; }
	echo "ok 1 - make deb: $(basename "$deb")"
	said=$(lintian --fail-on none -EI --pedantic --allow-root "${deb%.deb}.changes" 2>&1)
	if [ -z "$said" ]; then echo "ok 2 - lintian has nothing to say"; else
		echo "not ok 2 - lintian has nothing to say"
		printf '%s\n' "$said" | sed 's/^/# /'
	fi
	# Everything of conf/, man/ and systemd/ is in it, and what is made of the table of events.
	inside=$(dpkg-deb -c "$deb" | sed 's/.* \.//; s/\.gz$//')
	missing=''
	for file in $(cd "$SRC" && find conf man systemd -type f) dkimrotd-events.7 dkimrotd.catalog; do
		name=${file##*/}
		[[ $name != *.sysusers ]] || name=sysusers.d/dkimrotd.conf
		[[ $name != *.tmpfiles ]] || name=tmpfiles.d/dkimrotd.conf
		grep -q "/$name\$" <<<"$inside" || missing+=" $file"
	done
	if [ -z "$missing" ]; then echo "ok 3 - it holds everything that is to be installed"; else
		echo "not ok 3 - it holds everything that is to be installed"
		echo "# missing:$missing"
	fi
	# The same package under a later version.
	dpkg-deb -R "$deb" "$debs/later" && sed -i 's/^Version: .*/&+later/' "$debs/later/DEBIAN/control" &&
		dpkg-deb -b "$debs/later" "$debs/later.deb" >/dev/null && rm -rf "$debs/later"
	cp "$deb" "$debs/first.deb"
	cp "$SRC"/build/dkimrotd_*.dsc "$SRC"/build/dkimrotd_*.tar.xz "$debs"
	set -- "$debs"/*
	[ -z "$said$missing" ] && boot_and_tell "$0" "$@"
	exit 1
fi
# shellcheck source=tests/e2e/systemd_lib.bash
. /src/tests/e2e/systemd_lib.bash
export DEBIAN_FRONTEND=noninteractive
tests=3
dpkg_says() { ok "$1" dpkg "${@:2}" 2>&1 | sed '/^\(not \)\?ok/!s/^/# /'; tests=$((tests + 1)); }

dpkg_says "it is installed" -i /bind/first.deb
is "its user is there" "$(id -gn dkimrotd)" dkimrotd
is "its credentials' folder is root's alone" "$(stat -c '%U %a' /etc/dkimrotd/credentials)" "root 700"
is "it is enabled, and waits for a configuration" "$(systemctl is-enabled dkimrotd) $(show ActiveState) $(show ConditionResult)" "enabled inactive no"
ok "the message catalogue knows its messages" journalctl --dump-catalog 3040d54afc1e462789b3341727163684
has "its manuals can be read" "$(MANWIDTH=80 man -l /usr/share/man/man8/dkimrotd.8.gz 2>/dev/null || zcat /usr/share/man/man8/dkimrotd.8.gz)" "DKIM"

world_scenario
configure
credentials
inventory a.yaml <<<"domain: a.example, platform: exchange, service: hosted-zz1-1"
world_start
systemctl start dkimrotd
soon "run, it brings a domain to sign" 60 signs a.example
soon "and is settled with it" 60 status_has "1 settled"
MAIN=$(show MainPID)
dpkg_says "it is upgraded" -i /bind/later.deb
is "which is a version later" "$(dpkg-query -W -f '${Version}' dkimrotd)" "$(dpkg-deb -f /bind/later.deb Version)"
is "the service runs again" "$(show ActiveState)" active
ok "as another process" test "$(show MainPID)" != "$MAIN"
soon "which goes on where the first one was" 60 status_has "1 domain,"
is "the domain is not met anew" "$(journal_of domain-met DKIM_DOMAIN=a.example | wc -l)" 1
ok "signs" signs a.example
is "and no rule was broken" "$(sim_get changes | jq .broken)" 0

met() { journal_of domain-met DKIM_DOMAIN=a.example | wc -l; }
follow "the manual tells how to make a backup" backup
follow "and another while it runs" live
is "the domain is not met anew" "$(met)" 1
dpkg_says "the package is purged" -P dkimrotd
rm -r /etc/dkimrotd
dpkg_says "on a host where it was never" -i /bind/later.deb
follow "the manual tells how to restore" restore
soon "it goes on where it was" 60 status_has "1 domain,"
is "with its own user as the owner of its state" "$(stat -c %U /var/lib/dkimrotd/state.db)" dkimrotd
is "and knows the domain" "$(met)" 1
is "no rule was broken by all that" "$(sim_get changes | jq .broken)" 0

dpkg_says "it is removed" -r dkimrotd
is "and does not run" "$(systemctl is-active dkimrotd)" inactive
ok "its state stays" test -s /var/lib/dkimrotd/state.db
dpkg_says "it is installed again" -i /bind/first.deb
is "and runs at once" "$(systemctl is-active dkimrotd)" active
is "with what it knew" "$(met)" 1
dpkg_says "it is purged" -P dkimrotd
ok "its state goes" test ! -e /var/lib/dkimrotd
is "what the administrator wrote stays" "$(find /etc/dkimrotd -type f | sort | paste -sd' ')" \
	"/etc/dkimrotd/credentials/ovh.conf /etc/dkimrotd/dkimrotd.yaml /etc/dkimrotd/inventory.d/a.yaml"
ok "the domain signs as before" signs a.example
rm -r /etc/dkimrotd

# The package's own tests, as Debian runs them; this container is the machine of its own that they ask for.
dpkg_says "it is installed once more" -i /bind/first.deb
ok "autopkgtest" autopkgtest --ignore-restrictions=isolation-machine --no-built-binaries --summary-file=/run/summary \
	--output-dir=/run/autopkgtest /bind/dkimrotd_*.dsc -- null
is "both of its tests pass" "$(awk '{print $1, $2}' /run/summary | sort | paste -sd' ')" "programs PASS service PASS"
[ "$failed" = 0 ] || { cat /run/summary; tail -40 /run/autopkgtest/log; } 2>&1 | sed 's/^/# /'
done_testing
