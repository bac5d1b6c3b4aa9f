/* Keeps a guard's identities as the data folder has them: `stator user` changes the file, and a server that runs
 * follows within a second. */
#pragma once

#include "auth/guard.h"
#include "server/config.h"

struct identity_watch;

/* Reads and publishes for the first time; then a thread looks for changes. `config` and `folder` must outlive it. A
 * file that can no longer be read is an error in the log, and the identities stay as they were. */
int identity_watch_start(const struct config *config, const char *folder, struct guard *guard,
                         struct identity_watch **ret_watch, struct err *err) MUST_USE;

/* NULL is allowed. */
void identity_watch_stop(struct identity_watch *watch);
