#include "crypto/thread_cipher.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_end;
static _Thread_local EVP_CIPHER_CTX **contexts;

static void free_contexts(void *of_thread)
{
    EVP_CIPHER_CTX **all = of_thread;
    for (int i = 0; i < THREAD_CIPHER_KINDS; i++) {
        EVP_CIPHER_CTX_free(all[i]);
    }
    free(all);
    contexts = NULL;
}

static void make_key(void)
{
    if (pthread_key_create(&at_end, free_contexts) != 0) {
        abort();
    }
}

static void make_contexts(void)
{
    const EVP_CIPHER *ciphers[THREAD_CIPHER_KINDS] = {EVP_aes_256_ctr(), EVP_aes_256_gcm(), EVP_aes_256_gcm()};
    pthread_once(&once, make_key);
    EVP_CIPHER_CTX **all = calloc(THREAD_CIPHER_KINDS, sizeof(EVP_CIPHER_CTX *));
    for (int i = 0; all != NULL && i < THREAD_CIPHER_KINDS; i++) {
        all[i] = EVP_CIPHER_CTX_new();
        if (all[i] == NULL || EVP_CipherInit_ex(all[i], ciphers[i], NULL, NULL, NULL, i != THREAD_CIPHER_OPEN) != 1) {
            abort();
        }
    }
    if (all == NULL || pthread_setspecific(at_end, all) != 0) {
        abort();
    }
    contexts = all;
}

EVP_CIPHER_CTX *thread_cipher(enum thread_cipher_kind kind)
{
    if (contexts == NULL) {
        make_contexts();
    }
    return contexts[kind];
}
