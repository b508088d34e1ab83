#!/bin/bash
# The whole life of a handful of domains on every platform of OVHcloud, in about a minute and a half: the real daemon
# against the simulator, on loopback, without credentials. Time is compressed by the configuration: a rotation every 25 s
# stands for 90 days, a grace of 8 s for a week. On a terminal a live table with the newest journal lines beneath; without
# one, plain lines. A summary at the end; exit 1 when something is not as it should be.
#
# Two people are played here: one who writes the zone of manual-dns.example by hand, and one who deletes a record that is
# in use. Needs BUILD (the folder with dkimrotd, dkimrotctl, ovhsim). DEMO_LEAST and DEMO_MOST, in seconds, bound it.
set -u
BUILD=${BUILD-$(cd "$(dirname "$0")/../.." && pwd)/build}
least=${DEMO_LEAST-80} most=${DEMO_MOST-180}
rotate_every=25s grace=8s
manual=manual-dns.example mishap=signing-exchange.example
rotating=(virgin-exchange.example signing-exchange.example virgin-emailpro.example manual-dns.example)

work=$(mktemp -d "${TMPDIR:-/tmp}/dkimrotd-demo.XXXXXX") || exit 1
chmod 755 "$work"
sim_pid='' daemon_pid='' live=''
if [ -t 1 ] && [ "${TERM-dumb}" != dumb ]; then
	live=1
	exec 5>&1 # the terminal, for its size
fi

# --- start and end --------------------------------------------------------------------------------------------------

leave_screen() {
	[ -z "$live" ] || printf '\033[?25h\033[?1049l'
	live=''
}
# shellcheck disable=SC2317 # called by trap
clean_up() {
	leave_screen
	for pid in $daemon_pid $sim_pid; do kill "$pid" 2>/dev/null; done
	for pid in $daemon_pid $sim_pid; do wait "$pid" 2>/dev/null; done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

fail() {
	leave_screen
	echo "demo: $*" >&2
	exit 1
}

start_simulator() {
	cat >"$work/scenario" <<-END
		account demo ak=demo-key as=demo-secret ck=demo-consumer
		domain demo exchange hosted-zz1111111-1   virgin-exchange.example
		domain demo exchange hosted-zz1111111-1   signing-exchange.example - ovh 2 signing
		domain demo emailpro emailpro-zz1111111-1 virgin-emailpro.example
		domain demo mxplan   mxplan.example       mxplan.example
		domain demo zimbra   zimbra-v1.example    zimbra-v1.example
		domain demo zimbra   zimbra-v2.example    zimbra-v2.example
		domain demo exchange hosted-zz2222222-1   manual-dns.example - none
		domain demo emailpro emailpro-zz2222222-1 one-selector.example - ovh 1
		set task_ms=900ms
		set task_todo_ms=300ms
		set appear_ms=200ms
		set target_ms=700ms
		set check_ms=1s
		set publish_ms=800ms
		set quote_ms=1s
		set mx_task_ms=1200ms
		set zone_ttl=1
		set negative_ttl=1
		set key_ttl=1
		set key_negative_ttl=1
		set old_key_ms=1s
		set judge_grace_ms=$grace
	END
	"$BUILD/ovhsim" --scenario "$work/scenario" --ready-file "$work/ready" --judge --log "$work/requests" 2>"$work/judge" &
	sim_pid=$!
	until [ -e "$work/ready" ]; do
		kill -0 "$sim_pid" 2>/dev/null || fail "the simulator does not start: $(<"$work/judge")"
		sleep 0.05
	done
	# shellcheck disable=SC1091 # written by ovhsim
	. "$work/ready"
}

write_configuration() {
	mkdir -m 755 "$work/inventory.d" && mkdir -m 700 "$work/state" || exit 1
	(umask 077 && printf '[default]\napplication_key=demo-key\napplication_secret=demo-secret\nconsumer_key=demo-consumer\n' >"$work/ovh.conf")
	cat >"$work/dkimrotd.yaml" <<-END
		accounts:
		  default: { endpoint: "http://127.0.0.1:$HTTP_PORT/1.0", credentials: $work/ovh.conf, requests_per_minute: 0 }
		inventory: $work/inventory.d
		state: $work/state
		control: $work/control.sock
		poll: { active: 250ms, settled: 2s }
		dns: { resolvers: ["127.0.0.1:$DNS_PORT"], authoritative_port: $DNS_PORT, trust_anchor: "" }
		safety: { minimum_grace: 1s, max_daily_changes: 1000 }
		policies:
		  default: { rotate_every: $rotate_every, grace: $grace, splay: 25% }
	END
	cat >"$work/inventory.d/demo.yaml" <<-END
		domains:
		  - { domain: virgin-exchange.example, platform: exchange, service: hosted-zz1111111-1 }
		  - { domain: signing-exchange.example, platform: exchange, service: hosted-zz1111111-1 }
		  - { domain: virgin-emailpro.example, platform: emailpro, service: emailpro-zz1111111-1 }
		  - { domain: mxplan.example, platform: mxplan }
		  - { domain: zimbra-v1.example, platform: zimbra }
		  - { domain: zimbra-v2.example, platform: zimbra, zimbra_api: v2 }
		  - { domain: manual-dns.example, platform: exchange, service: hosted-zz2222222-1, dns: manual }
		  - { domain: one-selector.example, platform: emailpro, service: emailpro-zz2222222-1 }
	END
	chmod 644 "$work/dkimrotd.yaml" "$work/inventory.d/demo.yaml"
}

# The account's key may do what the inventory needs, and no more.
grant_rights() {
	sim POST add "$("$BUILD/dkimrotctl" grant -c "$work/dkimrotd.yaml" |
		sed -n 's#^  \(GET\|POST\|PUT\|DELETE\)  *\(/.*\)#rule demo \1 \2#p')" >/dev/null
}

start_daemon() {
	"$BUILD/dkimrotd" -c "$work/dkimrotd.yaml" --log json 2>"$work/journal" &
	daemon_pid=$!
	until [ -S "$work/control.sock" ]; do
		kill -0 "$daemon_pid" 2>/dev/null || fail "the daemon does not start: $(<"$work/journal")"
		sleep 0.05
	done
	exec 4<"$work/journal"
}

ctl() { "$BUILD/dkimrotctl" --socket "$work/control.sock" "$@"; }

# sim METHOD PATH [BODY]: one request to the simulator's own page; the answer's body on stdout.
sim() {
	local body=${3-}
	exec 3<>"/dev/tcp/127.0.0.1/$HTTP_PORT" || return
	printf '%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' "$1" "/_sim/$2" "${#body}" "$body" >&3
	sed '1,/^\r*$/d' <&3
	exec 3>&-
}

# --- the journal ----------------------------------------------------------------------------------------------------

now_ms() { local t=${EPOCHREALTIME/[.,]/}; now=$((t / 1000)); }
declare -A count=() # "event domain" -> how often
lines=() partial=''

# The value of a field of a JSON line, into `value`; its escapes are few and harmless to show.
field() { # line name
	value=''
	[[ $1 =~ \"$2\":\"(([^\"\\]|\\.)*)\" ]] && value=${BASH_REMATCH[1]//\\\"/\"}
}

say() { # style text [at]
	local at=${3-$now}
	printf -v at '%5.1f s' "$(((at > began ? at - began : 0) / 100))e-1"
	if [ -z "$live" ]; then echo "$at  $2"; else lines+=("$1"$'\t'"$at  $2"); fi
}

# Reads what the daemon said since the last time.
read_journal() {
	local line event domain priority at value
	while IFS= read -r line <&4 || { partial+=$line; false; }; do
		line=$partial$line partial=''
		field "$line" DKIM_EVENT; event=$value
		field "$line" DKIM_DOMAIN; domain=$value
		field "$line" PRIORITY; priority=$value
		((count["$event $domain"]++))
		# What was folded is told once more at the end: that is old news here.
		[ -z "${count["stopping "]-}" ] || [ "$event" = stopping ] || continue
		[ "$event $domain" != "error $mishap" ] || ((mishap_at == 0)) || missed=1
		if [ "$event" = phase-changed ] || [ "${priority:-7}" -le 5 ]; then
			field "$line" __REALTIME_TIMESTAMP; at=${value%???}
			field "$line" MESSAGE
			case $priority in
			[0-3]) say 31 "$value" "$at" ;;
			4) say 33 "$value" "$at" ;;
			5) say 0 "$value" "$at" ;;
			*) say 2 "$value" "$at" ;;
			esac
		fi
	done
}

# --- the people -----------------------------------------------------------------------------------------------------

# Whoever writes the zone of the manual domain looks now and then whether a record is missing, and adds it.
asked_since=0
play_person() {
	local missing record
	missing=$(ctl records --missing "$manual" 2>/dev/null | sed -n 's/^\([^; ]*\)\._domainkey\..* CNAME .*/\1/p')
	if [ -z "$missing" ]; then asked_since=0; return; fi
	((asked_since > 0)) || asked_since=$now
	((now - asked_since >= 5000)) || return
	for record in $missing; do
		sim POST person "$manual add-cname $record" >/dev/null
		say 35 "(the person who writes the zone of $manual adds the record of $record)"
	done
	asked_since=0
}
# When it is settled, somebody deletes the record of the selector that signs: once, but for a rotation that came between, so
# that it was not the signer's any more and nobody missed it.
mishap_at=0 missed=0
play_mishap() {
	local selector
	((!missed && now - began > 40000 && now - mishap_at > 20000)) && [ "${phase[$mishap]-} ${condition[$mishap]-}" = "settled ok" ] || return 0
	selector=$(ctl explain "$mishap" | sed -n 's/^\([^ ]*\): inProduction.*/\1/p')
	[ -n "$selector" ] || return 0
	sim POST person "$mishap remove-cname $selector" >/dev/null
	say 35 "(somebody deletes the DNS record of $selector, which signs for $mishap)"
	mishap_at=$now
}

# --- what is seen ---------------------------------------------------------------------------------------------------

declare -A phase=() condition=() reason=()
read_status() {
	local table=$1 domain a b rest
	while read -r domain _ a b rest; do
		[[ $domain == *.example ]] || continue
		phase[$domain]=$a condition[$domain]=$b reason[$domain]=${rest##* }
	done <<<"$table"
}

draw() {
	local height=24 width=80 frame='' line style text room k
	read -r height width < <(stty size 2>/dev/null <&5) || true
	((height > 0 && width > 0)) || { height=24 width=80; }
	mapfile -t frame_lines < <(COLUMNS=$width ctl --color always status)
	frame=$'\033[1mdkimrotd and a simulated OVHcloud\033[0m'
	text="90 days are $rotate_every here, a week of grace $grace; $(((now - began) / 1000)) s of about $least; Ctrl-C ends it"
	frame+="   ${text:0:$((width > 37 ? width - 37 : 0))}"$'\033[K\n\033[K\n'
	for line in "${frame_lines[@]}"; do frame+=$line$'\033[K\n'; done
	frame+=$'\033[K\n'
	room=$((height - 4 - ${#frame_lines[@]}))
	k=$((${#lines[@]} - (room > 0 ? room : 0)))
	for line in "${lines[@]:$((k > 0 ? k : 0))}"; do
		style=${line%%$'\t'*} text=${line#*$'\t'}
		if [ -n "${NO_COLOR-}" ]; then frame+=${text:0:$width}$'\033[K\n'; else frame+=$'\033['$style"m${text:0:$width}"$'\033[0m\033[K\n'; fi
	done
	printf '\033[?2026h\033[H%s\033[J\033[?2026l' "$frame"
}

# --- the end --------------------------------------------------------------------------------------------------------

# Everybody signs, what can rotate has rotated with its old key deleted and made anew, and all is in order: what somebody
# deleted was seen to be gone, and mended.
finished() {
	local d
	for d in "${!phase[@]}"; do
		[[ ${phase[$d]} =~ ^(settled|grace)$ && ${condition[$d]} == ok ]] || return 1
	done
	for d in "${rotating[@]}"; do
		((${count["rotation-confirmed $d"]-0} > 0 && ${count["key-deleted $d"]-0} > 0 && ${count["selector-created $d"]-0} > 0)) || return 1
	done
	((${#phase[@]} == 8 && missed && ${count["recovered $mishap"]-0} > 0))
}

# Which selector signs for each, asked while the daemon still runs.
declare -A signer=()
ask_signers() {
	local d
	for d in "${!phase[@]}"; do signer[$d]=$(ctl explain "$d" | sed -n 's/^\([^ ]*\): .*, signs$/\1/p'); done
}

summary() {
	local d now
	echo
	printf '%-26s %9s %9s %9s %9s  %s\n' DOMAIN SELECTORS RECORDS ROTATIONS 'OLD KEYS' NOW
	printf '%-26s %9s %9s %9s %9s\n' '' created written '' deleted
	for d in virgin-exchange signing-exchange virgin-emailpro manual-dns one-selector mxplan zimbra-v1 zimbra-v2; do
		d=$d.example
		now=${phase[$d]-unknown}
		[ -z "${signer[$d]-}" ] || now+=", signs with ${signer[$d]}"
		[ "${reason[$d]-settled}" = "${phase[$d]-}" ] || now+=" (${reason[$d]})"
		printf '%-26s %9d %9d %9d %9d  %s\n' "$d" "${count["selector-created $d"]-0}" "${count["record-written $d"]-0}" \
			"${count["rotation-confirmed $d"]-0}" "${count["key-deleted $d"]-0}" "$now"
	done
	echo
	echo "On mxplan and zimbra OVHcloud makes keys and writes records by itself; the zone of $manual is written by a person."
	echo "$elapsed s, $(wc -l <"$work/requests") requests to the API, of which $(grep -c '"at":' "$work/changes") changed something."
}

start_simulator
write_configuration
grant_rights
now_ms
began=$now
start_daemon
if [ -n "$live" ]; then printf '\033[?1049h\033[?25l'; else
	echo "dkimrotd against a simulated OVHcloud: 90 days are $rotate_every here, a week of grace $grace; about $least s."
fi
done=''
while kill -0 "$daemon_pid" 2>/dev/null; do
	read_journal
	read_status "$(COLUMNS='' ctl status 2>/dev/null)"
	now_ms
	play_person
	play_mishap
	[ -z "$live" ] || draw
	elapsed=$(((now - began) / 1000))
	if ((elapsed >= least)) && finished; then done=1; break; fi
	((elapsed < most)) || break
	sleep 0.4
done
ask_signers 2>/dev/null
sim GET changes >"$work/changes"
kill -TERM "$daemon_pid" 2>/dev/null
wait "$daemon_pid"
daemon_rc=$?
daemon_pid=''
read_journal
leave_screen
sim POST quit >/dev/null
wait "$sim_pid"
judge_rc=$?
sim_pid=''

summary
rc=0
if [ "$judge_rc" = 0 ]; then echo "The simulator's judge: 0 safety rules broken."; else
	rc=1
	echo "The simulator's judge: safety rules were broken:"
	cat "$work/judge"
fi
if [ -z "$done" ]; then
	rc=1
	echo "Not everything came to its end in $elapsed s:"
	for d in "${!phase[@]}"; do echo "  $d: ${phase[$d]}, ${condition[$d]}, ${reason[$d]}"; done
fi
if [ "$daemon_rc" != 0 ]; then
	rc=1
	echo "The daemon ended with status $daemon_rc."
	tail -n 5 "$work/journal"
fi
exit $rc
