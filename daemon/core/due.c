/* When things are due: arithmetic over a record's instants, tiny functions, no decisions. */
#include "core/hash.h"
#include "core/plan.h"

int64_t due_again(const struct rules *rules, int64_t before, int64_t first)
{
	int64_t gap = before != 0 ? 2 * before : first;

	return gap > rules->settled ? rules->settled : gap;
}

int64_t due_rotation(const struct desired *d, const struct record *r)
{
	if (d->policy.rotate_every == 0 || r->rotation_base == 0)
		return 0;
	/* First met while signing: nobody knows how old its key is, and all domains were met at once. */
	if (r->met_signing)
		return r->rotation_base +
		       hash_part(hash_name_for("spread", d->domain), d->policy.rotate_every);
	return r->rotation_base + d->policy.rotate_every +
	       hash_part(hash_name_for("splay", d->domain),
	               d->policy.rotate_every * d->policy.splay_permille / 1000);
}

int64_t due_deletion(const struct desired *d, const struct record *r, const struct rec_selector *old)
{
	int64_t from = record_grace_from(r, old, record_signer(r));

	return from == 0 ? 0 : from + record_grace(r, d, old);
}
