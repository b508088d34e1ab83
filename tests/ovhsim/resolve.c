/* What a resolver in front of the world's name servers would say. It must never cache: a test that changes a
 * zone sees the change at once. */
#include "resolve.h"

#include <stdlib.h>
#include <string.h>

enum { TYPE_CNAME = 5, TYPE_SOA = 6, CHAIN_MAX = 8 };

static bool server_failed(const struct world_rrs *r)
{
	return r->rcode == WORLD_SILENT || r->rcode == WORLD_SERVFAIL || r->rcode == WORLD_REFUSED;
}

/* Asks server after server until one has an answer; the last failure when none has. */
static void ask_any(
        struct sim *s, unsigned first, unsigned servers, const char *name, int type, struct world_rrs *ret)
{
	for (unsigned i = 0; i < servers; i++) {
		world_dns(s->world, sim_now(s), (first + i) % servers, name, type, ret);
		if (!server_failed(ret) || i + 1 == servers)
			return;
		world_rrs_free(ret);
	}
}

/* A name that no server is responsible for does not exist: the root says so. */
static void no_such_name(struct world_rrs *ret)
{
	world_rrs_free(ret);
	*ret = (struct world_rrs){.rcode = WORLD_NXDOMAIN, .authoritative = true, .n_authority = 1};
	ret->authority[0] = (struct world_rr){.name = ".", .type = TYPE_SOA, .ttl = 60};
	ret->authority[0].data = strdup("a.root-servers.net nstld.verisign-grs.com 1 1800 900 604800 60");
}

/* Moves the answers of `more` behind those of `ret`; rcode and authority are the later one's (RFC 2308 2.1).
 */
static void append(struct world_rrs *ret, struct world_rrs *more)
{
	size_t room = sizeof(ret->answer) / sizeof(ret->answer[0]);

	ret->rcode = more->rcode;
	for (size_t i = 0; i < more->n_answer && ret->n_answer < room; i++) {
		ret->answer[ret->n_answer++] = more->answer[i];
		more->answer[i].data = NULL;
	}
	while (ret->n_authority)
		free(ret->authority[--ret->n_authority].data);
	for (; ret->n_authority < more->n_authority; ret->n_authority++)
		ret->authority[ret->n_authority] = more->authority[ret->n_authority];
	more->n_authority = 0;
	world_rrs_free(more);
}

/* The target of the alias the answer ends in, or NULL when it answers the question. */
static const char *open_end(const struct world_rrs *r, int type)
{
	const struct world_rr *last = r->n_answer ? &r->answer[r->n_answer - 1] : NULL;

	return last && last->type == TYPE_CNAME && type != TYPE_CNAME && r->rcode == WORLD_NOERROR
	               ? last->data
	               : NULL;
}

void resolve(
        struct sim *s, unsigned first, unsigned servers, const char *name, int type, struct world_rrs *ret)
{
	const char *target;

	ask_any(s, first, servers, name, type, ret);
	for (int i = 0; i < CHAIN_MAX && (target = open_end(ret, type)); i++) {
		struct world_rrs more; /* large: only what is read without an answer is set */

		more.rcode = WORLD_SERVFAIL;
		more.n_answer = more.n_authority = 0;
		ask_any(s, first, servers, target, type, &more);
		if (more.rcode == WORLD_REFUSED)
			no_such_name(&more);
		if (more.rcode == WORLD_SILENT)
			more.rcode = WORLD_SERVFAIL;
		if (!more.n_answer) {
			append(ret, &more);
			break;
		}
		append(ret, &more);
	}
	if (ret->rcode == WORLD_REFUSED)
		no_such_name(ret);
	if (ret->rcode == WORLD_SILENT)
		ret->rcode = WORLD_SERVFAIL;
}
