/* DescribeLimits and DescribeEndpoints. */
#pragma once

#include "api/operations.h"

extern const struct shape describe_limits_shape;
void describe_limits_run(struct api_call *call);

extern const struct shape describe_endpoints_shape;
void describe_endpoints_run(struct api_call *call);
