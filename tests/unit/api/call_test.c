/* From a request to an answer: dispatch, the wire form of errors, the seam for the caller's rights, ARNs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/api_server.h"
#include "api/authorize.h"
#include "api/call.h"

static struct api_server *server;

static void assert_answer(const char *target, const char *body, unsigned status, const char *expected)
{
    const char *answer = api_server_send(server, target, body);
    assert_string_equal(answer, expected);
    assert_int_equal(server->call.status, status);
}

static void test_bad_targets(void **state)
{
    (void)state;
    static const char *const targets[] = {"",
                                          "ListTables",
                                          "DynamoDB_20120810.",
                                          "DynamoDB_20120810.Nope",
                                          "DynamoDB_20120810.listtables",
                                          "DynamoDB_20120810.ListTablesX",
                                          "DynamoDB_20111205.ListTables",
                                          "DynamoDBStreams_20120810.ListTables"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        assert_answer(targets[i], "{", 400, "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}");
    }
}

static void test_bad_bodies(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", " ", "{", "{}}", "3", "\"x\"", "null", "true", "{\"a\":}", "{'a':1}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        assert_answer("DynamoDB_20120810.ListTables", bodies[i], 400,
                      "{\"__type\":\"com.amazon.coral.service#SerializationException\"}");
    }
    assert_answer("DynamoDB_20120810.ListTables", "[]", 400,
                  "{\"__type\":\"com.amazon.coral.service#SerializationException\",\"Message\":\"Start of list found "
                  "where not expected\"}");
}

static void test_error_forms(void **state)
{
    (void)state;
    assert_answer(
        "DynamoDB_20120810.ListTables", "{\"Limit\":\"1\"}", 400,
        "{\"__type\":\"com.amazon.coral.service#SerializationException\",\"Message\":\"STRING_VALUE cannot be "
        "converted to Integer\"}");
    assert_answer("DynamoDB_20120810.ListTables", "{\"Limit\":0}", 400,
                  "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"message\":\"1 validation error "
                  "detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or "
                  "equal to 1\"}");
    assert_answer("DynamoDB_20120810.DescribeTable", "{\"TableName\":\"nope\"}", 400,
                  "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\",\"message\":\"Requested "
                  "resource not found: Table: nope not found\"}");
}

static void test_limits_and_endpoints(void **state)
{
    (void)state;
    assert_answer("DynamoDB_20120810.DescribeLimits", "{}", 200,
                  "{\"AccountMaxReadCapacityUnits\":80000,\"AccountMaxWriteCapacityUnits\":80000,"
                  "\"TableMaxReadCapacityUnits\":40000,\"TableMaxWriteCapacityUnits\":40000}");
    assert_answer("DynamoDB_20120810.DescribeEndpoints", "{\"any\":1}", 200,
                  "{\"Endpoints\":[{\"Address\":\"localhost:8000\",\"CachePeriodInMinutes\":1440}]}");
}

/* --- the caller's rights ------------------------------------------------------------------------------------------ */

static bool refuse_everybody(struct api_call *call)
{
    call_fail(call, ERROR_ACCESS_DENIED, "not you");
    return false;
}

static void test_callers_are_checked_before_their_json(void **state)
{
    (void)state;
    server->api.authenticate = refuse_everybody;
    assert_answer("DynamoDB_20120810.ListTables", "{", 400,
                  "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"Message\":\"not you\"}");
    assert_answer("DynamoDB_20120810.Nope", "{", 400,
                  "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}");
    server->api.authenticate = NULL;
}

static void test_every_operation_has_its_permission(void **state)
{
    (void)state;
    for (unsigned i = 0; i < operation_count; i++) {
        const struct operation *operation = &operations[i];
        assert_true(strncmp(operation->permission, "dynamodb:", 9) == 0);
        assert_string_equal(operation->permission + 9, operation->name);
        assert_true(authorize_knows(operation->name)); /* what policies are asked */
        char target[128];
        snprintf(target, sizeof target, "DynamoDB_20120810.%s", operation->name);
        assert_ptr_equal(operation_find(slice_from_string(target)), operation);
    }
}

/* --- ARNs --------------------------------------------------------------------------------------------------------- */

static void assert_arn_refused(const char *arn, const char *message)
{
    char body[512];
    snprintf(body, sizeof body, "{\"TableName\":\"%s\"}", arn);
    const char *answer = api_server_send(server, "DynamoDB_20120810.DescribeTable", body);
    if (strstr(answer, message) == NULL) {
        fail_msg("%s: %s", arn, answer);
    }
}

static void test_arns(void **state)
{
    (void)state;
    assert_arn_refused("arn:aws:dynamodb:us-east-1:123456789012:table/nope", "Table: nope not found");
    assert_arn_refused("arn:aws-cn:dynamodb:us-east-1:123456789012:table/nope", "Invalid AWS partition in 'arn:aws-cn");
    assert_arn_refused("arn:aws:sqs:us-east-1:123456789012:table/nope", "Invalid AWS service in");
    assert_arn_refused("arn:aws:dynamodb:us-east-2:123456789012:table/nope", "Invalid AWS region in");
    assert_arn_refused("arn:aws:dynamodb:us-east-1:123456789013:table/nope", "AccessDeniedException");
    assert_arn_refused("arn:aws:dynamodb:us-east-1:123456789012:table/nope/index/x", "Invalid resource type in");
    assert_arn_refused("arn:aws:dynamodb:us-east-1:123456789012:table/", "Invalid resource type in");
    assert_arn_refused("arn:aws:dynamodb:us-east-1:123456789012:", "Invalid resource type in");
    assert_arn_refused("arn:", "Invalid AWS partition in");
    assert_arn_refused("arn:aws:dynamodb", "Invalid AWS region in");
}

/* --- the pool ----------------------------------------------------------------------------------------------------- */

static pthread_t loop_thread, work_thread;
static int steps;

static void work(struct api_call *call)
{
    (void)call;
    work_thread = pthread_self();
}

static void then(struct api_call *call)
{
    assert_true(pthread_equal(pthread_self(), loop_thread));
    assert_false(pthread_equal(work_thread, loop_thread));
    if (++steps < 3) {
        call_run_on_pool(call, work, then);
        return;
    }
    json_object_begin(&call->out);
    json_object_end(&call->out);
    call_succeed(call);
}

static bool go_to_pool(struct api_call *call)
{
    call_run_on_pool(call, work, then);
    return false;
}

static void test_calls_go_to_the_pool_and_come_back(void **state)
{
    (void)state;
    loop_thread = pthread_self();
    server->api.authenticate = go_to_pool;
    assert_answer("DynamoDB_20120810.ListTables", "{}", 200, "{}");
    assert_int_equal(steps, 3);
    server->api.authenticate = NULL;
}

/* --- JSON on its way out ------------------------------------------------------------------------------------------ */

static void test_writer_places_commas(void **state)
{
    (void)state;
    struct buffer out = {0};
    json_object_begin(&out);
    json_member_text(&out, "a", "ends with {[:");
    json_member_integer(&out, "b", -1);
    json_member_array_begin(&out, "c");
    json_boolean(&out, true);
    json_object_begin(&out);
    json_object_end(&out);
    json_double(&out, 0.5);
    json_double(&out, 3);
    json_array_begin(&out);
    json_array_end(&out);
    json_array_end(&out);
    json_member_object_begin(&out, "d");
    json_object_end(&out);
    json_name_slice(&out, SLICE("\"quoted\""));
    json_element(&out);
    buffer_append(&out, "null", 4);
    json_member_time(&out, "t", 1795358245769123);
    json_object_end(&out);
    buffer_append_byte(&out, '\0');
    assert_string_equal(out.data, "{\"a\":\"ends with {[:\",\"b\":-1,\"c\":[true,{},0.5,3.0,[]],\"d\":{},"
                                  "\"\\\"quoted\\\"\":null,\"t\":1795358245.769}");
    buffer_finish(&out);
}

static int setup(void **state)
{
    (void)state;
    server = api_server_start();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    api_server_stop(server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_targets),
        cmocka_unit_test(test_bad_bodies),
        cmocka_unit_test(test_error_forms),
        cmocka_unit_test(test_limits_and_endpoints),
        cmocka_unit_test(test_callers_are_checked_before_their_json),
        cmocka_unit_test(test_every_operation_has_its_permission),
        cmocka_unit_test(test_arns),
        cmocka_unit_test(test_calls_go_to_the_pool_and_come_back),
        cmocka_unit_test(test_writer_places_commas),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
