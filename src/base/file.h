/* Small files that are read whole and replaced whole. */
#pragma once

#include "base/buffer.h"
#include "base/err.h"

/* Appends the file's bytes. 1: read; 0: there is none; -1: cannot be read, or is larger than `bytes_max`. */
int file_read_whole(const char *path, size_t bytes_max, struct buffer *out, struct err *err) MUST_USE;

/* Gives `path` these bytes, whole or not at all, durable when this returns: a new file, "PATH.new", mode 0600, made
 * durable, then given its name. One process at a time. */
int file_replace(const char *path, struct slice bytes, struct err *err) MUST_USE;
