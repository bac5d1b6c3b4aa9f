#include "auth/policy.h"

#include "auth/policy_tree.h"

/* --- conditions --------------------------------------------------------------------------------------------------- */

/* One value of the request fulfils the condition: it is among the policy's values, or for …Not… it is none of them. */
static bool value_fulfils(const struct policy_match *match, const struct policy_condition *condition,
                          struct slice value)
{
    for (uint32_t i = 0; i < condition->values.count; i++) {
        if (policy_value_matches(match, condition->comparison, condition->values.items[i], value)) {
            return !condition->negated;
        }
    }
    return condition->negated;
}

static bool all_fulfil(const struct policy_match *match, const struct policy_condition *condition,
                       const struct policy_values *values)
{
    for (uint32_t i = 0; i < values->count; i++) {
        if (!value_fulfils(match, condition, values->items[i])) {
            return false;
        }
    }
    return true;
}

static bool any_fulfils(const struct policy_match *match, const struct policy_condition *condition,
                        const struct policy_values *values)
{
    for (uint32_t i = 0; i < values->count; i++) {
        if (value_fulfils(match, condition, values->items[i])) {
            return true;
        }
    }
    return false;
}

static bool null_holds(const struct policy_condition *condition, bool present)
{
    for (uint32_t i = 0; i < condition->values.count; i++) {
        struct slice wanted = condition->values.items[i];
        if (slice_equal(wanted, present ? SLICE("false") : SLICE("true"))) {
            return true;
        }
    }
    return false;
}

static bool condition_holds(const struct policy_match *match, const struct policy_statement *statement,
                            const struct policy_condition *condition)
{
    struct policy_values values = match->request->values(match->request, condition->key, match->arena);
    bool is_there = values.present && values.count > 0;
    if (condition->comparison == OPERATOR_NULL) {
        return null_holds(condition, is_there);
    }
    if (!is_there) {
        return condition->quantifier == QUANTIFIER_ALL || condition->if_exists ||
               (condition->negated && condition->quantifier == QUANTIFIER_NONE);
    }
    bool one_is_enough =
        condition->quantifier == QUANTIFIER_ANY || (condition->quantifier == QUANTIFIER_NONE && statement->denies);
    return one_is_enough ? any_fulfils(match, condition, &values) : all_fulfil(match, condition, &values);
}

/* --- statements --------------------------------------------------------------------------------------------------- */

static bool has_text(const struct text_list *list, struct slice text)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (slice_equal(list->items[i], text)) {
            return true;
        }
    }
    return false;
}

/* An account is everybody in it when it is denied something. Allowing it something leaves it to the account's own
 * policies to whom. A role is all of its sessions. */
static bool principal_matches(const struct policy_statement *statement, const struct policy_request *request)
{
    const struct policy_principal *principal = &statement->principal;
    bool account_counts = statement->denies || statement->not_principal || request->is_account;
    bool named = principal->everybody || has_text(&principal->arns, request->principal_arn) ||
                 (request->role_arn.len != 0 && has_text(&principal->arns, request->role_arn)) ||
                 (account_counts && has_text(&principal->accounts, request->account));
    return named != statement->not_principal;
}

static bool action_matches(const struct policy_statement *statement, struct slice action)
{
    for (uint32_t i = 0; i < statement->actions.count; i++) {
        if (policy_action_matches(statement->actions.items[i], action)) {
            return !statement->not_action;
        }
    }
    return statement->not_action;
}

static bool resource_matches(const struct policy_match *match, const struct policy_statement *statement)
{
    for (uint32_t i = 0; i < statement->resources.count; i++) {
        if (policy_arn_matches(match, statement->resources.items[i], match->request->resource)) {
            return !statement->not_resource;
        }
    }
    return statement->not_resource;
}

static bool statement_applies(const struct policy_match *match, const struct policy_statement *statement)
{
    if ((statement->has_principal && !principal_matches(statement, match->request)) ||
        !action_matches(statement, match->request->action) || !resource_matches(match, statement)) {
        return false;
    }
    for (uint32_t i = 0; i < statement->condition_count; i++) {
        if (!condition_holds(match, statement, &statement->conditions[i])) {
            return false;
        }
    }
    return true;
}

bool policy_is_unbounded(const struct policy *policy)
{
    for (uint32_t i = 0; i < policy->statement_count; i++) {
        const struct policy_statement *statement = &policy->statements[i];
        if (!statement->denies && statement->condition_count == 0 && statement->has_principal &&
            (statement->principal.everybody || statement->not_principal)) {
            return true;
        }
    }
    return false;
}

enum policy_decision policy_evaluate(const struct policy *policy, const struct policy_request *request,
                                     struct arena *arena)
{
    const struct policy_match match = {.policy = policy, .request = request, .arena = arena};
    enum policy_decision decision = POLICY_SILENT;
    for (uint32_t i = 0; i < policy->statement_count; i++) {
        const struct policy_statement *statement = &policy->statements[i];
        if ((decision == POLICY_SILENT || statement->denies) && statement_applies(&match, statement)) {
            if (statement->denies) {
                return POLICY_DENIES;
            }
            decision = POLICY_ALLOWS;
        }
    }
    return decision;
}
