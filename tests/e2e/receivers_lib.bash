# Two receivers of mail that nobody here wrote, for the tests with real signers: sourced, not run. Each looks at what the other
# one's kind signed; work and RSPAMD_CHECK (where rspamd is asked by HTTP) are the caller's.
# shellcheck shell=bash disable=SC2154 # work

# What both say of a signature that holds, and of one of which they cannot say anything now: they would have the message come
# again. Anything else is what was wrong.
HOLDS=R_DKIM_ALLOW UNSAID=R_DKIM_TEMPFAIL
# receivers_ready ADDRESS PORT: of the name server that OpenDKIM is to ask.
receivers_ready() {
	printf 'server:\n\tdo-not-query-localhost: no\n\tmodule-config: "iterator"\n\tcache-max-negative-ttl: 0\nforward-zone:\n\tname: "."\n\tforward-addr: %s@%s\n' \
		"$1" "$2" >"$work/resolvers.conf"
	printf 'Mode v\nResolverConfiguration %s\nSyslog no\n' "$work/resolvers.conf" >"$work/opendkim-verify.conf"
}
# What OpenDKIM signed, seen by rspamd: every signature must be allowed, none rejected. Its workers change when it reads its
# maps anew; a message that found nobody comes again.
seen_by_rspamd() { # FILE
	curl -s -m 20 --retry 2 --retry-delay 1 --retry-all-errors --data-binary "@$1" -H 'IP: 192.0.2.1' "http://127.0.0.1:$RSPAMD_CHECK/checkv2" |
		jq -r '[.symbols | keys[] | select(startswith("R_DKIM_"))] | sort | join(" ") | if . == "" then "not a word of DKIM" else . end' | grep . || echo "$UNSAID"
}
# What rspamd signed, seen by OpenDKIM, which says it in words and ends with 0 whatever it says.
seen_by_opendkim() { # FILE
	local said
	said=$(opendkim -x "$work/opendkim-verify.conf" -t "$1" 2>&1)
	case $said in
	*" failed: key DNS query failed"*) echo "$UNSAID" ;;
	*" failed: "*) echo "$said" | paste -sd' ' ;;
	*": verification ("*") succeeded") echo "$HOLDS" ;;
	*) echo "no signature is seen: $said" | paste -sd' ' ;;
	esac
}
# seen_of SIGNER FILE: what the other one says.
seen_of() {
	if [ "$1" = opendkim ]; then seen_by_rspamd "$2"; else seen_by_opendkim "$2"; fi
}
