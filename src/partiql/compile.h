/* What the files of the compiler share. Private to partiql/. */
#pragma once

#include "expr/build.h"
#include "partiql/syntax.h"

struct compiler {
    struct arena *arena;
    const struct value *parameters;
    uint32_t parameter_count;
    struct partiql_error *error;
};

static inline int compiler_fail(struct compiler *compiler, enum partiql_error_code code, struct slice a, struct slice b)
{
    return partiql_fail(compiler->error, code, a, b);
}

/* With the place of `syntax`. */
static inline int compiler_fail_at(struct compiler *compiler, enum partiql_error_code code, struct slice a,
                                   struct slice b, const struct syntax *syntax)
{
    return partiql_fail_at(compiler->error, code, a, b, syntax->start, syntax->end);
}

/* An error of expr/. */
static inline int compiler_fail_expr(struct compiler *compiler, const struct expr_error *expr)
{
    *compiler->error = (struct partiql_error){.code = PARTIQL_EXPRESSION, .expr = *expr};
    return -1;
}

/* The position of the first text that stood before; `count` if all are different. */
uint32_t first_repeated(struct arena *arena, const struct slice *texts, uint32_t count);

/* literal.c: constants. The item of an INSERT; its attributes may be parameters. */
int compile_item(struct compiler *compiler, const struct syntax *syntax, struct item *ret_item);
bool syntax_is_literal(const struct syntax *syntax);
int compile_literal(struct compiler *compiler, const struct syntax *syntax, struct value *ret_value);

/* condition.c */
int compile_condition(struct compiler *compiler, const struct syntax *syntax, struct node **ret_root);
/* A path, constant, parameter or size(). */
int compile_operand(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node);
/* `star`: the error of a step that is an asterisk. */
int compile_path(struct compiler *compiler, const struct syntax *syntax, enum partiql_error_code star,
                 struct node **ret_node);
struct slice lower_case(struct arena *arena, struct slice text);

/* update.c */
int compile_update(struct compiler *compiler, const struct syntax_statement *syntax, struct update **ret_update);
