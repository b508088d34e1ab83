#!/bin/bash
# The daemon and a real journald: a rotation as a story of less than ten lines, trouble of a whole service told once, a
# journald that stands still or goes away and comes back, and no secret in anything that the daemon lets out.
# runtests: timeout=240
# shellcheck disable=SC2119,SC2317 # functions that take options, and some that are called by others
if [ -z "${JDIR-}" ]; then
	SRC=${SRC-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
	BUILD=${BUILD-$SRC/build}
	export BUILD SRC CATALOG=$BUILD/gen/dkimrotd.catalog
	"$SRC/tests/tools/jrun" bash "$0"
	status=$?
	[ $status = 125 ] || exit $status
	echo "ok 1 - a journald of our own # SKIP it does not come up here"
	echo 1..1
	exit 0
fi
# shellcheck source=tests/e2e/daemon_lib.bash
. "$(dirname "$0")/daemon_lib.bash"
ulimit -c unlimited
cd "$work" || exit 1

# said JQ-FILTER: of every line of the daemon in the journal
said() { journalctl --sync; journalctl -D "$JDIR" -o json --all SYSLOG_IDENTIFIER=dkimrotd 2>/dev/null | jq -r "$1"; }
times() { said "select($1) | .MESSAGE" | wc -l; }
heard() { [ "$(times "$1")" -ge "${2-1}" ]; }
dk_journal() {
	"$DAEMON" -c "$CONF" --log journal 2>>"$LOG" &
	dk_pid=$!
	until_true $((20 * ${TEST_PATIENCE-1})) asks status
}
journald_pid() { # ours sees the same mounts
	local p
	for p in $(pgrep -x systemd-journal); do
		[ "$(readlink "/proc/$p/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ] || echo "$p"
	done
}

world <<END
account svc client_id=service client_secret=service-hush
domain main exchange hosted-zz1-1 one.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 two.example
repeat 30 domain main exchange hosted-zz7-1 many{}.example - ovh 2 signing
domain svc emailpro emailpro-zz9-1 other.example - ovh 2 signing
END
credentials
(umask 077 && printf '[default]\nclient_id=service\nclient_secret=service-hush\ntoken_url=%s\n' "$TOKEN_URL" >"$work/oauth.conf")
configure
sed -i "/^  default: { endpoint/a\\  second: { endpoint: \"http://127.0.0.1:$HTTP_PORT/1.0\", credentials: $work/oauth.conf, requests_per_minute: 0 }" "$CONF"
inventory a.yaml <<END
domain: one.example, platform: exchange, service: hosted-zz1-1
domain: two.example, platform: emailpro, service: emailpro-zz1-1
domain: other.example, platform: emailpro, service: emailpro-zz9-1, account: second
END
sim_post add "$("$BUILD/dkimrotctl" grant -c "$CONF" --json | jq -r '.[0].rules[] | "rule main \(.method) \(.path)"')" >/dev/null
dk_journal

# The story: from the first rotation's beginning to the second's.
began() { heard ".DKIM_EVENT == \"rotation-started\" and .DKIM_DOMAIN == \"$1\"" 2; }
for d in one.example two.example; do
	soon "$d rotates twice" 60 began $d
	said "select(.DKIM_DOMAIN == \"$d\" and (.PRIORITY | tonumber) <= 5) | .DKIM_EVENT" |
		awk '/^rotation-started$/ { n++ } n == 1' >"$work/story"
	ok "$d: one round is a story of less than ten lines" test "$(wc -l <"$work/story")" -lt 10
	sed 's/^/# /' "$work/story"
	for word in rotation-started rotation-confirmed key-deleted selector-created; do
		is "$d: $word is told once" "$(grep -c "^$word$" "$work/story")" 1
	done
done
is "looks are debug" "$(said 'select(.DKIM_EVENT == "looked") | .PRIORITY' | sort -u)" 7
is "nothing that went well was a warning" "$(said 'select((.PRIORITY | tonumber) <= 4) | .MESSAGE' | head -3)" ""
journalctl -D "$JDIR" -x -o short --no-pager DKIM_EVENT=rotation-confirmed >"$work/told"
ok "the catalogue speaks beneath it" grep -q 'Defined-By: dkimrotd' "$work/told"

# A whole service is one line, and so is its return.
for i in {0..29}; do echo "domain: many$i.example, platform: exchange, service: hosted-zz7-1, policy: { rotate_every: never }"; done | inventory b.yaml
sim_post add "$(for m in GET POST PUT DELETE; do echo "rule main $m *many*"; done
	echo 'rule main GET /email/exchange/hosted-zz7-1/*')" >/dev/null
met() { [ "$(times '.DKIM_EVENT == "domain-met" and .DKIM_SERVICE == "hosted-zz7-1"')" = 30 ]; }
soon "thirty domains of one service are met" 60 met
for i in {0..29}; do echo "many$i.example expire-service"; done >"$work/people"
while read -r line; do person "$line"; done <"$work/people"
all_have() { [ "$(ask domains | jq "[.. | objects | select(.reason? == \"$1\")] | length")" = "$2" ]; }
soon "the service expires" 60 all_have service-expired 30
told_info() { said 'select(.DKIM_REASON == "service-expired" and .DKIM_EVENT == "phase-changed") | .DKIM_DOMAIN' | sort -u | wc -l; }
soon_is "each domain has its line at level info" 20 30 told_info
is "it is told once, at level err" "$(said 'select(.DKIM_REASON == "service-expired" and (.PRIORITY | tonumber) <= 5) | [.PRIORITY, .DKIM_EVENT, .DKIM_SERVICE, .DKIM_DOMAIN // "-"] | join(" ")')" \
	"3 service-trouble hosted-zz7-1 -"
sed 's/expire-service/renew-service/' "$work/people" | while read -r line; do person "$line"; done
soon "it is renewed" 60 all_have service-expired 0
soon_is "and that is one line" 20 1 times '.DKIM_EVENT == "service-back"'
is "no domain told of it alone" "$(times '.DKIM_EVENT == "recovered"')" 0

# Two leave, one by one, then all the others of their file: more than a tenth in one reload is told at level err.
domains() { ask domains | jq '[.. | objects | select(has("domain"))] | length'; }
leave() { "${@:2}"; soon_is "the inventory has fewer: ${*:2}" 30 "$1" domains; }
leave 32 sed -i "\$d" "$INV/b.yaml"
leave 31 sed -i "\$d" "$INV/b.yaml"
is "a few that leave are no trouble" "$(times '.DKIM_EVENT == "many-released"')" 0
leave 3 rm "$INV/b.yaml"
many() { said 'select(.DKIM_EVENT == "many-released") | .PRIORITY + " " + .MESSAGE'; }
soon_is "that many of them leave is told once, at level err" 20 \
	"3 28 of 31 domains left the inventory in one reload; they are released, and nothing of them is changed at OVHcloud" many

# An account whose key is refused is one line.
person account:main revoke-credential
soon "a refused key stops its account" 60 heard '.DKIM_EVENT == "account-stopped"'
is "status says so" "$(ask status | jq -r '.accounts[0].state')" stopped
is "told once" "$(times '.DKIM_EVENT == "account-stopped"') $(times '.DKIM_EVENT == "blocked"')" "1 0"
person account:main restore-credential
dk_kill TERM
ok "after a restart it goes on" dk_journal

# A journald that stands still.
J=$(journald_pid)
kill -STOP "$J"
before=$(curl -s --unix-socket "$SOCK" http://x/metrics | sed -n 's/^dkimrotd_journal_lines_dropped_total //p')
for i in {1..60}; do order pause '{"reason":"stalled '"$i"'"}' && order resume; done
is "the daemon answers while journald stands" "$STATUS" 200
kill -CONT "$J"
paused() { [ "$(times '.DKIM_EVENT == "paused"')" -ge 60 ]; }
soon "and what it said meanwhile is there when journald goes on" 20 paused
is "nothing was dropped" "$(curl -s --unix-socket "$SOCK" http://x/metrics | sed -n 's/^dkimrotd_journal_lines_dropped_total //p')" "$before"

# A journald that is gone, its socket with it, and another one.
kill "$J"
no_journald() { [ -z "$(journald_pid)" ]; }
soon "journald ends" 20 no_journald
rm -f /run/systemd/journal/socket
for i in {1..20}; do order pause '{"reason":"gone '"$i"'"}' && order resume; done
is "the daemon answers without a journald" "$STATUS" 200
/lib/systemd/systemd-journald >"$work/journald.log" 2>&1 &
J=$!
gone() { [ "$(times '.DKIM_EVENT == "paused" and (.MESSAGE | contains("gone"))')" = 20 ]; }
soon "the next journald hears what was said in between" 30 gone

# Secrets: what the daemon lets out, all of it.
person one.example remove-cname 1
said . >"$work/out.journal"
{
	ask status; ask domains; curl -s --unix-socket "$SOCK" http://x/metrics
	"$BUILD/dkimrotctl" --socket "$SOCK" status
	tr '\0' '\n' <"/proc/$dk_pid/cmdline"
	tr '\0' '\n' <"/proc/$dk_pid/environ"
	cat "$LOG" "$work/out.journal"
	strings -n 6 "$STATE"/* 2>/dev/null || cat "$STATE"/*
} >"$work/out.all" 2>/dev/null
ok "(it is not nothing)" test "$(wc -c <"$work/out.all")" -gt 10000
ok "(a secret would be found)" grep -q "$AS" "$CRED"
for secret in "$AS" "$CK" service-hush; do
	is "no $secret anywhere" "$(grep -c -F -- "$secret" "$work/out.all")" 0
done
is "no token either" "$(grep -c -i -E 'bearer|X-Ovh-Signature|[0-9a-f]{64}' "$work/out.all")" 0
is "it has no child to inherit anything" "$(pgrep -P "$dk_pid" | wc -l)" 0
if [ "$(cat /proc/sys/kernel/core_pattern)" = core ] && ! grep -q __asan "$DAEMON"; then
	dk_kill ABRT
	is "killed by a fault it leaves no core" "$(find "$work" -maxdepth 1 -name 'core*' | wc -l)" 0
	ok "it starts again" dk_journal
else
	skip "killed by a fault it leaves no core" "a sanitizer is at work, or cores go elsewhere"
fi
dk_kill TERM
is "it stops cleanly" "$RC $(grep -c -E 'ERROR: |runtime error' "$LOG")" "0 0"
kill "$J" 2>/dev/null
wait "$J" 2>/dev/null
judged_clean
world_end
done_testing
