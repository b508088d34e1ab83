/* Joining words, and bytes as hexadecimal digits; nothing else. */
#include "core/text.h"

#include <stdarg.h>
#include <string.h>

void text_join(char *dst, size_t n, ...)
{
	size_t at = 0;
	va_list ap;

	va_start(ap, n);
	for (const char *part = va_arg(ap, const char *); part != NULL; part = va_arg(ap, const char *)) {
		size_t len = strlen(part);

		if (len > n - 1 - at)
			len = n - 1 - at;
		memcpy(dst + at, part, len);
		at += len;
	}
	va_end(ap);
	dst[at] = '\0';
}

void text_hex(char *dst, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*dst++ = digits[bytes[i] >> 4];
		*dst++ = digits[bytes[i] & 15];
	}
	*dst = '\0';
}
