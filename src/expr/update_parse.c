/* Updates: text to tree.
 *
 *   update := { SET path '=' value, … | REMOVE path, … | ADD path :value, … | DELETE path :value, … }
 *
 * with each clause at most once. */
#include "expr/parser.h"
#include "expr/path_tree.h"

struct update_parser {
    struct parser parser;
    struct action *actions;
    uint32_t count, capacity;
    bool seen[ACTION_DELETE + 1];
    struct slice repeated; /* the first clause that came twice, or empty */
};

static const struct slice CLAUSES[] = {[ACTION_SET] = {"SET", 3},
                                       [ACTION_REMOVE] = {"REMOVE", 6},
                                       [ACTION_ADD] = {"ADD", 3},
                                       [ACTION_DELETE] = {"DELETE", 6}};

static struct action *add_action(struct update_parser *update, enum action_kind kind)
{
    if (update->count == update->capacity) {
        uint32_t capacity = update->capacity == 0 ? 4 : update->capacity * 2;
        struct action *larger = ARENA_ARRAY(update->parser.arena, struct action, capacity);
        if (update->count > 0) {
            memcpy(larger, update->actions, update->count * sizeof *larger);
        }
        update->actions = larger;
        update->capacity = capacity;
    }
    struct action *action = &update->actions[update->count];
    *action = (struct action){.kind = (uint8_t)kind, .index = update->count};
    update->count++;
    return action;
}

static bool parse_action(struct update_parser *update, enum action_kind kind)
{
    struct parser *parser = &update->parser;
    struct action *action = add_action(update, kind);
    parser->nodes = (struct node_list){0}; /* or the target would follow the nodes of the action before */
    if (!parser_path(parser, &action->target)) {
        return false;
    }
    parser->nodes = (struct node_list){0}; /* from here on: nodes of the value */
    bool parsed = true;
    if (kind == ACTION_SET) {
        parsed = parser_take(parser, TOKEN_EQ) && parser_expression(parser, &action->value);
    } else if (kind != ACTION_REMOVE) {
        parsed = parser_value(parser, &action->value);
    }
    action->nodes = parser->nodes;
    return parsed;
}

static bool parse_clause(struct update_parser *update)
{
    struct parser *parser = &update->parser;
    if (parser->token.kind < TOKEN_SET || parser->token.kind > TOKEN_DELETE) {
        return parser_syntax_error(parser);
    }
    enum action_kind kind = ACTION_SET + (parser->token.kind - TOKEN_SET);
    if (update->seen[kind] && update->repeated.len == 0) {
        update->repeated = CLAUSES[kind];
    }
    update->seen[kind] = true;
    do {
        parser_advance(parser); /* the keyword, or a comma */
        if (!parse_action(update, kind)) {
            return false;
        }
    } while (parser->token.kind == TOKEN_COMMA);
    return true;
}

static bool parse(struct update_parser *update)
{
    do {
        if (!parse_clause(update)) {
            return false;
        }
    } while (update->parser.token.kind != TOKEN_END);
    return true;
}

/* ADD and DELETE name types in words of their own. */
static int check_action(const struct action *action, struct expr_error *ret_error)
{
    static const struct slice WORDS[] = {
        [VALUE_S] = {"STRING", 6},  [VALUE_N] = {"NUMBER", 6}, [VALUE_B] = {"BINARY", 6}, [VALUE_BOOL] = {"BOOLEAN", 7},
        [VALUE_NULL] = {"NULL", 4}, [VALUE_M] = {"MAP", 3},    [VALUE_L] = {"LIST", 4},
    };
    if (action->kind != ACTION_ADD && action->kind != ACTION_DELETE) {
        return 0;
    }
    enum value_type type = action->value->value->type;
    if (type >= VALUE_SS || (type == VALUE_N && action->kind == ACTION_ADD)) {
        return 0;
    }
    return expr_fail(ret_error, EXPR_ACTION_TYPE, CLAUSES[action->kind], WORDS[type]);
}

/* First all paths that are written, then all values; each time the last action first, as DynamoDB does. */
static int resolve(struct update_parser *update, struct path_tree *ret_tree, struct expr_error *ret_error)
{
    size_t elements = 0;
    for (uint32_t i = 0; i < update->count; i++) {
        elements += update->actions[i].target->path.count;
    }
    path_tree_init(ret_tree, update->parser.arena, elements);
    for (uint32_t i = update->count; i-- > 0;) {
        struct action *action = &update->actions[i];
        if (resolve_path(&update->parser, action->target, ret_error) != 0 ||
            path_tree_add(ret_tree, &action->target->path, action, ret_error) != 0) {
            return -1;
        }
    }
    path_tree_finish(ret_tree);
    for (uint32_t i = update->count; i-- > 0;) {
        struct action *action = &update->actions[i];
        if (resolve_nodes(&update->parser, action->nodes, ret_error) != 0 || check_action(action, ret_error) != 0) {
            return -1;
        }
    }
    return 0;
}

int update_parse(struct arena *arena, struct slice text, struct expr_symbols *symbols, struct update **ret_update,
                 struct expr_error *ret_error)
{
    struct update_parser parser = {0};
    if (parser_init(&parser.parser, arena, EXPR_UPDATE, text, symbols, ret_error) != 0) {
        return -1;
    }
    bool parsed = parse(&parser);
    if (parser_finish_syntax(&parser.parser, parsed, ret_error) != 0) {
        return -1;
    }
    if (parser.repeated.len > 0) {
        return expr_fail(ret_error, EXPR_SECTION_REPEATED, parser.repeated, SLICE(""));
    }
    struct update *update = ARENA_NEW(arena, struct update);
    if (resolve(&parser, &update->tree, ret_error) != 0 || parser_check_operators(&parser.parser, ret_error) != 0) {
        return -1;
    }
    update->actions = parser.actions;
    update->count = parser.count;
    update->reads = path_reads_make(arena, parser.parser.paths, parser.parser.path_count, parser.parser.element_count);
    *ret_update = update;
    return 0;
}

bool update_visit_targets(const struct update *update, bool (*visit)(void *context, struct slice name), void *context)
{
    for (uint32_t i = 0; i < update->count; i++) {
        if (!visit(context, update->actions[i].target->path.elements[0].name)) {
            return false;
        }
    }
    return true;
}

bool update_visit_paths(const struct update *update, bool (*visit)(void *context, struct slice name, bool nested),
                        void *context)
{
    for (uint32_t i = 0; i < update->count; i++) {
        const struct action *action = &update->actions[i];
        const struct path *target = &action->target->path;
        if (!visit(context, target->elements[0].name, target->count > 1)) {
            return false;
        }
        for (const struct node *node = action->nodes.first; node != NULL; node = node->next) {
            if (node->op == NODE_PATH && !visit(context, node->path.elements[0].name, node->path.count > 1)) {
                return false;
            }
        }
    }
    return true;
}
