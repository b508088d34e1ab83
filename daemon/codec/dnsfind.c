/* What the answer section of a message says of one name: the CNAME chain and what stands at its end, and the
 * SOA of a negative answer. It must never use a record whose owner is not on the chain, whatever else a
 * server sends. */
#include "codec/dnswire.h"

#define CLASS_IN 1
#define HOPS_MAX 16

/* Counts the records of one type at one owner in the answer section and keeps the first. */
static unsigned answer_count(const struct dnswire *m, const struct dnswire_name *owner, uint16_t type,
        struct dnswire_record *ret_first, uint32_t *ret_ttl)
{
	struct dnswire_walk w = {0};
	struct dnswire_record r;
	unsigned n = 0;

	while (dnswire_next(m, &w, &r)) {
		if (r.section != DNSWIRE_ANSWER || r.type != type || r.klass != CLASS_IN ||
		        !dnswire_name_eq(&r.owner, owner))
			continue;
		if (n++ == 0)
			*ret_first = r;
		if (r.ttl > *ret_ttl)
			*ret_ttl = r.ttl;
	}
	return n;
}

void dnswire_find(
        const struct dnswire *m, const struct dnswire_name *name, uint16_t type, struct dnswire_found *ret)
{
	struct dnswire_found f = {.end = *name};
	struct dnswire_record cname;

	for (unsigned hops = 0;; hops++) {
		f.n = answer_count(m, &f.end, type, &f.first, &f.ttl);
		if (f.n > 0 || type == DNS_TYPE_CNAME ||
		        answer_count(m, &f.end, DNS_TYPE_CNAME, &cname, &f.ttl) == 0)
			break;
		if (hops == HOPS_MAX) {
			f.loop = true;
			break;
		}
		if (dnswire_record_name(m, &cname, &f.end) < 0)
			break;
	}
	*ret = f;
}

bool dnswire_negative(const struct dnswire *m, struct dnswire_name *ret_zone, uint32_t *ret_ttl)
{
	struct dnswire_walk w = {0};
	struct dnswire_record r;
	uint32_t minimum;

	while (dnswire_next(m, &w, &r)) {
		if (r.section != DNSWIRE_AUTHORITY || r.type != DNS_TYPE_SOA || r.klass != CLASS_IN)
			continue;
		if (dnswire_record_minimum(m, &r, &minimum) < 0)
			continue;
		*ret_zone = r.owner;
		*ret_ttl = r.ttl < minimum ? r.ttl : minimum;
		return true;
	}
	return false;
}
