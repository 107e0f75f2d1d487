// SPDX-License-Identifier: Apache-2.0
// Questions about a fabric as a graph of devices joined by links: the way between two devices, what
// hangs below a link, what is cut off when a link goes. Built once from a Fabric that must outlive
// it and stay unchanged; answers are in the fabric's order, so they are the same each time.
#pragma once

#include "fabric/model.h"

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

namespace weft::fabric {

/// One hop of a path: over this link, to this device.
struct Hop {
  LinkId link;
  DeviceId to;
  friend bool operator==(const Hop&, const Hop&) = default;
};

class Graph {
 public:
  explicit Graph(const Fabric& fabric);

  /// Links that end at the device, in the fabric's order; empty for an unknown device.
  [[nodiscard]] std::vector<LinkId> links_of(DeviceId device) const;
  /// The retimed links: those whose path this device (a retimer or cable module) divides.
  [[nodiscard]] std::vector<LinkId> links_through(DeviceId retimer) const;
  /// The fewest hops from one device to the other; empty from a device to itself; nullopt where
  /// there is no way. Among equals, that of the links that come first.
  [[nodiscard]] std::optional<std::vector<Hop>> path(DeviceId from, DeviceId to) const;
  /// Devices below the link: all that is reached from its end `b` by going from `a` to `b` only.
  [[nodiscard]] std::vector<DeviceId> downstream(LinkId link) const;
  /// Blast radius: devices that reach the link's end `a` now and would not without the link. Empty
  /// where another way is there, or the link is unknown.
  [[nodiscard]] std::vector<DeviceId> cut_off(LinkId link) const;

 private:
  struct Edge {
    std::size_t link = 0;    ///< index in the fabric's links
    std::size_t to = 0;      ///< index in its devices
    bool is_forward = true;  ///< from `a` to `b`
  };
  [[nodiscard]] std::vector<bool> reach(std::size_t from, bool forward_only,
                                        std::optional<std::size_t> without) const;
  [[nodiscard]] std::optional<std::size_t> index_of(DeviceId device) const;
  [[nodiscard]] std::optional<std::size_t> index_of(LinkId link) const;

  const Fabric& fabric_;
  std::vector<std::vector<Edge>> edges_;  ///< by device index
  std::unordered_map<DeviceId, std::size_t> devices_;
  std::unordered_map<LinkId, std::size_t> links_;
};

}  // namespace weft::fabric
