#include "base/task.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* A third of the weight of an ordinary thread: enough that writes never outrun what makes room for them. */
#define GIVE_WAY_NICE 5

void mailbox_init(struct mailbox *mailbox, void (*wake)(struct mailbox *mailbox))
{
    *mailbox = (struct mailbox){.wake = wake};
    pthread_mutex_init(&mailbox->lock, NULL);
}

void mailbox_finish(struct mailbox *mailbox)
{
    assert(mailbox->list.first == NULL);
    pthread_mutex_destroy(&mailbox->lock);
}

void mailbox_post(struct mailbox *mailbox, struct task_list *tasks)
{
    if (tasks->first == NULL) {
        return;
    }
    pthread_mutex_lock(&mailbox->lock);
    bool was_empty = mailbox->list.first == NULL;
    task_list_join(&mailbox->list, tasks);
    /* Under the lock, so that an owner who has received everything it waits for may finish the mailbox: no poster
     * touches it afterwards. */
    if (was_empty && mailbox->wake != NULL) {
        mailbox->wake(mailbox);
    }
    pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_run(struct mailbox *mailbox)
{
    struct task_list list = {0};
    pthread_mutex_lock(&mailbox->lock);
    task_list_join(&list, &mailbox->list);
    pthread_mutex_unlock(&mailbox->lock);
    for (struct task *task; (task = task_list_pop(&list)) != NULL;) {
        task->run(task);
    }
}

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct task_list list;
    unsigned asleep;
    bool stopping;
    char name[16];
    unsigned thread_count;
    pthread_t threads[];
};

void thread_give_way(void)
{
    setpriority(PRIO_PROCESS, 0, GIVE_WAY_NICE); /* on Linux: of this thread alone */
}

static void *pool_work(void *context)
{
    struct pool *pool = context;
    pthread_setname_np(pthread_self(), pool->name);
    thread_give_way();
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct task *task = task_list_pop(&pool->list);
        if (task != NULL) {
            pthread_mutex_unlock(&pool->lock);
            task->run(task);
            pthread_mutex_lock(&pool->lock);
            continue;
        }
        if (pool->stopping) {
            break;
        }
        pool->asleep++;
        pthread_cond_wait(&pool->wake, &pool->lock);
        pool->asleep--;
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

struct pool *pool_create(unsigned threads, const char *name)
{
    assert(threads > 0);
    struct pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->threads[0]);
    if (pool == NULL) {
        abort();
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    snprintf(pool->name, sizeof pool->name, "%s", name);
    pool->thread_count = threads;
    for (unsigned i = 0; i < threads; i++) {
        if (pthread_create(&pool->threads[i], NULL, pool_work, pool) != 0) {
            abort(); /* at start, with a handful of threads: the machine is unusable */
        }
    }
    return pool;
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    assert(pool->list.first == NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void pool_submit(struct pool *pool, struct task *task)
{
    pthread_mutex_lock(&pool->lock);
    task_list_append(&pool->list, task);
    bool wake = pool->asleep > 0;
    pthread_mutex_unlock(&pool->lock);
    if (wake) {
        pthread_cond_signal(&pool->wake);
    }
}
