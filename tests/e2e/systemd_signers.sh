#!/bin/bash
# The units for signers of the site's own, under a real systemd (tests/tools/sdboot): the daemon as its real unit with its
# real user, Knot DNS as the zone by dynamic updates, and OpenDKIM as Debian's unit, which may read the keys as a member of
# dkimrotd-signers and does not start before it has maps. One domain comes to sign by the stamp, one by a message that was
# seen signed, and a rotation shows in the mail. Called with "inside", it is the test itself.
# runtests: timeout=450 alone
# shellcheck disable=SC2016,SC2154,SC2329,SC2317 # $ORIGIN is the zone file's; what the library sets; called by ok and until_true
if [ "${1-}" != inside ]; then
	for need in opendkim knotd kdig; do
		command -v "$need" >/dev/null || { echo "ok 1 - signers under systemd # SKIP $need is not installed"; echo "1..1"; exit 0; }
	done
	# shellcheck source=tests/e2e/systemd_lib.bash
	. "$(dirname "$0")/systemd_lib.bash"
	boot_and_tell "$0"
fi
# shellcheck source=tests/e2e/systemd_lib.bash
. /src/tests/e2e/systemd_lib.bash

KEYS=/var/lib/dkimrotd/keys STAMP=/var/lib/dkimrotd-signer/opendkim PORT=5354 MILTER=8891
dom() { curl -s -m 10 --unix-socket /run/dkimrotd/control.sock "http://x/v1/domains/$1" | jq -r "$2"; }
signs_with() { dom "$1" '.active_selector // empty'; }
signs_now() { [ -n "$(signs_with "$1")" ]; }
signs_with_another() { signs_now "$1" && [ "$(signs_with "$1")" != "$2" ]; } # DOMAIN SELECTOR
as() { setpriv --reuid="$1" --regid="$1" --init-groups "${@:2}"; }
selector_in_mail() { # DOMAIN: of a message that goes through the milter
	/usr/bin/python3 "$SRC/tests/e2e/milter_sign.py" "$MILTER" "$1" | tr -d '\r\n\t ' | sed -n 's/.*[;:]s=\([^;]*\);.*/\1/p'
}
ordered() { timeout 20 dkimrotctl rotate "$1" 2>/dev/null; }
mode() { stat -c '%U %G %a' "$@" | sort -u | paste -sd, -; }
answers() { kdig +short +time=1 +retry=0 -p "$PORT" @127.0.0.1 mail.example SOA 2>/dev/null | grep -q .; }

# --- what is installed
systemd-sysusers
systemd-tmpfiles --create dkimrotd.conf
systemctl daemon-reload
is "the folder of keys is for the signers' group" "$(mode "$KEYS")" "dkimrotd dkimrotd-signers 2750"
is "systemd finds nothing to say about the units" "$(systemd-analyze verify --man=no --recursive-errors=no dkimrotd.service \
	dkimrotd-{signer,confirm}@opendkim.{path,service} 2>&1 | grep -F dkimrotd)" ""

# --- OpenDKIM, before there is anything to sign with
usermod -aG dkimrotd-signers opendkim
useradd -G dkimrotd friend && useradd stranger
cat >/etc/opendkim.conf <<END
Syslog yes
UserID opendkim
PidFile /run/opendkim/opendkim.pid
Socket inet:$MILTER@127.0.0.1
Mode s
Canonicalization relaxed/simple
$(manual_says opendkim)
END
has "the manual tells what its configuration needs" "$(cat /etc/opendkim.conf)" "$KEYS/opendkim/SigningTable"
systemctl start opendkim 2>/dev/null
soon "without maps it does not start" 30 systemctl -q is-failed opendkim
systemctl reset-failed opendkim # here the first maps come within the seconds in which systemd counts its starts
follow "the manual tells how its maps are watched" signers
mkdir -p /etc/systemd/system/dkimrotd-confirm@opendkim.service.d
printf '[Service]\nEnvironment=MILTER=inet:%s@127.0.0.1\n' "$MILTER" >/etc/systemd/system/dkimrotd-confirm@opendkim.service.d/override.conf
systemctl daemon-reload
ok "and the stamp is watched" systemctl enable --now dkimrotd-confirm@opendkim.path

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
until_true 20 answers || { echo "Bail out! knot does not start"; journalctl -u zone -n 20 --no-pager -o cat; exit 1; }
(umask 077 && echo "$SECRET" >/etc/dkimrotd/credentials/tsig)
cat >/etc/dkimrotd/dkimrotd.yaml <<END
poll: { active: 200ms, settled: 1s }
dns: { resolvers: ["127.0.0.1:$PORT"], authoritative_port: $PORT, trust_anchor: "" }
safety: { minimum_grace: 1s, longest_gap: 10min, max_daily_changes: 1000 }
policies: { default: { rotate_every: 90d, grace: 20s, splay: 0% } }
signers: { opendkim: {} }
dns_servers: { default: { server: 127.0.0.1@$PORT, key: update, secret: tsig, ttl: 60 } }
END
inventory a.yaml <<END
domain: open.mail.example, zone: mail.example, platform: external, signer: opendkim, dns: rfc2136, ttl: 1min, revoke: 3s
domain: asked.mail.example, zone: mail.example, platform: external, signer: opendkim, dns: rfc2136, confirm: message, ttl: 1min, revoke: 3s
END
ok "the daemon starts" timeout 60 systemctl start dkimrotd

# --- the first maps
soon "the maps are written" 90 test -e "$KEYS/opendkim/KeyTable" -a -e "$KEYS/opendkim/SigningTable"
soon "with them OpenDKIM is started" 120 systemctl -q is-active opendkim
soon "and a stamp says what it took" 30 test -s "$STAMP"
is "which is root's to write" "$(mode "$STAMP")" "root root 644"
is "folders and keys go to the signers' group" "$(mode "$KEYS"/opendkim "$KEYS"/private "$KEYS"/private/open.mail.example) $(mode "$KEYS"/opendkim/* "$KEYS"/private/*/*.pem)" \
	"dkimrotd dkimrotd-signers 2750 dkimrotd dkimrotd-signers 640"
for key in "$KEYS"/private/open.mail.example/*.pem; do
	ok "OpenDKIM may read a key" as opendkim test -r "$key"
	ok "but not write it" refuses as opendkim test -w "$key"
	ok "a member of the daemon's group may not read it" refuses as friend test -r "$key"
	ok "nor may a stranger" refuses as stranger test -r "$key"
done
soon "by the stamp a domain comes to sign" 120 signs_now open.mail.example
soon "by a message that was signed the other one does" 150 signs_now asked.mail.example
has "which the unit wrote down" "$(cat "$STAMP.confirmed")" "asked.mail.example $(signs_with asked.mail.example)"
FIRST=$(signs_with open.mail.example) ASKED=$(signs_with asked.mail.example)
is "mail is signed with that key" "$(selector_in_mail open.mail.example)" "$FIRST"

# --- a rotation
MAIN=$(systemctl show opendkim -p MainPID --value)
soon "one is ordered, as soon as the next key was visible for long enough" 120 ordered open.mail.example
soon "and for the other one" 120 ordered asked.mail.example
soon "another key signs" 150 signs_with_another open.mail.example "$FIRST"
is "in the mail as well" "$(selector_in_mail open.mail.example)" "$(signs_with open.mail.example)"
soon "and where a message is asked for" 150 signs_with_another asked.mail.example "$ASKED"
is "in the mail, too" "$(selector_in_mail asked.mail.example)" "$(signs_with asked.mail.example)"
is "OpenDKIM was reloaded for it, not restarted" "$(systemctl show opendkim -p MainPID --value)" "$MAIN"
soon "the first key is destroyed after its grace" 120 test ! -e "$KEYS/private/open.mail.example/$FIRST.pem"

# --- and all that without a fault
journalctl --sync
is "no unit of ours told of an error" "$(journalctl -q -p err -o cat -u 'dkimrotd*' | head -5)" ""
is "none is left failed" "$(systemctl list-units --failed --plain --no-legend 'dkimrotd*')" ""
is "and both maps are watched on" "$(systemctl is-active dkimrotd-{signer,confirm}@opendkim.path | paste -sd' ')" "active active"
[ "$failed" = 0 ] || journalctl -u opendkim -u 'dkimrotd-*' -n 100 --no-pager -o short 2>&1 | sed 's/^/# journal: /'
done_testing
