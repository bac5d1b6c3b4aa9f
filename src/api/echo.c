/* Values inside constraint errors. A structure prints its members that are present. */
#include "api/echo.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/shape_private.h"

/* Values that are long are cut here, so that an error never outgrows the request by much. */
struct echo {
    struct buffer *out;
    size_t end; /* of the buffer: where to stop */
};

static void echo_slot(struct echo *echo, const struct shape_member *member, const void *slot, bool is_element);

static bool is_full(const struct echo *echo)
{
    return echo->out->len >= echo->end;
}

static void echo_text(struct echo *echo, struct slice text)
{
    if (!is_full(echo)) {
        size_t room = echo->end - echo->out->len;
        /* never half a character */
        while (room < text.len && room > 0 && ((unsigned char)text.data[room] & 0xC0) == 0x80) {
            room--;
        }
        buffer_append(echo->out, text.data, text.len < room ? text.len : room);
    }
}

static void echo_structure(struct echo *echo, const struct shape *shape, const void *structure)
{
    echo_text(echo, slice_from_string(shape->name));
    echo_text(echo, SLICE("("));
    bool first = true;
    for (unsigned i = 0; i < shape->count && !is_full(echo); i++) {
        const struct shape_member *member = &shape->members[i];
        const char *slot = (const char *)structure + member->offset;
        const void *nested = NULL;
        if (member->kind == SHAPE_STRUCTURE) {
            memcpy(&nested, slot, sizeof(nested));
        }
        if (member->kind == SHAPE_STRUCTURE ? nested == NULL : !*(const bool *)slot) {
            continue;
        }
        echo_text(echo, first ? SLICE("") : SLICE(", "));
        first = false;
        echo_text(echo, slice_from_string(member->path));
        echo_text(echo, SLICE("="));
        echo_slot(echo, member, slot, false);
    }
    echo_text(echo, SLICE(")"));
}

static void echo_elements(struct echo *echo, const struct shape_member *member, const void *slot)
{
    bool is_map = member->kind == SHAPE_MAP;
    struct any_map all = {0};
    memcpy(&all, slot, is_map ? sizeof(struct any_map) : sizeof(struct any_list));
    if (!all.present) {
        echo_text(echo, SLICE("null"));
        return;
    }
    size_t size = shape_element_size(member->element);
    echo_text(echo, is_map ? SLICE("{") : SLICE("["));
    for (uint32_t i = 0; i < all.count && !is_full(echo); i++) {
        echo_text(echo, i == 0 ? SLICE("") : SLICE(", "));
        if (is_map) {
            echo_text(echo, all.keys[i]);
            echo_text(echo, SLICE("="));
        }
        echo_slot(echo, member->element, (const char *)all.items + i * size, true);
    }
    echo_text(echo, is_map ? SLICE("}") : SLICE("]"));
}

static void echo_string(struct echo *echo, const void *slot, bool is_element)
{
    struct slice text = is_element ? *(const struct slice *)slot : ((const struct opt_string *)slot)->text;
    echo_text(echo, text.data == NULL ? SLICE("null") : text);
}

/* Attribute values print as JSON: what real servers print there differs between regions. */
static void echo_value(struct echo *echo, const struct shape_member *member, const void *slot)
{
    struct buffer json = {0};
    if (member->kind == SHAPE_ITEM) {
        const struct opt_item *item = slot;
        if (item->flaw.kind == FLAW_NONE) {
            item_append_json(&json, &item->item);
        }
    } else {
        const struct opt_value *value = slot;
        if (value->present && value->flaw.kind == FLAW_NONE) {
            value_append_json(&json, &value->value);
        }
    }
    echo_text(echo, buffer_slice(&json));
    buffer_finish(&json);
}

static void echo_slot(struct echo *echo, const struct shape_member *member, const void *slot, bool is_element)
{
    char number[32];
    switch (member->kind) {
    case SHAPE_STRING:
        echo_string(echo, slot, is_element);
        return;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        snprintf(number, sizeof(number), "%" PRId64, ((const struct opt_integer *)slot)->number);
        echo_text(echo, slice_from_string(number));
        return;
    case SHAPE_BOOLEAN:
        echo_text(echo, ((const struct opt_boolean *)slot)->flag ? SLICE("true") : SLICE("false"));
        return;
    case SHAPE_ENUM:
        echo_text(echo, ((const struct opt_enum *)slot)->text);
        return;
    case SHAPE_STRUCTURE: {
        const void *structure = slot;
        if (!is_element) {
            memcpy(&structure, slot, sizeof(structure));
        }
        echo_structure(echo, member->shape, structure);
        return;
    }
    case SHAPE_LIST:
    case SHAPE_MAP:
        echo_elements(echo, member, slot);
        return;
    case SHAPE_VALUE:
    case SHAPE_ITEM:
        echo_value(echo, member, slot);
        return;
    }
}

void echo_append(struct buffer *out, const struct shape_member *member, const void *slot, bool is_element)
{
    struct echo echo = {.out = out, .end = out->len + ECHO_BYTES_MAX};
    echo_slot(&echo, member, slot, is_element);
}
