#include "server/user_options.h"

#include <stdlib.h>
#include <string.h>

/* `group` is the word before it, or NULL; `words` the number of arguments: name, policy, file. */
static const struct {
    const char *group, *word;
    unsigned words;
} verbs[] = {
    [USER_ADD] = {NULL, "add", 1},
    [USER_LIST] = {NULL, "list", 0},
    [USER_ROTATE] = {NULL, "rotate", 1},
    [USER_DISABLE] = {NULL, "disable", 1},
    [USER_ENABLE] = {NULL, "enable", 1},
    [USER_REMOVE] = {NULL, "remove", 1},
    [USER_POLICY_PUT] = {"policy", "put", 3},
    [USER_POLICY_GET] = {"policy", "get", 2},
    [USER_POLICY_LIST] = {"policy", "list", 1},
    [USER_POLICY_REMOVE] = {"policy", "remove", 2},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

void user_options_print_help(FILE *file)
{
    fputs("Usage: stator user add|list|rotate|disable|enable|remove [NAME] [OPTION]...\n"
          "       stator user policy put|get|list|remove NAME [POLICY [FILE]] [OPTION]...\n\n"
          "Keeps the users of a data folder. A server that uses the folder follows within a second.\n\n"
          "  add NAME      a new user; prints an access key, whose secret is not shown again\n"
          "  list          all users with their access keys, without secrets\n"
          "  rotate NAME   a new access key; the last one stays good beside it, older ones end\n"
          "  disable NAME  the user's access keys are refused until he is enabled again\n"
          "  enable NAME\n"
          "  remove NAME   the user and his access keys are gone for good\n\n"
          "  policy put NAME POLICY FILE  what the user may do, in AWS's own JSON; FILE may be - for standard input.\n"
          "                               A user without a policy may do nothing\n"
          "  policy get NAME POLICY       prints it\n"
          "  policy list NAME\n"
          "  policy remove NAME POLICY\n\n"
          "  --data-dir PATH      the data folder (default ./data)\n"
          "  --key-file FILE      the key that 'stator key create FILE' made\n"
          "  --account-id DIGITS  the account in ARNs (default 000000000000)\n"
          "  --json               print JSON\n"
          "  --admin              with add: a policy 'admin' that allows everything\n"
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

static bool take_word(struct user_options *options, const char *word)
{
    const char **places[] = {&options->name, &options->policy, &options->policy_file};
    for (unsigned i = 0; i < verbs[options->verb].words; i++) {
        if (*places[i] == NULL) {
            *places[i] = word;
            return true;
        }
    }
    return false;
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
    } else if (strcmp(argument, "--admin") == 0 && options->verb == USER_ADD) {
        options->admin = true;
    } else if ((argument[0] == '-' && argument[1] != '\0') || !take_word(options, argument)) {
        return err_set(err, "user %s takes no argument '%s'; see stator user --help", verbs[options->verb].word,
                       argument);
    }
    return 0;
}

static int check(const struct user_options *options, struct err *err)
{
    unsigned words = verbs[options->verb].words;
    if (words >= 1 && options->name == NULL) {
        return err_set(err, "user %s needs the name of a user", verbs[options->verb].word);
    }
    if ((words >= 2 && options->policy == NULL) || (words >= 3 && options->policy_file == NULL)) {
        return err_set(err, "user policy %s needs %s", verbs[options->verb].word,
                       options->policy == NULL ? "the name of a policy" : "a file");
    }
    if (options->key_file == NULL) {
        return err_set(err, "which key? --key-file FILE, as 'stator key create FILE' made it");
    }
    if (strlen(options->account_id) != 12 || strspn(options->account_id, "0123456789") != 12) {
        return err_set(err, "--account-id: '%s' is not twelve digits", options->account_id);
    }
    return 0;
}

/* How many arguments the verb is; 0: it is none. */
static int find_verb(int count, char *const *arguments, enum user_verb *ret_verb)
{
    for (size_t i = 0; i < VERBS; i++) {
        int used = verbs[i].group == NULL ? 1 : 2;
        if (count >= used && (used == 1 || strcmp(arguments[0], verbs[i].group) == 0) &&
            strcmp(arguments[used - 1], verbs[i].word) == 0) {
            *ret_verb = (enum user_verb)i;
            return used;
        }
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
    int used = find_verb(count, arguments, &options.verb);
    if (used == 0) {
        err_set(err,
                "user %s is not one of: add, list, rotate, disable, enable, remove, policy; see stator user --help",
                count == 0 ? "alone" : arguments[0]);
        return CONFIG_REFUSED;
    }
    for (int i = used; i < count; i++) {
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
