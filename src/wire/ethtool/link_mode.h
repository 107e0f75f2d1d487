// SPDX-License-Identifier: Apache-2.0
// The table of Ethernet link modes: what each bit of an ethtool link-mode bit set means. Source:
// enum ethtool_link_mode_bit_indices of linux/ethtool.h (uapi), bits 0 to 124; names as the kernel
// prints them, lanes as the reach letters and their number say (IEEE 802.3).
#pragma once

#include "base/units.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace weft::wire::ethtool {

/// What kind of thing a bit stands for.
enum class LinkModeKind : std::uint8_t {
  kLink,      ///< a speed over a medium
  kPort,      ///< a connector: TP, FIBRE, Backplane, …
  kFec,       ///< FEC None, RS, BASER, LLRS
  kProperty,  ///< Autoneg, Pause, Asym_Pause, 10000baseR_FEC
};

/// The medium that the mode's letters name.
enum class LinkModeMedium : std::uint8_t {
  kNone,
  kTwistedPair,
  kCopperCable,  ///< CR
  kBackplane,    ///< KR, KX
  kMultimode,    ///< SR, VR
  kSinglemode,   ///< LR, ER, FR, DR
  kUnspecified,  ///< X, FX, MLD2: the letters do not say
};
[[nodiscard]] std::string_view key(LinkModeMedium medium);

struct LinkMode {
  std::uint16_t bit = 0;
  std::string_view name;  ///< "400000baseCR4/Full"
  LinkModeKind kind = LinkModeKind::kLink;
  std::uint32_t speed_mbps = 0;  ///< Mb/s of the whole link; 0 where the bit is no link
  base::LaneCount lanes;         ///< 0 where the bit is no link
  bool is_full_duplex = true;
  LinkModeMedium medium = LinkModeMedium::kNone;
};

/// Every known mode, in bit order without gaps.
[[nodiscard]] std::span<const LinkMode> link_modes();
/// nullptr where the bit is not known.
[[nodiscard]] const LinkMode* link_mode(std::uint32_t bit);

inline constexpr std::uint32_t kFecNoneBit = 49;
inline constexpr std::uint32_t kFecRsBit = 50;
inline constexpr std::uint32_t kFecBaseRBit = 51;
inline constexpr std::uint32_t kFecLlrsBit = 74;

/// "none", "RS", "BASE-R", "LLRS" for a FEC bit; empty for any other.
[[nodiscard]] std::string_view fec_name(std::uint32_t bit);

}  // namespace weft::wire::ethtool
