/* What the inventory wants for one domain, with every default resolved and every name checked. Pure data,
 * made by codec/inventory.c; all pointers belong to the inventory generation it came from. */
#ifndef DKIMROTD_CORE_DESIRED_H
#define DKIMROTD_CORE_DESIRED_H

#include <stdbool.h>
#include <stdint.h>

enum platform { PLATFORM_EXCHANGE, PLATFORM_EMAILPRO, PLATFORM_MXPLAN, PLATFORM_ZIMBRA, PLATFORM_EXTERNAL };

/* Who writes the DNS records. */
enum dns_mode { DNS_OVH, DNS_PLATFORM, DNS_MANUAL, DNS_RFC2136 };

/* v1: /email/domain/{domain}/dkim; v2: /v2/zimbra. Means something for zimbra only. */
enum zimbra_api { ZIMBRA_V1, ZIMBRA_V2 };

/* observe: look and report, never change. */
enum run_mode { MODE_MANAGE, MODE_OBSERVE };

struct window;   /* core/window.h */
struct external; /* core/external.h */

/* The account of every external domain: caps, breaker and schedule as for OVHcloud's, and the host's own clock. */
#define ACCOUNT_EXTERNAL "external"

struct policy {
	int64_t rotate_every; /* ms; 0 = never; otherwise above the grace */
	int64_t grace;        /* ms, never below safety.minimum_grace */
	int splay_permille;   /* 0..1000: a delay of up to that part of rotate_every, by a hash of the name */
	const struct window *window; /* when scheduled switches and deletions may happen; NULL = always */
};

struct desired {
	const char *domain;       /* A-labels, lower case, no dot at the end; at most 253 bytes */
	const char *account;      /* a name of the configuration's accounts */
	const char *organization; /* exchange only, else NULL */
	const char *service;      /* exchange and emailpro; NULL where none was given */
	const char *zone;         /* A-labels; the domain or one of its parents */
	const char *zone_account;
	const char *dns_server;  /* a name of the configuration's dns_servers; rfc2136 only, else NULL */
	const char *policy_name; /* NULL for a policy written in place */
	struct policy policy;
	const char *file; /* where the domain stands */
	int line, column;
	enum platform platform;
	enum zimbra_api zimbra_api;
	enum dns_mode dns;
	enum run_mode mode;              /* observe too when the whole configuration says so */
	enum run_mode own_mode;          /* as the inventory has it */
	const struct external *external; /* platform: external only, else NULL */
};

/* Selectors are made, switched and deleted one by one there, so keys can be rotated. */
bool platform_rotates(enum platform p);

/* "exchange", ... the contract's word. */
const char *platform_word(enum platform p);

#endif
