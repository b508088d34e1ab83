#!/bin/bash
# Mail signed by the site's own OpenDKIM and rspamd: keys are made, published, handed to the signer, rotated, revoked, removed
# and shredded, with the zone in an OVHcloud account. The signers are played by a few lines that read the maps as they do
# and leave the stamp that the reload unit leaves; whatever they sign must verify at every moment, for its whole grace.
# runtests: timeout=240
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"
. "$(dirname "$0")/external_lib.bash"

world <<END
domain main mxplan - open.example
domain main mxplan - rspam.example
domain main mxplan - both.example
END
credentials
POLICY='rotate_every: 24s, grace: 5s, splay: 0%' ext_configure
inventory a.yaml <<END
domain: open.example, platform: external, signer: opendkim, revoke: 8s, ttl: 0s, tags: { s: email, n: "by dkimrotd" }
domain: rspam.example, platform: external, signer: rspamd, revoke: 4s, ttl: 0s, record: dkim, selector: "r%n"
domain: both.example, platform: external, signer: opendkim, key: both, revoke: 4s, ttl: 0s
END
sim_set "zone_ttl=1"
signers_start
ok "it starts and answers" dk_start
soon "open.example signs" 40 dom_is open.example '.active_selector != null' true
FIRST=$(dom open.example .active_selector)
ok "its name is of the template" grep -qE "^dk20[0-9]{4}" <<<"$FIRST"
is "and its key in the zone has the tags" "$(ext_txt "$FIRST._domainkey.open.example" | grep -c 'v=DKIM1; k=rsa; n=by dkimrotd; s=email; p=MII')" 1
is "the signer's map leads to the private key" "$(ext_key_of opendkim open.example)" "$STATE/keys/private/open.example/$FIRST.pem"
is "whose public half the zone serves" "$(ext_public "$(ext_key_of opendkim open.example)")" "$(ext_p "$FIRST._domainkey.open.example")"
is "nobody else may read it" "$(stat -c %a "$STATE/keys/private/open.example/$FIRST.pem")" 640
for d in rspam both; do
	soon "$d.example signs" 40 dom_is $d.example '.active_selector != null' true
done
is "rspamd's maps name selector and path" "$(grep -c '^rspam.example ' "$STATE/keys/rspamd/selectors.map" "$STATE/keys/rspamd/paths.map" | grep -c ':1$')" 2
is "two signatures: two keys in the map" "$(grep -c 'both.example' "$STATE/keys/opendkim/KeyTable") $(grep -c 'both.example' "$STATE/keys/opendkim/SigningTable")" "2 2"

# What is foretold, to be compared with what is done: before a rotation begins, that of a domain which signed first perhaps.
foretold() { jq -r --arg d "$1" '[.calls[] | select(.domain == $d) | "\(.action) \(.selector)"] | .[:5][]' <<<"$PLAN"; }
told_before() { # DOMAIN
	lines=$(wc -l <"$LOG") FIRST=$(dom "$1" .active_selector)
	PLAN=$(ctl --json plan "$1" --until 2h)
	[[ $(foretold "$1") == enable* ]] && ! tail -n "+$((lines + 1))" "$LOG" | grep -q " rotation-started $1"
}
told() { jq -r --arg d "$1" --arg a "$2" '[.calls[] | select(.domain == $d and .action == $a)][0] | if .zone_edits then (.zone_edits | map("\(.method) \(.path)") | join("; ")) else "\(.method) \(.path)" end' <<<"$PLAN"; }
soon "both.example waits for its rotation" 90 told_before both.example
is "the zone that will be is foretold, for each of two signatures" "$(told both.example publish)" \
	"PUT /domain/zone/both.example/record/{id}; PUT /domain/zone/both.example/record/{id}; POST /domain/zone/both.example/refresh"
soon "status says settled" 60 dom_is open.example '[.phase, .condition] | join(" ")' "settled ok"
soon "open.example waits for its rotation" 90 told_before open.example

carried_out() { # DOMAIN: by what the journal tells from here on
	tail -n "+$((lines + 1))" "$LOG" | sed -n -E -e "s/.* rotation-started $1: switching from [^ ]* to ([^ ]*).*/enable \1/p" \
		-e "s/.* key-revoked $1: the key of ([^ ]*) .*/delete \1/p" -e "s/.* key-made $1: .* ([^ ]*)/create \1/p" \
		-e "s/.* record-written ([^.]*)\._domainkey\.$1: .*/publish \1/p" | head -5
}
carries_out() { [ "$(carried_out "$1")" = "$(foretold "$1")" ]; }
is "a whole round is foretold" "$(foretold open.example | cut -d' ' -f1 | paste -sd' ')" "enable delete publish create publish"
is "with the map that will be written" "$(told open.example enable)" "WRITE keys/opendkim/KeyTable"
is "and the private key that will be destroyed" "$(told open.example shred)" "SHRED keys/private/open.example/$FIRST.pem"

soon "it is rotated" 60 logged "rotation-confirmed open.example.* key $FIRST stays"
ok "and signs with another selector" test "$(dom open.example .active_selector)" != "$FIRST"
soon "after its grace the zone says that the old key is revoked" 40 ext_is_revoked "$FIRST._domainkey.open.example"
soon "and the journal" 20 logged "key-revoked open.example: .*$FIRST"
soon "then the record goes" 40 ext_is_gone "$FIRST._domainkey.open.example"
soon "and the private key is destroyed" 20 test ! -e "$STATE/keys/private/open.example/$FIRST.pem"
soon "all of that was foretold, in that order" 20 carries_out open.example
soon "rspamd's domain went round as well" 40 logged 'key-shredded rspam.example'
soon "and the one with two signatures" 40 logged 'key-shredded both.example'
soon "a third key signs" 60 at_least 2 log_count 'rotation-confirmed open.example'
is "no name was used twice" "$(sed -n 's/^key \([^ ]*\) .*/\1/p' "$STATE"/keys/private/open.example/keys | sort | uniq -d)" ""
is "no private key is in the journal, the state or the status" "$({ cat "$LOG" "$STATE"/*.db*; ask domains; } | grep -c -a 'PRIVATE KEY')" 0
# A machine that is so slow that a reading is old before its change leaves, or that a reading comes too late, is no fault.
is "nothing was warned of or wrong" "$(grep -E '^[^ ]+ (warning|err) ' "$LOG" | grep -v -e ' credential-exceeds ' -e ' gate-refused .* reading behind it is more than 30 s old' -e ' grace-restarted .* a gap in the readings')" ""
dk_stop
signers_stop
is "whatever was signed verified, for as long as a grace" "$(ext_failures)" ""
ok "and much was signed ($(ext_signed) messages looked at)" test "$(ext_signed)" -gt 50
judged_clean
world_end
done_testing
