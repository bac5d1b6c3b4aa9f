/* Lines of requests, each an operation's name, a blank and a body: the whole way from bytes to an answer, on tables
 * that the lines may change. */
#include <assert.h>
#include <stdint.h>

#include "../support/api_server.h"
#include "api/operations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    LINES_MAX = 8,
    NAME_MAX_BYTES = 40,
    INPUTS_PER_SERVER = 5000, /* then all begins anew, so that neither tables nor items pile up */
};

static struct api_server *server;
static struct json_parser *parser;
static unsigned inputs;

static const char create_table[] =
    "{\"TableName\":\"abc\",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":["
    "{\"AttributeName\":\"p\",\"AttributeType\":\"S\"},{\"AttributeName\":\"s\",\"AttributeType\":\"N\"},"
    "{\"AttributeName\":\"b\",\"AttributeType\":\"B\"}],\"KeySchema\":[{\"AttributeName\":\"p\",\"KeyType\":\"HASH\"},"
    "{\"AttributeName\":\"s\",\"KeyType\":\"RANGE\"}],\"LocalSecondaryIndexes\":[{\"IndexName\":\"lsi\",\"KeySchema\":["
    "{\"AttributeName\":\"p\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"b\",\"KeyType\":\"RANGE\"}],\"Projection\":"
    "{\"ProjectionType\":\"ALL\"}}],\"GlobalSecondaryIndexes\":[{\"IndexName\":\"gsi\",\"KeySchema\":[{"
    "\"AttributeName\":"
    "\"b\",\"KeyType\":\"HASH\"}],\"Projection\":{\"ProjectionType\":\"KEYS_ONLY\"}}]}";

static void begin(void)
{
    if (server != NULL && inputs++ % INPUTS_PER_SERVER != 0) {
        return;
    }
    if (server != NULL) {
        api_server_stop(server);
    }
    server = api_server_start();
    parser = parser == NULL ? json_parser_create() : parser;
    api_server_send(server, TARGET_DYNAMODB ".CreateTable", create_table);
    assert(server->call.status == 200);
}

static bool is_object(const char *text)
{
    struct arena arena;
    struct json_node *nodes;
    struct buffer padded = {0};
    arena_init(&arena, 4096);
    buffer_append(&padded, text, strlen(text));
    memset(buffer_reserve(&padded, JSON_PADDING), 0, JSON_PADDING);
    bool is = json_parse(parser, buffer_slice(&padded), &arena, &nodes) == JSON_OK && nodes[0].type == JSON_OBJECT;
    buffer_finish(&padded);
    arena_finish(&arena);
    return is;
}

/* Whatever is asked: an answer or a refusal in good JSON, never a failure of the server's own. */
static void ask(const char *name, const char *body)
{
    char target[sizeof TARGET_DYNAMODB + NAME_MAX_BYTES + 1];
    snprintf(target, sizeof target, TARGET_DYNAMODB ".%s", name);
    const char *answer = api_server_send(server, target, body);
    assert(server->call.status == 200 || server->call.status == 400);
    assert(*answer == '\0' || is_object(answer)); /* TagResource has nothing to say */
    assert((strstr(answer, "\"__type\"") == NULL || server->call.status == 400));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    char *rest = text;
    for (unsigned i = 0; i < LINES_MAX && rest != NULL; i++) {
        char *line = strsep(&rest, "\n");
        char *name = strsep(&line, " ");
        if (line != NULL && strlen(name) <= NAME_MAX_BYTES) {
            ask(name, line);
        }
    }
    free(text);
    return 0;
}
