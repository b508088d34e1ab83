/* How many key pairs an hour the key store makes on this disk, and how many domains it rotates: the key made, and the
 * signer's map changed, with DOMAINS in the map. Prints "rsa2048 N", "ed25519 N" (keys made an hour) and "rotated N".
 *
 *   keys FOLDER [MILLISECONDS [DOMAINS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "codec/keyring.h"
#include "io/keystore_ops.h"

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct keystore_files files;

static void must(enum keystore_op op, const struct external *x, const char *domain, const char *name)
{
	struct keystore_request q = {.op = op, .domain = domain, .external = x, .name = name, .now = 1};
	struct holding held = {.n = 0};
	char why[KEYSTORE_WHY];

	if (keystore_do(&files, &q, why, &held) != 0) {
		fprintf(stderr, "keys: %s\n", why);
		exit(1);
	}
	holding_clear(&held);
}

/* An hour's worth, each key for a domain of its own; with `mapped` the signer is pointed to it too. */
static double rate(const char *prefix, enum key_kind kind, double span, bool mapped)
{
	struct external x = {.signer = "opendkim", .key = kind, .bits = KEY_BITS_DEFAULT};
	double began = seconds(), took;
	unsigned n = 0;

	do {
		char domain[64];

		snprintf(domain, sizeof(domain), "%s%u.example", prefix, n++);
		must(KEYSTORE_MAKE, &x, domain, "k1");
		if (mapped)
			must(KEYSTORE_MAP, &x, domain, "k1");
	} while ((took = seconds() - began) < span);
	return n / took * 3600;
}

/* The maps of a site with many domains. */
static void fill_maps(unsigned domains)
{
	struct buf first = {0}, second = {0};

	buf_puts(&first, "# dkimrotd version 1\n");
	for (unsigned i = 0; i < domains; i++) {
		buf_printf(&first,
		        "m%u.example m%u.example:k1:/var/lib/dkimrotd/keys/private/m%u.example/k1.pem\n", i,
		        i, i);
		buf_printf(&second, "*@m%u.example m%u.example\n", i, i);
	}
	if (files.write(files.arg, "opendkim/KeyTable", first.data, first.len) != 0 ||
	        files.write(files.arg, "opendkim/SigningTable", second.data ? second.data : "", second.len) !=
	                0)
		exit(1);
	buf_free(&first);
	buf_free(&second);
}

int main(int argc, char **argv)
{
	char why[300] = "which folder?";

	if (argc < 2 || keystore_disk_open(&files, argv[1], why, sizeof(why)) < 0) {
		fprintf(stderr, "keys: %s\n", why);
		return 1;
	}
	double span = argc > 2 ? atof(argv[2]) / 1000 : 5;
	printf("rsa2048 %.0f\n", rate("r", KEY_RSA, span, false));
	printf("ed25519 %.0f\n", rate("e", KEY_ED25519, span, false));
	fill_maps(argc > 3 ? (unsigned)atoi(argv[3]) : 10000);
	printf("rotated %.0f\n", rate("x", KEY_RSA, span, true));
	keystore_disk_close(&files);
	return 0;
}
