# Helpers for the tests of the simulator itself: sourced, not run. They know ovhsim only from outside: curl, sha1sum
# and kdig. Needs BUILD (the folder with ovhsim); everything is written under $TMPDIR and goes with the script.
# shellcheck shell=bash
set -u
SRC=${SRC-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${BUILD-$SRC/build}
work=$(mktemp -d "${TMPDIR:-/tmp}/ovhsim.XXXXXX") || exit 1
sim_pid='' tests=0 failed=0

# shellcheck disable=SC2317 # called by trap
sim_clean_up() {
	[ -z "$sim_pid" ] || { kill "$sim_pid" 2>/dev/null; wait "$sim_pid" 2>/dev/null; }
	rm -rf "$work"
}
trap sim_clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# sim_start OPTION...: starts ovhsim and waits until it listens; sets HTTP_URL, HTTP_PORT, DNS_PORT, TOKEN_URL.
sim_start() {
	rm -f "$work/ready"
	"$BUILD/ovhsim" --ready-file "$work/ready" "$@" &
	sim_pid=$!
	while [ ! -e "$work/ready" ]; do
		kill -0 "$sim_pid" 2>/dev/null || { echo "Bail out! ovhsim does not start"; exit 1; }
		sleep 0.02
	done
	# shellcheck disable=SC1091 # written by ovhsim
	. "$work/ready"
}
# Ends ovhsim by its own page and fails when it does not leave cleanly (a sanitizer's report is such a case).
sim_stop() {
	curl -s -o "$work/quit" -X POST "$HTTP_URL/_sim/quit"
	wait "$sim_pid"
	local rc=$?
	sim_pid=''
	return $rc
}

# TAP.
ok() { # what command...
	local what=$1
	shift
	tests=$((tests + 1))
	if "$@" >"$work/said"; then echo "ok $tests - $what"; else
		echo "not ok $tests - $what"
		failed=$((failed + 1))
	fi
}
is() { # what got wanted
	tests=$((tests + 1))
	if [ "$2" = "$3" ]; then echo "ok $tests - $1"; else
		echo "not ok $tests - $1"
		printf '#   got    %s\n#   wanted %s\n' "${2//$'\n'/ | }" "${3//$'\n'/ | }"
		failed=$((failed + 1))
	fi
}
has() { # what text part
	tests=$((tests + 1))
	if [[ $2 == *"$3"* ]]; then echo "ok $tests - $1"; else
		echo "not ok $tests - $1"
		printf '#   %s\n#   is not in %s\n' "$3" "${2//$'\n'/ | }"
		failed=$((failed + 1))
	fi
}
skip() { # what why
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}
done_testing() {
	echo "1..$tests"
	[ "$failed" = 0 ]
	exit
}

# The application key that call() signs with.
AK=key-of-app AS=secret-of-app CK=consumer-key
# call METHOD PATH [BODY]: a signed request. Sets STATUS, ANSWER (the body) and HEADERS. What is sent can be bent:
# TS (timestamp), SIGNED_URL (the URL that the signature covers), HOST (Host header), SIGNATURE; and PATIENCE, the seconds to wait.
call() {
	local url=$HTTP_URL$2 ts=${TS-$(date +%s)} args=() signature
	signature=${SIGNATURE-\$1\$$(printf '%s' "$AS+$CK+$1+${SIGNED_URL-$url}+${3-}+$ts" | sha1sum | cut -d' ' -f1)}
	[ -z "${3+x}" ] || args+=(-H 'Content-Type: application/json' --data-binary "$3")
	[ -z "${HOST+x}" ] || args+=(-H "Host: $HOST")
	fetch "$url" -X "$1" -H "X-Ovh-Application: $AK" -H "X-Ovh-Consumer: $CK" -H "X-Ovh-Timestamp: $ts" \
		-H "X-Ovh-Signature: $signature" "${args[@]}"
}
# fetch URL CURL-OPTION...: sets STATUS (000 when nothing came), ANSWER, HEADERS and CURL (curl's exit status).
fetch() {
	local url=$1
	shift
	# shellcheck disable=SC2034 # for the tests
	{
		STATUS=$(curl -sS -m "${PATIENCE-20}" -o "$work/body" -D "$work/headers" -w '%{http_code}' "$@" "$url" 2>"$work/curl.err")
		CURL=$?
		ANSWER=$(cat "$work/body" 2>/dev/null) HEADERS=$(tr -d '\r' <"$work/headers" 2>/dev/null)
	}
	rm -f "$work/body" "$work/headers"
}
sim_set() { curl -s -X POST --data-binary "$1" "$HTTP_URL/_sim/set" >/dev/null; }
sim_get() { curl -s "$HTTP_URL/_sim/$1"; }
sim_post() { curl -s -X POST --data-binary "$2" "$HTTP_URL/_sim/$1"; }
