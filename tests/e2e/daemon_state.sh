#!/bin/bash
# Lost, older and damaged state only delays. The folder deleted, an older copy put back, the file and its journal cut and
# flipped at many places: the daemon starts, or ends with 4 and a sentence; it never crashes and never breaks a rule.
# TEST_SEED and TEST_DAMAGES make it longer and other.
# runtests: timeout=180
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"
SEED=${TEST_SEED-1} DAMAGES=${TEST_DAMAGES-24}
RANDOM=$SEED
echo "# TEST_SEED=$SEED TEST_DAMAGES=$DAMAGES"

world <<END
domain main exchange hosted-zz1-1 a.example
domain main emailpro emailpro-zz1-1 b.example - ovh 2 signing
domain main mxplan mx c.example
END
credentials
POLICY='rotate_every: 10s, grace: 5s, splay: 0%'
configure
inventory a.yaml <<END
domain: a.example, platform: exchange, service: hosted-zz1-1
domain: b.example, platform: emailpro, service: emailpro-zz1-1
domain: c.example, platform: mxplan, dns: ovh
END
all_sign() { signs a.example && signs b.example && signs c.example; }
well() { all_are '.condition == "ok" and .active_selector != null'; }

dk_start
soon "all sign" 30 all_sign
soon "a rotation is confirmed" 40 logged 'rotation-confirmed'
dk_kill TERM
is "it stops" "$RC" 0
DELETIONS=$(changes DELETE '/dkim/')
cp -r "$STATE" "$work/older"
rm -rf "$STATE"
LOST=$(date +%s)
ok "without its state it starts" dk_start
soon "and knows all of them again" 20 well
DELETED=$(($(changes DELETE '/dkim/') - DELETIONS)) NOW=$(date +%s)
ok "a key of unknown history is not deleted before a full grace" test "$DELETED" = 0 -o $((NOW - LOST)) -ge 5
soon "life goes on: the next rotation is confirmed" 60 at_least 2 log_count 'rotation-confirmed'
soon "and a deletion follows" 40 at_least $((DELETIONS + 1)) changes DELETE '/dkim/'
# (not both keys just deleted: they would be made anew an hour later, see below)
one_has_both() { ask domains | jq -e 'any(.. | objects; .platform? != "mxplan" and .phase? == "settled")' >"$work/all"; }
soon "one of the two at least has its spare" 40 one_has_both
dk_kill KILL
rm -rf "$STATE"
cp -r "$work/older" "$STATE"
ok "with an older state it starts" dk_start
# A key whose deletion the older state knows nothing of is made anew when a second look, an hour later, agrees.
in_order() { all_are '(.condition == "ok" or .reason == "absence-to-be-confirmed") and .active_selector != null'; }
soon "and is in order" 20 in_order
ROTATIONS=$(log_count 'rotation-confirmed')
soon "and goes on rotating" 60 at_least $((ROTATIONS + 1)) log_count 'rotation-confirmed'
dk_kill KILL
judged_clean "lost and older state"

# From here on states of different ages are put back turn by turn. A round trip of switches within longest_gap is nothing
# that a reading could show: that the state is older must be known.
POLICY='rotate_every: 1h, grace: 5s, splay: 0%'
SAFETY='minimum_grace: 1s, longest_gap: 1min, max_daily_changes: 1000'
configure
# What a crash leaves: the database and its journal, both with something in them.
rm -rf "$work/whole"
cp -r "$STATE" "$work/whole"
find "$work/whole" -type f -printf '# state: %f, %s bytes\n'
# damage FILE: cut, overwritten or flipped somewhere
damage() {
	local size at
	size=$(stat -c %s "$1")
	((size > 0)) || return 0
	at=$(((RANDOM * 32768 + RANDOM) % size))
	case $((RANDOM % 4)) in
	0) truncate -s "$at" "$1" && HOW="cut at $at" ;;
	1) head -c 600 /dev/urandom | dd of="$1" bs=1 seek="$at" conv=notrunc status=none && HOW="garbage at $at" ;;
	2) head -c 4096 /dev/zero | dd of="$1" bs=1 seek=$((at / 4096 * 4096)) conv=notrunc status=none && HOW="zeroed page at $at" ;;
	*)
		printf '%b' "\\x$(printf %02x $((RANDOM % 256)))" | dd of="$1" bs=1 seek=$((at % 4096 + (RANDOM % 2) * (at / 4096 * 4096))) conv=notrunc status=none
		HOW="byte near $at"
		;;
	esac
	HOW="${1##*/} $HOW"
}
files=(state.db state.db-wal)
bad='' started=0 refused=0 silent=''
for ((k = 0; k < DAMAGES; k++)); do
	rm -rf "$STATE"
	cp -r "$work/whole" "$STATE"
	f=$STATE/${files[k % 2]}
	[ -e "$f" ] || f=$STATE/state.db
	case $k in
	0) : >"$STATE/state.db" && HOW="empty state.db" ;;
	1) rm -f "$STATE/state.db" && HOW="no state.db, a journal" ;;
	2) head -c 8192 /dev/urandom >"$STATE/state.db" && HOW="garbage for state.db" ;;
	*) damage "$f" ;;
	esac
	mark=$(wc -l <"$LOG")
	dk_run
	if until_true $((10 * ${TEST_PATIENCE-1})) asks status; then
		started=$((started + 1))
		dk_kill TERM
		[ "$RC" = 0 ] || bad+="$HOW: exit $RC; "
	elif dk_lives; then
		bad+="$HOW: neither up nor gone; "
		dk_kill KILL
	else
		dk_wait
		refused=$((refused + 1))
		[ "$RC" = 4 ] || bad+="$HOW: exit $RC; "
		tail -n +$((mark + 1)) "$LOG" | grep -q '^dkimrotd: .* ' || silent+="$HOW; "
	fi
done
echo "# $started started, $refused refused"
is "damaged state: it starts, or ends with 4" "$bad" ""
is "and where it ends, with a sentence" "$silent" ""
is "nothing that a sanitizer had to say" "$(grep -m1 -E 'ERROR: |runtime error' "$LOG")" ""
soon "all sign all the same" 5 all_sign
judged_clean
world_end
done_testing
