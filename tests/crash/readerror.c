/* A disk that cannot read some of its sectors. Preloaded, this library lets reads fail with EIO that touch the range in
 * the file $READERROR_PLAN: one line, "name-of-a-file offset length", read anew for each call, so that a test can let a
 * disk fail, and heal, under a server that runs. The name is that of the file without its folders; an empty or missing
 * plan fails nothing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef ssize_t pread_function(int, void *, size_t, off_t);
typedef ssize_t read_function(int, void *, size_t);

static __thread int inside;

static int is_file(int fd, const char *name)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len <= 0) {
        return 0;
    }
    path[len] = '\0';
    const char *base = strrchr(path, '/');
    return base != NULL && strcmp(base + 1, name) == 0;
}

static int must_fail(int fd, off_t at, size_t len)
{
    const char *path = getenv("READERROR_PLAN");
    char name[256];
    long long offset = 0, length = 0;
    int found = 0;
    if (path == NULL || inside) {
        return 0;
    }
    inside = 1;
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        found = fscanf(file, "%255s %lld %lld", name, &offset, &length) == 3;
        fclose(file);
    }
    inside = 0;
    return found && at < offset + length && offset < at + (off_t)len && is_file(fd, name);
}

static ssize_t checked_pread(pread_function *next, int fd, void *bytes, size_t len, off_t at)
{
    if (must_fail(fd, at, len)) {
        errno = EIO;
        return -1;
    }
    return next(fd, bytes, len, at);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
    static pread_function *next;
    if (next == NULL) {
        next = (pread_function *)dlsym(RTLD_NEXT, "pread");
    }
    return checked_pread(next, fd, bytes, len, at);
}

ssize_t pread64(int fd, void *bytes, size_t len, off_t at)
{
    static pread_function *next;
    if (next == NULL) {
        next = (pread_function *)dlsym(RTLD_NEXT, "pread64");
    }
    return checked_pread(next, fd, bytes, len, at);
}

ssize_t read(int fd, void *bytes, size_t len)
{
    static read_function *next;
    if (next == NULL) {
        next = (read_function *)dlsym(RTLD_NEXT, "read");
    }
    off_t at = inside ? -1 : lseek(fd, 0, SEEK_CUR);
    if (at >= 0 && must_fail(fd, at, len)) {
        errno = EIO;
        return -1;
    }
    return next(fd, bytes, len);
}
