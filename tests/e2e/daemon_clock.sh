#!/bin/bash
# Wrong clocks. A host that is hours off is told and stops nothing: time is the API's. When the API's clock moves by more
# than a minute while we run, nothing that depends on time is done until three measures in a row agree; what does not
# depend on it goes on, and then everything does.
# runtests: timeout=180
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"

world clock_offset=3h sign_window=30s <<END
domain main exchange hosted-zz1-1 a.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 b.example
domain main emailpro emailpro-zz1-1 late.example
END
credentials
configure
inventory a.yaml <<END
domain: a.example, platform: exchange, service: hosted-zz1-1
domain: b.example, platform: emailpro, service: emailpro-zz1-1
END
dk_start
soon "a host three hours behind is told" 10 logged 'clock-offset account default: .* 10[78][0-9][0-9] s'
soon "a virgin domain signs all the same" 30 signs b.example
soon "and is rotated" 40 logged 'rotation-confirmed b.example'
SINCE=$(date -d "$(dom b.example .since)" +%s)
NOW=$(curl -s "$HTTP_URL/1.0/auth/time")
ok "times are on the API's clock" test $((NOW - SINCE)) -ge -2 -a $((NOW - SINCE)) -le 1000
offset() { ask status | jq '.accounts[0].clock_offset'; }
ok "status tells the offset" test "$(offset | tr -d -)" -ge 10700

BEGAN=$(date +%s)
sim_set clock_offset=$((3 * 3600 + 90))s
soon "ninety seconds in one step make it unsure" 20 logged 'clock-unsure account default'
inventory b.yaml <<END
domain: late.example, platform: emailpro, service: emailpro-zz1-1
END
soon "a first activation does not depend on time" 30 signs late.example
soon "what is due says that it waits for the clock" 30 dom_is a.example .reason clock-unsure
sure() { logged 'clock-sure account default'; }
bound_to_time() { echo "$(changes POST '(a|b).example/dkim/[^/]*/enable$')/$(changes DELETE .)"; }
HELD=$(bound_to_time)
held() { [ "$(bound_to_time)" = "$HELD" ] || until_true 1 sure; }
sure_or_not_held() { sure || ! held; }
soon "three measures later" 100 sure_or_not_held
ok "no rotation and no deletion until it is sure" held
ok "it is sure again" sure
ok "which took a minute at least" test $(($(date +%s) - BEGAN)) -ge 59
ROTATED=$(log_count 'rotation-confirmed')
soon "then rotation goes on" 40 at_least $((ROTATED + 1)) log_count 'rotation-confirmed'
for d in a b late; do ok "$d.example signs" signs $d.example; done
dk_stop
judged_clean
world_end
done_testing
