/* The keys of encrypted tables, unwrapped, and the rows sealed with them (crypto/row_seal.h). One for all shards.
 *
 * Rows are sealed between the batch and the store, and opened between the store and everything else: caches, overlays
 * and answers have them plain. Which table a row is of stands in its key. A row that is plain is read as it is, so a
 * table whose encryption was turned on has rows of both kinds until all have been written again. */
#pragma once

#include <stdatomic.h>

#include "base/err.h"
#include "crypto/key_service.h"
#include "crypto/row_seal.h"
#include "engine/table.h"
#include "store/store.h"

struct vault;

struct vault *vault_create(struct key_service *service);
/* The key service is the caller's. NULL is allowed. */
void vault_destroy(struct vault *vault);

/* Gives the table a key of its own, wrapped with the key that spec->kms_key names, or wraps the one that it has anew:
 * sets spec->table_key and spec->kms_key, in the arena. spec->uuid is set. Writer thread of the system shard. */
enum key_result vault_wrap(struct vault *vault, struct table_spec *spec, struct arena *arena, struct err *err);
/* True if `name` names the key with this id. */
bool vault_is_key(struct vault *vault, struct slice name, struct slice id);

/* Takes up the table's key, if it has one, and from then on seals its rows if it is encrypted. Another result than
 * KEY_OK: its rows cannot be read or written. Before the table is published; one thread at a time. */
enum key_result vault_publish(struct vault *vault, const struct table_spec *spec, struct err *err);
/* Overwrites the key of a table that was dropped. */
void vault_forget(struct vault *vault, uint32_t table_id);

/* --- rows: any thread --------------------------------------------------------------------------------------------- */

/* True if there is a table whose rows are sealed: else nobody needs to ask for each row. */
bool vault_is_sealing(const struct vault *vault);

enum vault_sealed { VAULT_UNUSABLE = -1, VAULT_PLAIN = 0, VAULT_SEALED = 1 };
/* Appends the row's value as its table wants it stored. VAULT_PLAIN, and nothing appended: as it is; VAULT_UNUSABLE: it
 * must not be stored. `key` begins with the table's id. `run` is the shard's. */
enum vault_sealed vault_seal(struct vault *vault, struct row_run *run, enum store_family family, struct slice key,
                             struct slice plain, struct buffer *out);

/* Appends the plain form of a sealed value. */
int vault_open(struct vault *vault, enum store_family family, struct slice key, struct slice sealed, struct buffer *out,
               struct err *err) MUST_USE;
