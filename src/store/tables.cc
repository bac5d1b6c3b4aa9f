#include <memory>
#include <string>

#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

extern "C" {
#include "store/tables.h"
}

namespace rocksdb
{
namespace crc32c
{
/* util/crc32c.h, which is not installed */
uint32_t Extend(uint32_t init_crc, const char *data, size_t n);
} // namespace crc32c
} // namespace rocksdb

/* As in RocksDB's c.cc, which does not export it. */
struct rocksdb_options_t {
    rocksdb::Options rep;
};

namespace
{
class CompactionWatch final : public rocksdb::EventListener
{
  public:
    CompactionWatch(store_compaction_note *note, void *context) : note_(note), context_(context)
    {
    }

    /* An error of the device in a write shows as one of the disk being full or as another reason. */
    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status *status) override
    {
        if (reason == rocksdb::BackgroundErrorReason::kCompaction && !status->IsNoSpace() &&
            (status->IsCorruption() || status->IsIOError())) {
            note_(context_, status->ToString().c_str());
            *status = rocksdb::Status::OK();
        }
    }

  private:
    store_compaction_note *note_;
    void *context_;
};
} // namespace

extern "C" {

uint32_t store_crc32c(const char *bytes, size_t len)
{
    return rocksdb::crc32c::Extend(0, bytes, len);
}

int store_check_table(const char *file, const rocksdb_options_t *options, struct err *err)
{
    rocksdb::SstFileReader reader{options->rep};
    rocksdb::Status status = reader.Open(file);
    if (status.ok()) {
        status = reader.VerifyChecksum(rocksdb::ReadOptions());
    }
    if (status.ok()) {
        return 0;
    }
    return err_set(err, "%s", status.ToString().c_str());
}

void store_watch_compactions(rocksdb_options_t *options, store_compaction_note *note, void *context)
{
    options->rep.listeners.push_back(std::make_shared<CompactionWatch>(note, context));
}
}
