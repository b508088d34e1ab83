/* dkimrotctl: asks and commands a running dkimrotd over its control socket. One table of options and one of verbs drive
 * the parser and the help. */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/util.h"
#include "core/span.h"
#include "ctl/ctl.h"
#include "io/files.h"

enum {
	FOR_CHECK = 1,
	FOR_COMPROMISED = 2,
	FOR_BACK = 4,
	FOR_WAIT = 8,
	FOR_ALL = 16,
	FOR_REASON = 32,
	FOR_SPAN = 64,
	FOR_MISSING = 128,
	FOR_CONFIG = 256,
	FOR_STATE = 512,
	FOR_ACCOUNT = 1024,
	FOR_UNTIL = 2048,
	FOR_SINCE = 4096,
	FOR_MILTER = 8192,
	FOR_KEY = 16384,
	FOR_SELECTOR = 32768,
};

static const struct verb {
	const char *name;
	int (*run)(const struct ctl *c, char **args, int n);
	int min, max; /* words behind it; max -1 = any number */
	unsigned options;
	const char *usage, *help;
} verbs[] = {
        {"status", ctl_status, 0, -1, FOR_CHECK | FOR_STATE, "status [DOMAIN...] [--check]",
                "a table, worst first; --check: for monitoring systems"},
        {"explain", ctl_explain, 1, 1, 0, "explain DOMAIN",
                "why it is where it is, who it waits on, what comes next, what to do"},
        {"plan", ctl_plan, 0, -1, FOR_UNTIL, "plan [DOMAIN...] [--until SPAN]",
                "what would be sent now, or over the span ahead; sends nothing"},
        {"history", ctl_history, 0, 1, FOR_SINCE, "history [DOMAIN] [--since SPAN]",
                "past changes and transitions, with what was seen and answered"},
        {"timeline", ctl_timeline, 1, 1, FOR_SINCE | FOR_UNTIL,
                "timeline DOMAIN [--since SPAN] [--until SPAN]",
                "past and coming months as a picture: keys as bars, switches and\ndeletions marked"},
        {"rotate", ctl_rotate, 1, 1, FOR_COMPROMISED | FOR_BACK | FOR_WAIT,
                "rotate DOMAIN [--compromised | --back] [--wait SPAN]",
                "rotate now, or be refused with the reason and the earliest time;\n"
                "--compromised: the old key gets no grace; --back: to the previous key\n"
                "while it is in its grace, and pause; --wait: until it is confirmed"},
        {"pause", ctl_pause, 0, 1, FOR_ALL | FOR_REASON | FOR_SPAN,
                "pause DOMAIN|--all --reason TEXT [--for SPAN]",
                "change nothing; looks go on, and so does a grace"},
        {"resume", ctl_resume, 0, 1, FOR_ALL, "resume DOMAIN|--all",
                "go on; --all also closes the accounts' breakers"},
        {"adopt", ctl_adopt, 1, 1, FOR_KEY | FOR_SELECTOR, "adopt DOMAIN --key FILE --selector NAME",
                "take over a key that signs already for a domain with platform: external;\nrefused unless "
                "the DNS serves it under that name"},
        {"records", ctl_records, 0, -1, FOR_MISSING, "records [DOMAIN...] [--missing]",
                "the DNS records needed, as zone-file lines sorted by zone"},
        {"check", ctl_files, 0, -1, FOR_CONFIG, "check [-c FILE] [FILE...]",
                "validate inventory files (- is standard input), the configuration,\nor with no FILE all "
                "that the configuration names"},
        {"discover", ctl_discover, 0, 0, FOR_CONFIG | FOR_ACCOUNT, "discover [-c FILE] [--account NAME]",
                "inventory YAML of every e-mail domain of the accounts, those already\nlisted left out; "
                "needs no daemon, writes nothing"},
        {"grant", ctl_grant, 0, 0, FOR_CONFIG, "grant [-c FILE]",
                "the least access rules and IAM actions that the inventory needs, and a\nlink to OVHcloud's "
                "key page with them filled in; needs no daemon"},
        {"verify-message", ctl_verify, 0, 1, FOR_CONFIG | FOR_STATE, "verify-message [-c FILE] [FILE]",
                "a received message on stdin or FILE: which selector signed it, and does\nthe signature "
                "hold"},
        {"confirm", ctl_confirm, 1, 2, FOR_CONFIG | FOR_MILTER, "confirm --milter SOCKET MAP [BEFORE]",
                "which keys of its map does a signer sign with? asked by a message"},
        {"reload", ctl_reload, 0, 0, 0, "reload",
                "read configuration and inventory anew; names the faults and exits 1\nwhen a file is "
                "refused"},
};

enum {
	OPT_SOCKET = 256,
	OPT_KEY,
	OPT_SELECTOR,
	OPT_JSON,
	OPT_COLOR,
	OPT_STATE,
	OPT_HELP,
	OPT_VERSION,
	OPT_CHECK,
	OPT_COMPROMISED,
	OPT_BACK,
	OPT_WAIT,
	OPT_ALL,
	OPT_REASON,
	OPT_FOR,
	OPT_MILTER,
	OPT_MISSING,
	OPT_ACCOUNT,
	OPT_UNTIL,
	OPT_SINCE,
};

static const struct option options[] = {
        {"socket", required_argument, NULL, OPT_SOCKET},
        {"json", no_argument, NULL, OPT_JSON},
        {"color", required_argument, NULL, OPT_COLOR},
        {"colour", required_argument, NULL, OPT_COLOR},
        {"state", required_argument, NULL, OPT_STATE},
        {"help", no_argument, NULL, OPT_HELP},
        {"version", no_argument, NULL, OPT_VERSION},
        {"check", no_argument, NULL, OPT_CHECK},
        {"compromised", no_argument, NULL, OPT_COMPROMISED},
        {"back", no_argument, NULL, OPT_BACK},
        {"wait", required_argument, NULL, OPT_WAIT},
        {"all", no_argument, NULL, OPT_ALL},
        {"reason", required_argument, NULL, OPT_REASON},
        {"for", required_argument, NULL, OPT_FOR},
        {"milter", required_argument, NULL, OPT_MILTER},
        {"missing", no_argument, NULL, OPT_MISSING},
        {"account", required_argument, NULL, OPT_ACCOUNT},
        {"key", required_argument, NULL, OPT_KEY},
        {"selector", required_argument, NULL, OPT_SELECTOR},
        {"until", required_argument, NULL, OPT_UNTIL},
        {"since", required_argument, NULL, OPT_SINCE},
        {NULL, 0, NULL, 0},
};

static void help(void)
{
	puts("usage: dkimrotctl [--socket PATH] [--json] VERB ...\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const char *text = verbs[i].help;

		printf("  %s\n", verbs[i].usage);
		while (*text) {
			size_t n = strcspn(text, "\n");

			printf("        %.*s\n", (int)n, text);
			text += n + (text[n] == '\n');
		}
	}
	puts("\n"
	     "  --socket PATH   where the daemon listens (default " CTL_SOCKET ")\n"
	     "  --json          JSON, as the daemon tells it\n"
	     "  --color WHEN    auto (default: on a terminal), always, never; NO_COLOR in the\n"
	     "                  environment means never\n"
	     "  --state DIR     status without a daemon: where its state is (default: as the\n"
	     "                  configuration says)\n"
	     "  --version, --help\n\n"
	     "exit: 0 done, 1 refused or faulty, 2 wrong usage, 3 the daemon cannot be asked;\n"
	     "      status --check: 0 ok, 1 a person should act, 2 an error or a domain that\n"
	     "      does not sign, 3 unknown");
}

/* A span, exactly: what is not one is wrong usage. */
static bool read_span(const char *option, const char *text, int64_t *ret)
{
	int64_t ms;
	int r = span_parse(text, &ms);

	if (r == 0 && ms > 0) {
		*ret = ms;
		return true;
	}
	ctl_say("%s %s: %s", option, text,
	        r < 0 ? "that is no span; write it as 90d, 12h 30min or 45s"
	              : "it must be longer than nothing");
	return false;
}

/* One option into c; `given` collects the verb's own. False = wrong usage, told. */
static bool take_option(struct ctl *c, int opt, char *arg, unsigned *given)
{
	int64_t span;

	switch (opt) {
	case OPT_SOCKET:
		c->socket = arg;
		if (!*arg)
			ctl_say("--socket needs a path"); /* without one libcurl would go to a web server */
		return *arg != '\0';
	case OPT_JSON:
		return c->json = true;
	case OPT_COLOR:
		c->color = arg;
		if (str_eq(arg, "auto") || str_eq(arg, "always") || str_eq(arg, "never"))
			return true;
		ctl_say("--color %s: it is auto, always or never", arg);
		return false;
	case OPT_STATE:
		*given |= FOR_STATE;
		c->state = arg;
		return true;
	case OPT_CHECK:
		*given |= FOR_CHECK;
		return c->check = true;
	case OPT_COMPROMISED:
		*given |= FOR_COMPROMISED;
		return c->compromised = true;
	case OPT_BACK:
		*given |= FOR_BACK;
		return c->back = true;
	case OPT_ALL:
		*given |= FOR_ALL;
		return c->all = true;
	case OPT_MILTER:
		*given |= FOR_MILTER;
		c->milter = arg;
		return true;
	case OPT_MISSING:
		*given |= FOR_MISSING;
		return c->missing = true;
	case OPT_REASON:
		*given |= FOR_REASON;
		c->reason = arg;
		return true;
	case OPT_WAIT:
		*given |= FOR_WAIT;
		return read_span("--wait", arg, &c->wait);
	case OPT_FOR:
		*given |= FOR_SPAN;
		c->for_text = arg;
		return read_span("--for", arg, &span);
	case OPT_KEY:
		*given |= FOR_KEY;
		c->key = arg;
		return true;
	case OPT_SELECTOR:
		*given |= FOR_SELECTOR;
		c->selector = arg;
		return true;
	case OPT_ACCOUNT:
		*given |= FOR_ACCOUNT;
		c->account = arg;
		return true;
	case OPT_UNTIL:
		*given |= FOR_UNTIL;
		c->until = arg;
		return read_span("--until", arg, &span);
	case OPT_SINCE:
		*given |= FOR_SINCE;
		c->since = arg;
		return read_span("--since", arg, &span);
	case 'c':
		*given |= FOR_CONFIG;
		c->config = arg;
		return true;
	default:
		return false; /* getopt has said it */
	}
}

static const struct verb *find_verb(const char *name)
{
	const char *names[ARRAY_SIZE(verbs)];

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		names[i] = verbs[i].name;
		if (str_eq(name, verbs[i].name))
			return &verbs[i];
	}
	const char *near = nearest_word(name, names, ARRAY_SIZE(names));
	ctl_say("no verb %s%s%s%s; dkimrotctl --help lists them", name, near ? " (did you mean " : "",
	        near ? near : "", near ? "?)" : "");
	return NULL;
}

static bool fits(const struct verb *v, const struct ctl *c, unsigned given, int n)
{
	if (n < v->min || (v->max >= 0 && n > v->max) || (given & ~v->options) ||
	        (c->compromised && c->back)) {
		ctl_say("usage: dkimrotctl %s", v->usage);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct ctl c = {.socket = CTL_SOCKET, .color = "auto"};
	unsigned given = 0;
	int opt;

	files_open_standard();
	setlocale(LC_CTYPE, "");
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == OPT_HELP || opt == 'h') {
			help();
			return CTL_DONE;
		}
		if (opt == OPT_VERSION) {
			puts("dkimrotctl " DKIMROTD_VERSION);
			return CTL_DONE;
		}
		if (!take_option(&c, opt, optarg, &given))
			return CTL_USAGE;
	}
	if (optind == argc) {
		ctl_say("which verb? dkimrotctl --help lists them");
		return CTL_USAGE;
	}
	const struct verb *v = find_verb(argv[optind++]);
	if (!v || !fits(v, &c, given, argc - optind))
		return CTL_USAGE;
	int rc = v->run(&c, argv + optind, argc - optind);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("dkimrotctl");
		return CTL_REFUSED;
	}
	return rc;
}
