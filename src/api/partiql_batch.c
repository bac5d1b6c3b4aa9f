/* BatchExecuteStatement: up to 25 statements, all reads of one item each or all writes, each with its own result. What
 * is wrong with one statement is its own affair; what is wrong with the batch fails the request. */
#include "api/authorize.h"
#include "api/capacity_json.h"
#include "api/item_write.h"
#include "api/partiql_operations.h"
#include "api/partiql_prepare.h"
#include "engine/capacity.h"
#include "partiql/error.h"
#include "value/codec.h"

#define STATEMENTS_MAX    25
#define INLINE_READS      8
#define WRITE_ARENA_BYTES 2048

/* --- the request ------------------------------------------------------------------------------------------------- */

struct batch_statement_request {
    struct opt_string statement;
    struct statement_parameters parameters;
    struct opt_boolean consistent;
    struct opt_enum return_on_failure;
};

struct batch_execute_statement_request {
    struct {
        SHAPE_LIST_OF(struct batch_statement_request);
    } statements;
    struct opt_enum return_capacity;
};

static const struct shape_member batch_statement_members[] = {
    MEMBER_STATEMENT(struct batch_statement_request),
    MEMBER_PARAMETERS(struct batch_statement_request),
    {SHAPE_MEMBER(struct batch_statement_request, consistent, "ConsistentRead", "consistentRead", SHAPE_BOOLEAN)},
    MEMBER_RETURN_ON_FAILURE(struct batch_statement_request),
};
static const struct shape batch_statement_shape =
    SHAPE_OF("BatchStatementRequest", struct batch_statement_request, batch_statement_members);
static const struct shape_member element_statement = {.kind = SHAPE_STRUCTURE, .shape = &batch_statement_shape};

static const struct shape_member batch_execute_statement_members[] = {
    {SHAPE_MEMBER(struct batch_execute_statement_request, statements, "Statements", "statements", SHAPE_LIST),
     .required = true, .limit = LIMIT_RANGE(1, STATEMENTS_MAX), .element = &element_statement},
    MEMBER_RETURN_CAPACITY(struct batch_execute_statement_request),
};
const struct shape batch_execute_statement_shape =
    SHAPE_OF("BatchExecuteStatementInput", struct batch_execute_statement_request, batch_execute_statement_members);

/* --- state ------------------------------------------------------------------------------------------------------- */

struct statement_batch;

struct batch_entry {
    struct write write; /* first */
    struct statement_batch *batch;
    struct arena arena; /* the writer thread's, while a write is on its way */
    const struct batch_statement_request *request;
    struct partiql_statement *statement; /* NULL if it did not compile */
    struct table *table;                 /* NULL if it did not get so far */
    struct row_key key;
    double read_units;
    bool ran; /* a write was submitted, whatever became of it */
    bool failed;
    struct partiql_failure failure;
};

struct statement_batch {
    struct api_call *call;
    struct batch_entry *entries;
    uint32_t count;
    uint32_t submitted, finished;
    bool is_read;
    bool store_failed;
    struct err err;
};

static bool item_on_failure(const struct batch_entry *entry)
{
    return opt_enum_or(&entry->request->return_on_failure, ON_FAILURE_NONE) == ON_FAILURE_ALL_OLD;
}

static enum return_capacity return_capacity(const struct statement_batch *batch)
{
    const struct batch_execute_statement_request *request =
        CALL_REQUEST(batch->call, struct batch_execute_statement_request);
    return opt_enum_or(&request->return_capacity, CAPACITY_NONE);
}

/* --- preparing --------------------------------------------------------------------------------------------------- */

/* False if the request fails: it does for a parameter that is no value. */
static bool compile_all(struct statement_batch *batch)
{
    struct arena *arena = &batch->call->arena;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct batch_entry *entry = &batch->entries[i];
        const struct batch_statement_request *request = entry->request;
        entry->failed = !partiql_prepare(arena, request->statement.text, &request->parameters, &entry->statement,
                                         &entry->failure) ||
                        !partiql_refuse_exists(arena, entry->statement, &entry->failure);
        if (entry->failed && entry->failure.code == PARTIQL_OK) {
            partiql_fail_call(batch->call, &entry->failure);
            return false;
        }
        if (entry->failed && entry->failure.code == PARTIQL_OPERATION) { /* a batch words it without details */
            entry->failure.message =
                SLICE("Invalid operation. Only select, insert, update and delete operations are valid");
        }
    }
    return true;
}

/* All that compiled must be reads, or all writes. */
static bool check_kinds(struct statement_batch *batch)
{
    uint32_t reads = 0;
    uint32_t writes = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct batch_entry *entry = &batch->entries[i];
        bool is_read = !entry->failed && entry->statement->kind == PARTIQL_SELECT;
        reads += is_read;
        writes += !entry->failed && !is_read;
    }
    batch->is_read = reads > 0;
    if (reads > 0 && writes > 0) {
        call_fail(batch->call, ERROR_VALIDATION,
                  "Read and write requests together in the same batch is not supported.");
        return false;
    }
    return true;
}

static bool prepare(struct statement_batch *batch, struct batch_entry *entry)
{
    struct arena *arena = &batch->call->arena;
    struct slice text = entry->request->statement.text;
    struct table *table;
    struct slice denial;
    if (!authorize_statement(batch->call, entry->statement, &denial)) {
        entry->failure = (struct partiql_failure){.type = ERROR_ACCESS_DENIED, .message = denial};
        return false;
    }
    if (!partiql_find_table(batch->call, entry->statement, &table, &entry->failure)) {
        return false;
    }
    if (batch->is_read) {
        if (!partiql_prepare_get(arena, text, entry->statement, table, &entry->key, &entry->failure)) {
            return false;
        }
    } else {
        if (!partiql_prepare_write(arena, text, entry->statement, table, item_on_failure(entry), &entry->write,
                                   &entry->failure)) {
            if (entry->statement->kind != PARTIQL_INSERT) {
                entry->key = entry->write.key; /* if there is one: repeated keys are told all the same */
            }
            return false;
        }
        entry->key = entry->write.key;
    }
    entry->table = table;
    return true;
}

static void prepare_all(struct statement_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct batch_entry *entry = &batch->entries[i];
        entry->failed = entry->failed || !prepare(batch, entry);
    }
}

/* No two statements may be about one item. Row keys have the table in front. */
static bool check_duplicates(struct statement_batch *batch)
{
    for (uint32_t i = 1; i < batch->count; i++) {
        for (uint32_t j = 0; batch->entries[i].key.bytes.len != 0 && j < i; j++) {
            if (slice_equal(batch->entries[i].key.bytes, batch->entries[j].key.bytes)) {
                call_fail(batch->call, ERROR_VALIDATION, "Provided list of item keys contains duplicates");
                return false;
            }
        }
    }
    return true;
}

/* --- the answer -------------------------------------------------------------------------------------------------- */

/* Codes of batches have no suffix. */
static const char *error_code(enum error_type type)
{
    switch (type) {
    case ERROR_RESOURCE_NOT_FOUND:
        return "ResourceNotFound";
    case ERROR_CONDITIONAL_CHECK_FAILED:
        return "ConditionalCheckFailed";
    case ERROR_DUPLICATE_ITEM:
        return "DuplicateItem";
    case ERROR_ITEM_COLLECTION_SIZE_LIMIT:
        return "ItemCollectionSizeLimitExceeded";
    case ERROR_TRANSACTION_CONFLICT:
        return "TransactionConflict";
    case ERROR_THROUGHPUT_EXCEEDED:
        return "ProvisionedThroughputExceeded";
    case ERROR_THROTTLING:
        return "ThrottlingError";
    case ERROR_REQUEST_LIMIT:
        return "RequestLimitExceeded";
    case ERROR_ACCESS_DENIED:
        return "AccessDenied";
    case ERROR_INTERNAL:
        return "InternalServerError";
    default:
        return "ValidationError";
    }
}

static void append_failure(struct buffer *out, const struct partiql_failure *failure)
{
    json_member_object_begin(out, "Error");
    json_member_text(out, "Code", error_code(failure->type));
    json_member_string(out, "Message", failure->message);
    if (failure->has_item) {
        json_name(out, "Item");
        item_append_json(out, &failure->item);
    }
    json_object_end(out);
}

static void append_table(struct buffer *out, const struct batch_entry *entry)
{
    if (entry->table != NULL) {
        json_member_string(out, "TableName", entry->table->spec.name);
    }
}

/* A write that ran is charged, also if it failed: by the larger of the item that is there and the one it brought. */
static void count_units(const struct statement_batch *batch, struct batch_entry *entry, struct capacity_used *used)
{
    if (batch->is_read) {
        used->table += entry->read_units;
        return;
    }
    struct write *write = &entry->write;
    if (entry->failed && write->kind == WRITE_PUT) {
        uint32_t brought = capacity_write_units(item_size(&write->item));
        write->table_units = brought > write->table_units ? brought : write->table_units;
    }
    if (entry->ran) {
        capacity_of_write(write, used);
    }
}

static bool is_on_table_of(const struct batch_entry *entry, const struct batch_entry *other)
{
    return entry->table != NULL && entry->table->spec.id == other->table->spec.id;
}

/* The units of all statements on the table of `entry`, at the first one that succeeded: tables without any are left
 * out. Source: https://github.com/nubo-db/dynoxide/pull/188, captured from Amazon DynamoDB. */
static bool sum_units(struct statement_batch *batch, uint32_t at, struct capacity_used *used)
{
    const struct batch_entry *entry = &batch->entries[at];
    for (uint32_t i = 0; i < batch->count; i++) {
        struct batch_entry *other = &batch->entries[i];
        if (entry->failed || !is_on_table_of(other, entry)) {
            continue;
        }
        if (i < at && !other->failed) {
            return false;
        }
        count_units(batch, other, used);
    }
    return !entry->failed;
}

static void append_capacity(struct statement_batch *batch)
{
    struct buffer *out = &batch->call->out;
    bool open = false;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct capacity_used used = {0};
        if (!sum_units(batch, i, &used)) {
            continue;
        }
        if (!open) {
            json_member_array_begin(out, "ConsumedCapacity");
            open = true;
        }
        capacity_append(out, return_capacity(batch), &batch->entries[i].table->spec, &used);
    }
    if (open) {
        json_array_end(out);
    }
}

static void begin_answer(struct statement_batch *batch)
{
    json_object_begin(&batch->call->out);
    json_member_array_begin(&batch->call->out, "Responses");
}

static void end_answer(struct statement_batch *batch)
{
    struct buffer *out = &batch->call->out;
    json_array_end(out);
    if (return_capacity(batch) != CAPACITY_NONE) {
        append_capacity(batch);
    }
    json_object_end(out);
}

/* --- reads: on the loop or the pool ------------------------------------------------------------------------------ */

/* On the thread that reads. */
static bool admit(struct batch_entry *entry)
{
    struct throttle throttle;
    if (throttle_admit_read(entry->table, NULL, entry->key.hash, &throttle)) {
        return true;
    }
    entry->failure = partiql_throttled(&entry->table->spec, &throttle);
    return false;
}

static int append_item(struct statement_batch *batch, struct batch_entry *entry, struct slice stored,
                       struct item_header *ret_header)
{
    struct buffer *out = &batch->call->out;
    struct item item;
    struct item shown;
    json_name(out, "Item");
    if (entry->statement->projection == NULL) {
        return item_stored_append_json(out, stored, ret_header, &batch->err);
    }
    if (item_decode(&batch->call->arena, stored, ret_header, &item, &batch->err) != 0) {
        return -1;
    }
    /* Not as columns: what is nested stays so. */
    projection_apply(entry->statement->projection, &item, &batch->call->arena, &shown);
    item_append_json(out, &shown);
    return 0;
}

static int read_entry(struct statement_batch *batch, struct batch_entry *entry)
{
    struct item_header header = {0};
    struct stored_item stored;
    if (cluster_get(batch->call->loop->api->cluster, &entry->key, &stored, &batch->err) != 0) {
        return -1;
    }
    int failed = !stored_item_exists(&stored) ? 0 : append_item(batch, entry, stored.bytes, &header);
    stored_item_release(&stored);
    entry->read_units = (entry->request->consistent.flag ? 1 : 0.5) * capacity_read_blocks(header.size);
    const struct capacity_used used = {.table = entry->read_units};
    throttle_charge_read(entry->table, entry->key.hash, &used);
    return failed;
}

static void read_all(struct api_call *call)
{
    struct statement_batch *batch = call->state;
    begin_answer(batch);
    for (uint32_t i = 0; i < batch->count && !batch->store_failed; i++) {
        struct batch_entry *entry = &batch->entries[i];
        json_object_begin(&call->out);
        entry->failed = entry->failed || !admit(entry);
        if (entry->failed) {
            append_failure(&call->out, &entry->failure);
        }
        append_table(&call->out, entry);
        batch->store_failed = !entry->failed && read_entry(batch, entry) != 0;
        json_object_end(&call->out);
    }
}

static void reads_done(struct api_call *call)
{
    struct statement_batch *batch = call->state;
    if (batch->store_failed) {
        item_fail_store(call, &batch->err);
        return;
    }
    end_answer(batch);
    call_succeed(call);
}

/* --- writes ------------------------------------------------------------------------------------------------------ */

static void append_write(struct statement_batch *batch, struct batch_entry *entry)
{
    struct buffer *out = &batch->call->out;
    struct item shown;
    json_object_begin(out);
    bool was_submitted = !entry->failed;
    if (was_submitted) {
        entry->failed = partiql_write_failed(&batch->call->arena, entry->statement, &entry->write,
                                             item_on_failure(entry), &entry->failure);
    }
    if (entry->failed) {
        append_failure(out, &entry->failure);
    }
    append_table(out, entry);
    if (!entry->failed && partiql_returned(&batch->call->arena, entry->statement, &entry->write, &shown)) {
        json_name(out, "Item");
        item_append_json(out, &shown);
    }
    json_object_end(out);
}

static void writes_done(struct statement_batch *batch)
{
    begin_answer(batch);
    for (uint32_t i = 0; i < batch->count; i++) {
        append_write(batch, &batch->entries[i]);
    }
    end_answer(batch);
    for (uint32_t i = 0; i < batch->count; i++) {
        arena_finish(&batch->entries[i].arena);
    }
    call_succeed(batch->call);
}

static void write_finished(struct task *task)
{
    struct statement_batch *batch = ((struct batch_entry *)task)->batch;
    if (++batch->finished == batch->submitted) {
        writes_done(batch);
    }
}

static void submit_all(struct statement_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct batch_entry *entry = &batch->entries[i];
        entry->batch = batch;
        arena_init(&entry->arena, WRITE_ARENA_BYTES);
        batch->submitted += !entry->failed;
    }
    if (batch->submitted == 0) {
        writes_done(batch);
        return;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        struct batch_entry *entry = &batch->entries[i];
        if (!entry->failed) {
            entry->ran = true;
            entry->write.arena = &entry->arena;
            entry->write.want_capacity = return_capacity(batch) != CAPACITY_NONE;
            entry->write.command.task.run = write_finished;
            cluster_submit_write(call_port(batch->call), &entry->write);
        }
    }
}

void batch_execute_statement_run(struct api_call *call)
{
    const struct batch_execute_statement_request *request = CALL_REQUEST(call, struct batch_execute_statement_request);
    struct statement_batch *batch = ARENA_NEW(&call->arena, struct statement_batch);
    batch->call = call;
    batch->count = request->statements.count;
    batch->entries = arena_zalloc(&call->arena, sizeof(batch->entries[0]) * batch->count);
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->entries[i].request = &request->statements.items[i];
    }
    call->state = batch;
    if (!compile_all(batch) || !check_kinds(batch)) {
        return;
    }
    prepare_all(batch);
    if (!check_duplicates(batch)) {
        return;
    }
    if (!batch->is_read) {
        submit_all(batch);
    } else if (batch->count <= INLINE_READS) {
        read_all(call);
        reads_done(call);
    } else {
        call_run_on_pool(call, read_all, reads_done);
    }
}
