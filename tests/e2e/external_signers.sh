#!/bin/bash
# Mail that flows while keys rotate: the real daemon under kill -9, Knot DNS as the zone by dynamic updates, real OpenDKIM and
# real rspamd that sign. Every message signed within the grace is verified again and again by the other of them: rspamd
# checks what OpenDKIM signed and the other way round. None may ever fail.
# runtests: timeout=600 alone
# shellcheck disable=SC2119,SC2317 # functions that take options, and some that are called by others
# shellcheck source=tests/e2e/mail_lib.bash
. "$(dirname "$0")/mail_lib.bash"
needs "mail signed through whole rotations" knotd opendkim rspamd openssl /usr/bin/python3 curl
here=$(cd "$(dirname "$0")" && pwd)
STAMPS=$work/stamps MAIL=$work/mail GRACE=20
mkdir "$STAMPS" "$MAIL"

SECRET=$(head -c 32 /dev/urandom | base64 -w0)
ZONE_TTL=1 knot_start mail.example "key:" "  - id: update" "    algorithm: hmac-sha256" "    secret: $SECRET" \
	"acl:" "  - id: update" "    key: update" "    action: update" </dev/null
(umask 077 && echo "$SECRET" >"$work/tsig")
cat >"$CONF" <<END
inventory: $INV
state: $STATE
control: $SOCK
poll: { active: 200ms, settled: 1s }
dns: { resolvers: ["127.0.0.1:$KNOT_PORT"], authoritative_port: $KNOT_PORT, trust_anchor: "" }
safety: { minimum_grace: 1s, longest_gap: 1min, max_daily_changes: 1000 }
policies: { default: { rotate_every: 75s, grace: ${GRACE}s, splay: 0% } }
signers: { opendkim: { stamp: $STAMPS/opendkim }, rspamd: { stamp: $STAMPS/rspamd } }
dns_servers: { default: { server: 127.0.0.1@$KNOT_PORT, key: update, secret: $work/tsig, ttl: 60 } }
END
inventory a.yaml <<END
domain: open.mail.example, zone: mail.example, platform: external, signer: opendkim, dns: rfc2136, ttl: 1min, revoke: 3s
domain: both.mail.example, zone: mail.example, platform: external, signer: opendkim, dns: rfc2136, key: both, ttl: 1min, revoke: 3s
domain: spam.mail.example, zone: mail.example, platform: external, signer: rspamd, dns: rfc2136, ttl: 1min, revoke: 3s
domain: asked.mail.example, zone: mail.example, platform: external, signer: rspamd, dns: rfc2136, confirm: message, ttl: 1min, revoke: 3s
END

# --- what the units do ------------------------------------------------------------------------------------------------

unit_run() { # SIGNER SIGNAL PID PORT: dkimrotd-signer@.service and dkimrotd-confirm@.service, whenever the maps changed
	local files
	while :; do
		files=("$STATE/keys/$1"/[!.]*)
		if [ -e "${files[0]}" ] && cat "${files[@]}" >"$STAMPS/.$1" && ! cmp -s "$STAMPS/.$1" "$STAMPS/$1"; then
			kill "-$2" "$3"
			mv "$STAMPS/.$1" "$STAMPS/$1"
			rm -f "$work/$1.asked"
		fi
		if [ -e "$STAMPS/$1" ] && [ ! -e "$work/$1.asked" ]; then
			"$BUILD/dkimrotctl" confirm -c "$CONF" --milter "127.0.0.1:$4" "$STATE/keys/$1" "$STAMPS/$1.confirmed" \
				>"$STAMPS/.$1.seen" 2>>"$work/confirm.err" && : >"$work/$1.asked"
			mv "$STAMPS/.$1.seen" "$STAMPS/$1.confirmed"
		fi
		sleep 0.3
	done
}

# --- who sends, and who receives --------------------------------------------------------------------------------------

sender_run() { # DOMAIN PORT SIGNER: a message now and then, as soon as the signer signs at all
	local name
	while :; do
		name=$MAIL/.$1
		if /usr/bin/python3 "$here/milter_sign.py" "$2" "$1" >"$name" 2>/dev/null; then
			mv "$name" "$MAIL/${EPOCHREALTIME/[.,]/}.$3.$1"
		fi
		sleep 0.7
	done
}
# What OpenDKIM signed, seen by rspamd: every signature must be allowed, none rejected.
seen_by_rspamd() { # FILE
	curl -s -m 20 --data-binary "@$1" -H 'IP: 192.0.2.1' "http://127.0.0.1:$RSPAMD_CHECK/checkv2" |
		jq -r '[.symbols | keys[] | select(startswith("R_DKIM_"))] | sort | join(" ")'
}
# What rspamd signed, seen by OpenDKIM.
seen_by_opendkim() { # FILE
	if opendkim -x "$work/opendkim-verify.conf" -t "$1" >"$work/verified" 2>&1; then echo R_DKIM_ALLOW; else tr '\n' ' ' <"$work/verified"; fi
}
receiver_run() {
	local file name signed said
	while :; do
		for file in "$MAIL"/*; do
			name=${file##*/} signed=${file##*/}
			signed=${signed%%.*}
			[ -e "$file" ] || continue
			# A message may wait for its grace; one that is older is deleted here.
			if ((${EPOCHREALTIME/[.,]/} - signed > (GRACE - 2) * 1000000)); then rm -f "$file"; continue; fi
			case $name in
			*.opendkim.*) said=$(seen_by_rspamd "$file") ;;
			*) said=$(seen_by_opendkim "$file") ;;
			esac
			if [ "$said" = R_DKIM_ALLOW ]; then echo "ok $name"; else
				echo "$(date +%T) $name: $said"
				cp "$file" "$work/failed.$name"
			fi
		done >>"$work/received"
		sleep 0.2
	done
}

# --- the life -----------------------------------------------------------------------------------------------------------

mkdir -p "$STATE/keys"
chmod 755 "$STATE"
ok "the daemon starts and answers" dk_start
domains=(open both spam asked)
soon "both signers have their maps" 90 test -e "$STATE/keys/opendkim/SigningTable" -a -e "$STATE/keys/rspamd/paths.map"
RSPAMD_USER=root RSPAMD_GROUP=root
opendkim_start "$STATE/keys/opendkim"
rspamd_start "$STATE/keys/rspamd"
printf 'server:\n\tdo-not-query-localhost: no\n\tmodule-config: "iterator"\n\tcache-max-negative-ttl: 0\nforward-zone:\n\tname: "."\n\tforward-addr: 127.0.0.1@%s\n' "$KNOT_PORT" >"$work/resolvers.conf"
cat >"$work/opendkim-verify.conf" <<END
Mode v
ResolverConfiguration $work/resolvers.conf
Syslog no
END
unit_run opendkim USR1 "$opendkim_pid" "$OPENDKIM_PORT" & mail_pids+=($!)
unit_run rspamd HUP "$rspamd_pid" "$RSPAMD_PORT" & mail_pids+=($!)
: >"$work/received"
for d in open both; do sender_run "$d.mail.example" "$OPENDKIM_PORT" opendkim & mail_pids+=($!); done
for d in spam asked; do sender_run "$d.mail.example" "$RSPAMD_PORT" rspamd & mail_pids+=($!); done
receiver_run & mail_pids+=($!)
for d in "${domains[@]}"; do
	soon "$d.mail.example signs" 120 dom_is "$d.mail.example" '.active_selector != null' true
done
FIRST=$(dom open.mail.example .active_selector)

# Killed now and then, for two rotations of each.
kills=0
rotated() { local d; for d in "${domains[@]}"; do at_least "${1-2}" log_count "rotation-confirmed $d.mail.example" || return 1; done; }
deadline=$((EPOCHSECONDS + 420))
while ! rotated 2 && ((EPOCHSECONDS < deadline)); do
	sleep $((RANDOM % 12 + 3)).$((RANDOM % 10))
	dk_kill KILL
	kills=$((kills + 1))
	dk_start || break
done
ok "every domain rotated twice, and the daemon was killed $kills times" rotated 2
soon "a first key was revoked, removed and destroyed" 60 logged "key-shredded open.mail.example.*$FIRST"
is "no private key is in the journal, the state or the status" "$({ cat "$LOG" "$STATE"/*.db*; ask domains; } | grep -c -a 'PRIVATE KEY')" 0
dk_stop
is "whatever was signed verified for its grace, seen by the other signer" "$(grep -v '^ok' "$work/received" | head -5)" ""
for d in "${domains[@]}"; do
	ok "mail of $d.mail.example was looked at ($(grep -c "^ok.*[.]${d}[.]mail" "$work/received") times)" test "$(grep -c "^ok.*[.]${d}[.]mail" "$work/received")" -gt 20
done
done_testing
