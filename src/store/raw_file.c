#include "store/raw_file.h"

#include <errno.h>
#include <string.h>

#include "crypto/file_cipher.h"
#include "crypto/keyring.h"

static int cannot_read(const struct raw_file *file, struct err *err)
{
    return err_set(err, "cannot read %s: %s", file->path, strerror(errno));
}

/* A file that ends in its prefix, or with it, holds nothing: that is how a crash leaves it. */
static int open_cipher(struct raw_file *file, const struct keyring *keyring, struct err *err)
{
    char prefix[FILE_PREFIX_BYTES];
    const char *reason = "";
    size_t len = fread(prefix, 1, sizeof prefix, file->file);
    if (ferror(file->file)) {
        return cannot_read(file, err);
    }
    int next = len == sizeof prefix ? getc(file->file) : EOF;
    if (next == EOF) {
        return ferror(file->file) ? cannot_read(file, err) : 0;
    }
    ungetc(next, file->file);
    file->offset = sizeof prefix;
    file->cipher = file_cipher_open(keyring, prefix, &reason);
    return file->cipher != NULL ? 0 : err_set(err, "%s is damaged: %s", file->path, reason);
}

int raw_file_open(const char *path, const struct keyring *keyring, struct raw_file *ret_file, struct err *err)
{
    *ret_file = (struct raw_file){.path = path, .file = fopen(path, "re")};
    if (ret_file->file == NULL) {
        return cannot_read(ret_file, err);
    }
    if (keyring != NULL && open_cipher(ret_file, keyring, err) != 0) {
        raw_file_close(ret_file);
        return -1;
    }
    return 0;
}

void raw_file_close(struct raw_file *file)
{
    if (file->cipher != NULL) {
        file_cipher_destroy(file->cipher);
    }
    fclose(file->file);
}

int raw_file_check_key(const char *path, const struct keyring *keyring, struct err *err)
{
    char prefix[FILE_PREFIX_BYTES];
    struct raw_file file = {.path = path, .file = fopen(path, "re")};
    if (file.file == NULL) {
        return cannot_read(&file, err);
    }
    bool is_whole = fread(prefix, 1, sizeof prefix, file.file) == sizeof prefix;
    fclose(file.file);
    uint32_t generation = is_whole ? file_cipher_generation(prefix) : 0;
    if (generation == 0 || keyring_find(keyring, generation) != NULL) {
        return 0;
    }
    return err_set(err, "%s: its data key is not among the folder's data-keys", path);
}

int raw_file_read(struct raw_file *file, size_t room, unsigned char *ret_plain, unsigned char *ret_stored,
                  size_t *ret_len, struct err *err)
{
    size_t len = fread(ret_stored, 1, room, file->file);
    if (ferror(file->file)) {
        return cannot_read(file, err);
    }
    memcpy(ret_plain, ret_stored, len);
    if (file->cipher != NULL) {
        file_cipher_apply(file->cipher, file->offset, (char *)ret_plain, len);
    }
    file->offset += len;
    *ret_len = len;
    return 0;
}
