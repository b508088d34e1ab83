/* ovhsim: the OVHcloud API and its DNS, simulated, for the demo and the tests. The world (tests/ovhsim/world)
 * decides what OVHcloud does; this program speaks HTTP(S) and DNS for it, checks signatures and tokens as
 * OVHcloud does, and shows tests what really happened under /_sim. Only for loopback; `ovhsim --help` and
 * README.md tell the rest. */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "dnsd.h"
#include "httpd.h"
#include "meter.h"
#include "out.h"
#include "pages.h"
#include "sim.h"

enum { LINES_MAX = 512 };

struct options {
	const char *http, *https, *cert, *key, *ready, *log;
	int dns_port;
	unsigned servers;
	uint64_t seed;
	double speed;
	int64_t start;
	bool judge;
	struct {
		bool file;
		const char *text;
	} lines[LINES_MAX]; /* --set and --scenario, in the order given */
	size_t n_lines;
};

static const char usage_text[] =
        "usage: ovhsim [OPTION...]\n"
        "  --http ADDR:PORT    listen for plain HTTP (default 127.0.0.1:0; port 0 = any free one)\n"
        "  --https ADDR:PORT   and for HTTPS (default 127.0.0.1:0 when a certificate is given)\n"
        "  --tls-cert FILE --tls-key FILE   PEM files for it\n"
        "  --dns PORT          DNS over UDP and TCP on 127.0.0.1 .. 127.0.0.N (default 0 = any free port)\n"
        "  --servers N         name servers, one an address (default 4); the last octet less one is the "
        "number\n"
        "                      of the server in the world. Queries with RD set are resolved: aliases "
        "followed,\n"
        "                      failing servers passed over. Without RD each server answers for itself\n"
        "  --ready-file FILE   written when listening, for the shell: HTTP_PORT= HTTPS_PORT= DNS_PORT= "
        "HTTP_URL=\n"
        "                      HTTPS_URL= TOKEN_URL= PID=\n"
        "  --scenario FILE     definitions, see below; repeatable. - is standard input\n"
        "  --set NAME=VALUE    a switch, see below; repeatable. NAME@DOMAIN=VALUE narrows one of the "
        "world's\n"
        "  --seed N            everything that chance decides (default 1)\n"
        "  --speed F           simulated time runs F times as fast (default 1), also for /auth/time, "
        "signatures,\n"
        "                      tokens, tasks and delays; who talks to it needs a clock of that speed\n"
        "  --start SECONDS     the simulated clock starts there (since 1970; default: the host's wall "
        "clock)\n"
        "  --log FILE          one JSON line a request (at, account, method, path, body, status, fault, "
        "query_id)\n"
        "  --judge             exit 1 when a change broke a safety rule; every one is told on stderr\n"
        "  --help\n"
        "\n"
        "Ends on SIGTERM, SIGINT or POST /_sim/quit: 0, or 1 with --judge and a broken rule; 2 wrong usage.\n"
        "\n"
        "Scenario lines (# starts a comment):\n"
        "  account NAME ak=KEY as=SECRET ck=KEY | account NAME client_id=ID client_secret=SECRET\n"
        "  rule ACCOUNT METHOD PATTERN      grants a call (* matches across slashes); with no rule all are "
        "granted\n"
        "  deny ACCOUNT METHOD PATTERN      refuses one; METHOD may be *\n"
        "  domain ACCOUNT PLATFORM SERVICE NAME [ZONE [DNS [SELECTORS [STATE]]]]     - stands for the "
        "default\n"
        "                                   PLATFORM exchange emailpro mxplan zimbra; DNS ovh, none (the "
        "zone is\n"
        "                                   nobody's) or account:NAME; STATE virgin signing ready or one\n"
        "                                   (one selector there, signing); defaults: NAME ovh 2 virgin\n"
        "  set NAME=VALUE                   a switch\n"
        "  person DOMAIN WHAT...            what somebody does in the control panel: switch [S] enable S "
        "disable [S]\n"
        "                                   delete S create S foreign [signing] remove-cname S add-cname "
        "[S]\n"
        "                                   wrong-cname S record SUB TYPE TARGET text-edit expire-service\n"
        "                                   renew-service suspend restore revoke-credential "
        "grant-credential\n"
        "                                   clear-tasks; S: a selector's name or 1, 2, 3 (world/world.h)\n"
        "  person account:NAME WHAT         revoke-credential, restore-credential, revoke-tokens\n"
        "  repeat N LINE                    the line N times, {} being 0 .. N-1\n"
        "\n"
        "Control page, no authentication (bodies are lines as above without their first word, and scenario\n"
        "lines for add): GET /_sim/dump[?domain=NAME] signing?domain=NAME counts changes switches time, "
        "POST\n"
        "/_sim/set add person advance (a span, or next) reset-counts quit\n";

/* Usage with the table of switches, shell's and world's. */
static void print_help(void)
{
	size_t n = 0;
	const struct world_switch *w = world_switches(&n);

	fputs(usage_text, stdout);
	puts("\nSwitches of the shell (name, default, meaning):");
	for (size_t i = 0; knobs_row(i); i++)
		printf("  %-22s %-10s %s\n", knobs_row(i)[0], knobs_row(i)[1], knobs_row(i)[2]);
	puts("\nSwitches of the world:");
	for (size_t i = 0; i < n; i++)
		if (!knobs_shared(w[i].name))
			printf("  %-22s %-10s %s\n", w[i].name, w[i].value, w[i].help);
}

static double number(const char *option, const char *text, double min, double max)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= min && v <= max))
		die("--%s: %s is not a number from %g to %g", option, text, min, max);
	return v;
}

static void add_line(struct options *o, bool file, const char *text)
{
	if (o->n_lines == LINES_MAX)
		die("too many --set and --scenario");
	o->lines[o->n_lines].file = file;
	o->lines[o->n_lines++].text = text;
}

static void read_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
	        {"http", 1, NULL, 'p'},
	        {"https", 1, NULL, 'P'},
	        {"tls-cert", 1, NULL, 'c'},
	        {"tls-key", 1, NULL, 'k'},
	        {"dns", 1, NULL, 'd'},
	        {"servers", 1, NULL, 'n'},
	        {"ready-file", 1, NULL, 'r'},
	        {"scenario", 1, NULL, 'f'},
	        {"set", 1, NULL, 's'},
	        {"seed", 1, NULL, 'S'},
	        {"speed", 1, NULL, 'x'},
	        {"start", 1, NULL, 't'},
	        {"log", 1, NULL, 'l'},
	        {"judge", 0, NULL, 'j'},
	        {"help", 0, NULL, 'h'},
	        {NULL, 0, NULL, 0},
	};
	const char **text[256] = {['p'] = &o->http,
	        ['P'] = &o->https,
	        ['c'] = &o->cert,
	        ['k'] = &o->key,
	        ['r'] = &o->ready,
	        ['l'] = &o->log};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			exit(2);
		if (text[c])
			*text[c] = optarg;
		else if (c == 'd')
			o->dns_port = (int)number("dns", optarg, 0, 65535);
		else if (c == 'n')
			o->servers = (unsigned)number("servers", optarg, 1, 32);
		else if (c == 'S')
			o->seed = strtoull(optarg, NULL, 0);
		else if (c == 'x')
			o->speed = number("speed", optarg, 0.001, 1e6);
		else if (c == 't')
			o->start = (int64_t)(number("start", optarg, 0, 1e11) * 1000);
		else if (c == 'j')
			o->judge = true;
		else if (c == 'f' || c == 's')
			add_line(o, c == 'f', optarg);
		else {
			print_help();
			exit(0);
		}
	}
	if (optind < argc)
		die("what is %s? (--help)", argv[optind]);
	if (!o->cert != !o->key || (o->https && !o->cert))
		die("HTTPS needs both --tls-cert and --tls-key");
}

static char *read_all(const char *path)
{
	bool file = strcmp(path, "-") != 0;
	FILE *f = file ? fopen(path, "re") : stdin;
	struct out o = {0};
	char part[65536];
	size_t n;

	if (!f)
		die("%s: %s", path, strerror(errno));
	out_add(&o, "", 0);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		out_add(&o, part, n);
	int fault = ferror(f) ? errno : 0;
	if (file)
		fclose(f);
	if (fault)
		die("%s: %s", path, strerror(fault));
	return o.data;
}

static void run_lines(struct sim *s, const struct options *o)
{
	char error[300];

	for (size_t i = 0; i < o->n_lines; i++) {
		char *text = o->lines[i].file ? read_all(o->lines[i].text) : must(strdup(o->lines[i].text)),
		     *equals;

		if (o->lines[i].file) {
			if (!scenario_text(s, text, error, sizeof(error)))
				die("%s: %s", o->lines[i].text, error);
		} else {
			equals = strchr(text, '=');
			if (equals)
				*equals = 0;
			if (!equals || sim_set(s, text, equals + 1) < 0)
				die("--set %s: unknown switch or bad value (--help lists them)",
				        o->lines[i].text);
		}
		free(text);
	}
}

/* Written beside and renamed, so that who waits for it never reads half. */
static void write_ready(
        const char *path, const struct httpd *http, const struct httpd *https, const struct dnsd *dns)
{
	struct out name = {0};
	FILE *f;

	out_printf(&name, "%s.new", path);
	f = fopen(name.data, "we");
	if (!f)
		die("%s: %s", name.data, strerror(errno));
	fprintf(f, "HTTP_PORT=%d\nDNS_PORT=%d\nHTTP_URL=http://127.0.0.1:%d\n", httpd_port(http),
	        dnsd_port(dns), httpd_port(http));
	fprintf(f, "TOKEN_URL=http://127.0.0.1:%d/auth/oauth2/token\nPID=%d\n", httpd_port(http),
	        (int)getpid());
	if (https)
		fprintf(f, "HTTPS_PORT=%d\nHTTPS_URL=https://127.0.0.1:%d\n", httpd_port(https),
		        httpd_port(https));
	if (fclose(f) || rename(name.data, path) < 0)
		die("%s: %s", path, strerror(errno));
	out_free(&name);
}

static void on_signal(evutil_socket_t number_, short what, void *arg)
{
	(void)number_;
	(void)what;
	event_base_loopbreak(arg);
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	fflush(arg);
}

/* The loop with its signals and the log's clock. */
static void run(struct sim *s)
{
	struct timeval flush_every = {0, 100000};
	struct event *term = must(evsignal_new(s->base, SIGTERM, on_signal, s->base));
	struct event *intr = must(evsignal_new(s->base, SIGINT, on_signal, s->base));
	struct event *flush = s->log ? must(event_new(s->base, -1, EV_PERSIST, on_flush, s->log)) : NULL;

	event_add(term, NULL);
	event_add(intr, NULL);
	if (flush)
		event_add(flush, &flush_every);
	event_base_dispatch(s->base);
	if (flush)
		event_free(flush);
	event_free(term);
	event_free(intr);
}

/* Tells every broken rule. Returns how many. */
static size_t tell_judgement(const struct sim *s)
{
	for (size_t i = 0; i < world_changes(s->world); i++) {
		const struct world_change *c = world_change(s->world, i);

		if (c->broken)
			fprintf(stderr, "ovhsim: rule %d broken at %" PRId64 ": %s %s (%d): %s\n", c->broken,
			        c->at, c->method, c->path, c->status, c->why);
	}
	return world_broken(s->world);
}

/* Requests and answers switch their socket between reading and writing: one change of the kernel's list for both. */
static struct event_base *base_new(void)
{
	struct event_config *config = must(event_config_new());
	struct event_base *base;

	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	base = must(event_base_new_with_config(config));
	event_config_free(config);
	return base;
}

int main(int argc, char **argv)
{
	struct options o = {.http = "127.0.0.1:0", .servers = 4, .seed = 1, .speed = 1};
	struct sim s = {0};
	struct httpd *http, *https = NULL;
	struct dnsd *dns;
	size_t broken;

	read_options(argc, argv, &o);
	signal(SIGPIPE, SIG_IGN);
	s.base = base_new();
	s.random = o.seed;
	s.world = must(world_new(o.seed));
	s.auth = auth_new();
	s.meter = meter_new();
	simclock_start(&s.clock, o.start, o.speed);
	knobs_default(&s.knobs);
	run_lines(&s, &o);
	if (o.log && !(s.log = fopen(o.log, "we")))
		die("%s: %s", o.log, strerror(errno));
	http = httpd_new(&s, o.http, NULL, NULL);
	if (o.cert)
		https = httpd_new(&s, o.https ? o.https : "127.0.0.1:0", o.cert, o.key);
	dns = dnsd_new(&s, o.dns_port, o.servers);
	if (o.ready)
		write_ready(o.ready, http, https, dns);
	run(&s);
	broken = o.judge ? tell_judgement(&s) : 0;
	dnsd_free(dns);
	httpd_free(https);
	httpd_free(http);
	if (s.log)
		fclose(s.log);
	auth_free(s.auth);
	meter_free(s.meter);
	world_free(s.world);
	event_base_free(s.base);
	return broken ? 1 : 0;
}
