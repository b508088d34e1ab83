/* The key store's operations. It must never write a map before the key that it names is durable, never shred a key that a
 * signer may still use, and never hand out a name twice. */
#include "io/keystore_ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/keypair.h"
#include "codec/keyring.h"
#include "codec/signermap.h"
#include "core/keyname.h"

struct store {
	const struct keystore_files *f;
	const struct keystore_request *q;
	char *why;
	struct keyring ring;
	struct buf first, second, stamp, confirmed; /* data NULL = there is no such file */
	struct signermap_line map, taken;
};

static int fail(struct store *s, int r, const char *what)
{
	str_format(s->why, KEYSTORE_WHY, "%s: %s", what, strerror(-r));
	return r;
}

static int refuse(struct store *s, int r, const char *what)
{
	str_format(s->why, KEYSTORE_WHY, "%s", what);
	return r;
}

/* ---- paths ---- */

#define PATH_TEXT 700

static void ring_path(const struct store *s, char dst[PATH_TEXT])
{
	str_format(dst, PATH_TEXT, "private/%s/keys", s->q->domain);
}

static void pem_path(const struct store *s, char dst[PATH_TEXT], const char *selector)
{
	str_format(dst, PATH_TEXT, "private/%s/%s.pem", s->q->domain, selector);
}

static void map_path(const struct store *s, char dst[PATH_TEXT], bool second)
{
	const struct external *x = s->q->external;

	str_format(dst, PATH_TEXT, "%s/%s", x->signer, signermap_file(x->layout, second));
}

/* ---- what is there ---- */

static int read_file(struct store *s, const char *path, struct buf *ret)
{
	int r = s->f->read(s->f->arg, path, ret);

	return r < 0 && r != -ENOENT ? fail(s, r, path) : 0;
}

static int read_ring(struct store *s)
{
	char path[PATH_TEXT];
	struct buf text = {0};
	int r;

	ring_path(s, path);
	r = read_file(s, path, &text);
	if (r == 0 && text.data != NULL && keyring_read(text.data, text.len, &s->ring) < 0) {
		str_format(s->why, KEYSTORE_WHY, "%s/%s is damaged: restore it, or move it aside", s->f->root,
		        path);
		r = -EBADMSG;
	}
	buf_free(&text);
	return r;
}

/* What the messages through the signer showed lies beside its stamp. */
static void read_confirmed(struct store *s)
{
	char *path = xasprintf("%s.confirmed", s->q->external->stamp);

	if (s->f->read(s->f->arg, path, &s->confirmed) < 0)
		buf_free(&s->confirmed);
	free(path);
}

static int read_all(struct store *s)
{
	const struct external *x = s->q->external;
	char path[PATH_TEXT];
	int r = read_ring(s);

	if (r < 0)
		return r;
	for (int i = 0; i < 2; i++) {
		map_path(s, path, i == 1);
		if ((r = read_file(s, path, i == 0 ? &s->first : &s->second)) < 0)
			return r;
	}
	if (x->stamp != NULL && s->f->read(s->f->arg, x->stamp, &s->stamp) < 0)
		buf_free(&s->stamp); /* no stamp that can be read: the signer has not said anything */
	if (x->stamp != NULL && x->confirm_message)
		read_confirmed(s);
	/* a file that is not there is an empty one, and must not be looked for in the other */
	signermap_read(x->layout, s->first.data, s->second.data != NULL ? s->second.data : "", s->q->domain,
	        &s->map);
	signermap_read(x->layout, s->stamp.data, NULL, s->q->domain, &s->taken);
	return 0;
}

static void forget(struct store *s)
{
	keyring_clear(&s->ring);
	buf_free(&s->first);
	buf_free(&s->second);
	buf_free(&s->stamp);
	buf_free(&s->confirmed);
	s->first = s->second = s->stamp = s->confirmed = (struct buf){0};
}

/* Every signature of the key was seen on a message since the map named it. */
static bool is_confirmed(struct store *s, const struct held_key *k)
{
	uint64_t since = keyring_find(&s->ring, k->name)->version;

	for (unsigned p = 0; p < k->n; p++) {
		uint64_t seen = signermap_confirmed(s->confirmed.data, s->q->domain, k->part[p].selector);

		if (seen == 0 || seen < since)
			return false;
	}
	return true;
}

static void hold(struct store *s, struct holding *ret)
{
	keyring_hold(&s->ring, &s->map, &s->taken, signermap_version(s->stamp.data), ret);
	for (unsigned i = 0; s->q->external->confirm_message && i < ret->n; i++)
		ret->key[i].taken = ret->key[i].taken && is_confirmed(s, &ret->key[i]);
}

/* ---- writing ---- */

static int write_ring(struct store *s)
{
	char path[PATH_TEXT];
	struct buf text = {0};
	int r;

	ring_path(s, path);
	keyring_write(&text, &s->ring);
	r = s->f->write(s->f->arg, path, text.data, text.len);
	buf_free(&text);
	return r < 0 ? fail(s, r, path) : 0;
}

static int write_pem(struct store *s, const char *selector, const struct keypair *k)
{
	char path[PATH_TEXT];
	int r;

	pem_path(s, path, selector);
	r = s->f->write(s->f->arg, path, k->pem, k->pem_len);
	return r < 0 ? fail(s, r, path) : 0;
}

static int write_map(struct store *s, const struct held_key *key, uint64_t version, bool second)
{
	const struct external *x = s->q->external;
	char path[PATH_TEXT], folder[PATH_TEXT + 300];
	struct buf text = {0};
	int r = 0;

	str_format(folder, sizeof(folder), "%s/private/%s", s->f->root, s->q->domain);
	map_path(s, path, second);
	if (!second)
		signermap_set(&text, x->layout, s->first.data, s->q->domain, key, folder, version);
	if (!second || signermap_set_second(&text, x->layout, s->second.data, s->q->domain, key, folder))
		r = s->f->write(s->f->arg, path, text.data, text.len);
	buf_free(&text);
	return r < 0 ? fail(s, r, path) : 0;
}

/* OpenDKIM must find the key that SigningTable names; rspamd the path of the selector that it reads. */
static int write_maps(struct store *s, struct keyring_key *k)
{
	bool second_first = s->q->external->layout == LAYOUT_RSPAMD;
	int r;

	struct keyring_key *before = s->map.mapped ? keyring_find(&s->ring, s->map.selector) : NULL;

	if (before != NULL)
		before->held.changed = s->q->now;
	k->version = signermap_version(s->first.data) + 1;
	k->held.changed = s->q->now;
	if ((r = write_ring(s)) < 0 || (r = write_map(s, &k->held, k->version, second_first)) < 0)
		return r;
	return write_map(s, &k->held, k->version, !second_first);
}

/* ---- the operations ---- */

static bool is_used(const struct store *s, const char *selector)
{
	for (unsigned i = 0; i < s->ring.n; i++)
		for (unsigned p = 0; p < s->ring.key[i].held.n; p++)
			if (str_caseeq(s->ring.key[i].held.part[p].selector, selector))
				return true;
	return false;
}

static int add_part(struct store *s, struct held_key *k, const char *selector, const struct keypair *pair)
{
	struct held_part *p = &k->part[k->n];
	int r = write_pem(s, selector, pair);

	if (r < 0)
		return r;
	*p = (struct held_part){.type = pair->type, .bits = pair->bits};
	str_copy(p->selector, sizeof(p->selector), selector);
	str_copy(p->text, sizeof(p->text), pair->text);
	memcpy(p->digest, pair->digest, sizeof(p->digest));
	k->n++;
	return 0;
}

static int make_part(struct store *s, struct held_key *k, const char *selector, enum dkim_type type)
{
	struct keypair pair;
	int r = keypair_make(type, (unsigned)s->q->external->bits, &pair);

	if (r < 0)
		return fail(s, r, "making a key pair");
	r = add_part(s, k, selector, &pair);
	keypair_wipe(&pair);
	return r;
}

/* One of two fixed names in turn: its last key is over and done with. */
static void forget_turn(struct store *s)
{
	struct keyring_key *old = s->q->again ? keyring_find(&s->ring, s->q->name) : NULL;

	if (old == NULL || old->held.shredded == 0)
		return;
	memmove(old, old + 1, (size_t)(&s->ring.key[s->ring.n] - (old + 1)) * sizeof(*old));
	s->ring.n--;
}

static int make(struct store *s)
{
	const struct external *x = s->q->external;
	struct held_key k = {.created = s->q->now};
	char second[128];
	int r;

	forget_turn(s);
	if (!str_copy(k.name, sizeof(k.name), s->q->name) || !keyname_second(second, sizeof(second), k.name))
		return refuse(s, -EINVAL, "the name is too long");
	if (is_used(s, k.name) || (x->key == KEY_BOTH && is_used(s, second)))
		return refuse(s, -EEXIST, "the name was used before: it never is again with another key");
	r = make_part(s, &k, k.name, x->key == KEY_ED25519 ? DKIM_TYPE_ED25519 : DKIM_TYPE_RSA);
	if (r == 0 && x->key == KEY_BOTH)
		r = make_part(s, &k, second, DKIM_TYPE_ED25519);
	if (r < 0)
		return r;
	keyring_add(&s->ring)->held = k;
	return write_ring(s);
}

static struct keyring_key *in_rotation(struct store *s)
{
	struct keyring_key *k = keyring_find(&s->ring, s->q->name);

	return k != NULL && k->held.revoked == 0 ? k : NULL;
}

static int map(struct store *s)
{
	struct keyring_key *k = in_rotation(s);

	if (k == NULL)
		return refuse(s, -ENOENT, "there is no such key in the rotation");
	return write_maps(s, k);
}

static int revoke(struct store *s)
{
	struct keyring_key *k = keyring_find(&s->ring, s->q->name);

	if (k == NULL)
		return refuse(s, -ENOENT, "there is no such key");
	if ((s->map.mapped && str_caseeq(s->map.selector, k->held.name)) ||
	        (s->taken.mapped && str_caseeq(s->taken.selector, k->held.name)))
		return refuse(s, -EBUSY, "the signer may still use this key");
	if (k->held.revoked != 0)
		return 0;
	k->held.revoked = s->q->now;
	return write_ring(s);
}

static int nudge(struct store *s)
{
	char path[PATH_TEXT];
	int r = -ENOENT;

	map_path(s, path, false);
	if (s->first.data != NULL)
		r = s->f->write(s->f->arg, path, s->first.data, s->first.len);
	return r < 0 ? fail(s, r, path) : 0;
}

static int shown(struct store *s)
{
	struct keyring_key *k = keyring_find(&s->ring, s->q->name);

	if (k == NULL)
		return refuse(s, -ENOENT, "there is no such key");
	if (k->held.revoked == 0)
		return refuse(s, -EBUSY, "the key is not revoked");
	if (k->held.shown != 0)
		return 0;
	k->held.shown = s->q->now;
	return write_ring(s);
}

static int shred(struct store *s)
{
	struct keyring_key *k = keyring_find(&s->ring, s->q->name);
	char path[PATH_TEXT];

	if (k == NULL)
		return refuse(s, -ENOENT, "there is no such key");
	if (k->held.revoked == 0 || (s->map.mapped && str_caseeq(s->map.selector, k->held.name)))
		return refuse(s, -EBUSY, "the key is not revoked");
	for (unsigned p = 0; p < k->held.n; p++) {
		int r;

		pem_path(s, path, k->held.part[p].selector);
		if ((r = s->f->shred(s->f->arg, path)) < 0)
			return fail(s, r, path);
	}
	k->held.shredded = s->q->now;
	return write_ring(s);
}

/* Keys that were made meanwhile and never signed make room: two are the rotation's pair. */
static void make_room(struct store *s)
{
	unsigned live = 0;

	for (unsigned i = 0; i < s->ring.n; i++) {
		struct held_key *k = &s->ring.key[i].held;

		if (k->revoked == 0 && ++live > 1)
			k->revoked = s->q->now;
	}
}

static int adopt(struct store *s)
{
	struct held_key k = {.created = s->q->now, .imported = true};
	struct keypair pair;
	int r;

	if (s->map.mapped || s->taken.mapped)
		return refuse(s, -EEXIST, "a key of ours signs for this domain already");
	if (!str_copy(k.name, sizeof(k.name), s->q->name) || is_used(s, k.name))
		return refuse(s, -EEXIST, "the name was used before: it never is again with another key");
	r = keypair_read(s->q->pem, s->q->pem_len, &pair);
	if (r == -ERANGE)
		return refuse(s, r, "an RSA key must have 1024 to 4096 bits");
	if (r < 0)
		return refuse(s, r, "this is no private key in PEM that DKIM knows, or it has a passphrase");
	r = add_part(s, &k, k.name, &pair);
	keypair_wipe(&pair);
	if (r < 0)
		return r;
	make_room(s);
	struct keyring_key *new = keyring_add(&s->ring);
	new->held = k;
	return write_maps(s, new);
}

int keystore_do(const struct keystore_files *f, const struct keystore_request *q, char why[KEYSTORE_WHY],
        struct holding *ret)
{
	static int (*const ops[])(struct store *) = {
	        [KEYSTORE_MAKE] = make,
	        [KEYSTORE_MAP] = map,
	        [KEYSTORE_REVOKE] = revoke,
	        [KEYSTORE_SHOWN] = shown,
	        [KEYSTORE_SHRED] = shred,
	        [KEYSTORE_NUDGE] = nudge,
	        [KEYSTORE_ADOPT] = adopt,
	};
	struct store s = {.f = f, .q = q, .why = why};
	int r;

	why[0] = '\0';
	r = read_all(&s);
	if (r == 0 && q->op != KEYSTORE_LOOK) {
		r = ops[q->op](&s);
		forget(&s);
		if (r == 0)
			r = read_all(&s); /* what is handed back is what stands there now */
	}
	if (r == 0)
		hold(&s, ret);
	forget(&s);
	return r;
}
