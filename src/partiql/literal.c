/* Constants: strings, numbers, lists, bags, structs. Recursion is bounded by the parser. */
#include "partiql/compile.h"

#include <stdlib.h>

#include "value/number.h"

/* Where in a constant something is: "root.b.0" in errors. */
struct place {
    const struct place *outer; /* NULL: root */
    struct slice name;
    uint32_t index;
};

static int convert(struct compiler *compiler, const struct syntax *syntax, const struct place *place,
                   struct value *ret_value);

static struct slice place_text(struct arena *arena, const struct place *place)
{
    const struct place *chain[PARTIQL_DEPTH_MAX + 1];
    uint32_t count = 0;
    for (; place->outer != NULL && count <= PARTIQL_DEPTH_MAX; place = place->outer) {
        chain[count++] = place;
    }
    struct buffer text = {0};
    BUFFER_APPEND_LITERAL(&text, "root");
    while (count-- > 0) {
        if (chain[count]->name.data != NULL) {
            buffer_printf(&text, ".%.*s", SLICE_ARG(chain[count]->name));
        } else {
            buffer_printf(&text, ".%u", chain[count]->index);
        }
    }
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}

static bool is_integer(struct slice number)
{
    return memchr(number.data, '.', number.len) == NULL && memchr(number.data, 'e', number.len) == NULL &&
           memchr(number.data, 'E', number.len) == NULL;
}

/* The kinds as DynamoDB's parser calls them. */
static struct slice kind_name(const struct syntax *syntax)
{
    switch ((enum syntax_kind)syntax->kind) {
    case SYNTAX_NAME:
        return SLICE("VariableReference");
    case SYNTAX_PATH:
    case SYNTAX_STAR:
        return SLICE("Path");
    case SYNTAX_STRING:
        return SLICE("STRING");
    case SYNTAX_NUMBER:
        return is_integer(syntax->text) ? SLICE("INT") : SLICE("DECIMAL");
    case SYNTAX_BOOL:
        return SLICE("BOOL");
    case SYNTAX_NULL:
        return SLICE("NULL");
    case SYNTAX_MISSING:
        return SLICE("MISSING");
    case SYNTAX_PARAMETER:
        return SLICE("Parameter");
    case SYNTAX_LIST:
    case SYNTAX_BAG:
        return SLICE("Seq");
    case SYNTAX_STRUCT:
        return SLICE("Struct");
    case SYNTAX_ION:
        return SLICE("ION");
    case SYNTAX_SELECT:
        return SLICE("Select");
    default:
        return SLICE("NAry");
    }
}

bool syntax_is_literal(const struct syntax *syntax)
{
    return (syntax->kind >= SYNTAX_STRING && syntax->kind <= SYNTAX_NULL) ||
           (syntax->kind >= SYNTAX_LIST && syntax->kind <= SYNTAX_ION);
}

/* --- repetitions ------------------------------------------------------------------------------------------------ */

struct text_at {
    struct slice text;
    uint32_t position;
};

static int compare_texts(const void *left, const void *right)
{
    const struct text_at *a = left;
    const struct text_at *b = right;
    int order = slice_compare(a->text, b->text);
    return order != 0 ? order : (a->position > b->position) - (a->position < b->position);
}

uint32_t first_repeated(struct arena *arena, const struct slice *texts, uint32_t count)
{
    uint32_t first = count;
    if (count < 2) {
        return first;
    }
    struct text_at *sorted = ARENA_ARRAY(arena, struct text_at, count);
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = (struct text_at){texts[i], i};
    }
    qsort(sorted, count, sizeof *sorted, compare_texts);
    for (uint32_t i = 1; i < count; i++) {
        if (sorted[i].position < first && slice_equal(sorted[i - 1].text, sorted[i].text)) {
            first = sorted[i].position;
        }
    }
    return first;
}

/* --- scalars ----------------------------------------------------------------------------------------------------- */

static int convert_number(struct compiler *compiler, struct slice text, struct value *ret_value)
{
    struct number number;
    char canonical[NUMBER_TEXT_MAX];
    switch (number_parse(text, &number)) {
    case NUMBER_OK:
        break;
    case NUMBER_UNDERFLOW:
        return compiler_fail(compiler, PARTIQL_NUMBER_UNDERFLOW, SLICE(""), SLICE(""));
    case NUMBER_IMPRECISE:
        return compiler_fail(compiler, PARTIQL_NUMBER_PRECISION, SLICE(""), SLICE(""));
    default: /* the token was a number: an exponent may be out of all bounds */
        return compiler_fail(compiler, PARTIQL_NUMBER_OVERFLOW, SLICE(""), SLICE(""));
    }
    size_t len = number_format(&number, canonical);
    *ret_value = (struct value){.type = VALUE_N, .bytes = arena_copy(compiler->arena, slice_of(canonical, len))};
    return 0;
}

static int fail_type(struct compiler *compiler, const struct syntax *syntax, const struct place *place)
{
    static const struct slice PATH = {"PATH", 4};
    struct slice where = place_text(compiler->arena, place);
    if (syntax->kind == SYNTAX_PATH) { /* told without its place */
        return compiler_fail(compiler, PARTIQL_DATA_TYPE, place->outer != NULL ? kind_name(syntax) : PATH, where);
    }
    if (place->outer != NULL) {
        return compiler_fail_at(compiler, PARTIQL_DATA_TYPE, kind_name(syntax), where, syntax);
    }
    struct slice name =
        syntax->kind == SYNTAX_MISSING || syntax->kind == SYNTAX_PARAMETER ? kind_name(syntax) : syntax->text;
    return compiler_fail_at(compiler, PARTIQL_DATA_TYPE, name, where, syntax);
}

static int fail_ion(struct compiler *compiler, const struct syntax *syntax, const struct place *place)
{
    char first = syntax->text.len > 2 ? syntax->text.data[1] : '\0';
    struct slice type = (first >= '0' && first <= '9') || first == '-' ? SLICE("INT")
                        : first == '"'                                 ? SLICE("STRING")
                        : first == '{'                                 ? SLICE("STRUCT")
                        : first == '['                                 ? SLICE("LIST")
                                                                       : SLICE("SYMBOL");
    return compiler_fail_at(compiler, PARTIQL_ION, type, place_text(compiler->arena, place), syntax);
}

/* --- collections ------------------------------------------------------------------------------------------------- */

static int convert_list(struct compiler *compiler, const struct syntax *syntax, const struct place *place,
                        struct value *ret_value)
{
    struct value *elements = ARENA_ARRAY(compiler->arena, struct value, syntax->count);
    for (uint32_t i = 0; i < syntax->count; i++) {
        struct place inner = {.outer = place, .index = i};
        if (convert(compiler, syntax->items[i], &inner, &elements[i]) != 0) {
            return -1;
        }
    }
    *ret_value = (struct value){.type = VALUE_L, .count = syntax->count, .elements = elements};
    return 0;
}

/* Strings or numbers, at least one, all different. */
static int convert_bag(struct compiler *compiler, const struct syntax *syntax, struct value *ret_value)
{
    static const struct place root = {0};
    struct value *elements = ARENA_ARRAY(compiler->arena, struct value, syntax->count);
    if (syntax->count == 0) {
        return compiler_fail_at(compiler, PARTIQL_BAG_EMPTY, SLICE(""), SLICE(""), syntax);
    }
    for (uint32_t i = 0; i < syntax->count; i++) {
        const struct syntax *element = syntax->items[i];
        if (element->kind != SYNTAX_STRING && element->kind != SYNTAX_NUMBER) {
            return compiler_fail_at(compiler, PARTIQL_BAG_TYPE, SLICE(""), SLICE(""), element);
        }
        if (convert(compiler, element, &root, &elements[i]) != 0) {
            return -1;
        }
        if (elements[i].type != elements[0].type) {
            return compiler_fail(compiler, PARTIQL_BAG_TYPE, SLICE(""), SLICE(""));
        }
    }
    *ret_value = (struct value){
        .type = elements[0].type == VALUE_S ? VALUE_SS : VALUE_NS, .count = syntax->count, .elements = elements};
    struct slice *texts = ARENA_ARRAY(compiler->arena, struct slice, syntax->count);
    for (uint32_t i = 0; i < syntax->count; i++) {
        texts[i] = elements[i].bytes;
    }
    return first_repeated(compiler->arena, texts, syntax->count) == syntax->count
               ? 0
               : compiler_fail(compiler, PARTIQL_SET_REPEATED, SLICE(""), SLICE(""));
}

/* The position of the first key of a struct that is repeated; its number of keys if there is none. */
static uint32_t repeated_key(struct arena *arena, const struct syntax *syntax)
{
    uint32_t count = syntax->count / 2;
    struct slice *keys = ARENA_ARRAY(arena, struct slice, count);
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = syntax->items[2 * i]->text;
    }
    return first_repeated(arena, keys, count);
}

/* A key of an attribute: a string, and not one that came before. `whole` is named where a key is repeated. */
static int check_key(struct compiler *compiler, const struct syntax *key, bool is_repeated, const struct place *place,
                     const struct syntax *whole)
{
    if (key->kind == SYNTAX_STRING && !is_repeated) {
        return key->text.len > 0 ? 0 : compiler_fail(compiler, PARTIQL_NAME_EMPTY, SLICE(""), SLICE(""));
    }
    struct slice where = place_text(compiler->arena, place);
    if (key->kind == SYNTAX_STRING) {
        return compiler_fail_at(compiler, PARTIQL_TUPLE_REPEATED, key->text, where, whole);
    }
    return key->kind == SYNTAX_PATH ? compiler_fail(compiler, PARTIQL_TUPLE_KEY, kind_name(key), where)
                                    : compiler_fail_at(compiler, PARTIQL_TUPLE_KEY, kind_name(key), where, key);
}

static int convert_struct(struct compiler *compiler, const struct syntax *syntax, const struct place *place,
                          struct value *ret_value)
{
    uint32_t count = syntax->count / 2;
    uint32_t repeated = repeated_key(compiler->arena, syntax);
    struct attribute *attributes = ARENA_ARRAY(compiler->arena, struct attribute, count);
    for (uint32_t i = 0; i < count; i++) {
        if (check_key(compiler, syntax->items[2 * i], i == repeated, place, syntax) != 0) {
            return -1;
        }
        struct place inner = {.outer = place, .name = syntax->items[2 * i]->text};
        attributes[i].name = inner.name;
        if (convert(compiler, syntax->items[2 * i + 1], &inner, &attributes[i].value) != 0) {
            return -1;
        }
    }
    *ret_value = (struct value){.type = VALUE_M, .count = count, .attributes = attributes};
    return 0;
}

static int convert(struct compiler *compiler, const struct syntax *syntax, const struct place *place,
                   struct value *ret_value)
{
    switch ((enum syntax_kind)syntax->kind) {
    case SYNTAX_STRING:
        *ret_value = (struct value){.type = VALUE_S, .bytes = syntax->text};
        return 0;
    case SYNTAX_NUMBER:
        return convert_number(compiler, syntax->text, ret_value);
    case SYNTAX_BOOL:
        *ret_value = (struct value){.type = VALUE_BOOL, .boolean = syntax->flag};
        return 0;
    case SYNTAX_NULL:
        *ret_value = (struct value){.type = VALUE_NULL};
        return 0;
    case SYNTAX_LIST:
        return convert_list(compiler, syntax, place, ret_value);
    case SYNTAX_BAG:
        return convert_bag(compiler, syntax, ret_value);
    case SYNTAX_STRUCT:
        return convert_struct(compiler, syntax, place, ret_value);
    case SYNTAX_ION:
        return fail_ion(compiler, syntax, place);
    case SYNTAX_PARAMETER:
        if (place->outer == NULL) {
            *ret_value = compiler->parameters[syntax->index];
            return 0;
        }
        return fail_type(compiler, syntax, place);
    default:
        return fail_type(compiler, syntax, place);
    }
}

int compile_literal(struct compiler *compiler, const struct syntax *syntax, struct value *ret_value)
{
    static const struct place root = {0};
    if (convert(compiler, syntax, &root, ret_value) != 0) {
        return -1;
    }
    return value_depth(ret_value) <= VALUE_DEPTH_MAX ? 0
                                                     : compiler_fail(compiler, PARTIQL_TOO_DEEP, SLICE(""), SLICE(""));
}

int compile_item(struct compiler *compiler, const struct syntax *syntax, struct item *ret_item)
{
    static const struct place root = {0};
    if (syntax->kind != SYNTAX_STRUCT) {
        return compiler_fail_at(compiler, PARTIQL_ITEM_FORMAT, SLICE(""), SLICE(""), syntax);
    }
    struct item item = {.attributes = ARENA_ARRAY(compiler->arena, struct attribute, syntax->count / 2)};
    uint32_t repeated = repeated_key(compiler->arena, syntax);
    for (; item.count < syntax->count / 2; item.count++) {
        const struct syntax *key = syntax->items[2 * item.count];
        if (check_key(compiler, key, item.count == repeated, &root, key) != 0) {
            return -1;
        }
        struct attribute *attribute = &item.attributes[item.count];
        attribute->name = syntax->items[2 * item.count]->text;
        if (compile_literal(compiler, syntax->items[2 * item.count + 1], &attribute->value) != 0) {
            return -1;
        }
    }
    *ret_item = item;
    return 0;
}
