// SPDX-License-Identifier: Apache-2.0
// Who a retimer is, apart from its registers: its eFuse (chip, lot, part, the calibration of its
// temperature sensors) and its SMBus ARP identity at 0x61. Facts: the vendor's SDK (aries_misc.c,
// aries_i2c.c) and SMBus 3.2 clause 6.6. Reading fuses sets a clock and an address register, which
// are put back; the ARP functions change the state of every ARP device on the segment, so that
// nothing calls them on a live machine unless a person asked for it.
#pragma once

#include "driver/retimer_bus.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::driver {

struct RetimerFuses {
  std::array<std::uint8_t, 12> chip_id{};
  std::array<std::uint8_t, 6> lot{};
  /// "PT5161L"; empty where the code is none of the known ones. Nothing public says where a part
  /// keeps this code: the place is modelled, so trust the kernel's name before it.
  std::string_view part;
  bool is_calibrated = false;                   ///< false: every code below is the default, 84
  std::array<std::uint8_t, 4> calibration_a{};  ///< of the slices 0 to 3
  std::array<std::uint8_t, 4> calibration_b{};

  [[nodiscard]] bool is_x8() const {
    return part.substr(0, 5) == "PT508" || part.ends_with("080L");
  }
  /// By which registers of the whole device are read: of all slices, or of an x8 part's two.
  [[nodiscard]] std::uint8_t mean_calibration() const;
  [[nodiscard]] std::string serial() const;  ///< the chip in hexadecimal
};

/// About 105 transactions; fuses never change, so that one reading serves for good.
[[nodiscard]] base::Result<RetimerFuses> read_fuses(RetimerBus& retimer);

inline constexpr std::uint8_t kArpDefaultAddress = 0x61;

/// What a device that has no address yet says of itself.
struct RetimerUdid {
  std::array<std::uint8_t, 16> udid{};
  std::uint16_t vendor = 0;  ///< 0x1DFA for these parts
  std::uint8_t address = 0;  ///< 7 bits; 0x7F: none yet
};

/// Prepare to ARP, then Get UDID. kNotFound where nobody at 0x61 answers: firmware that is loaded
/// takes no part in ARP and has its strapped address.
[[nodiscard]] base::Result<RetimerUdid> find_by_arp(bus::Smbus& bus);
/// Assign Address. kInvalidArgument for an address that SMBus reserves.
base::Result<void> assign_by_arp(bus::Smbus& bus, const RetimerUdid& who, std::uint8_t address);

}  // namespace weft::driver
