/* Contexts with the keys of runs in them are kept for each thread: to derive a key and expand it takes three times as
 * long as to seal a small row. */
#include "crypto/row_seal.h"

#include "base/big_endian.h"
#include "base/env.h"
#include "crypto/sha256.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define NUMBER_AT  1
#define SALT_AT    2
#define COUNT_AT   (SALT_AT + ROW_SALT_BYTES)
#define HEAD_BYTES (COUNT_AT + 8)
/* GCM is good for far more, but a key need not be. */
#define RUN_ROWS_MAX (1ull << 32)
/* A call of OpenSSL costs as much as hashing a hundred bytes: a short key goes with what is in front of it. */
#define KEY_BYTES_AT_ONCE 256
/* A power of two. Rows that are read lie in files with those of a few runs. */
#define SLOTS 32

struct slot {
    EVP_CIPHER_CTX *context; /* with the run's key; NULL: free */
    uint64_t serial;
    unsigned char salt[ROW_SALT_BYTES];
};

struct slots {
    struct slot seal, open[SLOTS];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_end;
static _Thread_local struct slots *of_thread;
static atomic_uint_fast64_t serials;

static void need(bool good)
{
    if (!good) {
        abort(); /* OpenSSL fails here only without memory */
    }
}

static void free_slots(void *memory)
{
    struct slots *slots = memory;
    EVP_CIPHER_CTX_free(slots->seal.context);
    for (int i = 0; i < SLOTS; i++) {
        EVP_CIPHER_CTX_free(slots->open[i].context);
    }
    free(slots);
    of_thread = NULL;
}

static void make_key(void)
{
    need(pthread_key_create(&at_end, free_slots) == 0);
}

static struct slots *slots_of_thread(void)
{
    if (of_thread == NULL) {
        struct slots *slots = calloc(1, sizeof *slots);
        pthread_once(&once, make_key);
        need(slots != NULL && pthread_setspecific(at_end, slots) == 0);
        of_thread = slots;
    }
    return of_thread;
}

void row_secret_set(struct row_secret *secret, uint8_t number, const unsigned char key[SEAL_KEY_BYTES])
{
    secret->serial = atomic_fetch_add(&serials, 1) + 1;
    secret->number = number;
    memcpy(secret->key, key, SEAL_KEY_BYTES);
}

void row_run_begin(struct row_run *run)
{
    env_random(run->salt, sizeof run->salt);
    run->count = 0;
}

/* The context with the key of this run of this secret. */
static EVP_CIPHER_CTX *context_of(struct slot *slot, const struct row_secret *secret, const char *salt, bool seals)
{
    if (slot->context != NULL && slot->serial == secret->serial && memcmp(slot->salt, salt, ROW_SALT_BYTES) == 0) {
        return slot->context;
    }
    unsigned char key[SHA256_BYTES];
    crypto_hmac(slice_of(secret->key, sizeof secret->key), slice_of(salt, ROW_SALT_BYTES), key);
    slot->context = slot->context != NULL ? slot->context : EVP_CIPHER_CTX_new();
    need(slot->context != NULL && EVP_CipherInit_ex(slot->context, EVP_aes_256_gcm(), NULL, key, NULL, seals) == 1);
    crypto_wipe(key, sizeof key);
    slot->serial = secret->serial;
    memcpy(slot->salt, salt, ROW_SALT_BYTES);
    return slot->context;
}

/* Sets the nonce and takes in what is authenticated only. */
static void begin(EVP_CIPHER_CTX *context, const char *head, char kind, struct slice key)
{
    unsigned char nonce[SEAL_NONCE_BYTES] = {0}, first[HEAD_BYTES + 1 + KEY_BYTES_AT_ONCE];
    size_t at_once = key.len < KEY_BYTES_AT_ONCE ? key.len : KEY_BYTES_AT_ONCE;
    int len;
    memcpy(nonce + 4, head + COUNT_AT, 8);
    memcpy(first, head, HEAD_BYTES);
    first[HEAD_BYTES] = (unsigned char)kind;
    memcpy(first + HEAD_BYTES + 1, key.data, at_once);
    assert(key.len < INT_MAX);
    need(EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, -1) == 1 &&
         EVP_CipherUpdate(context, NULL, &len, first, (int)(HEAD_BYTES + 1 + at_once)) == 1);
    if (at_once < key.len) {
        need(EVP_CipherUpdate(context, NULL, &len, (const unsigned char *)key.data + at_once,
                              (int)(key.len - at_once)) == 1);
    }
}

void row_seal(const struct row_secret *secret, struct row_run *run, char kind, struct slice key, struct slice plain,
              struct buffer *out)
{
    assert(plain.len < INT_MAX - ROW_SEALED_EXTRA);
    if (run->count == RUN_ROWS_MAX) {
        row_run_begin(run);
    }
    char *head = buffer_reserve(out, plain.len + ROW_SEALED_EXTRA);
    head[0] = (char)ROW_SEALED_FORMAT;
    head[NUMBER_AT] = (char)secret->number;
    memcpy(head + SALT_AT, run->salt, ROW_SALT_BYTES);
    write_u64(head + COUNT_AT, run->count++);
    unsigned char *text = (unsigned char *)head + HEAD_BYTES;
    EVP_CIPHER_CTX *context = context_of(&slots_of_thread()->seal, secret, head + SALT_AT, true);
    int len = 0, rest = 0;
    begin(context, head, kind, key);
    need(EVP_EncryptUpdate(context, text, &len, (const unsigned char *)plain.data, (int)plain.len) == 1 &&
         (size_t)len == plain.len && EVP_EncryptFinal_ex(context, text + len, &rest) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_BYTES, text + plain.len) == 1);
    out->len += plain.len + ROW_SEALED_EXTRA;
}

bool row_open(const struct row_secret *secret, char kind, struct slice key, struct slice sealed, struct buffer *out)
{
    if (sealed.len < ROW_SEALED_EXTRA || sealed.len > INT_MAX || !row_is_sealed(sealed) ||
        (uint8_t)sealed.data[NUMBER_AT] != secret->number) {
        return false;
    }
    size_t plain_len = sealed.len - ROW_SEALED_EXTRA;
    const unsigned char *text = (const unsigned char *)sealed.data + HEAD_BYTES;
    unsigned char tag[SEAL_TAG_BYTES];
    memcpy(tag, text + plain_len, sizeof tag);
    unsigned char *plain = (unsigned char *)buffer_reserve(out, plain_len + 1);
    unsigned at = (unsigned)(secret->serial ^ (unsigned char)sealed.data[SALT_AT]) % SLOTS;
    EVP_CIPHER_CTX *context = context_of(&slots_of_thread()->open[at], secret, sealed.data + SALT_AT, false);
    int len = 0, rest = 0;
    begin(context, sealed.data, kind, key);
    need(EVP_DecryptUpdate(context, plain, &len, text, (int)plain_len) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1);
    bool good = EVP_DecryptFinal_ex(context, plain + len, &rest) == 1;
    out->len += good ? plain_len : 0;
    return good;
}
