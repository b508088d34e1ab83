#!/bin/bash
# fuzz.sh SECONDS [TARGET...]: each fuzzing target in build/fuzz for so long, two at a time. What it learns goes to
# build/fuzz/corpus; the inputs that are kept in tests/fuzz/corpus/NAME are only read. An input that breaks
# something is left in build/fuzz/found and named: mend it, then put it into the target's corpus.
set -u
shopt -s nullglob
cd "$(dirname "$0")/../.." || exit 1
seconds=$1
shift
targets=("$@")
((${#targets[@]} > 0)) || targets=(tests/fuzz/fuzz_*.c)
mkdir -p build/fuzz/found
failed=0 passed=0

fuzz_one() { # name
	local name=$1 kept=tests/fuzz/corpus/${1#fuzz_} learned=build/fuzz/corpus/$1 log=build/fuzz/$1.log dict=()
	mkdir -p "$learned"
	[ ! -f "tests/fuzz/${name#fuzz_}.dict" ] || dict=("-dict=tests/fuzz/${name#fuzz_}.dict")
	[ -d "$kept" ] || kept=
	# shellcheck disable=SC2086 # $kept is one folder or nothing
	if build/fuzz/fuzz/"$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
		"${dict[@]}" -artifact_prefix="build/fuzz/found/$name-" "$learned" $kept >"$log" 2>&1; then
		echo "ok   $name: $(grep -aoE '^Done [0-9]+ runs in [0-9]+ second' "$log")s"
	else
		echo "FAIL $name"
		grep -avE '^#[0-9]+[[:space:]]+(NEW|REDUCE|pulse|RELOAD)' "$log" | sed 's/^/     | /'
		return 1
	fi
}

pids=()
for target in "${targets[@]}"; do
	while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n; done
	fuzz_one "$(basename "$target" .c)" &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	if wait "$pid"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
((failed == 0))
