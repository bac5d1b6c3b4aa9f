/* Policies: what they allow and deny, case by case. Texts have ' for " and ` for ', so that JSON can be read in C. */
#include "auth/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ALICE   "arn:aws:iam::123456789012:user/alice"
#define TABLES  "arn:aws:dynamodb:us-east-1:123456789012:table/"
#define MUSIC   TABLES "music"
#define DEFAULT "aws:username=alice;aws:principalarn=" ALICE ";aws:userid=AIDA1"

static struct arena arena;

static char *quoted(const char *text)
{
    char *copy = strdup(text);
    for (char *c = copy; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c == '`' ? '\'' : *c;
    }
    return copy;
}

/* Keys as "key=value|value;key=": a key without values is there, and empty. */
static struct policy_values find_values(const struct policy_request *request, struct slice key, struct arena *memory)
{
    const char *rest = request->context;
    while (rest != NULL && *rest != '\0') {
        size_t len = strcspn(rest, ";");
        const char *equals = memchr(rest, '=', len);
        assert_non_null(equals);
        if (slice_equal(slice_of(rest, (size_t)(equals - rest)), key)) {
            struct slice *items = ARENA_ARRAY(memory, struct slice, 16);
            uint32_t count = 0;
            for (const char *at = equals + 1; at < rest + len; at += strcspn(at, "|;") + 1) {
                items[count++] = slice_of(at, strcspn(at, "|;"));
            }
            return (struct policy_values){.present = true, .items = items, .count = count};
        }
        rest += len + (rest[len] == ';');
    }
    return (struct policy_values){0};
}

#define SESSION "arn:aws:sts::123456789012:assumed-role/reader/tests"
#define ROLE    "arn:aws:iam::123456789012:role/reader"

static enum policy_decision decide(enum policy_kind kind, const char *text, const char *principal, const char *action,
                                   const char *resource, const char *keys)
{
    struct policy *policy = NULL;
    struct err err;
    char *json = quoted(text);
    if (policy_parse(slice_from_string(json), kind, &policy, &err) != 0) {
        fail_msg("%s\n%s", text, err.text);
    }
    free(json);
    const struct policy_request request = {
        .action = slice_from_string(action),
        .resource = slice_from_string(resource),
        .principal_arn = slice_from_string(principal),
        .role_arn = strcmp(principal, SESSION) == 0 ? SLICE(ROLE) : SLICE(""),
        .account = SLICE("123456789012"),
        .is_account = strstr(principal, ":root") != NULL,
        .values = find_values,
        .context = (void *)(uintptr_t)keys,
    };
    arena_reset(&arena);
    enum policy_decision decision = policy_evaluate(policy, &request, &arena);
    policy_destroy(policy);
    return decision;
}

static const char *const words[] = {"says nothing", "allows", "denies"};

#define SILENT POLICY_SILENT
#define ALLOWS POLICY_ALLOWS
#define DENIES POLICY_DENIES

/* --- actions and resources ---------------------------------------------------------------------------------------- */

#define POLICY(statements)      "{'Version':'2012-10-17','Statement':[" statements "]}"
#define ALLOW(action, resource) "{'Effect':'Allow','Action':" action ",'Resource':" resource "}"
#define DENY(action, resource)  "{'Effect':'Deny','Action':" action ",'Resource':" resource "}"

static const struct {
    const char *policy, *action, *resource;
    enum policy_decision expected;
} action_cases[] = {
    {POLICY(ALLOW("'dynamodb:GetItem'", "'*'")), "dynamodb:GetItem", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:GetItem'", "'*'")), "dynamodb:PutItem", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:GetItem'", "'*'")), "dynamodb:GetItems", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:getitem'", "'*'")), "dynamodb:GetItem", MUSIC, ALLOWS},
    {POLICY(ALLOW("'DynamoDB:GetItem'", "'*'")), "dynamodb:GetItem", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:*'", "'*'")), "dynamodb:DeleteTable", MUSIC, ALLOWS},
    {POLICY(ALLOW("'*'", "'*'")), "dynamodb:DeleteTable", MUSIC, ALLOWS},
    {POLICY(ALLOW("'s3:*'", "'*'")), "dynamodb:GetItem", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:Get*'", "'*'")), "dynamodb:GetItem", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:Get*'", "'*'")), "dynamodb:BatchGetItem", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:*Item'", "'*'")), "dynamodb:BatchGetItem", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:*Item'", "'*'")), "dynamodb:TransactGetItems", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:?etItem'", "'*'")), "dynamodb:GetItem", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:?GetItem'", "'*'")), "dynamodb:GetItem", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:*e*e*'", "'*'")), "dynamodb:GetItem", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:*e*e*e*'", "'*'")), "dynamodb:GetItem", MUSIC, SILENT},
    {POLICY(ALLOW("['dynamodb:PutItem','dynamodb:GetItem']", "'*'")), "dynamodb:GetItem", MUSIC, ALLOWS},
    {POLICY(ALLOW("['dynamodb:PutItem','dynamodb:Query']", "'*'")), "dynamodb:GetItem", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:GetItem'", "'" MUSIC "'")), "dynamodb:GetItem", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:GetItem'", "'" MUSIC "'")), "dynamodb:GetItem", MUSIC "2", SILENT},
    {POLICY(ALLOW("'dynamodb:GetItem'", "'" MUSIC "'")), "dynamodb:GetItem", TABLES "Music", SILENT},
    {POLICY(ALLOW("'dynamodb:Query'", "'" MUSIC "'")), "dynamodb:Query", MUSIC "/index/year", SILENT},
    {POLICY(ALLOW("'dynamodb:Query'", "'" MUSIC "/index/*'")), "dynamodb:Query", MUSIC "/index/year", ALLOWS},
    {POLICY(ALLOW("'dynamodb:Query'", "'" MUSIC "/index/*'")), "dynamodb:Query", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:Query'", "'" MUSIC "*'")), "dynamodb:Query", MUSIC "/index/year", ALLOWS},
    {POLICY(ALLOW("'dynamodb:Query'", "['" MUSIC "','" MUSIC "/index/year']")), "dynamodb:Query", MUSIC "/index/year",
     ALLOWS},
    {POLICY(ALLOW("'dynamodb:Query'", "'" TABLES "mus?c'")), "dynamodb:Query", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:Query'", "'" TABLES "mus?ic'")), "dynamodb:Query", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:Query'", "'arn:aws:dynamodb:*:*:table/music'")), "dynamodb:Query", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:Query'", "'arn:aws:dynamodb:*:123456789012:table/*'")), "dynamodb:Query", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:Query'", "'arn:aws:dynamodb:*:table/music'")), "dynamodb:Query", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:Query'", "'arn:aws:dynamodb:us-west-*:*:table/music'")), "dynamodb:Query", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:Query'", "'arn:aws:dynamodb:us-east-1:123456789013:table/music'")), "dynamodb:Query",
     MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:Query'", "'arn:aws:dynamodb:*'")), "dynamodb:Query", MUSIC, ALLOWS},
    {POLICY(ALLOW("'dynamodb:Query'", "'arn:aws:s3:*'")), "dynamodb:Query", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:Query'", "'arn:aws:dynamodb'")), "dynamodb:Query", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:Query'", "'arn:aws:dynamodb:us-east-1:123456789012:'")), "dynamodb:Query", MUSIC, SILENT},
    {POLICY(ALLOW("'dynamodb:ListTables'", "'*'")), "dynamodb:ListTables", "*", ALLOWS},
    {POLICY(ALLOW("'dynamodb:ListTables'", "'" TABLES "*'")), "dynamodb:ListTables", "*", SILENT},
    /* an explicit denial wins, wherever it stands */
    {POLICY(ALLOW("'*'", "'*'") "," DENY("'dynamodb:GetItem'", "'*'")), "dynamodb:GetItem", MUSIC, DENIES},
    {POLICY(DENY("'dynamodb:GetItem'", "'*'") "," ALLOW("'*'", "'*'")), "dynamodb:GetItem", MUSIC, DENIES},
    {POLICY(ALLOW("'*'", "'*'") "," DENY("'dynamodb:GetItem'", "'*'")), "dynamodb:PutItem", MUSIC, ALLOWS},
    {POLICY(ALLOW("'*'", "'*'") "," DENY("'*'", "'" MUSIC "'")), "dynamodb:PutItem", TABLES "other", ALLOWS},
    {POLICY(DENY("'dynamodb:GetItem'", "'*'")), "dynamodb:PutItem", MUSIC, SILENT},
    {POLICY(DENY("'dynamodb:GetItem'", "'*'")), "dynamodb:GetItem", MUSIC, DENIES},
    {POLICY(ALLOW("'dynamodb:PutItem'", "'*'") "," ALLOW("'dynamodb:GetItem'", "'*'")), "dynamodb:GetItem", MUSIC,
     ALLOWS},
    /* everything but */
    {POLICY("{'Effect':'Allow','NotAction':'dynamodb:Delete*','Resource':'*'}"), "dynamodb:GetItem", MUSIC, ALLOWS},
    {POLICY("{'Effect':'Allow','NotAction':'dynamodb:Delete*','Resource':'*'}"), "dynamodb:DeleteItem", MUSIC, SILENT},
    {POLICY("{'Effect':'Deny','NotAction':['dynamodb:GetItem','dynamodb:Query'],'Resource':'*'}"), "dynamodb:Query",
     MUSIC, SILENT},
    {POLICY("{'Effect':'Deny','NotAction':['dynamodb:GetItem','dynamodb:Query'],'Resource':'*'}"), "dynamodb:Scan",
     MUSIC, DENIES},
    {POLICY("{'Effect':'Allow','Action':'*','NotResource':'" MUSIC "'}"), "dynamodb:Scan", MUSIC, SILENT},
    {POLICY("{'Effect':'Allow','Action':'*','NotResource':'" MUSIC "'}"), "dynamodb:Scan", TABLES "other", ALLOWS},
    {POLICY("{'Effect':'Deny','Action':'*','NotResource':['" MUSIC "','" MUSIC "/*']}"), "dynamodb:Query",
     MUSIC "/index/a", SILENT},
    {POLICY("{'Effect':'Deny','Action':'*','NotResource':['" MUSIC "','" MUSIC "/*']}"), "dynamodb:Query",
     TABLES "other", DENIES},
    /* forms of the document */
    {"{'Version':'2012-10-17','Statement':" ALLOW("'*'", "'*'") "}", "dynamodb:Query", MUSIC, ALLOWS},
    {"{'Statement':" ALLOW("'*'", "'*'") "}", "dynamodb:Query", MUSIC, ALLOWS},
    {"{'Version':'2008-10-17','Id':'x','Statement':{'Sid':'1','Effect':'Allow','Action':'*','Resource':'*'}}",
     "dynamodb:Query", MUSIC, ALLOWS},
    /* variables in resources */
    {POLICY(ALLOW("'*'", "'" TABLES "${aws:username}'")), "dynamodb:Query", TABLES "alice", ALLOWS},
    {POLICY(ALLOW("'*'", "'" TABLES "${aws:username}'")), "dynamodb:Query", TABLES "bob", SILENT},
    {POLICY(ALLOW("'*'", "'" TABLES "${AWS:UserName}-*'")), "dynamodb:Query", TABLES "alice-1", ALLOWS},
    {POLICY(ALLOW("'*'", "'" TABLES "${aws:nothing}'")), "dynamodb:Query", TABLES "alice", SILENT},
    {POLICY(ALLOW("'*'", "'" TABLES "${aws:nothing, `alice`}'")), "dynamodb:Query", TABLES "alice", ALLOWS},
    {POLICY(ALLOW("'*'", "'" TABLES "${aws:username'")), "dynamodb:Query", TABLES "alice", SILENT},
    {"{'Version':'2008-10-17','Statement':" ALLOW("'*'", "'" TABLES "${aws:username}'") "}", "dynamodb:Query",
     TABLES "alice", SILENT},
    {"{'Version':'2008-10-17','Statement':" ALLOW("'*'", "'" TABLES "${aws:username}'") "}", "dynamodb:Query",
     TABLES "${aws:username}", ALLOWS},
};

static void test_actions_and_resources(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof action_cases / sizeof action_cases[0]; i++) {
        enum policy_decision decision = decide(POLICY_OF_IDENTITY, action_cases[i].policy, ALICE,
                                               action_cases[i].action, action_cases[i].resource, DEFAULT);
        if (decision != action_cases[i].expected) {
            fail_msg("%s\n%s %s: %s", action_cases[i].policy, action_cases[i].action, action_cases[i].resource,
                     words[decision]);
        }
    }
}

/* --- conditions --------------------------------------------------------------------------------------------------- */

/* Of a statement that allows everything under the condition, and of one that denies it. */
static const struct {
    const char *condition, *keys;
    bool allows, denies;
} condition_cases[] = {
    /* strings */
    {"'StringEquals':{'k':'a'}", "k=a", true, true},
    {"'StringEquals':{'k':'a'}", "k=A", false, false},
    {"'StringEquals':{'K':'a'}", "k=a", true, true},
    {"'StringEquals':{'k':'a'}", "", false, false},
    {"'StringEquals':{'k':'a'}", "k=", false, false},
    {"'StringEquals':{'k':['a','b']}", "k=b", true, true},
    {"'StringEquals':{'k':['a','b']}", "k=c", false, false},
    {"'StringEquals':{'k':[]}", "k=c", false, false},
    {"'StringEquals':{'k':'*'}", "k=a", false, false},
    {"'StringEquals':{'k':'*'}", "k=*", true, true},
    {"'StringEquals':{'k':'a','l':'b'}", "k=a;l=b", true, true},
    {"'StringEquals':{'k':'a','l':'b'}", "k=a;l=c", false, false},
    {"'StringEquals':{'k':'a'},'StringLike':{'k':'*'}", "k=a", true, true},
    {"'StringEquals':{'k':'a'},'StringNotLike':{'k':'*'}", "k=a", false, false},
    {"'StringNotEquals':{'k':'a'}", "k=a", false, false},
    {"'StringNotEquals':{'k':'a'}", "k=b", true, true},
    {"'StringNotEquals':{'k':'a'}", "", true, true},
    {"'StringNotEquals':{'k':['a','b']}", "k=b", false, false},
    {"'StringNotEquals':{'k':['a','b']}", "k=c", true, true},
    {"'StringEqualsIgnoreCase':{'k':'aBc'}", "k=AbC", true, true},
    {"'StringEqualsIgnoreCase':{'k':'aBc'}", "k=ab", false, false},
    {"'StringNotEqualsIgnoreCase':{'k':'aBc'}", "k=AbC", false, false},
    {"'StringNotEqualsIgnoreCase':{'k':'aBc'}", "k=x", true, true},
    {"'StringLike':{'k':'a*'}", "k=abc", true, true},
    {"'StringLike':{'k':'a*'}", "k=bac", false, false},
    {"'StringLike':{'k':'a?c'}", "k=abc", true, true},
    {"'StringLike':{'k':'a?c'}", "k=ac", false, false},
    {"'StringLike':{'k':'*a*b*'}", "k=xxaxxbxx", true, true},
    {"'StringLike':{'k':'*a*b*'}", "k=xxbxxaxx", false, false},
    {"'StringLike':{'k':''}", "k=a", false, false},
    {"'StringLike':{'k':'A*'}", "k=abc", false, false},
    {"'StringNotLike':{'k':'a*'}", "k=abc", false, false},
    {"'StringNotLike':{'k':'a*'}", "k=b", true, true},
    {"'StringNotLike':{'k':'a*'}", "", true, true},
    /* variables */
    {"'StringEquals':{'k':'${aws:username}'}", "k=alice;aws:username=alice", true, true},
    {"'StringEquals':{'k':'${aws:username}'}", "k=bob;aws:username=alice", false, false},
    {"'StringEquals':{'k':'${aws:username}'}", "k=alice", false, false},
    {"'StringNotEquals':{'k':'${aws:username}'}", "k=alice", true, true},
    {"'StringLike':{'k':'${aws:username}/*'}", "k=alice/1;aws:username=alice", true, true},
    {"'StringLike':{'k':'${aws:username}/*'}", "k=alice;aws:username=alice", false, false},
    {"'StringLike':{'k':'${u}'}", "k=anything;u=*", false, false},
    {"'StringLike':{'k':'${u}'}", "k=*;u=*", true, true},
    {"'StringLike':{'k':'a${*}'}", "k=a*", true, true},
    {"'StringLike':{'k':'a${*}'}", "k=ab", false, false},
    {"'StringEquals':{'k':'${$}{x}'}", "k=${x}", true, true},
    {"'StringLike':{'k':'${?}'}", "k=a", false, false},
    {"'StringEquals':{'k':'${u}'}", "k=a;u=a|b", false, false},
    {"'StringEquals':{'k':'${u, `d`}'}", "k=d", true, true},
    {"'StringEquals':{'k':'${u, `d`}'}", "k=d;u=e", false, false},
    {"'StringEquals':{'k':'x${a}y${b}z'}", "k=x1y2z;a=1;b=2", true, true},
    /* numbers */
    {"'NumericEquals':{'k':'10'}", "k=10", true, true},
    {"'NumericEquals':{'k':10}", "k=10.0", true, true},
    {"'NumericEquals':{'k':'10'}", "k=11", false, false},
    {"'NumericEquals':{'k':'10'}", "k=ten", false, false},
    {"'NumericEquals':{'k':'ten'}", "k=ten", false, false},
    {"'NumericNotEquals':{'k':'10'}", "k=11", true, true},
    {"'NumericNotEquals':{'k':'10'}", "k=10", false, false},
    {"'NumericLessThan':{'k':'10'}", "k=9", true, true},
    {"'NumericLessThan':{'k':'10'}", "k=10", false, false},
    {"'NumericLessThan':{'k':'10'}", "", false, false},
    {"'NumericLessThanEquals':{'k':'10'}", "k=10", true, true},
    {"'NumericLessThanEquals':{'k':'10'}", "k=10.001", false, false},
    {"'NumericGreaterThan':{'k':'-1'}", "k=0", true, true},
    {"'NumericGreaterThan':{'k':'-1'}", "k=-1", false, false},
    {"'NumericGreaterThanEquals':{'k':1.5}", "k=1.5", true, true},
    {"'NumericGreaterThanEquals':{'k':'1.5'}", "k=1.4", false, false},
    /* times */
    {"'DateLessThan':{'k':'2026-01-01T00:00:00Z'}", "k=2025-12-31T23:59:59Z", true, true},
    {"'DateLessThan':{'k':'2026-01-01T00:00:00Z'}", "k=2026-01-01T00:00:00Z", false, false},
    {"'DateLessThanEquals':{'k':'2026-01-01T00:00:00Z'}", "k=2026-01-01T00:00:00Z", true, true},
    {"'DateGreaterThan':{'k':'2026-01-01'}", "k=2026-01-01T00:00:01Z", true, true},
    {"'DateGreaterThan':{'k':'2026-01-01'}", "k=2026-01-01T00:00:00Z", false, false},
    {"'DateGreaterThanEquals':{'k':'2026-01-01T00:00Z'}", "k=2026-01-01T00:00:00Z", true, true},
    {"'DateGreaterThanEquals':{'k':'2026-01-01T00:00Z'}", "k=2025-01-01T00:00:00Z", false, false},
    {"'DateEquals':{'k':'1440938160'}", "k=2015-08-30T12:36:00Z", true, true},
    {"'DateEquals':{'k':1440938160}", "k=1440938161", false, false},
    {"'DateNotEquals':{'k':'1440938160'}", "k=1440938161", true, true},
    {"'DateEquals':{'k':'tomorrow'}", "k=tomorrow", false, false},
    {"'DateGreaterThan':{'k':'2020-01-01'},'DateLessThan':{'k':'2021-01-01'}", "k=2020-06-01T00:00:00Z", true, true},
    {"'DateGreaterThan':{'k':'2020-01-01'},'DateLessThan':{'k':'2021-01-01'}", "k=2022-06-01T00:00:00Z", false, false},
    /* truth */
    {"'Bool':{'k':'true'}", "k=true", true, true},
    {"'Bool':{'k':true}", "k=true", true, true},
    {"'Bool':{'k':'false'}", "k=true", false, false},
    {"'Bool':{'k':false}", "k=false", true, true},
    {"'Bool':{'k':'true'}", "", false, false},
    {"'BoolIfExists':{'k':'true'}", "", true, true},
    {"'BoolIfExists':{'k':'true'}", "k=false", false, false},
    {"'Null':{'k':'true'}", "", true, true},
    {"'Null':{'k':'true'}", "k=", true, true},
    {"'Null':{'k':'true'}", "k=a", false, false},
    {"'Null':{'k':'false'}", "k=a", true, true},
    {"'Null':{'k':false}", "", false, false},
    {"'BinaryEquals':{'k':'AQID'}", "k=AQID", true, true},
    {"'BinaryEquals':{'k':'AQID'}", "k=AQIE", false, false},
    /* addresses */
    {"'IpAddress':{'k':'203.0.113.0/24'}", "k=203.0.113.7", true, true},
    {"'IpAddress':{'k':'203.0.113.0/24'}", "k=203.0.114.7", false, false},
    {"'IpAddress':{'k':'203.0.113.7'}", "k=203.0.113.7", true, true},
    {"'IpAddress':{'k':'203.0.113.7'}", "k=203.0.113.8", false, false},
    {"'IpAddress':{'k':'10.0.0.0/9'}", "k=10.127.0.1", true, true},
    {"'IpAddress':{'k':'10.0.0.0/9'}", "k=10.128.0.1", false, false},
    {"'IpAddress':{'k':'0.0.0.0/0'}", "k=1.2.3.4", true, true},
    {"'IpAddress':{'k':'0.0.0.0/0'}", "k=2001:db8::1", false, false},
    {"'IpAddress':{'k':'::/0'}", "k=2001:db8::1", true, true},
    {"'IpAddress':{'k':'2001:db8::/32'}", "k=2001:db8:1::1", true, true},
    {"'IpAddress':{'k':'2001:db8::/32'}", "k=2001:db9::1", false, false},
    {"'IpAddress':{'k':['10.0.0.0/8','127.0.0.1/32']}", "k=127.0.0.1", true, true},
    {"'IpAddress':{'k':'10.0.0.0/33'}", "k=10.0.0.1", false, false},
    {"'IpAddress':{'k':'10.0.0.0/'}", "k=10.0.0.1", false, false},
    {"'IpAddress':{'k':'10.0.0.0/8'}", "k=somewhere", false, false},
    {"'IpAddress':{'k':'10.0.0.0/8'}", "k=10.0.0.0/8", false, false},
    {"'NotIpAddress':{'k':'10.0.0.0/8'}", "k=10.1.1.1", false, false},
    {"'NotIpAddress':{'k':'10.0.0.0/8'}", "k=11.1.1.1", true, true},
    /* ARNs */
    {"'ArnEquals':{'k':'" ALICE "'}", "k=" ALICE, true, true},
    {"'ArnEquals':{'k':'" ALICE "'}", "k=" ALICE "x", false, false},
    {"'ArnLike':{'k':'arn:aws:iam::*:user/a*'}", "k=" ALICE, true, true},
    {"'ArnLike':{'k':'arn:aws:iam::*:user/b*'}", "k=" ALICE, false, false},
    {"'ArnLike':{'k':'arn:aws:iam:*:user/alice'}", "k=" ALICE, false, false},
    {"'ArnNotLike':{'k':'arn:aws:iam::*:user/a*'}", "k=" ALICE, false, false},
    {"'ArnNotEquals':{'k':'" ALICE "'}", "k=" ALICE "x", true, true},
    {"'ArnLike':{'k':'*'}", "k=" ALICE, true, true},
    /* if it exists */
    {"'StringEqualsIfExists':{'k':'a'}", "", true, true},
    {"'StringEqualsIfExists':{'k':'a'}", "k=a", true, true},
    {"'StringEqualsIfExists':{'k':'a'}", "k=b", false, false},
    {"'StringNotEqualsIfExists':{'k':'a'}", "", true, true},
    {"'NumericLessThanIfExists':{'k':'5'}", "k=7", false, false},
    {"'stringequalsifexists':{'k':'a'}", "k=a", true, true},
    /* several values: all, any, and without a word the safe reading */
    {"'ForAllValues:StringEquals':{'k':['a','b']}", "k=a|b", true, true},
    {"'ForAllValues:StringEquals':{'k':['a','b']}", "k=a", true, true},
    {"'ForAllValues:StringEquals':{'k':['a','b']}", "k=a|c", false, false},
    {"'ForAllValues:StringEquals':{'k':['a','b']}", "k=", true, true},
    {"'ForAllValues:StringEquals':{'k':['a','b']}", "", true, true},
    {"'ForAllValues:StringLike':{'k':'a*'}", "k=ab|ac", true, true},
    {"'ForAllValues:StringLike':{'k':'a*'}", "k=ab|bc", false, false},
    {"'ForAllValues:StringNotEquals':{'k':'a'}", "k=b|c", true, true},
    {"'ForAllValues:StringNotEquals':{'k':'a'}", "k=b|a", false, false},
    {"'ForAnyValue:StringEquals':{'k':['a','b']}", "k=x|b", true, true},
    {"'ForAnyValue:StringEquals':{'k':['a','b']}", "k=x|y", false, false},
    {"'ForAnyValue:StringEquals':{'k':['a','b']}", "k=", false, false},
    {"'ForAnyValue:StringEquals':{'k':['a','b']}", "", false, false},
    {"'ForAnyValue:StringNotEquals':{'k':'a'}", "k=a|b", true, true},
    {"'ForAnyValue:StringNotEquals':{'k':'a'}", "k=a", false, false},
    {"'ForAnyValue:StringNotEquals':{'k':'a'}", "", false, false},
    {"'ForAnyValue:StringEqualsIfExists':{'k':'a'}", "", true, true},
    {"'ForAllValues:NumericLessThan':{'k':'5'}", "k=1|2|6", false, false},
    {"'ForAnyValue:NumericLessThan':{'k':'5'}", "k=6|2", true, true},
    {"'StringEquals':{'k':'a'}", "k=a|b", false, true},
    {"'StringNotEquals':{'k':'a'}", "k=a|b", false, true},
    {"'StringLike':{'k':'a*'}", "k=a|ab", true, true},
    /* together */
    {"'StringEquals':{'k':'a'},'Bool':{'s':'true'},'IpAddress':{'i':'10.0.0.0/8'}", "k=a;s=true;i=10.0.0.1", true,
     true},
    {"'StringEquals':{'k':'a'},'Bool':{'s':'true'},'IpAddress':{'i':'10.0.0.0/8'}", "k=a;s=true;i=11.0.0.1", false,
     false},
    {"", "k=a", true, true},
};

static void test_conditions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof condition_cases / sizeof condition_cases[0]; i++) {
        for (int denies = 0; denies < 2; denies++) {
            char text[1024];
            snprintf(
                text, sizeof text,
                "{'Version':'2012-10-17','Statement':{'Effect':'%s','Action':'*','Resource':'*','Condition':{%s}}}",
                denies ? "Deny" : "Allow", condition_cases[i].condition);
            enum policy_decision decision =
                decide(POLICY_OF_IDENTITY, text, ALICE, "dynamodb:GetItem", MUSIC, condition_cases[i].keys);
            bool holds = denies ? condition_cases[i].denies : condition_cases[i].allows;
            if (decision != (!holds ? SILENT : denies ? DENIES : ALLOWS)) {
                fail_msg("%s\nwith %s: %s", text, condition_cases[i].keys, words[decision]);
            }
        }
    }
}

/* --- principals --------------------------------------------------------------------------------------------------- */

#define ROOT "arn:aws:iam::123456789012:root"
#define BOB  "arn:aws:iam::123456789012:user/bob"
#define WHO(effect, member, who)                                                                                       \
    "{'Version':'2012-10-17','Statement':{'Effect':'" effect "','" member "':" who ",'Action':'*','Resource':'*'}}"

static const struct {
    const char *policy, *principal;
    enum policy_decision expected;
} principal_cases[] = {
    {WHO("Allow", "Principal", "'*'"), ALICE, ALLOWS},
    {WHO("Allow", "Principal", "{'AWS':'*'}"), ALICE, ALLOWS},
    {WHO("Allow", "Principal", "{'AWS':'" ALICE "'}"), ALICE, ALLOWS},
    {WHO("Allow", "Principal", "{'AWS':'" ALICE "'}"), BOB, SILENT},
    {WHO("Allow", "Principal", "{'AWS':['" BOB "','" ALICE "']}"), ALICE, ALLOWS},
    {WHO("Allow", "Principal", "{'AWS':'" ROOT "'}"), ALICE, SILENT},
    {WHO("Allow", "Principal", "{'AWS':'123456789012'}"), ALICE, SILENT},
    {WHO("Allow", "Principal", "{'AWS':'" ROOT "'}"), ROOT, ALLOWS},
    {WHO("Allow", "Principal", "{'AWS':'123456789013'}"), ROOT, SILENT},
    {WHO("Allow", "Principal", "{'Service':'dynamodb.amazonaws.com'}"), ALICE, SILENT},
    {WHO("Deny", "Principal", "'*'"), ALICE, DENIES},
    {WHO("Deny", "Principal", "{'AWS':'" ROOT "'}"), ALICE, DENIES},
    {WHO("Deny", "Principal", "{'AWS':'123456789012'}"), BOB, DENIES},
    {WHO("Deny", "Principal", "{'AWS':'123456789013'}"), BOB, SILENT},
    {WHO("Deny", "Principal", "{'AWS':'" ALICE "'}"), BOB, SILENT},
    {WHO("Deny", "NotPrincipal", "{'AWS':'" ALICE "'}"), ALICE, SILENT},
    {WHO("Deny", "NotPrincipal", "{'AWS':'" ALICE "'}"), BOB, DENIES},
    {WHO("Deny", "NotPrincipal", "{'AWS':['" ALICE "','" ROOT "']}"), BOB, SILENT},
    {WHO("Allow", "NotPrincipal", "{'AWS':'" ALICE "'}"), BOB, ALLOWS},
    {WHO("Allow", "NotPrincipal", "{'AWS':'" ALICE "'}"), ALICE, SILENT},
    /* the session of a role is the role's, and one of its own */
    {WHO("Allow", "Principal", "{'AWS':'" ROLE "'}"), SESSION, ALLOWS},
    {WHO("Allow", "Principal", "{'AWS':'" SESSION "'}"), SESSION, ALLOWS},
    {WHO("Allow", "Principal", "{'AWS':'" SESSION "2'}"), SESSION, SILENT},
    {WHO("Allow", "Principal", "{'AWS':'" ROLE "2'}"), SESSION, SILENT},
    {WHO("Allow", "Principal", "{'AWS':'" ROLE "'}"), ALICE, SILENT},
    {WHO("Allow", "Principal", "{'AWS':'" ROOT "'}"), SESSION, SILENT},
    {WHO("Deny", "Principal", "{'AWS':'" ROLE "'}"), SESSION, DENIES},
    {WHO("Deny", "Principal", "{'AWS':'" SESSION "'}"), SESSION, DENIES},
    {WHO("Deny", "NotPrincipal", "{'AWS':'" ROLE "'}"), SESSION, SILENT},
    {WHO("Deny", "NotPrincipal", "{'AWS':'" SESSION "'}"), SESSION, SILENT},
    {WHO("Deny", "NotPrincipal", "{'AWS':'" ALICE "'}"), SESSION, DENIES},
};

#define TRUST(who, more)                                                                                               \
    "{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'sts:AssumeRole','Principal':{'AWS':'" who         \
    "'}" more "}}"
#define EXTERNAL(id) ",'Condition':{'StringEquals':{'sts:ExternalId':'" id "'}}"

static const struct {
    const char *policy, *principal, *keys;
    enum policy_decision expected;
} trust_cases[] = {
    {TRUST(ALICE, ""), ALICE, "", ALLOWS},
    {TRUST(ALICE, ""), BOB, "", SILENT},
    {TRUST(ROOT, ""), ALICE, "", SILENT},
    {TRUST(ROLE, ""), SESSION, "", ALLOWS},
    {TRUST("*", ""), BOB, "", ALLOWS},
    {TRUST(ALICE, EXTERNAL("x-1")), ALICE, "sts:externalid=x-1", ALLOWS},
    {TRUST(ALICE, EXTERNAL("x-1")), ALICE, "sts:externalid=x-2", SILENT},
    {TRUST(ALICE, EXTERNAL("x-1")), ALICE, "", SILENT},
    {TRUST(ALICE, ",'Condition':{'StringEquals':{'sts:RoleSessionName':'${aws:username}'}}"), ALICE,
     "aws:username=alice;sts:rolesessionname=alice", ALLOWS},
    {TRUST(ALICE, ",'Condition':{'StringEquals':{'sts:RoleSessionName':'${aws:username}'}}"), ALICE,
     "aws:username=alice;sts:rolesessionname=bob", SILENT},
    {TRUST(ALICE, ",'Condition':{'Bool':{'aws:MultiFactorAuthPresent':'true'}}"), ALICE,
     "aws:multifactorauthpresent=false", SILENT},
    {TRUST(ALICE, ",'Condition':{'BoolIfExists':{'aws:MultiFactorAuthPresent':'true'}}"), ALICE, "", ALLOWS},
    {TRUST(ALICE, ",'Condition':{'DateLessThan':{'aws:TokenIssueTime':'2026-01-01T00:00:00Z'}}"), ALICE,
     "aws:tokenissuetime=2025-12-31T23:59:59Z", ALLOWS},
    {TRUST(ALICE, ",'Condition':{'DateLessThan':{'aws:TokenIssueTime':'2026-01-01T00:00:00Z'}}"), ALICE,
     "aws:tokenissuetime=2026-01-01T00:00:00Z", SILENT},
    {"{'Statement':[{'Effect':'Allow','Action':'sts:*','Principal':'*'},"
     "{'Effect':'Deny','Action':'sts:AssumeRole','Principal':{'AWS':'" BOB "'}}]}",
     BOB, "", DENIES},
    {"{'Statement':{'Effect':'Allow','Action':'sts:TagSession','Principal':'*'}}", ALICE, "", SILENT},
};

static void test_trust(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof trust_cases / sizeof trust_cases[0]; i++) {
        enum policy_decision decision = decide(POLICY_OF_TRUST, trust_cases[i].policy, trust_cases[i].principal,
                                               "sts:AssumeRole", ROLE, trust_cases[i].keys);
        if (decision != trust_cases[i].expected) {
            fail_msg("%s\n%s: %s", trust_cases[i].policy, trust_cases[i].principal, words[decision]);
        }
    }
}

static void test_principals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof principal_cases / sizeof principal_cases[0]; i++) {
        enum policy_decision decision = decide(POLICY_OF_RESOURCE, principal_cases[i].policy,
                                               principal_cases[i].principal, "dynamodb:GetItem", MUSIC, DEFAULT);
        if (decision != principal_cases[i].expected) {
            fail_msg("%s\n%s: %s", principal_cases[i].policy, principal_cases[i].principal, words[decision]);
        }
    }
}

/* --- what is refused ---------------------------------------------------------------------------------------------- */

static const struct {
    enum policy_kind kind;
    const char *text, *part;
} refusals[] = {
    {POLICY_OF_IDENTITY, "", "not valid JSON"},
    {POLICY_OF_IDENTITY, "{'Statement':", "not valid JSON"},
    {POLICY_OF_IDENTITY, "[]", "must be a JSON object"},
    {POLICY_OF_IDENTITY, "{}", "has no Statement"},
    {POLICY_OF_IDENTITY, "{'Statement':[]}", "0 statements"},
    {POLICY_OF_IDENTITY, "{'Statement':'x'}", "must be an object"},
    {POLICY_OF_IDENTITY, "{'Version':'2013-10-17','Statement':" ALLOW("'*'", "'*'") "}", "Version must be"},
    {POLICY_OF_IDENTITY, "{'Version':2012,'Statement':" ALLOW("'*'", "'*'") "}", "Version must be"},
    {POLICY_OF_IDENTITY, "{'Statements':" ALLOW("'*'", "'*'") "}", "unknown element Statements"},
    {POLICY_OF_IDENTITY, POLICY("{'Effect':'Allow','Action':'*'}"), "either Resource or NotResource"},
    {POLICY_OF_IDENTITY, POLICY("{'Effect':'Allow','Resource':'*'}"), "either Action or NotAction"},
    {POLICY_OF_IDENTITY, POLICY("{'Effect':'Allow','Action':'*','NotAction':'*','Resource':'*'}"), "either Action"},
    {POLICY_OF_IDENTITY, POLICY("{'Effect':'allowed','Action':'*','Resource':'*'}"), "Effect must be"},
    {POLICY_OF_IDENTITY, POLICY("{'Action':'*','Resource':'*'}"), "Effect must be"},
    {POLICY_OF_IDENTITY, POLICY(ALLOW("[]", "'*'")), "Action is empty"},
    {POLICY_OF_IDENTITY, POLICY(ALLOW("1", "'*'")), "Action must be a string"},
    {POLICY_OF_IDENTITY, POLICY(ALLOW("'GetItem'", "'*'")), "'GetItem' is not an action"},
    {POLICY_OF_IDENTITY, POLICY(ALLOW("'dynamodb:'", "'*'")), "is not an action"},
    {POLICY_OF_IDENTITY, POLICY(ALLOW("'*'", "'music'")), "must be in ARN format"},
    {POLICY_OF_IDENTITY, POLICY("{'Effect':'Allow','Action':'*','Resource':'*','Sid':1}"), "Sid"},
    {POLICY_OF_IDENTITY, POLICY("{'Effect':'Allow','Action':'*','Resource':'*','Conditions':{}}"), "unknown element"},
    {POLICY_OF_IDENTITY, POLICY("{'Effect':'Allow','Action':'*','Resource':'*','Condition':[]}"), "an object"},
    {POLICY_OF_IDENTITY, POLICY("{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'StringEquals':'a'}}"),
     "an object"},
    {POLICY_OF_IDENTITY, POLICY("{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'StringIs':{'a':'b'}}}"),
     "Invalid Condition type : StringIs"},
    {POLICY_OF_IDENTITY,
     POLICY("{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'NullIfExists':{'a':'b'}}}"),
     "Invalid Condition type"},
    {POLICY_OF_IDENTITY,
     POLICY("{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'ForSomeValues:StringEquals':{'a':'b'}}}"),
     "Invalid Condition type"},
    {POLICY_OF_IDENTITY,
     POLICY("{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'StringEquals':{'a':null}}}"),
     "must be a value"},
    {POLICY_OF_IDENTITY,
     POLICY("{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'StringEquals':{'a':[{}]}}}"),
     "must be a value"},
    {POLICY_OF_IDENTITY, WHO("Allow", "Principal", "'*'"), "has no Principal"},
    {POLICY_OF_RESOURCE, POLICY(ALLOW("'*'", "'*'")), "either Principal or NotPrincipal"},
    {POLICY_OF_TRUST, POLICY("{'Effect':'Allow','Action':'sts:AssumeRole'}"), "either Principal or NotPrincipal"},
    {POLICY_OF_TRUST, WHO("Allow", "Principal", "'*'"), "prohibited field Resource"},
    {POLICY_OF_TRUST, "{'Statement':{'Effect':'Allow','Principal':'*','Action':'*','NotResource':'*'}}",
     "prohibited field Resource"},
    {POLICY_OF_TRUST, "{'Statement':{'Effect':'Allow','Principal':'*'}}", "either Action"},
    {POLICY_OF_RESOURCE, WHO("Allow", "Principal", "'alice'"), "Principal must be"},
    {POLICY_OF_RESOURCE, WHO("Allow", "Principal", "{}"), "Principal must be"},
    {POLICY_OF_RESOURCE, WHO("Allow", "Principal", "{'aws':'*'}"), "unknown element aws"},
    {POLICY_OF_RESOURCE, WHO("Allow", "Principal", "{'AWS':'alice'}"), "Invalid principal"},
    {POLICY_OF_RESOURCE, WHO("Allow", "Principal", "{'AWS':'arn:aws:iam::123456789012:user/*'}"), "Invalid principal"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct policy *policy = NULL;
        struct err err;
        char *json = quoted(refusals[i].text);
        if (policy_parse(slice_from_string(json), refusals[i].kind, &policy, &err) == 0) {
            fail_msg("accepted: %s", refusals[i].text);
        }
        if (strstr(err.text, refusals[i].part) == NULL) {
            fail_msg("%s\n%s", refusals[i].text, err.text);
        }
        assert_null(policy);
        free(json);
    }
    static char large[POLICY_BYTES_MAX + 2];
    memset(large, ' ', sizeof large);
    struct policy *policy = NULL;
    struct err err;
    assert_int_equal(policy_parse(slice_of(large, POLICY_BYTES_MAX + 1), POLICY_OF_IDENTITY, &policy, &err), -1);
    assert_non_null(strstr(err.text, "20481 bytes"));
}

/* --- the one form ---------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *sent, *shown;
} canonical[] = {
    {WHO("Deny", "Principal", "'*'"),
     "{'Version':'2012-10-17','Statement':[{'Effect':'Deny','Principal':'*','Action':'*','Resource':'*'}]}"},
    {"{ 'Statement' : [ { 'Resource' : [ '*' ], 'Action' : [ 's:a' , 's:b' ], 'Effect' : 'allow', 'Sid' : 'x',\n"
     "'Principal' : { 'AWS' : [ '123456789012', 'arn:aws:iam::123456789012:root' ] } } ] }",
     "{'Version':'2008-10-17','Statement':[{'Sid':'x','Effect':'Allow','Principal':{'AWS':"
     "'arn:aws:iam::123456789012:root'},'Action':['s:a','s:b'],'Resource':'*'}]}"},
    {"{'Statement':{'Effect':'DENY','NotPrincipal':{'AWS':['" ALICE "','123456789012']},'NotAction':['s:a'],"
     "'NotResource':['*'],'Condition':{'Bool':{'b':[true]},'StringEquals':{'a':['x','y'],'n':[1]}}},'Id':'i',"
     "'Version':'2012-10-17'}",
     "{'Version':'2012-10-17','Id':'i','Statement':[{'Effect':'Deny','NotPrincipal':{'AWS':['" ALICE
     "','arn:aws:iam::123456789012:root']},'NotAction':'s:a','NotResource':'*',"
     "'Condition':{'Bool':{'b':true},'StringEquals':{'a':['x','y'],'n':1}}}]}"},
};

static void test_canonical_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof canonical / sizeof canonical[0]; i++) {
        char *text = quoted(canonical[i].sent), *wanted = quoted(canonical[i].shown);
        for (int round = 0; round < 2; round++) {
            struct policy *policy;
            assert_int_equal(policy_check(slice_from_string(text), POLICY_OF_RESOURCE, &policy), POLICY_FLAW_NONE);
            policy_destroy(policy);
            struct buffer out = {0};
            policy_append_canonical(&out, slice_from_string(text));
            buffer_append_byte(&out, '\0');
            assert_string_equal(out.data, wanted);
            free(text);
            text = out.data; /* what is shown is shown in the same form again */
        }
        free(text);
        free(wanted);
    }
}

static void test_flaws(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum policy_flaw flaw;
    } cases[] = {
        {"{", POLICY_FLAW_JSON},
        {"", POLICY_FLAW_JSON},
        {"{'Statement':[]}", POLICY_FLAW_NO_STATEMENTS},
        {"{'Id':{},'Statement':[]}", POLICY_FLAW_OTHER},
        {"{'Statement':{'Effect':'Deny','Principal':'*','Action':'*'}}", POLICY_FLAW_NO_RESOURCE},
        {"{'Statement':{'Effect':'Deny','Principal':'*','Resource':'*'}}", POLICY_FLAW_OTHER},
        {WHO("Deny", "Principal", "{'AWS':'x'}"), POLICY_FLAW_PRINCIPAL},
        {"{'Statement':[{'Sid':'a','Effect':'Deny','Principal':'*','Action':'*','Resource':'*'},"
         "{'Sid':'a','Effect':'Deny','Principal':'*','Action':'*','Resource':'*'}]}",
         POLICY_FLAW_SID_TWICE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct policy *policy;
        char *text = quoted(cases[i].text);
        assert_int_equal(policy_check(slice_from_string(text), POLICY_OF_RESOURCE, &policy), cases[i].flaw);
        free(text);
    }
}

static void test_there_are_many_cases(void **state)
{
    (void)state;
    size_t cases = sizeof action_cases / sizeof action_cases[0] + sizeof condition_cases / sizeof condition_cases[0] +
                   sizeof principal_cases / sizeof principal_cases[0] + sizeof refusals / sizeof refusals[0];
    assert_true(cases >= 200);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actions_and_resources),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_principals),
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_canonical_form),
        cmocka_unit_test(test_flaws),
        cmocka_unit_test(test_there_are_many_cases),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
