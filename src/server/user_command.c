#include "server/user_command.h"

#include "api/json_out.h"
#include "auth/identity_file.h"
#include "base/env.h"
#include "crypto/key_file.h"
#include "crypto/sha256.h"
#include "server/user_options.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define EXIT_FAILED 1
#define EXIT_USAGE  2

/* AWS's form: AKIA and sixteen of these; a secret is thirty random bytes in base64. */
#define KEY_ID_CHARS  20
#define SECRET_CHARS  40
#define KEY_ID_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#define EVERYTHING                                                                                                     \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"

#define SECRET_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

static int fail(const struct err *err)
{
    fprintf(stderr, "stator: %s\n", err->text);
    return EXIT_FAILED;
}

static void random_text(const char *start, const char *digits, unsigned digit_count, size_t chars, char *ret_text)
{
    unsigned char bytes[64];
    size_t at = strlen(start);
    env_random(bytes, sizeof bytes);
    memcpy(ret_text, start, at);
    for (; at < chars; at++) {
        ret_text[at] = digits[bytes[at] % digit_count]; /* a power of two: all are as likely */
    }
    ret_text[chars] = '\0';
    crypto_wipe(bytes, sizeof bytes);
}

static struct identity_key *make_key(struct identities *identities, struct identity_user *user)
{
    char id[KEY_ID_CHARS + 1], secret[SECRET_CHARS + 1];
    do {
        random_text("AKIA", KEY_ID_DIGITS, 32, KEY_ID_CHARS, id);
    } while (identities_find_key(identities, slice_from_string(id)) != NULL);
    random_text("", SECRET_DIGITS, 64, SECRET_CHARS, secret);
    struct identity_key *key = identities_add_key(identities, user, id, secret);
    key->created_us = env_time_us();
    crypto_wipe(secret, sizeof secret);
    return key;
}

/* --- what is printed ---------------------------------------------------------------------------------------------- */

static void print_json(struct buffer *out)
{
    buffer_append_byte(out, '\n');
    fwrite(out->data, 1, out->len, stdout);
    crypto_wipe(out->data, out->len);
    buffer_finish(out);
}

static void print_secret(const struct user_options *options, const struct identity_key *key)
{
    if (options->json) {
        struct buffer out = {0};
        json_object_begin(&out);
        json_member_text(&out, "UserName", key->user->name);
        json_member_text(&out, "Arn", key->user->arn);
        json_member_text(&out, "AccessKeyId", key->id);
        json_member_text(&out, "SecretAccessKey", key->secret);
        json_object_end(&out);
        print_json(&out);
        return;
    }
    printf("user               %s\naccess key id      %s\nsecret access key  %s\n\nThe secret is not shown again.\n",
           key->user->name, key->id, key->secret);
}

static void append_user(struct buffer *out, const struct identities *identities, const struct identity_user *user)
{
    json_object_begin(out);
    json_member_text(out, "UserName", user->name);
    json_member_text(out, "Arn", user->arn);
    json_member_boolean(out, "Enabled", user->enabled);
    json_member_time(out, "CreateDate", user->created_us);
    json_member_array_begin(out, "AccessKeys");
    for (unsigned i = 0; i < identities_key_count(identities); i++) {
        const struct identity_key *key = identities_key(identities, i);
        if (key->user == user) {
            json_object_begin(out);
            json_member_text(out, "AccessKeyId", key->id);
            json_member_time(out, "CreateDate", key->created_us);
            json_object_end(out);
        }
    }
    json_array_end(out);
    json_object_end(out);
}

static int list(const struct user_options *options, const struct identities *identities)
{
    unsigned count = identities_user_count(identities);
    if (options->json) {
        struct buffer out = {0};
        json_object_begin(&out);
        json_member_array_begin(&out, "Users");
        for (unsigned i = 0; i < count; i++) {
            append_user(&out, identities, identities_user(identities, i));
        }
        json_array_end(&out);
        json_object_end(&out);
        print_json(&out);
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        const struct identity_user *user = identities_user(identities, i);
        printf("%-24s %-9s", user->name, user->enabled ? "enabled" : "disabled");
        for (unsigned k = 0; k < identities_key_count(identities); k++) {
            const struct identity_key *key = identities_key(identities, k);
            if (key->user == user) {
                printf(" %s", key->id);
            }
        }
        puts("");
    }
    return 0;
}

static int show_policies(const struct user_options *options, const struct identities *identities, struct err *err)
{
    const struct identity_user *user = identities_find_user(identities, slice_from_string(options->name));
    if (user == NULL) {
        return err_set(err, "there is no user '%s'", options->name);
    }
    if (options->verb == USER_POLICY_GET) {
        const struct identity_policy *policy = identities_find_policy(user, options->policy);
        if (policy == NULL) {
            return err_set(err, "'%s' has no policy '%s'", options->name, options->policy);
        }
        size_t len = strlen(policy->document);
        printf("%s%s", policy->document, len > 0 && policy->document[len - 1] == '\n' ? "" : "\n");
        return 0;
    }
    struct buffer out = {0};
    json_object_begin(&out);
    json_member_array_begin(&out, "PolicyNames");
    for (unsigned i = 0; i < user->policy_count; i++) {
        json_string(&out, slice_from_string(user->policies[i].name));
        if (!options->json) {
            puts(user->policies[i].name);
        }
    }
    json_array_end(&out);
    json_object_end(&out);
    if (options->json) {
        print_json(&out);
    }
    buffer_finish(&out);
    return 0;
}

/* --- what is done ------------------------------------------------------------------------------------------------- */

/* The key that is older than the other one of this user. */
static struct identity_key *oldest_key(const struct identities *identities, const struct identity_user *user)
{
    for (unsigned i = 0; i < identities_key_count(identities); i++) {
        if (identities_key(identities, i)->user == user) {
            return identities_key(identities, i);
        }
    }
    return NULL;
}

static int add(const struct user_options *options, struct identities *identities, struct identity_key **ret_key,
               struct err *err)
{
    if (!identities_name_is_valid(options->name)) {
        return err_set(err, "'%s' is not the name of a user: 1 to %d letters, digits and +=,.@_-", options->name,
                       IDENTITIES_NAME_CHARS_MAX);
    }
    if (identities_find_user(identities, slice_from_string(options->name)) != NULL) {
        return err_set(err, "there is a user '%s' already", options->name);
    }
    if (identities_user_count(identities) == IDENTITIES_USERS_MAX) {
        return err_set(err, "there are %d users already, and no more are possible", IDENTITIES_USERS_MAX);
    }
    struct identity_user *user = identities_add_user(identities, options->name);
    user->created_us = env_time_us();
    *ret_key = make_key(identities, user);
    return options->admin ? identities_put_policy(user, "admin", SLICE(EVERYTHING), err) : 0;
}

/* Another policy that is too long is refused when it is parsed. */
static int put_policy(const struct user_options *options, struct identity_user *user, struct err *err)
{
    if (!identities_name_is_valid(options->policy)) {
        return err_set(err, "'%s' is not the name of a policy: 1 to %d letters, digits and +=,.@_-", options->policy,
                       IDENTITIES_NAME_CHARS_MAX);
    }
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
    return identities_put_policy(user, options->policy, slice_of(document, len), err) == 0
               ? 0
               : err_wrap(err, "%s", options->policy_file);
}

static int change_policy(const struct user_options *options, struct identity_user *user, struct err *err)
{
    if (options->verb == USER_POLICY_PUT) {
        return put_policy(options, user, err);
    }
    return identities_remove_policy(user, options->policy)
               ? 0
               : err_set(err, "'%s' has no policy '%s'", options->name, options->policy);
}

static void rotate(const struct user_options *options, struct identities *identities, struct identity_user *user,
                   struct identity_key **ret_key)
{
    unsigned kept = options->now ? 0 : IDENTITIES_KEYS_PER_USER_MAX - 1;
    while (identities_user_keys(identities, user) > kept) {
        identities_remove_key(identities, oldest_key(identities, user));
    }
    *ret_key = make_key(identities, user);
}

/* Changes the set; *ret_key is a new key to be shown, or stays NULL. */
static int change(const struct user_options *options, struct identities *identities, struct identity_key **ret_key,
                  struct err *err)
{
    if (options->verb == USER_ADD) {
        return add(options, identities, ret_key, err);
    }
    struct identity_user *user = identities_find_user(identities, slice_from_string(options->name));
    if (user == NULL) {
        return err_set(err, "there is no user '%s'", options->name);
    }
    switch (options->verb) {
    case USER_ROTATE:
        rotate(options, identities, user, ret_key);
        break;
    case USER_REMOVE:
        identities_remove_user(identities, user);
        break;
    case USER_POLICY_PUT:
    case USER_POLICY_REMOVE:
        return change_policy(options, user, err);
    default:
        user->enabled = options->verb == USER_ENABLE;
        break;
    }
    return 0;
}

static void print_done(const struct user_options *options)
{
    static const char *const done[] = {
        [USER_REMOVE] = "removed",
        [USER_DISABLE] = "disabled",
        [USER_ENABLE] = "enabled",
        [USER_POLICY_PUT] = "policy put",
        [USER_POLICY_REMOVE] = "policy removed",
    };
    if (options->json) {
        struct buffer out = {0};
        json_object_begin(&out);
        json_member_text(&out, "UserName", options->name);
        json_member_text(&out, "State", done[options->verb]);
        json_object_end(&out);
        print_json(&out);
    } else {
        printf("%s: %s\n", options->name, done[options->verb]);
    }
}

static int change_file(const struct user_options *options, const unsigned char key[SEAL_KEY_BYTES], struct err *err)
{
    struct identities *identities = NULL;
    if (options->verb == USER_ADD && mkdir(options->data_dir, 0700) != 0 && errno != EEXIST) {
        return err_set(err, "cannot make the data folder %s: %s", options->data_dir, strerror(errno));
    }
    int lock = identity_file_lock(options->data_dir, err);
    if (lock < 0) {
        return -1;
    }
    struct identity_key *fresh = NULL;
    int result = identity_file_read(options->data_dir, key, options->account_id, &identities, err);
    bool shows = options->verb == USER_LIST || options->verb == USER_POLICY_GET || options->verb == USER_POLICY_LIST;
    if (result == 0 && options->verb == USER_LIST) {
        list(options, identities);
    } else if (result == 0 && shows) {
        result = show_policies(options, identities, err);
    } else if (result == 0) {
        result = change(options, identities, &fresh, err);
        result = result == 0 ? identity_file_write(options->data_dir, key, identities, err) : result;
        if (result == 0 && fresh != NULL) {
            print_secret(options, fresh);
        } else if (result == 0) {
            print_done(options);
        }
    }
    identities_release(identities);
    close(lock);
    return result;
}

int user_command(int count, char *const *arguments)
{
    struct user_options options;
    struct err err;
    switch (user_options_parse(count, arguments, &options, &err)) {
    case CONFIG_HELP:
        user_options_print_help(stdout);
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
        result = change_file(&options, key, &err);
        crypto_wipe(key, sizeof key);
    }
    return result == 0 ? 0 : fail(&err);
}
