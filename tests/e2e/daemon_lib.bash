# Helpers for the end-to-end tests of the daemon: sourced, not run. The daemon's real binary against ovhsim, days
# pressed into seconds by configuration, never by another code path. What a test waits for it polls with a deadline;
# what the daemon sent is judged by ovhsim, not by the daemon's own words. Adds to ovhsim_lib.bash, whose TAP it uses.
#
# A log line is written by a thread of its own and may come a moment after what it tells can be seen, or a moment before:
# ask for either with soon. And what passes by, such as a grace of seconds, is gone on a machine that is busy: hold it with
# a policy that keeps it until it has been looked at.
# shellcheck shell=bash disable=SC2034,SC2154 # work, sim_pid: ovhsim_lib.bash; what is set here the tests use
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/ovhsim_lib.bash"
DAEMON=$BUILD/dkimrotd
dk_pid=''
LOG=$work/daemon.log CONF=$work/dkimrotd.yaml INV=$work/inventory STATE=$work/state SOCK=$work/control.sock
CRED=$work/ovh.conf
mkdir -p "$INV"
: >"$LOG"

# shellcheck disable=SC2317 # called by trap
dk_clean_up() {
	local pid
	for pid in $dk_pid $sim_pid; do
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	[ -z "${TEST_KEEP-}" ] || cp -r "$work" "$TEST_KEEP" # for the one who looks into a failure
	rm -rf "$work"
}
trap dk_clean_up EXIT

# --- the world -----------------------------------------------------------------------------------------------------

# A world of seconds. The judge's slack is what may lie between a reading and the change that rests on it; small, so
# that a grace of seconds still means something, and longer where the machine is slow.
WORLD_SWITCHES='task_ms=1s task_todo_ms=100ms check_ms=1s publish_ms=500ms appear_ms=100ms target_ms=300ms
	mx_task_ms=1s zone_ttl=1 key_ttl=1 negative_ttl=1 key_negative_ttl=1 old_key_ms=5s quote_ms=1s
	judge_grace_ms=4s judge_slack_ms='$((1500 * ${TEST_PATIENCE-1}))ms
# world [NAME=VALUE...] <scenario lines: starts ovhsim with one account "main" and the lines of standard input.
world() {
	local switch
	{
		echo "account main ak=$AK as=$AS ck=$CK client_id=client client_secret=secret"
		cat
		for switch in $WORLD_SWITCHES "$@"; do echo "set $switch"; done
	} >"$work/scenario"
	sim_start --scenario "$work/scenario" --judge --seed "${SEED-1}" --log "$work/requests" 2>"$work/judgement"
}
signing() { sim_get "signing?domain=$1"; }
# What is signing now is one selector at least.
signs() { [ -n "$(signing "$1")" ]; }
# How often a change was applied: changes METHOD PATH-PATTERN (jq regex)
changes() { sim_get changes | jq --arg m "$1" --arg p "$2" '[.changes[] | select(.method == $m and .applied and (.path | test($p)))] | length'; }
changes_all() { sim_get changes | jq '.changes | length'; }
broken() { sim_get changes | jq .broken; }
at_least() { [ "$("${@:2}")" -ge "$1" ]; }
person() { sim_post person "$*" >/dev/null; }
# The last of every test: what the judge says, and that both end as they should.
judged_clean() { # [what]
	local count said
	count=$(broken) said=$(sim_get changes | jq -c '.changes[] | select(.broken != 0)')
	is "the judge found no broken rule${1:+: $1}" "$count$said" 0
}
world_end() { ok "the simulator leaves with 0" sim_stop; }

# --- the daemon ----------------------------------------------------------------------------------------------------

credentials() { # [FILE [KEY SECRET CONSUMER]]
	(umask 077 && printf '[default]\napplication_key=%s\napplication_secret=%s\nconsumer_key=%s\n' \
		"${2-$AK}" "${3-$AS}" "${4-$CK}" >"${1-$CRED}")
}
# configure [TOP-LEVEL LINE...]: writes the configuration. What differs is set before: ACCOUNT (what is added inside
# the account's map), POLICY, SAFETY, POLL, and lines of their own.
configure() {
	{
		echo "accounts:"
		echo "  default: { endpoint: \"http://127.0.0.1:$HTTP_PORT/1.0\", credentials: $CRED, ${ACCOUNT-requests_per_minute: 0} }"
		echo "inventory: $INV"
		echo "state: $STATE"
		echo "control: $SOCK"
		echo "poll: { ${POLL-active: 200ms, settled: 1s} }"
		echo "dns: { resolvers: [\"${RESOLVER-127.0.0.1}:$DNS_PORT\"], authoritative_port: $DNS_PORT, trust_anchor: \"\" }"
		echo "safety: { ${SAFETY-minimum_grace: 1s, longest_gap: 1min, max_daily_changes: 1000} }"
		echo "policies: { default: { ${POLICY-rotate_every: 15s, grace: 5s, splay: 0%} } }"
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$CONF"
}
# put FILE <text: a file of the inventory, written as a whole.
put() {
	cat >"$INV/.new"
	mv "$INV/.new" "$INV/$1"
}
# inventory FILE <entries: one "domain: .." flow map a line.
inventory() {
	{
		echo "domains:"
		sed 's/.*/  - { & }/'
	} | put "$1"
}
# dk_start [OPTION...]: starts the daemon and waits until it answers on its socket.
dk_start() {
	dk_run "$@"
	until_true "$((20 * ${TEST_PATIENCE-1}))" asks status || { echo "# the daemon does not answer"; tail -5 "$LOG" | sed 's/^/# /'; return 1; }
}
dk_run() {
	"$DAEMON" -c "$CONF" --log text "$@" 2>>"$LOG" &
	dk_pid=$!
}
dk_lives() { kill -0 "$dk_pid" 2>/dev/null; }
# Sets RC, the exit status.
dk_wait() {
	wait "$dk_pid" 2>/dev/null
	RC=$?
	dk_pid=''
}
dk_kill() { # [SIGNAL]
	kill "-${1-TERM}" "$dk_pid" 2>/dev/null
	dk_wait
}
# A clean end: exit status 0, and nothing that a sanitizer had to say.
dk_stop() {
	dk_kill TERM
	is "the daemon stops cleanly" "$RC $(grep -c -E 'ERROR: |runtime error' "$LOG")" "0 0"
	[ "$RC" = 0 ] || tail -40 "$LOG" | sed 's/^/# /'
}
# dk_exits OPTION...: runs it to its end; sets RC and SAID (standard error), OUT.
dk_exits() {
	OUT=$(timeout $((60 * ${TEST_PATIENCE-1})) "$DAEMON" "$@" 2>"$work/said.err" </dev/null)
	RC=$?
	SAID=$(<"$work/said.err")
}

# --- asking --------------------------------------------------------------------------------------------------------

ctl() { "$BUILD/dkimrotctl" --socket "$SOCK" "$@"; }
# run ARG...: sets RC, OUT, ERR
run() {
	OUT=$(ctl "$@" 2>"$work/ctl.err" </dev/null)
	RC=$? ERR=$(<"$work/ctl.err")
}

asks() { curl -s -f -m 5 -o "$work/asked" --unix-socket "$SOCK" "http://x/v1/$1"; }
ask() { curl -s -m 10 --unix-socket "$SOCK" "http://x/v1/$1"; }
# order PATH [BODY]: sets STATUS and ANSWER
order() {
	ANSWER=$(curl -s -m 20 -w '\n%{http_code}' --unix-socket "$SOCK" -X POST -d "${2-}" "http://x/v1/$1")
	STATUS=${ANSWER##*$'\n'} ANSWER=${ANSWER%$'\n'*}
}
# dom NAME JQ-FILTER
dom() { ask "domains/$1" | jq -r "$2" 2>/dev/null; }
dom_is() { [ "$(dom "$1" "$2")" = "$3" ]; } # NAME FILTER VALUE
all_are() { ask domains | jq -e "[.. | objects | select(has(\"domain\"))] | length > 0 and all(.[]; $1)" >"$work/all" 2>&1; }
logged() { grep -q -E -- "$1" "$LOG"; }
log_count() { grep -c -E -- "$1" "$LOG"; }

# until_true SECONDS COMMAND...: polls; fails when it was never true in that time.
until_true() {
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@"; do
		((${EPOCHREALTIME/[.,]/} < deadline)) || return 1
		[ -z "$dk_pid" ] || dk_lives || { "$@"; return; }
		sleep 0.1
	done
}
# soon WHAT SECONDS COMMAND...: a test that it becomes true; else what the log says last
soon() {
	local what=$1 limit=$2 before=$failed
	shift 2
	ok "$what" until_true "$((limit * ${TEST_PATIENCE-1}))" "$@"
	[[ $failed = "$before" ]] || tell_why
}
# soon_is WHAT SECONDS WANTED COMMAND...: the same for what a command prints
soon_is() {
	local what=$1 limit=$2 wanted=$3 before=$failed
	shift 3
	until_true $((limit * ${TEST_PATIENCE-1})) prints "$wanted" "$@"
	is "$what" "$GOT" "$wanted"
	[[ $failed = "$before" ]] || tell_why
}
prints() {
	GOT=$("${@:2}")
	[ "$GOT" = "$1" ]
}
# shellcheck disable=SC2317
tell_why() {
	tail -15 "$LOG" | sed 's/^/#   log: /'
	ask domains 2>/dev/null | jq -c '.. | objects | select(has("domain")) | [.domain, .phase, .condition, .reason, .next]' 2>/dev/null | head -5 | sed 's/^/#   /'
}
