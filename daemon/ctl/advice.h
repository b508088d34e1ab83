/* What a person could do about a domain, by its reason. */
#ifndef DKIMROTD_CTL_ADVICE_H
#define DKIMROTD_CTL_ADVICE_H

/* One or two sentences; never NULL. Words as the contract has them. */
const char *advice(const char *reason, const char *phase);

#endif
