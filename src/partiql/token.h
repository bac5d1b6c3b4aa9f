/* PartiQL text to tokens, one at a time. Private to partiql/.
 *
 * Comments run from "--" to the end of the line, or between slash-asterisk and asterisk-slash. Keywords are those that
 * DynamoDB's parser reserves, in any case; inside double quotes every text is a name. */
#pragma once

#include "base/slice.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,      /* a bare word that is no keyword, or "quoted" */
    TOKEN_KEYWORD,   /* any other reserved word */
    TOKEN_STRING,    /* 'quoted' */
    TOKEN_NUMBER,    /* without a sign */
    TOKEN_ION,       /* `backquoted` */
    TOKEN_PARAMETER, /* ? */
    TOKEN_PUNCTUATION /* ( ) [ ] { } , . : ; * or an operator: `text` says which */,
    TOKEN_STRAY, /* a character that starts no token, or a quote or comment without an end */
};

struct token {
    enum token_kind kind;
    uint32_t start, end; /* in the text */
    bool has_escapes;    /* a quoted text in which the quote stands doubled */
};

/* The token at or behind `from`. */
struct token syntax_token_read(struct slice text, uint32_t from);

static inline struct slice token_text(struct slice text, struct token token)
{
    return slice_of(text.data + token.start, token.end - token.start);
}

/* Without regard to the case of ASCII letters; `word` is in upper case. */
bool slice_is_word(struct slice text, const char *word);
