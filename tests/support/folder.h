/* Temporary folders for unit tests. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline int folder_remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* A fresh folder; the path is the caller's to free. */
static inline char *folder_make(void)
{
    char path[] = "/tmp/stator-unit-XXXXXX";
    if (mkdtemp(path) == NULL) {
        abort();
    }
    return strdup(path);
}

static inline void folder_remove(char *path)
{
    nftw(path, folder_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}
