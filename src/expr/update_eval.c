/* What each action of an update comes to. Every operand reads the item as it was before. */
#include "expr/update_eval.h"

#include <assert.h>

#include "expr/error.h"
#include "value/number.h"

struct evaluation {
    const struct value *base;
    const struct value **found; /* by path_reads_walk, or NULL */
    bool exists;
    struct arena *arena;
    struct expr_error *error;
};

static int fail(struct evaluation *evaluation, enum expr_error_code code)
{
    return expr_fail(evaluation->error, code, SLICE(""), SLICE(""));
}

static int evaluate(struct evaluation *evaluation, const struct node *node, struct value *ret_value);

static const struct value *read_path(struct evaluation *evaluation, const struct path *path)
{
    return path_read(evaluation->base, evaluation->found, path);
}

/* A sum that needs more than 38 digits overflows, whatever its magnitude. */
static int calculate(struct evaluation *evaluation, enum node_op op, const struct value *a, const struct value *b,
                     struct value *ret_value)
{
    struct number x;
    struct number y;
    struct number result;
    if (a->type != VALUE_N || b->type != VALUE_N) {
        return fail(evaluation, EXPR_DATA_TYPE);
    }
    enum number_result parsed_x = number_parse(a->bytes, &x);
    enum number_result parsed_y = number_parse(b->bytes, &y);
    assert(parsed_x == NUMBER_OK && parsed_y == NUMBER_OK);
    switch (op == NODE_PLUS ? number_add(&x, &y, &result) : number_subtract(&x, &y, &result)) {
    case NUMBER_OK:
        break;
    case NUMBER_UNDERFLOW:
        return fail(evaluation, EXPR_NUMBER_UNDERFLOW);
    default:
        return fail(evaluation, EXPR_NUMBER_OVERFLOW);
    }
    char text[NUMBER_TEXT_MAX];
    size_t length = number_format(&result, text);
    *ret_value = (struct value){.type = VALUE_N, .bytes = arena_copy(evaluation->arena, slice_of(text, length))};
    return 0;
}

static int append_lists(struct evaluation *evaluation, const struct value *a, const struct value *b,
                        struct value *ret_value)
{
    if (a->type != VALUE_L || b->type != VALUE_L) {
        return fail(evaluation, EXPR_DATA_TYPE);
    }
    struct value *elements = ARENA_ARRAY(evaluation->arena, struct value, (size_t)a->count + b->count);
    if (a->count > 0) {
        memcpy(elements, a->elements, a->count * sizeof *elements);
    }
    if (b->count > 0) {
        memcpy(elements + a->count, b->elements, b->count * sizeof *elements);
    }
    *ret_value = (struct value){.type = VALUE_L, .count = a->count + b->count, .elements = elements};
    return 0;
}

/* The second operand must exist even where the first is taken. */
static int if_not_exists(struct evaluation *evaluation, const struct node *node, struct value *ret_value)
{
    const struct value *present = read_path(evaluation, &node->operands[0]->path);
    if (evaluate(evaluation, node->operands[1], ret_value) != 0) {
        return -1;
    }
    if (present != NULL) {
        *ret_value = *present;
    }
    return 0;
}

/* The first operand's type is looked at before the second is read. */
static int binary(struct evaluation *evaluation, const struct node *node, struct value *ret_value)
{
    struct value a;
    struct value b;
    enum value_type expected = node->op == NODE_LIST_APPEND ? VALUE_L : VALUE_N;
    if (evaluate(evaluation, node->operands[0], &a) != 0) {
        return -1;
    }
    if (a.type != expected) {
        return fail(evaluation, EXPR_DATA_TYPE);
    }
    if (evaluate(evaluation, node->operands[1], &b) != 0) {
        return -1;
    }
    return expected == VALUE_L ? append_lists(evaluation, &a, &b, ret_value)
                               : calculate(evaluation, node->op, &a, &b, ret_value);
}

/* Recursion is bounded by EXPR_OPERATORS_MAX. */
static int evaluate(struct evaluation *evaluation, const struct node *node, struct value *ret_value)
{
    const struct value *found;
    switch ((enum node_op)node->op) {
    case NODE_VALUE:
        *ret_value = *node->value;
        return 0;
    case NODE_PATH:
        found = read_path(evaluation, &node->path);
        if (found == NULL) {
            return fail(evaluation, EXPR_ATTRIBUTE_MISSING);
        }
        *ret_value = *found;
        return 0;
    case NODE_IF_NOT_EXISTS:
        return if_not_exists(evaluation, node, ret_value);
    default:
        assert(node->op == NODE_PLUS || node->op == NODE_MINUS || node->op == NODE_LIST_APPEND);
        return binary(evaluation, node, ret_value);
    }
}

/* What holds, or would hold, the last element: it must be there, and a map for a name, a list for an index. */
static bool is_reachable(struct evaluation *evaluation, const struct path *path)
{
    struct path parents = {.elements = path->elements, .count = path->count - 1, .place = path->container};
    const struct value *container = read_path(evaluation, &parents);
    return container != NULL && container->type == (path->elements[path->count - 1].is_index ? VALUE_L : VALUE_M);
}

static int add(struct evaluation *evaluation, const struct value *present, const struct value *operand,
               struct outcome *ret_outcome)
{
    ret_outcome->kind = OUTCOME_SET;
    if (present == NULL) {
        ret_outcome->value = *operand;
        return 0;
    }
    if (present->type != operand->type) {
        return fail(evaluation, EXPR_DATA_TYPE);
    }
    if (operand->type == VALUE_N) {
        return calculate(evaluation, NODE_PLUS, present, operand, &ret_outcome->value);
    }
    value_set_union(evaluation->arena, present, operand, &ret_outcome->value);
    return 0;
}

static int delete (struct evaluation *evaluation, const struct value *present, const struct value *operand,
                   struct outcome *ret_outcome)
{
    ret_outcome->kind = OUTCOME_KEEP;
    if (present == NULL) {
        return 0;
    }
    if (present->type != operand->type) {
        return fail(evaluation, EXPR_DATA_TYPE);
    }
    value_set_difference(evaluation->arena, present, operand, &ret_outcome->value);
    ret_outcome->kind = ret_outcome->value.count == 0 ? OUTCOME_REMOVE : OUTCOME_SET;
    return 0;
}

static int evaluate_action(struct evaluation *evaluation, const struct action *action, struct outcome *ret_outcome)
{
    const struct path *path = &action->target->path;
    if (!is_reachable(evaluation, path)) {
        if (action->kind == ACTION_REMOVE && !evaluation->exists) {
            ret_outcome->kind = OUTCOME_KEEP;
            return 0;
        }
        return fail(evaluation, EXPR_PATH_INVALID);
    }
    switch ((enum action_kind)action->kind) {
    case ACTION_SET:
        ret_outcome->kind = OUTCOME_SET;
        return evaluate(evaluation, action->value, &ret_outcome->value);
    case ACTION_REMOVE:
        ret_outcome->kind = OUTCOME_REMOVE;
        return 0;
    case ACTION_ADD:
        return add(evaluation, read_path(evaluation, path), action->value->value, ret_outcome);
    default:
        assert(action->kind == ACTION_DELETE);
        return delete (evaluation, read_path(evaluation, path), action->value->value, ret_outcome);
    }
}

int update_evaluate(const struct update *update, const struct value *base, bool exists, struct arena *arena,
                    struct outcome *ret_outcomes, struct expr_error *ret_error)
{
    struct evaluation evaluation = {.base = base, .exists = exists, .arena = arena, .error = ret_error};
    if (update->reads != NULL) {
        evaluation.found = path_reads_walk(update->reads, base, arena);
    }
    for (uint32_t i = update->count; i-- > 0;) { /* of several errors the last action's is reported */
        if (evaluate_action(&evaluation, &update->actions[i], &ret_outcomes[i]) != 0) {
            return -1;
        }
    }
    return 0;
}
