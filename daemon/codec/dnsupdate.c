/* Dynamic updates: conditions, changes and signatures, by ldns. It must never call an answer authentic whose signature does
 * not hold, and never shows the secret to anybody but the library. */
#include "codec/dnsupdate.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/util.h"
#include "codec/dnswire.h"

#define FUDGE 300 /* seconds that the clocks may differ by: RFC 8945 section 10 recommends it */

const char *dns_rcode_word(unsigned rcode)
{
	static const char *const words[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
	        "REFUSED", [DNS_YXDOMAIN] = "YXDOMAIN", [DNS_YXRRSET] = "YXRRSET", [DNS_NXRRSET] = "NXRRSET",
	        [DNS_NOTAUTH] = "NOTAUTH", [DNS_NOTZONE] = "NOTZONE", [DNS_BADSIG] = "BADSIG",
	        [DNS_BADKEY] = "BADKEY", [DNS_BADTIME] = "BADTIME"};

	return rcode < ARRAY_SIZE(words) && words[rcode] ? words[rcode] : "";
}

/* ---- data ---- */

static bool text_wire(const char *text, struct dns_data *ret)
{
	size_t left = strlen(text);

	ret->len = 0;
	do { /* strings of 255 bytes at most (RFC 1035 section 3.3), in as few as it takes */
		size_t n = left > 255 ? 255 : left;

		if (ret->len + 1 + n > sizeof ret->wire)
			return false;
		ret->wire[ret->len++] = (uint8_t)n;
		memcpy(ret->wire + ret->len, text, n);
		ret->len = (uint16_t)(ret->len + n);
		text += n;
		left -= n;
	} while (left > 0);
	return true;
}

bool dns_data_of(const struct rr *rr, struct dns_data *ret)
{
	struct dnswire_name name;

	if (!str_copy(ret->text, sizeof ret->text, rr->data))
		return false;
	if (rr->type != RR_CNAME)
		return text_wire(rr->data, ret);
	if (dnswire_name_read(rr->data, &name) < 0)
		return false;
	memcpy(ret->wire, name.wire, name.len);
	ret->len = name.len;
	return true;
}

/* A record of the answer into the set. */
static void read_data(const struct dnswire *m, const struct dnswire_record *r, struct dns_data *ret)
{
	struct dnswire_name name;
	char *text;
	size_t n;

	str_copy(ret->text, sizeof ret->text, "\"\"");
	ret->len = 0;
	if (r->type == DNS_TYPE_CNAME && dnswire_record_name(m, r, &name) == 0) {
		memcpy(ret->wire, name.wire, name.len);
		ret->len = name.len;
		dnswire_name_text(&name, ret->text, sizeof ret->text);
	} else if (r->type == DNS_TYPE_TXT && r->data_len <= sizeof ret->wire &&
	           dnswire_record_text(m, r, &text, &n) == 0) {
		memcpy(ret->wire, m->bytes + r->data_at, r->data_len);
		ret->len = (uint16_t)r->data_len;
		if (n > 0 && n < sizeof ret->text && !memchr(text, '\0', n)) {
			memcpy(ret->text, text, n);
			ret->text[n] = '\0';
		}
		free(text);
	}
}

/* ---- messages out ---- */

static ldns_rdf *rdf_of(const struct dnswire_name *n)
{
	ldns_rdf *f = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, n->len, n->wire);

	if (!f)
		out_of_memory();
	return f;
}

/* A record of an update; data NULL: none of it (RFC 2136 sections 2.4 and 2.5). Its data goes as it is. */
static void push(ldns_rr_list *list, const struct dnswire_name *owner, ldns_rr_type type, uint16_t klass,
        uint32_t ttl, const struct dns_data *data)
{
	ldns_rr *rr = ldns_rr_new();

	if (!rr)
		out_of_memory();
	ldns_rr_set_owner(rr, rdf_of(owner));
	ldns_rr_set_type(rr, type);
	ldns_rr_set_class(rr, (ldns_rr_class)klass);
	ldns_rr_set_ttl(rr, ttl);
	if (data) {
		ldns_rdf *f = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, data->len, data->wire);

		if (!f || !ldns_rr_push_rdf(rr, f))
			out_of_memory();
	}
	if (!ldns_rr_list_push_rr(list, rr))
		out_of_memory();
}

static ldns_rr_type type_of(enum rr_type t)
{
	return t == RR_CNAME ? LDNS_RR_TYPE_CNAME : LDNS_RR_TYPE_TXT;
}

/* "Name is not in use" (2.4.5), or "RRset exists (value dependent)" (2.4.2), which holds only for the whole set. */
static void push_conditions(ldns_rr_list *list, const struct dns_request *q, const struct dnswire_name *owner)
{
	if (q->set->n == 0)
		push(list, owner, LDNS_RR_TYPE_ANY, LDNS_RR_CLASS_NONE, 0, NULL);
	for (unsigned i = 0; i < q->set->n; i++)
		push(list, owner, type_of(q->set->type), LDNS_RR_CLASS_IN, 0, &q->set->list[i]);
}

/* "Delete an RR from an RRset" (2.5.4), "add to an RRset" (2.5.1), in this order. */
static bool push_changes(ldns_rr_list *list, const struct dns_request *q, const struct dnswire_name *owner)
{
	struct dns_data *data;
	bool good = true;

	if (q->kind != DNS_WRITE)
		return true;
	if (q->drop)
		push(list, owner, type_of(q->set->type), LDNS_RR_CLASS_NONE, 0, q->drop);
	if (!q->add)
		return true;
	data = xcalloc(1, sizeof *data);
	good = dns_data_of(q->add, data);
	if (good)
		push(list, owner, type_of(q->add->type), LDNS_RR_CLASS_IN, q->add->ttl, data);
	free(data);
	return good;
}

/* ldns' name of an algorithm has the dot at its end. */
static void algorithm_name(const struct tsig_key *key, char dst[24])
{
	str_format(dst, 24, "%s.", key->algorithm);
}

/* Signs the message and keeps the digest, which the answer's covers too. */
static bool sign(ldns_pkt *p, const struct tsig_key *key, struct dns_sent *sent)
{
	char algorithm[24];
	char *name = xasprintf("%s.", key->name);

	algorithm_name(key, algorithm);
	bool good = ldns_pkt_tsig_sign(p, name, key->secret, FUDGE, algorithm, NULL) == LDNS_STATUS_OK;
	free(name);
	/* the fourth field: two bytes of length, then the digest */
	const ldns_rdf *mac = good && ldns_pkt_tsig(p) ? ldns_rr_rdf(ldns_pkt_tsig(p), 3) : NULL;
	if (!mac || ldns_rdf_size(mac) < 2 || ldns_rdf_size(mac) > UPDATE_MAC)
		return false;
	sent->mac_len = ldns_rdf_size(mac);
	memcpy(sent->mac, ldns_rdf_data(mac), sent->mac_len);
	return true;
}

static uint8_t *to_bytes(const ldns_pkt *p, size_t *ret_len)
{
	uint8_t *wire = NULL, *own = NULL;
	size_t n = 0;

	if (ldns_pkt2wire(&wire, p, &n) == LDNS_STATUS_OK && n <= UINT16_MAX) {
		own = xmalloc(n);
		memcpy(own, wire, n);
		*ret_len = n;
	}
	free(wire);
	return own;
}

static uint8_t *write_update(const struct dns_request *q, const struct tsig_key *key,
        const struct dnswire_name *zone, const struct dnswire_name *owner, size_t *ret_len,
        struct dns_sent *sent)
{
	ldns_rr_list *conditions = ldns_rr_list_new(), *changes = ldns_rr_list_new(),
	             *none = ldns_rr_list_new();
	ldns_pkt *p = NULL;
	uint8_t *bytes = NULL;

	if (!conditions || !changes || !none)
		out_of_memory();
	push_conditions(conditions, q, owner);
	if (push_changes(changes, q, owner))
		p = ldns_update_pkt_new(rdf_of(zone), LDNS_RR_CLASS_IN, conditions, changes, none);
	if (p) {
		ldns_pkt_set_id(p, sent->id);
		if (sign(p, key, sent))
			bytes = to_bytes(p, ret_len);
		ldns_pkt_free(p);
	}
	ldns_rr_list_deep_free(conditions); /* the message has copies */
	ldns_rr_list_deep_free(changes);
	ldns_rr_list_deep_free(none);
	return bytes;
}

static uint8_t *write_look(const struct dnswire_name *owner, uint16_t id, size_t *ret_len)
{
	const struct dnswire_query look = {.id = id, .name = owner, .type = DNS_TYPE_TXT};
	uint8_t *bytes = xmalloc(DNSWIRE_QUERY_MAX);

	*ret_len = dnswire_query_write(&look, bytes);
	return bytes;
}

uint8_t *update_write(const struct dns_request *q, const struct tsig_key *key, uint16_t id, size_t *ret_len,
        struct dns_sent *ret_sent)
{
	struct dnswire_name zone, owner;

	*ret_sent = (struct dns_sent){.id = id};
	if (dnswire_name_read(q->zone, &zone) < 0 || dnswire_name_read(q->name, &owner) < 0)
		return NULL;
	return q->kind == DNS_LOOK ? write_look(&owner, id, ret_len)
	                           : write_update(q, key, &zone, &owner, ret_len, ret_sent);
}

/* ---- messages in ---- */

static void read_look(const struct dns_request *q, const struct dns_sent *sent, const uint8_t *bytes,
        size_t n, struct dns_reply *ret)
{
	struct dnswire_walk walk = {0};
	struct dnswire_record r;
	struct dnswire_name owner;
	struct dnswire m;

	if (dnswire_name_read(q->name, &owner) < 0 || dnswire_read(bytes, n, &m) < 0 || m.truncated ||
	        !dnswire_answers(&m, sent->id, &owner, DNS_TYPE_TXT)) {
		ret->error = "what came back is no answer to the question";
		return;
	}
	ret->answered = true;
	ret->rcode = m.rcode;
	ret->authoritative = m.authoritative;
	while (dnswire_next(&m, &walk, &r)) {
		if (r.section != DNSWIRE_ANSWER || !dnswire_name_eq(&r.owner, &owner) ||
		        (r.type != DNS_TYPE_CNAME && r.type != DNS_TYPE_TXT))
			continue;
		enum rr_type type = r.type == DNS_TYPE_CNAME ? RR_CNAME : RR_TXT;
		ret->seen.more = ret->seen.n == UPDATE_SET || (ret->seen.n > 0 && ret->seen.type != type);
		if (ret->seen.more)
			return;
		ret->seen.type = type;
		read_data(&m, &r, &ret->seen.list[ret->seen.n++]);
	}
}

/* What TSIG says beside NOTAUTH (RFC 8945 section 5.2): the sixth field. */
static unsigned tsig_error(const ldns_pkt *p)
{
	const ldns_rdf *f = ldns_pkt_tsig(p) ? ldns_rr_rdf(ldns_pkt_tsig(p), 5) : NULL;

	return f && ldns_rdf_size(f) == 2 ? ldns_rdf2native_int16(f) : 0;
}

/* The signature covers the request's too, so an answer to another one, or to an older one, does not hold. */
static bool is_signed(
        ldns_pkt *p, const struct tsig_key *key, const struct dns_sent *sent, const uint8_t *bytes, size_t n)
{
	char *name = xasprintf("%s.", key->name);
	ldns_rdf *owner = ldns_dname_new_frm_str(name),
	         *mac = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_INT16_DATA, sent->mac_len, sent->mac);
	ldns_rr *tsig = ldns_pkt_tsig(p);

	if (!owner || !mac)
		out_of_memory();
	bool good = tsig && ldns_rr_rd_count(tsig) >= 7 &&
	            ldns_dname_compare(ldns_rr_owner(tsig), owner) == 0 &&
	            ldns_pkt_tsig_verify(p, bytes, n, name, key->secret, mac);
	if (tsig && ldns_pkt_tsig(p) != tsig)
		ldns_rr_free(tsig); /* of an algorithm that it does not know: taken out and not put back */
	ldns_rdf_deep_free(owner);
	ldns_rdf_deep_free(mac);
	free(name);
	return good;
}

/* RFC 8945 section 5.1: one signature at most, and the last record. What does not hold together is not shown to the library. */
static bool is_sound(const uint8_t *bytes, size_t n)
{
	struct dnswire_walk walk = {0};
	struct dnswire_record r;
	struct dnswire m;
	bool sound, signature = false;
	uint8_t *own = n >= 12 ? xmalloc(n) : NULL;

	if (!own)
		return false;
	memcpy(own, bytes, n);
	own[2] &= 0x87; /* our reader knows answers to questions only; the sections are built alike */
	sound = dnswire_read(own, n, &m) == 0 && !m.truncated;
	while (sound && dnswire_next(&m, &walk, &r)) {
		sound = !signature;
		signature = r.type == LDNS_RR_TYPE_TSIG;
		sound = sound && (!signature || r.section == DNSWIRE_ADDITIONAL);
	}
	free(own);
	return sound;
}

static void read_update(const struct tsig_key *key, const struct dns_sent *sent, const uint8_t *bytes,
        size_t n, struct dns_reply *ret)
{
	ldns_pkt *p = NULL;

	if (!is_sound(bytes, n) || ldns_wire2pkt(&p, bytes, n) != LDNS_STATUS_OK || !p || !ldns_pkt_qr(p) ||
	        ldns_pkt_get_opcode(p) != LDNS_PACKET_UPDATE || ldns_pkt_id(p) != sent->id) {
		ret->error = "what came back is no answer to the update";
		ldns_pkt_free(p);
		return;
	}
	ret->answered = true;
	ret->rcode = (unsigned)ldns_pkt_get_rcode(p);
	if (ret->rcode == DNS_NOTAUTH && tsig_error(p) != 0)
		ret->rcode = tsig_error(p);
	ret->authentic = is_signed(p, key, sent, bytes, n);
	ldns_pkt_free(p);
}

void update_read(const struct dns_request *q, const struct tsig_key *key, const struct dns_sent *sent,
        const uint8_t *bytes, size_t n, struct dns_reply *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->error = "";
	if (q->kind == DNS_LOOK)
		read_look(q, sent, bytes, n, ret);
	else
		read_update(key, sent, bytes, n, ret);
}
