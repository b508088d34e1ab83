/* Domain names as people write them, as the DNS and the API want them: A-labels in lower case (IDNA 2008 with the
 * mapping of UTS 46, non-transitional, as registries and browsers do). libidn2 lives in idna.c alone. */
#ifndef DKIMROTD_CODEC_IDNA_H
#define DKIMROTD_CODEC_IDNA_H

#include <stdbool.h>

#include "core/dname.h"

/* The e-mail domain or zone in `text` (UTF-8, any case, one dot at the end allowed). NULL and dst filled, or what is
 * wrong with it, as the end of a sentence that begins with the name; dst is then untouched. */
const char *idna_domain(char dst[DNAME_TEXT], const char *text);

/* Likewise NAME or NAME:PLATFORM as a person asks for it. What is no domain's name stays as it is: nothing will be found
 * under it. The result is text itself or dst. */
#define IDNA_ASKED (DNAME_TEXT + 16)
const char *idna_asked(char dst[IDNA_ASKED], const char *text);

#endif
