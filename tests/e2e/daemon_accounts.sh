#!/bin/bash
# Two accounts: one with a key, one a service account whose tokens expire sooner than promised. Each has its own budget:
# no sixty seconds hold more requests than configured, killed and started anew in between; a refused one stops alone.
# runtests: timeout=300
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"

world expires_in=34s token_lifetime=8s <<END
account svc client_id=service client_secret=service-secret
repeat 3 domain main exchange hosted-zz1-1 k{}.example
domain main exchange hosted-zz1-1 k3.example - ovh 2 signing
repeat 3 domain svc emailpro emailpro-zz1-1 o{}.example
domain svc emailpro emailpro-zz1-1 o3.example - ovh 2 signing
END
credentials
(umask 077 && printf '[default]\nclient_id=service\nclient_secret=service-secret\ntoken_url=%s\n' "$TOKEN_URL" >"$work/oauth.conf")
ACCOUNT='requests_per_minute: 45'
configure
sed -i "/^  default: { endpoint/a\\  second: { endpoint: \"http://127.0.0.1:$HTTP_PORT/1.0\", credentials: $work/oauth.conf, requests_per_minute: 100 }" "$CONF"
for d in k0 k1 k2 k3; do echo "domain: $d.example, platform: exchange, service: hosted-zz1-1"; done | inventory keys.yaml
for d in o0 o1 o2 o3; do echo "domain: $d.example, platform: emailpro, service: emailpro-zz1-1, account: second"; done | inventory oauth.yaml
BEGAN=$(date +%s)
dk_start
met() { [ "$(log_count "domain-met [$1]")" = 4 ]; }
soon "all of the first account are met" 60 met k
soon "and of the second, with a token" 60 met o
for _ in 1 2 3; do
	dk_kill KILL
	ok "killed, it starts again" dk_start
	NEXT=$(date +%s)
	# shellcheck disable=SC2317 # called by until_true
	passed() { [ $(($(date +%s) - NEXT)) -ge 6 ]; }
	until_true 10 passed
done
tokens() { sim_get counts | jq .shell.token; }
HAD=$(tokens)
# more than a minute in all, so that the window has to slide
# shellcheck disable=SC2317 # called by until_true
minute_over() { [ $(($(date +%s) - BEGAN)) -ge 66 ]; }
for d in o0 o1 o2; do soon "$d.example signs" 220 signs $d.example; done
until_true 80 minute_over
soon "tokens are renewed when they expire ($HAD before)" 30 at_least $((HAD + 1)) tokens
# tokens come from another host, and count apart
most() { sim_get counts | jq ".shell.accounts[\"$1\"].max_per_60s_without_auth"; }
soon "the first account's budget is used" 60 at_least 30 most main
ok "and holds in any minute ($(most main) of 45)" test "$(most main)" -le 45
ok "the second's as well ($(most svc) of 100)" test "$(most svc)" -le 100
is "status names both" "$(ask status | jq -c '[.accounts[].name] | sort')" '["default","second"]'
sim_get counts | jq -c .shell | sed 's/^/# /'

person account:svc revoke-tokens
sim_set token=401
soon "a service account that is refused stops" 60 logged 'account-stopped account second'
state() { ask status | jq -r ".accounts[] | select(.name == \"$1\") | .state"; }
soon_is "the other goes on" 20 ok state default
dk_stop
judged_clean
world_end
done_testing
