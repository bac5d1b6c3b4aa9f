/* What `stator key` was told. */
#pragma once

#include "server/config.h"

enum key_verb {
    KEY_CREATE,
    KEY_ID,
    KEY_STATUS,
    KEY_ROTATE,
    KEY_ROTATE_DATA,
    KEY_REWRITE,
    KEY_DROP_UNUSED,
    KEY_ADD,
    KEY_DISABLE,
    KEY_ENABLE,
    KEY_REMOVE,
};

struct key_options {
    enum key_verb verb;
    const char *word;     /* a file or a name; NULL: the verb takes none */
    const char *data_dir; /* from here on: not for create and id */
    const char *key_file; /* NULL: not told */
    const char *new_key_file;
};

/* As config_parse. */
enum config_result key_options_parse(int count, char *const *arguments, struct key_options *ret_options,
                                     struct err *err);
void key_options_print_help(FILE *file);
