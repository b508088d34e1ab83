/* The zone job told as stories: a script of requests and answers, and what must come of it. Shared by its tests. */
#ifndef TESTS_ZONE_STORIES_H
#define TESTS_ZONE_STORIES_H

#include "drive.h"

#define Z      "/domain/zone/mydomain.ovh"
#define NAME   "ovhex1-selector1._domainkey.mydomain.ovh"
#define SUB    "ovhex1-selector1._domainkey"
#define TARGET "ovhex1-selector1._domainkey.1675.ac.dkim.mail.ovh.net"
#define OLD    "ovhex1-selector1._domainkey.1500.ab.dkim.mail.ovh.net"
#define LIST   "GET " Z "/record?subDomain=" SUB
#define REC(id, sub, type, target)                                                                           \
	"{\"id\":" id ",\"zone\":\"mydomain.ovh\",\"subDomain\":\"" sub "\",\"fieldType\":\"" type           \
	"\",\"target\":\"" target "\",\"ttl\":0,\"extra\":null}"
#define RIGHT(id) REC(id, SUB, "CNAME", TARGET ".")
#define WRONG(id) REC(id, SUB, "CNAME", OLD ".")
#define GET(id)   "GET " Z "/record/" id
#define POST                                                                                                 \
	"POST " Z "/record {\"fieldType\":\"CNAME\",\"subDomain\":\"" SUB "\",\"target\":\"" TARGET          \
	".\",\"ttl\":0}"
#define PUT(id) "PUT " Z "/record/" id " {\"subDomain\":\"" SUB "\",\"target\":\"" TARGET ".\",\"ttl\":0}"
#define REFRESH "POST " Z "/refresh"
#define BIG     "5237159752000000001"

/* Runs a job through the whole script. What the gate was told of each changing request is gathered in `asked`. */
static inline const struct write_item *run(
        const struct rr *rr, const struct turn *script, char *asked, size_t n)
{
	static struct write_job w;
	struct write_request q;

	assert_int_equal(write_begin(&w, DNS_OVH, "mydomain.ovh", 0), 0);
	assert_int_equal(write_add(&w, rr), 0);
	asked[0] = '\0';
	while (write_next(&w, &q)) {
		assert_int_equal(q.via, VIA_API);
		turn_check(script, &q.api);
		assert_int_equal(q.changes, strcmp(q.api.method, "GET") != 0);
		if (q.changes) {
			size_t len = strlen(asked);

			str_format(asked + len, n - len, "%s%s%s",
			        w.removes || str_eq(q.api.method, "DELETE") ? "-"
			        : w.refreshes                               ? "!"
			                                                    : "+",
			        w.old[0] == '\0'                                      ? ""
			        : rr_same_data(w.old_type, w.old, rr->type, rr->data) ? "right"
			                                                              : "old",
			        script[1].request ? " " : "");
			assert_false(w.removes && !rr_same_data(w.old_type, w.old, rr->type, rr->data));
		}
		struct api_answer a = turn_answer(script++, NOW);
		write_feed(&w, &(struct write_answer){.api = &a});
	}
	if (script->request)
		fail_msg("the job ended before %s: %s", script->request, w.items[0].text);
	assert_true(w.over);
	return &w.items[0];
}

struct story {
	const char *title;
	struct turn script[16];
	enum write_verdict verdict;
	bool changed;
	const char *asked; /* + creates or updates, - removes, ! refreshes; with what stood there */
	const char *text;
};

static inline void tell_story(const struct story *s, const struct rr *rr)
{
	char asked[200];
	const struct write_item *x = run(rr, s->script, asked, sizeof asked);

	if (x->verdict != s->verdict || x->changed != s->changed || !str_eq(asked, s->asked) ||
	        !strstr(x->text, s->text))
		fail_msg("%s: verdict %d, changed %d, asked \"%s\", text \"%s\"", s->title, (int)x->verdict,
		        x->changed, asked, x->text);
	assert_int_equal(x->verdict == WRITE_TROUBLE, x->trouble != TROUBLE_NONE);
	assert_int_equal(x->verdict == WRITE_TROUBLE, x->query_id[0] != '\0');
}

#endif
