/* TransactWriteItems. Order of checks: what each action is made of (one kind, style, expressions, values, size), the
 * size of all, then action by action its table, key, repetition and key attributes in expressions. What does not fit a
 * table's schema cancels the transaction, everything before fails the request. */
#include "api/attribute_error.h"
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/key_check.h"
#include "api/transact_run.h"

/* --- the request ----------------------------------------------------------------------------------------------- */

/* Of every kind; the members that a kind does not have stay absent. */
struct action_request {
    struct opt_string table;
    struct opt_item item; /* or the key */
    struct opt_string update;
    struct opt_string condition;
    struct expression_names names;
    struct expression_values values;
    struct opt_enum return_on_failure;
};

struct transact_item {
    struct action_request *check, *put, *delete, *update;
};

struct transact_write_request {
    struct {
        SHAPE_LIST_OF(struct transact_item);
    } items;
    struct opt_enum return_capacity;
    struct opt_enum return_metrics;
    struct opt_string token;
};

#define MEMBER_OF_ACTION_KEY                                                                                           \
    {                                                                                                                  \
        SHAPE_MEMBER(struct action_request, item, "Key", "key", SHAPE_ITEM), .required = true                          \
    }
#define MEMBER_OF_ACTION_CONDITION                                                                                     \
    SHAPE_MEMBER(struct action_request, condition, "ConditionExpression", "conditionExpression", SHAPE_STRING)
#define MEMBERS_OF_EVERY_ACTION                                                                                        \
    MEMBER_NAMES(struct action_request), MEMBER_VALUES(struct action_request),                                         \
        MEMBER_RETURN_ON_FAILURE(struct action_request)

static const struct shape_member check_members[] = {
    MEMBER_OF_ACTION_KEY,
    MEMBER_TABLE_NAME(struct action_request),
    {MEMBER_OF_ACTION_CONDITION, .required = true},
    MEMBERS_OF_EVERY_ACTION,
};
static const struct shape check_shape = SHAPE_OF("ConditionCheck", struct action_request, check_members);

static const struct shape_member put_members[] = {
    {SHAPE_MEMBER(struct action_request, item, "Item", "item", SHAPE_ITEM), .required = true},
    MEMBER_TABLE_NAME(struct action_request),
    {MEMBER_OF_ACTION_CONDITION},
    MEMBERS_OF_EVERY_ACTION,
};
static const struct shape put_shape = SHAPE_OF("Put", struct action_request, put_members);

static const struct shape_member delete_members[] = {
    MEMBER_OF_ACTION_KEY,
    MEMBER_TABLE_NAME(struct action_request),
    {MEMBER_OF_ACTION_CONDITION},
    MEMBERS_OF_EVERY_ACTION,
};
static const struct shape delete_shape = SHAPE_OF("Delete", struct action_request, delete_members);

static const struct shape_member update_members[] = {
    MEMBER_OF_ACTION_KEY,
    {SHAPE_MEMBER(struct action_request, update, "UpdateExpression", "updateExpression", SHAPE_STRING),
     .required = true},
    MEMBER_TABLE_NAME(struct action_request),
    {MEMBER_OF_ACTION_CONDITION},
    MEMBERS_OF_EVERY_ACTION,
};
static const struct shape update_shape = SHAPE_OF("Update", struct action_request, update_members);

static const struct shape_member item_members[] = {
    {SHAPE_MEMBER(struct transact_item, check, "ConditionCheck", "conditionCheck", SHAPE_STRUCTURE),
     .shape = &check_shape},
    {SHAPE_MEMBER(struct transact_item, put, "Put", "put", SHAPE_STRUCTURE), .shape = &put_shape},
    {SHAPE_MEMBER(struct transact_item, delete, "Delete", "delete", SHAPE_STRUCTURE), .shape = &delete_shape},
    {SHAPE_MEMBER(struct transact_item, update, "Update", "update", SHAPE_STRUCTURE), .shape = &update_shape},
};
static const struct shape item_shape = SHAPE_OF("TransactWriteItem", struct transact_item, item_members);
static const struct shape_member element_item = {.kind = SHAPE_STRUCTURE, .shape = &item_shape};

static const struct shape_member request_members[] = {
    {SHAPE_MEMBER(struct transact_write_request, items, "TransactItems", "transactItems", SHAPE_LIST), .required = true,
     .limit = LIMIT_RANGE(1, TRANSACT_ACTIONS_MAX), .element = &element_item},
    MEMBER_RETURN_CAPACITY(struct transact_write_request),
    MEMBER_RETURN_METRICS(struct transact_write_request),
    {SHAPE_MEMBER(struct transact_write_request, token, "ClientRequestToken", "clientRequestToken", SHAPE_STRING),
     .limit = LIMIT_RANGE(1, 36)},
};
const struct shape transact_write_items_shape =
    SHAPE_OF("TransactWriteItemsInput", struct transact_write_request, request_members);

/* --- one action ------------------------------------------------------------------------------------------------ */

struct parsed {
    const struct action_request *request;
    enum write_kind kind;
    struct update *update;
    struct condition *condition;
};

static bool find_kind(struct api_call *call, const struct transact_item *item, struct parsed *parsed)
{
    const struct {
        const struct action_request *request;
        enum write_kind kind;
    } kinds[] = {
        {item->check, WRITE_CHECK}, {item->put, WRITE_PUT}, {item->delete, WRITE_DELETE}, {item->update, WRITE_UPDATE}};
    unsigned present = 0;
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].request != NULL) {
            present++;
            parsed->request = kinds[i].request;
            parsed->kind = kinds[i].kind;
        }
    }
    if (present == 0) {
        call_fail(call, ERROR_VALIDATION,
                  "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request");
    } else if (present > 1) {
        call_fail(call, ERROR_VALIDATION, "TransactItems can only contain one of Check, Put, Update or Delete");
    }
    return present == 1;
}

static bool check_style(struct api_call *call, const struct parsed *parsed)
{
    const struct action_request *request = parsed->request;
    bool is_update = parsed->kind == WRITE_UPDATE;
    const struct parameter expressions[] = {
        {"UpdateExpression", request->update.present, true},
        {"ConditionExpression", request->condition.present, true},
    };
    const struct expression_style style = {
        .expressions = is_update ? expressions : expressions + 1,
        .expression_count = is_update ? 2 : 1,
        .has_names = request->names.present,
        .has_values = request->values.present,
    };
    return expressions_check_style(call, &style);
}

static bool parse(struct api_call *call, const struct transact_item *item, struct parsed *parsed)
{
    struct expr_symbols symbols;
    if (!find_kind(call, item, parsed) || !check_style(call, parsed)) {
        return false;
    }
    const struct action_request *request = parsed->request;
    if (!expressions_symbols(call, &request->names, &request->values, &symbols) ||
        !expressions_update(call, &request->update, &symbols, &parsed->update) ||
        !expressions_condition(call, EXPR_CONDITION, &request->condition, &symbols, &parsed->condition) ||
        !expressions_check_used(call, &symbols) || !attribute_check(call, &request->item.flaw)) {
        return false;
    }
    if (parsed->kind == WRITE_PUT && item_size(&request->item.item) > ITEM_SIZE_MAX) {
        call_fail(call, ERROR_VALIDATION, "Item size has exceeded the maximum allowed size");
        return false;
    }
    return true;
}

/* What counts towards the limit: items and keys, expressions as sent, the names and values they refer to. */
static size_t payload_size(const struct action_request *request)
{
    size_t size = item_size(&request->item.item) + request->update.text.len + request->condition.text.len;
    for (uint32_t i = 0; i < request->names.count; i++) {
        size += request->names.items[i].len;
    }
    for (uint32_t i = 0; i < request->values.count; i++) {
        size += value_size(&request->values.items[i].value);
    }
    return size;
}

static bool add(struct api_call *call, struct transact_run *run, const struct parsed *parsed)
{
    const struct action_request *request = parsed->request;
    struct table *table = call_table(call, request->table.text);
    if (table == NULL) {
        return false;
    }
    struct transact_action *action = transact_run_next(run);
    if (!transact_run_aim(run, action, parsed->kind, table, &request->item.item) ||
        !transact_run_check_repeated(run, action)) {
        return false;
    }
    if (action->reason.code != NULL) {
        return true; /* its key does not fit: nothing else of it is looked at */
    }
    if (!expressions_check_scalars(call, &table->spec, parsed->condition, NULL, NULL)) {
        return false;
    }
    struct slice message;
    if (parsed->update != NULL && !key_check_targets(&call->arena, &table->spec, parsed->update, &message)) {
        action->reason = transact_invalid(message);
    } else if (!expressions_check_scalars(call, &table->spec, NULL, NULL, parsed->update)) {
        return false;
    }
    action->write.condition = parsed->condition;
    action->write.update = parsed->update;
    action->show_old = opt_enum_or(&request->return_on_failure, ON_FAILURE_NONE) == ON_FAILURE_ALL_OLD;
    return true;
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

static bool parse_all(struct api_call *call, const struct transact_write_request *request, struct parsed *parsed)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < request->items.count; i++) {
        if (!parse(call, &request->items.items[i], &parsed[i])) {
            return false;
        }
        bytes += payload_size(parsed[i].request);
    }
    if (bytes > TRANSACT_BYTES_MAX) {
        call_fail(call, ERROR_VALIDATION, "Transaction payload size cannot exceed 4MB. Payload Size: %zu", bytes);
        return false;
    }
    return true;
}

void transact_write_items_run(struct api_call *call)
{
    const struct transact_write_request *request = CALL_REQUEST(call, struct transact_write_request);
    uint32_t count = request->items.count;
    struct parsed *parsed = arena_zalloc(&call->arena, sizeof(struct parsed) * count);
    if (!parse_all(call, request, parsed)) {
        return;
    }
    struct transact_run *run = transact_run_create(call, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!add(call, run, &parsed[i])) {
            return;
        }
    }
    run->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    run->return_metrics = opt_enum_or(&request->return_metrics, METRICS_NONE);
    transact_run_set_token(run, &request->token, SLICE("TransactItems"));
    transact_run_start(run);
}
