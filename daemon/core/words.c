/* The tables behind words.h. A row is added beside its enum value and never renamed: users' files and checks
 * depend on every one of them. */
#include "core/words.h"

#include <string.h>

#include "core/desired.h"
#include "core/external.h"

const char *words_text(const struct words *list, int value)
{
	if (value < 0 || value >= list->n || !list->words[value])
		return "unknown";
	return list->words[value];
}

int words_parse(const struct words *list, const char *text)
{
	for (int i = 0; i < list->n; i++)
		if (list->words[i] && strcmp(list->words[i], text) == 0)
			return i;
	return -1;
}

#define LIST(name, ...)                                                                                      \
	static const char *const name##_list[] = {__VA_ARGS__};                                              \
	const struct words words_##name = {name##_list, (int)(sizeof name##_list / sizeof name##_list[0])}

LIST(platform, [PLATFORM_EXCHANGE] = "exchange", [PLATFORM_EMAILPRO] = "emailpro",
        [PLATFORM_MXPLAN] = "mxplan", [PLATFORM_ZIMBRA] = "zimbra", [PLATFORM_EXTERNAL] = "external");
LIST(dns_mode, [DNS_OVH] = "ovh", [DNS_PLATFORM] = "platform", [DNS_MANUAL] = "manual",
        [DNS_RFC2136] = "rfc2136");
LIST(zimbra_api, [ZIMBRA_V1] = "v1", [ZIMBRA_V2] = "v2");
LIST(run_mode, [MODE_MANAGE] = "manage", [MODE_OBSERVE] = "observe");
LIST(signer_layout, [LAYOUT_OPENDKIM] = "opendkim", [LAYOUT_RSPAMD] = "rspamd");
LIST(key_kind, [KEY_RSA] = "rsa", [KEY_ED25519] = "ed25519", [KEY_BOTH] = "both");
LIST(record_kind, [RECORD_TXT] = "txt", [RECORD_DKIM] = "dkim", [RECORD_CNAME] = "cname");

bool platform_rotates(enum platform p)
{
	return p == PLATFORM_EXCHANGE || p == PLATFORM_EMAILPRO || p == PLATFORM_EXTERNAL;
}

const char *platform_word(enum platform p)
{
	return words_text(&words_platform, (int)p);
}
