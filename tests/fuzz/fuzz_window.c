/* A window's text up to a NUL byte, a time zone file behind it: sorted intervals that do not touch, or a reason. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/tz.h"
#include "codec/window.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_window(const char *text)
{
	struct windows *set = windows_new();
	char error[300];
	const struct window *w = windows_add(set, text, error, sizeof error);

	windows_expand(set, INT64_C(1795168800000), 40);
	for (size_t i = 0; w && i < w->n; i++)
		if (w->list[i].from >= w->list[i].to || (i > 0 && w->list[i].from <= w->list[i - 1].to) ||
		        w->list[i].from < w->from || w->list[i].to > w->to)
			abort();
	windows_free(set);
}

static void check_zone(const uint8_t *data, size_t size)
{
	struct tz *tz = NULL;
	int64_t until = 0;

	if (tz_parse(data, size, &tz) < 0)
		return;
	for (int i = 0, at = -1000000; i < 100; i++, at += 31000000) {
		tz_offset(tz, at, &until);
		if (until <= at)
			abort();
	}
	tz_free(tz);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	char *text = xstrndup(size ? (const char *)data : "", nul ? (size_t)(nul - data) : size);

	if (size)
		check_window(text);
	if (nul)
		check_zone(nul + 1, size - (size_t)(nul - data) - 1);
	free(text);
	return 0;
}
