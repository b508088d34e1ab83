#!/bin/bash
# The whole life on Exchange and E-mail Pro: a virgin domain is given its selectors and records, signs, rotates, keeps the
# old key for its grace, deletes it and makes it anew, and round again; one that signed before we came is rotated too. The
# judge sees every change, and the journal tells the story in few lines.
# runtests: timeout=120
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"

world <<END
domain main exchange hosted-zz1-1 new.example
domain main exchange hosted-zz1-1 old.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 pro.example
domain main emailpro emailpro-zz1-1 single.example - ovh 1 signing
domain main exchange hosted-zz1-1 three.example - ovh 3 signing
END
credentials
configure
# Its policy says how long what is to be looked at stays.
new_lives_by() { inventory new.yaml <<<"domain: new.example, platform: exchange, service: hosted-zz1-1, policy: { $1 }"; }
new_lives_by 'rotate_every: 1h, grace: 30min'
inventory a.yaml <<END
domain: old.example, platform: exchange, service: hosted-zz1-1
domain: pro.example, platform: emailpro, service: emailpro-zz1-1
domain: single.example, platform: emailpro, service: emailpro-zz1-1
domain: three.example, platform: exchange, service: hosted-zz1-1
END
ok "it starts and answers" dk_start
soon "a virgin domain of Exchange signs" 20 signs new.example
soon "and one of E-mail Pro" 20 signs pro.example
FIRST=$(signing new.example)
soon "status says settled and who signs" 20 dom_is new.example '[.phase, .condition, .active_selector] | join(" ")' "settled ok $FIRST"
is "both selectors have their record" "$(dom new.example '[.selectors[].dns] | join(" ")')" "ok ok"
soon "no rotation with one selector, and that is no error" 20 \
	dom_is single.example '[.condition, .reason] | join(" ")' "ok rotation-not-possible"
soon "which the journal says" 10 logged 'rotation-not-possible single.example'

new_lives_by 'rotate_every: 21s, grace: 20s'
soon "it is rotated" 40 logged 'rotation-started new.example'
soon "and confirmed" 15 logged 'rotation-confirmed new.example'
soon "grace: the old key waits" 15 dom_is new.example '[.phase, .waits_on, .next.action] | join(" ")' "grace time delete"
ok "the other selector signs" test "$(signing new.example)" != "$FIRST"
is "the old one is retired and has its dates" \
	"$(dom new.example ".selectors[] | select(.name == \"$FIRST\") | [.role, (.delete_after > .stopped_signing)] | join(\" \")")" "retired true"
new_lives_by 'rotate_every: 1h, grace: 5s'
soon "after the grace the old key is deleted" 20 logged "key-deleted new.example: .*$FIRST"
soon "and made anew with its record" 20 dom_is new.example '[.phase, .condition, .selectors[].dns] | join(" ")' "settled ok ok ok"
new_lives_by 'rotate_every: 15s, grace: 5s'
soon "a second rotation of the same domain is confirmed" 40 at_least 2 log_count 'rotation-confirmed new.example'
new_lives_by 'rotate_every: 1h, grace: 5s'
is "it signs with the first name again, another key" "$(signing new.example)" "$FIRST"
soon "E-mail Pro went round as well" 30 logged 'key-deleted pro.example'
soon "and the domain that signed before we came" 30 logged 'key-deleted old.example'
soon "and the one with a foreign third selector" 30 logged 'key-deleted three.example'
soon "whose third selector is foreign and there still" 10 dom_is three.example '[.selectors[] | select(.role == "foreign")] | length' 1
STORY=$(awk '/ rotation-started new.example/ {n++} n == 1' "$LOG" | grep -E '^[^ ]+ (notice|warning|err) ' | grep -c 'new\.example')
ok "a rotation takes fewer than ten lines of notice or above ($STORY)" test "$STORY" -lt 10
# (but that the simulator's key may do everything)
is "and nothing was warned of or wrong" "$(grep -E '^[^ ]+ (warning|err) ' "$LOG" | grep -v ' credential-exceeds ')" ""
for d in new.example old.example pro.example single.example three.example; do
	is "$d signs" "$(signing "$d" | wc -w)" 1
done
dk_stop
judged_clean
world_end
done_testing
