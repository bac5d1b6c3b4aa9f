/* Statements: text to syntax.
 *
 *   SELECT * | path, …  FROM table[.index]  [WHERE e]  [ORDER BY name [ASC|DESC], …]
 *   INSERT INTO table VALUE {…}
 *   UPDATE table (SET path = e, … | REMOVE path)…  [WHERE e]  [RETURNING what]
 *   DELETE FROM table  [WHERE e]  [RETURNING what]
 *   EXISTS (select)
 *
 * Clauses of PartiQL that DynamoDB does not have are parsed, and the first one is noted: what is no sentence at all is
 * told before. */
#include "partiql/syntax.h"

#include <assert.h>

/* --- tokens ------------------------------------------------------------------------------------------------------ */

void syntax_advance(struct syntax_parser *parser)
{
    parser->token = syntax_token_read(parser->text, parser->token.end);
}

struct slice syntax_text(const struct syntax_parser *parser)
{
    return token_text(parser->text, parser->token);
}

bool syntax_at(const struct syntax_parser *parser, const char *punctuation)
{
    if (parser->token.kind != TOKEN_PUNCTUATION) {
        return false;
    }
    struct slice text = syntax_text(parser); /* of one or two characters */
    return text.data[0] == punctuation[0] && (text.len == 1 ? '\0' : text.data[1]) == punctuation[1];
}

bool syntax_at_word(const struct syntax_parser *parser, const char *keyword)
{
    return parser->token.kind == TOKEN_KEYWORD && slice_is_word(syntax_text(parser), keyword);
}

bool syntax_take(struct syntax_parser *parser, const char *punctuation)
{
    bool is_there = syntax_at(parser, punctuation);
    if (is_there) {
        syntax_advance(parser);
    }
    return is_there;
}

bool syntax_take_word(struct syntax_parser *parser, const char *keyword)
{
    bool is_there = syntax_at_word(parser, keyword);
    if (is_there) {
        syntax_advance(parser);
    }
    return is_there;
}

bool syntax_malformed(struct syntax_parser *parser, const char *detail)
{
    (void)partiql_fail(&parser->error, PARTIQL_MALFORMED, slice_from_string(detail), SLICE(""));
    return false;
}

bool syntax_unexpected(struct syntax_parser *parser)
{
    return syntax_malformed(parser, parser->token.kind == TOKEN_KEYWORD ? "Unexpected keyword" : "Unexpected term");
}

/* Keeps the first. */
static void note(struct partiql_error *noted, enum partiql_error_code code, struct slice word)
{
    if (noted->code == PARTIQL_OK) {
        (void)partiql_fail(noted, code, word, SLICE(""));
    }
}

static void note_at(struct partiql_error *noted, enum partiql_error_code code, struct slice word,
                    const struct syntax *syntax)
{
    if (noted->code == PARTIQL_OK) {
        (void)partiql_fail_at(noted, code, word, SLICE(""), syntax->start, syntax->end);
    }
}

/* x y, x AS y: an alias, of which DynamoDB has none. */
static bool parse_alias(struct syntax_parser *parser, struct partiql_error *noted)
{
    bool has_as = syntax_take_word(parser, "AS");
    if (parser->token.kind == TOKEN_NAME) {
        syntax_advance(parser);
        note(noted, PARTIQL_ALIAS, SLICE(""));
        return true;
    }
    return !has_as || syntax_malformed(parser, "Expected identifier for alias");
}

/* --- SELECT ------------------------------------------------------------------------------------------------------ */

static bool parse_columns(struct syntax_parser *parser, struct syntax_select *select)
{
    struct syntax list = {.kind = SYNTAX_LIST};
    do {
        struct syntax *column = syntax_expression(parser);
        if (column == NULL || !parse_alias(parser, &select->unsupported)) {
            return false;
        }
        syntax_push(parser->arena, &list, column);
    } while (syntax_take(parser, ","));
    select->columns = list.items;
    select->column_count = list.count;
    return true;
}

static bool parse_what(struct syntax_parser *parser, struct syntax_select *select)
{
    if (syntax_at_word(parser, "DISTINCT") || syntax_at_word(parser, "ALL")) {
        note(&select->unsupported, PARTIQL_TOKEN, syntax_text(parser));
        syntax_advance(parser);
    }
    if (syntax_at_word(parser, "VALUE") || syntax_at_word(parser, "PIVOT")) {
        note(&select->unsupported, PARTIQL_COLUMN_VALUE, SLICE(""));
        syntax_advance(parser);
    }
    return syntax_take(parser, "*") || parse_columns(parser, select);
}

static bool parse_from(struct syntax_parser *parser, struct syntax_select *select)
{
    if (!syntax_take_word(parser, "FROM")) {
        return syntax_malformed(parser, "Expected FROM");
    }
    select->from = syntax_expression(parser);
    if (select->from == NULL || !parse_alias(parser, &select->unsupported)) {
        return false;
    }
    while (syntax_take(parser, ",")) {
        note(&select->unsupported, PARTIQL_SEVERAL_TABLES, SLICE(""));
        if (syntax_expression(parser) == NULL || !parse_alias(parser, &select->unsupported)) {
            return false;
        }
    }
    return true;
}

static bool parse_order(struct syntax_parser *parser, struct syntax_select *select)
{
    struct syntax list = {.kind = SYNTAX_LIST};
    uint32_t capacity = 0;
    if (!syntax_take_word(parser, "BY")) {
        return syntax_malformed(parser, "Expected BY");
    }
    do {
        struct syntax *key = syntax_expression(parser);
        if (key == NULL) {
            return false;
        }
        if (list.count == capacity) {
            capacity = capacity == 0 ? 4 : capacity * 2;
            bool *larger = ARENA_ARRAY(parser->arena, bool, capacity);
            if (list.count > 0) {
                memcpy(larger, select->descending, list.count * sizeof(bool));
            }
            select->descending = larger;
        }
        bool is_descending = syntax_take_word(parser, "DESC");
        if (!is_descending) {
            (void)syntax_take_word(parser, "ASC");
        }
        select->descending[list.count] = is_descending;
        syntax_push(parser->arena, &list, key);
    } while (syntax_take(parser, ","));
    select->order = list.items;
    select->order_count = list.count;
    return true;
}

/* GROUP BY, HAVING, LIMIT: noted with the place of their expression. */
static bool parse_foreign_clause(struct syntax_parser *parser, struct syntax_select *select, struct slice name,
                                 bool is_placed)
{
    struct syntax *first = syntax_expression(parser);
    if (first == NULL) {
        return false;
    }
    if (is_placed) {
        note_at(&select->unsupported, PARTIQL_CLAUSE, name, first);
    } else {
        note(&select->unsupported, PARTIQL_CLAUSE, name);
    }
    while (!is_placed && syntax_take(parser, ",")) {
        if (syntax_expression(parser) == NULL) {
            return false;
        }
    }
    return true;
}

static bool parse_clauses(struct syntax_parser *parser, struct syntax_select *select)
{
    if (syntax_take_word(parser, "WHERE")) {
        select->where = syntax_expression(parser);
        if (select->where == NULL) {
            return false;
        }
    }
    if (syntax_take_word(parser, "GROUP")) {
        if (!syntax_take_word(parser, "BY")) {
            return syntax_malformed(parser, "Expected BY");
        }
        if (!parse_foreign_clause(parser, select, SLICE("GROUP BY"), false)) {
            return false;
        }
    }
    if (syntax_take_word(parser, "HAVING") && !parse_foreign_clause(parser, select, SLICE("HAVING"), true)) {
        return false;
    }
    if (syntax_take_word(parser, "ORDER") && !parse_order(parser, select)) {
        return false;
    }
    return !syntax_take_word(parser, "LIMIT") || parse_foreign_clause(parser, select, SLICE("LIMIT"), true);
}

struct syntax_select *syntax_select_parse(struct syntax_parser *parser)
{
    struct syntax_select *select = ARENA_NEW(parser->arena, struct syntax_select);
    syntax_advance(parser);
    bool parsed = parse_what(parser, select) && parse_from(parser, select) && parse_clauses(parser, select);
    return parsed ? select : NULL;
}

/* --- writes ------------------------------------------------------------------------------------------------------ */

/* RETURNING (ALL|MODIFIED) (OLD|NEW) * */
static bool parse_returning(struct syntax_parser *parser, struct syntax_statement *statement)
{
    uint32_t start = parser->token.start;
    bool is_modified = syntax_at_word(parser, "MODIFIED");
    if (!is_modified && !syntax_at_word(parser, "ALL")) {
        return syntax_malformed(parser, "Expected ALL or MODIFIED in a returning clause.");
    }
    syntax_advance(parser);
    bool is_new = syntax_at_word(parser, "NEW");
    if (!is_new && !syntax_at_word(parser, "OLD")) {
        return syntax_malformed(parser, "Expected OLD or NEW in a returning clause.");
    }
    syntax_advance(parser);
    uint32_t end = parser->token.end;
    if (!syntax_take(parser, "*")) {
        if (syntax_expression(parser) == NULL) {
            return false;
        }
        note(&statement->unsupported, PARTIQL_RETURNING_STAR, SLICE(""));
    }
    if (statement->returning != PARTIQL_RETURN_NONE) {
        note(&statement->unsupported, PARTIQL_RETURNING_SEVERAL, SLICE(""));
    }
    statement->returning_text = slice_of(parser->text.data + start, end - start);
    statement->returning = is_modified ? (is_new ? PARTIQL_RETURN_MODIFIED_NEW : PARTIQL_RETURN_MODIFIED_OLD)
                                       : (is_new ? PARTIQL_RETURN_ALL_NEW : PARTIQL_RETURN_ALL_OLD);
    return true;
}

static bool parse_where_returning(struct syntax_parser *parser, struct syntax_statement *statement)
{
    if (syntax_take_word(parser, "WHERE")) {
        statement->where = syntax_expression(parser);
        if (statement->where == NULL) {
            return false;
        }
    }
    if (!syntax_take_word(parser, "RETURNING")) {
        return true;
    }
    do {
        if (!parse_returning(parser, statement)) {
            return false;
        }
    } while (syntax_take(parser, ","));
    return true;
}

static bool parse_insert(struct syntax_parser *parser, struct syntax_statement *statement)
{
    statement->kind = PARTIQL_INSERT;
    syntax_advance(parser);
    if (!syntax_take_word(parser, "INTO")) {
        return syntax_malformed(parser, "Expected INTO");
    }
    statement->from = syntax_path(parser);
    if (statement->from == NULL) {
        return false;
    }
    bool has_value = syntax_take_word(parser, "VALUE");
    if (syntax_take_word(parser, "VALUES") && !syntax_at(parser, "(")) {
        return syntax_malformed(parser, "Expected LEFT_PAREN");
    }
    statement->item = syntax_expression(parser);
    if (statement->item == NULL) {
        return false;
    }
    if (!has_value) {
        note(&statement->unsupported, PARTIQL_OPERATION, SLICE("InsertOp"));
    }
    if (syntax_take_word(parser, "RETURNING")) {
        if (!parse_returning(parser, statement)) {
            return false;
        }
        note(&statement->unsupported, PARTIQL_RETURNING_INSERT, SLICE(""));
    }
    return true;
}

static bool add_action(struct syntax_parser *parser, struct syntax_statement *statement, uint32_t *capacity,
                       const struct syntax_action *action)
{
    if (statement->action_count == *capacity) {
        *capacity = *capacity == 0 ? 4 : *capacity * 2;
        struct syntax_action *larger = ARENA_ARRAY(parser->arena, struct syntax_action, *capacity);
        if (statement->action_count > 0) {
            memcpy(larger, statement->actions, statement->action_count * sizeof *larger);
        }
        statement->actions = larger;
    }
    statement->actions[statement->action_count++] = *action;
    return true;
}

static bool parse_set(struct syntax_parser *parser, struct syntax_statement *statement, uint32_t *capacity)
{
    do {
        struct syntax_action action = {.target = syntax_path(parser)};
        if (action.target == NULL) {
            return false;
        }
        if (!syntax_take(parser, "=")) {
            return syntax_malformed(parser, "Expected '='");
        }
        action.value = syntax_expression(parser);
        if (action.value == NULL) {
            return false;
        }
        (void)add_action(parser, statement, capacity, &action);
    } while (syntax_take(parser, ","));
    return true;
}

static bool parse_update(struct syntax_parser *parser, struct syntax_statement *statement)
{
    uint32_t capacity = 0;
    statement->kind = PARTIQL_UPDATE;
    syntax_advance(parser);
    statement->from = syntax_path(parser);
    if (statement->from == NULL || !parse_alias(parser, &statement->unsupported)) {
        return false;
    }
    while (syntax_at_word(parser, "SET") || syntax_at_word(parser, "REMOVE")) {
        bool is_remove = syntax_at_word(parser, "REMOVE");
        syntax_advance(parser);
        if (!is_remove) {
            if (!parse_set(parser, statement, &capacity)) {
                return false;
            }
            continue;
        }
        struct syntax_action action = {.is_remove = true, .target = syntax_path(parser)};
        if (action.target == NULL) {
            return false;
        }
        (void)add_action(parser, statement, &capacity, &action);
    }
    if (statement->action_count == 0) {
        return syntax_malformed(parser, "Expected data manipulation");
    }
    return parse_where_returning(parser, statement);
}

static bool parse_delete(struct syntax_parser *parser, struct syntax_statement *statement)
{
    statement->kind = PARTIQL_DELETE;
    syntax_advance(parser);
    if (!syntax_take_word(parser, "FROM")) {
        return syntax_malformed(parser, "Expected FROM");
    }
    statement->from = syntax_path(parser);
    return statement->from != NULL && parse_alias(parser, &statement->unsupported) &&
           parse_where_returning(parser, statement);
}

/* --- statements -------------------------------------------------------------------------------------------------- */

static bool parse_exists(struct syntax_parser *parser, struct syntax_statement *statement)
{
    struct syntax *call = syntax_expression(parser);
    statement->kind = PARTIQL_EXISTS;
    if (call == NULL) {
        return false;
    }
    if (call->kind == SYNTAX_CALL && call->count == 1 && call->items[0]->kind == SYNTAX_SELECT) {
        statement->select = call->items[0]->select;
    } else {
        note(&statement->unsupported, PARTIQL_EXISTS_MISPLACED, SLICE(""));
    }
    return true;
}

/* CREATE TABLE x, DROP INDEX x ON y: sentences of PartiQL. */
static bool parse_definition(struct syntax_parser *parser, struct syntax_statement *statement)
{
    bool is_create = syntax_at_word(parser, "CREATE");
    syntax_advance(parser);
    bool is_table = syntax_at_word(parser, "TABLE");
    if (!is_table && !syntax_at_word(parser, "INDEX")) {
        return syntax_unexpected(parser);
    }
    syntax_advance(parser);
    if (parser->token.kind != TOKEN_NAME) {
        return syntax_unexpected(parser);
    }
    syntax_advance(parser);
    const char *name = is_create ? (is_table ? "CreateTable" : "CreateIndex") : (is_table ? "DropTable" : "DropIndex");
    note(&statement->unsupported, PARTIQL_OPERATION, slice_from_string(name));
    return true;
}

/* Any other expression is a sentence too, but nothing that could be run. */
static bool parse_other(struct syntax_parser *parser, struct syntax_statement *statement)
{
    static const char *const NAMES[] = {
        [SYNTAX_NAME] = "VariableReference",
        [SYNTAX_PATH] = "Path",
        [SYNTAX_STRING] = "Literal",
        [SYNTAX_NUMBER] = "Literal",
        [SYNTAX_BOOL] = "Literal",
        [SYNTAX_NULL] = "Literal",
        [SYNTAX_MISSING] = "LiteralMissing",
        [SYNTAX_LIST] = "Seq",
        [SYNTAX_BAG] = "Seq",
        [SYNTAX_STRUCT] = "Struct",
        [SYNTAX_ION] = "Literal",
        [SYNTAX_CALL] = "NAry",
        [SYNTAX_OPERATION] = "NAry",
        [SYNTAX_SELECT] = "Select",
        [SYNTAX_PARAMETER] = "Parameter",
        [SYNTAX_STAR] = "Path",
    };
    struct syntax *expression = syntax_expression(parser);
    if (expression == NULL || parser->token.kind != TOKEN_END) {
        return syntax_malformed(parser, "Expected data manipulation");
    }
    note(&statement->unsupported, PARTIQL_OPERATION, slice_from_string(NAMES[expression->kind]));
    return true;
}

static bool parse_statement(struct syntax_parser *parser, struct syntax_statement *statement)
{
    if (syntax_at_word(parser, "SELECT")) {
        statement->kind = PARTIQL_SELECT;
        statement->select = syntax_select_parse(parser);
        return statement->select != NULL;
    }
    if (syntax_at_word(parser, "INSERT")) {
        return parse_insert(parser, statement);
    }
    if (syntax_at_word(parser, "UPDATE")) {
        return parse_update(parser, statement);
    }
    if (syntax_at_word(parser, "DELETE")) {
        return parse_delete(parser, statement);
    }
    if (syntax_at_word(parser, "EXISTS")) {
        return parse_exists(parser, statement);
    }
    if (syntax_at_word(parser, "CREATE") || syntax_at_word(parser, "DROP")) {
        return parse_definition(parser, statement);
    }
    return parse_other(parser, statement);
}

int syntax_parse(struct arena *arena, struct slice text, struct syntax_statement *ret_statement,
                 struct partiql_error *ret_error)
{
    struct syntax_parser parser = {.arena = arena, .text = text};
    struct syntax_statement statement = {0};
    parser.token = syntax_token_read(text, 0);
    bool parsed = parse_statement(&parser, &statement);
    if (parsed) {
        (void)syntax_take(&parser, ";");
        parsed = parser.token.kind == TOKEN_END || syntax_malformed(&parser, "Unexpected token after expression");
    }
    if (!parsed) {
        assert(parser.error.code != PARTIQL_OK);
        *ret_error = parser.error;
        return -1;
    }
    if (statement.select != NULL && statement.unsupported.code == PARTIQL_OK) {
        statement.unsupported = statement.select->unsupported;
    }
    if (statement.unsupported.code != PARTIQL_OK) {
        *ret_error = statement.unsupported;
        return -1;
    }
    statement.parameter_count = parser.parameters;
    *ret_statement = statement;
    return 0;
}
