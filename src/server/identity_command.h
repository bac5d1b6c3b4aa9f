/* What `stator user` and `stator role` have in common: reading, changing and writing the file of identities under its
 * lock, and policies. */
#pragma once

#include "auth/identity_file.h"
#include "server/user_options.h"

struct identity_command {
    enum user_noun noun;
    /* For the verbs that change nothing. */
    int (*show)(const struct user_options *options, const struct identities *identities, struct err *err);
    /* For the others: changes the set, writes the file, and prints what was done. */
    int (*change)(const struct user_options *options, const unsigned char key[SEAL_KEY_BYTES],
                  struct identities *identities, struct err *err);
};

/* `arguments` are those behind the noun. Returns the exit code. */
int identity_command_run(const struct identity_command *command, int count, char *const *arguments);

int identity_command_check_name(const char *name, const char *what, struct err *err) MUST_USE;

/* Reads options->policy_file, at most what a policy may have and one byte more; later calls overwrite it. */
int identity_command_read_file(const struct user_options *options, struct slice *ret_text, struct err *err) MUST_USE;

int identity_command_put_policy(const struct user_options *options, struct identity_policies *policies,
                                struct err *err) MUST_USE;
int identity_command_remove_policy(const struct user_options *options, struct identity_policies *policies,
                                   struct err *err) MUST_USE;
/* One whole, or all names. */
int identity_command_show_policies(const struct user_options *options, const struct identity_policies *policies,
                                   bool one, struct err *err) MUST_USE;

/* `member` is what the name is called in JSON. */
void identity_command_print_done(const struct user_options *options, const char *member, const char *state);

/* Ends the line; wipes and frees the buffer. */
void identity_command_print_json(struct buffer *out);
