/* The witness: a file outside the state folder, where no backup of the state brings it back (/run: it is gone when the
 * host starts anew), that tells which state was written last and how far it had come. A state that nobody vouches for may
 * be older than what was done since; it must then take another identity, so that whoever asks can tell. */
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "io/store_db.h"

#define IDENTITY 32 /* hexadecimal digits */

static bool open_witness(struct store *s, const char *path)
{
	char *copy = xstrdup(path);

	(void)!mkdir(dirname(copy), 0750); /* it is there mostly; opening the file tells */
	free(copy);
	s->witness_path = xstrdup(path);
	s->witness_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return s->witness_fd >= 0;
}

/* "IDENTITY commits N" */
static bool vouches(const struct store *s, const char *identity)
{
	char line[IDENTITY + 40] = "", *end = line;

	if (identity == NULL || pread(s->witness_fd, line, sizeof(line) - 1, 0) <= 0)
		return false;
	if (strncmp(line, identity, IDENTITY) != 0 || !str_prefix(line + IDENTITY, " commits "))
		return false;
	long long seen = strtoll(line + IDENTITY + strlen(" commits "), &end, 10);
	return *end == '\n' && seen >= 0 && s->meta.commits >= seen;
}

static void take_another_identity(struct store *s)
{
	unsigned char bytes[IDENTITY / 2];
	char text[IDENTITY + 1];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort(); /* sixteen bytes always come */
	text_hex(text, bytes, sizeof(bytes));
	store_set_fact(s, STORE_IDENTITY, text);
}

bool store_witness(struct store *s, const char *path)
{
	char *identity = store_fact(s, STORE_IDENTITY);
	bool good = open_witness(s, path) && !s->behind && vouches(s, identity);

	free(identity);
	if (good)
		return true;
	take_another_identity(s);
	if (s->meta.domains > 0)
		store_tell_lost(s, "nobody vouches that the state is the newest there was (the host started "
		                   "anew, or an older copy came back): waits begin anew, and so do graces "
		                   "unless OVHcloud's lastUpdate shows that nothing happened; should it be "
		                   "older, a pause or an open breaker of the time since is forgotten");
	return false;
}

/* Of one length always, so that an older line never shows behind a newer one. What cannot be written vouches no more. */
void store_witness_note(struct store *s)
{
	char line[IDENTITY + 40];
	char *identity;

	if (s->witness_fd < 0)
		return;
	identity = store_fact(s, STORE_IDENTITY);
	str_format(line, sizeof(line), "%s commits %20lld\n", identity, (long long)s->meta.commits);
	free(identity);
	if (pwrite(s->witness_fd, line, strlen(line), 0) == (ssize_t)strlen(line))
		return;
	unlink(s->witness_path);
	close(s->witness_fd);
	s->witness_fd = -1;
}

void store_witness_close(struct store *s)
{
	if (s->witness_fd >= 0)
		close(s->witness_fd);
	free(s->witness_path);
}
