#!/bin/bash
# Mail that flows while keys rotate: the real daemon under kill -9, zones at Knot DNS by dynamic updates and at OVHcloud
# (simulated) by its API, as TXT, as its DKIM records and behind CNAMEs, real OpenDKIM and real rspamd that sign. Every message
# signed within the grace is verified again and again by the other of them: rspamd checks what OpenDKIM signed and the other
# way round. None may ever fail.
# runtests: timeout=720 alone
# shellcheck disable=SC2119,SC2317 # functions that take options, and some that are called by others
# shellcheck source=tests/e2e/mail_lib.bash
. "$(dirname "$0")/mail_lib.bash"
# shellcheck source=tests/e2e/receivers_lib.bash
. "$(dirname "$0")/receivers_lib.bash"
needs "mail signed through whole rotations" knotd opendkim rspamd openssl /usr/bin/python3 curl
here=$(cd "$(dirname "$0")" && pwd)
STAMPS=$work/stamps MAIL=$work/mail END=$work/end GRACE=25
# So long after it was signed a message is looked at. The rest of the grace is for a signer that takes seconds to read the maps
# that it was told of: the stamp is there by then, and the grace runs.
LOOKED=$((GRACE - 7))
mkdir "$STAMPS" "$MAIL"

# Two homes for the zones: Knot has mail.example, written by dynamic updates, and OVHcloud (simulated) the others, written
# through its API. Everybody asks Knot, which passes on what it does not have itself.
by_opendkim=(open.mail both.mail text) by_rspamd=(spam.mail asked.mail form point.mail)
domains=("${by_opendkim[@]}" "${by_rspamd[@]}")
KNOT_ADDRESS=127.0.0.11
world <<END
domain main mxplan - text.example
domain main mxplan - form.example
domain main mxplan - keys.example
END
SECRET=$(head -c 32 /dev/urandom | base64 -w0)
KNOT_PORT=$DNS_PORT ZONE_TTL=1
knot_start mail.example "key:" "  - id: update" "    algorithm: hmac-sha256" "    secret: $SECRET" \
	"acl:" "  - id: update" "    key: update" "    action: update" \
	"remote:" "  - id: rest" "    address: 127.0.0.1@$DNS_PORT" "mod-dnsproxy:" "  - id: rest" "    remote: rest" "    fallback: on" \
	"template:" "  - id: default" "    global-module: mod-dnsproxy/rest" <<END
a._domainkey.point CNAME a._domainkey.point.mail.example.keys.example. ; what a person writes once
b._domainkey.point CNAME b._domainkey.point.mail.example.keys.example.
END
(umask 077 && echo "$SECRET" >"$work/tsig")
credentials
RESOLVER=$KNOT_ADDRESS POLICY="rotate_every: 75s, grace: ${GRACE}s, splay: 0%"
configure "signers: { opendkim: { stamp: $STAMPS/opendkim }, rspamd: { stamp: $STAMPS/rspamd } }" \
	"dns_servers: { default: { server: $KNOT_ADDRESS@$KNOT_PORT, key: update, secret: $work/tsig, ttl: 60 } }"
inventory a.yaml <<END
domain: open.mail.example, zone: mail.example, platform: external, signer: opendkim, dns: rfc2136, ttl: 1min, revoke: 3s
domain: both.mail.example, zone: mail.example, platform: external, signer: opendkim, dns: rfc2136, key: both, ttl: 1min, revoke: 3s
domain: spam.mail.example, zone: mail.example, platform: external, signer: rspamd, dns: rfc2136, ttl: 1min, revoke: 3s
domain: asked.mail.example, zone: mail.example, platform: external, signer: rspamd, dns: rfc2136, confirm: message, ttl: 1min, revoke: 3s
domain: text.example, platform: external, signer: opendkim, dns: ovh, ttl: 1min, revoke: 3s
domain: form.example, platform: external, signer: rspamd, dns: ovh, record: dkim, ttl: 1min, revoke: 3s
domain: point.mail.example, zone: mail.example, platform: external, signer: rspamd, dns: ovh, record: cname, target: keys.example, selectors: [ a, b ], ttl: 0s, revoke: 3s
END

# --- what the units do ------------------------------------------------------------------------------------------------

unit_run() { # SIGNER SIGNAL PID PORT: dkimrotd-signer@.service and dkimrotd-confirm@.service, whenever the maps changed
	local files
	while [ ! -e "$END" ]; do
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
	local name signed
	while [ ! -e "$END" ]; do
		name=$MAIL/.$1 signed=${EPOCHREALTIME/[.,]/}
		if /usr/bin/python3 "$here/milter_sign.py" "$2" "$1" >"$name" 2>/dev/null; then
			mv "$name" "$MAIL/$signed.$3.$1"
		fi
		sleep 0.7
	done
}
too_old() { ((${EPOCHREALTIME/[.,]/} - $1 > LOOKED * 1000000)); } # WHEN IT WAS SIGNED
receiver_run() { # SIGNER: whose mail it looks at
	local file name said
	while [ ! -e "$END" ]; do
		for file in "$MAIL"/*."$1".*; do
			name=${file##*/}
			if [ ! -e "$file" ] || [ -e "$END" ]; then continue; fi
			if too_old "${name%%.*}"; then rm -f "$file"; continue; fi
			said=$(seen_of "$1" "$file")
			# It stays, and comes again. What became too old while somebody looked at it may have lost its key meanwhile.
			if [ "$said" = "$HOLDS" ]; then echo "ok $name"; elif [ "$said" != "$UNSAID" ] && ! too_old "${name%%.*}"; then
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
soon "both signers have their maps" 90 test -e "$STATE/keys/opendkim/SigningTable" -a -e "$STATE/keys/rspamd/paths.map"
RSPAMD_USER=root RSPAMD_GROUP=root
opendkim_start "$STATE/keys/opendkim"
rspamd_start "$STATE/keys/rspamd"
receivers_ready "$KNOT_ADDRESS" "$KNOT_PORT"
loops=()
unit_run opendkim USR1 "$opendkim_pid" "$OPENDKIM_PORT" & loops+=($!)
unit_run rspamd HUP "$rspamd_pid" "$RSPAMD_PORT" & loops+=($!)
: >"$work/received"
for d in "${by_opendkim[@]}"; do sender_run "$d.example" "$OPENDKIM_PORT" opendkim & loops+=($!); done
for d in "${by_rspamd[@]}"; do sender_run "$d.example" "$RSPAMD_PORT" rspamd & loops+=($!); done
for s in opendkim rspamd; do receiver_run $s & loops+=($!); done
mail_pids+=("${loops[@]}")
for d in "${domains[@]}"; do
	soon "$d.example signs" 120 dom_is "$d.example" '.active_selector != null' true
done
FIRST=$(dom open.mail.example .active_selector)

# Killed now and then, for two rotations of each. However slow this machine is, each life gets somewhere: it begins to count
# when every domain was looked at, and is longer by twice the time that took.
kills=0 lines=0
seen_since() { # LINE OF THE LOG
	local d said
	said=$(tail -n "+$(($1 + 1))" "$LOG")
	for d in "${domains[@]}"; do [[ $said == *" looked $d.example: "* ]] || return 1; done
}
rotated() { local d; for d in "${domains[@]}"; do at_least "${1-2}" log_count "rotation-confirmed $d.example" || return 1; done; }
deadline=$((EPOCHSECONDS + 540 * ${TEST_PATIENCE-1}))
while ! rotated 2 && ((EPOCHSECONDS < deadline)); do
	began=$EPOCHSECONDS
	until_true "$((60 * ${TEST_PATIENCE-1}))" seen_since "$lines" || break
	sleep $((RANDOM % 12 + 3 + 2 * (EPOCHSECONDS - began))).$((RANDOM % 10))
	dk_kill KILL
	kills=$((kills + 1)) lines=$(wc -l <"$LOG")
	dk_start || break
done
ok "every domain rotated twice, and the daemon was killed $kills times" rotated 2
soon "a first key was revoked, removed and destroyed" 60 logged "key-shredded open.mail.example.*$FIRST"
is "no private key is in the journal, the state or the status" "$({ cat "$LOG" "$STATE"/*.db*; ask domains; } | grep -c -a 'PRIVATE KEY')" 0
dk_stop
is "whatever was signed verified for its grace, seen by the other signer" "$(grep -v '^ok' "$work/received" | head -5)" ""
for d in "${domains[@]}"; do
	seen=$(grep -c "^ok [^ ]*[a-z][.]${d}[.]example\$" "$work/received")
	ok "mail of $d.example was looked at ($seen times)" test "$seen" -gt 20
done
# While signers and name servers are there, each ends what it is at: nobody waits for one that is gone.
: >"$END"
wait "${loops[@]}"
judged_clean "in the zones at OVHcloud"
world_end
done_testing
