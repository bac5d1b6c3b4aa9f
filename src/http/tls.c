/* OpenSSL's settings, each with its reason:
 *
 *   TLS 1.2 or newer; for 1.2, only key exchanges with forward secrecy and ciphers that authenticate.
 *   The groups are three that are cheap for the server; finite fields of 8192 bits are not.
 *   No compression (its length tells secrets), no renegotiation (h2o cannot, and it costs the server more).
 *   Tickets instead of a cache: resuming a session needs no memory here. Their key lives as long as the context. Where
 *   clients show certificates there are none: every connection shows it again.
 *   No early data: it could be sent twice. That is OpenSSL's default. */
#include "http/tls.h"

#include "http/private.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CIPHERS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS      "X25519:P-256:P-384"

/* What h2o's callback chooses from, the best first. */
static const h2o_iovec_t protocols[] = {{H2O_STRLIT("h2")}, {H2O_STRLIT("http/1.1")}, {NULL, 0}};

/* Fails with the first thing that OpenSSL noticed. */
static int fail(struct err *err, const char *what, const char *path)
{
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    return err_set(err, "cannot read the %s %s: %s", what, path, reason != NULL ? reason : "it is not in PEM form");
}

/* Nobody is there who could type one. */
static int no_passphrase(char *text, int size, int writing, void *context)
{
    (void)text;
    (void)size;
    (void)writing;
    *(bool *)context = true;
    return -1;
}

static int read_key(const char *path, EVP_PKEY **ret_key, struct err *err)
{
    FILE *file = fopen(path, "re");
    struct stat status;
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        err_set(err, "cannot read the key %s: %s", path, strerror(errno));
        if (file != NULL) {
            fclose(file);
        }
        return -1;
    }
    if ((status.st_mode & S_IRWXO) != 0) {
        fclose(file);
        return err_set(err, "everybody on this machine can read the key %s; 'chmod o= %s' keeps others out", path,
                       path);
    }
    bool wants_passphrase = false;
    ERR_clear_error();
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, no_passphrase, &wants_passphrase);
    fclose(file);
    if (key == NULL) {
        return wants_passphrase ? err_set(err, "the key %s has a passphrase; 'openssl pkey' writes it without", path)
                                : fail(err, "key", path);
    }
    *ret_key = key;
    return 0;
}

static int use_certificate(SSL_CTX *context, const struct tls_files *files, struct err *err)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1) {
        return fail(err, "certificate", files->certificate);
    }
    EVP_PKEY *key = NULL;
    if (read_key(files->key, &key, err) != 0) {
        return -1;
    }
    bool fits = X509_check_private_key(SSL_CTX_get0_certificate(context), key) == 1;
    bool used = fits && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    if (!used) {
        return err_set(err, "the key %s does not belong to the certificate %s", files->key, files->certificate);
    }
    return 0;
}

static int ask_clients(SSL_CTX *context, const char *path, struct err *err)
{
    ERR_clear_error();
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
    if (names == NULL || SSL_CTX_load_verify_file(context, path) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return fail(err, "certificates of clients' authorities in", path);
    }
    SSL_CTX_set_client_CA_list(context, names); /* takes it over */
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    return 0;
}

int tls_context_create(const struct tls_files *files, SSL_CTX **ret_context, struct err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, CIPHERS_1_2) != 1 || SSL_CTX_set1_groups_list(context, GROUPS) != 1) {
        SSL_CTX_free(context);
        return err_set(err, "OpenSSL cannot do TLS as it was built or configured here");
    }
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); /* 34 KB for each idle connection */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    h2o_ssl_register_alpn_protocols(context, protocols);
    connection_prepare_tls(context);
    if (use_certificate(context, files, err) != 0 ||
        (files->client_ca != NULL && ask_clients(context, files->client_ca, err) != 0)) {
        SSL_CTX_free(context);
        return -1;
    }
    *ret_context = context;
    return 0;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm parts;
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

void tls_describe(SSL_CTX *context, struct tls_certificate *ret_certificate)
{
    X509 *certificate = SSL_CTX_get0_certificate(context);
    *ret_certificate = (struct tls_certificate){
        .good_from_s = seconds_of(X509_get0_notBefore(certificate)),
        .good_until_s = seconds_of(X509_get0_notAfter(certificate)),
    };
    BIO *text = BIO_new(BIO_s_mem());
    if (text != NULL && X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE) >= 0) {
        int len = BIO_read(text, ret_certificate->subject, sizeof ret_certificate->subject - 1);
        ret_certificate->subject[len > 0 ? len : 0] = '\0';
    }
    BIO_free(text);
}
