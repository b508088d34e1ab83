#!/bin/bash
# The units for signers of the site's own, under a real systemd (tests/tools/sdboot): the daemon as its real unit with its
# real user, Knot DNS as the zone by dynamic updates, and OpenDKIM and rspamd as Debian's units, which may read the keys as
# members of dkimrotd-signers; OpenDKIM does not start before it has maps, rspamd runs without. Of each, one domain comes to
# sign by the stamp, one by a message that was seen signed, and a rotation shows in the mail, which the other one verifies.
# A signer that was stopped stays so until somebody starts it, and a change of a map that the unit missed is made up for.
# Called with "inside", it is the test itself.
# runtests: timeout=600 alone
# shellcheck disable=SC2016,SC2154,SC2329,SC2317 # $ORIGIN is the zone file's; what the library sets; called by ok and until_true
if [ "${1-}" != inside ]; then
	for need in opendkim rspamd knotd kdig; do
		command -v "$need" >/dev/null || { echo "ok 1 - signers under systemd # SKIP $need is not installed"; echo "1..1"; exit 0; }
	done
	# shellcheck source=tests/e2e/systemd_lib.bash
	. "$(dirname "$0")/systemd_lib.bash"
	SDBOOT_SECONDS=570 boot_and_tell "$0"
fi
# shellcheck source=tests/e2e/systemd_lib.bash
. /src/tests/e2e/systemd_lib.bash
# shellcheck source=tests/e2e/receivers_lib.bash
. /src/tests/e2e/receivers_lib.bash

KEYS=/var/lib/dkimrotd/keys STAMPS=/var/lib/dkimrotd-signer PORT=5354 RSPAMD_CHECK=11333
# Who signs, as which user, where it listens as a milter; and its two domains: confirmed by the stamp, and by a message.
signers=(opendkim rspamd)
declare -A user=([opendkim]=opendkim [rspamd]=_rspamd) milter=([opendkim]=8891 [rspamd]=11332)
declare -A plain=([opendkim]=open.mail.example [rspamd]=spam.mail.example)
declare -A asked=([opendkim]=asked.mail.example [rspamd]=seen.mail.example)
dom() { curl -s -m 10 --unix-socket /run/dkimrotd/control.sock "http://x/v1/domains/$1" | jq -r "$2"; }
signs_with() { dom "$1" '.active_selector // empty'; }
signs_now() { [ -n "$(signs_with "$1")" ]; }
signs_with_another() { signs_now "$1" && [ "$(signs_with "$1")" != "$2" ]; } # DOMAIN SELECTOR
as() { setpriv --reuid="$1" --regid="$1" --init-groups "${@:2}"; }
# A message goes through the signer: with which selector was it signed, and what does the other signer say of it?
mail_says() { # SIGNER DOMAIN
	/usr/bin/python3 "$SRC/tests/e2e/milter_sign.py" "${milter[$1]}" "$2" >"$work/mail" 2>/dev/null || return
	echo "$(tr -d '\r\n\t ' <"$work/mail" | sed -n 's/.*[;:]s=\([^;]*\);.*/\1/p') $(seen_of "$1" "$work/mail")"
}
mail_is() { [ "$(mail_says "$1" "$2")" = "$3 $HOLDS" ]; } # SIGNER DOMAIN SELECTOR
ordered() { within 20 dkimrotctl rotate "$1" 2>/dev/null; }
mode() { stat -c '%U %G %a' "$@" | sort -u | paste -sd, -; }
answers() { kdig +short +time=1 +retry=0 -p "$PORT" @127.0.0.1 mail.example SOA 2>/dev/null | grep -q .; }

# --- what is installed
systemd-sysusers
systemd-tmpfiles --create dkimrotd.conf
systemctl daemon-reload
is "the folder of keys is for the signers' group" "$(mode "$KEYS")" "dkimrotd dkimrotd-signers 2750"
is "systemd finds nothing to say about the units" "$(systemd-analyze verify --man=no --recursive-errors=no dkimrotd.service \
	dkimrotd-{signer,confirm}@{opendkim,rspamd}.{path,service} 2>&1 | grep -F dkimrotd)" ""

# --- the signers, before there is anything to sign with
useradd -G dkimrotd friend && useradd stranger
cat >/etc/opendkim.conf <<END
Syslog yes
UserID opendkim
PidFile /run/opendkim/opendkim.pid
Socket inet:${milter[opendkim]}@127.0.0.1
Mode s
Canonicalization relaxed/simple
$(manual_says opendkim)
END
has "the manual tells what OpenDKIM's configuration needs" "$(cat /etc/opendkim.conf)" "$KEYS/opendkim/SigningTable"
# Debian's configuration of rspamd, but for its name server and what takes minutes on a busy machine.
manual_says rspamd >/etc/rspamd/local.d/dkim_signing.conf
has "and rspamd's" "$(cat /etc/rspamd/local.d/dkim_signing.conf)" "$KEYS/rspamd/selectors.map"
printf 'example\norg\n' >/etc/rspamd/tld
printf '%s\n' "dns { nameserver = [\"127.0.0.1:$PORT\"]; timeout = 2s; }" 'url_tld = "/etc/rspamd/tld";' 'disable_hyperscan = true;' \
	>/etc/rspamd/local.d/options.inc
receivers_ready 127.0.0.1 "$PORT"
# However long its five starts take, systemd then gives up.
mkdir -p /etc/systemd/system/opendkim.service.d
printf '[Unit]\nStartLimitIntervalSec=10min\n' >/etc/systemd/system/opendkim.service.d/override.conf
systemctl daemon-reload
systemctl start opendkim 2>/dev/null
soon "without maps OpenDKIM does not start" 30 systemctl -q is-failed opendkim
manual_says signers | sed -e "s/ opendkim\$/ ${user[rspamd]}/" -e 's/@opendkim/@rspamd/' >/run/typed.rspamd
follow "the manual tells how maps are watched" signers
ok "and the same for rspamd works" bash -e /run/typed.rspamd
ok "which starts" systemctl start rspamd
for s in "${signers[@]}"; do
	mkdir -p "/etc/systemd/system/dkimrotd-confirm@$s.service.d"
	printf '[Service]\nEnvironment=MILTER=inet:%s@127.0.0.1\n' "${milter[$s]}" >"/etc/systemd/system/dkimrotd-confirm@$s.service.d/override.conf"
done
systemctl daemon-reload
ok "and the stamps are watched" systemctl enable --now dkimrotd-confirm@{opendkim,rspamd}.path

# --- the zone, and the daemon
SECRET=$(head -c 32 /dev/urandom | base64 -w0)
mkdir -p /run/zone /etc/dkimrotd/credentials /etc/dkimrotd/inventory.d
printf '$ORIGIN mail.example.\n$TTL 1\n@ SOA ns hostmaster 1 3600 600 86400 1\n@ NS ns\nns A 127.0.0.1\n' >/run/zone/mail.example.zone
cat >/run/zone/knot.conf <<END
server:
    rundir: /run/zone
    listen: 127.0.0.1@$PORT
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: /run/zone
    journal-db-max-size: 16M
    kasp-db-max-size: 16M
    timer-db-max-size: 4M
control:
    listen: /run/zone/knot.sock
key:
  - id: update
    algorithm: hmac-sha256
    secret: $SECRET
acl:
  - id: update
    key: update
    action: update
zone:
  - domain: mail.example
    storage: /run/zone
    file: mail.example.zone
    zonefile-sync: -1
    journal-content: changes
    acl: update
END
systemd-run -q --unit=zone /usr/sbin/knotd -c /run/zone/knot.conf
until_true 60 answers || { echo "Bail out! knot does not start"; journalctl -u zone -n 20 --no-pager -o cat; exit 1; }
(umask 077 && echo "$SECRET" >/etc/dkimrotd/credentials/tsig)
cat >/etc/dkimrotd/dkimrotd.yaml <<END
poll: { active: 200ms, settled: 1s }
dns: { resolvers: ["127.0.0.1:$PORT"], authoritative_port: $PORT, trust_anchor: "" }
safety: { minimum_grace: 1s, longest_gap: 10min, max_daily_changes: 1000 }
policies: { default: { rotate_every: 90d, grace: 20s, splay: 0% } }
signers: { opendkim: {}, rspamd: {} }
dns_servers: { default: { server: 127.0.0.1@$PORT, key: update, secret: tsig, ttl: 60 } }
END
inventory a.yaml <<END
domain: ${plain[opendkim]}, zone: mail.example, platform: external, signer: opendkim, dns: rfc2136, ttl: 1min, revoke: 3s
domain: ${asked[opendkim]}, zone: mail.example, platform: external, signer: opendkim, dns: rfc2136, confirm: message, ttl: 1min, revoke: 3s
domain: ${plain[rspamd]}, zone: mail.example, platform: external, signer: rspamd, dns: rfc2136, ttl: 1min, revoke: 3s
domain: ${asked[rspamd]}, zone: mail.example, platform: external, signer: rspamd, dns: rfc2136, confirm: message, ttl: 1min, revoke: 3s
END
ok "the daemon starts" within 60 systemctl start dkimrotd

# --- the first maps
soon "OpenDKIM's maps are written" 90 test -e "$KEYS/opendkim/KeyTable" -a -e "$KEYS/opendkim/SigningTable"
soon "and rspamd's" 90 test -e "$KEYS/rspamd/selectors.map" -a -e "$KEYS/rspamd/paths.map"
soon "with them OpenDKIM is started" 120 systemctl -q is-active opendkim
for s in "${signers[@]}"; do
	soon "a stamp says what $s took" 60 test -s "$STAMPS/$s"
	is "which is root's to write" "$(mode "$STAMPS/$s")" "root root 644"
	is "folders and keys go to the signers' group" "$(mode "$KEYS/$s" "$KEYS"/private "$KEYS/private/${plain[$s]}") $(mode "$KEYS/$s"/* "$KEYS"/private/*/*.pem)" \
		"dkimrotd dkimrotd-signers 2750 dkimrotd dkimrotd-signers 640"
	for key in "$KEYS/private/${plain[$s]}"/*.pem; do
		ok "$s may read a key" as "${user[$s]}" test -r "$key"
		ok "but not write it" refuses as "${user[$s]}" test -w "$key"
		ok "a member of the daemon's group may not read it" refuses as friend test -r "$key"
		ok "nor may a stranger" refuses as stranger test -r "$key"
	done
done
# What earlier versions made, or a restore brought, is put right by the package.
before=$(mode "$KEYS/private/${plain[opendkim]}" "$KEYS/private/${plain[opendkim]}"/*)
chgrp -R dkimrotd "$KEYS/private/${plain[opendkim]}"
chmod 750 "$KEYS/private/${plain[opendkim]}"
systemd-tmpfiles --create dkimrotd.conf
is "a folder and keys that went to another group are put right" "$(mode "$KEYS/private/${plain[opendkim]}" "$KEYS/private/${plain[opendkim]}"/*)" "$before"
declare -A first main
for s in "${signers[@]}"; do
	soon "by the stamp of $s a domain comes to sign" 120 signs_now "${plain[$s]}"
	soon "by a message that $s signed the other one does" 150 signs_now "${asked[$s]}"
	has "which the unit wrote down" "$(cat "$STAMPS/$s.confirmed")" "${asked[$s]} $(signs_with "${asked[$s]}")"
	for d in "${plain[$s]}" "${asked[$s]}"; do first[$d]=$(signs_with "$d"); done
	soon "mail is signed with that key, and it holds" 30 mail_is "$s" "${plain[$s]}" "${first[${plain[$s]}]}"
	main[$s]=$(systemctl show "$s" -p MainPID --value)
done

# --- a rotation
for d in "${!first[@]}"; do soon "of $d one is ordered, as soon as the next key was visible for long enough" 120 ordered "$d"; done
for s in "${signers[@]}"; do
	for d in "${plain[$s]}" "${asked[$s]}"; do
		soon "another key signs for $d" 150 signs_with_another "$d" "${first[$d]}"
		soon "in the mail as well, and it holds" 30 mail_is "$s" "$d" "$(signs_with "$d")"
	done
	is "$s was reloaded for it, not restarted" "$(systemctl show "$s" -p MainPID --value)" "${main[$s]}"
	soon "the first key is destroyed after its grace" 120 test ! -e "$KEYS/private/${plain[$s]}/${first[${plain[$s]}]}.pem"
done

# --- and all that without a fault
journalctl --sync
is "no unit of ours told of an error" "$(journalctl -q -p err -o cat -u 'dkimrotd*' | head -5)" ""

# --- a signer that was stopped, and a change that its unit did not see
map_of() { md5sum <"$KEYS/$1/$2"; }
map_changed() { [ "$(map_of "$1" "$2")" != "$3" ]; } # SIGNER FILE BEFORE
said_so() { journalctl -q -o cat -u dkimrotd-signer@rspamd | grep -q "rspamd does not run"; }
maps=$(map_of rspamd selectors.map) table=$(map_of opendkim KeyTable)
now=$(signs_with "${plain[rspamd]}") other=$(signs_with "${plain[opendkim]}")
systemctl stop rspamd dkimrotd-signer@opendkim.path
soon "another rotation is ordered of rspamd's" 150 ordered "${plain[rspamd]}"
soon "and of OpenDKIM's" 150 ordered "${plain[opendkim]}"
soon "rspamd's map changes" 60 map_changed rspamd selectors.map "$maps"
soon "its unit says that it does not run" 30 said_so
is "and leaves it stopped, and what it signs with as it was" "$(systemctl is-active rspamd) $(signs_with "${plain[rspamd]}")" "inactive $now"
# It takes its time to start; who told it to read its maps before it can be told would end it, again and again.
mkdir -p /etc/systemd/system/rspamd.service.d
printf '[Service]\nExecStart=\nExecStart=/bin/sh -c "sleep 5; exec /usr/bin/rspamd -c /etc/rspamd/rspamd.conf -f"\n' \
	>/etc/systemd/system/rspamd.service.d/override.conf
systemctl daemon-reload
systemctl start rspamd
soon "when it is started it signs with the other key" 60 signs_with_another "${plain[rspamd]}" "$now"
is "and nobody ended it while it started" "$(systemctl show rspamd -P NRestarts)" 0
soon "in the mail as well" 60 mail_is rspamd "${plain[rspamd]}" "$(signs_with "${plain[rspamd]}")"
soon "OpenDKIM's map changes while nobody watches" 60 map_changed opendkim KeyTable "$table"
systemctl start dkimrotd-signer@opendkim.path
soon "it is told all the same" 60 signs_with_another "${plain[opendkim]}" "$other"

# --- at the end
is "none is left failed" "$(systemctl list-units --failed --plain --no-legend 'dkimrotd*')" ""
is "and all is watched on" "$(systemctl is-active dkimrotd-{signer,confirm}@{opendkim,rspamd}.path | sort -u)" "active"
[ "$failed" = 0 ] || journalctl -u opendkim -u rspamd -u 'dkimrotd-*' -n 100 --no-pager -o short 2>&1 | sed 's/^/# journal: /'
done_testing
