/* The simulated OVHcloud: accounts, services, domains, selectors, tasks, zones, the DNS they serve, and a judge.
 * Pure: no socket, no clock, no thread; every call gets `now` (milliseconds since 1970 on OVHcloud's own clock),
 * and tasks advance lazily to it. The program ovhsim puts HTTP and DNS servers around it, the deterministic
 * simulation calls it directly. It shares no code with the daemon, on purpose. */
#ifndef OVHSIM_WORLD_H
#define OVHSIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;

struct world *world_new(uint64_t seed);
void world_free(struct world *w);

/* A switch by name, for everything that can go two ways (the list is world_switches). Returns 0, or -EINVAL for
 * an unknown name or value. A switch may be narrowed to one domain by "name@domain". */
int world_set(struct world *w, const char *name, const char *value);
struct world_switch {
	const char *name, *value, *help; /* value: the default */
};
const struct world_switch *world_switches(size_t *ret_n);

/* Makes a domain. platform: exchange | emailpro | mxplan | zimbra. service: for exchange "organization/service" or
 * one name for both; not looked at for mxplan; a UUID is a zimbra platform's id, another text makes one. A zone of
 * the same name (or `zone`, which must be the domain or above it) is made where there is none yet: in `account`, or
 * by dns "none" at nobody's (served, but not writable through the API), or by "account:NAME" in that account.
 * selectors: how many names dkimSelector reserves, 1 to 3. state: virgin | signing (all exist, the first signs,
 * records in place since ever) | ready (the same, none signs) | one (only the first exists, and signs). Returns
 * -EINVAL, or -EEXIST. Instants never go back: an earlier `now` counts as the latest one. */
int world_add_domain(struct world *w, int64_t now, const char *account, const char *platform,
        const char *service, const char *domain, const char *zone, const char *dns, unsigned selectors,
        const char *state);

struct world_request {
	const char *account; /* who asks, already authenticated by the shell */
	const char *method;  /* GET POST PUT DELETE */
	const char *
	        path; /* from the API's root, with the query: /1.0/..., /v1/..., /v2/... or without version */
	const char *body; /* NULL or JSON */
	size_t body_len;
	int page_size;           /* v2: X-Pagination-Size, 0 = not sent */
	const char *page_cursor; /* v2: X-Pagination-Cursor, NULL = not sent */
};
enum world_fault {    /* what the shell must do to the answer; the world has already decided and applied it */
	WORLD_ANSWER, /* send it */
	WORLD_RESET,  /* drop the connection: the change may or may not have been applied */
	WORLD_SLOW,   /* send it after delay_ms */
	WORLD_TRUNCATED, /* send half of the body, then drop */
};
struct world_answer {
	int status;
	enum world_fault fault;
	int64_t delay_ms;
	int retry_after; /* seconds, 0 = no such header */
	const char *content_type;
	char query_id[80];    /* X-OVH-QUERYID, "" = no such header */
	char next_cursor[64]; /* v2: X-Pagination-Cursor-Next, "" = no such header */
	char *body;           /* owned by the caller: free() */
	size_t body_len;
};
void world_request(struct world *w, int64_t now, const struct world_request *q, struct world_answer *ret);

/* DNS as one of the zone's name servers (server = 0..) serves it at `now`. The shell turns it into packets. */
enum world_rcode {
	WORLD_NOERROR = 0,
	WORLD_SERVFAIL = 2,
	WORLD_NXDOMAIN = 3,
	WORLD_REFUSED = 5,
	WORLD_SILENT = 100
};
struct world_rr {
	char name[256]; /* owner, no trailing dot */
	int type;       /* 1 A, 2 NS, 5 CNAME, 6 SOA, 15 MX, 16 TXT, 28 AAAA; others as in their text form */
	uint32_t ttl;
	char *data; /* text form: target without dot, MX "preference host", TXT joined, SOA "mname rname serial refresh retry expire minimum" */
};
struct world_rrs {
	enum world_rcode rcode;
	bool authoritative;
	struct world_rr answer[8], authority[4];
	size_t n_answer, n_authority;
};
void world_dns(
        struct world *w, int64_t now, unsigned server, const char *name, int type, struct world_rrs *ret);
/* No records yet; the room for them, some KB, is left as it is. */
void world_rrs_init(struct world_rrs *r, enum world_rcode rcode, bool authoritative);
void world_rrs_free(struct world_rrs *r);

/* The next instant at which anything changes by itself, or 0: lets a virtual clock leap. */
int64_t world_next_event(struct world *w);

/* What people do behind the daemon's back. what, SELECTOR being a name or 1, 2, 3 and optional where bracketed:
 * switch [SELECTOR] (the control panel enables another one), enable, disable [SELECTOR], delete SELECTOR,
 * create SELECTOR, new-target SELECTOR (OVHcloud gives it another key), foreign [signing] (a selector that dkimSelector does not name), remove-cname SELECTOR,
 * add-cname [SELECTOR], wrong-cname SELECTOR, record SUB TYPE TARGET (SUB @ is the apex), text-edit (all record ids
 * change), expire-service, renew-service, suspend, restore (the domain's state), revoke-credential,
 * grant-credential, clear-tasks (support ends what is stuck). domain may be "name:platform". DNS changes are served
 * publish_ms later. Returns -ENOENT no such domain, -EINVAL no such deed, -EBUSY not possible now. */
int world_person(struct world *w, int64_t now, const char *domain, const char *what);
/* A person revoked the account's credential: the shell must refuse it. */
bool world_revoked(const struct world *w, const char *account);

/* The judge. Every changing request it was asked for, in order, with its verdict: by the world's truth at that moment,
 * by what readings and looks could show (judge_slack_ms), and for rule 1 at the end of its task too, so that `broken`
 * may appear later. It knows rules 1, 2, 3, 4, 6, 8, 10, 11, 14 and 15; the switches judge_* say what it cannot see:
 * the grace, what a person ordered, what may not be touched. */
struct world_change {
	int64_t at;
	const char *domain, *selector, *method, *path; /* borrowed from the world */
	int status;      /* what was answered; 0 when the connection was dropped instead */
	bool applied;    /* it changed, or started to change, something; whatever was answered */
	int broken;      /* safety rule broken by the request, 0 = none */
	const char *why; /* in words, "" = fine */
};
size_t world_changes(const struct world *w);
const struct world_change *world_change(const struct world *w, size_t i);
size_t world_broken(const struct world *w); /* number of changes with broken != 0 */
/* Truth about a domain for tests: the names of selectors that sign now (comma separated), "" = none. */
const char *world_signing(struct world *w, int64_t now, const char *domain);
/* Everything about a domain or all of them (domain NULL) as JSON, for the shell's /_sim pages; free(). */
char *world_dump(struct world *w, int64_t now, const char *domain);
/* Requests as JSON: total (without auth), by kind ("auth", "domain", "dkim", "zone", ...), by account with the most
 * within any 60 s, by domain (the requests for its zone too, where the zone has no other domain); free(). */
char *world_counts(const struct world *w);
uint64_t world_requests(const struct world *w, const char *domain);
size_t world_busiest_minute(const struct world *w, const char *account);

#endif
