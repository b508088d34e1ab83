#!/bin/bash
# dkimrotctl plan against a running daemon: what it foretells is what is then sent, asking changes nothing, and who asks
# wrongly is told. (Dates over 400 days are the simulation's: tests/simulation/foretold.c.)
# runtests: timeout=240
# shellcheck disable=SC1091,SC2034,SC2119,SC2154,SC2317 # what the library sets, and what it reads
# shellcheck source=tests/e2e/daemon_lib.bash
. "$(dirname "$0")/daemon_lib.bash"

world <<END
domain main exchange hosted-zz1-1 one.example
domain main emailpro emailpro-zz1-1 two.example
domain main exchange hosted-zz1-1 hand.example - none
domain main exchange hosted-zz1-1 seen.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 single.example - ovh 1 signing
domain main mxplan mx.example mx.example
END
credentials
POLICY='rotate_every: 20s, grace: 5s, splay: 0%' configure
inventory a.yaml <<END
domain: one.example, platform: exchange, service: hosted-zz1-1
domain: two.example, platform: emailpro, service: emailpro-zz1-1
domain: hand.example, platform: exchange, service: hosted-zz1-1, dns: manual
domain: seen.example, platform: exchange, service: hosted-zz1-1, mode: observe
domain: single.example, platform: emailpro, service: emailpro-zz1-1
domain: mx.example, platform: mxplan
END
run plan
is "without a daemon it cannot be asked" "$RC" 3
dk_start
for d in one.example two.example; do
	soon "$d is settled" 60 dom_is $d '[.phase, .reason] | join(" ")' "settled settled"
done
soon "and MX Plan" 60 dom_is mx.example .phase settled
soon "a manual zone waits for its person" 60 dom_is hand.example .condition blocked

# Asking, and what is foretold: before a rotation begins, that of a domain which was settled first perhaps.
foretold() { jq -r --arg d "$1" '[.calls[] | select(.domain == $d) | "\(.action) \(.selector)"] | .[:5][]' <<<"$PLAN"; }
told_before() {
	already=$(changes_all)
	run --json plan --until 2h
	PLAN=$OUT
	[ "$RC" != 0 ] || [[ $(foretold one.example) == enable* && $(foretold two.example) == enable* && $(changes_all) = "$already" ]]
}
soon "both wait for their rotation" 90 told_before
is "it is told" "$RC$ERR" 0
is "in the order of time" "$(jq -c '[.calls[].at] | . == sort' <<<"$PLAN")" true
is "a whole round is foretold" "$(foretold one.example | cut -d' ' -f1 | tr '\n' ' ')" "enable delete create publish enable "
is "with its requests" \
	"$(jq -r '[.calls[] | select(.domain == "one.example")][1] | "\(.method) \(.path)"' <<<"$PLAN" | sed 's/selector./selectorN/')" \
	"DELETE /email/exchange/hosted-zz1-1/service/hosted-zz1-1/domain/one.example/dkim/ovhex1-selectorN"
is "and the edits of its zone" \
	"$(jq -r '[.calls[] | select(.domain == "one.example" and .action == "publish")][0].zone_edits | map("\(.method) \(.path)") | join("; ")' <<<"$PLAN")" \
	"PUT /domain/zone/one.example/record/{id}; POST /domain/zone/one.example/refresh"
is "nothing for one that is observed, has one selector, or is none of the API's rotation" \
	"$(jq '[.calls[] | select(.domain | test("seen|single|mx"))] | length' <<<"$PLAN")" 0
is "who waits for a person, and why" "$(jq -r '.waiting[] | select(.domain == "hand.example").reason' <<<"$PLAN")" record-missing
is "who is only observed" "$(jq -r '.waiting[] | select(.domain == "seen.example").condition' <<<"$PLAN")" observing
run plan two.example one.example --until 2h
has "a table for people" "$OUT" "one.example"
is "of the domains that were named only" "$(grep -c 'hand.example\|mx.example' <<<"$OUT")" 0
is "no wider than the terminal" "$(COLUMNS=60 ctl plan one.example two.example --until 2h | awk 'length > 60' | wc -l)" 0
run plan hand.example --until 5h
has "a domain that waits is told with its reason" "$OUT" "hand.example: a DNS record is missing or wrong, and a person writes this zone"

# It is sent so.
sent() {
	sim_get changes | jq -r --arg d "$1" --argjson from "$already" '[.changes[$from:][] | select(.domain == $d and .applied and (.path | test("/refresh") | not))
		| (if (.path | test("/domain/zone/")) then "publish" elif .method == "DELETE" then "delete"
		   elif (.path | test("/enable")) then "enable" else "create" end) + " " + .selector] | .[:5][]'
}
for d in one.example two.example; do
	soon "$d goes round" 90 at_least 5 eval "sent $d | wc -l"
	is "$d: what was foretold is what was sent, in that order" "$(sent $d)" "$(foretold $d)"
done

# Asking wrongly.
run plan nowhere.example
is "a domain that is not ours" "$RC" 1
has "is named" "$ERR" nowhere.example
run plan --until soon
is "a span that is none" "$RC" 2
run plan --until 5y
is "more than two years" "$RC" 1
has "are too many" "$ERR" "longer than"
run plan one.example --since 2h
is "an option of another verb" "$RC" 2
is "the route says 404 for a domain that is not ours" \
	"$(curl -s -o "$work/answer" -w '%{http_code}' --unix-socket "$SOCK" 'http://x/v1/plan?domain=one.example&domain=nowhere.example') $(jq -r .error "$work/answer")" "404 unknown-domain"
is "and 400 for a span that is none" \
	"$(curl -s -o "$work/answer" -w '%{http_code}' --unix-socket "$SOCK" 'http://x/v1/plan?until=soon') $(jq -r .error "$work/answer")" "400 bad-request"

# A pause is honoured: what it holds back is not foretold.
run pause --all --reason "a look ahead"
run --json plan --until 2h
is "while everything is paused nothing is foretold" "$(jq '.calls | length' <<<"$OUT")" 0
run resume --all
dk_stop
judged_clean
world_end
done_testing
