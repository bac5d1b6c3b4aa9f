/* A wrapped key: byte 1 (format), length of the id, the id, then sealed bytes (crypto/seal.h) under the key of that id.
 */
#include "crypto/key_service.h"

#include "crypto/sha256.h"

#include <stdlib.h>

#define WRAPPED_FORMAT 1
/* What AWS calls the key that is there for who names none. */
#define DEFAULT_ALIAS "aws/dynamodb"

struct folder_service {
    struct key_service service; /* first */
    char *folder, *key_file;
    struct keyring **keyring;
};

static struct folder_service *of(struct key_service *service)
{
    return (struct folder_service *)service;
}

static int need_keyring(struct folder_service *service, struct err *err)
{
    if (*service->keyring != NULL) {
        return 0;
    }
    struct keyring *keyring;
    if (keyring_create(service->folder, service->key_file, &keyring, err) != 0) {
        return -1;
    }
    if (keyring_store(keyring, NULL, err) != 0) {
        keyring_destroy(keyring);
        return -1;
    }
    *service->keyring = keyring;
    return 0;
}

/* "arn:aws:kms:REGION:ACCOUNT:key/ID" and "…:alias/NAME" without what is in front; other texts as they are. */
static struct slice without_arn(struct slice name)
{
    struct slice rest = name;
    for (int colons = 0; colons < 5; colons++) {
        const char *colon = rest.len == 0 ? NULL : memchr(rest.data, ':', rest.len);
        if (colon == NULL || !slice_starts_with(name, SLICE("arn:"))) {
            return name;
        }
        rest = slice_of(colon + 1, rest.len - (size_t)(colon + 1 - rest.data));
    }
    return slice_starts_with(rest, SLICE("key/")) ? slice_of(rest.data + 4, rest.len - 4) : rest;
}

static enum key_result make_master(struct folder_service *service, struct slice id, struct slice alias,
                                   char ret_id[KEY_NAME_BYTES], struct err *err)
{
    struct keyring_master *master;
    if (id.len > KEYRING_NAME_CHARS_MAX || alias.len > KEYRING_NAME_CHARS_MAX) {
        return KEY_NOT_FOUND;
    }
    if (keyring_add_master(*service->keyring, id, alias, &master, err) != 0) {
        return KEY_FAILED;
    }
    if (keyring_store(*service->keyring, NULL, err) != 0) {
        keyring_remove_master(*service->keyring, master);
        return KEY_FAILED;
    }
    memcpy(ret_id, master->id, KEY_NAME_BYTES);
    return KEY_OK;
}

static enum key_result find(struct key_service *key_service, struct slice name, char ret_id[KEY_NAME_BYTES],
                            struct err *err)
{
    struct folder_service *service = of(key_service);
    if (need_keyring(service, err) != 0) {
        return KEY_FAILED;
    }
    struct slice id = without_arn(name), alias = SLICE("");
    bool is_default = name.len == 0;
    if (is_default || slice_starts_with(id, SLICE("alias/"))) {
        alias = is_default ? SLICE(DEFAULT_ALIAS) : slice_of(id.data + 6, id.len - 6);
        id = SLICE("");
        is_default = slice_equal(alias, SLICE(DEFAULT_ALIAS));
    }
    struct keyring_master *master = keyring_find_master(*service->keyring, id, alias);
    master = master != NULL || name.len == 0 ? master : keyring_find_master(*service->keyring, name, SLICE(""));
    if (master == NULL && (is_default || keyring_is_local(*service->keyring))) {
        /* An ARN stays as it was given: tools compare it with what they asked for. */
        return make_master(service, alias.len > 0 ? SLICE("") : name, alias, ret_id, err);
    }
    if (master == NULL || !master->enabled) {
        return master == NULL ? KEY_NOT_FOUND : KEY_DISABLED;
    }
    memcpy(ret_id, master->id, KEY_NAME_BYTES);
    return KEY_OK;
}

static enum key_result master_of(struct folder_service *service, struct slice id, struct keyring_master **ret_master)
{
    *ret_master = *service->keyring == NULL ? NULL : keyring_find_master(*service->keyring, id, SLICE(""));
    return *ret_master == NULL ? KEY_NOT_FOUND : (*ret_master)->enabled ? KEY_OK : KEY_DISABLED;
}

static enum key_result wrap(struct key_service *service, const char *id, struct slice context,
                            const unsigned char key[SEAL_KEY_BYTES], struct buffer *out, struct err *err)
{
    (void)err;
    struct keyring_master *master;
    enum key_result result = master_of(of(service), slice_from_string(id), &master);
    if (result == KEY_OK) {
        buffer_append_byte(out, WRAPPED_FORMAT);
        buffer_append_byte(out, (char)strlen(id));
        buffer_append(out, id, strlen(id));
        seal(master->key, context, slice_of(key, SEAL_KEY_BYTES), out);
    }
    return result;
}

static enum key_result unwrap(struct key_service *service, struct slice context, struct slice wrapped,
                              unsigned char ret_key[SEAL_KEY_BYTES], struct err *err)
{
    size_t id_len = wrapped.len < 2 ? 0 : (unsigned char)wrapped.data[1];
    struct keyring_master *master;
    struct buffer plain = {0};
    if (wrapped.len < 2 + id_len || wrapped.data[0] != WRAPPED_FORMAT) {
        err_set(err, "a wrapped key is damaged, or of a newer version of Stator");
        return KEY_FAILED;
    }
    struct slice id = slice_of(wrapped.data + 2, id_len);
    enum key_result result = master_of(of(service), id, &master);
    if (result != KEY_OK) {
        err_set(err, "the key %.*s is %s", SLICE_ARG(id), result == KEY_DISABLED ? "disabled" : "gone");
        return result;
    }
    if (!seal_open(master->key, context, slice_of(id.data + id_len, wrapped.len - 2 - id_len), &plain) ||
        plain.len != SEAL_KEY_BYTES) {
        err_set(err, "a key that was wrapped with %.*s is damaged", SLICE_ARG(id));
        result = KEY_FAILED;
    } else {
        memcpy(ret_key, plain.data, SEAL_KEY_BYTES);
        crypto_wipe(plain.data, plain.len);
    }
    buffer_finish(&plain);
    return result;
}

static void destroy(struct key_service *service)
{
    free(of(service)->folder);
    free(of(service)->key_file);
    free(service);
}

struct key_service *key_service_of_folder(const char *folder, const char *key_file, struct keyring **keyring)
{
    struct folder_service *service = calloc(1, sizeof *service);
    if (service == NULL) {
        abort();
    }
    service->service = (struct key_service){find, wrap, unwrap, destroy};
    service->folder = strdup(folder);
    service->key_file = key_file == NULL ? NULL : strdup(key_file);
    service->keyring = keyring;
    if (service->folder == NULL || (key_file != NULL && service->key_file == NULL)) {
        abort();
    }
    return &service->service;
}
