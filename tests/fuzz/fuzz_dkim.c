/* Any bytes as a TXT record's text, and what they hold as a key. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/dkimkey.h"
#include "core/dkim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dkim_key k, again;
	uint8_t digest[KEY_DIGEST];
	unsigned bits;

	memset(&k, 0xaa, sizeof(k));
	if (dkim_parse((const char *)data, size, &k) != DKIM_OK)
		return 0;
	if (k.len > DKIM_KEY_MAX || (k.revoked && k.len != 0))
		abort();
	if (dkim_parse((const char *)data, size, &again) != DKIM_OK || memcmp(&k, &again, sizeof(k)) != 0)
		abort();
	if (!k.revoked && dkimkey_bits(k.type, k.key, k.len, &bits) == 0 && bits == 0)
		abort();
	if (dkimkey_digest(k.key, k.len, digest) < 0)
		abort();
	return 0;
}
