#include "api/call.h"

#include "api/audit.h"

#include <assert.h>

/* --- tables ------------------------------------------------------------------------------------------------------ */

struct slice call_table_arn(struct api_call *call, struct slice name)
{
    const struct api_settings *settings = &call->loop->api->settings;
    const struct slice parts[] = {
        SLICE("arn:aws:dynamodb:"),
        slice_from_string(settings->region),
        SLICE(":"),
        slice_from_string(settings->account_id),
        SLICE(":table/"),
        name,
    };
    return arena_join(&call->arena, parts, sizeof parts / sizeof parts[0]);
}

/* Cuts the text before the next colon off `rest`; all of it if there is none. */
static struct slice next_part(struct slice *rest)
{
    const char *colon = rest->len == 0 ? NULL : memchr(rest->data, ':', rest->len);
    struct slice part = *rest;
    if (colon == NULL) {
        *rest = slice_of(rest->data + rest->len, 0);
    } else {
        part.len = (size_t)(colon - rest->data);
        *rest = slice_of(colon + 1, rest->len - part.len - 1);
    }
    return part;
}

static bool refuse_arn(struct api_call *call, const char *what, struct slice arn)
{
    call_fail(call, ERROR_VALIDATION, "1 validation error detected: Invalid %s in '%.*s'", what, SLICE_ARG(arn));
    return false;
}

bool call_table_name(struct api_call *call, struct slice name_or_arn, struct slice *ret_name)
{
    if (!slice_starts_with(name_or_arn, SLICE("arn:"))) {
        *ret_name = name_or_arn;
        return true;
    }
    const struct api_settings *settings = &call->loop->api->settings;
    struct slice rest = slice_of(name_or_arn.data + 4, name_or_arn.len - 4);
    if (!slice_equal(next_part(&rest), SLICE("aws"))) {
        return refuse_arn(call, "AWS partition", name_or_arn);
    }
    if (!slice_equal(next_part(&rest), SLICE("dynamodb"))) {
        return refuse_arn(call, "AWS service", name_or_arn);
    }
    if (!slice_equal(next_part(&rest), slice_from_string(settings->region))) {
        return refuse_arn(call, "AWS region", name_or_arn);
    }
    struct slice account = next_part(&rest);
    struct slice name = slice_of(rest.data + 6, rest.len < 6 ? 0 : rest.len - 6);
    if (!slice_starts_with(rest, SLICE("table/")) || !shape_matches_name(name) || name.len < 3 || name.len > 255) {
        return refuse_arn(call, "resource type", name_or_arn);
    }
    if (!slice_equal(account, slice_from_string(settings->account_id))) {
        audit_denial(call, DENIAL_IMPLICIT, SLICE(""));
        call_fail(call, ERROR_ACCESS_DENIED,
                  "User is not authorized to perform: %s on resource: %.*s because no resource-based policy allows the "
                  "%s action",
                  call->operation->permission, SLICE_ARG(name_or_arn), call->operation->permission);
        return false;
    }
    *ret_name = name;
    return true;
}

void call_hold_table(struct api_call *call, struct table *table)
{
    if (call->table_count == call->table_capacity) {
        uint32_t capacity = call->table_capacity == 0 ? 4 : call->table_capacity * 2;
        struct table **tables = ARENA_ARRAY(&call->arena, struct table *, capacity);
        if (call->table_count != 0) {
            memcpy(tables, call->tables, call->table_count * sizeof(struct table *));
        }
        call->tables = tables;
        call->table_capacity = capacity;
    }
    call->tables[call->table_count++] = table;
}

struct table *call_table_find(struct api_call *call, struct slice name)
{
    struct table *table = cluster_table_acquire(call->loop->api->cluster, name);
    if (table != NULL) {
        call_hold_table(call, table);
    }
    return table;
}

struct table *call_table(struct api_call *call, struct slice name_or_arn)
{
    struct slice name;
    if (!call_table_name(call, name_or_arn, &name)) {
        return NULL;
    }
    struct table *table = call_table_find(call, name);
    if (table == NULL) {
        call_fail(call, ERROR_RESOURCE_NOT_FOUND, "Requested resource not found");
        return NULL;
    }
    if (!call_table_is_accessible(table)) {
        call_fail(call, ERROR_ACCESS_DENIED, CALL_KEY_REFUSED);
        return NULL;
    }
    return table;
}

/* --- the pool ---------------------------------------------------------------------------------------------------- */

static struct api_call *call_of_task(struct task *task)
{
    return (struct api_call *)((char *)task - offsetof(struct api_call, task));
}

static void back_on_loop(struct task *task)
{
    struct api_call *call = call_of_task(task);
    call->then(call);
}

static void run_on_pool(struct task *task)
{
    struct api_call *call = call_of_task(task);
    struct mailbox *mailbox = &call->loop->port->mailbox;
    call->work(call);
    if (call->grew != NULL) {
        call->grew(call);
    }
    /* From the post on, the call belongs to the loop. */
    struct task_list done = {0};
    call->task.run = back_on_loop;
    task_list_append(&done, &call->task);
    mailbox_post(mailbox, &done);
}

bool call_may_grow(struct api_call *call)
{
    call->overloaded = call->may_grow != NULL && !call->may_grow(call);
    return !call->overloaded;
}

void call_run_on_pool(struct api_call *call, void (*work)(struct api_call *call), void (*then)(struct api_call *call))
{
    assert(call->status == 0);
    call->work = work;
    call->then = then;
    call->task.run = run_on_pool;
    pool_submit(call->loop->api->pool, &call->task);
}
