#!/bin/bash
# A full disk: an intent that cannot be written is not sent. It is told once, and when there is room again everything goes
# on by itself. Needs root for a file system of its own.
# runtests: timeout=120
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
if [ -z "${DISK_OWN_MOUNTS-}" ]; then
	if ! unshare -m true 2>/dev/null; then
		echo "ok 1 - a full disk # SKIP needs the right to mount a file system"
		echo "1..1"
		exit 0
	fi
	DISK_OWN_MOUNTS=1 exec unshare -m "$0"
fi
. "$(dirname "$0")/daemon_lib.bash"
mkdir -m 700 "$STATE"
mount -t tmpfs -o size=16m,mode=700 none "$STATE" || { skip "a full disk" "no tmpfs here"; done_testing; }
# shellcheck disable=SC2317 # called by trap
leave() {
	dk_clean_up 2>/dev/null
	umount "$STATE" 2>/dev/null
	rm -rf "$work"
}
trap leave EXIT

world <<END
domain main exchange hosted-zz1-1 a.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 b.example - ovh 2 signing
END
credentials
POLICY='rotate_every: 1h, grace: 5s, splay: 0%'
configure
inventory a.yaml <<END
domain: a.example, platform: exchange, service: hosted-zz1-1
domain: b.example, platform: emailpro, service: emailpro-zz1-1
END
dk_start
known() { all_are '.active_selector != null'; }
soon "both are known" 20 known
full() { # what there is stays: to write it anew would make room for a moment
	cat /dev/zero >>"$STATE/filler" 2>/dev/null
	logged 'state-unwritable'
}
soon "a full disk is told" 30 full
TOLD=$(log_count ' state-unwritable ') COUNT=$(changes_all)
POLICY='rotate_every: 20s, grace: 5s, splay: 0%'
configure
order reload
is "a configuration is taken all the same" "$STATUS" 200
due() { full && all_are '.reason == "state-not-writable" and .condition == "error"'; }
soon "rotations come due, and say in error why they wait" 60 due
is "nothing was sent meanwhile" "$(changes_all)" "$COUNT"
is "it was told once" "$(log_count ' state-unwritable ')" "$TOLD"
ok "it lives" dk_lives
rm -f "$STATE/filler"
soon "room again is told" 30 logged ' state-writable '
soon "and rotation goes on" 40 logged 'rotation-confirmed a.example'
soon "and everything is in order" 20 all_are '.condition == "ok"'

cat /dev/zero >"$STATE/filler" 2>/dev/null
dk_kill KILL
COUNT=$(changes_all)
dk_run
up_or_gone() { asks status || ! dk_lives; }
until_true $((20 * ${TEST_PATIENCE-1})) up_or_gone
if dk_lives; then
	waits() { full && ask domains | jq -e 'any(.. | objects; .reason? == "state-not-writable")' >/dev/null; }
	soon "started on a full disk it looks, and says why it waits" 60 waits
	is "and changes nothing" "$(changes_all)" "$COUNT"
	rm -f "$STATE/filler"
	soon "and goes on when there is room" 60 at_least $((COUNT + 1)) changes_all
	dk_stop
else
	dk_wait
	is "started on a full disk it ends with 4" "$RC" 4
fi
judged_clean
world_end
done_testing
