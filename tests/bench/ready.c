/* Starts a daemon as its service manager would, and tells how long it took to say READY=1, and how long each time until it
 * fed its watchdog again (with WATCHDOG_USEC in the environment). It stays until the daemon ends, and ends as it did.
 *
 *   ready FILE COMMAND [ARGUMENT...]      FILE gets "READY_MS=n" and "PID=n", for the shell; at once, not in parts.
 *                                         FILE.fed gets the milliseconds, a line a feeding
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* An address of the kernel's choice, in no folder: there is nothing to tidy up. */
static int listen_somewhere(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 1};
	socklen_t len = sizeof(a);
	char name[sizeof(a.sun_path) + 1];

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a.sun_family)) < 0 ||
	        getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	snprintf(name, sizeof(name), "@%.*s", (int)(len - sizeof(a.sun_family) - 1), a.sun_path + 1);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static int tell(const char *path, double ms, pid_t pid)
{
	char fresh[4096];
	FILE *f;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh) ||
	        (f = fopen(fresh, "w")) == NULL)
		return -1;
	fprintf(f, "READY_MS=%.0f\nPID=%d\n", ms, (int)pid);
	return fclose(f) == 0 ? rename(fresh, path) : -1;
}

/* How long the watchdog had to wait. */
static void fed(FILE *f, double at)
{
	static double last;

	if (last > 0 && f != NULL) {
		fprintf(f, "%.0f\n", at - last);
		fflush(f);
	}
	last = at;
}

static FILE *open_fed(const char *file)
{
	char path[4096];

	return snprintf(path, sizeof(path), "%s.fed", file) < (int)sizeof(path) ? fopen(path, "we") : NULL;
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? listen_somewhere() : -1, status = 0;
	double began = now_ms();
	char text[8192];
	bool ready = false;

	if (fd < 0) {
		fputs("usage: ready FILE COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	FILE *f = open_fed(argv[1]);
	pid_t pid = fork();
	if (pid == 0) {
		execv(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

		if (n <= 0)
			continue;
		text[n] = '\0';
		if (strstr(text, "WATCHDOG=1") != NULL)
			fed(f, now_ms());
		if (ready || strstr(text, "READY=1") == NULL)
			continue;
		ready = true;
		if (tell(argv[1], now_ms() - began, pid) < 0)
			perror(argv[1]);
	}
	if (f != NULL)
		fclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
