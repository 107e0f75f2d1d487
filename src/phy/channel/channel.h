// SPDX-License-Identifier: Apache-2.0
// One link's channel as link analysis wants it: the differential two-port from transmitter to
// receiver and those of its aggressors. Cut out of Touchstone networks by a pair map, or made from
// segments (media/path.h); link/, com/ and eye/ take nothing else.
#pragma once

#include "phy/channel/network.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::phy::channel {

enum class Role : std::uint8_t { kThru, kFext, kNext };
[[nodiscard]] std::string_view key(Role role);  ///< "thru", "fext", "next"

/// One differential two-port: port 0 is the transmitting end of this path, port 1 the victim's
/// receiver. Reference impedance 100 ohm differential.
struct Path {
  Role role = Role::kThru;
  std::string name;  ///< file and pairs that it came from, for reports
  Network sdd;
};

struct Channel {
  Path thru;
  std::vector<Path> aggressors;
  std::vector<std::string> notes =
      {};  ///< what had to be assumed: port order, DC point, frequencies
};

}  // namespace weft::phy::channel
