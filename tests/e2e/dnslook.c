/* One look through io/dns.h from the command line, for tests against real DNS servers: prints the evidence, one
 * "name=value" a line. It judges nothing.
 *
 * dnslook [-r RESOLVER]... [-p PORT] [-t ANCHOR] [-T MS] [-n] RECORD TARGET ZONE      (-n: authoritative: false) */
#include "io/dns.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/loop.h"

static void print(void *arg, const struct evidence *e)
{
	struct heard h;

	printf("state=%s\nrecord=%s\nkey=%s\nserved_key=%s\nrecursive=%s\n", seen_word(e->state),
	        seen_word(e->record), seen_word(e->key), seen_word(e->served_key), seen_word(e->recursive));
	printf("target=%s\nbits=%u\ntest_mode=%d\nstrict=%d\ndnssec=%s\n", e->target, e->key_bits,
	        e->test_mode, e->strict, dnssec_word(e->dnssec));
	printf("servers=%u\nanswered=%u\nagreed=%u\n", e->servers, e->answered, e->agreed);
	printf("ttl_record=%u\nttl_key=%u\nttl_negative_zone=%u\nttl_negative_target=%u\n", e->ttl_record,
	        e->ttl_key, e->ttl_negative_zone, e->ttl_negative_target);
	printf("digest=");
	for (unsigned i = 0; e->has_digest && i < KEY_DIGEST; i++)
		printf("%02x", e->digest[i]);
	printf("\ndetail=%s\n", e->detail);
	/* the time an answer took is the one thing that is never the same */
	for (const char *at = e->heard; heard_next(&at, &h);)
		printf("heard=%s %s %u %s %s\n", h.server, h.address, h.ttl, h.said, h.about);
	loop_stop(arg);
}

int main(int argc, char **argv)
{
	const char *resolvers[8] = {NULL}, *error = NULL;
	struct dns_options o = {.resolvers = resolvers, .authoritative = true};
	int c, n = 0;

	while ((c = getopt(argc, argv, "r:p:t:T:n")) != -1) {
		if (c == 'r' && n < 7)
			resolvers[n++] = optarg;
		else if (c == 'p')
			o.authoritative_port = (uint16_t)strtoul(optarg, NULL, 10);
		else if (c == 't')
			o.trust_anchor = optarg;
		else if (c == 'T')
			o.timeout_ms = strtol(optarg, NULL, 10);
		else if (c == 'n')
			o.authoritative = false;
		else
			return 2;
	}
	if (argc - optind != 3)
		return 2;
	struct loop *l = loop_new();
	struct dns *d = dns_new(l, &o, &error);
	if (!d) {
		fprintf(stderr, "%s\n", error);
		loop_free(l);
		return 1;
	}
	const struct dns_question q = {
	        .record = argv[optind], .target = argv[optind + 1], .zone = argv[optind + 2]};
	dns_look(d, &q, print, l);
	loop_run(l);
	dns_free(d);
	loop_free(l);
	return 0;
}
