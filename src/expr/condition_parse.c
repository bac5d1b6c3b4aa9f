/* Conditions, key conditions and filters: text to tree. */
#include "expr/parser.h"
#include "expr/path_tree.h"

static bool parse(struct parser *parser, struct node **ret_root)
{
    return parser_expression(parser, ret_root) && parser_take(parser, TOKEN_END);
}

int condition_parse(struct arena *arena, enum expr_kind kind, struct slice text, struct expr_symbols *symbols,
                    struct condition **ret_condition, struct expr_error *ret_error)
{
    struct parser parser;
    struct node *root = NULL;
    if (parser_init(&parser, arena, kind, text, symbols, ret_error) != 0) {
        return -1;
    }
    bool parsed = parse(&parser, &root);
    if (parser_finish_syntax(&parser, parsed, ret_error) != 0 || resolve_nodes(&parser, parser.nodes, ret_error) != 0 ||
        parser_check_operators(&parser, ret_error) != 0) {
        return -1;
    }
    struct condition *condition = ARENA_NEW(arena, struct condition);
    condition->root = root;
    condition->nodes = parser.nodes;
    condition->reads = path_reads_make(arena, parser.paths, parser.path_count, parser.element_count);
    *ret_condition = condition;
    return 0;
}

bool condition_visit_paths(const struct condition *condition,
                           bool (*visit)(void *context, struct slice name, bool nested), void *context)
{
    for (const struct node *node = condition->nodes.first; node != NULL; node = node->next) {
        if (node->op == NODE_PATH && !visit(context, node->path.elements[0].name, node->path.count > 1)) {
            return false;
        }
    }
    return true;
}

bool condition_visit_names(const struct condition *condition, bool (*visit)(void *context, struct slice name),
                           void *context)
{
    for (const struct node *node = condition->nodes.first; node != NULL; node = node->next) {
        if (node->op == NODE_PATH && !visit(context, node->path.elements[0].name)) {
            return false;
        }
    }
    return true;
}
