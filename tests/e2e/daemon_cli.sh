#!/bin/bash
# The outside of the program: options, exit codes, --check that sends and writes nothing, --once, and what it refuses to
# start with, always in a sentence.
# runtests: timeout=120
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"

world <<END
domain main exchange hosted-zz1-1 a.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 b.example
domain main emailpro emailpro-zz1-1 hand.example - none
END
credentials
POLICY='rotate_every: 1h, grace: 5s, splay: 0%'
configure
inventory a.yaml <<END
domain: a.example, platform: exchange, service: hosted-zz1-1
domain: b.example, platform: emailpro, service: emailpro-zz1-1
END
ends() { # what exit-status words-in-stderr option...
	local what=$1 rc=$2 words=$3
	shift 3
	dk_exits "$@"
	is "$what: $rc" "$RC" "$rc"
	[ -z "$words" ] || ok "and says: $words" grep -q -E -- "$words" <<<"$SAID"
}
requests() { sim_get counts | jq '.shell.api + .shell.auth + .shell.token'; }

# --- usage
ends "--version" 0 '' --version
has "prints it" "$OUT" "dkimrotd "
ends "--help" 0 '' --help
has "prints the options" "$OUT" "--check"
ends "an unknown option" 2 'unrecognized|unknown' --frobnicate
ends "a word too many" 2 'Usage' -c "$CONF" something
ends "--check and --once together" 2 'Usage' -c "$CONF" --check --once
ends "an unknown sink" 2 'journal, text or json' --log paper

# --- --check
ends "--check of good files" 0 '' -c "$CONF" --check
is "says nothing" "$OUT$SAID" ""
BEFORE=$(cd "$work" && find . -path ./inventory -o -path ./state | sort)
cat >"$INV/bad.yaml" <<END
domains:
  - domain: c.example
    platfrom: exchange
  - { domain: "no domain", platform: emailpro, service: emailpro-zz1-1 }
END
ends "--check of a faulty inventory" 1 "^$INV/bad.yaml:3:5: .*platform" -c "$CONF" --check
ok "every fault has its place" grep -q "^$INV/bad.yaml:4:[0-9]*: " <<<"$SAID"
head -c 3000000 /dev/zero >"$INV/bad.yaml"
ends "--check of a file of NULs, as a crash of the host can leave one" 1 "^$INV/bad.yaml:1:1: a NUL byte" -c "$CONF" --check
rm "$INV/bad.yaml"
printf 'safety: { minimum_grace: 7d }\naccounts: { default: { endpoint: ovh-eu, credentials: x } }\npolicies:\n  default: { rotate_every: 90d, grace: 1d }\n' >"$work/low.yaml"
ends "a grace below the floor" 1 "^$work/low.yaml:4:[0-9]+: .*grace" -c "$work/low.yaml" --check
printf 'accounts:\n  default: { endpoint: "http://192.0.2.1/1.0", credentials: x }\n' >"$work/plain.yaml"
ends "plain http beyond loopback" 1 "^$work/plain.yaml:2:[0-9]+: " -c "$work/plain.yaml" --check
ends "a file that is not there" 1 "none.yaml" -c "$work/none.yaml" --check
printf 'a: &a [x, x]\nb: &b [*a, *a]\n' >"$work/alias.yaml"
ends "a bomb of aliases" 1 "^$work/alias.yaml:[0-9]+:[0-9]+: " -c "$work/alias.yaml" --check
cp "$CONF" "$work/open.yaml" && chmod 666 "$work/open.yaml"
ends "a configuration that others may write" 1 "open.yaml" -c "$work/open.yaml" --check
is "nothing was sent by all that" "$(requests)" 0
is "and nothing written" "$(cd "$work" && find . -path ./inventory -o -path ./state | sort)" "$BEFORE"
ends "a faulty configuration at the start" 1 "^$work/low.yaml:4:" -c "$work/low.yaml" --log text
ends "in a log of objects" 1 "$work/low.yaml:4:" -c "$work/low.yaml" --log json
ok "it is an object as well" jq -e -s 'length == 1 and .[0].CONFIG_LINE == "4"' <<<"$SAID"

# --- credentials
mv "$CRED" "$work/good.conf"
ends "credentials missing" 5 'ovh.conf' -c "$CONF" --log text
credentials && chmod 644 "$CRED"
ends "credentials that others may read" 5 'ovh.conf.*read|read.*ovh.conf' -c "$CONF" --log text
chmod 600 "$CRED" && printf '[default]\napplication_key=only\n' >"$CRED"
ends "credentials that lack a part" 5 'ovh.conf' -c "$CONF" --log text
ok "the secret is never shown" test -z "$(grep -r -l -e "$AS" "$LOG" "$work/said.err")"
printf '[default]\nclient_id=x\nclient_secret=y\napplication_key=only\n' >"$CRED"
ends "both kinds at once" 5 'ovh.conf' -c "$CONF" --log text
cp "$work/good.conf" "$CRED" && chmod 600 "$CRED"

# --- state
"$DAEMON" -c "$CONF" --log text 2>&- &
dk_pid=$!
soon "started without a standard error" 20 asks status
is "nothing that it says gets into a file of its own" "$(grep -r -c started "$STATE/lock")" 0
dk_stop
export STATE_DIRECTORY=$work/first:$work/second RUNTIME_DIRECTORY=$work/run:$work/second
mkdir "$work/first" "$work/run"
sed '/^state:/d; /^control:/d' "$CONF" >"$work/unit.yaml"
ends "the folders that a unit has, ours first of several" 0 started -c "$work/unit.yaml" --once --log text
ok "are used" test -s "$work/first/state.db" -a -s "$work/run/state.witness"
unset STATE_DIRECTORY RUNTIME_DIRECTORY
dk_start
ends "a second daemon on the same state" 4 'locked|another|in use' -c "$CONF" --log text
dk_stop
mv "$STATE" "$work/aside"
: >"$STATE"
ends "a state folder that is a file" 4 'state' -c "$CONF" --log text
rm "$STATE" && mv "$work/aside" "$STATE"

# --- --once
rm -rf "$STATE"
ends "--once follows everything to its end" 0 '' -c "$CONF" --once --log text
ok "both sign" test -n "$(signing a.example)" -a -n "$(signing b.example)"
ends "again, all being settled, which it sums up" 0 'summary .*[0-9] settled' -c "$CONF" --once --log text
inventory b.yaml <<<"domain: hand.example, platform: emailpro, service: emailpro-zz1-1, dns: manual"
ends "--once with a domain that waits for a person" 3 'record-needed hand.example' -c "$CONF" --once --log text
ends "--log json prints objects" 3 '^\{.*"MESSAGE"' -c "$CONF" --once --log json
ok "every line of it" jq -e -s 'all(.[]; has("MESSAGE") and has("PRIORITY") and has("MESSAGE_ID"))' <<<"$SAID"
judged_clean
world_end
done_testing
