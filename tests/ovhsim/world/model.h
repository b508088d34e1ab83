/* What the world is made of, for its own files only. Instants are milliseconds since 1970 on OVHcloud's
 * clock, W_NEVER when they did not happen. Nothing here is freed before the world is, tasks and old zone
 * copies excepted. */
#ifndef OVHSIM_MODEL_H
#define OVHSIM_MODEL_H

#include "json.h"
#include "switches.h"
#include "world.h"

#define W_SELECTORS     3
#define W_SERVERS       4
#define W_NAME          256
#define W_KEY_POOL      32
#define W_DKIM_ZONE     "dkim.mail.ovh.net"
#define W_NS_ZONE       "ovh.net"
#define W_DKIM_ZONE_TTL 3600 /* of its SOA, in seconds */

enum w_platform { W_EXCHANGE, W_EMAILPRO, W_MXPLAN, W_ZIMBRA, W_PLATFORMS };
enum w_state { W_ABSENT, W_TODO, W_WAITING, W_READY, W_ENABLING, W_SIGNING, W_DISABLING, W_DELETING };
enum w_function { W_CREATE, W_ENABLE, W_DISABLE, W_DELETE, W_MX_ENABLE, W_MX_DISABLE };
enum w_task_status { W_TASK_TODO, W_TASK_DOING, W_TASK_DONE, W_TASK_ERROR, W_TASK_CANCELLED };
enum w_who { W_BY_API, W_BY_PERSON, W_BY_OVH };
enum w_cname { W_CNAME_MISSING, W_CNAME_WRONG, W_CNAME_RIGHT };

struct w_narrow {
	char *name;
	unsigned n;
	struct w_narrowed {
		enum w_switch sw;
		struct w_value value;
	} * item;
};

/* The key a selector has, or had: it stands at a target of its own. */
struct w_key {
	struct w_domain *domain;
	uint64_t target; /* the number in the target's name; the key of world.keys */
	uint32_t pool;
	uint32_t number; /* the selector's, as the target spells it */
	uint8_t slot;
	int64_t from, until; /* served; until W_NEVER = no end yet */
	struct w_key *older; /* of the same target, when re-creation keeps it */
	struct w_key *all;
};

struct w_selector {
	enum w_state state;
	uint32_t number; /* the N of -selectorN */
	bool reserved;   /* dkimSelector names it */
	bool signs;      /* the truth, whatever `state` shows */
	bool auto_enable, configured;
	bool cname_valid;   /* as of OVHcloud's last check */
	bool existed;       /* before the last change of existence, for lists that lag */
	enum w_cname cname; /* as of that check too */
	uint64_t target;    /* 0 before the first key */
	struct w_key *key;
	int64_t appears, named; /* instants at which the object answers, and its target is known */
	int64_t changed, existence_changed, both_until;
	struct w_task *task; /* the one that pends, or taskPendingId still names */
	int64_t ghost_id;    /* a taskPendingId whose task is gone */
	/* what the judge remembers */
	int64_t signs_since, may_sign_until; /* W_NEVER: never did */
	int64_t ready_until, waiting_until;  /* when it last left ready, or ready and waitingRecord */
	int64_t right_since, right_until;    /* record and key right at all servers that answer */
	bool blip;                           /* the record is wrong, and no look has shown it yet */
	int64_t read_signing_since;          /* delivered readings have shown inProduction since then */
	int64_t read_may_sign;               /* the last delivered reading of a state that may sign */
	int64_t target_since;
	uint64_t target_before;
	enum w_who deleted_by;
};

struct w_task {
	int64_t id, made, starts, ends, finished;
	struct w_domain *domain;
	struct w_task *next; /* in the domain, newest first */
	uint8_t slot;
	enum w_function function;
	enum w_task_status status;
	enum w_who who;
	bool queued; /* an event of it is still to come: it must stay in memory */
	bool stuck, fails, stops_old, lost, doing_until_ready;
	enum w_state before; /* the selector's, for a task that fails */
	size_t change;       /* index + 1 into the judge's log; 0: no request */
};

/* MX Plan and Zimbra: one switch for the domain; the selectors are W_READY slots that need their CNAMEs. */
struct w_mx {
	bool shown;      /* the first enable came */
	bool wanted, on; /* asked for; signing */
	bool error;
	uint8_t active;
	uint32_t readings;
	int64_t enabled_at;
	struct w_task *task;
};

struct w_domain {
	char *name, *key;
	enum w_platform platform;
	struct w_service *service;
	struct w_zone *zone;
	struct w_narrow *narrow;
	struct w_domain *same_name, *next, *next_in_service, *next_in_zone;
	uint32_t prefix; /* the number in ovhex<N>-selector1 */
	uint32_t keys_made;
	unsigned slots;
	struct w_selector sel[W_SELECTORS];
	struct w_mx mx;
	struct w_task *tasks;
	unsigned n_tasks;
	bool suspended;
	bool ever_signed;
	int64_t unsigned_since; /* W_NEVER: signs, or never did */
	int64_t state_ok_until; /* when a person suspended it */
	uint64_t requests;
	size_t counted; /* by the judge: the log entry for which it was */
	char uuid[40];
	uint32_t check_stamp;
	int64_t check_at; /* the check that is due, W_NEVER: none */
};

struct w_service {
	enum w_platform platform;
	char *org, *name; /* org: exchange only */
	char *key;        /* of world.services */
	struct w_account *account;
	struct w_domain *first, *last;
	unsigned n;
	bool expired;
	char uuid[40];
	struct w_service *next; /* in the account */
	struct w_service *all;
};

struct w_account {
	char *name;
	struct w_service *first, *last;
	struct w_zone *zones, *last_zone;
	uint64_t requests, auth;
	int64_t *recent; /* a ring of the instants within the last 60 s */
	size_t recent_cap, recent_from, recent_n, busiest;
	bool revoked;
	struct w_account *next;
};

enum w_type { W_A = 1, W_NS = 2, W_CNAME = 5, W_SOA = 6, W_MX = 15, W_TXT = 16, W_AAAA = 28 };

struct w_record { /* immutable; shared between the edited zone and its served copies */
	int64_t id, made;
	uint32_t refs;
	int32_t ttl;
	uint8_t field; /* index into w_field_types */
	bool by_api;
	const char *target;
	char sub[]; /* sub NUL target NUL */
};
struct w_copy { /* a set of records; shared until it is edited */
	uint32_t refs;
	uint32_t n, cap;
	struct w_record *rec[];
};
struct w_version {
	int64_t visible;
	uint32_t serial;
	struct w_copy *copy;
};
struct w_zone {
	char *name;
	struct w_account *account; /* NULL: not at OVHcloud */
	struct w_narrow *narrow;
	struct w_copy *edit;
	struct w_version *served; /* oldest first; the last may lie ahead */
	unsigned n_served;
	uint32_t serial;
	bool dirty; /* edited since the last refresh */
	int64_t refreshed;
	struct w_domain *domains;
	uint64_t requests;
	unsigned blips;      /* selectors whose record went wrong unseen */
	struct w_zone *next; /* in the account */
	struct w_zone *all;
};

enum w_event_kind { W_EV_TASK, W_EV_CHECK, W_EV_ZONE, W_EV_BOTH, W_EV_KEY, W_EV_ACTIVE, W_EV_TICK };
struct w_event {
	int64_t at;
	uint64_t order;
	void *what;
	uint32_t stamp;
	uint8_t kind, slot;
};

struct w_logged {
	struct world_change change;
	char *text; /* domain, selector, method and path, behind one another */
	struct w_domain *domain;
	bool scheduled, is_switch; /* what rule 10 counts */
	char why[160];
};

struct world {
	uint64_t seed, draws, request_no, next_id, next_target, next_prefix;
	int64_t now;
	struct w_value value[SW_COUNT];
	struct w_map words, narrow, accounts, services, domains, names, zones, above, tasks, keys;
	struct w_event *event;
	size_t n_events, cap_events;
	uint64_t event_order;
	struct w_logged **log;
	size_t n_log, cap_log, n_broken;
	uint64_t count[16];
	char signing[200];
	struct w_service *all_services;
	struct w_account *all_accounts;
	struct w_domain *all_domains, *last_domain;
	struct w_zone *all_zones;
	struct w_key *all_keys;
};

/* switches */
const struct w_value *w_get(
        const struct w_domain *d, const struct world *w, enum w_switch sw); /* d may be NULL */
bool w_is(const struct w_value *v, const char *word);
bool w_chance(struct world *w, const struct w_value *v);  /* draws, unless it is 0 */
int64_t w_span(struct world *w, const struct w_value *v); /* with jitter */

/* time: events run in their order up to now; handlers live where their subject does */
void w_advance(struct world *w, int64_t now);
void w_event_add(
        struct world *w, int64_t at, enum w_event_kind kind, void *what, uint32_t stamp, unsigned slot);

/* domains and selectors (selector.c, task.c, key.c) */
struct w_domain *w_domain_of(const struct world *w, const char *name); /* first of that name */
void w_selector_text(const struct w_domain *d, uint32_t number, char dst[64]);
void w_selector_name(const struct w_domain *d, unsigned slot, char dst[64]);
int w_selector_slot(const struct w_domain *d, const char *name); /* -1: no such name */
void w_selector_record(const struct w_domain *d, unsigned slot, char dst[W_NAME]);
void w_target_name(const struct w_domain *d, unsigned slot, uint64_t target, char dst[W_NAME]);
const char *w_state_word(enum w_state s);
void w_selector_state(struct world *w, struct w_domain *d, unsigned slot, enum w_state s);
void w_selector_signs(struct world *w, struct w_domain *d, unsigned slot, bool signs);
bool w_domain_signs(const struct w_domain *d);
struct w_task *w_create(
        struct world *w, struct w_domain *d, unsigned slot, bool auto_enable, bool configure, enum w_who who);
struct w_task *w_enable(struct world *w, struct w_domain *d, unsigned slot, enum w_who who);
struct w_task *w_disable(struct world *w, struct w_domain *d, unsigned slot, enum w_who who);
struct w_task *w_delete(struct world *w, struct w_domain *d, unsigned slot, enum w_who who);
void w_both_end(struct world *w, struct w_domain *d, unsigned slot);
void w_task_ends(struct world *w, struct w_task *t, bool done); /* what its end means for the selector */
void w_task_starts(struct world *w, struct w_task *t);

struct w_task *w_task_new(struct world *w, struct w_domain *d, unsigned slot, enum w_function f,
        enum w_who who, enum w_switch span);
void w_task_event(struct world *w, struct w_task *t, uint32_t stamp);
void w_task_finish(struct world *w, struct w_task *t, enum w_task_status status);
bool w_task_pends(const struct w_task *t);
struct w_task *w_task_find(struct world *w, int64_t id); /* NULL: unknown, or too long finished */
void w_tasks_free(struct w_domain *d);
int64_t w_new_id(struct world *w);

void w_key_make(struct world *w, struct w_domain *d, unsigned slot, int64_t from);
void w_key_retire(struct world *w, struct w_domain *d, unsigned slot);
const struct w_key *w_key_at(const struct world *w, const char *name, int64_t now); /* by target name */
const char *w_key_text(unsigned number);
const char *w_key_weak(void);
const char *w_key_tiny(void);

/* OVHcloud's periodic look at the CNAMEs, and what DNS truly says (check.c) */
void w_check_due(struct world *w, struct w_domain *d);
void w_check_run(struct world *w, struct w_domain *d);
enum w_cname w_cname_served(
        struct world *w, struct w_domain *d, unsigned slot, unsigned server, int64_t *ret_ttl);
bool w_dns_right(
        struct world *w, struct w_domain *d, unsigned slot); /* record at every answering server, and key */
void w_dns_changed(struct world *w, struct w_domain *d);
void w_dns_looked(struct world *w, struct w_zone *z, const char *name);    /* somebody asked for it */
int64_t w_longest_ttl(struct world *w, struct w_domain *d, unsigned slot); /* ms */
int64_t w_check_before(struct world *w, const struct w_domain *d); /* the latest check instant up to now */

/* mx.c */
struct w_task *w_mx_enable(struct world *w, struct w_domain *d, enum w_who who);
struct w_task *w_mx_disable(struct world *w, struct w_domain *d, enum w_who who);
void w_mx_ends(struct world *w, struct w_task *t, bool done);
void w_mx_checked(struct world *w, struct w_domain *d);
void w_mx_hand_over(struct world *w, struct w_domain *d);
void w_mx_move(struct world *w, struct w_domain *d);
void w_mx_first(struct world *w, struct w_domain *d, bool on);
bool w_mx_all_set(const struct w_domain *d);

/* zones (zone.c) */
extern const char *const w_field_types[];
extern const size_t w_field_types_n;
int w_field_type(const char *name); /* -1: unknown */
int w_field_wire(unsigned field);   /* the type in DNS */
struct w_zone *w_zone_new(struct world *w, const char *name, struct w_account *account);
struct w_zone *w_zone_find(const struct world *w, const char *name); /* longest match above or at a name */
const struct w_record *w_zone_add(struct world *w, struct w_zone *z, const char *sub, unsigned field,
        const char *target, int64_t ttl, bool by_api);
void w_zone_replace(
        struct world *w, struct w_zone *z, size_t i, const char *sub, const char *target, int64_t ttl);
void w_zone_remove(struct world *w, struct w_zone *z, size_t i);
void w_zone_refresh(struct world *w, struct w_zone *z, int64_t delay);
void w_zone_event(struct world *w, struct w_zone *z);
void w_zone_renumber(struct world *w, struct w_zone *z);
void w_zone_free(struct w_zone *z);
/* OVHcloud itself writes or removes the CNAME of a selector, and publishes it. */
void w_zone_point(struct world *w, struct w_domain *d, unsigned slot, bool overwrite);
void w_zone_unpoint(struct world *w, struct w_domain *d, unsigned slot);
const struct w_version *w_zone_served(const struct world *w, const struct w_zone *z, unsigned server);
void w_zone_sub(
        const struct w_zone *z, const char *name, char dst[W_NAME]); /* name within the zone, "" = apex */
void w_record_target(
        const struct w_zone *z, const struct w_record *r, char dst[W_NAME]); /* absolute, folded */
uint32_t w_record_ttl(const struct world *w, const struct w_zone *z, const struct w_record *r);
const struct w_value *w_zget(const struct world *w, const struct w_zone *z, enum w_switch sw);
unsigned w_zone_servers(const struct world *w, const struct w_zone *z);

/* the judge (judge.c) */
void w_blame(struct world *w, size_t change, int rule, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* accounts, services, domains (world.c, domain.c) */
struct w_account *w_account_of(struct world *w, const char *name, bool make);
struct w_service *w_service_of(const struct world *w, enum w_platform p, const char *org, const char *name);
struct w_domain *w_domain_in(const struct world *w, const struct w_service *s, const char *name);
const char *w_platform_word(enum w_platform p);
void w_uuid(char dst[40], uint64_t a);

#endif
