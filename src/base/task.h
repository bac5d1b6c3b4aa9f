/* How threads talk: intrusive lists of tasks, and mailboxes that run them on the thread that owns the mailbox. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Something to run later. Embedded in the object it is about. */
struct task {
    struct task *next;
    void (*run)(struct task *task);
};

struct task_list {
    struct task *first;
    struct task *last;
    size_t count;
};

static inline void task_list_append(struct task_list *list, struct task *task)
{
    task->next = NULL;
    if (list->last != NULL) {
        list->last->next = task;
    } else {
        list->first = task;
    }
    list->last = task;
    list->count++;
}

static inline struct task *task_list_pop(struct task_list *list)
{
    struct task *task = list->first;
    if (task != NULL) {
        list->first = task->next;
        if (list->first == NULL) {
            list->last = NULL;
        }
        list->count--;
    }
    return task;
}

/* Moves all of `from` behind `list`; `from` is empty afterwards. */
static inline void task_list_join(struct task_list *list, struct task_list *from)
{
    if (from->first == NULL) {
        return;
    }
    if (list->last != NULL) {
        list->last->next = from->first;
    } else {
        list->first = from->first;
    }
    list->last = from->last;
    list->count += from->count;
    *from = (struct task_list){0};
}

/* Where other threads leave tasks for one thread. The owner sets `wake`; it is called, from the posting thread,
 * only when the mailbox was empty. */
struct mailbox {
    pthread_mutex_t lock;
    struct task_list list;
    void (*wake)(struct mailbox *mailbox);
};

void mailbox_init(struct mailbox *mailbox, void (*wake)(struct mailbox *mailbox));
void mailbox_finish(struct mailbox *mailbox);

/* Any thread. Takes all of `tasks`. */
void mailbox_post(struct mailbox *mailbox, struct task_list *tasks);

/* The owner only: runs everything that waits, in order. */
void mailbox_run(struct mailbox *mailbox);

/* The calling thread, and those that it starts from here on, give way to others when processors are short: for work
 * that takes its time anyway, beside which a point read should not wait. Cannot be taken back. */
void thread_give_way(void);

/* A few threads that run tasks: pages that touch much data, so that they never delay a point read. They give way. */
struct pool;

struct pool *pool_create(unsigned threads, const char *name);
/* Runs what waits, then joins the threads. NULL is allowed. */
void pool_destroy(struct pool *pool);
void pool_submit(struct pool *pool, struct task *task);
