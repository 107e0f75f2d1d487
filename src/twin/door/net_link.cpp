// SPDX-License-Identifier: Apache-2.0
#include "twin/door/net_link.h"

#include "fabric/protocol.h"

#include <cmath>

namespace weft::twin::door {
namespace net_link_parts {

/// Payload bits of a unit that LinkCounter::kTrafficUnits counts: RS(544,514) carries 514 symbols
/// of 10 bits (IEEE 802.3 clause 91), of which 256b/257b leaves 5120; RS(528,514) the same.
constexpr std::uint64_t kPayloadBytesOfCodeword = 5120 / 8;

}  // namespace net_link_parts

std::uint32_t mac_mbps(const fabric::Protocol& protocol, std::uint32_t lanes) {
  const auto bits = fabric::payload_rate(protocol, base::LaneCount(lanes)).value();
  return static_cast<std::uint32_t>(std::lround(bits / 1e9)) * 1000;
}

NetLink net_link(const Rack& rack, const NetdevPlan& plan) {
  if (!plan.link || *plan.link >= rack.links.size() || rack.links[*plan.link] == nullptr) {
    return {};
  }
  const auto& link = *rack.links[*plan.link];
  return {&link, link.plan().a == plan.port ? End::kA : End::kB};
}

bool NetLink::is_up() const {
  return link_ != nullptr && link_->status().is_up;
}

fabric::ProtocolId NetLink::protocol() const {
  if (link_ == nullptr) {
    return fabric::ProtocolId::kUnknown;
  }
  const auto status = link_->status();
  return status.is_up ? status.protocol : link_->plan().protocol;
}

std::uint32_t NetLink::lanes() const {
  if (link_ == nullptr) {
    return 0;
  }
  const auto status = link_->status();
  return (status.is_up ? status.width : link_->plan().lanes).value();
}

std::uint32_t NetLink::speed_mbps() const {
  return mac_mbps(fabric::protocol(protocol()), lanes());
}

std::uint64_t NetLink::counter(LinkCounter counter) const {
  return link_ == nullptr ? 0 : link_->counter(counter, end_);
}

std::uint64_t NetLink::bytes_at(End receiver) const {
  return link_ == nullptr ? 0
                          : link_->counter(LinkCounter::kTrafficUnits, receiver) *
                                net_link_parts::kPayloadBytesOfCodeword;
}

std::uint64_t NetLink::received_bytes() const {
  return bytes_at(end_);
}

std::uint64_t NetLink::sent_bytes() const {
  return bytes_at(other(end_));
}

LaneAt NetLink::receiver(std::uint32_t lane) const {
  if (link_ == nullptr || end_ == End::kA) {
    return {0, fabric::LaneDirection::kTowardHost, lane};
  }
  const auto sections = link_->plan().sections.size();
  return {static_cast<std::uint32_t>(sections == 0 ? 0 : sections - 1),
          fabric::LaneDirection::kTowardDevice, lane};
}

}  // namespace weft::twin::door
