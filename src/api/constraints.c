/* Constraints of a decoded request, reported together as DynamoDB does:
 *
 *   2 validation errors detected: Value '' at 'indexName' failed to satisfy constraint: Member must have length greater
 *   than or equal to 3; Value null at 'keySchema.1.member.keyType' failed to satisfy constraint: Member must not be
 * null
 *
 * At most ten are listed. What is wrong with a table's name is reported alone. A bad element of a list or map of
 * scalars or lists is reported at the container, with all limits of its elements. */
#include "api/shape.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/echo.h"
#include "api/shape_private.h"

#define VIOLATIONS_MAX 10
#define PATH_BYTES_MAX 1024

struct checker {
    struct buffer text; /* violations so far, joined by "; " */
    unsigned count;
    char path[PATH_BYTES_MAX]; /* of the member being checked */
    size_t path_len;
    bool names_are_good; /* the request's own table name has been checked */
};

static void check_structure(struct checker *checker, const struct shape *shape, const void *structure);
static void check_slot(struct checker *checker, const struct shape_member *member, const void *slot, bool is_element);

/* --- the path ----------------------------------------------------------------------------------------------------- */

/* Appends to the path and returns its length before, for path_pop. Map keys that do not fit are cut. */
static size_t path_push(struct checker *checker, struct slice part)
{
    size_t before = checker->path_len;
    size_t len = before == 0 ? 0 : 1;
    if (len == 1 && before < PATH_BYTES_MAX) {
        checker->path[checker->path_len++] = '.';
    }
    size_t room = PATH_BYTES_MAX - checker->path_len;
    size_t take = part.len < room ? part.len : room;
    memcpy(checker->path + checker->path_len, part.data, take);
    checker->path_len += take;
    return before;
}

static void path_pop(struct checker *checker, size_t before)
{
    checker->path_len = before;
}

/* --- violations --------------------------------------------------------------------------------------------------- */

/* Begins "Value … at 'path' failed to satisfy constraint: "; false if ten are listed already. */
static bool violation_begin(struct checker *checker, const struct shape_member *member, const void *slot,
                            bool is_element)
{
    if (checker->count == VIOLATIONS_MAX) {
        return false;
    }
    if (checker->count++ != 0) {
        BUFFER_APPEND_LITERAL(&checker->text, "; ");
    }
    BUFFER_APPEND_LITERAL(&checker->text, "Value ");
    if (slot == NULL) {
        BUFFER_APPEND_LITERAL(&checker->text, "null");
    } else {
        buffer_append_byte(&checker->text, '\'');
        echo_append(&checker->text, member, slot, is_element);
        buffer_append_byte(&checker->text, '\'');
    }
    BUFFER_APPEND_LITERAL(&checker->text, " at '");
    buffer_append(&checker->text, checker->path, checker->path_len);
    BUFFER_APPEND_LITERAL(&checker->text, "' failed to satisfy constraint: ");
    return true;
}

static void append_minimum(struct buffer *text, const struct shape_limit *limit, const char *what)
{
    buffer_printf(text, "Member must have %s greater than or equal to %" PRId64, what, limit->min);
}

static void append_maximum(struct buffer *text, const struct shape_limit *limit, const char *what)
{
    buffer_printf(text, "Member must have %s less than or equal to %" PRId64, what, limit->max);
}

static void append_pattern(struct buffer *text, const struct shape_limit *limit)
{
    buffer_printf(text, "Member must satisfy regular expression pattern: %s", limit->pattern);
}

/* All limits of an element (null breaks them all): "[Member must have length less than or equal to 25, …]". */
static void append_limits(struct buffer *text, const struct shape_limit *limit)
{
    buffer_append_byte(text, '[');
    if (limit->has_max) {
        append_maximum(text, limit, "length");
    }
    if (limit->has_min) {
        buffer_append(text, ", ", limit->has_max ? 2 : 0);
        append_minimum(text, limit, "length");
    }
    if (limit->pattern != NULL) {
        buffer_append(text, ", ", limit->has_max || limit->has_min ? 2 : 0);
        append_pattern(text, limit);
    }
    if (!limit->has_max && !limit->has_min && limit->pattern == NULL) {
        BUFFER_APPEND_LITERAL(text, "Member must not be null");
    }
    buffer_append_byte(text, ']');
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

/* Characters as Java counts them: UTF-16 units. */
static int64_t text_length(struct slice text)
{
    int64_t length = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        length += (byte & 0xC0) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
    }
    return length;
}

/* The length, value or count that the limit is about; false if the slot is absent or of a kind without limits. */
static bool measure(const struct shape_member *member, const void *slot, bool is_element, int64_t *ret_measure,
                    struct slice *ret_text)
{
    if (member->kind == SHAPE_STRING) {
        *ret_text = is_element ? *(const struct slice *)slot : ((const struct opt_string *)slot)->text;
        *ret_measure = text_length(*ret_text);
        return is_element ? ret_text->data != NULL : ((const struct opt_string *)slot)->present;
    }
    if (member->kind == SHAPE_INTEGER || member->kind == SHAPE_LONG) {
        *ret_measure = ((const struct opt_integer *)slot)->number;
        return ((const struct opt_integer *)slot)->present;
    }
    if (member->kind == SHAPE_LIST || member->kind == SHAPE_MAP) {
        struct any_list list;
        memcpy(&list, slot, sizeof(list));
        *ret_measure = list.count;
        return list.present;
    }
    return false;
}

static bool within(const struct shape_limit *limit, int64_t measured, struct slice text)
{
    return (!limit->has_min || measured >= limit->min) && (!limit->has_max || measured <= limit->max) &&
           (limit->pattern == NULL || limit->matches(text));
}

static void check_limit(struct checker *checker, const struct shape_member *member, const void *slot)
{
    const struct shape_limit *limit = &member->limit;
    int64_t measured;
    struct slice text = {NULL, 0};
    if (!measure(member, slot, false, &measured, &text)) {
        return;
    }
    const char *what = member->kind == SHAPE_INTEGER || member->kind == SHAPE_LONG ? "value" : "length";
    if (limit->has_min && measured < limit->min && violation_begin(checker, member, slot, false)) {
        append_minimum(&checker->text, limit, what);
    }
    if (limit->has_max && measured > limit->max && violation_begin(checker, member, slot, false)) {
        append_maximum(&checker->text, limit, what);
    }
    if (limit->pattern != NULL && !limit->matches(text) && violation_begin(checker, member, slot, false)) {
        append_pattern(&checker->text, limit);
    }
}

/* --- containers --------------------------------------------------------------------------------------------------- */

/* Elements that break their limit are reported once, at the container. */
static void check_element_limits(struct checker *checker, const struct shape_member *member, const void *slot,
                                 const struct any_map *all, bool is_element)
{
    const struct shape_member *element = member->element;
    size_t size = shape_element_size(element);
    if (element->kind != SHAPE_STRING && element->kind != SHAPE_LIST && element->kind != SHAPE_MAP) {
        return;
    }
    for (uint32_t i = 0; i < all->count; i++) {
        int64_t measured;
        struct slice text = {NULL, 0};
        if (!measure(element, (const char *)all->items + i * size, true, &measured, &text) ||
            !within(&element->limit, measured, text)) {
            if (violation_begin(checker, member, slot, is_element)) {
                buffer_printf(&checker->text,
                              "%s must satisfy constraint: ", member->kind == SHAPE_MAP ? "Map value" : "Member");
                append_limits(&checker->text, &element->limit);
            }
            return;
        }
    }
}

static bool is_arn(struct slice name)
{
    return slice_starts_with(name, SLICE("arn:"));
}

/* Table names may also be ARNs, which are taken apart later. */
static void check_keys(struct checker *checker, const struct shape_member *member, const void *slot,
                       const struct any_map *map, bool is_element)
{
    const struct shape_limit limit = member->table_name ? LIMIT_NAME : member->key_limit;
    for (uint32_t i = 0; i < map->count; i++) {
        if (!(member->table_name && is_arn(map->keys[i])) && !within(&limit, text_length(map->keys[i]), map->keys[i])) {
            if (violation_begin(checker, member, slot, is_element)) {
                BUFFER_APPEND_LITERAL(&checker->text, "Map keys must satisfy constraint: ");
                append_limits(&checker->text, &limit);
            }
            return;
        }
    }
}

/* 'keySchema.1.member' for lists, 'requestItems.abc.member' for maps. */
static size_t path_push_element(struct checker *checker, const struct shape_member *member, const struct any_map *all,
                                uint32_t at)
{
    size_t before;
    if (member->kind == SHAPE_MAP) {
        before = path_push(checker, all->keys[at]);
    } else {
        char number[16];
        int len = snprintf(number, sizeof(number), "%" PRIu32, at + 1);
        before = path_push(checker, slice_of(number, (size_t)len));
    }
    path_push(checker, SLICE("member"));
    return before;
}

static void check_elements(struct checker *checker, const struct shape_member *member, const void *slot,
                           bool is_element)
{
    struct any_map all = {0};
    memcpy(&all, slot, member->kind == SHAPE_MAP ? sizeof(struct any_map) : sizeof(struct any_list));
    if (!all.present) {
        return;
    }
    if (member->kind == SHAPE_MAP) {
        check_keys(checker, member, slot, &all, is_element);
    }
    const struct shape_member *element = member->element;
    check_element_limits(checker, member, slot, &all, is_element);
    if (element->kind != SHAPE_STRUCTURE && element->kind != SHAPE_LIST && element->kind != SHAPE_MAP) {
        return;
    }
    size_t size = shape_element_size(element);
    for (uint32_t i = 0; i < all.count && checker->count < VIOLATIONS_MAX; i++) {
        size_t before = path_push_element(checker, member, &all, i);
        check_slot(checker, element, (const char *)all.items + i * size, true);
        path_pop(checker, before);
    }
}

/* --- members ------------------------------------------------------------------------------------------------------ */

static bool is_present(const struct shape_member *member, const void *slot)
{
    if (member->kind == SHAPE_STRUCTURE) {
        const void *structure;
        memcpy(&structure, slot, sizeof(structure));
        return structure != NULL;
    }
    return *(const bool *)slot; /* `present` is the first member of all others */
}

/* What is inside a slot; the limits of an element are its container's business. */
static void check_slot(struct checker *checker, const struct shape_member *member, const void *slot, bool is_element)
{
    if (member->kind == SHAPE_STRUCTURE) {
        const void *structure = slot;
        if (!is_element) {
            memcpy(&structure, slot, sizeof(structure));
        }
        check_structure(checker, member->shape, structure);
    } else if (member->kind == SHAPE_LIST || member->kind == SHAPE_MAP) {
        check_elements(checker, member, slot, is_element);
    } else if (member->kind == SHAPE_ENUM) {
        if (((const struct opt_enum *)slot)->value < 0 && violation_begin(checker, member, slot, is_element)) {
            buffer_printf(&checker->text, "Member must satisfy enum value set: %s", member->set->printed);
        }
    }
}

/* An empty name breaks the limit of names and ARNs alone, except where a table is made.
 * Source: https://github.com/nubo-db/dynoxide/issues/11, https://github.com/ExtendDB/extenddb/pull/14. */
static void check_table_name(struct checker *checker, const struct shape_member *member, const void *slot)
{
    struct shape_member named = *member;
    struct slice name = ((const struct opt_string *)slot)->text;
    named.limit = name.len == 0 && member->if_missing == NULL ? LIMIT_MIN(1) : LIMIT_NAME;
    if (!is_arn(name)) {
        check_limit(checker, &named, slot);
    }
}

static void check_member(struct checker *checker, const struct shape_member *member, const void *structure)
{
    const void *slot = (const char *)structure + member->offset;
    bool present = is_present(member, slot);
    size_t before = path_push(checker, slice_from_string(member->path));
    if (present && member->table_name && member->kind == SHAPE_STRING) {
        if (before != 0 || !checker->names_are_good) {
            check_table_name(checker, member, slot);
        }
    } else if (present) {
        check_limit(checker, member, slot);
        check_slot(checker, member, slot, false);
    } else if (member->required && violation_begin(checker, member, NULL, false)) {
        BUFFER_APPEND_LITERAL(&checker->text, "Member must not be null");
    }
    path_pop(checker, before);
}

static void check_structure(struct checker *checker, const struct shape *shape, const void *structure)
{
    for (unsigned i = 0; i < shape->count; i++) {
        const struct shape_member *member = &shape->members[i];
        if (member->required || is_present(member, (const char *)structure + member->offset)) {
            check_member(checker, member, structure);
        }
    }
}

/* --- the request -------------------------------------------------------------------------------------------------- */

bool shape_matches_name(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
              c == '-')) {
            return false;
        }
    }
    return text.len != 0;
}

/* The table's name, or the keys of a map that are names of tables. */
static void check_table_names(struct checker *checker, const struct shape *shape, const void *request)
{
    for (unsigned i = 0; i < shape->count; i++) {
        const struct shape_member *member = &shape->members[i];
        const void *slot = (const char *)request + member->offset;
        if (!member->table_name || !is_present(member, slot)) {
            continue;
        }
        if (member->kind == SHAPE_MAP) {
            struct any_map map;
            memcpy(&map, slot, sizeof(map));
            size_t before = path_push(checker, slice_from_string(member->path));
            check_keys(checker, member, slot, &map, false);
            path_pop(checker, before);
            continue;
        }
        assert(member->kind == SHAPE_STRING);
        check_member(checker, member, request);
    }
}

/* The text for an absent table name that is reported alone, or NULL. */
static const char *missing_name(const struct shape *shape, const void *request)
{
    for (unsigned i = 0; i < shape->count; i++) {
        const struct shape_member *member = &shape->members[i];
        if (member->if_missing != NULL && !is_present(member, (const char *)request + member->offset)) {
            return member->if_missing;
        }
    }
    return NULL;
}

bool shape_check(const struct shape *shape, const void *request, struct arena *arena, struct slice *ret_message)
{
    const char *missing = missing_name(shape, request);
    if (missing != NULL) {
        *ret_message = slice_from_string(missing);
        return false;
    }
    struct checker checker = {.count = 0, .path_len = 0};
    check_table_names(&checker, shape, request);
    if (checker.count == 0) {
        checker.names_are_good = true;
        check_structure(&checker, shape, request);
    }
    if (checker.count == 0) {
        return true;
    }
    *ret_message = arena_printf(arena, "%u validation error%s detected: %.*s", checker.count,
                                checker.count == 1 ? "" : "s", (int)checker.text.len, checker.text.data);
    buffer_finish(&checker.text);
    return false;
}
