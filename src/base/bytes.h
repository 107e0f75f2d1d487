// SPDX-License-Identifier: Apache-2.0
// Bounded little- and big-endian reads and writes over spans of bytes from outside. A read past the
// end is nullopt, never undefined behaviour; decoders in wire/ build on these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace weft::base {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// `width` bytes (1 to 8) at `offset`, least significant first; nullopt past the end.
[[nodiscard]] inline std::optional<std::uint64_t> read_le(ByteView bytes, std::size_t offset,
                                                          std::size_t width) {
  if (width > 8 || offset > bytes.size() || bytes.size() - offset < width) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) {
    value = value << 8 | bytes[offset + i];
  }
  return value;
}

/// `width` bytes (1 to 8) at `offset`, most significant first; nullopt past the end.
[[nodiscard]] inline std::optional<std::uint64_t> read_be(ByteView bytes, std::size_t offset,
                                                          std::size_t width) {
  if (width > 8 || offset > bytes.size() || bytes.size() - offset < width) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    value = value << 8 | bytes[offset + i];
  }
  return value;
}

/// Writes the low `width` bytes of `value` at `offset`, least significant first; false past the
/// end.
inline bool write_le(std::span<std::uint8_t> bytes, std::size_t offset, std::size_t width,
                     std::uint64_t value) {
  if (width > 8 || offset > bytes.size() || bytes.size() - offset < width) {
    return false;
  }
  for (std::size_t i = 0; i < width; ++i) {
    bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  return true;
}

}  // namespace weft::base
