#!/bin/bash
# MX Plan, and Zimbra by both of its ways: enabled, their records written, watched; the policy's rotation is said to be
# not applicable; and what flaps, conflicts or is lost is settled before anything is sent again.
# runtests: timeout=90
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"

Z1=11111111-2222-3333-4444-555555555555
world <<END
domain main mxplan mx plan.example
domain main mxplan mx flap.example
domain main mxplan mx byhand.example - none
domain main zimbra $Z1 one.example
domain main zimbra $Z1 two.example
domain main zimbra $Z1 odd.example
set mx_flap_ms@flap.example=2s
set mx_order_swaps@flap.example=yes
set zimbra_cnames@odd.example=enabled
set zimbra_sync@odd.example=OUT_OF_SYNC
END
credentials
configure
inventory a.yaml <<END
domain: plan.example, platform: mxplan, dns: ovh
domain: flap.example, platform: mxplan
domain: byhand.example, platform: mxplan, dns: manual
domain: one.example, platform: zimbra, dns: ovh
domain: two.example, platform: zimbra, zimbra_api: v2, dns: ovh
domain: odd.example, platform: zimbra, zimbra_api: v2, dns: ovh
END
dk_start
for d in plan flap one two odd; do
	soon "$d.example signs" 30 signs $d.example
	soon "and is settled" 20 dom_is $d.example '[.phase, .condition, .reason] | join(" ")' "settled ok rotation-not-applicable"
	soon "its rotation is reported as not applicable" 10 logged "rotation-not-applicable $d.example"
	is "and none is planned" "$(dom $d.example .next_rotation)" null
done
is "none is asked for either" "$(order domains/plan.example/rotate; echo "$STATUS")" 409

soon "records that a person writes are asked for" 20 dom_is byhand.example '[.condition, .reason, .waits_on] | join(" ")' \
	"blocked record-missing person"
soon "as a zone-file line" 10 logged 'record-needed byhand\.example .*_domainkey\.byhand\.example\. .*CNAME'
person byhand.example add-cname
soon "written, it goes on by itself" 20 signs byhand.example
soon "and is in order" 20 dom_is byhand.example .condition ok
ENABLES=$(changes_all)
PASS=$(date -u +%FT%TZ)
soon "the looks go on" 20 dom_is plan.example ".next_look > \"$PASS\"" true
person flap.example disable
soon "switched off by a person, it is enabled again, by a change of ours" 40 at_least $((ENABLES + 1)) changes_all
soon "and signs" 20 signs flap.example
dk_stop
judged_clean
world_end
done_testing
