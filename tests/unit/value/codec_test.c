#include "value/codec.h"

#include "base/hash.h"
#include "support.h"

#define HEADER_BYTES 17

static struct item item_of(struct arena *arena, const char *text)
{
    struct value_reader reader;
    struct item item;
    assert_true(read_item(arena, text, &reader, &item));
    assert_int_equal(reader.flaw.kind, FLAW_NONE);
    return item;
}

/* What layout_is_frozen stores, behind the header. */
#define JSON                                                                                                           \
    "{\"p\":{\"S\":\"hi\"},\"n\":{\"N\":\"-1.5\"},\"m\":{\"M\":{\"l\":{\"L\":[{\"BOOL\":true},{\"BOOL\":false},"       \
    "{\"NULL\":true}]},\"s\":{\"SS\":[\"b\",\"\"]}}},\"x\":{\"B\":\"/w==\"}}"
#define ATTRIBUTES                                                                                                     \
    "\x04"                                                                                                             \
    "\x01p\x01\x02hi"                                                                                                  \
    "\x01n\x02\x04-1.5"                                                                                                \
    "\x01m\x06\0\0\0\x19\x02"                                                                                          \
    "\x01l\x07\0\0\0\x06\x03\x04\x01\x04\0\x05"                                                                        \
    "\x01s\x08\0\0\0\x04\x02\x01"                                                                                      \
    "b\0"                                                                                                              \
    "\x01x\x03\x01\xff"

/* The bytes of docs/formats/items.md. Whoever changes them raises the format version. */
static void layout_is_frozen(void **state)
{
    struct arena *arena = *state;
    struct item item = item_of(arena, JSON);
    struct buffer out = {0};
    BUFFER_APPEND_LITERAL(&out, "before");
    item_encode(&out, &(struct item_header){0x0102030405060708, 0x0a0b0c0d}, &item);
    struct slice stored = slice_of(out.data + 6, out.len - 6);
    assert_int_equal(stored.len, HEADER_BYTES + sizeof ATTRIBUTES - 1);
    assert_int_equal(stored.data[0], 1);
    assert_memory_equal(stored.data + 5, "\x01\x02\x03\x04\x05\x06\x07\x08\x0a\x0b\x0c\x0d", 12);
    assert_memory_equal(stored.data + HEADER_BYTES, ATTRIBUTES, sizeof ATTRIBUTES - 1);
    uint32_t checksum = hash_checksum(slice_of(stored.data + 5, stored.len - 5));
    for (int i = 0; i < 4; i++) {
        assert_int_equal((uint8_t)stored.data[1 + i], (uint8_t)(checksum >> (24 - 8 * i)));
    }
    buffer_finish(&out);
}

static void reads_what_it_wrote(void **state)
{
    struct arena *arena = *state;
    struct dice dice = dice_create();
    struct buffer stored = {0};
    struct buffer expected = {0};
    struct buffer json = {0};
    for (int i = 0; i < 3000; i++) {
        struct item item = random_item(arena, &dice);
        struct item_header header = {dice_roll(&dice), (uint32_t)item_size(&item)};
        struct item_header found;
        struct item back;
        struct err err;
        buffer_clear(&stored);
        item_encode(&stored, &header, &item);
        assert_int_equal(item_decode(arena, buffer_slice(&stored), &found, &back, &err), 0);
        assert_true(item_equal(&item, &back));
        assert_true(found.version == header.version && found.size == header.size);
        assert_int_equal(item_decode_header(buffer_slice(&stored), &found, &err), 0);
        assert_true(found.version == header.version && found.size == header.size);

        buffer_clear(&expected);
        item_append_json(&expected, &item);
        buffer_clear(&json);
        BUFFER_APPEND_LITERAL(&json, "{\"Item\":");
        assert_int_equal(item_stored_append_json(&json, buffer_slice(&stored), &found, &err), 0);
        assert_slice(slice_of(json.data + 8, json.len - 8), buffer_slice(&expected));
        assert_true(found.version == header.version && found.size == header.size);

        struct buffer again = {0};
        item_encode(&again, &header, &back);
        assert_slice(buffer_slice(&again), buffer_slice(&stored));
        buffer_finish(&again);
        arena_reset(arena);
    }
    buffer_finish(&stored);
    buffer_finish(&expected);
    buffer_finish(&json);
}

/* Puts the right checksum into bytes that something was done to. */
static void seal(struct slice stored)
{
    uint32_t checksum = hash_checksum(slice_of(stored.data + 5, stored.len - 5));
    for (int i = 0; i < 4; i++) {
        ((char *)stored.data)[1 + i] = (char)(checksum >> (24 - 8 * i));
    }
}

/* All three readers fail, say why and leave their results alone. */
static void assert_refused(struct arena *arena, struct slice stored)
{
    struct item_header header = {7, 8};
    struct item item = {NULL, 9};
    struct err err = {""};
    struct buffer out = {0};
    BUFFER_APPEND_LITERAL(&out, "before");
    assert_int_equal(item_decode(arena, stored, &header, &item, &err), -1);
    assert_true(err.text[0] != 0);
    err.text[0] = 0;
    assert_int_equal(item_stored_append_json(&out, stored, &header, &err), -1);
    assert_true(err.text[0] != 0);
    assert_slice(buffer_slice(&out), SLICE("before"));
    assert_true(header.version == 7 && header.size == 8 && item.count == 9 && item.attributes == NULL);
    buffer_finish(&out);
}

static struct buffer stored_example(struct arena *arena)
{
    struct item item = item_of(arena, JSON);
    struct buffer stored = {0};
    item_encode(&stored, &(struct item_header){1, 2}, &item);
    return stored;
}

static void damage_is_found(void **state)
{
    struct arena *arena = *state;
    struct buffer stored = stored_example(arena);
    for (size_t i = 0; i < stored.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            stored.data[i] ^= (char)(1 << bit);
            struct item_header header;
            struct err err;
            assert_int_equal(item_decode_header(buffer_slice(&stored), &header, &err), -1);
            assert_refused(arena, buffer_slice(&stored));
            stored.data[i] ^= (char)(1 << bit);
        }
    }
    for (size_t len = 0; len < stored.len; len++) {
        assert_refused(arena, slice_of(stored.data, len));
    }
    buffer_finish(&stored);
}

static void a_newer_format_is_named(void **state)
{
    struct buffer stored = stored_example(*state);
    struct item_header header;
    struct err err;
    stored.data[0] = 2;
    seal(buffer_slice(&stored));
    assert_int_equal(item_decode_header(buffer_slice(&stored), &header, &err), -1);
    assert_non_null(strstr(err.text, "format 2"));
    buffer_finish(&stored);
}

/* Attributes that cannot be, under a checksum that is right. */
static void nonsense_is_refused(void **state)
{
    static const struct slice CASES[] = {
        SLICE(""),                         /* no count */
        SLICE("\x01"),                     /* no attribute */
        SLICE("\x00x"),                    /* something behind the last */
        SLICE("\xff\xff\xff\xff\x0f"),     /* four billion attributes */
        SLICE("\xff\xff\xff\xff\x1f"),     /* a count of more than 32 bits */
        SLICE("\x80\x80\x80\x80\x80\x00"), /* a count that does not end */
        SLICE("\x01\x05"
              "ab"), /* a name longer than what is left */
        SLICE("\x01\x01"
              "a"), /* no type */
        SLICE("\x01\x01"
              "a\x00"), /* types that are none */
        SLICE("\x01\x01"
              "a\x0b"),
        SLICE("\x01\x01"
              "a\x81\x00"),
        SLICE("\x01\x01"
              "a\x01"), /* a string without length */
        SLICE("\x01\x01"
              "a\x01\x02x"), /* a string cut short */
        SLICE("\x01\x01"
              "a\x04"), /* truth without a byte, and a third truth */
        SLICE("\x01\x01"
              "a\x04\x02"),
        SLICE("\x01\x01"
              "a\x06\x00\x00\x00"), /* a block without its length, cut short, too long, too short */
        SLICE("\x01\x01"
              "a\x06\x00\x00\x00\x02\x00"),
        SLICE("\x01\x01"
              "a\x07\x00\x00\x00\x02\x00\x05"),
        SLICE("\x01\x01"
              "a\x07\x00\x00\x00\x01\x01\x05"),
        SLICE("\x01\x01"
              "a\x08\x00\x00\x00\x02\x02\x00"), /* a set with fewer elements than it says */
        SLICE("\x01\x01"
              "a\x08\x00\x00\x00\x03\x01\x00\x00"),
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct buffer stored = {0};
        buffer_append(&stored, "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", HEADER_BYTES);
        buffer_append_slice(&stored, CASES[i]);
        seal(buffer_slice(&stored));
        assert_refused(*state, buffer_slice(&stored));
        buffer_finish(&stored);
    }
}

/* Lists in lists: `levels` of them in one attribute. */
static void write_nested(struct buffer *stored, unsigned levels)
{
    buffer_append(stored, "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", HEADER_BYTES);
    buffer_append(stored,
                  "\x01\x01"
                  "a",
                  3);
    for (unsigned i = levels; i > 1; i--) {
        buffer_append_byte(stored, VALUE_L);
        buffer_append_u32(stored, (i - 2) * 6 + 2);
        buffer_append_byte(stored, 1);
    }
    buffer_append_byte(stored, VALUE_NULL);
    seal(buffer_slice(stored));
}

static void nesting_is_bounded(void **state)
{
    struct buffer stored = {0};
    struct item_header header;
    struct item item;
    struct err err;
    write_nested(&stored, VALUE_DEPTH_MAX);
    assert_int_equal(item_decode(*state, buffer_slice(&stored), &header, &item, &err), 0);
    assert_int_equal(value_depth(&item.attributes[0].value), VALUE_DEPTH_MAX);
    buffer_clear(&stored);
    write_nested(&stored, VALUE_DEPTH_MAX + 1);
    assert_refused(*state, buffer_slice(&stored));
    buffer_clear(&stored);
    write_nested(&stored, 1000000);
    assert_refused(*state, buffer_slice(&stored));
    buffer_finish(&stored);
}

static int setup(void **state)
{
    static struct arena arena;
    arena_init(&arena, 4096);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_finish(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layout_is_frozen),        TEST(reads_what_it_wrote), TEST(damage_is_found),
        TEST(a_newer_format_is_named), TEST(nonsense_is_refused), TEST(nesting_is_bounded),
    };
    return cmocka_run_group_tests_name("value/codec", tests, NULL, NULL);
}
