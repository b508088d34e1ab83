/* Files named on the command line. In a pipeline they belong to nobody's daemon, so that owner and mode do not matter. */
#include "ctl/read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "io/files.h"

/* Reads what is behind a descriptor: at most FILES_SIZE_MAX. 0 or negative errno. */
static int read_all(int fd, struct buf *ret)
{
	char part[65536];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (ret->len + (size_t)n > FILES_SIZE_MAX)
			return -EFBIG;
		buf_add(ret, part, (size_t)n);
	}
	return 0;
}

bool read_whole(const char *path, struct buf *ret, struct diags *d)
{
	bool standard = str_eq(path, "-");
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = fd < 0 ? -errno : read_all(fd, ret);

	if (fd >= 0 && !standard)
		close(fd);
	if (r == 0)
		return true;
	diag_add(d, path, 0, 0, r == -EFBIG ? "it is larger than 16 MiB" : "it cannot be read: %s",
	        strerror(-r));
	buf_free(ret);
	return false;
}
