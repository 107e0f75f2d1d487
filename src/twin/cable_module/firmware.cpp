// SPDX-License-Identifier: Apache-2.0
#include "twin/cable_module/firmware.h"

#include <algorithm>
#include <string_view>

namespace weft::twin::cable_module {
namespace module_firmware {

constexpr std::string_view kMagic = "WEFTCMIS";

void put(base::Bytes& out, std::uint64_t value, unsigned width) {
  for (unsigned i = width; i-- > 0;) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table = {};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1) != 0 ? 0xEDB88320U ^ value >> 1 : value >> 1;
    }
    table.at(i) = value;
  }
  return table;
}

}  // namespace module_firmware

std::uint32_t crc32(base::ByteView bytes, std::uint32_t crc) {
  static constexpr auto kTable = module_firmware::make_table();
  crc = ~crc;
  for (const std::uint8_t byte : bytes) {
    crc = kTable[(crc ^ byte) & 0xFF] ^ crc >> 8;
  }
  return ~crc;
}

std::optional<ImageHeader> decode_image_header(base::ByteView bytes) {
  using namespace module_firmware;
  if (bytes.size() < kImageHeader || base::as_text(bytes.first(kMagic.size())) != kMagic) {
    return std::nullopt;
  }
  return ImageHeader{.major = bytes[8],
                     .minor = bytes[9],
                     .build = static_cast<std::uint16_t>(base::read_be(bytes, 10, 2).value_or(0)),
                     .length = static_cast<std::uint32_t>(base::read_be(bytes, 12, 4).value_or(0)),
                     .crc = static_cast<std::uint32_t>(base::read_be(bytes, 16, 4).value_or(0))};
}

base::Bytes make_image(std::uint8_t major, std::uint8_t minor, std::uint16_t build,
                       std::uint32_t body) {
  using namespace module_firmware;
  base::Bytes content(body);
  std::uint32_t state =
      static_cast<std::uint32_t>(major) << 24 | static_cast<std::uint32_t>(minor) << 16 | build;
  for (auto& byte : content) {
    state = state * 1664525U + 1013904223U;  // Numerical Recipes' generator: any bytes will do
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  base::Bytes out(kMagic.begin(), kMagic.end());
  put(out, major, 1);
  put(out, minor, 1);
  put(out, build, 2);
  put(out, body, 4);
  put(out, crc32(content), 4);
  out.resize(kImageHeader);
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

wire::cmis::FirmwareInfo Firmware::info() const {
  wire::cmis::FirmwareInfo info;
  for (std::size_t i = 0; i < banks.size(); ++i) {
    const auto& bank = banks.at(i);
    info.images.at(i) = {.is_running = running == i,
                         .is_committed = committed == i,
                         .is_valid = bank.is_valid,
                         .is_present = bank.is_valid,
                         .major = bank.major,
                         .minor = bank.minor,
                         .build = bank.build};
  }
  return info;
}

bool Firmware::write(std::uint32_t address, base::ByteView block) {
  if (!download.is_active || address > download.body.size() ||
      block.size() > download.body.size() - address) {
    return false;
  }
  std::ranges::copy(block, download.body.begin() + static_cast<std::ptrdiff_t>(address));
  if (address == download.received) {
    download.received += static_cast<std::uint32_t>(block.size());
  }
  return true;
}

bool Firmware::complete() {
  const bool is_good = download.is_active && download.received == download.body.size() &&
                       crc32(download.body) == download.header.crc;
  if (is_good) {
    inactive() = {.is_valid = true,
                  .major = download.header.major,
                  .minor = download.header.minor,
                  .build = download.header.build};
  }
  download = {};
  return is_good;
}

}  // namespace weft::twin::cable_module
