#!/bin/bash
# The metrics as Prometheus sees them: promtool finds nothing to say about them or about the alert rules, the rules wake up
# whom they should, and every metric that they name is told by a real daemon, over TCP as over the control socket.
# runtests: timeout=120
# shellcheck disable=SC2119,SC2317 # functions that take options, and some that are called by others
# shellcheck source=tests/e2e/daemon_lib.bash
. "$(dirname "$0")/daemon_lib.bash"
RULES=$SRC/conf/prometheus/dkimrotd.rules.yml
if ! command -v promtool >/dev/null; then skip "metrics and rules" "there is no promtool"; done_testing; exit; fi
metric_names() { grep -oE 'dkimrotd_[a-z_]+' "$1" | sed -E 's/_(bucket|sum|count)$//' | sort -u; }

ok "promtool accepts the rules" promtool check rules "$RULES"
sed "s#RULES#$RULES#" "$SRC/tests/tools/rules.test.yml" >"$work/rules.test.yml"
ok "and what they do is what is wanted" promtool test rules "$work/rules.test.yml"
sed 's/not_signing{.*0 0 2x100/&0/; s/severity: page/severity: ticket/' "$RULES" >"$work/bad.yml"
sed "s#$RULES#$work/bad.yml#" "$work/rules.test.yml" >"$work/bad.test.yml"
is "(with a rule that wakes nobody up they fail)" "$(promtool test rules "$work/bad.test.yml" >/dev/null 2>&1; echo $?)" 1
is "pages: a domain that does not sign, a dead pass, and nothing else" \
	"$(/usr/bin/python3 -c 'import sys, yaml; print(*sorted({r["alert"] for g in yaml.safe_load(open(sys.argv[1]))["groups"] for r in g["rules"] if r["labels"]["severity"] == "page"}))' "$RULES")" \
	"DkimDomainNotSigning DkimPassDead"

world <<END
domain main exchange hosted-zz1-1 one.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 two.example
END
credentials
sim_set credential_life=90d
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
PORT=$(free_port)
configure "metrics: 127.0.0.1:$PORT"
inventory a.yaml <<END
domain: one.example, platform: exchange, service: hosted-zz1-1
domain: two.example, platform: emailpro, service: emailpro-zz1-1
END
dk_start
soon "both sign" 60 all_are '.signing'
scrape() { curl -s -f "http://127.0.0.1:$PORT/metrics" >"$work/metrics"; }
expiry_known() { scrape && grep -q '^dkimrotd_credential_expires' "$work/metrics"; }
soon "metrics over TCP" 20 expiry_known
ok "promtool has nothing to say" promtool check metrics <"$work/metrics"
[ ! -s "$work/said" ] || sed 's/^/# /' "$work/said"
is "the same over the control socket" "$(curl -s --unix-socket "$SOCK" http://x/metrics | grep '^# TYPE')" "$(grep '^# TYPE' "$work/metrics")"
is "nothing but metrics over TCP" "$(curl -s -o "$work/no" -w '%{http_code}' "http://127.0.0.1:$PORT/v1/status")" 404
is "every metric of the rules is told" "$(comm -23 <(metric_names "$RULES" | grep -v -e '^dkimrotd_rules$') <(metric_names "$work/metrics"))" ""
for name in domains domains_condition domains_not_signing overdue_seconds oldest_key_seconds breaker_open paused clock_offset_seconds \
	credential_expires_timestamp_seconds inventory_files_refused last_pass_timestamp_seconds api_requests_total effective_settled_seconds \
	api_request_duration_seconds dns_looks_total state_commits_total state_commit_failures_total journal_lines_dropped_total; do
	grep -q "^# TYPE dkimrotd_$name " "$work/metrics" || echo "$name"
done >"$work/lacking"
is "and every one that is promised" "$(<"$work/lacking")" ""
value() { awk -v name="$1" 'index($0, name) == 1 { print $2; exit }' "$work/metrics"; }
is "as many latencies as answers" "$(value 'dkimrotd_api_request_duration_seconds_count{account="default"}')" \
	"$(awk '/^dkimrotd_api_requests_total/ { n += $2 } END { print n }' "$work/metrics")"
is "the last bucket holds all" "$(value 'dkimrotd_api_request_duration_seconds_bucket{account="default",le="+Inf"}')" \
	"$(value 'dkimrotd_api_request_duration_seconds_count{account="default"}')"
ok "looks at the DNS are counted" test "$(value 'dkimrotd_dns_looks_total{result="ok"}')" -gt 0
ok "and commits" test "$(value dkimrotd_state_commits_total)" -gt 0
sim_set resolver=servfail
failures() { scrape && value 'dkimrotd_dns_looks_total{result="unknown"}'; }
was=$(failures)
sim_post person "one.example switch" >/dev/null
more() { [ "$(failures)" -gt "$was" ]; }
soon "failures too" 60 more
dk_stop
world_end
done_testing
