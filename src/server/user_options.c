#include "server/user_options.h"

#include "auth/identities.h"
#include "base/arguments.h"

#include <stdlib.h>
#include <string.h>

/* `group` is the word before it, or NULL; `places` the arguments that it needs, by their first letters: name, policy,
 * file. */
static const struct {
    const char *group, *word, *places;
} verbs[] = {
    [USER_ADD] = {NULL, "add", "n"},
    [USER_LIST] = {NULL, "list", ""},
    [USER_ROTATE] = {NULL, "rotate", "n"},
    [USER_DISABLE] = {NULL, "disable", "n"},
    [USER_ENABLE] = {NULL, "enable", "n"},
    [USER_REMOVE] = {NULL, "remove", "n"},
    [USER_POLICY_PUT] = {"policy", "put", "npf"},
    [USER_POLICY_GET] = {"policy", "get", "np"},
    [USER_POLICY_LIST] = {"policy", "list", "n"},
    [USER_POLICY_REMOVE] = {"policy", "remove", "np"},
    [ROLE_ADD] = {NULL, "add", "nf"},
    [ROLE_LIST] = {NULL, "list", ""},
    [ROLE_TRUST] = {NULL, "trust", "nf"},
    [ROLE_DISABLE] = {NULL, "disable", "n"},
    [ROLE_ENABLE] = {NULL, "enable", "n"},
    [ROLE_REMOVE] = {NULL, "remove", "n"},
    [ROLE_POLICY_PUT] = {"policy", "put", "npf"},
    [ROLE_POLICY_GET] = {"policy", "get", "np"},
    [ROLE_POLICY_LIST] = {"policy", "list", "n"},
    [ROLE_POLICY_REMOVE] = {"policy", "remove", "np"},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

static const char *const nouns[] = {[NOUN_USER] = "user", [NOUN_ROLE] = "role"};

static enum user_noun noun_of(enum user_verb verb)
{
    return verb < ROLE_ADD ? NOUN_USER : NOUN_ROLE;
}

static const char user_help[] =
    "Usage: stator user add|list|rotate|disable|enable|remove [NAME] [OPTION]...\n"
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
    "  policy remove NAME POLICY\n\n";

static const char role_help[] =
    "Usage: stator role add|trust|list|disable|enable|remove [NAME [FILE]] [OPTION]...\n"
    "       stator role policy put|get|list|remove NAME [POLICY [FILE]] [OPTION]...\n\n"
    "Keeps the roles of a data folder: who may take one with AssumeRole gets credentials for a while, with which\n"
    "he may do what the role may. A server that uses the folder follows within a second.\n\n"
    "  add NAME FILE    a new role; FILE has its trust policy in AWS's own JSON: who may take it.\n"
    "                   It may be - for standard input\n"
    "  trust NAME FILE  another trust policy; sessions that have begun go on\n"
    "  list             all roles\n"
    "  disable NAME     nobody can take the role, and its sessions are refused until it is enabled again\n"
    "  enable NAME\n"
    "  remove NAME      the role is gone for good, and its sessions with it\n\n"
    "  policy put NAME POLICY FILE  what the role may do, in AWS's own JSON; without a policy it may do nothing\n"
    "  policy get NAME POLICY       prints it\n"
    "  policy list NAME\n"
    "  policy remove NAME POLICY\n\n";

void user_options_print_help(enum user_noun noun, FILE *file)
{
    fputs(noun == NOUN_USER ? user_help : role_help, file);
    fputs("  --data-dir PATH      the data folder (default ./data)\n"
          "  --key-file FILE      the key that 'stator key create FILE' made\n"
          "  --account-id DIGITS  the account in ARNs (default 000000000000)\n"
          "  --json               print JSON\n",
          file);
    fputs(noun == NOUN_USER
              ? "  --admin              with add: a policy 'admin' that allows everything\n"
                "  --now                with rotate: the old access keys end at once\n\n"
              : "  --max-session N      with add: the longest session, 3600 to 43200 seconds (default 3600)\n\n",
          file);
    fputs("STATOR_DATA_DIR, STATOR_KEY_FILE and STATOR_ACCOUNT_ID in the environment do as well; the command line\n"
          "comes first.\n",
          file);
}

static const char **place_of(struct user_options *options, char letter)
{
    return letter == 'n' ? &options->name : letter == 'p' ? &options->policy : &options->policy_file;
}

static bool take_word(struct user_options *options, const char *word)
{
    for (const char *letter = verbs[options->verb].places; *letter != '\0'; letter++) {
        const char **place = place_of(options, *letter);
        if (*place == NULL) {
            *place = word;
            return true;
        }
    }
    return false;
}

static int set_session(struct user_options *options, const char *value, struct err *err)
{
    char *end;
    unsigned long seconds = strtoul(value, &end, 10);
    if (strspn(value, "0123456789") != strlen(value) || seconds < IDENTITIES_SESSION_S_MIN ||
        seconds > IDENTITIES_SESSION_S_MAX) {
        return err_set(err, "--max-session: '%s' is not from %d to %d seconds", value, IDENTITIES_SESSION_S_MIN,
                       IDENTITIES_SESSION_S_MAX);
    }
    options->session_s_max = (unsigned)seconds;
    return 0;
}

static int take_argument(struct user_options *options, int count, char *const *arguments, int *at, struct err *err)
{
    const char *argument = arguments[*at];
    int taken = arguments_take_value("--data-dir", count, arguments, at, &options->data_dir);
    taken = taken != 0 ? taken : arguments_take_value("--key-file", count, arguments, at, &options->key_file);
    taken = taken != 0 ? taken : arguments_take_value("--account-id", count, arguments, at, &options->account_id);
    const char *session = NULL;
    if (taken == 0 && options->verb == ROLE_ADD) {
        taken = arguments_take_value("--max-session", count, arguments, at, &session);
    }
    if (taken < 0) {
        return err_set(err, "%s needs a value", argument);
    }
    if (session != NULL) {
        return set_session(options, session, err);
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
        const char *noun = nouns[noun_of(options->verb)];
        return err_set(err, "%s %s takes no argument '%s'; see stator %s --help", noun, verbs[options->verb].word,
                       argument, noun);
    }
    return 0;
}

static int check(struct user_options *options, struct err *err)
{
    static const char *const what[] = {['n'] = "the name of a ", ['p'] = "the name of a policy", ['f'] = "a file"};
    const char *noun = nouns[noun_of(options->verb)], *group = verbs[options->verb].group;
    for (const char *letter = verbs[options->verb].places; *letter != '\0'; letter++) {
        if (*place_of(options, *letter) == NULL) {
            return err_set(err, "%s %s%s%s needs %s%s", noun, group != NULL ? group : "", group != NULL ? " " : "",
                           verbs[options->verb].word, what[(unsigned char)*letter], *letter == 'n' ? noun : "");
        }
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
static int find_verb(enum user_noun noun, int count, char *const *arguments, enum user_verb *ret_verb)
{
    for (size_t i = 0; i < VERBS; i++) {
        int used = verbs[i].group == NULL ? 1 : 2;
        if (noun_of((enum user_verb)i) == noun && count >= used &&
            (used == 1 || strcmp(arguments[0], verbs[i].group) == 0) &&
            strcmp(arguments[used - 1], verbs[i].word) == 0) {
            *ret_verb = (enum user_verb)i;
            return used;
        }
    }
    return 0;
}

enum config_result user_options_parse(enum user_noun noun, int count, char *const *arguments,
                                      struct user_options *ret_options, struct err *err)
{
    if (arguments_ask_for_help(count, arguments)) {
        return CONFIG_HELP;
    }
    struct user_options options = {
        .data_dir = arguments_environment("STATOR_DATA_DIR", "./data"),
        .key_file = arguments_environment("STATOR_KEY_FILE", NULL),
        .account_id = arguments_environment("STATOR_ACCOUNT_ID", "000000000000"),
        .session_s_max = IDENTITIES_SESSION_S_DEFAULT,
    };
    int used = find_verb(noun, count, arguments, &options.verb);
    if (used == 0) {
        err_set(err, "%s %s is not one of: add, list, %s, disable, enable, remove, policy; see stator %s --help",
                nouns[noun], count == 0 ? "alone" : arguments[0], noun == NOUN_USER ? "rotate" : "trust", nouns[noun]);
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
