/* Query. Order of checks: style, legacy conditions, the starting key's values, expressions, Select, table, index, key
 * condition, starting key, filter, attributes to show. */
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/item_page.h"
#include "api/legacy.h"
#include "api/name_list.h"
#include "api/query_keys.h"
#include "api/start_key.h"
#include "expr/error.h"

struct query_request {
    struct opt_string table;
    struct opt_string index;
    struct opt_enum select;
    struct attribute_names attributes;
    struct opt_integer limit;
    struct opt_boolean consistent;
    struct legacy_conditions key_conditions;
    struct legacy_conditions query_filter;
    struct opt_enum conditional_operator;
    struct opt_boolean forward;
    struct opt_item start;
    struct opt_enum return_capacity;
    struct opt_string projection;
    struct opt_string filter;
    struct opt_string key_condition;
    struct expression_names names;
    struct expression_values values;
};

static const struct shape_member query_members[] = {
    MEMBER_TABLE_NAME(struct query_request),
    MEMBER_INDEX_NAME(struct query_request),
    {SHAPE_MEMBER(struct query_request, select, "Select", "select", SHAPE_ENUM), .set = &set_select},
    MEMBER_ATTRIBUTES_TO_GET(struct query_request),
    {SHAPE_MEMBER(struct query_request, limit, "Limit", "limit", SHAPE_INTEGER), .limit = LIMIT_MIN(1)},
    {SHAPE_MEMBER(struct query_request, consistent, "ConsistentRead", "consistentRead", SHAPE_BOOLEAN)},
    {SHAPE_MEMBER(struct query_request, key_conditions, "KeyConditions", "keyConditions", SHAPE_MAP),
     .element = &element_condition},
    {SHAPE_MEMBER(struct query_request, query_filter, "QueryFilter", "queryFilter", SHAPE_MAP),
     .element = &element_condition},
    MEMBER_CONDITIONAL_OPERATOR(struct query_request),
    {SHAPE_MEMBER(struct query_request, forward, "ScanIndexForward", "scanIndexForward", SHAPE_BOOLEAN)},
    {SHAPE_MEMBER(struct query_request, start, "ExclusiveStartKey", "exclusiveStartKey", SHAPE_ITEM)},
    MEMBER_RETURN_CAPACITY(struct query_request),
    {SHAPE_MEMBER(struct query_request, projection, "ProjectionExpression", "projectionExpression", SHAPE_STRING)},
    {SHAPE_MEMBER(struct query_request, filter, "FilterExpression", "filterExpression", SHAPE_STRING)},
    {SHAPE_MEMBER(struct query_request, key_condition, "KeyConditionExpression", "keyConditionExpression",
                  SHAPE_STRING)},
    MEMBER_NAMES(struct query_request),
    MEMBER_VALUES(struct query_request),
};
const struct shape query_shape = SHAPE_OF("QueryInput", struct query_request, query_members);

/* What a query says, in either style. */
struct query_plan {
    struct condition *filter;
    struct condition *legacy_filter;
    struct projection *projection;
    struct condition *key_condition;
    struct key_term terms[KEY_TERMS_MAX];
    uint32_t term_count;
    bool is_nested; /* the key condition goes into documents: what is wrong with that depends on the key schema */
};

static bool check_style(struct api_call *call, const struct query_request *request)
{
    /* KeyConditions may stand beside other expressions, but not beside the one that does the same. */
    bool key_conditions = request->key_conditions.present && request->key_condition.present;
    const struct parameter legacy[] = {
        {"AttributesToGet", request->attributes.present, false},
        {"QueryFilter", request->query_filter.present, false},
        {"ConditionalOperator", request->conditional_operator.present, false},
        {"KeyConditions", key_conditions, false},
    };
    const struct parameter expressions[] = {
        {"ProjectionExpression", request->projection.present, false},
        {"FilterExpression", request->filter.present, true},
        {"KeyConditionExpression", request->key_condition.present, true},
    };
    const struct expression_style style = {
        .legacy = legacy,
        .legacy_count = 4,
        .expressions = expressions,
        .expression_count = 3,
        .has_names = request->names.present,
        .has_values = request->values.present,
    };
    return expressions_check_style(call, &style);
}

static bool fail_without_keys(struct api_call *call)
{
    call_fail(call, ERROR_VALIDATION,
              "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
    return false;
}

static bool parse_legacy(struct api_call *call, const struct query_request *request, struct query_plan *plan)
{
    if (request->query_filter.present && !request->key_conditions.present) {
        return fail_without_keys(call); /* told before what is wrong with the filter */
    }
    return (!request->key_conditions.present ||
            legacy_read_key_conditions(call, &request->key_conditions, plan->terms, &plan->term_count)) &&
           legacy_read_filter(call, &request->query_filter, &request->conditional_operator, &plan->legacy_filter) &&
           legacy_check_operator(call, &request->conditional_operator, request->query_filter.count);
}

static bool parse_key_condition(struct api_call *call, struct query_plan *plan)
{
    struct expr_error error = {0};
    if (condition_key_terms(plan->key_condition, plan->terms, &plan->term_count, &error) == 0) {
        return true;
    }
    plan->is_nested = error.code == EXPR_KEY_NESTED_ATTRIBUTE;
    if (!plan->is_nested) {
        expressions_fail(call, EXPR_KEY_CONDITION, &error);
    }
    return plan->is_nested;
}

static bool parse(struct api_call *call, const struct query_request *request, struct query_plan *plan)
{
    struct expr_symbols symbols;
    if (!expressions_symbols(call, &request->names, &request->values, &symbols) ||
        !expressions_condition(call, EXPR_FILTER, &request->filter, &symbols, &plan->filter) ||
        !expressions_projection(call, &request->projection, &symbols, &plan->projection) ||
        !expressions_condition(call, EXPR_KEY_CONDITION, &request->key_condition, &symbols, &plan->key_condition) ||
        !expressions_check_used(call, &symbols)) {
        return false;
    }
    if (plan->key_condition == NULL && !request->key_conditions.present) {
        return fail_without_keys(call);
    }
    if (plan->key_condition != NULL && !parse_key_condition(call, plan)) {
        return false;
    }
    if (plan->legacy_filter != NULL) {
        plan->filter = plan->legacy_filter;
    }
    return true;
}

/* --- the range ------------------------------------------------------------------------------------------------- */

static bool resolve_range(struct item_page *item_page, const struct query_plan *plan, struct query_keys *keys)
{
    struct api_call *call = item_page->call;
    struct page *page = &item_page->page;
    const struct table_spec *table = &page->table->spec;
    const struct key_schema *schema = page->index == NULL ? &table->keys : &page->index->keys;
    struct slice message;
    if (!query_keys_resolve(&call->arena, schema, page->index, plan->terms, plan->term_count, keys, &message)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return false;
    }
    row_range_of_query(&call->arena, table, page->index, keys->hash, keys->range, keys->range_count, &page->range);
    item_page->no_restart = page->index == NULL && table->keys.range_count == 0;
    return true;
}

/* The starting key must lie in the partition, and in the part of it that the query reads. */
static bool resolve_start(struct item_page *item_page, const struct query_keys *keys, const struct opt_item *start)
{
    struct api_call *call = item_page->call;
    struct page *page = &item_page->page;
    const struct table_spec *table = &page->table->spec;
    struct row_key row;
    if (!start->present) {
        return true;
    }
    if (!start_key_row(call, table, page->index, &start->item, false, &row)) {
        return false;
    }
    struct row_range partition;
    row_range_of_query(&call->arena, table, page->index, keys->hash, NULL, 0, &partition);
    if (!row_range_contains(&partition, row.bytes)) {
        call_fail(call, ERROR_VALIDATION,
                  "The provided starting key is outside query boundaries based on provided conditions");
        return false;
    }
    if (!row_range_contains(&page->range, row.bytes)) {
        call_fail(call, ERROR_VALIDATION, "The provided starting key does not match the range key predicate");
        return false;
    }
    page->start_after = row.bytes;
    return true;
}

/* --- the filter ------------------------------------------------------------------------------------------------ */

/* A query's filter reads no key attributes of what is queried, and nothing that the index does not keep. */
struct filter_names {
    const struct table_spec *table;
    const struct index_spec *index;
    const struct key_schema *keys;
    struct slice key;         /* a key attribute: the first in the schema's order */
    struct name_list missing; /* attributes that the index lacks */
};

static bool visit_name(void *context, struct slice name)
{
    struct filter_names *names = context;
    if (key_schema_has(names->keys, name)) {
        bool is_first = slice_equal(name, names->keys->hash[0].name);
        names->key = names->key.len == 0 || is_first ? name : names->key;
    } else if (names->index != NULL && !item_page_covers(names->table, names->index, name)) {
        name_list_add(&names->missing, name);
    }
    return true;
}

static bool check_filter(struct item_page *item_page, const char *parameter)
{
    struct api_call *call = item_page->call;
    const struct page *page = &item_page->page;
    struct filter_names names = {
        .table = &page->table->spec,
        .index = page->index,
        .keys = page->index == NULL ? &page->table->spec.keys : &page->index->keys,
        .missing = {.arena = &call->arena},
    };
    if (item_page->filter == NULL) {
        return true;
    }
    condition_visit_names(item_page->filter, visit_name, &names);
    if (names.key.len != 0) {
        call_fail(call, ERROR_VALIDATION, "%s can only contain non-primary key attributes: Primary key attribute: %.*s",
                  parameter, SLICE_ARG(names.key));
        return false;
    }
    if (names.missing.count != 0) {
        call_fail(call, ERROR_VALIDATION,
                  "One or more parameter values were invalid: Secondary index %.*s does not project one or more filter "
                  "attributes: [%.*s]",
                  SLICE_ARG(page->index->name), SLICE_ARG(name_list_sorted(&names.missing)));
        return false;
    }
    return true;
}

/* No expression may go into key attributes; the key condition not into any attribute. */
static bool check_scalars(struct api_call *call, const struct table_spec *table, const struct query_plan *plan)
{
    if (!expressions_check_scalars(call, table, plan->key_condition, NULL, NULL) ||
        !expressions_check_scalars(call, table, plan->filter, plan->projection, NULL)) {
        return false;
    }
    if (plan->is_nested) {
        const struct expr_error error = {.code = EXPR_KEY_NESTED_ATTRIBUTE};
        expressions_fail(call, EXPR_KEY_CONDITION, &error);
        return false;
    }
    return true;
}

void query_run(struct api_call *call)
{
    const struct query_request *request = CALL_REQUEST(call, struct query_request);
    const struct item_page_choice choice = {
        .select = request->select,
        .has_projection = request->projection.present,
        .has_attributes = request->attributes.present,
        .has_index = request->index.present,
    };
    struct query_plan plan = {0};
    struct projection *attributes;
    if (!check_style(call, request) || !parse_legacy(call, request, &plan) ||
        !start_key_check_values(call, &request->start) || !parse(call, request, &plan) ||
        !item_page_check_choice(call, &choice) || !expressions_attributes(call, &request->attributes, &attributes)) {
        return;
    }
    if (attributes != NULL) {
        plan.projection = attributes;
    }
    struct table *table = call_table(call, request->table.text);
    if (table == NULL) {
        return;
    }
    struct item_page *item_page = item_page_create(call, table, &request->index, request->consistent.flag);
    if (item_page == NULL || !check_scalars(call, &table->spec, &plan)) {
        return;
    }
    item_page->filter = plan.filter;
    item_page->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    item_page->page.limit = (uint32_t)request->limit.number;
    item_page->page.reverse = request->forward.present && !request->forward.flag;
    struct query_keys keys;
    if (!resolve_range(item_page, &plan, &keys) || !resolve_start(item_page, &keys, &request->start) ||
        !check_filter(item_page, plan.legacy_filter != NULL ? "QueryFilter" : "Filter Expression") ||
        !item_page_choose(item_page, &choice, plan.projection)) {
        return;
    }
    item_page_run(item_page, true);
}
