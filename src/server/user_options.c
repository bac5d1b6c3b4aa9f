#include "server/user_options.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    bool has_name;
} verbs[] = {
    [USER_ADD] = {"add", true},         [USER_LIST] = {"list", false},    [USER_ROTATE] = {"rotate", true},
    [USER_DISABLE] = {"disable", true}, [USER_ENABLE] = {"enable", true}, [USER_REMOVE] = {"remove", true},
};

void user_options_print_help(FILE *file)
{
    fputs("Usage: stator user add|list|rotate|disable|enable|remove [NAME] [OPTION]...\n\n"
          "Keeps the users of a data folder. A server that uses the folder follows within a second.\n\n"
          "  add NAME      a new user; prints an access key, whose secret is not shown again\n"
          "  list          all users with their access keys, without secrets\n"
          "  rotate NAME   a new access key; the last one stays good beside it, older ones end\n"
          "  disable NAME  the user's access keys are refused until he is enabled again\n"
          "  enable NAME\n"
          "  remove NAME   the user and his access keys are gone for good\n\n"
          "  --data-dir PATH      the data folder (default ./data)\n"
          "  --key-file FILE      the key that 'stator key create FILE' made\n"
          "  --account-id DIGITS  the account in ARNs (default 000000000000)\n"
          "  --json               print JSON\n"
          "  --now                with rotate: the old access keys end at once\n\n"
          "STATOR_DATA_DIR, STATOR_KEY_FILE and STATOR_ACCOUNT_ID in the environment do as well; the command line\n"
          "comes first.\n",
          file);
}

static const char *environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : otherwise;
}

/* An option with a value, as "--name value" or "--name=value". 1: taken; 0: another option; -1: it has no value. */
static int take_value(const char *name, int count, char *const *arguments, int *at, const char **ret_value)
{
    size_t len = strlen(name);
    const char *argument = arguments[*at];
    if (strncmp(argument, name, len) != 0 || (argument[len] != '\0' && argument[len] != '=')) {
        return 0;
    }
    if (argument[len] == '=') {
        *ret_value = argument + len + 1;
        return 1;
    }
    if (*at + 1 == count) {
        return -1;
    }
    *ret_value = arguments[++*at];
    return 1;
}

static int take_argument(struct user_options *options, int count, char *const *arguments, int *at, struct err *err)
{
    const char *argument = arguments[*at];
    int taken = take_value("--data-dir", count, arguments, at, &options->data_dir);
    taken = taken != 0 ? taken : take_value("--key-file", count, arguments, at, &options->key_file);
    taken = taken != 0 ? taken : take_value("--account-id", count, arguments, at, &options->account_id);
    if (taken < 0) {
        return err_set(err, "%s needs a value", argument);
    }
    if (taken > 0) {
        return 0;
    }
    if (strcmp(argument, "--json") == 0) {
        options->json = true;
    } else if (strcmp(argument, "--now") == 0 && options->verb == USER_ROTATE) {
        options->now = true;
    } else if (argument[0] == '-' || options->name != NULL || !verbs[options->verb].has_name) {
        return err_set(err, "user %s takes no argument '%s'; see stator user --help", verbs[options->verb].word,
                       argument);
    } else {
        options->name = argument;
    }
    return 0;
}

static int check(const struct user_options *options, struct err *err)
{
    if (verbs[options->verb].has_name && options->name == NULL) {
        return err_set(err, "user %s needs the name of a user", verbs[options->verb].word);
    }
    if (options->key_file == NULL) {
        return err_set(err, "which key? --key-file FILE, as 'stator key create FILE' made it");
    }
    if (strlen(options->account_id) != 12 || strspn(options->account_id, "0123456789") != 12) {
        return err_set(err, "--account-id: '%s' is not twelve digits", options->account_id);
    }
    return 0;
}

enum config_result user_options_parse(int count, char *const *arguments, struct user_options *ret_options,
                                      struct err *err)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) {
            return CONFIG_HELP;
        }
    }
    struct user_options options = {
        .data_dir = environment("STATOR_DATA_DIR", "./data"),
        .key_file = environment("STATOR_KEY_FILE", NULL),
        .account_id = environment("STATOR_ACCOUNT_ID", "000000000000"),
    };
    size_t verb = 0;
    while (count > 0 && verb < sizeof verbs / sizeof verbs[0] && strcmp(arguments[0], verbs[verb].word) != 0) {
        verb++;
    }
    if (count == 0 || verb == sizeof verbs / sizeof verbs[0]) {
        err_set(err, "user %s is not one of: add, list, rotate, disable, enable, remove; see stator user --help",
                count == 0 ? "alone" : arguments[0]);
        return CONFIG_REFUSED;
    }
    options.verb = (enum user_verb)verb;
    for (int i = 1; i < count; i++) {
        if (take_argument(&options, count, arguments, &i, err) != 0) {
            return CONFIG_REFUSED;
        }
    }
    if (check(&options, err) != 0) {
        return CONFIG_REFUSED;
    }
    *ret_options = options;
    return CONFIG_OK;
}
