/* OVHcloud's $1$ request signature (ovh-api.md 1.2):
 *   "$1$" + hex(SHA1(application secret + consumer key + METHOD + URL + BODY + timestamp, joined by '+')) */
#ifndef DKIMROTD_CODEC_OVHSIGN_H
#define DKIMROTD_CODEC_OVHSIGN_H

#include <stddef.h>
#include <stdint.h>

#define OVHSIGN_TEXT 44 /* "$1$", 40 hexadecimal digits, terminated */

/* Asked once at start: 0, or -ENOTSUP where this host's OpenSSL refuses SHA-1 (a FIPS policy). */
int ovhsign_available(void);

/* Signs a request exactly as it will be sent: method in upper case, the whole URL with its query, the body's bytes
 * (body NULL or body_len 0 = none), and the X-Ovh-Timestamp of the same request in seconds on the API's clock.
 * Aborts where ovhsign_available would have said no. */
void ovhsign(char dst[OVHSIGN_TEXT], const char *application_secret, const char *consumer_key,
        const char *method, const char *url, const char *body, size_t body_len, int64_t timestamp_s);

#endif
