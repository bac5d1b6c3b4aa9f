/* Who did what: one line of JSON for each call that is to be audited, with names alone: no keys, no items, no
 * expressions. docs/operations/monitoring.md lists the members.
 *
 * Lines are collected by each loop and handed over at the end of its turn; api/ does not know where they go. */
#pragma once

#include "api/api.h"

/* Each level has those before it. */
enum audit_level {
    AUDIT_OFF,
    AUDIT_DENIED,  /* who was refused: signature, policy, rate */
    AUDIT_CONTROL, /* and changes of tables, tags, policies */
    AUDIT_WRITES,  /* and changes of items, and PartiQL */
    AUDIT_ALL,     /* and reads */
};

struct audit {
    enum audit_level level;
    /* Takes over the memory of whole lines, and empties the buffer. `count`: how many. Must not block. Loops' threads.
     */
    void (*take)(void *context, struct buffer *lines, unsigned count);
    /* True: lines cannot be written down, and what must be is to be refused. NULL: never. Loops' threads. */
    bool (*is_blocked)(void *context);
    void *context;
};

/* Why somebody was refused. */
enum denial {
    DENIAL_NONE,
    DENIAL_UNAUTHENTICATED,
    DENIAL_IMPLICIT, /* nothing allows it */
    DENIAL_EXPLICIT,
    DENIAL_THROTTLED,
};

/* Before a call runs, once its caller is known. False: it must be audited and cannot be; the call has been failed. */
bool audit_admit(struct api_call *call);

/* The same for a call of the query protocol: credentials are given as tables are changed, the rest is reading. */
bool audit_admit_query(struct api_call *call, bool gives_credentials);

/* Remembers that the call, or a part of it, was refused. Only while it is being started, or later if audit_admit saw
 * it. `access_key`: what an unknown caller claimed to be, or empty. */
void audit_denial(struct api_call *call, enum denial denial, struct slice access_key);

/* Appends the line of a call that was answered, if it is to have one. */
void audit_finished(struct api_call *call, uint64_t duration_us);
