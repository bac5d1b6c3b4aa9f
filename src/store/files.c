/* Damage in the logs of a store.
 *
 * RocksDB's write-ahead logs and manifests are rows of records, cut into blocks of 32 KB:
 *
 *   record: checksum u32 (masked CRC-32C of type and payload), length u16, type u8 (1 full, 2 first, 3 middle, 4 last),
 *           payload; little-endian. Less than 7 bytes at the end of a block are filled with zeros.
 *
 * Source: RocksDB wiki, "Write Ahead Log File Format". RocksDB takes a record that reaches beyond the end of its file,
 * and everything behind one of an unknown age or in a zeroed block, for the end of the log. It must, for a log may end
 * anywhere after a crash; but one flipped byte looks like that too, and then what was acknowledged is gone without a
 * word. The two can be told apart: behind a torn record nothing follows. So a place that is no record is damage if
 *
 *   - it lies in front of the file's last block, and not all that follows is zero,
 *   - or whole records follow it that end where the file ends,
 *   - or it is a whole record but for its length,
 *   - or it is whole but for its contents: a torn one is too short. */
#include "store/files.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"
#include "store/private.h"
#include "store/raw_file.h"
#include "store/sealed_files.h"
#include "store/tables.h"

#define BLOCK_BYTES     32768
#define HEAD_BYTES      7
#define PATH_BYTES      4352
#define TYPE_FULL       1
#define TYPE_FIRST      2
#define TYPE_MIDDLE     3
#define TYPE_LAST       4
#define CRC_MASK        0xa282ead8u
#define CURRENT_MAX     64
#define MANIFEST_PREFIX "MANIFEST-"

/* --- records -------------------------------------------------------------------------------------------------------
 */

static size_t payload_len(const unsigned char *head)
{
    return (size_t)head[4] | (size_t)head[5] << 8;
}

/* True if `len` bytes behind the header at `at` are what its checksum says. */
static bool checksum_is_good(const unsigned char *at, size_t len)
{
    uint32_t stored = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    uint32_t crc = store_crc32c((const char *)at + HEAD_BYTES - 1, len + 1);
    return stored == ((crc >> 15 | crc << 17) + CRC_MASK);
}

/* The bytes of the record at `at`, of which `room` are there; 0: it is none. */
static size_t record_len(const unsigned char *at, size_t room)
{
    if (room < HEAD_BYTES || at[6] < TYPE_FULL || at[6] > TYPE_LAST || payload_len(at) > room - HEAD_BYTES ||
        !checksum_is_good(at, payload_len(at))) {
        return 0;
    }
    return HEAD_BYTES + payload_len(at);
}

/* True if records, one behind the other, fill the block from `at` to its end. */
static bool records_fill(const unsigned char *at, size_t room)
{
    size_t done = 0;
    while (done < room) {
        size_t len = record_len(at + done, room - done);
        if (len == 0) {
            return false;
        }
        done += len;
    }
    return true;
}

static bool is_zero(const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i] != 0) {
            return false;
        }
    }
    return true;
}

/* What is at `at`, `room` bytes in front of the end of the file, is no record: can it be the beginning of one that was
 * never written to its end? */
static bool is_torn(const unsigned char *at, size_t room)
{
    if (room < HEAD_BYTES) {
        return true;
    }
    if (at[6] < TYPE_FULL || at[6] > TYPE_LAST || payload_len(at) <= room - HEAD_BYTES ||
        checksum_is_good(at, room - HEAD_BYTES)) {
        return false;
    }
    for (size_t i = 1; i + HEAD_BYTES <= room; i++) {
        if (records_fill(at + i, room - i)) {
            return false;
        }
    }
    return true;
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

struct log_reader {
    struct raw_file file;
    uint64_t offset; /* of the block in the log */
    bool in_parts;   /* a first part came, its last one did not */
    bool torn;       /* the end has been seen: only zeros may follow */
    unsigned char block[BLOCK_BYTES];
    unsigned char stored[BLOCK_BYTES]; /* the same before it was decrypted */
};

static int damaged(const struct log_reader *reader, size_t at, struct err *err)
{
    return err_set(err, "%s is damaged at byte %llu", reader->file.path, (unsigned long long)(reader->offset + at));
}

/* Parts must follow each other as they were written. */
static bool follows(struct log_reader *reader, int type)
{
    bool fits = reader->in_parts == (type == TYPE_MIDDLE || type == TYPE_LAST);
    reader->in_parts = type == TYPE_FIRST || type == TYPE_MIDDLE;
    return fits;
}

static int check_block(struct log_reader *reader, size_t len, struct err *err)
{
    bool is_last = len < BLOCK_BYTES;
    size_t at = 0;
    if (reader->torn) {
        return is_zero(reader->stored, len) ? 0 : damaged(reader, 0, err);
    }
    while (len - at >= HEAD_BYTES) {
        size_t record = record_len(reader->block + at, len - at);
        if (record == 0) {
            bool may_end = is_zero(reader->stored + at, len - at) || (is_last && is_torn(reader->block + at, len - at));
            reader->torn = true;
            return may_end ? 0 : damaged(reader, at, err);
        }
        if (!follows(reader, reader->block[at + 6])) {
            return damaged(reader, at, err);
        }
        at += record;
    }
    if (!is_last && !is_zero(reader->block + at, len - at)) { /* RocksDB's own zeros */
        return damaged(reader, at, err);
    }
    return 0;
}

static int check_log(const char *path, const struct keyring *keyring, struct err *err)
{
    struct log_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        abort();
    }
    int failed = raw_file_open(path, keyring, &reader->file, err);
    if (failed != 0) {
        free(reader);
        return failed;
    }
    for (size_t len = BLOCK_BYTES; failed == 0 && len == BLOCK_BYTES; reader->offset += len) {
        failed = raw_file_read(&reader->file, BLOCK_BYTES, reader->block, reader->stored, &len, err) != 0
                     ? -1
                     : check_block(reader, len, err);
    }
    raw_file_close(&reader->file);
    free(reader);
    return failed;
}

/* --- folders -------------------------------------------------------------------------------------------------------
 */

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* CURRENT is one line, the name of the manifest. */
static int check_current(const char *path, const struct keyring *keyring, struct err *err)
{
    char current[PATH_BYTES], line[CURRENT_MAX] = "", stored[CURRENT_MAX];
    struct raw_file file;
    size_t len;
    snprintf(current, sizeof current, "%s/CURRENT", path);
    if (raw_file_open(current, keyring, &file, err) != 0) {
        return -1;
    }
    int failed = raw_file_read(&file, sizeof line - 1, (unsigned char *)line, (unsigned char *)stored, &len, err);
    raw_file_close(&file);
    if (failed != 0) {
        return failed;
    }
    size_t digits_at = sizeof MANIFEST_PREFIX - 1;
    if (len <= digits_at + 1 || strncmp(line, MANIFEST_PREFIX, digits_at) != 0 ||
        strspn(line + digits_at, "0123456789") != len - digits_at - 1 || line[len - 1] != '\n') {
        return err_set(err, "%s is damaged", current);
    }
    line[len - 1] = '\0';
    char manifest[PATH_BYTES];
    snprintf(manifest, sizeof manifest, "%s/%s", path, line);
    if (access(manifest, F_OK) != 0) {
        return err_set(err, "%s names %s, which is not there", current, line);
    }
    return check_log(manifest, keyring, err);
}

int store_check_logs(const char *path, const struct keyring *keyring, struct err *err)
{
    DIR *entries = opendir(path);
    if (entries == NULL) {
        return errno == ENOENT ? 0 : err_set(err, "cannot read %s: %s", path, strerror(errno));
    }
    bool has_current = false, has_data = false;
    int failed = 0;
    for (const struct dirent *entry; failed == 0 && (entry = readdir(entries)) != NULL;) {
        char file[PATH_BYTES];
        struct stat status;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        has_current = has_current || strcmp(entry->d_name, "CURRENT") == 0;
        if (ends_with(entry->d_name, ".log")) {
            has_data = has_data || (stat(file, &status) == 0 && status.st_size > 0);
            failed = check_log(file, keyring, err);
        } else if (ends_with(entry->d_name, ".sst")) {
            has_data = true;
            failed = keyring != NULL ? raw_file_check_key(file, keyring, err) : 0;
        }
    }
    closedir(entries);
    if (failed == 0 && has_current) {
        failed = check_current(path, keyring, err);
    } else if (failed == 0 && has_data) {
        failed = err_set(err, "%s/CURRENT is missing", path);
    }
    return failed;
}

static void check_table(const char *path, const char *name, struct sealed_files *sealed, store_table_visit *visit,
                        void *context)
{
    char file[PATH_BYTES];
    struct stat status = {0};
    struct err found;
    snprintf(file, sizeof file, "%s/%s", path, name);
    rocksdb_options_t *options = rocksdb_options_create();
    if (sealed != NULL) {
        sealed_files_use(sealed, options);
    }
    bool good = store_check_table(file, options, &found) == 0;
    rocksdb_options_destroy(options);
    visit(context, file, stat(file, &status) == 0 ? (uint64_t)status.st_size : 0, good ? NULL : &found);
}

/* Others in the folder were being made when the process ended, or are no longer needed. */
static void check_live_tables(struct store *store, store_table_visit *visit, void *context)
{
    const rocksdb_livefiles_t *files = rocksdb_livefiles(store->db);
    for (int i = 0; i < rocksdb_livefiles_count(files); i++) {
        const char *name = rocksdb_livefiles_name(files, i);
        check_table(store->path, name + (*name == '/'), store->sealed_files, visit, context);
    }
    rocksdb_livefiles_destroy(files);
}

int store_check_tables(const char *path, const struct keyring *keyring, struct store *store, store_table_visit *visit,
                       void *context, struct err *err)
{
    if (store != NULL) {
        check_live_tables(store, visit, context);
        return 0;
    }
    DIR *entries = opendir(path);
    if (entries == NULL) {
        return err_set(err, "cannot read %s: %s", path, strerror(errno));
    }
    struct sealed_files *sealed = keyring != NULL ? sealed_files_create(keyring) : NULL;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (ends_with(entry->d_name, ".sst")) {
            check_table(path, entry->d_name, sealed, visit, context);
        }
    }
    sealed_files_destroy(sealed);
    closedir(entries);
    return 0;
}
