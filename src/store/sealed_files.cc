/* The file system that RocksDB sees in an encrypted data folder: that of the machine, with every byte of every file
 * encrypted (crypto/file_cipher.h).
 *
 * RocksDB brings classes for encrypted files (rocksdb/env_encryption.h), used here. Its file system around them is not:
 * it ends the process when it finds a file shorter than its prefix, as a crash leaves them.
 *
 * The prefix is made durable before RocksDB may write anything behind it. So a file that ends in its prefix or with it
 * holds nothing, whatever the prefix looks like after a crash: it is read as empty. With damage to the prefix of
 * another the file cannot be opened, and the error names it.
 *
 * IDENTITY stays as it is: it holds a random number, is written once, and would keep the first data key in use. */
#include <memory>
#include <string>
#include <vector>

#include <rocksdb/c.h>
#include <rocksdb/env.h>
#include <rocksdb/env_encryption.h>
#include <rocksdb/file_system.h>

#include "crypto/file_cipher.h"
#include "store/sealed_files.h"

/* As in RocksDB's c.cc, which does not export it. */
struct rocksdb_env_t {
    rocksdb::Env *rep;
    bool is_default;
};

namespace
{
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using rocksdb::Status;

class Stream final : public rocksdb::BlockAccessCipherStream
{
  public:
    explicit Stream(struct file_cipher *cipher) : cipher_(cipher)
    {
    }
    ~Stream() override
    {
        file_cipher_destroy(cipher_);
    }
    Stream(const Stream &) = delete;
    Stream &operator=(const Stream &) = delete;
    size_t BlockSize() override
    {
        return 16;
    }
    Status Encrypt(uint64_t offset, char *data, size_t len) override
    {
        file_cipher_apply(cipher_, offset, data, len);
        return Status::OK();
    }
    Status Decrypt(uint64_t offset, char *data, size_t len) override
    {
        file_cipher_apply(cipher_, offset, data, len);
        return Status::OK();
    }

  protected:
    void AllocateScratch(std::string &) override
    {
    }
    Status EncryptBlock(uint64_t, char *, char *) override
    {
        return Status::NotSupported(); /* never asked: the whole range is done above */
    }
    Status DecryptBlock(uint64_t, char *, char *) override
    {
        return Status::NotSupported();
    }

  private:
    struct file_cipher *cipher_;
};

bool ends_in(const std::string &path, const std::string &end)
{
    return path.size() >= end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0;
}

/* 000000.dbtmp becomes IDENTITY; other files get their names from numbers above it. */
bool stays_plain(const std::string &path)
{
    return ends_in(path, "/IDENTITY") || ends_in(path, "/000000.dbtmp");
}

class SealedFileSystem final : public rocksdb::FileSystemWrapper
{
  public:
    SealedFileSystem(const std::shared_ptr<rocksdb::FileSystem> &base, const struct keyring *keyring)
        : FileSystemWrapper(base), keyring_(keyring)
    {
    }
    const char *Name() const override
    {
        return "SealedFileSystem";
    }

    IOStatus NewSequentialFile(const std::string &path, const FileOptions &options,
                               std::unique_ptr<rocksdb::FSSequentialFile> *result, IODebugContext *context) override
    {
        std::unique_ptr<rocksdb::FSSequentialFile> file;
        IOStatus status = FileSystemWrapper::NewSequentialFile(path, options, &file, context);
        if (!status.ok() || stays_plain(path)) {
            *result = std::move(file);
            return status;
        }
        char scratch[FILE_PREFIX_BYTES];
        Slice prefix;
        std::unique_ptr<Stream> stream;
        status = file->Read(sizeof scratch, options.io_options, &prefix, scratch, context);
        if (status.ok()) {
            status = OpenStream(path, prefix, options.io_options, context, &stream);
        }
        if (status.ok() && stream == nullptr) {
            *result = std::move(file); /* at its end */
        } else if (status.ok()) {
            result->reset(new rocksdb::EncryptedSequentialFile(std::move(file), std::move(stream), FILE_PREFIX_BYTES));
        }
        return status;
    }

    IOStatus NewRandomAccessFile(const std::string &path, const FileOptions &options,
                                 std::unique_ptr<rocksdb::FSRandomAccessFile> *result, IODebugContext *context) override
    {
        std::unique_ptr<rocksdb::FSRandomAccessFile> file;
        IOStatus status = FileSystemWrapper::NewRandomAccessFile(path, options, &file, context);
        if (!status.ok() || stays_plain(path)) {
            *result = std::move(file);
            return status;
        }
        std::unique_ptr<Stream> stream;
        status = ReadPrefix(path, *file, options.io_options, context, &stream);
        if (status.ok() && stream == nullptr) {
            status = IOStatus::Corruption(path, "the file is empty");
        } else if (status.ok()) {
            result->reset(
                new rocksdb::EncryptedRandomAccessFile(std::move(file), std::move(stream), FILE_PREFIX_BYTES));
        }
        return status;
    }

    IOStatus NewWritableFile(const std::string &path, const FileOptions &options,
                             std::unique_ptr<rocksdb::FSWritableFile> *result, IODebugContext *context) override
    {
        std::unique_ptr<rocksdb::FSWritableFile> file;
        IOStatus status = FileSystemWrapper::NewWritableFile(path, options, &file, context);
        return status.ok() ? Begin(path, std::move(file), options, result, context) : status;
    }

    /* Goes on where the file ends. */
    IOStatus ReopenWritableFile(const std::string &path, const FileOptions &options,
                                std::unique_ptr<rocksdb::FSWritableFile> *result, IODebugContext *context) override
    {
        std::unique_ptr<rocksdb::FSRandomAccessFile> old;
        std::unique_ptr<Stream> stream;
        IOStatus status = FileSystemWrapper::NewRandomAccessFile(path, options, &old, context);
        if (status.ok() && !stays_plain(path)) {
            status = ReadPrefix(path, *old, options.io_options, context, &stream);
        }
        if (!status.ok()) {
            return status;
        }
        if (stream == nullptr && !stays_plain(path)) {
            return NewWritableFile(path, options, result, context);
        }
        std::unique_ptr<rocksdb::FSWritableFile> file;
        status = FileSystemWrapper::ReopenWritableFile(path, options, &file, context);
        if (status.ok() && stream == nullptr) {
            *result = std::move(file);
        } else if (status.ok()) {
            result->reset(new rocksdb::EncryptedWritableFile(std::move(file), std::move(stream), FILE_PREFIX_BYTES));
        }
        return status;
    }

    /* To write over an old file would be to use its key stream twice. */
    IOStatus ReuseWritableFile(const std::string &, const std::string &, const FileOptions &,
                               std::unique_ptr<rocksdb::FSWritableFile> *, IODebugContext *) override
    {
        return IOStatus::NotSupported("encrypted files are not written twice");
    }

    IOStatus NewRandomRWFile(const std::string &, const FileOptions &, std::unique_ptr<rocksdb::FSRandomRWFile> *,
                             IODebugContext *) override
    {
        return IOStatus::NotSupported("encrypted files are not written twice");
    }

    IOStatus GetFileSize(const std::string &path, const IOOptions &options, uint64_t *size,
                         IODebugContext *context) override
    {
        IOStatus status = FileSystemWrapper::GetFileSize(path, options, size, context);
        if (status.ok() && !stays_plain(path)) {
            *size = *size > FILE_PREFIX_BYTES ? *size - FILE_PREFIX_BYTES : 0;
        }
        return status;
    }

    IOStatus GetChildrenFileAttributes(const std::string &folder, const IOOptions &options,
                                       std::vector<rocksdb::FileAttributes> *result, IODebugContext *context) override
    {
        IOStatus status = FileSystemWrapper::GetChildrenFileAttributes(folder, options, result, context);
        for (rocksdb::FileAttributes &file : *result) {
            if (!stays_plain("/" + file.name)) {
                file.size_bytes = file.size_bytes > FILE_PREFIX_BYTES ? file.size_bytes - FILE_PREFIX_BYTES : 0;
            }
        }
        return status;
    }

  private:
    /* No stream: the file holds nothing. */
    IOStatus OpenStream(const std::string &path, const Slice &prefix, const IOOptions &options, IODebugContext *context,
                        std::unique_ptr<Stream> *result)
    {
        uint64_t file_bytes = 0;
        IOStatus status = FileSystemWrapper::GetFileSize(path, options, &file_bytes, context);
        if (!status.ok() || file_bytes <= FILE_PREFIX_BYTES || prefix.size() < FILE_PREFIX_BYTES) {
            return status;
        }
        const char *reason = "";
        struct file_cipher *cipher = file_cipher_open(keyring_, prefix.data(), &reason);
        if (cipher == nullptr) {
            return IOStatus::Corruption(path, reason);
        }
        result->reset(new Stream(cipher));
        return status;
    }

    IOStatus ReadPrefix(const std::string &path, const rocksdb::FSRandomAccessFile &file, const IOOptions &options,
                        IODebugContext *context, std::unique_ptr<Stream> *result)
    {
        char scratch[FILE_PREFIX_BYTES];
        Slice prefix;
        IOStatus status = file.Read(0, sizeof scratch, options, &prefix, scratch, context);
        return status.ok() ? OpenStream(path, prefix, options, context, result) : status;
    }

    IOStatus Begin(const std::string &path, std::unique_ptr<rocksdb::FSWritableFile> file, const FileOptions &options,
                   std::unique_ptr<rocksdb::FSWritableFile> *result, IODebugContext *context)
    {
        if (stays_plain(path)) {
            *result = std::move(file);
            return IOStatus::OK();
        }
        char prefix[FILE_PREFIX_BYTES];
        std::unique_ptr<Stream> stream(new Stream(file_cipher_create(keyring_, prefix)));
        IOStatus status = file->Append(Slice(prefix, sizeof prefix), options.io_options, context);
        if (status.ok()) {
            status = file->Sync(options.io_options, context);
        }
        if (status.ok()) {
            result->reset(new rocksdb::EncryptedWritableFile(std::move(file), std::move(stream), FILE_PREFIX_BYTES));
        }
        return status;
    }

    const struct keyring *keyring_;
};
} // namespace

struct sealed_files {
    std::unique_ptr<rocksdb::Env> env;
    rocksdb_env_t box;
};

extern "C" struct sealed_files *sealed_files_create(const struct keyring *keyring)
{
    auto *files = new sealed_files;
    files->env = rocksdb::NewCompositeEnv(std::make_shared<SealedFileSystem>(rocksdb::FileSystem::Default(), keyring));
    files->box = {files->env.get(), false};
    return files;
}

extern "C" void sealed_files_destroy(struct sealed_files *files)
{
    delete files;
}

extern "C" void sealed_files_use(struct sealed_files *files, rocksdb_options_t *options)
{
    rocksdb_options_set_env(options, &files->box);
}
