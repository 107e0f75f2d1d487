// SPDX-License-Identifier: Apache-2.0
// The link behind a network interface, seen from the interface's end: what its /sys files and its
// ethtool answers both say. An interface without a link in the plan is down.
#pragma once

#include "twin/machine.h"

#include <cstdint>

namespace weft::twin::door {

class NetLink {
 public:
  NetLink() = default;
  NetLink(const Link* link, End end) : link_(link), end_(end) {}

  [[nodiscard]] const Link* link() const { return link_; }
  [[nodiscard]] End end() const { return end_; }
  [[nodiscard]] bool is_up() const;
  /// MAC rate of the lanes in use, Mb/s; of the plan while down; 0 where nothing is known.
  [[nodiscard]] std::uint32_t speed_mbps() const;
  [[nodiscard]] std::uint32_t lanes() const;  ///< in use; of the plan while down
  [[nodiscard]] fabric::ProtocolId protocol() const;
  /// At this end's receiver.
  [[nodiscard]] std::uint64_t counter(LinkCounter counter) const;
  [[nodiscard]] std::uint64_t received_bytes() const;
  [[nodiscard]] std::uint64_t sent_bytes() const;
  /// The receiver of a lane at this end.
  [[nodiscard]] LaneAt receiver(std::uint32_t lane) const;

 private:
  [[nodiscard]] std::uint64_t bytes_at(End receiver) const;

  const Link* link_ = nullptr;
  End end_ = End::kA;
};

[[nodiscard]] NetLink net_link(const Rack& rack, const NetdevPlan& plan);

/// MAC rate of an Ethernet row over so many lanes, Mb/s: line coding and FEC taken off, to a whole
/// 1000 Mb/s.
[[nodiscard]] std::uint32_t mac_mbps(const fabric::Protocol& protocol, std::uint32_t lanes);

}  // namespace weft::twin::door
