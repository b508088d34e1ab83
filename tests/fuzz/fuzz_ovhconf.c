/* ovh.conf on anything: whole credentials of one kind, or a reason. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/util.h"
#include "codec/endpoint.h"
#include "codec/ovhconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const accounts[] = {"ovh-eu", "http://127.0.0.1:8080/1.0"};

	for (size_t i = 0; i < ARRAY_SIZE(accounts); i++) {
		struct diags d = {0};
		struct credentials *c = ovhconf_parse((const char *)data, size, "ovh.conf", accounts[i], &d);

		if (!c != (d.count > 0))
			abort();
		if (c && c->kind == CREDENTIALS_KEYS &&
		        (!c->application_key || !c->application_secret || !c->consumer_key || c->client_id))
			abort();
		if (c && c->kind == CREDENTIALS_OAUTH2 &&
		        (!c->client_id || !c->client_secret || !c->token_url ||
		                endpoint_url_fault(c->token_url) || c->application_key))
			abort();
		credentials_free(c);
		diags_clear(&d);
	}
	return 0;
}
