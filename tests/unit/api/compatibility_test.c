/* docs/compatibility.md lists exactly the operations and parameters that the server reads. Run in the project's folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/operations.h"

#define PAGE "docs/compatibility.md"

/* The page's sections "### Operation", as text up to the next heading; NULL if there is none. */
static char *section_of(const char *page, const char *operation)
{
    char heading[128];
    snprintf(heading, sizeof heading, "\n### %s\n", operation);
    const char *start = strstr(page, heading);
    if (start == NULL) {
        return NULL;
    }
    start += strlen(heading);
    const char *end = strstr(start, "\n#");
    return strndup(start, end == NULL ? strlen(start) : (size_t)(end - start));
}

static char *read_page(void)
{
    FILE *file = fopen(PAGE, "r");
    if (file == NULL) {
        fail_msg("cannot read %s: run in the project's folder", PAGE);
    }
    char *text = NULL;
    size_t size = 0;
    ssize_t len = getdelim(&text, &size, '\0', file);
    fclose(file);
    assert_true(len > 0);
    return text;
}

static void check_state(const char *operation, const char *parameter, const char *row)
{
    static const char *const states[] = {"works |", "accepted and ignored |", "not yet |"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strncmp(row, states[i], strlen(states[i])) == 0) {
            return;
        }
    }
    fail_msg("%s: %s %s has no known state", PAGE, operation, parameter);
}

static void check_operation(const char *page, const struct operation *operation)
{
    char *section = section_of(page, operation->name);
    if (section == NULL) {
        fail_msg("%s does not list %s", PAGE, operation->name);
    }
    unsigned rows = 0;
    for (const char *row = section; (row = strstr(row, "| `")) != NULL; row++) {
        rows++;
    }
    for (unsigned i = 0; i < operation->shape->count; i++) {
        char cell[128];
        snprintf(cell, sizeof cell, "| `%s` | ", operation->shape->members[i].name);
        const char *row = strstr(section, cell);
        if (row == NULL) {
            fail_msg("%s does not list %s of %s", PAGE, operation->shape->members[i].name, operation->name);
        }
        check_state(operation->name, operation->shape->members[i].name, row + strlen(cell));
    }
    if (rows != operation->shape->count) {
        fail_msg("%s lists %u parameters of %s, the server reads %u", PAGE, rows, operation->name,
                 operation->shape->count);
    }
    free(section);
}

static void test_what_the_server_reads_is_listed(void **state)
{
    (void)state;
    char *page = read_page();
    unsigned headings = 0;
    for (const char *at = page; (at = strstr(at, "\n### ")) != NULL; at++) {
        headings++;
    }
    for (unsigned i = 0; i < operation_count; i++) {
        check_operation(page, &operations[i]);
    }
    assert_int_equal(headings, operation_count);
    free(page);
}

static void test_nothing_is_both_there_and_not_yet(void **state)
{
    (void)state;
    char *page = read_page();
    const char *later = strstr(page, "\n## Not yet\n");
    assert_non_null(later);
    for (unsigned i = 0; i < operation_count; i++) {
        char name[128];
        snprintf(name, sizeof name, "`%s`", operations[i].name);
        assert_null(strstr(later, name));
    }
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_server_reads_is_listed),
        cmocka_unit_test(test_nothing_is_both_there_and_not_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
