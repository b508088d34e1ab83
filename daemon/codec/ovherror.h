/* What an API answer's status and body mean, by how far it reaches (ovh-api.md 4.1, 4.2). Both generations of error
 * bodies are read: {"errorCode","httpCode","message"} and {"class","message","details"}; so is OAuth2's
 * {"error","error_description"}. Bytes in, words out: it knows neither account nor domain. */
#ifndef DKIMROTD_CODEC_OVHERROR_H
#define DKIMROTD_CODEC_OVHERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/model.h"

enum api_error_class {
	API_OK, /* any 2xx, whatever its body */
	/* the account: every signed request would end like this one */
	API_CLOCK, /* 400 Query out of time: measure the offset again, ask once more */
	API_SIGNATURE, /* 400 Invalid signature: wrong secret, but also a clock, a body of the wrong type, a key not yet
	                  validated. Measure again, ask once more, then stop the account */
	API_KEY_DEAD, /* 403 unknown application or consumer key, expired, revoked; OAuth2's invalid_client. A clock far
	                  off has been reported to show up like this: measure before a person is called */
	API_LOGIN, /* 401: the bearer token expired (a new one, once), or the request was not signed */
	/* the route: method and path pattern, for all services that the same grant covers */
	API_NOT_GRANTED, /* 403 access rules or IAM; `denied` names the missing actions where the answer does */
	API_BAD_ROUTE,   /* 404 Got an invalid (or empty) URL: our mistake, or an endpoint that is gone */
	/* the service or zone */
	API_NO_SERVICE, /* 404 This service does not exist: not in this account */
	API_EXPIRED,    /* 460 This service is expired */
	/* the one object the request named */
	API_ABSENT,    /* any other 404 with a JSON error. Alone it proves nothing (safety rule 4) */
	API_BAD_INPUT, /* any other 400 with a JSON error */
	API_CONFLICT,  /* 409 with a JSON error: probably a pending task; read again */
	/* nobody: it says nothing about what was asked */
	API_LIMITED, /* 429, whatever its body */
	API_TRANSIENT, /* 408, 5xx, and every status but 2xx whose body is not JSON (a proxy's page), or no answer */
	API_UNKNOWN, /* JSON of a kind or a status not listed here */
};

struct api_error {
	enum api_error_class class;
	enum trouble trouble; /* the same, as a pass reports it; TROUBLE_NONE for API_OK */
	bool json;            /* the body is a JSON error: an object with a message, a class or a code */
	char code[64];        /* errorCode, class or error, as given and cleaned; "" = none */
	char message
	        [200]; /* cleaned, with `denied` in brackets; what is not a JSON error is described instead;
	                          "" for API_OK */
	char denied[120]; /* IAM actions not granted, as given and cleaned; "" = none named */
};

/* status 0 = no answer. content_type and body as received; body_len bytes. */
void api_error_classify(
        int status, const char *content_type, const char *body, size_t body_len, struct api_error *ret);

/* Does this answer prove that the change it answers was not done (safety rule 7)? Only 400, 403, 404 and 409 with a
 * JSON error do; 408, 429, 5xx and pages leave the change open. */
bool api_error_refuses(int status, const struct api_error *e);

const char *api_error_word(enum api_error_class class); /* "not-granted", for logs and tests */

#endif
