/* The state that all grammars share. Private to expr/.
 *
 * DynamoDB reports errors by kind before position: first whatever ends the parsing (what is no sentence of the grammar,
 * and redundant parentheses), then names and functions that may not stand where they stand (the leftmost first), then
 * undefined placeholders and operands that do not fit. One pass over the text notes the first of each kind;
 * parser_finish_syntax says which of the first two it is. */
#pragma once

#include "expr/error.h"
#include "expr/token.h"
#include "expr/tree.h"

struct parser {
    struct arena *arena;
    enum expr_kind kind;
    struct slice text;
    struct expr_symbols *symbols;
    struct token token; /* the current one */
    uint32_t previous;  /* where the token before it starts; 0 for the first */
    uint32_t operators; /* operators and functions so far */
    struct node_list nodes;
    struct node *paths; /* all of them, the last one first */
    uint32_t path_count;
    size_t element_count; /* of all paths */
    struct expr_error syntax_error;
    struct expr_error placement_error;
    uint32_t placement_position;
};

/* -1 with an error if the text is empty or too long. */
int parser_init(struct parser *parser, struct arena *arena, enum expr_kind kind, struct slice text,
                struct expr_symbols *symbols, struct expr_error *ret_error);

void parser_advance(struct parser *parser);

/* Notes that the current token fits nowhere. Returns false, as parse functions do on a syntax error. */
bool parser_syntax_error(struct parser *parser);

/* Takes a token of this kind, or notes a syntax error. */
bool parser_take(struct parser *parser, enum token_kind kind);

/* Notes an error of placement; the leftmost is kept. */
void parser_misplaced(struct parser *parser, enum expr_error_code code, uint32_t position, struct slice word);

/* -1 if anything but placeholders and operands is wrong. `parsed` is what the grammar's parse function returned. */
int parser_finish_syntax(const struct parser *parser, bool parsed, struct expr_error *ret_error);

/* -1 if there are too many operators: the last check of all. */
int parser_check_operators(const struct parser *parser, struct expr_error *ret_error);

/* A new node at the end of the list. */
struct node *parser_node(struct parser *parser, enum node_op op, uint32_t position);

/* A document path at the current token, as a node. */
bool parser_path(struct parser *parser, struct node **ret_node);

/* A :value at the current token, as a node. */
bool parser_value(struct parser *parser, struct node **ret_node);

/* A condition, or what stands behind "=" in a SET clause; ends at the first token that cannot belong to it. */
bool parser_expression(struct parser *parser, struct node **ret_root);

/* Puts names and values for the placeholders of a path, or of all nodes of a list, and checks operands. */
int resolve_path(struct parser *parser, struct node *node, struct expr_error *ret_error);
int resolve_nodes(struct parser *parser, struct node_list nodes, struct expr_error *ret_error);

/* The operand checks of one operator or function whose operands are resolved. */
int check_operands(struct arena *arena, const struct node *node, struct expr_error *ret_error);

/* The entry of a placeholder, marked as used, or NULL. */
const struct expr_name *symbols_name(struct expr_symbols *symbols, struct slice placeholder, struct arena *arena);
const struct expr_value *symbols_value(struct expr_symbols *symbols, struct slice placeholder, struct arena *arena);
