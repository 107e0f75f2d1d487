// SPDX-License-Identifier: Apache-2.0
// The embedded engine behind the store: ordered keys, atomic batches, a synced log, snapshots. Only
// engine.cpp knows which one it is (README.md says why). Values are sealed with a checksum over key
// and value, so what comes back is what was put under that key, or an error. One thread.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::telemetry::store_parts {

/// CRC-32C (Castagnoli) of both, one after the other.
[[nodiscard]] std::uint32_t crc32c(std::string_view first, base::ByteView second);

/// Writes that happen together or not at all, in order.
class Batch {
 public:
  Batch();
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  Batch(Batch&&) = delete;
  Batch& operator=(Batch&&) = delete;

  void put(std::string_view key, base::ByteView value);
  void remove(std::string_view key);
  /// Keys of [from, until).
  void remove_range(std::string_view from, std::string_view until);
  [[nodiscard]] bool empty() const;

 private:
  friend class Engine;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// A place in the order of keys. Sees the engine as it was when the cursor was made.
class Cursor {
 public:
  ~Cursor();
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  /// To the first key that is not before this one.
  void seek(std::string_view key);
  /// To the last key that is not behind this one.
  void seek_back(std::string_view key);
  void next();
  void back();
  /// On a key. Where it is not, the end was reached or broken() says why not.
  [[nodiscard]] bool valid() const;
  [[nodiscard]] std::optional<base::Error> broken() const;
  [[nodiscard]] std::string_view key() const;
  /// kDataLoss: the seal does not fit.
  [[nodiscard]] base::Result<base::ByteView> value() const;

 private:
  friend class Engine;
  struct Parts;
  explicit Cursor(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

class Engine {
 public:
  /// As Store::open(). What was lost on the way is appended to `damage`.
  [[nodiscard]] static base::Result<std::unique_ptr<Engine>> open(const std::string& folder,
                                                                  bool read_only,
                                                                  std::vector<std::string>& damage);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  Engine(Engine&&) = delete;
  Engine& operator=(Engine&&) = delete;

  /// Synced where it returns well. After a failure the next write tries to get well first; what was
  /// written before stays readable meanwhile. kResourceExhausted: the disk is full.
  base::Result<void> write(Batch& batch);
  /// kNotFound, kDataLoss.
  [[nodiscard]] base::Result<base::Bytes> get(std::string_view key) const;
  [[nodiscard]] Cursor cursor() const;
  /// All keys that begin with `prefix`, in order. Where a part cannot be read, what stands before
  /// and behind it is seen, and the error given.
  base::Result<void> scan(
      std::string_view prefix,
      const std::function<void(std::string_view key, const base::Result<base::ByteView>& value)>&
          see) const;
  /// Gives back the room of removed keys in [from, until).
  void compact(std::string_view from, std::string_view until);
  /// A copy in a folder that must not exist yet.
  base::Result<void> snapshot(const std::string& folder);
  [[nodiscard]] std::uint64_t bytes_on_disk() const;

 private:
  struct Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  base::Result<void> get_well();
  std::unique_ptr<Parts> parts_;
};

}  // namespace weft::telemetry::store_parts
