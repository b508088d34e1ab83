#!/bin/bash
# What a real journald makes of our reports: every event of events.def is sent once and read back with its fields,
# priority, MESSAGE_ID and catalogue text; and a journald that stands still holds up nobody.
# runtests: timeout=120
# shellcheck disable=SC2016 # the quoted parts are for the inner shell
set -u
SRC=${SRC-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${BUILD-$SRC/build/plain}
work=$(mktemp -d "${TMPDIR:-/tmp}/journal.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
n=0 failed=0
is() { # what got wanted
	n=$((n + 1))
	if [ "$2" = "$3" ]; then echo "ok $n - $1"; return; fi
	failed=$((failed + 1))
	printf 'not ok %d - %s\n# got    %s\n# wanted %s\n' $n "$1" "$2" "$3"
}

CATALOG=$BUILD/gen/dkimrotd.catalog
export CATALOG BUILD work
"$SRC/tests/tools/jrun" bash -c '
	"$BUILD/e2e/report_all" all >/dev/null || exit 1
	journalctl --sync
	journalctl -D "$JDIR" -o json --all SYSLOG_IDENTIFIER=report_all >"$work/all.json"
	journalctl -D "$JDIR" -x -o short --no-pager SYSLOG_IDENTIFIER=report_all >"$work/all.text"
	# Ours is the journald that sees the same mounts.
	for p in $(pgrep -x systemd-journal); do
		[ "$(readlink /proc/$p/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ] && journald=$p
	done
	[ -n "${journald-}" ] || exit 1
	# It stays until the journal has its last line.
	told() { journalctl -D "$JDIR" -o cat SYSLOG_IDENTIFIER=report_all DKIM_EVENT=lines-dropped 2>/dev/null | grep -q "[0-9] lines were dropped"; }
	for ((i = 0; i < 1200; i++)); do ! told || break; sleep 0.1; done | "$BUILD/e2e/report_all" stall "$journald" >"$work/stall.count" || exit 1
	journalctl --sync
	journalctl -D "$JDIR" -o json SYSLOG_IDENTIFIER=report_all >"$work/stall.json"
	"$BUILD/e2e/report_all" stuck "$journald" >"$work/stuck.count"
	echo $? >"$work/stuck.status"
	kill -CONT "$journald"
' >"$work/out" 2>&1
status=$?
if [ $status = 125 ]; then echo "ok 1 - a journald of our own # SKIP $(tail -n1 "$work/out")"; echo 1..1; exit 0; fi
is "everything was said" "$status" 0
[ $status = 0 ] || sed 's/^/# /' "$work/out"

# The table, as the preprocessor reads it: name, id and priority of every row.
printf '#define EVENT(id, message_id, priority, subject, text) ROW id message_id priority subject\n#include "daemon/events.def"\n' |
	(cd "$SRC" && "${CC-cc}" -E -P -x c -) | grep '^ROW ' >"$work/rows"
rows=$(wc -l <"$work/rows")
is "as many entries as events" "$(wc -l <"$work/all.json")" "$rows"

wrong=
while IFS='"' read -r head id priority subject _; do
	read -r _ name <<<"$head"
	priority=${priority// /}
	word=$(tr 'A-Z_' 'a-z-' <<<"$name")
	got=$(jq -r --arg id "$id" 'select(.MESSAGE_ID == $id) | [.PRIORITY, .DKIM_EVENT] | join(" ")' "$work/all.json")
	[ "$got" = "$priority $word" ] || wrong+="$name: \"$got\" instead of \"$priority $word\"; "
	grep -qF "Subject: $subject" "$work/all.text" || wrong+="$name: no catalogue text; "
done <"$work/rows"
is "each with its MESSAGE_ID, priority and name, and its subject from the catalogue" "$wrong" ""
is "each catalogue text says who is speaking" "$(grep -c 'Defined-By: dkimrotd$' "$work/all.text")" "$rows"

field() { jq -r --arg f "$1" '.[$f] // "-"' "$work/all.json" | sort -u | tr '\n' '|'; }
is "DKIM_DOMAIN" "$(field DKIM_DOMAIN)" "bücher.example|"
is "DKIM_SELECTOR" "$(field DKIM_SELECTOR)" "ovhex1-selector1|"
is "DKIM_PLATFORM" "$(field DKIM_PLATFORM)" "exchange|"
is "DKIM_ACCOUNT" "$(field DKIM_ACCOUNT)" "default|"
is "DKIM_SERVICE" "$(field DKIM_SERVICE)" "hosted-zz1111111-1|"
is "DKIM_PHASE" "$(field DKIM_PHASE)" "grace|"
is "DKIM_PHASE_OLD" "$(field DKIM_PHASE_OLD)" "rotating|"
is "DKIM_ACTION" "$(field DKIM_ACTION)" "delete|"
is "DKIM_REASON" "$(field DKIM_REASON)" "old-key-in-grace|"
is "DKIM_WAITS_ON" "$(field DKIM_WAITS_ON)" "time|"
is "DKIM_NEXT" "$(field DKIM_NEXT)" "2025-11-20T10:00:00Z|"
is "DKIM_ERROR_CODE" "$(field DKIM_ERROR_CODE)" "504|"
is "OVH_QUERY_ID, whose line break forges nothing" "$(field OVH_QUERY_ID)" "EU.ext-1.5f?PRIORITY=0|"
is "OVH_TASK_ID" "$(field OVH_TASK_ID)" "9007199254740993|"
is "HTTP_METHOD" "$(field HTTP_METHOD)" "DELETE|"
is "HTTP_PATH" "$(field HTTP_PATH)" "/email/exchange/x/service/y/domain/z/dkim/s|"
is "HTTP_STATUS" "$(field HTTP_STATUS)" "403|"
is "CONFIG_FILE" "$(field CONFIG_FILE)" "/etc/dkimrotd/inventory.d/a.yaml|"
is "CONFIG_LINE" "$(field CONFIG_LINE)" "3|"
is "CONFIG_COLUMN" "$(field CONFIG_COLUMN)" "7|"
is "no source line of ours is shown" "$(field CODE_FILE)" "-|"
is "the message" "$(jq -r 'select(.DKIM_EVENT == "rotation-confirmed") | .MESSAGE' "$work/all.json")" \
	"one signs with two now; the old key three stays published for its grace"

# A journald that stood still: what it missed is told when it takes lines again, and all else arrived.
read -r sent dropped <"$work/stall.count"
got=$(jq -r 'select(.DKIM_DOMAIN // "" | startswith("flood")) | .DKIM_DOMAIN' "$work/stall.json" | sort -u | wc -l)
is "lines sent while journald stood are there or counted" "$((got + dropped))" "$sent"
is "some were too many" "$((dropped > 0))" 1
is "and that is told" "$(jq -r 'select(.DKIM_EVENT == "lines-dropped") | .MESSAGE' "$work/stall.json" | tail -n1)" \
	"$dropped lines were dropped because the journal did not take them"
is "one can end while journald stands" "$(cat "$work/stuck.status")" 0
echo "1..$n"
((failed == 0))
