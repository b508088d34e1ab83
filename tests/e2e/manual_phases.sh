#!/bin/bash
# The state machine as it is drawn in the manual and in the README: it is the one that the table in the source gives, and
# the table tells what domains really do: in a calm simulation every step of theirs is in it, and every one in it is taken.
# runtests: timeout=300
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"
cd "$SRC" || exit 1

between() { sed "1,/$2: begin/d; /$2: end/,\$d" "$1"; }
same() { # what drawn made
	is "$1 (else: tests/tools/phases --update)" "$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") && echo same)" same
}
same "the picture in dkimrotd-states(7)" "$(between man/dkimrotd-states.7 'phases picture')" "$(tests/tools/phases literal)"
same "its lists of phases and steps" "$(between man/dkimrotd-states.7 'phases steps')" "$(tests/tools/phases steps)"
same "the picture in the README" "$(between README.md 'phases')" "$(tests/tools/phases fenced)"
has "there is a picture" "$(tests/tools/phases)" "settled <--"
is "with every phase in it" "$(sed -n 's/^PHASE([A-Z]*, *"\([a-z]*\)".*/\1/p' daemon/core/phases.def | sort | paste -sd' ')" \
	"$(tests/tools/phases | grep -oE '^[a-z]+' | sort | paste -sd' ')"

# Every platform, domains that sign already among them; a third of a year. A seed is a run.
for seed in 1 2 3; do
	"$BUILD/simulation/simulation" --calm --seed $seed --domains 16 --days 110 --trace >"$work/life.$seed" 2>&1
done
awk '
	FNR == 1 { split("", phase) }
	$2 == "PHASE_CHANGED" {
		sub(/,$/, "", $5)
		print ($3 in phase ? phase[$3] : "unknown"), $5
		phase[$3] = $5
	}' "$work"/life.* | sort -u >"$work/taken"
awk '
	/^PHASE\(/ { split($0, part, /[(,]/); split($0, quoted, "\""); word[part[2]] = quoted[2] }
	/^STEP\(/ { split($0, part, /[(,]/); gsub(/ /, "", part[3]); print word[part[2]], word[part[3]] }' daemon/core/phases.def | sort -u >"$work/table"
ok "the simulation ran" test -s "$work/taken"
is "steps that domains take and the table has not" "$(comm -23 "$work/taken" "$work/table" | paste -sd,)" ""
is "steps that the table has and no domain takes" "$(comm -13 "$work/taken" "$work/table" | paste -sd,)" ""
done_testing
