#include "crypto/thread_cipher.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_end;
static _Thread_local EVP_CIPHER_CTX *of_thread;

static void free_context(void *context)
{
    EVP_CIPHER_CTX_free(context);
    of_thread = NULL;
}

static void make_key(void)
{
    if (pthread_key_create(&at_end, free_context) != 0) {
        abort();
    }
}

EVP_CIPHER_CTX *thread_cipher_ctr(void)
{
    if (of_thread == NULL) {
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        pthread_once(&once, make_key);
        if (context == NULL || EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), NULL, NULL, NULL) != 1 ||
            pthread_setspecific(at_end, context) != 0) {
            abort();
        }
        of_thread = context;
    }
    return of_thread;
}
