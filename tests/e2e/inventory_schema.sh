#!/bin/bash
# The JSON Schema of inventories: it takes what the manual and the examples show, refuses what it can, is nowhere stricter
# than the daemon's own parser, and knows the keys and words that the parser's tables have. And the Ansible example, played
# for real against a folder: it drops one file a domain, and a faulty one never takes its place.
# runtests: timeout=120
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"
cd "$SRC" || exit 1
schema=conf/schema/inventory.schema.json
mkdir -p "$work/inv"

cat >"$work/check.py" <<'END'
import json, sys, yaml
from jsonschema import Draft7Validator
schema = json.load(open(sys.argv[1]))
Draft7Validator.check_schema(schema)
for path in sys.argv[2:]:
    faults = [e.message for e in Draft7Validator(schema).iter_errors(yaml.safe_load(open(path)))]
    print(path, "refused" if faults else "taken")
END
# judged WANTED FILE...: what the schema and dkimrotctl check make of each file; what is tested is its first line.
judged() {
	local wanted=$1 file verdict theirs
	shift
	while read -r file verdict; do
		theirs=refused
		"$BUILD/dkimrotctl" check "$file" >"$work/ctl" 2>&1 && theirs=taken
		is "$wanted: ${file##*/}: $(head -1 "$file")" "$verdict $theirs" "$wanted $wanted"
	done < <(/usr/bin/python3 "$work/check.py" "$schema" "$@")
}
judge() { # WANTED <one inventory a line
	rm -f "$work"/inv/*
	(cd "$work/inv" && split -l 1 -d -a 3 --additional-suffix=.yaml - line)
	judged "$1" "$work"/inv/*.yaml
}
judge taken <<'END'
domains: []
domains:
domains: [ { domain: a.example, platform: exchange, service: hosted-zz1-1 } ]
domains: [ { domain: bücher.example, platform: mxplan, mode: observe, dns: manual } ]
domains: [ { domain: mail.a.example, platform: zimbra, zimbra_api: v2, account: default, zone: a.example, zone_account: default } ]
domains: [ { domain: a.example, platform: exchange, service: hosted-zz1-1, organization: other-1, policy: default } ]
domains: [ { domain: a.example, platform: mxplan, policy: { rotate_every: never } } ]
domains: [ { domain: a.example, platform: emailpro, service: "1", policy: { rotate_every: 1y, grace: 1w 2d, splay: 7.5%, window: "Mon..Fri 08:00-17:00 Europe/Paris" } } ]
defaults: { platform: emailpro, service: emailpro-zz1-1, dns: ovh, mode: manage }
{ domains: [ { domain: a.example } ], defaults: { platform: emailpro, service: emailpro-zz1-1 } }
END
judge refused <<'END'
[]
domains: a.example
domains: [ a.example ]
domains: [ {} ]
more: 1
defaults: { domain: a.example }
defaults: []
domains: [ { domain: a.example } ]
domains: [ { platform: mxplan } ]
domains: [ { domain: a.example, platform: exchnage, service: x } ]
domains: [ { domain: a.example, platform: exchange } ]
domains: [ { domain: a.example, platform: emailpro, sevrice: x } ]
domains: [ { domain: a.example, platform: emailpro, service: "../x" } ]
domains: [ { domain: localhost, platform: mxplan } ]
domains: [ { domain: me@a.example, platform: mxplan } ]
domains: [ { domain: "*.a.example", platform: mxplan } ]
domains: [ { domain: a.example, platform: mxplan, organization: x } ]
domains: [ { domain: a.example, platform: mxplan, zimbra_api: v1 } ]
domains: [ { domain: a.example, platform: mxplan, mode: look } ]
domains: [ { domain: a.example, platform: mxplan, dns: cloudflare } ]
domains: [ { domain: a.example, platform: mxplan, policy: { every: 90d } } ]
domains: [ { domain: a.example, platform: mxplan, policy: { rotate_every: 90 } } ]
domains: [ { domain: a.example, platform: mxplan, policy: { grace: "7 fortnights" } } ]
domains: [ { domain: a.example, platform: mxplan, policy: { splay: 10 } } ]
domains: [ { domain: a.example, platform: mxplan, policy: [] } ]
END
# What the manual and the packages show.
awk -v folder="$work/inv" '
	/^\.\\" test: / { wanted = index($0, ".\\\" test: inventory") == 1; next }
	/^\.Ed/ { inside = 0 }
	inside { print >(folder "/manual" n ".yaml") }
	/^\.Bd -literal/ && wanted { inside = 1; wanted = 0; n++ }' man/dkimrotd-inventory.5
judged taken "$work"/inv/manual*.yaml conf/inventory.d/*.yaml

# The parser's tables. The keys of platform: external stand in one of their own; while it is not there, neither are they.
external=daemon/codec/inventory_external.h
external_keys() {
	if [ -e $external ]; then awk '/define EXTERNAL_KEYS/, !/\\$/' $external | grep -oE 'X\([a-z_]+\)' | sed 's/X(//; s/)//'; else
		jq -r '.definitions.domain.allOf[2].if.anyOf[].required[0]' "$schema"
	fi
}
keys() { jq -r "$1 | keys[]" "$schema" | sort | paste -sd' '; }
words() { jq -r "$1 | .[]" "$schema" | sort | paste -sd' '; }
entry_keys=$({ grep -ohE 'ENTRY\([a-z_0-9]+\)' daemon/codec/inventory_file.c | sed 's/ENTRY(//; s/)//' | grep -v name_; external_keys; } | sort | paste -sd' ')
table() { sed -nz "s/.*LIST($1,\([^;]*\));.*/\1/p" daemon/core/words.c | grep -aoE '"[a-z0-9]+"' | tr -d '"' | sort | paste -sd' '; }
is "a domain's keys are the parser's (else add them to $schema)" "$(keys .definitions.domain.properties)" "$entry_keys"
is "and so are those of the defaults, all but domain" "domain $(keys .properties.defaults.properties)" \
	"$(tr ' ' '\n' <<<"$entry_keys" | sed '/^domain$/d; 1i domain' | paste -sd' ')"
is "a policy's keys" "$(keys '.definitions.policy.oneOf[1].properties')" \
	"$(sed -nE 's/.*\.name = "([a-z_]+)",.*\.read.*/\1/p' daemon/codec/policy.c | sort | paste -sd' ')"
is "what is for platform: external only" "$(jq -r '.definitions.domain.allOf[2].if.anyOf[].required[0]' "$schema" | sort | paste -sd' ')" \
	"$(external_keys | sort | paste -sd' ')"
is "the platforms" "$(words .definitions.platform.enum)" "$(table platform)"
is "who writes records" "$(words .definitions.dns.enum)" "$(table dns_mode)"
is "Zimbra's APIs" "$(words .definitions.zimbra_api.enum)" "$(table zimbra_api)"
is "the modes" "$(words .definitions.mode.enum)" "$(table run_mode)"

# Ansible.
if command -v ansible-playbook >/dev/null; then
	export ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_HOME=$work/ansible ANSIBLE_LOCAL_TEMP=$work/ansible/tmp ANSIBLE_REMOTE_TEMP=$work/ansible/tmp
	export LC_ALL=C.UTF-8
	mkdir -p "$work/dropped"
	played() { # JSON: the domains
		ansible-playbook -i 'dkimrotd,' --connection local conf/ansible/dkimrotd.yml \
			-e "{\"dkimrotd_inventory\": \"$work/dropped\", \"dkimrotd_validate\": \"$BUILD/dkimrotctl check %s\", \"ansible_python_interpreter\": \"/usr/bin/python3\", $1}" >"$work/played" 2>&1
	}
	ok "the Ansible example is well written" ansible-playbook --syntax-check -i 'dkimrotd,' conf/ansible/dkimrotd.yml
	ok "it drops the files" played '"dkimrotd_domains": [{"domain": "a.example", "platform": "mxplan"}, {"domain": "b.example", "platform": "exchange", "service": "hosted-zz1-1", "policy": {"rotate_every": "180d"}}]'
	is "one a domain" "$(cd "$work/dropped" && echo *)" "a.example.yaml b.example.yaml"
	judged taken "$work"/dropped/*
	before=$(cat "$work"/dropped/*)
	played '"dkimrotd_domains": [{"domain": "a.example", "platform": "mxpaln"}]'
	has "a faulty one is refused by dkimrotctl check" "$(<"$work/played")" "mxpaln"
	is "and the good one stays" "$(cat "$work"/dropped/*)" "$before"
	ok "a domain that leaves" played '"dkimrotd_domains": [], "dkimrotd_gone": ["a.example"]'
	is "loses its file" "$(cd "$work/dropped" && echo *)" "b.example.yaml"
else
	skip "the Ansible example" "ansible-playbook is not here"
fi
done_testing
