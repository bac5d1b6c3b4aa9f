/* Text to tokens, one at a time. Private to expr/. */
#pragma once

#include "base/slice.h"

enum token_kind {
    TOKEN_END,
    TOKEN_IDENTIFIER, /* a letter, then letters, digits, '_' */
    TOKEN_NAME,       /* #placeholder: letters, digits, '_' in any order */
    TOKEN_VALUE,      /* :placeholder */
    TOKEN_NUMBER,     /* digits without a leading zero */
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OPEN_BRACKET,
    TOKEN_CLOSE_BRACKET,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_AND, /* keywords, in any case */
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_IN,
    TOKEN_BETWEEN,
    TOKEN_SET,
    TOKEN_REMOVE,
    TOKEN_ADD,
    TOKEN_DELETE,
    TOKEN_STRAY, /* a character that starts no token */
};

struct token {
    enum token_kind kind;
    uint32_t start, end; /* in the text */
};

/* The token at or behind `from`; blanks are skipped. */
struct token token_read(struct slice text, uint32_t from);

static inline struct slice token_text(struct slice text, struct token token)
{
    return slice_of(text.data + token.start, token.end - token.start);
}

/* True if the key of a placeholder map is `sign` and at least one letter, digit or '_', blanks around it aside. */
bool token_is_placeholder(struct slice key, char sign);
