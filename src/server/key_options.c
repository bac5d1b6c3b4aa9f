#include "server/key_options.h"

#include "base/arguments.h"

#include <string.h>

static const struct {
    const char *word;
    const char *needs; /* what its argument is; NULL: it has none */
    bool of_folder;
} verbs[] = {
    [KEY_CREATE] = {"create", "a file", false},      [KEY_ID] = {"id", "a file", false},
    [KEY_STATUS] = {"status", NULL, true},           [KEY_ROTATE] = {"rotate", NULL, true},
    [KEY_ROTATE_DATA] = {"rotate-data", NULL, true}, [KEY_REWRITE] = {"rewrite", NULL, true},
    [KEY_DROP_UNUSED] = {"drop-unused", NULL, true}, [KEY_ADD] = {"add", "a name", true},
    [KEY_DISABLE] = {"disable", "a name", true},     [KEY_ENABLE] = {"enable", "a name", true},
    [KEY_REMOVE] = {"remove", "a name", true},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

void key_options_print_help(FILE *file)
{
    fputs("Usage: stator key create|id FILE\n"
          "       stator key status|rotate|rotate-data|rewrite|drop-unused [OPTION]...\n"
          "       stator key add|disable|enable|remove NAME [OPTION]...\n\n"
          "The key file protects what a data folder keeps secret: the secrets of its users, and the keys of its\n"
          "encrypted files and tables. Keep a copy where the data folder is not: without it they are lost, with it\n"
          "whoever has the folder has them. `stator serve` and `stator user` take it with --key-file.\n\n"
          "  create FILE   a new key, in a file that only you can read\n"
          "  id FILE       prints the digits that tell keys apart; a folder names the key it wants by them\n\n"
          "Of a data folder that no server uses at the moment:\n\n"
          "  status        which key seals it, which data keys are in use, which keys there are for tables\n"
          "  rotate        gives it the key in --new-key-file: seals all other keys anew, and rewrites no data\n"
          "  rotate-data   a new data key: files written from the next start on have it, others keep theirs\n"
          "  rewrite       writes all files anew, so that the newest data key is the only one in use\n"
          "  drop-unused   forgets data keys that no file has any more\n\n"
          "  add NAME      a key for tables: what SSESpecification's KMSMasterKeyId calls alias/NAME\n"
          "  disable NAME  its tables cannot be read or written until it is enabled again; NAME may be the key's id\n"
          "  enable NAME\n"
          "  remove NAME   its tables can never be read again\n\n"
          "  --data-dir PATH      the data folder (default ./data)\n"
          "  --key-file FILE      the key that seals it now\n"
          "  --new-key-file FILE  with rotate: the one that shall\n\n"
          "STATOR_DATA_DIR and STATOR_KEY_FILE in the environment do as well; the command line comes first.\n",
          file);
}

static int find_verb(int count, char *const *arguments, enum key_verb *ret_verb, struct err *err)
{
    for (size_t i = 0; count > 0 && i < VERBS; i++) {
        if (strcmp(arguments[0], verbs[i].word) == 0) {
            *ret_verb = (enum key_verb)i;
            return 0;
        }
    }
    return err_set(err,
                   "key %s is not one of: create, id, status, rotate, rotate-data, rewrite, drop-unused, add, disable, "
                   "enable, remove; see stator key --help",
                   count == 0 ? "alone" : arguments[0]);
}

static int take_argument(struct key_options *options, int count, char *const *arguments, int *at, struct err *err)
{
    const char *argument = arguments[*at], *word = verbs[options->verb].word;
    int taken = 0;
    if (verbs[options->verb].of_folder) {
        taken = arguments_take_value("--data-dir", count, arguments, at, &options->data_dir);
        taken = taken != 0 ? taken : arguments_take_value("--key-file", count, arguments, at, &options->key_file);
    }
    if (taken == 0 && options->verb == KEY_ROTATE) {
        taken = arguments_take_value("--new-key-file", count, arguments, at, &options->new_key_file);
    }
    if (taken < 0) {
        return err_set(err, "%s needs a value", argument);
    }
    if (taken == 0 && (argument[0] == '-' || verbs[options->verb].needs == NULL || options->word != NULL)) {
        return err_set(err, "key %s takes no argument '%s'; see stator key --help", word, argument);
    }
    options->word = taken == 0 ? argument : options->word;
    return 0;
}

enum config_result key_options_parse(int count, char *const *arguments, struct key_options *ret_options,
                                     struct err *err)
{
    if (arguments_ask_for_help(count, arguments)) {
        return CONFIG_HELP;
    }
    struct key_options options = {
        .data_dir = arguments_environment("STATOR_DATA_DIR", "./data"),
        .key_file = arguments_environment("STATOR_KEY_FILE", NULL),
    };
    if (find_verb(count, arguments, &options.verb, err) != 0) {
        return CONFIG_REFUSED;
    }
    for (int i = 1; i < count; i++) {
        if (take_argument(&options, count, arguments, &i, err) != 0) {
            return CONFIG_REFUSED;
        }
    }
    if (verbs[options.verb].needs != NULL && options.word == NULL) {
        err_set(err, "key %s needs %s", verbs[options.verb].word, verbs[options.verb].needs);
        return CONFIG_REFUSED;
    }
    if (options.verb == KEY_ROTATE && options.new_key_file == NULL) {
        err_set(err, "key rotate needs the key that comes: --new-key-file FILE");
        return CONFIG_REFUSED;
    }
    *ret_options = options;
    return CONFIG_OK;
}
