// SPDX-License-Identifier: Apache-2.0
// Walks the two capability lists of a configuration space: from 34h (14h on CardBus bridges) and
// from 100h. function.cpp and decode.cpp both stand on it, so a hostile list is met in one place:
// loops, pointers out of range or misaligned, all ones and truncated reads end the list and are
// told as problems.
#pragma once

#include "wire/pcie/registers.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weft::wire::pcie {

/// One entry of a list. For kDvsec, `id` is the DVSEC id and `version` its revision.
struct CapabilityAt {
  Kind kind = Kind::kStandard;
  std::uint16_t id = 0;
  std::uint16_t vendor = 0;
  std::uint16_t offset = 0;
  std::uint16_t next = 0;    ///< as the list says; 0 ends it
  std::uint8_t version = 0;  ///< extended and DVSEC only
};

/// 48 fit between 40h and FFh; 960 between 100h and FFFh.
inline constexpr std::size_t kStandardCapabilitiesMax = 48;
inline constexpr std::size_t kExtendedCapabilitiesMax = 960;

struct Walk {
  std::vector<CapabilityAt> capabilities;  ///< in list order, standard first
  std::vector<std::string> problems;       ///< "capability list loops at 0x50", in order
  std::uint8_t header_type = 0;            ///< 7 bits
  bool answers = false;                    ///< false: not even a vendor id, or all ones
};

/// Never fails; a config shorter than 64 bytes gives a problem and no capability. Exactly 64 bytes
/// (what Linux gives without privilege) end the list silently: what is past them is not known.
[[nodiscard]] Walk walk(base::ByteView config);

/// The context in which the tables of `at` are read, given what the other capabilities say.
[[nodiscard]] Context context_of(base::ByteView config, const Walk& walk, const CapabilityAt& at);

}  // namespace weft::wire::pcie
