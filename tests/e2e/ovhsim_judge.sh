#!/bin/bash
# The simulator from one end to the other as a test of the daemon uses it: a virgin domain gets its selectors and
# records through the API, one signs, people interfere, time leaps; and the judge is content with what was careful,
# and not with what was not. Also Zimbra's v2 pages, whose cursors are headers.
# shellcheck disable=SC2034,SC2154 # TS bends call(); work, sim_pid: ovhsim_lib.bash
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"

cat >"$work/scenario" <<EOF
account main ak=$AK as=$AS ck=$CK client_id=id client_secret=secret
domain main emailpro emailpro-zz1-1 new.example
domain main exchange ex-1 old.example - ovh 2 signing
domain main zimbra 11111111-2222-3333-4444-555555555555 z1.example
domain main zimbra 11111111-2222-3333-4444-555555555555 z2.example
set task_ms=1s
set check_ms=1min
set publish_ms=1s
EOF
now() { TS=$(curl -s "$HTTP_URL/1.0/auth/time"); }
leap() { sim_post advance "$1" >/dev/null && now; }
answer() { jq -r "$1" <<<"$ANSWER"; }

sim_start --scenario "$work/scenario" --judge --seed 7
now
BASE=/1.0/email/pro/emailpro-zz1-1/domain/new.example
call GET $BASE/dkimSelector
NAME=$(answer '.[0]')
call POST $BASE/dkim "{\"selectorName\":\"$NAME\",\"autoEnableDKIM\":false,\"configureDkim\":false}"
is "a selector is asked for" "$STATUS $(answer .function)" "200 addDomainDKIM"
leap 1min
call GET "$BASE/dkim/$NAME"
is "it waits for its record" "$STATUS $(answer .status)" "200 waitingRecord"
TARGET=$(answer .targetRecord)
call POST /1.0/domain/zone/new.example/record \
	"{\"fieldType\":\"CNAME\",\"subDomain\":\"$NAME._domainkey\",\"target\":\"$TARGET.\",\"ttl\":0}"
is "the record is written" "$STATUS" 200
leap 5min
call GET "$BASE/dkim/$NAME"
is "nothing is served before the refresh" "$(answer .status)" waitingRecord
call POST /1.0/domain/zone/new.example/refresh
is "void is null" "$STATUS $ANSWER" "200 null"
leap 5min
call GET "$BASE/dkim/$NAME"
is "after it the selector is ready" "$(answer .status)" ready
if command -v kdig >/dev/null; then
	is "and DNS says the same" "$(kdig -p "$DNS_PORT" +short @127.0.0.1 "$NAME._domainkey.new.example" CNAME)" "$TARGET."
fi
call POST "$BASE/dkim/$NAME/enable"
is "it is enabled" "$STATUS" 200
leap 1min
is "and signs" "$(sim_get 'signing?domain=new.example')" "$NAME"
is "the judge saw four changes and no fault" "$(sim_get changes | jq -c '[.broken, (.changes | length)]')" "[0,4]"

call GET '/v2/zimbra/platform/11111111-2222-3333-4444-555555555555/domain'
is "v2 lists both domains" "$STATUS $(answer length)" "200 2"
fetch "$TOKEN_URL" -d 'grant_type=client_credentials&client_id=id&client_secret=secret&scope=all'
TOKEN=$(answer .access_token)
PLATFORM=$HTTP_URL/v2/zimbra/platform/11111111-2222-3333-4444-555555555555/domain
fetch "$PLATFORM" -H "Authorization: Bearer $TOKEN" -H 'X-Pagination-Size: 1'
CURSOR=$(sed -n 's/^X-Pagination-Cursor-Next: //p' <<<"$HEADERS")
is "a page of one names the next" "$(answer length) ${CURSOR:+cursor}" "1 cursor"
FIRST=$(answer '.[0].id')
fetch "$PLATFORM" -H "Authorization: Bearer $TOKEN" -H 'X-Pagination-Size: 1' -H "X-Pagination-Cursor: $CURSOR"
ok "which holds the other" test "$(answer length)" = 1 -a "$(answer '.[0].id')" != "$FIRST"

is "a person switches" "$(sim_post person 'old.example switch')" null
leap 1min
ok "and the other signs" test "$(sim_get 'signing?domain=old.example')" = ovhex2-selector2
is "nobody owns that domain" "$(sim_post person 'none.example switch' | jq -r .message)" "line 1: no such domain"
sim_post person 'old.example revoke-credential' >/dev/null
call GET /1.0/domain/zone
is "a revoked credential" "$STATUS" 403
fetch "$PLATFORM" -H "Authorization: Bearer $TOKEN"
is "takes the token along" "$STATUS" 401
sim_post person 'old.example grant-credential' >/dev/null
call GET /1.0/domain/zone
is "until it is granted again" "$STATUS" 200
ok "with --judge and no fault it leaves with 0" sim_stop

sim_start --scenario "$work/scenario" --judge 2>"$work/judgement"
now
call GET /1.0/email/exchange/ex-1/service/ex-1/domain/old.example/dkim
NAME=$(answer '.[0]')
call DELETE "/1.0/email/exchange/ex-1/service/ex-1/domain/old.example/dkim/$NAME"
is "the one that signs is deleted" "$STATUS" 200
leap 1min
is "and nothing signs" "$(sim_get 'signing?domain=old.example')" ""
is "the judge noticed" "$(sim_get changes | jq .broken)" 1
sim_stop
is "with --judge it leaves with 1" $? 1
has "and says why" "$(cat "$work/judgement")" "ovhsim: rule 1 broken"
done_testing
