/* Safe reading. It must never trust a file because of where it lies: whose it is and who may write to it is asked of
 * the open descriptor, not of the name. */
#include "io/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/util.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define OTHERS_ANY   (S_IRWXG | S_IRWXO)

static int fault(struct diags *d, const char *path, int error, const char *text)
{
	diag_add(d, path, 0, 0, "%s", text);
	return error;
}

/* ---- who may ---- */

static bool owner_is_trusted(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static int check_owner(const struct stat *st, const char *path, struct diags *d)
{
	if (owner_is_trusted(st))
		return 0;
	diag_add(d, path, 0, 0, "belongs to user %u, which is neither root nor the daemon's user",
	        (unsigned)st->st_uid);
	return -EPERM;
}

/* The folder that a file was found in. In a sticky one (/tmp) others may add files, but not exchange ours. */
static int check_folder_of(const char *path, struct diags *d)
{
	const char *slash = strrchr(path, '/');
	char *folder = !slash          ? xstrdup(".")
	               : slash == path ? xstrdup("/")
	                               : xstrndup(path, (size_t)(slash - path));
	struct stat st;
	int r = 0;

	if (stat(folder, &st) < 0)
		r = fault(d, folder, -errno, strerror(errno));
	else if (check_owner(&st, folder, d) < 0)
		r = -EPERM;
	else if ((st.st_mode & OTHERS_WRITE) && !(st.st_mode & S_ISVTX))
		r = fault(d, folder, -EPERM, "is a folder that others may write to");
	free(folder);
	return r;
}

/* Where a symbolic link leads, the same holds. */
static int check_folders(const char *path, struct diags *d)
{
	struct stat st;
	int r = check_folder_of(path, d);

	if (r < 0 || lstat(path, &st) < 0 || !S_ISLNK(st.st_mode))
		return r;
	char *real = realpath(path, NULL);
	if (!real)
		return fault(d, path, -errno, strerror(errno));
	r = check_folder_of(real, d);
	free(real);
	return r;
}

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

/* Does the ACL (acl(5); Linux's posix_acl_xattr.h: version 2, then tag, permissions, id) let anybody read but root,
 * the owner and ourselves? Without an ACL the group bits mean the group. */
static bool acl_lets_others_read(int fd)
{
	enum { USER = 0x02, GROUP_OBJ = 0x04, GROUP = 0x08, MASK = 0x10, OTHER = 0x20, READ = 4 };
	uint8_t acl[4 + 8 * 64];
	ssize_t n = fgetxattr(fd, "system.posix_acl_access", acl, sizeof acl);
	unsigned mask = 7;

	if (n < 4 || le32(acl) != 2)
		return true;
	for (ssize_t i = 4; i + 8 <= n; i += 8)
		if (le16(acl + i) == MASK)
			mask = le16(acl + i + 2);
	for (ssize_t i = 4; i + 8 <= n; i += 8) {
		unsigned tag = le16(acl + i), bits = le16(acl + i + 2);
		uint32_t id = le32(acl + i + 4);

		if (tag == OTHER && (bits & READ))
			return true;
		if ((tag == GROUP_OBJ || tag == GROUP) && (bits & mask & READ))
			return true;
		if (tag == USER && id != 0 && id != geteuid() && (bits & mask & READ))
			return true;
	}
	return false;
}

static int check_mode(int fd, const struct stat *st, enum file_kind kind, const char *path, struct diags *d)
{
	unsigned mode = st->st_mode & 07777;
	bool readable = kind == FILE_SECRET && (mode & OTHERS_ANY);

	if (kind == FILE_PASSED)
		readable = (mode & S_IRWXO) || ((mode & S_IRWXG) && acl_lets_others_read(fd));
	if (readable) {
		diag_add(d, path, 0, 0, "others may read it (mode %04o): it must be 0600", mode);
		return -EPERM;
	}
	if (kind == FILE_PUBLIC && (mode & OTHERS_WRITE)) {
		diag_add(d, path, 0, 0, "others may write to it (mode %04o)", mode);
		return -EPERM;
	}
	return 0;
}

/* ---- files ---- */

/* Up to the end, or one byte beyond the limit: a file may grow while it is read, and some have no size. */
static int read_all(int fd, struct file_text *ret)
{
	size_t cap = 16384, len = 0;
	char *text = xmalloc(cap);

	for (;;) {
		if (len + 1 >= cap) {
			char *larger = xmalloc(cap * 2);

			memcpy(larger, text, len);
			explicit_bzero(text, len); /* it may be a secret */
			free(text);
			text = larger;
			cap *= 2;
		}
		ssize_t n = read(fd, text + len, cap - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || len + (size_t)n > FILES_SIZE_MAX) {
			int error = n < 0 ? -errno : -EFBIG;

			explicit_bzero(text, len);
			free(text);
			return error;
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	*ret = (struct file_text){.text = text, .len = len};
	return 0;
}

static int read_checked(int fd, const char *path, enum file_kind kind, struct file_text *ret, struct diags *d)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fault(d, path, -errno, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fault(d, path, -EPERM, "is not a regular file");
	int r = check_owner(&st, path, d);
	if (r == 0)
		r = check_mode(fd, &st, kind, path, d);
	if (r == 0)
		r = check_folders(path, d);
	if (r < 0)
		return r;
	r = read_all(fd, ret);
	if (r < 0)
		return fault(d, path, r, r == -EFBIG ? "is larger than 16 MiB" : strerror(-r));
	return 0;
}

int files_read(
        const char *path, enum file_kind kind, bool tell_missing, struct file_text *ret, struct diags *d)
{
	/* O_NONBLOCK: a FIFO must not hold us up before it is refused */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		int error = errno;

		if (tell_missing || (error != ENOENT && error != ENOTDIR))
			diag_add(d, path, 0, 0, "%s", strerror(error));
		return -error;
	}
	int r = read_checked(fd, path, kind, ret, d);
	close(fd);
	return r;
}

void files_free(struct file_text *t)
{
	if (t->text)
		explicit_bzero(t->text, t->len);
	free(t->text);
	*t = (struct file_text){0};
}

/* ---- the inventory's folder ---- */

static bool is_inventory_name(const char *name)
{
	return name[0] != '.' && (str_suffix(name, ".yaml") || str_suffix(name, ".yml"));
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Here others may not even add a file, sticky or not. */
static int check_inventory_folder(int fd, const char *dir, struct diags *d)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fault(d, dir, -errno, strerror(errno));
	if (check_owner(&st, dir, d) < 0)
		return -EPERM;
	if (st.st_mode & OTHERS_WRITE) {
		diag_add(d, dir, 0, 0, "others may write to this folder (mode %04o)",
		        (unsigned)st.st_mode & 07777);
		return -EPERM;
	}
	return 0;
}

static int list_names(DIR *open_dir, const char *dir, struct file_list *ret, struct diags *d)
{
	struct file_list l = {0};
	size_t cap = 0;
	struct dirent *e;

	while (errno = 0, (e = readdir(open_dir))) {
		if (!is_inventory_name(e->d_name))
			continue;
		if (l.n == cap) {
			cap = cap ? cap * 2 : 16;
			l.paths = xrealloc(l.paths, cap * sizeof *l.paths);
		}
		l.paths[l.n++] = xasprintf("%s%s%s", dir, str_suffix(dir, "/") ? "" : "/", e->d_name);
	}
	if (errno) {
		int error = -errno;

		files_list_free(&l);
		return fault(d, dir, error, strerror(-error));
	}
	if (l.n > 0)
		qsort(l.paths, l.n, sizeof *l.paths, compare_paths);
	*ret = l;
	return 0;
}

int files_list(const char *dir, struct file_list *ret, struct diags *d)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		int error = errno;

		diag_add(d, dir, 0, 0, "%s", strerror(error));
		return -error;
	}
	int r = check_inventory_folder(fd, dir, d);
	DIR *open_dir = r == 0 ? fdopendir(fd) : NULL;
	if (!open_dir) {
		close(fd);
		return r < 0 ? r : fault(d, dir, -EIO, "cannot be listed");
	}
	r = list_names(open_dir, dir, ret, d);
	closedir(open_dir);
	return r;
}

void files_list_free(struct file_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->paths[i]);
	free(l->paths);
	*l = (struct file_list){0};
}

void files_open_standard(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
		;
	if (fd > STDERR_FILENO)
		close(fd);
}
