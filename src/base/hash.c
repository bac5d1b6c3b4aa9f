#include "base/hash.h"

#include <libdeflate.h>
#include <xxhash.h>

uint64_t hash_bytes(struct slice bytes)
{
    return XXH3_64bits(bytes.data, bytes.len);
}

uint32_t hash_checksum(struct slice bytes)
{
    return (uint32_t)XXH3_64bits(bytes.data, bytes.len);
}

uint32_t hash_crc32(struct slice bytes)
{
    return libdeflate_crc32(0, bytes.data, bytes.len);
}
