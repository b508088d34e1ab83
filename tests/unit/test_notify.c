/* What the service manager hears, on a socket of the test's own. */
#include "io/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"

static char path[100];
static int manager;

static int setup(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const char *tmp = getenv("TMPDIR");

	(void)state;
	str_format(path, sizeof(path), "%s/notify.%ld", tmp ? tmp : "/tmp", (long)getpid());
	assert_true(str_copy(at.sun_path, sizeof(at.sun_path), path));
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(manager, (const struct sockaddr *)&at, sizeof(at)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	close(manager);
	unlink(path);
	return 0;
}

static const char *heard(void)
{
	static char text[2000];
	ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void words(void **state)
{
	(void)state;
	notify_ready("5 domains");
	assert_string_equal(heard(), "READY=1\nSTATUS=5 domains");
	notify_reloading();
	assert_memory_equal(heard(), "RELOADING=1\nMONOTONIC_USEC=", 27);
	notify_stopping();
	assert_string_equal(heard(), "STOPPING=1");
	notify_extend(2500);
	assert_string_equal(heard(), "EXTEND_TIMEOUT_USEC=2500000");
	notify_watchdog();
	assert_string_equal(heard(), "WATCHDOG=1");
	assert_string_equal(heard(), "");
}

static void a_status_forges_nothing(void **state)
{
	(void)state;
	notify_status("%s rotating\nSTOPPING=1", "a\033[31m");
	assert_string_equal(heard(), "STATUS=a?[31m rotating?STOPPING=1");
	notify_ready("x\nMAINPID=1");
	assert_string_equal(heard(), "READY=1\nSTATUS=x?MAINPID=1");
}

static void the_watchdogs_interval(void **state)
{
	char pid[32];

	(void)state;
	assert_int_equal(notify_watchdog_interval(), 0);
	setenv("WATCHDOG_USEC", "60000000", 1);
	assert_int_equal(notify_watchdog_interval(), 30000);
	setenv("WATCHDOG_PID", "1", 1); /* another's */
	assert_int_equal(notify_watchdog_interval(), 0);
	str_format(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_interval(), 30000);
}

static void without_a_manager(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify_ready("x");
	notify_watchdog();
	assert_string_equal(heard(), "");
}

/* A manager that reads nothing holds up nobody; what it missed it hears when it reads again, in order, the last status
 * only, and nothing twice. */
static void a_manager_that_stands_still(void **state)
{
	char text[40];
	unsigned filled = 0;

	(void)state;
	for (unsigned i = 0; !notify_owed() && i < 100000; i++, filled++)
		notify_extend((int64_t)i + 1);
	assert_in_range(filled, 1, 99999);
	notify_status("old");
	notify_watchdog();
	notify_status("new");
	notify_watchdog();
	notify_ready("all");
	assert_true(notify_owed());
	for (unsigned i = 0; i + 1 < filled; i++) {
		str_format(text, sizeof(text), "EXTEND_TIMEOUT_USEC=%u", (i + 1) * 1000);
		assert_string_equal(heard(), text);
	}
	assert_false(notify_owed());
	str_format(text, sizeof(text), "EXTEND_TIMEOUT_USEC=%u", filled * 1000);
	assert_string_equal(heard(), text);
	assert_string_equal(heard(), "STATUS=new");
	assert_string_equal(heard(), "WATCHDOG=1");
	assert_string_equal(heard(), "READY=1\nSTATUS=all");
	assert_string_equal(heard(), "");
}

static void an_abstract_address(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char text[40] = "";

	(void)state;
	str_format(at.sun_path + 1, sizeof(at.sun_path) - 1, "dkimrotd-test-%ld", (long)getpid());
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(at.sun_path + 1));
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, len), 0);
	at.sun_path[0] = '@';
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	notify_watchdog();
	assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), 10);
	assert_string_equal(text, "WATCHDOG=1");
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(words), T(a_status_forges_nothing), T(the_watchdogs_interval),
	        T(without_a_manager), T(a_manager_that_stands_still), T(an_abstract_address)};

	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
