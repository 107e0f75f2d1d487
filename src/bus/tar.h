// SPDX-License-Identifier: Apache-2.0
// Tar, read and written: POSIX.1-2001 pax interchange format over ustar, with GNU's long names
// ("L", "K") and binary sizes on reading. Our own because the static build for other machines
// should carry no more than zstd. Sparse files and device nodes are named, not read. archive.cpp is
// the user.
#pragma once

#include "base/result.h"
#include "bus/byte_stream.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::bus {

inline constexpr std::size_t kTarBlockBytes = 512;
/// An extended header's own size: paths are bounded by PATH_MAX, other records are skipped.
inline constexpr std::uint64_t kTarExtensionBytesMax = std::uint64_t{1} << 20;

struct TarEntry {
  enum class Kind : std::uint8_t { kFile, kDirectory, kSymbolicLink, kHardLink, kOther };
  Kind kind = Kind::kFile;
  std::string path;          ///< as written; may be absolute or hold ".."
  std::string target;        ///< of a link
  std::uint64_t bytes = 0;   ///< of content
  std::uint64_t offset = 0;  ///< of the header, in the unpacked archive
};

class TarReader {
 public:
  explicit TarReader(ByteStream& stream);

  /// The next entry, or nullopt at the end-of-archive mark. kDataLoss names the byte of the
  /// unpacked archive; what came before it is whole.
  [[nodiscard]] base::Result<std::optional<TarEntry>> next();
  /// The content of the entry that next() gave; to be called once at most.
  [[nodiscard]] base::Result<void> read_content(std::string& content);

 private:
  [[nodiscard]] base::Result<void> fill(std::size_t bytes);
  [[nodiscard]] base::Result<void> skip_rest();
  [[nodiscard]] base::Result<void> take(std::uint64_t bytes, std::string* into);
  [[nodiscard]] base::Result<void> read_pax(std::uint64_t bytes);

  ByteStream& stream_;
  std::vector<std::uint8_t> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;   ///< of buffer_[begin_] in the unpacked archive
  std::uint64_t content_ = 0;  ///< bytes of the entry's content not yet taken
  std::uint64_t padding_ = 0;
  std::optional<std::string> long_path_;
  std::optional<std::string> long_target_;
  std::optional<std::uint64_t> long_size_;
  bool is_sparse_ = false;
};

/// Writes ustar, and pax where a path or a target does not fit. Owner 0, time 0: the same entries
/// give the same bytes.
class TarWriter {
 public:
  void add_file(std::string_view path, std::string_view content);
  void add_link(std::string_view path, std::string_view target);
  void add_directory(std::string_view path);
  /// The archive, with its end mark; the writer is empty afterwards.
  [[nodiscard]] std::string finish();

 private:
  void add_header(std::string_view path, std::string_view target, std::uint64_t bytes, char type);
  void add_content(std::string_view content);
  std::string out_;
};

}  // namespace weft::bus
