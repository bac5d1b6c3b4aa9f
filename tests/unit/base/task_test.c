#include "base/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct numbered {
    struct task task;
    int number;
};

static int order[8];
static int order_count;

static void record(struct task *task)
{
    order[order_count++] = ((struct numbered *)task)->number;
}

static void test_list_keeps_order(void **state)
{
    (void)state;
    struct numbered tasks[5];
    struct task_list a = {0}, b = {0}, empty = {0};
    for (int i = 0; i < 5; i++) {
        tasks[i] = (struct numbered){.number = i};
        task_list_append(i < 2 ? &a : &b, &tasks[i].task);
    }
    task_list_join(&a, &empty);
    task_list_join(&a, &b);
    assert_null(b.first);
    assert_int_equal(b.count, 0);
    assert_int_equal(a.count, 5);
    task_list_join(&empty, &a);
    for (int i = 0; i < 5; i++) {
        assert_ptr_equal(task_list_pop(&empty), &tasks[i].task);
    }
    assert_null(task_list_pop(&empty));
    assert_int_equal(empty.count, 0);
}

static int wakes;

static void count_wake(struct mailbox *mailbox)
{
    (void)mailbox;
    wakes++;
}

static struct mailbox *posting_to;
static struct numbered posted_meanwhile;

static void record_and_post(struct task *task)
{
    record(task);
    struct task_list list = {0};
    posted_meanwhile = (struct numbered){.task.run = record, .number = 99};
    task_list_append(&list, &posted_meanwhile.task);
    mailbox_post(posting_to, &list);
}

static void test_mailbox_wakes_only_when_empty(void **state)
{
    (void)state;
    struct mailbox mailbox;
    mailbox_init(&mailbox, count_wake);
    posting_to = &mailbox;
    wakes = order_count = 0;
    struct numbered tasks[3] = {{.task.run = record, .number = 1},
                                {.task.run = record_and_post, .number = 2},
                                {.task.run = record, .number = 3}};
    struct task_list none = {0};
    mailbox_post(&mailbox, &none);
    assert_int_equal(wakes, 0);
    for (int i = 0; i < 3; i++) {
        struct task_list list = {0};
        task_list_append(&list, &tasks[i].task);
        mailbox_post(&mailbox, &list);
        assert_null(list.first);
    }
    assert_int_equal(wakes, 1);
    mailbox_run(&mailbox);
    assert_int_equal(order_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(order[i], i + 1);
    }
    /* what a task posted waits for the next run, and woke the owner */
    assert_int_equal(wakes, 2);
    mailbox_run(&mailbox);
    assert_int_equal(order[3], 99);
    mailbox_finish(&mailbox);
}

/* Many threads post to one that sleeps until it is woken: nothing is lost, no wake is missing. */
#define POSTERS          4
#define POSTS_PER_THREAD 20000

static struct {
    struct mailbox mailbox;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool awake;
    int ran;
    int last[POSTERS];
    bool in_order;
} crossing;

struct crossing_task {
    struct task task;
    int poster, number;
};

static void wake_owner(struct mailbox *mailbox)
{
    assert_ptr_equal(mailbox, &crossing.mailbox);
    pthread_mutex_lock(&crossing.lock);
    crossing.awake = true;
    pthread_cond_signal(&crossing.woken);
    pthread_mutex_unlock(&crossing.lock);
}

static void run_crossing(struct task *task)
{
    struct crossing_task *crossed = (struct crossing_task *)task;
    crossing.in_order &= crossed->number == crossing.last[crossed->poster] + 1;
    crossing.last[crossed->poster] = crossed->number;
    crossing.ran++;
    free(crossed);
}

static void *post_many(void *argument)
{
    int poster = (int)(intptr_t)argument;
    for (int i = 1; i <= POSTS_PER_THREAD; i++) {
        struct crossing_task *crossed = calloc(1, sizeof *crossed);
        *crossed = (struct crossing_task){.task.run = run_crossing, .poster = poster, .number = i};
        struct task_list list = {0};
        task_list_append(&list, &crossed->task);
        mailbox_post(&crossing.mailbox, &list);
    }
    return NULL;
}

static void test_mailbox_across_threads(void **state)
{
    (void)state;
    mailbox_init(&crossing.mailbox, wake_owner);
    pthread_mutex_init(&crossing.lock, NULL);
    pthread_cond_init(&crossing.woken, NULL);
    crossing.in_order = true;
    pthread_t threads[POSTERS];
    for (int i = 0; i < POSTERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, (void *)(intptr_t)i), 0);
    }
    while (crossing.ran < POSTERS * POSTS_PER_THREAD) {
        pthread_mutex_lock(&crossing.lock);
        while (!crossing.awake) {
            pthread_cond_wait(&crossing.woken, &crossing.lock);
        }
        crossing.awake = false;
        pthread_mutex_unlock(&crossing.lock);
        mailbox_run(&crossing.mailbox);
    }
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(crossing.last[i], POSTS_PER_THREAD);
    }
    assert_true(crossing.in_order);
    mailbox_finish(&crossing.mailbox);
}

static atomic_int pool_ran;

static void count_run(struct task *task)
{
    (void)task;
    atomic_fetch_add(&pool_ran, 1);
}

static void test_pool_runs_everything_before_it_ends(void **state)
{
    (void)state;
    enum { TASKS = 10000 };
    static struct task tasks[TASKS];
    for (unsigned threads = 1; threads <= 3; threads++) {
        atomic_store(&pool_ran, 0);
        struct pool *pool = pool_create(threads, "a name that is too long for a thread");
        for (int i = 0; i < TASKS; i++) {
            tasks[i] = (struct task){.run = count_run};
            pool_submit(pool, &tasks[i]);
        }
        pool_destroy(pool);
        assert_int_equal(atomic_load(&pool_ran), TASKS);
    }
    pool_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_keeps_order),
        cmocka_unit_test(test_mailbox_wakes_only_when_empty),
        cmocka_unit_test(test_mailbox_across_threads),
        cmocka_unit_test(test_pool_runs_everything_before_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
