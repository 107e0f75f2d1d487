// SPDX-License-Identifier: Apache-2.0
// The six data-link-layer bytes of a 256-byte flit. Public: which fields there are (usage, whether
// the prior flit was payload, replay command, 10-bit flit sequence number, four bytes of DLLP).
// Modelled: where they stand - usage in bits 7:6 of byte 0, prior payload in 5, DLLP type in 4,
// replay command in 3:2, sequence number in 1:0 of byte 0 (high) and byte 1, DLLP in bytes 2 to 5.
#pragma once

#include "wire/flit/replay.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace weft::wire::flit {

enum class FlitUsage : std::uint8_t { kIdle = 0, kNop = 1, kPayload = 2, kReserved = 3 };

struct Dlp {
  FlitUsage usage = FlitUsage::kIdle;
  bool prior_was_payload = false;
  bool is_optimised_update = false;  ///< the DLLP is an optimised flow-control update
  ReplayCommand command = ReplayCommand::kExplicit;
  std::uint16_t number = 0;  ///< 10 bits
  std::array<std::uint8_t, 4> dllp{};

  friend bool operator==(const Dlp&, const Dlp&) = default;
};

inline constexpr std::size_t kDlpSize = 6;
/// Numbers are cut to 10 bits.
[[nodiscard]] std::array<std::uint8_t, kDlpSize> encode_dlp(const Dlp& dlp);
/// nullopt unless there are six bytes and the usage is not the reserved one.
[[nodiscard]] std::optional<Dlp> decode_dlp(std::span<const std::uint8_t> bytes);

}  // namespace weft::wire::flit
