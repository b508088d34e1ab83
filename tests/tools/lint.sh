#!/bin/bash
# lint.sh STEP MAKE: one step of `make lint`; prints what it finds as FILE:LINE:COLUMN, fails when there is any.
#   format    clang-format would change nothing
#   tidy      clang-tidy, by .clang-tidy
#   cppcheck  cppcheck over everything at once
#   analyze   gcc -fanalyzer, with the warnings of every build
#   clang     clang compiles it all with the same warnings
#   shell     shellcheck over the scripts; and no file of C far beyond what one can read at a sitting
set -u
cd "$(dirname "$0")/../.." || exit 1
step=$1 make=${2-make}
mapfile -t sources < <(git ls-files -co --exclude-standard -- '*.c')
mapfile -t headers < <(git ls-files -co --exclude-standard -- '*.h')
pkg_cflags=$(pkg-config --cflags libevent libcurl yajl openssl yaml-0.1 libsystemd sqlite3 libidn2)
jobs=$(nproc)

tidy() { # file
	local dirs="-Idaemon -Itests -Itests/ovhsim -Ibuild/plain/gen"
	[[ $1 == tests/ovhsim/* ]] && dirs=-Itests/ovhsim
	# shellcheck disable=SC2086 # several options
	clang-tidy-14 --quiet "$1" -- -std=gnu11 -D_GNU_SOURCE '-DDKIMROTD_VERSION="0"' $dirs $pkg_cflags 2>/dev/null
}
export -f tidy
export pkg_cflags

case $step in
format) clang-format-14 --dry-run -Werror "${sources[@]}" "${headers[@]}" 2>&1 | grep -E 'error:|warning:' | sort -u | awk -F: '
	# The first places of each file say enough.
	{ if (++seen[$1] <= 3) print } END { for (f in seen) if (seen[f] > 3) print f ": and " seen[f] - 3 " more"; exit NR > 0 }' ;;
tidy)
	# shellcheck disable=SC2016 # for the inner shell
	printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$jobs" bash -c 'tidy "$0"' | grep -E '^[^ ].*: (error|warning): ' | sort -u
	((PIPESTATUS[1] == 0))
	;;
cppcheck)
	cppcheck --quiet --std=c11 --language=c -j "$jobs" --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=missingInclude --suppress=varFuncNullUB --suppress=duplicateAssignExpression --template='{file}:{line}:{column}: {severity}: {message} [{id}]' \
		-D_GNU_SOURCE -D__GNUC__=12 '-DDKIMROTD_VERSION="0"' -Idaemon -Itests -Itests/ovhsim "${sources[@]}"
	;;
analyze) $make --no-print-directory -s -k FLAVOUR=analyze compile-only ;;
clang) $make --no-print-directory -s -k FLAVOUR=clang compile-only ;;
shell)
	mapfile -t scripts < <(git grep -lE '^#!/bin/(ba)?sh' -- ':!*.md')
	shellcheck -x "${scripts[@]}"
	status=$?
	for file in "${sources[@]}" "${headers[@]}"; do
		lines=$(wc -l <"$file")
		((lines <= 450)) || { echo "$file:1: $lines lines; about 400 is the limit"; status=1; }
	done
	exit $status
	;;
*) echo "lint.sh: no step $step" >&2; exit 2 ;;
esac
