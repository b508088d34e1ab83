#!/bin/bash
# One refresh for what is written together: both records of a new domain, and those of domains that share a zone with them.
# Records of a zone in another account are written with that account's key.
# runtests: timeout=120
# shellcheck disable=SC1091,SC2034,SC2154,SC2317 # what the library sets, and what it reads; functions called by name
. "$(dirname "$0")/daemon_lib.bash"

world < <(
	echo "account zones ak=zzzzzzzzzzzzzzzz as=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz ck=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
	for d in a b c d; do echo "domain main emailpro emailpro-zz1-1 $d.shared.example shared.example account:zones"; done
)
credentials
credentials "$work/zones.conf" zzzzzzzzzzzzzzzz zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
POLICY='rotate_every: 1h, grace: 5s, splay: 0%'
configure
sed -i "s|^accounts:|&\n  zones: { endpoint: \"http://127.0.0.1:$HTTP_PORT/1.0\", credentials: $work/zones.conf, requests_per_minute: 0 }|" "$CONF"
for d in a b c d; do
	echo "domain: $d.shared.example, platform: emailpro, service: emailpro-zz1-1, zone: shared.example, zone_account: zones"
done | inventory a.yaml
dk_start
in_order() { all_are '.phase == "settled"'; }
soon "four domains of one zone sign" 60 in_order
posts=$(changes POST '/domain/zone/shared.example/record$') refreshes=$(changes POST '/domain/zone/shared.example/refresh$')
is "with their eight records" "$posts" 8
echo "# $refreshes refreshes"
ok "and fewer refreshes" test "$refreshes" -lt "$posts"
dk_stop
judged_clean
world_end
done_testing
