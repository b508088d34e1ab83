/* Percent-encoding, byte by byte. It must never let a reserved character of the text through. */
#include "codec/url.h"

#include <string.h>

void url_encode(struct buf *b, const char *text)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	while (*text) {
		size_t plain = strspn(text, unreserved);

		buf_add(b, text, plain);
		text += plain;
		if (*text)
			buf_printf(b, "%%%02X", (unsigned)(unsigned char)*text++);
	}
}

bool url_segment(struct buf *b, const char *text)
{
	if (str_eq(text, "") || str_eq(text, ".") || str_eq(text, "..")) {
		buf_puts(b, "%00");
		return false;
	}
	url_encode(b, text);
	return true;
}

void url_query(struct buf *b, const char *key, const char *value)
{
	buf_puts(b, b->len > 0 && memchr(b->data, '?', b->len) ? "&" : "?");
	url_encode(b, key);
	buf_puts(b, "=");
	url_encode(b, value);
}
