#!/bin/bash
# The control socket with curl: the shapes of status and of a domain, what is refused and how, orders to rotate, pause and
# resume, metrics; and a stop that is clean and quick, even with a change under way.
# runtests: timeout=120
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"

world <<END
domain main exchange hosted-zz1-1 a.example
domain main emailpro emailpro-zz1-1 b.example
END
credentials
POLICY='rotate_every: 1h, grace: 30min, splay: 0%'
configure
inventory a.yaml <<END
domain: a.example, platform: exchange, service: hosted-zz1-1
domain: b.example, platform: emailpro, service: emailpro-zz1-1
END
shape() { jq -e "$1" <<<"$2"; }
dk_start
soon "a.example settles" 30 dom_is a.example '[.phase, .condition] | join(" ")' "settled ok"
soon "b.example settles" 30 dom_is b.example '[.phase, .condition] | join(" ")' "settled ok"
is "the socket is for owner and group" "$(stat -c %a "$SOCK")" 660
STATUS_JSON=$(ask status)
ok "status has the contract's members" shape 'has("version") and has("since") and has("mode") and has("paused") and has("accounts")
	and has("phases") and has("conditions") and has("files")' "$STATUS_JSON"
ok "an account's as well" shape '.accounts[0] | has("name") and has("state") and has("breaker") and has("budget_used") and
	has("effective_settled") and has("clock_offset") and has("credential_expires") and has("refused")' "$STATUS_JSON"
ok "phases count" shape '.phases.settled == 2' "$STATUS_JSON"
ok "files have path and state" shape '.files[0] | has("path") and has("state") and has("error")' "$STATUS_JSON"
D=$(ask domains/a.example)
# shellcheck disable=SC2016 # jq's own variables
ok "a domain has the contract's members" shape '. as $d | ["domain", "account", "platform", "phase", "condition", "reason", "waits_on",
	"since", "next", "next_look", "active_selector", "selectors", "rotated", "next_rotation", "diagnosis"] | all(. as $k | $d | has($k))' "$D"
ok "and a selector" shape '.selectors | length == 2 and all(has("name") and has("state") and has("role") and has("record") and has("target")
	and has("dns"))' "$D"
ok "the words are the closed lists'" shape '(.phase | IN("unknown", "creating", "publishing", "activating", "settled", "rotating", "grace", "renewing")) and
	([.selectors[].role] | all(IN("active", "spare", "retired", "new", "foreign"))) and
	([.selectors[].dns] | all(IN("ok", "missing", "partial", "wrong", "flattened", "revoked", "weak", "bogus", "unknown")))' "$D"
ok "times are UTC" shape '.next_look | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$")' "$D"
TABLE=$(ask 'domains?for=table')
ok "a table has what it shows" shape 'length == 2 and all(has("domain") and has("account") and has("platform") and has("phase") and
	has("condition") and has("reason") and has("waits_on") and has("next") and has("next_look") and has("signing") and has("next_rotation") and
	(.selectors | length == 2 and all(has("name") and has("state") and has("role"))))' "$TABLE"
is "and nothing that is in no list" "$(jq -rn --argjson t "$TABLE" --argjson l "$(ask domains)" '($t[0] | keys) - ($l[0] | keys) | join(" ")')" ""
ok "which is less" test ${#TABLE} -lt "$(ask domains | wc -c)"
has "dkimrotctl shows it" "$("$BUILD/dkimrotctl" --socket "$SOCK" status)" "2 domains: "
is "by name and platform as well" "$(dom a.example:exchange .domain)" a.example
code() { curl -s -o "$work/answer" -w '%{http_code}' --unix-socket "$SOCK" "$@"; }
is "an unknown domain: 404" "$(code http://x/v1/domains/none.example) $(jq -r .error "$work/answer")" "404 unknown-domain"
is "an unknown path: 404" "$(code http://x/v1/nothing)" 404
is "a list for nobody: 400" "$(code 'http://x/v1/domains?for=fun')" 400
is "a method that is not there: 405" "$(code http://x/v1/domains/a.example/rotate)" 405
is "a body that is no JSON: 400" "$(code -d nonsense http://x/v1/domains/a.example/rotate)" 400
ok "every error has word and message" jq -e 'has("error") and has("message")' "$work/answer"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	# another user, whom the folders above do not stop
	nobody() { setpriv --reuid 65534 --clear-groups --inh-caps +dac_override,+dac_read_search --ambient-caps +dac_override,+dac_read_search "$@"; }
	is "a writer who is neither root nor ourselves: 403" \
		"$(nobody curl -s -o /dev/null -w '%{http_code}' --unix-socket "$SOCK" -X POST http://x/v1/domains/a.example/rotate)" 403
	is "who may read" "$(nobody curl -s -o /dev/null -w '%{http_code}' --unix-socket "$SOCK" http://x/v1/status)" 200
else
	skip "a writer who is neither root nor ourselves" "needs root and setpriv"
fi
is "metrics" "$(code http://x/metrics)" 200
ok "in Prometheus text" grep -q '^dkimrotd_domains{account="default",phase="settled"} 2$' "$work/answer"

order domains/a.example/pause '{}'
is "a pause needs a reason" "$STATUS" 400
order domains/a.example/pause '{"reason":"audit"}'
is "a pause" "$STATUS" 200
soon "is shown" 10 dom_is a.example .condition paused
order domains/a.example/rotate
is "paused, a rotation is refused, and that is why" "$STATUS $(jq -r '.error + ": " + .message' <<<"$ANSWER")" \
	"409 refused: it is paused: resume it first"
for body in '{"compromised":"yes"}' '{"compromized":true}' '{"reason":"x","for":5}' '{"reason":"x","for":"0s"}' '{"reason":1}' '[]'; do
	order domains/a.example/pause "$body"
	is "no order is taken for another one: $body" "$STATUS $(jq -r .error <<<"$ANSWER")" "400 bad-request"
done
order domains/a.example/resume
is "and taken back" "$STATUS" 200
soon "it is in order" 10 dom_is a.example .condition ok
order pause '{"reason":"freeze"}'
is "everything paused" "$STATUS $(ask status | jq -r .paused.reason)" "200 freeze"
dk_kill TERM
ok "which a restart remembers" dk_start
is "with its reason, and who ordered it" "$(ask status | jq -r '.paused | "\(.reason) \(.by)"')" \
	"freeze $([ "$(id -u)" = 0 ] && echo root || echo "uid $(id -u)")"
order resume
is "and goes on" "$STATUS $(ask status | jq -r .paused)" "200 null"

# A reload takes the folder of the inventory; where it listens stays, and that is said.
cp "$CONF" "$work/before.yaml"
mkdir "$work/other" && cp "$INV/a.yaml" "$work/other/"
sed -i "s|^inventory: .*|inventory: $work/other|; \$a metrics: 127.0.0.1:$HTTP_PORT" "$CONF"
order reload
is "metrics that move wait for a restart" "$STATUS $(jq -r '.faults[0]' <<<"$ANSWER" | sed 's/:.*:/:/')" \
	"409 $CONF: they stay as they were until a restart"
printf 'domains: [ {} ]\n' >"$work/other/n.yaml"
soon "another folder of the inventory is watched from then on" 20 logged 'file-refused .*other/n.yaml'
dk_kill TERM
ok "where the port of the metrics is taken the socket answers all the same" dk_start
ok "and that is told" logged "config-error .*metrics at 127.0.0.1:$HTTP_PORT"
dk_kill TERM
cp "$work/before.yaml" "$CONF"
dk_start

soon "both are in order" 20 all_are '.condition == "ok" and .phase == "settled"'
OLD=$(signing a.example)
sim_set judge_ordered=yes
ordered() { order domains/a.example/rotate && [ "$STATUS" = 200 ]; }
soon "a rotation that a person orders is sent" 10 ordered
soon "and done" 20 logged 'rotation-confirmed a.example'
ok "with the other selector" test "$(signing a.example)" != "$OLD"
refused() { order domains/a.example/rotate && [ "$STATUS" = 409 ] && [[ $ANSWER == *earliest* ]]; }
soon "a second one in the old key's grace is refused, with the earliest time" 10 refused
grep -q earliest <<<"$ANSWER" || echo "# $STATUS $ANSWER"
POLICY='rotate_every: 1h, grace: 5s, splay: 0%'
configure
order reload
is "another policy shortens the grace" "$STATUS" 200
soon "it settles" 40 dom_is a.example '[.phase, .condition] | join(" ")' "settled ok"

sim_set task_ms=1h # a rotation that will not end while anybody waits
soon "another order" 10 ordered
BEGAN=${EPOCHREALTIME/[.,]/}
dk_stop
ok "in the middle of a rotation it stops, and waits for nobody" test $((${EPOCHREALTIME/[.,]/} - BEGAN)) -lt $((5000000 * ${TEST_PATIENCE-1}))
ok "and leaves no socket behind" test ! -e "$SOCK"
judged_clean
world_end
done_testing
