// After a write that failed (a full disk, say) RocksDB refuses further ones until DB::Resume has flushed what is in
// memory. Resume has no C interface: this is it.
#include <rocksdb/db.h>

extern "C" {
#include "store/private.h"

// As RocksDB's own C interface defines the handle that its functions return.
struct rocksdb_t {
    rocksdb::DB *rep;
};

int store_resume(struct store *store, struct err *err)
{
    rocksdb::Status status = store->db->rep->Resume();
    return status.ok() ? 0 : err_set(err, "still failing: %s", status.ToString().c_str());
}
}
