/* Capacity units: 4 KB read, 1 KB write. Source: Amazon DynamoDB Developer Guide, "Read and write operations". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whole units: at least 1. Eventually consistent reads cost half of it, transactional ones twice. */
uint32_t capacity_read_blocks(size_t bytes); /* ceil(bytes / 4096), at least 1 */
uint32_t capacity_write_units(size_t bytes); /* ceil(bytes / 1024), at least 1 */
