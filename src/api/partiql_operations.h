/* The operations on PartiQL statements, for the table in operations.c. */
#pragma once

#include "api/shape.h"

struct api_call;

extern const struct shape execute_statement_shape;
void execute_statement_run(struct api_call *call);

extern const struct shape batch_execute_statement_shape;
void batch_execute_statement_run(struct api_call *call);

extern const struct shape execute_transaction_shape;
void execute_transaction_run(struct api_call *call);
