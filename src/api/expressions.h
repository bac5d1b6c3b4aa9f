/* The parameters that expressions come in: which may stand beside which, their placeholders, their parsing.
 *
 * An operation goes through the functions in this order, which is DynamoDB's: style, (values of the request), symbols,
 * parsing of each expression, unused placeholders. Each fails the call and returns false when something is wrong. */
#pragma once

#include "api/call.h"
#include "api/item_shapes.h"
#include "expr/expr.h"

/* A parameter of one of the two styles. */
struct parameter {
    const char *name;
    bool present;
    bool takes_values; /* of an expression: it may name entries of ExpressionAttributeValues */
};

struct expression_style {
    const struct parameter *legacy;
    unsigned legacy_count;
    const struct parameter *expressions;
    unsigned expression_count;
    bool has_names, has_values;
};

/* Expressions and legacy parameters do not mix; placeholders need an expression that may use them. */
bool expressions_check_style(struct api_call *call, const struct expression_style *style);

/* Placeholders and their values. `values` may be NULL: the operation has none. */
bool expressions_symbols(struct api_call *call, const struct expression_names *names,
                         const struct expression_values *values, struct expr_symbols *ret_symbols);

/* Parses what is present; *ret_x is NULL otherwise. */
bool expressions_condition(struct api_call *call, enum expr_kind kind, const struct opt_string *text,
                           struct expr_symbols *symbols, struct condition **ret_condition);
bool expressions_update(struct api_call *call, const struct opt_string *text, struct expr_symbols *symbols,
                        struct update **ret_update);
bool expressions_projection(struct api_call *call, const struct opt_string *text, struct expr_symbols *symbols,
                            struct projection **ret_projection);

/* Every placeholder must have been used by an expression. */
bool expressions_check_used(struct api_call *call, const struct expr_symbols *symbols);

/* Key attributes of the table and of its indexes are scalars: no path may go into them. Any of the expressions may be
 * NULL. */
bool expressions_check_scalars(struct api_call *call, const struct table_spec *table, const struct condition *condition,
                               const struct projection *projection, const struct update *update);

/* AttributesToGet as a projection; NULL when it is absent. */
bool expressions_attributes(struct api_call *call, const struct attribute_names *attributes,
                            struct projection **ret_projection);

/* Fails the call with an expression's error. */
void expressions_fail(struct api_call *call, enum expr_kind kind, const struct expr_error *error);
