/* The data folder:
 *
 *   format    text: "stator data folder", "format 1", "shards N"; written once, before the first shard is made.
 *             With encrypted files "format 2" and a fourth line, "encrypted". At last "checksum C": the low 32 bits of
 *             XXH3-64 over the lines before, in hexadecimal digits; older folders have no such line, and are known by
 *             their shards
 *   data-keys    the folder's keys, sealed (crypto/keyring.h); in an encrypted folder there before `format` is
 *   local-key    what seals them if no key file was given
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

#include "base/file.h"
#include "base/hash.h"
#include "cluster/private.h"
#include "crypto/keyring.h"

#define FORMAT_PLAIN     1
#define FORMAT_ENCRYPTED 2
#define FORMAT_VERSION   2 /* the newest that this version knows */
#define FORMAT_MAGIC     "stator data folder"
#define FORMAT_BYTES     256

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
        /* identities and keys may be there before the first start */
        bool of_ours = strncmp(name, "identities", 10) == 0 || strcmp(name, "lock") == 0 ||
                       strncmp(name, KEYRING_FILE, sizeof KEYRING_FILE - 1) == 0 ||
                       strcmp(name, KEYRING_LOCAL_KEY) == 0;
        has_other = has_other || (!of_ours && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
                                  strcmp(name, "format.new") != 0 && strcmp(name, "lost+found") != 0);
    }
    closedir(entries);
    if (has_other && !has_format) {
        return err_set(err, "%s is not a data folder of Stator and not empty; choose another --data-dir", folder);
    }
    return 0;
}

static int lock(const char *folder, bool make, int *ret_fd, struct err *err)
{
    char path[4096 + 16];
    snprintf(path, sizeof path, "%s/lock", folder);
    int fd = open(path, make ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
    if (fd < 0 && !make && errno == ENOENT) {
        return 0; /* a copy may be without, and stays so */
    }
    if (fd < 0) {
        return err_set(err, "cannot write to the data folder %s: %s", folder, strerror(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return err_set(err, "the data folder %s is in use by another server; stop it, or choose another --data-dir",
                       folder);
    }
    *ret_fd = fd;
    return 0;
}

int folder_lock(const char *folder, int *ret_fd, struct err *err)
{
    return lock(folder, true, ret_fd, err);
}

/* What the file says, with its checksum or, as older versions wrote it, without. */
static void format_text(const struct folder_format *format, bool with_checksum, struct buffer *out)
{
    buffer_printf(out, FORMAT_MAGIC "\nformat %d\nshards %u\n%s", format->encrypted ? FORMAT_ENCRYPTED : FORMAT_PLAIN,
                  format->shards, format->encrypted ? "encrypted\n" : "");
    if (with_checksum) {
        buffer_printf(out, "checksum %08x\n", hash_checksum(buffer_slice(out)));
    }
}

static int write_format(const char *folder, const struct folder_format *format, struct err *err)
{
    char path[4096 + 16];
    struct buffer text = {0};
    snprintf(path, sizeof path, "%s/format", folder);
    format_text(format, true, &text);
    int result = file_replace(path, buffer_slice(&text), err);
    buffer_finish(&text);
    return result;
}

static bool has_shard(const char *folder, unsigned number)
{
    char path[4096 + 16];
    snprintf(path, sizeof path, "%s/shard-%03u", folder, number);
    return access(path, F_OK) == 0;
}

/* Whether the bytes are what write_format wrote. A wrong number of shards would let items be looked for where they are
 * not: where no checksum vouches for it, the shards must. */
static bool format_is_whole(const char *folder, struct slice bytes, const struct folder_format *format)
{
    struct buffer text = {0};
    format_text(format, true, &text);
    bool whole = slice_equal(bytes, buffer_slice(&text));
    buffer_clear(&text);
    format_text(format, false, &text);
    if (!whole && slice_equal(bytes, buffer_slice(&text))) {
        whole = !has_shard(folder, 0) || (has_shard(folder, format->shards - 1) && !has_shard(folder, format->shards));
    }
    buffer_finish(&text);
    return whole;
}

int folder_read_format(const char *folder, struct folder_format *ret_format, struct err *err)
{
    char path[4096 + 16], bytes[FORMAT_BYTES];
    snprintf(path, sizeof path, "%s/format", folder);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT ? 0 : err_set(err, "cannot read %s: %s", path, strerror(errno));
    }
    size_t len = fread(bytes, 1, sizeof bytes - 1, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed) {
        return err_set(err, "cannot read %s: %s", path, strerror(errno));
    }
    bytes[len] = '\0';
    int version = 0;
    unsigned shards = 0;
    int fields = sscanf(bytes, FORMAT_MAGIC " format %d shards %u", &version, &shards);
    if (fields >= 1 && version > FORMAT_VERSION) {
        return err_set(
            err, "the data folder %s has format %d; this version of Stator reads up to format %d: use a newer one",
            folder, version, FORMAT_VERSION);
    }
    struct folder_format format = {shards, version == FORMAT_ENCRYPTED};
    if (fields != 2 || version < 1 || shards < 1 || shards > CLUSTER_SHARDS_MAX ||
        !format_is_whole(folder, slice_of(bytes, len), &format)) {
        return err_set(err, "%s is damaged, or %s is not a data folder of Stator", path, folder);
    }
    *ret_format = format;
    return 1;
}

/* A new folder: its keys are durable before it says that it is encrypted, and it says so before anything is written. */
static int begin_folder(struct cluster *cluster, struct err *err)
{
    const struct cluster_options *options = &cluster->options;
    struct folder_format format = {options->shards == 0 ? 1 : options->shards, options->encrypt};
    if (options->encrypt && options->key_file == NULL) {
        return err_set(err,
                       "--encrypt-at-rest needs --key-file FILE, a key that is not in the data folder; 'stator key "
                       "create FILE' makes one");
    }
    if (options->encrypt && cluster->keyring == NULL &&
        (keyring_create(options->data_dir, options->key_file, &cluster->keyring, err) != 0 ||
         keyring_store(cluster->keyring, NULL, err) != 0)) {
        return -1;
    }
    cluster->shard_count = format.shards;
    cluster->encrypted = format.encrypted;
    return write_format(options->data_dir, &format, err);
}

static int settle_format(struct cluster *cluster, struct err *err)
{
    const char *folder = cluster->options.data_dir;
    unsigned wanted = cluster->options.shards;
    struct folder_format found;
    int result = folder_read_format(folder, &found, err);
    if (result <= 0) {
        return result < 0 ? -1 : begin_folder(cluster, err);
    }
    if (wanted != 0 && wanted != found.shards) {
        return err_set(err, "the data folder %s has %u shard%s; start without --shards, or with --shards %u", folder,
                       found.shards, found.shards == 1 ? "" : "s", found.shards);
    }
    if (cluster->options.encrypt && !found.encrypted) {
        return err_set(err,
                       "the data folder %s was made without --encrypt-at-rest, and stays as it is; a new folder can be "
                       "encrypted",
                       folder);
    }
    if (found.encrypted && cluster->keyring == NULL) {
        return err_set(err, "the data folder %s is encrypted, but its file " KEYRING_FILE " is missing", folder);
    }
    cluster->shard_count = found.shards;
    cluster->encrypted = found.encrypted;
    return 0;
}

static int open_keys(struct cluster *cluster, struct err *err)
{
    return keyring_open(cluster->options.data_dir, cluster->options.key_file, &cluster->keyring, err);
}

int folder_open(struct cluster *cluster, struct err *err)
{
    cluster->lock_fd = -1;
    if (cluster->options.shards > CLUSTER_SHARDS_MAX) {
        return err_set(err, "at most %d shards are possible", CLUSTER_SHARDS_MAX);
    }
    if (make_folder(cluster->options.data_dir, err) != 0 ||
        refuse_foreign_folder(cluster->options.data_dir, err) != 0 ||
        folder_lock(cluster->options.data_dir, &cluster->lock_fd, err) != 0 || open_keys(cluster, err) != 0 ||
        settle_format(cluster, err) != 0) {
        folder_close(cluster);
        return -1;
    }
    return 0;
}

int folder_open_existing(struct cluster *cluster, struct err *err)
{
    const char *folder = cluster->options.data_dir;
    struct folder_format format;
    cluster->lock_fd = -1;
    int result = folder_read_format(folder, &format, err);
    if (result == 0) {
        return err_set(err, "%s is not a data folder of Stator: it has no file 'format'", folder);
    }
    if (result < 0 || lock(folder, false, &cluster->lock_fd, err) != 0 || open_keys(cluster, err) != 0) {
        folder_close(cluster);
        return -1;
    }
    if (format.encrypted && cluster->keyring == NULL) {
        folder_close(cluster);
        return err_set(err, "the data folder %s is encrypted, but its file " KEYRING_FILE " is missing", folder);
    }
    cluster->shard_count = format.shards;
    cluster->encrypted = format.encrypted;
    return 0;
}

void folder_close(struct cluster *cluster)
{
    keyring_destroy(cluster->keyring);
    cluster->keyring = NULL;
    if (cluster->lock_fd >= 0) {
        close(cluster->lock_fd);
        cluster->lock_fd = -1;
    }
}
