/* Policies of tables: who may do what with one. */
#pragma once

#include "api/call.h"
#include "api/table_check.h"

extern const struct shape put_resource_policy_shape;
extern const struct shape get_resource_policy_shape;
extern const struct shape delete_resource_policy_shape;
void put_resource_policy_run(struct api_call *call);
void get_resource_policy_run(struct api_call *call);
void delete_resource_policy_run(struct api_call *call);

/* Sets the policy of a table that is about to be made. False: `check` says what is wrong with it. */
bool resource_policy_set(struct table_check *check, struct slice document, struct table_spec *spec);
