/* dnswrite: one job of the rfc2136 writer against a real name server, for tests. What each request was about is told, a line
 * each, then what became of the record. The key's secret comes from a file, as in the daemon.
 *   dnswrite -s ADDRESS@PORT -k KEYFILE [-n KEYNAME] [-a ALGORITHM] [-t TTL] [-w MS] [-d] [-r] ZONE TYPE NAME DATA
 * -d: the gate denies every change; -r: the record is to go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "codec/dnsupdate.h"
#include "io/dns_update.h"
#include "io/files.h"
#include "io/loop.h"
#include "platform/writer.h"

static struct {
	struct loop *loop;
	struct address to;
	struct tsig_key *key;
	struct write_job w;
	struct write_request q;
	struct dns_sent sent;
	bool deny;
	int64_t wait;
} t;

static void next(void);

static void exchanged(void *arg, enum exchange_end end, const uint8_t *bytes, size_t n, const char *error)
{
	static struct dns_reply reply;
	struct write_answer a = {.dns = {.not_sent = end == EXCHANGE_NOT_SENT, .error = error}};

	(void)arg;
	if (end == EXCHANGE_ANSWERED) {
		update_read(&t.q.dns, t.key, &t.sent, bytes, n, &reply);
		a.dns.reply = &reply;
		printf("answer %s%s\n", dns_rcode_word(reply.rcode), reply.authentic ? " authentic" : "");
	} else {
		printf("answer none: %s\n", error);
	}
	write_feed(&t.w, &a);
	next();
}

static void next(void)
{
	static const char *const kinds[] = {
	        [DNS_LOOK] = "look", [DNS_CHECK] = "check", [DNS_WRITE] = "write"};
	size_t n = 0;

	while (write_next(&t.w, &t.q)) {
		printf("%s old=%s%s\n", kinds[t.q.dns.kind], t.w.old, t.q.changes ? " changes" : "");
		if (t.q.changes && t.deny) {
			write_deny(&t.w, "denied");
			continue;
		}
		uint8_t *bytes = update_write(&t.q.dns, t.key, 77, &n, &t.sent);
		if (bytes == NULL) {
			printf("no message can be made\n");
			exit(2);
		}
		dns_exchange(t.loop, &t.to, bytes, n, t.wait, exchanged, NULL);
		free(bytes);
		return;
	}
	loop_stop(t.loop);
}

static int tell(void)
{
	static const char *const verdicts[] = {[WRITE_BUSY] = "busy",
	        [WRITE_MADE] = "made",
	        [WRITE_DONE] = "done",
	        [WRITE_FOREIGN] = "foreign",
	        [WRITE_TROUBLE] = "trouble",
	        [WRITE_DENIED] = "denied"};
	const struct write_item *x = &t.w.items[0];

	printf("end %s%s%s: %s\n", verdicts[x->verdict], x->changed ? " changed" : "", x->open ? " open" : "",
	        x->text);
	return x->verdict == WRITE_DONE ? 0 : 1;
}

static void faults(struct diags *d)
{
	char line[600];

	for (size_t i = 0; i < d->n; i++)
		fprintf(stderr, "%s\n", diag_format(&d->list[i], line, sizeof line));
	diags_clear(d);
}

int main(int argc, char **argv)
{
	const char *key_file = NULL, *name = NULL, *algorithm = NULL;
	struct rr rr = {.type = RR_TXT};
	struct file_text text;
	struct diags d = {0};
	uint32_t ttl = 3600;

	t.to.port = 53;
	for (int c; (c = getopt(argc, argv, "s:k:n:a:t:w:dr")) != -1;) {
		if (c == 's' && !address_parse(optarg, &t.to))
			return 2;
		if (c == 'k')
			key_file = optarg;
		if (c == 'n')
			name = optarg;
		if (c == 'a')
			algorithm = optarg;
		if (c == 't')
			ttl = (uint32_t)atoi(optarg);
		if (c == 'w')
			t.wait = atoi(optarg);
		t.deny = t.deny || c == 'd';
		rr.absent = rr.absent || c == 'r';
	}
	argv += optind;
	if (argc - optind != 4 || key_file == NULL)
		return 2;
	if (files_read(key_file, FILE_SECRET, true, &text, &d) == 0) {
		t.key = tsig_key_parse(text.text, text.len, key_file, name, algorithm, &d);
		files_free(&text);
	}
	faults(&d);
	if (t.key == NULL)
		return 2;
	if (strcmp(argv[1], "CNAME") == 0)
		rr.type = RR_CNAME;
	if (!str_copy(rr.name, sizeof rr.name, argv[2]) || !str_copy(rr.data, sizeof rr.data, argv[3]) ||
	        write_begin(&t.w, DNS_RFC2136, argv[0], ttl) != 0 || write_add(&t.w, &rr) != 0) {
		fprintf(stderr, "not a record to be written\n");
		return 2;
	}
	t.loop = loop_new();
	next();
	if (!t.w.over)
		loop_run(t.loop);
	int code = tell();
	tsig_key_free(t.key);
	loop_free(t.loop);
	return code;
}
