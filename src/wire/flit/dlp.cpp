// SPDX-License-Identifier: Apache-2.0
#include "wire/flit/dlp.h"

#include <algorithm>

namespace weft::wire::flit {

std::array<std::uint8_t, kDlpSize> encode_dlp(const Dlp& dlp) {
  std::array<std::uint8_t, kDlpSize> bytes{};
  bytes[0] = static_cast<std::uint8_t>(
      static_cast<unsigned>(dlp.usage) << 6U | (dlp.prior_was_payload ? 0x20U : 0U) |
      (dlp.is_optimised_update ? 0x10U : 0U) | static_cast<unsigned>(dlp.command) << 2U |
      (dlp.number >> 8U & 3U));
  bytes[1] = static_cast<std::uint8_t>(dlp.number);
  std::copy(dlp.dllp.begin(), dlp.dllp.end(), bytes.begin() + 2);
  return bytes;
}

std::optional<Dlp> decode_dlp(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != kDlpSize || bytes[0] >> 6U == static_cast<unsigned>(FlitUsage::kReserved)) {
    return std::nullopt;
  }
  Dlp dlp;
  dlp.usage = static_cast<FlitUsage>(bytes[0] >> 6U);
  dlp.prior_was_payload = (bytes[0] & 0x20U) != 0;
  dlp.is_optimised_update = (bytes[0] & 0x10U) != 0;
  dlp.command = static_cast<ReplayCommand>(bytes[0] >> 2U & 3U);
  dlp.number = static_cast<std::uint16_t>((bytes[0] & 3U) << 8U | bytes[1]);
  std::copy(bytes.begin() + 2, bytes.end(), dlp.dllp.begin());
  return dlp;
}

}  // namespace weft::wire::flit
