#include "server/temp_dir.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FOLDERS_MAX 16

int temp_dir_create(const char *parent, char **ret_path, struct err *err)
{
    if (parent == NULL) {
        parent = getenv("TMPDIR");
        parent = parent != NULL && *parent != '\0' ? parent : "/tmp";
    } else if (mkdir(parent, 0700) != 0 && errno != EEXIST) {
        return err_set(err, "cannot make the folder %s: %s", parent, strerror(errno));
    }
    char *path;
    if (asprintf(&path, "%s/stator-XXXXXX", parent) < 0) {
        abort();
    }
    if (mkdtemp(path) == NULL) {
        err_set(err, "cannot make a temporary folder in %s: %s", parent, strerror(errno));
        free(path);
        return -1;
    }
    *ret_path = path;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *position)
{
    (void)status;
    (void)type;
    (void)position;
    remove(path); /* what cannot be removed stays; the rest goes */
    return 0;
}

void temp_dir_remove(const char *path)
{
    if (path != NULL) {
        nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
    }
}
