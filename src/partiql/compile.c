/* A statement's syntax to what it means, apart from the keys of its table. */
#include "partiql/compile.h"

#include <assert.h>

bool partiql_is_read(struct slice text)
{
    struct slice first = token_text(text, syntax_token_read(text, 0));
    return slice_is_word(first, "SELECT") || slice_is_word(first, "EXISTS");
}

/* --- tables ------------------------------------------------------------------------------------------------------ */

#define NAME_BYTES_MIN 3
#define NAME_BYTES_MAX 255

static int check_table_name(struct compiler *compiler, struct slice name)
{
    bool fits = name.len >= NAME_BYTES_MIN && name.len <= NAME_BYTES_MAX;
    if (name.len == 0) {
        return compiler_fail(compiler, PARTIQL_NAME_EMPTY, SLICE(""), SLICE(""));
    }
    for (size_t i = 0; fits && i < name.len; i++) {
        char c = name.data[i];
        fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    }
    return fits ? 0 : compiler_fail(compiler, PARTIQL_TABLE_NAME, SLICE(""), SLICE(""));
}

static int compile_source(struct compiler *compiler, const struct syntax *from, struct partiql_statement *statement)
{
    const struct syntax *table = from->kind == SYNTAX_PATH ? from->items[0] : from;
    if (table->kind != SYNTAX_NAME) {
        return compiler_fail(compiler, PARTIQL_SOURCE, SLICE(""), SLICE(""));
    }
    statement->table = table->text;
    if (from->kind == SYNTAX_PATH) {
        const struct syntax *index = from->items[1];
        if (index->kind != SYNTAX_NAME) {
            return compiler_fail(compiler, index->flag ? PARTIQL_SOURCE_LIST : PARTIQL_SOURCE, SLICE(""), SLICE(""));
        }
        if (from->count > 2) {
            return compiler_fail(compiler, PARTIQL_SOURCE_DEPTH, SLICE(""), SLICE(""));
        }
        statement->index = index->text;
        if (check_table_name(compiler, index->text) != 0) {
            return -1;
        }
    }
    return check_table_name(compiler, table->text);
}

/* Writes know no indexes. */
static int compile_target(struct compiler *compiler, const struct syntax *from, struct partiql_statement *statement)
{
    if (from->kind == SYNTAX_PATH) {
        return compiler_fail(compiler, statement->kind == PARTIQL_INSERT ? PARTIQL_SOURCE_WRITE : PARTIQL_SOURCE_INDEX,
                             SLICE(""), SLICE(""));
    }
    return compile_source(compiler, from, statement);
}

/* Every question mark needs a parameter. */
static int check_parameters(struct compiler *compiler, const struct syntax_statement *syntax)
{
    return syntax->parameter_count <= compiler->parameter_count
               ? 0
               : compiler_fail(compiler, PARTIQL_PARAMETERS, SLICE(""), SLICE(""));
}

/* --- SELECT ------------------------------------------------------------------------------------------------------ */

/* The last name with the indexes behind it: a.b[0][1] shows as b[0][1]. */
static struct slice column_label(struct arena *arena, const struct path *path)
{
    uint32_t at = path->count - 1;
    while (path->elements[at].is_index) {
        at--;
    }
    struct slice label = path->elements[at].name;
    for (at++; at < path->count; at++) {
        label = arena_printf(arena, "%.*s[%u]", SLICE_ARG(label), path->elements[at].index);
    }
    return label;
}

static int compile_columns(struct compiler *compiler, const struct syntax_select *select,
                           struct partiql_statement *statement)
{
    struct expr_error error;
    uint32_t count = select->column_count;
    struct node **paths = ARENA_ARRAY(compiler->arena, struct node *, count);
    struct slice *labels = ARENA_ARRAY(compiler->arena, struct slice, count);
    statement->columns = ARENA_ARRAY(compiler->arena, struct partiql_column, count);
    statement->column_count = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct syntax *column = select->columns[i];
        if (column->kind != SYNTAX_NAME && column->kind != SYNTAX_PATH) {
            return compiler_fail_at(compiler, PARTIQL_PATH_COMPONENT, SLICE(""), SLICE(""), column);
        }
        if (compile_path(compiler, column, PARTIQL_HIERARCHY, &paths[i]) != 0) {
            return -1;
        }
        labels[i] = column_label(compiler->arena, &paths[i]->path);
        statement->columns[i] = (struct partiql_column){.label = labels[i], .path = paths[i]};
    }
    uint32_t repeated = first_repeated(compiler->arena, labels, count);
    if (repeated < count) {
        return compiler_fail(compiler, PARTIQL_COLUMN_REPEATED, labels[repeated], SLICE(""));
    }
    if (count == 0) {
        return 0;
    }
    return projection_build(compiler->arena, paths, count, &statement->projection, &error) == 0
               ? 0
               : compiler_fail_expr(compiler, &error);
}

/* What is wrong with ORDER BY as far as no keys are needed to tell. */
static int compile_order(struct compiler *compiler, const struct syntax_select *select,
                         struct partiql_statement *statement)
{
    statement->order_count = select->order_count;
    statement->order = ARENA_ARRAY(compiler->arena, struct partiql_order, select->order_count);
    if (select->order_count > 0 && select->where == NULL) {
        return compiler_fail(compiler, PARTIQL_ORDER_WHERE, SLICE(""), SLICE(""));
    }
    for (uint32_t i = 0; i < select->order_count; i++) {
        const struct syntax *key = select->order[i];
        if (key->kind != SYNTAX_NAME) {
            struct slice type = key->kind == SYNTAX_PATH ? SLICE("PATH") : key->text;
            return compiler_fail(compiler, PARTIQL_ORDER_FORM, type, SLICE(""));
        }
        statement->order[i] = (struct partiql_order){.name = key->text, .descending = select->descending[i]};
    }
    return 0;
}

static int compile_where(struct compiler *compiler, const struct syntax *where, struct partiql_statement *statement)
{
    return where == NULL ? 0 : compile_condition(compiler, where, &statement->where);
}

static int compile_select(struct compiler *compiler, const struct syntax_statement *syntax,
                          struct partiql_statement *statement)
{
    const struct syntax_select *select = syntax->select;
    if (compile_columns(compiler, select, statement) != 0 || compile_source(compiler, select->from, statement) != 0 ||
        check_parameters(compiler, syntax) != 0) {
        return -1;
    }
    return compile_where(compiler, select->where, statement) != 0 ? -1 : compile_order(compiler, select, statement);
}

void partiql_project(const struct partiql_statement *statement, const struct item *item, struct arena *arena,
                     struct item *ret_shown)
{
    assert(statement->column_count > 0);
    const struct value whole = item_as_map(item);
    struct item shown = {.attributes = ARENA_ARRAY(arena, struct attribute, statement->column_count)};
    for (uint32_t i = 0; i < statement->column_count; i++) {
        const struct value *found = path_find(&whole, &statement->columns[i].path->path);
        if (found != NULL) {
            shown.attributes[shown.count++] = (struct attribute){.name = statement->columns[i].label, .value = *found};
        }
    }
    *ret_shown = shown;
}

/* --- statements -------------------------------------------------------------------------------------------------- */

static int compile_write(struct compiler *compiler, const struct syntax_statement *syntax,
                         struct partiql_statement *statement)
{
    if (compile_target(compiler, syntax->from, statement) != 0 || check_parameters(compiler, syntax) != 0) {
        return -1;
    }
    if (syntax->kind == PARTIQL_INSERT) {
        return compile_item(compiler, syntax->item, &statement->item);
    }
    if (syntax->kind == PARTIQL_UPDATE) {
        return compile_where(compiler, syntax->where, statement) != 0
                   ? -1
                   : compile_update(compiler, syntax, &statement->update);
    }
    if (syntax->kind == PARTIQL_DELETE && syntax->returning != PARTIQL_RETURN_NONE &&
        syntax->returning != PARTIQL_RETURN_ALL_OLD) {
        return compiler_fail(compiler, PARTIQL_RETURNING_DELETE, syntax->returning_text, SLICE(""));
    }
    return compile_where(compiler, syntax->where, statement);
}

int partiql_check_syntax(struct arena *arena, struct slice text, struct partiql_error *ret_error)
{
    struct syntax_statement syntax;
    return syntax_parse(arena, text, &syntax, ret_error);
}

int partiql_compile(struct arena *arena, struct slice text, const struct value *parameters, uint32_t parameter_count,
                    struct partiql_statement **ret_statement, struct partiql_error *ret_error)
{
    struct syntax_statement syntax;
    struct compiler compiler = {
        .arena = arena, .parameters = parameters, .parameter_count = parameter_count, .error = ret_error};
    if (syntax_parse(arena, text, &syntax, ret_error) != 0) {
        return -1;
    }
    struct partiql_statement *statement = ARENA_NEW(arena, struct partiql_statement);
    statement->kind = syntax.kind;
    statement->returning = syntax.returning;
    bool is_read = syntax.kind == PARTIQL_SELECT || syntax.kind == PARTIQL_EXISTS;
    int failed = is_read ? compile_select(&compiler, &syntax, statement) : compile_write(&compiler, &syntax, statement);
    if (failed) {
        return -1;
    }
    *ret_statement = statement;
    return 0;
}
