#!/bin/bash
# dkimrotctl history and timeline against a running daemon and its real store: every change with its evidence, every
# transition, no routine look; pages; two years and no longer; the picture in every kind of terminal.
# runtests: timeout=150
# shellcheck disable=SC1091,SC2034,SC2119,SC2154,SC2317 # what the library sets, and what it reads
# shellcheck source=tests/e2e/daemon_lib.bash
. "$(dirname "$0")/daemon_lib.bash"
of() { jq -r "[.entries[] | $1] | $2" <<<"$OUT"; } # FILTER RESULT

world <<END
domain main exchange hosted-zz1-1 one.example
domain main emailpro emailpro-zz1-1 single.example - ovh 1 signing
domain main mxplan mx.example mx.example
END
credentials
POLICY='rotate_every: 15s, grace: 5s, splay: 0%' configure
inventory a.yaml <<END
domain: one.example, platform: exchange, service: hosted-zz1-1
domain: single.example, platform: emailpro, service: emailpro-zz1-1
domain: mx.example, platform: mxplan
END
run history
is "without a daemon it cannot be asked" "$RC" 3
dk_start
round() { # deleted, made anew and settled again: what a domain says of itself may have gone on to the next round already
	run --json history one.example
	of 'select(.kind == "phase") | .phase' 'join(" ")' | grep -q 'renewing.* settled'
}
soon "a whole round has passed" 120 round
ctl pause --all --reason "to be counted" >/dev/null
soon "nothing moves any more" 30 dom_is one.example .condition paused

# What is kept. An answer may still have been under way.
selectors() { sim_get changes | jq '[.changes[] | select(.domain == "one.example" and .applied and (.path | test("/domain/zone/") | not))] | length'; }
told() { # every change of a selector, and none twice
	run --json history one.example
	[ "$(of 'select(.kind == "change" and .outcome == "accepted")' length)" = "$(selectors)" ]
}
soon "every change of a selector, and none twice" 20 told
is "it is told" "$RC$ERR" 0
# Whichever was ready first signed first.
OLD=$(sed -n 's/.* signing one\.example signs with //p' "$LOG" | head -1)
NEW=ovhex1-selector$((3 - ${OLD: -1}))
is "with what was answered" "$(of 'select(.kind == "change")' 'all(.status == 200 and .task > 0 and (.query_id | length) > 5)')" true
is "and what was asked for" "$(of 'select(.action == "delete")' '.[0] | "\(.method) \(.path | test("/dkim/'"$OLD"'$"))"')" "DELETE true"
is "a deletion's evidence: the other one signed, its record was right everywhere" \
	"$(of 'select(.action == "delete")' '.[0].seen.selectors[] | select(.name == "'"$NEW"'") | "\(.state) \(.dns) \(.agreed) of \(.servers)"')" "inProduction ok 2 of 2"
is "and the reason" "$(of 'select(.action == "delete")' '.[0].reason')" deletion-due
is "records with their data" "$(of 'select(.kind == "record")' '.[0] | "\(.action) \(.type) \(.name | test("^ovhex1-selector.\\._domainkey\\.one\\.example$"))"')" "publish CNAME true"
is "the transitions of a round in their order" \
	"$(of 'select(.event | IN("met", "signing", "rotated", "deleted"))' '.[:4] | map(.event) | join(" ")')" "met signing rotated deleted"
is "and its phases" "$(of 'select(.kind == "phase" and .phase != .phase_old)' '[.[].phase] | index(["settled", "rotating", "grace", "renewing"]) != null')" true
is "in the order of time" "$(of . 'map(.at) | . == sort')" true
run --json history single.example
is "routine looks are not kept: a domain without news has few entries" "$(of . 'length <= 6 and length >= 1')" true

# For people.
run history one.example
is "for people" "$RC" 0
has "a change in words" "$OUT" "delete $OLD: accepted"
has "with its evidence" "$OUT" "query id EU.ext-"
has "a transition in words" "$OUT" "signs with $NEW, no longer with $OLD"
is "no wider than the terminal, paths and ids aside" "$(COLUMNS=80 ctl history one.example | sed 's/[^ ]\{40,\}//g' | awk 'length > 80' | wc -l)" 0
nothing_new() { run history --since 1s; [ "$OUT" = "Nothing is recorded for that time." ]; }
soon "since when: everything is paused, and soon there is no more news" 20 nothing_new
run history nowhere.example
is "a domain that is not ours" "$RC" 1
has "is named" "$ERR" nowhere.example
run history --since soon
is "a span that is none" "$RC" 2

# Pages: put together they are the whole.
whole=$(ctl --json history | jq '.entries | length')
paged=0 next='' pages=0
while [ "$next" != null ] && [ "$pages" -lt 200 ]; do
	page=$(ask "history?limit=7${next:+&after=$next}")
	paged=$((paged + $(jq '.entries | length' <<<"$page"))) pages=$((pages + 1)) next=$(jq -r .next <<<"$page")
done
is "pages of seven make the whole" "$paged" "$whole"
ok "in as many pages as it takes ($pages)" test "$pages" -ge $((whole / 7))
is "a place that no page named" "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$SOCK" 'http://x/v1/history?after=x')" 400

# The picture.
picture() { TERM=xterm LC_ALL=${L-C.UTF-8} COLUMNS=${W-80} ctl "$@" timeline one.example; }
OUT=$(picture)
has "a lane for each selector" "$OUT" "ovhex1-selector1"
has "bars where it signs" "$OUT" "█"
has "deletions marked" "$OUT" "✕"
has "today" "$OUT" "▲ today"
# Of some of them, for a label that has no room is left out; January is the new year.
months=$(for i in 2 3 4; do LC_ALL=C date -u -d "$(date -u +%Y-%m-15) +$i months" '+%b %Y'; done | sed 's/^Jan //; s/ .*//' | paste -sd'|')
ok "the months to come" grep -qE "($months)" <<<"$OUT"
has "and the events as dates" "$OUT" "is deleted"
ok "no colours where there is no terminal" test "$(grep -c $'\033' <<<"$OUT")" = 0
ok "colours when they are asked for" test "$(picture --color always | grep -c $'\033\[32m')" -gt 0
is "but not with NO_COLOR" "$(NO_COLOR=1 picture --color always | grep -c $'\033')" 0
is "ASCII where the locale is not UTF-8" "$(L=C picture | LC_ALL=C grep -c '[^ -~]')" 0
has "with bars of its own" "$(L=C picture)" "##"
for W in 40 60 80 132 200; do
	is "as wide as $W columns" "$(picture | LC_ALL=C.UTF-8 awk -v w="$W" '{ gsub(/[\200-\277]/, "") } length > w' | wc -l)" 0
done
has "a terminal of 132 columns is used" "$(W=132 picture | LC_ALL=C.UTF-8 awk '{ gsub(/[\200-\277]/, ""); if (length > n) n = length } END { print n }')" 13
run timeline nowhere.example
is "no picture of a domain that is not ours" "$RC" 1
run timeline mx.example
has "MX Plan has its lanes" "$OUT" "ovhmo"

# What a stranger wrote does not reach the terminal as it is.
is "no control characters" "$(ctl history | LC_ALL=C grep -c $'[\001-\010\013-\037]')" 0
dk_stop

# Two years, and no longer.
now=$(date +%s)
sqlite3 "$STATE/history.db" "DELETE FROM history" ".quit"
before=$(sqlite3 "$STATE/history.db" "SELECT count(*) FROM history")
is "an empty history" "$before" 0
for days in 900 731 729 10; do
	sqlite3 "$STATE/history.db" "INSERT INTO history(domain_id, at, kind, json, sum) VALUES (1, ($now - $days * 86400) * 1000, 'old', '{}', 0)"
done
ctl resume --all 2>/dev/null
dk_exits -c "$CONF" --once --log text
is "what is older than two years is gone, the rest is there" \
	"$(sqlite3 "$STATE/history.db" "SELECT group_concat(($now - at / 1000) / 86400, ' ') FROM (SELECT at FROM history WHERE kind = 'old' ORDER BY at)")" "729 10"
judged_clean
world_end
done_testing
