#!/bin/bash
# Killed at any moment, with whole lives under way: what was started is found by reading, nothing is done twice, no rule is
# broken, and when calm comes everything settles. TEST_KILLS and TEST_SEED make it longer and other.
# runtests: timeout=300
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"
SEED=${TEST_SEED-1} KILLS=${TEST_KILLS-30}
RANDOM=$SEED
echo "# TEST_SEED=$SEED TEST_KILLS=$KILLS"

world <<END
repeat 3 domain main exchange hosted-zz1-1 x{}.example
repeat 3 domain main emailpro emailpro-zz1-1 p{}.example - ovh 2 signing
domain main mxplan mx plan.example
domain main zimbra zb zim.example
set old_selector@x1.example=both
set both_ms@x1.example=2s
set keep_pending@x2.example=always
END
credentials
POLICY='rotate_every: 8s, grace: 5s, splay: 0%'
configure
inventory a.yaml <<END
domain: x0.example, platform: exchange, service: hosted-zz1-1
domain: x1.example, platform: exchange, service: hosted-zz1-1
domain: x2.example, platform: exchange, service: hosted-zz1-1
domain: p0.example, platform: emailpro, service: emailpro-zz1-1
domain: p1.example, platform: emailpro, service: emailpro-zz1-1
domain: p2.example, platform: emailpro, service: emailpro-zz1-1
domain: plan.example, platform: mxplan, dns: ovh
domain: zim.example, platform: zimbra, zimbra_api: v2, dns: ovh
END
early=0
# So often at least, and until lives went on all the while: a slow machine does less between two kills.
switches() { changes POST '/enable$'; }
for ((k = 0; k < KILLS || (k < 5 * KILLS && $(switches) < 3); k++)); do
	dk_run
	# from before it has read anything to well into its work
	sleep "$((RANDOM % 2)).$(printf %03d $((RANDOM % 1000)))"
	dk_lives || early=$((early + 1))
	dk_kill KILL
done
is "it never ended by itself ($k times killed)" "$early" 0
judged_clean "while it was killed"
ok "lives went on all the while" at_least 3 switches

POLICY='rotate_every: 1h, grace: 5s, splay: 0%'
configure
ok "left alone, it starts" dk_start
# shellcheck disable=SC2016
soon "and everything settles" 60 all_are '(.phase == "settled" or .phase == "grace") and .condition == "ok"'
for d in x0 x1 x2 p0 p1 p2 plan zim; do ok "$d.example signs" signs $d.example; done
is "no record was written twice" "$(sim_get dump | jq -c '[.domains[].served[]? | [.name, .type, .target]] | [length > 10, length - (unique | length)]')" '[true,0]'
ok "nobody had to be called" test "$(log_count '^[^ ]+ err')" = 0
dk_stop
judged_clean
world_end
done_testing
