/* What a person sees of one domain's DNS and of its fault: the evidence of the last look at each selector, and the diagnosis. It
 * reads records and changes nothing. */
#include "codec/json.h"
#include "core/diagnose.h"
#include "engine/parts.h"

static void server_json(struct json_w *w, const struct heard *h, int64_t looked)
{
	bool silent = str_eq(h->said, "silent");

	json_w_object(w);
	if (h->server[0] != '\0') {
		json_w_kstr(w, "name", h->server);
		json_w_kstr(w, "address", h->address[0] != '\0' ? h->address : NULL);
	}
	json_w_kstr(w, "said", h->said);
	json_w_kstr(w, silent ? "why" : "target", h->about[0] != '\0' ? h->about : NULL);
	if (h->ttl != 0)
		json_w_kint(w, "ttl", h->ttl);
	json_w_ktime(w, "at", looked);
	if (!silent)
		json_w_kint(w, "took_ms", h->took);
	json_w_end(w);
}

/* The servers of the zone, and beside them the recursive resolver, which has no name here. */
static void heard_json(struct json_w *w, const struct rec_selector *x)
{
	struct heard h, resolver;
	bool resolved = false;

	json_w_key(w, "servers");
	json_w_array(w);
	for (const char *at = x->heard; heard_next(&at, &h);) {
		if (h.server[0] != '\0') {
			server_json(w, &h, x->dns_at);
			continue;
		}
		resolver = h;
		resolved = true;
	}
	json_w_end(w);
	json_w_kint(w, "servers_not_shown", x->unheard);
	json_w_key(w, "recursive");
	if (resolved)
		server_json(w, &resolver, x->dns_at);
	else
		json_w_null(w);
}

/* Not seen yet, or nobody asked: null. */
static void kseconds(struct json_w *w, const char *key, int64_t seconds)
{
	if (seconds != 0)
		json_w_kint(w, key, seconds);
	else
		json_w_knull(w, key);
}

static void ttl_json(struct json_w *w, const struct rec_selector *x)
{
	json_w_key(w, "ttl");
	json_w_object(w);
	json_w_kint(w, "record", x->ttl_record);
	kseconds(w, "key", x->ttl_key);
	kseconds(w, "negative_zone", x->ttl_negative_zone);
	kseconds(w, "negative_target", x->ttl_negative_target);
	json_w_end(w);
}

static void key_json(struct json_w *w, const struct rec_selector *x)
{
	json_w_key(w, "key");
	json_w_object(w);
	json_w_kstr(w, "dns", seen_word(x->dns_key));
	if (x->has_digest) {
		json_w_kstr(w, "type", x->key_bits == 256 ? "ed25519" : "rsa");
		json_w_kint(w, "bits", x->key_bits);
		json_w_kbool(w, "test_mode", x->test_mode);
		json_w_kbool(w, "strict", x->strict);
	}
	json_w_end(w);
}

void evidence_json(struct json_w *w, const struct rec_selector *x)
{
	json_w_key(w, "evidence");
	if (x->dns_at == 0) {
		json_w_null(w);
		return;
	}
	json_w_object(w);
	json_w_ktime(w, "at", x->dns_at);
	json_w_kstr(w, "record", seen_word(x->dns_record));
	json_w_kstr(w, "detail", x->dns_detail[0] != '\0' ? x->dns_detail : NULL);
	json_w_kstr(w, "served_target", x->served[0] != '\0' ? x->served : NULL);
	json_w_kstr(w, "dnssec", dnssec_word(x->dnssec));
	key_json(w, x);
	ttl_json(w, x);
	json_w_ktime(w, "right_since", x->confirmed_since);
	kseconds(w, "wait_seconds", x->ttl_wait < EVIDENCE_UNTIMED ? x->ttl_wait / MS_SECOND : 0);
	json_w_ktime(w, "wrong_since", x->bad_since);
	heard_json(w, x);
	json_w_end(w);
}

static void kcode(struct json_w *w, const char *key, int code)
{
	if (code != 0)
		json_w_kint(w, key, code);
	else
		json_w_knull(w, key);
}

void diagnosis_json(struct json_w *w, const struct desired *d, const struct record *r, int64_t now)
{
	struct finding f;

	json_w_key(w, "diagnosis");
	if (!diagnose(d, r, now, &f)) {
		json_w_null(w);
		return;
	}
	json_w_object(w);
	kcode(w, "code", f.code);
	json_w_kstr(w, "message", f.message);
	json_w_kstr(w, "remedy", f.remedy);
	json_w_key(w, "ovhcloud");
	if (r->theirs.given) {
		json_w_object(w);
		json_w_kstr(w, "state", r->theirs.state);
		kcode(w, "code", r->theirs.code);
		json_w_kstr(w, "message", r->theirs.message[0] != '\0' ? r->theirs.message : NULL);
		json_w_end(w);
	} else {
		json_w_null(w);
	}
	json_w_ktime(w, "differ_since", r->differ_since);
	json_w_end(w);
}
