#!/bin/bash
# Whole rotations with zones on name servers of one's own: one at Knot DNS, one at BIND, hidden behind Knot DNS as its secondary. The
# daemon writes them by dynamic updates and is killed at random moments; what it wrote is told by the servers. Between
# OVHcloud (simulated) and these zones a small mirror stands in for OVHcloud's own look at the DNS.
# runtests: timeout=240
# shellcheck disable=SC1091,SC2016,SC2034,SC2153,SC2154,SC2317 # what the library sets and reads; $ORIGIN; functions called by name
. "$(dirname "$0")/daemon_lib.bash"
PATH=$PATH:/usr/sbin
for need in knotd named kdig; do
	command -v $need >/dev/null || { echo "ok 1 - dynamic updates by the daemon # SKIP $need is not installed"; echo 1..1; exit 0; }
done

world judge_unwritable@knot.example=yes judge_unwritable@bind.example=yes judge_unwritable@wrong.example=yes <<END
domain main emailpro emailpro-zz1-1 knot.example - none
domain main exchange hosted-zz1-1 bind.example - none
domain main emailpro emailpro-zz1-1 wrong.example - none
END

# ---- the servers ----
K=127.0.0.11 N=127.0.0.1 servers=()
# Below the ports of connections that go out (ip(7)): one of those may take a port between now and named's start.
N_PORT=$(/usr/bin/python3 -c '
import random, socket
while True:
    port = random.randint(20000, 32000)
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            socket.socket(socket.AF_INET, kind).bind(("127.0.0.1", port))
    except OSError:
        continue
    break
print(port)')
secret=$(head -c32 /dev/urandom | base64 -w0)
(umask 077 && printf 'key "dk" { algorithm hmac-sha256; secret "%s"; };\n' "$secret" >"$work/tsig.key" && printf '%s\n' "$secret" >"$work/bare.key" && head -c32 /dev/urandom | base64 -w0 >"$work/wrong.key")
zone_file() { # zone address...
	local n=1 a
	printf '$ORIGIN %s.\n$TTL 1\n@ SOA ns1 host 1 2 1 86400 1\nforeign._domainkey TXT "not ours"\n' "$1"
	for a in "${@:2}"; do printf '@ NS ns%s\nns%s A %s\n' $n $n "$a"; n=$((n + 1)); done
}
mkdir -p "$work/knot"/{run,db} "$work/bind"
zone_file knot.example $K >"$work/knot/knot.example"
for d in bind wrong; do zone_file $d.example $K >"$work/bind/$d.example"; done
cat >"$work/knot.conf" <<END
server:
    rundir: "$work/knot/run"
    listen: $K@$DNS_PORT
    udp-workers: 1
    tcp-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "$work/knot/db"
    journal-db-max-size: 16M
    kasp-db-max-size: 16M
    timer-db-max-size: 4M
control:
    listen: "$work/knot/run/knot.sock"
key:
  - id: dk
    algorithm: hmac-sha256
    secret: $secret
remote:
  - id: bind
    address: $N@$N_PORT
  - id: rest
    address: 127.0.0.1@$DNS_PORT
acl:
  - id: update
    key: dk
    action: update
  - id: notify
    address: 127.0.0.0/8
    action: notify
mod-dnsproxy:
  - id: rest
    remote: rest
    fallback: on
template:
  - id: default
    global-module: mod-dnsproxy/rest
    zonefile-sync: -1
zone:
  - domain: knot.example
    file: "$work/knot/knot.example"
    acl: update
  - domain: bind.example
    file: "$work/knot/bind.example"
    master: bind
    acl: notify
  - domain: wrong.example
    file: "$work/knot/wrong.example"
    master: bind
    acl: notify
END
cat >"$work/named.conf" <<END
key "dk" { algorithm hmac-sha256; secret "$secret"; };
options { directory "$work/bind"; listen-on port $N_PORT { $N; }; listen-on-v6 { none; }; pid-file none; session-keyfile none;
  recursion no; dnssec-validation no; notify explicit; also-notify { $K port $DNS_PORT; }; notify-delay 0; };
controls { };
zone "bind.example" { type primary; file "bind.example"; update-policy { grant dk zonesub CNAME TXT; }; };
zone "wrong.example" { type primary; file "wrong.example"; update-policy { grant dk zonesub CNAME TXT; }; };
END
named -g -c "$work/named.conf" >"$work/named.log" 2>&1 &
servers+=($!)
knotd -c "$work/knot.conf" >"$work/knotd.log" 2>&1 &
servers+=($!)
end_all() {
	kill "${servers[@]}" 2>/dev/null
	dk_clean_up
}
trap end_all EXIT
# Both fail when there is no answer, which is something else than an empty one.
look() { # server type name
	local p=$DNS_PORT
	[ "$1" != "$N" ] || p=$N_PORT
	kdig +short +tcp +norec +timeout=5 +retry=0 "@$1" -p "$p" "$3" "$2" 2>/dev/null
}
key_at() { kdig +short +tcp +norec +timeout=5 +retry=0 @127.0.0.1 -p "$DNS_PORT" "$1" TXT 2>/dev/null; }
is_up() { [ -n "$(look $K SOA knot.example)" ] && [ -n "$(look $N SOA bind.example)" ] && [ -n "$(look $K SOA bind.example)" ]; }
soon "both servers serve" 20 is_up
[ "$failed" = 0 ] || { tail -n 5 "$work/named.log" "$work/knotd.log" | sed 's/^/# /'; exit 1; }

# What OVHcloud would see of the two zones: the record of a selector is there while it leads to a key.
mirror() {
	local domain server n name target key state
	local -A before=()
	while sleep 0.3; do
		while read -r domain server prefix; do
			for n in 1 2; do
				name=$prefix-selector$n
				target=$(look "$server" CNAME "$name._domainkey.$domain") || continue
				key='' state=absent
				[ -z "$target" ] || key=$(key_at "$target") || continue
				[ -z "$key" ] || state=there
				[ "$state $target" = "${before[$name]-absent }" ] && continue
				before[$name]="$state $target"
				person "$domain" "remove-cname $name"
				[ $state = absent ] || person "$domain" "add-cname $name"
			done
		done <<<"$zones"
	done
}
names() { ask "domains/$1" | jq -r '.selectors[].name' 2>/dev/null; }
knows_names() { [ "$(names knot.example | wc -l)" = 2 ] && [ "$(names bind.example | wc -l)" = 2 ]; }

credentials
RESOLVER=$K POLICY='rotate_every: 20s, grace: 5s, splay: 0%'
dns_servers=("dns_servers:"
	"  default: { server: $K@$DNS_PORT, secret: $work/tsig.key, ttl: 60 }"
	"  bind: { server: \"$N:$N_PORT\", secret: $work/bare.key, key: dk, ttl: 60 }"
	"  wrong: { server: \"$N:$N_PORT\", secret: $work/wrong.key, key: dk }")
configure "${dns_servers[@]}"
inventory a.yaml <<END
domain: knot.example, platform: emailpro, service: emailpro-zz1-1, dns: rfc2136
domain: bind.example, platform: exchange, service: hosted-zz1-1, dns: rfc2136, dns_server: bind
domain: wrong.example, platform: emailpro, service: emailpro-zz1-1, dns: rfc2136, dns_server: wrong
END
dk_exits -c "$CONF" --check
is "the configuration is in order" "$RC$SAID" 0
dk_start
soon "the selectors are there" 30 knows_names
zones=$(for d in "knot.example $K" "bind.example $K"; do echo "$d $(names "${d% *}" | head -1 | sed 's/-selector.*//')"; done)
mirror &
servers+=($!)

written() { [ -n "$(look "$2" CNAME "$(names "$1" | head -1)._domainkey.$1")" ]; }
soon "the records are written at Knot DNS" 30 written knot.example $K
soon "and at BIND" 30 written bind.example $N
soon "which is told" 10 logged 'record-written ovh[a-z]+[0-9]+-selector[12]\._domainkey\.knot\.example: CNAME to .* written'
for d in knot.example bind.example; do soon "$d signs" 60 signs $d; done
soon "another secret than the server's: a person must look" 60 dom_is wrong.example '[.condition, .reason] | join(" ")' "blocked dns-server-refuses"
soon "and is told why" 10 logged 'the secret is not the one that the server has \(BADSIG\)'

# Whole rotations under kill -9. The key that signs first is deleted after its grace and made anew, with another target.
switched_from() { changes POST "/$1/dkim/(?!$2/)[^/]*/enable$"; } # to the other one, so often
for d in knot bind; do
	S=$(signing $d.example)
	declare "signer_$d=$S" "at_$d=$S._domainkey.$d.example" "switches_$d=$(switched_from $d.example "$S")"
done
old_knot=$(look $K CNAME "$at_knot") old_bind=$(look $N CNAME "$at_bind")
is "the keys that sign have their targets" "${old_knot:+there} ${old_bind:+there}" "there there"
renewed() { # old now: another target stands there, and it leads to a key
	[ -n "$2" ] && [ "$2" != "$1" ] && [ -n "$(key_at "$2")" ]
}
both_renewed() { renewed "$old_knot" "$(look $K CNAME "$at_knot")" && renewed "$old_bind" "$(look $N CNAME "$at_bind")"; }
killed=0 limit=$((SECONDS + 170 * ${TEST_PATIENCE-1}))
until both_renewed || ((SECONDS > limit)); do
	sleep "$((RANDOM % 3 + 1)).$((RANDOM % 10))"
	dk_kill KILL
	killed=$((killed + 1))
	dk_start || break
done
ok "after $killed kills the old keys are renewed, and their records with them" both_renewed
ok "each was switched to its other selector" at_least $((switches_knot + 1)) switched_from knot.example "$signer_knot"
ok "at BIND as well" at_least $((switches_bind + 1)) switched_from bind.example "$signer_bind"
# No more rotations: what is looked at from here on stays.
POLICY='rotate_every: 1h, grace: 5s, splay: 0%'
configure "${dns_servers[@]}"
order reload
is "a slower policy is taken" "$STATUS" 200
for d in knot.example bind.example; do soon "$d settles" 60 dom_is $d '[.phase, .condition] | join(" ")' "settled ok"; done
for d in knot bind; do
	server=$K
	[ $d = knot ] || server=$N
	is "what is not ours stands as it was in $d.example" "$(look $server TXT foreign._domainkey.$d.example)" '"not ours"'
	for S in $(names $d.example); do
		is "$S has one record" "$(look $server CNAME "$S._domainkey.$d.example" | grep -c .)" 1
	done
done
soon_is "the secondary serves what the primary was given" 20 "$(look $N CNAME "$at_bind")" look $K CNAME "$at_bind"

is "no secret in what was said or kept" "$(cat "$LOG" "$STATE"/* | grep -cF -e "$secret" -e "$(<"$work/wrong.key")")$(ask domains | grep -cF -e "$secret")" 00
dk_stop
judged_clean
world_end
done_testing
