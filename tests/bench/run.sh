#!/bin/bash
# make bench: the figures that the project set itself, measured with the daemon as it is installed, against the simulated
# OVHcloud on loopback. It prints a table: figure, goal, measured. It asserts nothing: a busy machine is no fault. Exit 0
# unless something could not be measured. BENCH_QUICK=1: smaller numbers, a minute.
# shellcheck disable=SC2317 # the figures are called by their names
set -u
SRC=${SRC-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${BUILD-$SRC/build/plain}
QUICK=${BENCH_QUICK-}
[ "$QUICK" = 0 ] && QUICK=''
work=$(mktemp -d "${TMPDIR:-/tmp}/dkimrotd-bench.XXXXXX") || exit 1
sim_pid='' ready_pid='' failed=0
export LC_ALL=C

# shellcheck disable=SC2317 # called by trap
clean_up() {
	local p
	for p in "$ready_pid" "$sim_pid"; do # the daemon is the child of `ready`
		[ -n "$p" ] || continue
		pkill -TERM -P "$p" 2>/dev/null
		kill "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

row() { printf '%-58s | %-12s | %s\n' "$1" "$2" "$3"; }
could_not() { # what
	row "$1" - 'could not be measured'
	failed=1
}
calc() { awk "BEGIN { printf \"$1\", $2 }"; }

# --- the simulated OVHcloud -------------------------------------------------------------------------------------------

sim_start() { # domains
	{
		echo 'account main ak=app-key as=app-secret ck=consumer-key'
		[ "$1" = 0 ] || echo "repeat $1 domain main exchange hosted-zz1-1 d{}.example - ovh 2 signing"
	} >"$work/scenario"
	rm -f "$work/sim-ready"
	"$BUILD/ovhsim" --scenario "$work/scenario" --ready-file "$work/sim-ready" >"$work/sim.log" 2>&1 &
	sim_pid=$!
	while [ ! -e "$work/sim-ready" ]; do
		kill -0 "$sim_pid" 2>/dev/null || { cat "$work/sim.log" >&2; sim_pid=''; return 1; }
		sleep 0.05
	done
	# shellcheck disable=SC1091 # written by ovhsim
	. "$work/sim-ready"
}
sim_stop() {
	curl -s -o "$work/quit" -X POST "$HTTP_URL/_sim/quit"
	wait "$sim_pid"
	sim_pid=''
}
# Requests for domains so far, /auth/... apart.
sim_requests() { curl -s "$HTTP_URL/_sim/counts" | grep -o '"total": *[0-9]*' | head -n 1 | grep -o '[0-9]*$'; }

# --- the daemon ---------------------------------------------------------------------------------------------------------

# A fresh daemon's folders and configuration. $2: requests_per_minute, $3: authoritative look-ups (true, false)
daemon_prepare() { # domains
	rm -rf "$work/inv" "$work/state"
	mkdir -p "$work/inv" "$work/state"
	awk -v n="$1" 'BEGIN { print "domains:"; for (i = 0; i < n; i++)
		print "  - { domain: d" i ".example, platform: exchange, service: hosted-zz1-1 }" }' >"$work/inv/all.yaml"
	printf '[default]\napplication_key=app-key\napplication_secret=app-secret\nconsumer_key=consumer-key\n' >"$work/ovh.conf"
	chmod 600 "$work/ovh.conf"
	cat >"$work/conf.yaml" <<-END
	accounts:
	  default: { endpoint: "$HTTP_URL/1.0", credentials: $work/ovh.conf, requests_per_minute: ${2-0}, connections: 32 }
	inventory: $work/inv
	state: $work/state
	control: $work/control.sock
	dns: { resolvers: ["127.0.0.1:$DNS_PORT"], authoritative_port: $DNS_PORT, authoritative: ${3-true}, trust_anchor: "" }
	policies: { default: { rotate_every: 90d, grace: 7d } }
	END
}
daemon_start() { # sets PID and READY_MS
	rm -f "$work/daemon-ready"
	"$BUILD/bench/ready" "$work/daemon-ready" "$BUILD/dkimrotd" -c "$work/conf.yaml" --log text >"$work/daemon.log" 2>&1 &
	ready_pid=$!
	while [ ! -e "$work/daemon-ready" ]; do
		kill -0 "$ready_pid" 2>/dev/null || { tail -n 3 "$work/daemon.log" >&2; ready_pid=''; return 1; }
		sleep 0.02
	done
	# shellcheck disable=SC1091 # written by ready
	. "$work/daemon-ready"
}
daemon_stop() {
	kill "$PID" 2>/dev/null
	wait "$ready_pid"
	ready_pid=''
}
ask() { curl -s --unix-socket "$work/control.sock" "http://localhost$1"; }
wait_for_pass() { # until every domain has been looked at
	local i
	for ((i = 0; i < 2400; i++)); do
		ask /v1/status | grep -q '"first_looks_left": *0\b' && return 0
		kill -0 "$PID" 2>/dev/null || return 1
		sleep 0.25
	done
	return 1
}
# How long the socket lets one wait while everything is looked at and somebody reads the whole list: every answer's
# seconds, one a line.
probe_pass() {
	local i list=''
	for ((i = 0; i < 12000; i++)); do
		curl -s -o "$work/probe" -w '%{time_total}\n' --unix-socket "$work/control.sock" http://localhost/v1/status
		grep -q '"first_looks_left": *0\b' "$work/probe" && break
		if [ -z "$list" ] || ! kill -0 "$list" 2>/dev/null; then
			ask /v1/domains >"$work/list" &
			list=$!
		fi
		sleep 0.05
	done >"$work/probes"
	[ -z "$list" ] || wait "$list"
	kill -0 "$PID" 2>/dev/null
}
# The middle one, the one that 99 of 100 are shorter than, and the longest, in ms.
spread() { sort -n "$1" | awk '{ v[NR] = $1 * 1000 } END { printf "%.1f, %.1f, %.1f ms", v[int((NR + 1) / 2)], v[int(NR * 0.99)], v[NR] }'; }
memory() { awk '/^VmRSS/ { r = $2 } /^RssAnon/ { a = $2 } END { printf "%.1f MiB (%.1f of them its own)", r / 1024, a / 1024 }' "/proc/$PID/status"; }
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); print ($12 + $13) * 1000 / hz }' "/proc/$PID/stat"; }
wakeups() { awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }' "/proc/$PID"/task/*/status; }

# --- 1: requests ----------------------------------------------------------------------------------------------------------

figure_requests() {
	local n=50 name value
	[ -z "$QUICK" ] || n=10
	"$BUILD/bench/requests" --domains "$n" >"$work/requests" || { could_not 'requests'; return; }
	while read -r name value; do
		case $name in
		settled_exchange | settled_emailpro) row "requests a settled domain and day, ${name#*_}" '<= 8' "$value" ;;
		settled_*) row "requests a settled domain and day, ${name#*_}" - "$value" ;;
		rotation_*) row "requests a rotation beyond those, ${name#*_}" '<= 25' "$value" ;;
		esac
	done <"$work/requests"
}

# --- 2: a pass, beside curl -----------------------------------------------------------------------------------------------

# What the daemon asks in its first pass, signed beforehand, as a configuration for curl. They are good for three minutes.
curl_config() { # domains -> $work/curl.conf
	local t i p u n=10000000
	t=$(date +%s)
	rm -rf "$work/sign"
	mkdir "$work/sign"
	: >"$work/urls"
	for ((i = 0; i < $1; i++)); do
		u=$HTTP_URL/1.0/email/exchange/hosted-zz1-1/service/hosted-zz1-1/domain/d$i.example
		for p in '' /dkim /dkimSelector "/dkim/ovhex$((i + 1))-selector1" "/dkim/ovhex$((i + 1))-selector2"; do
			printf '%s' "app-secret+consumer-key+GET+$u$p++$t" >"$work/sign/$n"
			n=$((n + 1))
			echo "$u$p"
		done >>"$work/urls"
	done
	(cd "$work/sign" && printf '%s\n' * | xargs sha1sum) | cut -c1-40 >"$work/sums"
	paste "$work/urls" "$work/sums" | awk -v t="$t" '{
		if (NR > 1) print "next"
		printf "url = \"%s\"\noutput = /dev/null\nfail\n", $1
		printf "header = \"X-Ovh-Application: app-key\"\nheader = \"X-Ovh-Consumer: consumer-key\"\n"
		printf "header = \"X-Ovh-Timestamp: %s\"\nheader = \"X-Ovh-Signature: $1$%s\"\n", t, $2 }' >"$work/curl.conf"
	rm -rf "$work/sign"
}
# "milliseconds processor-milliseconds" that a command takes, or nothing when it fails.
timed() {
	local TIMEFORMAT='%R %U %S'
	{ time "$@" >"$work/timed.log" 2>&1; } 2>"$work/timed" || return 1
	awk '{ printf "%d %d\n", $1 * 1000, ($2 + $3) * 1000 }' "$work/timed"
}
one_pass() { # domains, authoritative -> $took, $asked
	daemon_prepare "$1" 0 "$2"
	asked=$(sim_requests)
	took=$(timed "$BUILD/dkimrotd" -c "$work/conf.yaml" --once --log text) || return 1
	asked=$(($(sim_requests) - asked))
}
least() { sort -n | head -n 1; }
middle() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# Each round runs the daemon and curl one after the other, and gives a line: the milliseconds of the daemon, of it with the
# resolver's word alone, and of curl, and the processor's milliseconds of the three. Machines are faster and slower from one
# minute to the next, so that ratios are taken within a round, and the middle one of them counts.
pass_rounds() { # domains, rounds -> $work/rounds
	local i mine lean theirs
	: >"$work/rounds"
	for ((i = 0; i < $2; i++)); do
		one_pass "$1" true || return 1
		mine=$took
		curl_config "$1"
		theirs=$(timed curl --no-progress-meter --parallel --parallel-max 32 -K "$work/curl.conf") || return 1
		one_pass "$1" false || return 1
		lean=$took
		echo "$mine $lean $theirs" >>"$work/rounds"
	done
}
of_rounds() { awk "{ print $1 }" "$work/rounds" | middle; } # an expression over a line's fields

figure_pass() {
	local n=1000 rounds=7 one r
	[ -z "$QUICK" ] || { n=300; rounds=1; }
	sim_start "$n" || { could_not 'a pass'; return; }
	pass_rounds "$n" "$rounds" || { could_not 'a pass'; sim_stop; return; }
	r=$asked
	awk -v most=$((7 * n / 10)) '/^next$/ && ++k == most { exit } { print }' "$work/curl.conf" >"$work/one.conf"
	one=$(timed curl --no-progress-meter -K "$work/one.conf")
	sim_stop
	one=${one% *}
	[ -n "$one" ] || { could_not 'a pass: curl'; return; }
	row "a pass over $n domains, $r requests, and DNS: daemon" - "$(of_rounds "$r * 1000 / \$1" | xargs printf '%.0f requests/s')"
	row "the same, DNS asked of the resolver alone" - "$(of_rounds "$r * 1000 / \$3" | xargs printf '%.0f requests/s')"
	row "curl --parallel --parallel-max 32" - "$(of_rounds "$n * 5000 / \$5" | xargs printf '%.0f requests/s')"
	row 'a sequential client (curl, one connection)' - "$(calc '%.0f requests/s' "int(7 * $n / 10) * 1000 / $one")"
	row "daemon : parallel curl (middle of $rounds)" '>= 0.6' "$(of_rounds "$r / \$1 / ($n * 5 / \$5)" | xargs printf '%.2f')"
	row 'the same, DNS asked of the resolver alone' '>= 0.6' "$(of_rounds "$r / \$3 / ($n * 5 / \$5)" | xargs printf '%.2f')"
	# What does not depend on how busy the machine is.
	row 'processor time a request: daemon, with DNS, without, curl' - \
		"$(printf '%.2f, %.2f, %.2f ms' "$(of_rounds "\$2 / $r")" "$(of_rounds "\$4 / $r")" "$(of_rounds "\$6 / ($n * 5)")")"
}

# --- 3 and 4: memory, the cost of a pass, start ------------------------------------------------------------------------------

figure_size() { # domains, goal in MiB, pass or start
	local before
	sim_start "$([ "$3" = pass ] && echo "$1" || echo 0)" || { could_not "$1 domains"; return; }
	daemon_prepare "$1" "$([ "$3" = pass ] && echo 0 || echo 60)"
	if [ "$1" = 10000 ]; then export WATCHDOG_USEC=$WATCHDOG; fi
	daemon_start || { could_not "$1 domains"; sim_stop; return; }
	unset WATCHDOG_USEC
	[ "$1" != 10000 ] || row "start to READY with $1 domains, never seen" '< 1000 ms' "$READY_MS ms"
	before=$(cpu_ms)
	if [ "$1" = 10000 ] && [ "$3" = pass ] && probe_pass; then
		row "/v1/status in a pass over $1: middle, 99 %, longest" '< 20 ms' "$(spread "$work/probes")"
	fi
	if [ "$3" = pass ] && wait_for_pass; then
		row "memory, $1 domains, after a pass" "< $2 MiB" "$(memory)"
		[ "$1" -lt 1000 ] || row "processor time of a pass, a domain, at $1" linear "$(calc '%.2f ms' "($(cpu_ms) - $before) / $1")"
	else
		sleep 1
		row "memory, $1 domains, after the start" "< $2 MiB" "$(memory)"
	fi
	[ "$1" != 10000 ] || figure_json "$1"
	daemon_stop
	if [ "$1" = 10000 ] && daemon_start; then
		row "start to READY with $1 domains, known" '< 1000 ms' "$READY_MS ms"
		figure_status "$1" - 1 'right after a start'
		daemon_stop
	fi
	sim_stop
}

figure_json() { # domains
	local page t before
	for page in /v1/status /v1/domains /metrics /metrics; do # the second time without the oldest key, which is kept
		t=$(curl -s -o "$work/page" -w '%{time_total} s, %{size_download} bytes' --unix-socket "$work/control.sock" "http://localhost$page")
		row "$page with $1 domains" - "$t"
	done
	figure_status "$1" '< 200 ms' 3
	before=$(wc -l <"$work/daemon-ready.fed")
	t=$(curl -s -o "$work/page" -w '%{time_total}' -X POST --unix-socket "$work/control.sock" http://localhost/v1/reload)
	row "reload of $1 domains" '< 1000 ms' "$(calc '%.0f ms' "$t * 1000")"
	sleep $((2 * WATCHDOG / 1000000)) # it is fed twice in its time
	t=$(tail -n +"$((before + 1))" "$work/daemon-ready.fed" | sort -n | tail -n 1)
	row "longest wait of a watchdog of $((WATCHDOG / 1000)) ms, with a reload" "< $((WATCHDOG / 1000)) ms" "${t:-none} ms"
}
WATCHDOG=2000000 # us; the unit's is 5 minutes

# What a person waits for, and what does not depend on how busy the machine is.
figure_status() { # domains, goal, times, when
	local t cpu
	cpu=$(cpu_ms)
	t=$(for ((i = 0; i < $3; i++)); do
		timed "$BUILD/dkimrotctl" --socket "$work/control.sock" status
	done | least)
	cpu=$(calc '%.0f' "($(cpu_ms) - $cpu) / $3")
	row "dkimrotctl status with $1 domains${4:+, $4}" "$2" "${t% *} ms (processor: ${t#* } ms, the daemon $cpu ms)"
}

# --- 5: wake-ups ----------------------------------------------------------------------------------------------------------------

figure_wakeups() {
	local n=1000 span=60 before asked looks
	[ -z "$QUICK" ] || { n=200; span=15; }
	sim_start "$n" || { could_not 'wake-ups'; return; }
	daemon_prepare "$n"
	if daemon_start && wait_for_pass; then
		sleep 7 # what a pass leaves behind: the line of status, idle connections
		asked=$(sim_requests) before=$(wakeups)
		sleep "$span"
		looks=$(($(sim_requests) - asked))
		row "wake-ups a minute, $n settled domains ($looks requests in it)" '< 2' "$(calc '%.1f' "($(wakeups) - $before) * 60 / $span")"
		daemon_stop
	else
		could_not 'wake-ups'
	fi
	sim_stop
}

# --- 6: commits -----------------------------------------------------------------------------------------------------------------

figure_commits() {
	local name value
	mkdir -p "$work/commits"
	"$BUILD/bench/commits" "$work/commits" ${QUICK:+500} >"$work/commits.txt" || { could_not 'commits'; return; }
	while read -r name value; do
		row "intents made durable, ${name#*_} a commit" - "$value /s"
	done <"$work/commits.txt"
}

# --- keys of our own ------------------------------------------------------------------------------------------------------------

figure_keys() {
	local name value what
	"$BUILD/bench/keys" "$work/keys" ${QUICK:+500} >"$work/keys.txt" || { could_not 'keys'; return; }
	while read -r name value; do
		case $name in
		rotated) what="domains rotated an hour (RSA key made, map of 10000 changed)" ;;
		*) what="key pairs made an hour, $name" ;;
		esac
		row "$what" - "$value"
	done <"$work/keys.txt"
}

row figure goal measured
row "$(printf '%058d' 0 | tr 0 -)" ------------ ----------------
figure_sizes() {
	figure_size 10 8 pass
	figure_size 1000 12 pass
	figure_many
	figure_size 100000 300 start
}
figure_many() { figure_size 10000 40 "$([ -z "$QUICK" ] && echo pass || echo start)"; }

# All of them, or those named: run.sh pass wakeups
for figure in "${@:-requests pass sizes wakeups commits keys}"; do
	for name in $figure; do
		"figure_$name"
	done
done
echo "$(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), $(uname -m)${QUICK:+, BENCH_QUICK: smaller numbers}"
exit $failed
