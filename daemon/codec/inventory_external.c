/* What is wanted of a domain whose mail the site signs itself. It must never let a name through that would become another
 * in the DNS, in a path, or in a signer's map. */
#include "codec/inventory_external.h"

#include <string.h>

#include "codec/inventory_value.h"
#include "core/dkimtext.h"
#include "core/dname.h"
#include "core/keyname.h"
#include "core/span.h"

/* ---- one key each ---- */

static void read_selector(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value), *why = text ? keyname_fault(text) : NULL;

	if (why)
		keys_fault(k, value, "selector: \"%.80s\" %s", text, why);
	else if (text)
		((struct external *)field)->selector = arena_intern(k->arena, text);
}

/* Two fixed names, for whoever was asked for CNAMEs that stay. */
static void read_selectors(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct external *x = field;
	const struct yaml_node *a = value->kind == YAML_KIND_LIST ? value->child : NULL,
	                       *b = a ? a->next : NULL;
	const char *one = b && !b->next ? keys_text(k, key, a) : NULL,
	           *two = one ? keys_text(k, key, b) : NULL;

	if (!b || b->next) {
		keys_fault(k, value, "selectors must be a list of two names, such as [ dk1, dk2 ]");
		return;
	}
	if (!one || !two)
		return;
	if (!dname_valid_selector(one) || !dname_valid_selector(two) || strlen(one) > 60 || strlen(two) > 60)
		keys_fault(k, value, "selectors: a name is made of letters, digits and '-', 60 at most");
	else if (str_caseeq(one, two))
		keys_fault(k, value, "selectors: the two names must differ");
	else {
		x->pair[0] = arena_intern(k->arena, one);
		x->pair[1] = arena_intern(k->arena, two);
	}
}

/* 0: as the zone has it. */
static void read_ttl(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	size_t before = k->diags->count;
	int64_t ms = 0;

	key_span(k, key, value, &ms);
	if (k->diags->count == before && ms != 0 && ms < MS_MINUTE)
		keys_fault(k, value, "ttl: a minute at least, or 0 for the zone's own");
	else if (k->diags->count == before)
		((struct external *)field)->ttl = ms;
}

static void read_target(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	value_domain(k, key->name, value, &((struct external *)field)->target);
}

static void read_confirm(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	static const char *const words[] = {"stamp", "message"};
	const char *text = keys_text(k, key, value);

	if (text && !str_eq(text, words[0]) && !str_eq(text, words[1]))
		keys_fault_word(k, value->at, "unknown confirm", text, words, ARRAY_SIZE(words));
	else if (text)
		((struct external *)field)->confirm_message = str_eq(text, words[1]);
}

static void read_tag(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value),
	           *why = text ? dkimtext_tag_fault(key->name[0], text) : NULL;

	if (why)
		keys_fault(k, value, "tag %s: \"%.60s\" %s", key->name, text, why);
	else if (text)
		*(const char **)field = arena_intern(k->arena, text);
}

#define TAG(name_, field_)                                                                                   \
	{                                                                                                    \
		.name = (name_), .read = read_tag, .offset = offsetof(struct external, field_)               \
	}
static const struct key tag_keys[] = {
        TAG("h", tag_h), TAG("n", tag_n), TAG("s", tag_s), TAG("t", tag_t), TAG("g", tag_g)};

static void read_tags(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	keys_read(k, value, key->name, tag_keys, ARRAY_SIZE(tag_keys), field);
}

/* In the order of EXTERNAL_KEYS; `signer` is apart, since it needs the configuration. */
static const struct key rows[] = {
        {.name = "selector", .read = read_selector},
        {.name = "selectors", .read = read_selectors},
        {.name = "key", .read = key_word, .offset = offsetof(struct external, key), .words = &words_key_kind},
        {.name = "bits",
                .read = key_count,
                .offset = offsetof(struct external, bits),
                .min = KEY_BITS_LEAST,
                .max = KEY_BITS_MOST},
        {.name = "record",
                .read = key_word,
                .offset = offsetof(struct external, record),
                .words = &words_record_kind},
        {.name = "target", .read = read_target},
        {.name = "revoke", .read = key_span, .offset = offsetof(struct external, revoke)},
        {.name = "ttl", .read = read_ttl, .max = 7 * MS_DAY},
        {.name = "confirm", .read = read_confirm},
        {.name = "tags", .read = read_tags},
};
#define NODES(n) ((const struct yaml_node *const *)(const void *)(n))

/* ---- the signer ---- */

static void read_signer(
        struct keys *k, const struct config *cfg, const struct yaml_node *value, struct external *x)
{
	const char *text = keys_text(k, &(struct key){.name = "signer"}, value), *names[16];
	size_t n = 0;

	if (!text)
		return;
	if (!keys_is_name(text)) {
		keys_fault(k, value, "signer: \"%.60s\" is no signer's name", text);
		return;
	}
	const struct config_signer *s = cfg ? config_signer(cfg, text) : NULL;
	if (cfg && !s) {
		for (; n < cfg->n_signers && n < ARRAY_SIZE(names); n++)
			names[n] = cfg->signers[n].name;
		keys_fault_word(k, value->at, "the configuration has no signer", text, names, n);
		return;
	}
	x->signer = arena_intern(k->arena, text);
	if (s) {
		x->layout = s->layout;
		x->stamp = arena_intern(k->arena, s->stamp);
	}
}

/* The only one there is. */
static void default_signer(
        struct keys *k, const struct config *cfg, const struct yaml_node *domain, struct external *x)
{
	if (!cfg) {
		x->signer = "default";
	} else if (cfg->n_signers == 1) {
		x->signer = arena_intern(k->arena, cfg->signers[0].name);
		x->layout = cfg->signers[0].layout;
		x->stamp = arena_intern(k->arena, cfg->signers[0].stamp);
	} else {
		keys_fault(k, domain,
		        cfg->n_signers ? "signer is missing: the configuration has several"
		                       : "signer: the configuration has none: add one to signers:");
	}
}

/* ---- together ---- */

static void check_together(
        struct keys *k, const struct yaml_node *domain, const struct external *x, const struct desired *d)
{
	if (d->dns == DNS_PLATFORM)
		keys_fault(k, domain,
		        "dns: platform is for OVHcloud's platforms; external has ovh, rfc2136 and manual");
	if (x->record == RECORD_DKIM && d->dns != DNS_OVH)
		keys_fault(k, domain,
		        "record: dkim is OVHcloud's own type, for dns: ovh only; elsewhere it is a txt");
	if (x->record == RECORD_CNAME && !x->target)
		keys_fault(k, domain,
		        "target is missing: record: cname needs the zone that the CNAMEs lead into");
	if (x->record != RECORD_CNAME && x->target)
		keys_fault(k, domain, "target is for record: cname only");
	if (x->record != RECORD_CNAME && x->pair[0])
		keys_fault(k, domain,
		        "selectors: two names in turn are for record: cname; elsewhere a name is never used "
		        "twice");
	if (x->key == KEY_BOTH && x->layout == LAYOUT_RSPAMD)
		keys_fault(k, domain,
		        "key: both needs a signer that signs twice; rspamd's maps name one key for a domain");
}

void external_resolve(struct keys *k, const struct config *cfg, const struct yaml_node *domain,
        const struct external_nodes *own, const struct external_nodes *defaults, struct desired *d)
{
	struct external x = {
	        .selector = KEYNAME_DEFAULT, .bits = KEY_BITS_DEFAULT, .revoke = 7 * MS_DAY, .ttl = MS_HOUR};
	const struct yaml_node *const *o = NODES(own), *const *f = NODES(defaults);
	size_t before = k->diags->count;

	if (d->platform != PLATFORM_EXTERNAL) {
		for (size_t i = 0; i <= ARRAY_SIZE(rows); i++)
			if (o[i])
				keys_fault_at(k, o[i]->key_at, "%s is for external only", o[i]->key);
		return;
	}
	if (own->signer || defaults->signer)
		read_signer(k, cfg, own->signer ? own->signer : defaults->signer, &x);
	else
		default_signer(k, cfg, domain, &x);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct yaml_node *n = o[i + 1] ? o[i + 1] : f[i + 1];

		if (n)
			rows[i].read(k, &rows[i], n, (char *)&x + rows[i].offset);
	}
	if (k->diags->count == before)
		check_together(k, domain, &x, d);
	struct external *kept = arena_alloc(k->arena, sizeof *kept);
	*kept = x;
	d->external = kept;
}

void external_check_defaults(struct keys *k, const struct config *cfg, struct external_nodes *defaults)
{
	const struct yaml_node **f = (const struct yaml_node **)(void *)defaults;
	struct external x = {0};

	for (size_t i = 0; i <= ARRAY_SIZE(rows); i++) {
		size_t before = k->diags->count;

		if (!f[i])
			continue;
		if (i == 0)
			read_signer(k, cfg, f[i], &x);
		else
			rows[i - 1].read(k, &rows[i - 1], f[i], (char *)&x + rows[i - 1].offset);
		if (k->diags->count != before)
			f[i] = NULL;
	}
}

/* ---- held settings ---- */

bool external_hold(struct arena *arena, const struct config *cfg, const struct external *old,
        const struct external **ret)
{
	const struct config_signer *s = cfg ? config_signer(cfg, old->signer) : NULL;
	struct external *x = arena_alloc(arena, sizeof *x);
	const char **texts[] = {&x->signer, &x->stamp, &x->selector, &x->pair[0], &x->pair[1], &x->target,
	        &x->tag_h, &x->tag_n, &x->tag_s, &x->tag_t, &x->tag_g};

	if (cfg && !s)
		return false;
	*x = *old;
	if (s) {
		x->layout = s->layout;
		x->stamp = s->stamp;
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		*texts[i] = arena_intern(arena, *texts[i]);
	*ret = x;
	return true;
}

void external_put(struct buf *b, const struct external *x)
{
	const struct {
		const char *name, *value;
	} tags[] = {{"h", x->tag_h}, {"n", x->tag_n}, {"s", x->tag_s}, {"t", x->tag_t}, {"g", x->tag_g}};
	const char *comma = "";

	buf_printf(b,
	        ", signer: \"%s\", key: %s, bits: %d, record: %s, revoke: %lldms, ttl: %lldms, confirm: %s",
	        x->signer, words_text(&words_key_kind, (int)x->key), x->bits,
	        words_text(&words_record_kind, (int)x->record), (long long)x->revoke, (long long)x->ttl,
	        x->confirm_message ? "message" : "stamp");
	if (x->pair[0])
		buf_printf(b, ", selectors: [\"%s\", \"%s\"]", x->pair[0], x->pair[1]);
	else
		buf_printf(b, ", selector: \"%s\"", x->selector);
	if (x->target)
		buf_printf(b, ", target: \"%s\"", x->target);
	buf_puts(b, ", tags: {");
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		if (!tags[i].value)
			continue;
		buf_printf(b, "%s%s: \"%s\"", comma, tags[i].name, tags[i].value);
		comma = ", ";
	}
	buf_puts(b, "}");
}
