/* Whole calls in unit tests: what the API says to a request. Texts have ' for ", so that JSON can be read in C. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_server.h"

static inline char *api_says_quoted(const char *text)
{
    char *quoted = strdup(text);
    for (char *c = quoted; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return quoted;
}

/* The answer, valid until the next call. */
static inline const char *api_says(struct api_server *server, const char *operation, const char *body)
{
    char target[64];
    snprintf(target, sizeof target, "DynamoDB_20120810.%s", operation);
    char *request = api_says_quoted(body);
    const char *answer = api_server_send(server, target, request);
    free(request);
    return answer;
}

/* The answer is exactly this. */
static inline void assert_says(struct api_server *server, const char *operation, const char *body, unsigned status,
                               const char *expected)
{
    char *wanted = api_says_quoted(expected);
    const char *answer = api_says(server, operation, body);
    if (server->call.status != status || strcmp(answer, wanted) != 0) {
        fail_msg("%s %.300s\nexpected %u %s\ngot      %u %.500s", operation, body, status, wanted, server->call.status,
                 answer);
    }
    free(wanted);
}

/* The answer has this part. */
static inline void assert_shows(struct api_server *server, const char *operation, const char *body, unsigned status,
                                const char *part)
{
    char *wanted = api_says_quoted(part);
    const char *answer = api_says(server, operation, body);
    if (server->call.status != status || strstr(answer, wanted) == NULL) {
        fail_msg("%s %.300s\nexpected %u with %s\ngot %u %.500s", operation, body, status, wanted, server->call.status,
                 answer);
    }
    free(wanted);
}

/* A ValidationException with this message; quotes in it stand as they are. */
static inline void assert_invalid(struct api_server *server, const char *operation, const char *body,
                                  const char *message)
{
    const char *answer = api_says(server, operation, body);
    struct buffer wanted = {0};
    BUFFER_APPEND_LITERAL(&wanted, "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"message\":");
    json_append_string(&wanted, slice_from_string(message));
    buffer_append(&wanted, "}", 2);
    if (server->call.status != 400 || strcmp(answer, wanted.data) != 0) {
        fail_msg("%s %.300s\nexpected %s\ngot %u %.500s", operation, body, wanted.data, server->call.status, answer);
    }
    buffer_finish(&wanted);
}

/* A table "full": pk S, sk S; local index "local" on l (N) with "inc"; global indexes "all" on g (S), h (N) and "keys"
 * on g. A table "hash": pk S. */
static inline void api_says_create_tables(struct api_server *server)
{
    assert_shows(server, "CreateTable",
                 "{'TableName':'full','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':["
                 "{'AttributeName':'pk','AttributeType':'S'},{'AttributeName':'sk','AttributeType':'S'},"
                 "{'AttributeName':'l','AttributeType':'N'},{'AttributeName':'g','AttributeType':'S'},"
                 "{'AttributeName':'h','AttributeType':'N'}],"
                 "'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'},{'AttributeName':'sk','KeyType':'RANGE'}],"
                 "'LocalSecondaryIndexes':[{'IndexName':'local','KeySchema':[{'AttributeName':'pk','KeyType':'HASH'},"
                 "{'AttributeName':'l','KeyType':'RANGE'}],"
                 "'Projection':{'ProjectionType':'INCLUDE','NonKeyAttributes':['inc']}}],"
                 "'GlobalSecondaryIndexes':[{'IndexName':'all','KeySchema':[{'AttributeName':'g','KeyType':'HASH'},"
                 "{'AttributeName':'h','KeyType':'RANGE'}],'Projection':{'ProjectionType':'ALL'}},"
                 "{'IndexName':'keys','KeySchema':[{'AttributeName':'g','KeyType':'HASH'}],"
                 "'Projection':{'ProjectionType':'KEYS_ONLY'}}]}",
                 200, "'TableName':'full'");
    assert_shows(server, "CreateTable",
                 "{'TableName':'hash','BillingMode':'PAY_PER_REQUEST',"
                 "'AttributeDefinitions':[{'AttributeName':'pk','AttributeType':'S'}],"
                 "'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'}]}",
                 200, "'TableName':'hash'");
}

/* 'x' repeated. */
static inline char *api_says_filler(size_t count)
{
    char *text = malloc(count + 1);
    memset(text, 'x', count);
    text[count] = '\0';
    return text;
}
