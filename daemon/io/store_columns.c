/* The columns of a record, a line a field, and the words that stand for enum values on disk. It must never lose a field
 * silently: the unit test checks that the tables cover the structures of core/model.h without a gap. A line is
 * never renamed; a new one names the schema version that brings it, and the schema is made from these lines. */
#include "io/store_rows.h"

#include <stddef.h>

/* ---- the words on disk: they stay what they are even where the words shown should change ---- */

#define SHARED(name, ...)                                                                                    \
	static const char *const name##_list[] = {__VA_ARGS__};                                              \
	const struct words name = {name##_list, (int)ARRAY_SIZE(name##_list)}
#define LIST(name, ...)                                                                                      \
	static const char *const name##_list[] = {__VA_ARGS__};                                              \
	static const struct words name = {name##_list, (int)ARRAY_SIZE(name##_list)}

LIST(state_words, [SELECTOR_UNKNOWN] = "unknown", [SELECTOR_ABSENT] = "absent", [SELECTOR_TODO] = "todo",
        [SELECTOR_WAITING_RECORD] = "waitingRecord", [SELECTOR_READY] = "ready",
        [SELECTOR_ENABLING] = "enabling", [SELECTOR_IN_PRODUCTION] = "inProduction",
        [SELECTOR_DISABLING] = "disabling", [SELECTOR_DELETING] = "deleting", [SELECTOR_SET] = "set",
        [SELECTOR_TO_SET] = "toSet", [SELECTOR_TO_FIX] = "toFix");
LIST(seen_words, [SEEN_UNKNOWN] = "unknown", [SEEN_OK] = "ok", [SEEN_MISSING] = "missing",
        [SEEN_PARTIAL] = "partial", [SEEN_WRONG] = "wrong", [SEEN_FLATTENED] = "flattened",
        [SEEN_REVOKED] = "revoked", [SEEN_WEAK] = "weak", [SEEN_BOGUS] = "bogus");
LIST(dnssec_words, [DNSSEC_UNKNOWN] = "unknown", [DNSSEC_SECURE] = "secure", [DNSSEC_INSECURE] = "insecure",
        [DNSSEC_BOGUS] = "bogus");
LIST(tri_words, [TRI_UNKNOWN] = "unknown", [TRI_NO] = "no", [TRI_YES] = "yes");
LIST(service_words, [SERVICE_UNKNOWN] = "unknown", [SERVICE_OK] = "ok", [SERVICE_BUSY] = "busy",
        [SERVICE_CLOSED] = "closed");
LIST(status_words, [STATUS_NONE] = "none", [STATUS_UNKNOWN] = "unknown", [STATUS_DISABLED] = "disabled",
        [STATUS_ENABLED] = "enabled", [STATUS_ERROR] = "error", [STATUS_MODIFYING] = "modifying",
        [STATUS_TO_CONFIGURE] = "toConfigure");
LIST(action_words, [ACTION_NONE] = "none", [ACTION_LOOK] = "look", [ACTION_CREATE] = "create",
        [ACTION_PUBLISH] = "publish", [ACTION_ENABLE] = "enable", [ACTION_DISABLE] = "disable",
        [ACTION_DELETE] = "delete");
SHARED(rows_phases, [PHASE_UNKNOWN] = "unknown", [PHASE_CREATING] = "creating",
        [PHASE_PUBLISHING] = "publishing", [PHASE_ACTIVATING] = "activating", [PHASE_SETTLED] = "settled",
        [PHASE_ROTATING] = "rotating", [PHASE_GRACE] = "grace", [PHASE_RENEWING] = "renewing");
SHARED(rows_conditions, [CONDITION_OK] = "ok", [CONDITION_BLOCKED] = "blocked", [CONDITION_ERROR] = "error",
        [CONDITION_PAUSED] = "paused", [CONDITION_OBSERVING] = "observing");
static const char *const reason_list[] = {
#define REASON(id, word, waits, condition, text) [REASON_##id] = (word),
#include "core/reasons.def"
#undef REASON
};
const struct words rows_reasons = {reason_list, (int)ARRAY_SIZE(reason_list)};

/* ---- the columns ---- */

#define FIELD(s, f) (uint16_t) offsetof(struct s, f), (uint16_t)sizeof(((struct s *)0)->f)
#define C(s, f, t)                                                                                           \
	{                                                                                                    \
#f, ROWS_##t, FIELD(s, f), 1, NULL                                                           \
	}
#define N(name, s, f, t)                                                                                     \
	{                                                                                                    \
		name, ROWS_##t, FIELD(s, f), 1, NULL                                                         \
	}
#define W(s, f, list)                                                                                        \
	{                                                                                                    \
#f, ROWS_WORD, FIELD(s, f), 1, &(list)                                                       \
	}
/* Those that version 2 of the schema brought. */
#define C2(s, f, t)                                                                                          \
	{                                                                                                    \
#f, ROWS_##t, FIELD(s, f), 2, NULL                                                           \
	}
#define W2(s, f, list)                                                                                       \
	{                                                                                                    \
#f, ROWS_WORD, FIELD(s, f), 2, &(list)                                                       \
	}

/* clang-format off */
static const struct rows_column domain_columns[] = {
	C(record, first_met, INT64),
	C(record, met_signing, BOOL),
	C(record, rotation_base, INT64),
	C(record, last_good, INT64),
	C(record, last_full, INT64),
	C(record, names_at, INT64),
	C(record, trouble_since, INT64),
	C(record, grace_from, INT64),
	C(record, rotated, INT64),
	C(record, previous, TEXT),
	C(record, not_signing_since, INT64),
	C(record, not_signing_looks, UINT),
	C(record, repaired, INT64),
	C(record, last_signer, TEXT),
	C(record, compromised, TEXT),
	C(record, paused, BOOL),
	C(record, paused_until, INT64),
	C(record, paused_by, TEXT),
	{"service_state", ROWS_WORD, FIELD(record, service), 1, &service_words}, /* the key has a service of its own */
	N("theirs_given", record, theirs.given, BOOL),
	N("theirs_state", record, theirs.state, TEXT),
	N("theirs_code", record, theirs.code, INT),
	N("theirs_message", record, theirs.message, TEXT),
	C(record, domain_task, INT64),
	W(record, status, status_words),
	C(record, active, TEXT),
	C(record, status_since, INT64),
	C(record, attempts, UINT),
	W(record, phase, rows_phases),
	W(record, condition, rows_conditions),
	W(record, reason, rows_reasons),
	C(record, since, INT64),
	C(record, told, INT64),
	W(record, next_action, action_words),
	C(record, next_at, INT64),
	C(record, next_look, INT64),
	C(record, interval, INT64),
	C(record, detail, TEXT),
	C2(record, differ_since, INT64),
	C2(record, differ_told, INT64),
	C2(record, last_task, INT64),
	C2(record, last_query, TEXT),
};

static const struct rows_column intent_columns[] = {
	W(intent, action, action_words),
	C(intent, selector, TEXT),
	C(intent, target, TEXT),
	C(intent, at, INT64),
	C(intent, task_id, INT64),
	C(intent, answered, BOOL),
	C(intent, scheduled, BOOL),
	C(intent, compromised, BOOL),
	C(intent, looks, UINT),
	C(intent, first_look, INT64),
};

static const struct rows_column selector_columns[] = {
	C(rec_selector, name, TEXT),
	C(rec_selector, named, BOOL),
	C(rec_selector, target, TEXT),
	C(rec_selector, has_digest, BOOL),
	C(rec_selector, digest, BYTES),
	C(rec_selector, key_bits, UINT),
	W(rec_selector, state, state_words),
	W(rec_selector, dns, seen_words),
	C(rec_selector, known_since, INT64),
	C(rec_selector, created, INT64),
	C(rec_selector, published, INT64),
	C(rec_selector, confirmed_since, INT64),
	C(rec_selector, ttl_wait, INT64),
	C(rec_selector, ttl_record, UINT),
	C(rec_selector, dns_at, INT64),
	C(rec_selector, bad_since, INT64),
	C(rec_selector, signing_since, INT64),
	C(rec_selector, signing_began, INT64),
	C(rec_selector, may_sign_last, INT64),
	C(rec_selector, stopped, INT64),
	C(rec_selector, absent_since, INT64),
	C(rec_selector, task_since, INT64),
	C(rec_selector, deleted_by_us, BOOL),
	C(rec_selector, target_since, INT64),
	C(rec_selector, enabled, INT64),
	C(rec_selector, disabled, INT64),
	C(rec_selector, written, INT64),
	C(rec_selector, last_update, INT64),
	W(rec_selector, cname_valid, tri_words),
	C(rec_selector, record, TEXT),
	W2(rec_selector, dns_record, seen_words),
	W2(rec_selector, dns_key, seen_words),
	W2(rec_selector, dns_recursive, seen_words),
	W2(rec_selector, dnssec, dnssec_words),
	C2(rec_selector, ttl_key, UINT),
	C2(rec_selector, ttl_negative_zone, UINT),
	C2(rec_selector, ttl_negative_target, UINT),
	C2(rec_selector, test_mode, BOOL),
	C2(rec_selector, strict, BOOL),
	C2(rec_selector, served, TEXT),
	C2(rec_selector, dns_detail, TEXT),
	C2(rec_selector, heard, TEXT),
	C2(rec_selector, unheard, UINT),
	C2(rec_selector, task_id, INT64),
	C2(rec_selector, task_failed, INT64),
	C2(rec_selector, task_query, TEXT),
	C2(rec_selector, query_id, TEXT),
	C2(rec_selector, has_former, BOOL),
	C2(rec_selector, former, BYTES),
};
/* clang-format on */

#define TABLE(variable, sql_name, list, s)                                                                   \
	const struct rows_table variable = {sql_name, list, (unsigned)ARRAY_SIZE(list), sizeof(struct s)}
TABLE(rows_domain, "domain", domain_columns, record);
TABLE(rows_intent, "intent", intent_columns, intent);
TABLE(rows_selector, "selector", selector_columns, rec_selector);
