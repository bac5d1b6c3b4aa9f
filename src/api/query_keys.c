#include "api/query_keys.h"

#include "api/key_check.h"

static const struct key_term *find_term(const struct key_term *terms, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(terms[i].name, name)) {
            return &terms[i];
        }
    }
    return NULL;
}

static bool is_equality(const struct key_term *term)
{
    enum key_operator how = term->operator;
    return how == KEY_EQ;
}

static bool is_between(const struct key_term *term)
{
    enum key_operator how = term->operator;
    return how == KEY_BETWEEN;
}

/* Of KeyConditions alone. NULL and NOT_NULL have no operand. */
static bool is_not_indexable(const struct key_term *term)
{
    enum key_operator how = term->operator;
    return how == KEY_NOT_INDEXABLE;
}

static bool has_no_operand(const struct key_term *term)
{
    return is_not_indexable(term) && term->operand.type == 0;
}

static bool missed(struct arena *arena, const struct key_attribute *attribute, struct slice *ret_message)
{
    *ret_message = arena_printf(arena, "Query condition missed key schema element: %.*s", SLICE_ARG(attribute->name));
    return false;
}

static bool unsupported(struct slice *ret_message)
{
    *ret_message = SLICE("Query key condition not supported");
    return false;
}

static bool not_indexable(struct slice *ret_message)
{
    *ret_message = SLICE("Attempted conditional constraint is not an indexable operation");
    return false;
}

/* The terms have different names: condition_key_terms saw to that. */
static bool check_count(const struct key_schema *keys, uint32_t count, struct slice *ret_message)
{
    bool is_multi = keys->hash_count > 1 || keys->range_count > 1;
    if (!is_multi && count > 2) {
        *ret_message = SLICE("Conditions can be of length 1 or 2 only");
        return false;
    }
    return true;
}

static bool check_type(const struct key_attribute *attribute, const struct key_term *term, struct slice *ret_message)
{
    if (term->operand.type != attribute->type || (is_between(term) && term->operand_upper.type != attribute->type)) {
        *ret_message =
            SLICE("One or more parameter values were invalid: Condition parameter type does not match schema type");
        return false;
    }
    return true;
}

/* The terms of all hash parts; *ret_hash points to the terms in schema order. */
static bool find_hash(struct arena *arena, const struct key_schema *keys, const struct key_term *terms, uint32_t count,
                      const struct key_term **ret_hash, struct slice *ret_message)
{
    for (unsigned i = 0; i < keys->hash_count; i++) {
        ret_hash[i] = find_term(terms, count, keys->hash[i].name);
        if (ret_hash[i] == NULL) {
            return missed(arena, &keys->hash[i], ret_message);
        }
    }
    return true;
}

static bool check_hash(struct arena *arena, const struct index_spec *index, const struct key_attribute *attribute,
                       const struct key_term *term, struct slice *ret_message)
{
    if (!has_no_operand(term) && !check_type(attribute, term, ret_message)) {
        return false;
    }
    if (!is_equality(term)) {
        return unsupported(ret_message);
    }
    return key_check_value(arena, index, attribute, false, &term->operand, ret_message);
}

/* The terms beside those of the hash parts. */
static bool find_range(struct arena *arena, const struct key_schema *keys, const struct key_term *terms, uint32_t count,
                       const struct key_term **ret_range, uint32_t *ret_count, struct slice *ret_message)
{
    uint32_t others = count - keys->hash_count;
    if (others > keys->range_count) {
        return unsupported(ret_message);
    }
    for (uint32_t i = 0; i < others; i++) {
        ret_range[i] = find_term(terms, count, keys->range[i].name);
        if (ret_range[i] == NULL) {
            return missed(arena, &keys->range[i], ret_message);
        }
        if (i + 1 < others && !is_equality(ret_range[i])) {
            return unsupported(ret_message);
        }
    }
    *ret_count = others;
    return true;
}

static bool check_range(struct arena *arena, const struct index_spec *index, const struct key_attribute *attribute,
                        const struct key_term *term, struct slice *ret_message)
{
    if (!has_no_operand(term) && !check_type(attribute, term, ret_message)) {
        return false;
    }
    if (is_not_indexable(term)) {
        return not_indexable(ret_message);
    }
    return key_check_value(arena, index, attribute, true, &term->operand, ret_message) &&
           (!is_between(term) || key_check_value(arena, index, attribute, true, &term->operand_upper, ret_message));
}

bool query_keys_resolve(struct arena *arena, const struct key_schema *keys, const struct index_spec *index,
                        const struct key_term *terms, uint32_t count, struct query_keys *ret_keys,
                        struct slice *ret_message)
{
    const struct key_term *hash[KEY_PARTS_MAX], *range[KEY_PARTS_MAX];
    struct query_keys resolved = {0};
    if (!check_count(keys, count, ret_message) || !find_hash(arena, keys, terms, count, hash, ret_message)) {
        return false;
    }
    for (unsigned i = 0; i < keys->hash_count; i++) {
        if (!check_hash(arena, index, &keys->hash[i], hash[i], ret_message)) {
            return false;
        }
        resolved.hash[i] = hash[i]->operand;
    }
    if (!find_range(arena, keys, terms, count, range, &resolved.range_count, ret_message)) {
        return false;
    }
    for (uint32_t i = 0; i < resolved.range_count; i++) {
        if (!check_range(arena, index, &keys->range[i], range[i], ret_message)) {
            return false;
        }
        resolved.range[i] = *range[i];
    }
    *ret_keys = resolved;
    return true;
}
