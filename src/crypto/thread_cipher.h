/* OpenSSL's cipher contexts, one of each kind per thread: to make one takes longer than to encrypt a small row. Inside
 * crypto/ only. */
#pragma once

#include <openssl/evp.h>

enum thread_cipher_kind { THREAD_CIPHER_CTR, THREAD_CIPHER_SEAL, THREAD_CIPHER_OPEN, THREAD_CIPHER_KINDS };

/* The thread's context, with its cipher set (AES-256 in CTR or GCM) and nothing else. Freed when the thread ends. */
EVP_CIPHER_CTX *thread_cipher(enum thread_cipher_kind kind);
