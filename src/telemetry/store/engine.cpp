// SPDX-License-Identifier: Apache-2.0
// RocksDB, and nothing of it elsewhere.
#include "telemetry/store/engine.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

namespace weft::telemetry::store_parts {

namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables crc_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    }
    tables[0][i] = crc;
  }
  for (std::uint32_t i = 0; i < 256; ++i) {
    for (std::size_t k = 1; k < 8; ++k) {
      tables[k][i] = tables[k - 1][i] >> 8 ^ tables[0][tables[k - 1][i] & 0xff];
    }
  }
  return tables;
}
constexpr Tables kCrc = crc_tables();

std::uint32_t crc_over(std::uint32_t crc, base::ByteView bytes) {
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    const std::uint32_t low = crc ^ (static_cast<std::uint32_t>(bytes[i]) |
                                     static_cast<std::uint32_t>(bytes[i + 1]) << 8 |
                                     static_cast<std::uint32_t>(bytes[i + 2]) << 16 |
                                     static_cast<std::uint32_t>(bytes[i + 3]) << 24);
    crc = kCrc[7][low & 0xff] ^ kCrc[6][low >> 8 & 0xff] ^ kCrc[5][low >> 16 & 0xff] ^
          kCrc[4][low >> 24] ^ kCrc[3][bytes[i + 4]] ^ kCrc[2][bytes[i + 5]] ^
          kCrc[1][bytes[i + 6]] ^ kCrc[0][bytes[i + 7]];
  }
  for (; i < bytes.size(); ++i) {
    crc = crc >> 8 ^ kCrc[0][(crc ^ bytes[i]) & 0xff];
  }
  return crc;
}

constexpr std::size_t kSealBytes = 4;

std::array<char, kSealBytes> seal(std::string_view key, base::ByteView value) {
  const std::uint32_t crc = crc32c(key, value);
  return {static_cast<char>(crc), static_cast<char>(crc >> 8), static_cast<char>(crc >> 16),
          static_cast<char>(crc >> 24)};
}

base::Result<base::ByteView> unseal(std::string_view key, std::string_view sealed) {
  if (sealed.size() >= kSealBytes) {
    const base::ByteView value = base::as_bytes(sealed.substr(0, sealed.size() - kSealBytes));
    const auto crc = seal(key, value);
    if (std::equal(crc.begin(), crc.end(), sealed.end() - kSealBytes)) {
      return value;
    }
  }
  return base::fail(base::Code::kDataLoss, "a value's checksum does not fit", "store");
}

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

bool mentions(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

base::Error error_of(const rocksdb::Status& status, const std::string& folder) {
  const std::string text = status.ToString();
  if (status.IsNotFound()) {
    return {base::Code::kNotFound, "no such key", folder, {}};
  }
  if (status.IsNoSpace() ||
      mentions(text, {"No space left", "File too large", "Disk quota exceeded"})) {
    return {base::Code::kResourceExhausted, "the disk is full: " + text, folder,
            "make room; the store goes on with its next commit"};
  }
  if (mentions(text, {"lock hold by current process", "While lock file"})) {
    return {base::Code::kFailedPrecondition, "another process has this store open", folder,
            "end it, or open the store read-only"};
  }
  if (mentions(text, {"Permission denied"})) {
    return {base::Code::kPermissionDenied, text, folder, {}};
  }
  return {
      status.IsCorruption() ? base::Code::kDataLoss : base::Code::kUnavailable, text, folder, {}};
}

constexpr std::size_t kMemtableBytes = 32U << 20U;
constexpr std::size_t kCacheBytes = 32U << 20U;
constexpr std::uint64_t kFileBytes = 32U << 20U;
constexpr std::size_t kBlockBytes = 16U << 10U;

rocksdb::Options options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = kMemtableBytes;
  options.max_write_buffer_number = 2;
  options.target_file_size_base = kFileBytes;
  options.max_bytes_for_level_base = 4 * kFileBytes;
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1U << 20U;
  options.compression = rocksdb::kNoCompression;
  options.bottommost_compression = rocksdb::kZSTD;
  options.keep_log_file_num = 2;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.max_log_file_size = 1U << 20U;
  options.max_manifest_file_size = 4U << 20U;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = kBlockBytes;
  table.block_cache = rocksdb::NewLRUCache(kCacheBytes);
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

using Database = std::unique_ptr<rocksdb::DB>;

std::pair<rocksdb::Status, Database> open_as(const rocksdb::Options& how, const std::string& folder,
                                             bool read_only) {
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status = read_only ? rocksdb::DB::OpenForReadOnly(how, folder, &raw)
                                           : rocksdb::DB::Open(how, folder, &raw);
  return {status, Database(raw)};
}

/// What a folder full of the engine's files is worth opening a second time for.
bool worth_repair(const rocksdb::Status& status) {
  return status.IsCorruption() || status.IsInvalidArgument() || status.IsNotFound() ||
         mentions(status.ToString(), {"No such file", "file is too short", "size mismatch"});
}

/// Files that a repair could not read stand in "lost".
void name_lost_files(const std::string& folder, std::vector<std::string>& damage) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/lost", none)) {
    damage.push_back("a file could not be read and was set aside: lost/" +
                     entry.path().filename().string());
  }
}

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions how;
  how.sync = true;
  return how;
}

}  // namespace

std::uint32_t crc32c(std::string_view first, base::ByteView second) {
  return ~crc_over(crc_over(0xffffffffU, base::as_bytes(first)), second);
}

struct Batch::Parts {
  rocksdb::WriteBatch batch;
};
Batch::Batch() : parts_(std::make_unique<Parts>()) {}
Batch::~Batch() = default;

void Batch::put(std::string_view key, base::ByteView value) {
  const auto crc = seal(key, value);
  const std::array<rocksdb::Slice, 2> pieces = {slice(base::as_text(value)),
                                                rocksdb::Slice(crc.data(), crc.size())};
  const rocksdb::Slice name = slice(key);
  parts_->batch.Put(rocksdb::SliceParts(&name, 1), rocksdb::SliceParts(pieces.data(), 2));
}
void Batch::remove(std::string_view key) {
  parts_->batch.Delete(slice(key));
}
void Batch::remove_range(std::string_view from, std::string_view until) {
  parts_->batch.DeleteRange(slice(from), slice(until));
}
bool Batch::empty() const {
  return parts_->batch.Count() == 0;
}

struct Cursor::Parts {
  std::unique_ptr<rocksdb::Iterator> at;
};
Cursor::Cursor(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Cursor::~Cursor() = default;
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;

void Cursor::seek(std::string_view key) {
  parts_->at->Seek(slice(key));
}
void Cursor::seek_back(std::string_view key) {
  parts_->at->SeekForPrev(slice(key));
}
void Cursor::next() {
  parts_->at->Next();
}
void Cursor::back() {
  parts_->at->Prev();
}
bool Cursor::valid() const {
  return parts_->at->Valid();
}
std::optional<base::Error> Cursor::broken() const {
  const rocksdb::Status status = parts_->at->status();
  if (status.ok()) {
    return std::nullopt;
  }
  return error_of(status, "store");
}
std::string_view Cursor::key() const {
  return view(parts_->at->key());
}
base::Result<base::ByteView> Cursor::value() const {
  return unseal(key(), view(parts_->at->value()));
}

struct Engine::Parts {
  std::string folder;
  Database db;
  bool read_only = false;
  bool failed = false;  ///< the last write did
};
Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Engine::~Engine() = default;

base::Result<std::unique_ptr<Engine>> Engine::open(const std::string& folder, bool read_only,
                                                   std::vector<std::string>& damage) {
  std::error_code failed;
  if (!read_only) {
    std::filesystem::create_directories(folder, failed);
    if (failed) {
      return base::fail(base::Code::kUnavailable, "cannot make the folder: " + failed.message(),
                        folder);
    }
  }
  rocksdb::Options how = options();
  auto [status, db] = open_as(how, folder, read_only);
  if (!status.ok() && worth_repair(status) &&
      (!read_only || std::filesystem::exists(folder + "/CURRENT"))) {
    const std::string why = status.ToString();
    how.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
    std::tie(status, db) = open_as(how, folder, read_only);
    if (!status.ok() && !read_only) {
      const rocksdb::Status repaired = rocksdb::RepairDB(folder, how);
      if (repaired.ok()) {
        std::tie(status, db) = open_as(how, folder, read_only);
      }
    }
    if (status.ok()) {
      damage.push_back("the store was not whole: " + why);
      name_lost_files(folder, damage);
    }
  }
  if (!status.ok()) {
    return tl::unexpected<base::Error>(error_of(status, folder));
  }
  auto parts = std::make_unique<Parts>();
  parts->folder = folder;
  parts->db = std::move(db);
  parts->read_only = read_only;
  return std::unique_ptr<Engine>(new Engine(std::move(parts)));
}

base::Result<void> Engine::get_well() {
  if (parts_->db->Resume().ok()) {
    return {};
  }
  // Opening needs room for a new log; without it the old handle still reads, so it is kept.
  const std::string probe = parts_->folder + "/probe";
  const bool room = [&] {
    std::ofstream out(probe, std::ios::binary);
    out << std::string(1U << 20U, '\0');
    return static_cast<bool>(out.flush());
  }();
  std::error_code none;
  std::filesystem::remove(probe, none);
  if (!room) {
    return base::fail(base::Code::kResourceExhausted, "the disk is full", parts_->folder,
                      "make room; the store goes on with its next commit");
  }
  parts_->db.reset();
  auto [status, db] = open_as(options(), parts_->folder, false);
  if (!status.ok()) {
    const base::Error error = error_of(status, parts_->folder);
    std::tie(status, db) = open_as(options(), parts_->folder, true);
    parts_->db = std::move(db);
    return tl::unexpected<base::Error>(error);
  }
  parts_->db = std::move(db);
  return {};
}

base::Result<void> Engine::write(Batch& batch) {
  if (parts_->read_only) {
    return base::fail(base::Code::kFailedPrecondition, "the store is open read-only",
                      parts_->folder);
  }
  if (parts_->failed || parts_->db == nullptr) {
    if (auto well = get_well(); !well) {
      return well;
    }
  }
  const rocksdb::Status status = parts_->db->Write(synced(), &batch.parts_->batch);
  parts_->failed = !status.ok();
  if (!status.ok()) {
    return tl::unexpected<base::Error>(error_of(status, parts_->folder));
  }
  return {};
}

base::Result<base::Bytes> Engine::get(std::string_view key) const {
  rocksdb::PinnableSlice sealed;
  const rocksdb::Status status =
      parts_->db->Get({}, parts_->db->DefaultColumnFamily(), slice(key), &sealed);
  if (!status.ok()) {
    return tl::unexpected<base::Error>(error_of(status, parts_->folder));
  }
  const auto value = unseal(key, view(sealed));
  if (!value) {
    return tl::unexpected<base::Error>(value.error());
  }
  return base::Bytes(value->begin(), value->end());
}

Cursor Engine::cursor() const {
  auto parts = std::make_unique<Cursor::Parts>();
  parts->at.reset(parts_->db->NewIterator({}));
  return Cursor(std::move(parts));
}

base::Result<void> Engine::scan(
    std::string_view prefix,
    const std::function<void(std::string_view, const base::Result<base::ByteView>&)>& see) const {
  Cursor at = cursor();
  std::string last;
  for (at.seek(prefix); at.valid() && at.key().starts_with(prefix); at.next()) {
    last = at.key();
    see(at.key(), at.value());
  }
  const auto error = at.broken();
  if (!error) {
    return {};
  }
  // From the end back to the broken part; then forward again from there.
  at = cursor();
  std::string first;
  for (at.seek_back(std::string(prefix) + std::string(16, '\xff'));
       at.valid() && at.key().starts_with(prefix) && at.key() > last; at.back()) {
    first = at.key();
  }
  if (!first.empty()) {
    at = cursor();
    for (at.seek(first); at.valid() && at.key().starts_with(prefix); at.next()) {
      see(at.key(), at.value());
    }
  }
  return tl::unexpected<base::Error>(*error);
}

void Engine::compact(std::string_view from, std::string_view until) {
  const rocksdb::Slice first = slice(from);
  const rocksdb::Slice end = slice(until);
  static_cast<void>(parts_->db->CompactRange({}, &first, &end));
}

base::Result<void> Engine::snapshot(const std::string& folder) {
  rocksdb::Checkpoint* raw = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(parts_->db.get(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  if (status.ok()) {
    status = checkpoint->CreateCheckpoint(folder);
  }
  if (!status.ok()) {
    return tl::unexpected<base::Error>(error_of(status, folder));
  }
  return {};
}

std::uint64_t Engine::bytes_on_disk() const {
  std::uint64_t bytes = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(parts_->folder, none)) {
    const std::uintmax_t size = entry.is_regular_file(none) ? entry.file_size(none) : 0;
    bytes += none ? 0 : size;
  }
  return bytes;
}

}  // namespace weft::telemetry::store_parts
