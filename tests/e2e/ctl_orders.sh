#!/bin/bash
# dkimrotctl and a running daemon: what it shows, what it orders, what it is refused, who may, and what is left to see
# when the daemon is gone.
# shellcheck disable=SC2119,SC2317 # functions that take options, and some that are called by others
# shellcheck source=tests/e2e/daemon_lib.bash
. "$(dirname "$0")/daemon_lib.bash"
# Strangers are tried out, too: the socket lies where everybody can go.
public=$(mktemp -d /tmp/dkimrotd-socket.XXXXXX) || exit 1
chmod 755 "$public"
SOCK=$public/control.sock
trap 'dk_clean_up; rm -rf "$public"' EXIT
refused() { # what RC PART-OF-STDERR
	is "$1" "$RC" "$2"
	has "$1: it says why" "$ERR" "$3"
}

world <<END
domain main exchange hosted-zz1-1 one.example - ovh 2 signing
domain main exchange hosted-zz1-1 hand.example - none
domain main mxplan mx.example mx.example
END
credentials
POLICY='rotate_every: 1h, grace: 20s, splay: 0%' configure
inventory a.yaml <<END
domain: one.example, platform: exchange, service: hosted-zz1-1
domain: hand.example, platform: exchange, service: hosted-zz1-1, dns: manual
domain: mx.example, platform: mxplan
END
dk_start
soon "what can be settled is settled" 60 dom_is one.example .reason settled
soon "MX Plan too" 60 dom_is mx.example .phase settled
soon "the manual zone waits for a person" 60 dom_is hand.example .condition blocked

# What is shown.
run status
is "status ends with 0" "$RC" 0
is "worst first" "$(sed -n 2p <<<"$OUT" | cut -d' ' -f1)" hand.example
has "it says what is wrong in words" "$OUT" "hand.example: a DNS record is missing or wrong, and a person writes this zone"
has "a summary at the end" "$(tail -n 1 <<<"$OUT")" "3 domains:"
run --json status
is "JSON for programs: the status" "$(jq -r .version <<<"$OUT")" "$(ask status | jq -r .version)"
is "JSON for programs: the domains" "$(jq -r '[.domains[].domain] | sort | join(" ")' <<<"$OUT")" "hand.example mx.example one.example"
run --json explain one.example
is "JSON of one domain, as the daemon has it" "$(jq -S 'keys' <<<"$OUT")" "$(ask domains/one.example | jq -S 'keys')"
run status --check
is "a domain that does not sign is critical" "$RC" 2
has "told in a monitoring system's way" "$OUT" "DKIM CRITICAL - 3 domains"
run status one.example --check
is "one that is in order is not" "$RC" 0
run explain hand.example
has "explain names the one it waits for" "$OUT" "Waits on    a person"
has "and what to do" "$OUT" "To do       Create this record in zone hand.example: ovhex"
has "and what each server of the zone said" "$OUT" " says: nxdomain"
run explain one.example
is "of a record that is right too, with its TTL" "$(grep -c 'says: ok, TTL 1s, after [0-9]* ms' <<<"$OUT" | sed 's/[1-9][0-9]*/some/')" some
run --json status ONE.Example. 'Hand.example:exchange'
is "a domain is asked for as people write it" "$RC $(jq -r '[.domains[].domain] | sort | join(" ")' <<<"$OUT")" "0 hand.example one.example"
run plan One.Example. --until 1d
is "in plans" "$RC$ERR" 0
run history One.Example.
is "and in the history" "$RC $(grep -c '^20.*first looked at' <<<"$OUT")" "0 1"
run explain nowhere.example
refused "a domain that is not ours" 1 nowhere.example
run records
is "records are sorted by zone" "$(grep '^; zone' <<<"$OUT" | tr -d '\n')" "; zone hand.example; zone mx.example; zone one.example"
run records --missing
is "only those of the manual zone are missing" "$(grep -c '^ovhex[0-9]*-selector[12]\._domainkey\.hand\.example\. IN CNAME [a-z0-9._-]*\.ovh\.net\. ; missing' <<<"$OUT")" 2
has "with what is wrong" "$OUT" "; missing: no CNAME stands at "
is "and nothing else" "$(grep -cvE '^(;|ovhex.*hand\.example)' <<<"$OUT")" 0
# What it prints is a zone file: put in, it is what the daemon waits for.
while read -r record _; do person hand.example add-cname "${record%%.*}"; done < <(grep -v '^;' <<<"$OUT")
soon "records put in as printed are found" 60 dom_is hand.example .condition ok
soon "then all is well" 60 ctl status --check

# Orders. Whether the domain is being looked at at this moment makes no difference.
run rotate mx.example
refused "no rotation on mxplan" 1 "no rotation in its API"
run rotate nowhere.example
refused "no such domain" 1 nowhere.example
before=$(dom one.example .active_selector)
turned() { run rotate one.example --wait 3min; [ "$RC" = 0 ]; }
soon "rotate now, and wait until it is confirmed" 60 turned
has "it says which selector signs now" "$OUT" "one.example signs with ovhex"
ok "the other one" test "$(dom one.example .active_selector)" != "$before"
run rotate one.example
is "again at once is refused" "$RC" 1
run pause one.example
refused "a pause needs a reason" 2 --reason
run pause one.example --all --reason x
refused "one domain or all" 2 "one of them"
run pause one.example --reason $'move to\n another \033[31mprovider' --for 2h
is "pause one domain" "$RC" 0
soon "it is paused" 30 dom_is one.example .condition paused
run explain one.example
has "the reason is shown, and clean" "$OUT" "move to? another ?[31mprovider"
run resume one.example
is "resume it" "$RC" 0
soon "it goes on" 30 dom_is one.example .condition ok
run pause --all --reason maintenance
is "pause everything" "$RC" 0
run status
has "status says so" "$OUT" "everything is paused by $([ "$(id -u)" = 0 ] && echo root || echo "uid $(id -u)"): maintenance"
run resume --all
run status
is "and that it goes on" "$(grep -c 'is paused' <<<"$OUT")" 0

# Reload.
run reload
is "reload what is good" "$RC$ERR" 0
echo "domains: [ { domain: broken.example, platform: exchnage } ]" >"$INV/b.yaml"
run reload
refused "a faulty file" 1 "$INV/b.yaml:1:"
run status --check
is "is a warning" "$RC" 1
has "named by status" "$OUT" "$INV/b.yaml"
rm "$INV/b.yaml"
run reload
is "mended" "$RC" 0

# Who may. (As root only: others cannot become somebody else.)
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$BUILD/dkimrotctl"; then
	as() { setpriv "$@"; }
	ERR=$(as --reuid=65534 --regid=65534 --clear-groups "$BUILD/dkimrotctl" --socket "$SOCK" status 2>&1)
	RC=$?
	refused "a stranger cannot ask" 3 "Permission denied"
	as --reuid=65534 --regid=0 --clear-groups "$BUILD/dkimrotctl" --socket "$SOCK" status >/dev/null
	is "a member of the socket's group may read" "$?" 0
	ERR=$(as --reuid=65534 --regid=0 --clear-groups "$BUILD/dkimrotctl" --socket "$SOCK" pause --all --reason x 2>&1)
	RC=$?
	refused "but not order" 1 "only root and the daemon's own user"
else
	skip "a stranger cannot ask" "this is not root, or the programs lie where others cannot go"
fi
SINCE=$(ask status | jq -r .since)
until_true 2 false
order reload
is "since when it runs stays the same over a reload" "$STATUS $(ask status | jq -r .since)" "200 $SINCE"
dk_stop

# Without a daemon.
run --state "$STATE" status
is "status reads the state instead" "$RC" 0
has "and says so" "$ERR" "this is what its state tells"
has "with every domain" "$OUT" "3 domains:"
run --state "$STATE" status Hand.Example.
is "one domain of it" "$RC $(grep -c 'one.example' <<<"$OUT")" "0 0"
run --state "$STATE" --json status
is "as JSON too" "$(jq '.domains | length' <<<"$OUT")" 3
run --state "$STATE" status nowhere.example
refused "one that is not in it" 1 nowhere.example
run --state "$work/nothing" status
is "no state and no daemon" "$RC" 3
run status --check
is "nothing for a monitoring system to go by" "$RC" 3
has "which is told on stdout" "$OUT" "DKIM UNKNOWN - the daemon cannot be asked"
for verb in "explain one.example" "rotate one.example" "reload" "records" "resume --all"; do
	# shellcheck disable=SC2086 # words
	run $verb
	refused "$verb needs the daemon" 3 "cannot be asked at $SOCK"
done
judged_clean
world_end
done_testing
