/* Every fact of the API that can go two ways, and every fault, as one row: constant, name, kind, default, help.
 * Kinds: MS a span (plain milliseconds, or with s, min, h, d); PROB 0..1; YES yes|no; INT; SET of numbers from 1
 * ("none", "all", "1,3"); ONE a word of the list that stands in the help after the colon. Any switch can be
 * narrowed to a domain or a zone by "name@domain". ovhsim --help prints this list. */
#ifndef OVHSIM_SWITCHES_H
#define OVHSIM_SWITCHES_H

#include <stdbool.h>
#include <stdint.h>

struct world;
struct w_narrow;

/* clang-format off */
#define W_SWITCHES(SW) \
	/* the API as a whole */ \
	SW(ERRORS, "errors", ONE, "new", "generation of error bodies: new|old") \
	SW(IDS, "ids", ONE, "long", "ids: small|long (above 2^31)|huge (above 2^53)") \
	SW(EXTRA_FIELDS, "extra_fields", YES, "yes", "objects carry fields that no schema names") \
	SW(QUERY_ID, "query_id", ONE, "new", "form of X-OVH-QUERYID: new|old|none") \
	SW(CLOCK_OFFSET, "clock_offset", MS, "0", "added to what /auth/time answers") \
	SW(BAD_BODY, "bad_body", ONE, "message", "answer to a wrongly typed body: message|signature (400 Invalid signature)") \
	SW(RATE_LIMIT, "rate_limit", INT, "0", "requests per account and 60 s before 429; 0 is no limit") \
	SW(RETRY_AFTER, "retry_after", INT, "5", "seconds in Retry-After of a 429; 0 is no header") \
	SW(LIMIT_BODY, "limit_body", ONE, "json", "body of a 429: json|html|empty") \
	SW(JITTER, "jitter", PROB, "0", "spans of tasks, checks and publishing vary by this part of them") \
	/* time that things take */ \
	SW(TASK_MS, "task_ms", MS, "20s", "a task is doing for so long") \
	SW(TASK_TODO_MS, "task_todo_ms", MS, "2s", "and todo before that") \
	SW(APPEAR_MS, "appear_ms", MS, "1s", "after POST dkim the selector answers 404 for so long") \
	SW(TARGET_MS, "target_ms", MS, "5s", "and its targetRecord is null for so long") \
	SW(KEY_DELAY_MS, "key_delay_ms", MS, "0", "and the key stands in DNS so long after the target is named") \
	SW(CHECK_MS, "check_ms", MS, "10min", "OVHcloud looks for the CNAMEs this often") \
	SW(PUBLISH_MS, "publish_ms", MS, "30s", "a refreshed zone is served so long after the refresh") \
	SW(TASK_KEPT_MS, "task_kept_ms", MS, "7d", "finished tasks stay readable for so long, then 404") \
	SW(TASK_STUCK, "task_stuck", PROB, "0", "a task stays in todo for ever") \
	SW(TASK_ERROR, "task_error", PROB, "0", "a task ends in error, the selector is as before") \
	SW(TASK_END_BAD, "task_end_bad", ONE, "error", "how a failing task ends: error|cancelled") \
	SW(FAILED_CREATE, "failed_create", ONE, "absent", "a failed creation leaves the selector: absent|todo") \
	/* selectors of exchange and emailpro */ \
	SW(OLD_SELECTOR, "old_selector", ONE, "ready", "old selector after a switch: ready|inProduction|both (for both_ms)|disabling (for task_ms)") \
	SW(BOTH_MS, "both_ms", MS, "1min", "see old_selector") \
	SW(TARGET_CHANGES, "target_changes", YES, "yes", "re-creation gives a new targetRecord") \
	SW(KEY_CHANGES, "key_changes", YES, "yes", "re-creation gives a new key") \
	SW(NAMES_CHANGE, "names_change", YES, "no", "deletion changes the name that dkimSelector reserves") \
	SW(PENDING_IN_WAITING, "pending_in_waiting", ONE, "no", "taskPendingId in waitingRecord: no|done (a finished task)|gone (a task that is 404)|doing (the creation lasts until ready)") \
	SW(NO_TASK, "no_task", ONE, "null", "taskPendingId without a task: null|zero|absent") \
	SW(KEEP_PENDING, "keep_pending", ONE, "no", "taskPendingId keeps the id of a finished task: no|error (of one that failed)|always") \
	SW(CNAME_FIELD, "cname_field", ONE, "yes", "cnameIsValid: yes|absent|false (always)") \
	SW(LAST_UPDATE, "last_update", ONE, "changes", "lastUpdate moves with: changes|checks|creation|never (1970)|null") \
	SW(WAITING_WORD, "waiting_word", ONE, "waitingRecord", "spelling: waitingRecord|WaitingRecord") \
	SW(ENABLE_STOPS_OLD, "enable_stops_old", PROB, "0", "an enable stops the old signer, then fails") \
	SW(SWITCH_GAP, "switch_gap", YES, "no", "the old signer stops when a switch starts, the new one signs at its end") \
	SW(ACTION_LOST, "action_lost", PROB, "0", "a task ends done and did nothing") \
	SW(POST_EXISTING, "post_existing", ONE, "409", "POST dkim of an existing selector: 409|400|200 (a task that fails)") \
	SW(ENABLE_UNREADY, "enable_unready", ONE, "400", "enable of a selector not ready: 400|409|200 (a task that fails)") \
	SW(ENABLE_SIGNING, "enable_signing", ONE, "200", "enable of one inProduction: 200 (nothing happens)|400|409") \
	SW(DELETE_SIGNING, "delete_signing", ONE, "200", "DELETE of one inProduction: 200 (it stops signing)|400|409") \
	SW(ACTION_PENDING, "action_pending", ONE, "409", "action on a selector with a task pending: 409|400|200 (taken as well)") \
	SW(PENDING_SCOPE, "pending_scope", ONE, "selector", "what a pending task locks: selector|domain (creations excepted)") \
	SW(CONFIGURE_DKIM, "configure_dkim", ONE, "works", "configureDkim: works|nothing|overwrites (wrong records too)") \
	SW(CONFIGURE_DEFAULT, "configure_default", YES, "no", "configureDkim when the body leaves it out") \
	SW(AUTO_ENABLE_DEFAULT, "auto_enable_default", YES, "no", "autoEnableDKIM when the body leaves it out") \
	SW(DELETE_CNAME, "delete_cname", YES, "no", "DELETE removes the CNAME that configureDkim wrote") \
	SW(CNAME_GONE, "cname_gone", ONE, "keep", "when the CNAME goes: keep|ready (ready falls back to waitingRecord)|all (inProduction too)") \
	SW(OLD_KEY_MS, "old_key_ms", MS, "1h", "the key is served for so long after DELETE; 0 is gone at once") \
	SW(LIST_LAG_MS, "list_lag_ms", MS, "0", "lists show what was, for so long after a change") \
	SW(BLIND_MS, "blind_ms", MS, "0", "lists are empty and selectors 404, for so long after a change") \
	SW(DOMAIN_STATE, "domain_state", ONE, "ok", "state of the domain object: ok|creating|deleting|reopening|suspended|suspending|internalMigration|unknown") \
	SW(DIAGNOSTICS, "diagnostics", ONE, "yes", "dkimDiagnostics: yes|null|absent") \
	SW(DIAGNOSTICS_CODE, "diagnostics_code", INT, "0", "dkimDiagnostics claims this errorCode, 501 to 504, whatever is true; 1 claims that all is well, 0 is the truth") \
	SW(SERVICE_EXPIRED, "service_expired", YES, "no", "the service answers 460") \
	/* mxplan and zimbra */ \
	SW(MX_TASK_MS, "mx_task_ms", MS, "20s", "an enable or disable is modifying for so long") \
	SW(MX_SELECTORS, "mx_selectors", ONE, "empty", "selectors before the first enable: empty|null|shown") \
	SW(MX_CONFIGURES, "mx_configures", YES, "yes", "the first enable writes the CNAMEs where the zone is in the account") \
	SW(MX_WAIT_STATE, "mx_wait_state", ONE, "disabled", "status while records are missing: disabled|toConfigure") \
	SW(MX_AUTO_ENABLE, "mx_auto_enable", ONE, "zimbra", "OVHcloud switches on by itself once all records are set, without a second enable: zimbra (only there)|yes|no") \
	SW(MX_FLAP_MS, "mx_flap_ms", MS, "0", "status reads disabled every other second, for so long after an enable") \
	SW(MX_ORDER_SWAPS, "mx_order_swaps", YES, "no", "the order of selectors swaps with every reading") \
	SW(MX_CONFLICT, "mx_conflict", PROB, "0", "PUT enable answers 409") \
	SW(MX_LOST, "mx_lost", PROB, "0", "PUT enable answers 200 and does nothing") \
	SW(MX_ACTIVE_MS, "mx_active_ms", MS, "0", "OVHcloud moves activeSelector this often; 0 is never") \
	SW(MX_AUTOCONFIG, "mx_autoconfig", ONE, "records", "autoconfig: records (all are in place)|zone (OVHcloud manages it)|null") \
	SW(ZIMBRA_API, "zimbra_api", ONE, "both", "zimbra domains answer on: both|v1|v2") \
	SW(ZIMBRA_CNAMES, "zimbra_cnames", ONE, "always", "expectedDNSConfig names the CNAMEs: always|enabled (after the first enable)|null") \
	SW(ZIMBRA_SYNC, "zimbra_sync", ONE, "READY", "resourceStatus while records are missing: READY|OUT_OF_SYNC|ERROR") \
	SW(PAGE_SIZE, "page_size", INT, "50", "entries of a v2 page when the asker names none") \
	/* zones */ \
	SW(REFRESH_403, "refresh_403", YES, "no", "refresh is not granted") \
	SW(REFRESH_ERROR, "refresh_error", PROB, "0", "refresh answers 500 and does nothing") \
	SW(REFRESH_LOST, "refresh_lost", PROB, "0", "refresh answers 200 and does nothing") \
	SW(REFRESH_BUSY_MS, "refresh_busy_ms", MS, "0", "a refresh so soon after another answers 409") \
	SW(RECORD_403, "record_403", YES, "no", "writing records is not granted") \
	SW(ID_ZERO, "id_zero", PROB, "0", "POST record answers id 0") \
	SW(RECORD_404_MS, "record_404_ms", MS, "0", "a fresh record answers 404 for so long") \
	SW(RECORD_LIST_MS, "record_list_ms", MS, "0", "and is missing from lists for so long") \
	SW(QUOTE_MS, "quote_ms", MS, "10s", "TXT targets come back quoted after so long") \
	SW(CNAME_BESIDE, "cname_beside", ONE, "200", "POST of a CNAME beside other data: 200|400") \
	SW(DUPLICATE, "duplicate", ONE, "200", "POST of an identical record: 200 (a second one)|400|409") \
	SW(ZONE_MISSING, "zone_missing", YES, "no", "the zone is not in the account: 404 This service does not exist") \
	SW(ZONE_TTL, "zone_ttl", INT, "3600", "seconds; TTL of records with ttl 0") \
	SW(NEGATIVE_TTL, "negative_ttl", INT, "300", "seconds; the zone's SOA minimum") \
	/* DNS */ \
	SW(KEY_TTL, "key_ttl", INT, "3600", "seconds; TTL of the keys behind the targets") \
	SW(KEY_NEGATIVE_TTL, "key_negative_ttl", INT, "300", "seconds; SOA minimum of dkim.mail.ovh.net") \
	SW(KEY_SERVED, "key_served", ONE, "good", "the key behind a target: good|missing|revoked|weak (1024 bits)|tiny (768 bits)|testing (t=y)|garbage|servfail") \
	SW(DNS_SERVERS, "dns_servers", INT, "2", "name servers of a zone, 1 to 4") \
	SW(DNS_ADDRESSES, "dns_addresses", ONE, "same", "their addresses: same (127.0.0.1)|distinct (127.0.0.1, 127.0.0.2, ...)") \
	SW(DNS_SILENT, "dns_silent", SET, "none", "servers that never answer") \
	SW(DNS_SERVFAIL, "dns_servfail", SET, "none", "servers that answer SERVFAIL") \
	SW(DNS_REFUSED, "dns_refused", SET, "none", "servers that answer REFUSED") \
	SW(DNS_LAGGING, "dns_lagging", SET, "none", "servers that serve a zone dns_lag_ms late") \
	SW(DNS_LAG_MS, "dns_lag_ms", MS, "1min", "see dns_lagging") \
	SW(DNS_CHASE, "dns_chase", YES, "yes", "a server that serves the target's zone too adds what the CNAME leads to") \
	SW(DNS_FLATTEN, "dns_flatten", YES, "no", "the zone's servers give the key in place of the CNAME") \
	/* faults, as chance per request */ \
	SW(FAULT_429, "fault_429", PROB, "0", "429 with Retry-After, nothing applied") \
	SW(FAULT_5XX, "fault_5xx", PROB, "0", "500 or 503 as JSON, nothing applied") \
	SW(FAULT_5XX_AFTER, "fault_5xx_after", PROB, "0", "500 although it was applied") \
	SW(FAULT_HTML, "fault_html", PROB, "0", "an HTML page, 408, 502, 503 or even 200, nothing applied") \
	SW(FAULT_401, "fault_401", PROB, "0", "401 You must login first") \
	SW(FAULT_403, "fault_403", PROB, "0", "403 This call has not been granted") \
	SW(FAULT_404, "fault_404", PROB, "0", "404 of an object that exists") \
	SW(FAULT_RESET_BEFORE, "fault_reset_before", PROB, "0", "connection reset, nothing applied") \
	SW(FAULT_RESET_AFTER, "fault_reset_after", PROB, "0", "connection reset after the change was applied") \
	SW(FAULT_SLOW, "fault_slow", PROB, "0", "the answer comes slow_ms late") \
	SW(SLOW_MS, "slow_ms", MS, "90s", "see fault_slow") \
	SW(FAULT_TRUNCATED, "fault_truncated", PROB, "0", "half of the answer, then the connection ends") \
	SW(FAULT_GARBAGE, "fault_garbage", PROB, "0", "200 with a body that is no JSON, or not the JSON that was asked for") \
	SW(FAULT_EMPTY_LIST, "fault_empty_list", PROB, "0", "a list comes empty") \
	SW(FAULT_UNKNOWN_ENUM, "fault_unknown_enum", PROB, "0", "a status that no schema names") \
	SW(FAULT_MISSING_FIELD, "fault_missing_field", PROB, "0", "an object without its status") \
	SW(FAULT_WRONG_SELECTOR, "fault_wrong_selector", PROB, "0", "the object of another selector") \
	SW(FAULT_WRONG_RECORD, "fault_wrong_record", PROB, "0", "customerRecord of another domain") \
	SW(FAULT_NULL_TARGET, "fault_null_target", PROB, "0", "targetRecord null although it is known") \
	/* the judge */ \
	SW(JUDGE_GRACE_MS, "judge_grace_ms", MS, "7d", "rule 3: no deletion sooner after the victim signed") \
	SW(JUDGE_SLACK_MS, "judge_slack_ms", MS, "35s", "what was true so long ago may still be acted upon") \
	SW(JUDGE_COMPROMISED, "judge_compromised", YES, "no", "a person ordered rotate --compromised: no grace") \
	SW(JUDGE_FORBIDDEN, "judge_forbidden", YES, "no", "rule 8: nothing may be changed") \
	SW(JUDGE_ORDERED, "judge_ordered", YES, "no", "a person ordered what is done: not counted by rule 10") \
	SW(JUDGE_MAX_DAILY, "judge_max_daily", INT, "0", "rule 10: domains of an account switched or with a deletion in 24 h; 0 is no limit") \
	SW(JUDGE_MAX_ROTATING, "judge_max_rotating", INT, "0", "rule 10: domains of an account between switch and its end; 0 is no limit") \
	SW(JUDGE_UNHEARD, "judge_unheard", YES, "no", "answers of name servers get lost: a look may have left out those that lag") \
	SW(JUDGE_UNWRITABLE, "judge_unwritable", YES, "no", "records are not ours to write (dns: manual)")
/* clang-format on */

#define W_SWITCH_ENUM(constant, name, kind, preset, help) SW_##constant,
enum w_switch { W_SWITCHES(W_SWITCH_ENUM) SW_COUNT };
#undef W_SWITCH_ENUM

struct w_value {
	int64_t n;        /* MS, YES, INT, SET (bit 0 is number 1) */
	double chance;    /* PROB */
	const char *word; /* ONE */
};

/* The value in force: the narrowed one, or the world's. n may be NULL. */
const struct w_value *w_value(const struct world *w, const struct w_narrow *n, enum w_switch sw);
void w_switches_init(struct world *w);
void w_narrow_free(struct w_narrow *n);

#endif
