#!/bin/bash
# What a person orders of keys, by the real daemon and dkimrotctl: --compromised deletes the leaked key as soon as the new one
# signs, however long the grace, and the next old key has its grace again; --back returns to the previous key while it is in
# its grace, and pauses the domain. Both hold through a kill in the middle.
# runtests: timeout=120
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"
role() { dom "$1" ".selectors[] | select(.name == \"$2\") | .role"; }
plays() { [ "$(role "$1" "$2")" = "$3" ]; }
spare_of() { dom "$1" '.selectors[] | select(.role == "spare") | .name'; }

world <<END
domain main exchange hosted-zz1-1 leaked.example
domain main emailpro emailpro-zz1-1 regret.example
END
credentials
POLICY='rotate_every: 20h, grace: 10h, splay: 0%' configure # nothing ends by itself
sim_set judge_grace_ms=10h
inventory a.yaml <<END
domain: leaked.example, platform: exchange, service: hosted-zz1-1
domain: regret.example, platform: emailpro, service: emailpro-zz1-1
END
dk_start
soon "one signs and has its spare" 40 dom_is leaked.example .reason settled
soon "so does the other" 40 dom_is regret.example .reason settled

# --compromised
LEAKED=$(dom leaked.example .active_selector) NEXT=$(spare_of leaked.example)
sim_set judge_compromised@leaked.example=yes
# A spare has to be visible for longer than the longest TTL, which an order does not shorten.
ordered() { run rotate "$@" && [ "$RC" = 0 ]; }
soon "rotate --compromised is taken" 40 ordered leaked.example --compromised
dk_kill KILL
ok "killed in the middle, it starts again" dk_start
soon "the new key signs" 30 dom_is leaked.example .active_selector "$NEXT"
soon "the leaked key is deleted, in spite of a grace of hours" 30 logged "key-deleted leaked.example: .*$LEAKED"
soon "and made anew" 40 plays leaked.example "$LEAKED" spare
is "nothing else was deleted" "$(changes DELETE '/dkim/')" 1
sim_set judge_compromised@leaked.example=no
soon "rotate, by another order" 40 ordered leaked.example
soon "is done" 30 dom_is leaked.example .active_selector "$LEAKED"
soon "this old key has its grace" 20 dom_is leaked.example '[.phase, .next.action] | join(" ")' "grace delete"

# --back
FIRST=$(dom regret.example .active_selector) SECOND=$(spare_of regret.example)
run rotate regret.example --back
is "there is no way back before anything was switched" "$RC" 1
soon "rotate" 40 ordered regret.example
soon "is done" 30 dom_is regret.example .active_selector "$SECOND"
soon "rotate --back is taken" 40 ordered regret.example --back
soon "and it is signed with the key from before" 30 dom_is regret.example .active_selector "$FIRST"
ok "in truth" signs regret.example
soon "the domain is paused" 20 dom_is regret.example .condition paused
dk_kill KILL
ok "killed, it starts again" dk_start
soon "and is paused still" 20 dom_is regret.example .condition paused
run resume regret.example
is "resumed" "$RC" 0
soon "the key that was gone back from is in its grace" 20 plays regret.example "$SECOND" retired
is "and nothing was deleted for it" "$(changes DELETE '/dkim/')" 1
dk_stop
judged_clean
world_end
done_testing
