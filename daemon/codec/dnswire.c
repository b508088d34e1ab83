/* Reading and writing DNS messages (RFC 1035 section 4). Every byte here comes from strangers: nothing is
 * read before its bounds are checked, compression pointers may only point backwards, and no count in a header
 * is believed before the records were walked. */
#include "codec/dnswire.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

#define HEADER   12
#define CLASS_IN 1
#define PAYLOAD  1232

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint8_t lower(uint8_t c)
{
	return (uint8_t)(c | ((uint8_t)(c - 'A') < 26)
	                             << 5); /* without a branch: every byte of every name comes here */
}

/* Unpacks the name at *at and moves *at behind it; without a ret it is only looked over. A pointer must lead to before the
 * place where the present run of labels began, so that the walk ends however the pointers lie. */
static int name_unpack(const uint8_t *p, size_t n, size_t *at, struct dnswire_name *ret)
{
	size_t pos = *at, begin = *at, end = 0, len = 0;

	while (true) {
		if (pos >= n)
			return -EBADMSG;
		uint8_t c = p[pos];
		if (c >= 0xc0) {
			if (pos + 2 > n)
				return -EBADMSG;
			size_t to = get16(p + pos) & 0x3fffu;
			if (to >= begin)
				return -EBADMSG;
			if (end == 0)
				end = pos + 2;
			pos = begin = to;
			continue;
		}
		if (c > 63 || pos + 1 + c > n || len + 1 + c > sizeof(ret->wire))
			return -EBADMSG;
		if (ret) {
			ret->wire[len] = c;
			for (size_t i = 1; i <= c; i++)
				ret->wire[len + i] = lower(p[pos + i]);
		}
		len += 1u + c;
		pos += 1u + c;
		if (c == 0)
			break;
	}
	if (ret) {
		ret->len = (uint8_t)len;
		memset(ret->wire + len, 0, sizeof(ret->wire) - len);
	}
	*at = end ? end : pos;
	return 0;
}

/* One escaped or plain character of a name's text; returns how many characters it took, 0 when it is no good.
 */
static size_t text_char(const char *s, uint8_t *ret)
{
	if (s[0] != '\\') {
		*ret = lower((uint8_t)s[0]);
		return 1;
	}
	if (s[1] < '0' || s[1] > '9') {
		*ret = lower((uint8_t)s[1]);
		return s[1] ? 2 : 0;
	}
	unsigned v = 0;
	for (size_t i = 1; i <= 3; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		v = v * 10 + (unsigned)(s[i] - '0');
	}
	if (v > 255)
		return 0;
	*ret = lower((uint8_t)v);
	return 4;
}

int dnswire_name_read(const char *text, struct dnswire_name *ret)
{
	struct dnswire_name name = {.len = 0};
	size_t len = 1, label = 0; /* label: where the length of the present one stands */

	if (strcmp(text, ".") == 0)
		text = "";
	else if (!*text)
		return -EINVAL;
	for (const char *s = text; *s;) {
		if (*s == '.') {
			if (len == label + 1)
				return -EINVAL;
			name.wire[label] = (uint8_t)(len - label - 1);
			if (s[1] && len >= sizeof(name.wire))
				return -EINVAL;
			label = len;
			len++;
			s++;
			continue;
		}
		uint8_t c;
		size_t took = text_char(s, &c);
		if (took == 0 || len - label - 1 >= 63 || len >= sizeof(name.wire))
			return -EINVAL;
		name.wire[len++] = c;
		s += took;
	}
	if (len > label + 1) {
		name.wire[label] = (uint8_t)(len - label - 1);
		len++;
	}
	if (len > sizeof(name.wire))
		return -EINVAL;
	name.len = (uint8_t)len;
	*ret = name;
	return 0;
}

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-_*+/", c));
}

/* Appends one byte of a label; false when dst is full. */
static bool text_add(char *dst, size_t cap, size_t *at, uint8_t c)
{
	size_t need = is_plain(c) ? 1 : 4;

	if (*at + need + 1 > cap)
		return false;
	if (need == 1) {
		dst[(*at)++] = (char)c;
		return true;
	}
	const uint8_t digits[3] = {(uint8_t)(c / 100), (uint8_t)(c / 10 % 10), (uint8_t)(c % 10)};
	dst[(*at)++] = '\\';
	for (size_t i = 0; i < 3; i++)
		dst[(*at)++] = (char)('0' + digits[i]);
	return true;
}

bool dnswire_name_text(const struct dnswire_name *n, char *dst, size_t cap)
{
	size_t at = 0;

	if (cap < 2) {
		if (cap)
			dst[0] = '\0';
		return false;
	}
	dst[0] = '\0';
	if (n->len <= 1) {
		memcpy(dst, ".", 2);
		return true;
	}
	for (size_t i = 0; n->wire[i]; i += 1u + n->wire[i]) {
		bool fits = i == 0 || at + 2 <= cap;
		if (fits && i > 0)
			dst[at++] = '.';
		for (size_t k = 1; fits && k <= n->wire[i]; k++)
			fits = text_add(dst, cap, &at, n->wire[i + k]);
		if (!fits) {
			dst[0] = '\0';
			return false;
		}
	}
	dst[at] = '\0';
	return true;
}

bool dnswire_name_eq(const struct dnswire_name *a, const struct dnswire_name *b)
{
	return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

bool dnswire_name_parent(const struct dnswire_name *n, struct dnswire_name *ret)
{
	size_t first = 1u + n->wire[0];

	if (n->len <= first + 1) /* the root's byte alone is left, or n is the root */
		return false;
	ret->len = (uint8_t)(n->len - first);
	memcpy(ret->wire, n->wire + first, ret->len);
	return true;
}

bool dnswire_name_within(const struct dnswire_name *name, const struct dnswire_name *zone)
{
	for (size_t i = 0; i + zone->len <= name->len; i += 1u + name->wire[i]) {
		if (i + zone->len == name->len)
			return memcmp(name->wire + i, zone->wire, zone->len) == 0;
	}
	return false;
}

size_t dnswire_query_write(const struct dnswire_query *q, uint8_t dst[DNSWIRE_QUERY_MAX])
{
	size_t at = HEADER;

	memset(dst, 0, DNSWIRE_QUERY_MAX);
	put16(dst, q->id);
	dst[2] = q->recursion ? 0x01 : 0;
	dst[5] = 1;
	dst[11] = q->edns ? 1 : 0;
	memcpy(dst + at, q->name->wire, q->name->len);
	at += q->name->len;
	put16(dst + at, q->type);
	put16(dst + at + 2, CLASS_IN);
	at += 4;
	if (q->edns) { /* root name, OPT, payload, no flags, no options */
		put16(dst + at + 1, DNS_TYPE_OPT);
		put16(dst + at + 3, PAYLOAD);
		at += 11;
	}
	return at;
}

static int record_read(
        const uint8_t *p, size_t n, size_t *at, struct dnswire_record *ret, struct dnswire_name *ret_owner)
{
	size_t pos = *at;
	int r = name_unpack(p, n, &pos, ret_owner);

	if (r < 0)
		return r;
	if (n - pos < 10)
		return -EBADMSG;
	ret->type = get16(p + pos);
	ret->klass = get16(p + pos + 2);
	ret->ttl = get32(p + pos + 4);
	ret->data_len = get16(p + pos + 8);
	ret->data_at = pos + 10;
	if (n - ret->data_at < ret->data_len)
		return -EBADMSG;
	*at = ret->data_at + ret->data_len;
	return 0;
}

static int question_read(struct dnswire *m, size_t *at)
{
	int r = name_unpack(m->bytes, m->n, at, &m->name);

	if (r < 0)
		return r;
	if (m->n - *at < 4)
		return -EBADMSG;
	m->type = get16(m->bytes + *at);
	m->klass = get16(m->bytes + *at + 2);
	m->asked = true;
	*at += 4;
	return 0;
}

/* Walks every record once, so that dnswire_next() cannot fail later, and adds the rcode's upper bits. */
static int records_check(struct dnswire *m)
{
	size_t at = m->records_at;

	for (unsigned i = 0; i < m->counts[0] + m->counts[1] + m->counts[2]; i++) {
		struct dnswire_record rec;
		int r = record_read(m->bytes, m->n, &at, &rec, NULL);

		if (r < 0)
			return r;
		if (rec.type == DNS_TYPE_OPT)
			m->rcode |= (rec.ttl >> 24) << 4;
	}
	return at == m->n ? 0 : -EBADMSG;
}

int dnswire_read(const uint8_t *bytes, size_t n, struct dnswire *ret)
{
	struct dnswire m = {.bytes = bytes, .n = n, .records_at = HEADER};

	if (n < HEADER)
		return -EBADMSG;
	m.id = get16(bytes);
	m.response = bytes[2] & 0x80;
	m.authoritative = bytes[2] & 0x04;
	m.truncated = bytes[2] & 0x02;
	m.recursion_available = bytes[3] & 0x80;
	m.rcode = bytes[3] & 0x0f;
	unsigned questions = get16(bytes + 4);
	if (questions > 1 || (bytes[2] & 0x78) != 0) /* no standard query */
		return -EBADMSG;
	if (questions == 1) {
		int r = question_read(&m, &m.records_at);
		if (r < 0)
			return r;
	}
	if (!m.truncated) {
		for (size_t i = 0; i < 3; i++)
			m.counts[i] = get16(bytes + 6 + 2 * i);
		int r = records_check(&m);
		if (r < 0)
			return r;
	}
	*ret = m;
	return 0;
}

bool dnswire_answers(const struct dnswire *m, uint16_t id, const struct dnswire_name *name, uint16_t type)
{
	return m->response && m->id == id && m->asked && m->klass == CLASS_IN && m->type == type &&
	       dnswire_name_eq(&m->name, name);
}

bool dnswire_next(const struct dnswire *m, struct dnswire_walk *w, struct dnswire_record *ret)
{
	if (w->i == 0)
		w->at = m->records_at;
	if (w->i >= m->counts[0] + m->counts[1] + m->counts[2])
		return false;
	if (record_read(m->bytes, m->n, &w->at, ret, &ret->owner) < 0)
		return false;
	ret->section = w->i < m->counts[0]                  ? DNSWIRE_ANSWER
	               : w->i < m->counts[0] + m->counts[1] ? DNSWIRE_AUTHORITY
	                                                    : DNSWIRE_ADDITIONAL;
	if (ret->ttl > INT32_MAX)
		ret->ttl = 0;
	w->i++;
	return true;
}

int dnswire_record_name(const struct dnswire *m, const struct dnswire_record *r, struct dnswire_name *ret)
{
	size_t at = r->data_at;
	struct dnswire_name name;

	if (name_unpack(m->bytes, r->data_at + r->data_len, &at, &name) < 0 || at != r->data_at + r->data_len)
		return -EBADMSG;
	*ret = name;
	return 0;
}

int dnswire_record_minimum(const struct dnswire *m, const struct dnswire_record *r, uint32_t *ret)
{
	size_t at = r->data_at, end = r->data_at + r->data_len;

	if (name_unpack(m->bytes, end, &at, NULL) < 0 || name_unpack(m->bytes, end, &at, NULL) < 0 ||
	        end - at != 20)
		return -EBADMSG;
	*ret = get32(m->bytes + at + 16);
	if (*ret > INT32_MAX)
		*ret = 0;
	return 0;
}

int dnswire_record_text(const struct dnswire *m, const struct dnswire_record *r, char **ret, size_t *ret_len)
{
	const uint8_t *p = m->bytes + r->data_at;
	size_t at = 0, len = 0;

	while (at < r->data_len) /* once for the bounds, once for the bytes */
		at += 1u + p[at];
	if (at != r->data_len || at == 0)
		return -EBADMSG;
	char *text = xmalloc(r->data_len);
	for (at = 0; at < r->data_len; at += 1u + p[at]) {
		memcpy(text + len, p + at + 1, p[at]);
		len += p[at];
	}
	*ret = text;
	*ret_len = len;
	return 0;
}
