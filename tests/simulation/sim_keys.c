/* io/keystore.h over files in memory, which outlive the daemon as a disk does; and beside it the site's signer, which reads
 * its maps when its reload unit comes round, and says so in its stamp. What is done to the files is the daemon's own
 * (keystore_ops.c); only the disk, the thread and the time are simulated. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/keyring.h"
#include "codec/signermap.h"
#include "io/keystore_ops.h"
#include "io/loop.h"
#include "sim_keys.h"

#define ROOT  "/keys"
#define STAMP "/stamp"

static struct file {
	struct file *next;
	char *path;
	struct buf text;
} * files;

static struct file *file_of(const char *path)
{
	for (struct file *f = files; f != NULL; f = f->next)
		if (str_eq(f->path, path))
			return f;
	return NULL;
}

static void file_write(const char *path, const char *data, size_t n)
{
	struct file *f = file_of(path);

	if (f == NULL) {
		f = xcalloc(1, sizeof(*f));
		f->path = xstrdup(path);
		f->next = files;
		files = f;
	}
	buf_free(&f->text);
	f->text = (struct buf){0};
	buf_puts(&f->text, "");
	buf_add(&f->text, data, n);
}

void sim_keys_forget(void)
{
	for (struct file *f = files, *next; f != NULL; f = next) {
		next = f->next;
		free(f->path);
		buf_free(&f->text);
		free(f);
	}
	files = NULL;
}

/* --- the disk ----------------------------------------------------------------------------------------------------- */

static int ram_read(void *arg, const char *path, struct buf *ret)
{
	const struct file *f = file_of(path);

	(void)arg;
	if (sim_chance(sim_keys.fault))
		return -EIO;
	if (f == NULL)
		return -ENOENT;
	buf_puts(ret, "");
	buf_add(ret, f->text.data, f->text.len);
	return 0;
}

static int ram_write(void *arg, const char *path, const char *data, size_t n)
{
	(void)arg;
	if (sim_chance(sim_keys.fault))
		return -ENOSPC;
	file_write(path, data, n);
	return 0;
}

static int ram_shred(void *arg, const char *path)
{
	struct file *f = file_of(path);

	(void)arg;
	if (f != NULL)
		file_write(path, "", 0);
	sim_keys.shredded += f != NULL;
	return 0;
}

static const struct keystore_files ram = {
        .root = ROOT, .read = ram_read, .write = ram_write, .shred = ram_shred};

/* --- the store ---------------------------------------------------------------------------------------------------- */

struct keystore {
	struct loop *l;
	struct keystore_call *calls;
};

struct keystore_call {
	struct keystore *k;
	struct keystore_call *next;
	struct keystore_request q;
	struct external external; /* the inventory may be gone by then */
	char *domain, *name, *signer, *stamp;
	keystore_done *done;
	void *arg;
	bool over; /* the story halted at it */
};

struct keystore *keystore_new(struct loop *l, const char *root, char *error, size_t error_len)
{
	struct keystore *k = xcalloc(1, sizeof(*k));

	(void)root;
	(void)error;
	(void)error_len;
	k->l = l;
	return k;
}

static void carry_out(struct keystore_call *c)
{
	struct holding held = {.n = 0};
	char why[KEYSTORE_WHY];
	int r = keystore_do(&ram, &c->q, why, &held);

	if (r == 0 && c->q.op != KEYSTORE_LOOK && sim_keys.carried_out != NULL)
		sim_keys.carried_out(&c->q);
	if (c->done != NULL)
		c->done(c->arg, r, why, &held);
	holding_clear(&held);
}

static void call_free(void *arg)
{
	struct keystore_call *c = arg;

	for (struct keystore_call **p = &c->k->calls; *p != NULL; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			break;
		}
	free(c->domain);
	free(c->name);
	free(c->signer);
	free(c->stamp);
	free(c);
}

/* Whoever asked hears nothing; the call goes with the loop. */
static void halt_at(struct keystore_call *c, bool carried_out)
{
	c->done = NULL;
	if (carried_out)
		carry_out(c);
	c->over = true;
	sim.halt = true;
	sim_later(c->k->l, INT64_C(1000) * MS_DAY, call_free, c, call_free);
}

static void due(void *arg)
{
	struct keystore_call *c = arg;
	enum sim_fate fate = sim_keys.leaving != NULL ? sim_keys.leaving(c->q.op) : SIM_SEND;
	struct holding none = {.n = 0};

	if (fate == SIM_HALT_BEFORE || fate == SIM_HALT_AFTER) {
		halt_at(c, fate == SIM_HALT_AFTER);
		return;
	}
	if (fate != SIM_SEND && c->done != NULL) {
		c->done(c->arg, -EIO, "lost", &none);
		c->done = NULL;
	}
	if (fate != SIM_LOSE_REQUEST)
		carry_out(c);
	call_free(c);
}

/* A crash finds what was asked for done, or not begun. */
void keystore_free(struct keystore *k)
{
	for (struct keystore_call *c = k->calls; c != NULL; c = c->next) {
		c->done = NULL;
		if (!c->over && sim_chance(0.5))
			carry_out(c);
		c->q.op = KEYSTORE_LOOK;
	}
	sim_keys.zombie = k; /* its calls are dropped with the loop */
}

struct keystore_call *keystore_start(
        struct keystore *k, const struct keystore_request *q, keystore_done *done, void *arg)
{
	struct keystore_call *c = xcalloc(1, sizeof(*c));

	c->k = k;
	c->q = *q;
	c->q.domain = c->domain = xstrdup(q->domain);
	c->q.name = c->name = q->name != NULL ? xstrdup(q->name) : NULL;
	c->external = *q->external;
	c->external.signer = c->signer = xstrdup(q->external->signer);
	c->external.stamp = c->stamp = q->external->stamp != NULL ? xstrdup(q->external->stamp) : NULL;
	c->q.external = &c->external;
	c->done = done;
	c->arg = arg;
	c->next = k->calls;
	k->calls = c;
	sim_later(k->l, sim_between(1, 400), due, c, call_free);
	return c;
}

void keystore_cancel(struct keystore_call *c)
{
	if (c != NULL)
		c->done = NULL;
}

/* --- the signer --------------------------------------------------------------------------------------------------- */

struct sim_keys sim_keys;

/* What the reload unit does: a copy of the maps, then the signer reads them. */
void sim_signer_takes(void)
{
	const struct file *first = file_of("opendkim/KeyTable"), *second = file_of("opendkim/SigningTable");
	struct buf both = {0};

	if (first == NULL)
		return;
	buf_add(&both, first->text.data, first->text.len);
	if (second != NULL)
		buf_add(&both, second->text.data, second->text.len);
	file_write(STAMP, both.data, both.len);
	buf_free(&both);
}

bool sim_signer_uses(const char *domain, char ret[128])
{
	const struct file *stamp = file_of(STAMP);
	struct signermap_line line;

	signermap_read(LAYOUT_OPENDKIM, stamp != NULL ? stamp->text.data : NULL, NULL, domain, &line);
	str_copy(ret, 128, line.selector);
	return line.mapped;
}

bool sim_key_text(const char *domain, const char *selector, char ret[KEY_TEXT])
{
	char path[300];
	struct keyring ring = {0};
	bool found = false;

	str_format(path, sizeof(path), "private/%s/keys", domain);
	const struct file *f = file_of(path);
	if (f == NULL || keyring_read(f->text.data, f->text.len, &ring) < 0)
		return false;
	const struct keyring_key *k = keyring_find(&ring, selector);
	if (k != NULL)
		found = str_copy(ret, KEY_TEXT, k->held.part[0].text);
	keyring_clear(&ring);
	return found;
}
