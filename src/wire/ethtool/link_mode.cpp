// SPDX-License-Identifier: Apache-2.0
// The link-mode table itself. One row for each bit, in bit order; link_mode_test.cpp holds it
// against Debian's linux/ethtool.h and the arithmetic of names.
#include "wire/ethtool/link_mode.h"

#include <array>

namespace weft::wire::ethtool {
namespace link_mode_table {

using enum LinkModeKind;
using enum LinkModeMedium;

constexpr LinkMode link(std::uint16_t bit, std::string_view name, std::uint32_t speed_mbps,
                        std::uint32_t lanes, LinkModeMedium medium) {
  return {bit, name, kLink, speed_mbps, base::LaneCount(lanes), !name.ends_with("/Half"), medium};
}
constexpr LinkMode other(std::uint16_t bit, std::string_view name, LinkModeKind kind) {
  return {bit, name, kind, 0, base::LaneCount(0), true, kNone};
}

constexpr std::array kModes = {
    link(0, "10baseT/Half", 10, 1, kTwistedPair),
    link(1, "10baseT/Full", 10, 1, kTwistedPair),
    link(2, "100baseT/Half", 100, 1, kTwistedPair),
    link(3, "100baseT/Full", 100, 1, kTwistedPair),
    link(4, "1000baseT/Half", 1000, 1, kTwistedPair),
    link(5, "1000baseT/Full", 1000, 1, kTwistedPair),
    other(6, "Autoneg", kProperty),
    other(7, "TP", kPort),
    other(8, "AUI", kPort),
    other(9, "MII", kPort),
    other(10, "FIBRE", kPort),
    other(11, "BNC", kPort),
    link(12, "10000baseT/Full", 10000, 1, kTwistedPair),
    other(13, "Pause", kProperty),
    other(14, "Asym_Pause", kProperty),
    link(15, "2500baseX/Full", 2500, 1, kUnspecified),
    other(16, "Backplane", kPort),
    link(17, "1000baseKX/Full", 1000, 1, kBackplane),
    link(18, "10000baseKX4/Full", 10000, 4, kBackplane),
    link(19, "10000baseKR/Full", 10000, 1, kBackplane),
    other(20, "10000baseR_FEC", kProperty),
    link(21, "20000baseMLD2/Full", 20000, 2, kUnspecified),
    link(22, "20000baseKR2/Full", 20000, 2, kBackplane),
    link(23, "40000baseKR4/Full", 40000, 4, kBackplane),
    link(24, "40000baseCR4/Full", 40000, 4, kCopperCable),
    link(25, "40000baseSR4/Full", 40000, 4, kMultimode),
    link(26, "40000baseLR4/Full", 40000, 4, kSinglemode),
    link(27, "56000baseKR4/Full", 56000, 4, kBackplane),
    link(28, "56000baseCR4/Full", 56000, 4, kCopperCable),
    link(29, "56000baseSR4/Full", 56000, 4, kMultimode),
    link(30, "56000baseLR4/Full", 56000, 4, kSinglemode),
    link(31, "25000baseCR/Full", 25000, 1, kCopperCable),
    link(32, "25000baseKR/Full", 25000, 1, kBackplane),
    link(33, "25000baseSR/Full", 25000, 1, kMultimode),
    link(34, "50000baseCR2/Full", 50000, 2, kCopperCable),
    link(35, "50000baseKR2/Full", 50000, 2, kBackplane),
    link(36, "100000baseKR4/Full", 100000, 4, kBackplane),
    link(37, "100000baseSR4/Full", 100000, 4, kMultimode),
    link(38, "100000baseCR4/Full", 100000, 4, kCopperCable),
    link(39, "100000baseLR4_ER4/Full", 100000, 4, kSinglemode),
    link(40, "50000baseSR2/Full", 50000, 2, kMultimode),
    link(41, "1000baseX/Full", 1000, 1, kUnspecified),
    link(42, "10000baseCR/Full", 10000, 1, kCopperCable),
    link(43, "10000baseSR/Full", 10000, 1, kMultimode),
    link(44, "10000baseLR/Full", 10000, 1, kSinglemode),
    link(45, "10000baseLRM/Full", 10000, 1, kMultimode),
    link(46, "10000baseER/Full", 10000, 1, kSinglemode),
    link(47, "2500baseT/Full", 2500, 1, kTwistedPair),
    link(48, "5000baseT/Full", 5000, 1, kTwistedPair),
    other(49, "None", kFec),
    other(50, "RS", kFec),
    other(51, "BASER", kFec),
    link(52, "50000baseKR/Full", 50000, 1, kBackplane),
    link(53, "50000baseSR/Full", 50000, 1, kMultimode),
    link(54, "50000baseCR/Full", 50000, 1, kCopperCable),
    link(55, "50000baseLR_ER_FR/Full", 50000, 1, kSinglemode),
    link(56, "50000baseDR/Full", 50000, 1, kSinglemode),
    link(57, "100000baseKR2/Full", 100000, 2, kBackplane),
    link(58, "100000baseSR2/Full", 100000, 2, kMultimode),
    link(59, "100000baseCR2/Full", 100000, 2, kCopperCable),
    link(60, "100000baseLR2_ER2_FR2/Full", 100000, 2, kSinglemode),
    link(61, "100000baseDR2/Full", 100000, 2, kSinglemode),
    link(62, "200000baseKR4/Full", 200000, 4, kBackplane),
    link(63, "200000baseSR4/Full", 200000, 4, kMultimode),
    link(64, "200000baseLR4_ER4_FR4/Full", 200000, 4, kSinglemode),
    link(65, "200000baseDR4/Full", 200000, 4, kSinglemode),
    link(66, "200000baseCR4/Full", 200000, 4, kCopperCable),
    link(67, "100baseT1/Full", 100, 1, kTwistedPair),
    link(68, "1000baseT1/Full", 1000, 1, kTwistedPair),
    link(69, "400000baseKR8/Full", 400000, 8, kBackplane),
    link(70, "400000baseSR8/Full", 400000, 8, kMultimode),
    link(71, "400000baseLR8_ER8_FR8/Full", 400000, 8, kSinglemode),
    link(72, "400000baseDR8/Full", 400000, 8, kSinglemode),
    link(73, "400000baseCR8/Full", 400000, 8, kCopperCable),
    other(74, "LLRS", kFec),
    link(75, "100000baseKR/Full", 100000, 1, kBackplane),
    link(76, "100000baseSR/Full", 100000, 1, kMultimode),
    link(77, "100000baseLR_ER_FR/Full", 100000, 1, kSinglemode),
    link(78, "100000baseCR/Full", 100000, 1, kCopperCable),
    link(79, "100000baseDR/Full", 100000, 1, kSinglemode),
    link(80, "200000baseKR2/Full", 200000, 2, kBackplane),
    link(81, "200000baseSR2/Full", 200000, 2, kMultimode),
    link(82, "200000baseLR2_ER2_FR2/Full", 200000, 2, kSinglemode),
    link(83, "200000baseDR2/Full", 200000, 2, kSinglemode),
    link(84, "200000baseCR2/Full", 200000, 2, kCopperCable),
    link(85, "400000baseKR4/Full", 400000, 4, kBackplane),
    link(86, "400000baseSR4/Full", 400000, 4, kMultimode),
    link(87, "400000baseLR4_ER4_FR4/Full", 400000, 4, kSinglemode),
    link(88, "400000baseDR4/Full", 400000, 4, kSinglemode),
    link(89, "400000baseCR4/Full", 400000, 4, kCopperCable),
    link(90, "100baseFX/Half", 100, 1, kUnspecified),
    link(91, "100baseFX/Full", 100, 1, kUnspecified),
    link(92, "10baseT1L/Full", 10, 1, kTwistedPair),
    link(93, "800000baseCR8/Full", 800000, 8, kCopperCable),
    link(94, "800000baseKR8/Full", 800000, 8, kBackplane),
    link(95, "800000baseDR8/Full", 800000, 8, kSinglemode),
    link(96, "800000baseDR8_2/Full", 800000, 8, kSinglemode),
    link(97, "800000baseSR8/Full", 800000, 8, kMultimode),
    link(98, "800000baseVR8/Full", 800000, 8, kMultimode),
    link(99, "10baseT1S/Full", 10, 1, kTwistedPair),
    link(100, "10baseT1S/Half", 10, 1, kTwistedPair),
    link(101, "10baseT1S_P2MP/Half", 10, 1, kTwistedPair),
    link(102, "10baseT1BRR/Full", 10, 1, kTwistedPair),
    link(103, "200000baseCR/Full", 200000, 1, kCopperCable),
    link(104, "200000baseKR/Full", 200000, 1, kBackplane),
    link(105, "200000baseDR/Full", 200000, 1, kSinglemode),
    link(106, "200000baseDR_2/Full", 200000, 1, kSinglemode),
    link(107, "200000baseSR/Full", 200000, 1, kMultimode),
    link(108, "200000baseVR/Full", 200000, 1, kMultimode),
    link(109, "400000baseCR2/Full", 400000, 2, kCopperCable),
    link(110, "400000baseKR2/Full", 400000, 2, kBackplane),
    link(111, "400000baseDR2/Full", 400000, 2, kSinglemode),
    link(112, "400000baseDR2_2/Full", 400000, 2, kSinglemode),
    link(113, "400000baseSR2/Full", 400000, 2, kMultimode),
    link(114, "400000baseVR2/Full", 400000, 2, kMultimode),
    link(115, "800000baseCR4/Full", 800000, 4, kCopperCable),
    link(116, "800000baseKR4/Full", 800000, 4, kBackplane),
    link(117, "800000baseDR4/Full", 800000, 4, kSinglemode),
    link(118, "800000baseDR4_2/Full", 800000, 4, kSinglemode),
    link(119, "800000baseSR4/Full", 800000, 4, kMultimode),
    link(120, "800000baseVR4/Full", 800000, 4, kMultimode),
    link(121, "1600000baseCR8/Full", 1600000, 8, kCopperCable),
    link(122, "1600000baseKR8/Full", 1600000, 8, kBackplane),
    link(123, "1600000baseDR8/Full", 1600000, 8, kSinglemode),
    link(124, "1600000baseDR8_2/Full", 1600000, 8, kSinglemode),
};

}  // namespace link_mode_table

using link_mode_table::kModes;

std::string_view key(LinkModeMedium medium) {
  static constexpr std::array<std::string_view, 7> kKeys = {
      "none",      "twisted_pair", "copper_cable", "backplane",
      "multimode", "singlemode",   "unspecified"};
  return kKeys.at(static_cast<std::size_t>(medium));
}

std::span<const LinkMode> link_modes() {
  return kModes;
}

const LinkMode* link_mode(std::uint32_t bit) {
  return bit < kModes.size() ? &kModes[bit] : nullptr;
}

std::string_view fec_name(std::uint32_t bit) {
  switch (bit) {
    case kFecNoneBit:
      return "none";
    case kFecRsBit:
      return "RS";
    case kFecBaseRBit:
      return "BASE-R";
    case kFecLlrsBit:
      return "LLRS";
    default:
      return {};
  }
}

}  // namespace weft::wire::ethtool
