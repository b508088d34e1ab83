/* The simulated key store and signer (sim_keys.c). */
#ifndef DKIMROTD_SIM_KEYS_H
#define DKIMROTD_SIM_KEYS_H

#include "core/external.h"
#include "io/keystore.h"
#include "sim.h"

struct sim_keys {
	double fault; /* chance that a file cannot be read or written */
	unsigned long shredded;
	struct keystore *zombie; /* freed once its loop is gone */
	/* What becomes of what is asked of it; NULL = all of it is SIM_SEND. What is lost answers -EIO. */
	enum sim_fate (*leaving)(enum keystore_op op);
	void (*carried_out)(const struct keystore_request *q); /* NULL = nobody listens; looks are not told */
};
extern struct sim_keys sim_keys;

void sim_keys_forget(void); /* an empty disk */
/* The signer reads its maps, and its stamp says so. */
void sim_signer_takes(void);
/* The selector that it signs a domain's mail with; false: it does not sign it. */
bool sim_signer_uses(const char *domain, char ret[128]);
/* The public key that is held under a selector. */
bool sim_key_text(const char *domain, const char *selector, char ret[KEY_TEXT]);

#endif
