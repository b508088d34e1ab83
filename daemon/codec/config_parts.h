/* What the files of the configuration share; nobody else sees it. */
#ifndef DKIMROTD_CODEC_CONFIG_PARTS_H
#define DKIMROTD_CODEC_CONFIG_PARTS_H

#include "codec/config.h"
#include "codec/keys.h"

/* A name that stands as the key of an account, a policy or a server. */
bool config_check_name(struct keys *k, const struct yaml_node *n, const char *what);
size_t config_count_children(const struct yaml_node *map);
/* A credential: a file's name, or an absolute path; false when told. */
bool config_credential(
        struct keys *k, const struct key *key, const struct yaml_node *value, const char **ret);

/* config_accounts.c, config_signers.c, config_servers.c: each a section, for the whole struct config */
void config_read_accounts(struct keys *k, const struct key *key, const struct yaml_node *value, void *field);
void config_read_signers(struct keys *k, const struct key *key, const struct yaml_node *value, void *field);
void config_read_servers(struct keys *k, const struct key *key, const struct yaml_node *value, void *field);

#endif
