/* SET and REMOVE: syntax to the actions of an update. set_add and set_delete are the actions ADD and DELETE. */
#include "partiql/compile.h"

static int fail_expr(struct compiler *compiler, enum expr_error_code code, struct slice a, struct slice b)
{
    struct expr_error error;
    (void)expr_fail(&error, code, a, b);
    return compiler_fail_expr(compiler, &error);
}

static int compile_value(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node);

static int compile_values(struct compiler *compiler, const struct syntax *syntax, enum node_op op,
                          struct node **ret_node)
{
    struct node **operands = ARENA_ARRAY(compiler->arena, struct node *, syntax->count);
    if (syntax->count == 0) {
        return fail_expr(compiler, EXPR_OPERAND_COUNT, node_op_name(op), SLICE("0"));
    }
    for (uint32_t i = 0; i < syntax->count; i++) {
        if (compile_value(compiler, syntax->items[i], &operands[i]) != 0) {
            return -1;
        }
    }
    *ret_node = build_operation(compiler->arena, op, operands, syntax->count);
    return 0;
}

static int compile_function(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node)
{
    struct slice name = lower_case(compiler->arena, syntax->text);
    enum node_op op = node_function(name);
    if (op == NODE_UNKNOWN_FUNCTION) {
        return compiler_fail(compiler, PARTIQL_FUNCTION, name, SLICE(""));
    }
    if (op != NODE_IF_NOT_EXISTS && op != NODE_LIST_APPEND) {
        return fail_expr(compiler, EXPR_NOT_IN_UPDATE, name, SLICE(""));
    }
    return compile_values(compiler, syntax, op, ret_node);
}

/* Recursion is bounded by the parser. */
static int compile_value(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node)
{
    if (syntax->kind == SYNTAX_CALL) {
        return compile_function(compiler, syntax, ret_node);
    }
    if (syntax->kind != SYNTAX_OPERATION) {
        return compile_operand(compiler, syntax, ret_node);
    }
    if (syntax->op != OPERATOR_PLUS && syntax->op != OPERATOR_MINUS) {
        return compiler_fail(compiler, PARTIQL_UPDATE_OPERATOR, lower_case(compiler->arena, syntax->text), SLICE(""));
    }
    enum node_op op = syntax->op == OPERATOR_PLUS ? NODE_PLUS : NODE_MINUS;
    if (syntax->count != 2) {
        return fail_expr(compiler, EXPR_OPERAND_COUNT, node_op_name(op), SLICE("1"));
    }
    return compile_values(compiler, syntax, op, ret_node);
}

static bool is_set_type(enum value_type type)
{
    return type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
}

/* path = set_add(path, set) */
static int compile_set_function(struct compiler *compiler, const struct syntax *call, const char *name,
                                struct build_action *action)
{
    struct node *target;
    struct node *operand = NULL;
    if (call->count != 2) {
        return compiler_fail_at(compiler, PARTIQL_SET_ARGUMENTS, slice_from_string(name), SLICE(""), call);
    }
    const struct syntax *first = call->items[0];
    const struct syntax *second = call->items[1];
    bool is_path = first->kind == SYNTAX_NAME || first->kind == SYNTAX_PATH;
    if (is_path && compile_path(compiler, first, PARTIQL_PATH_COMPONENT, &target) != 0) {
        return -1;
    }
    if (!is_path || !path_equal(&target->path, &action->target->path)) {
        return compiler_fail(compiler, PARTIQL_SET_TARGET, slice_from_string(name), SLICE(""));
    }
    bool is_value = second->kind == SYNTAX_PARAMETER || syntax_is_literal(second);
    if (is_value && compile_operand(compiler, second, &operand) != 0) {
        return -1;
    }
    if (!is_value || !is_set_type(operand->value->type)) {
        return first->kind == SYNTAX_PATH
                   ? compiler_fail(compiler, PARTIQL_SET_TYPE, slice_from_string(name), SLICE(""))
                   : compiler_fail_at(compiler, PARTIQL_SET_TYPE, slice_from_string(name), SLICE(""), first);
    }
    action->value = operand;
    return 0;
}

static int compile_action(struct compiler *compiler, const struct syntax_action *syntax, struct build_action *action)
{
    if (compile_path(compiler, syntax->target, PARTIQL_PATH_COMPONENT, &action->target) != 0) {
        return -1;
    }
    if (syntax->is_remove) {
        action->kind = ACTION_REMOVE;
        return 0;
    }
    const struct syntax *value = syntax->value;
    if (value->kind == SYNTAX_CALL && slice_is_word(value->text, "SET_ADD")) {
        action->kind = ACTION_ADD;
        return compile_set_function(compiler, value, "SET_ADD", action);
    }
    if (value->kind == SYNTAX_CALL && slice_is_word(value->text, "SET_DELETE")) {
        action->kind = ACTION_DELETE;
        return compile_set_function(compiler, value, "SET_DELETE", action);
    }
    action->kind = ACTION_SET;
    return compile_value(compiler, value, &action->value);
}

int compile_update(struct compiler *compiler, const struct syntax_statement *syntax, struct update **ret_update)
{
    struct build_action *actions = arena_zalloc(compiler->arena, syntax->action_count * sizeof *actions);
    uint32_t last = syntax->action_count - 1;
    struct expr_error error;
    /* Of several errors DynamoDB reports the last action's in an expression, the first one's in a statement. */
    for (uint32_t i = 0; i <= last; i++) {
        if (compile_action(compiler, &syntax->actions[i], &actions[last - i]) != 0) {
            return -1;
        }
    }
    return update_build(compiler->arena, actions, syntax->action_count, ret_update, &error) == 0
               ? 0
               : compiler_fail_expr(compiler, &error);
}
