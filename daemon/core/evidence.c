/* The small questions that plan() and gate() ask of evidence. It must never soften a verdict: what is not
 * SEEN_OK stays what it is. */
#include "core/evidence.h"

#include "base/util.h"
#include "core/words.h"

static const char *const seen_list[] = {
        [SEEN_UNKNOWN] = "unknown",
        [SEEN_OK] = "ok",
        [SEEN_MISSING] = "missing",
        [SEEN_PARTIAL] = "partial",
        [SEEN_WRONG] = "wrong",
        [SEEN_FLATTENED] = "flattened",
        [SEEN_REVOKED] = "revoked",
        [SEEN_WEAK] = "weak",
        [SEEN_BOGUS] = "bogus",
};
static const struct words words_seen = {seen_list, (int)ARRAY_SIZE(seen_list)};

int64_t evidence_longest_ttl(const struct evidence *e)
{
	const uint32_t ttls[] = {e->ttl_record, e->ttl_key, e->ttl_negative_zone, e->ttl_negative_target};
	uint32_t longest = 0;

	if (e->untimed)
		return EVIDENCE_UNTIMED;
	for (size_t i = 0; i < ARRAY_SIZE(ttls); i++)
		if (ttls[i] > longest)
			longest = ttls[i];
	return longest * MS_SECOND;
}

const char *seen_word(enum seen s)
{
	return words_text(&words_seen, (int)s);
}

const char *dnssec_word(enum dnssec d)
{
	static const char *const words[] = {
	        [DNSSEC_UNKNOWN] = "unknown",
	        [DNSSEC_SECURE] = "secure",
	        [DNSSEC_INSECURE] = "insecure",
	        [DNSSEC_BOGUS] = "bogus",
	};

	return words[d];
}
