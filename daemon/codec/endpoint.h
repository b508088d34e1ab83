/* OVHcloud's API endpoints: the names that users and the official SDKs write, and the addresses behind them. */
#ifndef DKIMROTD_CODEC_ENDPOINT_H
#define DKIMROTD_CODEC_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

struct endpoint {
	const char *name;      /* "ovh-eu" */
	const char *base_url;  /* "https://eu.api.ovh.com/1.0", no '/' at the end */
	const char *token_url; /* OAuth2, as the SDKs have it (the prose of the CA documentation differs) */
};

extern const struct endpoint endpoints[3];

/* By its name, or by its base URL with or without '/' at the end; NULL when it is none of the table. */
const struct endpoint *endpoint_find(const char *name_or_url);

/* May requests go to this URL? https with a host, or http where the host is a loopback address written as a number;
 * no user, query or fragment. NULL when it is fine, else what is wrong with it. */
const char *endpoint_url_fault(const char *url);

/* The address of an API path: base + path, but a base that ends in "/1.0" or "/v1" loses that before a path of the
 * v2 API ("/v2/..."), as the SDKs do. False when it does not fit. */
bool endpoint_url(char *dst, size_t n, const char *base_url, const char *path);

#endif
