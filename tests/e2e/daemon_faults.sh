#!/bin/bash
# Each fault of the DNS and of OVHcloud's side, told by the real daemon in OVHcloud's terms: reason, code, message and remedy.
# What it said is printed row by row behind "# table:", for people and for the manual.
# runtests: timeout=150
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"

world judge_unwritable=yes dns_addresses=distinct dns_servers@silent.example=4 dns_servers@fails.example=4 \
	dns_flatten@flat.example=yes dns_lagging@lags.example=2 dns_lag_ms@lags.example=1h \
	task_error@task.example=1 failed_create@task.example=todo keep_pending@task.example=error \
	dns_silent@half.example=2 dns_silent@silent.example=2,3,4 dns_servfail@fails.example=2,3,4 <<END
domain main exchange hosted-zz1-1 missing.example - none
domain main exchange hosted-zz1-1 wrong.example - ovh 2 signing
domain main exchange hosted-zz1-1 flat.example - ovh 2 signing
domain main exchange hosted-zz1-1 lags.example
domain main exchange hosted-zz1-1 half.example - ovh 2 signing
domain main exchange hosted-zz1-1 silent.example
domain main exchange hosted-zz1-1 fails.example
domain main exchange hosted-zz1-1 revoked.example - ovh 2 signing
domain main exchange hosted-zz1-1 tiny.example - ovh 2 signing
domain main exchange hosted-zz1-1 garbage.example - ovh 2 signing
domain main exchange hosted-zz1-1 short.example - ovh 2 signing
domain main exchange hosted-zz1-1 testing.example - ovh 2 signing
domain main exchange hosted-zz1-1 task.example
domain main exchange hosted-zz1-1 theirs.example - ovh 2 signing
domain main mxplan - tofix.example
domain main mxplan - toset.example - none
END
credentials
POLICY='rotate_every: never, grace: 5s'
configure
for d in missing wrong flat lags half silent fails revoked tiny garbage short testing task theirs; do
	echo "domain: $d.example, platform: exchange, service: hosted-zz1-1, dns: manual"
done | { cat; printf 'domain: %s.example, platform: mxplan, dns: manual\n' toset tofix; } | inventory a.yaml
dk_start

# OVHcloud may come to see it a moment after us.
dom_says() { grep -qE -- "$3" <<<"$(dom "$1" "$2")"; } # NAME FILTER REGEX
# fault WHAT DOMAIN "REASON CODE" MESSAGE-REGEX REMEDY-REGEX
fault() {
	soon "$1: the reason and the code" 30 dom_is "$2" '[.reason, .diagnosis.code] | map(tostring) | join(" ")' "$3"
	soon "$1: the message" 20 dom_says "$2" .diagnosis.message "$4"
	soon "$1: the remedy" 20 dom_says "$2" .diagnosis.remedy "$5"
	echo "# table: $1 | $(dom "$2" '[.reason, (.diagnosis.code | tostring), .diagnosis.message, .diagnosis.remedy] | join(" | ")')"
}
LINE='ovhex[0-9]+-selector[12]\._domainkey\.[a-z.]*example\. IN CNAME ovhex[0-9]+-selector[12]\._domainkey\.[0-9]+\.[a-z]+\.dkim\.mail\.ovh\.net\.$'

fault "missing CNAME" missing.example "record-missing 504" "One CNAME record is missing: nothing stands at ovhex" "Create this record in zone missing.example: $LINE"
soon "wrong.example is in order at first" 20 dom_is wrong.example .condition ok
S=$(signing wrong.example)
person wrong.example wrong-cname "$S"
fault "wrong CNAME" wrong.example "signing-record-gone 503" "CNAME record is wrong: $S.* \(the CNAME leads to .*\), and should lead to $S" "Replace what stands at the name by this record in zone wrong.example: $LINE"
fault "flattened CNAME" flat.example "signing-record-gone 503" "is flattened" "switch off flattening or proxying.*$LINE"
soon "lags.example awaits its records" 20 dom_is lags.example .reason record-missing
person lags.example add-cname
fault "lagging secondary" lags.example "record-missing 503" "not visible at 1 of 2 servers of the zone \(ns2" "do not follow its primary"
soon "half of the servers, by name, are enough" 20 dom_is half.example '.selectors[0].evidence | [.record, (.servers | map(.said) | sort | join(","))] | join(" ")' "ok ok,silent"
soon "a zone whose servers are silent: unknown, and no alarm" 40 dom_is silent.example '[.reason, .condition] | join(" ")' "dns-unknown ok"
echo "# table: silent servers | dns-unknown | - | $(dom silent.example .detail)"
soon "a zone whose servers fail: likewise" 40 dom_is fails.example '[.reason, .condition] | join(" ")' "dns-unknown ok"
soon "which names them" 20 dom_says fails.example .detail SERVFAIL
echo "# table: SERVFAIL | dns-unknown | - | $(dom fails.example .detail)"

for d in revoked:revoked tiny:tiny garbage:garbage short:weak testing:testing; do
	soon "${d%:*}.example is in order at first" 20 dom_is "${d%:*}.example" .condition ok
	sim_post set "key_served@${d%:*}.example=${d#*:}" >/dev/null
done
fault "revoked key" revoked.example "key-unusable null" "is revoked \(its p= is empty\)" "support ticket and paste: domain revoked.example"
fault "RSA key of 768 bits" tiny.example "key-unusable null" "has 768 bits, verifiers want 1024 at least" "The key is OVHcloud's"
fault "no key in the TXT record" garbage.example "key-unusable null" "holds a p= that is not base64" "The key is OVHcloud's"
soon "a key of 1024 bits is told" 20 logged 'key-odd short.example: the key of .* is an RSA key of fewer than 2048 bits'
soon "test mode is told" 20 logged 'key-odd testing.example: the key of .* is published in test mode \(t=y\)'
soon "and shown" 20 dom_is testing.example '.selectors | map(select(.evidence.key.test_mode)) | length > 0' true
echo "# table: RSA key of 1024 bits | $(dom short.example .reason) | - | $(grep -om1 'the key of .* fewer than 2048.*' "$LOG")"
echo "# table: test mode | $(dom testing.example .reason) | - | $(grep -om1 'the key of .* test mode.*' "$LOG")"

soon "theirs.example is in order at first" 20 dom_is theirs.example .condition ok
sim_post set diagnostics_code@theirs.example=503 >/dev/null
soon "OVHcloud calls wrong what we see right: both are shown" 20 dom_is theirs.example '[.condition, .diagnosis.code, .diagnosis.ovhcloud.code] | map(tostring) | join(" ")' "ok 503 503"
soon "with what each says" 20 dom_says theirs.example .diagnosis.message "OVHcloud's own check says 503, CNAME record is wrong; our own look-ups find every record and key right"
echo "# table: OVHcloud's check differs | $(dom theirs.example '[.reason, (.diagnosis.code | tostring), .diagnosis.message, .diagnosis.remedy] | join(" | ")')"

soon "a domain in order has no diagnosis" 20 dom_is half.example .diagnosis null
fault "task in error" task.example "record-missing 502" "One DKIM configuration task is in error since 20" "Nothing before 20.*open a support ticket and paste: domain task.example, service hosted-zz1-1, selector ovhex[0-9]+-selector[12], task [0-9]+, query id of the request .*, query id of the answer "
soon "tofix.example signs at first" 20 dom_is tofix.example .signing true
person tofix.example wrong-cname "$(signing tofix.example)"
fault "MX Plan: toFix" tofix.example "signing-record-gone 503" "CNAME record is wrong: .*OVHcloud says toFix" "Replace what stands at the name by this record in zone tofix.example: ovhmo"
fault "MX Plan: toSet" toset.example "record-missing 504" "One CNAME record is missing: .*OVHcloud says toSet" "Create this record in zone toset.example: ovhmo"
soon_is "the person is told once of each" 10 1 log_count 'record-needed missing.example'
dk_stop
judged_clean
world_end
done_testing
