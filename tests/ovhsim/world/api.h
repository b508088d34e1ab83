/* One request on its way through the world: how it was matched, whom it concerns, and what is answered. For
 * the files that hold the paths of the API; they change the world only through model.h. */
#ifndef OVHSIM_API_H
#define OVHSIM_API_H

#include "model.h"

#define W_SEGMENTS 14
#define W_PARAMS   8

enum w_count { /* what a request is counted as */
	W_N_AUTH,
	W_N_LIST,
	W_N_DOMAIN,
	W_N_SELECTORS,
	W_N_DKIM,
	W_N_SELECTOR,
	W_N_TASK,
	W_N_MX,
	W_N_ZIMBRA,
	W_N_ZONE,
	W_N_RECORD,
	W_N_CHANGE,
	W_N_UNKNOWN,
	W_N_COUNT
};
enum w_act { /* what a changing request asks for, as the judge sees it */
	W_ACT_NONE,
	W_ACT_CREATE,
	W_ACT_ENABLE,
	W_ACT_DISABLE,
	W_ACT_DELETE,
	W_ACT_MX_ENABLE,
	W_ACT_MX_DISABLE,
	W_ACT_ZIMBRA,
	W_ACT_REC_POST,
	W_ACT_REC_PUT,
	W_ACT_REC_DELETE,
	W_ACT_REFRESH
};

struct w_call;
struct w_route {
	const char *method, *pattern; /* {org} {svc} {dom} {sel} {zone} {pid} {did} {id} */
	void (*handle)(struct w_call *c);
	uint8_t platform, count, act;
	bool v2;
};
extern const struct w_route w_routes[];
extern const size_t w_routes_n;

struct w_call {
	struct world *w;
	const struct world_request *q;
	const struct w_route *route;
	char text[2048]; /* the path, cut into its parts */
	char *seg[W_SEGMENTS];
	unsigned n_seg;
	struct {
		char *key, *value;
	} param[W_PARAMS];
	unsigned n_param;
	struct w_account *account;
	struct w_service *service;
	struct w_domain *domain;
	struct w_zone *zone;
	int record; /* index into the zone's edited records, -1: none */
	const char *org, *svc, *dom, *sel, *zone_name, *pid, *did;
	int64_t id;
	int slot;            /* of sel, -1: no such name */
	struct w_json *body; /* NULL: none */
	struct w_buf out;
	int status;
	bool applied;
	struct w_selector *shown; /* whose state the answer tells */
	size_t change;            /* index + 1 into the log, 0: not a change */
	char cursor[64];          /* of the next page */
};

/* Refuses: an error body in the generation of the day. class e.g. "Client::NotFound"; code: the old
 * generation's, or NULL. */
void w_refuse(struct w_call *c, int status, const char *class, const char *code, const char *fmt, ...)
        __attribute__((format(printf, 5, 6)));
void w_refuse_missing(struct w_call *c, const char *what, const char *name); /* 404 of an object */
void w_refuse_route(struct w_call *c);
void w_refuse_by(struct w_call *c, const struct w_value *word, const char *text); /* "400" or "409" */
void w_refuse_type(struct w_call *c, const char *field, const char *type);
const char *w_param(const struct w_call *c, const char *key); /* NULL: absent */

/* Body fields. They return false after having refused. A missing optional field leaves ret as it was. */
bool w_body_known(
        struct w_call *c, const char *const *names); /* no other fields than these, NULL-terminated */
bool w_body_none(struct w_call *c);                  /* the route takes no body */
bool w_body_text(struct w_call *c, const char *key, bool required, const char **ret);
bool w_body_bool(struct w_call *c, const struct w_json *object, const char *key, bool *ret);
bool w_body_int(struct w_call *c, const char *key, int64_t *ret);

void w_extra(struct w_call *c, const char *key); /* a field that no schema names, when the switch is on */
void w_void(struct w_call *c);                   /* 200 with null, and applied */

void w_limit(struct w_call *c, struct world_answer *ret);        /* 429 */
bool w_fault_before(struct w_call *c, struct world_answer *ret); /* true: answered, nothing may be applied */
void w_fault_after(struct w_call *c, struct world_answer *ret);
bool w_fault(
        struct w_call *c, enum w_switch sw); /* a draw for this request, narrowed to its domain or zone */
void w_judge(struct w_call *c);
void w_judge_record(struct w_call *c);
void w_log(struct w_call *c);
void w_write_task(struct w_call *c, const struct w_task *t); /* exchange and emailpro */

/* Handlers, by file. */
void w_get_time(struct w_call *c);
void w_get_orgs(struct w_call *c);
void w_get_org(struct w_call *c);
void w_get_services(struct w_call *c);
void w_get_service(struct w_call *c);
void w_get_domains(struct w_call *c);
void w_get_domain(struct w_call *c);
void w_get_reserved(struct w_call *c);
void w_get_dkims(struct w_call *c);
void w_post_dkim(struct w_call *c);
void w_get_dkim(struct w_call *c);
void w_delete_dkim(struct w_call *c);
void w_enable_dkim(struct w_call *c);
void w_disable_dkim(struct w_call *c);
void w_get_tasks(struct w_call *c);
void w_get_task(struct w_call *c);
void w_get_mx_domains(struct w_call *c);
void w_get_mx_domain(struct w_call *c);
void w_get_mx_dkim(struct w_call *c);
void w_put_mx_enable(struct w_call *c);
void w_put_mx_disable(struct w_call *c);
void w_get_mx_tasks(struct w_call *c);
void w_get_mx_task(struct w_call *c);
void w_get_platforms(struct w_call *c);
void w_get_platform(struct w_call *c);
void w_get_zimbra_domains(struct w_call *c);
void w_get_zimbra_domain(struct w_call *c);
void w_put_zimbra_domain(struct w_call *c);
void w_post_diagnostic(struct w_call *c);
void w_get_zimbra_tasks(struct w_call *c);
void w_get_zones(struct w_call *c);
void w_get_zone(struct w_call *c);
void w_get_zone_status(struct w_call *c);
void w_get_zone_soa(struct w_call *c);
void w_get_zone_tasks(struct w_call *c);
void w_get_records(struct w_call *c);
void w_get_record(struct w_call *c);
void w_post_record(struct w_call *c);
void w_put_record(struct w_call *c);
void w_delete_record(struct w_call *c);
void w_post_refresh(struct w_call *c);

#endif
