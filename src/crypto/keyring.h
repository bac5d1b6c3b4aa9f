/* The keys of a data folder: a small file, "data-keys", sealed by the key file that the operator keeps elsewhere.
 *
 *   generations   the data keys of encrypted files (crypto/file_cipher.h); the newest one is for new files
 *   masters       the keys that wrap the keys of encrypted tables (crypto/key_service.h), by name
 *
 * Another key file only seals this file anew; another generation only adds to it. So neither kind of rotation rewrites
 * data. Who has a copy of the old file and the old key file can still open what was encrypted until then.
 *
 * A keyring belongs to who holds the lock of the data folder. It is read by any thread; changes are made by one thread
 * while nobody else reads, but keyring_add_master, which may be called while others read. Byte layout:
 * docs/formats/encryption.md. */
#pragma once

#include "crypto/key_file.h"

#define KEYRING_GENERATIONS_MAX 64
#define KEYRING_MASTERS_MAX     1024
#define KEYRING_NAME_CHARS_MAX  255
/* In the data folder. The second is a key file that Stator makes itself when none was given (key_service.h). */
#define KEYRING_FILE      "data-keys"
#define KEYRING_LOCAL_KEY "local-key"

struct keyring_generation {
    uint32_t number; /* from 1; never used twice */
    uint64_t created_us;
    unsigned char key[SEAL_KEY_BYTES];
};

struct keyring_master {
    char id[KEYRING_NAME_CHARS_MAX + 1];
    char alias[KEYRING_NAME_CHARS_MAX + 1]; /* without "alias/"; empty: none */
    bool enabled;
    uint64_t created_us;
    unsigned char key[SEAL_KEY_BYTES];
};

struct keyring;

/* The keyring of a folder, or NULL in *ret_keyring if it has none yet. `key_file` may be NULL: then the folder's own
 * local-key, if there is one. Another key than the one that sealed it is refused by name. */
int keyring_open(const char *folder, const char *key_file, struct keyring **ret_keyring, struct err *err) MUST_USE;

/* A new one with its first generation, not yet stored. `key_file` NULL: local-key, which is made if it is missing. */
int keyring_create(const char *folder, const char *key_file, struct keyring **ret_keyring, struct err *err) MUST_USE;

/* Replaces the folder's file, durably. `key_file` NULL: sealed as before. */
int keyring_store(struct keyring *keyring, const char *key_file, struct err *err) MUST_USE;

/* NULL is allowed. Its keys are overwritten. */
void keyring_destroy(struct keyring *keyring);

/* True if the folder's own local-key seals it. */
bool keyring_is_local(const struct keyring *keyring);
const char *keyring_key_id(const struct keyring *keyring);

/* --- generations -------------------------------------------------------------------------------------------------- */

unsigned keyring_generation_count(const struct keyring *keyring);
const struct keyring_generation *keyring_generation(const struct keyring *keyring, unsigned at);
const struct keyring_generation *keyring_newest(const struct keyring *keyring);
const struct keyring_generation *keyring_find(const struct keyring *keyring, uint32_t number); /* NULL: none */
int keyring_add_generation(struct keyring *keyring, struct err *err) MUST_USE;
/* Never the newest one. */
void keyring_drop_generation(struct keyring *keyring, uint32_t number);

/* --- masters ------------------------------------------------------------------------------------------------------ */

unsigned keyring_master_count(const struct keyring *keyring);
struct keyring_master *keyring_master(struct keyring *keyring, unsigned at);
/* By id or alias; NULL: none. What it points to stays until the master is removed. */
struct keyring_master *keyring_find_master(struct keyring *keyring, struct slice id, struct slice alias);
/* `id` empty: a random one. */
int keyring_add_master(struct keyring *keyring, struct slice id, struct slice alias, struct keyring_master **ret_master,
                       struct err *err) MUST_USE;
void keyring_remove_master(struct keyring *keyring, struct keyring_master *master);
