/* A domain of Exchange for the tests of its driver: paths, objects and a record that knows the pair. */
#ifndef TESTS_UNIT_DRIVE_EXCHANGE_H
#define TESTS_UNIT_DRIVE_EXCHANGE_H

#include "drive.h"

#define D    "/email/exchange/hosted-zz1/service/hosted-zz1/domain/mydomain.ovh"
#define TASK "/email/exchange/hosted-zz1/service/hosted-zz1/task/"
#define S1   "ovhex1-selector1"
#define S2   "ovhex1-selector2"
#define OBJECT(name, status, rest)                                                                           \
	"{\"selectorName\":\"" name "\",\"status\":\"" status "\",\"customerRecord\":\"" name                \
	"._domainkey.mydomain.ovh\",\"recordType\":\"CNAME\",\"header\":\"from;to\",\"new\":{\"a\":[1]}"     \
	"," rest "}"
#define GOOD(name, status)                                                                                   \
	OBJECT(name, status,                                                                                 \
	        "\"targetRecord\":\"" name "._domainkey.1675.ac.dkim.mail.ovh.net\",\"cnameIsValid\":true,"  \
	        "\"lastUpdate\":\"2026-01-02T03:04:05+01:00\",\"taskPendingId\":null")
#define DOMAIN_OK                                                                                            \
	"{\"name\":\"mydomain.ovh\",\"state\":\"ok\",\"taskPendingId\":0,\"dkimDiagnostics\":{\"state\":"    \
	"\"active\",\"errorCode\":null,\"message\":null}}"
#define BOTH "[\"" S2 "\",\"" S1 "\"]"
#define NONE "[]"

static const struct desired mydomain = {
        .domain = "mydomain.ovh",
        .organization = "hosted-zz1",
        .service = "hosted-zz1",
        .platform = PLATFORM_EXCHANGE,
        .dns = DNS_OVH,
};

static inline struct record *known(void)
{
	static struct record r;

	r = (struct record){.n = 2};
	str_copy(r.sel[0].name, sizeof r.sel[0].name, S1);
	str_copy(r.sel[1].name, sizeof r.sel[1].name, S2);
	r.sel[0].named = r.sel[1].named = true;
	return &r;
}

static inline struct pass *look(
        enum look_kind kind, const struct record *rec, bool names_due, const struct turn *script)
{
	static struct pass p;

	p = (struct pass){.desired = &mydomain, .record = rec, .kind = kind, .names_due = names_due};
	drive_look(&p, script);
	return &p;
}

#endif
