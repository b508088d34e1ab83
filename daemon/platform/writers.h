/* The writers, and what they share. For daemon/platform only. */
#ifndef DKIMROTD_PLATFORM_WRITERS_H
#define DKIMROTD_PLATFORM_WRITERS_H

#include "platform/writer.h"

extern const struct writer writer_ovh;     /* zone.c */
extern const struct writer writer_rfc2136; /* update.c */

/* The present item has its verdict. The text is cleaned. */
void writer_end(struct write_job *w, enum write_verdict verdict, enum trouble t, const char *text);
/* So have all that were made, and the job is over. */
void writer_published(struct write_job *w, enum write_verdict verdict, enum trouble t, const char *text,
        const char *query_id);

#endif
