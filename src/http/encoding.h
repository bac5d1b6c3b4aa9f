/* Content codings: what a client accepts, and gzip. */
#pragma once

#include "base/buffer.h"

/* Whether an Accept-Encoding header lets us answer with gzip. */
bool accepts_gzip(struct slice accept_encoding);

struct libdeflate_compressor;

/* Replaces the content of `out` with `bytes` as a gzip stream. False: not smaller, `out` is empty. */
bool gzip_compress(struct libdeflate_compressor *compressor, struct slice bytes, struct buffer *out);

/* At a level that costs little. Not thread-safe. */
struct libdeflate_compressor *gzip_compressor_create(void);
void gzip_compressor_destroy(struct libdeflate_compressor *compressor); /* NULL is allowed */
