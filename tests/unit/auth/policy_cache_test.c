/* Decisions that are kept: those that depend on nothing but action, resource and principal. */
#include "auth/policy_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TABLE "arn:aws:dynamodb:us-east-1:123456789012:table/music"
#define ALICE "arn:aws:iam::123456789012:user/alice"
#define BOB   "arn:aws:iam::123456789012:user/bob"

struct fixture {
    struct arena arena;
    struct policy_cache *cache;
    struct policy *policy;
    const char *value; /* of any condition key */
    unsigned asked;
};

static struct policy *policy_of(enum policy_kind kind, const char *text)
{
    struct policy *policy = NULL;
    struct err err;
    if (policy_parse(slice_from_string(text), kind, &policy, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return policy;
}

static struct policy_values values(const struct policy_request *request, struct slice key, struct arena *arena)
{
    (void)key;
    struct fixture *fixture = request->context;
    fixture->asked++;
    struct slice *item = ARENA_NEW(arena, struct slice);
    *item = slice_from_string(fixture->value);
    return (struct policy_values){.present = true, .items = item, .count = 1};
}

static enum policy_decision decide(struct fixture *fixture, const char *principal, const char *action,
                                   const char *resource)
{
    const struct policy_request request = {
        .action = slice_from_string(action),
        .resource = slice_from_string(resource),
        .principal_arn = slice_from_string(principal),
        .account = SLICE("123456789012"),
        .values = values,
        .context = fixture,
    };
    arena_reset(&fixture->arena);
    return policy_cache_evaluate(fixture->cache, fixture->policy, &request, &fixture->arena);
}

static void begin(struct fixture *fixture, enum policy_kind kind, const char *text)
{
    *fixture = (struct fixture){.cache = policy_cache_create(), .value = "one"};
    arena_init(&fixture->arena, 4096);
    fixture->policy = policy_of(kind, text);
}

static void end(struct fixture *fixture)
{
    policy_destroy(fixture->policy);
    policy_cache_destroy(fixture->cache);
    arena_finish(&fixture->arena);
}

#define STATEMENTS(text) "{\"Version\":\"2012-10-17\",\"Statement\":[" text "]}"
#define ALLOW_TABLE      "{\"Effect\":\"Allow\",\"Action\":\"dynamodb:*\",\"Resource\":\"" TABLE "\"}"
#define DENY_IF_ONE                                                                                                    \
    "{\"Effect\":\"Deny\",\"Action\":\"dynamodb:Put*\",\"Resource\":\"*\","                                            \
    "\"Condition\":{\"StringEquals\":{\"aws:username\":\"one\"}}}"
#define FOR_ALICE                                                                                                      \
    "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"" ALICE                                                            \
    "\"},\"Action\":\"dynamodb:GetItem\",\"Resource\":\"" TABLE "\"}"

/* Asked twice: the second time, the place of the first is found. */
static void assert_decides(struct fixture *fixture, enum policy_decision expected, const char *principal,
                           const char *action, const char *resource)
{
    assert_int_equal(decide(fixture, principal, action, resource), expected);
    assert_int_equal(decide(fixture, principal, action, resource), expected);
}

static void test_action_resource_and_principal_tell_requests_apart(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, POLICY_OF_IDENTITY, STATEMENTS(ALLOW_TABLE));
    assert_decides(&fixture, POLICY_ALLOWS, ALICE, "dynamodb:GetItem", TABLE);
    assert_decides(&fixture, POLICY_SILENT, ALICE, "dynamodb:GetItem", TABLE "2");
    assert_decides(&fixture, POLICY_SILENT, ALICE, "sts:AssumeRole", TABLE);
    assert_decides(&fixture, POLICY_ALLOWS, BOB, "dynamodb:GetItem", TABLE);
    end(&fixture);

    begin(&fixture, POLICY_OF_RESOURCE, STATEMENTS(FOR_ALICE));
    assert_decides(&fixture, POLICY_ALLOWS, ALICE, "dynamodb:GetItem", TABLE);
    assert_decides(&fixture, POLICY_SILENT, BOB, "dynamodb:GetItem", TABLE);
    end(&fixture);
}

/* While a denial may hang on a value, the value is asked for; for actions that it does not name, nothing is. */
static void test_values_are_asked_for_each_time(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, POLICY_OF_IDENTITY, STATEMENTS(ALLOW_TABLE "," DENY_IF_ONE));
    assert_decides(&fixture, POLICY_DENIES, ALICE, "dynamodb:PutItem", TABLE);
    assert_int_equal(fixture.asked, 2);
    fixture.value = "two";
    assert_decides(&fixture, POLICY_ALLOWS, ALICE, "dynamodb:PutItem", TABLE);
    assert_int_equal(fixture.asked, 4);
    fixture.value = "one";
    assert_decides(&fixture, POLICY_DENIES, ALICE, "dynamodb:PutItem", TABLE);
    assert_int_equal(fixture.asked, 6);
    assert_decides(&fixture, POLICY_ALLOWS, ALICE, "dynamodb:GetItem", TABLE);
    assert_int_equal(fixture.asked, 6);
    end(&fixture);
}

static void test_variables_are_values(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, POLICY_OF_IDENTITY,
          STATEMENTS("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"" TABLE "-${aws:username}\"}"));
    assert_decides(&fixture, POLICY_ALLOWS, ALICE, "dynamodb:GetItem", TABLE "-one");
    fixture.value = "two";
    assert_decides(&fixture, POLICY_SILENT, ALICE, "dynamodb:GetItem", TABLE "-one");
    end(&fixture);
}

/* A policy that was put in place of another takes effect at once, even at the other's address. */
static void test_another_policy_is_another(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, POLICY_OF_IDENTITY, STATEMENTS(ALLOW_TABLE));
    static const struct {
        const char *text;
        enum policy_decision decision;
    } policies[] = {
        {STATEMENTS(ALLOW_TABLE), POLICY_ALLOWS},
        {STATEMENTS("{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}"), POLICY_DENIES},
        {STATEMENTS("{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}"), POLICY_SILENT},
    };
    for (unsigned i = 0; i < 2000; i++) {
        policy_destroy(fixture.policy);
        fixture.policy = policy_of(POLICY_OF_IDENTITY, policies[i % 3].text);
        assert_decides(&fixture, policies[i % 3].decision, ALICE, "dynamodb:PutItem", TABLE);
    }
    end(&fixture);
}

/* More requests than there are places, and one that is too long for any. */
static void test_places_are_shared(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, POLICY_OF_IDENTITY, STATEMENTS(ALLOW_TABLE));
    char resource[2000];
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(resource, sizeof resource, "%s%.*u", TABLE, i % 3 == 0 ? 800 : 1, i);
        assert_decides(&fixture, POLICY_SILENT, ALICE, "dynamodb:GetItem", resource);
        assert_decides(&fixture, POLICY_ALLOWS, ALICE, "dynamodb:GetItem", TABLE);
    }
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_action_resource_and_principal_tell_requests_apart),
        cmocka_unit_test(test_values_are_asked_for_each_time),
        cmocka_unit_test(test_variables_are_values),
        cmocka_unit_test(test_another_policy_is_another),
        cmocka_unit_test(test_places_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
