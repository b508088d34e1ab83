#!/bin/bash
# The state as a sysadmin reads it with sqlite3.
set -u
SRC=${SRC-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${BUILD-$SRC/build/plain}
work=$(mktemp -d "${TMPDIR:-/tmp}/views.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
n=0 failed=0
is() { # what got wanted
	n=$((n + 1))
	if [ "$2" = "$3" ]; then echo "ok $n - $1"; return; fi
	failed=1
	printf 'not ok %d - %s\n# got    %s\n# wanted %s\n' $n "$1" "$2" "$3"
}
ask() { sqlite3 -readonly "$work/state/$1.db" "$2" 2>&1 | tr '\n' ';'; }

is "three commits" "$("$BUILD/e2e/store_writer" write "$work/state" 3)" "3 3"
is "how the domains stand" \
	"$(ask state "SELECT domain, platform, phase, condition, reason, last_good, rotated IS NULL FROM v_status")" \
	"a.example|exchange|unknown|ok|not-looked-at|1970-01-01T00:00:00Z|1;b.example|exchange|unknown|ok|not-looked-at|1970-01-01T00:00:00Z|1;c.example|exchange|unknown|ok|not-looked-at|1970-01-01T00:00:00Z|1;"
is "what is under way" "$(ask state "SELECT domain, action, answered FROM v_intents")" \
	"a.example|enable|0;b.example|enable|0;c.example|enable|0;"
is "nothing rotates" "$(ask state "SELECT count(*) FROM v_rotating")" "0;"
is "the history" "$(ask history "SELECT domain_id, at, kind FROM v_history LIMIT 1")" "1|1970-01-01T00:00:00Z|number;"
is "SQLite finds no fault" "$(ask state "PRAGMA integrity_check")$(ask history "PRAGMA integrity_check")" "ok;ok;"
is "it is ours" "$(ask state "PRAGMA application_id; PRAGMA user_version; PRAGMA journal_mode")" "1145784653;2;wal;"
is "nobody else may read it" "$(find "$work/state" -perm /077)" ""
is "and the daemon finds it as it was" "$("$BUILD/e2e/store_writer" check "$work/state")" 3
echo "1..$n"
exit $failed
