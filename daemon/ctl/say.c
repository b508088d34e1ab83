/* What dkimrotctl says on stderr: one clean line. */
#include <stdarg.h>
#include <stdio.h>

#include "base/util.h"
#include "ctl/ctl.h"

void ctl_say(const char *fmt, ...)
{
	char raw[2000], clean[STR_CLEAN_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	fprintf(stderr, "dkimrotctl: %s\n", str_clean(clean, sizeof(clean), raw));
}
