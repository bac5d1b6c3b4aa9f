#include "crypto/keyring.h"

#include "base/big_endian.h"
#include "base/env.h"
#include "base/file.h"
#include "crypto/sha256.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAGIC          "stator data keys 1\n"
#define KEY_LINE_BYTES (4 + KEY_ID_BYTES) /* "key ", 16 digits, newline */
#define PURPOSE        "data-keys"
#define FILE_BYTES_MAX (1u << 20)
#define PATH_BYTES     4096

struct keyring {
    char *folder;
    char *key_file; /* the one that seals it: read again for each store, so that its key is nowhere in memory */
    char key_id[KEY_ID_BYTES];
    bool local;
    struct keyring_generation generations[KEYRING_GENERATIONS_MAX];
    unsigned generation_count;
    uint32_t newest; /* number of the newest generation that there ever was */
    pthread_mutex_t masters_lock;
    struct keyring_master *masters[KEYRING_MASTERS_MAX];
    unsigned master_count;
};

/* --- the plain form ----------------------------------------------------------------------------------------------- */

static void append_text(struct buffer *out, const char *text)
{
    buffer_append_varint(out, (uint32_t)strlen(text));
    buffer_append(out, text, strlen(text));
}

static void encode(const struct keyring *keyring, struct buffer *out)
{
    buffer_append_u32(out, keyring->newest);
    buffer_append_u32(out, keyring->generation_count);
    for (unsigned i = 0; i < keyring->generation_count; i++) {
        const struct keyring_generation *generation = &keyring->generations[i];
        buffer_append_u32(out, generation->number);
        buffer_append_u64(out, generation->created_us);
        buffer_append(out, generation->key, sizeof generation->key);
    }
    buffer_append_u32(out, keyring->master_count);
    for (unsigned i = 0; i < keyring->master_count; i++) {
        const struct keyring_master *master = keyring->masters[i];
        append_text(out, master->id);
        append_text(out, master->alias);
        buffer_append_byte(out, master->enabled ? 1 : 0);
        buffer_append_u64(out, master->created_us);
        buffer_append(out, master->key, sizeof master->key);
    }
}

/* Cuts `len` bytes off the front; NULL: there are not as many. */
static const char *cut(struct slice *rest, size_t len)
{
    if (rest->len < len) {
        return NULL;
    }
    const char *at = rest->data;
    *rest = slice_of(at + len, rest->len - len);
    return at;
}

static bool take_u32(struct slice *rest, uint32_t max, uint32_t *ret_number)
{
    const char *at = cut(rest, 4);
    *ret_number = at == NULL ? 0 : read_u32(at);
    return at != NULL && *ret_number <= max;
}

/* At most KEYRING_NAME_CHARS_MAX bytes: their length is one varint byte or two. */
static bool take_text(struct slice *rest, char ret_text[KEYRING_NAME_CHARS_MAX + 1])
{
    const char *at = cut(rest, 1);
    size_t len = at == NULL ? 0 : (unsigned char)*at;
    if (len >= 0x80) {
        at = cut(rest, 1);
        len = at == NULL ? 0 : (len & 0x7f) | (size_t)(unsigned char)*at << 7;
    }
    if (at == NULL || len > KEYRING_NAME_CHARS_MAX || (at = cut(rest, len)) == NULL || memchr(at, '\0', len) != NULL) {
        return false;
    }
    memcpy(ret_text, at, len);
    ret_text[len] = '\0';
    return true;
}

static struct keyring_master *new_master(struct keyring *keyring)
{
    struct keyring_master *master = calloc(1, sizeof *master);
    if (master == NULL) {
        abort();
    }
    keyring->masters[keyring->master_count++] = master;
    return master;
}

static bool take_master(struct slice *rest, struct keyring_master *master)
{
    if (!take_text(rest, master->id) || !take_text(rest, master->alias)) {
        return false;
    }
    const char *at = cut(rest, 1 + 8 + SEAL_KEY_BYTES);
    if (at == NULL) {
        return false;
    }
    master->enabled = at[0] != 0;
    master->created_us = read_u64(at + 1);
    memcpy(master->key, at + 9, sizeof master->key);
    return true;
}

static bool decode(struct keyring *keyring, struct slice plain)
{
    uint32_t count;
    if (!take_u32(&plain, UINT32_MAX, &keyring->newest) || !take_u32(&plain, KEYRING_GENERATIONS_MAX, &count)) {
        return false;
    }
    for (; keyring->generation_count < count; keyring->generation_count++) {
        struct keyring_generation *generation = &keyring->generations[keyring->generation_count];
        const char *at = cut(&plain, 4 + 8 + SEAL_KEY_BYTES);
        if (at == NULL) {
            return false;
        }
        generation->number = read_u32(at);
        generation->created_us = read_u64(at + 4);
        memcpy(generation->key, at + 12, sizeof generation->key);
    }
    if (count == 0 || keyring_newest(keyring)->number != keyring->newest ||
        !take_u32(&plain, KEYRING_MASTERS_MAX, &count)) {
        return false;
    }
    while (keyring->master_count < count) {
        if (!take_master(&plain, new_master(keyring))) {
            return false;
        }
    }
    return plain.len == 0;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        abort();
    }
    return copy;
}

static void path_in(const char *folder, const char *name, char ret_path[PATH_BYTES])
{
    if (snprintf(ret_path, PATH_BYTES, "%s/%s", folder, name) >= PATH_BYTES) {
        ret_path[0] = '\0'; /* no file has this name */
    }
}

/* The path of the key file that seals, or shall seal, the folder's keys. */
static void key_path(const char *folder, const char *key_file, char ret_path[PATH_BYTES])
{
    if (key_file == NULL) {
        path_in(folder, KEYRING_LOCAL_KEY, ret_path);
    } else {
        snprintf(ret_path, PATH_BYTES, "%s", key_file);
    }
}

static struct keyring *new_keyring(const char *folder, const char *key_file, bool local)
{
    struct keyring *keyring = calloc(1, sizeof *keyring);
    if (keyring == NULL) {
        abort();
    }
    keyring->folder = copy_text(folder);
    keyring->key_file = copy_text(key_file);
    keyring->local = local;
    pthread_mutex_init(&keyring->masters_lock, NULL);
    return keyring;
}

/* The file's head: "stator data keys 1\nkey 0123456789abcdef\n". False: it is another one. */
static bool take_head(struct slice *rest, struct slice *ret_head, char ret_id[KEY_ID_BYTES])
{
    const char *start = rest->data, *magic = cut(rest, sizeof MAGIC - 1), *line = cut(rest, KEY_LINE_BYTES);
    if (magic == NULL || line == NULL || memcmp(magic, MAGIC, sizeof MAGIC - 1) != 0 || memcmp(line, "key ", 4) != 0 ||
        line[KEY_LINE_BYTES - 1] != '\n') {
        return false;
    }
    memcpy(ret_id, line + 4, KEY_ID_BYTES - 1);
    ret_id[KEY_ID_BYTES - 1] = '\0';
    *ret_head = slice_of(start, sizeof MAGIC - 1 + KEY_LINE_BYTES);
    return strspn(ret_id, "0123456789abcdef") == KEY_ID_BYTES - 1;
}

/* Which key the folder wants is told in every refusal, so that the operator knows which one to look for. */
static int check_key(const char *folder, const char *wanted, const char *key_file, const char *path, struct err *err)
{
    char id[KEY_ID_BYTES];
    if (key_file == NULL && access(path, F_OK) != 0) {
        return err_set(err, "the data folder %s is sealed with the key %s; give its file with --key-file FILE", folder,
                       wanted);
    }
    if (key_file_id(path, id, err) != 0) {
        return err_wrap(err, "the data folder %s is sealed with the key %s", folder, wanted);
    }
    if (strcmp(id, wanted) == 0) {
        return 0;
    }
    err_set(err, "the data folder %s is sealed with the key %s, but %s holds the key %s", folder, wanted, path, id);
    char local[PATH_BYTES], local_id[KEY_ID_BYTES], text[ERR_TEXT_BYTES];
    struct err unused;
    path_in(folder, KEYRING_LOCAL_KEY, local);
    if (key_file_id(local, local_id, &unused) == 0 && strcmp(local_id, wanted) == 0) {
        memcpy(text, err->text, sizeof text);
        err_set(err, "%.900s; 'stator key rotate --new-key-file' gives it yours in place of its own", text);
    }
    return -1;
}

static int open_sealed(struct keyring *keyring, const char *path, struct slice head, struct slice sealed,
                       struct err *err)
{
    unsigned char key[SEAL_KEY_BYTES];
    struct buffer plain = {0};
    if (key_file_read(keyring->key_file, PURPOSE, key, err) != 0) {
        return -1;
    }
    int result = 0;
    if (!seal_open(key, head, sealed, &plain)) {
        result = err_set(err, "%s is damaged", path);
    } else if (!decode(keyring, buffer_slice(&plain))) {
        result = err_set(err, "%s holds what this version of Stator cannot read", path);
    }
    crypto_wipe(key, sizeof key);
    if (plain.len > 0) {
        crypto_wipe(plain.data, plain.len);
    }
    buffer_finish(&plain);
    return result;
}

int keyring_open(const char *folder, const char *key_file, struct keyring **ret_keyring, struct err *err)
{
    char path[PATH_BYTES], key[PATH_BYTES], id[KEY_ID_BYTES];
    struct buffer file = {0};
    path_in(folder, KEYRING_FILE, path);
    key_path(folder, key_file, key);
    int result = file_read_whole(path, FILE_BYTES_MAX, &file, err);
    struct keyring *keyring = NULL;
    struct slice rest = buffer_slice(&file), head;
    if (result == 1 && !take_head(&rest, &head, id)) {
        result = err_set(err, "%s is damaged, or of a newer version of Stator", path);
    } else if (result == 1 && check_key(folder, id, key_file, key, err) != 0) {
        result = -1;
    } else if (result == 1) {
        keyring = new_keyring(folder, key, key_file == NULL);
        memcpy(keyring->key_id, id, sizeof id);
        result = open_sealed(keyring, path, head, rest, err);
    }
    buffer_finish(&file);
    if (result < 0) {
        keyring_destroy(keyring);
        return -1;
    }
    *ret_keyring = keyring;
    return 0;
}

int keyring_create(const char *folder, const char *key_file, struct keyring **ret_keyring, struct err *err)
{
    char key[PATH_BYTES], id[KEY_ID_BYTES];
    key_path(folder, key_file, key);
    if (key_file == NULL && access(key, F_OK) != 0 && key_file_create(key, err) != 0) {
        return -1;
    }
    if (key_file_id(key, id, err) != 0) {
        return -1;
    }
    struct keyring *keyring = new_keyring(folder, key, key_file == NULL);
    memcpy(keyring->key_id, id, sizeof id);
    if (keyring_add_generation(keyring, err) != 0) {
        keyring_destroy(keyring);
        return -1;
    }
    *ret_keyring = keyring;
    return 0;
}

int keyring_store(struct keyring *keyring, const char *key_file, struct err *err)
{
    unsigned char key[SEAL_KEY_BYTES];
    char path[PATH_BYTES], id[KEY_ID_BYTES];
    const char *key_name = key_file != NULL ? key_file : keyring->key_file;
    if (key_file_id(key_name, id, err) != 0 || key_file_read(key_name, PURPOSE, key, err) != 0) {
        return -1;
    }
    if (key_file == NULL && strcmp(id, keyring->key_id) != 0) {
        crypto_wipe(key, sizeof key);
        return err_set(err, "%s holds the key %s now, not %s", key_name, id, keyring->key_id);
    }
    struct buffer plain = {0}, file = {0};
    encode(keyring, &plain);
    buffer_printf(&file, MAGIC "key %s\n", id);
    struct buffer head = {0};
    buffer_append_slice(&head, buffer_slice(&file));
    seal(key, buffer_slice(&head), buffer_slice(&plain), &file);
    crypto_wipe(key, sizeof key);
    crypto_wipe(plain.data, plain.len);
    path_in(keyring->folder, KEYRING_FILE, path);
    int result = file_replace(path, buffer_slice(&file), err);
    buffer_finish(&head);
    buffer_finish(&plain);
    buffer_finish(&file);
    if (result == 0) {
        memcpy(keyring->key_id, id, sizeof id);
    }
    return result;
}

void keyring_destroy(struct keyring *keyring)
{
    if (keyring == NULL) {
        return;
    }
    while (keyring->master_count > 0) {
        keyring_remove_master(keyring, keyring->masters[0]);
    }
    pthread_mutex_destroy(&keyring->masters_lock);
    free(keyring->folder);
    free(keyring->key_file);
    crypto_wipe(keyring->generations, sizeof keyring->generations);
    free(keyring);
}

bool keyring_is_local(const struct keyring *keyring)
{
    return keyring->local;
}

const char *keyring_key_id(const struct keyring *keyring)
{
    return keyring->key_id;
}

/* --- generations -------------------------------------------------------------------------------------------------- */

unsigned keyring_generation_count(const struct keyring *keyring)
{
    return keyring->generation_count;
}

const struct keyring_generation *keyring_generation(const struct keyring *keyring, unsigned at)
{
    assert(at < keyring->generation_count);
    return &keyring->generations[at];
}

const struct keyring_generation *keyring_newest(const struct keyring *keyring)
{
    return keyring_generation(keyring, keyring->generation_count - 1);
}

const struct keyring_generation *keyring_find(const struct keyring *keyring, uint32_t number)
{
    for (unsigned i = 0; i < keyring->generation_count; i++) {
        if (keyring->generations[i].number == number) {
            return &keyring->generations[i];
        }
    }
    return NULL;
}

int keyring_add_generation(struct keyring *keyring, struct err *err)
{
    if (keyring->generation_count == KEYRING_GENERATIONS_MAX) {
        return err_set(err, "the folder has %d data keys, as many as there may be; drop those that nothing uses",
                       KEYRING_GENERATIONS_MAX);
    }
    struct keyring_generation *generation = &keyring->generations[keyring->generation_count++];
    *generation = (struct keyring_generation){.number = ++keyring->newest, .created_us = env_time_us()};
    env_random(generation->key, sizeof generation->key);
    return 0;
}

void keyring_drop_generation(struct keyring *keyring, uint32_t number)
{
    assert(number != keyring->newest);
    unsigned kept = 0;
    for (unsigned i = 0; i < keyring->generation_count; i++) {
        if (keyring->generations[i].number != number) {
            keyring->generations[kept++] = keyring->generations[i];
        }
    }
    crypto_wipe(&keyring->generations[kept], (keyring->generation_count - kept) * sizeof keyring->generations[0]);
    keyring->generation_count = kept;
}

/* --- masters ------------------------------------------------------------------------------------------------------ */

unsigned keyring_master_count(const struct keyring *keyring)
{
    return keyring->master_count;
}

struct keyring_master *keyring_master(struct keyring *keyring, unsigned at)
{
    assert(at < keyring->master_count);
    return keyring->masters[at];
}

struct keyring_master *keyring_find_master(struct keyring *keyring, struct slice id, struct slice alias)
{
    struct keyring_master *found = NULL;
    pthread_mutex_lock(&keyring->masters_lock);
    for (unsigned i = 0; i < keyring->master_count && found == NULL; i++) {
        struct keyring_master *master = keyring->masters[i];
        bool same = (id.len > 0 && slice_equal(id, slice_from_string(master->id))) ||
                    (alias.len > 0 && slice_equal(alias, slice_from_string(master->alias)));
        found = same ? master : NULL;
    }
    pthread_mutex_unlock(&keyring->masters_lock);
    return found;
}

int keyring_add_master(struct keyring *keyring, struct slice id, struct slice alias, struct keyring_master **ret_master,
                       struct err *err)
{
    if (id.len > KEYRING_NAME_CHARS_MAX || alias.len > KEYRING_NAME_CHARS_MAX ||
        keyring->master_count == KEYRING_MASTERS_MAX) {
        return err_set(err, "there are %u keys already, at most %d are possible; names have at most %d characters",
                       keyring->master_count, KEYRING_MASTERS_MAX, KEYRING_NAME_CHARS_MAX);
    }
    pthread_mutex_lock(&keyring->masters_lock);
    struct keyring_master *master = new_master(keyring);
    if (id.len == 0) {
        env_uuid(master->id);
    } else {
        memcpy(master->id, id.data, id.len);
    }
    if (alias.len > 0) {
        memcpy(master->alias, alias.data, alias.len);
    }
    master->enabled = true;
    master->created_us = env_time_us();
    env_random(master->key, sizeof master->key);
    pthread_mutex_unlock(&keyring->masters_lock);
    *ret_master = master;
    return 0;
}

void keyring_remove_master(struct keyring *keyring, struct keyring_master *master)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < keyring->master_count; i++) {
        if (keyring->masters[i] != master) {
            keyring->masters[kept++] = keyring->masters[i];
        }
    }
    assert(kept + 1 == keyring->master_count);
    keyring->master_count = kept;
    crypto_wipe(master, sizeof *master);
    free(master);
}
