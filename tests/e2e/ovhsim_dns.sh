#!/bin/bash
# The simulator's name servers on the wire, asked by Knot's kdig: UDP and TCP on one port and several addresses,
# truncation, EDNS, aliases, names that are not there, and packets that are no questions.
# shellcheck disable=SC2154 # work, DNS_PORT: ovhsim_lib.bash
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"
command -v kdig >/dev/null || { skip "name servers" "kdig (knot-dnsutils) is not installed"; done_testing; }

cat >"$work/scenario" <<EOF
account main ak=$AK as=$AS ck=$CK
domain main emailpro emailpro-zz1-1 one.example - ovh 2 signing
set key_ttl=77
EOF
sim_start --scenario "$work/scenario" --servers 3

dig() { kdig -p "$DNS_PORT" +time=20 +retry=1 "$@" 2>&1; }
short() { dig +short "$@"; }
call GET "/1.0/email/pro/emailpro-zz1-1/domain/one.example/dkimSelector"
SELECTOR=$(jq -r '.[0]' <<<"$ANSWER")
call GET "/1.0/email/pro/emailpro-zz1-1/domain/one.example/dkim/$SELECTOR"
TARGET=$(jq -r .targetRecord <<<"$ANSWER")
NAME=$SELECTOR._domainkey.one.example

is "the alias over UDP" "$(short @127.0.0.1 "$NAME" CNAME)" "$TARGET."
is "over TCP" "$(short +tcp @127.0.0.1 "$NAME" CNAME)" "$TARGET."
is "at another server's address" "$(short @127.0.0.2 "$NAME" CNAME)" "$TARGET."
is "at the third over TCP" "$(short +tcp @127.0.0.3 "$NAME" CNAME)" "$TARGET."
has "authoritative, without recursion asked" "$(dig +norec @127.0.0.1 "$NAME" CNAME)" "Flags: qr aa;"
has "a resolver's flags when it is" "$(dig @127.0.0.1 "$NAME" CNAME)" "Flags: qr aa rd ra;"
has "the case of the question is kept" "$(dig +noidn @127.0.0.1 "${NAME^^}" CNAME)" "ANSWER SECTION:
${NAME^^}."

KEY=$(dig @127.0.0.1 "$TARGET" TXT)
has "a key behind the target" "$KEY" 'p=MI'
has "with the TTL of the switch" "$KEY" $' 77\tIN\tTXT'
B64=$(short @127.0.0.1 "$TARGET" TXT | tr -d '\\" ;' | sed 's/.*p=//')
ok "is an RSA key" openssl pkey -pubin -inform DER -in <(base64 -d <<<"$B64") -noout
CHASED=$(dig @127.0.0.1 "$NAME" TXT)
has "asked for TXT, the alias leads to it: the alias" "$CHASED" $'IN\tCNAME'
has "and the key" "$CHASED" 'p=MI'

# A 2048 bit key does not fit in 512 bytes together with long names and an alias.
SHORT=$(dig +ignore +noedns @127.0.0.1 "$NAME" TXT)
if [[ $SHORT == *"ANSWER: 0"* ]]; then
	has "too long for 512 bytes: TC" "$SHORT" " tc"
	is "and nothing else" "$(grep -c 'p=MI' <<<"$SHORT")" 0
else
	ok "it fits in 512 bytes" test "$(sed -n 's/.*Received \([0-9]*\) B.*/\1/p' <<<"$SHORT")" -le 512
fi
has "EDNS is answered with EDNS" "$(dig +edns @127.0.0.1 "$NAME" TXT)" "EDNS PSEUDOSECTION"
is "with EDNS it comes whole over UDP" "$(dig +ignore +edns +bufsize=1232 @127.0.0.1 "$NAME" TXT | grep -c 'p=MI')" 1
has "EDNS of another version" "$(dig +edns=7 @127.0.0.1 "$NAME" TXT)" "BADVERS"
has "without EDNS none" "$(dig +noedns @127.0.0.1 "$NAME" CNAME)" "ADDITIONAL: 0"

has "the zone's SOA" "$(short @127.0.0.1 one.example SOA)" " "
NS=$(short @127.0.0.1 one.example NS | head -1)
has "its name servers" "$NS" "."
has "have addresses here" "$(short @127.0.0.1 "$NS" A)" "127.0.0."
GONE=$(dig @127.0.0.1 nobody.one.example TXT)
has "a name that is not there" "$GONE" "status: NXDOMAIN"
has "says so by the SOA" "$GONE" $'IN\tSOA'
NODATA=$(dig @127.0.0.1 one.example DS)
has "no DS" "$NODATA" "status: NOERROR"
has "is no data" "$NODATA" "ANSWER: 0"
has "a name of nobody, as a resolver sees it" "$(dig @127.0.0.1 www.example.net A)" "status: NXDOMAIN"
has "and as a server does" "$(dig +norec @127.0.0.1 www.example.net A)" "status: NXDOMAIN"
has "no zone transfer" "$(dig +tcp @127.0.0.1 one.example AXFR)" "REFUSED"
has "nor class CH" "$(dig @127.0.0.1 -c CH version.bind TXT)" "REFUSED"

sim_set dns_silent=1
is "a silent server" "$(kdig -p "$DNS_PORT" +time=1 +retry=0 +norec @127.0.0.1 "$NAME" CNAME 2>&1 | grep -c "$TARGET")" 0
is "its neighbour speaks" "$(short +norec @127.0.0.2 "$NAME" CNAME)" "$TARGET."
is "a resolver passes it over" "$(short @127.0.0.1 "$NAME" CNAME)" "$TARGET."
sim_set $'dns_silent=none\nresolver=servfail'
has "a resolver that fails" "$(dig @127.0.0.1 "$NAME" CNAME)" "SERVFAIL"
is "leaves the servers alone" "$(short +norec @127.0.0.1 "$NAME" CNAME)" "$TARGET."
sim_set resolver=ok

# What is no question must neither be answered wrongly nor stop the server. Each line: the packet in hex, what it
# is, and the first four bytes of the answer, or - for silence. A question goes out behind the packet: its answer ends the wait.
q=0161000001 # label "a", type 1, behind it the class
# shellcheck disable=SC2001,SC2059 # the packet is the format
send_hex() { printf "$(sed 's/../\\x&/g' <<<"$1")" >&6; }
hear_hex() { timeout 60 dd bs=512 count=1 <&6 2>/dev/null | head -c 4 | od -An -tx1 | tr -d ' \n'; }
while read -r packet want what; do
	exec 6<>"/dev/udp/127.0.0.1/$DNS_PORT"
	send_hex "$packet"
	send_hex "567801000001000000000000${q}0001"
	got=$(hear_hex)
	[[ $got != 5678* ]] || got=-
	exec 6>&-
	is "$what" "${got:-no answer to the question behind it}" "$want"
done <<EOF
00 - one byte
123401000001000000 - half a header
123481800001000000000000${q}0001 - an answer
123401000000000000000000 12348181 no question
123401000002000000000000${q}0001${q}0001 12348181 two questions
1234010000010000000000000161 12348181 a question that ends early
12340100000100000000000040${q}0001 12348181 a label of 64 bytes
123401000001000000000000c00c00010001 12348181 a name that points to itself
123411000001000000000000${q}0001 12349184 another opcode
12340100000100000000ffff${q}0001 12348181 records that are not there
123401000001000000000001${q}00010000290200000000000bad 12348181 an OPT that ends early
EOF
(for i in {1..200}; do head -c $((i * 2)) /dev/urandom >"/dev/udp/127.0.0.1/$DNS_PORT"; done) 2>/dev/null
(printf '\x00\xff\x12\x34'; head -c 300 /dev/urandom) >"/dev/tcp/127.0.0.1/$DNS_PORT" 2>/dev/null
# The question may find the socket full of noise.
is "it still answers after 200 packets of noise" "$(short +time=5 +retry=10 @127.0.0.1 "$NAME" CNAME)" "$TARGET."
ok "both transports are counted" jq -e '.shell.dns_udp > 20 and .shell.dns_tcp > 2' <<<"$(sim_get counts)"
ok "it leaves cleanly" sim_stop
done_testing
