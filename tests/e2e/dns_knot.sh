#!/bin/bash
# The daemon's look-ups against a real name server: knot with an unsigned and a signed zone and one whose signatures
# have expired, below a signed root of its own; a secondary that lags; a server that fails, one that refuses, one
# that is silent. Evidence is printed by dnslook, one "name=value" a line.
# shellcheck disable=SC2016 # $ORIGIN and $TTL are the zone file's
set -u
SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$SRC/build/plain}
look=$BUILD/e2e/dnslook
T=$(mktemp -d "${TMPDIR:-/tmp}/dns_knot.XXXXXX")
pids=()
tests=0 failed=0
tries=$((400 * ${TEST_PATIENCE-1})) # of 50 ms each, for what is started

# shellcheck disable=SC2317 # called by trap
clean_up() {
	((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null
	wait
	rm -rf "$T"
}
trap clean_up EXIT

for need in knotd knotc keymgr openssl; do
	command -v $need >/dev/null || { echo "ok 1 - looks at a real name server # SKIP $need is not installed"; echo 1..1; exit 0; }
done

result() { # 0|1 what
	tests=$((tests + 1))
	if (($1 == 0)); then echo "ok $tests - $2"; else echo "not ok $tests - $2"; failed=1; fi
}
# see WHAT [-t ANCHOR]... RECORD TARGET ZONE -- name=value...: one look, and lines that must be in the evidence.
see() {
	local what=$1 args=() got line status=0
	shift
	while [ "$1" != -- ]; do args+=("$1"); shift; done
	shift
	got=$("$look" -T $((10000 * ${TEST_PATIENCE-1})) -r "127.0.0.7@$port" -p "$port" "${args[@]}" 2>&1)
	for line in "$@"; do
		grep -qxF -- "$line" <<<"$got" || { status=1; echo "# wanted $line"; }
	done
	((status == 0)) || echo "# got ${got//$'\n'/$'\n'# got }"
	result $status "$what"
}

# A port free on every address that the servers use, over UDP and TCP.
port=$(/usr/bin/python3 - <<'PY'
import socket
for _ in range(50):
    held = []
    try:
        for i, kind in ((i, k) for i in range(1, 8) for k in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            s = socket.socket(socket.AF_INET, kind)
            s.bind((f"127.0.0.{i}", held[0].getsockname()[1] if held else 0))
            held.append(s)
        print(held[0].getsockname()[1])
        break
    except OSError:
        pass
PY
)
[ -n "$port" ] || { echo "not ok 1 - no free port"; exit 1; }

key=$(openssl genrsa 2048 2>/dev/null | openssl rsa -pubout -outform DER 2>/dev/null | base64 -w0)
weak=$(openssl genrsa 512 2>/dev/null | openssl rsa -pubout -outform DER 2>/dev/null | base64 -w0)
short=$(openssl genrsa 1024 2>/dev/null | openssl rsa -pubout -outform DER 2>/dev/null | base64 -w0)
curve=$(openssl genpkey -algorithm ed25519 2>/dev/null | openssl pkey -pubout -outform DER 2>/dev/null | tail -c 32 | base64 -w0)
digest=$(base64 -d <<<"$key" | sha256sum | cut -d' ' -f1)

conf() { # name address  > knot.conf; zones are appended by the caller
	mkdir -p "$T/$1"/{zones,db,run}
	cat >"$T/$1/knot.conf" <<-CONF
		server:
		    rundir: "$T/$1/run"
		    listen: $2@$port
		    udp-workers: 1
		    tcp-workers: 1
		    background-workers: 1
		    automatic-acl: on
		log:
		  - target: stderr
		    any: info
		database:
		    storage: "$T/$1/db"
		    journal-db-max-size: 16M
		    kasp-db-max-size: 16M
		    timer-db-max-size: 4M
		control:
		    listen: "$T/$1/run/knot.sock"
		remote:
		  - id: primary
		    address: 127.0.0.7@$port
		acl:
		  - id: local
		    address: 127.0.0.0/8
		    action: transfer
		policy:
		  - id: fast
		    algorithm: ecdsap256sha256
		    single-type-signing: on
		    ksk-lifetime: 0
		    propagation-delay: 0
		    rrsig-lifetime: 14d
		template:
		  - id: default
		    storage: "$T/$1/zones"
		    zonefile-sync: -1
		    acl: local
		zone:
	CONF
}
zone() { # server zone line... : one more zone, with further lines of configuration
	printf '  - domain: %s\n    file: %s\n' "$2" "$2.zone" >>"$T/$1/knot.conf"
	(($# < 3)) || printf '    %s\n' "${@:3}" >>"$T/$1/knot.conf"
}
# nsN is 127.0.0.N, but for ns1 and ns6: BIND listens on addresses of the host's interfaces only, so it gets 127.0.0.1.
address=([1]=7 [2]=2 [3]=3 [4]=4 [6]=1)
head_of() { # zone ns... : SOA and NS set of a zone file
	local ns
	printf '$ORIGIN %s.\n$TTL 300\n@ 600 SOA ns1 host 1 36000 36000 864000 120\n' "$1"
	for ns in "${@:2}"; do printf '@ NS ns%s\nns%s A 127.0.0.%s\n' "$ns" "$ns" "${address[ns]}"; done
}
start() { # server: starts and waits until it answers (its control socket is up and its zones are loaded)
	knotd -c "$T/$1/knot.conf" >"$T/$1/log" 2>&1 &
	pids+=($!)
	for ((i = 0; i < tries; i++)); do
		knotc -c "$T/$1/knot.conf" status >/dev/null 2>&1 && return
		sleep 0.05
	done
	echo "# knotd does not start"; sed 's/^/# /' "$T/$1/log"
	exit 1
}
keys() { # server zone: makes the signing key before anybody needs it
	keymgr -c "$T/$1/knot.conf" "$2" generate algorithm=ecdsap256sha256 ksk=yes zsk=yes >/dev/null
}
ds() { keymgr -c "$T/$1/knot.conf" "$2" ds | grep ' 2 '; }

# ---- a zone signed long ago ----
expired=no
if command -v faketime >/dev/null; then
	conf past 127.0.0.7
	zone past expired. 'dnssec-signing: on' 'dnssec-policy: fast' 'zonefile-sync: 0'
	{ head_of expired 1; echo 's1._domainkey CNAME s1.dkim.plain.'; } >"$T/past/zones/expired..zone"
	# faketime itself would stay between us and the server
	then=(env LD_PRELOAD="$(faketime -f +0 printenv LD_PRELOAD)" FAKETIME='@2024-01-01 00:00:00')
	"${then[@]}" keymgr -c "$T/past/knot.conf" expired. generate algorithm=ecdsap256sha256 ksk=yes zsk=yes >/dev/null
	"${then[@]}" knotd -c "$T/past/knot.conf" >"$T/past/log" 2>&1 &
	past=$!
	for ((i = 0; i < tries; i++)); do
		grep -q RRSIG "$T/past/zones/expired..zone" && expired=yes && break
		sleep 0.05
	done
	kill "$past"
	wait "$past" 2>/dev/null
	[ $expired = yes ] || sed 's/^/# /' "$T/past/log"
fi

# ---- the primary, which is also the resolver: it knows every zone ----
conf one 127.0.0.7
zone one . 'dnssec-signing: on' 'dnssec-policy: fast'
zone one plain.
zone one signed. 'dnssec-signing: on' 'dnssec-policy: fast'
zone one half.
zone one both.
zone one six.
zone one onlysix.
zone one broken. # the resolver knows its name servers; the zone's own server fails
[ $expired = no ] || zone one expired. 'semantic-checks: off'
keys one .
keys one signed.
{
	printf '$ORIGIN .\n$TTL 300\n@ SOA ns1.plain. host.plain. 1 36000 36000 864000 120\n@ NS ns1.plain.\n'
	for z in plain both six onlysix signed half broken expired; do printf '%s. NS ns1.%s.\nns1.%s. A 127.0.0.7\n' $z $z $z; done
	ds one signed.
	[ $expired = no ] || ds past expired.
} >"$T/one/zones/..zone"
# What every zone below has to tell, in whatever zone.
kinds() {
	for n in s1 s3 revoked weak long unkeyed; do echo "$n._domainkey CNAME $n.dkim.plain."; done
	echo 's2._domainkey CNAME old.dkim.plain.'
	echo 'rel._domainkey CNAME s1.dkim.plain'
	echo 'flat._domainkey TXT "v=DKIM1; p='"${key:0:200}"'" "'"${key:200}"'"'
	echo 'a._domainkey CNAME b._domainkey'
	echo 'b._domainkey CNAME a._domainkey'
	echo '*.wild CNAME s1.dkim.plain.'
	echo '*.wildtxt TXT "v=spf1 -all"'
	echo 's1.dkim 900 TXT "v=DKIM1; k=rsa; p='"${key:0:200}"'" "'"${key:200}"'"'
	echo 'revoked.dkim TXT "v=DKIM1; p="'
	echo 'weak.dkim TXT "v=DKIM1; p='"$weak"'"'
	for n in short curve testing strict twice late sha1 web odd two circle; do echo "$n._domainkey CNAME $n.dkim"; done
	echo 'short.dkim TXT "v=DKIM1; p='"$short"'"'
	echo 'curve.dkim TXT "v=DKIM1; k=ed25519; p='"$curve"'"'
	echo 'testing.dkim TXT "v=DKIM1; t=y; n=a note; x=unknown; p='"${key:0:200}"'" " '"${key:200}"'"'
	echo 'strict.dkim TXT "v=DKIM1; t=s; g=*; h=sha1:sha256; s=email; p='"${key:0:200}"'" "'"${key:200}"'"'
	echo 'twice.dkim TXT "v=DKIM1; k=rsa; k=rsa; p='"${key:0:200}"'" "'"${key:200}"'"'
	echo 'late.dkim TXT "k=rsa; v=DKIM1; p='"${key:0:200}"'" "'"${key:200}"'"'
	echo 'sha1.dkim TXT "v=DKIM1; h=sha1; p='"${key:0:200}"'" "'"${key:200}"'"'
	echo 'web.dkim TXT "v=DKIM1; s=web; p='"${key:0:200}"'" "'"${key:200}"'"'
	echo 'odd.dkim TXT "v=DKIM1; k=dsa; p='"${key:0:200}"'" "'"${key:200}"'"'
	printf 'two.dkim TXT "v=DKIM1; p=%s" "%s"\ntwo.dkim TXT "v=spf1 -all"\n' "${key:0:200}" "${key:200}"
	printf 'circle.dkim CNAME round.dkim\nround.dkim CNAME circle.dkim\n'
	printf 'long.dkim TXT "v=DKIM1; p=%s" "%s; n="' "${key:0:200}" "${key:200}"
	for _ in {1..12}; do printf ' "%0200d"' 0; done
	echo
}
{ head_of plain 1 2; kinds; } >"$T/one/zones/plain..zone"
{ head_of both 1 6; kinds; } >"$T/one/zones/both..zone"
# A name server that has an IPv6 address only, out of reach: beside another one, and alone.
v6='@ NS ns6
ns6 AAAA 2001:db8::53
s1._domainkey CNAME s1.dkim.plain.'
{ head_of six 1; echo "$v6"; } >"$T/one/zones/six..zone"
{ head_of onlysix; echo "$v6"; } >"$T/one/zones/onlysix..zone"
{
	head_of signed 1
	echo 's1._domainkey CNAME s1.dkim.signed.'
	echo 's2._domainkey CNAME s1.dkim.plain.'
	echo 's1.dkim TXT "v=DKIM1; k=rsa; p='"${key:0:200}"'" "'"${key:200}"'"'
} >"$T/one/zones/signed..zone"
{ head_of half 1 3 4; echo 's1._domainkey CNAME s1.dkim.plain.'; } >"$T/one/zones/half..zone"
{ head_of broken 3; echo 's1._domainkey CNAME s1.dkim.plain.'; } >"$T/one/zones/broken..zone"
[ $expired = no ] || cp "$T/past/zones/expired..zone" "$T/one/zones/"
start one

# ---- a secondary, which follows when it is told to ----
conf two 127.0.0.2
zone two plain. 'master: primary' 'refresh-min-interval: 1d'
start two
knotc -b -c "$T/two/knot.conf" zone-refresh plain. >/dev/null

see "a record and its key are right at both servers" \
	s1._domainkey.plain s1.dkim.plain plain -- state=ok record=ok key=ok served_key=ok recursive=ok target=s1.dkim.plain \
	bits=2048 servers=2 answered=2 agreed=2 ttl_record=300 ttl_key=900 ttl_negative_zone=120 ttl_negative_target=120 \
	digest="$digest" detail= 'heard=ns1.plain 127.0.0.7 300 ok ' 'heard=ns2.plain 127.0.0.2 300 ok ' 'heard=  300 ok '
see "case does not matter" S1._DomainKey.Plain S1.DKIM.plain. PLAIN. -- state=ok
see "missing" no._domainkey.plain s1.dkim.plain plain -- state=missing record=missing key=ok target= \
	'detail=no CNAME stands at no._domainkey.plain' ttl_negative_zone=120
see "the key is missing, not the record" unkeyed._domainkey.plain unkeyed.dkim.plain plain -- state=missing record=ok key=missing \
	'detail=the CNAME is there, but no key stands at unkeyed.dkim.plain'
see "wrong" s2._domainkey.plain s1.dkim.plain plain -- state=wrong key=ok served_key=missing target=old.dkim.plain \
	'detail=the CNAME leads to old.dkim.plain'
see "relative to the zone" rel._domainkey.plain s1.dkim.plain plain -- state=wrong \
	'detail=the target was entered without its final dot: it leads to s1.dkim.plain.plain'
see "a key of 1024 bits is used, and its size told" short._domainkey.plain short.dkim.plain plain -- state=ok bits=1024
see "ed25519" curve._domainkey.plain curve.dkim.plain plain -- state=ok bits=256
see "test mode, a note, an unknown tag, a blank inside the key" testing._domainkey.plain testing.dkim.plain plain -- state=ok test_mode=1 strict=0 digest="$digest"
see "t=s, and what history left" strict._domainkey.plain strict.dkim.plain plain -- state=ok test_mode=0 strict=1
see "a tag twice" twice._domainkey.plain twice.dkim.plain plain -- state=weak 'detail=the TXT record at twice.dkim.plain names a tag twice'
see "v= not in front" late._domainkey.plain late.dkim.plain plain -- state=weak 'detail=the TXT record at late.dkim.plain does not begin with v=DKIM1'
see "SHA-1 alone" sha1._domainkey.plain sha1.dkim.plain plain -- state=weak 'detail=the TXT record at sha1.dkim.plain allows no SHA-256, so that nothing can be verified with it'
see "not for e-mail" web._domainkey.plain web.dkim.plain plain -- state=weak 'detail=the TXT record at web.dkim.plain is not meant for e-mail'
see "a key type of no verifier" odd._domainkey.plain odd.dkim.plain plain -- state=weak 'detail=the TXT record at odd.dkim.plain names a key type that verifiers do not know'
see "a key that is not alone" two._domainkey.plain two.dkim.plain plain -- state=weak 'detail=2 TXT records stand at two.dkim.plain, where the key must be alone'
see "CNAMEs behind the target that lead in a circle" circle._domainkey.plain circle.dkim.plain plain -- record=ok target=circle.dkim.plain
see "flattened" flat._domainkey.plain s1.dkim.plain plain -- state=flattened key=ok
see "revoked" revoked._domainkey.plain revoked.dkim.plain plain -- state=revoked record=ok
see "a key of 512 bits" weak._domainkey.plain weak.dkim.plain plain -- state=weak bits=512
see "a key record of 3 KB comes over TCP" long._domainkey.plain long.dkim.plain plain -- state=ok bits=2048 digest="$digest"
see "CNAMEs in a circle lead to no key" a._domainkey.plain s1.dkim.plain plain -- state=wrong served_key=missing
see "a wildcard counts as what it says" x.wild.plain s1.dkim.plain plain -- state=ok
see "a wildcard TXT is no CNAME" x.wildtxt.plain s1.dkim.plain plain -- state=flattened

# ---- a secondary that lags ----
knotc -c "$T/one/knot.conf" -b zone-begin plain. >/dev/null
knotc -c "$T/one/knot.conf" zone-set plain. new._domainkey 300 CNAME s1.dkim.plain. >/dev/null
knotc -c "$T/one/knot.conf" -b zone-commit plain. >/dev/null
see "published at one of two servers" new._domainkey.plain s1.dkim.plain plain -- state=partial answered=2 agreed=1 recursive=ok \
	'detail=not visible at 1 of 2 servers of the zone (ns2.plain)'
knotc -b -c "$T/two/knot.conf" zone-refresh plain. >/dev/null
see "the secondary follows" new._domainkey.plain s1.dkim.plain plain -- state=ok agreed=2

# ---- a second opinion: BIND serves the same zone beside knot, and each of its answers must read the same ----
if command -v named >/dev/null; then
	mkdir "$T/named"
	cp "$T/one/zones/both..zone" "$T/named/"
	cat >"$T/named/named.conf" <<-CONF
		options { directory "$T/named"; listen-on port $port { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none;
			recursion no; dnssec-validation no; session-keyfile none; notify no; lock-file none; };
		controls { };
		zone "both" { type primary; file "both..zone"; check-names ignore; };
	CONF
	named -g -c "$T/named/named.conf" >"$T/named/log" 2>&1 &
	pids+=($!)
	for ((i = 0; i < tries; i++)); do
		! grep -q ' running$' "$T/named/log" || break
		sleep 0.05
	done
	grep -q ' running$' "$T/named/log" || sed 's/^/# /' "$T/named/log"
	agree() { # what record state...
		see "knot and BIND: $1" "$2._domainkey.both" "$2.dkim.both" both -- servers=2 answered=2 "${@:3}"
	}
	agree "a record" testing state=ok agreed=2 'heard=ns1.both 127.0.0.7 300 ok ' 'heard=ns6.both 127.0.0.1 300 ok '
	agree "no such name" no state=missing 'heard=ns6.both 127.0.0.1 0 nxdomain ' ttl_negative_zone=120
	agree "a name without a CNAME" flat state=flattened 'heard=ns6.both 127.0.0.1 0 missing '
	agree "a wrong CNAME" s2 state=wrong target=old.dkim.plain 'heard=ns6.both 127.0.0.1 300 wrong old.dkim.plain'
	agree "a circle" a state=wrong 'heard=ns6.both 127.0.0.1 300 wrong b._domainkey.both'
	see "knot and BIND: a wildcard" x.wild.both s1.dkim.plain both -- state=ok agreed=2
	see "knot and BIND: a wildcard TXT" x.wildtxt.both s1.dkim.plain both -- state=flattened servers=2 answered=2
else
	tests=$((tests + 1))
	echo "ok $tests - knot and BIND # SKIP named is not installed"
fi

# ---- servers without a word ----
see "an IPv6-only name server out of reach: half of the servers, by name, are enough" s1._domainkey.six s1.dkim.plain six -- \
	state=ok servers=2 answered=1 agreed=1
see "the only name server has no address that can be reached" s1._domainkey.onlysix s1.dkim.plain onlysix -- \
	state=unknown record=unknown servers=1 answered=0
conf three 127.0.0.3
zone three half.   # there is no such file: SERVFAIL
zone three broken.
start three
see "one of three refuses to listen, one fails" s1._domainkey.half s1.dkim.plain half -- state=unknown servers=3 answered=1 agreed=1
see "the only server fails" s1._domainkey.broken s1.dkim.plain broken -- state=unknown record=unknown key=ok answered=0 recursive=ok \
	'detail=0 of 1 server of the zone answered (ns3.broken: SERVFAIL)'
conf four 127.0.0.4
zone four other. # every other zone is refused
head_of other 4 >"$T/four/zones/other..zone"
start four
see "one of three refuses" s1._domainkey.half s1.dkim.plain half -- state=unknown servers=3 answered=1
cp "$T/one/zones/half..zone" "$T/three/zones/"
knotc -b -c "$T/three/knot.conf" zone-reload half. >/dev/null
see "two of three are enough" s1._domainkey.half s1.dkim.plain half -- state=ok servers=3 answered=2 agreed=2
kill "${pids[-1]}"
wait "${pids[-1]}" 2>/dev/null
unset 'pids[-1]'
/usr/bin/python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.4", int(sys.argv[1])))
open(sys.argv[2], "w").close()
time.sleep(600)' "$port" "$T/silent" &
pids+=($!)
for ((i = 0; i < tries; i++)); do [ ! -e "$T/silent" ] || break; sleep 0.05; done
see "one of three is silent" s1._domainkey.half s1.dkim.plain half -- state=ok servers=3 answered=2 agreed=2

# ---- DNSSEC ----
keymgr -c "$T/one/knot.conf" . dnskey >"$T/anchor.key"
see "no trust anchor: not validated" s1._domainkey.signed s1.dkim.signed signed -- state=ok dnssec=unknown
see "signed and right" -t "$T/anchor.key" s1._domainkey.signed s1.dkim.signed signed -- state=ok dnssec=secure
see "signed, with the key in an unsigned zone" -t "$T/anchor.key" s2._domainkey.signed s1.dkim.plain signed -- state=ok dnssec=insecure
see "unsigned below a signed root" -t "$T/anchor.key" s1._domainkey.plain s1.dkim.plain plain -- state=ok dnssec=insecure
see "absence is proven too" -t "$T/anchor.key" no._domainkey.signed s1.dkim.signed signed -- state=missing dnssec=secure
see "a root that does not validate: unknown, and the data is used" -t "${DNS_ROOT_KEY:-/usr/share/dns/root.key}" \
	s1._domainkey.signed s1.dkim.signed signed -- state=ok dnssec=unknown
if [ $expired = yes ]; then
	see "expired signatures are bogus" -t "$T/anchor.key" s1._domainkey.expired s1.dkim.plain expired -- state=bogus dnssec=bogus
	see "expired signatures, root not validated: the data is used" s1._domainkey.expired s1.dkim.plain expired -- state=ok dnssec=unknown
else
	tests=$((tests + 1))
	echo "ok $tests - expired signatures # SKIP faketime is not installed, or does not carry knotd"
fi
see "the resolver's word alone" -n -t "$T/anchor.key" s1._domainkey.signed s1.dkim.signed signed -- state=ok servers=1 dnssec=secure

echo "1..$tests"
exit $failed
