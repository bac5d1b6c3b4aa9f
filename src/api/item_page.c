#include "api/item_page.h"

#include "api/capacity_json.h"
#include "api/item_write.h"
#include "api/name_list.h"
#include "api/throttle.h"
#include "engine/capacity.h"
#include "value/codec.h"

#define PAGE_BYTES_MAX (1u << 20)

/* What a page may cost on the loop. The bounds are looked at every few rows; one row is at most an item. */
#define INLINE_STEP_ROWS 4
#define INLINE_ROWS      128
#define INLINE_BYTES     (64u * 1024)
#define INLINE_BLOCKS    32

/* --- which attributes ------------------------------------------------------------------------------------------ */

bool item_page_check_choice(struct api_call *call, const struct item_page_choice *choice)
{
    const char *projection = choice->has_projection ? "ProjectionExpression" : "AttributesToGet";
    bool is_specific = choice->has_projection || choice->has_attributes;
    int select = opt_enum_or(&choice->select, -1);
    if (select == SELECT_SPECIFIC_ATTRIBUTES && !is_specific) {
        call_fail(call, ERROR_VALIDATION,
                  "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
        return false;
    }
    if (select == SELECT_COUNT && is_specific) {
        call_fail(call, ERROR_VALIDATION, "Cannot specify the %s when choosing to get only the Count", projection);
        return false;
    }
    if ((select == SELECT_ALL_ATTRIBUTES || select == SELECT_ALL_PROJECTED_ATTRIBUTES) && is_specific) {
        call_fail(call, ERROR_VALIDATION, "Cannot specify the %s when choosing to get %.*s", projection,
                  SLICE_ARG(choice->select.text));
        return false;
    }
    if (select == SELECT_ALL_PROJECTED_ATTRIBUTES && !choice->has_index) {
        call_fail(call, ERROR_VALIDATION, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
        return false;
    }
    return true;
}

bool item_page_covers(const struct table_spec *table, const struct index_spec *index, struct slice name)
{
    if (index->projection == PROJECT_ALL || key_schema_has(&table->keys, name) || key_schema_has(&index->keys, name)) {
        return true;
    }
    for (uint32_t i = 0; i < index->include_count; i++) {
        if (slice_equal(index->include[i], name)) {
            return true;
        }
    }
    return false;
}

/* The names of a projection that the index does not keep. */
struct uncovered {
    const struct page *page;
    struct name_list names;
};

static bool visit_name(void *context, struct slice name)
{
    struct uncovered *uncovered = context;
    const struct page *page = uncovered->page;
    if (item_page_covers(&page->table->spec, page->index, name)) {
        return true;
    }
    name_list_add(&uncovered->names, name);
    return page->index->global; /* one is enough to know that a local index must fetch */
}

/* A local index fetches what it does not keep; a global one cannot. */
static bool choose_specific(struct item_page *item_page, const struct projection *projection)
{
    struct page *page = &item_page->page;
    struct uncovered uncovered = {page, {.arena = page->arena}};
    projection_visit_names(projection, visit_name, &uncovered);
    if (uncovered.names.count != 0 && page->index->global) {
        call_fail(item_page->call, ERROR_VALIDATION,
                  "One or more parameter values were invalid: Global secondary index %.*s does not project [%.*s]",
                  SLICE_ARG(page->index->name), SLICE_ARG(name_list_hashed(&uncovered.names)));
        return false;
    }
    page->fetch_base = uncovered.names.count != 0;
    return true;
}

bool item_page_choose(struct item_page *item_page, const struct item_page_choice *choice,
                      const struct projection *projection)
{
    const struct index_spec *index = item_page->page.index;
    item_page->projection = projection;
    item_page->count_only = opt_enum_or(&choice->select, -1) == SELECT_COUNT;
    if (index == NULL || index->projection == PROJECT_ALL) {
        return true;
    }
    if (projection != NULL) {
        return choose_specific(item_page, projection);
    }
    if (opt_enum_or(&choice->select, -1) == SELECT_ALL_ATTRIBUTES) {
        if (index->global) {
            call_fail(item_page->call, ERROR_VALIDATION,
                      "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for "
                      "global secondary index %.*s because its projection type is not ALL",
                      SLICE_ARG(index->name));
            return false;
        }
        item_page->page.fetch_base = true;
    }
    return true;
}

/* --- running --------------------------------------------------------------------------------------------------- */

/* A row becomes a tree only where something has to look into it. */
static int visit_row(struct page *page, const struct page_row *row, struct arena *scratch, struct err *err)
{
    struct item_page *item_page = page->context;
    struct buffer *out = &item_page->call->out;
    bool shown_whole = item_page->projection == NULL || item_page->count_only;
    struct item item;
    if ((item_page->filter != NULL || !shown_whole) && item_decode_attributes(scratch, row->stored, &item, err) != 0) {
        return -1;
    }
    if (item_page->filter != NULL && !condition_holds(item_page->filter, &item, scratch)) {
        return 0;
    }
    item_page->matched++;
    if (item_page->count_only) {
        return 0;
    }
    json_element(out);
    if (shown_whole) {
        return item_attributes_append_json(out, row->stored, err);
    }
    struct item parts;
    projection_apply(item_page->projection, &item, scratch, &parts);
    item_append_json(out, &parts);
    return 0;
}

struct item_page *item_page_create(struct api_call *call, struct table *table, const struct opt_string *index,
                                   bool consistent)
{
    struct item_page *item_page = ARENA_NEW(&call->arena, struct item_page);
    struct page *page = &item_page->page;
    item_page->call = call;
    item_page->consistent = consistent;
    page->cluster = call->loop->api->cluster;
    page->table = table;
    page->bytes_max = PAGE_BYTES_MAX;
    page->visit = visit_row;
    page->context = item_page;
    page->arena = &call->arena;
    if (!index->present) {
        return item_page;
    }
    page->index = table_find_index(&table->spec, index->text);
    if (page->index == NULL || page->index->status == INDEX_DELETING) {
        call_fail(call, ERROR_VALIDATION, "The table does not have the specified index: %.*s", SLICE_ARG(index->text));
        return NULL;
    }
    if (page->index->global && consistent) {
        call_fail(call, ERROR_VALIDATION, "Consistent reads are not supported on global secondary indexes");
        return NULL;
    }
    if (page->index->status == INDEX_CREATING) {
        call_fail(call, ERROR_VALIDATION, "Cannot read from backfilling global secondary index: %.*s",
                  SLICE_ARG(index->text));
        return NULL;
    }
    return item_page;
}

uint64_t item_page_hash(const struct page *page)
{
    return page->start_after.len > 0 ? row_key_hash(page->start_after, page->index != NULL) : page->range.hash_first;
}

static void append_capacity(const struct item_page *item_page)
{
    const struct page *page = &item_page->page;
    const struct table_spec *table = &page->table->spec;
    double unit = item_page->consistent ? 1 : 0.5;
    double units = unit * capacity_read_blocks(page->bytes);
    struct capacity_used used = {0};
    if (page->index == NULL) {
        used.table = units;
    } else {
        uint32_t position = (uint32_t)(page->index - table->indexes);
        used.index[position] = units;
        used.index_touched[position] = true;
        used.table = unit * (double)page->fetched_blocks;
    }
    throttle_charge_read(page->table, item_page_hash(page), &used);
    capacity_append_member(&item_page->call->out, item_page->return_capacity, table, &used);
}

static void page_ended(struct api_call *call)
{
    struct item_page *item_page = call->state;
    struct buffer *out = &call->out;
    page_finish(&item_page->page);
    if (item_page->state == PAGE_FAILED) {
        item_fail_store(call, &item_page->err);
        return;
    }
    if (!item_page->count_only) {
        json_array_end(out);
    }
    json_member_integer(out, "Count", item_page->matched);
    json_member_integer(out, "ScannedCount", item_page->page.rows);
    if (item_page->page.more && !item_page->no_restart) {
        json_name(out, "LastEvaluatedKey");
        item_append_json(out, &item_page->page.last);
    }
    append_capacity(item_page);
    json_object_end(out);
    call_succeed(call);
}

static void run_rest(struct api_call *call)
{
    struct item_page *item_page = call->state;
    item_page->state = call_may_grow(call) ? page_step(&item_page->page, 0, &item_page->err) : PAGE_FAILED;
}

/* True if the page has ended: few rows and few bytes. */
static bool run_inline(struct item_page *item_page)
{
    const struct page *page = &item_page->page;
    do {
        item_page->state = page_step(&item_page->page, INLINE_STEP_ROWS, &item_page->err);
    } while (item_page->state == PAGE_MORE && page->rows < INLINE_ROWS && page->bytes < INLINE_BYTES &&
             page->fetched_blocks < INLINE_BLOCKS);
    return item_page->state != PAGE_MORE;
}

void item_page_run(struct item_page *item_page, bool may_be_small)
{
    struct api_call *call = item_page->call;
    const struct page *page = &item_page->page;
    struct throttle throttle;
    if (!throttle_admit_read(page->table, page->index, item_page_hash(page), &throttle)) {
        throttle_fail(call, &page->table->spec, &throttle);
        return;
    }
    call->state = item_page;
    json_object_begin(&call->out);
    if (!item_page->count_only) {
        json_member_array_begin(&call->out, "Items");
    }
    if (may_be_small && run_inline(item_page)) {
        page_ended(call);
    } else {
        call_run_on_pool(call, run_rest, page_ended);
    }
}
