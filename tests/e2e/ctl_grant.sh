#!/bin/bash
# dkimrotctl grant, and what the daemon says of its key: a key made with the rules that grant prints is enough for whole
# lives on every platform and nothing is said against it; one that may do less or more, or expires, is told.
# runtests: timeout=240
# shellcheck disable=SC2119,SC2317 # functions that take options, and some that are called by others
# shellcheck source=tests/e2e/daemon_lib.bash
. "$(dirname "$0")/daemon_lib.bash"
grant() { "$BUILD/dkimrotctl" grant -c "$CONF" "$@"; }
# A new key of the same application with the rules on standard input ({"accessRules": ...}), validated: its consumer key.
new_key() {
	local answer
	answer=$(curl -s -H "X-Ovh-Application: $AK" -d @- "$HTTP_URL/1.0/auth/credential")
	curl -s -o "$work/validated" "$(jq -r .validationUrl <<<"$answer")"
	jq -r .consumerKey <<<"$answer"
}
refusals() { jq -c 'select(.status == 403)' "$work/requests" | head -5; }

world <<END
domain main exchange hosted-zz1-1 ex.example
domain main emailpro emailpro-zz1-1 pro.example - ovh 2 signing
domain main mxplan mx.example mx.example
domain main zimbra zim.example zim.example
domain main exchange hosted-zz1-1 hand.example - none
END
credentials
configure
inventory a.yaml <<END
domain: ex.example, platform: exchange, service: hosted-zz1-1
domain: pro.example, platform: emailpro, service: emailpro-zz1-1
domain: mx.example, platform: mxplan
domain: zim.example, platform: zimbra, zimbra_api: v2
domain: hand.example, platform: exchange, service: hosted-zz1-1, dns: manual, mode: observe
END
OUT=$(grant)
is "it needs no daemon" "$?" 0
has "rules for people" "$OUT" "  DELETE /email/exchange/hosted-zz1-1/service/hosted-zz1-1/domain/ex.example/dkim/*"
has "a link with the rules filled in" "$OUT" "http://127.0.0.1:$HTTP_PORT/createToken/?GET="
has "IAM actions for a service account" "$OUT" "  dnsZone:apiovh:refresh"
is "nothing may be changed that is only observed" "$(grep -c '^  \(POST\|PUT\|DELETE\).*hand.example' <<<"$OUT")" 0
sed -i 's/endpoint: "[^"]*"/endpoint: ovh-eu/' "$CONF"
has "at OVHcloud it leads to its page" "$(grant)" "  https://eu.api.ovh.com/createToken/?GET=/email/"
configure

# With these rules alone, whole lives.
CK2=$(grant --json | jq '{accessRules: .[0].rules}' | new_key)
credentials "$CRED" "$AK" "$AS" "$CK2"
dk_start
turned() { [ "$(log_count "rotation-confirmed $1")" -ge 2 ]; }
soon "exchange rotates twice" 120 turned ex.example
soon "email pro too" 120 turned pro.example
soon "mx plan signs" 30 dom_is mx.example .signing true
soon "zimbra signs" 30 dom_is zim.example .signing true
is "nothing was refused" "$(refusals)" ""
is "nothing is said against the key" "$(log_count 'credential-')" 0
is "status has compared it" "$(ask status | jq -c '.accounts[0] | [.credential_expires, .credential_lacks, .credential_exceeds]')" '[null,0,0]'
echo "domain: more.example, platform: mxplan" >>"$work/more"
inventory b.yaml <"$work/more"
soon "a domain that the key does not know of is told after the reload" 30 logged 'credential-lacks.*GET /email/domain/more.example'
rm "$INV/b.yaml"
dk_stop

# Less, more, and not for long.
: >"$LOG"
CK3=$(grant --json | jq '{accessRules: ([.[0].rules[] | select(.path | test("refresh") | not)] + [{method: "GET", path: "/me"}])}' | new_key)
credentials "$CRED" "$AK" "$AS" "$CK3"
sim_set credential_life=9d
dk_start
soon "what lacks is told" 30 logged 'credential-lacks .*POST /domain/zone/[a-z]*.example/refresh'
is "once, as a warning" "$(log_count 'warning credential-lacks')" 1
soon "what is too much is told" 30 logged 'warning credential-exceeds .*GET /me'
soon "that it expires, as what a person must see to" 30 logged 'err credential-expires account default'
# Nine days but the moments since then: "8d 23h", or "9d" where nothing took a second.
is "status shows when" "$("$BUILD/dkimrotctl" --socket "$SOCK" status | grep -cE 'its key expires in (8d|9d)')" 1
has "and what lacks" "$("$BUILD/dkimrotctl" --socket "$SOCK" status)" "its key lacks 2 access rules: dkimrotctl grant"
ok "a metric as well" grep -qE '^dkimrotd_credential_expires_timestamp_seconds\{account="default"\} [0-9]{10}$' \
	<(curl -s --unix-socket "$SOCK" http://x/metrics)
"$BUILD/dkimrotctl" --socket "$SOCK" status --check >"$work/check"
has "monitoring is told" "$(<"$work/check")" "its key expires"
dk_stop
judged_clean
world_end
done_testing
