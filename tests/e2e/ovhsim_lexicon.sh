#!/bin/bash
# A client that nobody here wrote: Debian's python3-lexicon, the library under certbot-dns-ovh, keeps a TXT record
# in a zone of the simulator, and the record appears in DNS only after its refresh.
# shellcheck disable=SC2154 # work, HTTP_URL: ovhsim_lib.bash
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"
PYTHON=/usr/bin/python3 # Debian's, which sees Debian's modules
"$PYTHON" -c 'import lexicon' 2>/dev/null || { skip "lexicon" "python3-lexicon is not installed"; done_testing; }

# lexicon wants a name under a public suffix.
cat >"$work/scenario" <<EOF
account main ak=$AK as=$AS ck=$CK
domain main mxplan mx-1 example.org - ovh 2 virgin
set publish_ms=0
set quote_ms=0
EOF
sim_start --scenario "$work/scenario"
cat >"$work/client.py" <<'EOF'
import sys
import lexicon.providers.ovh as o
o.ENDPOINTS["ovh-eu"] = sys.argv.pop(1)
from lexicon.cli import main
main()
EOF
lexicon() { # key action...
	"$PYTHON" "$work/client.py" "$HTTP_URL/1.0" ovh --auth-entrypoint ovh-eu --auth-application-key "$AK" \
		--auth-application-secret "${SECRET-$AS}" --auth-consumer-key "$CK" "$@" 2>"$work/lexicon.err"
}
txt() { [ -z "$(command -v kdig)" ] || kdig -p "$DNS_PORT" @127.0.0.1 +short "$1" TXT; }

ok "creates" lexicon create example.org TXT --name hello --content 'first value'
has "lists" "$(lexicon list example.org TXT --name hello)" "first value"
[ -z "$(command -v kdig)" ] || is "and it is served" "$(txt hello.example.org)" '"first value"'
ID=$(lexicon --output JSON list example.org TXT --name hello 2>/dev/null | jq -r '.[0].id' 2>/dev/null)
ok "updates" lexicon update example.org TXT ${ID:+--identifier "$ID"} --name hello --content 'second value'
has "lists the new value" "$(lexicon list example.org TXT --name hello)" "second value"
[ -z "$(command -v kdig)" ] || is "and that is served" "$(txt hello.example.org)" '"second value"'
ok "creates a CNAME" lexicon create example.org CNAME --name s1._domainkey --content s1.dkim.example.net.
has "lists it" "$(lexicon list example.org CNAME --name s1._domainkey)" "s1.dkim.example.net."
ok "deletes" lexicon delete example.org TXT --name hello
is "and it is gone from the list" "$(lexicon list example.org TXT --name hello | grep -c value)" 0
[ -z "$(command -v kdig)" ] || is "and from DNS" "$(txt hello.example.org)" ""
is "with a wrong secret it is refused" "$(SECRET=wrong lexicon list example.org TXT >/dev/null && echo in || echo out)" out
has "for its signature" "$(cat "$work/lexicon.err")" "400"
is "another account's zone is not there" "$(lexicon list example.com TXT >/dev/null && echo in || echo out)" out
ok "it leaves cleanly" sim_stop
done_testing
