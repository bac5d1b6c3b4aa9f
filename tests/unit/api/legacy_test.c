/* The legacy parameters through whole calls: what each refuses, in which order, and that they reach the item. */
#include "../../support/api_says.h"

static struct api_server *server;

#define INVALID "One or more parameter values were invalid: "
#define KEY     "'TableName':'full','Key':{'pk':{'S':'k'},'sk':{'S':'s'}}"
#define ITEM                                                                                                           \
    "{'pk':{'S':'k'},'sk':{'S':'s'},'l':{'N':'1'},'g':{'S':'g'},'h':{'N':'2'},'n':{'N':'5'},'s':{'S':'abc'},"          \
    "'ss':{'SS':['a','b']}}"
#define PK_IS(value) "'pk':{'ComparisonOperator':'EQ','AttributeValueList':[{'S':'" value "'}]}"

struct refusal {
    const char *operation;
    const char *body;
    const char *message;
};

static int start(void **state)
{
    (void)state;
    server = api_server_start();
    api_says_create_tables(server);
    assert_says(server, "PutItem", "{'TableName':'full','Item':" ITEM "}", 200, "{}");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_server_stop(server);
    return 0;
}

static void check_refusals(const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_invalid(server, refusals[i].operation, refusals[i].body, refusals[i].message);
    }
    assert_says(server, "GetItem", "{" KEY "}", 200, "{'Item':" ITEM "}");
}

#define CHECK_REFUSALS(rows) check_refusals((rows), sizeof(rows) / sizeof((rows)[0]))

#define EXPECTED(expected) "DeleteItem", "{" KEY ",'Expected':{'a':{" expected "}}}"
#define SCAN(condition)    "Scan", "{'TableName':'full','ScanFilter':{'a':{" condition "}}}"
#define NO_LIST            INVALID "AttributeValueList can only be used with a ComparisonOperator for Attribute: a"
#define BOTH_VALUES        INVALID "Value and AttributeValueList cannot be used together for Attribute: a"
#define BOTH_WAYS          INVALID "Exists and ComparisonOperator cannot be used together for Attribute: a"
#define ARGUMENTS(op)      INVALID "Invalid number of argument(s) for the " op " ComparisonOperator"
#define TYPES(op, type)    INVALID "ComparisonOperator " op " is not valid for " type " AttributeValue type"
#define ONE_TYPE           INVALID "AttributeValues inside AttributeValueList must be of same type"
#define EMPTY_VALUE        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
#define EMPTY_NAME         "Empty attribute name"

static void expectations_are_refused(void **state)
{
    static const struct refusal ROWS[] = {
        {EXPECTED(""), INVALID "Value must be provided when Exists is null for Attribute: a"},
        {EXPECTED("'Exists':true"), INVALID "Value must be provided when Exists is true for Attribute: a"},
        {EXPECTED("'Exists':false,'Value':{'N':'x'}"),
         INVALID "Value cannot be used when Exists is false for Attribute: a"},
        {EXPECTED("'AttributeValueList':[{}]"), NO_LIST},
        {EXPECTED("'Exists':false,'AttributeValueList':[]"), NO_LIST},
        {EXPECTED("'Value':{'N':'1'},'AttributeValueList':[]"), BOTH_VALUES},
        {EXPECTED("'ComparisonOperator':'EQ','Value':{'N':'1'},'AttributeValueList':[{'N':'1'}]"), BOTH_VALUES},
        {EXPECTED("'ComparisonOperator':'EQ','Exists':true,'Value':{'N':'1'},'AttributeValueList':[]"), BOTH_WAYS},
        {EXPECTED("'ComparisonOperator':'NULL','Exists':false"), BOTH_WAYS},
        {EXPECTED("'ComparisonOperator':'IN'"),
         INVALID "Value or AttributeValueList must be used with ComparisonOperator: IN for Attribute: a"},
        {EXPECTED("'ComparisonOperator':'BETWEEN','Value':{'N':'1'}"), ARGUMENTS("BETWEEN")},
        {EXPECTED("'ComparisonOperator':'NULL','Value':{'N':'1'}"), ARGUMENTS("NULL")},
        {EXPECTED("'ComparisonOperator':'NOT_NULL','AttributeValueList':[{}]"), EMPTY_VALUE},
        {EXPECTED("'ComparisonOperator':'LT','Value':{'SS':['a']}"), TYPES("LT", "SS")},
        {EXPECTED("'Value':{}"), EMPTY_VALUE},
        {"DeleteItem", "{" KEY ",'Expected':{'':{}}}",
         INVALID "Value must be provided when Exists is null for Attribute: "},
        {"DeleteItem", "{" KEY ",'Expected':{'':{'Value':{}}}}", EMPTY_VALUE},
        {"DeleteItem", "{" KEY ",'Expected':{'':{'ComparisonOperator':'EQ','AttributeValueList':[]},'a':{}}}",
         EMPTY_NAME},
        {"DeleteItem", "{" KEY ",'Expected':{'b':{'ComparisonOperator':'EQ','AttributeValueList':[]},'a':{}}}",
         ARGUMENTS("EQ")},
    };
    (void)state;
    CHECK_REFUSALS(ROWS);
}

static void filters_are_refused(void **state)
{
    static const struct refusal ROWS[] = {
        {SCAN("'ComparisonOperator':'EQ'"), ARGUMENTS("EQ")},
        {SCAN("'ComparisonOperator':'NE','AttributeValueList':[{'N':'1'},{'N':'1'}]"), ARGUMENTS("NE")},
        {SCAN("'ComparisonOperator':'IN'"), ARGUMENTS("IN")},
        {SCAN("'ComparisonOperator':'NULL','AttributeValueList':[{'N':'1'}]"), ARGUMENTS("NULL")},
        {SCAN("'ComparisonOperator':'IN','AttributeValueList':[{'N':'1'},{'L':[]}]"), TYPES("IN", "L")},
        {SCAN("'ComparisonOperator':'IN','AttributeValueList':[{'N':'1'},{'S':'1'},{'L':[]}]"), ONE_TYPE},
        {SCAN("'ComparisonOperator':'BETWEEN','AttributeValueList':[{'N':'1'},{'S':'1'}]"), ONE_TYPE},
        {SCAN("'ComparisonOperator':'BETWEEN','AttributeValueList':[{'N':'10'},{'N':'9'}]"),
         "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"},
        {SCAN("'ComparisonOperator':'CONTAINS','AttributeValueList':[{'L':[]}]"), TYPES("CONTAINS", "L")},
        {SCAN("'ComparisonOperator':'NOT_CONTAINS','AttributeValueList':[{'NS':['1']}]"), TYPES("NOT_CONTAINS", "NS")},
        {SCAN("'ComparisonOperator':'BEGINS_WITH','AttributeValueList':[{'N':'1'}]"), TYPES("BEGINS_WITH", "N")},
        {SCAN("'ComparisonOperator':'GE','AttributeValueList':[{'NULL':true}]"), TYPES("GE", "NULL")},
        {"Scan", "{'TableName':'full','ScanFilter':{'':{'ComparisonOperator':'NULL'}}}", EMPTY_NAME},
        {"Scan", "{'TableName':'full','ScanFilter':{'':{'ComparisonOperator':'EQ'}}}", ARGUMENTS("EQ")},
        {SCAN(""), "1 validation error detected: Value null at 'scanFilter.a.member.comparisonOperator' failed to "
                   "satisfy constraint: Member must not be null"},
        {"Query",
         "{'TableName':'full','KeyConditions':{" PK_IS("k") "},'QueryFilter':{'sk':{'ComparisonOperator':'NULL'}}}",
         "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"},
        {"Query",
         "{'TableName':'full','IndexName':'local','KeyConditions':{" PK_IS("k") "},'QueryFilter':{'x':{"
                                                                                "'ComparisonOperator':'NULL'}}}",
         INVALID "Secondary index local does not project one or more filter attributes: [x]"},
    };
    (void)state;
    CHECK_REFUSALS(ROWS);
}

#define JOINED(operation, members) operation, "{'TableName':'full'," members ",'ConditionalOperator':'OR'}"
#define ALONE                      "ConditionalOperator cannot be used without Filter or Expected"
#define ONE_ONLY                   "ConditionalOperator can only be used when Filter or Expected has two or more elements"
#define ONE_FILTER                 "{'n':{'ComparisonOperator':'NOT_NULL'}}"

static void operators_join_conditions(void **state)
{
    static const struct refusal ROWS[] = {
        {"PutItem", "{'TableName':'full','Item':" ITEM ",'ConditionalOperator':'AND'}", ALONE},
        {"UpdateItem", "{" KEY ",'Expected':{},'ConditionalOperator':'AND'}", ALONE},
        {"DeleteItem", "{" KEY ",'Expected':{'n':{'Exists':false}},'ConditionalOperator':'AND'}", ONE_ONLY},
        {JOINED("Scan", "'ScanFilter':{}"), ALONE},
        {JOINED("Scan", "'ScanFilter':" ONE_FILTER), ONE_ONLY},
        {JOINED("Query", "'KeyConditions':{" PK_IS("k") "}"), ALONE},
        {JOINED("Query", "'KeyConditions':{" PK_IS("k") "},'QueryFilter':" ONE_FILTER), ONE_ONLY},
    };
    (void)state;
    CHECK_REFUSALS(ROWS);
    assert_shows(server, "Scan",
                 "{'TableName':'full','ScanFilter':{'n':{'ComparisonOperator':'NULL'},"
                 "'s':{'ComparisonOperator':'NOT_NULL'}},'ConditionalOperator':'OR'}",
                 200, "'Count':1");
    assert_shows(server, "Scan",
                 "{'TableName':'full','ScanFilter':{'n':{'ComparisonOperator':'NULL'},"
                 "'s':{'ComparisonOperator':'NOT_NULL'}},'ConditionalOperator':'AND'}",
                 200, "'Count':0");
}

#define QUERY(conditions) "Query", "{'TableName':'full','KeyConditions':{" conditions "}}"
#define SK(op, values)    "'sk':{'ComparisonOperator':'" op "','AttributeValueList':[" values "]}"
#define NOT_SUPPORTED     "Query key condition not supported"
#define NOT_INDEXABLE     "Attempted conditional constraint is not an indexable operation"
#define TYPE_MISMATCH     INVALID "Condition parameter type does not match schema type"
#define LENGTH            "Conditions can be of length 1 or 2 only"

static void key_conditions_are_refused(void **state)
{
    static const struct refusal ROWS[] = {
        {QUERY(""), LENGTH},
        {QUERY(
             PK_IS("k") "," SK("EQ", "{'S':'s'}") ",'x':{'ComparisonOperator':'IN','AttributeValueList':[{'N':'1'}]}"),
         LENGTH},
        {QUERY("'a':{'ComparisonOperator':'NULL'},'b':{'ComparisonOperator':'NULL'},'c':{'ComparisonOperator':'NULL'},"
               "'d':{'ComparisonOperator':'NULL'},'e':{'ComparisonOperator':'NULL'},'f':{'ComparisonOperator':'NULL'},"
               "'g':{'ComparisonOperator':'NULL'},'h':{'ComparisonOperator':'NULL'},'i':{'ComparisonOperator':'NULL'}"),
         LENGTH},
        {QUERY(PK_IS("k") "," SK("EQ", "")), ARGUMENTS("EQ")},
        {QUERY(PK_IS("k") "," SK("LT", "{'L':[]}")), TYPES("LT", "L")},
        {QUERY(PK_IS("k") "," SK("EQ", "{'L':[]}")), TYPE_MISMATCH},
        {QUERY(PK_IS("k") "," SK("IN", "{'N':'1'}")), TYPE_MISMATCH},
        {QUERY(PK_IS("k") "," SK("IN", "{'S':'s'}")), NOT_INDEXABLE},
        {QUERY(PK_IS("k") "," SK("NE", "{'S':''}")), NOT_INDEXABLE},
        {QUERY(PK_IS("k") "," SK("CONTAINS", "{'S':'s'}")), NOT_INDEXABLE},
        {QUERY(PK_IS("k") "," SK("NOT_NULL", "")), NOT_INDEXABLE},
        {QUERY(PK_IS("k") "," SK("EQ", "{}")), EMPTY_VALUE},
        {QUERY(PK_IS("k") "," SK("EQ", "{'S':''}")),
         "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
         "string value. Key: sk"},
        {QUERY("'pk':{'ComparisonOperator':'GT','AttributeValueList':[{'S':''}]}"), NOT_SUPPORTED},
        {QUERY("'pk':{'ComparisonOperator':'GT','AttributeValueList':[{'N':'1'}]}"), TYPE_MISMATCH},
        {QUERY("'pk':{'ComparisonOperator':'IN','AttributeValueList':[{'S':'k'}]}"), NOT_SUPPORTED},
        {QUERY("'pk':{'ComparisonOperator':'NULL'}"), NOT_SUPPORTED},
        {QUERY("'pk':{'ComparisonOperator':'EQ','AttributeValueList':[{'N':'1'}]},'x':{'ComparisonOperator':'NULL'}"),
         TYPE_MISMATCH},
        {QUERY(SK("EQ", "{'S':'s'}")), "Query condition missed key schema element: pk"},
        {QUERY(PK_IS("k") ",'x':{'ComparisonOperator':'IN','AttributeValueList':[{'S':'k'}]}"),
         "Query condition missed key schema element: sk"},
        {"Query", "{'TableName':'full','IndexName':'none','KeyConditions':{" PK_IS("k") "," SK("NE", "{'N':'1'}") "}}",
         "The table does not have the specified index: none"},
    };
    (void)state;
    CHECK_REFUSALS(ROWS);
    assert_shows(server, QUERY(PK_IS("k") "," SK("BEGINS_WITH", "{'S':'s'}")), 200, "'Count':1");
    assert_shows(server, QUERY(PK_IS("k") "," SK("GT", "{'S':'s'}")), 200, "'Count':0");
}

#define UPDATES(updates) "UpdateItem", "{" KEY ",'AttributeUpdates':{" updates "}}"
#define ACTION(action)   "'x':{'Action':'" action "'"
#define NEEDS_VALUE      INVALID "Only DELETE action is allowed when no attribute value is specified"
#define NO_ADD(type)     INVALID "ADD action is not supported for the type " type
#define NO_DELETE(type)  INVALID "DELETE action with value is not supported for the type " type
#define MISMATCH         "Type mismatch for attribute to update"
#define KEY_PART(name)   INVALID "Cannot update attribute " name ". This attribute is part of the key"

static void updates_are_refused(void **state)
{
    static const struct refusal ROWS[] = {
        {UPDATES("'x':{}"), NEEDS_VALUE},
        {UPDATES(ACTION("ADD") "}"), NEEDS_VALUE},
        {UPDATES(ACTION("PUT") ",'Value':{}}"), EMPTY_VALUE},
        {UPDATES(ACTION("DELETE") ",'Value':{'N':''}}"), "The parameter cannot be converted to a numeric value"},
        {UPDATES(ACTION("ADD") ",'Value':{'S':'a'}}"), NO_ADD("STRING")},
        {UPDATES(ACTION("ADD") ",'Value':{'B':'YQ=='}}"), NO_ADD("BINARY")},
        {UPDATES(ACTION("ADD") ",'Value':{'BOOL':true}}"), NO_ADD("BOOLEAN")},
        {UPDATES(ACTION("ADD") ",'Value':{'NULL':true}}"), NO_ADD("NULL")},
        {UPDATES(ACTION("ADD") ",'Value':{'M':{}}}"), NO_ADD("MAP")},
        {UPDATES(ACTION("DELETE") ",'Value':{'S':'a'}}"), NO_DELETE("STRING")},
        {UPDATES(ACTION("DELETE") ",'Value':{'N':'1'}}"), NO_DELETE("NUMBER")},
        {UPDATES(ACTION("DELETE") ",'Value':{'L':[]}}"), NO_DELETE("LIST")},
        {UPDATES("'':{}"), EMPTY_NAME},
        {UPDATES("'y':{},'x':{'Value':{}}"), NEEDS_VALUE},
        {UPDATES("'s':{'Action':'ADD','Value':{'N':'1'}}"), MISMATCH},
        {UPDATES("'s':{'Action':'ADD','Value':{'L':[]}}"), MISMATCH},
        {UPDATES("'ss':{'Action':'DELETE','Value':{'NS':['1']}}"), MISMATCH},
        {UPDATES("'l':{'Value':{'S':'a'}}"), MISMATCH},
        {UPDATES("'g':{'Value':{'S':''}}"),
         "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
         "The "
         "AttributeValue for a key attribute cannot contain an empty string value. IndexName: all, IndexKey: g"},
        {UPDATES("'n':{'Action':'ADD','Value':{'N':'1e50'}}"),
         "Number overflow. Attempting to store a number with magnitude larger than supported range"},
        {UPDATES("'sk':{'Value':{'S':'a'}},'pk':{'Action':'DELETE'}"), KEY_PART("sk")},
        {"UpdateItem", "{" KEY ",'Expected':{'a':{}},'AttributeUpdates':{'x':{}}}",
         INVALID "Value must be provided when Exists is null for Attribute: a"},
    };
    (void)state;
    CHECK_REFUSALS(ROWS);
}

#define NEW "{" KEY ",'ReturnValues':'UPDATED_NEW',"
#define OLD "{" KEY ",'ReturnValues':'UPDATED_OLD',"

static void updates_change_the_item(void **state)
{
    (void)state;
    assert_says(server, "UpdateItem",
                NEW "'AttributeUpdates':{'n':{'Action':'ADD','Value':{'N':'0.5'}},'a.b':{'Value':{'L':[]}}}}", 200,
                "{'Attributes':{'n':{'N':'5.5'},'a.b':{'L':[]}}}");
    assert_says(server, "UpdateItem", OLD "'AttributeUpdates':{'n':{'Value':{'N':'5'}},'a.b':{'Action':'DELETE'}}}",
                200, "{'Attributes':{'n':{'N':'5.5'},'a.b':{'L':[]}}}");
    assert_says(server, "UpdateItem", NEW "'AttributeUpdates':{}}", 200, "{}");
    assert_says(server, "UpdateItem",
                "{" KEY ",'AttributeUpdates':{'n':{'Action':'DELETE'}},'Expected':{'n':{'Value':{'N':'6'}}}}", 400,
                "{'__type':'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',"
                "'message':'The conditional request failed'}");
    assert_says(server, "GetItem", "{" KEY "}", 200, "{'Item':" ITEM "}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expectations_are_refused),  cmocka_unit_test(filters_are_refused),
        cmocka_unit_test(operators_join_conditions), cmocka_unit_test(key_conditions_are_refused),
        cmocka_unit_test(updates_are_refused),       cmocka_unit_test(updates_change_the_item),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
