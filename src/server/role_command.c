#include "api/json_out.h"
#include "base/env.h"
#include "server/identity_command.h"
#include "server/user_command.h"

#include <stdio.h>

static void append_role(struct buffer *out, const struct identity_role *role)
{
    char id[IDENTITIES_UNIQUE_ID_CHARS + 1];
    identities_role_id(role, id);
    json_object_begin(out);
    json_member_text(out, "RoleName", role->name);
    json_member_text(out, "RoleId", id);
    json_member_text(out, "Arn", role->arn);
    json_member_boolean(out, "Enabled", role->enabled);
    json_member_time(out, "CreateDate", role->created_us);
    json_member_integer(out, "MaxSessionDuration", role->session_s_max);
    json_member_text(out, "AssumeRolePolicyDocument", role->trust != NULL ? role->trust : "");
    json_object_end(out);
}

static void print_json(const struct identities *identities)
{
    struct buffer out = {0};
    json_object_begin(&out);
    json_member_array_begin(&out, "Roles");
    for (unsigned i = 0; i < identities_role_count(identities); i++) {
        append_role(&out, identities_role(identities, i));
    }
    json_array_end(&out);
    json_object_end(&out);
    identity_command_print_json(&out);
}

static int show(const struct user_options *options, const struct identities *identities, struct err *err)
{
    if (options->verb == ROLE_LIST && options->json) {
        print_json(identities);
        return 0;
    }
    for (unsigned i = 0; options->verb == ROLE_LIST && i < identities_role_count(identities); i++) {
        const struct identity_role *role = identities_role(identities, i);
        printf("%-24s %-9s %s\n", role->name, role->enabled ? "enabled" : "disabled", role->arn);
    }
    if (options->verb == ROLE_LIST) {
        return 0;
    }
    const struct identity_role *role = identities_find_role(identities, slice_from_string(options->name));
    if (role == NULL) {
        return err_set(err, "there is no role '%s'", options->name);
    }
    return identity_command_show_policies(options, &role->policies, options->verb == ROLE_POLICY_GET, err);
}

static int set_trust(const struct user_options *options, struct identity_role *role, struct err *err)
{
    struct slice text;
    if (identity_command_read_file(options, &text, err) != 0) {
        return -1;
    }
    return identities_set_trust(role, text, err) == 0 ? 0 : err_wrap(err, "%s", options->policy_file);
}

static int add(const struct user_options *options, struct identities *identities, struct err *err)
{
    if (identity_command_check_name(options->name, "role", err) != 0) {
        return -1;
    }
    if (identities_find_role(identities, slice_from_string(options->name)) != NULL) {
        return err_set(err, "there is a role '%s' already", options->name);
    }
    if (identities_role_count(identities) == IDENTITIES_ROLES_MAX) {
        return err_set(err, "there are %d roles already, and no more are possible", IDENTITIES_ROLES_MAX);
    }
    struct identity_role *role = identities_add_role(identities, options->name);
    role->created_us = env_time_us();
    role->session_s_max = options->session_s_max;
    return set_trust(options, role, err);
}

static int change_role(const struct user_options *options, struct identities *identities, struct err *err)
{
    if (options->verb == ROLE_ADD) {
        return add(options, identities, err);
    }
    struct identity_role *role = identities_find_role(identities, slice_from_string(options->name));
    if (role == NULL) {
        return err_set(err, "there is no role '%s'", options->name);
    }
    switch (options->verb) {
    case ROLE_REMOVE:
        identities_remove_role(identities, role);
        return 0;
    case ROLE_TRUST:
        return set_trust(options, role, err);
    case ROLE_POLICY_PUT:
        return identity_command_put_policy(options, &role->policies, err);
    case ROLE_POLICY_REMOVE:
        return identity_command_remove_policy(options, &role->policies, err);
    default:
        role->enabled = options->verb == ROLE_ENABLE;
        return 0;
    }
}

static int change(const struct user_options *options, const unsigned char key[SEAL_KEY_BYTES],
                  struct identities *identities, struct err *err)
{
    static const char *const done[] = {
        [ROLE_ADD] = "added",
        [ROLE_TRUST] = "trust policy put",
        [ROLE_DISABLE] = "disabled",
        [ROLE_ENABLE] = "enabled",
        [ROLE_REMOVE] = "removed",
        [ROLE_POLICY_PUT] = "policy put",
        [ROLE_POLICY_REMOVE] = "policy removed",
    };
    if (change_role(options, identities, err) != 0 ||
        identity_file_write(options->data_dir, key, identities, err) != 0) {
        return -1;
    }
    identity_command_print_done(options, "RoleName", done[options->verb]);
    return 0;
}

int role_command(int count, char *const *arguments)
{
    static const struct identity_command command = {.noun = NOUN_ROLE, .show = show, .change = change};
    return identity_command_run(&command, count, arguments);
}
