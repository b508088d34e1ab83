/* What a person orders: rotate, pause, resume, reload. The daemon decides; a refusal is passed on with its reason. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/ask.h"
#include "ctl/shown.h"
#include "ctl/view.h"

#define POLL_NS 500000000L

/* {"reason":..., "for":..., "compromised":true, "back":true}, as far as each was given. */
static char *body_of(const struct ctl *c)
{
	struct buf b = {0};
	struct json_w *w = json_w_open(&b);

	json_w_object(w);
	if (c->reason)
		json_w_kstr(w, "reason", c->reason);
	if (c->for_text)
		json_w_kstr(w, "for", c->for_text);
	if (c->compromised)
		json_w_kbool(w, "compromised", true);
	if (c->back)
		json_w_kbool(w, "back", true);
	json_w_end(w);
	json_w_close(w);
	return b.data;
}

/* What the daemon answered: for people its message, else what we have to say. */
static void print_answer(const struct ctl *c, const struct answer *a, const char *otherwise)
{
	const char *message = json_string(json_get(a->json, "message"));
	char clean[STR_CLEAN_MAX + 1];

	if (c->json)
		printf("%s\n", a->body.data);
	else
		printf("%s\n", str_clean(clean, sizeof(clean), message ? message : otherwise));
}

static int order(const struct ctl *c, const char *path, struct answer *ret)
{
	char *body = body_of(c);
	int rc = ask(c, path, body, ret);

	free(body);
	return rc;
}

/* --- rotate ------------------------------------------------------------------------------------- */

/* Looks until the switch is confirmed, which shows as a later `rotated`. */
static int await_rotation(const struct ctl *c, const char *name, int64_t before)
{
	char *path = ask_domain_path(name, NULL);
	struct timespec began, now, pause = {0, POLL_NS};
	int rc = CTL_REFUSED;

	clock_gettime(CLOCK_MONOTONIC, &began);
	for (;;) {
		struct answer a;
		struct shown *s = shown_new();
		bool asked = ask(c, path, NULL, &a) == CTL_DONE && shown_add(s, a.json, NULL);
		bool over = asked && s->list[0].rotated > before && !str_eq(s->list[0].phase, "rotating");

		if (over && !c->json)
			printf("%s signs with %s\n", name, s->list[0].active ? s->list[0].active : "nothing");
		clock_gettime(CLOCK_MONOTONIC, &now);
		bool late = (now.tv_sec - began.tv_sec) * MS_SECOND >= c->wait;
		if (asked && !over && late)
			ctl_say("%s: the switch was not confirmed in time (%s); it goes on", name,
			        shown_sentence(s->list[0].reason));
		answer_free(&a);
		shown_free(s);
		rc = over ? CTL_DONE : asked ? CTL_REFUSED : CTL_NO_DAEMON;
		if (over || late || !asked)
			break;
		nanosleep(&pause, NULL);
	}
	free(path);
	return rc;
}

/* When it last rotated; false when the daemon does not tell. */
static int last_rotation(const struct ctl *c, const char *name, int64_t *ret)
{
	char *path = ask_domain_path(name, NULL);
	struct shown *s = shown_new();
	struct answer a;
	int rc = ask(c, path, NULL, &a);

	if (rc == CTL_DONE && shown_add(s, a.json, NULL))
		*ret = s->list[0].rotated;
	answer_free(&a);
	shown_free(s);
	free(path);
	return rc;
}

int ctl_rotate(const struct ctl *c, char **args, int n)
{
	struct answer a;
	int64_t before = 0;
	int rc = last_rotation(c, args[0], &before);

	(void)n;
	if (rc != CTL_DONE)
		return rc;
	char *path = ask_domain_path(args[0], "rotate");
	rc = order(c, path, &a);
	if (rc == CTL_DONE)
		print_answer(c, &a, "the switch was sent");
	answer_free(&a);
	free(path);
	if (rc == CTL_DONE && c->wait)
		rc = await_rotation(c, args[0], before);
	return rc;
}

/* --- pause and resume --------------------------------------------------------------------------- */

static int for_domain_or_all(const struct ctl *c, char **args, int n, const char *verb, const char *done)
{
	struct answer a;

	if ((n > 0) == c->all) {
		ctl_say("%s needs a DOMAIN or --all, one of them", verb);
		return CTL_USAGE;
	}
	char *path = c->all ? xasprintf("/v1/%s", verb) : ask_domain_path(args[0], verb);
	char *otherwise = xasprintf("%s %s", c->all ? "everything" : args[0], done);
	int rc = order(c, path, &a);
	if (rc == CTL_DONE)
		print_answer(c, &a, otherwise);
	answer_free(&a);
	free(otherwise);
	free(path);
	return rc;
}

int ctl_pause(const struct ctl *c, char **args, int n)
{
	if (!c->reason || !*c->reason) {
		ctl_say("pause needs --reason TEXT: whoever reads the status next wants to know");
		return CTL_USAGE;
	}
	return for_domain_or_all(c, args, n, "pause", "is paused");
}

int ctl_resume(const struct ctl *c, char **args, int n)
{
	return for_domain_or_all(c, args, n, "resume", "goes on");
}

/* --- reload ------------------------------------------------------------------------------------- */

/* Names the faults that the answer lists; false when it lists none. */
static bool tell_faults(const struct json *answer)
{
	const struct json *list = json_get(answer, "faults");

	for (const struct json *f = json_first(list); f; f = json_next(f)) {
		char clean[STR_CLEAN_MAX + 1];
		const char *text = json_string(f) ? json_string(f) : json_string(json_get(f, "message"));

		if (text)
			fprintf(stderr, "%s\n", str_clean(clean, sizeof(clean), text));
	}
	return json_count(list) > 0;
}

/* Files that are not in force as they stand. */
static bool tell_files(const struct ctl *c)
{
	struct answer a;
	bool any = false;

	if (ask(c, "/v1/status", NULL, &a) == CTL_DONE)
		for (const struct json *f = json_first(json_get(a.json, "files")); f; f = json_next(f)) {
			char clean[STR_CLEAN_MAX + 1];
			const char *error = json_string(json_get(f, "error"));

			if (str_eq(json_string(json_get(f, "state")), "ok"))
				continue;
			any = true;
			fprintf(stderr, "%s\n",
			        str_clean(clean, sizeof(clean), error ? error : "a file is refused"));
		}
	answer_free(&a);
	return any;
}

int ctl_reload(const struct ctl *c, char **args, int n)
{
	struct answer a;
	int rc = order(c, "/v1/reload", &a);

	(void)args;
	(void)n;
	bool told = tell_faults(a.json);
	if (rc == CTL_DONE && (told || tell_files(c)))
		rc = CTL_REFUSED;
	if (rc == CTL_DONE)
		print_answer(c, &a, "reloaded");
	answer_free(&a);
	return rc;
}
