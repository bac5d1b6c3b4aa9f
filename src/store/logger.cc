/* A logger for RocksDB that keeps no file.
 *
 * RocksDB's own writes a file, LOG, through the same writer as its data. On a full disk the second line after a failed
 * one trips an assertion there, which Debian's build keeps on, and the process is gone. RocksDB's C API has no logger
 * of one's own, so this one is made in C++ and handed over in the C API's box. */
#include <memory>

#include <rocksdb/c.h>
#include <rocksdb/env.h>

#include "store/logger.h"

/* As in RocksDB's c.cc, which does not export it. */
struct rocksdb_logger_t {
    std::shared_ptr<rocksdb::Logger> rep;
};

namespace
{
class SilentLogger final : public rocksdb::Logger
{
  public:
    SilentLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::FATAL_LEVEL)
    {
    }
    using rocksdb::Logger::Logv;
    void Logv(const char *, va_list) override
    {
    }
};
} // namespace

extern "C" void store_silence_log(rocksdb_options_t *options)
{
    rocksdb_logger_t box = {std::make_shared<SilentLogger>()};
    rocksdb_options_set_info_log(options, &box);
}
