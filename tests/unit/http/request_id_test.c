#include "http/request_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IDS = 20000 };

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, REQUEST_ID_CHARS);
}

static void test_form(void **state)
{
    (void)state;
    struct request_ids ids;
    request_ids_init(&ids);
    unsigned seen[REQUEST_ID_CHARS][32] = {0};
    for (int i = 0; i < IDS; i++) {
        char id[REQUEST_ID_CHARS];
        request_ids_next(&ids, id);
        for (int k = 0; k < REQUEST_ID_CHARS; k++) {
            const char *digit = memchr("0123456789ABCDEFGHIJKLMNOPQRSTUV", id[k], 32);
            assert_non_null(digit);
            seen[k][id[k] <= '9' ? id[k] - '0' : id[k] - 'A' + 10]++;
        }
    }
    /* every bit counts: each digit turns up at each place, but the last place has only one bit */
    for (int k = 0; k < REQUEST_ID_CHARS - 1; k++) {
        for (int digit = 0; digit < 32; digit++) {
            assert_in_range(seen[k][digit], IDS / 32 / 2, IDS / 32 * 2);
        }
    }
    assert_int_equal(seen[REQUEST_ID_CHARS - 1][0] + seen[REQUEST_ID_CHARS - 1][16], IDS);
}

static void test_unique(void **state)
{
    (void)state;
    struct request_ids two[2];
    request_ids_init(&two[0]);
    request_ids_init(&two[1]);
    char(*all)[REQUEST_ID_CHARS] = calloc(IDS, sizeof *all);
    for (int i = 0; i < IDS; i++) {
        request_ids_next(&two[i % 2], all[i]);
    }
    qsort(all, IDS, sizeof *all, compare_ids);
    for (int i = 1; i < IDS; i++) {
        assert_true(memcmp(all[i - 1], all[i], REQUEST_ID_CHARS) != 0);
    }
    free(all);
}

static void test_bits_in_order(void **state)
{
    (void)state;
    /* the first word that this state gives is rotl(1 * 5, 7) * 9 = 5760 */
    struct request_ids ids;
    request_ids_init(&ids);
    memcpy(ids.state, (uint64_t[4]){0, 1, 0, 0}, sizeof ids.state);
    char id[REQUEST_ID_CHARS];
    request_ids_next(&ids, id);
    assert_memory_equal(id, "0K5000000000", 12); /* 00000, 10100, 00101: the low bits first */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_unique),
        cmocka_unit_test(test_bits_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
