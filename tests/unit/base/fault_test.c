#include "base/fault.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int arm(const char *text)
{
    if (text == NULL) {
        unsetenv("STATOR_FAULT");
    } else {
        setenv("STATOR_FAULT", text, 1);
    }
    return fault_init();
}

static void test_nothing_armed(void **state)
{
    (void)state;
    assert_int_equal(arm(NULL), 0);
    assert_false(fault_fires("store.commit"));
    assert_int_equal(arm(""), 0);
    assert_false(fault_fires("store.commit"));
    fault_crash("shard.before_commit");
}

static void test_fires_once_at_its_count(void **state)
{
    (void)state;
    assert_int_equal(arm("store.commit:3"), 0);
    assert_false(fault_fires("shard.before_commit"));
    assert_false(fault_fires("store.commit"));
    assert_false(fault_fires("store.commit"));
    assert_true(fault_fires("store.commit"));
    assert_false(fault_fires("store.commit"));

    assert_int_equal(arm("store.commit"), 0);
    assert_true(fault_fires("store.commit"));
    assert_false(fault_fires("store.commit"));
}

static void test_refuses_what_it_does_not_know(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "store",
        "store.commi",
        "store.commit.",
        "store.commit:",
        "store.commit:0",
        "store.commit:-1",
        "store.commit:x",
        "store.commit:1x",
        "store.commit: 1",
        "store.commit:99999999999999999999",
        ":1",
        ":",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(arm(bad[i]), -1);
        assert_false(fault_fires("store.commit"));
    }
}

static void test_crash_is_a_kill(void **state)
{
    (void)state;
    assert_int_equal(arm("outbox.after_delivery"), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fault_crash("outbox.before_delivery");
        fault_crash("outbox.after_delivery");
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_armed),
        cmocka_unit_test(test_fires_once_at_its_count),
        cmocka_unit_test(test_refuses_what_it_does_not_know),
        cmocka_unit_test(test_crash_is_a_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
