/* The key store's thread. Requests go to it through one list, results come back through another and a descriptor that the
 * loop waits for. The thread sees its own request and the files, nothing else of the daemon; the loop never waits for it. */
#include "io/keystore.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "codec/keyring.h"
#include "io/keystore_ops.h"
#include "io/loop.h"

struct keystore_call {
	struct keystore_call *next;
	struct keystore_request q; /* with texts of its own */
	struct external external;
	char *texts[4]; /* owned: domain, name, signer, stamp */
	char *pem;
	keystore_done *done; /* NULL = cancelled; the loop's alone, as `arg` */
	void *arg;
	int result; /* the thread's, until it is handed back */
	char why[KEYSTORE_WHY];
	struct holding held;
};

struct list {
	struct keystore_call *first, **end;
};

struct keystore {
	struct keystore_files files;
	struct event *ready;
	int fd; /* counts what was handed back */
	pthread_t thread;
	pthread_mutex_t lock; /* over the two lists and `stop` */
	pthread_cond_t more;
	struct list asked, answered;
	bool stop;
};

static void list_add(struct list *l, struct keystore_call *c)
{
	c->next = NULL;
	*l->end = c;
	l->end = &c->next;
}

static struct keystore_call *list_take(struct list *l)
{
	struct keystore_call *c = l->first;

	if (c != NULL && (l->first = c->next) == NULL)
		l->end = &l->first;
	return c;
}

static void call_free(struct keystore_call *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->texts); i++)
		free(c->texts[i]);
	if (c->pem != NULL)
		explicit_bzero(c->pem, c->q.pem_len);
	free(c->pem);
	holding_clear(&c->held);
	free(c);
}

/* ---- the thread ---- */

static void *work(void *arg)
{
	struct keystore *k = arg;
	const uint64_t one = 1;

	pthread_mutex_lock(&k->lock);
	for (;;) {
		struct keystore_call *c = list_take(&k->asked);

		if (c == NULL && k->stop)
			break;
		if (c == NULL) {
			pthread_cond_wait(&k->more, &k->lock);
			continue;
		}
		pthread_mutex_unlock(&k->lock);
		c->result = keystore_do(&k->files, &c->q, c->why, &c->held);
		pthread_mutex_lock(&k->lock);
		list_add(&k->answered, c);
		if (write(k->fd, &one, sizeof(one)) != sizeof(one))
			abort(); /* an eventfd that nobody reads holds 2^64 - 2 */
	}
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

/* ---- the loop's side ---- */

static void tell(evutil_socket_t fd, short what, void *arg)
{
	struct keystore *k = arg;
	uint64_t count;
	struct list answered = {0};

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	answered.end = &answered.first;
	pthread_mutex_lock(&k->lock);
	if (k->answered.first != NULL) {
		answered.first = k->answered.first;
		k->answered.first = NULL;
		k->answered.end = &k->answered.first;
	}
	pthread_mutex_unlock(&k->lock);
	for (struct keystore_call *c; (c = answered.first) != NULL;) {
		answered.first = c->next;
		if (c->done != NULL)
			c->done(c->arg, c->result, c->why, &c->held);
		call_free(c);
	}
}

/* Signals are the loop's. */
static int start_thread(struct keystore *k)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&k->thread, NULL, work, k);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

struct keystore *keystore_new(struct loop *l, const char *root, char *error, size_t error_len)
{
	static const struct rlimit none = {0, 0};
	struct keystore *k = xcalloc(1, sizeof(*k));

	if (keystore_disk_open(&k->files, root, error, error_len) < 0) {
		free(k);
		return NULL;
	}
	setrlimit(RLIMIT_CORE, &none); /* keys pass through memory */
	k->asked.end = &k->asked.first;
	k->answered.end = &k->answered.first;
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->more, NULL);
	k->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (k->fd < 0 || start_thread(k) < 0) {
		str_format(error, error_len, "the key store's thread cannot be started: %s", strerror(errno));
		if (k->fd >= 0)
			close(k->fd);
		keystore_disk_close(&k->files);
		free(k);
		return NULL;
	}
	k->ready = event_new(loop_base(l), k->fd, EV_READ | EV_PERSIST, tell, k);
	if (k->ready == NULL || event_add(k->ready, NULL) < 0)
		out_of_memory();
	return k;
}

void keystore_free(struct keystore *k)
{
	struct keystore_call *c;

	if (k == NULL)
		return;
	pthread_mutex_lock(&k->lock);
	k->stop = true;
	pthread_cond_signal(&k->more);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	while ((c = list_take(&k->answered)) != NULL)
		call_free(c);
	event_free(k->ready);
	close(k->fd);
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->more);
	keystore_disk_close(&k->files);
	free(k);
}

static char *copy(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

struct keystore_call *keystore_start(
        struct keystore *k, const struct keystore_request *q, keystore_done *done, void *arg)
{
	struct keystore_call *c = xcalloc(1, sizeof(*c));

	c->done = done;
	c->arg = arg;
	c->q = *q;
	/* of what is wanted, the thread reads these and no more: the inventory may be another one by then */
	c->external = (struct external){.layout = q->external->layout,
	        .key = q->external->key,
	        .bits = q->external->bits,
	        .confirm_message = q->external->confirm_message};
	c->q.external = &c->external;
	c->q.domain = c->texts[0] = copy(q->domain);
	c->q.name = c->texts[1] = copy(q->name);
	c->external.signer = c->texts[2] = copy(q->external->signer);
	c->external.stamp = c->texts[3] = copy(q->external->stamp);
	c->q.pem = NULL;
	if (q->pem != NULL) {
		c->pem = xmalloc(q->pem_len + 1);
		memcpy(c->pem, q->pem, q->pem_len);
		c->q.pem = c->pem;
	}
	pthread_mutex_lock(&k->lock);
	list_add(&k->asked, c);
	pthread_cond_signal(&k->more);
	pthread_mutex_unlock(&k->lock);
	return c;
}

void keystore_cancel(struct keystore_call *c)
{
	if (c != NULL)
		c->done = NULL;
}
