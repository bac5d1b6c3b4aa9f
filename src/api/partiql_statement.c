/* ExecuteStatement. Order of checks: the parameters' values, the statement, its table, keys. */
#include "api/capacity_json.h"
#include "api/partiql_operations.h"
#include "api/partiql_prepare.h"
#include "api/partiql_select.h"

#define TOKEN_BYTES_MAX 32768

struct execute_statement_request {
    struct opt_string statement;
    struct statement_parameters parameters;
    struct opt_boolean consistent;
    struct opt_string token;
    struct opt_enum return_capacity;
    struct opt_integer limit;
    struct opt_enum return_on_failure;
};

static const struct shape_member execute_statement_members[] = {
    MEMBER_STATEMENT(struct execute_statement_request),
    MEMBER_PARAMETERS(struct execute_statement_request),
    {SHAPE_MEMBER(struct execute_statement_request, consistent, "ConsistentRead", "consistentRead", SHAPE_BOOLEAN)},
    {SHAPE_MEMBER(struct execute_statement_request, token, "NextToken", "nextToken", SHAPE_STRING),
     .limit = LIMIT_RANGE(1, TOKEN_BYTES_MAX)},
    MEMBER_RETURN_CAPACITY(struct execute_statement_request),
    {SHAPE_MEMBER(struct execute_statement_request, limit, "Limit", "limit", SHAPE_INTEGER), .limit = LIMIT_MIN(1)},
    MEMBER_RETURN_ON_FAILURE(struct execute_statement_request),
};
const struct shape execute_statement_shape =
    SHAPE_OF("ExecuteStatementInput", struct execute_statement_request, execute_statement_members);

struct statement_write {
    struct write write; /* first */
    struct api_call *call;
    const struct partiql_statement *statement;
    bool item_on_failure;
};

static void write_finished(struct task *task)
{
    struct statement_write *state = (struct statement_write *)task;
    struct api_call *call = state->call;
    const struct execute_statement_request *request = CALL_REQUEST(call, struct execute_statement_request);
    const struct write *write = &state->write;
    struct partiql_failure failure;
    struct item shown;
    if (partiql_write_failed(&call->arena, state->statement, write, state->item_on_failure, &failure)) {
        partiql_fail_call(call, &failure);
        return;
    }
    json_object_begin(&call->out);
    json_member_array_begin(&call->out, "Items");
    if (partiql_returned(&call->arena, state->statement, write, &shown)) {
        item_append_json(&call->out, &shown);
    }
    json_array_end(&call->out);
    if (write->want_capacity) {
        struct capacity_used used = {0};
        capacity_of_write(write, &used);
        capacity_append_member(&call->out, request->return_capacity.value, &write->table->spec, &used);
    }
    json_object_end(&call->out);
    call_succeed(call);
}

static void run_write(struct api_call *call, const struct partiql_statement *statement, struct table *table)
{
    const struct execute_statement_request *request = CALL_REQUEST(call, struct execute_statement_request);
    struct statement_write *state = ARENA_NEW(&call->arena, struct statement_write);
    struct partiql_failure failure;
    state->call = call;
    state->statement = statement;
    state->item_on_failure = opt_enum_or(&request->return_on_failure, ON_FAILURE_NONE) == ON_FAILURE_ALL_OLD;
    if (!partiql_prepare_write(&call->arena, request->statement.text, statement, table, state->item_on_failure,
                               &state->write, &failure)) {
        partiql_fail_call(call, &failure);
        return;
    }
    state->write.arena = &call->arena;
    state->write.want_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE) != CAPACITY_NONE;
    state->write.command.task.run = write_finished;
    cluster_submit_write(call_port(call), &state->write);
}

void execute_statement_run(struct api_call *call)
{
    const struct execute_statement_request *request = CALL_REQUEST(call, struct execute_statement_request);
    struct partiql_statement *statement;
    struct partiql_failure failure;
    struct table *table;
    if (!partiql_prepare(&call->arena, request->statement.text, &request->parameters, &statement, &failure) ||
        !partiql_refuse_exists(&call->arena, statement, &failure) ||
        !partiql_find_table(call, statement, &table, &failure)) {
        partiql_fail_call(call, &failure);
        return;
    }
    if (statement->kind != PARTIQL_SELECT) {
        run_write(call, statement, table);
        return;
    }
    const struct partiql_select_options options = {
        .text = request->statement.text,
        .consistent = request->consistent.flag,
        .limit = (uint32_t)request->limit.number,
        .token = &request->token,
        .return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE),
    };
    partiql_select_run(call, statement, table, &options);
}
