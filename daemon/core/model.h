/* The nouns: what was observed, what is recorded, what may be done. Pure data; the functions over it are in
 * plan.h, gate.h, record.h and due.h. What is wanted of a domain is struct desired (desired.h), what the DNS
 * says is struct evidence (evidence.h). Instants are ms on the API's clock, 0 = never. */
#ifndef DKIMROTD_CORE_MODEL_H
#define DKIMROTD_CORE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dkimtext.h"
#include "core/evidence.h"

#define SELECTORS_MAX                                                                                        \
	6 /* the two of the rotation and a few foreign ones; a domain with more is only watched */
#define SELECTOR_NAME 128
#define HOST_NAME     256
#define QUERY_ID      80 /* X-OVH-QUERYID */

enum selector_state {
	SELECTOR_UNKNOWN, /* not read in this pass, or not understood: never evidence (safety rule 4) */
	SELECTOR_ABSENT, /* the list, read in this pass, lacks it and its own path answers 404 with a JSON error */
	SELECTOR_TODO,
	SELECTOR_WAITING_RECORD,
	SELECTOR_READY,
	SELECTOR_ENABLING,
	SELECTOR_IN_PRODUCTION,
	SELECTOR_DISABLING,
	SELECTOR_DELETING,
	SELECTOR_SET, /* MX Plan and Zimbra: the CNAME is right */
	SELECTOR_TO_SET,
	SELECTOR_TO_FIX,
};
const char *selector_state_word(enum selector_state s);

/* inProduction, enabling and disabling: mail may be leaving with this key. */
bool selector_may_sign(enum selector_state s);

enum tri { TRI_UNKNOWN, TRI_NO, TRI_YES };

enum task_state {
	TASK_NONE,    /* no task id */
	TASK_PENDING, /* todo, doing, init */
	TASK_OVER,    /* done, cancelled, or gone (404) */
	TASK_ERROR,   /* error, ovhError, customerError */
	TASK_UNKNOWN, /* there is an id and its state could not be read: counts as pending, never as evidence */
};

struct seen_selector {
	char name[SELECTOR_NAME];
	bool named;  /* dkimSelector reserves it (or the platform has no such list) */
	bool listed; /* the list of existing selectors has it */
	enum selector_state state;
	char record[HOST_NAME]; /* customerRecord, lower case, no trailing dot; "" = not given */
	char target[HOST_NAME]; /* targetRecord likewise; "" = no key made yet */
	enum tri cname_valid;   /* cnameIsValid: OVHcloud's own check */
	int64_t last_update;
	int64_t task_id;
	enum task_state task;
	char task_query[QUERY_ID]; /* of the answer that told its state */
	int64_t read_at;           /* when its reading was answered, 0 = not read in this pass */
	struct evidence dns;       /* our own look-up of this pass */
	int64_t dns_at;            /* 0 = not looked up in this pass */
	const struct held_key
	        *key; /* external: the key itself, of the job's holding; NULL = no key, or another platform */
	enum record_want want; /* external: what the zone is to hold for it */
};

enum service_state {
	SERVICE_UNKNOWN, /* not read, or a word that we do not know */
	SERVICE_OK,
	SERVICE_BUSY,   /* creating, reopening, internalMigration ...: OVHcloud is at it */
	SERVICE_CLOSED, /* suspended, suspending, deleting, readOnly, close */
};

enum signing_status { /* MX Plan's status; Zimbra v2 is mapped onto it */
	STATUS_NONE,  /* the platform has none */
	STATUS_UNKNOWN,
	STATUS_DISABLED,
	STATUS_ENABLED,
	STATUS_ERROR,
	STATUS_MODIFYING,
	STATUS_TO_CONFIGURE,
};

enum trouble { /* why a pass is not complete, by how far it reaches */
	TROUBLE_NONE,
	TROUBLE_TRANSIENT, /* silence, 408, 429, 5xx, HTML: again soon */
	TROUBLE_ODD,       /* an answer that we do not understand: again later, told once */
	TROUBLE_CONFLICT,  /* 409 */
	TROUBLE_GRANT,     /* 403 for this route: a person must grant it */
	TROUBLE_MISSING,   /* 404: no such service, domain or zone in this account */
	TROUBLE_EXPIRED,   /* 460 */
	TROUBLE_ACCOUNT,   /* the credential itself: the whole account stops */
	TROUBLE_CLOCK,     /* signature or time refused: measure the offset again */
};

/* dkimDiagnostics of the domain object, or MX Plan's/Zimbra's own; as OVHcloud said it. */
struct diagnosis {
	bool given;
	char state[32];    /* active, disabled, error, inProgress, toConfigure */
	int code;          /* 501 to 504; 0 = none */
	char message[160]; /* cleaned */
};

/* One pass over one domain. */
struct observed {
	int64_t began; /* answer time of its oldest reading */
	bool flight;   /* a look at what is in flight only: never complete */
	bool light;    /* the domain object alone was read: selectors are not in here */
	bool complete; /* domain object, names, list and every selector of the domain were read and understood */
	enum service_state service;
	char service_word[32];
	int64_t domain_task; /* taskPendingId of the domain object */
	/* Its task, where no selector has the same; MX Plan, Zimbra: the task of our intent, or any that runs. Light
	 * looks leave it TASK_NONE: they do not ask. */
	enum task_state domain_task_state;
	enum signing_status status;
	char active[SELECTOR_NAME]; /* MX Plan's activeSelector */
	struct diagnosis theirs;
	unsigned n;
	struct seen_selector sel[SELECTORS_MAX]; /* the named ones first, by name, then the others, by name */
	bool too_many; /* more selectors than SELECTORS_MAX: nothing is ever changed */
	enum trouble trouble;
	char trouble_text[200]; /* "GET /email/... answered 503", cleaned */
	char query_id[QUERY_ID];
};

enum action_kind {
	ACTION_NONE,
	ACTION_LOOK,
	ACTION_CREATE,
	ACTION_PUBLISH,
	ACTION_ENABLE,
	ACTION_DISABLE,
	ACTION_DELETE,
};
const char *action_word(enum action_kind a);     /* "create" ...; "look" for LOOK, "none" for NONE */
enum action_kind action_parse(const char *word); /* ACTION_NONE when unknown */

/* A change asked for, durable before its request leaves, until reading resolves it (safety rule 7). */
struct intent {
	enum action_kind action; /* ACTION_NONE = free slot */
	char selector[SELECTOR_NAME];
	char target[HOST_NAME]; /* the target the selector had then (publish: the target to write) */
	int64_t at;
	int64_t task_id; /* that the answer named, 0 = none */
	bool answered;   /* a 2xx came back */
	bool scheduled;  /* a rotation's switch or deletion on schedule: counts for the caps */
	bool compromised;
	unsigned looks;     /* good looks since that show the old state and no task */
	int64_t first_look; /* the first of those */
};

/* What is known of one selector's key. Every instant belongs to the key named by target and digest: another key
 * begins the history anew (safety rule 5). */
struct rec_selector {
	char name[SELECTOR_NAME];
	bool named;
	char target[HOST_NAME];
	bool has_digest;
	uint8_t digest[KEY_DIGEST];
	unsigned key_bits;
	enum selector_state state; /* last good reading; for display and light looks, decides nothing */
	enum seen dns;             /* last look-up, likewise */
	int64_t known_since;       /* this history's beginning */
	int64_t created;   /* our own CREATE answered for: the key is ours from birth, 0 = met as it was */
	int64_t published; /* first look-up that found record and key right */
	int64_t confirmed_since; /* begin of the unbroken run of good look-ups, 0 = broken */
	/* ms: the longest TTL seen that the run must outlast; from EVIDENCE_UNTIMED on: they were not asked for */
	int64_t ttl_wait;
	uint32_t ttl_record;   /* seconds: of the CNAME last served, whatever its target */
	int64_t dns_at;        /* last look-up */
	int64_t bad_since;     /* first look-up of an unbroken run of proven faults, 0 = none */
	int64_t signing_since; /* first confirmed signing (read as inProduction), 0 = not signing */
	/* seen to begin to sign: read as not signing before; 0 = it signed when met. BEGAN_DISPUTED: the record and
	 * OVHcloud's lastUpdate do not agree which of two signers is the older, and the record may be older than that */
#define BEGAN_DISPUTED (-1)
	int64_t signing_began;
	int64_t may_sign_last; /* last read as anything that may sign */
	int64_t stopped;       /* first good reading after it had signed that shows it does not */
	int64_t absent_since;  /* first complete pass that shows it absent, 0 = present */
	int64_t task_since; /* since when a task of it pends or it stands in todo, enabling, ... ; 0 = none */
	bool deleted_by_us; /* absent because of our DELETE */
	int64_t target_since; /* since when the API names this target at every look (safety rule 14) */
	int64_t enabled;      /* our last ENABLE of this key left */
	int64_t disabled;     /* our last DISABLE of this key left */
	int64_t written;      /* our last finished write of its record (read back and refreshed) */
	int64_t last_update;  /* the API's lastUpdate, 0 = none; stays while the record is doubted */
	enum tri cname_valid;
	char record[HOST_NAME]; /* customerRecord */
	/* What the last look-up said, for people and the diagnosis; no change is decided on it. */
	enum seen dns_record, dns_key, dns_recursive;
	enum dnssec dnssec;
	uint32_t ttl_key, ttl_negative_zone,
	        ttl_negative_target; /* seconds, last seen; ttl_record is above */
	bool test_mode, strict;      /* t=y, t=s of the key */
	char served[HOST_NAME];      /* where the record as served leads, "" = nowhere */
	char dns_detail[160];
	char heard[EVIDENCE_HEARD]; /* see core/evidence.h */
	unsigned unheard;
	/* For a support ticket: the task last named with it, since when it reads as in error and the answer that said so,
	 * and our last request for it. */
	int64_t task_id;
	int64_t task_failed; /* 0 = it does not */
	char task_query[QUERY_ID];
	char query_id[QUERY_ID];
	/* The key that stood here before: a key made anew must be another one. */
	bool has_former;
	uint8_t former[KEY_DIGEST];
};

enum reason {
#define REASON(id, word, waits, condition, text) REASON_##id,
#include "core/reasons.def"
#undef REASON
	REASON_COUNT
};
enum waits_on { WAITS_NOBODY, WAITS_TIME, WAITS_OVHCLOUD, WAITS_DNS, WAITS_PERSON, WAITS_BUDGET };
enum condition { CONDITION_OK, CONDITION_BLOCKED, CONDITION_ERROR, CONDITION_PAUSED, CONDITION_OBSERVING };
enum phase {
#define PHASE(id, word, text) PHASE_##id,
#define STEP(from, to, text)
#include "core/phases.def"
#undef PHASE
#undef STEP
};
enum role { ROLE_ACTIVE, ROLE_SPARE, ROLE_RETIRED, ROLE_NEW, ROLE_FOREIGN };
const char *reason_word(enum reason r);
const char *reason_text(enum reason r); /* one sentence for people */
enum waits_on reason_waits_on(enum reason r);
enum condition reason_condition(enum reason r);
const char *waits_on_word(enum waits_on w);
const char *condition_word(enum condition c);
const char *phase_word(enum phase p);
const char *role_word(enum role r);

#define ATTEMPTS_MOST 3 /* enables in a row that changed nothing, before a person is called */
#define INTENTS_MAX   2 /* both creations of a virgin domain; one otherwise */

struct record {
	int64_t id; /* the store's, 0 = not stored yet */
	int64_t first_met;
	bool met_signing; /* it signed when first met: the first rotation is spread by the hash of its name */
	int64_t rotation_base; /* rotation is counted from here: last confirmed switch or activation */
	int64_t last_good;     /* last complete pass */
	/* likewise, of all selectors (light looks excluded); -N: by a clock that nobody vouches for, after the instant N */
	int64_t last_full;
	int64_t names_at;      /* when dkimSelector was last read */
	int64_t trouble_since; /* first of an unbroken run of looks that ended in trouble, 0 = none */
	int64_t grace_from; /* no grace counts from before this (a gap in the readings, or time went backwards) */
	int64_t rotated;              /* last confirmed switch */
	char previous[SELECTOR_NAME]; /* the signer before that switch */
	int64_t not_signing_since; /* first complete pass without a signer, after one was seen; 0 = signs */
	unsigned not_signing_looks;
	int64_t repaired;                /* the last repair */
	char last_signer[SELECTOR_NAME]; /* the newest selector confirmed signing, "" = none ever */
	char compromised[SELECTOR_NAME]; /* the selector whose key leaked: its grace is nothing */
	bool paused;
	int64_t paused_until; /* 0 = until resumed */
	char paused_by[200];  /* the reason given */
	/* The domain object as last read: a light look compares with it. */
	enum service_state service;
	struct diagnosis theirs;
	int64_t domain_task;
	enum signing_status status;
	char active[SELECTOR_NAME]; /* MX Plan */
	int64_t status_since;
	unsigned attempts; /* enables that changed nothing, in a row */
	/* Where it stands, for display and the schedule. */
	enum phase phase;
	enum condition condition;
	enum reason reason;
	int64_t since; /* of this reason */
	int64_t told;  /* when trouble was last told in the journal */
	enum action_kind next_action;
	int64_t next_at; /* when the next action is due, 0 = unknown */
	int64_t next_look;
	int64_t interval; /* present spacing of the active looks, ms */
	char detail[200]; /* the verdict's particulars, for people */
	/* Since when OVHcloud's diagnosis and ours differ, 0 = they agree or cannot be compared; and when it was told. */
	int64_t differ_since, differ_told;
	/* MX Plan, Zimbra: the task and the query id that our last change was answered with. */
	int64_t last_task;
	char last_query[QUERY_ID];
	struct intent intent[INTENTS_MAX];
	unsigned n;
	struct rec_selector sel[SELECTORS_MAX];
};

#endif
