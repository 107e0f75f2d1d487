// SPDX-License-Identifier: Apache-2.0
// Firmware of a modelled module: the image file that its CDB takes, and the two banks it lives in.
// The image's format is ours (no public one exists): 64 bytes of header, most significant byte
// first: "WEFTCMIS", major, minor, build (2), length of the body (4), CRC-32 of the body (4),
// zeros; then the body.
#pragma once

#include "base/bytes.h"
#include "twin/world/archive.h"
#include "wire/cmis/cdb.h"

#include <array>
#include <cstdint>
#include <optional>

namespace weft::twin::cable_module {

inline constexpr std::size_t kImageHeader = 64;
inline constexpr std::uint32_t kImageBodyMax = 4U << 20;

struct ImageHeader {
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t build = 0;
  std::uint32_t length = 0;
  std::uint32_t crc = 0;
  void exchange(Archive& archive) { archive.fields(major, minor, build, length, crc); }
};
/// nullopt where it is no image of ours.
[[nodiscard]] std::optional<ImageHeader> decode_image_header(base::ByteView bytes);
/// A whole image file with a body of `body` bytes, made from the version: for tests and demos.
[[nodiscard]] base::Bytes make_image(std::uint8_t major, std::uint8_t minor, std::uint16_t build,
                                     std::uint32_t body);
/// CRC-32 of IEEE 802.3, continued from `crc` (0 at the start).
[[nodiscard]] std::uint32_t crc32(base::ByteView bytes, std::uint32_t crc = 0);

struct FirmwareBank {
  bool is_valid = false;
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t build = 0;
  void exchange(Archive& archive) { archive.fields(is_valid, major, minor, build); }
};

/// A download in progress: where its blocks go and what came so far.
struct Download {
  bool is_active = false;
  ImageHeader header;
  base::Bytes body;
  std::uint32_t received = 0;  ///< bytes written, in order
  void exchange(Archive& archive) { archive.fields(is_active, header, body, received); }
};

struct Firmware {
  std::array<FirmwareBank, 2> banks = {};
  std::uint8_t running = 0;
  std::uint8_t committed = 0;
  Download download;
  [[nodiscard]] const FirmwareBank& active() const { return banks.at(running & 1U); }
  [[nodiscard]] const FirmwareBank& inactive() const { return banks.at(1U - (running & 1U)); }
  [[nodiscard]] FirmwareBank& inactive() { return banks.at(1U - (running & 1U)); }
  [[nodiscard]] wire::cmis::FirmwareInfo info() const;
  void exchange(Archive& archive) { archive.fields(banks, running, committed, download); }

  /// Bytes of one block; false where they lie outside the image.
  [[nodiscard]] bool write(std::uint32_t address, base::ByteView block);
  /// Checks the whole body; the idle bank becomes valid, or stays invalid.
  [[nodiscard]] bool complete();
};

}  // namespace weft::twin::cable_module
