/* An account's credentials, found and read: $CREDENTIALS_DIRECTORY/NAME (systemd's LoadCredential=NAME), or
 * credentials_NAME there (LoadCredential=credentials:FOLDER), else /etc/dkimrotd/credentials/NAME; an absolute path as it
 * stands. */
#ifndef DKIMROTD_IO_CREDS_H
#define DKIMROTD_IO_CREDS_H

#include "base/diag.h"
#include "codec/config.h"
#include "codec/ovhconf.h"
#include "codec/tsigkey.h"

#define CREDS_FOLDER "/etc/dkimrotd/credentials"
#define CREDS_PREFIX                                                                                         \
	"credentials_" /* systemd.exec(5): files of a folder get the credential's ID and '_' before them */

/* `passed` is $CREDENTIALS_DIRECTORY, NULL when it is not set. NULL on a fault, told in d: at the configuration's line
 * when the file is nowhere, else at the file's. Give back with credentials_free, which wipes them. */
struct credentials *creds_load(
        const struct config *c, const struct config_account *a, const char *passed, struct diags *d);

/* The secret of a server that takes dynamic updates, found in the same places. Give back with tsig_key_free. */
struct tsig_key *creds_load_key(
        const struct config *c, const struct config_server *s, const char *passed, struct diags *d);

#endif
