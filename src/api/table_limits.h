/* Limits of tables that are written in several places. Source: Amazon DynamoDB Developer Guide, "Quotas". */
#pragma once

#define ACCOUNT_UNITS_MAX 80000
#define TABLE_UNITS_MAX   40000
#define TABLES_PAGE_MAX   100
#define TAGS_MAX          50
/* Attributes projected by all INCLUDE indexes of a table together. */
#define PROJECTED_ATTRIBUTES_MAX 100
