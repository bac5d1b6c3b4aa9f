/* Fault points: named places where a test can make the process fail. `STATOR_FAULT=name[:count]` in the
 * environment arms one; it fires the count-th time it is passed (default 1). Without it a point costs one load. */
#pragma once

#include <stdbool.h>

/* Reads the environment; once, before any thread starts. Returns -1 when the name is not a known point. */
int fault_init(void);

/* True when the armed point of this name fires now, which is logged. */
bool fault_fires(const char *name);

/* Ends the process as kill -9 would, when the armed point of this name fires now. */
void fault_crash(const char *name);
