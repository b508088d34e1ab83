#!/bin/bash
# dkimrotctl verify-message: messages signed by programs that nobody here wrote (dkimpy, and OpenDKIM's own tool), with
# the keys in a real name server, whole and spoilt in every way that a mail can be.
# shellcheck disable=SC2119 # functions that take options
# shellcheck source=tests/e2e/mail_lib.bash
. "$(dirname "$0")/mail_lib.bash"
needs "messages checked" knotd openssl /usr/bin/python3
/usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null || skip_all "messages checked" "python3-dkim or python3-nacl is not installed"

# Keys: two of RSA, one that is too small, one of ed25519.
for k in one two; do openssl genrsa -out "$work/$k.pem" 2048 2>/dev/null; done
openssl genrsa -out "$work/weak.pem" 512 2>/dev/null
openssl genpkey -algorithm ed25519 -out "$work/ed.pem" 2>/dev/null
ed_public=$(openssl pkey -in "$work/ed.pem" -pubout -outform DER | tail -c 32 | base64 -w0)
openssl pkey -in "$work/ed.pem" -outform DER | tail -c 32 | base64 -w0 >"$work/ed.seed"

knot_start mail.example <<END
one._domainkey TXT $(split "v=DKIM1; k=rsa; p=$(public one)")
direct._domainkey CNAME one._domainkey
two._domainkey TXT $(split "v=DKIM1; k=rsa; t=y; p=$(public two)")
ed._domainkey TXT "v=DKIM1; k=ed25519; p=$ed_public"
weak._domainkey TXT "v=DKIM1; k=rsa; p=$(public weak)"
gone._domainkey TXT "v=DKIM1; p="
other._domainkey TXT $(split "v=DKIM1; k=rsa; p=$(public two)")
nokey._domainkey TXT "something else"
twice._domainkey TXT $(split "v=DKIM1; p=$(public one)")
twice._domainkey TXT $(split "v=DKIM1; p=$(public two)")
beside._domainkey TXT $(split "v=DKIM1; p=$(public one)")
beside._domainkey TXT "a remark"
END
port=$KNOT_PORT

cat >"$work/c.yaml" <<END
accounts: { default: { endpoint: ovh-eu, credentials: ovh.conf } }
state: $work/state
dns: { resolvers: [ "127.0.0.1@$port" ], trust_anchor: "" }
END
cat >"$work/plain.eml" <<'END'
From: "Some, Body" <somebody@mail.example>
To: you@example.net
Subject: a folded
 subject
Date: Sun, 29 Nov 2026 10:00:00 +0000
Message-ID: <1@mail.example>

Hello,
  two  blanks and a dot:
.

END
sign() { # selector key [domain] [more arguments of dkim.sign]  < message > signed message
	/usr/bin/python3 - "$@" 3<&0 <<'PY'
import sys, os, dkim
message = os.fdopen(3, "rb").read().replace(b"\n", b"\r\n")
selector, key, domain = sys.argv[1], sys.argv[2], (sys.argv[3:] or ["mail.example"])[0]
more = eval("dict(%s)" % ",".join(sys.argv[4:]))
where = os.environ["work"]
if key == "ed":
    private, more["signature_algorithm"] = open(where + "/ed.seed", "rb").read(), b"ed25519-sha256"
else:
    private = open(f"{where}/{key}.pem", "rb").read()
header = dkim.sign(message, selector.encode(), domain.encode(), private,
                   include_headers=[b"from", b"to", b"subject", b"date"], **more)
sys.stdout.buffer.write((header + message).replace(b"\r\n", b"\n"))
PY
}
export work
run() { # file or - ; more arguments before
	OUT=$("$BUILD/dkimrotctl" --socket "$work/none.sock" --state "$work/nostate" verify-message -c "$work/c.yaml" "$@" 2>"$work/err")
	RC=$? ERR=$(<"$work/err")
}
json() { # file
	OUT=$("$BUILD/dkimrotctl" --socket "$work/none.sock" --json verify-message -c "$work/c.yaml" "$@" 2>"$work/err")
	RC=$? ERR=$(<"$work/err")
}
verdict() { jq -r '[.signatures[] | "\(.selector) \(.algorithm) \(.result)"] | join(", ")' <<<"$OUT"; }
why() { jq -r ".signatures[0].why" <<<"$OUT"; }

sign one one <"$work/plain.eml" >"$work/one.eml"
json "$work/one.eml"
is "a message as it was signed" "$RC|$(verdict)" "0|one rsa-sha256 pass"
is "what is known of it" "$(jq -c '[.from, .holds, .signatures[0].key_bits, .signatures[0].author]' <<<"$OUT")" '["mail.example",true,2048,true]'
run "$work/one.eml"
is "for people" "$RC" 0
has "which selector" "$OUT" "Signature   one._domainkey.mail.example, rsa-sha256, a key of 2048 bits"
has "that it holds" "$OUT" "pass: it holds with the key that is in the DNS now"
has "the verdict" "$OUT" "A signature of the author's domain holds."
OUT=$("$BUILD/dkimrotctl" --socket "$work/none.sock" --json verify-message -c "$work/c.yaml" <"$work/one.eml" 2>/dev/null)
is "from standard input" "$(verdict)" "one rsa-sha256 pass"
sed 's/$/\r/' "$work/one.eml" >"$work/crlf.eml"
json "$work/crlf.eml"
is "with the line ends of a network" "$RC|$(verdict)" "0|one rsa-sha256 pass"
{ echo "From somebody@mail.example Sun Nov 29 10:00:00 2026"; cat "$work/one.eml"; } >"$work/mbox.eml"
json "$work/mbox.eml"
is "out of an mbox" "$RC|$(verdict)" "0|one rsa-sha256 pass"
for c in relaxed simple; do
	for b in relaxed simple; do
		sign one one mail.example "canonicalize=(b'$c',b'$b')" <"$work/plain.eml" >"$work/c.eml"
		json "$work/c.eml"
		is "canonicalized $c/$b" "$RC|$(verdict)" "0|one rsa-sha256 pass"
	done
done
sign ed ed <"$work/plain.eml" >"$work/ed.eml"
json "$work/ed.eml"
is "ed25519" "$RC|$(verdict)" "0|ed ed25519-sha256 pass"
sign ed ed <"$work/one.eml" >"$work/both.eml"
json "$work/both.eml"
is "both kinds beside each other" "$RC|$(verdict)" "0|ed ed25519-sha256 pass, one rsa-sha256 pass"
sign direct one <"$work/plain.eml" >"$work/cname.eml"
json "$work/cname.eml"
is "a key behind a CNAME" "$RC|$(verdict)" "0|direct rsa-sha256 pass"
sign beside one <"$work/plain.eml" >"$work/beside.eml"
json "$work/beside.eml"
is "a record beside the key that is none" "$RC|$(verdict)" "0|beside rsa-sha256 pass"

# what is wrong
sed 's/two  blanks/two blanks and more/' "$work/one.eml" >"$work/x.eml"
json "$work/x.eml"
is "another body" "$RC|$(verdict)" "1|one rsa-sha256 fail"
has "is named" "$(why)" "the body was changed"
sed 's/^To: .*/To: them@example.net/' "$work/one.eml" >"$work/x.eml"
json "$work/x.eml"
is "another header" "$RC|$(verdict)" "1|one rsa-sha256 fail"
has "is named" "$(why)" "header fields were changed"
sed 's/two  blanks/two blanks and more/' "$work/ed.eml" >"$work/x.eml"
json "$work/x.eml"
is "another body under ed25519" "$RC|$(verdict)" "1|ed ed25519-sha256 fail"
sed 's/^To: .*/To: them@example.net/' "$work/ed.eml" >"$work/x.eml"
json "$work/x.eml"
is "another header under ed25519" "$RC|$(verdict)" "1|ed ed25519-sha256 fail"
sign other one <"$work/plain.eml" >"$work/x.eml"
json "$work/x.eml"
is "another key in the DNS" "$RC|$(verdict)" "1|other rsa-sha256 fail"
for case in "gone:revoked" "nokey:is not a DKIM key" "twice:more than one key record" "missing:the name does not exist"; do
	sign "${case%%:*}" one <"$work/plain.eml" >"$work/x.eml"
	json "$work/x.eml"
	is "selector ${case%%:*}" "$RC|$(verdict)" "1|${case%%:*} rsa-sha256 permerror"
	has "says why" "$(why)" "${case#*:}"
done
sign weak weak <"$work/plain.eml" >"$work/x.eml"
json "$work/x.eml"
is "a weak key" "$RC|$(verdict)" "1|weak rsa-sha256 policy"
sign two two <"$work/plain.eml" >"$work/x.eml"
json "$work/x.eml"
is "a key in test mode" "$RC|$(jq -r '.signatures[0].test_mode' <<<"$OUT")" "0|true"
run "$work/x.eml"
has "is told" "$OUT" "the key is in test mode (t=y)"
sign one one mail.example length=True <"$work/plain.eml" >"$work/x.eml"
echo "and an advertisement" >>"$work/x.eml"
json "$work/x.eml"
is "a signature of a part of the body" "$RC|$(jq -r '.signatures[0].partial' <<<"$OUT")" "0|true"
json "$work/plain.eml"
is "no signature" "$RC|$(verdict)" "1|"
run "$work/plain.eml"
has "for people" "$OUT" "the message is not signed"
sed 's/^From: .*/From: somebody@other.example/' "$work/plain.eml" | sign one one >"$work/x.eml"
json "$work/x.eml"
is "somebody else's signature holds, the author's is missing" "$RC|$(verdict)|$(jq .signatures[0].author <<<"$OUT")" "1|one rsa-sha256 pass|false"
sed -i 's/^dns: .*/dns: { resolvers: [ "127.0.0.1@1" ], trust_anchor: "" }/' "$work/c.yaml"
json "$work/one.eml"
is "no resolver answers" "$RC|$(verdict)" "1|one rsa-sha256 temperror"
sed -i "s/^dns: .*/dns: { resolvers: [ \"127.0.0.1@$port\" ], trust_anchor: \"\" }/" "$work/c.yaml"

# what others claim
{
	cat <<'END'
Authentication-Results: mx.example.net (a "comment; dkim=fail" (nested)) 1;
 dkim=pass (2048-bit key) header.d=mail.example header.s=one;
	spf=pass smtp.mailfrom="some;body@mail.example"; dmarc=pass
ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=relay.example; s=arc; b=AAAA
ARC-Authentication-Results: i=1; relay.example; dkim=fail header.d=mail.example
END
	cat "$work/one.eml"
} >"$work/claims.eml"
json "$work/claims.eml"
is "Authentication-Results" "$(jq -c '[.claims[0].by, (.claims[0].results[] | .method + "=" + .result)]' <<<"$OUT")" '["mx.example.net","dkim=pass","spf=pass","dmarc=pass"]'
is "with whose signature" "$(jq -c '.claims[0].results[0] | [.domain, .selector]' <<<"$OUT")" '["mail.example","one"]'
is "ARC's" "$(jq -c '[.claims[1].arc, .claims[1].by, .claims[1].results[0].result, .seals[0].by, .seals[0].chain]' <<<"$OUT")" '["1","relay.example","fail","relay.example","none"]'
run "$work/claims.eml"
has "for people" "$OUT" "mx.example.net says dkim=pass (mail.example, one), spf=pass, dmarc=pass"
has "the seal" "$OUT" "set 1 sealed by relay.example"
{ printf 'Authentication-Results: \033[31mred\007.example; dkim=pa\033[0mss\n'; cat "$work/one.eml"; } >"$work/x.eml"
run "$work/x.eml"
lacks "control characters do not reach the terminal" "$OUT" $'\033'

# what is no message
for case in "empty:it is empty:" "body only:begin with a header:
hello" "no header:begin with a header:hello world"; do
	printf '%s' "${case##*:}" >"$work/x.eml"
	run "$work/x.eml"
	is "${case%%:*}" "$RC|$OUT" "1|"
done
run "$work/nothing.eml"
is "no such file" "$RC" 1
has "is said" "$ERR" "it cannot be read"
head -c 300000 /dev/urandom >"$work/x.eml"
run "$work/x.eml"
is "noise" "$RC" 1
"$BUILD/dkimrotctl" verify-message a b >/dev/null 2>&1
is "two files" $? 2
echo 'dns: { resolvers: [ nonsense ] }' >"$work/bad.yaml"
"$BUILD/dkimrotctl" verify-message -c "$work/bad.yaml" "$work/one.eml" >/dev/null 2>"$work/err"
is "a faulty configuration" "$?" 1
has "is named" "$(<"$work/err")" "$work/bad.yaml:1:"
# Whose key it is, by a running daemon and then by the state that it left.
SOCK=$work/control.sock
world <<END
domain main exchange hosted-zz1-1 mail.example - ovh 2 signing
END
credentials
POLICY='rotate_every: 1h, grace: 5s, splay: 0%' configure
inventory a.yaml <<<'domain: mail.example, platform: exchange, service: hosted-zz1-1'
dk_start
soon "a domain of ours signs" 60 dom_is mail.example .reason settled
active=$(dom mail.example .active_selector)
sign "$active" one <"$work/one.eml" >"$work/ours.eml"
ours() { jq -c '[.signatures[] | [.selector, .ours, .platform, .phase, .state, .role]]' <<<"$OUT"; }
wanted="[[\"$active\",true,\"exchange\",\"settled\",\"inProduction\",\"active\"],[\"one\",true,\"exchange\",\"settled\",null,null]]"
OUT=$("$BUILD/dkimrotctl" --socket "$SOCK" --json verify-message -c "$work/c.yaml" "$work/ours.eml" 2>/dev/null)
is "the key and its phase, as the daemon knows them" "$(ours)" "$wanted"
OUT=$("$BUILD/dkimrotctl" --socket "$SOCK" verify-message -c "$work/c.yaml" "$work/ours.eml" 2>/dev/null)
has "for people" "$OUT" "our key: $active on exchange is inProduction, active; the domain's phase is settled"
has "a selector that is none of ours" "$OUT" "the domain is ours, but one is none of its selectors"
dk_stop
OUT=$("$BUILD/dkimrotctl" --socket "$SOCK" --state "$STATE" --json verify-message -c "$work/c.yaml" "$work/ours.eml" 2>/dev/null)
is "the same by the state alone" "$(ours)" "$wanted"
world_end
done_testing
