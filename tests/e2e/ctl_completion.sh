#!/bin/bash
# The shell completion in a real bash, with names of domains from a real daemon.
# shellcheck disable=SC2119,SC2317 # functions that take options, and some that are called by others
# shellcheck source=tests/e2e/daemon_lib.bash
. "$(dirname "$0")/daemon_lib.bash"
PATH=$BUILD:$PATH
cat >"$work/complete.bash" <<'END'
# What bash offers for a line: its function is asked as the shell asks it.
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
compopt() { :; } # there is no completion under way here
spec=$(complete -p "$1") || exit 1
[[ $spec =~ -F\ ([^ ]+) ]] || exit 1
"${BASH_REMATCH[1]}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
END
offers() { bash --norc --noprofile "$work/complete.bash" "$SRC/conf/completion/dkimrotctl" dkimrotctl "$@" 2>&1; }

is "every verb" "$(offers '')" "$(dkimrotctl --help | sed -n 's/^  \([a-z][a-z-]*\).*/\1/p' | sort | tr '\n' ' ')"
is "what begins so" "$(offers re)" "records reload resume "
is "options of a verb and those of all" "$(offers rotate --)" "--back --color --compromised --help --json --socket --version --wait "
is "of another" "$(offers pause --r)" "--reason "
is "options before the verb are no verb" "$(offers --color always st)" "status "
is "values" "$(offers --color '')" "always auto never "
is "spans" "$(offers pause --for 1)" "10min 12h 1d 1h "
touch "$work/one.yaml" "$work/two.yml"
is "files" "$(offers check "$work/o")" "$work/one.yaml "
is "no daemon, no names" "$(offers --socket "$work/none" explain '')" " "

world <<END
domain main exchange hosted-zz1-1 one.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 other.example
END
credentials
configure
inventory a.yaml <<END
domain: one.example, platform: exchange, service: hosted-zz1-1
domain: other.example, platform: emailpro, service: emailpro-zz1-1
END
dk_start
for verb in status explain rotate pause resume records; do
	is "domains for $verb" "$(offers --socket "$SOCK" $verb o)" "one.example other.example "
done
is "that begin so" "$(offers --socket "$SOCK" explain ot)" "other.example "
is "none where none belongs" "$(offers --socket "$SOCK" reload o)" " "
# A shell that somebody types into: TAB completes the verb, then the domain, and the line runs.
echo ". '$SRC/conf/completion/dkimrotctl'; PS1='> '; bind 'set bell-style none'" >"$work/rc"
shown() { grep -q -- "$1" "$work/typed"; }
typed() {
	: >"$work/typed"
	{
		until_true "$((30 * ${TEST_PATIENCE-1}))" shown '> '
		printf 'dkimrotctl --socket %s expl\tot\t\r' "$SOCK"
		until_true "$((30 * ${TEST_PATIENCE-1}))" shown 'other.example (emailpro'
		printf 'exit\r'
	} | script -qec "bash --noprofile --rcfile '$work/rc' -i" /dev/null >>"$work/typed" 2>&1
	shown 'other.example (emailpro'
}
ok "in an interactive bash TAB completes verb and domain" typed
dk_stop
world_end
done_testing
