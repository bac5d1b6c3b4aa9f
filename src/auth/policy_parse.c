#include "auth/policy_tree.h"

#include "value/json.h"

#include <stdatomic.h>
#include <stdlib.h>

#define STATEMENTS_MAX 200
#define VALUES_MAX     1000

/* What the functions below share. */
struct reader {
    const struct json_node *nodes;
    struct arena *arena;
    struct err *err;
    enum policy_kind kind;
    enum policy_flaw *flaw; /* set where it is not POLICY_FLAW_OTHER */
};

static bool equal_ignoring_case(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

/* --- pieces ------------------------------------------------------------------------------------------------------- */

static const struct json_node *member(const struct reader *reader, const struct json_node *object, const char *name)
{
    return json_member(reader->nodes, object, slice_from_string(name));
}

/* A string, a number or a truth value as text. */
static bool scalar_text(const struct reader *reader, const struct json_node *node, struct slice *ret_text)
{
    switch (node->type) {
    case JSON_STRING:
        *ret_text = node->text;
        return true;
    case JSON_TRUE:
        *ret_text = SLICE("true");
        return true;
    case JSON_FALSE:
        *ret_text = SLICE("false");
        return true;
    case JSON_INTEGER:
        *ret_text = arena_printf(reader->arena, "%lld", (long long)node->integer);
        return true;
    case JSON_DOUBLE:
        *ret_text = arena_printf(reader->arena, "%.17g", node->real);
        return true;
    default:
        return false;
    }
}

/* One text or a list of them. `any`: numbers and truth values are texts too. */
static int read_texts(const struct reader *reader, const struct json_node *node, const char *what, bool any,
                      struct text_list *ret_list)
{
    bool is_list = node->type == JSON_ARRAY;
    uint32_t count = is_list ? node->count : 1;
    if (count > VALUES_MAX) {
        return err_set(reader->err, "%s has more than %d values", what, VALUES_MAX);
    }
    ret_list->items = ARENA_ARRAY(reader->arena, struct slice, count);
    ret_list->count = count;
    const struct json_node *element = is_list ? node + 1 : node;
    for (uint32_t i = 0; i < count; i++, element = reader->nodes + element->end) {
        if ((element->type != JSON_STRING && !any) || !scalar_text(reader, element, &ret_list->items[i])) {
            return err_set(reader->err, "%s must be %s or a list of them", what, any ? "a value" : "a string");
        }
    }
    return 0;
}

static int check_members(const struct reader *reader, const struct json_node *object, const char *const *allowed,
                         const char *what)
{
    const struct json_node *child = object + 1;
    for (uint32_t i = 0; i < object->count; i++, child = reader->nodes + child->end) {
        size_t known = 0;
        while (allowed[known] != NULL && !slice_equal(child->name, slice_from_string(allowed[known]))) {
            known++;
        }
        if (allowed[known] == NULL) {
            return err_set(reader->err, "%s has an unknown element %.*s", what,
                           (int)(child->name.len < 64 ? child->name.len : 64), child->name.data);
        }
    }
    return 0;
}

/* Exactly one of two members. */
static int read_either(const struct reader *reader, const struct json_node *statement, const char *name,
                       const char *not_name, bool *ret_not, struct text_list *ret_list)
{
    const struct json_node *plain = member(reader, statement, name), *negated = member(reader, statement, not_name);
    if ((plain == NULL) == (negated == NULL)) {
        *reader->flaw = plain == NULL && strcmp(name, "Resource") == 0 ? POLICY_FLAW_NO_RESOURCE : POLICY_FLAW_OTHER;
        return err_set(reader->err, "a statement needs either %s or %s", name, not_name);
    }
    *ret_not = negated != NULL;
    if (read_texts(reader, negated != NULL ? negated : plain, negated != NULL ? not_name : name, false, ret_list) !=
        0) {
        return -1;
    }
    return ret_list->count > 0 ? 0 : err_set(reader->err, "%s is empty", negated != NULL ? not_name : name);
}

/* --- principals --------------------------------------------------------------------------------------------------- */

static bool is_account(struct slice text)
{
    size_t digits = 0;
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    return text.len == 12 && digits == 12;
}

/* "*", an account, arn:aws:iam::ACCOUNT:root, or the ARN of a user. */
static int add_principal(const struct reader *reader, struct slice text, struct policy_principal *principal)
{
    static const char start[] = "arn:aws:iam::";
    size_t before = sizeof start - 1;
    if (slice_equal(text, SLICE("*"))) {
        principal->everybody = true;
    } else if (is_account(text)) {
        principal->accounts.items[principal->accounts.count++] = text;
    } else if (text.len == before + 17 && slice_starts_with(text, slice_of(start, before)) &&
               memcmp(text.data + before + 12, ":root", 5) == 0 && is_account(slice_of(text.data + before, 12))) {
        principal->accounts.items[principal->accounts.count++] = slice_of(text.data + before, 12);
    } else if (slice_starts_with(text, SLICE("arn:")) && memchr(text.data, '*', text.len) == NULL) {
        principal->arns.items[principal->arns.count++] = text;
    } else {
        *reader->flaw = POLICY_FLAW_PRINCIPAL;
        return err_set(reader->err, "Invalid principal in policy: %.*s", (int)(text.len < 200 ? text.len : 200),
                       text.data);
    }
    return 0;
}

static int read_principal(const struct reader *reader, const struct json_node *node, struct policy_principal *principal)
{
    if (node->type == JSON_STRING && slice_equal(node->text, SLICE("*"))) {
        principal->everybody = true;
        return 0;
    }
    static const char *const kinds[] = {"AWS", "Service", "Federated", "CanonicalUser", NULL};
    if (node->type != JSON_OBJECT || node->count == 0) {
        return err_set(reader->err, "Principal must be \"*\" or an object such as {\"AWS\": \"*\"}");
    }
    if (check_members(reader, node, kinds, "Principal") != 0) {
        return -1;
    }
    const struct json_node *aws = member(reader, node, "AWS");
    struct text_list texts = {0};
    if (aws == NULL) {
        return 0; /* services, federated users: nobody of them comes here */
    }
    if (read_texts(reader, aws, "Principal", false, &texts) != 0) {
        return -1;
    }
    principal->accounts.items = ARENA_ARRAY(reader->arena, struct slice, texts.count);
    principal->arns.items = ARENA_ARRAY(reader->arena, struct slice, texts.count);
    for (uint32_t i = 0; i < texts.count; i++) {
        if (add_principal(reader, texts.items[i], principal) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_principals(const struct reader *reader, const struct json_node *node,
                           struct policy_statement *statement)
{
    const struct json_node *plain = member(reader, node, "Principal"), *negated = member(reader, node, "NotPrincipal");
    if (reader->kind == POLICY_OF_IDENTITY) {
        return plain == NULL && negated == NULL
                   ? 0
                   : err_set(reader->err, "the policy of a user or role has no Principal: it is he");
    }
    if ((plain == NULL) == (negated == NULL)) {
        return err_set(reader->err, "a statement needs either Principal or NotPrincipal");
    }
    statement->has_principal = true;
    statement->not_principal = negated != NULL;
    return read_principal(reader, negated != NULL ? negated : plain, &statement->principal);
}

/* --- conditions --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum policy_operator comparison;
    bool negated;
} operators[] = {
    {"StringEquals", OPERATOR_STRING_EQUALS, false},
    {"StringNotEquals", OPERATOR_STRING_EQUALS, true},
    {"StringEqualsIgnoreCase", OPERATOR_STRING_EQUALS_IGNORE_CASE, false},
    {"StringNotEqualsIgnoreCase", OPERATOR_STRING_EQUALS_IGNORE_CASE, true},
    {"StringLike", OPERATOR_STRING_LIKE, false},
    {"StringNotLike", OPERATOR_STRING_LIKE, true},
    {"NumericEquals", OPERATOR_NUMERIC_EQUALS, false},
    {"NumericNotEquals", OPERATOR_NUMERIC_EQUALS, true},
    {"NumericLessThan", OPERATOR_NUMERIC_LESS_THAN, false},
    {"NumericLessThanEquals", OPERATOR_NUMERIC_LESS_THAN_EQUALS, false},
    {"NumericGreaterThan", OPERATOR_NUMERIC_GREATER_THAN, false},
    {"NumericGreaterThanEquals", OPERATOR_NUMERIC_GREATER_THAN_EQUALS, false},
    {"DateEquals", OPERATOR_DATE_EQUALS, false},
    {"DateNotEquals", OPERATOR_DATE_EQUALS, true},
    {"DateLessThan", OPERATOR_DATE_LESS_THAN, false},
    {"DateLessThanEquals", OPERATOR_DATE_LESS_THAN_EQUALS, false},
    {"DateGreaterThan", OPERATOR_DATE_GREATER_THAN, false},
    {"DateGreaterThanEquals", OPERATOR_DATE_GREATER_THAN_EQUALS, false},
    {"Bool", OPERATOR_BOOL, false},
    {"BinaryEquals", OPERATOR_BINARY_EQUALS, false},
    {"IpAddress", OPERATOR_IP_ADDRESS, false},
    {"NotIpAddress", OPERATOR_IP_ADDRESS, true},
    {"ArnEquals", OPERATOR_ARN_LIKE, false},
    {"ArnNotEquals", OPERATOR_ARN_LIKE, true},
    {"ArnLike", OPERATOR_ARN_LIKE, false},
    {"ArnNotLike", OPERATOR_ARN_LIKE, true},
    {"Null", OPERATOR_NULL, false},
};

/* "ForAllValues:StringLikeIfExists". */
static int read_operator(const struct reader *reader, struct slice name, struct policy_condition *condition)
{
    static const char if_exists[] = "IfExists";
    struct slice rest = name;
    const char *colon = memchr(name.data, ':', name.len);
    if (colon != NULL) {
        struct slice quantifier = slice_of(name.data, (size_t)(colon - name.data));
        rest = slice_of(colon + 1, name.len - quantifier.len - 1);
        condition->quantifier = equal_ignoring_case(quantifier, SLICE("ForAllValues"))  ? QUANTIFIER_ALL
                                : equal_ignoring_case(quantifier, SLICE("ForAnyValue")) ? QUANTIFIER_ANY
                                                                                        : QUANTIFIER_NONE;
        rest = condition->quantifier == QUANTIFIER_NONE ? slice_of(NULL, 0) : rest;
    }
    size_t suffix = sizeof if_exists - 1;
    if (rest.len > suffix &&
        equal_ignoring_case(slice_of(rest.data + rest.len - suffix, suffix), slice_of(if_exists, suffix))) {
        condition->if_exists = true;
        rest.len -= suffix;
    }
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        bool fits = equal_ignoring_case(rest, slice_from_string(operators[i].name));
        if (fits && !(operators[i].comparison == OPERATOR_NULL && condition->if_exists)) {
            condition->comparison = operators[i].comparison;
            condition->negated = operators[i].negated;
            return 0;
        }
    }
    return err_set(reader->err, "Invalid Condition type : %.*s", (int)(name.len < 64 ? name.len : 64), name.data);
}

static struct slice lower_case(struct arena *arena, struct slice text)
{
    char *lower = arena_alloc(arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return slice_of(lower, text.len);
}

static int read_conditions(const struct reader *reader, const struct json_node *node,
                           struct policy_statement *statement)
{
    if (node->type != JSON_OBJECT) {
        return err_set(reader->err, "Condition must be an object");
    }
    uint32_t count = 0;
    const struct json_node *block = node + 1;
    for (uint32_t i = 0; i < node->count; i++, block = reader->nodes + block->end) {
        if (block->type != JSON_OBJECT) {
            return err_set(reader->err, "each operator of a Condition must be an object");
        }
        count += block->count;
    }
    statement->conditions = ARENA_ARRAY(reader->arena, struct policy_condition, count);
    block = node + 1;
    for (uint32_t i = 0; i < node->count; i++, block = reader->nodes + block->end) {
        struct policy_condition shared = {0};
        if (read_operator(reader, block->name, &shared) != 0) {
            return -1;
        }
        const struct json_node *key = block + 1;
        for (uint32_t k = 0; k < block->count; k++, key = reader->nodes + key->end) {
            struct policy_condition *condition = &statement->conditions[statement->condition_count++];
            *condition = shared;
            condition->key = lower_case(reader->arena, key->name);
            if (read_texts(reader, key, "a Condition", true, &condition->values) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* --- the document ------------------------------------------------------------------------------------------------- */

/* SERVICE:ACTION, or "*". */
static int check_actions(const struct reader *reader, const struct text_list *actions)
{
    for (uint32_t i = 0; i < actions->count; i++) {
        struct slice action = actions->items[i];
        const char *colon = action.len == 0 ? NULL : memchr(action.data, ':', action.len);
        bool good = slice_equal(action, SLICE("*")) ||
                    (colon != NULL && colon != action.data && colon + 1 != action.data + action.len);
        if (!good) {
            return err_set(reader->err, "'%.*s' is not an action such as dynamodb:GetItem",
                           (int)(action.len < 64 ? action.len : 64), action.data);
        }
    }
    return 0;
}

static int check_resources(const struct reader *reader, const struct text_list *resources)
{
    for (uint32_t i = 0; i < resources->count; i++) {
        struct slice resource = resources->items[i];
        if (!slice_equal(resource, SLICE("*")) && !slice_starts_with(resource, SLICE("arn:"))) {
            return err_set(reader->err, "Resource %.*s must be in ARN format or \"*\".",
                           (int)(resource.len < 200 ? resource.len : 200), resource.data);
        }
    }
    return 0;
}

static int read_resources(const struct reader *reader, const struct json_node *node, struct policy_statement *statement)
{
    if (reader->kind == POLICY_OF_TRUST) {
        statement->not_resource = true; /* none of none: the role, whichever it is */
        return member(reader, node, "Resource") == NULL && member(reader, node, "NotResource") == NULL
                   ? 0
                   : err_set(reader->err, "Has prohibited field Resource: it is the role");
    }
    if (read_either(reader, node, "Resource", "NotResource", &statement->not_resource, &statement->resources) != 0) {
        return -1;
    }
    return check_resources(reader, &statement->resources);
}

static int read_statement(const struct reader *reader, const struct json_node *node, struct policy_statement *statement)
{
    static const char *const allowed[] = {"Sid",       "Effect",   "Principal",   "NotPrincipal", "Action",
                                          "NotAction", "Resource", "NotResource", "Condition",    NULL};
    if (node->type != JSON_OBJECT) {
        return err_set(reader->err, "a Statement must be an object");
    }
    const struct json_node *effect = member(reader, node, "Effect"), *sid = member(reader, node, "Sid");
    if (check_members(reader, node, allowed, "a Statement") != 0) {
        return -1;
    }
    if (sid != NULL && sid->type != JSON_STRING) {
        return err_set(reader->err, "Sid must be a string");
    }
    statement->denies =
        effect != NULL && effect->type == JSON_STRING && equal_ignoring_case(effect->text, SLICE("Deny"));
    if (!statement->denies &&
        (effect == NULL || effect->type != JSON_STRING || !equal_ignoring_case(effect->text, SLICE("Allow")))) {
        return err_set(reader->err, "Effect must be \"Allow\" or \"Deny\"");
    }
    if (read_principals(reader, node, statement) != 0 ||
        read_either(reader, node, "Action", "NotAction", &statement->not_action, &statement->actions) != 0 ||
        check_actions(reader, &statement->actions) != 0 || read_resources(reader, node, statement) != 0) {
        return -1;
    }
    const struct json_node *condition = member(reader, node, "Condition");
    return condition == NULL ? 0 : read_conditions(reader, condition, statement);
}

/* Those that there are must differ. */
static int check_sids(const struct reader *reader, const struct json_node *first, uint32_t count)
{
    const struct json_node *node = first;
    for (uint32_t i = 0; i < count; i++, node = reader->nodes + node->end) {
        const struct json_node *sid = member(reader, node, "Sid"), *other = first;
        for (uint32_t k = 0; sid != NULL && k < i; k++, other = reader->nodes + other->end) {
            const struct json_node *earlier = member(reader, other, "Sid");
            if (earlier != NULL && slice_equal(earlier->text, sid->text)) {
                *reader->flaw = POLICY_FLAW_SID_TWICE;
                return err_set(reader->err, "two statements have the Sid %.*s",
                               (int)(sid->text.len < 64 ? sid->text.len : 64), sid->text.data);
            }
        }
    }
    return 0;
}

static int read_document(const struct reader *reader, struct policy *policy)
{
    static const char *const allowed[] = {"Version", "Id", "Statement", NULL};
    const struct json_node *root = reader->nodes;
    if (root->type != JSON_OBJECT) {
        return err_set(reader->err, "a policy must be a JSON object");
    }
    if (check_members(reader, root, allowed, "the policy") != 0) {
        return -1;
    }
    const struct json_node *version = member(reader, root, "Version"), *body = member(reader, root, "Statement");
    if (version != NULL && version->type == JSON_STRING && slice_equal(version->text, SLICE("2012-10-17"))) {
        policy->has_variables = true;
    } else if (version != NULL && (version->type != JSON_STRING || !slice_equal(version->text, SLICE("2008-10-17")))) {
        return err_set(reader->err, "Version must be \"2012-10-17\" or \"2008-10-17\"");
    }
    const struct json_node *id = member(reader, root, "Id");
    if (id != NULL && id->type != JSON_STRING) {
        return err_set(reader->err, "Id must be a string");
    }
    if (body == NULL) {
        return err_set(reader->err, "the policy has no Statement");
    }
    bool is_list = body->type == JSON_ARRAY;
    uint32_t count = is_list ? body->count : 1;
    if (count == 0) {
        *reader->flaw = POLICY_FLAW_NO_STATEMENTS;
    }
    if (count == 0 || count > STATEMENTS_MAX) {
        return err_set(reader->err, "the policy has %u statements, not 1 to %d", count, STATEMENTS_MAX);
    }
    policy->statements = arena_zalloc(reader->arena, count * sizeof policy->statements[0]);
    const struct json_node *node = is_list ? body + 1 : body;
    for (uint32_t i = 0; i < count; i++, node = reader->nodes + node->end) {
        if (read_statement(reader, node, &policy->statements[i]) != 0) {
            return -1;
        }
        policy->statement_count++;
    }
    return check_sids(reader, is_list ? body + 1 : body, count);
}

static int parse(struct slice text, enum policy_kind kind, struct policy **ret_policy, enum policy_flaw *flaw,
                 struct err *err)
{
    *flaw = POLICY_FLAW_OTHER;
    if (text.len > POLICY_BYTES_MAX) {
        *flaw = POLICY_FLAW_SIZE;
        return err_set(err, "the policy has %zu bytes, more than %d", text.len, POLICY_BYTES_MAX);
    }
    static atomic_uint_fast64_t serials;
    struct policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL) {
        abort();
    }
    policy->serial = atomic_fetch_add_explicit(&serials, 1, memory_order_relaxed) + 1;
    arena_init(&policy->arena, 4096);
    char *padded = arena_zalloc(&policy->arena, text.len + JSON_PADDING);
    if (text.len > 0) {
        memcpy(padded, text.data, text.len);
    }
    struct json_parser *parser = json_parser_create();
    struct json_node *nodes = NULL;
    enum json_result parsed = json_parse(parser, slice_of(padded, text.len), &policy->arena, &nodes);
    json_parser_destroy(parser);
    const struct reader reader = {.nodes = nodes, .arena = &policy->arena, .err = err, .kind = kind, .flaw = flaw};
    *flaw = parsed == JSON_OK ? POLICY_FLAW_OTHER : POLICY_FLAW_JSON;
    int result = parsed == JSON_OK ? read_document(&reader, policy) : err_set(err, "the policy is not valid JSON");
    if (result != 0) {
        policy_destroy(policy);
        return -1;
    }
    *ret_policy = policy;
    return 0;
}

int policy_parse(struct slice text, enum policy_kind kind, struct policy **ret_policy, struct err *err)
{
    enum policy_flaw flaw;
    return parse(text, kind, ret_policy, &flaw, err);
}

enum policy_flaw policy_check(struct slice text, enum policy_kind kind, struct policy **ret_policy)
{
    enum policy_flaw flaw;
    struct err err;
    return parse(text, kind, ret_policy, &flaw, &err) == 0 ? POLICY_FLAW_NONE : flaw;
}

void policy_destroy(struct policy *policy)
{
    if (policy != NULL) {
        arena_finish(&policy->arena);
        free(policy);
    }
}
