// SPDX-License-Identifier: Apache-2.0
#include "twin/door/netdev.h"

#include "fabric/protocol.h"
#include "twin/door/net_link.h"
#include "wire/ethtool/encode.h"
#include "wire/ethtool/link_mode.h"

#include <algorithm>
#include <array>
#include <string>

namespace weft::twin::door {
namespace twin_netdev {

namespace ethtool = wire::ethtool;
using base::Bytes;
using base::Result;
using ethtool::LinkModeKind;
using ethtool::LinkModeMedium;

constexpr std::uint32_t kAutonegBit = 6;
constexpr std::uint32_t kFecSymbolsMax = 15;
// PORT_* of linux/ethtool.h
constexpr std::uint8_t kPortFibre = 3;
constexpr std::uint8_t kPortDirectAttach = 5;
constexpr std::uint8_t kPortNone = 0xEF;

/// What the cable between the ends is, by the first segment that says so.
LinkModeMedium medium_of(const LinkPlan& plan) {
  struct Row {
    fabric::Medium medium;
    LinkModeMedium mode;
  };
  using fabric::Medium;
  static constexpr std::array kRows = {
      Row{Medium::kDac, LinkModeMedium::kCopperCable},
      Row{Medium::kAcc, LinkModeMedium::kCopperCable},
      Row{Medium::kAec, LinkModeMedium::kCopperCable},
      Row{Medium::kAoc, LinkModeMedium::kMultimode},
      Row{Medium::kDspOptics, LinkModeMedium::kSinglemode},
      Row{Medium::kLpo, LinkModeMedium::kSinglemode},
      Row{Medium::kCpo, LinkModeMedium::kSinglemode},
      Row{Medium::kCoherent, LinkModeMedium::kSinglemode},
  };
  for (const auto& section : plan.sections) {
    for (const auto& segment : section.segments) {
      const auto* const row =
          std::ranges::find(kRows, segment.medium, [](const Row& each) { return each.medium; });
      if (row != kRows.end()) {
        return row->mode;
      }
    }
  }
  return LinkModeMedium::kBackplane;
}

/// Whether a port that runs `lanes` lanes of `lane_mbps` has this mode.
bool can_run(const ethtool::LinkMode& mode, LinkModeMedium medium, std::uint32_t lane_mbps,
             std::uint32_t lanes) {
  constexpr std::uint32_t kSlowestLaneMbps = 25'000;
  const auto own_lanes = mode.lanes.value();
  return mode.kind == LinkModeKind::kLink && mode.medium == medium && own_lanes == lanes &&
         mode.speed_mbps / own_lanes <= lane_mbps &&
         mode.speed_mbps / own_lanes >= kSlowestLaneMbps;
}

std::optional<std::uint32_t> fec_bit(fabric::ProtocolId id) {
  const auto fec = fabric::protocol(id).fec;
  return fec.starts_with("RS(") ? ethtool::kFecRsBit : ethtool::kFecNoneBit;
}

ethtool::LinkModesReply link_modes(const NetLink& link) {
  ethtool::LinkModesReply reply;
  if (link.link() == nullptr) {
    return reply;
  }
  const auto& plan = link.link()->plan();
  const auto medium = medium_of(plan);
  const auto lanes = plan.lanes.value();
  const auto planned = mac_mbps(fabric::protocol(plan.protocol), lanes);
  reply.supported = {kAutonegBit};
  reply.advertised = {kAutonegBit};
  for (const auto& mode : ethtool::link_modes()) {
    if (lanes > 0 && can_run(mode, medium, planned / lanes, lanes)) {
      reply.supported.push_back(mode.bit);
      reply.advertised.push_back(mode.bit);
    }
  }
  reply.supported.push_back(ethtool::kFecRsBit);
  reply.advertised.push_back(ethtool::kFecRsBit);
  std::ranges::sort(reply.supported);
  std::ranges::sort(reply.advertised);
  reply.autonegotiation = true;
  if (link.is_up()) {
    reply.peer = reply.advertised;  // both ends of a planned link can do the same
    reply.speed_mbps = link.speed_mbps();
    reply.is_full_duplex = true;
    reply.lanes = link.lanes();
  }
  return reply;
}

/// Why it is down, as far as a driver could tell: ETHTOOL_LINK_EXT_STATE_* and its sub-states.
ethtool::LinkStateReply link_state(const NetLink& link) {
  constexpr std::uint8_t kAutonegotiationFailure = 0;
  constexpr std::uint8_t kTrainingFailure = 1;
  constexpr std::uint8_t kLogicalMismatch = 2;
  constexpr std::uint8_t kNoCable = 4;
  ethtool::LinkStateReply reply;
  reply.link = link.is_up();
  reply.down_count = static_cast<std::uint32_t>(link.counter(LinkCounter::kLinkDowns));
  if (link.is_up()) {
    return reply;
  }
  if (link.link() == nullptr) {
    reply.down_reason = kNoCable;
    return reply;
  }
  switch (link.link()->status().state) {
    case TrainingState::kDetectQuiet:
    case TrainingState::kDetectActive:
      reply.down_reason = kNoCable;
      break;
    case TrainingState::kPollingActive:
      reply.down_reason = kAutonegotiationFailure;
      break;
    case TrainingState::kConfiguration:
      reply.down_reason = kTrainingFailure;
      break;
    case TrainingState::kRecoveryLock:
      reply.down_reason = kLogicalMismatch;
      break;
    default:
      break;
  }
  return reply;
}

ethtool::FecReply fec(const NetLink& link) {
  ethtool::FecReply reply;
  const auto bit = fec_bit(link.protocol());
  reply.configured = {*bit};
  reply.is_auto = true;
  if (!link.is_up()) {
    return reply;
  }
  reply.active = bit;
  if (*bit != ethtool::kFecRsBit) {
    return reply;
  }
  ethtool::LaneCounter corrected;
  ethtool::LaneCounter uncorrectable;
  ethtool::LaneCounter bits;
  for (std::uint32_t symbols = 0; symbols <= kFecSymbolsMax; ++symbols) {
    reply.histogram.push_back({symbols, symbols, 0, {}});
  }
  for (std::uint32_t lane = 0; lane < link.lanes(); ++lane) {
    const auto counts = link.link()->lane_counts(link.receiver(lane));
    corrected.lanes.push_back(counts.codewords - counts.histogram[0] - counts.uncorrectable);
    uncorrectable.lanes.push_back(counts.uncorrectable);
    bits.lanes.push_back(counts.bit_errors);
    for (auto& bin : reply.histogram) {
      bin.lanes.push_back(counts.histogram.at(bin.low));
      bin.codewords += bin.lanes.back();
    }
  }
  for (auto* counter : {&corrected, &uncorrectable, &bits}) {
    for (const auto value : counter->lanes) {
      counter->total += value;
    }
  }
  reply.corrected_blocks = std::move(corrected);
  reply.uncorrectable_blocks = std::move(uncorrectable);
  reply.corrected_bits = std::move(bits);
  return reply;
}

ethtool::StatsReply statistics(const NetLink& link) {
  constexpr std::uint64_t kPacketBytes = 1500;
  ethtool::StatsReply reply;
  const auto errors = link.counter(LinkCounter::kBlockErrors);
  const auto received = link.received_bytes();
  const auto sent = link.sent_bytes();
  reply.statistics = {{"eth-phy", "SymbolErrorDuringCarrier", errors},
                      {"eth-mac", "FramesTransmittedOK", sent / kPacketBytes},
                      {"eth-mac", "FramesReceivedOK", received / kPacketBytes},
                      {"eth-mac", "FrameCheckSequenceErrors", errors},
                      {"eth-mac", "OctetsTransmittedOK", sent},
                      {"eth-mac", "OctetsReceivedOK", received}};
  return reply;
}

std::uint8_t port_of(const NetLink& link) {
  if (link.link() == nullptr) {
    return kPortNone;
  }
  switch (medium_of(link.link()->plan())) {
    case LinkModeMedium::kCopperCable:
      return kPortDirectAttach;
    case LinkModeMedium::kBackplane:
      return kPortNone;
    default:
      return kPortFibre;
  }
}

class TwinNetdev final : public bus::Netdev {
 public:
  TwinNetdev(Rack& rack, std::size_t machine) : rack_(rack), machine_(rack.machines[machine]) {}

  [[nodiscard]] Result<Bytes> query(std::string_view interface,
                                    std::uint8_t message) const override {
    const Hold hold(rack_.world->mutex());
    const auto& netdevs = machine_.plan->netdevs;
    const auto found = std::ranges::find(netdevs, interface, &NetdevPlan::interface);
    if (found == netdevs.end()) {
      return base::fail(base::Code::kNotFound, "no such interface", std::string(interface));
    }
    const auto link = net_link(rack_, *found);
    switch (static_cast<ethtool::Request>(message)) {
      case ethtool::Request::kLinkModesGet:
        return ethtool::encode(link_modes(link));
      case ethtool::Request::kLinkStateGet:
        return ethtool::encode(link_state(link));
      case ethtool::Request::kFecGet:
        return ethtool::encode(fec(link));
      case ethtool::Request::kStatsGet:
        return ethtool::encode(statistics(link));
      case ethtool::Request::kLinkInfoGet: {
        ethtool::LinkInfoReply info;
        info.port = port_of(link);
        return ethtool::encode(info);
      }
      case ethtool::Request::kModuleGet:
        return module_power(interface);
      default:
        return base::fail(base::Code::kUnimplemented, "the driver does not answer this",
                          std::string(interface));
    }
  }

  [[nodiscard]] Result<Bytes> module_page(std::string_view interface, std::uint8_t i2c_address,
                                          std::uint8_t bank, std::uint8_t page, std::uint8_t offset,
                                          std::uint8_t length) const override {
    constexpr std::uint8_t kModuleAddress = 0x50;
    const Hold hold(rack_.world->mutex());
    const auto found = machine_.modules.find(std::string(interface));
    if (found == machine_.modules.end() || found->second == nullptr ||
        i2c_address != kModuleAddress) {
      return base::fail(base::Code::kUnimplemented, "no module memory at this address",
                        std::string(interface));
    }
    return found->second->read({bank, page, offset}, length);
  }

 private:
  /// CMIS 5.2 table 8-6: byte 3 bits 3:1 are the module's state, 1 low power, 3 ready.
  [[nodiscard]] Result<Bytes> module_power(std::string_view interface) const {
    constexpr std::uint8_t kStateByte = 3;
    constexpr std::uint8_t kLowPower = 1;
    const auto found = machine_.modules.find(std::string(interface));
    if (found == machine_.modules.end() || found->second == nullptr) {
      return base::fail(base::Code::kUnimplemented, "no module with power modes",
                        std::string(interface));
    }
    const auto state = found->second->read({0, 0, kStateByte}, 1);
    if (!state) {
      return tl::unexpected(state.error());
    }
    ethtool::ModuleReply reply;
    reply.policy = std::uint8_t{2};  // ETHTOOL_MODULE_POWER_MODE_POLICY_AUTO
    reply.mode = ((*state)[0] >> 1 & 7) == kLowPower ? std::uint8_t{1} : std::uint8_t{2};
    return ethtool::encode(reply);
  }

  Rack& rack_;
  Machine& machine_;
};

}  // namespace twin_netdev

std::unique_ptr<bus::Netdev> netdev_of(Rack& rack, std::size_t machine) {
  return std::make_unique<twin_netdev::TwinNetdev>(rack, machine);
}

}  // namespace weft::twin::door
