/* What the unit tests of value/ share: dice with a printed seed, random items, JSON text into items. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/env.h"
#include "value/from_json.h"
#include "value/number.h"

/* xorshift64*. STATOR_SEED in the environment replays a run. */
struct dice {
    uint64_t state;
};

static inline struct dice dice_create(void)
{
    const char *given = getenv("STATOR_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : env_time_us();
    printf("STATOR_SEED=%llu\n", (unsigned long long)seed);
    return (struct dice){seed != 0 ? seed : 1};
}

static inline uint64_t dice_roll(struct dice *dice)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return dice->state * 2685821657736338717ull;
}

/* 0 … bound - 1. */
static inline uint32_t dice_below(struct dice *dice, uint32_t bound)
{
    return (uint32_t)((dice_roll(dice) >> 33) % bound);
}

/* A valid number, often with few digits or at an edge of the range. */
static inline struct number random_number(struct dice *dice)
{
    char text[64];
    unsigned count = dice_below(dice, 3) == 0 ? 1 + dice_below(dice, 38) : 1 + dice_below(dice, 4);
    for (unsigned i = 0; i < count; i++) {
        text[i] = (char)('0' + (dice_below(dice, 4) == 0 ? 9 * dice_below(dice, 2) : dice_below(dice, 10)));
    }
    int lead = dice_below(dice, 2) == 0 ? (int)dice_below(dice, 9) - 4 : (int)dice_below(dice, 256) - 130;
    int len = snprintf(text + count, sizeof text - count, "e%d", lead - (int)count + 1);
    struct number number;
    if (number_parse(slice_of(text, count + (size_t)len), &number) != NUMBER_OK) {
        return random_number(dice); /* leading zeros at the lower edge: few */
    }
    number.negative = number.digits != 0 && dice_below(dice, 2) == 0;
    return number;
}

static inline struct slice random_bytes(struct arena *arena, struct dice *dice, bool utf8)
{
    static const char *const TEXTS[] = {"",    "a", "é", "日本", "😀", "\"", "\\", "\n", "\x1f", "0123456789abcdef",
                                        "\x7f"};
    char *text = arena_alloc(arena, 512);
    size_t len = 0;
    uint32_t parts = dice_below(dice, 8) == 0 ? dice_below(dice, 24) : dice_below(dice, 4);
    for (uint32_t i = 0; i < parts; i++) {
        if (utf8) {
            struct slice part = slice_from_string(TEXTS[dice_below(dice, sizeof TEXTS / sizeof *TEXTS)]);
            memcpy(text + len, part.data, part.len);
            len += part.len;
        } else {
            text[len++] = (char)dice_below(dice, 256);
        }
    }
    return slice_of(text, len);
}

static inline struct value random_scalar(struct arena *arena, struct dice *dice, enum value_type type)
{
    struct value value = {.type = (uint8_t)type};
    if (type == VALUE_N) {
        struct number number = random_number(dice);
        char text[NUMBER_TEXT_MAX];
        size_t len = number_format(&number, text);
        value.bytes = arena_copy(arena, slice_of(text, len));
    } else {
        value.bytes = random_bytes(arena, dice, type == VALUE_S);
    }
    return value;
}

static inline void random_attributes(struct arena *arena, struct dice *dice, unsigned levels,
                                     struct attribute **ret_attributes, uint32_t *ret_count);

/* Nests at most `levels` deep. */
static inline struct value random_value(struct arena *arena, struct dice *dice, unsigned levels)
{
    struct value value = {.type = (uint8_t)(VALUE_S + dice_below(dice, VALUE_BS))};
    bool container = value.type == VALUE_M || value.type == VALUE_L;
    if (value.type <= VALUE_B || (container && levels <= 1)) {
        return random_scalar(arena, dice, (enum value_type)(VALUE_S + value.type % 3));
    }
    if (value.type == VALUE_BOOL) {
        value.boolean = dice_below(dice, 2) == 0;
    } else if (value.type == VALUE_M) {
        random_attributes(arena, dice, levels - 1, &value.attributes, &value.count);
    } else if (value.type == VALUE_L) {
        uint32_t count = dice_below(dice, 5);
        value.elements = ARENA_ARRAY(arena, struct value, count);
        while (value.count < count) {
            value.elements[value.count++] = random_value(arena, dice, levels - 1);
        }
    } else if (value.type != VALUE_NULL) {
        uint32_t wanted = 1 + (dice_below(dice, 6) == 0 ? dice_below(dice, 60) : dice_below(dice, 6));
        value.elements = ARENA_ARRAY(arena, struct value, wanted);
        for (uint32_t i = 0; i < wanted; i++) {
            struct value one = random_scalar(arena, dice, (enum value_type)(value.type - VALUE_SS + VALUE_S));
            if (value.count == 0 || !value_set_contains(&value, &one)) {
                value.elements[value.count++] = one;
            }
        }
    }
    return value;
}

static inline void random_attributes(struct arena *arena, struct dice *dice, unsigned levels,
                                     struct attribute **ret_attributes, uint32_t *ret_count)
{
    uint32_t wanted = dice_below(dice, 6) == 0 ? dice_below(dice, 40) : dice_below(dice, 6);
    struct item item = {.attributes = ARENA_ARRAY(arena, struct attribute, wanted)};
    for (uint32_t i = 0; i < wanted; i++) {
        struct slice name = random_bytes(arena, dice, true);
        if (name.len != 0 && item_find(&item, name) == NULL) {
            struct attribute *attribute = &item.attributes[item.count];
            attribute->name = name;
            attribute->value = random_value(arena, dice, levels);
            item.count++;
        }
    }
    *ret_attributes = item.attributes;
    *ret_count = item.count;
}

static inline struct item random_item(struct arena *arena, struct dice *dice)
{
    struct item item;
    random_attributes(arena, dice, 1 + dice_below(dice, 6), &item.attributes, &item.count);
    return item;
}

/* Parses text that need not have padding behind it. */
static inline enum json_result parse_json(struct arena *arena, struct slice text, struct json_node **ret_nodes)
{
    static struct json_parser *parser; /* one thread */
    if (parser == NULL) {
        parser = json_parser_create();
    }
    char *padded = arena_zalloc(arena, text.len + JSON_PADDING);
    memcpy(padded, text.data, text.len);
    return json_parse(parser, slice_of(padded, text.len), arena, ret_nodes);
}

/* Reads an item of valid JSON; the reader tells what was found in it. */
static inline bool read_item(struct arena *arena, const char *text, struct value_reader *ret_reader,
                             struct item *ret_item)
{
    struct json_node *nodes;
    assert_int_equal(parse_json(arena, slice_from_string(text), &nodes), JSON_OK);
    *ret_reader = (struct value_reader){.nodes = nodes, .arena = arena};
    return item_read(ret_reader, nodes, ret_item);
}

/* The value of attribute "v" of {"v": text}; the JSON must be without flaw. */
static inline struct value make_value(struct arena *arena, const char *text)
{
    struct slice whole = arena_printf(arena, "{\"v\":%s}", text);
    struct value_reader reader;
    struct item item;
    assert_true(read_item(arena, whole.data, &reader, &item));
    assert_int_equal(reader.flaw.kind, FLAW_NONE);
    return item.attributes[0].value;
}

#define assert_slice(found, expected)                                                                                  \
    do {                                                                                                               \
        struct slice found_ = (found), expected_ = (expected);                                                         \
        if (!slice_equal(found_, expected_)) {                                                                         \
            fail_msg("found \"%.*s\", expected \"%.*s\"", SLICE_ARG(found_), SLICE_ARG(expected_));                    \
        }                                                                                                              \
    } while (0)
