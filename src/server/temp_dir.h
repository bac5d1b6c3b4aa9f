/* A folder of its own for a server that keeps nothing. */
#pragma once

#include "base/err.h"

/* Makes a new folder in `parent`, which is made if it is missing; NULL: in $TMPDIR or /tmp. The caller frees the path.
 */
int temp_dir_create(const char *parent, char **ret_path, struct err *err) MUST_USE;

/* Removes the folder and everything in it. NULL is allowed. */
void temp_dir_remove(const char *path);
