#include "http/encoding.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

static void test_accept_encoding(void **state)
{
    (void)state;
    static const char *const accepted[] = {
        "gzip",       "GZip", "x-gzip",       "deflate, gzip, br",  "gzip;q=1.0",   "gzip;q=0.001", "br;q=1,gzip;q=0.1",
        " \tgzip\t ", "*",    "br , *;q=0.5", "identity;q=0, gzip", "gzip;level=9",
    };
    static const char *const refused[] = {
        "",   "identity", "gzip;q=0",       "gzip; q=0.000", "gzip ;\tQ = 0", "*, gzip;q=0", "gzip;q=0, *",
        "br", "gzipped",  "deflate;q=gzip", "*;q=0",         ",,;;,",         "=;q",         "gzi p",
    };
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        if (!accepts_gzip(slice_from_string(accepted[i]))) {
            fail_msg("'%s' is refused", accepted[i]);
        }
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (accepts_gzip(slice_from_string(refused[i]))) {
            fail_msg("'%s' is accepted", refused[i]);
        }
    }
    assert_false(accepts_gzip((struct slice){NULL, 0}));
}

/* What zlib makes of a gzip stream, compared with what went in. */
static void assert_unpacks(const struct buffer *packed, struct slice original)
{
    z_stream stream = {0};
    assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    unsigned char *out = malloc(original.len + 1);
    stream.next_in = (unsigned char *)packed->data;
    stream.avail_in = (unsigned)packed->len;
    stream.next_out = out;
    stream.avail_out = (unsigned)original.len + 1;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, original.len);
    assert_memory_equal(out, original.data, original.len);
    assert_int_equal(stream.avail_in, 0);
    inflateEnd(&stream);
    free(out);
}

static void test_gzip(void **state)
{
    (void)state;
    struct libdeflate_compressor *compressor = gzip_compressor_create();
    struct buffer text = {0}, packed = {0};
    for (int i = 0; i < 5000; i++) {
        buffer_printf(&text, "{\"id\":{\"N\":\"%d\"},\"name\":{\"S\":\"place %d\"}},", i, i * 7);
        if (i == 20 || i == 4999) {
            assert_true(gzip_compress(compressor, buffer_slice(&text), &packed));
            assert_true(packed.len < text.len / 2);
            assert_unpacks(&packed, buffer_slice(&text));
        }
    }
    gzip_compressor_destroy(compressor);
    buffer_finish(&text);
    buffer_finish(&packed);
}

static void test_gzip_of_noise_is_not_smaller(void **state)
{
    (void)state;
    struct libdeflate_compressor *compressor = gzip_compressor_create();
    struct buffer noise = {0}, packed = {0};
    uint64_t word = 1;
    for (int i = 0; i < 500; i++) {
        word = hash_bytes(slice_of(&word, sizeof word));
        buffer_append(&noise, &word, sizeof word);
    }
    buffer_append_byte(&packed, 'x');
    assert_false(gzip_compress(compressor, buffer_slice(&noise), &packed));
    assert_int_equal(packed.len, 0);
    gzip_compressor_destroy(compressor);
    gzip_compressor_destroy(NULL);
    buffer_finish(&noise);
    buffer_finish(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept_encoding),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_gzip_of_noise_is_not_smaller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
