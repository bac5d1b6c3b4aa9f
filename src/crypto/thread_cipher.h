/* An OpenSSL cipher context for each thread: to make one takes longer than to encrypt a small block. Inside crypto/
 * only. */
#pragma once

#include <openssl/evp.h>

/* The thread's context for AES-256 in counter mode, its cipher set and nothing else. Freed when the thread ends. */
EVP_CIPHER_CTX *thread_cipher_ctr(void);
