/* Where the keys of encrypted tables are wrapped: what AWS has KMS for. The wrapping keys never leave the service; a
 * table keeps its own key in wrapped form. This is the seam for a service elsewhere; the one that is here works with
 * the keys of the data folder (crypto/keyring.h). Called by one thread at a time, except at start; may take as long as
 * a write to a disk. */
#pragma once

#include "crypto/keyring.h"

enum key_result {
    KEY_OK,
    KEY_NOT_FOUND,
    KEY_DISABLED,
    KEY_FAILED, /* `err` says why */
};

#define KEY_NAME_BYTES (KEYRING_NAME_CHARS_MAX + 1)

struct key_service {
    /* The id of the key that a client calls `name`: an id, "alias/NAME", the ARN of either, or nothing for the one that
     * is there for whoever names none. */
    enum key_result (*find)(struct key_service *service, struct slice name, char ret_id[KEY_NAME_BYTES],
                            struct err *err);
    /* Appends the wrapped key. It can be unwrapped with the same context only. */
    enum key_result (*wrap)(struct key_service *service, const char *id, struct slice context,
                            const unsigned char key[SEAL_KEY_BYTES], struct buffer *out, struct err *err);
    /* The id is in the wrapped form. */
    enum key_result (*unwrap)(struct key_service *service, struct slice context, struct slice wrapped,
                              unsigned char ret_key[SEAL_KEY_BYTES], struct err *err);
    void (*destroy)(struct key_service *service);
};

/* The service of a data folder. `keyring` is the owner's: NULL in it, until the first key is asked for, if the folder
 * has none yet. With the folder's own local-key, which protects nothing from who has the folder, a key that is not
 * there is made: what is written for AWS runs on a laptop as it stands. With a key file it is KEY_NOT_FOUND. */
struct key_service *key_service_of_folder(const char *folder, const char *key_file, struct keyring **keyring);
