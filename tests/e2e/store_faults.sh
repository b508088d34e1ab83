#!/bin/bash
# The state when the kernel fails one of its calls: every sync, write and truncation in turn, once and from then on.
# What was said to be durable is there afterwards, nothing is half there, and nothing has crashed.
# runtests: timeout=300
set -u
SRC=${SRC-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${BUILD-$SRC/build/plain}
writer=$BUILD/e2e/store_writer
work=$(mktemp -d "${TMPDIR:-/tmp}/faults.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
# The leak checker cannot work beneath strace.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
commits=6 n=0 failed=0

if ! strace -qq -o "$work/probe" true 2>/dev/null; then
	echo "ok 1 - failing system calls # SKIP nothing may be traced here"
	echo 1..1
	exit 0
fi

# How often a writer that nothing befalls makes this call.
count() { # syscall
	rm -rf "$work/state"
	strace -qq -f -e "trace=$1" -o "$work/count" "$writer" write "$work/state" $commits >/dev/null
	grep -c "$1(" "$work/count"
}

# One run with a fault; says what is wrong with what it left.
try() { # syscall error when
	local durable tried found status
	rm -rf "$work/state"
	strace -qq -f -e "trace=$1" -e "inject=$1:error=$2:when=$3" -o "$work/trace" "$writer" write "$work/state" $commits \
		>"$work/said" 2>"$work/err"
	status=$?
	read -r durable tried <"$work/said"
	if [ $status != 0 ]; then
		echo "the writer ended with $status: $(tail -n1 "$work/err")"
		return
	fi
	if [[ $3 != *+ ]] && [ "$durable" != $commits ]; then
		echo "one fault, and only $durable of $commits commits succeeded: $(tail -n1 "$work/err")"
		return
	fi
	if ! found=$("$writer" check "$work/state" 2>"$work/err"); then
		echo "afterwards: $(tail -n1 "$work/err")"
		return
	fi
	((found >= durable && found <= tried)) || echo "$found is there; $durable was durable, $tried was tried"
}

for fault in fdatasync:EIO pwrite64:ENOSPC pwrite64:EIO ftruncate:EIO; do
	call=${fault%:*} error=${fault#*:}
	total=$(count "$call") said=''
	# Writes are many: not each of them in one run, but other ones in each.
	step=$((total > 40 ? total / 25 : 1))
	for ((when = 1 + (step > 1 ? RANDOM % step : 0); when <= total; when += step)); do
		what=$(try "$call" "$error" "$when")
		[ -z "$what" ] || said+="#  call $when of $total: $what"$'\n'
		what=$(try "$call" "$error" "$when+")
		[ -z "$what" ] || said+="#  from call $when of $total on: $what"$'\n'
	done
	n=$((n + 1))
	if [ -z "$said" ]; then
		echo "ok $n - $call fails with $error, at any of $total times"
	else
		failed=1
		printf 'not ok %d - %s fails with %s\n%s' $n "$call" "$error" "$said"
	fi
done
echo "1..$n"
exit $failed
