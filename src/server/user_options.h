/* What `stator user` was told: command line before environment before default. */
#pragma once

#include "server/config.h"

enum user_verb {
    USER_ADD,
    USER_LIST,
    USER_ROTATE,
    USER_DISABLE,
    USER_ENABLE,
    USER_REMOVE,
    USER_POLICY_PUT,
    USER_POLICY_GET,
    USER_POLICY_LIST,
    USER_POLICY_REMOVE,
};

struct user_options {
    enum user_verb verb;
    const char *name;        /* NULL for USER_LIST */
    const char *policy;      /* its name, for USER_POLICY_… but LIST */
    const char *policy_file; /* USER_POLICY_PUT; "-": standard input */
    const char *data_dir;
    const char *key_file;
    const char *account_id;
    bool json;
    bool admin; /* USER_ADD: with a policy that allows everything */
    bool now;   /* USER_ROTATE: the old keys end at once */
};

/* `arguments` are those behind "user"; the texts in *ret_options point into them and the environment. */
enum config_result user_options_parse(int count, char *const *arguments, struct user_options *ret_options,
                                      struct err *err) MUST_USE;
void user_options_print_help(FILE *file);
