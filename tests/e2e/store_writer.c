/* A writer of the state for store_faults.sh, whose system calls are made to fail from outside. "write DIR N": N commits of
 * three records that bear one number; one that fails is tried again, as the daemon does; prints the last number that
 * was said to be durable and the last that was tried. "check DIR": prints the number that is there, fails when the
 * records disagree or a loss was told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/store.h"

#define DOMAINS 3
#define TRIES   5

static struct store_key key_of(int i)
{
	static const char *const names[DOMAINS] = {"a.example", "b.example", "c.example"};

	return (struct store_key){.account = "default",
	        .platform = "exchange",
	        .service = "s",
	        .organization = "o",
	        .domain = names[i]};
}

static struct store *open_patiently(const char *dir)
{
	char error[1000] = "";

	for (int i = 0; i < TRIES; i++) {
		struct store *s = store_open(dir, false, error, sizeof(error));

		if (s)
			return s;
		fprintf(stderr, "%s\n", error);
	}
	return NULL;
}

static void save(struct store *s, int64_t number)
{
	for (int i = 0; i < DOMAINS; i++) {
		struct store_key k = key_of(i);
		struct record r = {.last_good = number, .n = 2};

		str_format(r.sel[0].name, sizeof(r.sel[0].name), "one%lld", (long long)number);
		str_format(r.sel[1].name, sizeof(r.sel[1].name), "two%lld", (long long)number);
		r.intent[0] = (struct intent){.action = ACTION_ENABLE, .at = number};
		store_save(s, &k, &r);
	}
	store_history(s, 1, number, "number", "{}");
}

static int write_all(const char *dir, int64_t n)
{
	struct store *s = open_patiently(dir);
	int64_t durable = 0, tried = 0;

	while (s && tried < n && durable == tried) {
		save(s, ++tried);
		for (int i = 0; i < TRIES && durable < tried; i++)
			if (store_commit(s) == 0)
				durable = tried;
	}
	printf("%lld %lld\n", (long long)durable, (long long)tried);
	store_close(s);
	return 0;
}

static bool lost;

static void on_lost(void *arg, const char *what)
{
	(void)arg;
	fprintf(stderr, "%s\n", what);
	lost = true;
}

static int check(const char *dir)
{
	struct store *s = open_patiently(dir);
	int64_t number = -1;

	if (!s)
		return 1;
	store_on_lost(s, on_lost, NULL);
	for (int i = 0; i < DOMAINS; i++) {
		struct store_key k = key_of(i);
		struct record r = {0};
		char name[64];

		if (store_load(s, &k, &r) < 0)
			r.last_good = 0;
		str_format(name, sizeof(name), "two%lld", (long long)r.last_good);
		if ((number >= 0 && r.last_good != number) ||
		        (r.last_good && (!str_eq(r.sel[1].name, name) || r.intent[0].at != r.last_good)))
			lost = true;
		number = r.last_good;
	}
	store_close(s);
	printf("%lld\n", (long long)number);
	return lost;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "write") == 0)
		return write_all(argv[2], strtoll(argv[3], NULL, 10));
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check(argv[2]);
	return 2;
}
