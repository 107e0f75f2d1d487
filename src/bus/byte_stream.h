// SPDX-License-Identifier: Apache-2.0
// Bytes that come one after the other: out of memory, out of a file or pipe, or out of a zstd
// stream (RFC 8878) around one of those. For archive.cpp and linux/open.cpp. Errors: kUnavailable
// (the kernel's word), kDataLoss (truncated or garbled, with the byte offset), kResourceExhausted
// (over a limit).
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace weft::bus {

/// What an archive may unpack to: it is read as a stream, so this bounds time, not memory.
inline constexpr std::uint64_t kUnpackedBytesMax = std::uint64_t{4} << 30;

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Up to into.size() bytes; 0 at the end only.
  [[nodiscard]] virtual base::Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

class MemoryStream final : public ByteStream {
 public:
  explicit MemoryStream(base::ByteView bytes) : rest_(bytes) {}
  [[nodiscard]] base::Result<std::size_t> read(std::span<std::uint8_t> into) override;

 private:
  base::ByteView rest_;
};

/// Reads a descriptor that it does not own, after the bytes that were taken from it to look at.
class FileStream final : public ByteStream {
 public:
  explicit FileStream(int fd, std::string head = {}) : fd_(fd), head_(std::move(head)) {}
  [[nodiscard]] base::Result<std::size_t> read(std::span<std::uint8_t> into) override;

 private:
  int fd_;
  std::string head_;
  std::size_t head_taken_ = 0;
};

/// Unpacks all zstd frames of `packed`, one after the other.
[[nodiscard]] std::unique_ptr<ByteStream> unpack_zstd(ByteStream& packed);

/// Packs `text` as one zstd frame with a checksum; the same text gives the same bytes.
[[nodiscard]] base::Result<std::string> pack_zstd(std::string_view text);

}  // namespace weft::bus
