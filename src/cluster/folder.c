/* The data folder:
 *
 *   format    text: "stator data folder", "format 1", "shards N"; written once, before the first shard is made
 *   lock      held with flock(2) while a server uses the folder
 *   shard-000, shard-001, …    one RocksDB each
 *   identities, identities.lock    users, kept by auth/identity_file.c
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/private.h"

#define FORMAT_VERSION 1
#define FORMAT_MAGIC   "stator data folder"

static int make_folder(const char *path, struct err *err)
{
    char part[4096];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) {
        return err_set(err, "the path of the data folder is too long");
    }
    for (char *at = part + 1;; at++) {
        if (*at != '/' && *at != '\0') {
            continue;
        }
        char end = *at;
        *at = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return err_set(err, "cannot make the data folder %s: %s", path, strerror(errno));
        }
        *at = end;
        if (end == '\0') {
            return 0;
        }
    }
}

/* A folder with other things in it is more likely a mistake than a new data folder. */
static int refuse_foreign_folder(const char *folder, struct err *err)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return err_set(err, "cannot read the data folder %s: %s", folder, strerror(errno));
    }
    bool has_format = false, has_other = false;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        const char *name = entry->d_name;
        has_format = has_format || strcmp(name, "format") == 0;
        /* identities may be there before the first start */
        bool of_ours = strncmp(name, "identities", 10) == 0 || strcmp(name, "lock") == 0;
        has_other = has_other || (!of_ours && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
                                  strcmp(name, "format.new") != 0 && strcmp(name, "lost+found") != 0);
    }
    closedir(entries);
    if (has_other && !has_format) {
        return err_set(err, "%s is not a data folder of Stator and not empty; choose another --data-dir", folder);
    }
    return 0;
}

static int lock_folder(struct cluster *cluster, struct err *err)
{
    const char *folder = cluster->options.data_dir;
    char path[4096 + 16];
    snprintf(path, sizeof path, "%s/lock", folder);
    cluster->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (cluster->lock_fd < 0) {
        return err_set(err, "cannot write to the data folder %s: %s", folder, strerror(errno));
    }
    if (flock(cluster->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return err_set(err, "the data folder %s is in use by another server; stop it, or choose another --data-dir",
                       folder);
    }
    return 0;
}

static int sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int failed = fsync(fd);
    close(fd);
    return failed;
}

/* Whole or not at all: a new file, made durable, then given its name. */
static int write_format(const char *folder, unsigned shards, struct err *err)
{
    char path[4096 + 16], fresh[4096 + 16];
    snprintf(path, sizeof path, "%s/format", folder);
    snprintf(fresh, sizeof fresh, "%s/format.new", folder);
    FILE *file = fopen(fresh, "we");
    bool good = file != NULL;
    if (good) {
        good = fprintf(file, FORMAT_MAGIC "\nformat %d\nshards %u\n", FORMAT_VERSION, shards) > 0;
        good = fflush(file) == 0 && fsync(fileno(file)) == 0 && good;
        good = fclose(file) == 0 && good;
    }
    if (!good || rename(fresh, path) != 0 || sync_folder(folder) != 0) {
        return err_set(err, "cannot write %s: %s", path, strerror(errno));
    }
    return 0;
}

/* 1: read; 0: there is none; -1: unusable. */
static int read_format(const char *folder, unsigned *ret_shards, struct err *err)
{
    char path[4096 + 16];
    snprintf(path, sizeof path, "%s/format", folder);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT ? 0 : err_set(err, "cannot read %s: %s", path, strerror(errno));
    }
    int version = 0, end = 0;
    unsigned shards = 0;
    int fields = fscanf(file, FORMAT_MAGIC "%n", &end);
    fields = end == 0 ? 0 : fscanf(file, " format %d shards %u", &version, &shards);
    fclose(file);
    if (fields >= 1 && version > FORMAT_VERSION) {
        return err_set(
            err, "the data folder %s has format %d; this version of Stator reads up to format %d: use a newer one",
            folder, version, FORMAT_VERSION);
    }
    if (fields != 2 || version < 1 || shards < 1 || shards > CLUSTER_SHARDS_MAX) {
        return err_set(err, "%s is damaged, or %s is not a data folder of Stator", path, folder);
    }
    *ret_shards = shards;
    return 1;
}

static int settle_format(struct cluster *cluster, struct err *err)
{
    const char *folder = cluster->options.data_dir;
    unsigned wanted = cluster->options.shards, found;
    int result = read_format(folder, &found, err);
    if (result < 0) {
        return -1;
    }
    if (result == 0) {
        cluster->shard_count = wanted == 0 ? 1 : wanted;
        return write_format(folder, cluster->shard_count, err);
    }
    if (wanted != 0 && wanted != found) {
        return err_set(err, "the data folder %s has %u shard%s; start without --shards, or with --shards %u", folder,
                       found, found == 1 ? "" : "s", found);
    }
    cluster->shard_count = found;
    return 0;
}

int folder_open(struct cluster *cluster, struct err *err)
{
    cluster->lock_fd = -1;
    if (cluster->options.shards > CLUSTER_SHARDS_MAX) {
        return err_set(err, "at most %d shards are possible", CLUSTER_SHARDS_MAX);
    }
    if (make_folder(cluster->options.data_dir, err) != 0 ||
        refuse_foreign_folder(cluster->options.data_dir, err) != 0 || lock_folder(cluster, err) != 0 ||
        settle_format(cluster, err) != 0) {
        folder_close(cluster);
        return -1;
    }
    return 0;
}

void folder_close(struct cluster *cluster)
{
    if (cluster->lock_fd >= 0) {
        close(cluster->lock_fd);
        cluster->lock_fd = -1;
    }
}
