#!/bin/bash
# dkimrotctl check: files as a pipeline or a configuration tool hands them over, without a daemon.
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"
umask 022
chmod 755 "$work"
run() {
	OUT=$("$BUILD/dkimrotctl" "$@" 2>"$work/err" </dev/null)
	RC=$? ERR=$(<"$work/err")
}
good='domains: [ { domain: a.example, platform: mxplan } ]'
mkdir "$work/inventory" "$work/empty"
echo "$good" >"$work/inventory/a.yaml"
cat >"$work/c.yaml" <<END
accounts: { main: { endpoint: ovh-eu, credentials: ovh.conf } }
inventory: $work/inventory
policies: { slow: { rotate_every: 180d } }
END

run check "$work/inventory/a.yaml"
is "a good file" "$RC|$OUT|$ERR" "0|no fault in 1 file, 1 domain|"
OUT=$(echo "$good" | "$BUILD/dkimrotctl" check - 2>&1)
is "from standard input" "$?|$OUT" "0|no fault in 1 file, 1 domain"
echo 'domains: [ { domain: b.example, platform: mxplan, account: nowhere, policy: fast } ]' >"$work/names.yaml"
run check "$work/names.yaml"
is "without -c names of accounts and policies stay unresolved" "$RC" 0
run check -c "$work/c.yaml" "$work/names.yaml"
is "with it they do not" "$RC" 1
has "the account" "$ERR" "$work/names.yaml:1:60: the configuration has no account \"nowhere\""
has "and the policy" "$ERR" "the configuration has no policy \"fast\""
run check -c "$work/c.yaml"
is "all that the configuration names: it has no account \"default\"" "$RC" 1
sed -i 's/main:/default:/' "$work/c.yaml"
run check -c "$work/c.yaml"
is "mended" "$RC|$OUT" "0|no fault in 2 files, 1 domain"
run --json check -c "$work/c.yaml" "$work/names.yaml"
is "as JSON" "$(jq -r '.faults[0] | "\(.line) \(.column) \(.message)"' <<<"$OUT")" '1 60 the configuration has no account "nowhere"; known here: default'
cp "$work/inventory/a.yaml" "$work/again.yaml"
run check "$work/inventory/a.yaml" "$work/again.yaml"
is "one domain in two files" "$RC" 1
has "both are named" "$ERR" "again.yaml"
run check "$work/nothing.yaml"
is "no such file" "$RC|$ERR" "1|$work/nothing.yaml: it cannot be read: No such file or directory"
run check "$work/empty"
is "a folder is no file" "$RC" 1
head -c $((16 * 1024 * 1024 + 1)) /dev/zero | tr '\0' '#' >"$work/large.yaml"
run check "$work/large.yaml"
is "a file that is too large" "$RC|$ERR" "1|$work/large.yaml: it is larger than 16 MiB"
printf 'domains:\n  - { domain: "a\033[31m.example", platform: mxplan }\n' >"$work/evil.yaml"
run check "$work/evil.yaml"
is "faults are clean" "$RC$(grep -c $'\033' <<<"$ERR")" 10
chmod 666 "$work/inventory/a.yaml"
run check "$work/inventory/a.yaml"
is "named files may belong to anybody and be open to all" "$RC" 0
run check -c "$work/c.yaml"
is "those of the configuration are read as the daemon reads them" "$RC" 1
has "and it says why" "$ERR" "$work/inventory/a.yaml: "
head -c 3000000 /dev/zero >"$work/inventory/a.yaml"
chmod 644 "$work/inventory/a.yaml"
run check -c "$work/c.yaml"
has "a file of NULs" "$RC $ERR" "1 $work/inventory/a.yaml:1:1: a NUL byte"
echo 'accounts: {' >"$work/c.yaml"
run check -c "$work/c.yaml" "$work/names.yaml"
is "a faulty configuration" "$RC" 1
has "is named" "$ERR" "$work/c.yaml:"
is "and its inventory is not blamed for it" "$(grep -c names.yaml <<<"$ERR")" 0
done_testing
