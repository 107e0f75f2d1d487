// SPDX-License-Identifier: Apache-2.0
// Tar headers out of a stream. Field offsets: POSIX.1-2017, pax, "ustar Interchange Format";
// extended records: "pax Extended Header"; types L, K and S and base-256 numbers: the GNU tar
// manual, "Basic Tar Format". Nothing in a header is believed before its checksum.
#include "base/text.h"
#include "bus/tar.h"
#include "bus/tree_path.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace weft::bus {

namespace tar_reader {

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr std::size_t kNameAt = 0, kNameBytes = 100;
constexpr std::size_t kSizeAt = 124, kSizeBytes = 12;
constexpr std::size_t kChecksumAt = 148, kChecksumBytes = 8;
constexpr std::size_t kTypeAt = 156;
constexpr std::size_t kTargetAt = 157, kTargetBytes = 100;
constexpr std::size_t kMagicAt = 257;
constexpr std::size_t kPrefixAt = 345, kPrefixBytes = 155;

using Header = base::ByteView;

std::string_view text_field(Header header, std::size_t at, std::size_t bytes) {
  const std::string_view field = base::as_text(header.subspan(at, bytes));
  return field.substr(0, field.find('\0'));
}

/// Octal digits between spaces and NULs, or GNU's base-256 (first bit set).
std::optional<std::uint64_t> number_field(Header header, std::size_t at, std::size_t bytes) {
  if ((header[at] & 0x80U) != 0) {
    if (header[at] != 0x80U) {
      return std::nullopt;  // negative, or past 2^88
    }
    for (std::size_t i = at + 1; i + 8 < at + bytes; ++i) {
      if (header[i] != 0) {
        return std::nullopt;
      }
    }
    return base::read_be(header, at + bytes - 8, 8);
  }
  std::uint64_t value = 0;
  for (const char digit : base::trim(text_field(header, at, bytes))) {
    if (digit < '0' || digit > '7') {
      return std::nullopt;
    }
    value = value * 8 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

/// The sum of a header's bytes, eight at a time: 64 words of two bytes a lane stay below 2^16.
std::int64_t unsigned_sum(Header header) {
  constexpr std::uint64_t kLow = 0x00FF00FF00FF00FF;
  std::uint64_t lanes = 0;
  for (std::size_t at = 0; at < kTarBlockBytes; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, header.data() + at, sizeof word);
    lanes += (word & kLow) + (word >> 8 & kLow);
  }
  std::int64_t sum = 0;
  for (; lanes != 0; lanes >>= 16) {
    sum += static_cast<std::int64_t>(lanes & 0xFFFF);
  }
  return sum;
}

/// The checksum is the sum of all bytes, its own field taken as spaces; some old writers summed
/// signed bytes.
bool checksum_holds(Header header) {
  const auto stated = number_field(header, kChecksumAt, kChecksumBytes);
  std::int64_t sum = unsigned_sum(header);
  for (const std::uint8_t byte : header.subspan(kChecksumAt, kChecksumBytes)) {
    sum += ' ' - byte;
  }
  if (!stated || static_cast<std::int64_t>(*stated) == sum) {
    return stated.has_value();
  }
  for (std::size_t i = 0; i < kTarBlockBytes; ++i) {
    const bool is_own = i >= kChecksumAt && i < kChecksumAt + kChecksumBytes;
    sum -= !is_own && header[i] >= 0x80 ? 0x100 : 0;
  }
  return static_cast<std::int64_t>(*stated) == sum;
}

std::string path_of(Header header) {
  const std::string_view name = text_field(header, kNameAt, kNameBytes);
  const std::string_view prefix = text_field(header, kPrefixAt, kPrefixBytes);
  // GNU's own format ("ustar  ") keeps times where ustar has the prefix.
  const bool is_ustar = header[kMagicAt + 5] == 0;
  return is_ustar && !prefix.empty() ? std::string(prefix) + "/" + std::string(name)
                                     : std::string(name);
}

TarEntry::Kind kind_of(char type, std::string_view path) {
  switch (type) {
    case '0':
    case '\0':
    case '7':
      return path.ends_with('/') ? TarEntry::Kind::kDirectory : TarEntry::Kind::kFile;
    case '1':
      return TarEntry::Kind::kHardLink;
    case '2':
      return TarEntry::Kind::kSymbolicLink;
    case '5':
      return TarEntry::Kind::kDirectory;
    default:
      return TarEntry::Kind::kOther;
  }
}

tl::unexpected<base::Error> garbled(const char* what, std::uint64_t offset) {
  return base::fail(base::Code::kDataLoss, std::string(what) + " at byte " +
                                               std::to_string(offset) + " of the unpacked archive");
}

}  // namespace tar_reader

TarReader::TarReader(ByteStream& stream) : stream_(stream), buffer_(tar_reader::kBufferBytes) {}

/// Makes `bytes` (a block at most) stand in the buffer.
base::Result<void> TarReader::fill(std::size_t bytes) {
  if (end_ - begin_ >= bytes) {
    return {};
  }
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  while (end_ < bytes) {
    const auto got = stream_.read(std::span(buffer_).subspan(end_));
    if (!got) {
      return tl::unexpected(got.error());
    }
    if (*got == 0) {
      return tar_reader::garbled("the archive is truncated", offset_ + end_);
    }
    end_ += *got;
  }
  return {};
}

base::Result<void> TarReader::take(std::uint64_t bytes, std::string* into) {
  while (bytes > 0) {
    if (auto filled = fill(1); !filled) {
      return filled;
    }
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, end_ - begin_));
    if (into != nullptr) {
      into->append(reinterpret_cast<const char*>(buffer_.data()) + begin_, part);
    }
    begin_ += part;
    offset_ += part;
    bytes -= part;
    if (offset_ > kUnpackedBytesMax) {
      return base::fail(base::Code::kResourceExhausted, "the archive is larger than 4 GiB");
    }
  }
  return {};
}

base::Result<void> TarReader::skip_rest() {
  const std::uint64_t bytes = std::exchange(content_, 0) + std::exchange(padding_, 0);
  return take(bytes, nullptr);
}

base::Result<void> TarReader::read_content(std::string& content) {
  content.clear();
  return take(std::exchange(content_, 0), &content);
}

/// Records "LENGTH KEY=VALUE\n", LENGTH counting all of it.
base::Result<void> TarReader::read_pax(std::uint64_t bytes) {
  const std::uint64_t offset = offset_;
  std::string records;
  if (auto taken = take(bytes, &records); !taken) {
    return taken;
  }
  std::string_view rest = records;
  while (!rest.empty() && rest.front() != '\0') {
    const std::size_t space = rest.find(' ');
    const auto length = base::parse_unsigned(rest.substr(0, space));
    if (space == std::string_view::npos || !length || *length > rest.size() ||
        *length < space + 2 || rest[*length - 1] != '\n') {
      return tar_reader::garbled("an extended header is garbled", offset);
    }
    const std::string_view record = rest.substr(space + 1, *length - space - 2);
    const std::string_view key = record.substr(0, record.find('='));
    const std::string_view value =
        key.size() < record.size() ? record.substr(key.size() + 1) : std::string_view{};
    if (key == "path") {
      long_path_ = value;
    } else if (key == "linkpath") {
      long_target_ = value;
    } else if (key == "size") {
      long_size_ = base::parse_unsigned(value);
    } else if (key.starts_with("GNU.sparse.")) {
      is_sparse_ = true;
    }
    rest.remove_prefix(*length);
  }
  return {};
}

base::Result<std::optional<TarEntry>> TarReader::next() {
  const auto padding_of = [](std::uint64_t bytes) {
    return (kTarBlockBytes - bytes % kTarBlockBytes) % kTarBlockBytes;
  };
  for (;;) {
    if (auto skipped = skip_rest(); !skipped) {
      return tl::unexpected(skipped.error());
    }
    if (auto filled = fill(kTarBlockBytes); !filled) {
      return tl::unexpected(filled.error());
    }
    const base::ByteView header(buffer_.data() + begin_, kTarBlockBytes);
    if (header[0] == 0 &&
        std::all_of(header.begin(), header.end(), [](std::uint8_t byte) { return byte == 0; })) {
      return std::nullopt;
    }
    const auto size = tar_reader::number_field(header, tar_reader::kSizeAt, tar_reader::kSizeBytes);
    if (!tar_reader::checksum_holds(header) || !size || *size > kUnpackedBytesMax) {
      return tar_reader::garbled("no tar header", offset_);
    }
    const char type = static_cast<char>(header[tar_reader::kTypeAt]);
    TarEntry entry;
    entry.offset = offset_;
    entry.bytes = *size;
    entry.path = tar_reader::path_of(header);
    entry.target = tar_reader::text_field(header, tar_reader::kTargetAt, tar_reader::kTargetBytes);
    begin_ += kTarBlockBytes;
    offset_ += kTarBlockBytes;
    padding_ = padding_of(*size);
    const bool is_extension = type == 'x' || type == 'L' || type == 'K';
    if (is_extension) {
      if (*size > kTarExtensionBytesMax) {
        return tar_reader::garbled("an extended header is longer than 1 MiB", entry.offset);
      }
      if (type == 'x') {
        if (auto read = read_pax(*size); !read) {
          return tl::unexpected(read.error());
        }
        continue;
      }
      std::string text;
      if (auto taken = take(*size, &text); !taken) {
        return tl::unexpected(taken.error());
      }
      text.resize(std::strlen(text.c_str()));
      (type == 'L' ? long_path_ : long_target_) = std::move(text);
      continue;
    }
    if (type == 'g') {
      content_ = *size;
      continue;
    }
    const auto long_path = std::exchange(long_path_, std::nullopt);
    const auto long_target = std::exchange(long_target_, std::nullopt);
    const auto long_size = std::exchange(long_size_, std::nullopt);
    entry.path = long_path.value_or(std::move(entry.path));
    entry.target = long_target.value_or(std::move(entry.target));
    entry.kind = tar_reader::kind_of(type, entry.path);
    if (std::exchange(is_sparse_, false)) {
      entry.kind = TarEntry::Kind::kOther;
    }
    // Links and folders have no content, whatever their size field says (POSIX: it may be set).
    entry.bytes = entry.kind == TarEntry::Kind::kFile || entry.kind == TarEntry::Kind::kOther
                      ? long_size.value_or(entry.bytes)
                      : 0;
    if (entry.bytes > kUnpackedBytesMax) {
      return tar_reader::garbled("no believable size", entry.offset);
    }
    content_ = entry.bytes;
    padding_ = padding_of(entry.bytes);
    return entry;
  }
}

}  // namespace weft::bus
