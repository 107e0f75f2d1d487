// SPDX-License-Identifier: Apache-2.0
// A plan against a machine: which planned device is which live one, and what each live link is
// expected to run. A planned device is found by its `match` keys (rack file), else by its serial,
// else by its name. diff.h uses it. A live device's name is its address ("0000:1b:00.0", as driver/
// names it, with the host's name as its parent) or "HOST/ADDRESS".
#pragma once

#include "fabric/model.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::fabric {

/// Whether a live part number is the planned one. A PCI function says
/// "VENDOR:DEVICE/SUBVENDOR:SUBDEVICE" in hexadecimal, and a plan may leave out what follows the
/// slash; nullopt where the two cannot be compared (one is such an identity, the other a maker's
/// number; or one is empty).
[[nodiscard]] std::optional<bool> is_same_part(std::string_view planned, std::string_view live);

/// Whether a live device answers every key that is not empty; false where all are.
/// host: its parent, or the first part of its name; bdf: the last part of its name (the domain 0000
/// may be left out), or, where no bdf is given, one of the addresses; serial: part serial; slot:
/// part slot or position slot; part: is_same_part.
[[nodiscard]] bool answers(const MatchKeys& keys, const Device& live);

/// Planned device -> live device. A planned device that answers to several live ones, or shares one
/// with another planned device, is left out: it is not known which it is.
[[nodiscard]] std::map<DeviceId, DeviceId> match_devices(const Fabric& plan, const Fabric& live);

/// A machine in the plan's terms; what is not in a map is not planned, or not known which it is.
struct Located {
  struct LinkEnd {
    LinkId planned;
    bool is_turned = false;  ///< the live link's end a is the planned link's end b
  };
  std::unordered_map<DeviceId, DeviceId> devices;  ///< live -> planned; several may be one
  std::unordered_map<PortId, PortId> ports;        ///< live -> planned
  std::unordered_map<LinkId, LinkEnd> links;       ///< live -> planned; both ends' half links
};

/// A plan made ready to recognise many machines. The plan must outlive it, its match tables
/// unchanged.
///
/// A live device is (a part of) a planned one by the planned one's bdf and addresses, else by its
/// other keys, serial or name as match_devices() has it. A live port is the planned one that
/// `match_port` calls so, else the one of the same name on its device, else the only one of its
/// family that is left on both. A live link is the planned link at its ends' ports; where those are
/// not known, the only one that joins the same devices, or is of that family at the one found.
class Locator {
 public:
  explicit Locator(const Fabric& plan);
  /// @param host the machine's host name; empty: that of each device's parent
  [[nodiscard]] Located locate(const Fabric& live, std::string_view host = {}) const;

 private:
  friend struct LocatorRun;
  const Fabric* plan_;
  std::unordered_map<std::string, std::vector<const Device*>> by_host_;  ///< "" where any will do
  std::unordered_map<DeviceId, std::vector<const Link*>> links_of_;
};

/// What the plan says about one live link.
struct ExpectedLink {
  LinkId planned;
  std::optional<LinkId> live;  ///< absent: an end is there, but no link of it fits
  ProtocolId protocol{};
  base::LaneCount lanes;
};

/// For each planned link of which an end was found: the live link that Locator finds, else the one
/// between both found ends, else the only live link of the planned protocol's family at the one
/// found end. In the plan's order.
[[nodiscard]] std::vector<ExpectedLink> expected_links(const Fabric& plan, const Fabric& live);

}  // namespace weft::fabric
