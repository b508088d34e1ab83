#!/bin/bash
# The daemon's look-ups and the simulator's name servers, which share no line: what one means the other must see.
# shellcheck disable=SC2154 # work, DNS_PORT, ...: ovhsim_lib.bash
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"

cat >"$work/scenario" <<EOF
account main ak=$AK as=$AS ck=$CK
domain main emailpro emailpro-zz1-1 one.example - ovh 2 signing
set key_ttl=0
set zone_ttl=1234
set negative_ttl=99
set key_negative_ttl=45
set dns_servers=3
set dns_addresses=distinct
EOF
sim_start --scenario "$work/scenario" --servers 4
call GET "/1.0/email/pro/emailpro-zz1-1/domain/one.example/dkimSelector"
SELECTOR=$(jq -r '.[0]' <<<"$ANSWER")
call GET "/1.0/email/pro/emailpro-zz1-1/domain/one.example/dkim/$SELECTOR"
TARGET=$(jq -r .targetRecord <<<"$ANSWER")

# see WHAT "DNSLOOK-OPTIONS" name=value...: one look, and lines that must be in its evidence.
see() {
	local what=$1 options=$2 line got
	shift 2
	# shellcheck disable=SC2086 # several options
	got=$("$BUILD/e2e/dnslook" -T $((10000 * ${TEST_PATIENCE-1})) -r "127.0.0.1@$DNS_PORT" -p "$DNS_PORT" $options "$SELECTOR._domainkey.one.example" "$TARGET" \
		one.example 2>&1)
	for line in "$@"; do
		[[ $'\n'$got$'\n' == *$'\n'$line$'\n'* ]] || { has "$what" "$got" "$line"; return; }
	done
	ok "$what" true
}

# What somebody does in the control panel, and the time until it is served.
person() {
	sim_post person "one.example $1 $SELECTOR" >/dev/null
	sim_post advance 30s >/dev/null
}

see "record and key" "" state=ok record=ok key=ok recursive=ok "target=${TARGET,,}" detail= servers=3 agreed=3 \
	ttl_record=1234 ttl_key=0 ttl_negative_zone=99 ttl_negative_target=45
see "the resolver's word alone" "-n" state=ok servers=1
[ ! -r /usr/share/dns/root.key ] || see "a root that does not validate here" "-t /usr/share/dns/root.key" state=ok dnssec=unknown
sim_set dns_silent=1
see "a silent server" "" state=ok answered=2
sim_set $'dns_silent=none\ndns_servfail=1'
see "a server that fails" "" state=ok answered=2
sim_set $'dns_servfail=none\ndns_refused=2'
see "a server that refuses" "" state=ok answered=2
sim_set $'dns_refused=none\nresolver=servfail'
see "a resolver that fails" "" state=unknown key=unknown
sim_set resolver=ok
for state in missing revoked; do
	sim_set key_served=$state
	see "the key is $state" "" state=$state record=ok key=$state
done
sim_set key_served=weak # of 1024 bits: short, but RFC 8301 still has it verified
see "a short key" "" state=ok bits=1024
sim_set key_served=garbage
see "the key is garbage" "" state=weak record=ok key=weak
sim_set key_served=servfail
see "the key's server fails" "" state=unknown record=ok key=unknown
sim_set $'key_served=good\ndns_flatten=yes'
see "a flattened CNAME" "" state=flattened key=ok
sim_set dns_flatten=no
person wrong-cname
see "a wrong CNAME" "" state=wrong record=wrong key=ok
person remove-cname
see "no CNAME" "" state=missing record=missing key=ok
sim_post advance 2h >/dev/null
sim_set $'dns_lagging=2\ndns_lag_ms=1h'
person add-cname
see "and there it is again, at two of three" "" state=partial answered=3 agreed=2
sim_set dns_lagging=none
see "and at all" "" state=ok
ok "it leaves cleanly" sim_stop
done_testing
