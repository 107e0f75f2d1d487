// SPDX-License-Identifier: Apache-2.0
// Many hosts as one fabric. Each host sees its own devices and, of a link that leaves it, one end;
// here both ends come together, under the plan's names where a rack file is given and a device is
// recognised (fabric/match.h: keys, serials, names, ports), else under the hosts' own. Everything
// the judgement says of links, ends and parts is said of this fabric. What cannot be joined stays
// as it was seen: a half link whose far end nobody tells is a link with a null end.
#pragma once

#include "fabric/match.h"
#include "fabric/model.h"
#include "observe/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace weft::diagnose {

/// A snapshot's link in the joint fabric. `is_turned`: its end a is the joint link's end b.
struct JointLink {
  fabric::LinkId link;
  bool is_turned = false;
};

/// What stands on a link's way between its ends.
struct Repeater {
  fabric::DeviceId device;  ///< null: the end of a cable or optics that the plan does not name
  bool is_module = false;   ///< plugged at an end: cable end or optics
  bool retimes = true;      ///< decides bits anew; passive copper and linear optics do not
  std::size_t segment = 0;  ///< it ends this segment of the link (an unnamed one: lies in it)
};

/// What a receiver hears: which stretch between repeaters, and which way bits go there.
struct Heard {
  fabric::LinkId link;
  std::size_t section = 0;  ///< 0 at end a; one more than repeaters() has
  fabric::LaneDirection direction = fabric::LaneDirection::kTowardDevice;
};

class Joint {
 public:
  /// Without a plan hosts are joined by what they tell of each other (NVLink's remote address,
  /// LLDP, module serials of both cable ends) and nothing else.
  explicit Joint(const fabric::Fabric* plan = nullptr);

  /// Takes a host's fabric in, or again after it changed. Returns whether anything is new.
  bool take(const observe::Snapshot& snapshot);
  /// Takes what an incident file or an import knows: names are joined with the plan's.
  bool take(const fabric::Fabric& known);

  [[nodiscard]] const fabric::Fabric& fabric() const { return fabric_; }
  /// nullopt for ids that were never taken in.
  [[nodiscard]] std::optional<JointLink> link(fabric::LinkId seen) const;
  [[nodiscard]] std::optional<fabric::PortId> port(fabric::PortId seen) const;
  [[nodiscard]] std::optional<fabric::DeviceId> device(fabric::DeviceId seen) const;
  /// The seen subject in terms of the joint fabric; itself where it was never taken in.
  [[nodiscard]] observe::Subject subject(const observe::Subject& seen) const;
  /// What the plan calls the seen subject; empty where it plans nothing there.
  [[nodiscard]] std::string planned_name(const observe::Subject& seen) const;
  /// The part at a place now: from the device, or from the module plugged at a port.
  [[nodiscard]] const fabric::PartIdentity* part(fabric::DeviceId device) const;
  [[nodiscard]] const fabric::PartIdentity* module_at(fabric::PortId port) const;
  /// What was in the plan and never seen, and what was seen and is not planned, in words.
  [[nodiscard]] std::vector<std::string> unmatched() const;

  /// Retimers and module ends of a joint link, in order from its end a.
  [[nodiscard]] std::vector<Repeater> repeaters(fabric::LinkId link) const;
  /// The link whose way this retimer or module divides.
  [[nodiscard]] std::optional<fabric::LinkId> link_through(fabric::DeviceId repeater) const;
  /// What the receiver hears that a sample (subject in joint terms) speaks of: a port's own; a
  /// retimer's by its label ("upstream.3", "downstream.3"); a plugged module's by its label
  /// ("host 0 current": from the port; "media 0 current", light: from the far end). nullopt for
  /// what is no receiver's, or where the plan does not say.
  [[nodiscard]] std::optional<Heard> heard(const observe::Subject& subject, observe::Metric metric,
                                           std::string_view label) const;

 private:
  struct Pending;
  bool is_known(const observe::Snapshot& snapshot) const;
  bool merge(const fabric::Fabric& live, const std::string& host, Pending& pending);
  bool take_device(const fabric::Device& live, const std::string& host,
                   const fabric::Located& located);
  void take_port(const fabric::Port& live, const fabric::Located& located);
  bool take_link(const fabric::Link& live, const std::string& host, const fabric::Located& located,
                 const std::vector<std::string>& meetings);
  void take_modules(const observe::Snapshot& snapshot, Pending& pending);
  void take_neighbours(const observe::Snapshot& snapshot, Pending& pending) const;
  void place_module(fabric::PortId port, const fabric::PartIdentity& identity);
  void index_way(const fabric::Link& link);
  [[nodiscard]] bool root_is_at_b(fabric::LinkId link) const;

  const fabric::Fabric* plan_;
  fabric::Locator locator_;
  fabric::Fabric fabric_;
  std::unordered_map<fabric::LinkId, JointLink> links_;
  std::unordered_map<fabric::PortId, fabric::PortId> ports_;
  std::unordered_map<fabric::DeviceId, fabric::DeviceId> devices_;
  std::unordered_map<fabric::PortId, fabric::PartIdentity> modules_;
  std::unordered_map<fabric::DeviceId, fabric::PartIdentity> told_;  ///< by the seen device
  std::unordered_map<fabric::DeviceId, fabric::LinkId> way_of_;      ///< repeater -> its link
  std::unordered_set<fabric::LinkId> rooted_at_b_;  ///< the host is at the planned end b
  std::unordered_set<fabric::LinkId> seen_a_;       ///< joint links seen from their end a, or b
  std::unordered_set<fabric::LinkId> seen_b_;
  /// Half links by what both ends would say ("module ACME 123"), until the second one comes.
  std::map<std::string, fabric::LinkId, std::less<>> meetings_;
  std::vector<std::string> unplanned_;
  std::unordered_set<std::string> hosts_;

 public:
  /// Whether a joint link was seen by the machine at its end a, and at its end b.
  [[nodiscard]] bool is_seen_at_a(fabric::LinkId link) const { return seen_a_.contains(link); }
  [[nodiscard]] bool is_seen_at_b(fabric::LinkId link) const { return seen_b_.contains(link); }
};

}  // namespace weft::diagnose
