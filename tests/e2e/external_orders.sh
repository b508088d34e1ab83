#!/bin/bash
# What a person orders of an external domain: a key that signs already is taken over without a gap, a leaked key is replaced
# at once, and the records are printed as they are pasted. A person writes one of the zones; the zone of the other two is at
# OVHcloud.
# runtests: timeout=180
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"
. "$(dirname "$0")/external_lib.bash"

world <<END
domain main mxplan - old.example
domain main mxplan - leak.example
domain main mxplan - hand.example
END
credentials
POLICY="rotate_every: 1h, grace: 20s, splay: 0%"
ext_configure
# This one signs already: its key stands in the zone.
openssl genrsa -out "$work/mail.pem" 2048 2>/dev/null
OLD_P=$(ext_public "$work/mail.pem")
call POST /1.0/domain/zone/old.example/record "{\"fieldType\":\"TXT\",\"subDomain\":\"mail._domainkey\",\"target\":\"v=DKIM1; k=rsa; p=$OLD_P\"}"
call POST /1.0/domain/zone/old.example/refresh
inventory a.yaml <<END
domain: old.example, platform: external, signer: opendkim, mode: observe, ttl: 0s, revoke: 3s
domain: leak.example, platform: external, signer: rspamd, ttl: 0s, revoke: 20s
domain: hand.example, platform: external, signer: opendkim, dns: manual
END
sim_set "zone_ttl=1"
signers_start
ok "it starts and answers" dk_start

soon "the key is in the zone" 10 ext_stands mail._domainkey.old.example
openssl genrsa -out "$work/other.pem" 2048 2>/dev/null
ok "another key than the DNS serves is refused" bash -c "! '$BUILD/dkimrotctl' --socket '$SOCK' adopt old.example --key '$work/other.pem' --selector mail 2>'$work/no'"
has "with the reason" "$(<"$work/no")" "the DNS does not serve this key under mail"
ok "the key that signs is taken over" ctl adopt old.example --key "$work/mail.pem" --selector mail
soon "the signer took the map, and it signs with the same key" 10 dom_is old.example .active_selector mail
ok "a second time is refused" bash -c "! '$BUILD/dkimrotctl' --socket '$SOCK' adopt old.example --key '$work/mail.pem' --selector mail 2>/dev/null"
sed -i 's/mode: observe, //' "$INV/a.yaml"
soon "managed, it gets a second key beside it" 40 dom_is old.example '[.active_selector, .condition, (.selectors | map(select(.dns == "ok")) | length)] | map(tostring) | join(" ")' "mail ok 2"
soon "and is rotated away from the old one" 20 ctl rotate old.example --wait 3min
ok "to a key of ours" test "$(dom old.example .active_selector)" != mail

soon "leak.example signs and has a spare" 40 dom_is leak.example '[.condition, (.selectors | map(select(.dns == "ok")) | length)] | map(tostring) | join(" ")' "ok 2"
LEAKED=$(dom leak.example .active_selector)
soon "a leaked key: rotate --compromised" 20 ctl rotate leak.example --compromised --wait 3min
ok "another key signs" test "$(dom leak.example .active_selector)" != "$LEAKED"
soon "the old key is revoked at once, grace or not" 10 ext_is_revoked "$LEAKED._domainkey.leak.example"
soon "and the journal says how long caches may serve it" 20 logged "key-revoked leak.example: the key of $LEAKED .*caches may serve the old one for"

soon "hand.example waits for a person" 20 dom_is hand.example '[.reason, .waits_on] | join(" ")' "record-missing person"
ctl records hand.example --missing >"$work/zone"
is "both lines are printed for the zone" "$(grep -c '^dk[0-9]*\._domainkey\.hand\.example\. *3600 IN TXT "v=DKIM1; k=rsa; p=' "$work/zone")" 2
is "in strings of 255 bytes at most" "$(grep -oE '"[^"]{256,}"' "$work/zone")" ""
sed -n 's/^\([^ ]*\)\.hand\.example\. *3600 IN TXT \(.*\) ;.*/\1 \2/p' "$work/zone" | while read -r name text; do
	text=${text//\" \"/} text=${text//\"/}
	call POST /1.0/domain/zone/hand.example/record "{\"fieldType\":\"TXT\",\"subDomain\":\"$name\",\"target\":\"$text\"}"
done
call POST /1.0/domain/zone/hand.example/refresh
soon "pasted, it signs" 40 dom_is hand.example '.active_selector != null' true
nothing_missing() { run records hand.example --missing; [ "$RC$OUT" = 0 ]; }
soon "and nothing is missing any more" 20 nothing_missing
dk_stop
signers_stop
is "whatever was signed verified, but for what a leaked key had signed" "$(grep -v '^ok$' "$work/received" | grep -v "$LEAKED leak.example" | head -3)" ""
done_testing
