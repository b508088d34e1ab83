/* For dns_direct.c only: UDP sockets, each connected to one address and each with one question out at most. */
#ifndef DKIMROTD_IO_DNS_SOCKET_H
#define DKIMROTD_IO_DNS_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/dns_parts.h"

struct dns_sockets;
struct dns_socket;

/* Something about the question that arg stands for: error is 0 and there are bytes, or -ETIMEDOUT after each `patience`
 * without anything, or another negative errno. The callee may give the socket back. */
typedef void dns_heard(void *arg, int error, const uint8_t *bytes, size_t n);

struct dns_sockets *dns_sockets_new(struct loop *l, long patience_s, dns_heard *heard);
/* Every socket was given back before. NULL is fine. */
void dns_sockets_free(struct dns_sockets *p);
/* Closes the sockets that wait for another question. */
void dns_sockets_rest(struct dns_sockets *p);

/* A socket for one question. 0, or negative errno. */
int dns_socket_take(
        struct dns_sockets *p, const struct dns_address *to, void *arg, struct dns_socket **ret_socket);
/* Sends, and waits `patience` from now. 0, or negative errno. */
int dns_socket_send(struct dns_socket *s, const uint8_t *bytes, size_t n);
/* Gives it back. clean: the question was sent once and answered, so that nothing of it can still come. */
void dns_socket_leave(struct dns_socket *s, bool clean);

#endif
