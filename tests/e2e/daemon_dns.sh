#!/bin/bash
# Who writes the records: a person, OVHcloud, or we; and people who meddle: the record of the selector that signs removed,
# a switch or a stop in the control panel.
# runtests: timeout=120
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"

world judge_unwritable@hand.example=yes judge_unwritable@pl.example=yes <<END
domain main emailpro emailpro-zz1-1 hand.example - none
domain main exchange hosted-zz1-1 pl.example
domain main exchange hosted-zz1-1 cut.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 panel.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 off.example - ovh 2 signing
END
credentials
POLICY='rotate_every: 1h, grace: 5s, splay: 0%'
configure
inventory a.yaml <<END
domain: hand.example, platform: emailpro, service: emailpro-zz1-1, dns: manual
domain: pl.example, platform: exchange, service: hosted-zz1-1, dns: platform
domain: cut.example, platform: exchange, service: hosted-zz1-1
domain: panel.example, platform: emailpro, service: emailpro-zz1-1
domain: off.example, platform: emailpro, service: emailpro-zz1-1
END
dk_start
soon "dns: manual waits for a person" 20 dom_is hand.example '[.condition, .waits_on, .reason] | join(" ")' "blocked person record-missing"
soon "told once, as a zone-file line" 10 logged 'record-needed .*ovh[a-z0-9]+-selector[12]\._domainkey\.hand\.example\..*CNAME.*\.dkim\.mail\.ovh\.net\.'
soon "dns: platform has OVHcloud write them" 30 signs pl.example
ok "which was asked to" grep -q 'configureDkim.*true' "$work/requests"
is "and no zone was touched for it" "$(grep -c 'POST.*/domain/zone/pl.example' "$work/requests")" 0
soon "told once: still waiting" 5 dom_is hand.example .condition blocked
is "and once only" "$(log_count 'record-needed .*hand.example')" 1
person hand.example add-cname
soon "when the records appear it goes on" 30 signs hand.example
soon "to the end" 30 dom_is hand.example '[.phase, .condition] | join(" ")' "settled ok"

soon "cut.example is in order" 20 dom_is cut.example '[.phase, .condition] | join(" ")' "settled ok"
S=$(signing cut.example)
person cut.example remove-cname "$S"
soon "the record of the selector that signs removed: an error at once" 10 logged 'err error cut.example'
soon "the record is written anew" 30 logged "record-written $S._domainkey.cut.example"
soon "and it is in order again" 20 dom_is cut.example '[.phase, .condition] | join(" ")' "settled ok"
soon "which is told" 10 logged 'recovered cut.example'
is "it signs with the same key all along" "$(signing cut.example)" "$S"

soon "panel.example is in order" 20 dom_is panel.example '[.phase, .condition] | join(" ")' "settled ok"
S=$(signing panel.example)
person panel.example switch
switched() { [ -n "$(signing panel.example)" ] && [ "$(signing panel.example)" != "$S" ]; }
soon "a person switches in the control panel" 10 switched
soon "the daemon finds out" 20 dom_is panel.example .active_selector "$(signing panel.example)"
soon "and tells what none of its requests explains" 10 logged "key-changed panel.example: selector $S"
soon "and the domain settles, the other key being a spare after a full grace" 30 dom_is panel.example '[.phase, .condition, .selectors[].role] | sort | join(" ")' "active ok settled spare"

S=$(signing off.example)
person off.example disable "$S"
soon "a person switches signing off: told" 20 logged 'signing-stopped off.example'
soon "and repaired, with the selector that signed" 40 logged "repaired off.example .*$S"
is "so it signs" "$(signing off.example)" "$S"
dk_stop
judged_clean
world_end
done_testing
