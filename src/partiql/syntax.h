/* What the parser makes of the text, before any of it is given a meaning. Private to partiql/.
 *
 * Depth is bounded by PARTIQL_DEPTH_MAX for what encloses and by EXPR_OPERATORS_MAX for chains of operators. */
#pragma once

#include "partiql/error.h"
#include "partiql/token.h"

enum syntax_kind {
    SYNTAX_NAME,
    SYNTAX_PATH, /* items: a name or other root, then steps: SYNTAX_NAME, a number or other expression, SYNTAX_STAR */
    SYNTAX_STAR,
    SYNTAX_STRING,
    SYNTAX_NUMBER, /* `text` with its sign */
    SYNTAX_BOOL,
    SYNTAX_NULL,
    SYNTAX_MISSING,
    SYNTAX_PARAMETER, /* `index` is its number */
    SYNTAX_LIST,      /* [a, b] or (a, b) */
    SYNTAX_BAG,       /* <<a, b>> */
    SYNTAX_STRUCT,    /* items: key, value, key, value */
    SYNTAX_ION,
    SYNTAX_CALL, /* `text` is the function */
    SYNTAX_OPERATION,
    SYNTAX_SELECT,
};

enum syntax_operator {
    OPERATOR_OR,
    OPERATOR_AND,
    OPERATOR_NOT,
    OPERATOR_EQ,
    OPERATOR_NE,
    OPERATOR_LT,
    OPERATOR_LE,
    OPERATOR_GT,
    OPERATOR_GE,
    OPERATOR_BETWEEN,
    OPERATOR_IN,
    OPERATOR_IS, /* the right operand is a SYNTAX_NAME: the type */
    OPERATOR_LIKE,
    OPERATOR_PLUS,
    OPERATOR_MINUS, /* with one operand: negation */
    OPERATOR_OTHER, /* no DynamoDB operator: * / % || */
};

struct syntax_select;

struct syntax {
    uint8_t kind; /* enum syntax_kind */
    uint8_t op;   /* enum syntax_operator */
    bool flag;    /* SYNTAX_BOOL: the value; SYNTAX_PATH step: in brackets */
    bool parenthesised;
    uint32_t start, end; /* the token to name in errors */
    uint32_t index;
    struct slice text;
    struct syntax **items;
    uint32_t count, capacity;
    struct syntax_select *select;
};

struct syntax_select {
    struct syntax **columns; /* none: * */
    uint32_t column_count;
    struct syntax *from;
    struct syntax *where; /* or NULL */
    struct syntax **order;
    bool *descending;
    uint32_t order_count;
    struct partiql_error unsupported; /* the first thing that DynamoDB does not do */
};

struct syntax_action {
    bool is_remove;
    struct syntax *target;
    struct syntax *value;
};

struct syntax_statement {
    enum partiql_kind kind;
    struct syntax_select *select; /* SELECT, EXISTS */
    struct syntax *from;          /* writes */
    struct syntax *item;          /* INSERT */
    struct syntax_action *actions;
    uint32_t action_count;
    struct syntax *where; /* UPDATE, DELETE */
    enum partiql_returning returning;
    struct slice returning_text;
    struct partiql_error unsupported;
    uint32_t parameter_count;
};

struct syntax_parser {
    struct arena *arena;
    struct slice text;
    struct token token;
    uint32_t depth;
    uint32_t operators;
    uint32_t parameters;
    struct partiql_error error; /* why the last function returned NULL or false */
};

/* 0, or -1 with *ret_error. */
int syntax_parse(struct arena *arena, struct slice text, struct syntax_statement *ret_statement,
                 struct partiql_error *ret_error);

/* --- what the two files of the parser share -------------------------------------------------------------------- */

void syntax_advance(struct syntax_parser *parser);
struct slice syntax_text(const struct syntax_parser *parser); /* of the current token */
bool syntax_at(const struct syntax_parser *parser, const char *punctuation);
bool syntax_at_word(const struct syntax_parser *parser, const char *keyword);
bool syntax_take(struct syntax_parser *parser, const char *punctuation);
bool syntax_take_word(struct syntax_parser *parser, const char *keyword);

/* Notes that the statement ends here for the parser. Returns false. */
bool syntax_malformed(struct syntax_parser *parser, const char *detail);
/* The same for a token that begins no expression. */
bool syntax_unexpected(struct syntax_parser *parser);

void syntax_push(struct arena *arena, struct syntax *parent, struct syntax *child);

/* NULL with an error. */
struct syntax *syntax_expression(struct syntax_parser *parser);
/* A name and what follows it: a.b[0]. */
struct syntax *syntax_path(struct syntax_parser *parser);
/* At the word SELECT. */
struct syntax_select *syntax_select_parse(struct syntax_parser *parser);
