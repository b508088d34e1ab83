/* Taking over a key with which a domain's mail is signed already: it is checked against what the DNS serves, stored, and
 * named in the signer's map, so that the signer can be pointed to the map without a gap. It must never take a key over that
 * receivers could not verify. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/dkimkey.h"
#include "codec/keypair.h"
#include "core/dname.h"
#include "engine/external.h"

struct adoption {
	struct engine *e;
	char *domain; /* with its platform: the slot may be another one by then */
	char selector[SELECTOR_NAME];
	char *pem;
	size_t n;
	struct dns_look *look;
	struct keystore_call *call;
	engine_answer *answer;
	void *arg;
};

static void end(struct adoption *a, enum ask_result result, const char *text)
{
	engine_answer *answer = a->answer;
	void *arg = a->arg;

	a->e->adoption = NULL;
	explicit_bzero(a->pem, a->n);
	free(a->pem);
	free(a->domain);
	free(a);
	answer(arg, result, text);
}

void adopt_cancel(struct engine *e)
{
	struct adoption *a = e->adoption;

	if (a == NULL)
		return;
	if (a->look != NULL)
		dns_cancel(a->look);
	keystore_cancel(a->call);
	end(a, ASK_REFUSED, "the daemon is stopping or reading its configuration anew: ask again");
}

static struct slot *slot_of(struct adoption *a)
{
	struct slot *s = slot_find(a->e, a->domain);

	return s != NULL && s->d->platform == PLATFORM_EXTERNAL ? s : NULL;
}

static void stored(void *arg, int result, const char *why, const struct holding *held)
{
	struct adoption *a = arg;
	struct slot *s = slot_of(a);
	char text[300];

	(void)held;
	a->call = NULL;
	if (result < 0) {
		str_format(text, sizeof(text), "%s", why);
		end(a, ASK_REFUSED, text);
		return;
	}
	if (s != NULL) {
		struct fields f;

		tell_fields(&f, s);
		f.selector = a->selector;
		report(EVENT_KEY_ADOPTED, &f, s->d->domain, a->selector);
		if (s->job == NULL)
			slot_schedule(s, URGENT_PERSON, 0);
		account_pump(s->account);
	}
	end(a, ASK_OK, "taken over: point the signer to its map now");
}

static void looked(void *arg, const struct evidence *e)
{
	struct adoption *a = arg;
	struct slot *s = slot_of(a);
	char text[400];

	a->look = NULL;
	if (s == NULL) {
		end(a, ASK_UNKNOWN, "it has left the inventory");
		return;
	}
	if (e->state != SEEN_OK) {
		str_format(text, sizeof(text), "the DNS does not serve this key under %s: %s", a->selector,
		        e->detail[0] != '\0' ? e->detail : seen_word(e->state));
		end(a, ASK_REFUSED, text);
		return;
	}
	struct keystore_request q = {.op = KEYSTORE_ADOPT,
	        .domain = s->d->domain,
	        .external = s->d->external,
	        .name = a->selector,
	        .now = account_now(s->account),
	        .pem = a->pem,
	        .pem_len = a->n};
	a->call = keystore_start(a->e->p.keystore, &q, stored, a);
}

static void look_up(struct adoption *a, const struct slot *s, const uint8_t digest[KEY_DIGEST])
{
	char owner[DNAME_TEXT], identity[2 * KEY_DIGEST + 1];
	struct dns_question q = {
	        .record = owner, .target = identity, .zone = external_zone(s->d), .key_record = true};

	external_owner(owner, s->d, a->selector);
	dkimkey_hex(digest, identity);
	a->look = dns_look(a->e->p.dns, &q, looked, a);
}

void engine_adopt(struct engine *e, const char *name, const char *selector, const char *pem, size_t n,
        engine_answer *answer, void *arg)
{
	struct slot *s = slot_find(e, name);
	struct keypair pair;
	struct adoption *a;

	if (s == NULL || e->adoption != NULL || s->d->platform != PLATFORM_EXTERNAL) {
		answer(arg, s == NULL ? ASK_UNKNOWN : ASK_REFUSED,
		        s != NULL && s->d->platform != PLATFORM_EXTERNAL
		                ? "its keys are OVHcloud's: only external domains have keys of ours"
		                : "another key is being taken over: ask again in a moment");
		return;
	}
	if (!dname_valid_selector(selector) || strlen(selector) >= SELECTOR_NAME) {
		answer(arg, ASK_BAD, "the selector is no name");
		return;
	}
	int r = keypair_read(pem, n, &pair);
	if (r < 0) {
		answer(arg, ASK_BAD,
		        r == -ERANGE
		                ? "an RSA key must have 1024 to 4096 bits"
		                : "this is no private key in PEM that DKIM knows, or it has a passphrase");
		return;
	}
	a = xcalloc(1, sizeof(*a));
	a->e = e;
	a->domain = xstrdup(name);
	str_copy(a->selector, sizeof(a->selector), selector);
	a->pem = xmalloc(n + 1);
	memcpy(a->pem, pem, n);
	a->n = n;
	a->answer = answer;
	a->arg = arg;
	e->adoption = a;
	look_up(a, s, pair.digest);
	keypair_wipe(&pair);
}
