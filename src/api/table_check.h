/* Checks of table requests that go beyond constraints, and the table_spec they lead to.
 *
 * Functions return false when the request is refused; `error` and `message` then say why. They run on the loop's
 * thread (CreateTable) and on the catalog's writer thread (UpdateTable), never both at once for one request. Texts are
 * those of Amazon DynamoDB, taken from its responses. */
#pragma once

#include "api/error.h"
#include "api/table_requests.h"
#include "engine/table.h"

#define INVALID "One or more parameter values were invalid: "

struct table_check {
    struct arena *arena; /* holds the message and what the spec points to */
    const char *region;
    enum error_type error;
    struct slice message;
};

/* Always false, so that `return table_refuse(…)` reads well. */
bool table_refuse(struct table_check *check, enum error_type error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Keys, attribute definitions and indexes into `spec`. */
bool table_check_schema(struct table_check *check, const struct create_table_request *request, struct table_spec *spec);

/* A global index that is added to a table: everything but its throughputs into `ret_index`, and the definitions of its
 * key attributes into `spec`, from those of the request. */
bool table_check_added_index(struct table_check *check, const struct index_request *request,
                             const struct attribute_list_request *attributes, struct table_spec *spec,
                             struct index_spec *ret_index);

/* The limit on attributes that all indexes together project by name. */
bool table_check_projected(struct table_check *check, const struct table_spec *spec);

/* Billing mode and throughputs of the table and its indexes into `spec`, whose indexes are there already. */
bool table_check_throughput(struct table_check *check, const struct create_table_request *request,
                            struct table_spec *spec);

/* The throughputs of a new index into `index`; that they go with the billing mode has been checked. */
bool table_check_index_throughput(struct table_check *check, const struct index_request *request,
                                  enum billing_mode billing, struct index_spec *index);

/* The effective warm throughput of an on-demand table that asks for nothing. Source: Amazon DynamoDB Developer Guide,
 * "Initial throughput for on-demand capacity mode" and DescribeTable's answers. */
#define WARM_READ_INITIAL  12000
#define WARM_WRITE_INITIAL 4000

/* Provisioned units within the quotas of a table, or of `index` if it is not empty. */
bool table_check_provisioned(struct table_check *check, const struct throughput_request *request, struct slice index);

/* OnDemandThroughput into `ret_throughput`, member by member; what is absent stays. With `can_clear`, -1 sets back to
 * 0, no maximum. `index` is empty for the table. */
bool table_check_on_demand(struct table_check *check, const struct throughput_request *request, struct slice index,
                           bool can_clear, struct throughput *ret_throughput);

/* Which member makes an OnDemandThroughput that a provisioned table may not have: the text's first word. */
const char *table_on_demand_member(const struct throughput_request *request);

/* A WarmThroughput's upper limit. */
bool table_check_warm_limit(struct table_check *check, const struct throughput_request *request, struct slice index);

bool table_check_class(struct table_check *check, struct slice text, enum table_class *ret_class);
bool table_check_encryption(struct table_check *check, const struct encryption_request *request, bool *ret_encrypted,
                            struct slice *ret_key);

/* --- tags (tag_check.c) ------------------------------------------------------------------------------------------- */

/* Key and value of each; no key twice. */
bool table_check_tags(struct table_check *check, const struct tag_list_request *tags);
bool table_check_tag_key(struct table_check *check, bool present, struct slice key);
bool table_refuse_tag_count(struct table_check *check);

/* Adds tags, which are checked, to those of `spec`; a key that is there gets the new value. Memory is the arena's.
 * False if they would be more than a resource may have. */
bool table_add_tags(struct table_check *check, const struct tag_list_request *tags, struct table_spec *spec,
                    struct arena *arena);
