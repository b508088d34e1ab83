#!/bin/bash
# The simulator's door: signatures, times, keys, rules, tokens, error bodies of both generations, the control page,
# and a connection that is used as HTTP/1.1 allows. With curl and sha1sum, which know nothing of our own client.
# shellcheck disable=SC2016,SC2034 # $1$ is no variable; HOST, TS and others bend call()
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"

cat >"$work/scenario" <<EOF
account main ak=$AK as=$AS ck=$CK
account published ak=TDPKJdwZwAQPwKX2 as=9ufkBmLaTQ9nz5yMUlg79taH0GNnzDjk ck=5mBuy6SUQcRw2ZUxg0cG68BoDKpED4KY
account service client_id=the-id client_secret=the+secret/=
account few ak=few as=few ck=few client_id=few client_secret=few
rule few GET /email/pro/*
deny few * /email/pro/*/enable
domain main emailpro emailpro-zz1-1 one.example
EOF
sim_start --scenario "$work/scenario" --log "$work/log"

before=$(date +%s)
fetch "$HTTP_URL/1.0/auth/time"
after=$(date +%s)
ok "the time is a bare integer" grep -qE '^[0-9]{10}$' <<<"$ANSWER"
ok "and now" test "$ANSWER" -ge $((before - 2)) -a "$ANSWER" -le $((after + 2))
has "every answer names its query" "$HEADERS" "X-OVH-QUERYID: EU.ext-3."
has "and its type" "$HEADERS" "Content-Type: application/json; charset=utf-8"
fetch "$HTTP_URL/v1/auth/time"
is "/v1 is /1.0" "$STATUS" 200

# Signatures
SERVICE=/email/pro/emailpro-zz1-1
call GET "/1.0$SERVICE/domain/one.example/dkimSelector"
is "a signed GET" "$STATUS" 200
call GET "/1.0$SERVICE/domain?state=ok"
is "the query is signed as sent" "$STATUS" 200
call GET "/v1$SERVICE/domain/one.example"
is "and so is the version" "$STATUS" 200
SIGNED_URL=$HTTP_URL/1.0$SERVICE/domain/one.example call GET "/v1$SERVICE/domain/one.example"
is "a signature over another form of the URL is none" "$STATUS $ANSWER" \
	'400 {"class":"Client::BadRequest","message":"Invalid signature"}'
SIGNED_URL=https://127.0.0.1/1.0$SERVICE/domain call GET "/1.0$SERVICE/domain"
is "https and no port, as the node client signs" "$STATUS" 200
HOST=api.example SIGNED_URL=http://api.example/1.0$SERVICE/domain call GET "/1.0$SERVICE/domain"
is "the Host header is part of what is signed" "$STATUS" 200
call POST /1.0/nowhere '{"a":"b"}'
is "a signed body comes through to a route that is not there" "$STATUS" 404
SIGNATURE='$1$0000000000000000000000000000000000000000' call GET /1.0/domain/zone
is "a wrong signature" "$STATUS" 400
SIGNATURE='' call GET /1.0/domain/zone
is "an empty signature" "$STATUS" 400
TS=$(($(date +%s) - 200)) call GET /1.0/domain/zone
is "a late timestamp" "$STATUS $ANSWER" '400 {"class":"Client::BadRequest","message":"Query out of time"}'
TS=$(($(date +%s) + 200)) call GET /1.0/domain/zone
is "an early one" "$STATUS" 400
TS=$(($(date +%s) + 150)) call GET /1.0/domain/zone
is "one within the window" "$STATUS" 200

# Keys
AK=other call GET /1.0/domain/zone
is "an unknown application" "$STATUS $ANSWER" '403 {"class":"Client::Forbidden","message":"This application key is invalid"}'
CK=other call GET /1.0/domain/zone
is "an unknown consumer" "$STATUS $ANSWER" '403 {"class":"Client::Forbidden","message":"This credential does not exist"}'
fetch "$HTTP_URL/1.0/domain/zone"
is "nobody" "$STATUS $ANSWER" '401 {"class":"Client::Unauthorized","message":"You must login first"}'
sim_post person 'account:main revoke-credential' >/dev/null
call GET /1.0/domain/zone
is "a revoked key" "$STATUS $ANSWER" '403 {"class":"Client::Forbidden","message":"This credential is not valid"}'
sim_set errors=old
call GET /1.0/domain/zone
is "the same in the older generation" "$ANSWER" \
	'{"errorCode":"INVALID_CREDENTIAL","httpCode":"403 Forbidden","message":"This credential is not valid"}'
sim_set errors=new
sim_post person 'account:main restore-credential' >/dev/null
call GET /1.0/auth/currentCredential
is "what the key is" "$(jq -c '[.status, (.credentialId > 4294967295), .expiration]' <<<"$ANSWER")" '["validated",true,null]'
call GET /1.0/auth/details
is "whose it is" "$(jq -r .account <<<"$ANSWER")" main

# Rules
AK=few AS=few CK=few call GET "/1.0$SERVICE/domain"
ok "a granted call reaches the world" test "$STATUS" != 403
AK=few AS=few CK=few call GET /1.0/domain/zone
is "a call without a rule" "$STATUS $ANSWER" '403 {"class":"Client::Forbidden","message":"This call has not been granted"}'
AK=few AS=few CK=few call POST "/1.0$SERVICE/domain/one.example/dkim/s1/enable"
is "a denied one" "$STATUS" 403
AK=few AS=few CK=few call GET /1.0/auth/currentCredential
is "its rules can be read without a rule" "$(jq -c .rules <<<"$ANSWER")" '[{"method":"GET","path":"/email/pro/*"}]'
fetch "$HTTP_URL/1.0/auth/credential" -H "X-Ovh-Application: $AK" -d '{"accessRules":[{"method":"GET","path":"/domain/*"}]}'
is "a new key waits for its person" "$STATUS $(jq -r .state <<<"$ANSWER")" "200 pendingValidation"
NEW=$(jq -r .consumerKey <<<"$ANSWER") PAGE=$(jq -r .validationUrl <<<"$ANSWER")
CK=$NEW call GET /1.0/domain/zone
is "and is not valid before" "$STATUS" 403
fetch "$PAGE"
CK=$NEW call GET /1.0/domain/zone
is "but is after" "$STATUS" 200
CK=$NEW call GET "/1.0$SERVICE/domain"
is "for what was asked" "$STATUS" 403

# Tokens
FORM="grant_type=client_credentials&client_id=the-id&client_secret=the%2Bsecret%2F%3D&scope=all"
fetch "$TOKEN_URL" -d "$FORM"
is "a token" "$STATUS $(jq -c '[.token_type, .expires_in, .scope]' <<<"$ANSWER")" '200 ["Bearer",3599,"all"]'
TOKEN=$(jq -r .access_token <<<"$ANSWER")
fetch "$HTTP_URL/1.0/auth/details" -H "Authorization: Bearer $TOKEN"
is "lets its account in" "$STATUS $(jq -r .account <<<"$ANSWER")" "200 service"
fetch "$HTTP_URL/1.0/auth/details" -H "Authorization: $TOKEN"
is "not without the word Bearer" "$STATUS" 401
fetch "$TOKEN_URL" -u 'the-id:the%2Bsecret%2F%3D' -d 'grant_type=client_credentials&scope=all'
is "credentials as HTTP Basic" "$STATUS" 200
fetch "$TOKEN_URL" -d "${FORM%&scope=all}"
is "scope=all is a must" "$STATUS $(jq -r .error <<<"$ANSWER")" "400 invalid_scope"
fetch "$TOKEN_URL" -d "${FORM/the-id/other}"
is "an unknown client" "$(jq -r .error <<<"$ANSWER")" invalid_client
fetch "$TOKEN_URL" -H 'Content-Type: application/json' -d '{}'
is "JSON is no form" "$STATUS" 400
for how in 400 401 200 503; do
	sim_set token=$how
	fetch "$TOKEN_URL" -d "$FORM"
	is "a token endpoint that fails with $how" "$STATUS $(jq -r '.access_token' <<<"$ANSWER" 2>/dev/null)" \
		"$how $([ $how = 503 ] || echo null)"
done
sim_set $'token=ok\nexpires_in=100s'
fetch "$TOKEN_URL" -d "$FORM"
is "a shorter life is told" "$(jq .expires_in <<<"$ANSWER")" 100
TOKEN=$(jq -r .access_token <<<"$ANSWER")
sim_post advance 101s >/dev/null
fetch "$HTTP_URL/1.0/auth/details" -H "Authorization: Bearer $TOKEN"
is "and then the token is dead" "$STATUS $(jq -r .message <<<"$ANSWER")" "401 You must login first"
fetch "$TOKEN_URL" -d "grant_type=client_credentials&client_id=few&client_secret=few&scope=all"
fetch "$HTTP_URL/v1/email/domain/one.example/dkim/enable" -X PUT -H "Authorization: Bearer $(jq -r .access_token <<<"$ANSWER")"
is "IAM names the action that is missing" "$STATUS $(jq -r '.message, .details.unauthorizedActionsByIAM' <<<"$ANSWER" | paste -sd' ')" \
	"403 User not granted for this request emailDomain:apiovh:domain/dkim/enable"

# Clocks
sim_set 'clock_offset=1h'
fetch "$HTTP_URL/1.0/auth/time"
ok "a clock that is ahead" test "$((ANSWER - $(date +%s)))" -gt 3500
TS=$ANSWER call GET /1.0/domain/zone
is "judges signatures by itself" "$STATUS" 200
sim_set 'clock_offset=0'

# Transport
sim_set fault_reset_before=1
call GET /1.0/domain/zone
is "a reset is a reset" "$STATUS $CURL" "000 56"
sim_set $'fault_reset_before=0\nfault_truncated=1'
call GET /1.0/domain/zone
is "a cut answer ends early" "$CURL" 18
sim_set $'fault_truncated=0\nfault_slow=1\nslow_ms=3s'
PATIENCE=0.2 call GET /1.0/domain/zone
is "a client that does not wait for a slow answer" "$STATUS $CURL" "000 28"
call GET /1.0/domain/zone
is "does not keep the next from getting one" "$STATUS" 200
sim_set $'fault_slow=0\nfault_429=1'
call GET /1.0/domain/zone
is "a 429 says when to come back" "$STATUS $(grep -c '^Retry-After: [1-9]' <<<"$HEADERS")" "429 1"
sim_set $'fault_429=0\nservice_expired@one.example=yes'
call GET "/1.0$SERVICE/domain/one.example"
is "an expired service" "$STATUS" 460
sim_set $'service_expired@one.example=no'
exec 5<>"/dev/tcp/127.0.0.1/$HTTP_PORT"
for _ in 1 2 3; do printf 'GET /1.0/auth/time HTTP/1.1\r\nHost: x\r\n\r\n' >&5; done
printf 'GET /1.0/auth/time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&5
is "four requests in one packet's time get four answers" "$(timeout 60 cat <&5 | grep -o 'HTTP/1.1 200' | wc -l)" 4
exec 5>&-
sim_post reset-counts '' >/dev/null
for i in {1..200}; do printf 'url=%s/1.0/auth/time?%s\noutput=/dev/null\n' "$HTTP_URL" "$i"; done >"$work/many"
curl -sS --parallel --parallel-max 32 -K "$work/many" >/dev/null 2>&1
COUNTS=$(sim_get counts)
ok "32 at a time over kept connections" jq -e '.shell.auth == 200 and .shell.connections <= 40' <<<"$COUNTS"

# Control page
is "an unknown switch is refused" "$(curl -s -o /dev/null -w '%{http_code}' -d nonsense=1 "$HTTP_URL/_sim/set")" 400
is "a broken definition says where" "$(sim_post add $'# fine\ndomain main' | jq -r .message | cut -c1-7)" "line 2:"
ok "domains can be added" test "$(sim_post add 'repeat 3 domain main exchange ex-1 d{}.example')" = null
ok "and are there" jq -e . <<<"$(sim_get 'dump?domain=d2.example')"
is "time moves forward" "$(a=$(sim_get time | jq .now); sim_post advance 2h | jq "(.now - $a) / 600000 | floor")" 12
is "never back" "$(sim_post advance -2h | jq -r 'has("message")')" true
ok "switches are listed" jq -e 'map(.name) | index("clock_offset") and index("old_selector")' <<<"$(sim_get switches)"
ok "the judge has a page" jq -e '.broken == 0 and (.changes | type) == "array"' <<<"$(sim_get changes)"
sim_post reset-counts '' >/dev/null
fetch "$HTTP_URL/1.0/auth/time"
TS=$ANSWER
for _ in 1 2 3; do call GET /1.0/domain/zone; done
call GET /1.0/auth/details
is "the most in 60 s" "$(sim_get counts | jq -c '.shell.accounts.main | [.max_per_60s, .max_per_60s_without_auth]')" "[4,3]"
sim_set $'fault_slow=1\nslow_ms=1h'
PATIENCE=0.2 call GET /1.0/domain/zone
is "an answer that is an hour late" "$CURL" 28
ok "does not keep it from leaving cleanly" sim_stop
ok "every request is in the log" jq -es 'map(select(.path == "/1.0/domain/zone")) | length > 10' "$work/log"
ok "but no secret" test "$(grep -c the%2Bsecret "$work/log")" = 0

# Vectors published by OVHcloud (revoked keys), on the clock of their day and the host they were made for.
sim_start --scenario "$work/scenario" --start 1457018875
while read -r method signature body; do
	fetch "$HTTP_URL/1.0/auth" -X "$method" -H 'Host: eu.api.ovh.com' -H 'X-Ovh-Application: TDPKJdwZwAQPwKX2' \
		-H 'X-Ovh-Consumer: 5mBuy6SUQcRw2ZUxg0cG68BoDKpED4KY' -H 'X-Ovh-Timestamp: 1457018875' \
		-H "X-Ovh-Signature: \$1\$$signature" ${body:+--data-binary "$body"}
	is "the published $method is signed rightly" "$STATUS" 404
done <<'EOF'
GET e9556054b6309771395efa467c22e627407461ad
POST ec2fb5c7a81f64723c77d2e5b609ae6f58a84fc1 {"a":"b","c":"d"}
PUT 8a75a9e7c8e7296c9dbeda6a2a735eb6bd58ec4b {"a":"b","c":"d"}
EOF
ok "it leaves cleanly again" sim_stop

# Speed
sim_start --scenario "$work/scenario" --speed 3600
THEN=$(sim_get time | jq .now)
until [ "$(sim_get time | jq "(.now - $THEN) > 600000")" = true ]; do sleep 0.05; done
fetch "$HTTP_URL/1.0/auth/time"
ok "ten minutes in less than a second, for the API too" test "$ANSWER" -ge $((THEN / 1000 + 600))
TS=$ANSWER call GET /1.0/domain/zone
is "and signatures are judged at that speed" "$STATUS" 200
ok "it leaves cleanly at any speed" sim_stop

# TLS
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
sim_start --scenario "$work/scenario" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem"
fetch "$HTTPS_URL/1.0/auth/time" --cacert "$work/cert.pem"
is "the time over TLS" "$STATUS" 200
TS=$(date +%s)
fetch "$HTTPS_URL/1.0/domain/zone" --cacert "$work/cert.pem" -H "X-Ovh-Application: $AK" -H "X-Ovh-Consumer: $CK" \
	-H "X-Ovh-Timestamp: $TS" \
	-H "X-Ovh-Signature: \$1\$$(printf '%s' "$AS+$CK+GET+$HTTPS_URL/1.0/domain/zone++$TS" | sha1sum | cut -d' ' -f1)"
is "a signature over an https URL with a port" "$STATUS" 200
ok "it leaves cleanly with TLS too" sim_stop
done_testing
