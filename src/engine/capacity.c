#include "engine/capacity.h"

static uint32_t blocks(size_t bytes, size_t block)
{
    return bytes == 0 ? 1 : (uint32_t)((bytes + block - 1) / block);
}

uint32_t capacity_read_blocks(size_t bytes)
{
    return blocks(bytes, 4096);
}

uint32_t capacity_write_units(size_t bytes)
{
    return blocks(bytes, 1024);
}
