/* WHERE clauses: syntax to the nodes of a condition. Recursion is bounded by the parser: by the depth of parentheses
 * and the number of operators. */
#include "partiql/compile.h"

struct slice lower_case(struct arena *arena, struct slice text)
{
    char *copy = arena_alloc(arena, text.len);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return slice_of(copy, text.len);
}

/* --- paths ------------------------------------------------------------------------------------------------------- */

#define INDEX_DIGITS_MAX 10

/* A number in brackets: digits alone. */
static int compile_index(struct compiler *compiler, const struct syntax *step, struct path_element *ret_element)
{
    uint64_t index = 0;
    struct slice text = step->text;
    bool is_negative = text.data[0] == '-';
    for (size_t i = is_negative; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return compiler_fail_at(compiler, PARTIQL_PATH_COMPONENT, SLICE(""), SLICE(""), step);
        }
        index = i > INDEX_DIGITS_MAX ? UINT64_MAX / 100 : index * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (is_negative || index > INT32_MAX) {
        return compiler_fail_at(compiler, PARTIQL_INDEX_RANGE, text, SLICE(""), step);
    }
    *ret_element = (struct path_element){.index = (uint32_t)index, .is_index = true};
    return 0;
}

static int compile_step(struct compiler *compiler, const struct syntax *step, enum partiql_error_code star,
                        struct path_element *ret_element)
{
    switch ((enum syntax_kind)step->kind) {
    case SYNTAX_NAME:
    case SYNTAX_STRING:
        if (step->text.len == 0) {
            return compiler_fail(compiler, PARTIQL_NAME_EMPTY, SLICE(""), SLICE(""));
        }
        *ret_element = (struct path_element){.name = step->text};
        return 0;
    case SYNTAX_NUMBER:
        return compile_index(compiler, step, ret_element);
    case SYNTAX_STAR:
        return star == PARTIQL_PATH_COMPONENT ? compiler_fail_at(compiler, star, SLICE(""), SLICE(""), step)
                                              : compiler_fail(compiler, star, SLICE(""), SLICE(""));
    default:
        return compiler_fail_at(compiler, PARTIQL_PATH_COMPONENT, SLICE(""), SLICE(""), step);
    }
}

int compile_path(struct compiler *compiler, const struct syntax *syntax, enum partiql_error_code star,
                 struct node **ret_node)
{
    struct syntax *self = (struct syntax *)syntax;
    struct syntax *const *steps = syntax->kind == SYNTAX_PATH ? syntax->items : &self;
    struct path path = {.count = syntax->kind == SYNTAX_PATH ? syntax->count : 1};
    if (steps[0]->kind != SYNTAX_NAME) {
        return compiler_fail_at(compiler, PARTIQL_PATH_COMPONENT, SLICE(""), SLICE(""), steps[0]);
    }
    path.elements = ARENA_ARRAY(compiler->arena, struct path_element, path.count);
    for (uint32_t i = 0; i < path.count; i++) {
        if (compile_step(compiler, steps[i], star, &path.elements[i]) != 0) {
            return -1;
        }
    }
    struct expr_error error;
    return build_path(compiler->arena, &path, ret_node, &error) == 0 ? 0 : compiler_fail_expr(compiler, &error);
}

/* --- functions --------------------------------------------------------------------------------------------------- */

static int fail_function(struct compiler *compiler, enum expr_error_code code, struct slice name)
{
    struct expr_error error;
    (void)expr_fail(&error, code, name, SLICE(""));
    return compiler_fail_expr(compiler, &error);
}

/* The function that a call names, or an error: of this name there is none, or none in conditions. */
static int condition_function(struct compiler *compiler, const struct syntax *call, enum node_op *ret_op)
{
    struct slice name = lower_case(compiler->arena, call->text);
    enum node_op op = node_function(name);
    if (op == NODE_UNKNOWN_FUNCTION) {
        return compiler_fail(compiler, PARTIQL_FUNCTION, name, SLICE(""));
    }
    if (op == NODE_IF_NOT_EXISTS || op == NODE_LIST_APPEND) {
        return fail_function(compiler, EXPR_NOT_IN_CONDITION, name);
    }
    *ret_op = op;
    return 0;
}

static int compile_operands(struct compiler *compiler, struct syntax *const *items, uint32_t count,
                            struct node ***ret_operands)
{
    struct node **operands = ARENA_ARRAY(compiler->arena, struct node *, count);
    for (uint32_t i = 0; i < count; i++) {
        if (compile_operand(compiler, items[i], &operands[i]) != 0) {
            return -1;
        }
    }
    *ret_operands = operands;
    return 0;
}

static int compile_call(struct compiler *compiler, const struct syntax *call, enum node_op op, struct node **ret_node)
{
    struct node **operands;
    if (call->count == 0) {
        struct expr_error error;
        (void)expr_fail(&error, EXPR_OPERAND_COUNT, node_op_name(op), SLICE("0"));
        return compiler_fail_expr(compiler, &error);
    }
    if (compile_operands(compiler, call->items, call->count, &operands) != 0) {
        return -1;
    }
    *ret_node = build_operation(compiler->arena, op, operands, call->count);
    return 0;
}

/* --- operands ---------------------------------------------------------------------------------------------------- */

static int compile_constant(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node)
{
    struct value *value = ARENA_NEW(compiler->arena, struct value);
    if (compile_literal(compiler, syntax, value) != 0) {
        return -1;
    }
    *ret_node = build_value(compiler->arena, value);
    return 0;
}

static int fail_operator(struct compiler *compiler, const struct syntax *operation)
{
    return compiler_fail(compiler, PARTIQL_CONDITION_OPERATOR, lower_case(compiler->arena, operation->text), SLICE(""));
}

int compile_operand(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node)
{
    enum node_op op;
    switch ((enum syntax_kind)syntax->kind) {
    case SYNTAX_NAME:
    case SYNTAX_PATH:
        return compile_path(compiler, syntax, PARTIQL_PATH_COMPONENT, ret_node);
    case SYNTAX_PARAMETER:
        *ret_node = build_value(compiler->arena, &compiler->parameters[syntax->index]);
        return 0;
    case SYNTAX_MISSING:
        return compiler_fail(compiler, PARTIQL_MISSING, SLICE(""), SLICE(""));
    case SYNTAX_CALL:
        if (condition_function(compiler, syntax, &op) != 0) {
            return -1;
        }
        return op == NODE_SIZE ? compile_call(compiler, syntax, op, ret_node)
                               : fail_function(compiler, EXPR_FUNCTION_MISPLACED, node_op_name(op));
    case SYNTAX_OPERATION:
        return fail_operator(compiler, syntax);
    case SYNTAX_SELECT:
        return compiler_fail_at(compiler, PARTIQL_TOKEN, SLICE("SELECT"), SLICE(""), syntax);
    case SYNTAX_STAR:
        return compiler_fail_at(compiler, PARTIQL_PATH_COMPONENT, SLICE(""), SLICE(""), syntax);
    default:
        return compile_constant(compiler, syntax, ret_node);
    }
}

/* --- conditions -------------------------------------------------------------------------------------------------- */

static bool is_condition(const struct syntax *syntax)
{
    return syntax->kind == SYNTAX_OPERATION || syntax->kind == SYNTAX_SELECT ||
           (syntax->kind == SYNTAX_CALL && !slice_is_word(syntax->text, "SIZE"));
}

static int compile(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node);

static int compile_junction(struct compiler *compiler, const struct syntax *syntax, enum node_op op,
                            struct node **ret_node)
{
    struct node *operands[2] = {NULL, NULL};
    for (uint32_t i = 0; i < syntax->count; i++) {
        if (!is_condition(syntax->items[i])) {
            return compiler_fail(compiler, PARTIQL_JUNCTION_ARGUMENT, SLICE(""), SLICE(""));
        }
        if (compile(compiler, syntax->items[i], &operands[i == 0 ? 0 : 1]) != 0) {
            return -1;
        }
        if (i > 0) {
            operands[0] = build_operation(compiler->arena, op, operands, 2);
        }
    }
    *ret_node = operands[0];
    return 0;
}

static struct node *negation(struct compiler *compiler, struct node *node)
{
    return build_operation(compiler->arena, NODE_NOT, &node, 1);
}

static int compile_not(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node)
{
    struct node *operand;
    if (!is_condition(syntax->items[0])) {
        return compiler_fail(compiler, PARTIQL_NOT_ARGUMENT, SLICE(""), SLICE(""));
    }
    if (compile(compiler, syntax->items[0], &operand) != 0) {
        return -1;
    }
    *ret_node = negation(compiler, operand);
    return 0;
}

/* A condition compared with a constant: contains(a, 'b') = true. */
static int compile_truth(struct compiler *compiler, const struct syntax *condition, bool wanted, struct node **ret_node)
{
    struct node *node;
    if (compile(compiler, condition, &node) != 0) {
        return -1;
    }
    *ret_node = wanted ? node : negation(compiler, node);
    return 0;
}

static int compile_comparison(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node)
{
    static const enum node_op OPS[] = {
        [OPERATOR_EQ] = NODE_EQ, [OPERATOR_NE] = NODE_NE, [OPERATOR_LT] = NODE_LT,           [OPERATOR_LE] = NODE_LE,
        [OPERATOR_GT] = NODE_GT, [OPERATOR_GE] = NODE_GE, [OPERATOR_BETWEEN] = NODE_BETWEEN,
    };
    struct node **operands;
    const struct syntax *left = syntax->items[0];
    const struct syntax *right = syntax->items[1];
    if (syntax->op == OPERATOR_EQ || syntax->op == OPERATOR_NE) {
        bool is_equal = syntax->op == OPERATOR_EQ;
        if (is_condition(left) && right->kind == SYNTAX_BOOL) {
            return compile_truth(compiler, left, right->flag == is_equal, ret_node);
        }
        if (is_condition(right) && left->kind == SYNTAX_BOOL) {
            return compile_truth(compiler, right, left->flag == is_equal, ret_node);
        }
    }
    if (compile_operands(compiler, syntax->items, syntax->count, &operands) != 0) {
        return -1;
    }
    *ret_node = build_operation(compiler->arena, OPS[syntax->op], operands, syntax->count);
    return 0;
}

/* x IN [a, b], (a, b), <<a, b>> or (a). */
static int compile_in(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node)
{
    struct syntax *choices = syntax->items[1];
    bool is_list = choices->kind == SYNTAX_LIST || choices->kind == SYNTAX_BAG;
    struct syntax *const *items = is_list ? choices->items : &choices;
    uint32_t count = is_list ? choices->count : 1;
    if (count == 0 || (!is_list && !choices->parenthesised)) {
        return compiler_fail(compiler, PARTIQL_IN_FORM, SLICE(""), SLICE(""));
    }
    struct node **operands = ARENA_ARRAY(compiler->arena, struct node *, (size_t)count + 1);
    if (compile_operand(compiler, syntax->items[0], &operands[0]) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (compile_operand(compiler, items[i], &operands[i + 1]) != 0) {
            return -1;
        }
    }
    *ret_node = build_operation(compiler->arena, NODE_IN, operands, count + 1);
    return 0;
}

/* The types that IS knows, and the attribute types they are. */
static const struct {
    const char *word;
    struct value type;
} IS_TYPES[] = {
    {"BOOL", {.type = VALUE_S, .bytes = {"BOOL", 4}}}, {"BOOLEAN", {.type = VALUE_S, .bytes = {"BOOL", 4}}},
    {"BLOB", {.type = VALUE_S, .bytes = {"B", 1}}},    {"STRING", {.type = VALUE_S, .bytes = {"S", 1}}},
    {"NUMERIC", {.type = VALUE_S, .bytes = {"N", 1}}}, {"STRUCT", {.type = VALUE_S, .bytes = {"M", 1}}},
    {"TUPLE", {.type = VALUE_S, .bytes = {"M", 1}}},   {"LIST", {.type = VALUE_S, .bytes = {"L", 1}}},
};

/* In upper case; abbreviations in full. */
static struct slice type_name(struct arena *arena, struct slice word)
{
    if (slice_is_word(word, "INT")) {
        return SLICE("INTEGER");
    }
    char *copy = arena_alloc(arena, word.len);
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i];
        copy[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return slice_of(copy, word.len);
}

static int compile_is(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node)
{
    static const struct value null = {.type = VALUE_NULL};
    const struct syntax *left = syntax->items[0];
    const struct syntax *type = syntax->items[1];
    struct node *operands[2];
    bool is_simple = left->kind == SYNTAX_NAME || left->kind == SYNTAX_PATH || left->kind == SYNTAX_PARAMETER ||
                     syntax_is_literal(left);
    if (!is_simple) {
        return compiler_fail(compiler, PARTIQL_IS_ARGUMENT, SLICE(""), SLICE(""));
    }
    if (compile_operand(compiler, left, &operands[0]) != 0) {
        return -1;
    }
    if (slice_is_word(type->text, "MISSING")) {
        *ret_node = build_operation(compiler->arena, NODE_ATTRIBUTE_NOT_EXISTS, operands, 1);
        return 0;
    }
    if (slice_is_word(type->text, "NULL")) {
        operands[1] = build_value(compiler->arena, &null);
        *ret_node = build_operation(compiler->arena, NODE_EQ, operands, 2);
        return 0;
    }
    for (size_t i = 0; i < sizeof IS_TYPES / sizeof IS_TYPES[0]; i++) {
        if (slice_is_word(type->text, IS_TYPES[i].word)) {
            operands[1] = build_value(compiler->arena, &IS_TYPES[i].type);
            *ret_node = build_operation(compiler->arena, NODE_ATTRIBUTE_TYPE, operands, 2);
            return 0;
        }
    }
    return compiler_fail_at(compiler, PARTIQL_IS_TYPE, type_name(compiler->arena, type->text), SLICE(""), syntax);
}

static int compile_operation(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node)
{
    switch ((enum syntax_operator)syntax->op) {
    case OPERATOR_OR:
        return compile_junction(compiler, syntax, NODE_OR, ret_node);
    case OPERATOR_AND:
        return compile_junction(compiler, syntax, NODE_AND, ret_node);
    case OPERATOR_NOT:
        return compile_not(compiler, syntax, ret_node);
    case OPERATOR_IN:
        return compile_in(compiler, syntax, ret_node);
    case OPERATOR_IS:
        return compile_is(compiler, syntax, ret_node);
    case OPERATOR_LIKE:
    case OPERATOR_PLUS:
    case OPERATOR_MINUS:
    case OPERATOR_OTHER:
        return fail_operator(compiler, syntax);
    default:
        return compile_comparison(compiler, syntax, ret_node);
    }
}

static int compile(struct compiler *compiler, const struct syntax *syntax, struct node **ret_node)
{
    enum node_op op;
    if (syntax->kind == SYNTAX_OPERATION) {
        return compile_operation(compiler, syntax, ret_node);
    }
    if (syntax->kind == SYNTAX_SELECT) {
        return compile_operand(compiler, syntax, ret_node);
    }
    for (uint32_t i = 0; i < syntax->count; i++) {
        if (syntax->items[i]->kind == SYNTAX_SELECT) { /* EXISTS(SELECT …) inside a condition */
            return compile_operand(compiler, syntax->items[i], ret_node);
        }
    }
    return condition_function(compiler, syntax, &op) != 0 ? -1 : compile_call(compiler, syntax, op, ret_node);
}

int compile_condition(struct compiler *compiler, const struct syntax *syntax, struct node **ret_root)
{
    struct condition *condition;
    struct expr_error error;
    if (!is_condition(syntax)) {
        return compiler_fail(compiler, PARTIQL_WHERE_BOOLEAN, SLICE(""), SLICE(""));
    }
    if (compile(compiler, syntax, ret_root) != 0) {
        return -1;
    }
    /* Only to check the operands; plans build what they need of it. */
    return condition_build(compiler->arena, *ret_root, &condition, &error) == 0 ? 0
                                                                                : compiler_fail_expr(compiler, &error);
}
