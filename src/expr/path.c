/* Document paths: a.b[0].#c */
#include "expr/parser.h"

#define INDEX_MAX INT32_MAX

/* Levels beyond PATH_ELEMENTS_MAX are only counted. */
static struct path_element *append(struct path *path, struct path_element *buffer)
{
    path->count++;
    return path->count <= PATH_ELEMENTS_MAX ? &buffer[path->count - 1] : NULL;
}

/* Behind a dot DynamoDB's grammar also takes a :value, only to find that it is no defined name. */
static bool parse_name(struct parser *parser, struct path *path, struct path_element *buffer)
{
    struct token token = parser->token;
    bool is_value = token.kind == TOKEN_VALUE && path->count > 0;
    if (token.kind != TOKEN_IDENTIFIER && token.kind != TOKEN_NAME && !is_value) {
        return parser_syntax_error(parser);
    }
    struct slice name = token_text(parser->text, token);
    if (token.kind == TOKEN_IDENTIFIER && expr_is_reserved(name)) {
        parser_misplaced(parser, EXPR_RESERVED_WORD, token.start, name);
    }
    struct path_element *element = append(path, buffer);
    if (element != NULL) {
        *element = (struct path_element){.name = name};
    }
    parser_advance(parser);
    return true;
}

static bool parse_index(struct parser *parser, struct path *path, struct path_element *buffer)
{
    parser_advance(parser); /* the bracket */
    struct token token = parser->token;
    if (!parser_take(parser, TOKEN_NUMBER)) {
        return false;
    }
    struct slice digits = token_text(parser->text, token);
    uint64_t index = 0;
    for (size_t i = 0; i < digits.len && index <= INDEX_MAX; i++) {
        index = index * 10 + (uint64_t)(digits.data[i] - '0');
    }
    if (index > INDEX_MAX) {
        parser_misplaced(parser, EXPR_INDEX_RANGE, token.start, digits);
    }
    struct path_element *element = append(path, buffer);
    if (element != NULL) {
        *element = (struct path_element){.index = (uint32_t)index, .is_index = true};
    }
    return parser_take(parser, TOKEN_CLOSE_BRACKET);
}

bool parser_path(struct parser *parser, struct node **ret_node)
{
    struct path_element buffer[PATH_ELEMENTS_MAX];
    struct path path = {0};
    uint32_t position = parser->token.start;
    if (!parse_name(parser, &path, buffer)) {
        return false;
    }
    for (;;) {
        if (parser->token.kind == TOKEN_DOT) {
            parser_advance(parser);
            if (!parse_name(parser, &path, buffer)) {
                return false;
            }
        } else if (parser->token.kind == TOKEN_OPEN_BRACKET) {
            if (!parse_index(parser, &path, buffer)) {
                return false;
            }
        } else {
            break;
        }
    }
    uint32_t kept = path.count < PATH_ELEMENTS_MAX ? path.count : PATH_ELEMENTS_MAX;
    path.elements = ARENA_ARRAY(parser->arena, struct path_element, kept);
    memcpy(path.elements, buffer, kept * sizeof buffer[0]);
    *ret_node = parser_node(parser, NODE_PATH, position);
    (*ret_node)->path = path;
    (*ret_node)->next_path = parser->paths;
    parser->paths = *ret_node;
    parser->path_count++;
    parser->element_count += path.count;
    return true;
}

int resolve_path(struct parser *parser, struct node *node, struct expr_error *ret_error)
{
    struct path *path = &node->path;
    if (path->count > PATH_ELEMENTS_MAX) {
        return expr_fail(ret_error, EXPR_PATH_TOO_DEEP, arena_printf(parser->arena, "%u", path->count), SLICE(""));
    }
    for (uint32_t i = 0; i < path->count; i++) {
        struct path_element *element = &path->elements[i];
        char sign = element->is_index ? '\0' : element->name.data[0];
        if (sign != '#' && sign != ':') {
            continue;
        }
        const struct expr_name *name = sign == ':' ? NULL : symbols_name(parser->symbols, element->name, parser->arena);
        if (name == NULL) {
            return expr_fail(ret_error, EXPR_NAME_UNDEFINED, element->name, SLICE(""));
        }
        element->name = name->name;
    }
    return 0;
}

static bool element_equal(const struct path_element *a, const struct path_element *b)
{
    return a->is_index == b->is_index && (a->is_index ? a->index == b->index : slice_equal(a->name, b->name));
}

bool path_equal(const struct path *a, const struct path *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        if (!element_equal(&a->elements[i], &b->elements[i])) {
            return false;
        }
    }
    return true;
}

struct slice path_text(struct arena *arena, const struct path *path)
{
    struct buffer text = {0};
    for (uint32_t i = 0; i < path->count; i++) {
        const struct path_element *element = &path->elements[i];
        buffer_append(&text, i == 0 ? "[" : ", ", i == 0 ? 1 : 2);
        if (element->is_index) {
            buffer_printf(&text, "[%u]", element->index);
        } else {
            buffer_append_slice(&text, element->name);
        }
    }
    buffer_append_byte(&text, ']');
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}

const struct value *path_step(const struct value *container, const struct path_element *element)
{
    if (!element->is_index) {
        return container->type == VALUE_M ? value_member(container, element->name) : NULL;
    }
    return container->type == VALUE_L && element->index < container->count ? &container->elements[element->index]
                                                                           : NULL;
}

const struct value *path_find(const struct value *item, const struct path *path)
{
    for (uint32_t i = 0; item != NULL && i < path->count; i++) {
        item = path_step(item, &path->elements[i]);
    }
    return item;
}
