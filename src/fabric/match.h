// SPDX-License-Identifier: Apache-2.0
// A plan against a machine: which planned device is which live one, and what each live link is
// expected to run. A planned device is found by its `match` keys (rack file), else by its serial,
// else by its name. diff.h uses it. A live device's name is its address ("0000:1b:00.0", as driver/
// names it, with the host's name as its parent) or "HOST/ADDRESS".
#pragma once

#include "fabric/model.h"

#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::fabric {

/// Whether a live part number is the planned one. A PCI function says
/// "VENDOR:DEVICE/SUBVENDOR:SUBDEVICE" in hexadecimal, and a plan may leave out what follows the
/// slash; nullopt where the two cannot be compared (one is such an identity, the other a maker's
/// number; or one is empty).
[[nodiscard]] std::optional<bool> is_same_part(std::string_view planned, std::string_view live);

/// Whether a live device answers every key that is not empty; false where all are.
/// host: its parent, or the first part of its name; bdf: the last part of its name (the domain 0000
/// may be left out); serial: part serial; slot: part slot or position slot; part: is_same_part.
[[nodiscard]] bool answers(const MatchKeys& keys, const Device& live);

/// Planned device -> live device. A planned device that answers to several live ones, or shares one
/// with another planned device, is left out: it is not known which it is.
[[nodiscard]] std::map<DeviceId, DeviceId> match_devices(const Fabric& plan, const Fabric& live);

/// What the plan says about one live link.
struct ExpectedLink {
  LinkId planned;
  std::optional<LinkId> live;  ///< absent: an end is there, but no link of it fits
  ProtocolId protocol{};
  base::LaneCount lanes;
};

/// For each planned link of which an end was found: the live link between both found ends, else the
/// only live link of the planned protocol's family at the one found end. In the plan's order.
[[nodiscard]] std::vector<ExpectedLink> expected_links(const Fabric& plan, const Fabric& live);

}  // namespace weft::fabric
