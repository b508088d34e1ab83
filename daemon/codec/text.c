/* Checks that a file is a text. It must never repair one: what a person did not write is not guessed at. */
#include "codec/text.h"

#include <string.h>

#include "base/util.h"

/* A line break of YAML 1.1 at s: its length in bytes, 0 when it is none. */
static size_t break_length(const char *s, size_t n)
{
	if (s[0] == '\r')
		return n > 1 && s[1] == '\n' ? 2 : 1;
	if (s[0] == '\n')
		return 1;
	if (n > 1 && memcmp(s, "\xc2\x85", 2) == 0)
		return 2;
	if (n > 2 && (memcmp(s, "\xe2\x80\xa8", 3) == 0 || memcmp(s, "\xe2\x80\xa9", 3) == 0))
		return 3;
	return 0;
}

/* The characters that YAML 1.1 allows in a file (5.1, c-printable). */
static bool is_allowed(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7e) || c == 0x85 ||
	       (c >= 0xa0 && c <= 0xfffd && c != 0xfeff) || c >= 0x10000;
}

bool text_check(const char *text, size_t len, const char *file, struct diags *d)
{
	int line = 1, column = 1;

	for (size_t i = 0, step; i < len; i += step) {
		unsigned char c = (unsigned char)text[i];
		uint32_t code = c;

		step = break_length(text + i, len - i);
		if (step > 0) {
			line++;
			column = 1;
			continue;
		}
		step = c < 0x80 ? 1 : utf8_next(text + i, len - i, &code);
		if (step == 0) {
			diag_add(d, file, line, column, "the byte 0x%02x is not valid UTF-8 here", c);
			return false;
		}
		if (!is_allowed(code)) {
			if (code == 0)
				diag_add(d, file, line, column, "a NUL byte: this is not a text file");
			else
				diag_add(d, file, line, column, "the control character U+%04X is not allowed",
				        (unsigned)code);
			return false;
		}
		column++;
	}
	return true;
}
