/* What a credential must be allowed to do for an inventory, and what it is allowed: access rules of an application key
 * (method and path pattern, ovh-api 1.4) and the IAM actions of a service account. Rules are patterns: '*' matches
 * anything, across '/' too, so that "/x/" followed by a star does not grant "/x" itself. Pure: nothing is asked here.
 *
 * The rules are for managing, also while the configuration says mode: observe; a domain that the inventory itself only
 * observes needs reads. */
#ifndef DKIMROTD_CODEC_GRANT_H
#define DKIMROTD_CODEC_GRANT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "codec/inventory.h"

/* Beyond that many rules of one kind, '*' takes the place of domains, then of services. */
#define GRANT_RULES_MOST 100
/* Keys with more rules than that are not compared. */
#define GRANT_COMPARED_MOST 1000
/* So many are listed; all are counted. */
#define GRANT_LISTED_MOST 200

struct grant_rule {
	const char *method, *path;
};

struct grants {
	struct grant_rule *list;
	size_t n, cap;
	size_t count;        /* of grant_compare: n, and those that were not listed */
	struct arena *arena; /* of the texts */
};
void grants_init(struct grants *g);
void grants_free(struct grants *g);
void grants_add(struct grants *g, const char *method, const char *path); /* both are copied */

/* Does a rule's path grant everything that `path` names? A '*' in `path` stands for whatever it may match. */
bool grant_covers(const char *rule, const char *path);

/* The least rules that the account needs for its domains and zones, as narrow as GRANT_RULES_MOST lets them be; none
 * covers another. Without any domain of the account: what discover reads. Appends. */
void grant_rules(const struct inventory *inv, const char *account, struct grants *ret);
/* Likewise the IAM actions, each once; `path` holds the action, `method` is "". */
void grant_actions(const struct inventory *inv, const char *account, struct grants *ret);
/* What dkimrotctl discover reads is in these only. */
bool grant_needs_any(const struct inventory *inv, const char *account);

/* What a key's rules lack, with every name in it; and which of them allow more than the inventory needs, or nothing
 * that it needs. Reading lists, as discover does, is never too much. False, and nothing listed, when there are more than
 * GRANT_COMPARED_MOST rules. */
bool grant_compare(const struct inventory *inv, const char *account, const struct grants *rules,
        struct grants *ret_lacks, struct grants *ret_exceeds);

/* OVHcloud's page that makes a key, with the rules filled in: createToken beside the API of base_url. */
void grant_link(const char *base_url, const struct grants *rules, struct buf *out);

#endif
