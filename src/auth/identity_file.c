#include "auth/identity_file.h"

#include "auth/fields.h"
#include "base/file.h"
#include "crypto/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* Version 1 had no roles. The magic is as long in both. */
#define MAGIC     "stator identities 2\n"
#define MAGIC_1   "stator identities 1\n"
#define MAGIC_LEN (sizeof MAGIC - 1)

#define FLAG_ENABLED 1

/* --- the plain form ----------------------------------------------------------------------------------------------- */

static void append_text(struct buffer *out, const char *text)
{
    fields_append_text(out, slice_from_string(text));
}

static void append_policies(struct buffer *out, const struct identity_policies *policies)
{
    buffer_append_varint(out, policies->count);
    for (unsigned i = 0; i < policies->count; i++) {
        append_text(out, policies->items[i].name);
        append_text(out, policies->items[i].document);
    }
}

static void append_roles(struct buffer *out, const struct identities *identities)
{
    buffer_append_varint(out, identities_role_count(identities));
    for (unsigned i = 0; i < identities_role_count(identities); i++) {
        const struct identity_role *role = identities_role(identities, i);
        append_text(out, role->name);
        buffer_append_byte(out, role->enabled ? FLAG_ENABLED : 0);
        buffer_append_u64(out, role->created_us);
        buffer_append_varint(out, role->session_s_max);
        append_text(out, role->trust != NULL ? role->trust : "");
        append_policies(out, &role->policies);
    }
}

void identity_file_encode(const struct identities *identities, struct buffer *out)
{
    unsigned users = identities_user_count(identities), keys = identities_key_count(identities), count = 0;
    for (unsigned i = 0; i < users; i++) {
        count += !identities_user(identities, i)->is_root;
    }
    buffer_append_varint(out, count);
    for (unsigned i = 0; i < users; i++) {
        const struct identity_user *user = identities_user(identities, i);
        if (user->is_root) {
            continue;
        }
        append_text(out, user->name);
        buffer_append_byte(out, user->enabled ? FLAG_ENABLED : 0);
        buffer_append_u64(out, user->created_us);
        buffer_append_varint(out, identities_user_keys(identities, user));
        for (unsigned k = 0; k < keys; k++) {
            const struct identity_key *key = identities_key(identities, k);
            if (key->user == user) {
                append_text(out, key->id);
                append_text(out, key->secret);
                buffer_append_byte(out, key->enabled ? FLAG_ENABLED : 0);
                buffer_append_u64(out, key->created_us);
            }
        }
        append_policies(out, &user->policies);
    }
    append_roles(out, identities);
}

static bool take_flags_and_time(struct slice *rest, bool *ret_enabled, uint64_t *ret_time_us)
{
    unsigned char flags;
    if (!fields_take_byte(rest, &flags) || !fields_take_u64(rest, ret_time_us)) {
        return false;
    }
    *ret_enabled = (flags & FLAG_ENABLED) != 0;
    return true;
}

static bool take_key(struct slice *rest, struct identities *identities, struct identity_user *user)
{
    char id[IDENTITIES_KEY_CHARS_MAX + 1], secret[IDENTITIES_SECRET_CHARS_MAX + 1];
    bool enabled;
    uint64_t created_us;
    bool good = fields_take_text(rest, IDENTITIES_KEY_CHARS_MIN, IDENTITIES_KEY_CHARS_MAX, id) &&
                fields_take_text(rest, IDENTITIES_SECRET_CHARS_MIN, IDENTITIES_SECRET_CHARS_MAX, secret) &&
                take_flags_and_time(rest, &enabled, &created_us) &&
                identities_find_key(identities, slice_from_string(id)) == NULL;
    if (good) {
        struct identity_key *key = identities_add_key(identities, user, id, secret);
        key->enabled = enabled;
        key->created_us = created_us;
    }
    crypto_wipe(secret, sizeof secret);
    return good;
}

static bool take_name(struct slice *rest, char ret_name[IDENTITIES_NAME_CHARS_MAX + 1])
{
    return fields_take_text(rest, 1, IDENTITIES_NAME_CHARS_MAX, ret_name) && identities_name_is_valid(ret_name);
}

static bool take_policies(struct slice *rest, struct identity_policies *policies)
{
    uint32_t count;
    if (!fields_take_varint(rest, IDENTITIES_POLICIES_MAX, &count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        char name[IDENTITIES_NAME_CHARS_MAX + 1];
        struct slice document;
        struct err unused;
        if (!take_name(rest, name) || !fields_take_slice(rest, POLICY_BYTES_MAX, &document) ||
            identities_put_policy(policies, name, document, &unused) != 0) {
            return false;
        }
    }
    return true;
}

static bool take_role(struct slice *rest, struct identities *identities)
{
    char name[IDENTITIES_NAME_CHARS_MAX + 1];
    bool enabled;
    uint64_t created_us;
    uint32_t session_s;
    struct slice trust;
    struct err unused;
    if (!take_name(rest, name) || !take_flags_and_time(rest, &enabled, &created_us) ||
        !fields_take_varint(rest, IDENTITIES_SESSION_S_MAX, &session_s) || session_s < IDENTITIES_SESSION_S_MIN ||
        !fields_take_slice(rest, POLICY_BYTES_MAX, &trust)) {
        return false;
    }
    struct identity_role *role = identities_add_role(identities, name);
    role->enabled = enabled;
    role->created_us = created_us;
    role->session_s_max = session_s;
    return (trust.len == 0 || identities_set_trust(role, trust, &unused) == 0) && take_policies(rest, &role->policies);
}

static bool take_roles(struct slice *rest, struct identities *identities)
{
    uint32_t count;
    if (!fields_take_varint(rest, IDENTITIES_ROLES_MAX, &count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!take_role(rest, identities)) {
            return false;
        }
    }
    return true;
}

bool identity_file_decode(struct slice plain, unsigned version, struct identities *identities)
{
    uint32_t users, keys;
    if (!fields_take_varint(&plain, IDENTITIES_USERS_MAX, &users)) {
        return false;
    }
    for (uint32_t i = 0; i < users; i++) {
        char name[IDENTITIES_NAME_CHARS_MAX + 1];
        bool enabled;
        uint64_t created_us;
        if (!take_name(&plain, name) || !take_flags_and_time(&plain, &enabled, &created_us) ||
            !fields_take_varint(&plain, IDENTITIES_KEYS_PER_USER_MAX, &keys)) {
            return false;
        }
        struct identity_user *user = identities_add_user(identities, name);
        user->enabled = enabled;
        user->created_us = created_us;
        for (uint32_t k = 0; k < keys; k++) {
            if (!take_key(&plain, identities, user)) {
                return false;
            }
        }
        if (!take_policies(&plain, &user->policies)) {
            return false;
        }
    }
    return (version == 1 || take_roles(&plain, identities)) && plain.len == 0;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

static void path_of(const char *folder, const char *name, char ret_path[4096])
{
    if (snprintf(ret_path, 4096, "%s/%s", folder, name) >= 4096) {
        ret_path[0] = '\0'; /* no file has this name */
    }
}

int identity_file_read(const char *folder, const unsigned char key[SEAL_KEY_BYTES], const char *account,
                       struct identities **ret_identities, struct err *err)
{
    char path[4096];
    path_of(folder, "identities", path);
    struct buffer file = {0}, plain = {0};
    int result = file_read_whole(path, IDENTITY_FILE_BYTES_MAX, &file, err);
    struct identities *identities = result < 0 ? NULL : identities_create(account);
    if (result == 1) {
        struct slice sealed = buffer_slice(&file), magic = slice_of(sealed.data, MAGIC_LEN);
        unsigned version = slice_starts_with(sealed, SLICE(MAGIC))     ? 2
                           : slice_starts_with(sealed, SLICE(MAGIC_1)) ? 1
                                                                       : 0;
        if (version == 0) {
            result = err_set(err, "%s is damaged, or of a newer version of Stator", path);
        } else if (!seal_open(key, magic, slice_of(sealed.data + MAGIC_LEN, sealed.len - MAGIC_LEN), &plain)) {
            result =
                err_set(err, "%s cannot be opened with this key: it was made with another one, or is damaged", path);
        } else if (!identity_file_decode(buffer_slice(&plain), version, identities)) {
            result = err_set(err, "%s holds what this version of Stator cannot read", path);
        }
    }
    if (plain.len > 0) {
        crypto_wipe(plain.data, plain.len);
    }
    buffer_finish(&plain);
    buffer_finish(&file);
    if (result < 0) {
        identities_release(identities);
        return -1;
    }
    *ret_identities = identities;
    return 0;
}

int identity_file_write(const char *folder, const unsigned char key[SEAL_KEY_BYTES],
                        const struct identities *identities, struct err *err)
{
    char path[4096];
    path_of(folder, "identities", path);
    struct buffer plain = {0}, file = {0};
    identity_file_encode(identities, &plain);
    BUFFER_APPEND_LITERAL(&file, MAGIC);
    seal(key, SLICE(MAGIC), buffer_slice(&plain), &file);
    crypto_wipe(plain.data, plain.len);
    buffer_finish(&plain);
    int result = file_replace(path, buffer_slice(&file), err);
    buffer_finish(&file);
    return result;
}

int identity_file_lock(const char *folder, struct err *err)
{
    char path[4096];
    path_of(folder, "identities.lock", path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        while (flock(fd, LOCK_EX) != 0) {
            if (errno != EINTR) {
                close(fd);
                fd = -1;
                break;
            }
        }
    }
    return fd >= 0 ? fd : err_set(err, "cannot write to the data folder %s: %s", folder, strerror(errno));
}

struct identity_file_state identity_file_state(const char *folder)
{
    char path[4096];
    struct stat status;
    path_of(folder, "identities", path);
    if (stat(path, &status) != 0) {
        return (struct identity_file_state){0};
    }
    return (struct identity_file_state){.inode = status.st_ino, .changed = status.st_mtim, .len = status.st_size};
}

bool identity_file_state_equal(const struct identity_file_state *a, const struct identity_file_state *b)
{
    return a->inode == b->inode && a->len == b->len && a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}
