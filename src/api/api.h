/* The door between http/ and the operations: one call is one HTTP request to the DynamoDB API. */
#pragma once

#include "api/metrics.h"
#include "auth/guard.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/task.h"
#include "cluster/cluster.h"

struct api_settings {
    const char *region;     /* shows in ARNs, "us-east-1" */
    const char *account_id; /* twelve digits, shows in ARNs */
    const char *endpoint;   /* host:port, for DescribeEndpoints */
};

struct api_call;

/* Shared by all loops. */
struct api {
    struct cluster *cluster;
    struct api_settings settings;
    struct pool *pool; /* runs pages that may touch much data */
    /* Where a caller's signature is checked, once the operation is known and before anything else is read
     * (call_authenticate). False: refused, and the call has been failed. NULL: every caller may do everything
     * (`--auth none`). */
    bool (*authenticate)(struct api_call *call);
    struct guard *guard;              /* goes with call_authenticate; NULL without */
    const struct audit *audit;        /* api/audit.h; NULL: nothing is written down */
    struct rate_limit *identity_rate; /* requests of a user; NULL: as many as he likes */
    struct rate_limit *failure_rate;  /* bad signatures from an address; NULL: as many as it likes */
};

/* The newest second that the audit log named, as text. */
struct audit_clock {
    uint64_t second;
    char text[24]; /* "2026-11-22T14:05:07." */
};

/* One per event loop; used on its thread only. */
struct api_loop {
    struct api *api;
    struct cluster_port *port;
    struct json_parser *parser;
    struct guard_loop guard;             /* when the API has a guard */
    struct policy_cache *decisions;      /* goes with the guard */
    struct table_policy *table_policies; /* parsed policies of tables, made when the first is needed */
    struct buffer audit_lines;           /* of this turn */
    unsigned audit_count;
    struct audit_clock audit_clock;
    struct api_metrics metrics; /* read by other threads too; stays readable after api_loop_finish */
};

void api_loop_init(struct api_loop *loop, struct api *api, struct cluster_port *port);
void api_loop_finish(struct api_loop *loop);

/* Hands over what the turn has collected. At the end of each. */
void api_loop_end_turn(struct api_loop *loop);

struct operation;
struct sts_action;
struct json_node;
struct json_parser;

/* Embedded by http/ in its own object. Lives from api_call_start until its owner has sent the answer and calls
 * api_call_reset (to use the object again) or api_call_finish. */
struct api_call {
    struct api_loop *loop;
    struct slice target; /* the X-Amz-Target header, or empty */
    struct slice id;     /* what the client knows the request by */
    bool is_query;       /* the body is a form, of the query protocol, and the answer XML; only when there is a guard */
    struct auth_head head; /* what is signed, and from where; needed only during api_call_start */
    struct slice body;     /* JSON_PADDING readable bytes behind it; needed only during api_call_start */
    /* Called once, on the loop's thread, maybe already inside api_call_start. `status` and `out` are the answer. */
    void (*respond)(struct api_call *call);
    /* The owner's account of memory; both may be NULL, and run on whatever thread has the call. Whether the call may
     * take much more; it holds more, or less, than before. */
    bool (*may_grow)(struct api_call *call);
    void (*grew)(struct api_call *call);

    unsigned status;   /* HTTP status */
    struct buffer out; /* the body of the answer */

    /* private to api/ */
    struct arena arena;
    struct guard_caller caller;        /* during api_call_start; nobody without a guard */
    const struct operation *operation; /* NULL: not known, or of the query protocol */
    const struct sts_action *action;   /* of the query protocol, once it is known */
    unsigned error;                    /* 1 + enum error_type; 0: none */
    unsigned denial;                   /* enum denial */
    bool is_audited;                   /* gets a line in the audit log */
    struct audit_note *note;           /* what that will need; NULL: not taken */
    struct json_node *nodes;           /* the parsed body; nodes[0] is the root */
    void *request;                     /* decoded: the struct of operation->shape */
    void *state;                       /* what the operation keeps while it runs on other threads; in the arena */
    struct table **tables;             /* references that the call holds until it is reset */
    uint32_t table_count, table_capacity;
    void (*work)(struct api_call *call);
    void (*then)(struct api_call *call);
    struct task task; /* for the pool, and back */
    bool overloaded;  /* it was not to grow */
};

void api_call_init(struct api_call *call, struct api_loop *loop, void (*respond)(struct api_call *call));
void api_call_reset(struct api_call *call);
void api_call_finish(struct api_call *call);

/* Finds the operation, decodes, validates, runs. Answers through `respond`. Loop thread. */
void api_call_start(struct api_call *call);

/* Counts a call that was answered, once, before it is reset. `duration_us`: since the request was there. Loop thread.
 */
void api_call_count(struct api_call *call, uint64_t duration_us);
