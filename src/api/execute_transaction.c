/* ExecuteTransaction: up to 100 PartiQL statements, all reads of one item each, or all writes and EXISTS conditions.
 * They run as TransactGetItems and TransactWriteItems do, and a SELECT shows what a projection shows. Order of checks:
 * every statement by itself, reads or writes, then statement by statement what a transaction takes, its table and its
 * key. */
#include "api/key_check.h"
#include "api/partiql_operations.h"
#include "api/partiql_prepare.h"
#include "api/transact_read.h"
#include "api/transact_run.h"
#include "partiql/error.h"

#define INVALID_STATEMENT "Validation failed in TransactStatements[%u]: %.*s"

struct statement_request {
    struct opt_string statement;
    struct statement_parameters parameters;
    struct opt_enum return_on_failure;
};

struct execute_transaction_request {
    struct {
        SHAPE_LIST_OF(struct statement_request);
    } statements;
    struct opt_string token;
    struct opt_enum return_capacity;
};

static const struct shape_member statement_members[] = {
    MEMBER_STATEMENT(struct statement_request),
    MEMBER_PARAMETERS(struct statement_request),
    MEMBER_RETURN_ON_FAILURE(struct statement_request),
};
static const struct shape statement_shape =
    SHAPE_OF("ParameterizedStatement", struct statement_request, statement_members);
static const struct shape_member element_statement = {.kind = SHAPE_STRUCTURE, .shape = &statement_shape};

static const struct shape_member request_members[] = {
    {SHAPE_MEMBER(struct execute_transaction_request, statements, "TransactStatements", "transactStatements",
                  SHAPE_LIST),
     .required = true, .limit = LIMIT_RANGE(1, TRANSACT_ACTIONS_MAX), .element = &element_statement},
    {SHAPE_MEMBER(struct execute_transaction_request, token, "ClientRequestToken", "clientRequestToken", SHAPE_STRING),
     .limit = LIMIT_RANGE(1, 36)},
    MEMBER_RETURN_CAPACITY(struct execute_transaction_request),
};
const struct shape execute_transaction_shape =
    SHAPE_OF("ExecuteTransactionInput", struct execute_transaction_request, request_members);

/* --- statements by themselves ------------------------------------------------------------------------------------ */

struct entry {
    uint32_t number;
    const struct statement_request *request;
    struct partiql_statement *statement;
};

static bool refuse_statement(struct api_call *call, const struct entry *entry, struct slice message)
{
    call_fail(call, ERROR_VALIDATION, INVALID_STATEMENT, entry->number, SLICE_ARG(message));
    return false;
}

/* What is wrong with the values, or no statement at all, is told without the number. */
static bool compile(struct api_call *call, struct entry *entry)
{
    const struct statement_request *request = entry->request;
    struct partiql_failure failure;
    if (partiql_prepare(&call->arena, request->statement.text, &request->parameters, &entry->statement, &failure)) {
        return true;
    }
    if (failure.code == PARTIQL_OK || failure.code == PARTIQL_MALFORMED || failure.code == PARTIQL_OPERATION) {
        partiql_fail_call(call, &failure);
        return false;
    }
    return refuse_statement(call, entry, failure.message);
}

static bool check_kinds(struct api_call *call, const struct entry *entries, uint32_t count)
{
    uint32_t reads = 0;
    for (uint32_t i = 0; i < count; i++) {
        reads += entries[i].statement->kind == PARTIQL_SELECT;
    }
    if (reads > 0 && reads < count) {
        call_fail(call, ERROR_VALIDATION,
                  "ExecuteTransaction API does not support both read and write operations in the same request.");
        return false;
    }
    return true;
}

static bool check_form(struct api_call *call, const struct entry *entry)
{
    if (entry->statement->returning != PARTIQL_RETURN_NONE) {
        return refuse_statement(call, entry, SLICE("RETURNING clause is not supported in ExecuteTransaction."));
    }
    if (entry->statement->index.len != 0) {
        bool is_read = entry->statement->kind == PARTIQL_SELECT;
        return refuse_statement(call, entry,
                                is_read ? SLICE("Reads on indices are not supported within transactions.")
                                        : SLICE("Operations on indices are not supported in transactions"));
    }
    return true;
}

/* --- against their tables ---------------------------------------------------------------------------------------- */

/* What does not fit the keys of the table cancels the transaction, unless the statement itself cannot be one of a
 * transaction. False: the call has been failed. */
static bool take_failure(struct api_call *call, const struct entry *entry, const struct partiql_failure *failure,
                         struct transact_reason *ret_reason)
{
    bool is_read = entry->statement->kind == PARTIQL_SELECT;
    switch (failure->code) {
    case PARTIQL_SINGLE_ITEM:
        return refuse_statement(
            call, entry,
            SLICE("Select statements within ExecuteTransaction must specify the primary key in the where clause."));
    case PARTIQL_EXPRESSION:
    case PARTIQL_EXISTS_FORM:
    case PARTIQL_KEY_NESTED:
        return refuse_statement(call, entry, failure->message);
    case PARTIQL_KEY_EMPTY:
        if (!is_read) {
            partiql_fail_call(call, failure);
            return false;
        }
        break;
    default:
        break;
    }
    *ret_reason = transact_invalid(failure->message);
    return true;
}

/* An item that is wrong whatever its table holds: too large, or with an empty key. */
static bool check_item(struct api_call *call, const struct entry *entry, const struct table *table,
                       const struct partiql_failure *failure)
{
    const struct item *item = &entry->statement->item;
    if (entry->statement->kind == PARTIQL_INSERT && failure->code == PARTIQL_OK &&
        (item_size(item) > ITEM_SIZE_MAX || key_fails_request(&table->spec, item, false))) {
        partiql_fail_call(call, failure);
        return false;
    }
    return true;
}

static bool add_write(struct api_call *call, struct transact_run *run, const struct entry *entry)
{
    const struct statement_request *request = entry->request;
    struct transact_action *action = transact_run_next(run);
    struct partiql_failure failure = {0};
    struct table *table;
    if (!partiql_find_table(call, entry->statement, &table, &failure)) {
        partiql_fail_call(call, &failure);
        return false;
    }
    action->show_old = opt_enum_or(&request->return_on_failure, ON_FAILURE_NONE) == ON_FAILURE_ALL_OLD;
    action->is_insert = entry->statement->kind == PARTIQL_INSERT;
    if (!partiql_prepare_write(&call->arena, request->statement.text, entry->statement, table, action->show_old,
                               &action->write, &failure) &&
        (!check_item(call, entry, table, &failure) || !take_failure(call, entry, &failure, &action->reason))) {
        return false;
    }
    action->write.table = table;
    return transact_run_check_repeated(run, action);
}

static bool add_read(struct api_call *call, struct transact_read *read, const struct entry *entry)
{
    struct partiql_failure failure = {0};
    struct table *table;
    if (!partiql_find_table(call, entry->statement, &table, &failure)) {
        partiql_fail_call(call, &failure);
        return false;
    }
    struct transact_get *get = transact_read_next(read, table);
    if (!partiql_prepare_get(&call->arena, entry->request->statement.text, entry->statement, table, &get->key,
                             &failure) &&
        !take_failure(call, entry, &failure, &get->reason)) {
        return false;
    }
    get->projection = entry->statement->projection;
    return transact_read_check_repeated(read, get);
}

/* --- running ----------------------------------------------------------------------------------------------------- */

static void run_reads(struct api_call *call, const struct entry *entries, uint32_t count)
{
    const struct execute_transaction_request *request = CALL_REQUEST(call, struct execute_transaction_request);
    struct transact_read *read = transact_read_create(call, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!add_read(call, read, &entries[i])) {
            return;
        }
    }
    read->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    transact_read_start(read);
}

static void run_writes(struct api_call *call, const struct entry *entries, uint32_t count)
{
    const struct execute_transaction_request *request = CALL_REQUEST(call, struct execute_transaction_request);
    struct transact_run *run = transact_run_create(call, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!add_write(call, run, &entries[i])) {
            return;
        }
    }
    run->with_responses = true;
    run->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    transact_run_set_token(run, &request->token, SLICE("TransactStatements"));
    transact_run_start(run);
}

void execute_transaction_run(struct api_call *call)
{
    const struct execute_transaction_request *request = CALL_REQUEST(call, struct execute_transaction_request);
    uint32_t count = request->statements.count;
    struct entry *entries = ARENA_ARRAY(&call->arena, struct entry, count);
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = (struct entry){.number = i, .request = &request->statements.items[i]};
        if (!compile(call, &entries[i]) || !check_form(call, &entries[i])) {
            return;
        }
    }
    if (!check_kinds(call, entries, count)) {
        return;
    }
    if (entries[0].statement->kind == PARTIQL_SELECT) {
        run_reads(call, entries, count);
    } else {
        run_writes(call, entries, count);
    }
}
