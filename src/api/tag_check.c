/* Tags: what is a valid one, and the set that a resource has. Sources: service model, API reference (Tag), and answers
 * of Amazon DynamoDB. */
#include <locale.h>
#include <stdlib.h>
#include <wctype.h>

#include "api/table_check.h"
#include "api/table_limits.h"

#define TAG_KEY_CHARACTERS_MAX   128
#define TAG_VALUE_CHARACTERS_MAX 256

/* --- characters --------------------------------------------------------------------------------------------------- */

/* Unicode's separators, other than the blank. */
static bool is_separator(uint32_t code)
{
    return code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
           code == 0x202F || code == 0x205F || code == 0x3000;
}

/* Letters and digits of any script, blanks, and + - = . _ : / @ */
static bool is_tag_character(uint32_t code, locale_t unicode)
{
    if (code < 0x80) {
        return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z') ||
               (code != 0 && strchr(" +-=._:/@", (int)code) != NULL);
    }
    return is_separator(code) || iswalnum_l((wint_t)code, unicode) != 0;
}

/* The code point at the start of well-formed UTF-8, which JSON strings are. */
static uint32_t code_point(const unsigned char *bytes, size_t *ret_len)
{
    uint32_t code = bytes[0];
    *ret_len = code < 0x80 ? 1 : code < 0xE0 ? 2 : code < 0xF0 ? 3 : 4;
    if (*ret_len > 1) {
        code &= 0xFFu >> (*ret_len + 1);
    }
    for (size_t i = 1; i < *ret_len; i++) {
        code = (code << 6) | (bytes[i] & 0x3F);
    }
    return code;
}

static bool is_tag_text(struct slice text, size_t characters_max)
{
    locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    size_t count = 0, len;
    bool good = true;
    for (size_t at = 0; at < text.len && good; at += len, count++) {
        uint32_t code = code_point((const unsigned char *)text.data + at, &len);
        good = at + len <= text.len && is_tag_character(code, unicode);
    }
    freelocale(unicode);
    return good && count <= characters_max;
}

/* --- checks ------------------------------------------------------------------------------------------------------- */

bool table_check_tag_key(struct table_check *check, bool present, struct slice key)
{
    if (!present || key.len == 0 || !is_tag_text(key, TAG_KEY_CHARACTERS_MAX)) {
        return table_refuse(check, ERROR_VALIDATION, "The Tag Key provided is invalid, Key: %.*s",
                            present ? (int)key.len : 4, present ? key.data : "null");
    }
    if (key.len >= 4 && strncasecmp(key.data, "aws:", 4) == 0) {
        return table_refuse(check, ERROR_VALIDATION, "Tag Key cannot be prefixed with aws:, Key: %.*s", SLICE_ARG(key));
    }
    return true;
}

static bool check_tag(struct table_check *check, const struct tag_request *tag)
{
    struct slice value = tag->value.text;
    if (!table_check_tag_key(check, tag->key.present, tag->key.text)) {
        return false;
    }
    if (!tag->value.present || !is_tag_text(value, TAG_VALUE_CHARACTERS_MAX)) {
        return table_refuse(check, ERROR_VALIDATION, "The Tag Value provided is invalid, Value: %.*s",
                            tag->value.present ? (int)value.len : 4, tag->value.present ? value.data : "null");
    }
    return true;
}

static int compare_slices(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

bool table_check_tags(struct table_check *check, const struct tag_list_request *tags)
{
    struct slice *keys = ARENA_ARRAY(check->arena, struct slice, tags->count);
    for (uint32_t i = 0; i < tags->count; i++) {
        if (!check_tag(check, &tags->items[i])) {
            return false;
        }
        keys[i] = tags->items[i].key.text;
    }
    if (tags->count > 1) {
        qsort(keys, tags->count, sizeof keys[0], compare_slices);
    }
    for (uint32_t i = 1; i < tags->count; i++) {
        if (slice_equal(keys[i - 1], keys[i])) {
            return table_refuse(check, ERROR_VALIDATION,
                                "Duplicate Tag Keys provided as input: Duplicate Tag Key found %.*s",
                                SLICE_ARG(keys[i]));
        }
    }
    return true;
}

bool table_refuse_tag_count(struct table_check *check)
{
    return table_refuse(check, ERROR_VALIDATION,
                        "Number of Tags exceed the current limit for the provided ResourceArn");
}

/* --- the set -------------------------------------------------------------------------------------------------------
 */

static int compare_tags(const void *a, const void *b)
{
    return slice_compare(((const struct tag *)a)->key, ((const struct tag *)b)->key);
}

static struct tag *find_tag(struct tag *tags, uint32_t count, struct slice key)
{
    struct tag wanted = {.key = key};
    return count == 0 ? NULL : bsearch(&wanted, tags, count, sizeof *tags, compare_tags);
}

bool table_add_tags(struct table_check *check, const struct tag_list_request *tags, struct table_spec *spec,
                    struct arena *arena)
{
    uint32_t count = spec->tag_count;
    struct tag *all = ARENA_ARRAY(arena, struct tag, count + tags->count);
    if (count > 0) {
        memcpy(all, spec->tags, count * sizeof *all);
    }
    for (uint32_t i = 0; i < tags->count; i++) {
        struct tag added = {tags->items[i].key.text, tags->items[i].value.text};
        struct tag *known = find_tag(all, spec->tag_count, added.key);
        if (known != NULL) {
            *known = added;
        } else {
            all[count++] = added;
        }
    }
    if (count > TAGS_MAX) {
        return table_refuse_tag_count(check);
    }
    if (count > 1) {
        qsort(all, count, sizeof *all, compare_tags);
    }
    spec->tags = all;
    spec->tag_count = count;
    return true;
}
