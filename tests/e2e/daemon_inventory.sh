#!/bin/bash
# The inventory while it runs: what is added is met at once, a faulty file keeps its last good version (over a restart
# too), an emptied or removed one changes nothing at OVHcloud, a domain in two files keeps its settings, and mode observe
# sends nothing.
# runtests: timeout=120
# shellcheck disable=SC1091,SC2034,SC2154 # what the library sets, and what it reads
. "$(dirname "$0")/daemon_lib.bash"

world judge_forbidden@seen.example=yes judge_forbidden@shy.example=yes <<END
domain main exchange hosted-zz1-1 a.example - ovh 2 signing
domain main exchange hosted-zz1-1 b.example
domain main emailpro emailpro-zz1-1 c.example
domain main emailpro emailpro-zz1-1 seen.example
domain main exchange hosted-zz1-1 shy.example - ovh 2 signing
END
credentials
configure
inventory a.yaml <<END
domain: a.example, platform: exchange, service: hosted-zz1-1
domain: seen.example, platform: emailpro, service: emailpro-zz1-1, mode: observe
domain: shy.example, platform: exchange, service: hosted-zz1-1, mode: observe
END
names() { ask domains | jq -r '[.. | objects | select(has("domain")) | .domain] | sort | join(" ")'; }
named() { [ "$(names)" = "$1" ]; }
file_state() { ask status | jq -r ".files[] | select(.path | endswith(\"$1\")) | .state"; }

dk_start
soon "observed domains are looked at" 20 dom_is seen.example .condition observing
soon "and nothing else happens to them" 20 dom_is shy.example .condition observing
inventory b.yaml <<<"domain: b.example, platform: exchange, service: hosted-zz1-1"
soon "a new file is seen without being told" 20 named "a.example b.example seen.example shy.example"
soon "and its domain brought to sign" 30 signs b.example

printf 'domains:\n  - { domain: b.example, platform: exchange, sevrice: x }\n' | put b.yaml
soon "a faulty file is refused" 20 logged "file-refused .*b.yaml"
ok "which says what is in force of it" logged "file-refused .*b.yaml is refused whole; its last good version stays in force"
soon "with the fault's place" 10 logged "config-error .*b.yaml:2:[0-9]+: "
soon_is "status says so" 10 last-good file_state b.yaml
# rotations go on, and are known a moment after they are true
followed() { signs b.example && dom_is b.example .active_selector "$(signing b.example)"; }
soon "its last good version stays in force" 20 followed
dk_kill TERM
ok "over a restart" dk_start
soon "too" 20 named "a.example b.example seen.example shy.example"
inventory b.yaml <<END
domain: b.example, platform: exchange, service: hosted-zz1-1
domain: c.example, platform: emailpro, service: emailpro-zz1-1
END
kill -HUP "$dk_pid"
soon "made good, it is in force again" 20 logged 'file-back .*b.yaml'
soon "with what was added" 20 signs c.example

echo 'domains: [ {} ]' | put n.yaml
soon "of one that never was good nothing is said to be in force" 20 logged "file-refused .*n.yaml is refused whole; there is no good version of it yet"
rm "$INV/n.yaml"
inventory z.yaml <<<"domain: c.example, platform: emailpro, service: other-service, mode: observe"
soon "a domain in a second file is told with both places" 20 \
	logged 'domain-twice .*c\.example on emailpro stands at .*b\.yaml:3:[0-9]+ and at .*z\.yaml:2:[0-9]+: it keeps'
dk_settled() { dom_is c.example .condition ok; }
soon "and keeps the settings it had" 20 dk_settled
rm "$INV/z.yaml"

cp "$CONF" "$work/conf.good"
echo 'no_such_key: 1' >>"$CONF"
kill -HUP "$dk_pid"
soon "a faulty configuration is refused at a reload" 20 logged 'reload-refused'
ok "and the old one stays in force" dom_is c.example .condition ok
order reload
is "asked through the socket, it is refused by name" "$STATUS $(jq -r .error <<<"$ANSWER")" "409 refused"
has "with the place of the fault" "$ANSWER" "$CONF:"
is "and what is in force now" "$(jq -r .message <<<"$ANSWER")" "the new configuration is refused; the old one stays in force"
cp "$work/conf.good" "$CONF"
order reload
is "made good, it is taken" "$STATUS" 200

# everything goes: nothing may be changed from here on
soon "all is settled before the inventory is emptied" 30 all_are '.phase != "renewing" and .phase != "rotating"'
echo 'domains: []' | put a.yaml
rm "$INV/b.yaml"
soon "an emptied inventory is told" 20 logged 'many-released'
# a change that was under way in that moment may still arrive
until_true 5 false
SET=$(changes_all)
until_true 8 false
is "and changes nothing at OVHcloud" "$(changes_all)" "$SET"
for d in a b c; do ok "$d.example signs" signs $d.example; done
inventory b.yaml <<<"domain: b.example, platform: exchange, service: hosted-zz1-1"
soon "coming back, it continues where it was" 20 dom_is b.example .condition ok
is "and is not met again" "$(log_count 'domain-met b.example')" 1
judged_clean "mode observe sent nothing"

sed -i '1i mode: observe' "$CONF"
kill -HUP "$dk_pid"
soon "mode observe for everything" 20 dom_is b.example .condition observing
is "is what status says" "$(ask status | jq -r .mode)" observe
dk_kill TERM # what was told within the hour is not told again by the same process
inventory b.yaml <<END
domain: b.example, platform: exchange, service: hosted-zz1-1
domain: seen.example, platform: emailpro, service: emailpro-zz1-1
END
dk_start
released() { log_count 'domain-released seen\.example'; }
BEFORE=$(released)
inventory b.yaml <<<"domain: seen.example, platform: emailpro, service: emailpro-zz9-9" # which makes it another domain
kill -HUP "$dk_pid" # before the folder has come to rest
all_is_told() { [ "$(log_count 'many-released')" = 2 ]; }
soon "what leaves with a reload of the configuration is told as well" 10 all_is_told
soon "by its name, too, where nothing of it is under way" 10 at_least $((BEFORE + 1)) released
dk_stop
judged_clean
world_end
done_testing
