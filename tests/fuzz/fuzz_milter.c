/* Any bytes as what a mail signer sends back: packets one after the other, and steps written by what was negotiated. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/milter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct milter m = {0};
	size_t at = 0, texts = 0;

	for (;;) {
		char *rest =
		        malloc(size - at + 1); /* exactly what is left, so that a byte beyond is noticed */
		if (!rest)
			abort();
		memcpy(rest, data + at, size - at);
		struct milter_reply r = milter_read(&m, rest, size - at);
		if (r.kind == MILTER_ADD)
			texts += strlen(r.name) + strlen(r.value);
		bool over = r.kind == MILTER_MORE || r.kind == MILTER_BROKEN;
		free(rest);
		if (over)
			break;
		if (r.taken < 5 || r.taken > size - at)
			abort();
		at += r.taken;
	}
	if (texts > size)
		abort();
	for (enum milter_step s = MILTER_NEGOTIATE; s <= MILTER_QUIT; s++) {
		struct buf out = {0};
		bool answered = milter_write(&m, s, "text", "more", &out);

		if (answered && out.len < 5)
			abort();
		buf_free(&out);
	}
	return 0;
}
