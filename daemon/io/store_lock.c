/* The lock file: it keeps a second daemon out, names the first, and remembers how many commits were durable. The last is
 * written without a sync, and what store_write added since is not in it: at most it is too low. A database that stands behind it
 * was replaced by an older one, or its log was damaged; it must never be taken for more than that. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "io/store_db.h"

/* "pid N commits M"; 0 for what cannot be read. */
static void read_lock(int fd, int64_t *ret_pid, int64_t *ret_commits)
{
	char line[64] = "", *end = line;
	int64_t pid = 0, commits = 0;

	*ret_pid = *ret_commits = 0;
	if (pread(fd, line, sizeof(line) - 1, 0) <= 0 || !str_prefix(line, "pid "))
		return;
	pid = strtoll(line + strlen("pid "), &end, 10);
	if (!str_prefix(end, " commits "))
		return;
	commits = strtoll(end + strlen(" commits "), &end, 10);
	if (*end != '\n' || pid < 0 || commits < 0)
		return;
	*ret_pid = pid;
	*ret_commits = commits;
}

void store_lock_note(const struct store *s, int64_t commits)
{
	char line[64];

	/* Of one length always, so that an older line never shows behind a newer one. */
	str_format(line, sizeof(line), "pid %10ld commits %20lld\n", (long)getpid(), (long long)commits);
	if (pwrite(s->lock_fd, line, strlen(line), 0) < 0)
		return; /* a full disk: then an older number stands there, which claims less */
}

int store_lock_take(struct store *s, int64_t *ret_pid, int64_t *ret_commits)
{
	char *path = xasprintf("%s/lock", s->dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = fd < 0 ? -errno : 0;

	free(path);
	if (r < 0)
		return r;
	s->lock_fd = fd;
	r = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
	read_lock(fd, ret_pid, ret_commits);
	if (r == 0)
		store_lock_note(s, *ret_commits);
	return r;
}
