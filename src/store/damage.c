/* Table files that cannot be opened.
 *
 * RocksDB refuses a store when the footer, the index or the properties of one of its files are damaged. It can be made
 * to go on, but then its iterators are not to come near such a file: Debian's 7.8 crashes when one does. So reads of
 * the keys that the file may hold are refused here, with its name, and compactions, which would read it, are off. An
 * iterator opens more than it reads: every file of level 0, and on another level also the file next to its bounds. So
 * cursors are kept away from the whole family, or from what lies between the file's neighbours. A file whose blocks are
 * damaged, but not what says where they are, is none of these: RocksDB fails reads of the blocks. */
#include <stdlib.h>

#include "base/log.h"
#include "store/files.h"
#include "store/private.h"

struct damaged_file {
    struct damaged_file *next;
    char *path;
    bool is_located; /* it is part of the store, and this is where: */
    int family;
    struct slice smallest, largest;
    bool is_first_level;
    bool has_before, has_behind; /* neighbours, on another level than the first: */
    struct slice before, behind; /* the largest key of the one, the smallest of the other */
};

static char *copy_bytes(const char *bytes, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

struct search {
    struct store *store;
    bool silent;
    struct err first;
};

static void note_table(void *context, const char *file, uint64_t bytes, const struct err *err)
{
    struct search *search = context;
    (void)bytes;
    if (err == NULL) {
        return;
    }
    if (search->store->files == NULL) {
        err_set(&search->first, "%s: %s", file, err->text);
    }
    struct damaged_file *damaged = calloc(1, sizeof *damaged);
    if (damaged == NULL) {
        abort();
    }
    damaged->path = copy_bytes(file, strlen(file));
    damaged->next = search->store->files;
    search->store->files = damaged;
    if (!search->silent) {
        log_error("%s is damaged: what it holds cannot be read, and everything else can: %s", file, err->text);
    }
}

int damage_find(struct store *store, const struct keyring *keyring, bool silent, struct err *ret_first)
{
    struct search search = {store, silent, {{0}}};
    struct err ignored;
    if (store_check_tables(store->path, keyring, NULL, note_table, &search, &ignored) != 0 || store->files == NULL) {
        return -1;
    }
    *ret_first = search.first;
    return 0;
}

static struct slice key_of(const rocksdb_livefiles_t *files, int number, bool largest)
{
    size_t len;
    const char *key = largest ? rocksdb_livefiles_largestkey(files, number, &len)
                              : rocksdb_livefiles_smallestkey(files, number, &len);
    return slice_of(key, len);
}

static struct slice keep(struct slice key)
{
    return slice_of(copy_bytes(key.data, key.len), key.len);
}

static bool on_same_level(const rocksdb_livefiles_t *files, int i, int j)
{
    return rocksdb_livefiles_level(files, i) == rocksdb_livefiles_level(files, j) &&
           strcmp(rocksdb_livefiles_column_family_name(files, i), rocksdb_livefiles_column_family_name(files, j)) == 0;
}

/* The files that stand next to it in its level. */
static void find_neighbours(struct damaged_file *damaged, const rocksdb_livefiles_t *files, int number)
{
    struct slice before = SLICE(""), behind = SLICE("");
    for (int i = 0; i < rocksdb_livefiles_count(files); i++) {
        if (i == number || !on_same_level(files, i, number)) {
            continue;
        }
        struct slice smallest = key_of(files, i, false), largest = key_of(files, i, true);
        if (slice_compare(largest, damaged->smallest) < 0) {
            before = !damaged->has_before || slice_compare(largest, before) > 0 ? largest : before;
            damaged->has_before = true;
        } else {
            behind = !damaged->has_behind || slice_compare(smallest, behind) < 0 ? smallest : behind;
            damaged->has_behind = true;
        }
    }
    damaged->before = keep(before);
    damaged->behind = keep(behind);
}

static int family_of(const char *name)
{
    for (int i = 0; i < STORE_FAMILIES; i++) {
        if (strcmp(store_family_names[i], name) == 0) {
            return i;
        }
    }
    return STORE_FAMILIES;
}

static void locate(struct store *store, const rocksdb_livefiles_t *files, int number)
{
    const char *name = rocksdb_livefiles_name(files, number);
    name += *name == '/';
    for (struct damaged_file *damaged = store->files; damaged != NULL; damaged = damaged->next) {
        size_t path_len = strlen(damaged->path), name_len = strlen(name);
        if (path_len > name_len && strcmp(damaged->path + path_len - name_len, name) == 0) {
            damaged->smallest = keep(key_of(files, number, false));
            damaged->largest = keep(key_of(files, number, true));
            damaged->is_first_level = rocksdb_livefiles_level(files, number) == 0;
            find_neighbours(damaged, files, number);
            damaged->family = family_of(rocksdb_livefiles_column_family_name(files, number));
            damaged->is_located = true;
        }
    }
}

void damage_locate(struct store *store)
{
    const rocksdb_livefiles_t *files = rocksdb_livefiles(store->db);
    for (int i = 0; i < rocksdb_livefiles_count(files); i++) {
        locate(store, files, i);
    }
    rocksdb_livefiles_destroy(files);
    store->is_partial = true;
}

/* Would be opened by an iterator of [lower, upper). */
static bool is_near(const struct damaged_file *damaged, struct slice lower, struct slice upper)
{
    bool is_behind = damaged->has_behind && slice_compare(lower, damaged->behind) >= 0;
    bool is_before = damaged->has_before && upper.len > 0 && slice_compare(upper, damaged->before) <= 0;
    return damaged->is_first_level || !(is_behind || is_before);
}

static bool tell(const struct damaged_file *damaged, struct err *ret_err)
{
    err_set(ret_err, "read failed: %s is damaged", damaged->path);
    return true;
}

bool damage_hides(const struct store *store, enum store_family family, struct slice key, struct err *ret_err)
{
    for (const struct damaged_file *damaged = store->files; damaged != NULL; damaged = damaged->next) {
        if (damaged->is_located && damaged->family == (int)family && slice_compare(key, damaged->smallest) >= 0 &&
            slice_compare(key, damaged->largest) <= 0) {
            return tell(damaged, ret_err);
        }
    }
    return false;
}

bool damage_touches(const struct store *store, enum store_family family, struct slice lower, struct slice upper,
                    struct err *ret_err)
{
    for (const struct damaged_file *damaged = store->files; damaged != NULL; damaged = damaged->next) {
        if (damaged->is_located && damaged->family == (int)family && is_near(damaged, lower, upper)) {
            return tell(damaged, ret_err);
        }
    }
    return false;
}

void damage_forget(struct store *store)
{
    for (struct damaged_file *damaged = store->files, *next; damaged != NULL; damaged = next) {
        next = damaged->next;
        free((char *)(uintptr_t)damaged->smallest.data);
        free((char *)(uintptr_t)damaged->largest.data);
        free((char *)(uintptr_t)damaged->before.data);
        free((char *)(uintptr_t)damaged->behind.data);
        free(damaged->path);
        free(damaged);
    }
    store->files = NULL;
}
