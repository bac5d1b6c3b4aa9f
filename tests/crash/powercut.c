/* A power cut for a process that can only be killed. Preloaded, this library notes after each successful fsync or
 * fdatasync how long the file was; powercut.py cuts every file back to the length it had at its last sync, which is
 * what a disk may hold when the power fails. (It may hold more; a test wants the least.)
 *
 * Files are told apart by device and inode, so renames do not matter. Data that is overwritten in place is not undone:
 * RocksDB appends. Each note is one line, "device inode length", appended by one write to the file $POWERCUT_NOTES. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int notes = -1;

__attribute__((constructor)) static void powercut_init(void)
{
    const char *path = getenv("POWERCUT_NOTES");
    if (path != NULL) {
        notes = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    }
}

/* The length before the sync: what another thread appends meanwhile is not promised. */
static int sync_and_note(int (*sync)(int), int fd)
{
    struct stat before;
    int known = fstat(fd, &before);
    int result = sync(fd);
    if (result == 0 && known == 0 && S_ISREG(before.st_mode) && notes >= 0) {
        char line[96];
        int len = snprintf(line, sizeof line, "%llu %llu %lld\n", (unsigned long long)before.st_dev,
                           (unsigned long long)before.st_ino, (long long)before.st_size);
        if (write(notes, line, (size_t)len) != len) {
            abort();
        }
    }
    return result;
}

int fsync(int fd)
{
    static int (*next)(int);
    if (next == NULL) {
        next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    }
    return sync_and_note(next, fd);
}

int fdatasync(int fd)
{
    static int (*next)(int);
    if (next == NULL) {
        next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    }
    return sync_and_note(next, fd);
}
