#include "server/user_command.h"

#include "api/json_out.h"
#include "auth/identity_file.h"
#include "base/env.h"
#include "crypto/sha256.h"
#include "server/identity_command.h"

#include <stdio.h>

#define KEY_ID_CHARS 20 /* AWS's form: AKIA and sixteen more */
#define EVERYTHING                                                                                                     \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"

static struct identity_key *make_key(struct identities *identities, struct identity_user *user)
{
    char id[KEY_ID_CHARS + 1], secret[IDENTITIES_NEW_SECRET_CHARS + 1];
    do {
        identities_random_id("AKIA", KEY_ID_CHARS, id);
    } while (identities_find_key(identities, slice_from_string(id)) != NULL);
    identities_random_secret(secret);
    struct identity_key *key = identities_add_key(identities, user, id, secret);
    key->created_us = env_time_us();
    crypto_wipe(secret, sizeof secret);
    return key;
}

/* --- what is printed ---------------------------------------------------------------------------------------------- */

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
        identity_command_print_json(&out);
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
        identity_command_print_json(&out);
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
    if (identity_command_check_name(options->name, "user", err) != 0) {
        return -1;
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
    return options->admin ? identities_put_policy(&user->policies, "admin", SLICE(EVERYTHING), err) : 0;
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
        return identity_command_put_policy(options, &user->policies, err);
    case USER_POLICY_REMOVE:
        return identity_command_remove_policy(options, &user->policies, err);
    default:
        user->enabled = options->verb == USER_ENABLE;
        break;
    }
    return 0;
}

static const char *const done[] = {
    [USER_REMOVE] = "removed",
    [USER_DISABLE] = "disabled",
    [USER_ENABLE] = "enabled",
    [USER_POLICY_PUT] = "policy put",
    [USER_POLICY_REMOVE] = "policy removed",
};

static int show(const struct user_options *options, const struct identities *identities, struct err *err)
{
    if (options->verb == USER_LIST) {
        return list(options, identities);
    }
    const struct identity_user *user = identities_find_user(identities, slice_from_string(options->name));
    if (user == NULL) {
        return err_set(err, "there is no user '%s'", options->name);
    }
    return identity_command_show_policies(options, &user->policies, options->verb == USER_POLICY_GET, err);
}

static int change_and_write(const struct user_options *options, const unsigned char key[SEAL_KEY_BYTES],
                            struct identities *identities, struct err *err)
{
    struct identity_key *fresh = NULL;
    if (change(options, identities, &fresh, err) != 0 ||
        identity_file_write(options->data_dir, key, identities, err) != 0) {
        return -1;
    }
    if (fresh != NULL) {
        print_secret(options, fresh);
    } else {
        identity_command_print_done(options, "UserName", done[options->verb]);
    }
    return 0;
}

int user_command(int count, char *const *arguments)
{
    static const struct identity_command command = {.noun = NOUN_USER, .show = show, .change = change_and_write};
    return identity_command_run(&command, count, arguments);
}
