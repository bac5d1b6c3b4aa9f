/* The smaller parts of table requests. */
#include "api/table_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/table_limits.h"

#define TAG_KEY_CHARACTERS_MAX   128
#define TAG_VALUE_CHARACTERS_MAX 256

bool table_refuse(struct table_check *check, enum error_type error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_alloc(check->arena, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    check->error = error;
    check->message = slice_of(text, (size_t)len);
    return false;
}

bool table_check_class(struct table_check *check, struct slice text, enum table_class *ret_class)
{
    if (slice_equal(text, SLICE("STANDARD"))) {
        *ret_class = CLASS_STANDARD;
        return true;
    }
    if (slice_equal(text, SLICE("STANDARD_INFREQUENT_ACCESS"))) {
        *ret_class = CLASS_STANDARD_INFREQUENT_ACCESS;
        return true;
    }
    return table_refuse(check, ERROR_VALIDATION,
                        "Invalid table-class parameter provided. Please try again with a valid table-class value: "
                        "[STANDARD, STANDARD_INFREQUENT_ACCESS].");
}

bool table_check_encryption(struct table_check *check, const struct encryption_request *request, bool *ret_encrypted,
                            struct slice *ret_key)
{
    bool disabled = request->enabled.present && !request->enabled.flag;
    bool is_kms = request->type.present && request->type.value == 1;
    if (disabled && (request->type.present || request->key.present)) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "%s can not be specified if Enabled is false",
                            request->type.present ? "SSEType" : "KMSMasterKeyId");
    }
    if (request->type.present && !is_kms) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "SSEType AES256 is not supported");
    }
    if (request->key.present && !is_kms) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "SSEType KMS is required if KMSMasterKeyId is specified");
    }
    *ret_encrypted = is_kms || (request->enabled.present && request->enabled.flag);
    *ret_key = request->key.text;
    return true;
}

/* --- tags --------------------------------------------------------------------------------------------------------- */

static size_t character_count(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    }
    return count;
}

static bool check_tag(struct table_check *check, const struct tag_request *tag)
{
    struct slice key = tag->key.text, value = tag->value.text;
    if (!tag->key.present || key.len == 0 || character_count(key) > TAG_KEY_CHARACTERS_MAX) {
        return table_refuse(check, ERROR_VALIDATION, "The Tag Key provided is invalid, Key: %.*s",
                            tag->key.present ? (int)key.len : 4, tag->key.present ? key.data : "null");
    }
    if (slice_starts_with(key, SLICE("aws:"))) {
        return table_refuse(check, ERROR_VALIDATION, "Tag Key cannot be prefixed with aws:, Key: %.*s", SLICE_ARG(key));
    }
    if (!tag->value.present || character_count(value) > TAG_VALUE_CHARACTERS_MAX) {
        return table_refuse(check, ERROR_VALIDATION, "The Tag Value provided is invalid, Value: %.*s",
                            tag->value.present ? (int)value.len : 4, tag->value.present ? value.data : "null");
    }
    return true;
}

static int compare_tags(const void *a, const void *b)
{
    return slice_compare(((const struct tag *)a)->key, ((const struct tag *)b)->key);
}

bool table_check_tags(struct table_check *check, const struct create_table_request *request, struct table_spec *spec)
{
    spec->tag_count = request->tags.count;
    spec->tags = ARENA_ARRAY(check->arena, struct tag, spec->tag_count);
    for (uint32_t i = 0; i < spec->tag_count; i++) {
        if (!check_tag(check, &request->tags.items[i])) {
            return false;
        }
        spec->tags[i] =
            (struct tag){.key = request->tags.items[i].key.text, .value = request->tags.items[i].value.text};
    }
    qsort(spec->tags, spec->tag_count, sizeof(struct tag), compare_tags);
    for (uint32_t i = 1; i < spec->tag_count; i++) {
        if (slice_equal(spec->tags[i - 1].key, spec->tags[i].key)) {
            return table_refuse(check, ERROR_VALIDATION,
                                "Duplicate Tag Keys provided as input: Duplicate Tag Key found %.*s",
                                SLICE_ARG(spec->tags[i].key));
        }
    }
    if (spec->tag_count > TAGS_MAX) {
        return table_refuse(check, ERROR_VALIDATION,
                            "Number of Tags exceed the current limit for the provided "
                            "ResourceArn");
    }
    return true;
}
