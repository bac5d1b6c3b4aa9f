#include "crypto/key_file.h"

#include "base/env.h"
#include "crypto/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC     "stator key 1 "
#define MAGIC_LEN (sizeof MAGIC - 1)
#define FILE_LEN  (MAGIC_LEN + 2 * SEAL_KEY_BYTES + 1)

int key_file_create(const char *path, struct err *err)
{
    unsigned char key[SEAL_KEY_BYTES];
    char text[FILE_LEN] = MAGIC;
    env_random(key, sizeof key);
    crypto_hex(key, sizeof key, text + MAGIC_LEN);
    crypto_wipe(key, sizeof key);
    text[FILE_LEN - 1] = '\n';
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set(err, errno == EEXIST ? "%s exists already; a key is never overwritten" : "cannot make %s: %s",
                       path, strerror(errno));
    }
    bool good = write(fd, text, sizeof text) == (ssize_t)sizeof text && fsync(fd) == 0;
    good = close(fd) == 0 && good;
    crypto_wipe(text, sizeof text);
    if (!good) {
        int reason = errno;
        unlink(path);
        return err_set(err, "cannot write %s: %s", path, strerror(reason));
    }
    return 0;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse(const char *path, const char *text, ssize_t len, unsigned char ret_key[SEAL_KEY_BYTES],
                 struct err *err)
{
    bool good = (len == FILE_LEN || len == FILE_LEN - 1) && memcmp(text, MAGIC, MAGIC_LEN) == 0;
    for (size_t i = 0; good && i < SEAL_KEY_BYTES; i++) {
        int high = hex_value(text[MAGIC_LEN + 2 * i]), low = hex_value(text[MAGIC_LEN + 2 * i + 1]);
        good = high >= 0 && low >= 0;
        ret_key[i] = (unsigned char)(high * 16 + low);
    }
    return good ? 0 : err_set(err, "%s is not a key of Stator; 'stator key create FILE' makes one", path);
}

int key_file_read(const char *path, const char *purpose, unsigned char ret_key[SEAL_KEY_BYTES], struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        err_set(err, "cannot read the key file %s: %s", path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    if ((status.st_mode & S_IRWXO) != 0) {
        close(fd);
        return err_set(err, "everybody on this machine can read the key file %s; 'chmod 600 %s' keeps others out", path,
                       path);
    }
    char text[FILE_LEN + 1];
    unsigned char master[SEAL_KEY_BYTES];
    ssize_t len = read(fd, text, sizeof text);
    close(fd);
    int result = parse(path, text, len, master, err);
    if (result == 0) {
        crypto_hmac(slice_of(master, sizeof master), slice_from_string(purpose), ret_key);
    }
    crypto_wipe(master, sizeof master);
    crypto_wipe(text, sizeof text);
    return result;
}

int key_file_id(const char *path, char ret_id[KEY_ID_BYTES], struct err *err)
{
    unsigned char key[SEAL_KEY_BYTES];
    if (key_file_read(path, "id", key, err) != 0) {
        return -1;
    }
    crypto_hex(key, KEY_ID_BYTES / 2, ret_id);
    ret_id[KEY_ID_BYTES - 1] = '\0';
    crypto_wipe(key, sizeof key);
    return 0;
}
