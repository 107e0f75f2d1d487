// SPDX-License-Identifier: Apache-2.0
// Many hosts as one fabric. Each host sees its own devices and, of a link that leaves it, one end;
// here both ends come together, under the plan's names where a rack file is given and a device is
// recognised (fabric/match.h: keys, serials, names, ports), else under the hosts' own. Everything
// the judgement says of links, ends and parts is said of this fabric. What cannot be joined stays
// as it was seen: a half link whose far end nobody tells is a link with a null end.
#pragma once

#include "fabric/model.h"
#include "observe/snapshot.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace weft::diagnose {

/// A snapshot's link in the joint fabric. `is_turned`: its end a is the joint link's end b.
struct JointLink {
  fabric::LinkId link;
  bool is_turned = false;
};

class Joint {
 public:
  /// Without a plan hosts are joined by what they tell of each other (NVLink's remote address,
  /// LLDP, module serials of both cable ends) and nothing else.
  explicit Joint(const fabric::Fabric* plan = nullptr);

  /// Takes a host's fabric in, or again after it changed. Returns whether anything is new.
  bool take(const observe::Snapshot& snapshot);

  [[nodiscard]] const fabric::Fabric& fabric() const { return fabric_; }
  /// nullopt for ids that were never taken in.
  [[nodiscard]] std::optional<JointLink> link(fabric::LinkId seen) const;
  [[nodiscard]] std::optional<fabric::PortId> port(fabric::PortId seen) const;
  [[nodiscard]] std::optional<fabric::DeviceId> device(fabric::DeviceId seen) const;
  /// The seen subject in terms of the joint fabric; itself where it was never taken in.
  [[nodiscard]] observe::Subject subject(const observe::Subject& seen) const;
  /// The part at a place now: from the device, or from the module plugged at a port.
  [[nodiscard]] const fabric::PartIdentity* part(fabric::DeviceId device) const;
  [[nodiscard]] const fabric::PartIdentity* module_at(fabric::PortId port) const;
  /// What was in the plan and never seen, and what was seen and is not planned, in words.
  [[nodiscard]] std::vector<std::string> unmatched() const;

 private:
  const fabric::Fabric* plan_;
  fabric::Fabric fabric_;
  std::unordered_map<fabric::LinkId, JointLink> links_;
  std::unordered_map<fabric::PortId, fabric::PortId> ports_;
  std::unordered_map<fabric::DeviceId, fabric::DeviceId> devices_;
  std::unordered_map<fabric::PortId, fabric::PartIdentity> modules_;
};

}  // namespace weft::diagnose
