/* What `stator serve` was told: command line before environment before default. */
#pragma once

#include "api/audit.h"
#include "base/err.h"
#include "base/log.h"
#include "http/tls.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct config {
    char listen_host[NI_MAXHOST];  /* without brackets */
    char listen_port[6];           /* decimal; "0": the system chooses */
    char metrics_host[NI_MAXHOST]; /* where metrics are shown; empty: not told */
    char metrics_port[6];
    const char *data_dir; /* NULL: not told */
    bool ephemeral;
    bool insecure;
    bool check_signatures;   /* --auth sigv4 */
    const char *root_key_id; /* of the user who may do everything; NULL: there is none. Only from the environment: */
    const char *root_secret; /* a command line can be read by everybody on the machine */
    unsigned shards;         /* 0: as the folder has it */
    unsigned threads;        /* event loops */
    unsigned max_connections;
    unsigned max_identity_rate; /* requests a second of one user; 0: no limit */
    unsigned max_auth_failures; /* a second from one address; 0: no limit */
    unsigned max_requests;
    struct tls_files tls; /* certificate NULL: plain HTTP */
    unsigned cache_mb;
    unsigned in_flight_mb;         /* of requests and answers */
    uint64_t collection_bytes_max; /* 0: as DynamoDB has it */
    const char *key_file;          /* NULL: not told */
    bool encrypt;                  /* a new folder gets encrypted files */
    const char *region;
    const char *account_id;
    enum log_level log_level;
    const char *audit_log; /* a path, or "-"; NULL: there is none */
    enum audit_level audit_level;
    bool audit_strict;
    bool throttle; /* provisioned throughput and on-demand maxima are enforced */
};

enum config_result { CONFIG_REFUSED = -1, CONFIG_OK = 0, CONFIG_HELP = 1 };

/* `arguments` are those behind the subcommand. The texts in *ret_config point into them and the environment, which must
 * stay. */
enum config_result config_parse(int count, char *const *arguments, struct config *ret_config, struct err *err) MUST_USE;

/* The help of `stator serve`. */
void config_print_help(FILE *file);
