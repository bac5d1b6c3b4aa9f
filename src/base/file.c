#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PATH_BYTES 4096

int file_read_whole(const char *path, size_t bytes_max, struct buffer *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? 0 : err_set(err, "cannot read %s: %s", path, strerror(errno));
    }
    size_t start = out->len;
    ssize_t got = 1;
    while (got > 0 && out->len - start <= bytes_max) {
        got = read(fd, buffer_reserve(out, 65536), 65536);
        out->len += got > 0 ? (size_t)got : 0;
    }
    int reason = errno;
    close(fd);
    return got == 0 ? 1 : err_set(err, "cannot read %s: %s", path, got < 0 ? strerror(reason) : "it is too large");
}

static bool write_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.data, bytes.len);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        written = written < 0 ? 0 : written;
        bytes = slice_of(bytes.data + written, bytes.len - (size_t)written);
    }
    return true;
}

static bool sync_folder_of(const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    memcpy(folder, path, len);
    folder[len] = '\0';
    int fd = open(slash == NULL ? "." : len == 0 ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

int file_replace(const char *path, struct slice bytes, struct err *err)
{
    char fresh[PATH_BYTES];
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh) {
        return err_set(err, "cannot write %s: its path is too long", path);
    }
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0;
    good = (fd < 0 || close(fd) == 0) && good && rename(fresh, path) == 0 && sync_folder_of(path);
    return good ? 0 : err_set(err, "cannot write %s: %s", path, strerror(errno));
}
