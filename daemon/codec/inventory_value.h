/* The values of an inventory's keys; for inventory_file.c. Each checks one node and writes the result; on a fault it
 * tells, leaves the result alone and returns false. Texts are interned in the keys' arena. */
#ifndef DKIMROTD_CODEC_INVENTORY_VALUE_H
#define DKIMROTD_CODEC_INVENTORY_VALUE_H

#include <stdbool.h>

#include "codec/config.h"
#include "codec/keys.h"

/* A word of a list; *ret is the enum. */
bool value_word(struct keys *k, const char *name, const struct words *words, const struct yaml_node *value,
        void *ret);
bool value_platform(struct keys *k, const struct yaml_node *value, enum platform *ret);
bool value_dns(struct keys *k, const struct yaml_node *value, enum dns_mode *ret);
/* A service or organization: it becomes a segment of an API path. */
bool value_service(struct keys *k, const char *name, const struct yaml_node *value, const char **ret);
/* A domain or zone, as A-labels. */
bool value_domain(struct keys *k, const char *name, const struct yaml_node *value, const char **ret);
/* An account of the configuration; any name will do when cfg is NULL. */
bool value_account(struct keys *k, const struct config *cfg, const char *name, const struct yaml_node *value,
        const char **ret);
/* A policy's name, or a map in place that inherits from default; checked against the floor. */
bool value_server(struct keys *k, const struct config *cfg, const struct yaml_node *value, const char **ret);
bool value_policy(
        struct keys *k, const struct config *cfg, const struct yaml_node *value, struct policy_settings *ret);

#endif
