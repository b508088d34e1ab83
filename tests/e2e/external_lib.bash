# Helpers for the end-to-end tests of external domains: sourced after daemon_lib.bash. A signer is a loop of a few lines: it
# takes the maps when they change, leaves the stamp, and "signs", which is to note the selector and the public key that it
# would sign with; a receiver beside it looks every noted message up again and again until its grace is over.
# shellcheck shell=bash disable=SC2034,SC2154 # daemon_lib.bash sets and reads
# shellcheck source=tests/e2e/daemon_lib.bash
STAMPS=$work/stamps SIGNED=$work/signed
signers_pid='' receiver_pid=''
mkdir -p "$STAMPS"

# The daemon's configuration with both signers. GRACE_MS is for the receiver.
ext_configure() {
	POLL=${POLL-active: 200ms, settled: 1s} POLICY=${POLICY-rotate_every: 16s, grace: 5s, splay: 0%}
	configure "signers:" "  opendkim: { stamp: $STAMPS/opendkim }" "  rspamd: { stamp: $STAMPS/rspamd }" "$@"
}

# What the zone's server says at a name, strings joined.
ext_txt() { kdig +short +time=10 +retry=2 @127.0.0.1 -p "$DNS_PORT" TXT "$1" | sed -e 's/" "//g' -e 's/^"//' -e 's/"$//' -e 's/\\;/;/g'; }
ext_p() { ext_txt "$1" | sed -n 's/.*p=//p'; }
ext_is_revoked() { [[ $(ext_txt "$1") == *"p=" ]]; }
ext_stands() { [ -n "$(ext_txt "$1")" ]; }
ext_is_gone() { [ -z "$(ext_txt "$1")" ]; }
# The private key that a signer reads for a domain.
ext_key_of() { # SIGNER DOMAIN
	case $1 in
	opendkim) sed -n "s#^$2 [^:]*:[^:]*:##p" "$STATE/keys/opendkim/KeyTable" ;;
	rspamd) sed -n "s#^$2 ##p" "$STATE/keys/rspamd/paths.map" | sed "s#\$selector#$(sed -n "s#^$2 ##p" "$STATE/keys/rspamd/selectors.map")#" ;;
	esac
}
ext_public() { openssl pkey -in "$1" -pubout -outform DER 2>/dev/null | base64 -w0; }

# One signer takes its maps: the stamp is a copy of them as they were before it was told to read them.
signer_take() { # SIGNER
	local files=("$STATE/keys/$1"/[!.]*)
	[ -e "${files[0]}" ] || return 0
	cat "${files[@]}" >"$STAMPS/.$1" && ! cmp -s "$STAMPS/.$1" "$STAMPS/$1" || return 0
	mv "$STAMPS/.$1" "$STAMPS/$1"
}
# What it signs with now, by what it took: "domain selector" a line.
signer_uses() { # SIGNER
	case $1 in
	opendkim) sed -n 's/^[^# *]* \([^: ]*\):\([^:]*\):.*/\1 \2/p' "$STAMPS/opendkim" 2>/dev/null ;;
	rspamd) sed -n 's/^\([^# ]*\) \([^/][^ ]*\)$/\1 \2/p' "$STAMPS/rspamd" 2>/dev/null ;;
	esac
}
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
signers_run() {
	local signer now
	while [ ! -e "$work/no-more-mail" ]; do
		for signer in opendkim rspamd; do
			signer_take $signer
			signer_uses $signer | while read -r domain selector; do echo "$(now_ms) $domain $selector"; done
		done >>"$SIGNED"
		sleep 0.3
	done
}
# Every message of the last GRACE seconds, once a round: does the zone serve its key? Who learns it later than a grace after
# the message was signed has learned nothing.
receiver_run() {
	local domain selector at txt
	while [ ! -e "$work/no-more-mail" ]; do
		awk '{ last[$2 " " $3] = $1 } END { for (key in last) print key, last[key] }' "$SIGNED" | while read -r domain selector at; do
			(($(now_ms) - at <= ${GRACE-5} * 1000)) || continue
			txt=$(ext_txt "$selector._domainkey.$domain")
			if [[ $txt == *p=?* ]]; then echo "ok"; continue; fi
			(($(now_ms) - at > ${GRACE-5} * 1000)) || echo "$(date +%T) $selector $domain: $txt"
		done >>"$work/received"
		sleep 0.2
	done
}
signers_start() {
	: >"$SIGNED"
	: >"$work/received"
	signers_run & signers_pid=$!
	receiver_run & receiver_pid=$!
}
# Both end their round, so that nothing of theirs is left behind.
signers_stop() {
	: >"$work/no-more-mail"
	wait "$signers_pid" "$receiver_pid" 2>/dev/null
	signers_pid='' receiver_pid=''
}
# shellcheck disable=SC2317 # called by trap
ext_clean_up() {
	[ -z "$signers_pid" ] || signers_stop
	dk_clean_up
}
trap ext_clean_up EXIT
ext_failures() { grep -v '^ok$' "$work/received" | head -5; }
ext_signed() { wc -l <"$work/received"; }
