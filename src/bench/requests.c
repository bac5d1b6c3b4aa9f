#include "bench/requests.h"

#include <assert.h>

#define LETTER_BYTES    (1u << 20)
#define RANGE_ITEMS_MAX 100 /* YCSB's maxscanlength */
#define TRANSACT_PUTS   4

#define PK_CHARS    16 /* "user" and twelve digits */
#define SK_CHARS    8
#define FIELD_CHARS 6 /* "field0" */

void requests_init(struct requests *requests, const struct bench_options *options, uint64_t seed)
{
    *requests = (struct requests){
        .options = options,
        .lists = workload_has_lists(options->workload),
        .random = {seed},
    };
    if (options->table != NULL) {
        snprintf(requests->table, sizeof requests->table, "%s", options->table);
    } else {
        snprintf(requests->table, sizeof requests->table, "bench-%s-%u-%ux%u", requests->lists ? "lists" : "items",
                 options->items, options->item_bytes, options->fields);
    }
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t bytes = LETTER_BYTES + options->item_bytes;
    char *letters = buffer_reserve(&requests->letters, bytes);
    for (size_t i = 0; i < bytes; i++) {
        letters[i] = alphabet[random_next(&requests->random) & 63];
    }
    requests->letters.len = bytes;
}

void requests_finish(struct requests *requests)
{
    buffer_finish(&requests->letters);
}

/* Decimal digits with zeros in front; faster than printf, which would be the most expensive part of a request. */
static void append_digits(struct buffer *body, uint64_t number, unsigned digits)
{
    char *at = buffer_reserve(body, digits) + digits;
    for (unsigned i = 0; i < digits; i++) {
        *--at = (char)('0' + number % 10);
        number /= 10;
    }
    body->len += digits;
}

static void append_key_members(const struct requests *requests, uint64_t item, struct buffer *body)
{
    if (requests->lists) {
        BUFFER_APPEND_LITERAL(body, "\"pk\":{\"S\":\"list");
        append_digits(body, item / LIST_ITEMS, PK_CHARS - 4);
        BUFFER_APPEND_LITERAL(body, "\"},\"sk\":{\"S\":\"");
        append_digits(body, item % LIST_ITEMS, SK_CHARS);
    } else {
        BUFFER_APPEND_LITERAL(body, "\"pk\":{\"S\":\"user");
        append_digits(body, item, PK_CHARS - 4);
    }
    BUFFER_APPEND_LITERAL(body, "\"}");
}

static void append_letters(struct requests *requests, size_t len, struct buffer *body)
{
    assert(len <= requests->options->item_bytes);
    buffer_append(body, requests->letters.data + random_below(&requests->random, LETTER_BYTES), len);
}

/* The bytes of values that all fields share. */
static unsigned value_bytes(const struct requests *requests)
{
    unsigned key = requests->lists ? 2 + PK_CHARS + 2 + SK_CHARS : 2 + PK_CHARS;
    return requests->options->item_bytes - key - requests->options->fields * FIELD_CHARS;
}

/* The first field takes what does not divide evenly. */
static unsigned field_bytes(const struct requests *requests, unsigned field)
{
    unsigned all = value_bytes(requests), fields = requests->options->fields;
    return all / fields + (field == 0 ? all % fields : 0);
}

static void append_item(struct requests *requests, uint64_t item, struct buffer *body)
{
    buffer_append_byte(body, '{');
    append_key_members(requests, item, body);
    for (unsigned i = 0; i < requests->options->fields; i++) {
        BUFFER_APPEND_LITERAL(body, ",\"field");
        buffer_append_byte(body, (char)('0' + i));
        BUFFER_APPEND_LITERAL(body, "\":{\"S\":\"");
        append_letters(requests, field_bytes(requests, i), body);
        BUFFER_APPEND_LITERAL(body, "\"}");
    }
    buffer_append_byte(body, '}');
}

static void begin(const struct requests *requests, struct buffer *body)
{
    buffer_clear(body);
    BUFFER_APPEND_LITERAL(body, "{\"TableName\":\"");
    buffer_append_slice(body, slice_from_string(requests->table));
    buffer_append_byte(body, '"');
}

static void append_key(const struct requests *requests, uint64_t item, struct buffer *body)
{
    BUFFER_APPEND_LITERAL(body, ",\"Key\":{");
    append_key_members(requests, item, body);
    buffer_append_byte(body, '}');
}

static void append_consistent(const struct requests *requests, struct buffer *body)
{
    if (requests->options->consistent) {
        BUFFER_APPEND_LITERAL(body, ",\"ConsistentRead\":true");
    }
}

static void append_update(struct requests *requests, struct buffer *body)
{
    unsigned field = (unsigned)random_below(&requests->random, requests->options->fields);
    BUFFER_APPEND_LITERAL(body, ",\"UpdateExpression\":\"SET field");
    buffer_append_byte(body, (char)('0' + field));
    BUFFER_APPEND_LITERAL(body, " = :v\",\"ExpressionAttributeValues\":{\":v\":{\"S\":\"");
    append_letters(requests, field_bytes(requests, field), body);
    BUFFER_APPEND_LITERAL(body, "\"}}");
}

/* Four items in a row that belong together: two such transactions touch the same items or none in common. */
static void append_transaction(struct requests *requests, uint64_t item, struct buffer *body)
{
    uint64_t groups = requests->options->items / TRANSACT_PUTS, first = item / TRANSACT_PUTS % groups * TRANSACT_PUTS;
    buffer_clear(body);
    BUFFER_APPEND_LITERAL(body, "{\"TransactItems\":[");
    for (unsigned i = 0; i < TRANSACT_PUTS; i++) {
        buffer_append_slice(body, i == 0 ? SLICE("{\"Put\":{\"TableName\":\"") : SLICE(",{\"Put\":{\"TableName\":\""));
        buffer_append_slice(body, slice_from_string(requests->table));
        BUFFER_APPEND_LITERAL(body, "\",\"Item\":");
        append_item(requests, first + i, body);
        BUFFER_APPEND_LITERAL(body, "}}");
    }
    BUFFER_APPEND_LITERAL(body, "]}");
}

static void append_query(struct requests *requests, uint64_t item, struct buffer *body)
{
    BUFFER_APPEND_LITERAL(
        body, ",\"KeyConditionExpression\":\"pk = :p\",\"ExpressionAttributeValues\":{\":p\":{\"S\":\"list");
    append_digits(body, item / LIST_ITEMS, PK_CHARS - 4);
    BUFFER_APPEND_LITERAL(body, "\"}}");
    append_consistent(requests, body);
}

const char *requests_write(struct requests *requests, enum operation operation, uint64_t item, struct buffer *body)
{
    const char *target = NULL;
    begin(requests, body);
    switch (operation) {
    case OPERATION_GET:
    case OPERATION_MODIFY:
        append_key(requests, item, body);
        append_consistent(requests, body);
        target = "GetItem";
        break;
    case OPERATION_PUT:
    case OPERATION_INSERT:
        BUFFER_APPEND_LITERAL(body, ",\"Item\":");
        append_item(requests, item, body);
        target = "PutItem";
        break;
    case OPERATION_UPDATE:
        append_key(requests, item, body);
        append_update(requests, body);
        target = "UpdateItem";
        break;
    case OPERATION_COUNT:
        append_key(requests, item, body);
        BUFFER_APPEND_LITERAL(body, ",\"UpdateExpression\":\"ADD hits :one\","
                                    "\"ExpressionAttributeValues\":{\":one\":{\"N\":\"1\"}}");
        target = "UpdateItem";
        break;
    case OPERATION_QUERY:
        append_query(requests, item, body);
        target = "Query";
        break;
    case OPERATION_TRANSACT:
        append_transaction(requests, item, body);
        return "TransactWriteItems";
    case OPERATION_SCAN:
        target = "Scan";
        break;
    case OPERATION_RANGE:
        BUFFER_APPEND_LITERAL(body, ",\"ExclusiveStartKey\":{");
        append_key_members(requests, item, body);
        buffer_printf(body, "},\"Limit\":%u", 1 + (unsigned)random_below(&requests->random, RANGE_ITEMS_MAX));
        append_consistent(requests, body);
        target = "Scan";
        break;
    case OPERATIONS:
        break;
    }
    assert(target != NULL);
    buffer_append_byte(body, '}');
    return target;
}

const char *requests_scan(struct requests *requests, struct slice start_key, struct buffer *body)
{
    begin(requests, body);
    if (start_key.len != 0) {
        BUFFER_APPEND_LITERAL(body, ",\"ExclusiveStartKey\":");
        buffer_append_slice(body, start_key);
    }
    append_consistent(requests, body);
    buffer_append_byte(body, '}');
    return "Scan";
}

const char *requests_load(struct requests *requests, uint64_t first, unsigned count, struct buffer *body)
{
    assert(count > 0 && count <= BATCH_ITEMS);
    buffer_clear(body);
    BUFFER_APPEND_LITERAL(body, "{\"RequestItems\":{\"");
    buffer_append_slice(body, slice_from_string(requests->table));
    BUFFER_APPEND_LITERAL(body, "\":[");
    for (unsigned i = 0; i < count; i++) {
        buffer_append_slice(body, i == 0 ? SLICE("{\"PutRequest\":{\"Item\":") : SLICE(",{\"PutRequest\":{\"Item\":"));
        append_item(requests, first + i, body);
        BUFFER_APPEND_LITERAL(body, "}}");
    }
    BUFFER_APPEND_LITERAL(body, "]}}");
    return "BatchWriteItem";
}

const char *requests_create_table(struct requests *requests, struct buffer *body)
{
    begin(requests, body);
    BUFFER_APPEND_LITERAL(body, ",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":["
                                "{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"}");
    if (requests->lists) {
        BUFFER_APPEND_LITERAL(body, ",{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"}");
    }
    BUFFER_APPEND_LITERAL(body, "],\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}");
    if (requests->lists) {
        BUFFER_APPEND_LITERAL(body, ",{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}");
    }
    BUFFER_APPEND_LITERAL(body, "]}");
    return "CreateTable";
}

const char *requests_describe_table(struct requests *requests, struct buffer *body)
{
    begin(requests, body);
    buffer_append_byte(body, '}');
    return "DescribeTable";
}

static void append_mark(const struct requests *requests, struct buffer *body)
{
    BUFFER_APPEND_LITERAL(body, "\"pk\":{\"S\":\"filled\"}");
    if (requests->lists) {
        BUFFER_APPEND_LITERAL(body, ",\"sk\":{\"S\":\"filled\"}");
    }
}

const char *requests_put_mark(struct requests *requests, struct buffer *body)
{
    begin(requests, body);
    BUFFER_APPEND_LITERAL(body, ",\"Item\":{");
    append_mark(requests, body);
    BUFFER_APPEND_LITERAL(body, "}}");
    return "PutItem";
}

const char *requests_get_mark(struct requests *requests, struct buffer *body)
{
    begin(requests, body);
    BUFFER_APPEND_LITERAL(body, ",\"Key\":{");
    append_mark(requests, body);
    BUFFER_APPEND_LITERAL(body, "},\"ConsistentRead\":true}");
    return "GetItem";
}
