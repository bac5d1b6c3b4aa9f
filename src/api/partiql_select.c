/* One answer may need several queries, one for each partition that the WHERE clause names: they share the limit, the
 * megabyte of a page, and the answer. */
#include "api/partiql_select.h"

#include <assert.h>

#include "api/capacity_json.h"
#include "api/item_page.h"
#include "api/item_write.h"
#include "api/partiql_token.h"
#include "api/start_key.h"
#include "api/throttle.h"
#include "engine/capacity.h"
#include "value/codec.h"

#define PAGE_BYTES_MAX (1u << 20)
/* Rows that run on the loop at once, as for a Query. */
#define INLINE_ROWS 64

struct select_run {
    struct api_call *call;
    const struct partiql_statement *statement;
    struct partiql_select_options options;
    struct partiql_plan plan;
    const struct projection *shown; /* NULL: the columns, or else the whole row */
    struct page prototype;          /* of every partition's page */
    struct page page;
    bool is_open;       /* `page` has been set up and not finished */
    uint32_t partition; /* of `page` */
    struct slice start_after;
    uint32_t rows;
    size_t bytes;
    double blocks, fetched_blocks;
    bool more;
    enum page_state state;
    struct err err;
};

/* --- rows -------------------------------------------------------------------------------------------------------- */

static int visit_row(struct page *page, const struct page_row *row, struct arena *scratch, struct err *err)
{
    struct select_run *run = page->context;
    struct buffer *out = &run->call->out;
    struct item item;
    if (item_decode_attributes(scratch, row->stored, &item, err) != 0) {
        return -1;
    }
    if (run->plan.filter != NULL && !condition_holds(run->plan.filter, &item, scratch)) {
        return 0;
    }
    struct item shown = item;
    if (run->shown != NULL) {
        projection_apply(run->shown, &item, scratch, &shown);
    } else if (run->statement->column_count > 0) {
        partiql_project(run->statement, &item, scratch, &shown);
    }
    json_element(out);
    item_append_json(out, &shown);
    return 0;
}

static void set_range(struct select_run *run)
{
    struct page *page = &run->page;
    const struct table_spec *table = &page->table->spec;
    const struct partiql_plan *plan = &run->plan;
    if (plan->is_scan) {
        row_range_of_scan(page->arena, table, page->index, 0, 1, &page->range);
        return;
    }
    const struct key_schema *keys = page->index == NULL ? &table->keys : &page->index->keys;
    row_range_of_query(page->arena, table, page->index, plan->hash + (size_t)run->partition * keys->hash_count,
                       plan->range, plan->range_count, &page->range);
}

static void open_page(struct select_run *run)
{
    run->page = run->prototype;
    set_range(run);
    run->page.start_after = run->start_after;
    run->page.limit = run->options.limit == 0 ? 0 : run->options.limit - run->rows;
    run->page.bytes_max = PAGE_BYTES_MAX - run->bytes;
    run->start_after = SLICE("");
    run->is_open = true;
}

static struct capacity_used units_of(const struct select_run *run, double blocks, double fetched_blocks)
{
    const struct page *page = &run->prototype;
    double unit = run->options.consistent ? 1 : 0.5;
    struct capacity_used used = {0};
    if (page->index == NULL) {
        used.table = unit * blocks;
    } else {
        uint32_t position = (uint32_t)(page->index - page->table->spec.indexes);
        used.index[position] = unit * blocks;
        used.index_touched[position] = true;
        used.table = unit * fetched_blocks;
    }
    return used;
}

static void close_page(struct select_run *run)
{
    const double blocks = capacity_read_blocks(run->page.bytes);
    const double fetched_blocks = (double)run->page.fetched_blocks;
    const struct capacity_used used = units_of(run, blocks, fetched_blocks);
    throttle_charge_read(run->page.table, item_page_hash(&run->page), &used);
    run->rows += run->page.rows;
    run->bytes += run->page.bytes;
    run->blocks += blocks;
    run->fetched_blocks += fetched_blocks;
    run->more = run->page.more;
    page_finish(&run->page);
    run->is_open = false;
}

static bool is_last(const struct select_run *run)
{
    return run->plan.is_scan || run->partition + 1 == run->plan.partition_count;
}

/* Up to `row_budget` rows of each partition (0: all). */
static enum page_state step(struct select_run *run, uint32_t row_budget)
{
    for (;;) {
        if (!run->is_open) {
            open_page(run);
        }
        enum page_state state = page_step(&run->page, row_budget, &run->err);
        if (state == PAGE_MORE) {
            return state;
        }
        close_page(run);
        if (state == PAGE_FAILED || run->more || is_last(run)) {
            return state;
        }
        run->partition++;
    }
}

/* --- the answer -------------------------------------------------------------------------------------------------- */

static void append_capacity(const struct select_run *run)
{
    const struct capacity_used used = units_of(run, run->blocks, run->fetched_blocks);
    capacity_append_member(&run->call->out, run->options.return_capacity, &run->prototype.table->spec, &used);
}

/* At most one row can be there: nothing can come behind it. */
static bool is_single(const struct select_run *run)
{
    return run->prototype.index == NULL && run->prototype.table->spec.keys.range_count == 0 && !run->plan.is_scan &&
           is_last(run);
}

static void answer(struct api_call *call)
{
    struct select_run *run = call->state;
    struct buffer *out = &call->out;
    if (run->state == PAGE_FAILED) {
        item_fail_store(call, &run->err);
        return;
    }
    json_array_end(out);
    if (run->more && !is_single(run)) {
        partiql_token_append(out, run->partition, &run->page.last);
        json_name(out, "LastEvaluatedKey");
        item_append_json(out, &run->page.last);
    }
    append_capacity(run);
    json_object_end(out);
    call_succeed(call);
}

static void run_rest(struct api_call *call)
{
    struct select_run *run = call->state;
    run->state = call_may_grow(call) ? step(run, 0) : PAGE_FAILED;
}

/* --- setting up -------------------------------------------------------------------------------------------------- */

struct coverage {
    const struct table_spec *table;
    const struct index_spec *index;
};

static bool visit_covered(void *context, struct slice name)
{
    const struct coverage *coverage = context;
    return item_page_covers(coverage->table, coverage->index, name);
}

static uint32_t add_names(struct slice *names, uint32_t count, const struct key_schema *keys)
{
    for (unsigned i = 0; i < keys->hash_count; i++) {
        names[count++] = keys->hash[i].name;
    }
    for (unsigned i = 0; i < keys->range_count; i++) {
        names[count++] = keys->range[i].name;
    }
    return count;
}

/* A filter may read what a local index lacks: then the items are fetched, but show what the index has. */
static void fetch_for_filter(struct select_run *run)
{
    struct page *page = &run->prototype;
    const struct table_spec *table = &page->table->spec;
    struct coverage coverage = {table, page->index};
    if (page->index == NULL || page->index->global || run->plan.filter == NULL ||
        condition_visit_names(run->plan.filter, visit_covered, &coverage)) {
        return;
    }
    page->fetch_base = true;
    if (run->statement->column_count > 0) {
        return;
    }
    struct slice *names = ARENA_ARRAY(page->arena, struct slice, 4 * KEY_PARTS_MAX + page->index->include_count);
    uint32_t count = add_names(names, 0, &table->keys);
    count = add_names(names, count, &page->index->keys);
    for (uint32_t i = 0; i < page->index->include_count; i++) {
        names[count++] = page->index->include[i];
    }
    run->shown = projection_of_names(page->arena, names, count);
}

static bool refuse_token(struct api_call *call)
{
    call_fail(call, ERROR_VALIDATION, "Invalid NextToken");
    return false;
}

static bool resume(struct select_run *run)
{
    struct api_call *call = run->call;
    struct item last;
    struct row_key row;
    if (!run->options.token->present) {
        return true;
    }
    if (!partiql_token_read(call, run->options.token->text, &run->partition, &last) ||
        run->partition >= (run->plan.is_scan ? 1 : run->plan.partition_count)) {
        return refuse_token(call);
    }
    const struct page *page = &run->prototype;
    if (!start_key_row(call, &page->table->spec, page->index, &last, run->plan.is_scan, &row)) {
        return false;
    }
    run->page = *page;
    set_range(run);
    run->start_after = row.bytes;
    return row_range_contains(&run->page.range, row.bytes) || refuse_token(call);
}

static bool set_up(struct select_run *run, struct table *table)
{
    struct api_call *call = run->call;
    const struct partiql_statement *statement = run->statement;
    const struct opt_string index = {.present = statement->index.len > 0, .text = statement->index};
    const struct item_page_choice choice = {.has_projection = statement->column_count > 0, .has_index = index.present};
    struct partiql_failure failure;
    struct item_page *item_page = item_page_create(call, table, &index, run->options.consistent);
    if (item_page == NULL) {
        return false;
    }
    const struct index_spec *spec = item_page->page.index;
    if (!partiql_prepare_select(&call->arena, run->options.text, statement, &table->spec, spec, &run->plan, &failure)) {
        partiql_fail_call(call, &failure);
        return false;
    }
    if (!item_page_choose(item_page, &choice, statement->projection)) {
        return false;
    }
    run->prototype = item_page->page;
    run->prototype.visit = visit_row;
    run->prototype.context = run;
    run->prototype.reverse = run->plan.reverse;
    fetch_for_filter(run);
    return resume(run);
}

void partiql_select_run(struct api_call *call, const struct partiql_statement *statement, struct table *table,
                        const struct partiql_select_options *options)
{
    struct select_run *run = ARENA_NEW(&call->arena, struct select_run);
    run->call = call;
    run->statement = statement;
    run->options = *options;
    if (!set_up(run, table)) {
        return;
    }
    struct throttle throttle;
    open_page(run);
    if (!throttle_admit_read(table, run->page.index, item_page_hash(&run->page), &throttle)) {
        throttle_fail(call, &table->spec, &throttle);
        return;
    }
    call->state = run;
    json_object_begin(&call->out);
    json_member_array_begin(&call->out, "Items");
    if (!run->plan.is_scan && run->plan.partition_count == 1) {
        run->state = step(run, INLINE_ROWS);
        if (run->state != PAGE_MORE) {
            answer(call);
            return;
        }
    }
    call_run_on_pool(call, run_rest, answer);
}
