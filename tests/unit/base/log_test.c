#include "base/log.h"

#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs `body` with standard error in a file, and returns what it wrote. The caller frees. */
static char *capture(void (*body)(void))
{
    char path[] = "/tmp/stator-log-test-XXXXXX";
    int file = mkstemp(path), before = dup(STDERR_FILENO);
    assert_true(file >= 0 && before >= 0);
    unlink(path);
    dup2(file, STDERR_FILENO);
    body();
    dup2(before, STDERR_FILENO);
    close(before);
    off_t len = lseek(file, 0, SEEK_END);
    char *text = calloc(1, (size_t)len + 1);
    assert_int_equal(pread(file, text, (size_t)len, 0), len);
    close(file);
    return text;
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&regex, text, 0, NULL, 0) != 0) {
        fail_msg("'%s' does not match %s", text, pattern);
    }
    regfree(&regex);
}

static void write_levels(void)
{
    log_set_level(LOG_WARNING);
    log_debug("no");
    log_info("no");
    log_warning("disk %d%% full", 90);
    log_error("gone");
    log_set_level(LOG_INFO);
}

static void test_levels_and_form(void **state)
{
    (void)state;
    char *text = capture(write_levels);
#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"
    assert_matches(text, "^" TIME " WARNING disk 90% full\n" TIME " ERROR gone\n$");
    free(text);
}

static void write_nasty(void)
{
    log_info("one\nline\r\x1b[31m only");
}

static void test_an_event_is_one_line(void **state)
{
    (void)state;
    char *text = capture(write_nasty);
    assert_matches(text, " INFO one line  \\[31m only\n$");
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
}

static void write_long(void)
{
    char *word = malloc(10001);
    memset(word, 'x', 10000);
    word[10000] = '\0';
    log_info("%s", word);
    log_info("next");
    free(word);
}

static void test_long_lines_are_cut(void **state)
{
    (void)state;
    char *text = capture(write_long);
    assert_matches(text, " INFO x+\n[^\n]* INFO next\n$");
    assert_true(strlen(text) < 4096);
    free(text);
}

static void *write_many(void *argument)
{
    for (int i = 0; i < 500; i++) {
        log_info("thread %d says %s", (int)(intptr_t)argument, "something that is somewhat long");
    }
    return NULL;
}

static void write_in_threads(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, (void *)(intptr_t)i), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void test_lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    char *text = capture(write_in_threads), *rest = text, *line;
    int lines = 0;
    while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
        assert_matches(line, "^" TIME " INFO thread [0-3] says something that is somewhat long$");
        lines++;
    }
    assert_int_equal(lines, 2000);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_and_form),
        cmocka_unit_test(test_an_event_is_one_line),
        cmocka_unit_test(test_long_lines_are_cut),
        cmocka_unit_test(test_lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
