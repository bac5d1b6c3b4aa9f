/* Expressions: by precedence, from OR up to the path behind a name. Two C frames for each level of nesting. */
#include "partiql/syntax.h"

#include <assert.h>

enum precedence {
    PRECEDENCE_NONE,
    PRECEDENCE_OR,
    PRECEDENCE_AND,
    PRECEDENCE_NOT,
    PRECEDENCE_COMPARE,
    PRECEDENCE_ADD,
    PRECEDENCE_MULTIPLY,
};

static struct syntax *parse(struct syntax_parser *parser, enum precedence lowest);

static struct syntax *new_syntax(struct syntax_parser *parser, enum syntax_kind kind)
{
    struct syntax *syntax = ARENA_NEW(parser->arena, struct syntax);
    syntax->kind = (uint8_t)kind;
    syntax->start = parser->token.start;
    syntax->end = parser->token.end;
    syntax->text = syntax_text(parser);
    return syntax;
}

void syntax_push(struct arena *arena, struct syntax *parent, struct syntax *child)
{
    if (parent->count == parent->capacity) {
        parent->capacity = parent->capacity == 0 ? 4 : parent->capacity * 2;
        struct syntax **larger = ARENA_ARRAY(arena, struct syntax *, parent->capacity);
        if (parent->count > 0) {
            memcpy(larger, parent->items, parent->count * sizeof(struct syntax *));
        }
        parent->items = larger;
    }
    parent->items[parent->count++] = child;
}

/* The text between quotes. */
static struct slice unquoted(struct syntax_parser *parser)
{
    struct slice text = syntax_text(parser);
    char quote = text.data[0];
    text = slice_of(text.data + 1, text.len - 2);
    if (!parser->token.has_escapes) {
        return text;
    }
    char *copy = arena_alloc(parser->arena, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        copy[len++] = text.data[i];
        i += text.data[i] == quote;
    }
    return slice_of(copy, len);
}

static struct syntax *take(struct syntax_parser *parser, enum syntax_kind kind)
{
    struct syntax *syntax = new_syntax(parser, kind);
    char first = syntax->text.len == 0 ? '\0' : syntax->text.data[0];
    if (parser->token.kind == TOKEN_STRING || (parser->token.kind == TOKEN_NAME && first == '"')) {
        syntax->text = unquoted(parser);
    }
    syntax_advance(parser);
    return syntax;
}

static bool count_operator(struct syntax_parser *parser)
{
    if (++parser->operators <= EXPR_OPERATORS_MAX) {
        return true;
    }
    parser->error = (struct partiql_error){.code = PARTIQL_EXPRESSION};
    (void)expr_fail(&parser->error.expr, EXPR_TOO_MANY_OPERATORS,
                    arena_printf(parser->arena, "%d", EXPR_OPERATORS_MAX + 1), SLICE(""));
    return false;
}

static bool enter(struct syntax_parser *parser)
{
    if (++parser->depth <= PARTIQL_DEPTH_MAX) {
        return true;
    }
    (void)partiql_fail(&parser->error, PARTIQL_TOO_DEEP, SLICE(""), SLICE(""));
    return false;
}

/* --- primaries --------------------------------------------------------------------------------------------------- */

/* Elements up to the closing mark, which is taken. `first` is one that is already parsed, or NULL. */
static bool parse_elements(struct syntax_parser *parser, struct syntax *parent, struct syntax *first, const char *close,
                           const char *detail)
{
    if (first == NULL && syntax_take(parser, close)) {
        return true;
    }
    for (;;) {
        struct syntax *element = first != NULL ? first : parse(parser, PRECEDENCE_NONE);
        first = NULL;
        if (element == NULL) {
            return false;
        }
        syntax_push(parser->arena, parent, element);
        if (syntax_take(parser, close)) {
            return true;
        }
        if (!syntax_take(parser, ",")) {
            return syntax_malformed(parser, detail);
        }
    }
}

static struct syntax *parse_struct(struct syntax_parser *parser)
{
    struct syntax *syntax = take(parser, SYNTAX_STRUCT);
    if (syntax_take(parser, "}")) {
        return syntax;
    }
    for (;;) {
        struct syntax *key = parse(parser, PRECEDENCE_NONE);
        if (key == NULL) {
            return NULL;
        }
        if (!syntax_take(parser, ":")) {
            (void)syntax_malformed(parser, "Expected COLON");
            return NULL;
        }
        struct syntax *value = parse(parser, PRECEDENCE_NONE);
        if (value == NULL) {
            return NULL;
        }
        syntax_push(parser->arena, syntax, key);
        syntax_push(parser->arena, syntax, value);
        if (syntax_take(parser, "}")) {
            return syntax;
        }
        if (!syntax_take(parser, ",")) {
            (void)syntax_malformed(parser, "Expected RIGHT_CURLY");
            return NULL;
        }
    }
}

/* (expression), a list in parentheses, or (SELECT …). */
static struct syntax *parse_parenthesis(struct syntax_parser *parser)
{
    struct syntax *list = take(parser, SYNTAX_LIST);
    if (syntax_at_word(parser, "SELECT")) {
        struct syntax *select = new_syntax(parser, SYNTAX_SELECT);
        select->select = syntax_select_parse(parser);
        if (select->select == NULL) {
            return NULL;
        }
        if (!syntax_take(parser, ")")) {
            (void)syntax_malformed(parser, "Expected RIGHT_PAREN");
            return NULL;
        }
        return select;
    }
    struct syntax *first = parse(parser, PRECEDENCE_NONE);
    if (first == NULL) {
        return NULL;
    }
    if (syntax_take(parser, ")")) {
        first->parenthesised = true;
        return first;
    }
    if (!syntax_at(parser, ",")) {
        (void)syntax_malformed(parser, "Expected RIGHT_PAREN");
        return NULL;
    }
    syntax_push(parser->arena, list, first);
    syntax_advance(parser);
    first = parse(parser, PRECEDENCE_NONE);
    if (first == NULL || !parse_elements(parser, list, first, ")", "Expected RIGHT_PAREN")) {
        return NULL;
    }
    list->parenthesised = true;
    return list;
}

static struct syntax *parse_call(struct syntax_parser *parser, struct syntax *name)
{
    name->kind = SYNTAX_CALL;
    syntax_advance(parser); /* the parenthesis */
    if (!count_operator(parser)) {
        return NULL;
    }
    if (syntax_at(parser, "*")) { /* COUNT(*) */
        syntax_push(parser->arena, name, take(parser, SYNTAX_STAR));
        if (syntax_take(parser, ")")) {
            return name;
        }
        (void)syntax_malformed(parser, "Expected RIGHT_PAREN");
        return NULL;
    }
    if (syntax_at_word(parser, "SELECT")) {
        struct syntax *select = new_syntax(parser, SYNTAX_SELECT);
        select->select = syntax_select_parse(parser);
        if (select->select == NULL) {
            return NULL;
        }
        return parse_elements(parser, name, select, ")", "Expected RIGHT_PAREN") ? name : NULL;
    }
    return parse_elements(parser, name, NULL, ")", "Expected RIGHT_PAREN") ? name : NULL;
}

/* Keywords that begin an expression. */
static struct syntax *parse_keyword(struct syntax_parser *parser)
{
    static const char *const CALLS[] = {"SIZE",        "EXISTS",    "COUNT",    "SUM",    "AVG",
                                        "MIN",         "MAX",       "UPPER",    "LOWER",  "TRIM",
                                        "CHAR_LENGTH", "SUBSTRING", "COALESCE", "NULLIF", "CHARACTER_LENGTH"};
    static const char *const UNSUPPORTED[] = {"CASE", "CAST", "EXTRACT"};
    if (syntax_at_word(parser, "TRUE") || syntax_at_word(parser, "FALSE")) {
        bool flag = syntax_at_word(parser, "TRUE");
        struct syntax *literal = take(parser, SYNTAX_BOOL);
        literal->flag = flag;
        return literal;
    }
    if (syntax_at_word(parser, "NULL")) {
        return take(parser, SYNTAX_NULL);
    }
    if (syntax_at_word(parser, "MISSING")) {
        return take(parser, SYNTAX_MISSING);
    }
    for (size_t i = 0; i < sizeof CALLS / sizeof CALLS[0]; i++) {
        if (syntax_at_word(parser, CALLS[i])) {
            struct syntax *name = take(parser, SYNTAX_CALL);
            if (syntax_at(parser, "(")) {
                return parse_call(parser, name);
            }
            (void)syntax_malformed(parser, "Unexpected keyword");
            return NULL;
        }
    }
    for (size_t i = 0; i < sizeof UNSUPPORTED / sizeof UNSUPPORTED[0]; i++) {
        if (syntax_at_word(parser, UNSUPPORTED[i])) {
            (void)partiql_fail_at(&parser->error, PARTIQL_TOKEN, syntax_text(parser), SLICE(""), parser->token.start,
                                  parser->token.end);
            return NULL;
        }
    }
    (void)syntax_malformed(parser, "Unexpected keyword");
    return NULL;
}

/* A step in brackets, the bracket taken. A number without a point is an index. */
static struct syntax *parse_bracket(struct syntax_parser *parser)
{
    struct syntax *step = parse(parser, PRECEDENCE_NONE);
    if (step == NULL) {
        return NULL;
    }
    if (!syntax_take(parser, "]")) {
        (void)syntax_malformed(parser, "Expected RIGHT_BRACKET");
        return NULL;
    }
    step->flag = true;
    return step;
}

static struct syntax *parse_steps(struct syntax_parser *parser, struct syntax *root)
{
    struct syntax *path = NULL;
    while (syntax_at(parser, ".") || syntax_at(parser, "[")) {
        bool is_bracket = syntax_at(parser, "[");
        struct syntax *step;
        syntax_advance(parser);
        if (is_bracket) {
            step = parse_bracket(parser);
        } else if (parser->token.kind == TOKEN_NAME || syntax_at(parser, "*")) {
            step = take(parser, parser->token.kind == TOKEN_NAME ? SYNTAX_NAME : SYNTAX_STAR);
        } else {
            (void)syntax_malformed(parser, "Invalid path dot component");
            return NULL;
        }
        if (step == NULL) {
            return NULL;
        }
        if (path == NULL) {
            path = new_syntax(parser, SYNTAX_PATH);
            path->start = root->start;
            path->end = root->end;
            syntax_push(parser->arena, path, root);
        }
        syntax_push(parser->arena, path, step);
    }
    return path != NULL ? path : root;
}

struct syntax *syntax_path(struct syntax_parser *parser)
{
    if (parser->token.kind != TOKEN_NAME) {
        (void)syntax_malformed(parser, "Expected identifier for simple path");
        return NULL;
    }
    struct syntax *path = parse_steps(parser, take(parser, SYNTAX_NAME));
    for (uint32_t i = 1; path != NULL && path->kind == SYNTAX_PATH && i < path->count; i++) {
        const struct syntax *step = path->items[i];
        bool is_simple =
            step->flag ? step->kind == SYNTAX_NUMBER || step->kind == SYNTAX_STRING : step->kind == SYNTAX_NAME;
        if (!is_simple) {
            (void)syntax_malformed(parser, "Expected identifier for simple path");
            return NULL;
        }
    }
    return path;
}

static struct syntax *parse_punctuation(struct syntax_parser *parser)
{
    struct syntax *list;
    if (syntax_at(parser, "(")) {
        return parse_parenthesis(parser);
    }
    if (syntax_at(parser, "{")) {
        return parse_struct(parser);
    }
    if (syntax_at(parser, "[")) {
        list = take(parser, SYNTAX_LIST);
        return parse_elements(parser, list, NULL, "]", "Expected RIGHT_BRACKET") ? list : NULL;
    }
    if (syntax_at(parser, "<<")) {
        list = take(parser, SYNTAX_BAG);
        return parse_elements(parser, list, NULL, ">>", "Expected RIGHT_DOUBLE_ANGLE_BRACKET") ? list : NULL;
    }
    (void)syntax_unexpected(parser);
    return NULL;
}

static struct syntax *parse_primary(struct syntax_parser *parser)
{
    struct syntax *primary;
    switch (parser->token.kind) {
    case TOKEN_NAME:
        primary = take(parser, SYNTAX_NAME);
        primary = syntax_at(parser, "(") ? parse_call(parser, primary) : primary;
        break;
    case TOKEN_STRING:
        return take(parser, SYNTAX_STRING);
    case TOKEN_NUMBER:
        return take(parser, SYNTAX_NUMBER);
    case TOKEN_ION:
        return take(parser, SYNTAX_ION);
    case TOKEN_PARAMETER:
        primary = take(parser, SYNTAX_PARAMETER);
        primary->index = parser->parameters++;
        return primary;
    case TOKEN_KEYWORD:
        primary = parse_keyword(parser);
        break;
    case TOKEN_PUNCTUATION:
        primary = parse_punctuation(parser);
        break;
    default:
        (void)syntax_unexpected(parser);
        return NULL;
    }
    bool has_steps = primary != NULL && (primary->kind == SYNTAX_NAME || primary->kind == SYNTAX_PATH);
    return has_steps ? parse_steps(parser, primary) : primary;
}

/* A sign in front of a number is part of it. */
static struct syntax *parse_unary(struct syntax_parser *parser)
{
    if (!syntax_at(parser, "-") && !syntax_at(parser, "+")) {
        return parse_primary(parser);
    }
    bool is_minus = syntax_at(parser, "-");
    struct syntax *sign = take(parser, SYNTAX_OPERATION);
    if (!enter(parser)) {
        return NULL;
    }
    struct syntax *operand = parse_unary(parser);
    parser->depth--;
    if (operand == NULL) {
        return NULL;
    }
    if (operand->kind == SYNTAX_NUMBER) {
        bool was_negative = operand->text.data[0] == '-';
        if (is_minus) {
            operand->text = was_negative ? slice_of(operand->text.data + 1, operand->text.len - 1)
                                         : arena_printf(parser->arena, "-%.*s", SLICE_ARG(operand->text));
        }
        return operand;
    }
    sign->op = is_minus ? OPERATOR_MINUS : OPERATOR_PLUS;
    syntax_push(parser->arena, sign, operand);
    return count_operator(parser) ? sign : NULL;
}

/* --- operators --------------------------------------------------------------------------------------------------- */

struct infix {
    const char *text;
    bool is_word;
    enum precedence precedence;
    enum syntax_operator op;
};

static const struct infix INFIX[] = {
    {"OR", true, PRECEDENCE_OR, OPERATOR_OR},          {"AND", true, PRECEDENCE_AND, OPERATOR_AND},
    {"=", false, PRECEDENCE_COMPARE, OPERATOR_EQ},     {"<>", false, PRECEDENCE_COMPARE, OPERATOR_NE},
    {"!=", false, PRECEDENCE_COMPARE, OPERATOR_NE},    {"<", false, PRECEDENCE_COMPARE, OPERATOR_LT},
    {"<=", false, PRECEDENCE_COMPARE, OPERATOR_LE},    {">", false, PRECEDENCE_COMPARE, OPERATOR_GT},
    {">=", false, PRECEDENCE_COMPARE, OPERATOR_GE},    {"BETWEEN", true, PRECEDENCE_COMPARE, OPERATOR_BETWEEN},
    {"IN", true, PRECEDENCE_COMPARE, OPERATOR_IN},     {"IS", true, PRECEDENCE_COMPARE, OPERATOR_IS},
    {"LIKE", true, PRECEDENCE_COMPARE, OPERATOR_LIKE}, {"+", false, PRECEDENCE_ADD, OPERATOR_PLUS},
    {"-", false, PRECEDENCE_ADD, OPERATOR_MINUS},      {"||", false, PRECEDENCE_ADD, OPERATOR_OTHER},
    {"*", false, PRECEDENCE_MULTIPLY, OPERATOR_OTHER}, {"/", false, PRECEDENCE_MULTIPLY, OPERATOR_OTHER},
    {"%", false, PRECEDENCE_MULTIPLY, OPERATOR_OTHER},
};

static const struct infix *find_infix(const struct syntax_parser *parser)
{
    bool is_possible = parser->token.kind == TOKEN_KEYWORD || parser->token.kind == TOKEN_PUNCTUATION;
    for (size_t i = 0; is_possible && i < sizeof INFIX / sizeof INFIX[0]; i++) {
        if (INFIX[i].is_word ? syntax_at_word(parser, INFIX[i].text) : syntax_at(parser, INFIX[i].text)) {
            return &INFIX[i];
        }
    }
    return NULL;
}

/* The type behind IS: a keyword or name. */
static struct syntax *parse_type(struct syntax_parser *parser)
{
    if (parser->token.kind != TOKEN_KEYWORD && parser->token.kind != TOKEN_NAME) {
        (void)syntax_malformed(parser, "Expected type name");
        return NULL;
    }
    return take(parser, SYNTAX_NAME);
}

/* What stands right of an operator, into its operands. */
static bool parse_right(struct syntax_parser *parser, struct syntax *operation, const struct infix *infix)
{
    struct syntax *right;
    if (infix->op == OPERATOR_IS) {
        right = parse_type(parser);
    } else {
        right = parse(parser, infix->precedence + 1);
    }
    if (right == NULL) {
        return false;
    }
    syntax_push(parser->arena, operation, right);
    if (infix->op != OPERATOR_BETWEEN) {
        return true;
    }
    if (!syntax_take_word(parser, "AND")) {
        return syntax_malformed(parser, "Expected AND after BETWEEN");
    }
    right = parse(parser, PRECEDENCE_ADD);
    if (right == NULL) {
        return false;
    }
    syntax_push(parser->arena, operation, right);
    return true;
}

static struct syntax *negate(struct syntax_parser *parser, struct syntax *operand)
{
    struct syntax *operation = ARENA_NEW(parser->arena, struct syntax);
    operation->kind = SYNTAX_OPERATION;
    operation->op = OPERATOR_NOT;
    operation->text = SLICE("NOT");
    operation->start = operand->start;
    operation->end = operand->end;
    syntax_push(parser->arena, operation, operand);
    return count_operator(parser) ? operation : NULL;
}

/* left op right. Chains of AND and of OR become one operation. */
static struct syntax *parse_infix(struct syntax_parser *parser, struct syntax *left, const struct infix *infix,
                                  bool is_negated)
{
    struct syntax *operation = take(parser, SYNTAX_OPERATION);
    operation->op = (uint8_t)infix->op;
    if (infix->op == OPERATOR_IS) {
        is_negated = syntax_take_word(parser, "NOT");
    }
    bool is_chain = (infix->op == OPERATOR_AND || infix->op == OPERATOR_OR) && left->kind == SYNTAX_OPERATION &&
                    left->op == infix->op && !left->parenthesised;
    if (is_chain) {
        operation = left;
    } else {
        syntax_push(parser->arena, operation, left);
    }
    if (!count_operator(parser) || !parse_right(parser, operation, infix)) {
        return NULL;
    }
    return is_negated ? negate(parser, operation) : operation;
}

static struct syntax *parse_not(struct syntax_parser *parser)
{
    struct syntax *operation = take(parser, SYNTAX_OPERATION);
    operation->op = OPERATOR_NOT;
    if (!count_operator(parser)) {
        return NULL;
    }
    struct syntax *operand = parse(parser, PRECEDENCE_NOT);
    if (operand == NULL) {
        return NULL;
    }
    syntax_push(parser->arena, operation, operand);
    return operation;
}

/* x NOT IN …, NOT BETWEEN, NOT LIKE. */
static struct syntax *parse_negated_infix(struct syntax_parser *parser, struct syntax *left)
{
    syntax_advance(parser);
    const struct infix *infix = find_infix(parser);
    if (infix == NULL || (infix->op != OPERATOR_IN && infix->op != OPERATOR_BETWEEN && infix->op != OPERATOR_LIKE)) {
        (void)syntax_malformed(parser, "Unexpected keyword");
        return NULL;
    }
    return parse_infix(parser, left, infix, true);
}

static struct syntax *parse(struct syntax_parser *parser, enum precedence lowest)
{
    struct syntax *left = NULL;
    if (!enter(parser)) {
        return NULL;
    }
    left = syntax_at_word(parser, "NOT") && lowest <= PRECEDENCE_NOT ? parse_not(parser) : parse_unary(parser);
    while (left != NULL) {
        if (syntax_at_word(parser, "NOT") && lowest <= PRECEDENCE_COMPARE) {
            left = parse_negated_infix(parser, left);
            continue;
        }
        const struct infix *infix = find_infix(parser);
        if (infix == NULL || infix->precedence < lowest) {
            break;
        }
        left = parse_infix(parser, left, infix, false);
    }
    parser->depth--;
    return left;
}

struct syntax *syntax_expression(struct syntax_parser *parser)
{
    return parse(parser, PRECEDENCE_NONE);
}
