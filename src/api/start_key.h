/* ExclusiveStartKey: the attributes it must have, and where it may lie. */
#pragma once

#include "api/call.h"

/* What is wrong with the values themselves, before the table is known. True if nothing is. */
bool start_key_check_values(struct api_call *call, const struct opt_item *start);

/* The row to start behind. False if the key does not fit the table or index: the call has been failed. Query and Scan
 * word it differently. */
bool start_key_row(struct api_call *call, const struct table_spec *table, const struct index_spec *index,
                   const struct item *start, bool is_scan, struct row_key *ret_row);
