#include "expr/parser.h"

int parser_init(struct parser *parser, struct arena *arena, enum expr_kind kind, struct slice text,
                struct expr_symbols *symbols, struct expr_error *ret_error)
{
    if (text.len == 0) {
        return expr_fail(ret_error, EXPR_EMPTY, SLICE(""), SLICE(""));
    }
    if (text.len > EXPR_TEXT_BYTES_MAX) {
        return expr_fail(ret_error, EXPR_TOO_LONG, arena_printf(arena, "%zu", text.len), SLICE(""));
    }
    *parser = (struct parser){.arena = arena, .kind = kind, .text = text, .symbols = symbols};
    parser->token = token_read(text, 0);
    return 0;
}

void parser_advance(struct parser *parser)
{
    parser->previous = parser->token.start;
    parser->token = token_read(parser->text, parser->token.end);
}

/* The text shown is that from the token before to the token behind, with all blanks between them. */
bool parser_syntax_error(struct parser *parser)
{
    struct slice text = parser->text;
    struct token token = parser->token;
    uint32_t end = (uint32_t)text.len;
    struct slice shown = SLICE("<EOF>");
    if (token.kind != TOKEN_END) {
        struct token next = token_read(text, token.end);
        end = next.kind == TOKEN_END ? end : next.end;
        shown = token_text(text, token);
    }
    struct slice near = slice_of(text.data + parser->previous, end - parser->previous);
    expr_fail(&parser->syntax_error, EXPR_SYNTAX, shown, near);
    return false;
}

bool parser_take(struct parser *parser, enum token_kind kind)
{
    if (parser->token.kind != kind) {
        return parser_syntax_error(parser);
    }
    parser_advance(parser);
    return true;
}

void parser_misplaced(struct parser *parser, enum expr_error_code code, uint32_t position, struct slice word)
{
    if (parser->placement_error.code == EXPR_OK || position < parser->placement_position) {
        expr_fail(&parser->placement_error, code, word, SLICE(""));
        parser->placement_position = position;
    }
}

int parser_finish_syntax(const struct parser *parser, bool parsed, struct expr_error *ret_error)
{
    if (!parsed) {
        *ret_error = parser->syntax_error;
        return -1;
    }
    if (parser->placement_error.code != EXPR_OK) {
        *ret_error = parser->placement_error;
        return -1;
    }
    return 0;
}

int parser_check_operators(const struct parser *parser, struct expr_error *ret_error)
{
    if (parser->operators > EXPR_OPERATORS_MAX) { /* DynamoDB stops counting at the first too many */
        return expr_fail(ret_error, EXPR_TOO_MANY_OPERATORS, arena_printf(parser->arena, "%d", EXPR_OPERATORS_MAX + 1),
                         SLICE(""));
    }
    return 0;
}

struct node *parser_node(struct parser *parser, enum node_op op, uint32_t position)
{
    struct node *node = ARENA_NEW(parser->arena, struct node);
    node->op = (uint8_t)op;
    node->position = position;
    if (parser->nodes.last != NULL) {
        parser->nodes.last->next = node;
    } else {
        parser->nodes.first = node;
    }
    parser->nodes.last = node;
    return node;
}

bool parser_value(struct parser *parser, struct node **ret_node)
{
    struct token token = parser->token;
    if (!parser_take(parser, TOKEN_VALUE)) {
        return false;
    }
    *ret_node = parser_node(parser, NODE_VALUE, token.start);
    (*ret_node)->placeholder = token_text(parser->text, token);
    return true;
}
