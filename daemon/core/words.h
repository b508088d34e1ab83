/* The closed lists of words that files, the API and people share with us, as enum <-> text tables. A word
 * outside its list is never guessed at: the parsers say -1 and the caller decides. */
#ifndef DKIMROTD_CORE_WORDS_H
#define DKIMROTD_CORE_WORDS_H

#include <stddef.h>

/* A list of n words; words[i] is the text of enum value i, NULL where a value has none. */
struct words {
	const char *const *words;
	int n;
};

/* The text of a value, "unknown" when the list has none. */
const char *words_text(const struct words *list, int value);
/* The value of a text, compared exactly; -1 when it is not in the list. */
int words_parse(const struct words *list, const char *text);

/* enum platform, dns_mode, zimbra_api and run_mode of core/desired.h. */
extern const struct words words_platform, words_dns_mode, words_zimbra_api, words_run_mode;
/* enum signer_layout, key_kind and record_kind of core/external.h. */
extern const struct words words_signer_layout, words_key_kind, words_record_kind;

#endif
