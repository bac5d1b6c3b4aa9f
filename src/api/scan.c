/* Scan. Order of checks: style, ScanFilter, the starting key's values, expressions, Select, segments, table, index,
 * starting key, attributes to show. */
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/item_page.h"
#include "api/legacy.h"
#include "api/start_key.h"

#define SEGMENTS_MAX 1000000

struct scan_request {
    struct opt_string table;
    struct opt_string index;
    struct attribute_names attributes;
    struct opt_integer limit;
    struct opt_enum select;
    struct legacy_conditions scan_filter;
    struct opt_enum conditional_operator;
    struct opt_item start;
    struct opt_enum return_capacity;
    struct opt_integer segments;
    struct opt_integer segment;
    struct opt_string projection;
    struct opt_string filter;
    struct expression_names names;
    struct expression_values values;
    struct opt_boolean consistent;
};

static const struct shape_member scan_members[] = {
    MEMBER_TABLE_NAME(struct scan_request),
    MEMBER_INDEX_NAME(struct scan_request),
    MEMBER_ATTRIBUTES_TO_GET(struct scan_request),
    {SHAPE_MEMBER(struct scan_request, limit, "Limit", "limit", SHAPE_INTEGER), .limit = LIMIT_MIN(1)},
    {SHAPE_MEMBER(struct scan_request, select, "Select", "select", SHAPE_ENUM), .set = &set_select},
    {SHAPE_MEMBER(struct scan_request, scan_filter, "ScanFilter", "scanFilter", SHAPE_MAP),
     .element = &element_condition},
    MEMBER_CONDITIONAL_OPERATOR(struct scan_request),
    {SHAPE_MEMBER(struct scan_request, start, "ExclusiveStartKey", "exclusiveStartKey", SHAPE_ITEM)},
    MEMBER_RETURN_CAPACITY(struct scan_request),
    {SHAPE_MEMBER(struct scan_request, segments, "TotalSegments", "totalSegments", SHAPE_INTEGER),
     .limit = LIMIT_RANGE(1, SEGMENTS_MAX)},
    {SHAPE_MEMBER(struct scan_request, segment, "Segment", "segment", SHAPE_INTEGER),
     .limit = LIMIT_RANGE(0, SEGMENTS_MAX - 1)},
    {SHAPE_MEMBER(struct scan_request, projection, "ProjectionExpression", "projectionExpression", SHAPE_STRING)},
    {SHAPE_MEMBER(struct scan_request, filter, "FilterExpression", "filterExpression", SHAPE_STRING)},
    MEMBER_NAMES(struct scan_request),
    MEMBER_VALUES(struct scan_request),
    {SHAPE_MEMBER(struct scan_request, consistent, "ConsistentRead", "consistentRead", SHAPE_BOOLEAN)},
};
const struct shape scan_shape = SHAPE_OF("ScanInput", struct scan_request, scan_members);

static bool check_style(struct api_call *call, const struct scan_request *request)
{
    const struct parameter legacy[] = {
        {"AttributesToGet", request->attributes.present, false},
        {"ScanFilter", request->scan_filter.present, false},
        {"ConditionalOperator", request->conditional_operator.present, false},
    };
    const struct parameter expressions[] = {
        {"ProjectionExpression", request->projection.present, false},
        {"FilterExpression", request->filter.present, true},
    };
    const struct expression_style style = {
        .legacy = legacy,
        .legacy_count = 3,
        .expressions = expressions,
        .expression_count = 2,
        .has_names = request->names.present,
        .has_values = request->values.present,
    };
    return expressions_check_style(call, &style);
}

static bool check_segments(struct api_call *call, const struct scan_request *request)
{
    if (request->segment.present && !request->segments.present) {
        call_fail(
            call, ERROR_VALIDATION,
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is "
            "present");
        return false;
    }
    if (request->segments.present && !request->segment.present) {
        call_fail(
            call, ERROR_VALIDATION,
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is "
            "present");
        return false;
    }
    if (request->segments.present && request->segment.number >= request->segments.number) {
        call_fail(call, ERROR_VALIDATION,
                  "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %lld is "
                  "not less than TotalSegments: %lld",
                  (long long)request->segment.number, (long long)request->segments.number);
        return false;
    }
    return true;
}

static bool read_filter(struct api_call *call, const struct scan_request *request, struct condition **ret_filter)
{
    return legacy_read_filter(call, &request->scan_filter, &request->conditional_operator, ret_filter) &&
           legacy_check_operator(call, &request->conditional_operator, request->scan_filter.count);
}

static bool parse(struct api_call *call, const struct scan_request *request, struct condition **ret_filter,
                  struct projection **ret_projection)
{
    struct expr_symbols symbols;
    if (!expressions_symbols(call, &request->names, &request->values, &symbols) ||
        !expressions_condition(call, EXPR_FILTER, &request->filter, &symbols, ret_filter) ||
        !expressions_projection(call, &request->projection, &symbols, ret_projection) ||
        !expressions_check_used(call, &symbols)) {
        return false;
    }
    return true;
}

static bool resolve_start(struct item_page *item_page, const struct scan_request *request)
{
    struct api_call *call = item_page->call;
    struct page *page = &item_page->page;
    struct row_key row;
    if (!request->start.present) {
        return true;
    }
    if (!start_key_row(call, &page->table->spec, page->index, &request->start.item, true, &row)) {
        return false;
    }
    if (!row_range_contains(&page->range, row.bytes)) {
        call_fail(call, ERROR_VALIDATION,
                  "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
                  "correct Segment. TotalSegments: %lld Segment: %lld",
                  (long long)request->segments.number, (long long)request->segment.number);
        return false;
    }
    page->start_after = row.bytes;
    return true;
}

void scan_run(struct api_call *call)
{
    const struct scan_request *request = CALL_REQUEST(call, struct scan_request);
    const struct item_page_choice choice = {
        .select = request->select,
        .has_projection = request->projection.present,
        .has_attributes = request->attributes.present,
        .has_index = request->index.present,
    };
    struct condition *filter, *legacy_filter;
    struct projection *projection, *attributes;
    if (!check_style(call, request) || !read_filter(call, request, &legacy_filter) ||
        !start_key_check_values(call, &request->start) || !parse(call, request, &filter, &projection) ||
        !item_page_check_choice(call, &choice) || !check_segments(call, request) ||
        !expressions_attributes(call, &request->attributes, &attributes)) {
        return;
    }
    projection = attributes != NULL ? attributes : projection;
    filter = legacy_filter != NULL ? legacy_filter : filter;
    struct table *table = call_table(call, request->table.text);
    if (table == NULL) {
        return;
    }
    struct item_page *item_page = item_page_create(call, table, &request->index, request->consistent.flag);
    if (item_page == NULL || !expressions_check_scalars(call, &table->spec, filter, projection, NULL)) {
        return;
    }
    struct page *page = &item_page->page;
    uint32_t segments = request->segments.present ? (uint32_t)request->segments.number : 1;
    row_range_of_scan(&call->arena, &table->spec, page->index, (uint32_t)request->segment.number, segments,
                      &page->range);
    item_page->filter = filter;
    item_page->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    page->limit = (uint32_t)request->limit.number;
    if (!resolve_start(item_page, request) || !item_page_choose(item_page, &choice, projection)) {
        return;
    }
    item_page_run(item_page, false);
}
