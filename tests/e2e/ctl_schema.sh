#!/bin/bash
# What every verb of dkimrotctl prints with --json, against the schema in the tree: real output of a daemon in the middle of
# things, without any member that the schema does not describe.
# runtests: timeout=180
# shellcheck disable=SC2119,SC2317 # functions that take options, and some that are called by others
# shellcheck source=tests/e2e/daemon_lib.bash
. "$(dirname "$0")/daemon_lib.bash"
SCHEMA=$SRC/conf/schema/dkimrotctl.schema.json
cat >"$work/valid.py" <<'END'
import json, sys
from jsonschema import Draft7Validator
schema = json.load(open(sys.argv[1]))
Draft7Validator.check_schema(schema)
def close(node): # here nothing may be told that is not described
    if isinstance(node, dict):
        if "properties" in node: node["additionalProperties"] = False
        for v in node.values(): close(v)
    elif isinstance(node, list):
        for v in node: close(v)
close(schema)
schema["$ref"] = "#/definitions/" + sys.argv[2]
for e in list(Draft7Validator(schema).iter_errors(json.load(sys.stdin)))[:3]:
    print("/".join(map(str, e.absolute_path)), (min(e.context, key=lambda c: len(list(c.absolute_path))).message if e.context else e.message)[:300])
END
valid() { # WHAT DEFINITION COMMAND...: what the command prints is as described
	local what=$1 verb=$2
	shift 2
	"$@" >"$work/json"
	is "$what" "$(/usr/bin/python3 "$work/valid.py" "$SCHEMA" "$verb" <"$work/json" 2>&1)" ""
}
ctl() { "$BUILD/dkimrotctl" --socket "$SOCK" --json "$@" 2>/dev/null; }
if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then skip "every verb's JSON" "there is no python3-jsonschema"; done_testing; exit; fi

world <<END
domain main exchange hosted-zz1-1 one.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 two.example
domain main exchange hosted-zz1-1 hand.example - none
domain main mxplan mx.example mx.example
domain main zimbra zim.example zim.example
domain main mxplan - own.example
END
credentials
configure "signers: { opendkim: { stamp: $work/stamp } }"
inventory a.yaml <<END
domain: one.example, platform: exchange, service: hosted-zz1-1
domain: two.example, platform: emailpro, service: emailpro-zz1-1, policy: { rotate_every: 1h }
domain: hand.example, platform: exchange, service: hosted-zz1-1, dns: manual
domain: mx.example, platform: mxplan
domain: zim.example, platform: zimbra, zimbra_api: v2
domain: own.example, platform: external, revoke: 4s
END
dk_start
valid "status, before anything was looked at" status ctl status
soon "a grace is running" 90 dom_is one.example .phase grace
soon "a person is awaited" 60 dom_is hand.example .condition blocked
for _ in 1 2 3 4 5 6; do valid "status" status ctl status; sleep 0.5; done
for d in one two hand mx zim own; do valid "explain $d.example" explain ctl explain $d.example; done
valid records records ctl records
valid "records --missing" records ctl records --missing
valid "status --check" status ctl status --check
valid pause pause ctl pause one.example --reason "a test"
valid "explain, paused" explain ctl explain one.example
valid resume resume ctl resume one.example
valid "pause --all" pause ctl pause --all --reason freeze --for 2h
valid "status, paused" status ctl status
valid "resume --all" resume ctl resume --all
valid reload reload ctl reload
rotated() { ctl rotate two.example --wait 1min >"$work/rotate"; }
soon "a rotation" 90 rotated
valid rotate rotate cat "$work/rotate"
ctl timeline two.example >"$work/picture"
is "of a picture there is no JSON" "$? $(cat "$work/picture")" "2 "
valid "a domain that is not there" error ask domains/none.example
order domains/hand.example/pause '{}'
valid "an order without its reason" error echo "$ANSWER"
echo 'domains: [ { domain: x.example, platform: exchnage } ]' >"$INV/b.yaml"
order reload
valid "a reload that is refused" error echo "$ANSWER"
valid "status with a faulty file" status ctl status
valid "check, faulty" check ctl check "$INV/b.yaml"
rm "$INV/b.yaml"
valid check check ctl check -c "$CONF" "$INV/a.yaml"
valid discover discover ctl discover -c "$CONF"
valid grant grant ctl grant -c "$CONF"
printf 'From: a@one.example\r\nDKIM-Signature: v=1; a=rsa-sha256; d=one.example; s=x; h=from; bh=aGVsbG8=; b=aGVsbG8=\r\n\r\nHello\r\n' >"$work/mail"
echo "one.example one" >"$work/map"
echo "one.example one 5" >"$work/before"
valid confirm confirm ctl confirm -c "$CONF" --milter "unix:$work/nobody" "$work/map" "$work/before"
is "confirm tells what it could not ask" "$(jq -c '[.[0].found, .[0].version]' <"$work/json")" '["unknown",5]'
valid verify-message verify-message ctl verify-message -c "$CONF" "$work/mail"
for verb in plan history; do
	"$BUILD/dkimrotctl" --help | grep -q "^  $verb " || { skip "$verb" "there is no such verb"; continue; }
	valid "$verb" $verb ctl $verb
done
valid "plan, for six hours" plan ctl plan --until 6h
is "with all that is to be done for keys of our own" "$(jq -r '[.calls[] | select(.domain == "own.example") | .action] | unique | join(" ")' "$work/json")" \
	"create delete enable publish shred"
person account:main revoke-credential
stopped() { [ "$(ask status | jq -r '.accounts[0].state')" = stopped ]; }
soon "the account stops" 60 stopped
valid "status, stopped" status ctl status
dk_stop
valid "status without a daemon" status ctl status --state "$STATE"
# Every verb that help names has its definition; what is a picture is none.
is "no verb lacks a definition" "$(comm -23 <("$BUILD/dkimrotctl" --help | sed -n 's/^  \([a-z][a-z-]*\) *.*/\1/p' | grep -v '^timeline$' | sort -u) \
	<(jq -r '.definitions | keys[]' "$SCHEMA" | sort) | tr '\n' ' ')" ""
world_end
done_testing
