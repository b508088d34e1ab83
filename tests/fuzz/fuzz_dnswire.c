/* Any bytes as a DNS message: everything that io/dns asks of an answer is asked of it, and what can be said twice
 * must be the same twice. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/dnswire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name that was read can be written, read again, and is the same. */
static void check_name(const struct dnswire_name *n)
{
	char text[DNSWIRE_NAME_TEXT];
	struct dnswire_name again;

	if (n->len == 0 || !dnswire_name_text(n, text, sizeof(text)) || dnswire_name_read(text, &again) < 0 ||
	        !dnswire_name_eq(n, &again) || !dnswire_name_within(n, n))
		abort();
}

static void check_record(const struct dnswire *m, const struct dnswire_record *r)
{
	struct dnswire_name name;
	uint32_t minimum;
	char *text;
	size_t len;

	check_name(&r->owner);
	if (r->data_at > m->n || r->data_len > m->n - r->data_at || r->ttl > INT32_MAX)
		abort();
	if (dnswire_record_name(m, r, &name) == 0)
		check_name(&name);
	dnswire_record_minimum(m, r, &minimum);
	if (dnswire_record_text(m, r, &text, &len) == 0) {
		if (len >= r->data_len)
			abort();
		free(text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = {DNS_TYPE_A, DNS_TYPE_NS, DNS_TYPE_CNAME, DNS_TYPE_SOA, DNS_TYPE_TXT};
	struct dnswire m;
	struct dnswire_walk w = {0};
	struct dnswire_record r;
	struct dnswire_name zone;
	struct dnswire_found f;
	uint32_t ttl;
	unsigned n = 0;

	if (dnswire_read(data, size, &m) < 0)
		return 0;
	while (dnswire_next(&m, &w, &r)) {
		check_record(&m, &r);
		n++;
	}
	if (n != m.counts[0] + m.counts[1] + m.counts[2])
		abort();
	if (dnswire_negative(&m, &zone, &ttl))
		check_name(&zone);
	for (size_t i = 0; m.asked && i < sizeof(types) / sizeof(types[0]); i++) {
		dnswire_find(&m, &m.name, types[i], &f);
		check_name(&f.end);
		if (f.n > 0 && (f.first.type != types[i] || !dnswire_name_eq(&f.first.owner, &f.end)))
			abort();
	}
	return 0;
}
