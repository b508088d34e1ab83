/* The key store's files on the disk. It must never leave half a file under its name, follow a link that somebody put in the
 * way, or make a file that others than the signers' group may read. */
#include "io/keystore_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE   0640 /* the folder's group, the signers', is the file's: the folder is setgid */
#define FOLDER_MODE 0750
#define FILE_MOST   ((size_t)64 * 1024 * 1024)

struct disk {
	int root;
	char *path;
};

static int read_fd(int fd, struct buf *ret)
{
	char chunk[65536];
	ssize_t n;

	buf_add(ret, "", 0);
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || ret->len > FILE_MOST)
			return n < 0 ? -errno : -EFBIG;
		buf_add(ret, chunk, (size_t)n);
	}
	return 0;
}

static int disk_read(void *arg, const char *path, struct buf *ret)
{
	const struct disk *d = arg;
	struct buf text = {0};
	/* the stamp is root's, and lies elsewhere */
	int fd = openat(d->root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (path[0] == '/' ? 0 : O_NOFOLLOW));
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? read_fd(fd, &text) : -EINVAL;
	close(fd);
	if (r == 0 && text.data == NULL)
		buf_puts(&text, "");
	if (r == 0)
		*ret = text;
	else
		buf_free(&text);
	return r;
}

/* A folder inherits the signers' group and setgid from the one it is in. A chmod afterwards would take setgid away again, for
 * the daemon is no member of that group, and setting it is what RestrictSUIDSGID= forbids: so the mode is right from the
 * start. The umask is the process's; nobody else changes it while this thread runs, and every other file is made 0600. */
static bool make_folder(int fd, const char *name)
{
	mode_t before = umask(0777 & ~FOLDER_MODE);
	bool made = mkdirat(fd, name, FOLDER_MODE) == 0;

	umask(before);
	return made;
}

/* Opens the folder of a path below the root, making what is missing; *ret_name is what is left. */
static int open_folder(const struct disk *d, const char *path, const char **ret_name)
{
	int fd = openat(d->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (const char *slash; fd >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		char name[300];

		str_format(name, sizeof(name), "%.*s", (int)(slash - path), path);
		bool made = make_folder(fd, name);
		int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (next >= 0 && made && fsync(fd) < 0) {
			close(next);
			next = -1;
		}
		int saved = errno;
		close(fd);
		errno = saved;
		fd = next;
	}
	*ret_name = path;
	return fd < 0 ? -errno : fd;
}

static int write_fd(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, data, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		data += w;
		n -= (size_t)w;
	}
	return 0;
}

static int disk_write(void *arg, const char *path, const char *data, size_t n)
{
	const struct disk *d = arg;
	const char *name;
	char temporary[400];
	int folder = open_folder(d, path, &name), fd, r = 0;

	if (folder < 0)
		return folder;
	str_format(temporary, sizeof(temporary), ".%s.new", name);
	unlinkat(folder, temporary, 0); /* left by a crash */
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		r = -errno;
	if (r == 0)
		r = write_fd(fd, data, n);
	if (r == 0 && (fchmod(fd, FILE_MODE) < 0 || fsync(fd) < 0))
		r = -errno;
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(folder, temporary, folder, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(folder, temporary, 0);
	else if (fsync(folder) < 0)
		r = -errno;
	close(folder);
	return r;
}

/* On a disk that writes in place nothing of it is left. Where it does not (flash, copy on write, snapshots) only full-disk
 * encryption helps; dkimrotd(8) says so. */
static int disk_shred(void *arg, const char *path)
{
	static const char nothing[4096];
	const struct disk *d = arg;
	const char *name;
	int folder = open_folder(d, path, &name), r = 0;
	struct stat st;

	if (folder < 0)
		return folder;
	int fd = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		r = errno == ENOENT ? 0 : -errno;
		close(folder);
		return r;
	}
	if (fstat(fd, &st) < 0)
		r = -errno;
	for (off_t left = r == 0 ? st.st_size : 0; left > 0 && r == 0; left -= (off_t)sizeof(nothing))
		r = write_fd(fd, nothing, left < (off_t)sizeof(nothing) ? (size_t)left : sizeof(nothing));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	close(fd);
	if (r == 0 && (unlinkat(folder, name, 0) < 0 || fsync(folder) < 0))
		r = -errno;
	close(folder);
	return r;
}

int keystore_disk_open(struct keystore_files *ret, const char *root, char *why, size_t n)
{
	struct disk *d = xcalloc(1, sizeof(*d));

	if (mkdir(root, FOLDER_MODE) < 0 && errno != EEXIST)
		str_format(why, n, "the folder of keys %s cannot be made: %s", root, strerror(errno));
	d->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->root < 0) {
		int r = -errno;

		str_format(why, n, "the folder of keys %s cannot be opened: %s", root, strerror(errno));
		free(d);
		return r;
	}
	if (faccessat(d->root, ".", W_OK | X_OK, AT_EACCESS) < 0) {
		int r = -errno;

		str_format(why, n, "the folder of keys %s cannot be written: %s", root, strerror(errno));
		close(d->root);
		free(d);
		return r;
	}
	d->path = xstrdup(root);
	*ret = (struct keystore_files){
	        .arg = d, .root = d->path, .read = disk_read, .write = disk_write, .shred = disk_shred};
	return 0;
}

void keystore_disk_close(struct keystore_files *f)
{
	struct disk *d = f->arg;

	close(d->root);
	free(d->path);
	free(d);
}
