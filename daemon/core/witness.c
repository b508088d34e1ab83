/* Weighing what the servers of a zone said. It must never take silence for a word, nor a minority for the
 * whole: too few answers are SEEN_UNKNOWN whatever they were. */
#include "core/witness.h"

#include <string.h>

#include "base/util.h"

/* What one server says, over all its addresses. */
enum stand { STAND_SILENT, STAND_RIGHT, STAND_MISSING, STAND_WRONG, STAND_SPLIT };

struct tally {
	unsigned right, missing, wrong, split, silent;
	const char *target;  /* of the first wrong CNAME, NULL = none */
	bool targets_differ; /* wrong CNAMEs, and not all to the same place */
	bool many;           /* two CNAMEs at one name */
	const char *why;     /* of the first silent server */
	char lacking[88];    /* names of the servers without the right CNAME */
	char mute[88];       /* names of the servers without a word */
};

/* Appends a server's name to a list that ends in "..." when there is no room left. */
static void names_add(char *dst, size_t n, const char *name)
{
	size_t len = strlen(dst), more = strlen(name);

	if (str_suffix(dst, "..."))
		return;
	if (len + more + 8 > n) {
		str_copy(dst + len, n - len, len ? ", ..." : "...");
		return;
	}
	if (len > 0) {
		memcpy(dst + len, ", ", 3);
		len += 2;
	}
	memcpy(dst + len, name, more + 1);
}

static enum stand witness_stand(const struct witness *w, const struct testimony *t)
{
	switch (w->said) {
	case SAID_NOTHING:
		return STAND_SILENT;
	case SAID_NO_DATA:
	case SAID_NO_NAME:
		return STAND_MISSING;
	case SAID_CNAMES:
		return STAND_WRONG;
	case SAID_CNAME:
		break;
	}
	return str_caseeq(w->target, t->expected) ? STAND_RIGHT : STAND_WRONG;
}

static void tally_wrong(struct tally *c, const struct witness *w)
{
	if (w->said == SAID_CNAMES) {
		c->many = true;
		return;
	}
	if (c->target && strcmp(c->target, w->target) != 0)
		c->targets_differ = true;
	if (!c->target)
		c->target = w->target;
}

/* One server: its addresses together. Two addresses that differ make it disagree with itself. */
static enum stand tally_server(struct tally *c, const struct testimony *t, unsigned server)
{
	enum stand all = STAND_SILENT;

	for (size_t i = 0; i < t->n; i++) {
		const struct witness *w = &t->list[i];
		if (w->server != server)
			continue;
		enum stand one = witness_stand(w, t);
		if (one == STAND_SILENT) {
			if (!c->why)
				c->why = w->why;
			continue;
		}
		if (one == STAND_WRONG)
			tally_wrong(c, w);
		all = all == STAND_SILENT || all == one ? one : STAND_SPLIT;
	}
	return all;
}

static void tally_take(struct tally *c, const struct testimony *t)
{
	for (unsigned s = 0; s < t->n_servers; s++) {
		enum stand stand = tally_server(c, t, s);

		c->silent += stand == STAND_SILENT;
		c->right += stand == STAND_RIGHT;
		c->missing += stand == STAND_MISSING;
		c->wrong += stand == STAND_WRONG;
		c->split += stand == STAND_SPLIT;
		if (stand == STAND_SILENT)
			names_add(c->mute, sizeof(c->mute), t->servers[s]);
		else if (stand != STAND_RIGHT)
			names_add(c->lacking, sizeof(c->lacking), t->servers[s]);
	}
}

/* A target entered without its final dot is completed with the zone's name by most zone editors. */
static bool is_relative_slip(const char *target, const struct testimony *t)
{
	size_t n = strlen(t->expected);

	if (strlen(target) != n + 1 + strlen(t->zone) || target[n] != '.' ||
	        !str_caseeq(target + n + 1, t->zone))
		return false;
	char head[256];
	memcpy(head, target, n);
	head[n] = '\0';
	return str_caseeq(head, t->expected);
}

static void say_wrong(struct evidence *e, const struct tally *c, const struct testimony *t)
{
	if (c->many)
		str_format(e->detail, sizeof(e->detail), "more than one %s stands at %s",
		        t->what ? t->what : "CNAME", t->record);
	else if (t->what && !str_eq(t->what, "CNAME"))
		str_format(e->detail, sizeof(e->detail), "another %s stands at %s (%.16s)", t->what,
		        t->record, c->target);
	else if (is_relative_slip(c->target, t))
		str_format(e->detail, sizeof(e->detail),
		        "the target was entered without its final dot: it leads to %s", c->target);
	else
		str_format(e->detail, sizeof(e->detail), "the CNAME leads to %s", c->target);
}

static void say_partial(struct evidence *e, const struct tally *c)
{
	if (c->wrong + c->split == 0)
		str_format(e->detail, sizeof(e->detail), "not visible at %u of %u servers of the zone (%s)",
		        c->missing, e->answered, c->lacking);
	else if (c->right > 0)
		str_format(e->detail, sizeof(e->detail), "otherwise at %u of %u servers of the zone (%s)",
		        e->answered - e->agreed, e->answered, c->lacking);
	else
		str_format(e->detail, sizeof(e->detail),
		        "the servers of the zone disagree, none is right (%s)", c->lacking);
}

static void say_unknown(struct evidence *e, const struct tally *c)
{
	char servers[STR_COUNT];

	if (e->servers == 0)
		str_format(e->detail, sizeof(e->detail), "the name servers of the zone could not be found");
	else
		str_format(e->detail, sizeof(e->detail), "%s%u of %s of the zone answered (%s: %s)",
		        e->answered ? "only " : "", e->answered, str_count(servers, e->servers, "server"),
		        c->mute, c->why ? c->why : "no address");
}

static void weigh_servers(struct evidence *e, const struct tally *c, const struct testimony *t)
{
	if (e->answered == 0 || 2 * e->answered < e->servers) {
		e->record = SEEN_UNKNOWN;
		say_unknown(e, c);
	} else if (c->right == e->answered) {
		e->record = SEEN_OK;
	} else if (c->missing == e->answered) {
		e->record = SEEN_MISSING;
		str_format(e->detail, sizeof(e->detail), "no %s stands at %s", t->what ? t->what : "CNAME",
		        t->record);
	} else if (c->wrong == e->answered && !c->targets_differ && !(c->many && c->target)) {
		e->record = SEEN_WRONG;
		say_wrong(e, c, t);
	} else {
		e->record = SEEN_PARTIAL;
		say_partial(e, c);
	}
}

static void hear_all(struct evidence *e, const struct testimony *t)
{
	static const struct witness nobody = {.said = SAID_NOTHING, .why = "no address"};

	for (unsigned s = 0; s < t->n_servers; s++) {
		bool any = false;

		for (size_t i = 0; i < t->n; i++)
			if (t->list[i].server == s) {
				evidence_hear(e, t->servers[s], &t->list[i], t->expected);
				any = true;
			}
		if (!any)
			evidence_hear(e, t->servers[s], &nobody, t->expected);
	}
}

void evidence_weigh(struct evidence *e, const struct testimony *t)
{
	struct tally c = {.right = 0};

	hear_all(e, t);

	tally_take(&c, t);
	e->servers = t->n_servers;
	e->answered = t->n_servers - c.silent;
	e->agreed = c.right;
	e->detail[0] = '\0';
	e->target[0] = '\0';
	e->ttl_record = 0;
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].said == SAID_CNAME && t->list[i].ttl > e->ttl_record)
			e->ttl_record = t->list[i].ttl;
	weigh_servers(e, &c, t);
	if (c.target)
		str_copy(e->target, sizeof(e->target), c.target);
	else if (c.right > 0)
		str_copy(e->target, sizeof(e->target), t->expected);
}

void evidence_flattened(struct evidence *e, const char *record)
{
	e->record = SEEN_FLATTENED;
	str_format(
	        e->detail, sizeof(e->detail), "a TXT record stands at %s where the CNAME should be", record);
}

void evidence_conclude(struct evidence *e, const char *key_detail, const char *bogus_detail)
{
	if (e->dnssec == DNSSEC_BOGUS) {
		e->state = SEEN_BOGUS;
		str_format(e->detail, sizeof(e->detail), "%s", bogus_detail);
	} else if (e->record != SEEN_OK) {
		e->state = e->record;
	} else {
		e->state = e->key;
		str_format(e->detail, sizeof(e->detail), "%s", e->key == SEEN_OK ? "" : key_detail);
	}
}
