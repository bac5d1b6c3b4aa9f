#include "server/identity_command.h"

#include "api/json_out.h"
#include "base/arguments.h"
#include "crypto/key_file.h"
#include "crypto/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

void identity_command_print_json(struct buffer *out)
{
    buffer_append_byte(out, '\n');
    fwrite(out->data, 1, out->len, stdout);
    crypto_wipe(out->data, out->len);
    buffer_finish(out);
}

void identity_command_print_done(const struct user_options *options, const char *member, const char *state)
{
    if (options->json) {
        struct buffer out = {0};
        json_object_begin(&out);
        json_member_text(&out, member, options->name);
        json_member_text(&out, "State", state);
        json_object_end(&out);
        identity_command_print_json(&out);
    } else {
        printf("%s: %s\n", options->name, state);
    }
}

int identity_command_check_name(const char *name, const char *what, struct err *err)
{
    return identities_name_is_valid(name)
               ? 0
               : err_set(err, "'%s' is not the name of a %s: 1 to %d letters, digits and +=,.@_-", name, what,
                         IDENTITIES_NAME_CHARS_MAX);
}

/* --- policies ----------------------------------------------------------------------------------------------------- */

/* What is longer than a policy may be is refused when it is parsed. */
int identity_command_read_file(const struct user_options *options, struct slice *ret_text, struct err *err)
{
    static char document[POLICY_BYTES_MAX + 2];
    bool is_input = strcmp(options->policy_file, "-") == 0;
    FILE *file = is_input ? stdin : fopen(options->policy_file, "re");
    if (file == NULL) {
        return err_set(err, "cannot read %s: %s", options->policy_file, strerror(errno));
    }
    size_t len = fread(document, 1, sizeof document, file);
    if (!is_input) {
        fclose(file);
    }
    *ret_text = slice_of(document, len);
    return 0;
}

int identity_command_put_policy(const struct user_options *options, struct identity_policies *policies, struct err *err)
{
    struct slice text;
    if (identity_command_check_name(options->policy, "policy", err) != 0 ||
        identity_command_read_file(options, &text, err) != 0) {
        return -1;
    }
    return identities_put_policy(policies, options->policy, text, err) == 0 ? 0
                                                                            : err_wrap(err, "%s", options->policy_file);
}

int identity_command_remove_policy(const struct user_options *options, struct identity_policies *policies,
                                   struct err *err)
{
    return identities_remove_policy(policies, options->policy)
               ? 0
               : err_set(err, "'%s' has no policy '%s'", options->name, options->policy);
}

static int show_policy(const struct user_options *options, const struct identity_policies *policies, struct err *err)
{
    const struct identity_policy *policy = identities_find_policy(policies, options->policy);
    if (policy == NULL) {
        return err_set(err, "'%s' has no policy '%s'", options->name, options->policy);
    }
    size_t len = strlen(policy->document);
    printf("%s%s", policy->document, len > 0 && policy->document[len - 1] == '\n' ? "" : "\n");
    return 0;
}

int identity_command_show_policies(const struct user_options *options, const struct identity_policies *policies,
                                   bool one, struct err *err)
{
    if (one) {
        return show_policy(options, policies, err);
    }
    struct buffer out = {0};
    json_object_begin(&out);
    json_member_array_begin(&out, "PolicyNames");
    for (unsigned i = 0; i < policies->count; i++) {
        json_string(&out, slice_from_string(policies->items[i].name));
        if (!options->json) {
            puts(policies->items[i].name);
        }
    }
    json_array_end(&out);
    json_object_end(&out);
    if (options->json) {
        identity_command_print_json(&out);
    }
    buffer_finish(&out);
    return 0;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

static bool shows(enum user_verb verb)
{
    return verb == USER_LIST || verb == USER_POLICY_GET || verb == USER_POLICY_LIST || verb == ROLE_LIST ||
           verb == ROLE_POLICY_GET || verb == ROLE_POLICY_LIST;
}

static int run(const struct identity_command *command, const struct user_options *options,
               const unsigned char key[SEAL_KEY_BYTES], struct err *err)
{
    struct identities *identities = NULL;
    bool adds = options->verb == USER_ADD || options->verb == ROLE_ADD;
    if (adds && mkdir(options->data_dir, 0700) != 0 && errno != EEXIST) {
        return err_set(err, "cannot make the data folder %s: %s", options->data_dir, strerror(errno));
    }
    int lock = identity_file_lock(options->data_dir, err);
    if (lock < 0) {
        return -1;
    }
    int result = identity_file_read(options->data_dir, key, options->account_id, &identities, err);
    if (result == 0) {
        result = shows(options->verb) ? command->show(options, identities, err)
                                      : command->change(options, key, identities, err);
    }
    identities_release(identities);
    close(lock);
    return result;
}

int identity_command_run(const struct identity_command *command, int count, char *const *arguments)
{
    struct user_options options;
    struct err err;
    switch (user_options_parse(command->noun, count, arguments, &options, &err)) {
    case CONFIG_HELP:
        user_options_print_help(command->noun, stdout);
        return 0;
    case CONFIG_REFUSED:
        fprintf(stderr, "stator: %s\n", err.text);
        return EXIT_USAGE;
    case CONFIG_OK:
        break;
    }
    unsigned char key[SEAL_KEY_BYTES];
    int result = key_file_read(options.key_file, IDENTITY_FILE_PURPOSE, key, &err);
    if (result == 0) {
        result = run(command, &options, key, &err);
        crypto_wipe(key, sizeof key);
    }
    if (result != 0) {
        fprintf(stderr, "stator: %s\n", err.text);
    }
    return result == 0 ? 0 : EXIT_FAILED;
}
