/* Arenas and buffers. */
#include "base/arena.h"
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_arena_objects_do_not_overlap(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    unsigned char *objects[200];
    size_t sizes[200];
    for (unsigned i = 0; i < 200; i++) {
        sizes[i] = (i * 37) % 300;
        objects[i] = arena_alloc(&arena, sizes[i]);
        assert_int_equal((uintptr_t)objects[i] % 16, 0);
        memset(objects[i], (int)i, sizes[i]);
    }
    for (unsigned i = 0; i < 200; i++) {
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(objects[i][k], i);
        }
    }
    arena_finish(&arena);
}

static void test_arena_reset_keeps_one_chunk(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 128);
    arena_reset(&arena); /* with nothing in it */
    char *first = arena_alloc(&arena, 100);
    for (int i = 0; i < 100; i++) {
        arena_alloc(&arena, 1000);
    }
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 100), first);
    arena_finish(&arena);
    arena_finish(&arena);
    assert_non_null(arena_alloc(&arena, 10)); /* as after init */
    arena_finish(&arena);
}

static void test_arena_tells_what_it_holds(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    assert_int_equal(arena_bytes(&arena), 0);
    arena_alloc(&arena, 10);
    size_t first = arena_bytes(&arena);
    assert_true(first >= 1000 && first < 2000);
    arena_alloc(&arena, 3000000);
    assert_true(arena_bytes(&arena) >= first + 3000000);
    arena_reset(&arena);
    assert_int_equal(arena_bytes(&arena), first);
    arena_finish(&arena);
    assert_int_equal(arena_bytes(&arena), 0);
}

static void test_arena_large_and_zeroed(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    char *large = arena_zalloc(&arena, 5000000);
    for (size_t i = 0; i < 5000000; i += 4096) {
        assert_int_equal(large[i], 0);
    }
    memset(large, 1, 5000000);
    arena_finish(&arena);
}

static void test_arena_text(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    char source[] = "copied";
    struct slice copy = arena_copy(&arena, slice_from_string(source));
    source[0] = 'x';
    assert_true(slice_equal(copy, SLICE("copied")));
    assert_int_equal(arena_copy(&arena, (struct slice){NULL, 0}).len, 0);
    const struct slice parts[] = {SLICE("one"), {NULL, 0}, SLICE(", two")};
    assert_true(slice_equal(arena_join(&arena, parts, 3), SLICE("one, two")));
    assert_int_equal(arena_join(&arena, NULL, 0).len, 0);
    struct slice printed = arena_printf(&arena, "%d-%s", 42, "text");
    assert_true(slice_equal(printed, SLICE("42-text")));
    assert_int_equal(printed.data[printed.len], '\0');
    arena_finish(&arena);
}

static void test_buffer_grows(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    assert_int_equal(buffer_slice(&buffer).len, 0);
    buffer_append(&buffer, NULL, 0);
    for (int i = 0; i < 10000; i++) {
        buffer_append_byte(&buffer, (char)i);
        BUFFER_APPEND_LITERAL(&buffer, "ab");
    }
    assert_int_equal(buffer.len, 30000);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(buffer.data[3 * i], (char)i);
        assert_memory_equal(buffer.data + 3 * i + 1, "ab", 2);
    }
    size_t capacity = buffer.capacity;
    buffer_clear(&buffer);
    assert_int_equal(buffer.len, 0);
    assert_int_equal(buffer.capacity, capacity);
    buffer_finish(&buffer);
    assert_null(buffer.data);
    buffer_finish(&buffer);
}

static void test_buffer_integers_sort_as_bytes(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    buffer_append_u32(&buffer, 0x01020304);
    buffer_append_u64(&buffer, 0x05060708090a0b0cull);
    assert_memory_equal(buffer.data, "\1\2\3\4\5\6\7\10\11\12\13\14", 12);
    buffer_finish(&buffer);
}

static void test_buffer_varint(void **state)
{
    (void)state;
    static const struct {
        uint32_t number;
        const char *bytes;
        size_t len;
    } cases[] = {
        {0, "\x00", 1},       {1, "\x01", 1},       {127, "\x7f", 1},
        {128, "\x80\x01", 2}, {300, "\xac\x02", 2}, {UINT32_MAX, "\xff\xff\xff\xff\x0f", 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer buffer = {0};
        buffer_append_varint(&buffer, cases[i].number);
        assert_int_equal(buffer.len, cases[i].len);
        assert_memory_equal(buffer.data, cases[i].bytes, cases[i].len);
        buffer_finish(&buffer);
    }
}

static void test_buffer_printf(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    BUFFER_APPEND_LITERAL(&buffer, "<");
    buffer_printf(&buffer, "%s", "");
    buffer_printf(&buffer, "%0*d", 1000, 7);
    BUFFER_APPEND_LITERAL(&buffer, ">");
    assert_int_equal(buffer.len, 1002);
    assert_int_equal(buffer.data[1000], '7');
    assert_int_equal(buffer.data[1001], '>');
    buffer_finish(&buffer);
}

static void test_slices(void **state)
{
    (void)state;
    struct slice none = {NULL, 0};
    assert_true(slice_equal(none, SLICE("")));
    assert_false(slice_equal(SLICE("a"), SLICE("b")));
    assert_int_equal(slice_compare(SLICE("a"), SLICE("ab")), -1);
    assert_true(slice_compare(SLICE("a\xff"), SLICE("a\x01")) > 0);
    assert_int_equal(slice_compare(none, SLICE("")), 0);
    assert_true(slice_starts_with(SLICE("abc"), SLICE("ab")));
    assert_true(slice_starts_with(SLICE("abc"), none));
    assert_false(slice_starts_with(SLICE("ab"), SLICE("abc")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_objects_do_not_overlap),
        cmocka_unit_test(test_arena_reset_keeps_one_chunk),
        cmocka_unit_test(test_arena_tells_what_it_holds),
        cmocka_unit_test(test_arena_large_and_zeroed),
        cmocka_unit_test(test_arena_text),
        cmocka_unit_test(test_buffer_grows),
        cmocka_unit_test(test_buffer_integers_sort_as_bytes),
        cmocka_unit_test(test_buffer_varint),
        cmocka_unit_test(test_buffer_printf),
        cmocka_unit_test(test_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
