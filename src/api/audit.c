#include "api/audit.h"

#include "api/call.h"
#include "api/sts.h"
#include "base/env.h"

#include <assert.h>
#include <time.h>

#define AGENT_CHARS_MAX  256
#define AUDIT_TABLES_MAX 100
#define LINE_BYTES_GUESS 512

/* What must be remembered while the call runs: its head does not live as long, nor do the loop's identities. */
struct audit_note {
    struct slice source, agent;
    struct slice principal, user, access_key; /* empty: not known */
};

/* Operations that change items, or may: the others that write change tables. */
static bool is_item_operation(const struct operation *operation)
{
    static const char *const names[] = {"PutItem",
                                        "UpdateItem",
                                        "DeleteItem",
                                        "BatchWriteItem",
                                        "TransactWriteItems",
                                        "ExecuteStatement",
                                        "BatchExecuteStatement",
                                        "ExecuteTransaction"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(operation->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool covers(enum audit_level level, const struct operation *operation)
{
    switch (level) {
    case AUDIT_ALL:
        return true;
    case AUDIT_WRITES:
        return operation->is_write;
    case AUDIT_CONTROL:
        return operation->is_write && !is_item_operation(operation);
    default:
        return false;
    }
}

/* A client's bytes as text that is safe to show. */
static struct slice clean(struct arena *arena, struct slice bytes, size_t len_max)
{
    size_t len = bytes.len < len_max ? bytes.len : len_max;
    char *text = arena_alloc(arena, len + 1);
    for (size_t i = 0; i < len; i++) {
        text[i] = bytes.data[i] >= ' ' && bytes.data[i] <= '~' ? bytes.data[i] : '?';
    }
    return slice_of(text, len);
}

static void take_note(struct api_call *call, struct slice access_key)
{
    const struct auth_head *head = &call->head;
    struct arena *arena = &call->arena;
    struct audit_note *note = ARENA_NEW(arena, struct audit_note);
    char source[AUTH_PEER_CHARS];
    if (head->peer != NULL && head->peer(head->context, source)) {
        note->source = arena_copy(arena, slice_from_string(source));
    }
    struct slice agent;
    if (auth_head_find(head, SLICE("user-agent"), &agent)) {
        note->agent = clean(arena, agent, AGENT_CHARS_MAX);
    }
    const struct guard_caller *caller = &call->caller;
    if (caller->arn != NULL) {
        note->principal = arena_copy(arena, slice_from_string(caller->arn));
        note->user = arena_copy(arena, slice_from_string(caller->user != NULL ? caller->user->name : ""));
        note->access_key =
            arena_copy(arena, slice_from_string(caller->session != NULL ? caller->session->key_id : caller->key->id));
    } else {
        note->access_key = clean(arena, access_key, IDENTITIES_KEY_CHARS_MAX);
    }
    call->note = note;
}

static bool is_writable(struct api_call *call)
{
    const struct audit *audit = call->loop->api->audit;
    if (audit->is_blocked != NULL && audit->is_blocked(audit->context)) {
        call_fail(call, ERROR_UNAVAILABLE, "The audit log cannot be written. Please try again.");
        return false;
    }
    return true;
}

bool audit_admit_query(struct api_call *call, bool gives_credentials)
{
    if (call->loop->api->audit->level < (gives_credentials ? AUDIT_CONTROL : AUDIT_ALL)) {
        return true;
    }
    if (!is_writable(call)) {
        return false;
    }
    take_note(call, SLICE(""));
    call->is_audited = true;
    return true;
}

bool audit_admit(struct api_call *call)
{
    const struct audit *audit = call->loop->api->audit;
    /* The statements of a batch are refused one by one, while it runs. */
    bool covered = covers(audit->level, call->operation);
    if (covered && !is_writable(call)) {
        return false;
    }
    if (covered || strcmp(call->operation->name, "BatchExecuteStatement") == 0) {
        take_note(call, SLICE(""));
        call->is_audited = covered;
    }
    return true;
}

/* What is throttled in the query protocol has not been read yet. */
static bool covers_call(enum audit_level level, const struct api_call *call)
{
    return call->operation != NULL ? covers(level, call->operation) : level >= AUDIT_CONTROL;
}

void audit_denial(struct api_call *call, enum denial denial, struct slice access_key)
{
    call->denial = denial;
    const struct audit *audit = call->loop->api->audit;
    /* who is too fast would otherwise fill the log with what did not happen */
    if (audit == NULL || (denial == DENIAL_THROTTLED && !covers_call(audit->level, call))) {
        return;
    }
    call->is_audited = true;
    if (call->note == NULL) {
        take_note(call, access_key);
    }
}

/* --- the line ----------------------------------------------------------------------------------------------------- */

struct names {
    struct slice items[AUDIT_TABLES_MAX];
    unsigned count;
};

static void add_name(struct names *names, struct slice name)
{
    if (!shape_matches_name(name) || name.len > 255 || names->count == AUDIT_TABLES_MAX) {
        return; /* no name of a table */
    }
    for (unsigned i = 0; i < names->count; i++) {
        if (slice_equal(names->items[i], name)) {
            return;
        }
    }
    names->items[names->count++] = name;
}

/* A name, or the one in arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/... */
static void add_table(struct names *names, struct slice text)
{
    if (slice_starts_with(text, SLICE("arn:"))) {
        const char *slash = memchr(text.data, '/', text.len);
        text = slash != NULL ? slice_of(slash + 1, (size_t)(text.data + text.len - slash) - 1) : SLICE("");
        const char *end = text.len != 0 ? memchr(text.data, '/', text.len) : NULL;
        text.len = end != NULL ? (size_t)(end - text.data) : text.len;
    }
    add_name(names, text);
}

static const struct json_node *text_member(const struct api_call *call, const struct json_node *object,
                                           const char *name)
{
    const struct json_node *node =
        object->type == JSON_OBJECT ? json_member(call->nodes, object, slice_from_string(name)) : NULL;
    return node != NULL && node->type == JSON_STRING ? node : NULL;
}

static void add_text_member(const struct api_call *call, const struct json_node *object, const char *name,
                            struct names *names)
{
    const struct json_node *node = text_member(call, object, name);
    if (node != NULL) {
        add_table(names, node->text);
    }
}

/* RequestItems: {TABLE: …}. TransactItems: [{KIND: {"TableName": …}}]. */
static void add_parts(const struct api_call *call, struct names *names)
{
    const struct json_node *items = json_member(call->nodes, call->nodes, SLICE("RequestItems"));
    if (items != NULL && items->type == JSON_OBJECT) {
        const struct json_node *item = items + 1;
        for (uint32_t i = 0; i < items->count; i++, item = call->nodes + item->end) {
            add_table(names, item->name);
        }
    }
    items = json_member(call->nodes, call->nodes, SLICE("TransactItems"));
    if (items != NULL && items->type == JSON_ARRAY) {
        const struct json_node *item = items + 1;
        for (uint32_t i = 0; i < items->count; i++, item = call->nodes + item->end) {
            if (item->type == JSON_OBJECT && item->count > 0) {
                add_text_member(call, item + 1, "TableName", names);
            }
        }
    }
}

static void append_names(struct buffer *out, const char *member, const struct names *names)
{
    json_member_array_begin(out, member);
    for (unsigned i = 0; i < names->count; i++) {
        json_string(out, names->items[i]);
    }
    json_array_end(out);
}

/* What the request names, and what it was found to be about: statements name their tables in their text. */
static void append_tables(const struct api_call *call, struct buffer *out)
{
    struct names tables, indexes; /* large: only their counts are set */
    tables.count = indexes.count = 0;
    if (call->nodes != NULL && call->nodes[0].type == JSON_OBJECT) {
        add_text_member(call, call->nodes, "TableName", &tables);
        add_text_member(call, call->nodes, "ResourceArn", &tables);
        add_text_member(call, call->nodes, "IndexName", &indexes);
        add_parts(call, &tables);
    }
    for (uint32_t i = 0; i < call->table_count; i++) {
        add_name(&tables, call->tables[i]->spec.name);
    }
    append_names(out, "tables", &tables);
    if (indexes.count != 0) {
        append_names(out, "indexes", &indexes);
    }
}

/* "2026-11-22T14:05:07.042123Z". The part before the point is made once a second. */
static void append_time(struct audit_clock *clock, struct buffer *out, uint64_t time_us)
{
    if (clock->second != time_us / 1000000) {
        clock->second = time_us / 1000000;
        time_t seconds = (time_t)clock->second;
        struct tm utc;
        gmtime_r(&seconds, &utc);
        strftime(clock->text, sizeof clock->text, "%Y-%m-%dT%H:%M:%S.", &utc);
    }
    char fraction[7];
    uint32_t rest = (uint32_t)(time_us % 1000000);
    for (int i = 5; i >= 0; i--, rest /= 10) {
        fraction[i] = (char)('0' + rest % 10);
    }
    fraction[6] = 'Z';
    json_name(out, "time");
    buffer_append_byte(out, '"');
    buffer_append(out, clock->text, strlen(clock->text));
    buffer_append(out, fraction, sizeof fraction);
    buffer_append_byte(out, '"');
}

static void append_caller(const struct api_call *call, struct buffer *out)
{
    const struct audit_note *note = call->note;
    const struct {
        const char *name;
        struct slice text;
    } members[] = {
        {"principal", note->principal}, {"user", note->user},       {"accessKeyId", note->access_key},
        {"source", note->source},       {"userAgent", note->agent},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i].text.len != 0) {
            json_member_string(out, members[i].name, members[i].text);
        }
    }
}

static void append_result(const struct api_call *call, struct buffer *out)
{
    static const char *const words[] = {
        [DENIAL_NONE] = "allowed",        [DENIAL_UNAUTHENTICATED] = "unauthenticated",
        [DENIAL_IMPLICIT] = "denied",     [DENIAL_EXPLICIT] = "denied",
        [DENIAL_THROTTLED] = "throttled",
    };
    bool unchecked = call->loop->api->guard == NULL && call->denial == DENIAL_NONE;
    json_member_text(out, "auth", unchecked ? "unchecked" : words[call->denial]);
    if (call->denial == DENIAL_IMPLICIT || call->denial == DENIAL_EXPLICIT) {
        json_member_text(out, "denial", call->denial == DENIAL_IMPLICIT ? "implicit" : "explicit");
    }
    json_member_integer(out, "status", call->status);
    if (call->error != 0) {
        json_member_text(out, "error", api_metrics_error(call->error - 1));
    }
}

void audit_finished(struct api_call *call, uint64_t duration_us)
{
    if (!call->is_audited) {
        return;
    }
    assert(call->note != NULL && (call->operation != NULL || call->is_query));
    const char *action = call->action != NULL ? call->action->name : "STS";
    struct buffer *out = &call->loop->audit_lines;
    buffer_reserve(out, LINE_BYTES_GUESS);
    buffer_append_byte(out, '{'); /* behind the line before, without a comma */
    append_time(&call->loop->audit_clock, out, env_time_us() - duration_us);
    json_member_string(out, "requestId", call->id);
    json_member_text(out, "operation", call->operation != NULL ? call->operation->name : action);
    append_tables(call, out);
    append_caller(call, out);
    append_result(call, out);
    json_member_integer(out, "durationUs", (int64_t)duration_us);
    json_object_end(out);
    buffer_append_byte(out, '\n');
    call->loop->audit_count++;
}
