#include "api/item_write.h"

#include <assert.h>

#include "api/capacity_json.h"
#include "api/expressions.h"
#include "api/key_check.h"
#include "api/legacy.h"
#include "api/throttle.h"
#include "base/log.h"

/* --- parameters of PutItem and DeleteItem ------------------------------------------------------------------------ */

bool item_write_check_style(struct api_call *call, const struct item_write_request *request)
{
    const struct parameter legacy[] = {
        {"Expected", request->expected.present, false},
        {"ConditionalOperator", request->conditional_operator.present, false},
    };
    const struct parameter expressions[] = {{"ConditionExpression", request->condition.present, true}};
    const struct expression_style style = {
        .legacy = legacy,
        .legacy_count = 2,
        .expressions = expressions,
        .expression_count = 1,
        .has_names = request->names.present,
        .has_values = request->values.present,
    };
    return expressions_check_style(call, &style);
}

bool item_write_check_return_values(struct api_call *call, const struct item_write_request *request)
{
    int values = opt_enum_or(&request->return_values, RETURN_NONE);
    if (values != RETURN_NONE && values != RETURN_ALL_OLD) {
        call_fail(call, ERROR_VALIDATION, "ReturnValues can only be ALL_OLD or NONE");
        return false;
    }
    return true;
}

void item_write_set_returns(struct item_write *item_write, const struct item_write_request *request)
{
    item_write->return_values = opt_enum_or(&request->return_values, RETURN_NONE);
    item_write->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    item_write->return_metrics = opt_enum_or(&request->return_metrics, METRICS_NONE);
    item_write->return_on_failure = opt_enum_or(&request->return_on_failure, ON_FAILURE_NONE);
}

/* --- the write --------------------------------------------------------------------------------------------------- */

void item_write_key(struct arena *arena, const struct table_spec *table, const struct item *item, struct item *ret_key)
{
    const struct key_schema *keys = &table->keys;
    struct item key = {ARENA_ARRAY(arena, struct attribute, keys->hash_count + keys->range_count), 0};
    for (unsigned i = 0; i < keys->hash_count; i++) {
        key.attributes[key.count++] = (struct attribute){keys->hash[i].name, *item_find(item, keys->hash[i].name)};
    }
    for (unsigned i = 0; i < keys->range_count; i++) {
        key.attributes[key.count++] = (struct attribute){keys->range[i].name, *item_find(item, keys->range[i].name)};
    }
    *ret_key = key;
}

struct item_write *item_write_create(struct api_call *call, enum write_kind kind, struct table *table,
                                     const struct item *key)
{
    struct item_write *item_write = ARENA_NEW(&call->arena, struct item_write);
    struct write *write = &item_write->write;
    write_init(write);
    item_write->call = call;
    write->kind = kind;
    write->table = table;
    write->arena = &call->arena;
    item_write_key(&call->arena, &table->spec, key, &write->key_item);
    row_key_of_item(&call->arena, &table->spec, &write->key_item, &write->key);
    return item_write;
}

/* --- failures -------------------------------------------------------------------------------------------------- */

void item_fail_store(struct api_call *call, const struct err *err)
{
    if (call->overloaded) {
        call_fail(call, ERROR_UNAVAILABLE, "The server holds too much data of requests in flight. Please try again.");
        return;
    }
    log_error("%s: %s", call->operation->name, err->text);
    call_fail(call, ERROR_INTERNAL, "Internal server error");
}

static void fail_condition(struct api_call *call, const struct write *write, bool show_item)
{
    struct slice members = SLICE("");
    if (show_item && write->had_old) {
        struct buffer text = {0};
        BUFFER_APPEND_LITERAL(&text, ",\"Item\":");
        item_append_json(&text, &write->old);
        members = arena_copy(&call->arena, buffer_slice(&text));
        buffer_finish(&text);
    }
    call_fail_with(call, ERROR_CONDITIONAL_CHECK_FAILED, members, "The conditional request failed");
}

void item_write_fail(struct api_call *call, const struct write *write, bool item_on_failure)
{
    bool is_update = write->kind == WRITE_UPDATE;
    if (write->command.failed) {
        call_fail(call, ERROR_INTERNAL, "Internal server error");
        return;
    }
    switch (write->result) {
    case WRITE_DONE:
        assert(!"a write that was done has not failed");
        break;
    case WRITE_CONDITION_FAILED:
        fail_condition(call, write, item_on_failure);
        return;
    case WRITE_TABLE_GONE:
        call_fail(call, ERROR_RESOURCE_NOT_FOUND, "Requested resource not found");
        return;
    case WRITE_UPDATE_INVALID:
        expressions_fail(call, EXPR_UPDATE, &write->expr_error);
        return;
    case WRITE_ITEM_TOO_LARGE:
        call_fail(call, ERROR_VALIDATION, "Item size%s has exceeded the maximum allowed size",
                  is_update ? " to update" : "");
        return;
    case WRITE_ITEM_TOO_DEEP:
        call_fail(call, ERROR_VALIDATION, "Nesting Levels have exceeded supported limits");
        return;
    case WRITE_INDEX_KEY_INVALID:
        call_fail(call, ERROR_VALIDATION, "%.*s",
                  SLICE_ARG(key_index_flaw_text(&call->arena, &write->index_flaw, is_update)));
        return;
    case WRITE_COLLECTION_FULL:
        call_fail(call, ERROR_ITEM_COLLECTION_SIZE_LIMIT, "Collection size exceeded.");
        return;
    case WRITE_CONFLICT:
        call_fail(call, ERROR_TRANSACTION_CONFLICT, "Transaction is ongoing for the item");
        return;
    case WRITE_THROTTLED:
        throttle_fail(call, &write->table->spec, &write->throttle);
        return;
    case WRITE_STORE_FAILED:
        call_fail(call, ERROR_INTERNAL, "Internal server error");
        return;
    }
}

/* --- answers --------------------------------------------------------------------------------------------------- */

/* Attributes as ReturnValues asks for them; false: there are none to show. */
static bool returned_attributes(const struct item_write *item_write, struct item *ret_attributes)
{
    const struct write *write = &item_write->write;
    struct arena *arena = &item_write->call->arena;
    switch (item_write->return_values) {
    case RETURN_NONE:
        return false;
    case RETURN_ALL_OLD:
        *ret_attributes = write->old;
        return write->had_old;
    case RETURN_ALL_NEW:
        *ret_attributes = write->new;
        return true;
    case RETURN_UPDATED_OLD:
        if (!write->had_old || write->update == NULL) {
            return false;
        }
        update_project(write->update, &write->old, arena, ret_attributes);
        return ret_attributes->count != 0;
    case RETURN_UPDATED_NEW:
        if (write->update == NULL) {
            return false;
        }
        update_project(write->update, &write->new, arena, ret_attributes);
        return ret_attributes->count != 0;
    }
    return false;
}

static void answer(struct item_write *item_write)
{
    struct api_call *call = item_write->call;
    const struct write *write = &item_write->write;
    const struct table_spec *table = &write->table->spec;
    struct buffer *out = &call->out;
    struct item attributes;
    json_object_begin(out);
    if (returned_attributes(item_write, &attributes)) {
        json_name(out, "Attributes");
        item_append_json(out, &attributes);
    }
    if (item_write->return_capacity != CAPACITY_NONE) {
        struct capacity_used used = {0};
        capacity_of_write(write, &used);
        capacity_append_member(out, item_write->return_capacity, table, &used);
    }
    if (item_write->return_metrics == METRICS_SIZE && table_has_local_index(table)) {
        json_name(out, "ItemCollectionMetrics");
        metrics_append(out, call->loop->api->cluster, table, &write->key_item.attributes[0].value);
    }
    json_object_end(out);
    call_succeed(call);
}

static void write_finished(struct task *task)
{
    struct item_write *item_write = (struct item_write *)task;
    const struct write *write = &item_write->write;
    bool failed = write->command.failed || write->result != WRITE_DONE;
    if (failed && item_write->legacy_update && legacy_update_failed(item_write->call, write)) {
        return;
    }
    if (failed) {
        item_write_fail(item_write->call, write, item_write->return_on_failure == ON_FAILURE_ALL_OLD);
        return;
    }
    answer(item_write);
}

void item_write_submit(struct item_write *item_write)
{
    struct write *write = &item_write->write;
    enum return_values values = item_write->return_values;
    write->want_old = values == RETURN_ALL_OLD || values == RETURN_UPDATED_OLD ||
                      (write->condition != NULL && item_write->return_on_failure == ON_FAILURE_ALL_OLD);
    write->want_new = values == RETURN_ALL_NEW || values == RETURN_UPDATED_NEW;
    write->want_capacity = item_write->return_capacity != CAPACITY_NONE;
    write->command.task.run = write_finished;
    cluster_submit_write(call_port(item_write->call), write);
}
