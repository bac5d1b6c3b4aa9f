#include "expr/token.h"

#include <strings.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static uint32_t word_end(struct slice text, uint32_t at)
{
    while (at < text.len && is_word(text.data[at])) {
        at++;
    }
    return at;
}

static enum token_kind keyword(struct slice word)
{
    static const struct {
        struct slice word;
        enum token_kind kind;
    } KEYWORDS[] = {{{"and", 3}, TOKEN_AND},         {{"or", 2}, TOKEN_OR},         {{"not", 3}, TOKEN_NOT},
                    {{"in", 2}, TOKEN_IN},           {{"set", 3}, TOKEN_SET},       {{"add", 3}, TOKEN_ADD},
                    {{"between", 7}, TOKEN_BETWEEN}, {{"remove", 6}, TOKEN_REMOVE}, {{"delete", 6}, TOKEN_DELETE}};
    for (size_t i = 0; i < sizeof KEYWORDS / sizeof KEYWORDS[0]; i++) {
        struct slice candidate = KEYWORDS[i].word;
        if (candidate.len == word.len && strncasecmp(candidate.data, word.data, word.len) == 0) {
            return KEYWORDS[i].kind;
        }
    }
    return TOKEN_IDENTIFIER;
}

/* A stray character is shown whole: all bytes of its UTF-8. */
static uint32_t character_end(struct slice text, uint32_t at)
{
    at++;
    while (at < text.len && ((unsigned char)text.data[at] & 0xC0) == 0x80) {
        at++;
    }
    return at;
}

static enum token_kind punctuation(struct slice text, uint32_t at, uint32_t *ret_length)
{
    char next = at + 1 < text.len ? text.data[at + 1] : '\0';
    *ret_length = 1;
    switch (text.data[at]) {
    case '.':
        return TOKEN_DOT;
    case ',':
        return TOKEN_COMMA;
    case '(':
        return TOKEN_OPEN;
    case ')':
        return TOKEN_CLOSE;
    case '[':
        return TOKEN_OPEN_BRACKET;
    case ']':
        return TOKEN_CLOSE_BRACKET;
    case '+':
        return TOKEN_PLUS;
    case '-':
        return TOKEN_MINUS;
    case '=':
        return TOKEN_EQ;
    case '<':
        *ret_length = next == '=' || next == '>' ? 2 : 1;
        return next == '=' ? TOKEN_LE : next == '>' ? TOKEN_NE : TOKEN_LT;
    case '>':
        *ret_length = next == '=' ? 2 : 1;
        return next == '=' ? TOKEN_GE : TOKEN_GT;
    default:
        return TOKEN_STRAY;
    }
}

struct token token_read(struct slice text, uint32_t from)
{
    while (from < text.len && is_blank(text.data[from])) {
        from++;
    }
    struct token token = {.kind = TOKEN_END, .start = from, .end = from};
    if (from >= text.len) {
        return token;
    }
    char c = text.data[from];
    if (is_letter(c)) {
        token.end = word_end(text, from);
        token.kind = keyword(token_text(text, token));
        return token;
    }
    if (c == '#' || c == ':') {
        token.end = word_end(text, from + 1);
        token.kind = token.end == from + 1 ? TOKEN_STRAY : c == '#' ? TOKEN_NAME : TOKEN_VALUE;
        return token;
    }
    if (is_digit(c)) {
        token.kind = TOKEN_NUMBER;
        token.end = from + 1;
        while (c != '0' && token.end < text.len && is_digit(text.data[token.end])) {
            token.end++;
        }
        return token;
    }
    uint32_t length;
    token.kind = punctuation(text, from, &length);
    token.end = token.kind == TOKEN_STRAY ? character_end(text, from) : from + length;
    return token;
}

bool token_is_placeholder(struct slice key, char sign)
{
    while (key.len > 0 && is_blank(key.data[key.len - 1])) {
        key.len--;
    }
    while (key.len > 0 && is_blank(key.data[0])) {
        key = slice_of(key.data + 1, key.len - 1);
    }
    return key.len > 1 && key.len <= UINT32_MAX && key.data[0] == sign && word_end(key, 1) == key.len;
}
