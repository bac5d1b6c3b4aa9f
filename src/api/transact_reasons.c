#include "api/transact_reasons.h"

static void append_reason(struct buffer *out, const struct transact_reason *reason)
{
    json_object_begin(out);
    json_member_text(out, "Code", reason->code == NULL ? "None" : reason->code);
    if (reason->has_item) {
        json_name(out, "Item");
        item_append_json(out, &reason->item);
    }
    if (reason->code != NULL) {
        json_member_string(out, "Message", reason->message);
    }
    json_object_end(out);
}

struct transact_refusal transact_refusal_make(struct api_call *call, const struct transact_reason *reasons,
                                              uint32_t count)
{
    struct transact_refusal refusal;
    struct buffer text = {0};
    BUFFER_APPEND_LITERAL(&text, "Transaction cancelled, please refer cancellation reasons for specific reasons [");
    for (uint32_t i = 0; i < count; i++) {
        const char *code = reasons[i].code;
        buffer_printf(&text, "%s%s", i == 0 ? "" : ", ", code == NULL ? "None" : code);
    }
    buffer_append_byte(&text, ']');
    refusal.message = arena_copy(&call->arena, buffer_slice(&text));
    buffer_clear(&text);
    BUFFER_APPEND_LITERAL(&text, ",\"CancellationReasons\":[");
    for (uint32_t i = 0; i < count; i++) {
        append_reason(&text, &reasons[i]);
    }
    buffer_append_byte(&text, ']');
    refusal.members = arena_copy(&call->arena, buffer_slice(&text));
    buffer_finish(&text);
    return refusal;
}

void transact_refuse(struct api_call *call, const struct transact_refusal *refusal)
{
    call_fail_with(call, ERROR_TRANSACTION_CANCELED, refusal->members, "%.*s", SLICE_ARG(refusal->message));
}

struct transact_reason transact_invalid(struct slice message)
{
    return (struct transact_reason){.code = "ValidationError", .message = message};
}

struct transact_reason transact_conflict(void)
{
    return (struct transact_reason){.code = "TransactionConflict",
                                    .message = SLICE("Transaction is ongoing for the item")};
}
