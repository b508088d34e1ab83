/* The key store's text. It must never take half a file for a whole one: a key that was overlooked could be made twice. */
#include "codec/keyring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/dkimkey.h"
#include "codec/signermap.h"
#include "core/dname.h"

#define END "end\n" /* the last line: a file cut short is no file */

void keyring_clear(struct keyring *r)
{
	free(r->key);
	*r = (struct keyring){0};
}

struct keyring_key *keyring_find(struct keyring *r, const char *name)
{
	for (unsigned i = 0; i < r->n; i++)
		if (str_caseeq(r->key[i].held.name, name))
			return &r->key[i];
	return NULL;
}

struct keyring_key *keyring_add(struct keyring *r)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 4;
		r->key = xrealloc(r->key, r->cap * sizeof(*r->key));
	}
	r->key[r->n] = (struct keyring_key){.version = 0};
	return &r->key[r->n++];
}

/* ---- reading ---- */

/* " name=NUMBER": goes on behind it. */
static bool take(const char **at, const char *name, int64_t *ret)
{
	size_t n = strlen(name);
	char *end;

	if (strncmp(*at, name, n) != 0)
		return false;
	errno = 0;
	long long number = strtoll(*at + n, &end, 10);
	if (errno != 0 || end == *at + n)
		return false;
	*ret = number;
	*at = end;
	return true;
}

static bool read_key(struct keyring *r, const char *line)
{
	struct keyring_key k = {.version = 0};
	const char *at = line + strlen("key ");
	size_t n = strcspn(at, " ");
	int64_t imported, version;

	if (n >= sizeof(k.held.name))
		return false;
	memcpy(k.held.name, at, n);
	at += n;
	if (!take(&at, " created=", &k.held.created) || !take(&at, " revoked=", &k.held.revoked) ||
	        !take(&at, " shredded=", &k.held.shredded) || !take(&at, " imported=", &imported) ||
	        !take(&at, " version=", &version) || !take(&at, " changed=", &k.held.changed))
		return false;
	(void)take(&at, " shown=", &k.held.shown); /* what was written before has none */
	if (*at != '\0' || !dname_valid_selector(k.held.name) || keyring_find(r, k.held.name))
		return false;
	k.held.imported = imported != 0;
	k.version = (uint64_t)version;
	*keyring_add(r) = k;
	return true;
}

/* The digest is made anew: it must be of this very text. */
static bool digest_part(struct held_part *p)
{
	char record[KEY_TEXT + 40];
	struct dkim_key key;

	str_format(record, sizeof(record), "v=DKIM1; k=%s; p=%s",
	        p->type == DKIM_TYPE_ED25519 ? "ed25519" : "rsa", p->text);
	return dkim_parse(record, strlen(record), &key) == DKIM_OK && !key.revoked &&
	       dkimkey_digest(key.key, key.len, p->digest) == 0;
}

static bool read_part(struct keyring *r, const char *line)
{
	struct held_key *k = r->n ? &r->key[r->n - 1].held : NULL;
	struct held_part p = {.bits = 0};
	char type[16], bits[16], *rest;
	int end = 0;

	if (k == NULL || k->n == HELD_PARTS ||
	        sscanf(line, "part %127s %15s %15s %759s%n", p.selector, type, bits, p.text, &end) != 4 ||
	        line[end] != '\0' || !dname_valid_selector(p.selector))
		return false;
	p.bits = (unsigned)strtoul(bits, &rest, 10);
	if (*rest != '\0')
		return false;
	p.type = str_eq(type, "ed25519") ? DKIM_TYPE_ED25519 : DKIM_TYPE_RSA;
	if (!digest_part(&p))
		return false;
	k->part[k->n++] = p;
	return true;
}

int keyring_read(const char *text, size_t n, struct keyring *ret)
{
	struct keyring r = {0};
	char *copy = xstrndup(text, n), *save = NULL;
	bool good = n >= strlen(END) && memcmp(text + n - strlen(END), END, strlen(END)) == 0;

	for (char *l = strtok_r(copy, "\n", &save); good && l; l = strtok_r(NULL, "\n", &save)) {
		if (str_eq(l, "end"))
			break;
		good = l[0] == '#' || (str_prefix(l, "key ") ? read_key(&r, l) : read_part(&r, l));
	}
	for (unsigned i = 0; i < r.n; i++)
		good = good && r.key[i].held.n > 0;
	free(copy);
	if (!good) {
		keyring_clear(&r);
		return -EBADMSG;
	}
	*ret = r;
	return 0;
}

/* ---- writing ---- */

void keyring_write(struct buf *out, const struct keyring *r)
{
	buf_puts(out, "# Written by dkimrotd. Public things only; the private keys lie beside it.\n");
	for (unsigned i = 0; i < r->n; i++) {
		const struct held_key *k = &r->key[i].held;

		buf_printf(out,
		        "key %s created=%lld revoked=%lld shredded=%lld imported=%d version=%llu "
		        "changed=%lld shown=%lld\n",
		        k->name, (long long)k->created, (long long)k->revoked, (long long)k->shredded,
		        k->imported, (unsigned long long)r->key[i].version, (long long)k->changed,
		        (long long)k->shown);
		for (unsigned p = 0; p < k->n; p++)
			buf_printf(out, "part %s %s %u %s\n", k->part[p].selector,
			        k->part[p].type == DKIM_TYPE_ED25519 ? "ed25519" : "rsa", k->part[p].bits,
			        k->part[p].text);
	}
	buf_puts(out, END);
}

/* ---- together ---- */

void keyring_hold(const struct keyring *r, const struct signermap_line *map,
        const struct signermap_line *stamp, uint64_t stamp_version, struct holding *ret)
{
	struct holding h = {.stamped = stamp_version != 0};

	h.used = xcalloc((size_t)r->n * HELD_PARTS + 1, sizeof(*h.used));
	for (unsigned i = 0; i < r->n; i++) {
		const struct held_key *k = &r->key[i].held;

		for (unsigned p = 0; p < k->n; p++)
			str_copy(h.used[h.n_used++], sizeof(*h.used), k->part[p].selector);
		if (k->shredded || h.n == HELD_MAX)
			continue;
		struct held_key *to = &h.key[h.n++];
		*to = *k;
		to->mapped = map->mapped && str_caseeq(map->selector, k->name);
		to->taken = stamp->mapped && str_caseeq(stamp->selector, k->name) &&
		            stamp_version >= r->key[i].version;
	}
	*ret = h;
}

void holding_clear(struct holding *h)
{
	free(h->used);
	*h = (struct holding){.n = 0};
}
