#!/bin/bash
# runtests: timeout=320
# The demo as a test: without a terminal it runs to its end by itself and its summary is what it promises; on a terminal it
# draws a table and gives the screen back; what ends it takes its processes along.
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"

export BUILD
out=$work/out
DEMO_LEAST=20 DEMO_MOST=$((280 * ${TEST_PATIENCE-1})) bash "$SRC/tests/demo/demo.sh" >"$out" 2>"$work/err" </dev/null
is "it ends well" "$?" 0
is "nothing is said on stderr" "$(<"$work/err")" ""
has "no safety rule is broken" "$(<"$out")" "0 safety rules broken"
is "no escape sequence without a terminal" "$(grep -c $'\033' "$out")" 0

# A row of the summary: DOMAIN created written rotations deleted phase...
row() { sed -n '/^DOMAIN/,$p' "$out" | grep "^$1.example "; }
for domain in virgin-exchange signing-exchange virgin-emailpro manual-dns; do
	read -r _ created written rotated deleted now < <(row $domain)
	ok "$domain rotated, and its old key was deleted and made anew" \
		test "${created:-0}" -ge 1 -a "${rotated:-0}" -ge 1 -a "${deleted:-0}" -ge 1
	case $domain in
	manual-dns) is "$domain: nobody wrote a record but the person" "$written" 0 ;;
	*) ok "$domain: records were written" test "${written:-0}" -ge 1 ;;
	esac
	has "$domain signs at the end" "$now" "signs with"
done
for domain in mxplan zimbra-v1 zimbra-v2; do
	has "$domain is settled, and rotation said to be not applicable" "$(row $domain)" "settled"
	has "$domain says so in the journal" "$(<"$out")" "$domain.example: this platform has no rotation in its API"
done
has "one selector is no error" "$(row one-selector)" "rotation-not-possible"
has "the deleted record is told" "$(<"$out")" "signing-exchange.example: the DNS record or key of the selector that signs is gone"
has "and mended" "$(<"$out")" "signing-exchange.example is in order again"

# On a terminal, cut short: it must not claim success.
TERM=xterm DEMO_LEAST=1 DEMO_MOST=4 NO_COLOR=1 script -qec "stty rows 40 cols 120; bash '$SRC/tests/demo/demo.sh'" /dev/null >"$work/screen" 2>&1 </dev/null
is "cut short it fails" "$?" 1
screen=$(<"$work/screen")
has "it takes the terminal's other screen" "$screen" $'\033[?1049h'
has "draws a table there" "$screen" "WAITS ON"
has "and gives the screen back" "${screen##*WAITS ON}" $'\033[?1049l'
has "then says what did not come to its end" "${screen##*1049l}" "Not everything came to its end"

# Interrupted: no process and no folder is left.
TMPDIR=$work setsid bash "$SRC/tests/demo/demo.sh" >"$work/cut" 2>&1 </dev/null &
pid=$!
until grep -q 'started' "$work/cut" 2>/dev/null; do
	kill -0 "$pid" 2>/dev/null || break
	sleep 0.1
done
kill -TERM "$pid"
wait "$pid"
is "ended by a signal it says so" "$?" 143
is "no process is left" "$(pgrep -s "$pid" | wc -l)" 0
is "no folder is left" "$(find "$work" -maxdepth 1 -name 'dkimrotd-demo.*' | wc -l)" 0
done_testing
