/* h2o/http2_internal.h includes klib's khash.h, which Debian's libh2o-dev-common does not bring along. This declares
 * what that header names, so that its structures can be seen; the hash tables themselves stay h2o's. */
#pragma once

typedef unsigned khiter_t;

#define KHASH_MAP_INIT_INT64(name, type) struct kh_##name##_s;
#define khash_t(name)                    struct kh_##name##_s
#define kh_get(name, table, key)         ((void)(table), (void)(key), (khiter_t)0)
#define kh_end(table)                    ((void)(table), (khiter_t)0)
#define kh_val(table, at)                ((void)(table), (void)(at), NULL)
