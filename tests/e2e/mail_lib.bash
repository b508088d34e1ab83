# Helpers for the tests with real mail signers and a real name server: sourced, not run. Adds to daemon_lib.bash.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # $ORIGIN is the zone file's; work and its like: daemon_lib.bash; what is set here the tests use
# shellcheck source=tests/e2e/daemon_lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/daemon_lib.bash"
mail_pids=()
# shellcheck disable=SC2317 # called by trap
mail_clean_up() {
	((${#mail_pids[@]} == 0)) || { kill "${mail_pids[@]}" 2>/dev/null; wait "${mail_pids[@]}" 2>/dev/null; }
	dk_clean_up
}
trap mail_clean_up EXIT
chmod 755 "$work"

skip_all() { skip "$1" "$2"; done_testing; }
lacks() { # what text part
	if [[ $2 == *"$3"* ]]; then is "$1" "it is there" "it is not"; else ok "$1" true; fi
}
needs() { # what command...: skips everything where one is not installed
	local what=$1 need
	shift
	for need; do command -v "$need" >/dev/null || skip_all "$what" "$need is not installed"; done
}

# A port of 127.0.0.1 that is free over UDP and TCP, below those that the kernel hands out: nobody's connection takes it
# before the one who is to listen there.
free_port() {
	/usr/bin/python3 -c '
import random, socket
while True:
    at = ("127.0.0.1", random.randrange(10000, 32000))
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    t = socket.socket()
    try: u.bind(at); t.bind(at); print(at[1]); break
    except OSError: u.close(); t.close()'
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# --- keys ----------------------------------------------------------------------------------------------------------

public() { openssl pkey -in "$work/$1.pem" -pubout -outform DER 2>/dev/null | base64 -w0; }
split() { fold -w 200 <<<"$1" | sed 's/.*/"&"/' | tr '\n' ' '; } # a TXT record's strings

# --- knot ----------------------------------------------------------------------------------------------------------

# knot_start ZONE [LINE OF KNOT'S CONFIGURATION...] <records: serves it on KNOT_ADDRESS and KNOT_PORT, which may be set
# before; "@ SOA" and "@ NS" are made here.
knot_start() {
	local zone=$1
	shift
	KNOT_ADDRESS=${KNOT_ADDRESS-127.0.0.1} KNOT_PORT=${KNOT_PORT-$(free_port)}
	mkdir -p "$work/knot"/{zones,db,run}
	cat >"$work/knot/knot.conf" <<-END
		server:
		    rundir: "$work/knot/run"
		    listen: $KNOT_ADDRESS@$KNOT_PORT
		    udp-workers: 1
		    tcp-workers: 1
		    background-workers: 1
		database:
		    storage: "$work/knot/db"
		    journal-db-max-size: 16M
		    kasp-db-max-size: 16M
		    timer-db-max-size: 4M
		control:
		    listen: "$work/knot/run/knot.sock"
		$(printf '%s\n' "$@")
		zone:
		  - domain: $zone
		    storage: "$work/knot/zones"
		    file: $zone.zone
		    zonefile-sync: -1
		    journal-content: changes
		    $([ $# = 0 ] || echo 'acl: update')
	END
	{
		printf '$ORIGIN %s.\n$TTL %s\n@ SOA ns hostmaster 1 3600 600 86400 %s\n@ NS ns\nns A %s\n' "$zone" "${ZONE_TTL-60}" "${ZONE_TTL-60}" "$KNOT_ADDRESS"
		cat
	} >"$work/knot/zones/$zone.zone"
	knotd -c "$work/knot/knot.conf" >"$work/knot/log" 2>&1 &
	mail_pids+=($!)
	until_true "$((20 * ${TEST_PATIENCE-1}))" knot_answers "$zone" || { echo "Bail out! knot does not start"; cat "$work/knot/log"; exit 1; }
}
knot_answers() { kdig +short +time=1 +retry=0 -p "$KNOT_PORT" "@$KNOT_ADDRESS" "$1" SOA 2>/dev/null | grep -q .; }

# --- signers -------------------------------------------------------------------------------------------------------

# Each reads its two files from FOLDER and listens as a milter; SIGUSR1 makes OpenDKIM read them anew, rspamd looks by itself.
# opendkim_start FOLDER: sets OPENDKIM_PORT and opendkim_pid.
opendkim_start() {
	OPENDKIM_PORT=${OPENDKIM_PORT-$(free_port)}
	cat >"$work/opendkim.conf" <<-END
		Socket inet:$OPENDKIM_PORT@127.0.0.1
		Mode sv
		KeyTable refile:$1/KeyTable
		SigningTable refile:$1/SigningTable
		InternalHosts 127.0.0.1
		Canonicalization relaxed/simple
		RequireSafeKeys no
		Background no
		Syslog no
	END
	opendkim -f -x "$work/opendkim.conf" >>"$work/opendkim.log" 2>&1 &
	opendkim_pid=$!
	mail_pids+=("$opendkim_pid")
	until_true "$((30 * ${TEST_PATIENCE-1}))" listens "$OPENDKIM_PORT" || { echo "Bail out! OpenDKIM does not start"; cat "$work/opendkim.log"; exit 1; }
}
# rspamd_start FOLDER: sets RSPAMD_PORT (milter), RSPAMD_CHECK (HTTP) and rspamd_pid.
rspamd_start() {
	RSPAMD_PORT=${RSPAMD_PORT-$(free_port)} RSPAMD_CHECK=${RSPAMD_CHECK-$(free_port)}
	mkdir -p "$work/rspamd"
	chmod 777 "$work/rspamd"
	printf 'example\norg\n' >"$work/rspamd/tld" # the real list takes minutes on a busy machine
	cat >"$work/rspamd.conf" <<-END
		options {
			pidfile = "$work/rspamd/pid";
			filters = "dkim";
			url_tld = "$work/rspamd/tld";
			tempdir = "$work/rspamd";
			cache_file = "$work/rspamd/cache";
			disable_hyperscan = true;
			map_watch_interval = 1s;
			dns { nameserver = ["${KNOT_ADDRESS-127.0.0.1}:${KNOT_PORT-1}"]; timeout = 2s; }
		}
		logging { type = "console"; level = "warning"; }
		modules { path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }
		dkim { check_local = true; check_authed = true; }
		dkim_signing {
			sign_local = true;
			use_domain = "header";
			use_esld = false;
			try_fallback = false;
			selector_map = "$1/selectors.map";
			path_map = "$1/paths.map";
		}
		worker "normal" { bind_socket = "127.0.0.1:$RSPAMD_CHECK"; count = 1; }
		worker "rspamd_proxy" {
			bind_socket = "127.0.0.1:$RSPAMD_PORT";
			milter = yes;
			count = 1;
			upstream "local" { default = yes; self_scan = yes; }
		}
	END
	rspamd -f -i -u "${RSPAMD_USER-_rspamd}" -g "${RSPAMD_GROUP-_rspamd}" -c "$work/rspamd.conf" >>"$work/rspamd.log" 2>&1 &
	rspamd_pid=$!
	mail_pids+=("$rspamd_pid")
	until_true "$((60 * ${TEST_PATIENCE-1}))" listens "$RSPAMD_PORT" || { echo "Bail out! rspamd does not start"; tail -20 "$work/rspamd.log"; exit 1; }
}
