/* What a shard's writer thread does for a request: it runs `evaluate` for every waiting command in order, commits what
 * they wrote as one batch, and then runs each command's `task` on the thread of its mailbox. */
#pragma once

#include "base/task.h"

struct batch;

struct command {
    struct task task;         /* first; runs where the command came from, after the batch is durable or has failed */
    struct mailbox *reply_to; /* NULL: nobody waits; `finished` then frees the command */
    void (*evaluate)(struct command *command, struct batch *batch); /* writer thread */
    void (*finished)(struct command *command);                      /* writer thread, before `task`; may be NULL */
    bool failed; /* the batch could not be made durable: nothing of it happened; ask for InternalServerError */
};
