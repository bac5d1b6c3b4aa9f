/* Hashes and checksums, from xxHash and libdeflate. Stored forms depend on them: never change one. */
#pragma once

#include "base/slice.h"

/* XXH3, 64 bits, seed 0. Decides the slot of a partition key. */
uint64_t hash_bytes(struct slice bytes);

/* The low 32 bits of XXH3: guards stored values against damage. */
uint32_t hash_checksum(struct slice bytes);

/* CRC-32 as in gzip, for the x-amz-crc32 header. */
uint32_t hash_crc32(struct slice bytes);
