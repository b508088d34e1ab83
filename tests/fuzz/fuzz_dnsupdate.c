/* Answers to dynamic updates: messages as they come from the network, and, for the writer's decisions behind the signature that
 * no fuzzer forges, replies made of the input. Whatever is answered: nothing unsigned is believed, every change carries a
 * condition, it ends soon, and "done" is said only after the server itself has proven what stands there. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/dnsupdate.h"
#include "platform/writer.h"

#define ENOUGH 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p, *end;
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t take(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static char secret[] = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", key_name[] = "dk";
static const struct tsig_key key = {.name = key_name, .algorithm = "hmac-sha256", .secret = secret};

/* A message: its length, then its bytes. The id is put right, so that more than the first check is reached. */
static void from_bytes(struct input *in, const struct dns_request *q, struct dns_reply *ret)
{
	struct dns_sent sent = {.id = 77, .mac_len = 34, .mac = {0, 32}};
	size_t n = (size_t)take(in) << 8, left;

	n |= take(in);
	left = (size_t)(in->end - in->p);
	n = n > left ? left : n;
	uint8_t *own = xmalloc(n + 1); /* of its own size, so that a byte read too far is seen */
	memcpy(own, in->p, n);
	if (n > 1) {
		own[0] = 0;
		own[1] = 77;
	}
	in->p += n;
	update_read(q, &key, &sent, own, n, ret);
	free(own);
	must(!ret->authentic);
	must(ret->answered == (ret->error[0] == '\0'));
}

/* A reply as if it were signed. */
static void from_choice(struct input *in, const struct dns_request *q, struct dns_reply *ret)
{
	static const char *const texts[] = {"t.example", "other.example", "p=", "x"};

	*ret = (struct dns_reply){.answered = true, .error = ""};
	ret->rcode = take(in) % 20;
	ret->authentic = q->kind != DNS_LOOK;
	ret->authoritative = take(in) % 8 != 0;
	if (q->kind != DNS_LOOK)
		return;
	ret->seen.type = take(in) % 2 ? RR_TXT : RR_CNAME;
	ret->seen.n = take(in) % 4;
	ret->seen.more = take(in) % 8 == 1;
	for (unsigned i = 0; i < ret->seen.n; i++) {
		struct rr rr = {.type = ret->seen.type};

		str_copy(rr.data, sizeof rr.data, texts[take(in) % 4]);
		must(dns_data_of(&rr, &ret->seen.list[i]));
	}
}

static void check_request(const struct write_job *w, const struct write_request *q)
{
	const struct dns_request *r = &q->dns;

	must(q->via == VIA_DNS && r->set != NULL && r->set->n <= UPDATE_SET);
	must(q->changes == (r->kind == DNS_WRITE));
	must(!q->changes || w->guarded);
	must(!r->drop || (r->drop >= r->set->list && r->drop < r->set->list + r->set->n && w->old[0]));
	must(!r->add || (r->add->ttl >= RR_TTL_MIN && (r->drop ? r->set->n == 1 : r->set->n == 0)));
	must(!w->items[w->at].rr.absent || !r->add);
}

static void run(struct input *in, const struct rr *rr)
{
	static struct write_job w;
	static struct dns_reply reply;
	struct write_request q;
	unsigned asked = 0;
	bool proven = false;

	must(write_begin(&w, DNS_RFC2136, "d.ovh", 3600) == 0 && write_add(&w, rr) == 0);
	while (write_next(&w, &q)) {
		struct write_answer a = {.dns = {.error = "nothing"}};
		uint8_t how = take(in);

		check_request(&w, &q);
		must(asked++ < ENOUGH);
		if (how % 8 == 7) {
			write_deny(&w, "denied");
			continue;
		}
		if (how % 8 < 6) {
			a.dns.reply = &reply;
			if (how % 2)
				from_bytes(in, &q.dns, &reply);
			else
				from_choice(in, &q.dns, &reply);
		}
		proven = a.dns.reply && reply.answered &&
		         (q.dns.kind == DNS_LOOK ? reply.rcode == 0 || reply.rcode == 3
		                                 : reply.authentic && reply.rcode == 0);
		write_feed(&w, &a);
	}
	const struct write_item *x = &w.items[0];
	must(x->verdict > WRITE_MADE && (x->verdict == WRITE_TROUBLE) == (x->trouble != TROUBLE_NONE));
	must(x->verdict != WRITE_DONE || (proven && (q.dns.kind != DNS_LOOK || rr->absent)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {.p = data, .end = data + size};
	static const struct rr wanted[] = {
	        {.type = RR_CNAME, .name = "s._domainkey.d.ovh", .data = "t.example"},
	        {.type = RR_TXT, .name = "s._domainkey.d.ovh", .data = "p="},
	        {.type = RR_TXT, .name = "s._domainkey.d.ovh", .data = "p=", .absent = true},
	};

	run(&in, &wanted[take(&in) % 3]);
	return 0;
}
