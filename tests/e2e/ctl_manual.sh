#!/bin/bash
# The manuals against the programs: their examples are valid, what the programs have they name and the other way round,
# and lists that could lie are compared with the tables in the source. The unit as systemd sees it, too.
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"
cd "$SRC" || exit 1
umask 022
chmod 755 "$work"
unset CREDENTIALS_DIRECTORY STATE_DIRECTORY RUNTIME_DIRECTORY

# The literal blocks behind '.\" test: KIND' of a page, each into a file of its own: examples PAGE KIND FOLDER
examples() {
	mkdir -p "$3"
	awk -v kind="$2" -v folder="$3" '
		/^\.\\" test: / { wanted = index($0, ".\\\" test: " kind) == 1; next }
		/^\.Ed/ { inside = 0 }
		inside { print >(folder "/" n ".yaml") }
		/^\.Bd -literal/ && wanted { inside = 1; wanted = 0; n++ }' "$1"
}
check_files() { # what FILE...
	local what=$1
	shift
	is "$what: dkimrotctl check" "$("$BUILD/dkimrotctl" check "$@" 2>&1 | sed 's/^no fault.*//')" ""
}
examples man/dkimrotd.yaml.5 configuration "$work/conf"
examples man/dkimrotd-inventory.5 inventory "$work/inv"
is "examples of configurations" "$(find "$work/conf" -name '*.yaml' | wc -l)" 4
is "examples of inventories" "$(find "$work/inv" -name '*.yaml' | wc -l)" 4
for file in "$work"/inv/*.yaml; do check_files "dkimrotd-inventory(5), example ${file##*/}" "$file"; done
check_files "all of them together" "$work"/inv/*.yaml
# Some examples want a name server or a signer of one's own: they go with a configuration that has it.
mkdir "$work/special"
for file in "$work"/inv/*.yaml; do
	grep -qE 'rfc2136|external' "$file" || continue
	mv "$file" "$work/special/"
	fits=''
	for conf in "$work"/conf/*.yaml; do
		[[ $("$BUILD/dkimrotctl" check -c "$conf" "$work/special/${file##*/}" 2>&1) != "no fault"* ]] || fits=$conf
	done
	ok "dkimrotd-inventory(5), example ${file##*/}, goes with one of dkimrotd.yaml(5)" test -n "$fits"
done
for file in "$work"/conf/*.yaml; do
	check_files "dkimrotd.yaml(5), example ${file##*/}" -c "$file" "$work"/inv/*.yaml
	# The daemon too, in a place where it finds an inventory.
	sed '/^inventory:/d' "$file" >"$file.here"
	echo "inventory: $work/inv" >>"$file.here"
	is "dkimrotd.yaml(5), example ${file##*/}: dkimrotd --check" "$("$BUILD/dkimrotd" -c "$file.here" --check 2>&1; echo $?)" 0
done
check_files "what make install gives as examples" -c conf/dkimrotd.yaml conf/inventory.d/*.yaml
sed -E 's/^( *)#([a-z_ ]+:.*)/\1\2/' conf/dkimrotd.yaml | sed 's#/path/ca.pem#/etc/ssl/ca.pem#' >"$work/all.yaml"
check_files "and with every comment taken off" -c "$work/all.yaml" conf/inventory.d/*.yaml
sed -E '/dns_server:/d; s/^( *)#([a-z_]+:.*)/\1\2/' conf/inventory.d/mydomain.yaml >"$work/all-inventory.yaml"
check_files "the inventory likewise" -c conf/dkimrotd.yaml "$work/all-inventory.yaml"
echo 'domains: [ { domain: x.example, platform: exchnage } ]' >"$work/bad.yaml"
has "(a fault would be seen)" "$("$BUILD/dkimrotctl" check "$work/bad.yaml" 2>&1)" "bad.yaml:1:"

# everything WHAT PAGE <words: each stands in the page, as a word of its own.
everything() {
	local what=$1 page=$2 text missing='' n=0 word
	text=$(mandoc -T utf8 "$page" | col -b | tr -s ' \t\n' ' ')
	while read -r word; do
		n=$((n + 1))
		grep -qE -- "(^|[^a-zA-Z_-])${word}([^a-zA-Z_]|$)" <<<"$text" || missing+=" $word"
	done
	is "$page names $what" "$((n > 0)):$missing" "1:"
}
"$BUILD/dkimrotctl" --help | grep -oE -- '--[a-z]+' | sort -u | everything "every option of dkimrotctl" man/dkimrotctl.1
"$BUILD/dkimrotctl" --help | sed -n 's/^  \([a-z]*\)[ ].*/\1/p' | everything "every verb" man/dkimrotctl.1
"$BUILD/dkimrotd" --help | grep -oE -- '--[a-z]+' | sort -u | everything "every option of dkimrotd" man/dkimrotd.8
while read -r verb; do
	has "the verb $verb of the manual exists" "$("$BUILD/dkimrotctl" --help)" "  $verb"
done < <(sed -n 's/^\.Ic \([a-z]*\).*/\1/p; s/^\.It Ic \([a-z]*\).*/\1/p' man/dkimrotctl.1 | sort -u)
grep -ohE '"dkimrotd_[a-z_]+"' daemon/engine/*.c | tr -d '"' | sort -u | everything "every metric" man/dkimrotd.8
is "and no other" "$(comm -23 <(grep -oE 'dkimrotd_[a-z_]+' man/dkimrotd.8 | sort -u) <(grep -ohE 'dkimrotd_[a-z_]+' daemon/engine/*.c | sort -u))" ""
grep -ohE '"(DKIM|OVH|HTTP|CONFIG)_[A-Z_]+"' daemon/io/report*.c | tr -d '"' | sort -u | everything "every field of the journal" man/dkimrotd.8
sed -nE 's/.*\.name = "([a-z_]+)".*/\1/p' daemon/codec/config.c daemon/codec/policy.c | sort -u | everything "every key" man/dkimrotd.yaml.5
grep -ohE 'ENTRY\([a-z_]+\)' daemon/codec/inventory_file.c | sed 's/ENTRY(//; s/)//' | grep -v name_ | sort -u | everything "every key" man/dkimrotd-inventory.5
sed -nE 's/^ *\[(STATE|SELECTOR|PHASE|CONDITION|WAITS|ROLE)_[A-Z_]+\] = "([a-zA-Z]+)".*/\2/p' daemon/core/model.c | sort -u | everything "every word of the closed lists" man/dkimrotd-states.7
sed -nE 's/^ *\[SEEN_[A-Z_]+\] = "([a-z]+)".*/\1/p' daemon/core/*.c | sort -u | everything "every verdict of the DNS" man/dkimrotd-states.7
is "the list of reasons is that of the source (else: tests/tools/reasons --update)" \
	"$(diff <(sed '1,/reasons: begin/d; /reasons: end/,$d' man/dkimrotd-states.7) <(tests/tools/reasons) && echo same)" same

# The unit.
unit=systemd/dkimrotd.service
if command -v systemd-analyze >/dev/null; then
	ok "exposure of the unit is 1.1 or lower" systemd-analyze security --offline=true --no-pager --threshold=11 "$unit"
	left=$(systemd-analyze security --offline=true --no-pager --json=short "$unit" | jq -r '.[] | select(.exposure != null and (.exposure | tonumber) > 0) | .name' |
		sed -E 's/=?\/.*//; s/^RestrictAddressFamilies=~//; s/AF_\(INET\|INET6\)/AF_INET/; s/=$//' | sort | paste -sd' ')
	is "what is left of it is what the unit gives reasons for" "$left" \
		"$(sed -nE 's/^#   ([A-Za-z_]+).* 0\.[0-9] .*/\1/p' "$unit" | sort | paste -sd' ')"
	mkdir -p "$work/root/usr/sbin" "$work/root/usr/bin" "$work/root/etc/systemd/system"
	cp "$BUILD/dkimrotd" "$work/root/usr/sbin" && cp "$BUILD/dkimrotctl" "$work/root/usr/bin" && cp "$unit" "$work/root/etc/systemd/system"
	is "systemd finds nothing to say about it" "$(systemd-analyze verify --root="$work/root" --man=no --recursive-errors=no dkimrotd.service 2>&1 |
		grep -F dkimrotd.service | grep -v 'not found')" ""
else
	skip "exposure of the unit is 1.1 or lower" "systemd-analyze is not here"
fi
done_testing
