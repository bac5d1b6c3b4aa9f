/* The operations on items, for the table in operations.c. */
#pragma once

#include "api/shape.h"

struct api_call;

extern const struct shape put_item_shape;
void put_item_run(struct api_call *call);

extern const struct shape get_item_shape;
void get_item_run(struct api_call *call);

extern const struct shape update_item_shape;
void update_item_run(struct api_call *call);

extern const struct shape delete_item_shape;
void delete_item_run(struct api_call *call);

extern const struct shape query_shape;
void query_run(struct api_call *call);

extern const struct shape scan_shape;
void scan_run(struct api_call *call);

extern const struct shape batch_get_item_shape;
void batch_get_item_run(struct api_call *call);

extern const struct shape batch_write_item_shape;
void batch_write_item_run(struct api_call *call);

extern const struct shape transact_get_items_shape;
void transact_get_items_run(struct api_call *call);

extern const struct shape transact_write_items_shape;
void transact_write_items_run(struct api_call *call);
