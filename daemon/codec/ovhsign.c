/* The signature of API requests through OpenSSL. It must never keep a copy of a secret. */
#include "codec/ovhsign.h"

#include "base/util.h"
#include "core/text.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

int ovhsign_available(void)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	int ok = EVP_Q_digest(NULL, "SHA1", NULL, "", 0, digest, NULL);

	ERR_clear_error();
	return ok ? 0 : -ENOTSUP;
}

/* Looking the algorithm up costs more than to use it; so that is done once, and the program's end frees it. */
static const EVP_MD *sha1(void)
{
	static EVP_MD *found;

	if (!found)
		found = EVP_MD_fetch(NULL, "SHA1", NULL);
	return found;
}

static bool sha1_joined(
        unsigned char digest[EVP_MAX_MD_SIZE], unsigned *ret_n, const struct buf *parts, size_t n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx && sha1() && EVP_DigestInit_ex2(ctx, sha1(), NULL);

	for (size_t i = 0; ok && i < n; i++) {
		if (i > 0)
			ok = EVP_DigestUpdate(ctx, "+", 1);
		if (ok && parts[i].len > 0)
			ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len);
	}
	ok = ok && EVP_DigestFinal_ex(ctx, digest, ret_n);
	EVP_MD_CTX_free(ctx);
	return ok;
}

static struct buf view(const char *s)
{
	return (struct buf){.data = (char *)(uintptr_t)s, .len = strlen(s)};
}

void ovhsign(char dst[OVHSIGN_TEXT], const char *application_secret, const char *consumer_key,
        const char *method, const char *url, const char *body, size_t body_len, int64_t timestamp_s)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char at[24];

	str_format(at, sizeof(at), "%lld", (long long)timestamp_s);
	struct buf parts[] = {view(application_secret), view(consumer_key), view(method), view(url),
	        {.data = (char *)(uintptr_t)body, .len = body ? body_len : 0}, view(at)};

	if (!sha1_joined(digest, &n, parts, ARRAY_SIZE(parts)) || n != 20)
		abort();
	memcpy(dst, "$1$", 3);
	text_hex(dst + 3, digest, n);
}
