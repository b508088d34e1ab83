/* International domain names. It must never let a name through that the DNS or the API would read as another. */
#include "codec/idna.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Most names are plain, and need no library; "xn--" does: not every such label is one. */
static bool needs_library(const char *text)
{
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p >= 0x80)
			return true;
		if ((p == text || p[-1] == '.') && (p[0] == 'x' || p[0] == 'X') &&
		        (p[1] == 'n' || p[1] == 'N') && p[2] == '-' && p[3] == '-')
			return true;
	}
	return false;
}

/* What people write by mistake, told in their words. */
static const char *common_mistake(const char *text)
{
	if (!*text)
		return "is empty";
	if (strlen(text) > 1000)
		return "is longer than 253 bytes";
	if (strstr(text, "://") || strchr(text, '/'))
		return "is a URL or a path, not a domain";
	if (strchr(text, '@'))
		return "is an address: write only what stands after the @";
	if (strchr(text, '*'))
		return "is a wildcard: write out each domain";
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return "has white space or a control character in it";
	return NULL;
}

const char *idna_domain(char dst[DNAME_TEXT], const char *text)
{
	const char *why = common_mistake(text);
	char name[DNAME_TEXT];
	char *ascii = NULL;

	if (why)
		return why;
	if (needs_library(text)) {
		int r = idn2_to_ascii_8z(
		        text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);

		if (r == IDN2_MALLOC)
			out_of_memory();
		if (r != IDN2_OK)
			return r == IDN2_TOO_BIG_DOMAIN || r == IDN2_TOO_BIG_LABEL
			               ? "is too long for the DNS"
			               : "is not a valid international domain name";
		text = ascii;
	}
	bool fits = dname_lower(name, sizeof name, text);
	idn2_free(ascii);
	if (!fits)
		return "is empty or longer than 253 bytes";
	if (!strchr(name, '.'))
		return "has only one label";
	if (!dname_valid_host(name))
		return "is not a domain name (labels of letters, digits and hyphens, 1 to 63 bytes each, the "
		       "last not a number)";
	memcpy(dst, name, strlen(name) + 1);
	return NULL;
}

const char *idna_asked(char dst[IDNA_ASKED], const char *text)
{
	size_t n = strcspn(text, ":");
	char *copy = xstrndup(text, n), name[DNAME_TEXT];
	const char *why = idna_domain(name, copy);

	free(copy);
	if (why || strlen(name) + strlen(text + n) >= IDNA_ASKED)
		return text;
	str_format(dst, IDNA_ASKED, "%s%s", name, text + n);
	return dst;
}
