/* How many intents a second the store makes durable on this disk: one a commit, and as many as a busy turn of the loop
 * gathers. Prints "commits_1 N" and "commits_32 N".
 *
 *   commits FOLDER [MILLISECONDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "core/record.h"
#include "io/store.h"

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Saves and commits `batch` records at a time. A record with one selector and its intent, as a change leaves. */
static double rate(struct store *s, unsigned batch, double span)
{
	double began = seconds(), took;
	unsigned n = 0;

	do {
		for (unsigned i = 0; i < batch; i++, n++) {
			char domain[64];
			struct store_key k = {.account = "default",
			        .platform = "exchange",
			        .service = "svc",
			        .organization = "",
			        .domain = domain};
			struct record *r = xcalloc(1, sizeof(*r));

			snprintf(domain, sizeof(domain), "d%u.example", n % 1000);
			if (store_load(s, &k, r) != 0)
				record_init(r);
			r->n = 1;
			str_copy(r->sel[0].name, sizeof(r->sel[0].name), "ovhex1-selector1");
			r->intent[0] = (struct intent){.action = ACTION_ENABLE, .at = n + 1};
			str_copy(r->intent[0].selector, sizeof(r->intent[0].selector), "ovhex1-selector1");
			store_save(s, &k, r);
			free(r);
		}
		if (store_commit(s) != 0)
			return -1;
	} while ((took = seconds() - began) < span);
	return n / took;
}

int main(int argc, char **argv)
{
	char error[400];
	struct store *s;

	if (argc < 2 || (s = store_open(argv[1], false, error, sizeof(error))) == NULL) {
		fprintf(stderr, "commits: %s\n", argc < 2 ? "which folder?" : error);
		return 1;
	}
	double span = argc > 2 ? atof(argv[2]) / 1000 : 2;
	printf("commits_1 %.0f\n", rate(s, 1, span));
	printf("commits_32 %.0f\n", rate(s, 32, span));
	store_close(s);
	return 0;
}
