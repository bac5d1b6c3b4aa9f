/* Writing JSON text where there is room for it already: what the two printers of attribute values share, the one of
 * trees (json_out.c) and the one of stored items (codec.c). Private to value/. */
#pragma once

#include <string.h>

#include "base/buffer.h"
#include "value/value.h"

/* A string of `len` bytes takes at most this much: its quotes, every byte as \u001F. */
#define JSON_STRING_ROOM(len) (6 * (len) + 2)

/* Longer strings are printed piece by piece, so that the worst case of a large one is not reserved. */
#define JSON_SHORT_MAX 2048

/* For text that is not clean: the same with its escapes, from the opening quote on. Returns where it ends. */
char *json_write_escaped(char *at, struct slice text);

/* Sixteen bytes at once, or what a machine has for that. */
typedef unsigned char json_run __attribute__((vector_size(16)));

/* Copies a run, and marks in *dirty the bytes that must be escaped: those below 0x20, quotes and backslashes. */
static inline void json_copy_run(char *at, const char *text, json_run *dirty)
{
    json_run run;
    memcpy(&run, text, sizeof run);
    memcpy(at, &run, sizeof run);
    *dirty |= (json_run)(run < 0x20) | (json_run)(run == '"') | (json_run)(run == '\\');
}

static inline bool json_run_is_clean(json_run dirty)
{
    uint64_t halves[2];
    memcpy(halves, &dirty, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

/* For 4 … 15 bytes, most names among them: two words that may overlap. */
static inline bool json_copy_words(char *at, const char *text, size_t len)
{
    const uint64_t ones = 0x0101010101010101ull;
    const uint64_t highs = 0x8080808080808080ull;
    uint64_t words[2];
    if (len >= 8) {
        memcpy(&words[0], text, 8);
        memcpy(&words[1], text + len - 8, 8);
        memcpy(at, &words[0], 8);
        memcpy(at + len - 8, &words[1], 8);
    } else {
        uint32_t first, last;
        memcpy(&first, text, 4);
        memcpy(&last, text + len - 4, 4);
        memcpy(at, &first, 4);
        memcpy(at + len - 4, &last, 4);
        words[0] = words[1] = (uint64_t)last << 32 | first;
    }
    uint64_t dirty = 0;
    for (int i = 0; i < (len >= 8 ? 2 : 1); i++) {
        uint64_t quote = words[i] ^ (ones * '"');
        uint64_t backslash = words[i] ^ (ones * '\\');
        dirty |= ((words[i] - ones * 0x20) | (quote - ones) | (backslash - ones)) & ~words[i] & highs;
    }
    return dirty == 0;
}

/* Copies what is mostly clean and says whether it was. Nothing is written behind the text. */
static inline bool json_copy_clean(char *at, const char *text, size_t len)
{
    json_run dirty = {0};
    if (len >= sizeof dirty) {
        for (size_t done = 0; done < len - sizeof dirty; done += sizeof dirty) {
            json_copy_run(at + done, text + done, &dirty);
        }
        json_copy_run(at + len - sizeof dirty, text + len - sizeof dirty, &dirty); /* may overlap the one before */
        return json_run_is_clean(dirty);
    }
    if (len >= 4) {
        return json_copy_words(at, text, len);
    }
    bool clean = true;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        at[i] = text[i];
        clean = clean && byte >= 0x20 && byte != '"' && byte != '\\';
    }
    return clean;
}

/* The string with its quotes; JSON_STRING_ROOM(text.len) bytes of room. Returns where it ends. */
static inline char *json_write_string(char *at, struct slice text)
{
    if (!json_copy_clean(at + 1, text.data, text.len)) {
        return json_write_escaped(at, text);
    }
    at[0] = '"';
    at[text.len + 1] = '"';
    return at + text.len + 2;
}

/* ,"name":{"S":"text"}: an attribute of type S or N whose name and text together have at most JSON_SHORT_MAX bytes. One
 * look at the room for all of it. */
static inline void json_append_short_attribute(struct buffer *out, bool is_first, struct slice name,
                                               enum value_type type, struct slice text)
{
    static const char MIDDLE[] = ":{\"S\":";
    char *start = buffer_reserve(out, JSON_STRING_ROOM(name.len) + JSON_STRING_ROOM(text.len) + sizeof MIDDLE + 2);
    char *at = start;
    *at = ',';
    at = json_write_string(at + !is_first, name);
    memcpy(at, MIDDLE, sizeof MIDDLE - 1);
    at[3] = type == VALUE_S ? 'S' : 'N';
    at = json_write_string(at + sizeof MIDDLE - 1, text);
    *at++ = '}';
    out->len += (size_t)(at - start);
}
