#!/bin/bash
# The unit under a real systemd, booted for it in a container (tests/tools/sdboot): start, readiness, status, reload good
# and bad, what is restarted and what is not, the watchdog, credentials plain and encrypted, who may ask, the journal with
# its fields and its catalogue, and a whole rotation against ovhsim, judged by it. What is installed is what `make
# install` installs, with the plain build's programs, under the shipped unit. Called with "inside", it is the test itself.
# runtests: timeout=450 alone
# shellcheck disable=SC2154,SC2329,SC2317 # what the library sets; called by ok and until_true
if [ "${1-}" != inside ]; then
	# shellcheck source=tests/e2e/systemd_lib.bash
	. "$(dirname "$0")/systemd_lib.bash"
	boot_and_tell "$0"
fi
# shellcheck source=tests/e2e/systemd_lib.bash
. /src/tests/e2e/systemd_lib.bash

restarts() { show NRestarts; }
ended_with() { [ "$(show ActiveState)/$(show SubState) $(show ExecMainStatus)" = "$1" ]; }
dropin() { # NAME <lines of [Service]
	mkdir -p /run/systemd/system/dkimrotd.service.d
	{ echo '[Service]'; cat; } >"/run/systemd/system/dkimrotd.service.d/$1.conf"
	systemctl daemon-reload
}
no_dropin() { rm -f "/run/systemd/system/dkimrotd.service.d/$1.conf"; systemctl daemon-reload; }
again() { systemctl stop dkimrotd 2>/dev/null; systemctl reset-failed dkimrotd 2>/dev/null; systemctl start dkimrotd; }

# --- what is installed
systemd-sysusers
journalctl --update-catalog
systemctl daemon-reload
is "the user is a static one of the system's" "$(($(id -u dkimrotd) < 1000)) $(id -gn dkimrotd) $(getent passwd dkimrotd | cut -d: -f7)" "1 dkimrotd /usr/sbin/nologin"
ok "exposure as systemd itself sees it is 1.1 or lower" systemd-analyze security --no-pager --threshold=11 dkimrotd
is "systemd finds nothing to say about the unit" "$(systemd-analyze verify --man=no --recursive-errors=no dkimrotd.service 2>&1 | grep -F dkimrotd)" ""
systemctl start dkimrotd
is "without a configuration it is not started, and that is no failure" "$(show ActiveState) $(show ConditionResult) $(show Result)" "inactive no success"

# --- before the world is there
world_scenario
configure
credentials
inventory a.yaml <<<"domain: a.example, platform: exchange, service: hosted-zz1-1"
ok "start returns when it is ready, with an API that is not there yet" within 60 systemctl start dkimrotd
is "it runs as that user" "$(stat -c %U "/proc/$(show MainPID)")" dkimrotd
has "STATUS= is one line that says how things stand" "$(show StatusText)" "1 domain,"
is "its state is its own" "$(stat -c '%U %a' /var/lib/dkimrotd)" "dkimrotd 711"
is "its memory, with the keys in it, is never dumped" "$(show LimitCORE)" 0
is "its socket is for its group" "$(stat -c '%U %G %a' /run/dkimrotd /run/dkimrotd/control.sock | paste -sd' ')" "dkimrotd dkimrotd 750 dkimrotd dkimrotd 660"
world_start
again
soon "with the API there, the domain is brought to sign" 60 signs a.example
soon "and STATUS= follows" 30 status_has "1 settled"

# --- who may ask
useradd -G dkimrotd friend && useradd stranger
as() { within 20 setpriv --reuid="$1" --regid="$1" --init-groups "${@:2}"; }
ok "root may ask" within 20 dkimrotctl status
ok "a member of its group, too" as friend dkimrotctl status
ok "but not order anything" refuses as friend dkimrotctl pause --all --reason "just so"
ok "a stranger may not even ask" refuses as stranger dkimrotctl --socket /run/dkimrotd/control.sock explain a.example
ok "root may order" within 20 dkimrotctl pause --all --reason "a test"
ok "and take it back" within 20 dkimrotctl resume --all

# --- reload
inventory b.yaml <<<"domain: b.example, platform: emailpro, service: emailpro-zz1-1"
ok "a good reload succeeds" within 60 systemctl reload dkimrotd
soon "and the domain that it brought is met" 20 heard domain-met DKIM_DOMAIN=b.example
soon "and signs" 60 signs b.example
cp /etc/dkimrotd/dkimrotd.yaml /run/good.yaml
echo 'no_such_key: 1' >>/etc/dkimrotd/dkimrotd.yaml
MAIN=$(show MainPID)
ok "a refused reload fails" refuses within 60 systemctl reload dkimrotd
is "and the daemon goes on as it was" "$(show ActiveState) $(show MainPID)" "active $MAIN"
soon "with a status that says how things stand" 20 status_has "2 domains"
soon "the journal names the fault's place" 20 heard config-error CONFIG_FILE=/etc/dkimrotd/dkimrotd.yaml
has "and so does systemctl's own view of the unit" "$(journalctl -u dkimrotd -o cat)" "/etc/dkimrotd/dkimrotd.yaml:"
cp /run/good.yaml /etc/dkimrotd/dkimrotd.yaml
ok "made good, it is taken" within 60 systemctl reload dkimrotd
kill -HUP "$(show MainPID)"
soon "SIGHUP reloads as well" 20 heard_at_least 3 reloaded
is "through all that it is the same process" "$(show MainPID)" "$MAIN"

# --- the journal
soon "fields: what was told about one domain" 20 heard signing DKIM_DOMAIN=a.example
is "with platform and account" "$(journal_of signing DKIM_DOMAIN=a.example | jq -r '"\(.DKIM_PLATFORM) \(.DKIM_ACCOUNT) \(.PRIORITY) \(._SYSTEMD_UNIT)"' | head -1)" "exchange default 5 dkimrotd.service"
has "journalctl -x shows the catalogue's text" "$(journalctl -x -u dkimrotd --no-pager DKIM_EVENT=signing DKIM_DOMAIN=a.example)" "man:dkimrotd"
everyone_has_text() {
	local id
	for id in $(journalctl -u dkimrotd -o json | jq -r 'select(.DKIM_EVENT != null) | .MESSAGE_ID' | sort -u); do
		journalctl --dump-catalog "$id" >/dev/null 2>&1 || { echo "no text for $id"; return 1; }
	done
}
ok "every message heard so far has its text" everyone_has_text
ok "no secret is in journal, environment or arguments" no_secret "$AS" "$CK"

# --- what is restarted, and what is not
kill -9 "$(show MainPID)"
soon "killed, it is started again" 60 running_after 1
ends_without_restart() { # what exit-status
	again 2>/dev/null
	soon "$1: it ends with $2 and is not started again" 20 ended_with "failed/failed $2"
	is "$1: not even once" "$(restarts)" 0
}
echo 'no_such_key: 1' >>/etc/dkimrotd/dkimrotd.yaml
ends_without_restart "a faulty configuration" 1
cp /run/good.yaml /etc/dkimrotd/dkimrotd.yaml
dropin usage <<<$'ExecStart=\nExecStart=/usr/sbin/dkimrotd --frobnicate'
ends_without_restart "wrong usage" 2
no_dropin usage
mv /etc/dkimrotd/credentials/ovh.conf /run/
ends_without_restart "no credentials" 5
mv /run/ovh.conf /etc/dkimrotd/credentials/
systemctl stop dkimrotd
cp /var/lib/dkimrotd/state.db /run/state.db
rm -f /var/lib/dkimrotd/state.db-*
echo "this is no database" >/var/lib/dkimrotd/state.db
ends_without_restart "a damaged state" 4
is "which is left as it was" "$(cat /var/lib/dkimrotd/state.db)" "this is no database"
systemctl reset-failed dkimrotd
follow "the manual tells what to do" damaged
ok "then it runs, and the damaged one is kept" test "$(show ActiveState) $(cat /var/lib/dkimrotd/damaged/state.db)" = "active this is no database"
sed -i '1i mode: manage' /etc/dkimrotd/dkimrotd.yaml
follow "the manual tells how to stop all changes" observe
is "then nothing is changed" "$(dkimrotctl --json status | jq -r .mode)" observe
cp /run/good.yaml /etc/dkimrotd/dkimrotd.yaml

# --- the watchdog
is "WatchdogSec= is five minutes" "$(show WatchdogUSec)" 5min
configure 90d 9min # nothing to do for minutes: it must be fed all the same
# Ten seconds: a machine that others keep busy lets nobody stand still for so long.
dropin watchdog <<<$'WatchdogSec=10s\nTimeoutAbortSec=1s\nRestartSec=200ms'
again
until_true 21 false
is "an event loop that turns is left alone, at rest too" "$(restarts) $(show ActiveState)" "0 active"
# The event loop alone is held up, in the middle of its own system call; every other thread of the process runs on.
MAIN=$(show MainPID)
WAITS=epoll_wait,epoll_pwait,epoll_pwait2
timeout 300 strace -qq -o /dev/null -p "$MAIN" -e trace="$WAITS" -e inject="$WAITS:delay_enter=300000000" 2>/run/strace.err &
STRACE=$!
bitten() { journalctl --sync; journalctl -o cat -u dkimrotd | grep -q "Watchdog timeout"; }
soon "an event loop that stands is ended by the watchdog" 60 bitten
until_true 60 grep -q "^State:.*[ZX]" -s "/proc/$MAIN/status" # dead, as far as its tracer lets it
kill "$STRACE" 2>/dev/null
wait "$STRACE" 2>/dev/null
soon "and started again" 30 running_after 1
ok "as another process" test "$(show MainPID)" != "$MAIN"
configure
no_dropin watchdog

# --- encrypted credentials
mkdir -p /etc/credstore.encrypted
ok "a credential is encrypted with the host's key" systemd-creds encrypt --with-key=host --name=ovh.conf /etc/dkimrotd/credentials/ovh.conf /etc/credstore.encrypted/ovh.conf
mv /etc/dkimrotd/credentials /run/credentials.away
dropin encrypted <<<$'LoadCredential=\nLoadCredentialEncrypted=ovh.conf'
systemctl stop dkimrotd # what is counted below, it asks with that one
sim_get counts >/run/before.json
ok "it starts with nothing but the encrypted one" again
soon "and the API takes what it decrypts to" 30 requests_more /run/before.json
no_dropin encrypted
mv /run/credentials.away /etc/dkimrotd/credentials

# --- a rotation
rotate_fast
again
soon "a rotation begins" 90 heard rotation-started DKIM_DOMAIN=a.example
soon "is confirmed" 60 heard rotation-confirmed DKIM_DOMAIN=a.example
soon "and its old key deleted after the grace" 90 heard key-deleted DKIM_DOMAIN=a.example
ok "the domain signs" signs a.example
is "ovhsim's judge found no broken rule" "$(sim_get changes | jq .broken)" 0
story() { journalctl -u dkimrotd -p notice -o cat DKIM_DOMAIN=a.example + DKIM_DOMAIN=b.example; }
has "its story is told" "$(story)" "signs with"
systemctl stop dkimrotd
is "and it stops cleanly" "$(show Result) $(show ExecMainStatus)" "success 0"
done_testing
