/* What `stator user` or `stator role` was told: command line before environment before default. */
#pragma once

#include "server/config.h"

enum user_noun { NOUN_USER, NOUN_ROLE };

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
    ROLE_ADD,
    ROLE_LIST,
    ROLE_TRUST,
    ROLE_DISABLE,
    ROLE_ENABLE,
    ROLE_REMOVE,
    ROLE_POLICY_PUT,
    ROLE_POLICY_GET,
    ROLE_POLICY_LIST,
    ROLE_POLICY_REMOVE,
};

struct user_options {
    enum user_verb verb;
    const char *name;        /* NULL for …_LIST */
    const char *policy;      /* its name, for …_POLICY_… but LIST */
    const char *policy_file; /* …_POLICY_PUT, ROLE_ADD, ROLE_TRUST; "-": standard input */
    const char *data_dir;
    const char *key_file;
    const char *account_id;
    bool json;
    bool admin;             /* USER_ADD: with a policy that allows everything */
    bool now;               /* USER_ROTATE: the old keys end at once */
    unsigned session_s_max; /* ROLE_ADD */
};

/* `arguments` are those behind "user" or "role"; the texts in *ret_options point into them and the environment. */
enum config_result user_options_parse(enum user_noun noun, int count, char *const *arguments,
                                      struct user_options *ret_options, struct err *err) MUST_USE;
void user_options_print_help(enum user_noun noun, FILE *file);
