#!/bin/bash
# Dynamic updates against the real thing: the rfc2136 writer (dnswrite) at Knot DNS and at BIND. What it must do is told by the
# server that serves the zone, not by the writer. Between the two stands a small proxy that loses answers, forges them, or
# lets somebody else write first.
# shellcheck disable=SC2016,SC2317 # $ORIGIN and $TTL are the zone file's; functions are called by name
set -u
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$SRC/build/plain}
T=$(mktemp -d "${TMPDIR:-/tmp}/dns_update.XXXXXX")
pids=() tests=0 failed=0
umask 077

clean_up() {
	((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null
	wait
	rm -rf "$T"
}
trap clean_up EXIT

PATH=$PATH:/usr/sbin
for need in knotd named kdig tsig-keygen faketime; do
	command -v $need >/dev/null || { echo "ok 1 - updates at real name servers # SKIP $need is not installed"; echo 1..1; exit 0; }
done

ok() { # what command...
	local what=$1
	shift
	tests=$((tests + 1))
	if "$@"; then echo "ok $tests - $server: $what"; return; fi
	failed=1
	echo "not ok $tests - $server: $what"
	printf '# %s\n' "${said//$'\n'/$'\n'# }" "served: $(served TXT "$at" | tr '\n' ' ')"
}

# ---- keys ----
for name in dk other strong; do head -c32 /dev/urandom | base64 -w0 >"$T/$name.secret"; done
head -c32 /dev/urandom | base64 -w0 >"$T/wrong.secret"
tsig-keygen -a hmac-sha256 dk | sed "s|secret .*|secret \"$(<"$T/dk.secret")\";|" >"$T/dk.key" # as BIND has it
long=v=DKIM1\;\ k=rsa\;\ p=$(printf 'A%.0s' {1..736})

# ---- servers ----
free_port() {
	/usr/bin/python3 - <<-'PY'
	import socket
	while True:
	    a = socket.socket(socket.AF_INET, socket.SOCK_STREAM); a.bind(("127.0.0.1", 0))
	    b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	    try:
	        b.bind(a.getsockname())
	    except OSError:
	        continue
	    print(a.getsockname()[1])
	    break
	PY
}
zone_file() {
	cat <<-'ZONE'
	$ORIGIN mydomain.ovh.
	$TTL 300
	@ SOA ns1 host 1 3600 600 86400 60
	@ NS ns1
	ns1 A 127.0.0.1
	address._domainkey A 192.0.2.1
	two._domainkey TXT "one"
	two._domainkey TXT "two"
	*.wild._domainkey CNAME other.example.
	split._domainkey TXT "v=DKIM1; " "p=AB"
	ZONE
}
await() { # until the server answers
	for ((i = 0; i < 200 * ${TEST_PATIENCE-1}; i++)); do
		[ -n "$(served SOA mydomain.ovh)" ] && return
		kill -0 "${pids[-1]}" 2>/dev/null || break
		sleep 0.05
	done
	echo "Bail out! $server does not start"
	sed 's/^/# /' "$T/$server.log"
	exit 1
}
start_knot() {
	local name
	mkdir -p "$T/knot"/{run,db}
	zone_file >"$T/knot/zone"
	{
		printf 'server:\n    rundir: "%s/knot/run"\n    listen: 127.0.0.1@%s\n    udp-workers: 1\n    tcp-workers: 1\n' "$T" "$port"
		printf 'log:\n  - target: stderr\n    any: info\ndatabase:\n    storage: "%s/knot/db"\n' "$T"
		printf '    journal-db-max-size: 16M\n    kasp-db-max-size: 16M\n    timer-db-max-size: 4M\n'
		printf 'control:\n    listen: "%s/knot/run/knot.sock"\nkey:\n' "$T"
		for name in dk other strong; do
			printf '  - id: %s\n    algorithm: %s\n    secret: %s\n' "$name" "$(algorithm "$name")" "$(<"$T/$name.secret")"
		done
		printf 'acl:\n  - id: update\n    key: [dk, strong]\n    action: update\n'
		printf 'zone:\n  - domain: mydomain.ovh\n    file: "%s/knot/zone"\n    zonefile-sync: -1\n    acl: update\n' "$T"
	} >"$T/knot/knot.conf"
	knotd -c "$T/knot/knot.conf" >"$T/knot.log" 2>&1 &
	pids+=($!)
}
start_bind() {
	local name
	mkdir -p "$T/bind"
	zone_file >"$T/bind/zone"
	{
		for name in dk other strong; do
			printf 'key "%s" { algorithm %s; secret "%s"; };\n' "$name" "$(algorithm "$name")" "$(<"$T/$name.secret")"
		done
		printf 'options { directory "%s/bind"; listen-on port %s { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none;\n' "$T" "$port"
		printf '  session-keyfile none; recursion no; dnssec-validation no; };\ncontrols { };\n'
		printf 'zone "mydomain.ovh" { type primary; file "zone"; check-names ignore; update-policy { grant dk zonesub ANY; grant strong zonesub ANY; }; };\n'
	} >"$T/bind/named.conf"
	named -g -c "$T/bind/named.conf" >"$T/bind.log" 2>&1 &
	pids+=($!)
}
algorithm() { if [ "$1" = strong ]; then echo hmac-sha512; else echo hmac-sha256; fi; }
served() { kdig +short +tcp +norec +timeout=20 "@127.0.0.1" -p "$port" "$2" "$1" 2>/dev/null | sort; }
update() { # lines for knsupdate: somebody else, with the same key
	{ printf 'server 127.0.0.1 %s\nzone mydomain.ovh\n' "$port"; printf '%s\n' "$@" send; } |
		knsupdate -y "hmac-sha256:dk:$(<"$T/dk.secret")" >/dev/null 2>&1
}

# ---- the proxy ----
cat >"$T/proxy.py" <<'PY'
# proxy.py PORT-OF-THE-SERVER HOW [COMMAND]: one connection after another. HOW is asked of each update that changes something:
# lose (forward it, swallow the answer), forge (turn the answer's code), first (run the command before it is forwarded).
import socket, struct, subprocess, sys
to, how = int(sys.argv[1]), sys.argv[2]
done = False
def take(s):
    head = s.recv(2, socket.MSG_WAITALL)
    return s.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL) if len(head) == 2 else b""
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    c, _ = listener.accept()
    m = take(c)
    if not m:
        continue
    changes = (m[2] >> 3) & 15 == 5 and struct.unpack("!H", m[8:10])[0] > 0
    meant = changes and not done
    if meant and how == "first":
        done = True
        subprocess.run(["bash", "-c", sys.argv[3]], check=False)
    s = socket.create_connection(("127.0.0.1", to))
    s.sendall(struct.pack("!H", len(m)) + m)
    a = take(s)
    s.close()
    if meant and how == "lose":
        done = True
    elif a:
        if meant and how == "forge":
            done = True
            a = a[:3] + bytes([a[3] ^ 8]) + a[4:]
        c.sendall(struct.pack("!H", len(a)) + a)
    c.close()
PY
proxy() { # how [command]: sets via
	coproc { exec /usr/bin/python3 "$T/proxy.py" "$port" "$@"; }
	proxy_pid=$COPROC_PID
	read -r via <&"${COPROC[0]}"
}
end_proxy() {
	kill "$proxy_pid"
	wait "$proxy_pid" 2>/dev/null
}

# ---- writing ----
# write [OPTION...] TYPE SELECTOR DATA: sets said and at
key=(-k "$T/dk.key")
write() {
	local n=$#
	at=${*: -2:1}._domainkey.${zone-mydomain.ovh}
	said=$("${then[@]}" "$BUILD/e2e/dnswrite" -s "127.0.0.1@${via-$port}" "${key[@]}" "${@:1:n-3}" "${zone-mydomain.ovh}" "${@: -3:1}" "$at" "${@: -1}" 2>&1)
}
then=()
ends() { grep -qE "^end $1" <<<"$said"; }
stands() { [ "$(served "$1" "$at")" = "$2" ]; }
writes() { [ "$(grep -c '^write.* changes$' <<<"$said")" = "$1" ]; }

stories() {
	local before
	write -t 120 CNAME s1 t1.example.net
	ok "a record is written where nothing stood" ends 'done changed: $'
	ok "and served" stands CNAME t1.example.net.
	ok "with the ttl that was asked for" test "$(kdig +tcp +norec +timeout=20 +noall +answer @127.0.0.1 -p "$port" "$at" CNAME | awk '{print $2}')" = 120
	write CNAME s1 t1.example.net
	ok "what is right is left alone" ends 'done: $'
	ok "without a write" writes 0
	write CNAME s1 t2.example.net
	ok "another target takes its place" ends 'done changed: $'
	ok "alone" stands CNAME t2.example.net.
	write TXT s1 "$long"
	ok "a CNAME in the way of a text" ends "foreign: a CNAME record stands at $at"
	ok "stays" stands CNAME t2.example.net.

	write TXT s2 "$long"
	ok "a long text is written in strings" ends 'done changed: $'
	ok "which join to the text" test "$(served TXT "$at" | tr -d '"' | sed 's/\([^;]\) /\1/g')" = "$long"
	write TXT s2 "v=DKIM1; p="
	ok "and revoked" ends 'done changed: $'
	ok "by an empty key" stands TXT '"v=DKIM1; p="'
	write -r TXT s2 "v=DKIM1; p=other"
	ok "another text is not ours to remove" stands TXT '"v=DKIM1; p="'
	write -r TXT s2 "v=DKIM1; p="
	ok "it is removed" ends 'done changed: $'
	ok "and gone" stands TXT ''
	write -r TXT s2 "v=DKIM1; p="
	ok "once more is no fault" ends 'done: $'
	write TXT split "v=DKIM1; p=AB"
	ok "strings divided elsewhere are the same text" writes 0
	write TXT split "v=DKIM1; p=ABCD"
	ok "and are replaced as they stand" stands TXT '"v=DKIM1; p=ABCD"'

	write CNAME address t1.example.net
	ok "an address in the way" ends "foreign: something else than a CNAME or a TXT stands at $at"
	ok "stays" stands A 192.0.2.1
	ok "alone" stands CNAME ''
	write TXT two one
	ok "two texts are nobody's key" ends "foreign: 2 records stand at $at"
	write -r TXT two one
	ok "of two, exactly the one is removed" stands TXT '"two"'
	write CNAME x.wild t1.example.net
	ok "a wildcard's answer is no record" ends 'done changed: $'
	ok "and is overridden at this name" stands CNAME t1.example.net.
	ok "alone" test "$(served CNAME y.wild._domainkey.mydomain.ovh)" = other.example.
	write -d CNAME s3 t1.example.net
	ok "the gate denies" ends 'denied: denied$'
	ok "and nothing was written" stands CNAME ''

	# ---- others ----
	key=(-k "$T/wrong.secret" -n dk)
	write CNAME s3 t1.example.net
	ok "a wrong secret" ends 'trouble open: adding .*the secret is not the one that the server has \(BADSIG\)$'
	key=(-k "$T/dk.secret" -n nobody)
	write CNAME s3 t1.example.net
	ok "an unknown key" ends 'trouble open: adding .*the server knows no such key.*\(BADKEY\)$'
	key=(-k "$T/dk.secret" -n dk)
	then=(env ASAN_OPTIONS=verify_asan_link_order=0 faketime -f -1h)
	write CNAME s3 t1.example.net
	then=()
	ok "clocks an hour apart" ends 'trouble( open)?: adding .*clocks of this host and of the server differ.*\(BADTIME\)$'
	key=(-k "$T/other.secret" -n other)
	write CNAME s3 t1.example.net
	ok "a key that may not write here" ends 'trouble( open)?: adding .*\((REFUSED|NOTAUTH|BADKEY)\)$'
	ok "and nothing was written by any of them" stands CNAME ''
	key=(-k "$T/strong.secret" -n strong -a hmac-sha512)
	write CNAME s3 t1.example.net
	ok "a key of hmac-sha512 with a bare secret" ends 'done changed: $'
	key=(-k "$T/dk.key")
	zone=sub.mydomain.ovh
	write CNAME s4 t1.example.net
	unset zone
	ok "a zone that is none there" ends 'trouble( open)?: .*\(NOTAUTH\)$'
	via=$(free_port)
	write CNAME s4 t1.example.net
	unset via
	ok "nobody listens" ends 'trouble: looking at .*no connection'

	# ---- what is lost, forged, or written by somebody else meanwhile ----
	proxy lose
	write CNAME s5 t1.example.net
	ok "the answer is lost: nobody knows" ends 'trouble open: adding .*the server closed the connection'
	write CNAME s5 t1.example.net
	ok "looking tells that it was done" writes 0
	ok "once" ends 'done: $'
	end_proxy
	proxy forge
	write CNAME s6 t1.example.net
	ok "a forged answer is not believed" ends 'trouble open: adding .*signature does not hold'
	end_proxy
	export -f update
	export port T
	proxy first "update 'add s7._domainkey.mydomain.ovh 300 TXT \"somebody else\"'"
	write CNAME s7 t1.example.net
	ok "somebody writes first" ends 'foreign: a TXT record stands at '
	ok "and is not overwritten" stands TXT '"somebody else"'
	end_proxy
	update 'add s8._domainkey.mydomain.ovh 300 TXT "old"'
	proxy first "update 'add s8._domainkey.mydomain.ovh 300 TXT \"somebody else\"'"
	write TXT s8 "v=DKIM1; p=AB"
	ok "somebody adds beside what was to be replaced" ends 'foreign: 2 records stand at '
	ok "and both stay" stands TXT $'"old"\n"somebody else"'
	end_proxy
	unset via
	before=$(served SOA mydomain.ovh)
	write CNAME s1 t2.example.net
	ok "proving what is right changes no serial" test "$(served SOA mydomain.ovh)" = "$before"
}

for server in knot bind; do
	port=$(free_port)
	at=mydomain.ovh said=
	"start_$server"
	await
	stories
done
server=both
said=$(cat "$T"/*.log)
ok "no secret in what anybody said" test "$(grep -cF -e "$(<"$T/dk.secret")" "$T"/*.log | grep -vc ':0$')" = 0
echo "1..$tests"
exit $failed
