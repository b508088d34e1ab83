/* The remedy of a reason by its word, for people. */
#include "ctl/advice.h"

#include "base/util.h"
#include "core/diagnose.h"

const char *advice(const char *reason, const char *phase)
{
	for (int i = 0; i < REASON_COUNT; i++)
		if (reason_remedy((enum reason)i) && str_eq(reason_word((enum reason)i), reason))
			return reason_remedy((enum reason)i);
	if (str_eq(phase, "grace"))
		return reason_remedy(REASON_OLD_KEY_IN_GRACE);
	return "Nothing needs to be done.";
}
