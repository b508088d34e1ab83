# Helpers for the tests under a booted systemd: sourced, not run. Outside of the container: what is installed, and the
# boot. Inside: the world of the test, and questions to systemd and its journal. It needs what the tests of the simulator
# need (ovhsim_lib.bash), and takes the programs of the plain build: a sanitizer cannot live under the unit's protections.
# shellcheck shell=bash disable=SC2034,SC2154,SC2329,SC2317 # work: ovhsim_lib.bash; what is set here the tests use
SRC=${SRC-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}

# boot_and_tell TEST.sh [DEB...]: boots and runs "TEST.sh inside" in the container, tells what it told, and ends with its
# exit status. What is installed there is what `make install` installs, or nothing where packages are given: then these
# are in /bind.
boot_and_tell() {
	local test status=0 dir
	test=$(basename "$1")
	shift
	dir=$(mktemp -d "${TMPDIR:-/tmp}/boot.XXXXXX") || exit 1
	# shellcheck disable=SC2064 # now
	trap "rm -rf '$dir'" EXIT
	[ -x "$SRC/build/plain/ovhsim" ] || { echo "Bail out! build/plain is not built: make"; exit 1; }
	printf 'cd /src && SRC=/src BUILD=/src/build/plain LC_ALL=C.UTF-8 TEST_PATIENCE=%s exec tests/e2e/%s inside\n' \
		"${TEST_PATIENCE-1}" "$test" >"$dir/test.sh"
	if [ $# = 0 ]; then
		cat >"$dir/setup.sh" <<-'END'
			PREFIX=/usr SYSCONFDIR=/etc SBINDIR=/usr/sbin BINDIR=/usr/bin MANDIR=/usr/share/man DOCDIR=/usr/share/doc/dkimrotd \
				SYSTEMDDIR=/usr/lib/systemd B=build/plain "$SRC/tests/tools/install.sh" "$R"
		END
	else
		cp "$@" "$dir"
	fi
	SDBOOT_SECONDS=$((${SDBOOT_SECONDS-400} * ${TEST_PATIENCE-1})) "$SRC/tests/tools/sdboot" "$dir" 2>"$dir/why" || status=$?
	if [ "$status" = 125 ]; then
		echo "ok 1 - under a booted systemd # SKIP $(paste -sd' ' "$dir/why")"
		echo "1..1"
		exit 0
	fi
	cat "$dir/test.log" 2>/dev/null
	[ "$status" = 0 ] || { sed 's/^/# /' "$dir/why"; [ -e "$dir/test.log" ] || echo "Bail out! the container does not boot"; }
	exit "$status"
}
[ "${1-}" = inside ] || return 0

# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$SRC/tests/e2e/ovhsim_lib.bash"

# --- the world: ovhsim as a service, days pressed into seconds by configuration ------------------------------------

HTTP_PORT=8080 DNS_PORT=5353 HTTP_URL=http://127.0.0.1:8080
world_scenario() {
	cat >/run/scenario <<-END
		account main ak=$AK as=$AS ck=$CK
		domain main exchange hosted-zz1-1 a.example
		domain main emailpro emailpro-zz1-1 b.example
		set task_ms=1s
		set task_todo_ms=100ms
		set check_ms=1s
		set publish_ms=500ms
		set appear_ms=100ms
		set target_ms=300ms
		set zone_ttl=1
		set key_ttl=1
		set negative_ttl=1
		set key_negative_ttl=1
		set old_key_ms=5s
		set quote_ms=1s
		set judge_grace_ms=4s
		set judge_slack_ms=1500ms
	END
}
world_start() {
	systemd-run -q --unit=ovhsim "$BUILD/ovhsim" --scenario /run/scenario --judge --seed 1 \
		--http "127.0.0.1:$HTTP_PORT" --dns "$DNS_PORT" --ready-file /run/ovhsim.ready
	until_true 60 test -s /run/ovhsim.ready || { echo "Bail out! ovhsim does not start"; exit 1; }
}
configure() { # [ROTATE-EVERY [SETTLED]]
	mkdir -p /etc/dkimrotd/inventory.d
	cat >/etc/dkimrotd/dkimrotd.yaml <<-END
		accounts:
		  default: { endpoint: "http://127.0.0.1:$HTTP_PORT/1.0", credentials: ovh.conf, requests_per_minute: 0 }
		poll: { active: 200ms, settled: ${2-1s} }
		dns: { resolvers: ["127.0.0.1:$DNS_PORT"], authoritative_port: $DNS_PORT, trust_anchor: "" }
		safety: { minimum_grace: 1s, longest_gap: 10min, max_daily_changes: 1000 }
		policies: { default: { rotate_every: ${1-90d}, grace: 5s, splay: 0% } }
	END
}
rotate_fast() { configure 15s; }
credentials() {
	(umask 077 && mkdir -p /etc/dkimrotd/credentials &&
		printf '[default]\napplication_key=%s\napplication_secret=%s\nconsumer_key=%s\n' "$AK" "$AS" "$CK" >/etc/dkimrotd/credentials/ovh.conf)
}
inventory() { # FILE <entries, one "domain: .." flow map a line
	{ echo "domains:"; sed 's/.*/  - { & }/'; } >/etc/dkimrotd/inventory.d/.new
	mv /etc/dkimrotd/inventory.d/.new "/etc/dkimrotd/inventory.d/$1"
}
signs() { [ -n "$(sim_get "signing?domain=$1")" ]; }
requests_more() { [ "$(sim_get counts | jq .shell.api)" -gt "$(jq .shell.api "$1")" ]; } # than in FILE

# What the manual tells to type: the literal block behind '.\" test: KIND' of dkimrotd(8).
manual_says() {
	MARK=".\\\" test: $1" awk '
		$0 == ENVIRON["MARK"] { wanted = 1; next }
		/^\.Ed/ { inside = 0 }
		inside { print }
		/^\.Bd -literal/ && wanted { inside = 1; wanted = 0 }' "$SRC/man/dkimrotd.8"
}
# follow WHAT KIND: it is typed, and every line of it succeeds.
follow() {
	manual_says "$2" >"/run/typed.$2"
	ok "$1" test -s "/run/typed.$2"
	ok "which works: $2" bash -e "/run/typed.$2"
}

# --- questions -------------------------------------------------------------------------------------------------------

show() { systemctl show dkimrotd -p "$1" --value; }
status_has() { [[ $(show StatusText) == *"$1"* ]]; }
# within SECONDS COMMAND...: it ends by itself; the seconds are there to end what hangs.
within() { timeout "$(($1 * ${TEST_PATIENCE-1}))" "${@:2}"; }
# It says no; a command that hung until timeout(1) ended it said nothing.
refuses() {
	"$@" >/dev/null 2>&1
	case $? in 0 | 124) return 1 ;; esac
}
running_after() { [ "$(show NRestarts) $(show ActiveState)" = "$1 active" ]; } # RESTARTS
# The messages of an event, by its name in the journal, as JSON, one a line.
journal_of() { # EVENT [MATCH...]
	journalctl --sync
	journalctl -u dkimrotd -o json "DKIM_EVENT=$1" "${@:2}" 2>/dev/null
}
heard() { [ -n "$(journal_of "$@")" ]; }
heard_at_least() { [ "$(journal_of "${@:2}" | wc -l)" -ge "$1" ]; } # COUNT EVENT [MATCH...]
no_secret() { # SECRET...
	local secret pid
	pid=$(show MainPID)
	for secret; do
		! journalctl -o export | grep -a -q -e "$secret" || { echo "$secret is in the journal"; return 1; }
		! grep -a -q -e "$secret" "/proc/$pid/environ" "/proc/$pid/cmdline" || { echo "$secret is in /proc"; return 1; }
		[[ $(show StatusText) != *"$secret"* ]] || { echo "$secret is in the status"; return 1; }
	done
}
until_true() { # SECONDS COMMAND...
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@"; do
		((${EPOCHREALTIME/[.,]/} < deadline)) || return 1
		sleep 0.1
	done
}
soon() { # WHAT SECONDS COMMAND...
	local what=$1 limit=$2 before=$failed
	shift 2
	ok "$what" until_true "$((limit * ${TEST_PATIENCE-1}))" "$@"
	[ "$failed" = "$before" ] || {
		systemctl status dkimrotd --no-pager -n 0 2>&1 | sed 's/^/#   /'
		journalctl -u dkimrotd -n 15 --no-pager -o cat 2>&1 | sed 's/^/#   journal: /'
	}
}
