#!/bin/bash
# A deployment that drops 500 files: one reload after they have settled, every domain met, and none of them missed. A
# domain whose file is missing for some minutes only is not released, and neither is one whose file was caught half-written;
# the last good inventory survives a restart.
# runtests: timeout=180
# shellcheck disable=SC1091,SC2034,SC2154,SC2329,SC2317 # what the library sets, and what it reads; called by soon
. "$(dirname "$0")/daemon_lib.bash"
MANY=500

world <<END
domain main emailpro emailpro-zz1-1 first.example - ovh 2 signing
repeat $MANY domain main emailpro emailpro-zz1-1 d{}.example - ovh 2 signing
END
credentials
POLL='active: 1s, settled: 5min' POLICY='rotate_every: never, grace: 1h' SAFETY='minimum_grace: 1s, longest_gap: 1h'
configure
inventory first.yaml <<<"domain: first.example, platform: emailpro, service: emailpro-zz1-1"
reloads() { log_count ' reloaded( |$)'; }
domains() { ask domains | jq '[.. | objects | select(has("domain"))] | length'; }
counts() { [ "$(domains)" = "$1" ]; }

dk_start
soon "one domain is there" 20 counts 1
BEFORE=$(reloads)
mkdir "$work/drop"
for ((i = 0; i < MANY; i++)); do
	printf 'domains:\n  - { domain: d%d.example, platform: emailpro, service: emailpro-zz1-1 }\n' $i >"$work/drop/d$i.yaml"
done
DROPS=${EPOCHREALTIME/[.,]/}
cp "$work"/drop/* "$INV"
# Two seconds of quiet are taken for the end of it: so often a busy machine may have stood still in between.
LULLS=$(((${EPOCHREALTIME/[.,]/} - DROPS) / 2000000))
soon "$MANY files dropped one by one are all there" 30 counts $((MANY + 1))
until_true 4 false
ok "after one reload ($LULLS lulls)" test $(($(reloads) - BEFORE)) -ge 1 -a $(($(reloads) - BEFORE)) -le $((1 + LULLS))
soon "and their domains are met" 60 at_least $((MANY + 1)) log_count 'domain-met '

# gone for a moment, as with a deployment that removes before it writes
BEFORE=$(reloads)
mv "$INV/d7.yaml" "$work/d7.yaml"
soon "a file that goes is seen" 20 at_least $((BEFORE + 1)) reloads
mv "$work/d7.yaml" "$INV/d7.yaml"
soon "and that it comes back" 20 at_least $((BEFORE + 2)) reloads
soon "its domain is there" 20 counts $((MANY + 1))
is "was not released meanwhile" "$(log_count 'domain-released')" 0
is "nor met anew" "$(log_count 'domain-met d7\.example')" 1

# caught half-written: a file that stops in the middle of a word
printf 'domains:\n  - { domain: d8.example, platf' | put d8.yaml
soon "half a file is refused" 20 logged 'file-refused .*d8\.yaml'
is "its domain goes on" "$(dom d8.example .condition)" ok
dk_stop
LOG_BEFORE=$(log_count 'domain-met ')
ok "the last good inventory" dk_start
soon "survives a restart" 20 counts $((MANY + 1))
is "with the domain of the faulty file" "$(dom d8.example .domain)" d8.example
is "nobody is met anew" "$(log_count 'domain-met ')" "$LOG_BEFORE"
is "nobody was released" "$(log_count 'domain-released')" 0
dk_stop
judged_clean
is "nothing was changed at OVHcloud by all that" "$(changes_all)" 0
world_end
done_testing
