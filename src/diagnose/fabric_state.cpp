// SPDX-License-Identifier: Apache-2.0
#include "diagnose/fabric_state.h"

#include <algorithm>
#include <unordered_set>

namespace weft::diagnose {
namespace {

/// How long back what is sent again counts as now.
constexpr base::Duration kNowMeans{600LL * 1'000'000'000};
/// What a replay counter's unit holds: flits of PCIe, CXL and others; a FEC codeword of 544 symbols
/// (IEEE 802.3 clause 91).
constexpr double kFlitBits = 256 * 8;
constexpr double kCodewordBits = 544 * 10;

/// Links that the judgement finds fault with: only their lower speed is not idling.
std::unordered_set<fabric::LinkId> accused(std::span<const LivingFinding> findings) {
  std::unordered_set<fabric::LinkId> out;
  for (const LivingFinding& living : findings) {
    if (living.phase == Phase::kClosed || living.finding.level <= Level::kNote) {
      continue;
    }
    if (living.finding.link) {
      out.insert(*living.finding.link);
    }
    if (const auto* link = std::get_if<fabric::LinkId>(&living.finding.subject)) {
      out.insert(*link);
    }
  }
  return out;
}

std::optional<fabric::ProtocolId> protocol_of(const observe::LinkState& state) {
  if (state.family == fabric::ProtocolFamily::kPcie ||
      state.family == fabric::ProtocolFamily::kCxl) {
    return state.rate ? fabric::pcie_of(*state.rate) : std::nullopt;
  }
  if (state.data_rate && (state.family == fabric::ProtocolFamily::kEthernet ||
                          state.family == fabric::ProtocolFamily::kUltraEthernet)) {
    return fabric::ethernet_of(*state.data_rate,
                               state.width ? std::optional(*state.width) : std::nullopt);
  }
  return std::nullopt;
}

/// Bits that one count of this signal spoils; 0 for what is not sent again for damage.
double bits_of_a_count(const Signal& signal) {
  switch (signal.source->quantity) {
    case Quantity::kReplays:
      return kFlitBits;
    case Quantity::kErrorEvents:
      return signal.metric == observe::Metric::kAerCorrectable && signal.label == "BadTLP"
                 ? kFlitBits
                 : 0;
    case Quantity::kUncorrectable:
      return signal.metric == observe::Metric::kFecUncorrectableBlocks ? kCodewordBits : 0;
    default:
      return 0;
  }
}

/// The share of the line that goes again, of the worst counter; nullopt where none counts that.
std::optional<double> damaged(const Sight& sight, const LinkSight& link,
                              const fabric::Link& planned) {
  std::optional<double> worst;
  const double line_bits =
      fabric::raw_rate(fabric::protocol(planned.protocol), planned.lanes).value();
  for (const std::size_t index : link.signals) {
    const Signal& signal = sight.signals()[index];
    const double bits = bits_of_a_count(signal);
    if (bits == 0 || !signal.source->is_counter || line_bits <= 0) {
      continue;
    }
    const auto sum = signal.past.since(base::WallTime{sight.newest().ns - kNowMeans.ns});
    if (sum.weight > 0) {
      worst = std::max(worst.value_or(0), sum.mean() * bits / line_bits);
    }
  }
  return worst;
}

/// Both ends' machines as one; the worse of what they say.
fabric::LinkNow now_of(const LinkSight& link) {
  fabric::LinkNow out;
  for (const EndView& end : link.ends) {
    if (!end.state) {
      continue;
    }
    const observe::LinkState& state = *end.state;
    if (state.up) {
      out.is_up = out.is_up.value_or(true) && *state.up;
    }
    if (const auto& width = state.trained_width ? state.trained_width : state.width) {
      out.lanes = out.lanes ? std::min(*out.lanes, *width) : *width;
    }
    if (const auto found = protocol_of(state)) {
      out.protocol = found;
    }
  }
  return out;
}

}  // namespace

fabric::FabricState fabric_state(const Sight& sight, std::span<const LivingFinding> findings,
                                 const fabric::Fabric& plan) {
  fabric::FabricState out;
  out.rack = plan.name;
  const auto blamed = accused(findings);
  for (const fabric::Link& planned : plan.links()) {
    const auto found = sight.links().find(planned.id);
    if (found == sight.links().end()) {
      continue;
    }
    fabric::LinkNow now = now_of(found->second);
    if (!blamed.contains(planned.id)) {
      now.protocol.reset();
    }
    now.flit_error_ratio = damaged(sight, found->second, planned);
    if (auto differs = fabric::deviation(planned, now)) {
      out.links.push_back(std::move(*differs));
    }
  }
  return out;
}

}  // namespace weft::diagnose
