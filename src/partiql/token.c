#include "partiql/token.h"

#include <stdlib.h>

/* Sorted. Source: the words that DynamoDB Local refuses as bare names. */
/* clang-format off */
static const char *const KEYWORDS[] = {
    "ABSOLUTE", "ACTION", "ADD", "ALL", "ALLOCATE", "ALTER", "AND", "ANY", "ARE", "AS", "ASC", "ASSERTION", "AT",
    "AUTHORIZATION", "AVG", "BAG", "BEGIN", "BETWEEN", "BIT", "BIT_LENGTH", "BLOB", "BOOL", "BOOLEAN", "BY",
    "CASCADE", "CASCADED", "CASE", "CAST", "CATALOG", "CHAR", "CHARACTER", "CHARACTER_LENGTH", "CHAR_LENGTH", "CHECK",
    "CLOB", "CLOSE", "COALESCE", "COLLATE", "COLLATION", "COLUMN", "COMMIT", "CONFLICT", "CONNECT", "CONNECTION",
    "CONSTRAINT", "CONSTRAINTS", "CONTINUE", "CONVERT", "CORRESPONDING", "COUNT", "CREATE", "CROSS", "CURRENT",
    "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "CURSOR", "DATE", "DATE_ADD", "DATE_DIFF",
    "DEALLOCATE", "DEC", "DECIMAL", "DECLARE", "DEFAULT", "DEFERRABLE", "DEFERRED", "DELETE", "DESC", "DESCRIBE",
    "DESCRIPTOR", "DIAGNOSTICS", "DISCONNECT", "DISTINCT", "DO", "DOMAIN", "DOUBLE", "DROP", "ELSE", "END", "ESCAPE",
    "EXCEPT", "EXCEPTION", "EXEC", "EXECUTE", "EXISTS", "EXTERNAL", "EXTRACT", "FALSE", "FETCH", "FIRST", "FLOAT",
    "FOR", "FOREIGN", "FOUND", "FROM", "FULL", "GET", "GLOBAL", "GO", "GOTO", "GRANT", "GROUP", "HAVING", "IDENTITY",
    "IMMEDIATE", "IN", "INDEX", "INDICATOR", "INITIALLY", "INNER", "INPUT", "INSENSITIVE", "INSERT", "INT", "INTEGER",
    "INTERSECT", "INTERVAL", "INTO", "IS", "ISOLATION", "JOIN", "KEY", "LANGUAGE", "LAST", "LEFT", "LET", "LEVEL",
    "LIKE", "LIMIT", "LIST", "LOCAL", "LOWER", "MATCH", "MAX", "MIN", "MISSING", "MODIFIED", "MODULE", "NAMES",
    "NATIONAL", "NATURAL", "NCHAR", "NEW", "NEXT", "NO", "NOT", "NOTHING", "NULL", "NULLIF", "NUMERIC",
    "OCTET_LENGTH", "OF", "OLD", "ON", "ONLY", "OPEN", "OPTION", "OR", "ORDER", "OUTER", "OUTPUT", "OVERLAPS", "PAD",
    "PARTIAL", "PIVOT", "POSITION", "PRECISION", "PREPARE", "PRESERVE", "PRIMARY", "PRIOR", "PRIVILEGES", "PROCEDURE",
    "PUBLIC", "READ", "REAL", "REFERENCES", "RELATIVE", "REMOVE", "RESTRICT", "RETURNING", "REVOKE", "RIGHT",
    "ROLLBACK", "ROWS", "SCHEMA", "SCROLL", "SECTION", "SELECT", "SESSION", "SESSION_USER", "SET", "SEXP", "SIZE",
    "SMALLINT", "SOME", "SPACE", "SQL", "SQLCODE", "SQLERROR", "SQLSTATE", "STRING", "STRUCT", "SUBSTRING", "SUM",
    "SYMBOL", "SYSTEM_USER", "TABLE", "TEMPORARY", "THEN", "TIME", "TIMESTAMP", "TO", "TRANSACTION", "TRANSLATE",
    "TRANSLATION", "TRIM", "TRUE", "TUPLE", "UNION", "UNIQUE", "UNKNOWN", "UNPIVOT", "UPDATE", "UPPER", "USAGE",
    "USER", "USING", "VALUE", "VALUES", "VARCHAR", "VARYING", "VIEW", "WHEN", "WHENEVER", "WHERE", "WITH", "WORK",
    "WRITE", "ZONE",
};
/* clang-format on */
#define KEYWORD_BYTES_MAX 32

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool slice_is_word(struct slice text, const char *word)
{
    size_t i = 0;
    while (i < text.len && word[i] != '\0' && upper(text.data[i]) == word[i]) {
        i++;
    }
    return i == text.len && word[i] == '\0';
}

static int compare_keyword(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

static bool is_keyword(struct slice word)
{
    char name[KEYWORD_BYTES_MAX];
    if (word.len >= sizeof name) {
        return false;
    }
    for (size_t i = 0; i < word.len; i++) {
        name[i] = upper(word.data[i]);
    }
    name[word.len] = '\0';
    return bsearch(name, KEYWORDS, sizeof KEYWORDS / sizeof KEYWORDS[0], sizeof KEYWORDS[0], compare_keyword) != NULL;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct scanner {
    struct slice text;
    uint32_t at;
};

static char peek(const struct scanner *scanner, uint32_t ahead)
{
    return scanner->at + ahead < scanner->text.len ? scanner->text.data[scanner->at + ahead] : '\0';
}

static bool starts_with(const struct scanner *scanner, const char *word)
{
    size_t len = strlen(word);
    return scanner->text.len - scanner->at >= len && memcmp(scanner->text.data + scanner->at, word, len) == 0;
}

/* Behind blanks and comments. False: a comment has no end, and `at` stands at it. */
static bool skip_blanks(struct scanner *scanner)
{
    for (;;) {
        char c = peek(scanner, 0);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            scanner->at++;
        } else if (starts_with(scanner, "--")) {
            while (scanner->at < scanner->text.len && peek(scanner, 0) != '\n') {
                scanner->at++;
            }
        } else if (starts_with(scanner, "/*")) {
            const char *rest = scanner->text.data + scanner->at + 2;
            const char *end = memmem(rest, scanner->text.len - scanner->at - 2, "*/", 2);
            if (end == NULL) {
                return false;
            }
            scanner->at = (uint32_t)(end + 2 - scanner->text.data);
        } else {
            return true;
        }
    }
}

static enum token_kind scan_quoted(struct scanner *scanner, char quote, bool *ret_has_escapes)
{
    scanner->at++;
    while (scanner->at < scanner->text.len) {
        if (peek(scanner, 0) != quote) {
            scanner->at++;
        } else if (peek(scanner, 1) == quote && quote != '`') {
            *ret_has_escapes = true;
            scanner->at += 2;
        } else {
            scanner->at++;
            return quote == '\'' ? TOKEN_STRING : quote == '"' ? TOKEN_NAME : TOKEN_ION;
        }
    }
    return TOKEN_STRAY;
}

static void skip_digits(struct scanner *scanner)
{
    while (is_digit(peek(scanner, 0))) {
        scanner->at++;
    }
}

/* 1  1.5  1.  .5  1e3  1E-3 */
static enum token_kind scan_number(struct scanner *scanner)
{
    skip_digits(scanner);
    if (peek(scanner, 0) == '.') {
        scanner->at++;
        skip_digits(scanner);
    }
    if (peek(scanner, 0) == 'e' || peek(scanner, 0) == 'E') {
        scanner->at++;
        if (peek(scanner, 0) == '+' || peek(scanner, 0) == '-') {
            scanner->at++;
        }
        if (!is_digit(peek(scanner, 0))) {
            return TOKEN_STRAY;
        }
        skip_digits(scanner);
    }
    return is_letter(peek(scanner, 0)) ? TOKEN_STRAY : TOKEN_NUMBER;
}

static enum token_kind scan_word(struct scanner *scanner)
{
    uint32_t start = scanner->at;
    while (is_letter(peek(scanner, 0)) || is_digit(peek(scanner, 0))) {
        scanner->at++;
    }
    return is_keyword(slice_of(scanner->text.data + start, scanner->at - start)) ? TOKEN_KEYWORD : TOKEN_NAME;
}

static enum token_kind scan_punctuation(struct scanner *scanner)
{
    static const char *const PAIRS[] = {"<<", ">>", "<=", ">=", "<>", "!=", "||"};
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        if (starts_with(scanner, PAIRS[i])) {
            scanner->at += 2;
            return TOKEN_PUNCTUATION;
        }
    }
    char c = peek(scanner, 0);
    scanner->at++;
    return c != '\0' && strchr("()[]{},.:;*=<>+-/%", c) != NULL ? TOKEN_PUNCTUATION : TOKEN_STRAY;
}

struct token syntax_token_read(struct slice text, uint32_t from)
{
    struct scanner scanner = {.text = text, .at = from};
    struct token token = {.kind = TOKEN_STRAY};
    bool has_token = skip_blanks(&scanner);
    token.start = scanner.at;
    char c = peek(&scanner, 0);
    if (!has_token) {
        scanner.at = (uint32_t)text.len;
    } else if (scanner.at == text.len) {
        token.kind = TOKEN_END;
    } else if (is_letter(c)) {
        token.kind = scan_word(&scanner);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(&scanner, 1)))) {
        token.kind = scan_number(&scanner);
    } else if (c == '\'' || c == '"' || c == '`') {
        token.kind = scan_quoted(&scanner, c, &token.has_escapes);
    } else if (c == '?') {
        token.kind = TOKEN_PARAMETER;
        scanner.at++;
    } else {
        token.kind = scan_punctuation(&scanner);
    }
    token.end = scanner.at;
    return token;
}
