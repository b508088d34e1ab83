#!/bin/bash
# dkimrotctl discover and a simulated account: every e-mail domain of every platform as an inventory that `check` accepts,
# what is listed left out, zones told apart, budgets kept, and what cannot be had told. No daemon runs.
# runtests: timeout=180
# shellcheck disable=SC2119,SC2317 # functions that take options, and some that are called by others
# shellcheck source=tests/e2e/daemon_lib.bash
. "$(dirname "$0")/daemon_lib.bash"
run() { # ARG...: sets RC, OUT, ERR
	OUT=$("$BUILD/dkimrotctl" "$@" -c "$CONF" 2>"$work/ctl.err" </dev/null)
	RC=$? ERR=$(<"$work/ctl.err")
}
entries() { /usr/bin/python3 -c 'import sys, yaml, json; print(json.dumps(yaml.safe_load(sys.stdin)["domains"]))' <<<"$OUT"; }
entry() { entries | jq -c --arg d "$1" 'map(select(.domain == $d)) | .[] | del(.domain)'; }

world <<END
account svc client_id=service client_secret=service-secret
domain main exchange hosted-zz1-1 a.example
domain main exchange hosted-zz1-1 listed.example
domain main exchange private-zz2-1 elsewhere.example - none
domain main exchange private-zz2-1 mail.parent.example parent.example
domain main emailpro emailpro-zz1-1 b.example
domain main emailpro emailpro-zz1-1 xn--bcher-kva.example
domain main mxplan mx.example mx.example
domain main mxplan listed-mx.example listed-mx.example
domain main zimbra zim.example zim.example
domain svc emailpro emailpro-zz9-1 other.example - account:main
domain svc mxplan mxo.example mxo.example - account:main
END
credentials
(umask 077 && printf '[default]\nclient_id=service\nclient_secret=service-secret\ntoken_url=%s\n' "$TOKEN_URL" >"$work/oauth.conf")
configure
sed -i "/^  default: { endpoint/a\\  second: { endpoint: \"http://127.0.0.1:$HTTP_PORT/1.0\", credentials: $work/oauth.conf, requests_per_minute: 0 }" "$CONF"
inventory a.yaml <<END
domain: listed.example, platform: exchange, service: hosted-zz1-1
domain: listed-mx.example, platform: zimbra
END

run discover --account default
is "it ends well" "$RC" 0
is "every domain of the account but those listed" "$(entries | jq -r '[.[].domain] | sort | join(" ")')" \
	"a.example b.example elsewhere.example mail.parent.example mx.example xn--bcher-kva.example zim.example"
is "exchange" "$(entry a.example)" '{"platform":"exchange","service":"hosted-zz1-1"}'
is "a zone that nobody of ours has" "$(entry elsewhere.example | jq -r .dns)" manual
is "a zone above the domain" "$(entry mail.parent.example | jq -r .zone)" parent.example
is "email pro" "$(entry b.example)" '{"platform":"emailpro","service":"emailpro-zz1-1"}'
is "mx plan" "$(entry mx.example)" '{"platform":"mxplan"}'
is "zimbra once, though it stands among MX Plan's domains too" "$(entry zim.example)" '{"platform":"zimbra","zimbra_api":"v2"}'
has "it says how many are listed" "$OUT" "2 more are listed"
is "what it prints is an inventory" "$("$BUILD/dkimrotctl" check - <<<"$OUT" 2>&1; echo $?)" "no fault in 1 file, 7 domains
0"
run discover
is "all accounts" "$(entries | jq length)" 9
is "of another account, its zone with the first" "$(entry other.example)" \
	'{"platform":"emailpro","service":"emailpro-zz9-1","account":"second","zone_account":"default"}'
is "there the platform cannot write it" "$(entry mxo.example | jq -r .dns)" ovh
run discover --json
is "as JSON" "$(jq -c '[(.domains | length), .listed, .incomplete]' <<<"$OUT")" '[9,2,[]]'
run discover >/dev/null
cp "$CONF" "$work/conf.keep"
printf '%s\n' "$OUT" >"$INV/found.yaml"
run check
is "put into the inventory, nothing is wrong" "$RC" 0
run discover
is "and nothing is left" "$(entries)" "[]"
is "which is an inventory, too" "$("$BUILD/dkimrotctl" check - <<<"$OUT" >/dev/null 2>&1; echo $?)" 0
is "it has changed nothing anywhere" "$(changes_all)" 0

# What cannot be had.
rm "$INV/found.yaml"
sim_post add 'deny main GET /email/pro*' >/dev/null
run discover --account default
is "a list that is not granted ends with 1" "$RC" 1
has "and is named" "$ERR" "GET /email/pro"
is "the others are there" "$(entries | jq length)" 5
has "the inventory says that it is not all" "$OUT" "# this is not all: account default: GET /email/pro"
run discover --account nobody
is "an account that is not configured" "$RC" 1
person account:main revoke-credential
run discover --account default
is "a refused credential" "$RC" 1
is "is told once" "$(grep -c 'This credential is not valid' <<<"$ERR")" 1
person account:main restore-credential
echo 'domains: [ { domain: x.example, platform: exchnage } ]' >"$INV/broken.yaml"
run discover
is "with an inventory that is not understood nothing is told apart" "$RC$OUT" 1
rm "$INV/broken.yaml"

# Many: 4,000 domains on 400 services, in parallel, and within the budget.
sim_post add "$(for i in {1..400}; do echo "repeat 10 domain main exchange hosted-big$i-1 d$i-{}.example"; done)" >/dev/null
sim_set rate_limit=0
sed -i 's/requests_per_minute: 0/requests_per_minute: 900/' "$CONF"
run discover --account default
is "4,000 domains more" "$(entries | jq length)" 4005
is "pass the check" "$("$BUILD/dkimrotctl" check - <<<"$OUT" >/dev/null 2>&1; echo $?)" 0
sed -i 's/requests_per_minute: 900/requests_per_minute: 300/' "$CONF"
sim_post reset-counts '' >/dev/null
"$BUILD/dkimrotctl" discover -c "$CONF" --account default >/dev/null 2>"$work/slow.err" &
slow=$!
soon "who waits for a budget is told how far it is" 40 grep -q 'lists read' "$work/slow.err"
most=$(sim_get counts | jq '.shell.accounts.main.max_per_60s')
ok "and the account's budget is kept ($most of 300; all of it is 810)" test "$most" -le 300
kill "$slow"
wait "$slow" 2>/dev/null
judged_clean
world_end
done_testing
